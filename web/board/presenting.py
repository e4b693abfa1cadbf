"""The dashboard as a presentation (演示): one thing at a time in large type, on and back by button or arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from core.office.dashboards import Board, Measure, Per, charts
from core.office.dashboards.brief import LATEST, Brief
from core.office.dashboards.charts import Figure
from core.office.dashboards.programmes import Line
from web import address, shell, tables
from web.words import md

STYLE = Path(__file__).parent / "presenting.css"
FEW = 200
"""Sentences of fewer signs than these are set larger, so that they fill their slide."""
Slide = tuple[str, Callable[[], None]]
"""What it is of, and what draws it."""
MANY, HIGH, DENSE = 300, 270, 405
"""What is higher than the first has many rows; the heights of a chart of few rows and of many, pixels before they are
enlarged, so that a slide stands whole on a screen of 768 pixels."""


def present(seen: Board, lines: Sequence[Line], said: Brief) -> None:
    """The slide that the address names (当前一张), with the way to the one before and after it."""
    slides = list(_slides(seen, lines, said))
    at = _at(len(slides))
    head, draw = slides[at]
    with st.container(key="slide"):
        st.caption(f"{md(said.title)}　{md(said.foot)}")
        st.title(head, anchor=False)
        draw()
    with st.container(horizontal=True, vertical_alignment="center", key="slide-steps"):
        st.button("上一张", key="slide-back", shortcut="Left", on_click=_to, args=(at - 1,), disabled=at == 0)
        st.markdown(f"第{at + 1}张，共{len(slides)}张")
        last = at + 1 == len(slides)
        st.button(
            "下一张", key="slide-on", shortcut="Right", on_click=_to, args=(at + 1,), disabled=last, type="primary"
        )
        kept = {name: str(value) for name, value in st.query_params.items() if name != "slide"}
        shell.link("quota_dashboard", "结束演示", **kept)


def _at(slides: int) -> int:
    """Which of so many slides the address asks for (第几张), from 0; the last of too few."""
    text = str(st.query_params.get("slide", "1"))
    if number := address.number(text):
        return min(number, slides) - 1
    address.unknown("slide", "第几张", text, "1")
    return 0


def _to(at: int) -> None:
    st.query_params["slide"] = str(at + 1)


def _slides(seen: Board, lines: Sequence[Line], said: Brief) -> Iterable[Slide]:
    """What is to be told, in the order of the brief; nothing of what there is nothing about."""
    yield "总体情况", partial(_tiles, said)
    if said.findings:
        yield "主要发现", partial(_sentences, said.findings)
    if lines:
        yield "专项项目", partial(_figure, partial(charts.programmes, lines, ""))
        yield "专项项目进展", partial(_sentences, said.programmes)
    if seen.has_trainings and seen.actor.oversees_region:
        yield "各盟市学时完成", partial(_figure, partial(charts.tile_map, seen, Measure.DONE, Per.WHOLE))
    yield "学时完成率", partial(_figure, partial(charts.completion, seen, "level"))
    if seen.has_trainings:
        yield "从计划到入账", partial(_figure, partial(charts.funnel, seen, "people"))
        yield "按月培训人次", partial(_figure, partial(charts.months, seen, Measure.PEOPLE))
        yield "按时报送", partial(_figure, partial(charts.in_time, seen, LATEST))
        yield "审核用时", partial(_figure, partial(charts.waiting, seen))
    if said.ranks:
        yield "领先与落后", partial(_ranks, said)
    if said.late:
        yield "需要督办", partial(_late, said)
    if said.papers:
        yield "附件2和总结", partial(_sentences, said.papers)


def _tiles(said: Brief) -> None:
    with st.container(horizontal=True, key="slide-tiles"):
        for label, words in said.tiles:
            figure, _, beside = words.partition("（")
            with st.container(border=True):
                st.metric(label, figure)
                st.caption(beside.removesuffix("）"))


def _sentences(sentences: Sequence[str]) -> None:
    few = sum(map(len, sentences)) < FEW
    with st.container(key="slide-few" if few else "slide-many"):
        st.markdown("\n".join(f"{at}. {md(each)}" for at, each in enumerate(sentences, start=1)))


def _figure(make: Callable[[], Figure]) -> None:
    """A chart with its finding, made only for the slide that is shown."""
    made = make()
    st.subheader(md(made.title), anchor=False)
    if made.chart is None:
        st.info("当前筛选条件下没有可画的数据。")
    else:
        dense = made.chart.height > MANY
        chart = made.chart.properties(height=min(made.chart.height, DENSE if dense else HIGH))
        if dense:  # drawn less enlarged than the others, so its words are larger to begin with
            chart = chart.configure_axis(labelFontSize=13, titleFontSize=13).configure_legend(labelFontSize=14)
        with st.container(key="slide-dense" if dense else "slide-plain"):
            st.altair_chart(chart, key=f"slide-{made.code}")


def _ranks(said: Brief) -> None:
    tables.prose([tuple(map(md, row)) for row in said.ranks], ("指标", "领先", "落后"))


def _late(said: Brief) -> None:
    tables.prose([tuple(map(md, row)) for row in said.late], ("环节", "培训", "机构", "情况"))
