"""Holidays (放假安排): the days off and the days worked in exchange, as the office enters them each year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.law import workdays
from core.law.workdays import DayKind, SaidOfDay, WorkDays
from core.models import Organization, SpecialDay
from core.trail import audit

LONGEST = 31
"""Days that one entry may cover."""
_FIRST, _LAST = 2000, 2100
_READ = "the working days, as this session has read them"


def work_days(session: Session) -> WorkDays:
    """Working-day calendar (工作日历) of the office: its own days before those that come with the program.

    Asked once a session, however many deadlines are counted in it.
    """
    if _READ not in session.info:
        query = sa.select(SpecialDay.day, SpecialDay.kind, SpecialDay.name)
        session.info[_READ] = WorkDays({day: SaidOfDay(kind, name) for day, kind, name in session.execute(query)})
    found: WorkDays = session.info[_READ]
    return found


@deed
def enter(
    session: Session, first_on: date, last_on: date, kind: DayKind, name: str, *, actor: Actor, now: datetime
) -> int:
    """Enter holidays (录入放假安排): days off, or weekend days worked in exchange; answers how many days.

    Deadlines that are still open follow at once; what was filed keeps the day it was filed against.
    Refused codes: "role", "jurisdiction" (the region's administrator alone), "days", "name".
    """
    _require(actor)
    if not (first_on <= last_on and first_on.year >= _FIRST and last_on.year <= _LAST):
        raise Refused("days", f"请填写{_FIRST}年至{_LAST}年之间的日期，第一天不晚于最后一天。")
    span = _span(first_on, last_on)
    if len(span) > LONGEST:
        raise Refused("days", f"一次最多录入{LONGEST}天，{first_on}至{last_on}有{len(span)}天，请分开录入。")
    if not 1 <= len(name := typed.text(name)) <= 20:
        raise Refused("name", "请用20个字以内写明是哪个节日，如“国庆节”。")
    before = _own(session, first_on, last_on)
    for day in span:
        session.merge(SpecialDay(day=day, kind=kind, name=name))
    after = {str(day): f"{kind.value} {name}" for day in span}
    _record(session, before, after, actor=actor, now=now)
    return len(span)


@deed
def take_back(session: Session, first_on: date, last_on: date, *, actor: Actor, now: datetime) -> int:
    """Take holidays back (删除放假安排): the office's own of these days; answers how many days.

    The shipped ones come back where there are any. Refused codes: "role", "jurisdiction", "missing" (none there).
    """
    _require(actor)
    before = _own(session, first_on, last_on)
    if not before:
        raise Refused("missing", f"{first_on}至{last_on}没有本机关录入的放假安排，可能刚刚被他人删除。")
    session.execute(sa.delete(SpecialDay).where(SpecialDay.day.between(first_on, last_on)))
    _record(session, before, {}, actor=actor, now=now)
    return len(before)


def of_year(session: Session, year: int) -> pd.DataFrame:
    """Holidays of a year (放假安排), one row for each run of days alike, the earliest first.

    Columns: first_on, last_on, day_kind (code), holiday (name), own (entered by the office, not shipped).
    """
    first, last = date(year, 1, 1), date(year, 12, 31)
    query = sa.select(SpecialDay).where(SpecialDay.day.between(first, last))
    own = {each.day: SaidOfDay(each.kind, each.name) for each in session.scalars(query)}
    shipped = {day: said for day, said in workdays.shipped().items() if day.year == year}
    said = {day: (each, day in own) for day, each in (shipped | own).items()}
    lines = [
        {"first_on": days[0], "last_on": days[-1], "day_kind": each.kind.value, "holiday": each.name, "own": mine}
        for days, (each, mine) in _runs(said)
    ]
    return pd.DataFrame(lines, columns=["first_on", "last_on", "day_kind", "holiday", "own"])


def _runs(said: dict[date, tuple[SaidOfDay, bool]]) -> Iterator[tuple[list[date], tuple[SaidOfDay, bool]]]:
    """Days of which the same is said one after another, together."""
    run: list[date] = []
    for day in sorted(said):
        if run and (day - run[-1] != timedelta(days=1) or said[day] != said[run[-1]]):
            yield run, said[run[-1]]
            run = []
        run.append(day)
    if run:
        yield run, said[run[-1]]


def _require(actor: Actor) -> None:
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("jurisdiction", "放假安排全区统一，由自治区的管理员录入。")


def _span(first_on: date, last_on: date) -> list[date]:
    return [first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)]


def _own(session: Session, first_on: date, last_on: date) -> dict[str, str]:
    """What the office has entered of these days, for the trail."""
    query = sa.select(SpecialDay).where(SpecialDay.day.between(first_on, last_on)).order_by(SpecialDay.day)
    return {str(each.day): f"{each.kind.value} {each.name}" for each in session.scalars(query)}


def _record(session: Session, before: dict[str, str], after: dict[str, str], *, actor: Actor, now: datetime) -> None:
    session.info.pop(_READ, None)
    region = session.get_one(Organization, actor.organization_id)
    audit.record(session, audit.Event.HOLIDAYS_CHANGED, region, actor=actor, before=before, after=after, now=now)
