"""Rosters as offices send them: what is found in them, what is wrong with them, what is no roster at all."""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter

from core.ground import db, resident_id
from core.ground.access import Refused
from core.models import Person
from core.people import persons
from core.submissions import roster
from core.tables import reader, reading
from core.tables.problems import PROBLEM_HEADINGS, problem_lines
from tests import cast as c

DATA = Path(__file__).parent.parent / "data"
LIMITS = roster.Limits("professional", Decimal(24), 3, Decimal(8), c.TODAY)
HEADINGS = list(c.FORM.headings.values())
FOUND = [c.id_number(serial) for serial in range(1, 4)]


def three() -> list[list[Any]]:
    return [c.row(serial) for serial in range(1, 4)]


def csv_text(rows: list[list[Any]], delimiter: str = ",", headings: list[str] | None = None) -> str:
    return "".join(delimiter.join(map(str, cells)) + "\r\n" for cells in [headings or HEADINGS, *rows])


def ids(preview: roster.Preview) -> list[str]:
    return [row.id_number for row in preview.good_rows]


def refused(content: bytes, filename: str = "花名册.xlsx") -> str:
    with pytest.raises(Refused) as caught:
        roster.read(content, filename)
    assert caught.value.words
    return caught.value.code


# --- files people really have ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "people"), [("roster.xlsx", 600), ("roster.xls", 600), ("roster.csv", 39)])
def test_the_rosters_of_the_three_sample_offices_are_read_without_a_fault(name: str, people: int) -> None:
    preview = roster.read((DATA / name).read_bytes(), name, limits=LIMITS)
    assert preview.problems == []
    assert len(preview.rows) == people
    assert all(resident_id.problem(row.id_number) is None and row.passed for row in preview.rows)
    assert {row.hours["professional"] for row in preview.rows} == {Decimal(24)}
    assert any("·" in row.name for row in preview.rows)
    assert all(row.employer and row.phone and row.post and row.specialty for row in preview.rows)


def test_old_and_new_workbooks_of_one_roster_say_the_same() -> None:
    old, new = ((DATA / name).read_bytes() for name in ("roster.xls", "roster.xlsx"))
    assert roster.read(old, "a.xls").rows == roster.read(new, "a.xlsx").rows
    assert roster.read(old, "误存.xlsx").rows == roster.read(new, "误存.csv").rows  # by content, whatever the ending


def furnished_workbook() -> bytes:
    """Everything offices do to a roster at once."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        cover = book.add_worksheet("说明")
        cover.write(0, 0, "填表说明：请勿改动表头")
        old = book.add_worksheet("去年")
        old.write_row(0, 0, HEADINGS)
        old.write_row(1, 0, c.row(99))
        old.hide()
        page = book.add_worksheet("花名册")
        page.merge_range(0, 0, 0, 11, "附件1  专业技术人员继续教育培训花名册")
        page.merge_range(1, 0, 1, 11, "培训单位（公章）：示例继续教育基地")
        page.write_row(3, 1, [f" {word[:1]} {word[1:]}\n(必填)" for word in HEADINGS])  # not in column A, row 4
        page.write_row(4, 1, c.row(1))
        page.write_row(6, 1, c.row(2))  # row 6 is empty
        page.merge_range(7, 5, 8, 5, "示例旗蒙古族中学")  # one employer over two rows
        page.write_row(7, 1, [*c.row(3)[:4]])
        page.write_row(7, 6, c.row(3)[5:])
        page.write_blank(9, 12, None, book.add_format({"bg_color": "yellow"}))
        page.write(11, 2, "填表人：赵示一")
        page.write(11, 5, "审核人：")
        page.write(12, 5, "2024年6月28日")
        book.add_worksheet("Sheet3")
    return buffer.getvalue()


def test_titles_merged_cells_empty_rows_signatures_and_other_sheets_do_not_disturb() -> None:
    preview = roster.read(furnished_workbook(), "花名册.xlsx")
    assert preview.sheet == "花名册"
    assert [row.row for row in preview.rows if row.id_number] == [5, 7, 8]
    assert ids(preview) == FOUND
    assert preview.rows[2].employer == "示例旗蒙古族中学"


def test_a_signature_line_is_no_person() -> None:
    rows = [*three(), [""] * 12, ["填表人：赵示一", "", "", "", "审核人：钱示二", "", "", "", "", "", "", ""]]
    preview = roster.read(c.sheet(rows), "花名册.xlsx")
    assert (ids(preview), preview.problems) == (FOUND, [])


def below(number: str = "", name: str = "", id_number: object = "", **more: object) -> list[object]:
    """A row below a list, by column."""
    return [
        {"number": number, "name": name, "id_number": id_number, **more}.get(column, "") for column in c.FORM.columns
    ]


FOOTINGS = [
    below("填表人", "", "审核人：李示四"),
    below("填表人：", "张示三", "审核人："),
    below("", "填表人：张示三"),
    below("", "填表人 张示三"),
    below("", "合 计", "10人", professional_hours=240),
    below("", "合计", 10),
    below("", "共10人", "", professional_hours=240),
    below("单位（盖章）", "", "联系电话：0471-1234567"),
    below("", "单位负责人签字：", "2024年6月28日"),
    below("", "", "日期：2024年6月28日"),
    below("", "说明：本表一式两份"),
    below("注：", "本表一式两份", "请如实填写"),
    below("", "备注：", "无"),
    below("", "审核：", "电话：0471-1234567"),
    below("", "电话：0471-1234567", "", employer="单位负责人签字：", phone="0471-1234567"),
]


@pytest.mark.parametrize("footing", FOOTINGS)
def test_what_stands_below_the_list_is_no_person(footing: list[object]) -> None:
    preview = roster.read(c.sheet([*three(), footing]), "花名册.xlsx", limits=LIMITS)
    assert (ids(preview), preview.problems) == (FOUND, [])


@pytest.mark.parametrize(
    "person",
    [
        below("4", "", c.id_number(4)),
        below("4", "合计", c.id_number(4)),
        below("4", "填表人：张示三", 150199199003070000.0),
        below("4", "张示三"),
        below("4", "张示三", "备注：证件遗失"),
        below("4", "张示三", "10人"),
        below("4", "注丽娜", "无"),
        below(sex="男", phone="13800000000"),
        below(sex="男", professional_hours=24, assessment="合 格"),
    ],
)
def test_a_person_with_a_fault_is_no_signature(person: list[object]) -> None:
    preview = roster.read(c.sheet([*three(), person]), "花名册.xlsx", limits=LIMITS)
    assert (ids(preview), preview.faulty_rows) == (FOUND, {preview.rows[3].row})


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_a_csv_is_read_in_every_encoding_and_with_every_delimiter(encoding: str, delimiter: str) -> None:
    rows = [*three(), c.row(4, "赛汗·其其格")]
    preview = roster.read(csv_text(rows, delimiter).encode(encoding), "花名册.csv", limits=LIMITS)
    assert ids(preview) == [*FOUND, c.id_number(4)]
    assert preview.problems == []
    assert [row.row for row in preview.rows] == [2, 3, 4, 5]
    assert preview.rows[3].name == "赛汗·其其格"


def test_a_csv_with_quoted_cells_titles_and_unix_lines_is_read() -> None:
    text = f'培训花名册,,\n\n"姓名","身份证\n号码",备注,学时,考核\n"赵示一","{FOUND[0]}","说,""好""",24,合格\n'
    preview = roster.read(text.encode("utf-8"), "花名册.csv")
    assert [(row.row, row.name, row.id_number, row.note) for row in preview.rows] == [
        (4, "赵示一", FOUND[0], '说,"好"')
    ]


