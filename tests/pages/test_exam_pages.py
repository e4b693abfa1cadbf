"""The office's pages of exams: a clerk keeps the bank and makes an exam, a reviewer publishes it and voids an item."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.ground import db
from core.models import BankItem, Exam, ExamState, ItemState
from tests import cast as c
from tests import ready, sat
from tests.pages.conftest import SheetOf, boxes, frames, open_page, sign_in
from tests.pages.test_deeds import press


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(sat.office)


def exam() -> Exam:
    with db.reading() as session:
        return session.scalars(sa.select(Exam)).one()


def test_an_exam_is_taken_down_changed_handed_in_and_published_again(cast: c.Cast) -> None:
    assert cast
    course = str(exam().course_id)
    reviewer = open_page("exams", sign_in("reviewer"), course=course)
    reviewer.text_input(f"back-why-{exam().id}-{exam().version}").input("间隔太短")
    reviewer.button(f"back-{exam().id}").click().run()
    assert boxes(reviewer, "success") == ["考试已退回经办人。"]
    clerk = open_page("exams", sign_in("exam"), course=course)
    assert any("间隔太短" in said for said in boxes(clerk, "warning"))
    key = f"exam-{course}-{exam().version}"
    clerk.number_input(f"{key}-wait").set_value(60).run()
    assert f"{key}-offer" not in [each.key for each in clerk.button]  # not before it is saved
    clerk.button(f"{key}-save").click().run()
    clerk.button(f"exam-{course}-{exam().version}-offer").click().run()
    assert (exam().state, exam().wait_minutes) == (ExamState.OFFERED, 60)
    reviewer = open_page("exams", sign_in("reviewer"), course=course)
    reviewer.button(f"publish-{exam().id}").click().run()
    assert exam().state is ExamState.OPEN


def test_what_voiding_an_item_leads_to_is_told_before_the_click(cast: c.Cast) -> None:
    sat.sat(cast, knows=lambda *_: False)
    with db.reading() as session:
        item = session.scalars(sa.select(BankItem).order_by(BankItem.id)).first()
    assert item
    page = open_page("exam_bank", sign_in("reviewer"), item=str(item.id))
    assert not page.exception
    assert set(frames(page)[0]["item_kind"]) == {"单选题", "多选题", "判断题"}
    assert set(frames(page)[0]["item_state"]) == {"在用"}
    assert page.button(f"void-{item.id}").disabled
    page.button(f"foresee-{item.id}").click().run()
    (told,) = boxes(page, "info")
    page.text_input(f"void-why-{item.id}").input("题干有歧义")
    page.button(f"void-{item.id}").click().run()
    assert boxes(page, "success") == [f"第{item.id}号试题已作废。{told}"]
    with db.reading() as session:
        assert session.get_one(BankItem, item.id).state is ItemState.VOID


def test_an_item_that_cannot_be_asked_is_refused_beside_its_field_and_kept_once_it_can(cast: c.Cast) -> None:
    page = open_page("exam_bank", sign_in("exam"), view="录入")
    page.text_area("item-new-stem").input("年度学时怎样计算？").run()
    page.text_area("item-new-options").input("按自然年度\n按学年").run()
    page.button("item-new-save").click().run()
    assert any("没有写明哪个选项是正确答案" in said for said in boxes(page, "error"))
    page.text_area("item-new-options").input("*按自然年度\n按学年").run()
    page.button("item-new-save").click().run()
    assert any("已保存" in said for said in boxes(page, "success"))
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(BankItem.id))) == len(sat.ITEMS) + 1
    assert cast


def test_a_file_of_items_is_mended_where_it_stands_and_says_before_what_it_adds_and_changes(cast: c.Cast) -> None:
    app = open_page("exam_bank", sign_in("exam"), view="从文件导入")
    lines = ["题型,题干,选项A,选项B,答案,题目编号", "单选题,一加一？,1,2,B,q1", "单选题,二加二？,4,5,C,q2"]
    app.get("file_uploader")[0].upload("题.csv", "\n".join(lines).encode(), "text/csv").run()
    assert not app.exception, app.exception[0].stack_trace
    assert boxes(app, "info")[0] == "导入后新增1道，更新0道，0道与题库一致。"
    SheetOf(app).mend(3, "answer", "A")
    assert boxes(app, "info")[0] == "导入后新增2道，更新0道，0道与题库一致。"
    press(app, "导入2道")
    assert boxes(app, "success")[0] == "新增2道，更新0道，0道与题库一致。"
    lines[1] = "单选题,一加一？,1,2,A,q1"
    app.get("file_uploader")[0].upload(
        "题.csv", "\n".join([*lines[:2], "单选题,二加二？,4,5,A,q2"]).encode(), "text/csv"
    ).run()
    assert boxes(app, "info")[0] == "导入后新增0道，更新1道（选项或答案1道），1道与题库一致。"
