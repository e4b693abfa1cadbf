"""Study on a phone or PC (网络学习): one's courses, the player, its beats. No Streamlit session stands behind it.

Every answer is a few lines over `core.courses`; the clock is the server's, and the page's script only shows it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from core.courses import courses, passing, study
from core.exams import exams, papers
from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.ground.hours import hours_text
from core.models import Course, Enrolment, ExamState, Lesson, LessonKind, UncountedTime
from core.people import accounts, setup
from core.records import completions, tokens
from core.submissions import appeals
from core.submissions.kinds import KINDS
from routes import learner
from routes.session import COOKIE, DEVICE

LARGEST = 10_000
"""Bytes of one message of the player."""
SIGNED_OUT = "登录已失效，请重新登录后继续学习，已记的时间都在。"


# --- pages --------------------------------------------------------------------------------------------------------


def overview(request: Request) -> Response:
    """The learner's courses (我的课程): how far each has come, what is missing, what was not counted."""
    with db.reading() as session:
        actor = _actor(session, request.headers)
        if actor is None:
            return RedirectResponse("/", status_code=303)
        cards = []
        if own := actor.role is Role.PERSON:
            now = setup.moment(session, datetime.now(UTC))
            cards = [_card(session, each, actor, now) for each in study.listed(session, actor)]
    if not own:
        return _page("在线学习", "<p>在线学习由学员本人使用。</p>", status=403)
    body = "".join(cards) or "<p>现在没有安排给您的课程。课程由主管的人社部门或考试机构发布，发布后列在这里。</p>"
    return _page("在线学习", body, script="list.js")


def player(request: Request) -> Response:
    """The player of a lesson (学习页面): for its learner by the clock, for the office as a preview."""
    with db.reading() as session:
        actor = _actor(session, request.headers)
        if actor is None:
            return RedirectResponse("/", status_code=303)
        try:
            course, lesson = _lesson(session, request.path_params["lesson"], actor)
        except Refused as refused:
            title, body, script, status = "在线学习", f"<p>{html.escape(refused.words)}</p>", "", 404
        else:
            preview = actor.role is not Role.PERSON
            rows = [] if preview else study.standing(session, course, actor.person_id or 0)[1]
            state = {each.lesson.id: each for each in rows}
            title, body, script, status = lesson.title, _player(course, lesson, state, preview), "player.js", 200
    return _page(title, body, script=script, status=status)


def file(request: Request) -> Response:
    """The file of a lesson (课件), in whatever range the browser asks for; 404 for those who may not have it."""
    found = _file(request)
    if found is None:
        return Response(status_code=404)
    kinds = {".pdf": "application/pdf", ".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm"}
    return FileResponse(found, media_type=kinds.get(found.suffix.lower(), "application/octet-stream"))


def page(request: Request) -> Response:
    """A page of a lesson's PDF as an image, for those who may have the file."""
    found, number = _file(request), request.path_params["number"]
    drawn = courses.pages(found.relative_to(courses.folder()).as_posix()) if found else []
    return FileResponse(drawn[number - 1]) if 0 < number <= len(drawn) else Response(status_code=404)


def certificate(request: Request) -> Response:
    """One's own certificate of a course (结业证书) as a PDF, issued at the first time it is asked for."""
    number = request.path_params["course"]
    try:
        with db.transaction() as session:
            actor, now = learner.who(session, request)
            made = completions.issue(session, number, actor=actor, now=now)
            address = setup.address(setup.settings(session))
    except Refused as refused:
        return learner.told(refused)
    content = completions.pdf(made, verify_url=tokens.place(address, made.code))
    name = f"attachment; filename*=UTF-8''{quote(completions.filename(made))}"
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": name})


# --- deeds ------------------------------------------------------------------------------------------------------------


