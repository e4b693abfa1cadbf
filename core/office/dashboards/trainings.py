"""The trainings of a year as they stood on a day (培训办理): each plan with its report and what was credited for it.

Read once for a jurisdiction, a year and a day, and kept until the office does something: the same rows answer the map,
the bars, the months, the funnel, what is on time and what waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session, aliased

from core.ground import db
from core.ground.access import Actor, Refused, visible
from core.ground.db import Moment, office_day
from core.law import deadlines, notices
from core.law.deadlines import Deadline
from core.law.notices import Policy
from core.law.workdays import WorkDays
from core.models import (
    CreditBatch,
    CreditEntry,
    Movement,
    Organization,
    Person,
    Plan,
    Report,
    State,
    Submission,
    leagues,
)
from core.office.dashboards.asked import end_of
from core.people import holidays
from core.submissions import workflow
from core.submissions.kinds import KINDS, Action
from core.submissions.programmes import merged

FILED = (State.SUBMITTED, State.APPROVED, State.RETURNED, State.REJECTED)
"""What was put before an authority, and was not taken back."""
SOON = 14
"""So many days before its day a paper of a programme is named as due."""


def plans(session: Session, actor: Actor, year: int, on: date) -> pd.DataFrame:
    """Plans of a year (计划) filed by a day, a line each, with its report and what was credited.

    Columns: id, title, base, league, kind (OrganizationKind), subject, start_on, end_on, month, headcount, state,
    since_on (when it came into that state), filed_on, due_on (last day to file the plan; NaT: no notice says). Of its
    report: report_id (0: none), report_state, report_since_on, report_filed_on, report_due_on, over (whether that day
    is over), reported (people of what was filed), approved (how many reports); credited (people whose hours stand),
    hours (theirs, hundredths), undone (people taken back). Days are datetime64.
    """
    moment = end_of(on)
    scope = workflow.visible_to(actor)
    first, last = date(year, 1, 1), date(year, 12, 31)
    of_year = sa.and_(scope, Plan.start_on.between(first, last))
    then = _states(sa.select(Plan.id).where(of_year), moment)
    query = (
        sa.select(
            Plan.id,
            Plan.title,
            Plan.organization_id.label("base"),
            Plan.authority_id.label("league"),
            Organization.kind,
            Plan.subject,
            Plan.start_on,
            Plan.end_on,
            Plan.headcount,
            then.c.state,
            then.c.since,
            then.c.filed,
        )
        .join(then, then.c.id == Plan.id)
        .join(Organization, Organization.id == Plan.organization_id)
        .where(of_year, then.c.state.in_(FILED))
        .order_by(Plan.id)
    )
    rows = session.connection().execute(query).all()  # no objects of the session
    if not rows:
        return none()
    frame = _frame(rows, query.selected_columns.keys())
    frame["month"] = np.array([day.month for day in frame["start_on"]], np.int8)
    frame["filed_on"], frame["since_on"] = _days(frame.pop("filed")), _days(frame.pop("since"))
    frame["due_on"] = _plan_deadlines(session, frame)
    reported = _reports(session, actor, (first, last), moment)
    frame = frame.merge(reported, how="left", left_on="id", right_on="plan_id").drop(columns="plan_id")
    frame["report_due_on"] = report_deadlines(session, frame)
    for name in DAYS:
        frame[name] = pd.to_datetime(frame[name])
    frame["over"] = frame["report_due_on"] < pd.Timestamp(on)
    for name in ("report_id", "reported", "approved", "credited", "hours", "undone"):
        frame[name] = frame[name].fillna(0).astype(np.int64)
    return frame.drop(columns="filed_due_on")


def _frame(rows: Sequence[Any], names: Iterable[str]) -> pd.DataFrame:
    """Rows as a frame, by column: many times as fast as row by row."""
    columns = zip(*rows, strict=True) if rows else iter(())
    return pd.DataFrame({name: list(next(columns, ())) for name in names})


def _days(moments: pd.Series[Any]) -> pd.Series[Any]:
    """The days of the office on which some moments lie."""
    return pd.to_datetime(moments, utc=True).dt.tz_convert(db.OFFICE_ZONE).dt.tz_localize(None).dt.normalize()


DAYS = ("start_on", "end_on", "since_on", "filed_on", "due_on", "report_since_on", "report_filed_on", "report_due_on")


def none() -> pd.DataFrame:
    """No trainings: as `plans`, without a line."""
    whole = {"id": np.int64, "base": np.int64, "league": np.int64, "month": np.int8, "headcount": np.int64}
    whole |= dict.fromkeys(("report_id", "reported", "approved", "credited", "hours", "undone"), np.int64)
    columns: dict[str, Any] = dict.fromkeys(("title", "kind", "subject", "state", "report_state"), object)
    columns |= whole | {"over": bool} | dict.fromkeys(DAYS, "datetime64[s]")
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in columns.items()})


def _states(ids: sa.Select[Any], moment: datetime) -> sa.Subquery:
    """The state of submissions at a moment, since when, and when they were first filed; by their movements."""
    steps = (
        sa.select(
            Movement.submission_id.label("id"),
            sa.func.max(Movement.id).label("last"),
            sa.type_coerce(sa.func.min(sa.case((Movement.action == Action.SUBMIT.value, Movement.at))), Moment).label(
                "filed"
            ),
        )
        .where(Movement.at < moment, Movement.submission_id.in_(ids))
        .group_by(Movement.submission_id)
        .subquery()
    )
    last = aliased(Movement)
    return (
        sa.select(steps.c.id, last.to_state.label("state"), last.at.label("since"), steps.c.filed)
        .join(last, last.id == steps.c.last)
        .subquery()
    )


def _reports(session: Session, actor: Actor, span: tuple[date, date], moment: datetime) -> pd.DataFrame:
    """Of each plan of some days: its report with its supplements, as they stood at a moment, and what was credited."""
    plan = Plan.__table__.alias("of_plan")
    source = sa.and_(workflow.visible_to(actor), plan.c.start_on.between(*span))
    ids = sa.select(Report.id).join(plan, plan.c.id == Report.plan_id).where(source)
    then = _states(ids, moment)
    query = (
        sa.select(Report.id, Report.plan_id, Report.part, Report.people, Report.due_on)
        .add_columns(then.c.state, then.c.since, then.c.filed)
        .join(then, then.c.id == Report.id)
        .where(then.c.state.in_(FILED))
        .order_by(Report.plan_id, Report.part)
    )
    credited = _credited(session, ids, moment)
    found: dict[int, dict[str, Any]] = {}
    for row in session.connection().execute(query):
        people, hours, undone = credited.get(row.id, (0, 0, 0))
        told = found.setdefault(
            row.plan_id,
            {
                "plan_id": row.plan_id,
                "report_id": row.id,
                "report_state": row.state,
                "report_since_on": office_day(row.since),
                "report_filed_on": office_day(row.filed),
                "filed_due_on": row.due_on,
                "reported": 0,
                "approved": 0,
                "credited": 0,
                "hours": 0,
                "undone": 0,
            },
        )
        if row.state is not State.REJECTED:
            told["reported"] += row.people
        told["approved"] += row.state is State.APPROVED
        told["credited"] += people
        told["hours"] += hours
        told["undone"] += undone
        if row.part > 1 and row.state in (State.SUBMITTED, State.RETURNED):  # a supplement is under way
            told |= {"report_id": row.id, "report_state": row.state, "report_since_on": office_day(row.since)}
    columns = ["plan_id", "report_id", "report_state", "report_since_on", "report_filed_on", "filed_due_on"]
    told_of = pd.DataFrame(
        list(found.values()), columns=[*columns, "reported", "approved", "credited", "hours", "undone"]
    )
    return told_of.astype({"plan_id": np.int64})


def _credited(session: Session, reports: sa.Select[Any], moment: datetime) -> dict[int, tuple[int, int, int]]:
    """By report the people whose hours stand at a moment, their hours (hundredths), and the people taken back."""
    undone = aliased(CreditBatch)
    sums = sa.select(sa.func.sum(sa.type_coerce(CreditEntry.hours, sa.Integer)))
    own = sa.select(
        CreditBatch.submission_id,
        CreditBatch.entries,
        sums.where(CreditEntry.batch_id == CreditBatch.id).scalar_subquery(),
    ).where(CreditBatch.submission_id.in_(reports), CreditBatch.posted_at < moment, CreditBatch.reverses_id.is_(None))
    back = (
        sa.select(
            undone.submission_id,
            -CreditBatch.entries,
            sums.where(CreditEntry.batch_id == CreditBatch.id).scalar_subquery(),
        )
        .join(undone, undone.id == CreditBatch.reverses_id)
        .where(undone.submission_id.in_(reports), CreditBatch.posted_at < moment)
    )
    found: dict[int, tuple[int, int, int]] = {}
    for query in (own, back):
        for report_id, entries, hours in session.execute(query):
            people, whole, taken = found.get(report_id, (0, 0, 0))
            found[report_id] = people + entries, whole + (hours or 0), taken + max(-entries, 0)
    return found


def _plan_deadlines(session: Session, frame: pd.DataFrame) -> list[date | None]:
    """By when each plan was to be filed; the same for all that begin on a day in a league."""
    days, whose = holidays.work_days(session), _whose_notice(session, frame)
    found = {
        (league, start_on): _due(deadlines.of_plan, start_on, start_on, league, days)
        for league, start_on in set(zip(whose, frame["start_on"], strict=True))
    }
    return [found[each] for each in zip(whose, frame["start_on"], strict=True)]


def report_deadlines(session: Session, frame: pd.DataFrame) -> list[date | None]:
    """By when each training was to be reported: as its report says, else counted from the plan's last day."""
    days, whose = holidays.work_days(session), _whose_notice(session, frame)
    keys = list(zip(whose, frame["end_on"], frame["start_on"], strict=True))
    found = {
        (league, end_on, start_on): _due(deadlines.of_report, end_on, start_on, league, days)
        for league, end_on, start_on in set(keys)
    }
    said = zip(frame["filed_due_on"], keys, strict=True)
    return [due if isinstance(due, date) else found[key] for due, key in said]


