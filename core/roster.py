"""Rosters (培训花名册, 附件1): any file an office sends in, checked rows and every problem out. Saves nothing."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
import xlsxwriter
from sqlalchemy.orm import Session

from core import db, persons, registry, resident_id, sheets, workbooks
from core.access import Refused
from core.files import Upload
from core.models import HOURS_TAKEN_BACK, Person, Report, RosterRow, State
from core.policy import Subject

COLUMNS = {
    "number": ("序号", "编号", "No"),
    "name": ("姓名", "学员姓名", "名字", "参训人员姓名"),
    "sex": ("性别",),
    "id_number": (
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
    ),
    "employer": ("工作单位", "单位", "单位名称", "所在单位", "所在单位名称", "工作单位名称", "现工作单位"),
    "title": ("专业技术职务", "职称", "专业技术职称", "现专业技术职务", "专业技术资格"),
    "specialty": ("从事专业", "专业", "现从事专业", "专业名称"),
    "public_hours": ("公需学时", "公需科目学时", "公需科目", "公需课学时", "公需课"),
    "professional_hours": ("专业学时", "专业科目学时", "专业科目", "专业课学时", "专业课"),
    "assessment": ("考核结果", "考核", "考试结果", "考核成绩", "考试成绩", "考核情况", "成绩", "是否合格"),
    "phone": ("联系电话", "电话", "手机", "手机号", "手机号码", "联系方式"),
    "note": ("备注", "说明"),
    "credit_year": ("学时年度", "年度", "补学年度"),
}
"""Each column with its heading first and then the synonyms offices write."""

HEADINGS = {name: words[0] for name, words in COLUMNS.items()}
REQUIRED = ("name", "id_number")

ORIGIN = "原行号"
"""The heading under which a file of open rows names the row each of them had in the roster."""
CODE = "校对码"
"""The heading under which each row of such a file says which roster it was taken from, and after which repair."""

Cells = dict[str, str | int | float]
"""A row as it was read, by column, in the file's order. A number stays one: it tells a ruined ID number."""

LOOK_ALIKES = (
    "己已巳 末未 士土 日曰 晴睛 戊戌戍 毫亳 洲州 茶荼 候侯 祟崇 天夭 千干于 王玉 今令 免兔 冶治 嬴羸赢 徒徙 "
    "钧钓 晓哓 祎袆 祺褀 玟玫 伟玮炜纬 俊峻骏竣 杰洁 静靖 琳林 婷亭 海诲 敏闽 悦阅 莉利丽俪 峰锋烽 辉晖 杨扬 "
    "陈阵 莹萤 奕弈 薇微 肖萧 付傅 阎闫 戴代 邱丘 娜哪 萨薩 图囹 乌鸟 布希 其具 木本 那邦"
).split()
"""Characters that are mistaken for one another in names, by their look or their sound, group by group."""
_FOLDED = str.maketrans({letter: group[0] for group in reversed(LOOK_ALIKES) for letter in group} | {"·": ""})

PASSED = ("合格", "优秀", "良好", "及格", "通过", "中等", "是")
FAILED = ("不合格", "不及格", "未通过", "缺考", "未考核", "否")


@dataclass(frozen=True)
class Problem:
    """One thing wrong: the spreadsheet row (0: all of it), heading, code, value as written, how to mend it."""

    row: int
    heading: str
    code: str
    value: str
    words: str
    blocking: bool = True
    offer: str = ""
    """What the program proposes, in words that give nothing away."""
    mend: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The cells that accepting the offer sets, by column; `STRIKE` leaves the row out. May hold an ID number."""


STRIKE = "row"
LEAVE_OUT = "删去此行"
"""What is offered where accepting it leaves the row out."""
SURVIVING = 15
"""Digits of an ID number that a spreadsheet keeps."""


@dataclass(slots=True)
class Row:
    """One person of a roster, as read. Hours are Decimal, 0 where they could not be read."""

    row: int
    name: str
    sex: str
    id_number: str
    employer: str
    title: str
    specialty: str
    public_hours: Decimal
    professional_hours: Decimal
    assessment: str
    phone: str
    note: str
    credit_year: int | None
    """学时年度, clause 七(二); None where it is left to the plan."""
    cells: Cells = field(default_factory=dict, compare=False, repr=False)

    @property
    def passed(self) -> bool:
        return self.assessment in PASSED


@dataclass(frozen=True)
class Limits:
    """What a training's plan and dates allow. Hours for one person; `days` from first to last, both included."""

    subject: Subject
    hours_each: Decimal
    headcount: int
    days: int
    hours_per_day: Decimal
    today: date
    credit_years: tuple[int, ...] = ()
    """学时年度 the plan offers; none: any."""
    usual_year: int | None = None
    """The one that counts where a row names none."""


@dataclass
class Preview:
    """A roster ready to be looked at: its rows and everything that is wrong with them."""

    sheet: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    indexes: dict[int, bytes] = field(default_factory=dict)
    """By which blind index the person of a row was looked for among those on file."""

    @property
    def faulty_rows(self) -> set[int]:
        return {problem.row for problem in self.problems if problem.blocking}

    @property
    def good_rows(self) -> list[Row]:
        faulty = self.faulty_rows
        return [row for row in self.rows if row.row not in faulty]


# --- reading --------------------------------------------------------------------------------------------------------


@db.in_bulk()
def read(
    content: bytes,
    filename: str,
    *,
    limits: Limits | None = None,
    known: Session | None = None,
    today: date | None = None,
) -> Preview:
    """Read and check a roster. With `limits` also against its plan, with `known` (a session) against people on file.

    Files as offices have them: .xlsx, .xls, .et by content, .csv in UTF-8 or GB 18030; title rows above the headings,
    signatures below, merged cells, empty rows, hidden sheets. Refused codes: "file" (unreadable, empty, too large, a
    decompression bomb), "headings" (no 姓名 and 身份证号 in one row, no hours, no results).
    """
    table = _table(content, filename)
    preview = check(_plain_rows(table.rows), limits=limits, known=known, today=today, sheet=table.sheet)
    for word in table.unread:
        words = f"“{word[:20]}”列没有识别，没有读入；如是花名册的一列，请把表头改为标准名称后再上传"
        preview.problems.insert(0, Problem(0, word[:20], "heading-unknown", "", words, blocking=False))
    return preview


