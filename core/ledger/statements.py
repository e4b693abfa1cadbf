"""Statements of the ledger (学时明细): a person's entries, a jurisdiction's batches and their lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import Actor, Labelled, not_found, require, visible
from core.ledger import standing
from core.ledger.books import REVERSERS
from core.ledger.standing import Standing
from core.models import (
    CourseCredit,
    CreditBatch,
    CreditEntry,
    Organization,
    Person,
    Report,
    RosterRow,
    Source,
    Submission,
    under,
)


class Origin(Labelled):
    """Origin of a batch (入账类别).

    What a batch comes from (入账类别), where no submission was approved; else it is the submission's kind.
    """

    IMPORT = "import", "导入"
    EXAM = "exam", Source.PUBLIC_EXAM.label
    REVERSAL = "reversal", "冲销"
    OTHER = "other", "其他"


_person = sa.bindparam("person_id", type_=sa.Integer)
_human = sa.select(Person.human_id).where(Person.id == _person).scalar_subquery()
"""Under which id the person asked about counts; see `Person.human_id`."""

_report = sa.inspect(Report).local_table  # the report's own columns; its title and base are the submission's
_ENTRIES = (
    sa.select(
        CreditEntry.year,
        CreditEntry.subject,
        CreditEntry.hours,
        CreditEntry.completed_on,
        CreditEntry.source,
        CreditEntry.deemed,
        sa.func.coalesce(sa.func.nullif(CreditEntry.note, ""), CreditBatch.basis).label("basis"),
        CreditBatch.posted_at,
        CreditBatch.posted_by,
        Organization.name.label("base"),
        _report.c.plan_id,
        sa.case((_report.c.id.is_not(None), Submission.title)).label("plan"),
        _report.c.id.label("report_id"),
        RosterRow.row.label("roster_row"),
        CreditEntry.batch_id,
        CreditEntry.line,
        CreditEntry.reverses_line.label("standing"),
        CreditBatch.reverses_id,
    )
    .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
    .outerjoin(RosterRow, RosterRow.id == CreditEntry.roster_row_id)
    .outerjoin(Submission, Submission.id == CreditBatch.submission_id)
    .outerjoin(_report, _report.c.id == Submission.id)
    .outerjoin(Organization, sa.and_(Organization.id == Submission.organization_id, _report.c.id.is_not(None)))
    .where(CreditEntry.person_id.in_(sa.select(Person.id).where(under(Person, _human))))
    .order_by(CreditEntry.year.desc(), CreditEntry.completed_on.desc(), CreditEntry.batch_id, CreditEntry.line)
)
_ENTRY_COLUMNS = _ENTRIES.selected_columns.keys()


def entries(session: Session, person_id: int, *, year: int | None = None) -> pd.DataFrame:
    """Entries of a person (学时明细): every entry of a person, newest first, down to its plan, report and roster row.

    Columns: year, subject, hours, completed_on, source, deemed, basis (the entry's own, else its batch's), posted_at,
    posted_by, base, plan_id, plan, report_id, roster_row, batch_id, line, standing, reverses_id (the batch a reversal
    undoes).
    """
    query = _ENTRIES if year is None else _ENTRIES.where(CreditEntry.year == year)
    rows = session.execute(query, {"person_id": person_id}).all()
    columns: dict[str, Sequence[Any]] = dict.fromkeys(_ENTRY_COLUMNS, ())
    columns |= zip(_ENTRY_COLUMNS, zip(*rows, strict=True), strict=False)
    # What takes an entry back is of the same person and year, so that it is among these.
    gone = set(zip(columns["reverses_id"], columns["standing"], strict=True))
    columns["standing"] = [
        standing.remaining((batch_id, line) in gone, 1).value if taken is None else Standing.TAKES_BACK.value
        for batch_id, line, taken in zip(*(columns[name] for name in ("batch_id", "line", "standing")), strict=True)
    ]
    return pd.DataFrame(columns)


def batches(
    session: Session,
    actor: Actor,
    *,
    origin: str | None = None,
    text: str = "",
    first_on: date | None = None,
    last_on: date | None = None,
    folded: bool = False,
    offset: int = 0,
    limit: int | None = 20,
) -> tuple[pd.DataFrame, int]:
    """Batches (入账批次) of a jurisdiction.

    The batches of the actor's jurisdiction, newest first, and how many there are in all. `text`: a batch's number, with
    what was taken back of it; a part of a training's name, of its base's, or of what it was posted on. `first_on` and
    `last_on`: days of posting. `folded`: of those that post one person's hours of a course each (公需考试), a line for
    each course, under the number of the newest, with what all of them sum to and what took them back left out, but for
    the batch whose number is asked for.

    Columns: id, batches (for how many a line stands), posted_at, posted_by, matter (the training, the claim, else what
    it was posted on), organization (that filed it), authority, origin, basis, entries, hours, standing.
    Refused codes: "role".
    """
    conditions = [_batches_visible(actor), *_posted_within(first_on, last_on)]
    if origin:
        conditions.append(_origin == str(origin))
    if text:
        conditions.append(_batch_found(text))
    asked = db.numbered(text) or 0
    alone = [_ALONE, CreditBatch.id != asked, *conditions]
    if folded:
        newest = sa.select(sa.func.max(CreditBatch.id)).join(CourseCredit, CourseCredit.batch_id == CreditBatch.id)
        newest = newest.where(*alone).group_by(CourseCredit.course_id).correlate(None)
        conditions.append(sa.or_(~_ALONE, CreditBatch.id == asked, CreditBatch.id.in_(newest)))
        if origin != Origin.REVERSAL:
            conditions.append(sa.or_(~_takes_one_back(), CreditBatch.reverses_id == asked))
    count = session.scalar(sa.select(sa.func.count(CreditBatch.id)).where(*conditions)) or 0
    shown = sa.select(CreditBatch.id).where(*conditions).order_by(CreditBatch.id.desc()).offset(offset).limit(limit)
    back, undone_one, home = sa.orm.aliased(CreditBatch), sa.orm.aliased(CreditBatch), sa.orm.aliased(Organization)
    hours = sa.select(sa.func.sum(CreditEntry.hours)).where(CreditEntry.batch_id == CreditBatch.id)
    undone = sa.select(sa.func.coalesce(sa.func.sum(back.entries), 0)).where(back.reverses_id == CreditBatch.id)
    query = (
        sa.select(
            CreditBatch.id,
            sa.literal(1).label("batches"),
            CreditBatch.posted_at,
            CreditBatch.posted_by,
            sa.func.coalesce(Submission.title, CreditBatch.basis).label("matter"),
            home.name.label("organization"),
            Organization.name.label("authority"),
            _origin.label("origin"),
            CreditBatch.basis,
            CreditBatch.entries,
            hours.correlate(CreditBatch).scalar_subquery().label("hours"),
            undone.correlate(CreditBatch).scalar_subquery().label("standing"),
        )
        .join(Organization, Organization.id == CreditBatch.authority_id)
        .outerjoin(undone_one, undone_one.id == CreditBatch.reverses_id)
        .outerjoin(Submission, Submission.id == sa.func.coalesce(CreditBatch.submission_id, undone_one.submission_id))
        .outerjoin(home, home.id == Submission.organization_id)
        .where(CreditBatch.id.in_(shown))  # found first, so that only these are summed
        .order_by(CreditBatch.id.desc())
    )
    rows = [dict(each) for each in session.execute(query).mappings()]
    if folded:
        folds = _folds(session, alone, [each["id"] for each in rows])
        rows = [each | folds.get(each["id"], {}) for each in rows]
        for each in rows:
            each["matter"] += f"（{each['batches']}批，每人一批）" if each["batches"] > 1 else ""
    frame = pd.DataFrame(rows, columns=query.selected_columns.keys())
    frame["standing"] = [
        standing.remaining(gone, entries).value
        for gone, entries in zip(frame["standing"], frame["entries"], strict=True)
    ]
    return frame, count


_ALONE = sa.and_(
    CreditBatch.entries == 1,
    CreditBatch.reverses_id.is_(None),
    sa.exists().where(CourseCredit.batch_id == CreditBatch.id).correlate(CreditBatch),
)
"""A batch that posts one person's hours of a course, as each exam that is passed does."""


