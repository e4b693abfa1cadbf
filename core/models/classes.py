"""Digital-technology engineers (数字技术工程师, clause 五): what institutes may train, classes, tests, certificates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.ground.db import Hours, Moment
from core.models.base import Base, codes
from core.models.offices import Organization
from core.models.people import Person
from core.models.submissions import ClassLevel, Plan


class OccupationApproval(Base):
    """核准职业: an occupation that an institute may train, from a day to a day."""

    __tablename__ = "occupation_approval"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    occupation: Mapped[str] = mapped_column(sa.String(60))
    """By its name in the catalogue of occupations."""
    batch: Mapped[str] = mapped_column(sa.String(40))
    """批次, or the document that says so."""
    from_on: Mapped[date]
    to_on: Mapped[date]
    """The last day of its validity."""
    organization: Mapped[Organization] = relationship()


class FinishTest(Base):
    """结业考核: whether somebody passed the final test of a class, and the certificate of training given for it."""

    __tablename__ = "finish_test"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    passed: Mapped[bool]
    number: Mapped[str | None] = mapped_column(sa.String(60), unique=True)
    """培训合格证书编号; None without one."""
    issued_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    person: Mapped[Person] = relationship()
    plan: Mapped[Plan] = relationship()
    __table_args__ = (sa.UniqueConstraint("plan_id", "person_id"),)


class Assessment(Base):
    """考核结果: the two marks of somebody's assessment for a level, and the certificate given for them."""

    __tablename__ = "assessment"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    occupation: Mapped[str] = mapped_column(sa.String(60))
    direction: Mapped[str] = mapped_column(sa.String(60))
    level: Mapped[ClassLevel] = mapped_column(codes(ClassLevel))
    site: Mapped[str] = mapped_column(sa.String(100))
    """考核站点."""
    theory: Mapped[Decimal] = mapped_column(Hours)
    """理论知识, of a hundred."""
    practice: Mapped[Decimal] = mapped_column(Hours)
    """专业能力, of a hundred."""
    held_on: Mapped[date]
    passed: Mapped[bool]
    """Both marks reach what its notice asks for."""
    number: Mapped[str | None] = mapped_column(sa.String(60), unique=True)
    """等级证书编号; None without one."""
    issued_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    person: Mapped[Person] = relationship()
    __table_args__ = (sa.UniqueConstraint("person_id", "occupation", "level", "held_on"),)
