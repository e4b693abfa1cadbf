"""Submissions (申报) of every kind on screen: their moves, their history, one to read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.ledger.consequences import Consequence
from core.models import Submission
from core.office import messages
from core.submissions import kinds, workflow
from web import address, context, deeds, links, shell, tables
from web.deeds import Who
from web.facts import fact, facts
from web.words import chip, md, moment_text


def told(found: Submission, action: workflow.Action, done: Consequence) -> str:
    """Words of success of a move (办理结果): what was done to which submission, and what it led to."""
    if action is workflow.Action.UNDO:
        return f"“{found.title}”：已{done.words}。"
    return f"“{found.title}”{kinds.of(found).done_word(action)}。{done.words}{'。' if done.words else ''}"


def read_of(submission_ids: Collection[int], actor: Actor) -> bool:
    """Mark the messages about submissions as read (标为已读): they are open, or dealt with; whether there were any."""
    if not context.known().counts.get("message"):
        return False
    with db.reading() as session:
        found = messages.unread_of(session, submission_ids, actor)
    if found:
        with db.transaction() as session:
            messages.read(session, found, actor=actor)
        context.renew()
    return bool(found)


def opened(page: str, actor: Actor) -> bool:
    """The messages about the record that a page was opened on are read: asked once each time one is opened."""
    given = address.chosen("item") or address.chosen("plan") if page in ("paper", "review") else None
    at = (actor.account_id, page, given) if given else None
    if at == st.session_state.get("messages-of"):
        return False
    st.session_state["messages-of"] = at
    return given is not None and read_of([given], actor)


HAVE_ITEMS = ("paper", "review", "seminars", "exam_bank")
"""The pages that open the record themselves which an address calls `item`."""


def lead(page: str, actor: Actor) -> None:
    """From a submission that an address names (网址中的一件) on a page that opens none to where the actor opens it.

    What is not there and what is not the actor's are refused in the same words, core's.
    """
    if page in HAVE_ITEMS or (number := address.chosen("item")) is None:
        return
    address.choose("item", None)
    try:
        with db.reading() as session:
            found = workflow.one(session, number, actor)
    except Refused as refused:
        deeds.say("error", refused.words)
        return
    if where := links.place(found.kind, found.id, actor):
        shell.go(where[0], **where[1])


def ticked(found: Submission) -> set[int]:
    """The rows of its table that are ticked (勾选的行) to be remarked on, as it was seen."""
    rows: set[int] = st.session_state.setdefault(f"ticked-{found.id}-{found.version}", set())
    return rows


def tick(found: Submission, rows: set[int]) -> None:
    """Let these rows be the ones that are ticked."""
    st.session_state[f"ticked-{found.id}-{found.version}"] = rows


def moved(
    submission_id: int,
    action: workflow.Action,
    version: int,
    title: str,
    reason_key: str | None = None,
) -> bool:
    """Workflow transition (申报流转): one move, with the reason typed beside its button; answers if it was made."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        reason = st.session_state.get(reason_key, "") if reason_key else ""
        moved, done = workflow.move(session, submission_id, action, version=version, reason=reason, **who)
        return told(moved, action, done)

    if not deeds.deed(act, action, submission_id, version):
        return False
    address.forget_choice()
    return True


def move(*step: Any) -> None:
    """`moved` as a button's callback, which must answer nothing."""
    moved(*step)


def history(steps: pd.DataFrame) -> None:
    """The history of a submission (办理过程): the steps it has taken (`workflow.trail`), with who and why."""
    if not steps.empty:
        st.caption("办理过程")
        more = ["confirmed"] if steps["confirmed"].any() else []
        tables.table(steps, ["at", "account_name", "action", "to_state", "reason", *more], empty="")


def submission(found: Submission, steps: pd.DataFrame) -> None:
    """A submission of any kind to read, with its history (`workflow.trail`)."""
    kind = kinds.of(found)
    st.markdown(f"#### {md(found.title)}　{chip(found.state, kind.word_for(found.state))}")
    moments = [
        (f"{kind.word_for(workflow.Action.SUBMIT)}时间", moment_text(found.submitted_at)),
        ("审核时间", moment_text(found.decided_at)),
    ]
    said(found, *moments)()
    history(steps)


def said(found: Submission, *more: tuple[str, object]) -> Callable[[], None]:
    """What a submission says (申报内容), read at once; answers what draws it. `more` facts stand behind its own."""
    kind = kinds.of(found)
    short, texts = [*kind.facts(found), *more], kind.texts(found)

    def draw() -> None:
        facts(short)
        for label, text in texts:
            fact(label, text)

    return draw


def as_read(_session: Session, found: Submission, _actor: Actor) -> Callable[[], None]:
    """A submission as its reviewer will read it (预览); answers what draws it."""
    return said(found)
