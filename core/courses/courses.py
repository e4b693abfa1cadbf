"""Courses (公需课程) made, changed and published; whose they are. Nothing of what a learner does with them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, drawing, typed
from core.ground.access import Actor, Labelled, OrganizationKind, Refused, Role, not_found, refuse_faults, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.models import Course, CourseState, Enrolment, Lesson, LessonKind, Organization, Person, StudyCheck, under
from core.tables import values
from core.trail import audit, messages
from core.trail.files import Upload, is_as_named

LONGEST = {"title": 100, "about": 2000}
LONGEST_LESSON = {"title": 100, "body": 100_000, "address": 500, "checks": 20_000}
MOST_MINUTES = 600
MOST_LESSONS = 200
PAGE_DOTS = 110
"""Dots an inch in which the pages of a PDF are drawn."""
_UPLOADED = re.compile(r"(.+-)?[0-9a-f]{20}\.\w+")
"""The name of a file that was uploaded (`_stored`), rather than put into the folder by hand."""
ENDINGS = {LessonKind.PDF: (".pdf",), LessonKind.VIDEO: (".mp4", ".webm", ".m4v")}
"""What the file of a lesson may be."""


@audit.events
class Event(Labelled):
    """What becomes of a course, in the trail."""

    DRAFTED = "course.drafted", "编制课程"
    CHANGED = "course.changed", "修改课程"
    OFFERED = "course.offered", "课程报请发布"
    RETURNED = "course.returned", "退回课程"
    PUBLISHED = "course.published", "发布课程"
    WITHDRAWN = "course.withdrawn", "停用课程"


@dataclass(frozen=True)
class CourseFields:
    """What is filled in of a course, as it was typed."""

    year: int | None
    title: str
    about: str
    subject: str
    hours: Decimal | None
    credit_years: tuple[int, ...]


@dataclass(frozen=True)
class LessonFields:
    """What is filled in of a lesson, as it was typed.

    `checks` are its questions: one a paragraph, the first line asks, each further one is an option, the right one after
    a star (*).
    """

    title: str
    kind: LessonKind
    minutes: int | None
    hours: Decimal | None
    body: str = ""
    file: str = ""
    address: str = ""
    checks: str = ""


@dataclass(frozen=True)
class Question:
    """A question put in a lesson (课中提问): the first of its options is right."""

    stem: str
    options: tuple[str, ...]


WORDS = {
    "year": "年度",
    "title": "名称",
    "about": "内容简介",
    "subject": "科目",
    "hours": "学时",
    "credit_years": "学时年度",
    "kind": "形式",
    "minutes": "时长（分钟）",
    "body": "正文",
    "file": "文件",
    "address": "视频网址",
    "checks": "课中提问",
}


# --- who makes them, who finds them ---------------------------------------------------------------------------------


def subjects(actor: Actor, year: int) -> dict[str, str]:
    """The subjects (科目) of a year that ask for an exam and that the actor's organization may give, by code."""
    policy = notices.of_year(year, actor.league)
    rules = [policy.subject(each.code) for each in policy.subjects]
    return {
        each.code: each.name
        for each in rules
        if each.exam and (not each.providers or actor.organization_kind in each.providers)
    }


def makes(actor: Actor, year: int) -> bool:
    """Whether somebody makes courses at all (编制课程): a clerk of an organization that the notice has give them."""
    try:
        return actor.role is Role.BASE_CLERK and bool(subjects(actor, year))
    except Refused:
        return False


def concern(actor: Actor, year: int) -> bool:
    """Whether courses are somebody's business (与网络课程有关): all but a clerk whose organization gives none."""
    return actor.role is not Role.BASE_CLERK or makes(actor, year)


def credit_years(actor: Actor, year: int, subject: str) -> tuple[int, ...]:
    """The credit years (学时年度) that a course of a year may serve: its own, and those that may be made up in it."""
    policy = notices.of_year(year, actor.league)
    rule = policy.makeup
    whole = policy.whole_of(subject)
    if rule is None or rule.subject not in (subject, whole):
        return (year,)
    last = notices.day_of(rule.last, year)
    return (year, *rule.years_on(last))


