"""Who may see and do what: roles, the actor, refusals, jurisdiction (管理权限). No table lives here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import sqlalchemy as sa


class Labelled(StrEnum):
    """A code for the database and the address bar, with the word the screen shows."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class Role(Labelled):
    ADMIN = "admin", "管理员"
    REVIEWER = "reviewer", "审核员"
    BASE_CLERK = "base_clerk", "基地经办人"
    EMPLOYER_CLERK = "employer_clerk", "单位经办人"
    TITLE_OFFICER = "title_officer", "职称审核员"
    LEADER = "leader", "领导"
    PERSON = "person", "个人"


class OrganizationKind(Labelled):
    REGION_HR = "region_hr", "自治区人社厅"
    LEAGUE_HR = "league_hr", "盟市人社局"
    DEPARTMENT = "department", "主管部门"
    EXAM_AUTHORITY = "exam_authority", "人事考试院"
    BASE = "base", "继续教育基地"
    INSTITUTE = "institute", "数字技术工程师培训机构"
    EMPLOYER = "employer", "用人单位"


AUTHORITIES = (OrganizationKind.REGION_HR, OrganizationKind.LEAGUE_HR)


def league_of(kind: OrganizationKind, name: str) -> str | None:
    """Name of a league (盟市) out of its office's name, as notices call it; None for the region's own office."""
    return re.sub("(人力资源和?社会保障|人社)局$", "", name) if kind is OrganizationKind.LEAGUE_HR else None


TRAINERS = (
    OrganizationKind.BASE,
    OrganizationKind.DEPARTMENT,
    OrganizationKind.INSTITUTE,
    OrganizationKind.EXAM_AUTHORITY,
    OrganizationKind.LEAGUE_HR,
)
OFFICERS = (Role.ADMIN, Role.REVIEWER, Role.TITLE_OFFICER, Role.LEADER)

ROLE_HOMES: dict[Role, tuple[OrganizationKind, ...]] = {
    Role.ADMIN: AUTHORITIES,
    Role.REVIEWER: AUTHORITIES,
    Role.TITLE_OFFICER: AUTHORITIES,
    Role.LEADER: AUTHORITIES,
    Role.BASE_CLERK: TRAINERS,
    Role.EMPLOYER_CLERK: (OrganizationKind.EMPLOYER, OrganizationKind.DEPARTMENT),
    Role.PERSON: tuple(OrganizationKind),
}
"""In which kind of organization an account of each role may be."""


class Refused(Exception):
    """Refusal (不予办理) that a person can put right.

    `code` is for tests and scripts; `words` (Chinese) say why and what to do; `fields` what is wrong with which field
    of a form, by its name, where the refusal is about fields.
    """

    def __init__(self, code: str, words: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words
        self.fields = dict(fields or {})


PUT_RIGHT = "请改正。"


def refuse_faults(faults: Iterable[tuple[str, str]], then: str = PUT_RIGHT, *, code: str = "fields") -> None:
    """Refuse a form (填写有误) with every fault at once, each a field's name and words; `then` says what to do.

    Not where the last of them has just said it itself. Without a fault nothing is refused. Refused codes: "fields", or
    the one given.
    """
    by_field: dict[str, str] = {}
    said = []
    for name, words in faults:
        by_field[name] = f"{by_field[name]}；{words}" if name in by_field else words
        said.append(words)
    if said:
        asked = then == PUT_RIGHT and "请" in said[-1]
        raise Refused(code, f"{'；'.join(said)}。{'' if asked else then}", by_field)


@dataclass(frozen=True)
class Actor:
    """Somebody who asks or acts: an account with its role, in its organization."""

    account_id: int | None
    name: str
    role: Role
    organization_id: int
    organization_name: str
    organization_kind: OrganizationKind
    person_id: int | None = None
    must_change_password: bool = False
    league: str | None = None
    """The league (盟市) whose notices hold for the actor's organization; None: the region's."""

    must_enrol: bool = False
    """Whether the office wants a second factor of this role, and the account has none yet."""
    large_type: bool = False
    """Whether its pages are drawn large (大字显示)."""

    @property
    def held_back(self) -> bool:
        """Whether nothing is open yet: the first password was not changed, or a second factor is wanted."""
        return self.must_change_password or self.must_enrol

    @property
    def oversees_region(self) -> bool:
        """Officers of the region see every league; those of a league see their own only."""
        return self.role in OFFICERS and self.organization_kind is OrganizationKind.REGION_HR


def held_back(actor: Actor) -> Refused:
    """What those hear who have something to do first: a password to change, a second factor to enrol."""
    if actor.must_change_password:
        return Refused("password", "首次登录须先修改密码，修改后重新登录。")
    return Refused("password", "本单位要求您的角色使用动态口令，请先启用。")


def require(actor: Actor, *roles: Role) -> None:
    """Role check (角色): refuse (`role`) unless the actor has one of these roles.

    Also refused (`password`) before a first password was changed, or a second factor that the office wants enrolled.
    """
    if actor.held_back:
        raise held_back(actor)
    if actor.role not in roles:
        wanted = "、".join(role.label for role in roles)
        raise Refused("role", f"此操作由{wanted}办理，您当前的角色是{actor.role.label}。")


def visible(
    actor: Actor,
    *,
    organization: sa.SQLColumnExpression[Any],
    authority: sa.SQLColumnExpression[int],
    person: sa.SQLColumnExpression[int | None] | None = None,
    filed_at: sa.SQLColumnExpression[Any] | None = None,
) -> sa.ColumnElement[bool]:
    """Row-level visibility (可见范围): an SQL condition over a row's organization and its authority in charge.

    Region officers see all, league officers what their league is in charge of, clerks their own organization's,
    nobody anything before changing a first password. A person sees the rows about the person (`person`, where rows may
    be about one), and of those a base's clerk sees none. `filed_at`: where rows are drafts until they are filed, when
    that was; officers see no drafts (草稿), but for administrators, who may grant an extension.
    """
    if actor.held_back:
        return sa.false()
    if filed_at is not None and actor.role in OFFICERS and actor.role is not Role.ADMIN:
        return sa.and_(filed_at.is_not(None), visible(actor, organization=organization, authority=authority))
    if actor.oversees_region:
        return sa.true()
    own = organization == actor.organization_id
    match actor.role:
        case Role.BASE_CLERK:
            return own if person is None else sa.and_(own, person.is_(None))
        case Role.EMPLOYER_CLERK:
            return own
        case Role.PERSON:
            return sa.false() if person is None or actor.person_id is None else person == actor.person_id
    return sa.or_(own, authority == actor.organization_id)


def in_charge(actor: Actor, authority_id: int) -> None:
    """Jurisdiction check (管理权限): refuse unless the actor's office is in charge. Overseeing is not deciding."""
    if actor.organization_id != authority_id:
        raise Refused("jurisdiction", f"该事项不在{actor.organization_name}的管理权限内，请由其主管的人社部门办理。")


def not_found(what: str) -> Refused:
    """Not found (没有找到): absent, or not the actor's to see; the two answer alike, so nothing can be probed."""
    return Refused("missing", f"没有找到这条{what}，或它不在您的管理权限内。")


def administers(actor: Actor, authority_id: int) -> None:
    if not actor.oversees_region:
        in_charge(actor, authority_id)
