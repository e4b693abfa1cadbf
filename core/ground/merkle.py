"""Merkle trees as RFC 6962 hashes them: a root over many, the path that proves one. Knows not what is hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

SIZE = 32
"""Bytes of a hash."""


def leaf(content: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The tree head over hashed leaves: an odd node moves up unpaired."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else hashlib.sha256(b"").digest()


def path(leaves: Sequence[bytes], at: int) -> list[bytes]:
    """The hashes that lead from one leaf (counted from 0) up to the root, the lowest first."""
    level, hashes = list(leaves), []
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            hashes.append(level[beside])
        level, at = _above(level), at // 2
    return hashes


def root_of(hashed: bytes, at: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to from leaf `at` of `size`; None where the path does not fit such a tree."""
    if not 0 <= at < size:
        return None
    rest = list(hashes)
    while size > 1:
        beside = at ^ 1
        if beside < size:
            if not rest:
                return None
            other = rest.pop(0)
            hashed = _node(hashed, other) if beside > at else _node(other, hashed)
        at, size = at // 2, (size + 1) // 2
    return None if rest else hashed


def _above(level: Sequence[bytes]) -> list[bytes]:
    paired = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return paired + list(level[len(paired) * 2 :])


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
