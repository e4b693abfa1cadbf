"""The first morning: an empty office, by a browser alone, from the first visit to the first card with workbooks."""

from __future__ import annotations

import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, FilePayload, expect

from core.ground import db
from core.tables import sheets
from tests import cast as people
from tests.browser.conftest import put
from tests.browser.desk import Desk, choose_first_row, heeded

PASSWORD = "Sunny-goat-herd-9"
EMPLOYER = "示例市中心医院"
HOURS = (("公需科目", 30), ("专业科目", 60))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def cast(home: Path, sqlite_template: Path, running: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """No office at all: the database as it was just made, where the server is looking."""
    shutil.copyfile(sqlite_template, home / "office.db")
    db.make_key()
    put(home, running[1])
    monkeypatch.setenv("CE_HOME", str(running[1]))


class Hand(Desk):
    """A hand that counts what it does."""

    clicks = 0

    def click(self, name: str) -> None:
        super().click(name)
        Hand.clicks += 1

    def fill(self, label: str, text: str) -> None:
        super().fill(label, text)
        Hand.clicks += 1

    def upload(self, label: str, file: Path | FilePayload) -> None:
        super().upload(label, file)
        Hand.clicks += 1


def text_of(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def workbook(name: str, *rows: list[object]) -> FilePayload:
    content = sheets.workbook([str(head) for head in rows[0]], rows[1:])
    return {"name": f"{name}.xlsx", "mimeType": XLSX, "buffer": content}


def sign_in(hand: Hand, username: str, password: str) -> None:
    hand.settle()
    hand.fill("用户名", username)
    hand.fill("密码", password)
    hand.click("登录")


def brings(hand: Hand, view: str, file: FilePayload, words: str) -> None:
    """A workbook that has nothing wrong with it: chosen, and brought in."""
    hand.go(f"moving_in?view={view}", "批量导入")
    hand.upload("文件", file)
    hand.click(r"导入\d+行")
    hand.told(re.compile(words))


def test_an_empty_office_comes_to_its_first_card_by_workbooks_alone(browser: Browser, server: str) -> None:
    began = time.monotonic()
    window = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    admin = Hand(heeded(window.new_page()), server)
    admin.page.goto(server)
    for label, text in (("管理员姓名", "韩示"), ("用户名", "admin"), ("密码", PASSWORD), ("再次输入密码", PASSWORD)):
        admin.fill(label, text)
    admin.click("建立空系统")
    sign_in(admin, "admin", PASSWORD)
    expect(admin.page.locator("h1")).to_have_text("首页")
    admin.sees("开办清单")
    organizations = workbook("机构", ["机构名称", "类别"], [EMPLOYER, "用人单位"], ["示例继续教育基地", "基地"])
    brings(admin, "机构", organizations, "新建2个机构")
    accounts = workbook(
        "账号",
        ["姓名", "角色", "所属机构", "用户名"],
        ["白示", "单位经办人", EMPLOYER, "unit"],
        ["田示", "审核员", "内蒙古自治区人力资源和社会保障厅", ""],
    )
    brings(admin, "账号", accounts, "新建2个账号")
    with admin.page.expect_download() as slips:
        admin.click("下载初始密码条（PDF）")
    said = text_of(slips.value.path())
    first = re.findall(r"用户名\s*unit\s+初始密码\s*([0-9a-f-]{27})", said)
    assert len(first) == 1, said
    roll = [[f"赵示{chr(0x4E00 + n)}", people.id_number(n), EMPLOYER, "主治医师", "中级"] for n in (71, 73, 75)]
    brings(admin, "人员", workbook("人员", ["姓名", "身份证号", "工作单位", "职务", "职称级别"], *roll), "新建3人")
    year = db.office_day(datetime.now(UTC)).year
    hours = [[number, name, year, subject, most, "培训"] for name, number, *_ in roll for subject, most in HOURS]
    admin.go("credit_import", "导入学时")
    admin.upload("学时文件", workbook("学时", ["身份证号", "姓名", "年度", "科目", "学时", "来源"], *hours))
    admin.fill("导入原因（必填，记入审计日志）", "补登纸质台账")
    admin.click(r"导入6笔学时")
    admin.told(re.compile("已导入6笔学时"))
    window = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    clerk = Hand(heeded(window.new_page()), server)
    clerk.page.goto(server)
    sign_in(clerk, "unit", first[0])
    clerk.sees("修改初始密码")
    for label, text in (("原密码", first[0]), ("新密码", PASSWORD[::-1]), ("再次输入新密码", PASSWORD[::-1])):
        clerk.fill(label, text)
    clerk.click("修改密码")
    sign_in(clerk, "unit", PASSWORD[::-1])
    expect(clerk.page.locator("h1")).to_have_text("首页")
    clerk.go("credit_lookup", "学时查询与审验卡")
    clerk.sees("共3人")  # before anybody has looked them up: the workbook said whose they are
    choose_first_row(clerk)
    clerk.click("生成审验卡")
    clerk.told(re.compile("审验卡已生成"))
    minutes = (time.monotonic() - began) / 60
    print(f"empty office to first card: {minutes:.1f} minutes of a browser, {Hand.clicks} clicks and fields")
    assert Hand.clicks < 45
