"""Server time of every page (页面耗时): a rerun over the bare socket, beside the change list of Django's admin.

    python -m venv /tmp/bench
    /tmp/bench/bin/pip install -r requirements.txt -r benchmarks/requirements.txt
    python -m benchmarks.pages --peer /tmp/bench/bin/python

The demonstration office is asked as it stands, then with so many plans more. A rerun is what a click costs: the browser
sends it, and waits for the last message of the run. No browser draws here, and no two requests go at once, but for ten
reviewers at ten addresses who rerun their desk as fast as they are answered: by one process, and by as many as there
are cores, as `run.py --host` serves. `pages_django.py` shows the same table of submissions.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from core.ground import db
from core.models import Mode, Organization, Plan, State, Submission
from core.people import accounts
from routes.session import COOKIE

PORT, PEER_PORT = 8619, 8618
HERE = "127.0.0.1"
PAGES = (
    # page             account     query of its address
    ("home", "reviewer", ""),
    ("review", "reviewer", "kind=plan"),
    ("review", "reviewer", "kind=report"),
    ("ledger", "reviewer", ""),
    ("people", "reviewer", ""),
    ("credit_lookup", "reviewer", ""),
    ("quota_dashboard", "leader", ""),
    ("audit", "admin", ""),
    ("home", "base", ""),
    ("filing", "base", ""),
)
SECONDS = 10.0
"""For which ten reviewers rerun their desk."""


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print one table for each size of the office."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=200_000, help="plans added before the second round")
    parser.add_argument("--rounds", type=int, default=30, help="reruns of each page")
    parser.add_argument("--home", type=Path, help="an office that stands, its plans added to a copy; else one is made")
    parser.add_argument("--peer", help="the Python that has Django; without it our figures stand alone")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CE_HOME"] = folder
        os.environ.pop("DATABASE_URL", None)
        if given.home:
            subprocess.run(["cp", "-a", f"{given.home}/.", folder], check=True)
        subprocess.run([sys.executable, "-m", "core", "init", "--demo"][: 4 if given.home else 5], check=True)
        for added in (0, given.submissions):
            fill(added)
            with db.reading() as session:
                count = session.scalar(sa.select(sa.func.count(Submission.id)))
            print(f"\n{count:,} submissions                          p50 ms   p95 ms")
            with served([sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}"], PORT):
                ours(given.rounds)
                at_once("one process")
            cores = os.cpu_count() or 1
            with served([sys.executable, "-m", "web.processes", f"--processes={cores}", f"--port={PORT}"], PORT):
                at_once(f"{cores} processes")
            if given.peer:
                with served(
                    [given.peer, "benchmarks/pages_django.py", f"{folder}/office.db", str(PEER_PORT)], PEER_PORT
                ):
                    row("Django admin: change list of submissions", peer(given.rounds))


def fill(count: int) -> None:
    """Add so many plans of the bases there are, one in twenty of them waiting."""
    if not count:
        return
    with db.transaction() as session:
        bases = session.execute(
            sa.select(Organization.id, Organization.authority_id).where(
                Organization.id.in_(sa.select(Plan.organization_id).distinct())
            )
        ).all()
        first = (session.scalar(sa.select(sa.func.max(Submission.id))) or 0) + 1
        now, ids = datetime.now(UTC), list(range(first, first + count))
        places = [bases[at % len(bases)] for at in range(count)]
        states = [State.SUBMITTED if at % 20 == 0 else State.APPROVED for at in range(count)]
        filed = [now - timedelta(minutes=at) for at in range(count)]
        columns: dict[str, Any] = {"id": ids, "kind": "plan", "state": states, "created_at": filed}
        columns |= {"title": [f"专业技术人员知识更新培训班（第{at}期）" for at in ids], "submitted_at": filed}
        columns |= {"organization_id": [each.id for each in places], "version": 2, "stage": 0}
        columns["authority_id"] = columns["decider_id"] = [each.authority_id for each in places]
        db.insert(session, Submission, columns)
        ahead = now.date() + timedelta(days=30)
        plan: dict[str, Any] = {
            "id": ids,
            "subject": "professional",
            "start_on": ahead,
            "end_on": ahead,
            "headcount": 60,
        }
        plan |= {
            "place": "培训楼",
            "mode": next(iter(Mode)),
            "content": "知识更新",
            "teachers": "讲师",
            "audience": "人员",
        }
        db.insert(session, Plan, plan | {"hours_each": Decimal(8), "credit_years": (), "extension_reason": ""})
    db.close()


@contextlib.contextmanager
def served(command: list[str], port: int) -> Iterator[None]:
    """A server that answers at a port until the block ends."""
    settings = {"STREAMLIT_SERVER_HEADLESS": "true"}
    with subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection(HERE, port)) as asked:
                    asked.request("GET", "/healthz")
                    asked.getresponse()
                    break
                time.sleep(0.1)
            yield
        finally:
            server.terminate()


def ours(rounds: int) -> None:
    """Each page by itself."""
    for page, username, query in PAGES:
        with session_of(username) as browser:
            rerun(browser, page, query)  # drawn once before it is measured
            row(f"{page}?{query} {username}", [rerun(browser, page, query) for _ in range(rounds)])


def at_once(how: str) -> None:
    """Ten reviewers, each at an address of their own (on Linux all of 127.0.0.0/8 is this machine)."""
    addresses = [f"127.0.0.{at}" if sys.platform == "linux" else HERE for at in range(11, 21)]
    with contextlib.ExitStack() as open_:
        sockets = [open_.enter_context(session_of("reviewer", address)) for address in addresses]
        times: list[float] = []
        for each in sockets:
            rerun(each, "review", "kind=plan")
        until = time.monotonic() + SECONDS

        def reviewer(browser: ClientConnection) -> None:
            while time.monotonic() < until:
                times.append(rerun(browser, "review", "kind=plan"))

        hands = [threading.Thread(target=reviewer, args=(each,)) for each in sockets]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        row(f"ten reviewers, {how}: {len(times) / SECONDS:.1f} reruns a second", times)


@contextlib.contextmanager
def session_of(username: str, address: str = HERE) -> Iterator[ClientConnection]:
    """A browser session's socket from this address, signed in."""
    with db.transaction() as session:
        token = accounts.sign_in(session, username, fits=True, now=datetime.now(UTC))
    db.close()
    with connect(
        f"ws://{HERE}:{PORT}/_stcore/stream",
        sock=socket.create_connection((HERE, PORT), source_address=(address, 0)),
        origin=f"http://{HERE}:{PORT}",  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers={"Cookie": f"{COOKIE}={token}"},
        max_size=None,
    ) as browser:
        yield browser


