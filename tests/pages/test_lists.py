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
from tests import cast as people
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


NOBODYS = "999999"
ASKED: list[tuple[str, str, str, dict[str, str], str]] = [
    ("web/opening/accounts.py account", "organizations", "admin", {"view": "账号"}, "没有打开第999999号账号"),
    ("web/opening/moving.py intake", "moving_in", "admin", {"view": "导入批次"}, "没有打开第999999批"),
    ("web/programmes/assessments.py assessment", "classes", "reviewer", {"view": "考核结果"}, "没有打开第999999号考核"),
    (
        "web/programmes/assessments.py assessment",
        "classes",
        "baotou_reviewer",
        {"view": "考核结果"},
        "没有打开第999999",
    ),
    ("web/programmes/courses.py course", "classes", "reviewer", {"view": "办班与结业"}, "没有打开第999999号办班"),
    ("web/programmes/institutes.py approval", "classes", "reviewer", {"view": "机构与职业"}, "没有打开第999999号核准"),
    ("web/programmes/institutes.py approval", "classes", "base", {"view": "机构与职业"}, "没有打开第999999号核准"),
    ("web/quotas/reading.py version", "targets", "reviewer", {"view": "历次下达"}, "没有打开第999999版指标"),
    ("web/results/pushing.py platform", "results", "reviewer", {}, "没有打开第999999号学习平台"),
    ("web/study/placing.py placement", "study", "reviewer", {"view": "培养"}, "没有打开第999999号培养记录"),
    ("web/study/selecting.py nomination", "study", "reviewer", {}, "没有打开第999999号推荐"),
    ("web/study/selecting.py nomination", "study", "admin", {}, "没有打开第999999号推荐"),
    ("pages/audit.py entry", "audit", "admin", {}, "没有打开第999999条"),
    ("pages/eligibility.py decision", "eligibility", "reviewer", {"view": "已存档"}, "没有打开第999999份结论"),
    ("pages/exchange.py parcel", "exchange", "reviewer", {}, "没有打开第999999号报送"),
    ("pages/organizations.py organization", "organizations", "admin", {}, "没有打开第999999号机构"),
    ("pages/policy_lab.py draft", "policy_lab", "admin", {"view": "草稿与发布"}, "没有打开第999999号草稿"),
    ("web/board/filed.py filed", "filed_figures", "leader", {}, "没有找到"),
    ("web/board/filters.py employer", "quota_dashboard", "leader", {}, "没有找到"),
    ("web/claims/form.py for", "paper", "employer", {"kind": "claim"}, "没有找到"),
    ("web/people/listing.py person", "people", "reviewer", {}, "没有找到"),
    ("web/people/listing.py person", "credit_lookup", "reviewer", {}, "没有找到"),
    ("web/plans/form.py copy", "paper", "base", {"kind": "plan"}, "没有找到"),
    ("web/study/form.py for", "paper", "employer", {"kind": "nomination"}, "没有找到"),
    ("pages/courses.py course", "courses", "reviewer", {}, "没有找到"),
    ("pages/credit_lookup.py kind", "credit_lookup", "reviewer", {"dispute": NOBODYS}, "没有找到"),
    ("pages/credit_lookup.py kind", "credit_lookup", "reviewer", {"study_appeal": NOBODYS}, "没有找到"),
    ("pages/eligibility.py person", "eligibility", "reviewer", {"view": "按人核验"}, "没有找到"),
    ("pages/exam_bank.py item", "exam_bank", "reviewer", {}, "没有找到"),
    ("pages/exams.py course", "exams", "reviewer", {}, "没有找到"),
    ("pages/ledger.py batch", "ledger", "reviewer", {}, "没有找到"),
    ("pages/paper.py item", "paper", "base", {}, "没有找到"),
    ("pages/paper.py plan", "paper", "base", {"kind": "report"}, "没有找到"),
    ("pages/public_notice.py kind", "public_notice", "base", {"objection": NOBODYS}, "没有找到"),
    ("pages/public_notice.py kind", "public_notice", "base", {"nomination": NOBODYS}, "没有找到"),
    ("pages/recognised.py training", "recognised", "reviewer", {}, "没有找到"),
    ("pages/results.py batch", "results", "reviewer", {}, "没有找到"),
    ("pages/review.py item", "review", "reviewer", {}, "没有找到"),
    ("pages/seminars.py item", "seminars", "reviewer", {}, "没有找到"),
    ("pages/study.py notice", "study", "reviewer", {}, "没有找到"),
    *(
        ("web/submissions.py item", page, username, {}, "没有找到")  # as on any other page that opens none
        for page, username in (("home", "base"), ("filing", "base"), ("targets", "admin"), ("study", "reviewer"))
    ),
]
"""For each URL parameter that takes a record id: the file that reads it and its name; the page, account and further
parameters of a request for an id that does not exist; and the message expected."""


