"""A learner's courses in one line each, and the way to the player, which is a page of its own."""

import streamlit as st

from core.courses import passing, study
from core.ground import db
from core.ground.access import Role
from core.ground.hours import hours_text
from web import context, shell
from web.courses import steps
from web.words import md

actor = shell.require(Role.PERSON)
BUTTON = (
    "display:inline-block;background:#174e86;color:#fff;padding:.45rem 1.4rem;border-radius:.5rem;text-decoration:none"
)
shell.page("在线学习", "在手机或电脑上学习网络课程，考试合格后学时自动登记。")
with db.reading() as session:
    person = actor.person_id or 0
    rows = [
        (each, passing.way(session, each, person), study.closed(each, context.today()))
        for each in study.listed(session, actor)
    ]
if not rows:
    st.info("现在没有安排给您的课程。课程由主管的人社部门或考试机构发布，发布后列在这里。")
else:
    st.html(f'<a href="/learn" target="_self" style="{BUTTON}">进入学习</a>')
for course, way, why in rows:
    with st.container(border=True):
        st.markdown(
            f"**{md(course.title)}**　:gray[{course.year}年度 · 第{course.edition}版 · {hours_text(course.hours)}学时]"
        )
        steps.draw(way)
        if why:
            st.caption(md(f"{why}。"))