@pytest.mark.parametrize("column", [name for name in c.FORM.columns if len(c.FORM.columns[name]) > 1])
def test_headings_stand_in_any_order_and_go_by_any_synonym(column: str) -> None:
    names = list(reversed(c.FORM.columns))
    for word in c.FORM.columns[column]:
        headings = tuple(word if name == column else c.FORM.headings[name] for name in names)
        preview = roster.read(c.sheet([list(reversed(c.row(1)))], headings), "花名册.xlsx", limits=LIMITS)
        assert preview.problems == []
        assert preview.rows == roster.read(c.sheet([c.row(1)]), "花名册.xlsx").rows


def test_unknown_columns_are_passed_over_and_named() -> None:
    headings = ("单位地址", "姓名", "身份证号", "备用", "空列", "学时", "考核结果")
    cells = ["x", "赵示一", FOUND[0], "y", "", 24, "合格"]
    preview = roster.read(c.sheet([cells] * 2, headings), "花名册.xlsx")
    assert (preview.rows[0].name, preview.rows[0].employer) == ("赵示一", "")
    named = [each for each in preview.problems if each.code == "heading-unknown"]
    assert [(each.row, each.column, each.blocking) for each in named] == [(0, "单位地址", False), (0, "备用", False)]
    assert all("没有识别" in each.words for each in named)


def test_a_problem_is_kept_by_column_and_shown_by_heading_and_an_unknown_heading_stays_as_written() -> None:
    headings = ("name", "姓名", "身份证号", "性别", "学时", "考核结果")
    preview = roster.read(c.sheet([["x", "赵示一", FOUND[0], "m", 24, "合格"]], headings), "花名册.xlsx")
    assert [(each.column, each.code) for each in preview.problems if each.column != "employer"] == [
        ("name", "heading-unknown"),
        ("sex", "sex-form"),
    ]
    lines = problem_lines(preview.problems, c.FORM.headings)
    assert [(line[1], line[2]) for line in lines if line[1] != "工作单位"] == [
        ("name", "heading-unknown"),  # not 姓名, whose key it is
        ("性别", "sex-form"),
    ]


