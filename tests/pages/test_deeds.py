"""What people do on each page: it works, it is refused in words, and nothing typed is lost."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.ground.access import Role
from core.law import notices
from core.models import (
    Account,
    AuditEntry,
    Card,
    CreditEntry,
    Movement,
    Organization,
    Person,
    Plan,
    Report,
    State,
    Unsaved,
)
from core.office import messages
from core.people import accounts, activation, moving
from core.records import cards, faces, templates
from core.records.faces import Size
from core.submissions import comments, kinds, plans, workflow
from core.submissions.kinds import KINDS
from core.submissions.workflow import Action
from core.trail.files import Upload
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import SheetOf, boxes, frames, listed, open_page, read, sent, sign_in, tiles, uploader
from web.desk import listing
from web.words import md

NOW = datetime.now(UTC)
TODAY = db.office_day(NOW)


def ahead(days: int) -> dict[str, date]:
    """A three-day training that begins in so many days, kept within one year."""
    start = TODAY + timedelta(days=days)
    if (start + timedelta(days=2)).year != start.year:
        start = date(start.year + 1, 1, 4)
    return {"start_on": start, "end_on": start + timedelta(days=2)}


def behind(cast: Cast, content: bytes | None = None, **changes: Any) -> Plan:
    """An approved plan whose training has just ended; with a roster also its report, filed."""
    ended = TODAY - timedelta(days=1)
    start = ended - timedelta(days=2)
    if start.year != ended.year:
        ended, start = date(start.year, 12, 31), date(start.year, 12, 29)
    filed = NOW - timedelta(days=40)
    plan = people.file_plan(cast, now=filed, start_on=start, end_on=ended, **changes)
    people.approve(cast, plan.id, now=filed)
    if content:
        people.file_report(cast, plan, content, now=NOW)
    return plan


def press(app: AppTest, label: str) -> AppTest:
    """Click the one button with these words."""
    found = [button for button in app.button if button.label == label]
    assert len(found) == 1, [button.label for button in app.button]
    found[0].click().run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def one(question: sa.Select[Any]) -> Any:
    with db.reading() as session:
        return session.scalars(question).one()


def told(app: AppTest) -> str:
    """The small print of a page, as it is read."""
    return " ".join(read(each.value) for each in app.caption)


def fill_plan(app: AppTest, key: str, **typed: Any) -> None:
    for name in ("title", "place", "content", "teachers", "audience"):
        kind = app.text_input if name in ("title", "place") else app.text_area
        kind(key=f"{key}{name}").input(typed.pop(name, f"示例{name}"))
    app.text_input(key=f"{key}headcount").input(typed.pop("headcount", "50人"))
    for name, day in typed.items():
        app.date_input(key=f"{key}{name}").set_value(day)


def test_a_base_files_a_plan(cast: Cast) -> None:
    app = open_page("paper", sign_in("base"), kind="plan")
    fill_plan(app, "plan-new-", **ahead(20))
    press(app, "上报")
    assert boxes(app, "success")[0].startswith("“示例title”已上报。由内蒙古自治区人力资源和社会保障厅在")
    plan = one(sa.select(Plan))
    assert plan.state is State.SUBMITTED
    assert plan.authority_id == cast.places["region"].id
    app = press(open_page("paper", sign_in("base"), item=str(plan.id)), "撤回")
    assert one(sa.select(Plan)).state is State.WITHDRAWN


def test_a_base_offers_an_earlier_credit_year(cast: Cast) -> None:
    when = ahead(20)
    app = open_page("paper", sign_in("base"), kind="plan")
    fill_plan(app, "plan-new-", **when)
    field = app.multiselect(key="plan-new-credit_years")
    assert field.label == "学时年度（补学）"
    before = TODAY.year - 1
    assert str(before) in field.options
    field.set_value([before])
    press(app, "上报")
    plan = one(sa.select(Plan))
    assert (plan.state, plan.credit_years) == (State.SUBMITTED, (before,))
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    assert f"学时计入{before}年度（补学，七(二)）" in boxes(app, "info")


def test_a_leagues_base_finds_its_own_notices_subjects_and_deadline_on_the_form(cast: Cast) -> None:
    text = (db.ROOT / "tests/data/policies/good/league-own-subjects.yaml").read_text(encoding="utf-8")
    years = f"{TODAY.year}-01-01, to: {TODAY.year + 1}-12-31"
    text = text.replace("2024-01-01, to: 2024-12-31", years).replace("03-01, to: 11-30", "01-01, to: 12-31")
    people.lay_notice("league-own-subjects", text)
    app = open_page("paper", sign_in("hohhot_base"), kind="plan")
    assert "当天不算，前数7天" in told(app)
    assert "（第七条）" in told(app)
    subjects = app.selectbox(key="plan-new-subject")
    assert subjects.options == ["业务科目", "职业道德"]
    assert app.text_input(key="plan-new-hours_each").value == "18"  # three days of six hours
    subjects.set_value("ethics")
    fill_plan(app, "plan-new-", **ahead(8))
    press(app, "上报")
    plan = one(sa.select(Plan))
    assert (plan.state, plan.subject) == (State.SUBMITTED, "ethics")
    press(open_page("paper", sign_in("hohhot_base"), item=str(plan.id)), "撤回")
    app = open_page("paper", sign_in("hohhot_base"), item=str(plan.id))
    assert app.selectbox(key=f"plan-{plan.id}-subject").value == "ethics"  # not the first there is
    assert "当天不算，前数14天" in told(open_page("paper", sign_in("base"), kind="plan"))


def test_an_earlier_plan_is_copied_onto_days_that_may_still_do_and_the_earlier_one_stays(cast: Cast) -> None:
    ended = (TODAY - timedelta(days=1)).year
    earlier = behind(cast, title=f"{ended}年更新班（第九期）", headcount=77, credit_years=())
    app = open_page("paper", sign_in("base"), kind="plan", copy=str(earlier.id))
    key = f"plan-new-{earlier.id}-"
    start = app.date_input(key=f"{key}start_on").value
    named = f"{start.year}年更新班（第{'十' if start.year == earlier.start_on.year else '一'}期）"
    assert (app.text_input(key=f"{key}title").value, app.text_input(key=f"{key}headcount").value) == (named, "77")
    assert f"日期改为{start}至" in told(app)
    assert start > TODAY + timedelta(days=13)
    assert app.date_input(key=f"{key}end_on").value - start == earlier.end_on - earlier.start_on
    press(app, "上报")
    assert any("已上报" in each for each in boxes(app, "success"))
    with db.reading() as session:
        made = session.scalars(sa.select(Plan).order_by(Plan.id)).all()
    assert [(each.title, each.state) for each in made] == [
        (earlier.title, State.APPROVED),
        (named, State.SUBMITTED),
    ]
    assert made[0].start_on == earlier.start_on


def test_a_preview_shows_what_the_reviewer_will_see_of_what_is_typed_and_keeps_nothing(cast: Cast) -> None:
    app = open_page("paper", sign_in("base"), kind="plan")
    press(app, "预览")
    (box,) = app.get("dialog")  # with what is to be put right first
    assert box.proto.dialog.title == "改正后可预览"
    assert "- 培训名称未填\n" in box.markdown[0].value
    fill_plan(app, "plan-new-", content="讲授[新](//x)规范")
    press(app, "预览")
    (box,) = app.get("dialog")
    shown = {read(each.value) for each in box.markdown}
    assert any("讲授[新](//x)规范" in each for each in shown)
    assert one(sa.select(sa.func.count()).select_from(Plan)) == 0
    press(app, "上报")
    plan = one(sa.select(Plan))
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    seen = " ".join(read(each.value) for each in app.markdown)
    assert all(each.split("  \n")[-1] in seen for each in shown)


def test_what_a_reviewer_remarked_on_a_field_stands_under_it_until_it_is_changed(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))
    with db.transaction() as session:
        remarks = [workflow.Remark("unclear", "teachers", "请写明职称")]
        act = {"version": plan.version, "remarks": remarks, "actor": cast["reviewer"], "now": NOW}
        workflow.move(session, plan.id, Action.RETURN, **act)
    app = open_page("paper", sign_in("base"), item=str(plan.id))
    with db.reading() as session:  # opening it is reading what was told of it, by this account
        assert [messages.unread(session, cast[each], now=NOW) for each in ("base", "reviewer")] == [0, 1]
    under = "请写明职称"
    assert under in boxes(app, "warning")[0]
    assert sum(under in each.value for each in app.markdown) == 1
    assert "退回意见还有1处没有改动：师资情况。可以上报，审核员会看到没有改动。" in told(app)
    app.text_area(key=f"plan-{plan.id}-teachers").input("示例大学教授2人（正高级）").run()
    assert [":green-badge[已改]" in each.value for each in app.markdown if under in each.value] == [True]
    assert "没有改动" not in told(app)  # typed, though not saved: filing saves it first
    assert "逐条改正（都已改动）" in boxes(app, "warning")[0]
    assert "上报后：由" in told(app)
    assert "按已保存的内容" not in told(app)
    app.text_input(key=f"plan-{plan.id}-hours_each").input("999").run()
    assert "现在还不能上报：每人学时" in told(app) or "现在还不能上报：每天至多" in told(app)


def test_who_decides_and_follows_a_link_to_a_form_finds_the_way_to_the_desk(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))

    def led(by: str) -> list[tuple[str, str]]:
        app = open_page("paper", sign_in(by), item=str(plan.id))
        return [(each.proto.page, each.proto.query_string) for each in app.main if each.type == "page_link"]

    assert ("review", f"item={plan.id}") in led("reviewer")
    assert not any(query for _, query in led("leader"))


def test_a_plan_filed_too_late_is_kept_as_a_draft_and_the_first_possible_day_is_named(cast: Cast) -> None:
    app = open_page("paper", sign_in("base"), kind="plan")
    fill_plan(app, "plan-new-", title="临时培训班", **ahead(13))
    press(app, "上报")
    if ahead(13)["start_on"] == TODAY + timedelta(days=13):
        assert f"最早可安排在{TODAY + timedelta(days=14)}开始" in boxes(app, "error")[0]
        assert one(sa.select(Plan)).state is State.DRAFT
        app = open_page("review", sign_in("admin"), item="1")
        press(app, "准予延期上报")
        assert boxes(app, "error")[0] == "请填写准予延期的原因。"
        app.text_area(key="extension-1").input("自治区临时部署")
        press(app, "准予延期上报")
        app = press(open_page("paper", sign_in("base"), item="1"), "上报")
        assert one(sa.select(Plan)).state is State.SUBMITTED


def test_what_was_typed_stays_when_a_plan_is_refused(cast: Cast) -> None:
    app = open_page("paper", sign_in("base"), kind="plan")
    fill_plan(app, "plan-new-", title="地点未定的培训班", place="", **ahead(20))
    press(app, "上报")
    assert "培训地点未填" in boxes(app, "error")[0]
    assert app.text_input(key="plan-new-title").value == "地点未定的培训班"
    app.text_input(key="plan-new-place").input("呼和浩特").run()
    assert boxes(app, "error") == []  # what was wrong is put right: the message of the press is gone
    assert "上报后：由" in told(app)
    with db.reading() as session:
        assert session.scalars(sa.select(Plan)).all() == []


def test_a_reviewer_decides_a_plan_and_a_reason_is_asked_where_it_is_needed(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    press(app, "退回")
    assert "退回须填写审核意见" in boxes(app, "error")[0]
    app.text_area(key=f"opinion-{plan.id}").input("师资情况过于简略")
    press(app, "退回")
    assert one(sa.select(Movement).order_by(Movement.id.desc()).limit(1)).reason == "师资情况过于简略"
    app = open_page("paper", sign_in("base"), item=str(plan.id))
    press(app, "上报")
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    record = "历年：计划1份，通过0份；报告0份，按期0份，逾期0份；退回1次；不予通过0次；学时被冲销的报告0份"
    assert md(cast["base"].organization_name) + record in [each.value for each in app.caption]
    press(app, "通过")
    assert "已通过" in boxes(app, "success")[0]
    assert one(sa.select(Plan)).state is State.APPROVED


def test_the_slower_of_two_reviewers_is_told_and_nothing_happens_twice(cast: Cast) -> None:
    plan = behind(cast, people.sheet([people.row(1), people.row(2)]))
    report = one(sa.select(Report).where(Report.plan_id == plan.id))
    first = open_page("review", sign_in("reviewer"), item=str(report.id))
    second = open_page("review", sign_in("reviewer2"), item=str(report.id))
    press(first, "通过")
    assert "为2人登记48学时" in boxes(first, "success")[0]
    press(second, "通过")
    assert "审核员reviewer：通过" in boxes(second, "error")[0]
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditEntry)) == 2


def test_another_leagues_reviewer_cannot_open_a_record_by_its_address(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, by="hohhot_base", **ahead(20))
    stranger = open_page("review", sign_in("baotou_reviewer"), item=str(plan.id))
    assert "没有找到" in boxes(stranger, "error")[0]
    overseer = open_page("review", sign_in("reviewer"), item=str(plan.id))
    assert "呼和浩特市人力资源和社会保障局审核" in " ".join(said.value for said in overseer.caption)
    assert "通过" not in [button.label for button in overseer.button]


def test_a_base_reports_with_a_roster_and_every_problem_is_listed(cast: Cast) -> None:
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    app.text_area(key=f"report-{plan.id}-summary").input("按计划完成")
    rows = [people.row(1), people.row(2, id_number="150199198503040020"), people.row(3, professional_hours=30)]
    uploader(app, f"report-{plan.id}-announcement").upload("通知.pdf", b"%PDF-1.4", "application/pdf")
    uploader(app, f"report-{plan.id}-roster").upload("花名册.xlsx", people.sheet(rows), "application/octet-stream")
    press(app, "预览")
    seen = "\n".join(each.value for each in app.markdown)
    assert "培训通知：通知.pdf" in seen, "what the reviewer will see, with what was chosen and not saved"
    assert "花名册原件：花名册.xlsx" in seen
    assert f"**花名册**：{len(rows)}人，共{len(rows)}行" in seen
    foreseen = compared(app)
    assert foreseen["授课教师"] == [plan.teachers, plan.teachers, ""]
    assert one(sa.select(sa.func.count()).select_from(Report)) == 0
    press(app, "保存并检查花名册")
    assert any("花名册3行，2行有错误" in each for each in boxes(app, "warning"))
    assert "花名册共3行：可登记学时的1行，有错误的2行（共2处，一行可有几处）" in told(app)
    sheet = SheetOf(app)
    assert sheet.value(4, "id_number") == "150199198503040020"
    assert "校验码不符" in sheet.line("4-id_number")["words"]
    sheet.mend(5, "professional_hours", "24")  # repaired where it stands, without a file
    assert sheet.data["said"] == "第5行专业学时已改正。"
    assert sheet.states == {"4-id_number": "open", "5-professional_hours": "mended"}
    assert not any("2行有错误" in each for each in boxes(app, "warning"))  # it is one by now
    assert "可登记学时的2行，有错误的1行（共1处" in told(app)
    press(app, "报送")
    report = one(sa.select(Report))
    assert (report.state, report.people, report.faults) == (State.SUBMITTED, 2, 1)
    for page, by in (("paper", "base"), ("review", "reviewer")):  # both find what was filed, told in the same way
        filed = open_page(page, sign_in(by), item=str(report.id))
        assert {"培训通知：通知.pdf", "花名册原件：花名册.xlsx"} <= {each.label for each in filed.button}
        assert compared(filed).keys() == foreseen.keys()
        assert compared(filed)["授课教师"] == foreseen["授课教师"]


def compared(app: AppTest) -> dict[str, list[str]]:
    """Plan beside report as it stands on a page, line by line."""
    (lines,) = (each.value.values.tolist() for each in app.table if "实际" in each.value)
    return {line[0]: line[1:] for line in lines}


def test_a_file_that_is_no_roster_is_refused_and_what_was_saved_stays(cast: Cast) -> None:
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    app.text_area(key=f"report-{plan.id}-summary").input("按计划完成")
    press(app, "保存并检查花名册")
    uploader(app, f"report-{plan.id}-roster").upload("花名册.xlsx", b"PK\x03\x04 broken", "application/octet-stream")
    press(app, "保存并检查花名册")
    assert "无法读取此工作簿" in boxes(app, "error")[0]
    report = one(sa.select(Report))
    assert (report.summary, report.roster_id) == ("按计划完成", None)
    other = "名单另附\n见附件".encode("gbk")
    uploader(app, f"report-{plan.id}-roster").upload("花名册.csv", other, "text/csv")
    press(app, "保存并检查花名册")
    (why,) = boxes(app, "error")[:1]
    beside = [each.value for each in app.markdown if each.value.startswith(":red[:material/error: ")]
    assert [why in each for each in beside] == [True], (why, beside)


def posted(cast: Cast) -> Report:
    plan = behind(cast, people.sheet([people.row(1, "额尔敦·巴图"), people.row(2)]))
    report = one(sa.select(Report).where(Report.plan_id == plan.id))
    people.approve(cast, report.id, now=NOW)
    return report


def test_a_person_is_looked_up_and_the_card_is_issued(cast: Cast) -> None:
    posted(cast)
    app = open_page("credit_lookup", sign_in("employer"), q="额尔敦•巴图")
    assert list(frames(app)[0]["name"]) == ["额尔敦·巴图"]
    app = open_page("credit_lookup", sign_in("employer"), person="1")
    totals = frames(app)[1]
    assert "24 / 60" in list(totals["专业"])
    assert len(totals) == 3
    next(each for each in app.text_input if each.label == "事由").input("核对纸质证书")
    press(app, "查看")
    assert people.id_number(1) in boxes(app, "success")[0]
    press(app, "生成审验卡")
    assert "审验卡已生成" in boxes(app, "success")[0]
    assert any("没有设置对外网址" in each.value for each in app.caption)
    card = one(sa.select(Card))
    assert card.year == behind_year()
    links = [each.proto.url for each in app.get("link_button")]
    assert links == [f"/verify/{card.code}"]  # for this browser, whatever is printed for others
    assert "下载" in app.get("download_button")[-2].proto.label or app.get("download_button")
    app = open_page("credit_lookup", sign_in("employer"), person="1")
    press(app, "生成审验卡")
    assert "没有另出新卡" in boxes(app, "success")[0]
    with db.transaction() as session:
        other = cards.issue(session, 1, card.year, size=Size.A4, actor=cast["reviewer"], now=NOW)
    app = open_page("credit_lookup", sign_in("reviewer"), person="1")
    assert app.selectbox(key=f"cards-1-{other.id}-0").value == other.id
    app.selectbox(key=f"cards-1-{other.id}-0").set_value(card.id)
    app.selectbox(key="card-1-size").set_value(Size.CARD)
    press(app, "生成审验卡")
    newest = one(sa.select(sa.func.max(Card.id)))
    assert app.selectbox(key=f"cards-1-{newest}-0").value == newest > other.id  # not the one that was chosen before
    press(app, "确认注销")
    assert app.selectbox(key=f"cards-1-{newest}-1").value is None  # the other one is not the next to be struck
    people.give_account(cast, 1, "person", now=NOW)
    app = open_page("credit_lookup", sign_in("person"))
    app.checkbox(key="card-1-full").check()
    press(app, "生成审验卡")
    assert "印有完整身份证号" in boxes(app, "success")[0]
    assert app.checkbox(key="card-1-full").value is False  # for the one card
    app = open_page("print_cards", sign_in("employer"), view="发放开通码", codesq="没有这个人")
    assert any("本单位人员中没有这个姓名" in each.value for each in app.caption)
    with db.transaction() as session:
        activation.give(session, [people.person_id(2)], actor=cast["employer"], now=NOW)
    app = open_page("print_cards", sign_in("employer"), view="发放开通码")
    told = [each.value for each in app.caption] + [each.label for each in app.checkbox]
    assert any("手里的开通码" in each for each in told), told


def test_an_earlier_version_of_a_template_brings_its_images_with_its_words(cast: Cast) -> None:
    mark = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(mark, "PNG")
    with db.transaction() as session:
        for version, logo in ((0, mark.getvalue()), (1, None)):
            fields = templates.fields_of(replace(faces.BUILT_IN, title=f"审验卡{version + 1}"))
            templates.publish(session, fields, logo=logo, seal=None, version=version, actor=cast["admin"], now=NOW)
    app = open_page("card_templates", sign_in("admin"))
    app.selectbox(key="template-from").set_value(1).run()
    press(app, "以此版为底稿")
    assert any("图案用第1版的" in each.value for each in app.caption)
    press(app, "发布样式")
    with db.reading() as session:
        now = templates.current(session, cast["admin"].organization_id)
    assert (now.version, now.look.title, now.look.logo) == (3, "审验卡1", mark.getvalue())


def test_a_card_that_could_not_be_printed_whole_is_refused_where_it_was_asked_for(cast: Cast) -> None:
    posted(cast)
    with db.transaction() as session:
        session.get_one(Person, people.person_id(1)).name = "杨千\U00030001"
    app = open_page("credit_lookup", sign_in("employer"), person="1")
    press(app, "生成审验卡")
    assert "“杨千\U00030001”中的“\U00030001”（U+30001）无法打印" in boxes(app, "error")[0]
    assert one(sa.select(sa.func.count(Card.id))) == 0


def behind_year() -> int:
    return (TODAY - timedelta(days=1)).year if (TODAY - timedelta(days=3)).year == TODAY.year else TODAY.year - 1


def test_an_employer_clerk_cannot_open_another_employers_person(cast: Cast) -> None:
    posted(cast)
    app = open_page("credit_lookup", sign_in("hohhot_employer"), person="1")
    assert "没有找到" in boxes(app, "error")[0]


def test_the_dashboard_counts_what_was_posted(cast: Cast) -> None:
    posted(cast)
    app = open_page("quota_dashboard", sign_in("leader"), year=str(behind_year()))
    told = tiles(app)
    assert [told[name] for name in ("培训人次", "登记学时", "批准计划（份）", "通过报告（份）")] == [
        "2",
        "48",
        "1",
        "1",
    ]
    empty = open_page("quota_dashboard", sign_in("leader"), year=str(TODAY.year - 2))
    assert "当前筛选条件下没有可画的数据" in boxes(empty, "info")[0]


def test_an_administrator_keeps_organizations_and_accounts(cast: Cast) -> None:
    app = open_page("organizations", sign_in("hohhot_admin"), organization="999", q="示例")
    assert "没有打开第999号机构：不在上面所列之中" in boxes(app, "info")[-1]
    assert app.query_params["q"] == "示例"
    app.text_input(key="new-name").input("示例呼和浩特新医院")
    press(app, "新增")
    assert "已新增机构" in boxes(app, "success")[0]
    added = one(sa.select(Organization).where(Organization.name == "示例呼和浩特新医院"))
    assert added.authority_id == cast.places["hohhot"].id
    app = open_page("organizations", sign_in("admin"), view="登录规则")
    app.number_input(key="kept-messages").set_value(500)
    press(app, "确定期限")
    assert "保存期限已保存" in boxes(app, "success")[0]
    terms = app.table[0].value.set_index("资料")["保存"]
    assert (terms["消息"], terms["登录记录"], terms["审计日志"]) == ("500天", "一直保存", "一直保存")
    app = open_page("moving_in", sign_in("admin"), view="账号")
    assert app.segmented_control(key="view").value == "账号"
    app.query_params["view"] = "机构"  # the first, so that no word of it is usually in the address
    assert app.run().segmented_control(key="view").value == "机构"
    app.segmented_control(key="view").set_value("账号").run()
    assert app.query_params["view"] == "账号"
    del app.query_params["view"]
    app.switch_page("../pages/organizations.py").run()
    assert app.segmented_control(key="view").value == "机构"  # what another page showed stays there
    with db.transaction() as session:
        table = Upload("机构.csv", "机构名称,类别\n示例新学校,用人单位\n".encode())
        moving.bring_in(session, moving.Table.ORGANIZATIONS, table, actor=cast["admin"], now=datetime.now(UTC))
    app = open_page("moving_in", sign_in("admin"), view="导入批次", intake="1")
    assert frames(app)[1].to_dict("records") == [
        {"file_row": "2", "name": "示例新学校", "办理": "新建", "told": "可撤销"}
    ]
    assert "撤销这一批（1行）" in [button.label for button in app.button]
    app = open_page("organizations", sign_in("admin"), view="账号")
    app.selectbox(key="account-role").set_value(Role.LEADER.value).run()
    app.text_input(key="account-name").input("新领导")
    app.text_input(key="account-username").input("new.leader")
    press(app, "开通")
    assert "已开通账号new.leader" in boxes(app, "success")[0]
    opened = one(sa.select(Account).where(Account.username == "new.leader"))
    assert opened.must_change_password
    app = open_page("organizations", sign_in("admin"), view="账号", account=str(opened.id))
    app.session_state[f"todo-account-{opened.id}"] = "停用"
    app.run()
    press(app, "停用")
    assert "请填写停用或启用的原因" in boxes(app, "error")[0]
    app.text_input(key=f"why-account-{opened.id}").input("调离")
    press(app, "停用")
    assert not one(sa.select(Account).where(Account.username == "new.leader")).active


def test_the_trail_is_filtered_and_a_league_sees_its_own(cast: Cast) -> None:
    people.file_plan(cast, now=NOW, **ahead(20))
    app = open_page("audit", sign_in("admin"), event="提交")
    assert all("上报了培训计划“" in told for told in frames(app)[0]["told"])  # what a plan's is called
    entry = one(sa.select(AuditEntry.id).where(AuditEntry.event == "submission.submit"))
    app = open_page("audit", sign_in("admin"), entry=str(entry))
    assert app.table[0].value["原来"][0] == "草稿"
    about = open_page("audit", sign_in("admin"), about="没有这样的人")
    assert not frames(about)
    whole = open_page("audit", sign_in("admin"))
    newest = sent(whole)[0]["rows"][0]["id"]
    league = open_page("audit", sign_in("hohhot_leader"))
    assert "示例继续教育基地" not in set(frames(league)[0]["organization_touched"])
    last = sent(whole.run())[0]["rows"][0]
    assert last["id"] == newest + 1, "a page of the trail that is kept goes on with every line, of a sign-in too"


def test_the_policy_page_says_when_no_notice_covers_a_day(cast: Cast) -> None:
    before = notices.policies()[0].first_year - 1
    app = open_page("policies", sign_in("base"), day=f"{before}-06-01")
    assert "没有适用于" in boxes(app, "warning")[0]


def test_a_password_is_changed_and_the_old_sign_in_ends(cast: Cast) -> None:
    token = sign_in("leader")
    app = open_page("account", token)
    for key, typed in (("old-password", "wrong"), ("new-password", "Second-pass-24"), ("new-password-again", "x")):
        app.text_input(key=key).input(typed)
    press(app, "修改密码")
    assert "两次输入的新密码不一致" in boxes(app, "error")[0]
    app.text_input(key="new-password-again").input("Second-pass-24")
    press(app, "修改密码")
    assert "原密码不正确" in boxes(app, "error")[0]
    app.text_input(key="old-password").input(people.PASSWORD)
    press(app, "修改密码")
    assert boxes(app, "success") == ["密码已修改，请用新密码重新登录。"]
    assert not boxes(app, "info")  # and nothing besides of a sign-in that ended
    with db.reading() as session:
        assert accounts.actor_of(session, token, datetime.now(UTC)) is None


def test_signing_out_ends_every_browser_of_the_account(cast: Cast) -> None:
    token, other = sign_in("reviewer"), sign_in("reviewer")
    press(open_page("home", token), "退出")
    with db.reading() as session:
        assert accounts.actor_of(session, token, datetime.now(UTC)) is None
        assert accounts.actor_of(session, other, datetime.now(UTC)) is None


def test_a_click_after_the_account_was_closed_does_nothing(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    with db.transaction() as session:
        account_id = cast["reviewer"].account_id or 0
        accounts.set_active(session, account_id, False, actor=cast["admin"], reason="离岗", now=NOW)
    press(app, "通过")
    assert one(sa.select(Plan)).state is State.SUBMITTED


def test_the_buttons_are_the_moves_core_allows(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))
    draws: dict[str, Callable[[], AppTest]] = {
        "base": lambda: open_page("paper", sign_in("base"), item=str(plan.id)),
        "reviewer": lambda: open_page("review", sign_in("reviewer"), item=str(plan.id)),
    }
    for username, draw in draws.items():
        with db.reading() as session:
            allowed = workflow.moves_for(workflow.one(session, plan.id, cast[username]), cast[username])
        drawn = {button.label for button in draw().button}
        words = {action: KINDS["plan"].word_for(action) for action in Action}
        assert {words[action] for action in allowed} <= drawn
        assert not {word for action, word in words.items() if action not in allowed} & drawn


def test_a_plan_goes_back_with_remarks_and_comes_again_with_what_was_changed(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))
    app, key = open_page("review", sign_in("reviewer"), item=str(plan.id)), f"remarks-{plan.id}-{plan.version}-"
    for place, reason, words in (("", "time", "太紧"), ("teachers", "unclear", "请写明职称")):
        app.selectbox(key=f"{key}place").set_value(place)
        app.selectbox(key=f"{key}reason").set_value(reason)
        app.text_input(key=f"{key}said").input(words).run()
        if place == "":
            press(app, "记下")
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))  # after F5: one noted, one being written
    assert "整体：时间或学时安排不妥，太紧" in [each.value for each in app.markdown]
    assert (app.selectbox(key=f"{key}place").value, app.text_input(key=f"{key}said").value) == (
        "teachers",
        "请写明职称",
    )
    other = open_page("review", sign_in("reviewer2"), item=str(plan.id))
    assert (other.selectbox(key=f"{key}reason").value, other.text_input(key=f"{key}said").value) == ("", "")
    press(app, "取消")
    press(app, "退回")  # the remarks are its reason
    assert one(sa.select(sa.func.count(Unsaved.place))) == 0
    with db.transaction() as session:
        kept = session.get_one(Plan, plan.id)
        assert kept.state is State.RETURNED
        fields = replace(plans.fields_of(kept), teachers="示例大学教授2人（正高级）")
        kept = plans.revise(session, plan.id, fields, version=kept.version, actor=cast["base"], now=NOW)
        session.flush()
        workflow.move(session, plan.id, Action.SUBMIT, version=kept.version, actor=cast["base"], now=NOW)
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    assert "表述不清" in boxes(app, "warning")[0]
    remarks, changes = (each.value for each in app.table[:2])
    assert remarks.iloc[0].tolist() == ["师资情况", "表述不清", "请写明职称", "已改"]
    assert changes.iloc[0].tolist() == ["师资情况", "示例大学教授2人", md("示例大学教授2人（正高级）")]
    press(app, "通过")
    press(app, "回到刚办的")
    assert "“撤销”的后果：撤销“通过”，回到待审。" in "".join(each.value for each in app.markdown)  # before it is done
    press(app, "撤销")
    assert one(sa.select(Plan)).state is State.SUBMITTED


def test_an_opinion_and_a_comment_wait_for_their_writer_alone_until_they_are_sent(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))
    opinion, comment = f"opinion-{plan.id}", f"comment-{plan.id}"
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    app.text_area(key=opinion).input("请补充师资").run()
    app.text_input(key=comment).input("写到一半").run()
    again = open_page("review", sign_in("reviewer"), item=str(plan.id))  # another browser
    assert (again.text_area(key=opinion).value, again.text_input(key=comment).value) == ("请补充师资", "写到一半")
    other = open_page("review", sign_in("reviewer2"), item=str(plan.id))
    assert (other.text_area(key=opinion).value, other.text_input(key=comment).value) == ("", "")
    other.text_area(key=opinion).input("我的意见").run()
    said = f"remarks-{plan.id}-{plan.version}-said"
    app.text_input(key=said).input("职称")
    app.text_input(key=comment).input("写到一半了").run()
    for key, mine, theirs in ((comment, "另一句", "写到一半了"), (said, "专业", "职称")):
        window = again.text_input(key=key).input(mine).run()  # of the same account: what is newer is not written over
        for _ in range(2):
            assert "别的窗口也写了“" in "".join(boxes(window, "warning"))
            assert (window.text_input(key=key).value, [each.value for each in window.code]) == (mine, [theirs])
            assert open_page("review", sign_in("reviewer"), item=str(plan.id)).text_input(key=key).value == theirs
            window.run()
        press(window, "以这里的为准")
        assert not window.code
        assert open_page("review", sign_in("reviewer"), item=str(plan.id)).text_input(key=key).value == mine
    again.text_input(key=said).input("").run()
    press(again, "发给对方")
    press(again, "退回")
    assert one(sa.select(Movement.reason).where(Movement.action == "return")) == "请补充师资"
    other.run()
    assert any("退回（审核员reviewer，" in each.value for each in other.caption)  # who was faster
    assert [each.value for each in other.code] == ["我的意见"]
    press(other, "不再保留")
    assert not other.code
    assert one(sa.select(sa.func.count(Unsaved.place))) == 0


def test_a_return_that_was_undone_leaves_no_mark_on_the_desk(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    app.text_area(key=f"opinion-{plan.id}").input("请补充师资")
    key = f"remarks-{plan.id}-{plan.version}-"
    app.selectbox(key=f"{key}place").set_value("teachers")
    app.selectbox(key=f"{key}reason").set_value("unclear")
    app.text_input(key=f"{key}said").input("请写明职称").run()
    press(app, "退回")
    people.file_plan(cast, now=NOW, title="另一期", **ahead(20))
    app = press(open_page("review", sign_in("reviewer"), item=str(plan.id), state="all"), "撤销")
    assert f"“{plan.title}”：已撤销“退回”，回到待审。" in boxes(app, "success")
    assert app.text_area(key=f"opinion-{plan.id}").value == "请补充师资"  # what was written is not written twice
    assert any("师资情况：表述不清，请写明职称" in each.value for each in app.markdown)
    assert app.query_params["item"] == str(plan.id)  # whoever takes a decision back means this one
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    assert not [words for words in boxes(app, "warning") if "再次上报" in words]
    assert [each.value for each in app.caption if "退回0次" in each.value]


def test_the_desk_speaks_in_the_words_of_the_kind_that_is_open(cast: Cast) -> None:
    found = people.waiting(cast, "objection")
    app = open_page("review", sign_in("reviewer"), kind="objection", item=str(found.id))
    assert app.text_area(key=f"opinion-{found.id}").placeholder == "审核意见（必填，提出人会看到）"
    said = "".join(each.value for each in app.markdown)
    assert re.search("异议成立(后，|”：)", said)
    assert "通过" not in said
    words = {action: kinds.of(found).word_for(action) for action in listing.DECISIONS.values()}
    assert "L 回到刚办的" in listing.keys(words)
    assert "A 异议成立　B 请补充说明　X 异议不成立" in listing.keys(words)
    assert listing.nothing(words)["reject"] == "这一件现在不能由您办理“异议不成立”。"
    ends = listing.nothing(words), listing.nothing(words, before=True, after=True)
    assert [said["j"] for said in ends] == ["已是最后一件。", "已是本页最后一件，后面的请翻到下一页。"]
    assert [said["k"] for said in ends] == ["已是第一件。", "已是本页第一件，前面的请翻到上一页。"]


def test_what_has_nothing_worth_a_look_is_approved_together_each_with_its_own_line(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_ROWS", 5)  # the whole list is meant, not the page that is shown
    plans_filed = [people.file_plan(cast, now=NOW, title=f"第{at}期", **ahead(20 + 4 * min(at, 3))) for at in range(5)]
    first_left = people.file_plan(cast, now=NOW - timedelta(days=60), title="已开始的一期", **ahead(-5))
    app = press(open_page("review", sign_in("reviewer"), kind="plan"), "批量通过…")
    (confirmed,) = (button for button in app.button if button.label.startswith("通过所选"))
    with db.reading() as session:
        plain = [each.id for each in plans_filed if not workflow.aside(session, each.id, cast["reviewer"])]
    assert confirmed.label == f"通过所选{len(plain)}件"
    (named,) = (each.value for each in app.table if "原因" in each.value)
    begun, *met = (words.split("（")[0] for words in named["原因"])
    assert begun.startswith("现在还不能通过：培训原定")  # the most urgent stands first
    assert met == ["同一期间该基地还有“第4期”", "同一期间该基地还有“第3期”"]
    assert f"{len(plain)}件没有提示，可以一起通过；3件须逐件审核" in "".join(each.value for each in app.caption)
    with db.transaction() as session:  # somebody is faster with one of them
        first = session.get_one(Plan, plain[0])
        said = {"version": first.version, "actor": cast["reviewer2"], "reason": "请改期", "now": NOW}
        workflow.move(session, first.id, Action.RETURN, **said)
    press(app, confirmed.label)
    assert "没有通过：" in boxes(app, "error")[0]
    assert f"批量办理{len(plain)}件：通过{len(plain) - 1}件，没有通过1件。" in "".join(boxes(app, "warning"))
    assert not [button for button in app.button if button.key == "batch-approve"]  # the dialog is closed
    assert app.query_params["item"] == str(first_left.id)  # none was open: the first that waits is
    with db.reading() as session:
        states = [session.get_one(Plan, each).state for each in plain]
    assert states == [State.RETURNED, *[State.APPROVED] * (len(plain) - 1)]
    assert sum(each.count("已通过") for each in boxes(app, "success")) == len(plain) - 1


def test_a_comment_reaches_the_other_side_once_as_new_and_an_internal_one_stays_inside(cast: Cast) -> None:
    plan = people.file_plan(cast, now=NOW, **ahead(20))
    app = open_page("review", sign_in("reviewer"), item=str(plan.id))
    for words, button in (("请把课表发来", "发给对方"), ("师资已核对", "内部留言")):
        app.text_input(key=f"comment-{plan.id}").input(words)
        press(app, button)
        assert app.text_input(key=f"comment-{plan.id}").value == ""
    app = open_page("review", sign_in("reviewer2"))
    assert {"word": "新留言2", "grave": False} in listed(app)[0]["marks"]
    app = open_page("review", sign_in("reviewer2"), item=str(plan.id))
    assert any("师资已核对" in each.value for each in app.markdown)
    assert listed(open_page("review", sign_in("reviewer2")))[0]["marks"] == []
    with db.reading() as session:
        assert [each.words for each in comments.of(session, plan.id, cast["base"])] == ["请把课表发来"]
    own = open_page("paper", sign_in("base"), item=str(plan.id))
    assert any("请把课表发来" in each.value for each in own.markdown)
    assert not any("师资已核对" in each.value for each in own.markdown)
    own.text_input(key=f"comment-{plan.id}").input("课表已附")
    press(own, "发给对方")
    assert any("课表已附" in each.value for each in open_page("paper", sign_in("base"), item=str(plan.id)).markdown)


def test_filters_saved_under_a_name_open_with_one_click_until_they_are_removed(cast: Cast) -> None:
    people.file_plan(cast, now=NOW, title="第一期", **ahead(20))
    behind(cast, people.sheet([people.row(1)]))
    name = "我的*报告*:red[期]"  # as somebody may well call it
    views = ["desk-views"]
    app = open_page("review", sign_in("reviewer"), unfolded=views, kind="report", state="all", own="0", page="1")
    assert [each["kind"] for each in listed(app)] == [""]  # of one kind, which is not said of each
    app.text_input(key="desk-view-name").input(name)
    press(app, "存为常用视图")
    assert md(name) in app.success[0].value
    app = open_page("review", sign_in("reviewer"), unfolded=views, q="没有这样的")
    assert listed(app) == []
    (chip,) = (each for each in app.button_group if each.key == "desk-view")
    assert (chip.value, chip.options) == (None, [md(name)])
    chip.set_value(name).run()
    assert not app.exception
    assert dict(app.query_params) == {"kind": "report", "state": "all", "own": "0"}
    assert len(listed(app)) == 1
    theirs = open_page("review", sign_in("reviewer2"), unfolded=views)
    assert not [each for each in theirs.button_group if each.key == "desk-view"]
    assert theirs.button(key="desk-view-save")
    press(app, "删除这个视图")
    assert md(name) in app.success[0].value
    assert not [each for each in app.button_group if each.key == "desk-view"]
    assert "desk-view-remove" not in [button.key for button in app.button]
