"""Rows that a deed owes on SQLite (后续写入); `core.ground.db.owed` alone touches them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class Owed(Base):
    """A deed that is done and of whose rows some are still to be written."""

    __tablename__ = "owed"
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    """Drawn at random before the deed; nothing comes of its parts until it stands here."""
    tables: Mapped[str] = mapped_column(sa.Text)
    """The tables that they belong to."""
    same: Mapped[str] = mapped_column(sa.Text)
    """What stands in every row, JSON by column."""


class OwedPart(Base):
    """Rows as the driver takes them, sealed as they will lie; those of one person stand in one part."""

    __tablename__ = "owed_part"
    id: Mapped[int] = mapped_column(primary_key=True)
    owed_id: Mapped[int] = mapped_column(sa.BigInteger)
    """Laid down before what it names, so without a key."""
    staged_at: Mapped[int] = mapped_column(sa.BigInteger)
    """Seconds of the machine's clock: what a killed process left is struck out an hour later."""
    rows: Mapped[bytes] = mapped_column(sa.LargeBinary)
