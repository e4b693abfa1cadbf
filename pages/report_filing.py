"""A base reports on a training it gave: summary, announcement, roster, with every problem of the roster at once."""

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.ground.hours import hours_text
from core.law import notices
from core.models import Plan
from core.submissions import plans, queues, reports, workflow
from core.submissions.workflow import Action
from web import address, context, deeds, shell, submissions, tables
from web.deeds import Who
from web.reports import form, over_plan, reading, repairing
from web.words import NOT_BEGUN, chip, md

actor = shell.require(Role.BASE_CLERK)
rule = notices.in_force(context.today(), actor.league)
shell.page(
    "培训情况报告",
    f"培训结束后{rule.report_days_after_end}天内报送（{md(rule.report_clause)}）：培训总结、培训通知、培训花名册。"
    "花名册可直接上传WPS或Excel文件，问题会逐行列出。",
)


def supplement(report_id: int) -> None:
    def act(session: Session, **who: Unpack[Who]) -> tuple[str, int]:
        added = reports.supplement(session, report_id, **who)
        return f"补报已建立，共{added.people + added.faults}行，请在下面改正后提交。", added.plan_id

    if plan_id := deeds.deed(act, "supplement", report_id):
        address.choose("plan", plan_id)


with db.reading() as session:
    due = reports.open_plans(session, actor, now=context.moment(session))
    undone = reports.undone_people(session, actor)
st.subheader("待报送", anchor=False)
for number, title, people in undone.itertuples(index=False):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(f"“{md(title)}”有{people}人的学时已冲销，可补报更正。")
        st.button("补报更正", key=f"undone-{number}", on_click=supplement, args=(number,))
plan_id = tables.pick(
    due,
    ["state", "title", "end_on", "due_on", "days_left", "headcount", "hours_each"],
    name="plan",
    by="plan_id",
    empty="没有待报送的培训。计划审核通过、培训结束后，会出现在这里。",
)
if plan_id is not None and plan_id not in set(due["plan_id"]):
    try:
        with db.reading() as session:
            plan = workflow.one(session, plan_id, actor, kind="plan")
        st.caption(f"“{md(plan.title)}”现在没有待报送的报告；报送过的，见下面“已报送”。")
    except Refused as refused:
        st.error(refused.words)
elif plan_id is not None:
    try:
        with db.reading() as session:
            plan = workflow.one(session, plan_id, actor, kind="plan")
            assert isinstance(plan, Plan)
            report_id = due.set_index("plan_id")["report_id"].get(plan_id)
            report = reports.one(session, int(report_id), actor) if report_id else None
            steps = workflow.trail(session, report.id, actor) if report else None
        with st.container(border=True):
            state = chip(report.state) if report else f":gray-badge[{NOT_BEGUN}]"
            st.markdown(f"#### {md(report.title if report else plan.title)}　{state}")
            st.caption(
                md(
                    f"批准：{plan.start_on} 至 {plan.end_on}，{plans.subject_name(plan)}，"
                    f"每人{hours_text(plan.hours_each)}学时，{plan.headcount}人"
                )
            )
            if steps is not None:
                submissions.history(steps)
            form.fields(plan, report)
        if report and report.roster_id:
            repairing.room(report, actor)
        if report:
            form.submit(plan, report)
    except Refused as refused:
        st.error(refused.words)

st.subheader("已报送", anchor=False)
columns = "state hours_standing title submitted_at people hours faults late over_plan start_on end_on".split()


def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
    found, count = queues.queue(session, who, kinds=("report",), filed=True, **page)
    return found.rename(columns={"standing": "hours_standing"}), count


filed, _count = tables.listing(asked, actor, name="report")
report_id = tables.pick(filed, columns, name="report", empty="还没有报送过培训情况报告。")
tables.export(lambda session, who: asked(session, who, limit=None)[0], columns, name="培训情况报告")
if report_id is not None:
    try:
        with db.reading() as session:
            found = reading.read(session, report_id, actor)
            report = found.report
            refusals = reports.turned_down(session, report)
            left = reports.unregistered(session, report)
        with st.container(border=True):
            reading.heading(found)
            over_plan.reason(report)
            st.text(report.summary)
            submissions.history(found.steps)
            for each in refusals:
                told = f"“{each.title}”不予通过，其中{each.people}人没有登记学时，不能再补报。理由：{each.reason}"
                st.warning(md(told))
            for action in workflow.moves_for(report, actor):
                if action is Action.WITHDRAW:
                    st.button(
                        "撤回",
                        key=f"{action}-{report.id}-{report.version}",
                        on_click=submissions.move,
                        args=(report.id, action, report.version, report.title),
                    )
            if left:
                gone = sum(each.undone_at is not None for each in left)
                st.caption(f"本计划还有{len(left)}人没有登记学时" + (f"，其中{gone}人的学时已冲销。" if gone else "。"))
                st.button(
                    f"补报其余{len(left)}行", key=f"supplement-{report.id}", on_click=supplement, args=(report.id,)
                )
        if st.toggle("查看花名册", key="roster", bind="query-params"):
            reading.reading(report, actor)
    except Refused as refused:
        st.error(refused.words)
