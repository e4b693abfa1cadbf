"""The one workflow (申报流程) of everything submitted: its moves, who may make them, the steps taken."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core.ground import access, db, typed
from core.ground.access import OFFICERS, Actor, Refused, Role, not_found, require, visible
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.ledger import books, consequences
from core.ledger.consequences import Consequence
from core.models import Account, Movement, Organization, Person, Submission, under
from core.models import State as S
from core.people import accounts
from core.submissions import contents, kinds, remarking
from core.submissions.contents import Changed
from core.submissions.kinds import KINDS, Stage
from core.submissions.remarking import OpenRemark
from core.tables.problems import Problem
from core.trail import audit, messages

Action = kinds.Action
"""A move (操作): `kinds.Action`."""
Remark = kinds.Given
"""One remark (审核意见) of a move: `kinds.Given`."""


class Side(Enum):
    """Who makes a move: those who file a kind of submission, or the office that decides it."""

    FILER = "filer"
    AUTHORITY = "authority"


MOVES = {
    # from            move             to            who
    (S.DRAFT, Action.SUBMIT): (S.SUBMITTED, Side.FILER),
    (S.RETURNED, Action.SUBMIT): (S.SUBMITTED, Side.FILER),
    (S.WITHDRAWN, Action.SUBMIT): (S.SUBMITTED, Side.FILER),
    (S.SUBMITTED, Action.WITHDRAW): (S.WITHDRAWN, Side.FILER),
    (S.SUBMITTED, Action.APPROVE): (S.APPROVED, Side.AUTHORITY),
    (S.SUBMITTED, Action.RETURN): (S.RETURNED, Side.AUTHORITY),
    (S.SUBMITTED, Action.REJECT): (S.REJECTED, Side.AUTHORITY),
    (S.APPROVED, Action.UNDO): (S.SUBMITTED, Side.AUTHORITY),
    (S.RETURNED, Action.UNDO): (S.SUBMITTED, Side.AUTHORITY),
    (S.REJECTED, Action.UNDO): (S.SUBMITTED, Side.AUTHORITY),
}
"""The whole life of a submission: it draws the buttons and guards the deed.

A kind of several stages stays SUBMITTED while one stage's approval hands it to the next. Only who made a decision may
undo it (撤销), and only while nothing has relied on it: it waits again as if it had not been decided.
"""
SIDES = {action: side for (_, action), (_, side) in MOVES.items()}

NEEDS_REASON = (Action.RETURN, Action.REJECT)
CONFIRM = "已核对，同意"
"""What is ticked to confirm what a kind asks to be confirmed."""


def moves_for(submission: Submission, actor: Actor) -> list[Action]:
    """The moves this actor could make from here; what the screen draws as buttons."""
    sides = {Side.FILER: files(submission, actor), Side.AUTHORITY: _decides(submission, actor)}
    own = actor.role in _roles(submission, Side.AUTHORITY) and submission.decided_by_id == actor.account_id
    return [
        action
        for (state, action), (_, side) in MOVES.items()
        if state is submission.state and (own if action is Action.UNDO else sides[side])
    ]


def needs_reason(kind: kinds.Kind[Any], action: Action) -> bool:
    """Whether a move of a kind must state its reason (须填写意见)."""
    return action in NEEDS_REASON or (action is Action.APPROVE and kind.approval_needs_reason)


def stage_of(submission: Submission) -> Stage:
    """The stage at which a submission waits, or would wait once submitted."""
    return kinds.of(submission).stages[submission.stage]


def decider(session: Session, submission: Submission) -> Organization:
    """The office before which a submission lies (审核机关): that of its stage."""
    return session.get_one(Organization, submission.decider_id)


def _roles(submission: Submission, side: Side) -> tuple[Role, ...]:
    """The roles that make the moves of a side; a submission's stages may be decided in different ones."""
    kind = kinds.of(submission)
    return kind.filers if side is Side.FILER else deciders(kind)