@pytest.mark.parametrize(("name", "page", "username", "query", "said"), ASKED)
def test_a_record_that_an_address_asks_for_and_nothing_shows_is_named(
    cast: Cast, name: str, page: str, username: str, query: dict[str, str], said: str
) -> None:
    """One that is not there; core refuses one that is another's in the same words (`access.not_found`)."""
    asked = name.partition(" ")[2]
    app = open_page(page, sign_in(username), **query, **({} if asked == "kind" else {asked: NOBODYS}))
    assert not app.exception
    told = [each for kind in ("info", "warning", "error") for each in boxes(app, kind)]
    assert any(said in each for each in told), told


INSIDE = set(
    """web/board/drawing.py name, web/board/drawing.py person, web/claims/form.py study, web/courses/editing.py lesson,
    web/eligibility/rows.py row, web/exams/results.py answers, web/exams/results.py asked, web/policies/trial.py who,
    web/programmes/courses.py finish, web/programmes/table.py name, web/reports/repairing.py row,
    pages/recognised.py learner""".replace("\n    ", " ").split(", ")
)
"""Of something that is open: a row that is not in it is named by `tables.pick`, or by core."""
NO_RECORD = set(
    """web/board/filters.py name, web/desk/batch.py item, web/drafts.py DRAFT, web/papers.py item, web/printed.py print,
    web/programmes/table.py year, web/screens.py message, web/submissions.py plan, web/tables/drawing.py name,
    web/tables/drawing.py print, pages/courses.py new, pages/results.py platform""".replace("\n    ", " ").split(", ")
)
"""A number that opens nothing, or is asked for here beside the place that opens it."""


def test_every_record_that_an_address_can_ask_for_is_among_them() -> None:
    found = set()
    for file in (each for folder in ("web", "pages") for each in sorted((db.ROOT / folder).rglob("*.py"))):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            match ast.unparse(call.func):
                case "address.chosen":
                    asked = call.args[0]
                case "tables.pick" | "tables.named" if not any(each.arg == "elsewhere" for each in call.keywords):
                    asked = next(each.value for each in call.keywords if each.arg == "name")
                case _:
                    continue
            if not isinstance(asked, ast.JoinedStr):
                found.add(f"{file.relative_to(db.ROOT)} {asked.value if isinstance(asked, ast.Constant) else asked.id}")
    assert found - INSIDE - NO_RECORD == {name for name, *_ in ASKED}
    assert found >= INSIDE | NO_RECORD


def test_a_submission_that_an_address_names_on_another_page_opens_where_it_does(cast: Cast) -> None:
    number = str(people.file_plan(cast).id)
    app = open_page("plan_tables", sign_in("reviewer"), item=number)
    assert not app.exception
    assert (app.title[0].value, app.query_params["item"]) == ("审核", number)
    for asked in (number, NOBODYS):  # another's is as one that is not there
        app = open_page("plan_tables", sign_in("baotou_reviewer"), item=asked)
        assert app.title[0].value == "计划表与总结"
        assert boxes(app, "error") == ["没有找到这条申请，或它不在您的管理权限内。"]


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
    told = app.markdown[0].value.replace("\\", "").replace("*", "")
    assert told.endswith("2026-12-04 至 2026-12-06（3天）"), "nothing unseen in it, to be copied along"
    wide, *others = (each.weight for each in app.columns)
    assert all(wide > 1.5 * each for each in others)
