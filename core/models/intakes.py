"""What an office moved in with (批量导入): batches of organizations, accounts and people, and what came of each row."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.db import EncryptedText, Moment
from core.models.base import Base


class Intake(Base):
    """批量导入: one workbook that was brought in by one deed."""

    __tablename__ = "intake"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20))
    """Which table it was: organizations, accounts or people."""
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The office that brought it in."""
    attachment_id: Mapped[int] = mapped_column(sa.ForeignKey("attachment.id"))
    """The file as it came, kept."""
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    at: Mapped[datetime] = mapped_column(Moment)


class IntakeLine(Base):
    """One row of an intake: the record that it made, or whose blanks it filled."""

    __tablename__ = "intake_line"
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intake.id"), primary_key=True)
    row: Mapped[int] = mapped_column("row_number", primary_key=True)
    record_id: Mapped[int]
    made: Mapped[bool]
    """Whether the record was made, and goes when the row is taken back; else fields of it were filled."""
    filled: Mapped[str] = mapped_column(EncryptedText("intake_line.filled"))
    """The fields that were blank before, with what they were filled with: JSON."""
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the row was taken back."""
