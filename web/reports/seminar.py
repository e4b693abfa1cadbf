"""A seminar's own papers (高研班材料) beside its report: who came, what they said, files of the notice's list."""

from __future__ import annotations

from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.hours import hours_text
from core.models import Report
from core.submissions import reports
from core.trail import files
from core.trail.files import Upload
from web import deeds
from web.deeds import Who
from web.facts import facts
from web.words import md


def room(report: Report) -> None:
    """A seminar's own papers (高研班材料) as its base fills them in, saved by themselves; all may be left out."""
    with db.reading() as session:
        found = reports.attended(session, report)
        hints = [each.words for each in reports.hints(session, report)]
    if found is None:
        return
    with st.container(border=True):
        st.markdown("**高级研修情况**")
        facts(found.facts[:3])
        for words in hints:
            st.warning(md(words))
        with st.form(f"seminar-{report.id}", border=False):
            left, right = st.columns(2)
            said = found.feedback
            left.text_input("满意度测评：回收份数", str(said.answers) if said else "", key=_key(report, "answers"))
            share = hours_text(said.satisfied) if said else ""
            right.text_input("满意度测评：满意率（%）", share, key=_key(report, "satisfied"), placeholder="如96.5")
            endings = [ending[1:] for ending in (*files.DOCUMENT_ENDINGS, ".xlsx", ".xls")]
            for place, (name, paper) in zip(st.columns(len(found.papers) or 1), found.papers.items(), strict=False):
                had = f"（已附：{md(paper.filename)}，重新选择将替换）" if paper else "（可不附）"
                place.file_uploader(f"{md(name)}{had}", endings, key=_key(report, name, paper.id if paper else 0))
            names = {name: _key(report, name, paper.id if paper else 0) for name, paper in found.papers.items()}
            st.form_submit_button("保存高研班材料", on_click=_keep, args=(report.id, report.version, names))


def _key(report: Report, name: str, number: int = 0) -> str:
    return f"seminar-{report.id}-{name}-{number}"


def _keep(report_id: int, version: int, names: dict[str, str]) -> None:
    chosen = {name: st.session_state.get(key) for name, key in names.items()}
    papers = {name: Upload(given.name, given.getvalue()) for name, given in chosen.items() if given}
    answers, satisfied = (st.session_state[f"seminar-{report_id}-{name}-0"] for name in ("answers", "satisfied"))

    def act(session: Session, **who: Unpack[Who]) -> str:
        given = {"answers": answers, "satisfied": satisfied, "version": version}
        reports.keep_papers(session, report_id, papers, **given, **who)
        return "高研班材料已保存" + (f"，收下{'、'.join(papers)}。" if papers else "。")

    sent = [given.file_id for given in chosen.values() if given]
    deeds.deed(act, "seminar-papers", report_id, version, answers, satisfied, *sent)
