"""A file of applications on its page: its faults are mended in the sheet, and everybody is answered again."""

from __future__ import annotations

import json

import sqlalchemy as sa

from core.ground import db
from core.models import AuditEntry, DecisionRun
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import SheetOf, open_page, sign_in
from tests.pages.test_deeds import NOW, one, press

HEADINGS = ("姓名", "身份证号", "申报年度", "申报方式", "申报级别", "任现职日期")
YEAR = db.office_day(NOW).year


def test_applications_are_mended_in_the_sheet_answered_again_and_recorded_with_what_was_changed(cast: Cast) -> None:
    wrong = people.id_number(2)[:10] + "O" + people.id_number(2)[11:]
    rows = [
        ["赵示甲", people.id_number(1), YEAR, "职称评审", "高级", ""],
        ["赵示乙", wrong, YEAR, "职称评审", "高级", ""],
        ["赵示丙", people.id_number(3), "今年", "职称评审", "高级", ""],
        ["赵示丁", people.id_number(4), YEAR, "破格评审", "高级", "不详"],
        ["赵示甲", people.id_number(1), YEAR, "职称评审", "高级", ""],
    ]
    app = open_page("eligibility", sign_in("title"))
    app.get("file_uploader")[0].upload("申报.xlsx", people.sheet(rows, HEADINGS), "application/octet-stream").run()
    press(app, "核验")
    sheet = SheetOf(app)
    assert list(sheet.states) == ["4-id_number", "5-year", "6-in_post_since", "7-id_number"]
    assert (sheet.line("4-id_number")["offer"], sheet.line("7-id_number")["strikes"]) == (
        f"改为{wrong[:6]}****0***{wrong[-4:]}，校验码相符",  # what accepting fills in, hidden but for what changes
        True,
    )
    assert {each.label: each.value for each in app.metric}["有误"] == "4"
    press(app, "确认采纳并删去1行")
    sheet.mend(5, "year", str(YEAR))
    assert sheet.data["said"] == "第5行申报年度已改正。"
    sheet.mend(6, "in_post_since", "2019-07-01")
    assert set(sheet.states.values()) == {"mended", "struck"}
    assert {each.label: each.value for each in app.metric}["有误"] == "0"
    assert any("第7行：改正时删去（赵示甲）" in each.value for each in app.caption)
    press(app, "核验并存档")
    assert one(sa.select(DecisionRun.applications)) == 4
    after = json.loads(one(sa.select(AuditEntry.after).where(AuditEntry.event == "eligibility.decided")))
    assert after["rows"] == {"4": "身份证号", "5": "申报年度", "6": "任现职日期", "7": "删去"}
    assert not SheetOf(app).drawn  # what is on record is not mended
