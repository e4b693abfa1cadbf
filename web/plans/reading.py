"""One training plan (培训计划) to read."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.models import Plan, State
from core.submissions import plans, reports
from core.submissions.kinds import KINDS
from web import shell, submissions
from web.words import chip, md, moment_text


def own(plan: Plan, actor: Actor, steps: pd.DataFrame) -> None:
    """A plan of one's own that is not to be edited: what it says, what became of it, what comes next."""
    with db.reading() as session:
        report = reports.latest(session, plan.id)
    with st.container(border=True):
        plan_facts(plan)
        submissions.history(steps)
    with st.container(horizontal=True):
        if report:
            shell.link("paper", f"查看{KINDS['report'].word}", item=str(report))
        elif plan.state is State.APPROVED:
            shell.link("paper", "报送培训情况报告", kind="report", plan=str(plan.id))
        shell.link("paper", "复制为新计划", kind="plan", copy=str(plan.id))


def plan_facts(plan: Plan) -> None:
    """The facts of a plan (培训计划), as its approver reads them, clause 一(五)1."""
    st.markdown(f"#### {md(plan.title)}　{chip(plan.state)}")
    said(plan, ("上报时间", moment_text(plan.submitted_at) or "尚未上报"))()


def said(plan: Plan, *more: tuple[str, object]) -> Callable[[], None]:
    """What a plan says (计划内容), read at once; answers what draws it. `more` facts stand behind its own."""
    drawn, notes = submissions.said(plan, *more), []
    if plan.credit_years:
        years = "、".join(map(str, plan.credit_years))
        made_up = any(year < plan.end_on.year for year in plan.credit_years)
        rule = plans.policy_of(plan).makeup
        clause = f"，{rule.clause}" if rule else ""
        notes.append(md(f"学时计入{years}年度" + (f"（补学{clause}）" if made_up else "")))
    if plan.extension_start_on:
        notes.append(f"已准予延期上报（{plan.extension_start_on}开始）：{md(plan.extension_reason)}")

    def draw() -> None:
        drawn()
        for words in notes:
            st.info(words)

    return draw
