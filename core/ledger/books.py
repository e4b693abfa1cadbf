"""The only door to credit (学时入账与冲销): post a batch, reverse it. Who may look, the caller decides."""

from __future__ import annotations

import contextlib
import functools
import itertools
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, merkle, resident_id, typed
from core.ground.access import Actor, Refused, Role, in_charge, not_found, require
from core.ground.deeds import deed
from core.ground.hours import hours_text
from core.ledger import caps, chain, consequences, reliance, standing, totals
from core.ledger.chain import FORM, LEAF_FIELDS
from core.ledger.consequences import Consequence
from core.models import Account, AuditEntry, CreditBatch, CreditEntry, Person, PersonChange, Source, Submission, under
from core.trail import audit, messages

REVERSERS = (Role.REVIEWER, Role.ADMIN)
LONGEST_REASON = 180
"""Of a reversal: in its basis, of 200 characters, the batch it takes back is named before it."""


@dataclass(slots=True)
class Posting:
    """Posting (待入账学时): hours to post to a person, before they have a batch."""

    person_id: int
    year: int
    subject: str
    hours: Decimal
    completed_on: date
    roster_row_id: int | None = None
    source: Source = Source.TRAINING
    deemed: bool = False
    note: str = ""
    days: int | None = None
    """How many days of study it took, where that is known."""


_Columns = dict[str, list[Any]]
"""Entries about to be written, by column: postings, or with negative hours (or -1 deemed) what takes them back."""


def hold(session: Session) -> None:
    """Lock the ledger.

    Let nobody else post until this transaction ends, so that what was asked of the ledger still holds at posting.

    The trail's lock is taken after this one, as the last thing of a transaction (`audit.record`), by every deed alike:
    so two deeds never wait for each other for ever, and a deed that posts nothing does not wait for the ledger.
    """
    db.lock(session, "ledger")


@deed
def post(
    session: Session,
    postings: Iterable[Posting],
    *,
    basis: str,
    actor: Actor,
    now: datetime,
    submission: Submission | None = None,
    attachment_id: int | None = None,
    reason: str = "",
) -> CreditBatch:
    """Post a batch (学时入账): post hours as one batch and bring the totals along, in the caller's transaction.

    They come from an approved submission, or from a file that was imported (`attachment_id`).
    Refused codes: "empty" (nothing to post), "hours" (not positive, or not in half hours), "posted" (this submission's
    hours are in the ledger already), "cap" (more than the notice lets count).
    """
    lines = sorted(postings, key=operator.attrgetter("person_id", "year", "subject"))
    if not lines:
        raise Refused("empty", "没有可入账的学时，请核对花名册。")
    for posting in lines:
        if posting.hours < 0 or posting.hours * 2 % 1 or (posting.hours == 0) != posting.deemed:
            raise Refused("hours", f"学时{posting.hours}不是0.5的正倍数，请退回核对。")
    session.flush()
    hold(session)
    if submission and (last := _last_of(session, submission)) and not standing.undone(session, last):
        raise Refused("posted", "该报告的学时已经入账，不会重复登记。")
    if over := caps.exceeded(session, lines):
        raise Refused("cap", f"{len(over)}笔学时超过政策规定的上限：{next(iter(over.values()))}。请核减后再办理。")
    batch = CreditBatch(
        submission_id=submission.id if submission else None,
        attachment_id=attachment_id,
        authority_id=submission.authority_id if submission else actor.organization_id,
        basis=basis,
    )
    same = "person_id year source hours completed_on roster_row_id note".split()
    entries: _Columns = {name: list(map(operator.attrgetter(name), lines)) for name in same}
    entries["note"] = list(map(functools.cache(resident_id.without), entries["note"]))
    entries["subject"] = [str(posting.subject) for posting in lines]
    entries["deemed"] = [int(posting.deemed) for posting in lines]
    entries["reverses_line"] = [None] * len(lines)
    event = audit.Event.CREDITS_IMPORTED if attachment_id else audit.Event.CREDIT_POSTED
    return _written(session, batch, entries, event, actor=actor, reason=reason, now=now)


@dataclass(frozen=True)
class Ready:
    """A posting that was rehearsed (备好的入账): it stands as long as what it was made from does (`state`)."""

    state: tuple[object, ...]
    people: tuple[db.Bound, ...]
    """Rows of people to be added first, the new ones among those it is posted for."""
    batch: Mapping[str, Any]
    entries: db.Bound
    sums: db.Bound
    """What it adds to the totals."""
    humans: Mapping[int, int]
    """Under whom the entries of a duplicate's record are summed."""
    hearers: tuple[int | None, Mapping[int, str]]
    """Who hears of it, by `_hearers`, as long as this is the newest account of a person."""
    counted: consequences.Watch
    told: Consequence
    """What was counted, in all."""


