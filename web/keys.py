"""The office's keys on screen (密钥): which there are, what the public verifies by, how a new one is taken into use."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.people import keys
from web import deeds
from web.deeds import Who
from web.words import moment_text


def held(actor: Actor) -> None:
    """The office's keys, what the public verifies by, and a new one."""
    with db.reading() as session:
        held = keys.listed(session, actor)
    rows = [
        (
            each.fingerprint,
            each.public_id,
            moment_text(each.since) if each.since else "",
            "现用" if each.in_use else "曾用",
        )
        for each in held
    ]
    frame = pd.DataFrame(rows, columns=["密钥指纹", "验证公钥编号", "启用时间", "状态"])
    st.dataframe(frame, hide_index=True, width="content")
    st.caption(
        "现用的加密新内容、签新出具的卡；曾用的只用来打开和核验以前的。私钥不离开服务器；公钥公布在 "
        "/.well-known/jwks.json，离线核验工具在 /verify 页面下载，公钥编号应与这里一致。"
    )
    with st.form("rotate", border=False):
        st.text_input("更换原因", key="rotate-reason", placeholder="如：例行更换；经办人变动")
        st.form_submit_button("更换密钥", icon=":material/key:", on_click=_rotate)


def _rotate() -> None:
    reason = st.session_state["rotate-reason"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        keys.rotate(session, reason=reason, **who)
        return "已更换密钥。请重新打印密钥恢复单、销毁旧单，并重新下载离线核验工具；以前出具的卡照样核验得过。"

    deeds.deed(act, "rotate", reason)
