"""A further table that people send in is one declaration: here organizations, as an office would move in with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import pytest

from core.ground.access import Refused
from core.tables import reading, sheets, values
from core.tables.declared import Checked, Declared
from core.tables.problems import Problem
from core.tables.reading import Listing


@dataclass(frozen=True)
class Office:
    name: str
    kind: str
    since: date | None
    places: int | None


def twice(lines: Sequence[tuple[int, Office]]) -> Iterable[Problem]:
    first: dict[str, int] = {}
    for row, office in lines:
        if first.setdefault(office.name, row) != row:
            yield Problem(row, "name", "name-twice", office.name, f"与第{first[office.name]}行重复，请删去一行")


COLUMNS = {"name": ("机构名称", "单位名称"), "kind": ("类别",), "since": ("设立日期",), "places": ("名额",)}
OFFICES = Declared(
    Listing("机构表", COLUMNS, ["name", "kind"], identity=["name"]),
    becomes=Office,
    values={"kind": partial(values.word, words=("基地", "用人单位")), "since": values.day, "places": values.count},
    needed=["name"],
    checks=[twice],
)


def read(text: str) -> Checked[Office]:
    return OFFICES.read(text.encode(), "机构.csv")


def test_a_declared_table_is_read_as_every_other_one() -> None:
    found = read(
        "2024年机构一览\n*单位名称,类别（必填）,设立日期,名额,传真\n示例,基地,,,\n"
        "甲基地,基 地,2019年7月1号,3.0,0471\n乙医院,用人单位,,,\n合计,2家,,,\n制表人：王某,,,,\n"
    )
    assert [line for _, line in found.lines] == [
        Office("甲基地", "基地", date(2019, 7, 1), 3),
        Office("乙医院", "用人单位", None, None),
    ]
    assert [(each.row, each.code) for each in found.problems] == [(0, "heading-unknown"), (3, "row-left")]
    assert found.account[0] == "读入2行，未读入3行"


def test_every_bad_row_is_named_and_sinks_no_other() -> None:
    found = read("机构名称,类别,设立日期\n甲,学校,\n乙,基地,2月30日\n丙,基地,\n丙,用人单位,\n丁,基地,\n")
    assert [office.name for _, office in found.lines] == ["丙", "丁"]
    assert [(each.row, each.column, each.code) for each in found.problems] == [
        (2, "kind", "kind-form"),
        (3, "since", "since-form"),
        (5, "name", "name-twice"),
    ]
    assert {row: cells["name"] for row, cells in found.faulty.items()} == {2: "甲", 3: "乙", 5: "丙"}


def test_what_nobody_can_choose_is_asked_and_what_a_clerk_said_is_taken() -> None:
    text = "机构名称,类别,名额（初定）,名额（调整）\n甲,基地,3,5\n"
    with pytest.raises(reading.Asked, match="C列“名额（初定）”、D列“名额（调整）”") as asked:
        read(text)
    assert asked.value.labels == ("机构名称", "类别", "名额（初定）", "名额（调整）")
    found = OFFICES.read(text.encode(), "机构.csv", chosen={"名额（调整）": "places"})
    assert [line.places for _, line in found.lines] == [5]


def test_a_list_of_nobody_is_refused() -> None:
    with pytest.raises(Refused, match="机构表"):
        read("机构名称,类别\n合计,0\n")


def test_its_faulty_rows_go_back_marked_and_come_in_again() -> None:
    found = read("机构名称,类别,设立日期\n甲,学校,\n乙,基地,2月30日\n丁,基地,\n")
    content = sheets.marked(OFFICES.listing.headings, list(found.faulty.items()), found.problems, title="待改正的机构")
    again = OFFICES.read(content, "待改正.xlsx")
    assert [(each.column, each.code, each.value) for each in again.problems] == [
        ("kind", "kind-form", "学校"),
        ("since", "since-form", "2月30日"),
    ]
