"""Problems (问题) of a table that was sent in: where, what stands there, how to mend it; by column, not by heading.

Each kind of table knows what its columns are called: `HEADINGS` of rosters, imports and applications.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

UNKNOWN = "heading-unknown"
"""The code of a column that was not recognised: its problem is kept under the heading as it was written."""
OF_FILE = (UNKNOWN, "row-left", "row-hidden")
"""Codes of hints about a file, which stay when its rows are mended: a column not read, a row left out, a hidden row."""

STRIKE = "row"
LEAVE_OUT = "删去此行"
"""What is offered where accepting it leaves the row out."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong: spreadsheet row (0: the whole table), column's key, code, value as written, how to mend it."""

    row: int
    column: str
    code: str
    value: str
    words: str
    blocking: bool = True
    offer: str = ""
    """What the program proposes, in words that give nothing away."""
    mend: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The cells that accepting the offer sets, by column; `STRIKE` leaves the row out. May hold an ID number."""

    def heading(self, headings: Mapping[str, str]) -> str:
        """The display word of its column (表头), by the headings of its kind of table."""
        return self.column if self.code == UNKNOWN else headings.get(self.column, self.column)


def in_order(problems: Iterable[Problem], columns: Iterable[str]) -> list[Problem]:
    """Problems as their reader goes through the table: by row, then by column; those of no column first."""
    places = {column: place for place, column in enumerate(columns)}
    return sorted(problems, key=lambda problem: (problem.row, places.get(problem.column, -1)))


PROBLEM_HEADINGS = ("行", "列", "代码", "原值", "说明")


def problem_lines(problems: Sequence[Problem], headings: Mapping[str, str]) -> list[tuple[int, str, str, str, str]]:
    """Problem list (问题清单): problems as lines under `PROBLEM_HEADINGS`, for a file or the command line."""
    return [(each.row, each.heading(headings), each.code, each.value, each.words) for each in problems]
