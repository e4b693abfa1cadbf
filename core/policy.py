"""A notice as data: the language a policy file is written in, its faults by line, extension, and which one is in force.

Every value stands beside its clause, every silence of a notice is a named interpretation. What the rules do to
applicants is in `rules`.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from core import db
from core.access import Labelled, OrganizationKind, Refused


class Subject(Labelled):
    """The two subjects that rosters carry. A policy may name further ones by code."""

    PUBLIC = "public", "公需科目"
    PROFESSIONAL = "professional", "专业科目"


TOTAL = "total"
"""In a requirement: all subjects together."""

ROUTES = ("职称评审", "破格评审", "考核认定")
LEVELS = ("初级", "中级", "高级")
EDUCATIONS = ("中专", "大专", "本科", "硕士", "博士")
FACTS: dict[str, type] = {
    "sex": str,
    "age": int,
    "non_public": bool,
    "front_line": bool,
    "postdoc_funded": bool,
    "stays_in_region": bool,
    "years_since_transfer": int,
    "years_in_post": int,
    "recognition_years": int,
    "epidemic_years": list,
}
"""What a rule may ask about an applicant, with the type of its answer."""

SOURCES = ("培训", "公需考试", "折合", "三科", "技能培训", "职业资格", "补学")
"""Where hours come from, in the words of the ledger."""

SETTINGS: dict[str, type] = {
    # the rules read these
    "include_application_year": bool,
    "age_on": str,
    "years_counted_from_next": bool,
    "transfer_limit": int,
    "waiver_window": int,
    # plans, reports and claims read these
    "hours_per_day": Decimal,
    "until_next_notice": bool,
    "makeup_years": int,
    # these only explain what the file says elsewhere or what the program always does
    "amounts_of_earlier_years": str,
    "best_waiver_wins": bool,
    "certificate_rate": str,
    "review_routes": str,
    "within_one_year": bool,
}
"""The silences a file can name; any other name is a slip."""


# --- the language ---------------------------------------------------------------------------------------------------


class _Part(BaseModel):
    """A piece of a policy file: nothing in it that the language does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _slip(words: str, **given: str) -> PydanticCustomError:
    """A fault in the office's words; `{name}` in them stands for what is given."""
    return PydanticCustomError("slip", words, given)


def _day(text: Any) -> Any:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(text), re.ASCII):
        raise _slip("不是有效的日期，请写成 2024-01-31")
    return text


def _month_day(text: Any) -> str:
    try:
        date.fromisoformat(f"2024-{text}" if re.fullmatch(r"\d\d-\d\d", str(text), re.ASCII) else "")
    except ValueError:
        raise _slip("不是有效的月日，请写成 01-31") from None
    return str(text)


def _number(text: Any) -> Any:
    if not isinstance(text, Decimal) and not re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", str(text), re.ASCII):
        raise _slip("应是数字，如 30 或 7.5")
    return text


_FLAGS = {"true": True, "false": False}

Day = Annotated[date, BeforeValidator(_day)]
MonthDay = Annotated[str, BeforeValidator(_month_day)]
Amount = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=10_000, multiple_of=Decimal("0.5"))]
Year = Annotated[int, Field(ge=1990, le=2100)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Clause = Annotated[str, Field(min_length=1, max_length=40)]
Source = Literal[SOURCES]  # type: ignore[valid-type]


class Cited(_Part):
    """A piece that says where in the notice it comes from."""

    clause: Clause


class SubjectRule(Cited):
    """A subject, or with `part_of` a sub-subject whose hours also count for the whole."""

    code: str = Field(pattern=r"^[a-z_]{2,20}$")
    name: Text
    part_of: str | None = None
    providers: tuple[OrganizationKind, ...] = ()


class YearChange(Cited):
    """A year in which a subject was dropped or its amount changed."""

    years: tuple[Year, ...] = Field(min_length=1)
    hours: dict[str, Amount]


class Requirement(Cited):
    """Hours by subject code and `total`, for each year alone, or summed or averaged over the years required."""

    combine: Literal["each_year", "sum", "average"] = "each_year"
    hours: dict[str, Amount] = Field(min_length=1)
    changes: tuple[YearChange, ...] = ()

    def of(self, subject: str) -> Decimal:
        """The amount of a subject in a year without changes."""
        return self.hours.get(subject, Decimal())

    def in_year(self, year: int) -> dict[str, Decimal]:
        """The amounts of a year by subject and in total, its changes applied."""
        hours = dict(self.hours)
        for change in self.changes:
            if year in change.years:
                hours |= change.hours
        return hours

    @property
    def public(self) -> Decimal:
        return self.hours.get(Subject.PUBLIC, Decimal())

    @property
    def professional(self) -> Decimal:
        return self.hours.get(Subject.PROFESSIONAL, Decimal())

    @property
    def total(self) -> Decimal:
        return self.hours.get(TOTAL, self.public + self.professional)


class Window(Cited):
    """Which years an application of a route, level and education needs: so many, or as many as a fact says."""

    route: Literal[ROUTES]  # type: ignore[valid-type]
    level: tuple[Literal[LEVELS], ...] = ()  # type: ignore[valid-type]
    education: tuple[Literal[EDUCATIONS], ...] = ()  # type: ignore[valid-type]
    years: Annotated[int, Field(ge=0, le=40)] | None = None
    """So many years; a file writes this or `years_from`."""
    years_from: Literal["years_in_post", "recognition_years"] | None = None
    include_application_year: bool = True
    hours: dict[str, Amount] = {}
    """Where the requirement is a sum: the amounts of this window, in place of the requirement's."""

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.years is None) == (self.years_from is None):
            raise _slip("years 和 years_from 须写且只写一个")
        return self

    @property
    def specific(self) -> int:
        """Of the windows that fit an applicant, the one that says the most applies."""
        return bool(self.level) + bool(self.education)


