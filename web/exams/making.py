"""The exam of a course on screen (编制考试): how papers are drawn, when, what passes; handed in and published."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.exams import bank, blueprints, exams
from core.exams.blueprints import Blueprint, Part
from core.exams.exams import ExamForm
from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.ground.hours import hours_text
from core.models import Course, Difficulty, Exam, ExamState, ItemKind
from web import deeds, drafts
from web.deeds import Who
from web.words import md

_HARD = {"不限": None} | {each.label: each for each in Difficulty}
_KINDS = {each.label: each for each in ItemKind}
_ANY = "不限"


def form(course: Course, exam: Exam | None, actor: Actor) -> None:
    """The fields of an exam (考试设置), open while it is being made."""
    with db.reading() as session:
        begun = exams.begun(session, course)
        topics = bank.topics(session, actor)
    key = f"exam-{course.id}-{exam.version if exam else 0}"
    st.caption("一行是一种题：题型、题数、每题分值，可限定知识点和难度。每人一份，随机抽题，选项打乱。")
    named = [_ANY, *filter(None, dict.fromkeys([*topics, *(part.topic for part in begun.blueprint.parts)]))]
    rows = st.data_editor(
        pd.DataFrame(
            [_row(part) for part in begun.blueprint.parts], columns=["题型", "题数", "每题分值", "知识点", "难度"]
        ),
        num_rows="dynamic",
        hide_index=True,
        key=f"{key}-rows",
        column_config={
            "题型": st.column_config.SelectboxColumn(options=list(_KINDS), required=True, width=110),
            "题数": st.column_config.NumberColumn(min_value=1, max_value=200, step=1, required=True, width=90),
            "每题分值": st.column_config.NumberColumn(
                min_value=0.5, max_value=100.0, step=0.5, required=True, width=110
            ),
            "知识点": st.column_config.SelectboxColumn(options=named, default=_ANY, width=180),
            "难度": st.column_config.SelectboxColumn(options=list(_HARD), default=_ANY, width=90),
        },
    )
    first, second, third, fourth = st.columns(4)
    minutes = first.number_input("限时（分钟） *", 1, exams.MOST_MINUTES, begun.minutes or 60, key=f"{key}-minutes")
    mark = second.text_input("及格线（分） *", hours_text(begun.pass_mark), key=f"{key}-mark", max_chars=6)
    attempts = third.number_input("考试次数（0为不限）", 0, exams.MOST_ATTEMPTS, begun.attempts, key=f"{key}-attempts")
    wait = fourth.number_input("两次间隔（分钟）", 0, exams.MOST_WAIT, begun.wait_minutes, key=f"{key}-wait")
    left, right, last = st.columns([1, 1, 2], vertical_alignment="bottom")
    opens = left.date_input("开始日期", begun.opens_on, key=f"{key}-opens", **drafts.DAYS)
    closes = right.date_input("截止日期", begun.closes_on, key=f"{key}-closes", **drafts.DAYS)
    half = last.checkbox("多选题少选且没有选错的得一半分", begun.half_marks, key=f"{key}-half")
    try:
        parts = Blueprint(tuple(_parts(rows)))
        given = ExamForm(parts, int(minutes), _mark(mark), int(attempts), int(wait), opens, closes, half)
    except Refused as refused:
        st.error(md(refused.words))
        return
    with db.reading() as session:
        lacking = blueprints.shortage(parts, bank.pool(session, course.organization_id))
    st.markdown(f"**共{parts.count}题，满分{hours_text(parts.points)}分**")
    if lacking:
        st.warning(md(f"题库不够组卷：{'；'.join(lacking)}。可以先保存，补充试题后再报请发布。"))
    with st.container(horizontal=True):  # as it stands now, not as it stood when the button was drawn
        if st.button("保存", type="secondary" if exam else "primary", key=f"{key}-save"):
            _save(course.id, exam.version if exam else 0, given)
            st.rerun()
        if exam and exams.form(exam) == given:
            st.button(
                "报请发布", type="primary", key=f"{key}-offer", on_click=_offer, args=(exam,), disabled=bool(lacking)
            )
        elif exam:
            st.caption("有未保存的改动，保存后才能报请发布。")


def _row(part: Part) -> list[Any]:
    hard = part.difficulty.label if part.difficulty else _ANY
    return [part.kind.label, part.count, float(part.points), part.topic or _ANY, hard]


def _parts(rows: pd.DataFrame) -> list[Part]:
    """The rows as they are meant. Refused codes: "fields"."""
    found = []
    for at, (kind, count, points, topic, hard) in enumerate(rows.itertuples(index=False, name=None), start=1):
        if pd.isna(count) or pd.isna(points) or kind not in _KINDS:
            raise Refused("fields", f"组卷方案第{at}行没有填完，请填写题型、题数和每题分值，或删去这一行。")
        named = "" if topic in (None, _ANY) or pd.isna(topic) else str(topic)
        found.append(Part(_KINDS[kind], int(count), Decimal(str(points)).normalize(), named, _HARD.get(hard)))
    return found


def _mark(said: str) -> Decimal:
    try:
        return Decimal(said)
    except InvalidOperation as error:
        raise Refused("fields", f"及格线“{said}”不是数字，请填写分数。") from error


def _save(course_id: int, version: int, given: ExamForm) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        exams.save(session, course_id, given, version=version, **who)
        return "考试设置已保存。"

    deeds.deed(act, "exam", course_id, version, repr(given))


def _offer(exam: Exam) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        exams.offer(session, exam.id, version=exam.version, **who)
        return "考试已报请发布，由主管部门的审核员发布。"

    deeds.deed(act, "offer-exam", exam.id, exam.version)


def show(exam: Exam) -> None:
    """An exam to read (考试设置)."""
    if exam.remark:
        st.warning(md(f"退回或撤下的原因：{exam.remark}"))
    for line in exams.words(exams.form(exam)):
        st.markdown(md(line))


def deciding(exam: Exam, actor: Actor) -> None:
    """What the reviewer does with it: publishes it, sends it back, takes it down."""
    if actor.role is not Role.REVIEWER or exam.state is ExamState.DRAFT:
        return
    offered = exam.state is ExamState.OFFERED
    with st.container(horizontal=True):
        if offered:
            st.button("发布", type="primary", key=f"publish-{exam.id}", on_click=_publish, args=(exam,))
        with st.popover("退回" if offered else "撤下修改"):
            st.write(
                "退回经办人修改。" if offered else "撤下后不能再开始新的考试，已经开始的照常答完；改好后重新报请发布。"
            )
            st.text_input("原因 *", key=f"back-why-{exam.id}-{exam.version}", max_chars=bank.LONGEST_REASON)
            st.button("确认", type="primary", key=f"back-{exam.id}", on_click=_send_back, args=(exam,))


def _publish(exam: Exam) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        exams.publish(session, exam.id, version=exam.version, **who)
        return "考试已发布，学完课程的学员可以考试。"

    deeds.deed(act, "publish-exam", exam.id, exam.version)


def _send_back(exam: Exam) -> None:
    reason = st.session_state.get(f"back-why-{exam.id}-{exam.version}", "")

    def act(session: Session, **who: Unpack[Who]) -> str:
        exams.send_back(session, exam.id, version=exam.version, reason=reason, **who)
        return "考试已退回经办人。"

    deeds.deed(act, "exam-back", exam.id, exam.version, reason)
