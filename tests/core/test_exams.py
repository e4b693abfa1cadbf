"""Exams: drawn at random, timed by the server, saved answer by answer, graded, credited once; void items follow."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.__main__ import main
from core.courses import figures, passing
from core.exams import answers, bank, blueprints, exams, items, papers, regrading, statistics
from core.exams.answers import Given, Outcome
from core.exams.blueprints import Blueprint, Candidate, Part
from core.exams.items import Item
from core.ground import db
from core.ground.access import Refused
from core.law import notices
from core.ledger import books, checks
from core.models import (
    BankItem,
    Course,
    CreditEntry,
    Difficulty,
    Exam,
    ExamPaper,
    ExamQuestion,
    ItemKind,
    ItemState,
    LateAnswer,
    Person,
    Source,
)
from core.people import setup
from core.records import privacy
from core.submissions import appeals, workflow
from core.submissions.kinds import Action
from core.trail import audit
from tests import cast as c
from tests import ready, sat

LATER = sat.NOW + timedelta(hours=2)


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(sat.office)


@pytest.fixture
def everywhere(database: str) -> c.Cast:
    return ready.office(sat.office)


def hours_of(serial: int) -> list[Decimal]:
    """The entries of a person that an exam posted or took back, in their order."""
    with db.reading() as session:
        return list(
            session.scalars(
                sa.select(CreditEntry.hours)
                .where(CreditEntry.person_id == c.person_id(serial), CreditEntry.source == Source.PUBLIC_EXAM)
                .order_by(CreditEntry.batch_id)
            )
        )


# --- the bank ---------------------------------------------------------------------------------------------------------


def test_a_bank_imported_again_is_not_doubled_and_what_differs_is_a_further_edition(cast: c.Cast) -> None:
    who = {"actor": cast["exam"], "now": sat.NOW}
    named = Item(ItemKind.SINGLE, "题甲", (("一", True), ("二", False)), reference="Q1")
    with db.transaction() as session:
        assert bank.take_in(session, sat.ITEMS, **who).words == "新增0道，更新0道，10道与题库一致"
        first = bank.take_in(session, [named, replace(named, reference="Q2")], **who)
        assert (first.added, first.doubles) == (1, ((2, 1),))
        again = bank.take_in(session, [replace(named, stem="题甲改"), replace(sat.ITEMS[0], explanation="改")], **who)
        assert again.words == "新增0道，更新2道（题干1道、解析1道），0道与题库一致"
        first_of = sat.ITEMS[0]  # as Aiken says it: nothing of what is left blank is wiped
        bare = [Item(each.kind, each.stem, each.options) for each in (first_of, sat.ITEMS[1])]
        turned = replace(bare[0], options=(("错的一", True), ("对的", False), ("错的二", False)))
        assert (
            bank.take_in(session, [turned, bare[1]], **who).words == "新增0道，更新1道（选项或答案1道），1道与题库一致"
        )
        (kept_id,) = ids(session, cast, first_of.stem)
        assert bank.one(session, kept_id, cast["exam"]).item == replace(
            first_of, options=turned.options, explanation="改"
        )
        kept = [
            each.item for each in (bank.one(session, sat_id, cast["exam"]) for sat_id in ids(session, cast, "题甲"))
        ]
        assert kept == [replace(named, stem="题甲改")]
        other = replace(sat.ITEMS[1], reference="Q1")  # called as one item, and says what another says
        assert "1道与题库里另一编号的试题相同" in bank.take_in(session, [other], **who).words
        (void_id,) = ids(session, cast, "题甲改")
        with pytest.raises(Refused, match=r"^stale: .*查看最新"):  # two clerks at one item
            bank.save(session, void_id, replace(named, stem="题甲再改"), version=1, **who)
        session.get_one(BankItem, void_id).state = ItemState.VOID
        assert "1道在题库里已经作废，没有导入" in bank.take_in(session, [named], **who).words
        with pytest.raises(Refused, match=r"^double:"):
            bank.save(session, None, replace(named, reference="", stem="题甲改"), **who)
        with pytest.raises(Refused, match="第2题：没有写明哪个选项是正确答案"):
            bank.take_in(session, [named, Item(ItemKind.SINGLE, "问", (("一", False), ("二", False)))], **who)
        out = bank.hand_out(session, bank.Wanted(kind=ItemKind.MULTIPLE), **who)
    assert out == [each for each in sat.ITEMS if each.kind is ItemKind.MULTIPLE]


def ids(session: object, cast: c.Cast, text: str) -> list[int]:
    return list(bank.listing(session, cast["exam"], bank.Wanted(text=text))[0]["id"])  # type: ignore[arg-type]


def test_right_answers_are_seen_by_the_banks_own_clerks_and_reviewers_alone(cast: c.Cast) -> None:
    item = sat.item_of("单选0")
    with db.reading() as session:
        for name in ("base", "hohhot_base", "hohhot_reviewer", "leader", "admin", "person1", "employer"):
            assert bank.listing(session, cast[name], bank.Wanted())[1] == 0
            with pytest.raises(Refused, match=r"^missing:"):
                bank.one(session, item.id, cast[name])
        assert bank.listing(session, cast["reviewer"], bank.Wanted())[1] == len(sat.ITEMS)
    with db.transaction() as session, pytest.raises(Refused, match=r"^policy:"):
        bank.take_in(session, sat.ITEMS, actor=cast["base"], now=sat.NOW)


# --- papers -----------------------------------------------------------------------------------------------------------


def candidates(**counts: int) -> list[Candidate]:
    """Single-choice items by topic, two of each topic hard."""
    return [
        Candidate(number, ItemKind.SINGLE, topic, Difficulty.HARD if at < 2 else None, ("甲", "乙", "以上都对"))
        for number, (topic, at) in enumerate(
            ((topic, at) for topic, count in counts.items() for at in range(count)), start=1
        )
    ]


def test_every_paper_fits_its_blueprint_also_where_its_rows_want_the_same_items() -> None:
    rows = Blueprint(
        (
            Part(ItemKind.SINGLE, 3, Decimal(1)),
            Part(ItemKind.SINGLE, 2, Decimal(2), "甲"),
            Part(ItemKind.SINGLE, 2, Decimal(3), "", Difficulty.HARD),
        )
    )
    pool = candidates(甲=3, 乙=4)
    assert blueprints.shortage(rows, pool) == []
    papers_drawn = [blueprints.draw(rows, pool, seed) for seed in range(200)]
    for drawn in papers_drawn:
        assert len({each.edition_id for each in drawn}) == 7
        assert [each.points for each in drawn] == [Decimal(n) for n in (1, 1, 1, 2, 2, 3, 3)]
        assert {pool[each.edition_id - 1].topic for each in drawn[3:5]} == {"甲"}
        assert {pool[each.edition_id - 1].difficulty for each in drawn[5:]} == {Difficulty.HARD}
        assert {each.shuffled[-1] for each in drawn} == {"2"}  # 以上都对 stays the last
    assert len({str(drawn) for drawn in papers_drawn}) > 150
    assert blueprints.draw(rows, pool, 7) == papers_drawn[7]
    lacking = Blueprint((Part(ItemKind.MULTIPLE, 2, Decimal(2), "丙"),))
    assert blueprints.shortage(lacking, pool) == ["多选题2道，每道2分（丙）：还缺2道"]


def test_what_an_exam_begins_with_is_the_notices() -> None:
    usual = exams.usual(notices.of_year(2024))
    assert (usual.pass_mark, usual.minutes, usual.attempts, usual.wait_minutes) == (Decimal(60), 60, 0, 30)
    assert (usual.blueprint.count, usual.blueprint.points) == (60, Decimal(100))


def test_a_paper_tells_nothing_of_what_is_right_before_it_is_handed_in(cast: c.Cast) -> None:
    paper = sat.start(cast)
    with db.reading() as session:
        sheet = papers.sheet(session, paper.id, cast["person1"])
        assert len(sheet.questions) == 5
        assert not {"True", "因为"} & set(str(sheet.questions).replace("(", " ").replace(",", " ").split())
        with pytest.raises(Refused, match=r"^open:"):
            papers.result(session, paper.id, cast["person1"])
        for name in ("person2", "reviewer"):
            with pytest.raises(Refused, match=r"^(missing|role):"):
                papers.sheet(session, paper.id, cast[name])


def test_an_exam_is_sat_again_after_the_wait_and_passing_it_posts_the_hours_once(everywhere: c.Cast) -> None:
    cast = everywhere
    failed = sat.sat(cast, knows=lambda place, _: place == 1)
    assert (failed.score, failed.passed, hours_of(1)) == (Decimal(20), False, [])
    ended = sat.NOW + timedelta(minutes=20)
    with pytest.raises(Refused, match=r"^closed: 两次考试之间至少间隔30分钟"):
        sat.start(cast, now=ended + timedelta(minutes=29))
    with db.reading() as session:  # handed in while the server's clock ran two hours ahead, which was set back since
        before = papers.standing(
            session, session.scalars(sa.select(Exam.course_id)).one(), cast["person1"], now=ended - timedelta(hours=2)
        )
        assert before.refusal == ""
    paper = sat.start(cast, now=ended + timedelta(minutes=30), seed=8)
    assert sat.start(cast, now=ended + timedelta(minutes=31)).id == paper.id  # a second click is no second paper
    sat.answered(paper, knows=lambda place, _: place != 1, now=LATER - timedelta(minutes=60))
    assert sat.handed_in(cast, paper, now=LATER - timedelta(minutes=59)).score == Decimal(80)
    sat.handed_in(cast, paper, now=LATER)
    assert hours_of(1) == [Decimal(30)]
    with pytest.raises(Refused, match="已经及格"):
        sat.start(cast, now=LATER)
    with db.reading() as session:
        result = papers.result(session, paper.id, cast["person1"])
        assert result.credited
        own = json.loads(privacy.own_data(session, actor=cast["person1"], now=LATER))
        assert [(each["得分"], each["结果"]) for each in own["考试"]] == [("20", "不及格"), ("80", "及格")]
        assert [each.explanation for each in result.questions if each.explanation] == ["因为"] * 3
        assert papers.result(session, paper.id, cast["exam"]).paper.id == paper.id
        assert checks.faults(session) == audit.faults(session) == list(papers.faults(session)) == []


def test_nobody_sits_an_exam_before_the_course_is_studied_or_outside_its_window(cast: c.Cast) -> None:
    with db.transaction() as session:
        exam = session.scalars(sa.select(Exam)).one()
        exam.opens_on, exam.attempts = db.office_day(LATER) + timedelta(days=1), 1
    with pytest.raises(Refused, match="开始"):
        sat.start(cast)
    with db.transaction() as session:
        session.scalars(sa.select(Exam)).one().opens_on = None
        session.execute(sa.text("UPDATE enrolment SET finished_at = NULL"))
    with pytest.raises(Refused, match="还没有学完"):
        sat.start(cast)
    with db.transaction() as session:
        session.execute(sa.text("UPDATE enrolment SET finished_at = started_at"))
    sat.sat(cast, knows=lambda *_: False)
    with pytest.raises(Refused, match="机会已经用完"):
        sat.start(cast, now=LATER)


def test_an_exam_open_over_the_turn_of_the_year_counts_for_its_own_year_and_is_the_last(cast: c.Cast) -> None:
    eve = datetime(2024, 12, 31, 15, 50, tzinfo=UTC)  # ten minutes to midnight here
    sat.sat(cast, now=eve)
    with db.reading() as session:
        entry = session.scalars(sa.select(CreditEntry).where(CreditEntry.source == Source.PUBLIC_EXAM)).one()
        assert (entry.year, entry.completed_on) == (2024, date(2025, 1, 1))
    with pytest.raises(Refused, match="2024年度的考试已经截止"):
        sat.start(cast, "person2", now=eve + timedelta(minutes=10))


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_as_it_is_given_and_an_older_one_never_overwrites_it(everywhere: c.Cast) -> None:
    cast = everywhere
    paper = sat.start(cast)
    mine, other = sat.token_of("person1"), sat.token_of("person2")
    at = sat.NOW + timedelta(minutes=5)
    end = paper.ends_at + papers.LATE

    def given(token: str = mine, place: int = 1, chosen: int = 2, sequence: int = 5, when: object = at) -> Given:
        return Given(token, paper.id, place, chosen, sequence, when)  # type: ignore[arg-type]

    with db.transaction() as session:
        assert answers.save(session, [given(), given(chosen=1, sequence=4), given(place=2)]) == [Outcome.SAVED] * 3
        assert answers.save(session, [given()]) == [Outcome.SAVED]  # sent once more
        assert answers.save(session, [given(sequence=8)]) == [
            Outcome.SAVED
        ]  # chosen anew, the same: it is the later one
        behind = [given(chosen=4, sequence=7), given(chosen=4, sequence=8)]  # of a second device
        assert answers.save(session, behind) == [Outcome.OLDER] * 2
        forged = [given(other), given("nobody's"), given(place=99), given(chosen=1 << 9)]
        wanted = [Outcome.MISSING, Outcome.SIGNED_OUT, Outcome.MISSING, Outcome.MISSING]
        assert answers.save(session, forged) == wanted
        assert answers.save(session, [given(place=3, when=end - timedelta(seconds=1))]) == [Outcome.SIGNED_OUT]
    mine = sat.token_of("person1", now=paper.ends_at)
    with db.transaction() as session:
        assert answers.save(session, [given(mine, place=3, when=end)]) == [Outcome.SAVED]
        after = end + timedelta(seconds=1)
        assert answers.save(session, [given(mine, when=after, sequence=8)]) == [Outcome.SAVED]  # it was there in time
        said = int((end - timedelta(minutes=1)).timestamp() * 1000)
        came = [given(mine, chosen=4, when=after, sequence=said), given(mine, place=4, when=after)]
        again = given(mine, chosen=1, when=after, sequence=said + 1)
        assert answers.save(session, [*came, again]) == [Outcome.OVER] * 3
        late = session.execute(sa.select(LateAnswer.place, LateAnswer.chosen, LateAnswer.given_at)).all()
        assert late == [(1, 4, end - timedelta(minutes=1)), (4, 2, None)]  # the first of each, to be seen and appealed
        kept = session.execute(sa.select(ExamQuestion.place, ExamQuestion.chosen).order_by(ExamQuestion.place)).all()
    assert kept == [(1, 2), (2, 2), (3, 2), (4, None), (5, None)]


def test_the_line_answers_once_it_is_committed(cast: c.Cast) -> None:
    paper = sat.start(cast)
    token = sat.token_of("person1")
    line = answers.Line()
    waiting = [line.put(Given(token, paper.id, place, 1, 1, sat.NOW)) for place in range(1, 6) for _ in range(20)]
    assert {each.result(20) for each in waiting} == {Outcome.SAVED}
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).where(ExamQuestion.chosen == 1)) == 5


def test_a_paper_whose_time_is_out_is_taken_in_as_it_is(cast: c.Cast) -> None:
    paper = sat.start(cast)
    sat.answered(paper)
    end = paper.ends_at + papers.LATE
    with db.transaction() as session:
        system = setup.system_actor(session)
        assert papers.take_in_overdue(session, actor=system, now=end) == 0
        assert papers.overdue(session, now=end + timedelta(seconds=1))
        assert papers.take_in_overdue(session, actor=system, now=end + timedelta(seconds=1)) == 1
    with db.reading() as session:
        kept = session.get_one(ExamPaper, paper.id)
        assert (kept.by_time, kept.passed, kept.handed_in_at) == (True, True, paper.ends_at)
    assert hours_of(1) == [Decimal(30)]


def test_a_paper_begun_while_a_clock_ran_ahead_has_its_time_again_once_the_clock_is_right(everywhere: c.Cast) -> None:
    cast = everywhere
    begun = sat.start(cast, now=sat.NOW + timedelta(days=30))
    takes, right = begun.ends_at - begun.started_at, sat.NOW + timedelta(minutes=10)
    with db.transaction() as session:
        system = setup.system_actor(session)
        assert papers.overdue(session, now=right)
        assert papers.take_in_overdue(session, actor=system, now=right) == 1
    sat.answered(begun, knows=lambda place, _: place < 4, now=right)
    with db.reading() as session:
        paper = session.get_one(ExamPaper, begun.id)
        assert (paper.started_at, paper.ends_at, paper.handed_in_at) == (right, right + takes, None)
        assert not papers.overdue(session, now=right + takes)
    with db.transaction() as session:
        papers.take_in_overdue(session, actor=system, now=right + takes + papers.LATE * 2)
    with db.reading() as session:
        paper = session.get_one(ExamPaper, begun.id)
        assert (paper.by_time, paper.handed_in_at, paper.score) == (True, right + takes, Decimal(60))
        assert audit.faults(session) == list(papers.faults(session)) == []


def test_a_paper_begun_while_a_clock_ran_ahead_began_before_what_the_trail_has_since(cast: c.Cast) -> None:
    long_ago, just_now = (sat.start(cast, who, now=sat.NOW + timedelta(days=30)) for who in ("person1", "person2"))
    sat.answered(long_ago)  # signed in after the clock was set right, which the trail has
    right = sat.NOW + timedelta(minutes=20)
    assert sat.handed_in(cast, just_now, "person2", now=right).started_at == sat.NOW
    with db.transaction() as session:
        papers.take_in_overdue(session, actor=setup.system_actor(session), now=sat.NOW + timedelta(days=2))
    with db.reading() as session:
        paper = session.get_one(ExamPaper, long_ago.id)
        assert (paper.ends_at, paper.handed_in_at) == (sat.NOW + timedelta(days=2), None)


def test_an_attempt_that_an_appeal_spares_is_none_of_the_attempts_and_is_made_up_for_at_once(cast: c.Cast) -> None:
    with db.transaction() as session:
        session.scalars(sa.select(Exam)).one().attempts = 1
    failed = sat.sat(cast, knows=lambda *_: False)
    act: dict[str, Any] = {"words": "考试中断网", "now": LATER}
    said: dict[str, Any] = {"actor": cast["reviewer"], "reason": "情况属实", "now": LATER}

    def contested(who: str, paper_id: int = failed.id) -> Any:
        with db.transaction() as session:
            return appeals.contest(session, paper_id, actor=cast[who], **act)

    with pytest.raises(Refused, match=r"^missing:"):
        contested("person2")
    filed = contested("person1")
    with pytest.raises(Refused, match=r"^open: 这次考试已经申诉过"):
        contested("person1")
    with db.transaction() as session:
        workflow.move(session, filed.id, Action.RETURN, version=filed.version, **said)
    again = contested("person1")
    assert (again.id, again.state.value) == (filed.id, "submitted")
    with pytest.raises(Refused, match="机会已经用完"):
        sat.start(cast, now=LATER)
    with db.transaction() as session:
        decided, told = workflow.move(session, filed.id, Action.APPROVE, version=again.version, **said)
        assert "不计次数" in told.done
        facts = dict(appeals.KIND.facts(decided))  # type: ignore[arg-type]
        assert (facts["成绩"], facts["送到过迟的作答"]) == ("0分，不及格", "没有")
        (lost,) = appeals.lost(session, c.person_id(1), cast["person1"])
        assert (lost.open, lost.state) == (False, "申诉成立（答复：情况属实）")
        session.scalars(sa.select(Exam)).one().closes_on = db.office_day(sat.NOW) - timedelta(days=1)
    paper = sat.start(cast, now=LATER, seed=9)
    with pytest.raises(Refused, match=r"^relied: 学员已经再考"), db.transaction() as session:
        workflow.move(session, filed.id, Action.UNDO, version=decided.version, **said)
    assert sat.handed_in(cast, paper, now=LATER).passed is False
    with pytest.raises(Refused, match=r"考试已于\S+截止"):
        sat.start(cast, now=LATER)
    with db.transaction() as session:  # who has passed meanwhile has nothing to begin again
        exam = session.scalars(sa.select(Exam)).one()
        exam.closes_on, exam.attempts = None, 0
    first = sat.sat(cast, "person2", knows=lambda *_: False)
    filed = contested("person2", first.id)
    assert sat.sat(cast, "person2", now=LATER).passed
    with db.transaction() as session:
        assert [each.words for each in workflow.warnings(session, filed.id, cast["reviewer"])] == ["考试已经及格。"]
        _, told = workflow.move(session, filed.id, Action.APPROVE, version=filed.version, **said)
        assert "学员已在第2次考试及格，不用再考" in told.done
        every = statistics.attempts(session, first.exam_id, first.person_id, cast["reviewer"])
        assert [(each.number, each.passed) for each in every] == [(1, False), (2, True)]


def test_hours_that_were_refused_or_taken_back_are_told_of_and_posted_again_one_by_one(cast: c.Cast) -> None:
    with db.transaction() as session:
        course_id = session.scalars(sa.select(Exam.course_id)).one()
        session.get_one(Person, c.person_id(1)).authority_id = cast.places["hohhot"].id
    paper = sat.sat(cast)
    with db.transaction() as session:
        course = session.get_one(Course, course_id)
        assert [step.words for step in passing.way(session, course, paper.person_id)][1:3] == [
            "合格",
            "没有记上：有人员不在本课程组织单位的管理权限内，请由其主管的人社部门办理。",
        ]
        session.get_one(Person, c.person_id(1)).authority_id = course.authority_id
    act: dict[str, Any] = {"actor": cast["reviewer"], "now": LATER}
    with db.transaction() as session:
        assert papers.credit_again(session, paper.exam_id, **act) == (1, 0)
        posted = session.scalars(sa.select(CreditEntry.batch_id).where(CreditEntry.source == Source.PUBLIC_EXAM)).one()
        books.reverse(session, posted, reason="核实替考", **act)
        assert papers.result(session, paper.id, cast["person1"]).uncredited == f"学时已冲销（第{posted}批）。"
        assert list(statistics.people(session, paper.exam_id, cast["reviewer"])["unposted"]) == ["学时已冲销。"]
        count = statistics.count(session, paper.exam_id, cast["reviewer"])
        assert (count.passed, count.unposted, count.refused) == (1, 1, 0)
        moment = session.get_one(ExamPaper, paper.id).enrolment.passed_at
        with pytest.raises(Refused, match=r"^none:"):
            papers.credit_again(session, paper.exam_id, **act)
        assert papers.credit_again(session, paper.exam_id, paper.id, **act) == (1, 0)
        with pytest.raises(Refused, match=r"^none:"):
            papers.credit_again(session, paper.exam_id, paper.id, **act)
        assert session.get_one(ExamPaper, paper.id).enrolment.passed_at == moment
        assert statistics.count(session, paper.exam_id, cast["reviewer"]).unposted == 0
    assert hours_of(1) == [Decimal(30), Decimal(-30), Decimal(30)]


# --- void items, statistics, checks ----------------------------------------------------------------------------------


def test_a_void_item_grades_everybody_anew_and_hours_follow_and_come_back(
    everywhere: c.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = everywhere
    first = sat.sat(cast, knows=lambda place, _: place in (1, 2), seed=3)
    sat.sat(cast, "person2", seed=4)
    with db.reading() as session:
        wrong = papers.result(session, first.id, cast["person1"]).questions[2].asked.stem
    assert hours_of(1) == []
    item = sat.item_of(wrong)
    act = {"version": item.version, "actor": cast["reviewer"], "now": LATER}
    with db.rehearsal() as session:
        foreseen = regrading.foreseen(session, item.id, True, **act)
    with monkeypatch.context() as patch, db.rehearsal() as session:  # where the notice leaves such an item out
        patch.setattr(exams, "void_way", lambda _: "left_out")
        left = regrading.void(session, item.id, True, reason="题干有歧义", **act)
        kept = session.get_one(ExamPaper, first.id)
        assert (left.changed, left.passing, kept.score, kept.passed) == (1, 0, 50, False)  # two of the four left
    with db.transaction() as session:
        done = regrading.void(session, item.id, True, reason="题干有歧义", **act)
    assert done == foreseen
    with db.reading() as session:
        lines, _ = audit.history(session, cast["reviewer"], event=regrading.Event.VOIDED)
    assert (done.passing, done.failing, done.posted, list(lines["reason"])) == (1, 0, Decimal(30), ["题干有歧义"])
    assert hours_of(1) == hours_of(2) == [Decimal(30)]
    assert main(["check"]) == 0
    item = sat.item_of(wrong)
    with db.transaction() as session:
        back = regrading.void(
            session, item.id, False, version=item.version, reason="核对无误", actor=cast["reviewer"], now=LATER
        )
        assert bank.one(session, item.id, cast["exam"]).state is ItemState.PAUSED
    assert (back.failing, back.taken_back, hours_of(1)) == (1, Decimal(30), [Decimal(30), Decimal(-30)])
    assert hours_of(2) == [Decimal(30)]
    with db.reading() as session:
        assert checks.faults(session) == list(papers.faults(session)) == []


def test_check_names_a_paper_that_was_altered(cast: c.Cast, capsys: pytest.CaptureFixture[str]) -> None:
    paper = sat.sat(cast, knows=lambda *_: False)
    for change, words in (
        ("UPDATE exam_paper SET score = 6000, passed = true", "come to 0"),
        ("UPDATE exam_question SET chosen = 7 WHERE place = 1", "its answers are not the ones handed in"),
        ("UPDATE exam_paper SET digest = 'x'", "its answers are not the ones handed in"),
    ):
        with db.engine().begin() as connection:
            connection.exec_driver_sql(change)
        assert main(["check"]) == 1
        assert f"exam paper {paper.id}: " in (said := capsys.readouterr().out)
        assert words in said


def test_an_item_that_only_the_weak_get_right_is_flagged(cast: c.Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "ENOUGH", 2)
    monkeypatch.setattr(statistics, "TAIL", 0.5)
    bad = "单选0"
    item = sat.item_of(bad)
    for at, person in enumerate(("person1", "person2")):
        paper = sat.start(cast, person, seed=at)
        with db.transaction() as session:  # both are asked the bad one
            edition = bank.one(session, item.id, cast["exam"]).edition_id
            rows = sa.update(ExamQuestion).where(ExamQuestion.paper_id == paper.id)
            session.execute(rows.where(ExamQuestion.edition_id == edition).values(edition_id=2))
            session.execute(rows.where(ExamQuestion.place == 1).values(edition_id=edition, shuffled="012"))
        sat.answered(paper, person, knows=lambda _, asked, strong=at == 0: (asked.stem != bad) is strong)
        sat.handed_in(cast, paper, person)
    with db.reading() as session:
        exam = session.scalars(sa.select(Exam)).one()
        found = statistics.of_exam(session, exam.id, cast["exam"])
        assert (found[0].stem, found[0].discrimination) == (bad, -1.0)
        assert "得分高的人反而答错的多" in found[0].flags[0]
        assert [each.chosen for each in found[0].options if each.right] == [1]
        count = statistics.count(session, exam.id, cast["reviewer"])
        people = statistics.people(session, exam.id, cast["reviewer"])
        assert (count.sat, count.passed) == (2, 1)
        assert list(people["passed"]) == [False, True]
        with pytest.raises(Refused, match=r"^missing:"):
            statistics.of_exam(session, exam.id, cast["hohhot_reviewer"])


def test_whoever_passes_faster_than_one_can_read_is_worth_a_look_and_counts_as_passed(cast: c.Cast) -> None:
    for who, seconds in (("person1", 14), ("person2", 16)):
        paper = sat.start(cast, who)
        sat.answered(paper, who)
        sat.handed_in(cast, paper, who, now=sat.NOW + timedelta(seconds=seconds))
    with db.reading() as session:
        hints = figures.hints(session, 1, cast["exam"])
        assert hints[["hint", "people"]].to_numpy().tolist() == [["答题过快", c.row(1)[1]]]
        assert figures.of_office(session, cast["exam"]) == {1: (2, 2, 2)}


def test_half_marks_are_for_some_of_the_right_options_and_none_that_is_wrong() -> None:
    def of(chosen: int | None, *, half: bool = True, kind: ItemKind = ItemKind.MULTIPLE) -> Decimal:
        return blueprints.marks(kind, 0b011, chosen, Decimal("1.5"), half_marks=half)

    assert [of(each) for each in (0b011, 0b001, 0b101, 0b111, 0, None)] == [
        Decimal("1.5"),
        Decimal("0.75"),
        *[Decimal()] * 4,
    ]
    assert of(0b001, half=False) == of(0b001, kind=ItemKind.SINGLE) == 0
    assert items.judged("问", True).right == (0,)
