"""Words on the screens (显示文字): Markdown escaping, state chips, clause badges, moments, deadlines. Draws nothing."""

from __future__ import annotations

import functools
import re
from typing import Any

import pandas as pd

from core.ground import db
from core.ground.access import Labelled
from core.models import State
from core.submissions.kinds import KINDS

NOT_BEGUN = "未填写"

CHIPS = {
    State.DRAFT: "gray",
    State.SUBMITTED: "blue",
    State.RETURNED: "orange",
    State.APPROVED: "green",
    State.REJECTED: "red",
    State.WITHDRAWN: "gray",
}


TONES = {
    word: colour
    for colour, words in {
        "green": "有效 已发布 在用 现用 已确认 已记学时 符合 真实有效 已完成 合格 及格 已办",
        "blue": "待发布 待确认 待核验 排队 正在出具 正在生成文件 核对中",
        "orange": "部分冲销 学时已增加 学时有变化 提示 未合格 不合格 不及格 待办 已停止",
        "red": "已冲销 冲销 作废 已作废 已失效 不符合 有误 未接收 不予确认 错误 出错停止 逾期",
    }.items()
    for word in words.split()
}
"""What is not a submission's state, by its word; what is neither is grey."""


@functools.cache
def _of_submissions() -> dict[str, str]:
    """Every state in the words of every kind, with its colour."""
    return {kind.word_for(state): CHIPS[state] for state in State for kind in KINDS.values()}


def tone(word: str) -> str:
    """The colour of a state (状态颜色), by its word, of several by the first: alike on every screen, light and dark."""
    return _of_submissions().get(word) or TONES.get(word.partition("、")[0], "gray")


def chip(state: Labelled | str, word: str = "") -> str:
    """State badge (状态标签): a state, or its kind's own word for it, in its colour, in Markdown."""
    said = word or str(getattr(state, "label", state))
    return f":{CHIPS[state] if isinstance(state, State) else tone(said)}-badge[{md(said)}]"


def clause(text: str) -> str:
    """Clause badge (条款标签): a small grey label in Markdown; it is never broken over two lines."""
    return f":gray-badge[{md(text)}]"


def md(text: str) -> str:
    """Markdown escaping (转义): text somebody typed, safe inside Markdown, line breaks as spaces; a day stays `whole`.

    A web or mail address would become a link even so, since links are looked for in what was read: a word joiner breaks
    it.
    """
    return _DAY.sub(r"*\g<0>*", _escaped(text))


_DAY = re.compile(r"(?<!\d)\d{4}\\-\d\d\\-\d\d(?!\d)")
"""A day as it is written, once its hyphens are escaped: after each of them a line might end."""


def _escaped(text: str) -> str:
    text = re.sub(r"(?i):(?=//)|www(?=\.)|(?<=[\w.+-])@(?=[\w-])", "\\g<0>\u2060", text)
    for letter in "\\`*_{}[]()<>#+-!|$~:":
        text = text.replace(letter, "\\" + letter)
    return text.replace("\n", " ")


def whole(word: str) -> str:
    """A short word (不换行) in Markdown that no line breaks, however narrow the place; letters or figures at its ends.

    It is emphasised, which every page draws upright and on one line (`shell.css`): what is copied is the word alone.
    """
    return f"*{_escaped(word)}*"


def plain(text: str) -> str:
    """Plain text as Markdown (原文), line by line as it stands: nothing of it is drawn but its "- " before a line."""
    return "  \n".join("- " + md(line[2:]) if line.startswith("- ") else md(line) for line in text.split("\n"))


def days_left(days: int) -> str:
    """Time left to a deadline (期限), in words."""
    return f"还有{days}天" if days > 0 else "今天到期" if days == 0 else f"逾期{-days}天"


def size_text(count: int) -> str:
    """How large a file is (文件大小), of its bytes."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(1, round(count / 1024))} KB"


def moment_text(moment: Any) -> str:
    """A timestamp as office time, to the minute; empty where there is none."""
    if moment is None or moment is pd.NaT:
        return ""
    return db.office_minute(moment)
