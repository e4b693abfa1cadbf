"""Two programmes from target to completion, through the real server and a real browser: a seminar, a class."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db
from core.models import ClassLevel, Plan, ProgrammeLine
from core.people import setup
from core.quotas import targets
from core.submissions import reports
from core.submissions.programmes import occupations
from core.trail.files import Upload
from tests import cast as c
from tests.browser.desk import Desk, choose_first_row, seated
from tests.cast import Cast

NOW = datetime.now(UTC)
TITLE, OCCUPATION = "草原碳汇计量高级研修班", "大数据工程技术人员"


def first_day() -> date:
    """Three weeks ahead, or after New Year where a training would straddle it."""
    start = db.office_day(NOW) + timedelta(days=21)
    return start if (start + timedelta(days=2)).year == start.year else date(start.year + 1, 1, 4)


def choose(desk: Desk, label: str, option: str) -> None:
    desk.settle()
    desk.page.get_by_test_id("stSelectbox").filter(has_text=label).get_by_role("combobox").first.click()
    desk.page.get_by_role("option", name=option, exact=True).click()


def file(name: str, lines: list[list[str]]) -> dict[str, object]:
    text = "\n".join(map(",".join, lines))
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def held(cast: Cast, plan: Plan, rows: list[list[object]], by: str) -> datetime:
    """The plan approved, and the office's clock moved on to when its training is over; answers that moment."""
    c.approve(cast, plan.id, now=NOW)
    days = (plan.end_on - db.office_day(NOW)).days + 1
    then = NOW + timedelta(days=days)
    with db.nobody_waits(), db.transaction() as session:
        setup.shift_demo_clock(session, days, actor=cast["admin"], now=NOW)
        fields = reports.ReportFields(plan.start_on, plan.end_on, "按计划完成。")
        given = {"announcement": c.ANNOUNCEMENT, "roster_file": Upload("花名册.xlsx", c.sheet(rows))}
        reports.save(session, plan.id, fields, **given, actor=cast[by], now=then)
    return then


def test_a_seminar_goes_from_its_target_to_one_session_done(browser: Browser, server: str, cast: Cast) -> None:
    this_year = db.office_day(NOW).year
    with db.transaction() as session:
        for year in (this_year, this_year + 1):  # it may be held after New Year
            act: Any = {"version": 0, "actor": cast["reviewer"], "reason": "年初下达", "now": NOW}
            targets.publish(session, "advanced_seminars", year, targets.Split(1, 3, {}), **act)
    base, reviewer = (seated(browser, server, name) for name in ("base", "reviewer"))
    apply(base)
    page = reviewer.go("review?kind=seminar", "审核")
    page.get_by_role("option", name=TITLE).click()
    reviewer.sees("我的评审打分")
    reviewer.fill("分数（0至100）", "92")
    reviewer.fill("评审意见", "选题契合重点领域")
    reviewer.click("保存打分")
    reviewer.told(f"“{TITLE}”已打92分。")
    reviewer.click("通过")
    reviewer.told(re.compile("为已入选的第1期"))

    with db.reading() as session:
        line = session.scalars(sa.select(ProgrammeLine)).one()
    given = {"title": TITLE, "start_on": line.start_on, "end_on": line.end_on, "hours_each": line.hours}
    plan = c.file_plan(cast, now=NOW, programme="advanced_seminars", line_id=line.id, headcount=50, **given)
    held(cast, plan, [c.row(n, professional_hours=int(line.hours or 0)) for n in (1, 2)], "base")
    base.go(f"paper?kind=report&plan={plan.id}", "填写培训情况报告")
    base.sees("高级研修情况")
    base.fill("满意度测评：回收份数", "2")
    base.fill("满意度测评：满意率（%）", "98.5")
    base.upload("经费决算", {"name": "决算.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 synthetic"})
    base.settle()
    base.page.reload()  # what was typed and chosen is there again
    base.sees("已选、尚未保存：决算.pdf")
    expect(base.page.get_by_label("满意度测评：满意率（%）", exact=True)).to_have_value("98.5")
    base.click("保存高研班材料")
    base.told("高研班材料已保存，收下经费决算。")
    base.click("报送")
    base.told(re.compile(f"“{TITLE}”已报送。"))
    page = reviewer.go("review?kind=report", "审核")
    page.get_by_role("option", name=TITLE).click()
    reviewer.sees("98.5%（回收2份）")
    reviewer.click("通过")
    reviewer.told(re.compile("为2人登记"))
    reviewer.go(f"quota_dashboard?year={line.year}", "指标看板")
    reviewer.sees("高级研修项目：全区已完成1期，在指标1至3期之内")


