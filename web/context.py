"""Request context (请求上下文): who is signed in, the office's clock, the address the office was reached by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.people import accounts, setup
from routes.session import COOKIE


def token() -> str | None:
    """The session token of this browser: from the cookie, or from the browser session until the cookie is set."""
    given = st.session_state.get("token") or st.context.cookies.get(COOKIE)
    return str(given) if given else None


def actor() -> Actor | None:
    """The current user (当前用户), asked of the database at every run: a closed account is out at its next click."""
    here = token()
    with db.reading() as session:
        return accounts.actor_of(session, here, datetime.now(UTC))


def moment(session: Session) -> datetime:
    """The office's current moment, asked of the session at hand: the real one, or the demonstration's."""
    return setup.moment(session, datetime.now(UTC))


def now() -> datetime:
    """The office's current moment, where no session is open."""
    with db.reading() as session:
        return moment(session)


def today() -> date:
    """The office's current day, where no session is open."""
    return db.office_day(now())


def origin() -> str:
    """Scheme and host of the address this browser reached the office by (base URL)."""
    parts = urlsplit(st.context.url or "http://127.0.0.1:8501")
    return f"{parts.scheme}://{parts.netloc}"
