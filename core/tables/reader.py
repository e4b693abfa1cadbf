"""Spreadsheet parser (读表格文件): .xlsx, .xls, .xlsb, .et, .ods as sheets of plain cells, in a process of its own.

A parser asked for a cell at XFD1048576 allocates the whole rectangle up to it, and one that finds no memory ends its
process. So this very file, run as a program, reads one workbook from its standard input and answers with its sheets:
its memory and time are bounded, and what it does not survive is a file we cannot read. It knows nothing of the office
and of no heading, and is quick to start; nothing is left of it, or of one file in the next.

An answer is a line of JSON for each column, after one that says whose they are. Encoding a column takes the JSON module
less time than importing pyarrow (and pandas with it) into a process that lives for one file.
"""

from __future__ import annotations

import contextlib
import contextvars
import faulthandler
import gc
import html
import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
"""Characters of a cell in a list: more is no name, no number and no remark, but may keep a server busy for minutes.
Of a longer one, one more than these are read."""
HEAD = 50
"""Rows in which headings are looked for."""

UNREADABLE = "无法读取此工作簿：文件损坏、设有密码，或不是表格文件。请在WPS或Excel中另存为.xlsx后再上传。"
TOO_MUCH = "此文件的内容异常多，已拒绝读取。请把花名册复制到一个新的工作簿后再上传。"
LOCKED = "此工作簿设有打开密码，无法读取。请在WPS或Excel中取消密码，另存为.xlsx后再上传。"
MACROS = "此工作簿带有宏，已拒绝读取。请在WPS或Excel中另存为不带宏的.xlsx后再上传。"
TOO_LARGE = "此工作簿解压后异常大，已拒绝读取。请把花名册复制到一个新的工作簿后再上传。"
UNRECKONED = "{}是没有算出结果的公式，读不到内容。请在WPS或Excel中打开并保存，或复制后选择性粘贴为数值，再上传。"
OUTSIDE = "{}的公式引用了别的文件或网络，已拒绝读取。请复制后选择性粘贴为数值，另存为.xlsx后再上传。"

Place = tuple[int, int]
"""Row and column, from 0."""

_OF_THE_OFFICE = ("CE_", "DATABASE_URL", "PG")
"""Settings that a file's reader is not told: where the key lies, the database's password."""
_turns = threading.BoundedSemaphore(2)
"""Two at a time: a slow file holds nobody up, and twenty cannot take all memory together."""
_made_here: contextvars.ContextVar[bool] = contextvars.ContextVar("made_here", default=False)


class Unreadable(Exception):
    """Not a file we read; the words, in Chinese, say what to do."""


