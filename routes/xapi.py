"""Statements of learning platforms (学习平台推送): the statement resource of xAPI 1.0.3, as far as it is offered.

Each platform has a key and a secret of its own, made on the page of results, and sees its own statements alone. State,
profiles, attachments, related agents and activities are not offered, and are refused in words.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.exams import platforms, xapi
from core.exams.platforms import Conflict, Query
from core.exams.xapi import Wrong
from core.ground import db, typed
from core.models import StatementSource
from core.people import setup

HEADER = "X-Experience-API-Version"
A_MINUTE, STRANGERS = 600, 60
"""Requests a minute of one platform; those of an address that brings no valid key."""
_KNOWN = {"statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "related_activities"}
_KNOWN |= {"related_agents", "since", "until", "limit", "format", "attachments", "ascending", "after"}


class _Rate:
    """How often somebody came within this minute (限速); of too many somebodies all are forgotten."""

    def __init__(self) -> None:
        self._lock, self._minute, self._seen = threading.Lock(), 0, dict[str, int]()

    def over(self, who: str, most: int) -> bool:
        with self._lock:
            minute = int(time.monotonic() // 60)
            if minute != self._minute or len(self._seen) > 10_000:
                self._minute, self._seen = minute, {}
            self._seen[who] = self._seen.get(who, 0) + 1
            return self._seen[who] > most


rate = _Rate()


class _Answered(Exception):
    """A request that is answered at once: with which status, and why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


def about(_request: Request) -> Response:
    """What this is (关于): the version, and what of the standard is offered. Open to everybody."""
    offered = {"urn:continuing-education:resources": ["statements", "about"]}
    return _json({"version": [xapi.VERSION], "extensions": offered})


async def statements(request: Request) -> Response:
    """The statement resource: PUT and POST keep, GET and HEAD ask. 4xx with words for whatever cannot be done."""
    try:
        _version(request)
        body = await _body(request) if request.method in ("PUT", "POST") else b""
        return await run_in_threadpool(_answer, request, body)
    except _Answered as answered:
        return _refused(answered.status, answered.words)
    except Wrong as wrong:
        return _refused(400, str(wrong))
    except Conflict as conflict:
        return _refused(409, f"这个id的记录已经保存，内容不同，不能更改：{conflict}")
    except Exception:  # whatever is sent, nobody is shown more than that
        logging.getLogger("xapi").exception("a request of a learning platform")
        return _refused(500, "没有保存，请稍后再试；仍不行的，请告知系统管理员")


async def elsewhere(_request: Request) -> Response:
    """The other resources of the standard: not offered."""
    return _refused(404, "本系统只提供statements和about，不提供这一项资源")


def _answer(request: Request, body: bytes) -> Response:
    asking = request.method in ("GET", "HEAD")
    with (db.reading if asking else db.transaction)() as session:
        now = setup.moment(session, datetime.now(UTC))
        source = _source(session, request)
        if asking:
            return _get(session, source, request, now)
        found = xapi.parsed(body)
        return (_put if request.method == "PUT" else _post)(session, source, request, found, now)


def _source(session: Session, request: Request) -> StatementSource:
    """The platform that asks, by its key and secret."""
    given = xapi.credentials(request.headers.get("authorization", ""))
    source = platforms.source_of(session, *given) if given else None
    if source is None:
        client = request.client.host if request.client else ""
        if rate.over(f"stranger {client}", STRANGERS):
            raise _Answered(429, "未通过核验的请求太多，请稍后再试")
        raise _Answered(401, "请用平台的编号和密钥（HTTP Basic）；停用的平台不再接收")
    if rate.over(source.key, A_MINUTE):
        raise _Answered(429, f"每分钟最多{A_MINUTE}次，请稍后再试，可以一次推送多条")
    return source


def _put(session: Session, source: StatementSource, request: Request, found: Any, now: datetime) -> Response:
    if request.query_params.keys() != {"statementId"}:
        raise Wrong("PUT应有且只有statementId这一个参数")
    number = xapi.is_uuid(request.query_params["statementId"], "statementId")
    if not isinstance(found, dict):
        raise Wrong("PUT只接收一条记录")
    if "id" in found and xapi.is_uuid(found["id"], "statement.id") != number:
        raise Wrong("statement.id：与statementId不同")
    platforms.keep(session, source, [{**found, "id": number}], now=now)
    return _headed(Response(status_code=204))


