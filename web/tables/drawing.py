"""Tables on screen (表格): to read, to choose a row from, a page of a long list, prose.

All of them are one list of ours (`list.js`): a real table, so that it is read aloud, marked, copied and printed as one.
Its cells are written here, each column as its kind says (`columns.kind`); columns for which there is no room stand in
the row that is opened, and on paper all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session
from streamlit.delta_generator import DeltaGenerator

from core.ground import db
from core.ground.access import Actor
from core.ledger.years import DONE
from core.trail import kept
from web import address, context, shell
from web.tables.cells import in_words
from web.tables.columns import Kind, heading, kind, numeric, says_done, written
from web.words import tone

PAGE_ROWS = 20
MOST_ROWS = 5000
"""Rows of one table that are sent to a browser; a file has all of them."""
PRINTED_ROWS = 500
"""Rows of a long list that go on paper at once (打印上限)."""
HINT = "点一行打开；键盘：Tab 到列表，↑↓ 移动，回车或空格打开"
TICK_HINT = "点一行勾选；键盘：↑↓ 移动，空格勾选"

_HERE = Path(__file__).parent
_LIST = st.components.v2.component(
    "list",
    html='<div class="list"><div class="box"></div><div class="hint"></div><div class="paper"></div>'
    '<div class="heard" role="status"></div></div>',
    css=(_HERE / "list.css").read_text(encoding="utf-8"),
    js=(_HERE / "list.js").read_text(encoding="utf-8"),
)


def table(frame: pd.DataFrame, columns: Sequence[str], *, empty: str) -> None:
    """Read-only table (表格). `empty` says why there is nothing and what to do next."""
    if frame.empty:
        st.info(empty)
        return
    _LIST(data=_data(frame, columns, "", "read") | {"place": context.place()})


def prose(lines: Iterable[Sequence[str]], heads: Iterable[str]) -> None:
    """Table of sentences in Markdown: nothing is cut off, long cells wrap, on a telephone too."""
    frame = pd.DataFrame(list(lines), columns=list(heads))
    st.table(frame, hide_index=True, border="horizontal", width="content")


def pick(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    name: str,
    empty: str,
    what: str,
    by: str = "id",
    elsewhere: bool = False,
) -> int | None:
    """Selectable table (选择一行): the choice is kept in the query parameter `name`. Answers the chosen id.

    `what`: what is said not to be open where an address asks for a row that is not listed ("第{}号机构", its number);
    it is not answered. "" where the page opens whatever core lets be seen, and core refuses the rest in words.
    `elsewhere`: it opens on another page, and is answered once; in the address, going back would go there anew.
    """
    key = f"{name}-table"
    chosen = st.session_state.pop(f"{key}-once", None) if elsewhere else address.chosen(name)
    ids = [int(value) for value in frame[by]]
    if frame.empty:
        shell.empty(empty)
        return _listed(chosen, ids, key, what)

    def opened() -> None:
        sent = st.session_state[key].get("open")
        number = sent.get("id") if isinstance(sent, dict) else None
        number = number if isinstance(number, int) else None
        if elsewhere:
            st.session_state[f"{key}-once"] = number
        else:
            address.choose(name, number)

    data = _data(frame, columns, by, "open", chosen=chosen if chosen in ids else None, hint=HINT)
    _LIST(key=key, data=data | {"below": chosen is not None and (chosen in ids or not what)}, on_open_change=opened)
    return _listed(chosen, ids, key, what)


def named(ids: Iterable[int], *, name: str, what: str) -> int | None:
    """The row of a list that an address asks for (网址中的一条), where the hand opens none; see `pick`."""
    return _listed(address.chosen(name), [int(value) for value in ids], f"{name}-table", what)


def _listed(chosen: int | None, ids: Collection[int], key: str, what: str) -> int | None:
    """What is open below a list (选中的行): none that is not listed; one that an address asks for is named then.

    Not one that was open here before: the hand that struck it, or narrowed the list, knows.
    """
    if chosen is None or chosen in ids or not what:
        st.session_state[f"{key}-open"] = chosen
        return chosen
    if st.session_state.get(f"{key}-open") != chosen:
        told = what.format(chosen)
        st.info(f"没有打开{told}：不在上面所列之中，可能被筛选条件隐藏，也可能不归本单位管理。")
    return None


def tick(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    name: str,
    empty: str,
    ticked: set[int],
    changed: Callable[[set[int]], None],
    by: str = "id",
    only: Collection[int] | None = None,
) -> None:
    """Table of which several rows are ticked (勾选多行); those of other pages stay as they are.

    `only`: those that may be ticked; the others have no box. `changed` is called with all ids that are ticked, when the
    hand has ticked or cleared one.
    """
    if frame.empty:
        st.info(empty)
        return
    ids, key = [int(value) for value in frame[by]], f"{name}-ticks"
    may = set(ids) if only is None else set(ids) & set(only)

    def told() -> None:
        sent = st.session_state[key].get("ticked")
        here = sent.get("ids") if isinstance(sent, dict) else None
        if isinstance(here, list):
            st.session_state[f"{key}-n"] = sent.get("n")
            changed((ticked - set(ids)) | (may & {each for each in here if isinstance(each, int)}))

    answered = st.session_state.get(f"{key}-n", 0)
    data = _data(frame, columns, by, "tick", ticked=sorted(ticked & may), answered=answered, hint=TICK_HINT)
    data["fixed"] = sorted(set(ids) - may)
    _LIST(key=key, data=data, on_ticked_change=told)


def _data(
    frame: pd.DataFrame,
    columns: Sequence[str],
    by: str,
    mode: str,
    *,
    chosen: int | None = None,
    ticked: Sequence[int] = (),
    answered: int = 0,
    hint: str = "",
) -> dict[str, Any]:
    """What the list draws, `by` the column of its ids ("": numbered); a frame that was drawn changes no more."""
    count, begins, whole = frame.attrs.get("count", len(frame)), frame.attrs.get("begins", 0), len(frame)
    drawn = kept.beside(frame, ("list", *columns, by), lambda: _drawn(frame.head(MOST_ROWS), columns, by))
    return drawn | {
        "mode": mode,
        "chosen": chosen,
        "ticked": list(ticked),
        "answered": answered,
        "hint": hint,
        "label": f"列表，共{count:,}行",
        "page": PAGE_ROWS,
        "sorts": count == whole,
        "paper": _paper(begins, len(drawn["rows"]), count),
    }


def _drawn(frame: pd.DataFrame, columns: Sequence[str], by: str) -> dict[str, Any]:
    """A frame as it is drawn: texts by column, states with their colours, and what orders a column otherwise."""
    shown = {name: frame[name] for name in columns} | in_words(frame, columns)
    kinds = {name: kind(name, values) for name, values in shown.items()}
    texts = [[written(value, kinds[name]) for value in _values(shown[name])] for name in columns]
    figures = {at: shown[name] for at, name in enumerate(columns) if kinds[name] in (Kind.NUMBER, Kind.SHARE)}
    figures = {at: values for at, values in figures.items() if numeric(values)}
    ids = [int(value) for value in frame[by]] if by else range(len(frame))
    rows: list[dict[str, Any]] = [
        {"id": number, "cells": list(cells)} for number, cells in zip(ids, zip(*texts, strict=True), strict=True)
    ]
    for at, values in figures.items():
        for row, value in zip(rows, values, strict=True):
            row.setdefault("by", {})[at] = None if pd.isna(value) else float(value)
    states = {text for at, name in enumerate(columns) if kinds[name] is Kind.STATE for text in texts[at]}
    states |= {DONE for name in columns if says_done(name)}
    return {
        "columns": [
            {"name": name, "head": heading(name), "kind": kinds[name], "done": says_done(name)} for name in columns
        ],
        "rows": rows,
        "tones": {text: tone(text) for text in states if text},
    }


def _values(column: Any) -> list[Any]:
    return column if isinstance(column, list) else column.tolist()


def _paper(begins: int, here: int, count: int) -> str:
    """What a printed list says of itself where it is not all of it."""
    if here == count:
        return ""
    rest = f"打印全部请用“打印”，一次不超过{PRINTED_ROWS}行" if count <= PRINTED_ROWS else "全部请导出 Excel"
    return f"本页是第{begins + 1:,}至{begins + here:,}行，共{count:,}行；{rest}。"


def above() -> DeltaGenerator:
    """The line above a list (名单上方): its pages, how many there are, export and print, side by side."""
    return st.container(horizontal=True, vertical_alignment="center")


Ask = Callable[..., tuple[pd.DataFrame, int]]


def listing(
    ask: Ask, here: Actor, *, name: str, asked: Hashable = None, every_line: bool = False
) -> tuple[pd.DataFrame, int]:
    """Pagination (分页): one page of a long list, its number in the address bar; answers the rows and the count of all.

    `ask(session, actor, offset=, limit=)` is one of core's paged questions. What is printed is the list from its
    beginning, as far as `PRINTED_ROWS`. `asked`: all that the question depends on but for the actor and the day; where
    it is told, the page is kept until the office does something (`kept.once`, which says what `every_line` is).
    """
    if asked is not None:
        ask = _kept(ask, (name, asked), every_line)
    if address.chosen("print"):
        return _page(ask, here, 1, PRINTED_ROWS)
    key = f"{name}-page"
    expected = address.paged(key)
    rows, count = _page(ask, here, expected, PAGE_ROWS)
    total = math.ceil(count / PAGE_ROWS)
    number = address.page(total, key=key)
    if number != expected:  # such as a page there is no more
        rows, count = _page(ask, here, number, PAGE_ROWS)
    return rows, count


def _kept(ask: Ask, asked: Hashable, every_line: bool) -> Ask:
    def once(session: Session, here: Actor, **page: int) -> tuple[pd.DataFrame, int]:
        key = (db.url(), "listing", asked, here, context.today(), *page.items())
        return kept.once(session, key, lambda: ask(session, here, **page), every_line=every_line)

    return once


def _page(ask: Ask, here: Actor, number: int, size: int) -> tuple[pd.DataFrame, int]:
    with db.reading() as session:
        rows, count = ask(session, here, offset=(number - 1) * size, limit=size)
    rows.attrs |= {"count": count, "begins": (number - 1) * size}
    return rows, count
