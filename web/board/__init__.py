"""The dashboard on screen (指标看板): its filters, its figures, the rows behind them."""

from web.board.drawing import STYLE, Ask, brief, choice, figure, folds, people, programmes, rows, side_by_side, tiles
from web.board.filed import file_figures, filed_figures, yearly_table
from web.board.filters import chips, narrow, strip
from web.board.presenting import STYLE as PRESENTED
from web.board.presenting import present

__all__ = [
    "PRESENTED",
    "STYLE",
    "Ask",
    "brief",
    "chips",
    "choice",
    "figure",
    "file_figures",
    "filed_figures",
    "folds",
    "narrow",
    "people",
    "present",
    "programmes",
    "rows",
    "side_by_side",
    "strip",
    "tiles",
    "yearly_table",
]
