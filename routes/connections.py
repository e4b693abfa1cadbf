"""Connections (连接数): how many an address and all together may hold, decided before anything of a request is read.

Each serving process counts its own. An office of 200 people may share one address: what one address may hold is far
more than they need, and a process has memory and files for all.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from asyncio.sslproto import SSLProtocol, _SSLProtocolTransport
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.middleware.proxy_headers import _TrustedHosts
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from core.people import tries

EACH, ALL = 2000, 4000
"""Connections of one network (an IPv4 address, 64 bits of an IPv6 one), and of all, as far as there are files."""
STRANGERS_EACH, STRANGERS_ALL = 500, 2000
"""WebSockets without a sign-in: the page that asks for it holds 100 KB of this process for each."""
STRANGERS_MESSAGE = 64 * 1024
"""Bytes of a message of theirs: it is held until it came whole, and what was typed as long as the socket stands."""
HANDSHAKE = 20.0
"""Seconds until a connection's encryption stands."""
BUFFER = 32 * 1024
"""Bytes that each encrypted connection holds to read into: two of TLS's records; Python's 256 KB are filled with
nothing, for each browser that is open."""
FILES, SPARE = 16_384, 256
"""Open files (文件描述符) that this process asks for, and of those the ones that are no connections."""

LINE = "line"
"""Where a WebSocket's `Line` stands in the state of its scope."""

HangUp = Callable[[], None]


class Crowd:
    """Who is here (在场的连接), by network: nobody is kept out by one who takes all.

    Where all places are taken, the network that holds most gives its oldest to one that holds less.
    """

    def __init__(self, what: str, each: int, most: int) -> None:
        self.what, self.each, self.most = what, each, most
        self._here: dict[str, dict[object, HangUp]] = {}
        self._count = 0

    def enter(self, address: str, one: object, hang_up: HangUp, *, bounded: bool = True) -> bool:
        """Whether one more of this address comes in; `bounded` says whether an address may only hold so many."""
        network = tries.network(address)
        held = len(self._here.get(network, ()))
        if bounded and held >= self.each:
            return self._tell(network, "没有再接受它的")
        if self._count >= self.most:
            largest = max(self._here, key=lambda each: len(self._here[each]))
            if len(self._here[largest]) <= held + 1:
                return self._tell(network, "没有再接受它的")
            self._tell(largest, "挂断了其中最早的")
            oldest, its_end = next(iter(self._here[largest].items()))
            self.leave(largest, oldest)
            its_end()
        self._here.setdefault(network, {})[one] = hang_up
        self._count += 1
        return True

    def leave(self, address: str, one: object) -> None:
        """It is gone; who never came in leaves as well."""
        network = tries.network(address)
        if self._here.get(network, {}).pop(one, None) is not None:
            self._count -= 1
            if not self._here[network]:
                del self._here[network]

    def _tell(self, network: str, done: str) -> bool:
        held = len(self._here.get(network, ()))
        words = "%s过多：%s 已有%d个，合计%d个；%s (too many connections)"
        logging.getLogger(__name__).warning(words, self.what, network, held, self._count, done)
        return False


@dataclass(frozen=True)
class Line:
    """What the door does with a WebSocket's connection (线路)."""

    let_more: Callable[[], None]
    """Let its messages be as large as Streamlit takes them."""
    hang_up: HangUp


