"""Tables out of the office: text stays text, and nothing runs as a formula."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pandas as pd
import pytest

from core.ground.access import Refused
from core.tables import reading, sheets
from core.tables.reading import Listing
from tests import cast as c

HOSTILE = (
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    " =1",
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://x","y")',
)


def cells(content: bytes) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(row) for row in book.worksheets[0].iter_rows()]


def test_id_numbers_and_formulas_are_text_in_a_workbook() -> None:
    rows = [(c.id_number(2), "0471", "00012", "http://x", "{=1}"), HOSTILE]
    written = cells(sheets.workbook(["身份证号", "=A1", *"cdefghijklm"], rows))
    assert [cell.value for cell in written[0][:2]] == ["身份证号", "=A1"]
    assert [cell.value for cell in written[1][:5]] == list(rows[0])
    assert [cell.value.replace("_x000D_", "\r") for cell in written[2]] == list(HOSTILE)
    assert {cell.data_type for row in written for cell in row if cell.value is not None} == {"s"}
    assert not any(cell.hyperlink for row in written for cell in row)


def test_a_day_out_of_a_frame_is_a_day_in_a_workbook() -> None:
    days = pd.DataFrame({"day": pd.to_datetime(["2024-06-28", None])}).astype(object)
    written = cells(sheets.workbook(["日期"], [[day if pd.notna(day) else None] for day in days["day"]]))
    assert (written[1][0].value, written[1][0].number_format) == (datetime(2024, 6, 28), "yyyy-mm-dd")  # noqa: DTZ001


def test_numbers_days_and_moments_are_themselves_in_a_workbook() -> None:
    moment = datetime(2024, 6, 2, 17, 30, tzinfo=UTC)
    row = [24, Decimal("7.5"), date(2024, 6, 28), moment, True, False, None, ""]
    written = cells(sheets.workbook(list("abcdefgh"), [row], sheet="学时"))[1]
    values = [cell.value for cell in written]
    assert values[:2] == [24, 7.5]
    assert values[2] == datetime(2024, 6, 28)  # noqa: DTZ001 - a spreadsheet knows no zone
    assert values[3] == datetime(2024, 6, 3, 1, 30)  # noqa: DTZ001 - half past one in the night at the office
    assert values[4:7] == ["是", "否", None]
    assert (written[2].number_format, written[3].number_format) == ("yyyy-mm-dd", "yyyy-mm-dd hh:mm")


def test_an_empty_table_still_has_its_headings() -> None:
    assert [cell.value for cell in cells(sheets.workbook(["姓名", "学时"], []))[0]] == ["姓名", "学时"]
    assert sheets.csv_file(["姓名", "学时"], []).decode("utf-8-sig") == "姓名,学时\r\n"


def test_a_csv_says_what_it_is_and_defuses_formulas() -> None:
    content = sheets.csv_file(["值", "数"], [(value, -1) for value in HOSTILE] + [("赵,示\n一", Decimal("-7.5"))])
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows[1:-1]] == [f"'{value}" for value in HOSTILE]
    assert {row[1] for row in rows[1:-1]} == {"-1"}  # a number is no formula
    assert rows[-1] == ["赵,示\n一", "-7.5"]


def test_what_goes_out_comes_in_again() -> None:
    columns = {"name": ("姓名",), "number": ("身份证号",)}
    rows = [("额尔敦·巴图", c.id_number(2)), ("𠮷示", c.id_number(3))]
    swapped = [row[::-1] for row in rows]
    for content, name in (
        (sheets.workbook(["身份证号", "姓名"], swapped), "a.xlsx"),
        (sheets.csv_file(["姓名", "身份证号"], rows), "a.csv"),
    ):
        table = reading.read(content, name, Listing("名单", columns, ["name"], identity=["name"]))
        assert [tuple(found[key] for key in columns) for _, found in table.rows] == rows
        assert [number for number, _ in table.rows] == [2, 3]


LISTING = Listing("名单", {"name": ("姓名",)}, ["name"], identity=["name"])


def test_headings_are_looked_for_in_the_first_fifty_rows() -> None:
    assert len(reading.read(b"\n" * 49 + "姓名\n赵示一".encode(), "a.csv", LISTING).rows) == 1
    with pytest.raises(Refused) as caught:
        reading.read(b"\n" * 50 + "姓名\n赵示一".encode(), "a.csv", LISTING)
    assert caught.value.code == "headings"
    assert "“姓名”" in caught.value.words
