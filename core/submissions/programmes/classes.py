"""Classes of institutes (数字技术工程师办班, clause 五) after their report: finish tests, assessments, certificates.

The report's approval posts the hours, once. What is kept here posts nothing: the certificates are evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, names, resident_id, typed
from core.ground.access import OFFICERS, Actor, Labelled, OrganizationKind, Refused, Role, not_found, require, visible
from core.ground.deeds import deed
from core.law import notices
from core.law.notices import Programme
from core.models import (
    Assessment,
    ClassLevel,
    FinishTest,
    MaskedNumber,
    Organization,
    Person,
    Plan,
    Report,
    RosterRow,
    State,
    Submission,
    TrainingClass,
    under,
)
from core.people import persons
from core.submissions import workflow
from core.submissions.programmes import occupations
from core.tables import values
from core.tables.declared import Checked, Declared
from core.tables.mending import Mended
from core.tables.problems import Problem, in_order
from core.tables.reading import NOTHING_MENDED, Listing
from core.tables.values import Unclear
from core.trail import audit
from core.trail.files import Upload

RECORDERS = (Role.REVIEWER, Role.ADMIN)
"""Who puts results of assessments on record: the region's."""
PASSED, FAILED = "合格", "不合格"
LONGEST_NUMBER = 60
LONGEST_SITE = 100


@audit.events
class Event(Labelled):
    """What is put on record of a class and of assessments, as the trail has it."""

    FINISHED = "plan.finished", "登记结业考核"
    ASSESSED = "organization.assessed", "登记考核结果"
    TAKEN_BACK = "person.assessment_taken_back", "撤销考核结果"
    UNFINISHED = "plan.unfinished", "撤销结业考核"


# --- the two tables that people send in -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finished:
    """One line of a table of finish tests (结业考核): who, whether passed, the certificate of training."""

    name: str
    id_number: str
    passed: bool
    number: str
    issued_on: date | None


@dataclass(frozen=True)
class Assessed:
    """One line of a table of assessments (考核结果): who, in what, where, when, both marks, the certificate."""

    name: str
    id_number: str
    occupation: str
    direction: str
    level: ClassLevel
    site: str
    theory: Decimal
    practice: Decimal
    held_on: date
    number: str
    issued_on: date | None


def _named(cell: object) -> str:
    said = names.normalise(cell)
    if wrong := names.fault(said):
        raise Unclear(wrong[1], wrong[0])
    return said


def _mark(cell: object) -> Decimal:
    """A mark of a hundred (分数), to the half."""
    said = typed.plain(cell).removesuffix("分")
    whole, _, half = said.partition(".")
    digits = whole.isascii() and whole.isdecimal() and len(whole) < 4 and half in ("", "0", "5", "00", "50")
    if not digits or not 0 <= Decimal(said) <= 100:
        raise Unclear("分数请填0至100，如86或86.5")
    return Decimal(said)


def _certificate(cell: object) -> str:
    said = "" if values.is_nothing(cell) else typed.text(cell)
    if len(said) > LONGEST_NUMBER:
        raise Unclear(f"证书编号不超过{LONGEST_NUMBER}个字")
    return said


def _site(cell: object) -> str:
    if len(said := typed.text(cell)) > LONGEST_SITE:
        raise Unclear(f"考核站点不超过{LONGEST_SITE}个字")
    return said


def _level(cell: object) -> ClassLevel:
    return occupations.LEVELS[values.word(cell, tuple(occupations.LEVELS))]


WHO = {"name": ("姓名", "学员姓名", "考生姓名"), "id_number": resident_id.HEADINGS}
CERTIFICATE = {
    "number": ("证书编号", "培训合格证书编号", "等级证书编号", "证书号"),
    "issued_on": ("发证日期", "证书日期", "颁证日期"),
}
FINISH_COLUMNS = WHO | {"passed": ("结业考核", "考核结果", "结业考核结果", "是否合格")} | CERTIFICATE
ASSESS_COLUMNS = (
    WHO
    | {
        "occupation": ("职业", "职业名称"),
        "direction": ("职业方向", "方向"),
        "level": ("等级", "级别", "专业技术等级"),
        "site": ("考核站点", "考核机构", "考点"),
        "theory": ("理论知识", "理论成绩", "理论知识成绩"),
        "practice": ("专业能力", "实操成绩", "专业能力成绩", "实践成绩"),
        "held_on": ("考核日期", "考试日期"),
    }
    | CERTIFICATE
)