@db.in_bulk()
def rows_in(content: bytes, filename: str) -> list[tuple[int, Cells]]:
    """The rows of a file below its headings, unchecked, with the numbers their user sees; `origin` and `code` where it
    says so.

    Refused codes: "file", "headings".
    """
    return _plain_rows(_table(content, filename).rows)


_HOURS_OF_THE_PLAN = {"hours": ("学时", "学时数", "培训学时", "获得学时", "获得学时数", "总学时", "合计学时")}
"""Hours that do not say of what: of the plan's subject, where neither of the other two columns is there."""


def _table(content: bytes, filename: str) -> sheets.Table:
    """The table of a roster. Hours or results that have no column are asked for once, not in each row."""
    own = {"origin": (ORIGIN,), "code": (CODE,)} | _HOURS_OF_THE_PLAN
    table = sheets.read(content, filename, COLUMNS, REQUIRED, own=own)
    subjects = table.columns & {"public_hours", "professional_hours"}
    lacking = [] if subjects or "hours" in table.columns else ["“公需学时”或“专业学时”"]
    lacking += [] if "assessment" in table.columns else ["“考核结果”"]
    if lacking and any(cells.get(column) for _, cells in table.rows for column in REQUIRED):
        written = "、".join(f"“{word[:20]}”" for word in table.unread[:5])
        written = f"表头{written}没有识别，如是其中之一，请改成这个名称。" if written else ""
        raise Refused("headings", f"花名册里没有{'和'.join(lacking)}列。{written}请补齐后再上传。")
    if subjects and "hours" in table.columns:  # the sum of the others
        for _, cells in table.rows:
            cells.pop("hours", None)
    return table


def pasted(text: str) -> Upload:
    """Rows copied out of a spreadsheet as the file they stand for; without headings they have 附件1's own.

    Refused codes: "file" (nothing in it, or no row names anybody).
    """
    if not text.strip():
        raise Refused("file", "没有粘贴内容。请在WPS或Excel中选中各行，复制后粘贴到这里。")
    rows = _pasted_cells(text.strip("\r\n").replace("\r\n", "\n"))
    columns = COLUMNS | _HOURS_OF_THE_PLAN
    by_word = {workbooks.heading(word): name for name, words in columns.items() for word in words}
    if workbooks.find_headings([list(cells) for cells in rows], by_word, REQUIRED) is None:
        rows.insert(0, list(HEADINGS.values()))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter="\t", lineterminator="\n").writerows(rows)
    given = Upload("粘贴的花名册.csv", written.getvalue().encode("utf-8-sig"))
    if not any(names_somebody(cells) for _, cells in rows_in(given.content, given.filename)):
        fault = "不像花名册，没有姓名或身份证号"
        if all(len(cells) == 1 for cells in rows[1:]) and resident_id.masked(text) != text:
            fault = "没有分成列，认不出姓名和身份证号"
        words = f"粘贴的内容{fault}，没有添加。请在WPS或Excel中选中各行，整行复制后粘贴。"
        raise Refused("file", words)
    return given


