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
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np

from core.eligibility import answers, decisions
from core.ground import db
from core.ground.access import Actor, OrganizationKind, Role
from core.law import notices, rules
from core.law.applicants import Applicants, Words
from core.law.notices import LEVELS, ROUTES
from core.law.rules import Balances
from core.models import Organization, leagues

YEAR, YEARS = 2024, 3
LEAGUES = (None, "呼和浩特市", "包头市", "呼伦贝尔市")
OFFICES = ("内蒙古自治区人力资源和社会保障厅", *(f"{league}人力资源和社会保障局" for league in LEAGUES[1:]))
AMOUNTS = ((30, 60, 90), (40, 60, 100), (30, 42, 72), (24, 48, 90))
"""What the region's notice asks for, then what each of three leagues' own does."""


def league_file(place: int) -> str:
    """A league's own notice on top of the region's."""
    public, professional, total = AMOUNTS[place]
    return (
        f"id: league-{place}\nextends: nmg-2024\nleague: {LEAGUES[place]}\ntitle: 示例{place}\n"
        f"document: 示例{place}号\n"
        f"issuer: {OFFICES[place]}\nrequirement: {{hours: {{public: {public}, professional: {professional}, "
        f"total: {total}}}}}\ninterpretations:\n  - {{setting: amounts_of_earlier_years, value: application_year, "
        f"clause: 一(三)1, reason: 与其他系统对照，各年度同一标准。}}\n"
    )


REGION = next(each for each in notices.policies() if each.id == "nmg-2024")
NOTICES = (REGION, *(notices.parse(league_file(place), parents=notices.parent_texts()) for place in (1, 2, 3)))
SUBJECTS = rules.subject_codes(REGION)
ASSERTIONS = ("non_public", "front_line", "postdoc_funded", "stays_in_region")


# --- people ---------------------------------------------------------------------------------------------------------


def population(count: int, seed: int = 1) -> tuple[Applicants, Balances, np.ndarray]:
    """Made-up applicants, every waiver of the notice among them, with three years of hours; and by which notice."""
    draw = np.random.default_rng(seed)
    route = draw.choice(3, count, p=[0.9, 0.05, 0.05]).astype(np.int8)

    def some(share: float) -> np.ndarray:
        return np.where(draw.random(count) < share, draw.choice([1, 2], count, p=[0.9, 0.1]), 0).astype(np.int8)

    born = draw.integers(1962, 2002, count) * 10000 + draw.integers(1, 13, count) * 100 + draw.integers(1, 29, count)

    def day(ago: np.ndarray) -> np.ndarray:
        return np.where(ago < 0, 0, (YEAR - ago) * 10000 + 701).astype(np.int32)

    transferred = np.where(draw.random(count) < 0.03, draw.integers(0, 6, count), -1)
    applicants = Applicants(
        YEAR,
        draw.random(count) < 0.5,
        born.astype(np.int32),
        {"route": Words(route, ROUTES), "level": Words(draw.integers(0, 3, count).astype(np.int8), LEVELS)},
        {name: some(0.5 if "post" in name or "stays" in name else 0.05) for name in ASSERTIONS},
        {
            "transferred_on": day(transferred),
            "in_post_since": day(np.where(route == 1, draw.integers(0, 4, count), -1)),
        },
        {"recognition_years": np.where(route == 2, draw.integers(1, 4, count), -1).astype(np.int16)},
        {"epidemic_years": np.where(draw.random(count) < 0.05, draw.integers(1, 8, count), 0).astype(np.uint64)},
        {"epidemic_years": np.maximum(some(1), 1) == rules.ASSERTED},
    )
    hours = (draw.integers(0, 5, (YEARS, 2, count)) * 1500).astype(np.int32)
    hours[:, 1] *= 2
    deemed = draw.random((YEARS, 2, count)) < 0.02
    deemed[:, 0] = False
    return applicants, Balances(hours, deemed), draw.integers(0, len(NOTICES), count).astype(np.int32)


def decided(applicants: Applicants, balances: Balances, notice: np.ndarray, *, steps: bool = False) -> list[Mixed]:
    """Everybody by the own notice: whom each decides about, and its decisions."""
    rows = [np.flatnonzero(notice == place) for place in range(len(NOTICES))]
    return [
        (some, rules.decide(policy, applicants.take(some), balances.take(some), steps=steps))
        for policy, some in zip(NOTICES, rows, strict=True)
        if len(some)
    ]


Mixed = tuple[np.ndarray, rules.Decisions]


def together(name: str, mixed: list[Mixed], count: int) -> np.ndarray:
    """One column of all decisions in the applicants' order."""
    shape = getattr(mixed[0][1], name).shape[:-1]
    whole = np.zeros((*shape, count), getattr(mixed[0][1], name).dtype)
    for rows, decisions_ in mixed:
        whole[..., rows] = getattr(decisions_, name)
    return whole


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
        "女",
        date(1975, 3, 4),
        YEAR,
        "职称评审",
        "高级",
        {"front_line": True, "transferred_on": date(2021, 7, 1)},
        frozenset({"front_line"}),
    )
    columns = rules.columns([person])
    notice = NOTICES[1]
    depth = rules.depth(notice, columns)
    hours = np.zeros((depth, 2, 1), np.int32)
    hours[0] = [[3000], [4500]]
    return rules.decide(notice, columns, rules.counted(notice, {"training": hours}), steps=True)


def in_memory(count: int) -> dict[str, float]:
    """Seconds for all without steps, for all with steps, and for one application with steps."""
    everybody = population(count)
    if count >= 10_000:
        winners = together("winner", decided(*everybody), count)
        assert set(np.unique(winners)) == set(range(-1, len(REGION.waivers))), "a waiver is not in play"
    return {
        "all": best(lambda: decided(*everybody), 7),
        "steps": best(lambda: decided(*everybody, steps=True), 7),
        "one": best(one_person, 300),
    }


