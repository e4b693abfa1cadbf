"""Leaders see what was approved by league and month; every number opens its rows."""

from functools import partial

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import OFFICERS, Actor, Refused
from core.office import dashboards
from core.submissions import workflow
from web import bar, context, shell, submissions, tables
from web.words import md

actor = shell.require(*OFFICERS)
shell.page(
    "指标看板", "已批准的计划和已通过的报告。点击数字下的“看明细”或图中的柱形，下方即列出明细；选中一行可看全貌。"
)

years = list(range(context.today().year, context.today().year - 4, -1))
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


def show(name: str) -> None:
    """A number's button: its rows, all of them."""
    st.session_state["measure"] = name
    st.session_state["league"] = st.session_state["month"] = None


for place, name in zip(st.columns(4), dashboards.MEASURES, strict=True):
    with place.container(border=True):
        st.metric(dashboards.headline(name), f"{frame[name].sum():,.0f}")
        st.button("看明细", key=f"show-{name}", type="tertiary", on_click=show, args=(name,))

if frame.empty:
    st.info(f"{year}年度还没有批准的计划和通过的报告。可换一个年度查看。")
    bar.end()

leagues = sorted(frame["authority"].unique())
with st.container(horizontal=True, vertical_alignment="bottom"):
    authority: str | None = st.selectbox(
        "管理权限",
        [None, *leagues],
        format_func=lambda one: one or "全部",
        key="league",
        bind="query-params",
        width=200,
    )
    months: list[int | None] = [None, *range(1, 13)]
    month = st.selectbox(
        "月份",
        months,
        format_func=lambda one: f"{one}月" if one else "全部",
        key="month",
        bind="query-params",
        width=120,
    )


def picked(by: str, key: str, chart: str) -> None:
    """A bar was chosen, or let go: the filter beside it follows, and with it the address bar."""
    points = st.session_state[chart].selection.get(by) or [{}]
    st.session_state[key] = points[0].get(by)


for place, by, key in zip(st.columns(2), ("authority", "month"), ("league", "month"), strict=True):
    chart = f"{by}-{measure}-{year}"
    with place:
        st.altair_chart(
            dashboards.bars(frame, measure, by),
            key=chart,
            on_select=partial(picked, by, key, chart),
            selection_mode=by,
        )


def asked(session: Session, who: Actor) -> pd.DataFrame:
    return dashboards.rows(session, who, year, measure, authority=authority, month=month)


with db.reading() as session:
    rows = asked(session, actor)
where = "、".join(filter(None, [str(authority or ""), f"{month}月" if month else ""])) or "全部"
st.markdown(f"**{dashboards.MEASURES[measure]}明细**　:gray[{year}年 {where}，共{len(rows)}份]")
columns = ["authority", "title", "organization", "start_on", "end_on", "headcount", "hours_each", "subject"]
if measure != "plans":
    columns = ["authority", "title", "organization", "end_on", "people", "hours", "late", "decided_at", "subject"]
chosen = tables.pick(rows, columns, name="record", empty="这一项没有明细。")
tables.export(asked, columns, name=f"{dashboards.MEASURES[measure]}明细")
if chosen is not None and chosen in set(rows["id"]):
    try:
        with db.reading() as session:
            found = workflow.one(session, chosen, actor)
            steps = workflow.trail(session, chosen, actor)
        with st.container(border=True):
            submissions.submission(found, steps)
    except Refused as refused:
        st.error(md(refused.words))
