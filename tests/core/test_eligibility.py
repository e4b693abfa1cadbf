"""Applications in, decisions out: what is read, what is decided, who may ask, what is kept, what a file says back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pypdfium2
import pytest
from PIL import Image

from core.__main__ import main
from core.eligibility import answers, applications, closing, printed, sheet
from core.eligibility.answers import FAULTY
from core.eligibility.applications import Batch
from core.eligibility.ownership import ownership
from core.ground import db
from core.ground.access import Refused, Role
from core.law import notices, rules
from core.law.rules import Outcome
from core.ledger import books
from core.ledger.books import Posting
from core.models import Mode, Person, Source
from core.people import persons
from core.people.identity import Identity
from core.people.persons import PersonFacts
from core.tables import sheets
from core.tables.values import Unclear
from tests import cast as c

WHOLE = ((2022, 30, 60), (2023, 30, 60), (2024, 30, 60))
ELDER = date(1969, 12, 31)


def person(
    cast: c.Cast,
    serial: int,
    hours: Sequence[tuple[int, float, float]] = WHOLE,
    *,
    name: str = "王示例",
    born: date = date(1985, 3, 4),
    employer: str = "示例市第一医院",
    authority: str = "region",
    source: Source = Source.TRAINING,
) -> int:
    """A person on file with these hours by year, public and professional."""
    with db.transaction() as session:
        number = c.id_number(serial, born)
        facts = [PersonFacts(name, number, employer)]
        found = persons.match_or_add(session, facts, authority_id=cast.places[authority].id, now=c.NOW)
        person_id = found[db.blind_index(number)]
        postings = [
            Posting(person_id, year, subject, Decimal(str(amount)), date(year, 6, 1), source=source)
            for year, *amounts in hours
            for subject, amount in zip(("public", "professional"), amounts, strict=True)
            if amount
        ]
        if postings:
            books.post(session, postings, basis="示例培训", actor=cast["admin"], now=c.NOW)
    return person_id


def cells(serial: int = 1, born: date = date(1985, 3, 4), **changes: Any) -> dict[str, Any]:
    """One faultless application, by heading."""
    usual = {"姓名": "王示例", "身份证号": c.id_number(serial, born), "申报年度": 2024}
    return usual | {"申报方式": "职称评审", "申报级别": "高级"} | changes


def file(*rows: dict[str, Any], title: str = "") -> bytes:
    """Applications as an .xlsx."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    if title:
        page.append([title])
    page.append(headings)
    for row in rows:
        page.append([row.get(heading) for heading in headings])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def batch(*rows: dict[str, Any]) -> Batch:
    return applications.read(file(*rows), "申报.xlsx", today=c.TODAY)


def answered(cast: c.Cast, *rows: dict[str, Any], by: str = "title") -> answers.Run:
    with db.reading() as session:
        return answers.answer(session, batch(*rows), actor=cast[by])


def said(run: answers.Run, at: int = 0) -> tuple[str, str, str, str]:
    line = run.frame.iloc[at]
    return line["outcome"], line["years"], line["gap"], line["clauses"]


def sheet_of(cast: c.Cast, row: dict[str, Any], by: str = "title") -> sheet.DecisionSheet:
    with db.reading() as session:
        return sheet.sheet(session, batch(row).applications[0], actor=cast[by])


# --- sentences ------------------------------------------------------------------------------------------------------

