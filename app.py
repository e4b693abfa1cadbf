"""The whole HTTP application: the screens, the routes beside them, and what every response goes through."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core.eligibility import drafts
from core.exams import papers
from core.ground import db
from core.ground.access import Refused
from core.office import backups, daily, dashboards, retention  # noqa: F401  loaded before the freeze, so that no session pays
from core.office.mail import Post
from core.people import accounts, keys, passwords, setup
from core.records import cards, printing  # noqa: F401
from routes import addresses, connections, door, shield, uploads
from web import context, first_visit, log, patches, processes
from web.uploads import Sweeper, holding, whose


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Bring the database up to date, then set what is loaded apart from the garbage collector's rounds."""
    log.keep()
    processes.tie()
    try:
        db.make_key()
        db.keys()
    except Refused as refused:  # every page and /healthz say it too, until the key is back
        print(f"== {refused.words}", file=sys.stderr, flush=True)
    else:
        backups.upgrade(now=datetime.now(UTC))
    with db.transaction() as session:
        if setup.is_open(session):
            keys.adopt(session)
    with db.reading() as session:
        drafts.install(session)
        passwords.of_nobody()  # made now, so that the first stranger waits no longer than anybody
        if accounts.none_yet(session) and processes.is_first():
            first_visit.say_code()
    gc.collect()
    gc.freeze()
    stop = threading.Event()
    if os.environ.get("CE_DAILY") != "off":
        threading.Thread(target=every_day, args=(stop,), name="daily", daemon=True).start()
    threading.Thread(target=every_half_minute, args=(stop,), name="rounds", daemon=True).start()
    yield
    stop.set()


def every_half_minute(stop: threading.Event) -> None:
    """What browsers left behind: sign-ins in use are kept going, uploads of browsers that are gone are freed.

    And papers whose time is out are taken in, what waits to be printed is taken up, and what another process still owed
    when it was killed is written.
    """
    sweeper = Sweeper()
    while not stop.wait(30):
        try:
            context.keep_in_use()
            sweeper.sweep(time.monotonic())
            db.settle()
            printing.resume(datetime.now(UTC))
            take_in_papers()
            log.REPEATED.tell()
        except Exception:  # the next round tries again
            logging.getLogger("rounds").exception("what browsers left behind, or waits to be printed")


def take_in_papers() -> None:
    """Take in the exam papers whose time is out (到时收卷), whether or not their browsers are still there."""
    while True:
        with db.reading() as session:
            now = setup.moment(session, datetime.now(UTC)) if setup.is_open(session) else None
            if now is None or not papers.overdue(session, now=now):
                return
        with db.transaction() as session:
            if not papers.take_in_overdue(session, actor=setup.system_actor(session), now=now):
                return  # another process is taking them in


ROUND = 600.0
"""Seconds between two looks at what is due today."""


def every_day(stop: threading.Event) -> None:
    """The day's reminders and mails (每日事务), from seven in the morning; several processes do them once together.

    And at each round, by day and night, what was written is folded into the database's file.
    """
    reminded: date | None = None
    while not stop.wait(ROUND):
        try:
            db.checkpoint()
            with db.reading() as session:
                now = setup.moment(session, datetime.now(UTC)) if setup.is_open(session) else None
                told = setup.settings(session)
            if now is None or now.astimezone(db.OFFICE_ZONE).hour < 7:
                continue
            backups.scheduled(now=now)
            if reminded != db.office_day(now):
                with db.transaction() as session:
                    daily.remind(session, now=now)
                with db.reading() as session:
                    retention.carry_out(session, now=datetime.now(UTC), on_disk=True)
                reminded = db.office_day(now)
            if post := Post.office(told):
                daily.mails(post, now=lambda: datetime.now(UTC))
        except Exception:  # the next round tries again, and nothing else may stop for it
            logging.getLogger("daily").exception("the day's reminders and mails")


patches.apply()
door.heads_in_time()
connections.bound()
app = st.App(
    Path(__file__).parent / "web" / "__main__.py",
    lifespan=lifespan,
    routes=addresses.ROUTES,
    middleware=[
        Middleware(shield.Shield),
        Middleware(door.Door),
        Middleware(uploads.Uploads, holding=holding, whose=whose),
    ],
)

if __name__ == "__main__":
    app.run()
