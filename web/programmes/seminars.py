"""An application to hold a seminar (高研班申请) to read: its facts, its lessons, its scores, what came of it."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.models import Seminar, SeminarLevel, SeminarScore, State, Submission
from core.submissions.programmes import seminars
from web import context, deeds, drafts, submissions, tables
from web.deeds import Who
from web.programmes import seminar_form
from web.words import chip, md, moment_text


def show(found: Submission, here: Actor, steps: pd.DataFrame) -> None:
    """An application to read, with what its office adds to it: scores before, an outcome after the decision."""
    assert isinstance(found, Seminar)
    with db.reading() as session:
        given = seminars.scores(session, found.id, here)
    st.markdown(f"#### {md(found.title)}　:gray[:small[第{found.id}号]]　{chip(found.state)}")
    seminar_form.said(found, ("提交时间", moment_text(found.submitted_at) or "尚未提交"))()
    if given:
        _scores(given)
    submissions.history(steps)
    mine = here.organization_id == found.decider_id
    if found.level is SeminarLevel.REGIONAL:
        if mine and here.role is Role.REVIEWER and found.state is State.SUBMITTED:
            _score(found, given, here)
    elif mine and here.role in (Role.REVIEWER, Role.ADMIN) and found.state is State.APPROVED:
        answer(found)


def note(found: Submission) -> str:
    """What approval means, beside the buttons of the desk."""
    assert isinstance(found, Seminar)
    national = found.level is SeminarLevel.NATIONAL
    return "国家级：通过即转报，批准结果下达后再登记。" if national else "自治区级：评审打分后，通过即入选。"


def _scores(given: list[SeminarScore]) -> None:
    """The scores (评审意见) with their mean."""
    mean = sum(each.points for each in given) / len(given)
    st.caption(f"评审意见：{len(given)}人，平均{mean:.1f}分")
    lines = [(md(each.account_name), f"{each.points}", md(each.words), moment_text(each.at)) for each in given]
    tables.prose(lines, ["评审人", "分数", "意见", "时间"])


def _score(found: Seminar, given: list[SeminarScore], here: Actor) -> None:
    """A reviewer's own score (评审打分), typed and kept."""
    mine = next((each for each in given if each.account_id == here.account_id), None)
    with st.form(f"score-{found.id}"):
        st.markdown("**我的评审打分**" + ("（再次保存即修改）" if mine else ""))
        left, right = st.columns([1, 4])
        points = mine.points if mine else None
        left.number_input("分数（0至100）", 0, 100, points, 1, key=f"points-{found.id}")
        words = mine.words if mine else ""
        right.text_input("评审意见", words, max_chars=500, key=f"score-words-{found.id}")
        st.form_submit_button("保存打分", on_click=_keep_score, args=(found.id, found.title))


def _keep_score(seminar_id: int, title: str) -> None:
    points, words = (st.session_state[f"{name}-{seminar_id}"] for name in ("points", "score-words"))

    def act(session: Session, **who: Unpack[Who]) -> str:
        kept = seminars.score(session, seminar_id, -1 if points is None else int(points), words, **who)
        return f"“{title}”已打{kept.points}分。"

    deeds.deed(act, "score", seminar_id, points, words)


def answer(found: Seminar) -> None:
    """What came of a national application (批准结果), to be put on record or right."""
    with st.form(f"answer-{found.id}"):
        st.markdown("**登记国家级批准结果**" + ("（再次保存即更正）" if found.approved is not None else ""))
        places = st.columns([1, 1, 2])
        outcomes = ["批准", "未批准"]
        at = None if found.approved is None else 0 if found.approved else 1
        places[0].selectbox("结果", outcomes, at, key=f"outcome-{found.id}", placeholder="请选择")
        day = found.answered_on or context.today()
        places[1].date_input("批准日期", day, key=f"answered-{found.id}", **drafts.DAYS)
        places[2].text_input("批准文件", found.answer, max_chars=100, key=f"document-{found.id}")
        st.form_submit_button("保存结果", on_click=_keep_answer, args=(found.id, found.version, found.title))


def _keep_answer(seminar_id: int, version: int, title: str) -> None:
    outcome, day, document = (st.session_state[f"{name}-{seminar_id}"] for name in ("outcome", "answered", "document"))
    if outcome is None:
        deeds.say("error", "请选择批准或未批准。")
        return

    def act(session: Session, **who: Unpack[Who]) -> str:
        approved = outcome == "批准"
        seminars.answer(session, seminar_id, approved, day, document, version=version, **who)
        then = "申请单位可据此上报培训计划。" if approved else "不能据此上报培训计划。"
        return f"“{title}”已登记为{outcome}，{then}"

    deeds.deed(act, "answer", seminar_id, version, outcome, day, document)
