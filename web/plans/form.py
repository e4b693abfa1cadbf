"""The form of a training plan (培训计划): its fields, and saving and filing what is on the screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, Refused
from core.ground.hours import hours_text
from core.law import deadlines, notices
from core.law.notices import Policy, SubjectRule
from core.models import Mode, Organization, Plan
from core.people import holidays
from core.submissions import plans, queues
from core.submissions.kinds import KINDS
from core.submissions.programmes import marking
from web import address, context, drafts, papers
from web.deeds import Who
from web.papers import Paper
from web.plans import course, reading
from web.words import days_left, md

PLAN = KINDS["plan"]


def form(plan: Plan | None, actor: Actor) -> Paper:
    """The fields of a plan (填写计划), open while it may be edited; they follow the dates as they are typed.

    A new one begins empty, or as a copy of the earlier one that the address names (`copy`).
    """
    today, copied = context.today(), None if plan else address.chosen("copy")
    place = f"plan:{plan.id}" if plan else f"plan:new-{copied}" if copied else "plan:new"
    base, (begun, told) = _fields(plan, actor, today), _copied(copied, actor) if copied else ({}, "")
    version, notes = plan.version if plan else 0, papers.notes(plan, actor)
    draft = drafts.form(place, base, version=version, actor=actor, notes=notes, begun=begun)
    paper = Paper(PLAN, draft, partial(_keep, draft), found=plan, reads=_as_read)
    if plan is None:
        _copy_from(actor, copied)
    draft.ask(st.text_input, "title", "培训名称 *", max_chars=plans.LONGEST["title"])
    copied_from = st.empty()  # there without its words, too: the days below stay in the hand
    if begun and all(draft.value(name) == begun[name] for name in ("title", "start_on", "end_on")):
        copied_from.caption(md(told))
    left, middle, right = st.columns(3)
    draft.ask_days(left, middle, "开始日期 *", "结束日期 *")
    draft.ask(right.text_input, "place", "培训地点 *", max_chars=plans.LONGEST["place"])
    start, policy = _in_force(draft, plan, actor, today)
    _until(policy, plan, start, today)
    subjects = plans.subjects_of(actor.organization_kind, start, actor.league)
    _subject(draft, policy, subjects, actor.league)
    _amounts(draft, policy, subjects, start, actor.league)
    with st.container():  # where the first day's year offers one
        _programme(draft, start, actor)
    course.draw(draft, start, actor)
    for name, label, height in (
        ("content", "培训内容 *", 110),
        ("teachers", "师资情况 *", 80),
        ("audience", "培训人员范围 *", 80),
    ):
        draft.ask(st.text_area, name, label, height=height, max_chars=plans.LONGEST[name])
    st.caption(drafts.LEGEND)
    return paper


def _as_read(_session: Session, plan: Plan, _actor: Actor) -> Callable[[], None]:
    """A plan as its reviewer will read it (预览); answers what draws it."""
    return reading.said(plan)


def _keep(draft: drafts.Form, session: Session, **who: Unpack[Who]) -> tuple[str, Plan]:
    """What saving the form does: a new plan, or a revised one."""
    typed = draft.values
    typed |= course.taken(draft, who["actor"]) | {"credit_years": tuple(sorted(typed["credit_years"]))}
    fields = plans.PlanFields(**{name: value for name, value in typed.items() if name not in course.FIELDS})
    if draft.record is None:
        kept = plans.draft(session, fields, **who)
    else:
        kept = plans.revise(session, draft.record, fields, version=draft.version, **who)
    return f"“{kept.title}”已保存。", kept


def _copy_from(actor: Actor, copied: int | None) -> None:
    """Copy an earlier plan (复制上期): which one a new plan begins as."""
    with db.reading() as session:
        found, _ = queues.queue(session, actor, kinds=("plan",), limit=50)
    if found.empty:
        return
    named = zip(found["id"], found["title"], found["start_on"], strict=True)
    names = {int(number): f"{title}（{start}开始）" for number, title, start in named}
    chosen = copied if copied in names else None
    key = f"copy-from-{copied or ''}"
    if key not in st.session_state:
        st.session_state[key] = chosen

    def begin() -> None:
        address.choose("copy", st.session_state[key])

    left, _ = st.columns([2, 1])
    left.selectbox(
        "复制上期",
        list(names),
        None,
        format_func=lambda number: names.get(number, ""),
        key=key,
        on_change=begin,
        placeholder="可选：以本单位的一份计划为底稿，日期移到它之后最早可行的日子",
    )


def _copied(plan_id: int, actor: Actor) -> tuple[dict[str, Any], str]:
    """What an earlier plan has, on days that may still do, and what of it was changed."""
    with db.reading() as session:
        fields, told = plans.copied(session, plan_id, actor=actor, now=context.moment(session))
    return _typed(fields), told


def _typed(fields: plans.PlanFields) -> dict[str, Any]:
    """The fields of a plan as the widgets have them."""
    figures = {"headcount": str(fields.headcount), "hours_each": hours_text(fields.hours_each)}
    own = {name: value for name, value in vars(fields).items() if name != "course"}
    own |= course.typed(fields.course)
    return own | figures | {"mode": fields.mode.value, "credit_years": list(fields.credit_years)}


def _fields(plan: Plan | None, actor: Actor, today: date) -> dict[str, Any]:
    """What a plan has, field by field; of a new one what it begins with: the earliest three days that may still do."""
    if plan:
        return _typed(plans.fields_of(plan))
    with db.reading() as session:
        start = plans.earliest_start_on(session, today, actor.league) + timedelta(days=1)
    end = start + timedelta(days=2)
    subjects = plans.subjects_of(actor.organization_kind, start, actor.league)
    modes = subjects[0].modes if subjects else ()
    hours = min(plans.days_of(start, end) * notices.in_force(start, actor.league).hours_per_day, Decimal(24))
    texts = dict.fromkeys(("title", "place", "content", "teachers", "audience", "headcount"), "")
    return (
        texts
        | {
            "subject": subjects[0].code if subjects else "",
            "mode": (modes[0] if modes else next(iter(Mode))).value,
            "start_on": start,
            "end_on": end,
            "hours_each": hours_text(hours),
            "credit_years": [],
            "line_id": None,
        }
        | course.begun(start, actor)
    )


def _in_force(draft: drafts.Form, plan: Plan | None, actor: Actor, today: date) -> tuple[date, Policy]:
    """The first day as typed and its notice; where there is none, of the plan as it was saved, or of today."""
    for start in (draft.value("start_on"), plan and plan.start_on):
        if start:
            try:
                return start, notices.in_force(start, actor.league)
            except Refused as refused:
                st.warning(md(refused.words))
    return today, notices.in_force(today, actor.league)


def _until(policy: Policy, plan: Plan | None, start: date, today: date) -> None:
    """Until when a plan of these days must be filed (上报期限), by the notice of its own first day."""
    if plan and plan.extension_start_on and start >= plan.extension_start_on:
        st.caption(md(f"已准予延期上报，培训开始前上报即可：{plan.extension_reason}"))
        return
    with db.reading() as session:
        days = holidays.work_days(session)
    deadline, earliest = deadlines.of_plan(policy, start, days), deadlines.earliest_start_on(policy, today, days)
    due = deadline.due_on
    told = f"{start}开始的培训应于{deadlines.by(due)}上报（{deadline.clause}）"
    if due < today:
        st.warning(md(f"{told}，已经过了：今天上报的，最早可安排在{earliest}开始；确需提前的，请管理员准予延期。"))
    else:
        st.caption(md(f"{told}，{days_left((due - today).days)}。{deadline.words}适用：{policy.document}。"))


def _subject(draft: drafts.Form, policy: Policy, subjects: list[SubjectRule], league: str | None) -> None:
    """Subject and mode (科目、方式): what the notice of the first day lets this organization give."""
    left, right = st.columns(2)
    names = {rule.code: rule.name for rule in subjects}
    chosen = draft.value("subject")  # what it was filed as stays to be read, whatever the notice says of it since
    names.setdefault(chosen, notices.subject_names().get(chosen, chosen))
    told = _told(subjects, policy, league)
    draft.ask(left.selectbox, "subject", "科目 *", list(names), format_func=names.__getitem__, help=told)
    labels = {mode.value: mode.label for mode in Mode}
    draft.ask(right.selectbox, "mode", "方式 *", list(labels), format_func=labels.__getitem__)


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


def _amounts(draft: drafts.Form, policy: Policy, subjects: list[SubjectRule], start: date, league: str | None) -> None:
    """People, hours, and the credit years of a make-up course (补学)."""
    left, middle, right = st.columns(3)
    draft.ask(
        left.text_input, "headcount", "计划人数（人） *", help=f"1至{plans.MOST_PEOPLE}的整数，如50", max_chars=20
    )
    end = draft.value("end_on")
    days = plans.days_of(start, end) if end and end >= start else 0
    held = f"，{start}至{end}共{days}天，至多{hours_text(days * policy.hours_per_day)}学时" if days else ""
    summed = course.hours(draft, start, league)
    draft.ask(
        middle.text_input,
        "hours_each",
        f"每人学时{'（线上、线下之和，自动计算）' if summed else ' *'}",
        disabled=summed,
        help=f"以0.5为最小单位，如24或7.5；每天至多{hours_text(policy.hours_per_day)}学时{held}",
        max_chars=20,
    )
    chosen = draft.value("credit_years")
    earlier = {year for rule in subjects for year in plans.makeup_years(rule.code, start, league)}
    if earlier or chosen:
        draft.ask(
            right.multiselect,
            "credit_years",
            "学时年度（补学）",
            sorted({*earlier, start.year, *chosen}, reverse=True),
            placeholder=f"{start.year}（培训当年）",
            help=f"只计入培训当年的不选。提供以前年度补学的{md(_makeup_words(policy))}，选出计入的各年度；"
            "选了几个年度的，在花名册的“学时年度”列写明每人的年度；没有写明的计入培训当年，培训当年不在所选之内的须补填。"
            "一人补学几个年度的，每个年度一行，各年度合计不超过每人学时。",
        )


def _programme(draft: drafts.Form, start: date, actor: Actor) -> None:
    """Programme and line (专项项目、项目任务) that the training carries out; most carry out none."""
    chosen, line = draft.value("programme"), draft.value("line_id")
    with db.reading() as session:
        offered = {each.code: each for each in marking.of_plans(start, actor.league)}
        home = session.get_one(Organization, actor.organization_id)
        held = chosen in offered and offered[chosen].way in marking.BY_LINES
        found = marking.lines_for(session, home, chosen, start.year) if held else []
        lines = {each.id: marking.label(each) for each in found}
    if not offered and not chosen:
        return
    left, right = st.columns([1, 2])
    names = {"": "不属于专项项目"} | {code: each.name for code, each in offered.items()}
    names.setdefault(chosen, marking.name_of(chosen))
    draft.ask(left.selectbox, "programme", "专项项目", list(names), format_func=names.__getitem__)
    if held or line is not None:
        if line is not None:
            lines.setdefault(line, f"第{line}号任务（不能由本单位落实）")
        empty = f"{start.year}年度还没有已批准、可由本单位落实的任务"
        draft.ask(
            right.selectbox,
            "line_id",
            "项目任务 *",
            [None, *lines],
            format_func=lambda number: lines.get(number, "请选择" if lines else empty),
            help="已批准的年度计划表或高研班申请中的一项；本期培训的报告通过后计入它。",
        )


def _makeup_words(policy: Policy) -> str:
    """The clause of make-up study (补学), and when it is open where that is not the whole year."""
    rule = policy.makeup
    if rule is None:
        return ""
    return f"（{rule.clause}）" if rule.whole_year else f"（{rule.clause}，每年{rule.first}至{rule.last}）"
