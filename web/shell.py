"""The shell of a page (页面框架): the guard, the page's head, links to other pages."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.ground import db
from core.ground.access import Actor, Role
from web import context

LARGE = Path(__file__).parent / "large.css"
"""Large type (大字显示), for the accounts that want it."""


def require(*roles: Role, elsewhere: Callable[[Actor], None] | None = None) -> Actor:
    """The guard (权限检查), first statement of every page: for anybody but these roles the script stops here.

    `elsewhere` draws where somebody signed in finds in another place what the address names, if anywhere.
    """
    here = context.actor()
    if here is None:
        st.info("请先登录。登录后会回到本页。")
        st.markdown("[去登录](/)")
        st.stop()
    if here.held_back:
        st.warning("首次登录须先修改密码。" if here.must_change_password else "请先启用动态口令。")
        st.stop()
    if roles and here.role not in roles:
        st.error(f"本页由{'、'.join(role.label for role in roles)}使用，您当前的角色是{here.role.label}。")
        if elsewhere:
            elsewhere(here)
        link("home", "回到首页")
        st.stop()
    return here


@functools.cache
def page_file(name: str) -> str:
    """The path of a page's script, for links and tests."""
    return str(db.ROOT / "pages" / f"{name}.py")


_PAGES: dict[tuple[Any, ...], Any] = {}
"""Pages as they were made; making one anew looks up its file, for each of the menu at every run."""


def registered(name: str, **told: Any) -> Any:
    """A page for the registry (页面注册), one of its own for each run, which marks it as drawn: see `st.Page`."""
    key = name, *told.values()
    if key not in _PAGES:
        made = st.Page(page_file(name), **told)
        if get_script_run_ctx() is None:  # then it is no whole page
            return made
        if len(_PAGES) > 1000:
            _PAGES.clear()
        _PAGES[key] = made
    return copy.copy(_PAGES[key])


BACK = ":material/arrow_back:"
"""The icon of a link to where one came from."""


def link(name: str, label: str, *, icon: str = ":material/arrow_forward:", **query: str) -> None:
    """A link to a page (页面链接), with query parameters for its address."""
    st.page_link(page_file(name), label=label, icon=icon, query_params=query or None)


def go(name: str, **query: str) -> NoReturn:
    """Go to a page (转到页面) at once, with query parameters for its address."""
    st.switch_page(page_file(name), query_params=query)


def page(title: str, caption: str = "") -> None:
    """Page header (页面标题): title and what it is for."""
    st.title(title, anchor=False)
    if caption:
        st.caption(caption)
