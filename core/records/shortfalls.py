"""Shortfalls (学时短缺): the people of a jurisdiction held against their notices, as arrays. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor, Labelled, Refused
from core.law.notices import TOTAL_NAME
from core.ledger import years
from core.ledger.years import View
from core.models import Organization, Person, leagues
from core.people import persons

UNKNOWN = "无适用的通知"
TOGETHER = "合计"
"""The column of what several years together lack, where a notice judges them so."""


class Lack(Labelled):
    """Whom to list."""

    YEAR = "year", "本年度短缺"
    WINDOW = "window", "申报年限内有短缺"


FACTS = ("id", "name", "id_mask", "employer", "post", "level", "authority")
"""The columns of a list that no notice has a say in; those after them are headed by its words."""

_Views = Mapping[str | None, View | None]
"""By league how a year's notice sees it and those before; None where no notice does."""


def shortfalls(
    session: Session,
    actor: Actor,
    year: int,
    *,
    text: str = "",
    employer: str = "",
    lack: Lack | None = None,
    offset: int = 0,
    limit: int | None = 20,
) -> tuple[pd.DataFrame, int]:
    """Shortfall list (短缺名单): people an actor may look up, what each lacks, and their count; clause 一(一).

    Columns: those of `FACTS`. Then by the notices of those in question: "专业差", "累计差"
    (hours lacking in `year`, Decimal); for that year and each one that their usual window of 职称评审 looks back to a
    column "2024年度" in words; 合计 where a notice judges years together: then the hours lacking are that window's,
    and who is short of it is short. Refused codes: "role", "password".

    Where everybody is asked for, only those shown are counted; where those who are short, everybody is, as arrays.
    """
    scope = persons.matching(actor, text=text, employer=employer)
    offices = sa.select(Person.authority_id, sa.func.count(Person.id)).where(*scope).group_by(Person.authority_id)
    many = dict(session.execute(offices).all())
    league_of = leagues(session)
    views: _Views = {each: _view(year, each) for each in {league_of[office] for office in many} or {actor.league}}
    whose, count = sa.select(Person.id).where(*scope), sum(many.values())
    if lack is None:
        whose = whose.order_by(Person.id).offset(offset).limit(limit)
        shown = [] if limit == 0 else list(session.scalars(whose))
    else:
        ids, offices_of = db.integers(session, sa.select(Person.id, Person.authority_id).where(*scope))
        order = np.argsort(ids)
        ids, offices_of = ids[order], offices_of[order]
        short = np.zeros(len(ids), bool)
        for seen, rows in _groups(views, [league_of[office] for office in offices_of.tolist()]):
            short[rows] = _short(session, ids[rows], seen, lack)
        count = int(short.sum())
        shown = ids[short][offset:][: count if limit is None else limit].tolist()
    return _frame(session, shown, year, views, league_of), count


def offered(this: int, league: str | None) -> list[int]:
    """Years to list shortfalls of (可查年度), the latest first: those that may be asked for or still be made up."""
    seen = _view(this, league)
    back = max(seen.depth, seen.policy.makeup_years + 1) if seen else 1
    return list(range(this, this - back, -1))


def _view(year: int, league: str | None) -> View | None:
    try:
        return years.view(year, league)
    except Refused:
        return None


def _groups(views: _Views, homes: list[str | None]) -> Iterator[tuple[View, NDArray[np.intp]]]:
    """Places of people by the view their league has; those whom no notice judges in none."""
    which = np.array([id(views[home]) for home in homes], np.int64)
    for seen in {id(seen): seen for seen in views.values() if seen}.values():
        rows = np.flatnonzero(which == id(seen))
        if len(rows):
            yield seen, rows


def _window(seen: View) -> tuple[int, ...]:
    """The years that somebody's usual application looks at."""
    return seen.usual.years if seen.usual else (seen.year,)


def _first(seen: View) -> int:
    return min(seen.year, *_window(seen))


def _short(session: Session, ids: NDArray[np.int64], seen: View, lack: Lack) -> NDArray[np.bool_]:
    """Who of those of one view is short; where years are judged together, of its usual window."""
    held = years.of_many(session, ids, seen, _first(seen))
    if held.alone:
        return held.short((seen.year,) if lack is Lack.YEAR else _window(seen))
    if seen.usual is None:
        return np.zeros(len(ids), bool)
    return np.asarray(held.missing(seen, seen.usual).any(axis=0))


def _frame(
    session: Session, shown: list[int], year: int, views: _Views, league_of: Mapping[int, str | None]
) -> pd.DataFrame:
    """The people shown, with what each lacks by the own notice."""
    told = _people(session, shown)
    names: dict[str, None] = {}
    for seen in filter(None, views.values()):
        names |= dict.fromkeys(list(years.subject_names(seen.policy).values())[:-1])
    hours: dict[str, Any] = {f"{name}差": [Decimal()] * len(told) for name in [*names, TOTAL_NAME]}
    first = min((_first(seen) for seen in views.values() if seen), default=year)
    words: dict[str, Any] = {f"{each}年度": [UNKNOWN] * len(told) for each in range(year, first - 1, -1)}
    if any(seen and not seen.alone for seen in views.values()):
        words[TOGETHER] = [""] * len(told)
    ids = np.array([each["id"] for each in told], np.int64)
    for seen, rows in _groups(views, [league_of[each.pop("authority_id")] for each in told]):
        held = years.of_many(session, ids[rows], seen, first)
        missing = held.lacking[0]
        _put({f"{each}年度": held.words(each) for each in range(year, first - 1, -1)}, words, rows)
        if not held.alone and seen.usual:
            missing = held.missing(seen, seen.usual)
            _put({TOGETHER: held.missing_words(missing, seen.usual)}, words, rows)
        amounts = {int(amount): Decimal(int(amount)) / 100 for amount in np.unique(missing)}
        lacks = zip(years.subject_names(seen.policy).values(), missing.tolist(), strict=True)
        _put({f"{name}差": [amounts[each] for each in line] for name, line in lacks}, hours, rows)
    frame = pd.DataFrame(told, columns=list(FACTS))
    return frame.assign(**hours, **words)


def _put(found: Mapping[str, list[Any]], columns: Mapping[str, list[Any]], rows: NDArray[np.intp]) -> None:
    """Put what was found of some into the columns of all."""
    for name, values in found.items():
        for row, value in zip(rows.tolist(), values, strict=True):
            columns[name][row] = value


def _people(session: Session, shown: list[int]) -> list[dict[str, Any]]:
    query = sa.select(Person, Organization.name).join(Organization, Organization.id == Person.authority_id)
    told = []
    for start in range(0, len(shown), 5000):
        some = query.where(Person.id.in_(shown[start : start + 5000])).order_by(Person.id)
        for person, authority in session.execute(some):
            told.append(
                {
                    "id": person.id,
                    "name": person.name,
                    "id_mask": resident_id.mask(person.id_number),
                    "employer": person.employer_name,
                    "post": person.post,
                    "level": persons.title_level(person),
                    "authority": authority,
                    "authority_id": person.authority_id,
                }
            )
    return told
