"""The only door to credit: post entries, ask for balances, check the books. Who may look, the caller decides.

Entries are never changed or removed. Each batch carries the Merkle root of its entries (RFC 6962 hashing) and a chain
hash that binds it to the batch before, so that `faults` names what was altered behind the program's back: the row, by
the hashes of the entries that the batch keeps.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import audit, caps, db, merkle, policy, resident_id
from core.access import Actor, Labelled, Refused, Role, in_charge, not_found, require, visible
from core.models import (
    AuditEntry,
    Claim,
    CreditBatch,
    CreditEntry,
    CreditTotal,
    Organization,
    Person,
    Report,
    RosterRow,
    Source,
    Submission,
    under,
)
from core.policy import Subject

REVERSERS = (Role.REVIEWER, Role.ADMIN)
POSTING = (audit.Event.CREDIT_POSTED, audit.Event.CREDITS_IMPORTED, audit.Event.CREDIT_REVERSED)
"""The deeds that add a batch, as the trail tells them."""
LONGEST_REASON = 180
"""Of a reversal: in its basis, of 200 characters, the batch it takes back is named before it."""


class Origin(Labelled):
    """What kind of deed a batch is."""

    REPORT = "report", "培训报告"
    CLAIM = "claim", "学时折合"
    IMPORT = "import", "导入"
    REVERSAL = "reversal", "冲销"
    OTHER = "other", "其他"


class Standing(Labelled):
    """What is left of a batch or an entry."""

    STANDS = "stands", "有效"
    PARTLY = "partly", "部分冲销"
    REVERSED = "reversed", "已冲销"
    TAKES_BACK = "takes_back", "冲销"
    """An entry that takes another one back."""


@dataclass(slots=True)
class Posting:
    """Hours to post to a person, before they have a batch."""

    person_id: int
    year: int
    subject: str
    hours: Decimal
    completed_on: date
    roster_row_id: int | None = None
    source: Source = Source.TRAINING
    deemed: bool = False
    note: str = ""
    days: int | None = None
    """How many days of study it took, where that is known."""


_Columns = dict[str, list[Any]]
"""Entries about to be written, by column: postings, or with negative hours (or -1 deemed) what takes them back."""


def hold(session: Session) -> None:
    """Let nobody else post until this transaction ends, so that what was asked of the ledger still holds at posting.

    The trail comes first: an approval has written its line there before it posts, and two deeds that take the two
    locks in different orders would wait for each other for ever.
    """
    db.lock(session, "audit")
    db.lock(session, "ledger")


def post(
    session: Session,
    postings: Iterable[Posting],
    *,
    basis: str,
    actor: Actor,
    now: datetime,
    submission: Submission | None = None,
    attachment_id: int | None = None,
    reason: str = "",
) -> CreditBatch:
    """Post hours as one batch and bring the totals along, in the caller's transaction.

    They come from an approved submission, or from a file that was imported (`attachment_id`).
    Refused codes: "empty" (nothing to post), "hours" (not positive, or not in half hours), "posted" (this submission's
    hours are in the ledger already), "cap" (more than the notice lets count).
    """
    lines = sorted(postings, key=lambda posting: (posting.person_id, posting.year, posting.subject))
    if not lines:
        raise Refused("empty", "没有可入账的学时，请核对花名册。")
    for posting in lines:
        if posting.hours < 0 or posting.hours * 2 % 1 or (posting.hours == 0) != posting.deemed:
            raise Refused("hours", f"学时{posting.hours}不是0.5的正倍数，请退回核对。")
    session.flush()
    hold(session)
    if submission and session.scalar(sa.select(CreditBatch.id).where(CreditBatch.submission_id == submission.id)):
        raise Refused("posted", "该报告的学时已经入账，不会重复登记。")
    if over := caps.exceeded(session, lines):
        raise Refused("cap", f"{len(over)}笔学时超过政策规定的上限：{next(iter(over.values()))}。请核减后再办理。")
    batch = CreditBatch(
        submission_id=submission.id if submission else None,
        attachment_id=attachment_id,
        authority_id=submission.authority_id if submission else actor.organization_id,
        basis=basis,
    )
    same = "person_id year source hours completed_on roster_row_id note".split()
    entries: _Columns = {name: [getattr(posting, name) for posting in lines] for name in same}
    entries["subject"] = [str(posting.subject) for posting in lines]
    entries["deemed"] = [int(posting.deemed) for posting in lines]
    entries["reverses_line"] = [None] * len(lines)
    event = audit.Event.CREDITS_IMPORTED if attachment_id else audit.Event.CREDIT_POSTED
    return _written(session, batch, entries, event, actor=actor, reason=reason, now=now)


def reverse(
    session: Session,
    batch_id: int,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    lines: Iterable[int] | None = None,
) -> CreditBatch:
    """冲销: undo a batch, or only some of its lines, as one act: a batch of its own that takes every hour back.

    Without `lines` all that still stands is undone. Refused codes: "role", "missing", "jurisdiction", "reversal" (it is
    one itself), "lines" (none, or not of this batch), "reversed" (undone already), "reason" (none, or too long).
    """
    require(actor, *REVERSERS)
    session.flush()
    hold(session)
    undone, wanted = _to_take_back(session, batch_id, actor, lines)
    reason = reason.strip()
    if not reason:
        raise Refused("reason", "请填写冲销的原因，它会留在学时明细和审计日志里。")
    if len(reason) > LONGEST_REASON:
        raise Refused("reason", f"冲销的原因有{len(reason)}个字，请缩短到{LONGEST_REASON}个字以内。")
    query = sa.select(CreditEntry).where(CreditEntry.batch_id == batch_id).order_by(CreditEntry.line)
    taken = [entry for entry in session.scalars(query) if entry.line in wanted]
    same = "person_id year subject source completed_on roster_row_id".split()
    entries: _Columns = {name: [getattr(entry, name) for entry in taken] for name in same}
    entries["hours"] = [-entry.hours for entry in taken]
    entries["deemed"] = [-entry.deemed for entry in taken]
    entries["note"] = [""] * len(taken)
    entries["reverses_line"] = [entry.line for entry in taken]
    batch = CreditBatch(reverses_id=batch_id, authority_id=undone.authority_id, basis=f"冲销第{batch_id}批：{reason}")
    return _written(session, batch, entries, audit.Event.CREDIT_REVERSED, actor=actor, reason=reason, now=now)


@dataclass(frozen=True)
class Reversal:
    """What a reversal would take back."""

    lines: frozenset[int]
    people: int
    hours: Decimal
    left: int
    """How many lines of the batch would still stand."""


def reversal(session: Session, batch_id: int, actor: Actor, lines: Iterable[int] | None = None) -> Reversal:
    """What `reverse` would take back by now, to be asked about before it is done. Refused as `reverse` refuses."""
    undone, wanted = _to_take_back(session, batch_id, actor, lines)
    query = (
        sa.select(CreditEntry.line, CreditEntry.hours, Person.human_id)
        .join(Person, Person.id == CreditEntry.person_id)
        .where(CreditEntry.batch_id == batch_id)
    )
    taken = [each for each in session.execute(query) if each.line in wanted]
    people, hours = {each.human_id for each in taken}, sum((each.hours for each in taken), Decimal())
    left = undone.entries - len(reversed_lines(session, batch_id)) - len(wanted)
    return Reversal(frozenset(wanted), len(people), hours, left)


def _to_take_back(
    session: Session, batch_id: int, actor: Actor, lines: Iterable[int] | None
) -> tuple[CreditBatch, set[int]]:
    """The batch and those of its lines that a reversal undoes: the ones named, or all that still stand."""
    require(actor, *REVERSERS)
    undone = session.get(CreditBatch, batch_id)
    if undone is None:
        raise not_found("入账批次")
    in_charge(actor, undone.authority_id)
    if undone.reverses_id is not None:
        way = "培训报告由基地补报，学时折合由申报人重新申报，导入的学时重新导入"
        raise Refused("reversal", f"第{batch_id}批本身是冲销，不能再冲销。冲错的须重新登记正确的学时：{way}。")
    gone, every = reversed_lines(session, batch_id), set(range(1, undone.entries + 1))
    wanted = every - gone if lines is None else set(lines)
    if not wanted <= every or (lines is not None and not wanted):
        raise Refused("lines", f"第{batch_id}批共{undone.entries}笔，请选择其中要冲销的笔。")
    if not wanted or wanted & gone:
        which = f"第{'、'.join(map(str, sorted(wanted & gone)))}笔" if wanted else "全部学时"
        raise Refused("reversed", f"第{batch_id}批的{which}已经冲销，不会重复冲销。")
    return undone, wanted


def line_numbers(text: str) -> set[int]:
    """The lines that somebody wrote down as 2、5-9. Refused codes: "lines" (none, or not to be read as numbers)."""
    if not text.strip():
        raise Refused("lines", "请填写要冲销的笔号，如2、5-9；笔号见明细的第一列。")
    found: set[int] = set()
    for part in re.split(r"[、,，;；\s]+", text.strip()):
        numbers = re.fullmatch(r"(\d{1,6})(?:[-—~～至](\d{1,6}))?", part)
        if not numbers:
            raise Refused("lines", f"“{part}”不是笔号。请按明细中的笔号填写，如2、5-9。")
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if last < first:
            raise Refused("lines", f"“{part}”的起止颠倒，请改为{last}-{first}。")
        found |= set(range(first, last + 1))
    return found


def reversed_lines(session: Session, batch_id: int) -> set[int]:
    """The lines of a batch that were undone."""
    query = (
        sa.select(CreditEntry.reverses_line)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .where(CreditBatch.reverses_id == batch_id)
    )
    return {line for line in session.scalars(query) if line is not None}


def undone(session: Session, batch: CreditBatch) -> bool:
    """Whether nothing of a batch stands any more."""
    return len(reversed_lines(session, batch.id)) == batch.entries


def _written(
    session: Session,
    batch: CreditBatch,
    entries: _Columns,
    event: audit.Event,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> CreditBatch:
    """Write a batch with its entries, totals and line in the trail. The ledger is held."""
    count = len(entries["person_id"])
    last = session.execute(
        sa.select(CreditBatch.id, CreditBatch.chain).order_by(CreditBatch.id.desc()).limit(1)
    ).one_or_none()
    batch.id = last.id + 1 if last else 1
    batch.posted_by, batch.posted_at, batch.entries = actor.name, now.replace(microsecond=0), count
    entries |= {"line": list(range(1, count + 1)), "batch_id": [batch.id] * count}
    batch.form = _FORM
    covered = entries | {"hours": list(map(db.hundredths, entries["hours"]))}
    leaves = [merkle.leaf(text.encode()) for text in db.canonical_rows({name: covered[name] for name in _LEAF_FIELDS})]
    batch.leaves, batch.root = b"".join(leaves), merkle.root(leaves).hex()
    batch.chain = _chain(batch, last.chain if last else "")
    session.add(batch)
    db.insert(session, CreditEntry, entries)
    _add_to_totals(session, batch)
    total = sum(entries["hours"], Decimal())
    audit.record(
        session,
        event,
        batch,
        actor=actor,
        after={"entries": count, "hours": hours_text(total), "root": batch.root, "basis": batch.basis},
        reason=reason,
        now=now,
    )
    return batch


def _add_to_totals(session: Session, batch: CreditBatch) -> None:
    """Add to the totals what a batch has just posted."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(CreditTotal).from_select(_TOTALS, _summed().where(CreditEntry.batch_id == batch.id))
    table = CreditTotal.__table__
    both = {name: table.c[name] + statement.excluded[name] for name in ("hours", "deemed")}
    session.execute(statement.on_conflict_do_update(index_elements=_KEYS, set_=both))


