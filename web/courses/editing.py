"""A course being made (编制课程): what it says of itself, its lessons one by one, handed in to be published."""

from __future__ import annotations

from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.courses import courses
from core.courses.courses import CourseFields, LessonFields
from core.ground import db
from core.ground.access import Actor
from core.ground.hours import hours_text
from core.models import Course, Lesson, LessonKind
from core.office import unsaved
from web import address, context, deeds, drafts, tables
from web.deeds import Who

LESSONS = "position lesson_title lesson_kind minutes hours".split()


def course(found: Course | None, actor: Actor) -> None:
    """What a course says of itself (课程基本情况), new or being made."""
    today = context.today()
    given = courses.subjects(actor, found.year if found else today.year)
    base: dict[str, Any] = {
        "year": found.year if found else today.year,
        "title": found.title if found else "",
        "about": found.about if found else "",
        "subject": found.subject if found else next(iter(given), ""),
        "hours": hours_text(found.hours) if found else "",
        "credit_years": list(found.credit_years) if found else [today.year],
    }
    place = f"course:{found.id}" if found else "course:new"
    draft = drafts.form(place, base, version=found.version if found else 0, actor=actor)
    first, second, third = st.columns([1, 3, 1])
    draft.ask(first.selectbox, "year", "年度 *", sorted({today.year, today.year + 1, base["year"]}))
    draft.ask(second.text_input, "title", "名称 *", max_chars=courses.LONGEST["title"])
    draft.ask(third.text_input, "hours", "学时 *", max_chars=10, help="考试合格后登记的学时")
    year = int(draft.value("year"))
    may = courses.subjects(actor, year)
    left, right = st.columns(2)
    options = list(dict.fromkeys([*may, draft.value("subject")]))
    draft.ask(left.selectbox, "subject", "科目 *", options, format_func=lambda code: may.get(code, code or "请选择"))
    possible = courses.credit_years(actor, year, draft.value("subject")) if may else (year,)
    years = sorted({*possible, *draft.value("credit_years")}, reverse=True)
    help_ = "可记入本年度；以前年度须现行通知规定可以补学"
    draft.ask(right.multiselect, "credit_years", "可记入的学时年度 *", years, help=help_)
    draft.ask(st.text_area, "about", "内容简介", height=80, max_chars=courses.LONGEST["about"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "保存", type="primary" if found is None else "secondary", key="save-course", on_click=_save, args=(draft,)
        )
        draft.mark()


def _save(draft: drafts.Form) -> None:
    def act(session: Session, **who: Unpack[Who]) -> tuple[str, Course]:
        values = draft.values
        fields = CourseFields(**values | {"credit_years": tuple(values["credit_years"])})
        if draft.record is None:
            kept = courses.draft(session, fields, **who)
        else:
            kept = courses.change(session, draft.record, fields, version=draft.version, **who)
        unsaved.drop(session, draft.place, actor=who["actor"])
        return f"“{kept.title}”已保存。", kept

    kept = deeds.deed(draft.blaming(act), "course", draft.place, draft.version, *map(str, draft.values.values()))
    if kept is not None:
        draft.saved(f"course:{kept.id}", kept.version)
        address.choose("course", kept.id)
        st.query_params.pop("new", None)


def lesson_rows(found: Course) -> pd.DataFrame:
    """The lessons of a course as a table (课节)."""
    return pd.DataFrame(
        [
            {
                "id": each.id,
                "position": each.position,
                "lesson_title": each.title,
                "lesson_kind": each.kind.label,
                "minutes": each.seconds // 60,
                "hours": hours_text(each.hours),
            }
            for each in found.lessons
        ],
        columns=["id", *LESSONS],
    )


def lessons(found: Course, actor: Actor) -> None:
    """The lessons of a course that is being made: chosen, changed, moved, struck; a new one added."""
    st.subheader("课节", anchor=False)
    whole = hours_text(sum((each.hours for each in found.lessons), start=found.hours * 0))
    if found.lessons:
        st.caption(
            f"共{len(found.lessons)}节、{courses.minutes(found)}分钟，各节学时合计{whole}，课程为{hours_text(found.hours)}学时。"
        )
    chosen = tables.pick(
        lesson_rows(found), LESSONS, name="lesson", empty="还没有课节，请在下面添加。", what="第{}号课节"
    )
    lesson = next((each for each in found.lessons if each.id == chosen), None)
    if lesson:
        with st.container(border=True):
            st.markdown(f"**修改第{lesson.position}节**")
            _form(found, lesson, actor)
    with st.expander("添加一节", expanded=not found.lessons):
        _form(found, None, actor)


def _form(found: Course, lesson: Lesson | None, actor: Actor) -> None:
    with db.reading() as session:
        asked = courses.as_typed(courses.questions(session, lesson.id)) if lesson else ""
    base: dict[str, Any] = {
        "title": lesson.title if lesson else "",
        "kind": (lesson.kind if lesson else LessonKind.TEXT).value,
        "minutes": lesson.seconds // 60 if lesson else 45,
        "hours": hours_text(lesson.hours) if lesson else "",
        "body": lesson.body if lesson else "",
        "file": lesson.file if lesson else "",
        "address": lesson.address if lesson else "",
        "checks": asked,
    }
    place = f"lesson:{lesson.id}" if lesson else f"lesson:new-{found.id}"
    draft = drafts.form(place, base, version=found.version, actor=actor)
    first, second, third, fourth = st.columns([3, 2, 1, 1])
    draft.ask(first.text_input, "title", "名称 *", max_chars=courses.LONGEST_LESSON["title"])
    kinds = {each.value: each.label for each in LessonKind}
    draft.ask(second.selectbox, "kind", "形式 *", list(kinds), format_func=kinds.__getitem__)
    draft.ask(third.number_input, "minutes", "分钟 *", 1, courses.MOST_MINUTES, help="须学满的时间")
    draft.ask(fourth.text_input, "hours", "学时 *", max_chars=10, help="各节合计应等于课程的学时")
    _content(draft, LessonKind(draft.value("kind")), actor)
    draft.ask(
        st.text_area,
        "checks",
        "课中提问",
        height=100,
        max_chars=courses.LONGEST_LESSON["checks"],
        help="一题一段，空行隔开；第一行是题干，以下每行一个选项，正确的前面加*号。没有填的，问学员正在学哪一节。",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "保存这一节" if lesson else "添加",
            type="primary",
            key=f"{draft.prefix}save",
            on_click=_save_lesson,
            args=(draft, found.id, lesson.id if lesson else None),
        )
        if lesson:
            act = (found.id, lesson.id, found.version)
            for label, up in (("上移", True), ("下移", False)):
                st.button(label, key=f"{draft.prefix}{up}", on_click=_move, args=(*act, up))
            with st.popover("删去此节"):
                st.write("删去后不能恢复；课程发布前随时可以重新添加。")
                st.button("确认删去", key=f"{draft.prefix}strike", on_click=_strike, args=act)
        draft.mark()


def _content(draft: drafts.Form, kind: LessonKind, actor: Actor) -> None:
    """What a lesson of a kind is made of."""
    if kind is LessonKind.TEXT:
        label = "正文 *（一行一段，#开头的是小标题）"
        draft.ask(st.text_area, "body", label, height=200, max_chars=courses.LONGEST_LESSON["body"])
    elif kind is LessonKind.LINK:
        draft.ask(st.text_input, "address", "视频网址 *", placeholder="https://…/lesson.mp4")
    else:
        endings = [each[1:] for each in courses.ENDINGS[kind]]
        with db.reading() as session:
            there = courses.files_for(session, kind, actor)
        options = list(dict.fromkeys(["", *there, draft.value("file")]))
        left, right = st.columns(2)
        draft.ask(
            left.selectbox,
            "file",
            "课件文件夹里的文件",
            options,
            format_func=lambda name: name.rpartition("/")[2] or "（未选择）",
            help=f"较大的视频请放在服务器的{courses.laid_in(actor)}文件夹里（只有本单位看得到），再在这里选择",
        )
        draft.ask_files(right, "upload", "或上传文件", endings)


def _save_lesson(draft: drafts.Form, course_id: int, lesson_id: int | None) -> None:
    takes = LessonKind(draft.value("kind")) in courses.ENDINGS

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, tuple[int, int]]:
        fields = LessonFields(**draft.values)
        upload = draft.file(session, "upload", who["actor"]) if takes else None
        kept = courses.put_lesson(session, course_id, lesson_id, fields, version=draft.version, upload=upload, **who)
        unsaved.drop(session, draft.place, actor=who["actor"])
        return f"第{kept.position}节“{kept.title}”已保存。", (kept.id, kept.course.version)

    sent = (*map(str, draft.values.values()), *draft.given())
    made = deeds.deed(draft.blaming(act), "lesson", draft.place, draft.version, *sent)
    if made is not None:
        number, version = made
        draft.saved(f"lesson:{number}", version)
        address.choose("lesson", number)


