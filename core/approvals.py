"""The one workflow for everything submitted: its moves, who makes them, what is waiting. Kinds add the rest."""

from __future__ import annotations

from datetime import datetime
from types import ModuleType

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, audit, plans, reports
from core.access import Actor, Labelled, Refused, Role, not_found, require, visible
from core.models import Movement, Organization, Plan, Report, Submission
from core.models import State as S


class Action(Labelled):
    SUBMIT = "submit", "提交"
    WITHDRAW = "withdraw", "撤回"
    APPROVE = "approve", "通过"
    RETURN = "return", "退回"
    REJECT = "reject", "不予通过"

    @property
    def done(self) -> str:
        """The action in the past tense."""
        return self.label if self is Action.REJECT else f"已{self.label}"


MOVES = {
    # from            move             to            who
    (S.DRAFT, Action.SUBMIT): (S.SUBMITTED, Role.BASE_CLERK),
    (S.RETURNED, Action.SUBMIT): (S.SUBMITTED, Role.BASE_CLERK),
    (S.WITHDRAWN, Action.SUBMIT): (S.SUBMITTED, Role.BASE_CLERK),
    (S.SUBMITTED, Action.WITHDRAW): (S.WITHDRAWN, Role.BASE_CLERK),
    (S.SUBMITTED, Action.APPROVE): (S.APPROVED, Role.REVIEWER),
    (S.SUBMITTED, Action.RETURN): (S.RETURNED, Role.REVIEWER),
    (S.SUBMITTED, Action.REJECT): (S.REJECTED, Role.REVIEWER),
}
"""The whole life of a submission: it draws the buttons and guards the deed."""

NEEDS_REASON = (Action.RETURN, Action.REJECT)
KINDS: dict[str, ModuleType] = {"plan": plans, "report": reports}
"""What is particular to a kind: `check_submit`, `check_approve`, `on_approve`, `preview`, `summary`."""
_MODELS: dict[str, type[Submission]] = {"plan": Plan, "report": Report}


def moves_for(submission: Submission, actor: Actor) -> list[Action]:
    """The moves this actor could make from here; what the screen draws as buttons."""
    found = []
    for (state, action), (_, role) in MOVES.items():
        home = submission.organization_id if role is Role.BASE_CLERK else submission.authority_id
        if state is submission.state and role is actor.role and home == actor.organization_id:
            found.append(action)
    return found


def move(
    session: Session,
    submission_id: int,
    action: Action,
    *,
    version: int,
    actor: Actor,
    reason: str = "",
    now: datetime,
) -> tuple[Submission, str]:
    """Take one step in a submission's life, do what approval means for its kind, and leave a trail.

    `version` is the one the actor saw. Answers the submission and what happened, in words. Refused codes: "missing",
    "role", "jurisdiction", "stale" (somebody was faster), "move" (not from this state), "self" (own submission),
    "reason", and those of its kind ("late", "fields", "begun", "name", "empty").
    """
    submission = session.scalar(
        sa.select(Submission).where(Submission.id == submission_id).with_for_update(of=Submission)
    )
    if submission is None:
        raise not_found("申请")
    roles = {role for (_, named), (_, role) in MOVES.items() if named is action}
    require(actor, *roles)
    if actor.role is Role.BASE_CLERK:
        if submission.organization_id != actor.organization_id:
            raise not_found("申请")
    else:
        access.in_charge(actor, submission.authority_id)
    step = MOVES.get((submission.state, action))
    if submission.version != version or step is None:
        raise _overtaken(session, submission, stale=submission.version != version)
    if actor.role is Role.REVIEWER and actor.account_id == submission.created_by_id:
        raise Refused("self", "不能审核自己提交的申请，请由本单位其他审核员办理。")
    reason = reason.strip()
    if action in NEEDS_REASON and not reason:
        raise Refused("reason", f"{action.label}须填写原因，申请单位会看到。")
    kind = KINDS[submission.kind]
    before, done = submission.state, ""
    if action is Action.SUBMIT:
        kind.check_submit(session, submission, actor=actor, reason=reason, now=now)
        submission.submitted_at = now
    elif action is Action.APPROVE:
        kind.check_approve(session, submission, now=now)
    submission.state = step[0]
    if actor.role is Role.REVIEWER:
        submission.decided_at = now
    session.add(
        Movement(
            submission_id=submission.id,
            action=action.value,
            from_state=before,
            to_state=submission.state,
            account_id=actor.account_id,
            account_name=actor.name,
            reason=reason,
            at=now,
        )
    )
    audit.record(
        session,
        audit.Event(f"submission.{action.value}"),
        submission,
        actor=actor,
        before={"state": before.value},
        after={"state": submission.state.value, "title": submission.title},
        reason=reason,
        now=now,
    )
    if action is Action.APPROVE:
        done = kind.on_approve(session, submission, actor=actor, now=now)
    session.flush()
    return submission, done


