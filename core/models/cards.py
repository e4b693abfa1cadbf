"""Issued cards (审验卡)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.db import EncryptedText, Moment
from core.models.base import APPEND_ONLY, Base


class Card(Base):
    """审验卡: what a card said when it was issued, signed, found again by the code printed on it."""

    __tablename__ = "card"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(24), unique=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    first_year: Mapped[int] = mapped_column(sa.SmallInteger)
    """It shows the credit years from this one to its own: what is taken back in one of them revokes it."""
    payload: Mapped[str] = mapped_column(EncryptedText("card.payload"))
    signature: Mapped[str] = mapped_column(sa.String(128))
    issued_at: Mapped[datetime] = mapped_column(Moment)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("credit_batch.id"))
    """The last batch in the ledger when it was issued: what a later one takes back revokes the card."""
    __table_args__ = ({"info": APPEND_ONLY},)


class CardPerson(Base):
    """Whose hours a card shows: the person's record, and those that were merged into it when it was issued."""

    __tablename__ = "card_person"
    card_id: Mapped[int] = mapped_column(sa.ForeignKey("card.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True, index=True)
    __table_args__ = ({"info": APPEND_ONLY, "sqlite_with_rowid": False},)
