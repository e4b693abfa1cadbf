"""Shortfalls (学时短缺): people held against the notices in force, a whole jurisdiction in one query. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import resident_id
from core.ground.access import Actor, Labelled, Refused
from core.ground.db import hundredths
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import TOTAL
from core.models import CreditTotal, Organization, Person
from core.people import persons

WINDOW = 3
"""近三年: the year asked for and the two before it, clause 一(三)1."""
UNKNOWN, DONE = "无适用的通知", "已完成"


class Lack(Labelled):
    """Whom to list."""

    YEAR = "year", "本年度短缺"
    WINDOW = "window", "近三年有短缺"


@dataclass
class _Year:
    """One year as its notice asks for it, with what the sums of a person are called in the query."""

    year: int
    amounts: dict[str, Decimal] = field(default_factory=dict)
    """By subject and in total; empty where no notice covers the year, or it asks for a sum over several."""
    names: dict[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    """The subjects that make up the total: not part of another."""
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Each subject with the sub-subjects that count for it."""
    unknown: str = ""

    def named(self, kind: str, subject: str) -> str:
        return f"{kind}_{self.year}_{subject}"


def _year(year: int) -> _Year:
    try:
        policy = notices.of_year(year)
    except Refused:
        return _Year(year, unknown=UNKNOWN)
    if policy.requirement.combine != "each_year":
        return _Year(year, unknown="按多年合计核算")
    parts = {
        each.code: (each.code, *(p.code for p in policy.subjects if p.part_of == each.code)) for each in policy.subjects
    }
    return _Year(
        year,
        policy.requirement.in_year(year),
        {each.code: each.name.removesuffix("科目") for each in policy.subjects} | {TOTAL: "累计"},
        tuple(each.code for each in policy.subjects if not each.part_of),
        parts,
    )


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

    Columns: id, name, id_mask, employer, post, authority; lacks_public, lacks_professional, lacks_total (hours lacking
    in `year`, Decimal); and for that year and the two before it a column named by the year ("2024"), in words.
    A subject deemed done (视同完成) lacks nothing. Refused codes: "role", "password".
    """
    years = [_year(each) for each in range(year, year - WINDOW, -1)]
    scope = persons.matching(actor, text=text, employer=employer)
    whose = sa.select(Person.id).where(*scope)
    if lack is None:  # those shown are known without their hours
        whose = whose.order_by(Person.id).offset(offset).limit(limit)
    sums = _sums(years, whose)
    missing = {each.year: _short(each, sums) for each in years}
    conditions = list(scope)
    if lack is Lack.YEAR:
        conditions.append(missing[year])
    elif lack is Lack.WINDOW:
        conditions.append(sa.or_(*missing.values()))
    people = sa.join(Person, Organization, Organization.id == Person.authority_id)
    people = sa.outerjoin(people, sums, sums.c.person_id == Person.id)
    count = session.scalar(sa.select(sa.func.count(Person.id)).select_from(people).where(*conditions)) or 0
    kept = [column for column in sums.c if column.name != "person_id"]
    query = sa.select(Person, Organization.name.label("authority"), *kept).select_from(people).where(*conditions)
    rows = []
    for row in session.execute(query.order_by(Person.id).offset(offset).limit(limit)).mappings():
        person, lacking = row[Person], {each.year: _lacking(each, row) for each in years}
        rows.append(
            {
                "id": person.id,
                "name": person.name,
                "id_mask": resident_id.mask(person.id_number),
                "employer": person.employer_name,
                "post": person.post,
                "authority": row["authority"],
            }
            | {f"lacks_{code}": lacking[year].get(code, Decimal()) for code in LACKING}
            | {str(each.year): _words(each, lacking[each.year]) for each in years}
        )
    columns = ["id", "name", "id_mask", "employer", "post", "authority", *(f"lacks_{code}" for code in LACKING)]
    return pd.DataFrame(rows, columns=[*columns, *(str(each.year) for each in years)]), count


LACKING = ("public", "professional", TOTAL)


def _sums(years: list[_Year], whose: sa.Select[int]) -> sa.Subquery:
    """For each person with hours: by year and subject the hundredths, and whether the subject is deemed done."""
    whole = sa.type_coerce(CreditTotal.hours, sa.Integer)
    columns: list[sa.ColumnElement[Any]] = []
    for each in years:
        for subject, codes in each.codes.items():
            here = sa.and_(CreditTotal.year == each.year, CreditTotal.subject.in_(codes))
            columns.append(sa.func.sum(sa.case((here, whole), else_=0)).label(each.named("hours", subject)))
            deems = sa.and_(CreditTotal.year == each.year, CreditTotal.subject == subject, CreditTotal.deemed > 0)
            columns.append(sa.func.max(sa.case((deems, 1), else_=0)).label(each.named("deemed", subject)))
    query = sa.select(CreditTotal.person_id, *columns).where(CreditTotal.person_id.in_(whose))
    query = query.where(CreditTotal.year.in_([each.year for each in years]))
    return query.group_by(CreditTotal.person_id).subquery()


def _short(year: _Year, sums: sa.Subquery) -> sa.ColumnElement[bool]:
    """Whether a person lacks anything in a year, as SQL; the same sums as `_lacking`."""
    if not year.amounts:
        return sa.false()
    counted = {}
    for subject in year.codes:
        hours = sa.func.coalesce(sums.c[year.named("hours", subject)], 0)
        amount = hundredths(year.amounts.get(subject, Decimal()))
        spared = sa.and_(sums.c[year.named("deemed", subject)] == 1, hours < amount)
        counted[subject] = sa.case((spared, amount), else_=hours)
    tests = [counted[subject] < hundredths(amount) for subject, amount in year.amounts.items() if subject != TOTAL]
    if TOTAL in year.amounts:
        together = sum((counted[subject] for subject in year.whole), sa.literal(0))
        tests.append(together < hundredths(year.amounts[TOTAL]))
    return sa.or_(*tests)


def _lacking(year: _Year, row: Any) -> dict[str, Decimal]:
    """What one person lacks in a year, by subject and in total; nothing where nothing is lacking."""
    counted = {}
    for subject in year.codes:
        hours = Decimal(row[year.named("hours", subject)] or 0) / 100
        if row[year.named("deemed", subject)]:
            hours = max(hours, year.amounts.get(subject, Decimal()))
        counted[subject] = hours
    counted[TOTAL] = sum((counted[subject] for subject in year.whole), Decimal())
    return {code: amount - counted[code] for code, amount in year.amounts.items() if amount > counted[code]}


def _words(year: _Year, lacking: dict[str, Decimal]) -> str:
    return year.unknown or "、".join(f"{year.names[code]}差{hours_text(gap)}" for code, gap in lacking.items()) or DONE
