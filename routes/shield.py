"""Middleware (中间件): what every request and response goes through: closed paths, security headers, page language."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routes import session, words

CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
"""Endpoints of Streamlit that answer without signing in and that an office has no use for."""


class Shield:
    """ASGI middleware: closed paths, sign-in before downloads, security headers, the page's language (zh-CN)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith(CLOSED):
            await PlainTextResponse("not found", status_code=404)(scope, receive, send)
            return
        if path.startswith("/media/") and not await run_in_threadpool(session.signed_in, Headers(scope=scope)):
            await PlainTextResponse("sign in first", status_code=401)(scope, receive, send)
            return
        if "text/html" in Headers(scope=scope).get("accept", ""):  # a page is rewritten on its way out: not compressed
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app(scope, receive, _Answer(send).send)


class _Answer:
    """Response rewriting: security headers on every response, language and head of an HTML page."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Pass one ASGI message on; an HTML body is held back until it is whole."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("X-Frame-Options", "SAMEORIGIN")
            headers.setdefault("Referrer-Policy", "same-origin")
            if headers.get("content-type", "").startswith("text/html"):
                self._start = message  # the length is not known before the body is
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = self._body.replace(b'<html lang="en"', b'<html lang="zh-CN"', 1)
            page = page.replace(b"</head>", words.HEAD + b"</head>", 1)
            headers = MutableHeaders(scope=self._start)
            for name in ("content-length", "etag", "last-modified"):
                del headers[name]
            headers["content-length"] = str(len(page))
            await self._send(self._start)
            self._start = None
            message = {"type": "http.response.body", "body": page}
        await self._send(message)
