"""A policy in words (政策条款): its articles, and what is done where the notice is silent."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.law import wording
from core.law.notices import Interpretation, Policy, Reading
from web import tables
from web.words import clause, md


def articles(rule: Policy) -> None:
    """Policy articles (逐条规定), clause by clause in plain words."""
    told = wording.articles(rule)
    lines = [[clause(each.clause), md(each.heading), md(each.words)] for each in told]
    tables.prose(lines, ["条款", "事项", "规定"])


def told(words: str) -> str:
    """Lists as files write them, for reading: 2023;2024 as 2023、2024."""
    return words.replace(";", "、").replace("|", "、")


def silences(given: Iterable[Interpretation], *, none: str = "") -> None:
    """Interpretations (通知未写明之处): what is done where the notice is silent, why, and the clause it belongs to.

    `none` is said where there are none.
    """
    _settled(given, "系统的处理", none)


def readings(given: Iterable[Reading]) -> None:
    """Readings (文字的理解): words of the notice that people, not the program, have to understand, and how."""
    _settled(given, "怎样理解", "")


def _settled(given: Iterable[Interpretation | Reading], how: str, none: str) -> None:
    lines = [[md(each.question), clause(each.clause), f"**{md(each.answer)}**", md(each.reason)] for each in given]
    if lines:
        tables.prose(lines, ["通知未写明", "条款", how, "理由"])
    elif none:
        st.caption(none)
