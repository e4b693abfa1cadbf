"""Papers (试卷): begun, handed in, taken in when time is out, graded, shown with what was right.

What an answer is graded by stays here: until a paper is handed in nothing that leaves this module tells what is right.
Saving answers, which is done many times a second, is `answers`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses, passing
from core.exams import bank, blueprints, exams
from core.exams.exams import ExamForm
from core.exams.items import Item
from core.ground import db
from core.ground.access import Actor, Labelled, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.models import (
    AuditEntry,
    BankItem,
    Course,
    CourseState,
    Enrolment,
    Exam,
    ExamPaper,
    ExamQuestion,
    ExamState,
    ItemEdition,
    ItemKind,
    ItemState,
    LateAnswer,
    Person,
    under,
)
from core.people import accounts
from core.trail import audit

LATE = timedelta(seconds=15)
"""How long after the end an answer given in time may still arrive; then the paper is taken in."""
TAKEN_AT_ONCE = 200
"""Papers taken in by one round, so that nobody waits long for its lock."""


@audit.events
class Event(Labelled):
    """What is done with a paper, in the trail.

    Answers are no lines of it: each would wait for the one lock of the chain, and a line for each of fifty clicks tells
    nobody anything. The line of handing in holds the digest of all of them, so none is changed afterwards unseen.
    """

    BEGUN = "paper.begun", "开始考试"
    HANDED_IN = "paper.handed_in", "交卷"
    TAKEN_IN = "paper.taken_in", "到时收卷"
    SET_RIGHT = "paper.set_right", "考试时间按校正后的时钟重算"
    CREDITED = "exam.credited", "补记学时"


@dataclass(frozen=True)
class Standing:
    """Where somebody is with the exam of a course (考试进度), and what is open to them now."""

    course: Course
    exam: Exam | None
    form: ExamForm | None
    finished: bool
    """Whether the course was studied to its end."""
    papers: tuple[ExamPaper, ...]
    """The attempts, the last first."""
    open: ExamPaper | None
    passed: bool
    refusal: str
    """Why no attempt can be begun now, in words; "" where one can."""
    from_at: datetime | None
    """When the next attempt may be begun, where only waiting is left."""


@dataclass(frozen=True)
class Asked:
    """A question as it is shown while the paper is written (题目): nothing in it tells what is right."""

    place: int
    kind: ItemKind
    stem: str
    options: tuple[str, ...]
    """In the order shown."""
    points: Decimal
    chosen: frozenset[int]
    """Places of the options chosen, as shown, from 0."""
    sequence: int
    """Of the answer that is kept; 0: none."""


@dataclass(frozen=True)
class Sheet:
    """An open paper (答题卡)."""

    paper: ExamPaper
    course: Course
    questions: tuple[Asked, ...]
    sequence: int
    """The highest number of an answer so far; the next ones count on from it."""


@dataclass(frozen=True)
class Marked:
    """A question of a paper that was handed in (答题结果)."""

    asked: Asked
    right: frozenset[int]
    earned: Decimal
    explanation: str
    void: bool
    late: LateAnswer | None
    """An answer to it that came too late to count."""
    answered_at: datetime | None
    """When the answer that counts was saved last; None: never."""

    @property
    def late_chosen(self) -> frozenset[int]:
        """Places of the options that the late answer chose, as shown, from 0."""
        return blueprints.places(self.late.chosen, len(self.asked.options)) if self.late else frozenset()


@dataclass(frozen=True)
class Result:
    """A paper that was handed in, with what was right (考试结果)."""

    paper: ExamPaper
    course: Course
    full: Decimal
    questions: tuple[Marked, ...]
    credited: bool
    """Whether the hours of the course stand in the ledger."""
    uncredited: str
    """Why they do not although it passed, in words."""


# --- where one is -----------------------------------------------------------------------------------------------------


def standing(session: Session, course_id: int, actor: Actor, *, now: datetime) -> Standing:
    """Where a learner is with the exam of a course (考试进度). Refused codes: "role", "missing"."""
    require(actor, Role.PERSON)
    course = courses.load(session, course_id, actor)
    exam = exams.of_course(session, course.id)
    enrolment = _enrolment(session, course.id, actor)
    query = sa.select(ExamPaper).where(ExamPaper.enrolment_id == (enrolment.id if enrolment else 0))
    papers = tuple(session.scalars(query.order_by(ExamPaper.number.desc())))
    finished = enrolment is not None and enrolment.finished_at is not None
    passed = any(paper.passed for paper in papers)
    open_ = next((paper for paper in papers if paper.handed_in_at is None), None)
    refusal, from_at = _refusal(course, exam, finished, papers, now) if open_ is None else ("", None)
    form = exams.form(exam) if exam else None
    return Standing(course, exam, form, finished, papers, open_, passed, refusal, from_at)


def _refusal(
    course: Course, exam: Exam | None, finished: bool, papers: Sequence[ExamPaper], now: datetime
) -> tuple[str, datetime | None]:
    """Why no attempt can be begun now, and from when one can where only waiting is left."""
    today = db.office_day(now)
    if exam is None or exam.state is not ExamState.OPEN:
        return "考试还没有开放，请稍后再来。", None
    if course.state is CourseState.WITHDRAWN:
        return "课程已停用，不再考试。", None
    if not finished:
        return "课程还没有学完，学完各节后才能考试。", None
    if any(paper.passed for paper in papers):
        return "考试已经及格，不用再考。", None
    if papers and papers[0].spared_at:
        return "", None  # an appeal was upheld: whatever the window, the number of attempts and the wait
    if exam.opens_on and today < exam.opens_on:
        return f"考试{exam.opens_on:%Y-%m-%d}开始。", None
    if exam.closes_on and today > exam.closes_on:
        return f"考试已于{exam.closes_on:%Y-%m-%d}截止。", None
    if exam.closes_on is None and today.year > course.year:
        return f"{course.year}年度的考试已经截止。", None
    if exam.attempts and sum(paper.spared_at is None for paper in papers) >= exam.attempts:
        return f"{exam.attempts}次机会已经用完。有疑问的，请联系{course.organization.name}。", None
    # One that was handed in while a clock ran ahead makes nobody wait for that clock's day.
    ended = [
        paper.handed_in_at for paper in papers if paper.handed_in_at and paper.handed_in_at <= now + accounts.AHEAD
    ]
    if ended and now < (again := max(ended) + timedelta(minutes=exam.wait_minutes)):
        return f"两次考试之间至少间隔{exam.wait_minutes}分钟，{_clock(again, now)}以后可以再考。", again
    return "", None


def _clock(moment: datetime, now: datetime) -> str:
    local = moment.astimezone(db.OFFICE_ZONE)
    if local.second:
        local = local.replace(second=0) + timedelta(minutes=1)
    return f"{local:%H:%M}" if db.office_day(moment) == db.office_day(now) else f"{local:%Y-%m-%d %H:%M}"


def _enrolment(session: Session, course_id: int, actor: Actor, *, lock: bool = False) -> Enrolment | None:
    """A human's record of study of a course, the finished one where duplicates have one each."""
    if actor.person_id is None:
        return None
    human = sa.select(Person.human_id).where(Person.id == actor.person_id).scalar_subquery()
    query = sa.select(Enrolment).where(
        Enrolment.course_id == course_id, Enrolment.person_id.in_(sa.select(Person.id).where(under(Person, human)))
    )
    query = query.order_by(Enrolment.finished_at.is_(None), Enrolment.id).limit(1)
    return session.scalar(query.with_for_update() if lock else query)


