"""The leadership brief (领导简报): the dashboard on two pages of A4, or as slides whose charts can be edited.

Its findings are computed: what is furthest from where it should be comes first.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.util import Inches, Pt

from core.ground import paper, taken
from core.office.dashboards import charts, exports
from core.office.dashboards.asked import Measure, Per, short
from core.office.dashboards.board import Board, Tile, told
from core.office.dashboards.programmes import Line
from core.submissions.kinds import KINDS

FINDINGS, NAMED, ROWS, LATEST, LONGEST = 3, 3, 5, 4, 26
"""So many findings, so many that lead and lag, so many rows of what is late, so many offices with most that is late, so
many signs of a title."""
LEAST_DUE = 3
"""So many reports must have been due of a place for its part in time to be held beside others'."""

HALF, NARROW, HIGH, LOW = 86, 225, 290, 125
"""Of a chart beside another: its width in millimetres; its bars in pixels, how wide, how high at most on the first page
and on the second, so that its words can be read on paper."""


@dataclass(frozen=True)
class Brief:
    """What a brief says (简报), of the dashboard as it was asked."""

    title: str
    foot: str
    """Of what, as of when, whose."""
    tiles: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]
    """At most three, the most pressing first, each a sentence."""
    programmes: tuple[str, ...]
    """A sentence of each."""
    ranks: tuple[tuple[str, str, str], ...]
    """A measure, who leads, who lags, with their figures."""
    late: tuple[tuple[str, str, str, str], ...]
    """What was not in time or does not go on: where it is, which training, whose, since when or how long."""
    papers: tuple[str, ...]
    """Whose plan tables and summaries of programmes are missing or came late, a sentence of each kind."""
    in_time: tuple[str, ...]
    """How many of what was due came in time, in one sentence; none where nothing was due."""


def brief(seen: Board, lines: Sequence[Line], foot: str) -> Brief:
    """The brief of a dashboard (领导简报), of the programmes that stand on it; `foot` says of what and as of when."""
    tiles = [(each.measure.label, _tile(each)) for each in seen.tiles()]
    return Brief(
        f"{seen.wanted.year}年度继续教育工作简报",
        foot,
        tuple(tiles),
        findings(seen, lines),
        tuple(each.sentence for each in lines),
        tuple(filter(None, (_rank(seen, measure) for measure in (Measure.DONE, Measure.ON_TIME, Measure.PEOPLE)))),
        _late(seen),
        _papers(seen),
        _in_time(seen),
    )


def _tile(tile: Tile) -> str:
    """A headline figure with its unit, and last year's beside it."""
    said = f"{tile.text}{tile.measure.unit}" if tile.measure.adds_up else tile.text
    if not tile.change:
        return said
    far = tile.change.startswith("上年")
    return f"{said}（{tile.change if far else f'比上年同日{tile.change}'}）"


def findings(seen: Board, lines: Sequence[Line]) -> tuple[str, ...]:
    """The most pressing findings (主要发现): by how far each is from where it should be, as a part of that."""
    found: list[tuple[float, str]] = []
    behind = [each for each in lines if each.behind]
    if behind:
        worst = max(behind, key=_short_of)
        words = (
            f"{len(behind)}个专项项目落后于序时进度，差得最多的是{worst.name}：应达到{worst.expected:,.0f}{worst.unit}"
        )
        found.append((_short_of(worst), f"{words}，现为{worst.done:,}{worst.unit}"))
    done = seen.by_place(Measure.DONE)
    value = {tile.measure: tile.value for tile in seen.tiles()}
    whole = value.get(Measure.DONE)
    if whole is not None and len(done):
        last = done.iloc[-1]
        lowest = f"，最低的{last['name']}{last['value']:.1%}" if len(done) > 1 else ""
        found.append((1 - whole, f"学时完成率{whole:.1%}，还有{len(seen.lacking()):,}人没有完成{lowest}"))
    if seen.has_trainings:
        found += _of_trainings(seen, value.get(Measure.ON_TIME))
    return tuple(f"{words}。" for _, words in sorted(found, key=lambda each: -each[0])[:FINDINGS])


def _short_of(line: Line) -> float:
    """Which part of what the calendar asks for is missing."""
    return line.behind / line.expected if line.expected else 0.0