class Condition(_Part):
    """One thing that must hold of the applicant."""

    fact: Literal[tuple(FACTS)]  # type: ignore[valid-type]
    is_: Any = Field(None, alias="is")
    at_least: Annotated[int, Field(ge=0, le=200)] | None = None
    at_most: Annotated[int, Field(ge=0, le=200)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _flags(cls, raw: Any) -> Any:
        """`true` and `false` are read as such where the fact is a yes or no; 男 and 女 stay words."""
        if isinstance(raw, dict) and raw.get("fact") != "sex" and isinstance(raw.get("is"), str):
            return raw | {"is": _FLAGS.get(raw["is"].lower(), raw["is"])}
        return raw

    @model_validator(mode="after")
    def _fits_the_fact(self) -> Self:
        asked = [self.is_ is not None, self.at_least is not None, self.at_most is not None]
        if sum(asked) != 1:
            raise _slip("is、at_least、at_most 须写且只写一个")
        if FACTS[self.fact] is int:
            if asked[0]:
                raise _slip("{fact} 是数字，请写 at_least 或 at_most", fact=self.fact)
        elif not asked[0]:
            raise _slip("{fact} 不是数字，请写 is", fact=self.fact)
        elif self.fact == "sex":
            if self.is_ not in ("男", "女"):
                raise _slip("sex 只能是 男 或 女")
        elif not isinstance(self.is_, bool):
            raise _slip("{fact} 只能是 true 或 false", fact=self.fact)
        return self


class Waiver(Cited):
    """减免: what is required of those for whom all conditions hold. The best of all that apply wins.

    Effects: none_required; any_one_year (one complete year of the window); without_years (the years in `fact` are not
    required); last_years (only the latest years, as many as `fact` says, at most `at_most`; where the notice is silent
    that is the interpretation `transfer_limit`).
    """

    name: Text
    routes: tuple[Literal[ROUTES], ...] = ()  # type: ignore[valid-type]
    levels: tuple[Literal[LEVELS], ...] = ()  # type: ignore[valid-type]
    application_years: tuple[Year, ...] = ()
    when: tuple[Condition, ...] = Field(min_length=1)
    effect: Literal["none_required", "any_one_year", "without_years", "last_years"]
    fact: Literal["epidemic_years", "years_since_transfer"] | None = None
    at_most: Annotated[int, Field(ge=0, le=40)] | None = None
    note: str = ""

    @model_validator(mode="after")
    def _effect_fits(self) -> Self:
        wanted = {"without_years": "epidemic_years", "last_years": "years_since_transfer"}.get(self.effect)
        if self.fact != wanted:
            raise _slip("{effect} 的 fact 应为 {wanted}", effect=self.effect, wanted=wanted or "空")
        if self.at_most is not None and self.effect != "last_years":
            raise _slip("at_most 只用于 last_years")
        return self


class Conversion(Cited):
    """学时折合: `rate` credit hours for each hour, day or item (`unit`) of an activity of a level and rank.

    Without a rate the reviewer grants the hours. `per_item` and `per_year` are the most that count.
    """

    activity: Text
    subject: str
    source: Source
    level: Text | None = None
    rank: Text | None = None
    rate: Amount | None = None
    unit: Literal["hour", "day", "item"] = "hour"
    per_item: Amount | None = None
    per_year: Amount | None = None

    def hours(self, amount: Decimal) -> Decimal | None:
        """Credit hours for one item of so many units, down to the half hour; None where the reviewer grants them."""
        if self.rate is None:
            return None
        given = amount * self.rate * 2 // 1 / 2
        return given if self.per_item is None else min(given, self.per_item)


class Deemed(Cited):
    """视同完成: a source whose entry makes a year's subject count as done."""

    source: Source
    subject: str


class Cap(Cited):
    """At most so many hours of a source (or a subject) count per day, per item or per year."""

    per: Literal["day", "item", "year"]
    hours: Amount
    source: Source | None = None
    subject: str | None = None


class MakeUp(Cited):
    """补学: which subject may be made up, how many years back, and in which part of the year."""

    subject: str
    years_back: Annotated[int, Field(ge=0, le=10)]
    """Where the notice is silent, the interpretation `makeup_years`."""
    first: MonthDay = Field("01-01", alias="from")
    last: MonthDay = Field("12-31", alias="to")


class StudyWindow(Cited):
    """From when to when a year's study is open, for everybody or for one league."""

    league: Text | None = None
    first: MonthDay = Field(alias="from")
    last: MonthDay = Field(alias="to")


class PlanDeadline(Cited):
    days_before_start: Annotated[int, Field(ge=0, le=365)]


class ReportDeadline(Cited):
    days_after_end: Annotated[int, Field(ge=0, le=365)]


class Deadlines(_Part):
    plan: PlanDeadline
    report: ReportDeadline


class Programme(Cited):
    """专项项目: its target of the year and the dates it must meet."""

    code: str = Field(pattern=r"^[a-z_]{2,30}$")
    name: Text
    target: Annotated[int, Field(ge=0)] | None = None
    target_at_most: Annotated[int, Field(ge=0)] | None = None
    unit: str = "人"
    plan_due: MonthDay | None = None
    summary_due: MonthDay | None = None
    note: str = ""


class Interpretation(Cited):
    """What the program does where the notice is silent, and why."""

    setting: Literal[tuple(SETTINGS)]  # type: ignore[valid-type]
    value: Any
    reason: str = Field(min_length=4, max_length=500)

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or not isinstance(raw.get("setting"), str) or raw["setting"] not in SETTINGS:
            return raw
        setting, value = raw["setting"], raw.get("value")
        kind, text = SETTINGS[setting], str(value)
        whole = re.fullmatch(r"\d{1,2}", text, re.ASCII)
        if kind is bool and text.lower() in _FLAGS:
            return raw | {"value": _FLAGS[text.lower()]}
        if kind is int and whole:
            return raw | {"value": int(text)}
        if kind is Decimal and re.fullmatch(r"\d{1,2}(\.[05])?", text, re.ASCII) and 0 < Decimal(text) <= 24:
            return raw | {"value": Decimal(text)}
        if kind is str and isinstance(value, str) and value:
            return raw | {"value": _month_day(value) if setting == "age_on" else value}
        if "value" not in raw:
            return raw
        raise _slip("{text} 不是 {setting} 的取值", text="空" if value is None else text[:40], setting=setting)


class InForce(_Part):
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise _slip("截止日期早于起始日期")
        return self


class Policy(_Part):
    """One notice (政策). Hours are credit hours, days are office days."""

    id: str = Field(pattern=r"^[a-z0-9-]{2,40}$")
    title: str = Field(min_length=2, max_length=200)
    document: str = Field(min_length=2, max_length=80)
    issuer: str = Field(min_length=2, max_length=80)
    issued_on: Day | None = None
    extends: str | None = None
    league: Text | None = None
    in_force: InForce
    clauses: tuple[Clause, ...] = Field(min_length=1)
    subjects: tuple[SubjectRule, ...] = Field(min_length=1)
    requirement: Requirement
    windows: tuple[Window, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    deemed: tuple[Deemed, ...] = ()
    caps: tuple[Cap, ...] = ()
    makeup: MakeUp | None = None
    study_windows: tuple[StudyWindow, ...] = ()
    deadlines: Deadlines | None = None
    programmes: tuple[Programme, ...] = ()
    interpretations: tuple[Interpretation, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _settled(cls, raw: Any) -> Any:
        """Rules that leave a number open take it from the interpretation of that silence."""
        if not isinstance(raw, dict) or not isinstance(raw.get("interpretations"), list):
            return raw
        silences = [each for each in raw["interpretations"] if isinstance(each, dict)]

        def settled(rule: Any, field: str, setting: str) -> Any:
            found = [str(each.get("value")) for each in silences if each.get("setting") == setting]
            open_ = isinstance(rule, dict) and rule.get(field) is None and found
            return rule | {field: found[0]} if open_ and re.fullmatch(r"\d{1,2}", found[0], re.ASCII) else rule

        more = {}
        if "makeup" in raw:
            more["makeup"] = settled(raw["makeup"], "years_back", "makeup_years")
        if isinstance(raw.get("waivers"), list):
            more["waivers"] = [
                settled(rule, "at_most", "transfer_limit")
                if isinstance(rule, dict) and rule.get("effect") == "last_years"
                else rule
                for rule in raw["waivers"]
            ]
        return raw | more

    @property
    def first_year(self) -> int:
        return self.in_force.first.year

    @property
    def last_year(self) -> int:
        return self.in_force.last.year

    def setting(self, name: str, default: Any = None) -> Any:
        """The value of an interpretation, or the default where the file does not name it."""
        return next((given.value for given in self.interpretations if given.setting == name), default)

    def cites(self, setting: str) -> str:
        """The clause an interpretation belongs to."""
        return next((given.clause for given in self.interpretations if given.setting == setting), "")

    @property
    def digest(self) -> str:
        """SHA-256 over everything the policy says."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def text(self) -> str:
        """Everything the policy says, as canonical JSON; `restored` is the inverse."""
        return db.canonical(self.model_dump(mode="json", by_alias=True))

    # what conversions and make-up study ask

    def conversion(self, activity: str, level: str | None = None, rank: str | None = None) -> Conversion | None:
        """The line of the conversion table for an activity: the one that names its level and rank, else the general."""
        fits = [
            rule
            for rule in self.conversions
            if rule.activity == activity and rule.level in (None, level) and rule.rank in (None, rank)
        ]
        return max(fits, key=lambda rule: (rule.level is not None, rule.rank is not None), default=None)

    @property
    def makeup_years(self) -> int:
        """How many years back hours may be made up; 0 where the notice has no make-up study."""
        return self.makeup.years_back if self.makeup else 0

    def may_make_up(self, subject: str, year: int, on: date) -> bool:
        """Whether study on a day can make up a subject of an earlier year (补学)."""
        rule = self.makeup
        return (
            rule is not None
            and rule.subject == subject
            and 1 <= on.year - year <= self.makeup_years
            and rule.first <= f"{on:%m-%d}" <= rule.last
        )

    def study_window(self, league: str | None = None) -> StudyWindow | None:
        """When a year's study is open: the league's own window, else everybody's."""
        fits = [rule for rule in self.study_windows if rule.league in (None, league)]
        return max(fits, key=lambda rule: rule.league is not None, default=None)

    # what plans and reports ask

    @property
    def _deadlines(self) -> Deadlines:
        if self.deadlines is None:
            raise Refused("policy", f"{self.document}没有载明计划和报告的期限，不能按它办理。")
        return self.deadlines

    @property
    def hours_per_day(self) -> Decimal:
        return Decimal(self.setting("hours_per_day", Decimal(24)))

    @property
    def plan_days_before_start(self) -> int:
        return self._deadlines.plan.days_before_start

    @property
    def plan_clause(self) -> str:
        return self._deadlines.plan.clause

    @property
    def report_days_after_end(self) -> int:
        return self._deadlines.report.days_after_end

    @property
    def report_clause(self) -> str:
        return self._deadlines.report.clause

    def earliest_start_on(self, filed_on: date) -> date:
        """The first day a training may begin when its plan is filed on a day, clause 一(五)1."""
        return filed_on + timedelta(days=self.plan_days_before_start)

    def report_due_on(self, end_on: date) -> date:
        """The last day to file the report in time, clause 一(五)2."""
        return end_on + timedelta(days=self.report_days_after_end)

    def provider(self, subject: Subject) -> SubjectRule:
        """Who gives a subject, clause 一(二). Refused codes: "policy" (the notice has no such subject)."""
        for rule in self.subjects:
            if rule.code == subject:
                return rule
        raise Refused("policy", f"{self.document}没有{subject.label}。")

    def carried(self, year: int) -> bool:
        """Whether the year is after the notice's own, so that it holds only until the next notice."""
        return year > self.last_year

    def note(self, year: int) -> str:
        """How to name the basis of a year's figures on a screen."""
        if self.carried(year):
            return f"{year}年度通知尚未载入，暂按{self.document}执行"
        return f"依据{self.document}"


# --- faults by line -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a policy file: the file, the line (1 is the first), where in it, and in words what."""

    file: str
    line: int
    path: str
    words: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}: {where}{self.words}"


class Malformed(Refused):
    """A policy file with faults; all of them, in order of line."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("malformed", "政策文件有误：\n" + "\n".join(map(str, faults)))
        self.faults = faults


_SECTIONS: dict[str, tuple[type[_Part], tuple[str, ...]]] = {
    "subjects": (SubjectRule, ("code",)),
    "windows": (Window, ("route", "level", "education")),
    "waivers": (Waiver, ("name",)),
    "conversions": (Conversion, ("activity", "level", "rank")),
    "deemed": (Deemed, ("source", "subject")),
    "caps": (Cap, ("per", "source", "subject")),
    "study_windows": (StudyWindow, ("league",)),
    "programmes": (Programme, ("code",)),
    "interpretations": (Interpretation, ("setting",)),
}
"""The lists of a policy, and by what the rules in them are told apart: no two alike in one file, and a file that
extends another replaces its like."""

_LARGEST, _DEEPEST, _LONGEST = 300_000, 20, 1_000
"""Characters in a file, levels in one another, entries on one level: far beyond any notice."""


class _Composer(yaml.SafeLoader):
    """YAML without what makes a small file endless: no aliases, no bottomless nesting."""

    level = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise yaml.MarkedYAMLError(problem="不能用 & 和 * 引用，请把内容直接写出", problem_mark=event.start_mark)
        if self.level == _DEEPEST:
            raise yaml.MarkedYAMLError(problem="层次太深", problem_mark=event.start_mark)
        self.level += 1
        node = super().compose_node(parent, index)
        self.level -= 1
        return node


_YAML_WORDS = (
    (r"character '\\t'", "缩进不能用制表符（Tab），请用空格"),
    (r"expected ',' or '[\]}]'", "方括号或花括号没有闭合，或者缺少逗号"),
    (r"expected the node content, but found '<stream end>'", "方括号或花括号没有闭合"),
    (r"unexpected end of stream", "引号没有闭合"),
    (r"mapping values are not allowed", "冒号或缩进的位置不对"),
    (r"expected <block end>", "缩进与上文不一致"),
    (r"could not find expected ':'", "缺少冒号"),
    (r"another document", "一个文件只能写一份政策，中间不能有 ---"),
    (r"that cannot start any token", "值以特殊符号开头，请加上引号"),
)


class _Located:
    """Plain data out of YAML that still knows the line each value stands on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[tuple[int, Any], tuple[str, int]] = {}
        self.faults: list[Fault] = []
        self.kept: list[Any] = []  # keeps every container alive, since lines are found by its identity

    def read(self, text: str | bytes) -> dict[str, Any]:
        """The file as plain data. Malformed where it is no YAML; lesser faults are collected in `faults`."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        text = text.removeprefix("\ufeff")
        if strange := re.search(r"[\ud800-\udfff]", text):
            raise self._unreadable(text.count("\n", 0, strange.start()), "不是UTF-8编码，请另存为UTF-8后再用")
        if len(text) > _LARGEST:
            raise self._unreadable(0, f"文件太大，不能超过{_LARGEST}字")
        composer = None
        try:
            composer = _Composer(text)
            node = composer.get_single_node()
        except yaml.MarkedYAMLError as error:
            raise self._unreadable(*_said(error)) from error
        except yaml.reader.ReaderError as error:
            raise self._unreadable(text.count("\n", 0, error.position), "有不能显示的字符，不是文本文件") from error
        except (ValueError, OverflowError) as error:  # an escape beyond Unicode
            raise self._unreadable(composer.line if composer else 0, "不是有效的YAML：转义字符不对") from error
        if not isinstance(node, yaml.MappingNode):
            line = node.start_mark.line if node else 0
            raise self._unreadable(line, "政策文件应是一组“名称: 值”" if node else "文件是空的")
        found: dict[str, Any] = self._plain(node)
        self.faults += _repeated(found, self)
        return found

    def _unreadable(self, line: int, words: str) -> Malformed:
        return Malformed([Fault(self.name, line + 1, "", words)])

    def _fault(self, node: yaml.Node, path: str, words: str) -> None:
        self.faults.append(Fault(self.name, node.start_mark.line + 1, path, words))

    def _plain(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", node.value):
                self._fault(node, "", "有不能显示的字符")
                return re.sub(r"[^\w\s]", "?", node.value)[:40].encode("ascii", "replace").decode()
            return None if node.tag == "tag:yaml.org,2002:null" else node.value
        if len(node.value) > _LONGEST:
            self._fault(node, "", f"同一层里不能超过{_LONGEST}项")
        entries = node.value[:_LONGEST]
        if isinstance(node, yaml.MappingNode):
            mapping: dict[str, Any] = {}
            self.kept.append(mapping)
            for key, value in entries:
                name = self._plain(key)
                if not isinstance(name, str):
                    self._fault(key, "", "名称应是文字")
                    continue
                if name in mapping:
                    self._fault(key, name, "同一层里写了两次")
                mapping[name] = self._plain(value)
                self.lines[id(mapping), name] = (self.name, key.start_mark.line + 1)
            return mapping
        items: list[Any] = []
        self.kept.append(items)
        for at, item in enumerate(entries):
            items.append(self._plain(item))
            self.lines[id(items), at] = (self.name, item.start_mark.line + 1)
        return items

    def line(self, raw: Any, path: Sequence[Any]) -> tuple[str, int]:
        """The file and line of the deepest part of a path that exists."""
        found = (self.name, 1)
        for step in path:
            found = self.lines.get((id(raw), step), found)
            if not _within(raw, step):
                break
            raw = raw[step]
        return found

    def fault(self, raw: Any, path: Sequence[Any], words: str) -> Fault:
        return Fault(*self.line(raw, path), ".".join(map(str, path)), words)


def _within(raw: Any, step: Any) -> bool:
    if isinstance(raw, list):
        return isinstance(step, int) and step < len(raw)
    return isinstance(raw, dict) and step in raw


def _said(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """The line (0 is the first) and in words what is no YAML; of something left open, the line where it opens."""
    problem = str(error.problem)
    words = next((said for pattern, said in _YAML_WORDS if re.search(pattern, problem)), None)
    opened = str(error.context).startswith(("while parsing a flow", "while scanning a quoted"))
    mark = (error.context_mark if opened else error.problem_mark) or error.problem_mark or error.context_mark
    if not problem.isascii():
        words = problem
    return mark.line if mark else 0, f"不是有效的YAML：{words or '请检查缩进、引号和符号'}"


# --- extension


def _extended(
    raw: dict[str, Any], located: _Located, parents: Mapping[str, str | bytes]
) -> tuple[dict[str, Any], bool]:
    """A file merged into all it extends, and whether the whole line of parents was found."""
    whole = True
    extends, line = raw.get("extends"), located.line(raw, ("extends",))
    seen = {str(raw.get("id"))}
    while whole and (wanted := raw.get("extends")):
        above = _Located(f"{wanted}.yaml")
        try:
            if not isinstance(wanted, str) or wanted not in parents:
                raise Malformed([located.fault(raw, ("extends",), f"没有找到要扩展的政策“{wanted}”")])
            if wanted in seen:
                raise Malformed([located.fault(raw, ("extends",), "政策文件互相扩展，成了一圈")])
            seen.add(wanted)
            parent = above.read(parents[wanted])
        except Malformed as error:
            located.faults += error.faults
            whole = False
        else:
            located.lines |= above.lines
            located.kept += [raw, *above.kept]
            located.faults += above.faults
            del raw["extends"]
            raw = _merged(parent, raw, located)
    if extends:
        raw["extends"] = extends
        located.lines[id(raw), "extends"] = line
    return raw, whole


def _merged(parent: dict[str, Any], child: dict[str, Any], located: _Located) -> dict[str, Any]:
    """The parent with the child's parts in place of their like; lists of rules are merged rule by rule."""
    mixed: dict[str, Any] = {}
    located.kept.append(mixed)
    for source in (parent, child):
        for name, value in source.items():
            before = mixed.get(name)
            if isinstance(value, dict) and isinstance(before, dict):
                mixed[name] = _merged(before, value, located)
            elif isinstance(value, list) and isinstance(before, list) and name in _SECTIONS:
                if name == "windows":
                    before = _yielding(before, value, located)
                mixed[name] = _merged_rules(before, value, _SECTIONS[name][1], located)
            elif isinstance(value, list) and isinstance(before, list) and name == "clauses":
                mixed[name] = [*before, *(clause for clause in value if clause not in before)]
            else:
                mixed[name] = value
            if (id(source), name) in located.lines:
                located.lines[id(mixed), name] = located.lines[id(source), name]
    return mixed


def _merged_rules(before: list[Any], after: list[Any], keys: tuple[str, ...], located: _Located) -> list[Any]:
    rules = [*before]
    located.kept.append(rules)
    located.lines |= {(id(rules), at): located.lines[id(before), at] for at in range(len(before))}
    places: dict[Any, int] = {key: at for at, rule in enumerate(before) if (key := _key(rule, keys))}
    for at, rule in enumerate(after):
        place = places.pop(_key(rule, keys), len(rules))  # a second of the same name in one file stays, as a fault
        rules[place : place + 1] = [rule]
        located.lines[id(rules), place] = located.lines[id(after), at]
    return rules


def _yielding(before: list[Any], after: list[Any], located: _Located) -> list[Any]:
    """The parent's windows without the levels for which the child has its own."""
    left: list[Any] = []
    located.kept.append(left)
    for at, window in enumerate(before):
        if isinstance(window, dict) and isinstance(window.get("level"), list):
            own = [
                mine["level"]
                for mine in after
                if isinstance(mine, dict)
                and isinstance(mine.get("level"), list)
                and all(mine.get(name) == window.get(name) for name in ("route", "education"))
            ]
            levels = [level for level in window["level"] if not any(level in each for each in own)]
            if not levels:
                continue
            if levels != window["level"]:
                lines = {key: located.lines[id(window), key] for key in window}
                window = window | {"level": levels}
                located.kept.append(window)
                located.lines |= {(id(window), key): line for key, line in lines.items()}
        located.lines[id(left), len(left)] = located.lines[id(before), at]
        left.append(window)
    return left


def _key(rule: Any, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """What tells a rule apart; None where it does not say."""
    if not isinstance(rule, dict) or not (rule.get(keys[0]) or keys[0] == "league"):
        return None
    told = (rule.get(name) or "" for name in keys)
    return tuple(";".join(sorted(map(str, value))) if isinstance(value, list) else str(value) for value in told)


# --- what is wrong

_WORDS = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项，请核对名称",
    "literal_error": "只能是 {expected}",
    "enum": "只能是 {expected}",
    "decimal_type": "应是数字，如 30 或 7.5",
    "int_parsing": "应是整数",
    "int_parsing_size": "数字太大",
    "int_from_float": "应是整数",
    "int_type": "应是整数",
    "bool_parsing": "应是 true 或 false",
    "bool_type": "应是 true 或 false",
    "date_from_datetime_parsing": "不是有效的日期，请写成 2024-01-31",
    "date_parsing": "不是有效的日期，请写成 2024-01-31",
    "multiple_of": "学时以0.5为最小单位",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "string_type": "应是文字",
    "string_too_short": "太短或为空",
    "string_too_long": "太长，最多{max_length}字",
    "too_short": "不能为空",
    "tuple_type": "应是一个列表",
    "dict_type": "应是一组“名称: 值”",
    "model_type": "应是一组“名称: 值”",
    "string_pattern_mismatch": "只能用小写字母、数字和连字符（或下划线）",
}
_UNCITED = "没有写明条款，请写出自通知哪一条"


def parse(text: str | bytes, *, name: str = "policy.yaml", parents: Mapping[str, str | bytes] | None = None) -> Policy:
    """Read a policy from YAML text. `parents` gives the text of the files it may extend, by policy id.

    Raises Malformed with every fault at once, each with its file and line; codes: "malformed".
    """
    located = _Located(name)
    raw, whole = _extended(located.read(text), located, parents or {})
    faults = {*located.faults}
    policy: Policy | None = None
    try:
        policy = Policy.model_validate(raw)
    except ValidationError as error:
        faults |= {located.fault(raw, *said) for said in _ill_formed(error, raw)}
    parts, more = _parts(raw)
    faults |= {located.fault(raw, *said) for said in more}
    if whole:
        faults |= {located.fault(raw, *said) for said in (*_strange_clauses(raw), *_meaning(raw, parts))}
    else:  # what a file leaves to its parents is not missing
        absent, lists = (_WORDS["missing"], _UNCITED), tuple(f"{section}." for section in _SECTIONS)
        faults = {each for each in faults if each.words not in absent or each.path.startswith(lists)}
    if faults or policy is None:
        raise Malformed(sorted(faults, key=lambda fault: (fault.file != name, fault.file, fault.line, fault.path)))
    return policy


_Path = tuple[Any, ...]
_Said = tuple[_Path, str]
_Parts = dict[str, list[tuple[int, Any]]]


def _ill_formed(error: ValidationError, raw: Any, above: _Path = ()) -> Iterator[_Said]:
    """What the language cannot take, in the office's words."""
    for each in error.errors():
        path: list[Any] = []
        part = raw
        for step in each["loc"]:
            if not _within(part, step):
                if isinstance(part, dict) and each["type"] == "missing":
                    path.append(step)
                break
            path.append(step)
            part = part[step]
        if each["type"] == "too_short" and part:
            continue  # what is in the list is at fault, and said
        if path and path[-1] == "clause" and each["type"] in ("missing", "string_type", "string_too_short"):
            words = _UNCITED
        elif each["type"] == "slip":
            words = each["msg"]
        else:
            given = {key: str(value) for key, value in each.get("ctx", {}).items()}
            if "expected" in given:
                given["expected"] = given["expected"].replace(" or ", ", ").replace("'", "").replace(", ", "、")
            words = _WORDS.get(each["type"], "写法不对").format_map(given)
        yield (*above, *path), words


def _parts(raw: dict[str, Any]) -> tuple[_Parts, list[_Said]]:
    """The rules of each list that are well formed, a missing citation apart, with their places; and what is not."""
    parts: _Parts = {}
    faults: list[_Said] = []
    for section, (model, _) in _SECTIONS.items():
        rules = raw.get(section)
        parts[section] = []
        for at, rule in enumerate(rules if isinstance(rules, list) else ()):
            try:
                cited = rule | {"clause": "?"} if isinstance(rule, dict) else rule
                parts[section].append((at, model.model_validate(cited)))
            except ValidationError as error:
                faults += _ill_formed(error, cited, (section, at))
    return parts, faults


def _repeated(raw: dict[str, Any], located: _Located) -> Iterator[Fault]:
    for section, keys in {name: keys for name, (_, keys) in _SECTIONS.items()}.items() | {("clauses", ())}:
        seen: set[Any] = set()
        rules = raw.get(section)
        if section == "windows" or not isinstance(rules, list):
            continue  # windows that meet are found by what they say
        for at, rule in enumerate(rules):
            key = _key(rule, keys) if keys else str(rule)
            if key is not None and key in seen:
                yield located.fault(raw, (section, at), "与前面一条重复")
            seen.add(key)


def _strange_clauses(raw: dict[str, Any]) -> Iterator[_Said]:
    """Citations of clauses the notice does not have."""
    known = raw.get("clauses")

    def walk(part: Any, path: _Path) -> Iterator[_Said]:
        if isinstance(part, dict):
            cited = part.get("clause")
            if isinstance(known, list) and isinstance(cited, str) and cited and cited not in known:
                yield (*path, "clause"), f"通知里没有条款“{cited}”"
            for name, value in part.items():
                yield from walk(value, (*path, name))
        elif isinstance(part, list):
            for at, value in enumerate(part):
                yield from walk(value, (*path, at))

    return walk(raw, ())


def _meaning(raw: dict[str, Any], parts: _Parts) -> Iterator[_Said]:
    """What is well written and still cannot be meant."""
    subjects = raw.get("subjects")
    named = [each for each in (subjects if isinstance(subjects, list) else ()) if isinstance(each, dict)]
    codes = {str(each.get("code")): each.get("part_of") for each in named}

    def strangers(hours: Any, path: _Path) -> Iterator[_Said]:
        for code in hours if isinstance(hours, dict) else ():
            if code not in codes and code != TOTAL:
                yield (*path, code), f"没有科目“{code}”"

    for at, subject in parts["subjects"]:
        if subject.part_of and (subject.part_of not in codes or subject.part_of == subject.code):
            yield ("subjects", at, "part_of"), f"没有科目“{subject.part_of}”"
        elif subject.part_of and codes[subject.part_of]:
            yield ("subjects", at, "part_of"), f"“{subject.part_of}”本身是分科目，不能再分"
        if subject.code == TOTAL:
            yield ("subjects", at, "code"), "total 是累计，不能作科目"
    requirement = raw["requirement"] if isinstance(raw.get("requirement"), dict) else {}
    combine = requirement.get("combine", "each_year")
    changes = requirement.get("changes")
    yield from strangers(requirement.get("hours"), ("requirement", "hours"))
    changed: set[str] = set()
    for at, change in enumerate(changes if isinstance(changes, list) else ()):
        if isinstance(change, dict):
            yield from strangers(change.get("hours"), ("requirement", "changes", at, "hours"))
            years = change.get("years")
            years = {str(year) for year in years} if isinstance(years, list) else set()
            if changed & years:
                yield ("requirement", "changes", at, "years"), f"{min(changed & years)}年度已在前面改过"
            changed |= years
    for at, window in parts["windows"]:
        yield from strangers(window.hours, ("windows", at, "hours"))
        if window.hours and combine != "sum":
            yield ("windows", at, "hours"), "各级别不同的学时只能用于按总和核验（combine: sum）"
    for section in ("conversions", "deemed", "caps"):
        for at, rule in parts[section]:
            if rule.subject and rule.subject not in codes:
                yield (section, at, "subject"), f"没有科目“{rule.subject}”"
    makeup = raw.get("makeup")
    if isinstance(makeup, dict) and str(makeup.get("subject")) not in {*codes, "None"}:
        yield ("makeup", "subject"), f"没有科目“{makeup['subject']}”"
    for at, window in parts["study_windows"]:
        if window.last < window.first:
            yield ("study_windows", at), "截止日期早于起始日期"
    for at, programme in parts["programmes"]:
        if programme.target_at_most is not None and programme.target_at_most < (programme.target or 0):
            yield ("programmes", at), "target_at_most 小于 target"
    for at, cap in parts["caps"]:
        if cap.source is None and cap.subject is None:
            yield ("caps", at), "source 和 subject 至少写一个"
    yield from _overlaps(parts["windows"])
    for at, waiver in parts["waivers"]:
        if waiver.effect == "any_one_year" and combine in ("sum", "average"):
            yield ("waivers", at, "effect"), "any_one_year 只能用于逐年核验（combine: each_year）"
    if combine == "sum" and raw.get("deemed"):
        yield ("deemed",), "按总和核验（combine: sum）时没有哪一年可以视同完成，请写成学时折合"
    if combine == "sum" and changes:
        yield ("requirement", "changes"), "按总和核验（combine: sum）时没有逐年的学时可改"


def _overlaps(windows: list[tuple[int, Any]]) -> Iterator[_Said]:
    """Windows that say as specifically as an earlier one what applies to the same applicants."""
    for place, (at, window) in enumerate(windows):
        for _, earlier in windows[:place]:
            both = ((window.level, earlier.level), (window.education, earlier.education))
            meets = all(not mine or not theirs or set(mine) & set(theirs) for mine, theirs in both)
            if window.route == earlier.route and meets and window.specific == earlier.specific:
                yield ("windows", at), "与前面一条适用于同一方式、级别和学历，请写明区别"
                break


# --- which one is in force ------------------------------------------------------------------------------------------

FOLDER = db.ROOT / "data" / "policies"
"""The notices on file."""


def texts(folder: Path) -> dict[str, str]:
    """The policy files of a folder: id (the file's name) to text; what is not UTF-8 in them is left to `parse`."""
    return {path.stem: _text(path) for path in sorted(folder.glob("*.yaml")) if path.is_file()}


def _text(path: Path) -> str:
    """A file's text, no more of it than is needed to see that it is too large."""
    with path.open("rb") as file:
        return file.read(4 * _LARGEST + 4).decode("utf-8", "surrogateescape")


def read(path: Path) -> Policy:
    """A policy file, extending those of its own folder and those on file. OSError, or Malformed with every fault."""
    text = _text(path)
    parents = texts(FOLDER) | texts(path.parent) if "extends" in text else {}
    return parse(text, name=path.name, parents=parents)


def published() -> Path:
    """Where the office's own published notices lie; there, an id that came with the program replaces it."""
    return db.home() / "policies"


def _on_file() -> tuple[Policy, ...]:
    office = published()
    return _loaded(tuple((path, path.stat().st_mtime_ns) for path in sorted(office.glob("*.yaml"))))


@functools.lru_cache(maxsize=4)
def _loaded(office: tuple[tuple[Path, int], ...]) -> tuple[Policy, ...]:
    paths = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))} | {path.stem: path for path, _ in office}
    return tuple(read(path) for path in paths.values())


