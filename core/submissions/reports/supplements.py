"""Supplements (补报): the rows of an approved report without hours, put right and reported again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.ledger.standing import hours_taken_back
from core.models import CreditBatch, CreditEntry, Movement, Plan, Report, RosterProblem, RosterRow, State
from core.submissions import plans, roster
from core.submissions.reports.events import Event
from core.submissions.reports.keeping import cells_of, keep
from core.trail import audit

SENT_BACK = "sent-back"
"""The code of a row that went back when the rest of its report was approved (部分退回)."""


@deed
def supplement(session: Session, report_id: int, *, actor: Actor, now: datetime) -> Report:
    """Begin a supplement (补报) to one's own approved report: the rows without hours, to be repaired and filed.

    Due as long after the approval, or after the last reversal of what it holds, as a report after its training. The
    notice sets no deadline for it: this is clause 一(五)2 by analogy, and our reading.
    Refused codes: "role", "missing", "state" (not approved, one is under way, or every row has its hours).
    """
    require(actor, Role.BASE_CLERK)
    report = session.get(Report, report_id)
    if report is None or report.organization_id != actor.organization_id:
        raise not_found("报告")
    with db.unlocked(if_possible=True):  # rosters of the first release are read from their files
        kept = {
            part.id: cells_of(session, part, actor) for part in {row.report for row in unregistered(session, report)}
        }
    session.get(Plan, report.plan_id, with_for_update=True)  # nobody begins two at once
    left = unregistered(session, report)
    if not left:
        raise Refused("state", "报告通过后，仍有没有登记或已冲销的行，且没有补报正在办理时，才能补报。")
    rows: dict[int, roster.Cells] = {}
    kept |= {part.id: cells_of(session, part, actor) for part in {row.report for row in left} if part.id not in kept}
    for each in left:
        row = each.row if each.row not in rows else max(*rows, *(one.row for one in left)) + 1
        rows[row] = kept[each.report.id][each.row]
    newest = max((row.report for row in left), key=lambda part: part.part)
    since = max((moment for row in left for moment in (row.undone_at, newest.decided_at) if moment), default=now)
    names = "organization_id authority_id plan_id start_on end_on summary teachers over_plan_reason".split()
    names += ["announcement_id", "roster_id"]
    part = 1 + (session.scalar(sa.select(sa.func.max(Report.part)).where(Report.plan_id == report.plan_id)) or 1)
    added = Report(
        **{name: getattr(newest, name) for name in names},
        title=f"{report.plan.title[:90]}（补报{part - 1 if part > 2 else ''}）",
        part=part,
        due_on=plans.report_deadline(session, report.plan, db.office_day(since)).due_on,
        created_by_id=actor.account_id,
        created_at=now,
        plan=report.plan,
    )
    session.add(added)
    keep(session, added, rows, db.office_day(now))
    after = {"report": report.id, "rows": len(rows)}
    audit.record(session, Event.SUPPLEMENTED, added, actor=actor, after=after, now=now)
    return added


@dataclass(frozen=True)
class Unregistered:
    """A row of an approved report without hours, and when they were undone; None: they were never posted."""

    report: Report
    row: int
    undone_at: datetime | None


def unregistered(session: Session, report: Report) -> list[Unregistered]:
    """Rows without hours (未登记的行) that a supplement would take up; none while one is under way.

    A supplement takes up every row there is when it is begun. So what is left is:
    Step 1: rows that stayed faulty in the last report of the plan, where that was approved.
    Step 2: rows of the last report, or undone after it was begun, whose hours were taken back.
    Step 3: less those whose person is registered for that year by another row.
    """
    query = sa.select(Report).where(Report.plan_id == report.plan_id).order_by(Report.part)
    parts = {part.id: part for part in session.scalars(query)}
    *_, last = parts.values()
    if report.state is not State.APPROVED or last.state not in (State.APPROVED, State.REJECTED):
        return []
    posted, which = (
        sa.orm.aliased(CreditBatch),
        (RosterRow.report_id, RosterRow.row, RosterRow.id_index, RosterRow.credit_year),
    )
    undone = (
        sa.select(*which, sa.func.max(CreditBatch.posted_at))
        .join(CreditEntry, CreditEntry.roster_row_id == RosterRow.id)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .join(posted, posted.id == CreditBatch.reverses_id)
        .where(posted.submission_id.in_(parts), RosterRow.report_id.is_not(None), hours_taken_back(parts))
        .group_by(RosterRow.id, *which)
    )
    faulty = sa.select(*which, sa.null()).where(RosterRow.report_id == last.id, RosterRow.faulty)
    found: list[Any] = [row for row in session.execute(undone) if row[0] == last.id or row[4] > last.created_at]
    if last.state is State.APPROVED:
        found += session.execute(faulty)
    usual_year = plans.usual_year(report.plan)
    standing = roster.registered(session, report.plan_id, usual_year) if len(parts) > 1 else {}
    rows = [
        Unregistered(parts[part], row, at)
        for part, row, index, year, at in found
        if (index, year or usual_year) not in standing
    ]
    return sorted(rows, key=lambda each: (each.row, each.report.part))


@dataclass(frozen=True)
class TurnedDown:
    """A supplement that was 不予通过, with why; `people` of it have no hours."""

    title: str
    people: int
    reason: str


def turned_down(session: Session, report: Report) -> list[TurnedDown]:
    """Rejected supplements (不予通过的补报) of a report's plan, as long as somebody in them is without hours."""
    query = (
        sa.select(Report, Movement.reason)
        .join(Movement, sa.and_(Movement.submission_id == Report.id, Movement.to_state == State.REJECTED))
        .where(Report.plan_id == report.plan_id, Report.part > 1)
        .order_by(Report.part)
    )
    usual_year = plans.usual_year(report.plan)
    standing = roster.registered(session, report.plan_id, usual_year)
    found = []
    for part, reason in session.execute(query):
        rows = session.execute(
            sa.select(RosterRow.id_index, RosterRow.credit_year).where(RosterRow.report_id == part.id)
        )
        if people := sum((index, year or usual_year) not in standing for index, year in rows):
            found.append(TurnedDown(part.title, people, reason))
    return found


