"""What rests on posted hours (凭学时出具的审验卡): which cards a reversal revokes, which ones later hours outdate."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.models import (
    AuditEntry,
    Card,
    CardPerson,
    CardRevocation,
    Change,
    CreditBatch,
    CreditEntry,
    DecisionPart,
    DecisionPerson,
    DecisionRun,
    Dispute,
    Person,
    PersonChange,
    under,
)
from core.trail import audit


def relied(session: Session, batch: CreditBatch) -> str:
    """What has relied on a batch's hours (已被使用), in words; "" where nothing has.

    A card that shows them, a decision about one of the people since, a dispute about an entry, a proof of one.
    """
    entries = sa.select(1).select_from(CreditEntry).where(CreditEntry.batch_id == batch.id).limit(1)
    card = entries.join(CardPerson, CardPerson.person_id == CreditEntry.person_id).join(
        Card, sa.and_(Card.id == CardPerson.card_id, CreditEntry.year.between(Card.first_year, Card.year))
    )
    decision = (
        entries.join(Person, Person.id == CreditEntry.person_id)
        .join(DecisionPerson, DecisionPerson.person_id.in_((CreditEntry.person_id, Person.human_id)))
        .join(DecisionPart, DecisionPart.id == DecisionPerson.part_id)
        .join(DecisionRun, DecisionRun.id == DecisionPart.run_id)
        .where(DecisionPart.year >= CreditEntry.year, DecisionRun.decided_at >= batch.posted_at)
    )
    proof = sa.select(1).where(
        AuditEntry.event == audit.Event.PROOF_ISSUED.value,
        AuditEntry.after.startswith(f'{{"batch":{batch.id},', autoescape=True),
    )
    asked = {
        "已有人凭这些学时打印审验卡": card.where(Card.batch_id >= batch.id),
        "已有资格核验结论可能用到这些学时": decision,
        "已有人对其中的学时提出异议": sa.select(1).where(Dispute.batch_id == batch.id),
        "已有人就其中的学时打印入账证明": proof,
    }
    return "、".join(words for words, query in asked.items() if session.scalar(query.limit(1)))


@dataclass(frozen=True)
class Revocation:
    """Revocation (失效): since when and why a card holds no more: hours were taken back, or are somebody else's."""

    on: date
    words: str
    of_paper: bool = False
    """Whether it is the card alone that holds no more, and its hours stay as they are."""

    @property
    def kind(self) -> str:
        """Which kind of reason (失效原因类别): what the office wrote beside it is not for the public."""
        return self.words.partition("：")[0]


_ON_CARD = sa.and_(CreditEntry.person_id == CardPerson.person_id, CreditEntry.year.between(Card.first_year, Card.year))
"""The entries of those whose hours a card shows, in the years that it shows."""


@functools.cache
def _revoking() -> sa.Select[int, datetime, str]:
    """Each card with the reversals that revoke it: of whose hours it shows, in a year it shows, of a batch it was
    issued on. That people were merged or separated since changes nothing about what it shows."""
    return (
        sa.select(Card.id, CreditBatch.posted_at, CreditBatch.basis)
        .join(CardPerson, CardPerson.card_id == Card.id)
        .join(CreditEntry, _ON_CARD)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .where(CreditBatch.id > Card.batch_id, CreditBatch.reverses_id <= Card.batch_id)
        .group_by(Card.id, CreditBatch.id)
        .order_by(CreditBatch.id)
    )


@functools.cache
def _separating() -> sa.Select[int, datetime]:
    """Each card with the separations that revoke it: a record whose hours it shows beside its person's own is found to
    be another human's."""
    return (
        sa.select(Card.id, PersonChange.at)
        .join(CardPerson, sa.and_(CardPerson.card_id == Card.id, CardPerson.person_id != Card.person_id))
        .join(PersonChange, PersonChange.person_id == CardPerson.person_id)
        .where(PersonChange.kind == Change.SEPARATED, PersonChange.at >= Card.issued_at)
        .order_by(PersonChange.id)
    )


BY_HAND = {"lost": "因遗失注销", "wrong": "因卡面信息有误注销", "other": "由核定机关注销"}
"""What is said of a card that an office revoked by hand, by the kind of reason."""


