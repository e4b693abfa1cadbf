"""A seminar's own papers (高研班材料) beside its report: who came, what they said, files of the notice's list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.models import Report
from core.office import unsaved
from core.submissions import reports
from web import deeds, drafts
from web.deeds import Who
from web.facts import facts
from web.words import md


def room(report: Report, actor: Actor) -> None:
    """A seminar's own papers (高研班材料) as its base fills them in, a form of its own; all may be left out."""
    with db.reading() as session:
        found = reports.attended(session, report)
        hints = [each.words for each in reports.hints(session, report)]
    if found is None:
        return
    said = found.feedback
    base = {"answers": str(said.answers) if said else "", "satisfied": hours_text(said.satisfied) if said else ""}
    draft = drafts.form(f"report:{report.plan_id}-papers", base, version=report.version, actor=actor)
    with st.container(border=True):
        st.markdown("**高级研修情况**")
        facts(found.facts[:3])
        for words in hints:
            st.warning(md(words))
        left, right = st.columns(2)
        draft.ask(left.text_input, "answers", "满意度测评：回收份数")
        draft.ask(right.text_input, "satisfied", "满意度测评：满意率（%）", placeholder="如96.5")
        fields = {f"papers:{name}"[:40]: name for name in found.papers}
        for place, (field, name) in zip(st.columns(len(fields) or 1), fields.items(), strict=False):
            paper = found.papers[name]
            had = f"（已附：{md(paper.filename)}，重新选择将替换）" if paper else "（可不附）"
            draft.ask_files(place, field, f"{md(name)}{had}", reports.PAPER_ENDINGS)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("保存高研班材料", key=f"{draft.prefix}save", on_click=_keep, args=(draft, report.id, fields))
            draft.mark()


def _keep(draft: drafts.Form, report_id: int, fields: Mapping[str, str]) -> None:
    typed = {name: str(value) for name, value in draft.values.items()}

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, int]:
        chosen = [each for each in draft.chosen if each.field in fields]
        given = {fields[each.field]: unsaved.upload(session, each.id, actor=who["actor"]) for each in chosen}
        kept = reports.keep_papers(session, report_id, given, **typed, version=draft.version, **who)
        unsaved.drop(session, draft.place, actor=who["actor"])
        return "高研班材料已保存" + (f"，收下{'、'.join(given)}。" if given else "。"), kept.version

    sent = draft.version, *typed.values(), *draft.given()
    kept = deeds.deed(draft.blaming(act), "seminar-papers", report_id, *sent, at=draft.at)
    if kept is not None:
        draft.saved(draft.place, kept)
