"""Disputes (学时异议): a person or the employer's clerk says an entry is wrong; the authority in charge answers, once.

A table and two deeds of its own, not a kind of submission: a dispute has no draft and is never returned or withdrawn,
and to uphold it is a reversal, which needs the reason that an approval does not ask for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, resident_id, typed
from core.ground.access import Actor, Refused, Role, not_found, require, visible
from core.ledger import books, standing, statements
from core.ledger.standing import Standing
from core.models import Answer, CreditBatch, CreditEntry, Dispute, Organization, Person
from core.people import persons
from core.trail import audit

FILERS = (Role.PERSON, Role.EMPLOYER_CLERK)
LONGEST = 500
_UPHELD = "异议成立："
LONGEST_REASON = books.LONGEST_REASON - len(_UPHELD)
"""Of an answer: it becomes the reason of the reversal."""


def file(
    session: Session, person_id: int, batch_id: int, line: int, *, words: str, actor: Actor, now: datetime
) -> Dispute:
    """File a dispute (提出异议): say what is wrong with one standing entry of one's own, or of one's own people.

    Refused codes: "role", "missing", "words" (none, or too many), "reversed" (it was taken back, or takes one back),
    "open" (a dispute about it is waiting for its answer).
    """
    require(actor, *FILERS)
    person = persons.one(session, person_id, actor)
    if not 2 <= len(words := typed.prose(words)) <= LONGEST:
        raise Refused("words", f"请用2至{LONGEST}个字写明这笔学时哪里有误、应当是什么。")
    session.flush()
    books.hold(session)  # the entry still stands when the dispute is on file, and one dispute is filed at a time
    _check_stands(session, person, batch_id, line)
    here = sa.and_(Dispute.batch_id == batch_id, Dispute.line == line, Dispute.state == Answer.OPEN)
    if session.scalar(sa.select(Dispute.id).where(here)):
        raise Refused("open", "这笔学时已有异议在等待答复，请等人社部门答复后再提出。")
    filed = Dispute(
        batch_id=batch_id,
        line=line,
        authority_id=session.get_one(CreditBatch, batch_id).authority_id,
        organization_id=actor.organization_id,
        words=words,
        filed_by_id=actor.account_id,
        filed_by=actor.name,
        filed_at=now,
    )
    session.add(filed)
    after = {"batch": batch_id, "line": line, "name": person.name}
    audit.record(session, audit.Event.DISPUTE_FILED, filed, actor=actor, after=after, reason=words, now=now)
    return filed


def _check_stands(session: Session, person: Person, batch_id: int, line: int) -> None:
    entries = statements.entries(session, person.id)
    found = entries[(entries["batch_id"] == batch_id) & (entries["line"] == line)]
    if found.empty:
        raise not_found("学时记录")
    if found.iloc[0]["standing"] != Standing.STANDS:
        raise Refused("reversed", "这笔学时已经冲销，不再计入，无须提出异议。")


def answer(
    session: Session, dispute_id: int, *, upheld: bool, version: int, actor: Actor, reason: str, now: datetime
) -> Dispute:
    """Answer a dispute (答复异议) with a reason its filer reads; to uphold it reverses the entry in the same act.

    Where the entry was taken back meanwhile, there is nothing left to reverse. Refused codes: "role", "missing",
    "jurisdiction", "answered" (somebody was faster), "stale", "reason" (none, or too long).
    """
    require(actor, *books.REVERSERS)
    session.flush()
    books.hold(session)
    found = session.scalar(
        sa.select(Dispute)
        .where(Dispute.id == dispute_id, _seen_by_officers(actor))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise not_found("异议")
    access.in_charge(actor, found.authority_id)
    if found.state is not Answer.OPEN:
        raise Refused("answered", f"此异议已由{found.answered_by}答复（{found.state.label}），您的操作没有重复执行。")
    if found.version != version:
        raise Refused("stale", "此异议刚刚被他人更改，请查看最新状态后再办理。")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写答复的理由，提出人会看到。")
    if len(reason) > LONGEST_REASON:
        raise Refused("reason", f"答复的理由有{len(reason)}个字，请缩短到{LONGEST_REASON}个字以内。")
    if upheld and not standing.reversed_lines(session, found.batch_id) & {found.line}:
        undone, _ = books.reverse(
            session, found.batch_id, lines=[found.line], actor=actor, reason=f"{_UPHELD}{reason}", now=now
        )
        found.reversal_id = undone.id
    found.state = Answer.UPHELD if upheld else Answer.REJECTED
    found.reason, found.answered_by, found.answered_at = reason, actor.name, now
    event = audit.Event.DISPUTE_UPHELD if upheld else audit.Event.DISPUTE_REJECTED
    after = {"state": found.state.value, "reversal": found.reversal_id}
    before = {"state": Answer.OPEN.value}
    audit.record(session, event, found, actor=actor, before=before, after=after, reason=reason, now=now)
    return found


# --- questions ------------------------------------------------------------------------------------------------------


def _seen_by_officers(actor: Actor) -> sa.ColumnElement[bool]:
    return visible(actor, organization=Dispute.authority_id, authority=Dispute.authority_id)


def queue(
    session: Session,
    actor: Actor,
    *,
    state: Answer | None = Answer.OPEN,
    own: bool = False,
    offset: int = 0,
    limit: int | None = 20,
) -> tuple[pd.DataFrame, int]:
    """Dispute queue (待答复异议) of the actor's office or those it oversees, longest waiting first, and their count.

    `own`: only those the actor's own office answers. Refused codes: "role".
    Columns: id, answer, name, id_mask, employer, year, subject, hours, deemed, completed_on, basis, words, filed_by,
    filed_at, authority, reason, answered_by, answered_at, person_id, batch_id, line, version, authority_id. The person
    is whose hours they currently are, whatever was merged or separated since it was filed.
    """
    require(actor, *books.REVERSERS)
    conditions = [_seen_by_officers(actor)]
    if state:
        conditions.append(Dispute.state == state)
    if own:
        conditions.append(Dispute.authority_id == actor.organization_id)
    count = session.scalar(sa.select(sa.func.count(Dispute.id)).where(*conditions)) or 0
    order = (Dispute.filed_at if state is Answer.OPEN else Dispute.id.desc(), Dispute.id)
    return _read(session, _LINES.where(*conditions).order_by(*order).offset(offset).limit(limit)), count


def one(session: Session, dispute_id: int, actor: Actor) -> dict[str, Any]:
    """One dispute before the actor's office or overseen by it, as `queue` has it. Refused codes: "role", "missing"."""
    require(actor, *books.REVERSERS)
    found = _read(session, _LINES.where(Dispute.id == dispute_id, _seen_by_officers(actor)))
    if found.empty:
        raise not_found("异议")
    return {str(name): value for name, value in found.to_dict("records")[0].items()}


