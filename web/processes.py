"""One port, several processes (多进程): each computer's connections go to one of them, and stay there.

    python -m web.processes [--processes 2] [--address 127.0.0.1] [--port 8501] [--cert FILE --key FILE]

A process of Python draws one page at a time, so that a second core stands idle while reviewers wait for each other.
What a browser is working on lies in the memory of the process that draws for it: its socket, its uploads and its
downloads have to reach that one. They come from one address, and by their address connections are handed out, sockets
and all, before a byte is read: no request passes through anybody on its way, and HTTPS ends where the request is
answered. What outlives a session is kept in the database, as it is where several machines serve one office.

Behind a proxy all come from its address, and so to one process.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import reduction
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from typing import IO, Any

TIED = "CE_TIED"
"""Environment variable: our standard input is held open by the program that started us, and we end with it."""
REMEMBERED = 10_000
"""Addresses whose process is known; of more, the one that was away longest is handed out anew."""
STOPPING = 20.0
"""Seconds in which a process ends by itself when it is told to."""


def end_with(starter: IO[bytes], end: Callable[[], None]) -> None:
    """Serve no longer than the program that started us (run.py): what it holds open to us ends when it does."""
    while starter.read(1):
        pass
    end()


def tie() -> None:
    """End this process with the program that started it (随启动程序结束), where that one asked for it."""
    if os.environ.pop(TIED, ""):
        stopping = partial(os.kill, os.getpid(), signal.SIGTERM)
        starter = io.FileIO(sys.stdin.fileno(), closefd=False)  # unbuffered: no lock for us to end under
        threading.Thread(target=end_with, args=(starter, stopping), name="starter", daemon=True).start()


@dataclass(frozen=True)
class Common:
    """What the processes of one start have in common (共有), and the database does not hold."""

    secret: str
    tries: Synchronized[int]
    """Wrong tries at the first visit's code, of all of them."""


_common: Common | None = None


def join(common: Common) -> None:
    """Make this one of the processes of a start."""
    global _common
    _common = common


def common() -> Common:
    """What this process has in common with those that were started with it; alone it has its own."""
    if _common is None:
        join(Common(secrets.token_hex(), multiprocessing.get_context("spawn").Value("q")))
    assert _common
    return _common


class Places:
    """Which process serves an address (会话粘滞): always the same one, a new address the one with the fewest."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._of = OrderedDict[str, int]()

    def of(self, address: str) -> int:
        """The place of an address among the processes, from 0."""
        if address not in self._of:
            if len(self._of) >= REMEMBERED:
                self._of.popitem(last=False)
            many = Counter(self._of.values())
            self._of[address] = min(range(self._processes), key=lambda place: many[place])
        self._of.move_to_end(address)
        return self._of[address]


def serve(listener: socket.socket, processes: int, options: dict[str, Any]) -> None:
    """Serve a listening socket by so many processes (多进程服务), until one of them ends or this one is told to.

    The first brings the database up to date before the others begin. None is started anew: whoever started this program
    does that, as with a single process. `options` are Streamlit's.
    """
    spawning = multiprocessing.get_context("spawn")
    hands, workers = list[Connection](), list[SpawnProcess]()
    together = common()

    def start() -> None:
        hand, given = spawning.Pipe()
        workers.append(spawning.Process(target=_work, args=(given, options, together), name=f"serving {len(workers)}"))
        workers[-1].start()
        given.close()
        hands.append(hand)

    try:
        start()
        hands[0].recv()  # it serves
        for _ in range(1, processes):
            start()
        for hand in hands[1:]:
            hand.recv()
        threading.Thread(target=hand_out, args=(listener, hands), name="door", daemon=True).start()
        wait([worker.sentinel for worker in workers])
    except EOFError:  # it ended before it served, and has said why
        return
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join(STOPPING)
            worker.kill()


def is_first() -> bool:
    """Whether this is the only process or the first of several (首个进程), which speaks for all at the console."""
    return multiprocessing.current_process().name in {"MainProcess", "serving 0"}


def _work(given: Connection, options: dict[str, Any], together: Common) -> None:
    from web import handed, processes  # with all of Streamlit, which the process that hands out has no use for

    processes.join(together)  # not of this module, which bears another name where it was started
    handed.work(given, options)


def hand_out(listener: socket.socket, hands: Sequence[Connection]) -> None:
    """Accept connections, and hand each to the process of its address (移交连接)."""
    places = Places(len(hands))
    for hand in hands if sys.platform != "win32" else ():
        os.set_blocking(hand.fileno(), False)
    while listener.fileno() >= 0:
        try:
            connection, (address, *_) = listener.accept()
        except OSError:  # it was gone again, or too many are open
            continue
        with connection, suppress(OSError):  # its process has ended: so do we; or it hangs, and takes no more
            _give(hands[places.of(address)], connection)


def _give(hand: Connection, connection: socket.socket) -> None:
    """Give a connection to another process, at once or not at all (OSError): one that hangs keeps nobody else waiting.

    As multiprocessing sends a socket, its receiver asks back for it: one that stops in the midst of that holds up all.
    """
    if sys.platform == "win32":
        hand.send(connection)
    else:
        reduction.send_handle(hand, connection.fileno(), None)


def _stop(*_: object) -> None:
    """End once: a service manager tells each process of a service, and the program that started us tells us again."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def main(arguments: Sequence[str] | None = None) -> None:
    """Listen, and serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m web.processes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    tie()
    options = {"server_address": asked.address, "server_port": asked.port, "server_headless": True}
    options |= {"server_sslCertFile": asked.cert, "server_sslKeyFile": asked.key}
    family = socket.AF_INET6 if ":" in asked.address else socket.AF_INET
    with socket.socket(family) as listener, suppress(KeyboardInterrupt):
        if os.name != "nt":  # a server that has just ended must not keep us waiting; on Windows it does not
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((asked.address, asked.port))
        listener.listen(2048)
        serve(listener, asked.processes, options)
        sys.exit(1)  # nobody told it to


if __name__ == "__main__":
    main()
