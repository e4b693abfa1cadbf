"""The calendar of an organization (期限日历): its deadlines and trainings, on the screen and as a subscription."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import icalendar
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import AUTHORITIES, Actor, Refused, Role, not_found, require
from core.ground.deeds import deed
from core.law import deadlines, notices
from core.law.deadlines import Deadline
from core.models import CalendarLink, Nomination, Organization, Placement, Plan, PublicNotice, Report, State
from core.people import holidays
from core.submissions import plans, reports
from core.submissions.kinds import EDITABLE, KINDS
from core.submissions.programmes import marking
from core.trail import audit

SUBSCRIBERS = (Role.ADMIN, Role.REVIEWER, Role.BASE_CLERK, Role.EMPLOYER_CLERK)
"""Who may make and renew the address of the own organization's calendar."""
MOST = 400
"""Trainings in a calendar: what an office is in charge of beyond that it sees in its queue."""
_BACK, _LONGEST_TOKEN = 370, 64


@dataclass(frozen=True)
class Event:
    """An entry of the calendar (日历事项): a deadline, or a training of one or more days."""

    code: str
    """The same for the same thing, whenever it is asked for."""
    title: str
    first_on: date
    last_on: date
    deadline: Deadline | None = None
    """None for a training."""
    kind: str = ""
    """Of the submission to open; "" where there is none."""
    id: int = 0
    plan_id: int = 0


def events(session: Session, actor: Actor, *, now: datetime) -> list[Event]:
    """Calendar of the actor's organization (期限日历), by day; a person sees the days that bind everybody.

    Refused codes: "password".
    """
    require(actor, *Role)
    home = session.get_one(Organization, actor.organization_id)
    if actor.role is Role.PERSON:
        named = _of_years(session, home, db.office_day(now))
        return [each for each in named if each.deadline and not each.deadline.offices]
    return of_organization(session, home, now=now)


def of_organization(session: Session, home: Organization, *, now: datetime) -> list[Event]:
    """Calendar of an organization, by day: its plans and reports to file, its trainings, and the notice's own days.

    That of an authority has the trainings it is in charge of. Nobody is named in it.
    """
    today = db.office_day(now)
    found = [*_of_plans(session, home, today), *_of_years(session, home, today)]
    found += _of_study(session, home, today)
    if home.kind in AUTHORITIES:
        found += [*_in_charge(session, home, today), *_of_notices(session, today)]
    return sorted(found, key=lambda event: (event.last_on, event.code))


def _of_plans(session: Session, home: Organization, today: date) -> Iterator[Event]:
    """Own trainings, and what is still to be filed before and after them."""
    filed = sa.orm.aliased(Report, flat=True)
    query = (
        sa.select(Plan, filed)
        .outerjoin(filed, filed.plan_id == Plan.id)
        .where(
            Plan.organization_id == home.id,
            Plan.state.in_((*EDITABLE, State.APPROVED)),
            Plan.start_on >= today - timedelta(days=_BACK),
        )
        .options(sa.orm.joinedload(Plan.authority).joinedload(Organization.authority))
        .order_by(Plan.start_on.desc(), filed.part)
        .limit(MOST)
    )
    trainings: set[int] = set()
    rows: Iterable[tuple[Plan, Report | None]] = session.execute(query)
    for plan, report in rows:
        if plan.state in EDITABLE:
            if plan.start_on > today:
                yield _filing(f"plan-{plan.id}", plan.title, KINDS["plan"].deadline(session, plan), plan, plan.id)
            continue
        if plan.id not in trainings:
            trainings.add(plan.id)
            yield _training(plan, "")
        if report is None:
            counted = plans.report_deadline(session, plan, plan.end_on)
            yield _filing(f"report-{plan.id}-1", plan.title, counted, plan, 0)
        elif report.state in EDITABLE:
            counted = reports.deadline(session, report)
            yield _filing(f"report-{plan.id}-{report.part}", report.title, counted, plan, report.id)


def _filing(code: str, title: str, deadline: Deadline | None, plan: Plan, record_id: int) -> Event:
    assert deadline
    due_on, words = deadline.due_on, f"{deadline.matter}：{title}"
    return Event(code, words, due_on, due_on, deadline, code.partition("-")[0], record_id, plan.id)


def _training(plan: Plan, whose: str) -> Event:
    title = f"培训：{plan.title}" + (f"（{whose}）" if whose else "")
    return Event(f"training-{plan.id}", title, plan.start_on, plan.end_on, None, "plan", plan.id, plan.id)


def _in_charge(session: Session, home: Organization, today: date) -> Iterator[Event]:
    """Trainings of the organizations that an authority is in charge of."""
    query = (
        sa.select(Plan, Organization.name)
        .join(Organization, Organization.id == Plan.organization_id)
        .where(
            Plan.authority_id == home.id,
            Plan.organization_id != home.id,
            Plan.state == State.APPROVED,
            Plan.start_on >= today - timedelta(days=31),
        )
        .order_by(Plan.start_on)
        .limit(MOST)
    )
    for plan, whose in session.execute(query):
        yield _training(plan, whose)