def to_supplement(session: Session, actor: Actor) -> pd.DataFrame:
    """Reports to supplement (待补报): one's own with rows sent back at their approval, or hours undone since.

    Columns: report_id, title, words (how many and why). None of a plan whose supplement is under way. Refused codes:
    "role".
    """
    require(actor, Role.BASE_CLERK)
    back = sa.orm.aliased(CreditBatch)
    undone = sa.select(CreditBatch.submission_id).join(back, back.reverses_id == CreditBatch.id)
    returned = sa.select(RosterProblem.report_id, RosterProblem.row).where(RosterProblem.code == SENT_BACK)
    query = (
        sa.select(Report)
        .where(
            Report.organization_id == actor.organization_id,
            Report.state == State.APPROVED,
            sa.or_(Report.id.in_(undone), Report.id.in_(returned.with_only_columns(RosterProblem.report_id))),
        )
        .order_by(Report.id)
    )
    lines: dict[int, tuple[int, str, str]] = {}
    for report in session.scalars(query):
        left = unregistered(session, report)
        of_it = set(session.execute(returned.where(RosterProblem.report_id.in_({each.report.id for each in left}))))
        rows = sum((each.report.id, each.row) in of_it for each in left)
        people = sum(each.undone_at is not None for each in left)
        said = [f"审核退回{rows}行，可改正后补报"] if rows else []
        said += [f"有{people}人的学时已冲销，可补报更正"] if people else []
        if said:
            lines.setdefault(report.plan_id, (report.id, report.plan.title, "；".join(said)))
    return pd.DataFrame(list(lines.values()), columns=["report_id", "title", "words"])
