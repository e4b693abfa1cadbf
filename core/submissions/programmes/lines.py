"""Lines of a plan table (附件2, 各项计划): how offices write them, what is certain in them, what is to be asked.

The words stay as they were filed; beside them stands a value only where there is no doubt about it.
"""

from __future__ import annotations

import calendar
import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from core.ground import resident_id, typed
from core.ground.access import Refused, Role
from core.law.notices import Policy
from core.tables import delimited, reading, sheets, values
from core.tables.declared import Declared
from core.tables.mending import said
from core.tables.problems import Problem
from core.tables.reading import Cells, Listing
from core.trail.files import Upload

WORDS: dict[str, Sequence[str]] = {
    "number": ("序号", "编号"),
    "unit": ("单位", "主办单位", "填报单位", "单位名称", "申报单位", "举办单位", "组织单位"),
    "category": ("单位类别", "类别"),
    "name": (
        "项目名称",
        "班次名称",
        "项目（班次）名称",
        "项目班次名称",
        "培训项目名称",
        "培训班名称",
        "培训名称",
        "培训项目",
        "培训班次",
        "培训班",
        "班次（项目）名称",
        "班次项目名称",
        "培训班次名称",
        "办班名称",
        "班级名称",
        "班名",
        "项目",
        "班次",
    ),
    "area": ("重点领域", "领域", "培训领域", "所属领域", "专业领域"),
    "target": ("培训对象", "对象", "参训人员范围", "培训人员范围", "参训对象", "参训人员"),
    "content": ("培训内容", "内容", "主要内容", "培训主要内容", "课程内容"),
    "mode": ("培训方式", "方式", "培训形式", "形式", "办班形式"),
    "people": ("计划人数", "人数", "培训人数", "拟培训人数", "参训人数", "计划培训人数", "培训规模", "规模"),
    "when": ("起止时间", "举办时间", "培训时间", "培训起止时间", "起止日期", "培训日期", "计划时间", "实施时间"),
    "start": ("培训时间（起）", "培训时间起", "开始时间", "开始日期", "起始时间", "起始日期", "起"),
    "end": ("培训时间（止）", "培训时间止", "结束时间", "结束日期", "终止时间", "截止时间", "止"),
    "place": ("培训地点", "举办地点", "地点", "办班地点"),
    "days": ("天数", "培训天数", "培训时长", "期限"),
    "hours": ("学时", "课时", "培训学时", "学时数"),
    "organizer": ("承办单位", "施教机构", "培训机构", "承办机构", "实施机构", "承训单位", "培训单位"),
    "contact": ("联系人", "负责人", "项目联系人"),
    "phone": ("联系电话", "电话", "联系方式", "手机"),
    "note": ("备注",),
}
"""Columns of 附件2 with the words they go by, the standard heading first; to be corrected here when its form comes."""
HEADINGS = {name: words[0] for name, words in WORDS.items() if name != "when"}
"""The standard headings, in 附件2's order. Days written in one column stand under the first of the two."""
FILLED = [name for name in HEADINGS if name not in ("number", "category")]
"""What is filled in of a line; its number and the kind of office follow from the table."""
MODES = ("线上", "线下", "线上+线下")
OTHER = "其他"
LONGEST, LONGEST_NAME, MOST_PEOPLE, MOST = 500, 200, 100_000, 1000
"""Characters of a cell and of a name; people of a line; lines of a table."""
AREAS = "新一代信息技术、新能源、乡村振兴、其他"

_LATER = re.compile(r"(暂|尚|还)?(未|待)(定|确定|通知)?|另行通知|若干")
_PEOPLE = re.compile(
    r"(约|大约|预计|拟|计划|不超过|不少于|至少|最多|每期)?(\d{1,9}|\d{1,3}(?:,\d{3})+)(余|多)?(人次|人|名|位)?(左右|以上|以内|以下)?"
)
_TIMES = re.compile(r"\d")
_EACH_OR_SUM = "（合并的单元格）"
"""Set beside a number that stood in a cell merged over several lines, until somebody says what it is."""


