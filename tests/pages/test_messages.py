"""What a deed says is shown once: in the bar of a page that has one, else in the region that all pages have."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block


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
