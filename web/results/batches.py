"""Batches of results (成绩批次): listed, each opened to its receipts, and what the office in charge does with it."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.exams import results
from core.ground import db
from core.ground.access import Actor, Role
from core.ground.hours import hours_text
from core.models import Outcome, ResultState
from web import deeds, shell, tables
from web.deeds import Who
from web.facts import facts
from web.words import md, moment_text

BATCH = "result_batch result_state receipts course_title result_source filename_read brought_by brought_at".split()
COUNTS = {Outcome.WAITING: "待确认", Outcome.POSTED: "已记", Outcome.ALREADY: "此前已记"}
COUNTS |= {Outcome.FAILED: "未合格", Outcome.REFUSED: "未接收", Outcome.TAKEN_BACK: "已冲销"}
ROW = "row name id_number result_said passed_on receipt receipt_words".split()
NAMES = {
    "id": "result_batch",
    "course": "course_title",
    "source": "result_source",
    "filename": "filename_read",
    "state": "result_state",
    "said": "result_said",
    "outcome": "receipt",
    "words": "receipt_words",
}


def asked(session: Session, who: Actor) -> pd.DataFrame:
    found = results.listing(session, who).rename(columns=NAMES)
    counts = [
        "　".join(f"{word}{row[outcome.value]}" for outcome, word in COUNTS.items() if row[outcome.value])
        for _, row in found.iterrows()
    ]
    return found.assign(receipts=counts)


def _decide(number: int, version: int, what: str) -> None:
    """Confirm, return or take back the batch that is shown."""
    reason = st.session_state.get(f"results-reason-{number}", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        if what == "confirm":
            batch = results.confirm(session, number, version=version, **who)
            posted = batch.credit_batch.entries if batch.credit_batch else 0
            return f"已确认，{posted}人记入学时" + (f"（入账第{batch.credit_batch_id}批）。" if posted else "。")
        deed = results.send_back if what == "return" else results.take_back
        deed(session, number, version=version, reason=reason, **who)
        return "已退回，没有记学时。" if what == "return" else "已整批冲销，原记录保留。"

    if deeds.deed(act, what, number, version, reason):
        st.session_state[f"results-reason-{number}"] = ""


def opened(number: int, actor: Actor) -> None:
    """One batch: where it came from, its receipts, and what the office in charge does with it."""
    with db.reading() as session:
        batch = results.one(session, number, actor)
        shown = results.rows(session, number, actor).rename(columns=NAMES)
        title = f"{batch.course.title} 第{batch.course.edition}版"
    st.markdown(f"#### 成绩第{batch.id}批　:gray[{md(title)}]")
    told = [
        ("依据", batch.basis),
        ("来源", batch.source.label),
        ("导入", f"{batch.brought_by}，{moment_text(batch.brought_at)}"),
    ]
    if batch.pass_mark is not None:
        told.append(("及格线", f"{hours_text(batch.pass_mark)}分"))
    if batch.decided_at:
        told.append((batch.state.label, f"{batch.decided_by}，{moment_text(batch.decided_at)}"))
    if batch.remark:
        told.append(("原因", batch.remark))
    facts(told)
    with st.container(horizontal=True):
        tables.export(
            lambda session, who: results.rows(session, number, who).rename(columns=NAMES),
            ROW,
            name=f"成绩第{number}批回执",
        )
        if batch.credit_batch_id and actor.role is Role.REVIEWER:
            shell.link("ledger", f"入账第{batch.credit_batch_id}批", batch=str(batch.credit_batch_id))
    tables.table(shown, ROW, empty="这一批没有成绩。")
    if actor.role is Role.REVIEWER and batch.authority_id == actor.organization_id:
        _deciding(batch.id, batch.version, batch.state, shown)


def _deciding(number: int, version: int, state: ResultState, shown: pd.DataFrame) -> None:
    waiting = int((shown["receipt"] == Outcome.WAITING).sum())
    standing = int((shown["receipt"] == Outcome.POSTED).sum())
    if state is ResultState.WAITING:
        new = int(((shown["receipt"] == Outcome.WAITING) & (shown["receipt_words"] == results.NEW)).sum())
        if new:
            st.warning(f"其中{new}人{results.NEW}；请先核对表中这些人的姓名和身份证号。")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            words = f"确认{waiting}条，记学时" if waiting else "确认（没有要记的学时）"
            st.button(words, type="primary", key="results-confirm", on_click=_decide, args=(number, version, "confirm"))
            with st.popover("不予确认"):
                st.text_area("原因（必填，写入回执）", key=f"results-reason-{number}")
                st.button("不予确认", key="results-return", on_click=_decide, args=(number, version, "return"))
    elif state is ResultState.POSTED and standing:
        with st.popover(f"整批冲销（{standing}人）"):
            st.write("把这一批记入的学时全部冲销，相关的审验卡随之失效，原记录保留。")
            st.text_area("原因（必填）", key=f"results-reason-{number}")
            st.button("确认整批冲销", key="results-back", on_click=_decide, args=(number, version, "take_back"))
