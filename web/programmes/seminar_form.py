"""The form of an application to hold a seminar (高研班申请): its fields, its lessons, its papers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.models import Mode, Seminar, SeminarLevel
from core.submissions import plans
from core.submissions.kinds import KINDS
from core.submissions.programmes import seminars
from core.submissions.programmes.places import target_words
from core.trail import files
from web import context, drafts, papers, tables
from web.claims import reading as claim_reading
from web.deeds import Who
from web.facts import fact, facts
from web.papers import Paper
from web.words import md

SEMINAR = KINDS["seminar"]


def form(seminar: Seminar | None, actor: Actor) -> Paper:
    """The fields of an application (填写高研班申请), open while it may be edited."""
    place = f"seminar:{seminar.id}" if seminar else "seminar:new"
    version, notes = seminar.version if seminar else 0, papers.notes(seminar, actor)
    draft = drafts.form(place, _fields(seminar, actor), version=version, actor=actor, notes=notes)
    paper = Paper(
        SEMINAR,
        draft,
        partial(_keep, draft),
        found=seminar,
        given=draft.given,
        reads=lambda _session, kept, _actor: said(kept),
    )
    _hints(seminar, actor)
    _what(draft, actor)
    _when(draft)
    _how_many(draft)
    most = seminars.LONGEST
    draft.ask(st.text_area, "audience", "学员条件 *", height=80, max_chars=most["audience"])
    _lessons(draft)
    draft.ask(st.text_area, "reason", "申报理由 *", height=110, max_chars=most["reason"])
    _files(draft, seminar, actor)
    st.caption(drafts.LEGEND)
    return paper


def _hints(seminar: Seminar | None, actor: Actor) -> None:
    """What the region will be told of the application as it was saved (提示)."""
    if seminar is None:
        return
    with db.reading() as session:
        told = SEMINAR.warnings(session, seminar, actor)
    if told:
        st.warning("\n".join(f"- {md(each.words)}" for each in told))


def _what(draft: drafts.Form, actor: Actor) -> None:
    """Level, topic, who holds it and whom to call."""
    left, right = st.columns([1, 3])
    levels = {level.value: level.label for level in SeminarLevel}
    told = "自治区级由自治区人社厅评审入选；国家级由自治区人社厅转报，批准后再上报培训计划。"
    draft.ask(left.selectbox, "level", "级别 *", list(levels), format_func=levels.__getitem__, help=told)
    most = seminars.LONGEST
    draft.ask(right.text_input, "title", "选题 *", max_chars=most["title"])
    places = st.columns(3)
    draft.ask(places[0].text_input, "area", "主题领域 *", max_chars=most["area"], placeholder="如：新一代信息技术")
    draft.ask(places[1].text_input, "host", "主办单位 *", max_chars=most["host"])
    draft.ask(places[2].text_input, "organiser", "承办单位 *", max_chars=most["organiser"])
    places = st.columns(3)
    draft.ask(places[0].text_input, "contact", "联系人 *", max_chars=most["contact"])
    draft.ask(places[1].text_input, "phone", "联系电话 *", max_chars=most["phone"])
    draft.ask(places[2].text_input, "session_number", "期次 *", max_chars=6, help="同一选题在本年度的第几期，如1")
    start = draft.value("start_on") or context.today()
    offered = {each.code: each for each in seminars.programmes_on(start, actor.league)}
    with st.container():  # as many as the first day's year offers: the days below stay in the hand
        if len(offered) > 1 or draft.value("programme") not in offered:
            names = {code: each.name for code, each in offered.items()}
            names.setdefault(draft.value("programme"), "请选择")
            draft.ask(st.selectbox, "programme", "专项项目 *", list(names), format_func=names.__getitem__)
        for each in offered.values():
            aim = target_words((each.target, each.target_at_most), each.unit)
            st.caption(md(f"{each.name}（{each.clause}）：通知的指标为{aim}。"))


def _when(draft: drafts.Form) -> None:
    places = st.columns(4)
    draft.ask_days(places[0], places[1], "开始日期 *", "结束日期 *")
    draft.ask(places[2].text_input, "place", "举办地点 *", max_chars=seminars.LONGEST["place"])
    labels = {mode.value: mode.label for mode in Mode}
    draft.ask(places[3].selectbox, "mode", "方式 *", list(labels), format_func=labels.__getitem__)
    start, end = draft.value("start_on"), draft.value("end_on")
    told = st.empty()  # there without its words, too: the fields below stay in the hand
    if start and end and end >= start:
        told.caption(f"共{plans.days_of(start, end)}天")


def _how_many(draft: drafts.Form) -> None:
    places = st.columns(4)
    draft.ask(places[0].text_input, "people", "计划人数（人） *", max_chars=10)
    draft.ask(places[1].text_input, "hours", "每人学时 *", max_chars=10, help="以0.5为最小单位，如40")
    money = "整元，如120000或12万元；没有的填0"
    draft.ask(places[2].text_input, "public_money", "财政经费（元） *", max_chars=20, help=money)
    draft.ask(places[3].text_input, "own_money", "自筹经费（元） *", max_chars=20, help=money)


def _lessons(draft: drafts.Form) -> None:
    """Lessons and teachers (课程与师资): a line each, as they are typed or pasted, and the table they make."""
    words = "、".join(seminars.LESSON_WORDS.values())
    told = f"一行一门课，依次为{words}，用逗号或制表符隔开；可从WPS或Excel选中各行复制后粘贴。职称、学时可以不填。"
    example = "数字化转型路径，张某，某大学，教授，4"
    draft.ask(st.text_area, "lessons", "课程与师资 *", height=130, placeholder=example)
    st.caption(told)
    found, faults = seminars.lessons_in(str(draft.value("lessons")))
    if faults and not draft.fault("lessons"):
        st.warning("\n".join(f"- {md(said)}" for _, said in faults))
    if found:
        lessons(found)


def said(found: Seminar, *more: tuple[str, object]) -> Callable[[], None]:
    """What an application says (申请内容), read at once; answers what draws it. `more` facts stand behind its own."""
    short, held = [*SEMINAR.facts(found), *more], seminars.lessons_in(found.lessons)[0]
    audience, reason = found.audience, found.reason

    def draw() -> None:
        facts(short)
        fact("学员条件", audience)
        st.caption("课程与师资")
        lessons(held)
        fact("申报理由", reason)

    return draw


def lessons(found: list[seminars.Lesson]) -> None:
    """The table of lessons and teachers (课程与师资表), to read."""
    rows = [
        (*map(md, (each.topic, each.teacher, each.employer or "—", each.post or "—")), hours_of(each)) for each in found
    ]
    tables.prose(rows, list(seminars.LESSON_WORDS.values()))


def hours_of(lesson: seminars.Lesson) -> str:
    """The hours of a lesson, — where they are not said."""
    return "—" if lesson.hours is None else hours_text(lesson.hours)


def _fields(seminar: Seminar | None, actor: Actor) -> dict[str, Any]:
    """What an application has, field by field, as the widgets show it; of a new one what it begins with."""
    names = list(seminars.SeminarFields.__dataclass_fields__)
    if seminar:
        figures = {name: str(getattr(seminar, name)) for name in ("people", "public_money", "own_money")}
        return (
            {name: getattr(seminar, name) for name in names}
            | figures
            | {
                "session_number": str(seminar.session_number),
                "hours": hours_text(seminar.hours),
                "level": seminar.level.value,
                "mode": seminar.mode.value,
            }
        )
    with db.reading() as session:
        start = plans.earliest_start_on(session, context.today(), actor.league) + timedelta(days=28)
    offered = seminars.programmes_on(start, actor.league)
    return dict.fromkeys(names, "") | {
        "programme": offered[0].code if offered else "",
        "level": SeminarLevel.REGIONAL.value,
        "host": actor.organization_name,
        "session_number": "1",
        "start_on": start,
        "end_on": start + timedelta(days=4),
        "mode": Mode.CLASSROOM.value,
        "public_money": "0",
        "own_money": "0",
    }


# --- papers -----------------------------------------------------------------------------------------------------------


def _files(draft: drafts.Form, seminar: Seminar | None, actor: Actor) -> None:
    """Papers that go with it (附件); those given before stay."""
    if seminar:
        with db.reading() as session:
            kept = files.of(session, seminar.id, actor)
        with st.container(horizontal=True):
            for each in kept:
                claim_reading.evidence(each)
    told = "已上传的附件随申请保留；再次上传的会添加在后面。"
    label = "附件（申请函、实施方案等，可不附）"
    draft.ask_files(st, "files", label, files.DOCUMENT_ENDINGS, accept_multiple_files=True, help=told)


def _keep(draft: drafts.Form, session: Session, **who: Unpack[Who]) -> tuple[str, Seminar]:
    """What saving the form does: a new application, or a revised one, with the files that were chosen."""
    fields = seminars.SeminarFields(**draft.values)
    given = draft.files(session, "files", who["actor"])
    if draft.record is None:
        kept = seminars.draft(session, fields, papers=given, **who)
    else:
        kept = seminars.revise(session, draft.record, fields, papers=given, version=draft.version, **who)
    return f"“{kept.title}”已保存。", kept
