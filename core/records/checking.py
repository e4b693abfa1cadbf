"""Cards checked by anybody (公开核验): each check is kept for the card's holder, the bearer held against the card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import names, typed
from core.ground.access import Actor, Role, require
from core.models import Card, CardCheck, Person, under
from core.people import persons, tries
from core.records import cards, tokens
from core.records.cards import Verification


def check(session: Session, code: str, *, now: datetime) -> Verification | None:
    """Check a card (核验审验卡) by what was typed or scanned; kept as a check of it. None: there is no such card."""
    found = cards.verification(session, code)
    if found:
        _kept(session, found, None, now)
    return found


def _kept(session: Session, found: Verification, agreed: bool | None, now: datetime) -> None:
    session.add(CardCheck(card_id=found.card_id, at=now, answer=found.answer.value, agreed=agreed))


@dataclass(frozen=True)
class Confirmed:
    """Whether name and last four digits are the card's (核对结果); `wait`: how long before it may be asked again."""

    card: Verification
    agreed: bool | None = None
    wait: timedelta = timedelta(0)


def confirm(session: Session, code: str, name: str, last_four: str, *, now: datetime) -> Confirmed | None:
    """Hold a card's bearer against it (核对持卡人): the whole name and the last four digits, yes or no, and no more.

    What is wrong is counted by the card: after ten the next one waits, longer each time, ten minutes at most; so all
    ten thousand endings cannot be tried. None: there is no such card.
    """
    found = cards.verification(session, code)
    if found is None:
        return None
    by = [tries.Counter(f"card/{found.card_id}", 10, timedelta(minutes=10))]
    if (wait := tries.count(session, by, now)) > timedelta(0):
        return Confirmed(found, wait=wait)
    said = cards.said_by(session.get_one(Card, found.card_id))
    agreed = names.borne(name, said["name"]) and typed.plain(last_four).upper() == said["id_mask"][-4:]
    if agreed:
        tries.succeeded(session, by)
    _kept(session, found, agreed, now)
    return Confirmed(found, agreed)


def of_person(session: Session, actor: Actor) -> pd.DataFrame:
    """Who checked my cards (我的卡被核验): when and with what answer, newest first, for the card's holder alone.

    Columns: at, code (as printed), year, answer, agreed (是否相符, "" where nobody asked). Refused codes: "role",
    "missing".
    """
    require(actor, Role.PERSON)
    person = persons.one(session, actor.person_id or 0, actor)
    mine = sa.select(Person.id).where(under(Person, person.id))
    query = (
        sa.select(CardCheck.at, Card.code, Card.year, CardCheck.answer, CardCheck.agreed)
        .join(Card, Card.id == CardCheck.card_id)
        .where(Card.person_id.in_(mine))
        .order_by(CardCheck.id.desc())
    )
    words = {None: "", True: "相符", False: "不相符"}
    lines = [
        (at, tokens.written(code), year, cards.Answer(answer).label, words[agreed])
        for at, code, year, answer, agreed in session.execute(query)
    ]
    return pd.DataFrame(lines, columns=["at", "code", "year", "answer", "agreed"])


def faults(session: Session) -> list[str]:
    """Every card whose statement is not what the office signed (被改动的审验卡), by its number in the database."""
    cards_there = session.scalars(sa.select(Card).order_by(Card.id).execution_options(yield_per=1000))
    return [f"card {each.id} is not what the office signed" for each in cards_there if not cards.is_genuine(each)]
