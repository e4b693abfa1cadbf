"""The people of a jurisdiction as columns (人员学时完成情况): who they are, and what a year asks of each and lacks.

Read once and kept; after a batch only those it touched, and people who are new, are read again. What a year requires
and has is answered by `ledger.years`, here as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.law.notices import TOTAL
from core.ledger import years
from core.ledger.years import View
from core.models import CreditBatch, CreditEntry, Organization, Person, leagues
from core.office.dashboards import groups
from core.office.dashboards.asked import end_of
from core.people import persons

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class People:
    """Everybody of a jurisdiction (人员), ascending by id; a year's standing by subject code, `total` last."""

    ids: NDArray[np.int64]
    authority: NDArray[np.int32]
    employer: NDArray[np.int32]
    """0: none on file."""
    sector: NDArray[np.int8]
    level: NDArray[np.int8]
    age: NDArray[np.int8]
    names: Mapping[str, str]
    """Subjects by code, as the notices in question call them."""
    met: Mapping[str, Flags]
    """Who lacks nothing of it."""
    judged: Flags
    """Of whom a notice judges the year alone."""

    COLUMNS = ("ids", "authority", "employer", "sector", "level", "age")

    def __len__(self) -> int:
        return len(self.ids)


def read(session: Session, actor: Actor, year: int, on: date | None, counted_to: date | None) -> People:
    """People of a jurisdiction (人员完成情况) on file on a day, with their hours of a year up to another; None: now."""
    return _judged(session, _described(session, actor, year, on), year, last_batch(session, counted_to))


def last_batch(session: Session, on: date | None) -> int | None:
    """The last batch posted by the end of a day; None: all of them count."""
    if on is None:
        return None
    query = sa.select(CreditBatch.id).where(CreditBatch.posted_at < end_of(on))
    return session.scalar(query.order_by(CreditBatch.id.desc()).limit(1)) or 0


def _described(session: Session, actor: Actor, year: int, on: date | None, *, after: int = 0) -> People:
    """Who they are: ids after one, on file at the end of a day; nothing of what they have done."""
    on_file = Organization.__table__.alias("employer")
    sectors = {each: place for place, each in enumerate(groups.sectors())}
    levels = {each: place for place, each in enumerate(groups.levels())}
    of_employer = {
        row.id: sectors[groups.sector_of(row.name)] for row in session.execute(sa.select(on_file.c.id, on_file.c.name))
    }
    query = sa.select(
        Person.id,
        Person.authority_id,
        sa.func.coalesce(Person.employer_id, 0),
        sa.cast(sa.func.extract("year", Person.birth_on), sa.Integer),
        Person.post,
        sa.case((Person.employer_id.is_(None), Person.employer_name), else_=""),
    ).where(persons.visible_to(actor), Person.id > after)
    if on is not None:
        query = query.where(Person.added_at < end_of(on))
    with db.in_bulk():
        rows = session.connection().execute(query.order_by(Person.id)).all()  # no objects of the session
        columns: list[Any] = list(zip(*rows, strict=True)) or [()] * 6
        posts = {post: levels[groups.level_of(post)] for post in set(columns[4])}
        unknown = {name: sectors[groups.sector_of(name)] for name in set(columns[5])}
        level = np.array([posts[post] for post in columns[4]], np.int8)
        sector = np.array(
            [
                of_employer[employer] if employer else unknown[name]
                for employer, name in zip(columns[2], columns[5], strict=True)
            ],
            np.int8,
        )
    age = groups.age_groups(year - np.array(columns[3], np.int64))
    whole = (np.array(columns[0], np.int64), np.array(columns[1], np.int32), np.array(columns[2], np.int32))
    return People(*whole, sector, level, age, {}, {}, np.zeros(len(level), bool))


def _judged(session: Session, people: People, year: int, until: int | None) -> People:
    """The same people with what the year asks of each by the notice of the own authority, and who lacks nothing."""
    met: dict[str, Flags] = {}
    names: dict[str, str] = {}
    judged = np.zeros(len(people), bool)
    for seen, rows in _views(session, people.authority, year):
        if not seen.alone:
            continue
        held = years.of_many(session, people.ids[rows], seen, year, until=until)
        judged[rows] = True
        for place, (code, name) in enumerate(years.subject_names(seen.policy).items()):
            if code != TOTAL and next(each for each in seen.policy.subjects if each.code == code).part_of:
                continue
            names.setdefault(str(code), name)
            met.setdefault(str(code), np.ones(len(people), bool))[rows] = held.lacking[0][place] == 0
    whole = names.pop(TOTAL, None)
    names |= {TOTAL: "全部要求"} if whole else {}
    if whole:  # who meets everything meets each subject as well
        met[TOTAL] = np.logical_and.reduce(list(met.values()))
    return replace(people, names=names, met=met, judged=judged)


def _views(session: Session, authority: NDArray[np.int32], year: int) -> Iterator[tuple[View, NDArray[np.intp]]]:
    """Places of people by the notice that judges their year; those whom none judges in none."""
    known = leagues(session)
    found: dict[int, tuple[View, list[int]]] = {}
    for office in np.unique(authority).tolist():
        try:
            seen = years.view(year, known.get(office))
        except Refused:
            continue
        found.setdefault(id(seen), (seen, []))[1].append(office)
    for seen, offices in found.values():
        yield seen, np.flatnonzero(np.isin(authority, offices))


def brought_along(session: Session, actor: Actor, year: int, was: People, batch_id: int) -> People:
    """What was read before, after further batches (续读): those touched since, and people who are new, read again."""
    last = int(was.ids[-1]) if len(was) else 0
    query = sa.select(Person.human_id).join_from(CreditEntry, Person, Person.id == CreditEntry.person_id)
    query = query.where(CreditEntry.batch_id > batch_id, CreditEntry.year == year).distinct()
    touched = np.isin(was.ids, np.array(session.scalars(query).all(), np.int64))
    rows = np.flatnonzero(touched)
    fresh = _judged(session, _taken(was, rows), year, None)
    new = _judged(session, _described(session, actor, year, None, after=last), year, None)
    codes = [*was.met, *(code for part in (fresh, new) for code in part.met if code not in was.met)]
    met, judged = {}, np.concatenate([was.judged, new.judged])
    for code in codes:
        before = was.met.get(code, np.ones(len(was), bool)).copy()
        if len(rows):
            before[rows] = fresh.met.get(code, np.ones(len(rows), bool))
        met[code] = np.concatenate([before, new.met.get(code, np.ones(len(new), bool))])
    columns: Any = {name: np.concatenate([getattr(was, name), getattr(new, name)]) for name in People.COLUMNS}
    return replace(was, **columns, met=met, judged=judged, names=dict(new.names) | dict(fresh.names) | dict(was.names))


def _taken(people: People, rows: NDArray[np.intp]) -> People:
    columns: Any = {name: getattr(people, name)[rows] for name in People.COLUMNS}
    return replace(people, **columns, met={}, judged=np.zeros(len(rows), bool))
