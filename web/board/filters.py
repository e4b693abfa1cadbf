"""The dashboard's filters (筛选): in the address bar, each shown with a way to clear it; a click on a mark sets one."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from core.ground.access import TRAINERS, Actor, OrganizationKind
from core.law import notices
from core.law.notices import short_name
from core.office import dashboards
from core.office.dashboards import Choices, Wanted, groups
from web import address
from web.words import md

NARROWING = ("league", "base", "employer", "kind", "subject", "month", "sector", "level", "age")
"""The filters by their query parameters, in the order in which they are shown."""


_UNKNOWN = "board-unknown"
"""What the address asks for and no filter offers, while the filters are drawn."""
BRING, BRING_NTH = "board-bring", "board-bring-nth"
"""Which click it was whose rows are to be brought into view, and how many there were, in the session."""


def strip(actor: Actor, today: date, offered: Choices) -> Wanted:
    """The filters as a strip (筛选栏), what is chosen below it; answers the question."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="board-filters"):
        year = address.year(today.year, back=3, width=100)
        on = st.date_input(
            "截至", today, max_value=today, key="on", format="YYYY-MM-DD", bind="query-params", width=150
        )
        if offered.leagues:
            _choice("盟市", list(offered.leagues), "league")
        _choice("科目", {code: short_name(name) for code, name in notices.subject_names().items()}, "subject", 110)
        _choice("月份", {month: f"{month}月" for month in range(1, 13)}, "month", 100)
        with st.popover("更多筛选", icon=":material/filter_alt:", width=130):
            if offered.bases:
                _choice("培训机构", list(offered.bases), "base", 300)
                _choice("机构类别", {kind.value: kind.label for kind in TRAINERS}, "kind", 300)
            _choice("单位类别", list(groups.sectors()), "sector", 300)
            _choice("职称级别", list(groups.levels()), "level", 300)
            _choice("年龄段", list(groups.ages()), "age", 300)
    state: Any = st.session_state
    if unknown := state.pop(_UNKNOWN, None):
        st.warning(md(f"地址中的{'、'.join(unknown)}不在可选的条件里，这些条件按“{address.ALL}”显示。"))
    kind = state.get("kind")
    return Wanted(
        year=year,
        on=min(on, today),
        league=offered.leagues.get(state.get("league") or ""),
        base=offered.bases.get(state.get("base") or ""),
        kind=OrganizationKind(kind) if kind else None,
        subject=state.get("subject") or "",
        month=state.get("month") or None,
        employer=address.chosen("employer"),
        sector=state.get("sector") or "",
        level=state.get("level") or "",
        age=state.get("age") or "",
    )


def _choice(label: str, options: list[str] | dict[Any, str], key: str, width: int = 170) -> None:
    words = options if isinstance(options, dict) else {each: each for each in options}
    asked = str(st.query_params.get(key, ""))
    if asked and asked not in {address.ALL, *map(str, words.values())}:
        st.session_state.setdefault(_UNKNOWN, []).append(f"{label}“{asked}”")
    st.selectbox(
        label,
        ["", *words],
        format_func=lambda one: words[one] if one != "" else address.ALL,
        key=key,
        bind="query-params",
        width=width,
        required=True,
    )


def chips(seen: dashboards.Board) -> None:
    """What is narrowed (已筛选), each with a button that clears it, and one for all."""
    wanted = seen.wanted
    told: dict[str, str] = {}
    for name in NARROWING:
        value = getattr(wanted, name)
        if value in (None, ""):
            continue
        match name:
            case "league":
                told[name] = seen.places[value].name
            case "base" | "employer":
                told[name] = seen.places[value].full
            case "kind":
                told[name] = value.label
            case "subject":
                told[name] = f"{short_name(notices.subject_names().get(value, value))}科目"
            case "month":
                told[name] = f"{value}月"
            case _:
                told[name] = value
    if not told:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="board-chips"):
        for name, words in told.items():
            st.button(
                words, key=f"clear-{name}", icon=":material/close:", on_click=clear, args=(name,), help=f"取消“{words}”"
            )
        if len(told) > 1:
            st.button("全部清除", key="clear-all", type="tertiary", on_click=clear, args=tuple(told))


def clear(*names: str) -> None:
    """Take filters away (取消筛选)."""
    for name in names:
        if name == "employer":
            address.choose(name, None)
        else:
            st.session_state[name] = ""


def bring() -> None:
    """The rows that a click opened are brought into view on the page that is drawn next (带到眼前)."""
    st.session_state[BRING] = st.session_state.get(BRING_NTH, 0) + 1
    st.session_state[BRING_NTH] = st.session_state[BRING]


def narrow(name: str, value: Any, show: str) -> None:
    """Narrow everything by a mark that was clicked (点选), or, where it was chosen already, no more; open its rows."""
    if name == "employer":
        chosen = address.chosen(name)
        address.choose(name, None if chosen == value else value)
    else:
        st.session_state[name] = "" if st.session_state.get(name) == value else value
    st.query_params["show"] = show
    bring()