def openfisca(count: int) -> dict[str, float]:
    """The same of OpenFisca, after its answers were found equal to ours for every applicant."""
    from benchmarks import openfisca_rules as peer

    everybody = population(count)
    law = peer.system()
    ours = decided(*everybody)
    theirs = peer.calculate(peer.simulation(law, *everybody, trace=False), YEAR)
    for name, found in theirs.items():
        assert np.array_equal(found, together(name, ours, count)), f"{name} differs from OpenFisca's"

    def run(whom: tuple[Applicants, Balances, np.ndarray], trace: bool) -> None:
        peer.calculate(peer.simulation(law, *whom, trace=trace), YEAR)

    first = slice(0, 1)
    one = everybody[0].take(first), everybody[1].take(first), everybody[2][first]
    return {
        "all": best(lambda: run(everybody, False), 5),
        "steps": best(lambda: run(everybody, True), 5),
        "one": best(lambda: run(one, True), 100),
    }


# --- from the database and back -------------------------------------------------------------------------------------


def fill(count: int) -> None:
    """A new office with so many people of four offices, three with a notice of their own, and three years of hours."""
    db.make_key()
    db.upgrade()
    notices.published().mkdir()
    for place in range(1, len(NOTICES)):
        (notices.published() / f"league-{place}.yaml").write_text(league_file(place), encoding="utf-8")
    applicants, balances, notice = population(count)
    offices = (notice + 1).tolist()
    sex = np.where(applicants.male, "男", "女").tolist()
    born = [f"{day // 10000}-{day // 100 % 100:02}-{day % 100:02}" for day in applicants.born.tolist()]
    hours, deemed = balances.hours.transpose(2, 0, 1).tolist(), balances.deemed.transpose(2, 0, 1).tolist()
    with db.transaction() as session:
        for number, name in enumerate(OFFICES, start=1):
            kind = OrganizationKind.LEAGUE_HR if number > 1 else OrganizationKind.REGION_HR
            session.add(Organization(id=number, name=name, kind=kind, authority_id=number))
            session.flush()
        connection = session.connection()
        connection.exec_driver_sql(
            "INSERT INTO person (id, name, id_number, id_index, sex, birth_on, employer_name, authority_id, post,"
            " specialty, added_at, version) VALUES (?, '某某', x'00', ?, ?, ?, '某单位', ?, '', '', '2024-01-01', 1)",
            [(place + 1, place.to_bytes(32), sex[place], born[place], offices[place]) for place in range(count)],
        )
        totals = "INSERT INTO credit_total (person_id, year, subject, source, hours, deemed) VALUES (?, ?, ?, ?, ?, ?)"
        for start in range(0, count, 100_000):
            connection.exec_driver_sql(
                totals,
                [
                    (
                        place + 1,
                        YEAR - back,
                        SUBJECTS[at],
                        "training",
                        hours[place][back][at],
                        int(deemed[place][back][at]),
                    )
                    for place in range(start, min(start + 100_000, count))
                    for back in (2, 1, 0)
                    for at in (1, 0)
                ],
            )


def end_to_end(count: int) -> dict[str, float]:
    """Seconds to read, to decide, to store; and the peak memory of this process in MiB.

    Everybody's sex, birth and hours are read from the database; what an application form adds to that is given.
    """
    officer = Actor(None, "基准", Role.TITLE_OFFICER, 1, "厅", OrganizationKind.REGION_HR)
    assertions, _, _ = population(count)
    moments = [time.perf_counter()]
    with db.transaction() as session:
        people = answers.everybody(session, officer, YEAR)
        moments.append(time.perf_counter())
        assertions.male, assertions.born = people.applicants.male, people.applicants.born
        people.applicants = assertions
        answered = [some.answered(policy) for policy, some in people.by_notice(leagues(session))]
        moments.append(time.perf_counter())
        run = decisions.record(session, answered, actor=officer, now=datetime(2024, 12, 31, tzinfo=UTC))
        run_id = run.id
    moments.append(time.perf_counter())
    assert {each.policy.id for each in answered} == {each.id for each in NOTICES}
    whole = together("outcome", decided(*population(count)), count)
    with db.reading() as session:
        stored = decisions.runs(session, officer).set_index("run_id").loc[run_id]
        assert [stored[each.value] for each in rules.OUTCOMES] == np.bincount(whole, minlength=3).tolist()
        assert decisions.faults(session) == []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent = dict(zip(("read", "decide", "store"), np.diff(moments).tolist(), strict=True))
    return spent | {"whole": moments[-1] - moments[0], "peak_mib": peak}


def through_database(count: int) -> dict[str, float]:
    """`end_to_end` in a fresh process over a fresh office on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        here = os.environ | {"CE_HOME": folder}
        here.pop("DATABASE_URL", None)
        for deed in ("fill", "end_to_end"):
            program_text = f"import json; from benchmarks import eligibility as b; print(json.dumps(b.{deed}({count})))"
            done = subprocess.run(
                [sys.executable, "-c", program_text],
                env=here,
                cwd=db.ROOT,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
        found: dict[str, float] = json.loads(done.stdout)
        return found


# --- the table ------------------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eligibility", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--no-openfisca", action="store_true")
    parser.add_argument("--no-database", action="store_true")
    given = parser.parse_args(arguments)
    count = given.count
    machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, NumPy {np.__version__}"
    print(f"{count:,} applicants by {len(NOTICES)} notices mixed, {machine}")
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
        print(f"  {'peak memory, MiB':32}{found['peak_mib']:16.0f}")


if __name__ == "__main__":
    main()
