"""Request context (请求上下文): who is signed in, the office's clock, the address the office was reached by."""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.office import home
from core.people import accounts, identity, setup
from core.people.identity import Identity
from routes import door
from routes.session import COOKIE

Counts = TypeVar("Counts")


@dataclass(frozen=True)
class Known:
    """What every part of a page asks first, asked once for its whole run, of one snapshot."""

    opened: bool
    """Whether there is an office: a demonstration or an empty one."""
    begun: bool
    """Whether it has anybody who can sign in."""
    demo: bool
    ahead: int
    """Days by which the demonstration's date runs ahead."""
    now: datetime
    actor: Actor | None
    counts: dict[str, int]
    """What waits for the actor, by kind (`home.counts`), a few seconds old at most."""
    address: str
    """The office's public address (`setup.address`); "" where it has none."""
    whose: Identity
    """The name and the mark that every page carries."""


IN_USE: set[str] = set()
"""Tokens of the sign-ins in which a page was drawn since `keep_in_use` ran last."""


def keep_in_use() -> None:
    """Keep the sign-ins going that were used (续期), all at once and beside the pages, which never wait for it."""
    tokens = {IN_USE.pop() for _ in range(len(IN_USE))}
    if tokens:
        with db.transaction() as session:
            accounts.used(session, tokens, datetime.now(UTC))


_known: contextvars.ContextVar[Known | None] = contextvars.ContextVar("ce_known_in_this_run", default=None)
"""Of the run in this thread; each browser session's run has a thread of its own, and so has what it does beside."""


@contextlib.contextmanager
def one_run() -> Iterator[Known]:
    """One run of a page (一次运行): what is known is asked now, and forgotten at its end; a deed asks it again.

    What a button's callback asks comes before that, a download's content after it: both ask the database themselves.
    """
    before, places = _known.set(_asked()), _places.set(itertools.count())
    try:
        yield known()
    finally:
        _known.reset(before)
        _places.reset(places)


_places: contextvars.ContextVar[Iterator[int] | None] = contextvars.ContextVar("ce_places_in_this_run", default=None)


def place() -> int:
    """Which of its sort a thing is on the page (第几个), so that two that are alike are two."""
    return next(_places.get() or itertools.count())


def renew() -> None:
    """Ask again what is known in this run, after something was changed."""
    _COUNTS.clear()
    if _known.get():
        _known.set(_asked())


def known() -> Known:
    """What is known in this run; outside one it is asked now, where no session is open."""
    return _known.get() or _asked()


def _asked() -> Known:
    here, real = token(), datetime.now(UTC)
    with db.reading() as session:
        settings = setup.settings(session)
        opened, ahead = "office" in settings, setup.days_ahead(settings)
        actor = accounts.actor_of(session, here, real) if opened else None
        begun = actor is not None or (opened and not accounts.none_yet(session))
        counts = _counted(session, actor, real + timedelta(days=ahead)) if actor else {}
    if here and actor:
        IN_USE.add(here)
    demo, moment = settings.get("office") == "demo", real + timedelta(days=ahead)
    return Known(opened, begun, demo, ahead, moment, actor, counts, setup.address(settings), identity.told(settings))


_COUNTS: dict[Any, tuple[float, Any]] = {}
"""By what was asked, when it was counted (monotonic seconds) and what came out."""
COUNTED_FOR = 5.0
"""Seconds for which counts hold; a deed done in this process has them counted anew at once."""


def counted(question: Any, count: Callable[[], Counts]) -> Counts:
    """Counts (件数) as they were up to a few seconds ago, by a question that says who asks and what."""
    counted_at, counts = _COUNTS.get(question, (-math.inf, None))
    if counts is None or time.monotonic() - counted_at > COUNTED_FOR:
        if len(_COUNTS) > 1000:
            _COUNTS.clear()
        counts = count()
        _COUNTS[question] = time.monotonic(), counts
    found: Counts = counts
    return found


def _counted(session: Session, here: Actor, moment: datetime) -> dict[str, int]:
    return counted(here.account_id, lambda: home.counts(session, here, now=moment))


def token() -> str | None:
    """The session token of this browser: from the cookie, or from the browser session until the cookie is set."""
    given = st.session_state.get("token") or st.context.cookies.get(COOKIE)
    return str(given) if given else None


def at_this_machine() -> bool:
    """Whether this browser runs on the machine that serves (本机)."""
    return door.from_this_machine(st.context.ip_address, st.context.headers)


def actor() -> Actor | None:
    """The current user (当前用户), asked of the database at every run: a closed account is out at its next click."""
    return known().actor


def actor_now(session: Session) -> Actor | None:
    """The current user at this moment, asked of the session at hand: of a click, whatever the page was drawn for."""
    return accounts.actor_of(session, token(), datetime.now(UTC))


def moment(session: Session) -> datetime:
    """The office's current moment, asked of the session at hand: the real one, or the demonstration's."""
    return setup.moment(session, datetime.now(UTC))


def now() -> datetime:
    """The office's current moment, the same throughout a run."""
    return known().now


def today() -> date:
    """The office's current day, the same throughout a run."""
    return db.office_day(now())


def here() -> str:
    """Where this browser reached the office, which is not where everybody does (`Known.address`): never printed."""
    parts = urlsplit(st.context.url or "http://127.0.0.1:8501")
    return f"{parts.scheme}://{parts.netloc}"
