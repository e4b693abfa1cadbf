"""The whole HTTP application: the screens, the routes beside them, and what every response goes through."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core import approvals, cards, dashboards, db, notices  # noqa: F401  loaded before the freeze, so that no session pays
from web import routes


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Bring the database up to date, then set what is loaded apart from the garbage collector's rounds."""
    db.upgrade()
    with db.reading() as session:
        notices.install(session)
    gc.collect()
    gc.freeze()
    yield


app = st.App(
    Path(__file__).parent / "web" / "screens.py",
    lifespan=lifespan,
    routes=routes.ROUTES,
    middleware=[Middleware(routes.Shield)],
)

if __name__ == "__main__":
    app.run()
