"""A toy kind of submission (推荐), as a maintainer adds one: this file, and the line in conftest.py that imports it.

Two stages, as a nomination has: the authority in charge ranks, the region selects. It has no table of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Actor, Refused, Role
from core.models import Organization, Submission
from core.submissions.kinds import Kind, Stage, register


class Toy(Submission):
    """A nomination by an employer."""

    __mapper_args__: ClassVar = {"polymorphic_identity": "toy"}


def the_region(session: Session, _submission: Submission) -> int:
    """The region's office, whichever league a submission comes from."""
    return session.scalars(sa.select(Organization.id).order_by(Organization.id).limit(1)).one()


class ToyKind(Kind[Toy]):
    """推荐 as a kind of submission."""

    code, word, short, posts = "toy", "推荐名单", "推荐", ""
    model = Toy
    filers = (Role.EMPLOYER_CLERK,)
    stages = (Stage("ranking", "盟市排序"), Stage("selection", "自治区遴选", the_region))
    columns = (Submission.stage,)

    def facts(self, toy: Toy) -> list[tuple[str, object]]:
        return [("名单", toy.title)]

    def check_submit(self, session: Session, toy: Toy, *, actor: Actor, reason: str, now: datetime) -> None:
        if not toy.title.strip():
            raise Refused("fields", "名单未填。请补齐后再提交。")

    def on_approve(self, session: Session, toy: Toy, *, actor: Actor, now: datetime) -> str:
        return f"“{toy.title}”入选"


register(ToyKind())


def draft(session: Session, title: str, *, actor: Actor, now: datetime) -> Toy:
    """A nomination in the hands of an employer's clerk."""
    home = session.get_one(Organization, actor.organization_id)
    toy = Toy(
        title=title,
        organization_id=home.id,
        authority_id=home.authority_id,
        created_by_id=actor.account_id,
        created_at=now,
    )
    session.add(toy)
    session.flush()
    return toy
