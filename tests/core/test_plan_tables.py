"""The yearly plan table (附件2), clause 三: as offices write it, filed, late, decided, carried out by plans."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
import xlsxwriter
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OrganizationKind, Refused
from core.law import notices
from core.models import PlanTable, ProgrammeLine, State
from core.submissions import plans, workflow
from core.submissions.programmes import capability, lines, marking
from core.submissions.workflow import Action
from core.tables.mending import Change
from core.tables.reading import Asked
from core.trail.files import Upload
from tests import cast as c

JANUARY = datetime.fromisoformat("2024-01-15T09:00:00+08:00")
ASKS = lines.Asks(2024, tuple("新一代信息技术 新能源 乡村振兴 新能源汽车 其他".split()))
BEGUN = capability.TableFields("capability", 2024)


@pytest.fixture
def cast(office: str) -> c.Cast:
    return c.assemble()


# --- what a cell means ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "number", "doubt"),
    [
        ("100", 100, ""),
        ("１００人", 100, ""),
        ("1,200人次", 1200, ""),
        ("约100人", 100, "about"),
        ("100人左右", 100, "about"),
        ("不少于50名", 50, "about"),
        ("100-120人", None, "several"),
        ("每期50人，共2期", None, "several"),
        ("50人×2期", None, "several"),
        ("待定", None, "later"),
        ("另行通知", None, "later"),
        ("", None, "none"),
        ("一批骨干", None, "form"),
        ("0", None, "range"),
        ("100001", None, "range"),
    ],
)
def test_people_are_a_number_only_where_one_is_written(cell: str, number: int | None, doubt: str) -> None:
    assert lines.people(cell) == (number, doubt)


@pytest.mark.parametrize(
    ("start", "end", "first", "last", "odd"),
    [
        ("2024年5月10日", "2024年5月15日", (5, 10), (5, 15), ""),
        ("2024-05-10", "5月15日", (5, 10), (5, 15), ""),
        ("5月10日至15日", "", (5, 10), (5, 15), ""),
        ("5月30日—6月2日", "", (5, 30), (6, 2), ""),
        ("2024.5.10-2024.5.15", "", (5, 10), (5, 15), ""),
        ("2024-05-10至2024-05-15", "", (5, 10), (5, 15), ""),
        ("5月10日", "", (5, 10), None, ""),
        ("2024年2月份", "", (2, 1), (2, 29), ""),
        ("5月中旬", "", (5, 11), (5, 20), ""),
        ("2月下旬-3月上旬", "", (2, 21), (3, 10), ""),
        ("二季度", "", (4, 1), (6, 30), ""),
        ("下半年", "", (7, 1), (12, 31), ""),
        ("五月", "", (5, 1), (5, 31), ""),
        ("十二月下旬", "", (12, 21), (12, 31), ""),
        ("十一月5日", "十一月9日", (11, 5), (11, 9), ""),
        ("6月至8月", "", (6, 1), (8, 31), ""),
        ("3—4月", "", (3, 1), (4, 30), ""),
        ("5月", "6月", (5, 1), (6, 30), ""),
        ("秋收以后", "", None, None, "words"),
        ("3月、9月", "", None, None, "words"),
        ("8月至6月", "", None, None, "order"),
        ("13月", "", None, None, "day"),
        ("待定", "", None, None, "later"),
        ("", "", None, None, "none"),
        ("2023年5月", "", None, None, "year"),
        ("2023-05-10", "2023-05-12", None, None, "year"),
        ("5月15日", "5月10日", None, None, "order"),
        ("2月30日", "", None, None, "day"),
    ],
)
def test_days_are_days_only_where_they_are_written(
    start: str, end: str, first: tuple[int, int] | None, last: tuple[int, int] | None, odd: str
) -> None:
    wanted = [each and date(2024, *each) for each in (first, last)]
    assert lines.period(start, end, 2024) == (*wanted, odd)


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ("3月、9月", (9, 30)),
        ("五月中旬左右", (5, 20)),  # as 五月中旬 itself is
        ("12月底前", (12, 31)),
        ("年底", (12, 31)),
        ("一、三季度", (9, 30)),
        ("上半年各一期", (6, 30)),
        ("十三月", None),
        ("14月以后", None),
        ("秋收以后", None),
        ("待定", None),
    ],
)
def test_words_that_are_no_days_name_the_last_day_that_is_known_of_them(said: str, by: tuple[int, int] | None) -> None:
    assert lines.period(said, "", 2024)[:2] == (None, None)
    assert lines.named_by(json.dumps({"start": said}), 2024) == (by and date(2024, *by))


@pytest.mark.parametrize("said", ["五月中旬", "5月中旬", "二季度", "上半年", "十月", "2024年11月", "3月至四月"])
def test_what_words_mean_is_known_once(said: str) -> None:
    assert lines.named_by(json.dumps({"start": said}), 2024) == lines.period(said, "", 2024)[1]


def test_a_key_field_is_one_of_the_notices_and_anything_else_is_other() -> None:
    def area(cell: str) -> tuple[str, list[str]]:
        cells = {"name": "班", "people": "5", "start": "5月", "area": cell}
        found = [each.code for each in lines.checked(ASKS, [(1, cells)])]
        return lines.line(ASKS, cells).area, found

    assert area("新能源") == ("新能源", [])
    assert area("新能源汽车产业") == ("新能源汽车", [])
    assert area("乡村振兴、新能源") == ("其他", ["area-other"])
    assert area("冰雪运动") == ("其他", ["area-other"])
    assert area("") == ("", ["area-none"])


# --- files as offices make them ---------------------------------------------------------------------------------------


def book(rows: Sequence[Sequence[Any]], merged: Sequence[tuple[int, int, int, int]] = ()) -> bytes:
    """A workbook with these rows; `merged`: from row and column to row and column."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        page, day = made.add_worksheet("计划表"), made.add_format({"num_format": "yyyy-mm-dd"})
        for at, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                if isinstance(cell, date):
                    page.write_datetime(at, place, datetime.combine(cell, datetime.min.time()), day)
                elif cell != "":
                    page.write(at, place, cell)
        for top, left, bottom, right in merged:
            page.merge_range(top, left, bottom, right, rows[top][left])
    return buffer.getvalue()


