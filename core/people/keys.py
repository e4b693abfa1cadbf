"""The office's key (密钥): which one the office was sealed with, whether it opens what is sealed, rotating, recovering;
one that others may hold is declared void.

Where it lies and what is derived from it: `core.ground.db`.
"""

from __future__ import annotations

import functools
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import segno
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from mnemonic import Mnemonic
from sqlalchemy.orm import Session

from core.ground import db, paper, signing, typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Account, AuditEntry, Organization, Setting, sealed_columns
from core.people import accounts, identity, passwords, setup
from core.trail import audit

MOST_NAMED = 20
"""Faults of one column that are named; a foreign key would have one for each value."""


def adopt(session: Session) -> None:
    """Remember which keys the office is sealed with (登记密钥指纹); an office of an earlier release first proves them.

    Refused codes: "key" (they do not open what is sealed, or nobody is found by the oldest: another order).
    """
    if session.get(Setting, "keys"):
        return
    if faults := _faults(session, first_only=True):
        raise Refused(
            "key",
            f"{db.key_path()} 打不开已加密的内容（{faults[0]}），它不是本单位的密钥，或各组次序不对（应最新的在前）。"
            "请放回原来的密钥文件后重试，什么也没有改动。(a foreign key)",
        )
    _remember(session)


def _remember(session: Session) -> None:
    """Have the database keep which keys these are; an earlier release kept the newest alone."""
    setup.remember_keys(session)
    if former := session.get(Setting, "key"):
        session.delete(former)


def faults(session: Session) -> list[str]:
    """What the key does not open (打不开的加密内容), and numbers that their rows are not found by, by table and row."""
    return _faults(session)


def _faults(session: Session, *, first_only: bool = False) -> list[str]:
    found: list[str] = []
    key = db.keys().text
    for column, purpose in sealed_columns().items():
        kept, table = db.as_kept(column), column.table
        number = sa.literal_column("rowid") if session.get_bind().dialect.name == "sqlite" else sa.null()
        names = list(table.primary_key.columns)
        index = table.c.id_index if column.name == "id_number" and "id_index" in table.c else sa.null()
        query = sa.select(db.as_kept(names[0]) if len(names) == 1 else number, kept, index).where(kept.is_not(None))
        closed: list[str] = []
        query = query.limit(1) if first_only else query.execution_options(yield_per=5000)
        for row, sealed, by in session.execute(query):
            try:
                opened = db.unseal(bytes(sealed), key=key, purpose=purpose)
            except (InvalidTag, ValueError, TypeError):
                closed.append(f"{table.name}.{column.name} of row {row} cannot be opened with this key")
            else:
                if by is not None and db.blind_index(opened.decode()) != by:
                    closed.append(f"{table.name}.{column.name} of row {row} is not the number that the row is found by")
        found += closed[:MOST_NAMED]
        if len(closed) > MOST_NAMED:
            found.append(f"{table.name}.{column.name}: {len(closed) - MOST_NAMED} more")
    return found


@dataclass(frozen=True)
class Key:
    """A key of the office (密钥) as it is listed: what the public knows of it, and since when."""

    fingerprint: str
    written: str
    """公钥指纹: of the key that is verified by, as the public list and the offline verifier have it."""
    since: datetime | None
    """None where the trail does not say."""
    in_use: bool
    """Whether it seals and signs now; the others only open and verify."""
    doubt: Doubt | None = None


@dataclass(frozen=True)
class Doubt:
    """That a key may be in other hands (密钥泄露): who asked for it to be void, and since when it is."""

    by: str
    account_id: int | None
    """Whose account that is: another has to agree."""
    at: datetime
    reason: str
    void_on: date | None
    """None until a second administrator has agreed: until then nothing has changed."""


