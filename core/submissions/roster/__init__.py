"""Rosters (培训花名册, 附件1): any file an office sends in, checked rows and every problem out. Saves nothing."""

from core.submissions.roster.checks import check, read, registered
from core.submissions.roster.reading import listing, names_somebody, pasted, rows_in
from core.submissions.roster.shapes import (
    CODE,
    COLUMNS,
    ORIGIN,
    PASSED,
    REQUIRED,
    Cells,
    Form,
    Limits,
    Preview,
    Row,
    form,
    hours_column,
)
from core.submissions.roster.writing import CHOICES, marked, template

__all__ = [
    "CHOICES",
    "CODE",
    "COLUMNS",
    "ORIGIN",
    "PASSED",
    "REQUIRED",
    "Cells",
    "Form",
    "Limits",
    "Preview",
    "Row",
    "check",
    "form",
    "hours_column",
    "listing",
    "marked",
    "names_somebody",
    "pasted",
    "read",
    "registered",
    "rows_in",
    "template",
]