def read(content: bytes, filename: str = "计划表.xlsx", **chosen: str) -> tuple[list[lines.Line], list[str], list[str]]:
    """The lines of a file, the codes of what is said of them, and what was not read."""
    rows, account = lines.read(Upload(filename, content), ASKS, chosen)
    found = lines.checked(ASKS, list(enumerate(rows, start=1)))
    return [lines.line(ASKS, cells) for cells in rows], [f"{each.row} {each.code}" for each in found], account


TITLE = ["2024年内蒙古自治区专业技术人才知识更新工程能力提升项目培养培训计划表（区直、盟市）"]


def test_a_table_in_two_rows_of_headings_with_days_in_cells_of_their_own() -> None:
    found, said, account = read(
        book(
            [
                TITLE,
                ["序号", "单位", "项目名称", "重点领域", "培训时间", "", "计划人数", "备注"],
                ["", "", "", "", "起", "止", "", ""],
                [
                    1,
                    "内蒙古自治区农牧厅（示例）",
                    "农技推广骨干培训班",
                    "乡村振兴",
                    date(2024, 5, 10),
                    date(2024, 5, 15),
                    80,
                    "",
                ],
                [
                    2,
                    "内蒙古自治区农牧厅（示例）",
                    "数字农业培训班",
                    "新一代信息技术",
                    "5月中旬",
                    "",
                    "约100人",
                    "待审批",
                ],
                ["合计", "", "", "", "", "", 180, ""],
                ["填表人：示例甲", "", "", "", "联系电话：0471-0000000", "", "", ""],
            ],
            [(0, 0, 0, 7), (1, 0, 2, 0), (1, 2, 2, 2), (1, 4, 1, 5)],
        )
    )
    assert [(each.name, each.people, each.start_on, each.end_on) for each in found] == [
        ("农技推广骨干培训班", 80, date(2024, 5, 10), date(2024, 5, 15)),
        ("数字农业培训班", 100, date(2024, 5, 11), date(2024, 5, 20)),
    ]
    assert (found[1].said["start"], found[1].said["people"]) == ("5月中旬", "约100人")
    assert said == ["2 people-about"]
    assert account[0] == "读入2行，未读入2行"


