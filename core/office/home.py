"""What must be done (首页): the lists of one who signed in, and the counts beside the menu. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses, passing, study
from core.exams import exams, results
from core.ground import db
from core.ground.access import Actor, Role, not_found, require
from core.ledger import years
from core.ledger.years import Held
from core.models import AuditEntry, Course, Movement, Organization, Person, State, Submission
from core.office import backups, checklist, chronicle, dashboards, messages
from core.office.backups import Standing
from core.people import keys, organizations, setup
from core.records import cards, faces, shortfalls
from core.submissions import plans, reports, workflow
from core.submissions.kinds import KINDS
from core.submissions.programmes import marking, merged, publicity
from core.trail import audit, kept

SOON = 7
"""Days ahead within which a thing is urgent (7天内)."""
AHEAD = 31
"""Days ahead from which a paper of the year is to be begun."""
SHOWN = 8
"""Lines of a list; how many there are beyond is said."""
_WRITING = (State.DRAFT, State.WITHDRAWN)


@dataclass(frozen=True)
class Item:
    """One thing to do (事项), as a line: what it is, whose, why, since when, by when."""

    kind: str
    """Of a submission its kind's code; "league" for what a league's bases owe it."""
    id: int
    """The record to open; 0 for a report that is not begun: then `plan_id` says of which plan."""
    title: str
    who: str = ""
    words: str = ""
    since: datetime | None = None
    days: int | None = None
    """Since then."""
    due_on: date | None = None
    left: int | None = None
    """Days left until `due_on`; negative: days over."""
    plan_id: int = 0
    number: int = 1
    """How many things the line stands for."""


@dataclass(frozen=True)
class Part:
    """A list of the home page (清单): its first lines, and how many there are in all."""

    items: tuple[Item, ...] = ()
    count: int = 0

    @property
    def more(self) -> int:
        """How many are on no line."""
        return self.count - sum(item.number for item in self.items)


@dataclass(frozen=True)
class Done:
    """What somebody did (最近办理): when, what, to which record."""

    at: datetime
    event: str
    title: str
    kind: str
    """A kind's code, where the record is a submission; else the trail's word for it."""
    id: int
    still: bool = True
    """Whether the record still stands where the deed found it."""


@dataclass(frozen=True)
class Home:
    """The home page of an account (首页). A list that a role cannot have is None; one it has may be empty."""

    soon: Part = field(default_factory=Part)
    """Late, or late within a week."""
    returned: Part | None = None
    """Came back, with the reason; those of `soon` apart."""
    waiting: Part | None = None
    """Before one's office, the longest waiting first, those of `soon` apart."""
    owed: Part | None = None
    """In one's own hands: to be written, to be filed."""
    filed: int = 0
    """Own submissions that wait for the authority."""
    below: Part | None = None
    """Overdue at those below the office."""
    figures: dict[dashboards.Measure, float] | None = None
    """The dashboard's of the year, by measure."""
    held: Held | None = None
    """A person's own years."""
    people: tuple[int, int] | None = None
    """Of an employer: its people, and how many of them are short of hours this year."""
    cards: tuple[tuple[int, str], ...] = ()
    """Years and codes of a person's cards that hold, the newest first."""
    void: tuple[tuple[str, str], ...] = ()
    """Of which years a person's last card holds no more (已失效的审验卡), and since when and why, in words."""
    done: tuple[Done, ...] = ()
    steps: tuple[checklist.Step, ...] = ()
    """Opening the office (开办清单), for an administrator, until all of it is settled."""
    backup: Standing | None = None
    """Backup status (备份情况), for the region's administrator; None for others and in a demonstration."""


ALL = "all"
"""Asks for every line of what is overdue below."""


