"""Saved views (常用视图): the filters of the desk under a name, to be opened again with one click.

An account's own, and no deed: the trail knows nothing of them. Sealed, since one may look for somebody by name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Refused, Role, require
from core.ground.deeds import deed
from core.models import Account, SavedView, State
from core.submissions.kinds import KINDS
from core.submissions.queues import Urgency, Wanted

LONGEST = 20
"""Characters of a name."""
LONGEST_TEXT = 100
"""Characters of what is looked for."""
MOST = 20
"""Views of one account."""


@dataclass(frozen=True)
class View:
    """What a list shows, under the name its account gave it (常用视图)."""

    name: str
    wanted: Wanted


def saved(session: Session, actor: Actor) -> list[View]:
    """The views that the actor saved (常用视图), the oldest first; nobody else's."""
    return [View(name, _read(wanted)) for name, wanted in db.plain(session, _OWN, account=actor.account_id)]


_VIEW = SavedView.__table__.c
_OWN = sa.select(_VIEW.name, _VIEW.wanted).where(_VIEW.account_id == sa.bindparam("account")).order_by(_VIEW.id)


@deed
def save(session: Session, name: str, wanted: Wanted, *, actor: Actor) -> View:
    """Save filters as a view (存为常用视图); one of the same name is replaced.

    Where `wanted` names no kind, it is of all there will be.
    Refused codes: "role", "password", "name" (none, or too long), "filters" (no such kind, state or urgency),
    "long" (of what is looked for), "many".
    """
    require(actor, Role.REVIEWER, Role.ADMIN)
    name = typed.text(name)
    if not name or len(name) > LONGEST:
        raise Refused("name", f"请给这个视图起一个名称，不超过{LONGEST}个字，如“本周到期”。")
    wanted = _checked(wanted)
    session.get_one(Account, actor.account_id, with_for_update=True)  # the same name in two windows
    own = SavedView.account_id == actor.account_id
    found = session.scalar(sa.select(SavedView).where(own, SavedView.name == name))
    if found is None:
        if session.scalars(sa.select(sa.func.count(SavedView.id)).where(own)).one() >= MOST:
            raise Refused("many", f"已有{MOST}个常用视图，没有保存。请先删除不用的，或用已有的名称保存。")
        found = SavedView(account_id=actor.account_id, name=name)
        session.add(found)
    found.wanted = _written(wanted)
    session.flush()
    return View(name, wanted)


@deed
def remove(session: Session, name: str, *, actor: Actor) -> None:
    """Remove one of the actor's views (删除常用视图); idempotent. Refused codes: "role", "password"."""
    require(actor, Role.REVIEWER, Role.ADMIN)
    session.execute(sa.delete(SavedView).where(SavedView.account_id == actor.account_id, SavedView.name == name))


def _checked(wanted: Wanted) -> Wanted:
    """The filters as they are kept; refused where no page of ours would ask for them."""
    types = {"state": State | None, "urgency": Urgency | None, "organization": str, "text": str, "own": bool}
    known = all(code in KINDS for code in wanted.kinds)
    well_formed = known and all(isinstance(getattr(wanted, name), kind) for name, kind in types.items())
    if not well_formed:
        raise Refused("filters", "这些筛选条件不能保存，请刷新页面后重新筛选。")
    organization, text = typed.text(wanted.organization), typed.text(wanted.text)
    if max(len(organization), len(text)) > LONGEST_TEXT:
        raise Refused("long", f"查找的文字超过{LONGEST_TEXT}个字，没有保存。请改短后再存。")
    return replace(wanted, kinds=tuple(dict.fromkeys(wanted.kinds)), organization=organization, text=text)


def _written(wanted: Wanted) -> str:
    state, urgency = (each.value if each else None for each in (wanted.state, wanted.urgency))
    return json.dumps(vars(wanted) | {"state": state, "urgency": urgency}, ensure_ascii=False)


def _read(kept: str) -> Wanted:
    """Filters as they were kept; a kind that is no more is left out."""
    given = json.loads(kept)
    given["kinds"] = tuple(code for code in given["kinds"] if code in KINDS)
    given["state"] = State(given["state"]) if given["state"] else None
    given["urgency"] = Urgency(given["urgency"]) if given["urgency"] else None
    return Wanted(**given)
