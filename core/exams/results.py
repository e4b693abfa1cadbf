"""Results from elsewhere (外来成绩): brought in, confirmed by the office in charge, posted once, taken back as a batch.

Each result has a receipt, whatever became of it. A file is checked by the one machine of tables; what learning
platforms push comes the same way (`core/exams/platforms.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses, passing
from core.courses.passing import Passed
from core.ground import db, names, resident_id, typed
from core.ground.access import Actor, Labelled, Refused, Role, in_charge, not_found, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law import notices
from core.ledger import books
from core.models import (
    Attachment,
    Course,
    CourseState,
    Outcome,
    Person,
    ResultBatch,
    ResultRow,
    ResultSource,
    ResultState,
)
from core.people import persons
from core.tables import mending, reading, values
from core.tables.declared import Declared
from core.tables.mending import Mended
from core.tables.problems import Problem, in_order
from core.tables.reading import NOTHING_MENDED, Cells, Listing, Understood
from core.tables.values import Unclear
from core.trail import audit, files
from core.trail.files import Upload

NEW = "不在人员库，确认后新建"
"""Of a result whose person is not on file."""
ALREADY = "这门课程的学时此前已经记入，不重复记"
MOST, LONGEST_REASON, MOST_SCORE = 20_000, 500, Decimal(1000)
FILES = (ResultSource.TABLE, ResultSource.GRADES, ResultSource.COMPLETION)
"""What comes as a file."""


@audit.events
class Event(Labelled):
    """What becomes of results from elsewhere, in the trail."""

    BROUGHT = "results.brought", "导入外来成绩"
    CONFIRMED = "results.confirmed", "确认外来成绩"
    RETURNED = "results.returned", "不予确认外来成绩"
    TAKEN_BACK = "results.taken_back", "冲销外来成绩"


# --- the tables -------------------------------------------------------------------------------------------------------

_COLUMNS: dict[str, Sequence[str]] = {
    "number": ("序号", "编号", "No"),
    "id_number": (
        *resident_id.HEADINGS,
        "ID number",
        "idnumber",
        "ID号",
        "ID号码",
        "学号",
        "ID编号",
        "Username",
        "用户名",
    ),
    "name": ("姓名", "学员姓名", "考生姓名", "Full name", "Name", "全名"),
    "last": ("姓", "姓氏", "Last name", "Surname"),
    "first": ("名", "名字", "First name"),
    "score": (
        "成绩",
        "分数",
        "得分",
        "考试成绩",
        "总分",
        "课程总分",
        "Course total",
        "Grade",
        "Score",
    ),
    "outcome": ("结果", "考试结果", "是否合格", "是否通过", "考核结果", "合格情况", "Result"),
    "passed_on": (
        "考试日期",
        "完成日期",
        "合格日期",
        "考试时间",
        "完成时间",
        "课程完成",
        "课程已完成",
        "Course complete",
        "Completion date",
        "Time completed",
    ),
    "note": ("备注",),
}
HEADINGS = {name: words[0] for name, words in _COLUMNS.items() if name not in ("last", "first")}
BRINGERS = (Role.BASE_CLERK, Role.REVIEWER)
LISTING = Listing("成绩表", _COLUMNS, ("id_number",), code="results", senders=BRINGERS)

_PASSED = {"合格", "通过", "及格", "已通过", "已合格", "passed", "pass", "complete", "completed", "已完成", "完成"}
_FAILED = {"不合格", "未通过", "不及格", "未合格", "缺考", "failed", "fail", "incomplete", "未完成", "notcompleted"}
CHOICES = {"outcome": ("合格", "不合格")}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_ENGLISH = re.compile(r"(?:[A-Za-z]{3,9}, ?)?(\d{1,2}) ([A-Za-z]{3})[a-z]{0,6},? (\d{4})(?:[, ].*)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"1[0-9]{9}")


def _day(cell: object) -> date | None:
    """A day as tables and learning platforms write it: also 28 June 2024, and seconds since 1970."""
    said = typed.narrow(cell)
    if (found := _ENGLISH.fullmatch(said)) and found[2].lower() in _MONTHS:
        return values.day(f"{found[3]}-{_MONTHS.index(found[2].lower()) + 1}-{found[1]}")
    if _SECONDS.fullmatch(said):
        return db.office_day(_EPOCH + timedelta(seconds=int(said)))
    if said.casefold() in ("never", "从不", "no"):
        return None
    return values.day(cell)


def _score(cell: object) -> Decimal | None:
    said = re.sub(r"(?<=\d)(分|%)$", "", typed.plain(cell))
    if values.is_nothing(said) or said in ("缺考", "-"):
        return None
    if not re.fullmatch(r"\d{1,4}(\.\d{1,6})?", said) or Decimal(said) > MOST_SCORE:
        raise Unclear("成绩请填数字，如85或85.5")
    return Decimal(said)


def _outcome(cell: object) -> bool | None:
    said = typed.plain(cell).casefold()
    if values.is_nothing(said):
        return None
    if said in _PASSED or said in _FAILED:
        return said in _PASSED
    try:
        return values.yes_no(said)
    except Unclear:
        raise Unclear("结果请填“合格”或“不合格”") from None


@dataclass
class Result:
    """One result (一条成绩) as it was read. `passed` None: nobody says so."""

    id_number: str
    name: str
    score: Decimal | None
    passed: bool | None
    passed_on: date
    person_id: int | None = None
    already: bool = False

    @property
    def said(self) -> str:
        """Score and result in words."""
        parts = [f"{hours_text(self.score)}分"] if self.score is not None else []
        return "、".join([*parts, "合格" if self.passed else "未合格"])


@dataclass(frozen=True)
class ResultForm:
    """What is filled in beside a file of results (导入外来成绩)."""

    course_id: int
    source: ResultSource
    pass_mark: Decimal | None
    """On the scale of the file; where a file says passed or not, that decides."""
    held_on: date
    """Of results whose row gives no day."""
    basis: str
    """依据: which exam, by whom."""


def _becomes(given: ResultForm, **said: Any) -> Result:
    name = names.normalise(said["name"]) or names.normalise(f"{said['last']}{said['first']}")
    passed = said["outcome"]
    if given.source is ResultSource.COMPLETION and passed is None:
        passed = said["passed_on"] is not None
    elif passed is None and said["score"] is not None and given.pass_mark is not None:
        passed = said["score"] >= given.pass_mark
    return Result(said["id_number"], name, said["score"], passed, said["passed_on"] or given.held_on)


def _problems(given: ResultForm, today: date, lines: Sequence[tuple[int, Result]]) -> Iterable[Problem]:
    """What is wrong with results by themselves: no name, no result, a day to come, somebody twice."""
    first: dict[str, int] = {}
    for row, each in lines:
        if fault := names.fault(each.name):
            yield Problem(row, "name", fault[0], each.name, fault[1])
        if each.passed is None:
            words = "没有成绩，也没有写合格与否，请补填；缺考的结果填“不合格”"
            if each.score is not None:
                words = "只有成绩，没有写合格与否，请在上面填写及格线，或补填结果"
            yield Problem(row, "outcome", "outcome-none", "", words)
        if each.passed and given.pass_mark is not None and each.score is not None and each.score < given.pass_mark:
            words = f"结果写的是合格，成绩低于及格线{hours_text(given.pass_mark)}，请核对"
            yield Problem(row, "score", "score-below", hours_text(each.score), words)
        if each.passed_on > today:
            yield Problem(row, "passed_on", "date-future", str(each.passed_on), f"日期晚于今天{today}，请核对")
        if first.setdefault(each.id_number, row) != row:
            words = f"与第{first[each.id_number]}行是同一人，请只留一行"
            yield Problem(row, "id_number", "person-twice", "", words)


def _declared(given: ResultForm, today: date) -> Declared[Result]:
    read = {"id_number": values.id_number, "score": _score, "outcome": _outcome, "passed_on": _day}
    checks = (partial(_problems, given, today),)
    return Declared(LISTING, partial(_becomes, given), read, ("id_number",), checks)


@dataclass
class Checked:
    """A file of results as it was checked (检查结果)."""

    lines: list[tuple[int, Result]]
    problems: list[Problem]
    account: list[str]
    cells: Mapping[int, Cells] = field(default_factory=dict)
    understood: Understood | None = None

    def count(self, *, passed: bool, already: bool = False) -> int:
        """How many results are so."""
        return sum(bool(each.passed) is passed and each.already is already for _, each in self.lines)


def check(
    session: Session,
    actor: Actor,
    upload: Upload,
    given: ResultForm,
    *,
    today: date,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
) -> Checked:
    """Check a file of results (检查成绩文件) by itself and against people and hours on file; every fault by its row.

    Refused codes: "file", "headings", "missing" (the course), "role".
    """
    course = _course(session, given.course_id, actor)
    table = reading.read(upload.content, upload.filename, LISTING, chosen=chosen, mended=mended)
    if not table.rows or len(table.rows) > MOST:
        words = f"成绩超过{MOST}行，请分成几个文件。" if table.rows else "表头下面没有成绩，请确认选对了文件。"
        raise Refused("file", words)
    found = _declared(given, today).checked(table)
    problems = found.problems + _against_file(session, found.lines, course)
    faulty = {each.row for each in problems if each.blocking}
    lines = [(row, each) for row, each in found.lines if row not in faulty]
    return Checked(lines, in_order(problems, LISTING.columns), found.account, found.rows, table.understood)


def _against_file(session: Session, lines: Sequence[tuple[int, Result]], course: Course) -> list[Problem]:
    """Results held against people on file and hours in the ledger (与库核对); says of each whose it is."""
    indexes = {each.id_number: db.blind_index(each.id_number) for _, each in lines}
    known = persons.on_file(session, list(indexes.values()))
    humans = {each.human_id for each in known.values()}
    offices: dict[int, int] = {}
    for start in range(0, len(humans), 5000):
        some = sorted(humans)[start : start + 5000]
        query = sa.select(Person.id, Person.authority_id).where(Person.id.in_(some))
        offices |= dict(session.execute(query).all())
    done = passing.credited(session, course.id, sorted(humans))
    problems = []
    for row, each in lines:
        person = known.get(indexes[each.id_number])
        if person is None:
            words = f"{NEW}，请核对号码"
            problems.append(Problem(row, "id_number", "person-new", "", words, blocking=False))
        elif offices.get(person.human_id) != course.authority_id:
            problems.append(Problem(row, "id_number", "jurisdiction", "", "此人由其他人社部门主管，请由其主管部门办理"))
        elif not names.same(each.name, *person.names):
            words = f"库中此身份证号的姓名为“{person.known_as}”，请核对姓名或号码"
            problems.append(Problem(row, "name", "name-known", each.name, words))
        else:
            each.person_id, each.already = person.human_id, person.human_id in done
    return problems


# --- the deeds --------------------------------------------------------------------------------------------------------


def brings(actor: Actor, year: int) -> bool:
    """Whether somebody brings results in (导入外来成绩): who makes courses, and the office in charge."""
    return actor.role is Role.REVIEWER or courses.makes(actor, year)


def _course(session: Session, course_id: int, actor: Actor) -> Course:
    """A course that results may come for. Refused codes: "role", "missing", "move" (not published)."""
    require(actor, *BRINGERS)
    course = courses.load(session, course_id, actor)
    if course.state in (CourseState.DRAFT, CourseState.OFFERED):
        raise Refused("move", f"“{course.title}”还没有发布，发布后再导入成绩。")
    if actor.role is Role.REVIEWER:
        in_charge(actor, course.authority_id)
    return course


def open_courses(session: Session, actor: Actor) -> list[Course]:
    """The courses for which somebody may bring results in (可导入成绩的课程)."""
    found = courses.listing(session, actor)
    for each in found:
        session.refresh(each, ["authority"])
    if actor.role is Role.REVIEWER:
        found = [each for each in found if each.authority_id == actor.organization_id]
    return [each for each in found if each.state in (CourseState.PUBLISHED, CourseState.WITHDRAWN)]


def usual_mark(course: Course) -> Decimal | None:
    """The pass mark (及格线) of the notice of a course's year; None where it is silent."""
    said = notices.of_year(course.year, course.authority.league).setting("exam_pass_mark")
    return Decimal(said) if isinstance(said, int | Decimal) and not isinstance(said, bool) else None


