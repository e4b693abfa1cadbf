"""Over the plan (超出计划) on the pages of the base and of its reviewer: told, said why, confirmed, and so done."""

from __future__ import annotations

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.models import Movement, Plan, Report, State
from core.submissions import reports, workflow
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import boxes, frames, listed, open_page, sign_in, uploader
from tests.pages.test_deeds import behind, one, press

WHY = "当地两家医院临时增派人员参加"
FIGURES = "批准2人，名单5人；批准合计48学时，名单合计120学时"


def filing(cast: Cast, count: int, **changes: int) -> tuple[AppTest, Plan]:
    """The page of a training over, whose roster of so many people is saved, and its announcement with it."""
    plan = behind(cast, **changes)
    app, key = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id)), f"report-{plan.id}-"
    uploader(app, f"{key}announcement").upload("培训通知.pdf", b"%PDF-1.4 synthetic", "application/pdf")
    app.text_area(key=f"{key}summary").input("培训完成。")
    lines = ["\t".join(map(str, people.row(serial))) for serial in range(1, count + 1)]
    app.text_area(key=f"{key}pasted").input("\n".join(lines))
    return press(app, "保存并检查花名册"), plan


def test_a_base_is_told_what_is_beyond_its_plan_and_says_why_where_it_stands(cast: Cast) -> None:
    app, plan = filing(cast, 5, headcount=2)
    assert "超出批准的计划，请填写“超出计划的原因”。" in boxes(app, "warning")[-1]
    assert "批准2人，名单5人" in boxes(app, "error")[0]
    press(app, "报送")
    assert boxes(app, "error")[-1] == f"请先填写“{reports.OVER_PLAN_REASON}”再报送：{FIGURES}。"
    assert one(sa.select(Report)).state is State.DRAFT
    (why,) = (area for area in app.text_area if area.label.startswith(reports.OVER_PLAN_REASON))
    app.text_area(key=why.key).input(WHY)
    press(app, "报送")
    report = one(sa.select(Report))
    assert (report.state, report.over_plan, report.over_plan_reason) == (State.SUBMITTED, FIGURES, WHY)
    app = open_page("paper", sign_in("base"), item=str(report.id))
    assert any(WHY in each.value for each in app.markdown)
    press(app, "撤回")
    app = open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))  # the reason stays, and may be changed
    assert app.text_area(key=why.key).value == WHY


def test_a_slight_excess_is_told_openly_and_asks_for_nothing(cast: Cast) -> None:
    app, _ = filing(cast, 21, headcount=20)
    assert any("批准20人，名单21人" in said for said in boxes(app, "info"))
    assert not app.error
    assert reports.OVER_PLAN_REASON not in "".join(area.label for area in app.text_area)
    press(app, "报送")
    report_id = one(sa.select(Report.id))
    app = open_page("review", sign_in("reviewer"), item=str(report_id))
    assert 21 not in map(len, frames(app))  # a long roster is folded, and read once it is opened
    app.session_state[f"roster-rows-{report_id}"] = True
    assert 21 in map(len, frames(app.run()))
    again = open_page("review", sign_in("reviewer"))
    again.session_state[f"ticked-{report_id}-{one(sa.select(Report.version))}"] = {3}
    again.query_params["item"] = str(report_id)
    assert 21 in map(len, frames(again.run()))  # nor are rows out of sight that were ticked before
    assert any("批准20人，名单21人" in said for said in boxes(app, "info"))
    assert not [box for box in app.checkbox if box.label.startswith(workflow.CONFIRM)]
    press(app, "通过")
    assert "为21人登记" in boxes(app, "success")[-1]


def test_a_reviewer_confirms_the_figures_before_the_approval(cast: Cast) -> None:
    app, _ = filing(cast, 5, headcount=2)
    (why,) = (area for area in app.text_area if area.label.startswith(reports.OVER_PLAN_REASON))
    app.text_area(key=why.key).input(WHY)
    press(app, "报送")
    report_id = one(sa.select(Report.id))
    app = open_page("review", sign_in("reviewer"))
    assert {"word": "超计划", "grave": True} in listed(app)[0]["marks"]
    app = open_page("review", sign_in("reviewer"), item=str(report_id))
    assert any(WHY in shown.value for shown in app.markdown)
    press(app, "通过")
    assert f"勾选“{workflow.CONFIRM}”，再点“通过”。" in boxes(app, "error")[-1]
    (box,) = (box for box in app.checkbox if box.label.startswith(workflow.CONFIRM))
    assert FIGURES in box.label.replace("\\", "")
    app.checkbox(key=box.key).check()
    press(app, "通过")
    assert "为5人登记120学时" in boxes(app, "success")[-1]
    assert one(sa.select(Movement.confirmed).where(Movement.action == "approve", Movement.submission_id == report_id))
    app = open_page("review", sign_in("reviewer"), item=str(report_id), state="approved")
    assert any(FIGURES in shown for shown in (str(table.to_dict()) for table in frames(app)))
    assert any(WHY in said for said in boxes(app, "warning"))
