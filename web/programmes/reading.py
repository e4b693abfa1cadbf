"""A yearly plan table (年度计划表) to read: what it says as a whole, its lines in 附件2's order, its history."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.ground.access import Actor
from core.models import PlanTable, Submission
from core.submissions import workflow
from core.submissions.kinds import Action
from core.submissions.programmes import capability, lines
from web import submissions, tables
from web.words import chip, md, moment_text


def show(found: Submission, here: Actor, steps: pd.DataFrame) -> None:
    """A plan table as its reviewer reads it, and as its office reads one that is not to be edited."""
    assert isinstance(found, PlanTable)
    kind = capability.TABLE
    st.markdown(f"#### {md(found.title)}　{chip(found.state, kind.word_for(found.state))}")
    filed = [(f"{kind.word_for(Action.SUBMIT)}时间", moment_text(found.submitted_at))]
    submissions.said(found, *filed, ("审核时间", moment_text(found.decided_at)))()
    empty = "这份计划表没有一项计划。"
    if Action.RETURN in workflow.moves_for(found, here):
        st.caption("要退回其中几项的，在左边勾选，再点下面的“分条意见”写明原因。")
        of: dict[str, Any] = {
            "ticked": submissions.ticked(found),
            "changed": partial(submissions.tick, found),
            "by": "number",
        }
        tables.tick(frame(found), columns(found), name=f"lines-{found.id}", empty=empty, **of)
    else:
        tables.table(frame(found), columns(found), empty=empty)
    submissions.history(steps)


def frame(found: PlanTable) -> pd.DataFrame:
    """The lines of a table in words, under 附件2's headings; `number` is a line's own."""
    words = {name: lines.HEADINGS[name] for name in lines.FILLED}
    rows = [
        {"number": each.number, "序号": each.number}
        | {heading: capability.cells(each).get(name, "") for name, heading in words.items()}
        for each in found.lines
    ]
    return pd.DataFrame(rows, columns=["number", "序号", *words.values()])


def columns(found: PlanTable) -> list[str]:
    """The headings under which some line of a table says something; what decides stands first."""
    said = {name for each in found.lines for name in capability.cells(each)}
    first = ("name", "people", "start", "end", "area")
    listed = [*first, *(name for name in lines.FILLED if name not in first)]
    always = ("name", "people", "start")
    return ["序号", *(lines.HEADINGS[name] for name in listed if name in said or name in always)]
