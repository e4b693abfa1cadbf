"""A department files and reports, the region decides, and the learner's league reads what it recognises."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect

from tests import cast as people
from tests.browser.desk import choose_first_row, lists, seated
from tests.cast import Cast
from tests.pages.test_deeds import TODAY

NOW = datetime.now(UTC)
DEPARTMENT = "内蒙古自治区农牧厅（示例）"


def ended(cast: Cast) -> int:
    """An approved plan of the department's whose training has just ended, within one year."""
    last = TODAY - timedelta(days=1)
    if (last - timedelta(days=2)).year != last.year:
        last -= timedelta(days=3)
    filed = NOW - timedelta(days=60)
    days = {"start_on": last - timedelta(days=2), "end_on": last}
    plan = people.file_plan(cast, by="department", now=filed, title="畜牧防疫研修", **days)
    people.approve(cast, plan.id, now=filed)
    return plan.id


def test_what_a_department_gives_is_decided_by_the_region_and_recognised_by_the_learners_league(
    browser: Browser, server: str, cast: Cast
) -> None:
    department, region, league = (seated(browser, server, who) for who in ("department", "reviewer", "hohhot_title"))
    department.go("paper?kind=plan", "填写培训计划")
    department.settle()
    department.fill("培训名称 *", "农技推广骨干研修")
    for label in ("培训地点 *", "培训内容 *", "师资情况 *", "培训人员范围 *"):
        department.fill(label, "示例")
    department.fill("计划人数（人） *", "50")
    department.click("上报")
    department.told(re.compile("“农技推广骨干研修”已上报"))
    region.go("review", "审核").get_by_role("option", name="农技推广骨干研修").click()
    region.sees(DEPARTMENT)
    region.click("通过")
    region.told(re.compile("农技推广骨干研修"))

    rows = [people.row(serial, employer="示例旗蒙古族中学") for serial in (1, 3)]
    plan = ended(cast)
    department.go(f"paper?kind=report&plan={plan}", "填写培训情况报告")
    department.settle()
    department.fill("培训总结 *", "按计划完成。")
    department.upload("培训通知", {"name": "通知.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 synthetic"})
    roster = {"name": "花名册.xlsx", "mimeType": "application/octet-stream", "buffer": people.sheet(rows)}
    department.upload("培训花名册", roster)
    department.click("保存并检查花名册")
    department.sees("花名册没有错误。")
    department.click("报送")
    department.told(re.compile("“畜牧防疫研修”已报送"))
    region.go("review?kind=report", "审核").get_by_role("option", name="畜牧防疫研修").click()
    region.sees("畜牧防疫研修")
    region.click("通过")
    region.told(re.compile("2人"))

    league.go("recognised", "部门培训认可")
    league.sees(re.compile("应予认可.*不需再次审核"))
    league.sees("共1期")
    choose_first_row(league)
    league.sees("已认可的人员和学时")
    choose_first_row(league, at=1, key=" ")
    league.page.get_by_role("link", name="查看此人的学时明细").click()
    league.sees("学时明细")
    league.settle()
    expect(lists(league.page).last).to_contain_text(DEPARTMENT)
