"""First visit (初始化): the demonstration, or an empty office with its first administrator."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

import streamlit as st

from core.ground import db
from core.ground.access import Refused
from core.people import accounts, setup
from web import context, deeds, passwords, processes, shell

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


TRIES = 10
"""Wrong tries at the one-time code until another one is made."""


def _code() -> str:
    """The one-time code (一次性验证码) that lets another machine begin the office.

    It is the same in all processes that serve together, and another after each so many wrong tries at any of them.
    """
    common = processes.common()
    digest = hashlib.sha256(f"{common.secret} {common.tries.value // TRIES}".encode()).digest()
    drawn = "".join(_ALPHABET[each % len(_ALPHABET)] for each in digest[:8])
    return f"{drawn[:4]}-{drawn[4:]}"


def say_code() -> None:
    """Say the one-time code (一次性验证码) at the console of the machine that serves."""
    print(f"== 首次打开须输入的验证码 (one-time code of the first visit): {_code()}", flush=True)


def fits(typed: str) -> bool:
    """Whether this is the one-time code (一次性验证码), whatever its capitals and dashes; a wrong one is counted."""
    tries = processes.common().tries
    with tries.get_lock():
        plain = "".join(typed.upper().split()).replace("-", "")
        if secrets.compare_digest(plain.encode(), _code().replace("-", "").encode()):
            return True
        tries.value += 1
        if tries.value % TRIES == 0:
            say_code()
    return False


def first_visit(*, opened: bool) -> None:
    """First visit (初始化): the demonstration or an empty office, which begins with its first administrator.

    Of an office that the command line has opened (`opened`) the administrator alone is asked for.
    """
    admitted = _admitted()
    with shell.frame(880 if admitted and not opened else 440):
        if not admitted:
            _code_form()
        elif opened:
            with st.container(border=True):
                st.subheader("设置管理员", anchor=False)
                st.write("系统已经建立，还没有账号。请设置第一个管理员。")
                _administrator("设置管理员")
        else:
            _choice()


def _code_form() -> None:
    with st.form("first-code"):
        st.subheader("首次打开", anchor=False)
        st.write("系统还没有账号。请输入服务器窗口中显示的一次性验证码；在服务器本机上打开则不需要。")
        st.text_input("验证码", key="first-code", autocomplete="off", placeholder="XXXX-XXXX")
        st.form_submit_button("继续", type="primary", width="stretch", on_click=_check_code)


def _choice() -> None:
    """The demonstration, or an empty office."""
    demo, empty = st.columns(2)
    with demo, st.container(border=True):
        st.subheader("演示数据", anchor=False)
        st.write("虚构的机构、人员和一年的计划与报告，各角色账号齐全，适合试用和演示。约需20秒。")
        if st.button("载入演示数据", width="stretch"):
            with st.spinner("正在生成演示数据……"):
                _open_demo()
            st.rerun()
    with empty, st.container(border=True):
        st.subheader("空系统", anchor=False)
        st.write("预置自治区、盟市人社部门和人事考试院，从第一个管理员账号开始正式使用。")
        _administrator("建立空系统")


def _admitted() -> bool:
    """Whether who is here may begin the office: at this machine, or by the code that its console says."""
    return context.at_this_machine() or bool(st.session_state.get("first-visit-admitted"))


def _check_code() -> None:
    """Admit who has the code of the console."""
    if fits(st.session_state["first-code"]):
        st.session_state["first-visit-admitted"] = True
    else:
        deeds.say("error", "验证码不正确。请看运行本系统的窗口中最后显示的一个。")


def _administrator(label: str) -> None:
    """The form of the first administrator (首个管理员)."""
    with st.form("empty-office", border=False, width=480):
        st.text_input("管理员姓名", key="admin-name")
        st.text_input("用户名", key="admin-username", placeholder="小写字母和数字，如 admin")
        st.text_input("密码", type="password", key="admin-password", autocomplete="new-password")
        st.text_input("再次输入密码", type="password", key="admin-again", autocomplete="new-password")
        st.caption(passwords.RULES)
        st.form_submit_button(label, type="primary", on_click=_open_empty)
    lies = "在" if db.has_keys() else "会放在"
    st.caption(f"密钥文件{lies}`{db.key_path()}`。没有它，身份证号和附件都打不开：请另存一份，与备份分开保管。")


def _open_demo() -> None:
    """Load the demonstration data (演示数据) in one transaction."""
    from data.demo.office import open_demo

    if not _admitted():
        return
    try:
        with db.transaction() as session:
            open_demo(session, now=datetime.now(UTC))
    except Refused as refused:
        deeds.say("error", refused.words)
    else:
        deeds.say("success", "演示数据已载入，请用下列任一账号登录。")


def _open_empty() -> None:
    """Open an empty office (空系统) with the administrator typed, or give the one opened before its administrator."""
    fields = ("name", "username", "password", "again")
    name, username, password, again = (st.session_state[f"admin-{field}"] for field in fields)
    now = datetime.now(UTC)
    if not _admitted():
        return
    if password != again:
        deeds.say("error", "两次输入的密码不一致，请重新输入。")
        return
    try:
        with db.transaction() as session:
            if not setup.is_open(session):
                setup.open_office(session, kind="empty", now=now)
            accounts.open_first(
                session,
                username=username,
                name=name,
                organization_id=setup.system_actor(session).organization_id,
                password=password,
                must_change_password=False,
                now=now,
            )
    except Refused as refused:
        deeds.say("error", refused.words)
    else:
        deeds.say("success", "系统已建立，请用刚才的管理员账号登录。")