# --- begun ------------------------------------------------------------------------------------------------------------


@deed
def start(session: Session, course_id: int, *, seed: int, actor: Actor, now: datetime) -> ExamPaper:
    """Begin an attempt (开始考试): a paper drawn for this person alone; the one that is open, where there is one.

    `seed` is a random number that nobody else knows. Refused codes: "role", "missing", "closed" (with the reason in
    words), "short" (the bank no longer suffices).
    """
    require(actor, Role.PERSON)
    if actor.person_id is None:
        raise not_found("课程")
    _enrolment(session, course_id, actor, lock=True)
    here = standing(session, course_id, actor, now=now)
    if here.open is not None:
        return here.open
    if here.refusal or here.exam is None or here.form is None:
        raise Refused("closed", here.refusal)
    enrolment = _enrolment(session, course_id, actor)
    assert enrolment is not None
    pool = bank.pool(session, here.exam.organization_id)
    if blueprints.shortage(here.form.blueprint, pool):
        raise Refused("short", f"题库正在调整，暂时不能组卷，请稍后再试，或联系{here.course.organization.name}。")
    human = session.scalars(sa.select(Person.human_id).where(Person.id == actor.person_id)).one()
    paper = ExamPaper(
        exam_id=here.exam.id,
        enrolment_id=enrolment.id,
        person_id=human,
        number=len(here.papers) + 1,
        seed=seed,
        pass_mark=here.exam.pass_mark,
        half_marks=here.exam.half_marks,
        started_at=now,
        ends_at=now + timedelta(minutes=here.exam.minutes),
    )
    session.add(paper)
    session.flush()
    drawn = blueprints.draw(here.form.blueprint, pool, seed)
    columns = {
        "place": list(range(1, len(drawn) + 1)),
        "edition_id": [each.edition_id for each in drawn],
        "points": [each.points for each in drawn],
        "shuffled": [each.shuffled for each in drawn],
        "paper_id": [paper.id] * len(drawn),
    }
    db.insert(session, ExamQuestion, columns)
    told = {"attempt": paper.number, "questions": len(drawn), "seed": seed}
    audit.record(session, Event.BEGUN, paper, actor=actor, after=told, now=now)
    return paper


