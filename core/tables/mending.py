"""Mending (改正) of a table that was sent in: cells changed on the screen; the file itself stays as it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from core.ground import resident_id, typed
from core.ground.access import Refused
from core.tables.problems import STRIKE, Problem

Cells = Mapping[str, Any]
LEFT_OUT = "改正时删去"
"""Why a row that was struck is not read."""


@dataclass(frozen=True)
class Change:
    """A cell as a clerk saw it and as it should be."""

    row: int
    column: str
    before: str
    after: str


class Made(NamedTuple):
    """One thing changed (改正处): row, column ("" for a row that was struck), what was there, what is now."""

    row: int
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Mended:
    """What was changed in a file since it was read (改正内容); laid over it each time it is read again."""

    cells: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """By row, the cells by column."""
    struck: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.cells or self.struck)

    def changed(self, rows: Mapping[int, Cells], changes: Sequence[Change], headings: Mapping[str, str]) -> Mended:
        """These cells changed as well (改正单元格). `rows`: the file's, as they were read last.

        Optimistic lock: each change names what the clerk saw. Refused codes: "rows" (no such cell), "stale".
        """
        cells = {row: dict(each) for row, each in self.cells.items()}
        for change in changes:
            if change.row not in rows or change.row in self.struck or change.column not in headings:
                raise Refused("rows", f"文件中没有第{change.row}行，可能刚被删去，请查看最新的内容。")
            said = self.cells_of(rows[change.row], change.row).get(change.column, "")
            said = cells.get(change.row, {}).get(change.column, said)
            if said != change.before:
                which = f"第{change.row}行的{headings[change.column]}"
                raise Refused(
                    "stale", f"{which}刚刚改为“{resident_id.masked(said)}”，您的修改没有保存，请核对最新的内容。"
                )
            cells.setdefault(change.row, {})[change.column] = typed.text(change.after)
        return replace(self, cells=cells)

    def without(self, rows: Mapping[int, Cells], row: int) -> Mended:
        """A row struck as well (删去此行). Refused codes: "rows", "file" (it is the last one)."""
        if rows.keys() - self.struck == {row}:
            raise Refused("file", f"第{row}行是最后一行，不能删去；整份文件不要的，不必办理。")
        if row not in rows or row in self.struck:
            raise Refused("rows", f"文件中没有第{row}行，可能刚被删去，请查看最新的内容。")
        return replace(self, struck=self.struck | {row})

    def with_again(self, row: int) -> Mended:
        """A struck row taken back in (恢复此行), with what was changed in it. Refused codes: "rows" (it is there)."""
        if row not in self.struck:
            raise Refused("rows", f"第{row}行没有删去，不必恢复。")
        return replace(self, struck=self.struck - {row})

    def accepted(
        self, rows: Mapping[int, Cells], problems: Iterable[Problem], which: Sequence[int], headings: Mapping[str, str]
    ) -> Mended:
        """What is proposed for these rows done as well (采纳建议). Refused codes: "rows" (nothing is proposed)."""
        mends = [each for each in problems if each.offer and each.row in which]
        if not mends:
            raise Refused("rows", "这些行已没有可采纳的建议，请查看最新的内容。")
        mended = self
        for each in mends:
            if STRIKE in each.mend:
                mended = mended.without(rows, each.row) if each.row not in mended.struck else mended
                continue
            seen = mended.cells_of(rows[each.row], each.row)
            made = [Change(each.row, column, seen.get(column, ""), value) for column, value in each.mend.items()]
            mended = mended.changed(rows, made, headings)
        return mended

    def cells_of(self, cells: Cells, row: int) -> dict[str, str]:
        """The cells of a row as text (各格文字), as they are now."""
        return {column: said(cell) for column, cell in cells.items()} | dict(self.cells.get(row, {}))

    def over(self, rows: list[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Rows as they were read, with what was changed in them; those that were struck are not among them."""
        for number, cells in rows:
            if number not in self.struck:
                yield number, {**cells, **self.cells.get(number, {})} if number in self.cells else cells

    def made(self, rows: Mapping[int, Cells]) -> list[Made]:
        """Everything that was changed (改正处), by row. `rows`: as the file has them, without any of it."""
        found = []
        for row, cells in self.cells.items():
            if row in self.struck:
                continue
            written = {column: said(cell) for column, cell in rows.get(row, {}).items()}
            found += [
                Made(row, column, written.get(column, ""), after)
                for column, after in cells.items()
                if written.get(column, "") != after
            ]
        found += [Made(row, "", said(rows.get(row, {}).get("name")), "") for row in self.struck]
        return sorted(found)


def said(cell: object) -> str:
    """A cell as a clerk reads it (显示文字): a day without its hour, else as text."""
    return f"{cell:%Y-%m-%d}" if isinstance(cell, date) else typed.text(cell)
