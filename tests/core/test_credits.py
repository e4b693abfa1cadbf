"""Hours of earlier years (导入学时): every problem at once, good rows never sink, nothing is posted twice."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.__main__ import main
from core.ground import db, typed
from core.ground.access import OrganizationKind, Refused
from core.ledger import books, checks, statements
from core.models import Attachment, AuditEntry, CreditBatch, CreditEntry, Person, Source
from core.people import acts, setup
from core.records import imports
from core.submissions import workflow
from core.submissions.workflow import Action
from core.tables import sheets
from core.tables.mending import Change, Mended
from core.tables.reading import NOTHING_MENDED
from core.trail import audit, files
from core.trail.files import Upload
from tests import cast as c

HEADINGS = tuple(imports.HEADINGS.values())


def line(serial: int = 1, **cells: Any) -> list[Any]:
    """One faultless row of hours; name the columns to change."""
    usual = {
        "id_number": c.id_number(serial),
        "name": f"赵示{chr(0x4E00 + serial)}",
        "year": 2023,
        "subject": "专业科目",
        "hours": 60,
        "source": "培训",
        "basis": "继续教育证书",
        "completed_on": "2023-06-28",
    }
    return list((usual | cells).values())


def book(*rows: list[Any], headings: tuple[str, ...] = HEADINGS) -> bytes:
    return c.sheet(list(rows), headings)


def read(*rows: list[Any], **more: Any) -> imports.Preview:
    return imports.read(book(*rows), "学时.xlsx", today=c.TODAY, **more)


def told(preview: imports.Preview) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.heading(imports.HEADINGS), problem.code) for problem in preview.problems]


def bring(
    cast: c.Cast,
    *rows: list[Any],
    by: str = "reviewer",
    reason: str = "补登纸质台账",
    filename: str = "学时.xlsx",
    mended: Mended = NOTHING_MENDED,
) -> Callable[[Session], tuple[CreditBatch | None, imports.Preview]]:
    upload = Upload(filename, book(*rows))
    return lambda s: imports.bring_in(s, upload, actor=cast[by], reason=reason, now=c.NOW, mended=mended)


def mending(preview: imports.Preview, *changes: tuple[int, str, str, str], struck: tuple[int, ...] = ()) -> Mended:
    """What is changed in a file that was read: row, column, before, after; and the rows left out."""
    found = Mended().changed(preview.cells, [Change(*each) for each in changes], imports.HEADINGS)
    for row in struck:
        found = found.without(preview.cells, row)
    return found


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


def balance(serial: int, year: int = 2023) -> tuple[Decimal, Decimal, str]:
    with db.reading() as session:
        found = c.totals(session, c.person_id(serial), [year]).iloc[0]
        assert [*checks.faults(session), *audit.faults(session)] == []
    return found["public"], found["professional"], found["lacks"]


# --- reading --------------------------------------------------------------------------------------------------------


def test_a_row_is_read_as_it_was_meant() -> None:
    preview = read(
        line(1),
        line(2, year="2022年度", subject="公需", hours="30学时", source="公需考试", completed_on=""),
        line(3, year="２０２４年", hours="７．５", completed_on="2024年3月5日", source=" 折合 "),
        line(4, hours="", source="职业资格", basis="一级建造师"),
        line(
            5,
            hours=0,
            subject="",
            source="职业资格",
            completed_on=datetime(2023, 9, 1, tzinfo=UTC).replace(tzinfo=None),
        ),
        line(6, source="补学", completed_on="20240301"),
        line(7, year=2024, completed_on=None, hours=0.5),
    )
    assert preview.problems == []
    assert [row.year for row in preview.rows] == [2023, 2022, 2024, 2023, 2023, 2023, 2024]
    assert [row.subject for row in preview.rows] == ["professional", "public", *["professional"] * 5]
    assert [str(row.hours) for row in preview.rows] == ["60", "30", "7.5", "0", "0", "60", "0.5"]
    assert [row.source for row in preview.rows] == [Source(code) for code in SOURCES_READ]
    assert [row.deemed for row in preview.rows] == [False] * 3 + [True] * 2 + [False] * 2
    days = [row.completed_on for row in preview.rows]
    assert days[:4] == [date(2023, 6, 28), date(2022, 12, 31), date(2024, 3, 5), date(2023, 6, 28)]
    assert days[4:] == [date(2023, 9, 1), date(2024, 3, 1), c.TODAY]  # never a day that has not come
    assert [row.dated for row in preview.rows] == [True, False, True, True, True, True, False]


SOURCES_READ = "training public_exam conversion qualification qualification make_up training".split()


def test_headings_have_synonyms_in_any_order_and_sums_and_signatures_are_no_rows() -> None:
    headings = ("年份", "证件号码", "姓名", "学时来源", "科目类别", "学时数")
    rows = [
        [2023, c.id_number(1), "额尔敦·巴图", "培训", "专业", 60],
        ["", "", "", "", "", ""],
        ["", "合计", "", "", "", 60],
        ["", "填表人：赵示", "", "", "", ""],
        ["", "", "审核人：钱示", "", "", ""],
        ["填表人：赵示", "审核人：钱示", "", "", "", ""],
    ]
    preview = imports.read(book(*rows, headings=headings), "学时.xlsx", today=c.TODAY)
    assert (len(preview.rows), preview.problems) == (1, [])
    text = sheets.csv_file(headings, rows[:1]).decode("utf-8-sig").encode("gb18030")
    assert imports.read(text, "学时.csv", today=c.TODAY).rows[0].name == "额尔敦·巴图"


def test_what_is_no_file_of_hours_is_refused_and_says_why() -> None:
    cases = [("headings", book(line(), headings=("a", *HEADINGS[1:]))), ("file", book()), ("file", b"\x00\x01")]
    for code, content in cases:
        with pytest.raises(Refused) as caught:
            imports.read(content, "学时.xlsx", today=c.TODAY)
        assert caught.value.code == code


PROBLEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "id-missing": ("身份证号", {"id_number": ""}),
    "id-ruined": ("身份证号", {"id_number": 1.5e17}),
    "id-length": ("身份证号", {"id_number": "15019919850304"}),
    "id-character": ("身份证号", {"id_number": "一五〇一九九"}),
    "id-birth": ("身份证号", {"id_number": "150199198513040019"}),
    "id-checksum": ("身份证号", {"id_number": c.id_number(1)[:17] + ("0" if c.id_number(1)[17] != "0" else "1")}),
    "name-missing": ("姓名", {"name": ""}),
    "name-form": ("姓名", {"name": "赵3"}),
    "year-form": ("年度", {"year": "去年"}),
    "year-range": ("年度", {"year": 2025}),
    "subject-form": ("科目", {"subject": "选修"}),
    "subject-deemed": ("科目", {"subject": "公需", "source": "职业资格", "hours": ""}),
    "subject-makeup": ("科目", {"subject": "公需", "source": "补学"}),
    "hours-form": ("学时", {"hours": "很多"}),
    "hours-none": ("学时", {"hours": ""}),
    "hours-half": ("学时", {"hours": 7.25}),
    "hours-range": ("学时", {"hours": 1000.5}),
    "hours-deemed": ("学时", {"hours": 60, "source": "职业资格"}),
    "source-form": ("来源", {"source": "自学"}),
    "basis-long": ("依据", {"basis": "证" * 201}),
    "number-elsewhere": ("依据", {"basis": f"证书{c.id_number(1)}"}),
    "date-form": ("完成日期", {"completed_on": "六月"}),
    "date-future": ("完成日期", {"year": 2024, "completed_on": "2024-06-04"}),
    "date-year": ("完成日期", {"completed_on": "2024-01-01"}),
    "date-makeup": ("完成日期", {"year": 2022, "source": "补学", "completed_on": "2021-12-31"}),
    "subject-source": ("科目", {"subject": "公需", "source": "三科"}),
}


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_names_its_row_its_column_and_how_to_mend_it(code: str) -> None:
    heading, cells = PROBLEMS[code]
    preview = read(line(2), line(1, **cells), line(3))
    assert told(preview) == [(4, heading, code)]
    (problem,) = preview.problems
    assert problem.words
    written = line(1, **cells)[HEADINGS.index(heading)]
    assert problem.value == typed.text(written)[:200]
    assert [row.row for row in preview.good_rows] == [3, 5]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"year": 2000, "completed_on": ""}, "policy-none"),
        ({"year": 2021, "completed_on": ""}, "policy-none"),
        ({"year": 2022, "completed_on": ""}, None),
        ({"year": 1999, "completed_on": ""}, "year-range"),
        ({"year": 2024, "completed_on": "2024-06-03"}, None),
        ({"hours": 1000}, "hours-many"),
        ({"hours": 90}, None),
        ({"hours": 90.5}, "hours-many"),
        ({"hours": 16, "completed_on": "2023-01-02"}, None),
        ({"hours": 16.5, "completed_on": "2023-01-02"}, "hours-many"),
        ({"hours": 60, "source": "补学", "completed_on": "2024-01-02"}, None),
        ({"hours": "0.5"}, None),
        ({"hours": -8}, "hours-range"),
        ({"hours": "NaN"}, "hours-form"),
        ({"hours": "8e1"}, "hours-form"),
        ({"hours": "NaN", "source": "职业资格"}, "hours-deemed"),
        ({"year": 2022, "source": "补学", "completed_on": "2024-01-01"}, None),
        ({"year": 2022, "source": "补学", "completed_on": "2021-12-31"}, "date-makeup"),
        ({"completed_on": "2023-02-30"}, "date-form"),
        ({"completed_on": 45105}, None),  # a day as the spreadsheet counts them
        ({"subject": "professional"}, None),
    ],
)
def test_on_both_sides_of_every_boundary(cells: dict[str, Any], code: str | None) -> None:
    assert [problem.code for problem in read(line(1, **cells)).problems] == ([code] if code else [])


def test_more_hours_than_a_year_asks_for_are_a_hint_and_the_row_is_good() -> None:
    preview = read(line(1, hours=500), line(2, hours=24, completed_on="2023-01-01"), line(3, hours="很多"))
    assert told(preview) == [(3, "学时", "hours-many"), (4, "学时", "hours-many"), (5, "学时", "hours-form")]
    first, second, _ = preview.problems
    assert (first.blocking, second.blocking) == (False, False)
    assert "多于2023年度全年要求的90学时" in first.words
    assert "2023年1月1日至2023-01-01每天至多8学时，最多8学时" in second.words
    assert [row.hours for row in preview.good_rows] == [500, 24]


def test_all_problems_of_a_file_come_at_once_in_the_order_of_the_sheet() -> None:
    preview = read(line(1, name="", year="x", hours="y", source="z"), line(2), line(3, id_number="1", completed_on="?"))
    codes = [problem.code for problem in preview.problems]
    assert codes == ["name-missing", "year-form", "hours-form", "source-form", "id-length", "date-form"]
    assert len(preview.good_rows) == 1


def test_one_row_written_twice_counts_once_and_two_studies_are_told_apart_by_their_basis() -> None:
    preview = read(line(1), line(1), line(1, basis="另一期"), line(1, subject="公需"), line(2))
    assert told(preview) == [(4, "依据", "duplicate")]
    assert "第3行" in preview.problems[0].words


def test_two_parts_of_one_study_are_a_hint_and_both_are_taken() -> None:
    rows = [line(1), line(1, hours=24), line(1, completed_on="2023-06-29"), line(1, completed_on=""), line(1, hours=24)]
    preview = read(*rows)
    assert told(preview) == [
        (4, "依据", "alike"),
        (5, "依据", "alike"),
        (6, "依据", "duplicate"),
        (7, "依据", "duplicate"),
    ]
    assert [row.row for row in preview.good_rows] == [3, 4, 5]


@pytest.mark.parametrize(
    ("source", "subject", "code"),
    [
        ("折合", "公需", "subject-source"),
        ("三科", "公需", "subject-source"),
        ("技能培训", "公需", "subject-source"),
        ("公需考试", "专业", "subject-source"),
        ("补学", "公需", "subject-makeup"),
        *((source, "专业", None) for source in ("折合", "三科", "技能培训", "补学", "培训")),
        ("公需考试", "公需课", None),
        ("培训", "公需", None),
    ],
)
@pytest.mark.parametrize("year", [2022, 2023, 2024])
def test_a_source_counts_for_the_subject_that_the_notice_gives_it_for(
    source: str, subject: str, code: str | None, year: int
) -> None:
    day = "2024-03-01" if source == "补学" else f"{year}-03-01"
    found = read(line(1, year=year, source=source, subject=subject, completed_on=day)).problems
    assert [problem.code for problem in found] == ([code] if code else [])
    if code == "subject-source":
        assert ("（一(" if source == "公需考试" else "（一(四)") in found[0].words
        assert ("公需科目" if source == "公需考试" else "专业科目") in found[0].words


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (("女", ""), "性别"),
        (("女性 ", ""), "性别"),
        (("男", "1985-03-05"), "出生日期"),
        (("", "1985年4月"), "出生日期"),
        (("", date(1985, 3, 5)), "出生日期"),
        (("", 31111), "出生日期"),
        (("男", "1985-03-04"), None),
        (("男", "19850304"), None),
        (("", 31110), None),
        (("", "1985.3"), None),
        (("", 1985.1), None),
        (("不详", "八五年"), None),
    ],
)
def test_a_column_that_contradicts_the_number_is_told(cells: tuple[Any, Any], column: str | None) -> None:
    content = book([*line(1), "", *cells], headings=HEADINGS)
    assert HEADINGS[-2:] == ("性别", "出生日期")
    found = told(imports.read(content, "学时.xlsx", today=c.TODAY))
    assert found == ([(3, column, "id-contradicted")] if column else [])


ETHICS = """
id: own-2024
extends: nmg-2024
title: 本单位2024年通知
document: 示例〔2024〕1号
clauses: [补一]
subjects:
  - {code: ethics, name: 职业道德, clause: 补一}