def rerun(browser: ClientConnection, page: str, query: str) -> float:
    """Milliseconds from the message that asks for a run to the one that ends it."""
    asked, heard = BackMsg(), ForwardMsg()
    asked.rerun_script.page_name, asked.rerun_script.query_string = ("" if page == "home" else page), query
    began = time.perf_counter()
    browser.send(asked.SerializeToString())
    for _ in itertools.count():
        heard.ParseFromString(bytes(browser.recv(timeout=60)))  # type: ignore[arg-type]
        assert heard.delta.new_element.WhichOneof("type") != "exception", f"{page} failed: see what the server says"
        if heard.WhichOneof("type") == "script_finished":
            assert heard.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY, f"{page} was not drawn to its end"
            break
    return (time.perf_counter() - began) * 1000


def peer(rounds: int) -> list[float]:
    """The peer's change list, whole requests on one connection."""
    asked = http.client.HTTPConnection(HERE, PEER_PORT)
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        asked.request("GET", "/admin/sessions/submission/?state__exact=submitted")
        answer = asked.getresponse()
        assert b"result_list" in answer.read(), answer.status
        times.append((time.perf_counter() - began) * 1000)
    return times[1:]


def row(what: str, times: list[float]) -> None:
    half, most = np.percentile(times, [50, 95])
    print(f"{what:<50} {half:>8.1f} {most:>8.1f}", flush=True)


if __name__ == "__main__":
    main()