def _pasted_cells(text: str) -> list[list[str]]:
    """The cells of rows copied out of a spreadsheet, which quotes those with a line break in them.

    Where quotation marks do not fit together, or would make one cell of several, they are a clerk's own.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True))
    except csv.Error:
        rows = []
    if rows and not any("\t" in cell for cells in rows for cell in cells):
        return rows
    return [line.split("\t") for line in text.split("\n")]


def is_footing(cells: Mapping[str, object]) -> bool:
    """Whether a row is what stands below a list: no ID number, nor one spoilt, but a sum, a signature or a remark."""
    written, name = sheets.text(cells.get("id_number")), cells.get("name")
    if re.search(r"\d{14}|\d[Ee]\+?\d", written):
        return False
    if sheets.is_footing(cells.get("number")) or sheets.is_footing(name):
        return True
    return sheets.is_footing(written) and not registry.is_name(registry.normalise_name(name))


def names_somebody(cells: Cells) -> bool:
    """Whether a row that is one has a name in its place, or what could be an ID number in any, as a shifted row has."""
    if _read_row(0, cells)[0] is None:
        return False
    texts = {column: sheets.text(cell) for column, cell in cells.items()}
    if registry.is_name(registry.normalise_name(texts.get("name", ""))) or re.search(r"\d", texts.get("id_number", "")):
        return True
    return any(resident_id.masked(text) != text for text in texts.values())


@db.in_bulk()
def check(
    rows: Sequence[tuple[int, Cells]],
    *,
    limits: Limits | None = None,
    known: Session | None = None,
    report: Report | None = None,
    today: date | None = None,
    sheet: str = "",
) -> Preview:
    """Check rows as `rows_in` gave them. With `report` also against the earlier reports of its plan.

    Hours that do not say of what are those of the plan's subject; without `limits`, 专业学时.

    Refused codes: "file" (nobody in it).
    """
    preview = Preview(sheet)
    if any("hours" in cells for _, cells in rows):
        of = "public_hours" if limits and limits.subject is Subject.PUBLIC else "professional_hours"
        rows = [(row, {of if name == "hours" else name: cell for name, cell in cells.items()}) for row, cells in rows]
    tries = 500  # rows looked through for a shift: a file of nothing but faults must not take minutes
    for row, problems in _read_rows(rows):
        if sum(problem.blocking for problem in problems) > 1 and tries:
            tries -= 1
            problems = _shifted(row) or problems
        preview.rows.append(row)
        preview.problems += problems
    if not preview.rows:
        raise Refused("file", "表头下面没有人员，请确认数据在同一张工作表内。")
    _check_ids(preview, limits.today if limits else today, limits)
    _check_twins(preview)
    if limits:
        _check_limits(preview, limits)
    elsewhere: set[bytes] = set()
    if known is not None:
        _check_known(preview, known, limits)
        _check_former(preview, known)
        if report is not None and limits:
            elsewhere = _check_earlier(preview, known, report, limits)
            _find_numbers(preview, known, report)
    if limits:
        _check_headcount(preview, limits, elsewhere)
    moved = {
        problem.row for problem in preview.problems if problem.code == "row-shifted"
    }  # nothing in them is as it is
    preview.problems = [each for each in preview.problems if each.row not in moved or each.code == "row-shifted"]
    order = list(HEADINGS.values())
    preview.problems.sort(key=lambda problem: (problem.row, order.index(problem.heading)))
    return preview


def _plain_rows(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> list[tuple[int, Cells]]:
    """Rows with every cell as `_plain` gives it. They are looked through by column, since most hold nothing else."""
    plain_rows: list[tuple[int, Any]] = list(rows)
    for column, cells in _columns(rows).items():
        if not _are_plain(cells):
            for at, cell in enumerate(cells):
                if (plain := _plain(cell)) is not cell:
                    number, before = plain_rows[at]
                    plain_rows[at] = number, {**before, column: plain}
    return plain_rows


def _columns(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[str, Sequence[Any]]:
    """The cells of rows by column, "" where a row has no such cell."""
    layouts = {tuple(cells) for _, cells in rows}
    names = list(dict.fromkeys(itertools.chain.from_iterable(layouts)))
    if len(layouts) == 1:
        by_row: Iterable[Iterable[Any]] = (cells.values() for _, cells in rows)
    else:
        by_row = ([cells.get(name, "") for name in names] for _, cells in rows)
    return dict(zip(names, zip(*by_row, strict=True), strict=False))


def _are_plain(cells: Sequence[Any]) -> bool:
    """Whether `_plain` would leave all of these cells as they are: tidy texts and numbers of few digits."""
    kinds = set(map(type, cells))
    if not kinds <= {str, float}:
        return False
    numbers = [cell for cell in cells if type(cell) is float] if float in kinds else []
    texts = [cell for cell in cells if type(cell) is str] if numbers else cells
    few_digits = all(map((10.0**SURVIVING).__gt__, map(abs, numbers)))
    return few_digits and sheets.is_tidy("".join(texts))


def _plain(cell: object) -> str | int | float:
    if isinstance(cell, str):
        return sheets.text(cell)
    if isinstance(cell, float) and abs(cell) < 10**SURVIVING:
        return cell
    match cell:
        case bool():
            return str(cell)
        case int() | float() if not abs(cell) < 10**21:  # nor where it is no number at all
            return str(cell)
        case int() | float() if abs(cell) >= 10**SURVIVING:
            return int(Decimal(f"{cell:.{SURVIVING}g}"))  # as its user sees it, not the nearest double
        case int() | float():
            return cell
        case datetime() | date():
            return f"{cell:%Y-%m-%d}"
    return sheets.text(cell)


_FEW_WORDS = ("sex", "public_hours", "professional_hours", "assessment", "credit_year")
"""Columns in which the rows of a roster say one of a few things."""
_TEXTS = ("employer", "title", "specialty", "phone", "note")
"""Columns that are kept as they are, as far as there is room."""
_SHOWN = _TEXTS[:3]
"""Those of them that become part of a person's record."""


def _read_rows(rows: Sequence[tuple[int, Cells]]) -> Iterator[tuple[Row, list[Problem]]]:
    """Every row with what is wrong with it by itself, without those that are none.

    One whose name and number are in order, and whose employer is given, has as little wrong with it as any other that
    says the same in the columns of few words: so it is read after such a one, and only the others from the beginning.
    """
    columns = dict.fromkeys(COLUMNS, [""] * len(rows)) | _columns(rows)
    number_text = functools.cache(sheets.text)
    said = {
        name: [cell if type(cell) is str else number_text(cell) for cell in columns[name]]
        for name in ("name", *_FEW_WORDS, *_TEXTS)
    }
    texts = zip(*(said[column] for column in _TEXTS), strict=True)
    faultless: dict[tuple[str, ...], Row] = {}
    few_words = zip(*(said[column] for column in _FEW_WORDS), strict=True)
    names = map(registry.normalise_name, said["name"])
    numbers = columns["id_number"]
    numbered = {text for column in _SHOWN for text in set(said[column]) if resident_id.stands_in(text)}
    for (number, cells), name, id_number, in_order, few, (employer, title, specialty, phone, note) in zip(
        rows, names, numbers, resident_id.in_order(numbers).tolist(), few_words, texts, strict=True
    ):
        alike = faultless.get(few)
        plain = in_order and employer and registry.is_name(name) and numbered.isdisjoint((employer, title, specialty))
        if alike is None or not plain:
            row, problems = _read_row(number, cells)
            if row is not None:
                yield row, problems
                if not problems:
                    faultless[few] = row
            continue
        row = Row(
            number,
            name,
            alike.sex,
            id_number,
            employer[:200],
            title[:200],
            specialty[:200],
            alike.public_hours,
            alike.professional_hours,
            alike.assessment,
            phone[:200],
            note[:200],
            alike.credit_year,
            cells,
        )
        yield row, []


