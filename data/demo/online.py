"""The courses studied online (网络课程) of the demonstration year: one under way, one waiting in a league.

Made, published and credited through the services; the learners' clock alone is put where months of beats would have
brought it, since nobody waits for a demonstration to send them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from core.courses import courses
from core.courses.courses import CourseFields, LessonFields
from core.ground import db
from core.ground.access import Actor
from core.law import notices
from core.models import Course, Enrolment, LessonKind, LessonProgress, NotCounted, Sitting, UncountedTime
from data.demo import exams
from data.demo.accounts import ACCOUNTS
from data.demo.cast import Office, moment
from data.demo.people import Learner
from data.demo.words import REGION, online

EXAM, LEAGUE = "内蒙古自治区人事考试院", "呼和浩特市人力资源和社会保障局"
HAND_IN, PUBLISHED, SINCE = -62, -58, -50
"""Days from today: when the region's course was handed in and published, since when people study it."""
PASSED, FAILED, FINISHED, UNDER_WAY = 12, 3, 8, 18
"""How many of its learners are how far; of those who have finished it and not passed, some have tried."""


def lives(office: Office) -> Iterator[Iterator[datetime]]:
    """What happens with courses this year, as far as the year is old enough."""
    yield _region(office)
    yield _league(office)


def _region(office: Office) -> Iterator[datetime]:
    """The exam authority's course: published, studied, passed by some of those who finished it."""
    year = db.office_day(office.now).year
    clerk, reviewer = office.clerks[EXAM], office.reviewers[REGION][0]
    rng = Random("online")  # noqa: S311  repeatable on purpose
    at = moment(office, _day(office, HAND_IN), after=_new_year(office), rng=rng)
    yield at
    course = _made(office, online()["region"], year, clerk, at)
    at = moment(office, _day(office, PUBLISHED), after=at, rng=rng)
    yield at
    courses.publish(office.session, course.id, version=course.version, actor=reviewer, now=at)
    exams.hold(office.session, course, clerk=clerk, reviewer=reviewer, now=at)
    at = moment(office, _day(office, SINCE), after=at, rng=rng)
    yield at
    days = (office.now - at).days - 3
    if days < 2:
        return  # the year has only begun
    chosen = _learners(office)
    studying = _Studying(office, course, rng, at, days)
    for learner in chosen[: PASSED + FINISHED]:
        studying.all_of(learner)
    for learner in chosen[PASSED + FINISHED :]:
        studying.some_of(learner)
    studying.together(chosen[1:4])
    at = max(at, office.now - timedelta(days=2))
    yield at
    sitting = [exams.Sitter(office.session, course, each.person_id, rng) for each in chosen[: PASSED + FAILED]]
    for each in sitting:
        each.start(at)
    at += timedelta(minutes=22)
    yield at
    for number, each in enumerate(sitting):
        each.hand_in(at, knows=0.85 if number < PASSED else 0.3)


def _league(office: Office) -> Iterator[datetime]:
    """A league's course, waiting for its reviewer to publish it."""
    at = moment(office, -2, after=_new_year(office), rng=Random("league"))  # noqa: S311
    yield at
    _made(office, online()["league"], db.office_day(at).year, office.clerks[LEAGUE], at)


def _new_year(office: Office) -> datetime:
    """The first moment of this year, or as late as it can still be on its first days."""
    first = datetime.combine(date(db.office_day(office.now).year, 1, 1), datetime.min.time(), db.OFFICE_ZONE)
    return min(first + timedelta(hours=8), office.now - timedelta(hours=1))


def _day(office: Office, day: int) -> int:
    """So many days from today, but in this year."""
    return max(day, -(db.office_day(office.now).timetuple().tm_yday - 1))


def _made(office: Office, told: dict[str, Any], year: int, clerk: Actor, at: datetime) -> Course:
    """A course as the word list has it, handed in."""
    subject = next(iter(courses.subjects(clerk, year)))
    hours = notices.of_year(year, clerk.league).requirement.in_year(year)[subject]
    fields = CourseFields(year, told["title"], told["about"], subject, hours, (year,))
    who: dict[str, Any] = {"actor": clerk, "now": at}
    course = courses.draft(office.session, fields, **who)
    each = hours / len(told["lessons"]) // 1
    for number, lesson in enumerate(told["lessons"]):
        part = Decimal(hours - each * (len(told["lessons"]) - 1)) if number == 0 else Decimal(each)
        said = LessonFields(
            lesson["title"],
            LessonKind.TEXT,
            lesson["minutes"],
            part,
            body=lesson["body"],
            checks=lesson.get("checks", ""),
        )
        courses.put_lesson(office.session, course.id, None, said, version=course.version, **who)
    return courses.offer(office.session, course.id, version=course.version, **who)


