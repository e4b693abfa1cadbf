"""Roster schema (培训花名册, 附件1): its form under a notice, a row, limits, a checked file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from core.ground import resident_id
from core.law import notices
from core.law.notices import Policy
from core.tables.problems import Problem
from core.tables.reading import Understood

COLUMNS = {
    "number": ("序号", "编号", "No"),
    "name": ("姓名", "学员姓名", "名字", "参训人员姓名"),
    "sex": ("性别",),
    "id_number": resident_id.HEADINGS,
    "employer": ("工作单位", "单位", "单位名称", "所在单位", "所在单位名称", "工作单位名称", "现工作单位"),
    "post": ("专业技术职务", "职称", "专业技术职称", "现专业技术职务", "专业技术资格"),
    "specialty": ("从事专业", "专业", "现从事专业", "专业名称"),
    "assessment": ("考核结果", "考核", "考试结果", "考核成绩", "考试成绩", "考核情况", "成绩", "是否合格"),
    "phone": ("联系电话", "电话", "手机", "手机号", "手机号码", "联系方式"),
    "note": ("备注", "说明"),
    "credit_year": ("学时年度", "年度", "补学年度"),
}
"""Each column that stands in every roster, with its heading first and then the synonyms offices write. Before the
result (考核结果) stand the hours, a column for each subject of the notice: see `form`."""


def hours_column(subject: str) -> str:
    """The key of the column of a subject's hours: "public_hours"."""
    return f"{subject}_hours"


@dataclass(frozen=True)
class Form:
    """Roster form (花名册格式, 附件1) under a notice: its columns by key, with heading and synonyms."""

    columns: dict[str, tuple[str, ...]]
    subjects: dict[str, str]
    """The notice's subjects, by code, as it calls them."""
    usual: str
    """The column of hours that do not say of what: those of the plan's subject."""

    @functools.cached_property
    def headings(self) -> dict[str, str]:
        return {name: words[0] for name, words in self.columns.items()}

    @functools.cached_property
    def repair_headings(self) -> dict[str, str]:
        """What a repair was of: a column's heading, or the whole row where it names no column."""
        return self.headings | {"": "整行"}

    @functools.cached_property
    def hours(self) -> dict[str, str]:
        """The columns of hours (学时), each with its subject's code."""
        return {hours_column(code): code for code in self.subjects}

    @functools.cached_property
    def stems(self) -> dict[str, str]:
        """What a subject is called for short (公需), with its column of hours."""
        return {notices.short_name(name): hours_column(code) for code, name in self.subjects.items()}

    def of(self, subject: str) -> Form:
        """The form for a plan of this subject."""
        return replace(self, usual=hours_column(subject))


def form(policy: Policy | None = None, subject: str = "") -> Form:
    """Roster form (花名册格式) under a notice, for a plan of a subject; without a notice, under the region's latest.

    A subject's column is headed as the notice calls it (公需科目: 公需学时), and found by that name in other forms,
    or by what other notices on file call the subject of that code.
    """
    policy = policy or notices.policies()[-1]
    subjects = {rule.code: rule.name for rule in policy.subjects}
    if subject:  # approved under another notice, it is still read
        subjects.setdefault(subject, notices.subject_names().get(subject, subject))
    others = [each.policy for each in notices.filed() if each.policy]
    words = {code: list(_written(name)) for code, name in subjects.items()}
    for rule in (rule for other in others for rule in other.subjects if rule.code in subjects):
        words[rule.code] += _written(rule.name)
    taken = {word for column in COLUMNS.values() for word in column}
    hours: dict[str, tuple[str, ...]] = {}
    for code, given in words.items():
        head = next(word for word in (*given, f"{code}学时") if word not in taken)
        hours[hours_column(code)] = (head,)
        taken.add(head)
    for code, given in words.items():
        more = tuple(dict.fromkeys(word for word in given if word not in taken))
        hours[hours_column(code)] += more
        taken |= set(more)
    at = list(COLUMNS).index("assessment")
    before, after = dict(list(COLUMNS.items())[:at]), dict(list(COLUMNS.items())[at:])
    return Form(before | hours | after, subjects, hours_column(subject) if subject else list(hours)[-1])


def _written(name: str) -> Iterator[str]:
    """How offices write the heading of a subject's hours."""
    stem = notices.short_name(name)
    yield from dict.fromkeys((f"{stem}学时", f"{name}学时", name, f"{stem}课学时", f"{stem}课"))


REQUIRED = ("name", "id_number")

ORIGIN = "原行号"
"""The heading under which a file of open rows names the row each of them had in the roster."""
CODE = "校对码"
"""The heading under which each row of such a file says which roster it was taken from, and after which repair."""

Cells = dict[str, str | int | float]
"""A row as it was read, by column, in the file's order. A number stays one: it tells a ruined ID number."""

PASSED = ("合格", "优秀", "良好", "及格", "通过", "中等", "是")
FAILED = ("不合格", "不及格", "未通过", "缺考", "未考核", "否")

SURVIVING = 15
"""Digits of an ID number that a spreadsheet keeps."""


@dataclass(slots=True)
class Row:
    """One person of a roster, as read. Hours are 0 where they could not be read."""

    row: int
    name: str
    sex: str
    id_number: str
    employer: str
    post: str
    specialty: str
    hours: dict[str, Decimal]
    """By subject; rows that say the same share one."""
    assessment: str
    phone: str
    note: str
    credit_year: int | None
    """学时年度, clause 七(二); None where it is left to the plan."""
    cells: Cells = field(default_factory=dict, compare=False, repr=False)

    @property
    def passed(self) -> bool:
        return self.assessment in PASSED

    @property
    def earned(self) -> Decimal:
        """Hours of all subjects together."""
        return sum(self.hours.values(), Decimal())


@dataclass(frozen=True)
class Limits:
    """What a training's plan and dates allow. Hours for one person; `days` from first to last, both included."""

    subject: str
    hours_each: Decimal
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
    form: Form
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    indexes: dict[int, bytes] = field(default_factory=dict)
    """By which blind index the person of a row was looked for among those on file."""
    account: list[str] = field(default_factory=list)
    """What of the file was read and what was not (读入说明), in words."""
    understood: Understood | None = None
    """Which of the file's columns is which."""

    @property
    def faulty_rows(self) -> set[int]:
        return {problem.row for problem in self.problems if problem.blocking}

    @property
    def good_rows(self) -> list[Row]:
        faulty = self.faulty_rows
        return [row for row in self.rows if row.row not in faulty]
