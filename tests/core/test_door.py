"""The door: strange names, other sites and strangers are refused before anything of ours or of Streamlit's runs."""

import asyncio
import io
import json
import logging
import re
import socket
import textwrap
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pandas as pd
import pytest
import streamlit as st
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send
from streamlit import config, dataframe_util, net_util, runtime, string_util, util
from streamlit.components.v2.bidi_component import serialization
from streamlit.components.v2.bidi_component.main import BidiComponentMixin
from streamlit.elements import html
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.BidiComponent_pb2 import BidiComponent
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import Runtime, app_session, forward_msg_cache
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils import script_run_context
from streamlit.runtime.state import SafeSessionState, SessionState
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_path_security_middleware import PathSecurityMiddleware
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from core.ground import db
from core.people import accounts
from routes import addresses, door, session, shield, uploads
from tests import cast as c
from web import log as server_log
from web import patches
from web import uploads as kept

HERE = "127.0.0.1:8501"


class Behind:
    """Whatever stands behind the door: it keeps what reached it."""

    def __init__(self, takes: float = 0.0) -> None:
        self.reached: list[str] = []
        self.takes = takes
        self.at_once = self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.append(scope["path"])
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self.takes)
            await PlainTextResponse("in")(scope, receive, send)
        finally:
            self.at_once -= 1


