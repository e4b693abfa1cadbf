"""The form of a training plan (培训计划): its fields, and saving them before submitting."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.law import notices
from core.law.notices import Policy, SubjectRule
from core.models import Mode, Plan
from core.submissions import plans
from core.submissions.workflow import Action
from web import address, deeds, submissions
from web.deeds import Who
from web.words import md


def form(plan: Plan | None, actor: Actor, today: date) -> None:
    """The fields of a plan (填写培训计划); what was typed stays when a save is refused."""
    key = f"plan-{plan.id if plan else 'new'}-"
    with db.reading() as session:
        earliest = plans.earliest_start_on(session, today, actor.league)
    start = plan.start_on if plan else earliest + timedelta(days=1)
    subjects = plans.subjects_of(actor.organization_kind, start, actor.league)
    with st.form(f"{key}form"):
        st.text_input("培训名称", plan.title if plan else "", key=f"{key}title", max_chars=100)
        left, middle, right = st.columns(3)
        names = {rule.code: rule.name for rule in subjects}
        if plan:  # what it was filed as stays to be read, whatever the notice says of it since
            names.setdefault(plan.subject, notices.subject_names().get(plan.subject, plan.subject))
        left.selectbox(
            "科目",
            list(names),
            list(names).index(plan.subject) if plan else 0,
            format_func=lambda code: names.get(code, code),
            key=f"{key}subject",
            help=_told(subjects, notices.in_force(start, actor.league), actor.league),
        )
        modes = list(Mode)
        middle.selectbox(
            "方式",
            modes,
            modes.index(plan.mode if plan else next((rule.modes[0] for rule in subjects[:1] if rule.modes), modes[0])),
            format_func=lambda mode: mode.label,
            key=f"{key}mode",
        )
        right.text_input("地点", plan.place if plan else "", key=f"{key}place", max_chars=100)
        _amounts(plan, key, start, subjects, actor.league)
        st.text_area("培训内容", plan.content if plan else "", key=f"{key}content", height=90)
        st.text_area("师资情况", plan.teachers if plan else "", key=f"{key}teachers", height=70)
        st.text_area("培训人员范围", plan.audience if plan else "", key=f"{key}audience", height=70)
        with st.container(horizontal=True):
            args = (plan.id if plan else None, plan.version if plan else 0, key)
            st.form_submit_button("保存并上报", type="primary", on_click=_save, args=(*args, True), key=f"{key}file")
            st.form_submit_button("只保存草稿", on_click=_save, args=(*args, False), key=f"{key}save")


def _told(subjects: list[SubjectRule], policy: Policy, league: str | None) -> str | None:
    """How and when a notice lets these subjects be studied (方式、学习时间), in words; None where all is open."""
    told = []
    for rule in subjects:
        ways = [f"方式为{'或'.join(mode.label for mode in rule.modes)}"] if rule.modes else []
        ways += ["考试合格后才登记学时"] if rule.exam else []
        told += [f"{rule.name}{'，'.join(ways)}（{rule.clause}）"] if ways else []
        window = policy.study_window(league, rule.code)
        if window and not window.whole_year:
            told.append(f"{rule.name}的学习时间为每年{window.first}至{window.last}（{window.clause}）")
    return md("；".join(told)) or None


def _amounts(plan: Plan | None, key: str, start: date, subjects: list[SubjectRule], league: str | None) -> None:
    """Days, people, hours, and the credit years of a make-up course (补学)."""
    policy = notices.in_force(start, league)
    left, middle, right = st.columns(3)
    left.date_input("开始日期", start, key=f"{key}start_on", format="YYYY-MM-DD")
    middle.date_input(
        "结束日期", plan.end_on if plan else start + timedelta(days=2), key=f"{key}end_on", format="YYYY-MM-DD"
    )
    right.number_input("计划人数", 1, 100_000, plan.headcount if plan else 50, key=f"{key}headcount")
    left.number_input(
        "每人学时",
        0.5,
        1000.0,
        float(plan.hours_each if plan else min(3 * policy.hours_per_day, Decimal(24))),  # of the three days proposed
        0.5,
        format="%g",
        key=f"{key}hours_each",
        help=f"每天至多{hours_text(policy.hours_per_day)}学时，以0.5为最小单位",
    )
    earlier = {year for rule in subjects for year in plans.makeup_years(rule.code, start, league)}
    if earlier or (plan and plan.credit_years):
        middle.multiselect(
            "学时年度（补学）",
            sorted({*earlier, start.year, *(plan.credit_years if plan else ())}, reverse=True),
            list(plan.credit_years) if plan else [],
            key=f"{key}credit_years",
            placeholder="培训当年",
            help=f"只计入培训当年的不选。提供以前年度补学的{md(_makeup_words(policy))}，选出计入的各年度；"
            "选了几个年度的，在花名册的“学时年度”列写明每人的年度；没有写明的计入培训当年，培训当年不在所选之内的须补填。"
            "一人补学几个年度的，每个年度一行，各年度合计不超过每人学时。",
        )


def _makeup_words(policy: Policy) -> str:
    """The clause of make-up study (补学), and when it is open where that is not the whole year."""
    rule = policy.makeup
    if rule is None:
        return ""
    return f"（{rule.clause}）" if rule.whole_year else f"（{rule.clause}，每年{rule.first}至{rule.last}）"


def _save(plan_id: int | None, version: int, key: str, then_submit: bool) -> None:
    """Save and submit (保存并上报): saved first; when submitting is refused, the draft is kept."""
    names = [name for name in plans.PlanFields.__dataclass_fields__ if name != "credit_years"]
    typed = {name: st.session_state[key + name] for name in names}
    years = tuple(sorted(st.session_state.get(f"{key}credit_years") or ()))

    def keep(session: Session, **who: Unpack[Who]) -> tuple[str, Plan]:
        fields = plans.PlanFields(**typed | {"hours_each": Decimal(str(typed["hours_each"])), "credit_years": years})
        if plan_id is None:
            plan = plans.draft(session, fields, **who)
        else:
            plan = plans.revise(session, plan_id, fields, version=version, **who)
        session.flush()
        return "" if then_submit else f"“{plan.title}”已保存为草稿。", plan

    kept: Plan | None = deeds.deed(keep, "plan", plan_id, version, *typed.values(), *years)
    if kept is None:
        return
    address.choose("plan", kept.id)
    st.session_state.pop("plan-new", None)
    if then_submit and not submissions.moved(kept.id, Action.SUBMIT, kept.version, kept.title):
        deeds.say("warning", "填写的内容已保存为草稿，没有上报；改正后可再次上报，不必重新填写。")
