"""A telephone: the menu gives way to the page, and the head is one line."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.desk import seated


def test_on_a_telephone_the_menu_closes_after_a_choice_and_the_head_is_one_line(browser: Browser, server: str) -> None:
    desk = seated(browser, server, "reviewer")
    page, menu = desk.page, desk.page.get_by_test_id("stSidebar")
    page.set_viewport_size({"width": 390, "height": 844})
    desk.go("people", "人员")
    desk.settle()
    expect(menu).to_have_attribute("data-collapsed", "true")
    drawn = [each.bounding_box() for each in page.locator(".st-key-head > *").all()]
    boxes = [box for box in drawn if box is not None]
    assert len(boxes) == len(drawn) >= 4
    assert max(box["x"] + box["width"] for box in boxes) <= 390
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) < 8
    assert max(middles) < 56  # beside the button that opens the menu

    open_menu = page.get_by_test_id("stExpandSidebarButton")
    open_menu.click()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="资格核验").click()
    expect(page.locator("h1")).to_have_text("资格核验", timeout=30_000)
    expect(menu).to_have_attribute("data-collapsed", "true")
    open_menu.click()
    expect(menu).to_have_attribute("data-collapsed", "false")
    page.reload()
    expect(page.locator("h1")).to_have_text("资格核验", timeout=30_000)
    expect(menu).to_have_attribute("data-collapsed", "true")
