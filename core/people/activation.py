"""Persons open their own account (开通个人账号): with the ID number and a one-time code that employer or base gives.

A code is printed once, on a slip, and kept as a digest under the office's key: neither a stolen file nor an
administrator can tell it. Whatever is typed wrongly is answered in the same words after the same time.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import segno
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, paper, resident_id, typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Account, ActivationCode, Organization, Person, under
from core.people import persons, setup, tries
from core.trail import audit

GIVERS = (Role.EMPLOYER_CLERK, Role.BASE_CLERK)
LASTS = timedelta(days=30)
MOST = 1000
"""People who are given codes at once."""
MOST_WRONG = 10
"""Wrong tries after which a code is worth nothing."""
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0 O 1 I, as on cards."""
_LENGTH = 8
WRONG = "身份证号或开通码不正确，或者开通码已经用过、过期、输错过多。请核对后重试；仍不行的，请向发放单位重新领取。"


@dataclass(frozen=True)
class Slip:
    """A code as it is handed out (开通码条); the code itself is kept nowhere."""

    name: str
    id_mask: str
    code: str
    expires_on: date


def _reach(actor: Actor) -> sa.ColumnElement[bool]:
    require(actor, *GIVERS)
    return persons.taught(actor) if actor.role is Role.BASE_CLERK else persons.visible_to(actor)


def without_account(session: Session, person_ids: Sequence[int], actor: Actor) -> list[int]:
    """Who of these has no account yet (尚未开通的), within the actor's reach. Refused codes: "role"."""
    found: list[int] = []
    record = sa.orm.aliased(Person)
    has = sa.select(Account.id).join(record, record.id == Account.person_id).where(record.human_id == Person.id)
    for start in range(0, len(person_ids), 5000):
        some = Person.id.in_(person_ids[start : start + 5000])
        query = sa.select(Person.id).where(some, _reach(actor), ~has.exists())
        found += session.scalars(query.order_by(Person.employer_name, Person.id))
    return found


def with_code(session: Session, person_ids: Sequence[int], actor: Actor, *, now: datetime) -> set[int]:
    """Who of these holds a code that still opens an account (开通码还有效的), within the actor's reach.

    Refused codes: "role".
    """
    given = sa.select(ActivationCode).join(Person, Person.id == ActivationCode.person_id).where(_reach(actor))
    return {each.person_id for each in session.scalars(given) if _opens(each, now)} & set(person_ids)


@deed
def give(session: Session, person_ids: list[int], *, actor: Actor, now: datetime) -> list[Slip]:
    """Give one-time codes (发放开通码) to people who have no account; one given before is worth nothing from now on.

    Refused codes: "role", "none" (everybody has one, or is not the actor's), "many".
    """
    whose = without_account(session, person_ids, actor)
    if not whose:
        raise Refused("none", "所选人员都已有账号，或不在您的管理权限内。忘记密码的，请由管理员重置。")
    if len(whose) > MOST:
        raise Refused("many", f"一次最多发放{MOST}人，请按姓名或培训分批发放。")
    last = db.office_day(now + LASTS)  # the whole of that day, as the slip says
    slips = []
    for person in session.scalars(
        sa.select(Person).where(Person.id.in_(whose)).order_by(Person.employer_name, Person.id)
    ):
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        kept = session.get(ActivationCode, person.id) or ActivationCode(person_id=person.id)
        kept.digest, kept.expires_at = _digest(person.id, code), db.day_ends(last)
        kept.wrong, kept.used_at = 0, None
        session.add(kept)
        audit.record(session, audit.Event.CODE_GIVEN, person, actor=actor, after={"name": person.name}, now=now)
        mask = resident_id.mask(person.id_number)
        slips.append(Slip(person.name, mask, f"{code[:4]}-{code[4:]}", last))
    return slips


def _digest(person_id: int, code: str) -> bytes:
    return db.blind_index(f"activation code/{person_id}/{code}")


def _counters(id_index: bytes, address: str | None) -> list[tries.Counter]:
    """By what wrong tries count: the number that was typed, and where they come from."""
    found = [tries.Counter(f"activation/{id_index.hex()}", 3, tries.MINUTE)]
    if address:
        found.append(tries.Counter(f"activation address/{tries.network(address)}", 20, 5 * tries.MINUTE))
    return found


@deed
def may_claim(session: Session, id_number: str, *, address: str | None, now: datetime) -> Refused | None:
    """Whether a code may be tried now (先记后查); the try is counted as a wrong one, `claim` takes that back.

    The refusal is answered, not raised, since something is kept. Code: "wait".
    """
    left = tries.count(session, _counters(_index(id_number), address), now)
    if left > timedelta(0):
        return Refused("wait", f"尝试次数较多，请{-(-left // timedelta(seconds=1))}秒后再试。")
    return None


