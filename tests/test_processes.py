"""Several processes behind one port: who is served by which, and that all of them end together."""

import asyncio
import contextlib
import http.client
import multiprocessing
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
import uvicorn
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

import run
from core.ground import certificates, db
from tests import briefly
from web import first_visit, handed, processes

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="addresses 127.0.0.2 and on, and /proc")


@pytest.fixture(autouse=True)
def nobody_s_main_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that was drawn here before is still the main script, which each new process would run as it starts."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def test_an_address_stays_with_its_process_and_new_ones_go_where_there_are_fewest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = processes.Places(3)
    first = {f"10.0.0.{at}": places.of(f"10.0.0.{at}") for at in range(9)}
    assert Counter(first.values()) == {0: 3, 1: 3, 2: 3}
    assert {address: places.of(address) for address in reversed(first)} == first
    monkeypatch.setattr(processes, "REMEMBERED", 9)
    away = "10.0.0.8"  # asked before all others just now, so that it has been away for longest
    assert places.of("10.0.0.99") == first[away]
    assert {address: places.of(address) for address in first if address != away} == {
        address: place for address, place in first.items() if address != away
    }


def guess(common: processes.Common) -> None:
    """A stranger at another of the processes."""
    processes.join(common)
    for _ in range(first_visit.TRIES):
        assert not first_visit.fits("wrong")


def test_the_first_visit_s_code_is_one_for_all_processes_of_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_common", None)
    before = first_visit._code()
    assert first_visit.fits(before.lower().replace("-", " "))
    other = multiprocessing.get_context("spawn").Process(target=guess, args=(processes.common(),))
    other.start()
    other.join(60)
    assert other.exitcode == 0
    assert not first_visit.fits(before)  # all have another one now
    assert first_visit.fits(first_visit._code())


def test_several_serve_where_others_connect_and_one_serves_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert run._processes(["10.0.0.1"]) == (1 if os.name == "nt" else 4)
    assert run._processes([]) == 1


class Office:
    """An office that is served by two processes, encrypted, and what they have said."""

    def __init__(self, home: Path) -> None:
        self.home = home
        db.make_key()
        made = certificates.prepare(["127.0.0.1"], now=datetime.now(UTC))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "web.processes", "--processes", "2", "--port", str(self.port)]
        command += ["--cert", str(made.certificate), "--key", str(made.key)]
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        with (home / "said.log").open("wb") as log:
            self.front = subprocess.Popen(
                command,
                cwd=db.ROOT,
                env=environment | {"CE_HOME": str(home), "CE_DAILY": "off", processes.TIED: "1"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        self.workers: list[int] = []
        for _ in range(300):
            with contextlib.suppress(OSError):
                if self.answers("127.0.0.1", 1):
                    break
            assert self.front.poll() is None, self.said()
            time.sleep(0.1)
        children = Path(f"/proc/{self.front.pid}/task/{self.front.pid}/children").read_text().split()
        told = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
        self.workers = [pid for pid, command in told.items() if "spawn_main" in command]

    def said(self) -> str:
        return (self.home / "said.log").read_text()

    def raw(self, address: str, timeout: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout, source_address=(address, 0))

    def answers(self, address: str, timeout: float) -> bool:
        """Whether somebody at this address is answered in so many seconds."""
        asked = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=_any())
        try:
            asked.sock = _any().wrap_socket(self.raw(address, timeout))
            asked.request("GET", "/healthz")
            return asked.getresponse().status == 200
        except TimeoutError:
            return False
        finally:
            asked.close()

    def draws(self, address: str) -> bool:
        """Whether a page is drawn for somebody at this address."""
        with connect(
            f"wss://127.0.0.1:{self.port}/_stcore/stream",
            sock=self.raw(address, 20),
            ssl=_any(),
            origin=f"https://127.0.0.1:{self.port}",  # type: ignore[arg-type]
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
        ) as browser:
            browser.send(BackMsg(rerun_script={}).SerializeToString())
            while True:
                heard = ForwardMsg.FromString(bytes(browser.recv(timeout=30)))  # type: ignore[arg-type]
                if heard.WhichOneof("type") == "script_finished":
                    return heard.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY

    def all_ended(self) -> bool:
        for _ in range(250):
            if self.front.poll() is not None and not any(Path(f"/proc/{pid}").exists() for pid in self.workers):
                return True
            time.sleep(0.1)
        return False

    def stop(self) -> None:
        for pid in (self.front.pid, *self.workers):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.front.communicate()


def _any() -> ssl.SSLContext:
    """Whose certificate it is, is not asked here."""
    return ssl._create_unverified_context()


@pytest.fixture
def office(home: Path, sqlite_template: Path) -> Iterator[Office]:
    shutil.copyfile(sqlite_template, home / "office.db")
    served = Office(home)
    yield served
    served.stop()


@ON_LINUX
def test_a_process_that_takes_nothing_any_more_keeps_nobody_else_waiting() -> None:
    hands, given = zip(*(multiprocessing.Pipe() for _ in range(2)), strict=True)
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=50))
        opened.callback(listener.shutdown, socket.SHUT_RDWR)
        threading.Thread(target=processes.hand_out, args=(listener, hands), daemon=True).start()

        def connect_from(address: str) -> socket.socket:
            made = socket.create_connection(listener.getsockname(), 20, source_address=(address, 0))
            return opened.enter_context(made)

        for _ in range(600):  # more than lie in a pipe that nobody reads
            connect_from("127.0.0.1").close()
        sent = connect_from("127.0.0.2")
        assert given[1].poll(20)
        with handed.taken(given[1]) as taken:
            assert taken.getpeername() == sent.getsockname()
    for each in (*hands, *given):
        each.close()


@ON_LINUX
def test_one_process_at_its_limit_keeps_nobody_else_waiting(office: Office) -> None:
    first, second = office.workers
    assert office.answers("127.0.0.2", 20)  # 127.0.0.1 asked before it
    for stopped, waits, goes_on in ((first, "127.0.0.1", "127.0.0.2"), (second, "127.0.0.2", "127.0.0.1")):
        os.kill(stopped, signal.SIGSTOP)
        try:
            assert not office.answers(waits, 1)
            assert office.answers(goes_on, 20)
        finally:
            os.kill(stopped, signal.SIGCONT)
        assert office.answers(waits, 20)
    assert all(office.draws(f"127.0.0.{at}") for at in (1, 2, 3))
    assert office.said().count("one-time code of the first visit") == 1
    assert office.front.stdin
    office.front.stdin.close()  # as when the parent process has ended
    time.sleep(0.1)
    office.front.terminate()  # and told so once more
    assert office.all_ended(), office.said()
    assert office.front.returncode == 143
    assert "Traceback" not in office.said(), office.said()


@ON_LINUX
def test_one_that_ends_ends_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_work", briefly.serve)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        processes.serve(listener, 2, {"folder": str(tmp_path)})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["serving 0", "serving 1"]
    assert not multiprocessing.active_children()


def test_a_process_to_which_nobody_hands_anything_any_more_ends() -> None:
    hands_out, given = multiprocessing.Pipe()
    server = handed.Handed(uvicorn.Config("app:app", log_config=None), given)
    assert not server.should_exit
    hands_out.close()

    async def serves() -> None:
        await asyncio.to_thread(server._take, asyncio.get_running_loop())

    asyncio.run(serves())
    assert server.should_exit
