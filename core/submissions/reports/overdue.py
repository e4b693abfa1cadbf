"""Overdue reports (逾期未报) of the bases below an office: what escalates to those in charge of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OFFICERS, Actor, OrganizationKind, require
from core.models import Organization, Plan, Report, State, Submission
from core.submissions import plans
from core.submissions.kinds import EDITABLE

MOST = 500
"""So many are looked at, the oldest first: an office with more knows what to do."""


@dataclass(frozen=True)
class Overdue:
    """A report that is late (逾期未报): of which plan, whose, by how much."""

    plan_id: int
    title: str
    organization: str
    authority: str
    own: bool
    """To be pressed for by the asking office itself, not by the league it lies in."""
    due_on: date
    days_late: int


def overdue(session: Session, actor: Actor, *, now: datetime) -> list[Overdue]:
    """Overdue reports (逾期未报): approved plans of bases in charge whose report is late, the longest first.

    Of this year's and last year's trainings, `MOST` of them at most. Officers of a league see those of its bases; those
    of the region see its own bases', and of each league what the league itself owes and what its bases owe it.
    Refused codes: "role".
    """
    require(actor, *OFFICERS)
    today = db.office_day(now)
    authority = sa.orm.aliased(Organization)
    report, of = (
        sa.inspect(Report).local_table,
        sa.orm.aliased(sa.inspect(Submission).local_table),
    )  # not the plan's own
    filed = sa.exists(report.join(of, of.c.id == report.c.id).select())
    filed = filed.where(report.c.plan_id == Plan.id, of.c.state.not_in(EDITABLE))
    first = date(today.year - 1, 1, 1)
    query = (
        sa.select(Plan, Organization, authority)
        .join(Organization, Organization.id == Plan.organization_id)
        .join(authority, authority.id == Plan.authority_id)
        .where(Plan.state == State.APPROVED, Plan.end_on < today, Plan.start_on.between(first, today), ~filed)
        .order_by(Plan.end_on, Plan.id)
        .limit(MOST)
    )
    if not actor.oversees_region:
        query = query.where(Submission.authority_id == actor.organization_id)
    found = []
    for plan, base, office in session.execute(query):
        sa.orm.attributes.set_committed_value(plan, "authority", office)
        due_on = plans.report_deadline(session, plan, plan.end_on).due_on
        if due_on < today:
            itself = base.kind is OrganizationKind.LEAGUE_HR and actor.oversees_region
            own = itself or office.id == actor.organization_id
            found.append(Overdue(plan.id, plan.title, base.name, office.name, own, due_on, (today - due_on).days))
    return found
