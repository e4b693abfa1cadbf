"""What of Streamlit is mended (补丁), seen in 1.67, which is pinned: each function says what happens without it."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import socket
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
from starlette.websockets import WebSocketDisconnect
from streamlit import config, string_util
from streamlit.components.v2.bidi_component import serialization
from streamlit.components.v2.bidi_component.main import BidiComponentMixin
from streamlit.elements import html
from streamlit.elements.vega_charts import VegaLiteStateSerde
from streamlit.elements.widgets import data_editor, file_uploader
from streamlit.elements.widgets.data_editor import DataEditorSerde
from streamlit.elements.widgets.multiselect import MultiSelectSerde
from streamlit.elements.widgets.selectbox import SelectboxSerde
from streamlit.elements.widgets.text_widgets import TextAreaSerde, TextInputSerde
from streamlit.emojis import ALL_EMOJIS
from streamlit.navigation import page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime import Runtime, app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils import script_run_context
from streamlit.runtime.session_manager import ActiveSessionInfo
from streamlit.runtime.state import SafeSessionState, SessionState
from streamlit.runtime.state.common import RegisterWidgetResult, WidgetMetadata, unpack_widget_state_value
from streamlit.runtime.state.session_state import Serialized, Value
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.util import calc_hash
from streamlit.web.server.starlette.starlette_websocket import StarletteSessionClient
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from core.ground.access import Refused
from web import deeds, uploads


@functools.cache
def apply() -> None:
    """Mend Streamlit for this process (打补丁), before the application is made; however often it is asked, once."""
    keep_answers()
    take_turns()
    keep_address()
    hear_our_pages_alone()
    hand_over_together()
    send_together()
    write_theme_once()
    send_at_once()
    look_for_one()
    cut_nothing()
    hear_what_fields_say()
    edit_what_there_is()
    name_what_did_not_arrive()
    tell_what_fields_are_gone()
    look_at_the_first()
    name_once()


ANSWERS = {"file_urls_response", "backend_operation_response"}
"""What a browser asked for beside the page."""


def keep_answers() -> None:
    """Let no run of a page drop what the browser asked for beside it: where to send a file, where a download lies.

    Streamlit forgets such an answer where a run begins in the same moment, and the browser waits for
    ever: a file just chosen is neither taken nor refused, a download never comes.
    """
    clear = ForwardMsgQueue.clear

    def but_answers(
        queue: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
    ) -> None:
        before = queue._queue
        clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)
        if retain_lifecycle_msgs:  # cleared for a run that begins, not because everything was sent
            answers = [message for message in before if message.WhichOneof("type") in ANSWERS]
            queue._queue += [message for message in answers if message not in queue._queue]

    ForwardMsgQueue.clear = but_answers  # type: ignore[assignment, method-assign]


def take_turns() -> None:
    """Let the runs of one browser session take turns at what it keeps (会话状态), as their lock means to.

    Streamlit gives each run a lock of its own over the state that all of them share. Where one ends in
    the very moment in which the next begins, both sweep it: "dictionary changed size during iteration", and what was
    pressed is lost with the run.
    """
    made = SafeSessionState.__init__

    def with_the_sessions_lock(safe: SafeSessionState, state: SessionState, yield_callback: Callable[[], None]) -> None:
        made(safe, state, yield_callback)
        lock = vars(state.query_params).setdefault("_turns", threading.RLock())  # the state itself takes no attribute
        object.__setattr__(safe, "_lock", lock)

    SafeSessionState.__init__ = with_the_sessions_lock  # type: ignore[assignment, method-assign]


SAID = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"}
"""What our pages say to the server."""


def hear_our_pages_alone() -> None:
    """Allow-list of WebSocket messages (浏览器消息白名单): only those that our pages send are passed on to Streamlit.

    Streamlit would empty everybody's caches, and tell which files of the program's folder were changed.
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
    meanwhile came with the former address, and the filter that was chosen just before was gone.
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
MORE_COMES = {ScriptRunnerEvent.SCRIPT_STARTED, ScriptRunnerEvent.ENQUEUE_FORWARD_MSG}
"""What happens to a run before its end."""


