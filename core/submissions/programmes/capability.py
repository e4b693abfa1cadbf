"""The yearly plan table of a programme (年度计划表, 附件2), clause 三: filed line by line by the offices it names.

Whoever the notice names files it to the region: a league's own clerk of trainings, a department's. An office that
decides never files, so nobody decides the own table. Filed late it is taken and marked, where the notice does not say
otherwise. Its approved lines are what plans of trainings carry out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Labelled, OrganizationKind, Refused, Role, not_found, refuse_faults, require
from core.ground.deeds import deed
from core.law import deadlines, notices
from core.law.deadlines import Deadline
from core.law.notices import Policy, Programme, Way
from core.ledger.consequences import Consequence
from core.models import Organization, Plan, PlanTable, ProgrammeLine, State, Submission
from core.people import holidays, organizations
from core.submissions import forms
from core.submissions.kinds import EDITABLE, REASONS, ROWS, Action, Kind, Line, Mark, Rows, Uploads, register
from core.submissions.programmes import lines
from core.tables import reading
from core.tables.mending import Change
from core.tables.problems import Problem
from core.trail import audit, choices, files
from core.trail.files import Upload

LONGEST_NOTE = 2000
FILERS = (Role.BASE_CLERK,)

_TABLE = sa.inspect(PlanTable).local_table


@audit.events
class Event(Labelled):
    """What is done to a plan table outside the workflow, as the trail has it."""

    DRAFTED = "plan_table.drafted", "填写计划表"
    REVISED = "plan_table.revised", "修改计划表"


@dataclass(frozen=True)
class TableFields:
    """What is filled in of a plan table (计划表) beside its lines."""

    programme: str
    """A programme of the notice that is carried out line by line, by its code."""
    year: int
    note: str = ""
    """编制说明."""


# --- whose, and by when ---------------------------------------------------------------------------------------------


def programmes(policy: Policy) -> list[Programme]:
    """Programmes of a notice that are carried out line by line (按计划表办理的项目)."""
    return [each for each in policy.programmes if each.way is Way.LINES]


def policy_of_year(home: Organization, year: int) -> Policy:
    """The notice by which an office files for a year (适用的通知): its own. Refused codes: "policy"."""
    return notices.in_force(date(year, 1, 1), home.league)


def binds(programme: Programme, kind: OrganizationKind) -> bool:
    """Whether a programme has an organization of a kind file its table (报送单位); the region receives it."""
    return kind is not OrganizationKind.REGION_HR and (not programme.offices or kind in programme.offices)


def files_tables(actor: Actor) -> bool:
    """Whether somebody may file a plan table (可报计划表): a clerk of an organization that some notice names."""
    if actor.role not in FILERS:
        return False
    on_file = notices.policies(actor.league)
    return any(binds(each, actor.organization_kind) for policy in on_file for each in programmes(policy))


def named_kinds() -> set[OrganizationKind]:
    """Kinds of organizations that some notice on file has file a table (报送单位的类别)."""
    of = [each for one in notices.filed() if one.policy for each in programmes(one.policy)]
    return {kind for kind in OrganizationKind for each in of if binds(each, kind)}


def offered(home: Organization, year: int) -> list[Programme]:
    """Programmes for which an organization files in a year (可填报的项目), by its notice; [] where it has none."""
    try:
        policy = policy_of_year(home, year)
    except Refused:
        return []
    return [each for each in programmes(policy) if binds(each, home.kind)]


def programme_of(policy: Policy, code: str, kind: OrganizationKind) -> Programme:
    """The programme of a code, which an organization of a kind files for. Refused codes: "fields"."""
    found = next((each for each in programmes(policy) if each.code == code), None)
    if found is None or not binds(found, kind):
        refuse_faults([("programme", f"{policy.document}没有由{kind.label}报送的这个项目，请从列出的项目中选择")])
    assert found
    return found


def due(session: Session, home: Organization, code: str, year: int, what: str = "plan_due") -> Deadline | None:
    """By when an organization files the table of a year, or its summary (报送期限); None where its notice sets none."""
    policy = policy_of_year(home, year)
    days = holidays.work_days(session)
    named = deadlines.of_year(policy, year, home.league, days)
    return next((each for each in named if each.code == f"{code}.{what}"), None)


def lateness(policy: Policy, deadline: Deadline | None, filed_on: date) -> bool:
    """Whether what is filed on a day is late (逾期). Refused codes: "late" (and the notice takes nothing late)."""
    late = deadline is not None and filed_on > deadline.due_on
    if late and deadline and not policy.setting("capability_late", True):
        words = (
            f"{deadline.matter}的期限是{deadline.due_on}（{deadline.clause}），已经过了，{policy.document}不再受理。"
        )
        raise Refused("late", f"{words}请与自治区人社厅联系。")
    return late


# --- filling it in --------------------------------------------------------------------------------------------------


@deed
def draft(session: Session, fields: TableFields, *, actor: Actor, now: datetime) -> PlanTable:
    """Draft a plan table (填写计划表) of one's own organization for a year; there is one a year.

    Refused codes: "role", "fields", "policy", "twice" (there is one already).
    """
    require(actor, *FILERS)
    home = session.get_one(Organization, actor.organization_id, with_for_update=True)  # two of its clerks at once
    fields = checked(home, fields)
    check_twice(session, PlanTable, home, fields.programme, fields.year)
    region = organizations.region(session)
    programme = programme_of(policy_of_year(home, fields.year), fields.programme, home.kind)
    found = PlanTable(
        programme=fields.programme,
        year=fields.year,
        note=fields.note,
        title=f"{fields.year}年{programme.name}计划表"[:100],
        organization_id=home.id,
        organization=home,
        authority_id=region.id,
        authority=region,
        created_by_id=actor.account_id,
        created_at=now,
        items=0,
        people=0,
        faults=0,
    )
    session.add(found)
    session.flush()
    audit.record(session, Event.DRAFTED, found, actor=actor, after=summary(found), now=now)
    return found


def check_twice(session: Session, model: Any, home: Organization, programme: str, year: int) -> None:
    """There is one of an office, a programme and a year, unless it was rejected. Refused codes: "twice"."""
    query = sa.select(model).where(model.organization_id == home.id, model.programme == programme, model.year == year)
    if found := session.scalar(query.where(model.state != State.REJECTED).limit(1)):
        words = f"本单位{year}年度已有一份“{found.title}”（{found.state.label}），请在“申报”中打开它办理。"
        raise Refused("twice", words)


def checked(home: Organization, fields: TableFields) -> TableFields:
    """Fields as they are kept. Refused codes: "fields", "policy"."""
    fields = typed.filled(fields)
    given: dict[str, Any] = vars(fields)
    faults = []
    if type(given["year"]) is not int or not 2000 <= fields.year <= 2100:
        faults.append(("year", "年度请填写四位年份，如2024"))
    if not isinstance(given["programme"], str):
        faults.append(("programme", "项目请从列出的项目中选择"))
    if not isinstance(given["note"], str) or len(fields.note) > LONGEST_NOTE:
        faults.append(("note", f"编制说明不超过{LONGEST_NOTE}个字"))
    refuse_faults(faults)
    programme_of(policy_of_year(home, fields.year), fields.programme, home.kind)
    return fields


@deed
def look_into(session: Session, given: Upload, *, actor: Actor) -> None:
    """Read a file before a table is begun with it (先读文件), so that nobody waits for it; it is found read then.

    Refused codes: "role", "file", "headings".
    """
    require(actor, *FILERS)
    listed = choices.chosen(session, actor.organization_id, lines.LISTING.code)
    reading.read(given.content, given.filename, lines.LISTING, chosen=listed)


@deed
def revise(
    session: Session,
    table_id: int,
    *,
    note: str,
    given: Upload | None = None,
    adds: bool = False,
    replaces: bool = False,
    version: int,
    actor: Actor,
    now: datetime,
) -> PlanTable:
    """Change one's own open table (修改计划表): its note, and its lines by a file, which takes their place or `adds`.

    A file takes the place of lines that are there only with `replaces`. Rows with a fault are kept, to be put right.
    Refused codes: "role", "missing", "state", "stale", "fields", "file", "headings", "replace".
    """
    read = None
    if given is not None:  # before anything is locked
        found = own(session, table_id, actor, lock=False)
        listed = choices.chosen(session, found.organization_id, lines.LISTING.code)
        read = lines.read(given, _asks(found), listed)
    found = own(session, table_id, actor)
    if found.version != version:
        raise audit.overtaken(session, found)
    before, note = summary(found), typed.prose(note)
    if len(note) > LONGEST_NOTE:
        refuse_faults([("note", f"编制说明不超过{LONGEST_NOTE}个字，现为{len(note)}个字")])
    found.note = note
    if given is not None and read is not None:
        rows, account = read
        if found.lines and not adds and not replaces:
            words = (
                f"表中已有{len(found.lines)}项，读入文件会整表替换，所以没有读入。确要替换的，请先勾选“替换原有各项”。"
            )
            raise Refused("replace", words)
        files.attach(session, found, given, purpose="plan_table", now=now)
        _put(session, found, rows, after=adds)
        found.read_account = "\n".join(account)
    _settle(found)
    audit.record(session, Event.REVISED, found, actor=actor, before=before, after=summary(found), now=now)
    return found


def _put(session: Session, found: PlanTable, rows: Sequence[Mapping[str, str]], *, after: bool) -> None:
    """Put lines into a table, after those that are there or in their place."""
    if not after:
        found.lines.clear()
        session.flush()
    first = max((each.number for each in found.lines), default=0) + 1
    if len(found.lines) + len(rows) > lines.MOST:
        raise Refused("file", f"计划表至多{lines.MOST}项，请核对。")
    for number, cells in enumerate(rows, start=first):
        each = ProgrammeLine(number=number, programme=found.programme, year=found.year)
        _say(each, found, cells)
        found.lines.append(each)


def _say(each: ProgrammeLine, found: PlanTable, cells: Mapping[str, str]) -> None:
    """Write a line's cells, and what is certain in them."""
    line = lines.line(_asks(found), {name: typed.text(cell) for name, cell in cells.items()})
    each.said = json.dumps(line.said, ensure_ascii=False)
    each.name, each.area, each.people = line.name, line.area, line.people
    each.start_on, each.end_on, each.hours = line.start_on, line.end_on, line.hours


