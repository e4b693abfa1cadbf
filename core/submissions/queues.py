"""The one queue (待办队列) of everything submitted, of all kinds or of one."""

from __future__ import annotations

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import resident_id
from core.ground.access import Actor
from core.ledger import standing
from core.models import Claim, Movement, Organization, Person, Plan, Report, State, Submission
from core.submissions import workflow
from core.submissions.workflow import KINDS, MODELS


def trail(session: Session, submission_id: int, actor: Actor) -> pd.DataFrame:
    """The steps a submission has taken. Columns: at, action, account_name, to_state, reason. Refused: "missing"."""
    workflow.one(session, submission_id, actor)
    query = (
        sa.select(Movement.at, Movement.action, Movement.account_name, Movement.to_state, Movement.reason)
        .where(Movement.submission_id == submission_id)
        .order_by(Movement.id)
    )
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


def preview(session: Session, submission: Submission) -> str:
    """What approval would do, in words."""
    words: str = KINDS[submission.kind].preview(session, submission)
    return words


def queue(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    state: State | None = None,
    text: str = "",
    own: bool = False,
    filed: bool = False,
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[pd.DataFrame, int]:
    """Submissions of a kind in the actor's jurisdiction, the longest waiting first, and how many there are in all.

    `own`: only what the actor's own office decides, not what it merely oversees. `filed`: only what is or was before
    the authority, not what its writer still has in hand.
    Columns: id, state, title, organization, authority, submitted_at, decided_at; for plans and reports subject,
    start_on, end_on, headcount, hours_each; for reports also people, hours, faults, late, due_on; for claims name,
    id_mask, activity, completed_on, amount, granted; for both standing (what is left of the hours posted, "" before
    they are).
    """
    model = MODELS[kind]
    home, authority = sa.orm.aliased(Organization), sa.orm.aliased(Organization)
    conditions = [workflow.visible_to(actor)]
    if state:
        conditions.append(Submission.state == state)
    if text.strip():
        needle = text.strip()
        named = (Submission.title, home.name, *([Person.name] if model is Claim else []))
        conditions.append(sa.or_(*(column.contains(needle, autoescape=True) for column in named)))
    if filed:
        conditions.append(Submission.state.in_((State.SUBMITTED, State.APPROVED, State.REJECTED)))
    if own:
        conditions.append(Submission.authority_id == actor.organization_id)
    plan = sa.inspect(Plan).local_table
    columns = [
        Submission.id,
        Submission.state,
        Submission.title,
        home.name.label("organization"),
        authority.name.label("authority"),
    ]
    source: sa.FromClause = sa.inspect(Submission).local_table
    if model is Claim:
        claim = sa.inspect(Claim).local_table
        source = source.join(claim, claim.c.id == Submission.id).join(Person, Person.id == Submission.human_id)
        columns += [Person.name, Person.id_number.label("id_mask")]
        columns += [claim.c[name] for name in ("activity", "completed_on", "amount", "granted")]
    elif model is Plan:
        source = source.join(plan, plan.c.id == Submission.id)
        columns += [plan.c.subject, plan.c.start_on, plan.c.end_on, plan.c.headcount, plan.c.hours_each]
    else:
        report = sa.inspect(Report).local_table
        source = source.join(report, report.c.id == Submission.id).join(plan, plan.c.id == report.c.plan_id)
        columns += [plan.c.subject, report.c.start_on, report.c.end_on, plan.c.headcount, plan.c.hours_each]
        columns += [report.c.people, report.c.hours, report.c.faults, report.c.late, report.c.due_on]
    if model is not Plan:
        columns.append(standing.OF_SUBMISSION.label("standing"))
    columns += [Submission.submitted_at, Submission.decided_at]
    source = source.join(home, home.id == Submission.organization_id)
    source = source.join(authority, authority.id == Submission.authority_id)
    base = sa.select(*columns).select_from(source).where(*conditions)
    count = session.scalar(sa.select(sa.func.count()).select_from(base.subquery())) or 0
    order = Submission.submitted_at.asc() if state is State.SUBMITTED else Submission.id.desc()
    query = base.order_by(order, Submission.id).offset(offset).limit(limit)
    frame = pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())
    if model is Claim:
        frame["id_mask"] = [resident_id.mask(number) for number in frame["id_mask"]]
    return frame, count