def _read_row(number: int, cells: Cells) -> tuple[Row | None, list[Problem]]:
    """A row and what is wrong with it by itself; no row where it is empty or the signatures below the list."""
    problems: list[Problem] = []

    def said(column: str) -> str:
        return sheets.text(cells.get(column))

    def problem(
        column: str,
        code: str,
        words: str,
        *,
        blocking: bool = True,
        offer: str = "",
        mend: dict[str, str] | None = None,
    ) -> None:
        problems.append(Problem(number, HEADINGS[column], code, said(column), words, blocking, offer, mend or {}))

    name = registry.normalise_name(said("name"))
    raw_id = cells.get("id_number")
    id_number = resident_id.normalise(raw_id)
    if is_footing(cells) or _is_heading(cells):
        return None, []
    if not name and not id_number:
        if not _is_somebody(cells):
            return None, []
        problem("name", "name-missing", "此行没有姓名和身份证号，请补填或删去此行")
    elif not name:
        problem("name", "name-missing", "姓名为空，请补填")
    elif not registry.is_name(name):
        problem("name", "name-form", registry.NAME_FORM)
    code = resident_id.problem(raw_id) if name or id_number else "id-missing"
    if code and (name or id_number):
        offer, mend = _number_elsewhere(cells)
        problem("id_number", code, resident_id.PROBLEMS[code], offer=offer, mend=mend)
    hours, unreadable = {}, False
    for column in ("public_hours", "professional_hours"):
        hours[column], fault, words = _hours(said(column))
        if fault:
            unreadable = True
            problem(column, fault, words)
    credit_year, written = None, said("credit_year").translate(sheets.HALF_WIDTH).replace(" ", "")
    if written and (found := re.fullmatch(r"(20\d\d)(?:\.0)?(?:年度?)?", written)):
        credit_year = int(found[1])
    elif written:
        problem("credit_year", "year-form", "学时年度请填四位数字，如2023；不是补学的可留空")
    assessment = said("assessment").replace(" ", "")
    earned = hours["public_hours"] + hours["professional_hours"]
    if assessment in FAILED and earned:
        problem("assessment", "assessment-failed", "考核不合格不计学时，请把学时改为0，或更正考核结果")
    elif assessment not in PASSED and assessment not in FAILED:
        problem("assessment", "assessment-form", "考核结果请填“合格”或“不合格”")
    elif assessment in PASSED and not earned and not unreadable:
        problem("professional_hours", "hours-none", "考核合格但没有学时，请补填公需学时或专业学时")
    if not said("employer"):
        problem("employer", "employer-missing", "工作单位为空，补填后才能按单位查到此人", blocking=False)
    for column in _SHOWN:
        if resident_id.stands_in(said(column)):
            words = f"{HEADINGS[column]}里写着身份证号，会显示给查看的人，请改正；号码只填在“身份证号”列"
            offer, mend = _number_elsewhere(cells) if code else ("", {})
            problem(column, "number-elsewhere", words, offer=offer, mend=mend)
    sex = said("sex")
    if sex in ("男", "女", ""):
        pass
    elif born := _day_in(sex):
        agrees = not code and born == id_number[6:14]
        right = resident_id.sex(id_number) if agrees else ""
        words = "性别列里填的是出生日期，请填“男”或“女”"
        problem(
            "sex",
            "sex-date",
            words,
            offer=f"按身份证号填“{right}”" if right else "",
            mend={"sex": right} if right else {},
        )
    else:
        problem("sex", "sex-form", "性别请填“男”或“女”")
    employer, title, specialty, phone, note = (said(column)[:200] for column in _TEXTS)
    row = Row(
        number,
        name,
        sex,
        id_number,
        employer,
        title,
        specialty,
        hours["public_hours"],
        hours["professional_hours"],
        assessment,
        phone,
        note,
        credit_year,
        cells,
    )
    return row, problems


def _is_heading(cells: Cells) -> bool:
    """Whether a row is the headings again, as they stand on every page of a printed list."""
    return all(workbooks.heading(cells.get(column, "")) in COLUMNS[column] for column in REQUIRED)


def _is_somebody(cells: Cells) -> bool:
    """Whether a row without name and number is a person's: it is numbered and says where they work, or says three
    things of them, or their sex and telephone. What is filled down an empty list beforehand, hours and 合格, is less.
    """
    said = {column: sheets.text(cells.get(column)) for column in COLUMNS}
    if said["number"].isdigit() and (said["employer"] or said["title"]):
        return True
    sex, phone = said["sex"] in ("男", "女"), re.search(r"\d{7}", said["phone"])
    earned = any(_hours(said[column])[0] for column in ("public_hours", "professional_hours"))
    result = said["assessment"].replace(" ", "") in (*PASSED, *FAILED)
    return bool(sex and phone) or sum(map(bool, (sex, phone, said["employer"], said["title"], result, earned))) >= 3


def _number_elsewhere(cells: Cells) -> tuple[str, dict[str, str]]:
    """What to offer where the only ID number of a row is in the wrong cell, and how that mends both cells.

    What stands in its place goes into that cell in turn, unless it is a spoilt number or nothing at all.
    """
    texts = {column: sheets.text(cell) for column, cell in cells.items() if column != "id_number"}
    found = [column for column, text in texts.items() if resident_id.stands_in(text)]
    if len(found) != 1 or found[0] not in COLUMNS or resident_id.problem(texts[found[0]]):
        return "", {}
    column, back = found[0], sheets.text(cells.get("id_number"))
    words = not re.search(r"\d", back) and re.search(r"[^\W\d_]{2}", back)
    fits = re.fullmatch(r"[\d-]{7,13}", back) if column == "phone" else words
    offer = f"身份证号在“{HEADINGS[column]}”列，" + ("两格对调" if fits else "移到“身份证号”列")
    return offer, {"id_number": texts[column], column: back if fits else ""}


_DAY = re.compile(r"((?:19|20)\d\d)[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?: 0?0:00(?::00)?)?")
_SERIAL = re.compile(r"[1-4]\d{4}")
"""A day as a spreadsheet counts it, from 1927 to 2036."""


def _day_in(text: str) -> str:
    """The eight digits of a day, "" where a text is none."""
    if _SERIAL.fullmatch(text):
        return f"{sheets.DAY_ZERO + timedelta(int(text)):%Y%m%d}"
    found = _DAY.fullmatch(text)
    return "".join(part.zfill(2) for part in found.groups()) if found else ""


