"""Submissions (申报) of every kind on screen: their history, the buttons of their moves, the reviewer's decision."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.models import Submission
from core.submissions import kinds, workflow
from web import address, deeds, tables
from web.deeds import Who
from web.facts import fact, facts
from web.words import chip, md, moment_text


def moved(
    submission_id: int,
    action: workflow.Action,
    version: int,
    title: str,
    reason_key: str | None = None,
    to_confirm: str = "",
) -> bool:
    """Workflow transition (申报流转): one move, with the reason typed beside its button; answers if it was made.

    `to_confirm`: what the box beside the button, where it is ticked, confirms.
    """
    confirmed = to_confirm if st.session_state.get(_box(submission_id, to_confirm)) else ""

    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state.get(reason_key, "") if reason_key else ""
        moved, done = workflow.move(
            session, submission_id, action, version=version, reason=reason, confirmed=confirmed, **who
        )
        return f"“{title}”{kinds.of(moved).done_word(action)}。{done.words}{'。' if done.words else ''}"

    if not deeds.deed(act, action, submission_id, version, confirmed):
        return False
    address.forget_choice()
    return True


def _box(submission_id: int, to_confirm: str) -> str:
    """The box that confirms these words and no others (确认)."""
    return f"confirm-{submission_id}-{to_confirm}"


def move(*step: Any) -> None:
    """`moved` as a button's callback, which must answer nothing."""
    moved(*step)


def history(steps: pd.DataFrame) -> None:
    """The history of a submission (办理过程): the steps it has taken (`workflow.trail`), with who and why."""
    if not steps.empty:
        st.caption("办理过程")
        more = ["confirmed"] if steps["confirmed"].any() else []
        tables.table(steps, ["at", "account_name", "action", "to_state", "reason", *more], empty="")


def decide(found: Submission, here: Actor) -> None:
    """The reviewer's decision (审核): what to confirm, the reason, below them a button for each move."""
    with db.reading() as session:
        asked = workflow.to_confirm(session, found)
    if asked:
        st.checkbox(f"{workflow.CONFIRM}{md(asked)}（通过前须勾选）", key=_box(found.id, asked))
    reason = f"reason-{found.id}"
    kind = kinds.of(found)
    needed = [
        kind.word_for(action) for action in workflow.moves_for(found, here) if workflow.needs_reason(kind, action)
    ]
    st.text_area(f"审核意见（{'、'.join(needed)}时必填，提交人会看到）", key=reason, height=70)
    with st.container(horizontal=True):
        for action in workflow.moves_for(found, here):
            st.button(
                kind.word_for(action),
                type="primary" if action is workflow.Action.APPROVE else "secondary",
                key=f"{action}-{found.id}-{found.version}",
                on_click=move,
                args=(found.id, action, found.version, found.title, reason, asked),
            )


def foretold(found: Submission) -> None:
    """What approval would lead to (通过的后果), above the buttons; or why it would be refused as things stand."""
    approve = workflow.Action.APPROVE

    def asked(session: Session, **who: Unpack[Who]) -> str:
        return workflow.foreseen(session, found.id, approve, version=found.version, **who).words

    try:
        st.info(f"通过后，{md(deeds.rehearsed(asked))}。")
    except Refused as refused:
        st.warning(md(refused.words))


def submission(found: Submission, steps: pd.DataFrame) -> None:
    """A submission of any kind to read, with its history (`workflow.trail`)."""
    kind = kinds.of(found)
    st.markdown(f"#### {md(found.title)}　{chip(found.state, kind.word_for(found.state))}")
    moments = [
        (f"{kind.word_for(workflow.Action.SUBMIT)}时间", moment_text(found.submitted_at)),
        ("审核时间", moment_text(found.decided_at)),
    ]
    facts([*kind.facts(found), *moments])
    for label, text in kind.texts(found):
        fact(label, text)
    history(steps)
