"""The form of a training report: what a base writes, uploads and pastes; it is saved first and submitted second."""

from __future__ import annotations

from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.models import Plan, Report
from core.submissions import plans, reports, roster
from core.submissions.workflow import Action
from core.tables.reading import Asked
from core.trail import choices, files
from core.trail.files import Upload
from web import context, deeds, submissions, tables
from web.deeds import Act, Who
from web.reports import over_plan, repairing
from web.words import md


def _key(plan: Plan, report: Report | None) -> str:
    """The prefix of the form's widgets: each supplement (补报) of a plan has its own."""
    return f"report-{plan.id}-" + (f"{report.part}-" if report and report.part > 1 else "")


def _upload(key: str) -> Upload | None:
    """A file chosen and not yet taken: the browser keeps showing a file that was taken before."""
    given = st.session_state.get(key)
    if given is None or given.file_id == st.session_state.get(f"{key}-taken"):
        return None
    return Upload(given.name, given.getvalue())


def _replace(key: str) -> str:
    """The checkbox that lets the chosen file, and no other, replace a repaired roster (替换花名册)."""
    return f"{key}replace-{st.session_state[f'{key}roster'].file_id}"


def fields(plan: Plan, report: Report | None) -> None:
    """Report form (填写培训情况报告), clause 一(五)2; a saved file stays until another replaces it."""
    key = _key(plan, report)
    left, right = st.columns(2)
    given = report or plan
    left.date_input("实际开始日期", given.start_on, key=f"{key}start_on", format="YYYY-MM-DD")
    right.date_input("实际结束日期", given.end_on, key=f"{key}end_on", format="YYYY-MM-DD")
    st.text_area("培训总结", report.summary if report else "", key=f"{key}summary", height=120)
    taught = (report.teachers if report else "") or plan.teachers
    st.text_input("授课教师", taught, key=f"{key}teachers", help="与计划不同的请改")
    left, right = st.columns(2)
    left.file_uploader(
        f"培训通知{'（已上传，重新选择将替换）' if report and report.announcement_id else ''}",
        [ending[1:] for ending in files.DOCUMENT_ENDINGS],
        key=f"{key}announcement",
    )
    has_roster = bool(report and report.roster_id)
    right.file_uploader(
        f"培训花名册（附件1）{'（已上传）' if has_roster else ''}",
        ["xlsx", "xls", "et", "csv"],
        key=f"{key}roster",
        help="再上传一份花名册，将整份替换；上传下载的待改正文件，只更新文件中改过的单元格" if has_roster else None,
    )
    if report and (chosen := _upload(f"{key}roster")):
        with db.reading() as session:
            made = 0 if reports.taken_before(session, report, chosen) else reports.repaired(session, report)
        if made:
            right.checkbox(
                f"这是另一份花名册，替换原来的（此前在网上改正的{made}处作废）",
                key=_replace(key),
                help="不勾选不会替换；上传的是下载的待改正文件的，不必勾选",
            )
    with st.expander("不上传文件，从WPS或Excel复制后粘贴"):
        st.text_area(
            "粘贴各行（加在现有花名册之后）" if has_roster else "粘贴各行（可带表头；不带表头的按附件1的列序）",
            key=f"{key}pasted",
            height=120,
        )
    with st.container(horizontal=True):
        st.button("保存并检查花名册", on_click=_saved, args=(plan, report, key), key=f"{key}save")
        st.download_button(
            "下载空白花名册（附件1）",
            lambda: roster.template(roster.form(plans.policy_of(plan))),
            "培训花名册.xlsx",
            icon=":material/download:",
            on_click="ignore",
        )
    before, asked = st.session_state.get(f"{key}asked", (None, None))
    if asked and before == _given(key):
        st.error(asked.words)
        form = roster.listing(roster.form(plans.policy_of(plan), plan.subject))
        tables.columns(asked.understood, form, key=f"{key}{before[0]}", then=lambda: _save(plan, report, key))


def _given(key: str) -> tuple[str, str]:
    """The file and the rows on the form: what a question about columns was asked of."""
    given = st.session_state.get(f"{key}roster")
    return given.file_id if given else "", st.session_state.get(f"{key}pasted", "")


def _typed(plan: Plan, report: Report | None, key: str) -> reports.ReportFields:
    """The fields as typed; teachers left as the plan has them stay the plan's; a reason nobody asked for stays."""
    start_on, end_on, summary, taught = (
        st.session_state[key + name] for name in ("start_on", "end_on", "summary", "teachers")
    )
    summary, taught = typed.prose(summary), typed.prose(taught)
    taught = "" if taught == typed.prose(plan.teachers) else taught
    why = typed.prose(st.session_state.get(_why(key), report.over_plan_reason if report else ""))
    return reports.ReportFields(start_on, end_on, summary, taught, why)


def _why(key: str) -> str:
    """The field of the reason for what is beyond the plan (超出计划的原因)."""
    return f"{key}over_plan_reason"


def _saved(*what: Any) -> None:
    """`_save` as a button's callback, which must answer nothing."""
    _save(*what)


def _left(report: Report) -> str:
    """What of the roster's file was not read, in one sentence; the rest of it stands below."""
    said = report.read_account.split("\n")
    return f"{said[0]}，见下面的说明。" if "未读入" in said[0] else ""


