"""The list of the desk (审核列表): a component of ours, opened by click and by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.submissions import kinds
from core.submissions.queues import Row
from core.submissions.workflow import Action
from web import address
from web.words import CHIPS

_HERE = Path(__file__).parent
_LIST = st.components.v2.component(
    "desk_list",
    html=(_HERE / "listing.html").read_text(encoding="utf-8"),
    css=(_HERE / "listing.css").read_text(encoding="utf-8"),
    js=(_HERE / "listing.js").read_text(encoding="utf-8"),
)

PAGE_ROWS = 50
"""Submissions on one page of the list."""
STYLE = _HERE / "desk.css"
"""Of the whole page: the room it takes, and a list that stays while the item is scrolled."""

KEYS = {
    "a": Action.APPROVE.value,
    "b": Action.RETURN.value,
    "x": Action.REJECT.value,
    "u": Action.UNDO.value,
    "l": "back",
    "o": "opinion",
    "f": "remarks",
    "e": "evidence",
}
"""Which key presses which button: widgets are keyed by these names and the item."""
DECISIONS = {key: Action(name) for key, name in KEYS.items() if name in ("approve", "return", "reject")}
"""The keys that decide."""


def nothing(words: Mapping[Action, str], *, before: bool = False, after: bool = False) -> dict[str, str]:
    """What a key that finds nothing to press says of the open item, its decisions by their words.

    "": of none; "late": once the item was drawn anew; "j", "k": at an end of the list, `before` and `after` which
    there are further pages; "empty": of a list without rows.
    """
    return {action.value: f"这一件现在不能由您办理“{word}”。" for action, word in words.items()} | {
        "": "还没有打开哪一件。按J打开第一件，或从列表中点开。",
        Action.UNDO.value: "这一件没有您可以撤销的决定；要撤销刚办的一件，先按L或点“回到刚办的”。",
        "back": "打开本页以后还没有办过别的一件。",
        "opinion": "这一件现在不用写审核意见。",
        "remarks": "这一件现在不能写分条意见。",
        "evidence": "这一件没有材料。",
        "j": "已是本页最后一件，后面的请翻到下一页。" if after else "已是最后一件。",
        "k": "已是本页第一件，前面的请翻到上一页。" if before else "已是第一件。",
        "empty": "列表是空的，没有可打开的。",
        "late": "页面刚刚更新，这一件没有办理。请看过后再按一次。",
    }


def keys(words: Mapping[Action, str]) -> str:
    """The keys of the desk in words, decisions by theirs."""
    decisions = "　".join(f"{key.upper()} {words[action]}" for key, action in DECISIONS.items())
    return (
        f"键盘：J 下一件　K 上一件　{decisions}　U 撤销自己对这件的决定　L 回到刚办的　O 写意见（Esc 写完）　"
        "F 分条意见　E 看材料；焦点在列表时 ↑↓ 移动，回车打开"
    )


def listing(
    rows: Sequence[Row],
    count: int,
    opened: int | None,
    unread: Mapping[int, int],
    *,
    one_kind: bool,
    one_state: bool,
    desk: bool = True,
) -> None:
    """The list (审核列表), the open item marked; a click, Enter, J or K puts another into the address bar.

    `desk`: whether what is open stands beside it and is decided by key. Else the list is as long as its rows, and what
    was clicked opens on another page (`clicked`), from which the browser's own way back leads to the list.
    """
    st.session_state["desk-run"] = st.session_state.get("desk-run", 0) + 1
    kind = next((kinds.of(row.submission) for row in rows if row.submission.id == opened), None)
    kind = kind or (kinds.of(rows[0].submission) if rows and one_kind else None)
    words = {action: kind.word_for(action) if kind else action.label for action in DECISIONS.values()}
    _LIST(
        key="desk-list",
        data={
            "rows": [_drawn(row, unread.get(row.submission.id, 0), one_kind, one_state, whose=desk) for row in rows],
            "open": opened,
            "run": st.session_state["desk-run"],
            "label": f"共{count}件",
            "empty": "没有符合条件的事项。\n可换一个状态，或清空筛选条件。",
            "desk": desk,
            "keys": keys(words) if desk else "键盘：焦点在列表时 ↑↓ 移动，回车打开",
            "deeds": KEYS if desk else {},
            "nothing": nothing(words, before=address.paged() > 1, after=address.paged() * PAGE_ROWS < count),
        },
        on_open_change=_opened if desk else _clicked,
    )


def _opened() -> None:
    chosen = st.session_state["desk-list"].get("open")
    if isinstance(chosen, int):
        address.choose("item", chosen)


def _clicked() -> None:
    chosen = st.session_state["desk-list"].get("open")
    if isinstance(chosen, int):
        click(chosen)


def click(submission_id: int) -> None:
    """As if this one was clicked in a list that stands alone."""
    st.session_state["desk-list-clicked"] = submission_id


def clicked() -> int | None:
    """What was just clicked in a list that stands alone, once; in the address, going back would go there anew."""
    found: int | None = st.session_state.pop("desk-list-clicked", None)
    return found


def _drawn(row: Row, unread: int, one_kind: bool, one_state: bool, *, whose: bool) -> dict[str, Any]:
    """A row as the component draws it: texts only; `whose`: with the organization that filed."""
    found, line = row.submission, row.line
    marks = [{"word": mark.word, "grave": mark.grave} for mark in line.marks]
    marks += [{"word": f"新留言{unread}", "grave": False}] * bool(unread)
    person = found.person.name if found.person else ""
    waiting = "" if row.waiting is None else f"等{row.waiting}天" if row.waiting else "今日"
    return {
        "id": found.id,
        "title": found.title,
        "who": "　".join(filter(None, (person, found.organization.name if whose else ""))),
        "what": " ".join(filter(None, (line.when, line.size, line.hours))),
        "waiting": waiting,
        "left": _left(row),
        "pressing": row.left is not None and row.left <= PRESSING,
        "marks": marks,
        "kind": "" if one_kind else kinds.of(found).short,
        "state": "" if one_state else kinds.of(found).word_for(found.state),
        "tone": CHIPS[found.state],
    }


PRESSING = 3
"""Days left from which on a line is marked."""


def _left(row: Row) -> str:
    if row.left is None:
        return ""
    word = kinds.of(row.submission).decide_by_word
    return f"{row.left}天后{word}" if row.left > 0 else f"今天{word}" if row.left == 0 else f"已{word}{-row.left}天"
