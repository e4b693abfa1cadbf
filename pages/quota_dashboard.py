"""Leaders see the year as it stands: how much was done, where, what is stuck, who lacks hours, what goes late."""

from functools import partial
from typing import Any

import streamlit as st

from core.ground import db
from core.office import dashboards
from core.office.dashboards import Measure, Per, charts
from web import address, board, context, shell

actor = shell.require(*dashboards.VIEWERS)
TRAINING = ("authority", "title", "organization", "start_on", "end_on", "subject", "headcount", "people", "hours")
STUCK = ("where", "title", "organization", "authority", "since_on", "days", "people", "overdue")
LATE = ("matter", "title", "organization", "authority", "due_on", "filed_on")
WAITS = ("kind", "title", "organization", "authority", "filed_at", "decided_at", "days")
shell.style(board.STYLE)
shell.page("指标看板", "各图随筛选条件一起变化；点图中的方格或柱形，全页只看这一部分，并列出明细，再点一次取消。")
with db.reading() as session:
    offered = dashboards.choices(session, actor)
wanted = board.strip(actor, context.today(), offered)
asked_for = str(st.query_params.get("programme", ""))
with db.reading() as session:
    seen = dashboards.board(session, actor, wanted, now=context.now())
    lines = dashboards.programmes.lines(session, actor, seen)
    chosen = next((each for each in lines if each.code == asked_for), None)
    offices = dashboards.programmes.offices(session, actor, wanted, chosen.code) if chosen else None
if asked_for and chosen is None:
    address.unknown("programme", "专项项目", asked_for, "")
ask, show = board.Ask(wanted, seen.where), str(st.query_params.get("show", ""))
if show and show not in (*Measure, "late", "waits"):
    address.unknown("show", "明细", show, "")
with st.container(horizontal=True, vertical_alignment="center", key="board-brief"):
    board.brief(ask)
    shell.link("presentation", "演示", **{name: str(value) for name, value in st.query_params.items()})
board.chips(seen)
board.tiles(seen, show)


def picked(name: str, rows: str, key: Any) -> None:
    """A mark was clicked: its filter is set, by the name that the filter's box has for it."""
    if name in ("league", "base"):
        place = seen.places.get(key)
        key = place and (place.name if name == "league" else place.full)
    board.narrow(name, key, rows)


def pick_programme(code: str) -> None:
    """A programme was clicked: its offices open, or close."""
    if st.query_params.get("programme") == code:
        st.query_params.pop("programme", None)
    else:
        st.query_params["programme"] = code


if lines:
    board.programmes(seen, lines, chosen, offices, ask, pick_programme, partial(picked, "league", Measure.PEOPLE))
if seen.has_trainings:
    with st.container(horizontal=True, key="board-measure"):
        words = {each.value: each.label for each in Measure}
        measure = Measure(board.choice("看什么", words, key="measure", default=Measure.PEOPLE))
        per = Per.WHOLE
        if measure.adds_up and seen.by == "league":
            per = Per(board.choice("口径", {each.value: each.label for each in Per}, key="per", default=Per.WHOLE))
    by_month = Measure.PEOPLE if measure is Measure.DONE else measure
    place = "employer" if measure is Measure.DONE and seen.by == "base" else seen.by
    with board.side_by_side("places"):
        if actor.oversees_region:
            board.figure(
                charts.tile_map(seen, measure, per),
                f"全区地图 · {measure.headline}",
                lambda _, again: charts.tile_map(again, measure, per),
                ask,
                picked=partial(picked, "league", measure.value),
            )
        board.figure(
            charts.months(seen, by_month),
            f"按月 · {by_month.headline}",
            lambda _, again: charts.months(again, by_month),
            ask,
            picked=partial(picked, "month", measure.value),
        )
        board.figure(
            charts.places(seen, measure, per),
            f"按{'工作单位' if place == 'employer' else seen.place_word}排名 · {measure.headline}",
            lambda _, again: charts.places(again, measure, per),
            ask,
            picked=partial(picked, place, measure.value),
        )
    rows_of = Measure(show) if show in list(Measure) and show != Measure.DONE else Measure.PEOPLE
    board.rows(
        seen.rows(rows_of),
        TRAINING,
        name="training",
        title=f"{rows_of.label}明细",
        ask=ask,
        again=lambda again: again.rows(rows_of),
        empty="当前筛选条件下没有培训。可放宽筛选条件，或换一个年度。",
        opened=show == rows_of,
    )

with board.side_by_side("chosen" if seen.has_trainings else "alone"):
    if seen.has_trainings:
        of = board.choice("按什么计", charts.OF_FUNNEL, key="of", default="people")
        board.figure(
            charts.funnel(seen, of),
            "办理进度 · 从计划到入账（不含草稿和已撤回的计划）",
            lambda _, again: charts.funnel(again, of),
            ask,
        )
    words = {name: word for name, word in dashboards.GROUPS.items() if name != "league" or actor.oversees_region}
    by = board.choice("分组", words, key="by", default="level")
    board.figure(
        charts.completion(seen, by),
        f"学时完成 · 按{dashboards.GROUPS[by]}",
        lambda _, again: charts.completion(again, by),
        ask,
        picked=partial(picked, by, Measure.DONE.value),
    )
if seen.has_trainings:
    board.rows(
        seen.stuck(),
        STUCK,
        name="stuck",
        title="卡在哪里",
        ask=ask,
        again=lambda again: again.stuck(),
        empty="没有停下来的培训。",
        opened=not board.folds(),
        few=True,
    )
board.people(seen, ask, opened=show == Measure.DONE or not seen.has_trainings)
if seen.has_trainings:
    with board.side_by_side("offices"):
        of_office = partial(picked, "league", "waits") if offered.leagues else None
        board.figure(
            charts.waiting(seen), "审核用时 · 各审核机关", lambda _, again: charts.waiting(again), ask, picked=of_office
        )
        board.figure(
            charts.in_time(seen),
            "按时报送 · 计划、报告、附件2和总结",
            lambda _, again: charts.in_time(again),
            ask,
            picked=partial(picked, seen.by, "late"),
        )
    board.rows(
        seen.late(),
        LATE,
        name="late",
        title="未按时报送",
        ask=ask,
        again=lambda again: again.late(),
        empty="都已按时报送。",
        opened=show == "late",
    )
    board.rows(
        seen.waits(),
        WAITS,
        name="wait",
        title="审核用时明细",
        ask=ask,
        again=lambda again: again.waits(),
        empty="还没有审核过的申报。",
        opened=show == "waits",
    )
