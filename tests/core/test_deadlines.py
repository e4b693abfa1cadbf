"""Deadlines: the worked examples of 2024, what a notice may say otherwise, and the holidays the office enters."""

from datetime import date, datetime, timedelta

import pytest

from core.ground import db
from core.ground.access import OrganizationKind, Refused
from core.law import deadlines, notices
from core.law.deadlines import Deadline
from core.law.workdays import DayKind, SaidOfDay, WorkDays
from core.models import AuditEntry
from core.people import holidays
from core.submissions import plans, reports
from core.submissions.kinds import KINDS
from tests import cast as c
from tests.cast import Cast

RULE = notices.of_year(2024)
SHIPPED = WorkDays()


def day(text: str) -> date:
    return date.fromisoformat(text)


def plan(start_on: str) -> Deadline:
    return deadlines.of_plan(RULE, day(start_on), SHIPPED)


def report(end_on: str) -> Deadline:
    return deadlines.of_report(RULE, day(end_on), SHIPPED)


def dated(code: str) -> Deadline:
    return {each.code: each for each in deadlines.of_year(RULE, 2024, None, SHIPPED)}[code]


@pytest.mark.parametrize(
    ("found", "raw", "due", "safe"),
    [
        (plan("2024-03-18"), "2024-03-04", "2024-03-04", "2024-03-04"),
        (plan("2024-02-26"), "2024-02-12", "2024-02-12", "2024-02-09"),
        (plan("2024-10-15"), "2024-10-01", "2024-10-01", "2024-09-30"),
        (report("2024-09-20"), "2024-10-04", "2024-10-08", "2024-10-08"),
        (report("2024-04-20"), "2024-05-04", "2024-05-06", "2024-05-06"),
        (report("2024-01-28"), "2024-02-11", "2024-02-18", "2024-02-18"),
        (report("2024-06-01"), "2024-06-15", "2024-06-17", "2024-06-17"),
        (dated("capability.plan_due"), None, "2024-01-31", "2024-01-31"),
        (dated("capability.summary_due"), None, "2024-11-30", "2024-11-29"),
        (dated("duty.2"), None, "2024-02-29", "2024-02-29"),
    ],
)
def test_the_worked_examples_of_2024(found: Deadline, raw: str | None, due: str, safe: str) -> None:
    assert (found.due_on, found.safe_on) == (day(due), day(safe))
    assert found.counted_on == (day(raw) if raw else None)
    assert found.rolled == (raw not in (None, due))
    assert found.guessed == ()
    assert found.clause in RULE.clauses


def test_each_answer_shows_its_working() -> None:
    assert report("2024-09-20").words == (
        "培训结束2024-09-20，当天不算，后数14天，为2024-10-04；2024-10-04是休息日，顺延到下一个工作日2024-10-08；"
        "期间有国庆节。"
    )
    assert plan("2024-02-26").words == (
        "培训开始2024-02-26，当天不算，前数14天，为2024-02-12；当天是休息日，期限不顺延，此前最后一个工作日是2024-02-09；"
        "期间有春节。"
    )
    assert dated("capability.summary_due").words == (
        "期限为2024-11-30当天24时；当天是休息日，期限不顺延，此前最后一个工作日是2024-11-29。"
    )


def test_a_year_without_holidays_counts_weekends_and_says_so() -> None:
    found = report("2027-09-17")  # 14 days later it is 1 October, a Friday
    assert (found.due_on, found.guessed) == (day("2027-10-01"), (2027,))
    assert found.words.endswith("2027年的放假安排没有录入，只按周六、周日休息计算。")
    own = WorkDays({day(f"2027-10-0{number}"): SaidOfDay(DayKind.REST, "国庆节") for number in range(1, 8)})
    known = deadlines.of_report(RULE, day("2027-09-17"), own)
    assert (known.due_on, known.guessed) == (day("2027-10-08"), ())


def test_whom_a_day_of_the_year_binds_and_what_a_league_closes_earlier() -> None:
    assert dated("capability.plan_due").offices == (OrganizationKind.LEAGUE_HR, OrganizationKind.DEPARTMENT)
    assert dated("study.0").due_on == day("2024-12-31")
    league = notices.read(db.ROOT / "tests" / "data" / "policies" / "good" / "league.yaml")
    closing = {each.due_on for each in deadlines.of_year(league, 2024, "乌海市", SHIPPED) if "学习" in each.matter}
    assert day("2024-11-30") in closing
    assert day("2024-11-30") not in {
        each.due_on for each in deadlines.of_year(league, 2024, "包头市", SHIPPED) if "学习" in each.matter
    }


def changed(**settings: str | bool | None) -> notices.Policy:
    """The notice with other settings, or without those that are None."""
    kept = [each for each in RULE.interpretations if each.setting not in settings]
    said = [
        notices.Interpretation(setting=name, value=value, clause="一(五)1", reason="另有规定")
        for name, value in settings.items()
        if value is not None
    ]
    return RULE.model_copy(update={"interpretations": (*kept, *said)})


def test_a_notice_that_says_nothing_of_it_counts_as_before() -> None:
    older = changed(deadline_days=None, roll_forward=None)
    assert deadlines.of_report(older, day("2024-09-20"), SHIPPED).due_on == day("2024-10-04")
    assert deadlines.of_plan(older, day("2024-10-15"), SHIPPED).due_on == day("2024-10-01")


def test_a_notice_may_count_working_days() -> None:
    rule = changed(deadline_days="working")
    due_on = deadlines.of_report(rule, day("2024-09-20"), SHIPPED).due_on
    assert due_on == day("2024-10-15")  # a Sunday and a Saturday are worked in exchange
    assert deadlines.of_plan(rule, day("2024-10-15"), SHIPPED).due_on == day("2024-09-20")
    assert "前数14个工作日" in deadlines.of_plan(rule, day("2024-10-15"), SHIPPED).words


