"""The door (入口): strange names, other sites and strangers are refused before anything else runs.

Who may come in at all (Host, Origin), and what of Streamlit's own addresses is open to whom. Whether somebody may do
what they ask for is decided in core.
"""

from __future__ import annotations

import asyncio
import functools
import os
import re
import socket
from collections.abc import Iterable, Mapping

import h11
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from core.ground import typed
from core.ground.access import Refused
from routes import connections, session, uploads

OPEN = ("/_stcore/health", "/_stcore/host-config", "/_stcore/stream")
"""Of Streamlit's reserved addresses those that the sign-in page needs; its pages and its hashed assets are open too."""
SIGNED_IN = ("/media/", uploads.PATH, "/_stcore/bidi-components/")
"""What only somebody signed in may ask for: downloads, uploads, files of components."""
CLOSED = ("/_stcore/", "/component/", "/auth/", "/oauth2callback", "/app/static/")
"""All else of Streamlit's that is no page: an office has no use for it."""
HOSTS = "CE_HOSTS"
"""Environment variable: further names and addresses this office is reached by, separated by commas."""
_HERE = {"localhost", "127.0.0.1", "[::1]"}
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::([0-9]{1,5}))?")


class Door:
    """ASGI middleware: Host on the list, Origin the same as Host, and sign-in before what is not for everybody."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._strangers = connections.Crowd("未登录的页面", connections.STRANGERS_EACH, connections.STRANGERS_ALL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        answer = refusal(scope) or await _closed(scope)
        if scope["type"] == "websocket":
            if answer is not None or not await self._lets_in(scope, receive, send):
                await receive()
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the client reads 403
        else:
            await _in_time(answer or self.app, scope, receive, send)

    async def _lets_in(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether a WebSocket was let in: of somebody signed in each one, of strangers so many, with little to say."""
        line: connections.Line | None = scope.get("state", {}).get(connections.LINE)
        if await _is_signed_in(scope):
            if line:
                line.let_more()
            await self.app(scope, receive, send)
            return True
        address, one = (scope.get("client") or ("",))[0], object()
        if not self._strangers.enter(address, one, line.hang_up if line else _nothing):
            return False
        try:
            await self.app(scope, receive, send)
        finally:
            self._strangers.leave(address, one)
        return True


LONGEST_HEAD, LONGEST_BODY = 20.0, 60.0
"""Seconds. An upload has a time of its own (`uploads`)."""


class _Late(ClientDisconnect):
    """A request's body has not come in time: to who reads it, its sender is gone."""


