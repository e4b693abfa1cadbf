"""Public courses: made by their organization, published by the office in charge, studied by the server's clock."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from core.courses import courses, passing
from core.courses.courses import CourseFields, LessonFields
from core.courses.passing import Passed
from core.ground import db
from core.ground.access import Refused
from core.ledger import checks, statements
from core.models import Course, CourseState, LessonKind, Source
from core.trail import audit
from tests import cast as c
from tests import ready

FIELDS = CourseFields(2024, "铸牢中华民族共同体意识", "年度公需科目", "public", Decimal(30), (2024,))
LESSON = LessonFields("第一讲", LessonKind.TEXT, 20, Decimal(30), body="正文")


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(people)


def people() -> c.Cast:
    """Two of the hospital, of whom one has an account, and one of a league's school."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    c.posted(cast, c.sheet([c.row(5, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    c.give_account(cast, 1, "person")
    c.give_account(cast, 5, "hohhot_person")
    return cast


def made(cast: c.Cast, *lessons: LessonFields, by: str = "exam", **changes: object) -> Course:
    """A course handed in, waiting to be published."""
    with db.transaction() as session:
        course = courses.draft(session, replace(FIELDS, **changes), actor=cast[by], now=c.NOW)
        for each in lessons or (LESSON,):
            who = {"actor": cast[by], "now": c.NOW}
            courses.put_lesson(session, course.id, None, each, version=course.version, **who)
        courses.offer(session, course.id, version=course.version, actor=cast[by], now=c.NOW)
    return course


def published(cast: c.Cast, *lessons: LessonFields, by: str = "exam", reviewer: str = "reviewer") -> Course:
    course = made(cast, *lessons, by=by)
    with db.transaction() as session:
        return courses.publish(session, course.id, version=course.version, actor=cast[reviewer], now=c.NOW)


def test_a_course_is_published_by_the_office_in_charge_and_then_never_changes(cast: c.Cast) -> None:
    course = made(cast)
    who = {"actor": cast["exam"], "now": c.NOW}
    with db.transaction() as session:
        assert courses.waiting(session, cast["reviewer"]) == 1
        for by, code in (("exam", "role"), ("hohhot_reviewer", "missing"), ("admin", "role")):
            with pytest.raises(Refused, match=rf"^{code}:"):
                courses.publish(session, course.id, version=course.version, actor=cast[by], now=c.NOW)
        assert courses.listing(session, cast["person"]) == []
        version = course.version
        courses.publish(session, course.id, version=version, actor=cast["reviewer"], now=c.NOW)
        with pytest.raises(Refused, match=r"^move:"):
            courses.change(session, course.id, FIELDS, version=version + 1, **who)
        with pytest.raises(Refused, match=r"^move:"):
            courses.put_lesson(session, course.id, None, LESSON, version=version + 1, **who)
        assert [each.id for each in courses.listing(session, cast["person"])] == [course.id]
        assert courses.listing(session, cast["hohhot_person"]) == []
        new = courses.revise(session, course.id, **who)
        assert (new.edition, new.state, [each.title for each in new.lessons]) == (2, CourseState.DRAFT, ["第一讲"])
        assert courses.replaced(session, [course]) == set()
    with db.reading() as session:
        assert audit.faults(session) == []


def test_who_may_give_a_subject_and_which_years_it_serves_are_the_notices(cast: c.Cast) -> None:
    with db.transaction() as session:
        who = {"now": c.NOW}
        with pytest.raises(Refused, match=r"^policy:"):
            courses.draft(session, FIELDS, actor=cast["base"], **who)
        with pytest.raises(Refused, match="其他年度现行通知没有规定补学"):
            courses.draft(session, replace(FIELDS, credit_years=(2023, 2024)), actor=cast["exam"], **who)
        with pytest.raises(Refused) as refused:
            courses.draft(session, replace(FIELDS, title="", subject="x", hours=None), actor=cast["exam"], **who)
        assert refused.value.fields.keys() == {"title", "subject", "hours"}
        course = courses.draft(session, FIELDS, actor=cast["exam"], **who)
        with pytest.raises(Refused, match="还没有课节"):
            courses.offer(session, course.id, version=course.version, actor=cast["exam"], **who)
        lesson = replace(LESSON, hours=Decimal(10), checks="哪一项是对的？\n*这项\n那项")
        courses.put_lesson(session, course.id, None, lesson, version=course.version, actor=cast["exam"], **who)
        with pytest.raises(Refused, match="各节学时合计10，课程写的是30学时"):
            courses.offer(session, course.id, version=course.version, actor=cast["exam"], **who)
        asked = courses.questions(session, course.lessons[0].id)
        assert courses.as_typed(asked) == lesson.checks
        more = replace(lesson, checks=f"{lesson.checks}\n\n没有正确的？\n这项\n那项")
        with pytest.raises(Refused, match="第2题"):
            courses.put_lesson(session, course.id, None, more, version=course.version, actor=cast["exam"], **who)


def test_hours_are_posted_once_and_taken_back_when_the_exam_was_not_passed(cast: c.Cast) -> None:
    course = published(cast)
    first, second, other = (c.person_id(serial) for serial in (1, 2, 5))
    passed = [Passed(first, c.TODAY), Passed(second, c.TODAY)]
    with db.transaction() as session:
        batch = passing.credit(session, course.id, passed, now=c.NOW)
        assert batch is not None
        assert (batch.entries, batch.authority_id) == (2, course.authority_id)
        assert passing.credit(session, course.id, passed, now=c.NOW) is None
        with pytest.raises(Refused, match=r"^jurisdiction:"):
            passing.credit(session, course.id, [Passed(other, c.TODAY)], now=c.NOW)
        (back,) = passing.take_back(session, course.id, [second], reason="试题作废后重新评分", now=c.NOW)
        assert (back.reverses_id, back.entries) == (batch.id, 1)
        assert passing.credited(session, course.id, [first, second]) == {first}
        again = passing.credit(session, course.id, passed, now=c.NOW)
        assert again is not None
        assert again.entries == 1
    with db.reading() as session:
        found = statements.entries(session, first, year=2024)
        rows = found[found["source"] == Source.PUBLIC_EXAM]
        assert [(row.subject, row.hours) for row in rows.itertuples()] == [("public", Decimal(30))]
        assert [*checks.faults(session), *audit.faults(session)] == []
