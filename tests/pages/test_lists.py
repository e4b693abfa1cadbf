"""Every list is drawn by one function, each kind of column in one way; no filter is left empty."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.models import State
from core.submissions.kinds import KINDS
from tests.cast import Cast
from tests.pages.conftest import boxes, frames, open_page, sent, sign_in
from web import words
from web.tables import LABELS, drawing
from web.tables.columns import NUMBERED, SHARES, STATES, YEARS, Kind, kind, written

FLOATS = pd.Series([1.0])


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    for folder in ("web", "pages"):
        for file in sorted((db.ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield f"{file.relative_to(db.ROOT)}:{node.lineno}", node, node.func.attr


def of(call: ast.Call) -> str:
    """What a method is called on, where that is a name."""
    assert isinstance(call.func, ast.Attribute)
    return call.func.value.id if isinstance(call.func.value, ast.Name) else ""


def test_every_list_is_drawn_by_the_one_function() -> None:
    drawn = {
        where.split(":")[0] for where, call, name in calls() if name in ("dataframe", "table") and of(call) == "st"
    }
    assert drawn == {"web/tables/drawing.py"}  # prose, whose cells are Markdown


def test_a_choice_that_begins_with_one_of_its_words_cannot_be_emptied() -> None:
    may_be_empty = [
        where
        for where, call, name in calls()
        if name == "selectbox"
        and not {"required", "placeholder"} & {each.arg for each in call.keywords}
        and not (len(call.args) > 2 and isinstance(call.args[2], ast.Constant) and call.args[2].value is None)
    ]
    assert may_be_empty == []


def test_no_filter_leaves_its_address_to_streamlit() -> None:
    """A link that says the usual one could not undo what was chosen before."""
    assert [where for where, call, _ in calls() if "bind" in {each.arg for each in call.keywords}] == []


@pytest.mark.parametrize(
    ("page", "username", "query", "said"),
    [
        ("review", "reviewer", {"kind": "appeal"}, "类别“appeal”不在可选的条件里，已按“全部”显示"),
        ("review", "reviewer", {"kind": "plan,appeal", "state": "lost"}, "状态“lost”"),
        ("ledger", "reviewer", {"from": "2024-13-01"}, "入账日期从“2024-13-01”不在可选的条件里，已按“不限”显示"),
        ("print_cards", "reviewer", {"bulk-size": "A9"}, "纸张“A9”"),
        ("review", "reviewer", {"q": "示" * 20_000}, "“查找框”里有20,000个字，最多200个字，没有查找"),
        ("ledger", "reviewer", {"q": "示" * 20_000}, "“培训、基地或批次号”里有20,000个字"),
        ("home", "reviewer", {"below": "某盟"}, "下级机构“某盟”不在可选的条件里，已按“首页”显示"),
        ("review", "reviewer", {"item": "abc"}, "网址中的编号“item=abc”不是编号"),
        ("presentation", "leader", {"slide": "x"}, "第几张“x”"),
        ("quota_dashboard", "leader", {"programme": "x", "show": "y"}, "专项项目“x”"),
    ],
)
def test_what_an_address_asks_for_and_no_filter_offers_is_named_once_and_taken_out(
    cast: Cast, page: str, username: str, query: dict[str, str], said: str
) -> None:
    app = open_page(page, sign_in(username), **query)
    assert not app.exception
    assert any(said in each for each in boxes(app, "warning"))
    assert len(boxes(app, "warning")) == len(query), "what it does not ask for is not told"
    assert dict(app.query_params) == ({"kind": "plan"} if "plan,appeal" in query.values() else {})
    if "from" in query:
        app.date_input(key="from").set_value(date(2024, 6, 28)).run()
        assert app.query_params["from"] == "2024-06-28"
        assert app.date_input(key="from").value == date(2024, 6, 28)
        app.date_input(key="from").set_value(None).run()
        assert "from" not in app.query_params
    if page == "print_cards":
        assert not boxes(app.run(), "warning")
        app.selectbox(key="bulk-form").select_index(1).run()
        assert "bulk-form" in app.query_params
        app.query_params.clear()  # a link that asks for nothing
        assert app.run().selectbox(key="bulk-form").index == 0


@pytest.mark.parametrize(
    ("page", "username", "query", "said"),
    [
        ("organizations", "admin", {"organization": "999999"}, "没有打开第999999号机构"),
        ("organizations", "admin", {"view": "账号", "account": "999999"}, "没有打开第999999号账号"),
        ("audit", "admin", {"entry": "999999"}, "没有打开第999999条"),
        ("policy_lab", "admin", {"view": "草稿与发布", "draft": "999999"}, "没有打开第999999号草稿"),
        ("exchange", "reviewer", {"parcel": "999999"}, "没有打开第999999号报送"),
        ("people", "reviewer", {"person": "999999"}, "没有找到"),
        ("ledger", "reviewer", {"batch": "999999"}, "没有找到"),
        ("courses", "reviewer", {"course": "999999"}, "没有找到"),
        ("exam_bank", "reviewer", {"item": "999999"}, "没有找到"),
        ("exams", "reviewer", {"course": "999999"}, "没有找到"),
        ("results", "reviewer", {"batch": "999999"}, "没有找到"),
        ("filed_figures", "leader", {"filed": "999999"}, "没有找到"),
        ("eligibility", "reviewer", {"view": "按人核验", "person": "999999"}, "没有找到"),
        ("review", "reviewer", {"item": "999999"}, "没有找到"),
        ("paper", "base", {"item": "999999"}, "没有找到"),
    ],
)
def test_a_record_that_an_address_asks_for_and_nothing_shows_is_named(
    cast: Cast, page: str, username: str, query: dict[str, str], said: str
) -> None:
    app = open_page(page, sign_in(username), **query)
    assert not app.exception
    told = [each for kind in ("info", "warning", "error") for each in boxes(app, kind)]
    assert any(said in each for each in told), told


def test_what_was_open_and_is_struck_or_hidden_is_not_told_again(cast: Cast) -> None:
    number = str(cast.places["hohhot"].id)
    app = open_page("organizations", sign_in("admin"), organization=number)
    assert "更正" in str(app.main)
    app.text_input(key="q").input("没有这样的机构").run()
    assert not any("没有打开" in each for each in boxes(app, "info"))


@pytest.mark.parametrize(
    ("name", "value", "stands"),
    [
        ("year", 2024, (Kind.YEAR, "2024")),
        ("application_year", 2024.0, (Kind.YEAR, "2024")),
        ("record_id", 12345, (Kind.NUMBERED, "12345")),
        ("people", 12345, (Kind.NUMBER, "12,345")),
        ("hours", 1234.5, (Kind.NUMBER, "1,234.5")),
        ("hours", "视同完成", (Kind.NUMBER, "视同完成")),
        ("share", 83.25, (Kind.SHARE, "83.2%")),
        ("start_on", date(2024, 6, 28), (Kind.DAY, "2024-06-28")),
        ("points", float("nan"), (Kind.NUMBER, "")),
        ("start_on", pd.NaT, (Kind.DAY, "")),
        ("state", "待审", (Kind.STATE, "待审")),
        ("计划人数", 1200, (Kind.NUMBER, "1,200")),
        ("项目名称", "数字农业培训班", (Kind.WORDS, "数字农业培训班")),
    ],
)
def test_a_year_is_no_amount_and_an_amount_has_its_separators(name: str, value: object, stands: object) -> None:
    found = kind(name, pd.Series([value]))
    assert (found, written(value, found)) == stands


def test_what_is_called_a_year_a_day_or_a_state_is_written_as_one() -> None:
    for name, head in LABELS.items():
        found = kind(name, FLOATS)
        if head.endswith("年度"):
            assert found in (Kind.YEAR, Kind.WORDS) or name in ("years_required", "relied_years", "card_years"), name
        if head in ("状态", "考试状态"):
            assert found is Kind.STATE, name
        if head.endswith("日期"):
            assert found is Kind.DAY, name
    assert {each for each in YEARS | NUMBERED | STATES | SHARES if each.isascii()} <= set(LABELS)


def test_a_state_has_one_colour_wherever_it_stands() -> None:
    for kind_ in KINDS.values():
        for state in State:
            assert words.tone(kind_.word_for(state)) == words.CHIPS[state]
    assert words.chip(State.APPROVED) == ":green-badge[通过]"
    assert words.chip("有效") == ":green-badge[有效]"
    assert words.chip("没有这个词") == ":gray-badge[没有这个词]"


def said(app: AppTest) -> str:
    """What the first list says of itself on paper."""
    return str(sent(app)[0]["paper"])


def test_what_is_printed_is_the_whole_list_and_beyond_its_limit_it_says_so(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "PAGE_ROWS", 1)
    app = open_page("audit", sign_in("admin"))
    assert len(frames(app)[0]) == 1
    assert "全部请用“打印”" in said(app)
    app.button(key="print-审计日志").click().run()
    printed = frames(app)[0]
    assert 1 < len(printed) < drawing.PRINTED_ROWS
    assert said(app) == ""
    monkeypatch.setattr(drawing, "PRINTED_ROWS", 2)
    app.run()
    assert list(frames(app)[0]["told"]) == list(printed["told"])[:2]
    assert "全部请导出 Excel" in said(app)


def test_large_type_is_an_accounts_own_on_whatever_machine_it_signs_in(cast: Cast) -> None:
    def large(token: str) -> bool:
        return any("html { font-size: 19px" in each.proto.body for each in open_page("account", token).get("html"))

    app = open_page("account", sign_in("base"))
    app.toggle(key="large-type").set_value(True).run()
    assert [each.value for each in app.success] == ["已改为大字显示，换一台电脑登录也一样。"]
    assert large(sign_in("base"))
    assert not large(sign_in("reviewer"))
    app.toggle(key="large-type").set_value(False).run()
    assert not large(sign_in("base"))


def test_facts_are_told_as_they_are_and_a_long_one_has_the_room_of_short_ones() -> None:
    def page() -> None:
        from web.facts import facts

        facts([("培训时间", "2026-12-04 至 2026-12-06（3天）"), ("方式", "线下"), ("状态", "待审")])

    app = AppTest.from_function(page).run()
    assert not app.exception
    told = app.markdown[0].value.replace("\\", "")
    assert told.endswith("2026-12-04 至 2026-12-06（3天）"), "nothing unseen in it, to be copied along"
    wide, *others = (each.weight for each in app.columns)
    assert all(wide > 1.5 * each for each in others)
