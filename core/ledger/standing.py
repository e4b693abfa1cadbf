"""What still counts of posted hours (有效, 部分冲销, 已冲销), as SQL and as words: the one home of that question."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

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
Reports = sa.Select[*tuple[Any, ...]] | Collection[int]
"""Reports (培训报告) whose rows are asked about: their ids, or a query of them."""


def _rows_posted(reports: Reports) -> sa.Select[*tuple[Any, ...]]:
    """Rows of rosters that the approvals of reports posted hours for.

    From the reports to their batches to the entries of those: an entry names its row, and no index leads back, which
    would take longer to keep than all the rest of a posting.
    """
    if isinstance(reports, sa.Select):
        reports = reports.correlate(None)
    posted = sa.select(CreditEntry.roster_row_id).join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
    posted = posted.where(CreditBatch.submission_id.in_(reports), CreditEntry.roster_row_id.is_not(None))
    return posted.correlate(None)


def hours_posted(reports: Reports) -> sa.ColumnElement[bool]:
    """Whether hours were posted for a row of one of these reports (已登记), as an SQL condition over RosterRow."""
    return RosterRow.id.in_(_rows_posted(reports))


def hours_taken_back(reports: Reports) -> sa.ColumnElement[bool]:
    """Whether hours were posted for a row of one of these reports and none stand (已冲销); over RosterRow."""
    posted = _rows_posted(reports)
    return RosterRow.id.in_(posted.except_(posted.where(STANDS)))


def of_row(reports: Reports) -> sa.ColumnElement[str]:
    """What is left of the hours posted for a row of one of these reports, as an SQL expression over RosterRow; "" of
    none."""
    taken, there = hours_taken_back(reports), hours_posted(reports)
    return sa.case((taken, Standing.REVERSED.value), (there, Standing.STANDS.value), else_="")


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
