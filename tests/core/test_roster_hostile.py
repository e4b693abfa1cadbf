"""Files nobody should send: each is refused in words or read for what it is, in bounded memory, and harms no other."""

from __future__ import annotations

import io
import re
import struct
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hypothesis.strategies as st
import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings

from core.ground.access import Refused
from core.submissions import roster
from core.submissions.roster import reading
from core.tables import reader, sheets
from core.tables.problems import Problem
from tests import cast as c
from tests import faults
from tests.core.test_roster import DATA, LIMITS, csv_text, far_cell, in_sheet, rewritten

GOOD = c.sheet([c.row(serial) for serial in range(1, 4)])
OLD = (DATA / "roster.xls").read_bytes()


def outcome(content: bytes, filename: str = "花名册.xlsx") -> str:
    """How a file ends: the words of its refusal, or "" where it is read."""
    try:
        preview = roster.read(content, filename, limits=LIMITS)
    except Refused as refused:
        return refused.words
    assert preview.rows
    assert preview.faulty_rows | {row.row for row in preview.good_rows} >= {row.row for row in preview.rows}
    return ""


def with_part(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr(name, content)
    return buffer.getvalue()


def bomb(lie: bool) -> bytes:
    """Blanks enough to be refused, in a few hundred kilobytes; `lie`: its directory says that they are few."""
    many = reader.LARGEST_UNPACKED + 2**20
    content = rewritten(
        lambda name, part: part.replace(b"</sheetData>", b" " * many + b"</sheetData>") if "sheet1" in name else part,
        GOOD,
    )
    if not lie:
        return content
    damaged = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        part = book.getinfo("xl/worksheets/sheet1.xml")
    entry = content.index(b"xl/worksheets/sheet1.xml", part.header_offset + 60) - 46
    while damaged[entry : entry + 4] != b"PK\x01\x02":
        entry = content.index(b"xl/worksheets/sheet1.xml", entry + 47) - 46
    for place in (entry + 24, part.header_offset + 22):
        damaged[place : place + 4] = struct.pack("<I", 4000)
    return bytes(damaged)


OUTWARD = (
    "cmd|' /C calc'!A0",
    '_xlfn.WEBSERVICE("http://x.invalid/")',
    'HYPERLINK("http://x.invalid/"&D3,"赵")',
    "'[别人.xlsx]表'!A1",
    "'C:\\[别人.et]表 1'!A1",
    "[1]Sheet1!A1",
    "VLOOKUP(B3,[1]名单!A:B,2,0)",
)
INWARD = (
    "ROW()-2",
    'A3&"|"&B3',
    "表1[2023]*1",
    "SUM(表1[学时])&'Sheet 2'!B3",
    '"[x]y!"',
    "Sheet2!A1",
    'IF(1,"男","女")',
)


def formulas(*said: str) -> bytes:
    """Cells that would call a program, fetch a page or copy another file, were they ever reckoned."""
    book = openpyxl.load_workbook(io.BytesIO(GOOD))
    for row, formula in enumerate(said or OUTWARD, start=3):
        book.worksheets[0][f"L{row}"] = f"={formula}"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def reckoned(value: str | None) -> bytes:
    """A sex worked out from the number, as offices do, with what it came to when the file was saved."""
    formula = b'<f>IF(MOD(MID(D3,17,1),2),"x","y")</f>'
    kept = b"" if value is None else b"<v>" + value.encode() + b"</v>"
    kind = b"" if value is None else b' t="str"'
    return rewritten(
        lambda name, part: (
            re.sub(rb'<c r="C3"[^>]*>.*?</c>', b'<c r="C3"' + kind + b">" + formula + kept + b"</c>", part)
            if "sheet1" in name
            else part
        ),
        GOOD,
    )


def long_cell(length: int) -> bytes:
    """A row below the list with so many characters in one cell: a few hundred kilobytes."""
    cell = (
        b'<row r="6"><c r="B6" t="inlineStr"><is><t>x</t></is></c><c r="L6" t="inlineStr"><is><t>%s</t></is></c></row>'
    )
    return in_sheet(b"</sheetData>", cell % (b"a" * length) + b"</sheetData>")


HOSTILE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    # what                 the file                                                     its name        said about it
    "zip bomb": (lambda: bomb(lie=False), "花名册.xlsx", "解压后异常大"),
    "zip bomb that lies": (lambda: bomb(lie=True), "花名册.xlsx", "无法读取"),
    "entity bomb": (
        lambda: in_sheet(
            b"<sheetData>",
            b"<sheetData>" + b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 9)),
        ),
        "花名册.xlsx",
        "",
    ),
    "a million columns": (lambda: far_cell("XFD1048576"), "花名册.xlsx", "无法读取"),
    "a wide sheet": (lambda: far_cell("XFD1300"), "花名册.xlsx", "单元格过多"),
    "macros": (lambda: with_part("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0"), "花名册.xlsm", "带有宏"),
    "macros, old": (lambda: OLD + "_VBA_PROJECT".encode("utf-16-le"), "花名册.xls", "带有宏"),
    "password": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le"),
        "加密.xlsx",
        "设有打开密码",
    ),
    "truncated": (lambda: GOOD[:-200], "花名册.xlsx", "无法读取"),
    "truncated, old": (lambda: OLD[: len(OLD) // 3], "花名册.xls", "无法读取"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "花名册.xlsx", "无法识别此文件"),
    "a document": (lambda: with_part("word/document.xml", b"<w/>")[:600], "花名册.xlsx", "无法读取"),
    "another archive": (lambda: archive({"a.txt": b"x"}), "花名册.xlsx", "无法读取"),
    "a program": (lambda: b"MZ\x90\x00" + bytes(2000), "花名册.csv", "无法识别此文件"),
    "a page": (lambda: b"\n<html><table><tr><td>1</td></tr></table></html>", "花名册.xls", "其实是网页或XML文本"),
    "a printed page": (lambda: b"%PDF-1.7 " + bytes(range(256)) * 8, "花名册.xlsx", "其实是PDF文件"),
    "a cell without end": (lambda: long_cell(170 * 2**20), "花名册.xlsx", "第6行的“备注”超过1000个字"),
    "a long cell, .csv": (lambda: csv_text([c.row(1, note="注" * 1001)]).encode(), "花名册.csv", "超过1000个字"),
    "nothing but lines": (lambda: "姓名,身份证号\n".encode() + b"\n" * (19 * 2**20), "花名册.csv", "超过200000行"),
    "nothing but commas": (lambda: b"," * (19 * 2**20), "花名册.csv", "没有找到表头"),
    "200 MB": (lambda: bytes(200 * 2**20), "花名册.xlsx", "文件超过20MB"),
    "empty": (lambda: b"", "花名册.xlsx", "是空的"),
    "one endless line": (lambda: b"a" * (5 * 2**20), "花名册.csv", "没有找到表头"),
    "one endless cell, .csv": (
        lambda: csv_text([c.row(1), c.row(2, note="a" * (19 * 2**20))]).encode(),
        "花名册.csv",
        "第3行的“备注”超过1000个字",
    ),
    "nothing but cells": (
        lambda: (",".join([*c.FORM.headings.values(), *["x"] * 187]) + "\n").encode() + b"a,a,a,a,a,\n" * 1_700_000,
        "花名册.csv",
        "超过200000行",
    ),
    "cells without end": (
        lambda: (",".join([*c.FORM.headings.values(), *["x"] * 187]) + "\n").encode() + (b"," * 199 + b"\n") * 98_000,
        "花名册.csv",
        "内容异常多",
    ),
    "one row of cells": (lambda: b"ab," * (6 * 2**20), "花名册.csv", "没有找到表头"),
    "formulas that reach out": (formulas, "花名册.xlsx", "引用了别的文件或网络"),
    "formulas not reckoned": (lambda: reckoned(None), "花名册.xlsx", "没有算出结果的公式"),
}


def archive(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return buffer.getvalue()


def most_memory(*, of_readers: bool = False) -> int:
    """The most bytes that this process has held so far, or any that it started; 0 where nobody counts them."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_CHILDREN if of_readers else resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words_and_the_next_one_is_read(name: str) -> None:
    make, filename, words = HOSTILE[name]
    content = make()
    before = most_memory()
    with ThreadPoolExecutor(2) as pool:
        bad, good = pool.submit(outcome, content, filename), pool.submit(outcome, GOOD)
        said = bad.result(120)
        assert good.result(120) == ""
    assert most_memory() - before < 2**27, "our own process stays small"
    assert most_memory(of_readers=True) <= reader.MEMORY
    assert words in said
    assert bool(words) == bool(said) or name == "entity bomb"


@pytest.mark.parametrize("formula", [*OUTWARD, *INWARD])
def test_a_formula_is_refused_where_it_reaches_out_and_only_there(formula: str) -> None:
    said = outcome(formulas(formula))  # openpyxl reckons nothing
    assert ("引用了别的文件或网络" if formula in OUTWARD else "没有算出结果的公式") in said
    assert re.match(r"工作表“\w+”[A-Z]+\d+单元格", said)  # which cell sank it


def test_a_formula_shared_down_a_column_that_was_not_reckoned_is_refused() -> None:
    cell = b'<c r="C4"><f t="shared" si="0"/></c>'
    content = rewritten(
        lambda name, part: re.sub(rb'<c r="C4"[^>]*>.*?</c>', cell, part) if "sheet1" in name else part, GOOD
    )
    assert "没有算出结果的公式" in outcome(content)


def test_a_formula_is_never_reckoned_nor_handed_on() -> None:
    preview = roster.read(reckoned("男"), "花名册.xlsx")
    assert (preview.rows[0].sex, preview.problems) == ("男", [])
    assert roster.read(reckoned(""), "花名册.xlsx").rows[0].sex == ""
    text = csv_text([c.row(1, name="=cmd|' /C calc'!A0", note='=WEBSERVICE("http://x")')])
    spelled = roster.read(text.encode(), "a.csv")
    out = roster.marked(c.FORM, [(2, spelled.rows[0].cells)], spelled.problems, code="1-1-0")
    page = openpyxl.load_workbook(io.BytesIO(out)).active
    assert {page["D3"].data_type, page["N3"].data_type} == {"s"}
    assert page["N3"].value == '=WEBSERVICE("http://x")'


# --- anything at all ------------------------------------------------------------------------------------------------

CELL = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", " ", "男", "合格", "0", "24", c.id_number(1), c.id_number(2), "1.5E+17", "赵示一", "=1+1", "\x00"]
    ),
    st.integers(-(10**20), 10**20),
    st.floats(-100, 100).map(lambda hours: round(hours, 2)),
    st.booleans(),
    st.dates(),
    st.none(),
)
ODD = (float("nan"), float("inf"), 1e308, -1e308, 5e-324, 10**400, 1.50199198503040e17)
ROWS = st.lists(st.dictionaries(st.sampled_from(list(c.FORM.columns)), CELL, max_size=12), max_size=12)
CALM = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@CALM
@given(st.binary(max_size=600))
@example(b"\xef\xbb\xbf")
@example("姓名,身份证号\n".encode("gb18030") + b"\xff")
def test_any_bytes_are_a_roster_or_refused(content: bytes) -> None:
    outcome(content, "花名册.csv")


@CALM
@given(st.lists(st.lists(st.text(max_size=12), max_size=14), max_size=8))
def test_any_table_under_the_headings_is_read_or_refused(rows: list[list[str]]) -> None:
    outcome(sheets.csv_file(list(c.FORM.headings.values()), rows), "花名册.csv")


@CALM
@given(ROWS)
@example([{"name": "赵示一", "id_number": c.id_number(1), "professional_hours": odd} for odd in ODD])
def test_any_cells_are_checked_and_every_problem_says_where_and_how(rows: list[dict[str, Any]]) -> None:
    ordered = [{name: row[name] for name in c.FORM.columns if name in row} for row in rows]
    try:
        preview = roster.check(reading.plain_rows(list(enumerate(ordered, start=3))), limits=LIMITS)
    except Refused:
        return
    there = {row.row for row in preview.rows} | {0}
    for problem in preview.problems:
        assert problem.words
        assert problem.row in there
        assert problem.heading(c.FORM.headings) in c.FORM.headings.values()
        assert bool(problem.offer) == bool(problem.mend)
    for row in preview.good_rows:
        assert len(row.id_number) == 18
        assert row.passed or not row.public_hours + row.professional_hours


def told(row: roster.Row, problems: list[Problem]) -> tuple[object, ...]:
    """A row with all that is known of it: its cells and what would mend it are not compared otherwise."""
    return row, repr(row.cells), [(problem, dict(problem.mend)) for problem in problems]


def one_by_one(rows: list[tuple[int, Any]]) -> list[tuple[object, ...]]:
    """What is read from each row as if there were no other."""
    plain = [(number, {name: reading._plain(cell) for name, cell in cells.items()}) for number, cells in rows]
    found = [reading.read_row(number, cells, c.FORM) for number, cells in plain]
    return [told(row, problems) for row, problems in found if row is not None]


def together(rows: list[tuple[int, Any]]) -> list[tuple[object, ...]]:
    return [told(row, problems) for row, problems in reading.read_rows(reading.plain_rows(rows), c.FORM)]


FAULTLESS = [dict(zip(c.FORM.columns, c.row(serial), strict=True)) for serial in range(1, 6)]
CHANGES = st.dictionaries(st.sampled_from(list(c.FORM.columns)), CELL, max_size=2)


@CALM
@given(
    st.lists(st.tuples(st.sampled_from(FAULTLESS), CHANGES, st.sets(st.sampled_from(list(c.FORM.columns)), max_size=1)))
)
@example([(FAULTLESS[0], {}, set()), (FAULTLESS[1], {"employer": ""}, set()), (FAULTLESS[2], {"name": "赵 1"}, set())])
@example([(FAULTLESS[0], {}, set()), (FAULTLESS[1], {"professional_hours": True}, set()), (FAULTLESS[2], {}, {"post"})])
@example(
    [(FAULTLESS[0], {"professional_hours": odd}, set()) for odd in (*ODD, 24, 24.0, "24", " 24 ", "24学时", 1, True)]
)
def test_a_row_read_among_others_is_what_it_is_alone(
    changed: list[tuple[dict[str, Any], dict[str, Any], set[str]]],
) -> None:
    rows = [
        (number, {name: cell for name, cell in (row | changes).items() if name not in lacking})
        for number, (row, changes, lacking) in enumerate(changed, start=3)
    ]
    before = repr(rows)
    assert together(rows) == one_by_one(rows)
    assert repr(rows) == before


@CALM
@given(ROWS)
def test_rows_of_anything_read_together_are_what_they_are_alone(rows: list[dict[str, Any]]) -> None:
    assert together(list(enumerate(rows))) == one_by_one(list(enumerate(rows)))


def test_the_sample_rosters_and_the_one_of_sixty_faults_read_together_are_what_they_are_row_by_row() -> None:
    for content, filename in [
        (c.sheet(faults.rows()), "花名册.xlsx"),
        *(((DATA / name).read_bytes(), name) for name in ("roster.xlsx", "roster.csv")),
    ]:
        rows = roster.rows_in(content, filename, c.FORM).rows
        assert together(rows) == one_by_one(rows)
        assert len(rows) > 30


@settings(CALM, max_examples=25)
@given(ROWS.filter(bool))
def test_what_goes_out_marked_comes_back_as_it_was(rows: list[dict[str, Any]]) -> None:
    try:
        first = roster.check(reading.plain_rows(list(enumerate(rows, start=3))))
    except Refused:
        return
    out = roster.marked(c.FORM, [(row.row, row.cells) for row in first.rows], first.problems, code="1-1-0")
    back = [cells for _, cells in roster.rows_in(out, "待改正.xlsx", c.FORM).rows if cells.get("origin")]
    again = roster.check([(int(cells["origin"]), cells) for cells in back]).rows
    told = [
        [(row.row, row.name, row.hours["professional"], row.assessment, row.note) for row in found]
        for found in (first.rows, again)
    ]
    assert told[0] == told[1]


@settings(CALM, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_workbook_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(GOOD)
    for place, value in changes:
        content[place] = value
    outcome(bytes(content))
