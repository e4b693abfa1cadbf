"""Selection on screen (推荐与遴选): who was nominated by league and rank, several decided at once with one reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, OrganizationKind, Role
from core.law.notices import Programme
from core.models import State
from core.submissions import workflow
from core.submissions.programmes import nomination_table, selection
from core.submissions.workflow import Action
from core.tables.problems import Problem
from web import deeds, shell, tables
from web.deeds import Who
from web.words import clause, md

SELECT, RESERVE, REJECT = "入选", "备选", "不予入选"
COLUMNS = "authority rank name status employer post level study_field host1 opinion id_mask".split()
NAMES = {"organization": "employer"}
WHAT = "第{}号推荐"


def overview(programme: Programme, year: int, here: Actor) -> None:
    """Each office's places beside what it nominated and what came of it (名额与推荐)."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        return selection.by_office(session, who, programme.code, year)

    with db.reading() as session:
        frame = asked(session, here)
    columns = ["authority", "places", "nominated", "selected", "reserves", "not_selected", "waiting_here"]
    tables.table(frame, columns, empty=f"{year}年度还没有分配名额，也没有推荐。")
    selected, target = int(frame["selected"].sum()), programme.target
    if target is not None and here.oversees_region:
        over = f"，超出{selected - target}{programme.unit}" if selected > target else ""
        (st.warning if over else st.caption)(f"已入选{selected}{programme.unit}，计划{target}{programme.unit}{over}。")


def listed(programme: Programme, year: int, here: Actor) -> None:
    """The nominations, by league and rank; those that wait for the region are ticked and decided together."""

    def asked(session: Session, who: Actor) -> pd.DataFrame:
        return selection.nominations(session, who, programme.code, year).rename(columns=NAMES)

    with db.reading() as session:
        frame = asked(session, here)
    decides = here.role is Role.REVIEWER and here.oversees_region
    empty = f"{year}年度还没有上报的推荐。用人单位在“申报”中填写研修推荐。"
    if decides:
        _ticks(frame, empty)
        chosen = tables.named(frame["id"], name="nomination", what=WHAT)
    else:
        chosen = tables.pick(frame, COLUMNS, name="nomination", empty=empty, what=WHAT)
    if chosen is not None and here.role in (Role.REVIEWER, Role.ADMIN):
        shell.link("review", "在“审核”中打开这一件", kind="nomination", item=str(chosen))
    if frame.empty:
        return
    with st.container(horizontal=True):
        tables.export(asked, COLUMNS, name=f"{year}年推荐名单")
        if here.role is Role.REVIEWER:
            _summary(programme, year)
    if here.role is Role.REVIEWER and here.organization_kind is OrganizationKind.LEAGUE_HR:
        _ranks(programme, year)


def _summary(programme: Programme, year: int) -> None:
    """The summary table to take away (汇总表), with full ID numbers: a logged act."""

    def taken(session: Session, **who: Unpack[Who]) -> bytes:
        return nomination_table.workbook(session, programme.code, year, **who)

    tables.download(
        "下载汇总表（含身份证号，记入审计日志）",
        taken,
        f"{year}年{programme.name}推荐人选汇总表.xlsx",
        opened=db.transaction,
        key="summary-download",
        icon=":material/table_view:",
    )


def _ranks(programme: Programme, year: int) -> None:
    """A league's ranks out of its summary table (按汇总表排名), with what is wrong row by row."""
    with st.expander("按汇总表排名：上传填好排名的汇总表"):
        key = f"summary-{st.session_state.get('round', 0)}"
        given = st.file_uploader("汇总表（表头含姓名、身份证号、排名）", ["xlsx", "xls", "et", "csv"], key=key)
        args = (programme.code, year, key)
        st.button("按汇总表排名", key="summary-do", on_click=_rank_by, args=args, disabled=given is None)
        problems = st.session_state.get("summary-problems")
        if problems:
            tables.problems(problems, nomination_table.HEADINGS)


