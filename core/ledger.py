"""The only door to credit: post entries, ask for balances, check the books. Who may look, the caller decides.

Entries are never changed or removed. Each batch carries the Merkle root of its entries (RFC 6962 hashing) and a chain
hash that binds it to the batch before, so that `faults` names what was altered behind the program's back.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import audit, db, policy
from core.access import Actor, Refused
from core.models import (
    AuditEntry,
    CreditBatch,
    CreditEntry,
    CreditTotal,
    Organization,
    Report,
    RosterRow,
    Source,
    Submission,
)
from core.policy import Subject


@dataclass(frozen=True)
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


def post(
    session: Session,
    postings: Iterable[Posting],
    *,
    basis: str,
    actor: Actor,
    now: datetime,
    submission: Submission | None = None,
) -> CreditBatch:
    """Post hours as one batch and bring the totals along, in the caller's transaction.

    Refused codes: "empty" (nothing to post), "hours" (not positive, or not in half hours), "posted" (this submission's
    hours are in the ledger already).
    """
    lines = sorted(postings, key=lambda posting: (posting.person_id, posting.year, posting.subject))
    if not lines:
        raise Refused("empty", "没有可入账的学时，请核对花名册。")
    for posting in lines:
        if posting.hours < 0 or posting.hours * 2 % 1 or (posting.hours == 0) != posting.deemed:
            raise Refused("hours", f"学时{posting.hours}不是0.5的正倍数，请退回核对。")
    session.flush()
    db.lock(session, "ledger")
    if submission and session.scalar(sa.select(CreditBatch.id).where(CreditBatch.submission_id == submission.id)):
        raise Refused("posted", "该报告的学时已经入账，不会重复登记。")
    last = session.execute(
        sa.select(CreditBatch.id, CreditBatch.chain).order_by(CreditBatch.id.desc()).limit(1)
    ).one_or_none()
    batch = CreditBatch(
        id=last.id + 1 if last else 1,
        submission_id=submission.id if submission else None,
        basis=basis,
        posted_by=actor.name,
        posted_at=now.replace(microsecond=0),
        entries=len(lines),
    )
    rows = [
        {
            "person_id": posting.person_id,
            "year": posting.year,
            "batch_id": batch.id,
            "line": number,
            "subject": str(posting.subject),
            "source": posting.source,
            "hours": posting.hours,
            "deemed": int(posting.deemed),
            "completed_on": posting.completed_on,
            "roster_row_id": posting.roster_row_id,
            "note": posting.note,
        }
        for number, posting in enumerate(lines, start=1)
    ]
    batch.root = _merkle_root([_leaf(row) for row in rows])
    batch.chain = _chain(batch, last.chain if last else "")
    session.add(batch)
    session.flush()
    session.execute(sa.insert(CreditEntry), rows)
    _add_to_totals(session, lines)
    total = sum((posting.hours for posting in lines), Decimal())
    audit.record(
        session,
        audit.Event.CREDIT_POSTED,
        batch,
        actor=actor,
        after={"entries": len(lines), "hours": f"{total.normalize():f}", "root": batch.root},
        now=now,
    )
    return batch


def _add_to_totals(session: Session, lines: Sequence[Posting]) -> None:
    sums: dict[tuple[int, int, str, Source], list[Decimal | int]] = defaultdict(lambda: [Decimal(), 0])
    for posting in lines:
        balance = sums[posting.person_id, posting.year, str(posting.subject), posting.source]
        balance[0] += posting.hours
        balance[1] += posting.deemed
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(CreditTotal)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "year", "subject", "source"],
            set_={
                "hours": CreditTotal.__table__.c.hours + statement.excluded.hours,
                "deemed": CreditTotal.__table__.c.deemed + statement.excluded.deemed,
            },
        ),
        [
            {
                "person_id": person_id,
                "year": year,
                "subject": subject,
                "source": source,
                "hours": hours,
                "deemed": deemed,
            }
            for (person_id, year, subject, source), (hours, deemed) in sums.items()
        ],
    )


# --- questions ------------------------------------------------------------------------------------------------------


def totals(session: Session, person_id: int, years: Iterable[int] | None = None) -> pd.DataFrame:
    """A person's balance against the requirement, newest year first.

    Columns: year, public, professional, total, required_public, required_professional, required_total, lacks (words),
    basis. Hours are Decimal; the required ones are None for a year no notice covers. Clause 一(一): three tests.
    """
    found: dict[int, dict[str, Decimal]] = {year: defaultdict(Decimal) for year in years or ()}
    deemed: set[tuple[int, str]] = set()
    query = sa.select(CreditTotal.year, CreditTotal.subject, CreditTotal.hours, CreditTotal.deemed)
    for row in session.execute(query.where(CreditTotal.person_id == person_id)):
        if years is None or row.year in found:
            found.setdefault(row.year, defaultdict(Decimal))[row.subject] += row.hours
            if row.deemed:
                deemed.add((row.year, row.subject))
    lines = []
    for year in sorted(found, reverse=True):
        public, professional = found[year][Subject.PUBLIC], found[year][Subject.PROFESSIONAL]
        line = {"year": year, "public": public, "professional": professional, "total": public + professional}
        try:
            rule = policy.in_force(year)
        except Refused as refused:
            line |= {"required_public": None, "required_professional": None, "required_total": None}
            line |= {"lacks": "", "basis": refused.words}
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
    columns = "year public professional total required_public required_professional required_total lacks basis".split()
    return pd.DataFrame(lines, columns=columns)


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


def hours_text(hours: Decimal) -> str:
    """Hours as they are written: 24 or 7.5."""
    return f"{hours.normalize():f}"


def entries(session: Session, person_id: int, *, year: int | None = None) -> pd.DataFrame:
    """Every entry of a person, newest first, down to its plan, report and roster row.

    Columns: year, subject, hours, completed_on, source, basis, posted_at, posted_by, base, plan_id, plan, report_id,
    roster_row, batch_id, line.
    """
    report = sa.inspect(Report).local_table  # the report's own columns; its title and base are the submission's
    query = (
        sa.select(
            CreditEntry.year,
            CreditEntry.subject,
            CreditEntry.hours,
            CreditEntry.completed_on,
            CreditEntry.source,
            CreditEntry.deemed,
            CreditBatch.basis,
            CreditBatch.posted_at,
            CreditBatch.posted_by,
            Organization.name.label("base"),
            report.c.plan_id,
            Submission.title.label("plan"),
            Submission.id.label("report_id"),
            RosterRow.row.label("roster_row"),
            CreditEntry.batch_id,
            CreditEntry.line,
        )
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .outerjoin(RosterRow, RosterRow.id == CreditEntry.roster_row_id)
        .outerjoin(Submission, Submission.id == CreditBatch.submission_id)
        .outerjoin(report, report.c.id == Submission.id)
        .outerjoin(Organization, Organization.id == Submission.organization_id)
        .where(CreditEntry.person_id == person_id)
        .order_by(CreditEntry.year.desc(), CreditEntry.completed_on.desc(), CreditEntry.batch_id, CreditEntry.line)
    )
    if year is not None:
        query = query.where(CreditEntry.year == year)
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


# --- the books ------------------------------------------------------------------------------------------------------


def faults(session: Session) -> list[str]:
    """What does not add up: altered, missing or added entries, a broken chain, totals that are no sums.

    The last batches, taken out with their entries and totals, leave a valid chain behind; so do the last lines of the
    audit trail. Each side is therefore held against the other. Whoever takes out both ends alike is not seen here: for
    that the newest digest would have to be kept where the thief cannot write.
    """
    return [*_chain_faults(session), *_trail_faults(session), *_total_faults(session)]


def _chain_faults(session: Session) -> list[str]:
    previous = ""
    for number, batch in enumerate(session.scalars(sa.select(CreditBatch).order_by(CreditBatch.id)), start=1):
        if batch.id != number:
            return [f"credit batch {number} is missing"]
        columns = [getattr(CreditEntry, name) for name in _LEAF_FIELDS]
        rows = session.execute(
            sa.select(*columns).where(CreditEntry.batch_id == batch.id).order_by(CreditEntry.line)
        ).mappings()
        leaves = [_leaf(dict(row)) for row in rows]
        if len(leaves) != batch.entries or _merkle_root(leaves) != batch.root:
            return [f"credit batch {batch.id} ({batch.basis}): its entries were altered"]
        if batch.chain != _chain(batch, previous):
            return [f"credit batch {batch.id} ({batch.basis}) was altered"]
        previous = batch.chain
    stray = session.scalar(
        sa.select(sa.func.count())
        .select_from(CreditEntry)
        .outerjoin(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .where(CreditBatch.id.is_(None))
    )
    return [f"{stray} credit entries belong to no batch"] if stray else []


def _trail_faults(session: Session) -> list[str]:
    """Batches and lines of the trail that lack each other, or differ in what was posted."""
    posted = dict(session.execute(sa.select(CreditBatch.id, CreditBatch.root)).all())
    lines = sa.select(AuditEntry.record_id, AuditEntry.after).where(
        AuditEntry.event == audit.Event.CREDIT_POSTED.value, AuditEntry.record == CreditBatch.__tablename__
    )
    told = dict(session.execute(lines).all())
    found = []
    for number in sorted(posted.keys() | told.keys()):
        if number not in posted:
            found.append(f"credit batch {number} is in the audit trail but not in the ledger")
        elif number not in told:
            found.append(f"credit batch {number} is in the ledger but not in the audit trail")
        elif db.canonical(posted[number]) not in told[number]:
            found.append(f"credit batch {number} is not what the audit trail says was posted")
    return found


def _total_faults(session: Session) -> list[str]:
    keys = ("person_id", "year", "subject", "source")
    whole = sa.Integer
    kept = sa.select(
        *(getattr(CreditTotal, key) for key in keys), sa.type_coerce(CreditTotal.hours, whole), CreditTotal.deemed
    )
    summed = sa.select(
        *(getattr(CreditEntry, key) for key in keys),
        sa.cast(sa.func.sum(sa.type_coerce(CreditEntry.hours, whole)), whole),
        sa.cast(sa.func.sum(CreditEntry.deemed), whole),
    ).group_by(*(getattr(CreditEntry, key) for key in keys))
    wrong = [*session.execute(kept.except_(summed)), *session.execute(summed.except_(kept))]
    return sorted({f"total of person {row[0]}, {row[1]} is not the sum of its entries" for row in wrong})


_LEAF_FIELDS = "person_id year batch_id line subject source hours deemed completed_on roster_row_id note".split()


def _leaf(row: Mapping[str, Any]) -> bytes:
    fields = {name: row[name] for name in _LEAF_FIELDS}
    fields["hours"] = db.hundredths(fields["hours"])
    return hashlib.sha256(b"\x00" + db.canonical(fields).encode()).digest()


def _merkle_root(leaves: Sequence[bytes]) -> str:
    """RFC 6962 tree head: an odd node moves up unpaired."""
    level = list(leaves)
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0].hex() if level else hashlib.sha256(b"").hexdigest()


def _chain(batch: CreditBatch, previous: str) -> str:
    fields = {
        "id": batch.id,
        "submission_id": batch.submission_id,
        "attachment_id": batch.attachment_id,
        "reverses_id": batch.reverses_id,
        "basis": batch.basis,
        "posted_by": batch.posted_by,
        "posted_at": batch.posted_at.astimezone(UTC).isoformat(),
        "entries": batch.entries,
        "root": batch.root,
    }
    return hashlib.sha256((previous + db.canonical(fields)).encode()).hexdigest()
