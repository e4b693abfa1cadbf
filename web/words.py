"""Words on the screens (显示文字): Markdown escaping, state chips, clause badges, moments, deadlines. Draws nothing."""

from __future__ import annotations

from typing import Any

import pandas as pd

from core.ground import db
from core.models import State

OFFICE = "内蒙古自治区专业技术人员继续教育管理系统"
"""The name of the system, as its pages and its browser tab carry it."""
NOT_BEGUN = "未填写"

CHIPS = {
    State.DRAFT: "gray",
    State.SUBMITTED: "blue",
    State.RETURNED: "orange",
    State.APPROVED: "green",
    State.REJECTED: "red",
    State.WITHDRAWN: "gray",
}


def chip(state: State) -> str:
    """A state as the coloured chip it wears everywhere, in Markdown."""
    return f":{CHIPS[state]}-badge[{state.label}]"


def clause(text: str) -> str:
    """A clause as the small grey label it wears in prose, in Markdown; it is never broken over two lines."""
    return f":gray-badge[{md(text)}]"


def md(text: str) -> str:
    """Somebody's words, safe inside Markdown."""
    for letter in "\\`*_{}[]()<>#+-!|$~:":
        text = text.replace(letter, "\\" + letter)
    return text.replace("\n", " ")


def days_left(days: int) -> str:
    """How a deadline stands, in words."""
    return f"还有{days}天" if days > 0 else "今天到期" if days == 0 else f"逾期{-days}天"


def moment_text(moment: Any) -> str:
    """A moment as office time, to the minute; nothing where there is none."""
    if moment is None or moment is pd.NaT:
        return ""
    return f"{moment.astimezone(db.OFFICE_ZONE):%Y-%m-%d %H:%M}"
