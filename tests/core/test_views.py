"""Filters saved under a name are their account's alone, open as they were saved, and nothing forged is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Actor
from core.models import AuditEntry, SavedView, State
from core.office import views
from core.submissions.queues import Urgency, Wanted
from tests import cast as c
from tests import ready

LATE = Wanted(("report",), State.SUBMITTED, Urgency.OVERDUE, "示例", "张示一", own=True)
ALL = Wanted()


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(c.assemble)


def save(actor: Actor, name: str, wanted: Wanted = LATE) -> None:
    with db.transaction() as session:
        views.save(session, name, wanted, actor=actor)


def saved(actor: Actor) -> list[tuple[str, Wanted]]:
    with db.reading() as session:
        return [(view.name, view.wanted) for view in views.saved(session, actor)]


def refused(actor: Actor, name: str, wanted: Wanted = LATE) -> str:
    return c.refusal(lambda s: views.save(s, name, wanted, actor=actor)).code


@ready.both
def test_a_view_is_its_accounts_alone_to_see_change_and_remove(cast: c.Cast) -> None:
    with db.reading() as session:
        lines = session.scalar(sa.select(sa.func.count(AuditEntry.id)))
    save(cast["reviewer"], "　逾期的\u200b报告 ", ALL)
    save(cast["reviewer"], "全部", ALL)
    save(cast["reviewer"], "逾期的报告")  # again: it stays one, in its place
    save(cast["reviewer2"], "逾期的报告", ALL)
    assert saved(cast["reviewer"]) == [("逾期的报告", LATE), ("全部", ALL)]
    assert saved(cast["admin"]) == []
    with db.transaction() as session:
        views.remove(session, "逾期的报告", actor=cast["reviewer2"])
        views.remove(session, "全部", actor=cast["admin"])
    assert saved(cast["reviewer2"]) == []
    assert saved(cast["reviewer"]) == [("逾期的报告", LATE), ("全部", ALL)]
    with db.transaction() as session:
        views.remove(session, "全部", actor=cast["reviewer"])
        sealed = session.scalars(sa.select(db.as_kept(SavedView.wanted))).one()
        assert "张示一".encode() not in bytes(sealed)
        assert session.scalar(sa.select(sa.func.count(AuditEntry.id))) == lines  # no deed
    assert saved(cast["reviewer"]) == [("逾期的报告", LATE)]


FORGED: Any = "forged"


@pytest.mark.parametrize(
    ("name", "wanted", "code"),
    [
        (" \u200b", LATE, "name"),
        ("字" * (views.LONGEST + 1), LATE, "name"),
        ("视图", Wanted(("forged",)), "filters"),
        ("视图", Wanted(state=FORGED), "filters"),
        ("视图", Wanted(urgency=FORGED), "filters"),
        ("视图", Wanted(own=FORGED), "filters"),
        ("视图", Wanted(text=b"bytes"), "filters"),  # type: ignore[arg-type]
        ("视图", Wanted(text="字" * (views.LONGEST_TEXT + 1)), "long"),
        ("视图", Wanted(organization="字" * (views.LONGEST_TEXT + 1)), "long"),
    ],
)
def test_what_no_page_sends_is_refused(cast: c.Cast, name: str, wanted: Wanted, code: str) -> None:
    assert refused(cast["reviewer"], name, wanted) in (code, "type")
    assert saved(cast["reviewer"]) == []


def test_who_has_no_desk_has_no_views_and_who_has_keeps_so_many(cast: c.Cast) -> None:
    for name in ("base", "employer", "leader"):
        assert refused(cast[name], "视图") == "role"
    for at in range(views.MOST):
        save(cast["admin"], f"视图{at}", ALL)
    assert refused(cast["admin"], "又一个") == "many"
    save(cast["admin"], "视图0")  # one that is there already may change
    save(cast["reviewer"], "视图")
