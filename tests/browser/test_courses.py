"""A public course on a telephone: studied, failed, waited for, passed; its hours are looked up and on the card."""

from __future__ import annotations

import re

import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from core.ground import db
from core.models import Course, Enrolment, ExamPaper, ExamQuestion, Lesson
from core.people import setup
from tests import cast as c
from tests import sat
from tests.browser.conftest import NOW
from tests.browser.desk import seated

QUICK = f"""id: quick
extends: nmg-2024
title: {NOW.year}年度通知（试验）
document: 试验〔{NOW.year}〕1号
in_force: {{from: {NOW.year}-01-01, to: {NOW.year}-12-31}}
interpretations:
  - {{setting: course_heartbeat, value: 1, clause: 一(二)1, reason: 试验中每秒记一次时。}}
"""
"""A notice by which the clock beats every second, so that nobody has to wait for half a minute."""


def two_short_lessons(cast: c.Cast) -> None:
    """A course of two lessons of two seconds each, published, with its exam; its learner has an account."""
    c.lay_notice("quick", QUICK)
    c.posted(cast, c.sheet([c.row(1)]))
    c.give_account(cast, 1, "person")
    lessons = [c.LESSON, c.replace(c.LESSON, title="第二讲", hours=c.Decimal(0))]
    course = c.publish_course(cast, *lessons, year=NOW.year, credit_years=(NOW.year,))
    with db.transaction() as session:
        session.query(Lesson).update({"seconds": 2})
    sat.opened(cast, course.id)


def attempt(page: Page, *, knows: bool) -> None:
    """An attempt at the exam, every question answered as the learner knows it."""
    page.get_by_role("button", name="开始考试").click()
    expect(page.locator("[data-paper]")).to_be_visible()
    number = int(page.locator("[data-paper]").get_attribute("data-paper") or 0)
    for place, bits in sat.chosen_by(number, lambda *_: knows).items():
        options = page.locator(f"fieldset[data-place='{place}'] label.option")
        for at in range(options.count()):
            if bits & 1 << at:
                options.nth(at).click()
    expect(page.locator(".saved")).to_have_text("作答已保存")
    page.get_by_role("button", name="交卷").click()
    page.locator("#sure").click()


def test_a_course_is_studied_failed_and_passed_on_a_telephone_and_its_hours_are_on_the_card(
    browser: Browser, server: str, cast: c.Cast
) -> None:
    two_short_lessons(cast)
    learner = seated(browser, server, "person")
    page = learner.page
    page.set_viewport_size({"width": 390, "height": 844})
    learner.go("learn", "在线学习")
    expect(page.locator(".way li").first).to_contain_text("未开始")
    page.get_by_role("button", name="开始学习").click()
    page.locator("a.button", has_text="学习").first.click()
    for title in ("第一讲", "第二讲"):
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator("#time")).to_contain_text("本节已学完", timeout=15_000)
        page.locator("#next").click()
    expect(page.locator(".way li.done")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.get_by_role("link", name="参加考试").click()
    attempt(page, knows=False)
    expect(page.locator("main")).to_contain_text("不及格")
    assert page.evaluate("scrollY") == 0  # the result is in view, however far down the last answer was
    page.get_by_role("link", name="返回考试记录").click()
    expect(page.get_by_role("button", name="开始考试")).to_have_count(0)
    with db.transaction() as session:
        setup.shift_demo_clock(session, 1, actor=cast["admin"], now=NOW)
    page.reload()
    attempt(page, knows=True)
    expect(page.locator("main")).to_contain_text("已记30学时")
    learner.go("learn", "在线学习")
    expect(page.locator(".way li.done")).to_have_count(3)

    learner.go("credit_lookup", "我的学时与审验卡")
    learner.sees(re.compile("30学时，第"))
    learner.click("生成审验卡")
    expect(page.get_by_text(f"下载{NOW.year}年度审验卡（PDF）")).to_be_visible()


def test_of_two_devices_the_later_answer_stands_and_what_waits_at_the_end_is_handed_over_when_the_network_is_back(
    browser: Browser, server: str, cast: c.Cast
) -> None:
    two_short_lessons(cast)
    with db.transaction() as session:
        course_id = session.scalars(sa.select(Course.id)).one()
        begun = {"course_id": course_id, "person_id": c.person_id(1), "credit_year": NOW.year}
        session.add(Enrolment(**begun, started_at=NOW, finished_at=NOW))
    phone, desk = (seated(browser, server, "person").page for _ in range(2))
    phone.goto(f"{server}/learn/exam/{course_id}")
    phone.get_by_role("button", name="开始考试").click()
    expect(phone.locator(".saved")).to_have_text("作答已保存")
    desk.goto(phone.url)
    first = "fieldset[data-place='1'] input"
    phone.context.set_offline(True)
    phone.locator(first).first.focus()
    phone.keyboard.press("Space")
    expect(phone.locator(".saved")).to_contain_text("记在本机")
    desk.locator(first).first.focus()
    desk.keyboard.press("Space")
    with desk.expect_response(lambda answer: (answer.request.post_data_json or {}).get("chosen") == 2):
        desk.keyboard.press("ArrowDown")
    assert desk.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    phone.context.set_offline(False)
    expect(phone.locator(".saved")).to_contain_text("已按那一处显示", timeout=20_000)
    expect(phone.locator(first).nth(1)).to_be_checked()
    with db.reading() as session:
        assert session.scalars(sa.select(ExamQuestion.chosen).where(ExamQuestion.place == 1)).one() == 2

    phone.clock.install()
    phone.reload()
    expect(phone.locator(".saved")).to_have_text("作答已保存")
    phone.context.set_offline(True)
    phone.locator("fieldset[data-place='1'] label.option").first.click()
    phone.clock.fast_forward("02:00:00")
    expect(phone.locator(".saved")).to_contain_text("时间已到，网络不通")
    phone.clock.fast_forward(20_000)
    expect(phone.locator(".saved")).to_contain_text("请不要关闭或刷新本页")
    phone.context.set_offline(False)
    expect(phone.locator("h1")).to_contain_text("考试结果", timeout=20_000)
    with db.reading() as session:
        assert session.scalars(sa.select(ExamQuestion.chosen).where(ExamQuestion.place == 1)).one() == 1
        assert session.scalars(sa.select(ExamPaper.handed_in_at)).one()
    desk.locator("fieldset[data-place='2'] label.option").first.click()
    expect(desk.locator(".saved")).to_contain_text("第2题的作答送到时")
    desk.get_by_role("link", name="查看考试结果").click()
    expect(desk.locator("h1")).to_contain_text("考试结果")