Line = TypeVar("Line", Finished, Assessed)


def _together(lines: Sequence[tuple[int, Line]]) -> Iterable[Problem]:
    """A certificate has its number and its day, and one number is one person's."""
    seen: dict[str, int] = {}
    for row, each in lines:
        if bool(each.number) != bool(each.issued_on):
            column = "issued_on" if each.number else "number"
            lacking = "发证日期" if each.number else "证书编号"
            yield Problem(row, column, "certificate-half", "", f"证书编号和发证日期须同时填写，缺{lacking}")
        if each.number and (first := seen.setdefault(each.number, row)) != row:
            words = f"与第{first}行的证书编号相同，请核对"
            yield Problem(row, "number", "number-twice", each.number, words)


def _finish_checks(lines: Sequence[tuple[int, Finished]]) -> Iterable[Problem]:
    yield from _together(lines)
    first: dict[str, int] = {}
    for row, each in lines:
        if (before := first.setdefault(each.id_number, row)) != row:
            yield Problem(row, "id_number", "row-twice", each.id_number, f"与第{before}行是同一人，请删去一行")
        if each.number and not each.passed:
            words = "结业考核不合格的不发培训合格证书，请核对"
            yield Problem(row, "number", "certificate-failed", each.number, words)


def _assess_checks(lines: Sequence[tuple[int, Assessed]]) -> Iterable[Problem]:
    yield from _together(lines)
    first: dict[tuple[Any, ...], int] = {}
    for row, each in lines:
        key = each.id_number, each.occupation, each.level, each.held_on
        if (before := first.setdefault(key, row)) != row:
            yield Problem(
                row, "id_number", "row-twice", each.id_number, f"与第{before}行是同一人的同一次考核，请删去一行"
            )
        if each.issued_on and each.issued_on < each.held_on:
            yield Problem(row, "issued_on", "issued-early", str(each.issued_on), "发证日期早于考核日期，请核对")


FINISH = Declared(
    Listing("结业考核表", FINISH_COLUMNS, ["name", "id_number", "passed"], code="finish", senders=(Role.BASE_CLERK,)),
    becomes=Finished,
    values={
        "name": _named,
        "id_number": values.id_number,
        "passed": lambda cell: (
            values.word(cell, (PASSED, FAILED), {"是": PASSED, "否": FAILED, "通过": PASSED}) == PASSED
        ),
        "number": _certificate,
        "issued_on": values.day,
    },
    needed=["name", "id_number", "passed"],
    checks=[_finish_checks],
)
ASSESS = Declared(
    Listing(
        "考核结果表",
        ASSESS_COLUMNS,
        ["name", "id_number", "occupation", "level", "theory", "practice", "held_on"],
        several=True,
        code="assess",
        senders=RECORDERS,
    ),
    becomes=Assessed,
    values={
        "name": _named,
        "id_number": values.id_number,
        "direction": lambda cell: "" if values.is_nothing(cell) else typed.text(cell)[:60],
        "level": _level,
        "site": _site,
        "theory": _mark,
        "practice": _mark,
        "held_on": values.day,
        "number": _certificate,
        "issued_on": values.day,
    },
    needed=["name", "id_number", "occupation", "level", "site", "theory", "practice", "held_on"],
    checks=[_assess_checks],
)


@dataclass
class Preview:
    """A table as it was read and held against what is on file (预览): what is new, what is there, what is wrong."""

    checked: Checked[Any]
    fresh: list[tuple[int, Any, int]] = field(default_factory=list)
    """Row, line and the human's id of each line that would be put on record or completed."""
    known: int = 0
    """Lines that are on record as they are: nothing is done for them."""

    @property
    def problems(self) -> list[Problem]:
        return self.checked.problems


