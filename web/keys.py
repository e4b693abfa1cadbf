"""The office's keys on screen (密钥): which there are, a new one, one that others may hold."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import Actor
from core.people import keys
from web import deeds, tables
from web.deeds import Who
from web.words import md, moment_text


def table(held: list[keys.Key]) -> None:
    """The office's keys, and the numbers of what the public verifies by."""
    rows = [
        (
            each.written,
            each.fingerprint,
            moment_text(each.since) if each.since else "",
            _state(each),
        )
        for each in held
    ]
    columns = ["公钥指纹", "密钥指纹", "启用时间", "状态"]
    tables.table(pd.DataFrame(rows, columns=columns), columns, empty="")
    st.caption(
        "现用的加密新内容、签新出具的卡；曾用的只用来打开和核验以前的。公钥指纹公布在核验页和离线核验工具里；密钥指纹不公布，用来核对恢复单、备份是哪一把密钥的。"
    )


def rotating() -> None:
    """A new key (更换密钥)."""
    st.caption(
        "此后出具的卡由新密钥签名，PDF文件的电子签名证书也另换一张（单位自备证书的不变）；以前的卡照样核验得过，已加密的内容照样打得开。"
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


def _state(key: keys.Key) -> str:
    if key.doubt is None:
        return "现用" if key.in_use else "曾用"
    return f"{key.doubt.void_on}作废" if key.doubt.void_on else "提请作废"


def leaked(held: list[keys.Key], actor: Actor) -> None:
    """A key that others may hold: asked to be void by one administrator, agreed to by another."""
    st.caption(
        "作废后，用它签名的审验卡和入账证明一律不再认可，持卡人须重新打印；学时不变，已加密的内容照样打得开。"
        "离线核验工具须重新下载。**现用的密钥先更换，再作废。须由两名管理员办理，作废后不能撤回。**"
    )
    for key in held:
        if key.doubt and not key.doubt.void_on:
            words = f"{key.doubt.by}于{moment_text(key.doubt.at)}提请作废 {key.fingerprint}：{key.doubt.reason}"
            st.warning(md(words))
            with st.container(horizontal=True, vertical_alignment="center"):
                if key.doubt.account_id != actor.account_id:
                    st.button("同意作废", key=f"void-{key.fingerprint}", on_click=_decide, args=(key.fingerprint, True))
                else:
                    st.caption("须由自治区的另一名管理员登录，在此同意。")
                st.button("撤回", key=f"believe-{key.fingerprint}", on_click=_decide, args=(key.fingerprint, False))
    if former := [each.fingerprint for each in held if not each.in_use and not each.doubt]:
        with st.form("doubt", border=False):
            st.selectbox("曾用的密钥", former, key="doubt-key", required=True)
            st.text_input("作废原因", key="doubt-reason", placeholder="如：存放密钥的U盘遗失")
            st.form_submit_button("提请作废", on_click=_doubt)
    else:
        st.caption("没有可以作废的密钥。")


def _doubt() -> None:
    fingerprint, reason = st.session_state["doubt-key"], st.session_state["doubt-reason"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        keys.ask_to_void(session, fingerprint, reason=reason, **who)
        return f"已提请作废密钥{fingerprint}，请另一名管理员在此同意；同意以前一切照旧。"

    deeds.deed(act, "doubt", fingerprint, reason)


def _decide(fingerprint: str, void: bool) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        if not void:
            keys.keep_believing(session, fingerprint, **who)
            return f"已撤回作废密钥{fingerprint}的申请，一切照旧。"
        keys.agree_to_void(session, fingerprint, **who)
        return f"密钥{fingerprint}已作废，用它签名的卡核验时答复已失效。请重新下载、分发离线核验工具。"

    deeds.deed(act, "void", fingerprint, void)
