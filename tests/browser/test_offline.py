"""The file that verifies cards without a network, in a browser that has none, and no cryptography of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import base45
import cbor2
import numpy as np
import pypdfium2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page

from core.ground import db, signing
from core.ledger import books
from core.people import keys, setup
from core.records import cards, offline, tokens
from tests import cast as c

ADDRESS = "https://hours.example.gov.cn/verify/"


def changed(text: str, *, key: Ed25519PrivateKey | None = None, days: int = 0) -> str:
    """A card's code with more hours in it; signed anew by a key that is not the office's, where one is given, and so
    many days later."""
    address, _, code = text.partition("#")
    head, _, content, signature = cbor2.loads(base45.b45decode(unquote(code))).value
    said = cbor2.loads(content)
    more = cbor2.dumps(said | {5: said[5] + days, 7: [[2024, True, [30, 60, 90]]]}, canonical=True)
    if key:
        head = cbor2.dumps({1: -8, 4: b"anothers"})
        signature = key.sign(cbor2.dumps(["Signature1", head, b"", more]))
    token = cbor2.dumps(cbor2.CBORTag(18, [head, {}, more, signature]))
    return f"{address}#{quote(base45.b45encode(token).decode(), safe='$*+-./:')}"


def with_the_key_void() -> bytes:
    """The file once the key was rotated, and the former one declared void."""
    with db.transaction() as session:
        who: Any = {"actor": setup.system_actor(session), "now": c.AFTER}
        former = signing.public_keys()[0].fingerprint
        keys.rotate(session, reason="例行更换", **who)
        keys.ask_to_void(session, former, reason="U盘遗失", **who)
        keys.agree_to_void(session, former, **who)
        return offline.verifier(session, now=c.AFTER)


def pasted(page: Page, text: str) -> str | None:
    page.locator("#text").fill(text)
    return page.locator("#answer p").first.get_attribute("data-state")


def test_genuine_altered_foreign_and_revoked_are_told_apart_without_a_network(
    browser: Browser, office: Path, tmp_path: Path
) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图", professional_hours=7.5), c.row(2)]))
    with db.transaction() as session:
        card, gone = (
            cards.issue(session, c.person_id(each), 2024, actor=cast["reviewer"], now=c.AFTER) for each in (1, 2)
        )
        books.reverse(session, 1, lines=[2], actor=cast["reviewer"], reason="重复登记", now=c.AFTER)
    file = tmp_path / "offline-verifier.html"
    with db.reading() as session:
        file.write_bytes(offline.verifier(session, now=c.AFTER))
    printed = tmp_path / "card.png"
    with pypdfium2.PdfDocument(cards.pdf(card, verify_url=ADDRESS + card.code)) as document:
        scan = document[0].render(scale=150 / 72).to_pil().convert("L")  # type: ignore[no-untyped-call]
    askew = scan.rotate(7, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    dark = np.asarray(askew.filter(ImageFilter.GaussianBlur(0.6))) * 0.4
    noise = np.random.default_rng(17).normal(0, 10, dark.shape)
    Image.fromarray(np.clip(dark + noise, 0, 255).astype(np.uint8)).save(printed)
    text, revoked = (f"{ADDRESS}{each.code}#{tokens.made(cards.said_by(each))}" for each in (card, gone))
    asked: list[str] = []
    context = browser.new_context(offline=True, locale="zh-CN")
    try:
        context.add_init_script("Object.defineProperty(window, 'crypto', {value: undefined})")
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: asked.append(str(error)))
        page.goto(file.as_uri())
        assert signing.public_keys()[0].written in page.locator("#list").inner_text()
        assert "截至2024-07-01" in page.locator("#list").inner_text()
        other = Ed25519PrivateKey.generate()
        theirs = [changed(text, key=other, days=each) for each in (-1, 0, 1)]
        states = [pasted(page, each) for each in (text, changed(text), *theirs)]
        assert states == ["genuine", "altered", "foreign", "unknown", "unknown"]  # a later key may be the office's own
        assert "不认识的密钥" in page.locator("#answer p.note").inner_text()
        assert pasted(page, revoked) == "revoked"
        assert "已于2024-07-01失效" in page.locator("#answer").inner_text()
        typed = text.partition("#")[2].replace("%20", " ").replace("$", "￥").replace(".", "。").lower()
        assert pasted(page, typed) == "genuine"  # by a scanner through an input method
        assert pasted(page, text.partition("#")[2]) == "genuine"  # of an office without a public address
        assert pasted(page, text[:-30]) == "altered"
        assert [pasted(page, each) for each in (tokens.written(card.code), text.partition("#")[0])] == ["code", "code"]
        others = ("https://qr.alipay.com/fkx1234567890", "WIFI:T:WPA;S:office;P:12345678;;" * 2, f"{ADDRESS}x?a=b#top")
        assert [pasted(page, each) for each in others] == ["other"] * 3
        assert "不是审验卡的二维码" in page.locator("#answer p.note").inner_text()  # which accuses nobody
        page.get_by_role("button", name="清除").click()
        assert page.locator("#answer").inner_text() == ""
        page.locator("#file").set_input_files(printed)
        page.locator("[data-state=genuine]").wait_for()
        said = page.locator("#answer").inner_text()
        known = ("额尔敦·巴图", c.id_number(1)[-4:], tokens.written(card.code), "7.5", "2024-07-01", card.number or "")
        for words in (*known, "卡面上印的文字没有核验", "各年度学时与卡面"):
            assert words in said
        for url in (ADDRESS + card.code, ""):  # the card's own file carries what its code says
            (bare := tmp_path / "card.pdf").write_bytes(cards.pdf(card, verify_url=url))
            page.get_by_role("button", name="清除").click()
            page.locator("#file").set_input_files(bare)
            page.locator("[data-state=genuine]").wait_for()
            assert "页面上的文字没有核验" in page.locator("#answer").inner_text()
        file.write_bytes(with_the_key_void())
        page.goto(file.as_uri())
        assert pasted(page, text) == "void"
        assert "已于2024-07-01作废" in page.locator("#answer").inner_text()
        assert [each for each in asked if not each.startswith(("file:", "blob:"))] == []
    finally:
        context.close()
