"""Results from elsewhere: each with its receipt, confirmed by the office in charge, posted once, taken back whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.courses import courses
from core.courses.courses import CourseFields, LessonFields
from core.exams import results
from core.exams.results import ResultForm
from core.ground import db
from core.ground.access import Refused
from core.ledger import checks, statements
from core.models import LessonKind, Outcome, ResultBatch, ResultSource, ResultState, Source
from core.office import home
from core.tables.mending import Change, Mended
from core.trail import audit
from core.trail.files import Upload
from tests import cast as c
from tests import ready

FIELDS = CourseFields(2024, "铸牢中华民族共同体意识", "年度公需科目", "public", Decimal(30), (2024,))
WAITING, POSTED, ALREADY, FAILED, REFUSED, TAKEN_BACK = Outcome


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(people)


def people() -> c.Cast:
    """Two of the hospital, one of a league's school, and a course of the exam authority that all may read."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    c.posted(cast, c.sheet([c.row(5, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer")
    with db.transaction() as session:
        who = {"actor": cast["exam"], "now": c.NOW}
        made = courses.draft(session, FIELDS, **who)
        lesson = LessonFields("第一讲", LessonKind.TEXT, 20, Decimal(30), body="正文")
        courses.put_lesson(session, made.id, None, lesson, version=made.version, **who)
        courses.offer(session, made.id, version=made.version, **who)
        courses.publish(session, made.id, version=made.version, actor=cast["reviewer"], now=c.NOW)
    return cast


def given(source: ResultSource = ResultSource.TABLE, mark: int | None = 60) -> ResultForm:
    worth = None if mark is None else Decimal(mark)
    return ResultForm(1, source, worth, date(2024, 5, 6), "六月集中考试")


def line(serial: int, *cells: object, name: str | None = None) -> str:
    return ",".join(map(str, [c.id_number(serial), name or c.row(serial)[1], *cells]))


def table(*lines: str, heads: str = "身份证号,姓名,成绩,结果,考试日期") -> Upload:
    return Upload("成绩.csv", "\n".join([heads, *lines, ""]).encode())


FOUR = [
    line(1, 85, "", "2024-05-06"),
    line(2, 40.5, "", ""),
    line(3, 90, "合格", ""),
    line(5, 70, "", ""),
    "150199,张三,八十,,",
]


def bring(cast: c.Cast, upload: Upload, form: ResultForm | None = None, by: str = "exam") -> ResultBatch:
    with db.transaction() as session:
        return results.bring_in(session, upload, form or given(), actor=cast[by], now=c.NOW)


def outcomes(cast: c.Cast, batch: ResultBatch) -> list[tuple[int, Outcome]]:
    with db.reading() as session:
        found = results.rows(session, batch.id, cast["exam"])
    return list(zip(found["row"], found["outcome"], strict=True))


def test_every_result_has_a_receipt_and_hours_wait_for_the_office_in_charge(cast: c.Cast) -> None:
    batch = bring(cast, table(*FOUR))
    assert outcomes(cast, batch) == [(2, WAITING), (3, FAILED), (4, WAITING), (5, REFUSED), (6, REFUSED)]
    with db.reading() as session:
        receipts = results.rows(session, batch.id, cast["exam"])
        assert "由其他人社部门主管" in receipts["words"][3]
        assert list(receipts["words"][[0, 2]]) == ["", results.NEW]
        assert receipts["id_number"][0] == f"{c.id_number(1)[:6]}********{c.id_number(1)[-4:]}"
        assert list(receipts["said"][:2]) == ["85分、合格", "40.5分、未合格"]
        assert [each.id for each in results.waiting(session, cast["reviewer"])] == [batch.id]
        assert not results.waiting(session, cast["hohhot_reviewer"])
        assert home.counts(session, cast["reviewer"], now=c.NOW)["result"] == 1
        soon = home.home(session, cast["reviewer"], now=c.NOW).soon
        assert ("result", batch.id, "外来成绩待确认") in [(each.kind, each.id, each.words) for each in soon.items]
    for by, code in (("exam", "role"), ("hohhot_reviewer", "missing"), ("admin", "role")):
        with db.transaction() as session, pytest.raises(Refused, match=rf"^{code}:"):
            results.confirm(session, batch.id, version=1, actor=cast[by], now=c.NOW)
    with db.transaction() as session:
        results.confirm(session, batch.id, version=1, actor=cast["reviewer"], now=c.NOW)
    assert [each for _, each in outcomes(cast, batch)] == [POSTED, FAILED, POSTED, REFUSED, REFUSED]
    with db.reading() as session:
        found = statements.entries(session, c.person_id(1), year=2024)
        rows = found[found["source"] == Source.PUBLIC_EXAM]
        assert [(row.hours, row.completed_on) for row in rows.itertuples()] == [(Decimal(30), date(2024, 5, 6))]
        assert [*checks.faults(session), *audit.faults(session)] == []