def sheet(session: Session, paper_id: int, actor: Actor) -> Sheet:
    """An open paper for the one who writes it (答题). Refused codes: "missing", "over" (it was handed in)."""
    paper = _own(session, paper_id, actor)
    if paper.handed_in_at is not None:
        raise Refused("over", "这份试卷已经交卷。")
    rows = _rows(session, ExamQuestion.paper_id == paper.id)
    asked = tuple(_asked(question, bank.as_item(edition)) for question, edition, _ in rows)
    sequence = max((question.sequence for question, _, _ in rows), default=0)
    return Sheet(paper, paper.exam.course, asked, sequence)


def _own(session: Session, paper_id: int, actor: Actor, *, lock: bool = False) -> ExamPaper:
    require(actor, Role.PERSON)
    query = sa.select(ExamPaper).join(Person, Person.id == ExamPaper.person_id)
    human = sa.select(Person.human_id).where(Person.id == actor.person_id).scalar_subquery()
    query = query.where(ExamPaper.id == paper_id, Person.human_id == human)
    paper = session.scalar(query.with_for_update(of=ExamPaper) if lock else query)
    if paper is None:
        raise not_found("试卷")
    return paper


def _rows(session: Session, where: Any) -> list[tuple[ExamQuestion, ItemEdition, ItemState]]:
    query = (
        sa.select(ExamQuestion, ItemEdition, BankItem.state)
        .join(ItemEdition, ItemEdition.id == ExamQuestion.edition_id)
        .join(BankItem, BankItem.id == ItemEdition.item_id)
        .where(where)
        .order_by(ExamQuestion.paper_id, ExamQuestion.place)
    )
    return list(session.execute(query))


def _asked(question: ExamQuestion, item: Item) -> Asked:
    texts = tuple(item.options[int(at)][0] for at in question.shuffled)
    chosen = blueprints.places(question.chosen or 0, len(texts))
    return Asked(question.place, item.kind, item.stem, texts, question.points, chosen, question.sequence)


