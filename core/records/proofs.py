"""Proofs (入账证明): that an entry was in the ledger on a day, for somebody who need not trust the database.

A proof is a file: what the entry says, the Merkle path to its batch's root, the batch's place in the chain, and the
office's signature (Ed25519) over all of it. Anybody with the office's public key can check it without the office.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from core.ground import db, paper, resident_id, signing
from core.ground.access import Actor, Refused, not_found, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.ledger import chain, statements
from core.ledger.standing import Standing
from core.models import CreditBatch, CreditEntry, Organization, Source
from core.people import keys, persons
from core.records import cards
from core.trail import audit

FORM = "ce-proof-1"
LARGEST = 2**20
"""Bytes of the largest file read as a proof."""


def filename(batch_id: int, line: int, ending: str = "json") -> str:
    """What a proof's file is called, wherever it is named."""
    return f"入账证明-{batch_id}-{line}.{ending}"


@deed
def issue(session: Session, batch_id: int, line: int, *, actor: Actor, now: datetime) -> bytes:
    """Issue a proof (出具入账证明) of one entry, as a file, for those who may have a card of its person.

    Refused codes: "role", "missing", "altered" (the batch is not what was posted), "glyph" (its page could not
    be printed whole).
    """
    require(actor, *cards.ISSUERS)
    entry = session.scalar(sa.select(CreditEntry).where(CreditEntry.batch_id == batch_id, CreditEntry.line == line))
    if entry is None:
        raise not_found("学时记录")
    person = persons.one(session, entry.person_id, actor)
    batch = session.get_one(CreditBatch, batch_id)
    found = statements.entries(session, entry.person_id, year=entry.year)
    (shown,) = found[(found["batch_id"] == batch_id) & (found["line"] == line)].to_dict("records")
    statement = {
        "form": FORM,
        "office": session.get_one(Organization, batch.authority_id).name,
        "name": person.name,
        "id_mask": resident_id.mask(person.id_number),
        "subject": _subject(entry.year, entry.subject, session.get_one(Organization, person.authority_id).league),
        "basis": shown["basis"],
        "standing": shown["standing"],
        "issued_at": now.replace(microsecond=0).isoformat(),
        "public_key": public_key(),
        **vars(chain.inclusion(session, batch_id, line)),
    }
    text = db.canonical(statement)
    paper.printable(text)
    signature = signing.signature(text)
    audit.record(
        session,
        audit.Event.PROOF_ISSUED,
        person,
        actor=actor,
        after={"batch": batch_id, "line": line, "chain": batch.chain},
        now=now,
    )
    return json.dumps({"statement": statement, "signature": signature}, ensure_ascii=False, indent=1).encode()


def public_key() -> str:
    """Public key (公钥) to check proofs with, in hexadecimal digits; it must reach others by a way of its own."""
    return signing.public_keys()[0].raw.hex()


@dataclass(frozen=True)
class Proof:
    """What a proof says, checked or not."""

    office: str
    name: str
    id_mask: str
    year: int
    subject: str
    hours: str
    completed_on: str
    source: str
    basis: str
    posted_at: datetime
    posted_by: str
    batch: int
    line: int
    standing: Standing
    issued_at: datetime

    @property
    def issued(self) -> str:
        """When it was issued, in the office's time."""
        return db.office_minute(self.issued_at)

    def facts(self) -> list[tuple[str, str]]:
        """What it says, in labelled words."""
        return [
            ("姓名", self.name),
            ("身份证号", self.id_mask),
            ("学时年度", str(self.year)),
            ("科目", self.subject),
            ("学时", self.hours),
            ("学习完成日期", self.completed_on),
            ("来源", self.source),
            ("入账机关", self.office),
            ("入账时间", db.office_minute(self.posted_at)),
            ("办理人", self.posted_by),
            ("入账批次", f"第{self.batch}批第{self.line}笔"),
            ("出具时状态", self.standing.label),
        ]


def read(content: bytes) -> Proof:
    """What a file says. Refused codes: "file" (no proof, or the printed page of one)."""
    if content.startswith(b"%PDF"):
        raise Refused(
            "file",
            "这是PDF，核对要用随证明下载的 .json 文件；证明的PDF里也附有这个文件，可在阅读器的附件栏另存后再核对。",
        )
    try:
        statement = _statement(content)[0]
        entry, batch = statement["entry"], statement["batch"]
        hours = hours_text(Decimal(entry["hours"]) / 100)
        return Proof(
            **{name: str(statement[name]) for name in ("office", "name", "id_mask", "subject", "basis")},
            year=int(entry["year"]),
            hours="视同完成" if entry.get("deemed") == 1 else hours,
            completed_on=str(entry["completed_on"]),
            source=Source(entry["source"]).label if "source" in entry else "培训",
            posted_at=datetime.fromisoformat(batch["posted_at"]),
            posted_by=str(batch["posted_by"]),
            batch=int(entry["batch_id"]),
            line=int(entry["line"]),
            standing=Standing(statement["standing"]),
            issued_at=datetime.fromisoformat(statement["issued_at"]),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError, AttributeError, RecursionError) as error:
        raise Refused("file", "这不是本系统出具的入账证明文件，请选择随证明下载的 .json 文件。") from error


