"""What a run says leaves for a browser together, in its order; who does not read or is gone keeps nobody waiting."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import ScriptRunnerEvent
from streamlit.runtime.session_manager import SessionClientDisconnectedError
from streamlit.web.server.starlette.starlette_server_config import WEBSOCKET_MAX_SEND_QUEUE_SIZE
from streamlit.web.server.starlette.starlette_websocket import StarletteSessionClient
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.uri import parse_uri

from web import patches


class Wire(asyncio.Transport):
    """The connection to a browser: what was written to it, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Browser:
    """A browser at its socket (Streamlit's session client, uvicorn's protocol), and what the session has for it."""

    def __init__(self) -> None:
        self.wire, self.client = Wire(), ClientProtocol(parse_uri("ws://localhost/"))
        config = uvicorn.Config(self.app, interface="asgi3", log_config=None)
        self.protocol = WebSocketsSansIOProtocol(config, ServerState(), {})
        self.session = SimpleNamespace(_browser_queue=ForwardMsgQueue())

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        await socket.accept()
        self.info = SimpleNamespace(client=StarletteSessionClient(socket), session=self.session, script_run_count=0)
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
        await self.info.client.aclose()

    async def opened(self) -> "Browser":
        self.protocol.connection_made(self.wire)
        self.client.send_request(self.client.connect())
        self.protocol.data_received(b"".join(self.client.data_to_send()))
        await turns()
        self.heard()
        self.wire.writes.clear()
        return self

    def say(self, *words: str, finished: bool = False) -> None:
        """What a run leaves in the session's queue."""
        for each in words:
            message = ForwardMsg()
            message.parent_message.message = each
            self.session._browser_queue.enqueue(message)
        if finished:
            message = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
            self.session._browser_queue.enqueue(message)

    async def flush(self) -> None:
        """As `Runtime._loop_coroutine` does."""
        flushed: Any = AppSession.flush_browser_queue(self.session)  # type: ignore[arg-type]
        for each in flushed:
            Runtime._send_message(None, self.info, each)  # type: ignore[arg-type]
            await asyncio.sleep(0)
        await turns()

    def heard(self) -> list[str]:
        self.client.receive_data(b"".join(self.wire.writes))
        frames = [each for each in self.client.events_received() if isinstance(each, Frame)]
        return [ForwardMsg.FromString(bytes(each.data)).parent_message.message for each in frames]


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def run(work: Callable[[], Any]) -> Any:
    patches.apply()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work()).result()


def numbered(count: int) -> list[str]:
    return [str(each) for each in range(count)]


def test_a_run_s_messages_leave_in_one_write_and_in_their_order() -> None:
    async def told() -> None:
        browser = await Browser().opened()
        browser.say(*numbered(60), finished=True)
        await browser.flush()
        assert len(browser.wire.writes) == 1
        assert browser.heard() == [*numbered(60), ""]
        assert browser.info.script_run_count == 1

    run(told)


def test_a_page_of_very_many_messages_is_sent_whole_and_others_have_their_turn_meanwhile() -> None:
    count = 2 * WEBSOCKET_MAX_SEND_QUEUE_SIZE + 7

    async def told() -> None:
        browser, other = await Browser().opened(), await Browser().opened()
        browser.say(*numbered(count))
        other.say("here")
        flushing = asyncio.ensure_future(browser.flush())
        while not browser.wire.writes:
            await asyncio.sleep(0)
        await other.flush()
        await flushing
        assert other.heard() == ["here"]
        assert browser.heard() == numbered(count)
        assert len(browser.wire.writes) < count / 20

    run(told)


def test_a_browser_that_does_not_read_is_waited_for_and_dropped_when_too_much_waits() -> None:
    async def told() -> None:
        browser = await Browser().opened()
        browser.protocol.pause_writing()
        browser.say(*numbered(70))
        await browser.flush()
        browser.say(*[f"more {each}" for each in range(70)])
        await browser.flush()
        assert not browser.wire.writes
        browser.protocol.resume_writing()
        await turns()
        assert browser.heard() == [*numbered(70), *[f"more {each}" for each in range(70)]]

        browser.protocol.pause_writing()
        browser.say(*numbered(2 * WEBSOCKET_MAX_SEND_QUEUE_SIZE))
        with pytest.raises(SessionClientDisconnectedError):
            await browser.flush()

    run(told)


@pytest.mark.parametrize("paused", [False, True])
def test_a_browser_that_is_gone_ends_its_sending_and_says_so(paused: bool) -> None:
    async def told() -> None:
        browser = await Browser().opened()
        if paused:
            browser.protocol.pause_writing()
        browser.say(*numbered(10))
        if paused:
            await browser.flush()
        browser.protocol.connection_lost(None)
        if not paused:
            for each in sent(browser):
                Runtime._send_message(None, browser.info, each)  # type: ignore[arg-type]
        await turns()
        assert not browser.wire.writes
        assert browser.info.client._sender_task.done()
        browser.say("late")
        with pytest.raises(SessionClientDisconnectedError):
            await browser.flush()

    def sent(browser: Browser) -> Iterable[Any]:
        flushed: Any = AppSession.flush_browser_queue(browser.session)  # type: ignore[arg-type]
        return list(flushed)

    run(told)


def test_one_message_that_fails_in_the_session_takes_no_other_with_it() -> None:
    async def told() -> None:
        heard, told_of = list[str](), list[dict[str, Any]]()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, what: told_of.append(what))
        session: Any = SimpleNamespace(_event_loop=loop)
        for each in (lambda: heard.append("first"), lambda: 1 / 0, lambda: heard.append("last")):
            AppSession._call_soon_on_event_loop(session, each)  # type: ignore[arg-type]
        session._call_soon_on_event_loop = lambda callback: AppSession._call_soon_on_event_loop(session, callback)
        while len(heard) < 2:
            await asyncio.sleep(patches.TOGETHER)
        assert heard == ["first", "last"]
        assert [type(each["exception"]) for each in told_of] == [ZeroDivisionError]

    run(told)


def test_of_what_a_run_says_only_its_beginning_and_its_end_are_more_than_words() -> None:
    async def told() -> None:
        heard, runner = list[ForwardMsg](), object()
        session: Any = SimpleNamespace(_scriptrunner=runner, _enqueue_forward_msg=heard.append)
        handle, said = AppSession._handle_scriptrunner_event_on_event_loop, ScriptRunnerEvent.ENQUEUE_FORWARD_MSG
        word = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
        handle(session, runner, said, word)  # type: ignore[arg-type]
        session._event_loop = asyncio.get_running_loop()
        handle(session, object(), said, ForwardMsg())  # type: ignore[arg-type]  of a run that is over
        assert heard == [word]

    run(told)
