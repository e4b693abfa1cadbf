"""What the learner's own pages share (学员页面): their shell, style and scripts; who asks; how a refusal is told.

Plain pages beside the screens, under /learn/: a thousand learners need no thousand sessions of Streamlit.
"""

from __future__ import annotations

import hashlib
import html
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Scope

from core.ground import db
from core.ground.access import Actor, Refused
from core.people import accounts, setup
from core.people.identity import Identity, identity
from routes import session as sessions

PREFIX = "/learn/"
"""What the addresses of these pages begin with."""
FOLDER = Path(__file__).parent / "learning"
_MARK = db.ROOT / "web" / "drawings" / "mark.svg"
_DIGESTS = {each.name: hashlib.sha256(each.read_bytes()).hexdigest()[:16] for each in sorted(FOLDER.iterdir())}
_KINDS = {".js": "text/javascript", ".css": "text/css"}


def asset(name: str) -> str:
    """The address of a style or script; it changes with its content, so browsers may keep it."""
    return f"{PREFIX}assets/{name}?{_DIGESTS[name]}"


def serve(request: Request) -> Response:
    """A style or a script of these pages. 404 for any other name."""
    name = request.path_params["name"]
    if name not in _DIGESTS:
        return Response(status_code=404)
    kept = {"Cache-Control": "max-age=31536000, immutable"}
    return FileResponse(FOLDER / name, media_type=_KINDS[Path(name).suffix], headers=kept)


def is_hashed(scope: Scope) -> bool:
    """Whether a style or script is asked for by the address that changes with its content."""
    place, _, name = scope["path"].rpartition("/")
    kept = _DIGESTS.get(name, "")
    return bool(kept) and f"{place}/" == f"{PREFIX}assets/" and scope["query_string"] == kept.encode()


def who(session: Session, request: Request) -> tuple[Actor, datetime]:
    """Who asks, by the session's cookie, and the office's moment. Refused codes: "signed_out"."""
    real = datetime.now(UTC)
    actor = accounts.actor_of(session, request.cookies.get(sessions.COOKIE), real)
    if actor is None:
        raise Refused("signed_out", "您还没有登录，或登录已经结束。登录后再打开本页，学习和作答都在。")
    return actor, setup.moment(session, real)


def _whose() -> Identity:
    """Whose pages these are (单位名称、标志); the system's own where the office cannot be read."""
    try:
        with db.reading() as session:
            return identity(session)
    except (Refused, SQLAlchemyError):
        return Identity("", None)


def head() -> str:
    """The office's mark and name (单位标志和名称) as HTML, which stand at the head of every page without Streamlit.

    It asks the database: not to be called where requests wait for it.
    """
    whose = _whose()
    return f'<img src="{whose.picture(_MARK)}" alt="" width="32" height="32">{html.escape(whose.called)}'


def page(title: str, body: str, *, script: str = "", wide: bool = False, status: int = 200) -> HTMLResponse:
    """A page of the learner's (学员页面): `body` is HTML, everything foreign escaped; the script is a file."""
    code = f'<script src="{asset(script)}" defer></script>' if script else ""
    return HTMLResponse(
        f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{html.escape(title)}</title>
<link rel="stylesheet" href="{asset("learner.css")}">{code}</head>
<body{' class="wide"' if wide else ""}><a class="skip" href="#main">跳到正文</a>
<header><span>{head()}</span>
<nav><a href="/">首页</a><a href="/learn">我的课程</a></nav></header>
<main id="main">{body}</main></body></html>""",
        status_code=status,
    )


def told(refused: Refused) -> HTMLResponse:
    """A refusal as a page (不予办理): what happened and what to do; the way to the sign-in where that is it."""
    status = {"signed_out": 401, "missing": 404, "role": 403, "password": 403, "sick": 503}.get(refused.code, 409)
    way = "去登录" if status == 401 else "回到首页"
    body = f'<h1>没有打开</h1><p class="bad" role="alert">{html.escape(refused.words)}</p><p><a href="/">{way}</a></p>'
    return page("没有打开", body, status=status)
