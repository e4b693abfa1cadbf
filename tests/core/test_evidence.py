"""A file of a record over HTTP, under its own name: to whom it was handed out, for as long as it is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from core.ground import db
from core.ground.access import Actor
from core.models import AuditEntry
from core.people import accounts
from core.submissions import claims
from core.trail import files
from core.trail.files import Upload
from routes import addresses
from routes.session import COOKIE
from tests import cast as c
from tests import ready
from tests.asking import answered

APP = Starlette(routes=addresses.ROUTES)
NAME = "证书/ 100%?#.pdf"
PDF = b"%PDF-1.4 synthetic"


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(posted)


def posted() -> c.Cast:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    return cast


def filed(cast: c.Cast, content: bytes = PDF, name: str = NAME) -> int:
    """A claim with one file; answers the file's number."""
    with db.transaction() as session:
        found = claims.draft(session, c.person_id(1), c.CLAIM, evidence=[], actor=cast["employer"], now=c.AFTER)
        session.flush()
        kept = files.attach(session, found, Upload(name, content), purpose="evidence", now=c.AFTER)
        session.flush()
        return kept.id


def ask(by: str | None, number: int, ticket: str, name: str = NAME) -> httpx.Response:
    headers = {}
    if by:
        with db.transaction() as session:
            token = accounts.sign_in(session, by, fits=True, now=datetime.now(UTC))
        headers["cookie"] = f"{COOKIE}={token}"
    return answered(APP, "GET", f"/evidence/{number}/{ticket}/{quote(name, safe='')}", headers=headers)


def ticket(number: int, actor: Actor, ago: timedelta = timedelta()) -> str:
    return files.ticket(number, actor, datetime.now(UTC) - ago)


def test_a_pdf_is_shown_under_its_own_name_and_its_viewing_is_logged_once(cast: c.Cast) -> None:
    number = filed(cast)
    with db.transaction() as session:
        files.handed_out(session, number, actor=cast["employer"], now=c.AFTER)
    given = ask("employer", number, ticket(number, cast["employer"]))
    assert (given.status_code, given.content, given.headers["content-type"]) == (200, PDF, "application/pdf")
    assert given.headers["content-disposition"] == f"inline; filename*=UTF-8''{quote(NAME, safe='')}"
    with db.reading() as session:
        counted = sa.select(sa.func.count(AuditEntry.id)).where(AuditEntry.event == "file.handed_out")
        assert session.scalar(counted) == 1


def test_nobody_else_has_it_and_not_for_ever(cast: c.Cast) -> None:
    number, other = filed(cast), filed(cast)
    good = ticket(number, cast["employer"])
    until, _, mark = good.partition("-")
    assert ask(None, number, good).status_code == 401
    assert ask("reviewer", number, good).status_code == 409, "somebody else's ticket"
    assert ask("employer", other, good).status_code == 409, "another file's ticket"
    for forged in ("x", "-", f"{int(until) + 60}-{mark}", f"{until}-", f"{'9' * 40}-{mark}", f"{until}-示"):
        assert ask("employer", number, forged).status_code == 409, forged
    old = ask("employer", number, ticket(number, cast["employer"], files.SHOWN_FOR + timedelta(seconds=1)))
    assert old.status_code == 409
    assert "查看时间已过，请回到记录中重新打开" in old.text
    ahead = ticket(number, cast["employer"], -timedelta(days=30))  # made while the server's clock ran ahead
    assert ask("employer", number, ahead).status_code == 409
    for by in ("hohhot_employer", "base", "leader"):  # a ticket shows nothing that core would not
        assert ask(by, number, ticket(number, cast[by])).status_code == 404, by


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"<html><script>", b"PK\x03\x04"])
def test_what_a_browser_might_run_is_not_answered(cast: c.Cast, content: bytes) -> None:
    number = filed(cast, content, "证书.docx")
    assert ask("employer", number, ticket(number, cast["employer"])).status_code == 404