def apply(base: Desk) -> None:
    """An application filled in and filed as a clerk does it: figures with their units, lessons pasted."""
    base.go("filing", "申报")
    base.click("填写高研班申请")
    expect(base.page.locator("h1")).to_have_text("填写高研班申请")
    base.settle()
    for label, text in (
        ("选题 *", TITLE),
        ("主题领域 *", "绿色低碳"),
        ("承办单位 *", "示例大学"),
        ("联系人 *", "示例联系人"),
        ("联系电话 *", "0471-0000000"),
        ("举办地点 *", "呼和浩特市示例宾馆"),
        ("计划人数（人） *", "50人"),
        ("每人学时 *", "24学时"),
        ("财政经费（元） *", "12万元"),
        ("学员条件 *", "副高级以上"),
        ("课程与师资 *", "课题\t授课教师\t工作单位\t职称\t学时\n碳汇计量\t示例甲\t示例大学\t教授\t24"),
        ("申报理由 *", "服务双碳。"),
    ):
        base.fill(label, text)
    base.click("提交")
    base.told(re.compile(f"“{TITLE}”已提交。"))


def test_a_class_goes_from_its_target_to_a_certificate(browser: Browser, server: str, cast: Cast) -> None:
    c.open_institutes(cast, NOW)
    start = first_day()
    with db.transaction() as session:
        act: Any = {"version": 0, "reason": "年初下达", "actor": cast["reviewer"], "now": NOW}
        split = targets.Split(2, None, {cast.places["institute"].id: 1})
        targets.publish(session, "digital_engineers", start.year, split, **act)
    institute, reviewer = (seated(browser, server, name) for name in ("institute", "reviewer"))
    with db.transaction() as session:
        given = {"batch": "第二批", "from_on": db.office_day(NOW), "to_on": start + timedelta(days=365)}
        place = cast.places["institute"].id
        occupations.approve(session, place, OCCUPATION, **given, actor=cast["admin"], now=NOW)
    institute.go("paper?kind=plan", "填写培训计划")
    institute.settle()
    choose(institute, "职业 *", OCCUPATION)
    choose(institute, "等级 *", "初级")
    choose(institute, "职业方向 *", "大数据处理")
    for label, text in (
        ("线上学时 *", "8"),
        ("线下学时 *", "16"),
        ("培训名称 *", "大数据初级班"),
        ("培训地点 *", "示例大学"),
    ):
        institute.fill(label, text)
    institute.fill("计划人数（人） *", "2")
    for label in ("培训内容 *", "师资情况 *", "培训人员范围 *"):
        institute.fill(label, f"{label}：示例")
    institute.click("保存")
    institute.told("“大数据初级班”已保存。")
    with db.reading() as session:
        kept = session.scalars(sa.select(Plan)).one()
        assert (kept.hours_each, kept.course.level if kept.course else None) == (24, ClassLevel.JUNIOR)

    course = occupations.ClassFields(OCCUPATION, "大数据处理", ClassLevel.JUNIOR, Decimal(8), Decimal(16))
    days = {"start_on": start, "end_on": start + timedelta(days=2), "hours_each": Decimal(24)}
    plan = c.file_plan(cast, by="institute", now=NOW, programme="digital_engineers", course=course, headcount=2, **days)
    then = held(cast, plan, [c.row(n) for n in (1, 2)], "institute")
    with db.reading() as session:
        report = reports.latest(session, plan.id)
    institute.go(f"paper?item={report}", "填写培训情况报告")
    institute.click("报送")
    institute.told(re.compile("已报送"))
    c.approve(cast, report or 0, now=then)
    reviewer.go(f"quota_dashboard?year={start.year}", "指标看板")
    reviewer.sees("数字技术工程师培育项目：全区已办班1家，占指标2家的50.0%")

    people = [[str(c.row(n)[1]), c.id_number(n)] for n in (1, 2)]
    institute.go(f"classes?year={start.year}&course={plan.id}", "数字技术工程师")
    finish = [["姓名", "身份证号", "结业考核"], [*people[0], "合格"], [*people[1], "不合格"]]
    institute.upload("结业考核表", file("结业.csv", finish))  # type: ignore[arg-type]
    institute.click("登记2行")
    institute.told("已登记2人的结业考核。")

    held_on = str(db.office_day(then))
    heads = "姓名 身份证号 职业 职业方向 等级 考核站点 理论知识 专业能力 考核日期 证书编号 发证日期".split()
    line = [*people[0], OCCUPATION, "大数据处理", "初级", "示例站点", "75", "八十", held_on, "示等0001", held_on]
    reviewer.go(f"classes?year={start.year}&view=考核结果", "数字技术工程师")
    reviewer.upload("考核结果表", file("考核.csv", [heads, line]))  # type: ignore[arg-type]
    cell = reviewer.page.get_by_label(re.compile("专业能力"))
    cell.fill("80")
    cell.press("Enter")
    reviewer.click("登记1行")
    reviewer.told("已登记1人次的考核结果，其中合格1人次。")

    title = seated(browser, server, "title")
    title.go(f"eligibility?view=按人核验&q={people[0][0]}", "资格核验")
    choose_first_row(title)
    title.sees("佐证材料")
    title.sees("可作认定初级职称的依据")