def _shifted(row: Row) -> list[Problem]:
    """The one problem of a row that is faultless once a blank before its cells is taken out, or one is put in."""
    columns, values = list(row.cells), list(row.cells.values())
    tried = [(at, [*values[:at], *values[at + 1 :], ""], "右") for at, value in enumerate(values) if value == ""]
    if values[-1] == "":
        tried += [(at, [*values[:at], "", *values[at:-1]], "左") for at in range(len(values))]
    fitting: dict[tuple[str, ...], tuple[int, Cells, str]] = {}
    for at, cells, way in tried:
        moved, problems = _read_row(row.row, dict(zip(columns, cells, strict=True)))
        if moved and not any(problem.blocking for problem in problems) and moved.employer:
            fitting.setdefault(tuple(map(str, cells)), (at, moved.cells, way))
    if len(fitting) != 1:
        return []
    ((at, right, way),) = fitting.values()
    start = HEADINGS.get(columns[at], "")
    mend = {column: sheets.text(cell) for column, cell in right.items() if cell != row.cells[column]}
    words = f"此行从“{start}”起各格{way}移了一列，内容与表头对不上"
    offer = f"整行移回：{sheets.text(right['name'])}，{sheets.text(right.get('employer'))}"
    value = sheets.text(row.cells["id_number"])
    return [Problem(row.row, HEADINGS["id_number"], "row-shifted", value, words, True, offer, mend)]


_HOURS = re.compile(r"-?(\d+\.?\d*|\.\d+)")


def _hours(text: str) -> tuple[Decimal, str, str]:
    """Hours of a cell, the code of what is wrong with it, and the words."""
    text = text.translate(sheets.HALF_WIDTH)
    text = text.removesuffix("学时").removesuffix("小时").strip()
    if text in ("", "-", "—", "/", "无"):
        return Decimal(), "", ""
    if not _HOURS.fullmatch(text):
        return Decimal(), "hours-form", "学时请填数字，如24或7.5"
    value = Decimal(text)
    if len(text) > SURVIVING:
        value = Decimal(f"{value:.{SURVIVING}g}").normalize()  # as a spreadsheet shows it, not as it keeps it
    if value < 0 or value > 1000:
        return Decimal(), "hours-form", "学时应在0至1000之间，请核对"
    if value * 2 % 1:
        return Decimal(), "hours-half", "学时以0.5为最小单位，请改为整数或.5"
    return value, "", ""


# --- checks ---------------------------------------------------------------------------------------------------------


SAME = ("employer", "title", "specialty", "public_hours", "professional_hours", "assessment", "credit_year")
"""Columns in which a row must say nothing else than an earlier one of the same person, to be left out unlooked."""


def _said(row: Row, column: str) -> str:
    """What a row says in one of these columns; a cell that cannot be read says what is written in it."""
    value, written = getattr(row, column), sheets.text(row.cells.get(column))
    if isinstance(value, Decimal):
        return written if _hours(written)[1] else f"{value.normalize():f}"
    return written if column == "credit_year" and value is None else str(value)


def _credit_year(row: Row, limits: Limits | None) -> int | None:
    """The year a row counts for, in a plan that offers several; nobody stands twice in one of them, clause 七(二)."""
    if limits and len(limits.credit_years) == 1:
        return None
    return row.credit_year or (limits.usual_year if limits else None)


def _twice(row: Row, earlier: Row, whose: str, remedy: str) -> Problem:
    """A row of somebody who stands above: left out where it says nothing else, looked at where it does."""
    columns = ["name", *(SAME if row.credit_year == earlier.credit_year else SAME[:-1])]
    both = [(column, _said(earlier, column), _said(row, column)) for column in columns]
    differ = [f"{HEADINGS[column]}（第{earlier.row}行“{a}”，本行“{b}”）" for column, a, b in both if b and a != b]
    words, offer, mend = f"与第{earlier.row}行{whose}，请删去一行{remedy}", LEAVE_OUT, {STRIKE: ""}
    if differ:
        words = f"与第{earlier.row}行{whose}，两行的{'、'.join(differ)}不同，请核对后删去错的一行{remedy}"
        offer, mend = "", {}
    return Problem(row.row, HEADINGS["id_number"], "duplicate", row.id_number, words, True, offer, mend)


def _check_ids(preview: Preview, today: date | None, limits: Limits | None) -> None:
    faulty = {problem.row for problem in preview.problems if problem.heading == HEADINGS["id_number"]}
    standing: dict[str, list[Row]] = {}

    def problem(row: Row, column: str, code: str, value: str, words: str) -> None:
        preview.problems.append(Problem(row.row, HEADINGS[column], code, value, words))

    latest = f"{today:%Y%m%d}" if today else "99991231"
    for row in preview.rows:
        if row.row in faulty or not row.id_number:
            continue
        if row.id_number[6:14] > latest:
            problem(row, "id_number", "id-birth", row.id_number, resident_id.PROBLEMS["id-birth"])
        right = resident_id.sex(row.id_number)
        if row.sex != right and row.sex in ("男", "女"):
            problem(row, "sex", "sex-id", row.sex, f"身份证号第17位表示{right}，请核对性别或号码")
        rows, year = standing.setdefault(row.id_number, []), _credit_year(row, limits)
        for earlier in rows:
            if earlier.name != row.name or _credit_year(earlier, limits) == year:
                once = f"每人{'每个学时年度' if len(rows) > 1 or year else ''}只应出现一次"
                preview.problems.append(_twice(row, earlier, f"身份证号相同，{once}", "或更正号码"))
                break
        else:
            rows.append(row)
            if limits and len(rows) > 1:
                preview.problems += _sum_beyond(row, rows, limits)


def _check_twins(preview: Preview) -> None:
    """Two rows that may be one human: one name and numbers a digit apart, or look-alike names born on one day."""
    wrong = {
        each.row for each in preview.problems if each.heading == HEADINGS["id_number"] and each.code != "duplicate"
    }
    rows = [row for row in preview.rows if row.row not in wrong and row.name]
    looks = [_fold(row.name) + row.id_number[6:14] for row in rows]
    # Whoever shares neither name nor look and birthday is nobody's twin.
    often, alike_often = Counter(row.name for row in rows), Counter(looks)
    named: dict[str, list[Row]] = {}
    born: dict[str, Row] = {}
    for row, look in zip(rows, looks, strict=True):
        if often[row.name] == alike_often[look] == 1:
            continue
        others = named.setdefault(row.name, [])
        for other in others[:50]:
            if _digit_apart(other.id_number[:17], row.id_number[:17]):
                words = f"与第{other.row}行同名，身份证号只差一位，请核对是否同一人"
                twin = Problem(row.row, HEADINGS["id_number"], "twin-number", row.id_number, words, False)
                preview.problems.append(twin)
                break
        others.append(row)
        alike = born.setdefault(look, row)
        if alike.name != row.name and alike.id_number != row.id_number:
            words = f"与第{alike.row}行的“{alike.name}”字形或读音相近、生日相同，请核对是否同一人"
            preview.problems.append(Problem(row.row, HEADINGS["name"], "twin-name", row.name, words, False))


