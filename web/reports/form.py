"""The form of a training report (培训情况报告): what a base writes, uploads and pastes, its roster, its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.law import deadlines
from core.models import Plan, Report
from core.submissions import plans, reports, roster
from core.submissions.kinds import KINDS
from core.tables.problems import Problem
from core.tables.reading import Asked
from core.trail import choices, files
from web import context, drafts, papers, tables
from web.deeds import Who
from web.desk import evidence
from web.papers import Paper
from web.reports import over_plan, reading, repairing, seminar
from web.words import days_left, md

REPORT = KINDS["report"]
FIELDS = ("start_on", "end_on", "summary", "teachers", "over_plan_reason", "late_reason")


def form(plan: Plan, report: Report | None, actor: Actor) -> Paper:
    """Report form (填写培训情况报告), clause 一(五)2; a saved file stays until another replaces it."""
    part = f"-{report.part}" if report and report.part > 1 else ""
    base = {name: getattr(report or plan, name, "") for name in FIELDS} | {"pasted": ""}
    base |= {"summary": report.summary if report else "", "teachers": (report and report.teachers) or plan.teachers}
    version = report.version if report else 0
    notes = papers.notes(report, actor)
    draft = drafts.form(f"report:{plan.id}{part}", base, version=version, actor=actor, notes=notes)
    paper = Paper(
        REPORT,
        draft,
        partial(_keep, draft, plan, report),
        found=report,
        given=partial(draft.given_table, "roster"),
        taken=partial(_taken, draft, plan, report),
        unread=partial(_unread, draft),
        wants=_wants,
        reason="late_reason",
        reads=reading.as_read,
        hinted=True,
    )
    if report is None:
        st.markdown(f"#### {md(plan.title)}")
    elif report.roster_id:
        repairing.sent_back(report, actor)
    _approved(plan)
    late = _deadline(draft, plan, report)
    left, right = st.columns(2)
    draft.ask_days(left, right, "实际开始日期 *", "实际结束日期 *")
    with st.container():  # there whether it is late or not: a file is chosen below as the days are typed
        if late:
            draft.ask(st.text_area, "late_reason", "逾期原因 *", height=70, help="审核机关会看到")
    _outline(draft, plan)
    draft.ask(st.text_area, "summary", "培训总结 *", height=140, max_chars=reports.LONGEST["summary"])
    most = reports.LONGEST["teachers"]
    draft.ask(st.text_input, "teachers", "授课教师", help="与计划不同的请改", max_chars=most)
    evidence.filed(report, actor)
    _files(draft, paper, plan, report)
    st.caption(drafts.LEGEND)
    if report and report.roster_id:
        _beyond(draft, report)
        seminar.room(report, actor)
        repairing.room(report, actor)
    return paper


def _approved(plan: Plan) -> None:
    """What was approved, beside which the report is written."""
    days = f"{plan.start_on} 至 {plan.end_on}"
    subject, hours = plans.subject_name(plan), hours_text(plan.hours_each)
    st.caption(
        md(f"批准的计划：{days}，{subject}，每人{hours}学时，{plan.headcount}人，{plan.place}，{plan.mode.label}")
    )


def _deadline(draft: drafts.Form, plan: Plan, report: Report | None) -> bool:
    """Until when it must be filed (报送期限), by its last day as typed; answers whether that has passed."""
    end_on, today = draft.value("end_on") or plan.end_on, context.today()
    with db.reading() as session:
        if report and report.part > 1:
            deadline = reports.deadline(session, report)
        else:
            deadline = plans.report_deadline(session, plan, end_on)
    told = f"应于{deadlines.by(deadline.due_on)}报送（{deadline.clause}），{days_left((deadline.due_on - today).days)}"
    if deadline.due_on < today:
        st.warning(md(f"{told}，须在下面说明逾期原因。"))
        return True
    st.caption(md(f"{told}。{deadline.words}"))
    return False


def _outline(draft: drafts.Form, plan: Plan) -> None:
    """An outline (提纲) of the summary, while there is none: what the plan said, and what is to be added."""
    offered = st.empty()  # there without its button, too: a file is chosen below as the summary is typed
    if typed.prose(str(draft.value("summary"))):
        return

    def fill() -> None:
        days, subject = f"{plan.start_on}至{plan.end_on}", plans.subject_name(plan)
        st.session_state[draft.key("summary")] = (
            f"一、基本情况：{days}在{plan.place}举办，{plan.mode.label}，{subject}{hours_text(plan.hours_each)}学时，"
            f"计划{plan.headcount}人，实际　人。\n二、培训内容：{plan.content}\n三、授课教师：{plan.teachers}\n"
            "四、考勤和考核：\n五、效果和改进："
        )
        draft.keep()

    offered.button("填入总结提纲", key=f"{draft.prefix}outline", icon=":material/format_list_numbered:", on_click=fill)


def _beyond(draft: drafts.Form, report: Report) -> None:
    """What is beyond the plan (超出计划), beside the roster's figures, with its reason's field right there."""
    with db.reading() as session:
        beyond = reports.beyond_plan(session, report)
    if over_plan.told(beyond):
        label = f"{reports.OVER_PLAN_REASON} *（审核机关会看到）"
        most = reports.LONGEST["over_plan_reason"]
        draft.ask(st.text_area, "over_plan_reason", label, height=80, max_chars=most)


# --- files and pasted rows --------------------------------------------------------------------------------------------


def _files(draft: drafts.Form, paper: Paper, plan: Plan, report: Report | None) -> None:
    """The two files, rows pasted instead of one, and the question a file left open (认列)."""
    left, right = st.columns(2)
    had = "（已上传，重新选择将替换）" if report and report.announcement_id else ""
    draft.ask_files(left, "announcement", f"培训通知 *{had}", files.DOCUMENT_ENDINGS)
    has_roster = bool(report and report.roster_id)
    told = "再上传一份花名册，将整份替换；上传下载的待改正文件，只更新文件中改过的单元格" if has_roster else None
    label = f"培训花名册（附件1） *{'（已上传）' if has_roster else ''}"
    draft.ask_files(right, "roster", label, ["xlsx", "xls", "et", "csv"], help=told)
    if report and (chosen := draft.of("roster")):
        with db.reading() as session:
            again = reports.taken_before(session, report, chosen[0].sha256)
            made = 0 if again else reports.repaired(session, report)
        if made:
            right.checkbox(
                f"这是另一份花名册，替换原来的（此前在网上改正的{made}处作废）",
                key=draft.replace_key("roster"),
                help="不勾选不会替换；上传的是下载的待改正文件的，不必勾选",
            )
    with st.expander("不上传文件，从WPS或Excel复制后粘贴", expanded=bool(draft.value("pasted"))):
        label = "粘贴各行（加在现有花名册之后）" if has_roster else "粘贴各行（可带表头；不带表头的按附件1的列序）"
        draft.ask(st.text_area, "pasted", label, height=120)
    with st.container(horizontal=True):
        st.button("保存并检查花名册", on_click=_check, args=(paper, plan), key=f"{draft.prefix}check")
        tables.download(
            "下载空白花名册（附件1）",
            lambda _, **__: roster.template(roster.form(plans.policy_of(plan))),
            "培训花名册.xlsx",
            unmarked=tables.Unmarked.BLANK,
        )
    before, asked = st.session_state.get(f"{draft.prefix}asked", (None, None))
    if asked and before == _asked_of(draft):
        st.error(md(asked.words))
        listing = roster.listing(roster.form(plans.policy_of(plan), plan.subject))
        key = f"{draft.prefix}{before[0]}"
        tables.columns(asked.understood, listing, key=key, then=lambda: papers.save(paper))


def _check(paper: Paper, plan: Plan) -> None:
    if papers.save(paper) is not None:
        repairing.bring(plan.id)


def _taken(draft: drafts.Form, plan: Plan, report: Report | None) -> None:
    """What is forgotten once it was saved: rows that were pasted, why a file was not taken before."""
    repairing.taken(report)
    if draft.given_table("roster"):
        repairing.bring(plan.id)
    st.session_state[draft.key("pasted")] = ""
    st.session_state.pop(f"{draft.prefix}asked", None)


def _unread(draft: drafts.Form) -> bool:
    """Whether a roster was given that is read only when it is saved: of 100,000 rows that takes seconds."""
    return any(each.startswith(("roster", "replace", "pasted")) for each in draft.given_table("roster"))


def _wants(session: Session, report: Report) -> tuple[str, ...] | None:
    """What a report as saved waits for: rows to mend, or the reason why it is far beyond its plan."""
    if report.faults:
        return ()
    if report.roster_id is None or report.over_plan_reason:
        return None
    far = any(each.far for each in reports.beyond_plan(session, report))
    return ("over_plan_reason",) if far else None


# --- saving -----------------------------------------------------------------------------------------------------------

AGAIN = "这份文件先前已经读取，没有替换，此后的改正和增删都还在；要从头来过，请在“改正记录”中恢复为上传的原件。"


def _keep(
    draft: drafts.Form, plan: Plan, seen: Report | None, session: Session, **who: Unpack[Who]
) -> tuple[str, Report]:
    """What saving the form does (保存并检查): fields, files, pasted rows; a question a file leaves stays there."""
    try:
        return _kept(draft, plan, seen, session, **who)
    except Asked as asked:
        st.session_state[f"{draft.prefix}asked"] = (_asked_of(draft), asked)
        raise


def _asked_of(draft: drafts.Form) -> tuple[str, str]:
    """The file and the rows on the form: what a question about columns was asked of."""
    return "-".join(str(each.id) for each in draft.of("roster")), str(draft.value("pasted"))


def _fields(draft: drafts.Form, plan: Plan) -> reports.ReportFields:
    """The fields as typed; teachers left as the plan has them stay the plan's."""
    values = {name: draft.value(name) for name in FIELDS}
    if typed.prose(values["teachers"]) == typed.prose(plan.teachers):
        values["teachers"] = ""
    return reports.ReportFields(**values)