@deed
def bring_in(
    session: Session,
    upload: Upload,
    given: ResultForm,
    *,
    actor: Actor,
    now: datetime,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
) -> ResultBatch:
    """Bring results in from a file (导入外来成绩): a receipt for every row; the good ones wait to be confirmed.

    The file is kept as it came. Refused codes: "role", "missing", "move", "jurisdiction", "fields", "file", "headings",
    "rows" (not one can be taken), "double" (this very file waits already).
    """
    require(actor, *BRINGERS)
    basis = _basis(given)
    found = check(session, actor, upload, given, today=db.office_day(now), chosen=chosen, mended=mended)
    if not found.lines:
        raise Refused("rows", "没有一行可以接收，请在表中改正后再导入。")
    course = _course(session, given.course_id, actor)
    db.lock(session, f"results {course.id}")
    if not mended:
        _only_once(session, upload, course)
    kept = files.attach(session, None, upload, purpose="results", now=now)
    batch = ResultBatch(
        organization_id=course.organization_id,
        authority_id=course.authority_id,
        course_id=course.id,
        source=given.source,
        filename=upload.filename[-200:],
        attachment_id=kept.id,
        pass_mark=given.pass_mark,
        basis=basis,
        brought_by=actor.name,
        brought_at=now,
    )
    session.add(batch)
    session.flush()
    session.add_all(_receipt(batch, row, each) for row, each in found.lines)
    session.add_all(_refusals(batch, found))
    _told(session, Event.BROUGHT, batch, actor=actor, now=now)
    return batch


