"""The answered rows of an application file (申报名单核验结果): choose one, open its decision sheet."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.eligibility import sheet
from core.eligibility.answers import Run
from core.ground import db
from core.ground.access import Actor, Refused
from core.law import wording
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


def choose(frame: pd.DataFrame, *, of_file: bool) -> int | None:
    """The answered rows (核验结果) to choose from; answers the chosen row, told by its number where it is a file's."""
    columns = ["file_row"] if of_file else []
    columns += "name outcome words clauses employer application_year application_route".split()
    columns += ["application_level", "id_mask"]
    shown = frame.rename(columns=NAMES)
    given = zip(shown["years_required"], shown["gap"], shown["words"], strict=True)
    shown = shown.assign(words=[_why(*each) for each in given], clauses=shown["clauses"].map(told))
    return tables.pick(shown, columns, name="row", by="file_row", empty="没有这样的申报。", what="第{}行")


def _why(years: str, gap: str, note: str) -> str:
    """What an answer rests on, in words: the years asked for, what is missing in them, what the notice says to it."""
    asked = [wording.years_words(years), wording.gap_words(gap)] if years else []
    return "；".join(filter(None, [*asked, note]))


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
