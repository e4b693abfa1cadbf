"""What still counts of posted hours (有效, 部分冲销, 已冲销), as SQL and as words: the one home of that question."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Labelled
from core.models import CreditBatch, CreditEntry, RosterRow, State, Submission


class Standing(Labelled):
    """Standing (学时状态): what is left of a batch or an entry."""

    STANDS = "stands", "有效"
    PARTLY = "partly", "部分冲销"
    REVERSED = "reversed", "已冲销"
    TAKES_BACK = "takes_back", "冲销"
    """An entry that takes another one back."""


def reversed_lines(session: Session, batch_id: int) -> set[int]:
    """Reversed lines (已冲销的笔) of a batch: the lines of a batch that were undone."""
    query = (
        sa.select(CreditEntry.reverses_line)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .where(CreditBatch.reverses_id == batch_id)
    )
    return {line for line in session.scalars(query) if line is not None}


def undone(session: Session, batch: CreditBatch) -> bool:
    """Fully reversed (全部冲销): whether nothing of a batch stands any more."""
    return len(reversed_lines(session, batch.id)) == batch.entries


def remaining(gone: int, entries: int) -> Standing:
    """Standing of a batch (学时状态).

    What is left of a batch of so many entries when so many of them were taken back.
    """
    if not gone:
        return Standing.STANDS
    return Standing.REVERSED if gone >= entries else Standing.PARTLY


_taking, _taking_batch = sa.orm.aliased(CreditEntry), sa.orm.aliased(CreditBatch)
_undoing = (
    sa.select(_taking_batch.posted_at)
    .select_from(_taking)
    .join(_taking_batch, _taking_batch.id == _taking.batch_id)
    .where(
        _taking.person_id == CreditEntry.person_id,
        _taking.year == CreditEntry.year,
        _taking.reverses_line == CreditEntry.line,
        _taking_batch.reverses_id == CreditEntry.batch_id,
    )
    .correlate(CreditEntry)
)
TAKEN_BACK = sa.exists(_undoing)
"""Whether an entry was undone, as an SQL condition over CreditEntry."""
TAKEN_BACK_AT = _undoing.limit(1).scalar_subquery()
"""When an entry was undone (冲销时间), as an SQL expression over CreditEntry; NULL while it stands."""
STANDS = sa.and_(CreditEntry.reverses_line.is_(None), ~TAKEN_BACK)
"""Whether an entry counts: neither undone nor undoing."""
_of_row = sa.select(1).where(CreditEntry.roster_row_id == RosterRow.id)
HOURS_TAKEN_BACK = sa.and_(
    sa.exists(_of_row.correlate(RosterRow)), ~sa.exists(_of_row.where(STANDS).correlate(RosterRow))
)
"""Whether hours were posted for a row of a roster and none of them stand, as an SQL condition over RosterRow."""


OF_ROW = sa.case(
    (HOURS_TAKEN_BACK, Standing.REVERSED.value),
    (sa.exists().where(CreditEntry.roster_row_id == RosterRow.id), Standing.STANDS.value),
    else_="",
)
"""What is left of the hours posted for a row of a roster, as an SQL expression over RosterRow; "" before they are."""

_posted, _back = sa.orm.aliased(CreditBatch), sa.orm.aliased(CreditBatch)
_latest = sa.orm.aliased(CreditBatch)
_LAST_POSTED = sa.select(sa.func.max(_latest.id)).where(_latest.submission_id == Submission.id).correlate(Submission)
_STANDING = sa.func.coalesce(
    sa.select(
        sa.case(
            (sa.func.count(_back.id) == 0, Standing.STANDS.value),
            (sa.func.sum(_back.entries) >= _posted.entries, Standing.REVERSED.value),
            else_=Standing.PARTLY.value,
        )
    )
    .outerjoin_from(_posted, _back, _back.reverses_id == _posted.id)
    .where(_posted.id == _LAST_POSTED.scalar_subquery())
    .group_by(_posted.id, _posted.entries)
    .correlate(Submission)
    .scalar_subquery(),
    "",
)
OF_SUBMISSION = sa.case((Submission.state == State.APPROVED, _STANDING), else_="")
"""What is left of the hours that a submission's approval posted, as an SQL expression over Submission; "" of none, and
while it is not approved (any more)."""
