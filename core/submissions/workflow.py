"""The one workflow (申报流程) of everything submitted: its moves, who may make them, the steps taken."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from types import ModuleType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access
from core.ground.access import Actor, Labelled, Refused, Role, not_found, require, visible
from core.models import Account, Claim, Movement, Organization, Person, Plan, Report, State, Submission, under
from core.submissions import claims, plans, reports
from core.trail import audit


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


class Side(Enum):
    """Who makes a move: those who file a kind of submission, or the office that decides it."""

    FILER = "filer"
    AUTHORITY = "authority"


MOVES = {
    # from            move             to            who
    (State.DRAFT, Action.SUBMIT): (State.SUBMITTED, Side.FILER),
    (State.RETURNED, Action.SUBMIT): (State.SUBMITTED, Side.FILER),
    (State.WITHDRAWN, Action.SUBMIT): (State.SUBMITTED, Side.FILER),
    (State.SUBMITTED, Action.WITHDRAW): (State.WITHDRAWN, Side.FILER),
    (State.SUBMITTED, Action.APPROVE): (State.APPROVED, Side.AUTHORITY),
    (State.SUBMITTED, Action.RETURN): (State.RETURNED, Side.AUTHORITY),
    (State.SUBMITTED, Action.REJECT): (State.REJECTED, Side.AUTHORITY),
}
"""The whole life of a submission: it draws the buttons and guards the deed."""

NEEDS_REASON = (Action.RETURN, Action.REJECT)
KINDS: dict[str, ModuleType] = {"plan": plans, "report": reports, "claim": claims}
"""What is particular to a kind: `FILERS`, `APPROVAL_NEEDS_REASON`, `check_submit`, `check_approve`, `on_approve`,
`preview`, `summary`."""
MODELS: dict[str, type[Submission]] = {"plan": Plan, "report": Report, "claim": Claim}
_WORDS = {"plan": "培训计划", "report": "培训情况报告", "claim": "学时折合申报"}


def moves_for(submission: Submission, actor: Actor) -> list[Action]:
    """The moves this actor could make from here; what the screen draws as buttons."""
    sides = {Side.FILER: _files(submission, actor), Side.AUTHORITY: _decides(submission, actor)}
    return [action for (state, action), (_, side) in MOVES.items() if state is submission.state and sides[side]]


def _roles(kind: str, side: Side) -> tuple[Role, ...]:
    filers: tuple[Role, ...] = KINDS[kind].FILERS
    return filers if side is Side.FILER else (Role.REVIEWER,)


def _files(submission: Submission, actor: Actor) -> bool:
    """Whether the actor files such submissions, and this one is of the own house, or the own one."""
    if actor.role not in _roles(submission.kind, Side.FILER):
        return False
    if actor.role is Role.PERSON:
        return submission.human_id == actor.person_id
    return submission.home_id == actor.organization_id


def _decides(submission: Submission, actor: Actor) -> bool:
    return actor.role in _roles(submission.kind, Side.AUTHORITY) and submission.authority_id == actor.organization_id


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
    side = next(side for (_, named), (_, side) in MOVES.items() if named is action)
    require(actor, *_roles(submission.kind, side))
    if side is Side.FILER:
        if not _files(submission, actor):
            raise not_found("申请")
    else:
        access.in_charge(actor, submission.authority_id)
    step = MOVES.get((submission.state, action))
    if submission.version != version or step is None:
        raise audit.overtaken(session, submission, "move" if submission.version == version else "stale")
    if side is Side.AUTHORITY and actor.account_id == submission.created_by_id:
        raise Refused("self", "不能审核自己提交的申请，请由本单位其他审核员办理。")
    reason = reason.strip()
    kind = KINDS[submission.kind]
    if not reason and (action in NEEDS_REASON or (action is Action.APPROVE and kind.APPROVAL_NEEDS_REASON)):
        raise Refused("reason", f"{action.label}须填写审核意见，提交人会看到。")
    before, done = submission.state, ""
    if action is Action.SUBMIT:
        kind.check_submit(session, submission, actor=actor, reason=reason, now=now)
        submission.submitted_at = now
    elif action is Action.APPROVE:
        kind.check_approve(session, submission, now=now)
    submission.state = step[0]
    if side is Side.AUTHORITY:
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


# --- questions ------------------------------------------------------------------------------------------------------


def one(session: Session, submission_id: int, actor: Actor, *, kind: str | None = None) -> Submission:
    """A submission of the actor's jurisdiction, of this kind where it is given, with its organization.

    Refused codes: "missing".
    """
    submission = session.scalar(
        sa.select(Submission)
        .options(sa.orm.selectin_polymorphic(Submission, list(MODELS.values())))
        .options(sa.orm.joinedload(Submission.organization), sa.orm.joinedload(Submission.person))
        .options(sa.orm.joinedload(Submission.authority), sa.orm.selectinload(Report.plan))
        .where(Submission.id == submission_id, visible_to(actor), Submission.kind == kind if kind else sa.true())
    )
    if submission is None:
        raise not_found(_WORDS[kind] if kind else "申请")
    return submission


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    authority, person = Submission.authority_id, Submission.human_id
    return visible(actor, organization=Submission.home_id, authority=authority, person=person)


def filers(session: Session, submission: Submission) -> list[str]:
    """Who, by name, may put a submission right and file it again by now; see `_files`.

    A person moves, an employer may have no clerk: then nobody may until an account is opened.
    """
    own = Account.person_id.in_(sa.select(Person.id).where(under(Person, submission.human_id)))
    query = (
        sa.select(Account.name)
        .join(Organization, Organization.id == Account.organization_id)
        .where(
            Account.active,
            Organization.active,
            Account.role.in_(_roles(submission.kind, Side.FILER)),
            sa.case((Account.role == Role.PERSON, own), else_=Account.organization_id == submission.home_id),
        )
    )
    return list(session.scalars(query.order_by(Account.id)))
