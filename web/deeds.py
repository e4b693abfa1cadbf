"""Deeds (办理): one deed in one transaction, double clicks done once, and the messages that say what happened."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core.ground import db
from core.ground.access import Actor, Refused
from core.people import setup
from web import context

AGAIN = 10.0
"""Seconds within which the same deed clicked again is the same click."""


@dataclass
class _Hand:
    """What this browser did last and has still to be told.

    One object in the session's state, taken up before a deed: the next click starts a run beside the one before, which
    is stopped when it touches the session's state next, although its deed is done or being done.
    """

    busy: threading.Lock = field(default_factory=threading.Lock)
    """Held while a deed is being done, so that the second click finds it done."""

    run: threading.Thread | None = None
    """The run that did something last. Whatever comes after another deed is meant, however alike."""
    done: dict[tuple[Any, ...], tuple[float, str | None, Any]] = field(default_factory=dict)
    """What that run did, by its `once`: when it ended (monotonic seconds), its words, what it made."""
    messages: list[tuple[str, str, bool]] = field(default_factory=list)
    """Kind, words, and whether whoever is told works far below the head of the page."""

    def say(self, kind: str, words: str, below: bool = False) -> None:
        if (kind, words, below) not in self.messages:
            self.messages.append((kind, words, below))


def _hand() -> _Hand:
    hand: _Hand = st.session_state.setdefault("hand", _Hand())
    return hand


def say(kind: str, words: str, *, below: bool = False) -> None:
    """Keep a message for the top of the page as it is drawn next, once. `kind`: success, error, warning.

    `below`: who is told works below the top and does not see it, so that it floats into view as well.
    """
    _hand().say(kind, words, below)


ICONS = {"success": ":material/check_circle:", "error": ":material/error:", "warning": ":material/warning:"}


def told() -> None:
    """Show what was said since the page was drawn last."""
    messages = _hand().messages
    for kind, words, below in list(messages):
        getattr(st, kind)(words)
        if below:
            st.toast(words, icon=ICONS[kind], duration="short" if kind == "success" else "long")
        del messages[:1]


def deed(act: Callable[..., Any], *once: Any, below: bool = False) -> Any:
    """Do one deed in one transaction, then say what happened; a refusal changes nothing and says what to do.

    `act(session, actor=, now=)` answers the words of success, or those and what it made. Answers what was made (True
    where nothing is), None where it was refused. The actor is asked for anew: between drawing a button and clicking it
    a sign-in may have ended.

    `once` names the deed and all it was done with: the record, the version seen, what was typed. Clicked twice, a deed
    is done once and told of again, instead of being done twice or refused for having been faster than oneself.
    `below`: see `say`.
    """
    hand = _hand()
    with hand.busy:
        ended, words, made = hand.done.get(once, (-math.inf, None, None))
        if time.monotonic() - ended > AGAIN:
            try:
                words, made = _done(act)
            except Refused as refused:
                hand.say("error", refused.words, below)
                return None
            if hand.run is not threading.current_thread():
                hand.run, hand.done = threading.current_thread(), {}
            hand.done[once] = time.monotonic(), words, made
    if words:
        hand.say("success", words, below)
    return made


def _signed_in() -> Actor:
    """Who acts by now: between drawing a button and clicking it a sign-in may have ended."""
    here = context.actor()
    if here is None:
        raise Refused("role", "登录已失效，操作没有执行。请重新登录后再试。")
    return here


def _done(act: Callable[..., Any]) -> tuple[str | None, Any]:
    here = _signed_in()
    try:
        with db.transaction() as session:
            answer = act(session, actor=here, now=setup.moment(session, datetime.now(UTC)))
    except StaleDataError as stale:
        raise Refused("stale", "这条记录刚刚被他人处理，您的操作没有执行，请查看最新状态。") from stale
    return answer if isinstance(answer, tuple) else (answer, True)


def answer(question: Callable[[Session, Actor], Any]) -> Any:
    """Ask core something in a button's callback, where a page has no place for a refusal: it is told at the top.

    Answers what `question(session, actor)` answers, None where it was refused.
    """
    try:
        with db.reading() as session:
            return question(session, _signed_in())
    except Refused as refused:
        say("error", refused.words, below=True)
        return None
