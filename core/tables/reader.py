"""Spreadsheet parser (读表格文件): .xlsx, .xls, .xlsb, .et, .ods, .csv as plain cells, in a process of its own.

A parser asked for a cell at XFD1048576 allocates the whole rectangle up to it, and one that finds no memory ends its
process. So this very file, run as a program, reads one file from its standard input and answers with JSON: its
memory and time are bounded, and what it does not survive is a file we cannot read. It knows nothing of the office and
is quick to start; nothing is left of it, or of one file in the next.
"""

from __future__ import annotations

import contextlib
import csv
import faulthandler
import gc
import html
import io
import json
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine

LARGEST_UNPACKED = 200 * 2**20
LARGEST_ANSWER = 64 * 2**20
MEMORY = 2 * 2**30
SECONDS = 60
MOST_ROWS = 200_000
MOST_COLUMNS = 200
MOST_CELLS = 20_000_000
LONGEST_CELL = 1000
"""Characters of a cell in a list: more is no name, no number and no remark, but may keep a server busy for minutes."""

UNREADABLE = "无法读取此工作簿：文件损坏、设有密码，或不是表格文件。请在WPS或Excel中另存为.xlsx后再上传。"
UNKNOWN = "无法识别此文件。请上传.xlsx、.xls，或编码为UTF-8、GBK的.csv。"
TOO_MUCH = "此文件的内容异常多，已拒绝读取。请把花名册复制到一个新的工作簿后再上传。"
LOCKED = "此工作簿设有打开密码，无法读取。请在WPS或Excel中取消密码，另存为.xlsx后再上传。"
MACROS = "此工作簿带有宏，已拒绝读取。请在WPS或Excel中另存为不带宏的.xlsx后再上传。"
TOO_LARGE = "此工作簿解压后异常大，已拒绝读取。请把花名册复制到一个新的工作簿后再上传。"
UNRECKONED = "此工作簿有没有算出结果的公式，读不到内容。请在WPS或Excel中打开并保存，或复制后选择性粘贴为数值，再上传。"
OUTSIDE = "此工作簿的公式引用了别的文件或网络，已拒绝读取。请复制后选择性粘贴为数值，另存为.xlsx后再上传。"
TWO_SHEETS = "都有表头和人员，只能读取一张。请合并到一张工作表，或删去、隐藏不用的工作表后再上传。"

_HEAD = 50
"""Rows in which headings are looked for."""
Grid = list[list[object]]
Place = tuple[int, int]
"""Row and column, from 0."""

_turns = threading.BoundedSemaphore(2)
"""Two at a time: a slow file holds nobody up, and twenty cannot take all memory together."""


class Unreadable(Exception):
    """Not a file we read; the words, in Chinese, say what to do."""


def heading(cell: object) -> str:
    """A heading as it is compared: without spaces, line breaks and what follows in brackets."""
    return re.sub(r"\s|[*＊（(:：].*$", "", str(cell), flags=re.DOTALL)


def find_headings(grid: Grid, by_word: Mapping[str, str], required: Sequence[str]) -> tuple[int, dict[str, int]] | None:
    """Find headings (识别表头): the first row that has all required ones, and the place of each column in it.

    Where headings are parted in the row below (学时 above 公需 and 专业), it is the lower of the two.
    """
    for at, cells in enumerate(grid[:_HEAD]):
        places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            name = by_word.get(heading(cell))
            if name and name not in places:
                places[name] = place
        if all(name in places for name in required):
            below = grid[at + 1] if at + 1 < len(grid) else []
            parts = {} if _names(below, places, required) else _parted(cells, below, by_word)
            taken = parts.values()
            alone = {name: place for name, place in places.items() if name in parts or place not in taken}
            return at + bool(parts.keys() - places), parts | alone
    return None


def _names(cells: Sequence[object], places: Mapping[str, int], required: Sequence[str]) -> bool:
    """Whether a row has something in a required column."""
    return any(str(cells[places[name]]).strip() for name in required if places[name] < len(cells))


def _parted(above: Sequence[object], below: Sequence[object], by_word: Mapping[str, str]) -> dict[str, int]:
    """The places of columns whose headings are the words of two rows: 公需 below 学时 is 公需学时."""
    places: dict[str, int] = {}
    over = ""
    for place, cell in enumerate(below):
        over = (heading(above[place]) if place < len(above) else "") or over
        word = heading(cell)
        if word and over:
            # Below a column's own heading a word alone says nothing, unless it is the longer one: 公需学时 below 学时.
            alone = over not in by_word or word.endswith(over[-2:])
            ends = [over[start:] for start in range(len(over) + alone)]
            if name := next((by_word[word + end] for end in ends if word + end in by_word), None):
                places.setdefault(name, place)
    return places


# --- in our process -------------------------------------------------------------------------------------------------