def test_a_table_with_synonyms_and_both_days_in_one_column() -> None:
    found, said, _ = read(
        book(
            [
                [
                    "编号",
                    "班次名称",
                    "培训领域",
                    "参训人员范围",
                    "拟培训人数",
                    "举办时间",
                    "举办地点",
                    "课时",
                    "施教机构",
                ],
                ["1", "新能源：风电运维班", "新能源", "工程系列", "50人", "5月10日至15日", "包头市", "40", "示例大学"],
                ["2", "1.储能技术班", "新能源", "工程系列", "100-120人", "二季度", "待定", "3-5天", "示例大学"],
            ]
        )
    )
    assert [each.name for each in found] == ["新能源：风电运维班", "1.储能技术班"]
    assert (found[0].start_on, found[0].end_on, str(found[0].hours)) == (date(2024, 5, 10), date(2024, 5, 15), "40")
    assert (found[1].people, found[1].hours, found[1].said["hours"]) == (None, None, "3-5天")
    assert said == ["2 people-several"]


def test_a_merged_cell_holds_for_each_of_its_lines_and_a_merged_number_is_asked_about() -> None:
    found, said, _ = read(
        book(
            [
                ["序号", "项目名称", "重点领域", "计划人数", "培训时间", "承办单位"],
                [1, "信息技术班（一期）", "新一代信息技术", 100, "4月", "示例学院"],
                [2, "信息技术班（二期）", "", "", "9月", ""],
            ],
            [(1, 2, 2, 2), (1, 3, 2, 3), (1, 5, 2, 5)],
        )
    )
    assert [each.said["organizer"] for each in found] == ["示例学院", "示例学院"]
    assert [each.area for each in found] == ["新一代信息技术"] * 2
    assert [each.people for each in found] == [None, None]
    assert said == ["1 people-merged", "2 people-merged"]
    rows = lines.read(Upload("表.xlsx", book([["项目名称", "计划人数"], ["班", 5]])), ASKS, {})[0]
    assert rows == [{"name": "班", "people": "5"}]


def test_a_csv_file_in_gbk_and_rows_that_were_pasted_are_the_same_table() -> None:
    text = "项目名称,计划人数,培训时间,培训方式\n大数据应用班,待定,三季度,线上+线下\n,30,6月,线下\n"
    found, said, _ = read(text.encode("gbk"), "计划.csv")
    assert [each.name for each in found] == ["大数据应用班", ""]
    assert said == ["1 area-none", "1 people-later", "2 name-missing", "2 area-none"]
    given = lines.pasted(text.replace(",", "\t"), {})
    assert read(given.content, given.filename)[:2] == (found, said)


def test_pasted_rows_without_headings_have_those_of_the_form() -> None:
    page = openpyxl.load_workbook(io.BytesIO(lines.template(notices.of_year(2024), 2024))).worksheets[0]
    assert [page.cell(2, at).value for at in range(1, len(lines.HEADINGS) + 1)] == list(lines.HEADINGS.values())
    assert len(page.data_validations.dataValidation) == 2  # the notice's key fields, how it is taught
    cells = dict.fromkeys(lines.HEADINGS, "") | {"number": "1", "name": "光伏培训班", "people": "40", "start": "7月"}
    given = lines.pasted("\t".join(cells.values()), {})
    found, said, _ = read(given.content, given.filename)
    assert [(each.name, each.people) for each in found] == [("光伏培训班", 40)]
    assert said == ["1 area-none"]


def test_a_workbook_of_the_old_kind_is_read(office: str) -> None:
    path = db.ROOT / "tests" / "data" / "plan_table.xls"
    found, said, account = read(path.read_bytes(), "计划表.xls")
    assert [(each.name, each.people, each.start_on) for each in found] == [
        ("蒙医药适宜技术培训班", 60, date(2024, 6, 3)),
        ("基层全科医师培训班", None, date(2024, 7, 1)),
    ]
    assert said == ["1 area-other", "2 area-none", "2 people-later"]
    assert account[0].startswith("读入2行")


