"""Officers look over what was posted, batch by batch, and undo what was posted wrongly, in whole or in part."""

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import decisions
from core.ground import db, typed
from core.ground.access import Actor, Refused, Role
from core.ledger import books, statements
from core.ledger.consequences import Consequence
from core.ledger.standing import Standing, reversed_lines
from core.models import CreditBatch
from core.submissions import kinds
from core.trail import files
from web import address, deeds, shell, tables
from web.credit import importing, reversing
from web.deeds import Who
from web.facts import facts
from web.words import md, moment_text

actor = shell.require(Role.REVIEWER, Role.ADMIN)
shell.page(
    "入账批次与冲销",
    "每次审核、导入和冲销都是一批，逐笔可查，前后相连，不能改动。登记有误的，整批或逐笔冲销，原记录保留；"
    "冲销后，列有这些学时的审验卡（所冲销学时年度及其后两个年度的卡）即失效。",
)
BATCH = "batch_id standing posted_at account_name authority origin entries hours basis".split()
LINE = "batch_line standing name id_mask year subject source hours completed_on basis".split()
RELIED = "decision_number decided_for_record_at deciding_office name id_mask year outcome relied_years".split()
BATCH_NAMES = {"id": "batch_id", "posted_by": "account_name"}
LINE_NAMES = {"line": "batch_line"}
RELIED_NAMES = {
    "number": "decision_number",
    "decided_at": "decided_for_record_at",
    "organization": "deciding_office",
    "credit_years": "relied_years",
}


def ask(batch_id: int, chosen: str | None, key: str) -> None:
    """Undo one line on which nothing was decided at once; else only after it was said how much that is.

    `chosen`: the lines as they are written down, nothing for those in the field beside the button, None for all that
    still stand.
    """
    reason = typed.prose(st.session_state[key])

    def question(session: Session, **who: Unpack[Who]) -> tuple[Consequence, frozenset[int], int]:
        lines = None if chosen is None else books.line_numbers(chosen or st.session_state[f"{key}-lines"])
        taken = books.foreseen(session, batch_id, lines=lines, **who)
        if lines is None:
            entries = session.get_one(CreditBatch, batch_id).entries
            lines = {*range(1, entries + 1)} - reversed_lines(session, batch_id)
        return taken, frozenset(lines), len(decisions.relied(session, batch_id, who["actor"], only=lines))

    try:
        taken, lines, relied = deeds.rehearsed(question)
    except Refused as refused:
        deeds.say("error", refused.words)
        return
    args = (batch_id, lines, reason, key)
    if (len(lines) == 1 and not relied) or not reason:  # without a reason it is refused, in the ledger's words
        reverse(*args)
        return
    words = f"将{taken.words}"
    words += f"；{relied}项资格核验结论曾用到这些学时" if relied else ""
    words += f"；该批{f'还有{taken.left}笔有效' if taken.left else '全部冲销'}"
    reversing.ask_again(words, reason, reverse, args, key=key)