def says(cells: Cells) -> bool:
    """Whether a row says enough to be a line of a plan table, whatever its name looks like."""
    told = {name for name, cell in cells.items() if not values.is_nothing(cell)}
    facts = told & {"area", "target", "content", "mode", "people", "when", "start", "place", "organizer"}
    return len(facts) > (0 if "name" in told else 2)


LISTING = Listing(
    "计划表",
    WORDS,
    ("name", "people"),
    identity=("name",),
    several=True,
    sums=("people",),
    loose=("number", "phone", "note", "unit", "category"),
    says=says,
    code="plan_table",
    senders=(Role.BASE_CLERK,),
)


class Line(NamedTuple):
    """One line as it was filed, and what is certain in it (确定的值)."""

    said: dict[str, str]
    """Its cells in words, by column; none for what is left empty."""
    name: str
    area: str
    """One of the notice's key fields, 其他 for another; "" where none is written."""
    people: int | None
    start_on: date | None
    end_on: date | None
    hours: Decimal | None


@dataclass(frozen=True)
class Asks:
    """What a year's notice asks of the lines."""

    year: int
    areas: tuple[str, ...]


def asks(policy: Policy, year: int) -> Asks:
    """What the notice in force asks of the lines of a year: its key fields (重点领域)."""
    listed = str(policy.setting("capability_fields", AREAS))
    return Asks(year, tuple(filter(None, map(str.strip, listed.split("、")))))


def template(policy: Policy, year: int) -> bytes:
    """An empty plan table (空白计划表, 附件2), with drop-downs of the notice's key fields and of how it is taught."""
    areas = asks(policy, year).areas
    choices = {"area": (*areas, *(() if OTHER in areas else (OTHER,))), "mode": MODES}
    notes = {"people": "只写数字，如60", "start": "如2026-03-01", "end": "如2026-03-05", "hours": "每人学时，只写数字"}
    return sheets.marked(HEADINGS, [], [], title="培养培训计划表", choices=choices, notes=notes)


def table(asked: Asks) -> Declared[Line]:
    """The plan table (计划表) as it is declared for a year."""
    return Declared(
        LISTING,
        partial(_line, asked),
        values=dict.fromkeys(WORDS, said),
        checks=(partial(_problems, asked),),
    )


def read(upload: Upload, asked: Asks, chosen: Mapping[str, str]) -> tuple[list[dict[str, str]], list[str]]:
    """Read a file (读入计划表): the lines in its order, in words, and the account of what was not read.

    A row with a fault is a line all the same, to be put right on the screen. Refused codes: "file", "headings".
    """
    found = table(asked).read(upload.content, upload.filename, chosen=chosen)
    rows = {number: dict(line.said) for number, line in found.lines}
    for number, cells in found.faulty.items():
        rows[number] = _written({name: said(cell) for name, cell in cells.items()})
    if len(rows) > MOST:
        raise Refused("file", f"计划表有{len(rows)}项，超过{MOST}项，请核对是否选错了文件。")
    for each in found.problems:
        if each.code == "sum-merged" and each.row in rows:
            rows[each.row]["people"] = f"{each.value}{_EACH_OR_SUM}"
    told = [each for each in found.problems if not any(each.code.startswith(code) for code in (*_OWN, "sum-merged"))]
    account = [f"第{each.row}行：{each.words}" if each.row else each.words for each in told if each.code != "row-left"]
    # On the screen a line has its number in the table (第1项): what is said of the file is of the rows of the file.
    account = [f"表中{words}" if words.startswith("第") else words for words in (*found.account, *account)]
    return [rows[number] for number in sorted(rows)], account


def pasted(text: str, chosen: Mapping[str, str]) -> Upload:
    """Rows copied out of a spreadsheet (粘贴) as a file; without headings they have 附件2's own, in its order."""
    if not typed.text(text):
        raise Refused("file", "没有粘贴内容。请在WPS或Excel中选中各行，复制后粘贴到这里。")
    words = LISTING.vocabulary(chosen)
    rows = delimited.rows_of(text.strip("\r\n"), lambda rows: reading.has_headings(rows, words), "\t")
    if not reading.has_headings(rows, words):
        rows.insert(0, list(HEADINGS.values()))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter="\t", lineterminator="\n").writerows(rows)
    return Upload("粘贴的计划表.csv", written.getvalue().encode("utf-8-sig"))


