"""What a deed says is shown once: in the bar of a page that has one, else in the region that all pages have."""

from __future__ import annotations

import re

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from core.models import Plan
from tests.cast import Cast
from tests.pages.conftest import boxes, open_page, sign_in
from tests.pages.test_deeds import ahead, fill_plan, one, press
from web import bar


def page() -> None:
    import streamlit as st

    from web import bar, deeds

    def act() -> None:
        deeds.say("success", "已办理。")

    with bar.messages():
        st.button("办理", on_click=act)
        st.button("下一步")
        if st.session_state.get("open"):
            with bar.bar(keep=True):
                st.button("通过")
        if st.session_state.get("again"):
            st.session_state["again"] = False
            st.rerun()
        if st.session_state.get("ended"):
            bar.end()
        if st.session_state.get("stopped"):
            st.stop()


def said(app: AppTest) -> list[str]:
    """The places of the messages that are shown."""
    blocks = [block for block in app.main.children.values() if isinstance(block, Block)]
    return [block.key or "" for block in blocks for _ in block.success]


def test_a_message_is_shown_once_in_the_bar_or_else_in_the_region_and_never_lost() -> None:
    app = AppTest.from_function(page, default_timeout=60).run()
    assert said(app) == []
    assert said(app.button[0].click().run()) == ["said"]
    assert said(app.button[1].click().run()) == []
    app.session_state["open"] = app.session_state["again"] = True  # the first run of the two shows it to nobody
    assert said(app.button[0].click().run()) == ["bar"]
    assert said(app.button[1].click().run()) == ["bar"]  # the last deed's, until there is another
    app.session_state["open"] = False
    assert said(app.button[1].click().run()) == []
    app.session_state["open"] = True
    assert said(app.button[1].click().run()) == []  # another page lay between
    app.session_state["open"], app.session_state["ended"] = False, True
    assert said(app.button[0].click().run()) == ["said"]
    app.session_state["ended"], app.session_state["stopped"] = False, True
    assert said(app.button[0].click().run()) == []  # as at the guard of a page
    app.session_state["stopped"] = False
    assert said(app.button[1].click().run()) == ["said"]


TITLE = "![图](http://evil/y.png)[点](//x)<b>*粗*</b> :red[红] `码` $x$"
"""What somebody may call a plan."""


def bare(markdown: str) -> str:
    """What is left of Markdown without escapes, bullets and whole days: only this could draw anything."""
    return re.sub(r"\*\d{4}\\-\d\d\\-\d\d\*|\\.", "", re.sub(r"(?m)^- ", "", markdown))


def test_a_title_in_a_message_is_drawn_as_nothing_but_text(cast: Cast) -> None:
    app = open_page("paper", sign_in("base"), kind="plan")
    fill_plan(app, "plan-new-", title=TITLE, headcount="*五十*", place="", **ahead(20))
    press(app, "上报")
    refused = boxes(app, "error")[0]
    assert refused.startswith("有2处需要改正：")
    assert "“*五十*”不是" in refused
    app.text_input(key="plan-new-headcount").input("50")
    app.text_input(key="plan-new-place").input("呼和浩特")
    press(app, "上报")
    assert f"“{TITLE}”已上报" in boxes(app, "success")[0]
    missing = open_page("paper", sign_in("base"), item=str(one(sa.select(Plan.id))))
    for action in ("撤回", "上报"):
        press(missing, action)
    for each in (*app.success, *missing.success, *missing.error):
        assert not set(bare(each.value)) & set("![]<>*`$:_"), each.value
    many = bar.together([("error", f"{TITLE}\n没有通过：{number}") for number in range(4)])
    assert [(kind, words.count("\n- ")) for kind, words in many] == [("error", 3)]
    assert not set(bare(many[0][1])) & set("![]<>*`$:_")
