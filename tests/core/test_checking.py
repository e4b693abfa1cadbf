"""Cards checked by anybody: four answers, the bearer held against the card, the holder told, guessing made slow."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import cbor2
import httpx
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from starlette.applications import Starlette

from core.ground import certificates, db, signing
from core.ground.access import Refused
from core.ledger import books
from core.models import Card, CardCheck, Source
from core.records import cards, checking, privacy, tokens
from core.records.faces import Size
from routes import addresses, pace, verify
from tests import cast as c
from tests import ready

T = TypeVar("T")


@pytest.fixture
def cast(office: Path, monkeypatch: pytest.MonkeyPatch) -> c.Cast:
    monkeypatch.setattr(verify, "_pace", pace.Pace())
    made = c.assemble()
    c.posted(made, c.sheet([c.row(1, "额尔敦·巴图"), c.row(2)]))
    return made


def issued(cast: c.Cast, serial: int = 1) -> Card:
    with db.transaction() as session:
        return cards.issue(session, c.person_id(serial), 2024, actor=cast["reviewer"], now=c.AFTER)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Its outcome, from a thread of its own: the browser of other tests keeps this one's loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def asked(path: str, method: str = "GET", **sent: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        office = httpx.ASGITransport(Starlette(routes=addresses.ROUTES))
        async with httpx.AsyncClient(transport=office, base_url="http://office") as client:
            return await client.request(method, path, **sent)

    return run(ask())


def checks() -> list[tuple[str, bool | None]]:
    with db.reading() as session:
        kept = session.execute(sa.select(CardCheck.answer, CardCheck.agreed).order_by(CardCheck.id))
        return [(answer, agreed) for answer, agreed in kept]


def test_a_card_is_valid_superseded_revoked_or_never_was(cast: c.Cast) -> None:
    card = issued(cast)
    page = asked(f"/verify/{tokens.written(card.code).lower()}")
    assert (page.status_code, "此卡真实有效" in page.text) == (200, True)
    assert "额*****" in page.text
    assert f"<th>编号<td>{card.number}" in page.text
    assert [f"<tr><td>{year}<td class=n>" in page.text for year in (2022, 2023, 2024)] == [True] * 3, "as on the paper"
    assert 'action="/verify" method="post"><h2>核验下一张' in page.text
    assert "新卡" not in page.text
    assert "额尔敦" not in page.text
    assert c.id_number(1)[-4:] not in page.text
    with db.transaction() as session:
        cards.issue(
            session, c.person_id(1), 2024, size=Size.A4, actor=cast["reviewer"], now=c.AFTER + timedelta(days=1)
        )
    page = asked(f"/verify/{card.code}")
    assert "此卡真实有效" in page.text
    assert "已于2024-07-02出具同年度的新卡，所载学时一致" in page.text
    more = books.Posting(c.person_id(1), 2023, "public", Decimal("7.5"), c.date(2023, 5, 6), source=Source.PUBLIC_EXAM)
    with db.transaction() as session:
        books.post(session, [more], basis="公需考试", actor=cast["reviewer"], now=c.AFTER)
    page = asked(f"/verify/{card.code}")
    assert "出具后学时有变化" in page.text
    assert "<td>2023<td>公需<td class=n>0<td class=n>7.5" in page.text
    assert "<td>2024<td>专业" not in page.text  # what is as it was
    with db.transaction() as session:
        books.reverse(session, 1, actor=cast["reviewer"], reason="与<额尔敦·巴图>重复", now=c.AFTER + timedelta(days=2))
    page = asked(f"/verify/{card.code}")
    assert "此卡已于2024-07-03失效，卡上部分或全部学时已冲销（冲销第1批）" in page.text
    assert "重复" not in page.text  # which kind of reason, and no more
    page = asked(f"/verify/{'2' * 16}")
    assert (page.status_code, "没有查到这张审验卡" in page.text) == (404, True)
    assert f'value="{"2" * 16}"' in page.text  # to be put right
    page = asked(f"/verify/{card.number}")
    assert (page.status_code, "填的是编号" in page.text, "额" in page.text) == (404, True, False)
    assert checks() == [("valid", None), ("valid", None), ("superseded", None), ("revoked", None)]
    asked(f"/verify/{card.code}", "HEAD")
    assert len(checks()) == 4
    sent = asked("/verify", "POST", data={"code": f"http://x/verify/{card.code}#{tokens.made(cards.said_by(card))}"})
    assert sent.headers["location"] == f"/verify/{card.code}"  # what a scanner typed, without what the card says


def test_the_bearer_is_held_against_the_card_by_yes_and_no(cast: c.Cast) -> None:
    card = issued(cast)

    def told(name: str, last_four: str) -> httpx.Response:
        return asked(f"/verify/{card.code}", "POST", data={"name": name, "last_four": last_four})

    four = c.id_number(1)[-4:]
    assert "与卡相符" in told(" 额尔敦•巴图 ", four).text
    assert "与卡相符" in told("额尔敦巴图", four).text  # an ID card may show no dot
    wrong = told("额尔敦", four).text
    assert "与卡不符" in wrong
    assert 'value="额尔敦"' in wrong  # to be put right
    assert "与卡不符" in told("额尔敦·巴图", "0000").text
    assert checks() == [("valid", True), ("valid", True), ("valid", False), ("valid", False)]
    assert asked(f"/verify/{'2' * 16}", "POST", data={"name": "x", "last_four": "0000"}).status_code == 404
    assert asked(f"/verify/{card.code}", "POST", data={"name": "x" * 5000, "last_four": "0000"}).status_code == 413
    for _ in range(10):
        answer = told("额尔敦·巴图", "0000")
    assert (answer.status_code, "秒后再核对" in answer.text) == (429, True)
    assert told("额尔敦·巴图", four).status_code == 429  # so that waiting tells nothing
    assert len(checks()) == 4 + 9
    assert "真实有效" in asked(f"/verify/{card.code}").text  # the card itself is answered as before


def test_the_holder_and_nobody_else_sees_that_the_card_was_checked(cast: c.Cast) -> None:
    card = issued(cast)
    own = c.give_account(cast, 1, "person")
    with db.transaction() as session:
        checking.check(session, card.code, now=c.AFTER)
        checking.confirm(session, card.code, "额尔敦·巴图", "0000", now=c.AFTER)
    with db.reading() as session:
        found = checking.of_person(session, own)
        assert found[["code", "answer", "agreed"]].to_numpy().tolist() == [
            [tokens.written(card.code), "真实有效", "不相符"],
            [tokens.written(card.code), "真实有效", ""],
        ]
        with pytest.raises(Refused, match="role"):
            checking.of_person(session, cast["reviewer"])
        assert "不相符" in privacy.own_data(session, actor=own, now=c.AFTER).decode()
    other = c.give_account(cast, 2, "other")
    with db.reading() as session:
        assert checking.of_person(session, other).empty


def test_guessing_finds_nothing_and_is_slow_and_what_is_right_never_is(
    cast: c.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "DELAY", 0.05)
    code = issued(cast).code

    async def all_of(codes: list[str], address: str) -> list[int]:
        office = httpx.ASGITransport(Starlette(routes=addresses.ROUTES), client=(address, 1))
        async with httpx.AsyncClient(transport=office, base_url="http://office") as client:
            return [each.status_code for each in await asyncio.gather(*(client.get(f"/verify/{c}") for c in codes))]

    began = time.monotonic()
    assert run(all_of([code] * (pace.FREE + 20), "10.0.0.1")) == [200] * (pace.FREE + 20)
    guesses = ["".join(secrets.choice(tokens.ALPHABET) for _ in range(16)) for _ in range(pace.FREE)]
    assert set(run(all_of(guesses, "10.0.0.1"))) == {404}
    waits = verify._pace
    assert waits._left["10.0.0.1"][0] < 1
    began = time.monotonic()
    many = [*guesses[: 4 * pace.LANE], code]
    assert run(all_of(many, "10.0.0.1")) == [404] * (len(many) - 1) + [200]  # the right one is not shut out
    assert time.monotonic() - began > 4 * 0.05
    assert not waits._lanes
    monkeypatch.setattr(pace, "_WAITING", 2)
    assert 429 in run(all_of(guesses, "10.0.0.1"))
    assert run(all_of([code], "10.0.0.2")) == [200]


def test_the_public_keys_and_the_list_of_revoked_cards_are_open_to_everybody_and_signed(cast: c.Cast) -> None:
    card, gone = issued(cast), issued(cast, 2)
    (key,) = asked("/.well-known/jwks.json").json()["keys"]
    raw, written = signing.public_keys()[0].raw, signing.public_keys()[0].written
    assert (key["fingerprint"], f"<td class=key>{written}<td>现用" in asked("/verify").text) == (written, True)
    assert (key["kty"], key["crv"], key["x"]) == ("OKP", "Ed25519", base64.urlsafe_b64encode(raw).decode().rstrip("="))

    signs = certificates.signatory().certificate
    (db.home() / "signing" / "office.crt").unlink()  # another is made
    both = x509.load_pem_x509_certificates(asked("/.well-known/pdf-signature.pem").content)
    assert (both[0] != signs, both[1:]) == (True, [signs])  # what it signed is still checked by it
    assert (asked(f"/.well-known/pdf-signature/{certificates.print_of(signs)}.cer").content) == signs.public_bytes(
        serialization.Encoding.DER
    )
    assert asked("/.well-known/pdf-signature/office.cer").status_code == 404
    shown = asked("/verify").text.replace(" ", "")
    assert [shown.count(certificates.print_of(each)) for each in both] == [2, 2]

    def told() -> dict[int, Any]:
        content = signing.opened(asked("/.well-known/card-status").content)
        assert content is not None
        return cbor2.loads(content)  # type: ignore[no-any-return]

    assert (told()[4], told()[5]) == (b"", [])
    with db.transaction() as session:
        books.reverse(session, 1, lines=[2], actor=cast["reviewer"], reason="重复", now=c.AFTER + timedelta(days=2))
    kept = told()
    assert kept[4] == hashlib.sha512(tokens.packed(gone.code)).digest()[:8]
    assert [date(1970, 1, 1) + timedelta(each) for each in kept[5]] == [date(2024, 7, 3)]
    assert kept[3] == [[signing.public_keys()[0].id, raw]]
    assert tokens.unpacked(tokens.packed(card.code)) == card.code
    sent = asked("/offline-verifier.html")
    assert "attachment" in sent.headers["content-disposition"]
    assert not re.search(r"(src|href)=|/\*(jsQR|nacl|bundle)\*/", sent.text)  # whole, and nothing to be fetched
    assert card.code not in sent.text


@ready.sqlite
def test_check_names_a_card_that_is_not_what_was_signed(cast: c.Cast) -> None:
    card, _other = issued(cast), issued(cast, 2)
    with db.reading() as session:
        assert checking.faults(session) == []
    with db.engine().begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER card_no_update")
        connection.execute(sa.update(Card).where(Card.id == card.id).values(signature="00" * 64))
    with db.reading() as session:
        assert checking.faults(session) == [f"card {card.id} is not what the office signed"]
    assert "没有查到" in asked(f"/verify/{card.code}").text
    again = c.refusal(lambda session: cards.printed_again(session, card.id, actor=cast["reviewer"], now=c.AFTER))
    assert again.code == "altered"  # its code would be signed anew
