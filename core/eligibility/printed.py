"""The decision sheet as a printed page (PDF)."""

from __future__ import annotations

from datetime import datetime

from core.eligibility.sheet import DecisionSheet, Way
from core.ground import db, paper
from core.ground.hours import hours_text


def sheet_pdf(sheet: DecisionSheet, *, now: datetime, by: paper.Letterhead | None = None) -> bytes:
    """The decision sheet (核验结论) as an A4 PDF in Chinese, the ID number masked. Refused codes: "glyph"."""
    page = paper.Page(f"摘要 {sheet.digest[:16]}", by=by)
    page.set_title("继续教育学时核验结论")
    page.set_creation_date(now)
    page.add_page()
    subtitle = [f"{sheet.policy.document}　　出具日期 {db.office_day(now)}"]
    if sheet.decided_at:
        subtitle.append(f"{sheet.decided_by}　{db.office_day(sheet.decided_at)}核验，编号 {sheet.decision_number}")
    paper.heading(page, "继续教育学时核验结论", subtitle)
    _application(page, sheet)
    _years(page, sheet)
    _ways(page, sheet)
    if sheet.interpretations:
        paper.section(page, "通知未明确处的处理")
        used = [(each.clause, each.reason) for each in sheet.interpretations]
        paper.table(page, ("条款", "处理和理由"), used, (22, 152), "LL")
    if len(sheet.entries):
        _entries(page, sheet)
    return bytes(page.output())


def printable(sheet: DecisionSheet) -> None:
    """Whether a sheet can be printed whole (能否打印), asked before its PDF is offered. Refused codes: "glyph"."""
    words = [sheet.name, sheet.employer, sheet.headline, sheet.note, sheet.policy.document, sheet.decided_by]
    words += [text for way in sheet.ways for text in (way.name, way.clause, _why(way), way.asks)]
    words += [each.reason for each in sheet.interpretations]
    words += [*sheet.entries["basis"]] if len(sheet.entries) else []
    paper.printable("\n".join(words))


def _application(page: paper.Page, sheet: DecisionSheet) -> None:
    """Who applied for what, and the answer."""
    paper.section(page, "申报")
    facts = sheet.facts
    paper.pairs(
        page,
        [
            ("姓名", sheet.name),
            ("身份证号", sheet.id_mask),
            ("工作单位", sheet.employer or "—"),
            ("申报年度", str(facts.year)),
            ("申报方式", facts.route),
            ("申报级别", facts.level),
        ],
    )
    paper.section(page, "结论")
    paper.words(page, sheet.headline)
    if sheet.note:
        paper.words(page, sheet.note)


def _years(page: paper.Page, sheet: DecisionSheet) -> None:
    """Every year that was looked at, subject by subject."""
    paper.section(page, "各年度学时")
    lines = [
        (
            str(line.year),
            "是" if line.required else "否",
            each.name,
            "合并核算" if each.required is None else hours_text(each.required),
            hours_text(each.has) + ("（视同完成）" if each.deemed else ""),
            hours_text(each.lacks) if each.lacks else "—",
        )
        for line in sheet.year_lines
        for each in line.subjects
    ]
    paper.table(page, ("年度", "需完成", "科目", "应完成", "已完成", "缺"), lines, (22, 22, 30, 30, 42, 28), "CCLRRR")


def _why(way: Way) -> str:
    """The conditions of a rule, in words where the screen has signs."""
    return way.why.replace("✓", "：是").replace("✗", "：否")


def _ways(page: paper.Page, sheet: DecisionSheet) -> None:
    """The ordinary rule and every waiver, each with its conditions and what came of it."""
    paper.section(page, "逐项核对")
    checked = [
        (
            way.name,
            way.clause,
            "采用" if way.won else "适用" if way.applies else "不适用",
            _why(way),
            way.asks or "—",
        )
        for way in sheet.ways
    ]
    paper.table(page, ("规定", "条款", "结果", "条件", "要求"), checked, (38, 20, 18, 58, 40), "LLCLL")


def _entries(page: paper.Page, sheet: DecisionSheet) -> None:
    """The entries that the answer stood on, each with its batch and line."""
    paper.section(page, "学时记录")
    names = {subject.code: subject.name for subject in sheet.policy.subjects}
    entries = [
        (
            str(entry["year"]),
            names.get(entry["subject"], entry["subject"]),
            hours_text(entry["hours"]),
            str(entry["completed_on"]),
            f"{entry['basis']}（{entry['batch_id']}-{entry['line']}）",
        )
        for entry in sheet.entries.to_dict("records")
    ]
    paper.table(page, ("年度", "科目", "学时", "完成日期", "依据（批次-行）"), entries, (18, 26, 18, 28, 84), "CLRCL")