def bound() -> None:
    """Bound the connections of this process (限制连接数): their number, and what strangers may send.

    uvicorn (seen in 0.54) counts requests under way alone; a connection that says nothing costs it nothing to refuse.
    """
    files = _files()
    everyone = Crowd("连接", min(EACH, (files - SPARE) // 2), min(ALL, files - SPARE))
    _count_encrypted(everyone)
    _count_plain(everyone)
    _keep_strangers_short()


def _files() -> int:
    """How many files this process may open: asked for where the system lets it ask."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return ALL + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < FILES:
        wanted = FILES if hard == unlimited else min(FILES, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return FILES if soft == unlimited else soft


def _peer(transport: asyncio.BaseTransport) -> str:
    told = transport.get_extra_info("peername")
    return str(told[0]) if told else ""


def _count_encrypted(everyone: Crowd) -> None:
    """Count a TLS connection from before its handshake: one that never completes it holds a file and memory as well."""
    SSLProtocol.max_size = BUFFER
    made, lost = SSLProtocol.connection_made, SSLProtocol.connection_lost

    @functools.wraps(made)
    def connection_made(protocol: Any, transport: asyncio.Transport) -> None:
        if protocol._server_side:
            protocol._ssl_handshake_timeout = min(protocol._ssl_handshake_timeout, HANDSHAKE)
            vars(protocol)["_peer"] = address = _peer(transport)
            bounded = not _is_proxy(address, protocol._app_protocol)
            if not everyone.enter(address, protocol, transport.abort, bounded=bounded):
                transport.abort()
        made(protocol, transport)

    @functools.wraps(lost)
    def connection_lost(protocol: Any, exc: Exception | None) -> None:
        everyone.leave(vars(protocol).pop("_peer", ""), protocol)
        lost(protocol, exc)

    SSLProtocol.connection_made = connection_made  # type: ignore[assignment, method-assign]
    SSLProtocol.connection_lost = connection_lost  # type: ignore[assignment, method-assign]


def _count_plain(everyone: Crowd) -> None:
    """Count a connection without encryption, from its first moment until it is lost, as a WebSocket too."""
    made = H11Protocol.connection_made

    @functools.wraps(made)
    def connection_made(protocol: H11Protocol, transport: asyncio.Transport) -> None:
        made(protocol, transport)
        if transport.get_extra_info("sslcontext"):
            return
        address = _peer(transport)
        if not everyone.enter(address, transport, transport.abort, bounded=not _is_proxy(address, protocol)):
            transport.write(_FULL)
            transport.close()

    def leaving(lost: Callable[[Any, Exception | None], None]) -> Callable[[Any, Exception | None], None]:
        @functools.wraps(lost)
        def connection_lost(protocol: Any, exc: Exception | None) -> None:
            if not isinstance(protocol.transport, _SSLProtocolTransport):  # that was counted by its encryption
                everyone.leave(_peer(protocol.transport), protocol.transport)
            lost(protocol, exc)

        return connection_lost

    H11Protocol.connection_made = connection_made  # type: ignore[assignment, method-assign]
    kinds: list[Any] = [H11Protocol, WebSocketsSansIOProtocol]
    for kind in kinds:
        kind.connection_lost = leaving(kind.connection_lost)


_WORDS = "连接过多，请稍候再试 (too many connections)".encode()
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
_FULL += b"Content-Length: %d\r\n\r\n" % len(_WORDS) + _WORDS


def _is_proxy(address: str, protocol: Any) -> bool:
    """Whether many come through this address: the one that is believed when it says for whom (FORWARDED_ALLOW_IPS)."""
    given = protocol.config.forwarded_allow_ips
    return address in _trusted(given if isinstance(given, str) else ",".join(given))


@functools.lru_cache(maxsize=2)
def _trusted(given: str) -> _TrustedHosts:
    return _TrustedHosts(given)


def _keep_strangers_short() -> None:
    """Take short messages alone from a WebSocket, until the door has seen that somebody is signed in."""
    made = WebSocketsSansIOProtocol.connection_made

    @functools.wraps(made)
    def connection_made(protocol: WebSocketsSansIOProtocol, transport: asyncio.Transport) -> None:
        made(protocol, transport)
        most, protocol.conn.max_message_size = protocol.conn.max_message_size, STRANGERS_MESSAGE
        let_more = functools.partial(setattr, protocol.conn, "max_message_size", most)
        protocol.app_state = {**protocol.app_state, LINE: Line(let_more, transport.abort)}

    WebSocketsSansIOProtocol.connection_made = connection_made  # type: ignore[assignment, method-assign]
