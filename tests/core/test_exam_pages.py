"""The exam over HTTP: nothing tells what is right before the end, each answer is told only once it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware

from core.ground import db
from core.models import Exam, ExamQuestion
from core.people import setup
from routes import addresses, shield
from routes.session import COOKIE
from tests import cast as c
from tests import ready, sat
from tests.asking import answered

APP = Starlette(routes=addresses.ROUTES, middleware=[Middleware(shield.Shield)])


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(sat.office)


def ask(token: str, method: str, path: str, **sent: Any) -> httpx.Response:
    return answered(APP, method, path, cookies={COOKIE: token}, **sent)


def test_an_exam_is_begun_answered_handed_in_and_explained_over_plain_pages(cast: c.Cast) -> None:
    assert cast
    mine, other = (sat.token_of(who, now=datetime.now(UTC)) for who in ("person1", "person2"))
    with db.transaction() as session:
        exam = session.scalars(sa.select(Exam)).one()
        exam.closes_on = db.office_day(datetime.now(UTC)) + timedelta(days=1)  # long after its year
        course = f"/learn/exam/{exam.course_id}"
        setup.decide_setting(session, "name", "某盟<人社局>")
    refused = ask("nobody's", "GET", course).text
    assert "您还没有登录" in refused
    assert "某盟&lt;人社局&gt;</span>" in refused
    assert "开始考试" in ask(mine, "GET", course).text
    paper = ask(mine, "POST", course).headers["location"]
    assert ask(mine, "POST", course).headers["location"] == paper
    page = ask(mine, "GET", paper)
    assert "某盟&lt;人社局&gt;</span>" in page.text
    assert "img-src 'self' data:" in page.headers["content-security-policy"]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert not [word for word in ("正确答案", "因为", "true", "right") if word in page.text.lower()]
    assert ask(other, "GET", paper).status_code == 404
    sent = {"place": 1, "chosen": 2, "sequence": 1}
    answers = f"{paper}/answers"
    assert ask(mine, "POST", answers, json=sent).status_code == 200
    for status, token, given in (
        (404, other, sent),
        (401, "nobody's", sent),
        (422, mine, sent | {"chosen": "2"}),
        (422, mine, sent | {"place": True}),
        (422, mine, [sent]),
        (422, mine, sent | {"more": "x" * 400}),
        (404, mine, sent | {"place": 99}),
    ):
        assert ask(token, "POST", answers, json=given).status_code == status, given
    with db.reading() as session:
        assert session.execute(
            sa.select(ExamQuestion.place, ExamQuestion.chosen).where(ExamQuestion.sequence > 0)
        ).all() == [(1, 2)]
    assert 'name="q1" checked' in ask(mine, "GET", paper).text  # in whatever browser it is gone on with
    assert ask(mine, "POST", paper).headers["location"] == paper
    result = ask(mine, "GET", paper).text
    assert "正确答案" in result
    assert "解析：因为" in result
    assert ask(mine, "POST", answers, json=sent).status_code == 200  # it was there in time
    assert ask(mine, "POST", answers, json=sent | {"chosen": 1, "sequence": 10}).status_code == 409
    result = ask(mine, "GET", paper).text
    assert "没有计入的作答：" in result
    appeal = {"do": "appeal", "paper": int(paper.rpartition("/")[2]), "words": "断网<b>"}
    assert "申诉已提出" in ask(mine, "POST", "/learn/deed", json=appeal).json()["words"]
    assert "申诉：断网&lt;b&gt;　待答复" in ask(mine, "GET", paper).text
    assert "至少间隔30分钟" in ask(mine, "GET", course).text