def listed(session: Session, actor: Actor) -> list[Key]:
    """The office's keys (密钥), the newest first. Refused codes: "role" (the region's administrator), "key"."""
    _may(actor, "查看")
    told = sa.select(AuditEntry.event, AuditEntry.at, AuditEntry.after).where(
        AuditEntry.event.in_([audit.Event.OFFICE_OPENED.value, audit.Event.KEY_ROTATED.value])
    )
    since: dict[str, datetime] = {}
    for event, at, after in session.execute(told.order_by(AuditEntry.id)):
        of = json.loads(after).get("fingerprint") if event == audit.Event.KEY_ROTATED.value else None
        since.setdefault(of or db.keys().fingerprints[-1], at)
    doubts = {fingerprint: _doubt(said) for fingerprint, said in _doubts(session).items()}
    return [
        Key(each.fingerprint, each.written, since.get(each.fingerprint), number == 0, doubts.get(each.fingerprint))
        for number, each in enumerate(signing.public_keys())
    ]


def _may(actor: Actor, what: str) -> None:
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", f"密钥由自治区人社厅的管理员{what}。")


@deed
def rotate(session: Session, *, actor: Actor, reason: str, now: datetime) -> str:
    """Rotate the key (更换密钥): from now on a new secret seals and signs; what is there opens with the former ones.

    Answers the new fingerprint. The file is in place before the commit: a secret too many is harmless, one too few is
    not. Refused codes: "role" (the region's administrator), "reason", "key".
    """
    _may(actor, "更换")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写更换密钥的原因，它会留在审计日志里。")
    db.keys()
    secret, before = secrets.token_bytes(32), db.held_secrets()
    fingerprint = db.fingerprint(secret)
    db.use_secrets([secret, *before])
    _remember(session)
    told = {"fingerprint": db.fingerprint(before[0])}, {"fingerprint": fingerprint}
    office = session.get_one(Organization, actor.organization_id)
    audit.record(
        session, audit.Event.KEY_ROTATED, office, actor=actor, before=told[0], after=told[1], reason=reason, now=now
    )
    return fingerprint


# --- a key that others may hold ---------------------------------------------------------------------------------------

_DOUBTS = "doubted keys"
"""The setting: by fingerprint who asked (`account`, `by`), `at`, `reason`, and the day `on`, "" until it is agreed."""


def _doubts(session: Session) -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = json.loads(setup.setting(session, _DOUBTS) or "{}")
    return told


def _doubt(said: dict[str, Any]) -> Doubt:
    return Doubt(said["by"], said["account"], datetime.fromisoformat(said["at"]), said["reason"], _day(said))


def _day(said: dict[str, Any]) -> date | None:
    return date.fromisoformat(said["on"]) if said["on"] else None


def void(session: Session) -> dict[str, date]:
    """Keys that nothing is believed by any more (已作废的密钥), by fingerprint, each since when; open to everybody."""
    return {fingerprint: day for fingerprint, said in _doubts(session).items() if (day := _day(said))}