def reverse(batch_id: int, lines: frozenset[int], reason: str, key: str) -> None:
    """Undo these lines, and leave nothing filled in beside the buttons for the lines that remain."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        batch, taken = books.reverse(session, batch_id, reason=reason, lines=lines, **who)
        words = reversing.to_look_at(len(decisions.relied(session, batch.id, who["actor"])), batch.id)
        return f"已{taken.words}。冲销记在第{batch.id}批{words}。"

    if deeds.deed(act, "reverse", batch_id, lines):
        st.session_state[key] = st.session_state[f"{key}-lines"] = ""
        address.choose(f"line{batch_id}", None)
        address.forget_choice()


def original(kept: int) -> None:
    """The file an import came from; handing it out is a logged act, since it holds full ID numbers."""
    with db.reading() as session:
        filename = files.one(session, kept, actor)[0].filename
    make = tables.deferred(lambda session, **who: files.handed_out(session, kept, **who).content, db.transaction)
    icon, key = ":material/attach_file:", f"file-{kept}"
    st.download_button(f"原文件：{filename}", make, filename, key=key, icon=icon, on_click="ignore")


def entries_of(batch: CreditBatch) -> int | None:
    """The entries of a batch to read, and the line picked among them."""
    text = (
        st.text_input("姓名或完整身份证号", key=f"line-q-{batch.id}", width=260)
        if batch.entries > tables.PAGE_ROWS
        else ""
    )

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = statements.lines(session, batch.id, who, text=text, **page)
        return found.rename(columns=LINE_NAMES), count

    shown, _count = tables.listing(asked, actor, name=f"line-{batch.id}")
    # Named by its batch: a line chosen in one batch must not stay chosen in the next.
    line = tables.pick(shown, LINE, name=f"line{batch.id}", by="batch_line", empty="这一批没有这样的学时。")
    with st.container(horizontal=True):
        tables.export(lambda session, who: asked(session, who, limit=None)[0], LINE, name=f"第{batch.id}批学时")
        if batch.attachment_id:
            original(batch.attachment_id)
    return line


def undoing(batch: CreditBatch, standing: Standing, line: int | None) -> None:
    """The whole batch, the line picked, or the lines written down, with a reason."""
    key = f"reverse-{batch.id}"
    st.markdown("**冲销**")
    label = "冲销原因（必填，会显示在学时明细和失效的审验卡上）"
    st.text_input(label, key=key, placeholder="如：与第3批重复", max_chars=books.LONGEST_REASON)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if batch.entries > 1:
            st.text_input("笔号", key=f"{key}-lines", placeholder="如：2、5-9", width=180)
            st.button("冲销所填各笔", on_click=ask, args=(batch.id, "", key), key=f"{key}-some")
        if line and line <= batch.entries:
            st.button(f"只冲销第{line}笔", on_click=ask, args=(batch.id, str(line), key), key=f"{key}-{line}")
        words = "冲销整批" if standing == Standing.STANDS else "冲销其余各笔"
        st.button(words, on_click=ask, args=(batch.id, None, key), key=f"{key}-all")


def relied(batch: CreditBatch) -> None:
    """The decisions to look at again."""
    with db.reading() as session:
        found = decisions.relied(session, batch.id, actor)
    with st.expander(f"据此作出的资格核验结论（{len(found)}项）", expanded=not found.empty):
        told = "学时有效期间作出、核验年度可能包含这些学时的结论；学时冲销的，请逐项复核。"
        if others := int((found["organization"] != actor.organization_name).sum()):
            told += f"其中{others}项由其他机关核验，请告知核验机关复核。"
        st.caption(told)
        tables.table(found.rename(columns=RELIED_NAMES), RELIED, empty="没有结论用到这一批学时。")
        if not found.empty:
            tables.export(
                lambda session, who: decisions.relied(session, batch.id, who).rename(columns=RELIED_NAMES),
                RELIED,
                name=f"第{batch.id}批相关结论",
            )


def batch_page(batch: CreditBatch, standing: Standing) -> None:
    """One batch: who, why, its entries, its file, what relied on it, and taking it back."""
    st.markdown(f"#### 第{batch.id}批　:gray[{md(batch.basis)}]")
    facts([("入账时间", moment_text(batch.posted_at)), ("办理人", batch.posted_by), ("状态", standing.label)])
    with db.reading() as session:
        reversals = list(statements.reversals(session, batch.id, actor))
    for back in reversals:
        what = f"第{back.id}批，{moment_text(back.posted_at)}，{back.posted_by}，{back.entries}笔"
        st.warning(f"{md(back.basis)}（{what}）", icon=":material/undo:")
    line = entries_of(batch)
    importing.mended(batch, actor)
    relied(batch)
    if not batch.reverses_id and standing != Standing.REVERSED and batch.authority_id == actor.organization_id:
        undoing(batch, standing, line)


origin = address.filter_by("类别", kinds.origins(), key="origin")


def asked_batches(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
    found, count = statements.batches(session, who, origin=origin, **page)
    return found.rename(columns=BATCH_NAMES), count


posted, _count = tables.listing(asked_batches, actor, name="batch")
chosen = tables.pick(
    posted, BATCH, name="batch", by="batch_id", empty="还没有入账的批次。导入的学时和审核通过的报告会列在这里。"
)
tables.export(lambda session, who: asked_batches(session, who, limit=None)[0], BATCH, name="入账批次")
if chosen is not None:
    try:
        with st.container(border=True):
            with db.reading() as session:
                found, standing = statements.batch(session, chosen, actor)
            batch_page(found, standing)
    except Refused as refused:
        st.error(refused.words)
