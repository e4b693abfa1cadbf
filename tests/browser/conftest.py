"""What the browser tests share: the product itself, running, with the office put back before each test."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.ground import db
from tests import cast as people
from tests.browser import desk
from tests.cast import Cast

NOW = datetime.now(UTC)

expect.set_options(timeout=30_000)  # a machine with much to do is slow, not wrong


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[str, Path]]:
    """The product itself, served as `run.py` serves it, once for all tests of a worker: its address and its CE_HOME."""
    served = tmp_path_factory.mktemp("served")
    shutil.copyfile(sqlite_template, served / "office.db")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with (served / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=db.ROOT, env=environment | {"CE_HOME": str(served), "CE_DAILY": "off"}, stdout=log, stderr=log
        )
        base = f"http://127.0.0.1:{port}"
        try:
            for _ in range(300):
                try:
                    with urllib.request.urlopen(f"{base}/healthz", timeout=1):
                        break
                except OSError:
                    assert process.poll() is None, _log(served)
                    time.sleep(0.1)
            yield base, served
        finally:
            process.terminate()
            process.wait(20)
    assert "Traceback" not in _log(served), _log(served)


def _log(served: Path) -> str:
    return (served / "server.log").read_text()


def put(home: Path, served: Path) -> None:
    """Put an office that was opened at home where the server is looking.

    It comes through SQLite's own backup, page by page in one transaction: to the server it is a change like any other,
    whatever connections it keeps.
    """
    db.close()
    shutil.copy2(home / "secret.key", served / "secret.key")  # what the office is sealed with goes along
    with closing(sqlite3.connect(home / "office.db")) as ours, closing(sqlite3.connect(served / "office.db")) as its:
        ours.backup(its)
    for folder in filter(Path.is_dir, served.iterdir()):  # attachments and notices of the test before
        shutil.rmtree(folder)


@pytest.fixture
def cast(home: Path, sqlite_template: Path, running: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The cast's office of today, opened as a demonstration, put where the server is looking."""
    shutil.copyfile(sqlite_template, home / "office.db")
    assembled = people.assemble(NOW, kind="demo")
    put(home, running[1])
    monkeypatch.setenv("CE_HOME", str(running[1]))
    return assembled


@pytest.fixture
def server(running: tuple[str, Path], cast: Cast, browser: Browser) -> Iterator[str]:
    """The address of the product, serving that office; every page is closed afterwards, and nothing went wrong."""
    base, served = running
    before = len(_log(served))
    yield base
    desk.put_away(browser)
    said = _log(served)[before:]
    assert "Traceback" not in said, said
    forbidden, desk.FORBIDDEN[:] = list(desk.FORBIDDEN), []
    assert not forbidden
