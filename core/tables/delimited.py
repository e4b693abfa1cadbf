"""Delimited text (.csv, 粘贴的各行): the cells of a text that a spreadsheet or a system wrote, or a clerk copied."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Callable, Sequence
from itertools import zip_longest

from core.tables.reader import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, TOO_MUCH, Sheet, Unreadable

UNKNOWN = "无法识别此文件。请上传.xlsx、.xls，或编码为UTF-8、GBK的.csv。"
_TOO_LONG = f"文件超过{MOST_ROWS}行，请拆分后分别上传。"
SEPARATORS = ",\t;，|；"
_HEAD = 200
"""Lines by which a separator is chosen."""
_MOST_LINES = 2**20
"""Lines of the longest sheet, which may be blank all but a few."""
_MOST_CELLS = 15_000_000

Rows = list[list[str]]


def sheet(content: bytes, has_headings: Callable[[Rows], bool]) -> Sheet:
    """Read delimited text (读入.csv): its one sheet. The separator is the one by which headings are found.

    UTF-8, UTF-16 or GB 18030, with as many byte order marks as were put before it. Raises Unreadable.
    """
    return Sheet("", columns_of(rows_of(decoded(content), has_headings)))


def columns_of(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows, however long each is, as columns."""
    return [list(cells) for cells in zip_longest(*rows, fillvalue="")]


def decoded(content: bytes) -> str:
    """The text of a file. Raises Unreadable where it is none."""
    encodings = ["utf-8", "gb18030"]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\x00" in content[:4096]:  # every other byte: UTF-16 without its mark; here and there: padding
        odd, even, many = content[1:4096:2].count(0), content[0:4096:2].count(0), max(3, len(content[:4096]) // 16)
        if max(odd, even) > many + 4 * min(odd, even):
            encodings = ["utf-16-le" if odd > even else "utf-16-be"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        text = text.lstrip("\ufeff").replace("\x00", "")
        if len(re.findall(r"[\x01-\x08\x0e-\x1f\x7f]", text[:4096])) > len(text[:4096]) // 50:
            break  # no text, whatever it decodes to
        return text
    raise Unreadable(UNKNOWN)


def rows_of(text: str, has_headings: Callable[[Rows], bool], separators: str = SEPARATORS) -> Rows:
    """The cells of a text, parted by the separator by which headings are found; else by the most frequent one."""
    lines, found = _separated(text, has_headings, separators)
    rows = [cells[:MOST_COLUMNS] for cells in _parted(lines, found)]
    if any("=" in line for line in lines):
        rows = [[_AS_TEXT.sub(r"\1", cell) for cell in cells] for cells in rows]
    return [[cell.strip("\t ")[: LONGEST_CELL + 1] for cell in cells] for cells in rows]


def _separated(text: str, has_headings: Callable[[Rows], bool], separators: str) -> tuple[list[str], str]:
    """The lines of a text and their separator.

    Lines end with CRLF, LF or CR. Where a lone CR stands beside others, whichever is the rarer is a break within cells,
    unless headings are only found the other way.
    """
    tried: list[tuple[list[str], str]] = []
    lone_ones, feeds = sum(map(len, re.findall("(?<!\r)\r++(?!\n)", text))), text.count("\n")
    for end in ("\n", "\r") if feeds > lone_ones else ("\r", "\n"):
        if not (lone_ones if end == "\r" else feeds) and (lone_ones or feeds):
            continue
        lines = _lines(text, end)
        often = sorted(separators, key=lambda each: -sum(line.count(each) for line in lines[:_HEAD]))
        for each in often:
            if has_headings(_parted(lines[:_HEAD], each, strict=False)):
                return lines, each
        tried.append((lines, often[0]))
    return tried[0]


def _lines(text: str, end: str) -> list[str]:
    """Lines without blank ones at the end; what does not end them, alone, is a blank in a cell."""
    text = re.sub(r"\r+\n", end, text)
    lines = text.replace("\r" if end == "\n" else "\n", " ").split(end)
    if len(lines) > _MOST_LINES:
        raise Unreadable(_TOO_LONG)
    if len(text) > _MOST_CELLS and any(
        sum(min(line.count(each), MOST_COLUMNS) for line in lines) > _MOST_CELLS for each in SEPARATORS
    ):
        raise Unreadable(TOO_MUCH)
    last = len(lines)
    while last and not lines[last - 1].strip(" \t" + SEPARATORS):
        last -= 1
    if last > MOST_ROWS:
        raise Unreadable(_TOO_LONG)
    return lines[:last]


def _parted(lines: Sequence[str], separator: str, *, strict: bool = True) -> Rows:
    """The rows of all lines.

    Step 1: a spreadsheet quotes cells with a separator, a quotation mark or a line break in them: read strictly.
    Step 2: quotation marks that do not fit together, or that would make one cell of several lines of cells, are a
    clerk's own: then each line is a row. Step 3: a line that has other quotation marks than cells is said by number.
    """
    if not any('"' in line for line in lines):
        return [_split(line, separator) for line in lines]
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=separator, strict=True))
    except csv.Error:
        rows = []
    if rows and not any(_swallowed(cell, separator) for cells in rows for cell in cells if "\n" in cell):
        return rows
    width = max(len(_split(line, separator)) for line in lines[:_HEAD])
    rows = []
    for number, line in enumerate(lines, start=1):
        cells = _split(line, separator)
        if strict and line.count('"') % 2 and len(cells) > width:
            raise Unreadable(f"第{number}行的引号没有成对，分不清各格。请在WPS或Excel中打开，另存为.xlsx后再上传。")
        rows.append(cells)
    return rows


def _swallowed(cell: str, separator: str) -> bool:
    """Whether a cell of several lines holds a row: a line of it is parted more than once."""
    return any(line.count(separator) > 1 for line in cell.split("\n"))


def _split(line: str, separator: str) -> list[str]:
    """The cells of one line; quotation marks that do not fit together are letters."""
    if '"' in line:
        with contextlib.suppress(csv.Error):
            return next(csv.reader([line], delimiter=separator, strict=True), [""])
    return line.split(separator, MOST_COLUMNS)[:MOST_COLUMNS]


_AS_TEXT = re.compile(r'^="([^"]*)"$')
"""How systems write a number into a .csv that a spreadsheet is to leave as it is."""
