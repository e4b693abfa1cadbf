"""URL query parameters (地址栏参数): the chosen record and the filters, kept across reloads and in shared links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from core.ground import db, resident_id
from core.ground.access import Labelled
from web import deeds

Word = TypeVar("Word", bound=Labelled)
ALL = "全部"
"""The choice of a filter that leaves nothing out: a choice like the others, so that it is never an empty field."""


def chosen(name: str) -> int | None:
    """The id of the chosen record (选中的记录), from the query parameter of this name; what is no number is named."""
    asked = str(st.query_params.get(name, ""))
    if asked and number(asked) is None:
        st.query_params.pop(name, None)
        deeds.say("warning", f"网址中的编号“{name}={asked[:LONGEST]}”不是编号，没有打开。请从列表中打开。")
    return number(asked)


def number(text: str) -> int | None:
    """The number of a record as an address has it (编号): ASCII digits, from 1 to what a database takes."""
    return (int(text) or None) if text.isascii() and text.isdigit() and len(text) < 10 else None


def choose(name: str, record_id: int | None) -> None:
    """Put a record's id into the query parameter of this name, or take it out."""
    if record_id is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(record_id)


def held(
    key: str, options: Iterable[Any], usual: Any, *, label: str, told: Callable[[Any], str] = str
) -> dict[str, Any]:
    """What a choice needs so that the address alone says which is chosen (地址栏为准): its key, and what a click does.

    `label`: what it is called, where the address asks for what is no option; `told`: how an option is written there.
    Streamlit keeps what was chosen under a key for every page that has one of that name, and an address that says the
    usual one, or none, does not undo it: so what stands there is set by the address before the choice is drawn.
    """
    offered = {told(option): option for option in options}
    usual = next((option for option in offered.values() if option == usual), usual)  # a code may come as its word's
    return _held(key, label, usual, offered.get, told)


def _held(
    key: str, label: str, usual: Any, read: Callable[[str], Any], told: Callable[[Any], str] = str
) -> dict[str, Any]:
    """As `held`; `read` answers what the address says, None where it is nothing that may be chosen.

    What `told` has no word for never comes into the address.
    """

    def follow() -> None:
        chosen = st.session_state[key]
        if chosen is not None and chosen != usual and (word := told(chosen)):
            st.query_params[key] = word
        else:
            st.query_params.pop(key, None)

    asked, last = str(st.query_params.get(key, "")), f"{key}-offered"
    said = read(asked) if asked else usual
    if asked and said is None:
        if st.session_state.get(last) == asked:  # chosen here, and since then no longer offered
            st.query_params.pop(key, None)
        else:
            unknown(key, label, asked, "" if usual is None else told(usual))
        said = usual
    elif asked:
        st.session_state[last] = asked
    if st.session_state.get(key) != said:
        st.session_state[key] = said
    return {"key": key, "on_change": follow}


def unknown(key: str, label: str, asked: str, instead: str) -> None:
    """What an address asks for and nothing offers (地址中不认识的条件) is named once, and taken out of the address."""
    st.query_params.pop(key, None)
    deeds.say("warning", f"网址中的{label}“{asked[:LONGEST]}”不在可选的条件里，已按“{instead or '不限'}”显示。")


LONGEST = 30
"""Characters of an unknown word of an address that are said again."""


def follow_links(page: str) -> None:
    """Put what a link asked for into the address (同页链接): call it before the page is drawn.

    A link from a page to itself gives its query to the run alone (Streamlit 1.67): the address stays as it was, and
    with the next click, or F5, what the link opened is gone.
    """
    now = page, st.query_params.to_dict()
    before = st.session_state.get("address-told", now)
    if before != now and before[0] == page:
        st.query_params.update()
    st.session_state["address-told"] = now


_HISTORY = st.components.v2.component("history", js=(Path(__file__).parent / "history.js").read_text(encoding="utf-8"))


def step_by_step() -> None:
    """Let one act of the hand be one step of the browser's history (后退), on every page."""
    _HISTORY(key="typing-history", data={})  # takes no room, as what watches the typing


def view(names: Sequence[str], *, label: str = "内容", key: str = "view") -> str:
    """Which part of a page is looked at (内容), the first unless the address says another."""
    chosen = st.segmented_control(
        label, names, required=True, label_visibility="collapsed", **held(key, names, names[0], label=label)
    )
    return chosen or names[0]


def choice(
    label: str, words: Mapping[Any, str], *, key: str, usual: Any = None, width: int = 180, drawn: bool = True
) -> Any:
    """One of a few (选项), each with its words, which stand in the address too; the first unless that says another.

    Not `drawn`: what the address says alone, such as while its box is folded away.
    """
    usual = next(iter(words), None) if usual is None else usual
    if not drawn and key not in st.query_params:
        return usual
    asked = held(key, words, usual, label=label, told=words.__getitem__)
    if not drawn:
        return st.session_state[key]
    chosen = st.selectbox(label, list(words), format_func=words.__getitem__, width=width, required=True, **asked)
    return usual if chosen is None else chosen


