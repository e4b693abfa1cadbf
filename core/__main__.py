"""The command line: the office's deeds without a screen. Data on stdout, messages on stderr."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy.orm import Session

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
    proofs,
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


def _asked(part: str, ask: Callable[[Session], list[str]]) -> list[str]:
    """The faults of one part, by itself: one that cannot be read at all hides nothing of the others."""
    try:
        with db.reading() as session:
            return ask(session)
    except Exception as error:  # noqa: BLE001  whatever somebody wrote into the database
        return [f"the {part} cannot be read: {' '.join(str(error).split())}"]


def _check(_options: argparse.Namespace) -> int:
    """Every check that can be made: a guard that fell hides no altered row. Another version's rows cannot be read."""
    parts: dict[str, Callable[[Session], list[str]]] = {
        "schema": lambda session: db.faults(session, models.append_only_tables()),
        "ledger": ledger.faults,
        "decisions": decisions.faults,
        "audit trail": audit.faults,
    }
    with db.reading() as session:
        if db.outdated(session):
            parts = {"schema": parts["schema"]}
    found = [words for part, ask in parts.items() for words in _asked(part, ask)]
    for words in found:
        print(words)
    mend = "keep a copy of the database, and compare what is named with your last backup"
    _say(f"faults: {len(found)}; {mend}" if found else "schema, guards, totals and chains stand")
    return 1 if found else 0


def _totals(options: argparse.Namespace) -> int:
    def told(total: tuple[Decimal | str, int] | None) -> str:
        return "-" if total is None else ledger.hours_text(total[0]) + (" 视同完成" if total[1] else "")

    try:
        if options.rebuild:
            with db.transaction() as session:
                now = registry.moment(session, datetime.now(UTC))
                actor = registry.system_actor(session)
                found = ledger.rebuild(session, actor=actor, reason=options.reason, now=now)
        else:
            with db.reading() as session:
                found = ledger.differences(session)
                altered = ledger.altered(session) if found else []
    except Refused as refused:
        _say(refused.words)
        return 2
    for each in found:
        source = models.Source(each.source).label if each.source in list(models.Source) else each.source
        keys = (str(each.person_id), str(each.year), str(each.subject), str(source))
        print("\t".join((*keys, told(each.kept), told(each.summed))))
    if options.rebuild:
        done = "put right"
    elif altered:
        done = f"but the entries were altered, so no rebuild: {altered[0]}; python -m core check names them all"
    else:
        done = "python -m core totals --rebuild puts them right"
    _say(f"{len(found)} totals differ from their entries; {done}" if found else "every total is the sum of its entries")
    return 1 if found and not options.rebuild else 0


def _proof(options: argparse.Namespace) -> int:
    try:
        content = Path(options.file).read_bytes()
        proof, found = proofs.read(content), proofs.faults(content, key=options.key)
    except OSError as error:
        _say(f"{options.file}: {error.strerror}")
        return 2
    except Refused as refused:
        _say(refused.words)
        return 2
    for label, value in [*proof.facts(), ("依据", proof.basis), ("出具时间", proof.issued)]:
        print(f"{label}\t{' '.join(value.split())}")
    for words in found:
        _say(words)
    _say("does not hold" if found else f"holds, signed under the key {options.key or proofs.public_key()}")
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
        if options.out.resolve() == Path(options.file).resolve():
            _say(f"{options.out}：不能写到花名册本身，请换一个文件名 (would overwrite the roster)")
            return 2
        write = WRITERS[options.out.suffix.lower()]
        try:
            options.out.write_bytes(write(roster.PROBLEM_HEADINGS, roster.problem_lines(preview.problems)))
        except OSError as error:
            _say(f"{options.out}: 无法写入，请换一处或先关闭此文件 (cannot be written: {error.strerror})")
            return 2
    faulty, hints = len(preview.faulty_rows), sum(not problem.blocking for problem in preview.problems)
    faults = len(preview.problems) - hints
    _say(f"{len(preview.rows)}人，{faulty}行有错误，错误{faults}处，提示{hints}处")
    return 1 if faulty else 0


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
    return 1 if preview.faulty_rows else 0


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
    totals = commands.add_parser(
        "totals",
        help="核对或重建学时合计 (totals against their entries; exit 0 alike or rebuilt, 1 different, 2 refused; a "
        "tab-separated line each: person, year, subject, source, kept, summed)",
    )
    totals.add_argument("--rebuild", action="store_true", help="按明细重建，记入审计日志 (put them right, trailed)")
    totals.add_argument("--reason", default="命令行重建学时合计", help="原因，记入审计日志 (kept in the audit trail)")
    totals.set_defaults(run=_totals)
    proof = commands.add_parser(
        "proof",
        help="核对学时入账证明 (an entry's proof, without the database; exit 0 holds, 1 does not, 2 no proof, no key)",
    )
    proof.add_argument("file", help="随证明下载的 .json 文件 (the file that came with it)")
    proof.add_argument("--key", metavar="HEX", help="出具机关的公钥，默认本机关的 (the public key, by default our own)")
    proof.set_defaults(run=_proof)
    roster_parser = commands.add_parser("roster", help="培训花名册 (rosters)")
    roster_commands = roster_parser.add_subparsers(required=True, metavar="COMMAND")
    roster_check = roster_commands.add_parser(
        "check",
        help="检查花名册 (exit 0 clean or hints only, 1 faults, 2 unreadable or unwritable; each a tab-separated line)",
        description="只检查文件本身，不对照计划和在库人员 (the file by itself: neither a plan nor who is on file)",
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
    db.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
