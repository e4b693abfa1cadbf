"""Roster workbooks (花名册文件) to hand out: a blank 附件1, open rows with their faults marked."""

from __future__ import annotations

from collections.abc import Sequence

from core.submissions.roster.shapes import CODE, ORIGIN, Cells, Form
from core.tables import sheets
from core.tables.problems import Problem

_TITLE = "专业技术人员继续教育培训花名册"


def template(form: Form) -> bytes:
    """Template (空白附件1) as an .xlsx: ID numbers and telephones as text, lists to choose from."""
    return sheets.marked(form.headings, [], [], title=_TITLE, choices=CHOICES)


def marked(form: Form, rows: Sequence[tuple[int, Cells]], problems: Sequence[Problem], *, code: str) -> bytes:
    """Marked workbook (标红批注): rows as an .xlsx to correct, each with its number and the roster it is of."""
    numbered = [(row, {"origin": row, "code": code, **cells}) for row, cells in rows]
    notes = dict.fromkeys(("origin", "code"), "系统据此认出各行是否又改过，请勿改动")
    headings = {"origin": ORIGIN, "code": CODE, **form.headings}
    return sheets.marked(headings, numbered, problems, title=_TITLE, choices=CHOICES, notes=notes)


CHOICES = {"sex": ("男", "女"), "assessment": ("合格", "不合格")}
"""Columns in which one of a few words is chosen."""