# --- what is certain ------------------------------------------------------------------------------------------------


def _written(cells: Mapping[str, str]) -> dict[str, str]:
    """Cells as they are kept: what is empty left out, days of one column under the first of the two."""
    kept = {name: text for name, text in cells.items() if text and name in WORDS}
    when = kept.pop("when", "")
    if when and not kept.get("start"):
        kept["start"] = when
    return {name: kept[name] for name in FILLED if name in kept}


def line(asked: Asks, cells: Mapping[str, str]) -> Line:
    """A line out of its cells as they stand."""
    return _line(asked, **cells)


def _line(asked: Asks, **cells: str) -> Line:
    told = _written(cells)
    start_on, end_on, _ = period(told.get("start", ""), told.get("end", ""), asked.year)
    number, _ = people(told.get("people", ""))
    try:
        hours = values.hours(told.get("hours", ""))
    except values.Unclear:
        hours = None
    area = _area(told.get("area", ""), asked.areas)[0]
    return Line(told, told.get("name", "")[:LONGEST_NAME], area[:60], number, start_on, end_on, hours)


def people(cell: str) -> tuple[int | None, str]:
    """A number of people (计划人数) and what makes it doubtful: 约100人 is 100, 100-120人 and 待定 are no number.

    Doubts: "" none, "about", "several", "later", "none" (nothing there), "form" (no number), "merged", "range".
    """
    text = typed.plain(cell)
    if values.is_nothing(cell):
        return None, "none"
    if text.endswith(typed.plain(_EACH_OR_SUM)):
        return None, "merged"
    if _LATER.fullmatch(text.removesuffix("人")):
        return None, "later"
    if found := _PEOPLE.fullmatch(text):
        number = int(found[2].replace(",", ""))
        if not 1 <= number <= MOST_PEOPLE:
            return None, "range"
        return (
            (None, "several") if found[1] == "每期" else (number, "about" if found[1] or found[3] or found[5] else "")
        )
    return None, "several" if _TIMES.search(text) else "form"


_JOIN = r"(?:至|到|—+|–|―|~|-)"
_DAY = r"(?:(\d{4})(?:年|[-./]))?(\d{1,2})(?:月|[-./])(\d{1,2})[日号]?"
_SPAN = re.compile(_DAY + _JOIN + r"(?:(?:(\d{4})(?:年|[-./]))?(\d{1,2})(?:月|[-./]))?(\d{1,2})[日号]?")
_ONE = re.compile(_DAY)
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?:年|[-./]|$)")
_MONTH = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(?:份|([上中下])旬)?")
_MONTHS = re.compile(rf"(?:(\d{{4}})年)?(\d{{1,2}}){_JOIN}(\d{{1,2}})月份?")
_PART = re.compile(r"(?:(\d{4})年度?)?(?:第?([一二三四1-4])季度|([上下])半年)")


_NUMERAL = re.compile(r"(?<!十)(十[一二]?|[一二三四五六七八九])(?=月)")
_COUNTED = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


def _in_digits(cell: str) -> str:
    """What is written, plain, its months in digits: 十二月 is 12月."""
    return _NUMERAL.sub(lambda found: str(_COUNTED.index(found[1]) + 1), typed.plain(cell))


def is_in_days(start: str) -> bool:
    """Whether the days of a training are written as such, and not as a month, a quarter (几月、几季度)."""
    text = _in_digits(start)
    return bool(_SPAN.fullmatch(text) or _ONE.fullmatch(text))


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    """From the first day of a month to the last of another. `ValueError`: there is no such month."""
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def _stretch(text: str, year: int) -> tuple[date, date] | None:
    """First and last day of what is written in words (一段时间): 5月10日, 5月, 5月中旬, 3-4月, 二季度, 上半年.

    `ValueError` where there is no such day or month.
    """
    if found := _ONE.fullmatch(text):
        day = date(int(found[1] or year), int(found[2]), int(found[3]))
        return day, day
    if found := _MONTH.fullmatch(text):
        first, last = _months(int(found[1] or year), int(found[2]), int(found[2]))
        if found[3]:
            third = "上中下".index(found[3])
            return first.replace(day=1 + 10 * third), last if third == 2 else first.replace(day=10 + 10 * third)
        return first, last
    if found := _MONTHS.fullmatch(text):
        return _months(int(found[1] or year), int(found[2]), int(found[3]))
    if found := _PART.fullmatch(text):
        whole = 3 if found[2] else 6
        which = ("一二三四".find(found[2]) + 1 or int(found[2])) if found[2] else "上下".index(found[3]) + 1
        return _months(int(found[1] or year), whole * (which - 1) + 1, whole * which)
    parts = re.split(_JOIN, text)
    if len(parts) == 2 and all(parts):
        one = _stretch(parts[0], year)
        two = one and _stretch(parts[1], one[0].year)
        return (one[0], two[1]) if one and two else None
    return None


