"""One's own account: who I am here, and a new password."""

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.people import accounts
from web import deeds, passwords, second_factor, shell
from web.deeds import Who
from web.facts import facts

actor = shell.require()
shell.page("我的账号", "修改密码后，所有浏览器都须重新登录。")
facts([("姓名", actor.name), ("角色", actor.role.label), ("机构", actor.organization_name)])


def sized() -> None:
    """Draw this account's pages large, or as usual."""
    large = st.session_state["large-type"]

    def act(session: Session, **who: Unpack[Who]) -> str:
        accounts.read_large(session, large, **who)
        return "已改为大字显示，换一台电脑登录也一样。" if large else "已恢复通常大小。"

    deeds.deed(act, "large-type", large)


if second_factor.begun():  # first, so that the code to scan and the field for what the app shows are in one view
    st.subheader("启用动态口令", anchor=False)
    second_factor.own()
st.subheader("显示", anchor=False)
words = "字号和按钮都放大，本账号在任何电脑、手机上登录都一样。"
st.toggle("大字显示", actor.large_type, key="large-type", on_change=sized, help=words)
st.subheader("修改密码", anchor=False)
passwords.password_form()
if not second_factor.begun():
    st.subheader("动态口令", anchor=False)
    second_factor.own()