def seen_by(session: Session, actor: Actor) -> sa.ColumnElement[bool]:
    """Which courses an actor finds (可见的课程), as SQL.

    Its clerks those of their organization; officers, once handed in, those of their jurisdiction; employers and
    learners the published ones for their people, and learners any that they have begun.
    """
    if actor.held_back:
        return sa.false()
    public = Course.state == CourseState.PUBLISHED
    match actor.role:
        case Role.BASE_CLERK:
            return Course.organization_id == actor.organization_id
        case Role.EMPLOYER_CLERK:
            home = sa.select(Organization.authority_id).where(Organization.id == actor.organization_id)
            return sa.and_(public, Course.authority_id == home.scalar_subquery())
        case Role.PERSON:
            if actor.person_id is None:
                return sa.false()
            human = sa.select(Person.human_id).where(Person.id == actor.person_id).scalar_subquery()
            own = sa.select(Person.authority_id).where(Person.id == human).scalar_subquery()
            records = sa.select(Person.id).where(under(Person, human))
            begun = sa.select(Enrolment.course_id).where(Enrolment.person_id.in_(records))
            return sa.or_(sa.and_(public, Course.authority_id == own), Course.id.in_(begun))
    handed_in = Course.state != CourseState.DRAFT
    return handed_in if actor.oversees_region else sa.and_(handed_in, Course.authority_id == actor.organization_id)


def load(session: Session, course_id: int, actor: Actor) -> Course:
    """One course (公需课程), for those who find it. Refused codes: "missing"."""
    found = session.scalar(sa.select(Course).where(Course.id == course_id, seen_by(session, actor)))
    if found is None:
        raise not_found("课程")
    return found


def listing(session: Session, actor: Actor, *, year: int | None = None) -> list[Course]:
    """The courses an actor finds, the newest year and edition first."""
    query = sa.select(Course).where(seen_by(session, actor))
    query = query if year is None else query.where(Course.year == year)
    query = query.options(sa.orm.joinedload(Course.organization), sa.orm.selectinload(Course.lessons))
    return list(session.scalars(query.order_by(Course.year.desc(), Course.title, Course.edition.desc())))


def replaced(session: Session, courses: Iterable[Course]) -> set[int]:
    """Those of these courses that a later published edition has replaced (已有新版): nobody begins them any more."""
    ids = [each.id for each in courses]
    query = sa.select(Course.replaces_id).where(Course.replaces_id.in_(ids), Course.state == CourseState.PUBLISHED)
    return {each for each in session.scalars(query) if each is not None}


def before(session: Session, course: Course) -> Iterator[int]:
    """The earlier editions of a course (以前各版), the latest first, by id."""
    number = course.replaces_id
    while number is not None:
        yield number
        number = session.scalar(sa.select(Course.replaces_id).where(Course.id == number))


def waiting(session: Session, actor: Actor) -> list[Course]:
    """The courses that wait for the actor's office to publish them (待发布), the longest waiting first."""
    if actor.role is not Role.REVIEWER:
        return []
    mine = (Course.state == CourseState.OFFERED, Course.authority_id == actor.organization_id)
    query = sa.select(Course).options(sa.orm.joinedload(Course.organization)).where(*mine)
    return list(session.scalars(query.order_by(Course.offered_at, Course.id)))


def questions(session: Session, lesson_id: int) -> list[Question]:
    """The questions that may be put in a lesson (课中提问), for its office alone: the first option is right."""
    query = sa.select(StudyCheck).where(StudyCheck.lesson_id == lesson_id).order_by(StudyCheck.id)
    return [Question(each.stem, tuple(json.loads(each.options))) for each in session.scalars(query)]


def as_typed(found: Sequence[Question]) -> str:
    """Questions as a clerk writes them; `LessonFields` says how."""
    return "\n\n".join("\n".join([each.stem, f"*{each.options[0]}", *each.options[1:]]) for each in found)


def minutes(course: Course) -> int:
    """How long a course is to be studied at least (须学满的时间), in minutes."""
    return sum(each.seconds for each in course.lessons) // 60


def folder() -> Path:
    """Where the files of lessons lie (课件文件夹), nothing personal in them: in `CE_HOME`, or as `CE_COURSES` says."""
    return Path(os.environ.get("CE_COURSES") or db.home() / "courses")


def laid_in(actor: Actor) -> Path:
    """Where big files are laid by hand for the actor's organization (本单位的课件文件夹), which alone finds them there.

    The region's exam authority has `folder` itself; any other organization a folder of its own in it, by its number.
    """
    own = actor.organization_kind in (OrganizationKind.EXAM_AUTHORITY, OrganizationKind.REGION_HR)
    return folder() if own else folder() / str(actor.organization_id)


