"""The charts of the dashboard (图表): each with its finding as a title, a sentence for screen readers, its table.

No colour stands here: on screen the theme gives them, light or dark, in files `exports` does. Marks that can be chosen
carry the field `key`; what is chosen stays strong and the rest grows pale.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Concatenate, ParamSpec

import altair as alt
import numpy as np
import pandas as pd

from core.law.notices import TOTAL
from core.office.dashboards import groups
from core.office.dashboards.asked import Measure, Per, short
from core.office.dashboards.board import GROUPS, MANY, NO_BEFORE, Board, Tile, told
from core.office.dashboards.programmes import Line

Of = ParamSpec("Of")
MARK = "mark"
"""The selection of a chart: what of it was clicked, by `key`."""
ROW = 26
"""Height of a bar with its label, pixels."""
AXIS, LEGEND = 56, 36
"""Height of what stands below the bars, and above them."""


@dataclass(frozen=True)
class Figure:
    """A figure of the dashboard (图): its chart, what it finds, and the same as a table."""

    code: str
    title: str
    """What it finds, a sentence without its full stop."""
    words: str
    """What it shows, for screen readers: what by what, and its extremes."""
    chart: Any
    """An Altair chart; None where there is nothing to draw."""
    table: pd.DataFrame
    """Its columns are headed in Chinese."""


def _figure(code: str, title: str, words: str, chart: Any, table: pd.DataFrame) -> Figure:
    if chart is not None:
        chart = chart.properties(description=f"{title}。{words}", usermeta={"embedOptions": {"renderer": "svg"}})
    return Figure(code, title, words, chart, table)


def _once(draw: Callable[Concatenate[Board, Of], Figure]) -> Callable[Concatenate[Board, Of], Figure]:
    """A figure that follows from a board and how it is looked at: it is made once (`Board.once`), and never changed."""

    @functools.wraps(draw)
    def drawn(board: Board, /, *how: Of.args, **named: Of.kwargs) -> Figure:
        return board.once((draw.__name__, how, tuple(named.items())), lambda: draw(board, *how, **named))

    return drawn


def _mark(key: str = "key") -> alt.Parameter:
    return alt.selection_point(name=MARK, fields=[key], toggle=False)


_STRONG = alt.Opacity("chosen:Q", scale=alt.Scale(domain=[0, 1], range=[0.3, 1]), legend=None)
_LABELS = alt.Axis(labelLimit=260, labelOverlap=False, ticks=False, domain=False)
_TWO_LINES = alt.Axis(
    labelLimit=260,
    labelOverlap=False,
    labelExpr="split(datum.label, '  ')",
    labelOffset=-6,  # the middle of both lines stands beside the bar's
    ticks=False,
    domain=False,
)
"""A long name on a line of its own, so that its figure is never cut off with it."""
_ABOVE = alt.Axis(
    labelAlign="left",
    labelPadding=0,
    labelLimit=0,
    labelOverlap=False,
    labelExpr="width < 480 ? split(datum.label, '  ') : datum.label",
    labelOffset=alt.expr("width < 480 ? -29 : -17"),
    ticks=False,
    domain=False,
    zindex=1,
)
"""Long labels above their bars, so that these have the whole width on a telephone: there on two lines."""
_LEGEND = alt.Legend(
    orient="top", title=None, labelLimit=0, symbolOpacity=1, columns=alt.expr("max(1, floor(width / 115))")
)


def _shares() -> alt.Axis:
    return alt.Axis(format="%", tickCount=alt.expr("width < 300 ? 3 : 5"), labelOverlap=True, labelFlush=True)


def _strong(keys: Iterable[Any], chosen: Any) -> list[int]:
    """1 for what is chosen, or for all where nothing is."""
    return [int(chosen in (None, "", key)) for key in keys]


def _axis(measure: Measure, per: Per) -> alt.Axis:
    return alt.Axis(format="%" if not measure.adds_up else ",~f", tickCount=5, grid=True)


def _amount(measure: Measure, per: Per) -> str:
    return f"{per.label}的{measure.headline}" if per is Per.HEAD and measure.adds_up else measure.headline


def _value(value: float, measure: Measure, per: Per) -> str:
    return f"{value:,.1f}" if per is Per.HEAD and measure.adds_up else told(value, measure)


@_once
def places(board: Board, measure: Measure, per: Per) -> Figure:
    """Bars by place (排名), the largest first; at most `MANY` of them, the rest stands in the table."""
    frame = board.by_place(measure, per)
    word = "工作单位" if measure is Measure.DONE and board.by == "base" else board.place_word
    table = frame.assign(value=[_value(each, measure, per) for each in frame["value"]])
    table = table[["name", "value"]].set_axis([word, _amount(measure, per)], axis=1)
    if frame.empty:
        return _figure("places", f"还没有{measure.label}", f"按{word}的{measure.label}", None, table)
    chosen = _chosen_place(board, measure)
    most, least = frame.iloc[0], frame.iloc[-1]
    highest, lowest = ("最多", "最少") if measure.adds_up else ("最高", "最低")
    title = f"{most['name']}{highest}：{_value(most['value'], measure, per)}"
    title += "" if not measure.adds_up or per is Per.HEAD else measure.unit
    if measure.adds_up and per is Per.WHOLE and len(frame) > 1:
        title += f"，占{most['value'] / frame['value'].sum():.0%}"
    elif len(frame) > 1 and most["value"] == least["value"]:
        title = f"{len(frame)}个{word}都是{_value(most['value'], measure, per)}"
    elif len(frame) > 1:
        title += f"；{least['name']}{lowest}：{_value(least['value'], measure, per)}"
    words = f"按{word}排列的{_amount(measure, per)}，共{len(frame)}个"
    drawn = frame.head(MANY)
    data = drawn.assign(
        key=drawn["place"],
        chosen=_strong(drawn["place"], chosen),
        words=[_value(v, measure, per) for v in drawn["value"]],
    )
    data["label"], data["shown"] = data["name"] + "，" + data["words"], data["name"] + "  " + data["words"]
    x = alt.X("value:Q", title=_amount(measure, per), scale=alt.Scale(zero=True), axis=_axis(measure, per))
    y = alt.Y("shown:N", sort=list(data["shown"]), title=None, axis=_LABELS)
    tips = [alt.Tooltip("name:N", title=word), alt.Tooltip("words:N", title=measure.headline)]
    base = alt.Chart(data)
    bars = base.mark_bar(cornerRadiusEnd=2, cursor="pointer").encode(
        x=x, y=y, opacity=_STRONG, tooltip=tips, description="label:N"
    )
    chart = bars.add_params(_mark()).properties(height=ROW * len(data) + AXIS)
    return _figure("places", title, words, chart, table)


def _chosen_place(board: Board, measure: Measure) -> int | None:
    if board.actor.oversees_region and board.by == "league":
        return board.wanted.league
    return board.wanted.employer if measure is Measure.DONE else board.wanted.base


@_once
def tile_map(board: Board, measure: Measure, per: Per) -> Figure:
    """The region as tiles (方格地图): one for each league, by where it lies, the darker the more."""
    frame = board.of_region().by_place(measure, per)
    values = dict(zip(frame["place"], frame["value"], strict=True))
    told_of = {place: _value(value, measure, per) for place, value in values.items()}
    unknown = 0.0 if measure.adds_up else np.nan
    return _tiles(board, values, told_of, _amount(measure, per), unknown, share=not measure.adds_up)


def _tiles(
    board: Board, values: Mapping[int, float], told_of: Mapping[int, str], head: str, unknown: float, *, share: bool
) -> Figure:
    lines = []
    for place in board.places.values():
        if (at := groups.tile(place.name)) is None:
            continue
        name = place.name
        stem = (
            "区本级" if name == "自治区本级" else name[:-1] if len(name) > 3 or name in ("通辽市", "赤峰市") else name
        )
        value = values.get(place.id, unknown)
        words = told_of.get(place.id, "—" if np.isnan(value) else f"{value:.0f}")
        lines.append((place.id, name, stem, *at, value, words))
    data = pd.DataFrame(lines, columns=["key", "name", "stem", "column", "row", "value", "words"])
    data["chosen"] = _strong(data["key"], board.wanted.league)
    data["label"] = data["name"] + "，" + data["words"]
    table = data.sort_values("value", ascending=False)[["name", "words"]].set_axis(["盟市", head], axis=1)
    order = alt.Axis(labels=False, ticks=False, domain=False, grid=False, title=None)
    base = alt.Chart(data).encode(
        x=alt.X("column:O", axis=order, scale=alt.Scale(paddingInner=0.06)),
        y=alt.Y("row:O", axis=order, scale=alt.Scale(paddingInner=0.06)),
    )
    tiles = base.mark_rect(cornerRadius=4, cursor="pointer").encode(
        color=alt.Color("value:Q", legend=None, scale=alt.Scale(zero=not share)),
        tooltip=[alt.Tooltip("name:N", title="盟市"), alt.Tooltip("words:N", title=head)],
        description="label:N",
    )
    ink: Any = alt.expr(
        "luminance(scale('color', datum.value)) > 0.179 ? '#000000' : '#ffffff'"
    )  # either is 4.5:1 then
    narrow = "width < 380 && length(datum.stem) > 3"  # a telephone's tile is too narrow for four characters
    names = base.mark_text(
        text=alt.expr(f"{narrow} ? [slice(datum.stem, 0, 2), slice(datum.stem, 2)] : datum.stem"),
        dy=alt.expr(f"{narrow} ? -13 : -7"),
        lineHeight=12,
        fontSize=11,
        fontWeight=600,
        color=ink,
        aria=False,
    )
    amounts = base.mark_text(dy=alt.expr(f"{narrow} ? 14 : 9"), fontSize=11, color=ink, aria=False).encode(
        text="words:N"
    )
    layers = [tiles.add_params(_mark()), names, amounts]
    if board.wanted.league:  # the others keep their colours, which say how much
        only = base.transform_filter("datum.chosen == 1")
        layers.append(only.mark_rect(filled=False, strokeWidth=4, cornerRadius=4, aria=False))
    chart = alt.layer(*layers).properties(height=230)
    ranked = data.dropna(subset=["value"]).sort_values("value", ascending=False)
    title = "各盟市的" + head
    if len(ranked) and ranked["value"].max() > 0:
        leading = "、".join(ranked["name"].head(3))
        title = f"{leading}领先，{ranked['name'].iloc[-1]}靠后" if share else f"{leading}居前"
    return _figure("map", title, f"按盟市所在位置排列的方格，颜色越深，{head}越高", chart, table)


def programmes(found: Sequence[Line], chosen: str) -> Figure:
    """How far each programme has come (专项项目进度): done, the pace of the calendar and the band of the forecast."""
    return _programmes(tuple(found), chosen)


@functools.lru_cache(maxsize=100)
def _programmes(found: tuple[Line, ...], chosen: str) -> Figure:
    drawn = [each for each in found if each.share is not None and each.target]
    words = "各专项项目已完成占指标的比例：柱为已完成，竖线为序时进度，细线为年底预测的范围"
    if not drawn:
        return _figure("programmes", "各专项项目还没有可比的完成情况", words, None, _programme_table(found))
    return _figure("programmes", _pace(drawn), words, _programme_bars(drawn, chosen), _programme_table(found))


def _programme_table(found: Sequence[Line]) -> pd.DataFrame:
    numbers = ["指标", "已完成", "占指标（%）", "序时应完成", "年底预测最少", "年底预测最多"]
    lines = [
        (
            each.name,
            each.unit,
            each.target,
            each.done,
            None if each.share is None else round(each.share * 100, 1),
            None if each.expected is None else round(each.expected),
            each.least,
            each.most,
        )
        for each in found
    ]
    table = pd.DataFrame(lines, columns=["项目", "计量单位", *numbers])
    table[numbers] = table[numbers].astype("Float64")
    return table


def _pace(drawn: Sequence[Line]) -> str:
    """How many programmes are behind their pace, and which the most; those without a pace are not in it."""
    paced = [each for each in drawn if each.expected is not None]
    behind = [each for each in paced if each.behind]
    if not paced:
        return "各专项项目完成占指标的比例"
    if len(paced) == 1:
        return f"{paced[0].name}{'' if behind else '不'}落后于序时进度"
    if not behind:
        return f"{'' if len(paced) == len(drawn) else '有序时进度的'}{len(paced)}个项目都不落后于序时进度"
    last = max(behind, key=lambda each: each.behind / (each.expected or 1))
    whole = f"{len(paced)}个项目" if len(paced) == len(drawn) else f"有序时进度的{len(paced)}个项目"
    part = f"{whole}中有{len(behind)}个" if len(behind) < len(paced) else f"{whole}都"
    return f"{part}落后于序时进度，{last.name}落后最多"


def _programme_bars(drawn: Sequence[Line], chosen: str) -> Any:
    """Bars of what is done, ticks of the pace, rules of the forecast, each in parts of the target."""

    def part(amount: float | None, line: Line) -> float | None:
        return None if amount is None else amount / (line.target or 1)

    def percent(share: float | None) -> str:
        return "—" if share is None else f"{share:.1%}"

    pace, least, most = (
        [part(amount, each) for amount, each in zip(amounts, drawn, strict=True)]
        for amounts in zip(*((each.expected, each.least, each.most) for each in drawn), strict=True)
    )
    data = pd.DataFrame(
        {
            "key": [each.code for each in drawn],
            "name": [each.name for each in drawn],
            "share": [each.share for each in drawn],
            "pace": pace,
            "least": least,
            "most": most,
            "words": [f"{each.done:,} / {each.target:,}{each.unit}（{each.share:.1%}）" for each in drawn],
            "asked": [percent(each) for each in pace],
            "foreseen": ["—" if b is None else f"{percent(a)}至{percent(b)}" for a, b in zip(least, most, strict=True)],
        }
    )
    data["label"], data["shown"] = data["name"] + "，" + data["words"], data["name"] + "  " + data["words"]
    data["chosen"], data["kind"] = _strong(data["key"], chosen), "已完成"
    kinds = [name for name, column in _OF_PROGRAMMES.items() if data[column].notna().any()]
    base = alt.Chart(data).encode(
        y=alt.Y("shown:N", sort=list(data["shown"]), title=None, axis=_ABOVE, scale=alt.Scale(paddingOuter=0.4)),
        tooltip=[
            alt.Tooltip("name:N", title="项目"),
            alt.Tooltip("words:N", title="完成"),
            alt.Tooltip("asked:N", title="序时进度"),
            alt.Tooltip("foreseen:N", title="年底预测"),
        ],
    )
    bars = base.mark_bar(height=14, cornerRadiusEnd=2, cursor="pointer").encode(
        x=alt.X("share:Q", title="占指标（%）", scale=alt.Scale(zero=True), axis=_shares()),
        color=alt.Color("kind:N", scale=alt.Scale(domain=kinds), legend=_LEGEND),
        opacity=_STRONG,
        description="label:N",
    )
    band = base.mark_rule(strokeWidth=3, aria=False).encode(x="least:Q", x2="most:Q", color=alt.datum("年底预测"))
    pace = base.mark_tick(thickness=3, size=24, opacity=1, aria=False).encode(x="pace:Q", color=alt.datum("序时进度"))
    marks = {"已完成": bars.add_params(_mark()), "年底预测": band, "序时进度": pace}
    layers = [mark for name, mark in marks.items() if name in kinds]
    return alt.layer(*layers).properties(height=62 * len(data) + 2 * AXIS + LEGEND)


_OF_PROGRAMMES = {"已完成": "share", "序时进度": "pace", "年底预测": "most"}
"""What is drawn of programmes, in the legend's order, and the column it is drawn by."""


