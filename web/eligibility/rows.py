"""The answered rows of an application file (申报名单核验结果): choose one, open its decision sheet."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.eligibility import sheet
from core.eligibility.answers import Run
from core.ground import db
from core.ground.access import Actor, Refused
from web import tables
from web.eligibility import decision
from web.policies.articles import told
from web.words import md

NAMES = {
    "row": "file_row",
    "year": "application_year",
    "route": "application_route",
    "level": "application_level",
    "years": "years_required",
    "note": "words",
}
"""Columns of answers and decisions that mean another thing elsewhere."""


def choose(frame: pd.DataFrame) -> int | None:
    """The answered rows of a file (核验结果) to choose from; answers the chosen spreadsheet row."""
    columns = (
        "file_row name outcome years_required gap clauses application_year application_route application_level".split()
    )
    columns += ["id_mask", "words"]
    shown = frame.rename(columns=NAMES)
    written = {name: shown[name].map(told) for name in ("years_required", "gap", "clauses")}
    return tables.pick(shown.assign(**written), columns, name="row", by="file_row", empty="没有这样的申报。")


def opened(row: int | None, run: Run, actor: Actor) -> None:
    """The decision sheet of a row of a file, or why it has none."""
    application = next((each for each in run.applications if each.row == row), None)
    if application is None:
        st.caption("选中一行，查看此人的核验单：每个年度的学时、考虑过的规定和怎样补齐。")
        return
    with st.container(border=True):
        try:
            with db.reading() as session:
                found = sheet.sheet(session, application, actor=actor)
            decision.show(found, actor)
        except Refused as refused:
            st.warning(f"第{row}行没有核验。{md(refused.words)}")
