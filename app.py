"""The whole HTTP application: the screens, the routes beside them, and what every response goes through."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from core.eligibility import drafts
from core.ground import db
from core.office import dashboards  # noqa: F401  what pages need is loaded before the freeze, so that no session pays
from core.records import cards  # noqa: F401
from routes import addresses, shield


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Bring the database up to date, then set what is loaded apart from the garbage collector's rounds."""
    db.upgrade()
    with db.reading() as session:
        drafts.install(session)
    gc.collect()
    gc.freeze()
    yield


def keep_answers() -> None:
    """Let no run of a page drop what the browser asked for beside it: where to send a file, where a download lies.

    Streamlit (seen in 1.67) forgets such an answer where a run begins in the same moment, and the browser waits for
    ever: a file just chosen is neither taken nor refused, a download never comes.
    """
    clear = ForwardMsgQueue.clear

    def but_answers(
        queue: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
    ) -> None:
        answers = [message for message in queue._queue if message.WhichOneof("type") in ANSWERS]
        clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)
        if retain_lifecycle_msgs:  # cleared for a run that begins, not because everything was sent
            queue._queue += [message for message in answers if message not in queue._queue]

    ForwardMsgQueue.clear = but_answers  # type: ignore[assignment, method-assign]


ANSWERS = {"file_urls_response", "backend_operation_response"}
keep_answers()
app = st.App(
    Path(__file__).parent / "web" / "screens.py",
    lifespan=lifespan,
    routes=addresses.ROUTES,
    middleware=[Middleware(shield.Shield)],
)

if __name__ == "__main__":
    app.run()
