"""Passwords (密码): which are taken, how they are kept, how many are checked at a time. Whose they are: accounts."""

from __future__ import annotations

import functools
import os
import re
import secrets
import threading

import bcrypt

from core.ground import db, typed
from core.ground.access import Refused

LENGTH = 12
"""Characters of the shortest one. Length counts, not which kinds of characters there are (NIST SP 800-63B)."""
LONGEST = 72
"""Bytes of the longest one, by bcrypt."""
_LIST = db.ROOT / "data" / "common-passwords.txt"
_AT_ONCE = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) - 1))
"""Checks at a time: one processor stays with those who work, however many guess."""
WAITS = 10.0
"""Seconds that a check waits for its turn."""


def check(password: str, *, username: str = "", demo: bool = False) -> None:
    """Password rules (密码要求): long enough, and none that is tried first.

    Refused codes: "password" (too short, too long, a common one, one character or row of keys repeated, the user name).
    A demonstration takes common ones: its own stands on the sign-in page.
    """
    if len(password) < LENGTH:
        raise Refused("password", f"密码至少{LENGTH}位，请加长；可以用几个不相干的词连起来。")
    if len(password.encode()) > LONGEST:
        raise Refused("password", f"密码过长（超过{LONGEST}字节），请缩短。")
    if not demo and (_common(password) or _within(password, username)):
        raise Refused("password", "这个密码太常见，容易被猜到。请换一个，不要用常见密码、用户名、重复或连续的字符。")


def _common(password: str) -> bool:
    """Whether it is on the list, also without the digits and signs around it, or is little but repetition."""
    said = typed.narrow(password).casefold()
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", said)
    period = (said + said).find(said, 1)
    return (
        said in _listed()
        or bare in _listed()
        or not bare
        or len(set(said)) < 5
        or said[:period] in _listed()
        or period <= len(said) // 3
    )


def _within(password: str, username: str) -> bool:
    """Whether little is left of it without the user name."""
    left = password.casefold().replace(username.casefold(), "") if len(username) > 2 else password
    return len(left) < LENGTH - 4 and left != password


@functools.cache
def _listed() -> frozenset[str]:
    """The passwords that are guessed first, lower-case; the file comes along, no service is asked."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def drawn() -> str:
    """A first password (初始密码) that nobody can guess."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


COST = 12
"""Of bcrypt: two to this power rounds, a quarter of a second of one processor."""


def hashed(password: str) -> str:
    """bcrypt, which is slow on purpose."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(COST)).decode()


def fits(password: str, kept: str) -> bool:
    """Verify a password: a quarter of a second of one processor: call it with no transaction open.

    Refused codes: "busy" (too many at a time).
    """
    if not _AT_ONCE.acquire(timeout=WAITS):
        raise Refused("busy", "同时登录的人太多，请稍候再试。")
    try:
        given = password.encode("utf-8", "backslashreplace")
        return bcrypt.checkpw(given[:LONGEST], kept.encode()) and len(given) <= LONGEST  # as long for a long one
    finally:
        _AT_ONCE.release()


@functools.lru_cache(maxsize=1)
def of_nobody() -> str:
    """What a stranger's password is checked against, so that the answer takes equally long; nothing fits it."""
    return hashed(secrets.token_urlsafe())
