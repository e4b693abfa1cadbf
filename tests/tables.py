"""Tables whose meaning is known (表格语法): what offices send, built from shapes that are put together at random.

`tables(kind)` draws a `Table`: the bytes of a file and what its sender meant by it. A shape is a function with
`@shape`: it changes a draft of a list (its columns, its lines, the rows around it). Shapes are applied in the order in
which they stand here: values, columns, headings, groups, rows around, places, files.

A shape that `may_ask` leaves room for a question (a refusal, a problem of the row); every other one must be read.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import xlsxwriter

from core.ground import resident_id

KINDS = ("roster", "credits", "applications")
TODAY = date(2024, 12, 31)
Cell = Any
"""None where nothing stands: str, int, float or date."""


# --- what is meant --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meant:
    """What a list says: of a person (roster), of a person's hours in a year and subject (credits), of an applicant."""

    name: str
    id_number: str
    said: Mapping[str, object]


@dataclass
class Column:
    """A column of a list: what stands at its head, groups first, and one cell for each line."""

    key: str
    heading: tuple[str, ...]
    cells: list[Cell]
    merged: bool = False
    """Whether equal cells that follow one another are one merged cell."""
    own: bool = False
    """Whether that is so within the lines of one person only."""
    exact: bool = False
    """Whether its heading stays as it is, since another column's is a synonym of it."""

    @property
    def word(self) -> str:
        return self.heading[-1]

    def rename(self, word: str) -> None:
        self.heading = (*self.heading[:-1], word)


@dataclass
class Extra:
    """A row that is nobody: a text at a place, cells by key of their column, or the headings once more."""

    text: Cell = None
    at: str = "first"
    """Which column the text stands in: "first", "name", or "all" of them, merged."""
    cells: Mapping[str, Cell] = field(default_factory=dict)
    every: Cell = None
    """What stands in every cell."""
    more: Sequence[Cell] = ()
    """Cells to the right of the text."""
    headings: bool = False
    numbered: str = ""
    """How the number of its column stands in every cell."""
    told: bool = False
    """Whether the reader must say that it left this row out."""


@dataclass
class Draft:
    """A list on its way to become a file."""

    kind: str
    meant: list[Meant]
    owners: list[tuple[int, ...]]
    """For each line, what of `meant` it says."""
    columns: list[Column]
    above: list[Extra] = field(default_factory=list)
    before: dict[int, list[Extra]] = field(default_factory=dict)
    """Rows before a line."""
    below: list[Extra] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    may_ask: bool = False
    unread: list[str] = field(default_factory=list)
    """Headings that the reader must name as not read."""
    open: dict[str, str] = field(default_factory=dict)
    """Headings that are read, or named as not read: by what they would say."""
    hidden: list[int] = field(default_factory=list)
    pad: str = "low"
    """Where a heading without a group stands among several rows of headings: "low", "high", or "merged" over all."""
    group: str = "first"
    """How a group is written over its columns: in the "first" only, "merged" over them, or in "each"."""
    parts: str = "one"
    """Where the lines stand: in "one" list, two "abreast", or a second one "below" (with columns in "other" order)."""
    left: int = 0
    top: int = 0
    file: dict[str, Any] = field(default_factory=lambda: {"ending": "csv"})

    def column(self, key: str) -> Column | None:
        return next((each for each in self.columns if each.key == key), None)

    def add(self, column: Column, near: str, after: int = 1) -> None:
        at = next((at for at, each in enumerate(self.columns) if each.key == near), len(self.columns) - 1)
        self.columns.insert(at + after, column)

    def change(self, key: str, write: Callable[[Any], Cell]) -> None:
        if column := self.column(key):
            column.cells = [None if cell is None else write(cell) for cell in column.cells]

    def say(self, key: str, write: Callable[[Any], Cell]) -> None:
        """Write what is meant in another way."""
        if column := self.column(key):
            said = [_value(self.meant[owner[0]], key) for owner in self.owners]
            column.cells = [None if value is None else write(value) for value in said]


_NAMES = "王伟 李娜 张敏 刘洋 陈静 杨磊 赵云霞 黄河 周杰 阿依古丽·买买提 欧阳修远 李明".split()
_HOURS = ((30, 60), (0, 24), (12, 48.5), (8, 16), (36, 72), (0, 90))
_EMPLOYERS = ("甲医院", "甲医院", "示例旗第二中学", "示例旗第二中学", "乙设计院", "甲医院")


def number(place: int, *, last_x: bool = False) -> str:
    """A valid synthetic ID number (county 150199) for a place among the people."""
    born = date(1970 + 3 * place, 1 + place, 10 + place)
    serials = (f"150199{born:%Y%m%d}{serial:03d}" for serial in range(11 + place, 999))
    return next(first + digit for first in serials if ((digit := resident_id.check_digit(first)) == "X") == last_x)


_STANDARD = {
    "roster": {"name": "姓名", "id": "身份证号", "employer": "工作单位", "public": "公需学时"}
    | {"professional": "专业学时", "result": "考核结果"},
    "credits": {"id": "身份证号", "name": "姓名", "year": "年度", "subject": "科目", "hours": "学时", "source": "来源"}
    | {"basis": "依据", "day": "完成日期"},
    "applications": {"name": "姓名", "id": "身份证号", "year": "申报年度", "route": "申报方式", "level": "申报级别"}
    | {"non_public": "单位性质", "front_line": "基层一线", "in_post_since": "任现职日期"},
}
_BESIDE = (
    ("serial", "序号"),
    ("sex", "性别"),
    ("post", "专业技术职务"),
    ("phone", "联系电话"),
    ("note", "备注"),
)
"""Columns that a roster may also have."""


def _draft(draw: Any, kind: str) -> Draft:
    """A plain list of one to six people."""
    count, start = draw(st.integers(1, 6)), draw(st.integers(0, len(_NAMES) - 1))
    names = [_NAMES[(start + place) % len(_NAMES)] for place in range(count)]
    meant: list[Meant] = []
    for place, name in enumerate(names):
        meant += _MEANT[kind](draw, place, name)
    columns = [Column(key, (word,), [_plain(each, key) for each in meant]) for key, word in _STANDARD[kind].items()]
    draft = Draft(kind, meant, [(place,) for place in range(len(meant))], columns)
    if kind == "roster":
        chosen = draw(st.integers(0, 2 ** len(_BESIDE) - 1))
        for bit, (key, word) in enumerate(_BESIDE):
            if chosen >> bit & 1:
                draft.columns.insert(0 if key == "serial" else len(draft.columns), _beside(draft, key, word))
    return draft


def _beside(draft: Draft, key: str, word: str) -> Column:
    value = {
        "serial": lambda place, each: place + 1,
        "sex": lambda place, each: resident_id.sex(each.id_number),
        "post": lambda place, each: "主治医师",
        "phone": lambda place, each: f"1390000000{place}",
        "note": lambda place, each: None,
    }[key]
    return Column(key, (word,), [value(place, draft.meant[owner[0]]) for place, owner in enumerate(draft.owners)])


