"""How far a course's people have come (学习情况), for its office: counts, who has not begun, what is worth a look.

Hints of fair play are hints: nothing is taken from anybody by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses, passing
from core.ground import db
from core.ground.access import OFFICERS, Actor, Role, require
from core.ledger import standing
from core.models import (
    Account,
    Course,
    CourseCredit,
    CourseState,
    CreditBatch,
    CreditEntry,
    Enrolment,
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
    """How far the people of a course have come (学习情况): in all, and by employer.

    Columns: employer, assigned, begun, studied, passed; the employer with most to do first.
    Refused codes: "role", "missing".
    """
    course = _of(session, course_id, actor)
    known = sa.func.coalesce(sa.func.nullif(Person.employer_name, ""), "（未填单位）")
    name = sa.func.coalesce(Organization.name, known)
    own = _people(course, actor)
    query = (
        sa.select(
            name.label("employer"),
            sa.func.count(Person.id).label("assigned"),
            sa.func.count(Enrolment.id).label("begun"),
            sa.func.count(Enrolment.finished_at).label("studied"),
            sa.func.count(Enrolment.passed_at).label("passed"),
        )
        .select_from(Person)
        .outerjoin(Organization, Organization.id == Person.employer_id)
        .outerjoin(Enrolment, _his(course))
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

    `employer`: a part of its name. Columns: id, name, id_mask, employer, post, account (whether they can sign in), and
    the moments of each one's way: begun_at, studied_at, passed_at, posted_at, sent_at (to the talent database).
    Refused codes: "role", "missing".
    """
    course = _of(session, course_id, actor)
    conditions = [_people(course, actor)]
    if begun is not None:
        conditions.append(Enrolment.id.is_not(None) if begun else Enrolment.id.is_(None))
    if employer:
        conditions.append(db.holding(employer, Person.employer_name))
    joined = sa.select(sa.func.count(Person.id)).select_from(Person).outerjoin(Enrolment, _his(course))
    count = session.scalar(joined.where(*conditions)) or 0
    has = sa.exists().where(Account.person_id == Person.id, Account.active)
    posted = (
        sa.select(CourseCredit.person_id, CreditBatch.posted_at, Parcel.sent_at)
        .join(CreditBatch, CreditBatch.id == CourseCredit.batch_id)
        .join(CreditEntry, passing.entry())
        .outerjoin(Parcel, passing.in_parcel())
        .where(CourseCredit.course_id == course.id, standing.STANDS)
        .subquery()
    )
    query = (
        sa.select(
            Person.id,
            Person.name,
            sa.type_coerce(Person.id_number, MaskedNumber("person.id_number")).label("id_mask"),
            Person.employer_name.label("employer"),
            Person.post,
            has.label("account"),
            Enrolment.started_at.label("begun_at"),
            Enrolment.finished_at.label("studied_at"),
            Enrolment.passed_at.label("passed_at"),
            posted.c.posted_at,
            posted.c.sent_at,
        )
        .select_from(Person)
        .outerjoin(Enrolment, _his(course))
        .outerjoin(posted, posted.c.person_id == Person.id)
        .where(*conditions)
        .order_by(Person.employer_name, Person.id)
        .offset(offset)
        .limit(limit)
    )
    frame = pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())
    return frame.assign(account=["有" if each else "无" for each in frame["account"]]), count


def hints(session: Session, course_id: int, actor: Actor) -> pd.DataFrame:
    """What is worth a look (公平提示): many learners on one device, lessons ended in the same minute. Hints only.

    Columns: hint, at, people (names), words. Refused codes: "role", "missing".
    """
    course = _of(session, course_id, actor)
    rows = [*_one_device(session, course, actor), *_same_minute(session, course, actor)]
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


def _of(session: Session, course_id: int, actor: Actor) -> Course:
    require(actor, *READERS)
    return courses.load(session, course_id, actor)


def _people(course: Course, actor: Actor) -> sa.ColumnElement[bool]:
    """The people a course is for (应学人员), of an employer's clerk the own ones: no duplicates."""
    his = sa.and_(Person.authority_id == course.authority_id, Person.merged_into_id.is_(None))
    return sa.and_(his, Person.employer_id == actor.organization_id) if actor.role is Role.EMPLOYER_CLERK else his


def _his(course: Course) -> sa.ColumnElement[bool]:
    return sa.and_(Enrolment.course_id == course.id, Enrolment.person_id == Person.id)


def by_league(session: Session, year: int, actor: Actor) -> pd.DataFrame:
    """How far people have come with the courses of a year (各盟市学习情况), a line for each office that has any.

    Whoever has begun, studied or passed any of them counts once. Columns: authority, courses, assigned, begun, studied,
    passed. Refused codes: "role".
    """
    require(actor, *OFFICERS)
    mine = sa.true() if actor.oversees_region else Course.authority_id == actor.organization_id
    public = sa.and_(Course.year == year, Course.state.in_((CourseState.PUBLISHED, CourseState.WITHDRAWN)), mine)

    def each(column: sa.SQLColumnExpression[datetime | None]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.distinct(sa.case((column.is_not(None), Person.human_id))))

    moments = (Enrolment.started_at, Enrolment.finished_at, Enrolment.passed_at)
    done = (
        sa.select(Course.authority_id, *map(each, moments))
        .select_from(Enrolment)
        .join(Course, Course.id == Enrolment.course_id)
        .join(Person, Person.id == Enrolment.person_id)
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
    query = (
        sa.select(
            Enrolment.course_id,
            sa.func.count(Enrolment.id),
            sa.func.count(Enrolment.finished_at),
            sa.func.count(Enrolment.passed_at),
        )
        .join(Course, Course.id == Enrolment.course_id)
        .where(courses.seen_by(session, actor))
        .group_by(Enrolment.course_id)
    )
    return {course_id: (begun, studied, passed) for course_id, begun, studied, passed in session.execute(query)}