def _digit_apart(one: str, other: str) -> bool:
    """Whether two texts differ in one place; of most, both halves differ, and they need no closer look."""
    if one[:8] != other[:8] and one[8:] != other[8:]:
        return False
    return sum(map(str.__ne__, one, other)) == 1


def _check_limits(preview: Preview, limits: Limits) -> None:
    most = limits.days * limits.hours_per_day
    other = "professional_hours" if limits.subject is Subject.PUBLIC else "public_hours"
    own = _own_hours(limits)
    within: set[tuple[Decimal, Decimal, int | None, bool]] = set()  # most rows say the same
    for row in preview.rows:
        said = row.public_hours, row.professional_hours, row.credit_year, bool(row.cells.get("credit_year"))
        if said in within:
            continue
        found = list(_beyond(row, limits, own, other, most))
        preview.problems += found
        if not found:
            within.add(said)


def _own_hours(limits: Limits) -> str:
    """The column of the hours that the plan is about."""
    return "public_hours" if limits.subject is Subject.PUBLIC else "professional_hours"


def _sum_beyond(row: Row, rows: Sequence[Row], limits: Limits, before: Decimal = Decimal()) -> Iterator[Problem]:
    """What a person studied for several years in one training is, taken together, within its plan and its days.

    `rows` are all of the person's rows so far, this one the last; `before`: hours in earlier reports of the plan.
    """
    own = _own_hours(limits)
    hours = sum((getattr(each, own) for each in rows), before)
    most = min(limits.hours_each, limits.days * limits.hours_per_day)
    if getattr(row, own) <= most < hours:
        others = [f"第{each.row}行" for each in rows[:-1]] + (["先前的报告"] if before else [])
        words = f"此人连同{'、'.join(others)}共{hours.normalize():f}学时，各年度合计每人至多{most:f}学时，请改正"
        yield Problem(row.row, HEADINGS[own], "hours-sum", str(getattr(row, own)), words)


def _check_headcount(preview: Preview, limits: Limits, elsewhere: set[bytes]) -> None:
    """The plan's headcount is for all its reports together; who makes up several years in it is one of them."""
    others = len(elsewhere - set(preview.indexes.values()))
    good = preview.good_rows
    people = len({row.id_number for row in good}) + len(preview.rows) - len(good) + others
    if people > limits.headcount:
        whose = f"连同先前的报告共{people}人" if others else f"花名册{people}人"
        words = f"{whose}，多于计划的{limits.headcount}人，请在总结中说明"
        preview.problems.append(Problem(0, HEADINGS["number"], "headcount", str(people), words, False))


def _beyond(row: Row, limits: Limits, own: str, other: str, most: Decimal) -> Iterator[Problem]:
    """What of a row's hours and credit year is beyond what its plan and days allow."""
    hours: Decimal = getattr(row, own)
    if getattr(row, other):
        words = f"本次培训批准的是{limits.subject.label}，{HEADINGS[other]}应为0"
        mend = {own: f"{getattr(row, other).normalize():f}", other: "0"} if not hours else {}
        offer = f"移到“{HEADINGS[own]}”列" if mend else ""
        value = str(getattr(row, other))
        yield Problem(row.row, HEADINGS[other], "hours-subject", value, words, True, offer, mend)
    if hours > limits.hours_each:
        words = f"超过计划批准的每人{limits.hours_each.normalize():f}学时，请改正"
        yield Problem(row.row, HEADINGS[own], "hours-plan", str(hours), words)
    elif hours > most:
        words = f"{limits.days}天每天至多{limits.hours_per_day:f}学时，最多{most:f}学时，请改正"
        yield Problem(row.row, HEADINGS[own], "hours-day", str(hours), words)
    if limits.credit_years:
        yield from _beyond_years(row, limits)


def _beyond_years(row: Row, limits: Limits) -> Iterator[Problem]:
    """The credit year is one that the plan offers (补学, clause 七(二))."""
    offered = "、".join(map(str, limits.credit_years))
    mend = {"credit_year": offered} if len(limits.credit_years) == 1 else {}
    words = code = ""
    if row.credit_year and row.credit_year not in limits.credit_years:
        code, words = "year-plan", f"计划批准的学时年度是{offered}，请改正"
    elif limits.usual_year is None and not row.credit_year and not sheets.text(row.cells.get("credit_year")):
        code, words = "year-missing", f"本计划补学{offered}年度，请填写此人补学的年度"
    if code:
        value, offer = str(row.credit_year or ""), f"改为{offered}" if mend else ""
        yield Problem(row.row, HEADINGS["credit_year"], code, value, words, True, offer, mend)


def _check_known(preview: Preview, session: Session, limits: Limits | None) -> None:
    rows = preview.good_rows
    preview.indexes = dict(zip((row.row for row in rows), db.blind_indexes(row.id_number for row in rows), strict=True))
    people = registry.on_file(session, list(set(preview.indexes.values())))
    found = [(row, person) for row in rows if (person := people.get(preview.indexes[row.row]))]
    _check_merged(preview, [(row, person.human_id) for row, person in found if row.name in person.names], limits)
    wrong = [(row, person) for row, person in found if row.name not in person.names]
    ids = sorted({person.human_id for _, person in wrong})
    homes: dict[int, str] = {}
    for start in range(0, len(ids), 5000):
        query = sa.select(Person.id, Person.employer_name).where(Person.id.in_(ids[start : start + 5000]))
        homes.update((each.id, each.employer_name) for each in session.execute(query))
    for row, person in wrong:
        name, colleague = person.known_as, homes[person.human_id] == row.employer
        # Whoever has a number must not learn whose it is: the name is told to those only who nearly had it.
        if _slip(name, row.name) and (len(name) > 2 or colleague or _fold(name) == _fold(row.name)):
            words, offer, mend = f"库中此身份证号的姓名为“{name}”，请核对姓名或号码", f"改为“{name}”", {"name": name}
        else:
            words, offer, mend = "库中此身份证号登记的不是这个姓名，请对照证件核对姓名和号码", "", {}
        preview.problems.append(Problem(row.row, HEADINGS["name"], "name-known", row.name, words, True, offer, mend))