# --- questions ------------------------------------------------------------------------------------------------------


_person = sa.bindparam("person_id", type_=sa.Integer)
_human = sa.select(Person.human_id).where(Person.id == _person).scalar_subquery()
"""Under which id the person asked about counts; see `Person.human_id`."""
_BALANCES = sa.select(CreditTotal.year, CreditTotal.subject, CreditTotal.hours, CreditTotal.deemed).where(
    CreditTotal.person_id == _human
)
"""Put together once, as `_ENTRIES` is: for one person that takes longer than to ask."""


def totals(session: Session, person_id: int, years: Iterable[int] | None = None) -> pd.DataFrame:
    """A person's balance against the requirement, newest year first.

    Columns: year, public, professional, total, deemed (codes of the subjects that count as done), required_public,
    required_professional, required_total, lacks (words), basis. Hours are Decimal; the required ones are None for a
    year no notice covers. Clause 一(一): three tests.
    """
    found: dict[int, dict[str, Decimal]] = {year: defaultdict(Decimal) for year in years or ()}
    deemed: set[tuple[int, str]] = set()
    for row in session.execute(_BALANCES, {"person_id": person_id}):
        if years is None or row.year in found:
            found.setdefault(row.year, defaultdict(Decimal))[row.subject] += row.hours
            if row.deemed:
                deemed.add((row.year, row.subject))
    lines, notices = [], policy.policies()
    for year in sorted(found, reverse=True):
        try:
            rule, missing = policy.in_force(year, notices), ""
        except Refused as refused:
            rule, missing = None, refused.words
        public, professional = (_with_parts(found[year], subject, rule) for subject in Subject)
        line = {"year": year, "public": public, "professional": professional, "total": public + professional}
        line["deemed"] = sorted(subject for marked, subject in deemed if marked == year)
        if rule is None:
            line |= {"required_public": None, "required_professional": None, "required_total": None}
            line |= {"lacks": "", "basis": missing}
        else:
            required = rule.requirement
            line |= {
                "required_public": required.public,
                "required_professional": required.professional,
                "required_total": required.total,
                "lacks": _lacks(
                    required,
                    *(
                        max(hours, required.of(subject)) if (year, subject) in deemed else hours
                        for subject, hours in ((Subject.PUBLIC, public), (Subject.PROFESSIONAL, professional))
                    ),
                ),
                "basis": f"{rule.note(year)} {required.clause}",
            }
        lines.append(line)
    columns = ["year", *Subject, "total", "deemed", "required_public", "required_professional", "required_total"]
    columns += ["lacks", "basis"]
    return pd.DataFrame(lines, columns=columns)


