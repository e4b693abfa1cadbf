"""A report beside its plan (计划与实际) on screen: what was approved, what took place, what is beyond it and why."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st
from sqlalchemy.orm import Session

from core.ground.hours import hours_text
from core.models import Report, State
from core.submissions import plans, reports
from core.submissions.reports import Excess
from web import tables
from web.words import md, whole


def told(found: Sequence[Excess]) -> bool:
    """Excess over the plan (超出计划), what needs a reason apart from what does not; answers whether any does."""
    far, slight = ([each for each in found if each.far is which] for which in (True, False))
    if far:
        st.error("超出批准的计划：\n\n" + _lines(far))
    if slight:
        st.info("与批准的计划不同，不须说明原因：\n\n" + _lines(slight))
    return bool(far)


def filed(report: Report) -> str:
    """What was far beyond the plan when a report was filed, and why (超出计划的原因), for who reads it, in Markdown."""
    if not report.over_plan:
        return ""
    return f"超出批准的计划：{md(report.over_plan)}。{reports.OVER_PLAN_REASON}：{md(report.over_plan_reason)}"


def compared(session: Session, report: Report) -> list[tuple[str, ...]]:
    """What was approved beside what took place (计划与实际); more people or hours, other days or teachers are marked.

    People are those of the roster (名单), as everywhere; who of them has hours (入账) is said beside it. Fewer than
    planned is no fault. Lines of `beside`, in Markdown.
    """
    plan = report.plan
    here, others = reports.headcount(session, report)
    years = "、".join(map(str, reports.credit_years(session, report)))
    earning = reports.expected(session, report)
    subject = plans.subject_name(plan)
    planned, took = f"{plan.start_on} 至 {plan.end_on}", f"{report.start_on} 至 {report.end_on}"
    teachers = report.teachers or plan.teachers
    people, posted = here + others, "入账" if report.state is State.APPROVED else "可登记"
    of = f"本次{here}人，先前的报告{others}人" if others else ""
    of = "，".join(filter(None, (of, f"{posted}{earning.people}人" if earning.people != here else "")))
    average = earning.hours / earning.people if earning.people else None
    each = "—" if average is None else f"{average:.1f}".removesuffix(".0")
    lines = [
        ("培训时间", planned, took, "" if planned == took else OTHER),
        ("人数", f"{plan.headcount}人", f"名单{people}人{f'（{of}）' if of else ''}", _beside(people, plan.headcount)),
        ("科目", subject, subject, ""),
        ("授课教师", plan.teachers, teachers, "" if plan.teachers == teachers else OTHER),
        ("每人学时（平均）", hours_text(plan.hours_each), each, _beside(average or 0, plan.hours_each)),
    ]
    if plan.credit_years:  # a row of any other year is faulty
        lines.append(("学时年度", "、".join(map(str, plan.credit_years)), years, ""))
    return [(*map(md, line[:3]), line[3]) for line in lines]


def beside(lines: Sequence[Sequence[str]]) -> None:
    """Draw what was `compared`."""
    tables.prose(lines, [tables.LABELS[name] for name in ("checked", "approved_plan", "took_place", "difference")])


OTHER = f":red[**{whole('不一致')}**]"
"""How what took place otherwise is marked."""


def _beside(found: Decimal | int, approved: Decimal | int) -> str:
    """How a figure is marked beside the approved one: more in red, less in plain words with its share."""
    if found > approved:
        return f":red[**{whole('多于计划')}**]"
    return f"少于计划，为计划的{found * 100 // approved}%" if found < approved else ""


def _lines(found: Sequence[Excess]) -> str:
    return "\n".join(f"- {md(each.words)}。{md(each.line)}。" for each in found)
