"""What was read once and is kept in this process (读入留存) until the office has done something since: the trail tells.

Every deed leaves its line there, so that nothing kept outlives what it was read from, in whatever process it was done.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.law import notices
from core.models import AuditEntry
from core.trail import audit

Part = TypeVar("Part")
MOST = 96
"""So many parts are kept; what was not asked for longest goes first."""
_KEPT: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()
MOST_MARKS = 20_000
_MARKS: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()
"""Small answers to one question each, about one record or of one office; see `mark`."""
_LOCK = threading.Lock()
_NO_CHANGE = tuple(each.value for each in (audit.Event.SIGNED_IN, audit.Event.SIGNED_OUT, audit.Event.FILE_HANDED_OUT))
"""What changes nothing that is kept."""


def once(session: Session, key: Hashable, read: Callable[[], Part], *, every_line: bool = False) -> Part:
    """A part as it was read (读一次), read anew where anything was done in the office since.

    The key names the database, what was asked, and whose it is: nobody is shown what only another may see. What is kept
    is shared by threads, to be read and never changed. `every_line`: see `stamp`.
    """
    now, before = stamp(session, every_line=every_line), found(key)
    if before is not None and before[0] == now:
        kept: Part = before[1]
        return kept
    part = read()
    keep(key, now, part)
    return part


def stamp(session: Session, *, every_line: bool = False) -> Hashable:
    """Where the office stands (办到哪里): the same as long as nothing was done in it and no notice was published.

    And none of what was done is still being written: then each part makes another.

    `every_line`: what shows the trail itself is another with each sign-in too.
    """
    last = _LAST_OF_ALL if every_line else _LAST
    found = db.asked_once(session, last, lambda: db.plain(session, last).one_or_none())
    owing = db.asked_once(session, "owing", lambda: db.owing(session))
    return (tuple(found) if found else None), owing, notices.filed()


_LINE = AuditEntry.__table__.c
_LAST_OF_ALL = sa.select(_LINE.id, _LINE.digest).order_by(_LINE.id.desc()).limit(1)
_LAST = _LAST_OF_ALL.where(*(_LINE.event != each for each in _NO_CHANGE))  # a list is written out each time


def mark(key: Hashable, stamp: Hashable, read: Callable[[], Part]) -> Part:
    """A small answer about one record or of one office (标记), read anew where its own stamp has changed.

    For what only draws the eye in a list, and is found afresh where it matters. There may be many: no large part of
    `once` goes for them.
    """
    with _LOCK:
        before = _MARKS.get(key)
    if before is not None and before[0] == stamp:
        known: Part = before[1]
        return known
    part = read()
    with _LOCK:
        _MARKS.pop(key, None)
        _MARKS[key] = (stamp, part)
        while len(_MARKS) > MOST_MARKS:
            _MARKS.popitem(last=False)
    return part


def derived(key: Hashable, parts: tuple[object, ...], make: Callable[[], Part]) -> Part:
    """What follows from kept parts (推得), made anew where one of them is no longer the very same."""
    before = found(key)
    if before is not None and all(was is now for was, now in zip(before[0], parts, strict=True)):
        known: Part = before[1]
        return known
    made = make()
    keep(key, parts, made)
    return made


def beside(part: object, what: Hashable, make: Callable[[], Part]) -> Part:
    """What follows from one part alone (随附), such as how it is drawn: made once, and forgotten together with it.

    So it is as fresh as the part, and seen by whom the part is shown to. Neither is ever changed.
    """
    at = id(part)
    held = _BESIDE.get(at)
    if held is None or held[0]() is not part:
        held = _BESIDE[at] = weakref.ref(part, lambda gone: _gone(at, gone)), {}
    if what not in held[1]:
        held[1][what] = make()
    made: Part = held[1][what]
    return made


_BESIDE: dict[int, tuple[weakref.ref[Any], dict[Hashable, Any]]] = {}


def _gone(at: int, part: weakref.ref[Any]) -> None:
    held = _BESIDE.get(at)
    if held is not None and held[0] is part:
        del _BESIDE[at]


def found(key: Hashable) -> tuple[Any, Any] | None:
    """What is kept under a key: the stamp it was kept with, and the part; None where there is nothing."""
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
        return _KEPT.get(key)


def keep(key: Hashable, stamp: Any, part: Any) -> None:
    """Keep a part in the place of the one before."""
    with _LOCK:
        _KEPT[key] = (stamp, part)
        while len(_KEPT) > MOST:
            _KEPT.popitem(last=False)


def forget() -> None:
    """Forget everything (清空留存), as a process does that begins."""
    with _LOCK:
        _KEPT.clear()
        _MARKS.clear()
