"""Organizations (机构): list, add, close and open again."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, typed
from core.ground.access import Actor, OrganizationKind, Refused, Role, not_found, require, visible
from core.ground.deeds import deed
from core.models import Account, Organization
from core.people import accounts
from core.trail import audit


def listing(session: Session, actor: Actor, *, kind: OrganizationKind | None = None, text: str = "") -> pd.DataFrame:
    """List organizations (机构).

    Organizations of the actor's jurisdiction. Columns: id, name, kind, authority, active, accounts.
    """
    authority = sa.orm.aliased(Organization)
    accounts = sa.select(sa.func.count(Account.id)).where(Account.organization_id == Organization.id).scalar_subquery()
    query = (
        sa.select(
            Organization.id,
            Organization.name,
            Organization.kind,
            authority.name.label("authority"),
            Organization.active,
            accounts.label("accounts"),
        )
        .join(authority, authority.id == Organization.authority_id)
        .where(visible(actor, organization=Organization.id, authority=Organization.authority_id))
        .order_by(Organization.id)
    )
    if kind:
        query = query.where(Organization.kind == kind)
    if text:
        query = query.where(db.holding(text, Organization.name))
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


def authorities(session: Session) -> dict[int, str]:
    """Authorities (人社部门): the region and the leagues: id to name."""
    query = sa.select(Organization.id, Organization.name).where(Organization.kind.in_(access.AUTHORITIES))
    return {row.id: row.name for row in session.execute(query.order_by(Organization.id))}


def region(session: Session) -> Organization:
    """The region's own office (自治区人社厅): every system has one."""
    query = sa.select(Organization).where(Organization.kind == OrganizationKind.REGION_HR).order_by(Organization.id)
    return session.scalars(query.limit(1)).one()


@deed
def add(
    session: Session, *, name: str, kind: OrganizationKind, authority_id: int, actor: Actor, now: datetime
) -> Organization:
    """Add an organization (新增机构): enter an organization under the authority in charge of it.

    Refused codes: "role", "jurisdiction", "name", "kind".
    """
    require(actor, Role.ADMIN)
    access.administers(actor, authority_id)
    name = typed.text(name)
    if not 2 <= len(name) <= 80:
        raise Refused("name", "机构名称应为2至80个字，请填写营业执照或法人证书上的全称。")
    if kind in access.AUTHORITIES:
        raise Refused("kind", "人社厅和盟市人社局由系统预置，不能新增。")
    if session.scalar(sa.select(Organization.id).where(Organization.name == name)):
        raise Refused("name", f"已有名为“{name}”的机构，请直接使用或核对全称。")
    added = Organization(name=name, kind=kind, authority_id=authority_id)
    session.add(added)
    audit.record(
        session, audit.Event.ORGANIZATION_ADDED, added, actor=actor, after={"name": name, "kind": kind.value}, now=now
    )
    return added


@deed
def set_active(
    session: Session, organization_id: int, active: bool, *, actor: Actor, reason: str, now: datetime
) -> Organization:
    """Deactivate or reactivate an organization (停用、启用机构).

    Close an organization, which ends its accounts' sign-ins at once, or open it again.

    Refused codes: "role", "missing", "jurisdiction", "kind", "reason".
    """
    require(actor, Role.ADMIN)
    organization = session.get(Organization, organization_id)
    if organization is None:
        raise not_found("机构")
    access.administers(actor, organization.authority_id)
    if organization.kind in access.AUTHORITIES:
        raise Refused("kind", "人社厅和盟市人社局不能停用。")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写停用或启用的原因。")
    before = {"active": organization.active}
    organization.active = active
    if not active:
        accounts.end_sign_ins(session, Account.organization_id == organization.id, now)
    audit.record(
        session,
        audit.Event.ORGANIZATION_CHANGED,
        organization,
        actor=actor,
        before=before,
        after={"active": active},
        reason=reason,
        now=now,
    )
    return organization
