"""The calendar of an organization: its deadlines and trainings, its address, and the file that Outlook and WPS read."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import icalendar
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from core.ground import db
from core.ground.access import Refused
from core.models import AuditEntry, Organization
from core.office import calendar
from core.submissions import plans
from routes import addresses, shield
from routes import calendar as route
from tests import cast as c
from tests.cast import Cast


def events(cast: Cast, by: str, now: Any = c.NOW) -> dict[str, calendar.Event]:
    with db.reading() as session:
        return {each.code: each for each in calendar.events(session, cast[by], now=now)}


def subscribe(cast: Cast, by: str) -> str:
    with db.transaction() as session:
        return calendar.subscribe(session, actor=cast[by], now=c.NOW)


APP = Starlette(routes=addresses.ROUTES, middleware=[Middleware(shield.Shield)])


def ask(*paths: str) -> list[httpx.Response]:
    """What the application answers at these addresses, one after another, as one client asks it."""

    async def asked() -> list[httpx.Response]:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [await client.get(path) for path in paths]

    with ThreadPoolExecutor(1) as thread:  # a browser's test may have left a loop in this one
        return thread.submit(asyncio.run, asked()).result()


@pytest.fixture(autouse=True)
def nobody_has_asked_and_it_is_the_casts_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "_pace", route._Pace())
    monkeypatch.setattr(route.setup, "moment", lambda *_: c.NOW)


def test_a_base_has_its_plans_and_reports_by_when_they_are_due_and_its_trainings(office: Path) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    assert not [code for code in events(cast, "base") if code.startswith(("plan", "report", "training"))]
    c.approve(cast, plan.id)
    with db.transaction() as session:
        draft = plans.draft(session, c.PLAN, actor=cast["base"], now=c.NOW)
    found = events(cast, "base")
    training, report, waiting = (
        found[code] for code in (f"training-{plan.id}", f"report-{plan.id}-1", f"plan-{draft.id}")
    )
    assert (training.first_on, training.last_on) == (c.PLAN.start_on, c.PLAN.end_on)
    assert report.deadline
    assert report.last_on == c.PLAN.end_on + timedelta(days=14)
    assert report.deadline.since_on == c.PLAN.end_on
    assert waiting.last_on == c.PLAN.start_on - timedelta(days=14)
    assert not [code for code in events(cast, "hohhot_base") if code in found and "-" in code and "20" not in code]
    assert f"training-{plan.id}" in events(cast, "leader")
    assert f"report-{plan.id}-1" not in events(cast, "leader")
    c.file_report(cast, plan, c.sheet([c.row(1)]))
    assert f"report-{plan.id}-1" not in events(cast, "base", c.AFTER)


def test_the_days_of_a_notice_stand_with_those_they_bind(office: object) -> None:
    cast = c.assemble()
    league, base, person = events(cast, "hohhot_leader"), events(cast, "base"), events(cast, "employer")
    assert {each.last_on for each in league.values()} == {
        *(date(2024, 1, 31), date(2024, 2, 29), date(2024, 11, 30), date(2024, 12, 31)),
        *(date(2025, 1, 31), date(2025, 2, 28), date(2025, 11, 30), date(2025, 12, 31)),
    }
    assert date(2024, 1, 31) not in {each.last_on for each in base.values()}
    assert date(2024, 2, 29) in {each.last_on for each in base.values()}
    assert {each.last_on for each in person.values()} == {date(2024, 12, 31), date(2025, 12, 31)}


def test_an_address_is_made_renewed_and_ended_and_only_its_digest_is_kept(database: str) -> None:
    cast = c.assemble()
    first = subscribe(cast, "base")
    second = subscribe(cast, "base")
    assert len(second) >= 43
    assert not [line for lines in c.everything().values() for line in lines if second in line]

    def whose(token: str) -> str | None:
        with db.reading() as session:
            home = calendar.subscriber(session, token)
            return home.name if home else None

    assert (whose(first), whose(second)) == (None, cast["base"].organization_name)
    with db.transaction() as session:
        calendar.unsubscribe(session, actor=cast["base"], now=c.NOW)
    assert whose(second) is None
    with db.reading() as session:
        trailed = [entry.event for entry in session.query(AuditEntry).order_by(AuditEntry.id)][-3:]
        with pytest.raises(Refused) as refused:
            calendar.subscribe(session, actor=cast["leader"], now=c.NOW)
    assert trailed == ["calendar.linked", "calendar.linked", "calendar.unlinked"]
    assert refused.value.code == "role"


def test_the_file_is_what_calendars_read_and_names_nobody(office: Path) -> None:
    cast = c.assemble()
    plan = c.file_plan(
        cast, title="内蒙古自治区新一代信息技术与数字经济专业技术人员知识更新培训班（第1期）", teachers="张示教授"
    )
    c.approve(cast, plan.id)
    c.posted(cast, c.sheet([c.row(1)]))
    (answer,) = ask(f"/calendar/{subscribe(cast, 'base')}.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    text = answer.content
    assert text.startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert max(map(len, text.split(b"\r\n"))) <= 75
    read = icalendar.Calendar.from_ical(text)
    assert (read["METHOD"], read["VERSION"]) == ("PUBLISH", "2.0")
    _holds(read)
    entries = {str(each["UID"]).partition("@")[0]: each for each in read.walk("VEVENT")}
    training = entries[f"training-{plan.id}"]
    assert plan.title in training["SUMMARY"]
    assert (training.decoded("DTSTART"), training.decoded("DTEND")) == (plan.start_on, plan.end_on + timedelta(days=1))
    with db.reading() as session:
        home = session.get_one(Organization, cast["base"].organization_id)
        known = calendar.of_organization(session, home, now=c.NOW)
    counted = next(each.deadline for each in known if each.code.startswith("study"))
    assert counted
    assert counted.words in [str(each.get("DESCRIPTION", "")).partition("：")[2] for each in entries.values()]
    again = icalendar.Calendar.from_ical(ask(f"/calendar/{subscribe(cast, 'base')}.ics")[0].content)
    assert {str(each["UID"]) for each in again.walk("VEVENT")} == {str(each["UID"]) for each in read.walk("VEVENT")}
    for private in ("张示教授", c.id_number(1), "150199", c.row(1)[1]):
        assert str(private) not in str(text, "utf-8").replace("\r\n ", "")


def _holds(read: icalendar.Calendar) -> None:
    """RFC 5545 to the letter: what each part must have once, may have at most once, and of which type."""
    assert [part.errors for part in read.walk() if part.errors] == []
    assert {part.name for part in read.walk()} == {"VCALENDAR", "VEVENT"}
    entries = read.walk("VEVENT")
    assert all(isinstance(each, str) for each in (read["PRODID"], read["CALSCALE"]))  # a list where one came twice
    assert len({str(each["UID"]) for each in entries}) == len(entries) > 0
    for each in entries:
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= each.keys()  # 3.6.1
        assert each["DTSTAMP"].to_ical().endswith(b"Z")  # 3.8.7.2: in UTC
        for name in ("DTSTART", "DTEND"):  # of a whole day: a date alone, so that no VTIMEZONE is asked for, 3.6.5
            assert each[name].params == {"VALUE": "DATE"}
            assert re.fullmatch(rb"\d{8}", each[name].to_ical())
        assert each.decoded("DTSTART") < each.decoded("DTEND")  # 3.6.1: its end is not part of it
        assert each["TRANSP"] == "TRANSPARENT"
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", str(each["SUMMARY"]))  # 3.3.11


def test_a_wrong_address_is_not_found_however_it_looks_and_asking_on_ends(office: object) -> None:
    cast = c.assemble()
    token = subscribe(cast, "base")
    wrong = [token[:-1], token + "x" * 3000, "x", "%2e%2e", "%00", token.swapcase()]
    answers = ask(*(f"/calendar/{each}.ics" for each in wrong))
    assert {(each.status_code, each.text) for each in answers} == {(404, "not found")}
    statuses = [each.status_code for each in ask(*[f"/calendar/{token}.ics"] * route.AT_ONCE)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
