"""The ID number (GB 11643): what is accepted, what is refused and why."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ground import resident_id
from tests import cast as c

GOOD = c.id_number(2)
ENDS_IN_X = next(number for serial in range(1000) if (number := c.id_number(serial)).endswith("X"))
ENDS_IN_000 = next(
    number for days in range(2000) if (number := c.id_number(100, date(1980, 1, 1) + timedelta(days))).endswith("000")
)
quiet = settings(database=None, derandomize=True, deadline=None, max_examples=200)


def test_the_check_digit_follows_the_standards_own_example() -> None:
    assert resident_id.check_digit("11010519491231002") == "X"
    assert resident_id.problem("11010519491231002X") is None
    assert resident_id.problem("440524188001010014") == "id-birth"  # the standard's other example: born in 1880


@pytest.mark.parametrize(
    "written",
    [
        ENDS_IN_X.lower(),
        f"  {ENDS_IN_X}\n",
        f"{ENDS_IN_X[:6]} {ENDS_IN_X[6:14]} {ENDS_IN_X[14:]}",
        f"'{ENDS_IN_X}",
        f"\ufeff{ENDS_IN_X}\u3000",
        f"{ENDS_IN_X[:6]}-{ENDS_IN_X[6:]}",
        ENDS_IN_X.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
        ENDS_IN_X.lower().translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
    ],
)
def test_a_number_is_read_however_it_was_typed(written: str) -> None:
    assert resident_id.normalise(written) == ENDS_IN_X
    assert resident_id.problem(written) is None


def test_an_old_number_of_15_digits_becomes_18() -> None:
    old = GOOD[:6] + GOOD[8:17]
    for written in (old, int(old), float(old), Decimal(old), f" {old} "):
        assert resident_id.normalise(written) == GOOD
        assert resident_id.problem(written) is None
    assert resident_id.problem("150199850230001") == "id-birth"  # 30 February


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (None, "id-missing"),
        ("", "id-missing"),
        (" \u3000", "id-missing"),
        (GOOD[:17], "id-length"),
        (GOOD + "0", "id-length"),
        (GOOD[:14], "id-length"),
        (GOOD[:16], "id-length"),
        ("1", "id-length"),
        ("无", "id-character"),
        (GOOD[:16] + "XX", "id-character"),
        ("X" + GOOD[1:], "id-character"),
        (GOOD[:17] + "Y", "id-character"),
        ("A1234567", "id-character"),
        ("１５０１９９１９８５０３０４００１Ａ", "id-character"),
        ("²" * 18, "id-character"),
        (GOOD[:6] + "19850229" + GOOD[14:], "id-birth"),
        (GOOD[:6] + "19851301" + GOOD[14:], "id-birth"),
        (GOOD[:6] + "00000000" + GOOD[14:], "id-birth"),
        (c.id_number(1, date(1899, 12, 31)), "id-birth"),
    ],
)
def test_what_is_wrong_is_called_by_its_name(written: object, code: str) -> None:
    assert resident_id.problem(written) == code
    assert code in resident_id.PROBLEMS


def test_just_inside_every_boundary_a_number_is_right() -> None:
    for number in (
        GOOD,
        ENDS_IN_X,
        c.id_number(1, date(1984, 2, 29)),
        c.id_number(1, date(1900, 1, 1)),
        c.id_number(1, date(2024, 6, 3)),
    ):
        assert resident_id.problem(number, today=c.TODAY) is None


def test_nobody_was_born_after_today() -> None:
    tomorrow = c.id_number(1, c.TODAY + timedelta(1))
    assert resident_id.problem(tomorrow, today=c.TODAY) == "id-birth"
    assert resident_id.problem(tomorrow) is None  # whoever gives no day is told about the number alone


def test_only_one_last_character_is_right() -> None:
    for number in (GOOD, ENDS_IN_X):
        wrong = [last for last in "0123456789X" if resident_id.problem(number[:17] + last) is not None]
        assert wrong == [last for last in "0123456789X" if last != number[17]]
        assert resident_id.problem(number[:17] + wrong[3]) == "id-checksum"


@pytest.mark.parametrize(
    "cell",
    [
        int(GOOD),
        float(GOOD),
        Decimal(GOOD),
        150199198503040000,
        "150199198503041000",
        "150199198503040000",
        "150199198513040000",  # no date either
        "1.50199198503041E+17",
        "1.5E+17",
        "1.5e17",
        "1.50199198503041E17",
        "2E+17",
    ],
)
def test_a_number_ruined_by_a_spreadsheet_is_called_that(cell: object) -> None:
    assert resident_id.problem(cell) == "id-ruined"


def test_a_right_number_that_happens_to_end_in_000_is_right() -> None:
    assert resident_id.problem(ENDS_IN_000) is None
    assert resident_id.problem(int(ENDS_IN_000)) == "id-ruined"


@pytest.mark.parametrize(
    "cell", [float("nan"), float("inf"), Decimal("NaN"), 1.5, True, b"x", 10**30, date(2024, 1, 1)]
)
def test_no_cell_whatever_breaks_the_check(cell: object) -> None:
    assert resident_id.problem(cell) in resident_id.PROBLEMS


births = st.dates(date(1900, 1, 1), date(2024, 6, 3))
numbers = st.builds(c.id_number, st.integers(0, 999), births)


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
@quiet
def test_any_valid_number_with_one_character_changed_is_refused(number: str, at: int, other: str) -> None:
    assert resident_id.problem(number) is None
    if other != number[at]:
        assert resident_id.problem(number[:at] + other + number[at + 1 :]) in resident_id.PROBLEMS


cells = st.one_of(st.text(), st.text("0123456789xXｘ０1 '-\u3000", max_size=24), st.integers(), st.floats(), numbers)


@given(cells)
@quiet
def test_normalising_twice_is_normalising_once(cell: object) -> None:
    once = resident_id.normalise(cell)
    assert resident_id.normalise(once) == once


@given(numbers)
@quiet
def test_a_number_tells_birth_and_sex_and_hides_behind_its_mask(number: str) -> None:
    assert f"{resident_id.birth_on(number):%Y%m%d}" == number[6:14]
    assert resident_id.sex(number) == ("男" if number[16] in "13579" else "女")
    assert re.fullmatch(r"150199\*{8}[0-9X]{4}", resident_id.mask(number))
    assert resident_id.mask(number)[-4:] == number[-4:]


def test_what_is_no_number_is_masked_whole() -> None:
    assert resident_id.mask("15019919850304") == "*" * 14
    assert resident_id.mask("") == ""


@quiet
@given(st.lists(st.one_of(cells, numbers), max_size=20), numbers, st.integers(0, 17), st.sampled_from("0123456789Xx０"))
def test_many_looked_at_together_are_in_order_exactly_when_written_and_right(
    some: list[object], number: str, at: int, other: str
) -> None:
    spoilt = number[:at] + other + number[at + 1 :]
    days = [f"150199{day}000" for day in ("19000228", "19000229", "20000229", "19991231", "19991301", "18991231")]
    listed = [*some, number, spoilt, "", "150199", *(day + resident_id.check_digit(day) for day in days)]
    alone = [resident_id.problem(cell) is None and resident_id.normalise(cell) == cell for cell in listed]
    assert resident_id.in_order(listed).tolist() == alone
    assert resident_id.in_order([]).tolist() == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("150199198805181221", "150199********1221"),
        ("同上（15019919880518122x）", "同上（150199********122X）"),
        ("１５０１９９１９８８０５１８１２２１", "150199********1221"),
        ("150199 19880518 1221", "150199********1221"),
        ("150199880518122", "150199********" + resident_id.normalise("150199880518122")[-4:]),
        ("1501991988051812211", "*" * 19),
        ("15019919880518122", "*" * 17),
        ("150199880518", "150199880518"),  # 12 digits, and on to 14: an account, a certificate's number
        ("1501998805181", "1501998805181"),
        ("15019988051812", "15019988051812"),
        ("1501998805181X", "1501998805181X"),
        ("15019988051812X", "*" * 15),
        ("0471-1000000，13800138000", "0471-1000000，13800138000"),
        ("2024-06-24 2024-06-26", "2024-06-24 2024-06-26"),
        ("示例市第一医院", "示例市第一医院"),
    ],
)
def test_what_could_be_a_number_is_masked_in_any_text(text: str, shown: str) -> None:
    assert resident_id.masked(text) == shown


@pytest.mark.parametrize("last", "×✕✖✗ХхΧχⅩⅹ*＊Ｘｘ")
def test_what_looks_like_the_last_x_is_one_where_the_check_digit_confirms_it(last: str) -> None:
    assert resident_id.normalise(f" {ENDS_IN_X[:17]}{last}") == ENDS_IN_X
    assert resident_id.problem(ENDS_IN_X[:17] + last) is None
    other = GOOD[:17] + last
    assert resident_id.problem(other) == ("id-checksum" if last in "Ｘｘ" else "id-character")
    assert resident_id.normalise(other)[:17] == GOOD[:17]
    assert resident_id.normalise(ENDS_IN_X[:16] + last + "X") != ENDS_IN_X


@pytest.mark.parametrize(
    ("letter", "digit"), [*((letter, "0") for letter in "OoОоΟ〇Ｏ"), *((letter, "1") for letter in "lIіｌⅠ|")]
)
def test_a_letter_for_a_digit_is_proposed_and_never_taken(letter: str, digit: str) -> None:
    for number in (GOOD, ENDS_IN_X):
        at = number.index(digit, 5)
        written = number[:at] + letter + number[at + 1 :]
        assert resident_id.problem(written) == "id-character"
        assert resident_id.normalise(written) != number
        meant, slips = resident_id.meant(written)
        assert (meant, f"第{at + 1}位" in slips, f"应为{digit}" in slips) == (number, True, True)
        assert slips in resident_id.words("id-character", written)
        assert number not in resident_id.words("id-character", written)


def test_the_last_digit_may_be_a_letter_too_and_several_are_named() -> None:
    number = next(n for serial in range(500) if (n := c.id_number(serial)).endswith("0"))
    written = number[:17].replace("1", "l", 1) + "O"
    assert resident_id.meant(written)[0] == number
    assert resident_id.meant(written)[1] == "第1位的“l”应为1、第18位的“O”应为0"


@pytest.mark.parametrize(
    "written", [GOOD, ENDS_IN_X[:17] + "×", GOOD[:17] + "O", GOOD[:10] + "O" + GOOD[10:], "", None, "O" * 18, 1.5]
)
def test_where_no_valid_number_comes_of_it_nothing_is_proposed(written: object) -> None:
    if written == GOOD[:17] + "O" and GOOD.endswith("0"):
        pytest.skip("it is one")
    assert resident_id.meant(written) == ("", "")
    assert resident_id.words("id-length", written) == resident_id.PROBLEMS["id-length"]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        (GOOD[:4] + "B" + GOOD[5:], "第5位是“B”"),
        (GOOD[:4] + "X" + GOOD[5:17] + "?", "第5位是“X”、第18位是“?”"),
        (GOOD[:5] + "l" + GOOD[6:17] + "o", "第6位是“l”、第18位是“o”，改为数字后校验码仍不符，请核对"),
        (ENDS_IN_X[:17] + "Ｏ", "第18位是“O”，改为0后校验码仍不符，请核对"),
        (ENDS_IN_X[:17] + "l", "第18位是“l”，改为1后校验码仍不符，请核对"),
        (GOOD[:10] + "O" + "O" + GOOD[12:], "改为数字后第7至14位仍不是有效的出生日期，请核对"),
        (GOOD[:4] + "B" + GOOD[5:17] + "O", "第18位是“O”，请核对"),
        ("没有带身份证件", ""),
    ],
)
def test_a_character_that_is_no_digit_is_named_with_its_place(written: str, named: str) -> None:
    said = resident_id.words("id-character", written)
    assert (named in said, "第" in said) == (True, bool(named))