def files_for(session: Session, kind: LessonKind, actor: Actor) -> list[str]:
    """The files that a lesson of a kind may have, by their places in `folder`: those in the organization's lessons
    already, and those laid in for it by hand (`laid_in`) that are in nobody else's lessons.
    """
    query = sa.select(Lesson.file, Course.organization_id).join(Course, Course.id == Lesson.course_id)
    used = session.execute(query.where(Lesson.file != "").distinct()).all()
    own = {name for name, whose in used if whose == actor.organization_id and (folder() / name).is_file()}
    others = {name for name, whose in used if whose != actor.organization_id}
    place = laid_in(actor)
    there = [each for each in place.iterdir() if each.is_file()] if place.is_dir() else []
    laid = {each.relative_to(folder()).as_posix() for each in there if not _UPLOADED.fullmatch(each.name)} - others
    return sorted(name for name in own | laid if name.lower().endswith(ENDINGS.get(kind, "\0")))


# --- made and changed -------------------------------------------------------------------------------------------------


@deed
def draft(session: Session, fields: CourseFields, *, actor: Actor, now: datetime) -> Course:
    """Begin a course (编制课程), in the hands of its clerk. Refused codes: "role", "policy", "fields"."""
    require(actor, Role.BASE_CLERK)
    meant = _checked(fields, actor)
    home = session.get_one(Organization, actor.organization_id)
    made = Course(
        organization_id=home.id,
        authority_id=home.authority_id,
        created_by_id=actor.account_id,
        created_at=now,
        **_kept(meant),
    )
    session.add(made)
    session.flush()
    audit.record(session, Event.DRAFTED, made, actor=actor, after=_summary(made), now=now)
    return made


@deed
def change(
    session: Session, course_id: int, fields: CourseFields, *, version: int, actor: Actor, now: datetime
) -> Course:
    """Change what a course says of itself (修改课程), while it is being made.

    Refused codes: "role", "missing", "stale", "move" (handed in or published), "policy", "fields".
    """
    found = _open(session, course_id, version, actor)
    before = _summary(found)
    for name, value in _kept(_checked(fields, actor)).items():
        setattr(found, name, value)
    session.flush()
    audit.record(session, Event.CHANGED, found, actor=actor, before=before, after=_summary(found), now=now)
    return found


@deed
def put_lesson(
    session: Session,
    course_id: int,
    lesson_id: int | None,
    fields: LessonFields,
    *,
    version: int,
    upload: Upload | None = None,
    actor: Actor,
    now: datetime,
) -> Lesson:
    """Add a lesson at the end of a course, or change one (编制一节); `upload` becomes its file.

    Refused codes: those of `change`, "file".
    """
    found = _open(session, course_id, version, actor)
    meant, asked = _checked_lesson(fields, upload, lambda kind: files_for(session, kind, actor))
    lesson = next((each for each in found.lessons if each.id == lesson_id), None)
    if lesson is None:
        if lesson_id is not None:
            raise not_found("课节")
        if len(found.lessons) >= MOST_LESSONS:
            raise Refused("fields", f"一门课程最多{MOST_LESSONS}节，请另编一门。")
        lesson = Lesson(position=len(found.lessons) + 1)
        found.lessons.append(lesson)
    file = _stored(upload) if upload else meant.file
    if meant.kind is LessonKind.PDF:
        _draw(file)
    lesson.title, lesson.kind, lesson.hours = meant.title, meant.kind, Decimal(meant.hours or 0)
    lesson.seconds = int(meant.minutes or 0) * 60
    lesson.body = meant.body if meant.kind is LessonKind.TEXT else ""
    lesson.address = meant.address if meant.kind is LessonKind.LINK else ""
    lesson.file = file if meant.kind in ENDINGS else ""
    lesson.sha256 = _digest(lesson.file) if lesson.file else ""
    session.flush()
    session.execute(sa.delete(StudyCheck).where(StudyCheck.lesson_id == lesson.id))
    for each in asked:
        options = json.dumps(each.options, ensure_ascii=False)
        session.add(StudyCheck(lesson_id=lesson.id, stem=each.stem, options=options))
    _touch(session, found, {"lesson": lesson.title, "position": lesson.position}, actor=actor, now=now)
    return lesson


