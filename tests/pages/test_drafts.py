"""What is typed into a form saves itself: it is there again in another session, and stands apart from the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.models import Plan, Report, State, Unsaved, UnsavedFile
from core.submissions import plans
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import boxes, open_page, sign_in, uploader
from tests.pages.test_deeds import NOW, ahead, behind, fill_plan, one, press

MARK = "未保存的改动"


def marked(app: AppTest) -> bool:
    return any(MARK in each.value for each in app.markdown)


def links(app: AppTest) -> list[Any]:
    """The links to other pages on the page itself."""
    return [each.proto for each in app.main if each.type == "page_link"]


def drafted(cast: Cast) -> Plan:
    fields = replace(people.PLAN, **ahead(20))
    with db.transaction() as session:
        return plans.draft(session, fields, actor=cast["base"], now=NOW)


def opened(plan: Plan, by: str = "base") -> AppTest:
    return open_page("paper", sign_in(by), item=str(plan.id))


def test_typing_is_there_again_in_another_browser_until_it_is_saved(cast: Cast) -> None:
    plan = drafted(cast)
    app, key = opened(plan), f"plan-{plan.id}-"
    assert not marked(app)
    app.text_input(key=f"{key}place").input("改到赤峰").run()
    app.text_input(key=f"{key}headcount").input("约五十").run()
    assert marked(app)
    app = opened(plan)
    assert app.text_input(key=f"{key}place").value == "改到赤峰"
    assert marked(app)
    press(app, "保存")  # what cannot be filed yet is kept all the same, and what is to be put right stands by its field
    assert not boxes(app, "error")
    (told,) = boxes(app, "warning")
    assert told.startswith("已存为草稿")
    assert "上报前还有1处：" in told
    assert "“约五十”不是" in told
    assert sum("“约五十”不是" in each.value for each in app.markdown) == 1
    assert app.text_input(key=f"{key}headcount").value == "约五十"
    app.text_input(key=f"{key}headcount").input("６０人").run()
    assert not any("“约五十”不是" in each.value for each in app.markdown)
    press(app, "保存")
    assert not marked(app)
    assert (one(sa.select(Plan)).place, one(sa.select(Plan)).headcount) == ("改到赤峰", 60)
    assert one(sa.select(sa.func.count()).select_from(Unsaved)) == 0


def test_typing_is_discarded_when_it_is_asked_for(cast: Cast) -> None:
    plan = drafted(cast)
    app, key = opened(plan), f"plan-{plan.id}-"
    app.text_area(key=f"{key}content").input("写错了").run()
    press(app, "确认放弃")
    assert app.text_area(key=f"{key}content").value == people.PLAN.content
    assert not marked(app)
    assert opened(plan).text_area(key=f"{key}content").value == people.PLAN.content


def test_an_incomplete_new_one_is_kept_as_a_draft_of_its_own_name_beside_another(cast: Cast) -> None:
    for title in ("甲班草稿", "乙班草稿"):
        app = open_page("paper", sign_in("base"), kind="plan")
        assert app.text_input(key="plan-new-title").value == ""
        app.text_input(key="plan-new-title").input(title)
        press(app, "保存")
        assert "已存为草稿" in boxes(app, "warning")[0]
        assert app.text_input(key="plan-new-title").value == title
    app = open_page("filing", sign_in("base"), item="1")  # come back to from what was opened: it is not gone to anew
    assert app.title[0].value == "申报"
    drafts = {each.label: each.query_string for each in links(app) if each.label.startswith("草稿：")}
    assert list(drafts) == ["草稿：“乙班草稿”（培训计划）", "草稿：“甲班草稿”（培训计划）"]
    assert drafts["草稿：“甲班草稿”（培训计划）"] == "kind=plan&draft=1"
    app = open_page("paper", sign_in("base"), kind="plan", draft="1")
    key = next(each.key for each in app.text_input if each.key.endswith("-title")).removesuffix("title")
    assert app.text_input(key=f"{key}title").value == "甲班草稿"
    fill_plan(app, key, title="甲班草稿", **ahead(20))
    press(app, "保存")
    assert one(sa.select(Plan.title)) == "甲班草稿"
    assert one(sa.select(Unsaved.place)) == "plan:new-d2"


def test_chosen_files_are_there_again_in_another_browser_until_they_are_removed_or_filed(cast: Cast) -> None:
    plan = behind(cast)
    key = f"report-{plan.id}-"

    def opened() -> AppTest:
        return open_page("paper", sign_in("base"), kind="report", plan=str(plan.id))

    def chosen(app: AppTest) -> list[str]:
        return [each.value.partition("：")[2] for each in app.markdown if "已选、尚未保存：" in each.value]

    app, content = opened(), people.sheet([people.row(1), people.row(2)])
    uploader(app, f"{key}announcement").upload("通知.pdf", b"%PDF-1.4", "application/pdf").run()
    uploader(app, f"{key}roster").upload("假.xlsx", b"%PDF-1.4", "application/octet-stream").run()
    assert "“假.xlsx”没有选上：此文件其实是PDF文件，不是表格。" in boxes(app, "error")[0]
    uploader(app, f"{key}roster").upload("先选的.xlsx", content[:-1] + b"x", "application/octet-stream").run()
    uploader(app, f"{key}roster").upload("花名册.xlsx", content, "application/octet-stream").run()
    assert not any("没有选上" in each.value for each in app.markdown)
    for there in (app, opened()):
        assert chosen(there) == ["通知.pdf（1 KB）", f"花名册.xlsx（{round(len(content) / 1024)} KB）"]
        assert marked(there)
        assert any("报送后的结果列在这里" in each.value for each in there.caption)
    labels = [link.label for link in links(open_page("filing", sign_in("base")))]
    assert [label for label in labels if label.startswith(MARK)] == [f"{MARK}：“{people.PLAN.title}”"]
    app = opened()
    next(each for each in app.button if each.label == "移除").click().run()  # the announcement
    assert chosen(opened()) == chosen(app) == [f"花名册.xlsx（{round(len(content) / 1024)} KB）"]
    press(app, "确认放弃")
    assert chosen(opened()) == chosen(app) == []
    uploader(app, f"{key}announcement").upload("通知.pdf", b"%PDF-1.4", "application/pdf").run()
    uploader(app, f"{key}roster").upload("花名册.xlsx", content, "application/octet-stream").run()
    app = opened()
    app.text_area(key=f"{key}summary").input("按计划完成").run()
    uploader(app, f"{key}roster").upload("假.xlsx", b"%PDF-1.4", "application/octet-stream").run()
    press(app, "保存")
    assert any("没有选上" in each.value for each in app.markdown)  # the record still lacks it
    more = people.sheet([people.row(2), people.row(3)])
    uploader(app, f"{key}roster").upload("花名册.xlsx", more, "application/octet-stream").run()
    assert not any("没有选上" in each.value for each in app.markdown)
    press(app, "报送")
    press(app, "报送")  # what the roster leads to was not on the screen before
    report = one(sa.select(Report))
    assert (report.state, report.people, report.announcement_id is not None) == (State.SUBMITTED, 2, True)
    assert one(sa.select(sa.func.count()).select_from(UnsavedFile)) == 0


def test_what_a_colleague_saved_meanwhile_is_told_and_neither_ones_work_is_lost(cast: Cast) -> None:
    plan = drafted(cast)
    app, key = opened(plan), f"plan-{plan.id}-"
    app.text_input(key=f"{key}place").input("改到赤峰").run()
    theirs = replace(people.PLAN, **ahead(20), title="同事改过的名称")
    with db.transaction() as session:
        plans.revise(session, plan.id, theirs, version=plan.version, actor=cast["base"], now=NOW)
    for there in (app.run(), opened(plan)):
        assert any("已在别处改过" in each for each in boxes(there, "warning"))
        assert there.text_input(key=f"{key}title").value == "同事改过的名称"
        assert there.text_input(key=f"{key}place").value == "改到赤峰"
    press(app, "保存")
    assert (one(sa.select(Plan)).title, one(sa.select(Plan)).place) == ("同事改过的名称", "改到赤峰")


def test_what_another_window_types_saves_or_discards_is_never_lost_without_a_word(cast: Cast) -> None:
    def new(**query: str) -> AppTest:
        return open_page("paper", sign_in("base"), kind="plan", **query)

    one_, other = new(), new()
    other.text_area(key="plan-new-teachers").input("另一窗口的师资").run()
    one_.text_input(key="plan-new-headcount").input("50").run()  # each keeps its own, and shows the other's
    assert one_.text_area(key="plan-new-teachers").value == "另一窗口的师资"
    assert any("别的窗口填写的“师资情况”" in each.value for each in one_.caption)
    other.text_input(key="plan-new-headcount").input("60").run()
    assert any("“计划人数”在别的窗口也改了" in each for each in boxes(other, "warning"))
    assert not any("已自动暂存" in each.value for each in other.markdown)
    assert other.text_input(key="plan-new-headcount").value == "60"
    assert new().text_input(key="plan-new-headcount").value == "50"
    press(other, "保存")
    assert "“计划人数”在别的窗口也改了，与这里的不同，将以这里的为准" in boxes(other, "error")[0]
    fill_plan(one_, "plan-new-", title="先存的", **ahead(20))
    press(one_, "保存")
    assert one(sa.select(Plan.title)) == "先存的"
    for _ in range(2):  # what it kept is gone, what it has not yet kept stands there
        other.text_input(key="plan-new-title").input("后存的").run()
        assert any("已在别的窗口保存" in each for each in boxes(other, "warning"))
    other = new(draft="7")
    other.text_input(key=(key := next(each.key for each in other.text_input if each.key.endswith("-title")))).input(
        "甲"
    )
    third = new(draft="7")
    press(other.run(), "确认放弃")
    third.run()
    assert (one(sa.select(sa.func.count()).select_from(Plan)), other.text_input(key=key).value) == (1, "")


def test_what_cannot_be_saved_yet_is_no_draft_where_another_window_has_saved_it(cast: Cast) -> None:
    first, second = (open_page("paper", sign_in("base"), kind="plan") for _ in range(2))
    first.text_input(key="plan-new-title").input("同一份").run()
    second.text_input(key="plan-new-place").input("赤峰").run()
    fill_plan(first, "plan-new-", title="同一份", **ahead(20))
    for _ in range(2):  # the first click only reports the conflict
        assert one(sa.select(sa.func.count()).select_from(Plan)) == 0
        press(first, "保存")
    assert one(sa.select(Plan.place)) == "示例place"
    press(second, "保存")
    assert not any("已存为草稿" in each for each in boxes(second, "warning"))
    assert "已在别的窗口保存" in boxes(second, "error")[0]
    press(second, "保存")  # read and meant: a draft of its own, which is there
    assert "已存为草稿" in boxes(second, "warning")[0]
    there = open_page("paper", sign_in("base"), kind="plan", draft="1")
    assert there.text_input(key="plan-new-d1-place").value == "赤峰"


def test_a_copy_is_a_draft_before_anything_is_typed_until_it_is_discarded(cast: Cast) -> None:
    plan = drafted(cast)
    app = open_page("paper", sign_in("base"), kind="plan", copy=str(plan.id))
    assert any("草稿，" in each.value and "已自动暂存" in each.value for each in app.markdown)
    assert f"草稿：“{plan.title}”（培训计划）" in [each.label for each in links(open_page("filing", sign_in("base")))]
    press(app, "确认放弃")
    assert app.text_input(key="plan-new-title").value == ""
    assert one(sa.select(sa.func.count()).select_from(Unsaved)) == 0


def test_the_form_follows_the_first_day_as_it_is_typed(cast: Cast) -> None:
    app = open_page("paper", sign_in("base"), kind="plan")
    fill_plan(app, "plan-new-")
    year = ahead(20)["start_on"].year + 1
    for name, day in ahead(20).items():
        app.date_input(key=f"plan-new-{name}").set_value(day.replace(year=year, month=3))
    app.run()
    assert f"{year}（培训当年）" == app.multiselect(key="plan-new-credit_years").placeholder
    assert str(year) in app.multiselect(key="plan-new-credit_years").options
    assert any(f"{year}-0" in each.value.replace("\\", "") and "前上报" in each.value for each in app.caption)
    app.date_input(key="plan-new-start_on").set_value(date(year, 8, 2)).run()  # later than the last day, which follows
    lasts = ahead(20)["end_on"] - ahead(20)["start_on"]
    assert app.date_input(key="plan-new-end_on").value == date(year, 8, 2) + lasts
    assert not any("早于" in each.value for each in app.markdown)
    app.date_input(key="plan-new-end_on").set_value(date(year, 8, 1)).run()
    app.text_input(key="plan-new-headcount").input("9999999").run()
    for words in ("结束日期早于开始日期", "9999999人过多"):  # by its field as in the bar, also in another browser
        for there in (app, open_page("paper", sign_in("base"), kind="plan")):
            assert sum(words in each.value for each in there.markdown) == 1
            assert any(words in each.value for each in there.caption)
    app.date_input(key="plan-new-start_on").set_value(None)
    press(app, "上报")
    assert "开始日期未填" in boxes(app, "error")[0]
    assert app.text_input(key="plan-new-title").value == "示例title"


def test_every_day_is_asked_for_as_year_month_and_day() -> None:
    pages = [*db.ROOT.glob("web/**/*.py"), *db.ROOT.glob("pages/*.py")]
    asked = [call[:260] for page in pages for call in page.read_text(encoding="utf-8").split("date_input")[1:]]
    assert len(asked) > 20
    assert [call for call in asked if "DAYS)" not in call and 'format="YYYY-MM-DD"' not in call] == []
