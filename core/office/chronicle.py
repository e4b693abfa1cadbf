"""The trail told (审计日志纪事): each line as a sentence of who did what to whom, found by person and by record.

Words only: the trail itself is `core.trail.audit`. A record is called as it is today where it still belongs to the
office that the line names; where it has gone to another, it is called as the line itself says, or by its number alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import Actor
from core.law import notices
from core.models import (
    Account,
    AuditEntry,
    Card,
    Comment,
    Course,
    CreditBatch,
    Exam,
    ExamPaper,
    FiledFigures,
    Organization,
    Parcel,
    Person,
    PolicyDraft,
    PublicNotice,
    Quota,
    StatementSource,
    Submission,
)
from core.office import phrases
from core.people import persons
from core.submissions.kinds import KINDS
from core.trail import audit


def history(session: Session, actor: Actor, *, about: str = "", **asked: Any) -> tuple[pd.DataFrame, int]:
    """Audit history in sentences (审计日志): the columns of `audit.history`; `told`, who did what to whom; `still`,
    whether what it was done to is still in charge of the same office.

    `about`: the name or full ID number of a person the actor may see, part of what a record is called, or its number.
    Refused codes: "password".
    """
    also = _about(actor, about) if typed.text(about) else None
    found, count = audit.history(session, actor, also=also, **asked)
    told = _told(session, actor, found)
    return found.assign(told=[words for words, _ in told], still=[still for _, still in told]), count


def _about(actor: Actor, about: str) -> sa.ColumnElement[bool]:
    """The lines about whom or what is called so, among those that may be seen at all."""
    text = typed.text(about)[:100]
    full = resident_id.problem(text) is None
    ways: list[sa.ColumnElement[bool]] = []

    def lines(records: Iterable[str], ids: sa.Select[Any]) -> None:
        ways.append(sa.and_(AuditEntry.record.in_(list(records)), AuditEntry.record_id.in_(ids)))

    if actor.role in persons.LOOKERS:
        people = sa.select(Person.id).where(*persons.matching(actor, text=text))
        lines(["person"], people)
        lines(["card"], sa.select(Card.id).where(Card.person_id.in_(people)))
        lines(["account"], sa.select(Account.id).where(Account.person_id.in_(people)))
        lines(KINDS, sa.select(Submission.id).where(Submission.person_id.in_(people)))
    if not full:
        named = sa.or_(db.holding(text, Account.name), db.holding(text, Account.username))
        lines(["account"], sa.select(Account.id).where(named, Account.person_id.is_(None)))
        lines(["organization"], sa.select(Organization.id).where(db.holding(text, Organization.name)))
        lines(KINDS, sa.select(Submission.id).where(db.holding(text, Submission.title)))
        lines(["credit_batch"], sa.select(CreditBatch.id).where(db.holding(text, CreditBatch.basis)))
        courses = sa.select(Course.id).where(db.holding(text, Course.title))
        lines(["course"], courses)
        lines(["exam"], sa.select(Exam.id).where(Exam.course_id.in_(courses)))
        if number := db.numbered(text):
            ways.append(AuditEntry.record_id == number)
    return sa.or_(sa.false(), *ways)


def _told(session: Session, actor: Actor, lines: pd.DataFrame) -> list[tuple[str, bool]]:
    """A sentence for each line, and whether what it is about still stands where the line found it."""
    rows: list[dict[str, Any]] = lines.to_dict("records")  # type: ignore[assignment]
    names = called(session, actor, rows)
    return [
        (phrases.sentence(line["event"], line["record"], name, line["account"], line["role"]), still)
        for line, (name, still) in zip(rows, names, strict=True)
    ]


def called(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool]]:
    """What the record of each line is called (事项名称), and whether it still stands where the line found it.

    Keys of a line: record, record_id, organization_id, authority_id, before, after.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for line in rows:
        wanted[line["record"]].add(int(line["record_id"]))
    found = [(record, each) for record, ids in wanted.items() for each in _records(session, record, sorted(ids))]
    owners = _owners(session, [each for _, each in found])
    owners += _owners(session, owners)  # held until all are placed: the session remembers only what somebody holds
    names = {(record, each.id): (audit.place(session, each), _named(session, record, each)) for record, each in found}
    told = []
    for line in rows:
        record = line["record"]
        place, name = names.get((record, line["record_id"]), (None, ""))
        here = actor.oversees_region or place == (line["organization_id"], line["authority_id"])
        if not (still := bool(name) and here):
            name = _as_said(record, line["record_id"], line["after"], line["before"])
        told.append((name, still))
    return told


def _records(session: Session, record: str, ids: list[int]) -> Iterator[Any]:
    """The records themselves, those that are still there."""
    model: Any = KINDS[record].model if record in KINDS else phrases.RECORDS.get(record, ("", None))[1]
    if model is None:
        return
    for start in range(0, len(ids), 5000):
        yield from session.scalars(sa.select(model).where(model.id.in_(ids[start : start + 5000])))


_OWNERS: dict[str, Any] = {
    "person_id": Person,
    "submission_id": Submission,
    "exam_id": Exam,
    "course_id": Course,
    "organization_id": Organization,
}


def _owners(session: Session, records: list[Any]) -> list[Any]:
    """What the records belong to or are called after, one query a kind however many there are."""
    found: list[Any] = []
    for name, model in _OWNERS.items():
        ids = sorted({number for each in records if (number := getattr(each, name, None))})
        for start in range(0, len(ids), 5000):
            found += session.scalars(sa.select(model).where(model.id.in_(ids[start : start + 5000])))
    return found


def _as_said(record: str, record_id: int, *values: str) -> str:
    """What the line itself calls its record; its number where it says nothing."""
    for said in map(json.loads, values):
        if isinstance(name := said.get("title") or said.get("name"), str):
            return f"{phrases.word_of(record)}“{name}”"
    return f"{phrases.word_of(record)}（编号{record_id}）"


def _named(session: Session, record: str, each: Any) -> str:
    """What a record is called, with the word of what it is."""
    word = phrases.word_of(record)
    match each:
        case Submission():
            return f"{word}“{each.title}”"
        case Person():
            return f"{each.name}（{resident_id.mask(each.id_number)}）"
        case Account():
            return f"{each.name}的账号（{each.username}）"
        case Organization():
            return each.name
        case CreditBatch():
            return f"第{each.id}批学时（{each.basis}）"
        case Card():
            owner = session.get_one(Person, each.person_id)
            return f"{owner.name}的审验卡（{each.number or each.code}）"
        case Comment():
            about = session.get_one(Submission, each.submission_id)
            return f"{phrases.word_of(about.kind)}“{about.title}”"
        case Course():
            return f"{word}“{each.title}”"
        case Exam():
            return f"“{session.get_one(Course, each.course_id).title}”的考试"
        case ExamPaper():
            course = session.get_one(Course, session.get_one(Exam, each.exam_id).course_id)
            return f"“{course.title}”的考试（{session.get_one(Person, each.person_id).name}，第{each.number}次）"
        case StatementSource():
            return f"{word}“{each.name}”"
        case PolicyDraft():
            return f"{word}“{each.name or each.policy_id}”"
        case Quota() | PublicNotice():
            programme = notices.programme_names().get(each.programme, each.programme)
            return f"{each.year}年{programme}的{word}"
        case Parcel():
            return f"{each.year}年度第{each.number}次{word}"
        case FiledFigures():
            return f"{each.period}期间的数据（第{each.number}次）"
    return (
        f"第{each.id}批{word}" if record in ("result_batch", "decision_run", "intake") else f"{word}（编号{each.id}）"
    )
