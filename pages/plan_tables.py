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
years = list(range(today.year + 1, today.year - 4, -1))
views = ["汇总表", "计划表报送情况", "总结报送情况"]
with st.container(horizontal=True, vertical_alignment="bottom"):
    year = st.selectbox(
        "年度", years, years.index(today.year), key="year", bind="query-params", width=110, required=True
    )
    view = address.view(views)
    try:
        names = programmes.merging.names(year, actor)
    except Refused as refused:
        st.error(md(refused.words))
        bar.end()
    code = st.selectbox(
        "专项项目",
        list(names),
        format_func=names.__getitem__,
        key="programme",
        bind="query-params",
        width=320,
        required=True,
    )
if not names:
    st.info(f"{year}年度的通知没有按计划表办理的专项项目。")
elif view == "汇总表":
    programmes.merging.merged(code, year, actor)
else:
    programmes.merging.filing(code, year, actor, summaries=view == "总结报送情况")