def test_two_columns_for_one_name_are_asked_about_and_a_wrong_year_is_named() -> None:
    two = book([["项目名称", "人数（线上）", "人数（线下）", "培训时间"], ["班", 10, 20, "5月"]])
    with pytest.raises(Asked) as asked:
        read(two)
    assert "人数（线上）" in asked.value.words
    last_year = book([["项目名称", "计划人数", "培训时间"], ["班", 10, "2023年5月10日"]])
    assert read(last_year)[1] == ["1 area-none", "1 when-year"]


def test_a_sum_above_the_headings_and_a_mark_for_the_cell_above_are_understood_and_told() -> None:
    heads = ["序号", "单位", "培训班次", "重点领域", "计划人数", "何时办"]
    rows = [["合计", "", "", "", 250, ""], heads, [1, "示例局", "甲班", "新能源", 50, "3月"]]
    rows += [[2, "〃", "乙班", "同上", "〃", "4月"], ["合计", "", "", "", 100, ""]]
    found, said, account = read(book(rows), 何时办="start")
    assert [(each.said["unit"], each.area, each.people) for each in found] == [("示例局", "新能源", 50)] * 2
    assert (said, account[0]) == ([], "读入2行，未读入1行")
    assert "表中第4行：“单位”写的是同上，按上一行读入" in account
    nothing_above = book([["项目名称", "计划人数", "培训地点"], ["班", 5, "同上"]])
    assert "1 cell-same" in read(nothing_above)[1]


def test_another_sheet_is_named_or_where_it_is_such_a_table_refused() -> None:
    def two(*second: list[Any]) -> bytes:
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
            first = [
                ["序号", "项目名称", "计划人数", "培训时间", "地点", "方式"],
                [1, "班", 5, "3月", "包头市", "线下"],
            ]
            for name, rows in (("线上班", first), ("另一张", second)):
                page = made.add_worksheet(name)
                for at, cells in enumerate(rows):
                    page.write_row(at, 0, cells)
        return buffer.getvalue()

    line = [1, "班", 6, "4月", "包头市", "线下"]
    with pytest.raises(Refused, match=r"“另一张”有1行.*没有认出“项目名称”"):
        read(two(["序号", "课", "人数", "培训时间", "地点", "方式"], line))
    with pytest.raises(Refused, match="“线上班”和“另一张”"):
        read(two(["序号", "培训班次", "人数", "培训时间", "地点", "方式"], line))
    other_kind: list[list[Any]] = [["单位", "人数", "地点"], ["示例局", 5, "包头市"]]
    for harmless in ([["填表说明"], ["一、项目名称、计划人数须填写"]], other_kind):
        told = read(two(*harmless))[2][-1]
        assert told.startswith("没有读入的工作表：“另一张”（2行）")


def test_an_id_number_has_no_place_in_it() -> None:
    cells = {"name": "班", "people": "5", "start": "5月", "area": "新能源", "contact": f"示例甲 {c.id_number(1)}"}
    (found,) = lines.checked(ASKS, [(3, cells)])
    assert (found.code, found.blocking) == ("cell-number", True)
    assert c.id_number(1) not in found.value


# --- filed, late, decided ---------------------------------------------------------------------------------------------


def begun(cast: c.Cast, by: str = "department", now: datetime = JANUARY, *rows: dict[str, str]) -> PlanTable:
    with db.transaction() as session:
        found = capability.draft(session, BEGUN, actor=cast[by], now=now)
        for cells in rows:
            capability.add(session, found.id, cells, actor=cast[by], now=now)
    return found


def submit(cast: c.Cast, found: PlanTable, by: str = "department", now: datetime = JANUARY) -> str:
    with db.transaction() as session:
        version = session.get_one(PlanTable, found.id).version
        return workflow.move(session, found.id, Action.SUBMIT, version=version, actor=cast[by], now=now)[1].words


def kept(found: PlanTable) -> PlanTable:
    with db.reading() as session:
        table = session.get_one(PlanTable, found.id)
        assert table.lines is not None
        return table


