"""What a report has beyond its plan (超出计划) on screen: the figures, where the notice draws the line, the reason."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.models import Report
from core.submissions import reports
from core.submissions.reports import Excess
from web.words import md


def told(found: Sequence[Excess]) -> bool:
    """Excess over the plan (超出计划), what needs a reason apart from what does not; answers whether any does."""
    far, slight = ([each for each in found if each.far is which] for which in (True, False))
    if far:
        st.error("超出批准的计划：\n\n" + _lines(far))
    if slight:
        st.info("与批准的计划不同，不须说明原因：\n\n" + _lines(slight))
    return bool(far)


def reason(report: Report) -> None:
    """What was far beyond the plan when a report was filed, and why (超出计划的原因), for who reads it."""
    if report.over_plan:
        words = f"超出批准的计划：{md(report.over_plan)}。{reports.OVER_PLAN_REASON}：{md(report.over_plan_reason)}"
        st.warning(words)


def _lines(found: Sequence[Excess]) -> str:
    return "\n".join(f"- {md(each.words)}。{md(each.line)}。" for each in found)
