"""Cards (审验卡): what one says, its signature, its PDF, its life from issue to revocation, public verification."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from core.ground import certificates, db, names, paper, resident_id, signing, typed
from core.ground.access import Actor, Labelled, Refused, Role, in_charge, not_found, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import TOTAL, TOTAL_NAME, Subject, short_name
from core.ledger import reliance, statements, years
from core.ledger.reliance import Revocation
from core.ledger.standing import Standing
from core.ledger.years import Held, SubjectLine, View, Year
from core.models import (
    Account,
    Card,
    CardPerson,
    CardRevocation,
    Change,
    CreditBatch,
    Organization,
    Person,
    PersonChange,
    Source,
    under,
)
from core.people import keys, persons, setup
from core.records import faces, templates, tokens
from core.records.faces import DEEMED, Look, Size
from core.trail import audit, messages

ISSUERS = (Role.PERSON, Role.EMPLOYER_CLERK, Role.REVIEWER, Role.TITLE_OFFICER)
_A_STATEMENT = range(100, 4297)
"""Characters of what may be a statement: more than a code is written with, and no more than a QR code holds."""
_SCANNED = re.compile(r"VERIFY\W([0-9A-Z]{16})(?:\W|$)")
_LEAST = 3
"""Rows that the table of years always has: a card shows its credit year and those before it that the notice's longest
window of 职称评审 looks back to, and no fewer than so many in all."""
_TWO = [*((each.value, short_name(each.label)) for each in Subject), (TOTAL, TOTAL_NAME)]
"""The subjects of cards that name none: those issued when there were no others."""


@deed
def issue(
    session: Session,
    person_id: int,
    year: int,
    *,
    actor: Actor,
    now: datetime,
    since: int | None = None,
    full_id: bool = False,
    size: Size | None = None,
) -> Card:
    """Issue a card (出具审验卡), signed, for a person's credit year, clause 一(五)3: for hours that are in the ledger.
    Where one that holds says the same on the same paper (`alike`), it is that one, printed again.

    `since`: from which year on (起始年度), each with its entries; None: the entries of `year`, and the years before it
    that the notice's longest window looks back to. `full_id`: with the whole ID number, which its holder alone may
    choose. `size`: one that the template offers, None for its usual one. Refused codes: "role", "missing", "empty"
    (nothing stands in those years), "policy", "years" (`since` after `year`, or too long before it), "id", "size",
    "glyph" (it could not be printed whole).
    """
    require(actor, *ISSUERS)
    person = persons.one(session, person_id, actor)
    if full_id and actor.person_id != person.id:
        raise Refused("id", "完整身份证号由本人选择是否印在卡上，请用本人账号打印；单位和机关打印的只印脱敏号码。")
    ready = prepared(session, person, year, since=since, full_id=full_id, size=size, now=now)
    db.lock(session, "card numbers")  # two who ask at once are given the same one
    if same := alike(session, ready):
        _said_again(session, same, actor, now)
        return same
    return keep(session, ready, actor, now)


MOST_YEARS = 12
"""Years that a card may be about."""


def range_words(since: int | None, year: int) -> str:
    """From which year on a card lists hours (学时范围), in words."""
    if since is None:
        return f"{year}年度（附近几年）"
    return f"仅{year}年度" if since == year else f"{since}—{year}年度"


@dataclass(frozen=True)
class Prepared:
    """A card that only lacks its number and signature (待出具的审验卡): what took time to ask for."""

    person: Person
    said: dict[str, Any]
    year: int
    first_year: int
    batch_id: int
    office: str
    size: Size
    template_id: int | None


def prepared(
    session: Session,
    person: Person,
    year: int,
    *,
    since: int | None = None,
    full_id: bool = False,
    size: Size | None = None,
    now: datetime,
) -> Prepared:
    """Reckon what a card would say, which may take its time and needs no lock; `keep` issues it.

    Nobody's right to it is asked here. Refused codes: "empty", "policy", "years", "size", "glyph", "certificate".
    """
    template = templates.current(session, person.authority_id)
    if size is not None and size not in template.look.sizes:
        offered = "、".join(each.label for each in template.look.sizes)
        raise Refused("size", f"{person.name}的核定机关只用{offered}打印审验卡，请另选纸张。")
    if since is not None and not year - MOST_YEARS < since <= year:
        raise Refused("years", f"起始年度应在{year - MOST_YEARS + 1}至{year}年之间，请重新选择。")
    # Asked before the entries: a reversal that comes in between revokes the card, rather than being missed.
    last = session.scalar(sa.select(sa.func.max(CreditBatch.id)))
    records = statements.entries(session, person.id, year=year if since in (None, year) else None)
    first_shown = year if since is None else since
    records = records[(records["standing"] == Standing.STANDS) & records["year"].between(first_shown, year)]
    if records.empty or last is None:
        words = f"{year}年度" if first_shown == year else f"{first_shown}至{year}年度"
        raise Refused("empty", f"{person.name}在{words}还没有已审核的学时，培训情况报告审核通过后即可打印审验卡。")
    office = session.get_one(Organization, person.authority_id)
    seen = years.view(year, office.league)
    first_year = year + 1 - max(seen.depth, _LEAST) if since is None else since
    held = years.of(session, person.id, year, range(first_year, year + 1))
    said = _payload(person, office.name, seen, held, records, db.office_day(now))
    said["since"] = first_shown
    if full_id:
        said["id_number"] = person.id_number
    certificates.signatory()  # its file would not be signed
    paper.printable(db.canonical(said))  # before it is signed: a card that lacks a letter of a name is nobody's
    paper_size = size or template.look.sizes[0]
    return Prepared(person, said, year, first_year, last, office.name, paper_size, template.id)


def alike(session: Session, ready: Prepared) -> Card | None:
    """The card that holds and says what this one would (内容相同的卡), on the same paper by the same template."""
    whose = set(session.scalars(sa.select(Person.id).where(under(Person, ready.person.id))))
    template = Card.template_id.is_(None) if ready.template_id is None else Card.template_id == ready.template_id
    about = (Card.year == ready.year, Card.first_year == ready.first_year, Card.size == ready.size.value)
    made = sa.select(Card).where(Card.person_id.in_(whose), *about, template).order_by(Card.id.desc()).limit(5)
    wanted = _content(db.canonical(ready.said))
    for card in session.scalars(made):
        if _content(card.payload) != wanted or not is_genuine(card) or _corrected(session, card, said_by(card)):
            continue
        shown = session.scalars(sa.select(CardPerson.person_id).where(CardPerson.card_id == card.id))
        if set(shown) == whose and not gone(session, [card]) and not reliance.grown(session, Card.id == card.id):
            return card
    return None


def _content(payload: str) -> dict[str, Any]:
    """What a payload says of the person, whichever card says it."""
    said = json.loads(payload)
    return {key: value for key, value in said.items() if key not in ("code", "number", "issued_on")}


def keep(session: Session, ready: Prepared, actor: Actor, now: datetime) -> Card:
    """Number, sign and keep a card that was prepared, with its line in the trail."""
    code = tokens.drawn()
    number = _next_number(session, ready.office, db.office_day(now).year)
    text = db.canonical(ready.said | {"code": code, "number": number})
    card = Card(
        code=code,
        person_id=ready.person.id,
        year=ready.year,
        first_year=ready.first_year,
        payload=text,
        signature=signing.signature(text),
        issued_at=now,
        batch_id=ready.batch_id,
        number=number,
        template_id=ready.template_id,
        size=ready.size.value,
    )
    session.add(card)
    session.flush()
    whose = session.scalars(sa.select(Person.id).where(under(Person, ready.person.id)))
    session.add_all(CardPerson(card_id=card.id, person_id=record_id) for record_id in whose)
    told = {"number": number, "year": ready.year, "name": ready.person.name}
    told |= {"full_id": True} if "id_number" in ready.said else {}
    audit.record(session, audit.Event.CARD_ISSUED, card, actor=actor, after=told, now=now)
    return card


def _next_number(session: Session, office: str, year: int) -> str:
    """The next number (编号) of an office's cards in a year: region code, year, running number and check digit.

    150100-2024-0000018 is 呼和浩特市's first of 2024. No rule prescribes it: the notice gives cards no number.
    """
    db.lock(session, "card numbers")
    head = f"{setup.region_code(office)}-{year}-"
    query = sa.select(sa.func.max(Card.number)).where(Card.number.between(f"{head}0000000", f"{head}9999999"))
    last = session.scalar(query)
    running = f"{int(last[len(head) : -1]) + 1 if last else 1:06d}"
    return f"{head}{running}{_check_digit(head.replace('-', '') + running)}"


def _check_digit(digits: str) -> int:
    """Check digit of a number (ISO 7064 MOD 11,10): one wrong figure, and two that changed places, are noticed."""
    left = 10
    for digit in digits:
        left = ((left + int(digit)) % 10 or 10) * 2 % 11
    return (11 - left) % 10


def _payload(
    person: Person, office: str, seen: View, held: Held, records: pd.DataFrame, issued_on: date
) -> dict[str, Any]:
    """Signed payload (卡面内容): what a card says, as it is signed, printed from and verified, but for its number.

    Its keys stay as they are, since every card ever issued is read by them (`_said`): `title` is the person's
    专业技术职务, which is called `post` everywhere else.
    """
    named = notices.subject_names() | {each.code: each.name for each in seen.policy.subjects}
    return {
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


def signed_by(card: Card) -> signing.PublicKey | None:
    """Which of the office's keys a card was issued under; None where it is not what the office signed."""
    held = signing.public_keys()
    if len(held) == 1:  # as long as the key was never rotated
        return held[0]
    try:
        return signing.maker(bytes.fromhex(card.signature), card.payload.encode())
    except ValueError:
        return None