def _held_against(
    checked: Checked[Any],
    headings: Mapping[str, Sequence[str]],
    find: Callable[[Any], tuple[int, str]],
    judge: Callable[[int, Any], tuple[str, str, str] | None],
) -> Preview:
    """Hold each good line against what is on file.

    `find` answers the human a line is about, or 0 and why nobody is; `judge` answers None where the line is new, a
    column, a code and words where it cannot be taken, and a column "" where it is on record as it is.
    """
    found = Preview(checked)
    problems: list[Problem] = []
    good = []
    for row, line in checked.lines:
        human, words = find(line)
        if not human:
            problems.append(Problem(row, "id_number", "nobody", line.id_number, words))
            continue
        if (said := judge(human, line)) is None:
            found.fresh.append((row, line, human))
        elif said[0] == "":
            found.known += 1
        else:
            column, code, words = said
            problems.append(Problem(row, column, code, typed.text(getattr(line, column)), words))
            continue
        good.append((row, line))
    checked.lines = good
    checked.problems = in_order([*checked.problems, *problems], headings)
    return found


# --- finish tests ---------------------------------------------------------------------------------------------------


def _class_of(session: Session, plan_id: int, actor: Actor, *, own: bool = False) -> tuple[Plan, TrainingClass, Report]:
    """A class whose report was approved, to be seen, or of the own house. Refused codes: "missing", "state"."""
    plan = workflow.one(session, plan_id, actor, kind="plan")
    assert isinstance(plan, Plan)
    if plan.course is None or (own and plan.organization_id != actor.organization_id):
        raise not_found("办班")
    query = sa.select(Report).where(Report.plan_id == plan.id, Report.state == State.APPROVED).order_by(Report.part)
    report = session.scalar(query.limit(1))
    if report is None:
        raise Refused("state", "这个班的培训情况报告还没有通过，通过后再登记结业考核。")
    return plan, plan.course, report


def learners(session: Session, plan_id: int) -> dict[int, tuple[str, bytes]]:
    """Learners of a class (学员): who stands without a fault in its approved rosters; name and blind index by human."""
    query = (
        sa.select(Person.human_id, RosterRow.name, RosterRow.id_index)
        .join(Report, Report.id == RosterRow.report_id)
        .join(Person, Person.id_index == RosterRow.id_index)
        .where(Report.plan_id == plan_id, Report.state == State.APPROVED, ~RosterRow.faulty)
        .order_by(RosterRow.row)
    )
    return {human: (name, bytes(index or b"")) for human, name, index in session.execute(query)}


@deed
def read_finish(
    session: Session,
    plan_id: int,
    upload: Upload,
    *,
    actor: Actor,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
    read: Checked[Finished] | None = None,
) -> Preview:
    """Read a class's table of finish tests (读入结业考核表) against its roster; nothing is put on record yet.

    `read`: the file, where it was read before. Refused codes: "role", "missing" (another institute's), "state", "file",
    "headings".
    """
    require(actor, Role.BASE_CLERK)
    plan, _, report = _class_of(session, plan_id, actor, own=True)
    checked = read or FINISH.read(upload.content, upload.filename, chosen=chosen, mended=mended)
    by_index = {index: (human, name) for human, (name, index) in learners(session, plan.id).items()}
    had = {each.person_id: each for each in session.scalars(sa.select(FinishTest).where(FinishTest.plan_id == plan.id))}
    taken = _numbers(session, FinishTest, [line.number for _, line in checked.lines])

    def find(line: Finished) -> tuple[int, str]:
        human, name = by_index.get(db.blind_index(line.id_number), (0, ""))
        if not human:
            return 0, "不在本班报告的花名册中，请核对身份证号"
        return (human, "") if names.same(line.name, name) else (0, f"花名册中这个号码的姓名是“{name}”，请核对")

    def judge(human: int, line: Finished) -> tuple[str, str, str] | None:
        before = had.get(human)
        if line.issued_on and line.issued_on < report.end_on:
            return "issued_on", "issued-early", f"发证日期早于培训结束的{report.end_on}，请核对"
        if line.number and (whose := taken.get(line.number)) and whose != (before and before.id):
            return "number", "number-taken", "这个证书编号已登记给其他人或其他班，请核对"
        if before is None:
            return None
        if before.passed != line.passed or (
            before.number
            and (before.number, before.issued_on) != (line.number or before.number, line.issued_on or before.issued_on)
        ):
            return "passed", "differs", "与已登记的结业考核不同；确需更正的，请先撤销此人已登记的结果"
        return None if line.number and not before.number else ("", "", "")

    return _held_against(checked, FINISH_COLUMNS, find, judge)


