"""Checks of the books (账目核对): what was altered behind the program's back, by name; totals put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, merkle, typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.ledger import books, chain, totals
from core.ledger.chain import FORM
from core.ledger.totals import KEYS, Difference
from core.models import AuditEntry, CreditBatch, CreditEntry, CreditTotal, Organization, RosterRow
from core.trail import audit

POSTING = (audit.Event.CREDIT_POSTED, audit.Event.CREDITS_IMPORTED, audit.Event.CREDIT_REVERSED)
"""The deeds that add a batch, as the trail tells them."""


def faults(session: Session) -> list[str]:
    """Check the books (账目核对).

    What does not add up: altered, missing or added entries, a broken chain, totals that are no sums.

    The last batches, taken out with their entries and totals, leave a valid chain behind; so do the last lines of the
    audit trail. Each side is therefore held against the other. A thief who takes out both ends alike is not seen: for
    that the newest digest would have to be kept where the thief cannot write.
    """
    return [*altered(session), *_trail_faults(session), *_total_faults(session)]


def altered(session: Session) -> list[str]:
    """Check entries and batches for tampering.

    What of the entries and batches themselves is not what was posted; totals made of them would hide it.
    """
    return [*_chain_faults(session), *_reversal_faults(session), *_row_faults(session)]


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
        rows = chain.entry_rows(session, batch.id)
        found += [f"credit batch {batch.id} {each}" for each in _batch_faults(batch, rows, previous, kept=kept)]
        last, previous = batch.id, {batch.chain, *(chain.chain_value(batch, each, rows) for each in previous)}
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


def _batch_faults(batch: Any, rows: Sequence[Mapping[str, Any]], previous: set[str], *, kept: bool) -> list[str]:
    """What of a batch is not what was posted: rows, the batch itself, or the hashes that it should have kept."""
    leaves = [chain.leaf(row, batch.form) for row in rows]
    sound = len(leaves) == batch.entries and merkle.root(leaves).hex() == batch.root
    fits = not previous or batch.chain in {chain.chain_value(batch, each, rows) for each in previous}
    if sound and fits:
        return [] if batch.leaves == (b"".join(leaves) if kept else None) else [f"({batch.basis}): {_HASHES}"]
    covered = chain.chain_fields(batch, rows)

    def posted(given: Sequence[bytes]) -> bool:
        """Whether these are the hashes of what was posted: by the root that the batch has, or by its chain."""
        if len(given) == batch.entries and merkle.root(given).hex() == batch.root:
            return True
        other = covered | {"entries": len(given), "root": merkle.root(given).hex()}
        return any(chain.chained(each, other) == batch.chain for each in previous)

    whole = batch.leaves if isinstance(batch.leaves, bytes) else b""
    hashes = [whole[at : at + merkle.SIZE] for at in range(0, len(whole), merkle.SIZE)]
    in_another_form = [chain.leaf(row, FORM if batch.form == 1 else 1) for row in rows]
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
    return [found[line] for line in totals.in_order(found)]


def _trail_faults(session: Session) -> list[str]:
    """Batches and lines of the trail that lack each other, or differ in what was posted."""
    posted = dict(session.execute(sa.select(CreditBatch.id, CreditBatch.root)).all())
    lines = sa.select(AuditEntry.record_id, AuditEntry.after).where(
        AuditEntry.event.in_([event.value for event in POSTING]), AuditEntry.record == CreditBatch.__tablename__
    )
    told = dict(session.execute(lines).all())
    found = []
    for number in totals.in_order(posted.keys() | told.keys()):
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


def _row_faults(session: Session) -> list[str]:
    """Dangling references to roster rows (花名册行): missing, or of another report; there is no foreign key."""
    undone = sa.orm.aliased(CreditBatch)
    report_id = sa.func.coalesce(CreditBatch.submission_id, undone.submission_id)
    own = sa.or_(RosterRow.report_id.is_(None), RosterRow.report_id == report_id)
    query = (
        sa.select(CreditEntry.batch_id, CreditEntry.line)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .outerjoin(undone, undone.id == CreditBatch.reverses_id)
        .outerjoin(RosterRow, sa.and_(RosterRow.id == CreditEntry.roster_row_id, own))
        .where(CreditEntry.roster_row_id.is_not(None), RosterRow.id.is_(None))
        .order_by(CreditEntry.batch_id, CreditEntry.line)
    )
    return [
        f"credit batch {batch} line {line} has lost its row of the roster" for batch, line in session.execute(query)
    ]


def _total_faults(session: Session) -> list[str]:
    found = totals.differences(session)
    return sorted({f"total of person {each.person_id}, {each.year} is not the sum of its entries" for each in found})


@deed
def rebuild(session: Session, *, actor: Actor, reason: str, now: datetime) -> list[Difference]:
    """Rebuild totals (重建学时合计).

    Put every total right again that is not the sum of its entries, as one act; answers what was wrong.

    Refused codes: "role" (the region's administrator alone), "reason", "altered" (the entries themselves do not stand:
    totals made of them would hide it).
    """
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", "重建学时合计由自治区人社厅的管理员办理。")
    reason = typed.prose(reason)
    if not reason:
        raise Refused("reason", "请填写重建学时合计的原因，它会留在审计日志里。")
    books.hold(session)
    if faults := altered(session):
        raise Refused("altered", f"学时明细本身已被改动，合计没有重建，请先查明：{faults[0]}")
    found = totals.differences(session)
    for each in found:
        keys = {key: getattr(each, key) for key in KEYS}
        this = [db.as_kept(getattr(CreditTotal, key)) == keys[key] for key in KEYS]
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
