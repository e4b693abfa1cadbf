"""The one queue (待办队列) of everything submitted, of all kinds or of one."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.models import Organization, State, Submission
from core.submissions import workflow
from core.submissions.kinds import KINDS

FILED = (State.SUBMITTED, State.APPROVED, State.REJECTED)
"""What is or was before the authority (已报送), not what its writer still has in hand."""


def queue(
    session: Session,
    actor: Actor,
    *,
    kinds: Sequence[str] = (),
    state: State | None = None,
    text: str = "",
    own: bool = False,
    filed: bool = False,
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[pd.DataFrame, int]:
    """Submissions in the actor's jurisdiction, the longest waiting first, and how many there are in all.

    Of all kinds, or of those named by code. `own`: only what the actor's own office decides, not what it merely
    oversees. `filed`: only what is or was before the authority. `text`: a part of a title or an organization's name,
    and where one kind is asked for also of what that kind is searched by.
    Columns: id, kind, state, title, organization, authority, submitted_at, decided_at; where one kind is asked for, its
    own `columns` between authority and submitted_at.
    """
    listed, searched = _composed(kinds[0] if len(kinds) == 1 else "")
    conditions = _conditions(actor, kinds, state, own=own, filed=filed)
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
    conditions = [workflow.visible_to(actor), Submission.kind.in_(kinds or KINDS)]
    if state:
        conditions.append(Submission.state == state)
    if filed:
        conditions.append(Submission.state.in_(FILED))
    if own:
        conditions.append(Submission.decider_id == actor.organization_id)
    return conditions
