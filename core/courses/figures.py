"""How far a course's people have come (学习情况), for its office: counts, who has not begun, what is worth a look.

Hints of fair play are hints: nothing is taken from anybody by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses, passing
from core.ground import db
from core.ground.access import OFFICERS, Actor, Role, require
from core.ground.db import Moment
from core.ledger import standing
from core.models import (
    Account,
    Course,
    CourseCredit,
    CourseState,
    CreditBatch,
    CreditEntry,
    Enrolment,
    Exam,
    ExamPaper,
    ExamQuestion,
    Lesson,
    LessonProgress,
    MaskedNumber,
    Organization,
    Parcel,
    Person,
    Sitting,
)

READERS = (*OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)
"""Who reads them: the office in charge and its exam authority; employers of their own people."""
FASTEST = 3
"""Seconds a question of an exam that was passed, below which on average it is worth a look."""
TOGETHER = 3
"""People on one device within one hour, from which on it is worth a look."""


@dataclass(frozen=True)
class Counts:
    """How many people of a course (人数)."""

    assigned: int
    """应学: the people on file whom the course is for."""
    begun: int
    studied: int
    passed: int


def counts(session: Session, course_id: int, actor: Actor) -> tuple[Counts, pd.DataFrame]:
    """How far the people of a course have come (学习情况), in whatever edition: in all, and by employer.

    Passed have those, too, whose hours came by results from elsewhere.

    Columns: employer, assigned, begun, studied, passed; the employer with most to do first.
    Refused codes: "role", "missing".
    """
    course = _of(session, course_id, actor)
    known = sa.func.coalesce(sa.func.nullif(Person.employer_name, ""), "（未填单位）")
    name = sa.func.coalesce(Organization.name, known)
    own, way = _people(course, actor), _ways(session, course)
    query = (
        sa.select(
            name.label("employer"),
            sa.func.count(Person.id).label("assigned"),
            sa.func.count(way.c.begun_at).label("begun"),
            sa.func.count(way.c.studied_at).label("studied"),
            sa.func.count(way.c.passed_at).label("passed"),
        )
        .select_from(Person)
        .outerjoin(Organization, Organization.id == Person.employer_id)
        .outerjoin(way, way.c.person_id == Person.id)
        .where(own)
        .group_by("employer")
    )
    frame = pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())
    frame = frame.sort_values(["assigned", "employer"], ascending=[False, True], ignore_index=True)
    whole = Counts(*(int(frame[column].sum()) for column in ("assigned", "begun", "studied", "passed")))
    return whole, frame


def people(
    session: Session,
    actor: Actor,
    *,
    course_id: int,
    begun: bool | None = None,
    employer: str = "",
    offset: int = 0,
    limit: int | None = 20,
) -> tuple[pd.DataFrame, int]:
    """The people of a course one by one (学员名单), or those who have, or have not, begun; and how many there are.

    Whoever has studied another edition, or whose hours came by results from elsewhere, has begun.
    `employer`: a part of its name. Columns: id, name, id_mask, employer, post, account (whether they can sign in), and
    the moments of each one's way: begun_at, studied_at, passed_at, posted_at, sent_at (to the talent database).
    Refused codes: "role", "missing".
    """
    course = _of(session, course_id, actor)
    way = _ways(session, course)
    conditions = [_people(course, actor)]
    if begun is not None:
        conditions.append(way.c.person_id.is_not(None) if begun else way.c.person_id.is_(None))
    if employer:
        conditions.append(db.holding(employer, Person.employer_name))
    joined = sa.select(sa.func.count(Person.id)).select_from(Person).outerjoin(way, way.c.person_id == Person.id)
    count = session.scalar(joined.where(*conditions)) or 0
    has = sa.exists().where(Account.person_id == Person.id, Account.active)
    query = (
        sa.select(
            Person.id,
            Person.name,
            sa.type_coerce(Person.id_number, MaskedNumber("person.id_number")).label("id_mask"),
            Person.employer_name.label("employer"),
            Person.post,
            has.label("account"),
            *(way.c[name] for name in MOMENTS),
        )
        .select_from(Person)
        .outerjoin(way, way.c.person_id == Person.id)
        .where(*conditions)
        .order_by(Person.employer_name, Person.id)
        .offset(offset)
        .limit(limit)
    )
    frame = pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())
    return frame.assign(account=["有" if each else "无" for each in frame["account"]]), count


MOMENTS = "begun_at studied_at passed_at posted_at sent_at".split()
"""Of each one's way: 开始, 看完, 考试, 记学时, 送人才库."""


