"""The learner's pages over HTTP: videos in pieces, deeds as JSON, a preview for the office, nothing for strangers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from core.courses import courses
from core.ground import db, paper
from core.ground.access import Refused, Role
from core.models import Course, Enrolment, LessonKind
from core.people import accounts
from core.trail.files import Upload
from routes import addresses
from routes.session import COOKIE
from tests import cast as c
from tests import ready
from tests.asking import answered

YEAR = datetime.now(UTC).year
APP = Starlette(routes=addresses.ROUTES)


@pytest.fixture
def cast(office: Path) -> c.Cast:
    cast = ready.office(learner)
    courses.folder().mkdir()
    (courses.folder() / "lesson.mp4").write_bytes(bytes(range(256)) * 4)
    return cast


def learner() -> c.Cast:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    c.posted(cast, c.sheet([c.row(5, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    c.give_account(cast, 1, "person")
    c.give_account(cast, 5, "hohhot_person")
    return cast


def course(cast: c.Cast) -> Course:
    checks = "哪一项正确？\n*甲<b>\n乙"
    watched = replace(c.LESSON, kind=LessonKind.VIDEO, file="lesson.mp4", body="", checks=checks)
    second = replace(c.LESSON, title="<script>第二讲", hours=Decimal(0), body="# 标题\n<img src=x>")
    return c.publish_course(cast, watched, second, year=YEAR, credit_years=(YEAR,))


def ask(by: str | None, path: str, asked: Any = None, **headers: str) -> httpx.Response:
    """What somebody signed in, or nobody, is answered at an address; `asked` is sent as JSON."""
    if by:
        with db.transaction() as session:
            token = accounts.sign_in(session, by, fits=True, now=datetime.now(UTC))
        headers["cookie"] = f"{COOKIE}={token}"

    if asked is None:
        return answered(APP, "GET", path, headers=headers)
    headers = {"content-type": "application/json"} | headers
    return answered(APP, "POST", path, content=json.dumps(asked), headers=headers)


def test_a_video_comes_in_pieces_to_those_who_may_see_it(cast: c.Cast) -> None:
    path = f"/learn/{course(cast).lessons[0].id}/file"
    piece = ask("person", path, range="bytes=256-259")
    assert (piece.status_code, piece.content, piece.headers["content-type"]) == (206, bytes(range(4)), "video/mp4")
    assert piece.headers["content-range"] == "bytes 256-259/1024"
    assert [ask(by, path).status_code for by in ("exam", "reviewer", "employer")] == [200, 200, 200]
    assert [ask(by, path).status_code for by in (None, "hohhot_person", "base")] == [404, 404, 404]


def test_study_is_done_over_json_and_refused_in_words(cast: c.Cast) -> None:
    lesson = course(cast).lessons[0]
    begun = {"do": "begin", "course": lesson.course_id, "year": YEAR}
    opening = {"do": "open", "lesson": lesson.id}
    assert ask(None, "/learn/deed", begun).status_code == 401
    assert ask("person", "/learn/deed", opening).json()["code"] == "begin"
    assert ask("person", "/learn/deed", begun).status_code == 200
    opened = ask("person", "/learn/deed", opening).json()
    assert (opened["beat"], opened["noSeeking"], opened["seconds"]) == (30, True, 0)
    told = ask("person", "/learn/deed", {"do": "beat", "token": opened["token"], "place": 0, "hidden": False})
    assert told.status_code == 200
    with db.transaction() as session:
        session.query(Enrolment).update({"check": '{"stem":"哪项？","options":["甲","乙"],"right":1}'})
    asked = ask("person", "/learn/deed", {"do": "beat", "token": opened["token"], "place": 0})
    assert asked.json()["question"] == {"stem": "哪项？", "options": ["甲", "乙"]}
    wrong = ask("person", "/learn/deed", {"do": "answer", "token": opened["token"], "chosen": 0})
    assert (wrong.json()["right"], "再想一想" in wrong.json()["words"]) == (False, True)
    for by, bad, status in (
        ("person", {"do": "beat", "token": opened["token"], "place": "7"}, 409),
        ("person", {"do": "beat", "place": 7}, 400),
        ("person", {"do": "nothing"}, 400),
        ("person", [], 400),
        ("person", {"do": "open", "lesson": lesson.id, "more": "x" * 10_001}, 413),
        ("hohhot_person", {"do": "beat", "token": opened["token"], "place": 0}, 409),
        ("exam", opening, 409),
    ):
        assert ask(by, "/learn/deed", bad).status_code == status, bad
    assert ask("person", "/learn/deed", opening, **{"content-type": "text/plain"}).status_code == 415
    assert ask("person", "/learn/deed", opening, **{"sec-fetch-site": "cross-site"}).status_code == 403


def test_the_page_shows_no_answer_and_no_markup_of_others_and_the_office_a_preview(cast: c.Cast) -> None:
    first, second = course(cast).lessons
    page = ask("exam", f"/learn/{second.id}")
    assert "预览：学员看到的内容，不计时。" in page.text
    assert "<script>第二讲" not in page.text
    assert "<img src=x" not in page.text
    assert "甲" not in ask("exam", f"/learn/{first.id}").text
    assert ask(None, "/learn").status_code == 303
    assert ask("reviewer", "/learn").status_code == 403
    assert "铸牢中华民族共同体意识" in ask("person", "/learn").text
    assert "铸牢中华民族共同体意识" not in ask("hohhot_person", "/learn").text
    assert ask("hohhot_person", f"/learn/{first.id}").status_code == 404


def test_a_pdf_is_drawn_page_by_page_and_one_that_cannot_be_opened_is_refused(cast: c.Cast) -> None:
    book = paper.Page("讲义")
    book.add_page()
    content = bytes(book.output())
    (courses.folder() / "讲义.pdf").write_bytes(content)
    (courses.folder() / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    read = replace(c.LESSON, kind=LessonKind.PDF, file="讲义.pdf", body="")
    lesson = c.publish_course(cast, read, year=YEAR, credit_years=(YEAR,)).lessons[0]
    assert f'src="/learn/{lesson.id}/page/1"' in ask("exam", f"/learn/{lesson.id}").text
    shown = ask("person", f"/learn/{lesson.id}/page/1")
    assert (shown.headers["content-type"], shown.content[:4]) == ("image/png", b"\x89PNG")
    assert [ask("person", f"/learn/{lesson.id}/page/{at}").status_code for at in (0, 2)] == [404, 404]
    assert ask("hohhot_person", f"/learn/{lesson.id}/page/1").status_code == 404
    with pytest.raises(Refused, match=r"^file:"):
        c.offer_course(cast, replace(read, file="broken.pdf"), year=YEAR, credit_years=(YEAR,))
    with db.transaction() as session:  # an upload keeps its name, for its own organization
        who: Any = {"actor": cast["exam"], "now": c.NOW}
        made = courses.draft(session, c.COURSE, **who)
        given = Upload("第一讲.pdf", content)
        kept = courses.put_lesson(session, made.id, None, read, version=made.version, upload=given, **who)
        assert kept.file.startswith("第一讲-")
        assert courses.files_for(session, LessonKind.PDF, cast["exam"]) == ["broken.pdf", kept.file, "讲义.pdf"]
        league = replace(cast["hohhot_reviewer"], role=Role.BASE_CLERK)
        assert courses.files_for(session, LessonKind.PDF, league) == []  # those are the exam authority's
        courses.laid_in(league).mkdir()
        (courses.laid_in(league) / "讲义.pdf").write_bytes(content)
        assert courses.files_for(session, LessonKind.PDF, league) == [f"{league.organization_id}/讲义.pdf"]
        assert courses.files_for(session, LessonKind.PDF, cast["exam"]) == ["broken.pdf", kept.file, "讲义.pdf"]
        theirs = courses.draft(session, c.COURSE, actor=league, now=c.NOW)
        read = replace(read, file=f"{league.organization_id}/讲义.pdf")
        lesson = courses.put_lesson(session, theirs.id, None, read, version=theirs.version, actor=league, now=c.NOW)
    assert len(courses.pages(lesson.file)) == 1
    with db.transaction() as session, pytest.raises(Refused, match=r"^fields:"):
        courses.put_lesson(session, made.id, None, read, version=made.version, **who)
