"""Synthetic people: names as the region has them, valid ID numbers of nobody, and how much each one studies."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from core.ground import resident_id
from core.law.notices import Subject
from core.people.persons import PersonFacts
from data.demo.words import words

COUNTY = "150199"
"""Not assigned to any county, so that no number here is anybody's."""

_PUBLIC, _PROFESSIONAL = Decimal(30), Decimal(60)
_FEWEST = 12
"""A training takes place with so many, even if they have studied enough already."""


@dataclass
class Learner:
    """A person of the demonstration office: what a roster says of them, and the hours they are going to study.

    `aims` is what a year will come to in the end; `left` what of it no training has given yet.
    """

    facts: PersonFacts
    sector: str
    aims: dict[tuple[int, Subject], Decimal]
    left: dict[tuple[int, Subject], Decimal] = field(default_factory=dict)
    person_id: int = 0

    def __post_init__(self) -> None:
        self.left = dict(self.aims)

    def would_take(self, year: int, subject: Subject, hours: Decimal) -> bool:
        """Whether a training of so many hours brings them nearer to their aim, and not past an aim that is short."""
        left = self.left.get((year, subject), Decimal())
        enough = _PUBLIC if subject is Subject.PUBLIC else _PROFESSIONAL
        return left >= hours or (left > 0 and self.aims[year, subject] >= enough)

    def take(self, year: int, subject: Subject, hours: Decimal) -> None:
        left = self.left.get((year, subject), Decimal())
        self.left[year, subject] = max(left - hours, Decimal())


def crowd(
    rng: Random, count: int, employers: Sequence[dict[str, Any]], *, today: date, featured: tuple[str, str]
) -> list[Learner]:
    """So many people with jobs at these employers (name, sector, weight), 22 to 60 years old, grouped by employer.

    Each has aims for this credit year and the two before. `featured` is the name and employer of the one person who is
    shown to visitors: the first of that employer, and diligent.
    """
    numbers = _id_numbers(rng, today)
    total = sum(employer["weight"] for employer in employers)
    people: list[Learner] = []
    reached = 0
    for employer in employers:
        reached += employer["weight"]
        while len(people) < count * reached // total:
            special = featured[1] == employer["name"] and (not people or people[-1].facts.employer != employer["name"])
            sex = "女" if special else rng.choice("男女")
            age = 41 if special else round(rng.triangular(22, 60, 36))
            post, specialty = _post(rng, employer["sector"], age)
            facts = PersonFacts(
                name=featured[0] if special else name(rng, sex),
                id_number=numbers(age, sex),
                employer=employer["name"],
                post=post,
                specialty=specialty,
            )
            people.append(Learner(facts, employer["sector"], _aims(rng, today.year, diligent=special)))
    return people


def name(rng: Random, sex: str) -> str:
    """A Han or Mongolian name; frequent surnames come first in their list. A few are long or have rare characters."""
    lists = words()
    kind = rng.random()
    mongolian = lists["mongolian"][sex]
    if kind < 0.003:
        chosen: str = rng.choice(lists["long_names"][sex])
        return chosen
    if kind < 0.12:
        return "·".join(rng.sample(mongolian, 2))
    if kind < 0.26:
        return str(rng.choice([word for word in mongolian if len(word) > 1]))
    given = lists["rare_given"] if kind < 0.27 else lists["given"][sex]
    surnames = lists["surnames"]
    return str(surnames[int(len(surnames) * rng.random() ** 2)]) + str(rng.choice(given))


def _id_numbers(rng: Random, today: date) -> Callable[[int, str], str]:
    """A source of ID numbers, by age and sex, that gives none twice.

    Everybody is born on the 29th or later, which nobody in the sample rosters is: those stay new people.
    """
    given: set[str] = set()

    def number(age: int, sex: str) -> str:
        year = today.year - age
        while True:
            month = rng.choice([month for month in range(1, 13) if month != 2])
            day = rng.randint(29, calendar.monthrange(year, month)[1])
            first17 = f"{COUNTY}{year}{month:02}{day:02}{rng.randrange(500) * 2 + (sex == '男'):03}"
            if first17 not in given:
                given.add(first17)
                return first17 + resident_id.check_digit(first17)

    return number


def _post(rng: Random, sector: str, age: int) -> tuple[str, str]:
    posts = words()["sectors"][sector]
    post = rng.choices(posts, [post["share"] for post in posts])[0]
    titles = post["titles"]
    rank = int((age - 22) / 32 * len(titles) + rng.gauss(-0.3, 0.7))
    return titles[max(0, min(rank, len(titles) - 1))], rng.choice(post["specialties"])


def _aims(rng: Random, year: int, *, diligent: bool) -> dict[tuple[int, Subject], Decimal]:
    """Most people complete their years, some lack public hours, some professional ones, some have nothing at all."""
    temper = rng.random()
    aims = {}
    for each in (year - 2, year - 1, year):
        luck = temper if rng.random() < 0.6 else rng.random()
        public, professional = 30, rng.choice((60, 60, 60, 64, 72, 80, 90))
        if diligent:
            professional = 80
        elif luck > 0.95:
            public, professional = 0, 0
        elif luck > 0.72:
            if luck < 0.80 or luck > 0.92:
                public = rng.choice((0, 0, 10, 20))
            if luck > 0.80:
                professional = rng.choice((0, 8, 16, 24, 32, 40, 48, 56))
        aims[each, Subject.PUBLIC] = Decimal(public)
        aims[each, Subject.PROFESSIONAL] = Decimal(professional)
    return aims


def takers(
    rng: Random, people: Sequence[Learner], count: int, *, year: int, subject: Subject, hours: Decimal
) -> list[Learner]:
    """Who comes to a training: those whom it helps, the first of the list before all; others where too few come."""
    keen = [learner for learner in people if learner.would_take(year, subject, hours)]
    first, rest = keen[:1], keen[1:]
    chosen = first + rng.sample(rest, min(max(count - len(first), 0), len(rest)))
    missing = min(count, _FEWEST) - len(chosen)
    if missing > 0:
        taken = set(map(id, chosen))
        others = [learner for learner in people if id(learner) not in taken]
        chosen += rng.sample(others, min(missing, len(others)))
    return chosen


def unstudied(people: Sequence[Learner], year: int, subject: Subject) -> Iterator[tuple[Learner, Decimal]]:
    """What is left of everybody's aims for a year."""
    for learner in people:
        hours = learner.left.get((year, subject), Decimal())
        if hours > 0:
            learner.take(year, subject, hours)
            yield learner, hours
