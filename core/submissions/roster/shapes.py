"""Roster schema (培训花名册, 附件1): columns by key with headings and synonyms, a row, limits, a checked file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from core.ground.problems import Problem
from core.law.notices import Subject

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
    "post": ("专业技术职务", "职称", "专业技术职称", "现专业技术职务", "专业技术资格"),
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
REPAIR_HEADINGS = HEADINGS | {"": "整行"}
"""What a repair was of: a column's heading, or the whole row where it names no column."""
REQUIRED = ("name", "id_number")

ORIGIN = "原行号"
"""The heading under which a file of open rows names the row each of them had in the roster."""
CODE = "校对码"
"""The heading under which each row of such a file says which roster it was taken from, and after which repair."""

Cells = dict[str, str | int | float]
"""A row as it was read, by column, in the file's order. A number stays one: it tells a ruined ID number."""

PASSED = ("合格", "优秀", "良好", "及格", "通过", "中等", "是")
FAILED = ("不合格", "不及格", "未通过", "缺考", "未考核", "否")


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
    post: str
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
    """Checked roster (检查结果): its rows and everything that is wrong with them."""

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