def deciders(kind: kinds.Kind[Any]) -> tuple[Role, ...]:
    """The roles that decide a kind (审核角色), at whatever stage."""
    return tuple(dict.fromkeys(role for stage in kind.stages for role in stage.roles))


def files(submission: Submission, actor: Actor) -> bool:
    """Whether the actor files such submissions, and this one is of the own house, or the own one."""
    if actor.role not in _roles(submission, Side.FILER):
        return False
    if actor.role is Role.PERSON:
        return submission.human_id == actor.person_id
    return submission.home_id == actor.organization_id


def _decides(submission: Submission, actor: Actor) -> bool:
    return actor.role in stage_of(submission).roles and submission.decider_id == actor.organization_id


@deed
def move(
    session: Session,
    submission_id: int,
    action: Action,
    *,
    version: int,
    actor: Actor,
    reason: str = "",
    confirmed: str = "",
    remarks: Sequence[Remark] = (),
    now: datetime,
) -> tuple[Submission, Consequence]:
    """Take one step in a submission's life, do what approval means for its kind, and leave a trail.

    `version` is the one the actor saw (optimistic lock), `confirmed` the words of `to_confirm` an approval confirms.
    `remarks`, each bound to a field, a row or the whole, go back with a return or a rejection, and are its reason where
    none is written; with an approval they name the rows of a roster that go back while the rest is posted.
    Answers the submission and what it leads to. Refused codes: "missing", "role", "jurisdiction", "stale" (somebody was
    faster), "move" (not from this state), "self" (own submission), "reason", "confirm" (not confirmed, or the figures
    have changed), "remark", and those of its kind ("late", "over-plan", "fields", "begun", "name", "empty").
    """
    step = _Step(action, version, actor, typed.prose(reason), confirmed, now, remarks)
    if action in _RECKONED and not remarks:
        _reckon(session, submission_id, step)
    return _moved(session, submission_id, step)


_RECKONED = (Action.SUBMIT, Action.APPROVE, Action.UNDO)
"""The moves that lead to something which takes long to reckon."""


def is_large(submission: Submission) -> bool:
    """Whether what its approval leads to is asked, and done, with care for the others (大件)."""
    return kinds.of(submission).size(submission) >= books.LARGE


def _reckon(session: Session, submission_id: int, step: _Step) -> None:
    """Reckon a large move before the lock (先算后锁): the deed itself is done in a copy, and what came of it kept.

    Under the lock only the rows are written then. What is refused there is refused there; here nothing is said of it.
    """
    if db.dialect() != "sqlite":
        return
    with db.unlocked(if_possible=True) as free:
        found = session.get(Submission, submission_id) if free else None
        if found is None or not is_large(found):
            return
        with contextlib.suppress(Refused, StaleDataError), db.rehearsal_on_a_copy() as copy:
            seen = _seen(copy)
            with books.recorded(copy, books.state(copy)) as posted:
                told = _moved(copy, submission_id, step)[1]
            session.info[_TOLD] = step, seen, told
            for each in posted:
                books.have_ready(session, each)


_TOLD = "what a move was reckoned to lead to"


def _seen(session: Session) -> tuple[object, ...]:
    """What the consequence of a move depends on besides its own record: the ledger's state, every other move."""
    return (*books.state(session), session.scalar(sa.select(sa.func.max(Movement.id))))


@deed
def foreseen(
    session: Session,
    submission_id: int,
    action: Action,
    *,
    version: int,
    actor: Actor,
    reason: str | None = None,
    confirmed: str | None = None,
    remarks: Sequence[Remark] = (),
    now: datetime,
) -> Consequence:
    """Foresee a move (后果预告): what `move` with the same arguments answers, found by doing and undoing it.

    Ask it in `db.rehearsal()`; several may be asked there one after another. A `reason` or `confirmed` of None is still
    to come and taken as given, so that the consequence can stand beside an empty form. Refused as the click would be.
    """
    given = UNSAID if reason is None else typed.prose(reason)
    with db.rehearsed(session):
        return _moved(session, submission_id, _Step(action, version, actor, given, confirmed, now, remarks))[1]


