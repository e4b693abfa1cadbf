"""Issued cards (审验卡), the faces they are printed with, their revocation, and what is printed in bulk."""

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
    number: Mapped[str | None] = mapped_column(sa.String(20))
    """编号; None for cards of earlier releases."""
    template_id: Mapped[int | None] = mapped_column(sa.ForeignKey("card_template.id"))
    """The version of the template it is printed with; None: the one that comes with the program."""
    size: Mapped[str | None] = mapped_column(sa.String(4))
    """Of its paper, by `records.faces.Size`; None for cards of earlier releases."""
    __table_args__ = (sa.Index("uq_card_number", "number", unique=True), {"info": APPEND_ONLY})


class CardPerson(Base):
    """Whose hours a card shows: the person's record, and those that were merged into it when it was issued."""

    __tablename__ = "card_person"
    card_id: Mapped[int] = mapped_column(sa.ForeignKey("card.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True, index=True)
    __table_args__ = ({"info": APPEND_ONLY, "sqlite_with_rowid": False},)


class CardRevocation(Base):
    """注销: an office took a card back by hand, as one that was lost; reversals of hours revoke without it."""

    __tablename__ = "card_revocation"
    card_id: Mapped[int] = mapped_column(sa.ForeignKey("card.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    """Which kind of reason, by `records.cards.Why`; `words` is what was written beside it."""
    words: Mapped[str] = mapped_column(sa.String(200))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)


class CardTemplate(Base):
    """审验卡样式: one version of what an authority prints on its cards; a later one changes no card that was issued."""

    __tablename__ = "card_template"
    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(40))
    wording: Mapped[str] = mapped_column(sa.Text)
    mongolian: Mapped[str] = mapped_column(sa.String(120))
    sizes: Mapped[str] = mapped_column(sa.String(20))
    """Those offered, the usual one first, by `records.faces.Size`, joined by commas."""
    seal_area: Mapped[bool]
    entries: Mapped[bool]
    """Whether each entry is listed, where the size has room."""
    logo: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """A PNG made here out of the file handed in."""
    seal: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    made_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (sa.UniqueConstraint("authority_id", "version"), {"info": APPEND_ONLY})


class PrintRun(Base):
    """批量打印: the cards of many people as one file, made beside the pages; its maker's alone."""

    __tablename__ = "print_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    words: Mapped[str] = mapped_column(sa.String(200))
    """Whose cards, as the page says it."""
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    since: Mapped[int | None] = mapped_column(sa.SmallInteger)
    size: Mapped[str] = mapped_column(sa.String(4))
    form: Mapped[str] = mapped_column(sa.String(6))
    """Of the file, by `records.printing.Form`."""
    origin: Mapped[str] = mapped_column(sa.String(200))
    """The office's public address when it was begun, where its codes are answered; "" where it had none."""
    people: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(Moment)
    beat_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the process that works on it last said so; another takes over where it is silent."""
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    stopped_at: Mapped[datetime | None] = mapped_column(Moment)
    failed: Mapped[str] = mapped_column(sa.String(200), default="")


class PrintRunPerson(Base):
    """Whose card a print run makes, in its order: the card once there is one, or why there is none."""

    __tablename__ = "print_run_person"
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("print_run.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    card_id: Mapped[int | None] = mapped_column(sa.ForeignKey("card.id"))
    problem: Mapped[str | None] = mapped_column(EncryptedText("print_run_person.problem"))
    """It may name the person."""
