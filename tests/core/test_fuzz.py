"""Whatever is sent to it, no route fails: hostile addresses, queries, bodies, headers, by strangers and by learners."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from starlette.applications import Starlette

from core.ground import db
from core.people import accounts
from routes import addresses, pace
from tests import cast as c
from tests.core.test_door import run
from web import address

WORDS = (
    "0",
    "-1",
    "1" * 9,
    "9" * 12,
    "9" * 40,
    "²",
    "١٢",
    "１",
    "a\x00b",
    "\u202e12",
    '"><script>',
    "' OR 1=1 --",
    "%",
    "..%2f..%2foffice.db",
    "x" * 3000,
    "𠮷",
    "",
)
FIELDS = "course year lesson token chosen time words place hidden item answer".split()
JSON, FORM, FILE = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
PROOF = b'--x\r\nContent-Disposition: form-data; name="proof"; filename="a.json"\r\n\r\n'
BODIES = (
    *(
        (JSON, each)
        for each in (b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 9000, b'{"a":' * 1800, b"1e999")
    ),
    *(
        (JSON, json.dumps({"do": do, **dict.fromkeys(FIELDS, value)}).encode())
        for do in ("begin", "open", "beat", "answer", "appeal", "x", ["x"])
        for value in (None, "half \ud800", 10**30, -1, [], {}, True, "a\x00", float("inf"))
    ),
    (FORM, b"code=" + b"%00%ff" * 20),
    (FORM, b"name=%ED%A0%80&last_four=%00"),
    (FORM, b"&" * 5000),
    *((FILE, PROOF + each + b"\r\n--x--\r\n") for each in (b'{"a":', b"[" * 9000, b"\x00")),
    (FILE, b"--x\r\nbroken"),
    ("multipart/form-data", b"x"),
    (b"\xff", b"x"),
)
METHODS = "GET HEAD POST PUT DELETE OPTIONS PATCH".split()


@pytest.fixture
def learner(office: Any) -> dict[str, str]:
    """The cookie of a learner's session."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    c.give_account(cast, 1, "learner")
    with db.transaction() as session:
        token = accounts.sign_in(session, "learner", fits=True, now=datetime.now(UTC))
    return {"cookie": f"ce_session={token}"}


def paths() -> list[str]:
    """Every address of ours, its fillings hostile."""
    found: list[str] = []
    for route in addresses.ROUTES:
        numbers, words = re.findall(r"{\w+:int}", route.path), re.findall(r"{\w+}", route.path)
        for word in WORDS if numbers or words else ("",):
            if numbers and not (word.isascii() and word.isdigit()):
                continue
            path = route.path
            for each in (*numbers, *words):
                path = path.replace(each, quote(word, safe=""))
            found.append(path)
    return list(dict.fromkeys(found))


def test_no_request_makes_a_route_fail(learner: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "DELAY", 0.0)
    app = Starlette(routes=addresses.ROUTES)
    headers = [
        {},
        learner,
        {"cookie": b"ce_session=half\xed\xa0\x80; ce_device=" + b"x" * 500},
        {"content-length": "²".encode()},
        {"content-length": "-1"},
        {"content-type": "application/json", "sec-fetch-site": "none", "range": "bytes=9-1,x"},
    ]
    failed: list[str] = []

    async def ask() -> int:
        count = 0
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8501") as client:

            async def tried(method: str, path: str, *, allowed: bool = True, **given: Any) -> None:
                nonlocal count
                count += 1
                try:
                    answer = await client.request(method, path, **given)
                except Exception as error:  # noqa: BLE001  a traceback is what is looked for
                    failed.append(f"{method} {path[:60]} {str(given)[:90]}: {type(error).__name__} {error}"[:300])
                    return
                if answer.status_code >= 500 or (answer.status_code not in {404, 405}) > allowed:
                    failed.append(f"{method} {path[:60]} {str(given)[:90]}: {answer.status_code}")

            for path in paths():
                await tried("GET", path, headers=learner)
            for route in addresses.ROUTES:
                path = re.sub(r"{\w+(:int)?}", "1", route.path)
                methods = {
                    method for each in addresses.ROUTES if each.path == route.path for method in each.methods or ()
                }
                for method in METHODS:
                    await tried(method, path, allowed=method in methods)
                if path == route.path:
                    for word in WORDS:
                        query = dict.fromkeys("code plan report claim dispute".split(), word)
                        await tried("GET", f"{path}?{urlencode(query)}")
                if "POST" in (route.methods or ()):
                    for at, (kind, body) in enumerate(BODIES):
                        sent = {"content-type": kind} | (learner if at % 4 else {})
                        await tried("POST", path, content=body, headers=sent)
                    for given in headers:
                        await tried("POST", path, content=b"{}", headers=given)
        return count

    assert run(ask) > 900
    assert failed == []


def test_a_number_in_an_address_is_one_that_a_database_takes() -> None:
    found = {word: address.number(word) for word in WORDS}
    assert {word: number for word, number in found.items() if number is not None} == {"1" * 9: 111_111_111}
