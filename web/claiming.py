"""Opening one's own account (本人开通账号): ID number, one-time code and a password, on the sign-in page."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.ground import db
from core.ground.access import Refused
from core.people import accounts, activation, passwords, setup


def asked() -> bool:
    """Whether somebody came to open an account: by the button, or by the code on a slip."""
    return bool(st.session_state.get("claiming")) or st.query_params.get("claim") == "1"


def begin() -> None:
    st.session_state["claiming"] = True


def give_up() -> None:
    """Back to signing in."""
    st.session_state.pop("claiming", None)
    st.query_params.pop("claim", None)


def form(address: str | None) -> str | Refused | None:
    """The form (开通账号); answers the user name once the account is open, or why it is not; None: nothing was sent."""
    with st.form("claim"):
        st.subheader("用开通码开通账号", anchor=False)
        number = st.text_input("身份证号", key="claim-number", autocomplete="off", max_chars=30)
        code = st.text_input(
            "开通码（单位或基地发的8位字母和数字）", key="claim-code", autocomplete="off", max_chars=20
        )
        rules = f"至少{passwords.LENGTH}位，可以用几个不相干的词连起来；常见密码、身份证号不能用。"
        new = st.text_input("设置密码", type="password", key="claim-password", autocomplete="new-password")
        st.caption(rules)
        again = st.text_input("再次输入密码", type="password", key="claim-again", autocomplete="new-password")
        sent = st.form_submit_button("开通并登录", type="primary")
    st.button("返回登录", on_click=give_up, key="claim-back")
    if not sent:
        return None
    if not number or not code:
        return Refused("code", "请填写身份证号和开通码。")
    if new != again:
        return Refused("password", "两次输入的密码不一致，请重新输入。")
    try:
        return _opened(number, code, new, address)
    except Refused as refused:
        return refused


def _opened(number: str, code: str, password: str, address: str | None) -> str | Refused:
    """Open the account; the password is hashed whatever comes of it, so that every answer takes as long."""
    with db.reading() as session:
        passwords.check(password, username=number, demo=setup.is_demo(session))
    with db.transaction() as session:
        waits = activation.may_claim(session, number, address=address, now=datetime.now(UTC))
    if waits:
        return waits
    hashed = passwords.hashed(password)
    with db.transaction() as session:
        now = datetime.now(UTC)
        made = activation.claim(session, number, code, password_hash=hashed, address=address, now=now)
    if isinstance(made, Refused):
        return made
    with db.transaction() as session:
        token = accounts.sign_in(session, made.username, fits=True, address=address, now=datetime.now(UTC))
    if isinstance(token, str):
        st.session_state["token"] = token
        give_up()
    return made.username