def _basis(given: ResultForm) -> str:
    basis = typed.text(given.basis)
    if given.source not in FILES:
        raise Refused("fields", "请选择成绩文件的种类。", {"source": "请选择成绩文件的种类"})
    if not 2 <= len(basis) <= 150 or resident_id.stands_in(basis):
        words = "请写明是哪一次考试、由谁组织，2至150个字，不要写身份证号"
        raise Refused("fields", f"{words}。", {"basis": words})
    if given.pass_mark is not None and not 0 < given.pass_mark <= MOST_SCORE:
        words = f"及格线应大于0，不超过{MOST_SCORE}"
        raise Refused("fields", f"{words}。", {"pass_mark": words})
    return basis


def _only_once(session: Session, upload: Upload, course: Course) -> None:
    query = (
        sa.select(ResultBatch)
        .join(Attachment, Attachment.id == ResultBatch.attachment_id)
        .where(ResultBatch.course_id == course.id, ResultBatch.state == ResultState.WAITING)
        .where(Attachment.sha256 == upload.digest)
    )
    if waiting := session.scalar(query.limit(1)):
        raise Refused("double", f"这个文件已由{waiting.brought_by}导入（第{waiting.id}批），正待确认，没有重复导入。")


def _receipt(batch: ResultBatch, row: int, each: Result, *, statement_id: int | None = None) -> ResultRow:
    outcome = Outcome.ALREADY if each.already else Outcome.WAITING if each.passed else Outcome.FAILED
    return ResultRow(
        batch_id=batch.id,
        row=row,
        name=each.name[:60],
        id_number=each.id_number[:200],
        person_id=each.person_id,
        said=each.said[:60],
        passed_on=each.passed_on,
        outcome=Outcome.FAILED if not each.passed else outcome,
        words=(ALREADY if each.already else NEW if each.person_id is None else "") if each.passed else "",
        statement_id=statement_id,
    )


