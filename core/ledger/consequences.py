"""Consequences (后果) of a deed: counted while it is done, so that what is announced before a click is what happens.

`watch` counts what the ledger posts or takes back inside its block. For a preview (dry run) the deed is done inside
`db.rehearsed`, which rolls it back.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from core.ground.access import Refused
from core.ground.hours import hours_text
from core.ledger import reliance, years
from core.models import CreditBatch, Person, leagues


@dataclass(frozen=True)
class Consequence:
    """Consequence (后果) of a deed, the same before it and after it: two of them are equal where all figures are.

    People are humans: who stands in a roster twice, or is on file twice, is one.
    """

    done: str = ""
    """What the deed does, in words that fit before and after it."""
    people: int = 0
    """Whose hours are posted or taken back; before a submission is decided, whose approval would post as it stands."""
    hours: Decimal = Decimal()
    """Posted less taken back."""
    years: tuple[int, ...] = ()
    """The credit years (学时年度) they count for."""
    completing: int = 0
    """People who thereby meet what one of these years requires (达到年度要求)."""
    falling: int = 0
    """People who no longer meet what one of these years requires."""
    cards_revoked: int = 0
    """Cards (审验卡) that hold until then and no longer."""
    cards_outdated: int = 0
    """Cards that hold, and from then on show less than there is."""
    left: int = 0
    """Of a reversal: entries of the batch that still stand after it."""
    left_out: int = 0
    """Rows of a roster that post nothing: with faults, not passed, or without hours."""
    sent_back: int = 0
    """Rows of a roster that go back to their base."""
    late: bool = False
    """Filed after its last day."""
    double: int = 0
    """People who stand in another roster of the same days (同日两处)."""
    confirm: str = ""
    """What approval must confirm in so many words (须确认的事项); to be handed to the move as it is."""
    over_plan: str = ""
    """What is far beyond the approved plan (超出计划), both figures in words."""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Its figures as labels and short values, those that are not nothing, to be drawn beside the buttons."""
        hours, back = hours_text(abs(self.hours)), self.hours < 0
        said = [
            ("人数", self.people and f"{self.people}人"),
            ("冲销学时" if back else "登记学时", self.hours and hours),
            ("学时年度", "、".join(map(str, self.years))),
            ("由此达到年度要求", self.completing and f"{self.completing}人"),
            ("不再达到年度要求", self.falling and f"{self.falling}人"),
            ("失效的审验卡", self.cards_revoked and f"{self.cards_revoked}张"),
            ("学时有增加、可换发的审验卡", self.cards_outdated and f"{self.cards_outdated}张"),
            ("退回改正的行", self.sent_back and f"{self.sent_back}行"),
            ("不登记学时的行", self.left_out and f"{self.left_out}行"),
            ("该批仍有效", self.left and f"{self.left}笔"),
            ("报送", self.late and "逾期"),
            ("超出计划", self.over_plan),
            ("同日还在其他花名册", self.double and f"{self.double}人"),
        ]
        return [(label, str(value)) for label, value in said if value]

    @property
    def words(self) -> str:
        """The whole in one sentence, without its full stop; "" where nothing is to be told."""
        more = [
            self.completing and f"{self.completing}人由此达到年度要求",
            self.falling and f"{self.falling}人不再达到年度要求",
            self.cards_revoked and f"{self.cards_revoked}张已出具的审验卡失效",
            self.cards_outdated and f"{self.cards_outdated}张已出具的审验卡学时有增加，可重新打印",
            self.sent_back and f"{self.sent_back}行退回改正",
            self.left_out and f"{self.left_out}行不登记学时",
            self.double and f"{self.double}人同日还在其他培训的花名册中",
        ]
        return "；".join([*filter(None, [self.done]), *map(str, filter(None, more))])