"""


def test_an_offices_own_subject_is_taken_for_earlier_years_too(home: Path) -> None:
    rows = [line(1, subject="职业道德"), line(2, subject="职业道德", year=2024, completed_on="2024-03-01")]
    assert [problem.code for problem in read(*rows).problems] == ["subject-form"] * 2
    c.lay_notice("own-2024", ETHICS)
    preview = read(*rows, line(3, subject="公需", year=2022, completed_on=""))
    assert (preview.problems, [row.subject for row in preview.rows]) == ([], ["ethics", "ethics", "public"])


def test_a_faulty_policy_file_keeps_out_the_rows_that_need_it_and_no_others(home: Path) -> None:
    c.lay_notice("own-2022", "id: own-2022\nin_force: {from: 2022-01-01, to: 2022-12-31}\nrequirement: 九百\n")
    preview = read(line(1, year=2022, hours=900, completed_on=""), line(2, year=2024, completed_on="2024-03-01"))
    assert told(preview) == [(3, "年度", "policy")]
    assert "own-2022.yaml:1" in preview.problems[0].words
    assert [row.row for row in preview.good_rows] == [4]


def test_a_year_without_a_notice_is_told_once() -> None:
    preview = read(line(1, year=2015, completed_on=""), line(2, year=2015, completed_on=""), line(3))
    assert told(preview) == [(3, "年度", "policy-none")]
    assert "没有载入2015年度的政策" in preview.problems[0].words
    assert len(preview.good_rows) == 3


LEAGUE = (
    c.HOHHOT_NOTICE
    + """requirement:
  clause: 补一
  hours: {professional: 20, total: 50}
