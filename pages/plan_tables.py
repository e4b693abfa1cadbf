"""The yearly plan tables of a programme as the region has them: the merged table, who filed, who has not."""

import streamlit as st

from core.ground import access
from core.ground.access import Refused
from web import address, bar, context, programmes, shell
from web.words import md

actor = shell.require(*access.OFFICERS)
shell.page(
    "计划表与总结",
    "各盟市、各主管部门报送的年度计划表（附件2），汇总在一张表里，每项写明目前落实的情况。"
    if actor.oversees_region
    else "本单位报送的年度计划表（附件2），每项写明目前落实的情况。",
)
today = context.today()
views = ["汇总表", "计划表报送情况", "总结报送情况"]
with st.container(horizontal=True, vertical_alignment="bottom"):
    year = address.year(today.year, ahead=1, back=3)
    view = address.view(views)
    try:
        names = programmes.merging.names(year, actor)
    except Refused as refused:
        st.error(md(refused.words))
        bar.end()
    code = address.programme(names)
if code is None:
    st.info(f"{year}年度的通知没有按计划表办理的专项项目。")
elif view == "汇总表":
    programmes.merging.merged(code, year, actor)
else:
    programmes.merging.filing(code, year, actor, summaries=view == "总结报送情况")
