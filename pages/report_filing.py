"""A base reports on a training it gave: summary, notice, roster, with every problem of the roster at once."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core import approvals, db, files, policy, reports, roster
from core.access import Actor, Refused, Role
from core.approvals import Action
from core.files import Upload
from core.ledger import hours_text
from core.models import Plan, Report, State
from web import repair, ui

actor = ui.require(Role.BASE_CLERK)
rule = policy.in_force(ui.today().year)
ui.page(
    "培训情况报告",
    f"培训结束后{rule.report_days_after_end}天内报送（{rule.report_clause}）：培训总结、培训通知、培训花名册。"
    "花名册可直接上传WPS或Excel文件，问题会逐行列出。",
)


def upload(key: str) -> Upload | None:
    given = st.session_state.get(key)
    return Upload(given.name, given.getvalue()) if given else None


def form(plan: Plan, report: Report | None) -> None:
    """What clause 一(五)2 asks for; a saved file stays until another replaces it."""
    key = f"report-{plan.id}-"
    with st.form(f"{key}form"):
        left, right = st.columns(2)
        left.date_input(
            "实际开始日期", report.start_on if report else plan.start_on, key=f"{key}start_on", format="YYYY-MM-DD"
        )
        right.date_input(
            "实际结束日期", report.end_on if report else plan.end_on, key=f"{key}end_on", format="YYYY-MM-DD"
        )
        st.text_area("培训总结", report.summary if report else "", key=f"{key}summary", height=120)
        st.text_input(
            "授课教师",
            (report.teachers if report else "") or plan.teachers,
            key=f"{key}teachers",
            help="与计划不同的请改",
        )
        kept = "（已上传，重新选择将替换）"
        left, right = st.columns(2)
        left.file_uploader(
            f"培训通知{kept if report and report.notice_id else ''}",
            [ending[1:] for ending in files.NOTICE_ENDINGS],
            key=f"{key}notice",
        )
        right.file_uploader(
            f"培训花名册（附件1）{kept if report and report.roster_id else ''}",
            ["xlsx", "xls", "et", "csv"],
            key=f"{key}roster",
        )
        has_roster = bool(report and report.roster_id)
        with st.expander("不上传文件，从WPS或Excel复制后粘贴"):
            st.text_area(
                "粘贴各行（加在现有花名册之后）" if has_roster else "粘贴各行（可带表头；不带表头的按附件1的列序）",
                key=f"{key}pasted",
                height=120,
            )
        st.form_submit_button("保存并检查花名册", on_click=save, args=(plan, key, has_roster), key=f"{key}save")
    st.download_button(
        "下载空白花名册（附件1）", roster.template, "培训花名册.xlsx", icon=":material/download:", on_click="ignore"
    )


def save(plan: Plan, key: str, has_roster: bool) -> None:
    def act(session: Session, **who: Any) -> str:
        start_on, end_on, summary, taught, text = (
            st.session_state[key + name] for name in ("start_on", "end_on", "summary", "teachers", "pasted")
        )
        fields = reports.ReportFields(
            start_on, end_on, summary, "" if taught.strip() == plan.teachers.strip() else taught
        )
        given = upload(f"{key}roster")
        if text.strip() and not has_roster:
            given = roster.pasted(text)
        report, problems = reports.save(
            session, plan.id, fields, notice=upload(f"{key}notice"), roster_file=given, **who
        )
        if text.strip() and has_roster:
            problems = reports.paste(session, report.id, text, **who)
        if report.roster_id is None:
            return "已保存。还没有上传花名册。"
        hints = sum(not problem.blocking for problem in problems)
        found = f"，{report.faults}行有错误，请看下表" if report.faults else "，没有错误"
        return f"已保存。花名册{report.people + report.faults}人{found}{f'，另有{hints}处提示' if hints else ''}。"

    if ui.deed(act):
        st.session_state[f"{key}pasted"] = ""


def supplement(report_id: int) -> None:
    def act(session: Session, **who: Any) -> str:
        added = reports.supplement(session, report_id, **who)
        return f"补报已建立，共{added.people + added.faults}行。请在“待报送”中选择该培训，改正后提交。"

    ui.deed(act)


def submit(report: Report) -> None:
    """The page's main deed, and the reason when it is late."""
    reason = f"late-{report.id}"
    days = (ui.today() - report.due_on).days
    if days > 0:
        st.warning(f"应于{report.due_on}（含）前报送（一(五)2），已逾期{days}天，须说明原因。")
        st.text_area("逾期原因（必填）", report.late_reason, key=reason, height=70)
    st.button(
        "提交报告",
        type="primary",
        key=f"submit-{report.id}-{report.version}",
        on_click=ui.move,
        args=(report.id, Action.SUBMIT, report.version, report.title, reason),
    )


with db.reading() as session:
    due = reports.open_plans(session, actor, now=ui.now())
st.subheader("待报送", anchor=False)
plan_id = ui.pick(
    due,
    ["state", "title", "end_on", "due_on", "days_left", "headcount", "hours_each"],
    name="plan",
    by="plan_id",
    empty="没有待报送的培训。计划审核通过、培训结束后，会出现在这里。",
)
if plan_id is not None and plan_id in set(due["plan_id"]):
    try:
        with db.reading() as session, st.container(border=True):
            plan = approvals.one(session, plan_id, actor)
            assert isinstance(plan, Plan)
            report_id = due.set_index("plan_id")["report_id"].get(plan_id)
            report = reports.one(session, int(report_id), actor) if report_id else None
            st.markdown(f"#### {ui.md(plan.title)}　{ui.chip(report.state if report else State.DRAFT)}")
            st.caption(
                f"批准：{plan.start_on} 至 {plan.end_on}，{plan.subject.label}，每人{hours_text(plan.hours_each)}学时，"
                f"{plan.headcount}人"
            )
            if report:
                ui.steps(session, report, actor)
            form(plan, report)
        if report and report.roster_id:
            repair.room(report, actor)
        if report:
            submit(report)
    except Refused as refused:
        st.error(refused.words)

st.subheader("已报送", anchor=False)
columns = ["state", "title", "start_on", "end_on", "people", "hours", "faults", "late", "submitted_at"]


def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
    return approvals.queue(session, who, kind="report", filed=True, **page)


filed, _count = ui.listing(asked, actor, name="report")
report_id = ui.pick(filed, columns, name="report", empty="还没有报送过培训情况报告。")
ui.export(lambda session, who: asked(session, who, limit=None)[0], columns, name="培训情况报告")
if report_id is not None:
    try:
        with db.reading() as session, st.container(border=True):
            report = reports.one(session, report_id, actor)
            st.markdown(f"#### {ui.md(report.title)}　{ui.chip(report.state)}")
            st.text(report.summary)
            ui.steps(session, report, actor)
            for action in approvals.moves_for(report, actor):
                if action is Action.WITHDRAW:
                    st.button(
                        "撤回",
                        key=f"{action}-{report.id}-{report.version}",
                        on_click=ui.move,
                        args=(report.id, action, report.version, report.title),
                    )
            if left := reports.unregistered(session, report):
                st.button(
                    f"补报其余{len(left)}行", key=f"supplement-{report.id}", on_click=supplement, args=(report.id,)
                )
    except Refused as refused:
        st.error(refused.words)
