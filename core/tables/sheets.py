"""Tables in files: what offices send (.xlsx, .xls, .et, .csv) in, .xlsx and .csv out. Knows no column's meaning."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

import xlsxwriter

from core.ground import typed
from core.ground.access import Refused
from core.ground.db import OFFICE_ZONE
from core.tables import reader
from core.tables.reader import Grid, find_headings, heading

LARGEST = 20 * 2**20


@dataclass(frozen=True)
class Table:
    """A table found in a file: where, and each row below its headings with the row number its user sees."""

    sheet: str
    rows: list[tuple[int, dict[str, object]]]
    columns: frozenset[str] = frozenset()
    """Those of which there is a heading."""
    unread: tuple[str, ...] = ()
    """Headings that name no column, and have something below them."""


def read(
    content: bytes,
    filename: str,
    columns: Mapping[str, Sequence[str]],
    required: Sequence[str],
    *,
    own: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Table:
    """Read a table (读入表格): find its headings in any order, below any title rows; its cells by column name.

    `columns` gives each name the words it goes by, the standard one first; `own` are those that only our files have.
    Files as offices have them, see `reader.read`; merged cells, empty rows, hidden sheets.
    Refused codes: "file" (unreadable, empty, too large, a decompression bomb, two sheets that fit), "headings" (no row
    with all `required`).
    """
    by_word = {heading(word): name for name, words in {**columns, **own}.items() for word in words}
    sheet, grid = _grid(content, filename, by_word, required)
    found = find_headings(grid, by_word, required)
    if found is None:
        needed = "、".join(f"“{columns[name][0]}”" for name in required)
        standard = "、".join(words[0] for words in columns.values())
        raise Refused("headings", f"没有找到表头：同一行内须有{needed}。标准表头为：{standard}。")
    at, places = found
    below, last = grid[at + 1 :], max(places.values())
    unread = tuple(
        typed.text(cell)
        for place, cell in enumerate(grid[at])
        if heading(cell)
        and heading(cell) not in by_word
        and place not in places.values()
        and any(cells[place : place + 1] not in ([], [""]) for cells in below)
    )
    if all(len(cells) > last for cells in below):
        pick = places.values()
        rows = [dict(zip(places, [cells[place] for place in pick], strict=True)) for cells in below]
    else:
        rows = [{name: cells[place] for name, place in places.items() if place < len(cells)} for cells in below]
    return Table(sheet, list(enumerate(rows, start=at + 2)), frozenset(places), unread)


def _grid(content: bytes, filename: str, by_word: Mapping[str, str], required: Sequence[str]) -> tuple[str, Grid]:
    if not content:
        raise Refused("file", f"文件“{filename}”是空的，请重新选择。")
    if len(content) > LARGEST:
        raise Refused("file", f"文件超过{LARGEST // 2**20}MB，请删去图片和多余的工作表后另存再上传。")
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    for sign, what in _OTHER_KINDS.items():
        if start.startswith(sign):
            raise Refused("file", f"此文件其实是{what}，不是表格。请用WPS或Excel打开，另存为.xlsx后再上传。")
    try:
        return reader.read(content, by_word, required)
    except reader.Unreadable as error:
        raise Refused("file", str(error)) from error


_OTHER_KINDS = {b"<": "网页或XML文本", b"%PDF": "PDF文件", b"{\\rtf": "文字文档"}
"""How files begin that systems export, or people rename, as tables."""


_FOOTING = re.compile(
    r"((合|总|小|共)计|总人数|共\d+人|(填表|制表|填报|经办|审核|复核|负责|联系|单位负责)人?|(联系)?电话"
    r"|(填表|制表|填报|报送)?(日期|时间|单位)|公章|盖章|签字|签名|说明|备?注)(签字|签名|签章|盖章|公章)?(?=[:：(（\d]|$)"
)


def is_footing(cell: object) -> bool:
    """Footer cell (表尾): whether a cell is a word that stands below a list: a sum, a signature, a date, a remark."""
    said = typed.text(cell)
    return any(_FOOTING.match(word) for word in (said.replace(" ", ""), said.split(" ")[0]))


DAY_ZERO = date(1899, 12, 30)
"""From which a spreadsheet counts its days."""


# --- writing --------------------------------------------------------------------------------------------------------


def workbook(headings: Sequence[str], rows: Iterable[Sequence[object]], *, sheet: str = "数据") -> bytes:
    """An .xlsx: numbers as numbers, dates as dates, everything else (ID numbers, formulas) as plain text."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        bold = book.add_format({"bold": True, "bottom": 1})
        day, minute = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        widths = [_width(heading) for heading in headings]
        for place, heading in enumerate(headings):
            page.write_string(0, place, heading, bold)
        for at, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                widths[place] = max(widths[place], min(_width(value), 60))
                match value:
                    case None:
                        continue
                    case bool():
                        page.write_string(at, place, "是" if value else "否")
                    case int() | float() | Decimal():
                        page.write_number(at, place, value)
                    case datetime():
                        page.write_datetime(at, place, value.astimezone(OFFICE_ZONE).replace(tzinfo=None), minute)
                    case date():
                        page.write_datetime(at, place, datetime.combine(value, datetime.min.time()), day)
                    case _:
                        page.write_string(at, place, str(value)[:32_767])
        for place, width in enumerate(widths):
            page.set_column(place, place, width + 2)
        page.freeze_panes(1, 0)
    return buffer.getvalue()


def csv_file(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A .csv in UTF-8 with a byte order mark, as Excel and WPS want it; what they would run as a formula is quoted."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(headings)
    writer.writerows([_defused(value) for value in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _defused(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _width(value: object) -> int:
    """Columns a value takes: a Chinese character is two wide."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in str(value))
