"""Tables (表格) on screen and in exports: column headings, cells in words, lists to choose from, downloads."""

from web.tables.cells import worded
from web.tables.choosing import FOLDED, account, columns
from web.tables.columns import LABELS, in_hours
from web.tables.downloads import Unmarked, download, export, template
from web.tables.drawing import PAGE_ROWS, above, listing, named, pick, prose, table, tick
from web.tables.filed import Held, held, mend_file
from web.tables.problems import problems
from web.tables.row import whole_row
from web.tables.sheet import Mending, is_mended, sheet

__all__ = [
    "FOLDED",
    "LABELS",
    "PAGE_ROWS",
    "Held",
    "Mending",
    "Unmarked",
    "above",
    "account",
    "columns",
    "download",
    "export",
    "held",
    "in_hours",
    "is_mended",
    "listing",
    "mend_file",
    "named",
    "pick",
    "problems",
    "prose",
    "sheet",
    "table",
    "template",
    "tick",
    "whole_row",
    "worded",
]
