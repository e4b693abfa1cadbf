"""Uploads (上传): how many, how much and how long, by account and by browser session, before any of it is read."""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routes import session

PATH = "/_stcore/upload_file/"
LARGEST = 21 * 2**20
"""Bytes of one upload: a file as large as `server.maxUploadSize` and what is written around it."""
AT_ONCE = 4
"""Uploads that one account may have under way."""
A_MINUTE = 60
"""Uploads that one account may begin within a minute."""
FILES, HELD = 100, 200 * 2**20
"""Files and bytes that are kept for one browser session."""
TAKES = 300.0
"""Seconds after which an upload that has not come whole is given up."""

Holding = Callable[[str], tuple[int, int]]
"""How many files and bytes are kept for a browser session, by its id."""
Whose = Callable[[str], str | None]
"""The token of the sign-in to which a browser session belongs, by its id; None where there is no such session."""
_GONE = "这个页面已经断开，文件没有传到。请刷新页面后重新选择文件。"
_LARGE = "文件过大，或本页已上传的文件合计过大。请刷新页面后分次上传。"
_WORDS = {
    400: "文件没有传到：文件名过长，或内容没有传完整。请改短文件名后重新选择文件。",
    403: "页面已过期，文件没有传到。请刷新页面后重新选择文件。",
    413: _LARGE,
}
"""What is said in place of Streamlit's own words, which are English and say what we run on."""


class Uploads:
    """ASGI middleware: limits on what is uploaded, and only to one's own pages. It stands behind the door."""

    def __init__(self, app: ASGIApp, holding: Holding, whose: Whose) -> None:
        self.app, self._holding, self._whose = app, holding, whose
        self._under_way: collections.Counter[int] = collections.Counter()
        self._begun: dict[int, collections.deque[float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self.app(scope, receive, send)
            return
        account = await run_in_threadpool(session.account, Headers(scope=scope))
        if account is None:
            await _said(401, "登录已失效，请重新登录后再上传。")(scope, receive, send)
            return
        if not await run_in_threadpool(self._is_of, account, scope):
            await _said(404, _GONE)(scope, receive, send)
            return
        if scope["method"] != "PUT":
            await self.app(scope, receive, _in_our_words(scope, receive, send))
            return
        if answer := self._too_much(scope, account):
            await answer(scope, receive, send)
            return
        self._under_way[account] += 1
        try:
            await self._in_time(scope, receive, send)
        finally:
            self._under_way[account] -= 1
            self._under_way += collections.Counter()  # those who have none under way are forgotten

    def _is_of(self, account: int, scope: Scope) -> bool:
        """Whether the page whose files are written or removed belongs to this account."""
        token = self._whose(_session_id(scope))
        return token is not None and session.account_of(token) == account

    def _too_much(self, scope: Scope, account: int) -> PlainTextResponse | None:
        size = Headers(scope=scope).get("content-length", "")
        if not size.isdecimal():
            return _said(411, "上传须注明大小。")
        files, held = self._holding(_session_id(scope))
        if int(size) > LARGEST or held + int(size) > HELD:
            return _said(413, _LARGE)
        begun, now = self._begun.setdefault(account, collections.deque()), time.monotonic()
        while begun and begun[0] < now - 60:
            begun.popleft()
        if files >= FILES or len(begun) >= A_MINUTE or self._under_way[account] >= AT_ONCE:
            return _said(429, "上传的文件过多，请稍候再传。")
        begun.append(now)
        if len(self._begun) > 1000:
            self._begun = {one: times for one, times in self._begun.items() if times and times[-1] > now - 60}
        return None

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it be taken, unless it takes too long to come."""
        answered = False

        async def sent(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            async with asyncio.timeout(TAKES):
                await self.app(scope, receive, _in_our_words(scope, receive, sent))
        except TimeoutError:
            if not answered:
                await _said(408, "上传用时过长，已停止。请检查网络后重试。")(scope, receive, send)


def _session_id(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(PATH).partition("/")[0]


def _in_our_words(scope: Scope, receive: Receive, send: Send) -> Send:
    """What is sent on, a refusal of Streamlit's in our words."""
    refused = False

    async def sent(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] >= 400:
            refused = True
            status = message["status"]
            await _said(status, _WORDS.get(status, "文件没有传到。请刷新页面后重新选择文件。"))(scope, receive, send)
        elif not refused:
            await send(message)

    return sent


def _said(status: int, words: str) -> PlainTextResponse:
    headers = {"Connection": "close"}  # what is still on its way is not read
    return PlainTextResponse(words, status_code=status, headers=headers)
