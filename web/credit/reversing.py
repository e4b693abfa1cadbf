"""Reversal of hours (冲销学时): which lines, what it leads to before the click, asked once more before it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import decisions
from core.ground import db, typed
from core.ground.access import Actor, Refused
from core.ledger import books
from core.ledger.standing import Standing, reversed_lines
from core.models import CreditBatch
from core.office import unsaved
from web import address, autosave, bar, deeds
from web.deeds import Act, Who
from web.facts import fact
from web.words import md


def _reversal(batch_id: int, written: str | None) -> Act[tuple[frozenset[int], int, str]]:
    """What a reversal would take back: its lines, how many decisions relied on them, the whole in words.

    `written`: the lines as they are written down; None for all that still stand. Refused as the reversal would be.
    """

    def question(session: Session, **who: Unpack[Who]) -> tuple[frozenset[int], int, str]:
        lines = None if written is None else books.line_numbers(written)
        taken = books.foreseen(session, batch_id, lines=lines, **who)
        if lines is None:
            entries = session.get_one(CreditBatch, batch_id).entries
            lines = {*range(1, entries + 1)} - reversed_lines(session, batch_id)
        relied = len(decisions.relied(session, batch_id, who["actor"], only=lines))
        words = f"将{taken.words}"
        words += f"；{relied}项资格核验结论曾用到这些学时" if relied else ""
        words += f"；该批{f'还有{taken.left}笔有效' if taken.left else '全部冲销'}"
        return frozenset(lines), relied, words

    return question


def _foretold(batch: CreditBatch, written: str | None) -> str | Refused:
    """What a reversal would lead to, in words, for beside its button; or why it would be refused."""
    name = "reverse" if written is None else "reverse-lines"
    large = batch.entries >= books.LARGE
    told = deeds.foretold(_reversal(batch.id, written), name, batch.id, written, large=large)
    return told if isinstance(told, Refused) else f"{told[2]}。"


def _place(batch_id: int) -> str:
    """Where a reason that was not sent yet is kept."""
    return f"reverse:{batch_id}"


def _ask(batch_id: int, chosen: bool, key: str) -> None:
    """Undo one line on which nothing was decided at once; else only after it was said how much that is.

    `chosen`: the lines that were ticked or written down, not all that still stand.
    """
    reason = typed.prose(st.session_state[key])
    with db.reading() as session:
        large = session.get_one(CreditBatch, batch_id).entries >= books.LARGE
    asked = _reversal(batch_id, st.session_state[f"{key}-lines"] if chosen else None)
    try:
        lines, relied, words = deeds.rehearsed(asked, large=large)
    except Refused as refused:
        deeds.say("error", refused.words, at=[f"{key}-lines"])
        return
    args = (batch_id, lines, reason, key)
    if (len(lines) == 1 and not relied) or not reason:  # without a reason it is refused, in the ledger's words
        _reverse(*args)
        return
    ask_again(words, reason, _reverse, args, key=key)


def _reverse(batch_id: int, lines: frozenset[int], reason: str, key: str) -> None:
    """Undo these lines, and leave nothing filled in beside the buttons for the lines that remain."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        batch, taken = books.reverse(session, batch_id, reason=reason, lines=lines, **who)
        unsaved.drop(session, _place(batch_id), actor=who["actor"])
        words = _to_look_at(len(decisions.relied(session, batch.id, who["actor"])), batch.id)
        return f"已{taken.words}。冲销记在第{batch.id}批{words}。"

    if deeds.deed(act, "reverse", batch_id, lines, at=lambda refused: (key,) if refused.code == "reason" else ()):
        autosave.put(key, "")
        st.session_state[f"{key}-lines"] = ""
        address.choose(f"line{batch_id}", None)
        address.forget_choice()


def ticked(batch_id: int) -> set[int]:
    """The lines written down so far (所选笔号); none while they cannot be read. A link may name the first."""
    linked = address.chosen(f"line{batch_id}")
    written = st.session_state.setdefault(f"reverse-{batch_id}-lines", str(linked or ""))
    try:
        return books.line_numbers(written)
    except Refused:
        return set()


def choose(batch_id: int, lines: set[int]) -> None:
    """Write down the lines that were ticked."""
    st.session_state[f"reverse-{batch_id}-lines"] = books.line_words(lines)


def undoing(batch: CreditBatch, standing: Standing, actor: Actor) -> None:
    """The whole batch, or the lines ticked or written down, and what that leads to; with a reason."""
    with bar.bar(keep=True):
        _asking(batch, standing, actor)


def _asking(batch: CreditBatch, standing: Standing, actor: Actor) -> None:
    """What to fill in and to press, where the message of the last deed stands as well."""
    key, words = f"reverse-{batch.id}", "冲销整批" if standing == Standing.STANDS else "冲销其余各笔"
    autosave.words(
        st.text_input,
        "冲销原因（必填，会显示在学时明细和失效的审验卡上）",
        key=key,
        place=_place(batch.id),
        actor=actor,
        placeholder="如：与第3批重复",
        max_chars=books.LONGEST_REASON,
    )
    with st.container(gap="xsmall"):
        if batch.entries > 1 and (written := st.session_state[f"{key}-lines"]):
            told = _foretold(batch, written)
            if isinstance(told, Refused):
                st.warning(md(told.words))
            else:
                st.info(md(told))
        if batch.entries < books.LARGE or typed.text(st.session_state[key]):  # of a large one once it is meant
            told = _foretold(batch, None)
            st.caption(md(f"{words}：{told.words if isinstance(told, Refused) else told}"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if batch.entries > 1:
            place, again = "在上表勾选，或填写，如：2、5-9", address.forget_choice
            st.text_input("笔号", key=f"{key}-lines", placeholder=place, width=260, on_change=again)
            st.button("冲销所选各笔", on_click=_ask, args=(batch.id, True, key), key=f"{key}-some")
        st.button(words, on_click=_ask, args=(batch.id, False, key), key=f"{key}-all")


@st.dialog("冲销学时")
def ask_again(words: str, reason: str, done_by: Callable[..., None], args: tuple[Any, ...], *, key: str) -> None:
    """Confirmation (确认冲销): what a reversal would take back, in figures, and the button that does it."""
    st.markdown(f"**{words}。**")
    fact("冲销原因", reason)
    st.caption("冲销不能撤回；冲错的，须重新登记正确的学时。")
    with st.container(horizontal=True):
        done = st.button("确认冲销", type="primary", on_click=done_by, args=args, key=f"{key}-confirmed")
        if st.button("不冲销", key=f"{key}-kept") or done:
            st.rerun()


def _to_look_at(relied: int, reversal_id: int) -> str:
    """Affected decisions (受影响的结论): how many relied on the hours taken back, and where they are listed."""
    return f"，{relied}项资格核验结论曾用到这些学时，请到“入账批次与冲销”第{reversal_id}批查看并复核" if relied else ""
