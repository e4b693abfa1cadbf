"""The kept totals (学时合计): brought along with each batch, summed anew after a merge, held against their entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.models import CreditBatch, CreditEntry, CreditTotal, Person, under


def add_batch(session: Session, batch: CreditBatch) -> None:
    """Update the kept totals with a batch: add to the totals what a batch has just posted."""
    sums = sums_of_entries().where(CreditEntry.batch_id == batch.id)
    statement = db.or_there(session, CreditTotal).from_select(COLUMNS, sums)
    table = CreditTotal.__table__
    both = {name: table.c[name] + statement.excluded[name] for name in ("hours", "deemed")}
    session.execute(statement.on_conflict_do_update(index_elements=KEYS, set_=both))


def sums_of(session: Session, batch: CreditBatch) -> db.Bound:
    """What a batch adds to the totals (该批合计), ready for `db.write` as long as nobody is merged."""
    found = session.execute(sums_of_entries().where(CreditEntry.batch_id == batch.id)).all()
    table = CreditTotal.__table__
    assert isinstance(table, sa.Table)
    columns = dict(zip(COLUMNS, zip(*found, strict=True), strict=True))
    return db.Bound(table, len(found), columns, adds=(KEYS, ("hours", "deemed")))


_Key = TypeVar("_Key")


def in_order(found: Iterable[_Key]) -> list[_Key]:
    """Sort keys of mixed types: keys in their order, also where one was altered into something of another type."""

    def kinds(key: _Key) -> list[tuple[str, Any]]:
        return [(type(part).__name__, part) for part in (key if isinstance(key, tuple) else (key,))]

    return sorted(found, key=kinds)


@dataclass(frozen=True)
class Difference:
    """Difference between a kept total and its entries.

    A total that is not the sum of its entries; None where there is no such total or no such entry.
    """

    person_id: int
    year: int
    subject: str
    source: str
    """The code of a source, or what somebody altered it into."""
    kept: tuple[Decimal | str, int] | None
    summed: tuple[Decimal | str, int] | None
    """Hours, and how many entries deem the subject done."""


KEYS = ("person_id", "year", "subject", "source")
COLUMNS = [*KEYS, "hours", "deemed"]
_STRETCH = 20_000
"""People whose totals are held against their entries at a time."""


def sums_of_entries() -> sa.Select[*tuple[Any, ...]]:
    """Sums of the entries as a query.

    What the totals should be: the sums of the entries by human, year, subject and source.
    """
    keys = (Person.human_id, CreditEntry.year, CreditEntry.subject, db.as_kept(CreditEntry.source))
    whole = sa.func.sum(sa.type_coerce(CreditEntry.hours, sa.Integer))
    query = sa.select(
        *keys,
        sa.cast(whole, sa.Integer).label("hours"),
        sa.cast(sa.func.sum(CreditEntry.deemed), sa.Integer).label("deemed"),
    )
    return query.join_from(CreditEntry, Person, Person.id == CreditEntry.person_id).group_by(*keys)


def add_up(session: Session, person_ids: Iterable[int]) -> None:
    """Recompute totals after a merge.

    Take the totals of persons anew from their entries, after a merge or a separation. The caller holds the ledger.

    The entries stay with whom they were posted to: only under whose name they are summed has changed.
    """
    whose = list(person_ids)
    session.flush()
    session.execute(sa.delete(CreditTotal).where(CreditTotal.person_id.in_(whose)))
    session.execute(sa.insert(CreditTotal).from_select(COLUMNS, sums_of_entries().where(under(Person, whose))))


def differences(session: Session) -> list[Difference]:
    """Compare kept totals with their entries.

    Every total that is not the sum of its entries, by person, year, subject and source.

    Asked for so many people at a time that what the database sets side by side stays in its memory.
    """

    def only(
        these: sa.Select[Any], those: sa.Select[Any] | None
    ) -> dict[tuple[int, int, str, str], tuple[Decimal | str, int]]:
        found = session.execute(these if those is None else these.except_(those))
        return {tuple(row[:4]): (_hours_as_kept(row.hours), row.deemed) for row in found}

    kept = sa.select(*(db.as_kept(getattr(CreditTotal, name)) for name in COLUMNS))
    found: list[Difference] = []
    highest = session.scalar(sa.select(sa.func.max(Person.id))) or 0
    for first in range(1, highest + 1, _STRETCH):
        last = first + _STRETCH - 1
        own = sa.and_(Person.id.between(first, last), Person.merged_into_id.is_(None))
        summed = sums_of_entries().where(sa.or_(own, Person.merged_into_id.between(first, last)))
        held = kept.where(CreditTotal.person_id.between(first, min(last, highest)))
        wrong, right = only(held, summed), only(summed, held)
        found += [Difference(*key, wrong.get(key), right.get(key)) for key in in_order(wrong.keys() | right.keys())]
    strays = only(kept.where(sa.or_(CreditTotal.person_id < 1, CreditTotal.person_id > highest)), None)
    return found + [Difference(*key, strays[key], None) for key in in_order(strays)]


def _hours_as_kept(hundredths: Any) -> Decimal | str:
    try:
        return Decimal(hundredths) / 100
    except (ArithmeticError, TypeError, ValueError):
        return str(hundredths)
