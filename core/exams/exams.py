"""Exams of courses (公需考试): how papers are drawn, when, what passes; made by a clerk, published by a reviewer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses
from core.exams import bank, blueprints
from core.exams.blueprints import Blueprint
from core.ground.access import Actor, Labelled, Refused, Role, not_found, refuse_faults, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import Policy
from core.models import Course, CourseState, Exam, ExamState
from core.trail import audit, messages

MOST_MINUTES, MOST_WAIT, MOST_ATTEMPTS = 300, 10_000, 99
VOID_WAYS = ("full", "left_out")
"""What becomes of a void item in papers that hold it: full marks for everybody; or as if it had never been asked."""


@audit.events
class Event(Labelled):
    """What becomes of an exam, in the trail."""

    DRAFTED = "exam.drafted", "编制考试"
    CHANGED = "exam.changed", "修改考试"
    OFFERED = "exam.offered", "考试报请发布"
    RETURNED = "exam.returned", "退回考试"
    PUBLISHED = "exam.published", "发布考试"
    TAKEN_DOWN = "exam.taken_down", "撤下考试"


@dataclass(frozen=True)
class ExamForm:
    """What is filled in of an exam (考试设置)."""

    blueprint: Blueprint
    minutes: int
    pass_mark: Decimal
    attempts: int
    """0: as many as wanted inside the window."""
    wait_minutes: int
    opens_on: date | None = None
    closes_on: date | None = None
    half_marks: bool = False


def policy_of(course: Course) -> Policy:
    """The notice that an exam goes by: of the course's year, where its people belong."""
    return notices.of_year(course.year, course.authority.league)


def usual(policy: Policy) -> ExamForm:
    """An exam as the notice settles it where a clerk says nothing else (考试的默认设置)."""
    return ExamForm(
        blueprints.said(str(policy.setting("exam_paper", ""))),
        int(policy.setting("exam_minutes", 0)),
        Decimal(policy.setting("exam_pass_mark", 0)),
        int(policy.setting("exam_attempts", 0)),
        int(policy.setting("exam_wait_minutes", 0)),
        half_marks=policy.setting("exam_half_marks", False) is True,
    )


def void_way(course: Course) -> str:
    """How a void item counts in papers that hold it (试题作废的办法), one of `VOID_WAYS`."""
    way = policy_of(course).setting("exam_void", VOID_WAYS[0])
    return way if way in VOID_WAYS else VOID_WAYS[0]


def form(exam: Exam) -> ExamForm:
    """An exam as it is filled in."""
    return ExamForm(
        blueprints.read(exam.blueprint),
        exam.minutes,
        exam.pass_mark,
        exam.attempts,
        exam.wait_minutes,
        exam.opens_on,
        exam.closes_on,
        exam.half_marks,
    )


def of_course(session: Session, course_id: int) -> Exam | None:
    """The exam of a course (课程的考试), without an access check; None where it has none."""
    return session.scalar(sa.select(Exam).where(Exam.course_id == course_id))


def begun(session: Session, course: Course) -> ExamForm:
    """What the form of a course's exam begins with: its own, the replaced edition's, else what the notice settles."""
    found = _latest(session, course)
    return form(found) if found else usual(policy_of(course))


def begun_by(session: Session, course: Course) -> str:
    """Where that comes from (沿用的设置), in words."""
    found = _latest(session, course)
    return f"第{found.course.edition}版考试的设置" if found else "通知规定的默认设置"


def _latest(session: Session, course: Course) -> Exam | None:
    """The exam of a course, else of the latest earlier edition that has one."""
    editions = itertools.chain([course.id], courses.before(session, course))
    return next(filter(None, (of_course(session, each) for each in editions)), None)


def lacking(session: Session, course: Course) -> str:
    """What a course that is to be published lacks in its exam (考试未备), in words; "" where its exam is handed in."""
    exam = of_course(session, course.id)
    if exam is not None and exam.state is not ExamState.DRAFT:
        return ""
    how = "还没有编制考试" if exam is None else "考试还没有报请发布"
    old = _latest(session, course) if exam is None else None
    then = f"在“网络考试”中编制时，沿用第{old.course.edition}版考试的设置" if old else "请在“网络考试”中办理"
    return f"这门课程{how}，发布后学员学完了不能考试、不记学时；{then}。"


def shortage(session: Session, exam: Exam) -> list[str]:
    """What the bank lacks for an exam (题库不足), in words."""
    return blueprints.shortage(blueprints.read(exam.blueprint), bank.pool(session, exam.organization_id))


