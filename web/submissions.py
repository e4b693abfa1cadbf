"""Submissions (申报) of every kind on screen: their history, the buttons of their moves, the reviewer's decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import Actor, Role
from core.models import Submission
from core.submissions import kinds, workflow
from core.submissions.kinds import Kind
from web import address, deeds, tables
from web.facts import fact, facts
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
    """A submission of any kind to read, with the steps it has taken."""
    kind = kinds.of(found)
    st.markdown(f"#### {md(found.title)}　{chip(found.state)}")
    moments = [("提交时间", moment_text(found.submitted_at)), ("审核时间", moment_text(found.decided_at))]
    facts([*kind.facts(found), *moments])
    for label, text in kind.texts(found):
        fact(label, text)
    steps(session, found, here)


@dataclass(frozen=True)
class Desk:
    """The pages of a kind of submission (办理页面): where it is filed and decided, with the links' words."""

    deciders: tuple[Role, ...]
    """Who finds on the home page how many wait; the page's own guard decides again."""
    filing: tuple[str, str] | None = None
    review: tuple[str, str] | None = None


def desk_of(kind: Kind[Any]) -> Desk:
    """The pages of a kind; one that has none yet is shown without a link."""
    return DESKS.get(kind.code) or Desk(tuple(stage.role for stage in kind.stages))


DESKS = {
    "plan": Desk((Role.REVIEWER, Role.ADMIN), ("plan_filing", "填写和上报计划"), ("plan_approval", "审核计划")),
    "report": Desk((Role.REVIEWER,), ("report_filing", "报送报告"), ("report_review", "审核报告")),
    "claim": Desk((Role.REVIEWER,), ("credit_claims", "申报证书折合学时"), ("claim_review", "审核折合申报")),
}
