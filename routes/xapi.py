"""Statements of learning platforms (学习平台推送): the resources of xAPI 1.0.3, as far as they are offered.

Each platform has a key and a secret of its own, made on the page of results, and sees its own statements alone. The
contents of attachments and the documents of state and profiles are not kept, and are refused in words.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
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

    def __init__(self, status: int, words: str, *, allow: str = "") -> None:
        super().__init__(words)
        self.status, self.words, self.allow = status, words, allow


@dataclass(frozen=True)
class _Asked:
    """A request, whichever way it was written (1.3 of the communication part)."""

    method: str
    query: QueryParams
    headers: Mapping[str, str]
    """By names in small letters."""
    body: bytes
    client: str


_Act = Callable[[Session, StatementSource, _Asked, datetime], Response]
_EVERY = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]
_IN_FORMS = {"authorization", HEADER.casefold(), "content-type", "content-length", "if-match", "if-none-match"}
_FORM = "application/x-www-form-urlencoded"


def about(request: Request) -> Response:
    """What this is (关于): the version, and what of the standard is offered. Open to everybody."""
    if request.method not in ("GET", "HEAD"):
        return _refused(405, "只能查询", allow="GET, HEAD")
    offered = {"urn:continuing-education:resources": ["statements", "activities", "agents", "about"]}
    return _json({"version": [xapi.VERSION], "extensions": offered})


async def statements(request: Request) -> Response:
    """The statement resource: PUT and POST keep, GET and HEAD ask. 4xx with words for whatever cannot be done."""
    answer = await _answered(request, _statements)
    answer.headers.setdefault("X-Experience-API-Consistent-Through", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    return answer


async def activities(request: Request) -> Response:
    """An activity as it was described last; its id alone where it never was."""
    return await _answered(request, _activity)


async def agents(request: Request) -> Response:
    """All that is known of an agent: what was asked with, and no more."""
    return await _answered(request, _agent)


async def documents(request: Request) -> Response:
    """State and profiles: documents that a platform keeps itself. None is here, and none is taken."""
    return await _answered(request, _document)


async def elsewhere(_request: Request) -> Response:
    """What the standard has no resource for."""
    return _refused(404, "没有这一项资源，本系统提供statements、activities、agents和about")


async def _answered(
    request: Request, act: Callable[[Session, StatementSource, _Asked, datetime], Response]
) -> Response:
    """An answer to a platform that may ask, or why there is none."""
    try:
        return await run_in_threadpool(_done, await _asked(request), act)
    except _Answered as answered:
        return _refused(answered.status, answered.words, allow=answered.allow)
    except Wrong as wrong:
        return _refused(400, str(wrong))
    except Conflict as conflict:
        return _refused(409, f"这个id的记录已经保存，内容不同，不能更改：{conflict}")
    except ClientDisconnect:  # nobody reads the answer, and it is no error of ours
        return _refused(400, "没有收完，请重新推送")
    except Exception:  # whatever is sent, nobody is shown more than that
        logging.getLogger("xapi").exception("a request of a learning platform")
        return _refused(500, "没有保存，请稍后再试；仍不行的，请告知系统管理员")


def _done(asked: _Asked, act: _Act) -> Response:
    _version(asked)
    with (db.transaction if asked.method in ("PUT", "POST") else db.reading)() as session:
        now = setup.moment(session, datetime.now(UTC))
        return act(session, _source(session, asked), asked, now)


async def _asked(request: Request) -> _Asked:
    """A request as it is meant: with `method` in its address, what else it says is in its form."""
    client, headers = request.client.host if request.client else "", dict(request.headers)
    plain = _Asked(request.method, request.query_params, headers, b"", client)
    if request.method not in ("PUT", "POST"):
        return plain
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > xapi.LARGEST:
            raise _Answered(413, f"一次推送不能超过{xapi.LARGEST // 2**20}MB，请分几次")
    if request.method == "PUT" or "method" not in request.query_params:
        return _Asked(request.method, request.query_params, headers, body, client)
    if len(request.query_params) > 1 or _kind(plain) != _FORM:
        raise Wrong(f"用method参数代替其他方法的，其余参数和内容应写在表单里（{_FORM}）")
    try:
        form = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:
        raise Wrong("表单读不懂") from error
    given = {name.casefold(): value for name, value in form if name.casefold() in _IN_FORMS}
    rest = [(name, value) for name, value in form if name.casefold() not in _IN_FORMS and name != "content"]
    content = dict(form).get("content", "").encode()
    headers = headers | {"content-type": "application/json"} | given
    return _Asked(request.query_params["method"].upper(), QueryParams(rest), headers, content, client)


def _source(session: Session, asked: _Asked) -> StatementSource:
    """The platform that asks, by its key and secret."""
    given = xapi.credentials(asked.headers.get("authorization", ""))
    source = platforms.source_of(session, *given) if given else None
    if source is None:
        if rate.over(f"stranger {asked.client}", STRANGERS):
            raise _Answered(429, "未通过核验的请求太多，请稍后再试")
        raise _Answered(401, "请用平台的编号和密钥（HTTP Basic）；停用的平台不再接收")
    if rate.over(source.key, A_MINUTE):
        raise _Answered(429, f"每分钟最多{A_MINUTE}次，请稍后再试，可以一次推送多条")
    return source


def _statements(session: Session, source: StatementSource, asked: _Asked, now: datetime) -> Response:
    match asked.method:
        case "GET" | "HEAD":
            return _get(session, source, asked, now)
        case "PUT":
            return _put(session, source, asked, _content(asked), now)
        case "POST":
            return _post(session, source, asked, _content(asked), now)
    raise _Answered(405, "记录只能新增和查询，不能修改和删除", allow="GET, HEAD, PUT, POST")


def _content(asked: _Asked) -> Any:
    kind = _kind(asked)
    if kind != "application/json":
        raise _Answered(415 if kind.startswith("multipart/") else 400, "只接收application/json，不接收附件内容")
    return xapi.parsed(asked.body)


def _kind(asked: _Asked) -> str:
    return typed.plain(asked.headers.get("content-type", "").partition(";")[0]).casefold()


def _put(session: Session, source: StatementSource, asked: _Asked, found: Any, now: datetime) -> Response:
    if asked.query.keys() != {"statementId"}:
        raise Wrong("PUT应有且只有statementId这一个参数")
    number = xapi.is_uuid(asked.query["statementId"], "statementId")
    if not isinstance(found, dict):
        raise Wrong("PUT只接收一条记录")
    if "id" in found and xapi.is_uuid(found["id"], "statement.id") != number:
        raise Wrong("statement.id：与statementId不同")
    platforms.keep(session, source, [{**found, "id": number}], now=now)
    return _headed(Response(status_code=204))


def _post(session: Session, source: StatementSource, asked: _Asked, found: Any, now: datetime) -> Response:
    if asked.query:
        raise Wrong("POST不带参数")
    given = [statement for _, statement in xapi.each(found)]
    return _json(platforms.keep(session, source, given, now=now))


def _get(session: Session, source: StatementSource, asked: _Asked, now: datetime) -> Response:
    query = asked.query
    if unknown := sorted(query.keys() - _KNOWN):
        raise Wrong(f"不认识的参数：{unknown[0][:40]}")
    if len(query.multi_items()) != len(query):
        raise Wrong("同一个参数写了两次")
    if _yes(query, "attachments"):
        raise Wrong("不保存附件内容，attachments只能是false")
    form = query.get("format", "exact")
    if form not in ("ids", "exact", "canonical"):
        raise Wrong("format应为ids、exact或canonical")
    languages = asked.headers.get("accept-language", "")
    single = [name for name in ("statementId", "voidedStatementId") if name in query]
    if single:
        if query.keys() - {*single, "format", "attachments"} or len(single) > 1:
            raise Wrong(f"{single[0]}不能与其他条件一起用")
        number = xapi.is_uuid(query[single[0]], single[0])
        found = platforms.statement(session, source, number, voided=single[0] == "voidedStatementId")
        if found is None:
            raise _Answered(404, "没有这条记录")
        answer = _json(xapi.shown(found, form, languages))
        stored = xapi.moment(found["stored"], "stored")
        answer.headers["Last-Modified"] = format_datetime(stored.replace(microsecond=0), usegmt=True)
    else:
        shown, more = platforms.statements(session, source, _query(query))
        rest = {name: each for name, each in query.items() if name != "after"} | {"after": str(more)}
        told = [xapi.shown(each, form, languages) for each in shown]
        answer = _json({"statements": told, "more": f"/xapi/statements?{urlencode(rest)}" if more else ""})
    answer.headers["X-Experience-API-Consistent-Through"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return answer


def _query(asked: QueryParams) -> Query:
    return Query(
        agent=xapi.agent_key(_agent_in(asked)) if "agent" in asked else "",
        related_agents=_yes(asked, "related_agents"),
        verb=asked.get("verb", "")[: xapi.LONGEST],
        activity=asked.get("activity", "")[: xapi.LONGEST],
        related_activities=_yes(asked, "related_activities"),
        registration=xapi.is_uuid(asked["registration"], "registration") if "registration" in asked else "",
        since=xapi.moment(asked["since"], "since") if "since" in asked else None,
        until=xapi.moment(asked["until"], "until") if "until" in asked else None,
        limit=_number(asked, "limit"),
        ascending=_yes(asked, "ascending"),
        after=_number(asked, "after"),
    )


def _agent_in(asked: QueryParams) -> xapi.Json:
    """The agent that a request is about."""
    given = xapi.parsed(asked.get("agent", "").encode("utf-8", "replace"))
    xapi.check_agent(given, "agent")
    return given  # type: ignore[no-any-return]


def _yes(asked: QueryParams, name: str) -> bool:
    said = asked.get(name, "false")
    if said not in ("true", "false"):
        raise Wrong(f"{name}：应为true或false")
    return said == "true"


def _number(asked: QueryParams, name: str) -> int:
    said = asked.get(name, "0")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Wrong(f"{name}：应为不小于0的整数")
    return int(said)


def _activity(session: Session, source: StatementSource, asked: _Asked, _now: datetime) -> Response:
    _only_asked(asked)
    number = asked.query.get("activityId", "")
    if asked.query.keys() != {"activityId"} or not 0 < len(number) <= xapi.LONGEST:
        raise Wrong("应有且只有activityId这一个参数")
    return _json(platforms.activity(session, source, number))


def _agent(_session: Session, _source: StatementSource, asked: _Asked, _now: datetime) -> Response:
    _only_asked(asked)
    if asked.query.keys() != {"agent"}:
        raise Wrong("应有且只有agent这一个参数")
    return _json(xapi.person(_agent_in(asked.query)))


def _document(_session: Session, _source: StatementSource, asked: _Asked, _now: datetime) -> Response:
    _only_asked(asked)
    raise _Answered(404, "没有这份文档：本系统不保存state和profile，请由平台自行保存")


def _only_asked(asked: _Asked) -> None:
    if asked.method not in ("GET", "HEAD"):
        raise _Answered(405, "这一项资源只能查询，本系统不保存state和profile", allow="GET, HEAD")


def _version(asked: _Asked) -> None:
    said = asked.headers.get(HEADER.casefold(), "")
    if not (said == "1.0" or said.startswith("1.0.")) or len(said) > 10:
        raise _Answered(400, f"请求头{HEADER}应为1.0.x，本系统为{xapi.VERSION}")


def _headed(answer: Response) -> Response:
    answer.headers[HEADER] = xapi.VERSION
    return answer


def _json(said: Any) -> Response:
    return _headed(Response(json.dumps(said, ensure_ascii=False), media_type="application/json"))


def _refused(status: int, words: str, *, allow: str = "") -> Response:
    answer = _headed(JSONResponse({"error": words}, status_code=status))
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="xapi", charset="UTF-8"'
    if allow:
        answer.headers["Allow"] = allow
    return answer


ROUTES = [
    Route("/xapi/about", about, methods=_EVERY),
    Route("/xapi/statements", statements, methods=_EVERY),
    Route("/xapi/activities", activities, methods=_EVERY),
    Route("/xapi/agents", agents, methods=_EVERY),
    Route("/xapi/activities/state", documents, methods=_EVERY),
    Route("/xapi/activities/profile", documents, methods=_EVERY),
    Route("/xapi/agents/profile", documents, methods=_EVERY),
    Route("/xapi/{rest:path}", elsewhere, methods=_EVERY),
]
