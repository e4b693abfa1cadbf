"""The one queue (待办队列) of everything submitted, of all kinds or of one."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Labelled, Refused
from core.ground.deeds import deed
from core.ledger import standing
from core.ledger.standing import Standing
from core.models import Movement, Organization, State, Submission
from core.submissions import remarking, workflow
from core.submissions.kinds import KINDS, Action, Kind, Line, Mark
from core.trail import kept

FILED = (State.SUBMITTED, State.APPROVED, State.REJECTED)
"""What is or was before the authority (已报送), not what its writer still has in hand."""


SOON = 7
"""Days: what is to be decided within so many is urgent, and who waited longer has waited long."""


class Urgency(Labelled):
    """Which of what waits is urgent (紧急程度)."""

    OVERDUE = "overdue", "已到期"
    WEEK = "week", f"{SOON}天内到期"
    LONG = "long", f"等待超过{SOON}天"


@dataclass(frozen=True)
class Wanted:
    """What a list shows (筛选条件); what is not said is not asked for."""

    kinds: tuple[str, ...] = ()
    state: State | None = None
    urgency: Urgency | None = None
    organization: str = ""
    """A part of the name of the organization that filed."""
    text: str = ""
    """A part of a title, of an organization's name, or of what a kind is searched by."""
    own: bool = False
    """Only what the actor's own office decides, not what it merely oversees."""


