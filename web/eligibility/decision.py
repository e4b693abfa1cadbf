"""Decision sheet (资格核验单): the answer, each year's hours, every rule considered, ways to close the gap."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.eligibility import closing, evidence, printed
from core.eligibility.sheet import DecisionSheet, Way, YearLine
from core.ground import db
from core.ground.access import Actor, Refused
from core.ground.hours import hours_text
from core.ledger.years import SubjectLine
from web import context, tables
from web.policies.articles import silences
from web.words import clause, md


def show(sheet: DecisionSheet, actor: Actor) -> None:
    """Decision sheet (资格核验单) with every step, what is missing and how to close the gap."""
    verdict(sheet)
    _evidence(sheet, actor)
    years(sheet)
    for line in sheet.year_lines:
        _entries(sheet, line)
    _ways(sheet)
    if sheet.outcome.label == "不符合" and sheet.person_id is not None:
        _missing(sheet, actor)
    with st.expander(f"通知未写明之处的处理（{len(sheet.interpretations)}项）"):
        silences(sheet.interpretations, none="本结论不涉及通知未写明之处。")
    decided = f"，{sheet.decided_by}{db.office_day(sheet.decided_at)}核验" if sheet.decided_at else ""
    st.caption(md(f"依据{sheet.policy.document}{decided}，校验码{sheet.digest[:16]}"))
    try:
        printed.printable(sheet)
    except Refused as refused:
        st.warning(md(refused.words))
        return
    whose = context.known().whose.letterhead
    tables.download(
        "下载核验单（PDF）",
        lambda _, **who: printed.sheet_pdf(sheet, now=who["now"], by=whose),
        f"资格核验单-{sheet.name}.pdf",
        mime="application/pdf",
        key=f"sheet-pdf-{sheet.digest[:16]}",
    )


def _evidence(sheet: DecisionSheet, actor: Actor) -> None:
    """Certificates beside the verdict (佐证材料), on which it does not hang."""
    with db.reading() as session:
        found = evidence.of_sheet(session, sheet, actor=actor)
    if found:
        st.markdown("**佐证材料**　:gray[供职称认定、评审时参考，不影响学时结论]")
        tables.prose([[md(each.words), md(each.use), clause(each.clause)] for each in found], ["证书", "用途", "条款"])


def brief(sheet: DecisionSheet) -> None:
    """A decision in brief, to compare with another: the answer, the years, the rule that won."""
    verdict(sheet)
    years(sheet)
    won = next(way for way in sheet.ways if way.won)
    st.markdown(f"采用{md(won.name)}　{clause(won.clause)}")


def verdict(sheet: DecisionSheet) -> None:
    """The verdict (结论) in a sentence, what it is based on and what was left open."""
    tell = {"符合": st.success, "不符合": st.error, "待核验": st.warning}[sheet.outcome.label]
    tell(f"**{md(sheet.headline)}**" + (f"  \n{md(sheet.note)}。" if sheet.note else ""))


def years(sheet: DecisionSheet) -> None:
    """Hours by year (各年度学时): what each year has of what is required, and what it lacks."""
    st.markdown("**各年度学时**　:gray[已学 / 要求，学时]" + ("　:gray[完成其中任一年度即可]" if sheet.any_one else ""))
    names = [each.name for each in sheet.year_lines[0].subjects]
    tables.prose((_year(line) for line in sheet.year_lines), ["年度", *names, "结果"])


def _year(line: YearLine) -> list[str]:
    """A year's row in the table of hours; grey where the year is not required."""
    cells = [_hours(each, asked=line.required) for each in line.subjects]
    alone = line.subjects[0].required is not None
    done = ":red[未完成]" if not line.complete else "完成" if alone else "各年度合并核算"
    words = [f"{line.year}", *cells, done]
    return words if line.required else [f":gray[{line.year}]", *cells, ":gray[本次不要求]"]


def _hours(each: SubjectLine, *, asked: bool) -> str:
    """A subject's hours of a year against the requirement, the shortfall in red."""
    words = each.words
    if each.deemed:
        return words
    if not asked:
        return f":gray[{words}]"
    return f"{words}　:red[缺{hours_text(each.lacks)}]" if each.lacks else words


def _entries(sheet: DecisionSheet, line: YearLine) -> None:
    """A year's balance, opened to the credit entries (学时记录) it is the sum of."""
    found = sheet.entries[sheet.entries["year"] == line.year]
    with st.expander(f"{line.year}年度学时记录（{len(found)}笔）"):
        columns = ["subject", "hours", "source", "completed_on", "plan", "basis", "plan_id", "report_id", "roster_row"]
        if found["plan"].isna().all():
            columns = [*columns[:4], "basis"]
        tables.table(found, columns, empty=f"{line.year}年度没有学时入账。")


def _ways(sheet: DecisionSheet) -> None:
    """Rules considered (考虑过的规定), the winning one first; folded below, those that do not apply."""
    st.markdown("**考虑过的规定**　:gray[取对申报人最有利的一项]")
    applying = sorted((way for way in sheet.ways if way.applies), key=lambda way: not way.won)
    heads = ["规定", "条款", "结果", "理由"]
    tables.prose(([md(way.name), clause(way.clause), _result(way), _why(way)] for way in applying), heads)
    others = [way for way in sheet.ways if not way.applies]
    if others:
        with st.expander(f"不适用的规定（{len(others)}项）"):
            lines = [[md(way.name), clause(way.clause), _why(way)] for way in others]
            tables.prose(lines, ["规定", "条款", "不适用的理由"])


def _result(way: Way) -> str:
    """What a rule asks for, and whether that is met."""
    return ("**采用**：" if way.won else "未采用：") + md(way.asks)


def _why(way: Way) -> str:
    """Every condition of a rule with whether it holds; those that do not in red."""
    parts = []
    for part in way.why.split("；"):
        words = md(part.rstrip("✓✗"))
        parts.append(f":red[{words}：否]" if part.endswith("✗") else f"{words}：是" if part.endswith("✓") else words)
    return "；".join(parts)


def _missing(sheet: DecisionSheet, actor: Actor) -> None:
    """Closing the gap (怎样补齐): the shortest way, and what waiting a year would do."""
    with db.reading() as session:
        ways = closing.ways_to_close(session, sheet, actor=actor, now=context.moment(session))
        try:
            later = closing.if_waiting(session, sheet, actor=actor).headline
        except Refused as refused:
            later = refused.words
    st.markdown("**怎样补齐**")
    st.markdown("\n".join(f"- {md(words)}" for words in ways.words))
    if ways.offers:
        frame = pd.DataFrame([vars(offer) for offer in ways.offers])
        columns = ["title", "subject", "hours_each", "credit_year", "start_on", "end_on", "base", "place"]
        tables.table(frame.assign(place=frame["place"] + "（" + frame["mode"] + "）"), columns, empty="")
    st.markdown(f"**推迟一年申报**  \n{md(later)}")
