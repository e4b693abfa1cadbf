"""The balances of many people as arrays: read from the totals in one go, counted as a policy counts them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session, aliased

from core.ground import db
from core.ground.access import league_of
from core.law import notices, rules
from core.law.notices import Policy
from core.models import CreditEntry, CreditTotal, Organization, Person, Source, under

SOURCES = tuple(Source)


@dataclass(frozen=True)
class Lines:
    """Balances of many people as columns: balances in the order of the people, a column each.

    `place` says whose: a place among the people. `subject` is a place in `subjects`, `source` one in SOURCES; `deemed`
    is 1 where an entry deems the subject done.
    """

    subjects: tuple[str, ...]
    place: NDArray[np.int32]
    year: NDArray[np.int16]
    subject: NDArray[np.int8]
    source: NDArray[np.int8]
    hundredths: NDArray[np.int32]
    deemed: NDArray[np.int8]

    COLUMNS = ("place", "year", "subject", "source", "hundredths", "deemed")

    def take(self, rows: NDArray[np.intp]) -> Lines:
        """Those of some of the people, whose places are given; they are numbered anew in the order given."""
        anew = np.full(max(int(self.place.max(initial=-1)), int(rows.max(initial=-1))) + 1, -1, np.int32)
        anew[rows] = np.arange(len(rows), dtype=np.int32)
        first, last = np.searchsorted(self.place, [rows.min(initial=0), rows.max(initial=-1) + 1])
        place = anew[self.place[first:last]]
        kept = np.flatnonzero(place >= 0)
        kept = kept[np.argsort(place[kept], kind="stable")]
        return replace(self._rows(kept + first), place=place[kept])

    def columns(self) -> dict[str, NDArray[np.integer]]:
        return {name: getattr(self, name) for name in self.COLUMNS}

    def _rows(self, rows: NDArray[np.intp]) -> Lines:
        return Lines(self.subjects, *(getattr(self, name)[rows] for name in self.COLUMNS))

    def told(self, place: int) -> list[tuple[int, str, str, int, int]]:
        """One person's balances in a fixed order: credit year, subject, source code, hundredths, deemed."""
        rows = np.flatnonzero(self.place == place)
        return sorted(
            (
                int(self.year[row]),
                self.subjects[self.subject[row]],
                SOURCES[self.source[row]].value,
                int(self.hundredths[row]),
                int(self.deemed[row]),
            )
            for row in rows
        )

    def decided(self, policy: Policy, applicants: rules.Applicants) -> rules.Decisions:
        """Decisions (结论) about applicants, in their order, by a policy and these balances."""
        depth, people = rules.depth(policy, applicants), len(applicants)
        return rules.decide(policy, applicants, self.counted(policy, applicants.year, depth, people))

    def counted(self, policy: Policy, year: int, depth: int, people: int) -> rules.Balances:
        """As a policy counts them for so many people, K x S x N; kept apart by source only where it caps a source."""
        codes = rules.subject_codes(policy)
        axis = np.array([codes.index(code) if code in codes else -1 for code in self.subjects], np.int64)
        back, subject = year - self.year.astype(np.int64), axis[self.subject]
        known = (back >= 0) & (back < depth) & (subject >= 0)
        if not known.all():
            return self._rows(np.flatnonzero(known)).counted(policy, year, depth, people)
        shape = (depth, len(codes), people)
        cell = (back * len(codes) + subject) * people + self.place
        capped = {cap.source for cap in policy.caps if cap.per == "year" and cap.source}
        words = np.array([each.label if each.label in capped else "" for each in SOURCES])
        by_source: dict[str, rules.Hundredths] = {}
        for word in ["", *sorted(filter(None, capped))]:
            of_it = slice(None) if not capped else words[self.source] == word
            sums = np.bincount(cell[of_it], self.hundredths[of_it], minlength=np.prod(shape, dtype=int))
            by_source[word] = sums.astype(np.int32).reshape(shape)
        deemed = np.zeros(shape, bool)
        deemed.ravel()[cell[self.deemed > 0]] = True
        return rules.counted(policy, by_source, deemed)


def of(
    session: Session,
    person_ids: NDArray[np.int64],
    first: int,
    last: int,
    since: NDArray[np.int32] | None = None,
    until: int | None = None,
) -> Lines:
    """Load balances of many people.

    The balances of these people, in their places, from one credit year to another; 0 has none.

    Somebody who stands twice among the people has the same balances in both places. `since`: a day (yyyymmdd) for each
    of them; what was completed before it does not count. `until`: the last batch that counts (截至), as the ledger
    stood after it.
    """
    if until is not None and since is None:
        # The totals are of now: only who has had an entry since is summed from entries.
        later = np.isin(person_ids, _posted_after(session, first, last, until))
        if later.any():
            then, now = np.flatnonzero(later), np.flatnonzero(~later)
            everything = np.zeros(len(then), np.int32)
            stood = of(session, person_ids[then], first, last, everything, until)
            return _together(stood, then, of(session, person_ids[now], first, last), now)
    known, where = np.unique(person_ids, return_inverse=True)
    if since is not None:
        return _since(session, known, first, last, where, since, until)
    lines = _read(session, known, first, last)
    if len(known) == len(person_ids) and (known == person_ids).all():
        return lines
    counts = np.bincount(lines.place, minlength=len(known))[where]
    starts = np.searchsorted(lines.place, where)
    before = np.cumsum(counts) - counts
    rows = np.repeat(starts - before, counts) + np.arange(counts.sum())
    return replace(lines._rows(rows), place=np.repeat(np.arange(len(person_ids), dtype=np.int32), counts))