def _overtaken(session: Session, submission: Submission, *, stale: bool) -> Refused:
    last = session.scalar(
        sa.select(Movement).where(Movement.submission_id == submission.id).order_by(Movement.id.desc()).limit(1)
    )
    what = f"“{submission.title}”当前状态为{submission.state.label}"
    if last:
        what += f"（{last.account_name}{Action(last.action).done}）"
    return Refused("stale" if stale else "move", f"{what}，您的操作没有重复执行，请查看最新状态。")


# --- questions ------------------------------------------------------------------------------------------------------


def one(session: Session, submission_id: int, actor: Actor) -> Submission:
    """A submission of the actor's jurisdiction, with its organization. Refused codes: "missing"."""
    submission = session.scalar(
        sa.select(Submission)
        .options(sa.orm.selectin_polymorphic(Submission, [Plan, Report]), sa.orm.joinedload(Submission.organization))
        .options(sa.orm.joinedload(Submission.authority), sa.orm.selectinload(Report.plan))
        .where(
            Submission.id == submission_id,
            visible(actor, organization=Submission.organization_id, authority=Submission.authority_id),
        )
    )
    if submission is None:
        raise not_found("申请")
    return submission


def trail(session: Session, submission_id: int, actor: Actor) -> pd.DataFrame:
    """The steps a submission has taken. Columns: at, action, account_name, to_state, reason. Refused: "missing"."""
    one(session, submission_id, actor)
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
    state: S | None = None,
    text: str = "",
    own: bool = False,
    filed: bool = False,
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[pd.DataFrame, int]:
    """Submissions of a kind in the actor's jurisdiction, the longest waiting first, and how many there are in all.

    `own`: only what the actor's own office decides, not what it merely oversees. `filed`: only what is or was before
    the authority, not what its writer still has in hand.
    Columns: id, state, title, organization, authority, subject, start_on, end_on, headcount, hours_each, submitted_at,
    decided_at; for reports also people, hours, faults, late, due_on.
    """
    model = _MODELS[kind]
    home, authority = sa.orm.aliased(Organization), sa.orm.aliased(Organization)
    conditions = [visible(actor, organization=Submission.organization_id, authority=Submission.authority_id)]
    if state:
        conditions.append(Submission.state == state)
    if text.strip():
        needle = text.strip()
        conditions.append(
            sa.or_(Submission.title.contains(needle, autoescape=True), home.name.contains(needle, autoescape=True))
        )
    if filed:
        conditions.append(Submission.state.in_((S.SUBMITTED, S.APPROVED, S.REJECTED)))
    if own:
        conditions.append(Submission.authority_id == actor.organization_id)
    plan = sa.inspect(Plan).local_table
    columns = [
        Submission.id,
        Submission.state,
        Submission.title,
        home.name.label("organization"),
        authority.name.label("authority"),
        plan.c.subject,
    ]
    source: sa.FromClause = sa.inspect(Submission).local_table
    if model is Plan:
        source = source.join(plan, plan.c.id == Submission.id)
        columns += [plan.c.start_on, plan.c.end_on, plan.c.headcount, plan.c.hours_each]
    else:
        report = sa.inspect(Report).local_table
        source = source.join(report, report.c.id == Submission.id).join(plan, plan.c.id == report.c.plan_id)
        columns += [report.c.start_on, report.c.end_on, plan.c.headcount, plan.c.hours_each]
        columns += [report.c.people, report.c.hours, report.c.faults, report.c.late, report.c.due_on]
    columns += [Submission.submitted_at, Submission.decided_at]
    source = source.join(home, home.id == Submission.organization_id)
    source = source.join(authority, authority.id == Submission.authority_id)
    base = sa.select(*columns).select_from(source).where(*conditions)
    count = session.scalar(sa.select(sa.func.count()).select_from(base.subquery())) or 0
    order = Submission.submitted_at.asc() if state is S.SUBMITTED else Submission.id.desc()
    query = base.order_by(order, Submission.id).offset(offset).limit(limit)
    frame = pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())
    return frame, count
