"""The shell of a page (页面框架): the guard, the page's head, links to other pages."""

from __future__ import annotations

import streamlit as st

from core.ground import db
from core.ground.access import Actor, Role
from web import context, deeds


def require(*roles: Role) -> Actor:
    """The guard, first statement of every page: nobody else's script goes on below it."""
    here = context.actor()
    if here is None:
        st.info("请先登录。登录后会回到本页。")
        st.markdown("[去登录](/)")
        st.stop()
    if here.must_change_password:
        st.warning("首次登录须先修改密码。")
        st.stop()
    if roles and here.role not in roles:
        st.error(f"本页由{'、'.join(role.label for role in roles)}使用，您当前的角色是{here.role.label}。")
        link("home", "回到首页")
        st.stop()
    return here


def page_file(name: str) -> str:
    """Where a page's script lies."""
    return str(db.ROOT / "pages" / f"{name}.py")


def link(name: str, label: str) -> None:
    """A link to a page."""
    st.page_link(page_file(name), label=label, icon=":material/arrow_forward:")


def page(title: str, caption: str = "") -> None:
    """The head of a page: title, what it is for, what just happened."""
    st.title(title, anchor=False)
    if caption:
        st.caption(caption)
    deeds.show_messages()
