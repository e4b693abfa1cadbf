"""Bringing in hours of earlier years and undoing a batch, as officers do it on the page."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.models import CreditBatch
from core.records import imports
from core.trail.files import Upload
from tests import cast as people
from tests.cast import Cast
from tests.pages.conftest import open_page, sign_in
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
    assert "共3行：2行可以入账，2人120学时；1行有问题" in app.warning[0].value
    counts = app.dataframe[0].value
    assert list(counts[["year", "rows_good", "people", "hours"]].iloc[0]) == [NOW.year - 1, 2, 2, 120]
    assert list(app.dataframe[1].value["words"]) == ["学时请填数字，如24或7.5"]
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditBatch)) == 0  # checking posts nothing
    press(app, "导入2笔学时")
    assert "请填写导入的原因" in app.error[0].value
    app.text_input(key="credits-reason").input("补登纸质台账")
    press(app, "导入2笔学时")
    assert app.success[0].value == "已导入2笔学时（第1批），1行有问题没有入账，见下表。"
    assert balance(1) == 60
    assert list(app.dataframe[0].value["words"]) == ["学时请填数字，如24或7.5"]
    shown = open_page("ledger", sign_in("reviewer")).dataframe[0].value
    assert list(shown["basis"]) == ["导入：往年学时.xlsx"]


def test_hints_are_shown_and_do_not_keep_a_row_out(cast: Cast) -> None:
    app = given(open_page("credit_import", sign_in("reviewer")), book(line(1, hours=500), line(2, hours="很多")))
    assert (
        "共2行：1行可以入账，1人500学时；1行有问题，不入账，请看下表；1处提示，不影响入账，请核对"
        in app.warning[0].value
    )
    assert list(app.dataframe[1].value["severity"]) == ["提示", "错误"]
    app.text_input(key="credits-reason").input("补登纸质台账")
    press(app, "导入1笔学时")
    assert balance(1) == 500
    assert list(app.dataframe[0].value["file_row"]) == ["4"]  # the hint's row is in


def test_what_cannot_be_imported_is_said_in_words(cast: Cast) -> None:
    app = given(open_page("credit_import", sign_in("admin")), b"PK\x03\x04 broken")
    assert app.error[0].value
    app = given(open_page("credit_import", sign_in("admin")), book(line(1, hours="很多")))
    assert not [button for button in app.button if button.label.startswith("导入")]
    imported(cast, line(1))
    app = given(open_page("credit_import", sign_in("admin")), book(line(1)))
    assert "已" in app.dataframe[0].value["words"].iloc[0]


def test_somebody_was_faster_with_the_same_file_and_the_slower_is_told(cast: Cast) -> None:
    app = given(open_page("credit_import", sign_in("admin")), book(line(1)))
    app.text_input(key="credits-reason").input("补登纸质台账")
    imported(cast, line(1))
    press(app, "导入1笔学时")
    assert "第1批" in app.error[0].value
    assert balance(1) == 60
