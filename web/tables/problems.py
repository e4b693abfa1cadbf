"""Problem lists (问题清单) of a file: where, what stands there, how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from core.tables.problems import Problem
from web.tables.columns import heading
from web.tables.drawing import fixed, prose
from web.words import md

WHOLE = 60
"""So many are drawn as text, each explanation in full; more as a grid with room for two lines."""


def problems(found: Sequence[Problem], headings: Mapping[str, str]) -> None:
    """The problems of a file (问题清单), errors and hints: where, what stands there, how to mend it.

    `headings`: what the columns of such a file are called.
    """
    if len(found) <= WHOLE:
        lines = [
            (
                "全表" if each.row == 0 else str(each.row),
                ":red[错误]" if each.blocking else "提示",
                *map(md, (each.heading(headings), each.value, each.words)),
            )
            for each in found
        ]
        prose(lines, [heading(name) for name in ("file_row", "severity", "heading", "value", "words")])
        return
    frame = pd.DataFrame([vars(problem) for problem in found])
    frame["heading"] = [problem.heading(headings) for problem in found]
    frame["file_row"] = ["全表" if row == 0 else str(row) for row in frame["row"]]
    frame["severity"] = ["错误" if blocking else "提示" for blocking in frame["blocking"]]
    fixed(frame, {"file_row": 60, "severity": 60, "heading": 110, "value": 150, "words": "large"}, row_height=58)
