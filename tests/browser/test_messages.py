"""The message of a deed lies inside the viewport and is plain text, wherever a deed is done and however far down."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.sync_api import Browser, expect

from tests import cast as people
from tests.browser.desk import Desk, seated
from tests.cast import Cast
from tests.pages.test_credit_import import book, line
from tests.pages.test_deeds import ahead, behind

SMALL, SIZES = (390, 844), ((1366, 768), (1440, 900))
TITLE = "![图](http://evil.example/y.png)[点](//x)a@b.cn"
NOW = datetime.now(UTC)


def correction(desk: Desk) -> None:
    desk.settle()
    desk.page.get_by_role("radio", name="更正姓名或身份证号").click()


def credits_file(desk: Desk) -> None:
    content = book(*map(line, range(31, 55)))
    desk.upload("学时文件", {"name": "往年.xlsx", "mimeType": "application/octet-stream", "buffer": content})


def test_the_message_of_a_deed_lies_inside_the_viewport(browser: Browser, server: str, cast: Cast) -> None:
    people.posted(cast, people.sheet([people.row(serial) for serial in range(1, 25)]))
    person, plan = people.person_id(1), behind(cast, title=TITLE)
    waiting = people.file_plan(cast, title=TITLE, now=NOW, **ahead(20))
    places = (
        # who,       where,                                page,                    first,  pressed,     said
        ("reviewer", f"people?person={person}", "人员", correction, "更正", "请填写原因"),
        ("reviewer", "ledger?batch=1", "入账批次与冲销", None, "冲销整批", "请填写冲销的原因"),
        ("reviewer", "credit_import", "导入学时", credits_file, "导入[0-9]+笔学时", "请填写导入的原因"),
        ("reviewer", f"review?item={waiting.id}", "审核", None, "退回", "退回须填写审核意见"),
        ("base", f"paper?kind=report&plan={plan.id}", "填写培训情况报告", None, "报送", "培训总结未填"),
        ("employer", f"paper?kind=claim&for={person}", "填写学时折合申报", None, "提交", "未填"),
        ("base", f"paper?kind=plan&copy={plan.id}", "填写培训计划", None, "保存", "已保存"),
    )
    desks = {who: seated(browser, server, who) for who in dict.fromkeys(place[0] for place in places)}
    for who, path, title, first, name, words in places:
        desk = desks[who]
        desk.go(path, title)
        if first:
            first(desk)
        for width, height in (SMALL, *SIZES):
            desk.page.set_viewport_size({"width": width, "height": height})
            if (width, height) == SMALL:  # pressed where the page is longest; then the window grows
                desk.click(name)
            message = desk.told(re.compile(re.escape(words)))
        expect(message.locator("a, img")).to_have_count(0)
