"""Repair sheet (改正表) on screen: one dense row per fault of a table that somebody sent in, mended where it stands.

The rows live in the browser (`sheet.js`): they are built once and brought up to date by key, so that nothing moves
under the hand and no key is lost, however many runs of the page go by. What is typed comes as a queue of numbered acts;
the data sent back say up to which number they were answered.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from core.ground import resident_id, typed
from core.ground.access import Refused
from core.tables.mending import Change
from core.tables.problems import LEAVE_OUT, Problem

LONGEST = 2000
"""Characters of a cell as a browser may send it."""


class Mending(Protocol):
    """A table that is mended (待改正的表), as the page of its kind knows it.

    `repair`, `accept`, `strike` and `put_back` are one deed each; they and `open` raise `Refused`, and say nothing
    themselves.
    """

    @property
    def key(self) -> str:
        """Its own name: another file is another table."""

    @property
    def unit(self) -> str:
        """What a line of it is called after its number (第3行、第3项)."""

    @property
    def headings(self) -> Mapping[str, str]: ...

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Columns in which one of a few words stands."""

    def rows(self, numbers: Collection[int]) -> Mapping[int, Mapping[str, str]]:
        """The cells of these rows as they are now, by column; a row that was struck is not among them."""

    def beside(self, problems: Sequence[Problem], cells: Mapping[str, str]) -> Sequence[str]:
        """The other columns in which the problems of one cell can be mended."""

    def repair(self, changes: Sequence[Change]) -> object: ...

    def accept(self, rows: Sequence[int]) -> object: ...

    def strike(self, row: int) -> object: ...

    def put_back(self, row: int) -> object:
        """Take a struck row in again (恢复此行), as it was."""

    def open(self, row: int) -> None:
        """Show the other columns of a row (改正整行)."""


@dataclass
class _Kept:
    """What the sheet of one table keeps while a browser session works on it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while acts are done: the next batch starts a run of the page beside the one before."""
    answered: int = 0
    """The number of the last act that was done or refused."""
    lines: dict[tuple[int, str], str] = field(default_factory=dict)
    """The lines in their order, by row and column, each with the value that was wrong."""
    shown: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    """The columns of which a line has shown the cells, its own first."""
    touched: dict[tuple[int, str], None] = field(default_factory=dict)
    """The cells of the last batch."""
    typed: set[tuple[int, str]] = field(default_factory=set)
    """Cells changed by this hand: in others a number may have been filled in, which stays masked."""
    refused: dict[tuple[int, str], str] = field(default_factory=dict)
    """Why the last edit of a cell was refused."""
    said: tuple[str, str] = ("", "")
    """Kind and words of the last batch, where they do not follow from its cells."""
    opened: int | None = None
    """The row of which all columns are to be shown."""
    brought: int = 0
    """How many times it was brought into view: the browser does each once."""


def sheet(mending: Mending, problems: Sequence[Problem], *, bring: bool = False) -> None:
    """Repair sheet (改正表): the blocking problems of a table, a line each, to be mended without leaving the keyboard.

    A mended line keeps its place, marked 已改, until the list is put in order; new faults come last. `bring`: the hand
    has just asked for it, so it comes into view, its first cell ready to be typed in.
    """
    key, kept = _key(mending), _kept(mending)
    kept.brought += bring

    def take() -> bool:
        state = st.session_state.get(key) or {}
        return _take(kept, mending, state.get("acts"))

    def taken() -> None:
        take()

    if take():  # what no callback has answered
        st.rerun()
    with kept.lock:
        data = _data(kept, mending, problems)
    if data["lines"]:
        _COMPONENT(key=key, data=data | {"key": key}, on_acts_change=taken)
    opened, kept.opened = kept.opened, None
    try:
        if opened is not None:
            mending.open(opened)
    except Refused as refused:
        kept.said = "error", refused.words
        st.rerun()


def is_mended(mending: Mending, problems: Sequence[Problem]) -> bool:
    """Whether there is a sheet to show (有改正表): something is wrong, or was and its lines stand."""
    return bool(_kept(mending).lines) or any(problem.blocking for problem in problems)


def _key(mending: Mending) -> str:
    return f"sheet-{mending.key}"


def _kept(mending: Mending) -> _Kept:
    kept: _Kept = st.session_state.setdefault(f"{_key(mending)}-kept", _Kept())
    return kept


# --- what comes in --------------------------------------------------------------------------------------------------


