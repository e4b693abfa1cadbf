"""What exceeds an approved plan (超出计划): people, hours and days of a report beyond what was approved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Refused
from core.ground.hours import hours_text
from core.law import notices
from core.ledger.standing import hours_taken_back
from core.models import Plan, Report, RosterRow, State
from core.submissions import plans, roster
from core.submissions.reports.reading import headcount

OVER_PLAN_REASON = "超出计划的原因"
"""What the base's field is called, on the form and where its absence is refused."""


@dataclass(frozen=True)
class Excess:
    """Excess over the plan (超出计划): one thing a report has more of than was approved, or on other days."""

    words: str
    """Both figures: 批准15人，名单600人."""
    line: str
    """Where the notice draws the line, with its clause."""
    far: bool
    """Beyond that line: its base gives a reason, the reviewer confirms the figures."""


def beyond_plan(session: Session, report: Report) -> list[Excess]:
    """Excess over the plan (超出计划) of a report with the reports before it: people, hours, days, as they stand now.

    The lines are settings of the plan's notice: `headcount_over_plan` and `hours_over_plan` in percent of what was
    approved, `days_off_plan` in days by which start, end or length may differ. Refused codes: "policy".
    """
    return list(_found(session, report))


def figures(session: Session, report: Report) -> str:
    """Figures to confirm (须确认的数字): what is far beyond the plan, in words; "" where nothing is."""
    return "；".join(each.words for each in beyond_plan(session, report) if each.far)


def _found(session: Session, report: Report) -> Iterator[Excess]:
    plan = report.plan
    most = report.people + report.faults
    if report.part == 1 and most <= plan.headcount:  # fast path: nobody's row need be counted
        here, others = most, 0
    else:
        here, others = headcount(session, report)
    whose = "名单" if report.part == 1 else "连同先前的报告共"
    people, approved = here + others, plan.headcount
    if people > approved:
        allowed, line = _line(plan, "headcount_over_plan")
        yield Excess(f"批准{approved}人，{whose}{people}人", line, _beyond(people, approved, allowed))
    hours, in_all = report.hours + _hours_before(session, report), plan.headcount * plan.hours_each
    if hours > in_all:
        allowed, line = _line(plan, "hours_over_plan")
        words = f"批准合计{hours_text(in_all)}学时，{whose}{'合计' if report.part == 1 else ''}{hours_text(hours)}学时"
        yield Excess(words, line, _beyond(hours, in_all, allowed))
    starts, ends = (report.start_on - plan.start_on).days, (report.end_on - plan.end_on).days
    if off := max(map(abs, (starts, ends, ends - starts))):
        allowed, line = _line(plan, "days_off_plan")
        words = f"批准{plan.start_on}至{plan.end_on}，实际{report.start_on}至{report.end_on}"
        yield Excess(words, line, off > allowed)


def _beyond(found: Decimal | int, approved: Decimal | int, percent: int) -> bool:
    return found * 100 > approved * (100 + percent)


def _line(plan: Plan, setting: str) -> tuple[int, str]:
    """What a notice lets pass without a reason, and where it says so.

    Of the plan's own notice; where that does not say, of the region's of the day; where neither does, nothing passes.
    """
    policy = plans.policy_of(plan)
    if not policy.cites(setting):
        with contextlib.suppress(Refused):  # a league may have the only notice of a day
            policy = notices.in_force(plan.start_on)
    value, clause = int(policy.setting(setting, 0)), policy.cites(setting)
    return value, notices.SETTINGS[setting].says(value) + (f"（{clause}）" if clause else "")


def _hours_before(session: Session, report: Report) -> Decimal:
    """Hours that stand, or are to be approved, in the reports of the plan before this one."""
    query = sa.select(sa.func.coalesce(sa.func.sum(RosterRow.hours), 0)).join(Report, Report.id == RosterRow.report_id)
    query = query.where(
        Report.plan_id == report.plan_id,
        Report.part < report.part,
        Report.state.in_((State.SUBMITTED, State.APPROVED)),
        ~RosterRow.faulty,
        RosterRow.assessment.in_(roster.PASSED),
        ~hours_taken_back(sa.select(Report.id).where(Report.plan_id == report.plan_id)),
    )
    return Decimal(session.scalars(query).one())
