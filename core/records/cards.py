"""Cards (审验卡): what one says, its signature, its PDF, its revocation and public verification."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from core.ground import db, paper, resident_id, signing, typed
from core.ground.access import Actor, Labelled, Refused, Role, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import TOTAL, TOTAL_NAME, Subject, short_name
from core.ledger import reliance, statements, years
from core.ledger.standing import Standing
from core.ledger.years import Held, SubjectLine, View, Year
from core.models import (
    Card,
    CardPerson,
    Change,
    CreditBatch,
    Organization,
    Person,
    PersonChange,
    Source,
    under,
)
from core.people import persons
from core.records import tokens
from core.trail import audit

ISSUERS = (Role.PERSON, Role.EMPLOYER_CLERK, Role.REVIEWER, Role.TITLE_OFFICER)
DEEMED = "视同完成"
"""What stands for hours where an entry makes the subject count as done."""
_SCANNED = re.compile(r"VERIFY\W([0-9A-Z]{16})(?:\W|$)")
_LEAST = 3
"""Rows that the table of years always has: a card shows its credit year and those before it that the notice's longest
window of 职称评审 looks back to, and no fewer than so many in all."""
_TWO = [*((each.value, short_name(each.label)) for each in Subject), (TOTAL, TOTAL_NAME)]
"""The subjects of cards that name none: those issued when there were no others."""
_CODE = 38.0
"""Millimetres that the side of the printed QR code has: its modules are then read from a scan of 150 dpi."""


@deed
def issue(session: Session, person_id: int, year: int, *, actor: Actor, now: datetime) -> Card:
    """Issue a card (出具审验卡), signed, for a person's credit year, clause 一(五)3: for hours that are in the ledger.

    Refused codes: "role", "missing", "empty" (nothing stands in that year), "policy", "glyph" (it could not be
    printed whole).
    """
    require(actor, *ISSUERS)
    person = persons.one(session, person_id, actor)
    # Asked before the entries: a reversal that comes in between revokes the card, rather than being missed.
    last = session.scalar(sa.select(sa.func.max(CreditBatch.id)))
    records = statements.entries(session, person.id, year=year)
    records = records[records["standing"] == Standing.STANDS]
    if records.empty:
        raise Refused("empty", f"{person.name}在{year}年度还没有已审核的学时，培训情况报告审核通过后即可打印审验卡。")
    code = "".join(secrets.choice(tokens.ALPHABET) for _ in range(16))
    office = session.get_one(Organization, person.authority_id)
    seen = years.view(year, office.league)
    first_year = year + 1 - max(seen.depth, _LEAST)
    held = years.of(session, person.id, year, range(first_year, year + 1))
    text = db.canonical(_payload(person, office.name, seen, held, records, code, db.office_day(now)))
    paper.printable(text)  # before it is signed: a card that lacks a letter of a name is nobody's
    card = Card(
        code=code,
        person_id=person.id,
        year=year,
        first_year=first_year,
        payload=text,
        signature=signing.signer().sign(text.encode()).hex(),
        issued_at=now,
        batch_id=last,
    )
    session.add(card)
    session.flush()
    whose = session.scalars(sa.select(Person.id).where(under(Person, person.id)))
    session.add_all(CardPerson(card_id=card.id, person_id=record_id) for record_id in whose)
    audit.record(
        session, audit.Event.CARD_ISSUED, card, actor=actor, after={"year": year, "name": person.name}, now=now
    )
    return card


def _payload(
    person: Person, office: str, seen: View, held: Held, records: pd.DataFrame, code: str, issued_on: date
) -> dict[str, Any]:
    """Signed payload (卡面内容): what a card says, as it is signed, printed from and verified.

    Its keys stay as they are, since every card ever issued is read by them (`_said`): `title` is the person's
    专业技术职务, which is called `post` everywhere else.
    """
    named = notices.subject_names() | {each.code: each.name for each in seen.policy.subjects}
    return {
        "code": code,
        "name": person.name,
        "id_mask": resident_id.mask(person.id_number),
        "sex": person.sex,
        "employer": person.employer_name,
        "title": person.post,
        "year": seen.year,
        "office": office,
        "basis": seen.basis(seen.year),
        "subjects": list(held.names.items()),  # in their order: the names of an object have none
        "required": _amounts(held.years[0].subjects),
        "years": [
            {"year": each.year, "lacks": each.words, "basis": each.basis} | _hours(each.subjects)
            for each in reversed(held.years)
        ],
        "together": [{"label": each.label, "lacks": each.words} | _hours(each.subjects) for each in held.together],
        "entries": [_entry_line(line, named) for line in records.iloc[::-1].to_dict("records")],
        "issued_on": str(issued_on),
    }


def _hours(lines: Iterable[SubjectLine]) -> dict[str, Any]:
    """What a year, or several together, has and requires by subject; which subjects are deemed done."""
    lines = list(lines)
    said: dict[str, Any] = {"hours": {each.code: hours_text(each.has) for each in lines}, "required": _amounts(lines)}
    deemed = [each.code for each in lines if each.deemed]
    return said | ({"deemed": deemed} if deemed else {})


def _amounts(lines: Iterable[SubjectLine]) -> dict[str, str]:
    return {each.code: hours_text(each.required) for each in lines if each.required is not None}


def said_by(card: Card) -> dict[str, Any]:
    """What a card says (卡面内容), by the keys of its payload; also of one issued by an earlier release."""
    return _said(card.payload)


def _said(text: str) -> dict[str, Any]:
    """What a card says, one issued when there were two subjects and no others read like the later ones."""
    said: dict[str, Any] = json.loads(text)
    if "subjects" not in said:
        for line in said["years"]:
            line |= {"hours": {code: line[code] for code, _ in _TWO}, "required": said["required"]}
        said |= {"subjects": _TWO, "together": []}
    return said


def _entry_line(line: Mapping[Any, Any], named: Mapping[str, str]) -> dict[str, str]:
    """One entry as its card tells it, its subject by the notice's name for it."""
    return {
        "completed_on": str(line["completed_on"]),
        "subject": named.get(line["subject"], line["subject"]),
        "hours": DEEMED if line["deemed"] else hours_text(line["hours"]),
        "basis": line["basis"] + ("（补学）" if line["source"] == Source.MAKE_UP else ""),
    }


