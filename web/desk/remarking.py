"""Remarks (分条意见) beside the opinion: each bound to a field or to ticked rows of the roster, with a reason."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.ground import typed
from core.models import Submission
from core.submissions import kinds
from core.submissions.remarking import Remark
from web import address, submissions
from web.words import md

WHOLE = "整体"


def draw(found: Submission) -> None:
    """What to fill in (分条意见); rows named while approving go back, the rest is posted."""
    kind = kinds.of(found)
    if not kind.reasons:
        return
    count = len(given(found))
    with st.popover(f"分条意见（{count}）" if count else "分条意见", width="content"):
        part = kind.headings(found) and kind.posts
        rows = "；“通过”时只能指明花名册的行，这些行退回改正，其余登记" if part else ""
        st.caption(f"逐条写明所指和原因，随退回、不予通过发给提交人{rows}。")
        if kind.headings(found):
            _of_rows(found)
        config: dict[str, Any] = {
            "所指": st.column_config.SelectboxColumn(options=[WHOLE, *kind.fields.values()], width=130),
            "原因": st.column_config.SelectboxColumn(options=list(kind.reasons.values()), required=True, width=170),
            "说明": st.column_config.TextColumn(width=260),
        }
        empty = pd.DataFrame({name: pd.Series(dtype="object") for name in config})
        st.data_editor(empty, num_rows="dynamic", hide_index=True, column_config=config, key=_key(found))


def _of_rows(found: Submission) -> None:
    """Remarks on the rows that are ticked in the roster (花名册的行), one for all of them; those noted so far."""
    rows, kind = sorted(submissions.ticked(found)), kinds.of(found)
    if rows:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                f"{_named(rows)}的原因",
                list(kind.reasons),
                None,
                format_func=kind.reasons.__getitem__,
                key=_key(found, "reason"),
                placeholder="请选择",
                width=220,
            )
            st.text_input("说明", key=_key(found, "words"), width=260)
            st.button("记下，再勾选别的行", key=_key(found, "note"), on_click=_note, args=(found,))
    else:
        st.caption("要指明其中的行，先在表里勾选。")
    for at, each in enumerate(_noted(found)):
        with st.container(horizontal=True, vertical_alignment="center"):
            words = f"第{each.place}行：{kind.reasons[each.code]}" + (f"，{each.words}" if each.words else "")
            st.markdown(md(words), width="stretch")
            st.button("取消", key=_key(found, f"drop-{at}"), on_click=_drop, args=(found, at))


def _named(rows: list[int]) -> str:
    """Rows in few words."""
    return "、".join(f"第{row}行" for row in rows[:5]) + (f"等{len(rows)}行" if len(rows) > 5 else "")


def _noted(found: Submission) -> list[Remark]:
    noted: list[Remark] = st.session_state.setdefault(_key(found, "noted"), [])
    return noted


def _note(found: Submission) -> None:
    """Keep what is said of the ticked rows, so that others can be ticked."""
    if said := _of_ticked(found):
        _noted(found)[:] = [each for each in _noted(found) if each.place not in submissions.ticked(found)] + said
        submissions.tick(found, set())
        address.forget_choice()


def _drop(found: Submission, at: int) -> None:
    del _noted(found)[at]


def _of_ticked(found: Submission) -> list[Remark]:
    """A remark on each row that is ticked, once there is a reason."""
    code, words = st.session_state.get(_key(found, "reason")), st.session_state.get(_key(found, "words"), "")
    return [Remark(code, row, typed.prose(words)) for row in sorted(submissions.ticked(found))] if code else []


def given(found: Submission) -> tuple[Remark, ...]:
    """The remarks filled in so far; core judges them."""
    kind = kinds.of(found)
    fields = {word: name for name, word in kind.fields.items()}
    reasons = {word: code for code, word in kind.reasons.items()}
    lines = [each for each in st.session_state.get(_key(found), {}).get("added_rows", []) if each.get("原因")]
    remarks = [
        Remark(
            reasons.get(line["原因"], ""), fields.get(line.get("所指") or "", ""), typed.prose(line.get("说明") or "")
        )
        for line in lines
    ]
    return (*remarks, *_noted(found), *_of_ticked(found))


def _key(found: Submission, part: str = "") -> str:
    return f"remarks-{found.id}-{found.version}" + (f"-{part}" if part else "")
