"""One training from plan to card, through the real server and a real browser, by three people and a stranger."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db
from core.models import AuditEntry
from tests.browser.desk import Desk, arrive, choose_first_row, lists, seated, window

ROSTER = db.ROOT / "tests" / "data" / "roster.xlsx"
TITLE = "端到端知识更新培训班"


def start_day() -> date:
    """Three weeks ahead, or after New Year where a three-day training would straddle it."""
    start = db.office_day(datetime.now(UTC)) + timedelta(days=21)
    return start if (start + timedelta(days=2)).year == start.year else date(start.year + 1, 1, 4)


def file_plan(base: Desk, start: date) -> None:
    """Step 1: tomorrow is refused with the earliest start that would do; three weeks ahead is accepted."""
    today = db.office_day(datetime.now(UTC))
    base.go("filing", "申报")
    base.click("填写培训计划")
    expect(base.page.locator("h1")).to_have_text("填写培训计划")
    base.settle()
    base.fill("培训名称 *", TITLE)
    base.fill("培训地点 *", "呼和浩特市示例宾馆")
    base.fill("计划人数（人） *", "600")
    base.fill("每人学时 *", "24")
    for label in ("培训内容 *", "师资情况 *", "培训人员范围 *"):
        base.fill(label, f"{label}：示例")
    choose_days(base, max(today + timedelta(days=1), start - timedelta(days=20)))
    base.click("上报")
    base.told(re.compile(f"最早可安排在{today + timedelta(days=14)}开始"))
    choose_days(base, start)
    base.click("上报")
    base.told(re.compile(f"“{TITLE}”已上报。"))


def choose_days(desk: Desk, start: date) -> None:
    for label, day in (("开始日期", start), ("结束日期", start + timedelta(days=2))):
        field = desk.page.get_by_test_id("stDateInput").filter(has_text=label)
        for part, value in (("year", f"{day:%Y}"), ("month", f"{day:%m}"), ("day", f"{day:%d}")):
            field.locator(f"[data-type={part}]").click()
            desk.page.keyboard.type(value)
        desk.page.keyboard.press("Tab")


def decide(reviewer: Desk, path: str, words: str | re.Pattern[str]) -> None:
    """Steps 2 and 4: choose the waiting row in the list, read, approve."""
    page = reviewer.go(path, "审核")
    page.get_by_role("option", name=TITLE).click()
    reviewer.sees(TITLE)
    reviewer.click("通过")
    reviewer.told(words)


def file_report(base: Desk) -> None:
    """Step 3: summary, notice and the roster exactly as an office sends it."""
    base.go("filing", "申报")
    base.page.get_by_role("link", name=TITLE).click()
    expect(base.page.locator("h1")).to_have_text("填写培训情况报告")
    base.settle()
    upright = "[...document.querySelectorAll('em')].map(each => getComputedStyle(each).fontStyle)"
    assert set(base.page.evaluate(upright)) == {"normal"}, "days stand like the rest, in small print too"
    asked = base.uploader("培训通知").element_handle()  # its window is open while what was typed is being kept
    base.fill("培训总结 *", "按计划完成，600人全部考核合格。")
    base.settle()
    base.sees(re.compile("已自动暂存"))
    asked.set_input_files({"name": "通知.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 synthetic"})
    base.sees(re.compile("已选、尚未保存：通知"))
    base.upload("培训花名册", ROSTER)
    base.click("保存并检查花名册")
    base.sees("已保存。花名册600行，没有错误。")
    base.sees("花名册没有错误。")
    base.click("报送")
    base.told(re.compile(f"“{TITLE}”已报送。"))


def look_up(reviewer: Desk, year: int) -> None:
    """Step 5: a person by name and employer, with totals and the way back to the roster row."""
    page = reviewer.go("credit_lookup", "学时查询与审验卡")
    reviewer.fill("姓名或身份证号", "额尔敦•巴图")
    reviewer.fill("工作单位", "示例市第一医院")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("employer="))
    reviewer.sees(re.compile("以下列出[0-9]人$"))
    choose_first_row(reviewer, key="Enter")
    reviewer.sees("各年度学时与要求")
    expect(page).to_have_url(re.compile(r"person=\d+"))
    page.reload()
    reviewer.sees("各年度学时与要求")
    totals = lists(page).nth(1)
    expect(totals).to_contain_text(str(year))
    expect(totals).to_contain_text("24 / 60")
    expect(lists(page).nth(2)).to_contain_text(TITLE)


def print_card(reviewer: Desk, folder: Path) -> str:
    """Step 6: the card as a PDF; answers where its code is verified."""
    page = reviewer.page
    reviewer.click("生成审验卡")
    reviewer.sees(re.compile("审验卡已生成，验证码"))
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("下载.*审验卡")).click()
    path = folder / "card.pdf"
    download.value.save_as(path)
    assert path.read_bytes().startswith(b"%PDF-")
    address = page.get_by_role("link", name=re.compile("核验此卡")).get_attribute("href")
    assert address
    return urljoin(page.url, address)


def test_a_training_goes_from_plan_to_card(browser: Browser, server: str, tmp_path: Path) -> None:
    start = start_day()
    base = arrive(browser, server, "base")
    reviewer, leader = (seated(browser, server, name) for name in ("reviewer", "leader"))
    file_plan(base, start)
    decide(reviewer, "review?kind=plan", re.compile(f"“{TITLE}”已通过。该基地可培训600人"))

    base.page.get_by_role("button", name=re.compile("演示日期")).click()
    ahead = (start - db.office_day(datetime.now(UTC))).days + 4
    base.fill("推进天数", str(ahead))
    base.click("推进")
    base.sees(re.compile("演示日期已推进"))

    file_report(base)
    decide(reviewer, "review?kind=report", re.compile("为600人登记14400学时"))
    look_up(reviewer, start.year)

    address = print_card(reviewer, tmp_path)
    stranger = window(browser, base.base)
    stranger.goto(address)
    expect(stranger.get_by_text("此卡真实有效")).to_be_visible()
    expect(stranger.get_by_text("额*****")).to_be_visible()
    assert "0471" not in stranger.content()

    page = leader.go(f"quota_dashboard?year={start.year}", "指标看板")
    leader.sees("14,400")
    leader.sees(re.compile("自治区本级最多：600人次"))
    page.locator("[aria-label='自治区本级，600']").first.click()
    expect(page.get_by_role("button", name=re.compile("自治区本级$"))).to_be_visible()
    leader.sees(re.compile("培训人次明细（1）"))

    leader.go("audit", "审计日志")
    with db.reading() as session:
        events = set(session.scalars(sa.select(AuditEntry.event)))
    deeds = {"plan.drafted", "plan.revised", "submission.submit", "submission.approve", "report.drafted"}
    assert deeds | {"credit.posted", "card.issued"} <= events
    base.page.evaluate("sessionStorage.setItem('sheet-1', '{}')")  # typed, and not yet with the office
    base.page.locator(".st-key-head-account button").first.click()
    base.click("退出")
    expect(base.page.get_by_label("用户名")).to_be_visible()
    for _ in range(100):  # to wait for a function, Playwright would need what the policy of the page forbids
        if base.page.evaluate("sessionStorage.length") == 0:
            break
        base.page.wait_for_timeout(100)
    assert base.page.evaluate("sessionStorage.length") == 0
    assert base.page.evaluate("Object.keys(localStorage).filter(key => !/^st[A-Z]/.test(key))") == [], (
        "nothing but Streamlit's own look"
    )
    assert "ce_session" not in base.page.evaluate("document.cookie")
    base.page.goto(f"{server}/filing")
    expect(base.page.get_by_label("用户名")).to_be_visible()