def queue(
    session: Session,
    actor: Actor,
    *,
    kinds: Sequence[str] = (),
    state: State | None = None,
    text: str = "",
    own: bool = False,
    filed: bool = False,
    narrowed: tuple[Wanted, datetime] | None = None,
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[pd.DataFrame, int]:
    """Submissions in the actor's jurisdiction, the longest waiting first, and how many there are in all.

    Of all kinds, or of those named by code. `own`: only what the actor's own office decides, not what it merely
    oversees. `filed`: only what is or was before the authority. `text`: a part of a title or an organization's name,
    and where one kind is asked for also of what that kind is searched by. `narrowed`: besides, only what a list of the
    desk shows at a moment.
    Columns: id, kind, state, title, organization, authority, submitted_at, decided_at; where one kind is asked for, its
    own `columns` between authority and submitted_at.
    """
    listed, searched = _composed(kinds[0] if len(kinds) == 1 else "")
    conditions = _conditions(actor, kinds, state, own=own, filed=filed)
    conditions += _narrowing(*narrowed) if narrowed else []
    typed_in = db.holding(text, *searched) if text else sa.true()
    order = Submission.submitted_at.asc() if state is State.SUBMITTED else Submission.id.desc()
    query = listed.where(*conditions, typed_in).order_by(order, Submission.id).offset(offset).limit(limit)
    counted = listed if text else sa.select().select_from(Submission)  # what it is joined with leaves none out
    count = session.scalar(counted.with_only_columns(sa.func.count(Submission.id)).where(*conditions, typed_in)) or 0
    rows = session.execute(query).all() if limit != 0 else []
    return pd.DataFrame.from_records(rows, columns=list(query.selected_columns.keys())), count


@functools.cache
def _composed(code: str) -> tuple[sa.Select[*tuple[Any, ...]], tuple[sa.SQLColumnExpression[str], ...]]:
    """Composed once (语句只编写一次): the queue of a kind, by its code, or of all; and what a text is looked for in."""
    only = KINDS.get(code)
    home, authority = sa.orm.aliased(Organization), sa.orm.aliased(Organization)
    source: sa.FromClause = sa.inspect(Submission).local_table
    if only:
        source = only.source(source)
    source = source.join(home, home.id == Submission.organization_id)
    source = source.join(authority, authority.id == Submission.authority_id)
    columns = [
        Submission.id,
        Submission.kind,
        Submission.state,
        Submission.title,
        home.name.label("organization"),
        authority.name.label("authority"),
        *(only.columns if only else ()),
        Submission.submitted_at,
        Submission.decided_at,
    ]
    return sa.select(*columns).select_from(source), (Submission.title, home.name, *(only.search if only else ()))


def _conditions(
    actor: Actor, kinds: Sequence[str], state: State | None, *, own: bool, filed: bool
) -> list[sa.ColumnElement[bool]]:
    conditions = [workflow.visible_to(actor)]
    if kinds and set(kinds) != KINDS.keys():  # of all kinds it is not asked: SQLite would go by it
        conditions.append(Submission.kind.in_(kinds))
    if state:
        conditions.append(Submission.state == state)
    if filed:
        conditions.append(Submission.state.in_(FILED))
    if own:
        conditions.append(Submission.decider_id == actor.organization_id)
    return conditions


# --- the desk -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A submission in a list (列表中的一件)."""

    submission: Submission
    line: Line
    waiting: int | None
    """Days since it was filed, while it waits."""
    left: int | None
    """Days to the one by which it should be decided, while it can still be; negative when that is past."""


@deed
def listed(
    session: Session, wanted: Wanted, *, actor: Actor, now: datetime, offset: int = 0, limit: int = 50
) -> list[Row]:
    """One page of a list of submissions of any kinds (审核列表), in few statements whatever its length.

    Of what waits, that whose day is past or within `SOON` days comes first, by its day (按期限), the rest as it was
    filed; anything else the newest first.
    """
    today = db.office_day(now)
    query = _filtered(sa.select(Submission.id), wanted, actor, now)
    if wanted.state is State.SUBMITTED or wanted.urgency is not None:
        soon = _decide_by() <= today + timedelta(days=SOON)  # NULL is not soon
        pressing = query.where(soon).order_by(_decide_by(), Submission.submitted_at, Submission.id)
        urgent = session.scalars(pressing).all()
        ids = [*urgent[offset : offset + limit]]
        if len(ids) < limit:  # asked by itself, so that it is read in the order of its index
            rest = query.where(sa.not_(sa.func.coalesce(soon, sa.false())))
            rest = rest.order_by(Submission.submitted_at, Submission.id).offset(max(0, offset - len(urgent)))
            ids += session.scalars(rest.limit(limit - len(ids)))
    else:
        ids = [*session.scalars(query.order_by(Submission.id.desc()).offset(offset).limit(limit))]
    if not ids:
        return []
    found = workflow.several(session, ids, actor)
    again, undone, lines = _filed_again(session, ids), _undone(session, ids), dict[int, Line]()
    for code in {each.kind for each in found}:
        lines |= KINDS[code].lines(session, [each for each in found if each.kind == code])
    filed_again = {code: Mark(f"再次{kind.word_for(Action.SUBMIT)}") for code, kind in KINDS.items()}
    marks = {each.id: [filed_again[each.kind]] * (each.id in again) + undone.get(each.id, []) for each in found}
    return [_row(each, lines[each.id], marks[each.id], today) for each in found]


HINTED = timedelta(hours=1)
"""For so long what is worth a look about one that waits is not asked again for a list: what opens it asks."""


def hinted(session: Session, rows: Sequence[Row], actor: Actor, now: datetime) -> list[Row]:
    """Rows with how much more is worth a look (提示, 意见未改) in each that waits: nobody opens it to learn that."""

    def found_in(found: Submission) -> tuple[int, int]:
        kind = KINDS[found.kind]
        same = len(remarking.unmended(session, found))
        try:
            return same, sum(each.code not in kind.marked for each in kind.warnings(session, found, actor))
        except Refused:  # such as a notice it goes by that is there no more: worth a look by itself
            return same, 1

    def count(found: Submission) -> tuple[int, int]:
        who, when = (actor.role, actor.organization_id), now.timestamp() // HINTED.total_seconds()
        return kept.mark((db.url(), "hints", found.id, *who), (found.version, when), lambda: found_in(found))

    def marked(row: Row) -> Row:
        same, hints = count(row.submission) if row.submission.state is State.SUBMITTED else (0, 0)
        more = (Mark(f"意见未改{same}", grave=True),) * bool(same) + (Mark(f"提示{hints}"),) * bool(hints)
        return replace(row, line=replace(row.line, marks=(*row.line.marks, *more)))

    return [marked(row) for row in rows]


@deed
def counts(session: Session, wanted: Wanted, *, actor: Actor, now: datetime) -> dict[tuple[str, State], int]:
    """How many there are of each kind in each state (件数), whatever of them is wanted; one statement."""
    query = sa.select(Submission.kind, Submission.state, sa.func.count(Submission.id))
    any_of_them = Wanted((), None, wanted.urgency, wanted.organization, wanted.text, wanted.own)
    query = _filtered(query, any_of_them, actor, now).group_by(Submission.kind, Submission.state)
    return {(kind, state): count for kind, state, count in session.execute(query)}


def _row(submission: Submission, line: Line, marks: Sequence[Mark], today: date) -> Row:
    line = replace(line, marks=(*marks, *line.marks))
    undecided = submission.state not in (State.APPROVED, State.REJECTED)
    waits = submission.state is State.SUBMITTED and submission.submitted_at is not None
    return Row(
        submission,
        line,
        (today - db.office_day(submission.submitted_at)).days if waits and submission.submitted_at else None,
        (line.by - today).days if line.by and undecided else None,
    )


def _filtered(query: sa.Select[*tuple[Any, ...]], wanted: Wanted, actor: Actor, now: datetime) -> Any:
    """A question about submissions, asked only of those that are wanted."""
    conditions = _conditions(actor, wanted.kinds, wanted.state, own=wanted.own, filed=False)
    return query.select_from(Submission).where(*conditions, *_narrowing(wanted, now))


def _narrowing(wanted: Wanted, now: datetime) -> list[sa.ColumnElement[bool]]:
    """What is wanted beyond kinds, state and office, as SQL conditions."""
    conditions = []
    if wanted.organization:
        conditions.append(_filed_by(wanted.organization))
    if wanted.text:
        kinds = [KINDS[code] for code in wanted.kinds] or list(KINDS.values())
        special = [_found_by(kind, wanted.text) for kind in kinds if kind.search]
        conditions.append(sa.or_(db.holding(wanted.text, Submission.title), _filed_by(wanted.text), *special))
    if wanted.urgency:
        conditions += [Submission.state == State.SUBMITTED, _urgent(wanted.urgency, now)]
    return conditions


def _filed_by(text: str) -> sa.ColumnElement[bool]:
    """Whether the name of the organization that filed has this in it."""
    return Submission.organization_id.in_(sa.select(Organization.id).where(db.holding(text, Organization.name)))


def _found_by(kind: Kind[Any], text: str) -> sa.ColumnElement[bool]:
    """Whether a submission of this kind is found by what only its kind is searched by."""
    source = kind.source(sa.inspect(Submission).local_table)
    ids = (
        sa.select(Submission.id).select_from(source).where(Submission.kind == kind.code, db.holding(text, *kind.search))
    )
    return Submission.id.in_(ids.correlate(None))


def _decide_by() -> sa.ColumnElement[date]:
    """The last day on which each submission can still be decided, by its kind; NULL where any day will do."""
    return sa.type_coerce(sa.func.coalesce(*(kind.decide_by for kind in KINDS.values()), sa.null()), sa.Date)


def _urgent(urgency: Urgency, now: datetime) -> sa.ColumnElement[bool]:
    today = db.office_day(now)
    if urgency is Urgency.LONG:
        return Submission.submitted_at < now - timedelta(days=SOON)
    if urgency is Urgency.OVERDUE:
        return _decide_by() <= today
    return _decide_by().between(today + timedelta(days=1), today + timedelta(days=SOON))


def _filed_again(session: Session, ids: Sequence[int]) -> set[int]:
    """Which of these were filed more than once (再次提交)."""
    query = (
        sa.select(Movement.submission_id)
        .where(Movement.submission_id.in_(ids), Movement.action == Action.SUBMIT.value)
        .group_by(Movement.submission_id)
        .having(sa.func.count(Movement.id) > 1)
    )
    return set(session.scalars(query))


def _undone(session: Session, ids: Sequence[int]) -> dict[int, list[Mark]]:
    """Of which of these the posted hours were reversed (已冲销), some or all."""
    query = sa.select(Submission.id, standing.OF_SUBMISSION).where(
        Submission.id.in_(ids), Submission.state == State.APPROVED
    )
    gone = (Standing.PARTLY, Standing.REVERSED)
    return {each: [Mark(Standing(code).label, grave=True)] for each, code in session.execute(query) if code in gone}