def _of_trainings(seen: Board, on_time: float | None) -> list[tuple[float, str]]:
    """Findings about reports that are late, what does not go on, and this year beside the last."""
    found = []
    late = seen.late()
    late = late[late["kind"] == "report"]
    if on_time is not None and len(late):
        counts = late["organization"].value_counts()
        most = f"，最多的是{counts.index[0]}（{counts.iloc[0]}期）" if counts.iloc[0] > 1 else ""
        words = f"{len(late):,}期培训的报告没有按时报送，按时率{on_time:.1%}{most}"
        found.append((1 - on_time, words))
    stuck, plans = seen.stuck(), len(seen.plans())
    overdue = stuck[stuck["overdue"].astype(bool)]
    if len(overdue):
        first = overdue.iloc[0]
        words = f"{len(overdue):,}期培训已过期限仍未办结，最久的是{first['organization']}“{_cut(first['title'])}”"
        found.append((len(overdue) / max(plans, 1), f"{words}，{first['where']}已{first['days']}天"))
    people = next((each for each in seen.tiles() if each.measure is Measure.PEOPLE), None)
    if people and people.value is not None and people.before and people.value < people.before:
        words = f"培训人次{people.value:,.0f}，比上年同日少{people.before - people.value:,.0f}"
        found.append((1 - people.value / people.before, words))
    return found


