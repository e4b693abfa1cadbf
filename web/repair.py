"""The repair room of a roster: what is wrong beside its cell, the cell to be corrected there, proposals to accept."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core import db, reports, roster
from core.access import Actor
from core.ledger import hours_text
from core.models import Report
from core.roster import HEADINGS, Problem
from web import ui

PAGE_ROWS = 10
COLUMN = {heading: column for column, heading in HEADINGS.items()}


def room(report: Report, actor: Actor) -> None:
    """The roster of one's own report as it stands: totals, the rows with faults to repair, the hints."""
    with db.reading() as session:
        problems = reports.problems(session, report.id, actor, now=ui.now())
        warnings = reports.warnings(session, report.id, actor)
        rows = reports.rows(session, report.id, actor, faulty_only=True)
    places = st.columns(4)
    places[0].metric("花名册人数", report.people + report.faults)
    places[1].metric("可登记人数", report.people)
    places[2].metric("合计学时", hours_text(report.hours))
    places[3].metric("待改正的行", report.faults)
    faulty: dict[int, list[Problem]] = {}
    for problem in problems:
        if problem.blocking:
            faulty.setdefault(problem.row, []).append(problem)
    if faulty:
        _repair(report, faulty, rows.set_index("row"))
    else:
        st.success("花名册没有错误。")
    if hints := [problem for problem in (*problems, *warnings) if not problem.blocking]:
        with st.expander(f"提示（{len(hints)}处），不影响登记，审核机关会看到"):
            ui.problems(hints)
    with db.reading() as session:
        made = reports.repairs(session, report.id, actor)
    if not made.empty:
        with st.expander(f"改正记录（{len(made)}处）"):
            trail(made)


def trail(made: pd.DataFrame) -> None:
    """What was changed on the screen, by whom and when."""
    labels = {"before": "改前", "after": "改后", "how": "方式"}
    columns = ["row", "heading", "before", "after", "how", "account_name", "at"]
    ui.table(made, columns, empty="", labels=labels, height=280)


def _repair(report: Report, faulty: dict[int, list[Problem]], rows: pd.DataFrame) -> None:
    counts = Counter(problem.heading for found in faulty.values() for problem in found)
    st.warning(
        f"{len(faulty)}行有错误，不登记学时：{'、'.join(f'{heading}{count}处' for heading, count in counts.items())}。"
        "可在下面逐格改正，改后立即重新检查；其余各行不受影响，可先提交。"
    )
    offered = [row for row, found in faulty.items() if any(problem.offer for problem in found)]
    with st.container(horizontal=True):
        if offered:
            st.button(
                f"采纳全部建议（{len(offered)}行）",
                key="accept-all",
                icon=":material/done_all:",
                on_click=_accept,
                args=(report.id, offered),
            )
        st.download_button(
            f"下载待改正的行（{len(faulty)}行）",
            ui.deferred(lambda s, who: reports.open_rows(s, report.id, actor=who, now=ui.now()), db.transaction),
            f"待改正花名册-{report.title}.xlsx",
            key="open-rows",
            icon=":material/download:",
            on_click="ignore",
            help="错误单元格有颜色和批注；改好后在上面“培训花名册”处上传，只更新这些行",
        )
    numbers = list(faulty)
    total = math.ceil(len(numbers) / PAGE_ROWS)
    at = min(int(st.pagination(total, key="faults-page")), total) if total > 1 else 1
    for row in numbers[(at - 1) * PAGE_ROWS : at * PAGE_ROWS]:
        with st.container(border=True):
            _row(report, row, faulty[row], rows.loc[row])


def _row(report: Report, row: int, found: list[Problem], person: Any) -> None:
    """One row with faults: who it is, each faulty cell with its words, what is proposed."""
    headings = list(dict.fromkeys(problem.heading for problem in found))
    for at, heading in enumerate(headings):
        here = [problem for problem in found if problem.heading == heading]
        who, cell, words, buttons = st.columns([3, 3, 5, 2.6], vertical_alignment="center")
        if at == 0:
            told = "　".join(ui.md(text) for text in (person["id_mask"], person["employer"]) if text)
            who.markdown(f"**第{row}行**　{ui.md(person['name'])}  \n:small[{told}]")
        with cell:
            _cell(report, row, COLUMN[heading], here[0].value)
        for problem in here:
            words.markdown(f":red[{ui.md(problem.words)}]")
            if problem.offer:
                words.markdown(f":green[建议：{ui.md(problem.offer)}]")
                words.button("采纳建议", key=f"accept-{row}-{heading}", on_click=_accept, args=(report.id, [row]))
        if at == 0:
            with buttons, st.container(horizontal=True, gap="small"):
                st.button("改其他列", key=f"whole-{row}", type="tertiary", on_click=_whole, args=(report.id, row))
                st.button("删去此行", key=f"strike-{row}", type="tertiary", on_click=_strike, args=(report.id, row))


def _cell(report: Report, row: int, column: str, value: str) -> None:
    key = f"cell-{report.id}-{row}-{column}"
    options: dict[str, Any] = {"key": key, "on_change": _typed, "args": (report.id, row, column, value, key)}
    if choices := roster.CHOICES.get(column):
        st.selectbox(HEADINGS[column], choices, index=None, placeholder=value or "请选择", **options)
    else:
        st.text_input(HEADINGS[column], value, **options)


def _deed(act: Callable[..., Any], words: str) -> None:
    """Do one repair and say how the roster stands now."""

    def done(session: Session, **who: Any) -> str:
        act(session, **who)
        return words

    ui.deed(done)


def _typed(report_id: int, row: int, column: str, before: str, key: str) -> None:
    after = st.session_state[key]
    if after is None:
        return
    change = reports.Change(row, column, before, after)
    _deed(
        lambda session, **who: reports.repair(session, report_id, [change], **who),
        f"第{row}行{HEADINGS[column]}已保存并重新检查。",
    )


def _accept(report_id: int, rows: list[int]) -> None:
    told = f"第{rows[0]}行" if len(rows) == 1 else f"{len(rows)}行"
    _deed(lambda session, **who: reports.accept(session, report_id, rows, **who), f"{told}已按建议改正并重新检查。")


def _strike(report_id: int, row: int) -> None:
    _deed(lambda session, **who: reports.strike(session, report_id, row, **who), f"第{row}行已删去。")


@st.dialog("改正整行", width="medium")
def _whole(report_id: int, row: int) -> None:
    here = ui.actor()
    if here is None:
        return
    with db.reading() as session:
        cells = reports.cells(session, report_id, row, here)
    with st.form(f"whole-{row}-form", border=False):
        st.caption(f"第{row}行")
        places = st.columns(2)
        for at, (column, heading) in enumerate(HEADINGS.items()):
            places[at % 2].text_input(heading, cells[column], key=f"whole-{report_id}-{row}-{column}")
        if st.form_submit_button("保存并重新检查", type="primary"):
            changes = [
                reports.Change(row, column, before, st.session_state[f"whole-{report_id}-{row}-{column}"])
                for column, before in cells.items()
            ]
            _deed(
                lambda session, **who: reports.repair(session, report_id, changes, **who),
                f"第{row}行已保存并重新检查。",
            )
            st.rerun()
