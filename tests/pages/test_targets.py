"""The page of targets: the region splits and publishes, each office reads its own, nobody sees a draft of another."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.quotas import targets
from core.quotas.targets import Split
from tests.cast import Cast
from tests.pages.conftest import NOW, boxes, frames, open_page, sign_in

YEAR = db.office_day(NOW).year
CODE = "capability"
PREFIX = f"quota-{CODE}-{YEAR}-"
NAME = "知识更新能力提升项目"
SPLITTING = {"view": "分解与下达", "programme": NAME}


def opened(username: str, **query: str) -> AppTest:
    app = open_page("targets", sign_in(username), **query)
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    return "\n".join(each.value for each in [*app.markdown, *app.caption])


def press(app: AppTest, name: str) -> AppTest:
    app.button(key=f"{PREFIX}{name}").click().run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def test_the_region_pastes_proposes_saves_and_publishes_and_the_league_sees_only_what_is_published(cast: Cast) -> None:
    app = opened("reviewer", **SPLITTING)
    assert app.number_input(key=f"{PREFIX}target").value == 20000
    assert "分解合计0人，比全区指标少20,000人，还没有分完" in said(app)
    app.text_area(key=f"{PREFIX}paste").input("呼和浩特市\t12000\n包头\t8,000人\n火星\t1").run()
    press(app, "paste-in")
    assert "1行没有填入" in boxes(app, "warning")[0]
    assert app.session_state[f"{PREFIX}paste-open"] is False, "the message is not hidden below what was open"
    assert "与全区指标一致" in said(app)
    press(app, "save")
    assert "草稿已保存" in boxes(app, "success")[0]
    assert "指标" not in "".join(each.value for each in opened("hohhot_reviewer").markdown)
    press(app, "publish")
    assert "请填写下达的依据" in boxes(app, "error")[0]
    app.text_area(key=f"{PREFIX}reason").input("年初分解").run()
    press(app, "publish")
    assert "第1版已下达，2个单位" in boxes(app, "success")[0]
    assert "本单位指标 **12,000人**" in said(opened("hohhot_leader"))
    assert "本单位指标 **8,000人**" in said(opened("baotou_reviewer"))
    assert "20,000" not in said(opened("hohhot_leader"))


def test_what_is_typed_and_not_saved_is_still_there_in_another_browser(cast: Cast) -> None:
    app = opened("reviewer", **SPLITTING)
    app.number_input(key=f"{PREFIX}target").set_value(21000).run()
    again = opened("reviewer", **SPLITTING)
    assert again.number_input(key=f"{PREFIX}target").value == 21000
    assert opened("admin", **SPLITTING).number_input(key=f"{PREFIX}target").value == 20000


def test_two_editors_are_told_of_each_other(cast: Cast) -> None:
    first, second = opened("reviewer", **SPLITTING), opened("admin", **SPLITTING)
    for app, target in ((first, 21000), (second, 22000)):
        app.number_input(key=f"{PREFIX}target").set_value(target).run()
    press(first, "save")
    press(second, "save")
    assert "刚刚被他人改过" in boxes(second, "error")[0]
    with db.reading() as session:
        assert targets.draft(session, cast["admin"], CODE, YEAR).split.target == 21000


def test_a_proposal_without_anything_to_go_by_says_so(cast: Cast) -> None:
    app = press(opened("reviewer", **SPLITTING), "propose")
    assert "请直接填写各单位的指标" in boxes(app, "error")[0]


def test_versions_say_what_each_changed_and_to_a_league_only_its_own(cast: Cast) -> None:
    for number, share in enumerate((1500, 1800)):
        with db.transaction() as session:
            split = Split(20000, None, {cast.places["hohhot"].id: share, cast.places["baotou"].id: 900})
            version = targets.draft(session, cast["reviewer"], CODE, YEAR).version
            act = {"version": version, "actor": cast["reviewer"], "reason": f"第{number + 1}次", "now": NOW}
            targets.publish(session, CODE, YEAR, split, **act)
    query = {"view": "历次下达", "programme": NAME, "version": "2"}
    app = opened("leader", **query)
    listed, moved = frames(app)
    assert listed["reason"].tolist() == ["第2次", "第1次"]
    assert moved.values.tolist() == [[cast.places["hohhot"].name, "1,500人", "1,800人", "300"]]
    listed, *_ = frames(opened("baotou_reviewer", **query))
    assert listed["quota_target"].tolist() == ["900人"]
    assert "第1次" in said(opened("baotou_reviewer"))
    assert "第2次" not in said(opened("baotou_reviewer"))


@pytest.mark.parametrize("username", ["leader", "title", "hohhot_admin", "hohhot_reviewer", "base", "employer"])
def test_others_find_no_way_to_split(cast: Cast, username: str) -> None:
    app = opened(username, **SPLITTING)
    assert not [each for each in app.button if (each.key or "").startswith(PREFIX)]
    assert not app.number_input