def _learners(office: Office) -> Sequence[Learner]:
    """Who studies it: some of each employer, and at the end the one whom visitors sign in as."""
    there = office.learners[REGION]
    home = next(demo.organization for demo in ACCOUNTS if demo.username == "person")
    visitor = next(learner for learner in there if learner.facts.employer == home)
    others = [learner for learner in there if learner is not visitor]
    step = max(1, len(others) // (PASSED + FINISHED + UNDER_WAY))
    return [*others[::step][: PASSED + FINISHED + UNDER_WAY], visitor]


@dataclass
class _Studying:
    """Puts learners' clocks where so many days of study have brought them."""

    office: Office
    course: Course
    rng: Random
    since: datetime
    days: int

    def all_of(self, learner: Learner) -> Enrolment:
        """Somebody who has finished the course."""
        return self._begun(learner, len(self.course.lessons), 0)

    def some_of(self, learner: Learner) -> None:
        """Somebody who is in the middle of it; a stretch of a hidden page was not counted."""
        done = self.rng.randrange(len(self.course.lessons))
        begun = self._begun(learner, done, self.rng.randrange(300, 900))
        lesson, first = self.course.lessons[done], begun.started_at + timedelta(minutes=7)
        self.office.session.add(
            UncountedTime(
                enrolment_id=begun.id,
                lesson_id=lesson.id,
                from_at=first,
                to_at=first + timedelta(seconds=140),
                seconds=140,
                reason=self.rng.choice((NotCounted.HIDDEN, NotCounted.LATE)),
            )
        )

    def together(self, learners: Sequence[Learner]) -> None:
        """Several who have studied in one browser within an hour."""
        at = self.since + timedelta(days=1)
        for number, learner in enumerate(learners):
            begun = self.office.session.query(Enrolment).filter_by(person_id=learner.person_id).one()
            self._sitting(begun, at + timedelta(minutes=5 * number), "0" * 32)

    def _begun(self, learner: Learner, done: int, more: int) -> Enrolment:
        session, lessons = self.office.session, self.course.lessons
        at = self.since + timedelta(minutes=self.rng.randrange(self.days * 24 * 60))
        at = min(at, self.office.now - timedelta(hours=6))
        begun = Enrolment(
            course_id=self.course.id,
            person_id=learner.person_id,
            credit_year=self.course.year,
            started_at=at,
            studied=sum(each.seconds for each in lessons[:done]) + more,
        )
        begun.check_at = begun.studied + 700
        session.add(begun)
        session.flush()
        for number, lesson in enumerate(lessons[: done + bool(more)]):
            at += timedelta(seconds=lesson.seconds + self.rng.randrange(60, 1200))
            whole = number < done
            seconds = lesson.seconds if whole else min(more, lesson.seconds - 60)
            finished = min(at, self.office.now - timedelta(hours=1)) if whole else None
            progress = LessonProgress(enrolment_id=begun.id, lesson_id=lesson.id, seconds=seconds, reached=seconds)
            progress.place, progress.finished_at = 0, finished
            session.add(progress)
            begun.finished_at = finished if done == len(lessons) else None
        self._sitting(begun, begun.started_at, f"{learner.person_id:032x}")
        return begun

    def _sitting(self, begun: Enrolment, at: datetime, device: str) -> None:
        lesson, until = self.course.lessons[0], at + timedelta(minutes=40)
        self.office.session.add(
            Sitting(
                token=hashlib.sha256(f"{begun.person_id} {device}".encode()).digest(),
                person_id=begun.person_id,
                enrolment_id=begun.id,
                lesson_id=lesson.id,
                device=device,
                opened_at=at,
                beat_at=until,
                seconds=2400,
                ended_at=until,
            )
        )
