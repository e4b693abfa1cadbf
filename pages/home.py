"""What is waiting for the one who signed in, with its deadline, and the way there."""

from datetime import date

import streamlit as st

from core.ground import db
from core.ground.access import OFFICERS, Role
from core.models import State
from core.people import persons
from core.records import disputes
from core.submissions import claims, queues, reports
from web import context, shell, tables
from web.words import md

actor = shell.require()
shell.page("首页", f"今天是{context.today()}，以下是需要您办理或关注的事项。")


def waiting(kind: str, words: str, page: str, to: str, states: tuple[State, ...]) -> None:
    """One card: how many of a kind wait in these states, and the page to go to."""
    own = actor.role in (Role.REVIEWER, Role.ADMIN)
    with db.reading() as session:
        counts = {state: queues.queue(session, actor, kind=kind, state=state, own=own, limit=0)[1] for state in states}
    with st.container(border=True):
        st.markdown(f"**{words}**")
        with st.container(horizontal=True):
            for state, count in counts.items():
                st.metric(state.label, count)
        shell.link(page, to)


def deadlines(today: date) -> None:
    """Reports a base owes, the most urgent first, clause 一(五)2."""
    with db.reading() as session:
        due = reports.open_plans(session, actor, now=context.moment(session))
        undone = reports.undone_people(session, actor)
    for title, people in zip(undone["title"], undone["people"], strict=True):
        st.info(f"“{md(title)}”有{people}人的学时已冲销，可补报更正。")
    if not undone.empty:
        shell.link("report_filing", "补报更正")
    st.subheader("待报送的培训情况报告", anchor=False)
    late = int((due["days_left"] < 0).sum())
    if late:
        st.warning(f"有{late}份报告已超过培训结束后14天的期限，请尽快报送并说明逾期原因。")
    tables.table(
        due.head(10),
        ["title", "end_on", "due_on", "days_left", "headcount"],
        empty=f"截至{today}没有待报送的报告。培训结束后，应在14天内报送培训情况报告（一(五)2）。",
    )


left, right = st.columns(2)
if actor.role is Role.BASE_CLERK:
    own = (State.DRAFT, State.RETURNED, State.SUBMITTED, State.APPROVED)
    with left:
        waiting("plan", "培训计划", "plan_filing", "填写和上报计划", own)
    with right:
        waiting("report", "培训情况报告", "report_filing", "报送报告", own)
    deadlines(context.today())

if actor.role in (Role.REVIEWER, Role.ADMIN):
    theirs = (State.SUBMITTED, State.RETURNED, State.APPROVED)
    with left:
        waiting("plan", "培训计划", "plan_approval", "审核计划", theirs)
    with right:
        if actor.role is Role.REVIEWER:
            waiting("report", "培训情况报告", "report_review", "审核报告", theirs)

if actor.role in (Role.REVIEWER, Role.ADMIN):
    with db.reading() as session:
        _, open_disputes = disputes.queue(session, actor, own=True, limit=0)
    if open_disputes:
        st.warning(f"有{open_disputes}件对学时记录的异议等待本机关答复。")
        shell.link("disputes", "答复学时异议")

if actor.role is Role.REVIEWER:
    waiting("claim", "学时折合", "claim_review", "审核折合申报", theirs)
elif actor.role in claims.FILERS:
    waiting(
        "claim",
        "学时折合",
        "credit_claims",
        "申报证书折合学时",
        (State.DRAFT, State.RETURNED, State.SUBMITTED, State.APPROVED),
    )

if actor.role in (*OFFICERS, Role.EMPLOYER_CLERK, Role.PERSON):
    with st.container(border=True):
        st.markdown("**学时查询与审验卡**")
        if actor.role is Role.PERSON:
            st.write("查看本人各年度学时，打印审验卡。")
        else:
            with db.reading() as session:
                _, count = persons.find(session, actor, limit=0)
            st.metric("管理权限内的专业技术人员", f"{count:,}")
            shell.link("people", "查看谁还差多少学时")
        shell.link("credit_lookup", "查询学时")

if actor.role in OFFICERS:
    with st.container(border=True):
        st.markdown("**指标看板**")
        st.write("按盟市和月份看批准的计划、通过的报告、培训人次和登记学时。")
        shell.link("quota_dashboard", "打开看板")
