"""Courses of an office: made and changed by its clerk, published by a reviewer, and how far its people have come."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.courses import courses, figures
from core.ground import db
from core.ground.access import OFFICERS, Actor, Refused, Role
from core.ground.hours import hours_text
from core.models import Course, CourseState
from web import address, context, shell, tables
from web.courses import editing, reading
from web.words import md

actor = shell.require(*OFFICERS, Role.BASE_CLERK, Role.EMPLOYER_CLERK)
COLUMNS = "course_state year course_title edition hours lessons begun studied exam_passed organization".split()


def rows(found: Sequence[Course], so_far: dict[int, tuple[int, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "id": each.id,
                "course_state": each.state.label,
                "year": each.year,
                "course_title": each.title,
                "hours": hours_text(each.hours),
                "lessons": len(each.lessons),
                **dict(zip(("begun", "studied", "exam_passed"), so_far.get(each.id, (0, 0, 0)), strict=True)),
                "edition": each.edition,
                "organization": each.organization.name,
            }
            for each in found
        ],
        columns=["id", *COLUMNS],
    )


def one(found: Course, who: Actor) -> None:
    """The course that was chosen, as this actor has it."""
    mine = who.role is Role.BASE_CLERK and found.organization_id == who.organization_id
    writing = found.state is CourseState.DRAFT and mine
    reading.head(found)
    if writing:
        editing.course(found, who)
        editing.lessons(found, who)
        reading.preview(found)
        reading.before_publishing(found)
        st.button("报请发布", type="primary", on_click=editing.offer, args=(found,), key="offer")
        return
    if found.state in (CourseState.PUBLISHED, CourseState.WITHDRAWN):
        reading.chosen_view(found, who)
    else:
        reading.contents(found)
    if found.state is CourseState.PUBLISHED and mine:
        st.button("编制新版", on_click=editing.revise, args=(found,), key="revise")
    reading.deciding(found, who)


def draw() -> None:
    makes = courses.makes(actor, context.today().year)
    told = "查看本单位人员的学习情况" if actor.role is Role.EMPLOYER_CLERK else "编制、发布网络课程，查看学习情况"
    shell.page("网络课程", f"{told}；点一行打开。")
    if makes:
        st.button("编制新课程", icon=":material/add:", on_click=lambda: address.choose("new", 1), key="new-course")
    if actor.role in OFFICERS and actor.oversees_region and address.view(["课程", "各盟市"], key="of") == "各盟市":
        reading.by_league(address.year(context.today().year, ahead=1, back=2), actor)
        return
    with db.reading() as session:
        found = courses.listing(session, actor)
        so_far = figures.of_office(session, actor)
    if makes and address.chosen("new"):
        with st.container(border=True):
            editing.course(None, actor)
    empty = "还没有课程。" + (
        "请点“编制新课程”。" if makes else "课程由考试机构或盟市人社部门编制，报请发布后列在这里。"
    )
    chosen = tables.pick(rows(found, so_far), COLUMNS, name="course", empty=empty, what="")
    if chosen:
        with db.reading() as session:
            course = courses.load(session, chosen, actor)
            _ = course.lessons, course.organization, course.authority
        one(course, actor)


try:
    draw()
except Refused as refused:
    st.error(md(refused.words))