def _plain(each: Meant, key: str) -> Cell:
    """The cell that says a value in the plainest way."""
    value = _value(each, key)
    match value:
        case True:
            return "非公有制" if key == "non_public" else "是"
        case False:
            return "事业单位" if key == "non_public" else None
        case date():
            return f"{value:%Y-%m-%d}"
    return {"public": "公需", "professional": "专业"}.get(str(value), value)


def _value(each: Meant, key: str) -> object:
    return {"name": each.name, "id": each.id_number}.get(key) or each.said.get(key)


def _roster(draw: Any, place: int, name: str) -> list[Meant]:
    public, professional = draw(st.sampled_from(_HOURS))
    said = {"employer": _EMPLOYERS[place], "public": public, "professional": professional, "result": "合格"}
    return [Meant(name, number(place), said | {"year": None})]


def _credits(draw: Any, place: int, name: str) -> list[Meant]:
    lines = draw(st.integers(1, 3)) if place < 3 else 1
    public, professional = draw(st.sampled_from(_HOURS[:1] + _HOURS[2:5]))
    return [
        Meant(
            name,
            number(place),
            {"year": 2024 - line, "subject": "professional" if line != 1 else "public"}
            | {"hours": professional if line != 1 else public, "source": "培训"}
            | {"basis": f"第{line + 1}班", "day": date(2024 - line, 6, 28)},
        )
        for line in range(lines)
    ]


def _applications(draw: Any, place: int, name: str) -> list[Meant]:
    chosen = draw(st.integers(0, 7))
    said = {"year": 2024, "route": "职称评审", "level": ("中级", "高级", "初级")[place % 3]}
    said |= {"non_public": bool(chosen & 1), "front_line": bool(chosen & 2)}
    return [Meant(name, number(place), said | {"in_post_since": date(2018, 7, 1) if chosen & 4 else None})]


_MEANT = {"roster": _roster, "credits": _credits, "applications": _applications}


# --- shapes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    name: str
    kinds: tuple[str, ...]
    may_ask: bool
    workbook: bool
    """Whether only a workbook can have it."""
    takes: str
    """What of a draft only one shape may change."""
    make: Callable[[Any, Draft], None]


SHAPES: dict[str, Shape] = {}


def shape(
    kinds: Iterable[str] = KINDS, *, may_ask: bool = False, workbook: bool = False, takes: str = ""
) -> Callable[[Callable[[Any, Draft], None]], Callable[[Any, Draft], None]]:
    """Add a function to the grammar."""
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)

    def add(make: Callable[[Any, Draft], None]) -> Callable[[Any, Draft], None]:
        name = make.__name__.strip("_")
        SHAPES[name] = Shape(name, kinds, may_ask, workbook, takes, make)
        return make

    return add


def _one(draw: Any, of: Sequence[Any]) -> Any:
    return draw(st.sampled_from(of))


# Values.

_FULL = str.maketrans({code - 0xFEE0: code for code in range(0xFF10, 0xFF5B)})
_HOURS_SAID: tuple[Callable[[float], Cell], ...] = (
    lambda hours: f"{hours:g}",
    lambda hours: f"{float(hours)}",
    lambda hours: float(hours),
    lambda hours: f"{hours:g}学时",
    lambda hours: f"{hours:g} 小时",
    lambda hours: f"{hours:g}".translate(_FULL),
    lambda hours: f" {hours:g} ",
    lambda hours: f"{hours:.2f}",
)


@shape(("roster", "credits"))
def _hours_said(draw: Any, draft: Draft) -> None:
    write = _one(draw, _HOURS_SAID)
    for key in ("public", "professional", "hours"):
        draft.change(key, write)


@shape("roster")
def _no_hours_left_blank(draw: Any, draft: Draft) -> None:
    blank = _one(draw, (None, "", "-", "—", "/", "无", 0.0))
    if column := draft.column("public"):
        zero = [not draft.meant[owner[0]].said["public"] for owner in draft.owners]
        column.cells = [blank if none else cell for none, cell in zip(zero, column.cells, strict=True)]


_YEARS_SAID: tuple[Callable[[int], Cell], ...] = (str, float, "{}年".format, "{}年度".format, "'{}".format)
_YEARS_SAID += ("{}.0".format, lambda year: str(year).translate(_FULL), " {} ".format)


@shape(("credits", "applications"))
def _years_said(draw: Any, draft: Draft) -> None:
    draft.change("year", _one(draw, _YEARS_SAID))


_DAYS_SAID: tuple[Callable[[date], Cell], ...] = (
    lambda day: day,
    lambda day: f"{day:%Y/%m/%d}",
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day.year}年{day.month}月{day.day}号",
    lambda day: f"{day:%Y%m%d}",
    lambda day: (day - date(1899, 12, 30)).days,
    lambda day: (day - date(1899, 12, 30)).days + 0.5,
    lambda day: f"{day} 16:20:35",
    lambda day: f"{day} 00:00:00.0",
    lambda day: f"{day.year}/{day.month}/{day.day} 9:05",
    lambda day: f"{day}T09:00:00+08:00",
    lambda day: str(day).translate(_FULL),
    lambda day: f" {day}",
)


@shape(("credits", "applications"))
def _days_said(draw: Any, draft: Draft) -> None:
    write = _one(draw, _DAYS_SAID)
    for key in ("day", "in_post_since"):
        draft.say(key, write)


_NUMBERS_SAID: tuple[Callable[[str], str], ...] = (
    lambda said: f"{said[:6]} {said[6:14]} {said[14:]}",
    lambda said: said.translate(_FULL),
    lambda said: f"'{said}",
    lambda said: f" {said}\u3000",
    lambda said: said[:6] + said[8:17],
    lambda said: f"\u202d{said}\u202c",
    lambda said: f"{said}\t",
)


@shape()
def _last_character_said(draw: Any, draft: Draft) -> None:
    people = {each.id_number: None for each in draft.meant}
    new = {old: number(place, last_x=True) for place, old in enumerate(people)}
    draft.meant = [replace(each, id_number=new[each.id_number]) for each in draft.meant]
    said = _one(draw, "xＸｘ×ХⅩхⅹ")
    draft.say("id", lambda new: new[:17] + said)
    if sex := draft.column("sex"):
        sex.cells = _beside(draft, "sex", "性别").cells


@shape()
def _numbers_said(draw: Any, draft: Draft) -> None:
    draft.change("id", _one(draw, _NUMBERS_SAID))


DOTS = "·•‧∙⋅・･．●.․·⸱﹒᛫ꞏ"
_NAMES_SAID: tuple[tuple[str, str], ...] = (
    ("王伟", "王　伟"),
    ("王伟", "王 伟"),
    ("王伟", " 王伟\u00a0"),
    ("王伟", "王\u200b伟"),
    ("王伟", "王\n伟"),
    ("李明", "\uf9e1明"),
    ("金海", "⾦海"),
    ("李立", "李⽴"),
    ("䶮云", "\ue863云"),
    ("杨千𫰡", "杨千𫰡"),
    ("José García", "José García"),
    ("José García", "Jose\u0301 Garci\u0301a"),
    ("Бат Эрдэнэ", "Бат  Эрдэнэ"),
    ("ᠪᠠᠲᠤ ᠮᠥᠩᠬᠡ", "ᠪᠠᠲᠤ ᠮᠥᠩᠬᠡ"),
    ("阿依古丽·买买提", "阿依古丽 · 买买提"),
    *(("阿依古丽·买买提", f"阿依古丽{dot}买买提") for dot in DOTS),
)


