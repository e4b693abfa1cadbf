"""The learner's exam (考试): where one is with it, the paper, each answer as it is given, handing in, the result.

Plain pages over `core.exams`; nothing that leaves here before the end tells what is right.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from core.exams import answers, exams, papers
from core.exams.answers import Given, Outcome
from core.ground import db
from core.ground.access import Refused, Role
from core.ground.hours import hours_text
from core.models import ItemKind
from core.submissions import appeals
from routes import learner, session

_LONGEST = 300
"""Bytes of one answer as a browser sends it."""
_STATUS = {Outcome.SAVED: 200, Outcome.SIGNED_OUT: 401, Outcome.OVER: 409, Outcome.OLDER: 412, Outcome.MISSING: 404}
_LETTERS = "ABCDEFGHIJ"


def _told(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """A handler whose refusals are told on a page of their own."""

    def answered(request: Request) -> Response:
        try:
            return handler(request)
        except Refused as refused:
            return learner.told(refused)

    return answered


# --- before and after -------------------------------------------------------------------------------------------------


@_told
def course(request: Request) -> Response:
    """Where one is with the exam of a course (考试进度): what it is, what was attempted, the way in."""
    with db.reading() as asked:
        actor, now = learner.who(asked, request)
        here = papers.standing(asked, request.path_params["course"], actor, now=now)
    title = f"{here.course.title}：考试"
    body = [f"<h1>{html.escape(title)}</h1>"]
    if here.passed:
        body.append('<p class="good">考试已经及格。</p>')
    if here.form:
        body += [f"<p>{html.escape(line)}</p>" for line in exams.words(here.form)]
        body.append("<p>作答随时保存；中途关闭页面、断网或换设备，回到本页可以接着答，时间照常计算。到时自动交卷。</p>")
    if here.open:
        body.append(f'<p><a class="button" href="/learn/paper/{here.open.id}">继续考试</a></p>')
    elif not here.refusal:
        if here.papers and here.papers[0].spared_at:
            body.append(f'<p class="good">申诉成立：第{here.papers[0].number}次考试不计次数，可以再考一次。</p>')
        body.append('<form method="post"><button>开始考试</button></form>')
    elif not here.passed:
        body.append(f'<p class="warn">{html.escape(here.refusal)}</p>')
    done = [paper for paper in here.papers if paper.handed_in_at]
    if done:
        rows = "".join(_attempt(paper) for paper in done)
        head = "<tr><th>次数<th>交卷时间<th class=number>得分<th>结果<th><span class=seen>解析</span>"
        body.append(f'<h2>考试记录</h2><div class="scroll" tabindex="0"><table>{head}{rows}</table></div>')
    return learner.page(title, "".join(body), script="list.js")


def _attempt(paper: Any) -> str:
    how, more = ("及格", "解析") if paper.passed else ("不及格", "解析、申诉")
    kind = "yes" if paper.passed else "no"
    score = hours_text(paper.score)
    return (
        f"<tr><td class=short>第{paper.number}次<td>{db.office_minute(paper.handed_in_at)}<td class=number>{score}"
        f'<td><span class="mark {kind}">{how}</span><td class=short><a href="/learn/paper/{paper.id}">{more}</a>'
    )


@_told
def begin(request: Request) -> Response:
    """Begin an attempt (开始考试), and go to its paper; pressed twice it is one."""
    with db.transaction() as asked:
        actor, now = learner.who(asked, request)
        seed = secrets.randbits(31)
        paper = papers.start(asked, request.path_params["course"], seed=seed, actor=actor, now=now)
    return RedirectResponse(f"/learn/paper/{paper.id}", status_code=303)


@_told
def hand_in(request: Request) -> Response:
    """Hand a paper in (交卷), and show what came of it."""
    with db.transaction() as asked:
        actor, now = learner.who(asked, request)
        paper = papers.hand_in(asked, request.path_params["paper"], actor=actor, now=now)
    return RedirectResponse(f"/learn/paper/{paper.id}", status_code=303)


@_told
def paper(request: Request) -> Response:
    """A paper (试卷): to be written while it is open, with what was right once it was handed in."""
    number = request.path_params["paper"]
    with db.reading() as asked:
        actor, now = learner.who(asked, request)
        try:
            result = papers.result(asked, number, actor)
            lost = appeals.of_paper(asked, number) if actor.role is Role.PERSON else None
        except Refused as refused:
            if refused.code != "open":
                raise
            result, sheet = None, papers.sheet(asked, number, actor)
    if result:
        return _result_page(result, lost)
    if now > sheet.paper.ends_at + papers.LATE:
        return hand_in(request)
    return _sheet_page(sheet, now)


# --- the page that is written on --------------------------------------------------------------------------------------


def _sheet_page(sheet: papers.Sheet, now: datetime) -> Response:
    seconds = max(0, int((sheet.paper.ends_at - now).total_seconds()))
    links = "".join(f'<li><a href="#q{each.place}">{each.place}</a>' for each in sheet.questions)
    title = f"{sheet.course.title}：考试"
    body = f"""<h1>{html.escape(title)}</h1>
