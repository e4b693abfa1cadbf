"""Classifying by the words in a name (按名称归类): the level of a post (职称层次), the kind of an employer."""

from __future__ import annotations

import functools
from typing import Any

import yaml

from core.ground import db, typed

FILE = db.ROOT / "data" / "groups.yaml"


@functools.cache
def said() -> dict[str, Any]:
    """What `data/groups.yaml` says, part by part."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def first(part: str, name: str) -> dict[str, Any]:
    """The first rule of a part that a name meets: one of its `words` occurs in it, or it is `whole` one of them."""
    for rule in said()[part]:
        if name in rule.get("whole", ()) or any(word in name for word in rule.get("words", ())):
            return dict(rule)
    return {}


@functools.lru_cache(maxsize=2**15)
def level_of(post: str) -> str:
    """The level of a post (职称层次), as 高级, 中级 or 初级; "" where its name does not tell."""
    return str(first("levels", typed.plain(post)).get("level", ""))
