"""How people are grouped in figures (分组): by title level, employer kind and age, as `data/groups.yaml` says."""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

from core.people import titles

OTHER_LEVEL, OTHER_SECTOR, NO_EMPLOYER = "未分级", "其他机关事业单位", "未填单位"


@functools.cache
def levels() -> tuple[str, ...]:
    """Title levels (职称级别), the highest first, and of those whose post tells none."""
    return ("高级", "中级", "初级", OTHER_LEVEL)


@functools.cache
def sectors() -> tuple[str, ...]:
    """Employer kinds (单位类别)."""
    return (*dict.fromkeys(rule["sector"] for rule in titles.said()["sectors"]), OTHER_SECTOR, NO_EMPLOYER)


@functools.cache
def ages() -> tuple[str, ...]:
    """Age groups (年龄段), the youngest first."""
    ends = titles.said()["ages"]
    between = (f"{low + 1}—{high}岁" for low, high in itertools.pairwise(ends))
    return (f"{ends[0]}岁及以下", *between, f"{ends[-1] + 1}岁以上")


def level_of(post: str) -> str:
    """Title level (职称级别) that a post belongs to, by its name."""
    return titles.level_of(post) or OTHER_LEVEL


@functools.lru_cache(maxsize=2**17)
def sector_of(employer: str) -> str:
    """Employer kind (单位类别) that an employer belongs to, by its name."""
    if not employer:
        return NO_EMPLOYER
    return str(titles.first("sectors", employer).get("sector", OTHER_SECTOR))


def age_groups(years_old: NDArray[np.integer]) -> NDArray[np.int8]:
    """The place among `ages` of each of some ages in full years."""
    return np.searchsorted(np.array(titles.said()["ages"]), years_old, side="left").astype(np.int8)


def tile(office: str) -> tuple[int, int] | None:
    """Column and row of an authority on the tile map (方格地图), by its short name."""
    place = titles.said()["tiles"].get(office)
    return (int(place[0]), int(place[1])) if place else None
