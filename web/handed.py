"""The application in one of several processes (多进程): it listens nowhere, its connections are handed to it."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from contextlib import suppress
from functools import partial
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

import uvicorn
from streamlit import config
from streamlit.web import bootstrap
from streamlit.web.server.starlette import starlette_server

from core.ground import db


def work(given: Connection, options: dict[str, Any]) -> None:
    """Serve what is handed over (受理移交的连接), as `streamlit run app.py` serves it with these options.

    It ends when it is told to, or when nobody is left to hand anything over.
    """
    main = str(db.ROOT / "app.py")
    config._main_script_path = main
    bootstrap.load_config_options(options)
    bootstrap._prepare_asgi_app_run_context(main, [], options)
    settings = uvicorn.Config("app:app", **starlette_server._get_uvicorn_config_kwargs())
    with suppress(KeyboardInterrupt):
        Handed(settings, given).run([])


class Handed(uvicorn.Server):
    """A server without a port: it answers connections that another process has accepted."""

    def __init__(self, settings: uvicorn.Config, given: Connection) -> None:
        super().__init__(settings)
        self._given = given

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._given.send(None)
        take = partial(self._take, asyncio.get_running_loop())
        threading.Thread(target=take, name="door", daemon=True).start()

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(EOFError, OSError, RuntimeError):  # whoever hands over has ended, or this loop has
            while True:
                asyncio.run_coroutine_threadsafe(self._answer(taken(self._given)), loop)
        self.should_exit = True

    async def _answer(self, connection: socket.socket) -> None:
        def protocol() -> asyncio.Protocol:
            kind: Any = self.config.http_protocol_class  # as uvicorn makes it for a connection of its own
            made: asyncio.Protocol = kind(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        with suppress(OSError):  # gone already, or no TLS
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(protocol, connection, ssl=self.config.ssl)


def taken(given: Connection) -> socket.socket:
    """The next connection handed to this process (受理移交的连接), when it comes. EOFError: none comes any more."""
    if sys.platform == "win32":
        connection: socket.socket = given.recv()
        return connection
    return socket.socket(fileno=reduction.recv_handle(given))
