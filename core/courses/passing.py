"""What a course leads to (看完 → 考试 → 记学时 → 送人才库): whether it was studied, its hours into the ledger and back.

Exams are held elsewhere: who holds one says who passed, `credit` posts, `take_back` reverses. Here it is only told how
somebody stands with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import study
from core.ground.access import Actor, Refused, Role, not_found
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.ledger import books, standing
from core.ledger.books import Posting
from core.models import (
    Course,
    CourseCredit,
    CourseState,
    CreditBatch,
    CreditEntry,
    Enrolment,
    Exam,
    ExamPaper,
    ExamState,
    LessonProgress,
    Organization,
    Parcel,
    Person,
    Source,
    under,
)

POSTED = "记学时"
"""The step that posts hours."""


@dataclass(frozen=True)
class Step:
    """One step of a course's way (办理环节): done at a moment, or what is still missing, in words."""

    word: str
    at: datetime | None
    words: str


@dataclass(frozen=True)
class Passed:
    """Somebody who passed the exam of a course (考试合格), and on which day."""

    person_id: int
    passed_on: date


def finished(session: Session, course_id: int, person_id: int) -> bool:
    """Whether a person has studied a course to its end (看完), whichever of the person's records it was under."""
    query = sa.select(Enrolment.id).where(Enrolment.course_id == course_id, _of(person_id))
    return session.scalar(query.where(Enrolment.finished_at.is_not(None)).limit(1)) is not None


def way(session: Session, course: Course, person_id: int) -> list[Step]:
    """One line for each learner (看完 → 考试 → 记学时 → 送人才库): every step with its moment or what is missing."""
    begun = _enrolments(session, course.id, [person_id]).get(person_id)
    every = len(course.lessons)
    done = 0
    if begun:
        count = sa.select(sa.func.count()).where(LessonProgress.enrolment_id == begun.id)
        done = session.scalar(count.where(LessonProgress.finished_at.is_not(None))) or 0
    watched = begun.finished_at if begun else None
    steps = [
        Step("看完", watched, f"已学完{every}节" if watched else f"学完{done}节，共{every}节" if begun else "未开始")
    ]
    passed = begun.passed_at if begun else None
    posted, stands, parcel = _posted(session, course.id, person_id)
    if passed is None and posted and stands:
        passed = posted.posted_at  # of results from elsewhere
    papers = _papers(session, begun) if begun else []
    missing = _exam_words(session, course, papers) if watched else "学完后参加考试"
    steps.append(Step("考试", passed, "合格" if passed else missing))
    if posted and stands:
        steps.append(Step(POSTED, posted.posted_at, f"{hours_text(course.hours)}学时，第{posted.id}批"))
    else:
        refused = next((paper.unposted for paper in papers if paper.passed and paper.unposted), "")
        waits = f"没有记上：{refused}" if refused else "考试合格后自动登记"
        steps.append(Step(POSTED, None, f"第{posted.id}批已冲销" if posted else waits))
    if parcel and stands:
        said = f"第{parcel.number}次报送" if parcel.sent_at else "已列入报送文件，待报送"
        steps.append(Step("送人才库", parcel.sent_at, said))
    else:
        waits = f"由{course.authority.name}报送" if posted and stands else "登记学时后报送"
        steps.append(Step("送人才库", None, waits))
    return steps


def _papers(session: Session, begun: Enrolment) -> list[ExamPaper]:
    query = sa.select(ExamPaper).where(ExamPaper.enrolment_id == begun.id)
    return list(session.scalars(query.order_by(ExamPaper.number)))


def _exam_words(session: Session, course: Course, papers: Sequence[ExamPaper]) -> str:
    """How it stands with the exam of a course that was studied (考试情况), while it is not passed."""
    state = session.scalar(sa.select(Exam.state).where(Exam.course_id == course.id))
    if any(paper.handed_in_at is None for paper in papers):
        return "正在考试，还没有交卷"
    sat = [paper.score for paper in papers if paper.score is not None]
    said = f"已考{len(sat)}次，最高{hours_text(max(sat))}分，未及格" if sat else ""
    if state is not ExamState.OPEN:
        return "，".join(filter(None, (said, "考试还没有开放")))
    return said or "可以参加考试"


def taken_back(session: Session, course_id: int, person_id: int) -> int | None:
    """The batch that posted somebody's hours of a course last (入账批次), where they were taken back since."""
    posted, stands, _ = _posted(session, course_id, person_id)
    return None if posted is None or stands else posted.id


