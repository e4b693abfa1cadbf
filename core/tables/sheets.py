"""Tables in files to hand out: .xlsx and .csv, and rows to mend. Knows no column's meaning."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import xlsxwriter
import xlsxwriter.utility

from core.ground import taken, typed
from core.ground.db import OFFICE_ZONE
from core.tables.problems import Problem


def workbook(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    sheet: str = "数据",
    about: Sequence[str] = (),
    persons: bool = True,
) -> bytes:
    """An .xlsx: numbers as numbers, dates as dates, everything else (ID numbers, formulas) as plain text.

    What it is `about`, who takes it away and when (`taken`), stand on a sheet of their own after the rows (导出说明);
    `persons`: whether the rows are of persons, and not counts alone.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        bold = book.add_format({"bold": True, "bottom": 1})
        day, minute = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        widths, at = [_width(heading) for heading in headings], 0
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
                    case datetime() if value.tzinfo is None:  # a day, as a frame's column of days gives it
                        page.write_datetime(at, place, value, day if value.time() == time.min else minute)
                    case datetime():
                        page.write_datetime(at, place, value.astimezone(OFFICE_ZONE).replace(tzinfo=None), minute)
                    case date():
                        page.write_datetime(at, place, datetime.combine(value, datetime.min.time()), day)
                    case _:
                        page.write_string(at, place, str(value)[:32_767])
        for place, width in enumerate(widths):
            page.set_column(place, place, width + 2)
        page.freeze_panes(1, 0)
        _whose(book, page)
        mark = taken.of()
        if lines := [*about, *(mark.lines(at, persons=persons) if mark else ())]:
            last = book.add_worksheet("导出说明")
            for place, line in enumerate(lines):
                last.write_string(place, 0, line)
            last.set_column(0, 0, max(map(_width, lines)) + 2)
    return buffer.getvalue()


def marked(
    headings: Mapping[str, str],
    rows: Sequence[tuple[int, Mapping[str, Any]]],
    problems: Sequence[Problem],
    *,
    title: str,
    caption: str = "",
    choices: Mapping[str, Sequence[str]] = MappingProxyType({}),
    as_text: Collection[str] = ("id_number", "phone"),
    notes: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Repair sheet (标红批注): rows of any kind of table as an .xlsx to mend and send in again; or a blank form.

    Faulty cells are coloured, with their faults as comments. `headings` by column, in order; `choices` are columns in
    which one of a few words is chosen, `as_text` those in which a spreadsheet must not take digits for a number,
    `notes` are comments on headings, `caption` stands above them where that is not the title of the sheet. A list of
    words too long for a cell's own (255 characters) stands on a hidden sheet. It comes back, so that who takes it away
    stands in no cell.
    """
    said: dict[tuple[int, str], list[str]] = {}
    for problem in problems:
        said.setdefault((problem.row, problem.column), []).append(problem.words)
    last = max(len(rows), 2000) + 1
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        page = book.add_worksheet(title[:31])
        lists = _lists(book, choices)
        bold = book.add_format({"bold": True, "border": 1, "align": "center", "bg_color": "#E8EEF5"})
        text, faulty = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bg_color": "#F8D7DA"})
        page.write_string(0, 0, caption or title, book.add_format({"bold": True, "font_size": 14}))
        for place, (column, heading) in enumerate(headings.items()):
            width = _WIDTHS.get(column, max(10, 2 * len(heading) + 2))
            page.set_column(place, place, width, text if column in as_text else None)
            page.write_string(1, place, heading, bold)
            if source := lists.get(column):
                page.data_validation(2, place, last, place, {"validate": "list", "source": source})
            if note := notes.get(column):
                page.write_comment(1, place, note, {"x_scale": 2})
        for at, (row, cells) in enumerate(rows, start=2):
            for place, column in enumerate(headings):
                value, faults = cells.get(column, ""), said.get((row, column))
                if isinstance(value, int | float) and not isinstance(value, bool) and column not in as_text:
                    page.write_number(at, place, value, faulty if faults else None)
                else:
                    page.write_string(at, place, typed.text(value), faulty if faults else text)
                if faults:
                    page.write_comment(at, place, "；".join(faults), {"x_scale": 2})
        page.freeze_panes(2, 0)
        _whose(book, page)
    return buffer.getvalue()


def _whose(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
    """Who takes a workbook away, in its properties and at the foot of each page it is printed on."""
    if mark := taken.of():
        book.set_properties({"author": mark.who, "comments": mark.line})
        page.set_footer("&L" + mark.line.replace("&", "&&")[:_LONGEST_LIST])


def _lists(book: xlsxwriter.Workbook, choices: Mapping[str, Sequence[str]]) -> dict[str, list[str] | str]:
    """What each column of words is chosen from (下拉选项): the words, or where they stand on a hidden sheet."""
    found: dict[str, list[str] | str] = {}
    page = None
    for place, (column, words) in enumerate(choices.items()):
        found[column] = list(words)
        if len(",".join(words)) > _LONGEST_LIST:
            if page is None:
                page = book.add_worksheet("选项")
                page.hide()
            page.write_column(0, place, words)
            letter = xlsxwriter.utility.xl_col_to_name(place)
            found[column] = f"=选项!${letter}$1:${letter}${len(words)}"
    return found


_LONGEST_LIST = 255
_WIDTHS = {
    "code": 12,
    "name": 14,
    "id_number": 22,
    "employer": 26,
    "post": 16,
    "specialty": 16,
    "phone": 16,
    "note": 20,
}
"""Of columns whose cells are longer than their heading."""


def csv_file(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A .csv in UTF-8 with a byte order mark, as Excel and WPS want it; what they would run as a formula is quoted."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(map(_defused, headings))
    writer.writerows([_defused(value) for value in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _defused(value: object) -> object:
    """What a spreadsheet would run, behind blanks or in full-width signs as well, as text."""
    runs = isinstance(value, str) and (value[:1] in "\t\r\n" or typed.plain(value)[:1] in "=+-@") and value != ""
    return f"'{value}" if runs and typed.plain(value) else value


def _width(value: object) -> int:
    """Columns a value takes: a Chinese character is two wide."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in str(value))
