"""Bringing in hours of earlier years and undoing a batch, as officers do it on the page."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.ground import db, resident_id
from core.models import CreditBatch
from core.records import imports
from core.trail.files import Upload
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import SheetOf, boxes, frames, open_page, sign_in
from tests.pages.test_deeds import NOW, press

HEADINGS = tuple(imports.HEADINGS.values())


def line(serial: int, **cells: Any) -> list[Any]:
    usual = {
        "id_number": people.id_number(serial),
        "name": f"赵示{chr(0x4E00 + serial)}",
        "year": NOW.year - 1,
        "subject": "专业科目",
        "hours": 60,
        "source": "培训",
        "basis": "继续教育证书",
        "completed_on": "",
    }
    return list((usual | cells).values())


def book(*rows: list[Any]) -> bytes:
    return people.sheet(list(rows), HEADINGS)


def given(app: AppTest, content: bytes, filename: str = "往年学时.xlsx") -> AppTest:
    app.get("file_uploader")[0].upload(filename, content, "application/octet-stream").run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def test_the_file_is_there_again_in_another_browser_until_it_is_removed_or_all_of_it_is_in(cast: Cast) -> None:
    given(open_page("credit_import", sign_in("reviewer")), book(line(1)))

    def opened(by: str = "reviewer") -> AppTest:
        return open_page("credit_import", sign_in(by))

    def chosen(app: AppTest) -> bool:
        return any("已选、尚未导入：往年学时.xlsx" in each.value for each in app.markdown)

    assert not chosen(opened("admin"))
    app = opened()
    assert chosen(app)
    assert "1笔学时" in next(each.label for each in app.button if each.key == "credits-import")
    press(app, "移除")
    assert not chosen(opened())
    given(app, book(line(1), line(2, hours="很多")))
    app.text_input(key="credits-reason").input("补登纸质台账")
    press(app, "导入1笔学时")
    assert chosen(opened()), "a row is left to be mended"
    given(app, book(line(3)))
    app.text_input(key="credits-reason").input("补登纸质台账")
    press(app, "导入1笔学时")
    assert not chosen(app)
    assert not chosen(opened())


def imported(cast: Cast, *rows: list[Any], by: str = "reviewer") -> int:
    with db.transaction() as session:
        upload = Upload("往年学时.xlsx", book(*rows))
        batch, _ = imports.bring_in(session, upload, actor=cast[by], reason="补登纸质台账", now=NOW)
        assert batch is not None
        return batch.id


def balance(serial: int) -> Any:
    with db.reading() as session:
        return people.totals(session, people.person_id(serial), [NOW.year - 1]).loc[0, "professional"]


def test_a_file_is_checked_then_imported_with_a_reason_and_what_is_left_out_stays_in_sight(cast: Cast) -> None:
    app = given(open_page("credit_import", sign_in("reviewer")), book(line(1), line(2), line(3, hours="很多")))
    assert "共3行：2行可以入账，2人120学时；1行有问题" in boxes(app, "warning")[0]
    assert any("其中2人不在库中，导入时新建：" in each.value for each in app.caption)
    counts = frames(app)[0]
    assert list(counts[["year", "rows_good", "people", "hours"]].iloc[0]) == [str(NOW.year - 1), "2", "2", "120"]
    assert SheetOf(app).line("5-hours")["words"] == "学时请填数字，如24或7.5"
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditBatch)) == 0  # checking posts nothing
    press(app, "导入2笔学时")
    assert "请填写导入的原因" in boxes(app, "error")[0]
    app.text_input(key="credits-reason").input("补登纸质台账")
    press(app, "导入2笔学时")
    left = "其余1行有问题没有入账，可在下面改正后再次导入，已入账的不会重复"
    assert boxes(app, "success")[0] == f"已导入2笔学时（第1批），{left}。"
    assert balance(1) == 60
    sheet = SheetOf(app)  # what is left is mended where it stands, and what is in is no fault
    assert sheet.states == {"5-hours": "open"}
    assert "共3行：2行已经入账；0行可以入账" in boxes(app, "warning")[0]
    sheet.mend(5, "hours", "60")
    press(app, "导入1笔学时")
    assert boxes(app, "success")[0] == "已导入1笔学时（第2批）。"
    assert [balance(serial) for serial in (1, 2, 3)] == [60, 60, 60]
    shown = frames(open_page("ledger", sign_in("reviewer")))[0]
    assert list(shown["basis"]) == ["导入：往年学时.xlsx，网上改正1处", "导入：往年学时.xlsx"]


def test_hints_are_shown_and_do_not_keep_a_row_out(cast: Cast) -> None:
    app = given(open_page("credit_import", sign_in("reviewer")), book(line(1, hours=500), line(2, hours="很多")))
    assert (
        "共2行：1行可以入账，1人500学时；1行有问题，不入账，可在下面逐格改正；1处提示，不影响入账，请核对"
        in boxes(app, "warning")[0]
    )
    assert (list(frames(app)[1]["severity"]), SheetOf(app).states) == (["提示"], {"4-hours": "open"})
    app.text_input(key="credits-reason").input("补登纸质台账")
    press(app, "导入1笔学时")
    assert balance(1) == 500
    assert SheetOf(app).states == {"4-hours": "open"}  # the hint's row is in


def test_what_cannot_be_imported_is_said_in_words(cast: Cast) -> None:
    app = given(open_page("credit_import", sign_in("admin")), b"PK\x03\x04 broken")
    assert boxes(app, "error")[0]
    app = given(open_page("credit_import", sign_in("admin")), book(line(1, hours="很多")))
    assert not [button for button in app.button if button.label.startswith("导入")]
    imported(cast, line(1))
    app = given(open_page("credit_import", sign_in("admin")), book(line(1)))
    assert "这笔学时已经入账" in SheetOf(app).line("3-hours")["words"]


def test_somebody_was_faster_with_the_same_file_and_the_slower_is_told(cast: Cast) -> None:
    app = given(open_page("credit_import", sign_in("admin")), book(line(1)))
    app.text_input(key="credits-reason").input("补登纸质台账")
    imported(cast, line(1))
    press(app, "导入1笔学时")
    assert "第1批" in boxes(app, "error")[0]
    assert balance(1) == 60


def test_a_file_is_mended_in_the_sheet_and_imported_with_what_was_changed(cast: Cast) -> None:
    true = people.id_number(2)
    wrong = true[:10] + "O" + true[11:]
    rows = [line(1, hours="很多"), line(2, id_number=wrong), line(3, source="自学"), line(4, year="去年")]
    app = given(open_page("credit_import", sign_in("reviewer")), book(*rows))
    assert not [button for button in app.button if button.label.startswith("导入")]
    sheet = SheetOf(app)
    sheet.mend(3, "hours", "多少")
    assert (sheet.states["3-hours"], sheet.data["kind"]) == ("open", "error")
    sheet.mend(3, "hours", "60")
    sheet.act("accept", 4)
    sheet.mend(5, "source", "培训")
    sheet.act("strike", 6)
    sheet.act("put_back", 6)
    assert sheet.states["6-year"] == "open"
    sheet.act("strike", 6)
    states = {"3-hours": "mended", "4-id_number": "mended", "5-source": "mended", "6-year": "struck"}
    assert sheet.states == states
    masked = resident_id.mask(true)
    assert sheet.value(4, "id_number") == masked[:10] + true[10] + masked[11:]  # what was changed can be looked at
    assert "共3行：3行可以入账" in boxes(app, "info")[0]
    sheet.act("open", 5)
    key = f"row-{sheet.data['key'].removeprefix('sheet-')}-1-5-basis"
    app.text_input(key=key).input("结业证书")
    press(app, "保存并重新检查")
    assert boxes(app, "success")[0] == "第5行已改正并重新检查。"
    app.text_input(key="credits-reason").input("补登纸质台账")
    press(app, "导入3笔学时")
    assert boxes(app, "success")[0] == "已导入3笔学时（第1批）。"
    assert (balance(1), balance(3)) == (60, 60)
    app = open_page("ledger", sign_in("reviewer"), batch="1")
    made = next(each for each in frames(app) if "cell_after" in each)
    assert list(made["cell_after"]) == ["60", masked[:10] + true[10] + masked[11:], "结业证书", "培训", "删去"]


def test_what_was_changed_in_a_file_can_be_taken_back_and_another_file_starts_anew(cast: Cast) -> None:
    app = given(open_page("credit_import", sign_in("reviewer")), book(line(1, hours="很多"), line(2)))
    SheetOf(app).mend(3, "hours", "60")
    assert "共2行：2行可以入账" in boxes(app, "info")[0]
    press(app, "确认撤销")
    assert SheetOf(app).states == {"3-hours": "open"}
    SheetOf(app).mend(3, "hours", "60")
    given(app, book(line(1, hours="很多"), line(2), line(3)), "另一份.xlsx")
    assert "共3行：2行可以入账" in boxes(app, "warning")[0]
    given(app, b"PK\x03\x04 broken", "坏的.xlsx")  # nothing of the former file stands beside its refusal
    assert boxes(app, "error")[0]
    assert [*SheetOf(app).drawn, *frames(app), *app.info, *app.warning] == []
