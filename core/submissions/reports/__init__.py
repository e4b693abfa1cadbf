"""Training reports (培训情况报告): summary, announcement and roster of an approved plan; approval posts the hours."""

from core.submissions.reports.concerns import warnings
from core.submissions.reports.events import Event
from core.submissions.reports.excess import OVER_PLAN_REASON, Excess, beyond_plan
from core.submissions.reports.fields import LONGEST, ReportFields, deadline, open_plans, save
from core.submissions.reports.keeping import form_of, limits, repaired
from core.submissions.reports.kind import ReportKind, counted_rows, expected
from core.submissions.reports.overdue import Overdue, overdue
from core.submissions.reports.reading import (
    cells,
    cells_of_rows,
    credit_years,
    headcount,
    latest,
    masked,
    one,
    open_rows,
    problems,
    repairs,
    reversals,
    rows,
    standing,
    struck,
)
from core.submissions.reports.record import Record, record_of
from core.submissions.reports.repairing import (
    accept,
    paste,
    put_back,
    read_again,
    repair,
    restart,
    strike,
    taken_before,
    understood,
)
from core.submissions.reports.seminars import PAPER_ENDINGS, Attended, attended, hints, is_of_seminar, keep_papers
from core.submissions.reports.supplements import supplement, to_supplement, turned_down, unregistered

__all__ = [
    "LONGEST",
    "OVER_PLAN_REASON",
    "PAPER_ENDINGS",
    "Attended",
    "Event",
    "Excess",
    "Overdue",
    "Record",
    "ReportFields",
    "ReportKind",
    "accept",
    "attended",
    "beyond_plan",
    "cells",
    "cells_of_rows",
    "counted_rows",
    "credit_years",
    "deadline",
    "expected",
    "form_of",
    "headcount",
    "hints",
    "is_of_seminar",
    "keep_papers",
    "latest",
    "limits",
    "masked",
    "one",
    "open_plans",
    "open_rows",
    "overdue",
    "paste",
    "problems",
    "put_back",
    "read_again",
    "record_of",
    "repair",
    "repaired",
    "repairs",
    "restart",
    "reversals",
    "rows",
    "save",
    "standing",
    "strike",
    "struck",
    "supplement",
    "taken_before",
    "to_supplement",
    "turned_down",
    "understood",
    "unregistered",
    "warnings",
]
