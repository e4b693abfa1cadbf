"""Who checked one's cards (审验卡核验记录), for the card's holder."""

from __future__ import annotations

import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.records import checking
from web import tables


def of(actor: Actor) -> None:
    """When my cards were checked and what was answered; nothing where nobody has."""
    with db.reading() as session:
        found = checking.of_person(session, actor)
    if found.empty:
        return
    with st.expander(f"审验卡被核验{len(found)}次"):
        shown = found.rename(columns={"at": "checked_at", "code": "card_code", "answer": "check_answer"})
        tables.table(shown, ["checked_at", "card_code", "check_answer", "agreed"], empty="")
        st.caption("有人扫码或输入验证码核验时记下时间和结论，不记核验的人。")