UNSAID = "（尚未填写）"
"""Stands for a reason that is still to be written, while a move is foreseen; it is undone with the move."""


@dataclass(frozen=True)
class _Step:
    """A move as it is asked for."""

    action: Action
    version: int
    actor: Actor
    reason: str
    confirmed: str | None
    """None: whatever is asked is taken as confirmed, while a move is foreseen."""
    now: datetime
    remarks: Sequence[Remark] = ()


def _moved(session: Session, submission_id: int, step: _Step) -> tuple[Submission, Consequence]:
    """The one way a move is made, whether it stays or is undone."""
    reckoned = session.info.pop(_TOLD, None)
    known = reckoned and reckoned[:2] == (step, _seen(session))
    submission = session.scalar(
        sa.select(Submission).where(Submission.id == submission_id).with_for_update(of=Submission)
    )
    if submission is None:
        raise not_found("申请")
    action, actor, now = step.action, step.actor, step.now
    to = _checked(session, submission, action, version=step.version, actor=actor, now=now)
    kind = kinds.of(submission)
    step = _remarked(session, submission, step)
    if not step.reason and needs_reason(kind, action):
        raise Refused("reason", f"{kind.word_for(action)}须填写审核意见，{kind.filer}会看到。")
    before, done, asked = submission.state, "", ""
    with consequences.watch(session) as watched:
        if action is Action.SUBMIT:
            kind.check_submit(session, submission, actor=actor, reason=step.reason, now=now)
            submission.submitted_at = now
        elif action is Action.APPROVE:
            kind.check_approve(session, submission, now=now)
            asked = kind.to_confirm(session, submission)
            if asked and step.confirmed not in (asked, None):
                raise Refused("confirm", f"请先核对现在列出的数字，勾选“{CONFIRM}”，再点“{kind.word_for(action)}”。")
        elif action is Action.UNDO:
            _undo(session, submission, step)
            done = f"撤销“{kind.word_for(before)}”，回到{kind.word_for(to)}"
        handed_on = action is Action.APPROVE and submission.stage + 1 < len(kind.stages)
        stage, submission.state = _stage_after(session, submission, action), before if handed_on else to
        if SIDES[action] is Side.AUTHORITY and not handed_on:
            decided = action is not Action.UNDO
            submission.decided_at = now if decided else None
            submission.decided_by_id = actor.account_id if decided else None
        _enter(session, submission, stage)
        _record(session, submission, before, step, asked)
        if handed_on:
            done = f"转至“{stage_of(submission).word}”环节"
        elif action is Action.APPROVE:
            if step.remarks:
                kind.send_back(session, submission, step.remarks)
            done = kind.on_approve(session, submission, actor=actor, now=now)
    session.flush()
    if known:
        return submission, reckoned[2]
    counted = watched.consequence()
    if action is Action.UNDO and counted.people:
        done += f"，收回{counted.people}人的{hours_text(-counted.hours)}学时"
    told = replace(counted, done=done, confirm=asked)
    return submission, kind.consequence(session, submission, action, told)


def _stage_after(session: Session, submission: Submission, action: Action) -> int:
    """At which stage it waits after a move, or would wait once submitted again."""
    if action is Action.APPROVE:
        return (submission.stage + 1) % len(kinds.of(submission).stages)
    if action is not Action.UNDO or len(kinds.of(submission).stages) == 1:
        return 0
    steps = sa.select(Movement).where(Movement.submission_id == submission.id).order_by(Movement.id.desc())
    since = itertools.takewhile(lambda each: each.action != Action.SUBMIT.value, session.scalars(steps).all())
    return sum(each.action == Action.APPROVE.value and each.to_state is S.SUBMITTED for each in since)


def _undo(session: Session, submission: Submission, step: _Step) -> None:
    """Take a decision back as long as nothing has relied on it. Refused codes: "relied"."""
    if submission.state is S.RETURNED and contents.changes(session, submission):
        raise Refused("relied", "退回后已经改过，不能再撤销；请等再次报来后审核。")
    kinds.of(submission).undo(session, submission, now=step.now)
    if submission.state is S.APPROVED:
        books.undo(session, submission, actor=step.actor, reason=step.reason, now=step.now)