def home(session: Session, actor: Actor, *, now: datetime) -> Home:
    """What must be done (首页): the lists of an account, each line a record to open, the most urgent first.

    Refused codes: "password".
    """
    require(actor, *Role)
    today = db.office_day(now)
    given: dict[str, Any] = {"done": _done(session, actor)}
    if actor.role in (Role.REVIEWER, Role.ADMIN):
        given |= _before(session, actor, now)
    if any(kind.filed_by(actor) for kind in KINDS.values()):
        own = partial(_own, session, actor, now)
        given |= own() if actor.role is Role.PERSON else _kept(session, actor, today, "own", own)
    if checklist.applies(session, actor):
        found = checklist.steps(session, actor, now=now)
        given["steps"] = () if all(step.settled for step in found) else found
    if actor.role is Role.ADMIN and actor.oversees_region and setup.setting(session, "office") == "empty":
        given["backup"] = backups.standing(session, actor, now=now)
    if actor.role in (Role.REVIEWER, Role.ADMIN, Role.LEADER):
        given["below"] = _kept(session, actor, today, "below", partial(below, session, actor, now=now))
    if actor.role is Role.LEADER:
        given["figures"] = dashboards.totals(session, actor, today.year, now=now)
    if actor.role is Role.EMPLOYER_CLERK:
        everybody = shortfalls.shortfalls(session, actor, today.year, limit=0)[1]
        short = shortfalls.shortfalls(session, actor, today.year, lack=shortfalls.Lack.YEAR, limit=0)[1]
        given["people"] = everybody, short
    if actor.role is Role.PERSON and actor.person_id is not None:
        given["held"] = years.of(session, actor.person_id, today.year)
        issued = cards.issued(session, actor.person_id, actor)
        stand = issued[issued["revoked_on"].isna()]
        given["cards"] = tuple(zip(stand["year"].tolist(), stand["code"].tolist(), strict=True))
        last = issued.drop_duplicates(["since", "year"])
        given["void"] = tuple(
            (faces.years_words(each["since"], each["year"]), f"{each['revoked_on']}失效：{each['reason']}")
            for each in last[last["revoked_on"].notna()].to_dict("records")
        )
    return Home(**given)


def _kept(session: Session, actor: Actor, today: date, what: str, read: Callable[[], Any]) -> Any:
    """A list of an office for a day, as it stands until anything is done (what a person studies leaves no line)."""
    key = db.url(), "home", what, actor.role, actor.organization_id
    return kept.mark(key, (kept.stamp(session), today), read)


def counts(session: Session, actor: Actor, *, now: datetime) -> dict[str, int]:
    """Counts beside the menu (待办数), by kind: what waits for an office to decide, or came back to who filed it.

    One statement for all kinds; "message" counts the messages not read yet.
    """
    if actor.held_back:
        return {}
    conditions = [condition for condition in (_to_decide(actor), _came_back(actor)) if condition is not None]
    found: dict[str, int] = {}
    if conditions:
        query = sa.select(Submission.kind, sa.func.count()).where(sa.or_(*conditions)).group_by(Submission.kind)
        found = {row[0]: row[1] for row in session.execute(query)}
    found["course"] = len(courses.waiting(session, actor))
    found["exam"] = len(exams.waiting(session, actor))
    found["result"] = len(results.waiting(session, actor))
    found["message"] = messages.unread(session, actor, now=now)
    return {kind: number for kind, number in found.items() if number}


# --- before an office -----------------------------------------------------------------------------------------------


def _to_decide(actor: Actor) -> sa.ColumnElement[bool] | None:
    """What waits at a stage that this actor decides; None where no kind is decided in the actor's role."""
    stages = {
        kind.code: [number for number, stage in enumerate(kind.stages) if actor.role in stage.roles]
        for kind in KINDS.values()
    }
    mine = [sa.and_(Submission.kind == code, Submission.stage.in_(at)) for code, at in stages.items() if at]
    if not mine:
        return None
    return sa.and_(Submission.state == State.SUBMITTED, sa.or_(*mine), Submission.decider_id == actor.organization_id)


