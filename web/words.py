"""Words on the screens (显示文字): Markdown escaping, state chips, clause badges, moments, deadlines. Draws nothing."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from core.ground import db
from core.models import State

NOT_BEGUN = "未填写"

CHIPS = {
    State.DRAFT: "gray",
    State.SUBMITTED: "blue",
    State.RETURNED: "orange",
    State.APPROVED: "green",
    State.REJECTED: "red",
    State.WITHDRAWN: "gray",
}


def chip(state: State, word: str = "") -> str:
    """State badge (状态标签): a state in its colour and the word of its kind, in Markdown."""
    return f":{CHIPS[state]}-badge[{word or state.label}]"


def clause(text: str) -> str:
    """Clause badge (条款标签): a small grey label in Markdown; it is never broken over two lines."""
    return f":gray-badge[{md(text)}]"


def md(text: str) -> str:
    """Markdown escaping (转义): text somebody typed, safe inside Markdown, line breaks as spaces.

    A web or mail address would become a link even so, since links are looked for in what was read: a word joiner breaks
    it.
    """
    text = re.sub(r"(?i):(?=//)|www(?=\.)|(?<=[\w.+-])@(?=[\w-])", "\\g<0>\u2060", text)
    for letter in "\\`*_{}[]()<>#+-!|$~:":
        text = text.replace(letter, "\\" + letter)
    return text.replace("\n", " ")


def whole(word: str) -> str:
    """A short word (不换行) that no line breaks, however narrow the place."""
    return "\u2060".join(word)


def plain(text: str) -> str:
    """Plain text as Markdown (原文), line by line as it stands: nothing of it is drawn but its "- " before a line."""
    return "  \n".join("- " + md(line[2:]) if line.startswith("- ") else md(line) for line in text.split("\n"))


def days_left(days: int) -> str:
    """Time left to a deadline (期限), in words."""
    return f"还有{days}天" if days > 0 else "今天到期" if days == 0 else f"逾期{-days}天"


def moment_text(moment: Any) -> str:
    """A timestamp as office time, to the minute; empty where there is none."""
    if moment is None or moment is pd.NaT:
        return ""
    return f"{moment.astimezone(db.OFFICE_ZONE):%Y-%m-%d %H:%M}"
