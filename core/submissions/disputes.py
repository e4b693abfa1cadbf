"""Disputes (学时异议): a person or the employer's clerk says a posted entry is wrong; the office in charge answers.

A kind of submission: it is filed in one deed, may be withdrawn or sent back for more, and is decided by the office that
posted the entry, wherever its filer belongs. To uphold it reverses the entry; both answers state their reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from core.ground import typed
from core.ground.access import Actor, Labelled, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.ledger import books, standing
from core.ledger.consequences import Consequence
from core.models import (
    CreditBatch,
    CreditEntry,
    Dispute,
    MaskedNumber,
    Movement,
    Organization,
    Person,
    State,
    Submission,
    under,
)
from core.people import persons
from core.submissions import workflow
from core.submissions.kinds import Action, Answered, Line, Stage, register
from core.trail import audit, messages

FILERS = (Role.PERSON, Role.EMPLOYER_CLERK)
LONGEST = 500
_UPHELD = "异议成立："
LONGEST_REASON = books.LONGEST_REASON - len(_UPHELD)
"""Of an answer that upholds: it becomes the reason of the reversal."""


@audit.events
class Event(Labelled):
    """What a dispute leaves in the trail."""

    FILED = "dispute.filed", "提出异议"
    UPHELD = "dispute.upheld", "异议成立"
    REJECTED = "dispute.rejected", "异议不成立"


@deed
def file(
    session: Session, person_id: int, batch_id: int, line: int, *, words: str, actor: Actor, now: datetime
) -> Dispute:
    """File a dispute (提出异议): say what is wrong with one standing entry of one's own, or of one's own people.

    Refused codes: "role", "missing", "words" (none, or too many), "reversed" (it was taken back, or takes one back),
    "open" (a dispute about it is not closed yet).
    """
    require(actor, *FILERS)
    person = persons.one(session, person_id, actor)
    mine = CreditEntry.person_id.in_(sa.select(Person.id).where(under(Person, person.id)))
    entry = session.scalar(sa.select(CreditEntry).where(mine, *_at(batch_id, line)))
    if entry is None:
        raise not_found("学时记录")
    _check(session, batch_id, line, typed.prose(words))
    filed = Dispute(
        title=f"{entry.year}年度学时（第{batch_id}批第{line}笔）",
        person_id=entry.person_id,
        batch_id=batch_id,
        line=line,
        authority_id=session.get_one(CreditBatch, batch_id).authority_id,
        organization_id=actor.organization_id,
        words="",
        created_by_id=actor.account_id,
        created_at=now,
    )
    session.add(filed)
    session.flush()
    return _filed(session, filed, words, filed.version, actor=actor, now=now)


@deed
def amend(session: Session, dispute_id: int, *, words: str, version: int, actor: Actor, now: datetime) -> Dispute:
    """File a dispute again (补充后重新提出) that was sent back or withdrawn, with what is said now.

    Refused codes: those of `file`, "move" (it waits or is answered), "stale".
    """
    require(actor, *FILERS)
    found = workflow.one(session, dispute_id, actor, kind=DisputeKind.code)
    assert isinstance(found, Dispute)
    return _filed(session, found, words, version, actor=actor, now=now)


def _filed(session: Session, dispute: Dispute, words: str, version: int, *, actor: Actor, now: datetime) -> Dispute:
    """The words, put down as what the submission says and as what its history has for this step."""
    workflow.move(session, dispute.id, Action.SUBMIT, version=version, actor=actor, reason=words, now=now)
    return dispute


def _check(session: Session, batch_id: int, line: int, words: str, dispute_id: int | None = None) -> None:
    """An entry is disputed in so many words, while it stands, by one dispute at a time.

    Refused codes: "words", "reversed", "open".
    """
    if not 2 <= len(words) <= LONGEST:
        raise Refused("words", f"请用2至{LONGEST}个字写明这笔学时哪里有误、应当是什么。")
    session.flush()
    books.hold(session)  # the entry still stands when the dispute is on file, and one dispute is filed at a time
    entry = session.scalars(sa.select(CreditEntry).where(*_at(batch_id, line))).one()
    if entry.reverses_line is not None or line in standing.reversed_lines(session, batch_id):
        raise Refused("reversed", "这笔学时已经冲销，不再计入，无须提出异议。")
    same = (Dispute.batch_id == batch_id, Dispute.line == line, Dispute.id.is_distinct_from(dispute_id))
    if session.scalar(sa.select(Dispute.id).where(*same, Dispute.state.in_((State.SUBMITTED, State.RETURNED)))):
        raise Refused("open", "这笔学时已有异议在等待答复，请等人社部门答复后再提出。")


def _at(batch_id: Any, line: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return CreditEntry.batch_id == batch_id, CreditEntry.line == line


# --- questions ------------------------------------------------------------------------------------------------------


def renumbered(session: Session, former_id: int) -> int:
    """The number of a dispute (异议编号) that was known under another before disputes became submissions."""
    return session.scalar(sa.select(Dispute.id).where(Dispute.former_id == former_id)) or former_id


def whose(session: Session, dispute: Dispute) -> Person:
    """Whose hours the disputed entry currently are (当前归属的人), whatever was merged or separated since."""
    return session.get_one(Person, dispute.human_id)


def entry_words(year: int, subject: str, hours: Any, deemed: int) -> str:
    """An entry (学时记录) in words: 2024年度专业科目 24学时."""
    amount = "视同完成" if deemed else f"{hours_text(hours)}学时"
    return f"{year}年度{notices.subject_names().get(subject, subject)} {amount}"


def beside(session: Session, entries: pd.DataFrame) -> pd.DataFrame:
    """Entries (as `statements.entries` has them) with a column `dispute`: the latest dispute about each and its answer,
    in words; empty where there is none, or where its filer took it back."""
    batches = {int(number) for number in entries["batch_id"]}
    query = sa.select(Dispute).where(Dispute.batch_id.in_(batches), Dispute.state != State.WITHDRAWN)
    found = session.scalars(query.order_by(Dispute.id)).all()
    answers = _answers(session, [each.id for each in found])
    words = {(each.batch_id, each.line): _words(each, answers.get(each.id, "")) for each in found}
    places = zip(entries["batch_id"], entries["line"], strict=True)
    return entries.assign(dispute=[words.get((int(batch), int(line)), "") for batch, line in places])


def _words(dispute: Dispute, reason: str) -> str:
    answered = f"（答复：{reason}）" if reason and dispute.state is not State.SUBMITTED else ""
    return f"{KIND.word_for(dispute.state)}：{dispute.words}{answered}"


def _answers(session: Session, dispute_ids: list[int]) -> dict[int, str]:
    """The reason of the last step of each of these disputes: while it is answered or sent back, the office's."""
    query = sa.select(Movement.submission_id, Movement.reason).where(Movement.submission_id.in_(dispute_ids))
    return {step.submission_id: step.reason for step in session.execute(query.order_by(Movement.id))}


