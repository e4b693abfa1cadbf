"""Submissions (申报) of every kind on screen: their history, the buttons of their moves, the reviewer's decision."""

from __future__ import annotations

from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import Actor
from core.ground.hours import hours_text
from core.models import Plan, Report, Submission
from core.submissions import workflow
from web import address, deeds, tables
from web.facts import fact, facts
from web.plans import reading
from web.words import chip, md, moment_text


def moved(submission_id: int, action: workflow.Action, version: int, title: str, reason_key: str | None = None) -> bool:
    """Take one step in a submission's life, with the reason typed beside the button; answers whether it was taken."""

    def act(session: Session, **who: Any) -> str:
        reason = st.session_state.get(reason_key, "") if reason_key else ""
        _, done = workflow.move(session, submission_id, action, version=version, reason=reason, **who)
        return f"“{title}”{action.done}。{done}{'。' if done else ''}"

    if not deeds.deed(act, action, submission_id, version):
        return False
    address.forget_choice()
    return True


def move(*step: Any) -> None:
    """`moved` as a button's callback."""
    moved(*step)


def steps(session: Session, submission: Submission, here: Actor) -> None:
    """The steps a submission has taken, with who and why."""
    frame = workflow.trail(session, submission.id, here)
    if not frame.empty:
        st.caption("办理过程")
        tables.table(frame, ["at", "account_name", "action", "to_state", "reason"], empty="")


def decide(found: Submission, here: Actor) -> None:
    """The reviewer's buttons: one filled, the reason above them."""
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


def submission(session: Session, found: Submission, here: Actor) -> None:
    """A plan or a report to read, with the steps it has taken."""
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
    steps(session, found, here)
