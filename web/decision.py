"""A decision sheet on screen: the answer, what each year has and lacks, every rule considered, and what would help."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import db, decision_sheet
from core.access import Actor
from core.decision_sheet import DecisionSheet
from core.ledger import hours_text
from web import ui


def show(sheet: DecisionSheet, actor: Actor) -> None:
    """One decision with every step, what is missing and how to get it."""
    tell = {"符合": st.success, "不符合": st.error, "待核验": st.warning}[sheet.outcome.label]
    tell(ui.md(sheet.headline) + (f" {ui.md(sheet.note)}" if sheet.note else ""))
    lines = [
        {
            "year": line.year,
            "required": "要求" if line.required else "不要求",
            "complete": "完成" if line.complete else "未完成",
        }
        | {
            each.name: f"{hours_text(each.has)} / {hours_text(each.required)}" + ("（视同完成）" if each.deemed else "")
            for each in line.subjects
        }
        for line in sheet.year_lines
    ]
    names = [each.name for each in sheet.year_lines[0].subjects]
    st.markdown("**各年度学时（已学 / 要求）**")
    heads = {"year": "年度", "required": "本次申报", "complete": "结果"} | {name: name for name in names}
    ui.table(pd.DataFrame(lines), list(heads), empty="", labels=heads)
    st.markdown("**考虑过的规定**　:gray[取对申报人最有利的一项]")
    ways = pd.DataFrame(
        [
            {
                "won": "采用" if way.won else "",
                "name": way.name,
                "clause": way.clause,
                "applies": "适用" if way.applies else "不适用",
                "why": way.why,
                "years": way.years,
                "met": ("达到" if way.met else f"缺{hours_text(way.gap)}学时") if way.applies else "",
            }
            for way in sheet.ways
        ]
    )
    heads = {
        "won": "采用",
        "name": "规定",
        "clause": "条款",
        "applies": "是否适用",
        "years": "需完成年度",
        "met": "结果",
        "why": "理由",
    }
    ui.table(ways, list(heads), empty="", labels=heads)
    if sheet.outcome.label == "不符合" and sheet.person_id is not None:
        _missing(sheet, actor)
    with st.expander(f"学时记录（{len(sheet.entries)}笔）"):
        columns = ["year", "subject", "hours", "completed_on", "source", "basis", "plan_id", "report_id", "roster_row"]
        labels = {"plan_id": "计划编号", "report_id": "报告编号"}
        ui.table(sheet.entries, columns, empty="库中没有该年度的学时记录。", labels=labels)
    with st.expander(f"通知未写明之处的处理（{len(sheet.interpretations)}项）"):
        for used in sheet.interpretations:
            st.markdown(f"- {ui.md(used.reason)}（{used.clause}）")
    st.caption(f"依据{sheet.policy.document}，校验码 {sheet.digest[:16]}")
    made = f"sheet-pdf-{sheet.digest[:16]}"
    st.download_button(
        "下载核验单（PDF）",
        lambda: decision_sheet.sheet_pdf(sheet, now=ui.now()),
        f"资格核验单-{sheet.name}.pdf",
        "application/pdf",
        key=made,
        icon=":material/download:",
        on_click="ignore",
    )


def _missing(sheet: DecisionSheet, actor: Actor) -> None:
    """The shortest way to close the gap, and what waiting a year would do."""
    with db.reading() as session:
        ways = decision_sheet.ways_to_close(session, sheet, actor=actor, now=ui.now())
        later = decision_sheet.if_waiting(session, sheet, actor=actor)
    st.markdown("**怎样补齐**")
    for words in ways.words:
        st.markdown(f"- {ui.md(words)}")
    if ways.offers:
        frame = pd.DataFrame([vars(offer) for offer in ways.offers])
        ui.table(frame, ["title", "base", "subject", "start_on", "end_on", "hours_each"], empty="")
    st.markdown(f"- 如推迟一年：{ui.md(later.headline)}")
