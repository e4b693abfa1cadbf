"""One record of one's own: its form, open while it may be edited, else what became of it."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from core.ground import db
from core.ground.access import Actor, Refused
from core.models import Claim, Nomination, Plan, PlanTable, Report, Seminar, Submission, YearSummary
from core.submissions import comments as said
from core.submissions import reports, workflow
from core.submissions.kinds import KINDS, Action
from core.trail import files
from web import address, comments, links, papers, shell, submissions
from web.claims import form as claim_form
from web.claims import reading as claim_reading
from web.desk import evidence
from web.plans import form as plan_form
from web.plans import reading as plan_reading
from web.programmes import reading as programme_reading
from web.programmes import seminar_form, seminars
from web.programmes import summary as summary_form
from web.programmes import table as table_form
from web.reports import form as report_form
from web.reports import reading as report_reading
from web.study import form as study_form
from web.study import reading as study_reading
from web.words import md

actor = shell.require(*papers.FILERS, elsewhere=papers.on_the_desk)


def plan(found: Submission | None) -> papers.Paper:
    return plan_form.form(found if isinstance(found, Plan) else None, actor)


def report(found: Submission | None) -> papers.Paper:
    if isinstance(found, Report):
        return report_form.form(found.plan, found, actor)
    plan_id = address.chosen("plan") or 0
    with db.reading() as session:
        of = workflow.one(session, plan_id, actor, kind="plan")
    assert isinstance(of, Plan)
    return report_form.form(of, None, actor)


def claim(found: Submission | None) -> papers.Paper | None:
    if isinstance(found, Claim):
        return claim_form.form(found, found.person_id or 0, actor)
    person_id = claim_form.for_whom(actor)
    return claim_form.form(None, person_id, actor) if person_id is not None else None


def seminar(found: Submission | None) -> papers.Paper:
    return seminar_form.form(found if isinstance(found, Seminar) else None, actor)


def plan_table(found: Submission | None) -> papers.Paper:
    return table_form.form(found if isinstance(found, PlanTable) else None, actor)


def year_summary(found: Submission | None) -> papers.Paper:
    return summary_form.form(found if isinstance(found, YearSummary) else None, actor)


def nomination(found: Submission | None) -> papers.Paper | None:
    if isinstance(found, Nomination):
        return study_form.form(found, found.person_id or 0, actor)
    person_id = study_form.for_whom(actor)
    return study_form.form(None, person_id, actor) if person_id is not None else None


FORMS: dict[str, Callable[[Submission | None], papers.Paper | None]] = {
    "plan": plan,
    "report": report,
    "claim": claim,
    "seminar": seminar,
    "plan_table": plan_table,
    "year_summary": year_summary,
    "nomination": nomination,
}
READINGS: dict[str, Callable[[Any, Actor, pd.DataFrame], None]] = {
    "plan": plan_reading.own,
    "report": report_reading.own,
    "claim": claim_reading.own,
    "seminar": seminars.show,
    "plan_table": programme_reading.show,
    "year_summary": summary_form.show,
    "nomination": study_reading.own,
}


def asked_for() -> Submission | None:
    """The record that the address names, by itself or by the plan it reports on."""
    item, plan_id = address.chosen("item"), address.chosen("plan") or 0
    by_plan = item is None and st.query_params.get("kind") == "report"
    with db.reading() as session:
        if by_plan:
            item = reports.latest(session, workflow.one(session, plan_id, actor, kind="plan").id)
        return workflow.one(session, item, actor) if item else None


def draw() -> None:
    try:
        found = asked_for()
    except Refused:
        shell.page("填写")
        raise
    code = found.kind if found else str(st.query_params.get("kind", ""))
    kind = KINDS.get(code)
    if kind is None or (found is None and (code not in FORMS or not kind.filed_by(actor))):
        shell.page("填写")
        st.info("没有选择要填写的表单，或它不由您填写。请从“申报”中选择。")
        shell.link("filing", "返回申报列表", icon=shell.BACK)
        return
    if found and code in links.FILED_ELSEWHERE:
        shell.go(links.FILED_ELSEWHERE[code], **{code: str(found.id)})
    editable = found is None or (code in FORMS and Action.SUBMIT in workflow.moves_for(found, actor))
    shell.page(f"填写{kind.word}" if editable else kind.word)
    if found is None:
        if paper := FORMS[code](None):
            papers.foot(paper)
        return
    with db.reading() as session:
        steps = workflow.trail(session, found.id, actor)
        heard = said.of(session, found.id, actor)
        kept = files.of(session, found.id, actor)
    if editable:
        papers.heading(found)
        above = st.container()  # filled once the form is read: it follows what is typed
        comments.comment(found, actor, heard)
        paper = FORMS[code](found)
        with above:
            papers.came_back(found, steps, actor, paper.draft.changed if paper else {})
        if paper:
            submissions.history(steps)
            papers.foot(paper)
        return
    evidence.evidence(kept)
    if code in READINGS:
        READINGS[code](found, actor, steps)
    else:
        submissions.submission(found, steps)
    comments.comment(found, actor, heard)
    papers.closed(found, actor)


try:
    draw()
except Refused as refused:
    st.error(md(refused.words))
    shell.link("filing", "返回申报列表", icon=shell.BACK)