def _settle(found: PlanTable) -> None:
    """Count its lines anew; its version goes up even where the counts stay."""
    found.items = len(found.lines)
    found.people = sum(each.people or 0 for each in found.lines)
    found.faults = len({each.row for each in problems(found) if each.blocking and each.row})
    sa.orm.attributes.flag_modified(found, "items")


def own(session: Session, table_id: int, actor: Actor, *, lock: bool = True) -> PlanTable:
    """One's own table, open to be changed, locked unless later. Refused codes: "role", "missing", "state"."""
    require(actor, *FILERS)
    found = session.get(PlanTable, table_id, with_for_update={"of": Submission} if lock else None)
    if found is None or found.organization_id != actor.organization_id:
        raise not_found("计划表")
    if found.state not in EDITABLE:
        raise Refused("state", f"该计划表的状态是“{found.state.label}”，不能修改；待审的请先撤回。")
    return found


def cells(each: ProgrammeLine) -> dict[str, str]:
    """The cells of a line in words (各格原文), by column; none for what is left empty."""
    said: dict[str, str] = json.loads(each.said)
    return said


def problems(found: PlanTable) -> list[Problem]:
    """What is to be put right in a table and what is worth a look (检查结果), each by the line's number."""
    return lines.checked(_asks(found), [(each.number, cells(each)) for each in found.lines])