@pytest.mark.parametrize("word", ["学时", "学时数", "培训学时（小时）", "获得学时"])
def test_hours_that_do_not_say_of_what_are_of_the_plans_subject(word: str) -> None:
    headings = ("姓名", "身份证号", "工作单位", word, "考核情况")
    content = c.sheet([["赵示一", FOUND[0], "示例医院", 24, "合格"]], headings)
    for limits, hours in (
        (replace(LIMITS, subject="public"), (24, 0)),
        (LIMITS, (0, 24)),
        (None, (0, 24)),
    ):
        preview = roster.read(content, "花名册.xlsx", limits=limits)
        assert preview.problems == []
        assert (preview.rows[0].hours["public"], preview.rows[0].hours["professional"]) == hours
        assert "hours" not in preview.rows[0].cells
    both = c.sheet([["赵示一", FOUND[0], 30, 24, "合格"]], ("姓名", "身份证号", word, "专业课", "考核成绩"))
    assert roster.read(both, "花名册.xlsx", limits=LIMITS).rows[0].hours["professional"] == 24


def test_text_cells_and_number_cells_mean_the_same() -> None:
    old = FOUND[0][:6] + FOUND[0][8:17]
    rows = [
        c.row(1, professional_hours="24", id_number=int(old)),
        c.row(2, professional_hours=24.0, phone=13800000000),
        c.row(3, professional_hours=" ２４学时 ", assessment=" 合格 "),
        c.row(4, professional_hours="7.5小时", public_hours="—"),
        c.row(5, professional_hours=7.5, public_hours="无"),
    ]
    preview = roster.read(c.sheet(rows), "花名册.xlsx", limits=LIMITS)
    assert preview.problems == []
    assert [row.hours["professional"] for row in preview.rows] == [24, 24, 24, Decimal("7.5"), Decimal("7.5")]
    assert (preview.rows[0].id_number, preview.rows[1].phone) == (FOUND[0], "13800000000")


@pytest.mark.parametrize("dot", list("·•‧∙⋅・･．●"))
def test_the_look_alikes_of_the_mongolian_middle_dot_are_one(dot: str) -> None:
    preview = roster.read(c.sheet([c.row(1, f"额尔敦{dot}巴图"), c.row(12, f"额尔敦 {dot} 巴 图")]), "花名册.xlsx")
    assert [row.name for row in preview.rows] == ["额尔敦·巴图"] * 2
    assert preview.problems == []


RARE = ["𠮷示", "𬭎示㛃", "䶮鿍", "〇示", "\ue000示", "葛\U000e0100示"]


@pytest.mark.parametrize("name", [*RARE, "赵　示", "一" * 20, "Ivan Petrov", "O’Neil", "乌·娜-示"])
def test_rare_characters_and_long_names_are_names(name: str) -> None:
    assert roster.read(c.sheet([c.row(1, name)]), "花名册.xlsx").problems == []


def test_control_characters_hidden_in_cells_are_white_space() -> None:
    def hide(name: str, part: bytes) -> bytes:
        return part.replace("赵示".encode(), "赵_x0000_示_x0007_".encode()) if "sharedStrings" in name else part

    content = rewritten(hide, c.sheet([c.row(1, "赵示", employer="赵示单位", note="赵示")]))
    (row,) = roster.read(content, "花名册.xlsx").rows
    assert (row.name, row.employer, row.note) == ("赵示", "赵 示 单位", "赵 示")


# --- what is wrong --------------------------------------------------------------------------------------------------

WRONG = [
    # what to change in a good row                        heading       code                 value as written
    ({"name": ""}, "姓名", "name-missing", ""),
    ({"name": "一"}, "姓名", "name-form", "一"),
    ({"name": "一" * 21}, "姓名", "name-form", "一" * 21),
    ({"name": "赵1"}, "姓名", "name-form", "赵1"),
    ({"name": "=1+1"}, "姓名", "name-form", "=1+1"),
    ({"name": "@SUM(A1)"}, "姓名", "name-form", "@SUM(A1)"),
    ({"name": "+赵示"}, "姓名", "name-form", "+赵示"),
    ({"name": "<b>赵示"}, "姓名", "name-form", "<b>赵示"),
    ({"name": "赵示，钱示"}, "姓名", "name-form", "赵示，钱示"),
    ({"name": "赵示（小）"}, "姓名", "name-form", "赵示（小）"),
    ({"name": "赵示１"}, "姓名", "name-form", "赵示１"),
    ({"employer": f"示例医院{FOUND[0]}"}, "工作单位", "number-elsewhere", f"示例医院{FOUND[0]}"),
    ({"post": FOUND[0]}, "专业技术职务", "number-elsewhere", FOUND[0]),
    ({"id_number": ""}, "身份证号", "id-missing", ""),
    ({"id_number": 150199198503040000}, "身份证号", "id-ruined", "150199198503040000"),
    ({"id_number": "1.50199E+17"}, "身份证号", "id-ruined", "1.50199E+17"),
    ({"id_number": FOUND[0][:17]}, "身份证号", "id-length", FOUND[0][:17]),
    ({"id_number": "A" * 18}, "身份证号", "id-character", "A" * 18),
    ({"id_number": "150199198502300012"}, "身份证号", "id-birth", "150199198502300012"),
    ({"id_number": c.id_number(1, c.TODAY.replace(day=4))}, "身份证号", "id-birth", None),
    ({"id_number": "150199198503040029"}, "身份证号", "id-checksum", "150199198503040029"),
    ({"sex": "m"}, "性别", "sex-form", "m"),
    ({"sex": "1985/3/4 0:00"}, "性别", "sex-date", "1985/3/4 0:00"),
    ({"sex": 31110}, "性别", "sex-date", "31110"),
    ({"sex": "女"}, "性别", "sex-id", "女"),
    ({"professional_hours": "二十四"}, "专业学时", "hours-form", "二十四"),
    ({"professional_hours": 23.75}, "专业学时", "hours-half", "23.75"),
    ({"professional_hours": -1}, "专业学时", "hours-form", "-1"),
    ({"professional_hours": 1001}, "专业学时", "hours-form", "1001"),
    ({"professional_hours": "NaN"}, "专业学时", "hours-form", "NaN"),
    ({"professional_hours": "1E400"}, "专业学时", "hours-form", "1E400"),
    ({"professional_hours": 24.5}, "专业学时", "hours-plan", "24.5"),
    ({"professional_hours": 0}, "专业学时", "hours-none", "0"),
    ({"public_hours": 0.5}, "公需学时", "hours-subject", "0.5"),
    ({"assessment": "不合格"}, "考核结果", "assessment-failed", "不合格"),
    ({"assessment": ""}, "考核结果", "assessment-form", ""),
    ({"assessment": "92"}, "考核结果", "assessment-form", "92"),
]