def written(code: str) -> str:
    """A code as it is printed: groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def issued(session: Session, person_id: int, actor: Actor) -> pd.DataFrame:
    """Cards issued (已出具的审验卡) to a person, newest first. Refused codes: "role", "missing".

    Columns: code (as printed), year, issued_at, revoked_on (None while it holds), reason.
    """
    person = persons.one(session, person_id, actor)
    mine = Card.person_id.in_(sa.select(Person.id).where(under(Person, person.id)))
    query = sa.select(Card.id, Card.code, Card.year, Card.issued_at).where(mine)
    made = session.execute(query.order_by(Card.id.desc())).all()
    gone = reliance.revocations(session, mine) if made else {}
    lines = [
        {
            "code": written(card.code),
            "year": card.year,
            "issued_at": card.issued_at,
            "revoked_on": gone[card.id].on if card.id in gone else None,
            "reason": gone[card.id].words if card.id in gone else "",
        }
        for card in made
    ]
    return pd.DataFrame(lines, columns=["code", "year", "issued_at", "revoked_on", "reason"])


# --- checked by anybody ---------------------------------------------------------------------------------------------


class Answer(Labelled):
    """What is answered of a card that there is (核验结论)."""

    VALID = "valid", "真实有效"
    SUPERSEDED = "superseded", "学时有变化"
    REVOKED = "revoked", "已失效"


@dataclass(frozen=True)
class Difference:
    """Hours of a subject in a year as a card shows them, and as they are now (卡上与现在)."""

    year: int
    subject: str
    shown: str
    now: str


@dataclass(frozen=True)
class Verification:
    """Verification result (核验结果) for anybody who holds a card's code: name shortened, nothing of the ID number."""

    card_id: int
    code: str
    name: str
    employer: str
    office: str
    year: int
    hours: tuple[tuple[str, Decimal], ...]
    """Of its year, by the name of the subject, and in total (累计) last."""
    issued_on: date
    holds: bool
    """Whether the ledger still shows at least the hours the card shows, and deems done what the card deems done."""
    revoked: reliance.Revocation | None = None
    """The first reversal of hours the card shows; whatever was posted since, it was revoked."""
    corrected: bool = False
    """Whether the person's name or ID number is no longer the one it was issued under."""
    changed: tuple[Difference, ...] = ()
    """Where the ledger shows other hours than the card, the years in its order."""

    @property
    def answer(self) -> Answer:
        if self.revoked:
            return Answer.REVOKED
        return Answer.SUPERSEDED if self.changed or not self.holds else Answer.VALID


