"""The page of filed figures: an officer files a year, and reads it beside now; who only reads is offered no filing."""

from __future__ import annotations

from tests.cast import Cast
from tests.pages.conftest import boxes, open_page, sign_in


def test_a_leader_files_a_year_and_reads_it_beside_now(cast: Cast) -> None:
    app = open_page("filed_figures", sign_in("leader"))
    assert not app.exception, app.exception[0].stack_trace
    assert "还没有报送过数据" in boxes(app, "info")[0]
    app.button(key="filed-do").click().run()
    assert not boxes(app, "success")
    app.button(key="filed-sure").click().run()
    assert not app.exception, app.exception[0].stack_trace
    assert "数据已报送（第1次）" in boxes(app, "success")[0]
    assert "现在的数据与报送时一致" in "".join(each.value for each in app.markdown)
    app.text_input(key="filed-reason").input("更正")
    app.button(key="filed-do").click().run()
    app.button(key="filed-sure").click().run()
    assert "完全相同，不需再次报送" in boxes(app, "error")[0]
    assert "filed-do" not in {each.key for each in open_page("filed_figures", sign_in("title")).button}
