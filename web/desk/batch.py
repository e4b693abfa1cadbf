"""Many at once (批量通过): all of a list that have nothing worth a look, each a deed of its own with its own line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.models import State, Submission
from core.submissions import kinds, workflow
from core.submissions.queues import Row
from core.submissions.workflow import Action
from web import deeds
from web.deeds import Who
from web.words import md


def offer(rows: Sequence[Row], here: Actor) -> None:
    """The button that finds what of the listed may be approved together, and shows it before anything is done."""
    waiting = [
        row.submission
        for row in rows
        if row.submission.state is State.SUBMITTED
        and Action.APPROVE in workflow.moves_for(row.submission, here)
        and not kinds.of(row.submission).approval_needs_reason
    ]
    if len(waiting) > 1:
        st.button("批量通过…", key="desk-batch", on_click=_ask, args=(waiting, here), icon=":material/done_all:")


@st.dialog("批量通过", width="medium")
def _ask(waiting: Sequence[Submission], here: Actor) -> None:
    """What has nothing worth a look and nothing to confirm (没有提示), ticked; what has is read one by one."""
    with db.reading() as session:
        plain = [each for each in waiting if workflow.plain(session, each.id, here)]
    left = len(waiting) - len(plain)
    st.caption(f"列表中有{len(waiting)}件待审，其中{left}件有提示或须确认，请逐件审核；下面{len(plain)}件没有提示。")
    chosen = [
        each for each in plain if st.checkbox(f"{kinds.of(each).short}　{md(each.title)}", True, key=f"batch-{each.id}")
    ]
    with st.container(horizontal=True):
        done = st.button(
            f"通过所选{len(chosen)}件", type="primary", disabled=not chosen, on_click=_approve, args=(chosen,)
        )
        if st.button("不办理") or done:
            st.rerun()


def _approve(chosen: Sequence[Submission]) -> None:
    """Each in a transaction of its own, with every check of a single approval; a refusal stops none of the others."""
    for each in chosen:

        def act(session: Session, found: Submission = each, **who: Unpack[Who]) -> str:
            _, done = workflow.move(session, found.id, Action.APPROVE, version=found.version, **who)
            return (
                f"“{found.title}”{kinds.of(found).done_word(Action.APPROVE)}。{done.words}{'。' if done.words else ''}"
            )

        deeds.deed(act, Action.APPROVE, each.id, each.version, refused=f"“{each.title}”没有通过：")
    opened = st.query_params.get("item", "")
    if opened.isdecimal() and int(opened) in {each.id for each in chosen}:
        st.session_state["desk-after"] = int(opened)
