"""The repair room on its page: pasted rows, proposals, rows left out, what stayed open filed as a supplement."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.ledger import books
from core.models import Report, RosterRepair, RosterRow, State
from core.people import acts
from core.submissions import reports, workflow
from core.tables import mending
from core.trail.files import Upload
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import SheetOf, boxes, frames, listed, open_page, sign_in, uploader
from tests.pages.test_deeds import NOW, TODAY, behind, one, press


def test_rows_are_pasted_instead_of_uploaded_and_more_are_added(cast: Cast) -> None:
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    key = f"report-{plan.id}-"
    for serials, words in (((1, 2), "花名册2行，没有错误"), ((3,), "花名册3行，没有错误")):
        lines = ["\t".join(map(str, people.row(serial))) for serial in serials]
        app.text_area(key=f"{key}pasted").input("\n".join(lines))
        press(app, "保存并检查花名册")
        assert words in boxes(app, "success")[-1]
        assert app.text_area(key=f"{key}pasted").value == ""
    assert (one(sa.select(Report)).people, one(sa.select(Report)).faults) == (3, 0)


def test_proposals_are_accepted_and_rows_left_out(cast: Cast) -> None:
    rows = [people.row(1), people.row(2, sex="19850304"), people.row(1), people.row(3, sex="m"), people.row(4, sex="m")]
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    uploader(app, f"report-{plan.id}-roster").upload("花名册.xlsx", people.sheet(rows), "application/octet-stream")
    press(app, "保存并检查花名册")
    assert any("其中1行与别的行重复，将删去：第5行。其余1行改正。" in each.value for each in app.markdown)
    press(app, "确认采纳并删去1行")
    assert boxes(app, "success")[-1] == "1行已按建议改正，1行与别的行重复，已删去；花名册已重新检查。"
    sheet = SheetOf(app)
    assert sheet.data["brought"] == 1, "into view, once, and not again after what is mended in it"
    left = [place for place, state in sheet.states.items() if state == "open"]
    assert (left, sheet.data["choices"]["sex"]) == (["6-sex", "7-sex"], ["男", "女"])
    sheet.mend(6, "sex", "男")
    assert (sheet.data["kind"], sheet.data["said"]) == ("success", "第6行性别已改正。")
    assert sheet.data["brought"] == 1
    sheet.act("strike", 7)
    sheet.act("put_back", 7)
    assert (sheet.data["said"], sheet.states["7-sex"]) == ("第7行已恢复。", "open")
    sheet.act("strike", 7)
    assert "花名册没有错误。" in boxes(app, "success")
    placed = {"4-sex": "mended", "5-id_number": "struck", "6-sex": "mended", "7-sex": "struck"}
    assert sheet.states == placed  # nothing has moved, until the list is put in order
    sheet.act("tidy")
    assert not sheet.drawn
    assert (one(sa.select(Report)).people, one(sa.select(Report)).faults) == (3, 0)
    press(app, f"恢复第7行 {people.row(4)[1]}")  # out of the sheet it is still in the log
    assert (sheet.states, boxes(app, "success")[0]) == ({"7-sex": "open"}, "第7行已恢复并重新检查。")


def test_a_row_changed_or_struck_in_another_window_while_it_is_open_is_told_and_not_overwritten(cast: Cast) -> None:
    plan = behind(cast)
    lines = ["\t".join(map(str, people.row(serial, sex="m"))) for serial in (1, 2, 3)]
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    app.text_area(key=f"report-{plan.id}-pasted").input("\n".join(lines))
    press(app, "保存并检查花名册")
    report_id = one(sa.select(Report.id))

    def elsewhere(column: str, after: str) -> None:
        before = str(people.row(1)[1]) if column == "name" else "示例市第一医院"
        with db.transaction() as session:
            change = mending.Change(2, column, before, after)
            reports.repair(session, report_id, [change], actor=cast["base"], now=NOW)

    sheet = SheetOf(app)
    sheet.act("open", 2)
    elsewhere("employer", "示例市第二医院")
    app.selectbox(key=f"whole-{report_id}-1-2-sex").set_value("男")
    press(app, "保存并重新检查")
    assert boxes(app, "success")[-1] == "第2行已保存并重新检查。"
    with db.reading() as session:  # the cell that was not touched here keeps what the other window wrote
        assert reports.cells(session, report_id, 2, cast["base"])["employer"] == "示例市第二医院"
    sheet.act("open", 3)
    with db.transaction() as session:
        reports.strike(session, report_id, 3, actor=cast["base"], now=NOW)
    app.text_input(key=f"whole-{report_id}-2-3-name").input("李示错")
    press(app, "保存并重新检查")
    assert "花名册中没有第3行" in boxes(app, "error")[0]
    assert sheet.states == {"2-sex": "mended", "3-sex": "struck", "4-sex": "open"}
    with db.transaction() as session:
        reports.strike(session, report_id, 4, actor=cast["base"], now=NOW)
    sheet.act("open", 4)
    assert "没有找到这条花名册行" in sheet.data["said"]
    assert one(sa.select(RosterRow.row)) == 2


def test_a_number_from_before_a_correction_is_put_right_from_the_hints(cast: Cast) -> None:
    people.posted(cast, people.sheet([people.row(1)]))
    with db.transaction() as session:
        given = {"name": people.row(1)[1], "id_number": people.id_number(31), "version": 1, "reason": "号码录错"}
        proof = Upload("户籍证明.pdf", b"%PDF-1.4 synthetic")
        acts.correct(session, 1, evidence=proof, actor=cast["reviewer"], now=NOW, **given)
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    app.text_area(key=f"report-{plan.id}-pasted").input("\t".join(map(str, people.row(1))))
    press(app, "保存并检查花名册")
    assert "没有错误，另有1处提示" in boxes(app, "success")[-1]
    press(app, "采纳第2行的建议：由系统填入更正后的号码，号码属个人信息，这里不显示")
    assert "第2行已按建议改正并重新检查。" in boxes(app, "success")[-1]
    assert not [button for button in app.button if button.label.startswith("采纳")]
    mended = sa.select(RosterRow.id_index).join(Report).where(Report.plan_id == plan.id)
    assert one(mended) == db.blind_index(people.id_number(31))


def pasted(cast: Cast, *rows: list[object]) -> tuple[AppTest, int]:
    """The page of a training over, with these rows for its roster; and its report."""
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    app.text_area(key=f"report-{plan.id}-pasted").input("\n".join("\t".join(map(str, row)) for row in rows))
    press(app, "保存并检查花名册")
    return app, one(sa.select(Report.id))


def changed(cast: Cast, report_id: int, row: int, column: str, before: str, after: str) -> None:
    """Another window of the same base changes a cell."""
    with db.transaction() as session:
        change = mending.Change(row, column, before, after)
        reports.repair(session, report_id, [change], actor=cast["base"], now=NOW)


def test_a_cell_shows_what_the_roster_has_now_whoever_wrote_it(cast: Cast) -> None:
    app, report_id = pasted(cast, people.row(1, professional_hours="24.2学时"), people.row(2), people.row(3, sex="m"))
    sheet, hours = SheetOf(app), (2, "professional_hours")
    assert sheet.value(*hours) == "24.2学时"
    sheet.mend(*hours, "24.7")
    assert (sheet.value(*hours), sheet.data["said"]) == (
        "24.7",
        "第2行专业学时还不对：学时以0.5为最小单位，请改为整数或.5",
    )
    changed(cast, report_id, *hours, "24.7", "23.3")
    app.run()
    assert sheet.value(*hours) == "23.3"
    changed(cast, report_id, *hours, "23.3", "22.2")
    sheet.send(
        {"act": "edit", "row": 2, "column": "professional_hours", "before": "23.3", "after": "24"},
        {"act": "edit", "row": 4, "column": "sex", "before": "m", "after": "女" if people.row(3)[2] == "女" else "男"},
    )
    assert "第2行的专业学时刚刚被他人改为“22.2”，您的修改没有保存" in sheet.data["said"]
    assert "刚刚被他人改为“22.2”" in sheet.line("2-professional_hours")["words"]
    assert sheet.states == {"2-professional_hours": "open", "4-sex": "mended"}  # the other one went through
    assert sheet.value(*hours) == "22.2"
    sheet.mend(*hours, "24")
    assert set(sheet.states.values()) == {"mended"}
    changed(cast, report_id, *hours, "24", "22.2")
    app.run()
    assert (sheet.value(*hours), sheet.states["2-professional_hours"]) == ("22.2", "open")


def test_what_a_browser_forges_or_sends_twice_is_not_done(cast: Cast) -> None:
    app, report_id = pasted(cast, people.row(1, sex="m"), people.row(2, sex="m"))
    sheet = SheetOf(app)
    first = sheet.data["answered"] + 1
    edit = {"n": first, "act": "edit", "row": 2, "column": "sex", "before": "m", "after": "男"}
    for forged in (
        [edit],
        [edit, edit | {"n": first + 1, "column": "colour"}, edit | {"n": first + 2, "row": 99}],
        ["drop", {"n": first + 3, "act": "drop", "row": 2}, edit | {"n": "x"}, edit | {"n": first + 4, "after": None}],
        [edit | {"n": first + 5, "row": 3, "before": "m", "after": "x" * 3000}],
        {"n": first + 6},
    ):
        app.session_state[sheet.data["key"]] = {"acts": forged}
        app.run()
        assert not app.exception
    assert sheet.states == {"2-sex": "mended", "3-sex": "open"}
    with db.reading() as session:
        made = reports.repairs(session, report_id, cast["base"])
    assert list(made[["row", "column", "before", "after"]].itertuples(index=False, name=None)) == [
        (2, "sex", "m", "男")
    ]


def test_a_row_opened_again_has_nothing_of_what_was_given_up(cast: Cast) -> None:
    app, report_id = pasted(cast, people.row(1, sex="m"), people.row(2))
    for time in (1, 2):
        SheetOf(app).act("open", 2)
        name = app.text_input(key=f"whole-{report_id}-{time}-2-name")
        assert name.value == people.row(1)[1]
        assert app.selectbox(key=f"whole-{report_id}-{time}-2-sex").value is None
        name.input("李示错")
        app.selectbox(key=f"whole-{report_id}-{time}-2-sex").set_value("女")
        app.run()  # closed without saving
    with db.reading() as session:
        assert reports.cells(session, report_id, 2, cast["base"])["name"] == people.row(1)[1]


def test_a_fault_of_two_cells_shows_both_and_a_shifted_row_says_what_stands_in_it(cast: Cast) -> None:
    shifted = people.row(2)
    app, _ = pasted(cast, people.row(1, assessment="不合格"), [shifted[0], "", *shifted[1:-1]], people.row(3))
    sheet = SheetOf(app)
    assert (sheet.value(2, "professional_hours"), sheet.value(2, "assessment")) == ("24", "不合格")
    head = sheet.line("3-id_number")["more"]
    assert str(shifted[1]) in head
    assert str(shifted[3]) not in head
    sheet.mend(2, "professional_hours", "0")
    assert sheet.data["said"] == "第2行专业学时已改正。"
    assert [cell["column"] for cell in sheet.line("2-assessment")["cells"]] == ["assessment", "professional_hours"]
    assert one(sa.select(Report.faults)) == 1


def test_the_list_of_all_rows_says_for_which_year_each_counts_where_a_plan_offers_several(cast: Cast) -> None:
    year = TODAY.year - 1
    for years in ((), (year,)):
        plan = behind(cast, credit_years=years)
        app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
        app.text_area(key=f"report-{plan.id}-pasted").input("\t".join(map(str, people.row(1))))
        press(app, "保存并检查花名册")
        frame = next(each for each in frames(app) if "id_mask" in each)
        assert list(frame.get("credit_year", ())) == list(map(str, years))


def test_what_stayed_open_is_filed_as_a_supplement(cast: Cast) -> None:
    plan = behind(cast, people.sheet([people.row(1), people.row(2, sex="m"), people.row(3)]))
    report = one(sa.select(Report))
    with db.transaction() as session:
        back: Any = {"remarks": [workflow.Remark("attendance", 5, "查无签到")], "actor": cast["reviewer"], "now": NOW}
        workflow.move(session, report.id, workflow.Action.APPROVE, version=report.version, **back)
    app = press(open_page("paper", sign_in("base"), item=str(report.id)), "补报其余2行")
    assert "补报已建立，共2行" in boxes(app, "success")[-1]
    assert not [button for button in app.button if button.label.startswith("补报")]
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    SheetOf(app).mend(4, "sex", "女")
    unchanged = f"退回意见还有1处没有改动：第5行 {people.row(3)[1]}。可以报送，审核员会看到没有改动。"
    assert any(unchanged in each.value for each in app.caption)
    press(app, "报送")
    added = one(sa.select(Report).where(Report.part == 2))
    assert added.state is State.SUBMITTED
    app = open_page("review", sign_in("reviewer"), item=str(added.id))
    (remarks,) = [table.value for table in app.table if "是否已改" in table.value]
    assert remarks.iloc[0].tolist() == [f"第5行 {people.row(3)[1]}", "未参加或重复报送", "查无签到", "未改"]


def test_before_and_after_a_supplement_is_turned_down_each_is_told_what_it_means(cast: Cast) -> None:
    behind(cast, people.sheet([people.row(1), people.row(2, sex="m")]))
    report = one(sa.select(Report))
    final = "不予通过后，这些人不能再补报；需要改正的，请用“退回”。"
    app = open_page("review", sign_in("reviewer"), item=str(report.id))
    assert final not in [each.value for each in app.caption]
    people.approve(cast, report.id, now=NOW)
    press(open_page("paper", sign_in("base"), item=str(report.id)), "补报其余1行")
    added = one(sa.select(Report).where(Report.part == 2))
    app = open_page("paper", sign_in("base"), kind="report", plan=str(added.plan_id))
    SheetOf(app).mend(4, "sex", "女")
    press(app, "报送")
    app = open_page("review", sign_in("reviewer"), item=str(added.id))
    assert final in [each.value for each in app.caption]
    app.text_area(key=f"opinion-{added.id}").input("没有参加培训")
    press(app, "不予通过")
    app = open_page("paper", sign_in("base"), item=str(report.id))
    (told,) = boxes(app, "warning")
    assert "其中1人没有登记学时，不能再补报。理由：没有参加培训" in told


def test_a_foreign_or_unknown_plan_is_not_found_and_one_without_a_report_due_says_so(cast: Cast) -> None:
    plan = behind(cast, people.sheet([people.row(1)]))
    for plan_id in (plan.id, plan.id + 100):
        app = open_page("paper", sign_in("hohhot_base"), kind="report", plan=str(plan_id))
        assert boxes(app, "error") == ["没有找到这条培训计划，或它不在您的管理权限内。"]
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    assert any("待审" in each.value for each in app.markdown if each.value.startswith("#### "))
    assert "报送" not in [button.label for button in app.button]
    assert not app.error


def test_what_was_typed_is_saved_before_it_is_submitted(cast: Cast) -> None:
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    key = f"report-{plan.id}-"
    uploader(app, f"{key}announcement").upload("通知.pdf", b"%PDF-1.4", "application/pdf").run()
    assert any("：培训总结未填；培训花名册未上传。" in each.value for each in app.caption)  # the announcement counts
    press(app, "保存并检查花名册")
    press(app, "报送")
    assert "培训总结未填" in boxes(app, "error")[0]
    app.text_area(key=f"{key}summary").input("按计划完成")
    rows = people.row(1, sex="m"), people.row(2)
    app.text_area(key=f"{key}pasted").input("\n".join("\t".join(map(str, row)) for row in rows))
    assert any("报送后的结果列在这里" in each.value for each in app.run().caption)
    press(app, "报送")
    assert "还没有报送。报送后：" in boxes(app, "warning")[-1]  # what the rows lead to was not on the screen
    report = one(sa.select(Report))
    assert (report.state, report.summary, report.faults) == (State.DRAFT, "按计划完成", 1)
    SheetOf(app).mend(2, "sex", "男")
    app.text_area(key=f"{key}summary").input("按计划完成，两人")
    press(app, "报送")
    report = one(sa.select(Report))
    assert (report.state, report.summary) == (State.SUBMITTED, "按计划完成，两人")


def test_pasted_words_that_are_no_roster_are_refused_and_stay(cast: Cast) -> None:
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    key = f"report-{plan.id}-pasted"
    for _ in range(2):
        app.text_area(key=key).input("随便的一句话，不是表格")
        press(app, "保存并检查花名册")
        assert "没有姓名或身份证号" in boxes(app, "error")[0]
        assert app.text_area(key=key).value == "随便的一句话，不是表格"
        app.text_area(key=key).input("\t".join(map(str, people.row(1 + _))))
        press(app, "保存并检查花名册")
        assert "粘贴添加了1行" in boxes(app, "success")[-1]
        assert f"花名册{1 + _}行" in boxes(app, "success")[-1]


def test_a_value_chosen_again_changes_nothing(cast: Cast) -> None:
    plan = behind(cast)
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    app.text_area(key=f"report-{plan.id}-pasted").input("\t".join(map(str, people.row(1, sex="女"))))
    press(app, "保存并检查花名册")
    sheet = SheetOf(app)
    sheet.mend(2, "sex", "女")
    assert (sheet.states, sheet.data["said"]) == ({"2-sex": "open"}, "")
    assert one(sa.select(sa.func.count(RosterRepair.id))) == 0


def test_hours_that_were_taken_back_lead_the_base_to_a_supplement(cast: Cast) -> None:
    plan = behind(cast, people.sheet([people.row(1), people.row(2), people.row(3, sex="m")]))
    report = one(sa.select(Report))
    people.approve(cast, report.id, now=NOW)
    with db.transaction() as session:
        books.reverse(session, 1, lines=[2], actor=cast["reviewer"], reason="只学了两天", now=NOW)
    told = "有1人的学时已冲销，可补报更正"
    assert any(told in link.proto.label for link in open_page("home", sign_in("base")).get("page_link"))
    for page, username in (("paper", "base"), ("review", "reviewer")):
        app = open_page(page, sign_in(username), item=str(report.id))
        assert "部分冲销" in " ".join(text.value for text in app.markdown)
        assert any("冲销第1批：只学了两天" in str(each) for each in frames(app))
    app = open_page("filing", sign_in("base"))
    assert told in boxes(app, "info")[0]
    press(app, "补报更正")
    assert "共2行" in boxes(app, "success")[-1]
    added = one(sa.select(Report).where(Report.part == 2))
    assert "补报" in next(text.value for text in app.markdown if text.value.startswith("#### "))
    assert "补报" in listed(open_page("filing", sign_in("base")))[0]["title"]
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id), row="4")
    assert "改正第4行" in [button.label for button in app.button]
    assert added.due_on >= report.due_on  # a day of rest moves both to the same working day


def test_a_base_reads_its_filed_roster_and_what_came_of_each_row(cast: Cast) -> None:
    behind(cast, people.sheet([people.row(1), people.row(2, sex="m")]))
    report = one(sa.select(Report))
    people.approve(cast, report.id, now=NOW)
    app = open_page("paper", sign_in("base"), item=str(report.id))
    app.toggle(key="roster").set_value(True).run()
    frame = next(each for each in frames(app) if "file_row" in each and "hours_standing" in each)
    assert frame[["file_row", "severity", "hours_standing"]].to_numpy().tolist() == [
        ["4", "错误", ""],
        ["3", "", "有效"],
    ]
    assert "花名册有1行有错误，没有登记学时" in boxes(app, "warning")[-1]


def test_a_reviewer_sees_the_years_of_a_make_up_training(cast: Cast) -> None:
    year = TODAY.year - 1
    plan = behind(cast, people.sheet([people.row(1, credit_year=year)]), credit_years=(year,))
    report = one(sa.select(Report).where(Report.plan_id == plan.id))
    app = open_page("review", sign_in("reviewer"), item=str(report.id))
    frame = next(each.value for each in app.table if "批准的计划" in each.value)
    shown = frame.set_index(frame.columns[0]).loc["学时年度"]
    assert shown.tolist() == [str(year), str(year), ""]


def test_the_same_file_again_replaces_nothing_and_says_so_and_the_roster_can_go_back_to_it(cast: Cast) -> None:
    plan = behind(cast)
    content = people.sheet([people.row(1, sex="m"), people.row(2)])
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    key = f"report-{plan.id}-"

    def upload() -> None:
        uploader(app, f"{key}roster").upload("花名册.xlsx", content, "application/octet-stream")
        press(app, "保存并检查花名册")

    upload()
    SheetOf(app).mend(3, "sex", "男")
    upload()
    assert "先前已经读取，没有替换" in boxes(app, "success")[-1]
    assert one(sa.select(Report.faults)) == 0
    press(app, "确认恢复")
    assert "已恢复为上传的原件" in boxes(app, "success")[-1]
    assert one(sa.select(Report.faults)) == 1


def test_another_file_takes_the_place_of_a_repaired_roster_only_when_that_is_ticked(cast: Cast) -> None:
    app, report_id = pasted(cast, people.row(1, sex="m"))
    key = f"report-{one(sa.select(Report.plan_id))}-"
    SheetOf(app).mend(2, "sex", "男")
    uploader(app, f"{key}roster").upload("另一份.xlsx", people.sheet([people.row(2)]), "application/octet-stream")
    app.run()
    (tick,) = (box for box in app.checkbox if "此前在网上改正的1处作废" in box.label)
    press(app, "保存并检查花名册")
    assert sum("整份替换，此前在网上改正的1处作废，所以没有保存" in each for each in boxes(app, "error")) == 1
    with db.reading() as session:
        assert reports.cells(session, report_id, 2, cast["base"])["sex"] == "男"
    (tick,) = (box for box in app.checkbox if "此前在网上改正的1处作废" in box.label)
    tick.check()
    press(app, "保存并检查花名册")
    assert "原花名册已整份替换，此前在网上改正的1处作废。" in boxes(app, "success")[-1]
    assert not app.checkbox


def test_a_refused_file_leaves_no_green_light_of_the_former_one(cast: Cast) -> None:
    app, _ = pasted(cast, people.row(1))
    clean = "花名册没有错误。"
    assert clean in boxes(app, "success")
    key = f"report-{one(sa.select(Report.plan_id))}-roster"

    def given(name: str, content: bytes) -> list[str]:
        uploader(app, key).upload(name, content, "application/octet-stream")
        press(app, "保存并检查花名册")
        return boxes(app, "error")

    said = given("改坏的.xlsx", people.sheet([people.row(2, note="长" * 1001)]))
    assert sum(each == "“改坏的.xlsx”没有读入，下面仍是先前的花名册，没有改动。" for each in said) == 1
    assert sum("第3行的“备注”" in each for each in said) == 1  # said once, where the hand is
    assert clean not in boxes(app, "success")
    assert given("另一份.xlsx", people.sheet([people.row(2)])) == []
    assert clean in boxes(app, "success")


def test_ticked_rows_are_remarked_on_and_each_remark_leads_its_base_to_the_row(cast: Cast) -> None:
    failed = people.row(4, assessment="不合格")
    plan = behind(cast, people.sheet([people.row(1), people.row(2), people.row(3), failed]))
    report = one(sa.select(Report).where(Report.plan_id == plan.id))
    app = open_page("review", sign_in("reviewer"), item=str(report.id))
    compared = {line[0]: line[1:] for line in app.table[0].value.values.tolist()}
    assert compared["人数"][1] == "名单4人（可登记3人）"
    assert compared["每人学时（平均）"] == ["24", "24", ""]  # of those who earned any
    ticks, key = f"ticked-{report.id}-{report.version}", f"remarks-{report.id}-{report.version}"
    app.selectbox(key=f"{key}-reason").set_value("mismatch").run()  # on the whole: nothing is passed with that
    assert "不带分条意见" in "".join(each.value for each in app.markdown)
    for rows in ({3}, {3, 5}, {5}):
        app.session_state[ticks] = rows
        app.run()
        assert f"；{len(rows)}行退回改正" in "".join(each.value for each in app.markdown)  # at once, and as it will be
        (on,) = (each for each in app.selectbox if each.label == "所指")
        assert on.value == "rows"
        on.set_value("").run()  # what a folded field said of these rows says nothing of others
    app.session_state[ticks] = {3}
    press(app, "通过")
    assert "退回改正的行刚刚变了" in boxes(app, "error")[0]  # nothing but what was announced
    app.selectbox(key=f"{key}-reason").set_value("").run()
    press(app, "退回")
    assert "勾选了第3行，没有写意见" in boxes(app, "error")[0]
    app = open_page("review", sign_in("reviewer"), item=str(report.id))
    assert app.session_state[ticks] == {3}  # after F5
    app.text_input(key=f"{key}-said").input("单位不对").run()
    press(app, "记下")
    assert any("请选择原因" in each.value for each in app.markdown)
    press(app, "通过")
    assert "没有选原因" in boxes(app, "error")[0]
    for rows, reason, words in (({3, 5}, "mismatch", "单位与证书不同"), ({4}, "evidence", "")):
        app.session_state[ticks] = rows  # as a hand ticks them in the grid
        app.run()
        app.selectbox(key=f"{key}-reason").set_value(reason).run()
        app.text_input(key=f"{key}-said").input(words)
        press(app, "记下")
        assert app.session_state[ticks] == set()
    app.text_area(key=f"opinion-{report.id}").input("请核对后再报")
    press(app, "退回")
    own = open_page("paper", sign_in("base"), item=str(report.id))
    assert "还有3处没有改动" in boxes(own, "warning")[0]
    assert sum("前后不一致，单位与证书不同" in each.value.replace("\\", "") for each in own.markdown) >= 2
    press(own, "改正第5行")
    assert own.text_input(key=f"whole-{report.id}-1-5-name").value == people.row(3)[1]
