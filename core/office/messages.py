"""Messages of an account (消息): what concerns it, what it has read, what it wants to hear of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Message, MessageChoice, MessageRead, Person, Report, under
from core.submissions.kinds import KINDS
from core.trail.messages import Topic

COUNTED = timedelta(days=60)
"""Unread ones older than that are not counted any more."""


@dataclass(frozen=True)
class Line:
    """A message as an account sees it (消息)."""

    id: int
    at: datetime
    topic: Topic
    title: str
    words: str
    record: str
    record_id: int
    unread: bool


@dataclass(frozen=True)
class Choice:
    """What an account wants to hear of (消息设置)."""

    quiet: tuple[Topic, ...] = ()
    mail: str = ""
    failure: str = ""
    """Why the last daily mail did not go; "" where it went, or none is wanted."""


def reaching(actor: Actor) -> sa.ColumnElement[bool]:
    """The messages that reach an actor: to the own role of the own organization, or to oneself; not of own deeds."""
    if actor.held_back or actor.account_id is None:
        return sa.false()
    to: sa.ColumnElement[bool] = sa.and_(
        Message.organization_id == actor.organization_id, Message.role == actor.role.value
    )
    if actor.role is Role.PERSON:
        to = Message.person_id.in_(sa.select(Person.id).where(under(Person, actor.person_id or 0)))
    return sa.and_(to, Message.account_id.is_distinct_from(actor.account_id))


def _unread(actor: Actor, kept: MessageChoice | None) -> sa.ColumnElement[bool]:
    read = sa.exists().where(MessageRead.account_id == actor.account_id, MessageRead.message_id == Message.id)
    return sa.and_(Message.id > (kept.read_up_to if kept else 0), ~read)


def unread(session: Session, actor: Actor, *, now: datetime) -> int:
    """How many messages an account has not read (未读消息); old ones, and those it is quiet about, count as read."""
    kept = session.get(MessageChoice, actor.account_id) if actor.account_id else None
    query = sa.select(sa.func.count(Message.id)).where(reaching(actor), _counted(actor, kept, now))
    return session.scalar(query) or 0


def _counted(actor: Actor, kept: MessageChoice | None, now: datetime) -> sa.ColumnElement[bool]:
    """What counts as unread, beside the menu and in the list alike."""
    return sa.and_(_unread(actor, kept), Message.at > now - COUNTED, Message.topic.not_in(_quiet(kept)))


def listing(
    session: Session,
    actor: Actor,
    *,
    topic: Topic | None = None,
    only_unread: bool = False,
    offset: int = 0,
    limit: int | None = 50,
    now: datetime,
) -> tuple[list[Line], int]:
    """Messages of an account (消息), the newest first, and how many there are; unread as `unread` counts.

    An `offset` beyond the last of them answers the last page. Refused codes: "password".
    """
    require(actor, *Role)
    kept = session.get(MessageChoice, actor.account_id)
    conditions = [reaching(actor)]
    if topic:
        conditions.append(Message.topic == topic.value)
    if only_unread:
        conditions.append(_counted(actor, kept, now))
    count = session.scalar(sa.select(sa.func.count(Message.id)).where(*conditions)) or 0
    if limit and offset >= count:
        offset = max(0, count - 1) // limit * limit
    query = sa.select(Message, _counted(actor, kept, now)).where(*conditions).order_by(Message.id.desc())
    rows = session.execute(query.offset(offset).limit(limit))
    return [
        Line(each.id, each.at, Topic(each.topic), each.title, each.words, each.record, each.record_id, bool(new))
        for each, new in rows
    ], count


def unread_of(session: Session, submission_ids: Collection[int], actor: Actor) -> list[int]:
    """Unread messages about submissions (某件的未读消息), and of a report about its plan; their numbers."""
    require(actor, *Role)
    plans = sa.select(Report.plan_id).where(Report.id.in_(submission_ids))
    about = sa.or_(Message.record_id.in_(submission_ids), Message.record_id.in_(plans))
    kept = session.get(MessageChoice, actor.account_id)
    query = sa.select(Message.id).where(reaching(actor), Message.record.in_(KINDS), about, _unread(actor, kept))
    return list(session.scalars(query))


@deed
def read(session: Session, message_ids: Collection[int], *, actor: Actor) -> None:
    """Mark messages as read (标为已读), of those that reach the actor. Refused codes: "password"."""
    require(actor, *Role)
    kept = session.get(MessageChoice, actor.account_id)
    query = sa.select(Message.id).where(Message.id.in_(message_ids), reaching(actor), _unread(actor, kept))
    session.add_all(MessageRead(account_id=actor.account_id, message_id=each) for each in session.scalars(query).all())
    session.flush()


@deed
def read_all(session: Session, *, actor: Actor) -> None:
    """Mark all messages as read (全部已读). Refused codes: "password"."""
    require(actor, *Role)
    kept = _kept(session, actor)
    kept.read_up_to = session.scalar(sa.select(sa.func.max(Message.id))) or 0
    session.execute(sa.delete(MessageRead).where(MessageRead.account_id == actor.account_id))


def choice(session: Session, actor: Actor) -> Choice:
    """What an account wants to hear of (消息设置). Refused codes: "password"."""
    require(actor, *Role)
    kept = session.get(MessageChoice, actor.account_id)
    return Choice(tuple(map(Topic, _quiet(kept))), kept.mail or "", kept.failure) if kept else Choice()


@deed
def choose(session: Session, *, quiet: Iterable[Topic], mail: str, actor: Actor) -> None:
    """Choose what to hear of (消息设置): topics to be quiet about, and where the daily mail goes, if anywhere.

    Refused codes: "password", "mail" (no address).
    """
    require(actor, *Role)
    mail = typed.narrow(mail)
    if mail and (len(mail) > 100 or not re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", mail, re.ASCII)):
        raise Refused("mail", "这不是邮箱地址，请写成 name@example.com；不要每日邮件的，留空。")
    kept = _kept(session, actor)
    kept.quiet = ",".join(sorted({topic.value for topic in quiet}))
    if mail != (kept.mail or ""):
        kept.mail, kept.failure, kept.tries, kept.try_after = mail or None, "", 0, None


def _kept(session: Session, actor: Actor) -> MessageChoice:
    kept = session.get(MessageChoice, actor.account_id)
    if kept is None:
        kept = MessageChoice(account_id=actor.account_id, read_up_to=0, quiet="", mailed_up_to=0, tries=0)
        kept.failure = ""
        session.add(kept)
    return kept


def _quiet(kept: MessageChoice | None) -> list[str]:
    return [code for code in kept.quiet.split(",") if code] if kept else []
