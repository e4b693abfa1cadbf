"""The policy in force on a day, clause by clause in plain words, with what is done where it is silent, and examples."""

import re

import pandas as pd
import streamlit as st

from core.ground.access import Refused, Role
from core.law import notices, wording
from core.people import setup
from web import address, bar, context, shell, tables
from web.policies import articles, faults
from web.words import md

actor = shell.require()
shell.page("政策依据", "系统按下列通知计算；每一项注明条款，通知没有写明之处列出系统的处理方式和理由。")

with st.container(horizontal=True, vertical_alignment="bottom"):
    day = address.day("哪一天有效的政策", key="day", usual=context.today(), width=200)
    places = {each: each for each in (faults.REGION, *setup.league_names())}
    chosen = address.choice("哪里", places, key="league", usual=faults.place(actor.league), width=200)
    league = None if chosen == faults.REGION else chosen
if actor.role is Role.ADMIN:
    faults.faulty_files()
try:
    rule = notices.in_force(day, league)
except Refused as refused:
    st.warning(md(refused.words))
    bar.end()

st.subheader(md(rule.title), anchor=False)
issued = f"，{rule.issued_on}印发" if rule.issued_on else ""
st.caption(md(f"{rule.document}，{rule.issuer}{issued}，适用于{rule.in_force.first}至{rule.in_force.last}"))
if league and rule.league is None:
    st.caption(md(f"{league}没有自己的通知，按自治区的通知执行。"))
if rule.carried(day.year):
    st.info(md(f"{rule.note(day.year)}。"))
articles.articles(rule)
frame = pd.DataFrame([vars(article) for article in wording.articles(rule)])
frame = frame.rename(columns={"heading": "matter", "words": "article"})
tables.export(lambda _session, _who: frame, ["clause", "matter", "article"], name=f"政策条款-{rule.document}")

st.subheader("通知未写明之处", anchor=False)
articles.silences(rule.interpretations)
articles.readings(rule.readings)

examples = wording.examples(rule)
if examples:
    st.subheader("举例", anchor=False)
    st.caption("每个例子都由核验程序当场算出，与书面答案一致才会显示。")
    for example in examples:
        st.markdown("- " + re.sub("：(符合|不符合|待核验)，", r"：**\1**，", md(example)))
