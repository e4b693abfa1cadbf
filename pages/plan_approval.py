"""Reviewers decide the plans of their jurisdiction; administrators may grant a late one an extension."""

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.law import notices
from core.models import Plan, State
from core.submissions import plans, queues, workflow
from core.submissions.workflow import Action
from web import address, context, deeds, shell, submissions, tables
from web.deeds import Who
from web.plans import reading
from web.words import md

actor = shell.require(Role.REVIEWER, Role.ADMIN)
clause = notices.in_force(context.today(), actor.league).plan_clause
shell.page("培训计划审核", f"按管理权限审核继续教育基地上报的培训计划（{md(clause)}）；通过后基地方可开展培训。")

columns = ["state", "title", "organization", "start_on", "end_on", "headcount", "hours_each", "subject", "authority"]
with st.container(horizontal=True, vertical_alignment="bottom"):
    state = address.filter_by(
        "状态", State, key="state", default=State.SUBMITTED if actor.role is Role.REVIEWER else State.DRAFT
    )
    text = st.text_input("培训名称或机构", key="q", bind="query-params", width=260)
    own = not actor.oversees_region or st.toggle("只看由本机关审核的", True, key="own", bind="query-params")

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        return queues.queue(session, who, kinds=("plan",), state=state, text=text, own=own, **page)

    tables.export(
        lambda session, who: asked(session, who, limit=None)[0],
        columns,
        name="培训计划审核",
    )
frame, count = tables.listing(asked, actor, name="plan")
st.caption(f"共{count}份计划")
plan_id = tables.pick(frame, columns, name="plan", empty="没有符合条件的计划。可换一个状态或清空查询条件。")


def extend(plan: Plan) -> None:
    """The administrator's way to let one named plan be filed late."""
    key = f"extension-{plan.id}"

    def grant() -> None:
        def act(session: Session, **who: Unpack[Who]) -> str:
            plans.grant_extension(session, plan.id, reason=st.session_state[key], **who)
            return f"已准予“{plan.title}”延期上报，基地现在可以上报。"

        deeds.deed(act, key, plan.version)

    with db.reading() as session:
        earliest = plans.earliest_start_on(session, db.office_day(context.moment(session)), plan.authority.league)
    st.write(f"该计划{plan.start_on}开始，早于今天上报所允许的{earliest}。如确有必要，可准予本计划延期上报。")
    st.text_area("准予延期的原因（必填）", key=key, height=70)
    st.button("准予延期上报", key=f"{key}-{plan.version}", on_click=grant, type="primary")


if plan_id is not None:
    try:
        with db.reading() as session:
            plan = workflow.one(session, plan_id, actor, kind="plan")
            assert isinstance(plan, Plan)
            steps = workflow.trail(session, plan_id, actor)
        with st.container(border=True):
            reading.plan_facts(plan)
            submissions.history(steps)
            if Action.APPROVE in workflow.moves_for(plan, actor):
                submissions.foretold(plan)
                submissions.decide(plan, actor)
            elif plan.state is State.SUBMITTED and actor.role is Role.REVIEWER:
                st.info(f"该计划由{plan.authority.name}审核，您可以查看。")
            open_states = (State.DRAFT, State.RETURNED, State.WITHDRAWN)
            if actor.role is Role.ADMIN and plan.state in open_states and not plan.extension_start_on:
                extend(plan)
    except Refused as refused:
        st.error(refused.words)