def state(session: Session) -> tuple[object, ...]:
    """What a posting is made from (入账依据), in a few numbers: who is on file, the offices, the last batch.

    And how many parts of it are still owed: what was read before they were written is not what a posting is made from.
    """
    newest = [sa.select(sa.func.max(each.id)).scalar_subquery() for each in (Person, PersonChange, CreditBatch)]
    offices = sa.select(sa.func.max(AuditEntry.id)).where(
        AuditEntry.event.in_((audit.Event.ORGANIZATION_ADDED.value, audit.Event.ORGANIZATION_CHANGED.value))
    )
    return (*session.execute(sa.select(*newest, offices.scalar_subquery())).one(), db.owing(session))


@contextlib.contextmanager
def recorded(session: Session, before: tuple[object, ...]) -> Iterator[list[Ready]]:
    """Record what a rehearsal posts or takes back (录下预演的入账): its one batch, to be written as it is afterwards.

    Nothing is found where it posts nothing.
    """
    tape: list[db.Bound] = []
    session.info[db.TAPE], found = tape, list[Ready]()
    with consequences.watch(session) as watched:
        yield found
    del session.info[db.TAPE]
    for entries in [each for each in tape if each.table is CreditEntry.__table__]:
        batch = session.scalars(sa.select(CreditBatch).order_by(CreditBatch.id.desc()).limit(1)).one()
        fields = {each.key: getattr(batch, each.key) for each in sa.inspect(CreditBatch).column_attrs}
        added = [each for each in tape if each.table is Person.__table__]
        newest = session.scalars(sa.select(sa.func.max(Person.id))).one()
        numbers = iter(range(newest - sum(each.count for each in added) + 1, newest + 1))
        people = [
            replace(each, columns={"id": list(itertools.islice(numbers, each.count)), **each.columns}) for each in added
        ]
        merged = sa.select(Person.id, Person.human_id).where(Person.merged_into_id.is_not(None))
        found.append(
            Ready(
                before,
                tuple(people),
                fields,
                entries,
                totals.sums_of(session, batch),
                dict(session.execute(merged).all()),
                (_newest_account(session), _hearers(session, batch)),
                watched,
                watched.consequence(),
            )
        )


_READY = "what was rehearsed to be posted"
_WRITTEN = "what was rehearsed and is written"


def have_ready(session: Session, ready: Ready) -> None:
    """Keep a rehearsed batch for the deed that follows in this session, its rows laid down to be written at once.

    Of a batch so large that others would wait too long the rows follow it in parts: its new people first, then the
    entries and totals, those of each human in one part.
    """
    people = tuple(db.laid(session, each) for each in ready.people)
    rows = ready.entries, ready.sums
    records = [list(each.columns["person_id"]) for each in rows]
    humans = [list(map(ready.humans.get, each, each)) for each in records]
    entries, sums = db.laid_in_parts(session, *zip(rows, humans, strict=True)) or (
        db.laid(session, each) for each in rows
    )
    session.info[_READY] = replace(ready, people=people, entries=entries, sums=sums)


def _made_ready(session: Session, **of: int) -> Ready | None:
    """What was rehearsed of this submission or batch; None where nothing was, or what it stands on has changed since.

    The ledger is held.
    """
    ready: Ready | None = session.info.pop(_READY, None)
    if ready is None or any(ready.batch[name] != each for name, each in of.items()) or state(session) != ready.state:
        return None
    return ready


def _write_ready(session: Session, ready: Ready) -> CreditBatch:
    """Write a rehearsed batch as it is, as fast as the database takes it."""
    for each in ready.people:
        db.write(session, each)
    batch = CreditBatch(**ready.batch)
    session.info[_WRITTEN] = ready  # let go of after the commit: of 100,000 people that takes a while
    if ready.hearers[0] == _newest_account(session):
        session.info[_HEARERS] = ready.hearers[1]
    consequences.foreknow(session, ready.counted)
    with consequences.counted(session, batch, {}):
        session.add(batch)
        db.write(session, ready.entries)
        db.write(session, ready.sums)
    return batch


@deed
def post_ready(session: Session, submission: Submission, *, actor: Actor, now: datetime) -> bool:
    """Post what was rehearsed (备好的入账), as fast as the database takes it.

    False where nothing was rehearsed for this submission, or something it stands on changed since.
    """
    session.flush()
    hold(session)
    ready = _made_ready(session, submission_id=submission.id)
    if ready is None:
        return False
    batch = _write_ready(session, ready)
    _tell(session, audit.Event.CREDIT_POSTED, batch, ready.counted.hours, actor=actor, reason="", now=now)
    return True


