"""What a cell means: days, years, numbers of years, hours, words."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest

from core.tables import values
from core.tables.values import Unclear

JUNE = date(2024, 6, 28)


@pytest.mark.parametrize(
    "cell",
    [
        JUNE,
        datetime(2024, 6, 28, 23, 59),  # noqa: DTZ001 - a cell has no zone
        45471,
        45471.5,
        "45471.5",
        "2024-06-28",
        "'2024-06-28",
        "2024-06-28 16:20:35",
        "2024-06-28 00:00:00.0",
        "2024/6/28 9:05",
        "2024-06-28T09:00:00+08:00",
        "2024-06-28T23:30:00Z",
        "2024-06-28 23:30:00 -0500",
        "2024年6月28号",
        "2024年6月28日 星期五",
        "2024 年 6 月 28 日",
        "2024年6月28日下午3:20",
        "20240628",
        20240628.0,
        "2024.6.28",
        "2024—06—28",
        "２０２４／０６／２８",
    ],
)
def test_a_day_is_the_day_as_it_was_written(cell: object) -> None:
    assert values.day(cell) == JUNE
    assert values.day(cell, whole=False) == JUNE


def test_the_hour_is_no_part_of_the_day() -> None:
    assert values.day("2024/6/2 18:05") == date(2024, 6, 2)


@pytest.mark.parametrize(
    "cell",
    ["2024-02-30", "2024-13-01", "去年", "2024", "2024-06", "28.6.2024", "2024-06-28-29", 2024, "99999", "1066-1-1"],
)
def test_what_is_no_day_is_asked_about(cell: object) -> None:
    with pytest.raises(Unclear, match="2024-06-28"):
        values.day(cell)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2024", date(2024, 1, 1)),
        (2024, date(2024, 1, 1)),
        ("2024.0", date(2024, 1, 1)),
        ("2024年6月", date(2024, 6, 1)),
        ("2024年6月份", date(2024, 6, 1)),
        ("202406", date(2024, 6, 1)),
        (2024.6, date(2024, 6, 1)),
        ("2024.10", date(2024, 10, 1)),
        ("", None),
        ("—", None),
    ],
)
def test_month_and_day_may_be_left_out_where_they_may(cell: object, day: date | None) -> None:
    assert values.day(cell, whole=False) == day


def test_a_number_that_may_be_january_or_october_is_asked_about() -> None:
    with pytest.raises(Unclear, match="10月"):
        values.day(2024.1, whole=False)


@pytest.mark.parametrize(
    "cell", [2024, 2024.0, "2024.0", "'2024", "2024", " 2024 年", "2024年度", "２０２４学年", "2024学年度", "“2024”"]
)
def test_a_year_is_four_digits_however_they_are_dressed(cell: object) -> None:
    assert values.year(cell) == 2024


@pytest.mark.parametrize("cell", ["去年", "24", "2024-2025", 2024.5, JUNE, "0024", "20244"])
def test_what_is_no_year_is_asked_about(cell: object) -> None:
    with pytest.raises(Unclear):
        values.year(cell)


def test_a_date_cell_is_its_year_where_the_caller_says_so() -> None:
    assert (values.year(JUNE, dated=True), values.year("")) == (2024, None)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (3, 3),
        (3.0, 3),
        ("3.0", 3),
        ("3年", 3),
        ("三年", 3),
        ("两个年度", 2),
        ("十二年", 12),
        ("二十", 20),
        ("", None),
        ("40", 40),
    ],
)
def test_a_number_of_years_is_read(cell: object, number: int) -> None:
    assert values.count(cell) == number
    assert values.count("") is None


@pytest.mark.parametrize("cell", ["许多", 0, 41, 3.5, "三四", "年", -3])
def test_what_is_no_number_of_years_is_asked_about(cell: object) -> None:
    with pytest.raises(Unclear, match="1至40"):
        values.count(cell)


@pytest.mark.parametrize(
    ("cell", "hours"),
    [
        (24, "24"),
        (24.0, "24"),
        ("24 学时", "24"),
        ("24小时", "24"),
        ("24个学时", "24"),
        ("24h", "24"),
        ("'24", "24"),
        ("２４．５", "24.5"),
        (".5", "0.5"),
        (23.999999999999996, "24"),
        ("-8", "-8"),
        ("", None),
        ("-", None),
        ("无", None),
        (None, None),
        ("学时", None),
        (0, "0"),
    ],
)
def test_hours_are_read_as_they_are_written(cell: object, hours: str | None) -> None:
    assert values.hours(cell) == (None if hours is None else Decimal(hours))


@pytest.mark.parametrize(
    ("cell", "code"),
    [("二十四", "form"), ("NaN", "form"), ("1e1", "form"), ("1_0", "form"), (23.75, "half"), (True, "form")],
)
def test_what_is_no_hours_is_told_by_its_kind(cell: object, code: str) -> None:
    with pytest.raises(Unclear) as caught:
        values.hours(cell)
    assert caught.value.code == code


def test_words_are_the_notices_or_their_synonyms() -> None:
    levels, also = ("高级", "中级"), {"副高": "高级", "员级": "初级"}
    assert [values.word(cell, levels, also) for cell in ("中　级", "“高级”", "副 高")] == ["中级", "高级", "高级"]
    for cell in ("员级", "非高级", "高级以下", ""):
        with pytest.raises(Unclear, match="请填“高级”“中级”之一"):
            values.word(cell, levels, also)


def test_yes_no_and_nothing_else() -> None:
    assert [values.yes_no(cell) for cell in ("是", "√", 1.0, True, "Ｙ")] == [True] * 5
    assert [values.yes_no(cell) for cell in ("否", "不 是", 0, False, "", "×", "无")] == [False] * 7
    for cell in ("不一定", "大概", "是否"):
        with pytest.raises(Unclear):
            values.yes_no(cell)


@pytest.mark.parametrize(
    ("cell", "read", "expected"),
    [
        ("2O", values.hours, ("20", "改为“20”：第2位的“O”应为0")),
        ("l6", values.hours, ("16", "改为“16”：第1位的“l”应为1")),
        ("2O2I", values.year, ("2021", "改为“2021”：第2位的“O”应为0、第4位的“I”应为1")),
        ("20", values.hours, ("", "")),
        ("二O", values.hours, ("", "")),
        ("很多", values.hours, ("", "")),
        ("3O22", values.year, ("", "")),
    ],
)
def test_letters_for_digits_are_proposed_where_a_value_comes_of_it(
    cell: str, read: Callable[[object], object], expected: tuple[str, str]
) -> None:
    assert values.meant(cell, read) == expected
