"""Retention (保存期限) on the screen: one table of what is kept how long and why, and a form for the terms."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.office import retention
from web import deeds, tables
from web.deeds import Who


def _save() -> None:
    days = {code: st.session_state[f"kept-{code}"] for code in retention.SET}

    def act(session: Session, **who: Unpack[Who]) -> str:
        retention.decide(session, days, **who)
        return "保存期限已保存，每天早上按此清除。"

    deeds.deed(act, "retention", *days.values())


def section() -> None:
    """What is kept how long (保存期限), all of it; and what the office decides of that, in days."""
    with db.reading() as session:
        lines, terms = retention.table(session), retention.terms(session)
    st.subheader("保存期限")
    st.caption("通知和法规没有规定这些天数，由单位确定。缩短后，超过期限的在下一次每日清除时删除，不能找回。")
    tables.prose(lines, ("资料", "保存", "到期", "原因"))
    with st.form("retention", width=560):
        for code, kind in retention.SET.items():
            st.number_input(
                f"{kind.words}保存天数",
                min_value=kind.least,
                max_value=retention.LONGEST,
                value=terms[code],
                step=1,
                key=f"kept-{code}",
                placeholder="一直保存",
                help=f"最少{kind.least}天；留空为一直保存。",
            )
        st.form_submit_button("确定期限", type="primary", on_click=_save)
