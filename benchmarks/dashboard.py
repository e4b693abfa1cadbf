"""The dashboard over a province (指标看板): all that its page asks, cold and warm, beside DuckDB over Parquet.

    python -m venv /tmp/bench
    /tmp/bench/bin/pip install -r benchmarks/requirements.txt
    python -m benchmarks.dashboard --peer /tmp/bench/bin/python

The office is `benchmarks.province`'s, with bases in every league, posts, months and a year's papers. *Cold*: the first
question of a process that has just begun; *after a batch*: the first one after somebody's hours were posted; *warm*:
any later one, under filters as chance has them. Each time everything the page shows is asked: tiles, map, bars, months,
funnel, what is stuck, completion, what is late, what waits, the rows. `dashboard_duckdb.py` answers the same from
Parquet files; both answers are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks import lookup, province
from core.ground import db
from core.ground.access import Actor, OrganizationKind, Role
from core.ledger import books
from core.models import Movement, Organization
from core.office import dashboards
from core.office.dashboards import Measure, Wanted, groups
from core.people import setup

YEAR, ON = 2024, date(2024, 12, 31)
NOW = datetime(2024, 12, 31, 9, tzinfo=UTC)
PAPERS = 20_000
"""Plans of the year besides those whose reports were credited: on their way, each at some stage."""
POSTS = ("高级工程师", "工程师", "助理工程师", "主任医师", "护师")
NAMES = ("示例医院%d", "示例中学%d", "示例有限公司%d", "示例农牧站%d", "示例中心%d")
FILTERS: dict[str, tuple[Any, ...]] = {
    "level": groups.levels()[:3],
    "age": groups.ages(),
    "sector": ("卫生", "教育", "企业"),
    "month": tuple(range(1, 13)),
}


def fill(size: province.Size, papers: int = PAPERS) -> None:
    """The province, dressed for a dashboard: whose trainings are in which league and month, who is what."""
    province.fill(size)
    with db.engine().connect() as connection, Session(connection) as session:
        leagues = session.scalars(
            sa.select(Organization.id).where(Organization.kind == OrganizationKind.LEAGUE_HR)
        ).all()
        bases = [
            Organization(id=50 + at, name=f"示例第{at}基地", kind=OrganizationKind.BASE, authority_id=office)
            for at, office in enumerate([1, *leagues])
        ]
        session.add_all(bases)
        session.flush()
        for text in _dressing(session, len(bases)):
            session.execute(sa.text(text))
        _papers(session, papers, len(bases))
        session.commit()
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
        else:
            session.execute(sa.text("ANALYZE"))
            session.commit()
    db.engine().dispose()


def _dressing(session: Session, bases: int) -> list[str]:
    posts = " ".join(f"WHEN {at} THEN '{post}'" for at, post in enumerate(POSTS))
    names = " ".join(f"WHEN {at} THEN '{name.replace('%d', '')}'" for at, name in enumerate(NAMES))
    sqlite = session.get_bind().dialect.name == "sqlite"
    day = "date('{year}-01-05', '+' || (id * 7 % 340) || ' days')"
    if not sqlite:
        day = "CAST(DATE '{year}-01-05' + (id * 7 % 340) AS DATE)"
    year = "substr(start_on, 1, 4)" if sqlite else "to_char(start_on, 'YYYY')"
    texts = [
        f"UPDATE person SET post = CASE id % {len(POSTS)} {posts} END",
        f"UPDATE organization SET name = CASE id % {len(NAMES)} {names} END || id WHERE kind = 'employer'",
        f"UPDATE submission SET organization_id = 50 + (id + id % 2) / 2 % {bases}",
        "UPDATE submission SET authority_id = (SELECT authority_id FROM organization o WHERE o.id = organization_id)",
        "UPDATE submission SET decider_id = authority_id, submitted_at = created_at",
    ]
    for each in range(province.ROSTERS_SINCE, province.LAST + 1):
        on = day.format(year=each)
        texts.append(f"UPDATE plan SET start_on = {on}, end_on = {on} WHERE {year} = '{each}'")
    # A report has its plan's days; each paper was filed and decided, the plan before and the report after them.
    texts.append("UPDATE report SET start_on = (SELECT start_on FROM plan p WHERE p.id = plan_id)")
    texts.append("UPDATE report SET end_on = start_on, due_on = start_on")
    return texts


def _papers(session: Session, count: int, bases: int) -> None:
    """Movements of what is there, and further plans of the year with theirs."""
    first = (session.scalar(sa.text("SELECT MAX(id) FROM submission")) or 0) + 1
    ids = first + np.arange(count)
    start = np.datetime64(f"{YEAR}-01-05") + (ids * 7 % 340).astype("timedelta64[D]")
    state = np.array([["approved", "approved", "submitted", "returned"][each % 4].encode() for each in ids.tolist()])
    offices = dict(
        session.execute(sa.text("SELECT id, authority_id FROM organization WHERE id BETWEEN 50 AND 98")).all()
    )
    base = 50 + ids % bases
    authority = np.array([offices[each] for each in base.tolist()])
    common: dict[str, Any] = {"kind": "plan", "version": 1, "created_at": NOW - timedelta(days=380), "stage": 0}
    common |= {"decider_id": authority, "title": "示例培训班", "submitted_at": NOW - timedelta(days=370)}
    province.put(
        session,
        "submission",
        {"id": ids, "state": state, "organization_id": base, "authority_id": authority, "decider_id": authority}
        | common,
    )
    about: dict[str, Any] = {
        "subject": "professional",
        "place": "呼和浩特市",
        "mode": "classroom",
        "content": "知识更新",
    }
    about |= {
        "teachers": "张三",
        "audience": "专业技术人员",
        "hours_each": 2400,
        "credit_years": "",
        "programme": "",
        "extension_reason": "",
    }
    about |= {"start_on": start, "end_on": start, "headcount": 40 + ids % 100}
    province.put(session, "plan", {"id": ids} | about)
    moves = list(session.execute(sa.text(MOVES)).all())
    lines = {"id": [], "submission_id": [], "action": [], "from_state": [], "to_state": [], "at": []}  # type: ignore[var-annotated]
    number = session.scalar(sa.text("SELECT COALESCE(MAX(id), 0) FROM movement")) or 0
    for submission, kind, now, day in moves:
        began = datetime.combine(date.fromisoformat(str(day)[:10]), datetime.min.time(), UTC)
        filed = began + timedelta(days=4) if kind == "report" else began - timedelta(days=20)
        steps = [("submit", "draft", "submitted", filed)]
        if now != "submitted":
            action = {"approved": "approve", "returned": "return"}[now]
            steps.append((action, "submitted", now, filed + timedelta(days=1 + submission % 9, hours=submission % 24)))
        for action, before, after, at in steps:
            number += 1
            for name, value in zip(lines, (number, submission, action, before, after, at), strict=True):
                lines[name].append(value)
    session.flush()
    table: Any = Movement.__table__
    for began in range(0, number, 20_000):
        some = [
            dict(zip(lines, row, strict=True)) | {"account_name": "审核员", "reason": "", "confirmed": ""}
            for row in zip(*(values[began : began + 20_000] for values in lines.values()), strict=True)
        ]
        if some:
            session.execute(table.insert(), some)


MOVES = """
SELECT s.id, s.kind, s.state, COALESCE(p.start_on, r.start_on)
FROM submission s LEFT JOIN plan p ON p.id = s.id LEFT JOIN report r ON r.id = s.id ORDER BY s.id"""


# --- what is asked --------------------------------------------------------------------------------------------------


def leader(session: Session) -> Actor:
    region = session.get_one(Organization, 1)
    return Actor(None, "领导", Role.LEADER, region.id, region.name, region.kind)


def page(wanted: Wanted) -> dict[str, Any]:
    """Everything the page shows of a question; answers what the peer is held against."""
    with db.reading() as session:
        actor = leader(session)
        dashboards.choices(session, actor)
        seen = dashboards.board(session, actor, wanted, now=NOW)
        lacking = seen.lacking()
        dashboards.people_rows(session, seen, lacking[:200])
    tiles = {tile.measure.value: tile.value for tile in seen.tiles()}
    seen.months(Measure.PEOPLE)
    seen.funnel()
    seen.in_time()
    seen.waiting()
    seen.rows(Measure.PEOPLE)
    stuck, late, waits = seen.stuck(), seen.late(), seen.waits()
    by_league = seen.of_region().by_place(Measure.PEOPLE)
    done = seen.completion("level").set_index("key")
    return {
        "people": tiles["people"],
        "hours": tiles["hours"],
        "by_league": dict(zip(by_league["place"].astype(str), by_league["value"], strict=True)),
        "done": {key: [int(row["people"]), int(row["total"])] for key, row in done.iterrows()},
        "lacking": len(lacking),
        "stuck": len(stuck),
        "asked": bool(len(late) + len(waits)),
    }


def drawn(dice: random.Random) -> Wanted:
    chosen = {name: dice.choice(values) for name, values in FILTERS.items() if dice.random() < 0.35}
    chosen.pop("month", None)  # the month's filter is applied to hours below, as of the end of that month
    return Wanted(YEAR, ON, league=dice.choice((None, 2, 3, 4)), **chosen)


def timed(rounds: int, seed: int) -> dict[str, Any]:
    """Milliseconds: cold, after a batch, warm; run in a process of its own."""
    dice = random.Random(seed)
    began = time.perf_counter()
    page(Wanted(YEAR, ON))
    cold = time.perf_counter() - began
    began = time.perf_counter()
    page(Wanted(YEAR, ON, level="高级"))
    narrowed = time.perf_counter() - began
    with db.transaction() as session:
        lines = [books.Posting(each, YEAR, "professional", Decimal(8), date(YEAR, 11, 1)) for each in range(1, 301)]
        books.post(session, lines, basis="基准", actor=setup.system_actor(session), now=NOW)
    began = time.perf_counter()
    page(Wanted(YEAR, ON))
    after = time.perf_counter() - began
    warm = []
    for _ in range(rounds):
        wanted = drawn(dice)
        began = time.perf_counter()
        page(wanted)
        warm.append(time.perf_counter() - began)
    told = [cold, narrowed, after, *np.percentile(warm, [50, 95])]
    return {"ms": [round(each * 1000) for each in told]}


# --- the peer -------------------------------------------------------------------------------------------------------


def export(folder: str) -> None:
    """The same office as Parquet: people, entries by year, papers, movements."""
    where = Path(folder)
    with db.reading() as session:
        connection = session.connection()
        level = {post: groups.level_of(post) for post in POSTS}
        sector = {
            row.id: groups.sector_of(row.name) for row in session.execute(sa.select(Organization.id, Organization.name))
        }
        people = connection.execute(
            sa.text("SELECT id, authority_id, employer_id, birth_on, post, merged_into_id FROM person ORDER BY id")
        ).all()
        ages = groups.age_groups(YEAR - np.array([int(str(row[3])[:4]) for row in people]))
        _write(
            where / "person.parquet",
            {
                "id": [row[0] for row in people],
                "human": [row[5] or row[0] for row in people],
                "authority": [row[1] for row in people],
                "level": [level[row[4]] for row in people],
                "sector": [sector[row[2]] for row in people],
                "age": [groups.ages()[each] for each in ages],
            },
        )
        del people
        papers = connection.execute(sa.text(PLANS)).all()
        names = ("id", "league", "state", "start_on", "headcount", "report", "batch", "undone")
        _write(where / "plan.parquet", {name: [row[at] for row in papers] for at, name in enumerate(names)})
        moves = connection.execute(
            sa.text(
                "SELECT m.id, m.submission_id, m.action, m.at, s.authority_id, s.kind FROM movement m"
                " JOIN submission s ON s.id = m.submission_id ORDER BY m.id"
            )
        ).all()
        names = ("id", "submission", "action", "at", "league", "kind")
        _write(where / "movement.parquet", {name: [row[at] for row in moves] for at, name in enumerate(names)})
        writer = None
        for year in range(province.FIRST, province.LAST + 1):
            query = "SELECT person_id, year, batch_id, subject, hours, deemed FROM credit_entry WHERE year = :year"
            result = connection.execute(sa.text(query), {"year": year}, execution_options={"stream_results": True})
            for rows in result.partitions(500_000):
                columns = list(zip(*rows, strict=True))
                names = ("person", "year", "batch", "subject", "hours", "deemed")
                table = pa.table(dict(zip(names, map(list, columns), strict=True)))
                writer = writer or pq.ParquetWriter(where / "entry.parquet", table.schema)
                writer.write_table(table)
        assert writer
        writer.close()


PLANS = f"""
SELECT p.id, s.authority_id, s.state, p.start_on, p.headcount, r.id, b.id, u.id
FROM plan p JOIN submission s ON s.id = p.id LEFT JOIN report r ON r.plan_id = p.id
LEFT JOIN credit_batch b ON b.submission_id = r.id LEFT JOIN credit_batch u ON u.reverses_id = b.id
WHERE p.start_on BETWEEN '{YEAR}-01-01' AND '{YEAR}-12-31' ORDER BY p.id"""


def _write(path: Path, columns: dict[str, list[Any]]) -> None:
    pq.write_table(
        pa.table(
            {
                name: [str(v) if isinstance(v, (date, datetime)) else v for v in values]
                for name, values in columns.items()
            }
        ),
        path,
    )


# --- the table ------------------------------------------------------------------------------------------------------


def answers() -> dict[str, Any]:
    """What the peer is held against, as JSON has it."""
    return {"all": page(Wanted(YEAR, ON)), "some": page(Wanted(YEAR, ON, league=2, level="高级"))}


def told(kind: str, size: province.Size, folder: Path, rounds: int, peer: str, papers: int) -> None:
    with lookup.database(kind, folder) as here:
        call = _within
        filled = Path(here["CE_HOME"]) / "filled.json"
        if not filled.exists():
            began = time.perf_counter()
            call(here, f"b.fill(Size({size.people}, {size.entries}), {papers})")
            filled.write_text(json.dumps(vars(size)))
            print(f"{kind}: filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        lookup.warm(folder / ("sqlite" if kind == "sqlite" else "server"))
        parquet = folder / "parquet"
        if peer:  # each time anew: what is timed posts a batch
            parquet.mkdir(exist_ok=True)
            call(here, f"b.export({str(parquet)!r})")
        if peer:
            ours = call(here, "b.answers()")
            script = str(Path(__file__).with_name("dashboard_duckdb.py"))
            done = subprocess.run(
                [peer, script, str(parquet), str(rounds)], check=True, stdout=subprocess.PIPE, text=True
            )
            theirs = json.loads(done.stdout)
            assert theirs["answers"] == ours, f"{kind}: {theirs['answers']} is not {ours}"
        found = call(here, f"b.timed({rounds}, 1)")["ms"]
        print(f"\n{kind}, ms: cold {found[0]:,}; first narrowed to some people {found[1]:,};", end=" ")
        print(f"after a batch {found[2]:,}; warm p50 {found[3]:,}, p95 {found[4]:,}")
        if peer:
            cold, *warm = theirs["ms"]
            print(f"DuckDB {theirs['version']}, ms: cold {cold:,}; warm p50 {warm[0]:,}, p95 {warm[1]:,}")


def _within(here: dict[str, str], call: str) -> Any:
    imports = "import json; from benchmarks import dashboard as b; from benchmarks.province import Size"
    text = f"{imports}; print(json.dumps({call}))"
    done = subprocess.run([sys.executable, "-c", text], env=here, cwd=db.ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=30_000_000)
    parser.add_argument("--papers", type=int, default=PAPERS)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--peer", default="", help="a Python with duckdb")
    given = parser.parse_args(arguments)
    size = province.Size(given.people, given.entries)
    print(f"{size.people:,} people, {size.entries:,} entries, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        for kind in given.database or ("sqlite", "postgresql"):
            told(kind, size, folder, given.rounds, given.peer, given.papers)


if __name__ == "__main__":
    main()