def _refusals(batch: ResultBatch, found: Checked) -> Iterable[ResultRow]:
    """The rows that were not taken (未接收), each with all its faults."""
    said: dict[int, list[str]] = {}
    for each in found.problems:
        if each.blocking and each.row:
            said.setdefault(each.row, []).append(each.words)
    for row, words in said.items():
        cells = {column: mending.said(cell) for column, cell in found.cells.get(row, {}).items()}
        name = cells.get("name") or cells.get("last", "") + cells.get("first", "")
        yield ResultRow(
            batch_id=batch.id,
            row=row,
            name=name[:60],
            id_number=cells.get("id_number", "")[:200],
            said=" ".join(filter(None, [cells.get("score", ""), cells.get("outcome", "")]))[:60],
            outcome=Outcome.REFUSED,
            words="；".join(words)[:1000],
        )


@deed
def confirm(session: Session, batch_id: int, *, version: int, actor: Actor, now: datetime) -> ResultBatch:
    """Confirm results (确认外来成绩): post the hours of those who passed, as one batch; whose stand already, once.

    People not on file are added under the office in charge. Refused codes: "role", "missing", "jurisdiction", "stale",
    "move", "name", "cap".
    """
    require(actor, Role.REVIEWER)
    batch = _as_seen(session, batch_id, version, actor, ResultState.WAITING)
    books.hold(session)
    rows = _rows(session, batch, Outcome.WAITING)
    new = [row for row in rows if row.person_id is None]
    facts = [persons.PersonFacts(row.name, row.id_number) for row in new]
    added = persons.match_or_add(session, facts, authority_id=batch.authority_id, now=now) if facts else {}
    for row in new:
        row.person_id, row.words = added[db.blind_index(row.id_number)], "确认时新建了人员"
    people = [row.person_id for row in rows if row.person_id is not None]
    done = passing.credited(session, batch.course_id, people)
    passed: dict[int, Passed] = {}
    for row in rows:
        if row.person_id in done or row.person_id is None or row.passed_on is None:
            row.outcome, row.words = Outcome.ALREADY, ALREADY
        else:
            row.outcome = Outcome.POSTED
            passed.setdefault(row.person_id, Passed(row.person_id, row.passed_on))
    basis = f"外来成绩：{batch.basis}（第{batch.id}批成绩）"
    credit = passing.credit(session, batch.course_id, list(passed.values()), basis=basis[:200], now=now)
    batch.credit_batch_id = credit.id if credit else None
    _decide(session, batch, ResultState.POSTED, Event.CONFIRMED, actor=actor, reason="", now=now)
    return batch