def _take(kept: _Kept, mending: Mending, acts: object) -> bool:
    """Do the acts that were not answered yet, edits that follow one another as one deed; answers if there were any."""
    with kept.lock:
        waiting = [act for act in _acts(acts) if act["n"] > kept.answered]
        if not waiting:
            return False
        kept.touched, kept.said = {}, ("", "")
        for edits, group in groupby(waiting, lambda act: act["act"] == "edit"):
            given = list(group)
            if edits:
                _edit(kept, mending, given)
                kept.answered = given[-1]["n"]
            for act in () if edits else given:
                _DO[act["act"]](kept, mending, act["row"])
                kept.answered = act["n"]
        return True


def _acts(given: object) -> Iterator[dict[str, Any]]:
    """The acts that are well formed; anything else was forged."""
    for act in given if isinstance(given, list) else ():
        act = {"row": 0} | act if isinstance(act, dict) else {}
        edit = act.get("act") == "edit"
        texts = [act.get(name) for name in ("column", "before", "after")] if edit else []
        fits = isinstance(act.get("n"), int) and isinstance(act.get("row"), int)
        fits = fits and (edit or act.get("act") in _DO)
        if fits and all(isinstance(text, str) and len(text) <= LONGEST for text in texts):
            yield act


def _edit(kept: _Kept, mending: Mending, acts: Sequence[Mapping[str, Any]]) -> None:
    """Change cells, in one deed; where one of them is refused, each in its own, so that the others go through."""
    changes = [Change(act["row"], act["column"], typed.text(act["before"]), typed.text(act["after"])) for act in acts]
    changes = [change for change in changes if change.before != change.after]
    for change in changes:
        kept.touched[change.row, change.column] = None
        kept.refused.pop((change.row, change.column), None)
        kept.typed.add((change.row, change.column))
    try:
        if changes:
            mending.repair(changes)
    except Refused as refused:
        if len(changes) == 1:
            kept.refused[changes[0].row, changes[0].column] = refused.words
            return
        for act in acts:
            _edit(kept, mending, [act])


def _done(kept: _Kept, act: Callable[[], object], words: str) -> bool:
    """Do one deed of a row and keep its message, or why it was refused; whether it was done."""
    try:
        act()
    except Refused as refused:
        kept.said = "error", refused.words
        return False
    kept.said = "success", words
    return True


def _accept(kept: _Kept, mending: Mending, row: int) -> None:
    if _done(kept, lambda: mending.accept([row]), f"第{row}{mending.unit}已按建议改正。"):
        kept.typed -= {place for place in kept.typed if place[0] == row}


def _strike(kept: _Kept, mending: Mending, row: int) -> None:
    _done(kept, lambda: mending.strike(row), f"第{row}{mending.unit}已删去。")


def _put_back(kept: _Kept, mending: Mending, row: int) -> None:
    _done(kept, lambda: mending.put_back(row), f"第{row}{mending.unit}已恢复。")


def _open(kept: _Kept, mending: Mending, row: int) -> None:
    kept.opened = row


def _tidy(kept: _Kept, mending: Mending, row: int) -> None:
    kept.lines.clear()
    kept.shown.clear()
    kept.refused.clear()


_DO: dict[str, Callable[[_Kept, Mending, int], None]] = {
    "accept": _accept,
    "strike": _strike,
    "put_back": _put_back,
    "open": _open,
    "tidy": _tidy,
}


# --- what goes out --------------------------------------------------------------------------------------------------


def _data(kept: _Kept, mending: Mending, problems: Sequence[Problem]) -> dict[str, Any]:
    """The sheet as the browser draws it: its lines in the order they have had, and the last message."""
    faults: dict[tuple[int, str], list[Problem]] = {}
    for problem in problems:
        if problem.blocking:
            faults.setdefault((problem.row, problem.column), []).append(problem)
    came = [] if not kept.lines else [place for place in faults if place not in kept.lines]
    for place, found in faults.items():
        kept.lines.setdefault(place, found[0].value)
    rows = mending.rows({row for row, _ in kept.lines if row})
    gone = {row: place for place in reversed(kept.lines) if (row := place[0]) and row not in rows}
    stand = [place for place in kept.lines if gone.get(place[0], place) == place]  # of a struck row one line is left
    lines = [_line(kept, mending, place, faults.get(place, []), rows) for place in stand]
    kind, words = kept.said if kept.said[1] else _told(kept, mending, faults, came)
    return {
        "answered": kept.answered,
        "count": _counted(mending, faults),
        "done": len(lines) > len(faults),
        "brought": kept.brought,
        "kind": kind,
        "said": words,
        "choices": {column: list(words) for column, words in mending.choices.items()},
        "lines": lines,
    }


