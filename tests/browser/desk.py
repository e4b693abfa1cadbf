"""A person's desk in the browser tests: one window, signed in, and what hands do there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, expect

from routes.session import COOKIE
from tests import cast as people
from tests.pages.conftest import sign_in

FORBIDDEN: list[str] = []
"""What the content security policy kept a page from doing, as the browser tells it: it forbids nothing that we do."""


def heeded(page: Page) -> Page:
    """A page whose complaints about the policy are kept."""
    page.on("console", lambda said: FORBIDDEN.append(said.text) if "Content Security Policy" in said.text else None)
    return page


@dataclass
class Desk:
    """One person's browser window, signed in."""

    page: Page
    base: str

    def go(self, path: str, title: str) -> Page:
        self.page.goto(f"{self.base}/{path}")
        expect(self.page.locator("h1")).to_have_text(title)
        return self.page

    def fill(self, label: str, text: str) -> None:
        field = self.page.get_by_label(label, exact=True)
        field.fill(text)
        field.blur()

    def settle(self) -> None:
        """Wait until the script has run, as a person does: what is still being drawn anew takes no click."""
        self.page.wait_for_timeout(300)
        state = self.page.get_by_test_id("stApp")
        expect(state).to_have_attribute("data-test-script-state", "notRunning")
        expect(self.page.locator("html:not([data-desk-held])")).to_be_attached()

    def click(self, name: str) -> None:
        """A button by its words, once the page is drawn; an icon before them is part of its name."""
        self.settle()
        self.page.get_by_role("button", name=re.compile(f"(^|[a-z_]\\s*){name}$")).click()

    def upload(self, label: str, file: Path | FilePayload) -> None:
        """Choose a file where the label asks for it, and wait until it is listed there or below."""
        self.settle()
        self.uploader(label).set_input_files(file)
        name = file.name if isinstance(file, Path) else file["name"]
        self.sees(re.compile(re.escape(name)))

    def uploader(self, label: str) -> Locator:
        """Where a browser puts a file that is chosen."""
        return self.page.get_by_test_id("stFileUploader").filter(has_text=label).locator("input[type=file]")

    def sees(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_test_id("stMain").get_by_text(words).locator("visible=true").first).to_be_visible()

    def told(self, words: str | re.Pattern[str]) -> Locator:
        """The message of a deed, and all of it inside the viewport, wherever the page is scrolled to."""
        message = self.page.get_by_test_id("stAlert").filter(has_text=words).first
        expect(message).to_be_visible()
        self.settle()
        box, window = message.bounding_box(), self.page.viewport_size
        assert box is not None
        assert window is not None
        assert box["y"] >= 0, f"{words} above the viewport by {-box['y']:.0f} px"
        assert box["y"] + box["height"] <= window["height"], f"{words} below the viewport, at {box['y']:.0f} px"
        assert box["x"] >= 0, f"{words} left of the viewport"
        assert box["x"] + box["width"] <= window["width"], f"{words} right of the viewport"
        return message


_WINDOWS: set[BrowserContext] = set()
_RESTING: list[BrowserContext] = []
"""Windows of former tests: that they have Streamlit's scripts already takes half off what it costs to open one anew."""


STILL = """document.addEventListener("DOMContentLoaded", () => {
    const sheet = new CSSStyleSheet();  // which no policy of a page forbids, as it does an element
    sheet.replaceSync("*, *::before, *::after { animation: none !important; transition: none !important }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
});"""
"""No fading and no sliding: what moves is painted sixty times a second, a tenth of all that a browser test costs."""


def window(browser: Browser, base: str, height: int = 900, width: int = 1440) -> Page:
    """A page in a window of its own, where nobody is signed in and nothing is remembered."""
    context = _RESTING.pop() if _RESTING else browser.new_context(locale="zh-CN")
    _WINDOWS.add(context)
    page = heeded(context.new_page())
    page.add_init_script(STILL)
    page.set_viewport_size({"width": width, "height": height})
    storage = context.new_cdp_session(page)
    storage.send("Storage.clearDataForOrigin", {"origin": base, "storageTypes": "cookies,local_storage"})
    storage.detach()
    return page


def put_away(browser: Browser) -> None:
    """The windows of a test, once it is over: its pages are closed, and settings of its own go with their window."""
    for context in browser.contexts:
        if context not in _WINDOWS:
            context.close()
        elif context not in _RESTING:
            for page in context.pages:
                page.close()
            _RESTING.append(context)


def arrive(browser: Browser, base: str, username: str) -> Desk:
    """Sign in through the form, in a window of one's own."""
    page = window(browser, base, height=1200)
    page.goto(base)
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(people.PASSWORD)
    page.get_by_role("button", name="登录").click()
    lands = {"leader": "指标看板", "title": "资格核验"}.get(username, "首页")
    expect(page.locator("h1")).to_have_text(lands)
    cookie = next(cookie for cookie in page.context.cookies() if cookie["name"] == "ce_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    return Desk(page, base)


def seated(browser: Browser, base: str, username: str, **size: int) -> Desk:
    """Signed in beforehand, for tests that are not about signing in: it spares the form and the page it leads to."""
    page = window(browser, base, **size)
    page.context.add_cookies([{"name": COOKIE, "value": sign_in(username), "url": base}])
    return Desk(page, base)


def lists(page: Page) -> Locator:
    """The lists of a page, in their order."""
    return page.locator(".list table")


def choose_first_row(desk: Desk, *, at: int = 0, key: str = "") -> None:
    """Open the first row of a list of the page, the first one unless another is asked for: by mouse, or by a key."""
    desk.settle()
    row = lists(desk.page).nth(at).locator("tr.row").first
    if key:
        row.press(key)
    else:
        row.click()