def year(this: int, *, ahead: int = 0, back: int, label: str = "年度", width: int = 120, key: str = "year") -> int:
    """Which year is asked for (年度), the latest first, this one unless the address says another.

    Offered are so many years `ahead` of this one and so many `back`.
    """
    years = {each: str(each) for each in range(this + ahead, this - back - 1, -1)}
    return int(choice(label, years, key=key, usual=this, width=width))


def programme(names: Mapping[str, str], *, label: str = "专项项目") -> str | None:
    """Which programme is asked for (专项项目), by its code, the first unless the address says another; None of none."""
    chosen: str | None = choice(label, names, key="programme", width=330)
    return chosen


def day(label: str, *, key: str, usual: date | None = None, latest: date = date(2100, 12, 31), width: int) -> Any:
    """Which day is asked for (日期), `usual` unless the address says another; None where the field is empty."""

    def read(asked: str) -> date | None:
        try:
            found = date.fromisoformat(asked)
        except ValueError:
            return None
        return found if FIRST <= found <= latest else None

    asked = _held(key, label, usual, read) | ({} if usual else {"value": None})
    return st.date_input(label, format="YYYY-MM-DD", min_value=FIRST, max_value=latest, width=width, **asked)


FIRST = date(1900, 1, 1)
"""The first day that can be asked for."""


def switch(label: str, *, key: str, usual: bool = False, draw: Callable[..., bool] | None = None) -> bool:
    """A switch (开关), kept in the address where it is not as usual; drawn by `st.toggle` unless told otherwise."""
    told = {True: "true", False: "false"}
    return (draw or st.toggle)(label, **held(key, told, usual, label=label, told=told.__getitem__))


def page(pages: int, *, key: str = "page") -> int:
    """The pages of a list (分页) and which is shown, the first unless the address says another; the last of too few."""

    def read(asked: str) -> int | None:
        found = number(asked)
        return found and min(found, max(pages, 1))

    asked = _held(key, "页码", 1, read)
    return int(st.pagination(pages, **asked)) if pages > 1 else 1


def paged(key: str = "page") -> int:
    """Which page of a list the address asks for (第几页), to be read before the list's pages can be drawn (`page`)."""
    return number(str(st.query_params.get(key, ""))) or 1


def forget_choice() -> None:
    """Clear table selections (取消选中) after a deed, so that the next click cannot hit another row."""
    st.session_state["round"] = st.session_state.get("round", 0) + 1


def searched(label: str, *, key: str, placeholder: str = "", width: int = 260) -> str:
    """Search box (查找框), kept in the query parameter of its key; an ID number stays in the session and out of there.

    Addresses are kept in histories, logs and links that people send on. Nor does a text come there that is longer than
    anything on file: such an address reaches no server.
    """
    if resident_id.may_hold(text(key, label)):
        st.session_state[key] = str(st.query_params.pop(key))
    here = str(st.session_state.get(key, ""))
    kept = here if len(here) <= db.LONGEST_SEARCH and resident_id.may_hold(here) else ""
    asked = _held(key, label, kept, str, lambda typed: "" if resident_id.may_hold(typed) else typed)
    follow = asked["on_change"]

    def heard() -> None:
        if not fits(label, str(st.session_state[key])):
            st.session_state[key] = ""
        follow()

    return str(st.text_input(label, placeholder=placeholder, width=width, **asked | {"on_change": heard}))


def text(key: str, label: str) -> str:
    """What an address looks for (查找的文字), as far as that can be done; what is too long is said and taken out."""
    asked = str(st.query_params.get(key, ""))
    if fits(label, asked):
        return asked
    st.query_params.pop(key, None)
    return ""


def fits(label: str, typed: str) -> bool:
    """Whether a text can be looked for (查找文字过长), said where it is too long."""
    if len(typed) <= db.LONGEST_SEARCH:
        return True
    most = db.LONGEST_SEARCH
    deeds.say("warning", f"“{label}”里有{len(typed):,}个字，最多{most}个字，没有查找。请改短后再查。")
    return False


def filter_by(label: str, words: Iterable[Word], *, key: str, default: Word | None = None) -> Word | None:
    """Filter (筛选) over a vocabulary, "全部" for none, kept in the query parameter of its key."""
    options: dict[Any, str] = {ALL: ALL} | {word: word.label for word in words}
    chosen = choice(label, options, key=key, usual=default or ALL)
    return None if chosen == ALL else chosen
