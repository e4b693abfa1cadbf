"""Seminars (高级研修项目): applied for, scored, selected or forwarded, carried out by a plan, counted by its report."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OrganizationKind, Refused
from core.law import notices
from core.models import Plan, ProgrammeLine, Report, Seminar, SeminarLevel, State
from core.office import unsaved
from core.people import titles
from core.quotas import targets
from core.submissions import reports, workflow
from core.submissions.programmes import seminars
from core.submissions.workflow import Action
from core.tables import values
from core.trail import audit
from core.trail.files import Upload
from tests import cast as c

NATIONAL = SeminarLevel.NATIONAL
PROGRAMME = notices.of_year(2024).programme("advanced_seminars")
LETTER = "人社厅函〔2024〕12号"


@pytest.fixture
def cast(office: object) -> c.Cast:
    return c.assemble()


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


def scoring(cast: c.Cast, seminar: Seminar, points: Any = 90, *, by: str = "reviewer", words: str = "选题好") -> Any:
    return lambda s: seminars.score(s, seminar.id, points, words, actor=cast[by], now=c.NOW)


def answering(cast: c.Cast, seminar: Seminar, approved: bool = True, *, by: str = "reviewer", **changes: Any) -> Any:
    def act(session: Session) -> Seminar:
        given: dict[str, Any] = {"on": c.TODAY, "document": LETTER} | changes
        version = workflow.one(session, seminar.id, cast["reviewer"]).version
        return seminars.answer(session, seminar.id, approved, **given, version=version, actor=cast[by], now=c.NOW)

    return act


def undoing(cast: c.Cast, seminar: Seminar) -> Any:
    def act(session: Session) -> object:
        version = workflow.one(session, seminar.id, cast["reviewer"]).version
        who = {"actor": cast["reviewer"], "reason": "误点", "now": c.NOW}
        return workflow.move(session, seminar.id, Action.UNDO, version=version, **who)

    return act


def lines(seminar: Seminar) -> list[ProgrammeLine]:
    with db.reading() as session:
        return session.query(ProgrammeLine).filter_by(submission_id=seminar.id).all()


def told(cast: c.Cast, seminar_id: int, *, by: str = "reviewer") -> set[str]:
    with db.reading() as session:
        return {each.code for each in workflow.warnings(session, seminar_id, cast[by])}


def ranked(cast: c.Cast, *, by: str = "reviewer") -> list[dict[str, Any]]:
    with db.reading() as session:
        return seminars.ranking(session, cast[by], PROGRAMME, 2024).to_dict("records")


def counted() -> list[tuple[Any, ...]]:
    with db.reading() as session:
        return [tuple(row) for row in session.execute(seminars.done(PROGRAMME, 2024))]


def plan_of(cast: c.Cast, seminar: Seminar, *, by: str = "base", **changes: Any) -> Plan:
    (line,) = lines(seminar)
    return c.file_plan(cast, by=by, programme="advanced_seminars", line_id=line.id, headcount=50, **changes)


# --- the application ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "题" * 101}, "title"),
        ({"level": "provincial"}, "level"),
        ({"session_number": "第0期"}, "session_number"),
        ({"people": 0}, "people"),
        ({"people": "若干"}, "people"),
        ({"hours": Decimal("24.5")}, "hours"),
        ({"hours": "7.25"}, "hours"),
        ({"public_money": "约12万"}, "public_money"),
        ({"own_money": -1}, "own_money"),
        ({"lessons": "碳汇计量"}, "lessons"),
        ({"lessons": "碳汇计量\t示例甲\t示例大学\t教授\t半天"}, "lessons"),
        ({"lessons": ""}, "lessons"),
        ({"programme": "capability"}, "programme"),
        ({"end_on": date(2024, 6, 23)}, "end_on"),
        ({"start_on": date(2024, 12, 30), "end_on": date(2025, 1, 1)}, "end_on"),
    ],
)
def test_what_cannot_be_a_seminar_is_named_by_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        seminars.check_fields(replace(c.SEMINAR, **change), None)
    assert refused.value.code == "fields"
    assert field in refused.value.fields


def test_figures_may_come_as_they_are_typed_and_lessons_as_they_are_pasted(cast: c.Cast) -> None:
    pasted = "课题\t授课教师\t单位\t职称\t学时\n碳汇 计量\t示例甲\t示例大学\t教授\t16学时\n\n案例\t示例乙"
    typed = {"session_number": "第2期", "people": "50人", "hours": "24学时", "public_money": "12万元", "own_money": ""}
    seminar = c.file_seminar(cast, lessons=pasted, **typed)
    assert (seminar.session_number, seminar.people, seminar.hours) == (2, 50, Decimal(24))
    assert (seminar.public_money, seminar.own_money) == (120_000, 0)
    assert seminars.lessons_in(seminar.lessons) == (
        [
            seminars.Lesson("碳汇 计量", "示例甲", "示例大学", "教授", Decimal(16)),
            seminars.Lesson("案例", "示例乙"),
        ],
        [],
    )
    assert seminars.lessons_in("案例，示例乙，示例大学") == ([seminars.Lesson("案例", "示例乙", "示例大学")], [])


@pytest.mark.parametrize(
    ("cell", "amount"), [("120000", 120_000), ("120,000元", 120_000), ("1.5万元", 15_000), ("", None), ("0", 0)]
)
def test_money_is_read_in_whole_yuan(cell: str, amount: int | None) -> None:
    assert values.yuan(cell) == amount


@pytest.mark.parametrize("cell", ["12万多", "0.5元", "-3", "1,20"])
def test_money_that_is_not_clear_is_asked_about(cell: str) -> None:
    with pytest.raises(values.Unclear):
        values.yuan(cell)


def test_bases_and_departments_apply_and_the_region_decides_whichever_league_it_is_of(cast: c.Cast) -> None:
    seminar = c.file_seminar(cast, by="hohhot_base")
    assert (seminar.authority_id, seminar.decider_id) == (cast.places["hohhot"].id, cast.places["region"].id)
    with db.reading() as session:
        assert workflow.one(session, seminar.id, cast["hohhot_reviewer"]).title == seminar.title
    refused = c.refusal(lambda s: seminars.draft(s, c.SEMINAR, actor=cast["exam"], now=c.NOW))
    assert refused.code == "kind"
    for by, code in (("reviewer", "role"), ("employer", "role")):
        assert c.refusal(lambda s, by=by: seminars.draft(s, c.SEMINAR, actor=cast[by], now=c.NOW)).code == code
    version = seminar.version

    def approve(session: Session) -> object:
        who = cast["hohhot_reviewer"]
        return workflow.move(session, seminar.id, Action.APPROVE, version=version, actor=who, now=c.NOW)

    assert c.refusal(approve).code == "jurisdiction"


def test_only_its_applicant_changes_it_and_only_while_it_is_in_hand(cast: c.Cast) -> None:
    seminar = done(lambda s: seminars.draft(s, c.SEMINAR, actor=cast["base"], now=c.NOW))

    def revise(s: Session, by: str = "base", version: int = 1, **changes: Any) -> Seminar:
        fields = replace(c.SEMINAR, title="更名研修班")
        return seminars.revise(s, seminar.id, fields, version=version, actor=cast[by], now=c.NOW, **changes)

    assert c.refusal(lambda s: revise(s, "hohhot_base")).code == "missing"
    assert c.refusal(lambda s: revise(s, version=2)).code == "stale"
    assert c.refusal(lambda s: revise(s, papers=[Upload("申请.exe", b"MZ")])).code == "file"
    again = done(lambda s: revise(s, papers=[Upload("申请书.pdf", b"%PDF-1.4")]))
    assert again.title == "更名研修班"
    done(lambda s: workflow.move(s, seminar.id, Action.SUBMIT, version=again.version, actor=cast["base"], now=c.NOW))
    assert c.refusal(lambda s: revise(s, version=again.version + 1)).code == "state"


def test_an_application_comes_before_its_first_day(cast: c.Cast) -> None:
    for days, code in ((0, "fields"), (1, "")):
        start = c.TODAY + timedelta(days)
        if code:
            with pytest.raises(Refused, match=code):
                c.file_seminar(cast, start_on=start, end_on=start + timedelta(2))
        else:
            c.file_seminar(cast, start_on=start, end_on=start + timedelta(2))


def test_people_and_lessons_outside_the_settings_are_pointed_out_and_block_nothing(cast: c.Cast) -> None:
    for people, expected in ((29, {"few"}), (30, set()), (80, set()), (81, {"many"})):
        seminar = c.file_seminar(cast, people=people)
        assert told(cast, seminar.id) - {"not-scored"} == expected
    odd = c.file_seminar(cast, lessons="碳汇计量\t示例甲\t\t\t16")
    assert "lesson-hours" in told(cast, odd.id)


# --- scored and selected --------------------------------------------------------------------------------------------


def test_reviewers_score_and_the_deciding_office_alone_sees_the_ranking(cast: c.Cast) -> None:
    first, second, third = (c.file_seminar(cast, title=f"第{word}班", by="hohhot_base") for word in "一二三")
    done(scoring(cast, first, 80))
    done(scoring(cast, second, 90))
    done(scoring(cast, second, 95, by="reviewer2"))
    done(scoring(cast, first, 85))  # changed, not added
    assert [(each["title"], each["scores"]) for each in ranked(cast)] == [("第二班", 2), ("第一班", 1), ("第三班", 0)]
    assert [each["points"] for each in ranked(cast)][:2] == [92.5, 85.0]
    assert {each["scores"] for each in ranked(cast, by="hohhot_reviewer")} == {0}
    assert {each["scores"] for each in ranked(cast, by="hohhot_base")} == {0}
    assert ranked(cast, by="base") == []
    with db.reading() as session:
        assert [each.points for each in seminars.scores(session, second.id, cast["leader"])] == [90, 95]
        assert seminars.scores(session, second.id, cast["hohhot_reviewer"]) == []
        assert len(audit.history(session, cast["reviewer"], event=seminars.Event.SCORED)[0]) == 4
    assert "not-scored" in told(cast, third.id)
    assert "not-scored" not in told(cast, first.id)
    act: Any = {"version": third.version, "actor": cast["reviewer"], "now": c.NOW}
    assert c.refusal(lambda s: workflow.move(s, third.id, Action.APPROVE, **act)).code == "not-scored"
    c.approve(cast, first.id)


def test_who_may_not_score_is_refused_and_so_are_points_without_words(cast: c.Cast) -> None:
    seminar, national = c.file_seminar(cast), c.file_seminar(cast, level=NATIONAL)
    for deed, code in (
        (scoring(cast, seminar, by="hohhot_reviewer"), "missing"),
        (scoring(cast, seminar, by="leader"), "role"),
        (scoring(cast, seminar, by="base"), "role"),
        (scoring(cast, national), "level"),
        (scoring(cast, seminar, 101), "points"),
        (scoring(cast, seminar, -1), "points"),
        (scoring(cast, seminar, "90"), "points"),
        (scoring(cast, seminar, words=" "), "words"),
    ):
        assert c.refusal(deed).code in (code, "type")
    done(scoring(cast, seminar, 0))
    done(scoring(cast, seminar, 100))
    c.approve(cast, seminar.id)
    assert c.refusal(scoring(cast, seminar)).code == "state"


def test_two_reviewers_score_at_once_and_both_stand(database: str) -> None:
    cast = c.assemble()
    seminar = c.file_seminar(cast)
    found = c.at_once(scoring(cast, seminar, 70), scoring(cast, seminar, 90, by="reviewer2"))
    assert not [each for each in found if isinstance(each, Exception)]
    (line,) = ranked(cast)
    assert (line["scores"], line["points"], line["rank"]) == (2, 80.0, 1)


def test_a_published_target_takes_the_place_of_the_notices(cast: c.Cast) -> None:
    def publish(session: Session) -> None:
        version = targets.draft(session, cast["reviewer"], PROGRAMME.code, 2024).version
        given = targets.Split(2, None, {})
        who = {"actor": cast["reviewer"], "now": c.NOW}
        targets.publish(session, PROGRAMME.code, 2024, given, version=version, reason="年中调整", **who)

    done(publish)
    for number in (1, 2):
        seminar = c.file_seminar(cast, session_number=number)
        assert "over-target" not in told(cast, seminar.id)
        words = c.approve(cast, seminar.id)
    assert "第2期（指标2期）" in words
    assert "over-target" in told(cast, c.file_seminar(cast, session_number=3).id)


def test_a_selected_one_becomes_a_line_and_above_the_target_is_pointed_out(cast: c.Cast) -> None:
    most = PROGRAMME.target_at_most or 0
    for number in range(1, most + 1):
        seminar = c.file_seminar(cast, session_number=number)
        assert "over-target" not in told(cast, seminar.id)
        words = c.approve(cast, seminar.id)
    assert f"第{most}期（指标5至10期）" in words
    (line,) = lines(seminar)
    assert (line.name, line.year, line.people, line.programme) == (seminar.title, 2024, 50, "advanced_seminars")
    over = c.file_seminar(cast)
    assert "over-target" in told(cast, over.id)
    assert "over-target" not in told(cast, over.id, by="base")
    c.approve(cast, over.id)
    done(undoing(cast, over))
    assert lines(over) == []


def test_a_national_one_is_carried_out_only_once_its_approval_is_on_record(cast: c.Cast) -> None:
    seminar = c.file_seminar(cast, level=NATIONAL)
    assert c.refusal(answering(cast, seminar)).code == "state"
    assert "转报国家级" in c.approve(cast, seminar.id)
    assert lines(seminar) == []
    for deed, code in (
        (answering(cast, seminar, by="hohhot_reviewer"), "missing"),
        (answering(cast, seminar, by="base"), "role"),
        (answering(cast, seminar, on=c.TODAY + timedelta(1)), "fields"),
        (answering(cast, seminar, on=None), "fields"),
        (answering(cast, seminar, document=""), "fields"),
        (answering(cast, c.file_seminar(cast)), "level"),
    ):
        assert c.refusal(deed).code == code
    done(answering(cast, seminar, False))
    assert lines(seminar) == []
    assert ranked(cast)[0]["outcome"] == f"未批准（2024-06-03，{LETTER}）"
    done(answering(cast, seminar))
    assert len(lines(seminar)) == 1
    assert c.refusal(undoing(cast, seminar)).code == "relied"
    with db.reading() as session:
        assert len(audit.history(session, cast["reviewer"], event=seminars.Event.ANSWERED)[0]) == 2


# --- carried out ----------------------------------------------------------------------------------------------------


def test_one_plan_carries_a_seminar_out_and_then_it_stands(cast: c.Cast) -> None:
    seminar = c.file_seminar(cast)
    c.approve(cast, seminar.id)
    with pytest.raises(Refused, match="任务"):
        plan_of(cast, seminar, by="hohhot_base")
    plan = plan_of(cast, seminar)
    with pytest.raises(Refused, match="一期只报一份计划"):
        plan_of(cast, seminar)
    assert c.refusal(undoing(cast, seminar)).code == "relied"
    assert ranked(cast)[0]["outcome"] == "培训计划待审"
    c.approve(cast, plan.id)
    assert ranked(cast)[0]["outcome"] == "培训计划通过"


def test_a_seminar_is_done_once_the_report_of_its_plan_is_approved(cast: c.Cast) -> None:
    seminar = c.file_seminar(cast, level=NATIONAL)
    c.approve(cast, seminar.id)
    done(answering(cast, seminar))
    c.approve(cast, (plan := plan_of(cast, seminar)).id)
    assert c.refusal(answering(cast, seminar, False)).code == "relied"
    report = c.file_report(cast, plan, c.sheet([c.row(1), c.row(2)]))
    assert counted() == []
    c.approve(cast, report.id, now=c.AFTER)
    ((authority, organization, key, _, known, until, item),) = counted()
    assert (authority, organization) == (cast.places["region"].id, cast.places["base"].id)
    assert (key, item, known, until) == (lines(seminar)[0].id, report.id, db.office_day(c.AFTER), None)
    assert ranked(cast)[0]["outcome"] == "已举办，报告通过"
    with db.reading() as session:
        assert session.execute(seminars.done(PROGRAMME, 2023)).all() == []


def reported(cast: c.Cast, posts: list[str], **cells: Any) -> Report:
    seminar = c.file_seminar(cast)
    c.approve(cast, seminar.id)
    plan = plan_of(cast, seminar)
    c.approve(cast, plan.id)
    rows = [c.row(number, post=post, **cells) for number, post in enumerate(posts, start=1)]
    with db.transaction() as session:
        fields = reports.ReportFields(plan.start_on, plan.end_on, "研修按计划完成。")
        given = {"announcement": c.ANNOUNCEMENT, "roster_file": Upload("花名册.xlsx", c.sheet(rows))}
        return reports.save(session, plan.id, fields, **given, actor=cast["base"], now=c.AFTER)[0]


def keeping(cast: c.Cast, report: Report, *, by: str = "base", **given: Any) -> Any:
    def act(session: Session) -> Report:
        papers = given.pop("papers", {})
        version = given.pop("version", session.get_one(Report, report.id).version)
        return reports.keep_papers(session, report.id, papers, **given, version=version, actor=cast[by], now=c.AFTER)

    return act


def test_the_report_of_a_seminar_has_its_own_papers_and_figures(cast: c.Cast) -> None:
    report = reported(cast, ["主治医师", "主任医师", "护士", "技师长"])
    papers = {"满意度测评": Upload("满意度.xlsx", b"PK\x03\x04"), "经费决算": Upload("决算.pdf", b"%PDF-1.4")}
    done(keeping(cast, report, papers=papers, answers="4份", satisfied="97.5%"))
    with db.reading() as session:
        found = reports.attended(session, session.get_one(Report, report.id))
    assert found is not None
    assert (found.people, found.holders, found.unknown, found.finished) == (4, 2, 1, 4)
    assert dict(found.facts) == {
        "实到人数": "4人",
        "其中中级以上": "2人（50%，另有1人的职称看不出层次）",
        "结业人数": "4人",
        "满意率": "97.5%（回收4份）",
        "满意度测评": "满意度.xlsx",
        "经费决算": "决算.pdf",
        "课件清单": "未附",
    }
    for deed, code in (
        (keeping(cast, report, by="hohhot_base"), "missing"),
        (keeping(cast, report, by="reviewer"), "role"),
        (keeping(cast, report, version=99), "stale"),
        (keeping(cast, report, papers={"合影": Upload("合影.jpg", b"\xff\xd8\xff")}), "file"),
        (keeping(cast, report, papers={"经费决算": Upload("决算.exe", b"MZ")}), "file"),
        (keeping(cast, report, answers="4"), "fields"),
        (keeping(cast, report, answers="4", satisfied="101"), "fields"),
    ):
        assert c.refusal(deed).code == code
    other = c.draft_report(cast, c.sheet([c.row(9)]), start_on=date(2024, 6, 20), end_on=date(2024, 6, 22))
    assert c.refusal(keeping(cast, other)).code == "kind"


def test_its_papers_are_chosen_each_in_a_field_of_its_own_and_kept_until_they_are_saved(cast: c.Cast) -> None:
    report = reported(cast, ["主治医师"])
    place = f"report:{report.plan_id}-papers"

    def choosing(field: str, name: str, content: bytes = b"%PDF-1.4", by: str = "base") -> Any:
        return lambda s: unsaved.choose(s, place, field, Upload(name, content), actor=cast[by], now=c.AFTER)

    for field, name in (("经费决算", "旧.pdf"), ("经费决算", "决算.pdf"), ("课件清单", "课件.docx")):
        done(choosing(f"papers:{field}", name))
    assert "请另存为.pdf" in c.refusal(choosing("papers:经费决算", "决算.exe")).words
    assert c.refusal(choosing("papers:" + "长" * 40, "决算.pdf")).code == "form"
    assert c.refusal(choosing("papers:经费决算", "决算.pdf", by="hohhot_base")).code == "missing"
    with db.reading() as session:
        chosen = [(each.field, each.filename) for each in unsaved.chosen(session, place, actor=cast["base"])]
    assert chosen == [("papers:经费决算", "决算.pdf"), ("papers:课件清单", "课件.docx")]


@pytest.mark.parametrize(("posts", "hinted"), [(["主治医师", "护士"], False), (["主治医师", "护士", "护士"], True)])
def test_less_than_half_of_middle_rank_is_pointed_out(cast: c.Cast, posts: list[str], hinted: bool) -> None:
    report = reported(cast, posts)
    assert ("seminar-titles" in told(cast, report.id, by="base")) is hinted


@pytest.mark.parametrize(
    ("post", "level"),
    [
        ("高级工程师", "高级"),
        ("正高级教师", "高级"),
        ("副研究员", "高级"),
        ("助理研究员", "中级"),
        ("工程师", "中级"),
        ("助理工程师", "初级"),
        ("主管护师", "中级"),
        ("护师", "初级"),
        ("科员", ""),
        ("", ""),
    ],
)
def test_the_level_of_a_title_is_told_by_its_name(post: str, level: str) -> None:
    assert titles.level_of(post) == level


def test_a_department_applies_too(cast: c.Cast) -> None:
    assert OrganizationKind.DEPARTMENT in seminars.APPLICANTS
    actor = replace(cast["exam"], organization_kind=OrganizationKind.DEPARTMENT)
    seminar = done(lambda s: seminars.draft(s, c.SEMINAR, actor=actor, now=c.NOW))
    assert seminar.state is State.DRAFT
