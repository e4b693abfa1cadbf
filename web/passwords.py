"""Change of one's own password (修改密码), at the first sign-in and later."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.ground import db
from core.people import accounts, passwords
from web import context, deeds, shell

RULES = f"密码至少{passwords.LENGTH}位，可以用几个不相干的词连起来；常见密码、用户名不能用。"
"""What a password must be, beside every field for a new one."""


def password_form() -> None:
    """Password change (修改密码): the form; afterwards every browser must sign in anew."""
    with st.form("password", clear_on_submit=False, width=440):
        st.text_input("原密码", type="password", key="old-password", autocomplete="current-password")
        st.text_input("新密码", type="password", key="new-password", autocomplete="new-password")
        st.caption(RULES)
        st.text_input("再次输入新密码", type="password", key="new-password-again", autocomplete="new-password")
        st.form_submit_button("修改密码", type="primary", on_click=change_password_typed)


def change_password_typed() -> None:
    """Change the password as typed, and end every sign-in of the account, this one included."""
    old, new, again = (st.session_state[key] for key in ("old-password", "new-password", "new-password-again"))
    if new != again:
        deeds.say("error", "两次输入的新密码不一致，请重新输入。")
        return
    if own(old) and deeds.deed(
        lambda session, **who: accounts.change_password(session, new, old=old, **who), "password", hash((old, new))
    ):
        st.session_state.clear()
        st.session_state["end-told"] = True  # the sign-in page need not say once more that the sign-in ended
        deeds.say("success", "密码已修改，请用新密码重新登录。")


def own(typed: str) -> bool:
    """Whether this is one's own password (核对本人密码), asked once more before what only its owner may do."""
    with db.reading() as session:
        actor = context.actor_now(session)
    if actor is None:
        return False
    with db.transaction() as session:
        refused = accounts.own_password(session, typed, actor=actor, now=datetime.now(UTC))
    if refused:
        deeds.say("error", refused.words)
    return refused is None


def first_password() -> None:
    """First password (初始密码): nothing else is open to an account until it is changed."""
    with shell.frame():
        st.subheader("修改初始密码", anchor=False)
        st.caption("首次登录须先设置自己的密码，之后才能使用系统。")
        password_form()