def _whose_notice(session: Session, frame: pd.DataFrame) -> list[str | None]:
    """Whose notice each training goes by (盟市); None: the region's, as where a league has none of its own."""
    own, known = {each.league for each in notices.filed()}, leagues(session)
    league_of = {office: league if league in own else None for office, league in known.items()}
    return [league_of.get(office) for office in frame["league"].tolist()]


def _due(
    count: Callable[[Policy, date, WorkDays], Deadline], day: date, start_on: date, league: str | None, days: WorkDays
) -> date | None:
    """A deadline by the notice of a training's first day; None where no notice says one."""
    try:
        return count(notices.in_force(start_on, league), day, days).due_on
    except Refused:
        return None


def waits(session: Session, actor: Actor, year: int, on: date) -> pd.DataFrame:
    """What was decided in a year or waits (审核用时): a line for each time something lay before an authority.

    What waits is what was filed by the end of the year, be it in an earlier one, and waits at the end of the day.
    Columns: id, kind, title, base, league, filed_at, decided_at (NaT: it waits), days (float). Of all kinds.
    """
    first, end, over = end_of(date(year - 1, 12, 31)), end_of(on), end_of(date(year, 12, 31))
    earlier = aliased(Movement)
    before = (
        sa.select(sa.func.max(earlier.id))
        .where(
            earlier.submission_id == Movement.submission_id,
            earlier.id < Movement.id,
            earlier.action == Action.SUBMIT.value,
        )
        .correlate(Movement)
        .scalar_subquery()
    )
    filed = aliased(Movement)
    about: tuple[Any, ...] = (Submission.id, Submission.kind, Submission.title)
    about += (Submission.organization_id.label("base"), Submission.authority_id.label("league"))
    decided = (
        sa.select(*about, filed.at.label("filed_at"), Movement.at.label("decided_at"))
        .join_from(Movement, Submission, Submission.id == Movement.submission_id)
        .join(filed, filed.id == before)
        .where(
            workflow.visible_to(actor),
            Movement.action.in_([Action.APPROVE.value, Action.RETURN.value, Action.REJECT.value]),
            Movement.at >= first,
            Movement.at < min(end, over),
        )
    )
    # What waited then waits now, or something was done with it since: so that not every paper of all years is read.
    since = sa.select(Movement.submission_id).where(Movement.at >= end)
    may_wait = sa.or_(Submission.state == State.SUBMITTED, Submission.id.in_(since))
    then = _states(sa.select(Submission.id).where(workflow.visible_to(actor), may_wait), end)
    waiting = (
        sa.select(*about, then.c.since.label("filed_at"), sa.literal(None, Moment).label("decided_at"))
        .join(then, then.c.id == Submission.id)
        .where(then.c.state == State.SUBMITTED, then.c.since < over)
    )
    connection = session.connection()
    rows = [*connection.execute(decided), *connection.execute(waiting)]
    frame = _frame(rows, ("id", "kind", "title", "base", "league", "filed_at", "decided_at"))
    until = [decided_at or end for decided_at in (row.decided_at for row in rows)]
    frame["days"] = [
        (ended - began).total_seconds() / 86_400 for began, ended in zip(frame["filed_at"], until, strict=True)
    ]
    return frame


