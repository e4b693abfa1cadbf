"""A claim as its reviewer decides it (学时折合审核): what else the person has, and the hours granted on evidence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.models import Claim, State, Submission
from core.submissions import claims, workflow
from core.submissions.workflow import Action
from web.claims import reading
from web.deeds import Who
from web.words import md


def show(submission: Submission, here: Actor, steps: pd.DataFrame) -> None:
    """A claim to be decided, clause 一(四)5-8, with whatever else of the person it is to be held against."""
    with db.reading() as session:
        found = reading.read(session, submission.id, here, steps)
        decides = Action.APPROVE in workflow.moves_for(found.claim, here)
        others = claims.beside(session, found.claim.id, here) if decides else None
        held = claims.capacity_left(session, found.claim) if decides and not found.activity.deemed else None
        filers = workflow.filers(session, found.claim)
    reading.show(found, here)
    if others is None:
        return
    _beside(others)
    st.info(md(f"{found.claim.activity}：{found.activity.words}。" + (f"{held.words}。" if held else "")))
    if not filers:
        st.warning(
            "此人没有账号，现工作单位也没有单位经办人：退回后没有人可以改正重报，请先由管理员在“机构与账号”中开通账号。"
        )


def _beside(found: pd.DataFrame) -> None:
    """What else of the person to hold the claim against: a box for each concern, a line for each."""
    for concern in claims.Concern:
        lines = found[found["concern"] == concern]
        box = st.error if concern is claims.Concern.TRAINED else st.warning
        if not lines.empty:
            box(f"{concern.label}：\n\n" + "\n".join(map(_line, lines.itertuples(index=False))))


def _line(found: Any) -> str:
    """One of them: what it is, its days, its hours and its state."""
    number, state = f"第{found.id}{'批' if found.kind == 'credit_batch' else '号'}", State(found.state).label
    what = found.activity or "培训情况报告"
    days = str(found.end_on) if found.start_on == found.end_on else f"{found.start_on}至{found.end_on}"
    hours = f"{hours_text(found.hours)}学时" if found.hours else "视同完成"
    return f"- {number}{what}“{md(found.title)}”，{days}，{hours}（{state}）"


def ask(submission: Submission) -> None:
    """The hours to grant (核定学时): the notice's own rate is the default, as far as the days hold it."""
    assert isinstance(submission, Claim)
    if claims.activity_of(submission).deemed:
        return
    with db.reading() as session:
        held = claims.capacity_left(session, submission)
    default = float(min(submission.granted, held.most)) if submission.granted and held.most else None
    hours = st.number_input(
        "核定学时",
        0.5,
        1000.0,
        default,
        0.5,
        format="%g",
        key=_granted(submission.id),
        width=150,
        placeholder="按证书填写",
    )
    if hours and (words := claims.beyond(submission, Decimal(str(hours)))):
        st.warning(md(words))


def _granted(claim_id: int) -> str:
    return f"granted-{claim_id}"


def typed(submission: Submission) -> Any:
    """What is typed beside the opinion (核定学时), as the browser has it."""
    return st.session_state.get(_granted(submission.id))


def grant(session: Session, submission: Submission, hours: Any, **who: Unpack[Who]) -> int:
    """Grant the hours typed before the approval (核定); answers the version that is to be approved then."""
    assert isinstance(submission, Claim)
    if claims.activity_of(submission).deemed:
        return submission.version
    given = None if hours is None else Decimal(str(hours))
    claim = claims.grant(session, submission.id, given, version=submission.version, **who)
    session.flush()
    return claim.version