def programme(board: Board, line: Line, frame: pd.DataFrame) -> tuple[Figure, Figure | None]:
    """A programme by office (各单位进度): ranked bars, and of leagues the map, by what each has done of its target."""
    told_of = frame.assign(name=[short(name) for name in frame["office"]], value=frame["share"].astype(float))
    told_of = told_of.sort_values("value", ascending=False)
    target = ["未分解" if pd.isna(each) else f"{int(each):,}" for each in told_of["target"].tolist()]
    done = ["—" if pd.isna(each) else f"{int(each):,}" for each in told_of["done"].tolist()]
    part = ["" if np.isnan(each) else f"（{each:.0%}）" for each in told_of["value"].tolist()]
    told_of["words"] = [f"{a} / {b}{line.unit}{c}" for a, b, c in zip(done, target, part, strict=True)]
    table = told_of[["name", "target", "done", "visits"]].set_axis(["单位", "指标", "已完成", "人次"], axis=1)
    words = f"各单位{line.name}已完成占各自指标的比例"
    drawn = told_of.dropna(subset=["value"]).head(2 * MANY)
    if drawn.empty:
        return _figure("programme", f"{line.name}还没有分解到单位的指标", words, None, table), None
    first, last = drawn.iloc[0], drawn.iloc[-1]
    title = f"{line.name}：{first['name']}完成{first['value']:.0%}，{last['name']}完成{last['value']:.0%}"
    data = drawn.assign(key=drawn["office_id"], chosen=_strong(drawn["office_id"], board.wanted.league))
    data["label"], data["shown"] = data["name"] + "，" + data["words"], data["name"] + "  " + data["words"]
    data = data[["key", "name", "value", "words", "label", "shown", "chosen"]]
    bars = (
        alt.Chart(data)
        .mark_bar(cornerRadiusEnd=2, cursor="pointer")
        .encode(
            x=alt.X("value:Q", title="占指标（%）", scale=alt.Scale(zero=True), axis=_shares()),
            y=alt.Y("shown:N", sort=list(data["shown"]), title=None, axis=_TWO_LINES),
            opacity=_STRONG,
            tooltip=[alt.Tooltip("name:N", title="单位"), alt.Tooltip("words:N", title="完成")],
            description="label:N",
        )
        .add_params(_mark())
        .properties(height=(ROW + 10) * len(data) + AXIS)
    )
    ranked = _figure("programme", title, words, bars, table)
    if not board.actor.oversees_region:
        return ranked, None
    values = dict(zip(drawn["office_id"].tolist(), drawn["value"].tolist(), strict=True))
    shares = {place: f"{value:.0%}" for place, value in values.items()}
    mapped = _tiles(board, values, shares, f"{line.name}占指标", np.nan, share=True)
    return ranked, replace(mapped, code="programme_map")


