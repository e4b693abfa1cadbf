"""A second factor: a code of the app beside the password, once each; without it a right password opens nothing."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy.orm import Session

from core.ground import access, db
from core.ground.access import Actor, Refused, Role
from core.models import SecondFactor
from core.people import accounts, second_factor, tries
from tests import cast as c
from tests import ready

STEP = timedelta(seconds=second_factor.STEP)
LATER = c.NOW + 10 * STEP


def done(act: Any) -> Any:
    with db.transaction() as session:
        return act(session)


def holder(token: str, now: datetime = LATER) -> Actor | None:
    with db.reading() as session:
        return accounts.actor_of(session, token, now)


def code(secret: str, now: datetime = LATER) -> str:
    return pyotp.TOTP(secret).at(now)


def enrolled(actor: Actor) -> tuple[str, list[str]]:
    """An app enrolled for an account: its secret, and the recovery codes."""
    secret = second_factor.secret()
    first = code(secret, c.NOW)
    return secret, done(lambda s: second_factor.enrol(s, secret, first, actor=actor, now=c.NOW, real=c.NOW))


def half_way(username: str, now: datetime = LATER) -> str:
    """A sign-in after the right password."""
    token = done(lambda s: accounts.sign_in(s, username, fits=True, now=now))
    assert isinstance(token, str)
    return token


def step(token: str, typed: str, now: datetime = LATER, device: str = "") -> str:
    """What becomes of the second step: "in", or the refusal's code."""
    refused = done(lambda s: accounts.second_step(s, token, typed, now=now, device=device))
    return refused.code if refused else "in"


def test_a_right_password_opens_nothing_until_the_code_is_right_and_each_code_opens_once(office: Path) -> None:
    cast = c.assemble()
    secret, _ = enrolled(cast["base"])
    token = half_way("base")
    assert holder(token) is None
    with db.reading() as session:
        assert accounts.awaits_code(session, token, LATER)
    assert step(token, code(secret, LATER + 3 * STEP)) == "code"
    assert step(token, code(secret, LATER - 3 * STEP)) == "code"  # over, though never used
    assert holder(token) is None
    assert step(token, f" {code(secret)[:3]} {code(secret)[3:]}") == "in"
    assert holder(token) == cast["base"]
    assert holder(token, LATER + timedelta(minutes=50)) is not None  # not only for the five minutes of the first step
    second = half_way("base")
    assert step(second, code(secret)) == "code"  # used before
    assert step(second, code(secret, LATER - STEP)) == "code"  # of a step before that
    assert step(second, code(secret, LATER + STEP)) == "in"  # a phone whose clock is half a minute ahead
    with db.transaction() as session:  # as while the clock ran a day ahead
        session.get_one(SecondFactor, cast["base"].account_id).last_step += 2880
    back = half_way("base", LATER + 9 * STEP)
    assert step(back, code(secret, LATER + 9 * STEP), LATER + 9 * STEP) == "in"
    assert step(half_way("base"), code(secret), LATER - timedelta(days=1)) == "ended"
    third = half_way("base")
    assert step(third, "000000", LATER + timedelta(minutes=6)) == "ended"
    assert holder(half_way("leader")) is not None  # who has none needs none


def test_wrong_codes_wait_apart_from_wrong_passwords_and_for_a_known_browser_by_itself(office: Path) -> None:
    cast = c.assemble()
    secret, _ = enrolled(cast["base"])
    assert [step(half_way("base"), "000000") for _ in range(6)] == ["code"] * 4 + ["wait"] * 2  # however often begun
    known = tries.remembered("", cast["base"].account_id or 0)
    assert step(half_way("base"), code(secret), device=known) == "in"
    assert step(half_way("base"), code(secret, LATER + STEP), LATER + timedelta(minutes=1)) == "in"  # the wait is over