def _asks(found: PlanTable) -> lines.Asks:
    return lines.asks(policy_of_year(found.organization, found.year), found.year)


def areas(found: PlanTable) -> tuple[str, ...]:
    """The key fields (重点领域) of a table's year."""
    return _asks(found).areas


def _changed(
    session: Session, table_id: int, change: Callable[[PlanTable], None], *, actor: Actor, now: datetime
) -> PlanTable:
    """Do one change to the lines of one's own open table, and leave its line in the trail."""
    found = own(session, table_id, actor)
    before = summary(found)
    change(found)
    session.flush()
    _settle(found)
    audit.record(session, Event.REVISED, found, actor=actor, before=before, after=summary(found), now=now)
    return found


@deed
def repair(session: Session, table_id: int, changes: Sequence[Change], *, actor: Actor, now: datetime) -> PlanTable:
    """Change cells of lines (改正各格); each change names what the clerk saw (optimistic lock).

    Refused codes: "role", "missing", "state", "rows" (no such cell), "stale".
    """

    def change(found: PlanTable) -> None:
        by_number = {each.number: each for each in found.lines}
        for one in changes:
            if one.row not in by_number or one.column not in lines.FILLED:
                raise Refused("rows", f"计划表中没有第{one.row}项，可能刚被删去，请查看最新的内容。")
            now_there = cells(by_number[one.row])
            if now_there.get(one.column, "") != one.before:
                where = f"第{one.row}项的{lines.HEADINGS[one.column]}"
                raise Refused("stale", f"{where}刚刚被他人改过，您的修改没有保存，请核对最新的内容。")
            _say(by_number[one.row], found, now_there | {one.column: one.after})

    return _changed(session, table_id, change, actor=actor, now=now)


