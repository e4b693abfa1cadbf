"""What was read for the dashboard (读入留存), kept in this process until the office has done something since.

Each part is kept for a jurisdiction, so that nobody is shown what another may see; a deed anywhere in the office makes
the next question read its part again, people excepted: of those only who was touched.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import date
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.law import notices
from core.models import AuditEntry, CreditBatch, Person, PersonChange
from core.office.dashboards import people
from core.office.dashboards.asked import scope
from core.office.dashboards.people import People
from core.trail import audit

Part = TypeVar("Part")
MOST = 48
"""So many parts are kept; what was not asked for longest goes first."""
_KEPT: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()
_LOCK = threading.Lock()
_NO_CHANGE = tuple(each.value for each in (audit.Event.SIGNED_IN, audit.Event.SIGNED_OUT, audit.Event.FILE_HANDED_OUT))
"""What changes no figure."""


def once(session: Session, key: Hashable, read: Callable[[], Part]) -> Part:
    """A part as it was read (读一次), read anew where anything was done in the office since: the trail tells."""
    last = sa.select(AuditEntry.id, AuditEntry.digest).where(AuditEntry.event.not_in(_NO_CHANGE))
    stamp = (session.execute(last.order_by(AuditEntry.id.desc()).limit(1)).one_or_none(), notices.filed())
    found = _found(key)
    if found is not None and found[0] == stamp:
        kept: Part = found[1]
        return kept
    part = read()
    _keep(key, stamp, part)
    return part


def derived(key: Hashable, parts: tuple[object, ...], make: Callable[[], Part]) -> Part:
    """What follows from kept parts (推得), made anew where one of them is no longer the very same."""
    found = _found(key)
    if found is not None and all(was is now for was, now in zip(found[0], parts, strict=True)):
        known: Part = found[1]
        return known
    made = make()
    _keep(key, parts, made)
    return made


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
    stamp, found = _stamp(session), _found(key)
    if found is not None and found[0] == stamp:
        whole: People = found[1]
        return whole
    if found is not None and _goes_on(session, found[0], stamp):
        whole = people.brought_along(session, actor, year, found[1], found[0].batch_id)
    else:
        whole = people.read(session, actor, year, None, None)
    _keep(key, stamp, whole)
    return whole


def _stamp(session: Session) -> _Stamp:
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


def _found(key: Hashable) -> tuple[Any, Any] | None:
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
        return _KEPT.get(key)


def _keep(key: Hashable, stamp: Any, part: Any) -> None:
    with _LOCK:
        _KEPT[key] = (stamp, part)
        while len(_KEPT) > MOST:
            _KEPT.popitem(last=False)


def forget() -> None:
    """Forget everything (清空留存), as a process does that begins."""
    with _LOCK:
        _KEPT.clear()
