"""How fast a roster of 100,000 rows becomes a checked preview and then posted entries, beside django-import-export.

    python -m venv /tmp/bench
    /tmp/bench/bin/pip install -r requirements.txt -r benchmarks/requirements.txt
    /tmp/bench/bin/python -m benchmarks.roster [--count 100000] [--rounds 3] [--no-peer]

One run prints one table. Both programs take the same .xlsx, each in fresh processes over a fresh SQLite file with the
same people on file; before anything is printed the persons, entries, hours and refused rows of both are compared. Ours
goes its whole way: the preview as after an upload, then the report saved with its roster, submitted, approved. The peer
(`roster_django.py`) checks and posts in one pass. Figures are the best of several rounds. People are made up.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import xlsxwriter
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor, OrganizationKind, Role
from core.law.notices import Subject
from core.ledger import checks
from core.models import Account, CreditEntry, CreditTotal, Mode, Person, Plan, Report
from core.people import accounts, organizations, persons, setup
from core.submissions import plans, reports, roster, workflow
from core.submissions.workflow import Action
from core.trail.files import Upload

ON_FILE = 0.7
"""The part of a roster's people who are on file before it comes."""
FAULTY = 0.005
"""The part of its rows with a fault, of nine kinds."""
HOURS = Decimal(24)
NOW = datetime(2024, 6, 3, 1, 0, tzinfo=UTC)
AFTER = NOW + timedelta(days=28)
START_ON, END_ON = date(2024, 6, 24), date(2024, 6, 26)

Figures = dict[str, float]


# --- people ---------------------------------------------------------------------------------------------------------


def people(count: int, seed: int = 1) -> list[persons.PersonFacts]:
    """Made-up people of the unassigned county 150199, each with another number, some of one name."""
    draw = random.Random(seed)
    surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    given = [chr(code) for code in range(0x4E00, 0x4E00 + 4 * 300, 4)]
    mongolian = ("其其格", "巴特尔", "乌兰", "格日勒", "苏日娜", "阿拉坦", "孟和", "娜仁")
    employers = [f"示例旗第{number}{kind}" for number in range(1, 201) for kind in ("中学", "医院", "设计院", "农牧站")]
    posts = (
        "主治医师",
        "副主任医师",
        "一级教师",
        "高级教师",
        "工程师",
        "高级工程师",
        "助理工程师",
        "农艺师",
        "会计师",
    )
    fields = ("临床医学", "护理学", "数学", "语文", "土木工程", "电气工程", "畜牧", "农学", "会计", "计算机")
    found: dict[str, persons.PersonFacts] = {}
    while len(found) < count:
        born = date(1964, 1, 1) + timedelta(days=draw.randrange(13_000))
        first = f"150199{born:%Y%m%d}{draw.randrange(1000):03d}"
        name = draw.choice(surnames) + "".join(draw.choices(given, k=draw.choice((1, 2, 2, 2))))
        if draw.random() < 0.1:
            name = f"{draw.choice(mongolian)}·{draw.choice(mongolian)}{draw.choice(given)}"
        number, work = first + resident_id.check_digit(first), map(draw.choice, (employers, posts, fields))
        found.setdefault(first, persons.PersonFacts(name, number, *work))
    return list(found.values())


def on_file(count: int) -> list[persons.PersonFacts]:
    """Who is on file before the roster comes: most of its people, and as many others as it has new ones."""
    new = count - int(count * ON_FILE)
    return people(count + new)[new:]


def roster_file(count: int) -> tuple[bytes, int]:
    """附件1 as WPS writes it (shared strings, numbers as numbers, ID numbers as text), and how many rows are faulty."""
    draw = random.Random(2)
    known = {fact.id_number for fact in on_file(count)}
    listed = people(2 * count - int(count * ON_FILE))[:count]
    draw.shuffle(listed)
    lines: list[dict[str, Any]] = [
        {
            "序号": place,
            "姓名": fact.name,
            "性别": resident_id.sex(fact.id_number),
            "身份证号": fact.id_number,
            "工作单位": fact.employer,
            "专业技术职务": fact.post,
            "从事专业": fact.specialty,
            "公需学时": 0,
            "专业学时": int(HOURS),
            "考核结果": "合格",
            "联系电话": 13_000_000_000 + place * 7919 % 10**9,
            "备注": "",
        }
        for place, fact in enumerate(listed, start=1)
    ]
    places = sorted(draw.sample(range(1, count), max(len(_FAULTS), int(count * FAULTY))))
    for turn, place in enumerate(places):
        line, number = lines[place], lines[place]["身份证号"]
        wrong = _FAULTS[turn % len(_FAULTS)](number)
        if "姓名" in wrong and number not in known:
            wrong["姓名"] = ""
        if not wrong:  # somebody twice
            wrong = next(other for other in lines[place - 1 :: -1] if other["序号"] - 1 not in places)
        lines[place] = line | wrong | {"序号": place + 1}
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet("花名册")
        page.merge_range(0, 0, 0, len(lines[0]) - 1, "专业技术人员继续教育培训花名册")
        page.write_row(1, 0, list(lines[0]))
        for at, line in enumerate(lines, start=2):
            page.write_row(at, 0, line.values())
        page.write(count + 3, 0, "填表人：赵示一")
    return buffer.getvalue(), len(places)