def _with_parts(hours: Mapping[str, Decimal], subject: str, rule: policy.Policy | None) -> Decimal:
    """The hours of a subject with those of the sub-subjects that the notice counts for it."""
    parts = [each.code for each in rule.subjects if each.part_of == subject] if rule else []
    return hours.get(subject, Decimal()) + sum((_with_parts(hours, part, rule) for part in parts), Decimal())


def _lacks(required: policy.Requirement, public: Decimal, professional: Decimal) -> str:
    parts = [
        f"{name}差{hours_text(gap)}"
        for name, gap in (
            ("公需", required.public - public),
            ("专业", required.professional - professional),
            ("累计", required.total - public - professional),
        )
        if gap > 0
    ]
    return "、".join(parts) or "已完成"


def hours_text(hours: Decimal | str) -> str:
    """Hours as they are written: 24 or 7.5; what somebody altered into no number as it is."""
    return f"{hours.normalize():f}" if isinstance(hours, Decimal) else hours


_report = sa.inspect(Report).local_table  # the report's own columns; its title and base are the submission's
_ENTRIES = (
    sa.select(
        CreditEntry.year,
        CreditEntry.subject,
        CreditEntry.hours,
        CreditEntry.completed_on,
        CreditEntry.source,
        CreditEntry.deemed,
        sa.func.coalesce(sa.func.nullif(CreditEntry.note, ""), CreditBatch.basis).label("basis"),
        CreditBatch.posted_at,
        CreditBatch.posted_by,
        Organization.name.label("base"),
        _report.c.plan_id,
        sa.case((_report.c.id.is_not(None), Submission.title)).label("plan"),
        _report.c.id.label("report_id"),
        RosterRow.row.label("roster_row"),
        CreditEntry.batch_id,
        CreditEntry.line,
        CreditEntry.reverses_line.label("standing"),
        CreditBatch.reverses_id,
    )
    .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
    .outerjoin(RosterRow, RosterRow.id == CreditEntry.roster_row_id)
    .outerjoin(Submission, Submission.id == CreditBatch.submission_id)
    .outerjoin(_report, _report.c.id == Submission.id)
    .outerjoin(Organization, sa.and_(Organization.id == Submission.organization_id, _report.c.id.is_not(None)))
    .where(CreditEntry.person_id.in_(sa.select(Person.id).where(under(Person, _human))))
    .order_by(CreditEntry.year.desc(), CreditEntry.completed_on.desc(), CreditEntry.batch_id, CreditEntry.line)
)
_ENTRY_COLUMNS = _ENTRIES.selected_columns.keys()


