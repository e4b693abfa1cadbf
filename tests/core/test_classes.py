"""Digital-technology engineers (数字技术工程师): occupations, classes, finish tests, assessments, certificates."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.eligibility import answers, evidence
from core.eligibility import sheet as sheets_of
from core.ground import db
from core.ground.access import Refused
from core.law import notices
from core.models import Assessment, ClassLevel, CreditEntry, FinishTest, Person, Plan, Report
from core.submissions import plans, workflow
from core.submissions.programmes import classes, occupations
from core.submissions.programmes.occupations import ClassFields
from core.tables.mending import Change, Mended
from core.trail import audit
from core.trail.files import Upload
from tests import cast as c
from tests import ready

PROGRAMME = notices.of_year(2024).programme("digital_engineers")
BIG_DATA, INTERNET = "大数据工程技术人员", "工业互联网工程技术人员"
COURSE = ClassFields(BIG_DATA, "大数据处理", ClassLevel.JUNIOR, Decimal(8), Decimal(16))
NUMBERS = ("示培20240001", "示培20240002")


def opened() -> c.Cast:
    """The usual cast with two institutes, the first approved for two occupations throughout two years."""
    cast = c.assemble()
    c.open_institutes(cast)
    with db.transaction() as session:
        for occupation in (BIG_DATA, INTERNET):
            approving(cast, occupation)(session)
    return cast


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(opened)


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


def approving(cast: c.Cast, occupation: str, *, to: str = "institute", by: str = "admin", **changes: Any) -> Any:
    given = {"batch": "第二批", "from_on": date(2024, 1, 1), "to_on": date(2025, 12, 31)} | changes
    return lambda s: occupations.approve(s, cast.places[to].id, occupation, **given, actor=cast[by], now=c.NOW)


def planned(cast: c.Cast, course: ClassFields | None = COURSE, *, by: str = "institute", **changes: Any) -> Plan:
    usual = {"programme": PROGRAMME.code, "headcount": 10, "hours_each": (course and course.hours) or Decimal(24)}
    return c.file_plan(cast, by=by, course=course, **usual | changes)


def refused_fields(deed: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as refused:
        deed()
    assert refused.value.code == "fields"
    return set(refused.value.fields)


def held(cast: c.Cast, people: int = 2) -> Plan:
    """A class whose report was approved, with so many learners."""
    plan = planned(cast)
    c.approve(cast, plan.id)
    rows = [c.row(number, professional_hours=24) for number in range(1, people + 1)]
    report = c.file_report(cast, plan, c.sheet(rows), by="institute")
    c.approve(cast, report.id, now=c.AFTER)
    return plan


def table(headings: dict[str, Any], lines: list[list[Any]], name: str = "表.csv") -> Upload:
    rows = [[words[0] for words in headings.values()], *lines]
    return Upload(name, "\n".join(",".join(map(str, row)) for row in rows).encode())


def who(serial: int) -> list[str]:
    return [str(c.row(serial)[1]), c.id_number(serial)]


def finish(*lines: list[Any]) -> Upload:
    return table(classes.FINISH_COLUMNS, list(lines))


BOTH = finish([*who(1), "合格", NUMBERS[0], "2024-07-01"], [*who(2), "不合格", "", ""])


def recording(cast: c.Cast, plan: Plan, upload: Upload = BOTH, *, by: str = "institute", **given: Any) -> Any:
    return lambda s: classes.record_finish(s, plan.id, upload, actor=cast[by], now=c.AFTER, **given)


def result(serial: int, theory: Any = 75, practice: Any = 80, **changes: Any) -> list[Any]:
    usual = {"occupation": BIG_DATA, "direction": "大数据处理", "level": "初级", "site": "示例考核站点"}
    usual |= {"theory": theory, "practice": practice, "held_on": "2024-06-29", "number": "", "issued_on": ""}
    return [*who(serial), *(usual | changes).values()]


def assessed(*lines: list[Any]) -> Upload:
    return table(classes.ASSESS_COLUMNS, list(lines))


def assessing(cast: c.Cast, upload: Upload, *, by: str = "reviewer", **given: Any) -> Any:
    return lambda s: classes.record_assessments(s, upload, actor=cast[by], now=c.AFTER, **given)


def faults(cast: c.Cast, *lines: list[Any]) -> list[tuple[str, str]]:
    with db.reading() as session:
        day = db.office_day(c.AFTER)
        found = classes.read_assessments(session, assessed(*lines), today=day, actor=cast["reviewer"])
    return [(each.column, each.code) for each in found.problems]


# --- the catalogue --------------------------------------------------------------------------------------------------


def test_the_catalogue_ships_what_is_known_and_leaves_blank_what_is_not(office: Path) -> None:
    lines = occupations.catalogue()
    assert len({each.occupation for each in lines if each.active}) == 10
    assert {each.hours for each in lines} == {None}
    assert all("级" in each.source for each in lines)
    assert occupations.directions_of(BIG_DATA, ClassLevel.JUNIOR).names == ("大数据处理", "大数据分析", "大数据管理")
    assert not occupations.directions_of(BIG_DATA, ClassLevel.SENIOR).taken
    unknown = occupations.directions_of(INTERNET, ClassLevel.JUNIOR)
    assert (unknown.names, unknown.taken, unknown.open) == ((), True, True)
    assert "数据安全工程技术人员" not in occupations.active_names()


def test_an_office_corrects_the_catalogue_by_a_copy_of_its_own(cast: c.Cast) -> None:
    shipped = occupations.FILE.read_text(encoding="utf-8")
    right = shipped.replace("大数据处理,,是", "大数据处理,30,是")
    occupations.own_file().write_text(right, encoding="utf-8-sig")
    assert occupations.least_hours(BIG_DATA, ClassLevel.JUNIOR, "大数据处理") == 30
    assert refused_fields(lambda: planned(cast)) == {"offline_hours"}
    more = replace(COURSE, offline_hours=Decimal(22))
    planned(cast, more, end_on=date(2024, 6, 28))
    assert occupations.least_hours(BIG_DATA, ClassLevel.JUNIOR, "大数据分析") is None


def test_faults_of_a_corrected_catalogue_are_named_by_line_and_it_is_not_used(cast: c.Cast) -> None:
    lines = occupations.FILE.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace("初级", "入门")
    lines[2] = lines[2].replace(",,是", ",很多,是")
    lines.append(lines[3])
    occupations.own_file().write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        occupations.catalogue()
    assert refused.value.code == "occupations"
    for words in ("第2行等级", "第3行标准学时", f"第{len(lines)}行职业方向：与第4行重复"):
        assert words in refused.value.words
    assert c.refusal(approving(cast, "云计算工程技术人员")).code == "occupations"
    good, listed = occupations.faults_of("\n".join(lines).encode(), "目录.csv")
    assert (good, len(listed)) == (len(lines) - 4, 3)


# --- what institutes may train --------------------------------------------------------------------------------------


def test_the_region_keeps_what_institutes_may_train_with_a_trail(cast: c.Cast) -> None:
    for deed, code in (
        (approving(cast, BIG_DATA, by="hohhot_admin"), "jurisdiction"),
        (approving(cast, BIG_DATA, by="institute"), "role"),
        (approving(cast, BIG_DATA, to="base"), "kind"),
        (approving(cast, "算命先生"), "fields"),
        (approving(cast, "数据安全工程技术人员"), "fields"),
        (approving(cast, "云计算工程技术人员", batch=" "), "fields"),
        (approving(cast, "云计算工程技术人员", to_on=date(2023, 12, 31)), "fields"),
        (approving(cast, "云计算工程技术人员", from_on=None), "fields"),
        (approving(cast, BIG_DATA, from_on=date(2025, 12, 31), to_on=date(2026, 12, 31)), "twice"),
    ):
        assert c.refusal(deed).code == code
    again = done(approving(cast, BIG_DATA, from_on=date(2026, 1, 1), to_on=date(2026, 12, 31)))

    def until(day: date | None, *, by: str = "reviewer", reason: str = "评估不合格", which: Any = None) -> Any:
        number = again.id if which is None else which
        return lambda s: occupations.change_until(s, number, day, actor=cast[by], reason=reason, now=c.NOW)

    for deed, code in (
        (until(date(2026, 6, 30), by="institute"), "role"),
        (until(date(2026, 6, 30), reason=""), "reason"),
        (until(date(2025, 12, 31)), "fields"),
        (until(date(2026, 6, 30), which=99), "missing"),
    ):
        assert c.refusal(deed).code == code
    assert done(until(date(2026, 6, 30))).to_on == date(2026, 6, 30)
    with db.reading() as session:
        mine = occupations.approvals(session, cast["institute"], today=c.TODAY)
        assert list(mine["validity"]) == ["有效", "尚未生效", "有效"]
        assert occupations.approvals(session, cast["other"], today=c.TODAY).empty
        events = audit.history(session, cast["institute"], record="organization")[0]["event"]
    assert {occupations.Event.APPROVED.value, occupations.Event.CHANGED.value} <= set(events)


@pytest.mark.parametrize(
    ("course", "changes", "fields"),
    [
        (None, {}, {"occupation", "offline_hours"}),
        (replace(COURSE, occupation="云计算工程技术人员"), {}, {"occupation"}),
        (replace(COURSE, direction="数据清洗"), {}, {"direction"}),
        (replace(COURSE, direction=""), {}, {"direction"}),
        (replace(COURSE, level=ClassLevel.SENIOR), {}, {"direction"}),
        (replace(COURSE, level="大师"), {}, {"level"}),
        (replace(COURSE, online_hours="若干"), {}, {"online_hours"}),
        (replace(COURSE, online_hours=Decimal("0.25")), {"hours_each": Decimal(24)}, {"online_hours", "hours_each"}),
        (COURSE, {"hours_each": Decimal(20)}, {"hours_each"}),
        (COURSE, {"credit_years": (2023,)}, {"credit_years"}),
        (COURSE, {"programme": ""}, {"occupation"}),
        (COURSE, {"by": "other"}, {"occupation"}),
        (COURSE, {"by": "base"}, {"programme"}),
    ],
)
def test_a_class_is_held_against_catalogue_and_approval(
    cast: c.Cast, course: Any, changes: dict[str, Any], fields: set[str]
) -> None:
    assert refused_fields(lambda: planned(cast, course, **changes)) == fields


def test_a_class_lies_within_the_validity_of_its_occupation_also_when_it_is_approved(cast: c.Cast) -> None:
    cloud = ClassFields("云计算工程技术人员", "", ClassLevel.SENIOR, Decimal(0), Decimal(24))
    day = c.PLAN.end_on
    approval = done(approving(cast, cloud.occupation, to_on=day - timedelta(1)))
    assert refused_fields(lambda: planned(cast, cloud)) == {"occupation"}

    def until(to_on: date) -> Any:
        given = {"actor": cast["admin"], "reason": "延续", "now": c.NOW}
        return lambda s: occupations.change_until(s, approval.id, to_on, **given)

    done(until(day))
    plan = planned(cast, cloud)
    done(until(day - timedelta(1)))
    with pytest.raises(Refused, match="没有核准"):
        c.approve(cast, plan.id)
    done(until(day))
    c.approve(cast, plan.id)


def test_a_class_is_revised_with_its_plan_and_read_with_it(cast: c.Cast) -> None:
    plan = done(lambda s: plans.draft(s, class_fields(), actor=cast["institute"], now=c.NOW))
    other = replace(COURSE, direction="大数据分析")

    def revise(session: Session, version: int = 1, **changes: Any) -> Plan:
        fields = class_fields(**changes)
        return plans.revise(session, plan.id, fields, version=version, actor=cast["institute"], now=c.NOW)

    again = done(lambda s: revise(s, course=other))
    assert again.version == 2  # another window that saw the first version is told
    assert c.refusal(lambda s: revise(s)).code == "stale"
    with db.reading() as session:
        found = workflow.one(session, plan.id, cast["institute"])
    assert isinstance(found, Plan)
    assert plans.fields_of(found).course == other
    assert ("职业", f"{BIG_DATA}　大数据分析　初级") in plans.PLAN.facts(found)
    kept = done(lambda s: revise(s, 2, course=None, programme=""))
    assert kept.course is None


def class_fields(**changes: Any) -> plans.PlanFields:
    usual = {"programme": PROGRAMME.code, "course": COURSE, "headcount": 10, "hours_each": Decimal(24)}
    return replace(c.PLAN, **usual | changes)


# --- hours, once; finish tests --------------------------------------------------------------------------------------


def test_hours_are_posted_once_by_the_report_and_no_certificate_posts_any(cast: c.Cast) -> None:
    plan = held(cast)
    with db.reading() as session:
        before = [(each.subject, each.year, each.hours) for each in session.query(CreditEntry)]
    assert before == [("professional", 2024, Decimal(24))] * 2
    done(recording(cast, plan))
    done(assessing(cast, assessed(result(1, number="示等1", issued_on="2024-07-01"))))
    with db.reading() as session:
        assert session.query(CreditEntry).count() == 2


def test_finish_tests_are_the_institutes_own_and_stand_once(cast: c.Cast) -> None:
    plan = held(cast)
    for by, code in (("other", "missing"), ("base", "missing"), ("reviewer", "role"), ("leader", "role")):
        assert c.refusal(recording(cast, plan, by=by)).code == code
    assert done(recording(cast, plan)) == 2
    assert c.refusal(recording(cast, plan)).code == "rows"
    with db.reading() as session:
        found = classes.finish_of(session, plan.id, cast["institute"]).to_dict("records")
        assert audit.history(session, cast["institute"], event=classes.Event.FINISHED)[1] == 1
        preview = classes.read_finish(session, plan.id, BOTH, actor=cast["institute"])
    assert [(each["outcome"], each["number"]) for each in found] == [("合格", NUMBERS[0]), ("不合格", "")]
    assert all("*" in each["id_mask"] for each in found)
    assert (preview.known, preview.fresh) == (2, [])


def test_a_certificate_of_training_may_come_later_and_what_differs_is_named(cast: c.Cast) -> None:
    plan = held(cast)
    done(recording(cast, plan, finish([*who(1), "合格", "", ""])))
    assert done(recording(cast, plan, finish([*who(1), "合格", NUMBERS[0], "2024-07-01"]))) == 1
    cases = [
        ([*who(1), "不合格", "", ""], "differs"),
        ([*who(1), "合格", NUMBERS[1], "2024-07-01"], "differs"),
        ([*who(2), "合格", NUMBERS[0], "2024-07-01"], "number-taken"),
        ([*who(2), "不合格", NUMBERS[1], "2024-07-01"], "certificate-failed"),
        ([*who(2), "合格", NUMBERS[1], ""], "certificate-half"),
        ([*who(2), "合格", NUMBERS[1], "2024-06-25"], "issued-early"),
        ([*who(3), "合格", "", ""], "nobody"),
        (["赵示错", c.id_number(2), "合格", "", ""], "nobody"),
    ]
    for line, code in cases:
        with db.reading() as session:
            found = classes.read_finish(session, plan.id, finish(line), actor=cast["institute"])
        assert [each.code for each in found.problems] == [code]
        assert c.refusal(recording(cast, plan, finish(line))).code == "rows"
    with db.reading() as session:
        (kept,) = session.query(FinishTest)

    def back(by: str, reason: str) -> Any:
        return lambda s: classes.take_back_finish(s, kept.id, actor=cast[by], reason=reason, now=c.AFTER)

    assert c.refusal(back("other", "登错")).code == "missing"
    assert c.refusal(back("institute", " ")).code == "reason"
    done(back("institute", "登错"))
    assert done(recording(cast, plan)) == 2


def test_a_class_without_an_approved_report_has_no_finish_tests(cast: c.Cast) -> None:
    plan = planned(cast)
    c.approve(cast, plan.id)
    assert c.refusal(recording(cast, plan)).code == "state"
    other = c.file_plan(cast)
    assert c.refusal(recording(cast, other)).code == "missing"


def test_the_empty_table_of_a_class_has_its_learners(cast: c.Cast) -> None:
    plan = held(cast)
    with db.reading() as session:
        assert classes.finish_form(session, plan.id, cast["institute"]) == [[*who(n), "", "", ""] for n in (1, 2)]
    for by, code in (("other", "missing"), ("reviewer", "role")):
        assert c.refusal(lambda s, by=by: classes.finish_form(s, plan.id, cast[by])).code == code


def test_the_same_finish_tests_sent_twice_at_once_stand_once(database: str) -> None:
    cast = ready.office(opened)
    plan = held(cast)
    found = c.at_once(recording(cast, plan), recording(cast, plan))
    codes = [each.code if isinstance(each, Refused) else each for each in found]
    assert sorted(map(str, codes)) == ["2", "rows"]
    with db.reading() as session:
        assert session.query(FinishTest).count() == 2


def test_an_approved_report_stands_once_finish_tests_rest_on_it(cast: c.Cast) -> None:
    plan = held(cast)

    def undo(session: Session) -> object:
        report = session.query(Report).filter_by(plan_id=plan.id).one()
        given = {"version": report.version, "actor": cast["reviewer"], "reason": "误点", "now": c.AFTER}
        return workflow.move(session, report.id, workflow.Action.UNDO, **given)

    done(recording(cast, plan))
    assert c.refusal(undo).code == "relied"


# --- assessments and grade certificates -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theory", "practice", "passed"),
    [(60, 60, True), (59.5, 60, False), (60, 59.5, False), (100, 100, True), (0, 100, False)],
)
def test_both_marks_must_reach_the_pass_mark(cast: c.Cast, theory: float, practice: float, passed: bool) -> None:
    held(cast)
    assert done(assessing(cast, assessed(result(1, theory, practice)))) == (1, int(passed))
    wrong = result(2, theory, practice, number="示等2", issued_on="2024-07-01")
    assert (("number", "certificate-failed") in faults(cast, wrong)) is not passed


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (result(1, theory=101), ("theory", "theory-form")),
        (result(1, practice="良好"), ("practice", "practice-form")),
        (result(1, level="特级"), ("level", "level-form")),
        (result(1, site=""), ("site", "site-missing")),
        (result(1, occupation="大数据师"), ("occupation", "occupation-unknown")),
        (result(1, direction="数据清洗"), ("direction", "direction-unknown")),
        (result(1, level="高级"), ("direction", "direction-none")),
        (result(1, held_on="2024-08-01"), ("held_on", "held-later")),
        (result(1, number="示等1"), ("issued_on", "certificate-half")),
        (result(1, number="示等1", issued_on="2024-06-28"), ("issued_on", "issued-early")),
        (result(9), ("id_number", "nobody")),
        (["赵示错", *result(1)[1:]], ("id_number", "nobody")),
    ],
)
def test_what_is_wrong_with_a_result_is_named_by_its_cell(
    cast: c.Cast, line: list[Any], fault: tuple[str, str]
) -> None:
    held(cast)
    assert fault in faults(cast, line)
    assert c.refusal(assessing(cast, assessed(line))).code == "rows"


def test_a_bad_row_is_mended_where_it_stands_and_sinks_no_other(cast: c.Cast) -> None:
    held(cast)
    upload = assessed(result(1), result(2, theory="八十"))
    mended = Mended().changed({3: {"theory": "八十"}}, [Change(3, "theory", "八十", "80")], {"theory": "理论知识"})
    assert done(assessing(cast, upload)) == (1, 1)
    assert done(assessing(cast, upload, mended=mended)) == (1, 1)


def test_the_same_results_stand_once_and_get_their_certificate_later(cast: c.Cast) -> None:
    held(cast)
    assert done(assessing(cast, assessed(result(1), result(2, theory=50)))) == (2, 1)
    assert c.refusal(assessing(cast, assessed(result(1), result(2, theory=50)))).code == "rows"
    given = {"number": "示等1", "issued_on": "2024-07-01"}
    assert done(assessing(cast, assessed(result(1, **given)))) == (1, 1)
    assert ("theory", "differs") in faults(cast, result(1, theory=76, **given))
    assert ("number", "number-taken") in faults(cast, result(2, held_on="2024-06-30", **given))
    with db.reading() as session:
        listed = classes.assessments(session, cast["title"], 2024)
        assert list(listed["outcome"]) == ["合格", "不合格"]
        assert list(listed["number"]) == ["示等1", ""]
        assert classes.assessments(session, cast["hohhot_title"], 2024).empty
        assert session.query(Assessment).count() == 2
        number = int(listed["id"].iloc[0])
    assert c.refusal(lambda s: classes.assessments(s, cast["institute"], 2024)).code == "role"

    def back(by: str, reason: str = "登错") -> Any:
        return lambda s: classes.take_back(s, number, actor=cast[by], reason=reason, now=c.AFTER)

    for deed, code in (
        (back("institute"), "role"),
        (back("hohhot_reviewer"), "jurisdiction"),
        (back("admin", ""), "reason"),
    ):
        assert c.refusal(deed).code == code
    done(back("admin"))
    assert done(assessing(cast, assessed(result(1, theory=76, **given)))) == (1, 1)


def test_only_the_region_puts_results_on_record(cast: c.Cast) -> None:
    held(cast)
    for by, code in (
        ("institute", "role"),
        ("other", "role"),
        ("leader", "role"),
        ("title", "role"),
        ("hohhot_reviewer", "jurisdiction"),
    ):
        assert c.refusal(assessing(cast, assessed(result(1)), by=by)).code == code


def test_the_same_results_sent_twice_at_once_stand_once(database: str) -> None:
    cast = ready.office(opened)
    held(cast)
    upload = assessed(result(1), result(2))
    found = c.at_once(assessing(cast, upload), assessing(cast, upload, by="reviewer2"))
    assert sorted(str(each.code if isinstance(each, Refused) else each) for each in found) == ["(2, 2)", "rows"]


def test_somebody_without_a_finished_training_is_pointed_out_and_taken_all_the_same(cast: c.Cast) -> None:
    plan = held(cast)
    done(recording(cast, plan))
    assert faults(cast, result(1)) == []
    assert faults(cast, result(2)) == [("level", "untrained")]
    assert done(assessing(cast, assessed(result(1), result(2)))) == (2, 2)


# --- counted, and shown to title officers ---------------------------------------------------------------------------


def test_an_institute_counts_once_by_its_approved_reports_of_the_year(cast: c.Cast) -> None:
    def counted(year: int = 2024) -> list[Any]:
        with db.reading() as session:
            return list(session.execute(classes.done(PROGRAMME, year)))

    plan = planned(cast)
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, c.sheet([c.row(1, professional_hours=24)]), by="institute")
    assert counted() == []
    c.approve(cast, report.id, now=c.AFTER)
    ((authority, organization, key, _, known, until, item),) = counted()
    assert (authority, organization) == (cast.places["region"].id, cast.places["institute"].id)
    assert (key, known, until, item) == (organization, db.office_day(c.AFTER), None, report.id)
    assert counted(2023) == []


def test_what_came_of_classes_stands_by_occupation_and_level(cast: c.Cast) -> None:
    plan = held(cast)
    done(recording(cast, plan))
    given = {"number": "示等1", "issued_on": "2024-07-01"}
    done(assessing(cast, assessed(result(1, **given), result(2, practice=59))))
    with db.reading() as session:
        (line,) = classes.standing(session, cast["leader"], 2024).to_dict("records")
        assert classes.standing(session, cast["leader"], 2023).empty
        assert classes.standing(session, cast["hohhot_leader"], 2024).empty
        (one,) = classes.classes(session, cast["institute"], 2024).to_dict("records")
        assert classes.classes(session, cast["other"], 2024).empty
    assert line == {"occupation": BIG_DATA, "level": "初级", "classes": 1, "people": 2, "finished": 1} | {
        "training_certificates": 1,
        "assessed": 2,
        "passed": 1,
        "grade_certificates": 1,
    }
    assert (one["people"], one["finished"], one["certificates"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("level", "use"),
    [("初级", "可作认定初级职称的依据"), ("中级", "可作认定中级职称的依据"), ("高级", "高级职称评审参考")],
)
def test_a_grade_certificate_is_shown_beside_the_eligibility_decision(cast: c.Cast, level: str, use: str) -> None:
    held(cast)
    direction = "" if level == "高级" else "大数据处理"
    line = result(1, level=level, direction=direction, number="示等1", issued_on="2024-07-01")
    done(assessing(cast, assessed(line, result(2))))
    facts = {"year": "2024", "route": "职称评审", "level": "初级"}
    shown = {}
    with db.reading() as session:
        for serial in (1, 2):
            asked = answers.application(session, person(serial, session), facts, actor=cast["title"])
            found = sheets_of.sheet(session, asked, actor=cast["title"])
            shown[serial] = evidence.of_sheet(session, found, actor=cast["title"])
    assert [(each.use, each.clause) for each in shown[1]] == [(use, PROGRAMME.clause)]
    assert "示等1" in shown[1][0].words
    assert shown[2] == []  # a result without a certificate is none


def person(serial: int, session: Session) -> int:
    return session.query(Person.id).filter_by(id_index=db.blind_index(c.id_number(serial))).scalar()
