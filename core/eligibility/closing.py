"""How a gap could still be closed: approved plans that fit, or a year's waiting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import sheet
from core.eligibility.sheet import DecisionSheet, YearLine
from core.ground import db
from core.ground.access import Actor, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.law.notices import TOTAL, Policy
from core.law.rules import Outcome
from core.models import Mode, Organization, Plan, State
from core.people import persons
from core.submissions import plans


@dataclass(frozen=True)
class Offer:
    """Training on offer (可参加的培训): an approved plan that has not begun."""

    plan_id: int
    title: str
    base: str
    subject: str
    credit_year: int
    """The year its hours would count for."""
    start_on: date
    end_on: date
    place: str
    mode: str
    hours_each: Decimal


@dataclass(frozen=True)
class Ways:
    """Ways to close a gap (补齐办法): how a gap could still be closed."""

    closes: bool
    """Attending `offers` makes the application 符合."""
    offers: tuple[Offer, ...]
    """The fewest approved plans that close what the required years lack; the most they can where not all."""
    words: tuple[str, ...]
    """What to do, also about what no plan closes."""


@deed
def ways_to_close(session: Session, sheet: DecisionSheet, *, actor: Actor, now: datetime) -> Ways:
    """Close a gap (补齐缺口).

    For 不符合: the fewest approved plans, not begun yet, that close what each required year lacks.

    What an earlier year lacks is closed by plans that offer it as 补学 (clause 七(二)), by a conversion, or not at all.
    """
    require(actor, *persons.LOOKERS)
    if sheet.outcome is not Outcome.NOT_ELIGIBLE:
        return Ways(True, (), (f"结论为{sheet.outcome.label}，没有需要补齐的学时。",))
    today = db.office_day(now)
    asked = [line for line in sheet.year_lines if line.required and not line.complete]
    if sheet.any_one:
        asked = [line for line in asked if line.year == today.year] or asked
    words: list[str] = []
    offers: list[Offer] = []
    closed: list[bool] = []
    for line in asked:
        lacks = 0
        for subject, need in _needs(sheet.policy, line):
            chosen = _fewest(_offers(session, subject, line.year, today, offers), need)
            got, kind = _hours(chosen), "培训" if line.year == today.year else "补学"
            offers += chosen
            name = next(each.name for each in line.subjects if each.code == subject)
            said = f"{line.year}年度{name}差{hours_text(need)}学时，"
            if got >= need:
                words.append(f"{said}参加所列{len(chosen)}期{kind}可补齐。")
                continue
            lacks += 1
            if chosen:
                said += f"已批准且未开班的计划最多可补{hours_text(got)}学时，其余"
            words.append(said + _otherwise(sheet.policy, subject, line.year, today))
        closed.append(not lacks)
    return Ways(any(closed) if sheet.any_one else all(closed), tuple(offers), tuple(words))


def _otherwise(policy: Policy, subject: str, year: int, today: date) -> str:
    """What is left to do about hours that no approved plan brings."""
    if year >= today.year:
        return "须等待新的计划，或以证书折合。"
    makeup = policy.makeup
    if makeup and makeup.subject == subject and today.year - year <= policy.makeup_years:
        return f"可由基地或盟市组织补学（{makeup.clause}），或以该年度的证书折合。"
    return "没有可补学的规定，只能以该年度的证书折合。"


def _needs(policy: Policy, line: YearLine) -> list[tuple[str, Decimal]]:
    """Hours to study in a year by subject; what the total lacks beyond the subjects goes to the last."""
    whole = {subject.code for subject in policy.subjects if not subject.part_of}
    needs = {each.code: each.lacks for each in line.subjects if each.code in whole}
    rest = next(each.lacks for each in line.subjects if each.code == TOTAL) - sum(needs.values(), Decimal())
    if rest > 0:
        needs[list(needs)[-1]] += rest
    return [(code, lacks) for code, lacks in needs.items() if lacks > 0]


def _offers(session: Session, subject: str, year: int, today: date, taken: Sequence[Offer]) -> list[Offer]:
    """Approved plans of a subject and credit year, to begin later this year, that leave room for those taken."""
    query = (
        sa.select(Plan, Organization.name)
        .join(Organization, Organization.id == Plan.organization_id)
        .where(
            Plan.state == State.APPROVED,
            sa.type_coerce(Plan.subject, sa.String) == subject,
            Plan.start_on > today,
            Plan.start_on <= date(today.year, 12, 31),
        )
        .order_by(Plan.start_on, Plan.id)
    )
    open_ = [_offer(plan, base, year) for plan, base in session.execute(query) if year in plans.credit_years(plan)]
    return [offer for offer in open_ if not any(_clash(offer, other) for other in taken)]


def _offer(plan: Plan, base: str, year: int) -> Offer:
    return Offer(
        plan.id,
        plan.title,
        base,
        str(plan.subject),
        year,
        plan.start_on,
        plan.end_on,
        plan.place,
        plan.mode.label,
        plan.hours_each,
    )


def _clash(one: Offer, other: Offer) -> bool:
    """Nobody is in two places at once, nor studies one plan for two years; online study fits beside anything."""
    if one.plan_id == other.plan_id:
        return True
    if Mode.ONLINE.label in (one.mode, other.mode):
        return False
    return one.start_on <= other.end_on and other.start_on <= one.end_on


def _fewest(offers: Sequence[Offer], need: Decimal) -> list[Offer]:
    """The fewest offers that bring at least so many hours, no two at once; where none do, those that bring most.

    Online ones are free of each other: the longest first. Of the others, the best selection of each size by the
    classic schedule of weighted intervals. Then the smallest sum of both sizes wins.
    """
    online = sorted((each for each in offers if each.mode == Mode.ONLINE.label), key=lambda each: -each.hours_each)
    there = sorted((each for each in offers if each.mode != Mode.ONLINE.label), key=lambda each: each.end_on)
    free = [sum(other.end_on < each.start_on for other in there) for each in there]
    sizes: list[list[Offer]] = [[]]
    row: list[list[Offer]] = [[] for _ in range(len(there) + 1)]
    while len(sizes) <= len(there):
        longer: list[list[Offer]] = [[]]
        for at, each in enumerate(there):
            before = row[free[at]]
            taken = [*before, each] if len(before) == len(sizes) - 1 else []
            longer.append(max(longer[at], taken, key=_hours))
        if not longer[-1]:
            break
        row = longer
        sizes.append(row[-1])
    alone = list(accumulate((each.hours_each for each in online), initial=Decimal()))
    together = [
        (chosen, count) for chosen in sizes for count, extra in enumerate(alone) if _hours(chosen) + extra >= need
    ]
    if together:
        chosen, count = min(together, key=lambda pair: (len(pair[0]) + pair[1], -_hours(pair[0]) - alone[pair[1]]))
        return [*chosen, *online[:count]]
    return [*max(sizes, key=_hours), *online]


def _hours(chosen: Iterable[Offer]) -> Decimal:
    return sum((each.hours_each for each in chosen), Decimal())


@deed
def if_waiting(session: Session, today: DecisionSheet, *, actor: Actor) -> DecisionSheet:
    """Decision if postponed a year (推迟一年).

    The same application one year later with the same hours. Refused codes: "policy" and those of `sheet`.
    """
    later = today.facts.year + 1
    cells = dict(today.application.cells) | {"year": later}
    return sheet.sheet(session, replace(today.application, year=later, cells=cells), actor=actor)