class Connection(asyncio.Transport):
    """A connection to nobody: all it knows is whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: Any) -> None:
        pass


def run(work: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as thread:  # a browser's test may have left a loop in this one
        return thread.submit(asyncio.run, work()).result()


def ask(app: Any, *paths: str, method: str = "GET", base: str = f"http://{HERE}", **given: Any) -> list[httpx.Response]:
    """What the application answers at these addresses, all asked at once."""

    async def asked() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
            return await asyncio.gather(*[client.request(method, path, **given) for path in paths])

    return run(asked)


def answers(host: str, origin: str | None = None, *, scheme: str = "http") -> int:
    """The status for a request with these headers."""
    headers = {"host": host} | ({"origin": origin} if origin else {})
    return ask(door.Door(Behind()), "/", base=f"{scheme}://{HERE}", headers=headers)[0].status_code


def connects(*headers: tuple[str, str], scheme: str = "ws", path: str = "/_stcore/stream") -> bool:
    """Whether a WebSocket with these headers is let in; one that is not is refused before it is accepted."""
    behind, sent = Behind(), []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    scope: dict[str, Any] = {"type": "websocket", "scheme": scheme, "path": path, "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers]
    run(lambda: door.Door(behind)(scope, receive, send))
    assert sent == (["websocket.accept"] if behind.reached else ["websocket.close"])
    return bool(behind.reached)


def test_only_the_names_of_this_machine_and_those_set_at_the_start_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(door.HOSTS, "JXJY.hrss.example, 192.168.1.20,2001:DB8::1")
    ours = f"localhost LOCALHOST:8501 127.0.0.1 [::1]:8501 {socket.gethostname()} jxjy.hrss.example. 192.168.1.20:8443"
    assert {answers(host) for host in [*ours.split(), "[2001:db8::1]:8501"]} == {200}
    strange = "evil.example 192.168.1.21 localhost.evil.example evil@localhost localhost:8501/x 127.0.0.1:8501,evil"
    assert {answers(host) for host in [*strange.split(), "", "localhost evil", "localhost:"]} == {421}
    ports = ("0", "00", "65536", "99999", "080808", "-1", "80:80", "80 ")
    assert {answers(f"{name}:{port}") for name in ("localhost", "[::1]") for port in ports} == {421}
    monkeypatch.delenv(door.HOSTS)
    assert answers("jxjy.hrss.example") == 421


def test_a_page_of_another_site_gets_nothing_and_a_socket_without_a_page_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(door.HOSTS, "office.example")
    host = ("host", "office.example")
    for origin, encrypted, comes_in in (
        ("http://office.example", False, True),
        ("https://office.example", True, True),
        ("https://office.example", False, True),  # a proxy before us has taken the encryption off
        ("http://office.example", True, False),
        ("http://office.example:8501", False, False),
        ("http://localhost", False, False),
        ("http://office.example.evil.example", False, False),
        ("https://evil.example", False, False),
        ("null", False, False),
        ("file://office.example", False, False),
        ("office.example", False, False),
    ):
        assert connects(host, ("origin", origin), scheme="wss" if encrypted else "ws") is comes_in, origin
        found = answers("office.example", origin, scheme="https" if encrypted else "http")
        assert found == (200 if comes_in else 403), origin
    assert not connects(host)
    assert answers("office.example") == 200  # a browser sends no Origin along when it just opens a page
    assert not connects(host, host, ("origin", "http://office.example"))
    assert not connects(host, ("origin", "http://office.example"), ("origin", "http://office.example"))
    assert not connects(host, ("origin", "http://office.example"), path="/_stcore/agent/mcp")


def test_a_head_that_does_not_end_is_hung_up_on_and_a_slow_answer_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("connection_made", "data_received"):
        monkeypatch.setattr(H11Protocol, name, getattr(H11Protocol, name))  # put back after this test
    monkeypatch.setattr(door, "LONGEST_HEAD", 0.1)
    door.heads_in_time()
    assert AutoHTTPProtocol is H11Protocol  # what serves the office

    async def connected(*said: bytes, every: float = 0.0) -> bool:
        """Whether a connection that says this, piece by piece, stands when its time is over."""
        protocol = H11Protocol(uvicorn.Config(Behind(0.2), log_config=None), ServerState(), {})
        with socket.socket() as nobody:
            transport = Connection({"socket": nobody})
            nobody.bind(("127.0.0.1", 0))
            protocol.connection_made(transport)
            for each in said:
                protocol.data_received(each)
                await asyncio.sleep(every)
            await asyncio.sleep(0.3)
            return not transport.is_closing()

    async def all_at_once() -> list[bool]:
        slow = connected(b"GET / HTTP/1.1\r\n", b"Host: a\r\n", b"X-A: b\r\n", every=0.05)
        return await asyncio.gather(connected(), slow, connected(b"GET / HTTP/1.1\r\nHost: a\r\n", b"\r\n"))

    assert run(all_at_once) == [False, False, True]


def test_a_body_that_does_not_come_is_not_waited_for_and_one_who_hangs_up_in_it_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "LONGEST_BODY", 0.1)

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await request.body()
        await asyncio.sleep(0.3)  # an answer may take longer than its question
        assert not await request.is_disconnected()
        await PlainTextResponse("read")(scope, receive, send)

    async def answered(*parts: Message, path: str = "/session") -> int:
        said, coming = list[Message](), iter(parts)

        async def receive() -> Message:
            return next(coming, None) or await asyncio.Event().wait()

        async def send(message: Message) -> None:
            said.append(message)

        scope: dict[str, Any] = {"type": "http", "method": "POST", "scheme": "http", "path": path, "query_string": b""}
        await door.Door(reads)(scope | {"headers": [(b"host", HERE.encode())]}, receive, send)
        return said[0]["status"] if said else 0

    some = {"type": "http.request", "body": b"some", "more_body": True}
    rest = {"type": "http.request", "body": b" and the rest", "more_body": False}
    assert run(lambda: answered(some, rest)) == 200
    assert run(lambda: answered(some)) == 408
    assert run(lambda: answered(some, {"type": "http.disconnect"})) == 0


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The application's module, with what it changes of Streamlit changed; nothing is started."""
    monkeypatch.setattr(Runtime, "_instance", None)
    import app

    return app


def test_a_served_connection_sends_each_message_at_once(served: Any) -> None:
    async def connected() -> int:
        protocol = AutoHTTPProtocol(uvicorn.Config(Behind(), log_config=None), ServerState(), {})
        with socket.socket() as nobody:
            protocol.connection_made(Connection({"socket": nobody}))
            return nobody.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    assert run(connected)


