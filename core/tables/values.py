"""What a cell means (单元格的值): a day, a year, a number of years, hours, one of a few words, yes or no.

One function a kind, for every table that people send in and every field they type. Each answers None (or what its line
says) where nothing is written, and raises `Unclear` with words that say how to mend what it cannot read. None guesses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from core.ground import resident_id, typed

DAY_ZERO = date(1899, 12, 30)
"""From which a spreadsheet counts its days."""
DIGITS = 15
"""That a spreadsheet keeps of a number."""
NOTHING = ("", "-", "—", "——", "–", "/", "\\", "无")
"""What stands in a cell that says nothing."""
NO = (*NOTHING, "否", "×", "✕", "✗", "✘", "x", "0", "n", "no", "false", "不是", "没有", "不属于")
YES = ("是", "有", "√", "✓", "✔", "☑", "1", "y", "yes", "true", "对", "属实")


class Unclear(Exception):
    """A cell that cannot be understood; the words say how to mend it, the code what kind of fault it is."""

    def __init__(self, words: str, code: str = "form") -> None:
        super().__init__(words)
        self.code = code


def _bare(cell: object) -> str:
    """A short word or number without the signs that make a spreadsheet keep it as text."""
    return typed.plain(cell).strip("'’‘`\"“”")


def is_nothing(cell: object) -> bool:
    """Whether a cell says nothing (空白): empty, a dash, a stroke, 无."""
    return _bare(cell) in NOTHING


# --- days and years -------------------------------------------------------------------------------------------------

_SERIAL = re.compile(r"([1-7]\d{4})(?:\.\d+)?")
_DAY = re.compile(
    r"(\d{4}) ?[-/.年‐-―] ?(\d{1,2}) ?[-/.月‐-―] ?(\d{1,2}) ?[日号.]?"
    r"(?: ?[(]?(?:星期|周|礼拜)[一二三四五六日天][)]?)?"
    r"(?:(?:(?<=[日号]) ?| |T)(?:[上下]午|[AP]M )? ?\d{1,2}[:时点] ?(?:\d{1,2}[:分]? ?(?:\d{1,2}(?:[.,]\d+)?秒?)?)?"
    r"(?: ?[AP]M)?(?: ?(?:Z|(?:UTC|GMT)?[-+]\d\d:?(?:\d\d)?))?)?",
    re.IGNORECASE,
)
_MONTH = re.compile(r"(\d{4}) ?[-/.年‐-―] ?(\d{1,2}) ?(?:月份?|[-/.])?")
_YEAR = re.compile(r"(\d{4})(?:\.0+)?(?:学年度?|年度?)?")


def written_day(cell: object) -> tuple[int, ...]:
    """A day as far as a cell says it (日期): year; month; day of the month. () where it says none.

    A date cell, a spreadsheet's number of days, or text; a time of day and a zone are passed over, and the day stands
    as it was written.
    """
    if isinstance(cell, date):
        return cell.year, cell.month, cell.day
    said = typed.narrow(cell).strip("'’‘`\"“”")
    if found := _SERIAL.fullmatch(said):
        day = DAY_ZERO + timedelta(days=int(found[1]))
        return day.year, day.month, day.day
    if found := re.fullmatch(r"(\d{4})(\d\d)(\d\d)?(?:\.0+)?", said):
        return tuple(int(part) for part in found.groups() if part)
    if isinstance(cell, float) and cell != int(cell):  # 2024.1 may have been meant as October
        said = said.split(".")[0] if said.endswith(".1") else said
    for form in (_DAY, _YEAR, _MONTH):
        if found := form.fullmatch(said):
            return tuple(map(int, found.groups()))
    return ()


def day(cell: object, *, whole: bool = True) -> date | None:
    """A day (日期); None where nothing is written. Not `whole`: what is left out of month and day is the first."""
    if is_nothing(cell):
        return None
    said = written_day(cell)
    how = "请写成2024-06-28" if whole else "请写成2024-06-28、2024年6月或2024"
    if not said or (whole and len(said) < 3):
        raise Unclear(f"不是完整的日期，{how}")
    if isinstance(cell, float) and cell != int(cell) and len(said) == 1:
        raise Unclear(f"看不出是1月还是10月，{how}")
    try:
        found = date(*said, *(1,) * (3 - len(said)))
    except ValueError as error:
        raise Unclear(f"没有这一天，{how}") from error
    if not 1900 <= found.year <= 2100:
        raise Unclear(f"年份不对，{how}")
    return found


def year(cell: object, *, dated: bool = False) -> int | None:
    """A year (年度) of four digits; None where nothing is written. `dated`: a date cell is its year."""
    if is_nothing(cell):
        return None
    if isinstance(cell, date) and dated:
        return cell.year
    found = None if isinstance(cell, date) else _YEAR.fullmatch(_bare(cell))
    if not found or found[1][:2] not in ("19", "20"):
        raise Unclear("请填写四位年份，如2024")
    return int(found[1])


_NUMERALS = {word: at for at, word in enumerate("零一二三四五六七八九十")} | {"两": 2, "〇": 0}


def count(cell: object) -> int | None:
    """A number of years (年数): 3, 3.0, 3年, 三年; None where nothing is written."""
    if is_nothing(cell):
        return None
    said = re.sub(r"(个?学?年度?|周年)$", "", _bare(cell))
    if found := re.fullmatch(r"(\d{1,2})(?:\.0+)?", said):
        number = int(found[1])
    elif found := re.fullmatch(r"([一二两三四])?(十)?([一二两三四五六七八九])?", said):
        tens, ten, ones = (_NUMERALS.get(part or "", 0) for part in found.groups())
        number = (tens or 1) * ten + ones if ten else tens or ones
        if tens and ones and not ten:
            number = 0
    else:
        number = 0
    if not 1 <= number <= 40:
        raise Unclear("请填写年数，1至40的整数，如3")
    return number


# --- hours ----------------------------------------------------------------------------------------------------------


def hours(cell: object) -> Decimal | None:
    """Hours (学时) as they are written, with or without their unit; None where nothing is written.

    To the half hour, as a spreadsheet shows it and not as it keeps it; how many there may be the caller knows.
    """
    said = re.sub(r"(?<=[\d.])(个?学时|个?小时|h)$", "", _bare(cell), flags=re.IGNORECASE)
    if said in (*NOTHING, "学时", "小时"):
        return None
    if not re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", said):
        raise Unclear("学时请填数字，如24或7.5")
    value = Decimal(said)
    if len(said) > DIGITS:
        value = Decimal(f"{value:.{DIGITS}g}").normalize()
    if abs(value) < 10**DIGITS and value * 2 % 1:
        raise Unclear("学时以0.5为最小单位，请改为整数或.5", "half")
    return value


def people(cell: object) -> int | None:
    """A number of people (人数) as it is written: 15, 15人, 1,500; None where nothing is written."""
    said = re.sub(r"(?<=\d)(?:个|名|位)?人?$", "", _bare(cell))
    if said in (*NOTHING, "人"):
        return None
    if not re.fullmatch(r"\d{1,9}|\d{1,3}(,\d{3}){1,2}", said):
        raise Unclear("人数请填整数，如50")
    return int(said.replace(",", ""))


def yuan(cell: object) -> int | None:
    """An amount of money (金额) in whole yuan: 120000, 120,000元, 12万元; None where nothing is written."""
    said = re.sub(r"(?<=[\d万])元?(整)?$", "", _bare(cell))
    if said in (*NOTHING, "元"):
        return None
    found = re.fullmatch(r"(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d{1,6})?(万)?", said)
    amount = (
        Decimal(found[1].replace(",", "") + (found[2] or "")) * (10_000 if found[3] else 1) if found else Decimal("0.5")
    )
    if amount % 1:
        raise Unclear("金额请填整元，如120000或12万元")
    return int(amount)


def meant(cell: object, read: Callable[[object], object]) -> tuple[str, str]:
    """What a cell would say with its letters read as digits (字母误作数字), and that as a proposal, in words.

    `read` is one of these functions. A letter O for 0, l or I for 1: only to be proposed; "" where nothing comes of it.
    """
    right, slips = typed.as_digits(_bare(cell))
    try:
        return (right, f"改为“{right}”：{slips}") if slips and read(right) is not None else ("", "")
    except Unclear:
        return "", ""


# --- words ----------------------------------------------------------------------------------------------------------


def word(cell: object, words: Sequence[str], synonyms: Mapping[str, str] | None = None) -> str:
    """One of a few words (选项), or one that offices write for it; their spaces and width do not matter."""
    said = _bare(cell).casefold()
    for meant in words:
        if said == typed.plain(meant).casefold():
            return meant
    meant = (synonyms or {}).get(said, "")
    if meant in words and meant:
        return meant
    raise Unclear(f"请填“{'”“'.join(words)}”之一")


def id_number(cell: object) -> str:
    """An ID number (身份证号), normalised; `Unclear` with the code of `resident_id.problem`."""
    if code := resident_id.problem(cell):
        raise Unclear(resident_id.words(code, cell), code)
    return resident_id.normalise(cell)


def yes_no(cell: object) -> bool:
    """Yes or no (是否); what says nothing is no."""
    said = _bare(cell).casefold()
    if said in NO:
        return False
    if said not in YES:
        raise Unclear("请填“是”或“否”，空白表示否")
    return True


def sex(cell: object) -> str:
    """男 or 女 (性别); "" where nothing is written."""
    said = typed.plain(cell)
    if said not in ("男", "女", ""):
        raise Unclear("性别请填“男”或“女”")
    return said


def contradictions(number: str, cells: Mapping[str, object]) -> dict[str, str]:
    """Contradictions (与号码不符) between a valid ID number and the columns of `resident_id.SAID_AGAIN`: how to mend.

    By column. A cell that says nothing clearly contradicts nothing.
    """
    found = {}
    said = typed.plain(cells.get("sex")).removesuffix("性")
    if {said, resident_id.sex(number)} == {"男", "女"}:
        found["sex"] = f"身份证号第17位表示{resident_id.sex(number)}，请核对性别或号码"
    written = written_day(cells.get("birth_on"))
    if written != written_day(resident_id.birth_on(number))[: len(written)]:
        found["birth_on"] = "与身份证号第7至14位的出生日期不同，请核对出生日期或号码"
    return found
