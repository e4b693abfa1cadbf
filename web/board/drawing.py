"""Drawing the dashboard (绘制看板): a figure with its finding, its table and its files; tiles; the rows behind them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session
from streamlit.elements import vega_charts
from streamlit.elements.lib.layout_utils import LayoutConfig
from streamlit.elements.lib.utils import compute_and_register_element_id
from streamlit.proto.VegaLiteChart_pb2 import VegaLiteChart
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import register_widget

from core.ground import db
from core.ground.access import Actor, Refused
from core.office import dashboards
from core.office.dashboards import Board, Tile, Wanted, charts
from core.office.dashboards.charts import MARK, Figure
from core.office.dashboards.programmes import Line
from core.people import identity
from core.submissions import workflow
from core.trail import kept
from web import address, context, shell, submissions, tables
from web.board import filters
from web.deeds import Act, Who
from web.words import md

STYLE = Path(__file__).parent / "board.css"
_BRING = st.components.v2.component("bring", js=(Path(__file__).parent / "bring.js").read_text(encoding="utf-8"))
SHOWN, FOLDED = 200, 10
"""So many rows stand on the screen, and so many of what is always open; all of them are in the export."""


class Ask:
    """The page's question, to be asked again at a download: by who is signed in then, of what they may see then."""

    def __init__(self, wanted: Wanted, where: str = "") -> None:
        self.wanted, self.where = wanted, where

    def name(self, head: str) -> str:
        """What a file is called: what it shows, of what, which year, as of which day."""
        parts = [head, self.where, f"{self.wanted.year}年度", f"截至{self.wanted.on:%Y%m%d}"]
        return "-".join(re.sub(r'[\\/:*?"<>|·、\s]+', "-", each) for each in parts if each)

    def board(self, session: Session, actor: Actor) -> Board:
        return dashboards.board(session, actor, self.wanted, now=context.moment(session))

    def foot(self, seen: Board) -> str:
        """What a figure is of, below its title in a file."""
        wanted = self.wanted
        where = f"{seen.where} · " if seen.where else ""
        return f"{where}{wanted.year}年度，截至{wanted.on} · {seen.actor.organization_name}"


def choice(label: str, words: dict[str, str], *, key: str, default: str) -> str:
    """One of a few ways to look at a figure (口径), kept in the address bar."""
    chosen = st.segmented_control(
        label,
        list(words),
        required=True,
        format_func=words.__getitem__,
        label_visibility="collapsed",
        **address.held(key, words, default, label=label, told=words.__getitem__),
    )
    return chosen or default


def folds() -> bool:
    """Whether figures fold away to what they find (折叠), each drawn once it is opened: on a telephone."""
    return "Mobi" in st.context.headers.get("User-Agent", "")  # of every browser there, by its makers' own advice


def framed(words: str, key: str) -> Any:
    """The frame around a part of the page (边框); where it `folds`, these words stand for it until it is opened."""
    return st.expander(words, key=key, on_change="rerun") if folds() else st.container(border=True, key=key)


def side_by_side(name: str) -> Any:
    """Figures side by side (并排), below each other on a telephone; how, the page's style says by the name."""
    return st.container(key=f"board-grid-{name}")


def figure(
    made: Figure,
    head: str,
    again: Callable[[Session, Board], Figure],
    ask: Ask,
    *,
    picked: Callable[[Any], None] | None = None,
) -> None:
    """A figure (图): what it is of, what it finds, the chart, and below it the same as a table and as files.

    `picked` is called with the key of a mark that was clicked. `again` makes the figure anew for a file.
    """
    frame = framed(f"{md(head)} **{md(made.title)}**", f"figure-{made.code}")
    if folds() and not frame.open:
        return
    with frame:
        if not folds():
            st.subheader(f":gray[{md(head)}]  {md(made.title)}", anchor=False)  # the former on a line of its own
        if made.chart is None:
            st.info("当前筛选条件下没有可画的数据。可放宽筛选条件，或换一个年度。")
        else:
            _chart(made, ask, picked)
        folded = st.expander("数据表与导出", key=f"data-{made.code}", on_change="rerun")  # drawn once it is open
        if folded.open:
            with folded:
                tables.table(made.table, [str(name) for name in made.table], empty="没有数据。")
                _files(made, head, again, ask)


