"""Caps (学时上限): the most that counts of a source, subject or activity per item, day and year. Posts nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from core.ground.access import Refused
from core.law import notices
from core.law.notices import TOTAL, TOTAL_NAME, Conversion, Policy
from core.ledger.standing import STANDS
from core.models import CreditBatch, CreditEntry, Person, Source, leagues, under


class Item(Protocol):
    """Item to check against caps: hours about to be posted for one item: a training, a certificate."""

    @property
    def person_id(self) -> int: ...
    @property
    def year(self) -> int: ...
    @property
    def subject(self) -> str: ...
    @property
    def source(self) -> Source | None: ...
    @property
    def hours(self) -> Decimal: ...
    @property
    def days(self) -> int | None:
        """How many days it took; None where nobody said, and then no cap per day can be held against it."""

    @property
    def note(self) -> str:
        """Its basis; where several activities have one source, it names the activity."""


class _Limit(NamedTuple):
    """So many hours at most, of what is named, for one item or for a year of everything with the same key."""

    most: Decimal
    words: str
    key: tuple[Hashable, ...] | None = None
    """Of one person; None: for the one item."""


def exceeded(session: Session, items: Sequence[Item], *, league: str | None = None) -> dict[int, str]:
    """Check caps (学时上限): which items are more than the notice of their year lets count, by place, each with why.

    The notice is that of the person's league, of those not on file yet that of `league`.

    Step 1: what limits each item: caps per day and per item by themselves, caps per year with a key that everything
    counting toward the same cap of the same person shares. Most rows of a roster are alike: limited by nothing.
    Step 2: what stands in the ledger toward the yearly caps, under the human a record counts for.
    Step 3: the items in their order: one that would exceed a cap is named and does not count; others add to the year.
    """
    limits: dict[int, list[_Limit]] = {}
    free = set()
    homes = _homes(session, items)
    for at, item in enumerate(items):
        home = homes.get(item.person_id, league)
        alike = (home, item.year, item.source, item.subject, item.note, item.days, not item.hours)
        if alike in free:
            continue
        limits[at] = list(_limits(item, home))
        if not limits[at]:
            free.add(alike)
    yearly = {items[at].person_id for at, found in limits.items() if any(limit.key for limit in found)}
    whose = _humans(session, yearly)
    used = _used(session, set(whose.values()), homes)
    over: dict[int, str] = {}
    for at, found in limits.items():
        hours, human = items[at].hours, whose.get(items[at].person_id)
        for limit in found:
            sum_so_far = used[human, limit.key] if limit.key else Decimal()
            if sum_so_far + hours > limit.most:
                before = f"，已有{sum_so_far.normalize():f}学时" if sum_so_far else ""
                over.setdefault(at, f"{limit.words}{before}")
        if at not in over:
            for key in {limit.key for limit in found if limit.key}:
                used[human, key] += hours
    return over


def _limits(item: Item, league: str | None) -> Iterator[_Limit]:
    """What a league's notice of its year holds against an item."""
    rule = _rule(item.year, league)
    if rule is None or item.source is None or not item.hours:
        return
    conversion = conversion_of(rule, item.source, item.subject, item.note)
    if conversion:
        whose = f"{conversion.activity}每%s至多%s学时（{conversion.clause}）"
        if conversion.per_item is not None:
            yield _Limit(conversion.per_item, whose % ("项", f"{conversion.per_item:f}"))
        if conversion.per_year is not None:
            key = (item.year, conversion.activity, conversion.subject)
            yield _Limit(conversion.per_year, whose % ("年度", f"{conversion.per_year:f}"), key)
    whole = rule.whole_of(item.subject)
    for place, cap in enumerate(rule.caps):
        if cap.source not in (None, item.source.label) or not cap.holds_for(item.subject, whole):
            continue
        of = "、".join(filter(None, (cap.source, _name(rule, cap.subject))))
        words = f"{of}每%s至多{cap.hours:f}学时（{cap.clause}）"
        if cap.per == "item":
            yield _Limit(cap.hours, words % "项")
        elif cap.per == "year":
            yield _Limit(cap.hours, words % "年度", (item.year, place))
        elif item.days is not None:
            yield _Limit(cap.hours * item.days, words % "天")


