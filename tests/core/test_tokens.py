"""What a card's QR code carries: a statement that others read without us, and that cannot be changed unseen."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import base45
import cbor2
import numpy as np
import pypdfium2
import pytest
import zxingcpp
from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from nacl.signing import VerifyKey
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from starlette.requests import Request

from core.ground import certificates, db, signing
from core.ground.access import Actor, Refused
from core.models import Card
from core.office import home
from core.people import keys, setup
from core.records import cards, offline, proofs, tokens
from routes import verify as routes_verify
from tests import cast as c

URL = "https://hours.example.gov.cn/verify/"


@pytest.fixture
def card(office: Path) -> Card:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图", professional_hours=7.5)]))
    with db.transaction() as session:
        return cards.issue(session, c.person_id(1), 2024, actor=cast["reviewer"], now=c.AFTER)


def scanned(image: Image.Image | NDArray[np.uint8]) -> str:
    (found,) = zxingcpp.read_barcodes(np.asarray(image), formats=zxingcpp.BarcodeFormat.QRCode)  # lines are no bar code
    return str(found.text)


def test_a_scan_of_the_printed_card_is_read_askew_blurred_and_in_poor_light(card: Card) -> None:
    with pypdfium2.PdfDocument(cards.pdf(card, verify_url=URL + card.code)) as document:
        page = document[0].render(scale=150 / 72).to_pil().convert("L")  # type: ignore[no-untyped-call]
    said = tokens.read(scanned(page))
    assert said is not None
    assert (said.code, said.name, said.last_four) == (card.code, "额尔敦·巴图", c.id_number(1)[-4:])
    assert (said.authority, str(said.issued_on)) == ("内蒙古自治区人力资源和社会保障厅", "2024-07-01")
    assert said.number == card.number
    assert said.subjects == ("公需", "专业", "累计")
    assert [(year, done, tuple(map(str, hours))) for year, done, hours in said.years] == [
        (2022, False, ("0", "0", "0")),
        (2023, False, ("0", "0", "0")),
        (2024, False, ("0", "7.5", "7.5")),
    ]
    corner = page.crop((page.width // 2, 0, page.width, page.height // 3))
    noise = np.random.default_rng(17).normal(0, 6, (corner.height, corner.width))
    dark = np.clip(np.asarray(corner) * 0.25 + np.linspace(10, 90, corner.width) + noise, 0, 255).astype(np.uint8)
    for poor in (
        corner.rotate(90, expand=True),
        corner.rotate(17, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC),
        corner.filter(ImageFilter.GaussianBlur(0.8)),
        dark,
    ):
        assert tokens.read(scanned(poor)) == said
    assert scanned(page).startswith(f"{URL}{card.code}#")


def test_without_a_public_address_the_code_is_the_signed_statement_alone(card: Card) -> None:
    with pypdfium2.PdfDocument(cards.pdf(card, verify_url=tokens.place("", card.code))) as document:
        page = document[0]
        assert "离线核验码" in page.get_textpage().get_text_bounded()
        text = scanned(page.render(scale=150 / 72).to_pil().convert("L"))  # type: ignore[no-untyped-call]
    assert text == tokens.made(cards.said_by(card))
    assert cards.plain_code(text.lower()) == card.code  # scanned into the box of the page that verifies
    assert cards.plain_code(text[:-9]) is None
    assert tokens.place("https://hours.example.gov.cn", card.code) == URL + card.code


def test_other_libraries_read_the_statement_and_verify_its_signature(card: Card) -> None:
    address, _, text = scanned_text(card).partition("#")
    assert address == URL + card.code
    assert " " not in text  # a valid address, wherever a phone's camera takes it
    token = base45.b45decode(unquote(text))
    head, _, content, signature = cbor2.loads(token).value
    (key,) = signing.public_keys()
    assert cbor2.loads(head) == {1: -8, 4: key.id}
    VerifyKey(key.raw).verify(cbor2.dumps(["Signature1", head, b"", content]), signature)
    assert cbor2.loads(content)[2] == "额尔敦·巴图"
    assert cbor2.loads(content)[8] == [150000, int((card.number or "")[-7:])]  # its year is that of its issue
    for number, there in (("150000-2023-0000013", "150000-2023-0000013"), ("", "")):  # older cards have none
        read = tokens.read(tokens.made(cards.said_by(card) | {"number": number}))
        assert (read and read.number) == there
    assert len(token) < 260


def scanned_text(card: Card) -> str:
    return f"{URL}{card.code}#{tokens.made(cards.said_by(card))}"


def test_a_statement_that_was_altered_or_made_by_another_says_nothing(card: Card) -> None:
    text = scanned_text(card)
    assert tokens.read(text) is not None
    token = base45.b45decode(unquote(text.partition("#")[2]))
    head, _, content, signature = cbor2.loads(token).value
    more = cbor2.dumps(cbor2.loads(content) | {7: [[2024, True, [30, 60, 90]]]}, canonical=True)
    forged = cbor2.dumps(cbor2.CBORTag(18, [head, {}, more, signature]))
    assert tokens.read(base45.b45encode(forged).decode()) is None
    assert tokens.read(tokens.made(cards.said_by(card) | {"code": tokens.SAMPLE})) is None  # nor does a sample
    for junk in ("", "#", "HTTP://X", text[:-9], base45.b45encode(b"\xff\xff").decode(), ":::", "Z"):
        assert tokens.read(junk) is None


def test_what_was_signed_before_a_rotation_still_holds_and_another_office_does_not(
    card: Card, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, first = scanned_text(card), signing.public_keys()[0]
    with db.transaction() as session:
        keys.rotate(session, actor=setup.system_actor(session), reason="例行更换", now=c.AFTER)
    newest, former = signing.public_keys()
    assert (former, newest.id != first.id) == (first, True)
    assert scanned_text(card) != before
    again = cards.pdf(card, verify_url=URL + card.code)  # printed again it says what it said
    assert before.partition("#")[2].encode() in again
    assert tokens.read(before) == tokens.read(scanned_text(card)) is not None
    with db.reading() as session:
        assert cards.verification(session, card.code) is not None
    monkeypatch.setenv("CE_KEY_FILE", str(tmp_path / "other.key"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    db.make_key()
    assert tokens.read(before) is None


def test_a_key_that_others_may_hold_is_void_once_two_agree_and_so_is_what_it_signed(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    admin, reviewer = cast["admin"], cast["reviewer"]
    with db.reading() as session:
        system = setup.system_actor(session)

    def did(deed: Callable[..., Any], *given: Any, actor: Actor = admin, **more: Any) -> Any:
        with db.transaction() as session:
            return deed(session, *given, actor=actor, now=c.AFTER, **more)

    def refused(deed: Callable[..., Any], *given: Any, **more: Any) -> str:
        with pytest.raises(Refused) as why:
            did(deed, *given, **more)
        return why.value.code

    def answered() -> tuple[cards.Answer, str, set[bytes]]:
        with db.reading() as session:
            found = cards.verification(session, card.code)
            gone = cbor2.loads(signing.opened(offline.status(session, now=c.AFTER)))[6]
        return found.answer, found.revoked.kind if found.revoked else "", {id_ for id_, _ in gone}

    card = did(cards.issue, c.person_id(1), 2024, actor=reviewer)
    proof = did(proofs.issue, 1, 1, actor=reviewer)
    (former,) = signing.public_keys()
    why = {"reason": "存放密钥的U盘遗失"}
    assert refused(keys.ask_to_void, former.fingerprint, **why) == "in use"  # nothing could be signed any more
    did(keys.rotate, reason="例行更换")
    assert refused(keys.ask_to_void, former.fingerprint, **why, actor=cast["hohhot_admin"]) == "role"
    assert refused(keys.ask_to_void, former.fingerprint, reason="") == "reason"
    assert refused(keys.agree_to_void, former.fingerprint, actor=system) == "done"
    did(keys.ask_to_void, former.fingerprint, **why)
    assert refused(keys.ask_to_void, former.fingerprint, **why) == "done"
    assert refused(keys.agree_to_void, former.fingerprint) == "self"
    did(keys.keep_believing, former.fingerprint)
    did(keys.ask_to_void, former.fingerprint, **why)
    assert answered() == (cards.Answer.VALID, "", set())  # as long as one alone has said so
    with db.reading() as session:
        other = dataclasses.replace(admin, account_id=(admin.account_id or 0) + 1000)
        told = [home.home(session, each, now=c.AFTER).soon.items for each in (other, admin, reviewer)]
    assert [[(item.kind, item.words) for item in each] for each in told] == [[("key", why["reason"])], [], []]
    did(keys.agree_to_void, former.fingerprint, actor=system)
    assert answered() == (cards.Answer.REVOKED, "签名密钥作废", {former.id})
    assert refused(keys.keep_believing, former.fingerprint) == "done"
    assert refused(cards.printed_again, card.id, actor=reviewer) == "revoked"
    with db.reading() as session:
        assert proofs.void_since(session, proof) == date(2024, 7, 1)
        (line,) = cards.issued(session, c.person_id(1), reviewer).to_dict("records")
        assert (line["state"], line["reason"]) == ("已失效", "签名密钥作废")
        newest, gone = keys.listed(session, admin)
        assert (newest.doubt, gone.doubt and gone.doubt.void_on) == (None, date(2024, 7, 1))
        assert keys.faults(session) == []  # what it sealed is still opened
    public = routes_verify.keys(Request({"type": "http"})).body
    assert [each["kid"] for each in json.loads(public)["keys"]] == [signing.public_keys()[0].jwk["kid"]]
    again = did(cards.issue, c.person_id(1), 2024, actor=reviewer)
    with db.reading() as session:
        assert cards.verification(session, again.code).answer is cards.Answer.VALID


def test_the_pdf_is_signed_holds_its_record_and_says_what_it_is(card: Card) -> None:
    made = cards.pdf(card, verify_url=URL + card.code)
    assert len(made) < 45_000
    with pypdfium2.PdfDocument(made) as document:
        (record,) = (document.get_attachment(at) for at in range(document.count_attachments()))
        kept = json.loads(bytes(record.get_data()))
    assert kept["statement"] == cards.said_by(card)
    assert tokens.read(kept["qr"]).name == "额尔敦·巴图"
    assert kept["qr"].encode() in made  # in the open, where the file that needs no network looks for it
    archived(made, title="2024年度专业技术人员继续教育审验卡")
    validated = signature_of(made)
    assert validated.bottom_line
    assert validated.coverage is SignatureCoverageLevel.ENTIRE_FILE
    place = made.index("示例".encode("utf-16-be")) if "示例".encode("utf-16-be") in made else len(made) // 3
    spoilt = made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]
    assert not signature_of(spoilt).intact


def archived(made: bytes, *, title: str) -> None:
    """What ISO 19005-3 asks of a file, and its parts tell."""
    assert made.startswith(b"%PDF-1.7\n%")
    assert all(each > 127 for each in made[10:14])
    assert made.rstrip().endswith(b"%%EOF")
    file = PdfFileReader(io.BytesIO(made))
    root = file.root
    assert (len(file.trailer["/ID"]), file.encrypted, "/Info" in file.trailer) == (2, False, False)
    said = root["/Metadata"]
    assert "/Filter" not in said
    for part in ("<pdfaid:part>3<", "<pdfaid:conformance>U<", f">{title}<", 'xmp:CreateDate="2024-07-01T'):
        assert part in said.data.decode()
    (colours,) = root["/OutputIntents"]
    assert (colours["/S"], colours["/DestOutputProfile"]["/N"]) == ("/GTS_PDFA1", 3)
    assert colours["/DestOutputProfile"].data[36:40] == b"acsp"
    (attached,) = (each.get_object() for each in root["/AF"])
    assert (attached["/AFRelationship"], attached["/F"] != "", attached["/UF"] != "") == ("/Source", True, True)
    assert attached["/EF"]["/F"]["/Subtype"] == "/application/json"
    assert "/ModDate" in attached["/EF"]["/F"]["/Params"]
    assert not {"/AA", "/JavaScript", "/OCProperties"} & set(root)
    assert "/NeedAppearances" not in root["/AcroForm"]
    (page,) = (each.get_object() for each in root["/Pages"]["/Kids"])
    for font in (each.get_object() for each in page["/Resources"]["/Font"].values()):
        (glyphs,) = (each.get_object() for each in font["/DescendantFonts"])
        assert glyphs["/FontDescriptor"]["/FontFile3"]["/Subtype"] == "/CIDFontType0C"
        assert {"/Registry": "Adobe", "/Ordering": "Identity"}.items() <= dict(glyphs["/CIDSystemInfo"]).items()
        assert b"beginbfchar" in font["/ToUnicode"].data  # conformance U: what is drawn is text
        assert b"<0000> <0000>" not in font["/ToUnicode"].data
    for mark in (each.get_object() for each in page["/Annots"]):
        rect = [float(each) for each in mark["/Rect"]]
        assert (rect[:2], mark["/F"] & 4) == (rect[2:], 4)  # nothing to see, so that it needs no appearance


def signature_of(made: bytes) -> PdfSignatureStatus:
    """What pyHanko finds of a file's signature, the office's certificate trusted."""
    office = x509.Certificate.load(certificates.signatory().certificate.public_bytes(Encoding.DER))
    (signature,) = PdfFileReader(io.BytesIO(made)).embedded_signatures
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    context = ValidationContext(trust_roots=[office], other_certs=[office])
    with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps this one's loop
        return thread.submit(validate_pdf_signature, signature, context).result()


def test_the_offices_own_certificate_signs_where_it_has_one(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificates.signatory()
    content = pkcs12.serialize_key_and_certificates(
        b"office", own.key, own.certificate, None, BestAvailableEncryption("口令".encode())
    )
    path = tmp_path / "office.p12"
    path.write_bytes(content)
    (db.home() / "signing" / "office.crt").unlink()
    monkeypatch.setenv("CE_SIGNATURE", str(path))
    for passphrase, code in (("", "certificate"), ("口令", None)):
        monkeypatch.setenv("CE_SIGNATURE_PASSPHRASE", passphrase)
        if code:
            with pytest.raises(Refused, match=code):
                cards.pdf(card, verify_url=URL + card.code)
    assert certificates.signatory().certificate == own.certificate
    monkeypatch.delenv("CE_SIGNATURE")
    assert certificates.signatory().certificate != own.certificate  # made anew where it is gone
