"""ID number (公民身份号码, GB 11643-1999) as a value: normalise, check, mask, read birth date and sex."""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_INVISIBLE = re.compile("[\\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00a0\u3000'’‘`\"“”=-]+")
_FORM = re.compile("[0-9]{17}[0-9X]")
_NUMBER = (int, float, Decimal)
_IN_TEXT = re.compile(r"\d{14,}[\dXxＸｘ]|(?<!\d)\d{6}([ \u00a0\u3000-])\d{8}\1\d{3}[\dXxＸｘ](?!\d)")
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

    What cannot be read as a number comes back as it stands; `problem` names it.
    """
    if isinstance(raw, str) and _FORM.fullmatch(raw):
        return raw  # as most are
    if isinstance(raw, float | Decimal) and math.isfinite(raw) and raw == int(raw):
        raw = int(raw)
    text = _INVISIBLE.sub("", str(raw if raw is not None else "").translate(_FULL_WIDTH)).upper()
    if len(text) == 15 and text.isascii() and text.isdigit():
        text = text[:6] + "19" + text[6:]
        text += check_digit(text)
    return text


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


def contradictions(number: str, cells: Mapping[str, object]) -> dict[str, str]:
    """Contradictions (与号码不符) between a valid number and the columns of `SAID_AGAIN`: how to mend, by column.

    A cell that says nothing clearly contradicts nothing.
    """
    found = {}
    said = str(cells.get("sex") or "").translate(_FULL_WIDTH).strip().removesuffix("性")
    if {said, sex(number)} == {"男", "女"}:
        found["sex"] = f"身份证号第17位表示{sex(number)}，请核对性别或号码"
    if not number[6:14].startswith(_written_day(cells.get("birth_on"))):
        found["birth_on"] = "与身份证号第7至14位的出生日期不同，请核对出生日期或号码"
    return found


_DAY_IN_WORDS = re.compile(
    r"(\d{4})(?:(\d\d)(\d\d)?|[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?(?: ?00:00(?::00)?)?"
)


def _written_day(cell: object) -> str:
    """A day as yyyymmdd, as much of it as a cell says."""
    if isinstance(cell, date):
        return f"{cell:%Y%m%d}"
    if isinstance(cell, float):  # 1985.1 may have been meant as October
        cell = int(cell)
    text = str(cell if cell is not None else "").translate(_FULL_WIDTH).strip()
    if re.fullmatch(r"[1-4]\d{4}", text):  # a day as a spreadsheet counts them
        return f"{date(1899, 12, 30) + timedelta(days=int(text)):%Y%m%d}"
    found = _DAY_IN_WORDS.fullmatch(text)
    return "".join(part.zfill(2) for part in found.groups() if part) if found else ""


def mask(number: str) -> str:
    """Mask (脱敏): the first six and the last four characters of a number."""
    return f"{number[:6]}********{number[-4:]}" if len(number) == 18 else "*" * len(number)


def stands_in(text: str) -> bool:
    """Whether a text, which is to be shown, has a valid ID number in it."""
    return any(problem(found[0]) is None for found in _IN_TEXT.finditer(text))


def masked(text: str) -> str:
    """Mask a text (文字脱敏): every run of 15 or more digits (the last may be X) and every spaced number in it.

    An ID number may stand in any cell of a bad row. Up to 14 digits are left: telephones, accounts, certificates.
    """
    return _IN_TEXT.sub(lambda found: mask(normalise(found[0])), text)