FULL, SHORT = WHOLE, ((2022, 30, 60), (2023, 20, 60), (2024, 30, 55))
RULES = [
    (FULL, {}, ("符合", "2022;2023;2024", "无", "一(三)1;一(一)")),
    (SHORT, {}, ("不符合", "2022;2023;2024", "2023公需10;2024专业5", "一(三)1;一(一)")),
    (((2024, 30, 60),), {"申报级别": "初级"}, ("符合", "2024", "无", "一(三)1;一(一)")),
    (((2024, 30, 59.5),), {"申报级别": "初级"}, ("不符合", "2024", "2024专业0.5", "一(三)1;一(一)")),
    (((2024, 0, 90),), {"申报级别": "初级"}, ("不符合", "2024", "2024公需30", "一(三)1;一(一)")),
    (FULL[1:], {"申报方式": "考核认定", "认定年限": 2}, ("符合", "2023;2024", "无", "一(三)2;一(一)")),
    (
        FULL[1:],
        {"申报方式": "考核认定", "认定年限": "3年"},
        ("不符合", "2022;2023;2024", "2022公需30;2022专业60", "一(三)2;一(一)"),
    ),
    (FULL, {"申报方式": "破格评审", "任现职日期": "2021-07-01"}, ("符合", "2022;2023;2024", "无", "一(四)9;一(一)")),
    ((), {"单位性质": "非公有制"}, ("符合", "无", "无", "一(三)1;一(四)2")),
    ((), {"单位性质": "民营企业"}, ("符合", "无", "无", "一(三)1;一(四)2")),
    ((), {"基层一线": "是"}, ("符合", "无", "无", "一(三)1;一(四)2")),
    ((), {"基层一线": "是（待核验）"}, ("待核验", "无", "无", "一(三)1;一(四)2")),
    ((), {"基层一线": "待核验"}, ("待核验", "无", "无", "一(三)1;一(四)2")),
    (FULL, {"基层一线": "待核验"}, ("符合", "2022;2023;2024", "无", "一(三)1;一(一)")),
    (FULL[2:], {"转任日期": "2023年5月"}, ("符合", "2024", "无", "一(三)1;一(四)7;一(一)")),
    ((), {"转任日期": "2024/5/1"}, ("符合", "无", "无", "一(三)1;一(四)7")),
    (FULL[2:], {"抗疫年度": "2022；2023"}, ("符合", "2024", "无", "一(三)1;一(四)4;一(一)")),
    (
        (),
        {"申报方式": "考核认定", "认定年限": 2, "博士后资助或省部级项目": "√", "出站留区": 1},
        ("符合", "无", "无", "一(三)2;一(四)3"),
    ),
]


@pytest.mark.parametrize(("hours", "changes", "expected"), RULES)
def test_an_application_is_answered_in_exactly_the_columns_of_the_notice(
    office: Path, hours: Any, changes: dict[str, Any], expected: tuple[str, ...]
) -> None:
    cast = c.assemble()
    person(cast, 1, hours)
    assert said(answered(cast, cells(**changes))) == expected


def test_an_older_applicant_needs_one_complete_year_and_the_gap_is_the_nearest_one(office: Path) -> None:
    cast = c.assemble()
    born = date(1974, 12, 31)
    person(cast, 1, ((2022, 30, 50), (2023, 30, 20)), born=born)
    run = answered(cast, cells(1, born))
    assert said(run) == ("不符合", "2022|2023|2024任一", "2022专业10", "一(三)1;一(四)1;一(一)")


def test_bulk_equals_single(office: Path) -> None:
    cast = c.assemble()
    rows = []
    for serial, (hours, changes, _) in enumerate(RULES, start=1):
        person(cast, serial, hours)
        rows.append(cells(serial, **changes))
    run = answered(cast, *rows)
    assert [said(run, at) for at in range(len(rows))] == [expected for _, _, expected in RULES]
    for at, row in enumerate(rows):
        one = sheet_of(cast, row)
        assert (one.outcome.label, one.years, one.gap, one.clauses) == said(run, at)
        assert one.note == run.frame["note"][at]


def test_the_note_names_the_waiver_what_is_to_verify_and_what_is_not_on_file(office: Path) -> None:
    cast = c.assemble()
    run = answered(cast, cells(1, 单位性质="非公有制（待核验）"), cells(2, 申报年度=2025))
    assert run.frame["note"][0] == (
        "适用“非公有制经济领域”，学习经历作为评审参考；尚待核验单位性质，核实后符合；库中没有学时记录"
    )
    assert run.frame["note"][1].startswith("库中没有学时记录；2025年度通知尚未载入")


def test_a_year_passed_by_examination_is_deemed_done(office: Path) -> None:
    cast = c.assemble()
    person_id = person(cast, 1, ((2024, 30, 0),))
    with db.transaction() as session:
        posting = Posting(
            person_id, 2024, "professional", Decimal(), date(2024, 5, 1), source=Source.QUALIFICATION, deemed=True
        )
        books.post(session, [posting], basis="职业资格证书", actor=cast["admin"], now=c.NOW)
    assert said(answered(cast, cells(申报级别="初级")))[0] == "符合"
    subject = sheet_of(cast, cells(申报级别="初级")).year_lines[0].subjects[1]
    assert (subject.name, subject.has, subject.lacks, subject.deemed) == ("专业", 0, 0, True)


# --- reading --------------------------------------------------------------------------------------------------------

