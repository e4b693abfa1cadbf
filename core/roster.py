"""Rosters (培训花名册, 附件1): any file an office sends in, checked rows and every problem out. Saves nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlalchemy.orm import Session

from core import registry, resident_id, sheets
from core.access import Refused
from core.db import blind_index
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
    ),
    "employer": ("工作单位", "单位", "单位名称", "所在单位", "现工作单位"),
    "title": ("专业技术职务", "职称", "专业技术职称", "现专业技术职务", "专业技术资格"),
    "specialty": ("从事专业", "专业", "现从事专业", "专业名称"),
    "public_hours": ("公需学时", "公需科目学时", "公需科目", "公需课学时"),
    "professional_hours": ("专业学时", "专业科目学时", "专业科目", "专业课学时"),
    "assessment": ("考核结果", "考核", "考试结果", "成绩", "是否合格"),
    "phone": ("联系电话", "电话", "手机", "手机号", "手机号码", "联系方式"),
    "note": ("备注", "说明"),
}
"""Each column with its heading first and then the synonyms offices write."""

HEADINGS = {name: words[0] for name, words in COLUMNS.items()}
REQUIRED = ("name", "id_number")

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


@dataclass(frozen=True)
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


@dataclass
class Preview:
    """A roster ready to be looked at: its rows and everything that is wrong with them."""

    sheet: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def faulty_rows(self) -> set[int]:
        return {problem.row for problem in self.problems if problem.blocking}

    @property
    def good_rows(self) -> list[Row]:
        faulty = self.faulty_rows
        return [row for row in self.rows if row.row not in faulty]


# --- reading --------------------------------------------------------------------------------------------------------


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
    decompression bomb), "headings" (no 姓名 and 身份证号 in one row).
    """
    table = sheets.read(content, filename, COLUMNS, REQUIRED)
    preview = Preview(table.sheet)
    for number, cells in table.rows:
        _read_row(preview, number, cells)
    if not preview.rows:
        raise Refused("file", "表头下面没有人员，请确认数据在同一张工作表内。")
    _check_ids(preview, limits.today if limits else today)
    if limits:
        _check_limits(preview, limits)
    if known is not None:
        _check_known(preview, known)
    preview.problems.sort(key=lambda problem: (problem.row, list(HEADINGS.values()).index(problem.heading)))
    return preview


def _read_row(preview: Preview, number: int, cells: Mapping[str, object]) -> None:
    def problem(column: str, code: str, words: str, *, blocking: bool = True) -> None:
        preview.problems.append(
            Problem(number, HEADINGS[column], code, sheets.text(cells.get(column)), words, blocking)
        )

    name = registry.normalise_name(cells.get("name"))
    raw_id = cells.get("id_number")
    id_number = resident_id.normalise(raw_id)
    if not name and not id_number:
        if not (
            sheets.text(cells.get("number")).isdigit()
            and any(sheets.text(cells.get(key)) for key in ("employer", "title"))
        ):
            return  # an empty row, or the signatures below the list
        problem("name", "name-missing", "有序号和单位但没有姓名和身份证号，请补填或删去此行")
    elif not name:
        problem("name", "name-missing", "姓名为空，请补填")
    elif not 2 <= len(name) <= 20 or re.search(r"[0-9<>=@+\"'/\\]", name):
        problem("name", "name-form", "姓名应为2至20个字，不含数字和符号，请核对")
    if name or id_number:
        code = resident_id.problem(raw_id)
        if code:
            problem("id_number", code, resident_id.PROBLEMS[code])
    hours, unreadable = {}, False
    for column in ("public_hours", "professional_hours"):
        value, words = _hours(cells.get(column))
        hours[column] = value
        if words:
            unreadable = True
            problem(column, "hours-form", words)
    assessment = sheets.text(cells.get("assessment"))
    earned = sum(hours.values(), Decimal())
    if assessment in FAILED and earned:
        problem("assessment", "assessment-failed", "考核不合格不计学时，请把学时改为0，或更正考核结果")
    elif assessment not in PASSED and assessment not in FAILED:
        problem("assessment", "assessment-form", "考核结果请填“合格”或“不合格”")
    elif assessment in PASSED and not earned and not unreadable:
        problem("professional_hours", "hours-none", "考核合格但没有学时，请补填公需学时或专业学时")
    if not sheets.text(cells.get("employer")):
        problem("employer", "employer-missing", "工作单位为空，补填后才能按单位查到此人", blocking=False)
    sex = sheets.text(cells.get("sex"))
    if sex and sex not in ("男", "女"):
        problem("sex", "sex-form", "性别请填“男”或“女”")
    texts = {key: sheets.text(cells.get(key))[:200] for key in ("employer", "title", "specialty", "phone", "note")}
    preview.rows.append(Row(number, name, sex, id_number, assessment=assessment, **texts, **hours))  # type: ignore[arg-type]


