"""Eligibility, the policy page and the laboratory as their users meet them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa
import yaml

from core.eligibility import decisions, drafts
from core.ground import db
from core.ground.access import Role
from core.law import notices
from core.law.notices import on_file
from core.ledger import books
from core.models import DecisionPart, DecisionRun, PolicyDraft
from core.people import accounts
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import boxes, frames, open_page, sign_in
from tests.pages.test_credit_import import imported, line
from tests.pages.test_deeds import NOW, TODAY, one, posted, press
from web import tables
from web.words import md


@pytest.fixture(autouse=True)
def _forget_policies() -> Iterator[None]:
    yield
    on_file._loaded.cache_clear()


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
    assert list(frames(app)[0]["outcome"]) == ["不符合", "有误"]
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DecisionRun)) == 0
    press(app, "核验并存档")
    assert one(sa.select(DecisionPart)).not_eligible == 1
    assert next(button for button in app.button if button.label == "核验并存档").disabled
    app = open_page(
        "eligibility", sign_in("title"), view="已存档", decision=str(one(sa.select(DecisionPart.id)) * 100_000)
    )
    assert any("不符合" in error for error in boxes(app, "error"))


def test_who_only_oversees_may_look_but_not_record(cast: Cast) -> None:
    app = open_page("eligibility", sign_in("leader"))
    app.get("file_uploader")[0].upload("申报.xlsx", applications(), "application/octet-stream").run()
    assert [button.label for button in app.button if button.label.startswith("核验")] == ["核验"]


def test_a_file_without_headings_is_refused_in_words(cast: Cast) -> None:
    app = open_page("eligibility", sign_in("title"))
    app.get("file_uploader")[0].upload("x.csv", b"a,b\n1,2\n", "text/csv").run()
    press(app, "核验")
    assert "没有找到表头" in boxes(app, "error")[0]


def test_one_persons_decision_is_shown_with_every_rule_considered(cast: Cast) -> None:
    posted(cast)
    app = open_page("eligibility", sign_in("title"), view="按人核验", person="1")
    assert not app.exception
    assert any("不符合" in error for error in boxes(app, "error"))
    considered = [table.value for table in app.table if "规定" in table.value.columns]
    assert sum(map(len, considered)) == len(notices.of_year(TODAY.year).waivers) + 1
    assert [words.startswith("**采用**") for words in considered[0]["结果"]].count(True) == 1
    titles = [expander.label for expander in app.expander]
    assert f"{TODAY.year}年度学时记录（1笔）" in titles


def test_what_two_waivers_would_give_together_stands_among_the_rules_as_a_comparison(cast: Cast) -> None:
    posted(cast)
    year = TODAY.year
    headings = ("姓名", "身份证号", "申报年度", "申报方式", "申报级别", "转任日期", "抗疫年度")
    row = ["额尔敦·巴图", people.id_number(1), year, "职称评审", "高级", f"{year - 2}-06-01", str(year - 1)]
    app = open_page("eligibility", sign_in("title"))
    content = people.sheet([row], headings)
    app.get("file_uploader")[0].upload("申报.xlsx", content, "application/octet-stream").run()
    press(app, "核验")
    app.query_params["row"] = str(frames(app)[0]["file_row"][0])
    app.run()
    considered = next(table.value for table in app.table if "规定" in table.value.columns).set_index("规定")
    both = considered.loc["几项减免合并"]
    assert both["结果"].startswith(f"未采用：需完成{year}")
    assert "此处只供比较" in both["理由"]


def test_the_form_asks_for_what_the_route_needs(cast: Cast) -> None:
    posted(cast)
    app = open_page("eligibility", sign_in("title"), view="按人核验", person="1")
    next(box for box in app.selectbox if box.label == "申报方式").select("考核认定").run()
    assert "请填写认定年限" in boxes(app, "error")[0]
    next(field for field in app.number_input if field.label == "认定年限（年）").set_value(1).run()
    assert not app.exception
    assert any("考核认定高级：不符合" in error for error in boxes(app, "error"))


def test_a_row_of_a_file_opens_its_sheet_or_says_why_it_has_none(cast: Cast) -> None:
    posted(cast)
    app = open_page("eligibility", sign_in("title"))
    app.get("file_uploader")[0].upload("申报.xlsx", applications(), "application/octet-stream").run()
    press(app, "核验")
    good, faulty = map(str, frames(app)[0]["file_row"])
    app.query_params["row"] = good
    app.run()
    assert any("额尔敦" in error and "不符合" in error for error in boxes(app, "error"))
    assert any(expander.label.startswith("不适用的规定") for expander in app.expander)
    app.query_params["row"] = faulty
    app.run()
    assert any(f"第{faulty}行没有核验" in warning for warning in boxes(app, "warning"))


def test_an_employer_clerk_cannot_decide_another_employers_person(cast: Cast) -> None:
    posted(cast)
    app = open_page("eligibility", sign_in("hohhot_employer"), view="按人核验", person="1")
    assert "没有找到" in boxes(app, "error")[0]


def test_the_policy_page_tells_clauses_interpretations_and_examples(cast: Cast) -> None:
    app = open_page("policies", sign_in("base"), day="2024-06-01")
    assert not app.exception
    clauses, silences, readings = (table.value for table in app.table)
    assert any("四" in clause and "9" in clause for clause in clauses["条款"])
    assert "**次年起算**" in set(silences["系统的处理"])
    assert len(silences) == len(notices.of_year(2024).interpretations)
    assert len(readings) == len(notices.of_year(2024).readings)
    assert any("自治区以外取得的职业资格" in question for question in readings["通知未写明"])
    assert any("2月底" in article for article in clauses["规定"])
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
    assert "发布" not in [button.label for button in app.button]  # who drafted it is offered nothing that would refuse
    assert "须由另一人办理" in boxes(app, "info")[-1]
    assert notices.of_year(TODAY.year).requirement.hours["professional"] == 60


def test_a_second_administrator_publishes_and_the_office_decides_by_it_at_once(cast: Cast) -> None:
    posted(cast)
    app = open_page("policy_lab", sign_in("admin"))
    app.number_input(key="nmg-2024-professional").set_value(70.0)
    app.run()
    asked = boxes(app, "warning")
    assert any("发布后会取代它" in each for each in asked)
    assert any("合计100，多于累计90" in each for each in asked)
    app.text_input(key="nmg-2024-id").set_value("nmg-next")
    app.number_input(key="nmg-2024-total").set_value(100.0)
    document = "内人社办发〔2026〕1号[点](//x)，问a@b.cn"
    app.text_input(key="nmg-2024-document").set_value(document)
    app.date_input(key="nmg-2024-from").set_value(date(TODAY.year, 1, 1))
    app.date_input(key="nmg-2024-to").set_value(date(TODAY.year, 12, 31))
    app.run()
    press(app, "保存为草稿")
    draft = one(sa.select(PolicyDraft))
    region = cast.places["region"].id
    with db.transaction() as session:
        accounts.open_account(
            session,
            username="second",
            name="第二名管理员",
            role=Role.ADMIN,
            organization_id=region,
            password=people.PASSWORD,
            must_change_password=False,
            actor=cast["admin"],
            now=datetime.now(UTC) - timedelta(days=2),  # whoever opened it could be both for a day
        )
    app = open_page("policy_lab", sign_in("second"), view="草稿与发布", draft=str(draft.id))
    assert any(each.value.startswith(md(document)) for each in app.caption)  # a user's words are no Markdown
    press(app, "发布")
    assert "发布依据" in boxes(app, "error")[0]
    app.text_input(key=f"why-{draft.id}").input("内人社办发〔2026〕1号")
    press(app, "发布")
    assert "已发布" in boxes(app, "success")[0]
    assert notices.of_year(TODAY.year).requirement.hours["professional"] == 70
    app = open_page("policies", sign_in("base"))
    assert app.caption[1].value.startswith(md(document))
    assert "@b" not in app.caption[1].value


def test_a_draft_with_a_fault_is_refused_by_line_and_nothing_is_kept(cast: Cast) -> None:
    posted(cast)
    app = open_page("policy_lab", sign_in("admin"))
    next(area for area in app.text_area if area.label == "草稿全文").set_value("id: nmg-2024\ntitle: 无\n").run()
    assert "政策文件有误" in boxes(app, "error")[0]
    assert "保存为草稿" not in [button.label for button in app.button]
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(PolicyDraft)) == 0


def test_anybody_is_found_in_the_laboratory_and_shown_by_both_policies(cast: Cast) -> None:
    posted(cast)
    app = open_page("policy_lab", sign_in("admin"))
    app.text_input(key="lab-who").set_value("额尔敦").run()
    assert list(frames(app)[-1]["turn"]) == ["不变"]
    app.query_params["who"] = str(1 * 3 + 2)
    app.run()
    assert [caption.value for caption in app.caption[-2:]] == ["现行政策", "草稿"]
    assert sum("额尔敦" in error for error in boxes(app, "error")) == 2


def test_everybody_of_an_employer_is_answered_and_recorded_in_one_deed(cast: Cast) -> None:
    posted(cast)
    app = open_page("eligibility", sign_in("title"), view="按单位核验")
    app.text_input(key="employer").input("没有这个单位").run()
    press(app, "核验")
    assert "没有找到人员" in boxes(app, "error")[0]
    app.text_input(key="employer").input("示例市第一医院").run()
    press(app, "核验")
    assert [metric.value for metric in app.metric][1] == "2"
    assert [set(each) & {"name", "file_row"} for each in frames(app)] == [{"name"}]  # no file, no number of its rows
    press(app, "核验并存档")
    assert one(sa.select(DecisionPart)).not_eligible == 2


def test_a_recorded_decision_stands_while_nothing_changed(cast: Cast) -> None:
    posted(cast)
    now = datetime.now(UTC)
    with db.transaction() as session:
        decisions.decide_file(session, applications(), "申报.xlsx", actor=cast["title"], now=now)
    app = open_page(
        "eligibility", sign_in("title"), view="已存档", decision=str(one(sa.select(DecisionPart.id)) * 100_000)
    )
    assert not app.exception
    assert not any("核验之后有变化" in warning for warning in boxes(app, "warning"))


def test_hours_deemed_done_and_taken_back_are_called_that_beside_their_batch(cast: Cast) -> None:
    batch_id = imported(cast, line(1, source="职业资格", hours="", basis="职业资格证书"), line(1, hours=24))
    with db.transaction() as session:
        books.reverse(session, batch_id, reason="证书有误", lines=[1], actor=cast["reviewer"], now=NOW)
    app = open_page("credit_lookup", sign_in("title"), person="1")
    entries = frames(app)[-1]
    told = set(zip(entries["source"], entries["hours"], strict=True))
    assert {("职业资格", "视同完成"), ("培训", "24"), (f"冲销第{batch_id}批", "撤销视同完成")} == told


def test_a_further_subject_is_called_by_the_name_its_notice_gives_it(cast: Cast) -> None:
    text = (notices.FOLDER / "nmg-2024.yaml").read_text(encoding="utf-8").replace("nmg-2024", "nmg-ethics")
    text = text.replace("subjects:", "subjects:\n  - {code: ethics, name: 职业道德, clause: 一(一)}")
    people.lay_notice("nmg-ethics", text)
    shown = tables.worded(pd.DataFrame({"subject": ["ethics", "public"]}), ["subject"])
    assert list(shown["subject"]) == ["职业道德", "公需科目"]


LEAGUE = """
id: hohhot-own
extends: nmg-2024
league: 呼和浩特市
title: 呼和浩特市通知
document: 呼人社发〔2024〕1号
issuer: 呼和浩特市人力资源和社会保障局
clauses: [补一]
requirement:
  clause: 补一
  hours: {public: 40, total: 100}