def _takes_one_back() -> sa.ColumnElement[bool]:
    """Whether a batch takes back one person's hours of a course."""
    one = sa.orm.aliased(CreditBatch)
    posted = sa.exists().where(one.id == CreditBatch.reverses_id, one.entries == 1, CourseCredit.batch_id == one.id)
    return posted.correlate(CreditBatch)


def _folds(
    session: Session, alone: Sequence[sa.ColumnElement[bool]], newest: Sequence[int]
) -> dict[int, dict[str, Any]]:
    """What the batches of one sum to, course by course, by the number of the newest; `standing` counts those undone."""
    latest = sa.func.max(CreditBatch.id)
    query = (
        sa.select(
            latest, sa.func.count(), sa.func.sum(CreditEntry.hours), sa.func.sum(sa.case((_undone(), 1), else_=0))
        )
        .join(CourseCredit, CourseCredit.batch_id == CreditBatch.id)
        .join(CreditEntry, CreditEntry.batch_id == CreditBatch.id)
        .where(*alone)
        .group_by(CourseCredit.course_id)
        .having(latest.in_(newest))
    )
    return {
        number: {"batches": many, "entries": many, "hours": hours, "standing": int(gone)}
        for number, many, hours, gone in session.execute(query)
    }


def _undone() -> sa.ColumnElement[bool]:
    """Whether a batch of one entry was reversed."""
    back = sa.orm.aliased(CreditBatch)
    return sa.exists().where(back.reverses_id == CreditBatch.id).correlate(CreditBatch)