BAD = [
    ({"姓名": ""}, "姓名", "name-missing"),
    ({"姓名": "A"}, "姓名", "name-form"),
    ({"姓名": "王（示例）"}, "姓名", "name-form"),
    ({"身份证号": ""}, "身份证号", "id-missing"),
    ({"身份证号": "150199198503040000"}, "身份证号", "id-ruined"),
    ({"身份证号": "15019919850304001"}, "身份证号", "id-length"),
    ({"申报年度": ""}, "申报年度", "year-form"),
    ({"申报年度": "去年"}, "申报年度", "year-form"),
    ({"申报年度": 2015}, "申报年度", "policy"),
    ({"申报方式": ""}, "申报方式", "route-form"),
    ({"申报方式": "推荐"}, "申报方式", "route-form"),
    ({"申报级别": "特级"}, "申报级别", "level-form"),
    ({"单位性质": "其他"}, "单位性质", "non-public-form"),
    ({"基层一线": "大概"}, "基层一线", "front-line-form"),
    ({"转任日期": "2022-13-01"}, "转任日期", "transferred-on-form"),
    ({"转任日期": "2025-01-01"}, "转任日期", "date-order"),
    ({"申报方式": "破格评审"}, "任现职日期", "in-post-since-missing"),
    ({"申报方式": "破格评审", "任现职日期": "1980-01-01"}, "任现职日期", "date-order"),
    ({"申报方式": "考核认定"}, "认定年限", "recognition-years-missing"),
    ({"申报方式": "考核认定", "认定年限": "许多"}, "认定年限", "recognition-years-form"),
    ({"抗疫年度": "是"}, "抗疫年度", "epidemic-years-form"),
    ({"出站留区": "?"}, "出站留区", "stays-in-region-form"),
    ({"博士后资助或省部级项目": "?"}, "博士后资助或省部级项目", "postdoc-funded-form"),
]


def test_every_bad_row_is_answered_with_its_row_column_value_and_mend(office: Path) -> None:
    cast = c.assemble()
    rows = [cells(serial, **changes) for serial, (changes, _, _) in enumerate(BAD, start=1)]
    run = answered(cast, cells(99), *rows)
    found = [(problem.row, problem.heading(applications.HEADINGS), problem.code) for problem in run.problems]
    assert found == [(at, heading, code) for at, (_, heading, code) in enumerate(BAD, start=3)]
    assert run.counts == {"符合": 0, "不符合": 1, "待核验": 0, FAULTY: len(BAD)}
    for problem, note in zip(run.problems, run.frame["note"][1:], strict=True):
        assert note == f"{problem.heading(applications.HEADINGS)}：{problem.words}"
    assert run.problems[1].value == "A"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2022-05-01", date(2022, 5, 1)),
        ("2022/5/1", date(2022, 5, 1)),
        ("2022.5.1", date(2022, 5, 1)),
        ("2022年5月1日", date(2022, 5, 1)),
        ("2022年5月", date(2022, 5, 1)),
        ("2022.05", date(2022, 5, 1)),
        ("202205", date(2022, 5, 1)),
        ("20220501", date(2022, 5, 1)),
        ("2022年", date(2022, 1, 1)),
        ("2022", date(2022, 1, 1)),
        (2022, date(2022, 1, 1)),
        (44682.0, date(2022, 5, 1)),
        (datetime(2022, 5, 1), date(2022, 5, 1)),  # noqa: DTZ001 - a cell has no zone
        ("２０２２－０５－０１", date(2022, 5, 1)),
        ("", None),
        ("无", None),
    ],
)
def test_dates_are_understood_as_offices_write_them(cell: object, expected: date | None) -> None:
    assert applications._day(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2020;2022", ((2020, 2022), False)),
        ("2020；2022", ((2020, 2022), False)),
        ("2022、2020", ((2020, 2022), False)),
        ("2020,2021，2022", ((2020, 2021, 2022), False)),
        ("2020-2022年", ((2020, 2021, 2022), False)),
        ("2020年（待核验）", ((2020,), True)),
        (2020.0, ((2020,), False)),
        ("否", ((), False)),
        ("", ((), False)),
    ],
)
def test_epidemic_years_are_read_however_they_are_joined(cell: object, expected: Any) -> None:
    (fact,) = (each for each in notices.EVERY_NOTICE if each.type == "years")
    assert applications._fact(fact, cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        *((word, rules.CONFIRMED) for word in ("是", "有", "√", 1, 1.0, True, "Y")),
        *((word, rules.NO) for word in ("", None, "否", "无", "×", 0, "否（待核验）")),
        *((word, rules.ASSERTED) for word in ("待核验", "是(待核验)", "是（待核实）", "有 待核验")),
    ],
)
def test_claims_are_yes_no_or_to_verify(cell: object, expected: int) -> None:
    assert applications._assertion(cell) == {
        rules.NO: (False, False),
        rules.CONFIRMED: (True, False),
        rules.ASSERTED: (True, True),
    }.get(expected)


