"""Progress of programmes: done by approved papers, held against target, calendar and what is still approved."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.law.notices import Programme, Way
from core.ledger import books
from core.models import CreditBatch, Mode, Person, Plan, ProgrammeLine, Report, State
from core.quotas import progress, targets
from core.quotas.progress import Forecast, Progress
from core.quotas.targets import Split
from core.submissions import workflow
from core.submissions.workflow import Action
from tests import cast as c
from tests import ready, toy
from tests.core.test_targets import publish, split, with_a_department

CODE, YEAR = "capability", 2024
END = date(2024, 12, 31)


def a_line(session: Session, cast: c.Cast, place: str, number: int, **given: Any) -> ProgrammeLine:
    """An approved line that a place filed."""
    home = cast.places[place]
    filed = toy.Toy(title=f"计划表{number}", organization_id=home.id, authority_id=home.authority_id, created_at=c.NOW)
    filed.state, filed.decided_at = State.APPROVED, datetime(2024, 1, 25, tzinfo=db.OFFICE_ZONE)
    usual: dict[str, Any] = {"programme": CODE, "year": YEAR, "name": f"任务{number}"}
    line = ProgrammeLine(submission=filed, number=1, **usual | given)
    session.add(line)
    session.flush()
    return line


def trained() -> c.Cast:
    """Two trainings of the region's base, one of Hohhot's, one that is for no programme; two people came twice."""
    cast = with_a_department()
    with db.transaction() as session:
        region, hohhot = a_line(session, cast, "region", 1, people=600), a_line(session, cast, "hohhot", 2, people=600)
    for serials, by, reviewer, line in (
        ((1, 3, 5), "base", "reviewer", region),
        ((5, 7), "base", "reviewer", region),
        ((1, 9, 11, 13), "hohhot_base", "hohhot_reviewer", hohhot),
    ):
        content = c.sheet([c.row(serial) for serial in serials])
        c.posted(cast, content, by=by, reviewer=reviewer, programme=CODE, line_id=line.id)
    c.posted(cast, c.sheet([c.row(21)]))
    return cast


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(trained)


def of(cast: c.Cast, by: str, on: date = END, year: int = YEAR) -> Progress:
    with db.reading() as session:
        return next(each for each in progress.of_year(session, cast[by], year, on) if each.programme.code == CODE)


def table(cast: c.Cast, by: str, on: date = END) -> list[tuple[Any, ...]]:
    with db.reading() as session:
        frame = progress.by_office(session, cast[by], targets.programme(CODE, YEAR), YEAR, on)
    short = {place.id: name for name, place in cast.places.items()}
    amounts = (
        frame[["target", "done", "visits"]].astype(object).where(frame[["target", "done", "visits"]].notna(), None)
    )
    return [(short[place], *row) for place, row in zip(frame["office_id"], amounts.values.tolist(), strict=True)]


def plain(session: Session, cast: c.Cast, place: str = "", on: date = END) -> tuple[int, int]:
    """People and visits a second way: plain SQL over what was posted by a day and not taken back by then."""
    where = ""
    if place:
        where = f"AND (s.authority_id = {cast.places[place].id} OR s.organization_id = {cast.places[place].id})"
    query = sa.text(
        f"""
        SELECT count(DISTINCT coalesce(p.merged_into_id, p.id)),
            count(DISTINCT coalesce(p.merged_into_id, p.id) * 100000 + r.id)
        FROM credit_entry e JOIN credit_batch b ON b.id = e.batch_id
        JOIN submission s ON s.id = b.submission_id JOIN report r ON r.id = s.id
        JOIN plan l ON l.id = r.plan_id JOIN person p ON p.id = e.person_id
        WHERE l.programme = '{CODE}' AND b.posted_at < :end {where} AND NOT EXISTS (
            SELECT 1 FROM credit_entry t JOIN credit_batch u ON u.id = t.batch_id
            WHERE u.reverses_id = b.id AND t.reverses_line = e.line AND u.posted_at < :end
        )
        """
    )
    end = sa.bindparam("end", db.day_begins(on + timedelta(days=1)), db.Moment)
    people, visits = session.execute(query.bindparams(end)).one()
    return people, visits


# --- done -------------------------------------------------------------------------------------------------------------


@ready.both
def test_people_count_once_however_often_they_came_and_visits_stand_beside(cast: c.Cast) -> None:
    found = of(cast, "leader")
    assert (found.done, found.visits) == (7, 9)
    assert found.sentence.startswith("知识更新能力提升项目：全区已完成7人（9人次），占指标20,000人的不到0.1%")
    league = of(cast, "hohhot_leader")
    assert (league.done, league.visits, league.target) == (4, 4, None)
    assert league.sentence.startswith("知识更新能力提升项目：本单位已完成4人，没有下达指标")
    assert of(cast, "base").done == 4
    with db.reading() as session:
        assert plain(session, cast) == (7, 9)
        assert plain(session, cast, "hohhot") == (4, 4)
        assert plain(session, cast, "base") == (4, 5)


@ready.both
def test_duplicates_that_were_merged_are_one_person(cast: c.Cast) -> None:
    with db.transaction() as session:
        session.get_one(Person, c.person_id(9)).merged_into_id = c.person_id(1)
    found = of(cast, "leader")
    with db.reading() as session:
        assert (found.done, found.visits) == plain(session, cast) == (6, 8)


@ready.both
def test_a_day_knows_what_was_approved_by_then_and_nothing_that_was_done_later(cast: c.Cast) -> None:
    """Three approvals; a person's hours are taken back later, and a report's approval is undone later still."""
    approved, back, undone = (db.office_day(c.AFTER) + timedelta(days=days) for days in (0, 3, 5))
    with db.transaction() as session:
        batches = session.scalars(sa.select(CreditBatch).order_by(CreditBatch.id)).all()
        act: Any = {"actor": cast["hohhot_reviewer"], "reason": "未参加"}
        books.reverse(session, batches[2].id, lines=[2], now=c.AFTER + timedelta(days=3), **act)
        report = session.get_one(Report, batches[0].submission_id)
        act = {"version": report.version, "actor": cast["reviewer"], "reason": "误操作"}
        workflow.move(session, report.id, Action.UNDO, now=c.AFTER + timedelta(days=5), **act)
    known = {}
    for day in (approved - timedelta(1), approved, back - timedelta(1), back, undone, END):
        found = of(cast, "leader", day)
        with db.reading() as session:
            known[day] = plain(session, cast, on=day)
        assert (found.done, found.visits) == known[day], day
    assert [*known.values()] == [(0, 0), (7, 9), (7, 9), (6, 8), (5, 5), (5, 5)]
    assert of(cast, "leader", date(2025, 1, 1), year=2025).done == 0


def test_a_period_is_filed_with_what_took_place_in_it_as_known_when_it_is_filed(cast: c.Cast) -> None:
    last_day, filed_on = c.PLAN.end_on, db.office_day(c.AFTER)
    with db.reading() as session:
        for on, known, people in ((last_day, None, 0), (last_day, filed_on, 7), (last_day - timedelta(1), filed_on, 0)):
            told = progress.of_year(session, cast["leader"], YEAR, on, known=known)
            assert next(each.done for each in told if each.programme.code == CODE) == people, (on, known)


def test_each_organization_with_a_line_stands_for_itself_the_others_for_their_authority(cast: c.Cast) -> None:
    with db.reading() as session:
        unsplit = progress.by_office(session, cast["leader"], targets.programme(CODE, YEAR), YEAR, END)
    assert unsplit["done"].tolist() == [4, 4]
    assert unsplit["target"].isna().all()
    publish(cast, split(cast, 10, hohhot=8, baotou=2))
    assert table(cast, "leader") == [("hohhot", 8, 4, 4), ("baotou", 2, 0, 0), ("region", None, 4, 5)]
    assert table(cast, "hohhot_leader") == [("hohhot", 8, 4, 4)]
    assert table(cast, "baotou_reviewer") == [("baotou", 2, 0, 0)]
    assert table(cast, "department") == []
    assert of(cast, "hohhot_leader").share == 0.5
    with db.reading() as session, pytest.raises(Refused, match="role"):
        progress.of_year(session, _as(cast["base"], Role.PERSON), YEAR, END)


def _as(actor: Actor, role: Role) -> Actor:
    return Actor(**{**vars(actor), "role": role})


def test_a_programme_of_which_nothing_is_kept_says_so_and_no_nought(cast: c.Cast) -> None:
    with db.reading() as session:
        found = progress.of_year(session, cast["leader"], YEAR, END)
    kept = {each.programme.way for each in found if each.done is not None}
    assert kept == progress.COUNTED.keys()
    for each in found:
        if each.done is None:
            assert (each.share, each.visits, each.forecast) == (None, None, None)
            assert "尚无完成情况的记录" in each.sentence
            with db.reading() as session:
                frame = progress.by_office(session, cast["leader"], each.programme, YEAR, END)
            assert frame["done"].isna().all()


# --- the calendar -----------------------------------------------------------------------------------------------------


def test_without_a_year_to_go_by_the_pace_is_even_through_the_calendar(cast: c.Cast) -> None:
    found = of(cast, "leader", date(2024, 7, 1))
    assert found.expected == pytest.approx(20000 * 183 / 366)
    assert "按全年日数平均应已完成10,000人，落后9,993人" in found.sentence
    assert of(cast, "leader", END).expected == 20000
    assert "应完成" not in of(cast, "leader", END).sentence


def course(*days: date) -> Callable[[Programme, int], sa.Select[Any]]:
    """So many done on each of these days, by nobody in particular."""
    columns = ("authority_id", "organization_id", "key", "item")
    rows = sa.union_all(
        *(
            sa.select(
                *(sa.literal(at + 1).label(name) for name in columns),
                *(sa.literal(day, sa.Date).label(name) for name in ("on", "known")),
                sa.literal(None, sa.Date).label("until"),
            )
            for at, day in enumerate(days)
        )
    ).subquery()
    return lambda found, year: sa.select(rows).where(rows.c.on.between(date(year, 1, 1), date(year, 12, 31)))


@ready.both
def test_a_year_to_go_by_gives_the_pace_its_course(cast: c.Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    spring = [date(2023, 2, 1), date(2023, 3, 1), *[date(2023, 4, 1)] * 13]
    days = [*spring, *[date(2023, 11, 1)] * 5, *[date(2024, 3, 1)] * 3]
    monkeypatch.setitem(progress.COUNTED, Way.LINES, course(*days))
    found = of(cast, "leader", date(2024, 6, 30))
    assert (found.done, found.expected, found.expected_by) == (3, 15000, "按上年同期进度")
    for too_little in (days[1:], [*[date(2023, 12, 1)] * 200, *days[20:]]):
        monkeypatch.setitem(progress.COUNTED, Way.LINES, course(*too_little))
        assert of(cast, "leader", date(2024, 6, 30)).expected_by == "按全年日数平均"


# --- what the year may come to ----------------------------------------------------------------------------------------


def held(session: Session, cast: c.Cast, number: int, end_on: date, planned: int, came: int | None) -> None:
    """A line that was over on a day, with a plan, and a report where anybody came."""
    line = a_line(session, cast, "region", number, people=planned, end_on=end_on)
    home = cast.places["base"]
    usual: dict[str, Any] = {"organization_id": home.id, "authority_id": home.authority_id, "created_at": c.NOW}
    usual |= {"start_on": end_on, "end_on": end_on, "state": State.APPROVED, "title": f"培训{number}"}
    planned_at = datetime.combine(end_on - timedelta(30), datetime.min.time(), db.OFFICE_ZONE)
    words = dict.fromkeys(("place", "content", "teachers", "audience"), "示例")
    given = {"mode": Mode.CLASSROOM, "headcount": planned, "hours_each": 8, "decided_at": planned_at}
    plan = Plan(**usual, **words, **given, subject="professional", line_id=line.id)
    session.add(plan)
    session.flush()
    if came is not None:
        decided = datetime.combine(end_on + timedelta(10), datetime.min.time(), db.OFFICE_ZONE)
        session.add(Report(**usual, plan_id=plan.id, due_on=end_on, people=came, decided_at=decided))


@pytest.fixture
def planned(office: object) -> c.Cast:
    """Six lines over, of which one never took place, and ten still to come, of 100 people each."""
    cast = ready.office(with_a_department)
    with db.transaction() as session:
        for number, came in enumerate((100, 90, 80, 100, 90, None)):
            held(session, cast, number, date(2024, 2, 1), 100, came)
        for number in range(6, 16):
            a_line(session, cast, "region", number, people=100, end_on=date(2024, 10, 1))
    return cast


def test_the_forecast_draws_from_what_became_of_earlier_lines_and_is_the_same_again(planned: c.Cast) -> None:
    found, again = (of(planned, "leader", date(2024, 6, 30)).forecast for _ in range(2))
    assert found == again
    assert found
    mean = 10 * (100 + 90 + 80 + 100 + 90 + 0) / 6
    assert found.least < mean < found.most
    assert found.likely == pytest.approx(mean, rel=0.1)
    assert 0 <= found.least <= found.likely <= found.most <= 1000
    assert (found.left, found.planned, found.lapsed) == (10, 1000, 1)
    told = of(planned, "leader", date(2024, 6, 30)).sentence
    assert "还有10项任务待办（计划1,000人），另有1项任务逾期未办，按到期任务的办成情况和进度预计到年底" in told


def test_lines_that_are_long_overdue_count_as_such_ones_came_to_and_words_stand_for_their_month(
    planned: c.Cast,
) -> None:
    """None of the overdue was carried out after all; what is approved in the next year is none of this one's."""
    late = of(planned, "leader", date(2024, 11, 20)).forecast
    assert late == Forecast(0, 0, 0, lapsed=11)
    with db.transaction() as session:
        for number, words in enumerate(("5月中旬", "二季度", "十二月下旬", "12月底前"), start=20):
            said = json.dumps({"start": words}, ensure_ascii=False)
            a_line(session, planned, "region", number, people=1000, said=said)
    found = of(planned, "leader", date(2024, 9, 1)).forecast
    assert found
    assert (found.left, found.planned, found.lapsed) == (12, 3000, 3)
    assert found.most <= 1000  # of December's, whose reports took ten days, none is approved in time