@deed
def move_lesson(
    session: Session, course_id: int, lesson_id: int, up: bool, *, version: int, actor: Actor, now: datetime
) -> Course:
    """Let a lesson change places with its neighbour (调整顺序). Refused codes: those of `change`."""
    found = _open(session, course_id, version, actor)
    at = next((at for at, each in enumerate(found.lessons) if each.id == lesson_id), None)
    if at is None:
        raise not_found("课节")
    other = at - 1 if up else at + 1
    if not 0 <= other < len(found.lessons):
        raise Refused("fields", "这一节已在最前或最后，不能再移动。")
    one, two = found.lessons[at], found.lessons[other]
    one.position, two.position = two.position, one.position
    session.flush()
    session.refresh(found, ["lessons"])
    _touch(session, found, {"lesson": one.title, "position": one.position}, actor=actor, now=now)
    return found


@deed
def strike_lesson(
    session: Session, course_id: int, lesson_id: int, *, version: int, actor: Actor, now: datetime
) -> Course:
    """Take a lesson out of a course that is being made (删去一节). Refused codes: those of `change`."""
    found = _open(session, course_id, version, actor)
    lesson = next((each for each in found.lessons if each.id == lesson_id), None)
    if lesson is None:
        raise not_found("课节")
    session.execute(sa.delete(StudyCheck).where(StudyCheck.lesson_id == lesson.id))
    found.lessons.remove(lesson)
    for position, each in enumerate(found.lessons, start=1):
        each.position = position
    _touch(session, found, {"lesson": lesson.title, "position": 0}, actor=actor, now=now)
    return found


@deed
def revise(session: Session, course_id: int, *, actor: Actor, now: datetime) -> Course:
    """Begin a new edition of a published course (编制新版): a copy to be changed; learners keep the one they have.

    Refused codes: "role", "missing", "move" (not published, or a new edition is being made already).
    """
    require(actor, Role.BASE_CLERK)
    old = load(session, course_id, actor)
    if old.state is not CourseState.PUBLISHED:
        raise Refused("move", "只有已发布的课程才编制新版；还没有发布的直接修改。")
    if session.scalar(sa.select(Course.id).where(Course.replaces_id == old.id, Course.state != CourseState.WITHDRAWN)):
        raise Refused("move", f"“{old.title}”已经有新版，请打开新版修改。")
    same = "organization_id authority_id year title about subject hours credit_years".split()
    new = Course(
        **{name: getattr(old, name) for name in same},
        edition=old.edition + 1,
        replaces_id=old.id,
        created_by_id=actor.account_id,
        created_at=now,
    )
    copied = "position title kind seconds hours body file sha256 address".split()
    new.lessons = [Lesson(**{name: getattr(each, name) for name in copied}) for each in old.lessons]
    session.add(new)
    session.flush()
    for before, after in zip(old.lessons, new.lessons, strict=True):
        for each in session.scalars(sa.select(StudyCheck).where(StudyCheck.lesson_id == before.id)).all():
            session.add(StudyCheck(lesson_id=after.id, stem=each.stem, options=each.options))
    audit.record(session, Event.DRAFTED, new, actor=actor, after=_summary(new), now=now)
    return new


# --- published --------------------------------------------------------------------------------------------------------


@deed
def offer(session: Session, course_id: int, *, version: int, actor: Actor, now: datetime) -> Course:
    """Hand a course in to be published (报请发布): from here on nobody changes it.

    Refused codes: those of `change`, "lessons" (none, or their hours are not the course's, or a file is missing).
    """
    found = _open(session, course_id, version, actor)
    if not found.lessons:
        raise Refused("lessons", "课程还没有课节，请先添加。")
    whole = sum((each.hours for each in found.lessons), Decimal())
    if whole != found.hours:
        words = f"各节学时合计{hours_text(whole)}，课程写的是{hours_text(found.hours)}学时，请改为一致"
        raise Refused("lessons", f"{words}。")
    if lost := [each.title for each in found.lessons if each.file and not (folder() / each.file).is_file()]:
        raise Refused("lessons", f"“{lost[0]}”的文件不在课件文件夹里，请重新选择。")
    found.state, found.offered_at, found.remark = CourseState.OFFERED, now, ""
    session.flush()
    audit.record(session, Event.OFFERED, found, actor=actor, after=_summary(found), now=now)
    return found


