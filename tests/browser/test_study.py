"""A year of study from places to completion, in a real browser: employer, league and region, each at their own desk."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db
from core.models import Nomination
from core.people import setup
from core.quotas import targets
from tests import cast as c
from tests.browser.conftest import NOW
from tests.browser.desk import Desk, choose_first_row, seated

SCHOOL, NAME = "示例旗蒙古族中学", "苏日娜"
PROGRAMME, FIELD = "少数民族地区专业技术人才特培计划", "草原生态修复"


def choose(desk: Desk, label: str, option: str) -> None:
    """Choose from a list of words."""
    desk.settle()
    desk.page.get_by_role("combobox", name=re.compile(re.escape(label))).first.click()
    desk.page.get_by_role("option", name=option, exact=True).click()


def type_day(desk: Desk, label: str, day: Any) -> None:
    field = desk.page.get_by_test_id("stDateInput").filter(has_text=label).first
    for part, value in (("year", f"{day:%Y}"), ("month", f"{day:%m}"), ("day", f"{day:%d}")):
        field.locator(f"[data-type={part}]").click()
        desk.page.keyboard.type(value)
    desk.page.keyboard.press("Tab")


def nominate(employer: Desk, person_id: int) -> None:
    employer.go(f"paper?kind=nomination&for={person_id}", "填写研修推荐")
    for label, option in (
        ("专项项目 *", PROGRAMME),
        ("学历 *", "本科"),
        ("学位 *", "学士"),
        ("职称级别 *", "中级"),
    ):
        choose(employer, label, option)
    for label, text in (
        ("从事专业 *", "草业科学"),
        ("联系电话 *", "0471-1000000"),
        ("拟研修专业 *", FIELD),
        ("志愿单位1 *", "示例大学"),
        ("单位意见 *", "同意推荐。"),
    ):
        employer.fill(label, text)
    employer.click("上报")
    employer.told(re.compile(f"{FIELD}.*已上报"))


def decide(desk: Desk, opinion: str) -> None:
    """Open what waits at the desk, write the opinion, let it pass."""
    page = desk.go("review?kind=nomination", "审核")
    page.get_by_role("option", name=re.compile(FIELD)).click()
    desk.sees("推荐人选")
    desk.settle()
    page.get_by_placeholder(re.compile("审核意见")).fill(opinion)
    desk.click("通过")


def ahead(cast: c.Cast, days: int) -> None:
    with db.transaction() as session:
        setup.shift_demo_clock(session, days, actor=cast["admin"], now=NOW)


def test_a_year_of_study_from_places_to_completion(browser: Browser, server: str, cast: c.Cast) -> None:
    rows = [c.row(11, NAME, employer=SCHOOL, post="一级教师")]
    c.posted(cast, c.sheet(rows), by="hohhot_base", reviewer="hohhot_reviewer")
    today = db.office_day(NOW)
    with db.transaction() as session:
        split = targets.Split(40, None, {cast.places["hohhot"].id: 1})
        act: Any = {"version": 0, "reason": "按需分配", "actor": cast["reviewer"], "now": NOW}
        targets.publish(session, "special_training", today.year, split, **act)
    employer, league, region = (
        seated(browser, server, name) for name in ("hohhot_employer", "hohhot_reviewer", "reviewer")
    )

    nominate(employer, c.person_id(11))
    decide(league, "业务骨干，同意推荐")
    league.told(re.compile("转至“自治区遴选”环节"))
    decide(region, "综合条件靠前")
    region.told(re.compile(f"{NAME}入选{PROGRAMME}，已入选1人，计划40人"))

    region.go(f"study?programme={PROGRAMME}&view=公示", "推荐遴选与培养")
    region.click("公示")
    region.told(re.compile("公示，已告知人选"))
    employer.go("public_notice", "公示")
    employer.sees(NAME)
    ahead(cast, 8)
    region.go(f"study?programme={PROGRAMME}&view=公示", "推荐遴选与培养")
    region.click("确定入选")
    region.told(re.compile("已确定入选1人"))

    region.go(f"study?year={today.year}&programme={PROGRAMME}&view=培养", "推荐遴选与培养")
    choose_first_row(region)
    region.sees("安排培养")
    region.settle()
    start = today + timedelta(days=8)
    type_day(region, "开始日期", start)
    type_day(region, "结束日期", start + timedelta(days=364))
    region.click("安排培养")
    region.told(re.compile("培养安排已保存"))
    region.click("登记报到")
    region.told(re.compile("报到已登记"))
    ahead(cast, 360)
    with db.reading() as session:
        number = session.scalars(sa.select(Nomination.id)).one()
    region.go(f"study?year={today.year}&programme={PROGRAMME}&view=培养&placement={number}", "推荐遴选与培养")
    region.sees("培养环节")
    choose(region, "环节", "结业考核")
    region.settle()
    region.page.get_by_test_id("stButtonGroup").get_by_text("优秀", exact=True).click()
    region.click("登记结业考核")
    region.told(re.compile("结业考核已登记：优秀"))
    employer.go(f"paper?item={number}", "研修推荐")
    employer.sees("结业（优秀）")
    employer.page.get_by_role("link", name=re.compile("凭结业证书申报学时折合")).click()
    expect(employer.page.get_by_label("发证或主办单位 *")).to_have_value("示例大学")
