"""Accounts (账号) and sign-ins: open, close, passwords, sessions."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, names, resident_id, typed
from core.ground.access import (
    AUTHORITIES,
    ROLE_HOMES,
    Actor,
    Refused,
    Role,
    league_of,
    not_found,
    require,
    visible,
)
from core.ground.deeds import deed
from core.models import Account, AuditEntry, Intake, IntakeLine, Organization, Person, SecondFactor, SignIn
from core.people import passwords, persons, second_factor, setup, tries
from core.trail import audit

SIGN_IN_LASTS = timedelta(hours=12)
CODE_LASTS = timedelta(minutes=5)
"""For so long a right password waits for the code of the second factor."""
FIRST_PASSWORD_LASTS = timedelta(days=30)
"""For so long a first password lets in."""
AHEAD = timedelta(minutes=5)
"""So far the clocks of two machines may differ. What began later than that was made while a clock ran ahead."""
IDLE = timedelta(hours=1)
"""After so long without anything done a sign-in ends, unless the office has set another limit."""


def listing(session: Session, actor: Actor, *, text: str = "") -> pd.DataFrame:
    """List accounts (账号).

    Accounts of the actor's jurisdiction, all or those with these words in user name, name or organization.

    Columns: id, username, name, role, organization, active, second_factor.
    """
    require(actor, Role.ADMIN)
    query = (
        sa.select(
            Account.id,
            Account.username,
            Account.name,
            Account.role,
            Organization.name.label("organization"),
            Account.active,
            SecondFactor.account_id.is_not(None).label("second_factor"),
        )
        .join(Organization, Organization.id == Account.organization_id)
        .outerjoin(SecondFactor, SecondFactor.account_id == Account.id)
        .where(visible(actor, organization=Organization.id, authority=Organization.authority_id))
        .order_by(Organization.id, Account.id)
    )
    query = query.where(db.holding(text, Account.username, Account.name, Organization.name))
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


@deed
def open_account(
    session: Session,
    *,
    username: str,
    name: str,
    role: Role,
    organization_id: int,
    password: str,
    actor: Actor,
    now: datetime,
    person_id: int | None = None,
    must_change_password: bool = True,
) -> Account:
    """Open an account (开通账号): its first sign-in must change the password.

    Refused codes: "role", "missing", "jurisdiction", "username", "name", "password", "home", "person".
    """
    require(actor, Role.ADMIN)
    organization = session.get(Organization, organization_id)
    if organization is None:
        raise not_found("机构")
    access.administers(actor, organization.authority_id)
    username = _username(username)
    if words := username_fault(username):
        raise Refused("username", f"{words}。")
    if session.scalar(sa.select(Account.id).where(Account.username == username)):
        raise Refused("username", f"用户名“{username}”已被使用，请换一个。")
    if not (name := typed.text(name)):
        raise Refused("name", "请填写使用人姓名。")
    if organization.kind not in ROLE_HOMES[role]:
        homes = "、".join(kind.label for kind in ROLE_HOMES[role])
        raise Refused("home", f"{role.label}账号只能开在{homes}，“{organization.name}”是{organization.kind.label}。")
    if (role is Role.PERSON) != (person_id is not None):
        raise Refused("person", "个人账号须对应一名专业技术人员，其他账号不对应个人。")
    passwords.check(password, username=username, demo=setup.is_demo(session))
    account = Account(
        username=username,
        name=name,
        role=role,
        organization_id=organization_id,
        person_id=person_id,
        password_hash=passwords.hashed(password),
        must_change_password=must_change_password,
        first_until=now + FIRST_PASSWORD_LASTS if must_change_password else None,
    )
    session.add(account)
    audit.record(
        session,
        audit.Event.ACCOUNT_OPENED,
        account,
        actor=actor,
        after={"username": username, "role": role.value},
        now=now,
    )
    return account


@deed
def open_first(
    session: Session,
    *,
    username: str,
    name: str,
    organization_id: int,
    password: str,
    must_change_password: bool,
    now: datetime,
) -> Account:
    """Open the first account (首个管理员) of an office that has none: an administrator's.

    Refused codes: "open" (there are accounts), those of `open_account`.
    """
    db.lock(session, "first account")
    if not none_yet(session):
        raise Refused("open", "系统已有账号，请直接登录；其他账号由管理员在“机构与账号”中开通。")
    return open_account(
        session,
        username=username,
        name=name,
        role=Role.ADMIN,
        organization_id=organization_id,
        password=password,
        must_change_password=must_change_password,
        actor=setup.system_actor(session),
        now=now,
    )


def none_yet(session: Session) -> bool:
    """Whether nobody can sign in yet (没有账号): the first visit has to make an administrator."""
    return session.scalar(sa.select(Account.id).limit(1)) is None


@deed
def open_person_account(
    session: Session, *, username: str, id_number: str, password: str, actor: Actor, now: datetime
) -> Account:
    """Open an account for a person on file (个人账号), by ID number.

    Refused codes: "person" and those of `open_account`.
    """
    require(actor, Role.ADMIN)  # before the look-up: nobody else learns who is on file
    person = session.scalar(
        sa.select(Person).where(Person.id == persons.holder(db.blind_index(resident_id.normalise(id_number))))
    )
    if person is None:
        raise Refused("person", "没有此身份证号的人员；人员随花名册、导入的学时和人员表入库，请核对号码。")
    return open_account(
        session,
        username=username,
        name=person.name,
        role=Role.PERSON,
        organization_id=person.employer_id or person.authority_id,
        password=password,
        person_id=person.id,
        actor=actor,
        now=now,
    )


@deed
def correct(
    session: Session,
    account_id: int,
    *,
    name: str,
    role: Role,
    organization_id: int,
    actor: Actor,
    reason: str,
    now: datetime,
) -> Account:
    """Correct an account (更正账号): whose it is, its role, its organization; the trail keeps what it was.

    Another role or organization ends its sign-ins. What a person's own account says follows the person's record.
    Refused codes: "role", "missing", "jurisdiction" (of either organization), "reason", "name", "home" (no such role in
    this organization), "person" (a person's own account), "self" (one's own role or organization), "same".
    """
    account = _administered(session, account_id, actor)
    home = session.get(Organization, organization_id)
    if home is None:
        raise not_found("机构")
    access.administers(actor, home.authority_id)
    if Role.PERSON in (role, account.role):
        raise Refused("person", "个人账号的姓名和单位随人员记录，请在“人员”中更正或调动。")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写更正的原因。")
    if not 2 <= len(name := typed.text(name)) <= 40:
        raise Refused("name", "使用人姓名应为2至40个字。")
    moved = (role, home.id) != (account.role, account.organization_id)
    if not moved and name == account.name:
        raise Refused("same", "与现有信息相同，没有需要更正的。")
    if moved and account.id == actor.account_id:
        raise Refused("self", "不能更改自己的角色或机构，请由另一名管理员办理。")
    if home.kind not in ROLE_HOMES[role]:
        homes = "、".join(kind.label for kind in ROLE_HOMES[role])
        raise Refused("home", f"{role.label}账号只能开在{homes}，“{home.name}”是{home.kind.label}。")
    before = {"name": account.name, "role": account.role.value, "organization": account.organization.name}
    account.name, account.role, account.organization = name, role, home
    if moved:
        end_sign_ins(session, Account.id == account.id, now)
    after = {"name": name, "role": role.value, "organization": home.name}
    event = audit.Event.ACCOUNT_CORRECTED
    audit.record(session, event, account, actor=actor, before=before, after=after, reason=reason, now=now)
    return account


@deed
def set_active(session: Session, account_id: int, active: bool, *, actor: Actor, reason: str, now: datetime) -> Account:
    """Deactivate or reactivate an account (停用、启用账号).

    Close an account, which ends its sign-ins at once, or open it again.

    Refused codes: "role", "missing", "jurisdiction", "self", "reason".
    """
    account = _administered(session, account_id, actor)
    if account.id == actor.account_id:
        raise Refused("self", "不能停用自己的账号。")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写停用或启用的原因。")
    account.active = active
    if not active:
        end_sign_ins(session, Account.id == account.id, now)
    event = audit.Event.ACCOUNT_REOPENED if active else audit.Event.ACCOUNT_CLOSED
    audit.record(session, event, account, actor=actor, after={"active": active}, reason=reason, now=now)
    return account


@deed
def reset_password(session: Session, account_id: int, password: str, *, actor: Actor, now: datetime) -> Account:
    """Reset a password (重置密码): give an account a new first password, unlock it and end its sign-ins.

    Refused codes: "role", "missing", "jurisdiction", "password".
    """
    account = _administered(session, account_id, actor)
    _set_password(session, account, password, must_change=True, now=now)
    audit.record(session, audit.Event.PASSWORD_RESET, account, actor=actor, now=now)
    return account


@deed
def drop_second_factor(session: Session, account_id: int, *, actor: Actor, reason: str, now: datetime) -> Account:
    """Take a second factor off an account (停用他人的动态口令), whose phone is lost; its sign-ins end.

    Refused codes: "role", "missing", "jurisdiction", "reason", "none" (it has none).
    """
    account = _administered(session, account_id, actor)
    factor = second_factor.of(session, account.id)
    if factor is None:
        raise Refused("none", f"账号{account.username}没有启用动态口令。")
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写停用动态口令的原因。")
    session.delete(factor)
    end_sign_ins(session, Account.id == account.id, now)
    audit.record(session, audit.Event.SECOND_FACTOR_OFF, account, actor=actor, reason=reason, now=now)
    return account


IDLES = (15, 30, 60, 120, 240, 720)
"""Limits in minutes that an office may set."""


@deed
def set_rules(
    session: Session,
    *,
    idle_minutes: int,
    second_factor_roles: list[Role],
    actor: Actor,
    now: datetime,
) -> None:
    """Set the rules of signing in (登录规则): after how long without anything done it ends, and of whom a second factor
    is wanted, from the next sign-in on. For how long its traces are kept: `office.retention`.

    Refused codes: "role" (the region's administrator), "idle".
    """
    require(actor, Role.ADMIN)
    if not actor.oversees_region:
        raise Refused("role", "登录规则由自治区人社厅的管理员修改。")
    if idle_minutes not in IDLES:
        raise Refused("idle", f"闲置时限应为{'、'.join(map(str, IDLES))}分钟之一。")
    kept = {"idle_minutes": str(idle_minutes)}
    kept["second_factor_roles"] = ",".join(role.value for role in Role if role in second_factor_roles)
    before = {name: setup.setting(session, name) or "" for name in kept}
    for name, value in kept.items():
        setup.decide_setting(session, name, value)
    office = session.get_one(Organization, actor.organization_id)
    audit.record(session, audit.Event.SIGN_IN_RULES, office, actor=actor, before=before, after=kept, now=now)


@deed
def own_password(session: Session, old: str, *, actor: Actor, now: datetime) -> Refused | None:
    """Whether this is one's own password (核对原密码), before it is changed; None where it is. `now`: the real moment.

    Wrong ones are counted and trailed, and make the next one wait, apart from those of signing in: a browser that was
    left open is no place to guess. The refusal is answered, not raised. Codes: "wait", "old".
    """
    account = session.get_one(Account, actor.account_id)
    by = tries.counters(f"{account.username}/own", None, "")
    if (left := tries.count(session, by, now)) > timedelta(0):
        return _wait(left)
    if not passwords.fits(old, account.password_hash):
        _wrong(session, account, "", None, now)
        return Refused("old", "原密码不正确，请重新输入。")
    tries.succeeded(session, by)
    return None


@deed
def change_password(session: Session, new: str, *, old: str, actor: Actor, now: datetime) -> None:
    """Change a password (修改密码): change one's own password; every sign-in of the account ends, this one included.

    Refused codes: "old", "password", "same".
    """
    account = session.get_one(Account, actor.account_id)
    if not passwords.fits(old, account.password_hash):
        raise Refused("old", "原密码不正确，请重新输入。")
    if new == old:
        raise Refused("same", "新密码不能与原密码相同。")
    _set_password(session, account, new, must_change=False, now=now)
    audit.record(session, audit.Event.PASSWORD_CHANGED, account, actor=actor, now=now)


@deed
def read_large(session: Session, large: bool, *, actor: Actor, now: datetime) -> None:
    """Have one's own pages drawn large, or as usual (大字显示), on whatever machine one signs in."""
    account = session.get_one(Account, actor.account_id)
    before, account.large_type = account.large_type, large
    if before != large:
        was, became = {"large_type": before}, {"large_type": large}
        audit.record(session, audit.Event.READING_SIZE, account, actor=actor, before=was, after=became, now=now)


TOO_NEW = timedelta(days=1)
"""So long after one opened or reset the other's account, the two are not taken for two people."""


def two_people(session: Session, actor: Actor, account_id: int | None, *, now: datetime, what: str) -> None:
    """Four eyes (双人办理): refuse (`self`) unless the actor is another human than the one of an account.

    Step 1: another account. Step 2: another person: neither one person's two accounts, nor two of one name in one
    office. Step 3: neither account was opened by the other, nor given a new password, within a day: who can make the
    second one could be both. The system itself (the command line) is nobody's second account.
    """
    first, second = (session.get(Account, each) if each else None for each in (account_id, actor.account_id))
    if first is None or second is None:
        return
    if first.id == second.id:
        who = "管理员" if actor.role is Role.ADMIN else "审核员"
        raise Refused("self", f"{what}须由另一人办理，请本单位的另一名{who}登录后办理。")
    alike = first.organization_id == second.organization_id and names.same(first.name, second.name)
    if alike or (first.person_id is not None and first.person_id == second.person_id):
        raise Refused("self", f"{what}须由另一人办理：“{first.username}”与“{second.username}”是同一人的账号。")
    if apart := _apart_at(session, first.id, second.id, now):
        words = f"两个账号中的一个刚由另一个开通或重置密码，一天以后才算两人，即{db.office_minute(apart)}起"
        raise Refused("self", f"{what}须由另一人办理：{words}。")


def second_administrator(session: Session, actor: Actor, *, now: datetime) -> str:
    """What keeps a second administrator from publishing what this one drafts (双人办理), in words; "" for nothing.

    Said beforehand, so that nobody learns of the day's wait (`two_people`) from a refusal.
    """
    query = sa.select(Account.id).where(
        Account.role == Role.ADMIN,
        Account.organization_id == actor.organization_id,
        Account.active,
        Account.id != actor.account_id,
    )
    apart = [_apart_at(session, actor.account_id or 0, number, now) for number in session.scalars(query)]
    if not apart:
        return "由您开通的账号满一天后才能与您一人起草、一人发布，请尽早开通。"
    if waits := [each for each in apart if each]:
        when = db.office_minute(min(waits))
        return "" if len(waits) < len(apart) else f"其账号由您刚开通或重置密码，满一天即{when}起才能发布您起草的政策。"
    return ""


def _apart_at(session: Session, one: int, other: int, now: datetime) -> datetime | None:
    """From when on two accounts are taken for two people, where one made the other within `TOO_NEW`; else None."""
    by_workbook = sa.select(Intake.id).where(
        Intake.id == IntakeLine.intake_id,
        Intake.code == "accounts",
        IntakeLine.made,
        sa.or_(
            sa.and_(IntakeLine.record_id == one, Intake.account_id == other),
            sa.and_(IntakeLine.record_id == other, Intake.account_id == one),
        ),
    )
    made = sa.and_(
        AuditEntry.record == "account",
        AuditEntry.event.in_((audit.Event.ACCOUNT_OPENED.value, audit.Event.PASSWORD_RESET.value)),
        sa.or_(
            sa.and_(AuditEntry.record_id == one, AuditEntry.account_id == other),
            sa.and_(AuditEntry.record_id == other, AuditEntry.account_id == one),
        ),
    )
    moved_in = sa.and_(
        AuditEntry.record == "intake",
        AuditEntry.event == audit.Event.MOVED_IN.value,
        AuditEntry.record_id.in_(by_workbook),
    )
    found = audit.lately(session, sa.or_(made, moved_in), now - TOO_NEW, now=now)
    last = max((at for _, at in found), default=None)
    return last + TOO_NEW if last else None


def username_fault(username: str) -> str:
    """What speaks against a user name (用户名), in words; "" where nothing does. Whether it is taken is asked apart."""
    if not re.fullmatch(r"[a-z0-9_.-]{3,40}", username):
        return "用户名为3至40位小写字母、数字、点、横线或下划线"
    if resident_id.problem(username) is None:
        return "用户名不能用身份证号，它会出现在列表和日志里，请另取一个"
    return ""


def username(written: str) -> str:
    """A user name as it is kept (用户名), whatever its capitals and width."""
    return _username(written)


def _username(written: str) -> str:
    """A user name as it is kept, whatever its capitals and width, and whatever a forged message puts into it."""
    return typed.narrow(written.encode("utf-8", "ignore").decode()).casefold()


def _administered(session: Session, account_id: int, actor: Actor) -> Account:
    require(actor, Role.ADMIN)
    account = session.get(Account, account_id)
    if account is None:
        raise not_found("账号")
    access.administers(actor, account.organization.authority_id)
    return account


def _set_password(session: Session, account: Account, password: str, *, must_change: bool, now: datetime) -> None:
    passwords.check(password, username=account.username, demo=setup.is_demo(session))
    account.password_hash = passwords.hashed(password)
    account.must_change_password = must_change
    account.first_until = now + FIRST_PASSWORD_LASTS if must_change else None
    tries.forget(session, account.username)
    end_sign_ins(session, Account.id == account.id, now)


def end_sign_ins(session: Session, whose: sa.ColumnElement[bool], now: datetime) -> None:
    """Revoke sessions: end every sign-in of the accounts that fit, in every browser."""
    accounts = sa.select(Account.id).where(whose)
    session.execute(
        sa.update(SignIn).where(SignIn.account_id.in_(accounts), SignIn.ended_at.is_(None)).values(ended_at=now)
    )


@deed
def may_try(session: Session, username: str, *, address: str | None, device: str = "", now: datetime) -> str | Refused:
    """Whether a try to sign in may be made now (先记后查): the hash to check its password against, or the refusal.

    The try is counted as a wrong one; `sign_in` takes that back. Alike for every name, whether there is such an account
    or not: a stranger's gets a hash that nothing fits. `address`: whence it comes, None for this machine; `device`: the
    cookie of browsers that accounts have signed in from. The refusal is answered, not raised, since something is kept.
    Code: "wait".
    """
    account, by = _tried(session, username, address, device)
    if (left := tries.count(session, by, now)) > timedelta(0):
        return _wait(left)
    return account.password_hash if account else passwords.of_nobody()


def _tried(
    session: Session, username: str, address: str | None, device: str
) -> tuple[Account | None, list[tries.Counter]]:
    """The account of a name, if there is one, and by what a try to sign in to it counts.

    A person may give the ID number in place of the name; it is kept nowhere, and counts as the same account's.
    """
    name = _username(username)
    if resident_id.problem(username) is None:
        holder = persons.holder(db.blind_index(resident_id.normalise(username)))
        whose = sa.select(Person.id).where(Person.human_id == holder)
        account = session.scalar(sa.select(Account).where(Account.role == Role.PERSON, Account.person_id.in_(whose)))
    else:
        account = session.scalar(sa.select(Account).where(Account.username == name))
    known = tries.device(device, account.id) if account else ""
    return account, tries.counters(account.username if account else name, address, known)


@deed
def sign_in(
    session: Session, username: str, *, fits: bool, now: datetime, address: str | None = None, device: str = ""
) -> str | Refused:
    """Sign in (登录): start a sign-in and answer its token, or keep a line about the wrong try and answer the refusal.

    `now` is the real moment, even in a demonstration whose date runs ahead; the trail gets the office's. `address` and
    `device` as `may_try` had them. The refusal, in the same words whatever is wrong, is answered, not raised. Code:
    "credentials", and of a right first password that has expired "expired".
    """
    account, by = _tried(session, username, address, device)
    if account is None or not fits or not account.active or not account.organization.active:
        _wrong(session, account, username, address, now)
        return Refused("credentials", "用户名或密码不正确，请核对后重试。")
    until, latest = account.first_until, max(now, setup.moment(session, now)) + FIRST_PASSWORD_LASTS + AHEAD
    if account.must_change_password and until and not now <= until <= latest:
        _wrong(session, account, username, address, now)
        return Refused("expired", f"初始密码已过{FIRST_PASSWORD_LASTS.days}天有效期，请管理员重置后再登录。")
    tries.succeeded(session, by)
    factor = second_factor.of(session, account.id)
    lacks = "code" if factor else "enrol" if second_factor.wanted(session, account.role) else None
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_digest=_token_digest(token),
            account_id=account.id,
            started_at=now,
            expires_at=now + (CODE_LASTS if factor else SIGN_IN_LASTS),
            idles_at=now + idle_limit(session),
            awaits=lacks,
        )
    )
    if not factor:
        audit.record(session, audit.Event.SIGNED_IN, account, actor=_actor(account), now=setup.moment(session, now))
    return token


