"""The base's record (基地办理情况): what it filed, in time or late, what came back, what was taken back."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Actor, not_found, visible
from core.ledger.standing import OF_SUBMISSION, Standing
from core.models import Movement, Organization, Plan, Report, State, Submission
from core.submissions.kinds import Action

PLAN, REPORT = (str(kind.__mapper__.polymorphic_identity) for kind in (Plan, Report))


@dataclass(frozen=True)
class Record:
    """What an organization's plans and reports have come to (办理情况), those that were ever filed."""

    plans: int
    plans_approved: int
    reports: int
    on_time: int
    late: int
    returned: int
    """How often a plan or a report was returned."""
    rejected: int
    reversed: int
    """Reports whose hours were taken back, in whole or in part."""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """As labels and short values."""
        return [
            ("计划", f"{self.plans}份，通过{self.plans_approved}份"),
            ("报告", f"{self.reports}份，按期{self.on_time}份，逾期{self.late}份"),
            ("退回", f"{self.returned}次"),
            ("不予通过", f"{self.rejected}次"),
            ("学时被冲销的报告", f"{self.reversed}份"),
        ]


def record_of(session: Session, organization_id: int, actor: Actor) -> Record:
    """Record of a base (基地办理情况), as far as the actor may see its submissions. Refused codes: "missing"."""
    home = visible(actor, organization=Organization.id, authority=Organization.authority_id)
    if session.scalar(sa.select(Organization.id).where(Organization.id == organization_id, home)) is None:
        raise not_found("机构")
    seen = visible(actor, organization=Submission.organization_id, authority=Submission.authority_id)
    mine = [Submission.organization_id == organization_id, Submission.submitted_at.is_not(None), seen]

    def count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count(Submission.id)).where(*mine, *conditions).scalar_subquery()

    def steps(action: Action, to: State) -> sa.ScalarSelect[int]:
        """Decisions that stand: each that was undone came and went."""
        gone = sa.and_(Movement.action == Action.UNDO.value, Movement.from_state == to)
        worth = sa.case((Movement.action == action.value, 1), (gone, -1), else_=0)
        taken = sa.select(sa.func.coalesce(sa.func.sum(worth), 0))
        taken = taken.join(Submission, Submission.id == Movement.submission_id)
        return taken.where(*mine, Submission.kind.in_((PLAN, REPORT))).scalar_subquery()

    late = sa.select(Report.__table__.c.id).where(Report.__table__.c.late)
    reported = Submission.kind == REPORT
    found = session.execute(
        sa.select(
            count(Submission.kind == PLAN),
            count(Submission.kind == PLAN, Submission.state == State.APPROVED),
            count(reported),
            count(reported, Submission.id.not_in(late)),
            count(reported, Submission.id.in_(late)),
            steps(Action.RETURN, State.RETURNED),
            steps(Action.REJECT, State.REJECTED),
            count(reported, OF_SUBMISSION.in_((Standing.PARTLY.value, Standing.REVERSED.value))),
        )
    ).one()
    return Record(*found)
