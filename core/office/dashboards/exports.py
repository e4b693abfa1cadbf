"""A figure as a file (导出): its chart as PNG or SVG, in the theme's light colours and the card's font; its rows."""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Iterable
from typing import Any

import altair as alt
import vl_convert

from core.ground import db
from core.ground.access import Refused
from core.office.dashboards.charts import Figure
from core.tables import sheets

FONT = "Noto Sans CJK SC"
WIDTH = 640
LABELS, SIGN = 60, 13
"""Room beside the bars at least, and what a sign of a title takes, Chinese or not, pixels."""


@functools.cache
def _theme() -> dict[str, Any]:
    """The light colours of the screens, so that a file looks like the page it came from."""
    said = tomllib.loads((db.ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    light: dict[str, Any] = said["theme"]["light"]
    return light


@functools.cache
def _font() -> None:
    vl_convert.register_font_directory(str(importlib.resources.files("noto_cjk_sans_otc")))


def palette() -> list[str]:
    """The colours that tell things apart (色板), as on the screen in light."""
    return list(_theme()["chartCategoricalColors"])


def _spec(figure: Figure, foot: str, width: int = WIDTH, high: int | None = None) -> dict[str, Any]:
    """The chart as a specification of its own: with its finding as a title, what it is narrowed to below it."""
    if figure.chart is None:
        raise Refused("empty", "这一项没有可导出的图，请放宽筛选条件。")
    theme = _theme()
    ink, pale = theme["textColor"], theme["grayTextColor"]
    chart = figure.chart.copy(deep=True)
    if high is not None and isinstance(chart.height, int | float):
        chart = chart.properties(height=min(chart.height, high))
    words = {
        "labelColor": pale,
        "titleColor": pale,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    config: dict[str, Any] = {
        "font": FONT,
        "background": "#FFFFFF",
        "padding": 16,
        "view": {"stroke": None},
        "axis": words | {"gridColor": theme["borderColor"], "gridOpacity": 0.5, "domainColor": theme["borderColor"]},
        "legend": words,
        "mark": {"color": palette()[0]},
        "range": {
            "category": palette(),
            "ramp": theme["chartSequentialColors"],
            "heatmap": theme["chartSequentialColors"],
        },
        "title": {
            "anchor": "start",
            "color": ink,
            "subtitleColor": pale,
            "fontSize": 16,
            "subtitleFontSize": 12,
            "offset": 14,
        },
    }
    title = alt.TitleParams(text=_lines(figure.title, (width + LABELS) // SIGN), subtitle=foot)
    return dict(chart.properties(width=width, title=title, config=config).to_dict())


def _lines(title: str, most: int) -> list[str]:
    """A title on as many lines as it needs, broken after its parts, so that it makes no picture wider."""
    lines = [""]
    for part in re.split("(?<=；)", title):
        if lines[-1] and len(lines[-1]) + len(part) > most:
            lines.append("")
        lines[-1] += part
    return lines


def png(figure: Figure, foot: str, width: int = WIDTH, high: int | None = None) -> bytes:
    """The chart as PNG (图片), twice as fine as the screen; `width` of its bars, `high`: at most, in pixels of it.

    Refused codes: "empty".
    """
    _font()
    return bytes(vl_convert.vegalite_to_png(_spec(figure, foot, width, high), scale=2))


def svg(figure: Figure, foot: str) -> bytes:
    """The chart as SVG (矢量图). Refused codes: "empty"."""
    _font()
    return str(vl_convert.vegalite_to_svg(_spec(figure, foot))).encode()


def xlsx(figure: Figure, head: str, foot: str) -> bytes:
    """The figure's table (数据表) as a workbook: what reads as a number is one; "93.1%" is 93.1.

    `head`: what it is of; `foot`: of what, which year, as of when. Both stand on a sheet of their own, with the
    finding.
    """
    rows = figure.table.astype(object).where(figure.table.notna(), None)
    heads = [_head(str(name), rows[name]) for name in rows.columns]
    cells = ([_number(cell) for cell in row] for row in rows.itertuples(index=False, name=None))
    return sheets.workbook(heads, cells, about=(head, foot, figure.title), persons=False)


_NUMBER = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)%?")


def _number(cell: object) -> object:
    """A cell that reads as a number ("2,986", "93.1%") as one, of a dash nothing."""
    if isinstance(cell, str) and (found := _NUMBER.fullmatch(cell)):
        return float(found[1].replace(",", ""))
    return None if cell == "—" else cell


def _head(name: str, cells: Iterable[object]) -> str:
    share = any(isinstance(cell, str) and cell.endswith("%") and _NUMBER.fullmatch(cell) for cell in cells)
    return f"{name}（%）" if share and "%" not in name else name