def revocations(session: Session, which: sa.ColumnElement[bool]) -> dict[int, Revocation]:
    """Revocation check (失效检查): the first revocation of each revoked card, by card.

    Step 1: reversals of hours it shows, of batches it was issued on. Step 2: separations of a record it summed up.
    Step 3: what an office revoked by hand. Step 4: the earliest of them counts.
    """
    found = [(at, card_id, words, False) for card_id, at, words in session.execute(_revoking().where(which))]
    separated = "卡上合计了两条记录的学时，其合并已撤销"
    found += [(at, card_id, separated, False) for card_id, at in session.execute(_separating().where(which))]
    by_hand = sa.select(CardRevocation).join(Card, Card.id == CardRevocation.card_id).where(which)
    found += [(each.at, each.card_id, BY_HAND[each.kind], True) for each in session.scalars(by_hand)]
    first: dict[int, Revocation] = {}
    for at, card_id, words, of_paper in sorted(found, key=lambda each: each[0]):
        first.setdefault(card_id, Revocation(db.office_day(at), words, of_paper))
    return first


def holders(session: Session, batch_id: int) -> frozenset[int]:
    """Whose cards a reversal revokes (审验卡失效的持卡人), by human."""
    mine = _revoking().where(CreditBatch.id == batch_id).subquery()
    whose = sa.select(Person.human_id).join(Card, Card.person_id == Person.id)
    return frozenset(session.scalars(whose.where(Card.id.in_(sa.select(mine.c.id)))))


def revoked(session: Session, batch_id: int) -> int:
    """Cards revoked (失效的审验卡) by a reversal that nothing before it had revoked: how many."""
    mine = _revoking().where(CreditBatch.id == batch_id).subquery()
    which = Card.id.in_(sa.select(mine.c.id))
    earlier = {card_id for card_id, *_ in session.execute(_revoking().where(which, CreditBatch.id < batch_id))}
    earlier |= {card_id for card_id, _ in session.execute(_separating().where(which))}
    earlier |= set(session.scalars(sa.select(CardRevocation.card_id).join(Card).where(which)))
    return len(set(session.scalars(sa.select(mine.c.id))) - earlier)


def grown(session: Session, which: sa.ColumnElement[bool]) -> frozenset[int]:
    """Cards (学时已增加的审验卡) of these in whose years hours were posted that they do not show."""
    return frozenset(session.scalars(_grown().where(which)))


def outdated(session: Session, batch_id: int, years: Mapping[int, Collection[int]]) -> int:
    """Cards outdated (学时有增加的审验卡) by a batch that posted hours: they hold, and show less than there is now.

    `years`: the credit years in which it posted, by human. Of a human's cards of one year the newest counts, and it
    counts once: not where hours were posted before that it does not show either.
    """
    newest: dict[tuple[int, int], int] = {}
    whose, asked = sorted(years), sa.select(Card.id, Person.human_id, Card.first_year, Card.year)
    if session.scalar(sa.select(Card.id).limit(1)) is None:
        return 0
    for start in range(0, len(whose), 5000):
        some = asked.join(Person, Person.id == Card.person_id).where(under(Person, whose[start : start + 5000]))
        for card_id, human, first, last in session.execute(some.order_by(Card.id)):
            if any(first <= year <= last for year in years[human]):
                newest[human, last] = card_id
    found = set(newest.values())
    for start in range(0, len(whose_cards := sorted(found)), 5000):
        which = Card.id.in_(whose_cards[start : start + 5000])
        found -= revocations(session, which).keys()
        found -= set(session.scalars(_grown().where(which, CreditBatch.id < batch_id)))
    return len(found)


@functools.cache
def _grown() -> sa.Select[int]:
    """Cards with the batches that posted hours they do not show, of whose hours and years they show."""
    return (
        sa.select(Card.id)
        .join(CardPerson, CardPerson.card_id == Card.id)
        .join(CreditEntry, _ON_CARD)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .where(CreditBatch.id > Card.batch_id, CreditBatch.reverses_id.is_(None))
        .distinct()
    )
