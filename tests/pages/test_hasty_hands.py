"""A click stopped half way by the next one: its deed is done once, and told by whichever run gets to draw."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OrganizationKind, Refused
from core.models import Organization
from core.people import accounts, organizations
from tests.cast import Cast
from web import deeds


class StoppedRun(BaseException):
    """As Streamlit's own: a run asked to stop is stopped when it touches the session's state next."""


class SessionState(dict[str, Any]):
    """The state of one browser, and whether the run that holds it was asked to stop."""

    asked_to_stop = False

    def setdefault(self, *pair: Any) -> Any:
        if self.asked_to_stop:
            raise StoppedRun
        return super().setdefault(*pair)


@pytest.fixture
def state(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> SessionState:
    """The state of the region's administrator's browser."""
    with db.transaction() as session:
        token = accounts.sign_in(session, "admin", fits=True, now=datetime.now(UTC))
    found = SessionState(token=token)
    monkeypatch.setattr(st, "session_state", found)
    return found


def added(cast: Cast, name: str, state: SessionState | None = None) -> Any:
    """Add an organization as its page does; with `state`, the next click comes while this one is being done."""

    def act(session: Session, **who: Any) -> tuple[str, str]:
        home = cast.places["region"].id
        organizations.add(session, name=name, kind=OrganizationKind.EMPLOYER, authority_id=home, **who)
        if state is not None:
            state.asked_to_stop = True
        return f"已新增{name}", name

    return deeds.deed(act, "organization", name)


def count(name: str) -> int | None:
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count(Organization.id)).where(Organization.name == name))


def test_a_deed_whose_run_is_stopped_is_told_and_not_done_again_by_the_second_click(
    cast: Cast, state: SessionState
) -> None:
    assert added(cast, "示例新医院", state) == "示例新医院"
    with pytest.raises(StoppedRun):
        deeds.say("success", "what came after the deed")
    state.asked_to_stop = False
    assert added(cast, "示例新医院") == "示例新医院"
    assert count("示例新医院") == 1
    assert state["hand"].messages == [("success", "已新增示例新医院")]


def test_the_second_click_waits_for_the_first_ones_deed(cast: Cast, state: SessionState) -> None:
    deeds.say("warning", "the page is drawn")
    with ThreadPoolExecutor(2) as both:
        assert list(both.map(lambda name: added(cast, name), ["示例新医院"] * 2)) == ["示例新医院"] * 2
    assert count("示例新医院") == 1


def test_another_deed_and_the_same_one_later_are_done(
    cast: Cast, state: SessionState, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(cast, "示例新医院")
    added(cast, "示例新学校")
    assert count("示例新学校") == 1
    monkeypatch.setattr(deeds, "AGAIN", -1.0)
    assert added(cast, "示例新医院") is None
    assert state["hand"].messages[-1][0] == "error"


def test_what_is_done_back_and_forth_is_done_each_time(cast: Cast, state: SessionState) -> None:
    seen = []

    def act(_session: Session, **_who: Any) -> str:
        seen.append(here)
        return f"已{here}。"

    for here in ("停用", "启用", "停用", "停用", "启用"):  # each click a run of its own
        run = threading.Thread(target=deeds.deed, args=(act, "organization", 1, here))
        run.start()
        run.join()
    assert seen == ["停用", "启用", "停用", "启用"]


def test_a_refused_deed_can_be_done_at_once_when_it_is_mended(cast: Cast, state: SessionState) -> None:
    refusing = [Refused("reason", "请填写原因。")]

    def act(_session: Session, **_who: Any) -> str:
        if refusing:
            raise refusing.pop()
        return "已办理。"

    assert deeds.deed(act, "act", 1) is None
    assert deeds.deed(act, "act", 1) is True
    assert state["hand"].messages == [("error", "请填写原因。"), ("success", "已办理。")]
