"""Messages that deeds leave (消息) for those they concern, in the deed's own transaction; `audit.record` asks here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Actor, Labelled, Role
from core.models import Message


class Topic(Labelled):
    """What a message is about (消息类别); an account may be quiet about each."""

    FILED = "filed", "新的上报"
    DECIDED = "decided", "审核结果"
    RETURNED = "returned", "退回"
    COMMENTED = "commented", "留言"
    HOURS = "hours", "学时登记和冲销"
    DEADLINE = "deadline", "期限提醒"
    EXTENDED = "extended", "准予延期"
    TARGET = "target", "指标下达"
    CARD = "card", "审验卡失效"


@dataclass(frozen=True)
class Deed:
    """A deed, as those hear of it whom it concerns: what was done to which record, by whom, why."""

    event: str
    touched: Any
    actor: Actor
    reason: str
    now: datetime


@dataclass(frozen=True)
class Word:
    """A message to be left (消息): to a role of an organization, or to a person under the human's id."""

    topic: Topic
    title: str
    """No person and no number in it: it is what a mail quotes."""
    words: str = ""
    organization_id: int | None = None
    role: Role | None = None
    person_id: int | None = None
    record: str = ""
    """What it opens, where that is another record than the deed's."""
    record_id: int = 0
    once: str | None = None
    """Names what it reminds of; a second one of the same name is not left."""


Hears = Callable[[Session, Deed], Iterable[Word]]
_HEARS: dict[str, Hears] = {}


def about(*events: Labelled) -> Callable[[Hears], Hears]:
    """Say who hears of events (谁收到消息): a function of the deed's own module, registered with this decorator."""

    def register(hears: Hears) -> Hears:
        _HEARS.update(dict.fromkeys((event.value for event in events), hears))
        return hears

    return register


def tell(session: Session, deed: Deed, record: str, record_id: int) -> None:
    """Leave the messages of a deed (写入消息), each one row however many accounts it reaches."""
    if hears := _HEARS.get(deed.event):
        leave(session, hears(session, deed), record, record_id, account_id=deed.actor.account_id, now=deed.now)


def leave(
    session: Session,
    words: Iterable[Word],
    record: str = "",
    record_id: int = 0,
    *,
    account_id: int | None = None,
    now: datetime,
) -> int:
    """Leave messages (写入消息), reminders once for each thing they remind of; answers how many."""
    told = list(words)
    names = [each.once for each in told if each.once]
    known = set(session.scalars(sa.select(Message.once).where(Message.once.in_(names)))) if names else set()
    rows = [
        {
            "at": now.replace(microsecond=0),
            "topic": each.topic.value,
            "organization_id": each.organization_id,
            "role": each.role.value if each.role else "",
            "person_id": each.person_id,
            "account_id": account_id,
            "record": each.record or record,
            "record_id": each.record_id or record_id,
            "title": each.title[:200],
            "words": each.words[:600],
            "once": each.once,
        }
        for each in {each.once or number: each for number, each in enumerate(told)}.values()
        if each.once is None or each.once not in known
    ]
    if rows:
        session.execute(sa.insert(Message), rows)
    return len(rows)