@pytest.mark.parametrize(
    ("cells", "non_public"),
    [
        ("非公有制 非公 非公经济 非公有制经济组织 民营企业 私营企业 个体工商户 外资企业", True),
        ("非国有企业 非公立医院 不是公有制 非公有制：是 民营（非国有） 属于非公有制", True),
        ("公有制 国有企业 事业单位 全额拨款事业单位 机关 集体企业 全民所有制 公立医院 否 无 —", False),
        ("不属于非公有制 非公有制：否 非公有制(否) 公有制（不是非公） 国有（非民营）", False),
        ("是否非公有制：否 非公有制企业：否 非\u3000公有制：不\u3000是", False),
        ("是 其他 中外合资 国有民营 混合所有制 非事业单位 不是民营 民办非企业 国有？", None),
        ("非公务员 公有制/非公有制 原国有企业 不属于非公有制：否 无主管部门的民营企业", None),
    ],
)
def test_ownership_is_judged_by_its_words_or_asked_about(cells: str, non_public: bool | None) -> None:
    for cell in cells.split(" "):
        if non_public is None:
            with pytest.raises(Unclear, match="非公有制（待核验）"):
                ownership(cell)
        else:
            assert ownership(cell) == (non_public, False), cell
    assert ownership(None) == ownership("") == (False, False)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("非公有制（待核验）", (True, True)),
        ("民营企业 待核实", (True, True)),
        ("待核验", (True, True)),
        ("国有（待核验）", (False, False)),
    ],
)
def test_ownership_may_still_have_to_be_verified(cell: str, found: tuple[bool, bool]) -> None:
    assert ownership(cell) == found


@pytest.mark.parametrize(
    ("cells", "education"),
    [
        ("本科 大学本科 本科（全日制） 非全日制本科 本科毕业生 本科学历 专升本", "本科"),
        ("硕士研究生 硕\u3000士 硕士学位", "硕士"),
        ("博士研究生毕业", "博士"),
        ("大专 专科", "大专"),
        ("无 — 否", None),
        ("本科在读 硕士（在读） 非本科 本科以下 本科肄业 本科学历硕士学位 研究生 初中", "?"),
    ],
)
def test_education_is_judged_by_its_words_or_asked_about(cells: str, education: str | None) -> None:
    for cell in cells.split(" "):
        if education == "?":
            with pytest.raises(Unclear, match="已经取得"):
                applications._education(cell)
        else:
            assert applications._education(cell) == education, cell


def test_spaces_in_a_word_do_not_matter_and_two_forms_of_a_name_are_one(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, name="José García")
    one = cells(1, 姓名="JoséGarcía", 申报方式="职称 评审", 申报级别="中　级", 单位性质="事业 单位")
    assert answered(cast, one).problems == []
    assert [problem.code for problem in answered(cast, one | {"姓名": "王示例"}).problems] == ["name-known"]