def _kept(
    draft: drafts.Form, plan: Plan, seen: Report | None, session: Session, **who: Unpack[Who]
) -> tuple[str, Report]:
    text, actor = str(draft.value("pasted")), who["actor"]
    announcement, given = (draft.file(session, name, actor) for name in ("announcement", "roster"))
    has_roster = seen is not None and seen.roster_id is not None
    pasted = bool(typed.text(text))
    if pasted:  # read before anything is saved: others would wait for it
        form = reports.form_of(seen) if has_roster and seen else roster.form(plans.policy_of(plan))
        columns = choices.chosen(session, plan.organization_id, roster.listing(form).code)
        with drafts.reads("pasted"):
            read = roster.pasted(text, form, chosen=columns)
        given = given if has_roster else read
    again = given is not None and seen is not None and reports.taken_before(session, seen, given.digest)
    void = reports.repaired(session, seen) if seen else 0
    sent: dict[str, Any] = {
        "announcement": announcement,
        "roster_file": given,
        "replace": "replace" in draft.given_table("roster"),
    }
    field = "pasted" if pasted and not has_roster else "roster"
    with drafts.reads(field if given else ""), repairing.judged(seen, given):
        report, problems = reports.save(session, plan.id, _fields(draft, plan), **sent, **who)
    added = ""
    if pasted:
        rows = report.people + report.faults
        if has_roster:
            rows, problems = reports.paste(session, report.id, text, **who)
        added = f"粘贴添加了{rows}行。"
    session.flush()
    if seen and void and report.roster_id != seen.roster_id:
        added += f"原花名册已整份替换，此前在网上改正的{void}处作废。"
    left = _left(report) if given is not None and not again else ""
    return _said(session, report, problems, added, left, again), report


def _said(session: Session, report: Report, problems: Sequence[Problem], added: str, left: str, again: bool) -> str:
    """What was saved, in words: how many people, how many rows with faults, what is beyond the plan."""
    if report.roster_id is None:
        return "已保存。还没有上传花名册。"
    hints = sum(not problem.blocking for problem in problems)
    far = any(each.far for each in reports.beyond_plan(session, report))
    found = f"，{report.faults}行有错误，请在表中改正" if report.faults else "，没有错误"
    found += f"，另有{hints}处提示。" if hints else "。"
    if far and not report.over_plan_reason:
        found += f"超出批准的计划，请填写“{reports.OVER_PLAN_REASON}”。"
    return f"已保存。{added}花名册{report.people + report.faults}行{found}{left}{AGAIN if again else ''}"


def _left(report: Report) -> str:
    """What of the roster's file was not read, in one sentence; the rest of it stands below."""
    said = report.read_account.split("\n")
    return f"{said[0]}，见花名册的说明。" if "未读入" in said[0] else ""
