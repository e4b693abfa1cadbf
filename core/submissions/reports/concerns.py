"""Review hints (审核提示), which block nothing: less than the plan, people in other rosters. More: `excess`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import OFFICERS, Actor
from core.ground.hours import hours_text
from core.models import Mode, Organization, Plan, Report, RosterRow, State, Submission
from core.submissions import roster
from core.submissions.reports.reading import headcount, masked, one
from core.tables.problems import Problem


def warnings(session: Session, report_id: int, actor: Actor) -> list[Problem]:
    """Review hints (审核提示), computed afresh each time: what differs from the plan, who stands in other rosters.

    Only officers see whose roster that is.

    Refused codes: "missing".
    """
    report = one(session, report_id, actor)
    found = [*_drift(session, report), *_elsewhere(session, report, named=actor.role in OFFICERS)]
    return [masked(each) for each in found]


FEWER = Decimal("0.8")
"""Fewer people than this part of the plan's headcount are worth a look."""
SAME = Decimal("0.8")
"""From this part of its people on, a roster is another one's copy."""
SAME_ON_OTHER_DAYS = Decimal("0.9")
"""The same on other days of the year, with the same hours: one unit's staff may well attend several trainings."""
FEW = 3
"""Up to so many people two rosters may share by chance; on other days one more."""


def _drift(session: Session, report: Report) -> Iterator[Problem]:
    plan = report.plan

    def warning(code: str, column: str, value: str, words: str) -> Problem:
        return Problem(0, column, code, value, words, blocking=False)

    if report.teachers and report.teachers != plan.teachers:
        yield warning(
            "drift-teachers", "number", report.teachers, f"实际授课教师“{report.teachers}”，批准的是“{plan.teachers}”"
        )
    here, others = headcount(session, report)
    people = here + others
    if people and people < FEWER * plan.headcount:
        whose = "连同先前的报告共" if others else "花名册"
        yield warning("drift-headcount", "number", str(people), f"{whose}{people}人，批准{plan.headcount}人")
    fewer = session.scalar(
        sa.select(sa.func.count(RosterRow.id)).where(
            RosterRow.report_id == report.id,
            ~RosterRow.faulty,
            RosterRow.hours > 0,
            RosterRow.hours < plan.hours_each,
        )
    )
    if fewer:
        each = hours_text(plan.hours_each)
        column = roster.hours_column(plan.subject)
        yield warning("drift-hours", column, str(fewer), f"{fewer}人的学时少于批准的每人{each}学时")
    passed = RosterRow.assessment.in_(roster.PASSED)
    idle = sa.select(sa.func.count(RosterRow.id)).where(RosterRow.report_id == report.id, ~RosterRow.faulty)
    if nothing := session.scalar(idle.where(sa.not_(sa.and_(passed, RosterRow.hours > 0)))):
        yield warning("idle", "assessment", str(nothing), f"{nothing}行考核不合格或没有学时，不登记学时")


_MINE, _THEIRS = sa.orm.aliased(RosterRow), sa.orm.aliased(RosterRow)
_OTHER, _SUBMISSION, _PLAN = (sa.inspect(kind).local_table for kind in (Report, Submission, Plan))
_WHICH = (
    _OTHER.c.id.label("other_id"),
    _OTHER.c.start_on,
    _OTHER.c.end_on,
    _SUBMISSION.c.title,
    _SUBMISSION.c.organization_id,
    Organization.name.label("organization"),
)
"""Which roster somebody else stands in, and whose it is."""


def _elsewhere(session: Session, report: Report, *, named: bool) -> Iterator[Problem]:
    """Overlap with other rosters (重复报送), filed or approved: whole rosters, then people on overlapping days."""
    others = sa.select(_OTHER.c.id).join(_SUBMISSION, _SUBMISSION.c.id == _OTHER.c.id).where(*_near(report))
    if session.scalar(others.limit(1)) is None:
        return  # fast path: nobody's row need be looked for
    copies = set()
    for other_id, problem in _same_rosters(session, report, named):
        copies.add(other_id)
        yield problem
    if report.plan.mode is not Mode.ONLINE:
        yield from _two_places(session, report, copies, named)


def _same_days(report: Report) -> sa.ColumnElement[bool]:
    return sa.and_(_OTHER.c.start_on <= report.end_on, _OTHER.c.end_on >= report.start_on)