_FAULTS: tuple[Callable[[str], dict[str, Any]], ...] = (
    lambda number: {"身份证号": f"{number[:16]}{(int(number[16]) + 1) % 10}{number[17]}"},
    lambda number: {"身份证号": float(f"{number[:15]}000")},  # typed as a number
    lambda number: {"身份证号": number[:17]},
    lambda number: {"姓名": ""},
    lambda number: {"姓名": "某某某"},  # on file under another name
    lambda number: {"专业学时": 32},  # more than the plan approved
    lambda number: {"专业学时": 7.25},
    lambda number: {"考核结果": "待定"},
    lambda number: {},  # somebody twice
)


# --- this program ---------------------------------------------------------------------------------------------------


def fill(count: int, trainings: int = 1) -> None:
    """A new office with approved plans for so many people each, and those on file."""
    db.upgrade()
    with db.transaction() as session:
        founder = setup.open_office(session, kind="empty", now=NOW)
        base = organizations.add(
            session, name="示例继续教育基地", kind=OrganizationKind.BASE, authority_id=1, actor=founder, now=NOW
        )
        session.flush()
        for username, role, home_id in (("base", Role.BASE_CLERK, base.id), ("reviewer", Role.REVIEWER, 1)):
            accounts.open_account(
                session,
                username=username,
                name=username,
                role=role,
                organization_id=home_id,
                password="Right-horse-24",
                actor=founder,
                now=NOW,
            )
        session.flush()
        clerk, reviewer = staff(session)
        persons.match_or_add(session, on_file(count), authority_id=1, now=NOW)
        fields = plans.PlanFields(
            title="知识更新培训班",
            subject=Subject.PROFESSIONAL,
            start_on=START_ON,
            end_on=END_ON,
            place="示例宾馆",
            mode=Mode.CLASSROOM,
            content="新一代信息技术",
            teachers="示例大学教授",
            audience="专业技术人员",
            headcount=count,
            hours_each=HOURS,
        )
        for _ in range(trainings):
            plan = plans.draft(session, fields, actor=clerk, now=NOW)
            session.flush()
            for action, actor in ((Action.SUBMIT, clerk), (Action.APPROVE, reviewer)):
                workflow.move(session, plan.id, action, version=plan.version, actor=actor, now=NOW)


def staff(session: Session) -> tuple[Actor, Actor]:
    """The base's clerk and the reviewer of the office in charge."""
    clerk, reviewer = (
        Actor(each.id, each.name, each.role, each.organization_id, each.organization.name, each.organization.kind)
        for each in session.scalars(sa.select(Account).order_by(Account.id))
    )
    return clerk, reviewer


