"""Officers bring in hours of earlier years from a file, look over what was posted, and undo what was posted wrongly."""

from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core import credits, db, files, ledger, roster, sheets
from core.access import Actor, Refused, Role
from core.files import Upload
from core.ledger import Origin, Standing, hours_text
from core.models import CreditBatch
from web import ui

actor = ui.require(Role.REVIEWER, Role.ADMIN)
ui.page(
    "导入学时",
    "把往年或纸质台账的学时从WPS、Excel文件导入个人账户。先检查，再导入；有问题的行逐行列出，没有问题的行照常入账。",
)
BATCH = ["id", "standing", "posted_at", "posted_by", "authority", "origin", "entries", "hours", "basis"]
LINE = ["line", "name", "id_mask", "year", "subject", "source", "hours", "basis", "completed_on", "standing"]
LABELS = {"id": "批次", "line": "笔", "origin": "类别", "standing": "状态", "posted_by": "办理人"}
LABELS |= {"good": "行数", "people": "人数", "authority": "主管部门"}


def uploaded() -> Upload | None:
    given = st.session_state.get(f"credits-file-{st.session_state.get('round', 0)}")
    return Upload(given.name, given.getvalue()) if given else None


def checked(upload: Upload) -> credits.Preview:
    """The file as it was checked last; it is read again only when the file, the day or the books have changed."""
    seen = (files.digest_of(upload), ui.today())
    if st.session_state.get("credits-seen") != seen:
        with st.spinner("正在检查……"), db.reading() as session:
            st.session_state["credits-preview"] = credits.read(
                upload.content, upload.filename, today=seen[1], known=session, authority_id=actor.organization_id
            )
        st.session_state["credits-seen"] = seen
    preview: credits.Preview = st.session_state["credits-preview"]
    return preview


def bring_in() -> None:
    upload, reason = uploaded(), st.session_state.get("credits-reason", "")
    if upload is None:
        ui.say("error", "请先选择文件。")
        return

    def act(session: Session, **who: Any) -> str | None:
        batch, preview = credits.bring_in(session, upload, reason=reason, **who)
        if batch is None:
            raise Refused("rows", "没有一行可以入账，请按问题清单改正后重新上传。")
        st.session_state["credits-left"] = preview.problems
        left = f"，{len(preview.faulty_rows)}行有问题没有入账，见下表" if preview.problems else ""
        return f"已导入{batch.entries}笔学时（第{batch.id}批）{left}。"

    if ui.deed(act):
        st.session_state.pop("credits-seen", None)
        ui.forget_choice()
        st.session_state["credits-reason"] = ""


def problems_of(found: list[roster.Problem]) -> None:
    ui.problems(found)
    st.download_button(
        "下载问题清单",
        sheets.workbook(roster.PROBLEM_HEADINGS, roster.problem_lines(found), sheet="问题"),
        "导入学时问题.xlsx",
        icon=":material/download:",
        on_click="ignore",
    )


def preview_of(upload: Upload) -> None:
    """What the import would do, and the import itself."""
    preview = checked(upload)
    good, faulty = preview.good_rows, len(preview.faulty_rows)
    people, hours = len({row.id_number for row in good}), hours_text(sum((row.hours for row in good), Decimal()))
    words = f"共{len(preview.rows)}行：{len(good)}行可以入账，{people}人{hours}学时"
    (st.warning if faulty else st.info)(f"{words}；{faulty}行有问题，不入账，请看下表。" if faulty else f"{words}。")
    if good:
        names = ("year", "subject", "source", "hours", "deemed", "id_number")
        frame = pd.DataFrame([{name: getattr(row, name) for name in names} for row in good])
        groups = frame.groupby(["year", "subject", "source", "deemed"], as_index=False)
        counts = groups.agg(good=("hours", "size"), people=("id_number", "nunique"), hours=("hours", "sum"))
        counts = counts.sort_values(["year", "subject"], ascending=[False, False])
        ui.table(counts, ["year", "subject", "source", "good", "people", "hours"], empty="", labels=LABELS)
    if preview.problems:
        problems_of(preview.problems)
    if good:
        st.text_input(
            "导入原因（必填，记入审计日志）", key="credits-reason", placeholder="如：补登2021至2023年度纸质台账"
        )
        st.button(f"导入{len(good)}笔学时", type="primary", on_click=bring_in, key="credits-import")