@_once
def months(board: Board, measure: Measure) -> Figure:
    """A measure by month (按月), this year's bars beside last year's on the same day."""
    frame = board.months(measure)
    year = str(board.wanted.year)
    last = str(board.wanted.year - 1)
    wide = frame.pivot_table(index="month", columns="year", values="value", sort=False).rename_axis(None, axis=1)
    table = wide.map(lambda value: told(value, measure)).reset_index().rename(columns={"month": "月份"})
    table["月份"] = [f"{month}月" for month in table["月份"]]
    table = table.rename(columns={each: f"{each}年" for each in (year, last)})
    now = frame[frame["year"] == year]
    before = frame.loc[frame["year"] == last, "value"].sum()
    if not frame["value"].any():
        return _figure("months", f"还没有{measure.label}", f"按月的{measure.label}", None, table)
    most = now.iloc[int(np.argmax(now["value"]))]
    title = f"{most['month']:.0f}月{'最高' if not measure.adds_up else '最多'}：{told(most['value'], measure)}"
    title += measure.unit if measure.adds_up else ""
    if measure.adds_up:
        change = Tile(measure, now["value"].sum(), before).change
        beside = f"累计{change}" if change.startswith("上年同日") else f"累计比上年同日{change}"
        title += f"；{change if change == NO_BEFORE else beside}"
    data = frame.assign(
        key=frame["month"],
        chosen=_strong(frame["month"], board.wanted.month),
        words=[told(v, measure) for v in frame["value"]],
    )
    data["name"] = [f"{month}月" for month in data["month"]]
    data["label"] = data["year"] + "年" + data["name"] + "，" + data["words"]
    both = data["year"].nunique() > 1
    legend = _LEGEND.copy() if both else None
    if legend is not None:
        legend["values"] = [last, year]  # in the order of the bars
    chart = (
        alt.Chart(data)
        .mark_bar(cornerRadiusEnd=2, cursor="pointer")
        .encode(
            x=alt.X("month:O", title="开班月份", axis=alt.Axis(labelAngle=0, ticks=False)),
            xOffset=alt.XOffset("year:N", sort=[last, year]),
            y=alt.Y("value:Q", title=measure.headline, scale=alt.Scale(zero=True), axis=_axis(measure, Per.WHOLE)),
            color=alt.Color(
                "year:N", sort=[year, last], legend=legend, scale=alt.Scale(domain=[year, last] if both else [year])
            ),
            opacity=_STRONG,
            tooltip=[
                alt.Tooltip("year:N", title="年度"),
                alt.Tooltip("name:N", title="月份"),
                alt.Tooltip("words:N", title=measure.headline),
            ],
            description="label:N",
        )
        .add_params(_mark())
        .properties(height=270)
    )
    words = f"{year}年各月开班的培训的{measure.label}" + (f"，与{last}年同日相比" if both else "")
    return _figure("months", title, words, chart, table)


