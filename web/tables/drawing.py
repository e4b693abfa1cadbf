"""Tables on screen (表格): to read, to choose a row from, a page of a long list, prose."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.models import State
from core.submissions.kinds import KINDS
from web import address
from web.tables.cells import OF_DEEMED, worded
from web.tables.columns import heading
from web.words import CHIPS, NOT_BEGUN

PAGE_ROWS = 20
YEARS_AND_ROWS = ("year", "credit_year", "application_year", "row", "file_row", "roster_row", "record_id")
"""Whole numbers that are no amounts: written without separators."""


def table(frame: pd.DataFrame, columns: Sequence[str], *, empty: str, height: int = 0) -> None:
    """Read-only table (表格). `empty` says why there is nothing and what to do next."""
    if frame.empty:
        st.info(empty)
        return
    shown = _chips(worded(frame, columns))
    options: dict[str, Any] = {"height": height if height and 36 * (len(shown) + 1) > height else _height(shown)}
    st.dataframe(shown, hide_index=True, column_config=_column_config(shown), placeholder="", **options)


def _height(shown: pd.DataFrame) -> Any:
    """A page of rows is shown whole (不套滚动框): the page scrolls, no box within it."""
    return "content" if len(shown) <= PAGE_ROWS else "auto"


def fixed(frame: pd.DataFrame, widths: dict[str, Any], *, row_height: int | None = None) -> None:
    """Table with fixed column widths (pixels, or Streamlit's words); beyond seven rows it scrolls."""
    shown = worded(frame, list(widths))
    config: dict[str, Any] = {}
    for name, width in widths.items():
        if pd.api.types.is_numeric_dtype(shown[name]):
            config[name] = st.column_config.NumberColumn(heading(name), format="%d", width=width)
        else:
            config[name] = st.column_config.TextColumn(heading(name), width=width)
    height: Any = 280 if len(shown) > 7 else "content"
    st.dataframe(shown, hide_index=True, column_config=config, height=height, placeholder="", row_height=row_height)


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
    by: str = "id",
) -> int | None:
    """Selectable table (选择一行): the choice is kept in the query parameter `name`. Answers the chosen id."""
    if frame.empty:
        st.info(empty)
        return address.chosen(name)
    shown = _chips(worded(frame, columns))
    ids = [int(value) for value in frame[by]]
    # Named by its rows: a mark on the third row must not stay on the third row of another list.
    key = f"{name}-table-{st.session_state.get('round', 0)}-{hash(tuple(ids))}"

    def picked() -> None:
        rows = st.session_state[key].selection.rows
        address.choose(name, ids[rows[0]] if rows and rows[0] < len(ids) else None)

    options: dict[str, Any] = {}
    if address.chosen(name) in ids:
        options["selection_default"] = {
            "selection": {"rows": [ids.index(address.chosen(name) or 0)], "columns": [], "cells": []}
        }
    st.dataframe(
        shown,
        hide_index=True,
        column_config=_column_config(shown),
        placeholder="",
        on_select=picked,
        selection_mode="single-row",
        height="auto" if address.chosen(name) in ids else _height(shown),  # what is chosen stands below it
        key=key,
        **options,
    )
    return address.chosen(name)


def tick(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    name: str,
    empty: str,
    ticked: set[int],
    changed: Callable[[set[int]], None],
    by: str = "id",
) -> None:
    """Table of which several rows are ticked (勾选多行); those of other pages stay as they are.

    `changed` is called with all ids that are ticked, when the hand has ticked or cleared one.
    """
    if frame.empty:
        st.info(empty)
        return
    shown = _chips(worded(frame, columns))
    ids = [int(value) for value in frame[by]]
    key = f"{name}-ticks-{st.session_state.get('round', 0)}-{hash(tuple(ids))}"

    def picked() -> None:
        rows = st.session_state[key].selection.rows
        changed((ticked - set(ids)) | {ids[row] for row in rows if row < len(ids)})

    chosen = [at for at, number in enumerate(ids) if number in ticked]
    st.dataframe(
        shown,
        hide_index=True,
        column_config=_column_config(shown),
        placeholder="",
        on_select=picked,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": chosen, "columns": [], "cells": []}},
        height=_height(shown),
        key=key,
    )


def listing(ask: Callable[..., tuple[pd.DataFrame, int]], here: Actor, *, name: str) -> tuple[pd.DataFrame, int]:
    """Pagination (分页): one page of a long list, its number in the address bar; answers the rows and the count of all.

    `ask(session, actor, offset=, limit=)` is one of core's paged questions.
    """
    key = f"{name}-page"
    expected = max(1, st.session_state.get(key) or address.chosen(key) or 1)
    rows, count = _page(ask, here, expected)
    total = math.ceil(count / PAGE_ROWS)
    number = min(st.pagination(total, key=key, bind="query-params"), total) if total > 1 else 1
    if number != expected:  # such as a page there is no more
        rows, count = _page(ask, here, number)
    return rows, count


def _page(ask: Callable[..., tuple[pd.DataFrame, int]], here: Actor, number: int) -> tuple[pd.DataFrame, int]:
    with db.reading() as session:
        return ask(session, here, offset=(number - 1) * PAGE_ROWS, limit=PAGE_ROWS)


_STATES = {kind.word_for(state): CHIPS[state] for state in State for kind in KINDS.values()}
"""Every state in the words of every kind, with its colour."""


def _column_config(shown: pd.DataFrame) -> dict[str, Any]:
    """Column configuration: headings, formats and widths of the columns, by their names."""
    config: dict[str, Any] = {}
    for name in shown.columns:
        label = heading(name)
        if name in ("state", "to_state"):
            config[name] = st.column_config.MultiselectColumn(
                label,
                options=[*_STATES, NOT_BEGUN],
                color=[*_STATES.values(), "gray"],
                width="small",
            )
        elif name.endswith("_on"):
            config[name] = st.column_config.DateColumn(label, format="YYYY-MM-DD")
        elif name in YEARS_AND_ROWS:
            config[name] = st.column_config.NumberColumn(label, format="%d", width="small")
        elif pd.api.types.is_numeric_dtype(shown[name]):
            config[name] = st.column_config.NumberColumn(label, format="%g")
        elif name in ("years_required", "gap"):
            config[name] = st.column_config.TextColumn(label, width=190)
        else:
            width = _width(name, [label, *map(str, shown[name])]) if name != shown.columns[-1] else None
            figures = name in ("hours", *OF_DEEMED)
            config[name] = st.column_config.TextColumn(label, width=width, alignment="right" if figures else None)
    return config


def _width(name: str, texts: Iterable[str]) -> int | None:
    """Column width in pixels for the longest of its words; None for sentences, which take the room that is left.

    A table left to itself measures ten rows, and takes a cell twice as long as the others for a slip.
    """
    longest = max(sum(map(_pixels, text)) for text in set(texts))
    if name == "dispute":  # begins with the answer; what was said stands in full elsewhere
        return min(longest + 18, 200)
    return longest + 18 if longest < 300 else None


def _pixels(letter: str) -> int:
    """Estimated width of a character in a table, a little more rather than less."""
    return 14 if unicodedata.east_asian_width(letter) in "WFA" else 8 if letter.isalnum() else 6


def _chips(shown: pd.DataFrame) -> pd.DataFrame:
    """States as lists of one, which Streamlit draws as coloured chips."""
    for name in ("state", "to_state"):
        if name in shown:
            shown[name] = shown[name].map(lambda label: [label] if label else [])
    return shown
