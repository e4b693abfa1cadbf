"""The region's merged table (汇总表) of a programme's year: who filed, who has not, what each line has come to so far.

Only what is approved counts, and only hours that still stand: a reversal takes its people away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OFFICERS, Actor, OrganizationKind, Refused, require, visible
from core.ground.deeds import deed
from core.law import notices
from core.law.deadlines import Deadline
from core.law.notices import Programme
from core.ledger import standing
from core.models import (
    Account,
    CreditBatch,
    CreditEntry,
    Organization,
    Person,
    Plan,
    PlanTable,
    ProgrammeLine,
    Report,
    State,
    Submission,
    YearSummary,
)
from core.submissions import workflow
from core.submissions.programmes import capability, lines
from core.tables import sheets

_REPORT, _PLAN = sa.inspect(Report).local_table, sa.inspect(Plan).local_table
_FILED = sa.inspect(Submission).local_table
TABLES: tuple[Any, str] = (PlanTable, "plan_due")
SUMMARIES: tuple[Any, str] = (YearSummary, "summary_due")
"""What an office files in a year, and what its day is called in a notice."""
KINDS = {"plan_table": TABLES, "year_summary": SUMMARIES}
"""The same by the code of its kind."""
FILED = (State.SUBMITTED, State.APPROVED)
"""What is before the region, or was taken by it."""


# --- what was carried out -------------------------------------------------------------------------------------------


def _standing_people() -> sa.FromClause:
    """Entries that stand (有效学时), with the person, the approved report and the plan that they come from."""
    return (
        sa.inspect(CreditEntry)
        .local_table.join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .join(_REPORT, _REPORT.c.id == CreditBatch.submission_id)
        .join(_FILED, _FILED.c.id == _REPORT.c.id)
        .join(_PLAN, _PLAN.c.id == _REPORT.c.plan_id)
        .join(Person, Person.id == CreditEntry.person_id)
    )


def done(programme: Programme, year: int) -> sa.Select[*tuple[Any, ...]]:
    """Who was trained (完成人数) for a programme that is carried out by lines, in a year's trainings.

    A row for each person and approval of a report: `key` is the person, so that each counts once; the rows are 人次.
    `on`: the day the training ended; `known`: the day the hours were posted, with the report's approval; `until`: the
    day the last of them was taken back.
    """
    each = (
        sa.select(
            _FILED.c.authority_id,
            _FILED.c.organization_id,
            Person.human_id.label("key"),
            _REPORT.c.end_on.label("on"),
            CreditBatch.id.label("batch"),
            CreditBatch.posted_at,
            standing.TAKEN_BACK_AT.label("taken_back_at"),
            _REPORT.c.id.label("item"),
        )
        .select_from(_standing_people())
        .where(_PLAN.c.programme == programme.code, _of_year(_PLAN.c.start_on, year))
        .where(CreditEntry.reverses_line.is_(None))
        .subquery()
    )
    taken_back = sa.func.count(each.c.taken_back_at) == sa.func.count()
    last = sa.type_coerce(sa.func.max(each.c.taken_back_at), db.Moment)
    grouped = (each.c.authority_id, each.c.organization_id, each.c.key, each.c.on, each.c.batch, each.c.item)
    return sa.select(
        *(column for column in grouped if column is not each.c.batch),
        db.office_day_of(each.c.posted_at).label("known"),
        sa.case((taken_back, db.office_day_of(last))).label("until"),
    ).group_by(*grouped, each.c.posted_at)


def _of_year(day: Any, year: int) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = day.between(date(year, 1, 1), date(year, 12, 31))
    return found


class Carried(NamedTuple):
    """What a line has come to so far (落实情况): approved plans, those with an approved report, people and 人次."""

    plans: int = 0
    reports: int = 0
    people: int = 0
    visits: int = 0


def carried_out(session: Session, line_ids: Collection[int]) -> dict[int, Carried]:
    """What each of these lines has come to so far (落实情况); two statements, however many there are."""
    found: dict[int, Carried] = dict.fromkeys(line_ids, Carried())
    if not found:
        return found
    of_report = _FILED.alias()
    reported = sa.exists().where(_REPORT.c.plan_id == Plan.id, _REPORT.c.id == of_report.c.id)
    reported = reported.where(of_report.c.state == State.APPROVED).correlate(Plan)
    plans = sa.select(Plan.line_id, sa.func.count(), sa.func.sum(sa.case((reported, 1), else_=0)))
    plans = plans.where(Plan.line_id.in_(line_ids), Plan.state == State.APPROVED).group_by(Plan.line_id)
    for line_id, number, reports in session.execute(plans):
        found[line_id] = Carried(number, int(reports))
    each = sa.select(_PLAN.c.line_id, _PLAN.c.id, Person.human_id).select_from(_standing_people())
    each = each.where(_PLAN.c.line_id.in_(line_ids), _FILED.c.state == State.APPROVED, standing.STANDS).distinct()
    one = each.subquery()
    people = sa.select(one.c.line_id, sa.func.count(one.c.human_id.distinct()), sa.func.count()).group_by(one.c.line_id)
    for line_id, humans, visits in session.execute(people):
        found[line_id] = found[line_id]._replace(people=humans, visits=visits)
    return found


def people_of(session: Session, line_ids: Collection[int]) -> list[tuple[int, int, str]]:
    """Who was trained for these lines (参训人员): line, person and the person's title, each person once a line."""
    human = sa.orm.aliased(Person)
    query = sa.select(_PLAN.c.line_id, human.id, human.post).select_from(_standing_people())
    query = query.join(human, human.id == Person.human_id)
    query = query.where(_PLAN.c.line_id.in_(line_ids), _FILED.c.state == State.APPROVED, standing.STANDS)
    return [(line_id, human_id, post) for line_id, human_id, post in session.execute(query.distinct())]


