"""Comments (留言) on a submission: to each other's side, or internal to the office that writes them; unread marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import OFFICERS, Actor, Labelled, Refused, Role, require
from core.ground.deeds import deed
from core.models import Comment, CommentRead, Submission
from core.submissions import kinds, workflow
from core.trail import audit, kept, messages

LONGEST = 500
"""Characters of one comment."""
WRITERS = (Role.REVIEWER, Role.ADMIN)
"""Officers of the deciding office who write, beside those who file."""


@audit.events
class Event(Labelled):
    """What a comment leaves in the trail: that it was written, never its words."""

    WRITTEN = "comment.written", "留言"


@dataclass(frozen=True)
class Said:
    """A comment as its reader has it."""

    id: int
    at: datetime
    account_name: str
    organization_id: int
    internal: bool
    words: str
    mine: bool
    unread: bool
    """Not marked as read by its reader, and not the reader's own."""


def may_write(submission: Submission, actor: Actor) -> bool:
    """Whether an actor may comment on a submission: who files it, and the officers of the office that decides it."""
    return workflow.files(submission, actor) or _of_office(submission, actor)


def may_write_internally(submission: Submission, actor: Actor) -> bool:
    """Whether an actor may write what only the own office reads (内部留言)."""
    return _of_office(submission, actor)


def _of_office(submission: Submission, actor: Actor) -> bool:
    offices = submission.decider_id, submission.authority_id
    return actor.role in WRITERS and actor.organization_id in offices


@deed
def write(
    session: Session, submission_id: int, words: str, *, internal: bool = False, actor: Actor, now: datetime
) -> Comment:
    """Write a comment (留言); `internal`: for the own office only. ID numbers in it are masked.

    Refused codes: "missing", "role" (may read and not write), "words" (none, or too many).
    """
    require(actor, *Role)
    submission = workflow.one(session, submission_id, actor)
    may = may_write_internally(submission, actor) if internal else may_write(submission, actor)
    if not may:
        raise Refused("role", "留言由报送的一方和审核机关的审核员、管理员填写；内部留言只在审核机关内部。")
    words = resident_id.masked(typed.prose(str(words)))
    if not words or len(words) > LONGEST:
        raise Refused("words", f"留言应为1至{LONGEST}个字，现有{len(words)}个字。")
    made = Comment(
        submission_id=submission.id,
        account_id=actor.account_id,
        account_name=actor.name,
        organization_id=actor.organization_id,
        internal=bool(internal),
        words=words,
        at=now,
    )
    session.add(made)
    session.flush()
    after = {"submission": submission.id, "kind": submission.kind, "internal": made.internal, "length": len(words)}
    audit.record(session, Event.WRITTEN, made, actor=actor, after=after, now=now)
    return made


@messages.about(Event.WRITTEN)
def _hear(session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """The other side hears of a comment; of an internal one the own office alone."""
    made: Comment = deed.touched
    submission = session.get_one(Submission, made.submission_id)
    to_filers = _of_office(submission, deed.actor) and not made.internal
    to = workflow.to_filers if to_filers else workflow.to_office
    title = f"{kinds.of(submission).short}有新留言：{submission.title}"
    yield from to(submission, messages.Topic.COMMENTED, title, made.words)


def of(session: Session, submission_id: int, actor: Actor) -> list[Said]:
    """Comments on a submission (留言) that the actor may read, the oldest first. Refused codes: "missing"."""
    workflow.seen(session, submission_id, actor)
    read = sa.func.coalesce(_read_up_to(actor), 0)
    query = sa.select(Comment, read).where(Comment.submission_id == submission_id, _readable(actor))
    return [
        Said(
            id=each.id,
            at=each.at,
            account_name=each.account_name,
            organization_id=each.organization_id,
            internal=each.internal,
            words=each.words,
            mine=each.account_id == actor.account_id,
            unread=each.account_id != actor.account_id and each.id > up_to,
        )
        for each, up_to in session.execute(query.order_by(Comment.id))
    ]


def unread(session: Session, actor: Actor) -> dict[int, int]:
    """Unread comments (未读留言): how many of others' by submission, of those the actor has to do with.

    Who files sees those of the own house; an officer those before the own office, not what it merely oversees. Counted
    anew after a deed, and where the actor has read further, which leaves no line in the trail.
    """
    read = db.plain(session, _READ_SO_FAR, account=actor.account_id).scalar_one()
    return kept.mark((db.url(), "unread", actor), (kept.stamp(session), read), lambda: _unread(session, actor))


_READ = CommentRead.__table__.c
_READ_SO_FAR = sa.select(sa.func.sum(_READ.comment_id)).where(_READ.account_id == sa.bindparam("account"))
"""Grows with each comment that is read."""


def _unread(session: Session, actor: Actor) -> dict[int, int]:
    query = (
        sa.select(Comment.submission_id, sa.func.count(Comment.id))
        .join(Submission, Submission.id == Comment.submission_id)
        .where(
            workflow.visible_to(actor),
            _readable(actor),
            Comment.account_id.is_distinct_from(actor.account_id),
            Comment.id > sa.func.coalesce(_read_up_to(actor), 0),
        )
        .group_by(Comment.submission_id)
    )
    if actor.role in OFFICERS:
        own = sa.literal(actor.organization_id)  # asked of each comment's submission, not of all an office has
        query = query.where(own.in_((Submission.decider_id, Submission.authority_id)))
    return dict(session.execute(query).all())


@deed
def mark_read(session: Session, submission_id: int, *, actor: Actor, now: datetime) -> None:
    """Mark what the actor may read of a submission's comments as read (已读). Refused codes: "missing"."""
    workflow.one(session, submission_id, actor)
    if actor.account_id is None:
        return
    mine = sa.select(sa.func.max(Comment.id)).where(Comment.submission_id == submission_id, _readable(actor))
    last = session.scalar(mine)
    if last is None:
        return
    before = session.get(CommentRead, (actor.account_id, submission_id))
    if before is None:
        session.add(CommentRead(account_id=actor.account_id, submission_id=submission_id, comment_id=last, at=now))
    elif before.comment_id < last:
        before.comment_id, before.at = last, now


def _readable(actor: Actor) -> sa.ColumnElement[bool]:
    """Comments an actor may read of a submission that the actor may see: internal ones within the own office only."""
    if actor.role not in OFFICERS:
        return ~Comment.internal
    return sa.or_(~Comment.internal, Comment.organization_id == actor.organization_id)


def _read_up_to(actor: Actor) -> sa.ScalarSelect[int]:
    """Up to which comment of its submission the actor has read."""
    mine = sa.select(CommentRead.comment_id).where(CommentRead.account_id == actor.account_id)
    return mine.where(CommentRead.submission_id == Comment.submission_id).correlate(Comment).scalar_subquery()