def reverse(batch_id: int, line: int | None, key: str) -> None:
    def act(session: Session, **who: Any) -> str:
        lines = None if line is None else [line]
        batch = ledger.reverse(session, batch_id, reason=st.session_state.get(key, ""), lines=lines, **who)
        return f"已冲销第{batch_id}批的{batch.entries}笔学时（第{batch.id}批）。已打印的审验卡核验时会显示学时已变动。"

    if ui.deed(act):
        st.session_state.pop("credits-seen", None)
        ui.choose(f"line{batch_id}", None)
        ui.forget_choice()


def original(kept: int) -> None:
    """The file an import came from; handing it out is a logged act, since it holds full ID numbers."""
    with db.reading() as session:
        filename = files.one(session, kept, actor)[0].filename
    make = ui.deferred(lambda s, who: files.handed_out(s, kept, actor=who, now=ui.now()).content, db.transaction)
    icon, key = ":material/attach_file:", f"file-{kept}"
    st.download_button(f"原文件：{filename}", make, filename, key=key, icon=icon, on_click="ignore")


def batch_page(batch: CreditBatch, standing: Standing) -> None:
    """One batch: who, why, its entries, its file, and taking it back."""
    st.markdown(f"#### 第{batch.id}批　:gray[{ui.md(batch.basis)}]")
    ui.facts([("入账时间", ui.moment_text(batch.posted_at)), ("办理人", batch.posted_by), ("状态", standing.label)])

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        return ledger.lines(session, batch.id, who, **page)

    shown, count = ui.listing(asked, actor, name=f"line-{batch.id}")
    # Named by its batch: a line chosen in one batch must not stay chosen in the next.
    line = ui.pick(shown, LINE, name=f"line{batch.id}", by="line", empty="这一批没有学时。", labels=LABELS)
    with st.container(horizontal=True):
        ui.export(
            lambda session, who: asked(session, who, limit=None)[0], LINE, name=f"第{batch.id}批学时", labels=LABELS
        )
        if batch.attachment_id:
            original(batch.attachment_id)
    if batch.reverses_id or standing == Standing.REVERSED or batch.authority_id != actor.organization_id:
        return
    key = f"reverse-{batch.id}"
    st.text_input("冲销原因（必填，会显示在学时明细中）", key=key, placeholder="如：与第3批重复")
    with st.container(horizontal=True):
        if line and line <= count:
            st.button(f"只冲销第{line}笔", on_click=reverse, args=(batch.id, line, key), key=f"{key}-{line}")
        words = "冲销整批" if standing == Standing.STANDS else "冲销其余各笔"
        st.button(words, on_click=reverse, args=(batch.id, None, key), key=f"{key}-all")


st.file_uploader(
    "学时文件（表头：" + "、".join(credits.HEADINGS.values()) + "）",
    ["xlsx", "xls", "et", "csv"],
    key=f"credits-file-{st.session_state.get('round', 0)}",
    help=f"来源为{'、'.join(credits.SOURCES)}之一；职业资格不填学时；完成日期可空。表头顺序不限，上方可有标题。",
)
try:
    file = uploaded()
    if file:
        st.session_state.pop("credits-left", None)
        preview_of(file)
    elif left := st.session_state.get("credits-left"):
        st.caption("上次导入中没有入账的行")
        problems_of(left)
except Refused as refused:
    st.error(refused.words)

st.subheader("已入账的批次", anchor=False)
origin = ui.filter_by("类别", Origin, key="origin")


def asked_batches(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
    return ledger.batches(session, who, origin=origin, **page)


posted, _count = ui.listing(asked_batches, actor, name="batch")
chosen = ui.pick(
    posted, BATCH, name="batch", empty="还没有入账的批次。导入的学时和审核通过的报告会列在这里。", labels=LABELS
)
ui.export(lambda session, who: asked_batches(session, who, limit=None)[0], BATCH, name="入账批次", labels=LABELS)
if chosen is not None:
    try:
        with st.container(border=True):
            with db.reading() as session:
                found, standing = ledger.batch(session, chosen, actor)
            batch_page(found, standing)
    except Refused as refused:
        st.error(refused.words)
