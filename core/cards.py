"""The card (审验卡): what it says, its signature, its PDF, and whether what it said still holds."""

from __future__ import annotations

import importlib.resources
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import segno
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from sqlalchemy.orm import Session

from core import audit, db, ledger, policy, registry, resident_id
from core.access import Actor, Refused, Role, require
from core.models import Card, CreditTotal, Organization
from core.policy import Subject

ISSUERS = (Role.PERSON, Role.EMPLOYER_CLERK, Role.REVIEWER, Role.TITLE_OFFICER)
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0 O 1 I: codes are read out over the telephone."""


def issue(session: Session, person_id: int, year: int, *, actor: Actor, now: datetime) -> Card:
    """Issue a signed card for a person's credit year, clause 一(五)3: after approval, for hours that are in the ledger.

    Refused codes: "role", "missing", "empty" (no hours in that year), "policy".
    """
    require(actor, *ISSUERS)
    person = registry.person(session, person_id, actor)
    records = ledger.entries(session, person_id, year=year)
    if records.empty:
        raise Refused("empty", f"{person.name}在{year}年度还没有已审核的学时，培训情况报告审核通过后即可打印审验卡。")
    rule = policy.in_force(year)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    balances = ledger.totals(session, person_id, range(year - 2, year + 1)).sort_values("year")
    payload = {
        "code": code,
        "name": person.name,
        "id_mask": resident_id.mask(person.id_number),
        "sex": person.sex,
        "employer": person.employer_name,
        "title": person.title,
        "year": year,
        "office": session.get_one(Organization, person.authority_id).name,
        "basis": f"{rule.note(year)} {rule.requirement.clause}",
        "required": {
            "public": str(rule.requirement.public),
            "professional": str(rule.requirement.professional),
            "total": str(rule.requirement.total),
        },
        "years": [
            {
                "year": line["year"],
                "public": ledger.hours_text(line["public"]),
                "professional": ledger.hours_text(line["professional"]),
                "total": ledger.hours_text(line["total"]),
                "lacks": line["lacks"],
            }
            for line in balances.to_dict("records")
        ],
        "entries": [
            {
                "completed_on": str(line["completed_on"]),
                "subject": Subject(line["subject"]).label,
                "hours": ledger.hours_text(line["hours"]),
                "basis": line["basis"],
            }
            for line in records.iloc[::-1].to_dict("records")
        ],
        "issued_on": str(db.office_day(now)),
    }
    text = db.canonical(payload)
    card = Card(
        code=code,
        person_id=person_id,
        year=year,
        payload=text,
        signature=_signer().sign(text.encode()).hex(),
        issued_at=now,
    )
    session.add(card)
    audit.record(
        session, audit.Event.CARD_ISSUED, card, actor=actor, after={"year": year, "name": person.name}, now=now
    )
    return card


def _signer() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(db.keys().signature)


def written(code: str) -> str:
    """A code as it is printed: groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


@dataclass(frozen=True)
class Verification:
    """What anybody who holds a card's code is told. The name is shortened, the ID number is masked."""

    code: str
    name: str
    id_mask: str
    employer: str
    year: int
    public: Decimal
    professional: Decimal
    issued_on: date
    holds: bool
    """Whether the ledger still shows at least the hours the card shows."""


def verification(session: Session, code: str) -> Verification | None:
    """What a card said, if its code is known and its signature stands; None otherwise. Open to everybody."""
    plain = code.upper().replace("-", "").strip()
    if len(plain) != 16 or not set(plain) <= set(_ALPHABET):
        return None
    try:
        card = session.scalar(sa.select(Card).where(Card.code == plain))
        if card is None:
            return None
        _signer().public_key().verify(bytes.fromhex(card.signature), card.payload.encode())
    except (InvalidSignature, InvalidTag, ValueError):
        return None
    payload = json.loads(card.payload)
    said = next(line for line in payload["years"] if line["year"] == card.year)
    totals = sa.select(CreditTotal.subject, CreditTotal.hours).where(
        CreditTotal.person_id == card.person_id, CreditTotal.year == card.year
    )
    kept = {row.subject: row.hours for row in session.execute(totals)}
    public, professional = Decimal(said["public"]), Decimal(said["professional"])
    holds = kept.get(Subject.PUBLIC, 0) >= public and kept.get(Subject.PROFESSIONAL, 0) >= professional
    name = payload["name"]
    return Verification(
        code=written(card.code),
        name=name[0] + "*" * (len(name) - 1),
        id_mask=payload["id_mask"],
        employer=payload["employer"],
        year=card.year,
        public=public,
        professional=professional,
        issued_on=date.fromisoformat(payload["issued_on"]),
        holds=holds,
    )


# --- the printed page -----------------------------------------------------------------------------------------------