def _move(course_id: int, lesson_id: int, version: int, up: bool) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        courses.move_lesson(session, course_id, lesson_id, up, version=version, **who)
        return "课节的顺序已调整。"

    deeds.deed(act, "move", course_id, lesson_id, up, version)


def _strike(course_id: int, lesson_id: int, version: int) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        courses.strike_lesson(session, course_id, lesson_id, version=version, **who)
        return "这一节已删去。"

    if deeds.deed(act, "strike", course_id, lesson_id, version):
        address.choose("lesson", None)
        address.forget_choice()


def offer(found: Course) -> None:
    """Hand it in to be published (报请发布)."""

    def act(session: Session, **who: Unpack[Who]) -> str:
        kept = courses.offer(session, found.id, version=found.version, **who)
        return f"“{kept.title}”已报请发布，由{kept.authority.name}的审核员发布。"

    deeds.deed(act, "offer", found.id, found.version)


def revise(found: Course) -> None:
    """Begin a new edition (编制新版)."""

    def act(session: Session, **who: Unpack[Who]) -> tuple[str, Course]:
        new = courses.revise(session, found.id, **who)
        return f"“{new.title}”第{new.edition}版已建立，改好后报请发布；正在学习的学员不受影响。", new

    new = deeds.deed(act, "revise", found.id, found.version)
    if new is not None:
        address.choose("course", new.id)
