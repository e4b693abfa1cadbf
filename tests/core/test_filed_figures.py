"""Figures that were filed stay as they were; what came since explains, line by line, why they are others now."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Refused
from core.ledger import books
from core.office import dashboards
from core.office.dashboards import Measure, Wanted, filed, yearly
from tests import cast as c
from tests import ready
from tests.core.test_dashboard import LATER, train


def opened() -> c.Cast:
    """One training of the region's base and one of Hohhot's, credited."""
    cast = c.assemble()
    train(cast, range(1, 7), date(2024, 6, 24))
    train(cast, range(10, 14), date(2024, 7, 8), by="hohhot_base", reviewer="hohhot_reviewer")
    return cast


@pytest.fixture
def cast(office: Path) -> c.Cast:
    dashboards.forget()
    return ready.office(opened)


def file(cast: c.Cast, code: str = "2024", by: str = "reviewer", reason: str = "") -> int:
    with db.transaction() as session:
        made = filed.freeze(session, code, actor=cast[by], reason=reason, now=LATER)
        session.flush()
        return made.id


def held_against(cast: c.Cast, number: int, by: str = "reviewer") -> filed.Difference:
    with db.reading() as session:
        return filed.differences(session, number, cast[by], now=LATER + timedelta(days=1))


def amounts(found: filed.Difference, column: str) -> dict[str, float]:
    """A column of the figures, summed over leagues, by the amount's name."""
    sums = found.figures.groupby("指标")[column].sum()
    return {name: float(sums[label]) for name, label in filed.AMOUNTS.items()}


def test_what_was_filed_is_what_the_dashboard_showed(cast: c.Cast) -> None:
    number = file(cast)
    with db.reading() as session:
        seen = dashboards.board(session, cast["reviewer"], Wanted(2024, db.office_day(LATER)), now=LATER)
        shown = {tile.measure: tile.value for tile in seen.tiles()}
        assert filed.faults(session) == []
    found = held_against(cast, number)
    assert amounts(found, "报送时") == {each.value: shown[each] for each in Measure if each.adds_up}
    assert shown[Measure.PEOPLE] == 10
    assert found.lines.empty
    assert found.words == "现在的数据与报送时一致。"


@ready.both
def test_each_batch_reversal_and_late_report_since_is_a_line_and_the_lines_sum_to_the_difference(cast: c.Cast) -> None:
    number = file(cast)
    late = train(cast, range(20, 25), date(2024, 8, 5))
    with db.transaction() as session:
        session.execute(sa.text("UPDATE report SET late = :yes WHERE id = :id"), {"yes": True, "id": late})
        first = session.scalar(sa.text("SELECT min(id) FROM credit_batch"))
        books.reverse(session, first, lines=[1, 2], actor=cast["reviewer"], reason="重复登记", now=LATER)
    found = held_against(cast, number)
    assert sorted(found.lines["事项"]) == sorted(["计划通过", "逾期报告通过", "学时入账", "学时冲销", "报告已按时报送"])
    assert amounts(found, "增减") == {name: float(found.lines[name].sum()) for name in filed.AMOUNTS}
    assert amounts(found, "增减") == {"plans": 1, "reports": 1, "people": 3, "hours": 96}
    came = found.lines[found.lines["事项"] == "报告已按时报送"].iloc[0]
    assert db.office_day(came["at"]) == date(2024, 8, 15), "when it came in, not when it or its plan was decided"
    undone = found.lines[found.lines["事项"] == "学时冲销"].iloc[0]
    assert "重复登记" in undone["依据"]
    assert undone["名称"] == "2024-06-24示例培训班"
    assert undone["影响"] == "培训-2人次、登记-64学时"
    again = held_against(cast, file(cast, reason="补报后更正"))
    assert again.lines.empty
    assert amounts(held_against(cast, number), "报送时")["people"] == 10


def test_a_month_and_a_quarter_hold_the_trainings_that_begin_in_them(cast: c.Cast) -> None:
    people = {
        code: amounts(held_against(cast, file(cast, code)), "报送时")["people"]
        for code in ("2024-06", "2024-Q2", "2024-Q3", "2024-07", "2024-08")
    }
    assert people == {"2024-06": 6, "2024-Q2": 6, "2024-Q3": 4, "2024-07": 4, "2024-08": 0}


@ready.both
def test_a_league_files_its_own_and_only_the_region_reads_it_too(cast: c.Cast) -> None:
    mine = file(cast, by="hohhot_reviewer")
    whole = file(cast)
    assert amounts(held_against(cast, mine, "hohhot_reviewer"), "现在")["people"] == 4
    assert amounts(held_against(cast, mine), "现在")["people"] == 4, "compared as the league's, whoever reads it"
    with pytest.raises(Refused) as refused:
        held_against(cast, whole, "hohhot_reviewer")
    assert refused.value.code == "missing"
    with db.reading() as session:
        assert list(filed.listed(session, cast["hohhot_reviewer"])["id"]) == [mine]
        assert list(filed.listed(session, cast["reviewer"])["id"]) == [whole, mine]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"by": "base"}, "role"),
        ({"by": "title"}, "role"),
        ({"code": "2024-13"}, "fields"),
        ({"code": "2024-11"}, "early"),
        ({"reason": "长" * 501}, "fields"),
    ],
)
def test_what_cannot_be_filed_is_refused_in_words(cast: c.Cast, given: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        file(cast, **given)
    assert refused.value.code == code


def test_filing_again_says_why_and_is_refused_where_nothing_changed(cast: c.Cast) -> None:
    file(cast)
    for reason, code in (("", "fields"), ("更正", "same")):
        with pytest.raises(Refused) as refused:
            file(cast, reason=reason)
        assert refused.value.code == code


@ready.both
def test_the_yearly_table_has_a_line_for_each_authority_and_leaves_blank_what_nobody_knows(cast: c.Cast) -> None:
    with db.reading() as session:
        found = yearly.table(session, cast["reviewer"], 2024, now=LATER).set_index(yearly.PLACE)
        counted = dict(session.execute(sa.text("SELECT authority_id, count(*) FROM person GROUP BY 1")).all())
        own = yearly.table(session, cast["hohhot_reviewer"], 2024, now=LATER)
        book = openpyxl.load_workbook(io.BytesIO(yearly.xlsx(session, cast["reviewer"], 2024, now=LATER))).active
    assert book is not None
    people = dict(zip(found.index, found["专业技术人员总数"], strict=True))
    assert people["自治区直属单位"] == counted[1]
    assert people["呼和浩特市"] == counted[cast.places["hohhot"].id]
    assert people[yearly.TOGETHER] == sum(counted.values())
    row = found.loc["自治区直属单位"]
    assert (row["培训班数"], row["培训人次"], row["学时合计"]) == (1, 6, 192)
    assert dict(zip(found.index, found["参加继续教育人数"], strict=True)) == people, "all on file took part"
    assert found.loc[yearly.TOGETHER, "参加继续教育人数"] == 10
    assert list(own[yearly.PLACE]) == ["呼和浩特市"]
    assert found["减免人数（按条款）"].isna().all()
    assert str(book.cell(len(found) + 3, 1).value).startswith("说明1：2024年度")