def _remarked(session: Session, submission: Submission, step: _Step) -> _Step:
    """A move with its remarks as they are kept, and a reason made of them where none is written."""
    if not step.remarks:
        return step
    found = remarking.checked(session, submission, step.remarks)
    kind, last = kinds.of(submission), submission.stage + 1 == len(kinds.of(submission).stages)
    part = step.action is Action.APPROVE and last and all(isinstance(each.place, int) for each in found)
    if step.action not in NEEDS_REASON and not part:
        words = "不带分条意见；只有花名册可以逐行注明退回改正的行"
        raise Refused("remark", f"{kind.word_for(step.action)}{words}。")
    return replace(step, remarks=found, reason=step.reason or remarking.composed(kind, found))


def _checked(
    session: Session, submission: Submission, action: Action, *, version: int, actor: Actor, now: datetime
) -> S:
    """The state a move leads to. Refused codes: "role", "missing", "jurisdiction", "stale", "move", "self"."""
    side = SIDES[action]
    require(actor, *_roles(submission, side))
    if side is Side.FILER:
        if not files(submission, actor):
            raise not_found("申请")
    elif action is not Action.UNDO:
        access.in_charge(actor, submission.decider_id)
    step = MOVES.get((submission.state, action))
    if submission.version != version or step is None:
        code, state = (
            "move" if submission.version == version else "stale",
            kinds.of(submission).word_for(submission.state),
        )
        raise audit.overtaken(session, submission, code, state=state)
    if action is Action.UNDO:
        if submission.decided_by_id != actor.account_id:
            raise Refused("jurisdiction", "只有作出决定的审核员本人可以撤销；其他人发现有误的，学时请冲销。")
    elif side is Side.AUTHORITY:
        require(actor, *stage_of(submission).roles)
        if actor.account_id == submission.created_by_id:
            raise Refused("self", "不能审核自己提交的申请，请由本单位其他审核员办理。")
        for author in _authors(session, submission):
            accounts.two_people(session, actor, author, now=now, what="审核")
    return step[0]


def _authors(session: Session, submission: Submission) -> list[int]:
    """The accounts of those who began and who filed it (经办人)."""
    filed = sa.select(Movement.account_id).where(
        Movement.submission_id == submission.id, Movement.action == Action.SUBMIT.value
    )
    found = (submission.created_by_id, *session.scalars(filed.order_by(Movement.id)))
    return list(dict.fromkeys(each for each in found if each is not None))


def _enter(session: Session, submission: Submission, stage: int) -> None:
    """Let a submission wait at a stage, before the office that decides there, or at the next that has one."""
    submission.stage, submission.decider_id = _before(session, submission, stage)


def _before(session: Session, submission: Submission, stage: int) -> tuple[int, int]:
    """At which stage one waits that has come to this one, and before which office: a stage without one is left out."""
    stages = kinds.of(submission).stages
    while (office := stages[stage].office(session, submission)) is None:
        stage += 1
    return stage, office


def _record(session: Session, submission: Submission, before: S, step: _Step, confirmed: str) -> None:
    """Keep a step in the submission's own history and in the trail; what goes back is kept as it was."""
    session.add(
        movement := Movement(
            submission_id=submission.id,
            action=step.action.value,
            from_state=before,
            to_state=submission.state,
            account_id=step.actor.account_id,
            account_name=step.actor.name,
            reason=step.reason,
            confirmed=confirmed,
            at=step.now,
        )
    )
    session.flush()
    remarking.keep(session, submission, movement.id, step.remarks)
    if step.action is Action.RETURN:
        contents.keep(session, submission, movement.id)
    after: dict[str, Any] = {"state": submission.state.value, "title": submission.title}
    if step.remarks:
        after["remarks"] = remarking.told(kinds.of(submission), step.remarks)
    if len(kinds.of(submission).stages) > 1:
        after["stage"] = stage_of(submission).code
    if confirmed:
        after["confirmed"] = confirmed
    audit.record(
        session,
        kinds.of(submission).events.get(step.action) or audit.Event(f"submission.{step.action.value}"),
        submission,
        actor=step.actor,
        before={"state": before.value},
        after=after,
        reason=step.reason,
        now=step.now,
    )