def _rank(seen: Board, measure: Measure) -> tuple[str, str, str] | None:
    """Who leads and who lags by a measure; None where there are not two to compare.

    By reports in time only places that owed `LEAST_DUE` of them, each with its numbers: one of one is no lead.
    """
    frame = seen.by_place(measure) if seen.has_trainings or measure is Measure.DONE else pd.DataFrame()
    counts: dict[Any, str] = {}
    head = measure.heading
    if measure is Measure.ON_TIME and len(frame):
        kept = seen.in_time()
        kept = kept[(kept["matter"] == KINDS["report"].word) & (kept["due"] >= LEAST_DUE)]
        counts = {row.place: f"{row.kept}/{row.due}份，" for row in kept.itertuples()}
        frame = frame[frame["place"].isin(list(counts))]
        head += f"（应报{LEAST_DUE}份以上的）"
    if len(frame) < 2:
        return None
    some = min(NAMED, len(frame) // 2)
    home = seen.places[seen.wanted.league or seen.actor.organization_id].name

    def named(rows: pd.DataFrame) -> str:
        each = zip(rows["place"], rows["name"], rows["value"], strict=True)
        return "、".join(
            f"{name.removeprefix(home) or name}（{counts.get(place, '')}{told(value, measure)}）"
            for place, name, value in each
        )

    return head, named(frame.head(some)), named(frame.tail(some)[::-1])


def _one_a_line(ranks: Sequence[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    """Ranks as a narrow table shows them: a place and its figure a line, so that neither breaks."""
    return [tuple(words.replace("）、", "）\n") for words in row) for row in ranks]


def _late(seen: Board) -> tuple[tuple[str, str, str, str], ...]:
    if not seen.has_trainings:
        return ()
    rows = seen.stuck().head(ROWS)
    columns = (rows[name] for name in ("where", "title", "organization", "days"))
    lines = zip(*columns, strict=True)
    return tuple((where, _cut(title), _cut(whose), f"{days}天") for where, title, whose, days in lines)


def _papers(seen: Board) -> tuple[str, ...]:
    """Who has not filed a plan table or a summary (附件2、总结), or filed it late, by name."""
    if not seen.has_trainings:
        return ()
    late, sentences = seen.late(), []
    for kind, paper_name in _CALLED.items():
        some = late[late["kind"] == kind]
        missing = some["filed_on"].isna()
        parts = [
            f"{words}的{len(whose)}个：{'、'.join(whose)}"
            for words, which in (("逾期未报", missing), ("逾期报送", ~missing))
            if (whose := list(dict.fromkeys(map(short, some.loc[which, "organization"]))))
        ]
        if parts:
            sentences.append(f"{paper_name}：{'；'.join(parts)}。")
    return tuple(sentences)


def _in_time(seen: Board) -> tuple[str, ...]:
    """Plans, reports, plan tables and summaries in time (按时率), of all places together."""
    drawn = charts.in_time(seen) if seen.has_trainings else None
    return (f"{drawn.title}。",) if drawn and (drawn.chart is not None or seen.due_now()) else ()


_CALLED = {"plan_table": "附件2（年度计划表）", "year_summary": "年度总结"}
"""Papers of programmes by their kind, as leaders know them."""


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 6]}…{words[-5:]}"


def _drawn(seen: Board) -> list[charts.Figure]:
    """The charts of a brief: who has done the hours, then what was done, on the way and in time."""
    made = [charts.places(seen, Measure.DONE, Per.WHOLE)]
    if seen.has_trainings:
        made += [charts.places(seen, Measure.PEOPLE, Per.WHOLE), charts.funnel(seen)]
        kept = charts.in_time(seen, LATEST)  # what its title says of the whole stands in words above it
        number = len(charts.latest(seen.in_time()))
        some = f"，未按时最多的{LATEST}个{seen.place_word}（共{number}个）" if number > LATEST else ""
        made.append(replace(kept, title=f"按时率{some}"))
    return [each for each in made if each.chart is not None]


# --- two pages --------------------------------------------------------------------------------------------------------


def pdf(said: Brief, seen: Board, *, by: paper.Letterhead | None = None) -> bytes:
    """The brief on two pages of A4 (简报). Refused codes: "glyph"."""
    page = paper.Page(said.foot, by=by)
    page.add_page()
    paper.heading(page, said.title, [said.foot])
    page.ln(2)
    paper.pairs(page, said.tiles)
    paper.section(page, "主要发现")
    for number, words in enumerate(said.findings, 1):
        paper.words(page, f"{number}、{words}")
    if not said.findings:
        paper.words(page, "所选范围内没有需要关注的事项。")
    if said.programmes:
        paper.section(page, "专项项目")
        for number, words in enumerate(said.programmes, 1):
            paper.words(page, f"{number}、{words}")
    figures = _drawn(seen)
    _pictures(page, figures[:2], said.foot, HIGH)
    page.add_page()
    paper.section(page, "领先与落后")
    if said.ranks:
        paper.table(page, ("指标", "领先", "落后"), _one_a_line(said.ranks), (26, 74, 74), "LLL")
    else:
        paper.words(page, "所选范围内没有可比较的单位。")
    paper.section(page, "办理迟缓的培训")
    if said.late:
        paper.table(page, ("卡在", "培训", "机构", "已停"), said.late, (34, 66, 56, 18), "LLLR")
    else:
        paper.words(page, "没有停下来的培训。")
    page.ln(2)
    for words in (*said.papers, *said.in_time):
        paper.words(page, words)
    _pictures(page, figures[2:4], said.foot, LOW)
    return bytes(page.output())


def _pictures(page: paper.Page, figures: Sequence[charts.Figure], foot: str, high: int) -> None:
    """Charts side by side below what is written, as large as the rest of the page allows."""
    page.ln(4)
    top, room = page.get_y(), page.h - 24 - page.get_y()
    for place, figure in enumerate(figures):
        content = exports.png(figure, foot, NARROW, high)
        with Image.open(io.BytesIO(content)) as drawn:
            height = min(HALF * drawn.height / drawn.width, room)
        page.image(io.BytesIO(content), page.l_margin + place * (HALF + 2), top, h=height)


# --- slides -----------------------------------------------------------------------------------------------------------


def pptx(said: Brief, seen: Board, lines: Sequence[Line]) -> bytes:
    """The brief as slides (演示文稿), 16:9; every chart is a native one with its numbers behind it."""
    deck = Presentation()
    if mark := taken.of():
        deck.core_properties.author, deck.core_properties.comments = mark.who[:255], mark.line[:255]
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    slide = _slide(deck, said.title, said.foot)
    _words(slide, [f"{name}　{text}" for name, text in said.tiles], left=0.6, width=5.6, size=16)
    findings = [f"{number}. {words}" for number, words in enumerate(said.findings, 1)]
    _words(slide, ["主要发现", *findings], left=6.4, width=6.3, size=18)
    if said.programmes:
        slide = _slide(deck, "专项项目进度", said.foot)
        _words(slide, said.programmes, left=0.6, width=5.6, size=14)
        done = {each.name: each.share for each in lines if each.share is not None}
        _bars(slide, done, {"完成率": done.values()}, "0%", left=6.3, width=6.6)
    for measure in (Measure.DONE, Measure.PEOPLE):
        if not (seen.has_trainings or measure is Measure.DONE):
            continue
        frame = seen.by_place(measure).head(15)
        if len(frame):
            slide = _slide(deck, f"{measure.heading}：{charts.places(seen, measure, Per.WHOLE).title}", said.foot)
            written = "#,##0" if measure.adds_up else "0.0%"
            _bars(slide, frame["name"], {measure.headline: frame["value"]}, written, left=0.6, width=12.1)
    if seen.has_trainings:
        kept = seen.in_time()
        if len(kept):
            most, matters = charts.latest(kept)[:LATEST], kept.groupby("matter", sort=False)
            shares = {str(name): list(some.set_index("place")["share"].reindex(most)) for name, some in matters}
            names = kept.drop_duplicates("place").set_index("place")["name"]
            slide = _slide(deck, f"按时报送：{charts.in_time(seen, LATEST).title}", said.foot)
            _bars(slide, names.reindex(most), shares, "0%", left=0.6, width=12.1)
        slide = _slide(deck, charts.funnel(seen).title, said.foot)
        funnel = seen.funnel()
        _bars(slide, funnel["stage"], {"人数": funnel["people"]}, "#,##0", left=0.6, width=12.1)
        slide = _slide(deck, "办理迟缓的培训", said.foot)
        if said.late:
            _table(slide, [("卡在", "培训", "机构", "已停"), *said.late], (1.8, 5.3, 4, 1))
        else:
            _words(slide, ["没有停下来的培训。"], left=0.6, width=12.1, size=16)
    if said.papers:
        slide = _slide(deck, "附件2和总结", said.foot)
        _words(slide, said.papers, left=0.6, width=12.1, size=16)
    if said.ranks:
        slide = _slide(deck, "领先与落后", said.foot)
        _table(slide, [("指标", "领先", "落后"), *_one_a_line(said.ranks)], (2.1, 5, 5))
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def _slide(deck: Any, title: str, foot: str) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[5])  # a title alone
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = Inches(0.6), Inches(0.3), Inches(12.1), Inches(1)
    shape.text_frame.text = title
    run = shape.text_frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold = Pt(24 if len(title) <= 2 * LONGEST else 18), True
    run.font.color.rgb = RGBColor(*paper.ACCENT)  # type: ignore[no-untyped-call]
    mark = taken.of()
    whose = f"{foot}　　{mark.line}" if mark else foot
    _words(slide, [whose], left=0.6, width=12.1, size=11, top=6.95, height=0.4)
    return slide


