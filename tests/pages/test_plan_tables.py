"""The yearly plan table on screen: begun, its lines pasted and put right, filed; read at the desk by the region."""

from __future__ import annotations

import pytest

from core.ground import db
from core.models import PlanTable
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import NOW, boxes, frames, open_page, sign_in


def texts(app: object) -> str:
    return "\n".join(each.value for each in app.markdown)  # type: ignore[attr-defined]


def test_a_department_pastes_its_table_puts_a_line_right_and_files_it(cast: Cast) -> None:
    app = open_page("paper", sign_in("department"), kind="plan_table")
    assert not app.exception
    pasted = "项目名称\t计划人数\t培训时间\n新能源班\t约100人\t5月中旬\n农技班\t\t6月\n"
    app.text_area(key="plan_table-new-pasted").set_value(pasted).run()
    app.button(key="plan_table-new-check").click().run()
    assert not app.exception
    assert any("共2项，计划100人" in each and "1项待改正" in each for each in boxes(app, "success"))
    assert [each.value for each in app.metric] == ["2", "100", "1"]
    with db.reading() as session:
        found = session.query(PlanTable).one()
        assert [each.name for each in found.lines] == ["新能源班", "农技班"]


def test_the_region_reads_every_line_at_the_desk(cast: Cast) -> None:
    found = people.file_table(cast)
    app = open_page("review", sign_in("reviewer"), item=str(found.id))
    assert not app.exception
    shown = next(each for each in frames(app) if "项目名称" in each)
    assert list(shown["计划人数"]) == ["约100人", "60"]
    assert list(shown["培训时间（起）"]) == ["5月中旬", "2024年6月24日"]
    assert "逾期" in texts(app)


@pytest.mark.parametrize("username", ["base", "exam"])
def test_those_who_file_none_are_offered_none(cast: Cast, username: str) -> None:
    app = open_page("filing", sign_in(username))
    assert not app.exception
    assert "new-plan_table" not in {each.key for each in app.button}
    assert "年度计划表" not in texts(open_page("paper", sign_in(username), kind="plan_table"))


def test_the_region_sees_the_merged_table_and_who_has_not_filed(cast: Cast) -> None:
    rows = [{"name": "数字农业培训班", "people": "待定", "start": "下半年"}]
    year = db.office_day(NOW).year
    found = people.file_table(cast, rows=rows, now=NOW, year=year)
    people.approve(cast, found.id, now=NOW)
    app = open_page("plan_tables", sign_in("reviewer"))
    assert not app.exception
    (shown,) = frames(app)
    assert list(shown["项目名称"]) == ["数字农业培训班"]
    assert list(shown["备注"]) == ["人数“待定”"]
    app = open_page("plan_tables", sign_in("reviewer"), view="计划表报送情况")
    assert not app.exception
    assert [each.value for each in app.metric][:1] == ["15"]
    missing, there = frames(app)
    assert len(missing) == 14
    assert list(there["单位"]) == ["内蒙古自治区农牧厅（示例）"]
    app = open_page("plan_tables", sign_in("hohhot_leader"), view="总结报送情况")
    assert not app.exception
    assert [each.value for each in app.metric] == ["1", "0", "0", "1", "0"]


def test_a_department_writes_its_summary_beside_counted_figures(cast: Cast) -> None:
    app = open_page("paper", sign_in("department"), kind="year_summary")
    assert not app.exception
    assert "完成人数" in texts(app)
    app.text_area(key="year_summary-new-practice").set_value("按计划表举办").run()
    app.text_area(key="year_summary-new-effect").set_value("学员满意").run()
    app.button(key="year_summary-new-file").click().run()
    assert not app.exception
    assert any("完成0项、0人" in each for each in boxes(app, "success"))
