"""What was sent to the talent database (人才信息库), parcel by parcel."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.db import Moment
from core.models.base import Base


class Parcel(Base):
    """报送批次: the entries of a credit year in a stretch of an office's batches, sent together.

    Batches go up by number and entries never change, so a stretch says all: no entry is in two parcels, none is marked.
    """

    __tablename__ = "parcel"
    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    """The office that posted the entries and sends them."""
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    """学时年度."""
    number: Mapped[int]
    """第几次, of an office and a year."""
    after_batch: Mapped[int]
    upto_batch: Mapped[int]
    """It holds what is in batches above the one, and not above the other."""
    entries: Mapped[int]
    made_by: Mapped[str] = mapped_column(sa.String(40))
    made_at: Mapped[datetime] = mapped_column(Moment)
    sent_by: Mapped[str] = mapped_column(sa.String(40), default="")
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was sent, as the office says; None: its file is made."""
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        sa.UniqueConstraint("authority_id", "year", "number"),
        sa.Index(
            "uq_parcel_open",
            "authority_id",
            "year",
            unique=True,
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        ),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
