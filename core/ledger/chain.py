"""How entries and batches are hashed (Merkle tree, RFC 6962) and chained; the inclusion proof of one entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, merkle
from core.ground.access import Refused, not_found
from core.models import CreditBatch, CreditEntry


@dataclass(frozen=True)
class Inclusion:
    """Inclusion proof (RFC 6962) of one entry.

    How one entry leads to the chain value of its batch; all of it goes through JSON unchanged.
    """

    entry: dict[str, Any]
    batch: dict[str, Any]
    path: list[str]
    """Hexadecimal hashes from the entry up to the batch's root."""
    previous: str
    """The chain value of the batch before; nothing before the first."""
    chain: str


def inclusion(session: Session, batch_id: int, line: int) -> Inclusion:
    """Make an inclusion proof.

    How one entry leads to its batch's chain value. Refused codes: "missing", "altered" (not what was posted).
    """
    batch = session.get(CreditBatch, batch_id)
    rows = entry_rows(session, batch_id)
    if batch is None or not 1 <= line <= len(rows):
        raise not_found("学时记录")
    leaves = [leaf(row, batch.form) for row in rows]
    query = sa.select(CreditBatch.chain).where(CreditBatch.id == batch_id - 1)
    previous = session.scalar(query) or ""
    if merkle.root(leaves).hex() != batch.root or chain_value(batch, previous, rows) != batch.chain:
        raise Refused(
            "altered",
            f"第{batch_id}批与入账时不一致，不能出具证明，请管理员在程序文件夹中执行 {db.command('check')} 查明。",
        )
    fields = leaf_fields(rows[line - 1], batch.form), chain_fields(batch, rows)
    entry, of_batch = (json.loads(db.canonical(each)) for each in fields)
    return Inclusion(entry, of_batch, [each.hex() for each in merkle.path(leaves, line - 1)], previous, batch.chain)


def included(entry: Mapping[str, Any], batch: Mapping[str, Any], path: Sequence[str], previous: str) -> str | None:
    """Verify an inclusion proof.

    The chain value that an entry leads to; None where it is not in such a batch. Asks no database.
    """
    hashes = [bytes.fromhex(each) for each in path]
    root = merkle.root_of(merkle.leaf(db.canonical(entry).encode()), entry["line"] - 1, batch["entries"], hashes)
    if root is None or root.hex() != batch["root"] or entry["batch_id"] != batch["id"]:
        return None
    return chained(previous, batch)


def entry_rows(session: Session, batch_id: int) -> list[dict[str, Any]]:
    """Rows that a batch hash covers.

    What the hashes of a batch cover, line by line, as the database has it: hours in hundredths.
    """
    columns = [db.as_kept(getattr(CreditEntry, name)) for name in LEAF_FIELDS]
    query = sa.select(*columns).where(CreditEntry.batch_id == batch_id).order_by(CreditEntry.line)
    return [dict(row) for row in session.execute(query).mappings()]


FORM = 2
"""How digests are taken now. Form 1 is that of the first release: a batch had one source, its entries nothing more."""
_FIRST_LEAF_FIELDS = "person_id year batch_id line subject hours completed_on roster_row_id".split()
_LATER = {"deemed": 0, "note": "", "reverses_line": None}
LEAF_FIELDS = [*_FIRST_LEAF_FIELDS, "source", *_LATER]


def leaf(row: Mapping[str, Any], form: int = FORM) -> bytes:
    """Leaf hash of an entry."""
    return merkle.leaf(db.canonical(leaf_fields(row, form)).encode())


def leaf_fields(row: Mapping[str, Any], form: int) -> dict[str, Any]:
    """Fields of a leaf hash: what of an entry its hash covers, with the hours in hundredths."""
    plain = form == 1 and all(row[name] == nothing for name, nothing in _LATER.items())
    return {name: row[name] for name in (_FIRST_LEAF_FIELDS if plain else LEAF_FIELDS)}


def chain_value(batch: CreditBatch, previous: str, rows: Sequence[Mapping[str, Any]] = ()) -> str:
    """Chain hash of a batch."""
    return chained(previous, chain_fields(batch, rows))


def chained(previous: str, fields: Mapping[str, Any]) -> str:
    """Chain hash of given fields: the chain value of a batch after the one before it."""
    return hashlib.sha256((previous + db.canonical(fields)).encode()).hexdigest()


def chain_fields(batch: CreditBatch, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Fields of a chain hash: what of a batch its chain value covers."""
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
