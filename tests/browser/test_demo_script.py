"""The five minutes of docs/demo.md, played in a browser over the demonstration as it opens today."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.ground import db
from data.demo import office as demonstration
from tests.browser.conftest import NOW, put
from tests.browser.desk import Desk, seated, window

SCRIPT = (db.ROOT / "docs" / "demo.md").read_text(encoding="utf-8")


@pytest.fixture
def cast(home: Path, sqlite_template: Path, running: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration with a fifth of its people, where the server is looking."""
    givers, served = demonstration._givers, running[1]
    fewer = lambda office: [replace(each, yearly=each.yearly // 6) for each in givers(office)]  # noqa: E731
    monkeypatch.setattr(demonstration, "PEOPLE", 1000)
    monkeypatch.setattr(demonstration, "_givers", fewer)
    shutil.copyfile(sqlite_template, home / "office.db")
    with db.transaction() as session:
        demonstration.open_demo(session, now=NOW)
    put(home, served)
    for folder in ("files", "policies"):
        shutil.copytree(home / folder, served / folder)
    monkeypatch.setenv("CE_HOME", str(served))


def menu(desk: Desk, *words: str) -> None:
    """Go where the menu leads and then the strip above the page, by words that the script names."""
    for word, place in zip(words, ("[data-testid=stSidebarNav]", ".st-key-strip"), strict=False):
        assert f"**{word}**" in SCRIPT, word
        desk.settle()
        desk.page.locator(place).get_by_role("link", name=re.compile(word)).click()
    expect(desk.page.locator("h1")).to_have_text(words[-1])


def press(desk: Desk, words: str) -> None:
    """One of the choices above a list, by a word that the script names; its count stands behind it."""
    assert f"**{words}**" in SCRIPT, words
    desk.settle()
    choices = desk.page.get_by_test_id("stButtonGroup").locator("button")  # one of them or several: other roles
    choices.filter(has_text=re.compile(f"^{words}")).first.click()


def open_first(desk: Desk) -> None:
    desk.settle()
    desk.page.get_by_role("option").first.click()
    desk.settle()


def narrow(desk: Desk, kind: str) -> None:
    """Choose a kind among those of the list, or leave it out again."""
    desk.settle()
    desk.page.get_by_role("button", name=re.compile("^类别：")).click()
    press(desk, kind)
    desk.page.keyboard.press("Escape")


def leader_arrives(browser: Browser, server: str) -> Desk:
    """The leader signs in by a press on the account's name and is where the script begins."""
    page = window(browser, server)
    page.goto(server)
    for account in demonstration.ACCOUNTS:
        expect(page.get_by_role("button", name=account.username, exact=True)).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="leader", exact=True).click()
    expect(page.locator("h1")).to_have_text("指标看板")
    return Desk(page, server)


def sit(browser: Browser, server: str, username: str, *words: str) -> Desk:
    """Take the seat of an account that the script names, on the page where its part begins."""
    assert f"（`{username}`）" in SCRIPT, username
    desk = seated(browser, server, username)
    desk.page.goto(server)
    menu(desk, *words)
    return desk


def test_the_five_minutes_can_be_played_as_they_are_written(browser: Browser, server: str) -> None:
    leader = leader_arrives(browser, server)
    leader.sees(re.compile("知识更新能力提升项目：全区已完成"))
    menu(leader, "专项项目", "指标分解")
    leader.sees("全区指标")
    menu(leader, "专项项目", "计划表与总结")
    press(leader, "计划表报送情况")
    leader.sees("未报送")
    for title in ("推荐遴选与培养", "高级研修", "数字技术工程师"):
        menu(leader, "专项项目", title)

    league = sit(browser, server, "league_reviewer", "审核")
    narrow(league, "推荐")
    open_first(league)
    league.sees("待盟市排名")

    region = sit(browser, server, "reviewer", "审核")
    for kind, words in (("公示异议", "异议内容"), ("高研申请", "课程与师资"), ("报告", "花名册")):
        narrow(region, kind)
        open_first(region)
        region.sees(re.compile(words))
        narrow(region, kind)
    menu(region, "人员与学时", "入账批次与冲销")
    region.sees(re.compile("冲销"))

    base = sit(browser, server, "base", "申报")
    base.sees(re.compile("退回"))

    employer = sit(browser, server, "employer", "专项项目", "公示")
    employer.sees(re.compile("少数民族地区专业技术人才特培计划人选公示"))
    menu(employer, "人员与学时", "学时查询与审验卡")
