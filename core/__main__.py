"""The command line's parser: which commands there are and what they take. What they do is in `core.cli`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.cli import console
from core.ground import db

Commands = Any
"""What argparse's `add_subparsers` answers; it has no public name."""


def _deed(name: str) -> console.Command:
    """A command by its place in `core.cli`, loaded when it is wanted: the others' libraries take a second or two."""

    def run(options: argparse.Namespace) -> int:
        module, _, deed = name.partition(".")
        code: int = getattr(importlib.import_module(f"core.cli.{module}"), deed)(options)
        return code

    return run


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, do what it says, answer the exit code."""
    options = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    code: int = options.run(options)
    db.close()
    return code


def parser() -> argparse.ArgumentParser:
    """The commands (命令) and what each takes."""
    whole = argparse.ArgumentParser(prog="python -m core", description="继续教育管理：命令行")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    _office_commands(commands)
    _keeping_commands(commands)
    _file_commands(commands)
    return whole


def _office_commands(commands: Commands) -> None:
    """Commands about the office as a whole."""
    init = commands.add_parser(
        "init",
        help="建立或升级数据库，并建立空系统 (the database, and an empty office in it; exit 0 done, 2 refused)",
    )
    which = init.add_mutually_exclusive_group()
    which.add_argument("--demo", action="store_true", help="载入演示数据 (the demonstration office instead)")
    which.add_argument("--schema", action="store_true", help="只建立或升级数据库 (the database alone)")
    which.add_argument(
        "--office", metavar="NAME", help="首个管理员所在的机构：自治区人社厅或某盟市 (whose the first administrator is)"
    )
    init.add_argument(
        "--admin",
        metavar="USER",
        help="首个管理员的用户名，初始密码输出一次 (its first password is said once, on stdout)",
    )
    init.add_argument(
        "--regions",
        metavar="FILE",
        help="另一地区的人社部门名单：机构名称、类别、行政区划代码 (the offices of another region, as a table)",
    )
    init.add_argument(
        "--without-backup", action="store_true", help="升级前不另存，须已用别的办法备份 (no backup before an upgrade)"
    )
    init.set_defaults(run=_deed("setup.init"))
    account = commands.add_parser("account", help="账号 (accounts)")
    reset = account.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "reset",
        help="重置密码，初始密码输出一次 (a new first password, said once on stdout; exit 0 done, 2 refused)",
    )
    reset.add_argument("name", metavar="USER", help="用户名 (the user name)")
    reset.set_defaults(run=_deed("accounts.reset"))
    certificate = commands.add_parser(
        "certificate",
        help="准备HTTPS证书，run.py --host 会用到 (a certificate for HTTPS; exit 0 done, 2 refused; "
        "stdout: certificate, key, authority)",
    )
    certificate.add_argument("--cert", type=Path, metavar="FILE", help="只检查自备的证书 (only check one of your own)")
    certificate.add_argument("--key", type=Path, metavar="FILE", help="它的私钥 (its key)")
    certificate.add_argument("names", nargs="+", metavar="ADDRESS", help="主机名或地址 (names and addresses)")
    certificate.set_defaults(run=_deed("certificates.prepare"))
    check = commands.add_parser("check", help="核对结构、保护、合计与链 (schema, guards, totals, chains; exit 0 or 1)")
    check.set_defaults(run=_deed("ledger.check"))
    every_day = commands.add_parser(
        "daily",
        help="期限提醒和每日邮件 (the day's reminders and mails, once however often; exit 0 done, 1 mails that failed, "
        "each a line, 2 refused)",
    )
    every_day.set_defaults(run=_deed("daily.run"))
    totals = commands.add_parser(
        "totals",
        help="核对或重建学时合计 (totals against their entries; exit 0 alike or rebuilt, 1 different, 2 refused; a "
        "tab-separated line each: person, year, subject, source, kept, summed)",
    )
    totals.add_argument("--rebuild", action="store_true", help="按明细重建，记入审计日志 (put them right, trailed)")
    totals.add_argument("--reason", default="命令行重建学时合计", help="原因，记入审计日志 (kept in the audit trail)")
    totals.set_defaults(run=_deed("ledger.compare_totals"))
    in_bulk = commands.add_parser(
        "cards", help="办理排队的批量打印，系统平时自行办理 (works off the cards that wait to be printed in bulk)"
    )
    in_bulk.set_defaults(run=_deed("records.print_cards"))
    proof = commands.add_parser(
        "proof",
        help="核对学时入账证明 (an entry's proof, without the database; exit 0 holds, 1 does not, 2 no proof, no key)",
    )
    proof.add_argument("file", help="随证明下载的 .json 文件 (the file that came with it)")
    proof.add_argument("--key", metavar="HEX", help="出具机关的公钥，默认本机关的 (the public key, by default our own)")
    proof.set_defaults(run=_deed("records.proof"))


def _keeping_commands(commands: Commands) -> None:
    """Commands that keep the office from being lost: backups and the key."""
    backup = commands.add_parser(
        "backup",
        help="备份到新文件并核对，不必停止服务 (one encrypted file, verified; exit 0 done, 2 refused; "
        "stdout: file, bytes, last batch, last audit line, files)",
    )
    backup.add_argument("file", help="新的 .cebak 文件 (a new file)")
    backup.set_defaults(run=_deed("backups.make"))
    restoring = commands.add_parser(
        "restore", help="从备份恢复，先停止服务 (out of a backup, while nobody serves; exit 0 done, 2 refused)"
    )
    restoring.add_argument("file", help="备份文件 (the backup)")
    restoring.add_argument(
        "--over",
        action="store_true",
        help="换掉现有的系统，问两次，原有的另存 (over an office: asks twice, keeps it)",
    )
    restoring.set_defaults(run=_deed("backups.restore"))
    drilled = commands.add_parser(
        "drill",
        help="恢复演练：恢复到别处并核对 (restored elsewhere, checked; exit 0 stands, 1 faults, 2 refused)",
    )
    drilled.add_argument("file", help="备份文件 (the backup)")
    drilled.set_defaults(run=_deed("backups.drill"))
    for each in (backup, restoring, drilled):
        each.add_argument(
            "--passphrase",
            action="store_true",
            help="询问口令，或用环境变量 CE_BACKUP_PASSPHRASE (asks for one; such a backup holds the key too)",
        )
    key = commands.add_parser("key", help="密钥 (the office's key: its fingerprint, a new one, its recovery sheet)")
    key_commands = key.add_subparsers(required=True, metavar="COMMAND")
    shown = key_commands.add_parser("show", help="密钥指纹 (fingerprints on stdout, the newest first)")
    shown.set_defaults(run=_deed("keys.show"))
    rotated = key_commands.add_parser(
        "rotate", help="更换密钥，原有内容仍能打开 (a new one; what is sealed still opens; exit 0 done, 2 refused)"
    )
    rotated.add_argument("--reason", default="命令行更换密钥", help="原因，记入审计日志 (kept in the audit trail)")
    rotated.set_defaults(run=_deed("keys.rotate"))
    sheet = key_commands.add_parser("sheet", help="密钥恢复单 PDF (the recovery sheet; never over an existing file)")
    sheet.add_argument("file", help="新的 .pdf 文件 (a new .pdf file)")
    sheet.set_defaults(run=_deed("keys.sheet"))
    back = key_commands.add_parser(
        "restore", help="从标准输入读恢复词，放回密钥 (the key back from its words on stdin; exit 0 done, 2 refused)"
    )
    back.set_defaults(run=_deed("keys.restore"))


def _file_commands(commands: Commands) -> None:
    """Commands about a file that somebody sent in."""
    roster_parser = commands.add_parser("roster", help="培训花名册 (rosters)")
    roster_commands = roster_parser.add_subparsers(required=True, metavar="COMMAND")
    roster_check = roster_commands.add_parser(
        "check",
        help="检查花名册 (exit 0 clean or hints only, 1 faults, 2 unreadable or unwritable; each a tab-separated line)",
        description="只检查文件本身，不对照计划和在库人员 (the file by itself: neither a plan nor who is on file)",
    )
    roster_check.add_argument("file")
    roster_check.add_argument(
        "--out", type=console.output_file, metavar="FILE", help="问题清单 .xlsx 或 .csv (the problems as a file)"
    )
    roster_check.set_defaults(run=_deed("rosters.check"), what="花名册")
    policy_parser = commands.add_parser("policy", help="政策文件 (policy files)")
    policy_commands = policy_parser.add_subparsers(required=True, metavar="COMMAND")
    policy_check = policy_commands.add_parser(
        "check",
        help="检查政策文件及其案例 (as one to be put in force, with its worked cases; exit 0 sound, 1 faults, "
        "2 unreadable; each fault a line, file:line: where: words)",
    )
    policy_check.add_argument("file")
    policy_check.set_defaults(run=_deed("law.check"))
    policy_cases = policy_commands.add_parser(
        "cases",
        help="按案例核对政策文件 (its worked cases, cases/ID.yaml beside it; exit 0 all as written, 1 some not, 2 none "
        "or unreadable; a tab-separated line each)",
    )
    policy_cases.add_argument("file", help="政策文件 (the policy file)")
    policy_cases.set_defaults(run=_deed("law.run_cases"))
    policy_publish = policy_commands.add_parser(
        "publish",
        help="发布政策文件，由两名管理员办理 (put in force by two administrators; exit 0 done, 1 faults, 2 refused)",
    )
    policy_publish.add_argument("file", help="政策文件 (the policy file)")
    policy_publish.add_argument("--by", required=True, metavar="USER", help="起草的管理员的用户名 (who drafts it)")
    policy_publish.add_argument(
        "--and", required=True, dest="second", metavar="USER", help="发布的另一名管理员的用户名 (who publishes it)"
    )
    policy_publish.add_argument("--reason", default="命令行发布", help="发布依据，如文号 (kept in the audit trail)")
    policy_publish.set_defaults(run=_deed("law.publish"))
    credits_parser = commands.add_parser("credits", help="学时 (credit hours)")
    credits_commands = credits_parser.add_subparsers(required=True, metavar="COMMAND")
    credits_import = credits_commands.add_parser(
        "import",
        help="导入往年学时 (exit 0 every row is in, 1 some left out, each on a tab-separated line, 2 refused)",
    )
    credits_import.add_argument("file")
    credits_import.add_argument("--reason", default="命令行导入", help="原因，记入审计日志 (kept in the audit trail)")
    credits_import.set_defaults(run=_deed("records.import_hours"))
    eligibility_parser = commands.add_parser(
        "eligibility",
        help="批量核验申报资格 (exit 0 all decided, 1 rows with problems, 2 unreadable or unwritable; records nothing)",
    )
    eligibility_parser.add_argument("file", help="申报名单 .xlsx、.xls或.csv (applications)")
    eligibility_parser.add_argument(
        "--out", type=console.output_file, required=True, metavar="FILE", help="结论 .xlsx 或 .csv"
    )
    eligibility_parser.set_defaults(run=_deed("eligibility.answer"), what="申报名单")


if __name__ == "__main__":
    sys.exit(main())