def entries(session: Session, person_id: int, *, year: int | None = None) -> pd.DataFrame:
    """Every entry of a person, newest first, down to its plan, report and roster row.

    Columns: year, subject, hours, completed_on, source, deemed, basis (the entry's own, else its batch's), posted_at,
    posted_by, base, plan_id, plan, report_id, roster_row, batch_id, line, standing, reverses_id (the batch a reversal
    undoes).
    """
    query = _ENTRIES if year is None else _ENTRIES.where(CreditEntry.year == year)
    rows = session.execute(query, {"person_id": person_id}).all()
    columns: dict[str, Sequence[Any]] = dict.fromkeys(_ENTRY_COLUMNS, ())
    columns |= zip(_ENTRY_COLUMNS, zip(*rows, strict=True), strict=False)
    # What takes an entry back is of the same person and year, so that it is among these.
    gone = set(zip(columns["reverses_id"], columns["standing"], strict=True))
    columns["standing"] = [
        _standing((batch_id, line) in gone, 1).value if taken is None else Standing.TAKES_BACK.value
        for batch_id, line, taken in zip(*(columns[name] for name in ("batch_id", "line", "standing")), strict=True)
    ]
    return pd.DataFrame(columns)


def batches(
    session: Session, actor: Actor, *, origin: Origin | None = None, offset: int = 0, limit: int | None = 20
) -> tuple[pd.DataFrame, int]:
    """The batches of the actor's jurisdiction, newest first, and how many there are in all.

    Columns: id, posted_at, posted_by, authority, origin, basis, entries, hours, standing.
    Refused codes: "role".
    """
    conditions = [_batches_visible(actor)]
    if origin:
        conditions.append(_origin == origin.value)
    count = session.scalar(sa.select(sa.func.count(CreditBatch.id)).where(*conditions)) or 0
    shown = sa.select(CreditBatch.id).where(*conditions).order_by(CreditBatch.id.desc()).offset(offset).limit(limit)
    back = sa.orm.aliased(CreditBatch)
    hours = sa.select(sa.func.sum(CreditEntry.hours)).where(CreditEntry.batch_id == CreditBatch.id)
    undone = sa.select(sa.func.coalesce(sa.func.sum(back.entries), 0)).where(back.reverses_id == CreditBatch.id)
    query = (
        sa.select(
            CreditBatch.id,
            CreditBatch.posted_at,
            CreditBatch.posted_by,
            Organization.name.label("authority"),
            _origin.label("origin"),
            CreditBatch.basis,
            CreditBatch.entries,
            hours.correlate(CreditBatch).scalar_subquery().label("hours"),
            undone.correlate(CreditBatch).scalar_subquery().label("standing"),
        )
        .join(Organization, Organization.id == CreditBatch.authority_id)
        .where(CreditBatch.id.in_(shown))  # found first, so that only these are summed
        .order_by(CreditBatch.id.desc())
    )
    frame = pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())
    frame["standing"] = [
        _standing(gone, entries).value for gone, entries in zip(frame["standing"], frame["entries"], strict=True)
    ]
    return frame, count