def measure(path: str) -> dict[str, Any]:
    """Seconds of each step for the roster in this file, what came of it, and the peak memory in MiB."""
    content = Path(path).read_bytes()
    with db.reading() as session:
        plan = session.scalars(sa.select(Plan)).one()
        bounds = reports.limits(plan, START_ON, END_ON, db.office_day(AFTER))
        moments = [time.perf_counter()]
        form = roster.form(plans.policy_of(plan))
        rows = roster.rows_in(content, "花名册.xlsx", form).rows
        moments.append(time.perf_counter())
        preview = roster.check(rows, form=form, limits=bounds, known=session)
        moments.append(time.perf_counter())
    refused = len(preview.faulty_rows)
    del rows, preview
    moments.append(time.perf_counter())
    moments += through(content)
    peak = [resource.getrusage(whose).ru_maxrss / 1024 for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    with db.reading() as session:
        assert checks.faults(session) == []
        assert refused == session.scalars(sa.select(Report.faults)).one()
        found = {
            "persons": session.scalar(sa.select(sa.func.count(Person.id))),
            "entries": session.scalar(sa.select(sa.func.count()).select_from(CreditEntry)),
            "hours": float(sum(session.scalars(sa.select(CreditTotal.hours)))),
            "refused": refused,
        }
    read, check, _, save, submit, foresee, approve = (after - before for before, after in itertools.pairwise(moments))
    post = submit + approve
    figures = {"read": read, "check": check, "preview": read + check, "save": save, "foresee": foresee, "post": post}
    return figures | {"whole": save + post} | {"found": found, "peak_mib": peak[0], "reader_mib": peak[1]}


def through(content: bytes, training: int = 1) -> list[float]:
    """A roster's whole way, deed by deed: the moments when it was saved, submitted, foreseen and approved."""
    with db.reading() as session:
        clerk, reviewer = staff(session)
        plan_id = session.scalars(sa.select(Plan.id).order_by(Plan.id)).all()[training - 1]
    moments = []
    with db.transaction() as session:
        report, _ = reports.save(
            session,
            plan_id,
            reports.ReportFields(START_ON, END_ON, "培训按计划完成。"),
            announcement=Upload("培训通知.pdf", b"%PDF-1.4 synthetic"),
            roster_file=Upload("花名册.xlsx", content),
            actor=clerk,
            now=AFTER,
        )
    moments.append(time.perf_counter())
    with db.transaction() as session:
        workflow.move(session, report.id, Action.SUBMIT, version=report.version, actor=clerk, now=AFTER)
    moments.append(time.perf_counter())
    decide: dict[str, Any] = {"version": report.version + 1, "actor": reviewer, "now": AFTER}
    with db.rehearsal_on_a_copy() as session:
        foreseen = workflow.foreseen(session, report.id, Action.APPROVE, **decide)
    moments.append(time.perf_counter())
    with db.transaction() as session:
        assert workflow.move(session, report.id, Action.APPROVE, **decide)[1] == foreseen
    moments.append(time.perf_counter())
    return moments


# --- both, each in processes of its own -----------------------------------------------------------------------------


def through_program(count: int, path: Path, folder: Path) -> dict[str, Any]:
    """`measure` in a fresh process over a fresh office in this folder."""
    here = os.environ | {"CE_HOME": str(folder)}
    here.pop("DATABASE_URL", None)
    for deed in (f"fill({count})", f"print(json.dumps(measure({str(path)!r})))"):
        said = run(["-c", f"import json; from benchmarks.roster import fill, measure; {deed}"], env=here)
    return json.loads(said)


def through_peer(count: int, path: Path, folder: Path) -> dict[str, Any]:
    """The same of the peer, over a database in this folder."""
    people = [
        (
            fact.name,
            fact.id_number,
            resident_id.sex(fact.id_number),
            resident_id.birth_on(fact.id_number).isoformat(),
            fact.employer,
            fact.post,
            fact.specialty,
        )
        for fact in on_file(count)
    ]
    peer = ["-m", "benchmarks.roster_django", str(folder / "peer.db")]
    run(peer, given=json.dumps(people))
    return json.loads(run([*peer, str(path)]))


def run(program: list[str], *, env: dict[str, str] | None = None, given: str = "") -> str:
    """What a Python program says."""
    done = subprocess.run(
        [sys.executable, *program], env=env, cwd=db.ROOT, input=given, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def best(
    measured: Callable[[int, Path, Path], dict[str, Any]], count: int, path: Path, rounds: int
) -> tuple[Figures, dict[str, float]]:
    """The figures of the fastest of several rounds, and what came of each."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measured(count, path, Path(folder)))
    told = [each.pop("found") for each in found]
    assert all(each == told[0] for each in told)
    return min(found, key=lambda figures: figures["whole"]), told[0]


# --- the table ------------------------------------------------------------------------------------------------------

STEPS = (
    ("read", "read the file"),
    ("check", "check every row"),
    ("preview", "checked preview"),
    ("save", "report saved, preview included"),
    ("foresee", "approval foreseen (beside the whole)"),
    ("post", "submitted, approved, posted"),
    ("whole", "whole, to posted entries"),
)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.roster", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.xlsx"
        content, faulty = roster_file(given.count)
        path.write_bytes(content)
        ours, found = best(through_program, given.count, path, given.rounds)
        assert found["refused"] == faulty
        assert found["entries"] == given.count - faulty
        theirs: Figures = {}
        if not given.no_peer:
            theirs, same = best(through_peer, given.count, path, given.rounds)
            assert found == same, f"the peer came to {same}, not to {found}"
    print(
        f"{given.count:,} rows in {len(content) / 2**20:.1f} MiB, {faulty} faulty, {given.count:,} people on file; "
        f"{found['entries']:,} entries, {found['hours']:,.0f} hours, {found['persons']:,} people\n"
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}"
    )
    peer = f"import-export {importlib.metadata.version('django-import-export')}" if theirs else ""
    print(f"\n{'seconds':34}{'this program':>16}{peer:>24}{'ratio' if theirs else '':>8}")
    for name, label in STEPS:
        beside = f"{theirs[name]:24.2f}{theirs[name] / ours[name]:8.1f}" if name in theirs else ""
        print(f"{label:34}{ours[name]:16.2f}{beside}")
    beside = f"{theirs['peak_mib']:24.0f}" if theirs else ""
    print(f"{'peak memory, MiB':34}{ours['peak_mib']:16.0f}{beside}")
    print(f"{'peak of the reading process, MiB':34}{ours['reader_mib']:16.0f}")


if __name__ == "__main__":
    main()