def test_what_runs_say_is_handed_over_together_in_its_order_and_a_session_that_is_gone_is_nobody_s_trouble(
    served: Any,
) -> None:
    def say(session: Any, words: Iterable[Any], heard: list[Any]) -> None:
        for each in words:
            AppSession._call_soon_on_event_loop(session, partial(heard.append, each))

    async def said() -> tuple[list[Any], int]:
        loop, woken, heard = asyncio.get_running_loop(), 0, list[Any]()

        def wake(callback: Callable[[], None]) -> None:
            nonlocal woken
            woken += 1
            loop.call_soon_threadsafe(callback)

        here = SimpleNamespace(call_soon_threadsafe=wake, call_soon=loop.call_soon, call_later=loop.call_later)
        session: Any = SimpleNamespace(
            _event_loop=here, _handle_scriptrunner_event_on_event_loop=lambda _, event, *__: heard.append((event, 0))
        )
        with ThreadPoolExecutor(2) as threads:  # while the loop waits here, nothing is taken up
            for name in "ab":
                threads.submit(say, session, [(name, at) for at in range(100)], heard)
        gone = asyncio.new_event_loop()
        gone.close()
        say(SimpleNamespace(_event_loop=gone), [("gone", 0)], heard)
        say(session, [("last", 0)], heard)
        with ThreadPoolExecutor(2) as threads:
            while len(heard) < 201:
                await asyncio.sleep(0)
            together = woken
            later = [loop.run_in_executor(threads, say, session, [(name, 0)], heard) for name in "cd"]
            await asyncio.gather(*later)
            while len(heard) < 203:
                await asyncio.sleep(0)
        say(session, [("on its way", 0)], heard)
        session._call_soon_on_event_loop = partial(AppSession._call_soon_on_event_loop, session)
        AppSession._on_scriptrunner_event(session, None, event=ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS)
        began = loop.time()
        while len(heard) < 205:
            await asyncio.sleep(0)
        assert loop.time() - began < patches.TOGETHER  # the end of a run waits for nothing
        return heard, together

    heard, woken = run(said)
    assert woken == 1
    assert [each for each in heard if each[0] == "a"] == [("a", at) for at in range(100)]
    assert [each for each in heard if each[0] == "b"] == [("b", at) for at in range(100)]
    assert heard[200] == ("last", 0)
    assert sorted(heard[201:203]) == [("c", 0), ("d", 0)]
    assert heard[203:] == [("on its way", 0), (ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS, 0)]


