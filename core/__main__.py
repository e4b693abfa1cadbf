"""The command line: the office's deeds without a screen. Data on stdout, messages on stderr."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core import (
    applications,
    audit,
    credits,
    db,
    decisions,
    eligibility,
    ledger,
    models,
    policy,
    registry,
    roster,
    sheets,
)
from core.access import Refused
from core.files import Upload

WRITERS = {".xlsx": sheets.workbook, ".csv": sheets.csv_file}


def _out(given: str) -> Path:
    """A file to write, of a kind we write."""
    path = Path(given)
    if path.suffix.lower() not in WRITERS:
        raise argparse.ArgumentTypeError(f"{given}：请写成.xlsx或.csv文件 (name an .xlsx or a .csv file)")
    return path


def _say(words: str) -> None:
    print(words, file=sys.stderr)


def _init(options: argparse.Namespace) -> int:
    db.keys()
    db.upgrade()
    with db.reading() as session:
        opened = registry.is_open(session)
    if not options.demo:
        _say(f"database ready: {db.engine().url.render_as_string()}")
        return 0
    if opened:
        _say("the office was opened before; it was left as it is")
        return 0
    from data.demo.office import open_demo

    with db.transaction() as session:
        open_demo(session, now=datetime.now(UTC), progress=_say)
    _say("demonstration office ready")
    return 0


def _check(_options: argparse.Namespace) -> int:
    with db.reading() as session:
        found = db.faults(session, models.append_only_tables())
        if not found:
            found = [*ledger.faults(session), *decisions.faults(session), *audit.faults(session)]
    for words in found:
        print(words)
    _say(f"faults: {len(found)}" if found else "schema, guards, totals and chains stand")
    return 1 if found else 0


def _roster_check(options: argparse.Namespace) -> int:
    try:
        content = Path(options.file).read_bytes()
        preview = roster.read(content, Path(options.file).name, today=db.office_day(datetime.now(UTC)))
    except OSError as error:
        _say(f"{options.file}: {error.strerror}")
        return 2
    except Refused as refused:
        _say(refused.words)
        return 2
    for problem in preview.problems:
        fields = (str(problem.row), problem.heading, problem.code, problem.value, problem.words)
        print("\t".join(" ".join(field.split()) for field in fields))
    if options.out:
        write = WRITERS[options.out.suffix.lower()]
        try:
            options.out.write_bytes(write(roster.PROBLEM_HEADINGS, roster.problem_lines(preview.problems)))
        except OSError as error:
            _say(f"{options.out}: 无法写入，请换一处或先关闭此文件 (cannot be written: {error.strerror})")
            return 2
    faulty = len(preview.faulty_rows)
    _say(f"{len(preview.rows)} rows, {faulty} with faults, {len(preview.problems)} problems")
    return 1 if preview.problems else 0


def _policy_check(options: argparse.Namespace) -> int:
    path = Path(options.file)
    try:
        rule = policy.read(path)
    except OSError as error:
        _say(f"{options.file}: {error.strerror}")
        return 2
    except policy.Malformed as malformed:
        for fault in malformed.faults:
            print(fault)
        _say(f"{len(malformed.faults)} faults")
        return 1
    _say(f"{rule.id}: {rule.title}, {rule.in_force.first} to {rule.in_force.last}")
    return 0


def _credits_import(options: argparse.Namespace) -> int:
    path = Path(options.file)
    try:
        upload = Upload(path.name, path.read_bytes())
        with db.transaction() as session:
            if not registry.is_open(session):
                raise Refused("office", "系统还没有建立，请先运行 python -m core init --demo，或在页面上建立空系统。")
            now = registry.moment(session, datetime.now(UTC))
            actor = registry.system_actor(session)
            batch, preview = credits.bring_in(session, upload, actor=actor, reason=options.reason, now=now)
    except OSError as error:
        _say(f"{options.file}: {error.strerror}")
        return 2
    except Refused as refused:
        _say(refused.words)
        return 2
    for fields in roster.problem_lines(preview.problems):
        print("\t".join(" ".join(str(field).split()) for field in fields))
    told = f"batch {batch.id}: {batch.entries} entries" if batch else "nothing posted"
    _say(f"{told}, {len(preview.rows)} rows, {len(preview.faulty_rows)} left out")
    return 1 if preview.problems else 0


def _eligibility(options: argparse.Namespace) -> int:
    try:
        content = Path(options.file).read_bytes()
        batch = applications.read(content, Path(options.file).name, today=db.office_day(datetime.now(UTC)))
        with db.reading() as session:
            if not registry.is_open(session):
                _say("系统尚未建立，请先运行 python -m core init 并打开系统 (no office yet)")
                return 2
            run = eligibility.answer(session, batch, actor=registry.system_actor(session))
        options.out.write_bytes(WRITERS[options.out.suffix.lower()](run.headings(), run.lines()))
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}")
        return 2
    except Refused as refused:
        _say(refused.words)
        return 2
    _say("，".join(f"{word}{count}" for word, count in run.counts.items()))
    return 1 if run.problems else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m core", description="继续教育管理：命令行")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="建立或升级数据库 (create or upgrade the database)")
    init.add_argument("--demo", action="store_true", help="并载入演示数据 (with the demonstration office)")
    init.set_defaults(run=_init)
    check = commands.add_parser("check", help="核对结构、保护、合计与链 (schema, guards, totals, chains; exit 0 or 1)")
    check.set_defaults(run=_check)
    roster_parser = commands.add_parser("roster", help="培训花名册 (rosters)")
    roster_commands = roster_parser.add_subparsers(required=True, metavar="COMMAND")
    roster_check = roster_commands.add_parser(
        "check",
        help="检查花名册 (exit 0 clean, 1 problems, 2 unreadable or unwritable; a tab-separated line for each problem)",
    )
    roster_check.add_argument("file")
    roster_check.add_argument(
        "--out", type=_out, metavar="FILE", help="问题清单 .xlsx 或 .csv (the problems as a file)"
    )
    roster_check.set_defaults(run=_roster_check)
    policy_parser = commands.add_parser("policy", help="政策文件 (policy files)")
    policy_commands = policy_parser.add_subparsers(required=True, metavar="COMMAND")
    policy_check = policy_commands.add_parser(
        "check",
        help="检查政策文件 (exit 0 sound, 1 faults, 2 unreadable; each fault a line, file:line: where: words)",
    )
    policy_check.add_argument("file")
    policy_check.set_defaults(run=_policy_check)
    credits_parser = commands.add_parser("credits", help="学时 (credit hours)")
    credits_commands = credits_parser.add_subparsers(required=True, metavar="COMMAND")
    credits_import = credits_commands.add_parser(
        "import",
        help="导入往年学时 (exit 0 every row is in, 1 some left out, each on a tab-separated line, 2 refused)",
    )
    credits_import.add_argument("file")
    credits_import.add_argument("--reason", default="命令行导入", help="原因，记入审计日志 (kept in the audit trail)")
    credits_import.set_defaults(run=_credits_import)
    eligibility_parser = commands.add_parser(
        "eligibility",
        help="批量核验申报资格 (exit 0 all decided, 1 rows with problems, 2 unreadable or unwritable; records nothing)",
    )
    eligibility_parser.add_argument("file", help="申报名单 .xlsx、.xls或.csv (applications)")
    eligibility_parser.add_argument("--out", type=_out, required=True, metavar="FILE", help="结论 .xlsx 或 .csv")
    eligibility_parser.set_defaults(run=_eligibility)
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    code: int = options.run(options)
    db.engine().dispose()
    return code


if __name__ == "__main__":
    sys.exit(main())