def _check_merged(preview: Preview, humans: Sequence[tuple[Row, int]], limits: Limits | None) -> None:
    """One human may stand in a roster under the numbers of two records that were merged."""
    if len(humans) == len({human_id for _, human_id in humans}):
        return
    standing: dict[int, list[Row]] = {}
    for row, human_id in humans:
        rows, year = standing.setdefault(human_id, []), _credit_year(row, limits)
        for earlier in rows:
            if _credit_year(earlier, limits) == year:
                whose = "是同一人的两个号码（库中已合并），每人只应出现一次"
                preview.problems.append(_twice(row, earlier, whose, ""))
                break
        else:
            rows.append(row)
            if limits and len({each.id_number for each in rows}) > 1:
                preview.problems += _sum_beyond(row, rows, limits)


def _check_former(preview: Preview, session: Session) -> None:
    """Under a number that somebody had before a correction, a second record would be made.

    It may be another's own number by now, so that it is a hint; the true one is proposed to whoever has the name too.
    """
    rows = preview.good_rows
    people = persons.formerly(session, list({preview.indexes[row.row] for row in rows}))
    for row in rows:
        if (person := people.get(preview.indexes[row.row])) is None:
            continue
        offer, mend = "", {}
        words = "库中有一人曾用此号码，后经更正；请对照证件核对号码"
        if _fold(row.name) == _fold(person.name):
            words = "这是库中此人更正前的号码，照此登记会另立一人，请改为更正后的号码"
            offer, mend = "由系统填入更正后的号码", {"id_number": person.id_number}
        value = row.id_number
        preview.problems.append(Problem(row.row, HEADINGS["id_number"], "id-former", value, words, False, offer, mend))


def _fold(name: str) -> str:
    return name.translate(_FOLDED)


def _slip(one: str, other: str) -> bool:
    """Whether two texts differ by one slip: a character wrong, missing or too many, or two neighbours swapped."""
    if len(one) == len(other):
        wrong = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            return one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
        return len(wrong) == 1
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def registered(
    session: Session, plan_id: int, usual_year: int | None, *, before: int | None = None
) -> dict[tuple[bytes, int | None], tuple[int, Decimal]]:
    """Who stands in the reports of a plan, filed or approved (those `before` a part), and for which credit year, each
    with the row and its hours. Rows that name no year stand for the plan's usual one.

    Those whose hours were undone do not.
    """
    hours = RosterRow.public_hours + RosterRow.professional_hours
    query = _filed(plan_id, before, RosterRow.id_index, RosterRow.credit_year, RosterRow.row, hours)
    query = query.where(~RosterRow.faulty, ~HOURS_TAKEN_BACK)
    found = session.execute(query)
    return {(bytes(index), year or usual_year): (row, hours) for index, year, row, hours in found if index}


def _filed(plan_id: int, before: int | None, *columns: Any) -> sa.Select[Any]:
    """Rows in the reports of a plan, filed or approved."""
    query = sa.select(*columns).join(Report, Report.id == RosterRow.report_id)
    query = query.where(Report.plan_id == plan_id, Report.state.in_((State.SUBMITTED, State.APPROVED)))
    return query if before is None else query.where(Report.part < before)


def _check_earlier(preview: Preview, session: Session, report: Report, limits: Limits) -> set[bytes]:
    """Nobody's hours are filed twice for one training, and a supplement is for those of its roster who have none.

    Answers who stands in the earlier reports of the plan.
    """
    if report.part == 1:
        return set()
    earlier = registered(session, report.plan_id, limits.usual_year, before=report.part)
    hours: dict[bytes, Decimal] = {}
    for (index, _), (_, earned) in earlier.items():
        hours[index] = hours.get(index, Decimal()) + earned
    plain = (RosterRow.row, RosterRow.name, RosterRow.id_number, RosterRow.credit_year, HOURS_TAKEN_BACK)
    query = _filed(report.plan_id, report.part, *plain).where(sa.or_(RosterRow.faulty, HOURS_TAKEN_BACK))
    unregistered = session.execute(query).all()
    indexes = list(db.blind_indexes(number for _, _, number, _, _ in unregistered))
    undone = {
        (index, year or limits.usual_year): row
        for index, (row, _, _, year, back) in zip(indexes, unregistered, strict=True)
        if back
    }
    known = set(indexes)
    names = {name for _, name, *_ in unregistered}
    mine: dict[bytes, list[Row]] = {}
    for row in preview.good_rows:
        index = preview.indexes[row.row]
        which = index, row.credit_year or limits.usual_year
        if which in earlier:
            words = f"此人已在本计划先前的报告中（第{earlier[which][0]}行），同一培训不能重复登记，请删去此行"
            value, heading, mend = row.id_number, HEADINGS["id_number"], {STRIKE: ""}
            preview.problems.append(Problem(row.row, heading, "duplicate-plan", value, words, True, LEAVE_OUT, mend))
            continue
        mine.setdefault(index, []).append(row)
        if index in hours:
            preview.problems += _sum_beyond(row, mine[index], limits, hours[index])
        elif which in undone:
            words = f"先前报告（第{undone[which]}行）登记的学时已冲销，本行是更正后重新报送"
            preview.problems.append(Problem(row.row, HEADINGS["name"], "hours-again", row.name, words, False))
        elif index not in known and row.name not in names:
            words = "先前的花名册中没有此人；补报只限其中没有登记学时的人员，请核实"
            preview.problems.append(Problem(row.row, HEADINGS["name"], "supplement-new", row.name, words, False))
    return set(hours)


