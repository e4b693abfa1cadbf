"""Roster reader (花名册文件) to hand out: a blank 附件1, open rows with their faults marked."""

from __future__ import annotations

import io
from collections.abc import Sequence

import xlsxwriter

from core.ground import typed
from core.submissions.roster.shapes import CODE, ORIGIN, Cells, Form
from core.tables.problems import Problem


def template(form: Form) -> bytes:
    """Template (空白附件1) as an .xlsx: ID numbers and telephones as text, lists to choose from."""
    return _filled(form, [], [])


def marked(form: Form, rows: Sequence[tuple[int, Cells]], problems: Sequence[Problem], *, code: str) -> bytes:
    """Marked workbook (标红批注): rows as an .xlsx to correct, faulty cells coloured, faults as comments."""
    return _filled(form, rows, problems, code)


def _filled(form: Form, rows: Sequence[tuple[int, Cells]], problems: Sequence[Problem], code: str = "") -> bytes:
    said: dict[tuple[int, str], list[str]] = {}
    for problem in problems:
        said.setdefault((problem.row, problem.column), []).append(problem.words)
    columns = ["origin", "code", *form.columns] if rows else list(form.columns)
    headings = form.headings | {"origin": ORIGIN, "code": CODE}
    widths = {"code": 12, "name": 14, "id_number": 22, "employer": 26, "post": 16, "specialty": 16, "phone": 16}
    widths |= {"note": 20}
    last = max(len(rows), 2000) + 1
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        page = book.add_worksheet("花名册")
        bold = book.add_format({"bold": True, "border": 1, "align": "center", "bg_color": "#E8EEF5"})
        text, faulty = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bg_color": "#F8D7DA"})
        page.write_string(0, 0, "专业技术人员继续教育培训花名册", book.add_format({"bold": True, "font_size": 14}))
        for place, column in enumerate(columns):
            width = widths.get(column, max(10, 2 * len(headings[column]) + 2))
            page.set_column(place, place, width, text if column in ("id_number", "phone") else None)
            page.write_string(1, place, headings[column], bold)
            if choices := CHOICES.get(column):
                page.data_validation(2, place, last, place, {"validate": "list", "source": list(choices)})
            if column in ("origin", "code"):
                page.write_comment(1, place, "系统据此认出各行是否又改过，请勿改动", {"x_scale": 2})
        for at, (row, cells) in enumerate(rows, start=2):
            for place, column in enumerate(columns):
                value = {"origin": row, "code": code}.get(column, cells.get(column, ""))
                words = said.get((row, column))
                plain = isinstance(value, str) or column in ("id_number", "phone")
                style = faulty if words else text if plain else None
                if plain:
                    page.write_string(at, place, typed.text(value), style)
                else:
                    page.write_number(at, place, value, style)
                if words:
                    page.write_comment(at, place, "；".join(words), {"x_scale": 2})
        page.freeze_panes(2, 0)
    return buffer.getvalue()


CHOICES = {"sex": ("男", "女"), "assessment": ("合格", "不合格")}
"""Columns in which one of a few words is chosen."""