def _posted_within(first_on: date | None, last_on: date | None) -> list[sa.ColumnElement[bool]]:
    first = [CreditBatch.posted_at >= db.day_begins(first_on)] if first_on else []
    return first + ([CreditBatch.posted_at <= db.day_ends(last_on)] if last_on else [])


def alike(
    session: Session,
    batch_id: int,
    actor: Actor,
    *,
    text: str = "",
    first_on: date | None = None,
    last_on: date | None = None,
    offset: int = 0,
    limit: int | None = 20,
) -> tuple[pd.DataFrame, int]:
    """The batches of one person each that post the hours of the same course as this one (同一课程的各批), newest first.

    And how many there are in all; none where the batch is no such one. `text`: a part of a name, or an ID number.

    Columns: batch_id, standing, name, id_mask, year, subject, hours, posted_at. Refused codes: "role", "missing".
    """
    found, _ = batch(session, batch_id, actor)
    course = sa.select(CourseCredit.course_id).where(CourseCredit.batch_id == found.id).limit(1).scalar_subquery()
    query = (
        sa.select(CreditBatch, CreditEntry, Person, _undone().label("gone"))
        .join(CreditEntry, CreditEntry.batch_id == CreditBatch.id)
        .join(Person, Person.id == CreditEntry.person_id)
        .join(CourseCredit, CourseCredit.batch_id == CreditBatch.id)
        .where(_ALONE, _batches_visible(actor), *_posted_within(first_on, last_on), CourseCredit.course_id == course)
    )
    query = query.where(*_called(text))
    count = session.scalar(query.with_only_columns(sa.func.count(), maintain_column_froms=True)) or 0
    rows = [
        {
            "batch_id": each.id,
            "standing": standing.remaining(int(gone), 1).value,
            "name": person.name,
            "id_mask": resident_id.mask(person.id_number),
            "year": entry.year,
            "subject": entry.subject,
            "hours": entry.hours,
            "posted_at": each.posted_at,
        }
        for each, entry, person, gone in session.execute(
            query.order_by(CreditBatch.id.desc()).offset(offset).limit(limit)
        )
    ]
    return pd.DataFrame(rows, columns="batch_id standing name id_mask year subject hours posted_at".split()), count