@deed
def record_finish(
    session: Session,
    plan_id: int,
    upload: Upload,
    *,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
    actor: Actor,
    now: datetime,
) -> int:
    """Put finish tests and certificates of training on record (登记结业考核); answers how many people.

    Who stands there already as the table has it stands once. Refused codes: as of `read_finish`, "rows" (nothing new).
    """
    require(actor, Role.BASE_CLERK)
    read = FINISH.read(upload.content, upload.filename, chosen=chosen, mended=mended)  # before anything is locked
    plan = session.scalar(sa.select(Plan).where(Plan.id == plan_id).with_for_update(of=Submission))
    found = read_finish(session, plan_id, upload, actor=actor, read=read)
    assert plan is not None, "read_finish"
    if not found.fresh:
        raise Refused("rows", "没有新的结业考核可以登记：各行有错误，或已经登记过。")
    for _, line, human in found.fresh:
        kept = session.scalar(
            sa.select(FinishTest).where(FinishTest.plan_id == plan.id, FinishTest.person_id == human)
        ) or FinishTest(plan_id=plan.id, person_id=human)
        kept.passed, kept.number, kept.issued_on, kept.recorded_at = (
            line.passed,
            line.number or None,
            line.issued_on,
            now,
        )
        session.add(kept)
    session.flush()
    after = {"title": plan.title, "people": len(found.fresh), "filename": upload.filename} | {
        "sha256": upload.digest,
        "certificates": sum(bool(line.number) for _, line, _ in found.fresh),
    }
    audit.record(session, Event.FINISHED, plan, actor=actor, after=after, now=now)
    return len(found.fresh)


@deed
def take_back_finish(session: Session, finish_id: int, *, actor: Actor, reason: str, now: datetime) -> FinishTest:
    """Take one finish test back (撤销结业考核), to be recorded anew. Refused codes: "role", "missing", "reason"."""
    require(actor, Role.BASE_CLERK)
    kept = session.get(FinishTest, finish_id, with_for_update=True)
    plan = session.get(Plan, kept.plan_id) if kept else None
    if kept is None or plan is None or plan.organization_id != actor.organization_id:
        raise not_found("结业考核")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写撤销的原因。")
    before = {"person_id": kept.person_id, "passed": kept.passed, "number": kept.number or ""}
    session.delete(kept)
    audit.record(session, Event.UNFINISHED, plan, actor=actor, before=before, reason=reason, now=now)
    return kept


def _numbers(session: Session, table: Any, given: Collection[str]) -> dict[str, int]:
    """Of these certificate numbers those on record (已登记的证书编号), each with the id of its row."""
    wanted = [number for number in given if number]
    return dict(session.execute(sa.select(table.number, table.id).where(table.number.in_(wanted))).all())


# --- assessments ----------------------------------------------------------------------------------------------------


def _require_recorder(actor: Actor) -> None:
    require(actor, *RECORDERS)
    if not actor.oversees_region:
        raise Refused("jurisdiction", "考核结果由自治区登记，请与自治区人社厅联系。")


def pass_mark(on: date) -> int:
    """The mark that both parts must reach (合格分数), by the region's notice of a day. Refused codes: "policy"."""
    return int(notices.in_force(on, None).setting("class_pass", 100))


