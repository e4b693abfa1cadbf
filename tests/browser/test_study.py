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
from core.submissions.programmes import placements, publicity, selection
from core.submissions.programmes.placements import Step
from tests import cast as c
from tests.browser.conftest import NOW
from tests.browser.desk import Desk, choose_first_row, seated

SCHOOL, NAME = "示例旗蒙古族中学", "苏日娜"
HEALTH = "卫生基层专业技术人才培养项目"
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


def studied(cast: c.Cast, year: int) -> int:
    """Who is in study; meanwhile somebody of the other programme goes the same way by the deeds behind the pages."""
    now = NOW + timedelta(days=8)
    today, later = db.office_day(now), now + timedelta(days=1)
    with db.reading() as session:
        number = session.scalars(sa.select(Nomination.id)).one()
    other = c.nominate(cast, 12, by="hohhot_employer", now=now, programme="grassroots_health", year=year).id
    with db.transaction() as session:
        ranked: Any = {"version": session.get_one(Nomination, other).version, "actor": cast["hohhot_reviewer"]}
        selection.rank(session, other, 1, **ranked, now=now)
    for reviewer in ("hohhot_reviewer", "reviewer"):
        c.grant(cast, other, by=reviewer, reason="业务骨干", now=now)
    act: Any = {"actor": cast["reviewer"]}
    with db.transaction() as session:
        notice = publicity.publish(session, "grassroots_health", year, first_on=today, last_on=today, **act, now=now)
        session.flush()
        publicity.conclude(session, notice.id, version=notice.version, **act, now=later)
        fields = placements.PlacementFields(
            "内蒙古医科大学", "全科医学科", "示例教授", today, today + timedelta(days=358)
        )
        placed = placements.place(session, other, fields, version=0, **act, now=later)
        session.flush()
        for step, on, result in ((Step.REPORTED, today, ""), (Step.COMPLETED, db.office_day(later), "合格")):
            placements.reach(session, other, step, on=on, result=result, version=placed.version, **act, now=later)
            session.flush()
    return number


def test_a_year_of_study_from_places_to_completion(browser: Browser, server: str, cast: c.Cast) -> None:
    rows = [c.row(11, NAME, employer=SCHOOL, post="一级教师"), c.row(12, employer=SCHOOL, post="主治医师")]
    c.posted(cast, c.sheet(rows), by="hohhot_base", reviewer="hohhot_reviewer")
    today = db.office_day(NOW)
    with db.transaction() as session:
        split = targets.Split(40, None, {cast.places["hohhot"].id: 1})
        act: Any = {"version": 0, "reason": "按需分配", "actor": cast["reviewer"], "now": NOW}
        targets.publish(session, "special_training", today.year, split, **act)
        split = targets.Split(30, None, {cast.places["hohhot"].id: 2})
        targets.publish(session, "grassroots_health", today.year, split, **act)
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
    number = studied(cast, today.year)
    ahead(cast, 360)
    region.go(f"study?year={today.year}&programme={PROGRAMME}&view=培养&placement={number}", "推荐遴选与培养")
    region.sees("培养环节")
    choose(region, "环节", "结业考核")
    region.settle()
    region.page.get_by_test_id("stButtonGroup").get_by_text("优秀", exact=True).click()
    region.click("登记结业考核")
    region.told(re.compile("结业考核已登记：优秀"))
    region.go(f"quota_dashboard?year={today.year}", "指标看板")
    region.sees(f"{HEALTH}：全区已入选1人，占指标30人的3.3%；在培0人，结业1人")
    region.sees(f"{PROGRAMME}：全区已入选1人，占指标40人的2.5%；在培0人，结业1人")
    employer.go(f"paper?item={number}", "研修推荐")
    employer.sees("结业（优秀）")
    employer.page.get_by_role("link", name=re.compile("凭结业证书申报学时折合")).click()
    expect(employer.page.get_by_label("发证或主办单位 *")).to_have_value("示例大学")
