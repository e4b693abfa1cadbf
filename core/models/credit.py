"""Credit entries (学时记录), their batches and totals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.ground.db import EncryptedText, Hours, Moment
from core.models.base import APPEND_ONLY, Base, Source, codes


class CreditBatch(Base):
    """Entries posted by one deed. `root` is the Merkle root over them, `chain` binds it to the batch before."""

    __tablename__ = "credit_batch"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    submission_id: Mapped[int | None] = mapped_column(sa.ForeignKey("submission.id"), index=True)
    """What was approved. A second batch of it only after all of the first was taken back (`books.post`)."""
    attachment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"))
    """The file an import came from, kept."""
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credit_batch.id"), index=True)
    """The batch that this one undoes, whole or in part; each of its entries says which line."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The office that posted it and is in charge of it."""
    form: Mapped[int] = mapped_column(sa.SmallInteger)
    """In which form its digests were taken; see `ledger.chain`."""
    basis: Mapped[str] = mapped_column(sa.String(200))
    posted_by: Mapped[str] = mapped_column(sa.String(40))
    posted_at: Mapped[datetime] = mapped_column(Moment)
    entries: Mapped[int]
    leaves: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    """The hashes under `root`, 32 bytes for each entry; none for a batch of before they were kept."""
    root: Mapped[str] = mapped_column(sa.String(64))
    chain: Mapped[str] = mapped_column(sa.String(64))
    __table_args__ = ({"info": APPEND_ONLY},)


class CreditRepair(Base):
    """What was changed on the screen in an imported file before its hours were posted. The file is kept as it came."""

    __tablename__ = "credit_repair"
    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"), index=True)
    row: Mapped[int]
    column: Mapped[str] = mapped_column("column_name", sa.String(40))
    """The key of the column; "" where the whole row was left out."""
    before: Mapped[str] = mapped_column(EncryptedText("credit_repair.before"))
    after: Mapped[str] = mapped_column(EncryptedText("credit_repair.after"))
    __table_args__ = ({"info": APPEND_ONLY},)


class CreditEntry(Base):
    """学时记录: one posting of hours to a person, a credit year and a subject. Clustered by person, for looking up."""

    __tablename__ = "credit_entry"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    """学时年度."""
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(20))
    """A subject code of the policy: `public`, `professional`, or what another office's notice names."""
    source: Mapped[Source] = mapped_column(codes(Source))
    hours: Mapped[Decimal] = mapped_column(Hours)
    """Negative in a reversal; 0 where the subject is deemed done."""
    deemed: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """1: the year's subject counts as done (视同完成); -1: that is undone."""
    reverses_line: Mapped[int | None]
    """In a reversal: the line of the undone batch that this entry takes back."""
    completed_on: Mapped[date]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    roster_row_id: Mapped[int | None]
    """The row of a roster it was posted for: without key and index, which took most of a posting; `check` proves it."""
    batch: Mapped[CreditBatch] = relationship()
    __table_args__ = (
        sa.Index("ix_credit_entry_batch", "batch_id", "line", "hours"),  # a batch in its order; its sum, read alone
        {"info": APPEND_ONLY, "sqlite_with_rowid": False},
    )


class CreditTotal(Base):
    """The balance of a person's year, subject and source, kept in the same transaction as the entries it sums.

    It is kept under the person's `human_id`: a duplicate has none of its own.
    """

    __tablename__ = "credit_total"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    source: Mapped[Source] = mapped_column(codes(Source), primary_key=True)
    hours: Mapped[Decimal] = mapped_column(Hours)
    deemed: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """How many entries deem the subject done."""
    __table_args__ = ({"sqlite_with_rowid": False},)