@pytest.mark.parametrize(("change", "heading", "code", "value"), WRONG)
def test_one_wrong_cell_is_named_with_its_row_heading_and_value(
    change: dict[str, Any], heading: str, code: str, value: str | None
) -> None:
    preview = roster.read(c.sheet([c.row(2), c.row(1, **change), c.row(3)]), "花名册.xlsx", limits=LIMITS)
    codes = [problem.code for problem in preview.problems]
    assert code in codes
    assert set(codes) <= {code, "hours-none"}  # hours that cannot be read are also no hours
    found = next(problem for problem in preview.problems if problem.code == code)
    assert (found.row, found.heading(c.FORM.headings), found.blocking) == (4, heading, True)
    assert value is None or found.value == value
    assert found.words
    assert ids(preview) == [c.id_number(2), c.id_number(3)]  # one bad row never sinks a file


def test_a_formula_counts_for_what_it_shows_and_as_a_name_it_is_a_fault() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADINGS)
        page.write_row(1, 0, c.row(1))
        page.write_formula(1, 8, "=8*3", None, 24)
        page.write_row(2, 0, c.row(2))
        page.write_formula(2, 1, '="="&"赵"', None, "=赵")
    preview = roster.read(buffer.getvalue(), "a.xlsx", limits=LIMITS)
    assert [(problem.row, problem.code) for problem in preview.problems] == [(3, "name-form")]
    assert preview.good_rows[0].hours["professional"] == 24


def test_all_problems_of_a_file_come_at_once() -> None:
    changes = [change for change, *_ in WRONG if "id_number" not in change]
    rows = [c.row(10 + 2 * at + 1, **change) for at, change in enumerate(changes)]
    numbers = [change for change, *_ in WRONG if "id_number" in change]
    rows += [c.row(1, **change) for change in numbers]
    rows += [c.row(3), c.row(3)]
    preview = roster.read(c.sheet(rows), "花名册.xlsx", limits=LIMITS)
    assert {problem.code for problem in preview.problems} == {code for *_, code, _ in WRONG} | {"duplicate"}
    assert preview.faulty_rows == set(range(3, 3 + len(rows))) - {len(rows) + 1}
    assert ids(preview) == [c.id_number(3)]
    assert [problem.row for problem in preview.problems] == sorted(problem.row for problem in preview.problems)


# --- pasted rows ----------------------------------------------------------------------------------------------------


def pasted(text: str) -> roster.Preview:
    given = roster.pasted(text, c.FORM)
    return roster.read(given.content, given.filename, limits=LIMITS)


def test_pasted_lines_that_have_no_columns_are_refused_and_say_so() -> None:
    for text in (f"5 赵示一 男 {FOUND[0]} 示例医院\n", f"\n5  赵示一  {FOUND[0]}\n6  钱示二  {FOUND[1]}"):
        with pytest.raises(Refused) as caught:
            roster.pasted(text, c.FORM)
        assert (caught.value.code, "没有分成列" in caught.value.words) == ("file", True)
    assert not roster.names_somebody({"number": f"5 赵示一 {FOUND[0]}"}, c.FORM)
    assert not roster.names_somebody({"number": "", "name": "合计", "id_number": "10人"}, c.FORM)


@pytest.mark.parametrize("marks", ['"赵示医院', '示例"医院', '"示例"医院', '"'])
def test_a_quotation_mark_in_a_pasted_cell_swallows_no_row(marks: str) -> None:
    rows = [c.row(1, employer=marks), c.row(2), c.row(3, employer=marks), c.row(4)]
    preview = pasted("\r\n".join("\t".join(map(str, cells)) for cells in rows))
    assert ids(preview) == [*FOUND, c.id_number(4)]
    assert [row.employer for row in preview.rows][::2] == [marks, marks]


