"""The machine stops in the middle of an approval: afterwards everything was posted or nothing, and the books stand.

`KILLS=150` for many: so many on each database, and so many losses of power.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.__main__ import main
from core.ground import db
from core.models import CreditEntry, Report, State
from core.submissions import workflow
from tests import cast as c

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL")

PEOPLE = 200
ROWS = [c.row(serial) for serial in range(1, PEOPLE + 1)]


class Approver:
    """The other process: told what to approve, killed after a while, asked how it ended."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.approver"],
            cwd=db.ROOT,
            env=os.environ | {"PYTHONPATH": str(db.ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, order: dict[str, Any], delay: float | None) -> tuple[str, float]:
        """What the process said from "ready" to its end, and the seconds it was given or took."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        ready = self.process.stdout.readline().split()
        assert ready[0] == b"ready"
        start = time.perf_counter()
        if delay is not None:
            time.sleep(delay)
            os.kill(int(ready[1]), signal.SIGKILL)
        self.process.stdin.write(b"reap\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode(), time.perf_counter() - start

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(30) == 0


@pytest.fixture
def approver() -> Iterator[Approver]:
    started = Approver()
    yield started
    started.close()


def order(cast: c.Cast, report: Report, environment: dict[str, str]) -> dict[str, Any]:
    with db.reading() as session:
        version = workflow.one(session, report.id, cast["reviewer"]).version
    actor = asdict(cast["reviewer"])
    return {
        "environment": environment,
        "actor": actor,
        "id": report.id,
        "version": version,
        "now": c.AFTER.isoformat(),
    }


def forget_engine() -> None:
    db.close()


def posted(report: Report) -> bool:
    """All or nothing, and the books stand."""
    with db.reading() as session:
        entries = session.scalar(sa.select(sa.func.count()).select_from(CreditEntry)) or 0
        state = session.get_one(Report, report.id).state
    assert main(["check"]) == 0
    assert entries % PEOPLE == 0
    return state is State.APPROVED


def judge(said: str, was_posted: bool, whole: int) -> str:
    """Where in the deed the kill came: "before", "within", "at the commit" or "after" it."""
    if "done" in said:
        assert was_posted  # what was reported as done is done
        return "after"
    assert said.endswith("ended -9\n")
    answered = said.count(".")
    if answered < whole:
        assert not was_posted
        return "within" if answered else "before"
    return "at the commit"


def waiting_report(cast: c.Cast, title: str = "培训班") -> Report:
    plan = c.file_plan(cast, title=title)
    c.approve(cast, plan.id)
    return c.file_report(cast, plan, c.sheet(ROWS))


def test_kills_on_sqlite_leave_all_or_nothing(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, approver: Approver
) -> None:
    cast = c.assemble()
    report = waiting_report(cast)
    task = order(cast, report, {"CE_HOME": str(office)})
    forget_engine()  # closing the last connection folds the write-ahead log into the file

    def run(number: int, delay: float | None) -> tuple[str, float, bool]:
        home = tmp_path / f"run{number}"
        shutil.copytree(office, home)
        said, seconds = approver.run(task | {"environment": {"CE_HOME": str(home)}}, delay)
        monkeypatch.setenv("CE_HOME", str(home))
        outcome = posted(report)
        forget_engine()
        shutil.rmtree(home)
        return said, seconds, outcome

    whole = [run(number, None) for number in range(3)]
    assert all(outcome for *_, outcome in whole)
    statements = whole[0][0].count(".")
    usual = sorted(seconds for _, seconds, _ in whole)[1]
    chance = random.Random(20240603)
    reach, found = 1.3 * usual, []
    for number in range(int(os.environ.get("KILLS", 20))):
        delay = chance.uniform(0, reach)
        said, _, outcome = run(10 + number, delay)
        found.append((judge(said, outcome, statements), outcome))
        if delay > 0.75 * reach and not outcome:
            reach *= 1.25  # the machine has become busier: without this every kill would come too early
        elif delay < 0.5 * reach and outcome:
            reach /= 1.25
    places, outcomes = [place for place, _ in found], [outcome for _, outcome in found]
    assert places.count("within") >= 2, places
    assert any(outcomes), places
    assert not all(outcomes), places


def test_power_lost_while_writing_leaves_all_or_nothing(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, approver: Approver
) -> None:
    """What was not on the disk yet is gone: the files as they lay at a random moment, the log cut at a random byte."""
    cast = c.assemble()
    report = waiting_report(cast)
    task = order(cast, report, {"CE_HOME": str(office)})
    forget_engine()
    chance = random.Random(20241129)
    whole, cut, outcomes = 0.0, 0, []
    runs = 2 + max(4, int(os.environ.get("KILLS", 0)))
    for number in range(runs + 20):
        if number >= runs and cut and not all(outcomes):
            break  # on a busy machine a loss falls before the first byte or after the last
        home = tmp_path / f"run{number}"
        shutil.copytree(office, home)
        delay = chance.uniform(0.3, 1.1) * whole if number else None
        _said, seconds = approver.run(task | {"environment": {"CE_HOME": str(home)}}, delay)
        whole = whole or seconds
        log = home / "office.db-wal"
        if number and log.exists() and (size := log.stat().st_size):
            os.truncate(log, chance.randrange(size))
            cut += 1
        monkeypatch.setenv("CE_HOME", str(home))
        outcomes.append(posted(report))
        forget_engine()
        shutil.rmtree(home)
    assert outcomes[0]
    assert cut >= 1
    assert not all(outcomes)


def test_kills_on_postgresql_leave_all_or_nothing(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, approver: Approver
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    cast = c.assemble()
    environment = {"CE_HOME": str(home), "DATABASE_URL": postgres_url}
    kills = int(os.environ.get("KILLS", 5))
    chance = random.Random(20240603)
    places, usual, statements = [], 0.0, 0
    report, outcome = waiting_report(cast, "第0期"), False
    for number in range(2 + kills):
        if outcome:  # what a kill left waiting is approved by the next one
            report = waiting_report(cast, f"第{number}期")
        delay = None if number < 2 else ((number - 2) % 5 + chance.random()) / 5 * 1.3 * usual
        said, seconds = approver.run(order(cast, report, environment), delay)
        until_alone()
        outcome = posted(report)
        if delay is None:
            usual, statements = seconds, said.count(".")  # the second run's: all are on file from the first on
        else:
            places.append(judge(said, outcome, statements))
    assert "within" in places, places
    forget_engine()


def until_alone() -> None:
    """Until the server has noticed that the other process is gone."""
    others = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend' AND state <> 'idle'"
    )
    with db.engine().connect() as connection:
        while connection.scalar(others):
            connection.rollback()