@dataclass(eq=False)  # two that stand in one another have counted the same, and are two
class Watch:
    """What the ledger did since `watch` began."""

    people: set[int] = field(default_factory=set)
    hours: Decimal = Decimal()
    years: set[int] = field(default_factory=set)
    short: dict[tuple[int, int], tuple[bool, bool]] = field(default_factory=dict)
    """Of each human and year that a notice judges alone: whether it lacked anything before, and afterwards."""
    revoked: int = 0
    outdated: int = 0

    def take(self, other: Watch) -> None:
        """Count what another has counted as well."""
        self.people |= other.people
        self.hours += other.hours
        self.years |= other.years
        self.revoked += other.revoked
        self.outdated += other.outdated
        if not self.short:  # as a rule: the one batch of the deed
            self.short = dict(other.short)
            return
        for key, (before, after) in other.short.items():
            self.short[key] = self.short.get(key, (before, after))[0], after

    def consequence(self) -> Consequence:
        """What was counted until now."""
        completing = {human for (human, _), (before, after) in self.short.items() if before and not after}
        falling = {human for (human, _), (before, after) in self.short.items() if after and not before}
        return Consequence(
            people=len(self.people),
            hours=self.hours,
            years=tuple(sorted(self.years)),
            completing=len(completing),
            falling=len(falling),
            cards_revoked=self.revoked,
            cards_outdated=self.outdated,
        )


_WATCHING = "who counts what the ledger does"
_FOREKNOWN = "what the next batch leads to"


def foreknow(session: Session, counted_before: Watch) -> None:
    """Have the next batch counted as it was when it was rehearsed on the same state (已预演的后果): that takes long."""
    session.info[_FOREKNOWN] = counted_before


@contextlib.contextmanager
def watch(session: Session) -> Iterator[Watch]:
    """Count what is posted and taken back in this session until the block ends; one may stand in another."""
    mine = Watch()
    watching = session.info.setdefault(_WATCHING, [])
    watching.append(mine)
    try:
        yield mine
    finally:
        watching.remove(mine)


@contextlib.contextmanager
def counted(session: Session, batch: CreditBatch, entries: Mapping[str, Sequence[Any]]) -> Iterator[None]:
    """Around the writing of a batch (`books`): hold its people's years against their notice before and after it.

    `entries`: its columns. Costs nothing where nobody watches.
    """
    watching: list[Watch] = session.info.get(_WATCHING, [])
    known_before: Watch | None = session.info.pop(_FOREKNOWN, None)
    if not watching or known_before:
        yield
        for each in watching:
            each.take(known_before or Watch())
        return
    homes = _humans(session, set(entries["person_id"]))
    touched: defaultdict[int, set[int]] = defaultdict(set)
    for person_id, year in zip(entries["person_id"], entries["year"], strict=True):
        touched[homes[person_id][0]].add(year)
    known = leagues(session)
    groups: defaultdict[tuple[str | None, int], list[int]] = defaultdict(list)
    for human, office_id in set(homes.values()):
        for year in touched[human]:
            groups[known.get(office_id), year].append(human)
    before = _short(session, groups)
    yield
    after = _short(session, groups)
    revoked = reliance.revoked(session, batch.id) if batch.reverses_id else 0
    outdated = 0 if batch.reverses_id else reliance.outdated(session, batch.id, touched)
    short = {key: (lacked, after[key]) for key, lacked in before.items()}
    found = Watch(set(touched), sum(entries["hours"], Decimal()), set(entries["year"]), short, revoked, outdated)
    for each in watching:
        each.take(found)


def _humans(session: Session, person_ids: set[int]) -> dict[int, tuple[int, int]]:
    """Under which human each of these records counts, and before which authority that human is."""
    human, asked = aliased(Person), sorted(person_ids)
    found: dict[int, tuple[int, int]] = {}
    for start in range(0, len(asked), 5000):
        some = sa.select(Person.id, human.id, human.authority_id).join(human, human.id == Person.human_id)
        rows = session.execute(some.where(Person.id.in_(asked[start : start + 5000])))
        found |= {person_id: (human_id, office_id) for person_id, human_id, office_id in rows}
    return found


def _short(session: Session, groups: Mapping[tuple[str | None, int], list[int]]) -> dict[tuple[int, int], bool]:
    """Who lacks anything of a year, seen from that year as a card of it is; by the league whose notice holds.

    Years that no notice judges, or that it judges together with others, have no answer.
    """
    found: dict[tuple[int, int], bool] = {}
    for (league, year), humans in groups.items():
        try:
            seen = years.view(year, league)
        except Refused:
            continue
        if not seen.alone:
            continue
        held = years.of_many(session, np.array(humans, np.int64), seen, year)
        lacks = held.short([year]).tolist()
        found |= {(human, year): short for human, short in zip(humans, lacks, strict=True)}
    return found
