"""The repair room on its page: pasted rows, proposals, rows left out, what stayed open filed as a supplement."""

from __future__ import annotations

import sqlalchemy as sa

from core.models import Report, State
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import open_page, sign_in
from tests.pages.test_deeds import NOW, behind, one, press


def test_rows_are_pasted_instead_of_uploaded_and_more_are_added(cast: Cast) -> None:
    plan = behind(cast)
    app = open_page("report_filing", sign_in("base"), plan=str(plan.id))
    key = f"report-{plan.id}-"
    for serials, words in (((1, 2), "花名册2人，没有错误"), ((3,), "花名册3人，没有错误")):
        lines = ["\t".join(map(str, people.row(serial))) for serial in serials]
        app.text_area(key=f"{key}pasted").input("\n".join(lines))
        press(app, "保存并检查花名册")
        assert words in app.success[0].value
        assert app.text_area(key=f"{key}pasted").value == ""
    assert (one(sa.select(Report)).people, one(sa.select(Report)).faults) == (3, 0)


def test_proposals_are_accepted_and_rows_left_out(cast: Cast) -> None:
    rows = [people.row(1), people.row(2, sex="19850304"), people.row(1), people.row(3, sex="m"), people.row(4, sex="m")]
    plan = behind(cast)
    app = open_page("report_filing", sign_in("base"), plan=str(plan.id))
    uploads = {uploader.key: uploader for uploader in app.get("file_uploader")}
    uploads[f"report-{plan.id}-roster"].upload("花名册.xlsx", people.sheet(rows), "application/octet-stream")
    press(app, "保存并检查花名册")
    press(app, "采纳全部建议（2行）")
    assert "2行已按建议改正" in app.success[0].value
    report = one(sa.select(Report))
    assert [box.key for box in app.selectbox] == [f"cell-{report.id}-{row}-sex" for row in (6, 7)]
    app.selectbox(key=f"cell-{report.id}-6-sex").set_value("男").run()
    assert "第6行性别已保存" in app.success[0].value
    press(app, "删去此行")
    assert "花名册没有错误。" in [said.value for said in app.success]
    assert (one(sa.select(Report)).people, one(sa.select(Report)).faults) == (3, 0)


def test_what_stayed_open_is_filed_as_a_supplement(cast: Cast) -> None:
    plan = behind(cast, people.sheet([people.row(1), people.row(2, sex="m")]))
    report = one(sa.select(Report))
    people.approve(cast, report.id, now=NOW)
    app = press(open_page("report_filing", sign_in("base"), report=str(report.id)), "补报其余1行")
    assert "补报已建立，共1行" in app.success[0].value
    assert not [button for button in app.button if button.label.startswith("补报")]
    app = open_page("report_filing", sign_in("base"), plan=str(plan.id))
    added = one(sa.select(Report).where(Report.part == 2))
    app.selectbox(key=f"cell-{added.id}-4-sex").set_value("女").run()
    press(app, "提交报告")
    assert one(sa.select(Report).where(Report.part == 2)).state is State.SUBMITTED
