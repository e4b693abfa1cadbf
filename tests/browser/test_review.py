"""The desk by keyboard and by two pairs of hands at once: what is decided is what was on the screen, and once.

`DESK_PLANS=50 DESK_ROUNDS=1000 python -m pytest tests/browser/test_review.py` measures what an office would ask.
"""

from __future__ import annotations

import os
import random
import re
import time
from decimal import Decimal

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db
from core.models import Movement, Plan, State, Submission
from tests import cast as people
from tests.browser.desk import Desk, seated, window
from tests.cast import Cast
from tests.pages.test_deeds import NOW, TODAY, ahead

PLANS = int(os.environ.get("DESK_PLANS", 6))
ROUNDS = int(os.environ.get("DESK_ROUNDS", 5))
"""How many random presses each of two reviewers makes; a round is one of `HANDS`."""


def file_plans(cast: Cast, count: int) -> list[Plan]:
    return [people.file_plan(cast, now=NOW, title=f"第{each:04}期", **ahead(20)) for each in range(count)]


def reads(desk: Desk, title: str) -> None:
    """This plan is open, and the desk takes a decision on it."""
    opened = desk.page.locator(".st-key-item h4", has_text=title).first  # while it is drawn, beside the former's
    expect(opened).to_be_visible()
    expect(desk.page.locator("[role=option][aria-selected=true]")).to_contain_text(title)
    expect(desk.page.locator("html:not([data-desk-held]) .st-key-decisions")).to_be_visible()


