"""Results of the public subject from elsewhere: brought in, confirmed by the office in charge, posted, taken back."""

import streamlit as st

from core.exams import results
from core.ground import db
from core.ground.access import Refused, Role
from web import address, context, shell, tables
from web.results import batches, bringing, pushing
from web.words import md

actor = shell.require(*results.BRINGERS)
shell.page(
    "外来成绩",
    "在其他平台或考场取得的考试成绩：导入后每一条都有回执，由主管部门确认后记学时；同一门课程的学时只记一次，可整批冲销。",
)


def page() -> None:
    if not results.brings(actor, context.today().year):
        st.info("课程考试的成绩由人事考试院、盟市人社局导入和确认。")
        return
    with db.reading() as session:
        courses, frame = results.open_courses(session, actor), batches.asked(session, actor)
    expanded = address.chosen("batch") is None and actor.role is Role.BASE_CLERK
    with st.expander("导入成绩", expanded=expanded, icon=":material/upload:"):
        bringing.importing(courses, actor)
    st.markdown("**成绩批次**")
    empty = "还没有外来成绩。导入的成绩和学习平台推送的成绩会列在这里。"
    picked = tables.pick(frame, batches.BATCH, name="batch", by="result_batch", empty=empty, what="")
    if picked is not None:
        with st.container(border=True):
            batches.opened(picked, actor)
    with st.expander("学习平台", expanded=address.chosen("platform") is not None, icon=":material/hub:"):
        pushing.draw(courses, actor)


try:
    page()
except Refused as refused:
    st.error(md(refused.words))
