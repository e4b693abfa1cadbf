"""Reviewers read a report beside its plan and its roster; approval posts the hours."""

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.ground.hours import hours_text
from core.law import notices
from core.models import Report, State
from core.submissions import plans, queues, reports, workflow
from core.submissions.workflow import Action
from core.trail import files
from web import address, context, shell, submissions, tables
from web.deeds import Who
from web.facts import fact
from web.reports import over_plan, reading
from web.words import md

actor = shell.require(Role.REVIEWER)
clause = notices.in_force(context.today(), actor.league).report_clause
shell.page("报告审核", f"核对培训情况报告与批准的计划（{md(clause)}）；通过后学时即登记到个人，学员可打印审验卡。")

columns = "state hours_standing over_plan title organization submitted_at people hours faults late end_on".split()
columns.append("authority")
with st.container(horizontal=True, vertical_alignment="bottom"):
    state = address.filter_by("状态", State, key="state", default=State.SUBMITTED)
    text = st.text_input("培训名称或机构", key="q", bind="query-params", width=260)
    own = not actor.oversees_region or st.toggle("只看由本机关审核的", True, key="own", bind="query-params")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = queues.queue(session, who, kinds=("report",), state=state, text=text, own=own, **page)
        return found.rename(columns={"standing": "hours_standing"}), count

    tables.export(
        lambda session, who: asked(session, who, limit=None)[0],
        columns,
        name="报告审核",
    )
frame, count = tables.listing(asked, actor, name="report")
st.caption(f"共{count}份报告")
empty = "没有符合条件的报告。可换一个状态或清空查询条件。"
same = {"hours_standing"} if state is State.SUBMITTED else set()
same |= {"authority"} if own else set()  # what every row would say takes room from what differs
report_id = tables.pick(frame, [each for each in columns if each not in same], name="report", empty=empty)


def compared(report: Report) -> None:
    """What was approved beside what took place; a difference is marked."""
    plan = report.plan
    with db.reading() as session:
        here, others = reports.headcount(session, report)
        years = "、".join(map(str, reports.credit_years(session, report)))
    subject = plans.subject_name(plan)
    planned, took = f"{plan.start_on} 至 {plan.end_on}", f"{report.start_on} 至 {report.end_on}"
    teachers = report.teachers or plan.teachers
    whose = f"（本次{here}，先前的报告{others}）" if others else ""
    average = f"{report.hours / report.people:.1f}".removesuffix(".0") if report.people else "—"
    lines = [
        ("培训时间", planned, took, planned == took),
        ("人数", f"{plan.headcount}", f"{here + others}{whose}", plan.headcount == here + others),
        ("科目", subject, subject, True),
        ("授课教师", plan.teachers, teachers, plan.teachers == teachers),
        ("每人学时（平均）", hours_text(plan.hours_each), average, hours_text(plan.hours_each) == average),
    ]
    if plan.credit_years:  # a row of any other year is faulty
        lines.append(("学时年度", "、".join(map(str, plan.credit_years)), years, True))
    columns = ["checked", "approved_plan", "took_place", "same"]
    frame = pd.DataFrame(lines, columns=columns)
    frame["difference"] = ["" if same else "不一致" for same in frame["same"]]
    tables.table(frame, [*columns[:3], "difference"], empty="")


def beside_plan(report: Report, beyond: list[reports.Excess]) -> None:
    """What is beyond the plan (超出计划): of a report that is waiting as it stands now, of another as it was filed."""
    if not beyond:
        over_plan.reason(report)
    elif over_plan.told(beyond):
        if report.over_plan_reason:
            fact(reports.OVER_PLAN_REASON, report.over_plan_reason)
        else:
            st.warning("基地没有说明超出计划的原因，不能通过。请退回，由基地填写原因后重报。")


def attachment(attachment_id: int, label: str, filename: str) -> None:
    """A file to take away; taking it is logged, showing the button is not."""

    def taken(session: Session, **who: Unpack[Who]) -> bytes:
        return files.handed_out(session, attachment_id, **who).content

    st.download_button(
        f"{label}：{filename}",
        tables.deferred(taken, db.transaction),
        filename,
        key=f"file-{attachment_id}",
        icon=":material/attach_file:",
        on_click="ignore",
    )


if report_id is not None:
    try:
        with db.reading() as session:
            found = reading.read(session, report_id, actor)
            report, authority = found.report, found.report.authority.name
            given = {report.announcement_id: "培训通知", report.roster_id: "花名册原件"}
            kept = [(each, label, files.one(session, each, actor)[0].filename) for each, label in given.items() if each]
            decides = Action.APPROVE in workflow.moves_for(report, actor)
            beyond = reports.beyond_plan(session, report) if report.state is State.SUBMITTED else []
        with st.container(border=True):
            reading.heading(found)
            st.caption(f"{report.organization.name}，应于{report.due_on}（含）前报送")
            if report.late:
                st.warning(f"逾期报送。原因：{md(report.late_reason)}")
            compared(report)
            beside_plan(report, beyond)
            st.caption("培训总结")
            st.text(report.summary)
            with st.container(horizontal=True):
                for each in kept:
                    attachment(*each)
            reading.reading(report, actor)
            submissions.history(found.steps)
            if decides:
                submissions.foretold(report)
                if report.part > 1:
                    st.caption("不予通过后，这些人不能再补报；需要改正的，请用“退回”。")
                submissions.decide(report, actor)
            elif report.state is State.SUBMITTED:
                st.info(f"该报告由{authority}审核，您可以查看。")
    except Refused as refused:
        st.error(refused.words)
