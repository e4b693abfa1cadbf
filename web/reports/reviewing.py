"""A report as its reviewer reads it (审核报告): beside its plan, what is beyond it, its files, its roster."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.law import deadlines
from core.models import Report, State, Submission
from core.submissions import plans, reports
from web import submissions, tables
from web.facts import fact
from web.reports import over_plan, reading, seminar
from web.words import md, whole


def show(report: Submission, here: Actor, steps: pd.DataFrame) -> None:
    """A report to be decided, clause 一(五)2."""
    assert isinstance(report, Report)
    with db.reading() as session:
        found = reading.read(session, report, here, steps)
        beyond = reports.beyond_plan(session, report) if report.state is State.SUBMITTED else []
    reading.heading(found)
    st.caption(f"{md(report.organization.name)}，应于{deadlines.by(report.due_on)}报送")
    if report.late:
        st.warning(f"逾期报送。原因：{md(report.late_reason)}")
    compared(report)
    beside_plan(report, beyond)
    seminar.read(report)
    st.caption("培训总结")
    st.text(report.summary)
    reading.reading(report, here)
    submissions.history(found.steps)


def compared(report: Report) -> None:
    """What was approved beside what took place (计划与实际); more people or hours, other days or teachers are marked.

    People are those of the roster (名单), as everywhere; who of them has hours (入账) is said beside it. Fewer than
    planned is no fault.
    """
    plan = report.plan
    with db.reading() as session:
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
    tables.prose(
        [(*map(md, line[:3]), line[3]) for line in lines],
        [tables.LABELS[name] for name in ("checked", "approved_plan", "took_place", "difference")],
    )


OTHER = f":red[**{whole('不一致')}**]"
"""How what took place otherwise is marked."""


def _beside(found: Decimal | int, approved: Decimal | int) -> str:
    """How a figure is marked beside the approved one: more in red, less in plain words with its share."""
    if found > approved:
        return f":red[**{whole('多于计划')}**]"
    return f"少于计划，为计划的{found * 100 // approved}%" if found < approved else ""


def beside_plan(report: Report, beyond: list[reports.Excess]) -> None:
    """What is beyond the plan (超出计划): of a report that is waiting as it stands now, of another as it was filed."""
    if not beyond:
        over_plan.reason(report)
    elif over_plan.told(beyond):
        if report.over_plan_reason:
            fact(reports.OVER_PLAN_REASON, report.over_plan_reason)
        else:
            st.warning("基地没有说明超出计划的原因，不能通过。请退回，由基地填写原因后重报。")
