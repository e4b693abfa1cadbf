"""Applicants (申报人) as facts and as columns: what `rules` decides about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.law.notices import YEARS_SINCE

Mask = NDArray[np.unsignedinteger]
"""Sets of years, each counted back from the application year, as bits."""
Flags = NDArray[np.bool_]
Rows = slice | NDArray[np.intp] | Flags

NO, CONFIRMED, ASSERTED = 0, 1, 2
"""What is known of an assertion: not made, evidence confirmed, evidence not confirmed yet."""


@dataclass(frozen=True)
class Applicant:
    """Applicant (申报人) as facts.

    One person's application. `facts` by code: True, a word, a day, a number, or years in a tuple; what is not so or not
    known is not among them. `open` names those still to be verified (待核验).
    """

    sex: str
    born_on: date
    year: int
    route: str
    level: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    open: frozenset[str] = frozenset()


@dataclass
class Words:
    """A column of words: places among some words, -1 where there is none."""

    codes: NDArray[np.int8]
    words: tuple[str, ...]

    def among(self, vocabulary: Sequence[str]) -> NDArray[np.int8]:
        """Places among other words; -1 for a word that is none of them."""
        if self.words == tuple(vocabulary):
            return self.codes
        places = [vocabulary.index(word) if word in vocabulary else -1 for word in self.words]
        return np.array([*places, -1], np.int8)[self.codes]


@dataclass
class Applicants:
    """Applicants as NumPy columns (struct of arrays).

    N applicants of one application year, a column for each fact that any of them has. Days are yyyymmdd, 0 where
    unknown; unknown numbers are -1; an assertion is NO, CONFIRMED or ASSERTED.
    """

    year: int
    male: Flags
    born: NDArray[np.int32]
    words: dict[str, Words]
    """Always with `route` and `level`."""
    flags: dict[str, NDArray[np.int8]] = field(default_factory=dict)
    days: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    counts: dict[str, NDArray[np.int16]] = field(default_factory=dict)
    years: dict[str, Mask] = field(default_factory=dict)
    open: dict[str, Flags] = field(default_factory=dict)
    """Of words, days, counts and years: whose are still to be verified."""

    def __len__(self) -> int:
        return len(self.male)

    def take(self, rows: Rows) -> Applicants:
        """Some of the applicants."""

        def some(columns: Mapping[str, Any]) -> dict[str, Any]:
            return {name: column[rows] for name, column in columns.items()}

        words = {name: Words(column.codes[rows], column.words) for name, column in self.words.items()}
        rest = [some(columns) for columns in (self.flags, self.days, self.counts, self.years, self.open)]
        return Applicants(self.year, self.male[rows], self.born[rows], words, *rest)

    def one(self, row: int) -> Applicant:
        """One of the applicants as facts: the inverse of `columns`."""
        facts: dict[str, Any] = {}
        for name, given in self.words.items():
            if name not in ("route", "level") and given.codes[row] >= 0:
                facts[name] = given.words[given.codes[row]]
        facts |= {name: True for name, column in self.flags.items() if column[row] != NO}
        facts |= {name: _day(int(column[row])) for name, column in self.days.items() if column[row]}
        facts |= {name: int(column[row]) for name, column in self.counts.items() if column[row] >= 0}
        for name, mask in self.years.items():
            if bits := int(mask[row]):
                facts[name] = tuple(self.year - back for back in range(63, -1, -1) if bits >> back & 1)
        asserted = {name for name, column in self.flags.items() if column[row] == ASSERTED}
        asserted |= {name for name, column in self.open.items() if column[row] and name in facts}
        route, level = (self.words[name].words[self.words[name].codes[row]] for name in ("route", "level"))
        born_on = _day(int(self.born[row]))
        return Applicant("男" if self.male[row] else "女", born_on, self.year, route, level, facts, frozenset(asserted))

    # --- what a rule asks, counting what is confirmed only (`trust` CONFIRMED) or all that is asserted

    @property
    def asserted(self) -> Flags:
        """Who states anything that is still to be verified (待核验)."""
        found = np.zeros(len(self), bool)
        for column in self.flags.values():
            found |= column == ASSERTED
        for unverified in self.open.values():
            found |= unverified
        return found

    def flag(self, fact: str, trust: int) -> Flags:
        column = self.flags.get(fact)
        if column is None:
            return np.zeros(len(self), bool)
        held: Flags = column == CONFIRMED if trust == CONFIRMED else column != NO
        return held

    def day(self, fact: str, trust: int) -> NDArray[np.int32]:
        known: NDArray[np.int32] = self._known(self.days.get(fact), fact, trust, np.int32(0))
        return known

    def several(self, fact: str, trust: int) -> Mask:
        known: Mask = self._known(self.years.get(fact), fact, trust, np.uint64(0))
        return known

    def word(self, fact: str, choices: Sequence[str], trust: int) -> NDArray[np.int8]:
        """Places among the choices, -1 where none."""
        given = self.words.get(fact)
        among = None if given is None else given.among(choices)
        known: NDArray[np.int8] = self._known(among, fact, trust, np.int8(-1))
        return known

    def number(self, fact: str, trust: int) -> NDArray[np.int16]:
        """A count, or the full calendar years since a day's own year; -1 where unknown."""
        if fact in self.counts:
            known: NDArray[np.int16] = self._known(self.counts[fact], fact, trust, np.int16(-1))
            return known
        day = self.day(YEARS_SINCE.get(fact, fact), trust)
        return np.where(day > 0, self.year - day // 10000, -1).astype(np.int16)

    def _known(self, column: Any, fact: str, trust: int, unknown: Any) -> Any:
        if column is None:
            return np.full(len(self), unknown)
        unverified = self.open.get(fact)
        return column if trust == ASSERTED or unverified is None else np.where(unverified, unknown, column)


def number_of(day: date | None) -> int:
    """A day as yyyymmdd; 0 for none."""
    return 0 if day is None else day.year * 10000 + day.month * 100 + day.day


def _day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100) if number else date.min


