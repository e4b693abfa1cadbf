"""Years of study: who was nominated, selected, published and placed, programme by programme."""

import streamlit as st

from core.ground import db
from core.ground.access import OFFICERS, Refused
from core.submissions.programmes import marking, places, publicity
from web import address, bar, context, shell
from web.study import placing, publishing, selecting
from web.words import md

actor = shell.require(*OFFICERS)
shell.page("推荐遴选与培养", "用人单位推荐、盟市排名、自治区遴选，公示无异议后确定入选，安排一年的研修。")
if (opened := address.chosen("notice")) is not None:  # from the home page or the calendar
    try:
        with db.reading() as session:
            notice = publicity.one(session, opened, actor)
    except Refused as refused:
        st.error(md(refused.words))
    else:
        shell.go("study", year=str(notice.year), programme=marking.name_of(notice.programme), view="公示")
VIEWS = ("推荐与遴选", "公示", "培养")
with st.container(horizontal=True, vertical_alignment="bottom"):
    year = address.year(context.today().year, ahead=1, back=3)
    view = address.view(VIEWS)
    try:
        found = {each.code: each for each in places.study_programmes(year, actor.league)}
    except Refused as refused:
        st.error(md(refused.words))
        bar.end()
    code = address.programme({each.code: each.name for each in found.values()})
if code not in found:
    st.info(f"{year}年度的通知没有研修项目。")
    bar.end()
selecting.heading(found[code])
if view == "公示":
    publishing.publishing(found[code], year, actor)
elif view == "培养":
    placing.placing(found[code], year, actor)
else:
    selecting.overview(found[code], year, actor)
    selecting.listed(found[code], year, actor)
