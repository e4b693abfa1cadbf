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


def of_office(session: Session, programme: str, year: int, office_id: int) -> int | None:
    """Places (名额) of an office in a programme: its share of the target in force; None where it was given none."""
    query = (
        sa.select(QuotaShare.target)
        .join(QuotaVersion, QuotaVersion.id == QuotaShare.version_id)
        .join(Quota, sa.and_(Quota.id == QuotaVersion.quota_id, Quota.number == QuotaVersion.number))
        .where(Quota.programme == programme, Quota.year == year, QuotaShare.organization_id == office_id)
    )
    return session.scalar(query)