@dataclass(frozen=True)
class Sheet:
    """A sheet (工作表): its cells by column, all columns as long as one another, from row 1 and column 1.

    Cells are str, float, bool, date, datetime, time or timedelta; an empty one is "". Of a hidden sheet, the first
    rows only.
    """

    name: str
    columns: list[list[Any]]
    hidden: bool = False
    merged: tuple[tuple[Place, Place], ...] = ()
    """Merged cells (合并单元格): the first and the last place of each."""
    hidden_rows: frozenset[int] = frozenset()
    """Rows (from 0) that are hidden or filtered out."""

    @property
    def height(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def rows(self, start: int, stop: int) -> list[list[Any]]:
        """Some of its rows."""
        return [list(cells) for cells in zip(*(column[start:stop] for column in self.columns), strict=True)]


# --- in our process -------------------------------------------------------------------------------------------------


def is_workbook(content: bytes) -> bool:
    """Whether a file is a workbook by its content, whatever its ending: packed (.xlsx, .ods), compound (.xls, .et)."""
    return content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@contextlib.contextmanager
def made_here() -> Iterator[None]:
    """Files read meanwhile, by this thread alone, were made by this program itself (演示数据), never handed in.

    They are read without a process of their own, which takes ten times as long as reading a small file does.
    """
    before = _made_here.set(True)
    try:
        yield
    finally:
        _made_here.reset(before)


def read(content: bytes) -> list[Sheet]:
    """Read a workbook (读入工作簿): every sheet with its cells.

    Raises Unreadable within `SECONDS`, whatever the file does.
    """
    return understood(_asked(content))


def look_at(content: bytes) -> None:
    """Whether a workbook may be read at all (初看工作簿), without its cells: packed too large, macros, a password.

    Raises Unreadable, as `read` would.
    """
    understood(_asked(content, _GLANCE))


_GLANCE = "glance"


def _asked(content: bytes, *how: str) -> bytes:
    """The answer about a workbook, of a process of its own."""
    if _made_here.get():
        return answered(content, *how)
    try:
        with _turns:
            done = subprocess.run(
                [sys.executable, "-P", __file__, *how],
                input=content,
                capture_output=True,
                timeout=SECONDS,
                env={name: each for name, each in os.environ.items() if not name.startswith(_OF_THE_OFFICE)},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
    except subprocess.TimeoutExpired as error:
        raise Unreadable(UNREADABLE) from error
    if done.returncode in (1, 2):  # how Python ends on an exception or without its program: no file leads there
        raise RuntimeError(f"the reader of workbooks does not run: {done.stderr.decode(errors='replace')}")
    if done.returncode:
        raise Unreadable(UNREADABLE)
    return done.stdout


def understood(answer: bytes) -> list[Sheet]:
    """The sheets of an answer. Raises Unreadable for what is none, or says why there are no sheets."""
    try:
        line, *lines = answer.splitlines()
        given = json.loads(line)
        if "refused" in given:
            raise Unreadable(str(given["refused"]))
        sheets, rest = [], iter(lines)
        for each in given["sheets"]:
            columns = [_column(next(rest)) for _ in range(each["width"])]
            if len(set(map(len, columns))) > 1:
                raise ValueError("columns of unequal lengths")
            merged = tuple(((top, left), (bottom, right)) for top, left, bottom, right in each["merged"])
            sheets.append(Sheet(str(each["name"]), columns, each["hidden"], merged, frozenset(each["hidden_rows"])))
    except (ValueError, LookupError, TypeError, StopIteration) as error:  # it fell before it could answer
        raise Unreadable(UNREADABLE) from error
    return sheets


def _column(line: bytes) -> list[Any]:
    """The inverse of `_encoded`."""
    given = json.loads(line, object_hook=_moment)
    if isinstance(given, list):
        return given
    words, places = given["words"], given["places"]
    return list(map(words.__getitem__, places))


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


def answered(content: bytes, how: str = "") -> bytes:
    """The answer about a workbook: its sheets, or that there is nothing against reading them."""
    try:
        if how == _GLANCE:
            _gate(content)
            return json.dumps({"sheets": []}).encode() + b"\n"
        sheets, lines = [], []
        left = LARGEST_ANSWER
        for given, columns in _parsed(content):
            sheets.append(given)
            for column in columns:
                lines.append(_encoded(column))
                left -= len(lines[-1])
                if left < 0:
                    raise Unreadable(TOO_MUCH)
        line = json.dumps({"sheets": sheets}, ensure_ascii=False).encode()
        if len(line) > left:
            raise Unreadable(TOO_MUCH)
        return b"\n".join([line, *lines])
    except Unreadable as error:
        refused = str(error)
    except BaseException:  # noqa: BLE001 - a panic inside the parser is no Exception
        refused = UNREADABLE
    return json.dumps({"refused": refused}).encode() + b"\n"


def _encoded(column: Sequence[Any]) -> bytes:
    """A column as a line of JSON: its cells, or where the same few texts come again and again, these and their places.

    A cell longer than any that is read is cut.
    """
    cells: Any = column
    texts = set(column) if set(map(type, column)) == {str} else set()
    longest = max(map(len, texts or [cell for cell in column if type(cell) is str]), default=0)
    if longest > LONGEST_CELL:
        cells = [cell[: LONGEST_CELL + 1] if type(cell) is str else cell for cell in column]
    elif 0 < 4 * len(texts) < len(column):
        places = {text: place for place, text in enumerate(texts)}
        cells = {"words": list(texts), "places": list(map(places.__getitem__, column))}
    return json.dumps(cells, ensure_ascii=False, default=_plain).encode()


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


def _gate(content: bytes) -> None:
    """Refuse what is not even unpacked (拒读)."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise Unreadable(TOO_LARGE)
            if any(part.filename.endswith("vbaProject.bin") for part in parts):
                raise Unreadable(MACROS)
    elif "EncryptedPackage".encode("utf-16-le") in content:  # the names of its streams, as a compound file keeps them
        raise Unreadable(LOCKED)
    elif "_VBA_PROJECT".encode("utf-16-le") in content:
        raise Unreadable(MACROS)


def _parsed(content: bytes) -> Iterator[tuple[dict[str, Any], list[tuple[Any, ...]]]]:
    """Each sheet: what it is, and its columns."""
    hidden_rows: dict[str, list[int]] = {}
    spanned: dict[str, list[_Range]] = {}
    _gate(content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            hidden_rows, spanned = _looked_through(packed)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
        sheet = book.get_sheet_by_name(meta.name)
        columns = list(zip(*_cells(sheet, meta.name, HEAD if hidden else MOST_ROWS), strict=True))
        merged = [(*first, *last) for first, last in sheet.merged_cell_ranges or ()] or spanned.get(meta.name, [])
        given = {"name": meta.name, "hidden": hidden, "width": len(columns), "merged": merged}
        yield given | {"hidden_rows": hidden_rows.get(meta.name, [])}, columns


def _cells(sheet: python_calamine.CalamineSheet, name: str, most: int) -> list[list[Any]]:
    """The rows of a sheet as far down as something stands in them."""
    if sheet.total_height > MOST_ROWS:  # a stray blank in the very last row makes nobody a million people
        return _scattered(sheet, name)[:most]
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise Unreadable(f"工作表“{name}”的单元格过多，请删去表格右侧和下方多余的内容后再上传。")
    rows = sheet.to_python(skip_empty_area=False, nrows=most)
    return rows if sheet.total_width <= MOST_COLUMNS else [cells[:MOST_COLUMNS] for cells in rows]


def _scattered(sheet: python_calamine.CalamineSheet, name: str) -> list[list[Any]]:
    start = (sheet.start or (0, 0))[1]
    rows: list[list[Any]] = []
    blank = 0
    width = 1
    for cells in sheet.iter_rows():
        kept = ([""] * start + cells)[:MOST_COLUMNS]
        if any(cell != "" and str(cell).strip() for cell in cells):
            if len(rows) + blank >= MOST_ROWS:
                raise Unreadable(f"工作表“{name}”超过{MOST_ROWS}行，请拆分后分别上传。")
            rows += [[""]] * blank
            rows.append(kept)
            width, blank = max(width, len(kept)), 0
        else:
            blank += 1
    return [cells + [""] * (width - len(cells)) for cells in rows]


_FORMULA = re.compile(rb"<f[^<>]*>([^<]*)</f>")
_REACHES_OUT = re.compile(
    r"\][^\[\]'!]*'!|\][\w.]*!|\||\b(_xl\w+\.)*(webservice|hyperlink|image|filterxml|rtd|dde\w*|call)\s*\(",
    re.IGNORECASE,
)
"""Another workbook before the sheet, a program before a bar, a function that fetches or opens."""
_UNRECKONED = re.compile(rb'<c(?![^<>]*\bt="str")[^<>]*>\s*<f[^<>]*(?:/>|>[^<]*</f>)\s*(<v\s*/>|<v></v>)?\s*</c>')
_CELL = re.compile(rb'^<c [^>]*?\br="([A-Z]{1,3}\d{1,7})"')
_ROW = re.compile(rb"<row\b([^<>]*)>")
_ODS = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)((?: [^>]*?)?)/?>")
_ODS_ATTRIBUTE = re.compile(rb'table:([a-z-]+)="([^"]*)"')
_Range = tuple[int, int, int, int]
"""The first row and column of merged cells, and the last."""


def _looked_through(book: zipfile.ZipFile) -> tuple[dict[str, list[int]], dict[str, list[_Range]]]:
    """Look a packed workbook's sheets through (检查工作簿): which rows are hidden, and what its parser does not tell of
    merged cells, by sheet.

    Formulas are read as they were reckoned when the file was saved; what was not, or reaches out, is refused.
    """
    names = book.namelist()
    titles = _titles(book) if "xl/workbook.xml" in names else {}
    hidden: dict[str, list[int]] = {}
    for name in names:
        if name == "content.xml":
            return _seen_in_ods(book.read(name))
        if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
            continue
        sheet = book.read(name)
        if b"<f" in sheet:
            _check_formulas(sheet, titles.get(name, ""))
        if b" hidden=" in sheet and name in titles:
            hidden[titles[name]] = _hidden(sheet)
    return hidden, {}


def _check_formulas(sheet: bytes, title: str) -> None:
    for found in _FORMULA.finditer(sheet):
        spoken = html.unescape(found[1].decode(errors="replace"))
        if _REACHES_OUT.search(re.sub(r'"[^"]*"', '""', spoken)):  # what is quoted is only said
            raise Unreadable(OUTSIDE.format(_where(sheet[: found.start()], title)))
    if unreckoned := _UNRECKONED.search(sheet):
        raise Unreadable(UNRECKONED.format(_where(sheet[: unreckoned.end()], title)))


def _where(before: bytes, title: str) -> str:
    """The cell in which some of a sheet's text ends (单元格位置), in words."""
    cell = _CELL.findall(before[before.rfind(b"<c ") :])
    named = f"工作表“{title[:30]}”" if title else "此工作簿"
    return f"{named}{cell[0].decode()}单元格" if cell else named


def _titles(book: zipfile.ZipFile) -> dict[str, str]:
    """The name of the sheet in each part of an .xlsx."""
    said = book.read("xl/workbook.xml").decode(errors="replace")
    related = "xl/_rels/workbook.xml.rels"
    relations = book.read(related).decode(errors="replace") if related in book.namelist() else ""
    parts = {}
    for relation in re.findall(r"<Relationship\b[^>]*>", relations):
        given = dict(re.findall(r'\b(\w+)="([^"]*)"', relation))
        target = given.get("Target", "").removeprefix("/xl/")
        parts[given.get("Id", "")] = f"xl/{target}"
    titles = {}
    for sheet in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", said):
        given = dict(re.findall(r'\b(?:\w+:)?(\w+)="([^"]*)"', sheet))
        titles[parts.get(given.get("id", ""), "")] = html.unescape(given.get("name", ""))
    return titles


def _hidden(sheet: bytes) -> list[int]:
    """The hidden rows of an .xlsx sheet's XML."""
    hidden, row = [], -1
    for attributes in _ROW.findall(sheet):
        number = re.search(rb'\br="(\d+)"', attributes)
        row = int(number[1]) - 1 if number else row + 1
        if re.search(rb'\bhidden="(1|true)"', attributes):
            hidden.append(row)
    return hidden[:MOST_ROWS]


def _seen_in_ods(content: bytes) -> tuple[dict[str, list[int]], dict[str, list[_Range]]]:
    """The hidden rows and the merged cells of an .ods, by sheet: its parser tells neither."""
    hidden: dict[str, list[int]] = {}
    merged: dict[str, list[_Range]] = {}
    if b"table:visibility=" not in content and b"-spanned=" not in content:
        return hidden, merged
    name, row, below, place = "", 0, 0, 0
    for kind, attributes in _ODS.findall(content):
        given = dict(_ODS_ATTRIBUTE.findall(attributes))
        if kind == b"table":
            name, row, below = html.unescape(given.get(b"name", b"").decode(errors="replace")), 0, 0
        elif kind == b"table-row":
            row, below, place = below, below + int(given.get(b"number-rows-repeated", 1)), 0
            if given.get(b"visibility") in (b"filter", b"collapse"):
                hidden.setdefault(name, []).extend(range(row, min(below, MOST_ROWS)))
        else:
            down, right = (int(given.get(b"number-%s-spanned" % each, 1)) for each in (b"rows", b"columns"))
            if (down > 1 or right > 1) and row < MOST_ROWS:
                merged.setdefault(name, []).append((row, place, row + down - 1, place + right - 1))
            place += int(given.get(b"number-columns-repeated", 1))
    return hidden, merged


if __name__ == "__main__":
    _bound()
    sys.stdout.buffer.write(answered(sys.stdin.buffer.read(), *sys.argv[1:]))
    sys.stdout.flush()
