"""Tables (表格) on screen and in exports: column headings, cells in words, lists to choose from, downloads."""

from web.tables.cells import worded
from web.tables.choosing import FOLDED, account, columns
from web.tables.columns import LABELS
from web.tables.downloads import deferred, export
from web.tables.drawing import PAGE_ROWS, fixed, listing, pick, prose, table
from web.tables.problems import problems
from web.tables.sheet import Mending, is_mended, sheet

__all__ = [
    "FOLDED",
    "LABELS",
    "PAGE_ROWS",
    "Mending",
    "account",
    "columns",
    "deferred",
    "export",
    "fixed",
    "is_mended",
    "listing",
    "pick",
    "problems",
    "prose",
    "sheet",
    "table",
    "worded",
]
