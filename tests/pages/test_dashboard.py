"""The dashboard's page: filters live in its address, narrow all of it, and are cleared; each sees its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.office.dashboards.charts import MARK, Figure
from tests.cast import Cast
from tests.pages.conftest import boxes, open_page, sign_in, tiles
from tests.pages.test_deeds import behind_year, posted
from web.board import drawing


def figures(app: AppTest) -> dict[str, Any]:
    """What the tiles say, and on a slide the metrics."""
    assert not app.exception, app.exception[0].stack_trace
    return tiles(app) | {metric.label: metric.value for metric in app.metric}


def test_filters_in_the_address_narrow_every_figure_and_are_cleared(cast: Cast) -> None:
    posted(cast)
    token, year = sign_in("leader"), str(behind_year())
    whole = figures(open_page("quota_dashboard", token, year=year))
    assert whole["培训人次"] == "2"
    app = open_page("quota_dashboard", token, year=year, league="呼和浩特市")
    assert figures(app) == whole | {"培训人次": "0", "登记学时": "0", "批准计划（份）": "0", "通过报告（份）": "0"} | {
        "学时完成率": "—",
        "报告按时率": "—",
    }
    assert [each.value for each in app.subheader if "还没有培训人次" in each.value]
    app.button(key="clear-league").click().run()
    assert figures(app) == whole
    assert "league" not in app.query_params
    app = open_page("quota_dashboard", token, year=year, league="自治区本级", subject="专业", level="高级")
    assert figures(app)["培训人次"] == "0"
    assert {each.key for each in app.button if str(each.key).startswith("clear-")} == {
        "clear-league",
        "clear-subject",
        "clear-level",
        "clear-all",
    }
    app.button(key="clear-all").click().run()
    assert figures(app) == whole


def test_a_tile_opens_its_rows_and_the_rows_open_the_training(cast: Cast) -> None:
    posted(cast)
    app = open_page("quota_dashboard", sign_in("leader"), year=str(behind_year()))
    app.segmented_control(key="board-tiles").set_value("plans").run()
    assert not app.exception
    assert app.query_params["show"] == "plans"
    assert "board-bring" not in app.session_state, "the rows took it up: they are brought into view"
    assert app.session_state["board-bring-nth"] == 1
    assert [each.label for each in app.expander if each.label.startswith("批准计划明细")] == ["批准计划明细（1）"]
    assert app.run().segmented_control(key="board-tiles").value == "plans"
    app.segmented_control(key="board-tiles").set_value(None).run()
    assert not app.exception
    assert "show" not in app.query_params
    app.segmented_control(key="board-tiles").set_value("plans").run()
    app.button(key="back-training").click().run()
    assert not app.exception
    assert "show" not in app.query_params
    assert "board-bring" not in app.session_state, "the tiles took it up: they are brought into view"


def test_further_filters_are_heeded_while_folded_away_and_drawn_once_they_are_opened(cast: Cast) -> None:
    posted(cast)
    token, further = sign_in("leader"), {"培训机构", "机构类别", "单位类别", "职称级别", "年龄段"}
    app = open_page("quota_dashboard", token, year=str(behind_year()), level="高级")
    assert figures(app)["培训人次"] == "0"
    assert not further & {each.label for each in app.selectbox}
    app = open_page("quota_dashboard", token, unfolded=["board-more"], year=str(behind_year()), level="高级")
    drawn = {each.label: each for each in app.selectbox}
    assert further <= drawn.keys()
    assert drawn["职称级别"].value == "高级"
    drawn["职称级别"].set_value("").run()
    assert figures(app)["培训人次"] == "2"
    assert "level" not in app.query_params


def test_on_a_telephone_figures_fold_away_to_what_they_find(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    posted(cast)
    token, year = sign_in("leader"), str(behind_year())
    whole = open_page("quota_dashboard", token, year=year)
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36"
    monkeypatch.setattr(ContextProxy, "headers", {"User-Agent": agent})
    app = open_page("quota_dashboard", token, year=year)
    assert figures(app) == figures(whole)
    assert not app.get("vega_lite_chart")
    told = {re.sub(r"[^\w，；：]", "", each.label) for each in app.expander}
    assert {re.sub(r"[^\w，；：]", "", each.value.removeprefix(":gray")) for each in whole.subheader} <= told
    opened = open_page("quota_dashboard", token, unfolded=["figure-map", "programme-sentences"], year=year)
    assert len(opened.get("vega_lite_chart")) == 1
    sentences = [each.value for each in whole.markdown if "下方列出各单位的完成情况" in each.value]
    assert sentences
    assert not {each.value for each in app.markdown} & set(sentences)
    assert {each.value for each in opened.markdown} >= set(sentences)


def test_a_leader_of_a_league_sees_bases_and_an_employer_its_own_people(cast: Cast) -> None:
    posted(cast)
    league = open_page("quota_dashboard", sign_in("hohhot_leader"), year=str(behind_year()))
    assert figures(league)["培训人次"] == "0"
    assert not [each for each in league.selectbox if each.label == "盟市"]
    clerk = open_page("quota_dashboard", sign_in("employer"), year=str(behind_year()), employer="0")  # nobody's
    assert list(figures(clerk)) == ["学时完成率"]


NONSENSE = dict.fromkeys(("on", "league", "base", "kind", "subject", "month", "sector", "level", "age"), "不知所云")
NONSENSE |= dict.fromkeys(("employer", "programme", "show", "measure", "per", "of", "by", "slide"), "nonsense")


def test_a_forged_address_shows_nobody_elses_figures_and_nonsense_narrows_nothing(cast: Cast) -> None:
    posted(cast)
    others = {"league": "自治区本级", "base": "示例继续教育基地", "by": "league", "month": "13", "on": "2026-02-30"}
    for username, forged in (("leader", NONSENSE | {"year": "1066"}), ("hohhot_admin", others)):
        token = sign_in(username)
        honest, app = (open_page("quota_dashboard", token, **query) for query in ({}, forged))
        assert figures(app) == figures(honest)
        assert [each.value for each in app.subheader] == [each.value for each in honest.subheader]
        assert not [each for each in app.button if str(each.key).startswith("clear-")]
        assert "不在可选的条件里" in boxes(app, "warning")[0]
        assert not boxes(honest, "warning")
    assert open_page("presentation", sign_in("leader"), **NONSENSE).title[0].value == "总体情况"
    for page in ("quota_dashboard", "presentation"):
        app = open_page(page, sign_in("hohhot_leader"), employer=str(cast.places["hospital"].id))
        assert not app.exception
        assert "没有找到这条机构" in app.error[0].value
        assert not app.metric


def test_the_dashboard_is_presented_one_thing_at_a_time_under_the_same_filters(cast: Cast) -> None:
    posted(cast)
    year = str(behind_year())
    app = open_page("presentation", sign_in("leader"), year=year, league="呼和浩特市")
    assert figures(app)["培训人次"] == "0人次"
    app = open_page("presentation", sign_in("leader"), year=year)
    assert (app.title[0].value, figures(app)["培训人次"]) == ("总体情况", "2人次")
    assert app.button(key="slide-back").disabled
    seen = []
    while not app.button(key="slide-on").disabled:
        app.button(key="slide-on").click().run()
        assert not app.exception, app.exception[0].stack_trace
        seen.append(app.title[0].value)
    assert seen[0] == "主要发现"
    assert "从计划到入账" in seen
    assert app.query_params["slide"] == str(len(seen) + 1)
    app.button(key="slide-back").click().run()
    assert app.title[0].value == seen[-2]
    beyond = open_page("presentation", sign_in("leader"), year=year, slide="999")
    assert beyond.title[0].value == seen[-1]


def test_a_chart_that_was_written_once_is_what_streamlit_would_write_at_each_run(cast: Cast) -> None:
    posted(cast)
    app = open_page("quota_dashboard", sign_in("leader"), year=str(behind_year()))
    ours = [each.proto for each in app.get("vega_lite_chart")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "_chart", as_streamlit_draws)
        theirs = [each.proto for each in app.run().get("vega_lite_chart")]
    assert len(ours) == len(theirs) > 5
    assert ours == theirs


def as_streamlit_draws(made: Figure, ask: drawing.Ask, picked: Any) -> None:
    key = f"chart-{made.code}-{hash(ask.wanted)}-0"
    if picked is None:
        st.altair_chart(made.chart)
    else:
        st.altair_chart(made.chart, key=key, on_select=lambda: None, selection_mode=MARK)
