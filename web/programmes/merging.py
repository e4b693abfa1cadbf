"""The merged table (汇总表) of a programme's year on screen, and how far its filing has come (报送情况)."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Role
from core.law import notices
from core.models import PlanTable, State, YearSummary
from core.submissions.kinds import KINDS
from core.submissions.programmes import capability, lines
from core.submissions.programmes import merged as merging
from core.submissions.programmes import summaries as summing
from web import address, context, links, shell, tables
from web.words import days_left

ALL = "全部"


def names(year: int, actor: Actor) -> dict[str, str]:
    """Programmes with plan tables (按计划表办理的项目) of a year's notice, by code. Refused codes: "policy"."""
    policy = notices.in_force(date(year, 1, 1), actor.league)
    return {each.code: each.name for each in capability.programmes(policy)}


def merged(programme: str, year: int, actor: Actor) -> None:
    """The merged table: what is planned and what came of it, as figures and line by line, and as a file."""
    with db.reading() as session:
        found = merging.merged(session, actor, programme, year)
        people, visits = merging.trained(session, actor, programme, year)
        waiting = sum(each.state is State.SUBMITTED for each in merging.filed(session, actor, programme, year))
    planned = sum(each.line.people or 0 for each in found)
    unsure = sum(each.line.people is None for each in found)
    places = st.columns(5)
    places[0].metric("项目数", f"{len(found):,}")
    places[1].metric("计划人数", f"{planned:,}", help=f"另有{unsure}项人数未定，没有计入" if unsure else None)
    places[2].metric("已有通过报告的项目", f"{sum(each.carried.reports > 0 for each in found):,}")
    places[3].metric("完成人数", f"{people:,}", help="报告通过、学时有效的人，同一人只计一次")
    places[4].metric("完成人次", f"{visits:,}", help="同一人参加几期计几人次")
    if waiting:
        st.info(f"另有{waiting}份计划表已报送、待审核，通过后列入汇总表。")
    if not found:
        st.info(f"{year}年度还没有通过的计划表。报送和审核的情况见“报送情况”。")
        return
    areas = list(dict.fromkeys(each.line.area or "未写明" for each in found))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        area = address.choice("重点领域", {each: each for each in (ALL, *areas)}, key="area", width=200)
        kinds = {each: each for each in (ALL, *(each.category for each in found))}
        kind = address.choice("单位类别", kinds, key="category", width=130)
        make = partial(_file, programme, year)
        tables.download(
            "导出汇总表（附件2）", make, f"{year}年计划表汇总-{context.today():%Y%m%d}.xlsx", key="merged-file"
        )
    shown = [each for each in found if area in (ALL, each.line.area or "未写明") and kind in (ALL, each.category)]
    if not shown:
        st.info("没有这样的项目。请换一个重点领域或单位类别。")
        return
    listed = frame(shown)
    tables.table(listed, [str(name) for name in listed], empty="")
    st.caption(f"列出{len(shown)}项。计划人数只列确定的数，“约100人”按100人；原文不是一个数的写在备注里。")


def _file(programme: str, year: int, session: Session, **who: Any) -> bytes:
    return merging.file(session, programme, year, **who)


def frame(found: list[merging.Merged]) -> pd.DataFrame:
    """Merged lines under 附件2's headings, those of them that say something, what they came to in front."""
    said = {name for each in found for name in each.cells}
    said |= {"unit", "name", "area"}
    columns = [name for name in lines.FILLED if name in said and name not in ("people", "note")]
    rows = []
    for number, each in enumerate(found, start=1):
        cells, people = each.cells, each.line.people
        written = cells.get("people", "")
        note = [f"人数“{written}”"] if people is None or not written.isdecimal() else []
        note += [cells["note"]] if cells.get("note") else []
        row: dict[str, Any] = {"序号": number, "单位": cells["unit"], "单位类别": each.category}
        row |= {lines.HEADINGS[name]: cells.get(name, "") for name in columns if name != "unit"}
        row |= {"计划人数": people, "完成人数": each.carried.people, "完成人次": each.carried.visits}
        row |= {"落实计划": each.carried.plans, "已报告": each.carried.reports, "备注": "；".join(note)}
        rows.append(row)
    first = ["序号", "单位", "项目名称", "重点领域", "计划人数", "完成人数", "完成人次", "落实计划", "已报告"]
    table = pd.DataFrame(rows).astype({"计划人数": "Int64"})
    return table[[*first, *(name for name in rows[0] if name not in first)]]


# --- who filed and who has not --------------------------------------------------------------------------------------


def filing(programme: str, year: int, actor: Actor, *, summaries: bool) -> None:
    """How far the filing of a year has come (报送情况): who has not filed and how late, who filed and when."""
    model, _ = merging.SUMMARIES if summaries else merging.TABLES
    with db.reading() as session:
        missing = merging.not_filed(session, actor, programme, year, summaries=summaries, now=context.now())
        there = merging.filed(session, actor, programme, year, model)
        clerks = merging.clerks(session, [each.organization.id for each in missing])
        offices = {each.id: each.organization.name for each in there}
        kinds = {each.id: merging.category(each.organization) for each in there}
    _tallied(merging.tally(there, missing))
    st.subheader(f"未报送（{len(missing)}）", anchor=False)
    _missing(missing, clerks)
    st.subheader(f"已报送（{len(there)}）", anchor=False)
    if not there:
        st.info("还没有单位报送。")
        return
    found = pd.DataFrame(
        {
            "id": each.id,
            "状态": KINDS[each.kind].word_for(each.state),
            "单位": offices[each.id],
            "单位类别": kinds[each.id],
            "filed_on": each.filed_on,
            "逾期": "逾期" if each.late else "",
            **_of(each),
        }
        for each in there
    )
    item = tables.pick(
        found, [str(name) for name in found if name != "id"], name="item", empty="", what="", elsewhere=True
    )
    if item is not None and actor.role in (Role.REVIEWER, Role.ADMIN):
        where = links.place(there[0].kind, item, actor)
        if where:
            shell.go(where[0], **where[1])


def _tallied(tally: merging.Tally) -> None:
    words = ("应报送", "按时", "逾期", "未报送", "待审核")
    for place, label, number in zip(st.columns(5), words, tally, strict=True):
        place.metric(label, number)


def _missing(missing: list[merging.Owing], clerks: dict[int, str]) -> None:
    """Who has not filed, by how much, how far it has come, and who can."""
    if not missing:
        st.success("都已报送。")
        return
    rows = pd.DataFrame(
        {
            "单位": each.organization.name,
            "单位类别": merging.category(each.organization),
            "进展": each.words,
            "due_on": each.deadline.due_on,
            "期限": days_left(-each.days_late),
            "经办人": clerks.get(each.organization.id, "没有经办人账号，请管理员开通"),
        }
        for each in missing
    )
    with st.container(horizontal=True):
        tables.export(lambda _session, _who: rows, [*map(str, rows)], name="未报送")
    tables.table(rows, [*map(str, rows)], empty="")


def _of(each: PlanTable | YearSummary) -> dict[str, Any]:
    """What it says in figures: a table's plans, a summary's outcome as it was filed."""
    if isinstance(each, PlanTable):
        return {"项目数": each.items, "计划人数": each.people}
    said = summing.kept(each)
    items, people = f"{said.done_items}/{said.planned_items}", f"{said.done_people}/{said.planned_people}"
    return {"完成项目数/计划": items, "完成人数/计划": people, "完成率": said.share, "counted_on": each.counted_on}
