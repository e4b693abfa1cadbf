"""What Streamlit says of its own is Chinese and in sight."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import streamlit
from playwright.sync_api import Browser, Page

from core.ground import db
from tests import cast as people
from tests.browser.desk import seated
from tests.cast import Cast
from web import tables

ENGLISH = """() => {
  const words = /[A-Za-z]{3,}/, found = new Set();
  const names = "aria-label placeholder title alt aria-valuetext aria-description aria-roledescription".split(" ");
  for (const each of document.querySelectorAll("body *")) {
    if (each.closest("noscript, script, style, [data-testid=stIconMaterial], [data-testid=stFileChipName]")) continue;
    for (const name of names) if (words.test(each.getAttribute(name) ?? "")) found.add(each.getAttribute(name));
    for (const child of each.childNodes) if (child.nodeType === 3 && words.test(child.data)) found.add(child.data);
  }
  return [...found].filter((text) => !/Excel|CSV|Ctrl|Esc|PDF|PPTX|too-large|icon|reviewer|base/.test(text));
}"""
"""Every label and word on the page with three Latin letters, but for the names of files, programs and keys."""


def english(page: Page) -> list[str]:
    found: list[str] = page.evaluate(ENGLISH)
    return found


WIDGETS = (
    "ArrowVegaLiteChart DataFrame DateInput DateTimeInput DownloadButton FileUploader Multiselect NumberInput "
    "Pagination Selectbox TextInput TimeInput useCopyToClipboard"
).split()
SAID = re.compile(
    r'(?:"aria-label"|\b(?:ariaLabel|title|label|placeholder|children|tooltip|content|help)):\[?'
    r"(?:[`\"]([^`\"]*)[`\"]|[\w.!]+\?`([^`]*)`:`([^`]*)`)"
)
INTERNAL = {"Calendar", "OK", "Remove ${t||", "Edit", "Drag and drop ${D(a)} here", "${e.props.labels.item} ${i+1}"}


def test_every_word_of_the_widgets_in_use_is_known_here_and_a_further_one_of_a_new_release_is_named() -> None:
    script = (db.ROOT / "routes" / "words.js").read_text(encoding="utf-8")
    known = set(re.findall(r'"((?:[^"\\]|\\.)+)":\s*"', script))
    patterns = [re.compile(each.replace("\\/", "/"), re.DOTALL) for each in re.findall(r"\[/(\^.*?\$?)/s?,", script)]
    unknown, seen = set(), 0
    for chunk in (Path(streamlit.__file__).parent / "static" / "static" / "js").glob("*.js"):
        if chunk.name.partition(".")[0] not in WIDGETS:
            continue
        for text in (text for match in SAID.findall(chunk.read_text()) for text in match):
            if not re.match(r"[A-Z(][a-z]+", text) or text in INTERNAL:
                continue
            seen += 1
            plain = re.sub(r"\$\{.*?\}", "1", text).strip()
            if plain not in known and not any(each.search(plain) for each in patterns):
                unknown.add(text)
    assert seen > 60
    assert not unknown


NAMES = set(
    "Aiken Authenticator CE_ADDRESS CE_HOME CE_SMTP CSV Ctrl Esc Excel FreeOTP GIFT ID Internet JPEG JPG MB Microsoft "
    "Moodle Outlook PDF PNG PPTX QTI SHA SVG TOTP Tab UTF WPS XML XX admin courses csv example.cn https id jxjy json "
    "nmg object office.db over pdf restore smtp.example.cn verify wal windows xAPI xlsx yaml".split()
)
"""Programs, formats, keys and addresses that stand amid the Chinese of the screens."""


def test_what_the_pages_say_has_no_latin_word_but_names_and_every_column_a_chinese_heading() -> None:
    said: set[str] = set()
    for path in (path for part in ("web", "pages") for path in (db.ROOT / part).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
        texts = (each for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str))
        for text in (str(each.value) for each in texts if id(each) not in documentation):
            if re.search("[一-鿿]", text):
                plain = re.sub(
                    r"`[^`]*`|:[\w/]+:|:[a-z]+(-badge)?\[|<[^>]*>?|style=.*|alt=.*|\]\([^)]*\)?|\(.*?\)|/[\w/.-]+",
                    "",
                    text,
                )
                said.update(re.findall(r"[A-Za-z][A-Za-z_.]*[A-Za-z]", plain))
    assert len(said & NAMES) > 20
    assert said - NAMES == set()
    assert [word for word in tables.LABELS.values() if re.search("[A-Za-z]", word)] == []


def test_a_file_too_large_a_chosen_row_and_a_calendar_speak_chinese(
    browser: Browser, server: str, cast: Cast, tmp_path: Path
) -> None:
    people.posted(cast, people.sheet([people.row(1)]))
    reviewer = seated(browser, server, "reviewer")
    page = reviewer.go(f"people?person={people.person_id(1)}", "人员")
    reviewer.settle()
    page.get_by_role("radio", name="更正姓名或身份证号").click()
    reviewer.settle()
    large = tmp_path / "too-large.pdf"
    large.write_bytes(bytes(21 * 2**20))
    page.locator("input[type=file]").set_input_files(large)
    reviewer.sees("文件不能超过20MB，没有上传。请压缩或拆分后再选。")
    why = page.get_by_test_id("stFileChip").get_by_role("alert").bounding_box()
    assert why is not None
    assert why["width"] > 200  # not for screen readers alone
    assert page.locator("[aria-label$=' icon']").count() == 0  # hidden ones need no name
    assert english(page) == []
    page = reviewer.go("audit", "审计日志")
    reviewer.settle()
    page.get_by_role("button", name="选择日期").first.click()
    page.get_by_role("button", name="下个月").wait_for()
    assert english(page) == []
    page.keyboard.press("Escape")
    page.get_by_label("事项", exact=True).click()
    page.get_by_text(re.compile(r"^有\d+项可选。$")).first.wait_for(state="attached")  # said to screen readers
    assert english(page) == []
    assert page.locator("[data-testid=stSidebarNavItems] > div > li:not([role=listitem])").count() == 0
    small = page.get_by_test_id("stCaptionContainer").first
    assert float(small.evaluate("each => getComputedStyle(each).opacity")) >= 0.85  # 4.5:1 on either ground
    page.goto(f"{server}/no-such-page")
    page.get_by_text("没有no-such-page这个地址").or_(page.get_by_text("没有这个地址，已打开首页。")).wait_for()
    assert english(page) == []
