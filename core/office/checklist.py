"""Opening the office (开办清单): what an administrator has to see to before it works, each ticked by what there is.

Nothing is ticked by hand: the state of each is asked of the office itself. What does not apply is set aside with a
reason, and may be taken up again. The region's administrator sees all of it, a league's what a league has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import drafts
from core.ground import access, db, typed
from core.ground.access import Actor, OrganizationKind, Refused, Role, not_found, require, visible
from core.ground.deeds import deed
from core.law import notices
from core.models import Account, AuditEntry, Organization, Person
from core.office import backups, mail
from core.people import accounts, holidays, identity, setup
from core.trail import audit


@dataclass(frozen=True)
class Step:
    """One thing to see to (开办事项): whether it is done, and how it stands in words."""

    code: str
    name: str
    done: bool
    words: str
    aside: str = ""
    """Why it was set aside, "" where it was not."""

    @property
    def settled(self) -> bool:
        return self.done or bool(self.aside)


_State = tuple[bool, str]
_Asked = Callable[[Session, Actor, datetime], _State]
"""Whether it is done, and the words."""


def applies(session: Session, actor: Actor) -> bool:
    """Whether there is such a list for this actor: an administrator's, of an office that is no demonstration."""
    return actor.role is Role.ADMIN and not actor.held_back and not setup.is_demo(session)


def steps(session: Session, actor: Actor, *, now: datetime) -> tuple[Step, ...]:
    """The list (开办清单) as it stands, in the order in which it is best done. Refused codes: "role"."""
    require(actor, Role.ADMIN)
    aside = setup.settings(session)
    return tuple(
        Step(code, name, *asked(session, actor, now), aside.get(_setting(code, actor), ""))
        for code, name, asked in _listed(actor)
    )


@deed
def set_aside(session: Session, code: str, *, actor: Actor, reason: str, now: datetime) -> Step:
    """Set a step aside (暂不办理) for a reason, or take it up again where none is given.

    Refused codes: "role", "missing" (no such step), "reason" (too long).
    """
    require(actor, Role.ADMIN)
    found = next((each for each in steps(session, actor, now=now) if each.code == code), None)
    if found is None:
        raise not_found("开办事项")
    if len(reason := typed.text(reason)) > 100:
        raise Refused("reason", "原因请写在100个字以内。")
    setup.decide_setting(session, _setting(code, actor), reason)
    office = session.get_one(Organization, actor.organization_id)
    told = {"step": found.name, "aside": bool(found.aside)}, {"step": found.name, "aside": bool(reason)}
    audit.record(
        session, audit.Event.STEP_SET_ASIDE, office, actor=actor, before=told[0], after=told[1], reason=reason, now=now
    )
    return replace(found, aside=reason)


def _setting(code: str, actor: Actor) -> str:
    return f"aside.{code}" if actor.oversees_region else f"aside.{code}.{actor.organization_id}"


def _listed(actor: Actor) -> list[tuple[str, str, _Asked]]:
    """The steps of this administrator, in their order."""
    every: list[tuple[str, str, _Asked, bool]] = [
        ("key", "另存密钥", _key, True),
        ("backup", "第一次备份", _backup, True),
        ("place", "备份另放一处", _place, True),
        ("name", "单位名称和标志", _name, True),
        ("address", "对外网址", _address, True),
        ("second", "第二名管理员", _second, False),
        ("organizations", "机构", _organizations, False),
        ("accounts", "账号", _accounts, False),
        ("people", "人员", _people, False),
        ("notice", "本年度的通知", _notice, True),
        ("calendar", "放假安排", _calendar, True),
        ("mail", "邮件", _mail, True),
    ]
    return [(code, name, asked) for code, name, asked, region in every if actor.oversees_region or not region]


def _key(session: Session, actor: Actor, now: datetime) -> _State:
    fingerprint = db.keys().fingerprints[0]
    printed = sa.select(AuditEntry.id).where(
        AuditEntry.event == audit.Event.KEY_PRINTED.value, AuditEntry.after.contains(fingerprint, autoescape=True)
    )
    if session.scalar(printed.limit(1)):
        return True, "已打印现用密钥的恢复单，请放入保险柜。"
    return False, "丢了密钥，身份证号和备份都打不开。打印恢复单放入保险柜，再把密钥文件另存一份。"


def _backup(session: Session, actor: Actor, now: datetime) -> _State:
    if last := backups.standing(session, actor, now=now).last:
        return True, f"最近一次成功的备份是{db.office_day(last)}。"
    return False, "系统每天自动备份，第一次请现在做。"


def _place(session: Session, actor: Actor, now: datetime) -> _State:
    here = backups.standing(session, actor, now=now)
    if here.seen.beside:
        return False, "备份和系统在同一块硬盘上，硬盘坏了会一起丢。请改放到共享文件夹、U盘或另一块硬盘。"
    return True, f"备份放在{here.folder}。"


def _name(session: Session, actor: Actor, now: datetime) -> _State:
    found = identity.identity(session)
    if not found.name:
        return False, "写明是谁的系统，可加一个小图标。"
    return True, f"{found.name}，{'已有标志' if found.mark else '没有标志'}。"


