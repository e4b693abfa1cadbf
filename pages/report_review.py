"""Reviewers read a report beside its plan and its roster; approval posts the hours."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core import approvals, db, files, reports
from core.access import Actor, Refused, Role
from core.approvals import Action
from core.ledger import hours_text
from core.models import Report, State
from web import repair, ui

actor = ui.require(Role.REVIEWER)
ui.page("报告审核", "核对培训情况报告与批准的计划（一(五)2）；通过后学时即登记到个人，学员可打印审验卡（一(五)3）。")

columns = ["state", "title", "organization", "end_on", "people", "hours", "faults", "late", "submitted_at", "authority"]
with st.container(horizontal=True, vertical_alignment="bottom"):
    state = ui.filter_by("状态", State, key="state", default=State.SUBMITTED)
    text = st.text_input("培训名称或机构", key="q", bind="query-params", width=260)
    own = not actor.oversees_region or st.toggle("只看由本机关审核的", True, key="own", bind="query-params")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        return approvals.queue(session, who, kind="report", state=state, text=text, own=own, **page)

    ui.export(
        lambda session, who: asked(session, who, limit=None)[0],
        columns,
        name="报告审核",
    )
frame, count = ui.listing(asked, actor, name="report")
st.caption(f"共{count}份报告")
report_id = ui.pick(frame, columns, name="report", empty="没有符合条件的报告。可换一个状态或清空查询条件。")


def compared(report: Report) -> None:
    """What was approved beside what took place; a difference is marked."""
    plan = report.plan
    lines = [
        ("培训时间", f"{plan.start_on} 至 {plan.end_on}", f"{report.start_on} 至 {report.end_on}"),
        ("人数", f"{plan.headcount}", f"{report.people + report.faults}"),
        ("科目", plan.subject.label, plan.subject.label),
        ("授课教师", plan.teachers, report.teachers or plan.teachers),
        (
            "每人学时（平均）",
            hours_text(plan.hours_each),
            f"{report.hours / report.people:.1f}".removesuffix(".0") if report.people else "—",
        ),
    ]
    frame = pd.DataFrame(lines, columns=["heading", "plan", "value"])
    frame["note"] = ["" if planned == took else "不一致" for _, planned, took in lines]
    ui.table(
        frame,
        ["heading", "plan", "value", "note"],
        empty="",
        labels={"heading": "核对项", "plan": "批准的计划", "value": "实际", "note": "核对"},
    )


def attachment(attachment_id: int | None, label: str) -> None:
    """A file to take away; taking it is logged, showing the button is not."""
    if attachment_id is None:
        return
    with db.reading() as session:
        filename = files.one(session, attachment_id, actor)[0].filename

    def taken(session: Session, who: Actor) -> bytes:
        return files.handed_out(session, attachment_id, actor=who, now=ui.now()).content

    st.download_button(
        f"{label}：{filename}",
        ui.deferred(taken, db.transaction),
        filename,
        key=f"file-{attachment_id}",
        icon=":material/attach_file:",
        on_click="ignore",
    )


def roster_of(report: Report) -> None:
    """The roster, masked, and what is wrong or worth a look."""
    with db.reading() as session:
        problems = reports.problems(session, report.id, actor, now=ui.now())
        problems = sorted([*reports.warnings(session, report.id, actor), *problems], key=lambda each: each.blocking)
        rows = reports.rows(session, report.id, actor)
        made = reports.repairs(session, report.id, actor)
    if problems:
        if report.faults:
            st.warning(f"花名册有{report.faults}行有错误，通过后这些行不登记学时。")
        ui.problems(problems)
    if not made.empty:
        with st.expander(f"基地在网上改正了{len(made)}处"):
            repair.trail(made)
    shown = [
        "row",
        "name",
        "id_mask",
        "employer",
        "title",
        "public_hours",
        "professional_hours",
        *(["credit_year"] if report.plan.credit_years else []),
        "assessment",
        "faulty",
        "repaired",
    ]
    labels = {"row": "行号", "title": "专业技术职务", "repaired": "网上改正"}
    with st.expander(f"培训花名册（{len(rows)}人）", expanded=len(rows) <= 20):
        ui.table(rows, shown, empty="没有花名册。", labels=labels, height=420)
        ui.export(lambda s, who: reports.rows(s, report.id, who), shown, name=f"花名册-{report.id}", labels=labels)


if report_id is not None:
    try:
        with db.reading() as session:
            report = reports.one(session, report_id, actor)
            with st.container(border=True):
                st.markdown(f"#### {ui.md(report.title)}　{ui.chip(report.state)}")
                st.caption(f"{report.organization.name}，应于{report.due_on}（含）前报送")
                if report.late:
                    st.warning(f"逾期报送。原因：{ui.md(report.late_reason)}")
                compared(report)
                st.caption("培训总结")
                st.text(report.summary)
                with st.container(horizontal=True):
                    attachment(report.notice_id, "培训通知")
                    attachment(report.roster_id, "花名册原件")
                roster_of(report)
                ui.steps(session, report, actor)
                if Action.APPROVE in approvals.moves_for(report, actor):
                    st.info(approvals.preview(session, report))
                    ui.decide(report, actor)
                elif report.state is State.SUBMITTED:
                    with db.reading() as other:
                        authority = approvals.one(other, report.id, actor).authority.name
                    st.info(f"该报告由{authority}审核，您可以查看。")
    except Refused as refused:
        st.error(refused.words)
