"""Exchange with the talent database (人才信息库), clause 七(三): posted hours in parcels, each entry sent once.

How the database takes them was not published, so a parcel is a workbook of the least that identifies an entry, with
reversals as lines of their own. Whoever brings it there says so here, and from then on each learner sees when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Labelled, Refused, Role, in_charge, not_found, require
from core.ground.deeds import deed
from core.law import notices
from core.models import Course, CourseCredit, CreditBatch, CreditEntry, Organization, Parcel, Person, Submission
from core.people import setup
from core.tables import sheets
from core.trail import audit

MOST = 200_000
"""Entries of one parcel, unless a single batch has more; what is left over is the next one's."""
HEADINGS = tuple(
    "流水号 操作 冲销原号 身份证号 姓名 单位名称 单位统一社会信用代码 区划代码 学时年度 科目 学时 来源 项目或班次编号"
    " 施教机构 完成日期 核定机构 核定时间 摘要".split()
)


@audit.events
class Event(Labelled):
    """What becomes of a parcel, in the trail."""

    PREPARED = "parcel.prepared", "生成人才库报送文件"
    TAKEN = "parcel.taken", "下载人才库报送文件"
    SENT = "parcel.sent", "标记已报送人才库"


@dataclass(frozen=True)
class Standing:
    """How far an office is with a year (报送情况)."""

    sent: int
    """Entries in parcels that were sent."""
    waiting: int
    """Entries in no parcel yet."""
    oldest: datetime | None
    """When the first of those, or of the parcel that is open, was posted."""
    open: Parcel | None
    """The parcel whose file is made and that was not sent yet."""
    lag: timedelta
    """After how long the notice has the office reminded."""

    def late(self, now: datetime) -> bool:
        """Whether something waits for longer than the notice has it (迟报)."""
        return self.oldest is not None and now - self.oldest > self.lag


def standing(session: Session, year: int, actor: Actor) -> Standing:
    """How far the actor's office is with a year (报送情况). Refused codes: "role"."""
    require(actor, Role.REVIEWER)
    office = actor.organization_id
    query = sa.select(Parcel).where(Parcel.authority_id == office, Parcel.year == year)
    found = list(session.scalars(query.order_by(Parcel.number)))
    open_ = next((each for each in found if each.sent_at is None), None)
    unsent = _unsent(session, office, year, max((each.upto_batch for each in found if each.sent_at), default=0))
    upto = open_.upto_batch if open_ else 0
    return Standing(
        sum(each.entries for each in found if each.sent_at),
        sum(count for number, count, _ in unsent if number > upto),
        unsent[0][2] if unsent else None,
        open_,
        timedelta(hours=int(notices.of_year(year, actor.league).setting("exchange_lag", 24))),
    )


def listing(session: Session, year: int, actor: Actor) -> pd.DataFrame:
    """The parcels of the actor's office in a year (报送记录), the latest first. Refused codes: "role".

    Columns: id, number, entries, made_at, made_by, sent_at, sent_by.
    """
    require(actor, Role.REVIEWER)
    columns = "id number entries made_at made_by sent_at sent_by".split()
    query = sa.select(*(getattr(Parcel, name) for name in columns)).order_by(Parcel.number.desc())
    rows = session.execute(query.where(Parcel.authority_id == actor.organization_id, Parcel.year == year)).all()
    return pd.DataFrame(rows, columns=columns)


@deed
def prepare(session: Session, year: int, *, actor: Actor, now: datetime) -> Parcel:
    """Put what was not sent yet into a parcel (生成报送文件): the one that is open, where there is one, with what came
    since.

    Idempotent: where nothing came, the open one is answered as it is. Refused codes: "role", "none".
    """
    require(actor, Role.REVIEWER)
    office = actor.organization_id
    db.lock(session, f"parcel {office} {year}")
    query = sa.select(Parcel).where(Parcel.authority_id == office, Parcel.year == year)
    last = session.scalar(query.order_by(Parcel.number.desc()).limit(1))
    open_ = last if last and last.sent_at is None else None
    upto, count = last.upto_batch if last else 0, open_.entries if open_ else 0
    before = upto
    for number, entries, _ in _unsent(session, office, year, upto):
        if count and count + entries > MOST:
            break
        upto, count = number, count + entries
    if upto == before:
        if open_ is None:
            raise Refused("none", f"{year}年度没有待报送的学时。")
        return open_
    parcel = open_ or Parcel(
        authority_id=office,
        year=year,
        number=last.number + 1 if last else 1,
        after_batch=before,
    )
    parcel.upto_batch, parcel.entries = upto, count
    parcel.made_by, parcel.made_at = actor.name, now
    session.add(parcel)
    session.flush()
    after = {"year": year, "number": parcel.number, "entries": parcel.entries}
    audit.record(session, Event.PREPARED, parcel, actor=actor, after=after, now=now)
    return parcel


