"""The leadership brief: two pages and slides of what the dashboard shows, its findings the most pressing first."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest
from pptx import Presentation

from core.ground import taken
from core.office.dashboards import Measure, brief, charts
from core.office.dashboards.programmes import Line
from tests import cast as c
from tests import ready
from tests.core.test_dashboard import YEAR, asked, assembled

BEHIND = Line("x", "示例项目", "人", 10, 100, 90.0, 10, 40, "示例项目已完成10人，还差90人。")
AHEAD = Line("y", "另一项目", "期", 5, 5, 4.0, 5, 5, "另一项目已完成5期。")


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(assembled)


def test_the_findings_are_of_the_data_and_the_most_pressing_comes_first(cast: c.Cast) -> None:
    seen = asked(cast["reviewer"], YEAR)
    said = brief.brief(seen, [BEHIND, AHEAD], "2024年度")
    assert len(said.findings) == 3
    assert "1个专项项目落后于序时进度，差得最多的是示例项目：应达到90人，现为10人。" in said.findings
    tiles = {tile.measure: tile for tile in seen.tiles()}
    done = next(words for words in said.findings if words.startswith("学时完成率"))
    assert tiles[Measure.DONE].text in done
    assert f"还有{len(seen.lacking())}人没有完成" in done
    assert said.programmes == (BEHIND.sentence, AHEAD.sentence)
    assert [row[0] for row in said.late] == list(seen.stuck()["where"])[: brief.ROWS]
    assert "示例项目" not in "".join(brief.findings(seen, [AHEAD])), "who is in pace is no finding"


def test_it_is_two_pages_and_its_slides_hold_charts_that_can_be_edited(cast: c.Cast) -> None:
    for by in ("reviewer", "hohhot_reviewer", "employer"):
        seen = asked(cast[by], YEAR)
        said = brief.brief(seen, [BEHIND] * 5, "2024年度")
        with pypdfium2.PdfDocument(brief.pdf(said, seen)) as document:
            assert len(document) == 2
        with taken.by(cast[by], c.AFTER):
            deck = Presentation(io.BytesIO(brief.pptx(said, seen, [BEHIND, AHEAD])))
        shapes = [shape for slide in deck.slides for shape in slide.shapes]
        assert cast[by].name in deck.core_properties.comments
        whose = [
            shape for shape in shapes if shape.has_text_frame and f"导出人：{cast[by].name}" in shape.text_frame.text
        ]
        assert len(whose) == len(deck.slides)
        assert said.title in {shape.text_frame.text for shape in shapes if shape.has_text_frame}
        tables = [[cell.text for cell in row.cells] for shape in shapes if shape.has_table for row in shape.table.rows]
        assert all(list(each) in tables for each in (*said.ranks, *said.late))
        plots = [shape.chart.plots[0] for shape in shapes if shape.has_chart]
        shares = {series.name: sum(filter(None, series.values)) for plot in plots for series in plot.series}
        if seen.has_trainings:
            in_time = seen.in_time().groupby("matter")["share"].sum()
            first = [seen.places[each] for each in charts.latest(seen.in_time())[: brief.LATEST]]
            names = [each.full if seen.by == "base" else each.name for each in first]
            assert [list(plot.categories) for plot in plots if len(list(plot.series)) > 1] == [names]
            assert said.papers
            assert said.papers[0].startswith("附件2（年度计划表）：逾期未报的")
            assert {"培训计划", "培训情况报告", "年度计划表"} <= set(in_time.index)
            assert {matter: shares[matter] for matter in in_time.index} == pytest.approx(in_time.to_dict())
        people = [list(plot.series[0].values) for plot in plots if plot.series[0].name == Measure.PEOPLE.headline]
        assert people == ([list(seen.by_place(Measure.PEOPLE)["value"])] if seen.has_trainings else [])
