"""Officers look over what was posted, batch by batch, and undo what was posted wrongly, in whole or in part."""

import functools
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.eligibility import decisions
from core.ground import db
from core.ground.access import Actor, Refused
from core.ledger import books, statements
from core.ledger.standing import Standing
from core.models import CreditBatch
from core.submissions import kinds
from core.trail import files
from web import address, shell, tables
from web.credit import importing, reversing, together
from web.facts import facts
from web.words import md, moment_text

actor = shell.require(*books.REVERSERS)
shell.page(
    "入账批次与冲销",
    "每次审核、导入和冲销都是一批，逐笔可查，前后相连，不能改动。登记有误的，整批或逐笔冲销，原记录保留；"
    "冲销后，列有这些学时的审验卡（所冲销学时年度及其后两个年度的卡）即失效。",
)
BATCH = "batch_id standing matter organization hours entries origin posted_at account_name authority basis".split()
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


def original(kept: int) -> None:
    """The file an import came from; handing it out is a logged act, since it holds full ID numbers."""
    with db.reading() as session:
        filename = files.one(session, kept, actor)[0].filename
    tables.download(
        f"原文件：{filename}",
        lambda session, **who: files.handed_out(session, kept, **who).content,
        filename,
        opened=db.transaction,
        unmarked=tables.Unmarked.AS_KEPT,
        key=f"file-{kept}",
        icon=":material/attach_file:",
    )


def entries_of(batch: CreditBatch, undone: bool) -> None:
    """The entries of a batch: to read, or (`undone`) to tick those that are to be taken back."""
    text = (
        st.text_input("姓名或完整身份证号", key=f"line-q-{batch.id}", width=260)
        if batch.entries > tables.PAGE_ROWS
        else ""
    )

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = statements.lines(session, batch.id, who, text=text, **page)
        return found.rename(columns=LINE_NAMES), count

    with tables.above():
        shown, _count = tables.listing(asked, actor, name=f"line-{batch.id}")
        tables.export(lambda session, who: asked(session, who, limit=None)[0], LINE, name=f"第{batch.id}批学时")
        if batch.attachment_id:
            original(batch.attachment_id)
    empty = "这一批没有这样的学时。"
    if undone and batch.entries > 1:
        tables.tick(
            shown,
            LINE,
            name=f"line{batch.id}",
            by="batch_line",
            empty=empty,
            ticked=reversing.ticked(batch.id),
            changed=lambda lines: reversing.choose(batch.id, lines),
            only=set(shown.loc[shown["standing"] == Standing.STANDS.value, "batch_line"]),
        )
    else:
        tables.table(shown, LINE, empty=empty)


def relied(batch: CreditBatch) -> None:
    """The decisions to look at again."""
    with db.reading() as session:
        found = decisions.relied(session, batch.id, actor)
    with st.expander(f"据此作出的资格核验结论（{len(found)}项）", expanded=not found.empty):
        told = "学时有效期间作出、核验年度可能包含这些学时的结论；学时冲销的，请逐项复核。"
        if others := int((found["organization"] != actor.organization_name).sum()):
            told += f"其中{others}项由其他机关核验，请告知核验机关复核。"
        st.caption(told)
        if not found.empty:
            tables.export(
                lambda session, who: decisions.relied(session, batch.id, who).rename(columns=RELIED_NAMES),
                RELIED,
                name=f"第{batch.id}批相关结论",
            )
        tables.table(found.rename(columns=RELIED_NAMES), RELIED, empty="没有结论用到这一批学时。")


def batch_page(batch: CreditBatch, standing: Standing) -> None:
    """One batch: who, why, its entries, its file, what relied on it, and taking it back."""
    st.markdown(f"#### 第{batch.id}批　:gray[{md(batch.basis)}]")
    facts([("入账时间", moment_text(batch.posted_at)), ("办理人", batch.posted_by), ("状态", standing.label)])
    with db.reading() as session:
        reversals, owing = list(statements.reversals(session, batch.id, actor)), db.owing(session)
    if owing:
        st.info("刚入账或冲销的学时正在逐份写入，下面的明细还不全；几秒后刷新即是全的。")
    for back in reversals:
        what = f"第{back.id}批，{moment_text(back.posted_at)}，{back.posted_by}，{back.entries}笔"
        st.warning(f"{md(back.basis)}（{what}）", icon=":material/undo:")
    mine = batch.authority_id == actor.organization_id
    undone = mine and not batch.reverses_id and standing != Standing.REVERSED
    entries_of(batch, undone)
    importing.mended(batch, actor)
    relied(batch)
    if undone:
        reversing.undoing(batch, standing, actor)


with st.container(horizontal=True, vertical_alignment="bottom"):
    text = address.searched("培训、基地或批次号", key="q", width=260)
    origin = address.filter_by("类别", kinds.origins(), key="origin")
    first = address.day("入账日期从", key="from", width=160)
    last = address.day("到", key="to", width=160)


days: dict[str, Any] = {"first_on": first, "last_on": last}


def asked_batches(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
    found, count = statements.batches(session, who, text=text, origin=origin, **days, **page)
    return found.rename(columns=BATCH_NAMES), count


with tables.above():
    usual = None if text else (origin, first, last)  # a text may be an ID number
    posted, count = tables.listing(functools.partial(asked_batches, folded=True), actor, name="batch", asked=usual)
    st.caption(f"共{count:,}项", width="content", help="课程考试每人一批，同一课程的列为一项；导出的逐批列出。")
    tables.export(lambda session, who: asked_batches(session, who, limit=None)[0], BATCH, name="入账批次")
empty = "还没有入账的批次。导入的学时和审核通过的报告会列在这里。"
if text or origin or first or last:
    empty = "没有符合条件的批次。可放宽查找条件；批次号只输数字。"
chosen = tables.pick(posted, BATCH, name="batch", by="batch_id", empty=empty, what="")
if chosen is not None:
    try:
        with st.container(border=True):
            with db.reading() as session:
                found, standing = statements.batch(session, chosen, actor)
            many = int(posted.loc[posted["batch_id"] == chosen, "batches"].sum())
            if many > 1:
                together.listed(found, many, actor, **days)
            else:
                batch_page(found, standing)
    except Refused as refused:
        st.error(md(refused.words))