def hand_over_together() -> None:
    """Let a run hand over together (成批递交) what it says to a browser.

    Streamlit wakes the server's loop for each of the fifty messages of a run, and once more to have it
    sent: two system calls and two changes of thread for each, while nobody's page is drawn on. And it holds each
    against all that may happen to a run.
    """
    soon, said = AppSession._call_soon_on_event_loop, Runtime._enqueued_some_message
    happened, handle = AppSession._on_scriptrunner_event, AppSession._handle_scriptrunner_event_on_event_loop
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
            waiting = iter(vars(session).pop("_waiting", []))
        try:
            for callback in waiting:
                callback()
        finally:  # one that fails is told as the loop tells it, and takes nothing of what follows with it
            for callback in waiting:
                session._event_loop.call_soon(callback)

    def told(session: AppSession, *args: Any, **what: Any) -> None:
        happened(session, *args, **what)
        if what.get("event") not in MORE_COMES:
            soon(session, lambda: hand_over(session))

    def handled(
        session: AppSession, sender: Any, event: ScriptRunnerEvent, message: Any = None, *more: Any, **what: Any
    ) -> None:
        if event is ScriptRunnerEvent.ENQUEUE_FORWARD_MSG and sender is session._scriptrunner:
            session._enqueue_forward_msg(message)  # all but the first and the last: nothing else is asked of it
        else:
            handle(session, sender, event, message, *more, **what)

    def said_here(runtime: Runtime) -> None:
        at_work = runtime._get_async_objs()
        if asyncio._get_running_loop() is at_work.eventloop:
            at_work.need_send_data.set()
        else:
            said(runtime)

    AppSession._call_soon_on_event_loop = together  # type: ignore[assignment, method-assign]
    AppSession._on_scriptrunner_event = told  # type: ignore[assignment, method-assign]
    AppSession._handle_scriptrunner_event_on_event_loop = handled  # type: ignore[assignment, method-assign]
    Runtime._enqueued_some_message = said_here  # type: ignore[assignment, method-assign]


BUNDLE = 100
"""Messages that leave for a browser together; others have their turn before the next so many."""


class Bundle(list[ForwardMsg]):
    """Messages of one session in their order, which Streamlit takes for one."""


def send_together() -> None:
    """Send a browser what a run has said as one bundle (成批发送): one turn of the loop, one write to the socket.

    Streamlit gives the loop to others after each of the fifty messages of a run, and each goes by itself through
    queue, task, middleware and a system call. They stay messages of their own, and in their order; a browser that does
    not read is dropped at as many messages that wait as before.
    """
    flush, send, pass_on = AppSession.flush_browser_queue, Runtime._send_message, WebSocketsSansIOProtocol.send

    def flushed(session: AppSession) -> list[Bundle]:
        messages = flush(session)
        return [Bundle(messages[at : at + BUNDLE]) for at in range(0, len(messages), BUNDLE)]

    def sent(runtime: Runtime, to: ActiveSessionInfo, bundle: Bundle) -> None:
        for message in bundle:
            send(runtime, to, message)

    async def sender(client: StarletteSessionClient) -> None:
        waiting = client._send_queue
        try:
            while True:
                payloads = [await waiting.get()]
                while len(payloads) < BUNDLE and not waiting.empty():
                    payloads.append(waiting.get_nowait())
                *before, last = payloads
                await client._websocket.send({"type": "websocket.send", "bytes": last, "before": before})
        except WebSocketDisconnect:
            pass
        except Exception:
            logging.getLogger(__name__).exception("what a browser is sent")
        finally:
            client._closed.set()

    async def passed_on(protocol: WebSocketsSansIOProtocol, message: Any) -> None:
        if before := message.pop("before", ()):
            await protocol.writable.wait()
            with suppress(InvalidState):  # it is closed, as the last of them is told
                for each in before:
                    protocol.conn.send_binary(each)
        await pass_on(protocol, message)

    AppSession.flush_browser_queue = flushed  # type: ignore[assignment, method-assign]
    Runtime._send_message = sent  # type: ignore[assignment, method-assign]
    StarletteSessionClient._sender = sender  # type: ignore[assignment, method-assign]
    WebSocketsSansIOProtocol.send = passed_on  # type: ignore[assignment, method-assign]


