"""Problem lists (问题清单) of a file: where, what stands there, how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from core.tables.problems import Problem
from web.tables.drawing import table


def problems(found: Sequence[Problem], headings: Mapping[str, str]) -> None:
    """The problems of a file (问题清单), errors and hints: where, what stands there, how to mend it.

    `headings`: what the columns of such a file are called. What is wrong comes before where: a telephone shows it too.
    """
    frame = pd.DataFrame([vars(problem) for problem in found])
    frame["heading"] = [problem.heading(headings) for problem in found]
    frame["file_row"] = ["全表" if row == 0 else str(row) for row in frame["row"]]
    frame["severity"] = ["错误" if blocking else "提示" for blocking in frame["blocking"]]
    table(frame, ["file_row", "severity", "words", "heading", "value"], empty="")