def waiting(session: Session, actor: Actor) -> list[Exam]:
    """The exams that wait for the actor's office to publish them (待发布)."""
    if actor.role is not Role.REVIEWER or actor.held_back:
        return []
    mine = (Exam.state == ExamState.OFFERED, Exam.authority_id == actor.organization_id)
    return list(session.scalars(sa.select(Exam).where(*mine).order_by(Exam.id)))


def words(given: ExamForm) -> list[str]:
    """An exam in words (考试说明), for those who sit it: a line each."""
    plan = given.blueprint
    said = [
        f"共{plan.count}题，满分{hours_text(plan.points)}分，{hours_text(given.pass_mark)}分及格，限时{given.minutes}分钟。",
        "；".join(part.words for part in plan.parts) + "。",
    ]
    times = f"可考{given.attempts}次" if given.attempts else "次数不限"
    wait = f"，两次之间至少间隔{given.wait_minutes}分钟" if given.wait_minutes else ""
    said.append(f"{times}{wait}，及格后不再考。")
    if given.opens_on or given.closes_on:
        first = f"{given.opens_on:%Y-%m-%d}" if given.opens_on else "即日"
        last = f"{given.closes_on:%Y-%m-%d}" if given.closes_on else "课程停用"
        said.append(f"考试时间：{first}至{last}。")
    if any(part.kind.value == "multiple" for part in plan.parts):
        half = "；少选且没有选错的得一半分" if given.half_marks else ""
        said.append(f"多选题全部选对才得分{half}。")
    return said


# --- made and published -----------------------------------------------------------------------------------------------


@deed
def save(session: Session, course_id: int, given: ExamForm, *, version: int, actor: Actor, now: datetime) -> Exam:
    """Make the exam of a course or change it (编制考试), while it is not handed in; `version` 0: there is none yet.

    Refused codes: "role", "missing", "stale", "move", "fields".
    """
    require(actor, Role.BASE_CLERK)
    course = courses.load(session, course_id, actor)
    found = of_course(session, course_id)
    if version != (found.version if found else 0):
        raise Refused("stale", "考试设置刚刚有人改过，您的操作没有执行，请查看最新内容。")
    if course.state is CourseState.WITHDRAWN:
        raise Refused("move", f"“{course.title}”已停用，不再编制考试。")
    if found and found.state is not ExamState.DRAFT:
        raise Refused("move", f"考试{found.state.label}，不能再改；要改的，请审核员退回或撤下。")
    _check(given)
    before = _told(form(found)) if found else {}
    exam = found or Exam(
        course_id=course.id,
        organization_id=course.organization_id,
        authority_id=course.authority_id,
        made_by_id=actor.account_id,
        made_at=now,
    )
    exam.blueprint, exam.minutes, exam.pass_mark = blueprints.kept(given.blueprint), given.minutes, given.pass_mark
    exam.attempts, exam.wait_minutes, exam.half_marks = given.attempts, given.wait_minutes, given.half_marks
    exam.opens_on, exam.closes_on = given.opens_on, given.closes_on
    session.add(exam)
    session.flush()
    event = Event.CHANGED if found else Event.DRAFTED
    audit.record(session, event, exam, actor=actor, before=before, after=_told(given), now=now)
    return exam


def _check(given: ExamForm) -> None:
    blueprints.check(given.blueprint)
    faults = []
    if not 1 <= given.minutes <= MOST_MINUTES:
        faults.append(("minutes", f"考试时长应为1至{MOST_MINUTES}分钟"))
    if not 0 < given.pass_mark <= given.blueprint.points or given.pass_mark * 2 % 1:
        faults.append(("pass_mark", f"及格线应为0.5的倍数，大于0，不超过满分{hours_text(given.blueprint.points)}"))
    if not 0 <= given.attempts <= MOST_ATTEMPTS:
        faults.append(("attempts", f"考试次数应为0至{MOST_ATTEMPTS}，0为不限"))
    if not 0 <= given.wait_minutes <= MOST_WAIT:
        faults.append(("wait_minutes", f"间隔应为0至{MOST_WAIT}分钟"))
    if given.opens_on and given.closes_on and given.closes_on < given.opens_on:
        faults.append(("closes_on", "考试截止日期早于开始日期"))
    refuse_faults(faults)


@deed
def offer(session: Session, exam_id: int, *, version: int, actor: Actor, now: datetime) -> Exam:
    """Hand an exam in to be published (报请发布). Refused codes: "role", "missing", "stale", "move", "short"."""
    require(actor, Role.BASE_CLERK)
    exam = _as_seen(session, exam_id, version, actor, ExamState.DRAFT)
    if lacking := shortage(session, exam):
        raise Refused("short", f"题库不够组卷：{'；'.join(lacking)}。请补充试题，或改组卷方案。")
    exam.state, exam.remark = ExamState.OFFERED, ""
    session.flush()
    audit.record(session, Event.OFFERED, exam, actor=actor, after=_told(form(exam)), now=now)
    return exam


