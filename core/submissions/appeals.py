"""Appeals (学习时长申诉): time of study online that was not counted should be; a reviewer in charge answers.

No machine takes time away for good: what the clock left out is listed with its reason, and any of it may be appealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import study
from core.ground import db, typed
from core.ground.access import Actor, Labelled, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.ledger.consequences import Consequence
from core.models import (
    Enrolment,
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
from core.trail import audit, messages

FILERS = (Role.PERSON, Role.EMPLOYER_CLERK)
LONGEST = 500


@audit.events
class Event(Labelled):
    """What an appeal leaves in the trail."""

    FILED = "study_appeal.filed", "提出时长申诉"
    UPHELD = "study_appeal.upheld", "申诉成立"
    REJECTED = "study_appeal.rejected", "申诉不成立"


@deed
def file(session: Session, uncounted_id: int, *, words: str, actor: Actor, now: datetime) -> StudyAppeal:
    """File an appeal (提出申诉) about a stretch of one's own, or of one's own people, that was not counted.

    Refused codes: "role", "missing", "words", "open" (it was appealed before), "granted".
    """
    require(actor, *FILERS)
    found = session.get(UncountedTime, uncounted_id)
    if found is None:
        raise not_found("未计入的时间")
    persons.one(session, found.enrolment.person_id, actor)
    course = found.enrolment.course
    filed = StudyAppeal(
        title=f"{course.title}：{db.office_day(found.from_at)}的学习时长"[:100],
        uncounted_id=found.id,
        uncounted=found,
        person_id=found.enrolment.person_id,
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


def about(session: Session, uncounted: Sequence[UncountedTime]) -> dict[int, StudyAppeal]:
    """The latest appeal about each of these stretches (申诉情况), by the stretch's id."""
    ids = [each.id for each in uncounted]
    query = sa.select(StudyAppeal).where(StudyAppeal.uncounted_id.in_(ids)).order_by(StudyAppeal.id)
    return {each.uncounted_id: each for each in session.scalars(query)}


@dataclass(frozen=True)
class Lost:
    """A stretch that was not counted, as its learner has it (未计入的时间)."""

    time: UncountedTime
    appeal: StudyAppeal | None
    """The latest about it."""
    answer: str
    """What the office answered, "" before it did."""

    @property
    def state(self) -> str:
        """How it stands, in words; "" where it was not appealed."""
        if self.appeal is None:
            return ""
        return KIND.word_for(self.appeal.state) + (f"（答复：{self.answer}）" if self.answer else "")

    @property
    def open(self) -> bool:
        """Whether it may be appealed, or an appeal that came back filed again."""
        again = (State.RETURNED, State.WITHDRAWN)
        return self.time.granted_at is None and (self.appeal is None or self.appeal.state in again)


def lost(session: Session, person_id: int, actor: Actor) -> list[Lost]:
    """What was not counted of a person's study (未计入的时间), the latest first, with its appeals and their answers.

    Refused codes: "role", "missing".
    """
    person = persons.one(session, person_id, actor)
    query = (
        sa.select(UncountedTime)
        .join(Enrolment, Enrolment.id == UncountedTime.enrolment_id)
        .where(Enrolment.person_id.in_(sa.select(Person.id).where(under(Person, person.id))))
        .options(sa.orm.joinedload(UncountedTime.lesson))
        .options(sa.orm.joinedload(UncountedTime.enrolment).joinedload(Enrolment.course))
    )
    times = list(session.scalars(query.order_by(UncountedTime.id.desc()).limit(200)))
    filed = about(session, times)
    steps = sa.select(Movement.submission_id, Movement.reason).order_by(Movement.id)
    steps = steps.where(Movement.submission_id.in_([each.id for each in filed.values()]))
    steps = steps.where(Movement.action != Action.SUBMIT.value, Movement.action != Action.WITHDRAW.value)
    answers = dict(session.execute(steps).all())

    def one(time: UncountedTime) -> Lost:
        appeal = filed.get(time.id)
        waits = appeal is None or appeal.state is State.SUBMITTED
        return Lost(time, appeal, "" if waits or appeal is None else answers.get(appeal.id, ""))

    return [one(each) for each in times]