@shape()
def _a_name_said(draw: Any, draft: Draft) -> None:
    meant, written = _one(draw, _NAMES_SAID)
    _call(draft, meant, written)


@shape(may_ask=True)
def _a_name_like_another_word(draw: Any, draft: Draft) -> None:
    """People are called so, and a reader that judges words by their parts loses them."""
    name = _one(draw, ("范例", "申报", "单文字", "共同", "年月", "章签", "备注", "计小合", "总小雨", "无名", "安全员"))
    _call(draft, name, name)


def _call(draft: Draft, meant: str, written: str) -> None:
    """Give the first person another name."""
    first = draft.meant[0].id_number
    column = draft.column("name")
    for line, owner in enumerate(draft.owners):
        if column and draft.meant[owner[0]].id_number == first:
            column.cells[line] = written
    draft.meant = [replace(each, name=meant) if each.id_number == first else each for each in draft.meant]


@shape("roster")
def _words_said(draw: Any, draft: Draft) -> None:
    said = _one(draw, ("合 格", " 合格", "优秀", "良好", "及格", "通过", "合格\n"))
    if said.split() in (["优秀"], ["良好"], ["及格"], ["通过"]):
        draft.meant = [replace(each, said={**each.said, "result": said}) for each in draft.meant]
    draft.change("result", lambda _: said)
    draft.change("phone", _one(draw, (int, str)))
    draft.change("serial", _one(draw, (float, str, "{}.".format, "0{}".format)))


@shape("credits")
def _words_of_hours_said(draw: Any, draft: Draft) -> None:
    subject = _one(draw, ("{}", "{}科目", "{}课", " {} "))
    draft.change("subject", subject.format)
    draft.change("source", _one(draw, ("培 训", "培训 ", "培\u200b训", "培训")).replace("{}", "").format)


@shape("applications")
def _words_of_applications_said(draw: Any, draft: Draft) -> None:
    route = _one(draw, ("职称评审", "职称 评审", "评审", "正常申报", "职称\n评审"))
    draft.change("route", lambda _: route)
    draft.change("level", _one(draw, ("{}", "{}职称", " {}")).format)
    spaced = draw(st.booleans())
    draft.change("level", lambda said: said.replace("级", "　级") if spaced else said)
    public = _one(draw, ("事业单位", "国有企业", "公有制", "事业 单位"))
    private = _one(draw, ("非公有制", "民营企业", "私营企业", "非公", "非公有制\n企业"))
    yes = _one(draw, ("是", "√", "有"))
    draft.say("non_public", lambda said: private if said else public)
    draft.say("front_line", lambda said: yes if said else None)


@shape("applications", may_ask=True)
def _ownership_said(draw: Any, draft: Draft) -> None:
    """Words that judge themselves by their parts wrongly."""
    public = _one(draw, ("不属于非公有制", "非公有制：否", "公有制（不是非公）", "非公有制 否", "国有（非民营）"))
    private = _one(draw, ("非国有企业", "非事业单位（民营）", "非公有制：是", "属于非公有制"))
    draft.say("non_public", lambda said: private if said else public)


# Columns.

_COURSE = "新质生产力"
_DISTRACTORS: dict[str, tuple[tuple[str, str, Cell, bool], ...]] = {
    "roster": (
        ("public", "公需科目", _COURSE, True),
        ("professional", "专业科目", "心内科新进展", True),
        ("professional", "专业课程", "护理学", False),
        ("professional", "专业", "临床医学", False),
        ("professional", "专业技术资格证书编号", "NMG2024000123", False),
        ("result", "考试成绩", 86, True),
        ("result", "成绩", "92.5", True),
        ("result", "考核方式", "笔试", False),
        ("result", "考核时间", "2024-06-28", False),
        ("employer", "单位", "护理部", True),
        ("employer", "单位名称", "内科", True),
        ("employer", "单位性质", "事业单位", False),
        ("employer", "单位地址", "示例旗1号", False),
        ("employer", "单位联系人", "陈静", False),
        ("name", "班主任姓名", "校长", False),
        ("id", "证件类型", "居民身份证", False),
        ("id", "证书编号", "NMG2024000123", False),
        ("id", "统一社会信用代码", "12150000460029345X", False),
    ),
    "credits": (
        ("day", "发证日期", "2024-12-01", True),
        ("day", "登记日期", "2024-12-02", False),
        ("basis", "培训名称", "高研班", True),
        ("basis", "证书编号", "NMG2024000123", False),
        ("source", "来源单位", "甲基地", False),
        ("year", "入职年份", 2010, False),
        ("year", "年份", 2010, True),
        ("subject", "课程名称", _COURSE, False),
        ("hours", "学时单位", "小时", False),
        ("hours", "累计学时", 90, False),
    ),
    "applications": (
        ("level", "级别", "初级", True),
        ("level", "现职称级别", "初级", False),
        ("year", "年度", 2023, True),
        ("year", "出生年份", 1985, False),
        ("route", "申报材料", "齐全", False),
        ("in_post_since", "参加工作时间", "2010-07-01", False),
        ("name", "推荐人姓名", "陈静", False),
    ),
}
_ANYWHERE = (("民族", "蒙古族"), ("电子邮箱", "a@example.cn"), ("年龄", 34), ("出生年月", None), ("曾用名", None))
_ANYWHERE += (("姓名拼音", "wang wei"), ("学员签字", None), ("培训班次", "第1期"), ("科室", "护理部"))
_BORN_SAID = ("{:%Y-%m}", "{:%Y-%m-%d}", "{:%Y年%m月}", "{:%Y.%m}", "{:%Y%m}", "{:%Y/%m/%d}")


@shape()
def _a_column_close_to_another(draw: Any, draft: Draft) -> None:
    near, word, value, told = _one(draw, _DISTRACTORS[draft.kind])
    column = draft.column(near)
    if column is None or column.exact:
        return
    column.exact = True
    draft.add(Column("", (word,), [value] * len(draft.owners)), near, _one(draw, (0, 1)))
    draft.unread += [word] if told else []


@shape()
def _columns_of_other_things(draw: Any, draft: Draft) -> None:
    for word, value in draw(st.lists(st.sampled_from(_ANYWHERE), min_size=1, max_size=3, unique=True)):
        cells = [value] * len(draft.owners)
        if word == "出生年月":
            said = _one(draw, _BORN_SAID)
            people = [draft.meant[owner[0]].id_number for owner in draft.owners]
            cells = [said.format(resident_id.birth_on(each)) for each in people]
        draft.columns.insert(draw(st.integers(0, len(draft.columns))), Column("", (word,), cells))


def _hours_in_all(draft: Draft) -> list[Cell]:
    said = (draft.meant[owner[0]].said for owner in draft.owners)
    return [float(each["public"]) + float(each["professional"]) for each in said]


@shape("roster")
def _hours_in_all_beside(draw: Any, draft: Draft) -> None:
    word = _one(draw, ("总学时", "合计学时", "合计", "学时合计", "学时"))
    draft.add(Column("", (word,), _hours_in_all(draft)), _one(draw, ("professional", "public")), _one(draw, (1, 0)))


