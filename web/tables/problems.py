"""Problem lists (问题清单) of a file: where, what stands there, how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.ground.problems import Problem


def problems(found: Sequence[Problem], headings: Mapping[str, str]) -> None:
    """A file's problems, errors and hints, each with where it is, what stands there and how to mend it.

    `headings`: what the columns of such a file are called.
    """
    frame = pd.DataFrame([vars(problem) for problem in found])
    frame["heading"] = [problem.heading(headings) for problem in found]
    frame["row"] = ["全表" if row == 0 else str(row) for row in frame["row"]]
    frame["kind"] = ["错误" if blocking else "提示" for blocking in frame["blocking"]]
    st.dataframe(
        frame[["row", "kind", "heading", "value", "words"]],
        hide_index=True,
        column_config={
            "row": st.column_config.TextColumn("行号", width=60),
            "kind": st.column_config.TextColumn("类别", width=60),
            "heading": st.column_config.TextColumn("列", width=110),
            "value": st.column_config.TextColumn("原值", width=180),
            "words": st.column_config.TextColumn("说明", width="large"),
        },
        height=280 if len(frame) > 7 else "content",
    )