# --- handed in and graded ---------------------------------------------------------------------------------------------


@deed
def hand_in(session: Session, paper_id: int, *, actor: Actor, now: datetime) -> ExamPaper:
    """Hand a paper in (交卷): graded at once; one that passes posts its hours in the same transaction, and only once.

    Handed in twice it is the first one that counts. Refused codes: "role", "missing".
    """
    paper = _own(session, paper_id, actor, lock=True)
    if paper.handed_in_at is None:
        if _begun_ahead(paper, now):
            _set_right(session, paper, actor=actor, now=now)
        _finish(session, paper, actor=actor, now=now)
    return paper


@deed
def take_in_overdue(session: Session, *, actor: Actor, now: datetime) -> int:
    """Take in the papers whose time is out (到时收卷), as they are; how many were dealt with.

    One that was begun while a clock ran ahead has its time set right instead. Each is a deed with a line of its own.
    """
    query = sa.select(ExamPaper).where(_due(now))
    query = query.order_by(ExamPaper.ends_at).limit(TAKEN_AT_ONCE).with_for_update(skip_locked=True)
    due = session.scalars(query).all()
    for paper in due:
        if _begun_ahead(paper, now):
            _set_right(session, paper, actor=actor, now=now)
        else:
            _finish(session, paper, actor=actor, now=now)
    return len(due)


def overdue(session: Session, *, now: datetime) -> bool:
    """Whether there is a paper to be taken in, or set right; asked before anything is locked for it."""
    return session.scalar(sa.select(ExamPaper.id).where(_due(now)).limit(1)) is not None


def _due(now: datetime) -> sa.ColumnElement[bool]:
    late = ExamPaper.ends_at < now - LATE
    return sa.and_(ExamPaper.handed_in_at.is_(None), sa.or_(late, _begun_ahead(ExamPaper, now)))


def _begun_ahead(paper: ExamPaper | type[ExamPaper], now: datetime) -> Any:
    """Whether a paper was begun while a clock ran ahead (时钟超前时开考); of the class: as SQL asks it."""
    return paper.started_at > now + accounts.AHEAD


def _set_right(session: Session, paper: ExamPaper, *, actor: Actor, now: datetime) -> None:
    """Give a paper that was begun while a clock ran ahead its own time again (校正考试时间). The paper is locked.

    It began when the trail says so at the latest: who writes it has no less time than anybody, and not until that
    clock's day.
    """
    before, takes = {"ends_at": paper.ends_at.isoformat()}, paper.ends_at - paper.started_at
    line = sa.and_(
        AuditEntry.record == ExamPaper.__tablename__,
        AuditEntry.record_id == paper.id,
        AuditEntry.event == Event.BEGUN.value,
    )
    lately = [at for _, at in audit.lately(session, line, now - takes, now=now)]
    paper.started_at = max(lately, default=now - takes)
    paper.ends_at = paper.started_at + takes
    after = {"ends_at": paper.ends_at.isoformat()}
    audit.record(session, Event.SET_RIGHT, paper, actor=actor, before=before, after=after, now=now)


def _finish(session: Session, paper: ExamPaper, *, actor: Actor, now: datetime) -> None:
    """Grade a paper, keep what came of it, post hours where it passed. The paper is locked."""
    paper.by_time = now > paper.ends_at
    paper.handed_in_at = min(now, paper.ends_at)
    rows = _rows(session, ExamQuestion.paper_id == paper.id)
    paper.score = _score(paper, rows, exams.void_way(paper.exam.course))
    paper.passed = paper.score >= paper.pass_mark
    paper.digest = _digest([question for question, _, _ in rows])
    session.flush()
    told = {
        "attempt": paper.number,
        "score": hours_text(paper.score),
        "passed": paper.passed,
        "answered": sum(question.chosen is not None for question, _, _ in rows),
        "answers": paper.digest,
    }
    event = Event.TAKEN_IN if paper.by_time else Event.HANDED_IN
    audit.record(session, event, paper, actor=actor, after=told, now=now)
    if paper.passed:
        credit(session, paper.exam, [paper], now=now)