def of_person(session: Session, person: Person, year: int) -> list[tuple[Course, list[Step]]]:
    """The way of each course of a year that somebody is to study or has begun (学习情况); for those who may see it."""
    records = sa.select(Person.id).where(under(Person, person.human_id))
    begun = sa.select(Enrolment.course_id).where(Enrolment.person_id.in_(records))
    newer = sa.orm.aliased(Course)
    replaced = sa.exists().where(newer.replaces_id == Course.id, newer.state == CourseState.PUBLISHED)
    offered = sa.and_(Course.state == CourseState.PUBLISHED, Course.authority_id == person.authority_id, ~replaced)
    mine = set(session.scalars(begun))
    query = sa.select(Course).where(Course.year == year, sa.or_(Course.id.in_(mine), offered))
    query = query.options(sa.orm.selectinload(Course.lessons)).order_by(Course.title, Course.edition)
    found = [each for each in session.scalars(query) if each.id in mine or not study.earlier(session, each, person.id)]
    return [(each, way(session, each, person.id)) for each in found]


def in_parcel() -> sa.ColumnElement[bool]:
    """In which parcel (报送批次) an entry goes to the talent database, as SQL over both and its batch."""
    return sa.and_(
        Parcel.authority_id == CreditBatch.authority_id,
        Parcel.year == CreditEntry.year,
        Parcel.after_batch < CreditBatch.id,
        Parcel.upto_batch >= CreditBatch.id,
    )


