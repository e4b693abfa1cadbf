"""The word lists of the demonstration office, from the YAML files beside this module."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

REGION = "自治区"
"""What the word lists call the region's own office; leagues go by `short`."""
EVERYBODY = "everybody"
"""In place of a sector: whoever belongs to the authority."""


@functools.cache
def words() -> dict[str, Any]:
    """Names, organizations, titles, topics, reasons."""
    found: dict[str, Any] = _load("words.yaml")
    found["surnames"] = found["surnames"].split()
    for name in ("given", "mongolian", "long_names"):
        found[name] = {sex: text.split() for sex, text in found[name].items()}
    return found


@functools.cache
def scenes() -> list[dict[str, Any]]:
    """Trainings that must be there whatever the day."""
    found: list[dict[str, Any]] = _load("scenes.yaml")
    return found


@functools.cache
def programmes() -> dict[str, Any]:
    """What happens in the programmes (专项项目): targets, plan tables, nominations."""
    found: dict[str, Any] = _load("programmes.yaml")
    return found


@functools.cache
def online() -> dict[str, Any]:
    """The courses studied online (网络课程)."""
    found: dict[str, Any] = _load("online.yaml")
    return found


def _load(filename: str) -> Any:
    return yaml.safe_load(Path(__file__).with_name(filename).read_text(encoding="utf-8"))


def short(office: str) -> str:
    """An authority as the word lists call it."""
    return office.removesuffix("人力资源和社会保障局") if office.endswith("局") else REGION
