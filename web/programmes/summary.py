"""The form of a programme's yearly summary (实施情况总结): its figures as they stand, and what people explain."""

from __future__ import annotations

from functools import partial
from typing import Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.models import YearSummary
from core.submissions import workflow
from core.submissions.kinds import Action
from core.submissions.programmes import summaries
from core.trail import files
from web import drafts, papers, submissions
from web.deeds import Who
from web.desk import evidence
from web.facts import fact, facts
from web.papers import Paper
from web.programmes import table
from web.words import chip, md, moment_text

HELP = {
    "practice": "怎样组织实施的：部署、课程、师资、管理",
    "effect": "取得的成效，可举例；人数等数字由系统填写，不必重复",
    "trouble": "没有完成的项目和原因",
    "outlook": "下一年度的安排和建议",
}


def form(found: YearSummary | None, actor: Actor) -> Paper:
    """The form of a summary (填写总结), open while it may be edited."""
    base = table.begun(found, actor) | {name: getattr(found, name) if found else "" for name in summaries.TEXTS}
    place, version = (f"year_summary:{found.id}", found.version) if found else ("year_summary:new", 0)
    draft = drafts.form(place, base, version=version, actor=actor, notes=papers.notes(found, actor))
    paper = Paper(summaries.SUMMARY, draft, partial(_keep, draft), found=found, given=draft.given)
    table.which(draft, found, actor, "summary_due")
    _figures(actor.organization_id, draft.value("programme"), draft.value("year"))
    for name, word in summaries.TEXTS.items():
        label = f"{word} *" if name in summaries.WORDS else word
        draft.ask(st.text_area, name, label, height=110, max_chars=summaries.LONGEST[name], help=HELP[name])
    evidence.filed(found, actor)
    label = f"附件（可不附）{'（已上传，重新选择将替换）' if found and found.file_id else ''}"
    draft.ask_files(st, "file", label, files.DOCUMENT_ENDINGS)
    st.caption(drafts.LEGEND)
    return paper


def _figures(organization_id: int, programme: str, year: int) -> None:
    """The figures as they stand now (目前的数字): what filing would keep."""
    with db.reading() as session:
        now = summaries.counted(session, organization_id, programme, year)
    with st.container(border=True):
        st.caption("以下数字取自已通过的计划表和培训情况报告，报送时按当天的情况填入并随总结保存，不用填写。")
        facts(now.facts)


def _keep(draft: drafts.Form, session: Session, **who: Unpack[Who]) -> tuple[str, YearSummary]:
    """What saving the form does: a new summary, or a revised one."""
    values = draft.values
    fields = summaries.SummaryFields(**{name: values[name] for name in summaries.TEXTS})
    attachment = draft.file(session, "file", who["actor"])
    if draft.record is None:
        of = values["programme"] or "", values["year"]
        kept = summaries.draft(session, *of, fields, attachment=attachment, **who)
    else:
        version = draft.version
        kept = summaries.revise(session, draft.record, fields, attachment=attachment, version=version, **who)
    return f"“{kept.title}”已保存。", kept


def show(found: YearSummary, here: Actor, steps: pd.DataFrame) -> None:
    """A summary to read (总结): its figures as they were filed, what is written, its history."""
    kind = summaries.SUMMARY
    with db.reading() as session:
        hints = workflow.warnings(session, found.id, here)
    st.markdown(f"#### {md(found.title)}　{chip(found.state, kind.word_for(found.state))}")
    filed = [(f"{kind.word_for(Action.SUBMIT)}时间", moment_text(found.submitted_at))]
    facts([*kind.facts(found), *filed, ("审核时间", moment_text(found.decided_at))])
    if changed := [each for each in hints if each.code == "changed"]:
        st.info(md(changed[0].words))
    for label, text in kind.texts(found):
        fact(label, text)
    submissions.history(steps)
