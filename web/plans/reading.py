"""One training plan (培训计划) to read."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.models import Plan, State
from core.submissions import plans, reports
from core.submissions.kinds import KINDS
from core.submissions.programmes import marking
from web import shell, submissions
from web.facts import fact, facts
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
    facts(
        [
            ("培训机构", plan.organization.name),
            ("管理权限", plan.authority.name),
            ("科目", plans.subject_name(plan)),
            ("培训时间", f"{plan.start_on} 至 {plan.end_on}（{(plan.end_on - plan.start_on).days + 1}天）"),
            (plans.WORDS["place"], plan.place),
            ("方式", plan.mode.label),
            ("计划人数", f"{plan.headcount}人"),
            ("每人学时", hours_text(plan.hours_each)),
            *marking.facts(plan),
            ("上报时间", moment_text(plan.submitted_at) or "尚未上报"),
        ]
    )
    for label, text in (("培训内容", plan.content), ("师资情况", plan.teachers), ("培训人员范围", plan.audience)):
        fact(label, text)
    if plan.credit_years:
        years = "、".join(map(str, plan.credit_years))
        made_up = any(year < plan.end_on.year for year in plan.credit_years)
        rule = plans.policy_of(plan).makeup
        clause = f"，{rule.clause}" if rule else ""
        st.info(md(f"学时计入{years}年度" + (f"（补学{clause}）" if made_up else "")))
    if plan.extension_start_on:
        st.info(f"已准予延期上报（{plan.extension_start_on}开始）：{md(plan.extension_reason)}")
