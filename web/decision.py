"""A decision sheet on screen: the answer, what each year has and lacks, every rule considered, and what would help."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import streamlit as st

from core.eligibility import closing, printed, sheet
from core.eligibility.answers import Run
from core.eligibility.sheet import DecisionSheet, SubjectLine, Used, Way, YearLine
from core.ground import db
from core.ground.access import Actor, Refused
from core.ground.hours import hours_text
from core.law import wording
from core.law.notices import Interpretation, Policy
from web import ui

# --- one sheet ------------------------------------------------------------------------------------------------------


def show(sheet: DecisionSheet, actor: Actor) -> None:
    """One decision with every step, what is missing and how to get it."""
    verdict(sheet)
    years(sheet)
    for line in sheet.year_lines:
        _entries(sheet, line)
    _ways(sheet)
    if sheet.outcome.label == "不符合" and sheet.person_id is not None:
        _missing(sheet, actor)
    with st.expander(f"通知未写明之处的处理（{len(sheet.interpretations)}项）"):
        silences(sheet.interpretations)
    decided = f"，{sheet.decided_by}{db.office_day(sheet.decided_at)}核验" if sheet.decided_at else ""
    st.caption(f"依据{sheet.policy.document}{decided}，校验码{sheet.digest[:16]}")
    st.download_button(
        "下载核验单（PDF）",
        lambda: printed.sheet_pdf(sheet, now=ui.now()),
        f"资格核验单-{sheet.name}.pdf",
        "application/pdf",
        key=f"sheet-pdf-{sheet.digest[:16]}",
        icon=":material/download:",
        on_click="ignore",
    )


def brief(sheet: DecisionSheet) -> None:
    """The answer, the years and the rule that won, to lay beside another sheet."""
    verdict(sheet)
    years(sheet)
    won = next(way for way in sheet.ways if way.won)
    st.markdown(f"采用{ui.md(won.name)}　{ui.clause(won.clause)}")


def articles(rule: Policy) -> None:
    """A policy clause by clause in plain words."""
    told = wording.articles(rule)
    lines = [[ui.clause(each.clause), ui.md(each.heading), ui.md(each.words)] for each in told]
    ui.prose(lines, ["条款", "事项", "规定"])


def verdict(sheet: DecisionSheet) -> None:
    """The answer in a sentence, what it stands on and what was left open."""
    tell = {"符合": st.success, "不符合": st.error, "待核验": st.warning}[sheet.outcome.label]
    tell(f"**{ui.md(told(sheet.headline))}**" + (f"  \n{ui.md(sheet.note)}。" if sheet.note else ""))


def told(words: str) -> str:
    """Answers as the files write them, for reading: 2023;2024 as 2023、2024."""
    return words.replace(";", "、").replace("|", "、")


def years(sheet: DecisionSheet) -> None:
    """Every year looked at, what it has of what it must have, and what it lacks."""
    st.markdown("**各年度学时（已学 / 要求）**" + ("　:gray[完成其中任一年度即可]" if sheet.any_one else ""))
    names = [each.name for each in sheet.year_lines[0].subjects]
    ui.prose((_year(line) for line in sheet.year_lines), ["年度", *names, "结果"])


def _year(line: YearLine) -> list[str]:
    cells = [_hours(each, asked=line.required) for each in line.subjects]
    done = "完成" if line.complete else ":red[未完成]"
    words = [f"{line.year}", *cells, done]
    return words if line.required else [f":gray[{line.year}]", *cells, ":gray[本次不要求]"]


def _hours(each: SubjectLine, *, asked: bool) -> str:
    words = f"{hours_text(each.has)} / {hours_text(each.required)}"
    if each.deemed:
        return words + "（视同完成）"
    if not asked:
        return f":gray[{words}]"
    return f"{words}　:red[缺{hours_text(each.lacks)}]" if each.lacks else words


def _entries(sheet: DecisionSheet, line: YearLine) -> None:
    """A year's balance, opened to the entries it is the sum of."""
    found = sheet.entries[sheet.entries["year"] == line.year]
    with st.expander(f"{line.year}年度学时记录（{len(found)}笔）"):
        columns = ["subject", "hours", "source", "completed_on", "plan", "basis", "plan_id", "report_id", "roster_row"]
        labels = {"plan_id": "计划编号", "report_id": "报告编号"}
        if found["plan"].isna().all():
            columns = [*columns[:4], "basis"]
        ui.table(found, columns, empty=f"{line.year}年度没有学时入账。", labels=labels)


def _ways(sheet: DecisionSheet) -> None:
    """The rules that apply, the one that won first; beside them, folded, those that do not, each with the reason."""
    st.markdown("**考虑过的规定**　:gray[取对申报人最有利的一项]")
    applying = sorted((way for way in sheet.ways if way.applies), key=lambda way: not way.won)
    heads = ["规定", "条款", "结果", "理由"]
    ui.prose(([ui.md(way.name), ui.clause(way.clause), _result(way), _why(way)] for way in applying), heads)
    others = [way for way in sheet.ways if not way.applies]
    if others:
        with st.expander(f"不适用的规定（{len(others)}项）"):
            lines = [[ui.md(way.name), ui.clause(way.clause), _why(way)] for way in others]
            ui.prose(lines, ["规定", "条款", "不适用的理由"])


