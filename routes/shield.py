"""What every answer carries (安全响应头): what a browser may load, keep and show; the page's language and head."""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routes import door, learner, words

_NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'self'"
PAGE = (
    f"{_NOTHING}; script-src 'self' blob:{{inline}}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'{socket}; frame-src 'self' blob:; worker-src 'self' blob:; "
    "media-src 'self' blob:; manifest-src 'self'; form-action 'self'"
)
"""Content security policy of the screens: everything from here. `blob:` scripts are our own components, which Streamlit
loads so; a style written into the page is how it draws everything."""
FILE = f"{_NOTHING}; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; form-action 'self'"
"""Content security policy of all else: our pages without a script, downloads, data. Nothing in it runs."""
SCRIPTED = (
    f"{_NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' https:; frame-src 'self'; form-action 'self'"
)
"""Content security policy of our own pages with a script of theirs: files of ours alone, and videos where they lie."""
_WITH_SCRIPT = re.compile(r"/learn(/\d+)?|/learn/(exam|paper)/\d+")
_INLINE = re.compile(rb"<script>((?:(?!<script>).)*?)</script>", re.DOTALL)
_HASHED = re.compile(r"/static/.+\.[\w-]{8}\.\w+")
_FOREIGN = ("access-control-allow-origin", "access-control-allow-credentials")
_BARE = {
    b"Bad Request": "没有这样的地址，请核对，或从首页进入 (bad request)",
    b"Not Found": "没有这个地址 (not found)",
    b"Method Not Allowed": "这个地址不能这样打开，请从首页进入 (method not allowed)",
}
"""What Streamlit and Starlette answer in English alone, and what stands there instead."""
_BARE_KINDS = ("", "text/plain; charset=utf-8")
YEAR = 365 * 24 * 3600


class Shield:
    """ASGI middleware: security headers on every answer, the page's language (zh-CN) and head."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "text/html" in Headers(scope=scope).get("accept", ""):  # a page is rewritten on its way out: not compressed
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app(scope, receive, _Answer(scope, send).send)


class _Answer:
    """Response rewriting: security headers on every response, language and head of one of Streamlit's pages."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Pass one ASGI message on; an HTML body is held back until it is whole."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            self._protect(headers, message["status"])
            kind = headers.get("content-type", "")
            if kind.startswith("text/html") or (message["status"] in {400, 404, 405} and kind in _BARE_KINDS):
                self._start = message  # the length is not known before the body is
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            self._rewrite(MutableHeaders(scope=self._start))
            await self._send(self._start)
            self._start = None
            message = {"type": "http.response.body", "body": self._body}
        await self._send(message)

    def _protect(self, headers: MutableHeaders, status: int) -> None:
        """What a browser may do with any answer: keep it only where its name changes with its content."""
        for name in _FOREIGN:  # nothing here is for the pages of other sites
            del headers[name]
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"
        headers["Content-Security-Policy"] = SCRIPTED if _WITH_SCRIPT.fullmatch(self._scope["path"]) else FILE
        if not (status in {200, 206, 304} and (_HASHED.fullmatch(self._scope["path"]) or _kept(self._scope))):
            headers["Cache-Control"] = "no-store"
        if self._scope["scheme"] == "https" and not door.is_loopback(self._scope):
            headers["Strict-Transport-Security"] = f"max-age={YEAR}"  # never of localhost: it would bind all its ports

    def _rewrite(self, headers: MutableHeaders) -> None:
        """One of Streamlit's pages in Chinese, with what our head adds, and the policy that lets it draw."""
        if self._body in _BARE:
            self._body = _BARE[self._body].encode()
            headers["content-type"] = "text/plain; charset=utf-8"
        elif b'id="root"' in self._body:
            page = self._body.replace(b'<html lang="en"', b'<html lang="zh-CN"', 1)
            page = re.sub(rb'<link rel="service-desc"[^>]*>', b"", page)  # it has none
            self._body = page.replace(b"</head>", words.HEAD + b"</head>", 1)
            inline = "".join(f" {_digest(each)}" for each in _INLINE.findall(self._body))
            headers["Content-Security-Policy"] = PAGE.format(inline=inline, socket=_socket(self._scope))
        for name in ("content-length", "etag", "last-modified"):
            del headers[name]
        headers["content-length"] = str(len(self._body))


def _kept(scope: Scope) -> bool:
    """Whether one of our own files is asked for by the address that changes with its content."""
    return words.is_hashed(scope) or learner.is_hashed(scope)


def _digest(script: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"


def _socket(scope: Scope) -> str:
    """This address as a WebSocket's: not every browser takes 'self' for it. The door has looked at the name."""
    scheme = "wss" if scope["scheme"] == "https" else "ws"
    return f" {scheme}://{Headers(scope=scope)['host']}"
