"""The demonstration office: everything a five-minute demo needs is there, true to the rules, whatever the day."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import models
from core.courses import courses, figures
from core.eligibility import decisions
from core.ground import db, resident_id
from core.ground.access import Actor, OrganizationKind, Refused, Role
from core.law import notices
from core.ledger import checks, statements
from core.models import Account, AuditEntry, CreditBatch, Organization, Person, Plan, Report, State
from core.office import dashboards
from core.office.dashboards import Wanted, filed
from core.people import accounts, passwords
from core.quotas import progress
from core.records import recognition
from core.submissions import plans, queues, reports, roster, workflow
from core.submissions.kinds import KINDS
from core.submissions.programmes import study
from core.submissions.workflow import Action
from core.trail import audit
from core.trail.files import Upload
from data.demo import office as demonstration
from data.demo.office import ACCOUNTS, PASSWORD, open_demo
from tests import cast as c
from tests import ready

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SAMPLES = [db.ROOT / "tests" / "data" / name for name in ("roster.xlsx", "roster.xls", "roster.csv")]


def who(session: sa.orm.Session, username: str) -> Actor:
    """A demonstration account as the actor it signs in as."""
    account = session.scalars(sa.select(Account).where(Account.username == username)).one()
    home = account.organization
    return Actor(account.id, account.name, account.role, home.id, home.name, home.kind, account.person_id)


@pytest.fixture
def demo(office: Path) -> Path:
    ready.office(opened)
    return office


@pytest.fixture
def thinner(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same scenes with a fifth of the people, and a sixth of the trainings that nobody arranged."""
    givers = demonstration._givers
    monkeypatch.setattr(demonstration, "PEOPLE", 1000)
    monkeypatch.setattr(
        demonstration, "_givers", lambda office: [replace(each, yearly=each.yearly // 6) for each in givers(office)]
    )


def opened() -> None:
    with db.transaction() as session:
        open_demo(session, now=NOW)


def strangers() -> None:
    """Its people are synthetic, and none of the sample rosters'."""
    samples = {row.id_number for path in SAMPLES for row in roster.read(path.read_bytes(), path.name).rows}
    assert len(samples) == 600
    with db.reading() as session:
        persons = list(session.scalars(sa.select(Person)))
        assert len(persons) == 5001
        assert len([person for person in persons if person.merged_into_id]) == 1  # one whose number was mistyped
        for person in persons:
            assert resident_id.problem(person.id_number) is None
            assert person.id_number.startswith("150199")
            assert 2 <= len(person.name) <= 20
            assert 21 <= NOW.year - person.birth_on.year <= 63
        assert not samples & {person.id_number for person in persons}
        names = {person.name for person in persons}
        assert any("·" in name for name in names)
        assert any(ord(letter) > 0xFFFF for name in names for letter in name)
        years = session.execute(
            sa.select(models.CreditTotal.year, sa.func.count(models.CreditTotal.person_id.distinct())).group_by(
                models.CreditTotal.year
            )
        )
        assert {year: people > 3500 for year, people in years} == {2024: True, 2025: True, 2026: True}


def programmes_under_way() -> None:
    """Targets are split and adjusted, tables filed in time and late, people selected, published and away to study."""
    with db.reading() as session:
        leader = who(session, "leader")
        told = {each.programme.way: each for each in progress.of_year(session, leader, NOW.year, db.office_day(NOW))}
        assert all(each.number for each in told.values())
        lines = told[notices.Way.LINES]
        assert lines.number == 2
        assert lines.done
        offices = progress.by_office(session, leader, lines.programme, NOW.year, db.office_day(NOW))
        shares = offices.dropna(subset="share").set_index("office")["share"]
        assert shares["鄂尔多斯市人力资源和社会保障局"] > 1 > 0.7 > shares["赤峰市人力资源和社会保障局"]
        filed_tables = session.scalars(sa.select(models.PlanTable).where(models.PlanTable.year == NOW.year))
        tables = {each.organization.name: each for each in filed_tables}
        assert [name for name, each in tables.items() if each.late] == ["乌海市人力资源和社会保障局"]
        assert "阿拉善盟人力资源和社会保障局" not in tables
        waits = session.scalars(sa.select(models.Nomination))
        stopped = next(each for each in waits if study.status(each) == "待盟市排名")
        hints = {each.code for each in KINDS["nomination"].warnings(session, stopped, who(session, "league_reviewer"))}
        assert "earlier" in hints, "docs/demo.md promises it"
        of_this_year = models.YearSummary.year == NOW.year
        summaries = Counter(session.scalars(sa.select(models.YearSummary.state).where(of_this_year)))
        assert set(summaries) == {State.APPROVED, State.SUBMITTED}
        stands = Counter(study.status(each) for each in session.scalars(sa.select(models.Nomination)))
        assert {"研修中", "备选第1位", "公示中", "待盟市排名", "待自治区遴选", "未入选"} <= set(stands)
        assert told[notices.Way.SEMINARS].done == told[notices.Way.CLASSES].done == 1
        this_year = sa.extract("year", models.Seminar.start_on) == NOW.year
        seminars = Counter(session.scalars(sa.select(models.Seminar.state).where(this_year)))
        assert seminars == {State.APPROVED: 2, State.SUBMITTED: 1}
        for certificates in (models.FinishTest.number, models.Assessment.number):
            assert session.scalar(sa.select(sa.func.count(certificates)))
        placed = list(session.scalars(sa.select(models.Placement)))
        assert all(each.reported_on and each.planned_on for each in placed)
        assert [each.state for each in session.scalars(sa.select(models.Objection))] == [State.SUBMITTED]
        course = session.scalars(sa.select(models.Course).where(models.Course.year == NOW.year).limit(1)).one()
        whole, _ = figures.counts(session, course.id, who(session, "exam"))
        assert (whole.begun, whole.studied, whole.passed) == (39, 20, 12)
        assert not figures.hints(session, course.id, who(session, "exam")).empty
        assert len(courses.waiting(session, who(session, "league_reviewer"))) == 1


def test_the_demonstration_shows_every_role_state_and_deadline_by_people_there_are_not(demo: Path) -> None:
    with db.reading() as session:
        kinds = Counter(session.scalars(sa.select(Organization.kind)))
        assert kinds[OrganizationKind.LEAGUE_HR] == 14
        assert kinds[OrganizationKind.BASE] == 30
        assert kinds[OrganizationKind.EMPLOYER] == 60
        for kind in (Plan, Report):
            states = Counter(session.scalars(sa.select(kind.state)))
            assert set(states) == set(State), f"{kind.__name__}: {states}"
        assert 150 <= session.scalar(sa.select(sa.func.count()).select_from(sa.inspect(Plan).local_table)) <= 300
        assert {each.role for each in ACCOUNTS} == set(Role)
        assert notices.in_force(db.office_day(NOW)).id == "demo-2026"  # of its own year, and marked as made up
        assert all("虚构" in notices.of_year(year).document for year in (2025, 2026))
        assert not accounts.two_people(
            session, who(session, "admin2"), who(session, "admin").account_id, now=NOW, what=""
        )
        decided = decisions.decided(session, who(session, "title"))
        assert set(decided["year"]) == {2025, 2026}
        assert {"符合", "不符合"} <= set(decided["outcome"])
        assert {"更正", "调动", "合并"} == {each.label for each in session.scalars(sa.select(models.PersonChange.kind))}
        for each in ACCOUNTS:
            account = session.scalars(sa.select(Account).where(Account.username == each.username)).one()
            assert (account.role, account.organization.name) == (each.role, each.organization)
            assert not account.must_change_password
        assert passwords.fits(PASSWORD, account.password_hash)
        for username, kind, fewest in (
            ("reviewer", "plan", 8),
            ("reviewer", "report", 5),
            ("league_reviewer", "plan", 4),
            ("league_reviewer", "report", 3),
        ):
            waiting = queues.queue(session, who(session, username), kinds=(kind,), state=State.SUBMITTED, own=True)[1]
            assert waiting >= fewest, (username, kind)
        due = reports.open_plans(session, who(session, "base"), now=NOW)
        assert {"draft", "returned"} <= set(due["state"])
        assert (due["days_left"] < 0).any()
        person = who(session, "person").person_id
        assert person
        assert list(c.totals(session, person)["lacks"][1:]) == ["已完成", "已完成"]
        claims = {by: queues.queue(session, who(session, by), kinds=("claim",))[0] for by in ("reviewer", "person")}
        assert Counter(claims["reviewer"]["state"]) == {State.SUBMITTED: 2, State.APPROVED: 1}
        assert list(claims["person"]["state"]) == [State.SUBMITTED]
        assert (
            queues.queue(session, who(session, "reviewer"), kinds=("dispute",), state=State.SUBMITTED, own=True)[1] == 1
        )
        origins = statements.batches(session, who(session, "admin"), limit=None)[0]
        assert {"claim", "import", "reversal"} <= set(origins["origin"])
        assert list(origins[origins["origin"] == "import"]["standing"]) == ["reversed", "stands"]
        makeup = [plan for plan in session.scalars(sa.select(Plan)) if plan.credit_years]
        assert [plan.state for plan in makeup] == [State.SUBMITTED]
        assert db.faults(session, models.append_only_tables()) == []
        assert checks.faults(session) == []
        assert audit.faults(session) == []
    strangers()
    programmes_under_way()
    year_beside_the_last()


def year_beside_the_last() -> None:
    """Last year is there to be compared with, leagues have trainings to recognise, filed figures changed."""
    with db.reading() as session:
        leader = who(session, "leader")
        seen = dashboards.board(session, leader, Wanted(NOW.year, db.office_day(NOW)), now=NOW)
        assert not [each.measure.label for each in seen.tiles() if each.change == dashboards.NO_BEFORE]
        assert seen.due_now() == ("项目实施情况总结18个应报，已报4个（11月30日截止）",)  # and in no rate yet
        assert "项目实施情况总结" not in set(seen.in_time()["matter"])
        grown = next(each for each in seen.tiles() if each.measure is dashboards.Measure.PEOPLE)
        assert 0.6 < (grown.before or 0) / (grown.value or 1) < 1, "a year as offices know it: some growth"
        before = progress.of_year(session, leader, NOW.year - 1, date(NOW.year - 1, 12, 31))
        reached = {each.programme.code: (each.share or 0) >= 1 for each in before}
        assert [code for code in reached if not reached[code]] == ["special_training"], "one of five fell short"
        assert min(each.share or 0 for each in before) == 0.8
        for day in (
            date(NOW.year - 1, 8, 31),
            date(NOW.year - 1, 10, 31),
            date(NOW.year, 5, 31),
            date(NOW.year, 8, 31),
        ):
            whole = before if day.year < NOW.year else progress.of_year(session, leader, NOW.year, db.office_day(NOW))
            came = next(each.done for each in whole if each.programme.way is notices.Way.LINES) or 0
            told = progress.of_year(session, leader, day.year, day)
            foreseen = next(each.forecast for each in told if each.programme.way is notices.Way.LINES)
            assert foreseen, day
            assert came <= foreseen.most, day  # what was foretold on an earlier day holds what came
            assert day.year == NOW.year or foreseen.least <= came, day
        assert recognition.trainings(session, leader, NOW.year)[1] >= 2
        assert recognition.trainings(session, who(session, "league_reviewer"), NOW.year)[1]
        for each in filed.listed(session, leader)["id"]:
            assert not filed.differences(session, int(each), leader, now=NOW).lines.empty


@pytest.mark.usefixtures("thinner", "database")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_demo_base_can_report_its_600_people_and_is_refused_its_late_plan() -> None:
    opened()
    never_ahead_of(NOW)
    with db.reading() as session:
        base, reviewer = who(session, "base"), who(session, "reviewer")
        due = reports.open_plans(session, base, now=NOW)
        big = due[due["headcount"] >= 600].iloc[0]
        drafts = session.scalars(sa.select(Plan).where(Plan.organization_id == base.organization_id))
        late = min((plan for plan in drafts if plan.state is State.DRAFT), key=lambda plan: plan.start_on)
    with db.transaction() as session:
        report, problems = reports.save(
            session,
            int(big["plan_id"]),
            reports.ReportFields(big["start_on"], big["end_on"], "培训总结"),
            announcement=Upload("通知.pdf", b"%PDF-1.4"),
            roster_file=Upload("roster.xlsx", SAMPLES[0].read_bytes()),
            actor=base,
            now=NOW,
        )
        assert problems == []
        workflow.move(session, report.id, Action.SUBMIT, version=report.version, actor=base, now=NOW)
    with db.transaction() as session:
        _, told = workflow.move(session, report.id, Action.APPROVE, version=report.version, actor=reviewer, now=NOW)
        assert told.words.startswith("为600人登记14400学时")
    with pytest.raises(Refused, match="late"), db.transaction() as session:
        workflow.move(session, late.id, Action.SUBMIT, version=late.version, actor=base, now=NOW)
    with db.transaction() as session:
        plans.grant_extension(session, late.id, actor=who(session, "admin"), reason="上级临时部署", now=NOW)
    with pytest.raises(Refused, match="open"), db.transaction() as session:
        open_demo(session, now=NOW)


@pytest.mark.usefixtures("thinner", "office")
@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2028, 12, 31)])
def test_it_opens_on_any_day_and_never_runs_ahead_of_it(day: date) -> None:
    now = datetime.combine(day, datetime.min.time(), db.OFFICE_ZONE) + timedelta(minutes=10)
    with db.transaction() as session:
        open_demo(session, now=now)
    never_ahead_of(now)


def never_ahead_of(now: datetime) -> None:
    """All that the demonstration did was done by this moment, in order, and its books stand."""
    with db.reading() as session:
        moments = list(session.scalars(sa.select(AuditEntry.at).order_by(AuditEntry.id)))
        assert moments == sorted(moments)
        assert moments[-1] <= now
        posted = list(session.scalars(sa.select(CreditBatch.posted_at).order_by(CreditBatch.id)))
        assert posted == sorted(posted)
        assert posted[-1] <= now
        assert set(session.scalars(sa.select(Plan.state))) == set(State)
        assert db.faults(session, models.append_only_tables()) == []
        assert checks.faults(session) == []
        assert audit.faults(session) == []