@deed
def add(session: Session, table_id: int, given: Mapping[str, str], *, actor: Actor, now: datetime) -> PlanTable:
    """Add a line on the screen (添加一项). Refused codes: "role", "missing", "state", "fields" (nothing in it)."""
    told = {name: typed.text(cell) for name, cell in given.items() if name in lines.FILLED}
    if not any(told.values()):
        raise Refused("fields", "这一项什么也没有填，没有添加。")
    return _changed(session, table_id, lambda found: _put(session, found, [told], after=True), actor=actor, now=now)


@deed
def strike(session: Session, table_id: int, row: int, *, actor: Actor, now: datetime) -> PlanTable:
    """Strike a line (删去一项). Refused codes: "role", "missing", "state", "rows"."""

    def change(found: PlanTable) -> None:
        each = next((each for each in found.lines if each.number == row), None)
        if each is None:
            raise Refused("rows", f"计划表中没有第{row}项，可能刚被删去，请查看最新的内容。")
        found.lines.remove(each)

    return _changed(session, table_id, change, actor=actor, now=now)


@deed
def put_back(
    session: Session, table_id: int, row: int, given: Mapping[str, str], *, actor: Actor, now: datetime
) -> PlanTable:
    """Put a struck line back (恢复一项) under its number, with the cells it had.

    Refused codes: "role", "missing", "state", "rows" (the number is another line's, or none), "file" (too many lines).
    """
    told = {name: typed.text(cell) for name, cell in given.items() if name in lines.FILLED}

    def change(found: PlanTable) -> None:
        if not 0 < row <= lines.MOST or row in {each.number for each in found.lines} or not any(told.values()):
            raise Refused("rows", f"不能恢复第{row}项，计划表可能刚改过，请查看最新的内容。")
        if len(found.lines) == lines.MOST:
            raise Refused("file", f"计划表至多{lines.MOST}项，请核对。")
        each = ProgrammeLine(number=row, programme=found.programme, year=found.year)
        _say(each, found, told)
        found.lines.append(each)

    return _changed(session, table_id, change, actor=actor, now=now)


@deed
def accept(session: Session, table_id: int, rows: Collection[int], *, actor: Actor, now: datetime) -> PlanTable:
    """Accept what is proposed for lines (采纳建议). Refused codes: "role", "missing", "state", "rows"."""

    def change(found: PlanTable) -> None:
        offers = [each for each in problems(found) if each.offer and each.row in rows]
        if not offers:
            raise Refused("rows", "这些项已没有可采纳的建议，请查看最新的内容。")
        by_number = {each.number: each for each in found.lines}
        for offer in offers:
            _say(by_number[offer.row], found, cells(by_number[offer.row]) | dict(offer.mend))

    return _changed(session, table_id, change, actor=actor, now=now)


def summary(found: PlanTable) -> dict[str, Any]:
    """A table's fields for the trail."""
    plain = {name: getattr(found, name) for name in ("programme", "year", "note", "items", "people", "faults")}
    return plain | {"lines": [f"{each.number} {each.name}" for each in found.lines]}


# --- the table as a kind of submission --------------------------------------------------------------------------------


def headcount(found: PlanTable) -> str:
    """How many people its lines plan (计划人数), in words, and how many lines say no certain number."""
    unsure = sum(each.people is None for each in found.lines)
    return f"{found.people}人" + (f"（另有{unsure}项人数未定）" if unsure else "")


