"""A proof of one entry on screen: choose the entry, issue, take the page and the file away."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground.hours import hours_text
from core.models import Source
from core.records import proofs
from web import context, deeds, tables
from web.deeds import Who


def of(person_id: int, entries: pd.DataFrame) -> None:
    """Entry proof (入账证明): choose one of a person's entries, issue its proof, take page and file away."""
    lines = {(int(line["batch_id"]), int(line["line"])): line for line in entries.to_dict("records")}

    def words(key: tuple[int, int]) -> str:
        line = lines[key]
        hours = "视同完成" if line["deemed"] else f"{hours_text(line['hours'])}学时"
        return f"{line['year']}年度　{hours}　{line['completed_on']}　{Source(line['source']).label}　{line['basis']}"

    made, key = st.session_state.get("proof"), f"proof-{person_id}"
    with st.expander("入账证明", key=f"{key}-open", on_change="rerun"):  # what appears above it does not shut it
        st.caption("证明某一笔学时已于何日入账，带签名和校验路径；随附的文件可离线核对，不依赖本系统的数据库。")
        chosen = st.selectbox("为哪一笔学时出具", list(lines), format_func=words, key=key, required=True)
        with st.container(horizontal=True):
            st.button("出具入账证明", key=f"{key}-issue", on_click=_issue, args=(person_id, key))
            if made and made[:2] == (person_id, chosen):
                _, (batch, line), file, page = made
                icon, place = ":material/download:", f"第{batch}批第{line}笔"
                for label, content, ending in (("证明", page, "pdf"), ("校验文件", file, "json")):
                    tables.download(
                        f"下载{place}的{label}（{ending.upper()}）",
                        content,
                        proofs.filename(batch, line, ending),
                        unmarked=tables.Unmarked.AS_KEPT,
                        mime=f"application/{ending}",
                        icon=icon,
                    )


def _issue(person_id: int, key: str) -> None:
    """Issue the proof, then draw its PDF outside the transaction: no other deed waits for the drawing."""
    batch, line = st.session_state[key]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, bytes]:
        return f"第{batch}批第{line}笔的入账证明已出具，请下载。", proofs.issue(session, batch, line, **who)

    if file := deeds.deed(act, "proof", batch, line):
        st.session_state["proof"] = (
            person_id,
            (batch, line),
            file,
            proofs.pdf(file, by=context.known().whose.letterhead),
        )