def by_number(session: Session, text: str, actor: Actor) -> tuple[Card, Person, bool] | None:
    """Find a card by its code (按验证码查审验卡): whose it is, whether it holds; for those who may look the person up.

    Refused codes: "role".
    """
    plain = plain_code(text)
    if plain is None:
        return None
    owner = sa.orm.aliased(Person)
    query = sa.select(Card, Person).join(owner, owner.id == Card.person_id).join(Person, Person.id == owner.human_id)
    found = session.execute(query.where(Card.code == plain, persons.visible_to(actor))).one_or_none()
    if found is None:
        return None
    card, person = found
    return card, person, card.id not in reliance.revocations(session, Card.id == card.id)


def plain_code(text: str) -> str | None:
    """A card's code as it is kept, of what somebody typed or scanned: the code, or the whole of its QR code.

    A scanner that types through a Chinese input method makes other signs of / and #.
    """
    plain = re.sub("[-‐-―−]", "", typed.plain(text)).upper()
    if scanned := _SCANNED.search(plain):
        plain = scanned[1]
    return plain if len(plain) == 16 and set(plain) <= set(tokens.ALPHABET) else None


def verification(session: Session, code: str) -> Verification | None:
    """Verify a card (核验) by its code; None where that is unknown or the signature broken. Open to everybody."""
    plain = plain_code(code)
    if plain is None:
        return None
    try:
        card = session.scalar(sa.select(Card).where(Card.code == plain))
        if card is None or not signing.verifies(bytes.fromhex(card.signature), card.payload.encode()):
            return None
    except (InvalidTag, ValueError):
        return None
    payload = _said(card.payload)
    said = {line["year"]: line for line in payload["years"]}
    posted = years.of(session, card.person_id, card.year, said, capped=False)
    kept = {each.year: each for each in posted.years}
    revoked = reliance.revocations(session, Card.id == card.id).get(card.id)
    holds = revoked is None and all(_covers(kept[year], line) for year, line in said.items())
    changed: tuple[Difference, ...] = ()
    if not holds or reliance.grown(session, Card.id == card.id):
        changed = tuple(_differences(years.of(session, card.person_id, card.year, said), payload))
    name = payload["name"]
    return Verification(
        card_id=card.id,
        code=written(card.code),
        name=name[0] + "*" * (len(name) - 1),
        employer=payload["employer"],
        office=payload["office"],
        year=card.year,
        hours=tuple((name, Decimal(said[card.year]["hours"][code])) for code, name in payload["subjects"]),
        issued_on=date.fromisoformat(payload["issued_on"]),
        holds=holds,
        revoked=revoked,
        corrected=_corrected(session, card, payload),
        changed=changed,
    )


def _differences(now: Held, said: dict[str, Any]) -> Iterator[Difference]:
    """Where the hours of today are others than those a card shows."""
    there = {(year.year, line.code): line for year in now.years for line in year.subjects}
    for line in said["years"]:
        for code, name in said["subjects"]:
            if code not in line["hours"]:  # a subject of another year's notice
                continue
            shown = line["hours"][code] + (f"（{DEEMED}）" if code in line.get("deemed", ()) else "")
            held = there.get((line["year"], code))
            has = hours_text(held.has) + (f"（{DEEMED}）" if held.deemed else "") if held else "0"
            if shown != has:
                yield Difference(line["year"], name, shown, has)


def _corrected(session: Session, card: Card, payload: dict[str, Any]) -> bool:
    """Whether the person goes by another name or number than the card says, or was corrected since where it says less:
    it shows the number masked."""
    owner = session.get_one(Person, card.person_id)
    person = session.get_one(Person, owner.human_id)
    if (payload["name"], payload["id_mask"]) != (person.name, resident_id.mask(person.id_number)):
        return True
    since = sa.select(PersonChange.id).where(
        PersonChange.person_id.in_([owner.id, person.id]),
        PersonChange.kind == Change.CORRECTED,
        PersonChange.at > card.issued_at,
    )
    return session.scalar(since.limit(1)) is not None


