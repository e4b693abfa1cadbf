"""Mending (改正) of a table that was sent in: cells changed on the screen; the file itself stays as it came."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """A cell as a clerk saw it and as it should be."""

    row: int
    column: str
    before: str
    after: str