AGAIN = "这份文件先前已经读取，没有替换，此后的改正和增删都还在；要从头来过，请在“改正记录”中恢复为上传的原件。"


def _save(plan: Plan, seen: Report | None, key: str) -> Report | None:
    """Save (保存并检查) what was typed, chosen and pasted; answers the report, None where it was refused."""
    has_roster = seen is not None and seen.roster_id is not None
    text, written = st.session_state[f"{key}pasted"], _typed(plan, seen, key)
    replace = _upload(f"{key}roster") is not None and st.session_state.get(_replace(key), False)
    files_given = [
        given and given.file_id for name in ("announcement", "roster") if (given := st.session_state.get(key + name))
    ]

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, Report]:
        given = _upload(f"{key}roster")
        if typed.text(text) and not has_roster:
            form = roster.form(plans.policy_of(plan))
            known = choices.chosen(session, plan.organization_id, roster.listing(form).code)
            given = roster.pasted(text, form, chosen=known)
        again = given is not None and seen is not None and reports.taken_before(session, seen, given)
        void = reports.repaired(session, seen) if seen else 0
        saving: dict[str, Any] = {
            "announcement": _upload(f"{key}announcement"),
            "roster_file": given,
            "replace": replace,
        }
        with repairing.judged(seen, given):
            report, problems = reports.save(session, plan.id, written, **saving, **who)
        pasted = report.people + report.faults
        if typed.text(text) and has_roster:
            pasted, problems = reports.paste(session, report.id, text, **who)
        session.flush()
        if report.roster_id is None:
            return "已保存。还没有上传花名册。", report
        people = report.people + report.faults
        hints = sum(not problem.blocking for problem in problems)
        far = any(each.far for each in reports.beyond_plan(session, report))
        added = f"粘贴添加了{pasted}行。" if typed.text(text) else ""
        found = f"，{report.faults}行有错误，请看下表" if report.faults else "，没有错误"
        found += f"，另有{hints}处提示。" if hints else "。"
        found += "超出批准的计划，请看下面。" if far and not report.over_plan_reason else ""
        if seen and void and report.roster_id != seen.roster_id:
            added += f"原花名册已整份替换，此前在网上改正的{void}处作废。"
        if given is not None and not again:
            found += _left(report)
        return f"已保存。{added}花名册{people}人{found}{AGAIN if again else ''}", report

    st.session_state.pop(f"{key}asked", None)
    kept: Report | None = deeds.deed(_remembering(act, key), "report", plan.id, written, text, *files_given, replace)
    if kept is None:
        return None
    st.session_state[f"{key}pasted"] = ""
    for name in ("announcement", "roster"):
        if given := st.session_state.get(key + name):
            st.session_state[f"{key}{name}-taken"] = given.file_id
    return kept


def _remembering(act: Act[Any], key: str) -> Act[Any]:
    """The deed of saving; where a column has to be chosen first, that stays on the form until it is (认列)."""

    def asking(session: Session, **who: Unpack[Who]) -> Any:
        try:
            return act(session, **who)
        except Asked as asked:
            st.session_state[f"{key}asked"] = (_given(key), asked)
            raise

    return asking


def submit(plan: Plan, report: Report) -> None:
    """Submit (提交报告): the page's main deed, and the reasons: of what is beyond the plan, and when it is late."""
    key = _key(plan, report)
    with db.reading() as session:
        beyond = reports.beyond_plan(session, report)
    if over_plan.told(beyond):
        label = f"{reports.OVER_PLAN_REASON}（必填，审核机关会看到）"
        st.text_area(label, report.over_plan_reason, key=_why(key), height=70)
    reason = f"late-{report.id}"
    days = (context.today() - report.due_on).days
    if days > 0:
        clause = plans.policy_of(plan).report_clause
        st.warning(f"应于{report.due_on}（含）前报送（{md(clause)}），已逾期{days}天，须说明原因。")
        st.text_area("逾期原因（必填）", report.late_reason, key=reason, height=70)
    st.button(
        "提交报告",
        type="primary",
        key=f"submit-{report.id}-{report.version}",
        on_click=_submitted,
        args=(plan, report, key, reason),
    )


def _submitted(plan: Plan, report: Report, key: str, reason: str) -> None:
    """Submit what is on the screen: saved first; a roster that brings new faults is shown before it is submitted."""
    brought = bool(_upload(f"{key}roster") or typed.text(st.session_state[f"{key}pasted"]))
    saved = reports.ReportFields(
        report.start_on, report.end_on, report.summary, report.teachers, report.over_plan_reason
    )
    version = report.version
    if brought or _upload(f"{key}announcement") or _typed(plan, report, key) != saved:
        kept = _save(plan, report, key)
        if kept is None:
            return
        if brought and kept.faults:
            deeds.say("warning", "花名册有错误的行不登记学时，所以还没有提交。请核对后再点“提交报告”。")
            return
        version = kept.version
    if not submissions.moved(report.id, Action.SUBMIT, version, report.title, reason) and version != report.version:
        deeds.say("warning", "填写的内容已保存，没有提交。")