@shape("roster", takes="hours")
def _hours_of_the_plan(draw: Any, draft: Draft) -> None:
    """Hours that do not say of what: the plan's subject, without a plan the professional one."""
    draft.columns = [each for each in draft.columns if each.key != "public" and each.word != "学时"]
    draft.meant = [replace(each, said={**each.said, "public": 0}) for each in draft.meant]
    if column := draft.column("professional"):
        column.rename(_one(draw, ("学时", "培训学时", "获得学时")))
        column.exact = True
    draft.columns = [each for each in draft.columns if "合计" not in each.word and each.word != "总学时"]
    # Beside hours that do not say of what, a course's column may be taken for theirs.
    draft.may_ask |= any(each.word in ("公需科目", "专业科目") for each in draft.columns)


@shape("roster", may_ask=True, takes="hours")
def _subjects_in_brackets(draw: Any, draft: Draft) -> None:
    said = _one(draw, ("学时（{}）", "学时({})", "学时【{}】", "学时[{}]", "学时（{}科目）", "学时\n（{}）", "学时-{}"))
    for key, word in (("public", "公需"), ("professional", "专业")):
        if column := draft.column(key):
            column.rename(said.format(word))
            column.exact = True


_COUNTS = (("计划", "实际"), ("应修", "实修"), ("应完成", "已完成"), ("计划", "完成"), ("申报", "认定"))
_COUNTS += (("申请", "审定"), ("应学", "实学"))


@shape("roster", may_ask=True, takes="hours")
def _planned_and_actual(draw: Any, draft: Draft) -> None:
    """What took place and was granted counts."""
    planned, actual = _one(draw, _COUNTS)
    said = _one(draw, ("{1}（{0}）", "{0}{1}", "{1}({0})", "{1}【{0}】"))
    one = draw(st.booleans())
    for key in ("professional",) if one else ("public", "professional"):
        if column := draft.column(key):
            word = column.word
            column.rename(said.format(actual, word))
            column.exact = True
            other = Column("", (said.format(planned, word),), [80] * len(draft.owners))
            draft.add(other, key, _one(draw, (0, 1)))


@shape("credits", may_ask=True, takes="hours")
def _claimed_and_granted(draw: Any, draft: Draft) -> None:
    words = (("申报学时", "认定学时"), ("学时（申报）", "学时（认定）"), ("计划学时", "实际学时"))
    claimed, granted = _one(draw, words)
    if column := draft.column("hours"):
        column.rename(granted)
        column.exact = True
        draft.add(Column("", (claimed,), [80] * len(draft.owners)), "hours", _one(draw, (0, 1)))


@shape("roster", may_ask=True, takes="hours")
def _online_and_in_class(draw: Any, draft: Draft) -> None:
    """Two parts of one subject: together, or a question; never one of them."""
    if column := draft.column("professional"):
        said = _one(draw, ("专业学时（{}）", "{}专业学时", "专业学时({})"))
        online, in_class = _one(draw, (("线上", "线下"), ("理论", "实践"), ("网络", "面授")))
        column.rename(said.format(online))
        column.exact = True
        rest = [float(cell) - 4 for cell in (draft.meant[owner[0]].said["professional"] for owner in draft.owners)]
        column.cells = [4] * len(rest)
        draft.add(Column("", (said.format(in_class),), rest), "professional")


@shape("applications", may_ask=True)
def _headings_in_other_words(draw: Any, draft: Draft) -> None:
    """A claim under a heading nobody knows is read, or the heading is named."""
    others = {"non_public": "所在单位性质", "front_line": "在苏木乡镇一线工作", "in_post_since": "任现职级年月"}
    for key in draw(st.lists(st.sampled_from(sorted(others)), min_size=1, unique=True)):
        column = draft.column(key)
        if column and not column.exact:
            column.rename(others[key])
            column.exact = True
            draft.open[others[key]] = key


# Headings.

_SYNONYMS = {
    "serial": ("编号", "No", "Ｎｏ"),
    "name": ("学员姓名", "名字"),
    "id": ("身份证号码", "证件号码", "身份证", "公民身份号码", "居民身份证号码"),
    "employer": ("单位", "单位名称", "所在单位", "现工作单位"),
    "public": ("公需科目学时", "公需课学时", "公需科目"),
    "professional": ("专业科目学时", "专业课学时", "专业科目"),
    "result": ("考核", "考试结果", "考核情况", "是否合格"),
    "post": ("职称", "专业技术职称"),
    "phone": ("电话", "手机号码", "联系方式"),
}
_OTHER_SYNONYMS = {
    "credits": {"year": ("学时年度", "年份"), "subject": ("学时科目", "科目类别"), "hours": ("学时数", "获得学时")}
    | {"source": ("学时来源", "取得方式"), "basis": ("学时依据", "培训名称"), "day": ("完成时间", "结业日期")},
    "applications": {"year": ("申报年份", "评审年度"), "route": ("申报类型", "评审方式"), "level": ("申报等级",)}
    | {"non_public": ("单位类型", "所有制"), "front_line": ("是否基层一线",), "in_post_since": ("任现职时间",)},
    "roster": {},
}


@shape()
def _synonyms(draw: Any, draft: Draft) -> None:
    words = _SYNONYMS | _OTHER_SYNONYMS[draft.kind]
    words |= {"name": ("申报人姓名", "名字")} if draft.kind == "applications" else {}
    for column in draft.columns:
        if column.key in words and not column.exact:
            column.rename(_one(draw, (column.word, *words[column.key])))


@shape()
def _other_order(draw: Any, draft: Draft) -> None:
    draft.columns = list(draw(st.permutations(draft.columns)))


_UNITS = {
    "public": ("（小时）", "(学时)", "【小时】", "（单位：学时）", "\n（小时）"),
    "professional": ("（小时）", "(学时)", "[小时]", "（单位：学时）", "\n(小时)"),
    "hours": ("（小时）", "(小时)", "【小时】"),
    "id": ("（18位）", "(文本格式)", "：", "（必填，18位）"),
    "employer": ("（全称）", "(与公章一致)"),
    "result": ("（合格/不合格）", "(合格、不合格)"),
    "day": ("（年-月-日）", "(格式：2024-06-28)"),
    "year": ("（四位数字）", "(如2024)"),
    "in_post_since": ("（年-月-日）",),
    "front_line": ("（是/否）", "(填“是”或“否”)"),
    "phone": ("(手机)",),
}


@shape()
def _units(draw: Any, draft: Draft) -> None:
    for column in draft.columns:
        if column.key in _UNITS:
            column.rename(column.word + _one(draw, ("", *_UNITS[column.key])))


_BEFORE = ("*", "★", "☆", "※", "＊", "【必填】", "（必填）", "(必填)", "[必填]", "* ")
_AFTER = ("*", "★", "【必填】", "（必填）", "(必填)", "[必填]", "（选填）", "【选填】", " *", "＊", "（*）", "：")


