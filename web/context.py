"""Request context (请求上下文): who is signed in, the office's clock, the address the office was reached by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import streamlit as st

from core.ground import db
from core.ground.access import Actor
from core.people import accounts, setup
from routes.session import COOKIE


def token() -> str | None:
    """The sign-in this browser holds: from the cookie, or from this very session until the cookie is set."""
    given = st.session_state.get("token") or st.context.cookies.get(COOKIE)
    return str(given) if given else None


def actor() -> Actor | None:
    """Who is signed in, asked of the database at every run, so that a closed account is out at its next click."""
    with db.reading() as session:
        return accounts.actor_of(session, token(), datetime.now(UTC))


def now() -> datetime:
    """The office's moment: the real one, or the demonstration's."""
    with db.reading() as session:
        return setup.moment(session, datetime.now(UTC))


def today() -> date:
    return db.office_day(now())


def origin() -> str:
    """Scheme and host this browser reached the office by."""
    parts = urlsplit(st.context.url or "http://127.0.0.1:8501")
    return f"{parts.scheme}://{parts.netloc}"
