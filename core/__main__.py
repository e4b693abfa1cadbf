"""The command line: the office's deeds without a screen. Data on stdout, messages on stderr."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core import audit, db, ledger, models, registry, roster, sheets
from core.access import Refused

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
            found = [*ledger.faults(session), *audit.faults(session)]
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
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    code: int = options.run(options)
    db.engine().dispose()
    return code


if __name__ == "__main__":
    sys.exit(main())
