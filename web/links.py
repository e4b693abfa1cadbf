"""Links to records (打开事项): on which page, and at which address, somebody opens a thing to do."""

from __future__ import annotations

from core.ground.access import OFFICERS, Actor, Role
from core.office.home import Item
from core.submissions.kinds import KINDS

Place = tuple[str, dict[str, str]]
"""A page's file and the query of its address."""

_REVIEW = {"plan": "plan_approval", "report": "report_review", "claim": "claim_review", "dispute": "disputes"}
_FILING = {"plan": "plan_filing", "report": "report_filing", "claim": "credit_claims"}


def place(item: Item, actor: Actor) -> Place | None:
    """Where an actor opens a thing to do (打开事项); None where the actor has no page for it."""
    if item.kind == "league" or (actor.role is Role.LEADER and item.kind in KINDS):
        return "quota_dashboard", {}
    if item.kind in KINDS and actor.role in KINDS[item.kind].filers and item.kind in _FILING:
        by_plan = item.kind == "report" and item.plan_id
        return _FILING[item.kind], {"plan": str(item.plan_id)} if by_plan else {item.kind: str(item.id)}
    if actor.role in OFFICERS and item.kind in _REVIEW:
        return _REVIEW[item.kind], {item.kind: str(item.id)}
    return None
