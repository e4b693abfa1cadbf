"""Filed figures (已报数据): what an office told others of a period, and what that was counted from."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.db import Moment
from core.models.base import APPEND_ONLY, Base


class FiledFigures(Base):
    """已报数据: the figures of one office and period as they were filed, never changed; later filings stand beside."""

    __tablename__ = "filed_figures"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The office whose figures they are: of its jurisdiction alone."""
    period: Mapped[str] = mapped_column(sa.String(7))
    """2024, 2024-Q1 or 2024-03."""
    number: Mapped[int]
    """Which filing of that period (第几次), from 1."""
    on: Mapped[date] = mapped_column("counted_on")
    """As the office stood on this day."""
    figures: Mapped[str] = mapped_column(sa.Text)
    """By league and by programme, JSON; see `core.office.dashboards.filed`."""
    inputs: Mapped[str] = mapped_column(sa.Text)
    """What was counted, canonical JSON: plans, reports, batches and reversals by their ids, with what each gave."""
    digest: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of `inputs`."""
    reason: Mapped[str] = mapped_column(sa.Text)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    account_name: Mapped[str] = mapped_column(sa.String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (sa.UniqueConstraint("organization_id", "period", "number"), {"info": APPEND_ONLY})
