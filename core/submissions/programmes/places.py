"""Places (名额): how many each league, and the region's own units, may nominate for a programme of study in a year.

The notice splits nothing: the region enters the shares. An office without one has no limit; a sum above the programme's
target is only told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import (
    AUTHORITIES,
    Actor,
    Labelled,
    OrganizationKind,
    Refused,
    Role,
    refuse_faults,
    require,
)
from core.law import notices
from core.law.notices import Programme, Way
from core.models import Organization, Places
from core.tables import values
from core.trail import audit

SETTERS = (Role.REVIEWER, Role.ADMIN)
MOST = 9999
LONGEST_REASON = 500


@audit.events
class Event(Labelled):
    """What is done to places, as the trail has it."""

    SET = "places.set", "确定名额"


@dataclass(frozen=True)
class Share:
    """The share of one office (名额分配): None where none was entered."""

    office_id: int
    office: str
    people: int | None


def study_programmes(year: int, league: str | None = None) -> list[Programme]:
    """Programmes of study (研修项目) of a year, in the notice's order. Refused codes: "policy"."""
    return [each for each in notices.in_force(date(year, 12, 31), league).programmes if each.way is Way.STUDY]


def programme_of(code: str, year: int, league: str | None = None) -> Programme:
    """A programme of study of a year by its code. Refused codes: "policy"."""
    for each in study_programmes(year, league):
        if each.code == code:
            return each
    raise Refused("policy", f"{year}年度的通知没有这个研修项目，请从列出的专项项目中选择。")


def region_id(session: Session) -> int:
    """The region's office (自治区人社厅), which selects whoever was nominated."""
    query = sa.select(Organization.id).where(Organization.kind == OrganizationKind.REGION_HR)
    return session.scalars(query.order_by(Organization.id).limit(1)).one()


def latest(session: Session, programme: str, year: int) -> Places | None:
    """The places as they were set last (最近一次确定)."""
    query = sa.select(Places).where(Places.programme == programme, Places.year == year)
    return session.scalar(query.order_by(Places.number.desc()).limit(1))


def of_offices(session: Session, programme: str, year: int) -> dict[int, int]:
    """Places by the office's id; an office that is not in it has no limit."""
    found = latest(session, programme, year)
    return {int(office): people for office, people in json.loads(found.shares).items()} if found else {}


def shares(session: Session, programme: str, year: int, actor: Actor) -> list[Share]:
    """The shares that an office may see (名额): the region all of them, a league its own. Refused codes: "role"."""
    require(actor, *SETTERS, Role.LEADER)
    given = of_offices(session, programme, year)
    query = sa.select(Organization.id, Organization.name).where(
        Organization.kind.in_(AUTHORITIES),
        sa.true() if actor.oversees_region else Organization.id == actor.organization_id,
    )
    region_last = sa.case((Organization.kind == OrganizationKind.REGION_HR, 1), else_=0)
    offices = session.execute(query.order_by(region_last, Organization.id))
    return [Share(office_id, name, given.get(office_id)) for office_id, name in offices]


def history(session: Session, programme: str, year: int, actor: Actor) -> list[Places]:
    """Each time the places were set (历次名额), the latest first. Refused codes: "role"."""
    require(actor, *SETTERS, Role.LEADER)
    if not actor.oversees_region:
        return []
    query = sa.select(Places).where(Places.programme == programme, Places.year == year)
    return list(session.scalars(query.order_by(Places.number.desc())))


def beyond(programme: Programme, given: Mapping[int, int]) -> str:
    """Sum against target (名额合计): a warning in words where more was given than the programme has; "" where not."""
    total = sum(given.values())
    if programme.target is None or total <= programme.target:
        return ""
    unit, more = programme.unit, total - programme.target
    return f"名额合计{total}{unit}，比{programme.name}的{programme.target}{unit}多{more}{unit}"


def settle(
    session: Session,
    programme: str,
    year: int,
    given: Mapping[int, Any],
    *,
    number: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Places:
    """Set the places of a programme and a year (确定名额): a new version with its reason; the ones before stay on file.

    `given` by the office's id, a figure as it was typed; blank for no limit. `number`: that of the version seen
    (optimistic lock), 0 for none. Refused codes: "role", "jurisdiction", "policy", "stale", "places", "reason", "same".
    """
    require(actor, *SETTERS)
    if not actor.oversees_region:
        raise Refused("jurisdiction", "名额由自治区人社厅确定，盟市在“推荐遴选”中查看本盟市的名额。")
    found = programme_of(programme, year)
    db.lock(session, "places")
    before = latest(session, programme, year)
    if (before.number if before else 0) != number:
        raise Refused("stale", "名额刚刚由他人改过，您的操作没有执行，请查看最新的名额。")
    wanted = _figures(session, given)
    if not typed.prose(str(reason)) or len(typed.prose(str(reason))) > LONGEST_REASON:
        raise Refused("reason", f"请写明这次确定名额的依据或原因，不超过{LONGEST_REASON}个字。")
    was = of_offices(session, programme, year)
    if wanted == was and before:
        raise Refused("same", "名额没有改动，不必再次确定。")
    made = Places(
        authority_id=actor.organization_id,
        programme=found.code,
        year=year,
        number=number + 1,
        shares=json.dumps({str(office): people for office, people in sorted(wanted.items())}),
        reason=typed.prose(str(reason)),
        account_id=actor.account_id,
        account_name=actor.name,
        at=now,
    )
    session.add(made)
    names = dict(session.execute(sa.select(Organization.id, Organization.name)).all())
    told = [{names[office]: people for office, people in each.items()} for each in (was, wanted)]
    after = {"programme": found.code, "year": year, "number": made.number, "places": told[1]}
    audit.record(
        session, Event.SET, made, actor=actor, before={"places": told[0]}, after=after, reason=made.reason, now=now
    )
    return made


def _figures(session: Session, given: Mapping[int, Any]) -> dict[int, int]:
    """Figures as they were typed, by office; every fault named at once. Refused codes: "places"."""
    offices = dict(
        session.execute(sa.select(Organization.id, Organization.name).where(Organization.kind.in_(AUTHORITIES))).all()
    )
    wanted: dict[int, int] = {}
    faults = []
    for office, cell in given.items():
        if office not in offices:
            raise Refused("places", "名额只能分给盟市和自治区直属单位，请刷新页面后重新填写。")
        try:
            people = cell if isinstance(cell, int) and not isinstance(cell, bool) else values.people(cell)
        except values.Unclear:
            people = -1
        if people is not None and not 0 <= people <= MOST:
            faults.append((str(office), f"{offices[office]}的名额应为0至{MOST}的整数"))
        elif people is not None:
            wanted[office] = people
    refuse_faults(faults, "请改正后再确定。", code="places")
    return wanted