conversions:
  - {clause: 补一, activity: 三科, subject: public, source: 三科, rate: 1}
"""
)


def test_a_row_is_held_against_the_notice_of_its_persons_league(office: Path) -> None:
    cast = c.assemble()
    done(bring(cast, line(1), by="hohhot_reviewer"))
    done(bring(cast, line(2)))
    c.lay_notice("hohhot-2024", LEAGUE)
    new = {"year": 2024, "completed_on": "2024-03-01", "basis": "三科培训", "source": "三科"}
    rows = [line(serial, **new, subject="公需", hours=50.5) for serial in (1, 2, 3)]

    def found(office: str | None) -> list[tuple[int, str]]:
        authority_id = cast.places[office].id if office else None
        with db.reading() as session:
            return [(row, code) for row, _, code in told(read(*rows, known=session, authority_id=authority_id))]

    assert found("hohhot") == [(3, "hours-many"), (4, "subject-source"), (5, "hours-many")]
    assert found("region") == [(3, "jurisdiction"), (3, "hours-many"), (4, "subject-source"), (5, "subject-source")]
    assert found(None) == [(3, "hours-many"), (4, "subject-source"), (5, "subject-source")]
    batch, _ = done(bring(cast, *rows, by="hohhot_reviewer", filename="三科.xlsx"))
    assert (batch.entries, balance(1, 2024)[0]) == (2, Decimal("50.5"))


# --- into the ledger ------------------------------------------------------------------------------------------------


def test_good_rows_are_posted_as_one_batch_with_the_file_kept_and_a_line_in_the_trail(database: str) -> None:
    cast = c.assemble()
    rows = [
        line(1),
        line(1, subject="公需", hours=30, source="公需考试"),
        line(2, hours="", source="职业资格", basis="一级建造师"),
        line(3, hours=7.25),
    ]
    batch, preview = done(bring(cast, *rows))
    assert told(preview) == [(6, "学时", "hours-half")]
    assert (batch.entries, batch.posted_by, batch.authority_id) == (3, cast["reviewer"].name, 1)
    assert balance(1) == (30, 60, "已完成")
    assert balance(2) == (0, 0, "公需差30、累计差30")
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 2
        kept = session.scalars(sa.select(Attachment)).one()
        assert (kept.id, kept.submission_id, kept.purpose) == (batch.attachment_id, None, "credits")
        assert files.opened(session, kept.id, cast["admin"]).content == book(*rows)
        entries = statements.entries(session, c.person_id(2))
        assert list(entries[["basis", "source", "deemed"]].iloc[0]) == ["一级建造师", Source.QUALIFICATION, 1]
        trail, _ = audit.history(session, cast["admin"], limit=1)
    (entry,) = trail.to_dict("records")
    assert (entry["event"], entry["reason"]) == ("credits.imported", "补登纸质台账")
    assert '"entries":3' in entry["after"]
    sealed = (db.home() / "files" / kept.sha256[:2] / kept.sha256).read_bytes()
    assert b"PK" not in sealed[:4]


def test_a_file_of_an_import_is_handed_out_to_its_officers_only_as_a_logged_act(database: str) -> None:
    cast = c.assemble()
    batch, _ = done(bring(cast, line(1), by="hohhot_reviewer"))
    for by in ("baotou_reviewer", "hohhot_title", "leader", "hohhot_base", "base"):
        deed = lambda s, by=by: files.handed_out(s, batch.attachment_id, actor=cast[by], now=c.NOW)  # noqa: E731
        assert c.refusal(deed).code == "missing"
    for by in ("hohhot_admin", "reviewer"):
        given = done(lambda s, by=by: files.handed_out(s, batch.attachment_id, actor=cast[by], now=c.NOW))
        assert given.content == book(line(1))
    with db.reading() as session:
        trail, count = audit.history(session, cast["hohhot_admin"], event=audit.Event.FILE_HANDED_OUT)
    assert count == 2
    assert set(trail["organization"]) == {"呼和浩特市人力资源和社会保障局"}


def test_who_may_not_import_changes_nothing(database: str) -> None:
    cast = c.assemble()
    for by in ("leader", "title", "base", "employer", "exam"):
        assert c.refusal(bring(cast, line(1), by=by)).code == "role"
    elsewhere = c.replace(cast["reviewer"], organization_kind=OrganizationKind.EXAM_AUTHORITY)
    cast.actors["elsewhere"] = elsewhere
    assert c.refusal(bring(cast, line(1), by="elsewhere")).code == "role"
    assert c.refusal(bring(cast, line(1), reason=" ")).code == "reason"


def test_a_file_without_a_good_row_keeps_nothing(office: Path) -> None:
    cast = c.assemble()
    before = c.everything()
    batch, preview = done(bring(cast, line(1, hours="很多")))
    assert (batch, told(preview)) == (None, [(3, "学时", "hours-form")])
    assert c.everything() == before


def test_people_on_file_must_be_called_so_and_be_ones_own(office: Path) -> None:
    cast = c.assemble()
    done(bring(cast, line(1), line(2), by="hohhot_reviewer"))
    rows = [line(1, basis="甲"), line(2, name="钱示", basis="甲"), line(3), line(3, name="孙示", basis="乙")]
    batch, preview = done(bring(cast, *rows, by="hohhot_admin"))
    assert told(preview) == [(4, "姓名", "name-known"), (6, "姓名", "name-differs")]
    assert batch.entries == 2
    batch, preview = done(bring(cast, line(1, name="钱示", basis="丙"), line(4)))
    assert told(preview) == [(3, "身份证号", "jurisdiction")]
    assert "赵示" not in preview.problems[0].words  # whose it is, another office learns nothing more of
    assert batch.entries == 1
    with db.reading() as session:
        assert session.get_one(Person, c.person_id(3)).authority_id == cast.places["hohhot"].id
        assert session.get_one(Person, c.person_id(4)).authority_id == 1


def test_the_same_file_is_refused_and_names_the_earlier_batch_until_that_is_undone(office: Path) -> None:
    cast = c.assemble()
    batch, _ = done(bring(cast, line(1), line(2)))
    again = c.refusal(bring(cast, line(1), line(2), by="admin", filename="改名.xlsx"))
    assert again.code == "posted"
    assert f"第{batch.id}批" in again.words
    done(lambda s: books.reverse(s, batch.id, actor=cast["admin"], reason="导错了", now=c.NOW, lines=[1]))
    assert c.refusal(bring(cast, line(1), line(2))).code == "posted"
    done(lambda s: books.reverse(s, batch.id, actor=cast["admin"], reason="导错了", now=c.NOW))
    assert balance(1)[1] == 0
    done(bring(cast, line(1), line(2)))
    assert balance(1)[1] == 60


def test_one_file_brought_in_by_two_offices_posts_for_each_its_own_people_once(database: str) -> None:
    cast = c.assemble()
    done(bring(cast, line(1, basis="此前"), by="reviewer"))
    done(bring(cast, line(2, basis="此前"), by="hohhot_reviewer"))
    rows = [line(1), line(2)]
    region, left = done(bring(cast, *rows))
    assert (region.entries, told(left)) == (1, [(4, "身份证号", "jurisdiction")])
    hohhot, left = done(bring(cast, *rows, by="hohhot_reviewer"))  # another office's import of it hinders nobody
    assert (hohhot.entries, told(left)) == (1, [(3, "身份证号", "jurisdiction")])
    assert (region.authority_id, hohhot.authority_id) == (1, cast.places["hohhot"].id)
    with db.reading() as session:
        kept = [session.get_one(Attachment, batch.attachment_id) for batch in (region, hohhot)]
    assert kept[0].id != kept[1].id
    assert kept[0].sha256 == kept[1].sha256
    for by, batch in (("admin", region), ("hohhot_admin", hohhot)):  # each is told of its own
        again = c.refusal(bring(cast, *rows, by=by))
        assert again.code == "posted"
        assert f"第{batch.id}批" in again.words
    assert [balance(serial)[1] for serial in (1, 2)] == [120, 120]


def test_rows_that_are_in_the_ledger_already_are_left_out(office: Path) -> None:
    cast = c.assemble()
    first, _ = done(bring(cast, line(1), line(2, completed_on="")))
    rows = [line(1), line(1, hours=24), line(2, completed_on=""), line(2, basis="另一期"), line(3)]
    batch, preview = done(bring(cast, *rows[:1], *rows[2:]))
    assert told(preview) == [(3, "学时", "recorded"), (4, "学时", "recorded")]
    assert batch.entries == 2
    done(lambda s: books.reverse(s, first.id, actor=cast["admin"], reason="导错了", now=c.NOW, lines=[1]))
    with db.reading() as session:  # what was undone may come again
        assert told(read(line(1), line(2), known=session)) == []
    c.posted(cast, c.sheet([c.row(1, f"赵示{chr(0x4E01)}")]))
    report = line(1, year=2024, hours=24, basis="示例继续教育基地：知识更新培训班", completed_on="2024-06-26")
    with db.reading() as session:  # hours of a report, written down again by somebody from the printed list
        found = imports.read(book(report), "学时.xlsx", today=db.office_day(c.AFTER), known=session)
    assert told(found) == [(3, "学时", "recorded")]


def test_two_import_one_file_at_once_and_one_is_told(database: str) -> None:
    cast = c.assemble()
    rows = [line(serial) for serial in range(1, 21)]
    found = c.at_once(bring(cast, *rows), bring(cast, *rows, by="reviewer2"))
    codes = [one.code if isinstance(one, Refused) else "done" for one in found]
    assert sorted(codes) == ["done", "posted"], found
    assert balance(1)[1] == 60


def test_two_import_hours_of_one_new_person_while_a_report_is_approved(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, c.sheet([c.row(1, f"赵示{chr(0x4E01)}")]))

    def approve(session: Session) -> object:
        version = workflow.one(session, report.id, cast["reviewer"]).version
        step = {"version": version, "actor": cast["reviewer"], "now": c.AFTER}
        return workflow.move(session, report.id, Action.APPROVE, **step)

    found = c.at_once(bring(cast, line(1)), approve, bring(cast, line(1, basis="另一期"), by="reviewer2"))
    assert not [one for one in found if isinstance(one, Exception)], found
    assert balance(1)[1] == 120
    assert balance(1, 2024)[1] == 24
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 1


def test_a_number_from_before_a_correction_is_told_without_the_true_one(database: str) -> None:
    cast = c.assemble()
    done(bring(cast, line(1), line(3), line(5)))
    first, second, third = map(c.person_id, (1, 3, 5))
    act = {"actor": cast["reviewer"], "reason": "号码录错", "now": c.NOW}
    proof = Upload("户籍证明.pdf", b"%PDF-1.4 synthetic")

    def correct(person_id: int, serial: int, number: str) -> None:
        name, version = str(line(serial)[1]), 1
        given = {"name": name, "id_number": number, "evidence": proof, "version": version}
        done(lambda s: acts.correct(s, person_id, **given, **act))

    def hint(office: str) -> tuple[str, str]:
        with db.reading() as session:
            preview = read(line(1, basis="另一期"), known=session, authority_id=cast.places[office].id)
        (problem,) = preview.problems
        assert (problem.row, problem.column, problem.blocking) == (3, "id_number", problem.code != "id-former")
        return problem.code, problem.words

    correct(first, 1, c.id_number(31))
    code, words = hint("region")
    assert (code, str(line(1)[1]) in words, c.id_number(31)[-4:] in words) == ("id-former", True, False)
    code, words = hint("hohhot")
    assert (code, str(line(1)[1]) in words) == ("id-former", False)
    seen = {"version": 1, "duplicate_version": 2}
    done(lambda s: acts.merge(s, third, first, **seen, **act))
    assert str(line(5)[1]) in hint("region")[1]
    correct(second, 3, c.id_number(1))  # somebody's own number by now
    with db.reading() as session:
        (problem,) = read(line(1), known=session).problems
    assert problem.code == "name-known"


# --- the command line -----------------------------------------------------------------------------------------------


def written(folder: Path, *rows: list[Any]) -> str:
    path = folder / "学时.xlsx"
    path.write_bytes(book(*rows))
    return str(path)


def test_the_command_brings_in_what_is_sound_and_names_the_rest(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    done(bring(cast, line(9), by="hohhot_reviewer"))
    path = written(tmp_path, line(1), line(9, basis="另一期"))  # the machine's own operator is in charge of everybody
    assert main(["credits", "import", path]) == 0
    assert capsys.readouterr().out == ""
    assert balance(9)[1] == 120
    assert main(["credits", "import", path]) == 2
    said = capsys.readouterr()
    assert (said.out, "第2批" in said.err) == ("", True)
    assert main(["credits", "import", written(tmp_path, line(4, hours=500))]) == 0  # a hint keeps no row out
    assert capsys.readouterr().out.startswith("3\t学时\thours-many\t500\t一行的学时多于")
    path = written(tmp_path, line(2), line(3, hours="很\n多"), line(1))
    assert main(["credits", "import", path, "--reason", "年度补登"]) == 1
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[:4] for line in lines] == [["4", "学时", "hours-form", "很 多"], ["5", "学时", "recorded", "60"]]
    assert balance(2)[1] == 60
    with db.reading() as session:
        reasons = session.scalars(
            sa.select(AuditEntry.reason).where(AuditEntry.event == "credits.imported").order_by(AuditEntry.id)
        ).all()
        assert reasons == ["补登纸质台账", "命令行导入", "命令行导入", "年度补登"]
    assert main(["check"]) == 0


@pytest.mark.parametrize("content", [None, b"", b"\x00\x01\x02", book(line(), headings=tuple("abcdefgh"))])
def test_what_cannot_be_read_is_2(
    office: Path, tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    c.assemble()
    path = tmp_path / "学时.xlsx"
    if content is not None:
        path.write_bytes(content)
    assert main(["credits", "import", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()


def test_an_office_that_was_not_opened_says_so(
    office: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["credits", "import", written(tmp_path, line(1))]) == 2
    assert capsys.readouterr().err.strip()


def test_many_rows_are_normal(office: Path) -> None:
    c.assemble()
    buffer = io.StringIO()
    buffer.write(",".join(HEADINGS) + "\n")
    for serial in range(5000):
        number = c.id_number(serial % 1000, date(1970 + serial // 1000, 3, 4))
        buffer.write(f"{number},赵示,2022,专业,60,培训,证书,2022-06-28\n")
    upload = Upload("学时.csv", buffer.getvalue().encode())
    with db.transaction() as session:
        actor = setup.system_actor(session)
        batch, preview = imports.bring_in(session, upload, actor=actor, reason="补登", now=datetime.now(UTC))
        assert batch is not None
        assert (batch.entries, preview.problems) == (5000, [])
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditEntry)) == 5000


# --- mended on the screen -------------------------------------------------------------------------------------------


def test_a_file_is_mended_on_the_screen_and_what_was_changed_is_kept_beside_it(database: str) -> None:
    cast = c.assemble()
    wrong = c.id_number(2)[:10] + "O" + c.id_number(2)[11:]
    rows = [line(1, hours="很多"), line(2, id_number=wrong), line(3), line(4, year="去年")]
    first = read(*rows)
    assert [(each.row, each.offer) for each in first.problems] == [
        (3, ""),
        (4, f"改为{wrong[:6]}****0***{wrong[-4:]}，校验码相符"),
        (6, ""),
    ]
    mended = mending(first, (3, "hours", "很多", " 60 "), struck=(6,))
    mended = mended.accepted(first.cells, first.problems, [4], imports.HEADINGS)
    again = read(*rows, mended=mended)
    assert (told(again), [row.row for row in again.good_rows]) == ([], [3, 4, 5])
    assert again.account == [
        "读入3行，未读入1行",
        "第6行：改正时删去（赵示丄）",
    ]  # rows in are rows taken and rows named
    assert again.made == [
        (3, "hours", "很多", "60"),
        (4, "id_number", wrong, c.id_number(2)),
        (6, "", "赵示丄", ""),
    ]
    batch, _ = done(bring(cast, *rows, mended=mended))
    assert (batch.entries, batch.basis) == (3, "导入：学时.xlsx，网上改正3处")
    with db.reading() as session:
        assert files.opened(session, batch.attachment_id, cast["reviewer"]).content == book(*rows)
        kept = imports.repairs(session, batch.id, cast["reviewer"])
        assert imports.repairs(session, batch.id, cast["baotou_reviewer"]).empty
        assert [*checks.faults(session), *audit.faults(session)] == []
    assert list(kept.itertuples(index=False, name=None)) == [
        (3, "hours", "很多", "60"),
        (4, "id_number", f"{wrong[:6]}****O***{wrong[-4:]}", f"{wrong[:6]}****0***{wrong[-4:]}"),
        (6, "", "赵示丄", "删去"),
    ]
    assert c.refusal(lambda s: imports.repairs(s, batch.id, cast["title"])).code == "role"


def test_a_file_imported_in_part_is_mended_and_imported_again_without_posting_anything_twice(office: Path) -> None:
    cast = c.assemble()
    rows = [line(1), line(2, hours="很多")]
    done(bring(cast, *rows))
    assert c.refusal(bring(cast, *rows)).code == "posted"
    mended = mending(read(*rows), (4, "hours", "很多", "60"))
    batch, preview = done(bring(cast, *rows, mended=mended))
    assert (batch.entries, told(preview)) == (1, [(3, "学时", "recorded")])
    assert (balance(1)[1], balance(2)[1]) == (60, 60)
    assert done(bring(cast, *rows, mended=mended))[0] is None
    same = mending(read(*rows), (4, "hours", "很多", "很多"))  # nothing is changed, so nothing is mended
    assert c.refusal(bring(cast, *rows, mended=same)).code == "posted"


def test_a_change_that_does_not_fit_what_is_there_is_refused(office: Path) -> None:
    preview = read(line(1, hours="很多"), line(2))
    mended = mending(preview, (3, "hours", "很多", "61"))
    for changed, code, words in (
        (lambda: mending(preview, (9, "hours", "", "60")), "rows", "没有第9行"),
        (lambda: mending(preview, (3, "colour", "", "60")), "rows", "没有第3行"),
        (lambda: mending(preview, (3, "hours", "60", "61")), "stale", "第3行的学时刚刚改为“很多”"),
        (
            lambda: mended.changed(preview.cells, [Change(3, "hours", "很多", "62")], imports.HEADINGS),
            "stale",
            "刚刚改为“61”",
        ),
        (lambda: mending(preview, (3, "hours", "很多", "1"), struck=(3, 3)), "rows", "没有第3行"),
        (lambda: mending(preview, struck=(3, 4)), "file", "第4行是最后一行"),
        (lambda: mended.accepted(preview.cells, preview.problems, [3], imports.HEADINGS), "rows", "没有可采纳的建议"),
    ):
        with pytest.raises(Refused, match=words) as caught:
            changed()
        assert caught.value.code == code


def test_what_a_file_itself_asks_about_is_answered_in_the_cell(office: Path) -> None:
    """Hours merged over two lines of a person: each line's or their sum; the proposal says each line's."""
    buffer = io.BytesIO(book(line(1), line(1, year=2022, completed_on="")))
    workbook = openpyxl.load_workbook(buffer)
    workbook.active.merge_cells("E3:E4")
    written = io.BytesIO()
    workbook.save(written)

    def again(mended: Mended) -> imports.Preview:
        return imports.read(written.getvalue(), "学时.xlsx", today=c.TODAY, mended=mended)

    first = again(Mended())
    assert [(each.code, each.offer) for each in first.problems] == [("sum-merged", "每行都是60")] * 2
    mended = Mended().accepted(first.cells, first.problems, [3], imports.HEADINGS)
    assert told(again(mended)) == [(4, "学时", "sum-merged")]
    mended = mended.changed(first.cells, [Change(4, "hours", "60", "30")], imports.HEADINGS)
    assert (told(again(mended)), [row.hours for row in again(mended).good_rows]) == ([], [60, 30])
