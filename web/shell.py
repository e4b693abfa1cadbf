"""The shell of a page (页面框架): the guard, the page's head, links to other pages."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.ground import db
from core.ground.access import Actor, Role
from core.people.identity import Identity, data_url
from web import context
from web.words import md

STYLE = Path(__file__).parent / "shell.css"
"""How head, menu and strip are drawn, on every page."""

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
def _text(file: Path) -> str:
    """A file of styles as it was when it was first asked for, on one line: each run hands it over."""
    return file.read_text(encoding="utf-8").replace("\n", " ")


def style(*looks: Path | str) -> None:
    """How a page looks (样式): files of CSS, and CSS of this page alone, as one element.

    Never in a dialog or another part that is drawn by itself: Streamlit counts styles anew there, so that the first
    would take the place of the page's own.
    """
    st.html(f"<style>{' '.join(_text(each) if isinstance(each, Path) else each for each in looks)}</style>")


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
    fresh = object.__new__(st.Page)  # as `copy.copy`, which is slower at it, fifty times in each run
    vars(fresh).update(vars(_PAGES[key]))
    return fresh


def linked(name: str) -> Any:
    """A page for a link (链接的页面): its object, since a path is looked for among all pages."""
    return registered(name, default=name == "home")


BACK = ":material/arrow_back:"
"""The icon of a link to where one came from."""


def link(name: str, label: str, *, icon: str = ":material/arrow_forward:", **query: str) -> None:
    """A link to a page (页面链接), with query parameters for its address."""
    st.page_link(linked(name), label=label, icon=icon, query_params=query or None)


def without_address(papers: str) -> None:
    """What is said beside papers (审验卡、开通码条) without a public address: this browser's is not everybody's.

    Who may fill it in is led there.
    """
    actor = context.actor()
    own = actor is not None and actor.role is Role.ADMIN and actor.oversees_region
    who = "请" if own else "由自治区管理员"
    st.caption(f"没有设置对外网址，{papers}上不印网址。{who}在“机构与账号”的“本单位”填写，填好后再办的才有。")
    if own:
        link("organizations", "填写对外网址", view="本单位")


def go(name: str, **query: str) -> NoReturn:
    """Go to a page (转到页面) at once, with query parameters for its address."""
    st.switch_page(page_file(name), query_params=query)


MARK = db.ROOT / "web" / "drawings" / "mark.svg"
"""The mark (标志) of the system, for an office that has none of its own: in the tab, the menu, at the sign-in."""


MENU_WIDTH = 240
"""Pixels of the menu, until somebody draws it wider."""


def identify(whose: Identity, title: str = "") -> str:
    """Whose system this is (单位名称、标志), in the tab, and with a page's `title` at the head of the menu.

    Answers the CSS that writes the name there.
    """
    tab, mark = " · ".join(filter(None, [title, whose.called])), whose.picture(MARK)
    st.set_page_config(page_title=tab, page_icon=mark, layout="wide", initial_sidebar_state=MENU_WIDTH)
    if not title:
        return ""
    st.logo(mark, size="large")
    called = "".join(f"\\{ord(letter):06x}" for letter in whose.called)  # as CSS writes any letter
    return f'[data-testid="stSidebarHeader"]::after {{ content: "{called}" }}'


def nameplate(whose: Identity) -> None:
    """Mark and name (单位名称、标志) above what a page without a menu asks for."""
    with st.container(gap="xsmall", horizontal_alignment="center", key="nameplate"):
        st.html(f'<img src="{whose.picture(MARK)}" alt="" width="48" height="48">', width="content")
        st.title(md(whose.called), anchor=False, text_alignment="center")


@contextmanager
def frame(width: int = 440) -> Iterator[None]:
    """The frame of what comes before the pages (登录页框): mark and name above, in the middle, what is drawn inside."""
    with st.container(horizontal_alignment="center"), st.container(width=width):
        nameplate(context.known().whose)
        yield


def empty(words: str, drawing: Literal["clear", "nothing"] = "nothing") -> None:
    """An empty list (空列表): a drawing, and why it is empty and what to do next, in Markdown.

    `clear`: all is done; `nothing`: nothing was found.
    """
    with st.container():  # one element, as the list is that comes in its place: what stands below stays in the hand
        st.html(f'<div class="empty-drawing"><img src="{data_url(MARK.parent / f"{drawing}.svg")}" alt=""></div>')
        st.info(words)


def page(title: str, caption: str = "") -> None:
    """Page header (页面标题): title and what it is for."""
    st.title(title, anchor=False)
    if caption:
        st.caption(caption)


def strip(links: Sequence[tuple[str, str]], here: str) -> str:
    """The strip of a room (栏目内导航): its pages side by side, each a file and a label, `here` the one that is open.

    The menu entry of a room links to its first page; the CSS that is answered highlights it while another page of the
    room is open.
    """
    first = links[0][0]
    open_one = f'.st-key-strip a[href="{here}"] {{ border-color: light-dark(#174e86, #6fa8e0) }}'
    entry = f'[data-testid="stSidebarNavLink"][href$="/{first}"] {{ background: light-dark(#d8e1ea, #313c47) }}'
    if len(links) > 1:
        with st.container(horizontal=True, gap=None, key="strip"):
            for file, label in links:
                st.page_link(linked(file), label=label, icon="", width="content")
    return open_one + (entry if here != first else "")