def _covers(kept: Year, said: dict[str, Any]) -> bool:
    """Whether what was posted for a year is at least what a card says of it; what its total says follows."""
    there = {each.code: each for each in kept.subjects}
    asked = {code: Decimal(hours) for code, hours in said["hours"].items() if code != TOTAL}
    enough = all(hours <= (there[code].has if code in there else 0) for code, hours in asked.items())
    return enough and set(said.get("deemed", ())) <= {each.code for each in kept.subjects if each.deemed}


# --- the printed page -----------------------------------------------------------------------------------------------


def pdf(card: Card, *, verify_url: str) -> bytes:
    """A card as an A4 PDF. `verify_url` is where its code is answered; it is printed and in the QR code.

    Refused codes: "glyph".
    """
    said = _said(card.payload)
    page = paper.Page(f"验证码 {written(card.code)}")
    page.set_title(f"{said['year']}年度专业技术人员继续教育审验卡")
    page.set_creation_date(card.issued_at)
    page.add_page()
    _heading(page, said, verify_url)
    paper.section(page, "本人情况")
    paper.pairs(
        page,
        [
            ("姓名", said["name"]),
            ("性别", said["sex"]),
            ("身份证号", said["id_mask"]),
            ("专业技术职务", said["title"] or "—"),
            ("工作单位", said["employer"] or "—"),
            ("核定机关", said["office"]),
        ],
    )
    paper.section(page, "各年度学时")
    _years(page, said)
    paper.section(page, f"{said['year']}年度学时明细")
    details = [(entry["completed_on"], entry["subject"], entry["hours"], entry["basis"]) for entry in said["entries"]]
    paper.table(page, ("完成日期", "科目", "学时", "培训机构与培训名称"), details, (28, 24, 18, 104), "CLRL")
    page.ln(3)
    paper.small(page, _rule(said))
    paper.small(page, "本卡由系统依据已审核的学时记录出具并签名，扫码或在验证页输入验证码可核对真伪。")
    return bytes(page.output())


def _years(page: paper.Page, said: dict[str, Any]) -> None:
    """Each year with a column for each subject, and below them the years that are judged together."""
    names, head = dict(said["subjects"]), said["required"]
    wide = min(30, 100 // len(names))
    heads = [f"{name}\n（≥{head[code]}）" if Decimal(head.get(code, 0)) else name for code, name in names.items()]
    lines = []
    for line in (*said["years"], *said["together"]):
        cells = [_cell(line, code, head) for code in names]
        lines.append((line.get("label") or str(line["year"]), *cells, line["lacks"] or "—"))
    widths = (26, *(wide for _ in names), 148 - wide * len(names))
    paper.table(page, ("年度", *heads, "结果"), lines, widths, "C" + "R" * len(names) + "L")


def _cell(line: dict[str, Any], code: str, head: dict[str, str]) -> str:
    """Hours of a subject, with what is required where that is not what the column's head says."""
    if code not in line["hours"]:  # a subject of another year's notice
        return "—"
    asked = line["required"].get(code)
    more = "" if asked is None or asked == head.get(code) else f"\n（≥{asked}）" if Decimal(asked) else "\n（不要求）"
    return f"{line['hours'][code]}{more}" + (f"（{DEEMED}）" if code in line.get("deemed", ()) else "")


def _rule(said: dict[str, Any]) -> str:
    """By what the years are judged, in words; where a year goes by another notice than the card's, by which."""
    asked = [name for code, name in said["subjects"] if Decimal(said["required"].get(code, 0))]
    rule = f"年度学时须同时达到{'、'.join(asked)}的要求。" if asked else "各年度学时合并核算，以合计为准。"
    others = []
    for line in said["years"]:
        if (basis := line.get("basis", said["basis"])) != said["basis"]:
            year = f"{line['year']}年度"
            others.append(f"{basis if basis.startswith(year) else year + basis}。")
    return f"{said['basis']}。{rule}{''.join(others)}"


def _heading(page: paper.Page, said: dict[str, Any], verify_url: str) -> None:
    below = (f"{said['year']}年度　　出具日期 {said['issued_on']}", f"验证码 {written(said['code'])}", verify_url)
    paper.heading(page, "专业技术人员继续教育审验卡", below)
    paper.modules(page, tokens.qr(said, verify_url).matrix, page.w - 18 - _CODE, 16, _CODE)
    page.set_y(16 + _CODE + 4)
