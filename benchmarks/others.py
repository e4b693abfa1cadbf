"""How long everybody else waits while one roster of 100,000 rows is taken, foreseen, posted and taken back.

    python -m benchmarks.others [--count 100000] [--every 50] [--database postgresql+psycopg://…]

One process files, approves and reverses a roster (`benchmarks.roster`), another signs somebody in every 50 ms:
a small deed that writes two rows and a line of the trail. What is printed is how long that deed took, step by step of
the large one: p50, p95 and the longest, in milliseconds. A deed that waits delays those after it, as a queue of clerks
does. A smaller roster goes the same way before, as in a process that has served a while. People are made up.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import roster
from core.ground import db
from core.ledger import books
from core.people import accounts

BEFORE = 6_000
"""Rows of the roster that goes before; enough to go the way of the large one."""
STEPS = ("quiet", "save", "submit", "foresee", "approve", "reverse")


def others(folder: str, every: float) -> None:
    """Sign in again and again until told to stop; leave when each began and how long it took."""
    taken: list[tuple[float, float]] = []
    stop, ready = Path(folder) / "stop", Path(folder) / "ready"
    while not stop.exists():
        began = time.perf_counter()
        with db.transaction() as session:
            assert isinstance(accounts.sign_in(session, "base", fits=True, now=roster.AFTER), str)
        taken.append((began, time.perf_counter() - began))
        ready.touch()
        time.sleep(max(0.0, every - taken[-1][1]))
    (Path(folder) / "taken.json").write_text(json.dumps(taken))


def measured(count: int, every: float, database: str = "") -> dict[str, list[float]]:
    """Milliseconds of each small deed by the step of the large one in which it began."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CE_HOME"] = folder
        os.environ.pop("DATABASE_URL", None)
        if database:  # an empty one
            os.environ["DATABASE_URL"] = database
        before, large = roster.roster_file(min(BEFORE, count))[0], roster.roster_file(count)[0]
        roster.fill(count, trainings=2)
        roster.through(before)
        reverse(1)
        call = f"from benchmarks.others import others; others({folder!r}, {every})"
        beside = subprocess.Popen([sys.executable, "-c", call], cwd=db.ROOT)
        while not (Path(folder) / "ready").exists():
            assert beside.poll() is None
            time.sleep(0.05)
        moments = [time.perf_counter()]
        time.sleep(2)
        moments.append(time.perf_counter())
        moments += roster.through(large, training=2)
        reverse(3)
        moments.append(time.perf_counter())
        (Path(folder) / "stop").touch()
        assert beside.wait(120) == 0
        taken = json.loads((Path(folder) / "taken.json").read_text())
    found: dict[str, list[float]] = {}
    for step, (begun, ended) in zip(STEPS, itertools.pairwise(moments), strict=True):
        found[step] = sorted(1000 * lasted for at, lasted in taken if at < ended and at + lasted > begun)
    return found


def reverse(batch_id: int) -> None:
    """Take a posted roster back."""
    with db.transaction() as session:
        books.reverse(session, batch_id, actor=roster.staff(session)[1], reason="登记有误", now=roster.AFTER)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.others", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--every", type=float, default=50)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database in place of a SQLite file")
    given = parser.parse_args(arguments)
    found = measured(given.count, given.every / 1000, given.database)
    print(
        f"{given.count:,} rows; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}"
    )
    print(f"\n{'milliseconds of a sign-in':28}{'deeds':>8}{'p50':>10}{'p95':>10}{'max':>10}")
    for step, taken in found.items():
        p50, p95 = (taken[min(len(taken) - 1, int(len(taken) * part))] for part in (0.5, 0.95))
        print(f"{step:28}{len(taken):8}{p50:10.0f}{p95:10.0f}{taken[-1]:10.0f}")


if __name__ == "__main__":
    main()
