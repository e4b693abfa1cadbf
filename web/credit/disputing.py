"""Disputes (学时异议) of the person and the employer's clerk: what was said and answered, a form for more."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground.hours import hours_text
from core.law import notices
from core.ledger.standing import Standing
from core.records import disputes
from web import deeds
from web.deeds import Who
from web.words import md


def dispute(person_id: int, entries: pd.DataFrame) -> None:
    """Disputes (学时异议) against these entries with their answers, and the form to file one."""
    st.markdown("**对学时记录有异议**")
    for line in entries[entries["dispute"] != ""].to_dict("records"):
        st.markdown(f"- {md(_entry(line))}  \n  {md(line['dispute'])}")
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
        st.selectbox("哪一笔", list(words), format_func=words.__getitem__, key=f"{key}entry")
        st.text_area("哪里有误、应当是什么（必填）", key=f"{key}words", height=70, max_chars=disputes.LONGEST)
        st.form_submit_button("提出异议", on_click=file, key=f"{key}do")


def _entry(line: dict[Any, Any]) -> str:
    """A credit entry in words."""
    hours = "视同完成" if line["deemed"] else f"{hours_text(line['hours'])}学时"
    subject = notices.subject_names().get(line["subject"], line["subject"])
    return f"{line['year']}年度{subject}{hours}，{line['completed_on']}，{line['basis']}"