def open_about(session: Session, person_id: int, actor: Actor) -> list[Dispute]:
    """Disputes in hand (未了结的异议) about a person's entries, for those who may withdraw or file them again.

    Refused codes: "role", "missing".
    """
    person = persons.one(session, person_id, actor)
    whose = Dispute.person_id.in_(sa.select(Person.id).where(under(Person, person.id)))
    in_hand = Dispute.state.in_((State.SUBMITTED, State.RETURNED, State.WITHDRAWN))
    query = sa.select(Dispute).where(whose, in_hand, workflow.visible_to(actor)).order_by(Dispute.id)
    return list(session.scalars(query))


# --- the dispute as a kind of submission ------------------------------------------------------------------------------

_TABLE: sa.Table = sa.inspect(Dispute).local_table  # type: ignore[assignment]
_ENTRY = sa.inspect(CreditEntry).local_table
_LINE = sa.and_(_ENTRY.c.batch_id == _TABLE.c.batch_id, _ENTRY.c.line == _TABLE.c.line)


class DisputeKind(Answered[Dispute]):
    """The dispute (学时异议) as a kind of submission, answered by the office in charge of the entry's batch."""

    code = "dispute"
    word, short = "学时异议", "异议"
    model = Dispute
    filers = FILERS
    stages = (Stage("answer", "答复", roles=books.REVERSERS),)
    words: ClassVar = {"title": "学时记录", "organization": "提出单位", "words": "异议内容"}
    events: ClassVar = {"submit": Event.FILED, "approve": Event.UPHELD, "reject": Event.REJECTED}
    columns = (
        Person.name,
        sa.type_coerce(Person.id_number, MaskedNumber("person.id_number")).label("id_mask"),
        Person.employer_name.label("employer"),
        *(_ENTRY.c[name] for name in ("year", "subject", "hours", "deemed", "completed_on")),
        _TABLE.c.words,
        _TABLE.c.batch_id,
        _TABLE.c.line,
        Person.id.label("person_id"),
    )
    loads = (sa.orm.selectinload(Dispute.entry).joinedload(CreditEntry.batch),)
    search = (Person.name, Person.employer_name, _TABLE.c.words)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        disputes = submissions.join(_TABLE, _TABLE.c.id == Submission.id).join(_ENTRY, _LINE)
        return disputes.join(Person, Person.id == Submission.human_id)

    def facts(self, dispute: Dispute) -> list[tuple[str, object]]:
        entry = dispute.entry
        said = entry_words(entry.year, entry.subject, entry.hours, entry.deemed)
        return [
            ("学时记录", f"{said}（第{dispute.batch_id}批第{dispute.line}笔）"),
            ("学习日期", entry.completed_on),
            ("依据", entry.note or entry.batch.basis),
            ("提出单位", dispute.organization.name),
        ]

    def texts(self, dispute: Dispute) -> list[tuple[str, str]]:
        return [("异议内容", dispute.words)]

    def lines(self, session: Session, found: Sequence[Dispute]) -> dict[int, Line]:
        return {each.id: Line(when=f"{each.entry.completed_on}", hours=_amount(each.entry)) for each in found}

    def check_submit(self, session: Session, dispute: Dispute, *, actor: Actor, reason: str, now: datetime) -> None:
        """Whoever files says what is wrong, of an entry that stands. Refused codes: "words", "reversed", "open"."""
        words = reason or dispute.words
        _check(session, dispute.batch_id, dispute.line, words, dispute.id)
        dispute.words = words

    def content(self, session: Session, dispute: Dispute) -> dict[str, str]:
        return {"words": dispute.words}

    def undo(self, session: Session, dispute: Dispute, *, now: datetime) -> None:
        """What was taken back stays so. Refused codes: "relied"."""
        if dispute.reversal_id is not None:
            gone = f"学时已冲销（第{dispute.reversal_id}批）"
            raise Refused("relied", f"{gone}，不能再撤销；冲错的须重新登记正确的学时。")

    def on_approve(self, session: Session, dispute: Dispute, *, actor: Actor, now: datetime) -> str:
        """Take the entry back for the reason of the answer; nothing where that was done meanwhile.

        Refused codes: "reason" (too long for a reversal).
        """
        reason = _answers(session, [dispute.id])[dispute.id]
        if len(reason) > LONGEST_REASON:
            raise Refused("reason", f"答复的理由有{len(reason)}个字，请缩短到{LONGEST_REASON}个字以内。")
        books.hold(session)
        where = f"第{dispute.batch_id}批第{dispute.line}笔"
        if dispute.line in standing.reversed_lines(session, dispute.batch_id):
            return f"{where}此前已经冲销，不再冲销"
        lines = [dispute.line]
        undone, _ = books.reverse(
            session, dispute.batch_id, lines=lines, actor=actor, reason=f"{_UPHELD}{reason}", now=now
        )
        # In its own table and beside the step: the submission has its new version already.
        session.execute(sa.update(_TABLE).where(_TABLE.c.id == dispute.id).values(reversal_id=undone.id))
        set_committed_value(dispute, "reversal_id", undone.id)
        return f"冲销{where}"

    def consequence(self, session: Session, dispute: Dispute, action: Action, counted: Consequence) -> Consequence:
        if action is not Action.SUBMIT:
            return counted
        return replace(counted, done=f"由{session.get_one(Organization, dispute.authority_id).name}答复")

    def summary(self, dispute: Dispute) -> dict[str, Any]:
        return {"title": dispute.title, "words": dispute.words}


def _amount(entry: CreditEntry) -> str:
    return "视同完成" if entry.deemed else f"{hours_text(entry.hours)}学时"


KIND = DisputeKind()
register(KIND)
messages.about(*DisputeKind.events.values())(workflow.hear)