async def _in_time(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request whose body comes in time (请求正文时限): 408 after LONGEST_BODY.

    One that hangs up in the middle of it is no error of ours.
    """
    until = None if scope["path"].startswith(uploads.PATH) else asyncio.get_running_loop().time() + LONGEST_BODY
    begun = False

    async def received() -> Message:
        nonlocal until
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError as error:
            raise _Late from error
        if not message.get("more_body"):
            until = None  # what comes after the body is that nobody is there any more
        return message

    async def sent(message: Message) -> None:
        nonlocal begun
        begun = True
        await send(message)

    try:
        await app(scope, received, sent)
    except ClientDisconnect as gone:
        if isinstance(gone, _Late) and not begun:
            words = "内容没有及时传完，请检查网络后重试 (the request took too long)"
            await PlainTextResponse(words, status_code=408, headers={"Connection": "close"})(scope, receive, send)


def heads_in_time() -> None:
    """Timeout for request headers (请求头时限), against slowloris: LONGEST_HEAD, then close.

    uvicorn (seen in 0.54) bounds its size alone, and leaves a connection that says nothing at all open for ever;
    between two requests it waits five seconds by itself.
    """
    made, received = H11Protocol.connection_made, H11Protocol.data_received

    def await_head(protocol: H11Protocol) -> None:
        waiting: asyncio.TimerHandle | None = vars(protocol).pop("_head", None)
        if protocol.conn.their_state is h11.IDLE and not protocol.transport.is_closing():
            vars(protocol)["_head"] = waiting or protocol.loop.call_later(LONGEST_HEAD, protocol.transport.close)
        elif waiting:
            waiting.cancel()

    def connection_made(protocol: H11Protocol, transport: asyncio.Transport) -> None:
        made(protocol, transport)
        await_head(protocol)

    def data_received(protocol: H11Protocol, data: bytes) -> None:
        received(protocol, data)
        await_head(protocol)

    H11Protocol.connection_made = connection_made  # type: ignore[assignment, method-assign]
    H11Protocol.data_received = data_received  # type: ignore[assignment, method-assign]


def refusal(scope: Scope) -> PlainTextResponse | None:
    """Whether a request comes under a strange name (421) or from another site (403); None where it may come in.

    A name that is not on the list may be one that its owner points here (DNS rebinding); a page of another site can
    send a browser's cookies along, but never the Origin of ours. A WebSocket without an Origin comes from no browser.
    """
    headers = Headers(scope=scope)
    named = _named(headers.getlist("host"))
    if named is None or named[0] not in hosts(os.environ.get(HOSTS, "")):
        return PlainTextResponse(
            "请用本系统自己的地址打开；要用别的名称或地址，启动时用 --host 写明 (start with --host NAME)",
            status_code=421,
        )
    origins = headers.getlist("origin")
    if (origins or scope["type"] == "websocket") and not _same(origins, named, scope["scheme"] in {"https", "wss"}):
        return PlainTextResponse("来自其他网站的请求不予受理 (forbidden: another origin)", status_code=403)
    return None


async def _is_signed_in(scope: Scope) -> bool:
    """Whether a page is of somebody signed in (已登录); not while the database is away, which the page itself says."""
    headers = Headers(scope=scope)
    if session.COOKIE not in headers.get("cookie", ""):
        return False
    try:
        return await run_in_threadpool(session.signed_in, headers)
    except (Refused, SQLAlchemyError, OSError):
        return False


def _nothing() -> None: ...


async def _closed(scope: Scope) -> PlainTextResponse | None:
    path = scope["path"]
    if path in OPEN:
        return None
    if path.startswith(SIGNED_IN):
        if await run_in_threadpool(session.signed_in, Headers(scope=scope)):
            return None
        return PlainTextResponse("请先登录 (sign in first)", status_code=401)
    return PlainTextResponse("没有这个地址 (not found)", status_code=404) if path.startswith(CLOSED) else None


@functools.lru_cache(maxsize=8)
def hosts(given: str) -> frozenset[str]:
    """The names and addresses this office is reached by (允许的主机名): this machine's, and those set at the start."""
    return frozenset(_HERE | {_written(each) for each in (socket.gethostname(), *given.split(",")) if each})


def _written(name: str) -> str:
    """A name or an address as a browser writes it in Host."""
    name = typed.plain(name).lower().rstrip(".")
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def from_this_machine(address: str | None, headers: Mapping[str, str]) -> bool:
    """Whether somebody sits at this very machine (本机): by the client's address and by the names it was asked by.

    What a proxy on this machine forwards is not: it is asked for another name, or says whom it asks for.
    """
    given = {name.lower(): value for name, value in headers.items()}
    named = _named([given.get("host", "")])
    origin = given.get("origin", "").partition("://")[2]
    return (
        address in {None, "127.0.0.1", "::1"}
        and named is not None
        and named[0] in _HERE
        and (not origin or (_named([origin]) or ("",))[0] in _HERE)
        and not any(name in given for name in _FORWARDED)
    )


def is_loopback(scope: Scope) -> bool:
    """Whether it was asked by a name that means this machine to everybody, such as localhost."""
    named = _named(Headers(scope=scope).getlist("host"))
    return named is None or named[0] in _HERE


def _named(given: Iterable[str]) -> tuple[str, int | None] | None:
    """Name and port out of a Host header of which there is exactly one."""
    match list(given):
        case [one] if found := _AUTHORITY.fullmatch(one.lower()):
            port = int(found[2]) if found[2] else None
            return (found[1], port) if port is None or 0 < port < 2**16 else None
    return None


def _same(origins: list[str], named: tuple[str, int | None], encrypted: bool) -> bool:
    """Whether there is one Origin, and it is this Host; what came encrypted comes from an encrypted page."""
    if len(origins) != 1:
        return False
    scheme, _, rest = origins[0].lower().partition("://")
    if scheme != "https" and (encrypted or scheme != "http"):
        return False
    usual, origin = (443 if scheme == "https" else 80), _named([rest])
    return origin is not None and (origin[0], origin[1] or usual) == (named[0], named[1] or usual)
