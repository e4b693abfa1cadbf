"""Quotas (指标): what each programme of a year is to reach, what each office is given of it, and every version."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.db import Moment
from core.models.base import APPEND_ONLY, Base


class Quota(Base):
    """指标 of one programme and year as the region works on it: the draft, and which version is in force."""

    __tablename__ = "quota"
    id: Mapped[int] = mapped_column(primary_key=True)
    programme: Mapped[str] = mapped_column(sa.String(30))
    """The code of a programme of the notice."""
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    """The office whose target it is: the region's."""
    version: Mapped[int] = mapped_column(default=1)
    """Goes up by one with every change; who acts names the version seen."""
    number: Mapped[int] = mapped_column(default=0)
    """The version in force (下达的版次); 0: none was published."""
    target: Mapped[int | None]
    target_at_most: Mapped[int | None]
    """The other end of a target that is a range (5 to 10)."""
    shares: Mapped[str] = mapped_column(sa.Text, default="{}")
    """What the draft gives each organization, JSON by its id."""
    changed_by: Mapped[str] = mapped_column(sa.String(40))
    changed_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (sa.UniqueConstraint("programme", "year"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class QuotaVersion(Base):
    """下达的指标: one publication, never changed; the next one takes its place and leaves it to be read."""

    __tablename__ = "quota_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    quota_id: Mapped[int] = mapped_column(sa.ForeignKey("quota.id"))
    number: Mapped[int]
    """版次, from 1."""
    target: Mapped[int | None]
    target_at_most: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.Text)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (sa.UniqueConstraint("quota_id", "number"), {"info": APPEND_ONLY})


class QuotaShare(Base):
    """分解的指标: what one version gives one organization."""

    __tablename__ = "quota_share"
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("quota_version.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), primary_key=True, index=True)
    target: Mapped[int]
    __table_args__ = ({"info": APPEND_ONLY},)