_origin = sa.case(
    (CreditBatch.reverses_id.is_not(None), Origin.REVERSAL.value),
    (CreditBatch.attachment_id.is_not(None), Origin.IMPORT.value),
    (CreditBatch.submission_id.in_(sa.select(Claim.id)), Origin.CLAIM.value),
    (CreditBatch.submission_id.is_not(None), Origin.REPORT.value),
    else_=Origin.OTHER.value,
)


def _batches_visible(actor: Actor) -> sa.ColumnElement[bool]:
    require(actor, *REVERSERS)
    return visible(actor, organization=CreditBatch.authority_id, authority=CreditBatch.authority_id)


def batch(session: Session, batch_id: int, actor: Actor) -> tuple[CreditBatch, Standing]:
    """One batch of the actor's jurisdiction, and what is left of it. Refused codes: "role", "missing"."""
    found = session.scalar(sa.select(CreditBatch).where(CreditBatch.id == batch_id, _batches_visible(actor)))
    if found is None:
        raise not_found("入账批次")
    return found, _standing(len(reversed_lines(session, batch_id)), found.entries)


def reversals(session: Session, batch_id: int, actor: Actor) -> list[CreditBatch]:
    """The batches that took something of a batch back, oldest first. Refused codes: "role", "missing"."""
    found, _ = batch(session, batch_id, actor)
    query = sa.select(CreditBatch).where(CreditBatch.reverses_id == found.id).order_by(CreditBatch.id)
    return list(session.scalars(query))


def _standing(gone: int, entries: int) -> Standing:
    if not gone:
        return Standing.STANDS
    return Standing.REVERSED if gone >= entries else Standing.PARTLY


def lines(
    session: Session, batch_id: int, actor: Actor, *, text: str = "", offset: int = 0, limit: int | None = 20
) -> tuple[pd.DataFrame, int]:
    """The entries of a batch in their order, and how many there are in all. `text`: a part of a name, or an ID number.

    Columns: line, name, id_mask, year, subject, source, hours, deemed, basis, completed_on, standing.
    Refused codes: "role", "missing".
    """
    found, _ = batch(session, batch_id, actor)
    gone = reversed_lines(session, batch_id)
    whose = sa.select(CreditEntry, Person).join(Person, Person.id == CreditEntry.person_id)
    whose, count = whose.where(CreditEntry.batch_id == batch_id), found.entries
    if needle := text.strip():
        if resident_id.problem(needle) is None:
            whose = whose.where(Person.id_index == db.blind_index(resident_id.normalise(needle)))
        else:
            whose = whose.where(Person.name.contains(needle, autoescape=True))
        count = session.scalar(sa.select(sa.func.count()).select_from(whose.subquery())) or 0
    query = whose.order_by(CreditEntry.line).offset(offset).limit(limit)
    plain = "line year subject source hours deemed completed_on".split()
    rows = [
        {name: getattr(entry, name) for name in plain}
        | {
            "name": person.name,
            "id_mask": resident_id.mask(person.id_number),
            "basis": entry.note or found.basis,
            "standing": _standing(int(entry.line in gone), 1).value,
        }
        for entry, person in session.execute(query)
    ]
    columns = "line name id_mask year subject source hours deemed basis completed_on standing".split()
    return pd.DataFrame(rows, columns=columns), count


# --- proofs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inclusion:
    """How one entry leads to the chain value of its batch; all of it goes through JSON unchanged."""

    entry: dict[str, Any]
    batch: dict[str, Any]
    path: list[str]
    """Hexadecimal hashes from the entry up to the batch's root."""
    previous: str
    """The chain value of the batch before; nothing before the first."""
    chain: str


def inclusion(session: Session, batch_id: int, line: int) -> Inclusion:
    """How one entry leads to its batch's chain value. Refused codes: "missing", "altered" (not what was posted)."""
    batch = session.get(CreditBatch, batch_id)
    rows = _rows(session, batch_id)
    if batch is None or not 1 <= line <= len(rows):
        raise not_found("学时记录")
    leaves = [_leaf(row, batch.form) for row in rows]
    query = sa.select(CreditBatch.chain).where(CreditBatch.id == batch_id - 1)
    previous = session.scalar(query) or ""
    if merkle.root(leaves).hex() != batch.root or _chain(batch, previous, rows) != batch.chain:
        raise Refused(
            "altered", f"第{batch_id}批与入账时不一致，不能出具证明，请管理员运行 python -m core check 查明。"
        )
    fields = _leaf_fields(rows[line - 1], batch.form), _chain_fields(batch, rows)
    entry, of_batch = (json.loads(db.canonical(each)) for each in fields)
    return Inclusion(entry, of_batch, [each.hex() for each in merkle.path(leaves, line - 1)], previous, batch.chain)


def included(entry: Mapping[str, Any], batch: Mapping[str, Any], path: Sequence[str], previous: str) -> str | None:
    """The chain value that an entry leads to; None where it is not in such a batch. Asks no database."""
    hashes = [bytes.fromhex(each) for each in path]
    root = merkle.root_of(merkle.leaf(db.canonical(entry).encode()), entry["line"] - 1, batch["entries"], hashes)
    if root is None or root.hex() != batch["root"] or entry["batch_id"] != batch["id"]:
        return None
    return chained(previous, batch)