def period(start: str, end: str, year: int) -> tuple[date | None, date | None, str]:
    """The days of a training (培训时间) where they are certain, and what is odd about them.

    5月10日-15日 are two days, 5月 and 二季度 their first and their last. Odd: "", "later" (待定), "none" (nothing
    there), "words" (no days can be made out), "year" (another year's), "order" (ends before it begins), "day" (there is
    no such day).
    """
    first, last = _in_digits(start), _in_digits(end)
    one: date | None
    two: date | None
    if values.is_nothing(start) and values.is_nothing(end):
        return None, None, "none"
    if _LATER.fullmatch(first):
        return None, None, "later"
    try:
        if not last and (found := _SPAN.fullmatch(first)):
            y, m, d, y2, m2, d2 = found.groups()
            one = date(int(y or year), int(m), int(d))
            two = date(int(y2 or one.year), int(m2 or m), int(d2))
        else:
            begins, ends = (_stretch(text, year) for text in (first, last))
            one, two = begins and begins[0], ends and ends[1]
            if begins and not last and not _ONE.fullmatch(first):
                two = begins[1]
    except ValueError:
        return None, None, "day"
    named = {int(found) for found in _YEAR.findall(f"{first} {last}")} | {each.year for each in (one, two) if each}
    if named and year not in named:
        return None, None, "year"
    if one and two and two < one:
        return None, None, "order"
    return one, two, "" if one or two else "words"


_NAMED = re.compile(r"\d{1,2}月(?:份|[上中下]旬)?|第?[一二三四1-4]季度|[上下]半年")


def named_by(said: str, year: int) -> date | None:
    """The latest day that words name which are no days themselves (3月、9月；12月底前); None where they name none.

    `said`: the cells as they were filed, JSON by column. What a month, a quarter, a half is, `period` knows.
    """
    cells = json.loads(said or "{}")
    text = _in_digits(f"{cells.get('start', '')} {cells.get('end', '')}")
    ends = [date(year, 12, 31)] if "年底" in text or "年末" in text else []
    for words in _NAMED.findall(text):
        with suppress(ValueError):  # there is no such month
            found = _stretch(words, year)
            ends += [found[1]] if found else []
    return max(ends, default=None)


def _area(cell: str, areas: Sequence[str]) -> tuple[str, bool]:
    """The key field (重点领域) a cell means, and whether that is plain: the one it names; 其他 for anything else."""
    text = typed.plain(cell)
    if not text:
        return "", True
    found, rest = [], text
    for area in sorted(areas, key=len, reverse=True):
        if (word := typed.plain(area)) in rest:
            found.append(area)
            rest = rest.replace(word, "")
    plain = len(found) == 1
    return (found[0] if plain else OTHER), plain


# --- what is to be asked --------------------------------------------------------------------------------------------

_OWN = ("name-", "people-", "when-", "area-", "mode-", "cell-")
"""How the codes of this table's own problems begin."""
Told = Callable[[str, str, str], Problem]


def _problems(asked: Asks, rows: Sequence[tuple[int, Line]]) -> Iterator[Problem]:
    """What has to be put right, and what is worth a look, in each line and among them."""
    names: dict[str, int] = {}
    for number, each in rows:
        yield from _cells(number, each)
        yield from _people(number, each)
        yield from _when(number, each, asked)
        yield from _named(number, each, asked)
        name = typed.plain(each.name) + typed.plain(each.said.get("start", ""))
        if each.name and name in names:
            words = f"与第{names[name]}项的名称和时间相同，请核对是否重复"
            yield Problem(number, "name", "name-twice", each.name, words, blocking=False)
        names.setdefault(name, number)