def read(content: bytes, by_word: Mapping[str, str], required: Sequence[str]) -> tuple[str, Grid]:
    """Read a file (读入): name and cells of the one visible sheet with the required headings, else of the first.

    Workbooks by content, whatever their ending; .csv in UTF-8 or GB 18030.
    A row below them gets what stands in a cell merged down to it, except in the required columns. Two sheets with
    headings and something in a required column below them are refused: nobody is to be left out unseen.
    Cells are str, float, bool, date, datetime, time or timedelta; an empty one is "". Row and column 1 come first even
    where they are empty. Raises Unreadable within `SECONDS`, whatever the file does.
    """
    question = json.dumps({"by_word": by_word, "required": required}).encode() + b"\n" + content
    try:
        with _turns:
            done = subprocess.run(
                [sys.executable, "-P", __file__],
                input=question,
                capture_output=True,
                timeout=SECONDS,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
    except subprocess.TimeoutExpired as error:
        raise Unreadable(UNREADABLE) from error
    if done.returncode in (1, 2):  # how Python ends on an exception or without its program: no file leads there
        raise RuntimeError(f"the reader of reader does not run: {done.stderr.decode(errors='replace')}")
    try:
        answer = json.loads(done.stdout, object_hook=_moment)
        if done.returncode == 0 and "grid" in answer:
            return str(answer["sheet"]), answer["grid"]
        words = str(answer["refused"])
    except (ValueError, KeyError, TypeError) as error:  # it fell before it could answer
        raise Unreadable(UNREADABLE) from error
    raise Unreadable(words)


def _moment(given: dict[str, Any]) -> object:
    """The inverse of `_plain`."""
    match given:
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"time": text}:
            return time.fromisoformat(text)
        case {"timedelta": [days, seconds, microseconds]}:
            return timedelta(days, seconds, microseconds)
    return given


# --- in a process of its own ----------------------------------------------------------------------------------------


def _plain(cell: object) -> dict[str, object]:
    """A cell JSON has no word for."""
    match cell:
        case datetime():
            return {"datetime": cell.isoformat()}
        case date():
            return {"date": cell.isoformat()}
        case time():
            return {"time": cell.isoformat()}
        case timedelta():
            return {"timedelta": [cell.days, cell.seconds, cell.microseconds]}
    raise TypeError(f"no cell of a workbook: {type(cell)}")


def _bound() -> None:
    """Never more than our memory, no core dump with ID numbers in it, and no life of its own if the office ends.

    Windows has no such limit of memory: there a process that takes too much is ended by the clock or by Windows.
    """
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    gc.disable()  # cells hold no cycles, and the process ends with its one file
    with contextlib.suppress(ImportError, ValueError, OSError):  # ValueError: the limit is lower already
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _parsed(content: bytes, by_word: Mapping[str, str], required: Sequence[str]) -> tuple[str, Grid]:
    if content[:4] not in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        grid = _csv_grid(content)
        return "", _listed(grid, find_headings(grid, by_word, required))
    if content[:2] == b"PK":
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
        if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise Unreadable(TOO_LARGE)
        if any(part.filename.endswith("vbaProject.bin") for part in parts):
            raise Unreadable(MACROS)
        _check_formulas(content)
    elif "EncryptedPackage".encode("utf-16-le") in content:  # the names of its streams, as a compound file keeps them
        raise Unreadable(LOCKED)
    elif "_VBA_PROJECT".encode("utf-16-le") in content:
        raise Unreadable(MACROS)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    every = [meta for meta in book.sheets_metadata if meta.typ == python_calamine.SheetTypeEnum.WorkSheet]
    visible = [meta.name for meta in every if meta.visible == python_calamine.SheetVisibleEnum.Visible]
    first: tuple[str, Grid] | None = None
    empty: tuple[str, Grid] | None = None
    found: tuple[str, Grid] | None = None
    for name in visible:
        sheet, grid = _cells(book, name)
        first = first or (name, _listed(grid, None))
        headed = find_headings(grid, by_word, required)
        if headed is None:
            continue
        at, places = headed
        rows = {row for row in range(at + 1, len(grid)) if _names(grid[row], places, required)}
        if not rows:
            empty = empty or (name, _listed(grid, headed))
            continue
        if found:
            raise Unreadable(f"“{found[0]}”和“{name}”两张工作表{TWO_SHEETS}")
        columns = {place for column, place in places.items() if column not in required}
        _spread(grid, sheet.merged_cell_ranges or (), rows, columns)
        found = name, _listed(grid, headed)
    if best := found or empty:
        return best
    for meta in every:
        if meta.name not in visible and find_headings(_cells(book, meta.name)[1], by_word, required):
            raise Unreadable(f"表头和人员在隐藏的工作表“{meta.name}”中，请取消隐藏后再上传。")
    if first is None:
        raise Unreadable("此工作簿没有可见的工作表，请取消隐藏后再上传。")
    return first


