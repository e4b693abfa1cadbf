"""The bank of items (题库) of those who run exams: entered, changed, imported, exported, paused.

Right answers stand in it: nobody but its clerks and the reviewers of the office in charge ever reads them here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.courses import courses
from core.exams import items
from core.exams.blueprints import Candidate
from core.exams.items import Item
from core.ground import db, typed
from core.ground.access import Actor, Labelled, Refused, Role, not_found, refuse_faults, require
from core.ground.deeds import deed
from core.models import BankItem, Difficulty, ItemEdition, ItemKind, ItemState, Organization
from core.trail import audit

LONGEST_REASON = 500
MOST_ROWS = 5000
"""Items in one import."""


@audit.events
class Event(Labelled):
    """What becomes of items, in the trail; what they say is not told there."""

    ADDED = "item.added", "录入试题"
    CHANGED = "item.changed", "修改试题"
    PAUSED = "item.paused", "停用试题"
    RESUMED = "item.resumed", "恢复使用试题"
    IMPORTED = "items.imported", "导入试题"
    EXPORTED = "items.exported", "导出试题"


@dataclass(frozen=True)
class Wanted:
    """Which items are looked for (题库筛选); None or "": any."""

    text: str = ""
    kind: ItemKind | None = None
    topic: str | None = None
    difficulty: Difficulty | None = None
    state: ItemState | None = None


@dataclass(frozen=True)
class Found:
    """An item of the bank (试题) with the edition that is drawn."""

    id: int
    item: Item
    state: ItemState
    edition: int
    edition_id: int
    remark: str
    version: int
    changed_at: datetime


@dataclass(frozen=True)
class TakenIn:
    """What an import did (导入结果), in items."""

    added: int
    changed: int
    same: int
    left_void: int
    """Of items that are void, and differ in the file; left out."""
    other: int
    """That say what another item of the bank says than the one they are called after; left out."""
    doubles: tuple[tuple[int, int], ...]
    """Places in what was imported, from 1, of items that say what an earlier one says, and that one's; left out."""
    what: tuple[tuple[str, int], ...] = ()
    """What was changed, in words, and in how many items."""

    @property
    def words(self) -> str:
        left = f"，{len(self.doubles)}道与前面的相同，没有重复导入" if self.doubles else ""
        left += f"，{self.other}道与题库里另一编号的试题相同，没有导入" if self.other else ""
        left += f"，{self.left_void}道在题库里已经作废，没有导入（改正后的请换一个题目编号）" if self.left_void else ""
        what = f"（{'、'.join(f'{word}{count}道' for word, count in self.what)}）" if self.what else ""
        return f"新增{self.added}道，更新{self.changed}道{what}，{self.same}道与题库一致{left}"


def keeps(actor: Actor, year: int) -> bool:
    """Whether somebody has a bank to keep (管理题库): who makes courses, by the notice of the year."""
    return courses.makes(actor, year)


def seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Which items an actor finds, as SQL: clerks their organization's, reviewers those their office is in charge of."""
    if actor.held_back:
        return sa.false()
    match actor.role:
        case Role.BASE_CLERK:
            return BankItem.organization_id == actor.organization_id
        case Role.REVIEWER:
            return BankItem.authority_id == actor.organization_id
    return sa.false()


def _current(*columns: Any) -> sa.Select[Any]:
    """A query over items with the edition that is drawn."""
    drawn = sa.and_(ItemEdition.item_id == BankItem.id, ItemEdition.number == BankItem.edition)
    return sa.select(*columns).select_from(BankItem).join(ItemEdition, drawn)


