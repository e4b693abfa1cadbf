"""Tables in files to hand out: .xlsx and .csv. Knows no column's meaning."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from core.ground.db import OFFICE_ZONE

DAY_ZERO = date(1899, 12, 30)
"""From which a spreadsheet counts its days."""


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
