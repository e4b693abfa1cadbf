"""Levels of professional titles (职称层次): 高级, 中级 or 初级, by the words in the name of a post (专业技术职务)."""

from __future__ import annotations

import functools
from typing import Any

import yaml

from core.ground import db, typed

FILE = db.ROOT / "data" / "groups.yaml"
"""Its `levels`, read from the top: the first whose word occurs decides; `whole`: the name is exactly one of these."""


@functools.lru_cache(maxsize=2**14)
def level_of(post: str) -> str:
    """The level of a post (职称层次), as 高级, 中级 or 初级; "" where its name does not tell."""
    name = typed.plain(post)
    for rule in _rules():
        if name in rule.get("whole", ()) or any(word in name for word in rule.get("words", ())):
            return str(rule["level"])
    return ""


@functools.cache
def _rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["levels"]
    return found
