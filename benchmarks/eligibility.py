"""How fast applications are decided, beside OpenFisca with the same rules and the same answers.

    python -m venv /tmp/bench
    /tmp/bench/bin/pip install -r requirements.txt -r benchmarks/requirements.txt
    /tmp/bench/bin/python -m benchmarks.eligibility [--count 1000000] [--no-openfisca] [--no-database]

One run prints one table. Both engines work on the same arrays in the same process; before anything is timed their
answers are compared for every applicant. Figures are the best of several rounds; each round begins from the facts.
The database part runs in a process of its own, so that its peak memory is its own. People are made up.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import multiprocessing
import os
import resource
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core import db, policy, rules
from core.rules import Applicants, Balances

YEAR, YEARS = 2024, 3
NOTICE = next(each for each in policy.policies() if each.id == "nmg-2024")
SUBJECTS = rules.subject_codes(NOTICE)


# --- people ---------------------------------------------------------------------------------------------------------


def population(count: int, seed: int = 1) -> tuple[Applicants, Balances]:
    """Made-up applicants, every waiver of the notice among them, with three years of hours."""
    draw = np.random.default_rng(seed)
    route = draw.choice(3, count, p=[0.9, 0.05, 0.05]).astype(np.int8)

    def some(share: float) -> np.ndarray:
        return np.where(draw.random(count) < share, draw.choice([1, 2], count, p=[0.9, 0.1]), 0).astype(np.int8)

    born = draw.integers(1962, 2002, count) * 10000 + draw.integers(1, 13, count) * 100 + draw.integers(1, 29, count)
    transferred = np.where(draw.random(count) < 0.03, draw.integers(0, 6, count), -1)
    applicants = Applicants(
        YEAR,
        draw.random(count) < 0.5,
        born.astype(np.int32),
        route,
        draw.integers(0, 3, count).astype(np.int8),
        np.full(count, -1, np.int8),
        {name: some(0.5 if "post" in name or "stays" in name else 0.05) for name in rules.CLAIMS},
        {
            "years_since_transfer": transferred.astype(np.int16),
            "years_in_post": np.where(route == 1, draw.integers(0, 4, count), -1).astype(np.int16),
            "recognition_years": np.where(route == 2, draw.integers(1, 4, count), -1).astype(np.int16),
        },
        np.where(draw.random(count) < 0.05, draw.integers(1, 8, count), 0).astype(np.uint64),
        np.maximum(some(1), 1),
    )
    hours = (draw.integers(0, 5, (YEARS, 2, count)) * 1500).astype(np.int32)
    hours[:, 1] *= 2
    deemed = draw.random((YEARS, 2, count)) < 0.02
    deemed[:, 0] = False
    return applicants, Balances(hours, deemed)


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest round."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


# --- in memory ------------------------------------------------------------------------------------------------------


def one_person() -> rules.Decisions:
    """One application from its facts to its steps."""
    person = rules.Applicant(
        "女", date(1975, 3, 4), YEAR, "职称评审", "高级", front_line=rules.CLAIMED, transferred_on=date(2021, 7, 1)
    )
    columns = rules.columns([person])
    depth = rules.depth(NOTICE, columns)
    hours = np.zeros((depth, 2, 1), np.int32)
    hours[0] = [[3000], [4500]]
    return rules.decide(NOTICE, columns, rules.counted(NOTICE, {"training": hours}), steps=True)


def in_memory(count: int) -> dict[str, float]:
    """Seconds for all without steps, for all with steps, and for one application with steps."""
    applicants, balances = population(count)
    decided = rules.decide(NOTICE, applicants, balances)
    if count >= 10_000:
        assert set(np.unique(decided.winner)) == set(range(-1, len(NOTICE.waivers))), "a waiver is not in play"
    return {
        "all": best(lambda: rules.decide(NOTICE, applicants, balances), 7),
        "steps": best(lambda: rules.decide(NOTICE, applicants, balances, steps=True), 7),
        "one": best(one_person, 300),
    }


def openfisca(count: int) -> dict[str, float]:
    """The same of OpenFisca, after its answers were found equal to ours for every applicant."""
    from benchmarks import openfisca_rules as peer

    applicants, balances = population(count)
    notice = peer.system()
    ours = rules.decide(NOTICE, applicants, balances)
    theirs = peer.calculate(peer.simulation(notice, applicants, balances, trace=False), YEAR)
    for name, answers in theirs.items():
        assert np.array_equal(answers, getattr(ours, name)), f"{name} differs from OpenFisca's"

    def run(people: Applicants, hours: Balances, trace: bool) -> None:
        peer.calculate(peer.simulation(notice, people, hours, trace=trace), YEAR)

    one, its = applicants.take(slice(0, 1)), balances.take(slice(0, 1))
    return {
        "all": best(lambda: run(applicants, balances, False), 5),
        "steps": best(lambda: run(applicants, balances, True), 5),
        "one": best(lambda: run(one, its, True), 100),
    }


# --- from the database and back -------------------------------------------------------------------------------------


def connect(file: Path) -> sqlite3.Connection:
    """The database as the program opens it."""
    made = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=30000", "synchronous=NORMAL"):
        made.execute(f"PRAGMA {pragma}")
    return made


def fill(file: Path, count: int) -> None:
    """An office with so many people and their balances of three years: the program's own tables."""
    import sqlalchemy as sa

    from core.models import Base

    engine = sa.create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    applicants, balances = population(count)
    sex = np.where(applicants.male, "男", "女").tolist()
    born = [f"{day // 10000}-{day // 100 % 100:02}-{day % 100:02}" for day in applicants.born.tolist()]
    connection = connect(file)
    connection.execute("BEGIN")
    connection.execute("INSERT INTO organization VALUES (1, '厅', 'hr_bureau', 1, 1)")
    connection.executemany(
        "INSERT INTO person (id, name, id_number, id_index, sex, birth_on, employer_name, authority_id, title,"
        " specialty, added_at, version) VALUES (?, '某某', x'00', ?, ?, ?, '某单位', 1, '', '', '2024-01-01', 1)",
        ((place + 1, place.to_bytes(32), sex[place], born[place]) for place in range(count)),
    )
    hours, deemed = balances.hours.transpose(2, 0, 1).tolist(), balances.deemed.transpose(2, 0, 1).tolist()
    connection.executemany(
        "INSERT INTO credit_total VALUES (?, ?, ?, 'training', ?, ?)",
        (
            (place + 1, YEAR - back, SUBJECTS[subject], hours[place][back][subject], int(deemed[place][back][subject]))
            for place in range(count)
            for back in (2, 1, 0)
            for subject in (1, 0)
        ),
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


_BITS = 20
"""A year's hundredths of one subject in a packed sum: up to 10 485 hours."""
_PACKED = ", ".join(
    f"sum(CASE WHEN subject = '{code}' THEN {column} << ({YEAR} - year) * {_BITS} ELSE 0 END)"
    for code in SUBJECTS
    for column in ("hours", "deemed")
)


def read(file: Path, first: int, last: int, columns: Applicants, balances: Balances) -> None:
    """Sex, birth and balances of the persons in [first, last) into their places.

    The database adds up a person's years into one number a subject, so that one row comes out for each person.
    """
    connection = connect(file)
    people = connection.execute(
        "SELECT sex = '男', CAST(replace(birth_on, '-', '') AS INTEGER) FROM person"
        " WHERE id > ? AND id <= ? ORDER BY id",
        (first, last),
    )
    totals = connection.execute(
        f"SELECT person_id, {_PACKED} FROM credit_total WHERE person_id > ? AND person_id <= ?"
        f" AND year > {YEAR - YEARS} AND year <= {YEAR} GROUP BY person_id",
        (first, last),
    )
    for start in range(first, last, 50_000):
        got = np.fromiter(itertools.chain.from_iterable(people.fetchmany(50_000)), np.int64).reshape(-1, 2)
        columns.male[start : start + len(got)], columns.born[start : start + len(got)] = got[:, 0], got[:, 1]
    while rows := totals.fetchmany(50_000):
        got = np.fromiter(itertools.chain.from_iterable(rows), np.int64).reshape(len(rows), -1).T
        places = got[0] - 1
        for subject in range(len(SUBJECTS)):
            hours, deemed = got[1 + 2 * subject], got[2 + 2 * subject]
            for back in range(YEARS):
                balances.hours[back, subject, places] = (hours >> (back * _BITS)) & ((1 << _BITS) - 1)
                balances.deemed[back, subject, places] = (deemed >> (back * _BITS)) & 1
    connection.close()


def rows(applicants: Applicants, balances: Balances, decided: rules.Decisions, first: int) -> Iterator[tuple]:
    """The rows of `decision`: facts sealed, balances in words, a digest over all the decision stood on."""
    seal, purpose, notice = AESGCM(db.keys().text).encrypt, b"decision.facts", NOTICE.digest
    nonces = os.urandom(12 * len(applicants))
    outcomes = [outcome.value for outcome in rules.OUTCOMES]
    waivers = [*(waiver.name for waiver in NOTICE.waivers), ""]  # -1 is the last
    facts = {
        "born": applicants.born,
        "level": applicants.level,
        "male": applicants.male.view(np.int8),
        "route": applicants.route,
        "epidemic": applicants.epidemic,
        "epidemic_claim": applicants.epidemic_claim,
        **applicants.claims,
        **applicants.numbers,
    }
    form = "{" + ",".join(f'"{name}":%d' for name in facts) + "}"
    cells = [(back, subject) for back in range(YEARS) for subject in range(len(SUBJECTS))]
    sums = "{" + ",".join(f'"{YEAR - back}/{SUBJECTS[subject]}":[%d,%d]' for back, subject in cells) + "}"
    hours = [
        column for back, subject in cells for column in (balances.hours[back, subject], balances.deemed[back, subject])
    ]
    told = zip(*(column.tolist() for column in facts.values()), strict=True)
    had = zip(*(column.tolist() for column in hours), strict=True)
    answers = zip(decided.outcome.tolist(), decided.winner.tolist(), strict=True)
    for place, (fact, balance, (outcome, winner)) in enumerate(zip(told, had, answers, strict=True)):
        plain, sums_text = form % fact, sums % balance
        nonce = nonces[place * 12 : place * 12 + 12]
        row = first + place + 1
        digest = hashlib.sha256(f"{notice}{plain}{sums_text}".encode()).hexdigest()
        sealed = nonce + seal(nonce, plain.encode(), purpose)
        yield row, row, outcomes[outcome], waivers[winner], sealed, sums_text, digest


def _encode(start: int) -> list[tuple]:
    part = slice(start, start + _CHUNK)
    applicants, balances, decided = _SHARED
    return list(rows(applicants.take(part), balances.take(part), decided.part(part), start))


_CHUNK = 25_000
_SHARED: tuple[Applicants, Balances, rules.Decisions]
"""What the encoding processes see of the process that started them."""


def end_to_end(file: Path, count: int) -> dict[str, float]:
    """Seconds to read, to decide, to store; and this process's peak memory in MiB. The applications are given."""
    global _SHARED
    applicants, _ = population(count)  # what the application forms say; the database knows sex and birth
    applicants.male, applicants.born = np.zeros(count, bool), np.zeros(count, np.int32)
    balances = Balances(
        np.zeros((YEARS, len(SUBJECTS), count), np.int32), np.zeros((YEARS, len(SUBJECTS), count), bool)
    )
    moments = [time.perf_counter()]
    ends = np.linspace(0, count, (os.cpu_count() or 1) + 1).astype(int).tolist()
    with ThreadPoolExecutor() as threads:  # SQLite computes while other threads run
        list(threads.map(lambda pair: read(file, *pair, applicants, balances), itertools.pairwise(ends)))
    moments.append(time.perf_counter())
    decided = rules.decide(NOTICE, applicants, balances)
    moments.append(time.perf_counter())
    _SHARED = applicants, balances, decided
    connection = connect(file)
    connection.execute("BEGIN IMMEDIATE")
    store = (
        "INSERT INTO decision (run_id, row, person_id, organization_id, authority_id, year, policy_id, policy_digest,"
        " outcome, waiver, facts, balances, digest, decided_at, decided_by)"
        f" VALUES ('{os.urandom(16).hex()}', ?, ?, 1, 1, {YEAR}, '{NOTICE.id}', '{NOTICE.digest}',"
        " ?, ?, ?, ?, ?, '2024-12-31 00:00:00.000000', '基准')"
    )
    starts = range(0, count, _CHUNK)
    processes = max((os.cpu_count() or 1) - 1, 1)
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        ahead = threading.Semaphore(4)  # no more than a few chunks wait for the database

        def paced() -> Iterator[int]:
            for start in starts:
                ahead.acquire()
                yield start

        for chunk in pool.imap(_encode, paced()):
            connection.executemany(store, chunk)
            ahead.release()
    connection.execute("COMMIT")
    moments.append(time.perf_counter())
    stored = connection.execute("SELECT outcome, count(*) FROM decision GROUP BY outcome").fetchall()
    connection.close()
    whole = rules.decide(NOTICE, *population(count))
    assert dict(stored) == {
        outcome.value: int((whole.outcome == place).sum())
        for place, outcome in enumerate(rules.OUTCOMES)
        if (whole.outcome == place).any()
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    spent = dict(zip(("read", "decide", "store"), np.diff(moments).tolist(), strict=True))
    return spent | {"whole": moments[-1] - moments[0], "peak_mib": peak, "worker_mib": children}


def _end_to_end_child(file: Path, count: int, answer: object) -> None:
    answer.send(end_to_end(file, count))


def through_database(count: int) -> dict[str, float]:
    """`end_to_end` in a fresh process over a fresh database."""
    with tempfile.TemporaryDirectory() as folder:
        before = {name: os.environ.get(name) for name in ("CE_HOME", "DATABASE_URL")}
        os.environ["CE_HOME"] = folder
        file = Path(folder) / "office.db"
        try:
            spawn = multiprocessing.get_context("spawn")
            filler = spawn.Process(target=fill, args=(file, count))
            filler.start()
            filler.join()
            ours, theirs = spawn.Pipe(duplex=False)
            child = spawn.Process(target=_end_to_end_child, args=(file, count, theirs))
            child.start()
            theirs.close()
            found: dict[str, float] = ours.recv()
            child.join()
            return found
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


# --- the table ------------------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eligibility", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--no-openfisca", action="store_true")
    parser.add_argument("--no-database", action="store_true")
    given = parser.parse_args(arguments)
    count = given.count
    print(f"{count:,} applicants, {os.cpu_count()} cores, Python {sys.version.split()[0]}, NumPy {np.__version__}")
    ours = in_memory(count)
    theirs = None if given.no_openfisca else openfisca(count)
    print(f"\n{'':34}{'this program':>16}{'OpenFisca':>16}{'ratio':>8}")
    for name, label in (("all", "decisions/s, answers only"), ("steps", "decisions/s, steps kept")):
        peer = f"{count / theirs[name]:16,.0f}{theirs[name] / ours[name]:8.1f}" if theirs else ""
        print(f"{label:34}{count / ours[name]:16,.0f}{peer}")
    peer = f"{theirs['one'] * 1e3:16.3f}{theirs['one'] / ours['one']:8.1f}" if theirs else ""
    print(f"{'one applicant with steps, ms':34}{ours['one'] * 1e3:16.3f}{peer}")
    if not given.no_database:
        found = through_database(count)
        print("\nfrom the database to stored decisions (SQLite), seconds")
        for name in ("read", "decide", "store", "whole"):
            print(f"  {name:32}{found[name]:16.2f}")
        print(f"  {'peak memory, MiB':32}{found['peak_mib']:16.0f}   (encoding process {found['worker_mib']:.0f})")


if __name__ == "__main__":
    main()