def shares(session: Session, actor: Actor, year: int, on: date) -> NDArray[np.int64]:
    """Whose hours a training's are (人员学时), as columns plan, human, hours (hundredths), count (-1: taken back).

    Of all trainings of a year, as the ledger stood at the end of a day, by human, so that they are found among the
    people in one pass; read only where people are narrowed.
    """
    plan = Plan.__table__.alias("of_plan")
    undone = aliased(CreditBatch)
    report_id = sa.func.coalesce(undone.submission_id, CreditBatch.submission_id)
    of_year = plan.c.start_on.between(date(year, 1, 1), date(year, 12, 31))
    batches = (
        sa.select(CreditBatch.id, plan.c.id.label("plan_id"), CreditBatch.reverses_id)
        .outerjoin(undone, undone.id == CreditBatch.reverses_id)
        .join(Report, Report.id == report_id)
        .join(plan, plan.c.id == Report.plan_id)
        .where(workflow.visible_to(actor), of_year, CreditBatch.posted_at < end_of(on))
        .order_by(CreditBatch.id)
    )
    rows = session.execute(batches).all()
    ids, plans = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    counts = np.array([1 if row.reverses_id is None else -1 for row in rows], np.int64)
    found = [np.zeros((4, 0), np.int64)]
    for start in range(0, len(ids), 200):
        # 1. Nothing but what the index of a batch's lines holds: the entries lie by person, each in a page of its own.
        query = sa.select(CreditEntry.batch_id, CreditEntry.person_id, sa.type_coerce(CreditEntry.hours, sa.Integer))
        batch, person, hours = db.integers(
            session, query.where(CreditEntry.batch_id.in_(ids[start : start + 200].tolist()))
        )
        at = np.searchsorted(ids, batch)
        found.append(np.stack([plans[at], person, hours, counts[at]]))
    whole = np.concatenate(found, axis=1)
    # 2. The few who are on file twice count as one.
    double = sa.select(Person.id, Person.merged_into_id).where(Person.merged_into_id.is_not(None)).order_by(Person.id)
    if doubles := [tuple(row) for row in session.execute(double)]:
        known, human = np.array(doubles, np.int64).T
        at = np.minimum(np.searchsorted(known, whole[1]), len(known) - 1)
        whole[1] = np.where(known[at] == whole[1], human[at], whole[1])
    return whole[:, np.argsort(whole[1], kind="stable")]