OF_FUNNEL = {"people": "人数", "trainings": "期数"}


@_once
def funnel(board: Board, of: str = "people") -> Figure:
    """From planned to credited (办理漏斗), by people or trainings."""
    frame = board.funnel()
    table = frame.set_axis(["环节", "培训（期）", "人数"], axis=1)
    first, last = frame.iloc[0], frame.iloc[-1]
    if not first["trainings"]:
        return _figure("funnel", "还没有报送的计划", "培训从计划到入账的各环节", None, table)
    if len(frame) == 1:
        title = f"所选人员入账{last['people']:,}人次，来自{last['trainings']:,}期培训；入账之前的环节不分人员"
    else:
        part = last["trainings"] / first["trainings"]
        title = f"报送的{first['trainings']:,}期培训中，{last['trainings']:,}期已入账，占{part:.0%}"
    data = frame.assign(
        words=[f"{row.trainings:,}期 · {row.people:,}人" for row in frame.itertuples()],
        key=frame["stage"],
    )
    data["label"], data["shown"] = data["stage"] + "，" + data["words"], data["stage"] + "  " + data["words"]
    y = alt.Y("shown:N", sort=list(data["shown"]), title=None, axis=_LABELS)
    unit = "人数（人）" if of == "people" else "培训（期）"
    base = alt.Chart(data)
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X(f"{of}:Q", title=unit, scale=alt.Scale(zero=True), axis=alt.Axis(format=",d", tickCount=5)),
        y=y,
        tooltip=[alt.Tooltip("stage:N", title="环节"), alt.Tooltip("words:N", title="办理")],
        description="label:N",
    )
    chart = bars.properties(height=36 * len(data) + AXIS)
    return _figure(
        "funnel",
        title,
        "培训从报送计划到学时入账各环节的人数：计划数，报送报告起为花名册人数；草稿和已撤回的计划不计",
        chart,
        table,
    )


