"""Faulty policy files (有误的政策文件) on screen: each fault with its line, and a way to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from core.law import notices
from core.law.notices import Fault, Filed
from web import shell, tables
from web.words import md

REGION = "自治区"


def place(league: str | None) -> str:
    """Whose a notice is (适用范围), in words."""
    return league or REGION


def faulty_files(mend: Callable[[str], None] | None = None) -> None:
    """Faulty policy files (有误的政策文件) on file, for administrators; nothing where there are none.

    `mend(id)` opens one on the page itself; without it a link leads to the page that can.
    """
    found = [each for each in notices.filed() if each.faults]
    if not found:
        return
    with st.container(border=True):
        st.markdown("**有误的政策文件**　:gray[改正之前，需要它的办理会被拒绝；其他年度和盟市不受影响。]")
        for each in found:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{md(each.id)}**　:gray[{md(_held(each))}]", width="stretch")
                if mend:
                    st.button("打开改正", on_click=mend, args=(each.id,), key=f"mend-{each.id}")
                else:
                    shell.link("policy_lab", "打开改正", file=each.id)
            listed(each.faults)


def listed(faults: Iterable[Fault]) -> None:
    """Faults (错误) of policy files: the file, the line, where in it, what is wrong."""
    lines = [[md(each.file), str(each.line), md(each.path), md(each.words)] for each in faults]
    tables.prose(lines, ["文件", "行", "位置", "错误"])


def _held(each: Filed) -> str:
    if each.in_force is None:
        return "看不出适用于哪里、哪些日子"
    return f"{place(each.league)}，{each.in_force.first}至{each.in_force.last}"