def _moments() -> sa.CompoundSelect[Any]:
    """The moments of everybody's way with every course: of study, and of hours that stand, wherever they came from."""
    never = sa.type_coerce(sa.null(), Moment)
    studied = sa.select(
        Enrolment.course_id,
        Enrolment.person_id,
        Enrolment.started_at.label("begun_at"),
        Enrolment.finished_at.label("studied_at"),
        Enrolment.passed_at.label("passed_at"),
        never.label("posted_at"),
        never.label("sent_at"),
    )
    posted = (
        sa.select(
            CourseCredit.course_id,
            CourseCredit.person_id,
            never.label("begun_at"),
            never.label("studied_at"),
            CreditBatch.posted_at.label("passed_at"),
            CreditBatch.posted_at.label("posted_at"),
            Parcel.sent_at.label("sent_at"),
        )
        .join(CreditBatch, CreditBatch.id == CourseCredit.batch_id)
        .join(CreditEntry, passing.entry())
        .outerjoin(Parcel, passing.in_parcel())
        .where(standing.STANDS)
    )
    return sa.union_all(studied, posted)


def _ways(session: Session, course: Course) -> sa.Subquery:
    """How far people have come with a course (各人的进度), in whatever edition: a line each, by their human's id."""
    every = _moments().subquery()
    first = [sa.func.min(every.c[name]).label(name) for name in MOMENTS]
    query = sa.select(every.c.person_id, *first).where(every.c.course_id.in_(passing.editions(session, course.id)))
    return query.group_by(every.c.person_id).subquery()


def hints(session: Session, course_id: int, actor: Actor) -> pd.DataFrame:
    """What is worth a look (公平提示): many learners on one device, lessons ended in the same minute, exams passed too
    fast. Hints only.

    Columns: hint, at, people (names), words. Refused codes: "role", "missing".
    """
    course = _of(session, course_id, actor)
    rows = [
        *_one_device(session, course, actor),
        *_same_minute(session, course, actor),
        *_too_fast(session, course, actor),
    ]
    return pd.DataFrame(rows, columns=["hint", "at", "people", "words"])


def _one_device(session: Session, course: Course, actor: Actor) -> list[tuple[object, ...]]:
    """Browsers in which several people studied within one hour."""
    hour = sa.func.substr(sa.cast(Sitting.opened_at, sa.String), 1, 13).label("hour")
    query = (
        sa.select(Sitting.device, hour, sa.func.min(Sitting.opened_at).label("first"))
        .join(Enrolment, Enrolment.id == Sitting.enrolment_id)
        .join(Person, Person.id == Sitting.person_id)
        .where(Enrolment.course_id == course.id, Sitting.device != "", _people(course, actor))
        .group_by(Sitting.device, "hour")
        .having(sa.func.count(sa.distinct(Sitting.person_id)) >= TOGETHER)
        .order_by(sa.func.min(Sitting.opened_at).desc())
        .limit(100)
    )
    found: list[tuple[object, ...]] = []
    for device, within, first in session.execute(query):
        names = sa.select(Person.name).distinct().join(Sitting, Sitting.person_id == Person.id)
        who = list(session.scalars(names.where(Sitting.device == device, hour == within).order_by(Person.name)))
        words = f"同一浏览器一小时内有{len(who)}人学习，可能是共用电脑，也可能是代学"
        found.append(("同一设备", first, "、".join(who[:20]), words))
    return found


def _same_minute(session: Session, course: Course, actor: Actor) -> list[tuple[object, ...]]:
    """Lessons that several people of one employer ended within the same minute."""
    minute = sa.func.substr(sa.cast(LessonProgress.finished_at, sa.String), 1, 16).label("minute")
    query = (
        sa.select(
            LessonProgress.lesson_id,
            Person.employer_name,
            minute,
            sa.func.min(LessonProgress.finished_at).label("first"),
            sa.func.count().label("number"),
        )
        .join(Enrolment, Enrolment.id == LessonProgress.enrolment_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.course_id == course.id, LessonProgress.finished_at.is_not(None), _people(course, actor))
        .group_by(LessonProgress.lesson_id, Person.employer_name, "minute")
        .having(sa.func.count() >= TOGETHER)
        .order_by(sa.func.min(LessonProgress.finished_at).desc())
        .limit(100)
    )
    found: list[tuple[object, ...]] = []
    for lesson_id, employer, within, first, number in session.execute(query):
        names = (
            sa.select(Person.name)
            .join(Enrolment, Enrolment.person_id == Person.id)
            .join(LessonProgress, LessonProgress.enrolment_id == Enrolment.id)
            .where(LessonProgress.lesson_id == lesson_id, Person.employer_name == employer, minute == within)
        )
        who = list(session.scalars(names.order_by(Person.name)))
        lesson = session.get_one(Lesson, lesson_id)
        words = f"{employer}有{number}人在同一分钟学完第{lesson.position}节，可能是集体学习，也可能是代学"
        found.append(("同一分钟", first, "、".join(who[:20]), words))
    return found


