"""What the browser tests share: the product itself, running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.ground import db
from tests import cast as people
from tests.cast import Cast


@pytest.fixture
def cast(home: Path, sqlite_template: Path) -> Cast:
    """The cast's office of today, opened as a demonstration."""
    (home / "office.db").write_bytes(sqlite_template.read_bytes())
    assembled = people.assemble(datetime.now(UTC), kind="demo")
    db.engine().dispose()
    return assembled


@pytest.fixture
def server(home: Path, cast: Cast) -> Iterator[str]:
    """The product itself, served as `run.py` serves it, over that office."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (home / "server.log").open("wb")
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    process = subprocess.Popen(command, cwd=db.ROOT, env=os.environ | {"CE_HOME": str(home)}, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{base}/healthz", timeout=1):
                    break
            except OSError:
                assert process.poll() is None, (home / "server.log").read_text()
                time.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait(20)
        log.close()
        assert "Traceback" not in (home / "server.log").read_text(), (home / "server.log").read_text()