def _near(report: Report) -> list[sa.ColumnElement[bool]]:
    """Reports of other plans, filed or approved, of the same year: on the same days, or about as large."""
    year = date(report.end_on.year, 1, 1), date(report.end_on.year, 12, 31)
    as_large = _OTHER.c.people.between(report.people * SAME_ON_OTHER_DAYS, report.people / SAME_ON_OTHER_DAYS)
    return [
        _OTHER.c.plan_id != report.plan_id,
        _SUBMISSION.c.state.in_((State.SUBMITTED, State.APPROVED)),
        _OTHER.c.end_on.between(*year),
        sa.or_(_same_days(report), as_large),
    ]


def _shared(report: Report, *columns: Any) -> sa.Select[Any]:
    """Rows of this roster beside rows of the same person in one that is near; both earn hours."""
    earns = [row.hours > 0 for row in (_MINE, _THEIRS)]
    same_person = sa.and_(_THEIRS.id_index == _MINE.id_index, _THEIRS.report_id != _MINE.report_id)
    return (
        sa.select(*columns)
        .select_from(_MINE)
        .join(_THEIRS, same_person)
        .join(_OTHER, _OTHER.c.id == _THEIRS.report_id)
        .join(_SUBMISSION, _SUBMISSION.c.id == _OTHER.c.id)
        .join(_PLAN, _PLAN.c.id == _OTHER.c.plan_id)
        .join(Organization, Organization.id == _SUBMISSION.c.organization_id)
        .where(_MINE.report_id == report.id, *_near(report), *earns)
    )


def double(session: Session, report: Report) -> int:
    """Double attendance (同日两处): people of this roster who stand in another one of these days; online ones apart."""
    if report.plan.mode is Mode.ONLINE:
        return 0
    people = _shared(report, sa.func.count(_MINE.id_index.distinct()))
    return int(session.scalar(people.where(_same_days(report), _PLAN.c.mode != Mode.ONLINE)) or 0)


def _same_rosters(session: Session, report: Report, named: bool) -> Iterator[tuple[int, Problem]]:
    """Copied rosters (整份重复), each with the id of its report.

    Nearly the same people on the same days, or in the same year with the same hours.
    """
    alike = sa.and_(
        _THEIRS.hours == _MINE.hours,
        _PLAN.c.subject == report.plan.subject,
        sa.func.coalesce(_THEIRS.credit_year, 0) == sa.func.coalesce(_MINE.credit_year, 0),
        _PLAN.c.credit_years == report.plan.credit_years,
    )
    counts = (
        sa.func.count(_MINE.id_index.distinct()).label("people"),
        sa.func.count(sa.case((alike, _MINE.id_index)).distinct()).label("alike"),
        _OTHER.c.people.label("their_people"),
    )
    rosters = _shared(report, *_WHICH, *counts).group_by(*_WHICH, _OTHER.c.people)
    for each in session.execute(rosters.order_by(_OTHER.c.id)):
        at_once = each.start_on <= report.end_on and each.end_on >= report.start_on
        elsewhere = each.organization_id != report.organization_id
        largest = max(report.people, each.their_people)
        count = each.people if at_once and elsewhere else each.alike
        if at_once and not ((count > FEW and count >= SAME * report.people) or 1 < count == largest):
            continue
        if not at_once and not (count > FEW + 1 and count >= SAME_ON_OTHER_DAYS * largest):
            continue
        whose = f"{each.organization}“{each.title}”（{each.start_on}至{each.end_on}）"
        if not named:
            whose = "另一家机构" if elsewhere else f"本机构“{each.title}”（{each.start_on}至{each.end_on}）"
        when = "同一期间" if at_once else "同一年度以相同学时"
        words = f"{count}人（{count * 100 // report.people}%）{when}还在{whose}的花名册中，请核对是否重复报送"
        yield each.other_id, Problem(0, "name", "same-roster", str(count), words, blocking=False)


def _two_places(session: Session, report: Report, copies: Collection[int], named: bool) -> Iterator[Problem]:
    """Same day, two places (同日两处): people who stand in another roster of these days.

    Online trainings do not count, and rosters named whole already (`copies`) are left out.
    """
    people = _shared(report, _MINE.row, _MINE.name, _THEIRS.row.label("other_row"), *_WHICH)
    people = people.where(_same_days(report), _PLAN.c.mode != Mode.ONLINE, _OTHER.c.id.not_in(copies))
    for each in session.execute(people.order_by(_MINE.row, _OTHER.c.id)):
        words = "此人同日还在另一期培训的花名册中，请核实是否到场"
        if named:
            words += f"：{each.organization}“{each.title}”（{each.start_on}至{each.end_on}）第{each.other_row}行"
        yield Problem(each.row, "name", "two-places", each.name, words, blocking=False)
