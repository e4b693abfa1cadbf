"""Recognised trainings (认可): hours that people of a league earned at those whose trainings the notice has recognised.

Such a training is decided by the authority of who gave it, and posted once. It counts where the learner belongs by
the notice itself: the league reads what it recognises and by which clause, and decides nothing a second time.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import OFFICERS, Actor, Refused, not_found, require
from core.law import notices
from core.law.notices import Duty
from core.ledger import standing
from core.models import CreditBatch, CreditEntry, Organization, Person, Report, Submission, leagues

COLUMNS = "id title organization authority subject start_on end_on people hours posted_at".split()


def basis(year: int, league: str | None) -> Duty | None:
    """By what a year's notice has a league recognise trainings (认可的依据); None where it says nothing of it."""
    try:
        policy = notices.in_force(date(year, 12, 31), league)
    except Refused:  # none that holds, or a faulty one: told where it is mended
        return None
    return next((duty for duty in policy.duties if duty.recognises), None)


_giver, _learner = sa.orm.aliased(Organization), sa.orm.aliased(Person)
_report = sa.inspect(Report).local_table


def _earned(actor: Actor, year: int, by: Duty) -> sa.Select[Any]:
    """Entries that stand of a year, earned by people of leagues whom the actor may see at those who are recognised.

    The learner is whom the entry counts for; the region's own people need nobody's recognition.
    """
    posted = sa.orm.aliased(Person)
    league = sa.orm.aliased(Organization)
    return (
        sa.select()
        .select_from(_giver)
        .join(Submission, Submission.organization_id == _giver.id)
        .join(_report, _report.c.id == Submission.id)
        .join(CreditBatch, CreditBatch.submission_id == Submission.id)
        .join(CreditEntry, CreditEntry.batch_id == CreditBatch.id)
        .join(posted, posted.id == CreditEntry.person_id)
        .join(_learner, _learner.id == sa.func.coalesce(posted.merged_into_id, posted.id))
        .join(league, league.id == _learner.authority_id)
        .where(_giver.kind.in_(by.recognises), CreditEntry.year == year, standing.STANDS)
        .where(_learner.authority_id != Submission.authority_id)
        .where(sa.true() if actor.oversees_region else _learner.authority_id == actor.organization_id)
        .add_columns(league.name.label("authority"))
    )


def trainings(
    session: Session, actor: Actor, year: int, *, text: str = "", offset: int = 0, limit: int | None = 20
) -> tuple[pd.DataFrame, int]:
    """Trainings that a league recognises (部门培训认可): a row for each with its own people, the latest first.

    And how many there are in all. To the region a row for each training and league. `text`: a part of the training's
    name or of its giver's. Columns: id (the report), title, organization, authority (the learners'), subject, start_on,
    end_on, people, hours, posted_at. Refused codes: "role".
    """
    require(actor, *OFFICERS)
    by = basis(year, actor.league)
    if by is None:
        return pd.DataFrame(columns=COLUMNS), 0
    rows = _earned(actor, year, by).where(db.holding(text, Submission.title, _giver.name))
    whole = (Submission.id, Submission.title, _giver.name, CreditEntry.subject, _report.c.start_on, _report.c.end_on)
    grouped = rows.group_by(*whole, _learner.authority_id, sa.literal_column("authority"), CreditBatch.posted_at)
    query = grouped.add_columns(
        Submission.id.label("id"),
        Submission.title.label("title"),
        _giver.name.label("organization"),
        CreditEntry.subject.label("subject"),
        _report.c.start_on.label("start_on"),
        _report.c.end_on.label("end_on"),
        sa.func.count(_learner.id.distinct()).label("people"),
        sa.func.sum(CreditEntry.hours).label("hours"),
        CreditBatch.posted_at.label("posted_at"),
    )
    count = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    query = query.order_by(_report.c.end_on.desc(), Submission.id.desc(), sa.literal_column("authority"))
    found = session.execute(query.offset(offset).limit(limit)).mappings().all()
    return pd.DataFrame([dict(each) for each in found], columns=COLUMNS), count


def people(session: Session, actor: Actor, year: int, report_id: int) -> pd.DataFrame:
    """The own people of one recognised training (认可的学时明细), each with the hours that stand.

    Columns: id, name, id_mask, employer, post, authority, hours, in no order of their own.
    Refused codes: "role", "missing" (none of them is the actor's to see).
    """
    require(actor, *OFFICERS)
    by = basis(year, actor.league)
    if by is None:
        raise not_found("培训")
    rows = _earned(actor, year, by).where(Submission.id == report_id)
    query = rows.add_columns(_learner.id.label("id"), sa.func.sum(CreditEntry.hours).label("hours"))
    query = query.group_by(_learner.id, sa.literal_column("authority")).order_by(_learner.id)
    plain = (_learner.name, _learner.id_number, _learner.employer_name.label("employer"), _learner.post)
    found = session.execute(query.add_columns(*plain).group_by(*plain)).mappings().all()
    if not found:
        raise not_found("培训")
    frame = pd.DataFrame([dict(each) for each in found])
    return frame.assign(id_mask=[resident_id.mask(number) for number in frame.pop("id_number")])


def beside(session: Session, entries: pd.DataFrame, person: Person) -> pd.DataFrame:
    """A person's entries with the clause by which their origin is recognised (认可依据), "" for all others.

    `entries` of the person as `ledger.statements.entries` has them. Adds the column recognised_by.
    """
    reports = [int(each) for each in entries["report_id"].dropna().unique()]
    givers = sa.select(Submission.id, _giver.kind).join(_giver, _giver.id == Submission.organization_id)
    elsewhere = Submission.id.in_(reports), Submission.authority_id != person.authority_id
    kinds = dict(session.execute(givers.where(*elsewhere)).all()) if reports else {}
    league = leagues(session).get(person.authority_id)
    by_year = {int(year): basis(int(year), league) for year in entries["year"].unique()} if kinds else {}

    def clause(report_id: Any, year: Any) -> str:
        by = by_year.get(year)
        return by.clause if by and kinds.get(report_id) in by.recognises else ""

    told = [clause(*each) for each in zip(entries["report_id"], entries["year"], strict=True)]
    return entries.assign(recognised_by=told)