# --- the merged table -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Merged:
    """A line of the merged table (汇总表的一项)."""

    table_id: int
    line: ProgrammeLine
    office: str
    category: str
    """区直 or 盟市."""
    late: bool
    carried: Carried

    @property
    def cells(self) -> dict[str, str]:
        """Its words under 附件2's headings, the office's in place of what it called itself."""
        said = capability.cells(self.line)
        unit = said.get("unit", "")
        office = self.office if unit in ("", self.office) else f"{self.office}（{unit}）"
        return said | {"unit": office, "category": self.category} | self._days(said.get("start", ""))

    def _days(self, words: str) -> dict[str, str]:
        """Its two days as far as they are certain, the month or quarter they were written as beside them."""
        start, end = self.line.start_on, self.line.end_on
        aside = f"（{words}）" if words and not lines.is_in_days(words) else ""
        return ({"start": f"{start}{aside}"} if start else {}) | ({"end": str(end)} if end else {})


def category(home: Organization) -> str:
    """Whether an office counts among those of the region itself or of the leagues (单位类别)."""
    return "区直" if home.league is None else "盟市"


def merged(session: Session, actor: Actor, programme: str, year: int) -> list[Merged]:
    """The merged table of a programme and a year (汇总表): approved lines, 区直 before 盟市, office by office.

    Of those that the actor may see. Refused codes: "role".
    """
    require(actor, *OFFICERS)
    home = sa.orm.aliased(Organization)
    query = (
        sa.select(PlanTable)
        .join(home, home.id == PlanTable.organization_id)
        .where(PlanTable.programme == programme, PlanTable.year == year, PlanTable.state == State.APPROVED)
        .where(workflow.visible_to(actor))
        .options(sa.orm.selectinload(PlanTable.lines))
        .options(sa.orm.joinedload(PlanTable.organization).joinedload(Organization.authority))
        .order_by(home.id, PlanTable.id)
    )
    found = session.scalars(query).all()
    carried = carried_out(session, [each.id for one in found for each in one.lines])
    listed = [
        Merged(one.id, each, one.organization.name, category(one.organization), one.late, carried[each.id])
        for one in found
        for each in one.lines
    ]
    return sorted(listed, key=lambda each: each.category != "区直")


def trained(session: Session, actor: Actor, programme: str, year: int) -> tuple[int, int]:
    """How many were trained for a programme in a year (完成人数、人次), each person once; of what the actor oversees.

    Refused codes: "role", "policy".
    """
    require(actor, *OFFICERS)
    policy = notices.in_force(date(year, 1, 1), actor.league)
    rows = done(policy.programme(programme), year).subquery()
    within = (rows.c.organization_id == actor.organization_id) | (rows.c.authority_id == actor.organization_id)
    counted = sa.select(sa.func.count(rows.c.key.distinct()), sa.func.count()).where(rows.c.until.is_(None))
    people, visits = session.execute(counted.where(sa.true() if actor.oversees_region else within)).one()
    return people, visits


CARRIED = {"plans": "落实计划数", "reports": "已报告期数", "done": "完成人数", "visits": "完成人次"}
"""What stands behind 附件2's own columns: what each line has come to."""


def title(session: Session, programme: str, year: int) -> str:
    """Title of the merged table (汇总表标题), as 附件2 is called."""
    name = notices.programme_names().get(programme, programme)
    return f"{year}年{name}培养培训计划表（区直、盟市）"


@deed
def file(session: Session, programme: str, year: int, *, actor: Actor, now: datetime) -> bytes:
    """The merged table as an .xlsx (导出汇总表): 附件2's columns in its order, then what each line has come to.

    Refused codes: "role", "empty".
    """
    found = merged(session, actor, programme, year)
    if not found:
        raise Refused("empty", f"{year}年度还没有通过的计划表，没有可以导出的内容。")
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, each in enumerate(found, start=1):
        cells: dict[str, Any] = dict(each.cells) | {"number": number}
        cells |= {"people": each.line.people or cells.get("people", "")}
        cells |= {"plans": each.carried.plans, "reports": each.carried.reports}
        rows.append((number, cells | {"done": each.carried.people, "visits": each.carried.visits}))
    sums = {name: sum(int(cells[name]) for _, cells in rows) for name in CARRIED}
    sums["people"] = sum(each.line.people or 0 for each in found)
    rows.append((len(rows) + 1, {"unit": "合计", **sums}))
    told = f"{title(session, programme, year)}　汇总单位：{actor.organization_name}　汇总日期：{db.office_day(now)}"
    return sheets.marked(lines.HEADINGS | CARRIED, rows, [], title="计划表汇总", caption=told, as_text=("phone",))


