"""Unsaved changes (未保存的改动): what somebody has typed into a form and not saved yet.

Kept so that it survives F5, another record and a new browser; sealed, since it may hold ID numbers. It is its writer's
alone, and no deed: the trail knows nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Account, Unsaved

LONGEST = 400_000
"""Characters of a form's values as JSON."""
MOST = 50
"""Forms of one account that may lie unsaved at once."""

_PLACE = re.compile(r"[a-z]+(:[a-z0-9-]+){1,3}")
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class Kept:
    """What was typed into one form: the fields that differ from the record, by name, and when."""

    values: dict[str, Any]
    version: int
    """Which version of the record it was typed over: a number that its form knows it by."""
    at: datetime


@deed
def kept(session: Session, place: str, *, actor: Actor) -> Kept | None:
    """What the actor typed into a form and did not save (未保存的改动); None where there is nothing."""
    found = session.get(Unsaved, (actor.account_id, place)) if actor.account_id else None
    return Kept(json.loads(found.typed), found.version, found.at) if found else None


def places(session: Session, actor: Actor) -> list[str]:
    """The forms in which the actor has something unsaved (未保存的表单), the latest first: "plan:12", "plan:new"."""
    query = sa.select(Unsaved.place).where(Unsaved.account_id == actor.account_id)
    return list(session.scalars(query.order_by(Unsaved.at.desc())))


@deed
def keep(session: Session, place: str, values: Mapping[str, Any], *, version: int, actor: Actor, now: datetime) -> None:
    """Keep what is typed (自动暂存) into a form; it takes the place of what was kept of this form before.

    `place`: the kind and the record, as "plan:12" or "plan:new". `values`: those that differ from the record, texts,
    numbers, yes or no, or lists of them. None left: nothing is kept any more.
    Refused codes: "role" (no account), "password", "form" (no such place or value), "long", "many".
    """
    require(actor, *Role)
    if actor.account_id is None:
        raise Refused("role", "请先登录。")
    if not _PLACE.fullmatch(place) or len(place) > 60 or not _well_formed(values):
        raise Refused("form", "填写的内容不能自动暂存，请刷新页面后重新填写。")
    written = json.dumps(dict(values), ensure_ascii=False)
    if len(written) > LONGEST:
        raise Refused("long", f"填写的内容超过{LONGEST // 10_000}万个字，没有自动暂存。请先保存，或改为上传文件。")
    if not values:
        drop(session, place, actor=actor)
        return
    session.get_one(Account, actor.account_id, with_for_update=True)  # the same form in two windows
    found = session.get(Unsaved, (actor.account_id, place))
    if found is None:
        count = sa.select(sa.func.count()).where(Unsaved.account_id == actor.account_id)
        if session.scalars(count).one() >= MOST:
            raise Refused("many", f"已有{MOST}处填写了没有保存的内容，这里没有自动暂存。请先保存或放弃其中一些。")
        found = Unsaved(account_id=actor.account_id, place=place)
        session.add(found)
    found.typed, found.version, found.at = written, version, now


@deed
def drop(session: Session, place: str, *, actor: Actor) -> None:
    """Discard what was typed (放弃改动) into a form, or forget it because it was saved; idempotent."""
    session.execute(sa.delete(Unsaved).where(Unsaved.account_id == actor.account_id, Unsaved.place == place))


def _well_formed(values: Mapping[str, Any]) -> bool:
    """Whether these are values of a form: plain ones by name, or lists of plain ones."""
    return all(
        re.fullmatch(r"[a-z_]{1,40}", name)
        and all(isinstance(each, _PLAIN) for each in (value if isinstance(value, list) else [value]))
        for name, value in values.items()
    )
