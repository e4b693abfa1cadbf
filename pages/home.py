"""What is waiting for the one who signed in, with its deadline, and the way there."""

import itertools
from datetime import date
from typing import Any

import streamlit as st

from core.ground import db
from core.ground.access import OFFICERS, Role
from core.law import notices
from core.models import State
from core.people import persons
from core.submissions import queues, reports
from core.submissions.kinds import KINDS, Kind
from web import context, shell, submissions, tables
from web.words import md

actor = shell.require()
shell.page("首页", f"今天是{context.today()}，以下是需要您办理或关注的事项。")


IN_HAND = (State.DRAFT, State.RETURNED, State.SUBMITTED, State.APPROVED)
BEFORE_US = (State.SUBMITTED, State.RETURNED, State.APPROVED)


def card(kind: Kind[Any], states: tuple[State, ...], own: bool, way: tuple[str, str] | None) -> None:
    """How many of a kind of submission there are in these states, and the page to go to."""
    with db.reading() as session:
        counts = {
            state: queues.queue(session, actor, kinds=(kind.code,), state=state, own=own, limit=0)[1]
            for state in states
        }
    with st.container(border=True):
        st.markdown(f"**{kind.word}**")
        with st.container(horizontal=True):
            for state, count in counts.items():
                st.metric(state.label, count)
        if way:
            shell.link(*way)


def deadlines(today: date) -> None:
    """Reports a base owes, the most urgent first, clause 一(五)2."""
    rule = notices.in_force(today, actor.league)
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
        st.warning(f"有{late}份报告已超过培训结束后{rule.report_days_after_end}天的期限，请尽快报送并说明逾期原因。")
    tables.table(
        due.head(10),
        ["title", "end_on", "due_on", "days_left", "headcount"],
        empty=f"截至{today}没有待报送的报告。培训结束后，应在{rule.report_days_after_end}天内报送培训情况报告"
        f"（{md(rule.report_clause)}）。",
    )


places = itertools.cycle(st.columns(2))
for kind in KINDS.values():
    desk = submissions.desk_of(kind)
    if actor.role in kind.filers:
        with next(places):
            card(kind, IN_HAND, False, desk.filing)
    elif actor.role in desk.deciders:
        with next(places):
            card(kind, BEFORE_US, True, desk.review)
if actor.role is Role.BASE_CLERK:
    deadlines(context.today())

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