@deed
def read_assessments(
    session: Session,
    upload: Upload,
    *,
    today: date,
    actor: Actor,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
    read: Checked[Assessed] | None = None,
) -> Preview:
    """Read a table of assessments (读入考核结果表) against who is on file; nothing is put on record yet.

    `read`: the file, where it was read before. Refused codes: "role", "jurisdiction", "file", "headings",
    "occupations", "policy".
    """
    _require_recorder(actor)
    checked = read or ASSESS.read(upload.content, upload.filename, chosen=chosen, mended=mended)
    indexes = {line.id_number: db.blind_index(line.id_number) for _, line in checked.lines}
    known = persons.on_file(session, list(indexes.values()))
    humans = {each.human_id for each in known.values()}
    had = {
        (each.person_id, each.occupation, each.level, each.held_on): each
        for each in session.scalars(sa.select(Assessment).where(Assessment.person_id.in_(humans)))
    }
    taken = _numbers(session, Assessment, [line.number for _, line in checked.lines])
    catalogue = set(occupations.active_names())

    def find(line: Assessed) -> tuple[int, str]:
        person = known.get(indexes[line.id_number])
        if person is None:
            return 0, "系统中没有此人，请核对身份证号；没有在本系统登记过学时的人员不能登记考核结果"
        fits = names.same(line.name, person.name, person.known_as)
        return (person.human_id, "") if fits else (0, "与系统中这个号码的姓名不同，请核对姓名和号码")

    def judge(human: int, line: Assessed) -> tuple[str, str, str] | None:
        if wrong := _wrong(line, catalogue, today):
            return wrong
        before = had.get((human, line.occupation, line.level, line.held_on))
        if line.number and (whose := taken.get(line.number)) and whose != (before and before.id):
            return "number", "number-taken", "这个等级证书编号已登记给其他人或其他考核，请核对"
        if before is None:
            return None
        marks = (before.theory, before.practice, before.direction) == (line.theory, line.practice, line.direction)
        certificate = (line.number or before.number, line.issued_on or before.issued_on)
        if not marks or (before.number and (before.number, before.issued_on) != certificate):
            return "theory", "differs", "与已登记的同一次考核不同；确需更正的，请先撤销已登记的结果"
        return None if line.number and not before.number else ("", "", "")

    found = _held_against(checked, ASSESS_COLUMNS, find, judge)
    _untrained(session, found)
    return found


def _wrong(line: Assessed, catalogue: Collection[str], today: date) -> tuple[str, str, str] | None:
    """What is wrong with a line by itself, beyond its cells: column, code, words."""
    if line.occupation not in catalogue:
        return "occupation", "occupation-unknown", f"职业目录中没有启用“{line.occupation[:30]}”，请按目录中的名称填写"
    if line.held_on > today:
        return "held_on", "held-later", f"考核日期晚于今天{today}"
    if line.issued_on and line.issued_on > today:
        return "issued_on", "issued-later", f"发证日期晚于今天{today}"
    least = pass_mark(line.held_on)
    if line.number and min(line.theory, line.practice) < least:
        words = f"理论知识和专业能力均不低于{least}分的才发等级证书，请核对分数"
        return "number", "certificate-failed", words
    directions = occupations.directions_of(line.occupation, line.level)
    if line.direction and not directions.taken:
        return "direction", "direction-none", f"{line.occupation}{line.level.label}不分职业方向，请删去"
    if line.direction and not directions.open and line.direction not in directions.names:
        return "direction", "direction-unknown", f"职业方向请填{'、'.join(directions.names)}之一"
    return None


def _untrained(session: Session, found: Preview) -> None:
    """Hint at those of whom no finished training for this occupation and level is on record; it blocks nothing."""
    query = (
        sa.select(FinishTest.person_id, TrainingClass.occupation, TrainingClass.level)
        .join(TrainingClass, TrainingClass.plan_id == FinishTest.plan_id)
        .where(FinishTest.passed, FinishTest.person_id.in_([human for _, _, human in found.fresh]))
    )
    trained = {tuple(row) for row in session.execute(query)}
    words = "本系统没有此人这一职业、等级的培训合格记录，请核对"
    hints = [
        Problem(row, "level", "untrained", line.level.label, words, blocking=False)
        for row, line, human in found.fresh
        if (human, line.occupation, line.level) not in trained
    ]
    found.checked.problems = in_order([*found.checked.problems, *hints], ASSESS_COLUMNS)


