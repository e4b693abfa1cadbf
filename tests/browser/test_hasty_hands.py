"""Whoever clicks twice did it once, and is told that it is done."""

from __future__ import annotations

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db
from core.models import Movement, Person, PersonChange, Plan
from tests import cast as people
from tests.browser.desk import Desk, seated
from tests.cast import Cast
from tests.pages.test_deeds import NOW, ahead


def twice(desk: Desk, name: str) -> None:
    desk.settle()
    desk.page.get_by_role("button", name=name, exact=True).dblclick()
    desk.settle()


def test_a_correction_and_a_decision_clicked_twice_are_done_once_and_said_so(
    browser: Browser, server: str, cast: Cast
) -> None:
    people.posted(cast, people.sheet([people.row(1)]))
    person_id = people.person_id(1)
    plan = people.file_plan(cast, title="第二期", now=NOW, **ahead(20))
    reviewer = seated(browser, server, "reviewer")
    page = reviewer.go(f"people?person={person_id}", "人员")
    reviewer.settle()
    page.get_by_role("radio", name="更正姓名或身份证号").click()
    reviewer.settle()
    page.get_by_label("姓名", exact=True).fill("何示勃")
    page.get_by_label("更正的原因（必填）").fill("户籍更名")
    evidence = {"name": "户籍证明.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 synthetic"}
    reviewer.upload("证明材料", evidence)
    twice(reviewer, "更正")
    reviewer.sees("已更正为何示勃")
    expect(page.get_by_text("刚刚被他人")).to_have_count(0)
    page = reviewer.go(f"review?item={plan.id}", "审核")
    twice(reviewer, "通过")
    reviewer.sees("已通过")
    expect(page.get_by_text("您的操作没有")).to_have_count(0)
    with db.reading() as session:
        assert session.get_one(Person, person_id).name == "何示勃"
        assert session.scalar(sa.select(sa.func.count(PersonChange.id))) == 1
        steps = sa.select(sa.func.count(Movement.id)).where(Movement.submission_id == plan.id)
        assert session.scalar(steps) == 2


def test_a_new_plan_saved_by_two_clicks_is_one_plan(browser: Browser, server: str, cast: Cast) -> None:
    base = seated(browser, server, "base")
    base.go("paper?kind=plan", "填写培训计划")
    for label in ("培训名称 *", "培训地点 *", "培训内容 *", "师资情况 *", "培训人员范围 *"):
        base.fill(label, "示例")
    base.fill("计划人数（人） *", "60")
    base.fill("每人学时 *", "24")
    twice(base, "保存")
    base.sees("“示例”已保存。")
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Plan.id))) == 1