def _called(text: str) -> list[sa.ColumnElement[bool]]:
    """Who is looked for: by a part of a name, or by the whole ID number."""
    needle = typed.text(text)
    if not needle:
        return []
    if resident_id.problem(needle) is None:
        return [Person.id_index == db.blind_index(resident_id.normalise(needle))]
    return [db.holding(needle, Person.name)]


def _batch_found(text: str) -> sa.ColumnElement[bool]:
    base = sa.orm.aliased(Organization)
    about = sa.select(Submission.id).join(base, base.id == Submission.organization_id)
    training = about.where(db.holding(text, Submission.title, base.name)).correlate(None)
    found = [db.holding(text, CreditBatch.basis), CreditBatch.submission_id.in_(training)]
    if number := db.numbered(text):
        found += [CreditBatch.id == number, CreditBatch.reverses_id == number]
    return sa.or_(*found)


_origin = sa.case(
    (CreditBatch.reverses_id.is_not(None), Origin.REVERSAL.value),
    (sa.exists().where(CourseCredit.batch_id == CreditBatch.id).correlate(CreditBatch), Origin.EXAM.value),
    (CreditBatch.attachment_id.is_not(None), Origin.IMPORT.value),
    else_=sa.func.coalesce(
        sa.select(Submission.kind)
        .where(Submission.id == CreditBatch.submission_id)
        .correlate(CreditBatch)
        .scalar_subquery(),
        Origin.OTHER.value,
    ),
)


def _batches_visible(actor: Actor) -> sa.ColumnElement[bool]:
    require(actor, *REVERSERS)
    return visible(actor, organization=CreditBatch.authority_id, authority=CreditBatch.authority_id)


def batch(session: Session, batch_id: int, actor: Actor) -> tuple[CreditBatch, Standing]:
    """One batch (入账批次).

    One batch of the actor's jurisdiction, and what is left of it. Refused codes: "role", "missing".
    """
    found = session.scalar(sa.select(CreditBatch).where(CreditBatch.id == batch_id, _batches_visible(actor)))
    if found is None:
        raise not_found("入账批次")
    return found, standing.remaining(len(standing.reversed_lines(session, batch_id)), found.entries)


def reversals(session: Session, batch_id: int, actor: Actor) -> list[CreditBatch]:
    """Reversals (冲销) of a batch.

    The batches that took something of a batch back, oldest first. Refused codes: "role", "missing".
    """
    found, _ = batch(session, batch_id, actor)
    query = sa.select(CreditBatch).where(CreditBatch.reverses_id == found.id).order_by(CreditBatch.id)
    return list(session.scalars(query))


def lines(
    session: Session, batch_id: int, actor: Actor, *, text: str = "", offset: int = 0, limit: int | None = 20
) -> tuple[pd.DataFrame, int]:
    """Lines (笔) of a batch.

    The entries of a batch in their order, and how many there are in all. `text`: a part of a name, or an ID number.

    Columns: line, name, id_mask, year, subject, source, hours, deemed, basis, completed_on, standing.
    Refused codes: "role", "missing".
    """
    found, _ = batch(session, batch_id, actor)
    gone = standing.reversed_lines(session, batch_id)
    whose = sa.select(CreditEntry, Person).join(Person, Person.id == CreditEntry.person_id)
    whose, count = whose.where(CreditEntry.batch_id == batch_id), found.entries
    if whom := _called(text):
        whose = whose.where(*whom)
        count = session.scalar(sa.select(sa.func.count()).select_from(whose.subquery())) or 0
    query = whose.order_by(CreditEntry.line).offset(offset).limit(limit)
    plain = "line year subject source hours deemed completed_on".split()
    rows = [
        {name: getattr(entry, name) for name in plain}
        | {
            "name": person.name,
            "id_mask": resident_id.mask(person.id_number),
            "basis": entry.note or found.basis,
            "standing": standing.remaining(int(entry.line in gone), 1).value,
        }
        for entry, person in session.execute(query)
    ]
    columns = "line name id_mask year subject source hours deemed basis completed_on standing".split()
    return pd.DataFrame(rows, columns=columns), count