def _of_study(session: Session, home: Organization, today: date) -> Iterator[Event]:
    """Years of study of an organization's people, or of those an authority is in charge of, by what is studied."""
    query = (
        sa.select(Placement, Nomination.study_field)
        .join(Nomination, Nomination.id == Placement.nomination_id)
        .where(
            Nomination.dropped_on.is_(None),
            Placement.end_on >= today - timedelta(days=31),
            sa.or_(Nomination.organization_id == home.id, Nomination.authority_id == home.id),
        )
        .order_by(Placement.start_on)
        .limit(MOST)
    )
    for placed, field in session.execute(query):
        code = f"study-{placed.nomination_id}"
        yield Event(f"{code}-begins", f"研修开始：{field}（{placed.host}）", placed.start_on, placed.start_on)
        yield Event(f"{code}-ends", f"研修结束：{field}（{placed.host}）", placed.end_on, placed.end_on)


def _of_notices(session: Session, today: date) -> Iterator[Event]:
    """Public notices of who is to be selected, from the first day to the last."""
    query = sa.select(PublicNotice).where(PublicNotice.last_on >= today - timedelta(days=31))
    for each in session.scalars(query.order_by(PublicNotice.first_on)):
        title = f"公示：{each.year}年{marking.name_of(each.programme)}人选"
        yield Event(f"public-notice-{each.id}", title, each.first_on, each.last_on, None, "public_notice", each.id)


def _of_years(session: Session, home: Organization, today: date) -> Iterator[Event]:
    """The days that the notice names, of this year and the next."""
    days = holidays.work_days(session)
    for year in (today.year, today.year + 1):
        try:
            policy = notices.in_force(date(year, 1, 1), home.league)
        except Refused:  # none that holds, or a faulty one: told where it is mended
            continue
        for each in deadlines.of_year(policy, year, home.league, days):
            if not each.offices or home.kind in each.offices:
                yield Event(f"{each.code}-{year}", each.matter, each.due_on, each.due_on, each)


# --- as a subscription ----------------------------------------------------------------------------------------------


@deed
def subscribe(session: Session, *, actor: Actor, now: datetime) -> str:
    """Make the address of one's organization's calendar (日历订阅地址), or renew it: answers its token, once.

    Only its digest is kept; the former address ends at once. Refused codes: "role".
    """
    require(actor, *SUBSCRIBERS)
    token = secrets.token_urlsafe(32)
    session.merge(CalendarLink(organization_id=actor.organization_id, token_digest=_digest(token), made_at=now))
    home = session.get_one(Organization, actor.organization_id)
    audit.record(session, audit.Event.CALENDAR_LINKED, home, actor=actor, now=now)
    return token


@deed
def unsubscribe(session: Session, *, actor: Actor, now: datetime) -> None:
    """End the address of one's organization's calendar (停用订阅地址). Refused codes: "role", "missing"."""
    require(actor, *SUBSCRIBERS)
    link = session.get(CalendarLink, actor.organization_id)
    if link is None:
        raise not_found("订阅地址")
    session.delete(link)
    home = session.get_one(Organization, actor.organization_id)
    audit.record(session, audit.Event.CALENDAR_UNLINKED, home, actor=actor, now=now)


def subscribed_at(session: Session, actor: Actor) -> datetime | None:
    """When the address of the actor's organization's calendar was made; None where there is none."""
    return session.scalar(sa.select(CalendarLink.made_at).where(CalendarLink.organization_id == actor.organization_id))


def subscriber(session: Session, token: str) -> Organization | None:
    """Whose calendar an address is of, while the organization stands; None for any other token, however it looks."""
    query = (
        sa.select(Organization)
        .join(CalendarLink, CalendarLink.organization_id == Organization.id)
        .where(CalendarLink.token_digest == _digest(token[:_LONGEST_TOKEN]), Organization.active)
    )
    return session.scalar(query)


def _digest(token: str) -> bytes:
    return hashlib.sha256(f"calendar {token}".encode()).digest()


def ics(home: Organization, found: Iterable[Event], *, now: datetime) -> bytes:
    """A calendar as an iCalendar file (RFC 5545) of all-day events, for Outlook, WPS and telephones.

    All-day events have no time zone to be taken wrongly. Each keeps its UID, so that a later file moves it. Held to the
    letter of the RFC by a test; none of those programs runs there.
    """
    made = icalendar.Calendar()
    made.add("prodid", "-//continuing education//deadlines//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"{home.name}继续教育期限")
    made.add("x-published-ttl", "PT6H")
    name = hashlib.sha256(home.name.encode()).hexdigest()[:12]
    for each in found:
        event = icalendar.Event()
        event.add("uid", f"{each.code}@{name}.ce")
        event.add("dtstamp", now.astimezone(UTC))
        event.add("dtstart", each.first_on)
        event.add("dtend", each.last_on + timedelta(days=1))
        event.add("summary", f"期限：{each.title}" if each.deadline else each.title)
        event.add("categories", ["期限" if each.deadline else "培训"])
        event.add("transp", "TRANSPARENT")
        if each.deadline:
            event.add("description", f"{each.deadline.clause}：{each.deadline.words}")
        made.add_component(event)
    return bytes(made.to_ical())
