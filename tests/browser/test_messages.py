"""The message of a deed lies inside the viewport, however far down the page its button is."""

from __future__ import annotations

import re

from playwright.sync_api import Browser

from tests import cast as people
from tests.browser.desk import arrive
from tests.cast import Cast
from tests.pages.test_deeds import behind

SIZES = ((1440, 900), (1366, 768), (390, 844))


def test_the_message_of_a_deed_lies_inside_the_viewport(browser: Browser, server: str, cast: Cast) -> None:
    people.posted(cast, people.sheet([people.row(serial) for serial in range(1, 25)]))
    person, plan = people.person_id(1), behind(cast, title="第二期")
    deeds = (
        # who,        where,                             page,                 chosen first,            pressed, said
        ("reviewer", f"people?person={person}", "人员", "更正姓名或身份证号", "更正", "请填写原因"),
        ("reviewer", "ledger?batch=1", "入账批次与冲销", "", "冲销整批", "请填写冲销的原因"),
        ("base", f"paper?kind=report&plan={plan.id}", "填写培训情况报告", "", "保存并检查花名册", "还没有上传花名册"),
        ("base", f"paper?kind=report&plan={plan.id}", "填写培训情况报告", "", "报送", "培训总结未填"),
    )
    desks = {who: arrive(browser, server, who) for who in dict.fromkeys(deed[0] for deed in deeds)}
    for who, path, title, first, name, words in deeds:
        desk = desks[who]
        for width, height in SIZES:
            desk.page.set_viewport_size({"width": width, "height": height})
            desk.go(path, title)
            if first:
                desk.settle()
                desk.page.get_by_role("radio", name=first).click()
            desk.click(name)
            desk.told(re.compile(words))
