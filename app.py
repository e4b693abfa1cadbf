"""The whole HTTP application: the screens, the routes beside them, and what every response goes through."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import streamlit as st
from starlette.middleware import Middleware
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import Runtime, app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import ScriptRunnerEvent
from streamlit.runtime.state import SafeSessionState, SessionState
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from core.eligibility import drafts
from core.exams import papers
from core.ground import db
from core.ground.access import Refused
from core.office import backups, daily, dashboards, retention  # noqa: F401  loaded before the freeze, so that no session pays
from core.office.mail import Post
from core.people import accounts, keys, passwords, setup
from core.records import cards, printing  # noqa: F401
from routes import addresses, door, shield, uploads
from web import context, first_visit
from web.uploads import Sweeper, holding


def end_with(starter: BinaryIO, end: Callable[[], None]) -> None:
    """Serve no longer than the program that started us (run.py): what it holds open to us ends when it does."""
    while starter.read(1):
        pass
    end()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Bring the database up to date, then set what is loaded apart from the garbage collector's rounds."""
    one_entry_each()
    if os.environ.pop("CE_TIED", ""):
        stopping = partial(os.kill, os.getpid(), signal.SIGTERM)
        threading.Thread(target=end_with, args=(sys.stdin.buffer, stopping), name="starter", daemon=True).start()
    try:
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
        if accounts.none_yet(session):
            first_visit.CODE.say()
    gc.collect()
    gc.freeze()
    stop = threading.Event()
    if os.environ.get("CE_DAILY") != "off":
        threading.Thread(target=every_day, args=(stop,), name="daily", daemon=True).start()
    threading.Thread(target=every_half_minute, args=(stop,), name="rounds", daemon=True).start()
    yield
    stop.set()


def one_entry_each() -> None:
    """Let nothing that somebody sent pass for an entry of the server's log (日志注入), or steer a terminal.

    Controls are written as escapes, and each further line of an entry, as of an error's way, begins with a bar. Our own
    entries say when they were made, as Streamlit's do.
    """
    written = logging.Formatter.format

    def one_entry(formatter: logging.Formatter, record: logging.LogRecord) -> str:
        lines = _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], written(formatter, record)).split("\n")
        return "\n| ".join(lines)

    logging.Formatter.format = one_entry  # type: ignore[assignment, method-assign]
    if logging.lastResort:
        logging.lastResort.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def every_half_minute(stop: threading.Event) -> None:
    """What browsers left behind: sign-ins in use are kept going, uploads of browsers that are gone are freed.

    And papers whose time is out are taken in, and what waits to be printed is taken up.
    """
    sweeper = Sweeper()
    while not stop.wait(30):
        try:
            context.keep_in_use()
            sweeper.sweep(time.monotonic())
            printing.resume(datetime.now(UTC))
            take_in_papers()
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


def take_turns() -> None:
    """Let the runs of one browser session take turns at what it keeps (会话状态), as their lock means to.

    Streamlit (seen in 1.67) gives each run a lock of its own over the state that all of them share. Where one ends in
    the very moment in which the next begins, both sweep it: "dictionary changed size during iteration", and what was
    pressed is lost with the run.
    """
    made = SafeSessionState.__init__

    def with_the_sessions_lock(safe: SafeSessionState, state: SessionState, yield_callback: Callable[[], None]) -> None:
        made(safe, state, yield_callback)
        lock = vars(state.query_params).setdefault("_turns", threading.RLock())  # the state itself takes no attribute
        object.__setattr__(safe, "_lock", lock)

    SafeSessionState.__init__ = with_the_sessions_lock  # type: ignore[assignment, method-assign]


def hear_our_pages_alone() -> None:
    """Allow-list of WebSocket messages (浏览器消息白名单): only those that our pages send are passed on to Streamlit.

    Streamlit (seen in 1.67) would empty everybody's caches, and tell which files of the program's folder were changed.
    """
    handle = AppSession.handle_backmsg

    def heard(session: AppSession, message: BackMsg) -> None:
        if message.WhichOneof("type") in SAID:
            handle(session, message)

    AppSession.handle_backmsg = heard  # type: ignore[assignment, method-assign]


LAG = 1.0
"""Seconds for which a browser may still say the address that a run has changed."""


def keep_address() -> None:
    """Let no click undo what the one before it put into the address (地址栏).

    With each click a browser says its address, and it learns a little later what a run has put there. What is clicked
    meanwhile came with the former address (seen in 1.67), and the filter that was chosen just before was gone.
    """
    handle, happened = AppSession.handle_backmsg, AppSession._on_scriptrunner_event

    def heard(session: AppSession, message: BackMsg) -> None:
        if message.WhichOneof("type") == "rerun_script":
            asked = message.rerun_script
            vars(session)["_asked"] = here = asked.page_script_hash, asked.page_name, asked.query_string
            before, ours, at = vars(session).get("_told", (None, "", 0.0))
            if here == before and not asked.is_history_navigation and time.monotonic() - at < LAG:
                asked.query_string = ours
            else:
                vars(session).pop("_told", None)
        handle(session, message)

    def told(session: AppSession, *args: Any, **what: Any) -> None:
        message = what.get("forward_msg")
        if message is not None and message.HasField("page_info_changed"):
            ours = message.page_info_changed.query_string
            vars(session)["_told"] = vars(session).get("_asked"), ours, time.monotonic()
        happened(session, *args, **what)

    AppSession.handle_backmsg = heard  # type: ignore[assignment, method-assign]
    AppSession._on_scriptrunner_event = told  # type: ignore[assignment, method-assign]