def _before(session: Session, actor: Actor, now: datetime) -> dict[str, Part]:
    """What an office must decide: `soon` what can be decided this week alone, `waiting` the rest."""
    today = db.office_day(now)
    soon: list[Item] = []
    waiting: list[Item] = []
    number = urgent = 0
    condition = _to_decide(actor)
    if condition is not None:
        by = sa.type_coerce(sa.func.coalesce(*(kind.decide_by for kind in KINDS.values()), sa.null()), sa.Date)
        late = sa.case((by <= today + timedelta(days=SOON), 0), else_=1)
        query = (
            sa.select(Submission.id, Submission.kind, Submission.title, Submission.submitted_at)
            .add_columns(Organization.name, by.label("decide_by"), late.label("later"))
            .add_columns(sa.func.count().over().label("number"), sa.func.sum(1 - late).over().label("urgent"))
            .join(Organization, Organization.id == Submission.organization_id)
            .where(condition)
            .order_by("later", Submission.submitted_at, Submission.id)
            .limit(2 * SHOWN)
        )
        for row in session.execute(query):
            number, urgent = row.number, row.urgent
            left = (row.decide_by - today).days if row.decide_by else None
            waited = (today - db.office_day(row.submitted_at)).days
            item = Item(row.kind, row.id, row.title, row.name, "", row.submitted_at, waited, row.decide_by, left)
            (waiting if row.later else soon).append(item)
    more = [
        *_keys(session, actor, now),
        *_to_extend(session, actor, now),
        *_to_conclude(session, actor, now),
        *_handed_in(session, actor, now),
    ]
    soon = [*soon, *more]
    return {
        "soon": Part(tuple(soon[:SHOWN]), urgent + len(more)),
        "waiting": Part(tuple(waiting[:SHOWN]), number - urgent),
    }


