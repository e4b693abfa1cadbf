"""The dashboard in a browser: a leader lands on it, clicks the map, sees rows, takes files along, prints it."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
from playwright.sync_api import Browser, expect

from core.ground.access import Role
from tests.browser.desk import arrive
from tests.cast import Cast
from tests.pages.test_deeds import behind_year, posted
from web import screens


def test_a_leader_clicks_the_map_takes_the_figures_along_and_prints_them(
    browser: Browser, server: str, cast: Cast, tmp_path: Path
) -> None:
    posted(cast)
    assert screens.lands(Role.LEADER) == "quota_dashboard"
    leader = arrive(browser, server, "leader")
    page = leader.go(f"quota_dashboard?year={behind_year()}", "指标看板")
    tile = page.locator("[aria-label='自治区本级，2']").first
    expect(tile).to_be_visible()
    tile.click()
    expect(page.get_by_role("button", name=re.compile("自治区本级$"))).to_be_visible()
    leader.sees(re.compile("培训人次明细（1）"))
    assert "league=" in page.url
    leader.settle()
    expect(page.locator(".role-axis-label text").first).to_have_css("fill", "rgb(76, 87, 97)")  # 7:1 on white
    swatches = page.locator(".role-legend-symbol path")
    assert set(swatches.evaluate_all("all => all.map(each => each.getAttribute('opacity'))")) == {"1"}  # as their marks

    page.set_viewport_size({"width": 1366, "height": 768})
    asked = page.locator(".st-key-board-tiles [role=radio]").get_by_text("看明细")
    assert asked.count() > 3
    assert len(set(asked.evaluate_all("all => all.map(each => Math.round(each.getBoundingClientRect().bottom))"))) == 1
    page.get_by_role("button", name="收起，回到上面").click()
    leader.settle()
    assert "show=" not in page.url
    expect(page.locator(".st-key-board-tiles")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1440, "height": 1200})

    page.get_by_text("数据表与导出").nth(1).click()
    leader.settle()
    for kind, begins in (("PNG 图片", b"\x89PNG"), ("SVG 矢量图", b"<svg"), ("Excel", b"PK")):
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile(f"{kind}$")).first.click()
        file = tmp_path / "figure"
        download.value.save_as(file)
        assert file.read_bytes().startswith(begins)

    page.emulate_media(media="print")
    head = page.locator(".list th button").first  # a browser repeats it on further sheets as words alone
    assert head.evaluate("each => getComputedStyle(each).display") == "contents"
    page.emulate_media(media="screen")
    page.get_by_text("数据表与导出").nth(1).click()
    leader.settle()
    expect(page.get_by_role("button", name=re.compile("PNG 图片$"))).to_have_count(0)  # folded again, and gone
    page.emulate_media(media="null")  # as it is printed, whatever was looked at before
    page.pdf(path=tmp_path / "board.pdf", prefer_css_page_size=True)
    printed = pypdfium2.PdfDocument(tmp_path / "board.pdf")
    assert len(printed) <= 2
    for sheet in printed:
        width, height = sheet.get_size()
        assert (round(width), round(height)) == (842, 595)
        text = sheet.get_textpage()
        letters = [at for at in range(text.count_chars()) if text.get_text_range(at, 1) == "区"]
        boxes = [text.get_charbox(at) for at in letters]
        assert all(top - bottom > 4 for _, bottom, _, top in boxes), "points: the words of a chart can be read"
    words = printed[0].get_textpage().get_text_range()
    assert "登记学时" in words
    assert "看明细" not in words