def awaits_code(session: Session, token: str, now: datetime) -> bool:
    """Whether a sign-in waits for the code of a second factor (动态口令); until then its token opens nothing."""
    return _half(session, token, now) is not None


def _half(session: Session, token: str, now: datetime) -> SignIn | None:
    fits = (SignIn.token_digest == _token_digest(token), SignIn.awaits == "code", *_LASTS)
    return session.scalar(sa.select(SignIn).where(*fits), _at(now))


@deed
def second_step(
    session: Session, token: str, code: str, *, now: datetime, address: str | None = None, device: str = ""
) -> Refused | None:
    """The second step of signing in (输入动态口令): the code of the app, or a recovery code; None where it is right.

    Wrong ones are counted, and make the next one wait, apart from wrong passwords. The refusal is answered, not raised.
    Codes: "ended" (too late: begin anew), "wait", "code".
    """
    half = _half(session, token, now)
    account = session.get(Account, half.account_id) if half else None
    if half is None or account is None:
        return Refused("ended", "已超过5分钟，请重新输入用户名和密码。")
    known = tries.device(device, account.id)
    by = tries.counters(f"{account.username}/code", None, known and f"{known}/code")
    if (left := tries.count(session, by, now)) > timedelta(0):
        return _wait(left)
    moment = setup.moment(session, now)
    if not second_factor.fits(session, account, code, _actor(account), now=moment, real=now):
        _wrong(session, account, "", address, now)
        return Refused("code", "动态口令不正确。请输入应用中现在显示的6位数字，每个只能用一次；也可输入恢复码。")
    tries.succeeded(session, by)
    half.awaits, half.expires_at = None, now + SIGN_IN_LASTS
    audit.record(session, audit.Event.SIGNED_IN, account, actor=_actor(account), now=moment)
    return None


