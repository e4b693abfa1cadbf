"""What of an applications file was read (申报名单), and which of its columns is which."""

from __future__ import annotations

import streamlit as st

from core.eligibility import applications
from core.eligibility.answers import Run
from core.eligibility.applications import SOMETIMES, Batch
from core.law.notices import ROUTES
from core.tables.reading import Understood
from web import tables


def told(batch: Batch, asked: str) -> None:
    """What of a file was read, what to look at in it, and its columns; of a form there is nothing to say."""
    tables.account(batch.account)
    if hints := [problem for problem in batch.problems if not problem.blocking]:
        with st.expander(f"提示（{len(hints)}处），不影响核验"):
            tables.problems(hints, applications.headings())
    if batch.understood:
        with st.expander(tables.FOLDED):
            choose(batch.understood, asked, border=False)


def choose(found: Understood, asked: str, *, border: bool = True) -> None:
    """Which column is which, and the file answered again by it (认列)."""

    def again() -> None:
        for kept in ("asked", "run", "recorded"):
            st.session_state.pop(kept, None)
        st.session_state["again"] = asked

    tables.columns(found, applications.listing(), key=f"applications-{asked}", then=again, border=border)


def mend(run: Run, asked: str) -> None:
    """The faults of a file of applications as a sheet to mend (改正申报名单); it is answered again with each change."""
    cells = {each.row: each.cells for each in run.applications}
    has = {column for row in list(cells.values())[:1] for column in row}
    usual = {name: word for name, word in applications.headings().items() if name in has or name not in SOMETIMES}
    tables.mend_file(asked, cells, run.problems, headings=usual, choices={"route": ROUTES, "sex": ("男", "女")})
