"""Opening the office (开办清单) on an administrator's home: each step with its page, and what is set aside and why."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.office import checklist
from core.office.checklist import Step
from web import deeds, links
from web.deeds import Who
from web.links import Place
from web.words import md

PLACES: dict[str, Place] = {
    "key": ("keys", {}),
    "backup": ("backups", {}),
    "place": ("backups", {}),
    "name": ("organizations", {"view": "本单位"}),
    "address": ("organizations", {"view": "本单位"}),
    "mail": ("organizations", {"view": "本单位"}),
    "second": ("organizations", {"view": "账号"}),
    "organizations": ("moving_in", {"view": "机构"}),
    "accounts": ("moving_in", {"view": "账号"}),
    "people": ("moving_in", {"view": "人员"}),
    "notice": ("policy_lab", {}),
    "calendar": ("calendar", {}),
}
"""On which page each is seen to."""


def draw(steps: tuple[Step, ...]) -> None:
    """The list (开办清单): what is open first, each a link; below it what is done or set aside."""
    open_ = [step for step in steps if not step.settled]
    settled = [step for step in steps if step.settled]
    with links.lines("opening"):
        st.markdown(f"**开办清单**　:blue-badge[{len(settled)}/{len(steps)}]　:gray[办好一项，自动打勾]")
        for step in open_:
            links.line(f":orange-badge[待办]　**{step.name}**　{md(step.words)}", PLACES[step.code])
    with st.container(horizontal=True):
        with st.popover("有不适用的", icon=":material/remove_done:"):
            _aside(open_)
        with st.popover(f"已办的和暂不办理的（{len(settled)}）", icon=":material/done_all:", disabled=not settled):
            for step in settled:
                _settled(step)


def _settled(step: Step) -> None:
    if step.done:
        links.line(f":green-badge[已办]　**{step.name}**　{md(step.words)}", PLACES[step.code])
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":gray-badge[暂不办理]　**{step.name}**　{md(step.aside)}")
        st.button("重新列入", key=f"again-{step.code}", on_click=_set, args=(step.code, step.name, False))


def _aside(open_: list[Step]) -> None:
    names = {step.code: step.name for step in open_}
    code = st.selectbox("事项", list(names), format_func=names.__getitem__, key="aside-code", required=True)
    words = "为什么不适用（必填，记入审计日志）"
    st.text_input(words, key="aside-why", max_chars=100, placeholder="如：本单位不用邮件")
    st.button("暂不办理", key="aside-do", on_click=_set, args=(code, names[code], True))


def _set(code: str, name: str, aside: bool) -> None:
    reason = st.session_state.get("aside-why", "") if aside else ""
    if aside and not reason:
        deeds.say("error", "请写明为什么不适用。")
        return

    def act(session: Session, **who: Unpack[Who]) -> str:
        checklist.set_aside(session, code, reason=reason, **who)
        return f"“{name}”{'已列为暂不办理，随时可以重新列入' if aside else '已重新列入'}。"

    if deeds.deed(act, "aside", code, reason) and aside:
        st.session_state["aside-why"] = ""
