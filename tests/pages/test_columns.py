"""A file whose columns are in doubt: a clerk says which is which on its page, once."""

from __future__ import annotations

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.models import ColumnChoice, Report
from core.trail import choices
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import boxes, open_page, sign_in, uploader
from tests.pages.test_credit_import import HEADINGS, given, line
from tests.pages.test_deeds import TODAY, behind, one, press

ASKING = tuple("线上专业培训学时" if heading == "专业学时" else heading for heading in people.HEADINGS)


def told(app: AppTest) -> list[str]:
    """The quiet lines."""
    return [line for each in app.caption for line in each.value.split("  \n")]


def pick(app: AppTest, label: str, column: str) -> AppTest:
    """Say which column a label is, in the form."""
    (field,) = [box for box in app.selectbox if box.key and box.key.endswith(f"-column-{label}")]
    field.set_value(column)
    return app


def roster_of(app: AppTest, plan_id: int, content: bytes, name: str = "花名册.xlsx") -> AppTest:
    uploader(app, f"report-{plan_id}-roster").upload(name, content, "application/octet-stream")
    return press(app, "保存并检查花名册")


def test_a_roster_is_refused_its_column_is_said_and_the_next_one_is_read_without_asking(cast: Cast) -> None:
    plan, second = behind(cast), behind(cast, title="第二期")
    content = people.sheet([people.row(1), people.row(2)], ASKING)
    app = roster_of(open_page("paper", sign_in("base"), kind="report", plan=str(plan.id)), plan.id, content)
    assert "可能是“专业学时”" in boxes(app, "error")[-1]
    selects = [box for box in app.selectbox if box.key and "-column-" in box.key]
    assert selects[0].label.endswith("线上专业培训学时")
    assert "？" in selects[0].label
    assert selects[0].value is None
    assert {box.label: box.value for box in selects[1:]}["姓名"] == "name"
    press(app, "按此读入")  # nothing said yet
    assert "没有选择" in boxes(app, "warning")[-1]
    press(pick(app, "线上专业培训学时", "professional_hours"), "按此读入")
    assert not app.error
    assert "花名册2行，没有错误" in boxes(app, "success")[-1]
    assert not [box for box in app.selectbox if box.key and "-column-" in box.key]
    assert one(sa.select(ColumnChoice.label)) == "线上专业培训学时"  # and nothing that was understood by itself
    app = roster_of(open_page("paper", sign_in("base"), kind="report", plan=str(second.id)), second.id, content)
    assert "花名册2行，没有错误" in boxes(app, "success")[-1]
    with db.reading() as session:
        assert choices.chosen(session, cast["hohhot_base"].organization_id, "roster") == {}


def test_a_column_not_read_is_said_later_and_the_same_file_is_read_again(cast: Cast) -> None:
    plan = behind(cast)
    headings = tuple({"从事专业": "科室*方向"}.get(heading, heading) for heading in people.HEADINGS)
    rows = [people.row(1), ["合计", "", "", "", "", "", "", "", 24]]
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))
    roster_of(app, plan.id, people.sheet(rows, headings))
    assert "读入1行，未读入1行" in boxes(app, "success")[-1]
    said = told(app)
    assert "第4行：表尾（合计）" in said
    assert "未识别的列：科室\\*方向" in said
    report_id, roster_id = one(sa.select(Report)).id, one(sa.select(Report)).roster_id
    app.session_state[f"columns-{report_id}-{roster_id}"] = True
    app.run()
    press(pick(app, "科室*方向", "specialty"), "按此读入")
    assert "已按所选的列重新读入，花名册1行，0行有错误" in boxes(app, "success")[-1]
    assert not [each for each in app.caption if "未识别" in each.value]


def test_hours_of_earlier_years_are_read_by_what_the_office_said(cast: Cast) -> None:
    headings = tuple({"学时": "折算数", "依据": "出处"}.get(heading, heading) for heading in HEADINGS)
    content = people.sheet([line(1), line(2)], headings)
    app = given(open_page("credit_import", sign_in("reviewer")), content)
    assert "未识别的列：折算数、出处" in told(app)
    pick(pick(app, "折算数", "hours"), "出处", "basis")
    press(app, "按此读入")
    assert "共2行：2行可以入账，2人120学时" in boxes(app, "info")[0]
    app.text_input(key="credits-reason").input("补登纸质台账")
    press(app, "导入2笔学时")
    assert "已导入2笔学时" in boxes(app, "success")[-1]
    app = given(open_page("credit_import", sign_in("reviewer2")), people.sheet([line(3)], headings))
    assert "共1行：1行可以入账" in boxes(app, "info")[0]
    app = given(open_page("credit_import", sign_in("hohhot_reviewer")), people.sheet([line(4)], headings))
    assert "共1行：0行可以入账" in boxes(app, "warning")[-1]


def test_a_question_of_a_file_of_hours_has_its_form_below(cast: Cast) -> None:
    headings = tuple({"学时": "学时（甲）", "依据": "学时（乙）"}.get(heading, heading) for heading in HEADINGS)
    app = given(open_page("credit_import", sign_in("reviewer")), people.sheet([line(1, basis=9)], headings))
    assert "都可能是“学时”" in boxes(app, "error")[0]
    pick(pick(app, "学时（甲）", "hours"), "学时（乙）", "")
    press(app, "按此读入")
    assert not app.error
    assert "共1行：1行可以入账，1人60学时" in boxes(app, "info")[0]
    assert "按本单位的选择不用的列：学时（乙）" in told(app)


def test_applications_are_answered_again_by_the_columns_said(cast: Cast) -> None:
    headings = ("姓名", "身份证号", "申报年度", "申报方式", "档次")
    content = people.sheet([["李示甲", people.id_number(1), TODAY.year, "职称评审", "高级"]], headings)

    def answered(by: str) -> AppTest:
        app = open_page("eligibility", sign_in(by))
        app.get("file_uploader")[0].upload("申报.xlsx", content, "application/octet-stream").run()
        return press(app, "核验")

    app = answered("title")
    assert "未识别的列：档次" in told(app)
    faulty = [metric.value for metric in app.metric]
    press(pick(app, "档次", "level"), "按此读入")
    assert not app.error
    assert [metric.value for metric in app.metric] != faulty
    assert [metric.value for metric in answered("reviewer").metric] != faulty  # of the same office
    assert [metric.value for metric in answered("hohhot_title").metric] == faulty


def test_applications_that_are_asked_about_keep_the_form_until_it_is_answered(cast: Cast) -> None:
    headings = ("姓名", "身份证号", "申报年度", "评审方式（初）", "评审方式（复）", "级别")
    rows = [["李示甲", people.id_number(1), TODAY.year, "职称评审", "考核认定", "高级"]]
    app = open_page("eligibility", sign_in("title"))
    app.get("file_uploader")[0].upload("申报.xlsx", people.sheet(rows, headings), "application/octet-stream").run()
    press(app, "核验")
    assert "都可能是“申报方式”" in boxes(app, "error")[0]
    app.run()
    assert "都可能是“申报方式”" in boxes(app, "error")[0]  # the form is still there after another click
    pick(pick(app, headings[3], "route"), headings[4], "")
    press(app, "按此读入")
    assert not app.error
    assert app.metric