@ready.sqlite
def test_a_recovery_code_stands_in_for_the_app_once_and_none_is_kept_readable(office: Path) -> None:
    cast = c.assemble()
    secret, codes = enrolled(cast["base"])
    assert len(set(codes)) == second_factor.CODES
    assert step(half_way("base"), codes[3].lower().replace("-", "")) == "in"
    assert step(half_way("base"), codes[3]) == "code"
    with db.reading() as session:
        assert second_factor.left(session.get_one(SecondFactor, cast["base"].account_id)) == second_factor.CODES - 1
    kept = str(c.everything())
    assert not [each for each in (secret, *codes) if each in kept or each.replace("-", "") in kept]
    assert secret.encode() not in (office / "office.db").read_bytes()
    renewed = done(lambda s: second_factor.renew_codes(s, c.PASSWORD, actor=cast["base"], now=c.NOW))
    assert step(half_way("base"), codes[4]) == "code"
    assert step(half_way("base"), renewed[4]) == "in"


def test_the_office_wants_it_of_a_role_and_nothing_is_open_before_it_is_enrolled(office: Path) -> None:
    cast = c.assemble()

    def rules(by: str, idle: int = 30) -> None:
        done(
            lambda s: accounts.set_rules(
                s,
                idle_minutes=idle,
                second_factor_roles=[Role.BASE_CLERK],
                actor=cast[by],
                now=c.NOW,
            )
        )

    before = half_way("base")
    for by, idle, refused in (("hohhot_admin", 30, "role"), ("reviewer", 30, "role"), ("admin", 7, "idle")):
        with pytest.raises(Refused, match=refused):
            rules(by, idle)
    rules("admin")
    assert holder(before) == cast["base"]  # from the next sign-in on
    token = half_way("base")
    here = holder(token)
    assert here is not None
    assert here.must_enrol
    with pytest.raises(Refused, match="password"):
        access.require(here, *Role)
    secret, _ = enrolled(here)
    assert holder(token) == cast["base"]
    assert step(half_way("base"), code(secret)) == "in"
    with pytest.raises(Refused, match="wanted"):
        done(lambda s: second_factor.remove(s, c.PASSWORD, actor=cast["base"], now=c.NOW))
    assert not holder(half_way("leader")).must_enrol  # type: ignore[union-attr]


def test_it_is_enrolled_and_left_by_its_owner_alone_and_taken_off_by_an_administrator(office: Path) -> None:
    cast = c.assemble()
    base, mine = cast["base"], cast["base"].account_id or 0

    def refused(act: Any) -> str:
        return c.refusal(act).code

    def drop(by: str, reason: str = "手机丢失") -> Any:
        return lambda s: accounts.drop_second_factor(s, mine, actor=cast[by], reason=reason, now=c.NOW)

    def enrol(secret: str, typed: str) -> Any:
        return lambda s: second_factor.enrol(s, secret, typed, actor=base, now=c.NOW, real=c.NOW)

    def keep(session: Session, password: str = "wrong") -> Any:
        return second_factor.renew_codes(session, password, actor=base, now=c.NOW)

    secret = second_factor.secret()
    assert refused(enrol(secret, "000000")) == "code"
    assert refused(enrol("A" * 31, pyotp.TOTP("A" * 32).at(c.NOW))) == "secret"
    assert (refused(keep), refused(drop("admin"))) == ("missing", "none")
    own, _ = enrolled(base)
    with db.reading() as session:
        kept = second_factor.of(session, mine)
        assert kept is not None
        assert kept.secret == own
    assert not [table for table, rows in c.everything().items() if any(own in row for row in rows)]  # sealed
    assert refused(enrol(secret, code(secret, c.NOW))) == "there"
    assert refused(keep) == "old"
    assert refused(lambda s: second_factor.remove(s, "wrong", actor=base, now=c.NOW)) == "old"
    assert [refused(drop(by)) for by in ("reviewer", "hohhot_admin")] == ["role", "jurisdiction"]
    assert refused(drop("admin", " ")) == "reason"
    done(drop("admin"))
    assert holder(half_way("base")) == base
    assert second_factor.address(secret, base.name).startswith("otpauth://totp/")
