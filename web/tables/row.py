"""A whole row of a table (改正整行) in a dialog: every cell of it as it was when it was opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.tables.mending import Change
from web import bar, deeds

Save = Callable[[int, list[Change]], None]


def whole_row(
    prefix: str,
    row: int,
    cells: Mapping[str, str],
    *,
    headings: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
    save: Save,
) -> None:
    """Edit a whole row (改正整行) as it stands. `prefix` is the table's own; `save` is given what was changed.

    The fields are new ones each time it is opened: of the same ones the browser would send what was typed before and
    given up, although it shows what the server says.
    """
    times = st.session_state[f"{prefix}-opened"] = st.session_state.get(f"{prefix}-opened", 0) + 1
    prefix = f"{prefix}-{times}"
    for column, value in cells.items():
        offered = choices.get(column)
        st.session_state[f"{prefix}-{row}-{column}"] = value if not offered or value in offered else None
    _dialog(prefix, row, cells, headings, choices, save)


@st.dialog("改正整行", width="medium", on_dismiss="rerun")
def _dialog(
    prefix: str,
    row: int,
    cells: Mapping[str, str],
    headings: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
    save: Save,
) -> None:
    """Every cell as it was when opened (optimistic lock): another's change is not overwritten.

    The run after it is closed takes its fields away, and it begins empty: else those of the row opened before stand
    there, and take typing, until a new one has come for each.
    """
    with st.empty().container(), st.form(f"{prefix}-{row}-form", border=False):
        st.caption(f"第{row}行")
        places: Sequence[Any] = ()
        for at, (column, before) in enumerate(cells.items()):
            heading, key = headings.get(column, column), f"{prefix}-{row}-{column}"
            places = places if at % 2 else st.columns(2)  # by twos, so that a telephone shows them in their order
            if offered := choices.get(column):
                places[at % 2].selectbox(heading, offered, None, placeholder=before or "请选择", key=key)
            else:
                places[at % 2].text_input(heading, key=key)
        done = st.form_submit_button("保存并重新检查", type="primary", on_click=_saved, args=(prefix, row, cells, save))
        if done and not bar.refused_here():
            st.rerun()


def _saved(prefix: str, row: int, cells: Mapping[str, str], save: Save) -> None:
    """Save the cells of a row that were changed in the dialog."""
    typed = {column: st.session_state[f"{prefix}-{row}-{column}"] for column in cells}
    changes = [
        Change(row, column, before, typed[column])
        for column, before in cells.items()
        if typed[column] not in (None, before)
    ]
    if changes:
        save(row, changes)
    else:
        deeds.say("warning", f"第{row}行没有改动。")