<noscript><p class="bad">考试需要浏览器允许运行脚本，请打开后刷新本页。</p></noscript>
<details class="places"><summary>题目一览</summary><ol>{links}</ol></details>
<div data-paper="{sheet.paper.id}" data-sequence="{sheet.sequence}"
data-seconds="{seconds}" data-now="{int(datetime.now(UTC).timestamp() * 1000)}">
{"".join(map(_question, sheet.questions))}</div>
<form id="hand-in" method="post" class="bar"><span class="clock" role="timer" aria-live="off"></span>
<span id="answered"></span><span class="saved" role="status"></span><button>交卷</button>
<a id="result" class="button" href="/learn/paper/{sheet.paper.id}" hidden>查看考试结果</a></form>
<p id="alarm" class="seen" role="alert"></p>
<dialog aria-labelledby="ask"><p id="ask"><strong>确定交卷？</strong></p><p><span id="left"></span>交卷后不能再改。</p>
<p><button id="sure" type="button">交卷</button>
<button id="back" type="button" class="quiet" autofocus>继续作答</button></p></dialog>"""
    return learner.page(title, body, script="exam.js")


def _question(each: papers.Asked) -> str:
    kind = "checkbox" if each.kind is ItemKind.MULTIPLE else "radio"
    hint = "，可选几项" if each.kind is ItemKind.MULTIPLE else ""
    options = "".join(
        f'<label class="option"><input type="{kind}" name="q{each.place}"{" checked" if at in each.chosen else ""}>'
        f"<span>{_option(each, at, text)}</span></label>"
        for at, text in enumerate(each.options)
    )
    head = f"第{each.place}题 {each.kind.label}（{hours_text(each.points)}分{hint}）"
    return (
        f'<fieldset id="q{each.place}" data-place="{each.place}" data-sequence="{each.sequence}">'
        f'<legend>{head}</legend><p class="stem">{html.escape(each.stem)}</p>{options}</fieldset>'
    )


def _option(each: papers.Asked, at: int, text: str) -> str:
    letter = "" if each.kind is ItemKind.TRUE_FALSE else f"{_LETTERS[at]}. "
    return f"{letter}{html.escape(text)}"


async def answer(request: Request) -> Response:
    """Save one answer (保存作答): answered once it is committed; sent again it changes nothing.

    401 where the sign-in ended, 404 for a paper that is not theirs, 409 once it is over, 412 where another device has
    answered since (the page shows what that one chose), 422 for what no page of ours sends, 503 where nothing was saved
    and the browser is to try again.
    """
    given = _given(request.path_params["paper"], request.cookies.get(session.COOKIE, ""), await _body(request))
    if given is None:
        return JSONResponse({"words": "收到的作答不完整，请刷新页面"}, status_code=422)
    try:
        outcome = await asyncio.wrap_future(answers.LINE.put(given))
    except Exception:
        logging.getLogger("answers").exception("answers were not saved")
        return JSONResponse({"words": "没有保存上，正在重试"}, status_code=503)
    return JSONResponse({"words": outcome.label}, status_code=_STATUS[outcome])


async def _body(request: Request) -> bytes:
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > _LONGEST:
            return b""
    return found


def _given(paper_id: int, token: str, body: bytes) -> Given | None:
    """An answer out of what a browser sent; None where it is none."""
    try:
        sent = json.loads(body)
        place, chosen, sequence = sent["place"], sent["chosen"], sent["sequence"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    fits = all(type(each) is int for each in (place, chosen, sequence)) and 0 < place < 1000 and 0 <= chosen < 2**10
    if not (fits and 0 < sequence < answers.LARGEST_SEQUENCE and paper_id < 2**31):
        return None
    return Given(token, paper_id, place, chosen, sequence, datetime.now(UTC))


# --- the result -------------------------------------------------------------------------------------------------------


def _result_page(result: papers.Result, lost: appeals.Lost | None) -> Response:
    """`lost`: how it stands with an appeal, for the one who wrote it; None for the office."""
    paper = result.paper
    title = f"{result.course.title}：考试结果"
    verdict, kind = ("及格", "good") if paper.passed else ("不及格", "bad")
    score = hours_text(paper.score or Decimal())
    score = f"{score}分（满分{hours_text(result.full)}分，{hours_text(paper.pass_mark)}分及格）"
    body = [f"<h1>{html.escape(title)}</h1>", f'<p class="{kind}">第{paper.number}次考试{verdict}：{score}</p>']
    ended = "时间到，自动交卷" if paper.by_time else "交卷"
    begun, over = db.office_minute(paper.started_at), db.office_minute(paper.handed_in_at or paper.ends_at)
    body.append(f"<p>{begun}开始，{over}{ended}。</p>")
    if paper.passed and result.credited:
        body.append(f"<p>已记{hours_text(result.course.hours)}学时。</p>")
    elif paper.passed:
        body.append(f'<p class="warn">{html.escape(result.uncredited)}</p>')
    if late := [f"第{each.asked.place}题" for each in result.questions if each.late]:
        said = f"{'、'.join(late)}的作答送到时，考试时间已到或已经交卷，没有计入，见各题下的说明。"
        body.append(f'<p class="warn">{said}</p>')
    if lost:
        body += [_appeal(lost), f'<p><a href="/learn/exam/{result.course.id}">返回考试记录</a></p>']
    body += ['<h2>逐题解析</h2><div class="result">', *map(_marked, result.questions), "</div>"]
    return learner.page(title, "".join(body), script="list.js" if lost else "")


def _appeal(lost: appeals.Lost) -> str:
    """What may be said against an attempt (申诉), and how that stands."""
    said = f"<p>申诉：{html.escape(lost.appeal.words)}　{html.escape(lost.state)}</p>" if lost.appeal else ""
    if not lost.open:
        return said
    note = "作答没有计入、考试中断等情况，可以写明后申诉，由审核员答复。"
    note += "申诉成立的，这次考试不计次数，不用等待，可以再考一次。"
    return (
        f"{said}<details><summary>对这次考试申诉</summary><p>{note}</p>"
        f'<form class=appeal data-paper="{lost.about.id}"><label>当时的情况<input name="words" '
        f'maxlength="{appeals.LONGEST}" required></label><button>申诉</button><p role=status></p></form></details>'
    )


def _marked(each: papers.Marked) -> str:
    asked = each.asked
    if each.void:
        verdict = '<span class="mark yes">此题作废</span>'
    elif each.earned == asked.points:
        verdict = f'<span class="mark yes">正确，得{hours_text(each.earned)}分</span>'
    else:
        what = "未作答" if not asked.chosen else "部分正确" if each.earned else "错误"
        verdict = f'<span class="mark no">{what}，得{hours_text(each.earned)}分</span>'
    rows = []
    for at, text in enumerate(asked.options):
        marks = [name for name, holds in (("您选的", at in asked.chosen), ("正确答案", at in each.right)) if holds]
        said = (
            f' <span class="mark {"yes" if at in each.right else "no"}">（{"，".join(marks)}）</span>' if marks else ""
        )
        rows.append(f"<li>{_option(asked, at, text)}{said}")
    late = f"<p class=bad>{_late(each)}</p>" if each.late else ""
    why = f'<p class="explained">解析：{html.escape(each.explanation)}</p>' if each.explanation else ""
    head = f"第{asked.place}题 {asked.kind.label}（{hours_text(asked.points)}分）"
    return (
        f'<fieldset><legend>{head}</legend><p class="stem">{html.escape(asked.stem)}</p><ul>{"".join(rows)}</ul>'
        f"<p>{verdict}</p>{late}{why}</fieldset>"
    )


def _late(each: papers.Marked) -> str:
    """An answer that came too late to count, with its moments."""
    assert each.late is not None
    names = each.asked.options if each.asked.kind is ItemKind.TRUE_FALSE else _LETTERS
    what = "、".join(names[at] for at in sorted(each.late_chosen)) or "没有选"
    return f"没有计入的作答：{html.escape(what)}，{appeals.late_words(each.late)}，当时考试时间已到或已经交卷。"


ROUTES = [
    Route("/learn/exam/{course:int}", course),
    Route("/learn/exam/{course:int}", begin, methods=["POST"]),
    Route("/learn/paper/{paper:int}", paper),
    Route("/learn/paper/{paper:int}", hand_in, methods=["POST"]),
    Route("/learn/paper/{paper:int}/answers", answer, methods=["POST"]),
]