def test_plans_are_decided_by_keyboard_alone_and_the_next_opens_by_itself(
    browser: Browser, server: str, cast: Cast
) -> None:
    plans = file_plans(cast, PLANS)
    reviewer = seated(browser, server, "reviewer")
    page = reviewer.page
    page.set_viewport_size({"width": 1366, "height": 768})
    reviewer.go(f"plan_approval?plan={plans[0].id}", "审核")  # a link that somebody kept
    expect(page).to_have_url(re.compile(rf"/review\?kind=plan&item={plans[0].id}$"))
    reads(reviewer, plans[0].title)
    page.keyboard.press("f")
    remarks = page.get_by_test_id("stPopoverBody")
    expect(remarks).to_be_visible()
    expect(page.get_by_label("所指")).to_be_focused()  # the first of its fields, although it is drawn last
    page.keyboard.press("Escape")
    expect(remarks).to_be_hidden()
    page.keyboard.press("o")  # to look at the remarks was no decision, and closed again they wait for no field
    expect(page.get_by_label("审核意见")).to_be_focused()
    page.keyboard.type("abx jk")  # keys are letters while one writes
    page.keyboard.press("Escape")
    page.keyboard.press("b")  # while the opinion is still on its way: the decision waits for it
    reads(reviewer, plans[1].title)
    reviewer.told(re.compile(f"“{plans[0].title}”已退回"))
    page.keyboard.press("l")  # back to what was decided last, and on with the first that waits
    expect(page.locator(".st-key-item h4", has_text=plans[0].title).first).to_be_visible()
    reviewer.settle()
    page.keyboard.press("j")
    reads(reviewer, plans[1].title)
    page.keyboard.press("j")
    reads(reviewer, plans[2].title)
    page.keyboard.press("k")
    reads(reviewer, plans[1].title)
    row = page.get_by_role("option", name=plans[3].title)
    page.get_by_role("listbox").focus()
    for key in ("Home", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    reads(reviewer, plans[3].title)
    expect(row).to_have_attribute("aria-selected", "true")
    page.keyboard.press("x")
    reviewer.told("不予通过须填写审核意见")  # refused: the same stays open, with the hand where it is put right
    expect(page.get_by_label("审核意见")).to_be_focused()
    page.keyboard.press("Escape")
    at = "document.querySelector('[data-testid=stMain]').scrollTop"
    stood = page.evaluate(at)
    page.keyboard.press("f")
    expect(page.locator("[data-testid=stPopoverBody] input").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-testid=stPopoverBody]")).to_have_count(0)
    assert page.evaluate(at) == stood, "what opens in the bar moves nothing"
    began = time.monotonic()
    for at, plan in enumerate(order := [*plans[3:], *plans[1:3]]):
        reads(reviewer, plan.title)
        page.keyboard.press("a")
        if at % 8 == 0:
            page.keyboard.press("a")  # pressed again before anything was drawn
        if at == 0:  # asked for before the next one is drawn: it is that one's, and what is written in it no key
            page.keyboard.press("o")
            expect(page.get_by_label("审核意见")).to_be_focused()
            reads(reviewer, order[at + 1].title)
            page.keyboard.type("ax")
            page.keyboard.press("Escape")
        if at + 1 < len(order):
            reads(reviewer, order[at + 1].title)
    reviewer.told(re.compile(f"“{order[-1].title}”已通过"))
    print(f"{len(order)} plans by keyboard in {time.monotonic() - began:.1f} s")
    with db.reading() as session:
        states = dict(session.execute(sa.select(Plan.title, Plan.state)).all())
        first = session.scalars(sa.select(Movement.reason).where(Movement.action == "return")).one()
    assert states == {plans[0].title: State.RETURNED} | {plan.title: State.APPROVED for plan in plans[1:]}
    assert first == "abx jk"


def test_remarks_are_written_beside_the_item_and_a_key_that_does_nothing_says_why(
    browser: Browser, server: str, cast: Cast
) -> None:
    plans = file_plans(cast, 2)
    reviewer = seated(browser, server, "reviewer", width=1366, height=768)
    page, told = reviewer.page, reviewer.page.locator(".told")
    reviewer.go("review?kind=plan", "审核")
    reviewer.settle()
    page.keyboard.press("f")
    expect(told).to_have_text("还没有打开哪一件。按J打开第一件，或从列表中点开。")
    page.keyboard.press("k")  # with none open, from the end
    reads(reviewer, plans[1].title)
    expect(told).to_be_empty()
    page.keyboard.press("j")
    expect(told).to_have_text("已是最后一件。")
    expect(told).to_be_in_viewport(ratio=1)
    page.keyboard.press("u")
    expect(told).to_contain_text("没有您可以撤销的决定")
    page.keyboard.press("k")
    reads(reviewer, plans[0].title)
    page.keyboard.press("k")
    expect(told).to_have_text("已是第一件。")
    remarks = page.get_by_test_id("stPopoverBody")
    for width, height in ((1366, 768), (1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        reviewer.settle()
        page.keyboard.press("f")
        expect(page.get_by_label("所指")).to_be_focused()
        box, item = remarks.bounding_box(), page.locator(".st-key-item").bounding_box()
        assert box is not None
        assert item is not None
        if width > 640:
            assert box["x"] + box["width"] <= item["x"], "over the item that the remarks are about"
        else:
            assert box["y"] > height / 2, "half of a telephone is left to the item"
        assert box["y"] + box["height"] <= height + 1
        page.keyboard.press("Escape")
        expect(remarks).to_be_hidden()
    way = page.get_by_role("button", name="列表", exact=True)
    expect(way).to_be_visible()
    reviewer.go("review?kind=plan", "审核")
    reviewer.settle()
    expect(page.get_by_role("option")).to_have_count(2)
    expect(way).to_be_hidden()  # nothing is open that it would lead back from


COUNT = """addEventListener('click', event => event.isTrusted && localStorage.clicks++, true)
addEventListener('keydown', () => localStorage.keys++, true)
localStorage.clicks ??= 0; localStorage.keys ??= 0"""


def test_an_approved_plan_is_three_clicks_from_the_sign_in_and_ten_more_are_eleven_keys(
    browser: Browser, server: str, cast: Cast
) -> None:
    plans = file_plans(cast, 11)
    page = window(browser, server, width=1366, height=768)
    page.add_init_script(COUNT)
    reviewer = Desk(page, server)
    page.goto(server)
    page.get_by_label("用户名").press_sequentially("reviewer")
    page.keyboard.press("Tab")
    page.keyboard.type(people.PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("link", name=plans[0].title).click()
    reads(reviewer, plans[0].title)
    page.get_by_role("button", name="通过", exact=True).click()
    reviewer.told(re.compile(f"“{plans[0].title}”已通过"))
    assert page.evaluate("localStorage.clicks") == "3"
    reviewer.go("review?kind=plan", "审核")
    expect(page.get_by_role("option", name=plans[1].title)).to_be_visible()  # there is a list to go down
    reviewer.settle()
    page.evaluate("localStorage.keys = 0")
    page.keyboard.press("j")
    for plan in plans[1:]:
        reads(reviewer, plan.title)
        page.keyboard.press("a")
    reviewer.told(re.compile(f"“{plans[-1].title}”已通过"))
    assert page.evaluate("localStorage.keys") == "11"
    with db.reading() as session:
        assert set(session.scalars(sa.select(Plan.state))) == {State.APPROVED}


def test_the_buttons_of_a_claim_stand_in_one_row_also_beside_the_way_back_to_the_last_one(
    browser: Browser, server: str, cast: Cast
) -> None:
    people.posted(cast, people.sheet([people.row(1)]))
    days = {"start_on": TODAY, "completed_on": TODAY, "amount": Decimal(6), "now": NOW}
    first, second = (people.file_claim(cast, 1, title=f"第{each}次论坛证书", **days) for each in (1, 2))
    reviewer = seated(browser, server, "reviewer")
    page = reviewer.page
    page.set_viewport_size({"width": 1366, "height": 768})
    reviewer.go(f"review?kind=claim&item={first.id}", "审核")
    reads(reviewer, first.title)
    page.locator(".st-key-decisions textarea").fill("证书日期看不清")
    reviewer.click("退回")
    for width, height in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        reads(reviewer, second.title)
        reviewer.settle()
        buttons = page.locator(".st-key-decisions button", has_text=re.compile("分条意见|通过|退回")).all()
        boxes = [each.bounding_box() for each in buttons]
        assert len(boxes) == 4
        assert len({box and round(box["y"]) for box in boxes}) == 1, (width, boxes)
        back, row = page.get_by_role("button", name="回到刚办的").bounding_box(), boxes[0]
        assert back is not None
        assert row is not None
        assert back["y"] + back["height"] < row["y"], "beside what approval leads to"
        ends = page.locator(".st-key-bar").bounding_box()
        assert ends is not None
        assert ends["y"] + ends["height"] - row["y"] - row["height"] < 40, "nothing below the buttons"


def test_what_is_looked_up_leaves_the_page_below_as_it_stands(browser: Browser, server: str, cast: Cast) -> None:
    plan = file_plans(cast, 1)[0]
    reviewer = seated(browser, server, "reviewer")
    page = reviewer.page
    page.set_viewport_size({"width": 1366, "height": 768})
    reviewer.go(f"review?kind=plan&item={plan.id}", "审核")
    reads(reviewer, plan.title)
    reviewer.settle()
    stands = [page.locator("h1"), page.get_by_role("button", name="通过", exact=True)]
    before = [each.bounding_box() for each in stands]
    page.keyboard.press("Control+k")
    page.get_by_placeholder("回车查找").fill(plan.title)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("link", name=plan.title)).to_be_visible()
    reviewer.settle()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [each.bounding_box() for each in stands] == before
    page.locator("h1").click()
    page.keyboard.press("k")
    expect(page.get_by_test_id("stMain")).to_have_css("outline-style", "none")


def test_on_a_telephone_a_roster_says_whose_a_row_is_and_no_button_moves_when_a_remark_is_noted(
    browser: Browser, server: str, cast: Cast
) -> None:
    plan = people.file_plan(cast)
    people.approve(cast, plan.id)
    long = people.row(2, name="由两个单位报来、名字写得很长的一位学员")
    report = people.file_report(cast, plan, people.sheet([people.row(1), long, people.row(3, name="")]))
    reviewer = seated(browser, server, "reviewer", width=390, height=844)
    page = reviewer.go(f"review?kind=report&item={report.id}", "审核")
    reviewer.settle()
    heads = page.locator(".list th:has-text('姓名')")
    expect(heads).to_be_visible()
    assert page.locator(".list .box").last.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
    decisions = page.locator(".st-key-decisions button", has_text=re.compile("分条意见|通过|退回"))
    before = [each.bounding_box() for each in decisions.all()]
    assert len(before) == 4
    page.locator(".list tr.row input").first.click()
    reviewer.settle()
    page.get_by_role("button", name=re.compile("^分条意见")).click()
    reviewer.settle()
    page.get_by_label("原因", exact=True).click()
    page.get_by_role("option").nth(1).click()
    reviewer.settle()
    page.get_by_role("button", name="记下").click()
    reviewer.settle()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="分条意见 1")).to_be_visible()
    after = [each.bounding_box() for each in decisions.all()]
    assert [box and (box["x"], box["width"]) for box in after] == [box and (box["x"], box["width"]) for box in before]
    assert len({box and round(box["y"]) for box in after}) == 1


RECORD = """window.pressed = []; document.addEventListener('click', event => {
  const button = event.target.closest('.st-key-decisions button')
  if (button) window.pressed.push([document.querySelector('.st-key-item h4').textContent, button.innerText.trim()])
})"""
"""What was on the screen at each press that the desk let through."""


CLICK_A_ROW = """chance => {
  const list = [...document.querySelectorAll('div')].find(each => each.shadowRoot?.querySelector('.row'))
  const rows = list ? [...list.shadowRoot.querySelectorAll('.row')] : []
  rows[Math.floor(chance * rows.length)]?.click()
}"""
CLICK_APPROVE = "() => document.querySelector('.st-key-decisions button')?.click()"
HANDS = [*"aaajjkb", CLICK_A_ROW, CLICK_APPROVE]


def test_two_reviewers_at_once_never_decide_what_they_did_not_see_nor_anything_twice(
    browser: Browser, server: str, cast: Cast
) -> None:
    file_plans(cast, min(ROUNDS * 2, 400))
    desks = {name: seated(browser, server, name) for name in ("reviewer", "reviewer2")}
    for desk in desks.values():
        desk.page.add_init_script(RECORD)
        desk.go("review?kind=plan", "审核")
        expect(desk.page.get_by_role("option").first).to_be_visible()
        desk.settle()
        desk.page.keyboard.press("j")
    chance = random.Random(7)
    for _ in range(ROUNDS):
        for desk in desks.values():
            for hand in chance.choices(HANDS, k=chance.randint(1, 4)):
                if len(hand) == 1:
                    desk.page.keyboard.press(hand)
                else:
                    desk.page.evaluate(hand, chance.random())
            if chance.random() < 0.5:
                expect(desk.page.locator("html:not([data-desk-held])")).to_be_attached()
            else:
                desk.page.wait_for_timeout(chance.choice((0, 50, 300)))
    seen = {}
    for name, desk in desks.items():
        desk.settle()
        seen[name] = [(title, action) for title, action in desk.page.evaluate("window.pressed")]
    with db.reading() as session:
        query = sa.select(Submission.title, Movement.action, Movement.account_name).join(
            Submission, Submission.id == Movement.submission_id
        )
        made = session.execute(query.where(Movement.action != "submit")).all()
    assert len(made) > ROUNDS // 5, "hardly anything was decided"
    assert len({title for title, *_ in made}) == len(made)
    for title, action, account_name in made:
        username = account_name.removeprefix("审核员")
        pressed = {"approve": "通过", "return": "退回", "reject": "不予通过"}[action]
        assert any(title in shown and label == pressed for shown, label in seen[username]), (title, action, username)
