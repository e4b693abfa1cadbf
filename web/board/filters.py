"""The dashboard's filters (筛选): in the address bar, each shown with a way to clear it; a click on a mark sets one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from core.ground.access import TRAINERS, Actor, OrganizationKind, Role
from core.law import notices
from core.law.notices import short_name
from core.office import dashboards
from core.office.dashboards import Choices, Wanted, groups
from web import address

NARROWING = ("league", "base", "employer", "kind", "subject", "month", "sector", "level", "age")
"""The filters by their query parameters, in the order in which they are shown."""


BRING, BRING_NTH = "board-bring", "board-bring-nth"
"""Which click it was whose rows are to be brought into view, and how many there were, in the session."""


def strip(actor: Actor, today: date, offered: Choices) -> Wanted:
    """The filters as a strip (筛选栏), what is chosen below it; answers the question."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="board-filters"):
        year = address.year(today.year, back=3, width=100)
        on = address.day("截至", key="on", usual=today, latest=today, width=150)
        league = _choice("盟市", _same(offered.leagues), "league") if offered.leagues else ""
        subjects = {code: short_name(name) for code, name in notices.subject_names().items()}
        subject = _choice("科目", subjects, "subject", 110)
        months = {month: _word("month", month) for month in range(1, 13)}
        month = _choice("月份", months, "month", 100) if actor.role is not Role.EMPLOYER_CLERK else None  # no trainings
        more = st.popover("更多筛选", icon=":material/filter_alt:", width=130, key="board-more", on_change="rerun")
        with more:  # drawn once it is open; what is chosen there stands below as well
            further = partial(_choice, width=300, drawn=bool(more.open))
            base = kind = ""
            if offered.bases:
                base = further("培训机构", _same(offered.bases), "base")
                kind = further("机构类别", {kind.value: kind.label for kind in TRAINERS}, "kind")
            sector = further("单位类别", _same(groups.sectors()), "sector")
            level = further("职称级别", _same(groups.levels()), "level")
            age = further("年龄段", _same(groups.ages()), "age")
    return Wanted(
        year=year,
        on=on,
        league=offered.leagues.get(league),
        base=offered.bases.get(base),
        kind=OrganizationKind(kind) if kind else None,
        subject=subject,
        month=month or None,
        employer=address.chosen("employer"),
        sector=sector,
        level=level,
        age=age,
    )


def _choice(label: str, words: Mapping[Any, str], key: str, width: int = 170, drawn: bool = True) -> Any:
    """One filter, "" for all."""
    return address.choice(label, {"": address.ALL} | dict(words), key=key, width=width, drawn=drawn)


def _same(names: Iterable[str]) -> dict[str, str]:
    return {each: each for each in names}


def _word(name: str, value: Any) -> str:
    """A filter's value as its box and the address say it."""
    return f"{value}月" if name == "month" else str(value)


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
            st.query_params.pop(name, None)


def bring() -> None:
    """The rows that a click opened are brought into view on the page that is drawn next (带到眼前)."""
    st.session_state[BRING] = st.session_state.get(BRING_NTH, 0) + 1
    st.session_state[BRING_NTH] = st.session_state[BRING]


def narrow(name: str, value: Any, show: str) -> None:
    """Narrow everything by a mark that was clicked (点选), or, where it was chosen already, no more; open its rows."""
    if name == "employer":
        chosen = address.chosen(name)
        address.choose(name, None if chosen == value else value)
    elif value is None or st.query_params.get(name) == _word(name, value):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = _word(name, value)
    st.query_params["show"] = show
    bring()