def test_the_look_is_written_once_and_each_run_is_told_all_of_it(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(section: str) -> CustomThemeConfig:
        theme = CustomThemeConfig()
        app_session._populate_theme_msg(theme, section)
        return theme

    first = told("theme.dark")
    assert first.primary_color == config.get_option("theme.dark.primaryColor")
    monkeypatch.setattr(config, "get_options_for_section", None)
    assert told("theme.dark") == first


def test_a_field_looks_for_its_own_value_alone(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    state = SafeSessionState(SessionState(), lambda: None)
    state["empty"], state["typed"] = None, "字"
    assert dict(state.filtered_state) == {"empty": None, "typed": "字"}
    monkeypatch.delattr(SessionState, "_keys")  # by which it is listed whole
    kept = state.filtered_state
    assert [(name in kept, kept.get(name)) for name in ("empty", "typed", "other")] == [
        (True, None),
        (True, "字"),
        (False, None),
    ]


def test_words_are_looked_at_before_they_are_searched_and_come_out_the_same(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert string_util.extract_leading_icon("⚠️ 注意") == ("⚠️", "注意")
    assert string_util.extract_leading_icon("1️⃣一") == ("1️⃣", "一")
    assert string_util.extract_leading_icon("1件") == ("", "1件")
    assert string_util.clean_text("  一\n    二") == "一\n  二"
    assert not html._html_only_style_tags("<style>a {}</style><p>x</p></style>")
    assert html._html_only_style_tags("<style>a {}</style> <!-- x --> <style>b {}</style>")
    for searching in (string_util, html):
        monkeypatch.setattr(searching, "re", None)
    monkeypatch.setattr(textwrap, "_whitespace_only_re", None)
    assert string_util.extract_leading_icon("计划 3") == ("", "计划 3")
    assert string_util.clean_text("  一 ") == "一"
    assert html._html_only_style_tags("<style>a {}</style>")


def test_what_a_component_is_given_is_searched_for_tables_and_named_by_it_only_where_it_has_to_be(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[Any] = [{"rows": [{"n": 1}], "by": {"a": 2}}, {"rows": pd.DataFrame({"n": [1]})}]
    told = [BidiComponent(), BidiComponent(), BidiComponent()]
    for data, proto in zip(handed, told, strict=False):
        serialization.serialize_mixed_data(data, proto)
    assert json.loads(told[0].json) == handed[0]
    assert told[1].mixed.arrow_blobs
    common = {"component_name": "a", "isolate_styles": True, "width": 1, "height": 1}
    of = partial(BidiComponentMixin._build_bidi_identity_kwargs, cast("Any", None), **common)
    one, same, other = (of(proto=told[0], data=each) for each in (handed[0], dict(handed[0]), {"rows": []}))
    assert str(one["of"]) == str(same["of"]) != str(other["of"])
    monkeypatch.setattr(dataframe_util, "determine_data_format", None)
    monkeypatch.setattr(json, "dumps", repr)
    of(proto=cast("Any", None), data=handed[0])  # nobody reads it
    serialization.serialize_mixed_data(handed[0], told[2])
    assert told[2].json == repr(handed[0])


def test_a_message_is_named_by_its_content_with_one_look_and_a_page_by_its_address(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(words: str, place: int = 0, *, block: bool = False) -> ForwardMsg:
        message = ForwardMsg()
        message.metadata.delta_path[:] = [0, place]
        if block:
            message.delta.add_block.id = words
        else:
            message.delta.new_element.markdown.body = words
        script_run_context.populate_hash_if_needed(message)  # type: ignore[attr-defined]
        return message

    other = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
    script_run_context.populate_hash_if_needed(other)  # type: ignore[attr-defined]
    monkeypatch.setattr(forward_msg_cache, "util", None)
    first, same, another = named("一"), named("一", 1), named("二")
    assert first.hash == same.hash != another.hash
    assert other.hash not in {"", first.hash, another.hash}
    assert list(same.metadata.delta_path) == [0, 1]
    long = "一" * 4000
    assert [each.metadata.cacheable for each in (first, named(long), named(long, block=True))] == [False, True, False]
    page = object.__new__(st.Page)
    page._url_path = "one"
    called = page._script_hash
    monkeypatch.setattr(util, "create_fast_hasher", None)
    assert page._script_hash == called


def test_a_click_that_comes_with_the_address_of_before_undoes_nothing_of_it(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, now = list[str](), [0.0]
    monkeypatch.setattr(patches.time, "monotonic", lambda: now[0])
    session: Any = SimpleNamespace(
        request_rerun=lambda asked: heard.append(asked.query_string), _call_soon_on_event_loop=lambda callback: None
    )
    session._handle_rerun_script_request = session.request_rerun

    def click(query: str, *, page: str = "people", back: bool = False) -> str:
        message = BackMsg()
        message.rerun_script.query_string, message.rerun_script.page_script_hash = query, page
        message.rerun_script.is_history_navigation = back
        AppSession.handle_backmsg(session, message)
        return heard[-1]

    def put(query: str) -> None:
        message = ForwardMsg()
        message.page_info_changed.query_string = query
        AppSession._on_scriptrunner_event(
            session, None, event=ScriptRunnerEvent.ENQUEUE_FORWARD_MSG, forward_msg=message
        )

    assert click("") == ""
    put("q=a")
    assert click("") == "q=a"  # the browser has not been told yet
    put("q=a&employer=b")
    assert click("") == "q=a&employer=b"
    assert click("", back=True) == ""
    put("q=a")
    assert click("q=a") == "q=a"
    assert click("") == ""  # the browser knew the other one: this one is meant
    put("q=a")
    assert click("", page="review") == ""
    put("q=a")
    now[0] += patches.LAG
    assert click("", page="review") == ""


@pytest.fixture
def streamlit_routes(served: Any, office: Path) -> list[Any]:
    """Every route of the whole application as it is served, ours first; nothing is started."""
    found: list[Any] = served.app._build_starlette_app().routes
    return found


def test_what_is_reachable_without_signing_in_is_what_the_sign_in_needs(streamlit_routes: list[Any]) -> None:
    behind = Behind()
    for route in streamlit_routes[len(addresses.ROUTES) :]:
        path = getattr(route, "path", "") or "/"
        for name in ("file_id:path", "path:path", "session_id", "file_id"):
            path = path.replace(f"{{{name}}}", "x.js")
        if not connects(("host", HERE), ("origin", f"http://{HERE}"), path=path):
            for method in ("GET", "PUT", "POST", "OPTIONS", "DELETE"):
                assert ask(door.Door(behind), path, method=method)[0].status_code in {401, 404}, path
        else:
            behind.reached.append(path)
    assert set(behind.reached) == {
        "/",  # the page itself, its script and style by addresses that change with their content
        "/_stcore/health",
        "/_stcore/host-config",
        "/_stcore/stream",
    }
    beyond = ["/_stcore/new", "/app/static/x", "/component/x/y", "/_stcore/agent/", "/media/", "/auth/x"]
    assert {each.status_code for each in ask(door.Door(Behind()), *beyond)} <= {401, 404}


def test_streamlit_never_asks_an_outside_service_for_its_address(
    streamlit_routes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asks(*_: Any, **__: Any) -> None:
        raise AssertionError("asked outside")

    for name in ("get_external_ip", "get_internal_ip", "_make_blocking_http_get"):
        monkeypatch.setattr(net_util, name, asks)
    with pytest.raises(AssertionError):  # so it would, behind the door
        starlette_websocket._is_origin_allowed("http://evil.example", HERE)
    assert not connects(("host", HERE), ("origin", "http://evil.example"))
    assert connects(("host", HERE), ("origin", f"http://{HERE}"))
    assert starlette_websocket._is_origin_allowed(f"http://{HERE}", HERE)
    options = config.get_config_options(force_reparse=True)
    wanted = {"logger.hideWelcomeMessage": True, "browser.gatherUsageStats": False}  # it asks for these, too
    wanted |= {"logger.enableRich": False}  # or errors would go past our log
    assert {name: options[name].value for name in wanted} == wanted


def test_streamlit_shows_no_errors_inside_and_hands_out_no_table_of_its_own(office: Path) -> None:
    options = config.get_config_options(force_reparse=True)
    wanted = {"showErrorDetails": "none", "showErrorLinks": False, "toolbarMode": "minimal", "disableDataExport": True}
    assert {name: options[f"client.{name}"].value for name in wanted} == wanted
    server = {"address": HERE.partition(":")[0], "fileWatcherType": "none", "maxUploadSize": 20, "maxMessageSize": 50}
    assert {name: options[f"server.{name}"].value for name in server} == server
    assert options["runner.magicEnabled"].value is False


def test_nothing_that_was_sent_passes_for_an_entry_of_the_servers_log_or_fills_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.Formatter, "format", logging.Formatter.format)  # put back afterwards
    monkeypatch.setattr(logging, "lastResort", logging.StreamHandler(said := io.StringIO()))
    monkeypatch.setattr(logging.Logger, "handle", logging.Logger.handle)
    now = [0.0]
    monkeypatch.setattr(server_log, "REPEATED", server_log.Repeated(lambda: now[0]))
    server_log.keep()
    log = logging.Logger("answers")
    try:
        raise ValueError("x\r\n2024-06-03 admin\x1b[2Jsigned in\u2028")
    except ValueError:
        log.exception("lost %s", "a\n2024-06-03 b\x9b")
    first, *more = said.getvalue().splitlines()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ answers lost a$", first)
    assert len(more) > 3
    assert all(line.startswith("| ") for line in more)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", said.getvalue())
    said.seek(0)
    said.truncate()
    number = c.id_number(1)
    for _ in range(500):
        try:
            raise KeyError(number + "9" * 100_000)
        except KeyError:
            log.exception("a page, of %s", number)
    once = said.getvalue()
    assert once.count("raise KeyError") == server_log.MOST
    assert "只计次数" in once
    assert number not in once
    assert len(once) < 4 * server_log.LONGEST
    log.error("something else")
    assert said.getvalue().count("something else") == 1
    now[0] += server_log.WINDOW
    server_log.REPEATED.tell()
    assert f"再次发生{500 - server_log.MOST}次" in caplog.text


def test_a_session_lies_where_no_script_and_no_other_site_reaches_it_and_comes_in_json_alone(office: Path) -> None:
    c.assemble()
    token = signed_in("reviewer")["cookie"].partition("=")[2]
    app = Starlette(routes=addresses.ROUTES)
    for base, secure in ((f"http://{HERE}", False), ("https://office.example", True)):
        (answer,) = ask(app, "/session", method="POST", base=base, json={"token": token})
        lines = answer.headers.get_list("set-cookie")
        assert [line.partition("=")[0] for line in lines] == [session.COOKIE, session.DEVICE]
        for line in lines:
            said = set(line.lower().split("; ")[1:])
            assert {"httponly", "samesite=strict", "path=/"} <= said
            assert ("secure" in said) is secure
            assert not [each for each in said if each.startswith("domain")]
    json_type = {"content-type": "application/json"}
    for status, content, headers in (
        (401, b'{"token": "made up"}', json_type),
        (400, b'{"token": ', json_type),
        (400, b"[]", json_type),
        (401, b'{"token": {}}', json_type),
        (413, b'{"token": "%s"}' % (b"x" * session.LARGEST), json_type),
        (415, b"token=x", {"content-type": "application/x-www-form-urlencoded"}),
        (415, b'{"token": "x"}', {"content-type": "text/plain"}),
        (403, b'{"token": "x"}', json_type | {"sec-fetch-site": "cross-site"}),
    ):
        (answer,) = ask(app, "/session", method="POST", content=content, headers=headers)
        assert (answer.status_code, answer.headers.get("set-cookie")) == (status, None), content[:40]
    behind = door.Door(Behind())
    in_address = f"/media/x.pdf?{session.COOKIE}={token}&token={token}"
    assert [each.status_code for each in ask(behind, in_address)] == [401]
    assert [each.status_code for each in ask(behind, "/media/x.pdf", headers=signed_in("reviewer"))] == [200]


def test_every_answer_says_what_a_browser_may_do_with_it(office: Path, tmp_path: Path) -> None:
    script = tmp_path / "index.DormvYxC.js"
    script.write_text("1")
    page = '<html lang="en"><head><script>a=1</script></head><body><div id="root"></div>'
    cached = {"cache-control": "public", "access-control-allow-origin": "*"}
    ours = [
        *addresses.ROUTES,
        Route("/", lambda _: HTMLResponse(page)),
        Route("/media/x.pdf", lambda _: PlainTextResponse("x", headers=cached)),
        Mount("/static", Starlette(routes=[Route("/{path:path}", lambda _: FileResponse(script, headers=cached))])),
    ]
    app = Starlette(routes=ours, middleware=[Middleware(shield.Shield), Middleware(PathSecurityMiddleware)])
    bare = [*ask(app, "/verify/%00", "/_stcore/none"), *ask(app, "/session", method="PUT")]
    assert [each.status_code for each in bare] == [400, 404, 405]
    assert not [each.text for each in bare if not re.match("[\u4e00-\u9fff]{4}.*\\([a-z ]+\\)$", each.text)]
    wanted = "nosniff same-origin same-origin same-origin".split()
    names = "X-Content-Type-Options Referrer-Policy Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy".split()
    paths = ["/", "/media/x.pdf", "/nowhere", "/static/plain.js", "/static/js/index.DormvYxC.js"]
    fillings = {"{code}": "0000", "{token}": "0", "{lesson:int}": "1", "{number:int}": "1", "{name}": "player.js"}
    fillings |= {"{course:int}": "1", "{paper:int}": "1", "{first:ours}": "no", "{rest:path}": "such/page"}
    scripted = {"/", "/learn", "/learn/1", "/learn/exam/1", "/learn/paper/1"}
    for route in addresses.ROUTES:
        paths.append(route.path)
        for name, value in fillings.items():
            paths[-1] = paths[-1].replace(name, value)
    for path, found in zip(paths, ask(app, *paths), strict=True):
        assert [found.headers[name] for name in names] == wanted, path
        assert found.headers["permissions-policy"].split(", ")[:2] == ["camera=(self)", "geolocation=()"]
        assert "access-control-allow-origin" not in found.headers
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe-eval" not in policy
        assert ("script-src" in policy) is (path in scripted), path
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0], path
        kept = "public" if path == "/static/js/index.DormvYxC.js" else "no-store"
        assert found.headers["cache-control"] == kept, path
        if found.content:
            said = found.headers["content-type"]
            assert "charset=utf-8" in said or not said.startswith("text/"), path
        assert "strict-transport-security" not in found.headers
    drawn, nothing = ask(app, "/", "/no/such/page", headers={"accept": "text/html"})
    assert (nothing.status_code, "没有这个地址" in nothing.text) == (404, True)
    assert '<html lang="zh-CN"' in drawn.text
    assert "'sha256-" in drawn.headers["content-security-policy"]  # the page's own script alone runs in it
    assert "script-src 'self' blob: 'sha256-" in drawn.headers["content-security-policy"]
    (address,) = [part for part in drawn.text.split('"') if part.startswith("/words.js?")]
    assert "immutable" in ask(app, address)[0].headers["cache-control"]
    assert "strict-transport-security" in ask(app, "/", base="https://office.example")[0].headers
    assert "strict-transport-security" not in ask(app, "/", base="https://localhost:8501")[0].headers


def test_this_machine_is_who_sits_at_it_and_nobody_whom_a_proxy_forwards() -> None:
    local = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}
    assert door.from_this_machine("127.0.0.1", local)
    assert door.from_this_machine(None, {"host": "[::1]:8501"})
    for address, headers in (
        ("192.168.1.20", local),
        ("127.0.0.1", {}),
        ("127.0.0.1", {"Host": "office.example"}),
        ("127.0.0.1", local | {"Origin": "https://office.example"}),
        ("127.0.0.1", local | {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", local | {"Via": "1.1 proxy"}),
    ):
        assert not door.from_this_machine(address, headers), (address, headers)


# --- uploads --------------------------------------------------------------------------------------------------------


def signed_in(username: str) -> dict[str, str]:
    with db.transaction() as deed:
        token = accounts.sign_in(deed, username, fits=True, now=datetime.now(UTC))
    return {"cookie": f"ce_session={token}"}


def put(app: Any, count: int = 1, size: int = 3, **headers: str) -> list[int]:
    paths = [f"{uploads.PATH}browser/{at}" for at in range(count)]
    return [each.status_code for each in ask(app, *paths, method="PUT", content=b"x" * size, headers=headers)]


def of(headers: dict[str, str]) -> str:
    """The token of a sign-in, out of its cookie."""
    return headers["cookie"].partition("=")[2]


def test_uploads_have_limits_in_size_number_and_time_for_each_account(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c.assemble()
    base, employer = signed_in("base"), signed_in("employer")
    held = {"browser": (0, 0)}
    behind = Behind(takes=0.05)
    page = {"browser": of(base)}
    app = uploads.Uploads(behind, holding=lambda session_id: held[session_id], whose=page.get)
    assert put(app) == [401]
    monkeypatch.setattr(uploads, "LARGEST", 5)
    assert put(app, size=6, **base) == [413]
    held["browser"] = (1, uploads.HELD - 2)
    assert put(app, **base) == [413]
    held["browser"] = (uploads.FILES, 1)
    assert put(app, **base) == [429]
    held["browser"] = (0, 0)
    assert behind.reached == []
    behind.takes = 0.5  # all are there before the first is done, however busy the machine
    assert sorted(put(app, count=uploads.AT_ONCE + 2, **base)) == [200] * uploads.AT_ONCE + [429] * 2
    behind.takes = 0.05
    assert behind.most == uploads.AT_ONCE
    monkeypatch.setattr(uploads, "A_MINUTE", uploads.AT_ONCE + 1)
    assert [put(app, **base) for _ in range(2)] == [[200], [429]]
    page["browser"] = of(employer)
    assert put(app, **employer) == [200]  # nobody else is held up
    monkeypatch.setattr(uploads, "TAKES", 0.01)
    assert put(app, **employer) == [408]


def test_nobody_writes_or_removes_a_file_of_another_account_s_page(office: Path) -> None:
    c.assemble()
    base, again, employer = signed_in("base"), signed_in("base"), signed_in("employer")
    behind = Behind()
    page = {"hers": of(base), "over": "made-up"}
    app = uploads.Uploads(behind, holding=lambda _: (0, 0), whose=page.get)

    def asked(method: str, page: str, headers: dict[str, str]) -> tuple[int, str]:
        given = {"content": b"x"} if method == "PUT" else {}
        (answer,) = ask(app, f"{uploads.PATH}{page}/x", method=method, headers=headers, **given)
        return answer.status_code, answer.text

    for method in ("DELETE", "PUT"):
        for name in ("hers", "over", "nobody's"):
            status, words = asked(method, name, employer)
            assert (status, "请刷新页面" in words) == (404, True)
        assert asked(method, "hers", {})[0] == 401
    assert behind.reached == []
    for headers in (base, again):  # one's own page is one's own, by whichever sign-in
        assert [asked(method, "hers", headers)[0] for method in ("PUT", "DELETE")] == [200, 200]


def test_a_refused_upload_is_answered_in_our_words_and_says_nothing_of_what_we_run_on(
    office: Path, streamlit_routes: list[Any]
) -> None:
    c.assemble()
    base = signed_in("base")
    app = uploads.Uploads(Starlette(routes=streamlit_routes), holding=lambda _: (0, 0), whose={"here": of(base)}.get)
    long = {"file": ("名" * 3000 + ".pdf", b"%PDF")}
    for given in ({"content": b"x"}, {"files": {"file": ("a.pdf", b"%PDF")}}, {"files": long}):
        (answer,) = ask(app, f"{uploads.PATH}here/x", method="PUT", headers=base, **given)
        assert answer.status_code in {400, 403}
        assert answer.text in uploads._WORDS.values()
        assert answer.headers["content-length"] == str(len(answer.content))
    for status, words in ((400, "文件名过长"), (403, "页面已过期"), (413, "文件过大"), (500, "没有传到")):
        bare = uploads.Uploads(PlainTextResponse("XSRF", status), holding=lambda _: (0, 0), whose=lambda _: of(base))
        (answer,) = ask(bare, f"{uploads.PATH}here/x", method="PUT", headers=base, content=b"x")
        assert (answer.status_code, words in answer.text, "XSRF" in answer.text) == (status, True, False)


def test_a_page_belongs_to_the_sign_in_by_which_it_was_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = {"here": SimpleNamespace(client_context=SimpleNamespace(cookies={session.COOKIE: "token"}))}
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(get_client=clients.get))
    assert (kept.whose("here"), kept.whose("gone")) == ("token", None)


def test_what_was_uploaded_is_gone_when_its_browser_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[str] = []
    active = {"here"}
    fake = SimpleNamespace(
        is_active_session=active.__contains__, uploaded_file_mgr=SimpleNamespace(remove_session_files=removed.append)
    )
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: fake)
    monkeypatch.setattr(kept, "_kept", lambda: {"here": {}, "gone": {}})
    sweeper = kept.Sweeper()
    sweeper.sweep(0)
    sweeper.sweep(kept.KEPT - 1)
    assert removed == []
    active.add("gone")  # it came back in time
    sweeper.sweep(kept.KEPT)
    active.remove("gone")
    sweeper.sweep(kept.KEPT + 1)
    assert removed == []
    sweeper.sweep(2 * kept.KEPT + 1)
    assert removed == ["gone"]