def columns(applicants: Sequence[Applicant]) -> Applicants:
    """Convert applicants to columns: applicants of one year as columns. ValueError where the years differ."""
    years = {each.year for each in applicants}
    if len(years) != 1:
        raise ValueError(f"applicants of one year expected, not {sorted(years)}")
    year = years.pop()
    made = Applicants(
        year,
        np.array([each.sex == "男" for each in applicants], bool),
        np.array([number_of(each.born_on) for each in applicants], np.int32),
        {name: _words([getattr(each, name) for each in applicants]) for name in ("route", "level")},
    )
    told: dict[str, list[Any]] = {}
    for row, each in enumerate(applicants):
        for name, value in each.facts.items():
            told.setdefault(name, [None] * len(applicants))[row] = value
        for name in each.open:
            made.open.setdefault(name, np.zeros(len(applicants), bool))[row] = True
    for name, values in told.items():
        _put(made, name, values)
    return made


def _put(made: Applicants, name: str, values: list[Any]) -> None:
    """Lay one fact of all applicants in the columns of its kind; None where an applicant does not have it."""
    kind = type(next(value for value in values if value is not None))
    if kind is bool:
        asserted = made.open.pop(name, np.zeros(len(values), bool))
        made.flags[name] = np.where(asserted, ASSERTED, [CONFIRMED if value else NO for value in values]).astype(
            np.int8
        )
    elif kind is str:
        made.words[name] = _words(values)
    elif issubclass(kind, date):
        made.days[name] = np.array([number_of(value) for value in values], np.int32)
    elif kind is int:
        made.counts[name] = np.array([-1 if value is None else value for value in values], np.int16)
    else:
        masks = [mask_of(made.year - each for each in value or ()) for value in values]
        made.years[name] = np.array(masks, np.uint64)


def _words(values: Sequence[str | None]) -> Words:
    words = {word: place for place, word in enumerate(dict.fromkeys(filter(None, values)))}
    return Words(np.array([words.get(value or "", -1) for value in values], np.int8), tuple(words))


def mask_of(back: Iterable[int]) -> int:
    """Encode a set of years as a bit mask.

    A set of years, each counted back from the application year, as a bit mask; outside 0 to 63 is dropped.
    """
    return sum(1 << years for years in {*back} if 0 <= years < 64)