_TABLE: sa.Table = sa.inspect(StudyAppeal).local_table  # type: ignore[assignment]
_TIME: sa.Table = sa.inspect(UncountedTime).local_table  # type: ignore[assignment]


class AppealKind(Answered[StudyAppeal]):
    """The appeal (学习时长申诉) as a kind of submission, answered by the office in charge of the course."""

    code = "study_appeal"
    word, short = "学习时长申诉", "时长申诉"
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
        _TIME.c.seconds,
        _TABLE.c.words,
    )
    loads = (
        sa.orm.joinedload(StudyAppeal.uncounted).joinedload(UncountedTime.lesson),
        sa.orm.joinedload(StudyAppeal.uncounted).joinedload(UncountedTime.enrolment).joinedload(Enrolment.course),
    )
    search = (Person.name, Person.employer_name, _TABLE.c.words)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        appeals = submissions.join(_TABLE, _TABLE.c.id == Submission.id).join(
            _TIME, _TIME.c.id == _TABLE.c.uncounted_id
        )
        return appeals.join(Person, Person.id == Submission.human_id)

    def facts(self, appeal: StudyAppeal) -> list[tuple[str, object]]:
        time = appeal.uncounted
        return [
            ("学员", f"{appeal.person.name}（{appeal.person.employer_name}）" if appeal.person else ""),
            ("课程", f"{time.enrolment.course.title}（{time.enrolment.course.year}年度）"),
            ("课节", f"第{time.lesson.position}节 {time.lesson.title}"),
            ("未计入的时间", spell(time)),
            ("原因", time.reason.label),
        ]

    def texts(self, appeal: StudyAppeal) -> list[tuple[str, str]]:
        return [("申诉内容", appeal.words)]

    def lines(self, session: Session, found: Sequence[StudyAppeal]) -> dict[int, Line]:
        return {
            each.id: Line(when=f"{db.office_day(each.uncounted.from_at)}", size=length(each.uncounted.seconds))
            for each in found
        }

    def content(self, session: Session, appeal: StudyAppeal) -> dict[str, str]:
        return {"words": appeal.words}

    def check_submit(self, session: Session, appeal: StudyAppeal, *, actor: Actor, reason: str, now: datetime) -> None:
        """What happened, in words, of a stretch that nobody has granted. Refused codes: "words", "open", "granted"."""
        words = typed.prose(reason) or appeal.words
        if not 2 <= len(words) <= LONGEST:
            raise Refused("words", f"请用2至{LONGEST}个字写明当时的情况。")
        if appeal.uncounted.granted_at is not None:
            raise Refused("granted", "这段时间已经补计，不必再申诉。")
        db.lock(session, f"appeals {appeal.uncounted_id}")
        same = (StudyAppeal.uncounted_id == appeal.uncounted_id, StudyAppeal.id.is_distinct_from(appeal.id))
        open_ = StudyAppeal.state.in_((State.SUBMITTED, State.RETURNED, State.REJECTED))
        if session.scalar(sa.select(StudyAppeal.id).where(*same, open_).limit(1)):
            raise Refused("open", "这段时间已经申诉过，请看原来的申诉和答复。")
        appeal.words = words

    def on_approve(self, session: Session, appeal: StudyAppeal, *, actor: Actor, now: datetime) -> str:
        """The stretch is counted after all, up to what its lesson needs."""
        more = study.grant(session, appeal.uncounted, now=now)
        return f"补计{length(more)}" if more else "这一节已经学完，或这段时间已在另一处计入，不必补计"

    def undo(self, session: Session, appeal: StudyAppeal, *, now: datetime) -> None:
        """What was counted after all stays so. Refused codes: "relied"."""
        if appeal.uncounted.granted_at is not None:
            raise Refused("relied", "时间已经补计到学习进度，不能再撤销。")

    def consequence(self, session: Session, appeal: StudyAppeal, action: Action, counted: Consequence) -> Consequence:
        return replace(counted, done=f"由{appeal.authority.name}答复") if action is Action.SUBMIT else counted

    def summary(self, appeal: StudyAppeal) -> dict[str, Any]:
        return {"title": appeal.title, "words": appeal.words}


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