def _rank_by(programme: str, year: int, key: str) -> None:
    given = st.session_state[key]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, list[Problem]]:
        done, found = nomination_table.rank_by(session, given.getvalue(), given.name, programme, year, **who)
        faulty = len({each.row for each in found.problems if each.blocking and each.row})
        left = f"；{faulty}行有问题没有排名，见下表" if faulty else ""
        return f"已按汇总表排名{done}人{left}。逐件写明意见后上报自治区。", found.problems

    made = deeds.deed(act, "summary", given.file_id)
    st.session_state["summary-problems"] = made or []


def _ticks(frame: pd.DataFrame, empty: str) -> None:
    ticked: set[int] = st.session_state.setdefault("study-ticked", set())
    ticked &= set(frame["id"])

    def changed(now: set[int]) -> None:
        st.session_state["study-ticked"] = now

    tables.tick(frame, COLUMNS, name="nominations", empty=empty, ticked=ticked, changed=changed)
    if frame.empty:
        return
    waits = frame[frame["id"].isin(ticked) & (frame["state"] == State.SUBMITTED) & (frame["stage"] > 0)]
    if not ticked:
        st.caption("勾选一人或多人，写明理由后一并办理；只勾选一人时可打开全部材料。")
        return
    if len(ticked) == 1:
        shell.link("review", "在“审核”中打开这一件", kind="nomination", item=str(next(iter(ticked))))
    if len(waits) < len(ticked):
        st.caption(f"勾选的{len(ticked)}人中，有{len(ticked) - len(waits)}人不在“待自治区遴选”，不会办理。")
    if not waits.empty:
        _decide(waits)


def _decide(waits: pd.DataFrame) -> None:
    """The outcome and its reason for those that are ticked, each a deed of its own."""
    with st.form("study-decide"):
        left, right = st.columns([1, 2])
        left.segmented_control(
            "遴选结果", [SELECT, RESERVE, REJECT], default=SELECT, key="study-outcome", required=True
        )
        right.text_input("理由（必填，逐人记入办理过程）", key="study-reason", max_chars=500)
        st.caption("备选按勾选名单的先后接着已有的备选顺序往下排。")
        rows = [waits.loc[at, ["id", "version", "name"]].tolist() for at in waits.index]
        st.form_submit_button(f"办理所选{len(rows)}人", type="primary", on_click=_decided, args=(rows,), key="study-do")


def _decided(rows: Sequence[Sequence[Any]]) -> None:
    """Each in a transaction of its own with every check; a refusal stops none of the others."""
    outcome, reason = st.session_state["study-outcome"], st.session_state["study-reason"]
    done = 0
    for number, version, name in rows:

        def act(session: Session, number: int = int(number), version: int = int(version), **who: Unpack[Who]) -> str:
            return _one(session, number, version, outcome, reason, **who)

        done += deeds.deed(act, outcome, number, version, reason, refused=f"{name}没有办理：") is not None
    if len(rows) > 1:
        deeds.say("success" if done == len(rows) else "warning", f"共{len(rows)}人，已办理{done}人。", first=True)
    if done:
        st.session_state["study-ticked"], st.session_state["study-reason"] = set(), ""


def _one(session: Session, number: int, version: int, outcome: str, reason: str, **who: Unpack[Who]) -> str:
    act: dict[str, Any] = {"reason": reason, **who}
    if outcome == REJECT:
        moved, _ = workflow.move(session, number, Action.REJECT, version=version, **act)
        return f"{moved.person.name if moved.person else ''}：未入选。"
    place = selection.next_reserve_of(session, number) if outcome == RESERVE else None
    found = selection.reserve(session, number, place, version=version, **who)
    session.flush()
    _, told = workflow.move(session, number, Action.APPROVE, version=found.version, **act)
    return f"{told.words}。"


def heading(programme: Programme) -> None:
    """What the notice says of a programme (项目说明)."""
    st.markdown(f":small[{md(programme.note)}]　{clause(programme.clause)}")