def _chart(made: Figure, ask: Ask, picked: Callable[[Any], None] | None) -> None:
    """The chart, as `st.vega_lite_chart` draws it, but written for the browser once, not at each run (`_written`)."""
    written = kept.beside(made, "chart", lambda: _written(made.chart))
    drawn: Any = st._main
    if picked is None:
        drawn._enqueue("vega_lite_chart", written, layout_config=WHOLE)
        return
    # Named by the question: a mark chosen under other filters must not stay marked under these.
    key = f"chart-{made.code}-{hash(ask.wanted)}-{st.session_state.get('round', 0)}"

    def chosen() -> None:
        points = st.session_state[key].selection.get(MARK) or []
        if points and "key" in points[0]:
            picked(points[0]["key"])
            address.forget_choice()

    chart = VegaLiteChart()
    chart.CopyFrom(written)
    chart.selection_mode.append(MARK)
    chart.id = compute_and_register_element_id(
        "vega_lite_chart", user_key=key, key_as_main_identity={"selection_mode"}, dg=drawn, selection_mode=[MARK]
    )
    serde = vega_charts.VegaLiteStateSerde([MARK])
    register_widget(
        chart.id,
        on_change_handler=chosen,
        deserializer=serde.deserialize,
        serializer=serde.serialize,
        ctx=get_script_run_ctx(),
        value_type="string_value",
    )
    drawn._enqueue("vega_lite_chart", chart, layout_config=WHOLE)


WHOLE = LayoutConfig(width="stretch", height="content")


class _Held:
    """A chart for the screen: its parts were held against Vega-Lite's rules when it was made, and not once more."""

    def __init__(self, chart: Any) -> None:
        self.chart = chart

    def to_dict(self) -> dict[str, Any]:
        written: dict[str, Any] = self.chart.to_dict(validate=False)
        return written


def _written(chart: Any) -> VegaLiteChart:
    """A chart as the browser is told it (Streamlit 1.67), which is a third of a millisecond's work in every run."""
    held: Any = _Held(chart)
    spec = vega_charts._prepare_vega_lite_spec(vega_charts._convert_altair_to_vega_lite_spec(held), True)
    written = VegaLiteChart(theme="streamlit")
    vega_charts._marshall_chart_data(written, spec, None)
    written.spec = vega_charts._stabilize_vega_json_spec(json.dumps(spec))
    return written


def _files(made: Figure, head: str, again: Callable[[Session, Board], Figure], ask: Ask) -> None:
    """A figure's files: its rows as .xlsx, its chart as PNG and SVG, made at the click."""

    def content(kind: str) -> Act[bytes]:
        def make(session: Session, **who: Unpack[Who]) -> bytes:
            seen = ask.board(session, who["actor"])
            drawn = again(session, seen)
            if kind == "xlsx":
                return dashboards.exports.xlsx(drawn, head, ask.foot(seen))
            draw = dashboards.exports.png if kind == "png" else dashboards.exports.svg
            return draw(drawn, ask.foot(seen))

        return make

    kinds = {"xlsx": "Excel", "png": "PNG 图片", "svg": "SVG 矢量图"}
    with st.container(horizontal=True):
        for kind, label in kinds.items():
            if kind == "xlsx" or made.chart is not None:
                name = f"{ask.name(head)}.{kind}"
                free = None if kind == "xlsx" else tables.Unmarked.FIGURES
                tables.download(label, content(kind), name, unmarked=free, key=f"{kind}-{made.code}")


