"""The region's administrators look after the office's keys: which there are, a new one, one that others may hold."""

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, taken
from core.ground.access import Role
from core.people import keys as office_keys
from web import context, deeds, keys, passwords, shell, tables
from web.deeds import Who

actor = shell.require(Role.ADMIN)
shell.page("密钥", "密钥加密身份证号和附件，也给审验卡签名。每年例行更换一次；可能被别人拿到的，更换后作废。")


def sheet() -> None:
    typed = st.session_state["sheet-password"]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, bytes]:
        with taken.by(who["actor"], who["now"]):
            made = office_keys.recovery_sheet(session, typed, **who)
        return "恢复单已备好，请点“下载密钥恢复单”。", made

    if passwords.own(typed) and (made := deeds.deed(act, "key-sheet", hash(typed), str(context.now()))):
        st.session_state["key-sheet"] = made


def draw(held: list[office_keys.Key]) -> None:
    """The keys there are, and what can be done about them, each under its name."""
    keys.table(held)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch"):
        st.subheader("更换密钥", anchor=False)
        keys.rotating()
    with right, st.container(border=True, height="stretch"):
        st.subheader("密钥恢复单", anchor=False)
        st.caption("密钥文件丢失后凭它找回。持有它就能打开全部内容：打印后入保险柜，与备份分开。更换密钥后重新打印。")
        with st.form("sheet", border=False, clear_on_submit=True):
            st.text_input("当前密码", type="password", key="sheet-password", autocomplete="current-password")
            st.form_submit_button("打印密钥恢复单", icon=":material/print:", on_click=sheet)
        if made := st.session_state.pop("key-sheet", None):  # handed out once, and not kept
            st.warning("下载后马上打印，恢复单入保险柜；再删除下载的文件，并清空回收站。")
            tables.download("下载密钥恢复单", made, "密钥恢复单.pdf", icon=":material/download:", type="primary")
        st.caption(f"找回：在程序文件夹中执行 `{db.command('key restore')}`，输入恢复单上的字。")
    with st.container(border=True):
        st.subheader("密钥可能泄露", anchor=False)
        keys.leaked(held, actor)
    with st.container(border=True):
        st.subheader("公开的验证公钥", anchor=False)
        st.caption("任何人都可以用它核对审验卡的签名；公钥指纹应与上表一致。已作废的不再公布。私钥不离开服务器。")
        with st.container(horizontal=True):
            st.link_button("核验页：公钥指纹、离线核验工具", "/verify#keys", icon=":material/verified:")
            st.link_button("公钥列表（供程序读取）", "/.well-known/jwks.json", icon=":material/public:")


with db.reading() as session:
    found = office_keys.listed(session, actor)
draw(found)