def programme_papers(session: Session, actor: Actor, year: int, on: date) -> pd.DataFrame:
    """Plan tables and summaries of programmes (附件2、总结) of a year as of a day: filed, or owed by then or soon.

    Columns: id (0: not begun), kind, matter, title, base, league, due_on, filed_on (NaT: not filed), as datetime64.
    """
    whose = visible(actor, organization=Organization.id, authority=Organization.authority_id)
    mine = set(session.scalars(sa.select(Organization.id).where(whose)))
    lines: list[tuple[Any, ...]] = []
    for code, (model, what) in merged.KINDS.items():
        matter, held = KINDS[code].word, set()
        query = sa.select(model).where(model.year == year, model.state.in_(FILED), workflow.visible_to(actor))
        for each in session.scalars(query):
            if each.filed_on and each.filed_on <= on:
                held.add((each.organization_id, each.programme))
                home = each.organization
                about = (each.title, home.id, home.authority_id)
                lines.append((each.id, code, matter, *about, each.due_on, each.filed_on))
        for owed in merged.owing(session, year, on, model, what):
            home = owed.organization
            if home.id in mine and owed.days_late >= -SOON and (home.id, owed.programme) not in held:
                about = (f"{owed.name}{matter}", home.id, home.authority_id)
                lines.append((owed.item, code, matter, *about, owed.deadline.due_on, None))
    frame = pd.DataFrame(lines, columns=["id", "kind", "matter", "title", "base", "league", "due_on", "filed_on"])
    return frame.assign(due_on=pd.to_datetime(frame["due_on"]), filed_on=pd.to_datetime(frame["filed_on"]))
