"""Appeals (网络学习申诉): what of study online was not counted should be, a stretch of time or an attempt at the exam.

No machine takes anything away for good: what the clock left out, and answers that came too late, are listed with their
moment and reason, and any of it may be appealed; a reviewer in charge answers. Time that is granted counts. An attempt
is never graded otherwise, for its right answers were shown when it ended: it is spared, a further one begun at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import study
from core.ground import db, typed
from core.ground.access import Actor, Labelled, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.ledger.consequences import Consequence
from core.models import (
    CourseState,
    Enrolment,
    Exam,
    ExamPaper,
    ExamState,
    LateAnswer,
    LessonProgress,
    MaskedNumber,
    Movement,
    Person,
    State,
    StudyAppeal,
    Submission,
    UncountedTime,
    under,
)
from core.people import persons
from core.submissions import workflow
from core.submissions.kinds import Action, Answered, Line, Stage, register
from core.tables.problems import Problem
from core.trail import audit, messages

FILERS = (Role.PERSON, Role.EMPLOYER_CLERK)
LONGEST = 500
_AGAIN = (State.RETURNED, State.WITHDRAWN)
"""States from which an appeal is filed again."""


@audit.events
class Event(Labelled):
    """What an appeal leaves in the trail."""

    FILED = "study_appeal.filed", "提出学习申诉"
    UPHELD = "study_appeal.upheld", "申诉成立"
    REJECTED = "study_appeal.rejected", "申诉不成立"


@deed
def file(session: Session, uncounted_id: int, *, words: str, actor: Actor, now: datetime) -> StudyAppeal:
    """File an appeal (提出时长申诉) about a stretch of one's own, or of one's own people, that was not counted.

    Refused codes: "role", "missing", "words", "open" (it was appealed before), "granted".
    """
    require(actor, *FILERS)
    found = session.get(UncountedTime, uncounted_id)
    if found is None:
        raise not_found("未计入的时间")
    return _filed(session, found, words, actor=actor, now=now)


@deed
def contest(session: Session, paper_id: int, *, words: str, actor: Actor, now: datetime) -> StudyAppeal:
    """File an appeal (提出考试申诉) about an attempt at an exam, one's own or one's own people's; filed again it is the
    same one.

    Refused codes: "role", "missing", "words", "open" (it waits, or was answered), "granted" (hours stand, or it was
    spared).
    """
    require(actor, *FILERS)
    found = session.get(ExamPaper, paper_id)
    if found is None or found.handed_in_at is None:
        raise not_found("试卷")
    persons.one(session, found.person_id, actor)
    before = of_paper(session, found.id)
    if before.appeal is None or before.appeal.state not in _AGAIN:
        return _filed(session, found, words, actor=actor, now=now)
    return amend(session, before.appeal.id, words=words, version=before.appeal.version, actor=actor, now=now)


def _filed(
    session: Session, about: UncountedTime | ExamPaper, words: str, *, actor: Actor, now: datetime
) -> StudyAppeal:
    """An appeal put before the office in charge of the course. Refused codes: "missing" (not the actor's people)."""
    whose, course = about.enrolment.person_id, about.enrolment.course
    persons.one(session, whose, actor)
    paper = about if isinstance(about, ExamPaper) else None
    what = f"第{paper.number}次考试" if paper else f"{db.office_day(about.from_at)}的学习时长"  # type: ignore[union-attr]
    filed = StudyAppeal(
        title=f"{course.title[:60]}：{what}",
        uncounted=None if paper else about,
        paper=paper,
        person_id=whose,
        authority_id=course.authority_id,
        organization_id=actor.organization_id,
        words="",
        created_by_id=actor.account_id,
        created_at=now,
    )
    session.add(filed)
    session.flush()
    workflow.move(session, filed.id, Action.SUBMIT, version=filed.version, actor=actor, reason=words, now=now)
    return filed


@deed
def amend(session: Session, appeal_id: int, *, words: str, version: int, actor: Actor, now: datetime) -> StudyAppeal:
    """File an appeal again (补充后重新提出) that was sent back. Refused codes: those of `file`, "stale"."""
    require(actor, *FILERS)
    found = workflow.one(session, appeal_id, actor, kind=AppealKind.code)
    assert isinstance(found, StudyAppeal)
    workflow.move(session, found.id, Action.SUBMIT, version=version, actor=actor, reason=words, now=now)
    return found


@dataclass(frozen=True)
class Lost:
    """What was not counted, as its learner has it (未计入的时间、考试)."""

    about: UncountedTime | ExamPaper
    appeal: StudyAppeal | None
    """The latest about it."""
    answer: str
    """What the office answered, "" before it did."""
    settled: str
    """Why an appeal could change nothing any more, in words; "" where it could."""

    @property
    def what(self) -> str:
        """Which stretch or attempt it is."""
        title, about = self.about.enrolment.course.title, self.about
        if isinstance(about, ExamPaper):
            return f"{title}第{about.number}次考试，{db.office_minute(about.handed_in_at or about.ends_at)}"
        return f"{title}第{about.lesson.position}节，{spell(about)}"

    @property
    def reason(self) -> str:
        """Why it was not counted."""
        if not isinstance(self.about, ExamPaper):
            return self.about.reason.label
        return f"{len(self.about.late)}题的作答送到过迟" if self.about.late else self.about.unposted or "不及格"

    @property
    def state(self) -> str:
        """How it stands, in words; "" where it was not appealed."""
        if self.appeal is None:
            return ""
        return KIND.word_for(self.appeal.state) + (f"（答复：{self.answer}）" if self.answer else "")

    @property
    def open(self) -> bool:
        """Whether it may be appealed, or an appeal that came back filed again."""
        return not self.settled and (self.appeal is None or self.appeal.state in _AGAIN)


def lost(session: Session, person_id: int, actor: Actor) -> list[Lost]:
    """What was not counted of a person's study (未计入的时间、考试), the latest first, with appeals and answers.

    Of exams the attempts to which answers came too late, and those that were appealed.
    Refused codes: "role", "missing".
    """
    person = persons.one(session, person_id, actor)
    whose = sa.select(Person.id).where(under(Person, person.id))
    query = (
        sa.select(UncountedTime)
        .join(Enrolment, Enrolment.id == UncountedTime.enrolment_id)
        .where(Enrolment.person_id.in_(whose))
        .options(sa.orm.joinedload(UncountedTime.lesson))
        .options(sa.orm.joinedload(UncountedTime.enrolment).joinedload(Enrolment.course))
    )
    times = list(session.scalars(query.order_by(UncountedTime.id.desc()).limit(200)))
    appealed = sa.exists().where(StudyAppeal.paper_id == ExamPaper.id)
    sat = sa.select(ExamPaper).where(ExamPaper.person_id.in_(whose), sa.or_(ExamPaper.late.any(), appealed))
    sat = sat.where(ExamPaper.handed_in_at.is_not(None)).order_by(ExamPaper.id.desc())
    sat = sat.options(
        sa.orm.joinedload(ExamPaper.enrolment).joinedload(Enrolment.course), sa.orm.selectinload(ExamPaper.late)
    )
    return [*_with_appeals(session, list(session.scalars(sat))), *_with_appeals(session, times)]


def about(session: Session, uncounted: Sequence[UncountedTime]) -> dict[int, Lost]:
    """How each of these stretches stands with its appeal (申诉情况), by the stretch's id."""
    return {each.about.id: each for each in _with_appeals(session, uncounted)}


def of_paper(session: Session, paper_id: int) -> Lost:
    """How an attempt stands with its appeal (考试申诉), without an access check."""
    return _with_appeals(session, [session.get_one(ExamPaper, paper_id)])[0]


def _with_appeals(session: Session, found: Sequence[UncountedTime] | Sequence[ExamPaper]) -> list[Lost]:
    """Each with the latest appeal about it and its answer."""
    column = StudyAppeal.paper_id if found and isinstance(found[0], ExamPaper) else StudyAppeal.uncounted_id
    query = sa.select(column, StudyAppeal).where(column.in_([each.id for each in found])).order_by(StudyAppeal.id)
    filed = {number: appeal for number, appeal in session.execute(query)}  # noqa: C416
    steps = sa.select(Movement.submission_id, Movement.reason).order_by(Movement.id)
    steps = steps.where(Movement.submission_id.in_([each.id for each in filed.values()]))
    steps = steps.where(Movement.action != Action.SUBMIT.value, Movement.action != Action.WITHDRAW.value)
    answers = dict(session.execute(steps).all()) if filed else {}

    settled = _settled(session, found)

    def one(about: UncountedTime | ExamPaper) -> Lost:
        appeal = filed.get(about.id)
        waits = appeal is None or appeal.state is State.SUBMITTED
        return Lost(about, appeal, "" if waits or appeal is None else answers.get(appeal.id, ""), settled[about.id])

    return [one(each) for each in found]


def _settled(session: Session, found: Sequence[UncountedTime | ExamPaper]) -> dict[int, str]:
    """Why there is nothing to appeal any more (不必申诉), in words; "" where there is. By the id of each."""
    begun = [each.enrolment_id for each in found if isinstance(each, UncountedTime)]
    query = sa.select(LessonProgress.enrolment_id, LessonProgress.lesson_id)
    query = query.where(LessonProgress.enrolment_id.in_(begun), LessonProgress.finished_at.is_not(None))
    done = {tuple(each) for each in session.execute(query)} if begun else set()

    def why(about: UncountedTime | ExamPaper) -> str:
        if isinstance(about, UncountedTime):
            studied = (about.enrolment_id, about.lesson_id) in done
            if about.granted_at:
                return "这段时间已经补计，不必再申诉。"
            return "这一节已经学完，不必再申诉。" if studied else ""
        if about.passed and not about.unposted:
            return "这次考试已经及格；对学时有疑问的，请对学时提出异议。"
        if about.spared_at:
            return "这次考试已经不计次数，不必再申诉。"
        return "" if about.passed or not about.enrolment.passed_at else "考试已经及格，不必再申诉。"

    return {each.id: why(each) for each in found}


def _goes_on(session: Session, paper: ExamPaper) -> str:
    """What an attempt that is spared leads to (不计次数之后), by how its learner stands now, in words."""
    same = sa.select(ExamPaper).where(ExamPaper.enrolment_id == paper.enrolment_id, ExamPaper.id != paper.id)
    others = session.scalars(same.order_by(ExamPaper.number)).all()
    state = session.scalar(sa.select(Exam.state).where(Exam.id == paper.exam_id))
    if passed := next((each for each in others if each.passed), None):
        return f"学员已在第{passed.number}次考试及格，不用再考"
    if paper.enrolment.passed_at:
        return "学员的考试已经及格，不用再考"
    if paper.enrolment.course.state is CourseState.WITHDRAWN:
        return "课程已停用，不能再考"
    if others and others[-1].number > paper.number:
        now = "正在考" if others[-1].handed_in_at is None else "已经考过"
        return f"学员{now}第{others[-1].number}次，再考仍按考试的次数和间隔"
    return "可以马上再考一次" if state is ExamState.OPEN else "考试重新发布后可以马上再考一次"


_TABLE: sa.Table = sa.inspect(StudyAppeal).local_table  # type: ignore[assignment]
_LESSON = sa.orm.joinedload(StudyAppeal.uncounted)
_PAPER = sa.orm.joinedload(StudyAppeal.paper)


class AppealKind(Answered[StudyAppeal]):
    """The appeal (网络学习申诉) as a kind of submission, answered by the office in charge of the course."""

    code = "study_appeal"
    word, short = "网络学习申诉", "学习申诉"
    model = StudyAppeal
    filers = FILERS
    stages = (Stage("answer", "答复"),)
    words: ClassVar = {"title": "课程", "organization": "提出单位", "words": "申诉内容"}
    filer = "申诉人"
    action_words: ClassVar = {**Answered.action_words, "approve": "申诉成立", "reject": "申诉不成立"}
    done_words: ClassVar = {**Answered.done_words, "approve": "申诉成立", "reject": "申诉不成立"}
    state_words: ClassVar = {**Answered.state_words, "approved": "申诉成立", "rejected": "申诉不成立"}
    fields: ClassVar = {"words": "申诉内容"}
    events: ClassVar = {"submit": Event.FILED, "approve": Event.UPHELD, "reject": Event.REJECTED}
    columns = (
        Person.name,
        sa.type_coerce(Person.id_number, MaskedNumber("person.id_number")).label("id_mask"),
        Person.employer_name.label("employer"),
        _TABLE.c.words,
    )
    loads = (
        _LESSON.joinedload(UncountedTime.lesson),
        _LESSON.joinedload(UncountedTime.enrolment).joinedload(Enrolment.course),
        _PAPER.joinedload(ExamPaper.enrolment).joinedload(Enrolment.course),
        _PAPER.selectinload(ExamPaper.late),
    )
    search = (Person.name, Person.employer_name, _TABLE.c.words)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        appeals = submissions.join(_TABLE, _TABLE.c.id == Submission.id)
        return appeals.join(Person, Person.id == Submission.human_id)

    def warnings(self, session: Session, appeal: StudyAppeal, actor: Actor) -> list[Problem]:
        """That it can change nothing any more: the person has passed, the lesson is done since."""
        about = _about(appeal)
        why = _settled(session, [about])[about.id]
        return [Problem(0, "", "settled", "", why.replace("，不必再申诉", ""), blocking=False)] if why else []

    def facts(self, appeal: StudyAppeal) -> list[tuple[str, object]]:
        about = _about(appeal)
        course = about.enrolment.course
        said: list[tuple[str, object]] = [
            ("学员", f"{appeal.person.name}（{appeal.person.employer_name}）" if appeal.person else ""),
            ("课程", f"{course.title}（{course.year}年度）"),
        ]
        if isinstance(about, ExamPaper):
            return said + _sat(about)
        return [
            *said,
            ("课节", f"第{about.lesson.position}节 {about.lesson.title}"),
            ("未计入的时间", spell(about)),
            ("原因", about.reason.label),
        ]

    def texts(self, appeal: StudyAppeal) -> list[tuple[str, str]]:
        return [("申诉内容", appeal.words)]

    def lines(self, session: Session, found: Sequence[StudyAppeal]) -> dict[int, Line]:
        return {each.id: _line(_about(each)) for each in found}

    def content(self, session: Session, appeal: StudyAppeal) -> dict[str, str]:
        return {"words": appeal.words}

    def check_submit(self, session: Session, appeal: StudyAppeal, *, actor: Actor, reason: str, now: datetime) -> None:
        """What happened, in words, of what nobody has granted. Refused codes: "words", "open", "granted"."""
        words = typed.prose(reason) or appeal.words
        if not 2 <= len(words) <= LONGEST:
            raise Refused("words", f"请用2至{LONGEST}个字写明当时的情况。")
        about = _about(appeal)
        if why := _settled(session, [about])[about.id]:
            raise Refused("granted", why)
        column = StudyAppeal.paper_id if isinstance(about, ExamPaper) else StudyAppeal.uncounted_id
        db.lock(session, f"appeals {column.key} {about.id}")
        same = (column == about.id, StudyAppeal.id.is_distinct_from(appeal.id))
        open_ = StudyAppeal.state.in_((State.SUBMITTED, State.RETURNED, State.REJECTED))
        if session.scalar(sa.select(StudyAppeal.id).where(*same, open_).limit(1)):
            what = "这次考试" if isinstance(about, ExamPaper) else "这段时间"
            raise Refused("open", f"{what}已经申诉过，请看原来的申诉和答复。")
        appeal.words = words

    def on_approve(self, session: Session, appeal: StudyAppeal, *, actor: Actor, now: datetime) -> str:
        """The stretch is counted after all, up to what its lesson needs; the attempt is spared."""
        about = _about(appeal)
        if isinstance(about, UncountedTime):
            more = study.grant(session, about, now=now)
            return f"补计{length(more)}" if more else "这一节已经学完，或这段时间已在另一处计入，不必补计"
        if about.passed:
            return "考试已经及格，学时由审核员在“网络考试”的成绩里补记"
        about.spared_at = now
        return f"这次考试不计次数；{_goes_on(session, about)}"

    def undo(self, session: Session, appeal: StudyAppeal, *, now: datetime) -> None:
        """What was counted after all stays so, and so does an attempt that was begun since. Refused codes: "relied"."""
        about = _about(appeal)
        if isinstance(about, UncountedTime):
            if about.granted_at is not None:
                raise Refused("relied", "时间已经补计到学习进度，不能再撤销。")
            return
        later = ExamPaper.enrolment_id == about.enrolment_id, ExamPaper.number > about.number
        if session.scalar(sa.select(ExamPaper.id).where(*later).limit(1)):
            raise Refused("relied", "学员已经再考，不能再撤销。")
        about.spared_at = None

    def consequence(self, session: Session, appeal: StudyAppeal, action: Action, counted: Consequence) -> Consequence:
        return replace(counted, done=f"由{appeal.authority.name}答复") if action is Action.SUBMIT else counted

    def summary(self, appeal: StudyAppeal) -> dict[str, Any]:
        return {"title": appeal.title, "words": appeal.words}


def _about(appeal: StudyAppeal) -> UncountedTime | ExamPaper:
    """What an appeal is about."""
    found = appeal.uncounted or appeal.paper
    assert found is not None
    return found


def _line(about: UncountedTime | ExamPaper) -> Line:
    if isinstance(about, UncountedTime):
        return Line(when=f"{db.office_day(about.from_at)}", size=length(about.seconds))
    return Line(when=f"{db.office_day(about.started_at)}", size=f"第{about.number}次考试")


def _sat(paper: ExamPaper) -> list[tuple[str, object]]:
    """Facts of an exam attempt for the reviewer of its appeal (考试情况): times, score, late answers."""
    begun, over = db.office_minute(paper.started_at), db.office_minute(paper.handed_in_at or paper.ends_at)
    ended = "到时自动交卷" if paper.by_time else "交卷"
    came = "；".join(f"第{each.place}题{late_words(each)}" for each in paper.late)
    said: list[tuple[str, object]] = [
        ("考试", f"第{paper.number}次，{begun}开始，{over}{ended}"),
        ("成绩", f"{hours_text(paper.score or Decimal())}分，{'及格' if paper.passed else '不及格'}"),
        ("送到过迟的作答", came or "没有"),
    ]
    return [*said, ("未记学时的原因", paper.unposted)] if paper.unposted else said


def late_words(late: LateAnswer) -> str:
    """Times of a late answer in words (作答送到过迟): given, by the learner's clock, and received."""
    given = f"{late.given_at.astimezone(db.OFFICE_ZONE):%H:%M:%S}作答（按学员的设备），" if late.given_at else ""
    return f"{given}{late.came_at.astimezone(db.OFFICE_ZONE):%H:%M:%S}送到"


def length(seconds: int) -> str:
    """A stretch of time in words (时长): 1小时5分, 45秒."""
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    said = (f"{hours}小时" if hours else "") + (f"{minutes}分" if minutes else "")
    return said + (f"{rest}秒" if rest and not hours else "") or "0秒"


def spell(time: UncountedTime) -> str:
    """From when to when a stretch was, and how long (起止时间)."""
    first, last = (each.astimezone(db.OFFICE_ZONE) for each in (time.from_at, time.to_at))
    until = f"{last:%H:%M:%S}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S}至{until}，{length(time.seconds)}"


KIND = AppealKind()
register(KIND)
messages.about(*AppealKind.events.values())(workflow.hear)
