"""What was read for the dashboard and is kept (读入留存, `trail.kept`): of people, only who was touched is read again.

Each part is kept for a jurisdiction, so that nobody is shown what another may see.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.law import notices
from core.models import CreditBatch, Person, PersonChange
from core.office.dashboards import people
from core.office.dashboards.asked import scope
from core.office.dashboards.people import People
from core.trail import kept

once, derived, forget = kept.once, kept.derived, kept.forget


class _Stamp(NamedTuple):
    """Up to where people and their hours were read."""

    batch_id: int
    chain: str
    changes: int
    person_id: int
    number: bytes
    filed: Any


def everybody(session: Session, actor: Actor, year: int, on: date | None, counted_to: date | None) -> People:
    """People of a jurisdiction (人员) on file on a day, with their hours up to another; None: now (`people.read`)."""
    key = (db.url(), "people", scope(actor), year, on, counted_to)
    if on is not None or counted_to is not None:
        return once(session, key, lambda: people.read(session, actor, year, on, counted_to))
    stamp, found = _stamp(session), kept.found(key)
    if found is not None and found[0] == stamp:
        whole: People = found[1]
        return whole
    if db.owing(session):  # the last batch is not wholly there: shown as it is, and not gone on from
        return people.read(session, actor, year, None, None)
    if found is not None and _goes_on(session, found[0], stamp):
        whole = people.brought_along(session, actor, year, found[1], found[0].batch_id)
    else:
        whole = people.read(session, actor, year, None, None)
    kept.keep(key, stamp, whole)
    return whole


def earlier(session: Session, actor: Actor, year: int, on: date, counted_to: date) -> People:
    """People as they were on a day that is over (上年同日): nothing posted since matters, only what was corrected."""
    key = (db.url(), "earlier", scope(actor), year, on, counted_to)
    last = once(session, (db.url(), "last batch", counted_to), lambda: people.last_batch(session, counted_to) or 0)
    stamp = _stamp(session)._replace(batch_id=last, chain="", person_id=0, number=b"")
    found = kept.found(key)
    if found is not None and found[0] == stamp:
        whole: People = found[1]
        return whole
    whole = people.read(session, actor, year, on, counted_to)
    kept.keep(key, stamp, whole)
    return whole


def _stamp(session: Session) -> _Stamp:
    return once(session, (db.url(), _Stamp), lambda: _asked(session))  # nothing of it moves without the trail


def _asked(session: Session) -> _Stamp:
    batch = session.execute(
        sa.select(CreditBatch.id, CreditBatch.chain).order_by(CreditBatch.id.desc()).limit(1)
    ).first()
    person = session.execute(sa.select(Person.id, Person.id_index).order_by(Person.id.desc()).limit(1)).first()
    changes = session.scalar(sa.select(sa.func.max(PersonChange.id))) or 0
    return _Stamp(*(batch or (0, "")), changes, *(person or (0, b"")), notices.filed())


def _goes_on(session: Session, was: _Stamp, now: _Stamp) -> bool:
    """Whether the office is the one that was read, with further batches and people only."""
    if (was.changes, was.filed) != (now.changes, now.filed) or not was.batch_id or not was.person_id:
        return False
    chain = session.scalar(sa.select(CreditBatch.chain).where(CreditBatch.id == was.batch_id))
    number = session.scalar(sa.select(Person.id_index).where(Person.id == was.person_id))
    return (chain, number) == (was.chain, was.number)