# --- the true number of a ruined one --------------------------------------------------------------------------------

_MENDABLE = ("id-ruined", "id-checksum", "id-length", "id-birth")


def _find_numbers(preview: Preview, session: Session, report: Report) -> None:
    """Propose the true ID number where name, employer and what is left of the number point to one known person.

    A proposal must not tell strangers' numbers to whoever knows a name and an employer. So the digits written must
    agree with the person's and be nearly all of them, or the person must have been on an approved roster of this very
    organization, which has had the number; and one file tries each name and employer once only.
    """
    spoilt = {each.row: each for each in preview.problems if each.code in _MENDABLE and not each.mend}
    asked = {row.row: row for row in preview.rows if row.row in spoilt and row.employer}
    tries = Counter((row.name, row.employer) for row in asked.values())
    people: dict[tuple[str, str], list[Person]] = {}
    names = sorted({row.name for row in asked.values()})
    for start in range(0, len(names), 5000):
        query = sa.select(Person).where(Person.name.in_(names[start : start + 5000]), Person.merged_into_id.is_(None))
        for person in session.scalars(query):
            if tries[person.name, person.employer_name] == 1:
                people.setdefault((person.name, person.employer_name), []).append(person)
    for at, row in asked.items():
        found = people.get((row.name, row.employer), [])
        if len(found) != 1:
            continue
        person, number = found[0], found[0].id_number
        left = _left_of(row.cells.get("id_number"), spoilt[at].code, number)
        if left >= SURVIVING:
            offer = f"姓名、单位和{left}位号码都与库中一人相符，采纳后由系统填入其完整号码"
        elif left and _had_before(session, person, report):
            offer = "本机构报送过同名同单位的一人，采纳后由系统填入其完整号码"
        else:
            continue
        place = preview.problems.index(spoilt[at])
        preview.problems[place] = replace(spoilt[at], offer=offer, mend={"id_number": number})


def _left_of(cell: object, code: str, number: str) -> int:
    """How many digits of a spoilt number agree with the true one: 0 where they contradict it."""
    written = resident_id.normalise(cell)
    if code != "id-ruined":
        return 17 if _slip(written, number) else 0
    try:
        value = Decimal(written)
    except InvalidOperation:
        return 0
    digits = len(re.sub(r"[Ee].*|\D", "", written)) if "E" in written else SURVIVING
    true = Decimal(number.replace("X", "0"))
    unit = Decimal(10) ** (18 - digits)
    agrees = value in (true // unit * unit, (true / unit).to_integral_value() * unit)
    return digits if agrees else 0


def _had_before(session: Session, person: Person, report: Report) -> bool:
    query = sa.select(RosterRow.id).join(Report, Report.id == RosterRow.report_id)
    query = query.where(
        RosterRow.id_index == person.id_index,
        Report.organization_id == report.organization_id,
        Report.state == State.APPROVED,
    )
    return session.scalar(query.limit(1)) is not None


# --- writing --------------------------------------------------------------------------------------------------------

PROBLEM_HEADINGS = ("行", "列", "代码", "原值", "说明")


def problem_lines(problems: Sequence[Problem]) -> list[tuple[int, str, str, str, str]]:
    """Problems as lines under `PROBLEM_HEADINGS`, for a file."""
    return [(problem.row, problem.heading, problem.code, problem.value, problem.words) for problem in problems]


def template() -> bytes:
    """A blank 附件1 as an .xlsx that cannot go wrong: ID numbers and telephones as text, lists to choose from."""
    return _filled([], [])


def marked(rows: Sequence[tuple[int, Cells]], problems: Sequence[Problem], *, code: str) -> bytes:
    """These rows as an .xlsx to be corrected: every faulty cell coloured, with its fault as a comment."""
    return _filled(rows, problems, code)


def _filled(rows: Sequence[tuple[int, Cells]], problems: Sequence[Problem], code: str = "") -> bytes:
    said: dict[tuple[int, str], list[str]] = {}
    for problem in problems:
        said.setdefault((problem.row, problem.heading), []).append(problem.words)
    columns = ["origin", "code", *COLUMNS] if rows else list(COLUMNS)
    headings = HEADINGS | {"origin": ORIGIN, "code": CODE}
    widths = {"code": 12, "name": 14, "id_number": 22, "employer": 26, "title": 16, "specialty": 16, "phone": 16}
    widths |= {"note": 20}
    last = max(len(rows), 2000) + 1
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        page = book.add_worksheet("花名册")
        bold = book.add_format({"bold": True, "border": 1, "align": "center", "bg_color": "#E8EEF5"})
        text, faulty = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bg_color": "#F8D7DA"})
        page.write_string(0, 0, "专业技术人员继续教育培训花名册", book.add_format({"bold": True, "font_size": 14}))
        for place, column in enumerate(columns):
            page.set_column(place, place, widths.get(column, 10), text if column in ("id_number", "phone") else None)
            page.write_string(1, place, headings[column], bold)
            if choices := CHOICES.get(column):
                page.data_validation(2, place, last, place, {"validate": "list", "source": list(choices)})
            if column in ("origin", "code"):
                page.write_comment(1, place, "系统据此认出各行是否又改过，请勿改动", {"x_scale": 2})
        for at, (row, cells) in enumerate(rows, start=2):
            for place, column in enumerate(columns):
                value = {"origin": row, "code": code}.get(column, cells.get(column, ""))
                words = said.get((row, headings[column]))
                plain = isinstance(value, str) or column in ("id_number", "phone")
                style = faulty if words else text if plain else None
                if plain:
                    page.write_string(at, place, sheets.text(value), style)
                else:
                    page.write_number(at, place, value, style)
                if words:
                    page.write_comment(at, place, "；".join(words), {"x_scale": 2})
        page.freeze_panes(2, 0)
    return buffer.getvalue()


CHOICES = {"sex": ("男", "女"), "assessment": ("合格", "不合格")}
"""Columns in which one of a few words is chosen."""
