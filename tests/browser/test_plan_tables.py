"""A line of 附件2 from the department's table to the people trained for it and the summary, in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db
from core.models import ProgrammeLine
from core.quotas import targets
from core.submissions import plans, reports, workflow
from core.submissions.workflow import Action
from core.trail.files import Upload
from tests import cast as people
from tests.browser.desk import Desk, seated
from tests.cast import Cast

PASTED = "项目名称\t计划人数\t培训时间\n农技推广骨干培训班\t约30人\t下半年\n数字农业培训班\t\t待定\n"


def test_a_line_is_filed_carried_out_and_summed_up(browser: Browser, server: str, cast: Cast) -> None:
    year = db.office_day(datetime.now(UTC)).year
    now = datetime.now(UTC)
    with db.transaction() as session:
        act: Any = {"version": 0, "reason": "年初下达", "actor": cast["reviewer"], "now": now}
        targets.publish(session, "capability", year, targets.Split(40, None, {cast.places["department"].id: 4}), **act)
    department, reviewer = (seated(browser, server, who) for who in ("department", "reviewer"))
    file_table(department)
    decide(reviewer, "知识更新能力提升项目计划表")
    train(cast, year)
    reviewer.go(f"quota_dashboard?year={year}", "指标看板")
    reviewer.sees("知识更新能力提升项目：全区已完成2人，占指标40人的5.0%")
    seen = reviewer.go("plan_tables", "计划表与总结")
    expect(seen.get_by_test_id("stMetric").filter(has_text="完成人数")).to_contain_text("2")
    file_summary(department)
    decide(reviewer, "实施情况总结")
    for desk in (department, reviewer):
        desk.page.context.close()


def file_table(desk: Desk) -> None:
    """Rows are pasted, a missing number is put right where it stands, the table is filed."""
    desk.go("filing", "申报")
    desk.click("填写年度计划表")
    expect(desk.page.locator("h1")).to_have_text("填写年度计划表")
    desk.settle()
    desk.page.get_by_text("不上传文件，从WPS或Excel复制后粘贴").click()
    desk.fill("粘贴各项（可带表头；不带表头的按附件2的列序）", PASTED)
    desk.click("保存并检查计划表")
    desk.told(re.compile("共2项，计划30人（另有1项人数未定），1项待改正"))
    cell = desk.page.locator("li[data-state=open] [data-cell]").first
    cell.fill("40")
    cell.press("Enter")
    expect(desk.page.get_by_test_id("stMetric").filter(has_text="待改正的项")).to_contain_text("0")
    desk.settle()
    desk.click("报送")
    desk.told(re.compile("已报送。"))


def decide(desk: Desk, title: str) -> None:
    page = desk.go("review", "审核")
    page.get_by_role("option").first.click()
    desk.sees(title)
    desk.click("通过")
    desk.told(re.compile("通过"))


def train(cast: Cast, year: int) -> None:
    """The base holds a training for the line, weeks ago, and its report is approved."""
    today = db.office_day(datetime.now(UTC))
    ended = max(today - timedelta(days=3), date(year, 1, 3))
    begun, early = ended - timedelta(days=2), datetime.now(UTC) - timedelta(days=40)
    with db.nobody_waits(), db.transaction() as session:
        line = session.scalars(sa.select(ProgrammeLine.id).order_by(ProgrammeLine.number).limit(1)).one()
        fields = replace(people.PLAN, start_on=begun, end_on=ended, programme="capability", line_id=line)
        plan = plans.draft(session, fields, actor=cast["base"], now=early)
        session.flush()
        workflow.move(session, plan.id, Action.SUBMIT, version=plan.version, actor=cast["base"], now=early)
        workflow.move(session, plan.id, Action.APPROVE, version=plan.version, actor=cast["reviewer"], now=early)
        now = datetime.now(UTC)
        report, _ = reports.save(
            session,
            plan.id,
            reports.ReportFields(begun, ended, "按计划完成"),
            announcement=people.ANNOUNCEMENT,
            roster_file=Upload("花名册.xlsx", people.sheet([people.row(1), people.row(2)])),
            actor=cast["base"],
            now=now,
        )
        workflow.move(session, report.id, Action.SUBMIT, version=report.version, actor=cast["base"], now=now)
        workflow.move(session, report.id, Action.APPROVE, version=report.version, actor=cast["reviewer"], now=now)


def file_summary(desk: Desk) -> None:
    """Its figures stand there, counted; two things are explained."""
    desk.go("filing", "申报")
    desk.click("填写项目总结")
    expect(desk.page.locator("h1")).to_have_text("填写项目实施情况总结")
    desk.settle()
    expect(desk.page.get_by_text("2人（2人次）")).to_be_visible()
    desk.fill("主要做法 *", "按计划表逐项举办。")
    desk.fill("成效 *", "学员满意。")
    desk.click("报送")
    desk.told(re.compile("完成1项、2人"))