_INK, _GREY, _RULE, _ACCENT = (33, 37, 41), (96, 103, 112), (200, 205, 212), (23, 78, 134)


class _Page(FPDF):
    def __init__(self, code: str) -> None:
        super().__init__(format="A4")
        self.code = code
        font = importlib.resources.files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc"
        self.add_font("cjk", fname=str(font), collection_font_number=2)  # 2: Simplified Chinese forms
        self.set_auto_page_break(True, margin=22)
        self.set_margins(18, 16)

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("cjk", size=8)
        self.set_text_color(*_GREY)
        self.cell(0, 5, f"验证码 {self.code}　　第 {self.page_no()} 页 / 共 {{nb}} 页", align="C")


def pdf(card: Card, *, verify_url: str) -> bytes:
    """A card as an A4 PDF. `verify_url` is where its code is answered; it is printed and in the QR code."""
    said = json.loads(card.payload)
    page = _Page(written(card.code))
    page.set_title(f"{said['year']}年度专业技术人员继续教育审验卡")
    page.set_lang("zh-CN")
    page.set_creation_date(card.issued_at)
    page.add_page()
    _heading(page, said, verify_url)
    _section(page, "本人情况")
    _pairs(
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
    _section(page, "近三年学时")
    required = said["required"]
    heads = ("年度", f"公需（≥{required['public']}）", f"专业（≥{required['professional']}）")
    lines = [(str(y["year"]), y["public"], y["professional"], y["total"], y["lacks"]) for y in said["years"]]
    _table(page, (*heads, f"累计（≥{required['total']}）", "结果"), lines, (18, 30, 30, 30, 66), "CRRRL")
    _section(page, f"{said['year']}年度学时明细")
    details = [(entry["completed_on"], entry["subject"], entry["hours"], entry["basis"]) for entry in said["entries"]]
    _table(page, ("完成日期", "科目", "学时", "培训机构与培训名称"), details, (28, 24, 18, 104), "CLRL")
    page.set_font("cjk", size=8.5)
    page.set_text_color(*_GREY)
    page.ln(3)
    page.multi_cell(0, 5, f"{said['basis']}。年度学时须同时达到公需、专业和累计三项要求。", new_x=XPos.LMARGIN)
    page.multi_cell(
        0, 5, "本卡由系统依据已审核的学时记录出具并签名，扫码或在验证页输入验证码可核对真伪。", new_x=XPos.LMARGIN
    )
    return bytes(page.output())


def _heading(page: _Page, said: dict[str, Any], verify_url: str) -> None:
    page.set_text_color(*_ACCENT)
    page.set_font("cjk", size=17)
    page.cell(0, 10, "专业技术人员继续教育审验卡", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.set_font("cjk", size=10)
    page.set_text_color(*_GREY)
    for words in (f"{said['year']}年度　　出具日期 {said['issued_on']}", f"验证码 {page.code}", verify_url):
        page.cell(0, 6, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    code = segno.make(verify_url, error="m")
    side = 26.0
    module = side / code.symbol_size(border=0)[0]
    page.set_fill_color(*_INK)
    for y, bits in enumerate(code.matrix):
        for x, bit in enumerate(bits):
            if bit:
                page.rect(page.w - 18 - side + x * module, 16 + y * module, module, module, style="F")
    page.set_fill_color(255)
    page.set_y(46)


def _section(page: _Page, title: str) -> None:
    page.ln(4)
    page.set_font("cjk", size=11.5)
    page.set_text_color(*_ACCENT)
    page.cell(0, 8, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _pairs(page: _Page, pairs: list[tuple[str, str]]) -> None:
    page.set_font("cjk", size=10)
    page.set_draw_color(*_RULE)
    page.set_text_color(*_INK)
    with page.table(
        col_widths=(26, 61, 26, 61), first_row_as_headings=False, line_height=7, text_align="LEFT"
    ) as table:
        for at in range(0, len(pairs), 2):
            row = table.row()
            for label, value in pairs[at : at + 2]:
                row.cell(label)
                row.cell(value)


def _table(
    page: _Page, heads: tuple[str, ...], lines: Sequence[tuple[str, ...]], widths: tuple[int, ...], align: str
) -> None:
    from fpdf.fonts import FontFace

    page.set_font("cjk", size=10)
    page.set_draw_color(*_RULE)
    page.set_text_color(*_INK)
    names = {"L": "LEFT", "R": "RIGHT", "C": "CENTER"}
    with page.table(
        col_widths=widths,
        line_height=7,
        text_align=tuple(names[letter] for letter in align),
        headings_style=FontFace(fill_color=(238, 242, 247), color=_INK),
        repeat_headings=1,
    ) as table:
        table.row(heads)
        for line in lines:
            table.row(line)