@deed
def send_back(
    session: Session, batch_id: int, *, version: int, actor: Actor, reason: str, now: datetime
) -> ResultBatch:
    """Do not confirm results (不予确认); nothing is posted. Refused codes: as `confirm`, "reason"."""
    require(actor, Role.REVIEWER)
    batch = _as_seen(session, batch_id, version, actor, ResultState.WAITING)
    said = reasoned(reason)
    for row in _rows(session, batch, Outcome.WAITING):
        row.outcome, row.words = Outcome.REFUSED, f"不予确认：{said}"
    batch.remark = said
    _decide(session, batch, ResultState.RETURNED, Event.RETURNED, actor=actor, reason=said, now=now)
    return batch


@deed
def take_back(
    session: Session, batch_id: int, *, version: int, actor: Actor, reason: str, now: datetime
) -> ResultBatch:
    """Take a batch of results back (整批冲销): what stands of the hours it posted is reversed.

    Refused codes: as `confirm`, "reason", those of `books.reverse`.
    """
    require(actor, Role.REVIEWER)
    batch = _as_seen(session, batch_id, version, actor, ResultState.POSTED)
    said = reasoned(reason)
    rows = _rows(session, batch, Outcome.POSTED)
    people = [row.person_id for row in rows if row.person_id is not None]
    passing.take_back(session, batch.course_id, people, reason=said[: books.LONGEST_REASON], now=now)
    for row in rows:
        row.outcome = Outcome.TAKEN_BACK
    batch.remark = said
    _decide(session, batch, ResultState.TAKEN_BACK, Event.TAKEN_BACK, actor=actor, reason=said, now=now)
    return batch


def reasoned(given: str) -> str:
    """A reason as it is kept (原因). Refused codes: "reason"."""
    said = typed.prose(given)
    if not said or len(said) > LONGEST_REASON:
        words = f"请写明原因，不超过{LONGEST_REASON}个字"
        raise Refused("reason", f"{words}。", {"reason": words})
    return said


def _as_seen(session: Session, batch_id: int, version: int, actor: Actor, state: ResultState) -> ResultBatch:
    batch = one(session, batch_id, actor)
    in_charge(actor, batch.authority_id)
    if batch.version != version:
        raise Refused("stale", "这一批成绩刚刚有人办理过，您的操作没有执行，请查看最新内容。")
    if batch.state is not state:
        raise Refused("move", f"这一批成绩{batch.state.label}，不能再办理此项。")
    return batch


def _rows(session: Session, batch: ResultBatch, outcome: Outcome) -> list[ResultRow]:
    query = sa.select(ResultRow).where(ResultRow.batch_id == batch.id, ResultRow.outcome == outcome)
    return list(session.scalars(query.order_by(ResultRow.row)))


def _decide(
    session: Session, batch: ResultBatch, state: ResultState, event: Event, *, actor: Actor, reason: str, now: datetime
) -> None:
    batch.state, batch.decided_by, batch.decided_at = state, actor.name, now
    _told(session, event, batch, actor=actor, reason=reason, now=now)