@deed
def send_back(session: Session, course_id: int, *, version: int, actor: Actor, reason: str, now: datetime) -> Course:
    """Send a course back to its clerk (退回课程). Refused codes: "role", "jurisdiction", "stale", "move", "reason"."""
    found = _offered(session, course_id, version, actor)
    found.state, found.remark = CourseState.DRAFT, _reason(reason, "退回须写明哪里要改，经办人会看到。")
    session.flush()
    audit.record(session, Event.RETURNED, found, actor=actor, reason=found.remark, now=now)
    return found


@deed
def publish(session: Session, course_id: int, *, version: int, actor: Actor, now: datetime) -> Course:
    """Publish a course (发布课程), by somebody else than who made it; its people find it from this moment.

    Refused codes: "role", "missing", "jurisdiction", "self", "stale", "move".
    """
    found = _offered(session, course_id, version, actor)
    if found.created_by_id is not None and found.created_by_id == actor.account_id:
        raise Refused("self", "不能发布自己编制的课程，请由另一位审核员办理。")
    found.state, found.published_at, found.published_by_id = CourseState.PUBLISHED, now, actor.account_id
    session.flush()
    audit.record(session, Event.PUBLISHED, found, actor=actor, after=_summary(found), now=now)
    return found


@deed
def withdraw(session: Session, course_id: int, *, version: int, actor: Actor, reason: str, now: datetime) -> Course:
    """Withdraw a published course (停用课程): nobody studies it any more; what was earned stays.

    Refused codes: "role", "missing", "jurisdiction", "stale", "move", "reason".
    """
    found = _of_office(session, course_id, version, actor, CourseState.PUBLISHED)
    found.state, found.withdrawn_at = CourseState.WITHDRAWN, now
    found.remark = _reason(reason, "停用须写明原因，学员会看到。")
    session.flush()
    audit.record(session, Event.WITHDRAWN, found, actor=actor, reason=found.remark, now=now)
    return found