def test_a_department_files_its_table_to_the_region_in_time(cast: c.Cast) -> None:
    found = begun(cast, "department", JANUARY, *c.LINES)
    assert found.title == "2024年知识更新能力提升项目计划表"
    assert "按期报送，2项、160人" in submit(cast, found)
    with db.reading() as session:
        table = session.get_one(PlanTable, found.id)
        assert (table.state, table.late, table.due_on) == (State.SUBMITTED, False, date(2024, 1, 31))
        assert table.authority_id == cast.places["region"].id
    assert "2项列入2024年度汇总表" in c.approve(cast, found.id, now=JANUARY)


def test_a_leagues_clerk_files_and_its_own_reviewer_reads_it_and_decides_nothing(cast: c.Cast) -> None:
    with_clerk(cast, "hohhot_clerk", "hohhot")
    found = c.file_table(cast, by="hohhot_clerk", now=JANUARY)
    with db.reading() as session:
        assert workflow.one(session, found.id, cast["hohhot_reviewer"]).organization.name.startswith("呼和浩特市")
        assert (
            workflow.moves_for(workflow.one(session, found.id, cast["hohhot_reviewer"]), cast["hohhot_reviewer"]) == []
        )
    act: Any = {"version": found.version, "actor": cast["hohhot_reviewer"], "now": JANUARY}
    assert c.refusal(lambda s: workflow.move(s, found.id, Action.APPROVE, **act)).code == "jurisdiction"
    c.approve(cast, found.id, now=JANUARY)


def with_clerk(cast: c.Cast, username: str, place: str) -> None:
    """A league's own clerk of trainings."""
    with db.transaction() as session:
        home = cast.places[place]
        account = c.accounts.open_account(
            session,
            username=username,
            name="经办人",
            role=c.Role.BASE_CLERK,
            organization_id=home.id,
            password=c.PASSWORD,
            must_change_password=False,
            actor=cast["admin"],
            now=c.NOW,
        )
        session.flush()
        league = session.get_one(c.Organization, home.id).league
    cast.actors[username] = c.Actor(
        account.id, "经办人", c.Role.BASE_CLERK, home.id, home.name, home.kind, league=league
    )


@pytest.mark.parametrize("by", ["base", "exam", "hohhot_base", "reviewer", "hohhot_reviewer", "employer", "leader"])
def test_those_whom_the_notice_does_not_name_file_none(cast: c.Cast, by: str) -> None:
    refused = c.refusal(lambda s: capability.draft(s, BEGUN, actor=cast[by], now=JANUARY))
    assert refused.code == ("fields" if cast[by].role is c.Role.BASE_CLERK else "role")
    assert not capability.files_tables(cast[by])


def test_a_notice_may_name_bases_and_another_programme(cast: c.Cast) -> None:
    text = """
id: own-2024
extends: nmg-2024
title: 自治区2024年补充通知
document: 示例〔2024〕9号
clauses: [补一]
programmes:
  - {code: data_skills, way: lines, name: 数据技能项目, clause: 补一, plan_due: 03-31, offices: [base]}
"""
    c.lay_notice("own-2024", text)
    with db.transaction() as session:
        fields = capability.TableFields("data_skills", 2024)
        found = capability.draft(session, fields, actor=cast["base"], now=JANUARY)
        deadline = capability.due(session, found.organization, "data_skills", 2024)
        assert deadline
        assert deadline.due_on == date(2024, 3, 31)
    assert capability.files_tables(cast["base"])


def test_one_table_a_year_until_it_is_rejected(cast: c.Cast) -> None:
    found = begun(cast, "department", JANUARY, *c.LINES)
    again = c.refusal(lambda s: capability.draft(s, BEGUN, actor=cast["department"], now=JANUARY))
    assert again.code == "twice"
    submit(cast, found)
    with db.transaction() as session:
        move(session, cast, found, Action.REJECT, "reviewer", reason="重报")
    assert begun(cast).id != found.id


def test_two_clerks_who_begin_at_once_begin_one_table(database: str) -> None:
    cast = c.assemble()
    found = c.at_once(*[lambda s: capability.draft(s, BEGUN, actor=cast["department"], now=JANUARY)] * 2)
    assert sorted(type(each).__name__ for each in found) == ["PlanTable", "Refused"]