_owner = sa.orm.aliased(Person)  # of the entry; a duplicate's hours are those of whom it was merged into
_LINES = (
    sa.select(Dispute, CreditEntry, CreditBatch.basis, Person, Organization.name)
    .join(CreditEntry, sa.and_(CreditEntry.batch_id == Dispute.batch_id, CreditEntry.line == Dispute.line))
    .join(CreditBatch, CreditBatch.id == Dispute.batch_id)
    .join(_owner, _owner.id == CreditEntry.person_id)
    .join(Person, Person.id == _owner.human_id)
    .join(Organization, Organization.id == Dispute.authority_id)
)


def _read(session: Session, query: Any) -> pd.DataFrame:
    same = "id words filed_by filed_at reason answered_by answered_at batch_id line version authority_id".split()
    rows: list[dict[str, Any]] = [
        {name: getattr(each, name) for name in same}
        | {name: getattr(line, name) for name in ("year", "subject", "hours", "deemed", "completed_on")}
        | {"answer": each.state.value, "basis": line.note or basis, "authority": office}
        | {"name": person.name, "id_mask": resident_id.mask(person.id_number), "employer": person.employer_name}
        | {"person_id": person.id}
        for each, line, basis, person, office in session.execute(query)
    ]
    columns = "id answer name id_mask employer year subject hours deemed completed_on basis words filed_by".split()
    columns += "filed_at authority reason answered_by answered_at person_id batch_id line version authority_id".split()
    return pd.DataFrame(rows, columns=columns)


def beside(session: Session, entries: pd.DataFrame) -> pd.DataFrame:
    """Entries (as `ledger.entries` has them) with a column `dispute`: the latest dispute about each and its answer, in
    words; empty where there is none."""
    batches = {int(number) for number in entries["batch_id"]}
    query = sa.select(Dispute).where(Dispute.batch_id.in_(batches)).order_by(Dispute.id)
    words = {(each.batch_id, each.line): _words(each) for each in session.scalars(query)}
    places = zip(entries["batch_id"], entries["line"], strict=True)
    return entries.assign(dispute=[words.get((int(batch), int(line)), "") for batch, line in places])


def _words(dispute: Dispute) -> str:
    return f"{dispute.state.label}：{dispute.words}" + (f"（答复：{dispute.reason}）" if dispute.reason else "")