@_once
def completion(board: Board, by: str) -> Figure:
    """Who has done the year's hours (学时完成), by a group, in parts of all."""
    frame = board.completion(by)
    names = board.codes()
    table = pd.DataFrame({GROUPS[by]: frame["group"], "人数": frame["people"]})
    for code, name in names.items():
        table[f"完成{name}"] = frame.get(code, 0)
        table[f"{name}完成率"] = [
            told(a / b, Measure.DONE) for a, b in zip(frame.get(code, []), frame["people"], strict=False)
        ]
    words = f"按{GROUPS[by]}的学时完成率，从0到100%"
    if frame.empty or not names:
        return _figure("completion", "没有可核对的人员", words, None, table)
    code = TOTAL if TOTAL in names else next(iter(names))
    shares = frame[code] / frame["people"]
    whole = frame[code].sum() / frame["people"].sum()
    least = frame["group"].iloc[int(np.argmin(shares))]
    title = f"完成{names[code]}的占{whole:.1%}" + (f"；{least}最低：{shares.min():.1%}" if shares.nunique() > 1 else "")
    drawn = frame.head(MANY)
    long = pd.concat(
        [
            drawn.assign(subject=name, done=drawn[code], value=drawn[code] / drawn["people"])
            for code, name in names.items()
        ]
    )
    chosen = getattr(board.wanted, by)
    long["chosen"] = _strong(long["key"], chosen)
    long["words"] = [f"{row.done:,} / {row.people:,}人（{row.value:.1%}）" for row in long.itertuples()]
    long["label"] = long["group"] + "，" + long["subject"] + "，" + long["words"]
    order = list(drawn["group"])
    data = long[["group", "key", "subject", "value", "chosen", "words", "label"]].assign(key=long["key"].astype(str))
    chart = (
        alt.Chart(data)
        .mark_bar(cornerRadiusEnd=2, cursor="pointer")
        .encode(
            x=alt.X("value:Q", title="完成率（%）", scale=alt.Scale(domain=[0, 1]), axis=_shares()),
            y=alt.Y("group:N", sort=order, title=None, axis=_LABELS),
            yOffset=alt.YOffset("subject:N", sort=list(names.values())),
            color=alt.Color("subject:N", sort=list(names.values()), legend=_LEGEND),
            opacity=_STRONG,
            tooltip=[
                alt.Tooltip("group:N", title=GROUPS[by]),
                alt.Tooltip("subject:N", title="科目"),
                alt.Tooltip("words:N", title="完成"),
            ],
            description="label:N",
        )
        .add_params(_mark())
        .properties(height=(13 * len(names) + 8) * len(drawn) + AXIS + LEGEND)
    )
    return _figure("completion", title, words, chart, table)