def test_pasted_cells_that_the_spreadsheet_quoted_are_what_they_were() -> None:
    quoted = "\t".join(map(str, c.row(1, employer='"示例\n""第一""\n医院"')))
    preview = pasted(quoted + "\n" + "\t".join(map(str, c.row(2))))
    assert ids(preview) == FOUND[:2]
    assert preview.rows[0].employer == '示例 "第一" 医院'


# --- a number in the wrong cell -------------------------------------------------------------------------------------


def swapped(serial: int, column: str) -> list[object]:
    cells = dict(zip(c.FORM.columns, c.row(serial, phone="0471-1234567"), strict=True))
    cells["id_number"], cells[column] = cells[column], cells["id_number"]
    return list(cells.values())


@pytest.mark.parametrize("column", ["name", "employer", "post", "phone"])
def test_a_number_that_changed_places_with_another_cell_is_offered_back(column: str) -> None:
    right = c.row(1, phone="0471-1234567")
    ((problem),) = [
        each
        for each in roster.read(c.sheet([swapped(1, column)]), "花名册.xlsx").problems
        if each.column == "id_number"
    ]
    seen = resident_id.mask(FOUND[0])
    assert problem.offer == f"身份证号{seen}在“{c.FORM.headings[column]}”列，两格对调"
    at = list(c.FORM.columns).index(column)
    assert problem.mend == {"id_number": FOUND[0], column: right[at]}
    assert FOUND[0] not in problem.offer + problem.words


@pytest.mark.parametrize("written", ["", "无", "123", FOUND[0][:14], FOUND[1][:17] + "?"])
def test_a_number_in_another_cell_leaves_it_for_its_own(written: str) -> None:
    preview = roster.read(c.sheet([c.row(1, id_number=written, note=FOUND[0])]), "花名册.xlsx")
    (problem,) = [each for each in preview.problems if each.column == "id_number"]
    assert (problem.offer, problem.mend) == (
        f"身份证号{resident_id.mask(FOUND[0])}在“备注”列，移到“身份证号”列",
        {"id_number": FOUND[0], "note": ""},
    )


def test_no_number_is_offered_where_it_is_not_the_only_one_nor_all_of_its_cell() -> None:
    rows = [
        c.row(1, id_number="", note=FOUND[0], phone=FOUND[1]),
        c.row(1, id_number="", note=f"身份证{FOUND[0]}"),
        c.row(1, id_number="", note=FOUND[0][:17] + "?"),
        c.row(1, post=FOUND[1]),
    ]
    preview = roster.read(c.sheet(rows), "花名册.xlsx")
    assert preview.faulty_rows == {row.row for row in preview.rows}
    assert {problem.offer for problem in preview.problems} == {""}


def test_who_comes_twice_counts_once() -> None:
    preview = roster.read(c.sheet([c.row(1), c.row(2), c.row(1, "赵另名", id_number=FOUND[0].lower())]), "a.xlsx")
    (found,) = preview.problems
    assert (found.row, found.column, found.code, found.value) == (5, "id_number", "duplicate", FOUND[0])
    assert "第3行" in found.words
    assert ids(preview) == FOUND[:2]


def test_a_number_without_a_person_is_named_and_an_empty_row_is_not() -> None:
    listed = [3, "", "", "", "示例市第一医院", "主治医师", "", "", "", "", "", ""]
    preview = roster.read(c.sheet([c.row(1), [4, *[""] * 11], listed]), "花名册.xlsx")
    assert [(problem.row, problem.column, problem.code) for problem in preview.problems][:1] == [
        (5, "name", "name-missing")
    ]
    assert ids(preview) == FOUND[:1]


@pytest.mark.parametrize(
    ("days", "hours", "code"),
    [
        (3, Decimal(24), None),
        (2, Decimal(16), None),
        (2, Decimal("16.5"), "hours-day"),
        (3, Decimal("24.5"), "hours-plan"),
        (1, Decimal(8), None),
        (1, Decimal("8.5"), "hours-day"),
    ],
)
def test_nobody_earns_more_than_the_plan_or_eight_hours_a_day(days: int, hours: Decimal, code: str | None) -> None:
    preview = roster.read(c.sheet([c.row(1, professional_hours=hours)]), "a.xlsx", limits=replace(LIMITS, days=days))
    assert [problem.code for problem in preview.problems] == ([code] if code else [])


def test_a_public_training_gives_no_professional_hours() -> None:
    limits = replace(LIMITS, subject="public")
    good, bad = c.row(1, public_hours=24, professional_hours=0), c.row(2, public_hours=24, professional_hours=0.5)
    preview = roster.read(c.sheet([good, bad]), "a.xlsx", limits=limits)
    assert [(problem.row, problem.column, problem.code) for problem in preview.problems] == [
        (4, "professional_hours", "hours-subject")
    ]