def _hours(cell: object) -> tuple[Decimal, str]:
    """Hours of a cell, and what is wrong with it."""
    text = sheets.text(cell).translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)})
    text = text.removesuffix("学时").removesuffix("小时").strip()
    if text in ("", "-", "—", "/", "无"):
        return Decimal(), ""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return Decimal(), "学时请填数字，如24或7.5"
    if not value.is_finite() or value < 0 or value > 1000:
        return Decimal(), "学时应在0至1000之间，请核对"
    if value * 2 % 1:
        return Decimal(), "学时以0.5为最小单位，请改为整数或.5"
    return value, ""


# --- checks ---------------------------------------------------------------------------------------------------------


def _check_ids(preview: Preview, today: date | None) -> None:
    faulty = {problem.row for problem in preview.problems if problem.heading == HEADINGS["id_number"]}
    first_row: dict[str, int] = {}
    for row in preview.rows:
        if row.row in faulty or not row.id_number:
            continue

        def problem(column: str, code: str, value: str, words: str, at: int = row.row) -> None:
            preview.problems.append(Problem(at, HEADINGS[column], code, value, words))

        if today and resident_id.birth_on(row.id_number) > today:
            problem("id_number", "id-birth", row.id_number, resident_id.PROBLEMS["id-birth"])
        if row.sex in ("男", "女") and row.sex != resident_id.sex(row.id_number):
            problem("sex", "sex-id", row.sex, f"身份证号第17位表示{resident_id.sex(row.id_number)}，请核对性别或号码")
        if row.id_number in first_row:
            words = f"与第{first_row[row.id_number]}行身份证号相同，每人只应出现一次，请删去一行或更正号码"
            problem("id_number", "duplicate", row.id_number, words)
        first_row.setdefault(row.id_number, row.row)


def _check_limits(preview: Preview, limits: Limits) -> None:
    most = limits.days * limits.hours_per_day
    other = "professional_hours" if limits.subject is Subject.PUBLIC else "public_hours"
    own = "public_hours" if limits.subject is Subject.PUBLIC else "professional_hours"
    for row in preview.rows:
        hours: Decimal = getattr(row, own)
        if getattr(row, other):
            words = f"本次培训批准的是{limits.subject.label}，{HEADINGS[other]}应为0"
            preview.problems.append(Problem(row.row, HEADINGS[other], "hours-subject", str(getattr(row, other)), words))
        if hours > limits.hours_each:
            words = f"超过计划批准的每人{limits.hours_each.normalize():f}学时，请改正"
            preview.problems.append(Problem(row.row, HEADINGS[own], "hours-plan", str(hours), words))
        elif hours > most:
            words = f"{limits.days}天每天至多{limits.hours_per_day:f}学时，最多{most:f}学时，请改正"
            preview.problems.append(Problem(row.row, HEADINGS[own], "hours-day", str(hours), words))
    if len(preview.rows) > limits.headcount:
        words = f"花名册{len(preview.rows)}人，多于计划的{limits.headcount}人，请在总结中说明"
        preview.problems.append(Problem(0, HEADINGS["number"], "headcount", str(len(preview.rows)), words, False))


def _check_known(preview: Preview, session: Session) -> None:
    good = {blind_index(row.id_number): row for row in preview.good_rows}
    for index, (_, name) in registry.known_names(session, list(good)).items():
        row = good[index]
        if name != row.name:
            words = f"库中此身份证号的姓名为“{name}”，请核对姓名或号码"
            preview.problems.append(Problem(row.row, HEADINGS["name"], "name-known", row.name, words))


# --- writing --------------------------------------------------------------------------------------------------------

PROBLEM_HEADINGS = ("行", "列", "代码", "原值", "说明")


def problem_lines(problems: Sequence[Problem]) -> list[tuple[int, str, str, str, str]]:
    """Problems as lines under `PROBLEM_HEADINGS`, for a file."""
    return [(problem.row, problem.heading, problem.code, problem.value, problem.words) for problem in problems]
