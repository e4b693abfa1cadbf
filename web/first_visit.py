"""First visit (初始化): the demonstration, or an empty office with its first administrator."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.ground import db
from core.ground.access import Refused
from core.people import accounts, setup
from web import deeds
from web.words import OFFICE


def first_visit(*, opened: bool) -> None:
    """First visit (初始化): the demonstration or an empty office, which begins with its first administrator.

    Of an office that the command line has opened (`opened`) the administrator alone is asked for.
    """
    st.title(OFFICE, anchor=False)
    if opened:
        st.write("系统已经建立，还没有账号。请设置第一个管理员。")
        _administrator("设置管理员")
        return
    st.write("系统还没有数据。请选择从演示数据开始，或建立一个空的系统。")
    demo, empty = st.columns(2)
    with demo, st.container(border=True):
        st.subheader("演示数据", anchor=False)
        st.write("虚构的机构、人员和一年的计划与报告，各角色账号齐全，适合试用和演示。约需20秒。")
        if st.button("载入演示数据", type="primary"):
            with st.spinner("正在生成演示数据……"):
                _open_demo()
            st.rerun()
    with empty, st.container(border=True):
        st.subheader("空系统", anchor=False)
        st.write("预置自治区、盟市人社部门和人事考试院，从第一个管理员账号开始正式使用。")
        _administrator("建立空系统")


def _administrator(label: str) -> None:
    """The form of the first administrator (首个管理员)."""
    with st.form("empty-office", border=False, width=480):
        st.text_input("管理员姓名", key="admin-name")
        st.text_input("用户名", key="admin-username", placeholder="小写字母和数字，如 admin")
        st.text_input("密码", type="password", key="admin-password", autocomplete="new-password")
        st.form_submit_button(label, type="secondary", on_click=_open_empty)


def _open_demo() -> None:
    """Load the demonstration data (演示数据) in one transaction."""
    from data.demo.office import open_demo

    try:
        with db.transaction() as session:
            open_demo(session, now=datetime.now(UTC))
    except Refused as refused:
        deeds.say("error", refused.words)
    else:
        deeds.say("success", "演示数据已载入，请用下列任一账号登录。")


def _open_empty() -> None:
    """Open an empty office (空系统) with the administrator typed, or give the one opened before its administrator."""
    name, username, password = (st.session_state[f"admin-{field}"] for field in ("name", "username", "password"))
    now = datetime.now(UTC)
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