TOGETHER = 0.05
"""Seconds for which what a run says is gathered before it is handed over; its end hands over at once."""


def hand_over_together() -> None:
    """Let a run hand over together (成批递交) what it says to a browser.

    Streamlit (seen in 1.67) wakes the server's loop for each of the fifty messages of a run, and once more to have it
    sent: two system calls and two changes of thread for each, while nobody's page is drawn on.
    """
    soon, said = AppSession._call_soon_on_event_loop, Runtime._enqueued_some_message
    happened = AppSession._on_scriptrunner_event
    one_at_a_time = threading.Lock()

    def together(session: AppSession, callback: Callable[[], None]) -> None:
        with one_at_a_time:
            waiting = vars(session).setdefault("_waiting", [])
            waiting.append(callback)
            first = len(waiting) == 1
        if first:
            soon(session, lambda: in_a_moment(session))

    def in_a_moment(session: AppSession) -> None:
        session._event_loop.call_later(TOGETHER, hand_over, session)

    def hand_over(session: AppSession) -> None:
        with one_at_a_time:
            waiting = vars(session).pop("_waiting", [])
        for callback in waiting:
            session._event_loop.call_soon(callback)

    def told(session: AppSession, *args: Any, **what: Any) -> None:
        happened(session, *args, **what)
        if what.get("event") not in MORE_COMES:
            soon(session, lambda: hand_over(session))

    def said_here(runtime: Runtime) -> None:
        at_work = runtime._get_async_objs()
        if asyncio._get_running_loop() is at_work.eventloop:
            at_work.need_send_data.set()
        else:
            said(runtime)

    AppSession._call_soon_on_event_loop = together  # type: ignore[assignment, method-assign]
    AppSession._on_scriptrunner_event = told  # type: ignore[assignment, method-assign]
    Runtime._enqueued_some_message = said_here  # type: ignore[assignment, method-assign]


def write_theme_once() -> None:
    """Write the look (主题) for a browser once, and copy it into each run's first message.

    Streamlit (seen in 1.67) writes it anew from its settings, a hundred of them by name: a third of what the server's
    loop does for a run.
    """
    write, written = app_session._populate_theme_msg, dict[str, CustomThemeConfig]()

    def copied(message: CustomThemeConfig, section: str = "theme") -> None:
        if section not in written:
            theme = CustomThemeConfig()
            write(theme, section)
            written[section] = theme
        message.MergeFrom(written[section])

    app_session._populate_theme_msg = copied  # type: ignore[assignment]


def send_at_once() -> None:
    """Send each message as soon as it is written (TCP_NODELAY).

    The socket that Streamlit (seen in 1.67) opens does not say that it is TCP's, so that asyncio leaves each message to
    wait until the browser has acknowledged the one before: 40 ms of every run on Linux, up to 200 on Windows.
    """
    connected = AutoHTTPProtocol.connection_made

    def at_once(protocol: Any, transport: asyncio.Transport) -> None:
        connected(protocol, transport)
        with suppress(OSError):  # such as no socket of TCP
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    AutoHTTPProtocol.connection_made = at_once  # type: ignore[assignment, method-assign]


def look_for_one() -> None:
    """Let a field look for its own value alone among what a session keeps (会话状态).

    Streamlit (seen in 1.67) copies all of it for each field it draws, and a session keeps more the longer somebody
    works in it: after a hundred items of a queue a fifth of every run.
    """
    whole: Callable[[SafeSessionState], dict[str, Any]] = vars(SafeSessionState)["filtered_state"].fget

    class Kept(Mapping[str, Any]):
        def __init__(self, state: SafeSessionState) -> None:
            self.state = state

        def __contains__(self, key: object) -> bool:
            return str(key) in self.state

        def __getitem__(self, key: str) -> Any:
            return self.state[key]

        def __iter__(self) -> Iterator[str]:
            return iter(whole(self.state))

        def __len__(self) -> int:
            return len(whole(self.state))

    SafeSessionState.filtered_state = property(Kept)  # type: ignore[assignment, method-assign]


ANSWERS = {"file_urls_response", "backend_operation_response"}
MORE_COMES = {ScriptRunnerEvent.SCRIPT_STARTED, ScriptRunnerEvent.ENQUEUE_FORWARD_MSG}
SAID = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"}
keep_answers()
take_turns()
keep_address()
hear_our_pages_alone()
hand_over_together()
write_theme_once()
send_at_once()
look_for_one()
door.heads_in_time()
app = st.App(
    Path(__file__).parent / "web" / "__main__.py",
    lifespan=lifespan,
    routes=addresses.ROUTES,
    middleware=[
        Middleware(shield.Shield),
        Middleware(door.Door),
        Middleware(uploads.Uploads, holding=holding),
    ],
)

if __name__ == "__main__":
    app.run()
