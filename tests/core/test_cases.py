"""Files that went wrong, in this program or another one: each is read as its sender meant it, or asked about.

The files are in `tests/data/cases`, named for what is the matter with them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter

from core.eligibility import applications
from core.ground import db
from core.ground.access import Refused
from core.law import notices
from core.models import Person
from core.records import imports
from core.submissions import roster
from core.trail.files import Upload
from tests import cast as c

CASES = Path(__file__).parents[1] / "data" / "cases"
TODAY = date(2024, 12, 31)
WANG, LI, ZHANG, LIU = "150199199001010034", "150199199001010042", "150199199001010077", "150199199001010093"
LI_TOO, CHEN = "150199199001010050", "150199199001010114"


def file(name: str) -> tuple[bytes, str]:
    return (CASES / name).read_bytes(), name


def of_roster(name: str) -> roster.Preview:
    return roster.read(*file(name), today=TODAY)


def blocking(preview: Any) -> list[str]:
    return [f"{each.row} {each.column} {each.code}: {each.words}" for each in preview.problems if each.blocking]


def told(outcome: Any) -> str:
    """All that is said beside what was read."""
    own = {each.name: getattr(outcome, each.name) for each in dataclasses.fields(outcome)}
    return repr([value for name, value in own.items() if name not in ("rows", "applications", "form", "indexes")])


def people(preview: roster.Preview) -> list[tuple[str, str]]:
    return [(row.name, row.id_number) for row in preview.good_rows]


def hours(preview: roster.Preview) -> list[tuple[Decimal, Decimal]]:
    return [(row.hours["public"], row.hours["professional"]) for row in preview.good_rows]


def asks(content: bytes, name: str, *places: str) -> bool:
    """Whether a roster is refused, or has a problem, in words that name all of these places; and reads nobody then."""
    try:
        preview = roster.read(content, name, today=TODAY)
        words = "" if preview.good_rows else " ".join(blocking(preview))
    except Refused as refused:
        words = refused.words
    return bool(words) and all(place in words for place in places)


# --- headings -------------------------------------------------------------------------------------------------------


def test_a_subject_in_brackets_tells_the_hours_apart() -> None:
    name = "01_bracketed_subjects.xlsx"
    asked = asks(*file(name), "学时（公需）", "学时（专业）")
    assert asked or hours(of_roster(name)) == [(30, 60)]


def test_hours_that_took_place_count_not_those_planned() -> None:
    name = "02a_planned_and_actual.xlsx"
    asked = asks(*file(name), "专业学时（计划）", "专业学时（实际）")
    assert asked or hours(of_roster(name)) == [(0, 16)]


def test_years_side_by_side_are_two_lines_of_one_person() -> None:
    name = "03_years_side_by_side.xlsx"
    if asks(*file(name), "2023", "2024"):
        return
    preview = of_roster(name)
    assert [(row.id_number, row.credit_year) for row in preview.good_rows] == [(WANG, 2023), (WANG, 2024)]
    assert hours(preview) == [(30, 60), (10, 20)]


def test_the_same_heading_twice_in_a_row_is_asked_about() -> None:
    text = f"姓名,身份证号,工作单位,公需学时,专业学时,公需学时,专业学时,考核结果\n王伟,{WANG},甲医院,30,60,10,20,合格\n"
    asked = asks(text.encode(), "花名册.csv", "公需学时", "专业学时")
    assert asked


@pytest.mark.parametrize(
    "name", ["11_black_star", "11_must_after", "11_must_before", "11_star", "12a_zero_width_space"]
)
def test_marks_and_what_is_invisible_are_no_part_of_a_heading(name: str) -> None:
    preview = of_roster(f"{name}.xlsx")
    assert preview.problems == []
    assert people(preview) == [("王伟", WANG)]
    assert hours(preview) == [(0, 24)]
    assert preview.rows[0].sex == "男"
    assert preview.rows[0].employer == "甲医院"


def test_groups_may_stand_above_the_headings() -> None:
    preview = of_roster("13_headings_below_groups.xlsx")
    assert blocking(preview) == []
    assert hours(preview) == [(30, 60)]
    assert [(row.assessment, row.specialty) for row in preview.rows] == [("合格", "")]


@pytest.mark.parametrize(
    ("name", "right", "unread"),
    [
        ("16a_score_beside_result.xlsx", (0, 60), ["考试成绩"]),
        ("16b_course_beside_hours.xlsx", (30, 60), ["公需科目", "专业科目"]),
    ],
)
def test_the_exact_heading_wins_and_the_other_is_named_as_unread(
    name: str, right: tuple[int, int], unread: list[str]
) -> None:
    preview = of_roster(name)
    assert blocking(preview) == []
    assert hours(preview) == [right]
    assert preview.rows[0].assessment == "合格"
    assert all(heading in told(preview) for heading in unread)


def test_a_claim_under_an_unknown_heading_is_read_or_the_heading_is_named() -> None:
    batch = applications.read(*file("17_headings_unread_applications.xlsx"), today=TODAY)
    claims = {"non_public": "所在单位性质", "front_line": "在苏木乡镇一线工作", "transferred_on": "从党政机关转任时间"}
    assert [each.id_number for each in batch.applications] == [WANG, LI, ZHANG]
    policy = notices.policies()[-1]
    for each, (code, heading) in zip(batch.applications, claims.items(), strict=True):
        known = applications.understood(each, policy)[0].facts
        assert (known and known.facts.get(code)) or heading in told(batch)


# --- rows -----------------------------------------------------------------------------------------------------------


def test_nobody_of_two_lists_abreast_is_lost() -> None:
    name = "05_two_lists_abreast.xlsx"
    if asks(*file(name), "姓名"):
        return
    preview = of_roster(name)
    assert blocking(preview) == []
    assert sorted(people(preview)) == sorted([("王伟", WANG), ("李娜", LI), ("张敏", ZHANG), ("刘洋", LIU)])
    assert set(hours(preview)) == {(0, 24)}


def test_both_rows_of_a_person_count_or_the_second_is_a_problem() -> None:
    preview = of_roster("07_person_on_two_merged_rows.xlsx")
    if preview.faulty_rows:
        assert preview.faulty_rows >= {3, 5}
        assert all(row.row in (2, 4) for row in preview.good_rows)
        assert {row.hours["professional"] for row in preview.good_rows} <= {0}  # 30 hours of 公需 are never 专业
    else:
        assert people(preview) == [("王伟", WANG), ("李娜", LI)]
        assert hours(preview) == [(30, 60), (30, 60)]


def test_an_open_quotation_mark_swallows_nobody() -> None:
    everybody = [WANG, LI_TOO, ZHANG, LIU, CHEN]
    name = "08a_open_quote.csv"
    if asks(*file(name), "3"):
        return
    preview = of_roster(name)
    assert [row.id_number for row in preview.good_rows] == everybody or 3 in preview.faulty_rows


def test_a_hidden_row_is_read_and_told() -> None:
    preview = of_roster("09_filtered_out.xlsx")
    assert [row.id_number for row in preview.good_rows] == [WANG, LI_TOO, ZHANG]
    assert blocking(preview) == []
    assert "隐藏" in told(preview)
    assert re.search(r"(?<!\d)3(?!\d)", told(preview))


@pytest.mark.parametrize("name", ["10_example_row.xlsx", "10b_row_of_instructions.xlsx"])
def test_an_example_and_instructions_are_nobody(name: str) -> None:
    preview = of_roster(name)
    assert blocking(preview) == []
    assert people(preview) == [("王伟", WANG)]
    assert re.search(r"(?<!\d)2(?!\d)", told(preview))


def test_what_is_merged_over_years_belongs_to_each_of_them() -> None:
    preview = imports.read(*file("14_person_merged_over_years_credits.xlsx"), today=TODAY)
    assert blocking(preview) == []
    read = [(row.name, row.id_number, row.year, row.basis) for row in preview.good_rows]
    of_wang = [("王伟", WANG, year, basis) for year, basis in ((2022, "甲班"), (2023, "乙班"), (2024, "丙班"))]
    assert read == [*of_wang, ("李娜", LI, 2022, "甲班")]


def test_a_year_merged_over_people_belongs_to_each_of_them() -> None:
    preview = imports.read(*file("15a_year_merged_credits.xlsx"), today=TODAY)
    assert blocking(preview) == []
    read = [(row.name, row.year, row.source and row.source.label) for row in preview.good_rows]
    assert read == [(name, 2024, "培训") for name in ("王伟", "李娜", "张敏")]


def test_what_stands_below_the_list_is_nobody() -> None:
    preview = of_roster("22_below_the_list.xlsx")
    assert blocking(preview) == []
    assert people(preview) == [("王伟", WANG), ("李娜", LI_TOO)]


def test_a_blank_in_the_last_row_of_a_sheet_is_no_list_of_a_million() -> None:
    assert people(of_roster("23_blank_in_the_last_row.xlsx")) == [("王伟", WANG)]


# --- .csv -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["18a_carriage_returns.csv", "18b_carriage_return_in_a_cell.csv", "19_tab_after_every_value.csv"]
)
def test_text_files_of_other_systems_are_read(name: str) -> None:
    preview = of_roster(name)
    assert blocking(preview) == []
    assert [row.id_number for row in preview.good_rows] == [WANG, LI_TOO]
    assert [row.employer.replace(" ", "") for row in preview.rows] == ["甲医院", "甲医院"]
    assert hours(preview) == [(0, 24), (0, 24)]
    assert [row.phone for row in preview.rows] == ["13900000001", "13900000002"]


# --- values ---------------------------------------------------------------------------------------------------------


def test_a_day_may_have_a_time() -> None:
    preview = imports.read(*file("20_days_with_a_time_credits.xlsx"), today=TODAY)
    assert blocking(preview) == []
    assert [row.completed_on for row in preview.good_rows] == [date(2024, 6, 28)] * 6


def test_whole_numbers_may_be_written_as_decimals() -> None:
    preview = imports.read(*file("21a_whole_numbers_as_decimals_credits.csv"), today=TODAY)
    assert blocking(preview) == []
    assert [(row.id_number, row.year, row.hours) for row in preview.good_rows] == [(WANG, 2024, 24), (LI, 2024, 24)]


@pytest.mark.parametrize("years", ["3.0", "3", "３", "3年", "'3"])
def test_years_of_recognition_may_be_written_as_decimals(years: str) -> None:
    text = f"姓名,身份证号,申报年度,申报方式,申报级别,认定年限\n王伟,{WANG},2024,考核认定,中级,{years}\n"
    batch = applications.read(text.encode(), "名单.csv", today=TODAY)
    each, problems = applications.understood(batch.applications[0], notices.policies()[-1])
    assert problems == batch.problems == []
    assert each.facts
    assert each.facts.facts["recognition_years"] == 3


def test_a_look_alike_of_the_last_x_is_settled_by_the_check_digit() -> None:
    preview = of_roster("28_last_character.xlsx")
    assert {each.code for each in preview.problems if each.blocking} == {"duplicate"}  # one number for three names
    assert len(preview.rows) == 3
    assert {row.id_number for row in preview.rows} == {"15019919900101019X"}


def test_words_of_a_name_keep_their_spaces() -> None:
    preview = of_roster("30_words_of_a_name.xlsx")
    assert blocking(preview) == []
    assert [row.name for row in preview.good_rows] == ["José García", "Бат Эрдэнэ", "ᠪᠠᠲᠤ ᠮᠥᠩᠬᠡ"]


def test_what_a_database_writes_for_nothing_is_no_name() -> None:
    asked = asks(*file("31_null.xlsx"), "姓名")
    assert asked


def test_a_rare_character_of_a_name_is_kept() -> None:
    preview = imports.read(*file("35_rare_names_credits.xlsx"), today=date(2026, 12, 31))
    assert [row.name for row in preview.good_rows] == ["杨千𫰡"]


def test_what_an_employer_is_goes_by_words_not_by_parts_of_them() -> None:
    batch = applications.read(*file("37_ownership_applications.xlsx"), today=TODAY)
    policy = notices.policies()[-1]
    right = [True, False, False, False, False, True]
    assert len(batch.applications) == len(right)
    for at, (each, non_public) in enumerate(zip(batch.applications, right, strict=True)):
        answer, problems = applications.understood(each, policy)
        asked = any(problem.column == "non_public" for problem in problems)
        assert (asked and at < 4) or (answer.facts and answer.facts.facts.get("non_public", False) is non_public), each


def test_a_space_in_a_word_is_none() -> None:
    batch = applications.read(*file("38_spaces_in_a_word_applications.xlsx"), today=TODAY)
    each, problems = applications.understood(batch.applications[0], notices.policies()[-1])
    assert problems == batch.problems == []
    assert each.facts
    assert (each.facts.route, each.facts.level) == ("职称评审", "中级")


# --- one person, however the name is written ------------------------------------------------------------------------

NOW = datetime(2024, 12, 31, 1, tzinfo=UTC)


def bring_in(cast: c.Cast, content: bytes, name: str) -> imports.Preview:
    with db.transaction() as session:
        upload = Upload(name, content)
        return imports.bring_in(session, upload, actor=cast["reviewer"], reason="补登", now=NOW)[1]


def on_file() -> int:
    with db.reading() as session:
        return session.scalars(sa.select(sa.func.count()).select_from(Person)).one()


def test_a_name_written_in_another_way_is_the_person_on_file(office: Path) -> None:
    cast = c.assemble(NOW)
    for name in ("24_names_on_file_credits.xlsx", "24_names_again_credits.xlsx"):
        preview = bring_in(cast, *file(name))
        assert blocking(preview) == []
        assert len(preview.good_rows) == 4
    assert on_file() == 4


WRITTEN = (
    *((f"阿依古丽{dot}买买提", "阿依古丽·买买提") for dot in ".․·⸱•‧∙⋅・･．●"),
    ("\uf9e1明", "李明"),
    ("李⽴", "李立"),
    ("⾦海", "金海"),
    ("\ue863云", "䶮云"),
    *((f"{chr(private)}云", f"{meant}云") for private, meant in (
        (0xE81E, "\u9fb4"), (0xE826, "\u9fb5"), (0xE82B, "\u9fb6"), (0xE82C, "\u9fb7"), (0xE832, "\u9fb8"),
        (0xE843, "\u9fb9"), (0xE854, "\u9fba"), (0xE864, "\u9fbb"), (0xE816, "\U00020087"), (0xE817, "\U00020089"),
        (0xE818, "\U000200cc"), (0xE831, "\U000215d7"), (0xE83B, "\U0002298f"), (0xE855, "\U000241fe"),
    )),
)  # fmt: skip
"""Names as they are written, and as they are meant: among them what GBK and GB 18030 kept in private places once."""


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_every_way_to_write_a_name_is_one_person(office: Path, encoding: str) -> None:
    cast = c.assemble(NOW)
    head = "身份证号,姓名,年度,科目,学时,来源\n"
    for year, which in ((2024, 1), (2023, 0)):
        lines = [f"{c.id_number(at)},{names[which]},{year},专业,24,培训\n" for at, names in enumerate(WRITTEN, 1)]
        preview = bring_in(cast, (head + "".join(lines)).encode(encoding), f"{year}.csv")
        assert blocking(preview) == []
    assert on_file() == len(WRITTEN)


# --- further files of the same kinds ----------------------------------------------------------------------------------

HEAD = "姓名,身份证号,工作单位"
READ_AS = [
    (f"{HEAD},科目,学时,考核结果\n王伟,{WANG},甲,公需课程,30,合格", (30, 0)),
    (f"{HEAD},科目,学时,考核结果\n王伟,{WANG},甲,公需科目（网络）,30,合格", (30, 0)),
    (f"{HEAD},公需学时,,专业学时,,考核结果\n,,,计划,实际,计划,实际,\n王伟,{WANG},甲,30,20,60,50,合格", (20, 50)),
    (f"{HEAD},公需学时,,专业学时,,考核结果\n,,,应修,实修,应修,实修,\n王伟,{WANG},甲,30,20,60,50,合格", (20, 50)),
    (f"{HEAD},公需学时,总学时,考核结果\n王伟,{WANG},甲,30,30,合格", (30, 0)),
    (f"{HEAD},公需课时,专业课时,考核结果\n王伟,{WANG},甲,30,60,合格", (30, 60)),
    (f"{HEAD},公需,专业课,考核结果\n王伟,{WANG},甲,30,60,合格", (30, 60)),
    (f"{HEAD},培训学时（公需）,培训学时（专业）,考核结果\n王伟,{WANG},甲,30,60,合格", (30, 60)),
    (f"{HEAD},2024年公需学时,2024年专业学时,考核结果\n护理部,,,,,\n王伟,{WANG},甲,30,60,合格", (30, 60)),
    (f"{HEAD},公需学时,专业学时,考核结果,备注\n王伟,{WANG},甲,30,60,合格,例行公务请假", (30, 60)),
]


@pytest.mark.parametrize(("text", "hours"), READ_AS)
def test_what_any_clerk_would_read_is_read(text: str, hours: tuple[int, int]) -> None:
    preview = roster.read(text.encode(), "花名册.csv", today=TODAY)
    assert blocking(preview) == []
    assert [(row.name, row.hours["public"], row.hours["professional"]) for row in preview.rows] == [("王伟", *hours)]


ASKED = [
    (f"{HEAD},科目,学时,考核结果\n王伟,{WANG},甲,公共课,30,合格", "subject-unknown"),
    (f"{HEAD},公需学时,科目,考核结果\n王伟,{WANG},甲,30,专业科目,合格", "subject-contradicted"),
    (f"{HEAD},专业学时,,考核结果\n,,,线上,线下,\n王伟,{WANG},甲,20,40,合格", "headings"),
    (f"{HEAD},公需学时,学时,考核结果\n王伟,{WANG},甲,30,60,合格", "hours-total"),
    (f"{HEAD},公共课学时,专业课学时,考核结果\n王伟,{WANG},甲,30,60,合格", "headings"),
    (f"{HEAD},公需学时,专业学时,考核结果,备注\n王伟,{WANG},甲,30,60,合格,范例：优秀学员", "row-example"),
]


@pytest.mark.parametrize(("text", "code"), ASKED)
def test_what_nobody_could_know_is_asked(text: str, code: str) -> None:
    found = {code}
    with contextlib.suppress(Refused):
        found = {each.code for each in roster.read(text.encode(), "花名册.csv", today=TODAY).problems if each.blocking}
        assert code != "headings"
    assert code in found


def test_a_column_without_a_heading_is_named_and_a_sum_that_is_none_is_said() -> None:
    text = f"{HEAD},专业学时,,考核结果\n王伟,{WANG},甲,20,40,合格"
    assert "E列（没有表头）" in {each.column for each in roster.read(text.encode(), "a.csv").problems}
    text = f"{HEAD},公需学时,专业学时,总学时,考核结果\n王伟,{WANG},甲,30,60,80,合格"
    assert [each.code for each in roster.read(text.encode(), "a.csv").problems] == ["hours-total"]


def test_hours_merged_over_lines_of_a_year_are_asked_about() -> None:
    rows = [["身份证号", "姓名", "年度", "科目", "学时", "来源"], [WANG, "王伟", 2024, "公需", 90, "培训"]]
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for at, cells in enumerate([*rows, [WANG, "王伟", 2024, "专业", "", "培训"]]):
            page.write_row(at, 0, cells)
        page.merge_range("E2:E3", 90)
    preview = imports.read(buffer.getvalue(), "学时.xlsx", today=TODAY)
    assert {(each.row, each.code) for each in preview.problems if each.blocking} == {
        (2, "sum-merged"),
        (3, "sum-merged"),
    }


def test_two_names_in_one_cell_are_two_people() -> None:
    text = f'{HEAD},公需学时,专业学时,考核结果\n"王建国\n李秀英",{WANG},甲,30,60,合格'
    assert "name-two" in {each.code for each in roster.read(text.encode(), "a.csv").problems if each.blocking}


def test_a_problem_of_one_list_is_reported_once_though_another_list_stands_below_it() -> None:
    text = f'{HEAD},公需学时,专业学时,考核结果\n"王建国\n李秀英",{WANG},甲,30,60,合格\n'
    text += f"姓名,身份证号,专业学时,公需学时,工作单位,考核结果\n李娜,{LI},60,30,甲,合格"
    preview = roster.read(text.encode(), "a.csv", today=TODAY)
    assert [row.hours["public"] for row in preview.rows] == [30, 30]
    assert [each.row for each in preview.problems if each.code == "name-two"] == [2]
