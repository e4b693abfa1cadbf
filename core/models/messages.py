"""Messages inside (消息): what concerns somebody, who has read it, what each account wants to hear of."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.db import EncryptedText, Moment
from core.models.base import HAS_LINES, Base


class Message(Base):
    """消息 to a role of an organization, or to a person: one row however many accounts read it."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    topic: Mapped[str] = mapped_column(sa.String(20))
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    role: Mapped[str] = mapped_column(sa.String(20), default="")
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    """Whom it is to, where it is to one person; else `organization_id` and `role` say."""
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """By whose deed it came; its own doer is not told."""
    record: Mapped[str] = mapped_column(sa.String(20))
    record_id: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    words: Mapped[str] = mapped_column(sa.String(600), default="", info=HAS_LINES)
    once: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    """What it reminds of, so that nobody is reminded twice; None for what a deed says."""
    __table_args__ = (
        sa.Index("ix_message_office", "organization_id", "role", "id"),
        sa.Index("ix_message_person", "person_id", "id"),
    )


class MessageRead(Base):
    """An account has read a message (已读), beyond those up to `MessageChoice.read_up_to`."""

    __tablename__ = "message_read"
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id"), primary_key=True)


class MessageChoice(Base):
    """What an account wants to hear of (消息设置), up to where it has read, and how its daily mail went."""

    __tablename__ = "message_choice"
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    read_up_to: Mapped[int] = mapped_column(default=0)
    quiet: Mapped[str] = mapped_column(sa.String(200), default="")
    """Topics not to be counted or mailed, joined by commas."""
    mail: Mapped[str | None] = mapped_column(EncryptedText("message_choice.mail"))
    """Address of the daily mail; None: none is sent."""
    mailed_on: Mapped[date | None]
    """The office's day of the last mail, or of finding that there was nothing to say."""
    mailed_up_to: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    """Failed in a row; 0 where the last one went."""
    try_after: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str] = mapped_column(sa.String(200), default="")
    """Why the last try failed, without the address."""