@deed
def ask_to_void(session: Session, fingerprint: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """Ask that a former key be void (提请作废密钥), since others may hold it; a second administrator has to agree.

    Refused codes: "role", "missing", "in use" (it signs now: rotate first), "done" (it was asked already), "reason".
    """
    _may(actor, "作废")
    _former(fingerprint)
    db.lock(session, _DOUBTS)
    told = _doubts(session)
    if fingerprint in told:
        raise Refused("done", "这把密钥已经提请作废，请刷新页面。")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写作废密钥的原因，如何时何处可能泄露；它会留在审计日志里。")
    told[fingerprint] = {"by": actor.name, "account": actor.account_id, "at": now.isoformat(), "reason": reason}
    told[fingerprint]["on"] = ""
    _keep(session, told, fingerprint, audit.Event.KEY_DOUBTED, actor, reason, now)


@deed
def agree_to_void(session: Session, fingerprint: str, *, actor: Actor, now: datetime) -> None:
    """Make a key void (作废密钥), four eyes: whatever it signed is believed by nobody from today on.

    Cards that it signed are answered as revoked, here and by the file that needs no network; hours stay as they are.
    What it sealed is still opened. Refused codes: "role", "missing", "done", "self" (asked for by the same person).
    """
    _may(actor, "作废")
    told, said = _asked(session, fingerprint)
    accounts.two_people(session, actor, said["account"], now=now, what="作废密钥")
    said["on"] = str(db.office_day(now))
    _keep(session, told, fingerprint, audit.Event.KEY_VOID, actor, said["reason"], now)


@deed
def keep_believing(session: Session, fingerprint: str, *, actor: Actor, now: datetime) -> None:
    """Take back that a key should be void (撤回作废), before it is. Refused codes: "role", "missing", "done"."""
    _may(actor, "作废")
    told, said = _asked(session, fingerprint)
    del told[fingerprint]
    _keep(session, told, fingerprint, audit.Event.KEY_BELIEVED, actor, said["reason"], now)


def to_agree(session: Session, actor: Actor) -> list[Doubt]:
    """Keys that another administrator asked to be void (待同意作废的密钥), which this one may agree to."""
    if actor.role is not Role.ADMIN or not actor.oversees_region:
        return []
    return [
        _doubt(said) for said in _doubts(session).values() if not said["on"] and said["account"] != actor.account_id
    ]


def _former(fingerprint: str) -> None:
    held = db.keys().fingerprints
    if fingerprint not in held:
        raise Refused("missing", "没有这把密钥，请刷新页面。")
    if fingerprint == held[0]:
        raise Refused("in use", "这是现用的密钥：请先更换密钥，让新出具的卡用新密钥签名，再作废它。")


def _asked(session: Session, fingerprint: str) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """What was asked of a key, which nobody has decided yet."""
    _former(fingerprint)
    db.lock(session, _DOUBTS)
    told = _doubts(session)
    if fingerprint not in told or told[fingerprint]["on"]:
        raise Refused("done", "这把密钥没有待办的作废申请，可能刚有人办理，请刷新页面。")
    return told, told[fingerprint]


def _keep(
    session: Session,
    told: dict[str, dict[str, Any]],
    fingerprint: str,
    event: audit.Event,
    actor: Actor,
    reason: str,
    now: datetime,
) -> None:
    setup.decide_setting(session, _DOUBTS, db.canonical(told))
    office = session.get_one(Organization, actor.organization_id)
    after = {"fingerprint": fingerprint}
    audit.record(session, event, office, actor=actor, after=after, reason=reason, now=now)


# --- the recovery sheet -----------------------------------------------------------------------------------------------


@functools.cache
def _words() -> Mnemonic:
    """BIP-39's list of 2,048 Chinese characters: 24 of them are a secret of 32 bytes with its check sum."""
    return Mnemonic("chinese_simplified")


def phrases() -> list[str]:
    """The secrets as 24 Chinese characters each (恢复词, BIP-39), the newest first. Refused codes: "key"."""
    db.keys()
    return [_words().to_mnemonic(secret) for secret in db.held_secrets()]


def recovered(text: str) -> str:
    """Put the key back from its words (用恢复词找回密钥): every secret's 24 characters, as the sheet has them, with or
    without their numbers; or what its QR codes say, a line each.

    Answers the fingerprint. Nothing is replaced where a key is in place that this database opens with. Refused codes:
    "words", "key".
    """
    if (scanned := text.split()) and all(re.fullmatch("[0-9A-Fa-f]{64}", each) for each in scanned):
        return _put_back([bytes.fromhex(each) for each in scanned])
    letters = [char for char in text if not (char.isspace() or char.isdigit() or char in "，。、,.")]
    if not letters or len(letters) % 24:
        raise Refused("words", f"恢复词每组24个字，现在是{len(letters)}个字，请对照恢复单逐字核对。")
    groups = [" ".join(letters[at : at + 24]) for at in range(0, len(letters), 24)]
    for number, group in enumerate(groups, start=1):
        strange = [char for char in group.split() if char not in _words().wordlist]
        if strange:
            raise Refused("words", f"第{number}组的“{'、'.join(strange)}”不是恢复词用的字，请对照恢复单核对。")
        if not _words().check(group):
            raise Refused("words", f"第{number}组的24个字与校验不符，有字写错或次序不对，请对照恢复单核对。")
    return _put_back([bytes(_words().to_entropy(group)) for group in groups])


def _put_back(held: list[bytes]) -> str:
    fingerprints = [db.fingerprint(secret) for secret in held]
    if words := db.unfit(fingerprints):
        raise Refused("words", f"恢复单{words}请按恢复单从上到下输入每一组，最新的在前。什么也没有改动。")
    db.use_secrets(held)
    return fingerprints[0]


@deed
def recovery_sheet(session: Session, password: str = "", *, actor: Actor, now: datetime) -> bytes:
    """The recovery sheet (密钥恢复单) as an A4 PDF, logged: each secret as words and as a QR code of its hex digits.

    Whoever holds it can open everything: it is for the safe, and an account gives its `password` once more for it; the
    command line has none. Refused codes: "role", "old" (not the account's password), "key".
    """
    _may(actor, "打印恢复单")
    if actor.account_id is not None:
        account = session.get_one(Account, actor.account_id)
        if not passwords.fits(password, account.password_hash):
            raise Refused("old", "密码不正确，请重新输入。")
    office = session.get_one(Organization, actor.organization_id)
    told = {"fingerprint": db.keys().fingerprints[0]}
    audit.record(session, audit.Event.KEY_PRINTED, office, actor=actor, after=told, now=now)
    page = paper.Page("密钥恢复单　绝密，入保险柜", by=identity.identity(session).letterhead)
    page.set_title("密钥恢复单")
    page.set_creation_date(now)
    page.add_page()
    paper.heading(page, "密钥恢复单", [f"{office.name}　打印日期 {db.office_day(now)}"])
    paper.words(
        page,
        "密钥文件丢失后，凭本单可以找回；没有密钥，身份证号和附件都打不开，备份也打不开。"
        "持有本单的人能打开全部内容：请与备份分开，放入保险柜，不拍照、不扫描、不联网传送。",
    )
    paper.words(
        page,
        "找回：在装好本系统的电脑上，进入程序文件夹，打开命令行，执行\n"
        "Windows：　.venv\\Scripts\\python -m core key restore\n"
        "Linux：　.venv/bin/python -m core key restore\n"
        "容器：　python -m core key restore\n"
        "然后按编号1至24（从左到右、从上到下）输入每一组的字，各组按本单的次序。二维码与旁边的24个字是同一内容，"
        "有扫码枪的可扫入，代替输入。",
    )
    for number, (secret, phrase) in enumerate(zip(db.held_secrets(), phrases(), strict=True), start=1):
        if page.get_y() + 12 + 4 * _SQUARE > page.h - 24:
            page.add_page()
        used = "现用" if number == 1 else "曾用"
        paper.section(page, f"第{number}组（{used}，指纹 {db.fingerprint(secret)}）")
        _squares(page, phrase.split(), segno.make(secret.hex(), error="q").matrix)
    return bytes(page.output())


_SQUARE = 15.0
"""Side of a word's square on the sheet, in millimetres."""


def _squares(page: paper.Page, letters: list[str], code: Sequence[Sequence[int]]) -> None:
    """The words in four lines of six squares, each under its number, and beside them their QR code."""
    left, top = page.l_margin, page.get_y() + 1
    for at, letter in enumerate(letters):
        x, y = left + at % 6 * _SQUARE, top + at // 6 * _SQUARE
        page.frame((x, y, _SQUARE, _SQUARE))
        page.set_in(str(at + 1), (x + 1, y + 0.8, 6, 3.5), 7.5, colour=paper.GREY)
        page.set_in(letter, (x, y + 3, _SQUARE, _SQUARE - 3.5), 20, align="C")
    side = 4 * _SQUARE - 12
    paper.modules(page, code, left + 6 * _SQUARE + 12, top + 6, side)
    page.set_y(top + 4 * _SQUARE + 2)
