"""An office's own notice end to end (本地通知): subjects, deadlines, study windows and limits, from plan to ledger."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import OrganizationKind, Refused
from core.law import notices, wording
from core.law.notices import Malformed, Policy, on_file
from core.ledger import statements
from core.models import CreditEntry, Mode, Plan, Report, RosterRow, State
from core.submissions import claims, plans, reports, roster, workflow
from core.submissions.workflow import Action
from core.tables import mending
from core.trail.files import Upload
from tests import cast as c
from tests import ready

GOOD = Path(__file__).resolve().parent.parent / "data" / "policies" / "good"
HOHHOT = "呼和浩特市"
CRAFT = replace(c.PLAN, subject="craft", hours_each=Decimal(18))


def publish(name: str) -> Policy:
    """A notice of `good` put in force in this office."""
    notices.published().mkdir(exist_ok=True)
    shutil.copyfile(GOOD / f"{name}.yaml", notices.published() / f"{name}.yaml")
    return next(each.policy for each in notices.filed() if each.id == name and each.policy)


@pytest.fixture
def cast(office: Path) -> Iterator[c.Cast]:
    """The usual office; the league of Hohhot has a notice of its own, the region has the shipped one."""
    made = c.assemble()
    publish("league-own-subjects")
    yield made
    on_file._loaded.cache_clear()


def told(fields: plans.PlanFields, kind: OrganizationKind = OrganizationKind.BASE, league: str | None = HOHHOT) -> str:
    """What is wrong with a plan, "" where nothing is."""
    try:
        plans.check_fields(fields, kind, league)
    except Refused as refused:
        return refused.words if refused.code == "fields" else f"not of its fields: {refused}"
    return ""


def sheet(form: roster.Form, *people: dict[str, Any]) -> bytes:
    """A roster in this form; each person a row, with what differs from the usual one."""
    rows = []
    for serial, changes in enumerate(people, start=1):
        usual = dict(zip(c.FORM.columns, c.row(serial), strict=True))
        rows.append([{**usual, **changes}.get(column, "") for column in form.columns])
    return c.sheet(rows, tuple(form.headings.values()))


# --- the plan -------------------------------------------------------------------------------------------------------


def test_a_plan_goes_by_the_notice_of_its_bases_league_and_another_bases_by_the_regions(cast: c.Cast) -> None:
    seven, fourteen = (c.TODAY + timedelta(days) for days in (7, 14))
    near = replace(CRAFT, start_on=seven, end_on=seven + timedelta(2))
    plan = c.file_plan(cast, by="hohhot_base", **{"subject": "craft", "hours_each": Decimal(18)} | days_of(near))
    assert (plan.subject, plan.state) == ("craft", State.SUBMITTED)
    sooner = replace(near, start_on=seven - timedelta(1))
    late = c.refusal(lambda s: submit(s, cast, plans.draft(s, sooner, actor=cast["hohhot_base"], now=c.NOW)))
    assert (late.code, "培训开始前7天上报（第七条）" in late.words) == ("late", True)
    refused = c.refusal(lambda s: plans.draft(s, near, actor=cast["base"], now=c.NOW))  # the region has no such subject
    assert (refused.code, list(refused.fields)) == ("fields", ["subject"])
    regional = replace(c.PLAN, start_on=seven, end_on=seven)
    regional = replace(regional, hours_each=Decimal(8))
    late = c.refusal(lambda s: submit(s, cast, plans.draft(s, regional, actor=cast["base"], now=c.NOW), by="base"))
    assert (late.code, "培训开始前14天" in late.words) == ("late", True)
    assert c.file_plan(cast, start_on=fourteen, end_on=fourteen, hours_each=Decimal(8)).state is State.SUBMITTED


def days_of(fields: plans.PlanFields) -> dict[str, date]:
    return {"start_on": fields.start_on, "end_on": fields.end_on}


def submit(session: Any, cast: c.Cast, plan: Plan, by: str = "hohhot_base") -> None:
    session.flush()
    workflow.move(session, plan.id, Action.SUBMIT, version=plan.version, actor=cast[by], now=c.NOW)


def test_subjects_providers_ways_and_hours_a_day_are_the_leagues(cast: c.Cast) -> None:
    base, bureau = OrganizationKind.BASE, OrganizationKind.LEAGUE_HR
    offered = [rule.name for rule in plans.subjects_of(base, c.PLAN.start_on, HOHHOT)]
    assert offered == ["业务科目", "职业道德"]  # a sub-subject is given by those who give its whole
    assert [rule.code for rule in plans.subjects_of(base, c.PLAN.start_on, None)] == ["professional"]
    assert told(CRAFT) == ""
    assert told(replace(CRAFT, subject="ethics")) == ""
    assert "每天至多6学时" in told(replace(CRAFT, hours_each=Decimal("18.5")))
    assert "公共科目由盟市人社局组织（第二条）" in told(replace(CRAFT, subject="general", mode=Mode.ONLINE))
    general = replace(CRAFT, subject="general")
    assert "公共科目的方式为线上或线上+线下（第二条）" in told(general, bureau)
    for mode in (Mode.ONLINE, Mode.BLENDED):
        assert told(replace(general, mode=mode), bureau) == ""


@pytest.mark.parametrize(
    ("subject", "first", "last", "open_"),
    [
        ("craft", date(2024, 2, 29), date(2024, 3, 1), False),
        ("craft", date(2024, 3, 1), date(2024, 3, 2), True),
        ("ethics", date(2024, 2, 29), date(2024, 2, 29), False),  # the window of its whole
        ("craft", date(2024, 11, 29), date(2024, 11, 30), True),
        ("craft", date(2024, 11, 30), date(2024, 12, 1), False),
        ("general", date(2024, 1, 31), date(2024, 2, 1), False),
        ("general", date(2024, 2, 1), date(2024, 2, 1), True),
        ("general", date(2024, 12, 31), date(2024, 12, 31), True),
    ],
)
def test_training_lies_in_the_study_window_of_its_league_and_subject(
    home: Path, subject: str, first: date, last: date, open_: bool
) -> None:
    publish("league-own-subjects")
    fields = replace(CRAFT, subject=subject, mode=Mode.ONLINE, start_on=first, end_on=last, hours_each=Decimal(2))
    kind = OrganizationKind.LEAGUE_HR if subject == "general" else OrganizationKind.BASE
    words = told(fields, kind)
    assert ("的学习时间为每年" in words and "（第三条）" in words) == (not open_)
    assert bool(words) == (not open_)
    if not open_:
        assert ("每年3月1日至11月30日" if subject != "general" else "每年2月1日至12月31日") in words


def test_make_up_study_has_a_window_of_its_own(home: Path) -> None:
    publish("league-own-subjects")
    june = replace(CRAFT, credit_years=(2023,))
    assert told(june) == ""
    july = replace(june, start_on=date(2024, 6, 30), end_on=date(2024, 7, 1), hours_each=Decimal(2))
    assert "可补学业务科目此前1个年度，每年5月1日至6月30日学习（第五条）" in told(july)
    assert "不能补学2022年度" in told(replace(CRAFT, credit_years=(2022,)))
    assert told(replace(june, subject="ethics")) == ""  # part of what may be made up


def test_the_window_that_says_the_most_of_subject_and_league_holds() -> None:
    policy = notices.read(GOOD / "league-own-subjects.yaml")
    lines = [
        {"clause": "第三条", "from": "01-01", "to": "12-31"},
        {"clause": "第三条", "league": HOHHOT, "from": "01-02", "to": "12-30"},
        {"clause": "第三条", "subject": "craft", "from": "01-03", "to": "12-29"},
        {"clause": "第三条", "subject": "craft", "league": HOHHOT, "from": "01-04", "to": "12-28"},
    ]
    windows = [notices.StudyWindow.model_validate(line) for line in lines]

    def first(kept: list[notices.StudyWindow], league: str | None, subject: str) -> str | None:
        found = policy.model_copy(update={"study_windows": tuple(kept)}).study_window(league, subject)
        return found.first if found else None

    assert [first(windows[:count], HOHHOT, "craft") for count in range(5)] == [
        None,
        "01-01",
        "01-02",
        "01-03",
        "01-04",
    ]
    assert [first(windows, *asked) for asked in ((None, "craft"), (HOHHOT, "general"), (None, "general"))] == [
        "01-03",
        "01-02",
        "01-01",
    ]
    assert first(windows, HOHHOT, "ethics") == "01-04"


def test_a_window_of_an_unknown_subject_and_one_said_twice_are_faults() -> None:
    text = (GOOD / "league-own-subjects.yaml").read_text(encoding="utf-8")
    line = "  - {clause: 第三条, subject: craft, from: 03-01, to: 11-30}\n"
    for more, words in (
        ("  - {clause: 第三条, subject: crafts, from: 03-01, to: 11-30}\n", "没有科目“crafts”"),
        (line, "与前面一条重复"),
    ):
        with pytest.raises(Malformed) as caught:
            notices.parse(text.replace(line, line + more))
        assert words in str(caught.value.faults)


# --- roster and report ----------------------------------------------------------------------------------------------


def test_the_rosters_columns_are_the_subjects_of_the_notice() -> None:
    form = roster.form(notices.read(GOOD / "league-own-subjects.yaml"))
    heads = [form.headings[column] for column in form.hours]
    assert heads == ["公共学时", "业务学时", "职业道德学时"]
    page = openpyxl.load_workbook(io.BytesIO(roster.template(form))).worksheets[0]
    assert [cell.value for cell in page[2]] == list(form.headings.values())
    assert list(form.columns)[7:10] == list(form.hours)  # where 附件1 has the hours
    shipped = roster.form(notices.read(notices.FOLDER / "nmg-2024.yaml"))
    names = ("公需学时", "公需科目学时", "公需科目", "公需课学时", "公需课")
    assert shipped.columns["public_hours"] == names
    assert shipped.columns["professional_hours"] == tuple(word.replace("公需", "专业") for word in names)


def test_what_another_notice_calls_a_subject_is_still_found_and_two_like_names_are_kept_apart(home: Path) -> None:
    shipped = notices.read(notices.FOLDER / "nmg-2024.yaml")
    public, professional = shipped.subjects
    renamed = public.model_copy(update={"name": "公共科目"})
    form = roster.form(shipped.model_copy(update={"subjects": (renamed, professional)}))
    assert form.headings["public_hours"] == "公共学时"
    assert "公需学时" in form.columns["public_hours"]
    twins = (public, public.model_copy(update={"code": "again", "name": "公需"}))
    form = roster.form(shipped.model_copy(update={"subjects": twins}))
    words = [word for column in form.columns.values() for word in column]
    assert len(words) == len(set(words))
    assert len({form.headings[column] for column in form.hours}) == 2


def reported(cast: c.Cast, plan: Plan, content: bytes, by: str = "hohhot_base") -> Report:
    with db.transaction() as session:
        fields = reports.ReportFields(plan.start_on, plan.end_on, "培训按计划完成。")
        given = Upload("花名册.xlsx", content)
        report, _ = reports.save(
            session, plan.id, fields, announcement=c.ANNOUNCEMENT, roster_file=given, actor=cast[by], now=c.AFTER
        )
    return report


@ready.both
@pytest.mark.parametrize("subject", ["craft", "ethics"])
def test_a_roster_posts_hours_of_the_plans_subject_whatever_its_code(cast: c.Cast, subject: str) -> None:
    plan = c.file_plan(cast, by="hohhot_base", subject=subject, hours_each=Decimal(18))
    c.approve(cast, plan.id, by="hohhot_reviewer")
    form = roster.form(notices.read(GOOD / "league-own-subjects.yaml"))
    own, other = f"{subject}_hours", "general_hours"
    people = [{own: 18}, {own: 18.5}, {own: 18, other: 2}, {other: 18}]
    report = reported(cast, plan, sheet(form, *people))
    with db.reading() as session:
        found = reports.problems(session, report.id, cast["hohhot_base"], now=c.AFTER)
        kept = session.scalars(sa.select(RosterRow).order_by(RosterRow.row)).all()
    assert [(each.row, each.column, each.code) for each in found if each.blocking] == [
        (4, own, "hours-plan"),
        (5, other, "hours-subject"),
        (6, other, "hours-subject"),
    ]
    assert found[-1].offer == f"移到“{form.headings[own]}”列"
    assert "公共学时应为0" in found[-1].words
    assert [(row.hours, row.faulty) for row in kept] == [(18, False), (Decimal("18.5"), True), (18, True), (0, True)]
    assert (report.people, report.hours) == (1, 18)
    assert report.due_on == plan.end_on + timedelta(30)
    with db.transaction() as session:  # accepted, the misplaced hours are where they belong
        reports.accept(session, report.id, [6], actor=cast["hohhot_base"], now=c.AFTER)
    with db.transaction() as session:
        version = workflow.one(session, report.id, cast["hohhot_base"]).version
        move = {"actor": cast["hohhot_base"], "now": c.AFTER}
        workflow.move(session, report.id, Action.SUBMIT, version=version, **move)
    c.approve(cast, report.id, by="hohhot_reviewer", now=c.AFTER)
    with db.reading() as session:
        posted = session.execute(sa.select(CreditEntry.subject, CreditEntry.source, CreditEntry.hours)).all()
    assert [tuple(each) for each in posted] == [(subject, "training", 18)] * 2


def test_hours_without_a_subject_are_the_plans_and_a_file_without_hours_names_the_notices_columns(
    cast: c.Cast,
) -> None:
    plan = c.file_plan(cast, by="hohhot_base", subject="craft", hours_each=Decimal(18))
    c.approve(cast, plan.id, by="hohhot_reviewer")
    headings = ("姓名", "身份证号", "工作单位", "学时", "考核结果")
    person = dict(zip(c.FORM.columns, c.row(1), strict=True))
    row = [person["name"], person["id_number"], person["employer"], 18, "合格"]
    assert reported(cast, plan, c.sheet([row], headings)).hours == 18
    without = c.sheet([row[:3] + row[4:]], headings[:3] + headings[4:])
    with pytest.raises(Refused, match="“公共学时”或“业务学时”或“职业道德学时”"):
        reported(cast, plan, without)


@ready.both
def test_hours_of_an_examined_subject_are_an_exams_as_the_notice_says(cast: c.Cast) -> None:
    bureau = cast.places["hohhot"]
    clerk = replace(
        cast["hohhot_base"],
        organization_id=bureau.id,
        organization_name=bureau.name,
        organization_kind=OrganizationKind.LEAGUE_HR,
    )
    cast.actors["bureau"] = clerk
    plan = c.file_plan(cast, by="bureau", subject="general", mode=Mode.BLENDED, hours_each=Decimal(6))
    c.approve(cast, plan.id, by="hohhot_reviewer")
    form = roster.form(notices.read(GOOD / "league-own-subjects.yaml"))
    report = reported(cast, plan, sheet(form, {"general_hours": 6}), by="bureau")
    with db.transaction() as session:
        version = workflow.one(session, report.id, clerk).version
        workflow.move(session, report.id, Action.SUBMIT, version=version, actor=clerk, now=c.AFTER)
    c.approve(cast, report.id, by="hohhot_reviewer", now=c.AFTER)
    with db.reading() as session:
        entry = session.scalars(sa.select(CreditEntry)).one()
    assert (entry.subject, entry.source) == ("general", "public_exam")


def test_a_training_that_took_place_after_the_window_closed_is_not_reported(cast: c.Cast) -> None:
    now = datetime(2024, 11, 1, 1, 0, tzinfo=UTC)
    days = {"start_on": date(2024, 11, 28), "end_on": date(2024, 11, 30)}
    plan = c.file_plan(cast, by="hohhot_base", now=now, subject="craft", hours_each=Decimal(18), **days)
    c.approve(cast, plan.id, by="hohhot_reviewer", now=now)
    later = datetime(2024, 12, 5, 1, 0, tzinfo=UTC)

    def save(last: date) -> Any:
        fields = reports.ReportFields(plan.start_on, last, "培训按计划完成。")
        return lambda s: reports.save(s, plan.id, fields, actor=cast["hohhot_base"], now=later)

    refused = c.refusal(save(date(2024, 12, 1)))
    assert (refused.code, "每年3月1日至11月30日（第三条）" in refused.words) == ("fields", True)
    with db.transaction() as session:
        assert save(date(2024, 11, 30))(session)[0].end_on == date(2024, 11, 30)


def test_what_was_approved_under_another_notice_is_still_read_and_no_longer_filed(office: Path) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]), by="hohhot_base", reviewer="hohhot_reviewer")
    publish("league-own-subjects")  # of the same year, and without the plan's subject
    with db.reading() as session:
        rows = reports.rows(session, report.id, cast["hohhot_base"])
        problems = reports.problems(session, report.id, cast["hohhot_base"], now=c.AFTER)
        kept = reports.one(session, report.id, cast["hohhot_base"])
        form = reports.form_of(kept)
        assert plans.subject_name(kept.plan) == "专业科目"
    assert list(rows["hours"]) == [24, 24]
    assert form.headings[form.usual] == "专业学时"
    assert [each.heading(form.headings) for each in problems] == ["性别"]
    changed = [mending.Change(4, "sex", "m", "女")]
    refused = c.refusal(lambda s: reports.repair(s, report.id, changed, actor=cast["hohhot_base"], now=c.AFTER))
    assert (refused.code, "没有科目" in refused.words) == ("policy", True)
    on_file._loaded.cache_clear()


# --- claims ---------------------------------------------------------------------------------------------------------


def two_people(cast: c.Cast) -> None:
    """A person of the region's hospital (1) and one of the league's school (2), each with an account."""
    c.posted(cast, c.sheet([c.row(1), c.row(2, employer="示例旗蒙古族中学")]))
    c.give_account(cast, 1, "person")
    c.give_account(cast, 2, "hohhot_person")


def test_claims_go_by_the_notice_of_the_persons_league_on_the_day_of_the_certificate(cast: c.Cast) -> None:
    two_people(cast)

    def drafting(serial: int, by: str, **changes: Any) -> Any:
        fields = replace(c.CLAIM, **changes)
        given = {"evidence": [c.CERTIFICATE], "actor": cast[by], "now": c.AFTER}
        return lambda s: claims.draft(s, c.person_id(serial), fields, **given)

    contest = {"activity": "技能竞赛", "amount": Decimal(2)}
    refused = c.refusal(drafting(1, "person", **contest))
    assert (refused.code, "内人社办发〔2023〕204号没有规定“技能竞赛”" in refused.words) == ("activity", True)
    refused = c.refusal(drafting(2, "hohhot_person"))
    assert (refused.code, "呼人社发〔2024〕1号没有规定" in refused.words) == ("activity", True)
    before = {"start_on": date(2023, 5, 6), "completed_on": date(2023, 5, 10)}  # the region's, before the league's own
    assert c.refusal(drafting(2, "hohhot_person", **contest, **before)).code in ("activity", "policy")
    with db.transaction() as session:
        claim = drafting(2, "hohhot_person", **contest)(session)
        assert claims.worth(claim) == 8
        assert claims.activity_of(claim).subject_name == "业务科目"
        held = claims.capacity_left(session, claim)
        assert (held.a_day, held.holds) == (6, 30)
    with db.transaction() as session:
        workflow.move(session, claim.id, Action.SUBMIT, version=claim.version, actor=cast["hohhot_person"], now=c.AFTER)
    with db.transaction() as session:
        version = workflow.one(session, claim.id, cast["hohhot_reviewer"]).version
        move = {"reason": "属实", "actor": cast["hohhot_reviewer"], "now": c.AFTER}
        workflow.move(session, claim.id, Action.APPROVE, version=version, **move)
    with db.reading() as session:
        frame = statements.entries(session, c.person_id(2))
    assert (8, "craft") in set(zip(frame["hours"], frame["subject"], strict=True))


@pytest.mark.parametrize(
    ("first", "last", "open_"),
    [
        (date(2024, 2, 29), date(2024, 3, 2), False),
        (date(2024, 3, 1), date(2024, 3, 2), True),
    ],
)
def test_a_certificates_study_lies_in_the_study_window(home: Path, first: date, last: date, open_: bool) -> None:
    publish("league-own-subjects")
    days = {"start_on": first, "completed_on": last}
    fields = replace(c.CLAIM, activity="技能竞赛", amount=Decimal(1), **days)
    deemed = replace(c.CLAIM, activity="职业资格", amount=Decimal(), **days)
    claims.check_fields(deemed, HOHHOT, c.AFTER.date())  # an examination is no study
    if open_:
        claims.check_fields(fields, HOHHOT, c.AFTER.date())
        return
    with pytest.raises(Refused) as caught:
        claims.check_fields(fields, HOHHOT, c.AFTER.date())
    assert "业务科目的学习时间为每年3月1日至11月30日（第三条），2024-02-29至2024-03-02不全在其内" in caught.value.words


# --- across a year's end --------------------------------------------------------------------------------------------

YEARS_END = {"start_on": date(2024, 12, 30), "end_on": date(2025, 1, 2)}


def test_study_across_a_years_end_is_filed_in_one_piece_where_the_notice_says_so(home: Path) -> None:
    fields = replace(c.PLAN, **YEARS_END)
    assert "培训跨年度，请按年度分两份计划上报（一(一)）" in told(fields, league=None)
    publish("across-the-year")
    assert told(fields, league=None) == ""
    assert plans.credit_years(fields) == (2025,)
    assert told(replace(fields, credit_years=(2025,)), league=None) == ""
    assert "不能补学2024年度" in told(replace(fields, credit_years=(2024,)), league=None)
    assert "每天至多8学时" in told(replace(fields, hours_each=Decimal("32.5")), league=None)


def test_its_hours_count_in_the_year_it_ends_and_all_days_of_a_certificate_hold_hours(office: Path) -> None:
    cast = c.assemble()
    publish("across-the-year")
    now, after = datetime(2024, 12, 2, 1, 0, tzinfo=UTC), datetime(2025, 1, 6, 1, 0, tzinfo=UTC)
    plan = c.file_plan(cast, now=now, **YEARS_END)
    c.approve(cast, plan.id, now=now)
    report = c.file_report(cast, plan, c.sheet([c.row(1)]), now=after)
    c.approve(cast, report.id, now=after)
    with db.reading() as session:
        entry = session.scalars(sa.select(CreditEntry)).one()
    assert (entry.year, entry.source, entry.completed_on) == (2025, "training", date(2025, 1, 2))
    days = {"start_on": date(2024, 12, 30), "completed_on": date(2025, 1, 2)}
    claim = replace(c.CLAIM, **days)
    held = {each.id: claims.study_capacity(claim, each).holds for each in notices.policies() if each.first_year == 2024}
    assert held == {"nmg-2024": 16, "across-the-year": 32}
    on_file._loaded.cache_clear()


# --- in words -------------------------------------------------------------------------------------------------------


def test_the_policy_page_tells_what_the_notice_says_of_ways_exams_and_windows() -> None:
    said = {each.words for each in wording.articles(notices.read(GOOD / "league-own-subjects.yaml"))}
    assert {
        "方式为线上、线上+线下",
        "考试合格后才登记学时",
        "业务科目：每年3月1日至11月30日",
        "业务科目可补学此前1个年度，每年5月1日至6月30日学习",
    } <= said
    shipped = {(each.clause, each.words) for each in wording.articles(notices.read(notices.FOLDER / "nmg-2024.yaml"))}
    assert {("一(二)1", "方式为线上"), ("一(二)1", "考试合格后才登记学时")} <= shipped
