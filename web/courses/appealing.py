"""What of study was not counted (未计入的时间、考试): each with its reason and its appeal, a form for more."""

from __future__ import annotations

from contextlib import suppress
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.exams import papers
from core.ground import db
from core.ground.access import Actor, Refused
from core.models import ExamPaper, StudyAppeal, Submission
from core.submissions import appeals
from core.submissions.appeals import Lost
from web import deeds, submissions, tables
from web.deeds import Who
from web.exams import results
from web.words import md


def lost(found: list[Lost], person_id: int, actor: Actor) -> None:
    """What was not counted of a person's study; the person and the employer's clerk may appeal."""
    if not found:
        return
    with st.expander(f"未计入的学习和考试（{len(found)}项）"):
        rows = [(md(each.what), md(f"{each.reason}；{each.state or '未申诉'}")) for each in found]
        tables.prose(rows, ["时间", "原因和申诉"])  # two columns: a telephone has room for their words
        open_ = {_key(each): each for each in found if each.open}
        if open_ and actor.role in appeals.FILERS:
            _appeal(open_, person_id)


def _appeal(open_: dict[str, Lost], person_id: int) -> None:
    key = f"appeal-{person_id}-"

    def file() -> None:
        number, typed = st.session_state[f"{key}time"], st.session_state[f"{key}words"]
        found = open_[number]

        def act(session: Session, **who: Unpack[Who]) -> str:
            if isinstance(found.about, ExamPaper):
                appeals.contest(session, found.about.id, words=typed, **who)
            elif found.appeal is None:
                appeals.file(session, found.about.id, words=typed, **who)
            else:
                appeals.amend(session, found.appeal.id, words=typed, version=found.appeal.version, **who)
            return "申诉已提出，由课程主管的人社部门答复；答复会显示在上面的表里。"

        if deeds.deed(act, key, number, typed):
            st.session_state[f"{key}words"] = ""

    with st.form(f"{key}form"):
        words = {which: each.what for which, each in open_.items()}
        st.selectbox("哪一项", list(words), format_func=words.__getitem__, key=f"{key}time", required=True)
        st.text_area("当时的情况（必填）", key=f"{key}words", height=70, max_chars=appeals.LONGEST)
        st.form_submit_button("提出申诉", on_click=file, key=f"{key}do")


def show(found: Submission, here: Actor, steps: pd.DataFrame) -> None:
    """An appeal as the desk reads it (审核阅读): with the paper it is about, for those who hold the exam."""
    assert isinstance(found, StudyAppeal)
    paper = None
    with db.reading() as session:
        if found.paper_id is not None:
            with suppress(Refused):  # of an exam that another office holds
                paper = papers.result(session, found.paper_id, here)
    submissions.submission(found, steps)
    if paper:
        results.paper(paper)


def _key(found: Lost) -> str:
    """Which it is among stretches and attempts."""
    return f"{'exam' if isinstance(found.about, ExamPaper) else 'time'}-{found.about.id}"
