"""The summary table (推荐人选汇总表): a league's nominations as one table, out with full numbers, in with the ranks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, names, resident_id, typed
from core.ground.access import Actor, Labelled, OrganizationKind, Refused, Role, require
from core.ground.deeds import deed
from core.models import Nomination, Organization, Person, State
from core.people import persons
from core.submissions import workflow
from core.submissions.programmes import marking, selection, study
from core.tables import sheets, values
from core.tables.declared import Checked, Declared
from core.tables.problems import Problem, in_order
from core.tables.reading import Listing
from core.trail import audit


@audit.events
class Event(Labelled):
    """What is done with the summary table, as the trail has it."""

    TAKEN = "nominations.taken", "下载推荐汇总表"


COLUMNS = {
    "number": ("序号",),
    "name": ("姓名",),
    "sex": ("性别",),
    "ethnicity": ("民族",),
    "birth_on": ("出生年月", "出生日期"),
    "id_number": resident_id.HEADINGS,
    "employer": ("工作单位", "单位", "推荐单位"),
    "post": ("职务/职称", "职称", "职务、职称", "专业技术职务"),
    "education": ("学历学位", "学历/学位", "学历、学位", "学历"),
    "specialty": ("从事专业", "专业"),
    "study_field": ("拟研修专业", "研修专业"),
    "hosts": ("志愿单位", "拟研修单位"),
    "rank": ("排名", "盟市排名", "推荐排名", "推荐顺序"),
    "phone": ("联系电话", "电话", "手机"),
    "note": ("备注",),
}
"""Each column with its heading first and then the synonyms offices write."""
HEADINGS = {name: words[0] for name, words in COLUMNS.items()}


def _rank(cell: object) -> int:
    try:
        found = values.people(cell)
    except values.Unclear:
        found = None
    if found is None or not 1 <= found <= selection.MOST_RANK:
        raise values.Unclear(f"排名请填1至{selection.MOST_RANK}的整数", "form")
    return found


@dataclass(frozen=True)
class Ranked:
    """A line of the table as it counts: who has which rank."""

    name: str
    id_number: str
    rank: int


def _twice(lines: Sequence[tuple[int, Ranked]]) -> Iterable[Problem]:
    first: dict[tuple[str, object], int] = {}
    for row, line in lines:
        for column, value in (("id_number", line.id_number), ("rank", line.rank)):
            if (at := first.setdefault((column, value), row)) != row:
                shown = resident_id.mask(value) if isinstance(value, str) else str(value)
                yield Problem(row, column, f"{column}-twice", shown, f"与第{at}行重复，请核对后改正或删去一行")


TABLE: Declared[Ranked] = Declared(
    Listing(
        "推荐人选汇总表",
        COLUMNS,
        ("name", "id_number", "rank"),
        code="nominations",
        senders=(Role.REVIEWER,),
    ),
    becomes=lambda **said: Ranked(said["name"], said["id_number"], said["rank"]),
    values={"id_number": values.id_number, "rank": _rank},
    needed=("name",),
    checks=(_twice,),
)


@deed
def workbook(session: Session, programme: str, year: int, *, actor: Actor, now: datetime) -> bytes:
    """The summary table as an .xlsx (下载汇总表), with full ID numbers as text: a logged act of the reviewing office.

    Of a league its own, of the region all; those not selected are left out. Refused codes: "role".
    """
    require(actor, Role.REVIEWER)
    query = (
        sa.select(Nomination, Person)
        .join(Person, Person.id == Nomination.human_id)
        .where(Nomination.programme == programme, Nomination.year == year, workflow.visible_to(actor))
        .where(Nomination.state.in_((State.SUBMITTED, State.APPROVED)))
        .options(sa.orm.joinedload(Nomination.organization), sa.orm.joinedload(Nomination.placement))
        .order_by(Nomination.authority_id, sa.case((Nomination.rank.is_(None), 1), else_=0))
        .order_by(Nomination.rank, Nomination.id)
    )
    found = session.execute(query).all()
    rows = [_row(at, nomination, person) for at, (nomination, person) in enumerate(found, 1)]
    office = session.get_one(Organization, actor.organization_id)
    after = {"programme": marking.name_of(programme), "year": year, "people": len(rows)}
    audit.record(session, Event.TAKEN, office, actor=actor, after=after, now=now)
    return sheets.workbook(list(HEADINGS.values()), rows, sheet="推荐人选汇总表")


def _row(at: int, nomination: Nomination, person: Person) -> list[object]:
    level = nomination.level if nomination.level != study.NONE else ""
    hosts = [each for each in (nomination.host1, nomination.host2, nomination.host3) if each]
    return [
        at,
        person.name,
        person.sex,
        nomination.ethnicity,
        f"{person.birth_on:%Y-%m}",
        person.id_number,
        nomination.organization.name,
        "/".join(filter(None, (nomination.duty, nomination.post or level))),
        "，".join(each for each in (nomination.education, nomination.degree) if each != study.NONE),
        nomination.specialty,
        nomination.study_field,
        "；".join(hosts),
        nomination.rank,
        nomination.phone,
        study.status(nomination),
    ]


@deed
def rank_by(
    session: Session, content: bytes, filename: str, programme: str, year: int, *, actor: Actor, now: datetime
) -> tuple[int, Checked[Ranked]]:
    """Rank the league's nominations by its table (按汇总表排名): all faultless rows, and what is wrong with the others.

    A row is somebody nominated for this programme and year who waits for the league's rank. Answers how many were
    ranked and the table as it was checked. Refused codes: "role", "jurisdiction", "file", "headings".
    """
    require(actor, Role.REVIEWER)
    if actor.organization_kind is not OrganizationKind.LEAGUE_HR:
        raise Refused("jurisdiction", "排名由盟市人社局填写，自治区直属单位的推荐不排名。")
    found = TABLE.read(content, filename)
    db.lock(session, "nominations")
    waiting = _waiting(session, programme, year, actor)
    problems: list[Problem] = []
    matched: list[tuple[int, int, Nomination]] = []
    for row, line in found.lines:
        nomination, problem = _matched(session, row, line, waiting)
        problems += [problem] if problem else []
        matched += [(row, line.rank, nomination)] if nomination else []
    taken = _taken(session, programme, year, actor, {each.id for _, _, each in matched})
    for row, rank, _ in matched:
        if rank in taken:
            words = "这个排名已有不在表中或已上报自治区的人选，请另填排名"
            problems.append(Problem(row, "rank", "rank-taken", str(rank), words))
    chosen = [(nomination, rank) for _, rank, nomination in matched if rank not in taken]
    for nomination, _ in chosen:  # two of them may change places
        nomination.rank = None
    session.flush()
    for nomination, rank in chosen:
        selection.rank(session, nomination.id, rank, version=nomination.version, actor=actor, now=now)
    listed = in_order([*found.problems, *problems], COLUMNS)
    return len(chosen), Checked(found.lines, listed, found.account, found.faulty)


def _waiting(session: Session, programme: str, year: int, actor: Actor) -> dict[int, Nomination]:
    """The league's nominations that wait for a rank, by the human's id."""
    query = sa.select(Nomination).where(
        Nomination.programme == programme,
        Nomination.year == year,
        Nomination.state == State.SUBMITTED,
        Nomination.stage == 0,
        Nomination.decider_id == actor.organization_id,
    )
    return {each.human_id: each for each in session.scalars(query) if each.human_id is not None}


def _taken(session: Session, programme: str, year: int, actor: Actor, listed: set[int]) -> set[int]:
    """Ranks that other nominations of the league have than those listed, by their ids."""
    query = sa.select(Nomination.rank, Nomination.id).where(
        Nomination.programme == programme,
        Nomination.year == year,
        Nomination.authority_id == actor.organization_id,
        Nomination.state.in_((State.SUBMITTED, State.APPROVED)),
        Nomination.rank.is_not(None),
    )
    return {rank for rank, number in session.execute(query) if number not in listed and rank is not None}


def _matched(
    session: Session, row: int, line: Ranked, waiting: dict[int, Nomination]
) -> tuple[Nomination | None, Problem | None]:
    """Whose row it is, or what is wrong with it."""
    shown = resident_id.mask(line.id_number)
    human = session.scalar(sa.select(persons.holder(db.blind_index(line.id_number))))
    nomination = waiting.get(human) if human is not None else None
    if nomination is None:
        words = "本盟市没有这个人的推荐在等待排名；请核对身份证号，或由用人单位先在“申报”中上报推荐"
        return None, Problem(row, "id_number", "nobody", shown, words)
    name = study.person_of(session, nomination).name
    if not names.same(typed.text(line.name), name):
        return None, Problem(row, "name", "name", line.name, f"与这个身份证号的推荐人选“{name}”不一致，请核对")
    return nomination, None
