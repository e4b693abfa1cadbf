"""Recorded decisions (结论), the policies they stood on, and policy drafts."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.ground.db import Moment
from core.models.base import APPEND_ONLY, Base


class DecisionPolicy(Base):
    """A policy as it was when something was first decided by it: all it says, canonical JSON."""

    __tablename__ = "decision_policy"
    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    policy_id: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str] = mapped_column(sa.Text)
    __table_args__ = ({"info": APPEND_ONLY},)


class DecisionRun(Base):
    """Applications decided in one deed."""

    __tablename__ = "decision_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The office that decided."""
    decided_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[str] = mapped_column(sa.String(40))
    applications: Mapped[int]
    __table_args__ = ({"info": APPEND_ONLY},)


class DecisionPart(Base):
    """结论 of the applications of one run, year, policy and authority, in columns; see `decisions`."""

    __tablename__ = "decision_part"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("decision_run.id"), index=True)
    authority_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    """The authority in charge of these people; of those not on file, the office that decided."""
    year: Mapped[int] = mapped_column(sa.SmallInteger, index=True)
    policy_id: Mapped[str] = mapped_column(sa.String(40))
    policy_digest: Mapped[str] = mapped_column(sa.ForeignKey("decision_policy.digest"))
    eligible: Mapped[int]
    not_eligible: Mapped[int]
    to_verify: Mapped[int]
    facts: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """Sealed: who applied for what, and what was decided."""
    balances: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """Sealed: the hours they had by year, subject and source."""
    digest: Mapped[str] = mapped_column(sa.String(64))
    __table_args__ = ({"info": APPEND_ONLY},)


class DecisionPerson(Base):
    """Where the decisions about a person lie."""

    __tablename__ = "decision_person"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("decision_part.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    __table_args__ = ({"info": APPEND_ONLY, "sqlite_with_rowid": False},)


class PolicyDraft(Base):
    """A policy on its way into force: text, who wrote it, which second administrator published it."""

    __tablename__ = "policy_draft"
    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    text: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.String(64))
    version: Mapped[int] = mapped_column(default=1)
    drafted_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    drafted_at: Mapped[datetime] = mapped_column(Moment)
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    name: Mapped[str] = mapped_column(sa.String(40), default="", server_default=sa.text("''"))
    """As its writer calls it."""
    put_away_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was put away (收起), unpublished; it may be taken out again."""
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
