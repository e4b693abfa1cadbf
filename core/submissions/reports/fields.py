"""Report form (填报培训情况报告): its fields and files (培训总结、培训通知、花名册), clause 一(五)2."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Refused, Role, refuse_faults, require
from core.ground.deeds import deed
from core.law import deadlines
from core.law.deadlines import Deadline
from core.models import Plan, Report, State, Submission
from core.people import holidays
from core.submissions import plans
from core.submissions.forms import Faults, left_out, no_days, too_long
from core.submissions.kinds import EDITABLE
from core.submissions.reports.events import Event
from core.submissions.reports.keeping import stamp
from core.submissions.reports.repairing import consider, take_roster
from core.tables.problems import Problem
from core.trail import audit, files
from core.trail.files import Upload


@dataclass(frozen=True)
class ReportFields:
    """What a base fills in beside the two files, clause 一(五)2."""

    start_on: date
    end_on: date
    summary: str
    teachers: str = ""
    """Who taught, where it was not whom the plan named."""
    over_plan_reason: str = ""
    """Why there is more than was approved, or on other days; see `beyond_plan`."""
    late_reason: str = ""
    """Why it is filed after its deadline."""


WORDS = {"start_on": "实际开始日期", "end_on": "实际结束日期"}
LONGEST = {"summary": 10_000, "teachers": 1000, "over_plan_reason": 1000, "late_reason": 1000}
"""Characters of a field."""


def deadline(session: Session, report: Report) -> Deadline:
    """Deadline of a report (报送期限): counted anew while it can be changed, so that it follows notice and holidays.

    What was filed keeps the day it was filed against, and a supplement the one it was given, see `supplement`.
    """
    counted = plans.report_deadline(session, report.plan, report.end_on)
    if report.part == 1 and report.state in EDITABLE:
        return counted
    why = "补报自通过或冲销之日计算" if report.part > 1 else "报送时的期限"
    days = holidays.work_days(session)
    return deadlines.granted(counted.code, counted.matter, counted.clause, report.due_on, why, days)


def open_plans(session: Session, actor: Actor, *, now: datetime) -> pd.DataFrame:
    """Reports due (待报送): the clerk's approved plans that have ended and are not reported yet, the most urgent first.

    Columns: plan_id, title, start_on, end_on, due_on, days_left, report_id (0: none yet), state, hours_each, headcount.
    """
    require(actor, Role.BASE_CLERK)
    today = db.office_day(now)
    begun = sa.inspect(Report).local_table  # by itself: joined with what all kinds share, SQLite would read all of it
    filed = sa.orm.aliased(sa.inspect(Submission).local_table)
    query = (
        sa.select(Plan, filed.c.id)
        .outerjoin(begun, begun.c.plan_id == Plan.id)
        .outerjoin(filed, filed.c.id == begun.c.id)
        .where(Plan.organization_id == actor.organization_id, Plan.state == State.APPROVED, Plan.end_on <= today)
        .where(sa.or_(filed.c.id.is_(None), filed.c.state.in_(EDITABLE)))
        .order_by(Plan.end_on)
    )
    lines = []
    found: Iterable[tuple[Plan, int | None]] = session.execute(query).all()
    open_ = sa.select(Report).where(Report.id.in_([number for _, number in found if number]))
    reports = {report.id: report for report in session.scalars(open_)}
    for plan, number in found:
        report = reports[number] if number else None
        counted = deadline(session, report) if report else plans.report_deadline(session, plan, plan.end_on)
        due_on = counted.due_on
        lines.append(
            {
                "plan_id": plan.id,
                "title": report.title if report else plan.title,
                "start_on": plan.start_on,
                "end_on": plan.end_on,
                "due_on": due_on,
                "days_left": (due_on - today).days,
                "report_id": report.id if report else 0,
                "state": report.state if report else "",
                "hours_each": plan.hours_each,
                "headcount": plan.headcount,
            }
        )
    columns = "plan_id title start_on end_on due_on days_left report_id state hours_each headcount".split()
    return pd.DataFrame(lines, columns=columns)


@deed
def save(
    session: Session,
    plan_id: int,
    fields: ReportFields,
    *,
    announcement: Upload | None = None,
    roster_file: Upload | None = None,
    replace: bool = False,
    actor: Actor,
    now: datetime,
) -> tuple[Report, list[Problem]]:
    """Save a report (保存报告): start or change that of one's own approved plan; answers it and its roster's problems.

    Faulty rows are kept with their faults and post nothing; good rows stand. A file takes the place of a roster that
    was repaired only with `replace`: the repairs are void from then on, and stay on record with the file they mended.
    Refused codes: "role", "missing", "state", "early", "fields", "file", "headings", "rows" (not of this roster),
    "stale" (changed since the file was handed out), "repaired" (it would take the place of repairs).
    """
    last = sa.select(Report).where(Report.plan_id == plan_id).order_by(Report.part.desc()).limit(1)
    last = last.execution_options(populate_existing=True)
    given = (fields.start_on, fields.end_on), roster_file, replace, actor, now
    with db.unlocked(if_possible=roster_file is None):
        plan = plans.own(session, plan_id, actor, lock=False)
        _check_fields(plan, fields, db.office_day(now))
        report = _editable(session.scalar(last))
        considered = consider(session, plan, report, *given)
        if announcement:
            check_announcement([announcement])
            files.store(announcement)
        if roster_file:
            files.store(roster_file)
    plan = plans.own(session, plan_id, actor)
    _check_fields(plan, fields, db.office_day(now))
    report = _editable(session.scalar(last.with_for_update()))
    if stamp(session, report) != considered.stamp:
        considered = consider(session, plan, report, *given, read=considered.table)
    due_on = plans.report_deadline(session, plan, fields.end_on).due_on
    before = summary(report) if report else {}
    event = Event.REVISED if report else Event.DRAFTED
    if report is None:
        report = Report(
            title=plan.title,
            organization_id=plan.organization_id,
            authority_id=plan.authority_id,
            created_by_id=actor.account_id,
            created_at=now,
            plan_id=plan.id,
            plan=plan,
        )
        session.add(report)
    report.start_on, report.end_on = fields.start_on, fields.end_on
    report.summary, report.teachers = typed.prose(fields.summary), typed.prose(fields.teachers)
    report.over_plan_reason = typed.prose(fields.over_plan_reason)
    report.late_reason = typed.prose(fields.late_reason)
    if report.part in (None, 1):  # a supplement's is its own, see `supplement`
        report.due_on = due_on
    session.flush()
    if announcement:
        report.announcement_id = files.attach(session, report, announcement, purpose="announcement", now=now).id
    problems = take_roster(session, report, roster_file, considered, actor, now)
    audit.record(session, event, report, actor=actor, before=before, after=summary(report), now=now)
    return report, problems


def check_announcement(given: Sequence[Upload]) -> None:
    """Files that can be the announcement (培训通知). Refused codes: "file"."""
    if not all(each.filename.lower().endswith(files.DOCUMENT_ENDINGS) for each in given):
        raise Refused("file", f"培训通知请上传{'、'.join(files.DOCUMENT_ENDINGS)}文件。")


def _check_fields(plan: Plan, fields: ReportFields, today: date) -> None:
    if plan.state is not State.APPROVED:
        raise Refused("state", "该计划尚未通过，不能报送培训情况报告。")
    refuse_faults([*left_out(fields, WORDS), *too_long(fields, LONGEST, {}), *no_days(fields, WORDS)])
    if plan.end_on > today and fields.end_on > today:
        raise Refused("early", f"培训{plan.end_on}结束，结束后再报送培训情况报告。")
    refuse_faults(_day_faults(plan, fields, today))


def _editable(report: Report | None) -> Report | None:
    if report is not None and report.state not in EDITABLE:
        raise Refused("state", f"该报告的状态是“{report.state.label}”，不能修改；待审的请先撤回。")
    return report


def _day_faults(plan: Plan, fields: ReportFields, today: date) -> Faults:
    """What is wrong with the days of a training that took place. Refused codes: "policy"."""
    faults: Faults = []
    if fields.end_on < fields.start_on:
        faults.append(("end_on", "结束日期早于开始日期"))
    if fields.start_on < plan.start_on:
        faults.append(("start_on", f"实际开始日期早于计划的{plan.start_on}"))
    if fields.end_on > today:
        faults.append(("end_on", f"实际结束日期{fields.end_on}还没有到"))
    if fields.end_on < fields.start_on:
        return faults
    if fields.end_on.year != plan.end_on.year:
        faults.append(("end_on", "实际结束日期与计划不在同一年度"))
    elif plan.end_on.year in plans.credit_years(plan):
        policy, league = plans.policy_of(plan), plan.authority.league
        windows = plans.study_faults(policy, league, plan.subject, fields.start_on, fields.end_on)
        faults += [("start_on", words) for words in windows]
    return faults


def summary(report: Report) -> dict[str, Any]:
    """A report's fields for the trail."""
    return {
        "start_on": report.start_on.isoformat(),
        "end_on": report.end_on.isoformat(),
        "summary": report.summary,
        "teachers": report.teachers,
        "over_plan_reason": report.over_plan_reason,
        "people": report.people,
        "hours": str(report.hours),
        "faults": report.faults,
    }