def _keys(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """A key that another administrator asked to be void (提请作废的密钥): nothing is done until this one agrees."""
    return [
        Item(
            "key",
            0,
            "提请作废密钥，待您同意",
            each.by,
            each.reason,
            each.at,
            (db.office_day(now) - db.office_day(each.at)).days,
        )
        for each in keys.to_agree(session, actor)
    ]


def _to_extend(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """What an administrator alone can help: plans that can no longer be filed in time."""
    if actor.role is not Role.ADMIN:
        return []
    today, words = db.office_day(now), "已过上报期限，确有必要的可准予延期上报"
    return [
        Item("plan", plan.id, plan.title, plan.organization.name, words, None, None, plan.start_on, left)
        for plan, _ in plans.too_late(session, actor, now=now)
        if (left := (plan.start_on - today).days) >= 0
    ]


def _to_conclude(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Public notices that have ended (公示期满), whose selection the region can make final."""
    if actor.role is not Role.REVIEWER or not actor.oversees_region:
        return []
    today = db.office_day(now)
    return [
        Item(
            "public_notice",
            each.id,
            f"{each.year}年{marking.name_of(each.programme)}人选公示期满，待确定入选",
            due_on=each.last_on,
            left=(each.last_on - today).days,
        )
        for each in publicity.ended(session, today)
    ]


def _handed_in(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Courses and exams to be published (待发布) and results to be confirmed, for reviewers of the office in charge."""

    def item(kind: str, number: int, course: Course, words: str, since: datetime | None = None) -> Item:
        days = (db.office_day(now) - db.office_day(since)).days if since else None
        return Item(kind, number, course.title, course.organization.name, words, since, days)

    return [
        *(item("course", each.id, each, "课程待发布", each.offered_at) for each in courses.waiting(session, actor)),
        *(item("exam", each.course_id, each.course, "考试待发布") for each in exams.waiting(session, actor)),
        *(
            item("result", each.id, each.course, "外来成绩待确认", each.brought_at)
            for each in results.waiting(session, actor)
        ),
    ]


def _to_study(session: Session, actor: Actor, today: date) -> list[Item]:
    """Courses a learner has not passed yet (待学习的课程), each with the first step that is missing."""
    person = session.get(Person, actor.person_id) if actor.role is Role.PERSON and actor.person_id else None
    found: list[Item] = []
    for course, way in passing.of_person(session, person, today.year) if person else ():
        missing = next((step for step in way[:3] if step.at is None), None)
        if missing is not None and not study.closed(course, today):
            found.append(Item("course", course.id, course.title, "", f"{missing.word}：{missing.words}"))
    return found


def below(session: Session, actor: Actor, *, now: datetime, of: str = "") -> Part:
    """Overdue papers of the year, and overdue reports of those below: each of the own bases, others by office.

    `of`: the name of an office, each report of its bases; `ALL`: every line. Refused codes: "role", "missing" (no such
    office).
    """
    late = reports.overdue(session, actor, now=now)
    others: dict[str, list[reports.Overdue]] = {}
    for each in late:
        if not each.own:
            others.setdefault(each.authority, []).append(each)
    if of and of != ALL:
        if of not in others and of not in organizations.authorities(session).values():
            raise not_found("下级机构")
        theirs = tuple(map(_late, others.get(of, [])))
        return Part(theirs, len(theirs))
    items = [_late(each) for each in late if each.own]
    for office, some in others.items():
        words, first = f"有{len(some)}份报告逾期未报", some[0]
        left, number = -first.days_late, len(some)
        items.append(Item("league", 0, office, "", words, due_on=first.due_on, left=left, number=number))
    tables = list(_unfiled(session, actor, db.office_day(now)))
    shown = items if of else items[: SHOWN - len(tables)]
    longest_first = sorted((*tables, *shown), key=lambda item: item.left or 0)
    return Part(tuple(longest_first), len(late) + len(tables))


def _late(each: reports.Overdue) -> Item:
    left = -each.days_late
    return Item("report", 0, each.title, each.organization, plan_id=each.plan_id, due_on=each.due_on, left=left)


def _unfiled(session: Session, actor: Actor, today: date) -> Iterator[Item]:
    """Plan tables and summaries that are late (逾期未报): one line each for the region, of others the own office's.

    What was due before this office was opened nobody could file here, and nobody is late with it.
    """
    begun = setup.opened_on(session)
    for kind, (model, what) in merged.KINDS.items():
        only = None if actor.oversees_region else actor.organization_id
        late: dict[str, list[merged.Owing]] = {}
        for each in merged.owing(session, today.year, today, model, what, only=only):
            if each.days_late > 0 and each.deadline.due_on >= begun:
                late.setdefault(each.name, []).append(each)
        for name, offices in late.items():
            first = max(offices, key=lambda each: each.days_late)
            words = f"有{len(offices)}个单位没有报送" if actor.oversees_region else "本单位没有报送"
            title = f"{today.year}年{name}{KINDS[kind].short}"
            yield Item(kind, 0, title, "", words, due_on=first.deadline.due_on, left=-first.days_late)


# --- in one's own hands ---------------------------------------------------------------------------------------------


def _came_back(actor: Actor) -> sa.ColumnElement[bool] | None:
    return _mine(actor, (State.RETURNED,))


def _mine(actor: Actor, states: Iterable[State]) -> sa.ColumnElement[bool] | None:
    """Own submissions in some states; None where nothing is filed in the actor's role."""
    codes = [kind.code for kind in KINDS.values() if kind.filed_by(actor)]
    if not codes:
        return None
    return sa.and_(Submission.kind.in_(codes), Submission.state.in_(states), workflow.visible_to(actor))


def _own(session: Session, actor: Actor, now: datetime) -> dict[str, Any]:
    """What came back, what is late or soon will be, what else is to be filed, and how many wait for the authority."""
    today = db.office_day(now)
    mine = _mine(actor, (State.RETURNED, *_WRITING, State.SUBMITTED))
    assert mine is not None
    why = (
        sa.select(Movement.reason)
        .where(Movement.submission_id == Submission.id, Movement.to_state == State.RETURNED)
        .order_by(Movement.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    back = Submission.state == State.RETURNED
    filed = sa.func.sum(sa.case((Submission.state == State.SUBMITTED, 1), else_=0)).over()
    query = (
        sa.select(Submission.id, Submission.kind, Submission.title, Submission.state, Submission.decided_at)
        .add_columns(Submission.created_at, sa.case((back, why), else_="").label("reason"), filed.label("filed"))
        .where(mine)
        .order_by(sa.case((back, 0), (Submission.state == State.SUBMITTED, 2), else_=1), Submission.id.desc())
        .limit(100)
    )
    rows = session.execute(query).all()
    open_ = {row.id: row for row in rows if row.state is not State.SUBMITTED}
    due = _deadlines(session, open_)
    returned: list[Item] = []
    drafts: list[Item] = []
    for row in open_.values():
        by = due.get(row.id)
        left = (by - today).days if by else None
        came = row.decided_at if row.state is State.RETURNED else None
        since = came or row.created_at
        days = (today - db.office_day(since)).days
        item = Item(row.kind, row.id, row.title, "", row.reason, since, days, by, left)
        (returned if came else drafts).append(item)
    begun = {item.id for item in returned}
    drafts = [*_reports(session, actor, now, begun), *_tables(session, actor, today), *drafts]
    drafts += _to_study(session, actor, today)
    owed = list({(item.kind, item.id, item.plan_id if not item.id else 0): item for item in drafts}.values())
    owed.sort(key=lambda item: (item.left is None, item.left or 0))
    again = [replace(item, words=f"退回：{item.words}") for item in returned]
    soon = sorted((item for item in (*owed, *again) if _is_soon(item)), key=lambda item: item.left or 0)
    later, returned = ([item for item in some if not _is_soon(item)] for some in (owed, returned))
    return {
        "soon": Part(tuple(soon[:SHOWN]), len(soon)),
        "returned": Part(tuple(returned[:SHOWN]), len(returned)),
        "owed": Part(tuple(later[:SHOWN]), len(later)),
        "filed": int(rows[0].filed) if rows else 0,
    }


def _is_soon(item: Item) -> bool:
    return item.left is not None and item.left <= SOON


def _deadlines(session: Session, ids: Mapping[int, Any]) -> dict[int, date]:
    """By when each of these is to be filed, where its notice says."""
    if not ids:
        return {}
    query = (
        sa.select(Submission)
        .where(Submission.id.in_(ids))
        .options(
            sa.orm.selectin_polymorphic(Submission, [kind.model for kind in KINDS.values()]),
            *(load for kind in KINDS.values() for load in kind.loads),
            sa.orm.joinedload(Submission.authority).joinedload(Organization.authority),
        )
    )
    counted = {each.id: KINDS[each.kind].deadline(session, each) for each in session.scalars(query)}
    return {number: deadline.due_on for number, deadline in counted.items() if deadline}


def _reports(session: Session, actor: Actor, now: datetime, returned: set[int]) -> list[Item]:
    """Reports that a base owes (待报送), begun or not, and what it may report again."""
    if actor.role is not Role.BASE_CLERK:
        return []
    frame = reports.open_plans(session, actor, now=now)
    items = [
        Item(
            "report",
            row["report_id"],
            row["title"],
            words="" if row["report_id"] else f"培训{row['end_on']}结束，还没有填写",
            due_on=row["due_on"],
            left=row["days_left"],
            plan_id=row["plan_id"],
        )
        for row in frame.to_dict("records")
        if row["report_id"] not in returned
    ]
    for number, title, words in reports.to_supplement(session, actor).itertuples(index=False):
        items.append(Item("report", int(number), title, words=words))
    return items


def _tables(session: Session, actor: Actor, today: date) -> Iterator[Item]:
    """Plan tables and summaries of the year (年度计划表、总结) that an organization has not begun."""
    if actor.role is not Role.BASE_CLERK:
        return
    for kind, (model, what) in merged.KINDS.items():
        for each in merged.owing(session, today.year, today, model, what, only=actor.organization_id):
            if not each.item and -each.days_late <= AHEAD:
                title = f"{today.year}年{each.name}{KINDS[kind].short}"
                yield Item(kind, 0, title, words=each.words, due_on=each.deadline.due_on, left=-each.days_late)


# --- what was done --------------------------------------------------------------------------------------------------

_NO_DEED = (
    audit.Event.SIGNED_IN,
    audit.Event.SIGNED_OUT,
    audit.Event.FILE_HANDED_OUT,
    audit.Event.CLOCK_SHIFTED,
    audit.Event.CREDIT_POSTED,  # follows from what is listed itself
)


def _done(session: Session, actor: Actor, limit: int = 6) -> tuple[Done, ...]:
    """What the account did last (最近办理), the newest first."""
    asked = "at event record record_id organization_id authority_id before after".split()
    query = (
        sa.select(*(getattr(AuditEntry, name) for name in asked), Submission.title)
        .outerjoin(Submission, sa.and_(Submission.id == AuditEntry.record_id, Submission.kind == AuditEntry.record))
        .where(AuditEntry.account_id == actor.account_id, AuditEntry.event.not_in([each.value for each in _NO_DEED]))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    rows = [dict(row) for row in session.execute(query).mappings()]
    others = [row for row in rows if not row["title"]]
    named = dict(zip(map(id, others), chronicle.called(session, actor, others), strict=True))
    found = []
    for row in rows:
        title, still = (row["title"], True) if row["title"] else named[id(row)]
        event = audit.called(row["event"], row["record"])
        found.append(Done(row["at"], event, title, row["record"], row["record_id"], still))
    return tuple(found)
