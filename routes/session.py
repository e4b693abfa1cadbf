"""Sign-in session (登录会话): the HttpOnly cookie a browser holds, set at /session, and who it belongs to."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import PlainTextResponse, Response

from core.ground import db
from core.people import accounts, tries

COOKIE = "ce_session"
"""The name of the session cookie."""
DEVICE = "ce_device"
"""The name of the cookie by which a browser is known to the accounts that have signed in from it."""
LARGEST = 4096
"""Bytes of a token as JSON."""
REMEMBERED = 365 * 24 * 3600
"""Seconds for which it is known."""


async def start_session(request: Request) -> Response:
    """Start a session (登录): turn the token of a sign-in into the HttpOnly cookie. Same-origin JSON only.

    401 for an unknown token, 403 from another site, 415 for anything but JSON.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return PlainTextResponse("forbidden", status_code=403)
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return PlainTextResponse("JSON expected", status_code=415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return PlainTextResponse("too large", status_code=413)
    return await run_in_threadpool(
        _session_response, body, request.cookies.get(DEVICE, ""), request.url.scheme == "https"
    )


def _session_response(body: bytes, device: str, secure: bool) -> Response:
    """The response that sets the cookie, in a thread of its own: it asks the database."""
    try:
        token = json.loads(body)["token"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return PlainTextResponse("a token expected", status_code=400)
    with db.reading() as session:
        actor = accounts.actor_of(session, token, datetime.now(UTC)) if isinstance(token, str) else None
    if actor is None or actor.account_id is None:
        return PlainTextResponse("no such session", status_code=401)
    response = PlainTextResponse("ok")
    seconds = int(accounts.SIGN_IN_LASTS.total_seconds())
    response.set_cookie(COOKIE, token, max_age=seconds, httponly=True, samesite="strict", secure=secure)
    known = tries.remembered(device, actor.account_id)
    response.set_cookie(DEVICE, known, max_age=REMEMBERED, httponly=True, samesite="strict", secure=secure)
    return response


def signed_in(headers: Headers) -> bool:
    """Authentication (身份验证): whether a request carries the cookie of a session that stands."""
    return account(headers) is not None


def account(headers: Headers) -> int | None:
    """The account whose session a request carries the cookie of, while that stands."""
    return account_of(cookie_parser(headers.get("cookie", "")).get(COOKIE))


def account_of(token: str | None) -> int | None:
    """The account whose session a token is of, while that stands."""
    with db.reading() as session:
        actor = accounts.actor_of(session, token, datetime.now(UTC))
    return actor.account_id if actor else None
