"""What a card's QR code carries (离线核验码): its statement in a few bytes, signed, to be verified without a network.

One code is both an address and the statement: `https://…/verify/CODE#STATEMENT`. A phone's camera opens the address,
and the part behind # never leaves the phone; a reader without a network takes that part alone. Two codes side by side
would be smaller each, and the wrong one scanned as often as the right one. An office that has set no public address
prints STATEMENT alone: an address that this browser happens to use may lead nobody else anywhere. STATEMENT is
COSE_Sign1 (Ed25519) in CBOR, as Base45 (RFC 9285) with the blank and % percent-encoded: so the whole is a valid address
and still packs as letters.

The statement is a CBOR map: 1 code (10 bytes), 2 name, 3 last four of the ID number, 4 authority, 5 day of issue (days
since 1970-01-01), 6 names of the subjects with the total last, 7 the years, each [year, complete or null where it is
not judged alone, hours by subject]; and where it has one (not in codes of before 2026-12) 8 its number as
[region, running number], with the year behind where that is not the one of its issue.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import cbor2
import segno

from core.ground import signing, typed
from core.ledger import years

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of the codes on cards, five bits a letter. No 0 O 1 I: they are read out over the telephone."""
_MEANT_FOR_L = re.compile("[1I]")
"""What is typed for a letter that it can only stand for; 0 and O may stand for D as well as Q."""
NEVER = "没有0、1、I、O"
"""Which letters no code has, in words."""
SAMPLE = "SAMPLESAMPLESAMP"
"""The code of samples (样张), which the office never signs: they verify nowhere."""
LENGTH = 16
_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_DAY_0 = date(1970, 1, 1)
_PARTS = re.compile(r"(\d{6})-(\d{4})-(\d{7})", re.ASCII)
_UNJUDGED = {"", *years.NOT_ALONE.values()}


def drawn() -> str:
    """A new code of a card or certificate (验证码), drawn at random: 80 bits, not to be guessed."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


@dataclass(frozen=True)
class Statement:
    """What the code on a card says, signed by the office."""

    code: str
    name: str
    last_four: str
    authority: str
    issued_on: date
    subjects: tuple[str, ...]
    years: tuple[tuple[int, bool | None, tuple[Decimal, ...]], ...]
    number: str = ""
    """编号; "" of a code printed before it was in it, and of a card without one."""


_GROUPS = [
    re.compile(rf"(?<![{ALPHABET}01IO])" + between.join([f"([{ALPHABET}1I]{{4}})"] * 4) + f"(?![{ALPHABET}01IO])")
    for between in ("-", " ?-? ?")
]
"""Four groups of four as a code is printed, whatever stands around them; then with blanks or nothing between."""
_ANY_DASH = re.compile("[-‐-―−﹣－_]+")
_NUMBER = re.compile(r"\D*\d{6}\D?\d{4}\D?\d{7}\D*")


def found(text: str) -> str | None:
    """The code in what somebody typed or copied (验证码): alone, in its line of the card, or in a message about it.

    1 and I are read as L. None where there is none.
    """
    plain = _ANY_DASH.sub("-", typed.narrow(text).upper())
    letters = "".join(letter for letter in plain if letter.isascii() and letter.isalnum())
    for some in (*("".join(there.groups()) for groups in _GROUPS if (there := groups.search(plain))), letters):
        code = _MEANT_FOR_L.sub("L", some)
        if len(code) == LENGTH and set(code) <= set(ALPHABET):
            return code
    return None


def is_number(text: str) -> bool:
    """Whether what was typed is a card's number (编号), which is counted up and therefore finds nothing."""
    return _NUMBER.fullmatch(typed.plain(text)) is not None


