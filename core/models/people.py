"""Persons (专业技术人员) and what was done to their records."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from core.ground import resident_id
from core.ground.db import EncryptedText, Moment
from core.models.base import APPEND_ONLY, Base, Change, codes


class MaskedNumber(EncryptedText):
    """An encrypted ID number that a query answers masked (150102********1234): the full one never leaves the query."""

    cache_ok = True

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:
        opened = super().process_result_value(value, dialect)
        return None if opened is None else resident_id.mask(opened)


class Person(Base):
    """专业技术人员: one human. `id_index` finds the number, `id_number` tells it, a stolen file does neither."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), index=True)
    id_number: Mapped[str] = mapped_column(EncryptedText("person.id_number"))
    id_index: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    sex: Mapped[str] = mapped_column(sa.String(1))
    birth_on: Mapped[date]
    employer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    employer_name: Mapped[str] = mapped_column(sa.String(80))
    """As the roster gave it, where the employer is not an organization on file."""
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    post: Mapped[str] = mapped_column(sa.String(40), default="")
    """专业技术职务."""
    specialty: Mapped[str] = mapped_column(sa.String(40), default="")
    level: Mapped[str] = mapped_column(sa.String(10), default="", server_default=sa.text("''"))
    """职称级别, where somebody said it; the name of the post tells it else (`people.titles`)."""
    added_at: Mapped[datetime] = mapped_column(Moment)
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    """The one this human is on file as, where this is a duplicate; that one is never a duplicate itself."""
    version: Mapped[int] = mapped_column(default=1)
    """Goes up by one with every change; who acts names the version seen."""
    human_id: Mapped[int] = column_property(sa.func.coalesce(merged_into_id, id))
    """Under which id this human counts: hours are summed under it, whichever of the duplicates they were posted to."""
    merged_into: Mapped[Person | None] = relationship(remote_side=[id], post_update=True)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


def under(person: type[Person], human: Any) -> sa.ColumnElement[bool]:
    """The records a human is on file under, as SQL: the person of this `human_id` and its duplicates.

    Two plain conditions, so that each finds its index; `human` may be a list.
    """
    columns = (person.id, person.merged_into_id)
    if isinstance(human, list):
        return sa.or_(*(column.in_(human) for column in columns))
    return sa.or_(*(column == human for column in columns))


class PersonChange(Base):
    """One act on a person on file: what was, what is, on which evidence, who and why."""

    __tablename__ = "person_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    kind: Mapped[Change] = mapped_column(codes(Change))
    before: Mapped[str] = mapped_column(EncryptedText("person_change.before"))
    """What the act changed, as canonical JSON; it may hold the ID number."""
    after: Mapped[str] = mapped_column(EncryptedText("person_change.after"))
    former_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True)
    """By which the ID number that was is found; None where it stayed."""
    reason: Mapped[str] = mapped_column(sa.Text)
    attachment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attachment.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    """The office that acted."""
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = ({"info": APPEND_ONLY},)
