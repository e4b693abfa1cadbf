"""Connections: one address that opens all it can takes no place from another, and a stranger holds little."""

import asyncio
import contextlib
import inspect
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from core.ground import certificates, db
from routes import connections, door, session
from tests import cast as c
from tests.core.test_door import run

HERE, ONE, OTHER = "127.0.0.1", "127.0.0.5", "127.0.0.6"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(autouse=True)
def put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (SSLProtocol, H11Protocol, WebSocketsSansIOProtocol):
        for name in ("connection_made", "connection_lost"):
            monkeypatch.setattr(kind, name, inspect.unwrap(getattr(kind, name)))  # the application may be loaded
    monkeypatch.setattr(SSLProtocol, "max_size", SSLProtocol.max_size)
    monkeypatch.setattr(connections, "EACH", 3)
    monkeypatch.setattr(connections, "ALL", 5)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """What stands behind the door: it says how long each message was."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"in"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": str(len(message.get("bytes") or b""))})


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[int]:
    """The door on a port, as uvicorn serves it; with its connections bound."""
    connections.bound()
    config = uvicorn.Config(
        door.Door(echo), port=0, ws="websockets-sansio", lifespan="off", log_config=None, **settings
    )
    server = uvicorn.Server(config)
    with contextlib.ExitStack() as undone:
        undone.callback(setattr, server, "should_exit", True)
        serving = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    await serving


async def opened(port: int, *addresses: str) -> list[Streams]:
    """Connections from these addresses that have said nothing yet."""
    found = []
    for each in addresses:
        found.append(await asyncio.open_connection(HERE, port, local_addr=(each, 0)))
        await asyncio.sleep(0.02)
    return found


async def hung_up(one: Streams) -> bytes | None:
    """What a connection was told before it was hung up on; None while it stands."""
    with contextlib.suppress(TimeoutError):
        try:
            return await asyncio.wait_for(one[0].read(), 0.2)
        except ConnectionError:
            return b""
    return None


async def asks(port: int, address: str, encrypted: ssl.SSLContext | None = None) -> bytes:
    """The first line that a request from an address is answered with; empty where it was hung up on."""
    reader, writer = await asyncio.open_connection(HERE, port, local_addr=(address, 0), ssl=encrypted)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.readline()
    writer.close()
    return answer.split(b" ", 2)[1]


def closed(streams: list[Streams]) -> None:
    for _, writer in streams:
        writer.close()


def test_one_address_holds_so_many_connections_and_no_other_is_slowed(caplog: pytest.LogCaptureFixture) -> None:
    async def all_at_once() -> None:
        async with served() as port:
            flood = await opened(port, *[ONE] * 3)
            assert await asks(port, ONE) == b"503"
            assert await asks(port, OTHER) == b"200"
            closed(flood[:1])
            await asyncio.sleep(0.1)
            assert await asks(port, ONE) == b"200"
            proxied = await opened(port, *[HERE] * 3)  # a proxy on this machine stands for many
            assert await hung_up(proxied[-1]) is None
            closed(flood + proxied)

    run(all_at_once)
    assert [each.args[:3] for each in caplog.records if each.name == connections.__name__] == [("连接", ONE, 3)]  # type: ignore[index]


def test_where_all_places_are_taken_whoever_holds_most_gives_one_to_who_holds_less() -> None:
    async def all_at_once() -> None:
        async with served() as port:
            flood = await opened(port, *[ONE] * 3, "127.0.0.7", "127.0.0.8")
            assert await asks(port, OTHER) == b"200"
            assert [await hung_up(each) for each in flood] == [b"", None, None, None, None]
            assert await asks(port, ONE) == b"200"  # its own place is free again
            more = await opened(port, "127.0.0.9")
            assert await asks(port, ONE) == b"503"  # it would have as many as any
            closed(flood + more)

    run(all_at_once)


def test_a_connection_counts_before_its_encryption_stands(home: Path) -> None:
    db.make_key()
    made = certificates.prepare([HERE], now=c.NOW)
    trusting = ssl._create_unverified_context()

    async def all_at_once() -> None:
        async with served(ssl_certfile=made.certificate, ssl_keyfile=made.key) as port:
            silent = await opened(port, *[ONE] * 4)
            assert [await hung_up(each) for each in silent] == [None, None, None, b""]
            assert await asks(port, OTHER, trusting) == b"200"
            closed(silent)
            await asyncio.sleep(0.1)
            assert await asks(port, ONE, trusting) == b"200"

    run(all_at_once)


def test_a_stranger_s_sockets_are_few_and_their_messages_short_until_somebody_signs_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "EACH", 50)
    monkeypatch.setattr(connections, "ALL", 50)
    monkeypatch.setattr(connections, "STRANGERS_EACH", 2)
    monkeypatch.setattr(connections, "STRANGERS_ALL", 3)
    monkeypatch.setattr(session, "signed_in", lambda headers: headers["cookie"].endswith("good"))

    async def all_at_once() -> None:
        async with served() as port:
            origin: Any = f"http://localhost:{port}"

            def page(address: str, **more: Any) -> Any:
                where = f"ws://localhost:{port}/_stcore/stream"
                return connect(where, host=HERE, port=port, origin=origin, local_addr=(address, 0), **more)

            async def says(socket: ClientConnection, size: int) -> str:
                await socket.send(b"x" * size)
                return str(await asyncio.wait_for(socket.recv(), 5))

            cookie = {"additional_headers": {"Cookie": f"{session.COOKIE}=good"}}
            forged = {"additional_headers": {"Cookie": f"{session.COOKIE}=forged"}}
            first, second = await page(ONE), await page(ONE, **forged)
            with pytest.raises(InvalidHandshake):
                await page(ONE)
            office = await page(ONE, **cookie)
            assert await says(office, connections.STRANGERS_MESSAGE + 1) == str(connections.STRANGERS_MESSAGE + 1)
            assert await says(second, connections.STRANGERS_MESSAGE) == str(connections.STRANGERS_MESSAGE)
            with pytest.raises(ConnectionClosed):
                await says(second, connections.STRANGERS_MESSAGE + 1)
            second = await page(ONE)  # its place was free again
            others = [await page(OTHER), await page("127.0.0.7")]  # all are taken: the oldest of the largest gives way
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(first.recv(), 5)
            for each in (second, office, *others):
                assert await says(each, 3) == "3"
                await each.close()

    run(all_at_once)