def _told(session: Session, event: Event, batch: ResultBatch, *, actor: Actor, now: datetime, reason: str = "") -> None:
    session.flush()
    counts = {outcome.value: count for outcome, count in receipts(session, [batch.id]).get(batch.id, {}).items()}
    after = {"course": batch.course_id, "source": batch.source.value, **counts}
    audit.record(session, event, batch, actor=actor, after=after, reason=reason, now=now)


# --- the questions ----------------------------------------------------------------------------------------------------


def seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Which batches an actor finds, as SQL: clerks their organization's, reviewers their office's, the region's all."""
    if actor.held_back or actor.role not in BRINGERS:
        return sa.false()
    if actor.role is Role.BASE_CLERK:
        return ResultBatch.organization_id == actor.organization_id
    return sa.true() if actor.oversees_region else ResultBatch.authority_id == actor.organization_id


def one(session: Session, batch_id: int, actor: Actor) -> ResultBatch:
    """One batch of results (成绩批次). Refused codes: "missing"."""
    found = session.scalar(sa.select(ResultBatch).where(ResultBatch.id == batch_id, seen_by(actor)))
    if found is None:
        raise not_found("成绩批次")
    return found


def listing(session: Session, actor: Actor, *, limit: int = 200) -> pd.DataFrame:
    """The batches an actor finds (成绩批次), newest first.

    Columns: id, course, source, filename, state, brought_by, brought_at, version, and a count of each outcome.
    """
    query = sa.select(ResultBatch).where(seen_by(actor)).options(sa.orm.joinedload(ResultBatch.course))
    found = list(session.scalars(query.order_by(ResultBatch.id.desc()).limit(limit)))
    counts = receipts(session, [each.id for each in found])
    rows = [
        {
            "id": each.id,
            "course": each.course.title,
            "source": each.source,
            "filename": each.filename,
            "state": each.state,
            "brought_by": each.brought_by,
            "brought_at": each.brought_at,
            **{outcome.value: counts.get(each.id, {}).get(outcome, 0) for outcome in Outcome},
        }
        for each in found
    ]
    usual = ["id", "course", "source", "filename", "state", "brought_by", "brought_at", *Outcome]
    return pd.DataFrame(rows, columns=[str(name) for name in usual])


def waiting(session: Session, actor: Actor) -> list[ResultBatch]:
    """The batches that wait for the actor's office to confirm them (待确认), the longest waiting first."""
    if actor.role is not Role.REVIEWER or actor.held_back:
        return []
    mine = (ResultBatch.state == ResultState.WAITING, ResultBatch.authority_id == actor.organization_id)
    query = sa.select(ResultBatch).where(*mine).options(sa.orm.joinedload(ResultBatch.course))
    return list(session.scalars(query.order_by(ResultBatch.brought_at, ResultBatch.id)))


def receipts(session: Session, batch_ids: Sequence[int]) -> dict[int, dict[Outcome, int]]:
    """How many results of these batches came to which outcome (回执统计)."""
    query = sa.select(ResultRow.batch_id, ResultRow.outcome, sa.func.count()).where(ResultRow.batch_id.in_(batch_ids))
    found: dict[int, dict[Outcome, int]] = {}
    for batch_id, outcome, count in session.execute(query.group_by(ResultRow.batch_id, ResultRow.outcome)):
        found.setdefault(batch_id, {})[outcome] = count
    return found


def rows(session: Session, batch_id: int, actor: Actor) -> pd.DataFrame:
    """The receipts of a batch (逐条回执), ID numbers masked.

    Columns: row, name, id_number, said, passed_on, outcome, words. Refused codes: "missing".
    """
    batch = one(session, batch_id, actor)
    query = sa.select(ResultRow).where(ResultRow.batch_id == batch.id).order_by(ResultRow.row)
    kept = list(session.scalars(query))
    posted = [each.person_id for each in kept if each.outcome is Outcome.POSTED and each.person_id is not None]
    standing = passing.credited(session, batch.course_id, posted)
    columns = "row name id_number said passed_on outcome words".split()
    return pd.DataFrame(
        [
            (
                each.row,
                each.name,
                resident_id.masked(each.id_number),
                each.said,
                each.passed_on,
                Outcome.TAKEN_BACK
                if each.outcome is Outcome.POSTED and each.person_id not in standing
                else each.outcome,
                each.words,
            )
            for each in kept
        ],
        columns=columns,
    )