def test_a_table_that_is_empty_or_has_a_fault_is_not_filed(cast: c.Cast) -> None:
    found = begun(cast)
    assert c.refusal(lambda s: move(s, cast, found, Action.SUBMIT)).fields.keys() == {"lines"}
    with db.transaction() as session:
        capability.add(session, found.id, {"name": "班", "people": "若干人等"}, actor=cast["department"], now=JANUARY)
    refused = c.refusal(lambda s: move(s, cast, found, Action.SUBMIT))
    assert "第1项：计划人数请填数字" in refused.words
    with db.transaction() as session:
        change = [Change(1, "people", "若干人等", "待定")]
        capability.repair(session, found.id, change, actor=cast["department"], now=JANUARY)
    assert "1项、0人（另有1项人数未定）" in submit(cast, found)


def move(session: Session, cast: c.Cast, found: PlanTable, action: Action, by: str = "department", **more: Any) -> Any:
    version = session.scalar(sa.select(PlanTable.version).where(PlanTable.id == found.id)) or 0
    act: Any = {"version": version, "actor": cast[by], "now": JANUARY} | more
    return workflow.move(session, found.id, action, **act)


def test_filed_after_its_day_it_is_taken_and_marked_and_returned_it_keeps_the_day_it_was_filed(cast: c.Cast) -> None:
    late = begun(cast, "department", JANUARY, *c.LINES)
    february = JANUARY + timedelta(days=17)
    assert "逾期报送" in submit(cast, late, now=february)
    assert (kept(late).late, kept(late).filed_on) == (True, date(2024, 2, 1))
    with db.reading() as session:
        assert next(each.code for each in workflow.warnings(session, late.id, cast["reviewer"])) == "late"


def test_returned_by_row_and_field_and_filed_again_after_the_day_it_is_not_late(cast: c.Cast) -> None:
    found = begun(cast, "department", JANUARY, *c.LINES)
    submit(cast, found)
    remarks = [workflow.Remark("people", 2, "请核对"), workflow.Remark("missing", "note")]
    with db.transaction() as session:
        move(session, cast, found, Action.RETURN, "reviewer", remarks=remarks)
    with db.transaction() as session:
        change = [Change(2, "people", "60", "70")]
        capability.repair(session, found.id, change, actor=cast["department"], now=JANUARY)
    with db.reading() as session:
        told = [(each.label, each.changed) for each in workflow.remarks(session, found.id, cast["department"])]
        assert told == [("第2行 乡村振兴农技人员培训班", True), ("编制说明", False)]
    submit(cast, found, now=JANUARY + timedelta(days=30))
    assert (kept(found).late, kept(found).people) == (False, 170)
    with db.reading() as session:
        (changed,) = [each for each in workflow.changes(session, found.id, cast["reviewer"]) if each.row]
        assert (changed.label, changed.before, changed.after) == ("计划人数", "60", "70")


def test_where_the_notice_takes_nothing_late_it_is_refused_in_words(cast: c.Cast) -> None:
    text = """
id: own-2024
extends: nmg-2024
title: 自治区2024年补充通知
document: 示例〔2024〕9号
clauses: [补一]
interpretations:
  - {setting: capability_late, value: false, clause: 补一, reason: 逾期的不再受理。}
"""
    c.lay_notice("own-2024", text)
    found = begun(cast, "department", JANUARY, *c.LINES)
    refused = c.refusal(lambda s: move(s, cast, found, Action.SUBMIT, now=JANUARY + timedelta(days=17)))
    assert refused.code == "late"
    assert "2024-01-31" in refused.words
    assert "示例〔2024〕9号不再受理" in refused.words


