"""Make-up study (补学), clause 七(二): a plan's credit years through the roster to the ledger, look-up and card."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.ground import db
from core.ledger import statements
from core.models import RosterRow
from core.records import cards
from core.submissions import plans, reports, roster, workflow
from tests import cast as c

HEADINGS = tuple(c.FORM.headings.values())


def row(serial: int, year: Any = "", **cells: Any) -> list[Any]:
    return c.row(serial, credit_year=year, **cells)


def read(content: bytes, *years: int) -> roster.Preview:
    plan = replace(c.PLAN, credit_years=years)
    bounds = roster.Limits(
        plan.subject,
        plan.hours_each,
        3,
        Decimal(8),
        c.AFTER.date(),
        credit_years=plans.credit_years(plan),
        usual_year=plans.usual_year(plan),  # type: ignore[arg-type]
    )
    return roster.read(content, "花名册.xlsx", limits=bounds)


# --- the plan -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"credit_years": (2022, 2023, 2024)}, None),
        ({"credit_years": (2023,)}, None),
        ({"credit_years": (2021,)}, "不能补学2021年度：可补学专业科目此前2个年度（七(二)）"),
        ({"credit_years": (2023, 2025)}, "不能补学2025年度"),
    ],
)
def test_a_plan_offers_earlier_years_within_the_notices_window(
    office: Path, changes: dict[str, Any], words: str | None
) -> None:
    cast = c.assemble()
    if words is None:
        assert c.file_plan(cast, **changes).credit_years == changes["credit_years"]
        return
    fields = replace(c.PLAN, **changes)
    refused = c.refusal(lambda s: plans.draft(s, fields, actor=cast["base"], now=c.NOW))
    assert refused.code == "fields"
    assert words in refused.words


def test_the_public_subject_is_not_made_up() -> None:
    assert plans.makeup_years("professional", date(2024, 6, 24), None) == [2023, 2022]
    assert plans.makeup_years("public", date(2024, 6, 24), None) == []


def test_the_approval_shows_the_years_and_the_trail_keeps_them(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, credit_years=(2022, 2023))
    assert "计入2022、2023年度" in c.foreseen(cast, plan.id, now=c.NOW)
    assert plans.summary(plan)["credit_years"] == "2022;2023"
    with db.transaction() as session:
        workflow.move(session, plan.id, workflow.Action.WITHDRAW, version=plan.version, actor=cast["base"], now=c.NOW)
        session.flush()
        version = workflow.one(session, plan.id, cast["base"]).version
        revised = plans.revise(session, plan.id, c.PLAN, version=version, actor=cast["base"], now=c.NOW)
        assert (revised.credit_years, plans.usual_year(revised)) == ((), 2024)


# --- the roster -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("years", "written", "code"),
    [
        ((2022, 2023), 2023, None),
        ((2022, 2023), "2022年度", None),
        ((2022, 2023), "", "year-missing"),
        ((2022, 2023), 2024, "year-plan"),
        ((2022, 2023), "去年", "year-form"),
        ((2023, 2024), "", None),
        ((2023,), "", None),
        ((2023,), 2022, "year-plan"),
        ((), "", None),
        ((), 2024, None),
        ((), 2023, "year-plan"),
    ],
)
def test_a_roster_names_one_of_the_plans_years(years: tuple[int, ...], written: Any, code: str | None) -> None:
    found = read(c.sheet([row(1, written)], HEADINGS), *years)
    assert [(each.column, each.code) for each in found.problems] == ([("credit_year", code)] if code else [])


@pytest.mark.parametrize("heading", ["年度", "补学年度", "学时年度"])
def test_the_column_has_its_synonyms_and_may_lack(heading: str) -> None:
    (found,) = read(c.sheet([row(1, 2023)], (*HEADINGS[:-1], heading)), 2022, 2023).rows
    assert found.credit_year == 2023
    assert read(c.sheet([c.row(1)[:-1]], HEADINGS[:-1])).problems == []


# --- into the ledger ------------------------------------------------------------------------------------------------


def entries(serial: int) -> list[tuple[Any, ...]]:
    with db.reading() as session:
        frame = statements.entries(session, c.person_id(serial))
    return list(frame[["year", "completed_on", "source", "hours"]].itertuples(index=False, name=None))


def test_hours_keep_the_day_of_study_and_count_for_their_year(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, credit_years=(2022, 2023, 2024))
    c.approve(cast, plan.id)
    content = c.sheet([row(1, 2023), row(2, ""), row(3, 2022, professional_hours=8), row(4, 2021)], HEADINGS)
    report = c.file_report(cast, plan, content)
    with db.reading() as session:
        assert session.query(RosterRow).filter_by(row=3).one().credit_year == 2023
        assert list(reports.rows(session, report.id, cast["reviewer"])["credit_year"]) == [2023, 2024, 2022, 2021]
    assert "计入2022、2023、2024年度（含补学）" in c.foreseen(cast, report.id)
    c.approve(cast, report.id, now=c.AFTER)
    studied = date(2024, 6, 26)
    assert entries(1) == [(2023, studied, "make_up", 24)]
    assert entries(2) == [(2024, studied, "training", 24)]
    assert entries(3) == [(2022, studied, "make_up", 8)]
    with db.transaction() as session:
        card = cards.issue(session, c.person_id(1), 2023, actor=cast["reviewer"], now=c.AFTER + timedelta(days=1))
    (entry,) = json.loads(card.payload)["entries"]
    assert (entry["completed_on"], entry["hours"]) == ("2024-06-26", "24")
    assert entry["basis"].endswith("（补学）")


def test_a_plan_of_one_earlier_year_needs_no_column(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)[:-1]], HEADINGS[:-1]), credit_years=(2023,))
    assert entries(1) == [(2023, date(2024, 6, 26), "make_up", 24)]


# --- several years in one training ----------------------------------------------------------------------------------


def two_years(hours: int = 12, **changes: Any) -> list[list[Any]]:
    return [row(1, year, professional_hours=hours, **changes) for year in (2022, 2023)]


def test_one_training_makes_up_two_years_of_one_person_who_is_one_head(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, credit_years=(2022, 2023), headcount=2)
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, c.sheet([*two_years(), row(2, 2023)], HEADINGS))
    with db.reading() as session:
        assert reports.problems(session, report.id, cast["base"], now=c.AFTER) == []
        assert (report.people, report.faults, report.hours) == (2, 0, 48)
        assert reports.headcount(session, report) == (2, 0)
    assert "为2人登记48学时" in c.approve(cast, report.id, now=c.AFTER)
    studied = date(2024, 6, 26)
    assert sorted(entries(1)) == [(2022, studied, "make_up", 12), (2023, studied, "make_up", 12)]


@pytest.mark.parametrize(
    ("rows", "years", "codes"),
    [
        (two_years(), (2022, 2023), []),
        (two_years(12.5), (2022, 2023), ["hours-sum"]),
        (two_years(24), (2022, 2023), ["hours-sum"]),
        (two_years(25), (2022, 2023), ["hours-plan", "hours-plan"]),
        ([*two_years(), row(1, 2023, professional_hours=12)], (2022, 2023), ["duplicate"]),
        ([row(1, "", professional_hours=12), row(1, 2024, professional_hours=12)], (2023, 2024), ["duplicate"]),
        ([*two_years()[:1], row(1, 2023, name="赵示别", professional_hours=12)], (2022, 2023), ["duplicate"]),
        ([row(1, 2023), row(1, 2023)], (2023,), ["duplicate"]),
    ],
)
def test_a_person_stands_once_in_a_year_and_the_years_together_keep_to_the_plan_and_its_days(
    rows: list[list[Any]], years: tuple[int, ...], codes: list[str]
) -> None:
    assert [each.code for each in read(c.sheet(rows, HEADINGS), *years).problems] == codes


def test_a_second_year_added_in_a_supplement_counts_with_the_first(office: Path) -> None:
    cast = c.assemble()
    first = [row(1, 2022, professional_hours=12), row(2, 2022, professional_hours=12), row(3, 2023, sex="m")]
    report = c.posted(cast, c.sheet(first, HEADINGS), credit_years=(2022, 2023), headcount=3)
    with db.transaction() as session:
        added = reports.supplement(session, report.id, actor=cast["base"], now=c.AFTER)
    more = [row(1, 2023, professional_hours=12), row(2, 2023), row(1, 2022, professional_hours=12)]
    text = "\n".join("\t".join(map(str, cells)) for cells in more)
    with db.transaction() as session:
        count, problems = reports.paste(session, added.id, text, actor=cast["base"], now=c.AFTER)
    assert count == 3
    told = [(each.row, each.code) for each in problems if each.blocking]
    assert told == [(5, "sex-form"), (7, "hours-sum"), (8, "duplicate-plan")]
    assert "连同先前的报告共36学时" in next(each.words for each in problems if each.row == 7)
