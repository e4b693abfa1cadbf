"""Statements of learning platforms: kept as the standard asks, refused in words; what they say waits for the office."""

from __future__ import annotations

import base64
import json
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Message

from core.exams import platforms, results
from core.exams.platforms import PlatformFields
from core.ground import db
from core.ground.access import Refused
from core.ledger import checks
from core.models import Outcome
from core.trail import audit
from routes import xapi
from tests import cast as c
from tests import ready
from tests.core.test_door import ask, run
from tests.core.test_results import people

APP = Starlette(routes=xapi.ROUTES)
COURSE = "https://lms.example.cn/course/42"
VERB = "http://adlnet.gov/expapi/verbs/"
WAITING, POSTED, ALREADY, FAILED, REFUSED, _ = Outcome


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(people)


@pytest.fixture
def key(cast: c.Cast, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.setattr(xapi, "rate", xapi._Rate())
    with db.transaction() as session:
        fields = PlatformFields(1, "示例学习平台", COURSE, Decimal(60))
        source, secret = platforms.open_source(session, fields, actor=cast["reviewer"], now=c.NOW)
        return source.key, secret


def sign(key: tuple[str, str]) -> str:
    return f"Basic {base64.b64encode(':'.join(key).encode()).decode()}"


def call(
    key: tuple[str, str] | None, method: str = "GET", path: str = "/xapi/statements", **given: Any
) -> httpx.Response:
    headers = {"X-Experience-API-Version": "1.0.3"} | given.pop("headers", {})
    if key:
        headers["Authorization"] = sign(key)
    return ask(APP, path, method=method, headers=headers, **given)[0]


def statement(verb: str = "passed", account: str = "a01", **more: Any) -> dict[str, Any]:
    """In the manner of the standard's own examples."""
    return {
        "actor": {"objectType": "Agent", "account": {"homePage": "https://lms.example.cn", "name": account}},
        "verb": {"id": f"{VERB}{verb}", "display": {"zh-CN": "通过", "en-US": verb}},
        "object": {"objectType": "Activity", "id": COURSE, "definition": {"name": {"zh-CN": "公共课程"}}},
        "timestamp": "2024-05-06T10:30:00.123+08:00",
    } | more


def test_what_is_offered_is_said_to_everybody(key: tuple[str, str]) -> None:
    found = call(None, path="/xapi/about")
    assert (found.status_code, found.json()["version"]) == (200, ["1.0.3"])
    for method, path, status in (
        ("GET", "activities/state?stateId=1", 404),
        ("PUT", "activities/state?stateId=1", 405),
        ("POST", "agents/profile", 405),
        ("DELETE", "activities/profile", 405),
        ("DELETE", "statements", 405),
        ("PUT", "about", 405),
        ("GET", "oauth/token", 404),
        ("GET", "activities", 400),
        ("GET", "agents", 400),
    ):
        found = call(key, method, path=f"/xapi/{path}")
        assert (found.status_code, found.headers["X-Experience-API-Version"]) == (status, "1.0.3"), (method, path)
        assert (status == 405) == ("GET" in found.headers.get("Allow", "")), (method, path)
    assert call(None, path="/xapi/activities?activityId=x:y").status_code == 401
    agent = json.dumps({"mbox": "mailto:a@example.com", "name": "甲"})
    person = {"objectType": "Person", "mbox": ["mailto:a@example.com"], "name": ["甲"]}
    assert call(key, path=f"/xapi/agents?agent={agent}").json() == person
    assert call(key, path=f"/xapi/activities?activityId={COURSE}").json() == {"objectType": "Activity", "id": COURSE}
    call(key, "POST", json=statement())
    assert call(key, path=f"/xapi/activities?activityId={COURSE}").json() == statement()["object"]


def test_a_statement_is_kept_once_and_never_changed(key: tuple[str, str]) -> None:
    number = str(uuid.uuid4())
    path = f"/xapi/statements?statementId={number}"
    kept = call(key, "PUT", path, json=statement())
    assert (kept.status_code, kept.content, kept.headers["X-Experience-API-Version"]) == (204, b"", "1.0.3")
    assert call(key, "PUT", path, json=statement()).status_code == 204
    assert call(key, "PUT", path, json=statement(id=number, stored="2024-05-06T00:00:00Z")).status_code == 204
    assert call(key, "PUT", path, json=statement("failed")).status_code == 409
    assert call(key, "POST", json=[statement(id=number), statement("failed", id=number)]).status_code == 400
    assert call(key, "POST", json=statement("failed", id=number)).status_code == 409
    found = call(key, path=path)
    assert found.json()["id"] == number
    assert found.json()["verb"]["id"] == f"{VERB}passed"
    assert {"stored", "timestamp", "authority", "version"} <= found.json().keys()
    assert found.headers["Last-Modified"].endswith("GMT")
    for each in (found, kept, call(key, path="/xapi/statements?x=1")):
        assert each.headers["X-Experience-API-Consistent-Through"].endswith("Z")
    formed = {"statementId": number, "Authorization": sign(key), "X-Experience-API-Version": "1.0.3"}
    for method, content, status in (("GET", None, 200), ("PUT", json.dumps(statement()), 204), ("PATCH", None, 405)):
        sent = formed | ({"content": content} if content else {})  # as old browsers have to write it
        found = call(None, "POST", f"/xapi/statements?method={method}", headers={}, data=sent)
        assert found.status_code == status, method
    assert call(key, "HEAD", path).content == b""
    assert call(key, path=f"/xapi/statements?statementId={uuid.uuid4()}").status_code == 404


def test_statements_are_asked_for_by_what_they_say_and_page_by_page(key: tuple[str, str]) -> None:
    registration = str(uuid.uuid4())
    more = [statement("failed", account=f"b{n}") for n in range(5)]
    made = call(key, "POST", json=[*more, statement(context={"registration": registration})])
    assert (made.status_code, len(made.json())) == (200, 6)
    ask_for = "/xapi/statements?"
    first = call(key, path=f"{ask_for}limit=4").json()
    assert [each["id"] for each in first["statements"]] == made.json()[:1:-1]
    rest = call(key, path=first["more"]).json()
    assert [each["id"] for each in rest["statements"]] == made.json()[1::-1]
    assert rest["more"] == ""
    agent = json.dumps({"account": {"homePage": "https://lms.example.cn", "name": "b2"}})
    for query, count in (
        (f"verb={VERB}failed", 5),
        (f"registration={registration}", 1),
        (f"agent={agent}", 1),
        (f"activity={COURSE}&ascending=true", 6),
        ("activity=https://lms.example.cn/other", 0),
        ("since=2030-01-01T00:00:00Z", 0),
        ("until=2030-01-01T00:00:00Z", 6),
    ):
        assert len(call(key, path=ask_for + query).json()["statements"]) == count, query


def test_who_or_what_a_statement_is_about_finds_it_and_what_refers_to_it(key: tuple[str, str]) -> None:
    group = {"objectType": "Group", "mbox": "mailto:class@example.com", "member": [{"mbox": "mailto:m@example.com"}]}
    parent = "https://lms.example.cn/programme/1"
    above = {"parent": {"id": parent}}
    inner = {"objectType": "SubStatement", "actor": {"mbox": "mailto:s@example.com"}, "verb": statement()["verb"]}
    sent = [
        statement(actor=group),
        statement(object={"objectType": "Agent", "mbox": "mailto:o@example.com"}),
        statement(context={"instructor": {"mbox": "mailto:i@example.com"}, "contextActivities": above}),
        statement(object=inner | {"object": {"id": "https://lms.example.cn/course/9"}}),
    ]
    first, *_ = call(key, "POST", json=sent).json()
    refers = statement("confirmed", account="k", object={"objectType": "StatementRef", "id": first})
    (second,) = call(key, "POST", json=refers).json()
    again = statement("confirmed", account="k", object={"objectType": "StatementRef", "id": second})
    assert call(key, "POST", json=again).status_code == 200

    def count(query: str) -> int:
        return len(call(key, path=f"/xapi/statements?{query}").json()["statements"])

    def agent(name: str) -> str:
        return f"agent={json.dumps({'mbox': f'mailto:{name}@example.com'})}"

    broad, wide = "&related_agents=true", "&related_activities=true"
    assert [count(agent(name)) for name in ("class", "m", "o", "i", "s")] == [3, 3, 1, 0, 0]
    assert [count(agent(name) + broad) for name in ("class", "m", "o", "i", "s")] == [3, 3, 1, 1, 1]
    assert [count(f"activity={parent}"), count(f"activity={parent}{wide}")] == [0, 1]
    assert count(f"activity=https://lms.example.cn/course/9{wide}") == 1
    shown = call(key, path=f"/xapi/statements?statementId={first}&format=ids").json()
    assert (shown["actor"], shown["verb"]) == (
        {name: group[name] for name in ("objectType", "mbox")},
        {"id": f"{VERB}passed"},
    )
    assert shown["object"] == {"objectType": "Activity", "id": COURSE}
    path = f"/xapi/statements?statementId={first}&format=canonical"
    for languages, kept in (
        ("en;q=0.5,zh", "zh-CN"),
        ("fr, en-US", "en-US"),
        ("fr", "zh-CN"),
        ("*", "zh-CN"),
        ("", "zh-CN"),
    ):
        shown = call(key, path=path, headers={"Accept-Language": languages}).json()
        assert (list(shown["verb"]["display"]), shown["actor"]) == ([kept], group), languages


def test_a_voided_statement_is_found_only_as_such(key: tuple[str, str]) -> None:
    (number,) = call(key, "POST", json=statement()).json()
    void = statement("voided", object={"objectType": "StatementRef", "id": number})
    (voiding,) = call(key, "POST", json=void).json()
    assert call(key, path=f"/xapi/statements?statementId={number}").status_code == 404
    assert call(key, path=f"/xapi/statements?voidedStatementId={number}").json()["id"] == number
    assert [each["id"] for each in call(key).json()["statements"]] == [voiding]
    again = statement("voided", object={"objectType": "StatementRef", "id": voiding})
    assert call(key, "POST", json=again).status_code == 400
    assert call(key, "POST", json=statement("voided")).status_code == 400


AGENT = statement()["actor"]
ATTACHED = {"usageType": "x:y", "display": {"zh": "证书"}, "contentType": "text/plain", "length": 9, "sha2": "ab"}
BAD: list[tuple[str, dict[str, Any]]] = [
    ("actor", {"actor": {}}),
    ("actor", {"actor": {**AGENT, "mbox": "mailto:a@example.com"}}),
    ("mbox", {"actor": {"mbox": "a@example.com"}}),
    ("member", {"actor": {"objectType": "Group"}}),
    ("objectType", {"actor": {**AGENT, "objectType": "agent"}}),
    ("verb", {"verb": {"display": {"en": "passed"}}}),
    ("verb.id", {"verb": {"id": "passed"}}),
    ("display", {"verb": {"id": f"{VERB}passed", "display": {"no language": "x"}}}),
    ("object", {"object": {"id": 7}}),
    ("object", {"object": {"objectType": "Thing", "id": COURSE}}),
    ("object.id", {"object": {"objectType": "StatementRef", "id": "7"}}),
    ("scaled", {"result": {"score": {"scaled": 1.5}}}),
    ("raw", {"result": {"score": {"raw": 11, "min": 0, "max": 10}}}),
    ("score", {"result": {"score": {"min": 10, "max": 1}}}),
    ("success", {"result": {"success": "true"}}),
    ("duration", {"result": {"duration": "an hour"}}),
    ("timestamp", {"timestamp": "yesterday"}),
    ("timestamp", {"timestamp": "2024-05-06T10:30:00-00:00"}),
    ("timestamp", {"timestamp": "2024-02-31T10:30:00Z"}),
    ("version", {"version": "2.0.0"}),
    ("registration", {"context": {"registration": "x"}}),
    ("id", {"id": "not-a-uuid"}),
    ("null", {"result": None}),
    ("extra", {"extra": 1}),
    ("fileUrl", {"attachments": [ATTACHED]}),
    ("display", {"attachments": [{"usageType": "x:y"}]}),
    ("length", {"attachments": [ATTACHED | {"fileUrl": "https://lms.example.cn/1.pdf", "length": "9"}]}),
]


def test_what_is_not_of_the_standard_is_refused_in_words_and_nothing_of_it_is_kept(key: tuple[str, str]) -> None:
    for words, change in BAD:
        found = call(key, "POST", json=[statement(), statement() | change])
        assert found.status_code == 400, change
        assert words in found.json()["error"], (change, found.json())
    plain = {"Content-Type": "application/json"}
    bad = [b"", b"{", b"[[[[" * 30_000, b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff", b'"\\ud800"', b'{"a":"\\u0000"}', b"7"]
    for body in bad:
        assert call(key, "POST", content=body, headers=plain).status_code == 400, body[:9]
    assert call(key).json()["statements"] == []


def test_who_may_and_how_much_and_what_is_not_offered(key: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    refused = call(None)
    assert (refused.status_code, refused.headers["WWW-Authenticate"][:5]) == (401, "Basic")
    assert call((key[0], "wrong")).status_code == 401
    assert call(key, headers={"X-Experience-API-Version": "0.9"}).status_code == 400
    assert call(key, headers={"X-Experience-API-Version": ""}).status_code == 400
    there = ATTACHED | {"fileUrl": "https://lms.example.cn/1.pdf"}
    assert call(key, "POST", json=statement(attachments=[there])).status_code == 200
    sent = {"content": b"{}", "headers": {"Content-Type": "multipart/mixed"}}
    assert call(key, "POST", **sent).status_code == 415
    assert call(key, "POST", path="/xapi/statements?method=PUT", json={}).status_code == 400
    assert call(key, "PUT", json=statement()).status_code == 400
    number = uuid.uuid4()
    other = statement(id=str(uuid.uuid4()))
    assert call(key, "PUT", f"/xapi/statements?statementId={number}", json=other).status_code == 400
    for query in (
        "x=1",
        "format=short",
        "attachments=true",
        "related_agents=yes",
        "limit=-1",
        "since=now",
        "agent=7",
        f"statementId={number}&limit=1",
        f"statementId={number}&voidedStatementId={number}",
        "statementId=x",
    ):
        assert call(key, path=f"/xapi/statements?{query}").status_code == 400, query
    monkeypatch.setattr("core.exams.xapi.LARGEST", 100)
    assert call(key, "POST", json=statement()).status_code == 413
    monkeypatch.setattr(xapi, "A_MINUTE", 1)
    assert call(key).status_code == 429


def test_what_platforms_say_waits_to_be_confirmed_and_posts_once(key: tuple[str, str], cast: c.Cast) -> None:
    one, two = c.id_number(1), c.id_number(2)
    sent = [
        statement(account=one),
        statement("completed", account=two, result={"score": {"raw": 20, "max": 50}}),
        statement("completed", account=two, result={"score": {"scaled": 0.95}}),
        statement("completed", account=two, result={"success": True}),
        statement("passed", account="zhang"),
        statement("experienced", account=one),
        statement("passed", account=one, object={"id": "https://lms.example.cn/course/7"}),
    ]
    numbers = call(key, "POST", json=sent).json()
    assert [call(key, "POST", json=statement(account=one, id=numbers[0])).status_code for _ in range(2)] == [200, 200]
    with db.reading() as session:
        found = results.rows(session, 1, cast["exam"])
        assert list(found["outcome"]) == [WAITING, FAILED, WAITING, ALREADY, REFUSED]
        assert list(found["said"]) == ["合格", "40分、未合格", "95分、合格", "合格", "合格"]
        assert one not in found.to_string()
        listed = platforms.listing(session, cast["exam"])
        assert list(listed["statements"]) == [7]
        assert listed.loc[0, "key"] == key[0]
    call(key, "POST", json=statement("voided", object={"objectType": "StatementRef", "id": numbers[2]}))
    with db.transaction() as session:
        who = {"actor": cast["exam"], "now": c.NOW}
        with pytest.raises(Refused, match=r"^fields:"):
            platforms.bind(session, 1, "zhang", two, "不是此人", **who)
        with pytest.raises(Refused, match=r"^account:"):
            platforms.bind(session, 1, "li", two, c.row(2)[1], **who)
        assert platforms.bind(session, 1, "zhang", two, c.row(2)[1], **who) == 1
        with pytest.raises(Refused, match=r"^role:"):
            results.confirm(session, 1, version=1, actor=cast["exam"], now=c.NOW)
        results.confirm(session, 1, version=1, actor=cast["reviewer"], now=c.NOW)
    with db.reading() as session:
        found = results.rows(session, 1, cast["reviewer"])
        assert list(found["outcome"]) == [POSTED, FAILED, REFUSED, ALREADY, POSTED]
        assert [*checks.faults(session), *audit.faults(session)] == []
    assert call(key, "POST", json=statement(account=one)).status_code == 200  # said again: a batch of its own
    call(key, "POST", json=statement("voided", object={"objectType": "StatementRef", "id": numbers[0]}))
    with db.reading() as session:
        assert list(results.rows(session, 2, cast["exam"])["outcome"]) == [ALREADY]
        assert "请核对" in results.rows(session, 1, cast["exam"])["words"][0]


def test_a_platform_is_opened_and_closed_by_the_office_in_charge(key: tuple[str, str], cast: c.Cast) -> None:
    fields = PlatformFields(1, "另一平台", COURSE, None)
    for by, code in (("exam", "role"), ("hohhot_reviewer", "missing")):
        with db.transaction() as session, pytest.raises(Refused, match=rf"^{code}:"):
            platforms.open_source(session, fields, actor=cast[by], now=c.NOW)
    with db.transaction() as session:
        who = {"actor": cast["reviewer"], "now": c.NOW}
        with pytest.raises(Refused) as refused:
            platforms.open_source(session, PlatformFields(1, "", "课程", Decimal(200)), **who)
        assert refused.value.fields.keys() == {"name", "activity", "pass_mark"}
        other, secret = platforms.open_source(session, fields, **who)
        mine = other.key, secret
    (number,) = call(key, "POST", json=statement()).json()
    assert call(mine, path=f"/xapi/statements?statementId={number}").status_code == 404  # each sees its own alone
    with db.transaction() as session:
        platforms.close_source(session, other.id, reason="合同到期", **who)
        with pytest.raises(Refused, match=r"^move:"):
            platforms.close_source(session, other.id, reason="再次", **who)
    assert call(mine).status_code == 401
    assert call(key).status_code == 200


def test_a_platform_that_hangs_up_is_no_error_of_ours(office: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "path": "/xapi/statements", "query_string": b"", "headers": []}
    answer = run(lambda: xapi.statements(Request(scope, gone)))
    assert answer.status_code == 400
    assert not caplog.records
