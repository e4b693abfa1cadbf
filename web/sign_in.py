"""Sign-in (登录) and sign-out (退出): the form, the check in core, the session and its cookie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from core.ground import db
from core.ground.access import Refused, Role
from core.people import accounts, passwords
from routes import certificate
from routes.session import DEVICE
from web import claiming, context, deeds, shell, uploads
from web.words import md


def sign_in(lands: Callable[[Role], str]) -> None:
    """Sign-in page (登录页): the form, why the last sign-in ended, the demonstration's accounts.

    `lands`: the page that a role comes to after signing in, "" for the home page.
    """
    demo = context.known().demo and "token" not in st.session_state
    with shell.frame(560 if demo else 440):
        uploads.forget_mine()
        if context.token() and not {"token", "half-token", "end-told"} & set(st.session_state):
            st.info("登录已结束（退出、长时间没有操作、超过12小时、修改密码或账号停用），请重新登录。")
        if "half-token" in st.session_state:
            _code_form()
        elif claiming.asked():
            opened = claiming.form(_whence()[0])
            if isinstance(opened, Refused):
                st.session_state["sign-in-refused"] = opened.words
            elif opened:
                st.success(f"账号已开通。以后用身份证号或用户名{opened}登录。")
        else:
            _password_form()
            st.button(
                "用开通码开通账号", on_click=claiming.begin, key="claim-begin", icon=":material/key:", width="stretch"
            )
        said = st.container()
        if demo:
            _demo_accounts()
        with said:
            _entered(lands)


def _entered(lands: Callable[[Role], str]) -> None:
    """What came of it (登录结果): the refusal, or the way in."""
    refused = st.session_state.pop("sign-in-refused", None)
    if refused:
        st.error(md(refused))
    if "token" in st.session_state:
        st.info("登录成功，正在进入……")
        with db.reading() as session:
            here = context.actor_now(session)
        first, whose = (lands(here.role), str(here.account_id)) if here else ("", "")
        _SESSION(key="session", data={"token": st.session_state["token"], "first": first, "whose": whose})
    elif "end-told" in st.session_state:
        _SESSION(key="left", data={"whose": "nobody"})
    if certificate.there_is_one():
        st.markdown("浏览器提示“连接不是私密连接”的，请先[安装证书](/certificate)。")


def _password_form() -> None:
    with st.form("sign-in"):
        st.subheader("登录", anchor=False)
        username = st.text_input(
            "用户名", key="sign-in-name", autocomplete="username", placeholder="个人也可填身份证号"
        )
        typed = st.text_input("密码", type="password", key="sign-in-password", autocomplete="current-password")
        if st.form_submit_button(
            "登录", type="primary", width="stretch"
        ):  # no callback: the page is to be drawn once more, to set the cookie
            _check(username, typed)


def _code_form() -> None:
    """The second step (动态口令), after the right password of an account that has a second factor."""
    with st.form("sign-in-code"):
        st.subheader("动态口令", anchor=False)
        code = st.text_input(
            "应用中现在显示的6位数字，或一个恢复码", key="sign-in-code", autocomplete="one-time-code", max_chars=20
        )
        if st.form_submit_button("登录", type="primary", width="stretch"):
            _check_code(code)
    st.button("换一个账号", on_click=lambda: st.session_state.pop("half-token", None))


def _whence() -> tuple[str | None, str]:
    """The address a browser comes from, None for this machine, and the cookie by which accounts know it."""
    address = st.context.ip_address
    return address if isinstance(address, str) else None, str(st.context.cookies.get(DEVICE, ""))


def _check_code(code: str) -> None:
    """Check the code of the second factor (验证动态口令)."""
    half, now, (address, device) = st.session_state["half-token"], datetime.now(UTC), _whence()
    try:
        with db.transaction() as session:
            refused = accounts.second_step(session, half, code, address=address, device=device, now=now)
    except Refused as forged:
        refused = forged
    if refused:
        st.session_state["sign-in-refused"] = refused.words
    else:
        st.session_state["token"] = half
    if not refused or refused.code == "ended":
        del st.session_state["half-token"]
    if refused and refused.code == "ended":
        st.rerun()


def _check(username: str, password: str) -> None:
    """Password check (验证密码). bcrypt runs while no session is open."""
    if not username or not password:
        st.session_state["sign-in-refused"] = "请填写用户名和密码。"
        return
    address, device = _whence()
    half = False
    try:
        with db.transaction() as session:
            answer = accounts.may_try(session, username, address=address, device=device, now=datetime.now(UTC))
        if isinstance(answer, str):
            now, fits = datetime.now(UTC), passwords.fits(password, answer)
            with db.transaction() as session:
                answer = accounts.sign_in(session, username, fits=fits, address=address, device=device, now=now)
                half = isinstance(answer, str) and accounts.awaits_code(session, answer, now)
    except Refused as busy:
        answer = busy
    if isinstance(answer, Refused):
        st.session_state["sign-in-refused"] = answer.words
    elif half:
        st.session_state["half-token"] = answer
        st.rerun()
    else:
        st.session_state["token"] = answer


_SESSION = st.components.v2.component("session", js=(Path(__file__).parent / "session.js").read_text(encoding="utf-8"))


def sign_out() -> None:
    """Sign out (退出): ends the account's sign-ins in every browser."""
    deeds.deed(lambda session, **who: accounts.sign_out(session, **who), "sign-out")
    st.session_state.clear()
    st.session_state["end-told"] = True
    deeds.say("success", "已退出登录，该账号在其他浏览器的登录也已结束。")


def _demo_accounts() -> None:
    """The accounts of the demonstration (演示账号): a button each, and what it is for."""
    from data.demo.office import ACCOUNTS, PASSWORD

    st.info(f"演示系统：人员均为虚构。点账号即可登录；密码都是 `{PASSWORD}`")
    for each in ACCOUNTS:
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"demo-line-{each.username}"):
            if st.button(each.username, key=f"demo-{each.username}", width=150):
                _check(each.username, PASSWORD)
            st.markdown(f"**{each.role.label}**　{each.shows}  \n:gray[:small[{each.organization}]]")