@pytest.mark.parametrize("counted", ["calendar", "working"])
def test_the_earliest_start_is_the_first_that_is_still_in_time(counted: str) -> None:
    rule = changed(deadline_days=counted)
    for number in range(0, 60, 7):
        today = day("2024-01-25") + timedelta(days=number)
        earliest = deadlines.earliest_start_on(rule, today, SHIPPED)
        assert deadlines.of_plan(rule, earliest, SHIPPED).due_on >= today
        assert deadlines.of_plan(rule, earliest - timedelta(days=1), SHIPPED).due_on < today


# --- the office's own holidays, and what on file follows them -------------------------------------------------------


def enter(cast: Cast, first: str, last: str, kind: DayKind, by: str = "admin", name: str = "示例假日") -> int:
    with db.transaction() as session:
        return holidays.enter(session, day(first), day(last), kind, name, actor=cast[by], now=c.NOW)


def test_the_office_enters_holidays_and_takes_them_back(database: str) -> None:
    cast = c.assemble()
    assert enter(cast, "2027-02-05", "2027-02-12", DayKind.REST, name="春节") == 8
    assert enter(cast, "2027-02-14", "2027-02-14", DayKind.WORK, name="春节") == 1
    assert enter(cast, "2024-10-07", "2024-10-07", DayKind.WORK) == 1  # before a shipped one
    with db.reading() as session:
        days = holidays.work_days(session)
        table = holidays.of_year(session, 2027)
        autumn = holidays.of_year(session, 2024)
        (*_, last) = session.query(AuditEntry).order_by(AuditEntry.id)
    assert days.known(2027)
    assert not days.known(2028)
    assert days.on_or_after(day("2027-02-05")) == day("2027-02-14")
    assert days.on_or_after(day("2024-10-01")) == day("2024-10-07")
    assert table.values.tolist() == [
        [day("2027-02-05"), day("2027-02-12"), "rest", "春节", True],
        [day("2027-02-14"), day("2027-02-14"), "work", "春节", True],
    ]
    assert autumn[autumn["own"]]["first_on"].tolist() == [day("2024-10-07")]
    assert (last.event, last.before, last.after) == ("office.holidays", "{}", '{"2024-10-07":"work 示例假日"}')
    with db.transaction() as session:
        gone = holidays.take_back(session, day("2024-10-01"), day("2024-10-31"), actor=cast["admin"], now=c.NOW)
        assert gone == 1
        assert holidays.work_days(session).on_or_after(day("2024-10-01")) == day("2024-10-08")


@pytest.mark.parametrize(
    ("by", "first", "last", "name", "code"),
    [
        ("hohhot_admin", "2027-05-01", "2027-05-03", "劳动节", "jurisdiction"),
        ("reviewer", "2027-05-01", "2027-05-03", "劳动节", "role"),
        ("admin", "2027-05-03", "2027-05-01", "劳动节", "days"),
        ("admin", "2027-05-01", "2027-06-30", "劳动节", "days"),
        ("admin", "1999-05-01", "1999-05-01", "劳动节", "days"),
        ("admin", "2027-05-01", "2027-05-03", "　", "name"),
        ("admin", "2027-05-01", "2027-05-03", "节" * 21, "name"),
    ],
)
def test_what_cannot_be_entered_changes_nothing(
    office: object, by: str, first: str, last: str, name: str, code: str
) -> None:
    cast = c.assemble()
    before = c.everything()
    with pytest.raises(Refused) as refused:
        enter(cast, first, last, DayKind.REST, by, name)
    assert refused.value.code == code
    assert c.everything() == before


def test_a_draft_follows_the_holidays_and_what_was_filed_keeps_its_day(office: object) -> None:
    cast = c.assemble()
    draft = c.draft_report(cast, c.sheet([c.row(1)]))
    usual = draft.end_on + timedelta(days=RULE.report_days_after_end)
    assert draft.due_on == usual

    def due() -> list[date]:
        with db.reading() as session:
            found = session.get_one(type(draft), draft.id)
            counted = KINDS["report"].deadline(session, found)
            assert counted
            listed = reports.open_plans(session, cast["base"], now=c.AFTER)["due_on"].tolist()
            return [counted.due_on, *listed]

    enter(cast, str(usual), str(usual), DayKind.REST)
    later = holidays.WorkDays({usual: SaidOfDay(DayKind.REST, "")}).on_or_after(usual)
    assert due() == [later, later]
    filed_at = datetime.combine(later, c.NOW.timetz())
    with db.transaction() as session:
        filed, _ = c.workflow.move(
            session, draft.id, c.Action.SUBMIT, version=draft.version, actor=cast["base"], now=filed_at
        )
        assert not filed.late
    with db.transaction() as session:
        holidays.take_back(session, usual, usual, actor=cast["admin"], now=c.NOW)
    assert due() == [later]


def test_an_extension_is_the_deadline_of_its_plan(office: object) -> None:
    cast = c.assemble()
    late = c.NOW + timedelta(days=8)
    with db.transaction() as session:
        drafted = plans.draft(session, c.PLAN, actor=cast["base"], now=late)
    with db.transaction() as session:
        plans.grant_extension(session, drafted.id, actor=cast["admin"], reason="急需", now=late)
    with db.reading() as session:
        found = KINDS["plan"].deadline(session, session.get_one(plans.Plan, drafted.id))
    assert found
    assert found.due_on == c.PLAN.start_on - timedelta(days=1)
    assert "准予延期上报" in found.words
