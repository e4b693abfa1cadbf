"""A file of this browser session (会话中的文件) as the repair sheet mends it, kept with its changes until then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from core.ground.access import Refused
from core.tables.mending import Change, Mended
from core.tables.problems import LEAVE_OUT, Problem
from web import deeds
from web.tables.row import whole_row
from web.tables.sheet import is_mended, sheet


@dataclass
class Held:
    """What was changed in a file so far; one object, since runs of the page overlap."""

    mended: Mended = field(default_factory=Mended)


def held(key: str) -> Held:
    """What this browser session has changed in the file of this key (a digest)."""
    found: Held = st.session_state.setdefault(f"mended-{key}", Held())
    return found


@dataclass(frozen=True)
class _Filed:
    """`tables.Mending` over a file that is read again with its changes laid over it."""

    key: str
    held: Held
    cells: Mapping[int, Mapping[str, Any]]
    problems: Sequence[Problem]
    headings: Mapping[str, str]
    choices: Mapping[str, Sequence[str]]
    unit: str = "行"

    def rows(self, numbers: Collection[int]) -> Mapping[int, Mapping[str, str]]:
        usual, mended = dict.fromkeys(self.headings, ""), self.held.mended
        here = [row for row in numbers if row in self.cells and row not in mended.struck]
        return {row: usual | mended.cells_of(self.cells[row], row) for row in here}

    def beside(self, problems: Sequence[Problem], cells: Mapping[str, str]) -> Sequence[str]:
        return ()

    def repair(self, changes: Sequence[Change]) -> None:
        self.held.mended = self.held.mended.changed(self.cells, changes, self.headings)

    def accept(self, rows: Sequence[int]) -> None:
        self.held.mended = self.held.mended.accepted(self.cells, self.problems, rows, self.headings)

    def strike(self, row: int) -> None:
        self.held.mended = self.held.mended.without(self.cells, row)

    def put_back(self, row: int) -> None:
        self.held.mended = self.held.mended.with_again(row)

    def open(self, row: int) -> None:
        found = self.rows([row])
        if row not in found:
            raise Refused("rows", f"文件中没有第{row}行，可能刚被删去，请查看最新的内容。")
        cells = {column: found[row][column] for column in self.headings}
        save = partial(_save, self)
        whole_row(f"row-{self.key}", row, cells, headings=self.headings, choices=self.choices, save=save)


def _told(act: Callable[[], None], words: str) -> None:
    """Do what a button asks, and say so."""
    try:
        act()
        deeds.say("success", words)
    except Refused as refused:
        deeds.say("error", refused.words)


def _save(filed: _Filed, row: int, changes: Sequence[Change]) -> None:
    _told(lambda: filed.repair(changes), f"第{row}行已改正并重新检查。")


def mend_file(
    key: str,
    cells: Mapping[int, Mapping[str, Any]],
    problems: Iterable[Problem],
    *,
    headings: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
) -> None:
    """Repair sheet of a file (改正上传的文件): its blocking problems, with what is done to many rows at once.

    `cells` of its rows as they are now, by column. The page reads the file again where `held(key)` has changed.
    """
    faults = [problem for problem in problems if problem.blocking]
    filed = _Filed(key, held(key), cells, faults, headings, choices)
    st.caption("选择的文件自动暂存，只有您能看到；在这里的改正只在本页保留，刷新（F5）或关闭页面后须重新改正。")
    if not is_mended(filed, faults):
        return
    with st.container(horizontal=True):
        if any(each.offer for each in filed.problems):
            _accept_all(filed)
        made = len(filed.held.mended.struck) + sum(map(len, filed.held.mended.cells.values()))
        if made:
            with st.popover(f"撤销全部改正（{made}处）", icon=":material/undo:"):
                st.write("回到上传的文件，此前在这里改正和删去的都不算。")
                st.button("确认撤销", key=f"undo-{key}", type="primary", on_click=_undo, args=(filed,))
    sheet(filed, faults)


def _accept_all(filed: _Filed) -> None:
    """Accept all proposals (采纳全部建议); where some of them leave rows out, that is confirmed first."""
    offered = list(dict.fromkeys(each.row for each in filed.problems if each.offer))
    struck = list(dict.fromkeys(each.row for each in filed.problems if each.offer == LEAVE_OUT))
    label, icon, key = f"采纳全部建议（{len(offered)}行）", ":material/done_all:", f"accept-all-{filed.key}"
    if not struck:
        st.button(label, key=key, icon=icon, on_click=_accept, args=(filed, offered))
        return
    with st.popover(label, icon=icon):
        which = "、".join(f"第{row}行" for row in struck[:10]) + ("等" if len(struck) > 10 else "")
        st.write(f"其中{len(struck)}行将删去：{which}。")
        words = f"确认采纳并删去{len(struck)}行"
        st.button(words, key=key, type="primary", on_click=_accept, args=(filed, offered))


def _accept(filed: _Filed, rows: Sequence[int]) -> None:
    _told(lambda: filed.accept(rows), f"{len(rows)}行已按建议改正，已重新检查。")


def _undo(filed: _Filed) -> None:
    filed.held.mended = Mended()
    deeds.say("success", "已撤销全部改正，回到上传的文件。")