@messages.about(Event.OFFERED, Event.RETURNED, Event.PUBLISHED, Event.WITHDRAWN)
def _hear(_session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """The office in charge hears that a course waits; its clerks hear what became of it."""
    course: Course = deed.touched
    if deed.event == Event.OFFERED:
        title = f"课程待发布：{course.title}"
        yield messages.Word(messages.Topic.FILED, title, "", course.authority_id, Role.REVIEWER)
        return
    topic, done = {
        Event.RETURNED.value: (messages.Topic.RETURNED, "已退回"),
        Event.PUBLISHED.value: (messages.Topic.DECIDED, "已发布"),
        Event.WITHDRAWN.value: (messages.Topic.DECIDED, "已停用"),
    }[deed.event]
    title = f"课程{done}：{course.title}"
    yield messages.Word(topic, title, deed.reason, course.organization_id, Role.BASE_CLERK)


# --- checks -----------------------------------------------------------------------------------------------------------


def _open(session: Session, course_id: int, version: int, actor: Actor) -> Course:
    """A course of one's own that is being made. Refused codes: "role", "missing", "stale", "move"."""
    require(actor, Role.BASE_CLERK)
    found = load(session, course_id, actor)
    _as_seen(found, version)
    if found.state is not CourseState.DRAFT:
        then = "要改的，请编制新版" if found.state is CourseState.PUBLISHED else "要改的，请审核员退回"
        raise Refused("move", f"“{found.title}”{found.state.label}，不能再改；{then}。")
    return found


def _offered(session: Session, course_id: int, version: int, actor: Actor) -> Course:
    return _of_office(session, course_id, version, actor, CourseState.OFFERED)


def _of_office(session: Session, course_id: int, version: int, actor: Actor, state: CourseState) -> Course:
    """A course in a state, before the reviewer of the office in charge."""
    require(actor, Role.REVIEWER)
    found = load(session, course_id, actor)
    if found.authority_id != actor.organization_id:
        raise Refused("jurisdiction", f"“{found.title}”由{found.authority.name}办理。")
    _as_seen(found, version)
    if found.state is not state:
        raise Refused("move", f"“{found.title}”当前{found.state.label}，您的操作没有执行。")
    return found


def _as_seen(found: Course, version: int) -> None:
    if found.version != version:
        raise Refused("stale", f"“{found.title}”刚刚有人改过，您的操作没有执行，请查看最新内容。")


def _touch(session: Session, course: Course, what: dict[str, object], *, actor: Actor, now: datetime) -> None:
    """A change of a course's lessons is a change of the course: its version goes up, the trail has a line."""
    sa.orm.attributes.flag_modified(course, "remark")
    session.flush()
    audit.record(session, Event.CHANGED, course, actor=actor, after=what, now=now)


def _reason(given: str, words: str) -> str:
    said = typed.prose(given)
    if not 2 <= len(said) <= 500:
        raise Refused("reason", words if len(said) < 2 else "原因请写在500个字以内。", {"reason": words})
    return said


def _checked(given: CourseFields, actor: Actor) -> CourseFields:
    """The fields of a course as they are meant, or every fault at once. Refused codes: "policy", "fields"."""
    fields = typed.filled(given)
    year, hours = _number(fields.year, values.year), _number(fields.hours, values.hours)
    if not isinstance(year, int):
        raise Refused("fields", "年度应为四位数字。请改正后再保存。", {"year": "年度应为四位数字"})
    may = subjects(actor, year)
    if not may:
        raise Refused("policy", f"{year}年度的通知没有规定由{actor.organization_kind.label}组织的网络考试科目。")
    faults = list(_too_long(fields, LONGEST))
    if not fields.title:
        faults.append(("title", "名称未填"))
    if fields.subject not in may:
        faults.append(("subject", f"科目请选{'、'.join(may.values())}之一"))
    if not isinstance(hours, Decimal) or not 0 < hours <= 200 or hours * 2 % 1:
        faults.append(("hours", "学时应为0.5的倍数，大于0且不超过200"))
    if fields.subject in may:
        possible = credit_years(actor, year, fields.subject)
        if not fields.credit_years or not set(fields.credit_years) <= set(possible):
            words = "、".join(map(str, possible))
            faults.append(("credit_years", f"学时年度请在{words}年度中选择；其他年度现行通知没有规定补学"))
    refuse_faults(faults)
    return replace(fields, year=year, hours=hours)


def _kept(fields: CourseFields) -> dict[str, object]:
    return {name: getattr(fields, name) for name in "year title about subject hours credit_years".split()}


def _number(value: object, meant: Callable[[object], Any]) -> Any:
    """A number as it was typed, by one of `tables.values`; what is none stays as it is."""
    try:
        return meant(value) if isinstance(value, str) else value
    except values.Unclear:
        return value


def _too_long(fields: CourseFields | LessonFields, longest: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for name, most in longest.items():
        said = getattr(fields, name)
        if not isinstance(said, str):
            yield name, f"{WORDS[name]}应为文字"
        elif len(said) > most:
            yield name, f"{WORDS[name]}不超过{most}个字，现为{len(said)}个字"


def _checked_lesson(
    given: LessonFields, upload: Upload | None, there: Callable[[LessonKind], Sequence[str]]
) -> tuple[LessonFields, list[Question]]:
    """The fields of a lesson as they are meant and its questions, or every fault at once. Refused codes: "fields"."""
    fields = typed.filled(given)
    hours = _number(fields.hours, values.hours)
    if wrong := list(_too_long(fields, LONGEST_LESSON)):
        refuse_faults(wrong)
    if fields.kind not in list(LessonKind):
        refuse_faults([("kind", "形式请从列表中选择")])
    fields = replace(fields, kind=LessonKind(fields.kind), hours=hours)
    faults: list[tuple[str, str]] = []
    if not fields.title:
        faults.append(("title", "名称未填"))
    if not isinstance(fields.minutes, int) or not 1 <= fields.minutes <= MOST_MINUTES:
        faults.append(("minutes", f"时长应为1至{MOST_MINUTES}分钟的整数"))
    if not isinstance(hours, Decimal) or not 0 <= hours <= 100 or hours * 2 % 1:
        faults.append(("hours", "学时应为0.5的倍数，没有单独学时的填0"))
    if fields.kind is LessonKind.TEXT and not fields.body:
        faults.append(("body", "正文未填"))
    if fields.kind is LessonKind.LINK and not (fields.address.startswith("https://") and " " not in fields.address):
        faults.append(("address", "视频网址应以https://开头，直接指向MP4或WebM视频"))
    if fields.kind in ENDINGS:
        faults += _faults_of_file(fields, upload, there(fields.kind))
    asked, slips = _questions(fields.checks)
    refuse_faults([*faults, *(("checks", words) for words in slips)])
    return fields, asked


def _faults_of_file(fields: LessonFields, upload: Upload | None, there: Sequence[str]) -> list[tuple[str, str]]:
    endings = "、".join(ENDINGS[fields.kind])
    if upload is None:
        known = fields.file in there
        return [] if known else [("file", f"请上传{endings}文件，或选择课件文件夹里已有的")]
    if not upload.content or not upload.filename.lower().endswith(ENDINGS[fields.kind]) or not is_as_named(upload):
        return [("file", f"“{upload.filename}”不是{endings}文件，请另选")]
    return []


def _questions(text: str) -> tuple[list[Question], list[str]]:
    """Questions out of what a clerk wrote, and what is wrong with it, question by question."""
    found: list[Question] = []
    slips: list[str] = []
    paragraphs = [lines for each in text.split("\n\n") if (lines := [line for line in each.split("\n") if line])]
    for number, (stem, *options) in enumerate(paragraphs, start=1):
        right = [each[1:] for each in options if each[0] in "*＊" and len(each) > 1]
        wrong = [each for each in options if each[0] not in "*＊"]
        if len(right) != 1 or not 1 <= len(wrong) <= 5 or len({*right, *wrong}) != len(options):
            slips.append(f"第{number}题须有2至6个不同的选项，正确的一个前面加*号")
        elif len(stem) > 300 or max(map(len, options)) > 200:
            slips.append(f"第{number}题太长：题干不超过300字，选项不超过200字")
        else:
            found.append(Question(stem, (right[0], *wrong)))
    return found, slips


def _stored(upload: Upload) -> str:
    """The name under which an uploaded file is kept: its own and its content's, so that none ever replaces another."""
    ending = Path(upload.filename).suffix.lower()
    own = re.sub(r"[^\w()（）]+", "_", typed.plain(Path(upload.filename).stem))[:40]
    name = "-".join(filter(None, [own, f"{hashlib.sha256(upload.content).hexdigest()[:20]}{ending}"]))
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        partial = path.with_name(f".{name}.part")
        partial.write_bytes(upload.content)
        partial.replace(path)
    return name


def pages(name: str) -> list[Path]:
    """The pages of a lesson's PDF as images (PDF各页), in their order, as they were drawn when it was saved."""
    return sorted(_drawn(name).glob("*.png"))


def _drawn(name: str) -> Path:
    """Where the pages of a PDF lie, beside it."""
    return (folder() / name).with_suffix(".pages")


def _draw(name: str) -> None:
    """Draw the pages of a PDF, since a telephone shows no PDF in a page. Refused codes: "file"."""
    if pages(name):
        return
    try:
        drawn = drawing.pages((folder() / name).read_bytes(), dots=PAGE_DOTS)
    except drawing.NoPdf as error:
        words = f"PDF文件打不开，或超过{drawing.MOST_PAGES}页，请用其他软件另存为PDF、页数多的分成几节后再上传"
        raise Refused("file", f"{words}。", {"file": words}) from error
    place = _drawn(name)
    place.mkdir(exist_ok=True)
    for number, page in enumerate(drawn, start=1):
        (place / f"{number:04}.png").write_bytes(page)


def _digest(name: str) -> str:
    with (folder() / name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _summary(course: Course) -> dict[str, object]:
    return {
        "title": course.title,
        "year": course.year,
        "edition": course.edition,
        "hours": hours_text(course.hours),
        "credit_years": ";".join(map(str, course.credit_years)),
        "lessons": len(course.lessons),
    }


def faults(session: Session) -> list[str]:
    """Published lessons whose file is missing or is not the one that was published (课件核对), by course and name."""
    query = sa.select(Lesson).join(Course).where(Course.state == CourseState.PUBLISHED, Lesson.file != "")
    found = []
    for each in session.scalars(query.order_by(Lesson.id)):
        said = f"lesson {each.position} of course {each.course_id}: its file {each.file}"
        if not (folder() / each.file).is_file():
            found.append(f"{said} is missing")
        elif _digest(each.file) != each.sha256:
            found.append(f"{said} is not the one that was published")
    return found
