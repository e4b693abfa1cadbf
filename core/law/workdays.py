"""Working days (工作日): weekends, and what is said of single days (放假安排): shipped, then the office's own."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from core.ground import db
from core.ground.access import Labelled

FILE = db.ROOT / "data" / "holidays.csv"
"""The State Council's days off since 2004 as facts: first and last day, rest or work, name. See `data/README.md`."""
_DAY = timedelta(days=1)


class DayKind(Labelled):
    """What is said of a day (放假安排)."""

    REST = "rest", "放假"
    WORK = "work", "上班"


@dataclass(frozen=True)
class SaidOfDay:
    """What is said of one day: rest or work, and for which holiday (节日)."""

    kind: DayKind
    name: str


class WorkDays:
    """Working-day calendar (工作日历): Saturday and Sunday rest, but for what is said of single days.

    The office's own days come before the shipped ones, day by day. A year of which nothing is said is not `known`: only
    its weekends count, and who answers by it says so.
    """

    def __init__(self, own: Mapping[date, SaidOfDay] | None = None) -> None:
        self._said = {**shipped(), **own} if own else shipped()
        self._years = {day.year for day in own or ()} | _shipped_years()

    def said(self, day: date) -> SaidOfDay | None:
        """What is said of a day, None where it is as its weekday is."""
        return self._said.get(day)

    def known(self, year: int) -> bool:
        """Whether anything is said of a year, so that its holidays count and not its weekends alone."""
        return year in self._years

    def rests(self, day: date) -> bool:
        """Whether nobody works on a day."""
        said = self._said.get(day)
        return day.weekday() >= 5 if said is None else said.kind is DayKind.REST

    def on_or_after(self, day: date) -> date:
        """The first working day from a day on (顺延)."""
        while self.rests(day):
            day += _DAY
        return day

    def on_or_before(self, day: date) -> date:
        """The last working day up to a day: the safe one for a date that does not move."""
        while self.rests(day):
            day -= _DAY
        return day

    def counted(self, day: date, number: int) -> date:
        """So many working days after a day, before it where negative; the day itself is not counted."""
        step = _DAY if number > 0 else -_DAY
        for _ in range(abs(number)):
            day += step
            while self.rests(day):
                day += step
        return day

    def holidays(self, first: date, last: date) -> tuple[str, ...]:
        """Names of the holidays (节日) that lie in a stretch of days, in their order."""
        span = (first + timedelta(days=number) for number in range((last - first).days + 1))
        said = (self._said.get(day) for day in span)
        return tuple(dict.fromkeys(each.name for each in said if each and each.kind is DayKind.REST))


@functools.cache
def shipped() -> dict[date, SaidOfDay]:
    """The days off that come with the program, by day."""
    said: dict[date, SaidOfDay] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            first, last = date.fromisoformat(row["first_on"]), date.fromisoformat(row["last_on"])
            for number in range((last - first).days + 1):
                said[first + timedelta(days=number)] = SaidOfDay(DayKind(row["kind"]), row["name"])
    return said


@functools.cache
def _shipped_years() -> frozenset[int]:
    return frozenset(day.year for day in shipped())
