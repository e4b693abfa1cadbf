"""Programmes of study (研修项目) of a year, and the places (名额) each office has in one.

Places are the shares of the targets in force (指标分解), which the region splits and publishes in versions; an office
without a share has no limit.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.law import notices
from core.law.notices import Programme, Way
from core.models import Quota, QuotaShare, QuotaVersion


def study_programmes(year: int, league: str | None = None) -> list[Programme]:
    """Programmes of study (研修项目) of a year, in the notice's order. Refused codes: "policy"."""
    return [each for each in notices.in_force(date(year, 12, 31), league).programmes if each.way is Way.STUDY]


def of_region(session: Session, programme: Programme, year: int) -> tuple[int | None, int | None]:
    """The region's target (全区指标) of a year, and its most: as published, else the notice's."""
    query = (
        sa.select(QuotaVersion.target, QuotaVersion.target_at_most)
        .join(Quota, sa.and_(Quota.id == QuotaVersion.quota_id, Quota.number == QuotaVersion.number))
        .where(Quota.programme == programme.code, Quota.year == year)
    )
    published = session.execute(query).one_or_none()
    return (published.target, published.target_at_most) if published else (programme.target, programme.target_at_most)


def target_words(target: tuple[int | None, int | None], unit: str) -> str:
    """A target in words (指标): 5至10期."""
    least, most = target
    if least is None and most is None:
        return "未定"
    span = f"{least:,}至{most:,}" if least is not None and most is not None and least != most else f"{most or least:,}"
    return f"{span}{unit}"


def of_office(session: Session, programme: str, year: int, office_id: int) -> int | None:
    """Places (名额) of an office in a programme: its share of the target in force; None where it was given none."""
    query = (
        sa.select(QuotaShare.target)
        .join(QuotaVersion, QuotaVersion.id == QuotaShare.version_id)
        .join(Quota, sa.and_(Quota.id == QuotaVersion.quota_id, Quota.number == QuotaVersion.number))
        .where(Quota.programme == programme, Quota.year == year, QuotaShare.organization_id == office_id)
    )
    return session.scalar(query)