def _address(session: Session, actor: Actor, now: datetime) -> _State:
    if place := setup.address(setup.settings(session)):
        return True, f"{place}，审验卡的二维码、日历和邮件都指向这里。"
    return (
        False,
        "没有它，审验卡不印核验网址，手机扫码打不开核验页。请在“机构与账号”的“本单位”填写，如 https://jxjy.example.cn。",
    )


def _second(session: Session, actor: Actor, now: datetime) -> _State:
    query = sa.select(Account.must_change_password).where(
        Account.role == Role.ADMIN, Account.organization_id == actor.organization_id, Account.active
    )
    waiting, wait = list(session.scalars(query)), accounts.second_administrator(session, actor, now=now)
    if len(waiting) < 2:
        return False, f"发布政策须两名管理员：一人起草，一人发布。请为另一位同事开通管理员账号。{wait}"
    if waiting.count(False) < 2:
        return False, f"已开通，待其首次登录并修改初始密码。{wait}"
    return True, f"已有{waiting.count(False)}名管理员。{wait}"


def _own(actor: Actor) -> list[sa.ColumnElement[bool]]:
    """The organizations in use that are an administrator's to keep, the offices themselves apart."""
    seen = visible(actor, organization=Organization.id, authority=Organization.authority_id)
    return [seen, Organization.kind.not_in(access.AUTHORITIES), Organization.active.is_(True)]


def _organizations(session: Session, actor: Actor, now: datetime) -> _State:
    query = sa.select(Organization.kind, sa.func.count()).where(*_own(actor)).group_by(Organization.kind)
    counts = {kind: count for kind, count in session.execute(query) if kind is not OrganizationKind.EXAM_AUTHORITY}
    if not counts:
        return False, "录入继续教育基地、主管部门和用人单位。可下载模板，一次导入。"
    return True, "、".join(f"{kind.label}{counts[kind]}个" for kind in OrganizationKind if kind in counts) + "。"


def _accounts(session: Session, actor: Actor, now: datetime) -> _State:
    has = sa.exists().where(Account.organization_id == Organization.id, Account.active)
    without = list(session.scalars(sa.select(Organization.name).where(*_own(actor), ~has).order_by(Organization.id)))
    named = "、".join(without[:3]) + ("等" if len(without) > 3 else "")
    lacking = f"{len(without)}个机构没有账号：{named}。" if without else ""
    mine = sa.select(sa.func.count()).where(
        Account.role == Role.REVIEWER, Account.organization_id == actor.organization_id, Account.active
    )
    if not session.scalar(mine):
        return False, f"还没有审核员，上报的计划和报告没有人审核。{f'另有{lacking}' if lacking else ''}"
    if lacking:
        return False, f"还有{lacking}可下载模板，一次开通，初始密码打印成条。"
    return True, "审核员和各机构都有账号。"


def _people(session: Session, actor: Actor, now: datetime) -> _State:
    mine = sa.and_(
        visible(actor, organization=Person.employer_id, authority=Person.authority_id), Person.merged_into_id.is_(None)
    )
    nowhere = sa.func.sum(sa.case((Person.employer_name == "", 1), else_=0))
    count, without = session.execute(sa.select(sa.func.count(), nowhere).where(mine)).one()
    if not count:
        return False, "导入人员的单位、职务和专业；没有导入的，随花名册入库。"
    return True, f"在库{count:,}人" + (f"，其中{without:,}人没有写明工作单位。" if without else "。")


def _notice(session: Session, actor: Actor, now: datetime) -> _State:
    today = db.office_day(now)
    try:
        found = notices.in_force(today)
    except Refused as refused:
        words = refused.words
    else:
        if found.in_force.first <= today <= found.in_force.last:
            return True, f"{found.document}，适用于{found.in_force.first}至{found.in_force.last}。"
        words = f"今天按以前的{found.document}办理。"
    listed = drafts.listing(session, actor)
    waits = listed[listed["published_at"].isna() & listed["put_away_at"].isna() & listed["league"].isna()]
    wait = accounts.second_administrator(session, actor, now=now)
    if waits.empty:
        return False, f"{words}收到本年度的通知后，一名管理员起草，另一名发布。{wait}"
    return False, f"{words}草稿“{waits.iloc[0]['name']}”已起草，待另一名管理员发布。{wait}"


def _calendar(session: Session, actor: Actor, now: datetime) -> _State:
    year = db.office_day(now).year
    if holidays.work_days(session).known(year):
        return True, f"{year}年的放假安排已载入，期限按此顺延。"
    return False, f"{year}年的放假安排还没有录入，期限只按周末顺延。"


def _mail(session: Session, actor: Actor, now: datetime) -> _State:
    try:
        post = mail.Post.office(setup.settings(session))
    except Refused as refused:
        return False, refused.words
    if post:
        return True, f"由{post.sender}经{post.host}发出。"
    return False, "没有设置邮件服务器，提醒只在系统内显示。请在“机构与账号”的“本单位”填写。"