# --- who has not filed ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Owing:
    """An office that has not filed (未报送) the table of a year, or its summary."""

    organization: Organization
    programme: str
    name: str
    """The programme's."""
    deadline: Deadline
    days_late: int
    """Days since its last day; none or fewer: it is not late yet."""
    item: int
    """The record it has begun; 0: none."""
    state: State | None

    @property
    def words(self) -> str:
        """How far it has come."""
        return self.state.label if self.state else "还没有填写"


def owing(
    session: Session, year: int, today: date, model: Any, what: str, *, only: int | None = None
) -> Iterator[Owing]:
    """Every office that has not filed for a year (未报送的单位), by its own notice, programme by programme.

    `only`: of one organization alone.
    """
    query = sa.select(Organization).options(sa.orm.joinedload(Organization.authority))
    query = query.where(Organization.active, Organization.kind.in_(capability.named_kinds()))
    query = query.where(Organization.id == only) if only is not None else query
    held = sa.select(model).where(model.year == year, model.state != State.REJECTED)
    there = {(each.organization_id, each.programme): each for each in session.scalars(held)}
    named: dict[tuple[str | None, str], Deadline | None] = {}
    files: dict[tuple[str | None, OrganizationKind], list[Programme]] = {}
    for home in session.scalars(query.order_by(Organization.id)):
        of = home.league, home.kind
        if of not in files:
            files[of] = capability.offered(home, year)
        for programme in files[of]:
            key = home.league, programme.code
            if key not in named:
                named[key] = capability.due(session, home, programme.code, year, what)
            found, deadline = there.get((home.id, programme.code)), named[key]
            if deadline is None or (found is not None and found.state in FILED):
                continue
            late = (today - deadline.due_on).days
            state, item = (found.state, found.id) if found else (None, 0)
            yield Owing(home, programme.code, programme.name, deadline, late, item, state)


def day_codes() -> set[str]:
    """Codes of the deadlines (`law.deadlines`) by which tables and summaries are filed, of every notice on file."""
    of = [each.code for one in notices.filed() if one.policy for each in capability.programmes(one.policy)]
    return {f"{code}.{what}" for code in of for _, what in KINDS.values()}


def not_filed(
    session: Session, actor: Actor, programme: str, year: int, *, summaries: bool = False, now: datetime
) -> list[Owing]:
    """Who has not filed (未报送) of those the actor oversees, 区直 before 盟市. Refused codes: "role"."""
    require(actor, *OFFICERS)
    seen = visible(actor, organization=Organization.id, authority=Organization.authority_id)
    mine = set(session.scalars(sa.select(Organization.id).where(seen)))
    found = owing(session, year, db.office_day(now), *(SUMMARIES if summaries else TABLES))
    listed = [each for each in found if each.programme == programme and each.organization.id in mine]
    return sorted(listed, key=lambda each: category(each.organization) != "区直")


def clerks(session: Session, organization_ids: Collection[int]) -> dict[int, str]:
    """Who, by name, can file for these offices (经办人); none where no account was opened yet."""
    query = sa.select(Account.organization_id, Account.name).where(
        Account.organization_id.in_(organization_ids), Account.active, Account.role.in_(capability.FILERS)
    )
    found: dict[int, list[str]] = {}
    for office, name in session.execute(query.order_by(Account.id)):
        found.setdefault(office, []).append(name)
    return {office: "、".join(names) for office, names in found.items()}


class Tally(NamedTuple):
    """How far a year's filing has come (报送情况): offices that must, filed in time, filed late, not filed."""

    offices: int
    in_time: int
    late: int
    not_filed: int
    waiting: int
    """Filed and not decided yet."""


def tally(filed: Sequence[Any], missing: Sequence[Owing]) -> Tally:
    """How far a year's filing has come, of what is filed and who has not."""
    late = sum(each.late for each in filed)
    waiting = sum(each.state is State.SUBMITTED for each in filed)
    return Tally(len(filed) + len(missing), len(filed) - late, late, len(missing), waiting)


def filed(session: Session, actor: Actor, programme: str, year: int, model: Any = PlanTable) -> list[Any]:
    """What was filed for a programme and a year (已报送), of those the actor may see. Refused codes: "role"."""
    require(actor, *OFFICERS)
    query = sa.select(model).where(model.programme == programme, model.year == year, model.state.in_(FILED))
    query = query.where(workflow.visible_to(actor)).options(sa.orm.joinedload(model.organization))
    return list(session.scalars(query.order_by(model.organization_id)))