def _cells(number: int, each: Line) -> Iterator[Problem]:
    if not each.said.get("name"):
        yield Problem(number, "name", "name-missing", "", "项目名称为空，请补填")
    for column, text in each.said.items():
        most = LONGEST_NAME if column == "name" else LONGEST
        if len(text) > most:
            words = f"{HEADINGS[column]}不超过{most}个字，现为{len(text)}个字，请改短"
            yield Problem(number, column, "cell-long", f"{text[:20]}…", words)
        if text in reading.SAME:
            words = f"{HEADINGS[column]}写的是“{text}”，不知道同哪一项，请写明"
            yield Problem(number, column, "cell-same", text, words)
        if resident_id.masked(text) != text:
            words = "计划表不填身份证号，请删去"
            yield Problem(number, column, "cell-number", resident_id.masked(text)[:40], words)


def _people(number: int, each: Line) -> Iterator[Problem]:
    text = each.said.get("people", "")
    found, doubt = people(text)
    hints = {
        "about": f"“{text}”按{found}人汇总，请核对",
        "several": f"“{text}”不是一个确定的数，汇总时不计，请改为总人数",
        "later": f"计划人数“{text}”，汇总时不计，确定后请改为数字",
    }
    faults = {
        "none": "计划人数为空，请补填；还没有定的请填“待定”",
        "form": "计划人数请填数字，如50；还没有定的请填“待定”",
        "range": f"计划人数应为1至{MOST_PEOPLE}，请核对",
    }
    if doubt in hints:
        yield Problem(number, "people", f"people-{doubt}", text, hints[doubt], blocking=False)
    elif doubt in faults:
        yield Problem(number, "people", f"people-{doubt}", text, faults[doubt])
    elif doubt == "merged":
        value = text.removesuffix(_EACH_OR_SUM)
        words = f"{value}是合并的单元格，分不清是每项的还是几项合计的，请逐项填写"
        yield Problem(number, "people", "people-merged", value, words, True, f"每项都是{value}", {"people": value})


def _when(number: int, each: Line, asked: Asks) -> Iterator[Problem]:
    start, end = each.said.get("start", ""), each.said.get("end", "")
    odd, text = period(start, end, asked.year)[2], "至".join(filter(None, (start, end)))
    hints = {
        "later": f"培训时间“{start}”，确定后请写明",
        "none": "没有写培训时间，确定后请写明",
        "words": f"培训时间“{text[:30]}”看不出起止日期，汇总表照原样写，确定后请写明",
    }
    faults = {
        "year": f"培训时间不在{asked.year}年，请核对是否选错了年度或文件",
        "order": "结束时间早于开始时间，请核对",
        "day": "没有这一天，请核对月和日",
    }
    if odd in hints:
        yield Problem(number, "start", f"when-{odd}", text, hints[odd], blocking=False)
    elif odd in faults:
        yield Problem(number, "start", f"when-{odd}", text, faults[odd])


def _named(number: int, each: Line, asked: Asks) -> Iterator[Problem]:
    """Key field and mode, which are one of a few words."""
    area, plain = each.said.get("area", ""), _area(each.said.get("area", ""), asked.areas)[1]
    if not area:
        yield Problem(number, "area", "area-none", "", "没有写重点领域，汇总时不分领域", blocking=False)
    elif not plain:
        words = f"“{area[:20]}”不是列出的一个重点领域，按“{OTHER}”汇总"
        yield Problem(number, "area", "area-other", area, words, blocking=False)
    mode = typed.plain(each.said.get("mode", "")).replace("、", "+").replace("和", "+").replace("/", "+")
    if mode and not any(word in mode for word in ("线上", "线下", "网络", "面授", "集中", "混合", "远程", "脱产")):
        words = f"培训方式请写明{'、'.join(MODES)}中的一种"
        yield Problem(number, "mode", "mode-form", mode, words, blocking=False)


def checked(asked: Asks, rows: Iterable[tuple[int, Mapping[str, str]]]) -> list[Problem]:
    """What is wrong with the lines of a table as they stand, and what is worth a look (检查)."""
    return table(asked).check(rows)[1]
