"""The audit trail (审计日志), and who of the public checked a card."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.db import Moment
from core.models.base import APPEND_ONLY, Base


class AuditEntry(Base):
    """Who, when, what, before, after, why. Chained by hash: a row changed or removed breaks every later one."""

    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    event: Mapped[str] = mapped_column(sa.String(40), index=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    account_name: Mapped[str] = mapped_column(sa.String(40))
    role: Mapped[str] = mapped_column(sa.String(20))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The organization whose record was touched."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    record: Mapped[str] = mapped_column(sa.String(20))
    record_id: Mapped[int]
    before: Mapped[str] = mapped_column(sa.Text)
    after: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.String(64))
    __table_args__ = (sa.Index("ix_audit_entry_record", "record", "record_id"), {"info": APPEND_ONLY})


class CardCheck(Base):
    """核验记录: that somebody checked a card, when, and what was answered. Nothing of who it was."""

    __tablename__ = "card_check"
    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(sa.ForeignKey("card.id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    answer: Mapped[str] = mapped_column(sa.String(10))
    """By `records.cards.Answer`."""
    agreed: Mapped[bool | None]
    """Whether name and last four digits that were typed are the card's; None where nobody asked."""
    __table_args__ = ({"info": APPEND_ONLY},)
