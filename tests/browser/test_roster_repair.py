"""A clerk uploads a roster of 500 people with sixty faults and puts all of them right on the screen."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from core.ground import db, typed
from core.models import Report, RosterProblem, RosterRepair, RosterRow, State
from core.submissions import roster
from tests import cast as people
from tests import faults
from tests.browser.desk import Desk, seated
from tests.cast import Cast

NOW = datetime.now(UTC)


def days(ended: int) -> dict[str, date]:
    """Three days of training that ended so many days ago, within one year."""
    last = db.office_day(NOW) - timedelta(days=ended)
    if (last - timedelta(days=2)).year != last.year:
        last = date(last.year - 1, 12, 31)
    return {"start_on": last - timedelta(days=2), "end_on": last}


def trainings(cast: Cast) -> int:
    """Two trainings that are over, one posted, one to be reported; answers the plan of the latter."""
    filed = NOW - timedelta(days=90)
    for ended in (30, 2):
        plan = people.file_plan(cast, now=filed, **days(ended))
        people.approve(cast, plan.id, now=filed)
        if ended == 30:
            known = people.sheet([people.row(serial) for serial in faults.ON_FILE])
            report = people.file_report(cast, plan, known, now=NOW - timedelta(days=28))
            people.approve(cast, report.id, now=NOW)
    return plan.id


OPEN = "li[data-state=open]"


TYPED = 16
"""Cells that are typed letter by letter, slowly; into the others the text goes at once, as from the clipboard."""


def mend_all(desk: Desk) -> int:
    """Put every open cell right by keyboard alone, as its person's papers say.

    The first ones on a processor four times slower. Nothing is waited for: whoever types does not look up. Answers
    how many cells there were.
    """
    page = desk.page
    places = page.locator(f"{OPEN} .field:first-child [data-cell]").evaluate_all("all => all.map(e => e.dataset.cell)")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.locator(f"{OPEN} [data-cell]").first.focus()
    for at, place in enumerate(places):
        if at == TYPED:
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        row, column = place.split("-")
        true = dict(zip(people.FORM.columns, people.row(int(row) - 2), strict=True))[column]
        if column in roster.CHOICES:
            for key in ("Home", *["ArrowDown"] * (roster.CHOICES[column].index(true) + 1)):
                page.keyboard.press(key)
        elif at < TYPED:
            page.keyboard.type(str(true))
        else:
            page.keyboard.insert_text(str(true))
        page.keyboard.press("Enter")
    return len(places)


def test_sixty_faults_are_put_right_on_the_screen(browser: Browser, server: str, cast: Cast) -> None:
    plan_id = trainings(cast)
    base = seated(browser, server, "base", height=1200)
    base.go(f"paper?kind=report&plan={plan_id}", "填写培训情况报告")
    base.fill("培训总结 *", "按计划完成，全部考核。")
    base.upload("培训通知", {"name": "通知.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 synthetic"})
    base.sees("已选、尚未保存：通知.pdf（1 KB）")
    base.page.reload()  # what was chosen is there as what was typed is
    base.sees("已选、尚未保存：通知.pdf（1 KB）")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    content = people.sheet(faults.rows())
    uploader = base.page.get_by_test_id("stFileUploader").filter(has_text="培训花名册")
    macros = {"name": "花名册.xlsm", "mimeType": "application/vnd.ms-excel.sheet.macroEnabled.12", "buffer": b"PK"}
    uploader.locator("input[type=file]").set_input_files(macros)
    base.sees(re.compile(r"没有上传。请用\.xlsx、\.xls、\.et、\.csv，可在WPS或Excel中另存为\.xlsx。"))
    base.upload("培训花名册", {"name": "花名册.xlsx", "mimeType": kind, "buffer": content})
    base.click("保存并检查花名册")
    base.sees("已保存。花名册500行，60行有错误，请在表中改正。")
    expect(base.page.locator(f"{OPEN} input[data-cell]").first).to_be_focused()  # and so in view
    expect(base.page.locator(f"{OPEN} input[data-cell]").first).to_be_in_viewport()
    base.page.set_viewport_size({"width": 1366, "height": 1200})
    parts = base.page.locator(".repair .head > *").locator("visible=true").all()
    boxes = [box for each in parts if (box := each.bounding_box())]
    assert len(boxes) == 3
    assert max(box["y"] for box in boxes) < min(box["y"] + box["height"] for box in boxes), "in one row"
    offered = base.page.locator(".line .offer:not(:empty)").locator("visible=true")
    assert offered.count() > 0
    for width in (390, 1440):  # a proposal begins where its fault ends, on a line of its own
        base.page.set_viewport_size({"width": width, "height": 1200})
        assert offered.evaluate_all(
            "all => all.every(e => e.getBoundingClientRect().top >= e.previousSibling.getBoundingClientRect().bottom)"
        )
    with db.reading() as session:
        problems = session.execute(sa.select(RosterProblem.row, RosterProblem.code).order_by(RosterProblem.row)).all()
    assert [tuple(each) for each in problems] == [(serial + 2, code) for serial, code in faults.FAULTS.items()]
    base.settle()
    first = base.page.locator(f"{OPEN} input[data-cell]").first
    cell, stood = first.get_attribute("data-cell"), first.input_value()
    first.focus()
    base.page.keyboard.press("End")
    base.page.keyboard.type("未送出")
    base.page.reload()  # F5 in the middle of a cell
    typed_on = base.page.locator(f"[data-cell='{cell}']")
    expect(typed_on).to_have_value(f"{stood}未送出")
    expect(typed_on).to_be_focused()
    base.page.keyboard.press("Escape")
    expect(typed_on).to_have_value(stood)
    for again in range(2):  # a row that was given up is opened as the roster has it
        base.settle()
        base.page.get_by_role("button", name="第7行：改正此行其他列").click()
        note = base.page.get_by_role("dialog").get_by_label("备注")
        base.settle()  # what the dialog held before goes when all is drawn
        expect(note).to_have_value("")
        if again:  # a refused save shows its message in the dialog, which stays open
            base.page.get_by_role("dialog").get_by_role("button", name="保存并重新检查").click()
            expect(base.page.get_by_role("dialog").get_by_text("第7行没有改动。")).to_be_in_viewport()
        note.fill("半途而废")
        base.page.keyboard.press("Escape")
        expect(base.page.get_by_role("dialog")).to_have_count(0)
    strike, back = (base.page.get_by_role("button", name=f"第7行：{does}") for does in ("删去此行", "恢复删去的这一行"))
    strike.focus()
    place = "button => button.closest('li').getBoundingClientRect().top"
    height = strike.evaluate(place)
    for key_on, then in ((2, back), (1, strike)):  # left out, and put back, without a thing moving under the hand
        for _ in range(key_on):
            base.page.keyboard.press("Enter")
        expect(then).to_be_focused()
        base.settle()
        assert abs(then.evaluate(place) - height) < 2
    base.page.get_by_role("button", name="采纳全部建议（19行）").click()
    expect(base.page.get_by_text("其中2行与别的行重复，将删去：")).to_be_in_viewport()
    base.click("确认采纳并删去2行")
    base.sees("17行已按建议改正，2行与别的行重复，已删去；花名册已重新检查。")
    base.settle()
    assert mend_all(base) == 41
    base.sees("花名册没有错误。")
    expect(base.page.get_by_role("status").filter(has_text="已改正。")).to_be_in_viewport()
    expect(base.page.locator(".repair li")).to_have_count(60)  # each where it stood, until they are put away
    base.page.get_by_role("button", name="整理列表").click()
    expect(base.page.locator(".repair li")).to_have_count(0)
    base.click("报送")
    base.sees(re.compile("已报送。"))
    with db.reading() as session:
        report = session.scalars(sa.select(Report).where(Report.plan_id == plan_id)).one()
        assert (report.state, report.people, report.faults) == (State.SUBMITTED, 498, 0)
        rows = session.scalars(sa.select(RosterRow).where(RosterRow.report_id == report.id)).all()
        twice, shifted = (
            {serial for serial, code in faults.FAULTS.items() if code == which}
            for which in ("duplicate", "row-shifted")
        )
        true = {serial: people.row(serial) for serial in range(1, faults.PEOPLE + 1) if serial not in twice}
        for row in rows:  # every cell is as if no fault had been, but for the sex that a shifted row had lost
            cells = [typed.text(cell) for cell in json.loads(row.cells or "").values()]
            lost = row.row - 2 in shifted and cells[2] == ""
            right = [str(cell) for cell in true.pop(row.row - 2)]
            assert cells == [*right[:2], "" if lost else right[2], *right[3:]]
        assert true == {}
        repairs = session.scalar(sa.select(sa.func.count(RosterRepair.row.distinct())))
    reviewer = seated(browser, server, "reviewer")
    reviewer.go(f"review?item={report.id}", "审核")
    reviewer.sees(f"改正记录（{repairs}行")
