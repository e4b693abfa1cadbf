"""Reversal of hours (冲销学时): asked once more, in figures, before it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from web.facts import fact


@st.dialog("冲销学时")
def ask_again(words: str, reason: str, reverse: Callable[..., None], args: tuple[Any, ...], *, key: str) -> None:
    """Confirmation (确认冲销): what a reversal would take back, in figures, and the button that does it."""
    st.markdown(f"**{words}。**")
    fact("冲销原因", reason)
    st.caption("冲销不能撤回；冲错的，须重新登记正确的学时。")
    with st.container(horizontal=True):
        done = st.button("确认冲销", type="primary", on_click=reverse, args=args, key=f"{key}-confirmed")
        if st.button("不冲销", key=f"{key}-kept") or done:
            st.rerun()


def to_look_at(relied: int, reversal_id: int) -> str:
    """Affected decisions (受影响的结论): how many relied on the hours taken back, and where they are listed."""
    return f"，{relied}项资格核验结论曾用到这些学时，请到“入账批次与冲销”第{reversal_id}批查看并复核" if relied else ""
