"""The office's pages of exams: a clerk keeps the bank and makes an exam, a reviewer publishes it and voids an item."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.ground import db
from core.models import BankItem, Exam, ExamState, ItemState
from tests import cast as c
from tests import ready, sat
from tests.pages.conftest import boxes, open_page, sign_in


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