@deed
def publish(session: Session, exam_id: int, *, version: int, actor: Actor, now: datetime) -> Exam:
    """Publish an exam (发布考试), by somebody else than who made it; who has finished the course may sit it.

    Refused codes: "role", "missing", "self", "stale", "move", "short", "course" (the course is not published).
    """
    require(actor, Role.REVIEWER)
    exam = _as_seen(session, exam_id, version, actor, ExamState.OFFERED)
    if exam.made_by_id is not None and exam.made_by_id == actor.account_id:
        raise Refused("self", "不能发布自己编制的考试，请由另一位审核员办理。")
    if exam.course.state is not CourseState.PUBLISHED:
        raise Refused("course", f"课程“{exam.course.title}”{exam.course.state.label}，请先发布课程。")
    if lacking := shortage(session, exam):
        raise Refused("short", f"题库不够组卷：{'；'.join(lacking)}。请退回经办人补充试题。")
    exam.state, exam.published_at, exam.published_by_id = ExamState.OPEN, now, actor.account_id
    session.flush()
    audit.record(session, Event.PUBLISHED, exam, actor=actor, after=_told(form(exam)), now=now)
    return exam


@deed
def send_back(session: Session, exam_id: int, *, version: int, actor: Actor, reason: str, now: datetime) -> Exam:
    """Send an exam back to its clerk (退回), or take a published one down (撤下) so that it can be changed.

    Papers that are being written go on; no further one is begun. Refused codes: "role", "missing", "stale", "move",
    "reason".
    """
    require(actor, Role.REVIEWER)
    exam = _as_seen(session, exam_id, version, actor, ExamState.OFFERED, ExamState.OPEN)
    event = Event.RETURNED if exam.state is ExamState.OFFERED else Event.TAKEN_DOWN
    exam.state, exam.remark = ExamState.DRAFT, bank.reasoned(reason)
    session.flush()
    audit.record(session, event, exam, actor=actor, reason=exam.remark, now=now)
    return exam


def seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Which exams an actor finds (可见的考试), as SQL: clerks their organization's, reviewers their office's."""
    if actor.held_back:
        return sa.false()
    match actor.role:
        case Role.BASE_CLERK:
            return Exam.organization_id == actor.organization_id
        case Role.REVIEWER:
            return Exam.authority_id == actor.organization_id
    return sa.false()


def one(session: Session, exam_id: int, actor: Actor) -> Exam:
    """One exam (考试), for the office's side. Refused codes: "missing"."""
    found = session.scalar(sa.select(Exam).where(Exam.id == exam_id, seen_by(actor)))
    if found is None:
        raise not_found("考试")
    return found


def _as_seen(session: Session, exam_id: int, version: int, actor: Actor, *states: ExamState) -> Exam:
    exam = one(session, exam_id, actor)
    if exam.version != version:
        raise Refused("stale", "考试设置刚刚有人改过，您的操作没有执行，请查看最新内容。")
    if exam.state not in states:
        raise Refused("move", f"考试当前{exam.state.label}，您的操作没有执行。")
    return exam


def _told(given: ExamForm) -> dict[str, object]:
    return {
        "blueprint": "；".join(part.words for part in given.blueprint.parts),
        "minutes": given.minutes,
        "pass_mark": hours_text(given.pass_mark),
        "attempts": given.attempts,
        "wait_minutes": given.wait_minutes,
        "opens_on": str(given.opens_on or ""),
        "closes_on": str(given.closes_on or ""),
        "half_marks": given.half_marks,
    }


@messages.about(Event.OFFERED, Event.RETURNED, Event.PUBLISHED, Event.TAKEN_DOWN)
def _hear(_session: Session, done: messages.Deed) -> Iterator[messages.Word]:
    """The office in charge hears that an exam waits; its clerks hear what became of it."""
    exam: Exam = done.touched
    here: dict[str, Any] = {"record": "exam", "record_id": exam.course_id}
    if done.event == Event.OFFERED:
        title = f"考试待发布：{exam.course.title}"
        yield messages.Word(messages.Topic.FILED, title, "", exam.authority_id, Role.REVIEWER, **here)
        return
    topic, what = {
        Event.RETURNED.value: (messages.Topic.RETURNED, "已退回"),
        Event.PUBLISHED.value: (messages.Topic.DECIDED, "已发布"),
        Event.TAKEN_DOWN.value: (messages.Topic.RETURNED, "已撤下"),
    }[done.event]
    title = f"考试{what}：{exam.course.title}"
    yield messages.Word(topic, title, done.reason, exam.organization_id, Role.BASE_CLERK, **here)