LARGE = 1000
"""From so many rows on, a deed is reckoned in a copy of the database before it takes the lock all others wait for."""


@deed
def reverse(
    session: Session,
    batch_id: int,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    lines: Iterable[int] | None = None,
) -> tuple[CreditBatch, Consequence]:
    """Reverse a batch (冲销), or only some of its lines: a batch of its own takes every hour back.

    Answers that batch and what it leads to. Without `lines` all that still stands is undone. Refused codes: "role",
    "missing", "jurisdiction", "reversal" (it is one itself), "lines" (none, or not of this batch), "reversed" (undone
    already), "reason" (none, or too long).
    """
    chosen = None if lines is None else frozenset(lines)
    _reckon(session, batch_id, chosen, actor, reason, now)
    return _taken_back(session, batch_id, chosen, actor=actor, reason=reason, now=now)


@deed
def reverse_each(
    session: Session, batch_ids: Sequence[int], *, actor: Actor, reason: str, now: datetime
) -> Consequence:
    """Reverse several batches (逐批冲销), each by one of its own, all of them or none; answers what that leads to.

    Refused codes: "empty" (no batch), those of `reverse`.
    """
    chosen = sorted(set(batch_ids))
    if not chosen:
        raise Refused("empty", "请在上表勾选要冲销的各批。")
    with consequences.watch(session) as watched:
        for batch_id in chosen:
            _taken_back(session, batch_id, None, actor=actor, reason=reason, now=now)
    told = watched.consequence()
    return replace(told, done=f"冲销{len(chosen)}批的学时，涉及{told.people}人、{hours_text(-told.hours)}学时")


def _reckon(
    session: Session, batch_id: int, lines: frozenset[int] | None, actor: Actor, reason: str, now: datetime
) -> None:
    """Reckon a large reversal before the lock (先算后锁): it is done in a copy, and what it writes is kept."""
    if db.dialect() != "sqlite":
        return
    with db.unlocked(if_possible=True) as free:
        found = session.get(CreditBatch, batch_id) if free else None
        if found is None or min(found.entries, len(lines or range(found.entries))) < LARGE:
            return
        with contextlib.suppress(Refused), db.rehearsal_on_a_copy() as copy:
            with recorded(copy, state(copy)) as taken:
                _taken_back(copy, batch_id, lines, actor=actor, reason=reason, now=now)
            have_ready(session, taken[0])


@db.in_bulk()
def _taken_back(
    session: Session, batch_id: int, lines: frozenset[int] | None, *, actor: Actor, reason: str, now: datetime
) -> tuple[CreditBatch, Consequence]:
    """The one way hours are taken back, whether it stays or is undone."""
    require(actor, *REVERSERS)
    session.flush()
    hold(session)
    undone, wanted, stood = _to_take_back(session, batch_id, actor, lines)
    reason = typed.prose(reason)
    if not reason:
        raise Refused("reason", "请填写冲销的原因，它会留在学时明细和审计日志里。")
    if len(reason) > LONGEST_REASON:
        raise Refused("reason", f"冲销的原因有{len(reason)}个字，请缩短到{LONGEST_REASON}个字以内。")
    ready = _made_ready(session, reverses_id=batch_id)
    if ready and ready.entries.count == len(wanted):
        batch, told = _write_ready(session, ready), ready.told
        _tell(session, audit.Event.CREDIT_REVERSED, batch, told.hours, actor=actor, reason=reason, now=now)
    else:
        with consequences.watch(session) as watched:
            batch = _written_back(session, undone, wanted, actor=actor, reason=reason, now=now)
        told = watched.consequence()
    done = f"冲销第{batch_id}批的{len(wanted)}笔学时，涉及{told.people}人、{hours_text(-told.hours)}学时"
    return batch, replace(told, done=done, left=stood - len(wanted))


_KEPT = "person_id year subject source completed_on roster_row_id".split()
"""What of an entry stands in the one that takes it back as well."""


