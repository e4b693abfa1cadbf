"""Items brought in from a file (导入试题) and taken away in one (导出): in each of the formats."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.exams import bank, formats
from core.exams.bank import Wanted
from core.exams.formats import Form, Found, Part, workbook
from core.ground import db
from core.ground.access import Actor, Refused
from core.tables.mending import Mended
from core.tables.reading import Asked
from core.trail import choices
from core.trail.files import Upload
from web import address, context, deeds, drafts, tables
from web.deeds import Who
from web.words import md

_UNSAID = {
    Form.AIKEN: "Aiken只能写单选题的题干、选项和答案，其余不写出。",
    Form.WORKBOOK: "题干或解析超过1000字的题，Excel写不下，请用别的格式。",
}
"""What a format cannot say, said before it is chosen."""
ENDINGS = ["xlsx", "xls", "csv", "txt", "gift", "xml", "zip"]


def draw(actor: Actor) -> None:
    """A file to bring in: what it holds and what is wrong with it, by row, before anything is kept."""
    st.caption(
        "可导入Excel、GIFT、Aiken、Moodle XML、QTI 2.1。同一道题再次导入不会重复：题目编号相同的，"
        "没有编号而题干和选项相同的，都认作同一道；内容有变化的存为新的一版，文件里没有写的（解析、难度、知识点、分值、编号）不变。"
    )
    tables.download(
        "下载Excel模板", lambda _, **__: formats.template(), "题库模板.xlsx", unmarked=tables.Unmarked.BLANK
    )
    given = drafts.Sheet("items", actor)
    if (upload := given.ask("题库文件", ENDINGS)) is None:
        return
    try:
        found, foreseen = _read(upload, actor)
    except Asked as asked:
        st.error(md(asked.words))
        tables.columns(asked.understood, workbook.LISTING, key=_key(upload), then=lambda: None)
        return
    except Refused as refused:
        st.error(md(refused.words))
        return
    faulty = sum(each.blocking for each in found.problems)
    st.markdown(f"**{md(found.form.label)}**：{len(found.items)}道可以导入" + (f"，{faulty}处有问题" if faulty else ""))
    if foreseen:
        st.info(f"导入后{foreseen}。")
    for at, part in enumerate(found.parts):
        _part(found, part, f"{_key(upload)}-{at}")
    label = f"导入{len(found.items)}道"
    act, given_to = _bring_in, (found, upload, given)
    st.button(label, type="primary", disabled=not found.items, on_click=act, args=given_to, key="bring-in-items")
    for at, part in enumerate(found.parts):
        if part.understood:
            with st.expander(f"{tables.FOLDED}" + (f"（{md(part.name)}）" if part.name else "")):
                key = f"{_key(upload)}-{at}"
                tables.columns(part.understood, workbook.LISTING, key=key, then=lambda: None, border=False)


def _key(upload: Upload) -> str:
    return f"items-{upload.digest[:16]}"


def _part(found: Found, part: Part, key: str) -> None:
    """A sheet of a workbook, its faults mended where they stand; of another file all of it, its faults by line."""
    if part.name:
        st.markdown(f"工作表 **{md(part.name)}**")
    tables.account(part.account)
    if part.cells:
        has = {*next(iter(part.cells.values())), *workbook.OURS}
        headings = {name: word for name, word in workbook.HEADINGS.items() if name in has}
        tables.mend_file(key, part.cells, part.problems, headings=headings, choices=workbook.CHOICES)
    shown = [each for each in part.problems if not (part.cells and each.blocking)]
    if shown:
        tables.problems(shown, formats.HEADINGS | workbook.HEADINGS)
        if any(each.blocking for each in shown):
            where = "“行”是题在题库包里的序号；" if found.form is Form.QTI else ""
            st.caption(f"{where}有问题的题没有读入，改正文件后再次导入即可，已导入的不会重复。")


def _read(upload: Upload, actor: Actor) -> tuple[Found, str]:
    """The file as it was read last, and what importing it would do; read again where file, cells or columns changed."""
    key, kept = _key(upload), st.session_state.get("items-read")
    names = [part.name for part in kept[1].parts] if kept and kept[0][0] == key else []
    mended = {name: tables.held(f"{key}-{at}").mended for at, name in enumerate(names)}
    with db.reading() as session:
        known = choices.chosen(session, actor.organization_id, workbook.LISTING.code)
    seen = key, repr(mended), known, st.session_state.get("round", 0)
    if not kept or kept[0] != seen:
        with st.spinner("正在检查……"):
            found = formats.read(upload.content, upload.filename, chosen=known, mended=mended)
            foreseen = ""
            if found.items:
                foreseen = deeds.rehearsed(lambda session, **who: bank.take_in(session, found.items, **who).words)
        if not names:  # its sheets are known now, each with nothing mended yet
            seen = key, repr({part.name: Mended() for part in found.parts}), known, seen[3]
        st.session_state["items-read"] = kept = seen, found, foreseen
    return kept[1], kept[2]


def _bring_in(found: Found, upload: Upload, given: drafts.Sheet) -> None:
    left = any(each.blocking for each in found.problems)

    def act(session: Session, **who: Unpack[Who]) -> str:
        words = bank.take_in(session, found.items, **who).words
        if not left:  # else what is left is mended where it stands
            given.drop(session, who["actor"])
        return f"{words}。"

    if deeds.deed(act, "items", upload.digest, len(found.items)):
        st.session_state["items-read"] = (_key(upload),), found, ""  # to be read again: some of it is there now
        if not left:
            address.forget_choice()


def export(wanted: Wanted) -> None:
    """The items that are listed as a file (导出试题), right answers and all: it leaves a line in the trail."""
    with st.popover("导出试题", icon=":material/download:"):
        codes: list[str] = [each.value for each in Form]
        form = Form(
            st.selectbox("格式", codes, format_func=lambda code: Form(code).label, key="items-form", required=True)
        )
        if words := _UNSAID.get(form):
            st.caption(words)
        st.write("文件里有正确答案，请妥善保管；导出会记入审计日志。")

        def content(session: Session, **who: Unpack[Who]) -> bytes:
            return formats.write(form, bank.hand_out(session, wanted, **who)).content

        name = f"题库-{form.value}-{context.today():%Y%m%d}{form.ending}"
        free = None if form is Form.WORKBOOK else tables.Unmarked.TEXT
        tables.download("下载", content, name, opened=db.transaction, unmarked=free, key="items-out")