"""


def test_a_notice_that_extends_another_is_changed_in_what_it_takes_over(cast: Cast) -> None:
    posted(cast)
    people.lay_notice("hohhot-own", LEAGUE)
    app = open_page("policy_lab", sign_in("hohhot_admin"))
    assert any("沿用“2024年全区" in each.value for each in app.caption)

    def drafted() -> str:
        assert not app.exception, app.exception[0].stack_trace
        return str(next(area for area in app.text_area if area.label == "草稿全文").value)

    own = yaml.safe_load(drafted())
    assert own["requirement"] == {"clause": "补一", "hours": {"public": "40", "total": "100"}}
    assert not {"windows", "waivers"} & own.keys()
    assert app.number_input(key="hohhot-own-professional").value == 60
    app.number_input(key="hohhot-own-professional").set_value(70.0)
    app.number_input(key="hohhot-own-window-0").set_value(2).run()
    changed = yaml.safe_load(drafted())
    assert changed["extends"] == "nmg-2024"
    assert changed["requirement"]["hours"] == {"public": "40", "professional": "70", "total": "100"}
    assert [(each["level"], each["years"]) for each in changed["windows"]] == [(["中级", "高级"], "2")]
    assert any("合计110，多于累计100" in each for each in boxes(app, "warning"))
    app.number_input(key="hohhot-own-total").set_value(110.0).run()
    rule = drafts.read(drafted())
    assert [each.years for each in rule.windows if each.years] == [1, 2]
    app.checkbox(key="hohhot-own-非公有制经济领域").uncheck().run()
    assert any("不再沿用" in each for each in boxes(app, "info"))
    whole = drafts.read(drafted())
    assert whole.extends is None
    assert whole.league == "呼和浩特市"
    assert {each.name for each in rule.waivers} - {each.name for each in whole.waivers} == {"非公有制经济领域"}
    assert whole.requirement == rule.requirement


def test_the_policy_page_shows_the_notice_of_a_league_and_begins_with_ones_own(cast: Cast) -> None:
    people.lay_notice("hohhot-own", LEAGUE)
    shown = {}
    for who, query in (("base", {}), ("base", {"league": "呼和浩特市"}), ("hohhot_base", {}), ("baotou_reviewer", {})):
        app = open_page("policies", sign_in(who), day="2024-06-01", **query)
        assert not app.exception
        shown[who, *query] = (app.subheader[0].value, any("没有自己的通知" in each.value for each in app.caption))
    region = "2024年全区专业技术人员继续教育工作通知"
    assert shown == {
        ("base",): (region, False),
        ("base", "league"): ("呼和浩特市通知", False),
        ("hohhot_base",): ("呼和浩特市通知", False),
        ("baotou_reviewer",): (region, True),
    }


def test_faulty_files_are_listed_for_administrators_and_mended_where_they_are_listed(cast: Cast) -> None:
    posted(cast)
    faulty = LEAGUE.replace("hours: {", "hour: {")
    people.lay_notice("hohhot-own", faulty)
    assert not any("有误的政策文件" in each.value for each in open_page("policies", sign_in("base")).markdown)
    for page in ("policies", "policy_lab"):
        app = open_page(page, sign_in("admin"))
        assert not app.exception
        assert any("有误的政策文件" in each.value for each in app.markdown)
        assert app.table[0].value.to_numpy().tolist() == [
            ["hohhot\\-own.yaml", "11", "requirement.hour", "没有这一项，是否为 hours"]
        ]
    press(app, "打开改正")
    assert next(area for area in app.text_area if area.label == "草稿全文").value == faulty
    app = open_page("policy_lab", sign_in("hohhot_admin"), file="hohhot-own")
    area = next(area for area in app.text_area if area.label == "草稿全文")
    assert area.value == faulty
    assert "政策文件有误" in boxes(app, "error")[0]
    area.set_value(LEAGUE).run()
    assert not app.exception
    assert not app.error
    press(app, "保存为草稿")
    assert one(sa.select(PolicyDraft)).text == LEAGUE


def test_an_uploaded_file_is_tried_and_one_that_is_no_text_is_refused(cast: Cast) -> None:
    posted(cast)
    app = open_page("policy_lab", sign_in("admin"))
    app.get("file_uploader")[0].upload("通知.yaml", LEAGUE.encode("utf-8-sig"), "text/yaml").run()
    assert not app.exception
    assert next(area for area in app.text_area if area.label == "草稿全文").value == LEAGUE
    press(app, "保存为草稿")
    assert one(sa.select(PolicyDraft)).policy_id == "hohhot-own"
    app.get("file_uploader")[0].upload("通知.yaml", LEAGUE.encode("gbk"), "text/yaml").run()
    assert "编码，请用记事本另存" in boxes(app, "error")[0]


def test_a_notice_with_other_windows_shows_whom_it_cannot_decide(cast: Cast) -> None:
    posted(cast)
    text = (notices.FOLDER / "nmg-2024.yaml").read_text(encoding="utf-8")
    for was, label in (("level: [中级, 高级]", "level: [中级]"), ("route: 职称评审", "route: 考核认定")):
        app = open_page("policy_lab", sign_in("admin"))
        other = text.replace(was, label).replace(
            "考核认定, level: [初级]", "考核认定, level: [初级], education: [博士]"
        )
        next(area for area in app.text_area if area.label == "草稿全文").set_value(other).run()
        assert not app.exception, app.exception[0].stack_trace
        metrics = {metric.label: (metric.value, metric.delta) for metric in app.metric}
        assert metrics["无法核验"] == ("2", "+2")
        assert any("没有写明职称评审高级需完成哪些年度" in warning for warning in boxes(app, "warning"))
        app.query_params["who"] = str(1 * 3 + 2)
        app.run()
        assert not app.exception, app.exception[0].stack_trace
        assert any("无法核验" in info for info in boxes(app, "info"))


def test_a_leagues_administrator_drafts_for_the_own_league_and_tries_it_over_its_people(cast: Cast) -> None:
    posted(cast)
    app = open_page("policy_lab", sign_in("hohhot_admin"))
    assert not app.exception
    assert next(box for box in app.selectbox if box.label == "适用范围").options == ["呼和浩特市"]
    assert any("试算没有对象" in words for words in boxes(app, "info"))  # those with hours are the region's
    press(app, "保存为草稿")
    draft = one(sa.select(PolicyDraft))
    assert draft.policy_id == "nmg-2024-1"
    assert "league: 呼和浩特市" in draft.text
    app = open_page("policy_lab", sign_in("admin"), view="草稿与发布", draft=str(draft.id))
    assert not app.exception
    assert list(frames(app)[0]["league"]) == ["呼和浩特市"]
    app.text_input(key=f"why-{draft.id}").input("呼人社发〔2026〕1号")
    press(app, "发布")
    assert "已发布" in boxes(app, "success")[0]
    assert notices.of_year(TODAY.year, "呼和浩特市").id == "nmg-2024-1"
