"""A year of study from places to completion, in a real browser: employer, league and region, each at their own desk."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Browser, expect

from core.ground import db
from core.people import setup
from core.quotas import targets
from tests import cast as c
from tests.browser.conftest import NOW
from tests.browser.desk import Desk, choose_first_row, seated

SCHOOL, NAME, SECOND = "示例旗蒙古族中学", "苏日娜", "乌云其木格"
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


def decide(desk: Desk, opinion: str, who: str, *, number: int | None = None, reserve: bool = False) -> None:
    """Open what waits at the desk, rank it or say as what it is selected, write the opinion, let it pass."""
    page = desk.go("review?kind=nomination", "审核")
    page.get_by_role("option", name=re.compile(who)).click()
    desk.sees("推荐人选")
    desk.settle()
    if reserve:
        page.get_by_test_id("stButtonGroup").get_by_text("备选", exact=True).click()
        desk.sees("备选顺序")
    if number is not None:
        desk.fill("盟市排名", str(number))
    page.get_by_placeholder(re.compile("审核意见")).fill(opinion)
    desk.click("通过")


def ahead(cast: c.Cast, days: int) -> None:
    with db.transaction() as session:
        setup.shift_demo_clock(session, days, actor=cast["admin"], now=NOW)


def published(cast: c.Cast, region: Desk, programme: str, reader: Desk, names: list[str]) -> None:
    """The public notice (公示) is opened, read by others, and after its days the selection made final."""
    region.go(f"study?programme={programme}&view=公示", "推荐遴选与培养")
    region.click("公示")
    region.told(re.compile("公示，已告知人选"))
    reader.go("public_notice", "公示")
    for name in names:
        reader.sees(name)
    ahead(cast, 8)
    region.go(f"study?programme={programme}&view=公示", "推荐遴选与培养")
    region.click("确定入选")
    region.told(re.compile("已确定入选1人"))


def studies(cast: c.Cast, region: Desk, programme: str, steps: list[tuple[str, str]]) -> None:
    """The placement (培养安排), reporting in, and a year later each further milestone with its result."""
    today = db.office_day(NOW)
    region.go(f"study?year={today.year}&programme={programme}&view=培养", "推荐遴选与培养")
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
    region.page.reload()
    region.sees("培养环节")
    for step, result in steps:
        choose(region, "环节", step)
        region.settle()
        region.page.get_by_test_id("stButtonGroup").get_by_text(result, exact=True).click()
        region.click(f"登记{step}")
        region.told(re.compile(f"{step}已登记：{result}"))


def test_an_employer_nominates_by_form_the_league_passes_it_on_and_the_region_selects(
    browser: Browser, server: str, cast: c.Cast
) -> None:
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
    decide(league, "业务骨干，同意推荐", FIELD)
    league.told(re.compile("转至“自治区遴选”环节"))
    decide(region, "综合条件靠前", FIELD)
    region.told(re.compile(f"{NAME}入选{PROGRAMME}，已入选1人，计划40人"))


def test_doctors_are_ranked_selected_and_kept_in_reserve_until_one_has_completed_the_year(
    browser: Browser, server: str, cast: c.Cast
) -> None:
    """Health (卫生基层), by screen from the region's places to the figure; an employer's form is shown above."""
    rows = [c.row(number, name, employer=SCHOOL, post="主治医师") for number, name in ((11, NAME), (12, SECOND))]
    c.posted(cast, c.sheet(rows), by="hohhot_base", reviewer="hohhot_reviewer")
    year = db.office_day(NOW).year
    given: Any = {"by": "hohhot_employer", "now": NOW, "programme": "grassroots_health", "year": year}
    first, _ = (c.nominate(cast, number, **given) for number in (11, 12))
    names = ("hohhot_employer", "hohhot_reviewer", "reviewer")
    employer, league, region = (seated(browser, server, name) for name in names)
    page = region.go(f"targets?year={year}&view=分解与下达&programme={HEALTH}", "指标分解")
    region.click("粘贴")
    region.fill("从WPS或Excel复制“单位”“指标”两列", "呼和浩特市\t2")
    region.click("填入表中")
    region.told("已填入1个单位的指标。")
    region.click("下达")
    region.fill("依据或原因（必填，有指标的单位都能看到）", "按基层卫生人员人数分配")
    page.get_by_role("button", name="确认下达").click()
    region.told(re.compile("指标第1版已下达，1个单位"))

    for name, rank in ((SECOND, 2), (NAME, 1)):
        decide(league, "业务骨干，同意推荐", name, number=rank)
        league.told(re.compile("转至“自治区遴选”环节"))
    decide(region, "综合条件靠前", NAME)
    region.told(re.compile(f"{NAME}入选{HEALTH}，已入选1人，计划30人"))
    decide(region, "条件相当，列为备选", SECOND, reserve=True)
    region.told(re.compile(f"{SECOND}.*备选第1位"))
    published(cast, region, HEALTH, employer, [NAME, "备选第1位"])
    studies(cast, region, HEALTH, [("中期考核", "合格"), ("结业考核", "合格")])
    region.go(f"quota_dashboard?year={year}", "指标看板")
    region.sees(f"{HEALTH}：全区已入选1人，占指标30人的3.3%；在培0人，结业1人")
    employer.go(f"paper?item={first.id}", "研修推荐")
    employer.sees("结业（合格）")
    employer.page.get_by_role("link", name=re.compile("凭结业证书申报学时折合")).click()
    expect(employer.page.get_by_label("发证或主办单位 *")).to_have_value(c.NOMINATION.host1)
