"""What the commands share: files to write, messages on stderr, refusals as exit code 2."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from core.ground import db
from core.ground.access import Refused
from core.people import setup
from core.tables import reading, sheets
from core.tables.problems import Problem

Command = Callable[[argparse.Namespace], int]
"""Does what the options say and answers the exit code."""

WRITERS = {".xlsx": sheets.workbook, ".csv": sheets.csv_file}
REFUSED = 2


def now() -> datetime:
    """The real moment: beside the routes, only the command line reads a clock."""
    return datetime.now(UTC)


def output_file(given: str) -> Path:
    """A file to write, of a kind we write; for argparse."""
    path = Path(given)
    if path.suffix.lower() not in WRITERS:
        raise argparse.ArgumentTypeError(f"{given}：请写成.xlsx或.csv文件 (name an .xlsx or a .csv file)")
    return path


def say(words: str) -> None:
    """A message on stderr."""
    print(words, file=sys.stderr)


def content(path: Path, *, most: int = reading.LARGEST) -> bytes:
    """What a file that somebody names has in it, unless it is too large: its size is asked before it is read.

    Refused codes: "size".
    """
    if (size := path.stat().st_size) > most:
        words = f"{path}：文件有{size / 2**20:.0f}MB，超过{most // 2**20}MB，没有读取。"
        raise Refused("size", f"{words}请删去图片和多余的工作表后另存再试。(the file is too large)")
    return path.read_bytes()


def line(fields: Iterable[object]) -> None:
    """A tab-separated line of data on stdout; runs of white space inside a field are one space."""
    print("\t".join(" ".join(str(field).split()) for field in fields))


def command(run: Command) -> Command:
    """A command whose refusals, and files that cannot be read or written, are words on stderr and exit code 2.

    None writes its output over the file it reads, by whatever name.
    """

    @functools.wraps(run)
    def guarded(options: argparse.Namespace) -> int:
        given, out = getattr(options, "file", None), getattr(options, "out", None)
        try:
            if given and out and out.exists() and out.samefile(given):
                raise Refused("out", f"{out}：不能写到{options.what}本身，请换一个文件名 (would overwrite its input)")
            return run(options)
        except OSError as error:
            own = error.filename is not None and str(error.filename) in (str(given), str(out))
            if not own and (words := db.sickness(error) or ("" if error.filename else str(error))):
                say(words)  # the office's own folder, and none of the files that were named
                return REFUSED
            unwritten = out and error.filename == str(out)
            words = "无法写入，请换一处或先关闭此文件 (cannot be written)" if unwritten else "无法读取 (cannot be read)"
            say(f"{error.filename}: {words}: {error.strerror}")
        except Refused as refused:
            say(refused.words)
        return REFUSED

    return guarded


def office_command(run: Command) -> Command:
    """A command that needs an office: before `init` it says so, with exit code 2."""

    @functools.wraps(run)
    def guarded(options: argparse.Namespace) -> int:
        if not db.is_there():
            raise Refused("office", NO_OFFICE)
        with db.reading() as session:
            if not db.installed(session):
                raise Refused("office", NO_OFFICE)
            if db.outdated(session):
                raise Refused("office", OTHER_VERSION)
            if not setup.is_open(session):
                raise Refused("office", NO_OFFICE)
        db.keys()  # missing or foreign: nothing is done that could not be opened or found again
        return run(options)

    return command(guarded)


NO_OFFICE = f"系统还没有建立，请先执行 {db.command('init')} (no office yet)"
OTHER_VERSION = f"数据库是另一版本的，请先执行 {db.command('init')} (the database is of another version)"


def tell(account: Iterable[str], hints: Iterable[Problem], headings: Mapping[str, str]) -> None:
    """What of a file was not read, and the hints about it, on stderr."""
    read, *left_out = account
    for words in [read, *left_out] if left_out else ():
        say(words)
    for each in hints:
        where = f"第{each.row}行" if each.row else ""
        say(f"提示：{where}{each.heading(headings)}：{each.words}")