def test_a_file_brings_its_lines_and_another_takes_their_place_only_when_that_is_said(cast: c.Cast) -> None:
    found = begun(cast)
    rows = [["项目名称", "计划人数", "培训时间"], ["甲班", "约50人", "5月"], ["乙班", "", "6月"]]
    given = Upload("计划.xlsx", book(rows))
    act: Any = {"note": "", "actor": cast["department"], "now": JANUARY}
    with db.transaction() as session:
        table = capability.revise(session, found.id, given=given, version=found.version, **act)
        session.flush()
        assert (table.items, table.people, table.faults) == (2, 50, 1)
        version = table.version
    other = Upload("另一份.xlsx", book([["项目名称", "计划人数"], ["丙班", 9]]))
    again = c.refusal(lambda s: capability.revise(s, found.id, given=other, version=version, **act))
    assert again.code == "replace"
    stale = c.refusal(lambda s: capability.revise(s, found.id, given=other, replaces=True, version=1, **act))
    assert stale.code == "stale"
    with db.transaction() as session:
        table = capability.revise(session, found.id, given=other, replaces=True, version=version, **act)
        session.flush()
        assert [(each.number, each.name) for each in table.lines] == [(1, "丙班")]


def test_another_changed_the_same_cell_and_nobody_elses_table_is_touched(cast: c.Cast) -> None:
    found = begun(cast, "department", JANUARY, *c.LINES)
    act: Any = {"actor": cast["department"], "now": JANUARY}
    stale = c.refusal(lambda s: capability.repair(s, found.id, [Change(1, "people", "90", "80")], **act))
    assert stale.code == "stale"
    assert c.refusal(lambda s: capability.strike(s, found.id, 9, **act)).code == "rows"
    with_clerk(cast, "hohhot_clerk", "hohhot")
    other: Any = {"actor": cast["hohhot_clerk"], "now": JANUARY}
    assert c.refusal(lambda s: capability.strike(s, found.id, 1, **other)).code == "missing"
    submit(cast, found)
    assert c.refusal(lambda s: capability.strike(s, found.id, 1, **act)).code == "state"


def test_lines_are_numbered_without_a_gap_when_they_are_filed(cast: c.Cast) -> None:
    found = begun(cast, "department", JANUARY, *c.LINES, {"name": "第三班", "people": "5", "start": "9月"})
    with db.transaction() as session:
        act: Any = {"actor": cast["department"], "now": JANUARY}
        capability.strike(session, found.id, 1, **act)
    with db.transaction() as session:
        capability.put_back(session, found.id, 1, c.LINES[0], **act)
    again = c.refusal(lambda s: capability.put_back(s, found.id, 1, c.LINES[0], **act))
    assert (again.code, next(each.name for each in kept(found).lines)) == ("rows", c.LINES[0]["name"])
    with db.transaction() as session:
        capability.strike(session, found.id, 1, **act)
    submit(cast, found)
    assert [each.number for each in kept(found).lines] == [1, 2]


def test_a_plan_carries_out_an_approved_line_and_holds_the_approval_up(cast: c.Cast) -> None:
    found = begun(cast, "department", JANUARY, *c.LINES)
    submit(cast, found)
    c.approve(cast, found.id, now=JANUARY)
    with db.reading() as session:
        base = session.get_one(c.Organization, cast.places["base"].id)
        offered = marking.lines_for(session, base, "capability", 2024)
        assert [each.name for each in offered] == [each["name"] for each in c.LINES]
        line = offered[1]
    with db.transaction() as session:
        fields = replace(c.PLAN, programme="capability", line_id=line.id)
        plans.draft(session, fields, actor=cast["base"], now=c.NOW)
    refused = c.refusal(lambda s: move(s, cast, found, Action.UNDO, "reviewer"))
    assert refused.code == "relied"


def test_an_approval_nothing_relies_on_is_undone(cast: c.Cast) -> None:
    found = begun(cast, "department", JANUARY, *c.LINES)
    submit(cast, found)
    c.approve(cast, found.id, now=JANUARY)
    with db.transaction() as session:
        move(session, cast, found, Action.UNDO, "reviewer")
    assert kept(found).state is State.SUBMITTED
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(ProgrammeLine.id))) == 2


def test_the_region_is_never_bound() -> None:
    programme = notices.in_force(date(2024, 1, 1)).programme("capability")
    assert [kind for kind in OrganizationKind if capability.binds(programme, kind)] == [
        OrganizationKind.LEAGUE_HR,
        OrganizationKind.DEPARTMENT,
    ]
    with pytest.raises(Refused, match="fields"):
        capability.programme_of(notices.in_force(date(2024, 1, 1)), "advanced_seminars", OrganizationKind.DEPARTMENT)