def faults(content: bytes, *, key: str | None = None) -> list[str]:
    """Check a proof (核验) offline: why it does not hold; nothing where it does. `key`: public, by default any of ours.

    Refused codes: "file" (no proof), "key" (no key, or none of our own to go by).
    """
    proof = read(content)
    if not key and not db.has_keys():
        raise Refused(
            "key",
            "本机没有机关的密钥，不能判断签名。请用 --key 给出出具机关的公钥（64位十六进制数字，向该机关另行取得）。",
        )
    statement, signature = _statement(content)
    found = [] if _is_signed(statement, signature, key) else ["签名不符：不是由此公钥的机关出具，或出具后被改动"]
    try:
        led_to = chain.included(statement["entry"], statement["batch"], statement["path"], statement["previous"])
    except (ValueError, KeyError, TypeError):
        led_to = None
    if led_to is None:
        found.append("这笔学时不在该批的校验树里")
    elif led_to != statement["chain"]:
        found.append("该批的链值不符")
    if proof.posted_at > proof.issued_at:
        found.append("入账晚于出具证明的时间")
    return found


def _is_signed(statement: dict[str, Any], signature: str, key: str | None) -> bool:
    """Whether the signature is under this public key, or where none is given under any of the office's."""
    told = db.canonical(statement).encode()
    try:
        verifier = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) if key else None
    except ValueError:
        raise Refused("key", "公钥应为64位十六进制数字，请核对。") from None
    try:
        if verifier is None:
            return signing.verifies(bytes.fromhex(signature), told)
        verifier.verify(bytes.fromhex(signature), told)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Today:
    """How a proven entry stands now. `by` and `on`: the batch that took it back, and the day."""

    standing: Standing
    by: int | None = None
    on: date | None = None


def void_since(session: Session, content: bytes) -> date | None:
    """Since when the key is void that a proof is signed with (签名密钥作废); None where it is not.

    Whoever holds that key can sign what the office never said. Refused codes: "file".
    """
    read(content)
    if void := keys.void(session):
        statement, signature = _statement(content)
        with contextlib.suppress(ValueError):
            by = signing.maker(bytes.fromhex(signature), db.canonical(statement).encode())
            return void.get(by.fingerprint) if by else None
    return None


def today(session: Session, content: bytes) -> Today | None:
    """Current standing (现状) of a proven entry; None where this ledger has no such batch. Refused codes: "file".

    Open to everybody: who holds a proof learns of that entry alone, and no more than whether it still counts.
    """
    proof, chain = read(content), _statement(content)[0]["chain"]
    batch = session.get(CreditBatch, proof.batch)
    if batch is None or batch.chain != chain or faults(content):
        return None
    back = (
        sa.select(CreditBatch.id, CreditBatch.posted_at)
        .join(CreditEntry, CreditEntry.batch_id == CreditBatch.id)
        .where(CreditBatch.reverses_id == proof.batch, CreditEntry.reverses_line == proof.line)
    )
    if taken := session.execute(back).first():
        return Today(Standing.REVERSED, taken.id, db.office_day(taken.posted_at))
    return Today(Standing.TAKES_BACK if batch.reverses_id else Standing.STANDS)


def _statement(content: bytes) -> tuple[dict[str, Any], str]:
    if len(content) > LARGEST:
        raise ValueError("too large for a proof")
    given = json.loads(content)
    statement = given["statement"]
    if statement["form"] != FORM or not isinstance(given["signature"], str):
        raise ValueError("another form")
    return statement, given["signature"]


def _subject(year: int, code: str, league: str | None) -> str:
    """A subject as the person's notice of the year calls it, else as any notice on file does."""
    try:
        named = {each.code: each.name for each in notices.of_year(year, league).subjects}
    except Refused:
        named = {}
    return named.get(code) or notices.subject_names().get(code, code)


# --- the printed page -----------------------------------------------------------------------------------------------


def pdf(content: bytes, *, by: paper.Letterhead | None = None) -> bytes:
    """A proof as an A4 PDF, with the file itself attached to it. Refused codes: "file", "glyph"."""
    proof = read(content)
    statement, signature = _statement(content)
    page = paper.Page(f"入账证明　第{proof.batch}批第{proof.line}笔", by=by)
    page.set_title(f"{proof.name}学时入账证明")
    page.set_creation_date(proof.issued_at)
    page.add_page()
    below = (f"出具机关 {proof.office}", f"出具时间 {proof.issued}")
    paper.heading(page, "专业技术人员继续教育学时入账证明", below)
    paper.section(page, "证明事项")
    paper.words(page, f"兹证明下列学时已于{db.office_day(proof.posted_at)}记入继续教育学时账。")
    page.ln(2)
    paper.pairs(page, proof.facts())
    paper.section(page, "依据")
    paper.words(page, proof.basis)
    paper.section(page, "校验")
    lines = [
        ("本批笔数", str(statement["batch"]["entries"])),
        ("本批校验根", statement["batch"]["root"]),
        ("上一批链值", statement["previous"] or "（第一批）"),
        ("本批链值", statement["chain"]),
        *((f"路径{at}", each) for at, each in enumerate(statement["path"], start=1)),
        ("公钥", statement["public_key"]),
        ("签名", signature),
    ]
    paper.table(page, ("项目", "值（SHA-256、Ed25519，十六进制）"), lines, (30, 144), "LL")
    page.ln(3)
    name = filename(proof.batch, proof.line)
    for words in (
        f"随本证明下载的{name}（也附在本PDF内，可在阅读器的附件栏另存）可离线核对，不需要信任数据库：",
        "由该笔学时沿路径算到本批校验根，再算到本批链值，最后核对签名。",
        "可在出具机关系统的 /verify 页面核验，不需登录；在其他机器上核对时，公钥须另行取得，在程序文件夹中执行",
        "（python 写成 .venv 里的那一个，Windows：.venv\\Scripts\\python，Linux：.venv/bin/python）：",
    ):
        paper.small(page, words)
    paper.small(page, f"python -m core proof {name} --key {statement['public_key']}")
    page.embed_file(bytes=content, basename=name, desc="ce-proof-1")
    return page.signed(proof.issued_at, "出具入账证明")
