"""A base files its training plans, and sees what became of them."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.law import notices
from core.models import Plan, State
from core.submissions import plans, queues, workflow
from core.submissions.workflow import Action
from web import address, context, shell, submissions, tables
from web.plans import form, reading
from web.words import md

actor = shell.require(Role.BASE_CLERK)
today = context.today()
rule = notices.in_force(today, actor.league)
with db.reading() as session:
    earliest = plans.earliest_start_on(session, today, actor.league)
shell.page(
    "培训计划上报",
    f"培训开始前至少{rule.plan_days_before_start}天上报（{md(rule.plan_clause)}），审核通过后方可开展。"
    f"今天上报的，最早可安排在{earliest}开始。",
)


def begin() -> None:
    address.choose("plan", None)
    address.forget_choice()
    st.session_state["plan-new"] = True


columns = ["state", "title", "subject", "start_on", "end_on", "headcount", "hours_each", "submitted_at"]
writing = st.session_state.get("plan-new") and address.chosen("plan") is None
with st.container(horizontal=True, vertical_alignment="bottom"):
    state = address.filter_by("状态", State, key="state")
    st.button("填写新计划", icon=":material/add:", on_click=begin, type="secondary" if writing else "primary")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        return queues.queue(session, who, kinds=("plan",), state=state, **page)

    tables.export(lambda session, who: asked(session, who, limit=None)[0], columns, name="培训计划")
frame, _count = tables.listing(asked, actor, name="plan")
plan_id = tables.pick(
    frame, columns, name="plan", empty="还没有这样的计划。点击“填写新计划”，填好后上报给主管的人社部门审核。"
)

if plan_id is None:
    if writing:
        st.subheader("填写新计划", anchor=False)
        form.form(None, actor, today)
else:
    try:
        with db.reading() as session:
            plan = workflow.one(session, plan_id, actor, kind="plan")
            assert isinstance(plan, Plan)
            steps = workflow.trail(session, plan_id, actor)
        moves = workflow.moves_for(plan, actor)
        with st.container(border=True):
            reading.plan_facts(plan)
            submissions.history(steps)
            with st.container(horizontal=True):
                for action in moves:
                    st.button(
                        {Action.SUBMIT: "上报", Action.WITHDRAW: "撤回"}[action],
                        type="primary" if action is Action.SUBMIT else "secondary",
                        key=f"{action}-{plan.id}-{plan.version}",
                        on_click=submissions.move,
                        args=(plan.id, action, plan.version, plan.title),
                    )
        if Action.SUBMIT in moves:
            with st.expander("修改计划"):
                form.form(plan, actor, today)
    except Refused as refused:
        st.error(refused.words)