def test_who_failed_without_hours_is_no_fault() -> None:
    preview = roster.read(c.sheet([c.row(1, assessment="不合格", professional_hours=0)]), "a.xlsx", limits=LIMITS)
    assert preview.problems == []


def test_a_number_on_file_under_another_name_is_named(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图"), c.row(2)]))
    with db.reading() as session:
        content = c.sheet([c.row(1, "额尔敦•巴图"), c.row(2, "孙别名"), c.row(3)])
        preview = roster.read(content, "a.xlsx", limits=LIMITS, known=session)
    (found,) = preview.problems
    assert (found.row, found.column, found.code, found.value) == (4, "name", "name-known", "孙别名")


def test_problems_become_lines_for_a_file() -> None:
    preview = roster.read(c.sheet([c.row(1, sex="m")]), "a.xlsx")
    assert len(PROBLEM_HEADINGS) == len(problem_lines(preview.problems, c.FORM.headings)[0])
    assert problem_lines(preview.problems, c.FORM.headings)[0][:4] == (3, "性别", "sex-form", "m")


# --- what is no roster ----------------------------------------------------------------------------------------------


def rewritten(change: Callable[[str, bytes], bytes], workbook: bytes | None = None) -> bytes:
    """A workbook with its parts changed."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook or c.sheet(three()))) as given,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in given.namelist():
            made.writestr(name, change(name, given.read(name)))
    return buffer.getvalue()


def in_sheet(old: bytes, new: bytes) -> bytes:
    return rewritten(lambda name, part: part.replace(old, new) if "sheet1.xml" in name else part)


def test_an_unreadable_file_is_refused_in_words() -> None:
    good, old = c.sheet(three()), (DATA / "roster.xls").read_bytes()
    assert refused(b"") == "file"
    assert refused(good[: len(good) // 2]) == "file"
    assert refused(good[:4]) == "file"
    assert refused(good[:-30]) == "file"
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "加密.xlsx") == "file"
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4096, "加密.xls") == "file"
    assert refused(old[:20_000], "花名册.xls") == "file"
    assert refused(bytes(range(256)) * 40, "照片.xlsx") == "file"
    assert refused(b"\xff\xfe" + "姓名,身份证号\r\n".encode("utf-16-le"), "a.csv") == "file"
    assert refused("姓名,身份证号\n".encode() + b"\x80" * 9, "a.csv") == "file"
    assert refused(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(50), "花名册.pdf") == "file"
    assert refused(("姓名,身份证号\n" + "赵" * 200_000).encode(), "a.csv") == "file"


def test_every_cut_of_a_good_file_is_refused_or_read() -> None:
    good = c.sheet(three())
    for at in range(1, len(good), 501):
        assert refused(good[:at]) in ("file", "headings")


def test_a_file_too_large_to_be_a_roster_is_refused() -> None:
    assert refused(b"a" * (reading.LARGEST + 1), "a.csv") == "file"
    assert refused("姓名,身份证号\n".encode() + b"\n" * reader.MOST_ROWS, "a.csv") == "file"


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    buffer = io.BytesIO(c.sheet(three()))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as book, book.open("xl/media/x.xml", "w") as part:
        for _ in range(reader.LARGEST_UNPACKED // 2**23 + 1):
            part.write(bytes(2**23))
    assert len(buffer.getvalue()) < 2**20
    assert refused(buffer.getvalue()) == "file"


def test_entities_of_a_workbook_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><worksheet'
    content = in_sheet(b"<worksheet", bomb)
    assert ids(roster.read(content, "a.xlsx")) == FOUND


@pytest.mark.parametrize("value", [b"1E400", b"NaN", b"-inf", b"1E-400", b"99999999999999999999"])
def test_a_number_no_spreadsheet_writes_is_a_fault_like_any_other(value: bytes) -> None:
    def hours(name: str, part: bytes) -> bytes:  # column I, whatever text happens to be shared as the 24th
        return re.sub(rb'(r="I\d+")><v>24</v>', rb"\1><v>" + value + b"</v>", part) if "sheet1.xml" in name else part

    preview = roster.read(rewritten(hours), "a.xlsx", limits=LIMITS)
    assert {problem.column for problem in preview.problems} == {"professional_hours"}
    assert ids(preview) == []


def test_a_workbook_with_hidden_sheets_only_is_refused() -> None:
    content = rewritten(
        lambda name, part: part.replace(b"<sheet name", b'<sheet state="hidden" name') if "workbook" in name else part
    )
    assert refused(content) == "file"


@pytest.mark.parametrize(
    "rows",
    [
        [["姓名", "单位"], ["赵示一", "示例市第一医院"]],
        [["身份证号"], [FOUND[0]]],
        [["姓名", ""], ["身份证号", ""]],
        [["甲", "乙"]],
        [[""]],
    ],
)
def test_a_table_without_name_and_number_in_one_row_has_no_headings(rows: list[list[str]]) -> None:
    text = csv_text(rows[1:], headings=rows[0])
    assert refused(text.encode(), "a.csv") == "headings"
    assert refused(c.sheet(rows[1:], tuple(rows[0]))) == "headings"


def test_headings_without_people_are_refused() -> None:
    assert refused(c.sheet([])) == "file"
    assert refused(c.sheet([["", "", "", "", "填表人", "", "", "", "", "", "", ""]])) == "file"


def far_cell(place: str) -> bytes:
    row = place.removeprefix("XFD")
    return in_sheet(b"</sheetData>", f'<row r="{row}"><c r="{place}"><v>1</v></c></row></sheetData>'.encode())


def damaged_old_workbook() -> bytes:
    """Two bytes of a good .xls changed, as a broken disk would."""
    content = bytearray((DATA / "roster.xls").read_bytes())
    content[58_185], content[71_925] = 171, 200
    return bytes(content)


def eight_gigabytes() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))


CHECKED = (
    "import sys; from core.__main__ import main; print([main(['roster', 'check', each]) for each in sys.argv[1:]])"
)


@pytest.mark.skipif(sys.platform == "win32", reason="the memory of a process is not limited this way on Windows")
def test_a_workbook_that_asks_for_all_memory_is_refused_and_the_program_lives(tmp_path: Path) -> None:
    far = {"远.xlsx": far_cell("XFD1048576"), "宽.xlsx": far_cell("XFD190000"), "坏.xls": damaged_old_workbook()}
    for name, content in far.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", CHECKED, *(str(tmp_path / name) for name in far)],
        cwd=db.ROOT,
        capture_output=True,
        timeout=120,
        preexec_fn=eight_gigabytes,
    )
    assert done.stdout.splitlines()[-1:] == [b"[2, 2, 2]"], done.stderr[-300:]


def test_hours_that_cannot_be_read_are_one_problem_and_a_missing_employer_is_a_hint() -> None:
    content = c.sheet([c.row(1, professional_hours="二十四"), c.row(2, employer="")])
    found = roster.read(content, "花名册.xlsx")
    assert [(each.row, each.code, each.blocking) for each in found.problems] == [
        (3, "hours-form", True),
        (4, "employer-missing", False),
    ]
    assert [row.row for row in found.good_rows] == [4]


# --- rosters as offices write them ------------------------------------------------------------------------------------


def problems_of(*rows: list[Any], headings: tuple[str, ...] = tuple(HEADINGS)) -> list[tuple[int, str]]:
    preview = roster.read(c.sheet(list(rows), headings), "花名册.xlsx")
    return [(problem.row, problem.code) for problem in preview.problems]


def test_a_person_without_name_and_number_is_asked_about_and_what_is_filled_down_an_empty_list_is_nobody() -> None:
    nameless = c.row(2, "", id_number="", number="")
    few = c.row(4, "", id_number="", employer="", post="", specialty="")
    filled_down = c.row(6, "", id_number="", number="", employer="", post="", specialty="", sex="", phone="")
    total = ["", "", "", "", "", "", "", 0, 96, "", "", "", ""]
    assert problems_of(c.row(1), nameless, few, filled_down, total) == [
        (4, "name-missing"),
        (5, "name-missing"),
        (5, "employer-missing"),
    ]


def test_headings_repeated_on_a_new_page_and_the_clerk_below_are_nobody() -> None:
    clerk = ["经办：张三", "", "", "", "", "", "", "", "", "", "电话：0471-1000000", "", ""]
    assert problems_of(c.row(1), list(HEADINGS), c.row(2), clerk) == []


@pytest.mark.parametrize(
    ("heading", "meant"), [("课时", "公需学时”或“专业学时"), ("鉴定", "“考核结果”"), ("", "公需学时”或“专业学时")]
)
def test_hours_and_results_that_have_no_heading_that_is_known_are_asked_for_once(heading: str, meant: str) -> None:
    without = ("考核结果",) if heading == "鉴定" else ("公需学时", "专业学时")
    headings = [word for word in HEADINGS if word not in without] + [heading] * bool(heading)
    cells = [cell for word, cell in zip(HEADINGS, c.row(1), strict=True) if word in headings] + [24] * bool(heading)
    with pytest.raises(Refused) as caught:
        roster.read(c.sheet([cells], tuple(headings)), "花名册.xlsx")
    assert caught.value.code == "headings"
    assert (f"“{heading}”没有识别" in caught.value.words) == bool(heading)
    assert meant in caught.value.words


def test_the_columns_of_our_own_files_are_not_told_as_standard_headings() -> None:
    with pytest.raises(Refused) as caught:
        roster.rows_in("甲,乙\n1,2\n".encode(), "a.csv", c.FORM)
    assert "备注" in caught.value.words
    assert roster.CODE not in caught.value.words


@pytest.mark.parametrize(
    "around",
    ["\u202d%s\u202c", "\u2066%s\u2069", "%s\u00ad", '="%s"', '"%s"', "“%s”", "'%s"],
)
def test_signs_around_a_number_that_nobody_sees_or_means_are_passed_over(around: str) -> None:
    seen = {"name": "\u202d赵示一\u202c", "sex": "男\u200b", "assessment": "\u2066合格\u2069"}
    assert problems_of(c.row(1, **seen, id_number=around % c.id_number(1))) == []
    text = csv_text([c.row(1, '="赵示一"', id_number=around % c.id_number(1), phone='="13800000000"')])
    (row,) = roster.read(text.encode(), "花名册.csv").good_rows
    assert (row.name, row.phone) == ("赵示一", "13800000000")


@pytest.mark.parametrize(
    ("written", "hours"),
    [(23.999999999999996, 24), (7.4999999999999991, "7.5"), ("24.0", 24), ("２４", 24), ("1_0", None), ("1e1", None)],
)
def test_hours_are_read_as_the_spreadsheet_shows_them(written: Any, hours: Any) -> None:
    text = csv_text([c.row(1, professional_hours=written)]).encode()
    for content, name in ((c.sheet([c.row(1, professional_hours=written)]), "a.xlsx"), (text, "a.csv")):
        preview = roster.read(content, name)
        if hours is None:
            assert [problem.code for problem in preview.problems] == ["hours-form"]
        else:
            assert (preview.problems, preview.rows[0].hours["professional"]) == ([], Decimal(hours))


def test_years_and_results_are_read_whatever_their_width_and_spaces() -> None:
    for year in ("2023 年", "２０２３", 2023.0, "2023年度"):
        preview = roster.read(c.sheet([c.row(1, credit_year=year)]), "花名册.xlsx")
        assert (preview.problems, preview.rows[0].credit_year) == ([], 2023)
    assert problems_of(c.row(1, assessment="不 合格", professional_hours=0)) == []


@pytest.mark.parametrize("name", ["··", "张·", "·张", "阿拉坦··其其格"])
def test_dots_alone_are_no_part_of_a_name(name: str) -> None:
    assert problems_of(c.row(1, name)) == [(3, "name-form")]


def test_a_roster_on_a_hidden_sheet_is_asked_to_be_shown() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet("说明").write(0, 0, "请填写花名册")
        page = book.add_worksheet("人员")
        page.write_row(0, 0, HEADINGS)
        page.write_row(1, 0, c.row(1))
        page.hide()
    with pytest.raises(Refused) as caught:
        roster.read(buffer.getvalue(), "花名册.xlsx")
    assert "隐藏的工作表“人员”" in caught.value.words


@pytest.mark.parametrize("over", ["学时", "培训学时（小时）"])
@pytest.mark.parametrize("parts", [("公需", "专业"), ("公需学时", "专业学时")])
def test_hours_parted_below_a_heading_of_their_own_are_each_their_subjects(over: str, parts: tuple[str, str]) -> None:
    upper = [{"公需学时": over, "专业学时": ""}.get(word, word) for word in HEADINGS]
    lower = [{"公需学时": parts[0], "专业学时": parts[1]}.get(word, "") for word in HEADINGS]
    preview = roster.read(c.sheet([lower, c.row(1), c.row(2, public_hours=6)], tuple(upper)), "花名册.xlsx")
    assert preview.problems == []
    assert [(row.hours["public"], row.hours["professional"]) for row in preview.rows] == [(0, 24), (6, 24)]


def test_an_id_number_with_a_letter_for_a_digit_is_offered_its_true_reading_and_not_taken() -> None:
    written = c.id_number(2).replace("0", "O", 1)
    (found,) = roster.read(c.sheet([c.row(1), c.row(2, id_number=written)]), "花名册.xlsx").problems
    assert (found.row, found.code, found.blocking) == (4, "id-character", True)
    assert found.mend == {"id_number": c.id_number(2)}
    at, seen = written.index("O"), list(resident_id.mask(c.id_number(2)))
    seen[at] = "0"
    assert "应为0" in found.words
    assert found.offer == f"改为{''.join(seen)}，校验码相符"  # what will be filled in, hidden but for what changes
    assert c.id_number(2) not in found.offer + found.words


@pytest.mark.parametrize("name", ["NULL", "None", "nan", "#N/A", "不详"])
def test_what_stands_for_no_name_is_no_name(name: str) -> None:
    assert problems_of(c.row(1, name)) == [(3, "name-missing")]


@pytest.mark.parametrize(
    ("on_file", "again"),
    [("JoséGarcía", "José García"), ("阿依古丽.买买提", "阿依古丽·买买提"), ("⾦海", "金海"), ("\ue863云", "䶮云")],
)
def test_a_name_on_file_in_an_older_form_is_the_same_persons(database: str, on_file: str, again: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "赵示一"), c.row(2)]))
    with db.transaction() as session:
        session.execute(sa.update(Person).where(Person.name == "赵示一").values(name=on_file))
    with db.reading() as session:
        assert roster.read(c.sheet([c.row(1, again)]), "花名册.xlsx", known=session).problems == []
        for text in {again, on_file} if on_file[1:] != again[1:] else {on_file[1:]}:
            found, count = persons.find(session, cast["reviewer"], text=text)
            assert (count, found["name"].tolist()) == (1, [on_file]), text
