"""Second factor (动态口令, TOTP, RFC 6238): six digits of an app beside the password, and codes for who has lost it."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Refused, Role
from core.ground.deeds import deed
from core.models import Account, SecondFactor, SignIn
from core.people import passwords, setup
from core.trail import audit

STEP = 30
"""Seconds for which one code holds; those of the step before and after are taken too, for clocks that differ."""
CODES = 10
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
ISSUER = "继续教育管理"


def secret() -> str:
    """A new secret for an app (密钥), kept nowhere before `enrol`."""
    return pyotp.random_base32()


def address(secret: str, account: str) -> str:
    """What the QR code for the app says."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def of(session: Session, account_id: int | None) -> SecondFactor | None:
    """An account's second factor, if it has one."""
    return session.get(SecondFactor, account_id) if account_id else None


def left(factor: SecondFactor) -> int:
    """How many recovery codes have not been used."""
    return len(json.loads(factor.recovery))


def wanted(session: Session, role: Role) -> bool:
    """Whether the office wants one of the accounts of a role (按角色要求)."""
    return role in roles(session)


def roles(session: Session) -> list[Role]:
    """The roles of which the office wants a second factor."""
    kept = setup.setting(session, "second_factor_roles") or ""
    return [role for role in Role if role.value in kept.split(",")]


@deed
def enrol(session: Session, secret: str, code: str, *, actor: Actor, now: datetime, real: datetime) -> list[str]:
    """Enrol one's app (启用动态口令), proved by a code of it; answers the recovery codes, which are shown once.

    `real` is the real moment, as the app has it. Refused codes: "there" (one is enrolled), "secret", "code".
    """
    account = session.get_one(Account, actor.account_id)
    if of(session, account.id):
        raise Refused("there", "动态口令已启用；要换手机，请先停用再重新启用。")
    if len(secret) != 32 or not set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
        raise Refused("secret", "密钥不完整，请刷新页面后重新扫码。")
    step = _step(secret, code, real, after=0)
    if not step:
        raise Refused("code", "口令不正确。请核对手机时间是自动的，输入应用中现在显示的6位数字。")
    codes, kept = _drawn()
    session.add(SecondFactor(account_id=account.id, secret=secret, last_step=step, recovery=kept, enrolled_at=now))
    session.execute(
        sa.update(SignIn).where(SignIn.account_id == account.id, SignIn.awaits == "enrol").values(awaits=None)
    )
    audit.record(session, audit.Event.SECOND_FACTOR_ON, account, actor=actor, now=now)
    return codes


@deed
def renew_codes(session: Session, password: str, *, actor: Actor, now: datetime) -> list[str]:
    """New recovery codes (更换恢复码); the former ones end. Refused codes: "old" (wrong password), "missing"."""
    account, factor = _own(session, password, actor)
    codes, factor.recovery = _drawn()
    audit.record(session, audit.Event.RECOVERY_CODES, account, actor=actor, now=now)
    return codes


@deed
def remove(session: Session, password: str, *, actor: Actor, now: datetime) -> None:
    """Do without one's second factor (停用动态口令). Refused codes: "old", "missing", "wanted" (by the office)."""
    account, factor = _own(session, password, actor)
    if wanted(session, account.role):
        raise Refused("wanted", "本单位要求您的角色使用动态口令。要换手机的，请管理员在“机构与账号”中停用后重新启用。")
    session.delete(factor)
    audit.record(session, audit.Event.SECOND_FACTOR_OFF, account, actor=actor, now=now)


def _own(session: Session, password: str, actor: Actor) -> tuple[Account, SecondFactor]:
    account = session.get_one(Account, actor.account_id)
    factor = of(session, account.id)
    if factor is None:
        raise Refused("missing", "动态口令没有启用。")
    if not passwords.fits(password, account.password_hash):
        raise Refused("old", "密码不正确，请重新输入。")
    return account, factor


def fits(session: Session, account: Account, code: str, actor: Actor, *, now: datetime, real: datetime) -> bool:
    """Whether this is a code of the account's app that was not used before, or one of its recovery codes, then used."""
    factor = of(session, account.id)
    if factor is None:
        return False
    if step := _step(factor.secret, code, real, after=factor.last_step):
        factor.last_step = step
        return True
    kept: list[str] = json.loads(factor.recovery)
    digest = _digest(code)
    if digest not in kept:
        return False
    kept.remove(digest)
    factor.recovery = json.dumps(kept)
    audit.record(session, audit.Event.RECOVERY_USED, account, actor=actor, after={"left": len(kept)}, now=now)
    return True


def _step(secret: str, code: str, real: datetime, *, after: int) -> int:
    """The step that a code is of, if it holds now and comes after this one; 0 where it is none."""
    given, here = typed.plain(code), int(real.timestamp()) // STEP
    if after > here + 2:  # used while the clock ran ahead: it bars nobody once that is corrected
        after = 0
    for step in (here - 1, here, here + 1):
        if step > after and secrets.compare_digest(pyotp.TOTP(secret).at(step * STEP).encode(), given.encode()):
            return step
    return 0


def _drawn() -> tuple[list[str], str]:
    """Recovery codes as they are shown once, and as they are kept: as digests under the office's key."""
    drawn = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(CODES)]
    return [f"{each[:5]}-{each[5:]}" for each in drawn], json.dumps([_digest(each) for each in drawn])


def _digest(code: str) -> str:
    return db.blind_index(f"recovery code/{typed.plain(code).upper().replace('-', '')}").hex()
