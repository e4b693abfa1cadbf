"""Roster edit history (花名册改正记录): what was changed since the file came, and the way back to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground.access import Actor
from core.models import Report
from core.submissions import reports
from core.submissions.kinds import EDITABLE
from web import deeds, tables
from web.deeds import Who
from web.words import md

NAMES = {"row": "file_row", "before": "cell_before", "after": "cell_after", "how": "repaired_by"}


def trail(report: Report, actor: Actor, made: pd.DataFrame, struck: Mapping[int, str]) -> None:
    """Roster edit history (改正记录): what was changed since the file came, by whom and when; the way back.

    `made`: `reports.repairs`; `struck`: `reports.struck`.
    """
    if made.empty:
        return
    with st.expander(f"改正记录（{made['row'].nunique()}行，{len(made)}处）"):
        headings = reports.form_of(report).repair_headings
        made["heading"] = [headings.get(column, column) for column in made["column"]]
        shown = made.rename(columns=NAMES)
        columns = ["file_row", "heading", "cell_before", "cell_after", "repaired_by", "account_name", "at"]
        tables.table(shown, columns, empty="")
        if report.state not in EDITABLE or actor.organization_id != report.organization_id:
            return
        with st.container(horizontal=True):
            if report.part == 1:
                with st.popover("恢复为上传的原件"):
                    st.write("撤销上面的全部改正、粘贴和删去，回到上传的文件；改正记录保留。")
                    args: tuple[int, ...] = (report.id,)
                    st.button("确认恢复", key=f"restart-{report.id}", type="primary", on_click=_restart, args=args)
            if struck:
                with st.popover(f"恢复删去的行（{len(struck)}）"):
                    for row, name in list(struck.items())[:MOST]:
                        label, args = f"恢复第{row}行 {md(name)}", (report.id, row)
                        st.button(label, key=f"put-back-{report.id}-{row}", on_click=_put_back, args=args)


MOST = 50
"""Struck rows that are offered at once, those struck last first."""


def _put_back(report_id: int, row: int) -> None:
    words = f"第{row}行已恢复并重新检查。"

    def act(session: Session, **who: Unpack[Who]) -> str:
        reports.put_back(session, report_id, row, **who)
        return words

    deeds.deed(act, "repair", words, report_id)


def _restart(report_id: int) -> None:
    """Back to the file as it was uploaded: every edit made void."""
    words = "花名册已恢复为上传的原件并重新检查。"

    def act(session: Session, **who: Unpack[Who]) -> str:
        reports.restart(session, report_id, **who)
        return words

    deeds.deed(act, "repair", words, report_id)
