"""Disputes (学时异议) of the person and the employer's clerk: what was said and answered, a form for more."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.ledger.standing import Standing
from core.models import Dispute, State
from core.submissions import disputes, workflow
from web import deeds, submissions
from web.deeds import Who
from web.words import md


def dispute(person_id: int, entries: pd.DataFrame, here: Actor) -> None:
    """Disputes (学时异议) against these entries with their answers, what may be done with them, a form for another."""
    st.markdown("**对学时记录有异议**")
    for line in entries[entries["dispute"] != ""].to_dict("records"):
        st.markdown(f"- {md(_entry(line))}  \n  {md(line['dispute'])}")
    with db.reading() as session:
        mine = disputes.open_about(session, person_id, here)
    for each in mine:
        _in_hand(each)
    standing = entries[entries["standing"] == Standing.STANDS].to_dict("records")
    if not standing:
        return
    key = f"dispute-{person_id}-"
    words = {(line["batch_id"], line["line"]): _entry(line) for line in standing}

    def file() -> None:
        (batch_id, line), typed = st.session_state[f"{key}entry"], st.session_state[f"{key}words"]

        def act(session: Session, **who: Unpack[Who]) -> str:
            disputes.file(session, person_id, batch_id, line, words=typed, **who)
            return "异议已提出，由核定这笔学时的人社部门答复；答复会显示在这笔学时旁。"

        if deeds.deed(act, key, batch_id, line, typed):
            st.session_state[f"{key}words"] = ""

    with st.form(f"{key}form"):
        st.selectbox("哪一笔", list(words), format_func=words.__getitem__, key=f"{key}entry", required=True)
        st.text_area("哪里有误、应当是什么（必填）", key=f"{key}words", height=70, max_chars=disputes.LONGEST)
        st.form_submit_button("提出异议", on_click=file, key=f"{key}do")


def _in_hand(found: Dispute) -> None:
    """One dispute that is not closed: to withdraw while it waits, to complete and file again otherwise."""
    if found.state is State.SUBMITTED:
        action = workflow.Action.WITHDRAW
        st.button(
            f"撤回对{found.title}的异议",
            key=f"withdraw-{found.id}-{found.version}",
            on_click=submissions.move,
            args=(found.id, action, found.version, found.title),
        )
        return
    key = f"amend-{found.id}-{found.version}"

    def amend() -> None:
        words = st.session_state[f"{key}-words"]

        def act(session: Session, **who: Unpack[Who]) -> str:
            disputes.amend(session, found.id, words=words, version=found.version, **who)
            return "异议已重新提出，由核定这笔学时的人社部门答复。"

        deeds.deed(act, key, words)

    with st.form(f"{key}-form"):
        st.text_area(f"{found.title}：补充说明后重新提出", found.words, key=f"{key}-words", max_chars=disputes.LONGEST)
        st.form_submit_button("重新提出", on_click=amend, key=f"{key}-do")


def _entry(line: dict[Any, Any]) -> str:
    """A credit entry in words."""
    said = disputes.entry_words(line["year"], line["subject"], line["hours"], line["deemed"])
    return f"{said}，{line['completed_on']}，{line['basis']}"
