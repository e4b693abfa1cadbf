"""The people of an office on screen: who is short of what, and what may be done about one of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.eligibility import answers, applications, decisions
from core.ground import db, names
from core.ledger import statements
from core.models import Dispute, Person
from core.people import acts
from core.records import cards, shortfalls
from core.submissions import disputes
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import boxes, frames, listed, open_page, sign_in

NOW = datetime.now(UTC)
YEAR = db.office_day(NOW).year


def learners(cast: Cast) -> None:
    """Two of the hospital, one with 24 professional hours of 2024 and one with 30; and one of the school."""
    rows = [people.row(1), people.row(2, professional_hours=18), people.row(3, employer="示例旗蒙古族中学")]
    people.posted(cast, people.sheet(rows))


def test_an_employer_sees_its_own_people_and_what_they_lack(cast: Cast) -> None:
    learners(cast)
    app = open_page("people", sign_in("employer"))
    assert app.title[0].value == "本单位人员"
    shown = frames(app)[0]
    assert list(shown["name"]) == [people.row(1)[1], people.row(2)[1]]
    assert list(shown.columns[1:4]) == [f"{YEAR - ago}年度（学时）" for ago in range(3)]
    assert f"共2人，{YEAR}年度短缺2人" in [caption.value for caption in app.caption]
    assert not [field for field in app.text_input if field.label == "工作单位"]
    assert people.id_number(1) not in shown.to_csv()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shortfalls, "shortfalls", None)  # nothing was done since: the page is kept
        assert list(frames(open_page("people", sign_in("employer")))[0]["name"]) == list(shown["name"])
    theirs = frames(open_page("people", sign_in("hohhot_employer")))[0]
    assert list(theirs["name"]) == [people.row(3)[1]], "kept for whom it was asked, and for nobody else"
    people.posted(cast, people.sheet([people.row(4)]))
    after = frames(open_page("people", sign_in("employer")))[0]
    assert list(after["name"]) == [*shown["name"], people.row(4)[1]]


def test_the_filter_leaves_who_is_short_and_an_empty_list_says_so(cast: Cast) -> None:
    learners(cast)
    app = open_page("credit_lookup", sign_in("hohhot_reviewer"), lack="本年度短缺")
    assert list(frames(app)[0]["name"]) == [people.row(3)[1]]
    app = open_page("people", sign_in("baotou_reviewer"), lack="本年度短缺")
    assert not frames(app)
    assert "没有符合条件的人员" in boxes(app, "info")[0]


def test_an_id_number_that_is_looked_for_never_stands_in_the_address(cast: Cast) -> None:
    learners(cast)
    number = people.id_number(1)
    app = open_page("people", sign_in("employer"), q=number)  # as somebody's link had it
    field = app.text_input(key="q")
    for _ in range(2):
        assert field.value == number
        assert "q" not in app.query_params
        assert list(frames(app)[0]["name"]) == [people.row(1)[1]]
        app.run()
    field.set_value(people.row(2)[1]).run()
    assert people.row(2)[1] in app.query_params["q"]
    field.set_value(number).run()
    assert "q" not in app.query_params
    assert list(frames(app)[0]["name"]) == [people.row(1)[1]]
    field.set_value("示" * 20_000).run()
    assert boxes(app, "warning")[0].startswith("“姓名或身份证号”里有20,000个字，最多200个字，没有查找")
    assert ("q" in app.query_params, app.text_input(key="q").value) == (False, "")
    assert len(frames(app)[0]) == 2


def press(app: AppTest, label: str) -> AppTest:
    """Click the one button with these words."""
    (found,) = (button for button in app.button if button.label == label)
    found.click().run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def act(app: AppTest, label: str) -> AppTest:
    """Choose what to do with the person who is open."""
    (control,) = (one for one in app.get("button_group") if one.label == "办理")
    control.set_value(label).run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def field(app: AppTest, label: str) -> Any:
    (found,) = (one for one in (*app.text_input, *app.text_area) if one.label == label)
    return found


def one_person(person_id: int) -> Person:
    with db.reading() as session:
        return session.get_one(Person, person_id)


def test_a_name_is_corrected_with_its_proof_and_a_refusal_loses_nothing(cast: Cast) -> None:
    learners(cast)
    person_id = people.person_id(1)
    app = act(open_page("people", sign_in("reviewer"), person=str(person_id)), "更正姓名或身份证号")
    room = field(app, "姓名").proto.max_chars
    assert names.is_name("图" * room)
    assert not names.is_name("图" * (room + 1))
    field(app, "姓名").input("额尔敦·巴图")
    field(app, "更正的原因（必填）").input("户籍更名")
    press(app, "更正")
    assert boxes(app, "error")[0].startswith("请上传证明材料")
    assert field(app, "姓名").value == "额尔敦·巴图"
    app.file_uploader[0].upload("户籍证明.pdf", b"%PDF-1.4 synthetic", "application/pdf")
    press(app, "更正")
    assert boxes(app, "success")[0].startswith("已更正为额尔敦·巴图")
    assert one_person(person_id).name == "额尔敦·巴图"
    history = frames(app)[1]
    assert list(history["after"]) == ["姓名 额尔敦·巴图"]
    for by in ("leader", "title", "hohhot_reviewer"):
        app = open_page("people", sign_in(by), person=str(person_id))
        assert not app.get("button_group"), f"{by} is offered the deeds of the office in charge"


def test_a_person_is_handed_over_to_another_league(cast: Cast) -> None:
    learners(cast)
    person_id = people.person_id(3)
    app = act(open_page("credit_lookup", sign_in("hohhot_reviewer"), person=str(person_id)), "调动")
    field(app, "调入单位").input("示例市第一医院")
    field(app, "调动的原因（必填）").input("调动文件")
    press(app, "办理调动")
    assert "已移交内蒙古自治区人力资源和社会保障厅" in boxes(app, "success")[0]
    assert not app.error
    assert one_person(person_id).authority_id == cast.places["region"].id


def test_two_records_are_merged_and_separated(cast: Cast) -> None:
    learners(cast)
    stays, duplicate = people.person_id(1), people.person_id(2)
    app = act(open_page("people", sign_in("reviewer"), person=str(stays)), "合并重复人员")
    field(app, "重复记录的姓名或完整身份证号").input(people.id_number(2)).run()
    field(app, "合并的原因（必填）").input("号码录错")
    assert "性别不同（男、女），很可能不是同一人" in boxes(app, "warning")[0]
    press(app, "合并")
    assert "请上传证明材料" in boxes(app, "error")[0]
    app.file_uploader[0].upload("户籍证明.pdf", b"%PDF-1.4 synthetic", "application/pdf")
    press(app, "合并")
    assert "已并入" in boxes(app, "success")[0]
    assert one_person(duplicate).merged_into_id == stays
    assert len(frames(app)[0]) == 2  # the hospital's one and the school's
    press(app, "撤销合并")
    assert "请填写原因" in boxes(app, "error")[0]
    (reason,) = (one for one in app.text_input if one.label.startswith("撤销与"))
    reason.input("不是同一人")
    press(app, "撤销合并")
    assert one_person(duplicate).merged_into_id is None
    assert len(frames(app)[0]) == 3


def test_an_entry_is_disputed_beside_it_and_answered_by_the_reviewer(cast: Cast) -> None:
    learners(cast)
    person_id = people.person_id(1)
    app = open_page("credit_lookup", sign_in("employer"), person=str(person_id))
    press(app, "提出异议")
    assert "写明这笔学时哪里有误" in boxes(app, "error")[0]
    field(app, "哪里有误、应当是什么（必填）").input("只参加了两天")
    press(app, "提出异议")
    assert boxes(app, "success")[0].startswith("异议已提出")
    assert field(app, "哪里有误、应当是什么（必填）").value == ""
    assert any("待答复：只参加了两天" in shown.to_csv() for shown in frames(app))
    with db.reading() as session:
        dispute_id = session.scalars(sa.select(Dispute.id)).one()
    app = open_page("review", sign_in("reviewer"), item=str(dispute_id))
    assert "只参加了两天" in frames(app)[0].to_csv()
    assert ":gray[:small[学习日期]]  \n*2024\\-06\\-26*" in [each.value for each in app.markdown]
    press(app, "异议成立")
    assert "异议成立须填写审核意见" in boxes(app, "error")[0]
    field(app, "审核意见").input("签到表只有两天")
    with db.transaction() as session:
        cards.issue(session, person_id, 2024, actor=cast["reviewer"], now=NOW)
        form = {"year": 2024, "route": "职称评审", "level": "高级"}
        applied = [answers.application(session, person_id, form, actor=cast["title"])]
        decisions.decide(session, applications.Batch(applied), actor=cast["title"], now=NOW)
    app.run()
    told = "冲销第1批第1笔；1张已出具的审验卡失效"
    assert any(told in each.value.replace("\\", "") for each in app.markdown)
    assert "1项资格核验结论曾用到这笔学时" in boxes(app, "warning")[0]
    press(app, "异议成立")
    assert boxes(app, "success")[0] == f"“2024年度学时（第1批第1笔）”异议成立。{told}。"
    assert boxes(app, "info")[0].startswith("列表是空的。")
    app = open_page("credit_lookup", sign_in("employer"), person=str(person_id))
    assert any("异议成立：只参加了两天（答复：签到表只有两天）" in shown.to_csv() for shown in frames(app))


def test_a_dispute_leads_to_its_batch_and_to_the_persons_hours_those_who_may_look_the_person_up(cast: Cast) -> None:
    rows = [people.row(3, employer="示例旗蒙古族中学")]
    people.posted(cast, people.sheet(rows), by="hohhot_base", reviewer="hohhot_reviewer")
    person_id, by = people.person_id(3), cast["hohhot_employer"]
    with db.transaction() as session:
        filed = disputes.file(session, person_id, 1, 1, words="不是我的", actor=by, now=NOW)

    def links() -> list[tuple[str, dict[str, list[str]]]]:
        app = open_page("review", sign_in("hohhot_reviewer"), item=str(filed.id))
        assert not app.error
        shown = [each.proto for each in app.get("page_link")]
        return [(each.page, parse_qs(each.query_string)) for each in shown if each.query_string]

    batch = ("ledger", {"batch": ["1"], "line1": ["1"]})
    assert links() == [("credit_lookup", {"person": [str(person_id)], "q": [str(rows[0][1])]}), batch]
    act = {"actor": cast["hohhot_reviewer"], "reason": "调动文件", "now": NOW}
    home = cast.places["region"].id
    with db.transaction() as session:
        acts.move(session, person_id, employer="示例市第一医院", authority_id=home, version=1, **act)
    assert links() == [batch]


def test_a_dispute_about_a_deemed_year_says_so_and_a_foreign_one_is_not_found(cast: Cast) -> None:
    learners(cast)
    person_id = people.person_id(1)
    claim = people.file_claim(cast, 1, activity="职业资格", title="一级建造师", amount=Decimal(0), now=NOW)
    people.grant(cast, claim.id, now=NOW)
    with db.transaction() as session:
        batch = int(statements.entries(session, person_id)["batch_id"].max())
        filed = disputes.file(session, person_id, batch, 1, words="不是我考的", actor=cast["employer"], now=NOW)
    app = open_page("review", sign_in("reviewer"), item=str(filed.id))
    assert listed(app)[0]["what"].endswith(" 视同完成")
    assert any("专业科目 视同完成" in each.value.replace("\\", "") for each in app.markdown)
    words = []
    for dispute_id in (filed.id, filed.id + 1):
        app = open_page("review", sign_in("hohhot_reviewer"), item=str(dispute_id))
        words += boxes(app, "error")
    assert words == ["没有找到这条申请，或它不在您的管理权限内。"] * 2


def test_the_section_of_proofs_stays_open_while_cards_and_proofs_are_made(cast: Cast) -> None:
    learners(cast)
    person_id = people.person_id(1)
    app = open_page("credit_lookup", sign_in("employer"), person=str(person_id))

    def is_open() -> bool:
        (section,) = (each for each in app.get("expander") if each.label == "入账证明")
        return bool(section.proto.expanded)

    assert not is_open()
    app.session_state[f"proof-{person_id}-open"] = True  # as a hand opens it
    for label in ("生成审验卡", "出具入账证明", "生成审验卡"):
        press(app, label)
        assert is_open()