def test_the_same_result_twice_posts_once_and_a_batch_is_taken_back_whole(cast: c.Cast) -> None:
    first = bring(cast, table(*FOUR))
    with pytest.raises(Refused, match=r"^double:"):
        bring(cast, table(*FOUR))
    second = bring(cast, table(FOUR[0], FOUR[2], ""), replace(given(), basis="补报"))
    with db.transaction() as session:
        results.confirm(session, first.id, version=1, actor=cast["reviewer"], now=c.NOW)
        results.confirm(session, second.id, version=1, actor=cast["reviewer"], now=c.NOW)
        with pytest.raises(Refused, match=r"^stale:"):
            results.confirm(session, second.id, version=1, actor=cast["reviewer"], now=c.NOW)
    assert [each for _, each in outcomes(cast, second)] == [ALREADY, ALREADY]
    third = bring(cast, table(FOUR[0]))
    assert outcomes(cast, third) == [(2, ALREADY)]
    with db.transaction() as session:
        with pytest.raises(Refused, match=r"^reason:"):
            results.take_back(session, first.id, version=2, actor=cast["reviewer"], reason=" ", now=c.NOW)
        who = {"actor": cast["reviewer"], "reason": "考场纪律问题，成绩作废", "now": c.NOW}
        taken = results.take_back(session, first.id, version=2, **who)
        assert taken.state is ResultState.TAKEN_BACK
        results.take_back(session, second.id, version=2, **who)  # which had posted nothing
    assert [each for _, each in outcomes(cast, first)] == [TAKEN_BACK, FAILED, TAKEN_BACK, REFUSED, REFUSED]
    fourth = bring(cast, table(FOUR[0], ""), replace(given(), basis="重新认定"))
    assert outcomes(cast, fourth) == [(2, WAITING)]
    with db.reading() as session:
        assert [*checks.faults(session), *audit.faults(session)] == []


def test_results_that_are_not_confirmed_post_nothing(cast: c.Cast) -> None:
    batch = bring(cast, table(FOUR[0]))
    with db.transaction() as session:
        who = {"actor": cast["reviewer"], "now": c.NOW}
        results.send_back(session, batch.id, version=1, reason="不是本年度的考试", **who)
        with pytest.raises(Refused, match=r"^move:"):
            results.confirm(session, batch.id, version=2, **who)
        assert list(results.rows(session, batch.id, cast["exam"])["words"]) == ["不予确认：不是本年度的考试"]
        assert len(results.listing(session, cast["exam"])) == 1
        assert len(results.listing(session, cast["base"])) == 0


def test_exports_of_a_learning_platform_are_read_as_they_come(cast: c.Cast) -> None:
    """Grades by parts of the name with a total; completion with the day on which the course was completed."""
    one, two = (c.row(serial)[1] for serial in (1, 2))
    heads = "名,姓,ID号,机构,电子邮件地址,测验：第一章（实值）,课程总分（实值）,自此课程上次下载"
    grades = table(
        f"{one[1:]},{one[0]},{c.id_number(1)},医院,a@example.com,90.00,75.50,1717200000",
        f"{two[1:]},{two[0]},{c.id_number(2)},医院,b@example.com,-,-,1717200000",
        heads=heads,
    )
    heads = "ID number,Full name,Email address,第一讲,Course complete"
    completion = table(
        f'{c.id_number(1)},{one},a@example.com,Completed,"Monday, 6 May 2024, 10:30 AM"',
        f"{c.id_number(2)},{two},b@example.com,Not completed,",
        heads=heads,
    )
    with db.reading() as session:
        who = {"today": c.TODAY}
        found = results.check(session, cast["exam"], grades, given(ResultSource.GRADES), **who)
        assert [(each.name, each.score, each.passed) for _, each in found.lines] == [(one, Decimal("75.50"), True)]
        assert [(each.row, each.code) for each in found.problems if each.blocking] == [(3, "outcome-none")]
        found = results.check(session, cast["exam"], completion, given(ResultSource.COMPLETION, None), **who)
        assert [(each.passed, each.passed_on) for _, each in found.lines] == [
            (True, date(2024, 5, 6)),
            (False, date(2024, 5, 6)),
        ]


def test_what_is_wrong_in_a_file_is_named_by_row_and_mended_there(cast: c.Cast) -> None:
    upload = table(
        line(1, 50, "合格", ""),
        line(1, 90, "", "2024年5月7日"),
        line(2, 90, "大概", ""),
        line(2, 90, "", "2030-01-01", name="李四"),
        line(3, "缺考", "", ""),
    )
    with db.reading() as session:
        who = {"today": c.TODAY}
        found = results.check(session, cast["exam"], upload, given(), **who)
        assert [(each.row, each.code) for each in found.problems if each.blocking] == [
            (2, "score-below"),
            (3, "person-twice"),
            (4, "outcome-form"),
            (5, "date-future"),
            (6, "outcome-none"),
        ]
        mended = Mended().changed(
            found.cells, [Change(2, "score", "50", "65"), Change(6, "outcome", "", "不合格")], results.HEADINGS
        )
        found = results.check(session, cast["exam"], upload, given(), mended=mended, **who)
        assert [(row, each.passed) for row, each in found.lines] == [(2, True), (6, False)]
        marked = results.check(session, cast["exam"], table(line(1, 90, "", "")), given(mark=None), **who)
        assert "及格线" in marked.problems[0].words
    with pytest.raises(Refused, match=r"^rows:"):
        bring(cast, table(line(1, "", "", "")))
    for basis, form in (("", given()), (f"考试{c.id_number(1)}", given())):
        with pytest.raises(Refused, match=r"^fields:"):
            bring(cast, table(FOUR[0]), replace(form, basis=basis))
