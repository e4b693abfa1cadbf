"""A telephone: the menu gives way to the page, the head is one line, and each role's morning is done on it."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from core.ground import db
from core.submissions import workflow
from core.submissions.workflow import Action
from routes.session import COOKIE
from tests import cast as people
from tests.browser.desk import Desk, choose_first_row, seated, window
from tests.cast import Cast
from tests.pages.conftest import sign_in
from tests.pages.test_deeds import NOW, ahead

PHONE = {"width": 390, "height": 844}


def one_line(page: Page) -> None:
    """The head is one line beside the button that opens the menu, and nothing is wider than the telephone."""
    drawn = [each.bounding_box() for each in page.locator(".st-key-head > *").all()]
    boxes = [box for box in drawn if box is not None]
    assert len(boxes) == len(drawn) >= 4
    assert max(box["x"] + box["width"] for box in boxes) <= PHONE["width"]
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) < 8
    assert max(middles) < 56
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    assert page.get_by_test_id("stMain").evaluate("each => each.scrollWidth - each.clientWidth") <= 0


def complaint(said: ConsoleMessage) -> str:
    return f"{said.text} {said.location['url']}"


def chosen_from_menu(desk: Desk, entry: str, title: str) -> None:
    """An entry of the menu, which closes after the choice."""
    page = desk.page
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=re.compile(entry)).click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    desk.settle()
    one_line(page)
    if page.locator(".st-key-strip").count():
        expect(page.locator(".st-key-strip [aria-current=page]")).to_have_text(title)


def test_on_a_telephone_the_menu_stays_closed_after_a_reload(browser: Browser, server: str) -> None:
    desk = seated(browser, server, "reviewer")
    page, menu = desk.page, desk.page.get_by_test_id("stSidebar")
    page.set_viewport_size(PHONE)
    desk.go("people", "人员")
    desk.settle()
    expect(menu).to_have_attribute("data-collapsed", "true")
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(menu).to_have_attribute("data-collapsed", "false")
    page.reload()
    expect(page.locator("h1")).to_have_text("人员")
    expect(menu).to_have_attribute("data-collapsed", "true")


BROKEN = """([place, word]) => [...place.querySelectorAll('*'), place].flatMap(each => [...each.childNodes]).some(
  text => {
  const at = text.nodeType === Node.TEXT_NODE ? text.data.indexOf(word) : -1
  if (at < 0) return false
  const range = document.createRange()
  range.setStart(text, at), range.setEnd(text, at + word.length)
  return new Set([...range.getClientRects()].map(box => Math.round(box.bottom))).size > 1
})"""
"""Whether a word stands on two lines in a place."""


def test_on_a_telephone_a_number_stands_on_one_line_with_its_unit_in_heads_and_lists(
    browser: Browser, server: str, cast: Cast
) -> None:
    plan = people.file_plan(cast, title="2027年蒙医药适宜技术推广与基层应用能力提升培训班（第616期）")
    desk = seated(browser, server, "base", width=PHONE["width"], height=PHONE["height"])
    for path, title, place, words in (
        ("", "首页", "[class*=st-key-lines-] p", ("第616期",)),
        ("audit", "审计日志", ".list td.words", ("第616期",)),
        (f"paper?item={plan.id}", "培训计划", "h4", ("第616期", f"第{plan.id}号")),
    ):
        page = desk.go(path, title)
        desk.settle()
        for width in range(350, 400, 4):
            page.set_viewport_size({"width": width, "height": PHONE["height"]})
            page.wait_for_timeout(60)
            found = page.locator(place).filter(has_text=words[0]).locator("visible=true").first
            expect(found).to_be_visible()
            for word in words:
                assert not found.evaluate(f"place => ({BROKEN})([place, {word!r}])"), (path, width, word)


def test_on_a_telephone_a_day_stands_on_one_line_and_is_copied_as_it_is(
    browser: Browser, server: str, cast: Cast
) -> None:
    plan = people.file_plan(cast)
    people.approve(cast, plan.id)
    report = people.file_report(cast, plan, people.sheet([people.row(1)]))
    desk = seated(browser, server, "reviewer", width=PHONE["width"], height=PHONE["height"])
    page = desk.go(f"review?kind=report&item={report.id}&state=all", "审核")
    desk.settle()
    cells = page.get_by_test_id("stTable").first.locator("td").filter(has_text=str(plan.start_on))
    expect(cells).to_have_count(2)  # as approved and as it took place
    for width in range(340, 400, 6):
        page.set_viewport_size({"width": width, "height": PHONE["height"]})
        page.wait_for_timeout(60)
        for cell in cells.all():
            for day in (plan.start_on, plan.end_on):
                assert not cell.evaluate(f"place => ({BROKEN})([place, '{day}'])"), (width, day)
            assert " ".join(cell.inner_text().split()) == f"{plan.start_on} 至 {plan.end_on}"
        for head in page.get_by_test_id("stTable").first.locator("th").all():
            assert not head.evaluate(f"place => ({BROKEN})([place, place.innerText])"), width


def test_a_line_of_the_home_page_goes_on_below_its_title_and_on_a_telephone_its_sentence_fills_the_lines(
    browser: Browser, server: str, cast: Cast
) -> None:
    plan = people.file_plan(cast, now=NOW, title="蒙医药适宜技术培训班（第616期）", **ahead(40))
    with db.transaction() as session:
        why = "师资情况过于简略并且没有写明各人的职称，请写明授课教师姓名、职称和承担的课程以后再报。"
        workflow.move(
            session, plan.id, Action.RETURN, version=plan.version, reason=why, actor=cast["reviewer"], now=NOW
        )
    desk = seated(browser, server, "base", width=1000, height=768)
    page = desk.go("", "首页")
    desk.settle()
    line = page.locator("[class*=st-key-lines-] a p").filter(has_text="师资情况")
    boxes = line.evaluate(
        """line => {
          const of = each => { const all = document.createRange(); all.selectNodeContents(each); return all }
          const title = of(line.querySelector('strong')).getClientRects()[0]
          return [title.left, [...of(line).getClientRects()].filter(box => box.top > title.bottom).map(box => box.left)]
        }"""
    )
    assert len(boxes[1]) > 0
    assert min(boxes[1]) > boxes[0] - 4, "below the title and not below its kind"
    page.set_viewport_size(PHONE)
    desk.settle()
    assert not line.evaluate(f"place => ({BROKEN})([place, '\u3000师资'])")


MORNINGS = (
    ("reviewer", "首页", "人员与学时", "学时查询与审验卡"),
    ("base", "首页", "^.*申报", "申报"),
    ("employer", "首页", "人员与学时", "学时查询与审验卡"),
    ("title", "资格核验", "人员与学时", "学时查询与审验卡"),
    ("leader", "指标看板", "指标分解|专项项目", "指标分解"),
    ("admin", "首页", "系统", "机构与账号"),
    ("person", "我的学时与审验卡", "在线学习", "在线学习"),
)
"""Who signs in, where that leads, and what is chosen from the menu."""


def test_each_role_does_its_morning_on_a_telephone(browser: Browser, server: str, cast: Cast) -> None:
    people.posted(cast, people.sheet([people.row(1)]))
    people.give_account(cast, 1, "person")
    for username, lands, entry, title in MORNINGS:
        page = window(browser, server, PHONE["height"], PHONE["width"])
        wrong: list[str] = []
        page.on("console", lambda said, wrong=wrong: wrong.append(complaint(said)) if said.type == "error" else None)
        page.on("pageerror", lambda fault, wrong=wrong: wrong.append(str(fault)))
        desk = Desk(page, server)
        by_form = username == "reviewer" or lands != "首页"  # who signed in before begins at home
        if not by_form:
            page.context.add_cookies([{"name": COOKIE, "value": sign_in(username), "url": server}])
        page.goto(server)
        if by_form:
            page.get_by_label("用户名").fill(username)
            page.get_by_label("密码", exact=True).fill(people.PASSWORD)
            page.get_by_role("button", name="登录", exact=True).click()
        expect(page.locator("h1")).to_have_text(lands)
        desk.settle()
        one_line(page)
        chosen_from_menu(desk, entry, title)
        if page.locator(".list table.opens tr.row").count():
            choose_first_row(desk)
            expect(page.locator(".list tr.row.open")).to_be_in_viewport()
            desk.settle()
            one_line(page)
            for _ in range(50):  # until the page has scrolled
                ends = page.locator(".list").first.evaluate("each => each.getBoundingClientRect().bottom")
                if ends < PHONE["height"] * 0.75:
                    break
                page.wait_for_timeout(100)
            assert ends < PHONE["height"] * 0.75, username  # what was opened is in view
            if username == "employer":
                page.emulate_media(media="print")
                expect(page.locator(".list").first).to_be_hidden()  # what was opened is printed alone
        wrong = [each for each in wrong if "/_stcore/" not in each]  # Streamlit asks below the page's address first
        assert not wrong, (username, wrong)
        page.close()
