"""ID number (公民身份号码, GB 11643-1999) as a value: normalise, check, mask, read birth date and sex."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from core.ground import typed

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_AROUND = re.compile("['’‘`´\"“”=‐-―−-]+")
"""Signs that come along with a number, or part it into groups."""
_UPPER = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
_LIKE_X = frozenset("×✕✖✗✘╳⨯хХχΧⅹⅩ*")
"""What is written for the X in the last place, which only a check digit of X confirms."""
_FORM = re.compile("[0-9]{17}[0-9X]")
_FIRST17 = re.compile("[0-9]{17}")
_NUMBER = (int, float, Decimal)
_IN_TEXT = re.compile(r"\d{14,}[\dXxＸｘ]|(?<!\d)\d{6}([ \u00a0\u3000-])\d{8}\1\d{3}[\dXxＸｘ](?!\d)")
_TYPED = re.compile(
    r"(?<![\dA-Za-z])\d(?:[ \u00a0\u3000.．·/_\-‐-―−－]?\d){16}[ \u00a0\u3000.．·/_\-‐-―−－]?[\dXxＸｘ](?![\dA-Za-z])"
    r"|(?<![\dA-Za-z])\d{15}(?![\dA-Za-z])"
)
"""What may be a number somebody typed into a text, in groups or not; never a part of a digest or a code."""
_BETWEEN = re.compile("[^0-9X]")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[Ee]\+?\d+")

HEADINGS = (
    "身份证号",
    "身份证号码",
    "证件号码",
    "证件号",
    "身份证",
    "公民身份号码",
    "居民身份证号",
    "居民身份证号码",
    "居民身份证",
    "身份证件号码",
    "有效证件号码",
)
"""What the column of ID numbers is called in tables, the standard heading first."""

PROBLEMS = {
    "id-missing": "身份证号为空，请补填18位号码",
    "id-ruined": "号码已被表格软件当作数字改坏（15位以后变成0或科学计数），请把该列设为文本后按证件重新填写",
    "id-length": "身份证号应为18位（旧号15位），请核对是否漏填或多填",
    "id-character": "身份证号只能是数字，末位可为X，请核对",
    "id-birth": "身份证号第7至14位不是有效的出生日期，请核对",
    "id-checksum": "身份证号校验码不符，至少有一位写错，请对照证件核对",
}
"""Every problem code of an ID number, with its mend."""


def check_digit(first17: str) -> str:
    """The 18th character for the first 17 digits (ISO 7064 MOD 11-2)."""
    weighted = sum(map(operator.mul, first17.encode("ascii"), _WEIGHTS)) - ord("0") * sum(_WEIGHTS)
    return _CHECK_DIGITS[weighted % 11]


def normalise(raw: object) -> str:
    """Normalise (规范化): half-width, upper-case X, no spaces; 15 digits become 18.

    What looks like an X in the last place is one where the check digit is X. What cannot be read as a number comes back
    as it stands; `problem` names it, and `meant` tells what it may be.
    """
    if isinstance(raw, str) and _FORM.fullmatch(raw):
        return raw  # as most are
    text = _bare(raw).translate(_UPPER)
    if len(text) == 15 and text.isascii() and text.isdigit():
        text = text[:6] + "19" + text[6:]
        text += check_digit(text)
    elif len(text) == 18 and text[17] in _LIKE_X and _FIRST17.fullmatch(text[:17]) and check_digit(text[:17]) == "X":
        text = f"{text[:17]}X"
    return text


def _bare(raw: object) -> str:
    """A cell without the signs around a number."""
    return typed.plain(_AROUND.sub("", typed.plain(raw)))


def meant(raw: object) -> tuple[str, str]:
    """True reading (字母误作数字): the valid number that a cell has once letters are read as digits; which, in words.

    A letter O for 0, l or I for 1: never taken silently, only proposed; "" where there is nothing to propose.
    """
    bare = _bare(raw)
    right, slips = typed.as_digits(bare)
    number = normalise(right)
    if len(bare) != 18 or number == normalise(bare) or problem(number):
        return "", ""
    return number, slips


def proposed(raw: object) -> tuple[str, str]:
    """Proposal (改正建议) for a cell with letters in it: in words, and the number that accepting it fills in; or "".

    In words it is masked but for the characters that become others: the fault names those in any case.
    """
    number, _ = meant(raw)
    return (f"改为{_seen(number, _bare(raw), number)}，校验码相符", number) if number else ("", "")


def changed(before: str, after: str, *, found: bool = False) -> tuple[str, str]:
    """A number that was changed, before and after, as it is shown beside others (号码的改动): each behind its mask.

    Where a letter stood for a digit the changed characters are seen, as far as `tells_little`. `found`: the program may
    have known the new number, so that its last four stay hidden.
    """
    if after and meant(before)[0] == after and tells_little(before):
        bare = _bare(before)
        return _seen(bare, bare, after), _seen(after, bare, after)
    return mask(before), mask_of_found(after) if found else mask(after)


def tells_little(raw: object) -> bool:
    """Whether the letters that stand for digits in a cell may be named to others than who wrote it (不致泄露).

    Each says a digit of the day of birth where it stands there: enough numbers must fit all of them (`LEAST`).
    """
    bare = _bare(raw)
    right, _ = typed.as_digits(bare)
    seen = [at for at in range(6, 14) if bare[at : at + 1] != right[at : at + 1]]
    if len(bare) != 18 or not seen:
        return True
    return sum(all(day[at - 6] == right[at] for at in seen) for day in _days()) // 11 >= LEAST


def _seen(shown: str, one: str, other: str) -> str:
    """A number behind its mask, but for the characters in which two ways to write it differ."""
    return "".join(c if a != b else m for a, b, c, m in zip(one, other, shown, mask(shown), strict=True))


@functools.lru_cache(maxsize=1)
def _days() -> list[str]:
    """The days of a hundred years as a number has them: who is alive may be born on each."""
    first = date(1925, 1, 1).toordinal()
    return [date.fromordinal(first + at).strftime("%Y%m%d") for at in range(36_525)]


def words(code: str, raw: object) -> str:
    """How to mend a cell with this `problem`: of `PROBLEMS`, or which of its characters stand where digits should."""
    if code != "id-character":
        return PROBLEMS[code]
    _, slips = meant(raw)
    if slips:
        return f"身份证号只能是数字，末位可为X：{slips}，改后校验码相符，请对照证件改正"
    bare = _bare(raw)  # named as it was typed: an l is no L
    wrong = [
        f"第{at}位是“{char}”"
        for at, char in enumerate(bare, 1)
        if char not in "0123456789" and not (at == 18 and char in "Xx")
    ]
    if len(bare) > 20 or len(wrong) > 3:  # a word, or something else altogether
        return PROBLEMS[code]
    return f"身份证号只能是数字，末位可为X：{'、'.join(wrong)}，{_tried(bare)}请核对"


_STILL = {"id-checksum": "校验码仍不符，", "id-birth": "第7至14位仍不是有效的出生日期，"}


def _tried(bare: str) -> str:
    """Why no digit is proposed for the letters of a cell (改后仍不符), where nothing but such letters stands in it."""
    right, _ = typed.as_digits(bare)
    still = _STILL.get(problem(right) or "", "") if right != bare else ""
    digits = [b for a, b in zip(bare, right, strict=True) if a != b]
    return still and f"改为{digits[0] if len(digits) == 1 else '数字'}后{still}"


def problem(raw: object, *, today: date | None = None) -> str | None:
    """Validate (校验): the code (a key of `PROBLEMS`) of what is wrong with a cell for an ID number, or None.

    An 18-digit number cell is always ruined: a spreadsheet keeps 15 significant digits.
    """
    text = normalise(raw)
    if not text:
        return "id-missing"
    if isinstance(raw, _NUMBER) and len(text) > 15 and raw > 10**15:
        return "id-ruined"
    if not _FORM.fullmatch(text):
        if _SCIENTIFIC.fullmatch(text):
            return "id-ruined"
        return "id-length" if len(text) != 18 and re.fullmatch(r"[0-9X]*", text) else "id-character"
    ruined = text.endswith("000")
    try:
        born = birth_on(text)
    except ValueError:
        return "id-ruined" if ruined else "id-birth"
    if born.year < 1900 or (today and born > today):
        return "id-birth"
    if check_digit(text[:17]) != text[17]:
        return "id-ruined" if ruined else "id-checksum"
    return None


def in_order(cells: Sequence[object]) -> NDArray[np.bool_]:
    """Batch fast path of `problem`: which of many cells hold a valid number in its normal form.

    The others have to be looked at one by one: they may be right, written in another way.
    """
    written = [cell if isinstance(cell, str) and len(cell) == 18 and cell.isascii() else "" for cell in cells]
    digits = np.array(written, "S18").view(np.uint8).reshape(-1, 18).astype(np.int32) - ord("0")
    first17, last = digits[:, :17], digits[:, 17] + ord("0")
    year, month, day = (digits[:, part] @ _PLACES[-width:] for part, width in _BORN)
    month = np.where((month >= 1) & (month <= 12), month, 0)
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    right = ((first17 >= 0) & (first17 <= 9)).all(axis=1) & (year >= 1900)
    right &= (day >= 1) & (day <= _DAYS[month] + leap)
    right &= np.frombuffer(_CHECK_DIGITS.encode(), np.uint8)[first17 @ np.array(_WEIGHTS) % 11] == last
    return np.asarray(right)


_BORN = ((slice(6, 10), 4), (slice(10, 12), 2), (slice(12, 14), 2))
_PLACES = np.array((1000, 100, 10, 1))
_DAYS = np.array((0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))


def birth_on(number: str) -> date:
    """Date of birth of a normalised number; ValueError where it is no date."""
    return _day(number[6:14])


@functools.lru_cache(maxsize=2**16)
def _day(digits: str) -> date:
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def sex(number: str) -> str:
    """男 or 女, by the 17th digit."""
    return "男" if int(number[16]) % 2 else "女"


SAID_AGAIN = {"sex": ("性别",), "birth_on": ("出生日期", "出生年月日", "出生年月", "出生时间", "生日")}
"""Columns of a table that say again what the number says, with their headings: they can only agree or contradict."""


LEAST = 300
"""So many numbers at the least must fit all that is shown of somebody beside a mask; see `mask`."""


def mask(number: str) -> str:
    """Mask (脱敏): the first six and the last four characters of a number; what is hidden is the day of birth.

    So no day of birth may stand anywhere beside it, on whatever page. The arithmetic: region, order within the day, sex
    and check digit are shown, the check digit leaves one number in eleven. Of a hundred years (36,525 days) 3,320 fit;
    of a decade (3,652) 332, so `about` may be shown; of one year or one age 33, of a month 2 or 3, of a day 1. Sex is
    the 17th digit, and no more is said by it. A decision by age says on which side of the notice's ages somebody is:
    between 50 and 55 that leaves 166; what the law itself tells is the one exception from `LEAST`.
    """
    return f"{number[:6]}********{number[-4:]}" if len(number) == 18 else "*" * len(number)


def mask_of_found(number: str) -> str:
    """Mask of a number that was found by most of its digits (代填号码的脱敏): region only.

    Who found it has written fourteen or fifteen digits, the day of birth among them; the last four would complete it.
    """
    return f"{number[:6]}************"


def about(born: date) -> str:
    """Decade of birth (出生年代), e.g. 1980年代生: all of a birth date that may stand beside a mask."""
    return f"{born.year // 10 * 10}年代生"


def shown(column: str, text: str) -> str:
    """A cell as it is shown (脱敏显示) to others than who wrote it: numbers masked, no day of birth beside them."""
    if column == "id_number":
        return mask(text)
    if column == "birth_on" or (column == "sex" and re.search(r"\d", text)):
        return "（日期）" if text else ""
    return masked(text)


def stands_in(text: str) -> bool:
    """Whether a text, which is to be shown, has a valid ID number in it."""
    return any(problem(found[0]) is None for found in _IN_TEXT.finditer(text))


def without(text: str) -> str:
    """A text as it may be kept in clear (文字去号码): every valid ID number typed into it, however grouped, is masked.

    For reasons, titles, file names, whatever a column in clear holds; numbers of certificates and accounts stay.
    """
    return _TYPED.sub(lambda found: _masked_if_valid(found[0]), text) if len(text) > 14 else text


def _masked_if_valid(written: str) -> str:
    number = normalise(_BETWEEN.sub("", typed.plain(written).upper()))
    return mask(number) if problem(number) is None else written


def may_hold(text: str) -> bool:
    """Whether a text that is searched for may be an ID number, or most of one: then it belongs in no address."""
    return masked(text) != text or without(text) != text


def masked(text: str) -> str:
    """Mask a text (文字脱敏): every run of 15 or more digits (the last may be X) and every spaced number in it.

    An ID number may stand in any cell of a bad row. Up to 14 digits are left: telephones, accounts, certificates.
    """
    return _IN_TEXT.sub(lambda found: mask(normalise(found[0])), text)
