"""The dashboard (指标看板): what leaders see of a year as of a day, each figure with the rows behind it. Reads only."""

from core.office.dashboards import brief, charts, exports, filed, groups, programmes, yearly
from core.office.dashboards.asked import AMOUNTS, VIEWERS, Choices, Measure, Per, Place, Wanted, choices, short
from core.office.dashboards.board import GROUPS, MANY, NO_BEFORE, Board, Tile, board, people_rows, told, totals
from core.office.dashboards.kept import forget

__all__ = [
    "AMOUNTS",
    "GROUPS",
    "MANY",
    "NO_BEFORE",
    "VIEWERS",
    "Board",
    "Choices",
    "Measure",
    "Per",
    "Place",
    "Tile",
    "Wanted",
    "board",
    "brief",
    "charts",
    "choices",
    "exports",
    "filed",
    "forget",
    "groups",
    "people_rows",
    "programmes",
    "short",
    "told",
    "totals",
    "yearly",
]
