"""A file of applications from upload to archive, and a draft policy tried over everybody, in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db
from core.models import DecisionPart
from core.records import imports
from core.trail.files import Upload
from tests import cast as people
from tests.browser.desk import arrive, choose_first_row, lists, seated
from tests.cast import Cast

NOW = datetime.now(UTC)
YEAR = db.office_day(NOW).year


HEADINGS = ("姓名", "身份证号", "申报年度", "申报方式", "申报级别")


@pytest.fixture
def office(server: str, cast: Cast) -> str:
    """The served office with hours on paper brought in: three years of the first person's, two of the second's."""
    rows = [
        [people.id_number(serial), name, year, subject, amount, source, "纸质台账", ""]
        for serial, name, years in ((1, "乌兰·图雅", 3), (2, "赵示乙", 2))
        for year in range(YEAR - 2, YEAR - 2 + years)
        for subject, amount, source in (("公需科目", 30, "公需考试"), ("专业科目", 60, "培训"))
    ]
    upload = Upload("台账.xlsx", people.sheet(rows, tuple(imports.HEADINGS.values())))
    with db.transaction() as session:
        imports.bring_in(session, upload, actor=cast["reviewer"], reason="补登纸质台账", now=NOW)
    return server


def test_a_file_of_applications_is_answered_read_row_by_row_given_back_and_archived(
    browser: Browser, office: str, tmp_path: Path
) -> None:
    rows = [
        [name, people.id_number(serial), YEAR, "职称评审", "高级"]
        for serial, name in ((1, "乌兰·图雅"), (2, "赵示乙"), (1, "别人"))
    ]
    title = arrive(browser, office, "title")
    page = title.go("eligibility", "资格核验")
    file = {"name": "申报.xlsx", "mimeType": "application/octet-stream", "buffer": people.sheet(rows, HEADINGS)}
    title.upload("申报名单", file)
    title.click("核验")
    for word in ("符合", "不符合", "有误"):
        metric = page.get_by_test_id("stMetric").filter(has_text=re.compile(f"^{word}"))
        expect(metric).to_contain_text("1")

    page.get_by_test_id("stSelectbox").filter(has_text="结论").get_by_role("combobox").click()
    page.get_by_role("option", name="不符合", exact=True).click()
    choose_first_row(title)
    title.sees(re.compile(f"赵示乙申报{YEAR}年度职称评审高级：不符合。.*{YEAR}年度缺公需30学时、专业60学时"))
    title.sees("怎样补齐")
    page.get_by_text(f"{YEAR - 1}年度学时记录（2笔）").click()
    title.sees("不适用的规定（10项）")

    with page.expect_download() as download:
        title.click("下载核验结果（Excel）")
    download.value.save_as(tmp_path / "answer.xlsx")
    lines = list(openpyxl.load_workbook(tmp_path / "answer.xlsx").active.iter_rows(values_only=True))  # type: ignore[union-attr]
    at = lines[0].index("结论")
    assert [line[at] for line in lines[1:]] == ["符合", "不符合", "有误"]
    with page.expect_download() as download:
        title.click("下载核验单（PDF）")
    download.value.save_as(tmp_path / "sheet.pdf")
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-")

    title.click("核验并存档")
    title.sees("已存档2份核验结论。")
    with db.reading() as session:
        stored = session.scalars(sa.select(DecisionPart)).one()
    assert (stored.eligible, stored.not_eligible, stored.to_verify) == (1, 1, 0)


def test_an_administrator_changes_an_amount_and_sees_how_many_change_side(browser: Browser, office: str) -> None:
    admin = seated(browser, office, "admin")
    admin.go("policy_lab", "政策试算与发布")
    admin.sees("结论改变的0人")
    admin.fill("专业科目", "61")
    admin.sees("结论改变的1人")
    expect(lists(admin.page).nth(1)).to_contain_text("乌兰·图雅")
    admin.click("保存为草稿")
    admin.sees(re.compile("政策草稿“.*”已保存，请另一名管理员"))
