"""Batches as officers look them over: what is in them, what relied on them, and undoing them in whole or in part."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from core.courses import passing
from core.eligibility import answers, applications, decisions
from core.ground import db
from core.ledger import books
from core.models import AuditEntry, CreditBatch
from core.records import cards, proofs
from core.submissions import kinds
from core.trail import files
from routes import addresses
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import boxes, frames, open_page, sent, sign_in
from tests.pages.test_credit_import import balance, book, imported, line
from tests.pages.test_deeds import NOW, press, told


def test_one_line_is_undone_then_the_rest_of_the_batch(cast: Cast) -> None:
    batch_id = imported(cast, line(1), line(2), line(3))
    app = open_page("ledger", sign_in("admin"), batch=str(batch_id), **{f"line{batch_id}": "2"})
    told = "将冲销第1批的1笔学时，涉及1人、60学时；该批还有2笔有效。"  # before any click
    assert told in boxes(app, "info")
    press(app, "冲销所选各笔")
    assert "请填写冲销的原因" in boxes(app, "error")[0]
    app.text_input(key=f"reverse-{batch_id}").input("重复登记")
    press(app, "冲销所选各笔")
    assert boxes(app, "success")[0].startswith("已冲销第1批的1笔学时，涉及1人、60学时。冲销记在第2批")
    assert sorted(balance(serial) for serial in (1, 2, 3)) == [0, 60, 60]
    press(app, "冲销其余各笔")  # one stray click: the reason was emptied with the line it was for
    assert "请填写冲销的原因" in boxes(app, "error")[0]
    app.text_input(key=f"reverse-{batch_id}").input("全部有误")
    press(app, "冲销其余各笔")
    assert "**将冲销第1批的2笔学时，涉及2人、120学时；该批全部冲销。**" in [each.value for each in app.markdown]
    assert sorted(balance(serial) for serial in (1, 2, 3)) == [0, 60, 60]  # so far it was asked only
    press(app, "确认冲销")
    assert [balance(serial) for serial in (1, 2, 3)] == [0, 0, 0]
    assert not [button for button in app.button if "冲销" in button.label]
    batches = frames(app)[0]
    assert list(batches["standing"]) == ["有效", "有效", "已冲销"]
    assert list(batches["origin"]) == ["冲销", "冲销", "导入"]
    assert [each.split("（")[0] for each in boxes(app, "warning")] == ["冲销第1批：重复登记", "冲销第1批：全部有误"]
    app = open_page("ledger", sign_in("admin"), batch="2")
    assert not [button for button in app.button if "冲销" in button.label]


@pytest.mark.parametrize(("by", "sees", "may"), [("reviewer", True, False), ("baotou_reviewer", False, False)])
def test_another_offices_batch_is_not_ones_own_to_undo(cast: Cast, by: str, sees: bool, may: bool) -> None:
    batch_id = imported(cast, line(1), by="hohhot_reviewer")
    app = open_page("ledger", sign_in(by), batch=str(batch_id))
    assert not app.exception
    assert bool(app.error) != sees
    assert bool([button for button in app.button if "冲销" in button.label]) == may


def test_a_reversal_that_was_asked_about_is_not_done_until_it_is_confirmed(cast: Cast) -> None:
    batch_id = imported(cast, line(1), line(2), line(3))
    app = open_page("ledger", sign_in("reviewer"), batch=str(batch_id))
    assert "冲销整批：将冲销第1批的3笔学时，涉及3人、180学时；该批全部冲销。" in told(app)  # before any click
    app.text_input(key=f"reverse-{batch_id}").input("重复登记").run()
    app = open_page("ledger", sign_in("reviewer"), batch=str(batch_id))
    assert app.text_input(key=f"reverse-{batch_id}").value == "重复登记"  # after F5
    press(app, "冲销整批")
    with db.transaction() as session:  # somebody else is faster with one of them
        books.reverse(session, batch_id, lines=[2], actor=cast["admin"], reason="重复", now=NOW)
    press(app, "确认冲销")
    assert "第2笔已经冲销" in boxes(app, "error")[0]
    assert "冲销其余各笔：将冲销第1批的2笔学时" in told(app)
    assert [balance(serial) for serial in (1, 2, 3)] == [60, 0, 60]
    press(app, "冲销其余各笔")
    press(app, "不冲销")
    assert [balance(serial) for serial in (1, 2, 3)] == [60, 0, 60]
    assert "确认冲销" not in [button.label for button in app.button]


def test_whether_a_line_still_stands_is_told_before_the_long_columns(cast: Cast) -> None:
    batch_id = imported(cast, line(1), line(2))
    with db.transaction() as session:
        books.reverse(session, batch_id, lines=[2], actor=cast["reviewer"], reason="重复", now=NOW)
    app = open_page("ledger", sign_in("reviewer"), batch=str(batch_id))
    shown = frames(app)[1]
    assert list(shown.columns[:3]) == ["batch_line", "standing", "name"]
    assert list(shown["standing"]) == ["有效", "已冲销"]
    assert [each["fixed"] for each in sent(app) if each["mode"] == "tick"] == [[2]]  # gone already: it has no box


def test_hours_of_an_exam_are_one_line_whose_people_are_ticked_and_reversed(cast: Cast) -> None:
    people.posted(cast, people.sheet([people.row(1), people.row(2)]))
    course = people.publish_course(cast, year=NOW.year, credit_years=(NOW.year,))
    for serial in (1, 2):
        with db.transaction() as session:
            passing.credit(session, course.id, [passing.Passed(people.person_id(serial), NOW.date())], now=NOW)
    app = open_page("ledger", sign_in("reviewer"), batch="3")
    lines, whose = frames(app)
    assert list(lines["batch_id"]) == ["3", "1"]
    assert lines["matter"][0].endswith("（2批，每人一批）")
    assert list(whose["name"]) == ["孙示丂", "钱示丁"]
    app.session_state["together-3-chosen"] = {2, 3}
    app.run()
    press(app, "冲销所选2批")
    assert "请填写冲销的原因" in boxes(app, "error")[0]
    app.text_input(key="together-3-reason").input("成绩有误")
    press(app, "冲销所选2批")
    assert "**将冲销2批的学时，涉及2人、60学时。**" in [each.value for each in app.markdown]
    press(app, "确认冲销")
    assert boxes(app, "success")[0].startswith("已冲销2批的学时，涉及2人、60学时")
    assert list(frames(app)[1]["standing"]) == ["已冲销", "已冲销"]


def test_the_file_is_handed_out_as_a_logged_act(cast: Cast) -> None:
    batch_id = imported(cast, line(1))
    app = open_page("ledger", sign_in("admin"), batch=str(batch_id))
    labels = [button.label for button in app.get("download_button")]
    assert "原文件：往年学时.xlsx" in labels
    with db.transaction() as session:
        kept = session.get_one(CreditBatch, batch_id).attachment_id
        assert kept is not None
        assert files.handed_out(session, kept, actor=cast["admin"], now=NOW).content == book(line(1))
    with db.reading() as session:
        last = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (last.event, last.record, last.record_id) == ("file.handed_out", "credit_batch", batch_id)


def test_batches_are_filtered_by_kind_and_a_reports_batch_may_be_undone(cast: Cast) -> None:
    people.posted(cast, people.sheet([people.row(5)]))
    imported(cast, line(1))
    app = open_page("ledger", sign_in("reviewer"), origin="report")
    assert not app.exception
    shown = frames(app)[0]
    if len(shown) > 1:  # the address bar does not reach bound widgets in this harness
        app.selectbox(key="origin").select(kinds.origins()("report")).run()
        shown = frames(app)[0]
    assert list(shown["origin"]) == ["培训报告"]
    assert list(shown.columns[:4]) == ["batch_id", "standing", "matter", "organization"]
    assert list(shown.loc[0, ["matter", "organization"]]) == ["知识更新培训班", "示例继续教育基地"]
    for text, found in (("示例继续教育基地", ["1"]), ("第2批", ["2"]), ("没有", [])):
        app.selectbox(key="origin").select(None)
        app.text_input(key="q").input(text).run()
        shown = [str(each) for each in frames(app)[0]["batch_id"]] if frames(app) else []
        assert shown == found, text
    app = open_page("ledger", sign_in("reviewer"), batch="1")
    app.text_input(key="reverse-1").input("培训没有举办")
    press(app, "冲销整批")
    assert "已冲销第1批的1笔学时" in boxes(app, "success")[0]


def test_lines_are_undone_by_their_numbers_and_the_cards_of_those_people_are_counted(cast: Cast) -> None:
    batch_id = imported(cast, *(line(serial) for serial in range(1, 7)))
    holders = [people.person_id(serial) for serial in (2, 3, 6)]
    with db.transaction() as session:
        for person_id in holders:
            cards.issue(session, person_id, NOW.year - 1, actor=cast["reviewer"], now=NOW)
    app = open_page("ledger", sign_in("reviewer"), batch=str(batch_id))
    app.text_input(key=f"reverse-{batch_id}").input("培训没有举办")
    for typed, said in (("二", "不是笔号"), ("", "请在明细中勾选要冲销的各笔"), ("5-2", "起止颠倒"), ("7", "共6笔")):
        app.text_input(key=f"reverse-{batch_id}-lines").input(typed)
        press(app, "冲销所选各笔")
        assert said in boxes(app, "error")[0]
    app.text_input(key=f"reverse-{batch_id}-lines").input("1、2-3")
    press(app, "冲销所选各笔")
    said = "**将冲销第1批的3笔学时，涉及3人、180学时；2张已出具的审验卡失效；该批还有3笔有效。**"
    assert said in [each.value for each in app.markdown]
    press(app, "确认冲销")
    assert boxes(app, "success")[0] == "已冲销第1批的3笔学时，涉及3人、180学时；2张已出具的审验卡失效。冲销记在第2批。"
    assert [balance(serial) for serial in range(1, 7)] == [0, 0, 0, 60, 60, 60]
    shown = open_page("credit_lookup", sign_in("reviewer"), person=str(people.person_id(2)))
    assert "已出具的审验卡（1张，其中1张已失效）" in [each.label for each in shown.expander]
    (card,) = frames(shown)[2].to_dict("records")
    assert card["revoked_because"] == "冲销第1批：培训没有举办"
    assert "生成审验卡" not in [button.label for button in shown.button]
    assert list(frames(shown)[3]["standing"]) == ["已冲销", "冲销"]


def test_a_proof_of_an_entry_is_issued_and_taken_away_with_its_file(cast: Cast) -> None:
    imported(cast, line(1), line(2))
    app = open_page("credit_lookup", sign_in("reviewer"), person=str(people.person_id(2)))
    press(app, "出具入账证明")
    assert boxes(app, "success")[0] == "第1批第2笔的入账证明已出具，请下载。"
    labels = [each.label for each in app.get("download_button")]
    assert labels[-2:] == ["下载第1批第2笔的证明（PDF）", "下载第1批第2笔的校验文件（JSON）"]
    _, entry, file, page = app.session_state["proof"]
    assert entry == (1, 2)
    assert proofs.faults(file) == []
    assert page.startswith(b"%PDF")


def test_the_proof_of_one_entry_is_not_offered_beside_another(cast: Cast) -> None:
    imported(cast, line(1), line(1, subject="公需科目", hours=20))
    person_id = people.person_id(1)
    app = open_page("credit_lookup", sign_in("reviewer"), person=str(person_id))
    press(app, "出具入账证明")
    box = app.selectbox(key=f"proof-{person_id}")
    batch_id, number = box.value

    def offered() -> bool:
        label = f"下载第{batch_id}批第{number}笔的证明（PDF）"
        return label in [each.label for each in app.get("download_button")]

    assert offered()
    box.select_index(1).run()
    assert not offered()
    assert not [each for each in app.get("download_button") if "笔" in each.label]
    app.selectbox(key=f"proof-{person_id}").select_index(0).run()
    assert offered()


def test_anybody_checks_a_proof_without_signing_in(cast: Cast) -> None:
    imported(cast, line(1), line(2))
    with db.transaction() as session:
        file = proofs.issue(session, 1, 1, actor=cast["reviewer"], now=NOW)
    altered = file.replace("赵示丁".encode(), "赵示戊".encode())
    assert altered != file

    def asked(method: str, **sent: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            office = httpx.ASGITransport(Starlette(routes=addresses.ROUTES))
            async with httpx.AsyncClient(transport=office, base_url="http://office") as client:
                return await client.request(method, "/verify", **sent)

        with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps this one's loop
            return thread.submit(asyncio.run, ask()).result()

    def told(content: bytes) -> str:
        return asked("POST", files={"proof": ("proof.json", content)}).text

    assert "核验入账证明" in asked("GET").text
    assert "证明成立" in told(file)
    assert people.id_number(1) not in told(file)
    assert "赵示丁" in told(file)
    assert "现在仍然有效" in told(file)
    assert "证明不成立：签名不符" in told(altered)
    assert "现在" not in told(altered)  # whoever has no proof is told nothing
    with db.transaction() as session:
        books.reverse(session, 1, lines=[1], actor=cast["reviewer"], reason="重复登记", now=NOW)
    assert f"这笔学时已于{db.office_day(NOW)}冲销（第2批），现在不再计入" in told(file)
    assert "重复登记" not in told(file)
    assert "仍然有效" not in told(file)
    assert "不是本系统出具的入账证明" in told(b"<script>")
    assert asked("POST", files={"proof": ("proof.json", bytes(2 * 2**20))}).status_code == 413
    assert asked("POST", data={"proof": "x"}).text.count("不是本系统出具的入账证明") == 1


def test_the_decisions_that_relied_on_a_batch_are_listed_for_another_look(cast: Cast) -> None:
    batch_id = imported(cast, line(1), line(2), line(3), by="hohhot_reviewer")
    with db.transaction() as session:
        form = {"year": NOW.year, "route": "职称评审", "level": "高级"}
        applied = [answers.application(session, people.person_id(1), form, actor=cast["title"])]
        decisions.decide(session, applications.Batch(applied), actor=cast["title"], now=NOW)
    app = open_page("ledger", sign_in("hohhot_reviewer"), batch=str(batch_id), **{f"line{batch_id}": "1"})
    assert [(each.label, each.proto.expanded) for each in app.expander] == [("据此作出的资格核验结论（1项）", True)]
    assert [each.value for each in app.caption if "其中1项由其他机关核验，请告知核验机关复核。" in each.value]
    (told,) = frames(app)[2].to_dict("records")
    assert (told["name"], told["year"], told["relied_years"]) == ("赵示丁", str(NOW.year), str(NOW.year - 1))
    assert told["outcome"] in ("符合", "不符合", "待核验")
    assert told["deciding_office"] == cast["title"].organization_name
    assert people.id_number(1) not in str(told)
    app.text_input(key=f"reverse-{batch_id}").input("重复登记")
    press(app, "冲销所选各笔")  # one line, but something was decided on it
    said = "**将冲销第1批的1笔学时，涉及1人、60学时；1项资格核验结论曾用到这些学时；该批还有2笔有效。**"
    assert said in [each.value for each in app.markdown]
    press(app, "确认冲销")
    where = "1项资格核验结论曾用到这些学时，请到“入账批次与冲销”第2批查看并复核。"
    assert boxes(app, "success")[0] == f"已冲销第1批的1笔学时，涉及1人、60学时。冲销记在第2批，{where}"
    app = open_page("ledger", sign_in("hohhot_reviewer"), batch="2")
    assert "据此作出的资格核验结论（1项）" in [each.label for each in app.expander]
