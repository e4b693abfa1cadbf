"""A report as its reviewer reads it (审核报告): beside its plan, what is beyond it, its files, its roster."""

from __future__ import annotations

import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.models import Report, State, Submission
from core.submissions import plans, reports
from web import submissions, tables
from web.facts import fact
from web.reports import over_plan, reading, seminar
from web.words import md, whole


def show(submission: Submission, here: Actor) -> None:
    """A report to be decided, clause 一(五)2."""
    with db.reading() as session:
        found = reading.read(session, submission.id, here)
        beyond = reports.beyond_plan(session, found.report) if found.report.state is State.SUBMITTED else []
    report = found.report
    reading.heading(found)
    st.caption(f"{md(report.organization.name)}，应于{report.due_on}（含）前报送")
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
    """What was approved beside what took place (计划与实际); a difference is marked."""
    plan = report.plan
    with db.reading() as session:
        here, others = reports.headcount(session, report)
        years = "、".join(map(str, reports.credit_years(session, report)))
        earning = reports.expected(session, report)
    subject = plans.subject_name(plan)
    planned, took = f"{plan.start_on} 至 {plan.end_on}", f"{report.start_on} 至 {report.end_on}"
    teachers = report.teachers or plan.teachers
    whose = f"（本次{here}，先前的报告{others}）" if others else ""
    average = f"{earning.hours / earning.people:.1f}".removesuffix(".0") if earning.people else "—"
    of = f"（有学时的{earning.people}人）" if 0 < earning.people < here else ""
    lines = [
        ("培训时间", planned, took, planned == took),
        ("人数", f"{plan.headcount}", f"{here + others}{whose}", plan.headcount == here + others),
        ("科目", subject, subject, True),
        ("授课教师", plan.teachers, teachers, plan.teachers == teachers),
        ("每人学时（平均）", hours_text(plan.hours_each), f"{average}{of}", hours_text(plan.hours_each) == average),
    ]
    if plan.credit_years:  # a row of any other year is faulty
        lines.append(("学时年度", "、".join(map(str, plan.credit_years)), years, True))
    tables.prose(
        [(*map(md, line[:3]), "" if line[3] else f":red[**{whole('不一致')}**]") for line in lines],
        [tables.LABELS[name] for name in ("checked", "approved_plan", "took_place", "difference")],
    )


def beside_plan(report: Report, beyond: list[reports.Excess]) -> None:
    """What is beyond the plan (超出计划): of a report that is waiting as it stands now, of another as it was filed."""
    if not beyond:
        over_plan.reason(report)
    elif over_plan.told(beyond):
        if report.over_plan_reason:
            fact(reports.OVER_PLAN_REASON, report.over_plan_reason)
        else:
            st.warning("基地没有说明超出计划的原因，不能通过。请退回，由基地填写原因后重报。")
