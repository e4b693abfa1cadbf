"""An exam in the tests: a course that is studied, a bank of items, a published exam, people who sit it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.courses import courses
from core.courses.courses import CourseFields, LessonFields
from core.exams import answers, bank, exams, items, papers
from core.exams.answers import Given, Outcome
from core.exams.blueprints import Blueprint, Part
from core.exams.exams import ExamForm
from core.exams.items import Item
from core.ground import db
from core.models import (
    BankItem,
    Difficulty,
    Enrolment,
    Exam,
    ExamPaper,
    ExamQuestion,
    ItemEdition,
    ItemKind,
    LessonKind,
    Person,
)
from core.people import accounts
from tests import cast as c

NOW = c.AFTER
ITEMS = [
    *(
        Item(
            ItemKind.SINGLE,
            f"单选{n}",
            (("对的", True), ("错的一", False), ("错的二", False)),
            "因为",
            Difficulty.EASY,
            "通则",
        )
        for n in range(4)
    ),
    *(
        Item(ItemKind.MULTIPLE, f"多选{n}", (("对一", True), ("对二", True), ("错", False)), topic="办法")
        for n in range(3)
    ),
    *(items.judged(f"判断{n}", n % 2 == 0) for n in range(3)),
]
FORM = ExamForm(
    Blueprint(
        (
            Part(ItemKind.SINGLE, 3, Decimal(20)),
            Part(ItemKind.MULTIPLE, 1, Decimal(20)),
            Part(ItemKind.TRUE_FALSE, 1, Decimal(20)),
        )
    ),
    minutes=60,
    pass_mark=Decimal(60),
    attempts=0,
    wait_minutes=30,
)
COURSE = CourseFields(2024, "铸牢中华民族共同体意识", "年度科目", "public", Decimal(30), (2024,))


def office(people: int = 2) -> c.Cast:
    """The exam authority's course, studied by some of the hospital, who have accounts, and its exam, open."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(serial) for serial in range(1, people + 1)]), headcount=max(people, 1))
    course = published(cast)
    for serial in range(1, people + 1):
        c.give_account(cast, serial, f"person{serial}")
        studied(course, serial)
    opened(cast, course)
    return cast


def published(cast: c.Cast) -> int:
    """A course of one lesson, found by everybody of the region."""
    who = {"actor": cast["exam"], "now": c.NOW}
    with db.transaction() as session:
        course = courses.draft(session, COURSE, **who)
        lesson = LessonFields("第一讲", LessonKind.TEXT, 20, Decimal(30), body="正文")
        courses.put_lesson(session, course.id, None, lesson, version=course.version, **who)
        courses.offer(session, course.id, version=course.version, **who)
        courses.publish(session, course.id, version=course.version, actor=cast["reviewer"], now=c.NOW)
    return course.id


def studied(course_id: int, serial: int, *, finished: datetime | None = c.NOW) -> None:
    """A record of study as the player leaves it."""
    with db.transaction() as session:
        person_id = session.scalars(
            sa.select(Person.id).where(Person.id_index == db.blind_index(c.id_number(serial)))
        ).one()
        session.add(
            Enrolment(
                course_id=course_id, person_id=person_id, credit_year=2024, started_at=c.NOW, finished_at=finished
            )
        )


def opened(cast: c.Cast, course_id: int, form: ExamForm = FORM, given: list[Item] | None = None) -> Exam:
    """The bank filled, the exam made, handed in and published."""
    who = {"actor": cast["exam"], "now": c.NOW}
    with db.transaction() as session:
        bank.take_in(session, ITEMS if given is None else given, **who)
        exam = exams.save(session, course_id, form, version=0, **who)
        exams.offer(session, exam.id, version=exam.version, **who)
        exams.publish(session, exam.id, version=exam.version, actor=cast["reviewer"], now=c.NOW)
    return exam


def start(cast: c.Cast, who: str = "person1", *, now: datetime = NOW, seed: int = 7) -> ExamPaper:
    with db.transaction() as session:
        course_id = session.scalars(sa.select(Exam.course_id)).one()
        return papers.start(session, course_id, seed=seed, actor=cast[who], now=now)


def token_of(who: str, *, now: datetime = NOW) -> str:
    """A sign-in of somebody, as the browser's cookie holds it."""
    with db.transaction() as session:
        found = accounts.sign_in(session, who, fits=True, now=now)
    assert isinstance(found, str)
    return found


Knows = Callable[[int, Item], bool]
"""Whether somebody answers a question rightly: by its place and what is asked."""


def chosen_by(paper_id: int, knows: Knows) -> dict[int, int]:
    """What somebody chooses at each place, in bits as shown: the right options, or none of them."""
    with db.reading() as session:
        rows = session.execute(
            sa.select(ExamQuestion, ItemEdition)
            .join(ItemEdition, ItemEdition.id == ExamQuestion.edition_id)
            .where(ExamQuestion.paper_id == paper_id)
        ).all()
    found = {}
    for question, edition in rows:
        item = bank.as_item(edition)
        right = sum(1 << at for at, place in enumerate(question.shuffled) if item.options[int(place)][1])
        wrong = next(1 << at for at, place in enumerate(question.shuffled) if not item.options[int(place)][1])
        found[question.place] = right if knows(question.place, item) else wrong
    return found


def answered(
    paper: ExamPaper, who: str = "person1", *, knows: Knows = lambda *_: True, now: datetime = NOW
) -> list[Outcome]:
    """All questions answered as the browser sends them."""
    token = token_of(who, now=now)
    given = [Given(token, paper.id, place, bits, 1, now) for place, bits in sorted(chosen_by(paper.id, knows).items())]
    with db.transaction() as session:
        return answers.save(session, given)


def handed_in(cast: c.Cast, paper: ExamPaper, who: str = "person1", *, now: datetime = NOW) -> ExamPaper:
    with db.transaction() as session:
        return papers.hand_in(session, paper.id, actor=cast[who], now=now)


def sat(
    cast: c.Cast, who: str = "person1", *, knows: Knows = lambda *_: True, now: datetime = NOW, seed: int = 7
) -> ExamPaper:
    """The whole way: begun, answered, handed in after twenty minutes."""
    paper = start(cast, who, now=now, seed=seed)
    assert set(answered(paper, who, knows=knows, now=now)) == {Outcome.SAVED}
    return handed_in(cast, paper, who, now=now + timedelta(minutes=20))


def item_of(stem: str) -> Any:
    """An item in the bank by its stem: its id and version."""
    with db.reading() as session:
        drawn = sa.and_(ItemEdition.item_id == BankItem.id, ItemEdition.number == BankItem.edition)
        query = sa.select(BankItem.id, BankItem.version).join(ItemEdition, drawn)
        return session.execute(query.where(ItemEdition.stem == stem)).one()