def _result(way: Way) -> str:
    need = "不要求学时" if way.years == "无" else f"需完成{told(way.years)}"
    met = "" if way.years == "无" else "，已完成" if way.met else f"，缺{hours_text(way.gap)}学时"
    return ("**采用**：" if way.won else "未采用：") + need + met


def _why(way: Way) -> str:
    """Every condition with whether it holds; those that do not in red."""
    parts = []
    for part in way.why.split("；"):
        words = ui.md(part.rstrip("✓✗"))
        parts.append(f":red[{words}：否]" if part.endswith("✗") else f"{words}：是" if part.endswith("✓") else words)
    return "；".join(parts)


def silences(used: Iterable[Used | Interpretation]) -> None:
    """Where the notice is silent: what is done, why, and the clause it belongs to."""
    lines = [
        [SILENCES[each.setting][0], ui.clause(each.clause), f"**{ui.md(_setting(each))}**", ui.md(each.reason)]
        for each in used
    ]
    if lines:
        ui.prose(lines, ["通知未写明", "条款", "系统的处理", "理由"])
    else:
        st.caption("本结论不涉及通知未写明之处。")


SILENCES: dict[str, tuple[str, str, str]] = {
    "include_application_year": ("近三年是否含申报当年", "含申报当年", "不含申报当年"),
    "age_on": ("年龄计算到哪一天", "申报年度{}", ""),
    "years_counted_from_next": ("转任、任现职年数从何时起算", "次年起算", "当年起算"),
    "transfer_limit": ("转任后最多核验几个年度", "{}个年度", ""),
    "waiver_window": ("完成一个年度即可的，在几年之内", "近{}年", ""),
    "hours_per_day": ("每天最多计多少学时", "{}学时", ""),
    "until_next_notice": ("新通知载入之前怎样执行", "沿用本通知", "不沿用"),
    "makeup_years": ("可补学此前几个年度", "{}个年度", ""),
    "amounts_of_earlier_years": ("以前年度按哪份通知的学时", "{}", ""),
    "best_waiver_wins": ("几项减免同时符合", "取最有利的一项", "不取最有利的一项"),
    "certificate_rate": ("证书折合的比例", "{}", ""),
    "review_routes": ("减免适用于哪些申报方式", "{}", ""),
    "within_one_year": ("跨年度的培训", "分开上报、各计各年", "可合并上报"),
}
"""Each silence a policy may name: what is left open, the words where it is settled (with its value), where not."""
_VALUES = {"application_year": "按申报年度的通知", "granted": "由审核部门核定"}


def _setting(each: Used | Interpretation) -> str:
    value: Any = {"是": True, "否": False}.get(str(each.value), each.value)
    _, settled, otherwise = SILENCES[each.setting]
    return otherwise if value is False else settled.format(_VALUES.get(str(value), value))


def _missing(sheet: DecisionSheet, actor: Actor) -> None:
    """The shortest way to close the gap, and what waiting a year would do."""
    with db.reading() as session:
        ways = closing.ways_to_close(session, sheet, actor=actor, now=ui.now())
        try:
            later = told(closing.if_waiting(session, sheet, actor=actor).headline)
        except Refused as refused:
            later = refused.words
    st.markdown("**怎样补齐**")
    st.markdown("\n".join(f"- {ui.md(words)}" for words in ways.words))
    if ways.offers:
        frame = pd.DataFrame([vars(offer) for offer in ways.offers])
        columns = ["title", "subject", "hours_each", "credit_year", "start_on", "end_on", "base", "place"]
        ui.table(frame.assign(place=frame["place"] + "（" + frame["mode"] + "）"), columns, empty="")
    st.markdown(f"**推迟一年申报**  \n{ui.md(later)}")


# --- the rows of a file ---------------------------------------------------------------------------------------------


def choose(frame: pd.DataFrame, labels: dict[str, str]) -> int | None:
    """The answered rows of a file to choose from; answers the chosen spreadsheet row."""
    columns = ["row", "name", "outcome", "years", "gap", "clauses", "year", "route", "level", "id_mask", "note"]
    words = {name: frame[name].map(told) for name in ("years", "gap", "clauses")}
    return ui.pick(frame.assign(**words), columns, name="row", by="row", empty="没有这样的申报。", labels=labels)


def opened(row: int | None, run: Run, actor: Actor) -> None:
    """The sheet of a row of a file, or why it has none."""
    application = next((each for each in run.applications if each.row == row), None)
    if application is None:
        st.caption("选中一行，查看此人的核验单：每个年度的学时、考虑过的规定和怎样补齐。")
        return
    with st.container(border=True):
        try:
            with db.reading() as session:
                show(sheet.sheet(session, application, actor=actor), actor)
        except Refused as refused:
            st.warning(f"第{row}行没有核验。{ui.md(refused.words)}")