KEY_VOID = "签名密钥作废"
"""What is said of a card whose key the office declared void."""


def gone(session: Session, some: Iterable[Card]) -> dict[int, Revocation]:
    """Those of some cards that are revoked (失效检查), by card, the first revocation of each.

    Beside what `reliance.revocations` knows: the key that a card was issued under was declared void.
    """
    some = list(some)
    found: dict[int, Revocation] = {}
    for at in range(0, len(some), 5000):
        found |= reliance.revocations(session, Card.id.in_([each.id for each in some[at : at + 5000]]))
    if void := keys.void(session):
        for card in some:
            by = signed_by(card)
            on = void.get(by.fingerprint) if by else None
            if on and (card.id not in found or on < found[card.id].on):
                found[card.id] = Revocation(on, KEY_VOID, of_paper=True)
    return found


def is_genuine(card: Card) -> bool:
    """Whether a card says what the office signed (未被改动)."""
    return signing.holds(card.signature, card.payload)


def _said(text: str) -> dict[str, Any]:
    """What a card says, one issued when there were two subjects and no others read like the later ones."""
    said: dict[str, Any] = json.loads(text)
    if "subjects" not in said:
        for line in said["years"]:
            line |= {"hours": {code: line[code] for code, _ in _TWO}, "required": said["required"]}
        said |= {"subjects": _TWO, "together": []}
    return said