@deed
def record_assessments(
    session: Session,
    upload: Upload,
    *,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
    actor: Actor,
    now: datetime,
) -> tuple[int, int]:
    """Put results of assessments on record, with the certificates given (登记考核结果): how many, how many passed.

    A result that is there already stands once; sent again with its certificate, it gets it. Nothing is posted.
    Refused codes: as of `read_assessments`, "rows" (nothing new).
    """
    _require_recorder(actor)
    read = ASSESS.read(upload.content, upload.filename, chosen=chosen, mended=mended)  # before anything is locked
    db.lock(session, "assessments")
    found = read_assessments(session, upload, today=db.office_day(now), actor=actor, read=read)
    if not found.fresh:
        raise Refused("rows", "没有新的考核结果可以登记：各行有错误，或已经登记过。")
    passed = 0
    for _, line, human in found.fresh:
        same = {"person_id": human, "occupation": line.occupation, "level": line.level, "held_on": line.held_on}
        kept = session.scalar(sa.select(Assessment).filter_by(**same)) or Assessment(**same)
        kept.direction, kept.site, kept.theory, kept.practice = line.direction, line.site, line.theory, line.practice
        kept.passed = min(line.theory, line.practice) >= pass_mark(line.held_on)
        kept.number, kept.issued_on, kept.recorded_at = line.number or None, line.issued_on, now
        session.add(kept)
        passed += kept.passed
    session.flush()
    office = session.get_one(Organization, actor.organization_id)
    after = {"results": len(found.fresh), "passed": passed, "filename": upload.filename} | {
        "sha256": upload.digest,
        "certificates": sum(bool(line.number) for _, line, _ in found.fresh),
    }
    audit.record(session, Event.ASSESSED, office, actor=actor, after=after, now=now)
    return len(found.fresh), passed


@deed
def take_back(session: Session, assessment_id: int, *, actor: Actor, reason: str, now: datetime) -> Assessment:
    """Take one result back, with its certificate (撤销考核结果), for it to be put on record anew.

    Refused codes: "role", "jurisdiction", "missing", "reason".
    """
    _require_recorder(actor)
    kept = session.get(Assessment, assessment_id, with_for_update=True)
    if kept is None:
        raise not_found("考核结果")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写撤销的原因。")
    before = {"occupation": kept.occupation, "level": kept.level.value, "held_on": str(kept.held_on)}
    before |= {"theory": str(kept.theory), "practice": str(kept.practice), "number": kept.number or ""}
    person = session.get_one(Person, kept.person_id)
    session.delete(kept)
    audit.record(session, Event.TAKEN_BACK, person, actor=actor, before=before, reason=reason, now=now)
    return kept


# --- questions ------------------------------------------------------------------------------------------------------