def brief(ask: Ask) -> None:
    """The dashboard as a brief for leaders (领导简报): two pages of PDF, or slides; made at the click."""

    def content(kind: str) -> Act[bytes]:
        def make(session: Session, **who: Unpack[Who]) -> bytes:
            seen = ask.board(session, who["actor"])
            lines = dashboards.programmes.lines(session, who["actor"], seen)
            said = dashboards.brief.brief(seen, lines, ask.foot(seen))
            return (
                dashboards.brief.pdf(said, seen, by=identity.identity(session).letterhead)
                if kind == "pdf"
                else dashboards.brief.pptx(said, seen, lines)
            )

        return make

    for kind, label in {"pdf": "领导简报 PDF", "pptx": "演示文稿 PPTX"}.items():
        name = f"继续教育简报-{ask.wanted.year}-{ask.wanted.on:%Y%m%d}.{kind}"
        tables.download(label, content(kind), name, key=f"brief-{kind}")


def tiles(seen: Board, show: str) -> None:
    """The headline figures (指标), each with last year's change; a click on one opens its rows, another closes them."""
    words = {tile.measure.value: _told(tile) for tile in seen.tiles()}
    _bring(TILES, not show)
    if st.session_state.get(TILES) != (shown := show if show in words else None):
        st.session_state[TILES] = shown
    st.segmented_control(
        "指标", list(words), format_func=words.__getitem__, label_visibility="collapsed", key=TILES, on_change=_show
    )


TILES = "board-tiles"


def _told(tile: Tile) -> str:
    """A tile's words, its parts told apart by the page's style."""
    name, change = tile.measure.headline.removesuffix("（%）"), tile.change
    if change.startswith("上年"):  # too far apart, or nothing to compare
        change = f":gray[{change}]"
    else:
        colour, arrow = ("red", "↓") if change.startswith("-") else ("green", "↑")
        change = f":{colour}-badge[{arrow} {change}] :gray[比上年同日]"
    return f"{name} **{tile.text}** {change} :primary[看明细]"


def programmes(
    seen: Board,
    lines: Sequence[Line],
    chosen: Line | None,
    offices: pd.DataFrame | None,
    ask: Ask,
    picked: Callable[[Any], None],
    narrow: Callable[[Any], None],
) -> None:
    """The programmes (专项项目): how far each has come, a sentence for each; the chosen one by office below."""

    def again(session: Session, here: Board) -> Figure:
        return charts.programmes(dashboards.programmes.lines(session, here.actor, here), "")

    told = [md(line.sentence) for line in lines]
    told.append(":small[点图中的一个项目，下方列出各单位的完成情况。]")
    if seen.wanted.without("league") != Wanted(seen.wanted.year, seen.wanted.on):
        told.append(":small[专项项目按年度、截至日期和盟市统计，不随其他筛选条件变化。]")
    with side_by_side("programmes"):
        made = charts.programmes(lines, chosen.code if chosen else "")
        figure(made, "专项项目 · 完成、序时进度和年底预测", again, ask, picked=picked)
        frame = framed(f"各专项项目逐个说明（{len(lines)}）", "programme-sentences")
        if not folds() or frame.open:
            frame.markdown("\n\n".join(told))
    if chosen is not None and offices is not None:
        _by_office(seen, chosen, offices, ask, narrow if seen.actor.oversees_region else None)


def _by_office(
    seen: Board, chosen: Line, offices: pd.DataFrame, ask: Ask, picked: Callable[[Any], None] | None
) -> None:
    def again(session: Session, here: Board, at: int) -> Figure:
        frame = dashboards.programmes.offices(session, here.actor, here.wanted, chosen.code)
        found = charts.programme(here, chosen, frame)[at]
        assert found is not None
        return found

    ranked, mapped = charts.programme(seen, chosen, offices)
    head = f"{chosen.name} · 各单位占各自指标"
    if mapped is None:
        figure(ranked, head, partial(again, at=0), ask, picked=picked)
        return
    with side_by_side("offices"):
        figure(mapped, head, partial(again, at=1), ask, picked=picked)
        figure(ranked, head, partial(again, at=0), ask, picked=picked)


