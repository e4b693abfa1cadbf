"""Declared tables (表样声明): a further table that people send in is one declaration, and nothing else is written.

Its columns with the words they go by, what each cell means, what is checked, and what a row becomes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from core.ground import typed
from core.ground.access import Refused
from core.tables import reading, values
from core.tables.mending import Mended
from core.tables.problems import Problem, in_order
from core.tables.reading import NOTHING_MENDED, Cells, Listing
from core.tables.values import Unclear

Line = TypeVar("Line")
Value = Callable[[object], Any]
"""What a cell means; raises `values.Unclear` where it says nothing clearly."""


@dataclass
class Checked(Generic[Line]):
    """A table as it was read and checked (检查结果)."""

    lines: list[tuple[int, Line]]
    """What each faultless row became, with the row number its user sees."""
    problems: list[Problem]
    account: list[str]
    faulty: dict[int, Cells] = field(default_factory=dict)
    """The cells of the other rows, to be mended."""
    rows: dict[int, Cells] = field(default_factory=dict)
    """The cells of all rows as they are now."""


@dataclass(frozen=True)
class Declared(Generic[Line]):
    """A kind of table with all that is known of it (表样): see `tests/core/test_declared.py` for one of ten lines.

    `values` by column; a column without is text. `needed` columns must say something. `becomes` is given the values by
    column. `checks` look at all lines together and give problems of their rows.
    """

    listing: Listing
    becomes: Callable[..., Line]
    values: Mapping[str, Value] = field(default_factory=dict)
    needed: Collection[str] = ()
    checks: Sequence[Callable[[Sequence[tuple[int, Line]]], Iterable[Problem]]] = ()

    def read(
        self,
        content: bytes,
        filename: str,
        *,
        chosen: Mapping[str, str] | None = None,
        mended: Mended = NOTHING_MENDED,
        ours: bool = False,
    ) -> Checked[Line]:
        """Read and check a file of this kind (读入并检查), as it was mended; one bad row never sinks the others.

        Refused codes: "file", "headings", as of `reading.read`; "file" where there is no row.
        """
        return self.filled(reading.read(content, filename, self.listing, chosen=chosen, mended=mended, ours=ours))

    def filled(self, table: reading.Table) -> Checked[Line]:
        """A table that was read before (检查先读入的表), with a row at least. Refused codes: "file"."""
        if not table.rows:
            raise Refused("file", f"表头下面没有内容，请确认{self.listing.name}的数据在同一张工作表内。")
        return self.checked(table)

    def checked(self, table: reading.Table) -> Checked[Line]:
        """A table as it was read (检查读入的表), of the listing declared here."""
        lines, found = self.check(table.rows)
        problems = [*table.problems, *found]
        faulty = {each.row for each in problems if each.blocking}
        rows: dict[int, Cells] = {number: cells for number, cells in table.rows if number in faulty}
        good = [(number, line) for number, line in lines if number not in faulty]
        return Checked(good, in_order(problems, self.listing.columns), reading.account(table), rows, dict(table.rows))

    def check(self, rows: Iterable[tuple[int, Cells]]) -> tuple[list[tuple[int, Line]], list[Problem]]:
        """Check rows as they stand now (重新检查), of a file or kept from one and changed since.

        What each became that can be understood, and all that is wrong with any of them.
        """
        problems, lines = list[Problem](), []
        for number, cells in rows:
            said, found = self._understood(number, cells)
            problems += found
            if not any(each.blocking for each in found):
                lines.append((number, self.becomes(**said)))
        for check in self.checks:
            problems += check(lines)
        return lines, in_order(problems, self.listing.columns)

    def _understood(self, number: int, cells: Cells) -> tuple[dict[str, Any], list[Problem]]:
        """The values of a row by column, and what is wrong with it by itself."""
        said: dict[str, Any] = {}
        problems = []
        for column, words in self.listing.columns.items():
            written = typed.text(cells.get(column))
            try:
                said[column] = self.values.get(column, typed.text)(cells.get(column))
                if column in self.needed and values.is_nothing(written):
                    problems.append(Problem(number, column, f"{column}-missing", "", f"{words[0]}为空，请补填"))
            except Unclear as unclear:
                problems.append(Problem(number, column, f"{column}-{unclear.code}", written, str(unclear)))
        return said, problems