def _wait(left: timedelta) -> Refused:
    seconds = -(-left // timedelta(seconds=1))
    wait = f"{seconds}秒" if seconds < 120 else f"{-(-seconds // 60)}分钟"
    return Refused("wait", f"尝试次数较多，请{wait}后再试。忘记密码的，请管理员重置。")


def _wrong(session: Session, account: Account | None, username: str, address: str | None, now: datetime) -> None:
    """A line in the trail for a wrong try. What was typed as a name that is none may be a password: one letter."""
    nobody = replace(setup.system_actor(session), name="未登录")
    touched = account or session.get_one(Organization, nobody.organization_id)
    told = {"address": address or "本机"} | ({} if account else {"username": f"{_username(username)[:1]}***"})
    moment = setup.moment(session, now)
    audit.record(session, audit.Event.WRONG_PASSWORD, touched, actor=nobody, after=told, now=moment)


def idle_limit(session: Session) -> timedelta:
    """After how long without anything done a sign-in ends (闲置时限)."""
    kept = setup.setting(session, "idle_minutes")
    return timedelta(minutes=int(kept)) if kept else IDLE


def used(session: Session, tokens: Iterable[str], now: datetime) -> None:
    """Keep sign-ins going (续期) that something was just done in; those that have ended stay so."""
    digests = [_token_digest(token) for token in tokens]
    session.execute(
        sa.update(SignIn)
        .where(SignIn.token_digest.in_(digests), SignIn.idles_at > now)
        .values(idles_at=now + idle_limit(session))
    )


_SIGN_IN, _ACCOUNT, _HOME = SignIn.__table__, Account.__table__, Organization.__table__
_LASTS = (
    _SIGN_IN.c.ended_at.is_(None),
    _SIGN_IN.c.started_at <= sa.bindparam("latest"),
    _SIGN_IN.c.expires_at > sa.bindparam("now"),
)
"""That a sign-in has begun and not ended (`_at`): one made while the clock ran ahead ends when it is put right."""
_STANDS = (
    *_LASTS,
    _SIGN_IN.c.idles_at > sa.bindparam("now"),
    _SIGN_IN.c.awaits.is_distinct_from("code"),
    _ACCOUNT.c.active.is_(True),
    _HOME.c.active.is_(True),
)
"""That a sign-in stands, and its account and organization with it."""
_OFFICE, _PERSON = _HOME.alias(), Person.__table__
_HOLDER = (
    sa.select(
        _ACCOUNT.c.id.label("account_id"),
        _ACCOUNT.c.name,
        _ACCOUNT.c.role,
        _HOME.c.id.label("organization_id"),
        _HOME.c.name.label("organization_name"),
        _HOME.c.kind.label("organization_kind"),
        sa.func.coalesce(_PERSON.c.merged_into_id, _PERSON.c.id).label("person_id"),  # as `Person.human_id`
        _ACCOUNT.c.must_change_password,
        _ACCOUNT.c.large_type,
        _OFFICE.c.kind.label("office_kind"),
        _OFFICE.c.name.label("office"),
        _SIGN_IN.c.awaits,
    )
    .select_from(_SIGN_IN)
    .join(_ACCOUNT, _ACCOUNT.c.id == _SIGN_IN.c.account_id)
    .join(_HOME, _HOME.c.id == _ACCOUNT.c.organization_id)
    .join(_OFFICE, _OFFICE.c.id == sa.case((_HOME.c.kind.in_(AUTHORITIES), _HOME.c.id), else_=_HOME.c.authority_id))
    .outerjoin(_PERSON, _PERSON.c.id == _ACCOUNT.c.person_id)
    .where(_SIGN_IN.c.token_digest == sa.bindparam("digest"), *_STANDS)
)
"""Who holds a token, by the names that `Actor` has for it, and what its other two fields follow from."""


def _at(now: datetime) -> dict[str, datetime]:
    return {"now": now, "latest": now + AHEAD}


def people_of(session: Session, tokens: Iterable[str], now: datetime) -> dict[str, int]:
    """Who of the people signed in (个人) hold these tokens, under the human's id: many at once, by one question.

    As `actor_of`, for what is done many times a second; nobody who has something to do first is among them.
    """
    by_digest = {_token_digest(token): token for token in tokens}
    query = (
        sa.select(SignIn.token_digest, Person.human_id)
        .join(Account, Account.id == SignIn.account_id)
        .join(Organization, Organization.id == Account.organization_id)
        .join(Person, Person.id == Account.person_id)
        .where(SignIn.token_digest.in_(by_digest), *_STANDS, SignIn.awaits.is_(None))
        .where(Account.role == Role.PERSON, Account.must_change_password.is_(False))
    )
    return {by_digest[bytes(digest)]: human for digest, human in session.execute(query, _at(now))}


def actor_of(session: Session, token: str | None, now: datetime) -> Actor | None:
    """Resolve a session token: who holds a token, while the sign-in, the account and its organization all stand."""
    if not token:
        return None
    found: Any = db.plain(session, _HOLDER, digest=_token_digest(token), **_at(now)).one_or_none()
    if found is None:
        return None
    told = dict(found._mapping)
    league, awaits = league_of(told.pop("office_kind"), told.pop("office")), told.pop("awaits")
    return Actor(**told, league=league, must_enrol=awaits == "enrol")


def actor_named(session: Session, username: str) -> Actor:
    """Actor of an account (账号) by user name, for the command line.

    While the account and its organization stand, as in `actor_of`. Refused codes: "account".
    """
    query = sa.select(Account).where(Account.username == _username(username), Account.active)
    account = session.scalar(query.join(Account.organization).where(Organization.active))
    if account is None:
        raise Refused("account", f"没有用户名为“{username}”的账号，或该账号已停用。")
    return _actor(account)


@deed
def sign_out(session: Session, *, actor: Actor, now: datetime) -> None:
    """Sign out everywhere (退出登录): end every sign-in of the account, in every browser."""
    account = session.get_one(Account, actor.account_id)
    end_sign_ins(session, Account.id == account.id, now)
    audit.record(session, audit.Event.SIGNED_OUT, account, actor=actor, now=now)


def _actor(account: Account) -> Actor:
    home = account.organization
    return Actor(
        account.id,
        account.name,
        account.role,
        home.id,
        home.name,
        home.kind,
        account.person_id,
        account.must_change_password,
        home.league,
        large_type=account.large_type,
    )


def _token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
