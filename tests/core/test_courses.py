"""Public courses: made by their organization, published by the office in charge, studied by the server's clock."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.courses import courses, figures, passing, study
from core.courses.passing import Passed
from core.exams import exams
from core.ground import db
from core.ground.access import Actor, Refused
from core.ledger import books, checks, statements
from core.models import Course, CourseState, LessonKind, Person, Sitting, Source, UncountedTime
from core.records import exchange
from core.submissions import appeals, workflow
from core.submissions.workflow import Action
from core.trail import audit
from tests import cast as c
from tests import ready

FIELDS, LESSON = c.COURSE, c.LESSON
DEPARTMENT = "内蒙古自治区农牧厅（示例）"


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(people)


def people() -> c.Cast:
    """Three of the hospital, of whom one has an account, one of a department, and one of a league's school."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2), c.row(3), c.row(4, employer=DEPARTMENT)]))
    c.posted(cast, c.sheet([c.row(5, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    c.give_account(cast, 1, "person")
    c.give_account(cast, 5, "hohhot_person")
    return cast


def test_a_course_is_published_by_the_office_in_charge_and_then_never_changes(cast: c.Cast) -> None:
    course = c.offer_course(cast)
    who = {"actor": cast["exam"], "now": c.NOW}
    with db.transaction() as session:
        assert [each.id for each in courses.waiting(session, cast["reviewer"])] == [course.id]
        for by, code in (("exam", "role"), ("hohhot_reviewer", "missing"), ("admin", "role")):
            with pytest.raises(Refused, match=rf"^{code}:"):
                courses.publish(session, course.id, version=course.version, actor=cast[by], now=c.NOW)
        assert courses.listing(session, cast["person"]) == []
        version = course.version
        with pytest.raises(Refused, match=r"^stale: .*查看最新"):  # another clerk changed it meanwhile
            courses.send_back(session, course.id, version=version - 1, reason="改", actor=cast["reviewer"], now=c.NOW)
        courses.publish(session, course.id, version=version, actor=cast["reviewer"], now=c.NOW)
        with pytest.raises(Refused, match=r"^stale: .*查看最新"):  # a second reviewer, or a second click
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
    course = c.publish_course(cast)
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


def test_who_passed_one_by_one_is_one_line_of_the_ledger_and_several_are_reversed_at_once(database: str) -> None:
    assert database
    cast = ready.office(people)
    course, humans = c.publish_course(cast), [c.person_id(serial) for serial in (1, 2, 3)]
    for human in humans:
        with db.transaction() as session:
            passing.credit(session, course.id, [Passed(human, c.TODAY)], now=c.NOW)
    with db.reading() as session:
        numbers = list(statements.batches(session, cast["reviewer"], origin="exam")[0]["id"])
    assert len(numbers) == 3

    def lines(**asked: Any) -> list[list[Any]]:
        with db.reading() as session:
            found, count = statements.batches(session, cast["reviewer"], folded=True, **asked)
        assert count == len(found)
        return found[["id", "batches", "entries", "hours", "standing"]].to_numpy().tolist()

    line = [numbers[0], 3, 3, Decimal(90)]
    assert lines(origin="exam") == [[*line, "stands"]]
    assert [each[:2] for each in lines()] == [line[:2], [2, 1], [1, 1]]
    assert [each[:2] for each in lines(text=f"第{numbers[1]}批")] == [[numbers[1], 1]]  # asked for by its number
    who: dict[str, Any] = {"actor": cast["reviewer"], "now": c.AFTER}
    with pytest.raises(Refused, match=r"^missing:"), db.transaction() as session:
        books.reverse_each(session, [numbers[0], 99], reason="成绩有误", **who)
    with db.transaction() as session:
        told = books.reverse_each(session, numbers[:2], reason="成绩有误", **who)
        assert told.done == "冲销2批的学时，涉及2人、60学时"
    assert lines(origin="exam") == [[*line, "partly"]]
    assert [each[0] for each in lines()] == [numbers[0], 2, 1]  # what took them back is told by that line
    assert len(lines(origin="reversal")) == 2
    with db.reading() as session:
        found, count = statements.alike(session, numbers[0], cast["reviewer"])
        assert (list(found["batch_id"]), count) == (numbers, 3)
        assert list(found["standing"]) == ["reversed", "reversed", "stands"]
        assert statements.alike(session, numbers[0], cast["reviewer"], text=c.id_number(2))[1] == 1
        assert statements.alike(session, 1, cast["reviewer"])[1] == 0  # a report's
        with pytest.raises(Refused, match=r"^missing:"):
            statements.alike(session, numbers[0], cast["hohhot_reviewer"])
        assert [*checks.faults(session), *audit.faults(session)] == []


# --- the clock ----------------------------------------------------------------------------------------------------

TWO = (replace(LESSON, hours=Decimal(15)), replace(LESSON, title="第二讲", minutes=10, hours=Decimal(15)))
START = c.AFTER


def after(**passed: float) -> datetime:
    return START + timedelta(**passed)


def opened(learner: Actor, course: Course, lesson: int = 1, **passed: float) -> str:
    with db.transaction() as session:
        study.enrol(session, course.id, 2024, actor=learner, now=after(**passed))
        who = {"actor": learner, "now": after(**passed)}
        return study.open_lesson(session, course.lessons[lesson - 1].id, **who).token


def beat(learner: Actor, token: str, place: int = 0, *, hidden: bool = False, **passed: float) -> study.Beat:
    with db.transaction() as session:
        return study.beat(session, token, place=place, hidden=hidden, actor=learner, now=after(**passed))


def lost(learner: Actor, course: Course) -> list[tuple[str, int]]:
    with db.reading() as session:
        begun, _ = study.standing(session, course, learner.person_id or 0)
        assert begun is not None
        return [(each.reason.value, each.seconds) for each in study.uncounted(session, begun.id, learner)]


def test_a_lesson_is_studied_beat_by_beat_and_the_next_one_opens_by_the_servers_state(cast: c.Cast) -> None:
    course, learner = c.publish_course(cast, *TWO), cast["person"]
    with pytest.raises(Refused, match=r"请先学完第1节"):
        opened(learner, course, 2)
    told = c.study_for(learner, course, 19)
    assert (told.finished, told.seconds, told.following) == (False, 19 * 60, None)
    told = c.study_for(learner, course, 1, now=after(hours=5))  # resumed where it was
    assert (told.finished, told.following) == (True, course.lessons[1].id)
    told = c.study_for(learner, course, 10, lesson=2, now=after(hours=6))
    assert told.course_finished
    with db.reading() as session:
        assert passing.finished(session, course.id, learner.person_id or 0)
        assert not passing.finished(session, course.id, c.person_id(2))
    assert lost(learner, course) == []


def test_what_the_clock_leaves_out_is_put_down_with_its_reason(cast: c.Cast) -> None:
    course, learner = c.publish_course(cast), cast["person"]
    token = opened(learner, course)
    assert beat(learner, token, seconds=95).seconds == 95  # two beats missed are forgiven
    assert beat(learner, token, seconds=195).seconds == 95
    assert beat(learner, token, hidden=True, seconds=225).seconds == 125
    assert beat(learner, token, hidden=True, seconds=255).seconds == 125
    assert beat(learner, token, seconds=285).seconds == 125
    assert lost(learner, course) == [("hidden", 60), ("late", 100)]
    phone = opened(learner, course, seconds=300)
    told = beat(learner, token, seconds=330)
    assert told.ended
    assert "已在另一处打开" in told.words
    assert beat(learner, phone, seconds=330).seconds == 155
    assert lost(learner, course)[0] == ("elsewhere", 45)
    assert beat(learner, phone, seconds=-3600).seconds == 155  # the server's clock was set back by an hour
    assert beat(learner, phone, seconds=-3570).seconds == 185


def test_a_player_that_is_open_when_the_last_day_of_study_ends_counts_until_midnight(cast: c.Cast) -> None:
    course, learner = c.publish_course(cast), cast["person"]
    night = datetime(2024, 12, 31, 23, 59, 0, tzinfo=db.OFFICE_ZONE) - START
    token = opened(learner, course, seconds=night.total_seconds())
    assert beat(learner, token, seconds=night.total_seconds() + 40).seconds == 40
    told = beat(learner, token, seconds=night.total_seconds() + 100)
    assert (told.seconds, told.ended, told.words) == (60, True, "学习已于2024-12-31截止。")
    assert beat(learner, token, seconds=night.total_seconds() + 130).seconds == 60
    assert lost(learner, course) == []


def test_nobody_seeks_ahead_on_the_first_watch(cast: c.Cast) -> None:
    (courses.folder()).mkdir()
    (courses.folder() / "lesson.mp4").write_bytes(b"video")
    course = c.publish_course(cast, replace(LESSON, kind=LessonKind.VIDEO, file="lesson.mp4"))
    learner = cast["person"]
    token = opened(learner, course)
    assert beat(learner, token, 30, seconds=30).seconds == 30
    told = beat(learner, token, 600, seconds=60)
    assert (told.seconds, told.reached, told.place) == (30, 30, 30)
    assert "不能快进" in told.words
    told = beat(learner, token, 10, seconds=90)  # watched again: it neither counts nor is held against
    assert (told.seconds, told.words) == (30, "正在看已经看过的部分，不重复计时。")
    assert beat(learner, token, 30, seconds=120).seconds == 30  # paused
    assert beat(learner, token, 60, seconds=150).seconds == 60
    assert lost(learner, course) == []


def test_a_script_that_only_sends_beats_earns_nothing_beyond_the_clock(cast: c.Cast) -> None:
    long = replace(LESSON, minutes=600)
    course, learner = c.publish_course(cast, long), cast["person"]
    token = opened(learner, course)
    told = [beat(learner, token, seconds=each) for each in range(0, 3600, 30)]
    assert all(each.seconds <= at * 30 for at, each in enumerate(told))
    assert told[-1].seconds <= 15 * 60 + 30  # the first question stops it
    assert told[-1].question is not None
    assert told[-1].question.keys() == {"stem", "options"}
    assert lost(learner, course)[0][0] == "check"
    sooner = [beat(learner, token, seconds=3600 + each / 100) for each in range(50)]
    assert {each.seconds for each in sooner} == {told[-1].seconds}


def test_ten_tabs_earn_what_one_earns(cast: c.Cast) -> None:
    course, learner = c.publish_course(cast), cast["person"]
    tabs = [opened(learner, course, seconds=at) for at in range(10)]
    told = [beat(learner, tab, seconds=9 + round_ * 30) for round_ in range(1, 11) for tab in tabs]
    assert max(each.seconds for each in told) == 300
    assert sum(not each.ended for each in told) == 10
    with db.reading() as session:
        counted = session.scalars(sa.select(Sitting.seconds).order_by(Sitting.id)).all()
    assert counted == [0] * 9 + [300]


def test_a_question_is_put_and_a_wrong_answer_is_only_asked_again(cast: c.Cast) -> None:
    asked = replace(LESSON, minutes=60, checks="下面哪一项正确？\n*甲\n乙\n丙")
    course, learner = c.publish_course(cast, asked), cast["person"]
    token, seconds = opened(learner, course), 0
    while (told := beat(learner, token, seconds=seconds)).question is None:
        seconds += 30
    assert 600 <= told.seconds <= 930
    assert (told.question["stem"], sorted(told.question["options"])) == ("下面哪一项正确？", sorted("甲乙丙"))

    def answered(word: str, question: dict[str, Any]) -> tuple[bool, study.Beat]:
        with db.transaction() as session:
            chosen = question["options"].index(word)
            return study.answer(session, token, chosen, actor=learner, now=after(seconds=seconds + 10))

    right, again = answered("乙", told.question)
    assert not right
    assert again.question is not None
    assert answered("甲", again.question) == (True, replace(again, question=None, words=""))
    assert beat(learner, token, seconds=seconds + 40).seconds == told.seconds + 30
    assert lost(learner, course) == []


def test_an_appeal_that_is_upheld_counts_what_was_left_out_and_the_lesson_is_done(cast: c.Cast) -> None:
    course, learner = c.publish_course(cast), cast["person"]
    c.study_for(learner, course, 15)
    c.study_for(learner, course, 10, hidden=True, now=after(hours=1))
    with db.transaction() as session:
        begun, _ = study.standing(session, course, learner.person_id or 0)
        assert begun is not None
        (stretch,) = study.uncounted(session, begun.id, learner)
        with pytest.raises(Refused, match=r"^missing:"):
            appeals.file(session, stretch.id, words="在看讲义", actor=cast["hohhot_person"], now=c.AFTER)
        appeal = appeals.file(session, stretch.id, words="在看讲义", actor=learner, now=c.AFTER)
        with pytest.raises(Refused, match=r"^open:"):
            appeals.file(session, stretch.id, words="在看讲义", actor=learner, now=c.AFTER)
        act = {"version": appeal.version, "actor": cast["reviewer"], "reason": "情况属实", "now": c.AFTER}
        told = workflow.move(session, appeal.id, Action.APPROVE, **act)[1]
        assert told.words == "补计5分"
    with db.reading() as session:
        assert passing.finished(session, course.id, learner.person_id or 0)


def test_what_was_counted_elsewhere_meanwhile_is_not_granted_once_more(cast: c.Cast) -> None:
    course, learner = c.publish_course(cast), cast["person"]
    pc = opened(learner, course)
    beat(learner, pc, seconds=30)
    phone = opened(learner, course, seconds=60)
    for at in (90, 120):
        beat(learner, pc, seconds=at)
        counted = beat(learner, phone, seconds=at + 1)
    assert (counted.seconds, lost(learner, course)) == (30 + 61, [("elsewhere", 90)])
    with db.transaction() as session:
        stretch = session.scalars(sa.select(UncountedTime)).one()
        assert study.grant(session, stretch, now=c.AFTER) == 30  # of 90: before the telephone was opened


def test_a_course_is_studied_in_its_year_by_its_own_people_and_one_begun_is_finished_in_its_edition(
    cast: c.Cast,
) -> None:
    course, learner = c.publish_course(cast), cast["person"]
    with pytest.raises(Refused, match=r"^missing:"):
        opened(cast["hohhot_person"], course)
    with pytest.raises(Refused, match=r"学习已于2024-12-31截止"):
        opened(learner, course, days=300)
    c.study_for(learner, course, 1)
    with db.transaction() as session:
        new = courses.revise(session, course.id, actor=cast["exam"], now=c.AFTER)
        courses.offer(session, new.id, version=new.version, actor=cast["exam"], now=c.AFTER)
        courses.publish(session, new.id, version=new.version, actor=cast["reviewer"], now=c.AFTER)
    with pytest.raises(Refused, match=r"^begun:"):
        opened(learner, new)
    assert c.study_for(learner, course, 20, now=after(hours=1)).course_finished
    with db.transaction() as session:  # the new edition is nothing that is left to be studied, nor a third one
        assert [each.id for each in study.listed(session, learner)] == [course.id]
        assert study.earlier(session, session.get_one(Course, new.id), learner.person_id or 0) is not None
        his = session.get_one(Person, learner.person_id or 0)
        assert [each.id for each, _ in passing.of_person(session, his, 2024)] == [course.id]
        third = courses.revise(session, new.id, actor=cast["exam"], now=c.AFTER)
        assert study.earlier(session, third, learner.person_id or 0) is not None
        assert exams.lacking(session, third).startswith("这门课程还没有编制考试，发布后学员学完了不能考试")
        assert exams.begun_by(session, third) == "通知规定的默认设置"


def test_the_office_sees_who_has_not_begun_by_employer_and_what_is_worth_a_look(database: str) -> None:
    cast = ready.office(people)
    course, learner = c.publish_course(cast), cast["person"]
    c.study_for(learner, course, 20)
    with db.transaction() as session:
        first = session.query(Sitting).one()
        first.device = "x" * 32
        for number, person_id in enumerate(map(c.person_id, (2, 3))):
            same = {"enrolment_id": first.enrolment_id, "lesson_id": first.lesson_id, "device": first.device}
            moments = {"opened_at": first.opened_at, "beat_at": first.beat_at, "ended_at": first.beat_at}
            session.add(Sitting(token=bytes([number] * 32), person_id=person_id, **same, **moments))
    with db.reading() as session:
        whole, by_employer = figures.counts(session, course.id, cast["exam"])
        assert (whole.assigned, whole.begun, whole.studied, whole.passed) == (4, 1, 1, 0)
        assert list(by_employer["employer"]) == ["示例市第一医院", DEPARTMENT]
        rest, count = figures.people(session, cast["employer"], course_id=course.id, begun=False)
        assert (count, list(rest["name"]), set(rest["account"])) == (2, [c.row(2)[1], c.row(3)[1]], {"无"})
        assert "*" in rest["id_mask"][0]
        with pytest.raises(Refused, match=r"^missing:"):
            figures.counts(session, course.id, cast["hohhot_reviewer"])
        assert figures.of_office(session, cast["reviewer"]) == {course.id: (1, 1, 0)}
        found, count = figures.people(session, cast["exam"], course_id=course.id, begun=False, employer="农牧")
        assert (count, list(found["name"])) == (1, [c.row(4)[1]])
        league = figures.by_league(session, 2024, cast["reviewer"])
        assert league[["courses", "assigned", "begun", "studied", "passed"]].to_numpy().tolist() == [[1, 4, 1, 1, 0]]
        assert figures.by_league(session, 2024, cast["hohhot_reviewer"]).empty
        with pytest.raises(Refused, match=r"^role:"):
            figures.by_league(session, 2024, cast["exam"])
        assert list(figures.hints(session, course.id, cast["reviewer"])["hint"]) == ["同一设备"]
    with db.transaction() as session:  # by results from elsewhere
        passing.credit(session, course.id, [Passed(c.person_id(4), c.TODAY)], now=c.AFTER)
    with db.reading() as session:
        whole, _ = figures.counts(session, course.id, cast["exam"])
        assert (whole.begun, whole.studied, whole.passed) == (1, 1, 1)
        assert figures.people(session, cast["exam"], course_id=course.id, begun=False, employer="农牧")[1] == 0
        assert figures.of_office(session, cast["reviewer"]) == {course.id: (1, 1, 1)}
        assert figures.hints(session, course.id, cast["reviewer"])["people"][0].count("、") == 2


def test_one_line_says_what_is_done_and_what_is_missing(cast: c.Cast) -> None:
    course, learner = c.publish_course(cast), cast["person"]
    person = learner.person_id or 0

    def way() -> list[tuple[str, bool, str]]:
        with db.reading() as session:
            found = courses.load(session, course.id, learner)
            return [(each.word, each.at is not None, each.words) for each in passing.way(session, found, person)]

    assert [each[2] for each in way()] == ["未开始", "学完后参加考试", "考试合格后自动登记", "登记学时后报送"]
    c.study_for(learner, course, 20)
    assert way()[:2] == [("看完", True, "已学完1节"), ("考试", False, "考试还没有开放")]
    with db.transaction() as session:
        batch = passing.credit(session, course.id, [Passed(person, c.TODAY)], now=c.AFTER)
        assert batch is not None
    assert way()[1:3] == [("考试", True, "合格"), ("记学时", True, f"30学时，第{batch.id}批")]
    assert way()[3] == ("送人才库", False, "由内蒙古自治区人力资源和社会保障厅报送")
    office = {"actor": cast["reviewer"], "now": c.AFTER}
    with db.transaction() as session:
        parcel = exchange.prepare(session, 2024, **office)
    assert way()[3] == ("送人才库", False, "已列入报送文件，待报送")
    with db.transaction() as session:
        exchange.mark_sent(session, parcel.id, version=parcel.version, **office)
    assert way()[3] == ("送人才库", True, "第1次报送")
    with db.reading() as session:
        ours, _ = figures.people(session, cast["reviewer"], course_id=course.id, begun=True)
        assert (ours["posted_at"][0], ours["sent_at"][0]) == (batch.posted_at, c.AFTER)
    with db.reading() as session:
        found, _ = statements.batches(session, cast["reviewer"], origin="exam")
        assert list(found["id"]) == [batch.id]
    with db.transaction() as session:
        passing.take_back(session, course.id, [person], reason="试题作废", now=c.AFTER)
    assert way()[1:] == [
        ("考试", False, "考试还没有开放"),
        ("记学时", False, f"第{batch.id}批已冲销"),
        ("送人才库", False, "登记学时后报送"),
    ]