def test_a_file_as_offices_have_it_is_read_in_any_order_with_synonyms_title_and_signature(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1)
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["2024年申报人员名单"])
    page.append([])
    page.append(["申报等级", "年度", "证件号码", "申报人", "申报类型"])
    page.append(["副高", "2024年度", c.id_number(1), "王 示例", "正常评审"])
    page.append([])
    page.append([None, None, None, "合计", "1人"])
    page.append([None, None, None, "审核人：张三", "日期：2024年6月"])
    buffer = io.BytesIO()
    book.save(buffer)
    found = applications.read(buffer.getvalue(), "名单.xlsx")
    assert [(each.row, each.name) for each in found.applications] == [(4, "王示例")]
    with db.reading() as session:
        assert said(answers.answer(session, found, actor=cast["title"]))[0] == "符合"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_any_of_the_usual_encodings_is_read(office: Path, encoding: str) -> None:
    text = f"姓名,身份证号,申报年度,申报方式,申报级别\n王示例,{c.id_number(1)},2024,职称评审,高级\n"
    assert applications.read(text.encode(encoding), "申报.csv").problems == []


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "申报.xlsx", "file"),
        (b"\x00\xff", "申报.xlsx", "file"),
        ("姓名,年龄\n甲,1\n".encode(), "申报.csv", "headings"),
        ("姓名,年龄\n甲,1\n".encode(), "申报.xlsx", "file"),
        (b"PK\x03\x04broken", "申报.xlsx", "file"),
    ],
    ids=["empty", "bytes", "other headings", "text called a workbook", "broken workbook"],
)
def test_what_is_no_file_of_applications_is_refused(office: Path, content: bytes, name: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        applications.read(content, name)
    assert caught.value.code == code


def test_a_file_without_anybody_is_refused(office: Path) -> None:
    with pytest.raises(Refused) as caught:
        applications.read("姓名,身份证号,申报年度\n,,\n".encode(), "空.csv")
    assert caught.value.code == "file"


# --- who may ask ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["base", "exam"])
def test_those_who_look_nobody_up_get_no_answer(office: Path, by: str) -> None:
    cast = c.assemble()
    assert c.refusal(lambda s: answers.answer(s, batch(cells()), actor=cast[by])).code == "role"


def test_a_first_password_must_be_changed_before_anything_is_answered(office: Path) -> None:
    cast = c.assemble()
    fresh = replace(cast["title"], must_change_password=True)
    assert c.refusal(lambda s: answers.answer(s, batch(cells()), actor=fresh)).code == "password"


def test_a_league_decides_its_own_people_and_is_told_who_is_in_anothers_charge(database: str) -> None:
    cast = c.assemble()
    person(cast, 1, authority="hohhot", employer="示例旗蒙古族中学")
    person(cast, 2, authority="baotou", employer="示例厂")
    rows = cells(1), cells(2), cells(3)
    run = answered(cast, *rows, by="hohhot_title")
    assert list(run.frame["outcome"]) == ["符合", FAULTY, "不符合"]
    assert list(run.frame["employer"]) == ["示例旗蒙古族中学", "", ""]
    assert run.problems[0].code == "jurisdiction"
    assert "不在呼和浩特市人力资源和社会保障局的管理权限内" in run.frame["note"][1]
    assert list(answered(cast, *rows).frame["outcome"]) == ["符合", "符合", "不符合"]


def test_a_clerk_looks_ahead_for_its_own_people_and_can_probe_nobody_else(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1)
    person(cast, 2, authority="hohhot", employer="示例旗蒙古族中学")
    run = answered(cast, cells(1), cells(2), cells(3), by="employer")
    assert list(run.frame["outcome"]) == ["符合", FAULTY, FAULTY]
    assert run.frame["note"][1] == run.frame["note"][2]
    mine = c.give_account(cast, 1, "wang")
    assert mine.role is Role.PERSON
    assert list(answered(cast, cells(1), cells(2), by="wang").frame["outcome"]) == ["符合", FAULTY]


def test_another_name_on_file_is_a_problem_that_names_it(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, name="李示例")
    run = answered(cast, cells(1))
    assert (run.problems[0].code, run.problems[0].value) == ("name-known", "王示例")
    assert "李示例" in run.frame["note"][0]
    person(cast, 2, name="李示例", authority="hohhot", employer="某校")
    assert "李示例" not in answered(cast, cells(2), by="baotou_reviewer").frame["note"][0]


# --- the sheet ------------------------------------------------------------------------------------------------------


def test_a_sheet_shows_years_ways_interpretations_and_entries(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, SHORT)
    found = sheet_of(cast, cells(1, 转任日期="2021-06-01", 基层一线="否"))
    assert found.outcome is Outcome.NOT_ELIGIBLE
    assert [(line.year, line.required, line.complete) for line in found.year_lines] == [
        (2024, True, False),
        (2023, True, False),
        (2022, True, True),
    ]
    public, professional, total = found.year_lines[1].subjects
    assert (public.name, public.required, public.has, public.lacks) == ("公需", 30, 20, 10)
    assert (professional.has, professional.lacks, total.has, total.lacks) == (60, 0, 80, 10)
    ways = {way.name: way for way in found.ways}
    assert len(ways) == 1 + len(notices.of_year(2024).waivers)
    assert [way.name for way in found.ways if way.won] == ["一般规定"]
    assert ways["男满55周岁免学时"].why.endswith("性别男（男）✓；年龄满55周岁（2024-12-31未满）✗")
    later = ways["党政机关转任后各年度"]
    assert (later.applies, later.years, later.met, later.gap) == (True, "2022;2023;2024", False, 15)
    assert later.clause == "一(四)7"
    assert {"include_application_year", "transfer_limit"} <= {used.setting for used in found.interpretations}
    assert len(found.entries) == 6
    assert found.headline == (
        "王示例申报2024年度职称评审高级：不符合。"
        "需完成2022、2023、2024年度；2023年度缺公需10学时；2024年度缺专业5学时（一(三)1、一(一)）。"
    )


def test_what_two_waivers_would_give_together_is_shown_for_comparison_only(database: str) -> None:
    cast = c.assemble()
    person(cast, 1, [(2024, 30, 60)])
    found = sheet_of(cast, cells(1, 转任日期="2022-06-01", 抗疫年度="2023"))
    ways = {way.name: way for way in found.ways}
    both = ways["几项减免合并"]
    assert (both.applies, both.won, both.met, both.years, both.clause) == (True, False, True, "2024", "一(四)4;一(四)7")
    assert both.why.endswith("；按取最有利的一项办理，此处只供比较")
    assert (found.outcome, found.years) == (Outcome.NOT_ELIGIBLE, "2022;2024")
    alone = sheet_of(cast, cells(1, 转任日期="2022-06-01"))
    assert "几项减免合并" not in {way.name for way in alone.ways}
    (told,) = [each for each in notices.of_year(2024).readings if "两项减去年度" in each.question]
    assert "合并的一行只供比较" in told.answer


def test_every_way_agrees_with_its_conditions(office: Path) -> None:
    cast = c.assemble()
    for at, (hours, changes, _) in enumerate(RULES, start=1):
        person(cast, at, hours)
        for way in sheet_of(cast, cells(at, **changes)).ways[1:]:
            assert way.applies <= ("✗" not in way.why), way
            assert way.applies or "✗" in way.why or "待核验" in way.why, way


def test_a_sheet_is_refused_as_the_bulk_answer_is(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1)
    person(cast, 2, name="李示例")
    for row, by, code in (
        (cells(1), "base", "role"),
        (cells(1), "hohhot_title", "missing"),
        (cells(3), "employer", "missing"),
        (cells(2), "title", "name"),
        (cells(1, 申报方式="?"), "title", "application"),
    ):
        assert c.refusal(lambda s, r=row, b=by: sheet.sheet(s, batch(r).applications[0], actor=cast[b])).code == code


def test_an_application_from_a_form_is_the_application_of_a_file(office: Path) -> None:
    cast = c.assemble()
    person_id = person(cast, 1)
    form = {"year": 2024, "route": "职称评审", "level": "高级", "front_line": "待核验"}
    with db.reading() as session:
        made = answers.application(session, person_id, form, actor=cast["title"])
        read = batch(cells(1, 基层一线="待核验")).applications[0]
        assert made.facts == applications.understood(read, notices.of_year(2024))[0].facts
        one = answers.application(session, person_id, form | {"route": "考核认定"}, actor=cast["title"])
        with pytest.raises(Refused) as caught:
            sheet.sheet(session, one, actor=cast["title"])
    assert caught.value.code == "policy"
    assert "认定年限" in caught.value.words


def test_the_sheet_prints_with_the_number_masked(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, SHORT)
    mark = io.BytesIO()
    Image.new("RGBA", (64, 48), (200, 30, 30, 128)).save(mark, "PNG")
    by = Identity("示例继续教育中心", mark.getvalue()).letterhead
    content = printed.sheet_pdf(sheet_of(cast, cells(1)), now=c.NOW, by=by)
    assert c.id_number(1).encode() not in content
    with pypdfium2.PdfDocument(content) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
        assert all("示例继续教育中心" in page for page in pages)
        assert any(each.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE for each in document[0].get_objects())


def test_a_sheet_that_could_not_be_printed_whole_names_the_character(office: Path) -> None:
    cast = c.assemble()
    name = "杨千\U00030001"
    person(cast, 1, SHORT)
    printed.printable(sheet_of(cast, cells(1)))
    with db.transaction() as session:
        session.get_one(Person, c.person_id(1)).name = name
    made = sheet_of(cast, cells(1, 姓名=name))
    for deed in (printed.printable, lambda made: printed.sheet_pdf(made, now=c.NOW)):
        with pytest.raises(Refused) as caught:
            deed(made)
        assert caught.value.code == "glyph"
        assert caught.value.words.startswith(f"“{name}”中的“\U00030001”（U+30001）无法打印")


# --- what is missing ------------------------------------------------------------------------------------------------


def ways(cast: c.Cast, row: dict[str, Any]) -> closing.Ways:
    with db.reading() as session:
        found = sheet.sheet(session, batch(row).applications[0], actor=cast["title"])
        return closing.ways_to_close(session, found, actor=cast["title"], now=c.NOW)


def plan(cast: c.Cast, hours: int, start: date, end: date, **more: Any) -> int:
    filed = c.file_plan(cast, hours_each=Decimal(hours), start_on=start, end_on=end, **more)
    c.approve(cast, filed.id)
    return filed.id


def test_the_fewest_open_plans_that_close_the_gap_are_named(database: str) -> None:
    cast = c.assemble()
    person(cast, 1, ((2022, 30, 60), (2023, 30, 60), (2024, 30, 20)))
    plan(cast, 24, date(2024, 6, 24), date(2024, 6, 26))
    plan(cast, 32, date(2024, 6, 25), date(2024, 6, 28))  # at the same time as the first
    third = plan(cast, 40, date(2024, 7, 1), date(2024, 7, 5))
    c.file_plan(cast, hours_each=Decimal(80), start_on=date(2024, 8, 1), end_on=date(2024, 8, 10))  # not approved
    found = ways(cast, cells(1))
    assert found.closes
    assert [offer.plan_id for offer in found.offers] == [third]
    person(cast, 2, ((2022, 30, 60), (2023, 30, 60), (2024, 30, 0)))
    found = ways(cast, cells(2))
    assert (found.closes, len(found.offers)) == (True, 2)
    assert found.offers[0].end_on < found.offers[1].start_on


def test_an_earlier_year_is_closed_by_plans_that_offer_it(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, ((2022, 30, 60), (2023, 20, 50), (2024, 30, 50)))
    row = cells(1)
    found = ways(cast, row)
    assert (found.closes, found.offers) == (False, ())
    assert found.words == (
        "2024年度专业差10学时，须等待新的计划，或以证书折合。",
        "2023年度公需差10学时，没有可补学的规定，只能以该年度的证书折合。",
        "2023年度专业差10学时，可由基地或盟市组织补学（七(二)），或以该年度的证书折合。",
    )
    both = plan(cast, 16, date(2024, 6, 24), date(2024, 6, 25), mode=Mode.ONLINE, credit_years=(2023, 2024))
    found = ways(cast, row)
    assert [(offer.plan_id, offer.credit_year) for offer in found.offers] == [(both, 2024)]  # once, not for both years
    makeup = plan(cast, 16, date(2024, 7, 1), date(2024, 7, 2), credit_years=(2023,))
    found = ways(cast, row)
    assert [(offer.plan_id, offer.credit_year) for offer in found.offers] == [(both, 2024), (makeup, 2023)]
    assert not found.closes
    assert found.words[2] == "2023年度专业差10学时，参加所列1期补学可补齐。"
    person(cast, 2, ((2022, 30, 60), (2023, 30, 50), (2024, 30, 60)))
    assert ways(cast, cells(2)).closes
    person(cast, 3)
    assert ways(cast, cells(3)).words == ("结论为符合，没有需要补齐的学时。",)


def test_what_no_plan_brings_is_said(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, ((2024, 30, 0),))
    plan(cast, 24, date(2024, 6, 24), date(2024, 6, 26))
    found = ways(cast, cells(1, 申报级别="初级"))
    assert not found.closes
    assert "最多可补24学时" in found.words[0]


def test_waiting_a_year_asks_for_the_next_three(office: Path) -> None:
    cast = c.assemble()
    person(cast, 1, SHORT[1:])
    with db.reading() as session:
        now = sheet.sheet(session, batch(cells(1)).applications[0], actor=cast["title"])
        assert now.years == "2022;2023;2024"
        later = closing.if_waiting(session, now, actor=cast["title"])
    assert (later.facts.year, later.years) == (2025, "2023;2024;2025")
    assert "2025年度通知尚未载入" in later.note


# --- everybody ------------------------------------------------------------------------------------------------------


def test_everybody_of_the_scope_is_there_as_arrays(database: str) -> None:
    cast = c.assemble()
    person(cast, 1)
    person(cast, 2, SHORT, authority="hohhot", employer="示例旗蒙古族中学")
    with db.reading() as session:
        all_ = answers.everybody(session, cast["title"], 2024)
        own = answers.everybody(session, cast["hohhot_title"], 2024)
        assert c.refusal(lambda s: answers.everybody(s, cast["base"], 2024)).code == "role"
        theirs = answers.described(session, cast["hohhot_title"], all_.person_ids.tolist())
    assert (len(all_), len(own)) == (2, 1)
    notice = notices.of_year(2024)
    outcomes = all_.decided(notice).outcome
    assert [rules.OUTCOMES[each].label for each in outcomes] == ["符合", "不符合"]
    assert theirs["employer"].fillna("").tolist() == ["", "示例旗蒙古族中学"]
    longer = notice.model_copy(
        update={"windows": tuple(w.model_copy(update={"years": 5}) if w.years else w for w in notice.windows)}
    )
    assert all_.decided(longer).missing.shape[0] == 5
    assert np.array_equal(all_.decided(longer).complete & 7, all_.decided(notice).complete)


# --- files and the command line -------------------------------------------------------------------------------------


def run_command(tmp_path: Path, content: bytes, out: str = "out.xlsx", name: str = "in.xlsx") -> int:
    (tmp_path / name).write_bytes(content)
    return main(["eligibility", str(tmp_path / name), "--out", str(tmp_path / out)])


EXPECTED = (
    "姓名 身份证号 申报年度 申报方式 申报级别 单位性质 基层一线 转任日期 任现职日期 认定年限 博士后资助或省部级项目 "
    "出站留区 抗疫年度 结论 需完成年度 缺口 依据 说明"
).split()


def test_the_command_answers_every_row_in_order_with_ids_as_text(office: Path, tmp_path: Path, capsys: Any) -> None:
    cast = c.assemble()
    person(cast, 1)
    person(cast, 2, SHORT)
    before = c.everything()
    assert run_command(tmp_path, file(cells(2), cells(1))) == 0
    page = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert page is not None
    head, first, second = page.iter_rows(values_only=True)
    assert list(head) == EXPECTED
    assert first[1] == c.id_number(2)
    assert first[13:17] == ("不符合", "2022;2023;2024", "2023公需10;2024专业5", "一(三)1;一(一)")
    assert second[13:17] == ("符合", "2022;2023;2024", "无", "一(三)1;一(一)")
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "符合1，不符合1，待核验0，有误0" in streams.err
    assert c.everything() == before


def test_the_command_exits_1_with_problems_and_2_for_what_it_cannot_read(office: Path, tmp_path: Path) -> None:
    c.assemble()
    assert run_command(tmp_path, file(cells(1), cells(2, 申报方式="?")), "out.csv") == 1
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig"))))
    assert [row["结论"] for row in rows] == ["不符合", FAULTY]
    assert rows[1]["说明"].startswith("申报方式：")
    assert run_command(tmp_path, b"nonsense") == 2
    assert main(["eligibility", str(tmp_path / "absent.xlsx"), "--out", str(tmp_path / "x.csv")]) == 2
    assert run_command(tmp_path, file(cells(1)), "no/such/folder.xlsx") == 2
    with pytest.raises(SystemExit) as caught:
        run_command(tmp_path, file(cells(1)), "out.txt")
    assert caught.value.code == 2


def test_the_command_needs_an_office(office: Path, tmp_path: Path) -> None:
    assert run_command(tmp_path, file(cells(1))) == 2


def test_education_comes_back_only_where_it_was_given(office: Path) -> None:
    cast = c.assemble()
    assert "学历" not in answered(cast, cells(1)).headings()
    run = answered(cast, cells(1, 学历="博士研究生"))
    assert "学历" in run.headings()
    facts = run.applications[0].facts
    assert facts is not None
    assert facts.facts["education"] == "博士"


def test_formulas_in_a_name_are_defused(office: Path) -> None:
    cast = c.assemble()
    text = f'姓名,身份证号,申报年度,申报方式,申报级别\n"=HYPERLINK(""x"")",{c.id_number(1)},2024,职称评审,高级\n'
    with db.reading() as session:
        run = answers.answer(session, applications.read(text.encode(), "a.csv"), actor=cast["title"])
    assert run.frame["outcome"][0] == FAULTY
    book = openpyxl.load_workbook(io.BytesIO(sheets.workbook(run.headings(), run.lines())))
    cell = book.active["A2"]  # type: ignore[index]
    assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("x")')
    assert "'=HYPERLINK" in sheets.csv_file(run.headings(), run.lines()).decode("utf-8-sig")


def number_of(serial: int) -> str:
    return c.id_number(serial % 1000, date(1985, 3, 4 + serial // 1000))