def classes(session: Session, actor: Actor, year: int) -> pd.DataFrame:
    """Classes that end in a year (办班), those an actor may see, the latest first.

    Columns: id (of the plan), title, organization, occupation, direction, level, start_on, end_on, state (of its plan),
    report_state ("" where none is begun), people (of the approved report), finished, certificates (of training).
    Refused codes: "role".
    """
    require(actor, *OFFICERS, Role.BASE_CLERK)
    report = sa.orm.aliased(Report, flat=True)
    numbered = sa.func.count(FinishTest.number).label("n")
    passed = sa.select(FinishTest.plan_id, sa.func.count().label("finished"), numbered).where(FinishTest.passed)
    tests = passed.group_by(FinishTest.plan_id).subquery()
    query = (
        sa.select(Plan, TrainingClass, Organization.name, report.state, report.people, tests.c.finished, tests.c.n)
        .join(TrainingClass, TrainingClass.plan_id == Plan.id)
        .join(Organization, Organization.id == Plan.organization_id)
        .outerjoin(report, sa.and_(report.plan_id == Plan.id, report.part == 1))
        .outerjoin(tests, tests.c.plan_id == Plan.id)
        .where(workflow.visible_to(actor), Plan.end_on.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(Plan.end_on.desc(), Plan.id.desc())
    )
    lines = [
        {
            "id": plan.id,
            "title": plan.title,
            "organization": name,
            "occupation": course.occupation,
            "direction": course.direction,
            "level": course.level.label,
            "start_on": plan.start_on,
            "end_on": plan.end_on,
            "state": plan.state.value,
            "report_state": state.label if state else "",
            "people": people if state is State.APPROVED else 0,
            "finished": finished or 0,
            "certificates": issued or 0,
        }
        for plan, course, name, state, people, finished, issued in session.execute(query)
    ]
    columns = "id title organization occupation direction level start_on end_on state report_state".split()
    return pd.DataFrame(lines, columns=[*columns, "people", "finished", "certificates"])


def finish_of(session: Session, plan_id: int, actor: Actor) -> pd.DataFrame:
    """Learners of a class with their finish tests (结业情况), ID numbers masked, in the order of the roster.

    Columns: id (of the finish test, 0: none yet), name, id_mask, outcome (words), number, issued_on.
    Refused codes: "missing", "state".
    """
    plan, _, _ = _class_of(session, plan_id, actor)
    mask = sa.type_coerce(Person.id_number, MaskedNumber("person.id_number"))
    people = learners(session, plan.id)
    masks = dict(session.execute(sa.select(Person.id, mask).where(Person.id.in_(people))).all())
    had = {each.person_id: each for each in session.scalars(sa.select(FinishTest).where(FinishTest.plan_id == plan.id))}
    lines = [
        {
            "id": kept.id if kept else 0,
            "name": name,
            "id_mask": masks[human],
            "outcome": "" if kept is None else PASSED if kept.passed else FAILED,
            "number": (kept and kept.number) or "",
            "issued_on": kept and kept.issued_on,
        }
        for human, (name, _) in people.items()
        for kept in [had.get(human)]
    ]
    return pd.DataFrame(lines, columns="id name id_mask outcome number issued_on".split())


def finish_form(session: Session, plan_id: int, actor: Actor) -> list[list[str]]:
    """Rows of an empty table of finish tests (结业考核表), the learners filled in, for their institute alone.

    It holds full ID numbers: who hands it out logs that. Refused codes: "role", "missing", "state".
    """
    require(actor, Role.BASE_CLERK)
    plan, _, _ = _class_of(session, plan_id, actor, own=True)
    people = learners(session, plan.id)
    numbers = dict(session.execute(sa.select(Person.id, Person.id_number).where(Person.id.in_(people))).all())
    return [[name, numbers[human], "", "", ""] for human, (name, _) in people.items()]


def assessments(session: Session, actor: Actor, year: int) -> pd.DataFrame:
    """Results of assessments of a year (考核结果), ID numbers masked, for officers; the latest first.

    Columns: id, name, id_mask, employer, occupation, direction, level, site, theory, practice, held_on, outcome,
    number, issued_on. Refused codes: "role".
    """
    require(actor, *OFFICERS)
    mask = sa.type_coerce(Person.id_number, MaskedNumber("person.id_number"))
    query = (
        sa.select(Assessment, Person.name, mask, Person.employer_name)
        .join(Person, Person.id == Assessment.person_id)
        .where(visible(actor, organization=Person.employer_id, authority=Person.authority_id))
        .where(Assessment.held_on.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(Assessment.held_on.desc(), Assessment.id)
    )
    plain = "occupation direction site theory practice held_on issued_on".split()
    lines = [
        {"id": each.id, "name": name, "id_mask": masked, "employer": employer}
        | {column: getattr(each, column) for column in plain}
        | {"level": each.level.label, "outcome": PASSED if each.passed else FAILED, "number": each.number or ""}
        for each, name, masked, employer in session.execute(query)
    ]
    columns = (
        "id name id_mask employer occupation direction level site theory practice held_on outcome number issued_on"
    )
    return pd.DataFrame(lines, columns=columns.split())


def certificates_of(session: Session, person_id: int) -> list[Assessment]:
    """Grade certificates of a human (等级证书), the latest first, for who may see the person."""
    humans = sa.select(Person.id).where(under(Person, person_id))
    query = sa.select(Assessment).where(Assessment.person_id.in_(humans), Assessment.number.is_not(None))
    return list(session.scalars(query.order_by(Assessment.issued_on.desc(), Assessment.id)))


def standing(session: Session, actor: Actor, year: int) -> pd.DataFrame:
    """What came of classes in a year by occupation and level (培育情况): one line for each of both that has something.

    Columns: occupation, level, classes (with an approved report that end in the year), people (of them), finished
    (finish test passed), training_certificates, assessed (results of the year), passed, grade_certificates (given in
    the year). Refused codes: "role".
    """
    require(actor, *OFFICERS)
    span = date(year, 1, 1), date(year, 12, 31)
    report, plan = sa.orm.aliased(Report, flat=True), sa.orm.aliased(Plan, flat=True)
    mine = visible(actor, organization=report.organization_id, authority=report.authority_id)
    held = (
        sa.select(TrainingClass.occupation, TrainingClass.level, sa.func.count(), sa.func.sum(report.people))
        .join(plan, plan.id == TrainingClass.plan_id)
        .join(report, sa.and_(report.plan_id == plan.id, report.part == 1))
        .where(mine, report.state == State.APPROVED, plan.end_on.between(*span))
        .group_by(TrainingClass.occupation, TrainingClass.level)
    )
    tested = (
        sa.select(TrainingClass.occupation, TrainingClass.level, sa.func.count(), sa.func.count(FinishTest.number))
        .join(FinishTest, FinishTest.plan_id == TrainingClass.plan_id)
        .join(plan, plan.id == TrainingClass.plan_id)
        .join(report, sa.and_(report.plan_id == plan.id, report.part == 1))
        .where(mine, FinishTest.passed, plan.end_on.between(*span))
        .group_by(TrainingClass.occupation, TrainingClass.level)
    )
    theirs = visible(actor, organization=Person.employer_id, authority=Person.authority_id)
    of_people = sa.select(Assessment.occupation, Assessment.level, sa.func.count())
    of_people = of_people.add_columns(sa.func.sum(sa.case((Assessment.passed, 1), else_=0)))
    of_people = of_people.join(Person, Person.id == Assessment.person_id).where(theirs)
    of_people = of_people.group_by(Assessment.occupation, Assessment.level)
    cells: dict[tuple[str, ClassLevel], dict[str, int]] = {}
    for query, names_ in (
        (held, ("classes", "people")),
        (tested, ("finished", "training_certificates")),
        (of_people.where(Assessment.held_on.between(*span)), ("assessed", "passed")),
        (
            of_people.where(Assessment.number.is_not(None), Assessment.issued_on.between(*span)),
            ("grade_certificates", ""),
        ),
    ):
        for occupation, level, *figures in session.execute(query):
            cell = cells.setdefault((occupation, level), dict.fromkeys(MEASURES, 0))
            cell.update((name, int(figure)) for name, figure in zip(names_, figures, strict=True) if name)
    order = list(ClassLevel)
    found = sorted(cells.items(), key=lambda each: (each[0][0], order.index(each[0][1])))
    lines = [{"occupation": name, "level": level.label} | cell for (name, level), cell in found]
    return pd.DataFrame(lines, columns=["occupation", "level", *MEASURES])


MEASURES = "classes people finished training_certificates assessed passed grade_certificates".split()


def done(programme: Programme, year: int) -> sa.Select[*tuple[Any, ...]]:
    """Institutes that held a class (已办班的机构) towards a programme's target of a year, by approved reports.

    Columns as the package says; `key`: the institute, counted once, `on`: the last day, `item`: the report.
    """
    approval = workflow.approvals().subquery()
    report, plan = sa.orm.aliased(Report, flat=True), sa.orm.aliased(Plan, flat=True)
    return (
        sa.select(
            report.authority_id,
            report.organization_id,
            report.organization_id.label("key"),
            report.end_on.label("on"),
            approval.c.known,
            approval.c.until,
            report.id.label("item"),
        )
        .join(approval, approval.c.submission_id == report.id)
        .join(plan, plan.id == report.plan_id)
        .join(Organization, Organization.id == report.organization_id)
        .where(Organization.kind == OrganizationKind.INSTITUTE, report.part == 1)
        .where(plan.programme == programme.code, plan.end_on.between(date(year, 1, 1), date(year, 12, 31)))
    )


def called(each: Assessment | TrainingClass) -> str:
    """What an assessment or a class is for (职业、方向、等级), in words."""
    return occupations.course_words(each.occupation, each.direction, each.level)
