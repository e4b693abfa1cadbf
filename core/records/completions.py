"""Certificates of completion (结业证书) of public courses: what one says, signed and kept, found again by its code.

They are for offices whose notice has them (`course_certificate`): the law goes by the card (审验卡), and so does
eligibility. One says of a single course what the ledger has; whether it still counts is asked by its code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses, passing
from core.ground import db, names, paper, resident_id, signing
from core.ground.access import Actor, Labelled, Refused, Role, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.ledger import standing
from core.models import Completion, Course, CourseCredit, CreditEntry, Organization, Person, under
from core.people import persons
from core.records import cards, tokens
from core.trail import audit


@audit.events
class Event(Labelled):
    """What becomes of a certificate, in the trail."""

    ISSUED = "completion.issued", "出具结业证书"


def offered(course: Course) -> bool:
    """Whether a course has certificates (是否发结业证书), as the notice of its year has it."""
    return notices.of_year(course.year, course.authority.league).setting("course_certificate", False) is True


@deed
def issue(session: Session, course_id: int, *, actor: Actor, now: datetime) -> Completion:
    """Issue one's own certificate of a course (出具结业证书); the same again, while it says what the ledger has.

    Refused codes: "role", "missing", "policy" (the notice has none), "hours" (none stand for the course), "glyph".
    """
    require(actor, Role.PERSON)
    course = courses.load(session, course_id, actor)
    if not offered(course):
        raise Refused("policy", "这门课程不发结业证书，学时以审验卡为凭。")
    person = persons.one(session, actor.person_id or 0, actor)
    entry = _entry(session, course, person)
    if entry is None:
        raise Refused("hours", "考试合格、学时入账后才能出具结业证书。")
    said = {
        "name": person.name,
        "id_mask": resident_id.mask(person.id_number),
        "course": course.title,
        "hours": hours_text(entry.hours),
        "year": entry.year,
        "completed_on": entry.completed_on.isoformat(),
        "giver": course.organization.name,
        "office": session.get_one(Organization, course.authority_id).name,
        "batch": entry.batch_id,
        "line": entry.line,
    }
    query = sa.select(Completion).where(Completion.batch_id == entry.batch_id, Completion.line == entry.line)
    last = session.scalar(query.order_by(Completion.id.desc()).limit(1))
    if last and {name: each for name, each in json.loads(last.payload).items() if name in said} == said:
        return last
    code = tokens.drawn()
    text = db.canonical(said | {"code": code, "issued_on": db.office_day(now).isoformat()})
    paper.printable(text)
    made = Completion(
        code=code,
        course_id=course.id,
        batch_id=entry.batch_id,
        line=entry.line,
        payload=text,
        signature=signing.signature(text),
        issued_at=now,
    )
    session.add(made)
    session.flush()
    after = {"course": course.title, "batch": entry.batch_id, "line": entry.line}
    audit.record(session, Event.ISSUED, person, actor=actor, after=after, now=now)
    return made


def _entry(session: Session, course: Course, person: Person) -> CreditEntry | None:
    """The entry of somebody's hours of a course that stands, under whichever record of the person's."""
    query = (
        sa.select(CreditEntry)
        .join(CourseCredit, passing.entry())
        .where(CourseCredit.course_id == course.id, standing.STANDS)
        .where(CourseCredit.person_id.in_(sa.select(Person.id).where(under(Person, person.human_id))))
    )
    return session.scalar(query.limit(1))


@dataclass(frozen=True)
class Verified:
    """Verification result (核验结果) of a certificate for anybody who has its code: name shortened, no ID number."""

    code: str
    facts: tuple[tuple[str, str], ...]
    stands: bool
    """Whether its hours still count."""


def verification(session: Session, code: str) -> Verified | None:
    """Verify a certificate (核验结业证书) by its code; None: unknown, or its signature is broken. Open to all."""
    plain = cards.plain_code(code)
    found = session.scalar(sa.select(Completion).where(Completion.code == plain)) if plain else None
    if found is None or not signing.holds(found.signature, found.payload):
        return None
    said = json.loads(found.payload)
    entry = sa.select(CreditEntry.line).where(CreditEntry.batch_id == found.batch_id, CreditEntry.line == found.line)
    facts = (
        ("验证码", tokens.written(found.code)),
        ("姓名", names.shortened(said["name"])),
        ("课程", said["course"]),
        ("学时", f"{said['hours']}学时，记入{said['year']}年度"),
        ("考试合格日期", said["completed_on"]),
        ("组织单位", said["giver"]),
        ("核定机关", said["office"]),
        ("出具日期", said["issued_on"]),
    )
    return Verified(tokens.written(found.code), facts, session.scalar(entry.where(standing.STANDS)) is not None)


def filename(found: Completion) -> str:
    """What a certificate's file is called."""
    return f"结业证书-{tokens.written(found.code)}.pdf"


def pdf(found: Completion, *, verify_url: str) -> bytes:
    """A certificate as an A4 PDF, signed by the office; its QR code leads to where it is verified (`tokens.place`),
    without an address there is none. Refused codes: "glyph"."""
    said: dict[str, Any] = json.loads(found.payload)
    code = tokens.written(found.code)
    page = paper.Page(f"结业证书　验证码 {code}")
    page.set_title(f"{said['name']}结业证书")
    page.set_creation_date(found.issued_at)
    page.add_page()
    paper.heading(page, "结业证书", (f"{said['giver']}", f"出具日期 {date.fromisoformat(said['issued_on'])}"))
    page.ln(6)
    passed = f"{said['completed_on']}考试合格，准予结业。"
    _lines(page, f"{said['name']}（身份证号{said['id_mask']}）学完网络课程“{said['course']}”，{passed}", 13)
    page.ln(4)
    paper.section(page, "学时")
    paper.pairs(
        page,
        [
            ("学时", f"{said['hours']}学时"),
            ("记入年度", f"{said['year']}年度"),
            ("核定机关", said["office"]),
            ("入账批次", f"第{said['batch']}批第{said['line']}笔"),
        ],
    )
    paper.section(page, "核验")
    ways = f"扫描二维码；或打开 {verify_url.rsplit('/', 1)[0]}" if verify_url else f"在{said['office']}的核验页"
    _lines(page, f"{ways}\n输入验证码 {code}\n学时以核验当日为准。", 10)
    if verify_url:
        paper.modules(page, tokens.qr(verify_url).matrix, page.l_margin, page.get_y() + 4, 30)
    return page.signed(found.issued_at, "出具结业证书")


def _lines(page: paper.Page, text: str, size: float) -> None:
    """A text line by line, none begun by a sign that ends a phrase, none stretched."""
    page.set_text_color(*paper.INK)
    for line in page.wrapped(text, page.epw - 6, size):
        page.set_font("cjk", size=size)
        page.cell(0, size * 0.6, line, new_x="LMARGIN", new_y="NEXT")