@shape()
def _marks(draw: Any, draft: Draft) -> None:
    before, after = _one(draw, (*((mark, "") for mark in _BEFORE), *(("", mark) for mark in _AFTER)))
    every = draw(st.booleans())
    for at, column in enumerate(draft.columns):
        if column.word and (every or at % 2 == 0):
            column.rename(f"{before}{column.word}{after}")


_INSIDE = (" ", "　", "  ", "\n", "\r\n", "\u00a0", "\u2003", "\u3000\u3000", "\u200b", "\ufeff", "\u00ad", "\u2060")


@shape()
def _spaces_in_headings(draw: Any, draft: Draft) -> None:
    """Seen or unseen: 姓　名, 身份证⏎号码."""
    space, place = _one(draw, _INSIDE), _one(draw, ("inside", "after", "before"))
    for column in draft.columns:
        if column.word:
            at = {"inside": len(column.word) // 2, "after": len(column.word), "before": 0}[place]
            column.rename(column.word[:at] + space + column.word[at:])


# Groups of headings.


def _together(draft: Draft, first: str, second: str) -> None:
    """Put a column right after another."""
    if (left := draft.column(first)) and (right := draft.column(second)):
        draft.columns.remove(right)
        draft.columns.insert(draft.columns.index(left) + 1, right)


def _group(draw: Any, draft: Draft) -> None:
    draft.pad, draft.group = _one(draw, ("low", "high", "merged")), _one(draw, ("first", "merged", "each"))


@shape("roster", takes="hours")
def _hours_under_a_group(draw: Any, draft: Draft) -> None:
    _together(draft, "public", "professional")
    _group(draw, draft)
    group = _one(draw, ("学时", "学时数", "学时（小时）", "获得学时", "继续教育学时", "学时情况"))
    full = _one(draw, ("{}", "{}学时", "{}科目"))
    for key, word in (("public", "公需"), ("professional", "专业")):
        if column := draft.column(key):
            column.heading = (group, full.format(word))
    draft.columns = [each for each in draft.columns if each.key or not re.search("总学时|合计|^学时$", each.word)]
    draft.may_ask |= "a_column_close_to_another" in draft.shapes  # 专业 beside 专业, both below 学时
    if draw(st.booleans()):
        sums = Column("", (group, _one(draw, ("合计", "小计", "总计"))), _hours_in_all(draft))
        draft.add(sums, "professional")


@shape("roster", may_ask=True, takes="hours")
def _groups_of_subjects(draw: Any, draft: Draft) -> None:
    """公需科目 above 课程 and 学时, 专业科目 likewise: a name and its hours."""
    _group(draw, draft)
    course = _one(draw, ("课程", "课程名称", "内容"))
    for key, group in (("public", "公需科目"), ("professional", "专业科目")):
        if column := draft.column(key):
            column.heading = (group, "学时")
            draft.add(Column("", (group, course), [_COURSE] * len(draft.owners)), key, 0)


@shape("roster")
def _basic_information(draw: Any, draft: Draft) -> None:
    _group(draw, draft)
    _together(draft, "name", "id")
    _together(draft, "id", "employer")
    group = _one(draw, ("基本信息", "个人信息", "学员基本情况", "人员信息"))
    for column in draft.columns:
        if column.key in ("name", "id", "employer"):
            column.heading = (group, *column.heading)


@shape("roster", takes="year")
def _a_year_above(draw: Any, draft: Draft) -> None:
    if "hours_of_the_plan" in draft.shapes:
        return
    _together(draft, "public", "professional")
    _group(draw, draft)
    group = _one(draw, ("2024年度", "2024年", "2024年度学时", "2024年完成情况"))
    for column in draft.columns:
        if column.key in ("public", "professional"):
            column.heading = (group, *column.heading)


@shape("roster", may_ask=True, takes="year")
def _years_side_by_side(draw: Any, draft: Draft) -> None:
    if "hours" in draft.taken and "hours_under_a_group" not in draft.shapes:
        return
    _together(draft, "public", "professional")
    _group(draw, draft)
    years = _one(draw, ((2023, 2024), (2024, 2023), (2022, 2023)))
    said = _one(draw, ("{}年度", "{}年", "{}", "{}年度学时"))
    public, professional = draft.column("public"), draft.column("professional")
    if public is None or professional is None:
        return
    at = max(draft.columns.index(public), draft.columns.index(professional)) + 1
    other = [
        Column(f"{each.key} again", each.heading, [value] * len(each.cells))
        for each, value in ((public, 6), (professional, 7))
    ]
    draft.columns[at:at] = other
    for columns, year in (((public, professional), years[0]), (other, years[1])):
        for column in columns:
            column.heading = (said.format(year), *column.heading)
    more = [replace(each, said={**each.said, "public": 6, "professional": 7, "year": years[1]}) for each in draft.meant]
    first = [replace(each, said={**each.said, "year": years[0]}) for each in draft.meant]
    draft.owners = [(*owner, *(place + len(first) for place in owner)) for owner in draft.owners]
    draft.meant = first + more


@shape("credits", may_ask=True, takes="hours")
def _subjects_side_by_side(draw: Any, draft: Draft) -> None:
    """公需学时 and 专业学时 in place of 科目 and 学时."""
    words = _one(draw, (("公需学时", "专业学时"), ("公需", "专业"), ("公需科目", "专业科目")))
    said = [draft.meant[owner[0]].said for owner in draft.owners]
    new = [
        Column(key, (word,), [each["hours"] if each["subject"] == key else None for each in said])
        for key, word in zip(("public", "professional"), words, strict=True)
    ]
    draft.columns = [each for each in draft.columns if each.key not in ("subject", "hours")] + new


# Merged cells.


@shape("roster", workbook=True)
def _employer_merged(draw: Any, draft: Draft) -> None:
    for key in _one(draw, (("employer",), ("result",), ("employer", "result", "post"))):
        if column := draft.column(key):
            column.merged = True


@shape("credits", workbook=True)
def _person_merged_over_years(draw: Any, draft: Draft) -> None:
    for key in ("id", "name"):
        if column := draft.column(key):
            column.merged = True


@shape("credits", workbook=True)
def _year_and_source_merged(draw: Any, draft: Draft) -> None:
    for key in _one(draw, (("source",), ("year", "source"), ("year",), ("basis", "day"))):
        if column := draft.column(key):
            column.merged = True


@shape("roster", may_ask=True, takes="hours")
def _a_person_on_two_rows(draw: Any, draft: Draft) -> None:
    if "year" in draft.taken:
        return
    said = [draft.meant[owner[0]].said for owner in draft.owners]
    columns = [each for each in draft.columns if each.key not in ("public", "professional")]
    for column in columns:
        column.own = not column.merged
        column.merged |= column.key != "result"
        column.cells = [cell for each in column.cells for cell in (each, each)]
    subject, hours = _one(draw, (("科目", "学时"), ("科目类别", "学时数"), ("类别", "学时")))
    columns.append(Column("subject", (subject,), ["公需", "专业"] * len(said)))
    each_hours = [hours for each in said for hours in (each["public"], each["professional"])]
    columns.append(Column("hours", (hours,), each_hours))
    draft.columns = columns
    draft.owners = [owner for owner in draft.owners for _ in range(2)]


# Rows that are nobody.

_TITLES = (
    "2024年度专业技术人员继续教育培训花名册",
    "附件1",
    "专业技术人员\n继续教育花名册（公章）",
    "填写说明：姓名、身份证号必填，学时按实际填写，考核结果填合格或不合格",
    "第1期 2024年6月24日至28日",
)


@shape()
def _titles(draw: Any, draft: Draft) -> None:
    for text in draw(st.lists(st.sampled_from(_TITLES), min_size=1, max_size=3)):
        draft.above.append(Extra(text, at=_one(draw, ("first", "all"))))


@shape()
def _filled_in_by(draw: Any, draft: Draft) -> None:
    said = (
        ("填报单位：甲医院", None, "填报日期：2024年6月28日"),
        ("填报单位：", "甲医院", None, "日期：", "6月28日"),
        ("联系人姓名", "李娜", "联系电话", "0471-1000000"),
        ("培训学时", 24, "人数", 3),
    )
    text, *more = _one(draw, said)
    draft.above.append(Extra(text, more=more))


@shape()
def _blank_row_under_the_title(draw: Any, draft: Draft) -> None:
    draft.above.append(Extra())


@shape()
def _blank_rows(draw: Any, draft: Draft) -> None:
    _insert(draw, draft, Extra())


def _insert(draw: Any, draft: Draft, extra: Extra, *, first: bool = False) -> None:
    """A row before one of the lines, never between two lines of one person."""
    places = [0] if first else range(len(draft.owners))
    whole = [at for at in places if not at or draft.owners[at] != draft.owners[at - 1]]
    draft.before.setdefault(_one(draw, whole), []).append(extra)


@shape()
def _groups_of_people(draw: Any, draft: Draft) -> None:
    text = _one(draw, ("（一）护理组", "一、护理组", "(二)医疗组", "（三）甲医院"))
    _insert(draw, draft, Extra(text, at=_one(draw, ("first", "name", "all"))), first=draw(st.booleans()))


@shape()
def _sum_in_the_middle(draw: Any, draft: Draft) -> None:
    text = _one(draw, ("小计", "本页小计", "小 计"))
    sums = {"public": 60, "professional": 120, "hours": 180}
    _insert(draw, draft, Extra(text, at=_one(draw, ("first", "name")), cells=sums))


@shape("roster")
def _example_row(draw: Any, draft: Draft) -> None:
    if draft.column("serial") is None:
        draft.columns.insert(0, _beside(draft, "serial", "序号"))
    cells = _example(draft) | {"serial": _one(draw, ("示例", "例", "范例", "示例1", "例：", "（示例）"))}
    _insert(draw, draft, Extra(cells=cells, told=True), first=True)


def _example(draft: Draft) -> dict[str, Cell]:
    cells = {each.key: each.cells[0] for each in draft.columns if each.key}
    return cells | {"name": "张三", "id": number(9), "employer": "某某单位"}


@shape(may_ask=True)
def _example_in_the_name(draw: Any, draft: Draft) -> None:
    name = _one(draw, ("张三（示例）", "示例：张三", "例：张三", "（例）张三", "示例", "张三(例)"))
    _insert(draw, draft, Extra(cells=_example(draft) | {"name": name}, told=True), first=True)


@shape()
def _instructions(draw: Any, draft: Draft) -> None:
    """A row of 必填 and 选填 under the headings."""
    said = _one(draw, ("必填", "（必填）", "必填项"))
    cells = {each.key: said for each in draft.columns if each.key}
    cells |= {"id": _one(draw, (said, "必填，18位", "必填，文本格式")), "note": "选填", "phone": "选填"}
    cells |= {"serial": _one(draw, ("填写说明", None))}
    _insert(draw, draft, Extra(cells=cells, told=True), first=True)


@shape(may_ask=True)
def _numbers_of_columns(draw: Any, draft: Draft) -> None:
    """1, 2, 3 … under the headings."""
    _insert(draw, draft, Extra(numbered=_one(draw, ("{}", "（{}）", "({})"))), first=True)


@shape()
def _headings_on_every_page(draw: Any, draft: Draft) -> None:
    _insert(draw, draft, Extra(headings=True))


@shape()
def _row_of_strokes(draw: Any, draft: Draft) -> None:
    draft.below.append(Extra(every=_one(draw, ("/", "-", "—", "——", "\\"))))


@shape(workbook=True)
def _hidden_row(draw: Any, draft: Draft) -> None:
    if draft.parts == "one":
        draft.hidden.append(draw(st.integers(0, len(draft.owners) - 1)))


_FOOTERS = (
    "以下空白",
    "——以下空白——",
    "（以下空白）",
    "合计：3人",
    "共3人",
    "主管领导签字：",
    "班主任：王某",
    "校长签字：",
    "负责人签字：　　　　经办人：李娜",
    "制表人：李娜 联系电话：0471-1000000",
    "填表人：王伟",
    "审核人（签字）：",
    "单位（公章）",
    "（盖章）",
    "第 1 页，共 3 页",
    "第1页 共3页",
    "年　月　日",
    "2024年6月28日",
    "2024-06-28",
    "注：以上人员均已通过考核",
    "备注：1.本表一式两份；2.身份证号须为18位",
    "说明：学时以小时计",
    "填报日期：2024年6月28日",
)


@shape()
def _footers(draw: Any, draft: Draft) -> None:
    for text in draw(st.lists(st.sampled_from(_FOOTERS), min_size=1, max_size=4, unique=True)):
        draft.below.append(Extra(text, at=_one(draw, ("first", "name", "all"))))


@shape()
def _sum_below(draw: Any, draft: Draft) -> None:
    text = _one(draw, ("合计", "合 计", "总计", "累计", "本页小计", "共计", "合　计"))
    cells = {"public": 60, "professional": 120.5, "hours": 180} | _one(draw, ({}, {"id": "3人"}, {"id": 3}))
    draft.below.append(Extra(text, at=_one(draw, ("first", "name")), cells=cells))


@shape()
def _signatures_in_cells(draw: Any, draft: Draft) -> None:
    more = ("李娜", "审核人：", "王伟", "日期：", "2024-06-28")
    text = _one(draw, ("制表人：", "填表人：", "经办人：", "联系人："))
    draft.below.append(Extra(text, more=more[: draw(st.integers(1, 5))]))


@shape(may_ask=True)
def _unusual_footers(draw: Any, draft: Draft) -> None:
    texts = ("以下无内容", "（此表由基地存档）", "培训基地意见：同意", "审核意见（盖章）", "经办：王伟", "王伟等3人")
    draft.below.append(Extra(_one(draw, texts), at=_one(draw, ("first", "name", "all"))))


# Where the lists stand.


@shape(may_ask=True, takes="parts")
def _two_lists_abreast(draw: Any, draft: Draft) -> None:
    if len(draft.owners) > 1 and not draft.hidden:
        draft.parts, draft.before = "abreast", {}


@shape(may_ask=True, takes="parts")
def _a_second_list_below(draw: Any, draft: Draft) -> None:
    if len(draft.owners) > 1 and not draft.hidden:
        draft.parts = _one(draw, ("below", "other"))


@shape()
def _not_from_the_first_column(draw: Any, draft: Draft) -> None:
    draft.left, draft.top = _one(draw, ((1, 0), (2, 0), (1, 1), (0, 2)))


# Files.

_ENCODINGS = ("utf-8-sig", "utf-8", "gbk", "gb18030", "double mark")
_DELIMITERS = (",", "\t", ";", "，")
_LINE_ENDS = ("\r\n", "\n", "\r")


@shape(takes="file")
def _text_file(draw: Any, draft: Draft) -> None:
    draft.file |= {"encoding": _one(draw, _ENCODINGS), "delimiter": _one(draw, _DELIMITERS)}
    draft.file |= {"line_end": _one(draw, _LINE_ENDS), "quoted": draw(st.booleans())}


@shape(takes="file")
def _text_file_of_a_system(draw: Any, draft: Draft) -> None:
    draft.file |= _one(draw, ({"tab_after": True}, {"as_text": True}, {"ragged": True}, {"line_end": "\r"}))


@shape(may_ask=True, takes="file")
def _text_file_seldom_seen(draw: Any, draft: Draft) -> None:
    draft.file |= _one(draw, ({"encoding": "utf-16", "delimiter": "\t"}, {"delimiter": "|"}, {"encoding": "utf-16"}))


@shape(takes="file", workbook=True)
def _workbook(draw: Any, draft: Draft) -> None:
    draft.file |= {"far": draw(st.booleans()), "sheets": _one(draw, ("", "cover", "hidden", "empty"))}
    draft.file["called"] = _one(draw, ("xlsx", "et", "xls"))


# --- the file -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A file and its meaning. Shown as its cells, row by row, with the shapes that made it."""

    kind: str
    content: bytes
    filename: str
    meant: tuple[Meant, ...]
    rows_of: tuple[frozenset[int], ...]
    """For each of `meant`, the rows of the spreadsheet in which it stands, from 1."""
    told: tuple[tuple[int, str], ...]
    """Rows of which the reader must say something, with why."""
    nobody: tuple[int, ...]
    """Rows below the headings that are nobody and not blank, without headings that are repeated."""
    unread: tuple[str, ...]
    open: Mapping[str, str]
    shapes: tuple[str, ...]
    may_ask: bool
    picture: str

    def __repr__(self) -> str:
        level = "may be asked about" if self.may_ask else "must be read"
        meant = "\n".join(f"  {each.name} {each.id_number} {dict(each.said)}" for each in self.meant)
        return f"<{self.kind} {self.filename}, {level}: {', '.join(self.shapes)}\n{self.picture}\nmeant:\n{meant}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis shows a failing example."""
        printer.text(repr(self))


class _Page:
    """Cells by row and column from 0, while a list is written."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], Cell] = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self.hidden: set[int] = set()
        self.told: list[tuple[int, str]] = []
        self.nobody: list[int] = []
        self.rows_of: dict[int, set[int]] = {}

    def put(self, row: int, column: int, value: Cell) -> None:
        if value is not None:
            self.cells[row, column] = value

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        if (top, left) != (bottom, right):
            self.merged.append((top, left, bottom, right))

    def rows(self) -> list[list[Cell]]:
        height = max((row for row, _ in self.cells), default=-1) + 1
        width = max((column for _, column in self.cells), default=-1) + 1
        return [[self.cells.get((row, column)) for column in range(width)] for row in range(height)]


def _headings(page: _Page, draft: Draft, columns: Sequence[Column], row: int, left: int) -> int:
    """Write the rows of headings; the next row."""
    depth = max(len(each.heading) for each in columns)
    for at, column in enumerate(columns):
        groups, spare = column.heading[:-1], depth - len(column.heading)
        own = row + len(groups) if draft.pad != "low" else row + depth - 1
        for level, group in enumerate(groups):
            left_one = columns[at - 1].heading[: level + 1] if at else ()
            if draft.group == "each" or left_one != column.heading[: level + 1]:
                page.put(row + level, left + at, group)
                alike = itertools.takewhile(
                    lambda each, to=column.heading[: level + 1]: each.heading[: len(to)] == to, columns[at:]
                )
                if draft.group == "merged":
                    page.merge(row + level, left + at, row + level, left + at + len(list(alike)) - 1)
        page.put(own, left + at, column.word)
        if draft.pad == "merged" and spare:
            page.merge(own, left + at, own + spare, left + at)
    return row + depth


def _extra(page: _Page, draft: Draft, extra: Extra, columns: Sequence[Column], row: int, left: int) -> int:
    """Write a row that is nobody; the next row."""
    if extra.headings:
        return _headings(page, draft, columns, row, left)
    at = next((at for at, each in enumerate(columns) if each.key == "name"), 0) if extra.at == "name" else 0
    for place, column in enumerate(columns):
        counted = extra.numbered.format(place + 1) or None
        page.put(row, left + place, extra.every or counted or extra.cells.get(column.key))
    if extra.text is not None:
        page.put(row, left + at, extra.text)
        for place, value in enumerate(extra.more, 1):
            page.put(row, left + at + place, value)
        if extra.at == "all":
            page.merge(row, left, row, left + len(columns) - 1)
    if extra.told:
        page.told.append((row + 1, "left out"))
    if any(at == row for at, _ in page.cells):
        page.nobody.append(row + 1)
    return row + 1


def _lines(page: _Page, draft: Draft, columns: Sequence[Column], lines: Sequence[int], row: int, left: int) -> int:
    """Write headings and some of the lines; the next row."""
    row = _headings(page, draft, columns, row, left)
    runs: dict[int, list[int]] = {}  # from where to where a merged column's last cell reaches
    for line in lines:
        for extra in draft.before.get(line, ()):
            row = _extra(page, draft, extra, columns, row, left)
            _merge(page, runs, left)
        for at, column in enumerate(columns):
            value = column.cells[line]
            same = at in runs and column.cells[line - 1] == value
            if column.merged and same and not (column.own and draft.owners[line] != draft.owners[line - 1]):
                runs[at][1] = row
                continue
            if at in runs:
                page.merge(runs[at][0], left + at, runs[at][1], left + at)
            runs[at] = [row, row]
            page.put(row, left + at, value)
        for place in draft.owners[line]:
            page.rows_of.setdefault(place, set()).add(row + 1)
        if line in draft.hidden:
            page.hidden.add(row)
            page.told.append((row + 1, "hidden"))
        row += 1
    _merge(page, runs, left)
    return row


def _merge(page: _Page, runs: dict[int, list[int]], left: int) -> None:
    """End every run of equal cells."""
    for at, (top, bottom) in runs.items():
        page.merge(top, left + at, bottom, left + at)
    runs.clear()


def _page(draw: Any, draft: Draft) -> _Page:
    page, row, left = _Page(), draft.top, draft.left
    lines, columns = list(range(len(draft.owners))), draft.columns
    for extra in draft.above:
        row = _extra(page, draft, extra, columns, row, left)
    page.nobody.clear()
    half = (len(lines) + 1) // 2
    while 0 < half < len(lines) and draft.owners[half] == draft.owners[half - 1]:
        half += 1
    if draft.parts == "one":
        row = _lines(page, draft, columns, lines, row, left)
    elif draft.parts == "abreast":
        right = left + len(columns) + draw(st.integers(0, 1))
        parts = ((lines[:half], left), (lines[half:], right))
        row = max(_lines(page, draft, columns, part, row, at) for part, at in parts if part)
    else:
        row = _lines(page, draft, columns, lines[:half], row, left) + draw(st.integers(0, 2))
        if lines[half:]:
            other = columns if draft.parts == "below" else columns[::-1]
            row = _lines(page, draft, other, lines[half:], row, left)
    for extra in draft.below:
        row = _extra(page, draft, extra, columns, row, left)
    return page


@st.composite
def tables(draw: Any, kind: str, doubtful: bool | None = None, only: str = "") -> Table:
    """Tables of a kind. `doubtful`: with shapes that may be asked about; None: now and then. `only`: with one shape."""
    plain = [name for name, each in SHAPES.items() if kind in each.kinds and not each.may_ask]
    asking = [name for name, each in SHAPES.items() if kind in each.kinds and each.may_ask]
    many = _one(draw, (0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8))
    chosen = set(draw(st.lists(st.sampled_from(plain), min_size=many, max_size=many)))
    if doubtful or (doubtful is None and draw(st.integers(0, 9)) == 9):
        chosen.add(draw(st.sampled_from(asking)))
    chosen = {only} if only else chosen
    draft = _draft(draw, kind)
    if any(SHAPES[name].workbook for name in chosen):
        chosen = {name for name in chosen if SHAPES[name].takes != "file"} | {"workbook"}
    kept = {SHAPES[name].takes for name in chosen if SHAPES[name].may_ask} - {""}  # for what may be asked about
    for name, each in SHAPES.items():
        if name not in chosen or (each.takes and each.takes in draft.taken | (set() if each.may_ask else kept)):
            continue
        each.make(draw, draft)
        draft.shapes.append(name)
        draft.taken |= {each.takes} - {""}
        draft.may_ask |= each.may_ask
        if each.workbook:
            draft.file["ending"] = "xlsx"
    return table_of(draft, _page(draw, draft))


def table_of(draft: Draft, page: _Page) -> Table:
    """A draft as a file."""
    ending = draft.file["ending"]
    content = _xlsx(page, draft.file) if ending == "xlsx" else _csv(page, draft.file)
    rows_of = tuple(frozenset(page.rows_of.get(place, ())) for place in range(len(draft.meant)))
    return Table(
        draft.kind,
        content,
        f"表.{draft.file.get('called', ending)}",
        tuple(draft.meant),
        rows_of,
        tuple(page.told),
        tuple(page.nobody),
        tuple(draft.unread),
        dict(draft.open),
        tuple(draft.shapes),
        draft.may_ask,
        _picture(page, draft.file),
    )


def _picture(page: _Page, file: Mapping[str, Any]) -> str:
    lines = [", ".join(f"{key}={value!r}" for key, value in file.items())]
    for number, cells in enumerate(page.rows(), 1):
        said = ["" if cell is None else _shown(cell) for cell in cells]
        lines.append(f"  {number:>2}{'h' if number - 1 in page.hidden else ' '}| {' | '.join(said)}")
    if page.merged and file["ending"] == "xlsx":
        said = (f"{_at(top, left)}:{_at(bottom, right)}" for top, left, bottom, right in page.merged)
        lines.append(f"  merged: {' '.join(said)}")
    return "\n".join(lines)


def _at(row: int, column: int) -> str:
    return f"{chr(65 + column) if column < 26 else f'A{chr(39 + column)}'}{row + 1}"


def _shown(cell: Cell) -> str:
    if not isinstance(cell, str):
        return str(cell) if isinstance(cell, date) else f"{cell!r}"
    plain = re.fullmatch(r"[\w·（）()【】：，、/*★☆※\-—.;]*", cell) and cell.isprintable()
    return cell if plain and not cell.isascii() else repr(cell)


_MADE = datetime(2024, 6, 3, tzinfo=UTC).replace(tzinfo=None)


def _xlsx(page: _Page, file: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": _MADE})  # the same table is the same file
        day, bold = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"bold": True})
        if file.get("sheets") == "cover":
            book.add_worksheet("填表说明").write(0, 0, "姓名、身份证号必填")
        sheet = book.add_worksheet("Sheet1")
        for (row, column), value in page.cells.items():
            if isinstance(value, date):
                sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
            elif isinstance(value, str):
                sheet.write_string(row, column, value)
            else:
                sheet.write_number(row, column, value)
        for merged in page.merged:
            value = page.cells.get(merged[:2])
            sheet.merge_range(*merged, "")
            if isinstance(value, str):
                sheet.write_string(*merged[:2], value)
            elif value is not None:
                number = (value - date(1899, 12, 30)).days if isinstance(value, date) else value
                sheet.write_number(*merged[:2], number, day if isinstance(value, date) else None)
        for row in page.hidden:
            sheet.set_row(row, None, None, {"hidden": True})
        if file.get("far"):
            sheet.write_blank(60, 30, None, bold)
            sheet.write_blank(45, 0, None, bold)
        if file.get("sheets") in ("hidden", "empty"):
            other = book.add_worksheet("Sheet2")
            if file["sheets"] == "hidden":
                other.write_row(0, 0, ("姓名", "身份证号", "备注"))
                other.hide()
    return buffer.getvalue()


def _csv(page: _Page, file: Mapping[str, Any]) -> bytes:
    rows = [["" if cell is None else _written(cell) for cell in cells] for cells in page.rows()]
    if file.get("tab_after"):
        rows = [[f"{cell}\t" for cell in cells] for cells in rows]
    if file.get("as_text"):
        rows = [[f'="{cell}"' if re.fullmatch(r"\d{15,17}[\dX]?", cell) else cell for cell in cells] for cells in rows]
    if file.get("ragged"):
        rows = [cells[: max((at for at, cell in enumerate(cells, 1) if cell), default=0)] for cells in rows]
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if file.get("quoted") else csv.QUOTE_MINIMAL
    delimiter, line_end = file.get("delimiter", ","), file.get("line_end", "\r\n")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    encoding = file.get("encoding", "utf-8-sig")
    if encoding == "double mark":
        return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8-sig")
    try:
        return text.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return text.getvalue().encode("gb18030")


def _written(cell: Cell) -> str:
    return f"{cell:g}" if isinstance(cell, float) and cell % 1 else str(cell)


# --- what is read ---------------------------------------------------------------------------------------------------

_SAME = str.maketrans(dict.fromkeys(DOTS, "·") | {"\ue863": "䶮"})


def plain_name(name: str) -> str:
    """A name as this grammar compares it, on its own terms: characters by what they are, spaces between words."""
    text = unicodedata.normalize("NFKC", name.translate(_SAME)).translate(_SAME)
    text = " ".join(re.sub("[\u00ad\u200b\u2060\ufeff\u202d\u202c]", "", text).split())
    text = re.sub(r" ?· ?", "·", text)
    return re.sub(r"(?<=[\u2e80-\u9fff\U00020000-\U0003ffff]) | (?=[\u2e80-\u9fff\U00020000-\U0003ffff])", "", text)


def hours(value: object) -> Decimal:
    """Hours as they are compared."""
    return Decimal(str(value)).normalize() + 0