def _show() -> None:
    if name := st.session_state[TILES]:
        st.query_params["show"] = name
        filters.bring()
    else:
        st.query_params.pop("show", None)


def rows(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    name: str,
    title: str,
    ask: Ask,
    again: Callable[[Board], pd.DataFrame],
    empty: str,
    opened: bool,
    few: bool = False,
    by: str = "id",
) -> None:
    """Rows behind a figure (明细), to be chosen from and exported; the chosen submission is drawn in full below.

    `few`: of what is open whatever was clicked the first rows, the others at a switch.
    """
    folded = st.expander(f"{title}（{len(frame):,}）", expanded=opened, key=f"rows-{name}-{opened}", on_change="rerun")
    if not folded.open:
        return
    with folded:
        _opened(name, opened and not few)
        shown = SHOWN
        if few and len(frame) > FOLDED:
            at = address.chosen(name)
            picked = at is not None and at in set(frame[by].iloc[FOLDED:])
            more = st.toggle(f"列出全部{len(frame):,}行", picked, key=f"more-{name}")
            shown = SHOWN if more else FOLDED
        first = kept.beside(frame, ("first", shown), lambda: frame.head(shown))  # the same each time, so drawn once
        chosen = tables.pick(first, columns, name=name, empty=empty, by=by, what="第{}号记录")
        if len(frame) > SHOWN and shown == SHOWN:
            st.caption(f"屏幕上列出前{SHOWN}行，全部{len(frame):,}行可导出。")
        tables.export(lambda session, actor: again(ask.board(session, actor)), columns, name=title)
        if chosen is not None:
            _submission(chosen)


def _opened(name: str, opened: bool) -> None:
    """Rows that a click opened are brought into view, with the way back to where it was (收起，回到上面)."""
    _bring(f"rows-{name}-", opened)
    if opened:
        st.button("收起，回到上面", key=f"back-{name}", icon=":material/arrow_upward:", on_click=_close)


def _close() -> None:
    st.query_params.pop("show", None)
    filters.bring()


def _bring(place: str, asked: bool) -> None:
    """What the last click opened is brought into view; see `filters.bring`."""
    if asked and (nth := st.session_state.pop(filters.BRING, None)):
        _BRING(key=f"bring-{place}", data={"place": place, "nth": nth})


def _submission(number: int) -> None:
    here = context.actor()
    if here is None or not number:
        return
    try:
        with db.reading() as session:
            found = workflow.one(session, number, here)
            steps = workflow.trail(session, number, here)
        with st.container(border=True):
            submissions.submission(found, steps)
    except Refused as refused:
        st.error(md(refused.words))


PERSON = ("name", "id_mask", "employer", "post", "authority")


def people(seen: Board, ask: Ask, *, opened: bool) -> None:
    """The people behind completion (未完成人员), numbers masked; one of them opens on the look-up page."""
    ids = seen.lacking()
    folded = st.expander(f"未完成人员（{len(ids):,}）", expanded=opened, key=f"rows-people-{opened}", on_change="rerun")
    if not folded.open:
        return
    with folded:
        _opened("people", opened and seen.has_trainings)
        with db.reading() as session:
            frame = dashboards.people_rows(session, seen, ids[:SHOWN])
        chosen = tables.pick(frame, PERSON, name="person", empty="所选范围内的人员都已完成。", what="这个人")
        if len(ids) > SHOWN:
            st.caption(f"屏幕上列出前{SHOWN}人，全部{len(ids):,}人可导出。")

        def asked(session: Session, actor: Actor) -> pd.DataFrame:
            again = ask.board(session, actor)
            return dashboards.people_rows(session, again, again.lacking())

        tables.export(asked, PERSON, name="未完成人员")
        if chosen is not None:
            shell.link("credit_lookup", "查看这个人各年度的学时", person=str(chosen))