def credit(session: Session, exam: Exam, papers: Sequence[ExamPaper], *, now: datetime) -> None:
    """Post the hours (记学时) of papers that passed; what the ledger refuses is kept with its reason, and asked again.

    A learner's paper is handed in all the same: that somebody was moved to another league meanwhile, or that hours
    would be above a cap, is for the office to settle (`credit_again`).
    """
    passed = [passing.Passed(paper.person_id, db.office_day(paper.handed_in_at or now)) for paper in papers]
    try:
        with session.begin_nested():
            passing.credit(session, exam.course_id, passed, now=now)
    except Refused as refused:
        if len(papers) > 1:  # one who is refused keeps nobody else waiting
            for paper in papers:
                credit(session, exam, [paper], now=now)
            return
        papers[0].unposted = refused.words
        papers[0].enrolment.passed_at = papers[0].handed_in_at  # passed it is, whatever becomes of the hours
    else:
        for paper in papers:
            paper.unposted = ""
    session.flush()


@deed
def credit_again(
    session: Session, exam_id: int, paper_id: int | None = None, *, actor: Actor, now: datetime
) -> tuple[int, int]:
    """Post hours that were refused when their papers passed (补记学时): how many were posted, how many still are not.

    With `paper_id` those of one paper alone, although they were taken back since. Refused codes: "role", "missing",
    "none".
    """
    require(actor, Role.REVIEWER)
    exam = exams.one(session, exam_id, actor)
    which = ExamPaper.unposted != "" if paper_id is None else ExamPaper.id == paper_id
    query = sa.select(ExamPaper).where(ExamPaper.exam_id == exam.id, ExamPaper.passed.is_(True), which)
    waiting = session.scalars(query.order_by(ExamPaper.id).with_for_update()).all()
    if paper_id is not None:
        there = passing.credited(session, exam.course_id, [paper.person_id for paper in waiting])
        waiting = [paper for paper in waiting if paper.person_id not in there]
    if not waiting:
        raise Refused("none", "没有及格而未记学时的人。")
    credit(session, exam, waiting, now=now)
    left = sum(bool(paper.unposted) for paper in waiting)
    told = {"posted": len(waiting) - left, "left": left}
    audit.record(session, Event.CREDITED, exam, actor=actor, after=told, now=now)
    return len(waiting) - left, left


def _earned(paper: ExamPaper, question: ExamQuestion, edition: ItemEdition) -> Decimal:
    return blueprints.marks(
        edition.kind, _right(question, edition), question.chosen, question.points, half_marks=paper.half_marks
    )


def _right(question: ExamQuestion, edition: ItemEdition) -> int:
    """The right options as they are shown, in bits."""
    right = set(bank.as_item(edition).right)
    return blueprints.bits(at for at, place in enumerate(question.shuffled) if int(place) in right)


def _score(paper: ExamPaper, rows: Iterable[tuple[ExamQuestion, ItemEdition, ItemState]], way: str) -> Decimal:
    """得分: what the answers earn; a void item earns all of its points, or is left out of both sides."""
    earned = counted = full = Decimal()
    for question, edition, state in rows:
        full += question.points
        if state is ItemState.VOID and way == "left_out":
            continue
        counted += question.points
        earned += question.points if state is ItemState.VOID else _earned(paper, question, edition)
    if counted == full:
        return earned
    return (earned * full / counted).quantize(Decimal("0.01")) if counted else full


def regrade(session: Session, paper: ExamPaper) -> tuple[Decimal, bool]:
    """What a paper comes to now (重新评分), from its answers and the items that are void; nothing is changed."""
    score = _score(paper, _rows(session, ExamQuestion.paper_id == paper.id), exams.void_way(paper.exam.course))
    return score, score >= paper.pass_mark