def write_theme_once() -> None:
    """Write the look (主题) for a browser once, and copy it into each run's first message.

    Streamlit writes it anew from its settings, a hundred of them by name: a third of what the server's
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

    The socket that Streamlit opens does not say that it is TCP's, so that asyncio leaves each message to
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

    Streamlit copies all of it for each field it draws, and a session keeps more the longer somebody
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


def cut_nothing() -> None:
    """Let a text that is longer than its field reach core whole, which refuses it in words (超长文字).

    A browser lets nobody type one. Of what comes otherwise Streamlit hands on the beginning, and that was filed.
    """
    for kind in (TextInputSerde, TextAreaSerde):
        kind.deserialize = _whole  # type: ignore[assignment, method-assign]


def _whole(field: TextInputSerde | TextAreaSerde, typed: str | None) -> str | None:
    return field.value if typed is None else typed


class Stood(Value):
    """What stood in a field (原来的值), where what a browser said of it was not heard."""


SAYS = {"double_value": {"double_value", "int_value"}}
"""How a browser says a value, where that is not as Streamlit has its field registered: a whole number as one."""


def hear_what_fields_say() -> None:
    """Read what a browser says of a field at the door (栏目的值): what its field cannot say counts as not said.

    The field keeps what stood in it, and shows that again. Streamlit reads it wherever somebody asks first: what cannot
    be read ends that run, and each later one of the browser session; what is of another type, or no option (any more),
    reaches our pages. What is said before its field is known, by a browser that comes back to a new process, is read
    when the field is drawn.
    """
    take, draw = SessionState.set_widgets_from_proto, SessionState.register_widget

    def heard(state: SessionState, field: WidgetMetadata[Any], said: WidgetState) -> bool:
        states = state._new_widget_state
        try:
            states[field.id] = Value(_read(field, said))
        except Exception:  # noqa: BLE001  whatever its field makes of it
            if field.id in state._old_state:
                states[field.id] = Stood(state._old_state[field.id])
            else:
                states.states.pop(field.id, None)  # one may be said twice
            return False
        return True

    def at_the_door(state: SessionState, said: WidgetStates) -> None:
        take(state, said)
        for each in said.widgets:
            if field := state._new_widget_state.widget_metadata.get(each.id):
                heard(state, field, each)

    def drawn(state: SessionState, field: WidgetMetadata[Any], key: str | None) -> RegisterWidgetResult[Any]:
        said = state._new_widget_state.states.get(field.id)
        again = isinstance(said, Stood) or (isinstance(said, Serialized) and not heard(state, field, said.value))
        answer = draw(state, field, key)
        return replace(answer, value_changed=True) if again else answer

    SessionState.set_widgets_from_proto = at_the_door  # type: ignore[assignment, method-assign]
    SessionState.register_widget = drawn  # type: ignore[assignment, method-assign]


def _read(field: WidgetMetadata[Any], said: WidgetState) -> Any:
    """The value that is said of a field; whatever is raised, it is none of its values."""
    if (kind := said.WhichOneof("value")) and kind not in SAYS.get(field.value_type, {field.value_type}):
        raise TypeError(kind)
    given, reader = unpack_widget_state_value(said), getattr(field.deserializer, "__self__", None)
    if isinstance(reader, SelectboxSerde | MultiSelectSerde) and given is not None:
        chosen = [given] if isinstance(given, str) else given
        if not all(each in reader.formatted_option_to_option_index for each in chosen):
            raise ValueError(given)
    value = field.deserializer(given)
    cells = list[Any]()
    if isinstance(reader, DataEditorSerde):
        rows = [*value["edited_rows"].values(), *value["added_rows"]]
        cells = [*value["deleted_rows"], *(cell for row in rows for cell in row.values())]
    elif isinstance(reader, VegaLiteStateSerde):
        cells = [part for marks in value["selection"].values() for mark in marks for part in mark.values()]
    for cell in cells:
        if not (cell is None or isinstance(cell, str) or math.isfinite(cell)):
            raise ValueError(cell)
    return value


def edit_what_there_is() -> None:
    """Let edits of rows and columns that a table on the screen does not have (没有的行列) leave it as it is.

    Such as those of a row that was there before: Streamlit ends that run, and each later one of the browser session.
    """
    apply = data_editor._apply_dataframe_edits

    def applied(table: pd.DataFrame, edits: Any, schema: Any) -> pd.DataFrame:
        try:
            return apply(table.copy(), edits, schema)
        except Exception:  # noqa: BLE001  whatever it makes of a place that is not there
            return table

    data_editor._apply_dataframe_edits = applied  # type: ignore[assignment]


def name_what_did_not_arrive() -> None:
    """Let a file that is named and not held (没有传到的文件) refuse in words to be read, wherever a page reads it.

    A browser names what it sent also where that was refused; Streamlit's stand-in for it has no name and no content.
    """
    found: Callable[[FileUploaderState | None], list[Any]] = file_uploader._get_upload_files

    def named(said: FileUploaderState | None) -> list[Any]:
        names = {each.file_id: each.name for each in said.uploaded_file_info} if said else {}
        return [
            uploads.NotHeld(each.file_id, names.get(each.file_id, "")) if isinstance(each, DeletedFile) else each
            for each in found(said)
        ]

    file_uploader._get_upload_files = named  # type: ignore[assignment]


MISSING = "st.session_state has no key"
"""How Streamlit begins to say that a field is not there."""


def tell_what_fields_are_gone() -> None:
    """Say in words what comes to nothing before a deed begins (没有办成): refused, or its fields are gone meanwhile.

    A button that was pressed as its page made way for another asks for fields that are not there any more.
    """
    press = SessionState._run_callback_and_record_rerun

    def pressed(state: SessionState, votes: Any, run: Callable[[], None]) -> None:
        try:
            press(state, votes, run)
        except Refused as refused:
            deeds.say("error", refused.words)
        except KeyError as missing:
            if MISSING not in str(missing):
                raise
            deeds.say("error", "页面刚刚变过，您点的这一步没有办。请看清现在的内容后再点。")

    SessionState._run_callback_and_record_rerun = pressed  # type: ignore[assignment, method-assign]


def look_at_the_first() -> None:
    """Look at words before searching them (先看再查): for a picture at their head, for indents, for what is no style.

    Streamlit holds each label of a choice against a pattern of four thousand pictures, unindents and searches the
    same styles in each run, and asks of what is handed to a component whether each part of it is a table of any of
    twenty makes, and then writes all of it a second time for an id, which is made of the component's key instead.
    """
    words: Any = string_util
    bidi: Any = serialization
    picture, dedent, only_styles = words.extract_leading_emoji, textwrap.dedent, html._html_only_style_tags
    is_table = bidi.is_dataframe_like
    identity = BidiComponentMixin._build_bidi_identity_kwargs
    begin_pictures = {each[0] for each in ALL_EMOJIS}

    def pictured(text: str) -> tuple[str, str]:
        return picture(text) if text[:1] in begin_pictures else ("", text)

    def unindented(text: str) -> str:
        return dedent(text) if "\n" in text else text  # of one line, what stands around it is taken off anyway

    def styles(text: str) -> bool:
        one = text.startswith("<style>") and text.endswith("</style>") and text.count("<") == 2
        return one or only_styles(text)

    def table(part: object) -> bool:
        return not isinstance(part, dict | list) and is_table(part)

    words.extract_leading_emoji = pictured
    words.textwrap = SimpleNamespace(dedent=unindented)
    html._html_only_style_tags = styles  # type: ignore[assignment]
    bidi.is_dataframe_like = table
    components: Any = BidiComponentMixin
    components._build_bidi_identity_kwargs = lambda *of, **told: {"of": WhenAsked(partial(identity, *of, **told))}


def name_once() -> None:
    """Name a message by its content (消息指纹), and a page by its address, with one look at either.

    Streamlit takes what stands around the content off each message, and puts it back; and it reckons what it calls
    each of fifty pages four times in each run, of the same address.
    """
    messages, pages = cast("Any", script_run_context), cast("Any", page)
    name, least = messages.populate_hash_if_needed, config.get_option("global.minCachedMessageSize")

    def named(message: ForwardMsg) -> None:
        if message.hash or message.WhichOneof("type") != "delta":
            name(message)
            return
        content = message.delta.SerializeToString(deterministic=True)
        message.hash = calc_hash(content)
        message.metadata.cacheable = len(content) >= least and message.delta.WhichOneof("type") == "new_element"

    messages.populate_hash_if_needed = named
    pages.calc_hash = functools.lru_cache(maxsize=1000)(calc_hash)


class WhenAsked:
    """What is only made where somebody reads it as text."""

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make

    def __str__(self) -> str:
        return str(self.make())
