"""The office's own name and mark (本单位), as its administrator sets them."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.people import identity, setup
from core.trail.files import Upload
from web import deeds
from web.deeds import Who
from web.words import md


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
        st.text_input(
            "单位名称", found.name, key="identity-name", max_chars=identity.LONGEST, placeholder=identity.SYSTEM
        )
        st.file_uploader(
            f"标志（可不设；PNG或JPG，{identity.LARGEST // 1_000_000}MB以内，缩成{identity.SIDE}像素见方）",
            list(identity.ENDINGS),
            key="identity-mark",
        )
        if found.mark:
            st.image(found.mark, width=64)
            st.checkbox("保留现在的标志", True, key="identity-keep")
        st.form_submit_button("保存", type="primary", on_click=decide)
    address()


def address() -> None:
    """The form (对外网址), or what the server says."""
    with db.reading() as session:
        kept = setup.address(setup.settings(session))
    if setup.address_of_server():
        st.caption(f"对外网址：{md(kept)}，由服务器的 CE_ADDRESS 设定。")
        return

    def decide() -> None:
        written = st.session_state["identity-address"]

        def act(session: Session, **who: Unpack[Who]) -> str:
            if place := identity.decide_address(session, written, **who):
                return f"对外网址已保存：审验卡的二维码、日历和邮件都指向{place}。"
            return "对外网址已清除：按打开系统所用的网址。"

        deeds.deed(act, "address", written)

    with st.form("address", width=640):
        st.text_input(
            "对外网址",
            kept,
            key="identity-address",
            max_chars=200,
            placeholder="如 https://jxjy.example.cn",
            help="审验卡的二维码、日历订阅和邮件里的网址。留空则按打开系统所用的网址，别人不一定打得开。",
        )
        st.form_submit_button("保存网址", on_click=decide)
