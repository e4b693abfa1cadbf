"""Remarks (分条意见) beside the opinion: each bound to a field or to a row of the roster, with a reason of the kind."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.ground import typed
from core.models import Submission
from core.submissions import kinds
from core.submissions.remarking import Remark

WHOLE = "整体"
_COLUMNS = ["所指", "花名册行", "原因", "说明"]


def draw(found: Submission) -> None:
    """A small table to fill in (分条意见); rows named while approving go back, the rest is posted."""
    kind = kinds.of(found)
    if not kind.reasons:
        return
    count = len(given(found))
    with st.popover(f"分条意见（{count}）" if count else "分条意见", width="content"):
        rows = "；“通过”时只填花名册行，这些行退回改正，其余登记" if kind.headings(found) else ""
        st.caption(f"逐条写明所指和原因，随退回、不予通过发给提交人{rows}。")
        config: dict[str, Any] = {
            "所指": st.column_config.SelectboxColumn(options=[WHOLE, *kind.fields.values()], width=130),
            "花名册行": st.column_config.NumberColumn(min_value=1, step=1, format="%d", width=80),
            "原因": st.column_config.SelectboxColumn(options=list(kind.reasons.values()), required=True, width=170),
            "说明": st.column_config.TextColumn(width=260),
        }
        if not kind.headings(found):
            config["花名册行"] = None
        empty = pd.DataFrame({name: pd.Series(dtype="object") for name in _COLUMNS})
        st.data_editor(empty, num_rows="dynamic", hide_index=True, column_config=config, key=_key(found))


def given(found: Submission) -> tuple[Remark, ...]:
    """The remarks filled in so far; core judges them."""
    kind = kinds.of(found)
    fields = {word: name for name, word in kind.fields.items()}
    reasons = {word: code for code, word in kind.reasons.items()}
    lines = st.session_state.get(_key(found), {}).get("added_rows", [])
    remarks = []
    for line in lines:
        row, reason = line.get("花名册行"), line.get("原因")
        if not reason:
            continue
        place: str | int = int(row) if row else fields.get(line.get("所指") or "", "")
        remarks.append(Remark(reasons.get(reason, ""), place, typed.prose(line.get("说明") or "")))
    return tuple(remarks)


def _key(found: Submission) -> str:
    return f"remarks-{found.id}-{found.version}"