def _posted_after(session: Session, first: int, last: int, until: int) -> NDArray[np.int64]:
    """Whose balances of some years a batch after this one has changed."""
    query = sa.select(Person.human_id).join_from(CreditEntry, Person, Person.id == CreditEntry.person_id)
    query = query.where(CreditEntry.batch_id > until, CreditEntry.year.between(first, last)).distinct()
    return np.array(session.scalars(query).all(), np.int64)


def _together(some: Lines, their: NDArray[np.intp], others: Lines, places: NDArray[np.intp]) -> Lines:
    """The balances of two parts of the people as those of all, whose places among all are given."""
    place = np.concatenate([their[some.place], places[others.place]]).astype(np.int32)
    order = np.argsort(place, kind="stable")
    columns = {name: np.concatenate([getattr(some, name), getattr(others, name)])[order] for name in Lines.COLUMNS}
    return Lines(some.subjects, **columns | {"place": place[order]})


def _since(
    session: Session,
    known: NDArray[np.int64],
    first: int,
    last: int,
    where: NDArray[np.intp],
    since: NDArray[np.int32],
    until: int | None,
) -> Lines:
    """What people completed from their day on: read from the entries, since the totals know no days.

    What takes an entry back bears the day of that entry, so that both are left out or neither.
    """
    subjects = _subjects(notices.filed())
    columns = (
        Person.human_id,
        CreditEntry.year,
        _code(CreditEntry.subject, subjects, len(subjects), 1),
        _code(CreditEntry.source, [each.value for each in SOURCES], len(SOURCES), 1),
        sa.type_coerce(CreditEntry.hours, sa.Integer),
        CreditEntry.deemed,
        db.day_number(CreditEntry.completed_on),
    )
    query = sa.select(*columns).join_from(CreditEntry, Person, Person.id == CreditEntry.person_id)
    query = query.where(CreditEntry.year.between(first, last))
    if until is not None:
        query = query.where(CreditEntry.batch_id <= until)
    found = [np.zeros((len(columns), 0), np.int64)]
    for start in range(0, len(known), 5_000):
        whose = known[start : start + 5_000].tolist()
        found.append(db.integers(session, query.where(under(Person, whose))))
    human, year, subject, source, hours, deemed, day = np.concatenate(found, axis=1)
    asking = np.argsort(where, kind="stable")  # somebody may stand in several places, each with a day of its own
    starts = np.searchsorted(where[asking], np.arange(len(known) + 1))
    own = _places(known, human)
    rows = np.repeat(np.arange(len(human)), np.where(own < 0, 0, np.diff(starts)[own]))
    nth = np.arange(len(rows)) - np.searchsorted(rows, rows)
    place = asking[starts[own[rows]] + nth]
    kept = (day[rows] >= since[place]) & (subject[rows] < len(subjects))
    rows, place = rows[kept], place[kept]
    keys = np.stack([place, year[rows], subject[rows], source[rows]])
    told, which = np.unique(keys, axis=1, return_inverse=True)
    sums, marks = (np.bincount(which.ravel(), of[rows], minlength=told.shape[1]) for of in (hours, deemed))
    whole = (*told, sums, marks > 0)
    return Lines(subjects, *(column.astype(kind) for column, kind in zip(whole, _KINDS, strict=True)))


def _read(session: Session, known: NDArray[np.int64], first: int, last: int) -> Lines:
    """What the totals hold of people whose ids are given in ascending order, in their order.

    A balance is read as one number: by its digits of 2 to the power of 24, 1, 4, 6, 8 and 17 the hundredths, whether
    the subject is deemed done, the source, the subject, the year and the person. The database adds up as little as it
    can for each: what is the same of all (`_LEAST`) is added here.
    """
    subjects = _subjects(notices.filed())
    parts: list[list[Any]] = [[np.zeros(0, kind) for kind in _KINDS]]
    for start, ids in _stretches(known):
        least = int(ids[0]) // _STRETCH * _STRETCH
        packed = (CreditTotal.person_id - least) * _whole(2**43) + CreditTotal.year * _whole(2**35)
        packed += _code(CreditTotal.subject, subjects, 2**6 - 1, 2**29)
        packed += _code(CreditTotal.source, [each.value for each in SOURCES], 2**4 - 1, 2**25)
        packed += sa.case((CreditTotal.deemed > 0, _whole(2**24)), else_=_whole(0))
        packed += sa.type_coerce(CreditTotal.hours, sa.Integer)
        query = sa.select(packed).where(CreditTotal.year.between(first, last))
        for whose in _asked(ids):
            (code,) = db.integers(session, query.where(whose))
            code += _LEAST
            place = _places(ids, least + (code >> 43))
            rows = np.flatnonzero((place >= 0) & (code >> 29 & 63 < len(subjects)))
            if len(rows) < len(code):
                code, place = code[rows], place[rows]
            if (np.diff(place) < 0).any():
                rows = np.argsort(place, kind="stable")
                code, place = code[rows], place[rows]
            columns = (
                place + start,
                (code >> 35 & 255) + 1900,
                code >> 29 & 63,
                code >> 25 & 15,
                (code & 2**24 - 1) - 2**23,
                code >> 24 & 1,
            )
            parts.append([found.astype(kind) for found, kind in zip(columns, _KINDS, strict=True)])
    return Lines(subjects, *(np.concatenate(column) for column in zip(*parts, strict=True)))