def _written_back(
    session: Session, undone: CreditBatch, wanted: set[int], *, actor: Actor, reason: str, now: datetime
) -> CreditBatch:
    """Write the batch that takes these lines of another back."""
    columns = [getattr(CreditEntry, name) for name in (*_KEPT, "hours", "deemed", "line")]
    query = sa.select(*columns).where(CreditEntry.batch_id == undone.id).order_by(CreditEntry.line)
    taken = [entry for entry in session.execute(query) if entry.line in wanted]
    entries: _Columns = {name: [getattr(entry, name) for entry in taken] for name in _KEPT}
    entries["hours"] = [-entry.hours for entry in taken]
    entries["deemed"] = [-entry.deemed for entry in taken]
    entries["note"] = [""] * len(taken)
    entries["reverses_line"] = [entry.line for entry in taken]
    batch = CreditBatch(reverses_id=undone.id, authority_id=undone.authority_id, basis=f"冲销第{undone.id}批：{reason}")
    return _written(session, batch, entries, audit.Event.CREDIT_REVERSED, actor=actor, reason=reason, now=now)


@deed
def undo(session: Session, submission: Submission, *, actor: Actor, reason: str, now: datetime) -> None:
    """Undo what an approval posted (撤销入账): a batch takes all of it back, as long as nothing has relied on it.

    The hours can be posted again. Refused codes: "relied" (then only a reversal is left), and those of `reverse`.
    """
    hold(session)
    last = _last_of(session, submission)
    if last is None:
        return
    gone = standing.reversed_lines(session, last.id)
    why = "已有学时冲销" if gone else reliance.relied(session, last)
    if why:
        mend = f"学时有误的，请在“入账批次与冲销”中冲销第{last.id}批" if len(gone) < last.entries else "请由基地补报"
        raise Refused("relied", f"{why}，不能再撤销。{mend}。")
    why = f"撤销通过：{typed.prose(reason)}" if reason else "撤销通过"
    _taken_back(session, last.id, None, actor=actor, reason=why[:LONGEST_REASON], now=now)


def _last_of(session: Session, submission: Submission) -> CreditBatch | None:
    """The batch that a submission's approval posted last."""
    posted = sa.select(CreditBatch).where(CreditBatch.submission_id == submission.id)
    return session.scalar(posted.order_by(CreditBatch.id.desc()).limit(1))


@deed
def foreseen(
    session: Session, batch_id: int, *, actor: Actor, now: datetime, lines: Iterable[int] | None = None
) -> Consequence:
    """Foresee a reversal (冲销预览): what `reverse` answers, found by doing it and undoing it (`db.rehearsal`).

    Refused as `reverse` refuses, but for the reason, which may still be unsaid.
    """
    chosen = None if lines is None else frozenset(lines)
    with db.rehearsed(session):
        return _taken_back(session, batch_id, chosen, actor=actor, reason="—", now=now)[1]


def _to_take_back(
    session: Session, batch_id: int, actor: Actor, lines: frozenset[int] | None
) -> tuple[CreditBatch, set[int], int]:
    """The batch, those of its lines that a reversal undoes (the ones named, or all that stand), how many stand."""
    undone = session.get(CreditBatch, batch_id)
    if undone is None:
        raise not_found("入账批次")
    in_charge(actor, undone.authority_id)
    if undone.reverses_id is not None:
        way = "培训报告由基地补报，学时折合由申报人重新申报，导入的学时重新导入"
        raise Refused("reversal", f"第{batch_id}批本身是冲销，不能再冲销。冲错的须重新登记正确的学时：{way}。")
    gone, every = standing.reversed_lines(session, batch_id), set(range(1, undone.entries + 1))
    wanted = every - gone if lines is None else set(lines)
    if not wanted <= every or (lines is not None and not wanted):
        raise Refused("lines", f"第{batch_id}批共{undone.entries}笔，请选择其中要冲销的笔。")
    if not wanted or wanted & gone:
        which = f"第{'、'.join(map(str, sorted(wanted & gone)))}笔" if wanted else "全部学时"
        raise Refused("reversed", f"第{batch_id}批的{which}已经冲销，不会重复冲销。")
    return undone, wanted, len(every - gone)


def line_numbers(text: str) -> set[int]:
    """Parse line numbers (笔号) such as 2、5-9.

    The lines that somebody wrote down as 2、5-9. Refused codes: "lines" (none, or not to be read as numbers).
    """
    if not (said := typed.narrow(text)):
        raise Refused("lines", "请在明细中勾选要冲销的各笔，或填写笔号，如2、5-9。")
    found: set[int] = set()
    for part in re.split(r"[、,;\s]+", said):
        numbers = re.fullmatch(r"(\d{1,6})(?:[-—~至](\d{1,6}))?", part)
        if not numbers:
            raise Refused("lines", f"“{part}”不是笔号。请按明细中的笔号填写，如2、5-9。")
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if last < first:
            raise Refused("lines", f"“{part}”的起止颠倒，请改为{last}-{first}。")
        found |= set(range(first, last + 1))
    return found


