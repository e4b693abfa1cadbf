"""A certificate from the person's form to the hours on the look-up page, as each of the three sees it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.ledger import books
from core.models import Account, AuditEntry, Claim, CreditBatch, Person, State
from core.submissions import claims, queues
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import boxes, frames, listed, open_page, sign_in
from tests.pages.test_deeds import NOW, TODAY, one, press

JPEG = b"\xff\xd8\xff\xe0 synthetic"


@pytest.fixture
def learner(cast: Cast) -> Cast:
    people.posted(cast, people.sheet([people.row(1), people.row(2, employer="示例旗蒙古族中学")]))
    people.give_account(cast, 1, "person", now=NOW)
    return cast


def fill(app: AppTest, key: str, **typed: object) -> None:
    for name, value in typed.items():
        field = app.date_input if name.endswith("_on") else app.text_input
        field(key=f"{key}{name}").set_value(value if name.endswith("_on") else str(value))


def begun(by: str) -> AppTest:
    return open_page("paper", sign_in(by), kind="claim")


def test_a_person_claims_a_certificate_and_the_reviewer_grants_its_hours(learner: Cast) -> None:
    app = begun("person")
    key = f"claim-new-{people.person_id(1)}-"
    app.selectbox(key=f"{key}activity").select("论坛").run()
    (told,) = (each.value for each in app.caption if "由审核部门依据证书核定专业科目学时" in each.value)
    assert "。每天至多8学时，请按实际学习的日期填写起止日期；跨年度的只计完成日期所在年度的各天" in told
    press(app, "提交")
    said = boxes(app, "error")[0]
    assert all(words in said for words in ("证书（证明）名称未填", "数未填", "没有上传证书或证明材料")), said
    fill(app, key, title="示例学术论坛证书", issuer="示例学会", start_on=TODAY, completed_on=TODAY, amount=8.0)
    press(app, "提交")
    assert "没有上传证书" in boxes(app, "error")[0]
    assert "填写的内容已保存，没有提交" in boxes(app, "warning")[-1]
    claim = one(sa.select(Claim))
    assert claim.state is State.DRAFT
    app.get("file_uploader")[0].upload("证书.jpg", JPEG, "image/jpeg")
    press(app, "提交")
    assert boxes(app, "success")[0].startswith("“示例学术论坛证书”已提交。由")
    home = open_page("home", sign_in("person"))
    labels = [each.proto.label for each in home.main if each.type == "page_link"]
    assert any("已提交或提出、等待人社部门审核的有1件" in each for each in labels)

    app = open_page("review", sign_in("reviewer"), item=str(claim.id))
    assert [(row["what"], row["who"].split("　")[-1]) for row in listed(app)] == [
        (f"{TODAY} 论坛 所载8学时", "示例市第一医院")
    ]
    press(app, "证明材料：证书.jpg")
    assert one(sa.select(AuditEntry.event).order_by(AuditEntry.id.desc()).limit(1)) == "file.handed_out"
    assert [each.label for each in app.get("download_button")] == ["导出 Excel", "下载"]
    press(app, "通过")
    assert app.error  # neither hours nor a reason
    app.number_input(key=f"granted-{claim.id}").set_value(6.5)
    press(app, "通过")
    assert "须填写审核意见" in boxes(app, "error")[0]
    assert one(sa.select(Claim)).granted is None  # one act: nothing was granted by half
    app.text_area(key=f"opinion-{claim.id}").input("论坛一天，按6.5学时折合")
    press(app, "通过")
    assert "登记" in boxes(app, "success")[0]

    app = open_page("credit_lookup", sign_in("person"))
    entries = next(each for each in frames(app) if "basis" in each and "hours" in each)
    (entry,) = entries[entries["source"] == "折合"].to_dict("records")
    assert (entry["hours"], entry["basis"]) == ("6.5", "论坛：示例学术论坛证书（示例学会）")


def test_hours_that_the_days_do_not_hold_are_told_at_once_and_what_was_typed_stays(learner: Cast) -> None:
    app = begun("person")
    key = f"claim-new-{people.person_id(1)}-"
    app.selectbox(key=f"{key}activity").select("三科").run()
    fill(app, key, title="三科教师研修证书", issuer="示例学院", start_on=TODAY, completed_on=TODAY, amount=40.0)
    press(app, "保存")
    assert f"每天至多8学时，{TODAY}一天至多8学时；起止日期有误的请改正" in boxes(app, "error")[0]
    assert app.text_input(key=f"{key}title").value == "三科教师研修证书"
    fill(app, key, start_on=TODAY - timedelta(days=366), amount=4.0)
    press(app, "保存")
    assert "起止日期跨年度" in "".join(boxes(app, "warning"))


def test_a_number_that_is_proposed_beside_the_opinion_is_the_one_approval_is_foretold_with(learner: Cast) -> None:
    nomination = people.nominate(learner, 2, by="hohhot_employer")
    app = open_page("review", sign_in("hohhot_reviewer"), item=str(nomination.id))
    assert app.number_input(key=f"rank-{nomination.id}-{nomination.version}").value == 1
    said = [each.value for each in app.markdown if "通过后，" in each.value or "现在还不能" in each.value]
    assert len(said) == 1
    assert "自治区遴选" in said[0]


def test_a_reviewer_is_told_of_hours_beyond_the_certificate_and_stopped_beyond_its_days(learner: Cast) -> None:
    claim = people.file_claim(learner, 1, by="person", now=NOW, start_on=TODAY, completed_on=TODAY, amount=Decimal(6))
    app = open_page("review", sign_in("reviewer"), item=str(claim.id))
    app.text_area(key=f"opinion-{claim.id}").input("证书属实")
    app.number_input(key=f"granted-{claim.id}").set_value(6.0).run()
    assert not app.warning
    app.number_input(key=f"granted-{claim.id}").set_value(8.5).run()
    assert "核定的8.5学时多于证书所载的6学时" in boxes(app, "warning")[0]
    press(app, "通过")
    assert "每天至多8学时" in boxes(app, "error")[0]
    assert one(sa.select(Claim)).state is State.SUBMITTED


def test_a_reviewer_is_told_what_else_the_person_studied_on_the_same_days(learner: Cast) -> None:
    start, end = people.PLAN.start_on, people.PLAN.end_on
    claim = people.file_claim(learner, 1, by="person", now=NOW, start_on=start, completed_on=end)
    app = open_page("review", sign_in("reviewer"), item=str(claim.id))
    (told,) = boxes(app, "error")
    assert told.startswith("同一期间已登记培训学时。")
    assert f"培训情况报告“知识更新培训班”，{start}至{end}，24学时（通过）" in told
    assert "通过" in [each.label for each in app.button]  # told, not stopped


def test_a_reviewer_is_told_before_returning_a_claim_that_nobody_could_put_right(learner: Cast) -> None:
    claim = people.file_claim(learner, 1, by="employer", now=NOW)
    for there, told in ((True, 0), (False, 1)):
        person_id = people.person_id(1)
        with db.transaction() as session:
            session.get_one(Account, learner["person"].account_id).active = there
            session.get_one(Person, person_id).employer_id = None  # moved to where nobody has an account
        app = open_page("review", sign_in("reviewer"), item=str(claim.id))
        assert sum("退回后没有人可以改正重报" in each for each in boxes(app, "warning")) == told


def test_a_claim_whose_hours_were_taken_back_says_so_and_what_to_do(learner: Cast) -> None:
    claim = people.file_claim(learner, 1, by="person", now=NOW)
    people.grant(learner, claim.id, 8, now=NOW)
    with db.transaction() as session:
        batch = session.scalars(sa.select(CreditBatch.id).where(CreditBatch.submission_id == claim.id)).one()
        books.reverse(session, batch, actor=learner["reviewer"], reason="证书有误", now=NOW)
    found = open_page("filing", sign_in("person"), category="学时折合申报")
    assert [row["marks"] for row in listed(found)] == [[{"word": "已冲销", "grave": True}]]
    for by, page, to_do in (("person", "paper", True), ("reviewer", "review", False)):
        if to_do:
            app = open_page(page, sign_in(by), item=str(claim.id))
        else:
            app = open_page(page, sign_in(by), item=str(claim.id), state="approved", kind="claim")
            assert [row["marks"] for row in listed(app)] == [[{"word": "已冲销", "grave": True}]]
        assert any(each.value.endswith(":red-badge[已冲销]") for each in app.markdown)
        (told,) = boxes(app, "warning")
        assert "证书有误" in told
        assert ("重新申报" in told) is to_do


def test_a_clerk_claims_for_the_own_people_and_an_examination_deems_the_year(learner: Cast) -> None:
    app = begun("employer")
    assert list(frames(app)[0]["employer"]) == ["示例市第一医院"]
    app = open_page("paper", sign_in("employer"), kind="claim", **{"for": str(people.person_id(1))})
    key = f"claim-new-{people.person_id(1)}-"
    app.selectbox(key=f"{key}activity").select("职业资格").run()
    assert f"{key}amount" not in [each.key for each in app.text_input]
    assert f"{key}start_on" not in [each.key for each in app.date_input]  # an examination has one day
    fill(app, key, title="一级建造师", issuer="示例考试机构", completed_on=TODAY)
    app.get("file_uploader")[0].upload("证书.jpg", JPEG, "image/jpeg")
    press(app, "提交")
    claim = one(sa.select(Claim))
    app = open_page("review", sign_in("reviewer2"), item=str(claim.id))
    assert [row["what"] for row in listed(app)] == [f"{TODAY} 职业资格 视同完成"]
    app.text_area(key=f"opinion-{claim.id}").input("考试合格")
    press(app, "通过")
    assert "专业科目视同完成" in boxes(app, "success")[0]
    with db.reading() as session:
        assert people.totals(session, people.person_id(1), [TODAY.year]).loc[0, "deemed"] == ["professional"]


def test_a_claim_is_returned_with_a_reason_corrected_and_withdrawn(learner: Cast) -> None:
    claim = people.file_claim(learner, 1, by="person", now=NOW, activity="技能培训")
    app = open_page("review", sign_in("reviewer"), item=str(claim.id))
    assert app.number_input(key=f"granted-{claim.id}").value == 40  # the notice's own rate
    app.text_area(key=f"opinion-{claim.id}").input("请补盖章页")
    press(app, "退回")
    app = open_page("paper", sign_in("person"), item=str(claim.id))
    assert "请补盖章页" in boxes(app, "warning")[0]
    fill(app, f"claim-{claim.id}-", amount=24.0)
    press(app, "提交")
    assert one(sa.select(Claim)).granted == Decimal(24)
    press(app, "撤回")
    assert one(sa.select(Claim)).state is State.WITHDRAWN


def test_nobody_opens_anothers_claim_by_its_address(learner: Cast) -> None:
    with db.transaction() as session:
        fields = people.CLAIM
        claim = claims.draft(session, people.person_id(2), fields, actor=learner["hohhot_employer"], now=NOW)
    for by, page in (("person", "paper"), ("employer", "paper"), ("baotou_reviewer", "review")):
        app = open_page(page, sign_in(by), item=str(claim.id))
        assert boxes(app, "error")[0] == "没有找到这条申请，或它不在您的管理权限内。"
        assert not app.get("download_button")[1:]
    with db.reading() as session:
        assert queues.queue(session, learner["person"], kinds=("claim",))[1] == 0