# --- the books ------------------------------------------------------------------------------------------------------


def faults(session: Session) -> list[str]:
    """What does not add up: altered, missing or added entries, a broken chain, totals that are no sums.

    The last batches, taken out with their entries and totals, leave a valid chain behind; so do the last lines of the
    audit trail. Each side is therefore held against the other. Whoever takes out both ends alike is not seen here: for
    that the newest digest would have to be kept where the thief cannot write.
    """
    return [*altered(session), *_trail_faults(session), *_total_faults(session)]


def altered(session: Session) -> list[str]:
    """What of the entries and batches themselves is not what was posted; totals made of them would hide it."""
    return [*_chain_faults(session), *_reversal_faults(session)]


def _chain_faults(session: Session) -> list[str]:
    """What of each batch and its entries is not what was posted. The batch after a missing one has nothing to fit.

    A batch may stand on the chain value that the one before keeps or on the one that it should keep: so a changed
    batch is named alone. Only batches of before hashes were kept lack them, and none of those comes after one that
    has some.
    """
    found: list[str] = []
    last, previous, kept = 0, {""}, False
    whole = sa.select(*map(db.as_kept, CreditBatch.__table__.columns))  # rows, not objects: nothing keeps their hashes
    for batch_id in session.scalars(sa.select(CreditBatch.id).order_by(CreditBatch.id)):
        batch: Any = session.execute(whole.where(CreditBatch.id == batch_id)).one()
        if batch.id != last + 1:
            found.append(audit.missing("credit batch", last + 1, batch.id - 1))
            previous = set()
        kept = kept or batch.leaves is not None
        rows = _rows(session, batch.id)
        found += [f"credit batch {batch.id} {each}" for each in _batch_faults(batch, rows, previous, kept=kept)]
        last, previous = batch.id, {batch.chain, *(_chain(batch, each, rows) for each in previous)}
    stray = (
        sa.select(*(db.as_kept(getattr(CreditEntry, name)) for name in ("batch_id", "line", "person_id", "year")))
        .outerjoin(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .where(CreditBatch.id.is_(None))
        .order_by(CreditEntry.batch_id, CreditEntry.line)
    )
    for each in session.execute(stray):
        found.append(
            f"credit batch {each.batch_id} line {each.line} (person {each.person_id}, {each.year}) belongs to no batch"
        )
    return found


def _rows(session: Session, batch_id: int) -> list[dict[str, Any]]:
    """What the hashes of a batch cover, line by line, as the database has it: hours in hundredths."""
    columns = [db.as_kept(getattr(CreditEntry, name)) for name in _LEAF_FIELDS]
    query = sa.select(*columns).where(CreditEntry.batch_id == batch_id).order_by(CreditEntry.line)
    return [dict(row) for row in session.execute(query).mappings()]


def _batch_faults(batch: Any, rows: Sequence[Mapping[str, Any]], previous: set[str], *, kept: bool) -> list[str]:
    """What of a batch is not what was posted: rows, the batch itself, or the hashes that it should have kept."""
    leaves = [_leaf(row, batch.form) for row in rows]
    sound = len(leaves) == batch.entries and merkle.root(leaves).hex() == batch.root
    fits = not previous or batch.chain in {_chain(batch, each, rows) for each in previous}
    if sound and fits:
        return [] if batch.leaves == (b"".join(leaves) if kept else None) else [f"({batch.basis}): {_HASHES}"]
    covered = _chain_fields(batch, rows)

    def posted(given: Sequence[bytes]) -> bool:
        """Whether these are the hashes of what was posted: by the root that the batch has, or by its chain."""
        if len(given) == batch.entries and merkle.root(given).hex() == batch.root:
            return True
        other = covered | {"entries": len(given), "root": merkle.root(given).hex()}
        return any(chained(each, other) == batch.chain for each in previous)

    whole = batch.leaves if isinstance(batch.leaves, bytes) else b""
    hashes = [whole[at : at + merkle.SIZE] for at in range(0, len(whole), merkle.SIZE)]
    in_another_form = [_leaf(row, _FORM if batch.form == 1 else 1) for row in rows]
    if any(each == hashes or posted(each) for each in (leaves, in_another_form)):
        return [f"({batch.basis}) was altered"]
    named = _entry_faults(rows, leaves, hashes) if posted(hashes) else [f"({batch.basis}): its entries were altered"]
    # the chain of form 1 covers what the entries have altered: it tells nothing of the batch then
    return named if fits or batch.form == 1 else [f"({batch.basis}) was altered", *named]


_HASHES = "its kept hashes were altered"


def _entry_faults(rows: Sequence[Mapping[str, Any]], leaves: Sequence[bytes], posted: Sequence[bytes]) -> list[str]:
    """The rows of a batch that are not what was posted."""
    wanted = dict(enumerate(posted, start=1))
    good = {row["line"] for row, leaf in zip(rows, leaves, strict=True) if wanted.get(row["line"]) == leaf}
    found = {line: f"line {line} was removed" for line in wanted.keys() - {row["line"] for row in rows}}
    for row, leaf in zip(rows, leaves, strict=True):
        line = row["line"]
        if wanted.get(line) != leaf:
            deed = "added" if line in good or line not in wanted else "altered"
            found.setdefault(line, f"line {line} (person {row['person_id']}, {row['year']}) was {deed}")
    return [found[line] for line in _in_order(found)]


_Key = TypeVar("_Key")


def _in_order(found: Iterable[_Key]) -> list[_Key]:
    """Keys in their order, also where one was altered into something of another type."""

    def kinds(key: _Key) -> list[tuple[str, Any]]:
        return [(type(part).__name__, part) for part in (key if isinstance(key, tuple) else (key,))]

    return sorted(found, key=kinds)


def _trail_faults(session: Session) -> list[str]:
    """Batches and lines of the trail that lack each other, or differ in what was posted."""
    posted = dict(session.execute(sa.select(CreditBatch.id, CreditBatch.root)).all())
    lines = sa.select(AuditEntry.record_id, AuditEntry.after).where(
        AuditEntry.event.in_([event.value for event in POSTING]), AuditEntry.record == CreditBatch.__tablename__
    )
    told = dict(session.execute(lines).all())
    found = []
    for number in _in_order(posted.keys() | told.keys()):
        if number not in posted:
            found.append(f"credit batch {number} is in the audit trail but not in the ledger")
        elif number not in told:
            found.append(f"credit batch {number} is in the ledger but not in the audit trail")
        elif db.canonical(posted[number]) not in told[number]:
            found.append(f"credit batch {number} is not what the audit trail says was posted")
    return found


def _reversal_faults(session: Session) -> list[str]:
    """Reversals that take back what was never posted, something else, or the same line twice."""
    back, undone = sa.orm.aliased(CreditEntry), sa.orm.aliased(CreditEntry)
    alike = [getattr(undone, name) == getattr(back, name) for name in ("person_id", "year", "subject", "source")]
    alike += [undone.hours == -back.hours, undone.deemed == -back.deemed]
    query = (
        sa.select(CreditBatch.reverses_id)
        .join(back, back.batch_id == CreditBatch.id)
        .outerjoin(
            undone,
            sa.and_(undone.batch_id == CreditBatch.reverses_id, undone.line == back.reverses_line, *alike),
        )
        .where(CreditBatch.reverses_id.is_not(None))
        .group_by(CreditBatch.reverses_id)
        .having(
            sa.or_(
                sa.func.count(undone.line) != sa.func.count(back.line),
                sa.func.count(sa.distinct(undone.line)) != sa.func.count(back.line),
            )
        )
    )
    return [f"what was reversed of credit batch {number} is not what it posted" for number in session.scalars(query)]


@dataclass(frozen=True)
class Difference:
    """A total that is not the sum of its entries; None where there is no such total or no such entry."""

    person_id: int
    year: int
    subject: str
    source: str
    """The code of a source, or what somebody altered it into."""
    kept: tuple[Decimal | str, int] | None
    summed: tuple[Decimal | str, int] | None
    """Hours, and how many entries deem the subject done."""


_KEYS = ("person_id", "year", "subject", "source")
_TOTALS = [*_KEYS, "hours", "deemed"]
_STRETCH = 20_000
"""People whose totals are held against their entries at a time."""


def _summed() -> sa.Select[*tuple[Any, ...]]:
    """What the totals should be: the sums of the entries by human, year, subject and source."""
    keys = (Person.human_id, CreditEntry.year, CreditEntry.subject, db.as_kept(CreditEntry.source))
    whole = sa.func.sum(sa.type_coerce(CreditEntry.hours, sa.Integer))
    query = sa.select(
        *keys,
        sa.cast(whole, sa.Integer).label("hours"),
        sa.cast(sa.func.sum(CreditEntry.deemed), sa.Integer).label("deemed"),
    )
    return query.join_from(CreditEntry, Person, Person.id == CreditEntry.person_id).group_by(*keys)


def add_up(session: Session, person_ids: Iterable[int]) -> None:
    """Take the totals of persons anew from their entries, after a merge or a separation. The caller holds the ledger.

    The entries stay with whom they were posted to: only under whose name they are summed has changed.
    """
    whose = list(person_ids)
    session.flush()
    session.execute(sa.delete(CreditTotal).where(CreditTotal.person_id.in_(whose)))
    session.execute(sa.insert(CreditTotal).from_select(_TOTALS, _summed().where(under(Person, whose))))


def differences(session: Session) -> list[Difference]:
    """Every total that is not the sum of its entries, by person, year, subject and source.

    Asked for so many people at a time that what the database sets side by side stays in its memory.
    """

    def only(
        these: sa.Select[Any], those: sa.Select[Any] | None
    ) -> dict[tuple[int, int, str, str], tuple[Decimal | str, int]]:
        found = session.execute(these if those is None else these.except_(those))
        return {tuple(row[:4]): (_hours_as_kept(row.hours), row.deemed) for row in found}

    kept = sa.select(*(db.as_kept(getattr(CreditTotal, name)) for name in _TOTALS))
    found: list[Difference] = []
    highest = session.scalar(sa.select(sa.func.max(Person.id))) or 0
    for first in range(1, highest + 1, _STRETCH):
        last = first + _STRETCH - 1
        own = sa.and_(Person.id.between(first, last), Person.merged_into_id.is_(None))
        summed = _summed().where(sa.or_(own, Person.merged_into_id.between(first, last)))
        held = kept.where(CreditTotal.person_id.between(first, min(last, highest)))
        wrong, right = only(held, summed), only(summed, held)
        found += [Difference(*key, wrong.get(key), right.get(key)) for key in _in_order(wrong.keys() | right.keys())]
    strays = only(kept.where(sa.or_(CreditTotal.person_id < 1, CreditTotal.person_id > highest)), None)
    return found + [Difference(*key, strays[key], None) for key in _in_order(strays)]


def _hours_as_kept(hundredths: Any) -> Decimal | str:
    try:
        return Decimal(hundredths) / 100
    except (ArithmeticError, TypeError, ValueError):
        return str(hundredths)


def _total_faults(session: Session) -> list[str]:
    found = differences(session)
    return sorted({f"total of person {each.person_id}, {each.year} is not the sum of its entries" for each in found})


def rebuild(session: Session, *, actor: Actor, reason: str, now: datetime) -> list[Difference]:
    """Put every total right again that is not the sum of its entries, as one act; answers what was wrong.

    Refused codes: "role" (the region's administrator alone), "reason", "altered" (the entries themselves do not stand:
    totals made of them would hide it).
    """
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", "重建学时合计由自治区人社厅的管理员办理。")
    reason = reason.strip()
    if not reason:
        raise Refused("reason", "请填写重建学时合计的原因，它会留在审计日志里。")
    hold(session)
    if faults := altered(session):
        raise Refused("altered", f"学时明细本身已被改动，合计没有重建，请先查明：{faults[0]}")
    found = differences(session)
    for each in found:
        keys = {key: getattr(each, key) for key in _KEYS}
        this = [db.as_kept(getattr(CreditTotal, key)) == keys[key] for key in _KEYS]
        session.execute(sa.delete(CreditTotal).where(*this).execution_options(synchronize_session=False))
        if each.summed is not None:
            hours, deemed = each.summed
            session.execute(sa.insert(CreditTotal).values(**keys, hours=Decimal(hours), deemed=deemed))
    if found:
        office = session.get_one(Organization, actor.organization_id)
        audit.record(
            session,
            audit.Event.TOTALS_REBUILT,
            office,
            actor=actor,
            before={"totals": [_told(each, each.kept) for each in found[:100]]},
            after={"totals": [_told(each, each.summed) for each in found[:100]], "differences": len(found)},
            reason=reason,
            now=now,
        )
    return found


def _told(each: Difference, total: tuple[Decimal | str, int] | None) -> str:
    hours = "none" if total is None else f"{hours_text(total[0])}{'+deemed' if total[1] else ''}"
    return f"{each.person_id}/{each.year}/{each.subject}/{each.source}: {hours}"


_FORM = 2
"""How digests are taken now. Form 1 is that of the first release: a batch had one source, its entries nothing more."""
_FIRST_LEAF_FIELDS = "person_id year batch_id line subject hours completed_on roster_row_id".split()
_LATER = {"deemed": 0, "note": "", "reverses_line": None}
_LEAF_FIELDS = [*_FIRST_LEAF_FIELDS, "source", *_LATER]


def _leaf(row: Mapping[str, Any], form: int = _FORM) -> bytes:
    return merkle.leaf(db.canonical(_leaf_fields(row, form)).encode())


def _leaf_fields(row: Mapping[str, Any], form: int) -> dict[str, Any]:
    """What of an entry its hash covers, with the hours in hundredths."""
    plain = form == 1 and all(row[name] == nothing for name, nothing in _LATER.items())
    return {name: row[name] for name in (_FIRST_LEAF_FIELDS if plain else _LEAF_FIELDS)}


def _chain(batch: CreditBatch, previous: str, rows: Sequence[Mapping[str, Any]] = ()) -> str:
    return chained(previous, _chain_fields(batch, rows))


def chained(previous: str, fields: Mapping[str, Any]) -> str:
    """The chain value of a batch after the one before it."""
    return hashlib.sha256((previous + db.canonical(fields)).encode()).hexdigest()


def _chain_fields(batch: CreditBatch, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What of a batch its chain value covers."""
    fields = {
        "id": batch.id,
        "submission_id": batch.submission_id,
        "basis": batch.basis,
        "posted_by": batch.posted_by,
        "posted_at": db.moment_text(batch.posted_at),
        "entries": batch.entries,
        "root": batch.root,
    }
    if batch.form == 1:
        return fields | {"source": "、".join(sorted({str(row["source"]) for row in rows}))}
    return fields | {name: getattr(batch, name) for name in ("form", "attachment_id", "reverses_id", "authority_id")}
