"""Organizations (机构): list, add, close and open again."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, typed
from core.ground.access import Actor, OrganizationKind, Refused, Role, not_found, require, visible
from core.ground.deeds import deed
from core.models import Account, Organization, Person, Submission
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
    name = _free_name(session, name)
    if kind in access.AUTHORITIES:
        raise Refused("kind", "人社厅和盟市人社局由系统预置，不能新增。")
    added = Organization(name=name, kind=kind, authority_id=authority_id)
    session.add(added)
    audit.record(
        session, audit.Event.ORGANIZATION_ADDED, added, actor=actor, after={"name": name, "kind": kind.value}, now=now
    )
    return added


@deed
def correct(
    session: Session,
    organization_id: int,
    *,
    name: str,
    kind: OrganizationKind,
    authority_id: int,
    actor: Actor,
    reason: str,
    now: datetime,
) -> Organization:
    """Correct an organization (更正机构): name, kind, and under which authority it is; the trail keeps what it was.

    Its people are shown under the new name from then on. Another authority only while it has neither people nor
    anything submitted: their hours and papers are in that office's charge. Refused codes: "role", "missing",
    "jurisdiction" (of either authority), "kind", "reason", "name", "accounts" (an account has no such role there),
    "relied", "same".
    """
    require(actor, Role.ADMIN)
    found = session.get(Organization, organization_id)
    if found is None:
        raise not_found("机构")
    if authority_id not in authorities(session):
        raise not_found("人社部门")
    for office in (found.authority_id, authority_id):
        access.administers(actor, office)
    if {found.kind, kind} & set(access.AUTHORITIES):
        raise Refused("kind", "人社厅和盟市人社局由系统预置，不能更正。")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写更正的原因。")
    name = _free_name(session, name, found.id)
    before = {"name": found.name, "kind": found.kind.value, "authority": found.authority.name}
    if (name, kind, authority_id) == (found.name, found.kind, found.authority_id):
        raise Refused("same", "与现有信息相同，没有需要更正的。")
    roles = set(session.scalars(sa.select(Account.role).where(Account.organization_id == found.id, Account.active)))
    if unfit := [role.label for role in roles if kind not in access.ROLE_HOMES[role]]:
        raise Refused("accounts", f"{kind.label}不能有{'、'.join(unfit)}账号，请先更正或停用这些账号。")
    if authority_id != found.authority_id:
        has = [Person.id, Person.employer_id], [Submission.id, Submission.organization_id]
        if any(session.scalar(sa.select(each).where(of == found.id).limit(1)) for each, of in has):
            raise Refused("relied", "该机构已有人员或申报，由现在的人社部门管理，不能改变管理权限；人员可逐人调动。")
    if name != found.name:
        session.execute(sa.update(Person).where(Person.employer_id == found.id).values(employer_name=name))
    found.name, found.kind, found.authority_id = name, kind, authority_id
    session.flush()
    session.refresh(found, ["authority"])
    after = {"name": name, "kind": kind.value, "authority": found.authority.name}
    event = audit.Event.ORGANIZATION_CHANGED
    audit.record(session, event, found, actor=actor, before=before, after=after, reason=reason, now=now)
    return found


def _free_name(session: Session, name: str, organization_id: int | None = None) -> str:
    """A name as it is kept, which no other organization has. Refused codes: "name"."""
    name = typed.text(name)
    if not 2 <= len(name) <= 80:
        raise Refused("name", "机构名称应为2至80个字，请填写营业执照或法人证书上的全称。")
    other = Organization.id != organization_id if organization_id else sa.true()
    if session.scalar(sa.select(Organization.id).where(Organization.name == name, other)):
        raise Refused("name", f"已有名为“{name}”的机构，请直接使用或核对全称。")
    return name


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