def test_the_band_of_an_early_day_holds_what_the_year_comes_to(
    planned: c.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was over first was the surest: of the ten lines to come nothing comes of nine."""
    days = [date(2024, month, day) for month in range(1, 13) for day in (5, 20)]
    monkeypatch.setitem(progress.COUNTED, Way.LINES, course(*days))
    for month in (3, 6, 8):
        found = of(planned, "leader", date(2024, month, 28)).forecast
        assert found
        assert found.least <= len(days) <= found.most
        assert found.least < found.likely < found.most


@pytest.mark.parametrize("months", [range(1, 7), range(7, 13)], ids=["all of it", "none of it"])
def test_last_years_work_being_over_by_this_day_or_not_begun_makes_nothing_certain_of_this_years(
    planned: c.Cast, monkeypatch: pytest.MonkeyPatch, months: range
) -> None:
    days = [date(2024, month, 5) for month in range(1, 7)] + [date(2023, month, 5) for month in months] * 5
    monkeypatch.setitem(progress.COUNTED, Way.LINES, course(*days))
    found = of(planned, "leader", date(2024, 6, 30))
    assert found.target
    assert found.expected_by == "按上年同期进度"
    assert found.expected == (found.target if months[0] == 1 else 0)
    assert found.forecast
    assert found.forecast.least < found.forecast.most


def test_where_little_is_over_nothing_is_foretold_and_the_reason_is_said(planned: c.Cast) -> None:
    found = of(planned, "leader", date(2024, 2, 15))
    assert found.forecast is None
    assert found.sentence.endswith("；到期的任务不足5项，暂不预测年底。")


def test_a_year_that_is_over_and_a_league_without_lines_have_nothing_to_come(planned: c.Cast) -> None:
    assert of(planned, "leader", END).forecast is None
    found = of(planned, "hohhot_leader", date(2024, 6, 30))
    assert found.forecast == Forecast(0, 0, 0)
    assert found.sentence == "知识更新能力提升项目：本单位已完成0人，没有下达指标。"


# --- in words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "done", "expected", "words"),
    [
        (Split(5, 10), 3, 3.4, "3期，指标5至10期，还差2期；按天应已完成3期，与之一致。"),
        (Split(5, 10), 1, 4.6, "1期，指标5至10期，还差4期；按天应已完成5期。"),
        (Split(5, 10), 1, 2.6, "1期，指标5至10期，还差4期；按天应已完成3期，落后2期。"),
        (Split(5, 10), 0, 4.6, "0期，指标5至10期；按天应已完成5期，落后5期。"),
        (Split(5, 10), 0, 0.3, "0期，指标5至10期。"),
        (Split(5, 10), 5, 4.6, "5期，在指标5至10期之内。"),
        (Split(5, 10), 12, 4.6, "12期，比指标5至10期多2期。"),
        (Split(30), 30, 20.0, "30期，已达到指标30期。"),
        (Split(30), 31, 20.0, "31期，比指标30期多1期。"),
        (Split(30), 15, None, "15期，占指标30期的50.0%。"),
        (Split(30), 15, 12.0, "15期，占指标30期的50.0%；按天应已完成12期，超前3期。"),
        (Split(0), 0, 0.0, "0期，指标0期。"),
    ],
)
def test_a_target_is_missed_met_or_passed_and_the_pace_kept_in_words(
    given: Split, done: int, expected: float | None, words: str
) -> None:
    found = Programme(code="example", way=Way.SEMINARS, name="示例项目", clause="二", unit="期")
    told = progress.sentence(found, given, (done, done), expected, "按天", "", whose="全区")
    assert told == f"示例项目：全区已完成{words}"


@ready.both
def test_a_year_of_study_has_the_pace_of_last_years_day_or_none(cast: c.Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty people are selected on one day: a tenth of them by February says nothing."""

    def of_study() -> Progress:
        with db.reading() as session:
            found = progress.of_year(session, cast["leader"], YEAR, date(2024, 6, 30))
        return next(each for each in found if each.programme.code == "special_training")

    assert (of_study().expected, of_study().sentence) == (
        None,
        "少数民族地区专业技术人才特培计划：全区已入选0人，指标40人；按名额遴选，不预测。",
    )
    monkeypatch.setitem(progress.COUNTED, Way.STUDY, course(*[date(2023, 5, 6)] * 20, *[date(2024, 5, 8)] * 30))
    assert of_study().expected == 40
    assert of_study().sentence.endswith(
        "；按上年同期进度应已入选40人，落后10人；在培0人，结业0人；按名额遴选，不预测。"
    )
