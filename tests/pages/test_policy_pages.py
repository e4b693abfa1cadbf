"""Eligibility, the policy page and the laboratory as their users meet them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from core import db, decisions, policy
from core.models import DecisionPart, DecisionRun, PolicyDraft
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import open_page, sign_in
from tests.pages.test_deeds import TODAY, one, posted, press


@pytest.fixture(autouse=True)
def _forget_policies() -> Iterator[None]:
    yield
    policy._loaded.cache_clear()


def applications(name: str = "额尔敦·巴图") -> bytes:
    headings = ("姓名", "身份证号", "申报年度", "申报方式", "申报级别")
    rows = [
        [name, people.id_number(1), TODAY.year, "职称评审", "高级"],
        ["王示丙", people.id_number(2)[:17] + "0", TODAY.year, "职称评审", "高级"],
    ]
    return people.sheet(rows, headings)


def test_a_file_of_applications_is_answered_row_by_row_and_recorded_once(cast: Cast) -> None:
    posted(cast)
    app = open_page("eligibility", sign_in("title"))
    app.get("file_uploader")[0].upload("申报.xlsx", applications(), "application/octet-stream").run()
    press(app, "核验")
    assert [metric.value for metric in app.metric] == ["0", "1", "0", "1"]
    assert list(app.dataframe[0].value["outcome"]) == ["不符合", "有误"]
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DecisionRun)) == 0
    press(app, "核验并存档")
    assert one(sa.select(DecisionPart)).not_eligible == 1
    assert next(button for button in app.button if button.label == "核验并存档").disabled
    app = open_page(
        "eligibility", sign_in("title"), view="已存档", decision=str(one(sa.select(DecisionPart.id)) * 100_000)
    )
    assert any("不符合" in error.value for error in app.error)


def test_who_only_oversees_may_look_but_not_record(cast: Cast) -> None:
    app = open_page("eligibility", sign_in("leader"))
    app.get("file_uploader")[0].upload("申报.xlsx", applications(), "application/octet-stream").run()
    assert [button.label for button in app.button if button.label.startswith("核验")] == ["核验"]


def test_a_file_without_headings_is_refused_in_words(cast: Cast) -> None:
    app = open_page("eligibility", sign_in("title"))
    app.get("file_uploader")[0].upload("x.csv", b"a,b\n1,2\n", "text/csv").run()
    press(app, "核验")
    assert "没有找到表头" in app.error[0].value


def test_one_persons_decision_is_shown_with_every_rule_considered(cast: Cast) -> None:
    posted(cast)
    app = open_page("eligibility", sign_in("title"), view="按人核验", person="1")
    assert not app.exception
    assert any("不符合" in error.value for error in app.error)
    rules = next(table.value for table in app.dataframe if "why" in table.value.columns)
    assert len(rules) == len(policy.in_force(TODAY.year).waivers) + 1
    assert list(rules["won"]).count("采用") == 1


def test_an_employer_clerk_cannot_decide_another_employers_person(cast: Cast) -> None:
    posted(cast)
    app = open_page("eligibility", sign_in("hohhot_employer"), view="按人核验", person="1")
    assert "没有找到" in app.error[0].value


def test_the_policy_page_tells_clauses_interpretations_and_examples(cast: Cast) -> None:
    app = open_page("policies", sign_in("base"), day="2024-06-01")
    assert not app.exception
    assert "一(四)9" in set(app.dataframe[0].value["clause"])
    told = " ".join(markdown.value for markdown in app.markdown)
    assert "12月31日" in told
    assert [header.value for header in app.subheader][-1] == "举例"


def test_a_change_in_the_laboratory_shows_who_changes_side_and_a_second_admin_is_needed(cast: Cast) -> None:
    posted(cast)
    app = open_page("policy_lab", sign_in("admin"))
    assert not app.exception
    for code, amount in (("public", 0.0), ("professional", 24.0), ("total", 24.0)):
        app.number_input(key=f"nmg-2024-{code}").set_value(amount)
    app.number_input(key="nmg-2024-window-0").set_value(1)
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    assert any("结论改变的2人" in markdown.value for markdown in app.markdown)
    press(app, "保存为草稿")
    draft = one(sa.select(PolicyDraft))
    app = open_page("policy_lab", sign_in("admin"), view="草稿与发布", draft=str(draft.id))
    app.text_input(key=f"why-{draft.id}").input("内人社办发〔2026〕1号")
    press(app, "发布")
    assert "另一名管理员" in app.error[0].value
    assert policy.in_force(TODAY.year).requirement.professional == 60


def test_a_recorded_decision_stands_while_nothing_changed(cast: Cast) -> None:
    posted(cast)
    now = datetime.now(UTC)
    with db.transaction() as session:
        decisions.decide_file(session, applications(), "申报.xlsx", actor=cast["title"], now=now)
    app = open_page(
        "eligibility", sign_in("title"), view="已存档", decision=str(one(sa.select(DecisionPart.id)) * 100_000)
    )
    assert not app.exception
    assert not any("核验之后有变化" in warning.value for warning in app.warning)
