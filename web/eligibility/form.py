"""The form of one application: what a notice asks of everybody, and what only some applicants have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import streamlit as st

from core.eligibility.applications import HEADINGS
from core.ground.access import Refused
from core.law import notices
from core.law.notices import YEARS_SINCE, Fact, Policy
from web import bar, context
from web.words import md

ASSERTED = ["否", "是", "待核验"]
ANY = ""


def cells(league: str | None) -> dict[str, object]:
    """The cells of one application (申报情况) by a league's notice; what only some applicants have is folded away.

    Refused codes: "policy" (no notice of the year can be asked).
    """
    places = st.columns(4)
    known = notices.policies(league)
    year = places[0].number_input(HEADINGS["year"], known[0].first_year if known else 2000, 2100, context.today().year)
    try:
        policy = notices.of_year(year, league)
    except Refused as refused:
        st.warning(md(refused.words))
        bar.end()
    words = policy.vocabulary
    facts: dict[str, object] = {"year": year}
    facts["route"] = route = places[1].selectbox(HEADINGS["route"], words["route"], required=True)
    levels = words["level"]
    facts["level"] = places[2].selectbox(HEADINGS["level"], levels, levels.index("高级"), required=True)
    windows = [window for window in policy.windows if window.route == route]
    free = _places(places[3])
    for name in ("education", "series"):
        if any(getattr(window, name) for window in windows):
            facts[name] = next(free).selectbox(HEADINGS[name], [ANY, *words[name]], required=True)
    asked = _named(policy, (name for window in windows for name in (window.years_from, window.since)))
    for fact in asked:
        facts[fact.code] = _field(next(free), fact)
    some = [fact for fact in _waiving(policy) if fact not in asked]
    if some:
        with st.expander("有无减免情形（没有的不必填写）"):
            for first in range(0, len(some), 3):
                for place, fact in zip(st.columns(3), some[first : first + 3], strict=False):
                    facts[fact.code] = _field(place, fact)
    return facts


def _places(first: Any) -> Iterator[Any]:
    """One place after another: the one left beside the level, then rows of four."""
    yield first
    while True:
        yield from st.columns(4)


def _named(policy: Policy, names: Iterable[str | None]) -> list[Fact]:
    """The facts of these names, each once, in the notice's order."""
    codes = {YEARS_SINCE.get(name, name) for name in names if name}
    return [fact for code, fact in policy.asked.items() if code in codes]


def _waiving(policy: Policy) -> list[Fact]:
    """The facts that waivers turn on."""
    waivers = policy.waivers
    return _named(policy, [*(each.fact for each in waivers), *(on.fact for each in waivers for on in each.when)])


def _field(place: Any, fact: Fact) -> object:
    """The field of one fact, by its type."""
    match fact.type:
        case "flag" if fact.code == "non_public":
            return place.selectbox(fact.heading, ["公有制", "非公有制", "非公有制（待核验）"], required=True)
        case "flag":
            return place.selectbox(fact.heading, ASSERTED, required=True)
        case "day":
            return place.date_input(fact.heading, None, format="YYYY-MM-DD")
        case "count":
            return place.number_input(f"{fact.heading}（年）", 1, 40, None)
        case "word":
            return place.selectbox(fact.heading, [ANY, *fact.choices], required=True)
    return place.text_input(fact.heading, placeholder="如2022；几个年度用分号隔开")
