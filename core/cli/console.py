"""What the commands share: files to write, messages on stderr, refusals as exit code 2."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from core.ground.access import Refused
from core.tables import sheets

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


def line(fields: Iterable[object]) -> None:
    """A tab-separated line of data on stdout; runs of white space inside a field are one space."""
    print("\t".join(" ".join(str(field).split()) for field in fields))


def command(run: Command) -> Command:
    """A command whose refusals, and files that cannot be read or written, are words on stderr and exit code 2."""

    @functools.wraps(run)
    def guarded(options: argparse.Namespace) -> int:
        try:
            return run(options)
        except OSError as error:
            say(f"{error.filename}: {error.strerror}")
        except Refused as refused:
            say(refused.words)
        return REFUSED

    return guarded