@deed
def mark_sent(session: Session, parcel_id: int, *, version: int, actor: Actor, now: datetime) -> Parcel:
    """Say that a parcel was sent (标记已报送), as it was when its file was taken. Refused codes: "role", "missing",
    "jurisdiction", "stale", "move" (it was said before)."""
    parcel = _one(session, parcel_id, actor)
    if parcel.sent_at is not None:
        raise Refused("move", f"第{parcel.number}次已由{parcel.sent_by}标记为已报送，没有重复办理。")
    if parcel.version != version:
        raise Refused("stale", "报送文件刚刚补充过，请重新下载、报送后再标记。")
    parcel.sent_by, parcel.sent_at = actor.name, now
    session.flush()
    after = {"year": parcel.year, "number": parcel.number, "entries": parcel.entries}
    audit.record(session, Event.SENT, parcel, actor=actor, after=after, now=now)
    return parcel


@deed
def workbook(session: Session, parcel_id: int, *, actor: Actor, now: datetime) -> bytes:
    """The file of a parcel (下载报送文件), with full ID numbers as text: a logged act.

    The same lines as often as it is taken; who was corrected meanwhile stands in it as today. Refused codes: "role",
    "missing", "jurisdiction".
    """
    parcel = _one(session, parcel_id, actor)
    office = session.get_one(Organization, parcel.authority_id)
    code, names = setup.region_code(office.name), notices.subject_names()
    human, giver = sa.orm.aliased(Person), sa.orm.aliased(Organization)
    school = sa.orm.aliased(Organization)
    query = (
        sa.select(CreditEntry, CreditBatch, human, Submission.id, giver.name, Course.id, school.name)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .join(Person, Person.id == CreditEntry.person_id)
        .join(human, human.id == Person.human_id)
        .outerjoin(Submission, Submission.id == CreditBatch.submission_id)
        .outerjoin(giver, giver.id == Submission.organization_id)
        .outerjoin(
            CourseCredit,
            sa.and_(
                CourseCredit.batch_id == sa.func.coalesce(CreditBatch.reverses_id, CreditBatch.id),
                CourseCredit.person_id == CreditEntry.person_id,
            ),
        )
        .outerjoin(Course, Course.id == CourseCredit.course_id)
        .outerjoin(school, school.id == Course.organization_id)
        .where(_within(parcel), CreditBatch.authority_id == parcel.authority_id, CreditEntry.year == parcel.year)
        .order_by(CreditEntry.batch_id, CreditEntry.line)
    )
    rows = []
    for entry, batch, person, filed, by, course, held_by in session.execute(query):
        back = batch.reverses_id is not None
        rows.append(
            (
                f"{entry.batch_id}-{entry.line}",
                "冲销" if back else "新增",
                f"{batch.reverses_id}-{entry.reverses_line}" if back else "",
                person.id_number,
                person.name,
                person.employer_name,
                "",
                code,
                entry.year,
                names.get(entry.subject, entry.subject),
                "视同完成" if entry.deemed and not entry.hours else entry.hours,
                entry.source.label,
                f"K{course}" if course else filed,
                held_by or by or "",
                entry.completed_on,
                office.name,
                batch.posted_at,
                entry.note or batch.basis,
            )
        )
    after = {"year": parcel.year, "number": parcel.number, "entries": len(rows)}
    audit.record(session, Event.TAKEN, parcel, actor=actor, after=after, now=now)
    return sheets.workbook(HEADINGS, rows, sheet="学时")


def _one(session: Session, parcel_id: int, actor: Actor) -> Parcel:
    require(actor, Role.REVIEWER)
    found = session.get(Parcel, parcel_id)
    if found is None or found.authority_id != actor.organization_id:
        raise not_found("报送批次")
    in_charge(actor, found.authority_id)
    return found


def _within(parcel: Parcel) -> sa.ColumnElement[bool]:
    return sa.and_(CreditBatch.id > parcel.after_batch, CreditBatch.id <= parcel.upto_batch)


def _unsent(session: Session, authority_id: int, year: int, after: int) -> Sequence[tuple[int, int, datetime]]:
    """Batches of an office above a number with entries of a year: each with how many, and when it was posted."""
    query = (
        sa.select(CreditBatch.id, sa.func.count(), CreditBatch.posted_at)
        .join(CreditEntry, CreditEntry.batch_id == CreditBatch.id)
        .where(CreditBatch.authority_id == authority_id, CreditBatch.id > after, CreditEntry.year == year)
        .group_by(CreditBatch.id, CreditBatch.posted_at)
        .order_by(CreditBatch.id)
    )
    return [(number, count, at) for number, count, at in session.execute(query)]
