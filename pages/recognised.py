"""Leagues read what they recognise by the notice: trainings of departments, with the hours of their own people."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OFFICERS, Actor, Refused
from core.records import recognition
from web import address, bar, context, shell, tables
from web.words import md

actor = shell.require(*OFFICERS)
shell.page(
    "部门培训认可",
    "自治区主管部门举办、本盟市人员参加的培训和已登记的学时。"
    if not actor.oversees_region
    else "自治区主管部门举办、各盟市人员参加的培训和已登记的学时。",
)
today = context.today()
NAMES = {"organization": "base"}
TRAININGS = ["title", "base", "start_on", "end_on", "people", "hours", "posted_at"]
PEOPLE = ["name", "id_mask", "employer", "post", "hours"]
if actor.oversees_region:
    TRAININGS.insert(2, "authority")
    PEOPLE.append("authority")

with st.container(horizontal=True, vertical_alignment="bottom"):
    year = address.year(today.year, back=3, label="学时年度")
    text = address.searched("培训或主管部门", key="q", placeholder="名称的一部分", width=280)

    def asked(session: Session, who: Actor, **page: Any) -> tuple[pd.DataFrame, int]:
        found, count = recognition.trainings(session, who, year, text=text, **page)
        return found.rename(columns=NAMES), count

    tables.export(lambda session, who: asked(session, who, limit=None)[0], TRAININGS, name=f"{year}年度部门培训认可")
by = recognition.basis(year, actor.league)
if by is None:
    st.info(f"{year}年度的通知没有写明认可哪些单位的培训，没有可列出的。")
    bar.end()
st.info(f"{md(by.words)}（{md(by.clause)}）。这些学时由举办单位的主管机关审核登记，依通知认可，不需再次审核。")
with tables.above():
    frame, count = tables.listing(asked, actor, name="training")
    if count:
        st.caption(f"共{count:,}期", width="content")
whose = "盟市人员" if actor.oversees_region else "本盟市人员"
empty = f"{year}年度还没有{whose}在主管部门培训中的学时。主管部门的培训情况报告审核通过后会列在这里。"
chosen = tables.pick(frame, TRAININGS, name="training", empty=empty, what="")
if chosen is not None:

    def learners(session: Session, who: Actor) -> pd.DataFrame:
        return recognition.people(session, who, year, chosen or 0)

    try:
        with db.reading() as session:
            shown = learners(session, actor)
        st.markdown(f"**已认可的人员和学时**　:gray-badge[{len(shown)}人]")
        tables.export(learners, PEOPLE, name=f"{year}年度部门培训人员")
        person = tables.pick(shown, PEOPLE, name="learner", empty="", what="这个人")
        if person is not None:
            shell.link("credit_lookup", "查看此人的学时明细", person=str(person))
    except Refused as refused:
        address.choose("training", None)
        st.error(md(refused.words))