def _too_fast(session: Session, course: Course, actor: Actor) -> list[tuple[object, ...]]:
    """Papers that passed, of the last ones, with less time for each question than it takes to read one."""
    asked = sa.select(sa.func.count()).where(ExamQuestion.paper_id == ExamPaper.id).scalar_subquery()
    query = (
        sa.select(Person.name, ExamPaper.started_at, ExamPaper.handed_in_at, asked)
        .join(Exam, Exam.id == ExamPaper.exam_id)
        .join(Person, Person.id == ExamPaper.person_id)
        .where(Exam.course_id == course.id, ExamPaper.passed.is_(True), _people(course, actor))
        .order_by(ExamPaper.id.desc())
        .limit(10_000)
    )
    found: list[tuple[object, ...]] = []
    for name, begun, ended, questions in session.execute(query):
        seconds = int((ended - begun).total_seconds())
        if seconds < questions * FASTEST:
            words = f"{questions}题用时{seconds}秒即及格，可能很熟悉，也可能事先知道答案或代考"
            found.append(("答题过快", ended, name, words))
    return found[:100]


def _of(session: Session, course_id: int, actor: Actor) -> Course:
    require(actor, *READERS)
    return courses.load(session, course_id, actor)


def _people(course: Course, actor: Actor) -> sa.ColumnElement[bool]:
    """The people a course is for (应学人员), of an employer's clerk the own ones: no duplicates."""
    his = sa.and_(Person.authority_id == course.authority_id, Person.merged_into_id.is_(None))
    return sa.and_(his, Person.employer_id == actor.organization_id) if actor.role is Role.EMPLOYER_CLERK else his


def by_league(session: Session, year: int, actor: Actor) -> pd.DataFrame:
    """How far people have come with the courses of a year (各盟市学习情况), a line for each office that has any.

    Whoever has begun, studied or passed any of them counts once. Columns: authority, courses, assigned, begun, studied,
    passed. Refused codes: "role".
    """
    require(actor, *OFFICERS)
    mine = sa.true() if actor.oversees_region else Course.authority_id == actor.organization_id
    public = sa.and_(Course.year == year, Course.state.in_((CourseState.PUBLISHED, CourseState.WITHDRAWN)), mine)

    every = _moments().subquery()
    done = (
        sa.select(Course.authority_id, *_counted(every, Person.human_id))
        .select_from(every)
        .join(Course, Course.id == every.c.course_id)
        .join(Person, Person.id == every.c.person_id)
        .where(public)
        .group_by(Course.authority_id)
    )
    figures = {office: counts for office, *counts in session.execute(done)}
    people = sa.select(sa.func.count(Person.id)).where(
        Person.authority_id == Organization.id, Person.merged_into_id.is_(None)
    )
    offices = (
        sa.select(Organization.id, Organization.name, sa.func.count(Course.id), people.scalar_subquery())
        .join(Course, Course.authority_id == Organization.id)
        .where(public)
        .group_by(Organization.id, Organization.name)
        .order_by(Organization.id)
    )
    rows = [
        (name, count, assigned, *figures.get(office, (0, 0, 0)))
        for office, name, count, assigned in session.execute(offices)
    ]
    return pd.DataFrame(rows, columns=["authority", "courses", "assigned", "begun", "studied", "passed"])


def of_office(session: Session, actor: Actor) -> dict[int, tuple[int, int, int]]:
    """For each course an actor finds how many have begun, studied and passed, by its id; one statement."""
    every = _moments().subquery()
    query = (
        sa.select(every.c.course_id, *_counted(every, every.c.person_id))
        .select_from(every)
        .join(Course, Course.id == every.c.course_id)
        .where(courses.seen_by(session, actor))
        .group_by(every.c.course_id)
    )
    return {course_id: (begun, studied, passed) for course_id, begun, studied, passed in session.execute(query)}


def _counted(every: sa.Subquery, whose: sa.SQLColumnExpression[int]) -> list[sa.ColumnElement[int]]:
    """How many people have begun, studied and passed."""
    return [
        sa.func.count(sa.distinct(sa.case((every.c[name].is_not(None), whose))))
        for name in ("begun_at", "studied_at", "passed_at")
    ]