def written(code: str) -> str:
    """A code as it is printed: groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def made(said: Mapping[str, Any], by: signing.PublicKey | None = None) -> str:
    """The signed statement of a card, of its payload (`cards`), as it stands behind the # of its address.

    `by`: the key that the card was issued under, None for the newest.
    """
    names = dict(said["subjects"])
    lines = [
        [
            line["year"],
            None if line["lacks"] in _UNJUDGED else line["lacks"] == years.DONE,
            [_hours(line["hours"].get(code, 0)) for code in names],
        ]
        for line in said["years"]
    ]
    content = {
        1: packed(said["code"]),
        2: said["name"],
        3: said["id_mask"][-4:],
        4: said["office"],
        5: (date.fromisoformat(said["issued_on"]) - _DAY_0).days,
        6: list(names.values()),
        7: lines,
    }
    if parts := _PARTS.fullmatch(said.get("number", "")):
        region, year, running = map(int, parts.groups())
        content[8] = [region, running] if year == int(said["issued_on"][:4]) else [region, running, year]
    signed = signing.signed(cbor2.dumps(content, canonical=True), by=by, sample=said["code"] == SAMPLE)
    return quote(base45(signed), safe="$*+-./:")


def read(text: str) -> Statement | None:
    """What a scanned code says; None where it says nothing, was altered, or is another office's."""
    try:
        content = signing.opened(unbase45(unquote(text.rpartition("#")[2])))
        if content is None:
            return None
        given = cbor2.loads(content)
        return Statement(
            code=unpacked(given[1]),
            name=given[2],
            last_four=given[3],
            authority=given[4],
            issued_on=_DAY_0 + timedelta(given[5]),
            subjects=tuple(given[6]),
            years=tuple((year, done, tuple(Decimal(str(each)) for each in hours)) for year, done, hours in given[7]),
            number=_number(given[8], _DAY_0 + timedelta(given[5])) if 8 in given else "",
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def place(office: str, code: str) -> str:
    """Where a code is answered (核验网址) by the office's public address (`setup.address`); "" where it has none."""
    return f"{office}/verify/{code}" if office else ""


def address(said: Mapping[str, Any], verify_url: str, by: signing.PublicKey | None = None) -> str:
    """What a card's QR code holds: the address its code is answered at, with the signed statement behind it; without an
    address the statement alone."""
    return f"{verify_url}#{made(said, by)}" if verify_url else made(said, by)


def qr(text: str) -> segno.QRCode:
    """QR code of an `address`.

    Some 61 modules a side: 36 mm on paper and more are read at 150 dpi, which larger modules help to more than a higher
    level of correction (of sixteen cards all were, and thirteen at level M).
    `paper.modules` draws it, `segno` writes SVG.
    """
    answered_at, mark, statement = text.rpartition("#")
    parts = [part for part in (answered_at + mark, statement) if part]  # each as tightly as it can be packed
    # Of the eight masks any one will do for bytes as random as a signature's; to weigh them takes most of the time.
    return segno.make(parts, error="l", boost_error=False, mask=4)  # type: ignore[arg-type]


def record(said: Mapping[str, Any], text: str) -> bytes:
    """A card's record for machines (机读数据), as it lies in the PDF file: its payload, and the text of its QR code."""
    told = {"form": "ce-card-1", "qr": text, "statement": said}
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _number(parts: list[int], issued_on: date) -> str:
    """编号 of what stands for it: region and running number, and the year where it is not the one of its issue."""
    region, running, year = *parts[:2], parts[2] if parts[2:] else issued_on.year
    return f"{region:06}-{year:04}-{running:07}"


def _hours(hours: str) -> int | float:
    """Hours as the shortest number: whole ones as such; halves and quarters are exact as floats."""
    exact = Decimal(hours)
    return int(exact) if exact == int(exact) else float(exact)


def packed(code: str) -> bytes:
    """A card's code as its 80 bits."""
    bits = 0
    for letter in code:
        bits = bits << 5 | ALPHABET.index(letter)
    return bits.to_bytes(10)


def unpacked(code: bytes) -> str:
    """The inverse of `packed`."""
    bits = int.from_bytes(code)
    return "".join(ALPHABET[bits >> 5 * at & 31] for at in range(15, -1, -1))


def base45(content: bytes) -> str:
    """Base45 (RFC 9285): two bytes as three letters of those that a QR code packs most tightly."""
    pairs = (content[at : at + 2] for at in range(0, len(content), 2))
    return "".join(
        _BASE45[number % 45] + _BASE45[number // 45 % 45] + (_BASE45[number // 2025] if len(pair) == 2 else "")
        for pair in pairs
        for number in [int.from_bytes(pair)]
    )


def unbase45(text: str) -> bytes:
    """The inverse of `base45`; ValueError where the text is none."""
    digits = [_BASE45.index(letter) for letter in text]
    found = bytearray()
    for at in range(0, len(digits), 3):
        part = digits[at : at + 3]
        found += sum(digit * 45**place for place, digit in enumerate(part)).to_bytes(len(part) - 1)
    return bytes(found)