_LEAST = 2**23 - 1900 * 2**35
"""So that hours below nothing, of years since 1900, are digits all the same."""


@functools.lru_cache(maxsize=4)
def _subjects(files: tuple[notices.Filed, ...]) -> tuple[str, ...]:
    """Every subject that a notice on file knows, and the two of rosters."""
    policies = [each.policy for each in files if each.policy]
    codes = [*notices.Subject, *(code for policy in policies for code in rules.subject_codes(policy))]
    return tuple(dict.fromkeys(str(code) for code in codes))


def of_person(session: Session, person_id: int, around: int, reach: int) -> tuple[str | None, Lines] | None:
    """Load balances of one person, and whose notices hold for this person (盟市; None: the region's).

    From so many years before one to so many after it. None where nobody is on file under the id.
    """
    rows: Sequence[Any] = session.execute(_ONE, {"person_id": person_id}).all()
    if not rows:
        return None
    subjects, (kind, office, *_) = _subjects(notices.filed()), rows[0]
    found = [
        (0, year, subjects.index(subject), SOURCES.index(source), hours, int(deemed > 0))
        for _, _, year, subject, source, hours, deemed in rows
        if year is not None and abs(year - around) <= reach and subject in subjects
    ]
    columns = zip(*found, strict=True) if found else [()] * len(_KINDS)
    lines = Lines(subjects, *(np.array(values, kind) for values, kind in zip(columns, _KINDS, strict=True)))
    return league_of(kind, office), lines


_human = aliased(Person)
_ONE = (
    sa.select(
        Organization.kind,
        Organization.name,
        CreditTotal.year,
        CreditTotal.subject,
        CreditTotal.source,
        sa.type_coerce(CreditTotal.hours, sa.Integer),
        CreditTotal.deemed,
    )
    .select_from(Person)
    .join(_human, _human.id == Person.human_id)
    .join(Organization, Organization.id == _human.authority_id)
    .outerjoin(CreditTotal, CreditTotal.person_id == _human.id)
    .where(Person.id == sa.bindparam("person_id", type_=sa.Integer))
)
"""By the id the person counts under (see `Person.human_id`). Put together once: for one person that takes longer than
to ask."""
_KINDS = (np.int32, np.int16, np.int8, np.int8, np.int32, np.int8)
_STRETCH = 2**17
"""Ids of so many people are kept apart in one number, and so many are read in one text."""


def _code(column: sa.SQLColumnExpression[str], codes: Sequence[str], other: int, digit: int) -> sa.ColumnElement[int]:
    """The place of a column's value among some codes, at a digit."""
    text = sa.type_coerce(column, sa.String)
    places = {code: _whole(place * digit) for place, code in enumerate(codes)}
    return sa.case(places, value=text, else_=_whole(other * digit))


def _whole(number: int) -> sa.ColumnElement[int]:
    """A whole number as it stands in SQL, of 64 bits whatever its size."""
    return sa.literal_column(str(number), sa.BigInteger)


def _stretches(known: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Ascending ids by stretch, each with the place of its first."""
    starts = np.flatnonzero(np.diff(known // _STRETCH, prepend=-1)).tolist()
    for start, end in zip(starts, [*starts[1:], len(known)][: len(starts)], strict=True):  # nobody has no stretch
        if known[start] > 0 or end - start > 1:
            yield start, known[start:end]


def _asked(ids: NDArray[np.int64]) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions that find these people: from the first to the last where they are many, else one by one."""
    if ids[-1] - ids[0] < 4 * len(ids):
        yield CreditTotal.person_id.between(int(ids[0]), int(ids[-1]))
        return
    for start in range(0, len(ids), 10_000):
        yield CreditTotal.person_id.in_(ids[start : start + 10_000].tolist())


def _places(ids: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of the found stands among ascending ids; -1 for others."""
    if ids[-1] - ids[0] == len(ids) - 1:  # one after another
        return np.where((found < ids[0]) | (found > ids[-1]), -1, found - ids[0])
    place = np.searchsorted(ids, found)
    place[place == len(ids)] = 0
    place[ids[place] != found] = -1
    return place
