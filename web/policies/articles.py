"""A policy in words (政策条款): its articles, and what is done where the notice is silent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core.eligibility.sheet import Used
from core.law import notices, wording
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


def silences(used: Iterable[Used | Interpretation]) -> None:
    """Interpretations (通知未写明之处): what is done where the notice is silent, why, and the clause it belongs to."""
    lines = [
        [SILENCES[each.setting][0], clause(each.clause), f"**{md(_setting(each))}**", md(each.reason)] for each in used
    ]
    if lines:
        tables.prose(lines, ["通知未写明", "条款", "系统的处理", "理由"])
    else:
        st.caption("本结论不涉及通知未写明之处。")


def readings(given: Iterable[Reading]) -> None:
    """Readings (文字的理解): words of the notice that people, not the program, have to understand, and how."""
    lines = [[md(each.question), clause(each.clause), f"**{md(each.answer)}**", md(each.reason)] for each in given]
    if lines:
        tables.prose(lines, ["通知未写明", "条款", "怎样理解", "理由"])


SILENCES: dict[str, tuple[str, str, str]] = {
    "include_application_year": ("近三年是否含申报当年", "含申报当年", "不含申报当年"),
    "age_on": ("年龄计算到哪一天", "申报年度{}", ""),
    "years_counted_from_next": ("转任、任现职年数从何时起算", "次年起算", "当年起算"),
    "transfer_limit": ("转任后最多核验几个年度", "{}个年度", ""),
    "waiver_window": ("完成一个年度即可的，在几年之内", "近{}年", ""),
    "hours_per_day": ("每天最多计多少学时", "{}学时", ""),
    "until_next_notice": ("新通知载入之前怎样执行", "沿用本通知", "不沿用"),
    "makeup_years": ("可补学此前几个年度", "{}个年度", ""),
    "amounts_of_earlier_years": ("以前年度按哪份通知的学时", "{}", ""),
    "best_waiver_wins": ("几项减免同时符合", "取最有利的一项", "不取最有利的一项"),
    "certificate_rate": ("证书折合的比例", "{}", ""),
    "review_routes": ("减免适用于哪些申报方式", "{}", ""),
    "within_one_year": ("跨年度的培训", "分开上报、各计各年", "可合并上报"),
}
"""Each silence a policy may name: what is left open, the words where it is settled (with its value), where not."""

_NOUGHT = {"transfer_limit": "不要求学时", "waiver_window": "不适用", "makeup_years": "不能补学"}
_VALUES = {"application_year": "按申报年度的通知", "own_year": "按各年度自己的通知", "granted": "由审核部门核定"}


def _setting(each: Used | Interpretation) -> str:
    """How one interpretation is settled, in words."""
    value: Any = {"是": True, "否": False}.get(str(each.value), each.value)
    _, settled, otherwise = SILENCES[each.setting]
    if str(value) == "0" and each.setting in _NOUGHT:
        return _NOUGHT[each.setting]
    if each.setting == "age_on":
        value = notices.month_day(str(value))
    return otherwise if value is False else settled.format(_VALUES.get(str(value), value))