def line_words(lines: Iterable[int]) -> str:
    """Line numbers (笔号) as one writes them down, 2、5-9: what `line_numbers` reads."""
    runs: list[list[int]] = []
    for number in sorted(lines):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return "、".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _written(
    session: Session,
    batch: CreditBatch,
    entries: _Columns,
    event: audit.Event,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> CreditBatch:
    """Write a batch with its entries, totals and line in the trail. The ledger is held."""
    count = len(entries["person_id"])
    last = session.execute(
        sa.select(CreditBatch.id, CreditBatch.chain).order_by(CreditBatch.id.desc()).limit(1)
    ).one_or_none()
    batch.id = last.id + 1 if last else 1
    batch.posted_by, batch.posted_at, batch.entries = actor.name, now.replace(microsecond=0), count
    entries |= {"line": list(range(1, count + 1)), "batch_id": [batch.id] * count}
    batch.form = FORM
    covered = entries | {"hours": list(map(functools.cache(db.hundredths), entries["hours"]))}
    leaves = [merkle.leaf(text.encode()) for text in db.canonical_rows({name: covered[name] for name in LEAF_FIELDS})]
    batch.leaves, batch.root = b"".join(leaves), merkle.root(leaves).hex()
    batch.chain = chain.chain_value(batch, last.chain if last else "")
    with consequences.counted(session, batch, entries):
        session.add(batch)
        db.insert(session, CreditEntry, entries)
        totals.add_batch(session, batch)
    _tell(session, event, batch, sum(entries["hours"], Decimal()), actor=actor, reason=reason, now=now)
    return batch


def _tell(
    session: Session,
    event: audit.Event,
    batch: CreditBatch,
    hours: Decimal,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> None:
    """The trail's line of a batch."""
    after = {"entries": batch.entries, "hours": hours_text(hours), "root": batch.root, "basis": batch.basis}
    audit.record(session, event, batch, actor=actor, after=after, reason=reason, now=now)


@messages.about(audit.Event.CREDIT_POSTED, audit.Event.CREDITS_IMPORTED, audit.Event.CREDIT_REVERSED)
def _hear_of_hours(session: Session, deed: messages.Deed) -> Iterator[messages.Word]:
    """Those with an account hear of hours of theirs; of a reversal also who reported or claimed them."""
    batch: CreditBatch = deed.touched
    known: Mapping[int, str] | None = session.info.pop(_HEARERS, None)
    for human_id, told in (_hearers(session, batch) if known is None else known).items():
        yield messages.Word(messages.Topic.HOURS, told, batch.basis, person_id=human_id)
    back = batch.reverses_id is not None
    undone = session.get(CreditBatch, batch.reverses_id) if back else None
    if undone is not None and undone.submission_id:
        submission = session.get_one(Submission, undone.submission_id)
        role = Role.EMPLOYER_CLERK if submission.person_id else Role.BASE_CLERK
        title = f"{batch.entries}笔学时已冲销：{submission.title}"
        yield messages.Word(
            messages.Topic.HOURS,
            title,
            deed.reason,
            submission.organization_id,
            role,
            record=submission.kind,
            record_id=submission.id,
        )


_HEARERS = "who hears of the next batch"


def _hearers(session: Session, batch: CreditBatch) -> dict[int, str]:
    """Recipients of a batch's messages (消息接收人): persons with an account, by human id, each with its text."""
    back = batch.reverses_id is not None
    title, holder = "您的学时有冲销" if back else "有学时登记到您名下", sa.orm.aliased(Person)
    if batch.entries < LARGE:
        has = sa.exists().where(Account.person_id == holder.id, under(holder, Person.human_id))
        whose = sa.select(Person.human_id).join(CreditEntry, CreditEntry.person_id == Person.id)
        whose = whose.where(CreditEntry.batch_id == batch.id, has)
    else:  # fewer people have an account than stand in it: from them to their entries (+ 0: not by the batch's index)
        mine = sa.and_(CreditEntry.person_id == Person.id, CreditEntry.batch_id + 0 == batch.id)
        whose = sa.select(holder.human_id).join(Account, Account.person_id == holder.id)
        whose = whose.join(Person, under(Person, holder.human_id)).join(CreditEntry, mine)
    heard = session.scalars(whose.distinct()).all()
    without = reliance.holders(session, batch.id) if back and heard else frozenset()
    return {each: f"{title}，已出具的审验卡随之失效" if each in without else title for each in heard}


def _newest_account(session: Session) -> int | None:
    """The newest account of a person (个人账号)."""
    return session.scalar(sa.select(sa.func.max(Account.id)).where(Account.person_id.is_not(None)))