@messages.about(*(audit.Event(f"submission.{action.value}") for action in Action))
def hear(session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """Who hears of a move (谁收到消息): the office before which it now lies, or those who filed it of what came of it.

    A kind with events of its own registers this for them.
    """
    submission = deed.touched
    kind = kinds.of(submission)
    named = {(kind.events.get(action) or audit.Event(f"submission.{action.value}")).value: action for action in Action}
    action = named[deed.event]
    if submission.state is S.SUBMITTED and action in (Action.SUBMIT, Action.APPROVE):
        words = session.get_one(Organization, submission.organization_id).name
        title = f"{kind.short}待{stage_of(submission).word}：{submission.title}"
        yield from to_office(submission, messages.Topic.FILED, title, words)
    elif SIDES[action] is Side.AUTHORITY:
        gone = remarking.rows_of_last(session, submission) if action is Action.APPROVE else 0
        topic = messages.Topic.RETURNED if gone or action is Action.RETURN else messages.Topic.DECIDED
        done = f"部分通过，{gone}行退回改正" if gone else kind.done_word(action)
        if action is Action.UNDO:
            done = f"{kind.word_for(_left_by_last(session, submission))}已撤销，回到{kind.word_for(submission.state)}"
        twice = next((at for at in range(len(done), 0, -1) if kind.short.endswith(done[:at])), 0)
        title = f"{kind.short}{done[twice:]}：{submission.title}"  # 学习申诉 and 申诉成立 share a word
        person = session.get(Person, submission.human_id) if submission.human_id is not None else None
        yield from to_filers(submission, topic, title, deed.reason, of=person.name if person else "")


def _left_by_last(session: Session, submission: Submission) -> S:
    """The state that its last move took it out of."""
    steps = sa.select(Movement.from_state).where(Movement.submission_id == submission.id)
    return session.scalars(steps.order_by(Movement.id.desc()).limit(1)).one()


def to_office(submission: Submission, topic: messages.Topic, title: str, words: str) -> Iterator[messages.Word]:
    """A message to the office before which a submission lies, in the roles that decide it there."""
    kind, number = submission.kind, submission.id
    for role in stage_of(submission).roles:
        yield messages.Word(topic, title, words, submission.decider_id, role, record=kind, record_id=number)


def to_filers(
    submission: Submission, topic: messages.Topic, title: str, words: str, *, of: str = ""
) -> Iterator[messages.Word]:
    """A message to those who file a submission: the clerks of its house, or the person.

    `of`: the person it is about, by name, for clerks who file for many; whose title says it already is not named again.
    """
    named = f"{title}（{of}）" if of and of not in title else title
    kind, number = submission.kind, submission.id
    for role in kinds.of(submission).filers:
        if role is Role.PERSON and submission.human_id is not None:
            yield messages.Word(topic, title, words, person_id=submission.human_id, record=kind, record_id=number)
        elif role is not Role.PERSON and submission.home_id is not None:
            yield messages.Word(topic, named, words, submission.home_id, role, record=kind, record_id=number)


# --- questions ------------------------------------------------------------------------------------------------------


def one(session: Session, submission_id: int, actor: Actor, *, kind: str | None = None) -> Submission:
    """A submission of the actor's jurisdiction, of this kind where it is given, with its organization.

    Refused codes: "missing".
    """
    model, query = _loading(seen(session, submission_id, actor, kind=kind))
    return session.scalars(query.where(model.id == submission_id)).one()


def seen(session: Session, submission_id: int, actor: Actor, *, kind: str | None = None) -> str:
    """The kind of a submission of the actor's jurisdiction (可见); nothing else is read. Refused codes: "missing"."""
    which = Submission.kind == kind if kind else sa.true()
    query = sa.select(Submission.kind).where(Submission.id == submission_id, visible_to(actor), which)
    found = session.scalar(query)
    if found is None:
        raise not_found(KINDS[kind].word if kind else "申请")
    return found


def several(session: Session, submission_ids: Sequence[int], actor: Actor) -> list[Submission]:
    """Some submissions of the actor's jurisdiction, of any kinds, in this order; few statements, others left out."""
    query = sa.select(Submission.id, Submission.kind).where(Submission.id.in_(submission_ids), visible_to(actor))
    of_kind: dict[str, list[int]] = {}
    for number, kind in session.execute(query):
        of_kind.setdefault(kind, []).append(number)
    found: dict[int, Submission] = {}
    for kind, numbers in of_kind.items():
        model, loading = _loading(kind)
        found |= {each.id: each for each in session.scalars(loading.where(model.id.in_(numbers)))}
    return [found[each] for each in submission_ids if each in found]


def _loading(code: str) -> tuple[type[Submission], sa.Select[Submission]]:
    """Submissions of a kind with what is shown of one: its offices, its person, and what its kind says."""
    kind = KINDS[code]
    model: type[Submission] = kind.model
    offices = (
        sa.orm.joinedload(model.organization),
        sa.orm.joinedload(model.authority).joinedload(Organization.authority),
    )
    return model, sa.select(model).options(*kind.loads, *offices, sa.orm.joinedload(model.person))


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """The submissions an actor may see, as an SQL condition."""
    home, person = _HOME, _HUMAN
    if actor.role is Role.BASE_CLERK:  # who sees nothing that is about a person; of anything else it is plain whose
        home, person = Submission.organization_id, Submission.person_id
    authority, filed_at = Submission.authority_id, Submission.submitted_at
    return visible(actor, organization=home, authority=authority, person=person, filed_at=filed_at)


_HOME: Any = Submission.home_id
_HUMAN: Any = Submission.human_id
"""Made once: a whole question stands in each, and every page asks who may see what."""


def states_for(actor: Actor) -> list[S]:
    """The states (状态) in which an actor finds submissions: officers but administrators see no drafts."""
    return [state for state in S if state is not S.DRAFT or actor.role not in OFFICERS or actor.role is Role.ADMIN]


def approvals() -> sa.Select[int, date, date | None]:
    """Every approval there was (历次通过): submission_id, known (its day), until (day it was undone; None: it stands).

    So that what counts as of an earlier day is what was approved by then, whatever became of it since.
    """
    left = sa.orm.aliased(Movement)
    undone = sa.select(sa.func.min(left.at)).where(
        left.submission_id == Movement.submission_id, left.id > Movement.id, left.from_state == S.APPROVED
    )
    until = db.office_day_of(undone.correlate(Movement).scalar_subquery())
    return sa.select(Movement.submission_id, db.office_day_of(Movement.at).label("known"), until.label("until")).where(
        Movement.to_state == S.APPROVED
    )


def filers(session: Session, submission: Submission) -> list[str]:
    """Who, by name, may currently put a submission right and file it again; see `files`.

    A person moves, an employer may have no clerk: then nobody may until an account is opened.
    """
    own = Account.person_id.in_(sa.select(Person.id).where(under(Person, submission.human_id)))
    query = (
        sa.select(Account.name)
        .join(Organization, Organization.id == Account.organization_id)
        .where(
            Account.active,
            Organization.active,
            Account.role.in_(_roles(submission, Side.FILER)),
            sa.case((Account.role == Role.PERSON, own), else_=Account.organization_id == submission.home_id),
        )
    )
    return list(session.scalars(query.order_by(Account.id)))


def trail(session: Session, submission_id: int, actor: Actor) -> pd.DataFrame:
    """The steps a submission has taken. Refused codes: "missing".

    Columns: at, action, account_name, to_state, reason, confirmed, kind.
    """
    plain = "at action account_name to_state reason confirmed".split()
    query = (
        sa.select(*(getattr(Movement, name) for name in plain), Submission.kind)
        .join(Submission, Submission.id == Movement.submission_id)
        .where(Movement.submission_id == submission_id, visible_to(actor))
        .order_by(Movement.id)
    )
    found = session.execute(query).all()
    if not found:  # no step was taken, or the actor may not know
        seen(session, submission_id, actor)
    return pd.DataFrame(found, columns=query.selected_columns.keys())


def remarks(session: Session, submission_id: int, actor: Actor) -> list[OpenRemark]:
    """Remarks to work off (待办意见): those of the last return or rejection, each with whether it was changed since.

    Of a supplement those by which its rows went back. Refused codes: "missing".
    """
    return remarking.open_ones(session, one(session, submission_id, actor))


def last_said(session: Session, submission_id: int, actor: Actor) -> tuple[str, tuple[Remark, ...]]:
    """What its last move was given (最后一步的意见): the opinion, "" where it was made of the remarks, and these.

    Refused codes: "missing".
    """
    submission = one(session, submission_id, actor)
    steps = sa.select(Movement).where(Movement.submission_id == submission.id).order_by(Movement.id.desc())
    if (last := session.scalars(steps.limit(1)).first()) is None:
        return "", ()
    given = remarking.given_with(session, last.id)
    return ("" if last.reason == remarking.composed(kinds.of(submission), given) else last.reason), given


def changes(session: Session, submission_id: int, actor: Actor) -> list[Changed]:
    """What changed since it was returned (退回后的修改): field by field, then row by row; [] where nothing was.

    ID numbers are masked, for its base as well. Refused codes: "missing".
    """
    return contents.changes(session, one(session, submission_id, actor))


def warnings(session: Session, submission_id: int, actor: Actor) -> list[Problem]:
    """What is worth a look before it is decided (审核提示), found afresh each time. Refused codes: "missing"."""
    submission = one(session, submission_id, actor)
    return kinds.of(submission).warnings(session, submission, actor)


def aside(session: Session, submission_id: int, actor: Actor) -> list[str]:
    """Why one that waits is read by itself (须逐件审核); [] where nothing speaks for that.

    What is worth a look, to be confirmed, to be written, or was filed again as it went back. Nothing is decided by
    that: each is approved by a `move` of its own, in a transaction of its own, with its checks.
    Refused codes: "missing".
    """
    submission = one(session, submission_id, actor)
    kind = kinds.of(submission)
    if submission.state is not S.SUBMITTED:
        return [f"现在的状态是“{kind.word_for(submission.state)}”"]
    why = [f"“{kind.word_for(Action.APPROVE)}”须填写审核意见"] if needs_reason(kind, Action.APPROVE) else []
    if asked := kind.to_confirm(session, submission):
        why.append(f"须确认：{asked}")
    why += [f"退回意见未改：{words}" for words in remarking.unmended(session, submission)]
    return why + [each.words for each in kind.warnings(session, submission, actor)]


def standing_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps that stand (未撤销的步骤), out of `trail`: without a decision that was undone, and without its undoing."""
    kept: list[Any] = []
    for at, action in enumerate(steps["action"]):
        if action == Action.UNDO and kept:
            kept.pop()
        else:
            kept.append(at)
    return steps.iloc[kept]


def faults(session: Session) -> list[str]:
    """Check before which office each submission lies (审核机关核对): named where its stage is another office's."""
    usual = [
        sa.and_(Submission.kind == kind.code, Submission.stage == at)
        for kind in KINDS.values()
        for at, stage in enumerate(kind.stages)
        if stage.office is kinds.in_charge
    ]
    query = sa.select(Submission).where(sa.not_(sa.or_(*usual)) | (Submission.decider_id != Submission.authority_id))
    offices = ((each, _before(session, each, each.stage)[1]) for each in session.scalars(query.order_by(Submission.id)))
    return [
        f"{each.kind} {each.id} lies before organization {each.decider_id}, not before {office}, which decides it"
        for each, office in offices
        if each.decider_id != office
    ]