def conversion_of(policy: Policy, source: Source, subject: str, basis: str) -> Conversion | None:
    """Conversion line (折合标准) that hours come from.

    Step 1: the lines of their source and subject. Step 2: where these are of several activities, those named in the
    basis. Step 3: those whose level and rank, where they have any, are named too. Step 4: of what is left, a line whose
    activity begins the basis, then the longest name, then the one that says most.
    """
    fits = [each for each in policy.conversions if (each.source, each.subject) == (source.label, subject)]
    if len({each.activity for each in fits}) > 1:
        fits = [each for each in fits if each.activity in basis]
    fits = [each for each in fits if all(word in basis for word in (each.level, each.rank) if word)]

    def named(each: Conversion) -> tuple[bool, int, int]:
        return basis.startswith(each.activity), len(each.activity), sum(map(bool, (each.level, each.rank)))

    return max(fits, key=named, default=None)


def _homes(session: Session, items: Sequence[Item]) -> dict[int, str | None]:
    """The league of each person on file; nobody's where no notice is a league's own."""
    if not any(each.league for each in notices.filed()):
        return {}
    asked, human = sorted({each.person_id for each in items}), aliased(Person)
    known = leagues(session)
    homes: dict[int, str | None] = {}
    for start in range(0, len(asked), 5000):
        some = sa.select(Person.id, human.id, human.authority_id).join(human, human.id == Person.human_id)
        for person_id, human_id, office_id in session.execute(some.where(Person.id.in_(asked[start : start + 5000]))):
            homes |= dict.fromkeys((person_id, human_id), known[office_id])
    return homes


def _humans(session: Session, person_ids: set[int]) -> dict[int, int]:
    """Under whom the hours of each of these records count: for a duplicate, whom it was merged into."""
    whose, asked = {each: each for each in person_ids}, sorted(person_ids)
    for start in range(0, len(asked), 5000):
        some = Person.id.in_(asked[start : start + 5000])
        merged = sa.select(Person.id, Person.human_id).where(some, Person.merged_into_id.is_not(None))
        whose |= dict(session.execute(merged).all())
    return whose


def _used(session: Session, human_ids: set[int], homes: Mapping[int, str | None]) -> defaultdict[Hashable, Decimal]:
    """What stands in the ledger toward each yearly limit of each of these."""
    used: defaultdict[Hashable, Decimal] = defaultdict(Decimal)
    known = sorted(human_ids)
    basis = sa.func.coalesce(sa.func.nullif(CreditEntry.note, ""), CreditBatch.basis)
    for start in range(0, len(known), 5000):
        query = (
            sa.select(CreditEntry, basis, Person.human_id)
            .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
            .join(Person, Person.id == CreditEntry.person_id)
            .where(under(Person, known[start : start + 5000]), STANDS)
        )
        for entry, words, person_id in session.execute(query):
            item = _Posted(person_id, entry.year, entry.subject, entry.source, entry.hours, None, words)
            for key in {limit.key for limit in _limits(item, homes.get(person_id)) if limit.key}:
                used[person_id, key] += entry.hours
    return used


class _Posted(NamedTuple):
    """An item as it stands in the ledger."""

    person_id: int
    year: int
    subject: str
    source: Source
    hours: Decimal
    days: int | None
    note: str


def _rule(year: int, league: str | None) -> Policy | None:
    try:
        return notices.of_year(year, league)
    except Refused:
        return None


def _name(policy: Policy, code: str | None) -> str:
    names = {each.code: each.name for each in policy.subjects} | {TOTAL: TOTAL_NAME}
    return names.get(code or "", "")