def policies() -> tuple[Policy, ...]:
    """Every policy of the region on file, by first year."""
    regional = (policy for policy in _on_file() if policy.league is None)
    return tuple(sorted(regional, key=lambda policy: policy.in_force.first))


def restored(text: str) -> Policy:
    """A policy out of its `text`."""
    return Policy.model_validate_json(text)


def subject_names() -> dict[str, str]:
    """What each subject code is called: as the latest notice on file has it, the two subjects of rosters always."""
    on_file = sorted(_on_file(), key=lambda policy: policy.in_force.first)
    names = {subject.code: subject.name for policy in on_file for subject in policy.subjects}
    return {subject.value: subject.label for subject in Subject} | names


def in_force(year: int, on_file: Sequence[Policy] | None = None) -> Policy:
    """The policy for a credit year: the year's own notice, else the latest before it where that one says it carries on.

    Who asks for many years at once asks for `policies` first (`on_file`). Refused codes: "policy" (no notice covers
    the year).
    """
    earlier = [policy for policy in (policies() if on_file is None else on_file) if policy.first_year <= year]
    if earlier:
        latest = earlier[-1]
        if year <= latest.last_year or latest.setting("until_next_notice", False):
            return latest
    raise Refused("policy", f"没有适用于{year}年度的政策文件，请管理员先载入该年度的通知。")
