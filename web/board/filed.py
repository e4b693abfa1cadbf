"""Filed figures on screen (已报数据): filing those of a period, and each filing held against now."""

from __future__ import annotations

from datetime import date
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.office.dashboards import filed, yearly
from core.office.dashboards.filed import Difference
from core.tables import sheets
from web import address, context, deeds, tables
from web.deeds import Who
from web.words import md

LISTED = ["报送期间", "报送单位", "第几次", "counted_on", "at", "account", "reason", "摘要"]
FIGURES = ["单位或项目", "指标", "报送时", "现在", "增减"]
LINES = ["事项", "名称", "影响", "机构", "管理权限", "at", "依据"]


def file_figures(today: date) -> None:
    """The form that files a period's figures (报送数据): of the own office, as they stand now."""
    offered = {each.code: each.label for each in filed.periods(today)}
    with st.form("file-figures"):
        left, right = st.columns([1, 2])
        left.selectbox("报送期间", list(offered), format_func=offered.__getitem__, key="filed-period", required=True)
        right.text_input("说明", key="filed-reason", max_chars=filed.LONGEST_REASON, placeholder="再次报送须写明原因")
        st.caption("按本单位管理权限内的全部数据报送，以现在的数据为准；报送后不能修改，只能再次报送。")
        asked = st.form_submit_button("报送", type="primary", key="filed-do")
    if asked:
        _once_more(offered[st.session_state["filed-period"]])


@st.dialog("报送数据")
def _once_more(period: str) -> None:
    """Filing is asked once more (确认报送): it cannot be changed afterwards."""
    st.markdown(md(f"将按现在的数据报送{period}数据。报送后不能修改，只能再次报送并写明原因。"))
    with st.container(horizontal=True):
        done = st.button("确认报送", type="primary", on_click=_file, key="filed-sure")
        if st.button("不报送", key="filed-not") or done:
            st.rerun()


def _file() -> None:
    code, reason = st.session_state["filed-period"], st.session_state["filed-reason"]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, int]:
        made = filed.freeze(session, code, reason=reason, **who)
        session.flush()
        words = f"{filed.period(code).label}数据已报送（第{made.number}次），摘要{made.digest[:16]}。"
        return words, made.id

    if number := deeds.deed(act, "figures", code, reason):
        address.choose("filed", int(number))


def yearly_table(today: date) -> None:
    """The yearly statistics table as a workbook (年度统计表), made at the click."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        year = address.year(today.year, back=3, label="统计年度")

        def content(session: Session, **who: Unpack[Who]) -> bytes:
            return yearly.xlsx(session, who["actor"], year, now=who["now"])

        tables.download("导出年度统计表", content, f"继续教育年度统计表-{year}-{today:%Y%m%d}.xlsx", key="yearly")


def filed_figures(here: Actor) -> None:
    """What was filed, to choose from; below it the chosen one beside now, with the lines of the difference."""
    with db.reading() as session:
        frame = filed.listed(session, here)
    empty = "还没有报送过数据。" + ("选好期间，点“报送”。" if here.role in filed.FILERS else "")
    chosen = tables.pick(frame, LISTED, name="filed", empty=empty, what="")
    if chosen is None:
        return
    try:
        with db.reading() as session:
            found = filed.differences(session, chosen, here, now=context.moment(session))
    except Refused as refused:
        address.choose("filed", None)
        st.error(md(refused.words))
        return
    _beside(found, chosen)


def _beside(found: Difference, number: int) -> None:
    st.subheader(md(found.title), anchor=False)
    st.markdown(md(found.words))
    alone = address.switch("只看有变化的", key="filed-changed", usual=True)
    table = found.figures[found.figures["增减"].abs() > 0] if alone else found.figures
    if not table.empty:
        tables.table(table, FIGURES, empty="")
    if not found.lines.empty:
        st.markdown("**变化原因**")
        tables.table(found.lines, LINES, empty="")
    st.caption(f"摘要（SHA-256）：{found.digest}")

    def book(which: str) -> None:
        def content(session: Session, **who: Unpack[Who]) -> bytes:
            again = filed.differences(session, number, who["actor"], now=who["now"])
            frame = again.figures if which == "对照" else tables.worded(again.lines, LINES)
            return _workbook(frame, again, which)

        tables.download(
            f"导出{which}", content, f"已报数据{which}-{number}-{context.today():%Y%m%d}.xlsx", key=f"filed-{which}"
        )

    with st.container(horizontal=True):
        book("对照")
        book("变化原因")


def _workbook(frame: pd.DataFrame, found: Difference, sheet: str) -> bytes:
    rows = [list(row) for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)]
    rows += [[], [found.title], [f"摘要（SHA-256）：{found.digest}"]]
    return sheets.workbook([tables.LABELS.get(name, name) for name in frame.columns], rows, sheet=sheet)
