"""Exams of courses: made by a clerk, published by a reviewer; results, and how items did."""

import pandas as pd
import streamlit as st

from core.courses import courses
from core.exams import bank, exams, statistics
from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.models import CourseState, ExamState
from web import address, context, shell, tables
from web.exams import making, results
from web.words import chip, md

actor = shell.require(Role.BASE_CLERK, Role.REVIEWER)
COLUMNS = "exam_state year course_title edition exam_sat exam_passed".split()


def rows() -> pd.DataFrame:
    """The courses of the actor's office, each with its exam."""
    found = []
    with db.reading() as session:
        for course in courses.listing(session, actor):
            exam = exams.of_course(session, course.id)
            if actor.role is Role.REVIEWER and (exam is None or exam.authority_id != actor.organization_id):
                continue
            if exam is None and course.state is CourseState.WITHDRAWN:
                continue
            count = statistics.count(session, exam.id, actor) if exam else None
            found.append(
                {
                    "id": course.id,
                    "exam_state": exam.state.label if exam else "未编制",
                    "year": course.year,
                    "course_title": course.title,
                    "edition": course.edition,
                    "exam_sat": count.sat if count else 0,
                    "exam_passed": count.passed if count else 0,
                }
            )
    return pd.DataFrame(found, columns=["id", *COLUMNS])


def opened(course_id: int, who: Actor) -> None:
    """The exam of the course that was chosen."""
    with db.reading() as session:
        course = courses.load(session, course_id, who)
        _ = course.organization, course.authority
        exam = exams.of_course(session, course_id)
        begun = exams.begun_by(session, course)
        if exam:
            _ = exam.course
    st.subheader(md(f"{course.title}　第{course.edition}版"), anchor=False)
    if exam is None:
        st.caption(md(f"还没有编制考试。下面是{begun}，可以修改，保存后报请发布。"))
    else:
        left, right = st.columns([1, 3], vertical_alignment="center")
        left.markdown(chip(exam.state))
        with right:
            view = address.view(["设置", "成绩", "试题分析"])
        if view == "成绩":
            results.people(exam, who)
            return
        if view == "试题分析":
            results.items(exam, who)
            return
        making.show(exam)
    if who.role is Role.BASE_CLERK and (exam is None or exam.state is ExamState.DRAFT):
        making.form(course, exam, who)
    elif exam:
        making.deciding(exam, who)


def draw() -> None:
    shell.page("网络考试", "每门课程的考试：组卷方案、时间和及格线，成绩和试题分析；点一行打开。")
    if actor.role is Role.BASE_CLERK and not bank.keeps(actor, context.today().year):
        st.info("考试由组织网络课程的单位编制，本单位没有这项职责。")
        return
    empty = "还没有课程，请先在“网络课程”中编制。" if actor.role is Role.BASE_CLERK else "还没有编制好的考试。"
    chosen = tables.pick(rows(), COLUMNS, name="course", empty=empty, what="")
    if chosen:
        opened(chosen, actor)


try:
    draw()
except Refused as refused:
    st.error(md(refused.words))