def _counted(mending: Mending, faults: Collection[tuple[int, str]]) -> str:
    """How many cells are wrong, column by column."""
    counts = Counter(mending.headings.get(column, column) for _, column in faults)
    each = "、".join(f"{heading}{count}" for heading, count in counts.most_common())
    return f"待改正{len(faults)}处：{each}" if faults else "没有待改正的了"


def _told(
    kept: _Kept, mending: Mending, faults: Mapping[tuple[int, str], Sequence[Problem]], came: Sequence[tuple[int, str]]
) -> tuple[str, str]:
    """What became of the cells of the last batch, in words."""
    refused = [kept.refused[place] for place in kept.touched if place in kept.refused]
    if refused:
        return "error", refused[-1]
    if not kept.touched:
        return "", ""
    wrong = [place for place in kept.touched if place in faults]
    if wrong:
        row, column = wrong[-1]
        where = f"第{row}{mending.unit}{mending.headings.get(column, column)}"
        return "error", f"{where}还不对：{faults[row, column][0].words}"
    row, column = list(kept.touched)[-1]
    said = f"第{row}{mending.unit}{mending.headings.get(column, column)}已改正。"
    if new := [place for place in came if place[0] in {row for row, _ in kept.touched}]:
        row, column = new[0]
        return "warning", f"{said}第{row}{mending.unit}{mending.headings.get(column, column)}另有错误，列在最后。"
    return "success", said


def _line(
    kept: _Kept,
    mending: Mending,
    place: tuple[int, str],
    found: Sequence[Problem],
    rows: Mapping[int, Mapping[str, str]],
) -> dict[str, Any]:
    """One line: who and where, the cells to mend, what is wrong with them, what is proposed."""
    row, column = place
    cells = rows.get(row, {})
    struck = bool(row) and row not in rows
    state = "struck" if struck else "open" if found else "mended"
    refused = kept.refused.get(place, "")
    words = "；".join(problem.words for problem in found)
    offer = next((problem.offer for problem in found if problem.offer), "")
    shown = kept.shown.setdefault(place, [column])
    shown += [each for each in mending.beside(found, cells) if each not in shown]
    masked = place not in kept.typed and not found
    if state != "open":
        now = cells.get(column, "")
        words = "已删去" if struck else f"已改{_formerly(column, kept.lines[place], now)}"
    return {
        "id": f"{row}-{column}",
        "row": row,
        "where": f"第{row}{mending.unit}" if row else "全表",
        **_who(cells, shifted=any(problem.code == "row-shifted" for problem in found)),
        "state": state,
        "words": " ".join(filter(None, (refused, words))),
        "offer": offer,
        "advice": "" if offer == LEAVE_OUT or offer in words else offer,
        "strikes": offer == LEAVE_OUT,
        "cells": [
            _cell(mending, each, cells[each], masked=masked, was=kept.lines[place] if each == column else "")
            for each in shown
            if each in cells
        ],
    }


def _cell(mending: Mending, column: str, value: str, *, masked: bool, was: str) -> dict[str, Any]:
    """A cell as it is drawn; of an accepted number its mask, what was changed of it seen."""
    hidden = masked and column == "id_number"
    return {
        "column": column,
        "heading": mending.headings.get(column, column),
        "value": resident_id.changed(was, value)[1] if hidden else value,
        "fixed": hidden,
    }


def _formerly(column: str, value: str, now: str) -> str:
    """What stood in a mended cell."""
    shown = resident_id.changed(value, now)[0] if column == "id_number" else resident_id.masked(value)
    return f"（原为“{shown}”）" if value else "（原为空）"


def _who(cells: Mapping[str, str], *, shifted: bool) -> dict[str, str]:
    """Who a row is about, ID numbers masked; of a shifted row all that stands in it."""
    if shifted:
        return {"who": "", "more": " ".join(filter(None, map(resident_id.masked, cells.values())))}
    name, number, employer = (cells.get(column, "") for column in ("name", "id_number", "employer"))
    more = " ".join(filter(None, (resident_id.mask(number), resident_id.masked(employer))))
    return {"who": resident_id.masked(name), "more": more}


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


_COMPONENT = st.components.v2.component(
    "repair_sheet",
    html='<div class="place">\n</div>',
    css=_beside("sheet.css"),
    js=_beside("sheet.js"),
)
