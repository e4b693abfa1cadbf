"""Submissions (申报) of every kind on screen: their history, the buttons of their moves, the reviewer's decision."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import Actor
from core.ground.hours import hours_text
from core.models import Plan, Report, Submission
from core.submissions import workflow
from web import address, deeds, tables
from web.deeds import Who
from web.facts import fact, facts
from web.plans import reading
from web.words import chip, md, moment_text


def moved(submission_id: int, action: workflow.Action, version: int, title: str, reason_key: str | None = None) -> bool:
    """Workflow transition (申报流转): one move, with the reason typed beside its button; answers if it was made."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state.get(reason_key, "") if reason_key else ""
        _, done = workflow.move(session, submission_id, action, version=version, reason=reason, **who)
        return f"“{title}”{action.done}。{done}{'。' if done else ''}"

    if not deeds.deed(act, action, submission_id, version):
        return False
    address.forget_choice()
    return True


def move(*step: Any) -> None:
    """`moved` as a button's callback, which must answer nothing."""
    moved(*step)


def history(steps: pd.DataFrame) -> None:
    """The history of a submission (办理过程): the steps it has taken (`queues.trail`), with who and why."""
    if not steps.empty:
        st.caption("办理过程")
        tables.table(steps, ["at", "account_name", "action", "to_state", "reason"], empty="")


def decide(found: Submission, here: Actor) -> None:
    """The reviewer's decision (审核): the reason, and below it a button for each move, approval filled."""
    reason = f"reason-{found.id}"
    st.text_area("审核意见（退回、不予通过时必填，基地会看到）", key=reason, height=70)
    with st.container(horizontal=True):
        for action in workflow.moves_for(found, here):
            st.button(
                action.label,
                type="primary" if action is workflow.Action.APPROVE else "secondary",
                key=f"{action}-{found.id}-{found.version}",
                on_click=move,
                args=(found.id, action, found.version, found.title, reason),
            )


def submission(found: Submission, steps: pd.DataFrame) -> None:
    """A plan or a report to read, with its history."""
    if isinstance(found, Report):
        st.markdown(f"#### {md(found.title)}　{chip(found.state)}")
        facts(
            [
                ("培训机构", found.organization.name),
                ("实际培训时间", f"{found.start_on} 至 {found.end_on}"),
                ("登记", f"{found.people}人，共{hours_text(found.hours)}学时"),
                ("报送期限", f"{found.due_on}" + ("，逾期报送" if found.late else "")),
                ("提交时间", moment_text(found.submitted_at)),
                ("审核时间", moment_text(found.decided_at)),
            ]
        )
        fact("培训总结", found.summary)
    elif isinstance(found, Plan):
        reading.plan_facts(found)
    history(steps)