class PlanTableKind(Kind[PlanTable]):
    """The yearly plan table (年度计划表, 附件2) as a kind of submission: decided by the region, clause 三."""

    code = "plan_table"
    word, short = "年度计划表", "计划表"
    action_words: ClassVar = {"submit": "报送"}
    model = PlanTable
    filers = FILERS
    words: ClassVar = {"title": "计划表", "organization": "报送单位", "people": "计划人数"}
    fields: ClassVar = {"year": "年度", "note": "编制说明", "lines": "各项计划"}
    uploads: ClassVar = {"file": Uploads(forms.table)}
    reasons: ClassVar = {
        "people": "人数不实或不妥",
        "area": "不属于重点领域",
        "time": "时间安排不妥",
        "twice": "与其他项目重复",
    } | REASONS
    fits: ClassVar = dict.fromkeys(("people", "area", "time", "twice"), ("lines", ROWS))
    columns = tuple(_TABLE.c[name] for name in ("year", "items", "people", "due_on", "filed_on", "late"))
    loads = (
        sa.orm.selectinload(PlanTable.lines),
        sa.orm.joinedload(PlanTable.organization).joinedload(Organization.authority),
    )

    def filed_by(self, actor: Actor) -> bool:
        return files_tables(actor)

    def source(self, submissions: sa.FromClause) -> sa.FromClause:
        return submissions.join(_TABLE, _TABLE.c.id == Submission.id)

    def facts(self, found: PlanTable) -> list[tuple[str, object]]:
        return [
            ("报送单位", found.organization.name),
            ("年度", f"{found.year}年"),
            ("计划", f"{found.items}项，{headcount(found)}"),
            ("报送期限", f"{found.due_on or ''}{'，逾期报送' if found.late else ''}"),
        ]

    def texts(self, found: PlanTable) -> list[tuple[str, str]]:
        return [("编制说明", found.note)] if found.note else []

    def content(self, session: Session, found: PlanTable) -> dict[str, str]:
        return {"year": str(found.year), "note": found.note, "lines": f"{found.items}项，{headcount(found)}"}

    def rows(self, session: Session, found: PlanTable, only: Collection[int] | None = None) -> Rows:
        return {each.number: cells(each) for each in found.lines if only is None or each.number in only}

    def headings(self, found: PlanTable) -> dict[str, str]:
        return {name: lines.HEADINGS[name] for name in lines.FILLED}

    def lines(self, session: Session, found: Sequence[PlanTable]) -> dict[int, Line]:
        return {
            each.id: Line(
                when=f"{each.year}年度",
                size=f"{each.items}项",
                hours=f"计划{each.people}人",
                marks=(Mark("逾期"),) if each.late else (),
            )
            for each in found
        }

    def deadline(self, session: Session, found: PlanTable) -> Deadline | None:
        return due(session, found.organization, found.programme, found.year)

    def warnings(self, session: Session, found: PlanTable, actor: Actor) -> list[Problem]:
        """Lateness, and the lines in which something is not certain."""
        told = [each for each in problems(found) if not each.blocking]
        if found.late:
            words = f"逾期报送：应于{deadlines.by(found.due_on)}报送，实际{found.filed_on}报送"
            told.insert(0, Problem(0, "year", "late", str(found.due_on), words, blocking=False))
        return [replace(each, words=f"第{each.row}项：{each.words}") if each.row else each for each in told]

    def check_submit(self, session: Session, found: PlanTable, *, actor: Actor, reason: str, now: datetime) -> None:
        """A table has lines, none of them with a fault; after its day it is late, clause 三.

        Refused codes: "fields", "late", "policy".
        """
        home = session.get_one(Organization, found.organization_id)
        policy = policy_of_year(home, found.year)
        programme_of(policy, found.programme, home.kind)
        if not found.lines:
            refuse_faults([("lines", "计划表还没有一项计划")], "请上传、粘贴或添加各项后再报送。")
        if faulty := [each for each in problems(found) if each.blocking]:
            first = f"第{faulty[0].row}项：{faulty[0].words}"
            refuse_faults([("lines", f"有{len({each.row for each in faulty})}项待改正，{first}")], "请改正后再报送。")
        today, deadline = db.office_day(now), self.deadline(session, found)
        if found.filed_on is None or found.state is State.WITHDRAWN:
            found.late, found.filed_on = lateness(policy, deadline, today), today
            found.due_on = deadline.due_on if deadline else None
        if found.state is State.DRAFT:
            _number(session, found)

    def on_approve(self, session: Session, found: PlanTable, *, actor: Actor, now: datetime) -> str:
        return f"{found.items}项列入{found.year}年度汇总表，各期培训的计划可写明落实其中一项"

    def undo(self, session: Session, found: PlanTable, *, now: datetime) -> None:
        """An approval stands once a plan carries out one of the lines."""
        if found.state is not State.APPROVED:
            return
        named = sa.select(Plan.id).where(Plan.line_id.in_([each.id for each in found.lines])).limit(1)
        if session.scalar(named):
            raise Refused("relied", "已有培训计划写明落实其中的项目，不能再撤销通过。")

    def consequence(self, session: Session, found: PlanTable, action: Action, counted: Consequence) -> Consequence:
        if action is not Action.SUBMIT:
            return counted
        kept = "逾期报送" if found.late else "按期报送"
        return replace(
            counted, late=found.late, done=f"{kept}，{found.items}项、{headcount(found)}，由{found.authority.name}审核"
        )

    def summary(self, found: PlanTable) -> dict[str, Any]:
        return summary(found)


def _number(session: Session, found: PlanTable) -> None:
    """Number the lines without a gap (重排序号) before anybody else reads them."""
    for number, each in enumerate(found.lines, start=1):
        if each.number != number:
            each.number = number
            session.flush()


TABLE = PlanTableKind()
register(TABLE)