async def deed(request: Request) -> Response:
    """What a page asks to be done, as JSON: begin, open, beat, answer, appeal. Same-origin JSON only.

    401 where nobody is signed in, 409 with words for what is refused, 400 and 415 for what no page of ours sends.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return JSONResponse({"words": "forbidden"}, status_code=403)
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return JSONResponse({"words": "JSON expected"}, status_code=415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return JSONResponse({"words": "too large"}, status_code=413)
    return await run_in_threadpool(_done, body, request.headers)


def _done(body: bytes, headers: Headers) -> Response:
    try:
        asked = json.loads(body)
        act = DEEDS[asked.pop("do")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return JSONResponse({"words": "not understood"}, status_code=400)
    real = datetime.now(UTC)
    token = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    try:
        with db.transaction() as session:
            actor = accounts.actor_of(session, token, real)
            if actor is None or token is None:
                return JSONResponse({"words": SIGNED_OUT}, status_code=401)
            accounts.used(session, [token], real)
            answer = act(session, asked, actor, setup.moment(session, real), headers)
    except Refused as refused:
        return JSONResponse({"code": refused.code, "words": refused.words}, status_code=409)
    except (KeyError, TypeError):
        return JSONResponse({"words": "not understood"}, status_code=400)
    return JSONResponse(answer)


def _begin(session: Session, asked: Mapping[str, Any], actor: Actor, now: datetime, _headers: Headers) -> Any:
    study.enrol(session, asked["course"], asked["year"], actor=actor, now=now)
    return {"words": "已开始学习。"}


def _open(session: Session, asked: Mapping[str, Any], actor: Actor, now: datetime, headers: Headers) -> Any:
    cookies = cookie_parser(headers.get("cookie", ""))
    device = f"{cookies.get(DEVICE, '')} {headers.get('user-agent', '')}"[:2000]
    opened = study.open_lesson(session, asked["lesson"], device=device, actor=actor, now=now)
    return {"token": opened.token, "beat": opened.beat, "noSeeking": opened.no_seeking, **_told(opened.now)}


def _beat(session: Session, asked: Mapping[str, Any], actor: Actor, now: datetime, _headers: Headers) -> Any:
    said = {name: asked[name] for name in ("place", "hidden", "ended", "leaving") if name in asked}
    return _told(study.beat(session, asked["token"], **said, actor=actor, now=now))


def _answer(session: Session, asked: Mapping[str, Any], actor: Actor, now: datetime, _headers: Headers) -> Any:
    right, told = study.answer(session, asked["token"], asked["chosen"], actor=actor, now=now)
    return {"right": right, **_told(told)}


def _appeal(session: Session, asked: Mapping[str, Any], actor: Actor, now: datetime, _headers: Headers) -> Any:
    act, about = (appeals.contest, "paper") if "paper" in asked else (appeals.file, "time")
    filed = act(session, asked[about], words=asked["words"], actor=actor, now=now)
    return {"words": f"申诉已提出，由{filed.authority.name}答复。"}


_Act = Callable[[Session, Mapping[str, Any], Actor, datetime, Headers], Any]
DEEDS: dict[str, _Act] = {"begin": _begin, "open": _open, "beat": _beat, "answer": _answer, "appeal": _appeal}


def _told(beat: study.Beat) -> dict[str, Any]:
    return {
        "seconds": beat.seconds,
        "needed": beat.needed,
        "reached": beat.reached,
        "place": beat.place,
        "finished": beat.finished,
        "courseFinished": beat.course_finished,
        "following": beat.following,
        "words": beat.words,
        "ended": beat.ended,
        "question": beat.question,
    }


# --- who, which -----------------------------------------------------------------------------------------------------


def _actor(session: Session, headers: Headers) -> Actor | None:
    token = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    found = accounts.actor_of(session, token, datetime.now(UTC))
    return None if found is None or found.held_back else found


def _lesson(session: Session, lesson_id: int, actor: Actor) -> tuple[Course, Lesson]:
    """A lesson of a course the actor finds. Refused codes: "missing"."""
    lesson = session.get(Lesson, lesson_id)
    course = courses.load(session, lesson.course_id if lesson else 0, actor)
    assert lesson is not None
    return course, lesson


def _file(request: Request) -> Path | None:
    """The file of a lesson, for those who may have it."""
    with db.reading() as session:
        actor = _actor(session, request.headers)
        if actor is None:
            return None
        try:
            _, lesson = _lesson(session, request.path_params["lesson"], actor)
        except Refused:
            return None
    found = courses.folder() / lesson.file
    return found if lesson.file and found.is_file() else None


# --- drawn ------------------------------------------------------------------------------------------------------------


def _card(session: Session, course: Course, actor: Actor, now: datetime) -> str:
    """A course as its learner has it: its way in one line, its lessons, what was not counted."""
    begun, rows = study.standing(session, course, actor.person_id or 0)
    why = study.closed(course, db.office_day(now))
    facts = f"{course.year}年度 · 第{course.edition}版 · {hours_text(course.hours)}学时 · {course.organization.name}"
    if begun:
        facts += f" · 学时记入{begun.credit_year}年度"
    parts = [f"<h2>{html.escape(course.title)}</h2><p class=facts>{html.escape(facts)}</p>"]
    if course.about:
        parts.append(f"<p>{html.escape(course.about)}</p>")
    steps = passing.way(session, course, actor.person_id or 0)
    parts.append(f"<ol class=way>{''.join(map(_step, steps))}</ol>")
    parts.append(_exam(session, course, begun, actor, now))
    if any(step.word == passing.POSTED and step.at for step in steps) and completions.offered(course):
        way = f"/learn/certificate/{course.id}"
        parts.append(f'<form method=post action="{way}"><button class=quiet>下载结业证书</button></form>')
    if why:
        parts.append(f"<p class=note>{html.escape(why)}。</p>")
    if begun is None:
        parts.append(_beginning(course) if not why else "")
    else:
        parts.append(f"<ol class=lessons>{''.join(_row(each) for each in rows)}</ol>")
        times = study.uncounted(session, begun.id, actor)
        parts.append(_uncounted(times, appeals.about(session, times)))
    return f"<section class=course>{''.join(parts)}</section>"


def _exam(session: Session, course: Course, begun: Enrolment | None, actor: Actor, now: datetime) -> str:
    """The way to the exam (考试), once the course is studied and its exam is open: as things stand with it."""
    exam = exams.of_course(session, course.id)
    if begun is None or begun.finished_at is None or exam is None or exam.state is not ExamState.OPEN:
        return ""
    here = papers.standing(session, course.id, actor, now=now)
    over = begun.passed_at or here.refusal
    words = "继续考试" if here.open else "参加考试" if not over else "考试记录与解析" if here.papers else "考试安排"
    wait = "" if here.open or begun.passed_at or not here.refusal else f"<p class=note>{html.escape(here.refusal)}</p>"
    return f'<p><a class=button href="/learn/exam/{course.id}">{words}</a></p>{wait}'


def _step(step: passing.Step) -> str:
    moment = db.office_minute(step.at) if step.at else ""
    done = " class=done" if step.at else ""
    words = f"{moment}　{step.words}" if moment else step.words
    return f"<li{done}><b>{html.escape(step.word)}</b><span>{html.escape(words)}</span></li>"


def _beginning(course: Course) -> str:
    """The first screen of a course: for which credit year its hours are to count."""
    years = "".join(
        f'<label><input type="radio" name="year" value="{year}"{" checked" if at == 0 else ""}>{year}年度</label>'
        for at, year in enumerate(sorted(course.credit_years, reverse=True))
    )
    return (
        f'<form class=begin data-course="{course.id}"><fieldset><legend>学时记入哪一年度</legend>{years}</fieldset>'
        "<button>开始学习</button><p role=status></p></form>"
    )


def _row(row: study.LessonStanding) -> str:
    lesson = row.lesson
    name = f"第{lesson.position}节 {html.escape(lesson.title)}"
    if row.finished_at:
        said = "已学完"
    elif row.seconds:
        said = f"已学{appeals.length(row.seconds)}，共{appeals.length(lesson.seconds)}"
    else:
        said = f"{appeals.length(lesson.seconds)}"
    if row.open or row.finished_at:
        more = "复习" if row.finished_at else "继续学习" if row.seconds else "学习"
        name = f'<a href="/learn/{lesson.id}">{name}</a><a class=button href="/learn/{lesson.id}">{more}</a>'
    return f"<li>{name}<small>{said}{'' if row.open or row.finished_at else '，学完上一节后开放'}</small></li>"


def _uncounted(times: list[UncountedTime], filed: Mapping[int, appeals.Lost]) -> str:
    """What was not counted, with its moments and reasons; each may be appealed."""
    if not times:
        return ""
    rows = []
    for each in times:
        lost = filed[each.id]
        if each.granted_at:
            state = "<em>已补计</em>"
        elif lost.appeal is not None:
            said = KINDS[lost.appeal.kind].word_for(lost.appeal.state)
            state = f'<em>{said}</em>　<a href="/credit_lookup">查看答复</a>'
        elif lost.settled:
            state = f"<em>{html.escape(lost.settled)}</em>"
        else:
            state = (
                f'<form class=appeal data-time="{each.id}"><label>当时的情况<input name="words" maxlength="500" '
                "required></label><button>申诉</button><p role=status></p></form>"
            )
        about = f"第{each.lesson.position}节　{appeals.spell(each)}　{each.reason.label}"
        rows.append(f"<li><span>{html.escape(about)}</span>{state}</li>")
    head = f"未计入的时间（{len(times)}段）"
    note = "这些时间没有计入学习时长。认为应当计入的，写明情况后申诉，由审核员答复。"
    return f"<details class=lost><summary>{head}</summary><p>{note}</p><ul>{''.join(rows)}</ul></details>"


def _player(course: Course, lesson: Lesson, state: Mapping[int, study.LessonStanding], preview: bool) -> str:
    links = []
    for each in course.lessons:
        known = state.get(each.id)
        reachable = preview or (known is not None and (known.open or known.finished_at))
        name = f"第{each.position}节 {html.escape(each.title)}"
        mark = "　✓" if known is not None and known.finished_at else ""
        here = ' aria-current="page"' if each.id == lesson.id else ""
        links.append(f'<li><a href="/learn/{each.id}"{here}>{name}</a>{mark}</li>' if reachable else f"<li>{name}</li>")
    where = f"{html.escape(course.title)} · 第{lesson.position}节，共{len(course.lessons)}节"
    clock = (
        "<p class=note>预览：学员看到的内容，不计时。</p>"
        if preview
        else f"""<div class=timer><progress id=bar max="{lesson.seconds}" value="0" aria-label="本节进度"></progress>
