"""What is typed into a form is never lost: not by F5, another record, a new browser, nor by a refusal to file it."""

from __future__ import annotations

import re

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db
from core.models import Plan, State, Unsaved
from tests.browser.desk import Desk, seated
from tests.cast import Cast

NAME, CONTENT = "培训名称 *", "培训内容 *"
LETTERS = "abcdefghijklmnopqrst"


def field(desk: Desk, label: str) -> str:
    """What stands in a text field of the form, once it is drawn."""
    desk.settle()
    return desk.page.get_by_role("textbox", name=label, exact=True).input_value()


def test_typing_survives_everything_and_is_filed_as_it_stands_on_the_screen(
    browser: Browser, server: str, cast: Cast
) -> None:
    base = seated(browser, server, "base")
    page = base.go("paper?kind=plan", "填写培训计划")
    base.settle()
    page.get_by_role("textbox", name=NAME, exact=True).click()
    for at, letter in enumerate(LETTERS):  # slowly, through several runs of the page: no letter and no caret is lost
        page.keyboard.type(letter)
        page.wait_for_timeout(1100 if at % 7 == 6 else 60)
    assert field(base, NAME) == LETTERS
    assert page.evaluate("document.activeElement.selectionStart") == len(LETTERS)
    page.get_by_role("textbox", name=CONTENT, exact=True).click()
    page.keyboard.type("按下刷新前的最后一句")
    page.reload()  # at once
    expect(page.get_by_role("textbox", name=CONTENT, exact=True)).to_have_value("按下刷新前的最后一句")
    assert field(base, NAME) == LETTERS
    expect(page.get_by_text("已自动暂存")).to_be_visible()  # for other windows as well
    base.go("filing", "申报")
    page.get_by_role("link", name="草稿：“").click()
    expect(page.get_by_role("textbox", name=NAME, exact=True)).to_have_value(LETTERS)

    other = seated(browser, server, "base")
    other.go("paper?kind=plan", "填写培训计划")
    expect(other.page.get_by_role("textbox", name=CONTENT, exact=True)).to_have_value("按下刷新前的最后一句")
    other.page.set_viewport_size({"width": 1366, "height": 768})
    other.fill("计划人数（人） *", "9999999")
    other.click("上报")
    other.told("处需要改正")  # inside the viewport, with each fault beside its field, and nothing folded or lost
    expect(other.page.get_by_text("计划人数应为1至100000人，9999999人过多").first).to_be_visible()
    assert (field(other, NAME), field(other, "计划人数（人） *")) == (LETTERS, "9999999")
    for label in ("培训地点 *", "师资情况 *", "培训人员范围 *"):
        other.fill(label, f"{label[:-2]}：示例")
    other.fill("计划人数（人） *", "")
    other.click("上报")
    expect(other.page.get_by_label("计划人数（人） *", exact=True)).to_be_focused()  # and not the sign of its help
    other.fill("计划人数（人） *", "60人")
    other.click("上报")
    other.told("已上报。")
    with db.reading() as session:
        plan = session.scalars(sa.select(Plan)).one()
        assert (plan.state, plan.title, plan.headcount) == (State.SUBMITTED, LETTERS, 60)
        assert session.scalars(sa.select(Unsaved)).all() == []


def test_the_way_back_from_a_filed_paper_leads_to_the_list_and_to_nothing_that_nobody_opened(
    browser: Browser, server: str, cast: Cast
) -> None:
    base = seated(browser, server, "base")
    page = base.go("filing", "申报")
    base.click("填写培训计划")
    base.fill(NAME, LETTERS)
    base.fill("培训地点 *", "示例")
    base.click("保存")
    base.told("已存为草稿")
    for label in ("培训内容 *", "师资情况 *", "培训人员范围 *"):
        base.fill(label, "示例")
    base.fill("计划人数（人） *", "60")
    base.fill("每人学时 *", "24")
    base.click("上报")
    base.told("已上报。")
    assert re.search(r"/paper\?item=[0-9]+$", page.url)
    page.go_back()
    expect(page.locator("h1")).to_have_text("申报")
    base.settle()
    assert page.url.endswith("/filing")
    page.go_forward()
    expect(page.get_by_role("heading", name=LETTERS)).to_be_visible()


def test_tab_goes_from_field_to_field_and_a_key_shows_what_the_mouse_shows_over_the_sign(
    browser: Browser, server: str, cast: Cast
) -> None:
    base = seated(browser, server, "base")
    page = base.go("paper?kind=plan", "填写培训计划")
    base.settle()
    page.get_by_label("方式 *", exact=True).focus()
    for label in ("计划人数（人） *", "每人学时 *", "学时年度（补学）"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(label, exact=True)).to_be_focused()
    number = page.get_by_label("计划人数（人） *", exact=True)
    number.focus()
    for back in ("F1", "Escape", "Tab"):
        page.keyboard.press("F1")
        expect(page.get_by_test_id("stTooltipContent")).to_contain_text("的整数")
        expect(page.get_by_test_id("stTooltipContent")).to_have_css("pointer-events", "none")  # a click goes through
        page.keyboard.press(back)
        expect(number).to_be_focused()
        expect(page.get_by_test_id("stTooltipContent")).to_have_count(0)