@_once
def in_time(board: Board, most: int = MANY) -> Figure:
    """Plans, reports, plan tables and summaries filed in time (按时报送), by place, those with most late first."""
    frame = board.in_time()
    table = frame[["name", "matter", "due", "kept", "late"]].set_axis(
        [board.place_word, "事项", "应报", "按时", "未按时"], axis=1
    )
    words = f"按{board.place_word}的计划、报告、附件2和总结的按时率"
    soon = board.due_now()
    if frame.empty:
        return _figure("in_time", "；".join(soon) or "还没有应报的事项", words, None, table)
    sums = frame.groupby("matter", sort=False)[["due", "kept"]].sum()
    title = "；".join([*(f"{matter}按时{row['kept'] / row['due']:.1%}" for matter, row in sums.iterrows()), *soon])
    order = latest(frame)
    if len(order) > most:
        title += f"；图中为未按时最多的{most}个{board.place_word}，共{len(order)}个"
    drawn = frame[frame["place"].isin(order[:most])]
    data = drawn.assign(
        key=drawn["place"],
        chosen=_strong(drawn["place"], getattr(board.wanted, board.by)),
        words=[f"{row.kept} / {row.due}份（{row.share:.0%}）" for row in drawn.itertuples()],
    )
    data["label"] = data["name"] + "，" + data["matter"] + "，" + data["words"]
    data = data[["key", "name", "matter", "share", "chosen", "words", "label"]]
    names = list(drawn.drop_duplicates("place").set_index("place")["name"].reindex(order[:most]))
    chart = (
        alt.Chart(data)
        .mark_bar(cornerRadiusEnd=2, cursor="pointer")
        .encode(
            x=alt.X("share:Q", title="按时率（%）", scale=alt.Scale(domain=[0, 1]), axis=_shares()),
            y=alt.Y("name:N", sort=names, title=None, axis=_LABELS),
            yOffset=alt.YOffset("matter:N", sort=list(sums.index)),
            color=alt.Color("matter:N", sort=list(sums.index), legend=_LEGEND),
            opacity=_STRONG,
            tooltip=[
                alt.Tooltip("name:N", title=board.place_word),
                alt.Tooltip("matter:N", title="事项"),
                alt.Tooltip("words:N", title="按时"),
            ],
            description="label:N",
        )
        .add_params(_mark())
        .properties(height=(8 + 8 * len(sums)) * len(names) + AXIS + LEGEND)
    )
    return _figure("in_time", title, words, chart, table)


