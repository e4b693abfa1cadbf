"""Evidence (材料) of a record: files shown in the page, in a drawer; each view is logged as a download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack
from urllib.parse import quote

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.models import Attachment, Submission
from core.trail import documents, files
from core.trail.files import Upload
from web import deeds, tables
from web.deeds import Who
from web.words import md

_HERE = Path(__file__).parent
_PAPER = st.components.v2.component(
    "desk_paper",
    html=(_HERE / "paper.html").read_text(encoding="utf-8"),
    css=(_HERE / "paper.css").read_text(encoding="utf-8"),
    js=(_HERE / "paper.js").read_text(encoding="utf-8"),
)
PURPOSES = {
    "announcement": "培训通知",
    "notice": "培训通知",
    "roster": "花名册原件",
    "evidence": "证明材料",
    "plan_table": "计划表原件",
    "summary": "总结附件",
    "agreement": "培养协议",
}


def evidence(kept: Sequence[Attachment]) -> None:
    """The files filed with a record (材料), each a button that shows it; at the desk the first one's key is E."""
    shown = [each for each in kept if is_shown(each)]
    if not shown:
        return
    with st.container(horizontal=True, gap="small"):
        for at, each in enumerate(shown):
            key = f"{'' if at else 'evidence-'}file-{each.id}"
            st.button(named(each), key=key, icon=":material/attach_file:", on_click=_opened, args=(each.id,))


def filed(found: Submission | None, here: Actor) -> None:
    """The files that a record has already (已交的材料), on its form; nothing of one that is not kept yet."""
    if found is not None:
        with db.reading() as session:
            kept = files.of(session, found.id, here)
        evidence(kept)


def named(kept: Attachment) -> str:
    """What a file is and what it is called (材料名称), in Markdown."""
    return f"{PURPOSES.get(kept.purpose) or _own_word(kept)}：{md(kept.filename)}"


def _own_word(kept: Attachment) -> str:
    """What a paper is that a notice names (满意度测评): its purpose is its name."""
    return "材料" if kept.purpose.isascii() else md(kept.purpose)


def is_shown(kept: Attachment) -> bool:
    """Whether a reviewer and who filed it find a file with the record; what only mended a roster is in its log."""
    return kept.purpose in PURPOSES or not kept.purpose.isascii()


def _opened(attachment_id: int) -> None:
    """Hand the file out, which is logged, and show it."""

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, tuple[Upload, str]]:
        given = files.handed_out(session, attachment_id, **who)
        ticket = files.ticket(attachment_id, who["actor"], who["now"])
        return "", (given, f"/evidence/{attachment_id}/{ticket}/{quote(given.filename, safe='')}")

    if found := deeds.deed(act, "evidence", attachment_id):
        _drawer(*found)


@st.dialog("材料", width="large", position="right")
def _drawer(given: Upload, address: str) -> None:
    """The file itself (查看材料), under its name; what cannot be shown is taken away and opened in its own program."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{md(given.filename)}**", width="content")
        tables.download("下载", given.content, given.filename, unmarked=tables.Unmarked.AS_KEPT)
    if kind := documents.media_type(given.content):
        _PAPER(key="desk-paper", data={"address": address, "name": given.filename, "pdf": kind == "application/pdf"})
    elif text := documents.text_of(given.content):
        st.text(text)
    else:
        st.info("这种文件不能在这里显示，请下载后用WPS或Excel打开。")