def _words(
    slide: Any, lines: Sequence[str], *, left: float, width: float, size: int, top: float = 1.5, height: float = 5.2
) -> None:
    frame = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height)).text_frame
    frame.word_wrap = True
    for place, words in enumerate(lines):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.text = words
        paragraph.font.size, paragraph.space_after = Pt(size), Pt(8)


def _table(slide: Any, rows: Sequence[tuple[str, ...]], widths: Sequence[float]) -> None:
    """A native table, its heads first; widths in inches."""
    lines = [max(words.count("\n") for words in row) + 1 for row in rows]
    where = (Inches(0.6), Inches(1.5), Inches(sum(widths)), Inches(0.45 * len(rows)))
    table = slide.shapes.add_table(len(rows), len(widths), *where).table
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Inches(width)
    for row, line in enumerate(rows):
        table.rows[row].height = Inches(0.2 + 0.25 * lines[row])  # not every program makes a row as high as its words
        for column, words in enumerate(line):
            cell = table.cell(row, column)
            cell.text = words
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(12)
            if row == 0:
                cell.fill.solid()
                cell.fill.fore_color.rgb = RGBColor(*paper.ACCENT)  # type: ignore[no-untyped-call]


def _bars(
    slide: Any,
    labels: Iterable[str],
    series: Mapping[str, Iterable[Any]],
    number_format: str,
    *,
    left: float,
    width: float,
) -> None:
    """A native bar chart, the first label on top; of several series each in its colour, with a legend."""
    data = CategoryChartData(number_format=number_format)  # type: ignore[no-untyped-call]
    data.categories = list(labels)
    if not len(data.categories):
        return
    for name, values in series.items():
        numbers = [None if value is None or np.isnan(value) else float(value) for value in values]
        data.add_series(name, numbers)  # type: ignore[no-untyped-call]
    where = (Inches(left), Inches(1.4), Inches(width), Inches(5.4))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *where, data).chart
    several = len(series) > 1
    chart.has_title, chart.has_legend = False, several
    if several:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        chart.legend.font.size = Pt(12)
    chart.category_axis.reverse_order = True
    chart.value_axis.visible, chart.value_axis.has_major_gridlines = False, False
    chart.category_axis.tick_labels.font.size = Pt(12)
    plot = chart.plots[0]
    plot.gap_width, plot.has_data_labels = 45, True
    plot.data_labels.number_format, plot.data_labels.number_format_is_linked = number_format, False
    plot.data_labels.font.size = Pt(9 if several else 12)
    for drawn, colour in zip(plot.series, exports.palette(), strict=False):
        drawn.format.fill.solid()
        drawn.format.fill.fore_color.rgb = RGBColor.from_string(colour.removeprefix("#"))  # type: ignore[no-untyped-call]
