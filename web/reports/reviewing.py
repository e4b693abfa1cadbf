"""A report as its reviewer reads it (审核报告): what it says, its roster, its history."""

from __future__ import annotations

import pandas as pd

from core.ground import db
from core.ground.access import Actor
from core.models import Report, State, Submission
from web import submissions
from web.reports import reading


def show(report: Submission, here: Actor, steps: pd.DataFrame) -> None:
    """A report to be decided, clause 一(五)2."""
    assert isinstance(report, Report)
    with db.reading() as session:
        found = reading.read(session, report, here, steps)
        said = reading.said(session, report, waits=report.state is State.SUBMITTED)
    reading.heading(found)
    said.draw()
    reading.reading(report, here)
    submissions.history(found.steps)