def _listed(grid: Grid, headed: tuple[int, dict[str, int]] | None) -> Grid:
    """What of a sheet is handed on: a list as far right as its headings go, else no more than where headings could be.

    Raises Unreadable for a cell of the list that is longer than any is.
    """
    if headed is None:
        return [[cell[:LONGEST_CELL] if isinstance(cell, str) else cell for cell in cells] for cells in grid[:_HEAD]]
    at, places = headed
    above = _listed(grid[: at + 1], None)
    width = max([place for place, cell in enumerate(grid[at]) if cell != ""] + list(places.values())) + 1
    below = grid[at + 1 :]
    if max(map(len, below), default=0) > width:
        below = [cells[:width] for cells in below]
    for name, place in places.items():
        column = [cells[place] for cells in below if place < len(cells)]
        texts: list[Any] = column if set(map(type, column)) == {str} else [cell for cell in column if type(cell) is str]
        if max(map(len, texts), default=0) > LONGEST_CELL:
            row = next(row for row, cell in enumerate(column, at + 2) if len(str(cell)) > LONGEST_CELL)
            word = grid[at][place] or name
            raise Unreadable(f"第{row}行的“{word}”超过{LONGEST_CELL}个字，请改短后再上传。")
    return above + below


def _csv_grid(content: bytes) -> Grid:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            decoded = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable(UNKNOWN)
    if "\x00" in decoded:
        raise Unreadable(UNKNOWN)
    head = decoded[:4096]
    delimiter = max(",\t;，", key=head.count)
    csv.field_size_limit(len(decoded))  # `_listed` names the cell that is too long
    as_text = '="' in decoded
    grid: Grid = []
    try:
        for cells in csv.reader(io.StringIO(decoded), delimiter=delimiter):
            if len(grid) == MOST_ROWS:
                raise Unreadable(f"文件超过{MOST_ROWS}行，请拆分后分别上传。")
            kept = cells[:MOST_COLUMNS]
            grid.append([_AS_TEXT.sub(r"\1", cell) for cell in kept] if as_text else [*kept])
    except csv.Error as error:
        raise Unreadable(UNKNOWN) from error
    return grid


_AS_TEXT = re.compile(r'^="([^"]*)"$')
"""How systems write a number into a .csv that a spreadsheet is to leave as it is."""


def _cells(book: python_calamine.CalamineWorkbook, name: str) -> tuple[python_calamine.CalamineSheet, Grid]:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height > MOST_ROWS:
        raise Unreadable(f"工作表“{name}”超过{MOST_ROWS}行，请拆分后分别上传。")
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise Unreadable(f"工作表“{name}”的单元格过多，请删去表格右侧和下方多余的内容后再上传。")
    return sheet, [[*cells[:MOST_COLUMNS]] for cells in sheet.to_python(skip_empty_area=False)]


_FORMULA = re.compile(rb"<f[^>]*>([^<]*)</f>")
_REACHES_OUT = re.compile(
    r"\][^\[\]'!]*'!|\][\w.]*!|\||\b(_xl\w+\.)*(webservice|hyperlink|image|filterxml|rtd|dde\w*|call)\s*\(",
    re.IGNORECASE,
)
"""Another workbook before the sheet, a program before a bar, a function that fetches or opens."""
_UNRECKONED = re.compile(rb'<c(?![^>]*\bt="str")[^>]*>\s*<f[^>]*(?:/>|>[^<]*</f>)\s*(<v\s*/>|<v></v>)?\s*</c>')


def _check_formulas(content: bytes) -> None:
    """Formulas are read as they were reckoned when the file was saved; what was not, or reaches out, is refused."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for name in book.namelist():
            if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
                continue
            sheet = book.read(name)
            if b"<f" not in sheet:
                continue
            for found in _FORMULA.findall(sheet):
                spoken = html.unescape(found.decode(errors="replace"))
                if _REACHES_OUT.search(re.sub(r'"[^"]*"', '""', spoken)):  # what is quoted is only said
                    raise Unreadable(OUTSIDE)
            if _UNRECKONED.search(sheet):
                raise Unreadable(UNRECKONED)


def _spread(grid: Grid, merged: Sequence[tuple[Place, Place]], rows: set[int], columns: set[int]) -> None:
    """Give what stands in a cell merged downwards to each of these rows in it, as its reader sees it.

    Merged cells that are more than the sheet's, as they are where they overlap, are those of a damaged file.
    """
    left = len(grid) * len(columns)
    for (top, place), (bottom, _) in merged:
        if top not in rows or place not in columns:
            continue
        for row in range(top + 1, min(bottom + 1, len(grid))):
            left -= 1
            if left < 0:
                raise Unreadable(UNREADABLE)
            if row in rows and grid[row][place] == "":
                grid[row][place] = grid[top][place]


def _answer() -> bytes:
    question = json.loads(sys.stdin.buffer.readline())
    try:
        sheet, grid = _parsed(sys.stdin.buffer.read(), **question)
        answer = json.dumps({"sheet": sheet, "grid": grid}, ensure_ascii=False, default=_plain).encode()
        refused = TOO_MUCH if len(answer) > LARGEST_ANSWER else ""
    except Unreadable as error:
        refused = str(error)
    except BaseException:  # noqa: BLE001 - a panic inside the parser is no Exception
        refused = UNREADABLE
    return json.dumps({"refused": refused}).encode() if refused else answer


if __name__ == "__main__":
    _bound()
    sys.stdout.buffer.write(_answer())
    sys.stdout.flush()
