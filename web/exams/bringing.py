"""Items brought in from a file (导入试题) and taken away in one (导出): in each of the formats."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.exams import bank, formats
from core.exams.bank import Wanted
from core.exams.formats import Form, Found
from core.ground import db
from core.ground.access import Refused
from core.trail import files
from core.trail.files import Upload
from web import address, context, deeds, tables
from web.deeds import Who
from web.words import md

ENDINGS = ["xlsx", "xls", "csv", "txt", "gift", "xml", "zip"]


def draw() -> None:
    """A file to bring in: what it holds and what is wrong with it, by row, before anything is kept."""
    st.caption(
        "可导入Excel、GIFT、Aiken、Moodle XML、QTI 2.1。同一道题再次导入不会重复：题目编号相同的，"
        "没有编号而题干和选项相同的，都认作同一道；内容有变化的存为新的一版。"
    )
    st.download_button(
        "下载Excel模板", formats.template, "题库模板.xlsx", icon=":material/download:", on_click="ignore"
    )
    key = f"items-file-{st.session_state.get('round', 0)}"
    given = st.file_uploader("题库文件", ENDINGS, key=key)
    if given is None:
        return
    upload = Upload(given.name, given.getvalue())
    try:
        found = _read(upload)
    except Refused as refused:
        st.error(md(refused.words))
        return
    good, faulty = found.items, [each for each in found.problems if each.blocking]
    st.markdown(f"**{md(found.form.label)}**：{len(good)}道可以导入" + (f"，{len(faulty)}处有问题" if faulty else ""))
    for part in found.parts:
        for line in part.account:
            st.caption(md(f"{part.name}：{line}" if part.name else line))
    if found.problems:
        table = found.form is Form.WORKBOOK
        tables.problems(found.problems, formats.HEADINGS | (formats.workbook.LISTING.headings if table else {}))
        st.caption("有问题的题没有读入，改正文件后再次导入即可，已导入的不会重复。")
    label = f"导入{len(good)}道"
    st.button(label, type="primary", disabled=not good, on_click=_bring_in, args=(found, upload), key="bring-in-items")


def _read(upload: Upload) -> Found:
    """The file as it was read last; read again only where it is another one."""
    digest = files.digest_of(upload)
    if st.session_state.get("items-seen") != digest:
        with st.spinner("正在检查……"):
            st.session_state["items-found"] = formats.read(upload.content, upload.filename)
        st.session_state["items-seen"] = digest
    found: Found = st.session_state["items-found"]
    return found


def _bring_in(found: Found, upload: Upload) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        return f"{bank.take_in(session, found.items, **who).words}。"

    if deeds.deed(act, "items", files.digest_of(upload)):
        address.forget_choice()


def export(wanted: Wanted) -> None:
    """The items that are listed as a file (导出试题), right answers and all: it leaves a line in the trail."""
    with st.popover("导出试题", icon=":material/download:"):
        codes: list[str] = [each.value for each in Form]
        form = Form(st.selectbox("格式", codes, format_func=lambda code: Form(code).label, key="items-form"))
        st.write("文件里有正确答案，请妥善保管；导出会记入审计日志。")

        def content(session: Session, **who: Unpack[Who]) -> bytes:
            return formats.write(form, bank.hand_out(session, wanted, **who)).content

        name = f"题库-{context.today():%Y%m%d}{form.ending}"
        st.download_button("下载", tables.deferred(content, db.transaction), name, on_click="ignore", key="items-out")