def _narrowed(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.text:
        found.append(db.holding(wanted.text, ItemEdition.stem))
    for column, value in (
        (ItemEdition.kind, wanted.kind),
        (ItemEdition.topic, wanted.topic),
        (ItemEdition.difficulty, wanted.difficulty),
        (BankItem.state, wanted.state),
    ):
        if value is not None:
            found.append(column == value)
    return found


def listing(
    session: Session, actor: Actor, wanted: Wanted, *, offset: int = 0, limit: int | None = 50
) -> tuple[pd.DataFrame, int]:
    """The items an actor finds (题库), newest first, and how many there are in all.

    Columns: id, kind, stem, topic, difficulty, state, edition, changed_at.
    """
    query = _current(
        BankItem.id,
        ItemEdition.kind,
        ItemEdition.stem,
        ItemEdition.topic,
        ItemEdition.difficulty,
        BankItem.state,
        BankItem.edition,
        BankItem.changed_at,
    ).where(seen_by(actor), *_narrowed(wanted))
    count = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    rows = session.execute(query.order_by(BankItem.id.desc()).offset(offset).limit(limit)).mappings().all()
    return pd.DataFrame(rows, columns=query.selected_columns.keys()), count


def topics(session: Session, actor: Actor) -> dict[str, int]:
    """The topics (知识点) of the items in use, each with how many there are; "" of those without one."""
    query = _current(ItemEdition.topic, sa.func.count()).where(seen_by(actor), BankItem.state == ItemState.IN_USE)
    return dict(session.execute(query.group_by(ItemEdition.topic).order_by(ItemEdition.topic)).all())


def one(session: Session, item_id: int, actor: Actor) -> Found:
    """One item (试题), for those who find it. Refused codes: "missing"."""
    row = session.execute(_current(BankItem, ItemEdition).where(BankItem.id == item_id, seen_by(actor))).one_or_none()
    if row is None:
        raise not_found("试题")
    return _found(*row)


def _found(kept: BankItem, edition: ItemEdition) -> Found:
    item = as_item(edition)
    return Found(kept.id, item, kept.state, kept.edition, edition.id, kept.remark, kept.version, kept.changed_at)


def as_item(edition: ItemEdition) -> Item:
    """An edition as the plain item it is."""
    return Item(
        edition.kind,
        edition.stem,
        tuple((text, bool(right)) for text, right in json.loads(edition.options)),
        edition.explanation,
        edition.difficulty,
        edition.topic,
        edition.points,
        edition.reference,
    )


def editions(session: Session, item_id: int, actor: Actor) -> list[ItemEdition]:
    """What an item was in each of its editions (历次修改), the newest first. Refused codes: "missing"."""
    one(session, item_id, actor)
    query = sa.select(ItemEdition).where(ItemEdition.item_id == item_id)
    return list(session.scalars(query.order_by(ItemEdition.number.desc())))


def pool(session: Session, organization_id: int) -> list[Candidate]:
    """The items that papers of an organization are drawn from (可抽试题)."""
    drawn = _current(
        ItemEdition.id, ItemEdition.kind, ItemEdition.topic, ItemEdition.difficulty, ItemEdition.options
    ).where(BankItem.organization_id == organization_id, BankItem.state == ItemState.IN_USE)
    return [
        Candidate(number, kind, topic, difficulty, tuple(text for text, _ in json.loads(options)))
        for number, kind, topic, difficulty, options in session.execute(drawn.order_by(ItemEdition.id))
    ]


# --- entered and changed ----------------------------------------------------------------------------------------------


def _clerk(actor: Actor, now: datetime) -> None:
    """Refuse all but those who keep a bank. Refused codes: "role", "policy"."""
    require(actor, Role.BASE_CLERK)
    year = db.office_day(now).year
    if not keeps(actor, year):
        raise Refused("policy", f"{year}年度的通知没有规定由{actor.organization_kind.label}组织考试，不设题库。")


@deed
def save(
    session: Session, item_id: int | None, item: Item, *, version: int = 0, actor: Actor, now: datetime
) -> BankItem:
    """Enter an item (录入试题), or change one: a change is an edition of its own, and papers keep the one they have.

    Refused codes: "role", "policy", "missing", "stale", "fields", "double" (another item says the same), "void".
    """
    _clerk(actor, now)
    item = items.tidy(item)
    refuse_faults(items.faults(item))
    if item_id is None:
        _only_one(session, item, actor, None)
        (made,) = _added(session, [item], actor, now)
        audit.record(session, Event.ADDED, made, actor=actor, after=_told(item, 1), now=now)
        return made
    kept = _seen(session, item_id, version, actor)
    if kept.state is ItemState.VOID:
        raise Refused("void", "作废的试题不再修改；改正后的请另外录入。")
    before = one(session, item_id, actor).item
    if before == item:
        return kept
    _only_one(session, item, actor, kept.id)
    _changed(session, kept, item, actor, now)
    session.flush()
    told = _told(before, kept.edition - 1), _told(item, kept.edition)
    audit.record(session, Event.CHANGED, kept, actor=actor, before=told[0], after=told[1], now=now)
    return kept


@deed
def take_in(session: Session, given: Sequence[Item], *, actor: Actor, now: datetime) -> TakenIn:
    """Import items (导入试题) as one deed: the same again changes nothing, what differs becomes a further edition.

    An item is known by its name, else by what it says; what the file leaves blank of one stays as it was.

    Refused codes: "role", "policy", "fields" (an item that cannot be asked: the file's own check names each before
    this), "empty", "many".
    """
    _clerk(actor, now)
    if not given:
        raise Refused("empty", "文件里没有可以导入的试题。")
    if len(given) > MOST_ROWS:
        raise Refused("many", f"一次最多导入{MOST_ROWS}道，这个文件有{len(given)}道，请分成几个文件。")
    tidied = [items.tidy(each) for each in given]
    refuse_faults(
        [("items", f"第{at}题：{words}") for at, each in enumerate(tidied, start=1) for _, words in items.faults(each)]
    )
    db.lock(session, f"bank {actor.organization_id}")
    rows = session.execute(_current(BankItem, ItemEdition).where(BankItem.organization_id == actor.organization_id))
    by_name: dict[str, tuple[BankItem, Item]] = {}
    by_text: dict[str, tuple[BankItem, Item]] = {}
    for kept, edition in rows:
        by_text[kept.text_key] = known = (kept, as_item(edition))
        if kept.name_key:
            by_name[kept.name_key] = known
    counts = {"added": 0, "changed": 0, "same": 0, "left_void": 0, "other": 0}
    doubles: list[tuple[int, int]] = []
    what: Counter[str] = Counter()
    new: list[Item] = []
    at_of: dict[str, int] = {}
    for at, item in enumerate(tidied, start=1):
        earlier = at_of.get(item.text_key) or at_of.get(item.key)
        if earlier:
            doubles.append((at, earlier))
            continue
        at_of[item.text_key] = at_of[item.key] = at
        match = by_name.get(item.name_key) if item.name_key else None
        same_words = by_text.get(item.text_key)
        match = match or same_words
        if match is None:
            new.append(item)
            counts["added"] += 1
            continue
        item = items.completed(item, match[1])
        if match[1] == item:
            counts["same"] += 1
        elif match[0].state is ItemState.VOID:
            counts["left_void"] += 1
        elif same_words and same_words[0] is not match[0]:
            counts["other"] += 1
        else:
            _changed(session, match[0], item, actor, now)
            counts["changed"] += 1
            what.update(items.changes(match[1], item))
    _added(session, new, actor, now)
    home = session.get_one(Organization, actor.organization_id)
    done = TakenIn(**counts, doubles=tuple(doubles), what=tuple(what.items()))
    told = counts | {"doubles": len(doubles)}
    audit.record(session, Event.IMPORTED, home, actor=actor, after=told, now=now)
    return done


@deed
def hand_out(session: Session, wanted: Wanted, *, actor: Actor, now: datetime) -> list[Item]:
    """Export items (导出试题) with their right answers; it leaves a line. Refused codes: "role", "policy", "empty"."""
    _clerk(actor, now)
    query = _current(ItemEdition).where(seen_by(actor), *_narrowed(wanted)).order_by(BankItem.id)
    found = [as_item(each) for each in session.scalars(query)]
    if not found:
        raise Refused("empty", "没有符合条件的试题可以导出。")
    home = session.get_one(Organization, actor.organization_id)
    audit.record(session, Event.EXPORTED, home, actor=actor, after={"items": len(found)}, now=now)
    return found


@deed
def pause(
    session: Session, item_id: int, paused: bool, *, version: int, actor: Actor, reason: str, now: datetime
) -> BankItem:
    """Pause an item (停用试题) or put it back into use: whether it is drawn from now on; papers that hold it stay.

    Refused codes: "role", "policy", "missing", "stale", "void", "state" (it is so already), "reason".
    """
    _clerk(actor, now)
    kept = _seen(session, item_id, version, actor)
    if kept.state is ItemState.VOID:
        raise Refused("void", "作废的试题由审核员撤销作废。")
    wanted = ItemState.PAUSED if paused else ItemState.IN_USE
    if kept.state is wanted:
        raise Refused("state", f"这道题已经是{wanted.label}。")
    said = reasoned(reason)
    kept.state, kept.remark, kept.changed_at = wanted, said if paused else "", now
    session.flush()
    audit.record(session, Event.PAUSED if paused else Event.RESUMED, kept, actor=actor, reason=said, now=now)
    return kept


def reasoned(given: str) -> str:
    """A reason as it is kept (原因). Refused codes: "reason"."""
    said = typed.prose(given)
    if not said or len(said) > LONGEST_REASON:
        words = f"请写明原因，不超过{LONGEST_REASON}个字，它会留在审计日志里。"
        raise Refused("reason", words, {"reason": words})
    return said


def _seen(session: Session, item_id: int, version: int, actor: Actor) -> BankItem:
    kept = session.scalar(sa.select(BankItem).where(BankItem.id == item_id, seen_by(actor)))
    if kept is None:
        raise not_found("试题")
    if kept.version != version:
        raise Refused("stale", "这道题刚刚有人改过，您的操作没有执行，请查看最新内容。")
    return kept


def _only_one(session: Session, item: Item, actor: Actor, but: int | None) -> None:
    """Refuse an item that is in the bank already, or that has another one's name. Refused codes: "double"."""
    same = [BankItem.text_key == item.text_key]
    if item.name_key:
        same.append(BankItem.name_key == item.name_key)
    query = sa.select(BankItem.id, BankItem.text_key).where(
        BankItem.organization_id == actor.organization_id, sa.or_(*same), BankItem.id != (but or 0)
    )
    if other := session.execute(query.limit(1)).one_or_none():
        words = "题干和选项相同" if other.text_key == item.text_key else f"题目编号“{item.reference}”相同"
        raise Refused("double", f"题库里已有{words}的试题（第{other.id}号），没有重复录入。")


def _added(session: Session, given: Sequence[Item], actor: Actor, now: datetime) -> list[BankItem]:
    """Items put into the bank, thousands in a few statements: answers to exams wait while they are written."""
    home = session.get_one(Organization, actor.organization_id)
    whose = {"organization_id": home.id, "authority_id": home.authority_id, "changed_at": now}
    made = [BankItem(text_key=item.text_key, name_key=item.name_key, **whose) for item in given]
    session.add_all(made)
    session.flush()
    session.add_all(_edition(kept, item, actor, now) for kept, item in zip(made, given, strict=True))
    session.flush()
    return made


def _changed(session: Session, kept: BankItem, item: Item, actor: Actor, now: datetime) -> None:
    kept.edition += 1
    kept.text_key, kept.name_key, kept.changed_at = item.text_key, item.name_key, now
    session.add(_edition(kept, item, actor, now))


def _edition(kept: BankItem, item: Item, actor: Actor, now: datetime) -> ItemEdition:
    return ItemEdition(
        item_id=kept.id,
        number=kept.edition or 1,
        kind=item.kind,
        stem=item.stem,
        options=json.dumps(item.options, ensure_ascii=False),
        explanation=item.explanation,
        difficulty=item.difficulty,
        topic=item.topic,
        points=item.points,
        reference=item.reference,
        made_by_id=actor.account_id,
        made_at=now,
    )


def _told(item: Item, edition: int) -> dict[str, object]:
    """What the trail says of an item: nothing that would tell its answer."""
    return {"edition": edition, "kind": item.kind.value, "topic": item.topic, "options": len(item.options)}