def _digest(questions: Iterable[ExamQuestion]) -> str:
    rows = [[each.place, each.edition_id, db.hundredths(each.points), each.shuffled, each.chosen] for each in questions]
    return hashlib.sha256(db.canonical(rows).encode()).hexdigest()


# --- shown ------------------------------------------------------------------------------------------------------------


def result(session: Session, paper_id: int, actor: Actor) -> Result:
    """A paper that was handed in (考试结果): to the one who wrote it, and to those who hold the exam.

    Refused codes: "missing", "open" (it is still being written).
    """
    paper = _own(session, paper_id, actor) if actor.role is Role.PERSON else _of_office(session, paper_id, actor)
    if paper.handed_in_at is None:
        raise Refused("open", "这份试卷还没有交卷。")
    late = {each.place: each for each in paper.late}
    rows = _rows(session, ExamQuestion.paper_id == paper.id)
    marked = tuple(_marked(paper, *row, late=late.get(row[0].place)) for row in rows)
    full = sum((each.asked.points for each in marked), Decimal())
    course = paper.exam.course
    posted = paper.person_id in passing.credited(session, course.id, [paper.person_id])
    taken = passing.taken_back(session, course.id, paper.person_id) if paper.passed and not posted else None
    why = f"学时已冲销（第{taken}批）。" if taken else paper.unposted or "学时还没有记上。"
    return Result(paper, course, full, marked, posted, "" if posted or not paper.passed else why)


def _of_office(session: Session, paper_id: int, actor: Actor) -> ExamPaper:
    query = sa.select(ExamPaper).join(Exam, Exam.id == ExamPaper.exam_id)
    paper = session.scalar(query.where(ExamPaper.id == paper_id, exams.seen_by(actor)))
    if paper is None:
        raise not_found("试卷")
    return paper


def _marked(
    paper: ExamPaper, question: ExamQuestion, edition: ItemEdition, state: ItemState, late: LateAnswer | None
) -> Marked:
    item = bank.as_item(edition)
    right = frozenset(at for at, place in enumerate(question.shuffled) if item.options[int(place)][1])
    void = state is ItemState.VOID
    earned = question.points if void else _earned(paper, question, edition)
    return Marked(_asked(question, item), right, earned, item.explanation, void, late, question.answered_at)


# --- checked ----------------------------------------------------------------------------------------------------------


def faults(session: Session) -> Iterator[str]:
    """Papers whose kept result is not what their answers come to, or not what the trail has (考试核对), by number."""
    lines = sa.select(AuditEntry.record_id, AuditEntry.after).where(
        AuditEntry.record == ExamPaper.__tablename__,
        AuditEntry.event.in_([Event.HANDED_IN.value, Event.TAKEN_IN.value]),
    )
    told: dict[int, str] = dict(session.execute(lines).all())
    ways: dict[int, str] = {}
    query = sa.select(ExamPaper).where(ExamPaper.handed_in_at.is_not(None)).order_by(ExamPaper.id)
    for paper in session.scalars(query).all():
        rows = _rows(session, ExamQuestion.paper_id == paper.id)
        way = ways.setdefault(paper.exam_id, exams.void_way(paper.exam.course))
        if _digest([question for question, _, _ in rows]) != paper.digest:
            yield f"exam paper {paper.id}: its answers are not the ones handed in"
        elif paper.digest not in told.pop(paper.id, ""):
            yield f"exam paper {paper.id}: the audit trail has no such answers handed in"
        elif (score := _score(paper, rows, way)) != paper.score or paper.passed != (score >= paper.pass_mark):
            yield f"exam paper {paper.id}: its answers come to {hours_text(score)} and not to {paper.score}"
    for number in sorted(told.keys() - set(session.scalars(sa.select(ExamPaper.id)))):
        yield f"exam paper {number} is in the audit trail but not on file"
