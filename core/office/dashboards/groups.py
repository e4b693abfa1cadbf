"""How people are grouped in figures (分组): by title level, employer kind and age, as `data/groups.yaml` says."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from core.ground import db
from core.people import titles

OTHER_LEVEL, OTHER_SECTOR, NO_EMPLOYER = "未分级", "其他机关事业单位", "未填单位"


@functools.cache
def _said() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((db.ROOT / "data" / "groups.yaml").read_text(encoding="utf-8"))
    return said


@functools.cache
def levels() -> tuple[str, ...]:
    """Title levels (职称级别), the highest first, and of those whose post tells none."""
    return ("高级", "中级", "初级", OTHER_LEVEL)


@functools.cache
def sectors() -> tuple[str, ...]:
    """Employer kinds (单位类别)."""
    return (*dict.fromkeys(rule["sector"] for rule in _said()["sectors"]), OTHER_SECTOR, NO_EMPLOYER)


@functools.cache
def ages() -> tuple[str, ...]:
    """Age groups (年龄段), the youngest first."""
    ends = _said()["ages"]
    between = (f"{low + 1}—{high}岁" for low, high in itertools.pairwise(ends))
    return (f"{ends[0]}岁及以下", *between, f"{ends[-1] + 1}岁以上")


@functools.lru_cache(maxsize=2**15)
def level_of(post: str) -> str:
    """Title level (职称级别) that a post belongs to, by its name."""
    return titles.level_of(post) or OTHER_LEVEL


@functools.lru_cache(maxsize=2**17)
def sector_of(employer: str) -> str:
    """Employer kind (单位类别) that an employer belongs to, by its name."""
    if not employer:
        return NO_EMPLOYER
    return str(_first("sectors", employer).get("sector", OTHER_SECTOR))


def _first(part: str, name: str) -> dict[str, Any]:
    for rule in _said()[part]:
        if name in rule.get("whole", ()) or any(word in name for word in rule.get("words", ())):
            return dict(rule)
    return {}


def age_groups(years_old: NDArray[np.integer]) -> NDArray[np.int8]:
    """The place among `ages` of each of some ages in full years."""
    return np.searchsorted(np.array(_said()["ages"]), years_old, side="left").astype(np.int8)


def tile(office: str) -> tuple[int, int] | None:
    """Column and row of an authority on the tile map (方格地图), by its short name."""
    place = _said()["tiles"].get(office)
    return (int(place[0]), int(place[1])) if place else None
