"""Deeds (办理): one transaction each, the double-click guard (idempotency), and the messages that say what happened."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypedDict, TypeVar, Unpack

import streamlit as st
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core.ground import db
from core.ground.access import Actor, Refused
from core.trail import kept
from web import context


class Who(TypedDict):
    """Who acts and when: what every deed of core is handed, `def act(session, **who: Unpack[Who])`."""

    actor: Actor
    now: datetime


Made = TypeVar("Made", covariant=True)


class Act(Protocol[Made]):
    """One act over core, and what it makes: a deed its words of success, or those and a record; a download its file."""

    def __call__(self, session: Session, /, **who: Unpack[Who]) -> Made: ...


AGAIN = 10.0
"""Seconds within which the same deed clicked again counts as a double click."""


@dataclass
class Hand:
    """Double-click guard (idempotency): the deeds of this browser session's last run, and the messages not shown yet.

    One object in the session's state, fetched before a deed: the next click starts a run beside the one before, which
    is stopped when it touches the session's state next, although its deed is done or being done.
    """

    busy: threading.Lock = field(default_factory=threading.Lock)
    """Held while a deed is being done, so that the second click finds it done."""

    run: threading.Thread | None = None
    """The run that did something last. Whatever comes after another deed is meant, however alike."""
    done: dict[tuple[Any, ...], tuple[float, str | None, Any]] = field(default_factory=dict)
    """What that run did, by its `once`: when it ended (monotonic seconds), its words, what it made."""
    messages: list[tuple[str, str]] = field(default_factory=list)
    """Kind and words; `web.bar` shows them."""
    last: list[tuple[str, str]] = field(default_factory=list)
    """What the page's bar shows, as long as it keeps it."""
    of: object = None
    """What stood on the page when its bar said that."""
    at: tuple[str, ...] = ()
    """The keys of the fields that the last refusal asks for; the first of them on the page comes under the hand."""
    barred: bool = False
    """Whether the page as it is being drawn has a bar that keeps its message."""

    def say(self, kind: str, words: str, *, first: bool = False) -> None:
        if (kind, words) not in self.messages:
            self.messages.insert(0 if first else len(self.messages), (kind, words))


def hand() -> Hand:
    """The guard and the messages of this browser session."""
    found: Hand = st.session_state.setdefault("hand", Hand())
    return found


def say(kind: str, words: str, *, first: bool = False, at: Iterable[str] = ()) -> None:
    """Flash message (提示): shown once, inside the viewport, when the page is drawn next (`web.bar`), as plain text.

    `kind`: success, error, warning. `first`: before what was said already, as the sum of what was done to many. `at`:
    the keys of the fields in which it is put right; the first of them on the page comes under the hand.
    """
    here = hand()
    here.say(kind, words, first=first)
    here.at = tuple(at) or here.at


def deed(
    act: Act[Any],
    *once: Any,
    refused: str = "",
    instead: Callable[[Refused], bool] | None = None,
    at: Callable[[Refused], Iterable[str]] = lambda _refused: (),
) -> Any:
    """Do one deed in one transaction, then say what happened; a refusal changes nothing and says what to do.

    `act(session, **who: Unpack[Who])` answers the words of success, or those and what it made. Answers what was made
    (True where nothing is), None where it was refused.

    `once` names the deed and its input: the record, the version seen, what was typed. A double click does the deed once
    (idempotent) and shows its message again, instead of doing it twice or being refused as stale. `refused`: what
    stands before the words of a refusal, where several deeds are done at once. `instead` is asked what a refusal comes
    to: whether it has seen to it, and said so. `at`: the keys of the fields in which a refusal is put right.
    """
    here = hand()
    with here.busy:
        ended, words, made = here.done.get(once, (-math.inf, None, None))
        if time.monotonic() - ended > AGAIN:
            try:
                words, made = attempt(act)
            except Refused as why:
                here.at = tuple(at(why))
                if not (instead and instead(why)):
                    here.say("error", refused + why.words)
                return None
            if here.run is not threading.current_thread():
                here.run, here.done = threading.current_thread(), {}
            here.done[once] = time.monotonic(), words, made
    if words:
        here.say("success", words)
    return made


def _signed_in(session: Session) -> Actor:
    """The actor at the moment of the click: since the button was drawn, the sign-in may have ended."""
    here = context.actor_now(session)
    if here is None:
        raise Refused("role", "登录已失效，操作没有执行。请重新登录后再试。")
    return here


def attempt(act: Act[Any]) -> tuple[str | None, Any]:
    """The deed itself, for who shows its words in another place: them and what it made; a refusal is raised.

    Refused codes: "role", "stale" (optimistic lock), and its own.
    """
    try:
        with db.transaction() as session:
            answer = act(session, actor=_signed_in(session), now=context.moment(session))
    except StaleDataError as stale:
        raise Refused("stale", "这条记录刚刚被他人处理，您的操作没有执行，请查看最新状态。") from stale
    context.renew()
    return answer if isinstance(answer, tuple) else (answer, True)


def rehearsed(act: Act[Made], *, large: bool = False) -> Made:
    """What a deed would answer if it were done now; nothing of it is kept. Refused as the deed would be.

    A `large` one is rehearsed on a copy, so that nobody waits for it.
    """
    with db.rehearsal_on_a_copy() if large else db.rehearsal() as session:
        return act(session, actor=_signed_in(session), now=context.moment(session))


KEPT, SLOW = 60.0, 1.0
"""Seconds for which what was foretold is said again whatever the office did meanwhile, where asking took as long."""


@dataclass(frozen=True)
class _Foretold:
    """What a deed would answer, or why it would be refused, as it was asked."""

    asked: tuple[Any, ...]
    stamp: object
    """Where the office stood then."""
    until: float
    """Monotonic seconds."""
    told: Any


def foretold(act: Act[Made], *asked: Any, large: bool = False) -> Made | Refused:
    """What a deed would answer, or why it would be refused, to stand beside its button (后果预告) on every run.

    `asked` names the deed and its input. It is found anew once the office has done anything; the deed finds it anew in
    any case.
    """
    store: dict[Any, _Foretold] = st.session_state.setdefault("foretold", {})
    with db.reading() as session:
        stamp = kept.stamp(session), context.today()
    before = store.get(asked[0])
    if before and before.asked == asked and (before.stamp == stamp or time.monotonic() < before.until):
        known: Made | Refused = before.told
        return known
    began = time.monotonic()
    told: Made | Refused
    try:
        told = rehearsed(act, large=large)
    except Refused as refused:
        told = refused
    slow = time.monotonic() - began > SLOW
    store[asked[0]] = _Foretold(asked, stamp, time.monotonic() + KEPT if slow else 0.0, told)
    return told


def answer(question: Callable[[Session, Actor], Any]) -> Any:
    """Ask core something in a button's callback; a refusal becomes a message.

    Answers what `question(session, actor)` answers, None where it was refused.
    """
    try:
        with db.reading() as session:
            return question(session, _signed_in(session))
    except Refused as refused:
        say("error", refused.words)
        return None
