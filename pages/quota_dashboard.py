"""Leaders see what was approved by league and month; every number opens its rows."""

from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core import dashboards, db
from core.access import OFFICERS, Actor
from web import ui

actor = ui.require(*OFFICERS)
ui.page("指标看板", "统计已批准的计划和已通过的报告。点击图中的柱形，下方即列出这一项的明细；再点一次取消。")

years = list(range(ui.today().year, ui.today().year - 4, -1))
with st.container(horizontal=True, vertical_alignment="bottom"):
    year = st.selectbox("年度", years, key="year", bind="query-params", width=120)
    measure = st.segmented_control(
        "看什么",
        list(dashboards.MEASURES),
        default="people",
        required=True,
        format_func=dashboards.MEASURES.__getitem__,
        key="measure",
        bind="query-params",
    )
measure = measure or "people"
with db.reading() as session:
    frame = dashboards.activity(session, actor, year)
with st.container(horizontal=True):
    for name in dashboards.MEASURES:
        st.metric(dashboards.headline(name), f"{frame[name].sum():,.0f}", border=True)

if frame.empty:
    st.info(f"{year}年度还没有批准的计划和通过的报告。可换一个年度查看。")
    st.stop()

left, right = st.columns(2)
charts = {}
for place, by in ((left, "authority"), (right, "month")):
    with place:
        charts[by] = st.altair_chart(
            dashboards.bars(frame, measure, by), key=f"{by}-{measure}-{year}", on_select="rerun", selection_mode=by
        )


def picked(by: str) -> Any:
    """The bar chosen in a chart, if one is."""
    points = charts[by].selection.get(by) or [{}]
    return points[0].get(by)


authority, month = picked("authority"), picked("month")


def asked(session: Session, who: Actor) -> pd.DataFrame:
    return dashboards.rows(session, who, year, measure, authority=authority, month=month)


with db.reading() as session:
    rows = asked(session, actor)
where = "、".join(filter(None, [str(authority or ""), f"{month}月" if month else ""])) or "全部"
st.markdown(f"**{dashboards.MEASURES[measure]}明细**　:gray[{year}年 {where}，共{len(rows)}份]")
columns = ["authority", "title", "organization", "start_on", "end_on", "headcount", "hours_each", "subject"]
if measure != "plans":
    columns = ["authority", "title", "organization", "end_on", "people", "hours", "late", "decided_at", "subject"]
ui.table(rows, columns, empty="这一项没有明细。", height=380)
ui.export(asked, columns, name=f"{dashboards.MEASURES[measure]}明细")
