"""Sign-in (登录) and sign-out (退出): streamlit-authenticator's form over our own check, session and cookie."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import streamlit as st
import streamlit_authenticator

from core.ground import db
from core.ground.access import Refused, Role
from core.people import accounts
from web import context, deeds
from web.words import OFFICE, md


def sign_in() -> None:
    """Sign-in page (登录页): the form, why the last sign-in ended, the demonstration's accounts."""
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        st.title(OFFICE, anchor=False, text_alignment="center")
        if context.token() and "token" not in st.session_state:
            st.info("登录已结束（退出、超过12小时、修改密码或账号停用），请重新登录。")
        form = SignInForm()
        form.login(fields={"Form name": "登录", "Username": "用户名", "Password": "密码", "Login": "登录"})
        refused = st.session_state.pop("sign-in-refused", None)
        if refused:
            st.error(md(refused))
        if "token" in st.session_state:
            st.info("登录成功，正在进入……")
            with db.reading() as session:
                here = context.actor_now(session)
            _set_cookie(st.session_state["token"], FIRST.get(here.role, "") if here else "")
        if context.known().demo:
            _demo_accounts()


class SignInForm(streamlit_authenticator.Authenticate):  # type: ignore[misc]
    """streamlit-authenticator's form, without the credentials and the script-set cookie it would bring along."""

    def __init__(self) -> None:
        self.attrs = {"login_sleep_time": 0}
        self.path = None
        self.authentication_controller = SimpleNamespace(login=_check)
        self.cookie_controller = SimpleNamespace(get_cookie=lambda: None)


def _check(username: str | None = None, password: str | None = None, *_: Any, **__: Any) -> bool:
    """Password check (验证密码), called by the form on submit. bcrypt runs while no session is open."""
    if not username or not password:
        st.session_state["sign-in-refused"] = "请填写用户名和密码。"
        return False
    with db.reading() as session:
        hashed = accounts.password_hash(session, username)
    fits = accounts.password_fits(password, hashed)
    with db.transaction() as session:
        answer = accounts.sign_in(session, username, fits=fits, now=datetime.now(UTC))
    if isinstance(answer, Refused):
        st.session_state["sign-in-refused"] = answer.words
        return False
    st.session_state["token"] = answer
    return False


FIRST = {Role.LEADER: "quota_dashboard"}
"""The page that a role comes to after signing in, where it is another than the home page."""


def _set_cookie(token: str, first: str) -> None:
    """Session cookie: have the browser exchange the token for an HttpOnly cookie and come back to the same address.

    From the bare address it comes to the page named first, where there is one.
    """
    there = f"location.pathname==='/'&&{json.dumps(first)}?location.assign('/'+{json.dumps(first)}):location.reload()"
    st.html(
        "<script>fetch('/session',{method:'POST',headers:{'Content-Type':'application/json'},"
        f"body:JSON.stringify({{token:{json.dumps(token)}}})}}).then(()=>{{{there}}})</script>",
        unsafe_allow_javascript=True,
    )


def sign_out() -> None:
    """Sign out (退出): ends the account's sign-ins in every browser."""
    deeds.deed(lambda session, **who: accounts.sign_out(session, **who), "sign-out")
    st.session_state.clear()
    deeds.say("success", "已退出登录，该账号在其他浏览器的登录也已结束。")


def _demo_accounts() -> None:
    """The accounts of the demonstration (演示账号) and what each is for."""
    from data.demo.office import ACCOUNTS, PASSWORD

    st.info(f"演示系统：人员均为虚构。各角色账号的密码都是 `{PASSWORD}`")
    for each in ACCOUNTS:
        st.markdown(f"`{each.username}`　**{each.role.label}**　{each.shows}  \n:gray[:small[{each.organization}]]")
