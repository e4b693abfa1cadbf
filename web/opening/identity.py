"""The office's own name and mark (本单位), as its administrator sets them."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.people import identity
from core.trail.files import Upload
from web import deeds
from web.deeds import Who
from web.words import OFFICE


def form() -> None:
    """The form (单位名称和标志)."""
    with db.reading() as session:
        found = identity.identity(session)

    def decide() -> None:
        given = st.session_state["identity-mark"]
        mark = Upload(given.name, given.getvalue()) if given else None
        name, keep = st.session_state["identity-name"], st.session_state.get("identity-keep", True)

        def act(session: Session, **who: Unpack[Who]) -> str:
            identity.decide(session, name=name, mark=mark, keep_mark=keep, **who)
            return "单位名称和标志已保存。"

        deeds.deed(act, "identity", name, keep, hash(mark.content if mark else b""))

    with st.form("identity", width=640):
        st.text_input("单位名称", found.name, key="identity-name", max_chars=identity.LONGEST, placeholder=OFFICE)
        st.file_uploader(
            f"标志（可不设；PNG或JPG，{identity.LARGEST // 1_000_000}MB以内，缩成{identity.SIDE}像素见方）",
            list(identity.ENDINGS),
            key="identity-mark",
        )
        if found.mark:
            st.image(found.mark, width=64)
            st.checkbox("保留现在的标志", True, key="identity-keep")
        st.form_submit_button("保存", type="primary", on_click=decide)
