"""URL query parameters (地址栏参数): the chosen record and the filters, kept across reloads and in shared links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from core.ground import resident_id
from core.ground.access import Labelled

Word = TypeVar("Word", bound=Labelled)
ALL = "全部"
"""The choice of a filter that leaves nothing out: a choice like the others, so that it is never an empty field."""


def chosen(name: str) -> int | None:
    """The id of the chosen record (选中的记录), from the query parameter of this name."""
    return number(str(st.query_params.get(name, "")))


def number(text: str) -> int | None:
    """The number of a record as an address has it (编号): ASCII digits, from 1 to what a database takes."""
    return (int(text) or None) if text.isascii() and text.isdigit() and len(text) < 10 else None


def choose(name: str, record_id: int | None) -> None:
    """Put a record's id into the query parameter of this name, or take it out."""
    if record_id is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(record_id)


def held(key: str, options: Sequence[Any], usual: Any, *, told: Callable[[Any], str] = str) -> dict[str, Any]:
    """What a choice needs so that the address alone says which is chosen (地址栏为准): its key, and what a click does.

    `told`: how an option is written there.
    Streamlit keeps what was chosen under a key for every page that has one of that name, and an address that says the
    usual one, or none, does not undo it: so what stands there is set by the address before the choice is drawn.
    """

    def follow() -> None:
        chosen = st.session_state[key]
        if chosen is None or chosen == usual:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = told(chosen)

    said = {told(option): option for option in options}.get(str(st.query_params.get(key, "")), usual)
    if st.session_state.get(key) != said:
        st.session_state[key] = said
    return {"key": key, "on_change": follow}


def view(names: Sequence[str], *, key: str = "view") -> str:
    """Which part of a page is looked at (内容), the first unless the address says another."""
    chosen = st.segmented_control(
        "内容", names, required=True, label_visibility="collapsed", **held(key, names, names[0])
    )
    return chosen or names[0]


def year(this: int, *, ahead: int = 0, back: int, label: str = "年度", width: int = 120, key: str = "year") -> int:
    """Which year is asked for (年度), the latest first, this one unless the address says another.

    Offered are so many years `ahead` of this one and so many `back`.
    """
    years = range(this + ahead, this - back - 1, -1)
    return int(st.selectbox(label, years, width=width, required=True, **held(key, years, this)))


def programme(names: Mapping[str, str], *, label: str = "专项项目") -> str | None:
    """Which programme is asked for (专项项目), by its code, the first unless the address says another; None of none."""
    codes = list(names)

    def told(code: str) -> str:
        return names.get(code, "")

    address = held("programme", codes, codes[0] if codes else None, told=told)
    chosen: str | None = st.selectbox(label, codes, format_func=told, width=330, required=True, **address)
    return chosen


def forget_choice() -> None:
    """Clear table selections (取消选中) after a deed, so that the next click cannot hit another row."""
    st.session_state["round"] = st.session_state.get("round", 0) + 1


def searched(label: str, *, key: str, placeholder: str = "", width: int = 260) -> str:
    """Search box (查找框), kept in the query parameter of its key; an ID number stays in the session and out of there.

    Addresses are kept in histories, logs and links that people send on.
    """
    here, last = str(st.query_params.get(key, "")), f"{key}-in-address"
    if here != st.session_state.get(last, "") or key not in st.session_state:
        st.session_state[key] = here  # opened by a link, or come back to
    text = st.text_input(label, key=key, placeholder=placeholder, width=width)
    said = "" if resident_id.may_hold(text) else text
    if said:
        st.query_params[key] = said
    else:
        st.query_params.pop(key, None)
    st.session_state[last] = said
    return text


def filter_by(label: str, words: Iterable[Word], *, key: str, default: Word | None = None) -> Word | None:
    """Filter (筛选) over a vocabulary, "全部" for none, kept in the query parameter of its key."""
    options: list[Word | str] = [ALL, *words]
    chosen: Any = st.selectbox(
        label,
        options,
        options.index(default or ALL),
        format_func=lambda word: str(getattr(word, "label", word)),
        key=key,
        required=True,
        bind="query-params",
        width=180,
    )
    return None if chosen in (None, ALL) else chosen