<p id=time>正在打开…</p><p id=said role=status aria-live=polite></p>
<p><button id=here type=button hidden>在这里继续</button><a id=next class=button hidden>学下一节</a></p></div>"""
    )
    return f"""<p class=facts>{where}</p>{clock}
<div id=lesson data-lesson="{lesson.id}" data-kind="{lesson.kind.value}"{" data-preview" if preview else ""}>
{_content(lesson)}</div>
<dialog id=ask aria-labelledby=stem><form method=dialog><h2 id=stem></h2><div id=options></div>
<p id=wrong role=alert></p><button>回答</button></form></dialog>
<nav aria-label="课节"><details><summary>全部课节</summary><ol>{"".join(links)}</ol></details></nav>"""


def _content(lesson: Lesson) -> str:
    match lesson.kind:
        case LessonKind.VIDEO:
            return f'<video id=video src="/learn/{lesson.id}/file" controls playsinline preload="metadata"></video>'
        case LessonKind.LINK:
            address = html.escape(lesson.address)
            return f'<video id=video src="{address}" controls playsinline preload="metadata"></video>'
        case LessonKind.PDF:
            many = len(courses.pages(lesson.file))
            images = "".join(
                f'<img src="/learn/{lesson.id}/page/{at}" loading="lazy" alt="第{at}页，共{many}页">'
                for at in range(1, many + 1)
            )
            return f'<div class=pages>{images}</div><p><a href="/learn/{lesson.id}/file" download>下载PDF</a></p>'
    return f"<article id=text>{_prose(lesson.body)}</article>"


def _prose(text: str) -> str:
    """Text as paragraphs; a line that begins with # is a heading."""
    lines = (line for line in text.split("\n") if line)
    return "".join(
        f"<h2>{html.escape(line.lstrip('# '))}</h2>" if line.startswith("#") else f"<p>{html.escape(line)}</p>"
        for line in lines
    )


def _page(title: str, body: str, *, script: str = "", status: int = 200) -> HTMLResponse:
    return learner.page(
        title if title == "在线学习" else f"{title} · 在线学习",
        f"<h1>{html.escape(title)}</h1>{body}",
        script=script,
        wide=True,
        status=status,
    )