def _post(session: Session, source: StatementSource, request: Request, found: Any, now: datetime) -> Response:
    if request.query_params:
        raise Wrong("POST不带参数；不支持用method参数代替其他方法")
    given = [statement for _, statement in xapi.each(found)]
    return _json(platforms.keep(session, source, given, now=now))


def _get(session: Session, source: StatementSource, request: Request, now: datetime) -> Response:
    asked = request.query_params
    if unknown := sorted(asked.keys() - _KNOWN):
        raise Wrong(f"不认识的参数：{unknown[0][:40]}")
    if len(asked.multi_items()) != len(asked):
        raise Wrong("同一个参数写了两次")
    if asked.get("attachments", "false") == "true":
        raise Wrong("不保存附件，attachments只能是false")
    if asked.get("format", "exact") != "exact":
        raise Wrong("只提供原样的记录，format只能是exact")
    for name in ("related_activities", "related_agents"):
        if asked.get(name, "false") != "false":
            raise Wrong(f"不支持{name}")
    single = [name for name in ("statementId", "voidedStatementId") if name in asked]
    if single:
        if asked.keys() - {*single, "format", "attachments"} or len(single) > 1:
            raise Wrong(f"{single[0]}不能与其他条件一起用")
        number = xapi.is_uuid(asked[single[0]], single[0])
        found = platforms.statement(session, source, number, voided=single[0] == "voidedStatementId")
        if found is None:
            raise _Answered(404, "没有这条记录")
        answer = _json(found)
    else:
        query = _query(asked)
        shown, more = platforms.statements(session, source, query)
        rest = {name: each for name, each in asked.items() if name != "after"} | {"after": str(more)}
        answer = _json({"statements": shown, "more": f"/xapi/statements?{urlencode(rest)}" if more else ""})
    answer.headers["X-Experience-API-Consistent-Through"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return answer


def _query(asked: QueryParams) -> Query:
    agent = ""
    if "agent" in asked:
        given = xapi.parsed(asked["agent"].encode("utf-8", "replace"))
        xapi.check_agent(given, "agent")
        agent = xapi.agent_key(given)
    if asked.get("ascending", "false") not in ("true", "false"):
        raise Wrong("ascending：应为true或false")
    return Query(
        agent=agent,
        verb=asked.get("verb", "")[: xapi.LONGEST],
        activity=asked.get("activity", "")[: xapi.LONGEST],
        registration=xapi.is_uuid(asked["registration"], "registration") if "registration" in asked else "",
        since=xapi.moment(asked["since"], "since") if "since" in asked else None,
        until=xapi.moment(asked["until"], "until") if "until" in asked else None,
        limit=_number(asked, "limit"),
        ascending=asked.get("ascending") == "true",
        after=_number(asked, "after"),
    )


def _number(asked: QueryParams, name: str) -> int:
    said = asked.get(name, "0")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Wrong(f"{name}：应为不小于0的整数")
    return int(said)


def _version(request: Request) -> None:
    said = request.headers.get(HEADER, "")
    if not (said == "1.0" or said.startswith("1.0.")) or len(said) > 10:
        raise _Answered(400, f"请求头{HEADER}应为1.0.x，本系统为{xapi.VERSION}")


async def _body(request: Request) -> bytes:
    kind = typed.plain(request.headers.get("content-type", "").partition(";")[0]).casefold()
    if kind != "application/json":
        raise _Answered(415 if kind.startswith("multipart/") else 400, "只接收application/json，不接收附件")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > xapi.LARGEST:
            raise _Answered(413, f"一次推送不能超过{xapi.LARGEST // 2**20}MB，请分几次")
    return body


def _headed(answer: Response) -> Response:
    answer.headers[HEADER] = xapi.VERSION
    return answer


def _json(said: Any) -> Response:
    return _headed(Response(json.dumps(said, ensure_ascii=False), media_type="application/json"))


def _refused(status: int, words: str) -> Response:
    answer = _headed(JSONResponse({"error": words}, status_code=status))
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="xapi", charset="UTF-8"'
    return answer


ROUTES = [
    Route("/xapi/about", about),
    Route("/xapi/statements", statements, methods=["GET", "PUT", "POST"]),
    Route("/xapi/{rest:path}", elsewhere, methods=["GET", "PUT", "POST", "DELETE"]),
]
