"""What a reviewer should look at although it blocks nothing: differences from the plan, people in other rosters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import OFFICERS, Actor
from core.ground.hours import hours_text
from core.ground.problems import Problem
from core.law.notices import Subject
from core.models import Mode, Organization, Plan, Report, RosterRow, State, Submission
from core.submissions.reports.reading import headcount, masked, one


def warnings(session: Session, report_id: int, actor: Actor) -> list[Problem]:
    """What a reviewer should look at although it blocks nothing, asked anew each time: what differs from the plan, who
    stands in another roster of the same days. Whose roster that is, is told to the officers in charge alone.

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

    planned, took = f"{plan.start_on}至{plan.end_on}", f"{report.start_on}至{report.end_on}"
    if planned != took:
        yield warning("drift-dates", "number", took, f"实际培训{took}，批准的是{planned}")
    if report.teachers and report.teachers != plan.teachers:
        yield warning(
            "drift-teachers", "number", report.teachers, f"实际授课教师“{report.teachers}”，批准的是“{plan.teachers}”"
        )
    here, others = headcount(session, report)
    people = here + others
    if people and people < FEWER * plan.headcount:
        whose = "连同先前的报告共" if others else "花名册"
        yield warning("drift-headcount", "number", str(people), f"{whose}{people}人，批准{plan.headcount}人")
    own = RosterRow.public_hours if plan.subject is Subject.PUBLIC else RosterRow.professional_hours
    fewer = session.scalar(
        sa.select(sa.func.count(RosterRow.id)).where(
            RosterRow.report_id == report.id, ~RosterRow.faulty, own > 0, own < plan.hours_each
        )
    )
    if fewer:
        each = hours_text(plan.hours_each)
        column = "public_hours" if plan.subject is Subject.PUBLIC else "professional_hours"
        yield warning("drift-hours", column, str(fewer), f"{fewer}人的学时少于批准的每人{each}学时")


def _elsewhere(session: Session, report: Report, *, named: bool) -> Iterator[Problem]:
    """People of this roster in others, filed or approved: whole rosters first, then one by one on overlapping days."""
    mine, theirs = sa.orm.aliased(RosterRow), sa.orm.aliased(RosterRow)
    other, submission, plan = (sa.inspect(kind).local_table for kind in (Report, Submission, Plan))
    earns = [row.public_hours + row.professional_hours > 0 for row in (mine, theirs)]
    same_days = sa.and_(other.c.start_on <= report.end_on, other.c.end_on >= report.start_on)
    year = date(report.end_on.year, 1, 1), date(report.end_on.year, 12, 31)
    as_large = other.c.people.between(report.people * SAME_ON_OTHER_DAYS, report.people / SAME_ON_OTHER_DAYS)
    near = [
        other.c.plan_id != report.plan_id,
        submission.c.state.in_((State.SUBMITTED, State.APPROVED)),
        other.c.end_on.between(*year),
        sa.or_(same_days, as_large),
    ]
    if (
        session.scalar(sa.select(other.c.id).join(submission, submission.c.id == other.c.id).where(*near).limit(1))
        is None
    ):
        return  # nobody's row need be looked for

    def shared(*columns: Any) -> sa.Select[Any]:
        query = sa.select(*columns).select_from(mine)
        return (
            query.join(theirs, sa.and_(theirs.id_index == mine.id_index, theirs.report_id != mine.report_id))
            .join(other, other.c.id == theirs.report_id)
            .join(submission, submission.c.id == other.c.id)
            .join(plan, plan.c.id == other.c.plan_id)
            .join(Organization, Organization.id == submission.c.organization_id)
            .where(mine.report_id == report.id, *near, *earns)
        )

    which = [
        other.c.id.label("other_id"),
        other.c.start_on,
        other.c.end_on,
        submission.c.title,
        submission.c.organization_id,
        Organization.name.label("organization"),
    ]
    alike = sa.and_(
        theirs.public_hours == mine.public_hours,
        theirs.professional_hours == mine.professional_hours,
        sa.func.coalesce(theirs.credit_year, 0) == sa.func.coalesce(mine.credit_year, 0),
        plan.c.credit_years == report.plan.credit_years,
    )
    counts = [
        sa.func.count(mine.id_index.distinct()).label("people"),
        sa.func.count(sa.case((alike, mine.id_index)).distinct()).label("alike"),
        other.c.people.label("their_people"),
    ]
    rosters = shared(*which, *counts).group_by(*which, other.c.people)
    copies = set()
    for each in session.execute(rosters.order_by(other.c.id)):
        at_once = each.start_on <= report.end_on and each.end_on >= report.start_on
        elsewhere = each.organization_id != report.organization_id
        largest = max(report.people, each.their_people)
        count = each.people if at_once and elsewhere else each.alike
        if at_once and not ((count > FEW and count >= SAME * report.people) or 1 < count == largest):
            continue
        if not at_once and not (count > FEW + 1 and count >= SAME_ON_OTHER_DAYS * largest):
            continue
        copies.add(each.other_id)
        whose = f"{each.organization}“{each.title}”（{each.start_on}至{each.end_on}）"
        if not named:
            whose = "另一家机构" if elsewhere else f"本机构“{each.title}”（{each.start_on}至{each.end_on}）"
        when = "同一期间" if at_once else "同一年度以相同学时"
        words = f"{count}人（{count * 100 // report.people}%）{when}还在{whose}的花名册中，请核对是否重复报送"
        yield Problem(0, "name", "same-roster", str(count), words, blocking=False)
    if report.plan.mode is Mode.ONLINE:
        return
    people = shared(mine.row, mine.name, theirs.row.label("other_row"), *which)
    people = people.where(same_days, plan.c.mode != Mode.ONLINE, other.c.id.not_in(copies))
    for each in session.execute(people.order_by(mine.row, other.c.id)):
        words = "此人同日还在另一期培训的花名册中，请核实是否到场"
        if named:
            words += f"：{each.organization}“{each.title}”（{each.start_on}至{each.end_on}）第{each.other_row}行"
        yield Problem(each.row, "name", "two-places", each.name, words, blocking=False)
