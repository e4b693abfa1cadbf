"""What somebody typed and did not save is kept for that account alone, and gone once it was saved or thrown away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Actor
from core.models import AuditEntry, Unsaved
from core.office import unsaved
from tests import cast as c
from tests import ready

TYPED = {"title": "未写完的培训班", "start_on": "2027-03-01", "credit_years": [2026], "note": None}


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(c.assemble)


def keep(actor: Actor, values: dict[str, Any], place: str = "plan:new", version: int = 0) -> None:
    with db.transaction() as session:
        unsaved.keep(session, place, values, version=version, actor=actor, now=c.AFTER)


def refused(actor: Actor, values: dict[str, Any], place: str) -> str:
    return c.refusal(lambda s: unsaved.keep(s, place, values, version=0, actor=actor, now=c.AFTER)).code


def kept(actor: Actor, place: str = "plan:new") -> unsaved.Kept | None:
    with db.reading() as session:
        return unsaved.kept(session, place, actor=actor)


@ready.both
def test_typing_comes_back_to_its_account_and_to_no_other(cast: c.Cast) -> None:
    with db.reading() as session:
        lines = session.scalar(sa.select(sa.func.count(AuditEntry.id)))
    keep(cast["base"], {"title": "先写的"})
    keep(cast["base"], TYPED, version=3)
    assert kept(cast["base"]) == unsaved.Kept(TYPED, 3, c.AFTER)
    for name in ("hohhot_base", "admin", "reviewer"):
        assert kept(cast[name]) is None
    with db.transaction() as session:  # nobody throws another's typing away
        unsaved.drop(session, "plan:new", actor=cast["admin"])
        assert unsaved.places(session, cast["base"]) == ["plan:new"]
        assert unsaved.places(session, cast["admin"]) == []
        sealed = session.scalars(sa.select(db.as_kept(Unsaved.typed))).one()
        assert "未写完".encode() not in bytes(sealed)
        assert session.scalar(sa.select(sa.func.count(AuditEntry.id))) == lines  # typing is no deed
        unsaved.drop(session, "plan:new", actor=cast["base"])
    assert kept(cast["base"]) is None


def test_nothing_left_to_keep_forgets_what_was_kept(cast: c.Cast) -> None:
    keep(cast["base"], TYPED, "plan:12")
    keep(cast["base"], {}, "plan:12")
    assert kept(cast["base"], "plan:12") is None


@pytest.mark.parametrize(
    ("place", "values", "code"),
    [
        ("plan", {"title": ""}, "form"),
        ("Plan:1", {"title": ""}, "form"),
        ("plan:" + "1" * 60, {"title": ""}, "form"),
        ("plan:1", {"__class__; drop": ""}, "form"),
        ("plan:1", {"title": {"nested": 1}}, "form"),
        ("plan:1", {"title": [["nested"]]}, "form"),
        ("plan:1", {"title": b"bytes"}, "form"),
        ("plan:1", {"title": "字" * unsaved.LONGEST}, "long"),
    ],
)
def test_what_no_form_sends_is_refused_and_what_was_kept_stays(
    cast: c.Cast, place: str, values: dict[str, Any], code: str
) -> None:
    keep(cast["base"], TYPED, "plan:1")
    assert refused(cast["base"], values, place) == code
    assert kept(cast["base"], "plan:1") == unsaved.Kept(TYPED, 0, c.AFTER)


@ready.both
def test_an_account_keeps_so_many_forms_and_is_told(cast: c.Cast) -> None:
    for at in range(unsaved.MOST):
        keep(cast["base"], TYPED, f"plan:{at}")
    assert refused(cast["base"], TYPED, "plan:new") == "many"
    keep(cast["base"], {"title": "再写"}, "plan:0")  # one that is there already may go on
    keep(cast["hohhot_base"], TYPED)
