"""Typed text (文字): the one normalisation of what people type, paste or have in a cell. Knows no column's meaning."""

from __future__ import annotations

import math
import re

HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""For `str.translate`: full-width signs, letters and digits as half-width ones."""
INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
"""Marks of direction and of line breaks that come along when a cell is copied."""


def is_tidy(text: str) -> bool:
    """Whether there is no white space and no control in a text at all."""
    return text.isprintable() and " " not in text


def text(cell: object) -> str:
    """Cell text (文字): whole numbers without a decimal point, runs of white space as one space, nothing invisible."""
    if isinstance(cell, str) and is_tidy(cell):
        return cell  # as most are
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell):
        cell = int(cell)
    if isinstance(cell, int):
        return str(cell)
    return re.sub(
        r"[\s\x00-\x1f\x7f]+", " ", re.sub(f"[{INVISIBLE}]+", "", str(cell if cell is not None else ""))
    ).strip()
