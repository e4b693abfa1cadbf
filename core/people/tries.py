"""Wrong tries to sign in (登录尝试): counted before they are checked, and after some each next one has to wait longer.

Nothing is ever locked, so nobody can lock somebody else out: a browser that an account has signed in from before waits
for its own wrong tries alone. What is counted is in the database: no restart and no second process forgets it.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.models import SignInTry

FORGOTTEN = timedelta(days=1)
"""After so long without a wrong try, counting begins anew."""
DEVICES = 4
"""Accounts that one browser is remembered for."""


@dataclass(frozen=True)
class Counter:
    """One thing by which tries are counted: how many are free, and how long the longest wait is."""

    name: str
    free: int
    longest: timedelta

    @property
    def key(self) -> bytes:
        return db.blind_index(f"sign-in try/{self.name}")

    def wait(self, wrong: int) -> timedelta:
        """How long after this many wrong tries the next one waits: two seconds, then twice as long each time."""
        beyond = wrong - self.free
        return min(timedelta(seconds=2 ** min(beyond, 20)), self.longest) if beyond > 0 else timedelta(0)


MINUTE = timedelta(minutes=1)


def counters(username: str, address: str | None, device: str) -> list[Counter]:
    """By what a try counts: a browser known to the account by itself alone, else the account's name and the address.

    Sixty an hour for an account at most (OWASP ASVS 5.0, 6.3.1), whether it exists or not. `address` is None for this
    machine.
    """
    if device:
        return [Counter(f"device/{device}", 5, MINUTE)]
    found = [Counter(f"account/{username}", 3, MINUTE)]
    if address:
        found.append(Counter(f"address/{network(address)}", 20, 5 * MINUTE))
    return found


def network(address: str) -> str:
    """An IPv4 address, or the network of an IPv6 one: its holder has all of that."""
    try:
        given = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((given, 64), strict=False)) if given.version == 6 else str(given)


def count(session: Session, by: list[Counter], now: datetime) -> timedelta:
    """Count a try as a wrong one (先记后查) before it is checked; answers how long to wait before it may be made.

    Counted first, so that many at once are no more than many one after another. One that has to wait counts for
    nothing: asking on and on makes nobody wait longer. A wait never outlasts its own length from now, wherever the
    clock was set since.
    """
    db.lock(session, "sign-in tries")
    session.execute(sa.delete(SignInTry).where(SignInTry.at < now - FORGOTTEN))
    kept = {counter: session.get(SignInTry, counter.key) for counter in by}
    left = timedelta(0)
    for counter, row in kept.items():
        if row:
            row.at = min(row.at, now)
            left = max(left, row.at + counter.wait(row.wrong) - now)
    if left <= timedelta(0):
        for counter, row in kept.items():
            if row:
                row.wrong, row.at = row.wrong + 1, now
            else:
                session.add(SignInTry(key=counter.key, wrong=1, at=now))
    return left


def succeeded(session: Session, by: list[Counter]) -> None:
    """The try was right: the account's or the browser's count is over, the address has this one back."""
    session.execute(sa.delete(SignInTry).where(SignInTry.key == by[0].key))
    for counter in by[1:]:
        row = session.get(SignInTry, counter.key)
        if row and row.wrong:
            row.wrong -= 1


def forget(session: Session, username: str) -> None:
    """Begin an account's counting anew (清除等待), as after its password was reset."""
    session.execute(sa.delete(SignInTry).where(SignInTry.key == counters(username, None, "")[0].key))


# --- browsers an account is known by ----------------------------------------------------------------------------------


def remembered(cookie: str, account_id: int) -> str:
    """The cookie of a browser, with this account among those that have signed in from it (常用浏览器)."""
    nonce = secrets.token_urlsafe(9)
    mine = f"{account_id}.{nonce}.{_mark(account_id, nonce)}"
    others = [each for each in cookie.split("~") if each and not each.startswith(f"{account_id}.")]
    return "~".join([mine, *others][:DEVICES])


def device(cookie: str, account_id: int) -> str:
    """What this browser is known to the account by; empty where it has never signed in from it."""
    for each in cookie.split("~"):
        match each.split("."):
            case [account, nonce, mark] if account == str(account_id):
                if secrets.compare_digest(mark.encode(), _mark(account_id, nonce).encode()):
                    return each
    return ""


def _mark(account_id: int, nonce: str) -> str:
    return db.blind_index(f"device/{account_id}/{nonce}").hex()[:32]