def latest(frame: pd.DataFrame) -> list[int]:
    """Places of `Board.in_time`, those with most that is late first, of equal ones that which owed the most."""
    by_place = frame.groupby(["place", "name"])[["due", "late"]].sum().reset_index()
    order = by_place.sort_values(["late", "due", "name"], ascending=[False, False, True])
    return list(order["place"].tolist())


@_once
def waiting(board: Board) -> Figure:
    """How long things wait before each authority (审核用时): the median, and what nine in ten do not exceed."""
    frame = board.waiting()
    days = frame[["median", "p90", "longest"]].map(lambda value: "—" if np.isnan(value) else f"{value:.1f}")
    table = pd.concat([frame[["name", "decided"]], days[["median", "p90"]], frame["open"], days["longest"]], axis=1)
    table = table.set_axis(
        ["审核机关", "已审（件次）", "中位数（天）", "九成不超过（天）", "正在等待（件）", "最长已等（天）"], axis=1
    )
    words = "按审核机关的审核用时：点为中位数，线到九成申报不超过的天数"
    drawn = frame[frame["decided"] > 0].head(MANY)
    if drawn.empty:
        return _figure("waiting", "还没有审核过的申报", words, None, table)
    told_of = frame[frame["place"] == board.wanted.league] if board.wanted.league else frame
    waits = int(told_of["open"].sum())
    if board.wanted.league and board.actor.oversees_region:
        name, own = board.places[board.wanted.league].name, told_of[told_of["decided"] > 0]
        title = f"{name}审核用时中位数{own['median'].iloc[0]:.1f}天" if len(own) else f"{name}还没有审核过的申报"
    elif len(drawn) > 1:
        title = f"{drawn['name'].iloc[0]}审核用时最长：中位数{drawn['median'].iloc[0]:.1f}天"
    else:
        title = f"审核用时中位数{drawn['median'].iloc[0]:.1f}天"
    over = board.wanted.on.year > board.wanted.year
    still = f"{board.wanted.year}年底以前报送的仍有{waits}件等待" if over else f"{waits}件正在等待"
    title += f"；{still}" if waits else ""
    data = drawn.assign(
        key=drawn["place"],
        chosen=_strong(drawn["place"], board.wanted.league),
        words=[f"中位数{row.median:.1f}天，九成不超过{row.p90:.1f}天，等待{row.open}件" for row in drawn.itertuples()],
        zero=0,
    )
    data["label"] = data["name"] + "，" + data["words"]
    base = alt.Chart(data).encode(
        y=alt.Y("name:N", sort=list(data["name"]), title=None, axis=_LABELS),
        tooltip=[alt.Tooltip("name:N", title="审核机关"), alt.Tooltip("words:N", title="用时")],
    )
    x = alt.X("p90:Q", title="审核用时（天）", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5))
    bars = base.mark_bar(cornerRadiusEnd=2, height=6, cursor="pointer").encode(
        x=x, opacity=_STRONG, description="label:N"
    )
    points = base.mark_point(filled=True, size=110, aria=False, cursor="pointer").encode(x="median:Q", opacity=_STRONG)
    chart = alt.layer(bars.add_params(_mark()), points).properties(height=ROW * len(data) + AXIS)
    return _figure("waiting", title, words, chart, table)