def _entry_line(line: Mapping[Any, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """One entry as its card tells it, its subject by the notice's name for it."""
    return {
        "year": line["year"],
        "completed_on": str(line["completed_on"]),
        "subject": named.get(line["subject"], line["subject"]),
        "hours": DEEMED if line["deemed"] else hours_text(line["hours"]),
        "basis": line["basis"] + ("（补学）" if line["source"] == Source.MAKE_UP else ""),
    }


class Life(Labelled):
    """How it stands with a card (卡片状态)."""

    VALID = "valid", "有效"
    SUPERSEDED = "superseded", "已有新卡"
    OUTDATED = "outdated", "学时已增加"
    REVOKED = "revoked", "已失效"


_ISSUED = "id code number year since size issued_at state revoked_on reason follows full_id".split()


def issued(session: Session, person_id: int, actor: Actor) -> pd.DataFrame:
    """Cards issued (已出具的审验卡) to a person with their life, newest first. Refused codes: "role", "missing".

    Columns: id, code (as printed), number, year, since, size, issued_at, state (a `Life`'s words: a revoked one stays
    revoked; of several about the same years that hold the newest is valid; one that shows less than was posted since
    says so), revoked_on (None while it holds), reason, follows (number of the card it was issued anew for), full_id.
    """
    person = persons.one(session, person_id, actor)
    mine = Card.person_id.in_(sa.select(Person.id).where(under(Person, person.id)))
    made = session.scalars(sa.select(Card).where(mine).order_by(Card.id)).all()
    revoked_ones = gone(session, made)
    grown = reliance.grown(session, mine) if made else frozenset()
    newest: dict[tuple[int, int], Card] = {}
    lines = []
    said = {card.id: said_by(card) for card in made}
    about = {card.id: (said[card.id].get("since", card.year), card.year) for card in made}
    last = {about[card.id]: card.id for card in made if card.id not in revoked_ones}
    for card in made:
        years_of = about[card.id]
        before = newest.get(years_of)
        newest[years_of] = card
        revoked = revoked_ones.get(card.id)
        state = (
            Life.REVOKED
            if revoked
            else Life.SUPERSEDED
            if last[years_of] != card.id  # asked of those that hold alone
            else Life.OUTDATED
            if card.id in grown
            else Life.VALID
        )
        line = {
            "id": card.id,
            "code": tokens.written(card.code),
            "number": card.number or "",
            "year": card.year,
            "since": years_of[0],
            "size": Size(card.size).label if card.size else "",
            "issued_at": card.issued_at,
            "state": state.label,
            "revoked_on": revoked.on if revoked else None,
            "reason": revoked.words if revoked else "",
            "follows": (before.number or tokens.written(before.code)) if before else "",
            "full_id": "id_number" in said[card.id],
        }
        lines.append(line)
    return pd.DataFrame(lines[::-1], columns=_ISSUED)


@deed
def printed_again(session: Session, card_id: int, *, actor: Actor, now: datetime) -> Card:
    """Print a card again (重新打印) as it was issued: the same number, what it said then; a line in the trail.

    One with the whole ID number is its holder's alone. Refused codes: "role", "missing", "id", "revoked", "altered".
    """
    require(actor, *ISSUERS)
    card, person = _one(session, card_id, actor)
    if "id_number" in said_by(card) and actor.person_id != person.id:
        raise Refused("id", "这张卡印有完整身份证号，只有本人可以再打印。需要的，请重新生成一张。")
    if gone(session, [card]):
        raise Refused("revoked", "这张卡已失效，不能再打印，请重新生成一张。")
    if not is_genuine(card):  # its code would be signed anew
        raise Refused("altered", "这张卡的内容与出具时的签名不符，不能打印。请告知系统管理员执行核对（check）。")
    _said_again(session, card, actor, now)
    return card


def _said_again(session: Session, card: Card, actor: Actor, now: datetime) -> None:
    told = {"number": card.number or card.code}
    audit.record(session, audit.Event.CARD_PRINTED, card, actor=actor, after=told, now=now)


class Why(Labelled):
    """Which kind of reason a card is revoked for (注销原因)."""

    LOST = "lost", "遗失"
    WRONG = "wrong", "卡面信息有误"
    OTHER = "other", "其他"


LONGEST_REASON = 100


@deed
def revoke(
    session: Session, card_id: int, *, why: Why, actor: Actor, now: datetime, reason: str = ""
) -> CardRevocation:
    """Revoke a card (注销审验卡) by hand; the hours stay, and another may be issued at once.

    Refused codes: "role", "missing", "jurisdiction", "reason" (none for 其他, or too long), "revoked" (already is).
    """
    require(actor, Role.REVIEWER)
    card, person = _one(session, card_id, actor)
    in_charge(actor, person.authority_id)
    reason = typed.text(reason)
    if len(reason) > LONGEST_REASON or (why is Why.OTHER and not reason):
        words = f"请填写注销的原因（不超过{LONGEST_REASON}个字）；核验此卡的人会看到原因的类别，本人会看到全文。"
        raise Refused("reason", words, {"reason": words})
    if gone(session, [card]):
        raise Refused("revoked", "这张卡已经失效，不用再注销。")
    made = CardRevocation(card_id=card.id, kind=why.value, words=reason, account_id=actor.account_id, at=now)
    session.add(made)
    told = {"number": card.number or card.code, "why": why.label}
    audit.record(session, audit.Event.CARD_REVOKED, card, actor=actor, after=told, reason=reason, now=now)
    return made


@messages.about(audit.Event.CARD_REVOKED, audit.Event.KEY_VOID)
def _hear(session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """A holder hears that a card is void (本人收到失效消息); of a key's cards, holders who have an account."""
    some: Iterable[Card] = [deed.touched]
    if deed.event == audit.Event.KEY_VOID.value:
        record, holder = sa.orm.aliased(Person), sa.orm.aliased(Person)
        has = sa.select(record.human_id).join(Account, Account.person_id == record.id)
        some = session.scalars(
            sa.select(Card).join(holder, holder.id == Card.person_id).where(holder.human_id.in_(has))
        ).all()
    day = db.office_day(deed.now)
    ended = {number: each for number, each in gone(session, some).items() if each.on == day}
    for card in some:
        if card.id in ended:
            yield messages.Word(
                messages.Topic.CARD,
                f"您的{card.year}年度审验卡已失效",
                f"{ended[card.id].words}{f'：{deed.reason}' if deed.reason else ''}。这张不要再用，需要的可重新生成。",
                person_id=session.get_one(Person, card.person_id).human_id,
                record="card",
                record_id=card.id,
                once=f"card-{card.id}-void",
            )


def _one(session: Session, card_id: int, actor: Actor) -> tuple[Card, Person]:
    """A card and whose it is, for those who may look the person up."""
    card = session.get(Card, card_id)
    if card is None:
        raise not_found("审验卡")
    return card, persons.one(session, card.person_id, actor)


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
    number: str
    """编号; "" of a card of before they had one."""
    year: int
    hours: tuple[tuple[str, Decimal], ...]
    """Of its year, by the name of the subject, and in total (累计) last."""
    table: list[tuple[str, ...]]
    """All its years as it shows them (`faces.year_table`)."""
    issued_on: date
    holds: bool
    """Whether the ledger still shows at least the hours the card shows, and deems done what the card deems done."""
    revoked: Revocation | None = None
    """The first reversal of hours the card shows; whatever was posted since, it was revoked."""
    corrected: bool = False
    """Whether the person's name or ID number is no longer the one it was issued under."""
    changed: tuple[Difference, ...] = ()
    """Where the ledger shows other hours than the card, the years in its order."""
    newer: date | None = None
    """When the newest card about the same years was issued that came after this one and holds."""

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
    return card, person, not gone(session, [card])


def plain_code(text: str) -> str | None:
    """A card's code as it is kept, of what somebody typed or scanned: the code, or the whole of its QR code.

    A scanner that types through a Chinese input method makes other signs of / and #. A QR code without an address
    holds the signed statement alone, which says the code itself.
    """
    if len(text) in _A_STATEMENT and (stated := tokens.read(typed.plain(text).upper())):
        return stated.code
    scanned = _SCANNED.search(re.sub("[-‐-―−]", "", typed.plain(text)).upper())
    return tokens.found(scanned[1] if scanned else text)


def verification(session: Session, code: str) -> Verification | None:
    """Verify a card (核验) by its code; None where that is unknown or the signature broken. Open to everybody."""
    plain = plain_code(code)
    if plain is None:
        return None
    try:
        card = session.scalar(sa.select(Card).where(Card.code == plain))
        if card is None or not is_genuine(card):
            return None
    except (InvalidTag, ValueError):  # bytes that are not even ours
        return None
    payload = _said(card.payload)
    said = {line["year"]: line for line in payload["years"]}
    posted = years.of(session, card.person_id, card.year, said, capped=False)
    kept = {each.year: each for each in posted.years}
    revoked = gone(session, [card]).get(card.id)
    holds = revoked is None and all(_covers(kept[year], line) for year, line in said.items())
    changed: tuple[Difference, ...] = ()
    if not holds or reliance.grown(session, Card.id == card.id):
        changed = tuple(_differences(years.of(session, card.person_id, card.year, said), payload))
    return Verification(
        card_id=card.id,
        code=tokens.written(card.code),
        name=names.shortened(payload["name"]),
        employer=payload["employer"],
        office=payload["office"],
        number=card.number or "",
        year=card.year,
        table=faces.year_table(payload),
        hours=tuple((name, Decimal(said[card.year]["hours"][code])) for code, name in payload["subjects"]),
        issued_on=date.fromisoformat(payload["issued_on"]),
        holds=holds,
        revoked=revoked,
        corrected=_corrected(session, card, payload),
        changed=changed,
        newer=None if revoked else _newer(session, card, payload),
    )


def _newer(session: Session, card: Card, payload: dict[str, Any]) -> date | None:
    """When a further card about the same years was issued to its holder, which holds (已有新卡)."""
    human = session.get_one(Person, card.person_id).human_id
    mine = Card.person_id.in_(sa.select(Person.id).where(under(Person, human)))
    later = session.scalars(sa.select(Card).where(mine, Card.id > card.id, Card.year == card.year).order_by(Card.id))
    since = payload.get("since", card.year)
    same = [each for each in later if said_by(each).get("since", each.year) == since]
    revoked = gone(session, same)
    holding = [each for each in same if each.id not in revoked]
    return db.office_day(holding[-1].issued_at) if holding else None


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


def pdf(card: Card, look: Look = faces.BUILT_IN, *, verify_url: str) -> bytes:
    """A card as a PDF on its own paper. `verify_url` is where its code is answered (`tokens.place`); it is printed and
    in the QR code, "" for none.

    `look`: of the template it was issued with (`templates.of_card`). Refused codes: "glyph".
    """
    size = Size(card.size or Size.HALF)
    sheet = faces.Sheet(size)
    said = said_by(card)
    faces.draw(sheet, said, look, size, verify_url=verify_url, by=signed_by(card))
    page = sheet.page
    page.set_title(f"{faces.span(said)}专业技术人员继续教育审验卡")
    page.set_creation_date(card.issued_at)
    return page.signed(card.issued_at, "出具审验卡")


def filename(card: Card) -> str:
    """What the file of a card is called (文件名): by its number, which tells nothing of its holder."""
    return file_named(card.number or card.code)


def file_named(number: str) -> str:
    """The same of its number or code, as it is printed."""
    return f"审验卡-{number if number.count('-') == 2 else number.replace('-', '')}.pdf"
