"""Study (学习) by the server's clock: what was studied, what was not counted and why. The player only shows it.

Nothing a player says makes the clock run faster: it is settled at each beat from the moments at which the server heard
of it, for one open player a person. What is not counted is put down with its reason, for its learner to see.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses
from core.ground import db
from core.ground.access import Actor, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.law import notices
from core.models import (
    Course,
    CourseState,
    Enrolment,
    Lesson,
    LessonKind,
    LessonProgress,
    NotCounted,
    Person,
    Sitting,
    UncountedTime,
    under,
)

WATCHED = (LessonKind.VIDEO, LessonKind.LINK)
"""Lessons that run by themselves: their clock stands while they do."""
SLACK = 3
"""Seconds by which a video may be ahead of the clock: rounding, and the way of a message."""


@dataclass(frozen=True)
class Rules:
    """How study is timed (学习计时的规则), as the notice of the course's year settles it."""

    beat: int
    """Seconds between two beats."""
    gap: int
    """Seconds between two beats up to which all of it counts: so many missed ones are forgiven."""
    check_least: int
    check_most: int
    """Seconds of study between two questions."""
    no_seeking: bool
    """Whether nobody seeks ahead on the first watch."""


def rules(course: Course) -> Rules:
    """The rules by which a course is timed. Refused codes: "policy"."""
    policy = notices.of_year(course.year, course.authority.league)
    beat = max(1, policy.setting("course_heartbeat", 30))
    least, most = policy.setting("course_check_least", 10) * 60, policy.setting("course_check_most", 15) * 60
    gap = beat * (policy.setting("course_missed", 2) + 1) + max(1, beat // 6)
    return Rules(beat, gap, least, max(least, most), bool(policy.setting("course_seek", True)))


def closed(course: Course, on: date) -> str:
    """Why nobody can study a course on a day (不能学习), in words; "" where it is open.

    It is open in its own year, within the study window of its notice. Refused codes: "policy".
    """
    if course.state is CourseState.WITHDRAWN:
        return f"课程已停用：{course.remark}"
    if course.state is not CourseState.PUBLISHED:
        return "课程还没有发布"
    window = notices.of_year(course.year, course.authority.league).study_window(course.authority.league, course.subject)
    first = notices.day_of(window.first, course.year) if window else date(course.year, 1, 1)
    last = notices.day_of(window.last, course.year) if window else date(course.year, 12, 31)
    if on < first:
        return f"{first}起开放学习"
    return f"学习已于{last}截止" if on > last else ""


# --- begun ------------------------------------------------------------------------------------------------------------


@deed
def enrol(session: Session, course_id: int, credit_year: int, *, actor: Actor, now: datetime) -> Enrolment:
    """Begin a course (开始学习) for a credit year; begun already, it is the same one.

    The year may be changed until the exam is passed. Refused codes: "role", "missing", "closed", "year", "replaced"
    (there is a new edition), "begun" (another edition is being studied), "passed".
    """
    require(actor, Role.PERSON)
    course = courses.load(session, course_id, actor)
    human = _human(session, actor)
    _lock(session, human)
    found = _enrolment(session, course_id, human)
    if credit_year not in course.credit_years:
        raise Refused("year", f"这门课程可记入{'、'.join(map(str, course.credit_years))}年度，请从中选择。")
    if found is not None:
        if found.credit_year != credit_year and found.passed_at is not None:
            raise Refused("passed", "考试已经合格，学时年度不能再改；有误的请对学时提出异议。")
        found.credit_year = credit_year
        return found
    if why := closed(course, db.office_day(now)):
        raise Refused("closed", f"{why}。")
    if courses.replaced(session, [course]):
        raise Refused("replaced", "这门课程已有新版，请学习新版。")
    if (other := earlier(session, course, human)) is not None:
        raise Refused("begun", f"您已开始学习第{other.edition}版，学完即可，不必重学新版。")
    found = Enrolment(course_id=course.id, person_id=human, credit_year=credit_year, started_at=now)
    found.course = course
    found.check_at = _next_check(rules(course), 0)
    session.add(found)
    session.flush()
    return found


def earlier(session: Session, course: Course, person_id: int) -> Course | None:
    """The earlier edition of a course (已学的旧版) that somebody studies or has passed: the new one is not for them."""
    human = sa.select(Person.human_id).where(Person.id == person_id).scalar_subquery()
    whose = Enrolment.person_id.in_(sa.select(Person.id).where(under(Person, human)))
    before = list(courses.before(session, course))
    holds = sa.or_(Course.state != CourseState.WITHDRAWN, Enrolment.passed_at.is_not(None))
    query = sa.select(Course).join(Enrolment, Enrolment.course_id == Course.id)
    query = query.where(whose, Course.id.in_(before), holds).order_by(Course.edition.desc())
    return session.scalar(query.limit(1)) if before else None


def listed(session: Session, actor: Actor) -> list[Course]:
    """The courses that a learner has before them (我的课程): those begun, and those that can still be begun.

    An edition that was replaced is nobody's who has not begun it; a new one nobody's who has an earlier one.
    """
    found = courses.listing(session, actor)
    gone, person = courses.replaced(session, found), actor.person_id or 0
    return [
        each
        for each in found
        if standing(session, each, person)[0] or not (each.id in gone or earlier(session, each, person))
    ]


@dataclass(frozen=True)
class Opened:
    """A player that was opened (打开学习): its token, its rules, and how its lesson stands."""

    token: str
    lesson: Lesson
    beat: int
    no_seeking: bool
    now: Beat


@dataclass(frozen=True)
class Beat:
    """What the server says to a beat (心跳回应)."""

    seconds: int
    """Counted of this lesson so far."""
    needed: int
    reached: int
    """How far a video may be shown."""
    place: int
    """Where it was left."""
    finished: bool
    course_finished: bool
    following: int | None
    """The next lesson, once this one is done."""
    words: str = ""
    """What the learner should know: why time was not counted, that another player was opened."""
    ended: bool = False
    """Whether this player counts nothing any more."""
    question: dict[str, Any] | None = None
    """A question that waits: `stem` and `options`, never which is right."""


@deed
def open_lesson(session: Session, lesson_id: int, *, device: str = "", actor: Actor, now: datetime) -> Opened:
    """Open the player of a lesson (打开一节): from now on it is the one that counts, another one is ended.

    Refused codes: "role", "missing", "begin" (the course was not begun), "closed", "order" (an earlier lesson first).
    """
    require(actor, Role.PERSON)
    lesson = session.get(Lesson, lesson_id)
    course = courses.load(session, lesson.course_id, actor) if lesson else None
    if lesson is None or course is None:
        raise not_found("课节")
    human = _human(session, actor)
    _lock(session, human)
    enrolment = _enrolment(session, course.id, human)
    if enrolment is None:
        raise Refused("begin", "请先选择学时年度，开始学习。")
    if why := closed(course, db.office_day(now)):
        raise Refused("closed", f"{why}。")
    done = _progress(session, enrolment.id)
    for each in course.lessons:
        if each.position < lesson.position and not (each.id in done and done[each.id].finished_at):
            raise Refused("order", f"请先学完第{each.position}节“{each.title}”。")
    _end(session, human, now)
    progress = done.get(lesson.id)
    if progress is None:
        progress = LessonProgress(enrolment_id=enrolment.id, lesson_id=lesson.id, seconds=0, reached=0, place=0)
        session.add(progress)
    token = secrets.token_urlsafe(24)
    session.add(
        Sitting(
            token=_digest(token),
            person_id=human,
            enrolment_id=enrolment.id,
            lesson_id=lesson.id,
            device=hashlib.sha256(device.encode()).hexdigest()[:32] if device else "",
            opened_at=now,
            beat_at=now,
        )
    )
    if enrolment.check:
        enrolment.check = _posed(session, course, lesson)  # which lesson this is may be what is asked
    session.flush()
    by = rules(course)
    return Opened(token, lesson, by.beat, by.no_seeking, _told(session, enrolment, lesson, progress))


@deed
def beat(
    session: Session,
    token: str,
    *,
    place: int,
    hidden: bool = False,
    ended: bool = False,
    leaving: bool = False,
    actor: Actor,
    now: datetime,
) -> Beat:
    """Settle the clock of an open player (心跳): what passed since the last beat counts, or is put down with why not.

    `place`: a video's second, or the share of a text read, in thousandths; `hidden`: the page is not seen from now on;
    `ended`: the video has come to its end. What counts, step by step:
    Step 1: only the player opened last (else "elsewhere"), while its lesson is not done.
    Step 2: not while the page was hidden, not while a question waits, not after more beats missed than are forgiven.
    Step 3: of a video no more than it moved on, and never beyond the clock: what is ahead of it is taken back.
    Refused codes: "role", "missing".
    """
    sitting, enrolment, lesson, progress = _at(session, token, actor)
    by = rules(enrolment.course)
    if (sitting.beat_at - now).total_seconds() > by.gap:
        sitting.beat_at = now  # the server's clock was set back: it goes on from here
    passed = max(0, int((now - sitting.beat_at).total_seconds()))
    since, sitting.beat_at = sitting.beat_at, sitting.beat_at + timedelta(seconds=passed)
    shut = closed(enrolment.course, db.office_day(now))
    if sitting.ended_at is not None:
        words = f"{shut}。" if shut else "已在另一处打开学习，这里不再计时。要在这里学，请点“在这里继续”。"
        if 0 < passed <= by.gap and not shut and not leaving and not sitting.hidden and progress.finished_at is None:
            _not_counted(session, sitting, since, passed, NotCounted.ELSEWHERE)
        return _told(session, enrolment, lesson, progress, words=words, ended=True)
    words = ""
    if shut:  # the last day of study ended, or the course was withdrawn: what passed until midnight counts
        midnight = db.day_begins(db.office_day(now))
        passed = max(0, min(passed, int((midnight - since).total_seconds())))
    if progress.finished_at is None:
        reason = _why_not(sitting, enrolment, passed, by)
        if reason is None:
            words = _count(session, sitting, enrolment, lesson, progress, by, passed, place, ended, now)
        elif passed:
            if reason is not NotCounted.CHECK or not _answered_soon(enrolment, by, now):
                _not_counted(session, sitting, since, passed, reason)
            words = f"{passed}秒未计入：{reason.label}。" if reason is not NotCounted.CHECK else ""
    progress.place = max(0, place) if lesson.kind not in WATCHED else min(max(0, place), progress.reached)
    if progress.finished_at is not None:
        progress.place = max(0, place)
    sitting.hidden = hidden
    if leaving or shut:
        sitting.ended_at = now
    session.flush()
    return _told(session, enrolment, lesson, progress, words=f"{shut}。" if shut else words, ended=bool(shut))


@deed
def answer(session: Session, token: str, chosen: int, *, actor: Actor, now: datetime) -> tuple[bool, Beat]:
    """Answer the question that waits (回答提问): right or not, and how the lesson stands; a wrong one is asked again.

    Refused codes: "role", "missing".
    """
    sitting, enrolment, lesson, progress = _at(session, token, actor)
    asked = json.loads(enrolment.check) if enrolment.check else None
    if asked is None or sitting.ended_at is not None:
        return True, _told(session, enrolment, lesson, progress, ended=sitting.ended_at is not None)
    right = asked["right"] == chosen
    if right:
        by = rules(enrolment.course)
        passed = max(0, int((now - sitting.beat_at).total_seconds()))
        if not _answered_soon(enrolment, by, now):
            _not_counted(session, sitting, sitting.beat_at, passed, NotCounted.CHECK)
        sitting.beat_at = now
        enrolment.check, enrolment.checked_at = "", None
        enrolment.check_at = _next_check(by, enrolment.studied)
        _finish(session, enrolment, lesson, progress, now)
    else:
        enrolment.check = _shuffled(asked["stem"], asked["options"], asked["options"][asked["right"]])
    session.flush()
    words = "" if right else "没有答对，请再想一想。选项的顺序已经变了。"
    return right, _told(session, enrolment, lesson, progress, words=words)


# --- asked ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LessonStanding:
    """How far a lesson is studied (一节的进度)."""

    lesson: Lesson
    seconds: int
    finished_at: datetime | None
    open: bool
    """Whether it can be studied now: all before it are done."""


def standing(session: Session, course: Course, person_id: int) -> tuple[Enrolment | None, list[LessonStanding]]:
    """How far somebody is with a course (学习进度), lesson by lesson; no enrolment where it was not begun."""
    human = sa.select(Person.human_id).where(Person.id == person_id).scalar_subquery()
    found = session.scalar(
        sa.select(Enrolment)
        .where(Enrolment.course_id == course.id)
        .where(Enrolment.person_id.in_(sa.select(Person.id).where(under(Person, human))))
        .order_by(Enrolment.finished_at.is_(None), Enrolment.id)
        .limit(1)
    )
    done = _progress(session, found.id) if found else {}
    rows, open_ = [], found is not None
    for each in course.lessons:
        progress = done.get(each.id)
        finished_at = progress.finished_at if progress else None
        rows.append(LessonStanding(each, progress.seconds if progress else 0, finished_at, open_))
        open_ = open_ and finished_at is not None
    return found, rows


def uncounted(session: Session, enrolment_id: int, actor: Actor) -> list[UncountedTime]:
    """What was not counted in a course (未计入的时间), the latest first; for its learner. Refused codes: "missing"."""
    human = _human(session, actor)
    found = session.get(Enrolment, enrolment_id)
    if found is None or not _same(session, found.person_id, human):
        raise not_found("学习记录")
    query = sa.select(UncountedTime).where(UncountedTime.enrolment_id == enrolment_id)
    loads = sa.orm.joinedload(UncountedTime.lesson)
    return list(session.scalars(query.options(loads).order_by(UncountedTime.id.desc()).limit(200)))


def grant(session: Session, found: UncountedTime, *, now: datetime) -> int:
    """Count a stretch after all (补计时长), up to what its lesson needs; answers how many seconds that is.

    What counted in another player meanwhile, or was granted of the same moments before, does not count twice.
    """
    if found.granted_at is not None:
        return 0
    enrolment = found.enrolment
    _lock(session, enrolment.person_id)
    left = max(0, found.seconds - _counted_meanwhile(session, found))
    found.granted_at = now
    progress = session.get(LessonProgress, (enrolment.id, found.lesson_id))
    if progress is None or progress.finished_at is not None:
        return 0
    more = min(left, found.lesson.seconds - progress.seconds)
    progress.seconds += more
    progress.reached += more
    enrolment.studied += more
    _finish(session, enrolment, found.lesson, progress, now)
    session.flush()
    return more


def _counted_meanwhile(session: Session, found: UncountedTime) -> int:
    """Seconds of a stretch that counted already: in players opened elsewhere, or as granted in another one."""
    human = sa.select(Person.human_id).where(Person.id == found.enrolment.person_id).scalar_subquery()
    his = sa.select(Person.id).where(under(Person, human))
    players = sa.select(Sitting.opened_at, sa.func.coalesce(Sitting.ended_at, Sitting.beat_at), Sitting.seconds).where(
        Sitting.person_id.in_(his), Sitting.id != found.sitting_id, Sitting.seconds > 0
    )  # of a stretch of before its player was kept, none
    granted = (
        sa.select(UncountedTime.from_at, UncountedTime.to_at, UncountedTime.seconds)
        .join(Enrolment, Enrolment.id == UncountedTime.enrolment_id)
        .where(Enrolment.person_id.in_(his), UncountedTime.granted_at.is_not(None), UncountedTime.id != found.id)
    )
    whole = 0
    for since, until, seconds in [*session.execute(players), *session.execute(granted)]:
        both = (min(until, found.to_at) - max(since, found.from_at)).total_seconds()
        whole += max(0, min(int(both), seconds))
    return whole


# --- the clock --------------------------------------------------------------------------------------------------------


def _why_not(sitting: Sitting, enrolment: Enrolment, passed: int, by: Rules) -> NotCounted | None:
    if sitting.hidden:
        return NotCounted.HIDDEN
    if enrolment.check:
        return NotCounted.CHECK
    return NotCounted.LATE if passed > by.gap else None


def _answered_soon(enrolment: Enrolment, by: Rules, now: datetime) -> bool:
    """Whether a question waits for no longer than one beat: that is not even put down."""
    return enrolment.checked_at is None or (now - enrolment.checked_at).total_seconds() <= by.beat


def _count(
    session: Session,
    sitting: Sitting,
    enrolment: Enrolment,
    lesson: Lesson,
    progress: LessonProgress,
    by: Rules,
    passed: int,
    place: int,
    ended: bool,
    now: datetime,
) -> str:
    """Count what passed; answers what the learner should know."""
    words, counted = "", passed
    if lesson.kind in WATCHED and by.no_seeking:
        furthest = progress.reached + passed
        if place > furthest + SLACK:
            words = "第一次学习不能快进，已回到上次的位置。"
            place = furthest = progress.reached
        moved = min(place, furthest) - progress.reached
        if place < progress.reached - SLACK:
            words = "正在看已经看过的部分，不重复计时。"
        progress.reached = max(progress.reached, min(place, furthest))
        counted = passed if ended and not words else max(0, min(passed, moved))
    elif lesson.kind in WATCHED:
        progress.reached = max(progress.reached, place)
    counted = min(counted, lesson.seconds - progress.seconds)
    progress.seconds += counted
    enrolment.studied += counted
    sitting.seconds += counted
    if counted and enrolment.studied >= enrolment.check_at:
        enrolment.check, enrolment.checked_at = _posed(session, enrolment.course, lesson), now
    _finish(session, enrolment, lesson, progress, now)
    return words


def _finish(session: Session, enrolment: Enrolment, lesson: Lesson, progress: LessonProgress, now: datetime) -> None:
    """A lesson is done when its time was studied and no question waits; with the last one, the course is."""
    if progress.finished_at is not None or progress.seconds < lesson.seconds or enrolment.check:
        return
    progress.finished_at = now
    session.flush()
    done = _progress(session, enrolment.id)
    if all(each.id in done and done[each.id].finished_at for each in enrolment.course.lessons):
        enrolment.finished_at = now


def _not_counted(session: Session, sitting: Sitting, since: datetime, seconds: int, reason: NotCounted) -> None:
    """Put down what was not counted; what goes on from the last stretch, for the same reason, lengthens that one."""
    until = since + timedelta(seconds=seconds)
    query = sa.select(UncountedTime).where(UncountedTime.enrolment_id == sitting.enrolment_id)
    last = session.scalar(query.order_by(UncountedTime.id.desc()).limit(1))
    same = last is not None and (last.reason, last.sitting_id) == (reason, sitting.id) and not last.granted_at
    if last is not None and same and abs((since - last.to_at).total_seconds()) < 2:
        last.to_at, last.seconds = until, last.seconds + seconds
        return
    session.add(
        UncountedTime(
            enrolment_id=sitting.enrolment_id,
            lesson_id=sitting.lesson_id,
            sitting_id=sitting.id,
            from_at=since,
            to_at=until,
            seconds=seconds,
            reason=reason,
        )
    )


def _posed(session: Session, course: Course, lesson: Lesson) -> str:
    """A question to put: one of the lesson's, else which lesson this is."""
    known = courses.questions(session, lesson.id)
    if known:
        chosen = secrets.choice(known)
        return _shuffled(chosen.stem, chosen.options, chosen.options[0])
    others = [each.title for each in course.lessons if each.title != lesson.title]
    wrong = secrets.SystemRandom().sample(others, min(3, len(others))) or ["以上都不是"]
    return _shuffled("您现在学习的是哪一节？", [lesson.title, *wrong], lesson.title)


def _shuffled(stem: str, options: Sequence[str], right: str) -> str:
    mixed = list(options)
    secrets.SystemRandom().shuffle(mixed)
    return json.dumps({"stem": stem, "options": mixed, "right": mixed.index(right)}, ensure_ascii=False)


def _next_check(by: Rules, studied: int) -> int:
    return studied + by.check_least + secrets.randbelow(by.check_most - by.check_least + 1)


def _told(
    session: Session,
    enrolment: Enrolment,
    lesson: Lesson,
    progress: LessonProgress,
    *,
    words: str = "",
    ended: bool = False,
) -> Beat:
    asked = json.loads(enrolment.check) if enrolment.check and not ended else None
    following = None
    if progress.finished_at is not None:
        after = sa.select(Lesson.id).where(Lesson.course_id == lesson.course_id, Lesson.position > lesson.position)
        following = session.scalar(after.order_by(Lesson.position).limit(1))
    return Beat(
        seconds=progress.seconds,
        needed=lesson.seconds,
        reached=progress.reached,
        place=progress.place,
        finished=progress.finished_at is not None,
        course_finished=enrolment.finished_at is not None,
        following=following,
        words=words,
        ended=ended,
        question={"stem": asked["stem"], "options": asked["options"]} if asked else None,
    )


# --- whose ------------------------------------------------------------------------------------------------------------


def _at(session: Session, token: str, actor: Actor) -> tuple[Sitting, Enrolment, Lesson, LessonProgress]:
    """An opened player of the actor's own. Refused codes: "role", "missing"."""
    require(actor, Role.PERSON)
    human = _human(session, actor)
    _lock(session, human)
    query = (
        sa.select(Sitting, Enrolment, Lesson, LessonProgress)
        .join(Enrolment, Enrolment.id == Sitting.enrolment_id)
        .join(Lesson, Lesson.id == Sitting.lesson_id)
        .join(
            LessonProgress,
            sa.and_(LessonProgress.enrolment_id == Enrolment.id, LessonProgress.lesson_id == Lesson.id),
        )
        .options(sa.orm.joinedload(Enrolment.course).joinedload(Course.authority))
        .where(Sitting.token == _digest(token), Sitting.person_id == human)
    )
    found = session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise not_found("学习窗口")
    sitting, enrolment, lesson, progress = found
    return sitting, enrolment, lesson, progress


def _end(session: Session, human: int, now: datetime) -> None:
    """End the player that a person has open: the one opened next takes its place."""
    open_ = sa.update(Sitting).where(Sitting.person_id == human, Sitting.ended_at.is_(None)).values(ended_at=now)
    session.execute(open_.execution_options(synchronize_session="fetch"))


def _human(session: Session, actor: Actor) -> int:
    """Under which id the actor's hours and study count. Refused codes: "missing"."""
    found = session.scalar(sa.select(Person.human_id).where(Person.id == actor.person_id))
    if found is None:
        raise not_found("人员记录")
    return found


def _same(session: Session, person_id: int, human: int) -> bool:
    return session.scalar(sa.select(Person.human_id).where(Person.id == person_id)) == human


def _lock(session: Session, human: int) -> None:
    """What one person studies is settled by one request after another, however many come at once."""
    db.lock(session, f"study {human}")


def _enrolment(session: Session, course_id: int, human: int) -> Enrolment | None:
    records = sa.select(Person.id).where(under(Person, human))
    query = sa.select(Enrolment).where(Enrolment.course_id == course_id, Enrolment.person_id.in_(records))
    return session.scalar(query.order_by(Enrolment.finished_at.is_(None), Enrolment.id).limit(1))


def _progress(session: Session, enrolment_id: int) -> dict[int, LessonProgress]:
    query = sa.select(LessonProgress).where(LessonProgress.enrolment_id == enrolment_id)
    return {each.lesson_id: each for each in session.scalars(query)}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
