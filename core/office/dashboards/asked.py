"""What the dashboard is asked (筛选条件): the year, the day, the filters, the measures and how they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import (
    AUTHORITIES,
    OFFICERS,
    TRAINERS,
    Actor,
    Labelled,
    OrganizationKind,
    Role,
    held_back,
    league_of,
    not_found,
    require,
    visible,
)
from core.models import Organization
from core.office.dashboards import groups
from core.people import persons
from core.trail import kept


class Measure(Labelled):
    """A measure (指标口径) of the map, the bars and the months, with its word."""

    PEOPLE = "people", "培训人次"
    HOURS = "hours", "登记学时"
    PLANS = "plans", "批准计划"
    REPORTS = "reports", "通过报告"
    DONE = "done", "学时完成率"
    ON_TIME = "on_time", "报告按时率"

    @property
    def unit(self) -> str:
        return {"people": "人次", "hours": "学时", "plans": "份", "reports": "份"}.get(self.value, "%")

    @property
    def headline(self) -> str:
        """The measure with its unit, as axes and tiles name it."""
        return self.label if self.label.endswith(self.unit) else f"{self.label}（{self.unit}）"

    @property
    def heading(self) -> str:
        """`headline` above figures that carry their own %."""
        return self.headline if self.adds_up else self.label

    @property
    def adds_up(self) -> bool:
        """Whether the figures of parts sum to that of the whole; shares do not."""
        return self.unit != "%"


AMOUNTS = (Measure.PEOPLE, Measure.HOURS, Measure.PLANS, Measure.REPORTS)


class Per(Labelled):
    """What a measure is divided by (口径)."""

    WHOLE = "whole", "总量"
    HEAD = "head", "每百名专业技术人员"


@dataclass(frozen=True)
class Wanted:
    """What all figures are narrowed to (筛选条件); None or "" narrows nothing.

    `on`: as the office stood at the end of this day (截至). A training belongs to the year and month in which its plan
    has it begin. Employer, sector, level and age narrow people: of trainings they leave those people's credited hours.
    """

    year: int
    on: date
    league: int | None = None
    """An authority (管理权限), by its id."""
    base: int | None = None
    """The organization that filed, by its id."""
    kind: OrganizationKind | None = None
    """Of the organization that filed."""
    subject: str = ""
    month: int | None = None
    employer: int | None = None
    """The unit people work at (工作单位), by its id."""
    sector: str = ""
    level: str = ""
    age: str = ""

    def without(self, *names: str) -> Wanted:
        """The same, not narrowed by these."""
        empty: dict[str, Any] = dict.fromkeys(("league", "base", "kind", "month", "employer"))
        return replace(self, **{name: empty.get(name, "") for name in names})

    @property
    def of_people(self) -> bool:
        """Whether it is narrowed to some people."""
        return bool(self.employer or self.sector or self.level or self.age)

    @property
    def last_year(self) -> Wanted:
        """The same a year earlier, as of the same day of that year."""
        day = self.on.replace(year=self.on.year - 1, day=28 if (self.on.month, self.on.day) == (2, 29) else self.on.day)
        return replace(self, year=self.year - 1, on=day)


def last_day(wanted: Wanted) -> date:
    """The day that people's hours are counted to: of a chosen month its last one, where that is earlier."""
    if wanted.month is None:
        return wanted.on
    after = date(wanted.year + wanted.month // 12, wanted.month % 12 + 1, 1)
    return min(wanted.on, after - timedelta(days=1))


def end_of(day: date) -> datetime:
    """The moment at which a day of the office ends."""
    return db.day_begins(day + timedelta(days=1))


def short(name: str) -> str:
    """Short name of an authority (简称): an authority's name without what every authority is called."""
    return "自治区本级" if name.endswith("保障厅") else name.removesuffix("人力资源和社会保障局")


@dataclass(frozen=True)
class Place:
    """An office or a base that figures are broken down by: its name as charts have it."""

    id: int
    name: str
    full: str
    kind: OrganizationKind
    authority_id: int


def places(session: Session) -> dict[int, Place]:
    """Every organization (机构) by its id."""
    query = sa.select(Organization.id, Organization.name, Organization.kind, Organization.authority_id)
    return {
        row.id: Place(row.id, short(row.name), row.name, row.kind, row.authority_id) for row in session.execute(query)
    }


def scope(actor: Actor) -> tuple[str, int]:
    """What of an office two accounts see alike (可见范围): officers of one office all see the same."""
    if actor.held_back:
        raise held_back(actor)
    return "officers" if actor.role in OFFICERS else actor.role.value, actor.organization_id


def as_of(actor: Actor, number: int, name: str, kind: OrganizationKind) -> Actor:
    """Who sees an office's own figures: those that the region compares are the league's, not its own."""
    return replace(
        actor, organization_id=number, organization_name=name, organization_kind=kind, league=league_of(kind, name)
    )


VIEWERS = tuple(role for role in persons.LOOKERS if role is not Role.PERSON)
"""Who has a dashboard: officers of their jurisdiction, an employer's clerk of the own people."""


@dataclass(frozen=True)
class Choices:
    """What the filters offer (可选条件): names with ids, of the actor's jurisdiction alone."""

    leagues: dict[str, int]
    bases: dict[str, int]


def choices(session: Session, actor: Actor) -> Choices:
    """What an account may narrow its dashboard by (可选条件): leagues, for the region alone, and who files."""
    require(actor, *VIEWERS)
    return kept.once(session, (db.url(), Choices, scope(actor)), lambda: _offered(session, actor))


def _offered(session: Session, actor: Actor) -> Choices:
    whose = visible(actor, organization=Organization.id, authority=Organization.authority_id)
    query = sa.select(Organization.id, Organization.name, Organization.kind).where(whose).order_by(Organization.id)
    found = session.execute(query.where(Organization.kind.in_({*AUTHORITIES, *TRAINERS}))).all()
    leagues = {short(row.name): row.id for row in found if row.kind in AUTHORITIES}
    bases = {row.name: row.id for row in found if row.kind in TRAINERS}
    own = actor.role is not Role.EMPLOYER_CLERK
    return Choices(leagues if actor.oversees_region else {}, bases if own else {})


def check(session: Session, actor: Actor, wanted: Wanted) -> None:
    """Refuse what is no question of the actor's (条件有误): an organization that is not one's own is not found.

    Refused codes: "role", "password", "missing"; ValueError for what no screen offers.
    """
    require(actor, *VIEWERS)
    if wanted.month not in (None, *range(1, 13)):
        raise ValueError("month")
    for value, known in (
        (wanted.sector, groups.sectors()),
        (wanted.level, groups.levels()),
        (wanted.age, groups.ages()),
    ):
        if value and value not in known:
            raise ValueError(value)
    named = {each for each in (wanted.league, wanted.base, wanted.employer) if each}
    if named:
        whose = visible(actor, organization=Organization.id, authority=Organization.authority_id)
        known_to = session.scalars(sa.select(Organization.id).where(Organization.id.in_(named), whose))
        if set(known_to) != named:
            raise not_found("机构")