@deed
def claim(
    session: Session, id_number: str, code: str, *, password_hash: str, address: str | None, now: datetime
) -> Account | Refused:
    """Open one's own account (本人开通) with the code that was given; the password was checked and hashed before.

    `now`: the real moment. The refusal is answered, not raised: the wrong try is kept. Code: "code", in the same words
    whatever is wrong: the number, the code, one that was used, is too old or was tried too often.
    """
    moment, index = setup.moment(session, now), _index(id_number)
    person = session.scalar(sa.select(Person).where(Person.id == persons.holder(index)))
    person_id = person.id if person else 0
    kept = session.scalar(sa.select(ActivationCode).where(ActivationCode.person_id == person_id).with_for_update())
    plain = re.sub("[-‐-―−]", "", typed.plain(code)).upper()
    fits = secrets.compare_digest(_digest(person_id, plain), kept.digest if kept else bytes(32))
    whole = kept is not None and _opens(kept, moment)
    taken = session.scalar(
        sa.select(Account.id)
        .where(Account.person_id.in_(sa.select(Person.id).where(under(Person, person_id))))
        .limit(1)
    )
    if person is None or kept is None or not (fits and whole) or taken is not None:
        if kept:
            kept.wrong += 1
        nobody = replace(setup.system_actor(session), name="未登录")
        office = session.get_one(Organization, nobody.organization_id)
        told = {"address": address or "本机"}
        audit.record(session, audit.Event.WRONG_CODE, person or office, actor=nobody, after=told, now=moment)
        return Refused("code", WRONG)
    kept.used_at = moment
    tries.succeeded(session, _counters(index, address))
    account = Account(
        username=_free_name(session),
        name=person.name,
        role=Role.PERSON,
        organization_id=person.employer_id or person.authority_id,
        person_id=person.id,
        password_hash=password_hash,
        must_change_password=False,
    )
    session.add(account)
    session.flush()
    home = session.get_one(Organization, account.organization_id)
    oneself = Actor(account.id, person.name, Role.PERSON, home.id, home.name, home.kind, person.id)
    told = {"username": account.username, "role": Role.PERSON.value}
    audit.record(session, audit.Event.ACCOUNT_CLAIMED, account, actor=oneself, after=told, now=moment)
    return account


def _opens(kept: ActivationCode, moment: datetime) -> bool:
    """Whether a code is valid (开通码有效): unused, not expired, not tried too often.

    One that was given while the clock ran ahead ends with its correction.
    """
    lasts = moment < kept.expires_at <= db.day_ends(db.office_day(moment + LASTS))
    return kept.used_at is None and kept.wrong < MOST_WRONG and lasts


def _index(id_number: str) -> bytes:
    return db.blind_index(resident_id.normalise(id_number))


def _free_name(session: Session) -> str:
    """A user name that says nothing of the person, who signs in by ID number as well."""
    while True:
        name = "g" + "".join(secrets.choice("23456789") for _ in range(8))
        if session.scalar(sa.select(Account.id).where(Account.username == name)) is None:
            return name


# --- slips ----------------------------------------------------------------------------------------------------------


def printed(slips: Sequence[Slip], *, address: str, giver: str) -> bytes:
    """Slips to be cut apart (开通码条), ten on a sheet of A4, as a PDF. Refused codes: "glyph".

    `address`: where to sign in; "" where the office has set none: then no slip has one, nor a code to scan.
    """
    page = paper.Page(None)
    width, high = 95.0, 54.0
    opened = segno.make(f"{address}/?claim=1", error="m") if address else None
    way = f"扫码或打开 {address} ，" if address else "打开登录页，"
    wide = 58.0 if opened else width - 8  # beside the code to scan, where there is one
    for at, slip in enumerate(slips):
        if at % 10 == 0:
            page.add_page()
        x, y = 10 + width * (at % 2), 13.5 + high * (at % 10 // 2)
        page.set_draw_color(*paper.RULE)
        page.set_line_width(0.1)
        page.rect(x, y, width, high)
        page.set_in("继续教育个人账号开通码", (x + 4, y + 3, width - 8, 6), 11, colour=paper.ACCENT)
        page.set_in(slip.name, (x + 4, y + 9.5, wide, 5.5), 10)
        page.set_in(slip.id_mask, (x + 4, y + 15, wide, 4.5), 9, whole=True)
        page.set_in(slip.code, (x + 4, y + 19.5, wide, 9.5), 20, whole=True)
        words = f"有效期至{slip.expires_on}，只能用一次。请本人保管，不要转交。"
        page.set_in(words, (x + 4, y + 29, wide - 3, 8), 8.5, colour=paper.GREY)
        steps = f"{way}点“用开通码开通账号”，填身份证号和开通码，设置自己的密码。"
        page.set_in(steps, (x + 4, y + 37, width - 8, 10), 8.5)
        page.set_in(f"发放单位：{giver}", (x + 4, y + 47, width - 8, 5), 8, colour=paper.GREY)
        if opened:
            paper.modules(page, opened.matrix, x + width - 31, y + 8, 26)
    page.set_title("个人账号开通码")
    return bytes(page.output())