def _posted(session: Session, course_id: int, person_id: int) -> tuple[CreditBatch | None, bool, Parcel | None]:
    """The batch that posted a course's hours to somebody last, whether they stand, and in which parcel they are."""
    asked = sa.orm.aliased(Person)
    query = (
        sa.select(CreditBatch, standing.STANDS, Parcel)
        .select_from(CourseCredit)
        .join(CreditBatch, CreditBatch.id == CourseCredit.batch_id)
        .join(CreditEntry, entry())
        .outerjoin(Parcel, in_parcel())
        .join(Person, Person.id == CourseCredit.person_id)
        .join(asked, asked.human_id == Person.human_id)
        .where(asked.id == person_id, CourseCredit.course_id.in_(editions(session, course_id)))
        .order_by(CourseCredit.batch_id.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    return (found[0], bool(found[1]), found[2]) if found else (None, False, None)


def credited(session: Session, course_id: int, person_ids: Sequence[int]) -> set[int]:
    """Those of these people whose hours of a course, in whatever edition, stand in the ledger (已记学时)."""
    every = editions(session, course_id)
    found: set[int] = set()
    for start in range(0, len(person_ids), 5000):
        some = list(person_ids[start : start + 5000])
        asked = sa.orm.aliased(Person)
        query = (
            sa.select(asked.id)
            .join(Person, Person.human_id == asked.human_id)
            .join(CourseCredit, CourseCredit.person_id == Person.id)
            .join(CreditEntry, entry())
            .where(asked.id.in_(some), CourseCredit.course_id.in_(every), standing.STANDS)
        )
        found |= set(session.scalars(query))
    return found


@deed
def credit(
    session: Session, course_id: int, passed: Iterable[Passed], *, basis: str = "", now: datetime
) -> CreditBatch | None:
    """Post the hours of a course (记学时) to those who passed its exam, as one batch in the name of its authority.

    The credit year is the one the learner chose, else the course's own; an earlier year is made up (补学). Idempotent:
    whose hours of this course stand already, in whatever edition, is left out; None where that leaves nobody. The
    caller has checked who passed. `basis` is what the batch is posted on; else the course's title.
    Refused codes: "missing", "jurisdiction" (somebody is not of the authority's people), "cap".
    """
    course = session.get(Course, course_id)
    if course is None:
        raise not_found("课程")
    books.hold(session)
    given = {each.person_id: each for each in passed}
    whole = credited(session, course_id, list(given))
    left = {person_id: each for person_id, each in given.items() if person_id not in whole}
    if not left:
        return None
    people = {each.id: each for each in session.scalars(sa.select(Person).where(Person.id.in_(left)))}
    strange = [person_id for person_id in left if person_id not in people]
    if strange or any(each.authority_id != course.authority_id for each in people.values()):
        raise Refused("jurisdiction", "有人员不在本课程组织单位的管理权限内，请由其主管的人社部门办理。")
    chosen = _enrolments(session, course_id, list(left))
    postings = []
    for person_id, each in left.items():
        begun = chosen.get(person_id)
        year = begun.credit_year if begun else course.year
        source = Source.PUBLIC_EXAM if year >= course.year else Source.MAKE_UP
        postings.append(
            Posting(person_id, year, course.subject, course.hours, each.passed_on, source=source, note=course.title)
        )
        if begun:
            begun.passed_at = begun.passed_at or now  # posted again later, it was passed when it was passed
    words = basis or f"{Source.PUBLIC_EXAM.label}合格：{course.title}（{course.year}年度）"
    actor = _office(session, course.authority_id)
    batch = books.post(session, postings, basis=words[:200], actor=actor, now=now)
    session.add_all(CourseCredit(batch_id=batch.id, person_id=each, course_id=course.id) for each in left)
    session.flush()
    return batch


@deed
def take_back(
    session: Session, course_id: int, person_ids: Sequence[int], *, reason: str, now: datetime
) -> list[CreditBatch]:
    """Reverse the hours of a course (冲销) of people who did not pass after all; what stands of them, batch by batch.

    They may be posted again by `credit`. Refused codes: "missing", those of `books.reverse`.
    """
    course = session.get(Course, course_id)
    if course is None:
        raise not_found("课程")
    books.hold(session)
    lines: dict[int, list[int]] = {}
    for start in range(0, len(person_ids), 5000):
        asked = sa.orm.aliased(Person)
        query = (
            sa.select(CreditEntry.batch_id, CreditEntry.line)
            .join(CourseCredit, entry())
            .join(Person, Person.id == CourseCredit.person_id)
            .join(asked, asked.human_id == Person.human_id)
            .where(asked.id.in_(list(person_ids[start : start + 5000])))
            .where(CourseCredit.course_id.in_(editions(session, course_id)), standing.STANDS)
        )
        for batch_id, line in session.execute(query):
            lines.setdefault(batch_id, []).append(line)
    for each in _enrolments(session, course_id, list(person_ids)).values():
        each.passed_at = None
    actor = _office(session, course.authority_id)
    return [
        books.reverse(session, batch_id, lines=sorted(set(which)), actor=actor, reason=reason, now=now)[0]
        for batch_id, which in sorted(lines.items())
    ]


def _office(session: Session, authority_id: int) -> Actor:
    """Who posts by itself (系统) in the name of an office: nobody's account, a reviewer of the office in charge."""
    office = session.get_one(Organization, authority_id)
    return Actor(None, "系统", Role.REVIEWER, office.id, office.name, office.kind, league=office.league)


def _of(person_id: int) -> sa.ColumnElement[bool]:
    """The enrolments of a human, under whichever record."""
    human = sa.select(Person.human_id).where(Person.id == person_id).scalar_subquery()
    return Enrolment.person_id.in_(sa.select(Person.id).where(under(Person, human)))


def _enrolments(session: Session, course_id: int, person_ids: Sequence[int]) -> dict[int, Enrolment]:
    """The enrolments of people in a course, each under the id that was asked for."""
    found: dict[int, Enrolment] = {}
    for start in range(0, len(person_ids), 5000):
        asked, own = sa.orm.aliased(Person), sa.orm.aliased(Person)
        query = (
            sa.select(asked.id, Enrolment)
            .join(own, own.human_id == asked.human_id)
            .join(Enrolment, Enrolment.person_id == own.id)
            .where(Enrolment.course_id == course_id, asked.id.in_(list(person_ids[start : start + 5000])))
        )
        found |= dict(session.execute(query).all())
    return found


def entry() -> sa.ColumnElement[bool]:
    """The entry that a course's batch has for a person."""
    return sa.and_(CreditEntry.batch_id == CourseCredit.batch_id, CreditEntry.person_id == CourseCredit.person_id)


def editions(session: Session, course_id: int) -> list[int]:
    """A course with its earlier and later editions (各版)."""
    every = {each.id: each.replaces_id for each in session.execute(sa.select(Course.id, Course.replaces_id))}
    first = course_id
    while (before := every.get(first)) is not None:
        first = before
    found = [first]
    for each in found:
        found += [later for later, before in every.items() if before == each]
    return found
