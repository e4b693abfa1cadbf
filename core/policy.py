"""A notice as data: the language a policy file is written in, its faults by line, extension, and which one is in force.

Every value stands beside its clause, every silence of a notice is a named interpretation. What the rules do to
applicants is in `rules`.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
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

SETTINGS: dict[str, type] = {
    "include_application_year": bool,
    "age_on": str,
    "years_counted_from_next": bool,
    "hours_per_day": Decimal,
    "until_next_notice": bool,
    "within_one_year": bool,
    "amounts_of_earlier_years": str,
    "review_routes": str,
    "best_waiver_wins": bool,
    "transfer_limit": int,
    "waiver_window": int,
    "certificate_rate": str,
    "makeup_years": int,
}
"""The silences a file can name; any other name is a slip."""


# --- the language ---------------------------------------------------------------------------------------------------


class _Part(BaseModel):
    """A piece of a policy file: nothing in it that the language does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _month_day(text: str) -> str:
    try:
        date.fromisoformat(f"2024-{text}")
    except ValueError:
        raise PydanticCustomError("month_day", "不是有效的月日，请写成 01-31") from None
    return text


MonthDay = Annotated[str, AfterValidator(_month_day)]
Amount = Annotated[Decimal, Field(ge=0, le=10_000, multiple_of=Decimal("0.5"))]
Year = Annotated[int, Field(ge=1990, le=2100)]
Clause = Annotated[str, Field(min_length=1)]


class Cited(_Part):
    """A piece that says where in the notice it comes from."""

    clause: Clause


class SubjectRule(Cited):
    """A subject, or with `part_of` a sub-subject whose hours also count for the whole."""

    code: str = Field(pattern=r"^[a-z_]{2,20}$")
    name: str
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
    years_from: Literal["years_in_post", "recognition_years"] | None = None
    include_application_year: bool = True

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.years is None) == (self.years_from is None):
            raise PydanticCustomError("window", "years 和 years_from 须写且只写一个")
        return self


class Condition(_Part):
    """One thing that must hold of the applicant."""

    fact: Literal[tuple(FACTS)]  # type: ignore[valid-type]
    is_: str | bool | None = Field(None, alias="is")
    at_least: int | None = None
    at_most: int | None = None

    @model_validator(mode="after")
    def _fits_the_fact(self) -> Self:
        asked = [self.is_ is not None, self.at_least is not None, self.at_most is not None]
        if sum(asked) != 1:
            raise PydanticCustomError("condition", "is、at_least、at_most 须写且只写一个")
        numeric = FACTS[self.fact] is int
        if numeric == asked[0]:
            raise PydanticCustomError("condition", "{fact} 的条件形式不对", {"fact": self.fact})
        if self.fact == "sex" and self.is_ not in ("男", "女"):
            raise PydanticCustomError("condition", "sex 只能是 男 或 女")
        return self


class Waiver(Cited):
    """减免: what is required of those for whom all conditions hold. The best of all that apply wins.

    Effects: none_required; any_one_year (one complete year of the window); without_years (the years in `fact` are not
    required); last_years (only the latest years, as many as `fact` says, at most `at_most`).
    """

    name: str
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
            raise PydanticCustomError(
                "effect", "{effect} 的 fact 应为 {wanted}", {"effect": self.effect, "wanted": wanted or "空"}
            )
        return self


class Conversion(Cited):
    """学时折合: hours for a certificate, by activity, level and rank; without a rate the reviewer grants them."""

    activity: str
    subject: str
    source: str
    level: str | None = None
    rank: str | None = None
    rate: Amount | None = None
    per_item: Amount | None = None
    per_year: Amount | None = None


class Deemed(Cited):
    """视同完成: a source whose entry makes a year's subject count as done."""

    source: str
    subject: str


class Cap(Cited):
    """At most so many hours of a source (or a subject) count per day, per item or per year."""

    per: Literal["day", "item", "year"]
    hours: Amount
    source: str | None = None
    subject: str | None = None


class MakeUp(Cited):
    """补学: how many years back hours may be made up for a subject."""

    subject: str
    years_back: Annotated[int, Field(ge=0, le=10)]


class StudyWindow(Cited):
    """From when to when a year's study is open, for everybody or for one league."""

    league: str | None = None
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
    name: str
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
    reason: str = Field(min_length=4)

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and raw.get("setting") in SETTINGS and "value" in raw:
            kind = SETTINGS[raw["setting"]]
            text = str(raw["value"])
            try:
                value = {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
                if raw["setting"] == "age_on":
                    _month_day(text)
            except (KeyError, ValueError, ArithmeticError):
                raise PydanticCustomError(
                    "setting", "{text} 不是 {name} 的取值", {"text": text, "name": raw["setting"]}
                ) from None
            return raw | {"value": value}
        return raw


class InForce(_Part):
    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise PydanticCustomError("in_force", "截止日期早于起始日期")
        return self


class Policy(_Part):
    """One notice (政策). Hours are credit hours, days are office days."""

    id: str = Field(pattern=r"^[a-z0-9-]{2,40}$")
    title: str = Field(min_length=2)
    document: str = Field(min_length=2)
    issuer: str = Field(min_length=2)
    issued_on: date | None = None
    extends: str | None = None
    league: str | None = None
    in_force: InForce
    clauses: tuple[str, ...] = Field(min_length=1)
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
        return hashlib.sha256(db.canonical(self.model_dump(mode="json", by_alias=True)).encode()).hexdigest()

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
        return (
            f"{self.file}:{self.line}: {self.path}: {self.words}"
            if self.path
            else f"{self.file}:{self.line}: {self.words}"
        )


class Malformed(Refused):
    """A policy file with faults; all of them, in order of line."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("malformed", "政策文件有误：\n" + "\n".join(map(str, faults)))
        self.faults = faults


_KEYS = {
    "subjects": ("code",),
    "windows": ("route", "level", "education"),
    "waivers": ("name",),
    "conversions": ("activity", "level", "rank"),
    "deemed": ("source", "subject"),
    "caps": ("per", "source", "subject"),
    "study_windows": ("league",),
    "programmes": ("code",),
    "interpretations": ("setting",),
}
"""By what the entries of a list are told apart: no two alike in one file, and a file that extends replaces its like."""


class _Located:
    """Plain data out of YAML that still knows the line each value stands on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[tuple[int, Any], tuple[str, int]] = {}
        self.faults: list[Fault] = []
        self.kept: list[Any] = []  # keeps every container alive, since lines are found by its identity

    def read(self, text: str) -> dict[str, Any]:
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            raise Malformed(
                [Fault(self.name, mark.line + 1 if mark else 1, "", f"不是有效的YAML：{error.problem}")]
            ) from error
        except yaml.YAMLError as error:
            raise Malformed([Fault(self.name, 1, "", f"不是有效的YAML：{error}")]) from error
        if not isinstance(node, yaml.MappingNode):
            raise Malformed([Fault(self.name, 1, "", "政策文件应是一组“名称: 值”")])
        found: dict[str, Any] = self._plain(node)
        return found

    def _plain(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            mapping: dict[str, Any] = {}
            self.kept.append(mapping)
            for key, value in node.value:
                name = str(key.value)
                if name in mapping:
                    self.faults.append(Fault(self.name, key.start_mark.line + 1, name, "同一层里写了两次"))
                mapping[name] = self._plain(value)
                self.lines[id(mapping), name] = (self.name, key.start_mark.line + 1)
            return mapping
        if isinstance(node, yaml.SequenceNode):
            items: list[Any] = []
            self.kept.append(items)
            for at, item in enumerate(node.value):
                items.append(self._plain(item))
                self.lines[id(items), at] = (self.name, item.start_mark.line + 1)
            return items
        return None if node.tag == "tag:yaml.org,2002:null" else node.value

    def line(self, raw: Any, path: tuple[Any, ...]) -> tuple[str, int]:
        """The line of the deepest part of a path that exists."""
        found = (self.name, 1)
        for step in path:
            found = self.lines.get((id(raw), step), found)
            if (isinstance(raw, dict) and step in raw) or (
                isinstance(raw, list) and isinstance(step, int) and step < len(raw)
            ):
                raw = raw[step]
        return found


def _merged(parent: dict[str, Any], child: dict[str, Any], located: _Located) -> dict[str, Any]:
    """The parent with the child's parts in place of their like; lists of rules are merged rule by rule."""
    mixed: dict[str, Any] = {}
    located.kept.append(mixed)
    for source in (parent, child):
        for name, value in source.items():
            before = mixed.get(name)
            if isinstance(value, dict) and isinstance(before, dict):
                mixed[name] = _merged(before, value, located)
            elif name in _KEYS and isinstance(value, list) and isinstance(before, list):
                mixed[name] = _merged_rules(before, value, _KEYS[name], located)
            elif name == "clauses" and isinstance(value, list) and isinstance(before, list):
                mixed[name] = [*before, *(clause for clause in value if clause not in before)]
            else:
                mixed[name] = value
            if (id(source), name) in located.lines:
                located.lines[id(mixed), name] = located.lines[id(source), name]
    return mixed


def _merged_rules(before: list[Any], after: list[Any], keys: tuple[str, ...], located: _Located) -> list[Any]:
    rules: list[Any] = []
    located.kept.append(rules)
    places: dict[Any, int] = {}
    for source in (before, after):
        for at, rule in enumerate(source):
            key = _key(rule, keys)
            place = places.get(key, len(rules)) if key is not None else len(rules)
            if place == len(rules):
                rules.append(rule)
            else:
                rules[place] = rule
            if key is not None:
                places[key] = place
            located.lines[id(rules), place] = located.lines[id(source), at]
    return rules


def _key(rule: Any, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    return tuple(str(rule.get(name, "")) for name in keys) if isinstance(rule, dict) else None


_WORDS = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项，请核对名称",
    "literal_error": "只能是 {expected}",
    "enum": "只能是 {expected}",
    "decimal_parsing": "应是数字",
    "int_parsing": "应是整数",
    "int_from_float": "应是整数",
    "bool_parsing": "应是 true 或 false",
    "bool_type": "应是 true 或 false",
    "date_from_datetime_parsing": "不是有效的日期，请写成 2024-01-31",
    "date_parsing": "不是有效的日期，请写成 2024-01-31",
    "date_from_datetime_inexact": "不是有效的日期，请写成 2024-01-31",
    "decimal_multiple_of": "学时以0.5为最小单位",
    "multiple_of": "学时以0.5为最小单位",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "string_type": "应是文字",
    "string_too_short": "太短或为空",
    "too_short": "不能为空",
    "tuple_type": "应是一个列表",
    "dict_type": "应是一组“名称: 值”",
    "model_type": "应是一组“名称: 值”",
    "string_pattern_mismatch": "只能用小写字母、数字和连字符（或下划线）",
}


def parse(text: str, *, name: str = "policy.yaml", parents: Mapping[str, str] | None = None) -> Policy:
    """Read a policy from YAML text. `parents` gives the text of the files it may extend, by policy id.

    Raises Malformed with every fault at once, each with its file and line; codes: "malformed".
    """
    located = _Located(name)
    raw = located.read(text)
    own = raw
    seen = [str(raw.get("id"))]
    while raw.get("extends"):
        parent_id = str(raw["extends"])
        if parent_id in seen or parent_id not in (parents or {}):
            words = "文件互相引用" if parent_id in seen else f"没有找到要扩展的政策“{parent_id}”"
            raise Malformed([*located.faults, Fault(*located.line(raw, ("extends",)), "extends", words)])
        seen.append(parent_id)
        above = _Located(f"{parent_id}.yaml")
        parent = above.read((parents or {})[parent_id])
        located.lines |= above.lines
        located.kept += above.kept
        grand = parent.pop("extends", None)
        own_head = {key: value for key, value in raw.items() if key != "extends"}
        located.kept.append(own_head)
        for key in own_head:
            located.lines[id(own_head), key] = located.lines.get((id(raw), key), (name, 1))
        raw = _merged(parent, own_head, located)
        if grand:
            raw["extends"] = grand
    if own.get("extends"):
        raw["extends"] = own["extends"]
        located.lines[id(raw), "extends"] = located.lines[id(own), "extends"]
    faults = [*located.faults, *_repeated(raw, located), *_strange_clauses(raw, located)]
    policy: Policy | None = None
    try:
        policy = Policy.model_validate(raw)
    except ValidationError as error:
        for each in error.errors():
            path = tuple(
                step for step in each["loc"] if not str(step).startswith(("function-", "constrained-", "literal["))
            )
            words = _WORDS.get(each["type"], each["msg"]).format_map(_Lenient(each.get("ctx", {})))
            faults.append(Fault(*located.line(raw, path), ".".join(map(str, path)), words))
    if policy is not None:
        faults += [Fault(*located.line(raw, path), ".".join(map(str, path)), words) for path, words in _meaning(policy)]
    if faults or policy is None:
        raise Malformed(sorted(set(faults), key=lambda fault: (fault.file != name, fault.file, fault.line, fault.path)))
    return policy


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return key


def _repeated(raw: dict[str, Any], located: _Located) -> Iterator[Fault]:
    for section, keys in _KEYS.items():
        seen: set[Any] = set()
        rules = raw.get(section)
        for at, rule in enumerate(rules if isinstance(rules, list) else ()):
            key = _key(rule, keys)
            if key is not None and key in seen:
                yield Fault(*located.line(raw, (section, at)), f"{section}.{at}", "与前面一条重复")
            seen.add(key)


def _strange_clauses(raw: Any, located: _Located) -> Iterator[Fault]:
    """Citations of clauses the notice does not have."""
    known = raw.get("clauses") if isinstance(raw.get("clauses"), list) else None

    def walk(part: Any, path: tuple[Any, ...]) -> Iterator[Fault]:
        if isinstance(part, dict):
            cited = part.get("clause")
            if known is not None and isinstance(cited, str) and cited and cited not in known:
                where = (*path, "clause")
                yield Fault(*located.line(raw, where), ".".join(map(str, where)), f"通知里没有条款“{cited}”")
            for name, value in part.items():
                yield from walk(value, (*path, name))
        elif isinstance(part, list):
            for at, value in enumerate(part):
                yield from walk(value, (*path, at))

    return walk(raw, ())


def _meaning(policy: Policy) -> Iterator[tuple[tuple[Any, ...], str]]:
    """What is well written and still cannot be meant."""
    codes = {subject.code for subject in policy.subjects}
    for at, subject in enumerate(policy.subjects):
        if subject.part_of and subject.part_of not in codes - {subject.code}:
            yield ("subjects", at, "part_of"), f"没有科目“{subject.part_of}”"
        if subject.code == TOTAL:
            yield ("subjects", at, "code"), "total 是累计，不能作科目"

    def strangers(hours: Mapping[str, Decimal], path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
        for code in hours:
            if code not in codes | {TOTAL}:
                yield (*path, code), f"没有科目“{code}”"

    yield from strangers(policy.requirement.hours, ("requirement", "hours"))
    for at, change in enumerate(policy.requirement.changes):
        yield from strangers(change.hours, ("requirement", "changes", at, "hours"))
    for section in ("conversions", "deemed", "caps"):
        for at, rule in enumerate(getattr(policy, section)):
            if rule.subject and rule.subject not in codes:
                yield (section, at, "subject"), f"没有科目“{rule.subject}”"
    if policy.makeup and policy.makeup.subject not in codes:
        yield ("makeup", "subject"), f"没有科目“{policy.makeup.subject}”"
    for at, window in enumerate(policy.study_windows):
        if window.last < window.first:
            yield ("study_windows", at), "截止日期早于起始日期"
    for at, programme in enumerate(policy.programmes):
        if programme.target is not None and (programme.target_at_most or programme.target) < programme.target:
            yield ("programmes", at), "target_at_most 小于 target"
    for at, cap in enumerate(policy.caps):
        if cap.source is None and cap.subject is None:
            yield ("caps", at), "source 和 subject 至少写一个"
    overlapping = _overlap(policy.windows)
    if overlapping is not None:
        yield ("windows", overlapping), "与前面一条适用于同一方式、级别和学历，请写明区别"
    if policy.requirement.combine != "each_year":
        for at, waiver in enumerate(policy.waivers):
            if waiver.effect == "any_one_year":
                yield ("waivers", at, "effect"), "any_one_year 只能用于逐年核验（combine: each_year）"
    if policy.requirement.combine == "sum" and policy.requirement.changes:
        yield ("requirement", "changes"), "按总和核验（combine: sum）时没有逐年的学时可改"


def _overlap(windows: tuple[Window, ...]) -> int | None:
    """The first window that says as specifically as an earlier one what applies to the same applicants."""
    for at, window in enumerate(windows):
        for earlier in windows[:at]:
            same_route = window.route == earlier.route
            meets = all(
                not mine or not theirs or set(mine) & set(theirs)
                for mine, theirs in ((window.level, earlier.level), (window.education, earlier.education))
            )
            alike = bool(window.level) == bool(earlier.level) and bool(window.education) == bool(earlier.education)
            if same_route and meets and alike:
                return at
    return None


# --- which one is in force ------------------------------------------------------------------------------------------


def texts(folder: Path) -> dict[str, str]:
    """The policy files of a folder: id (the file's name) to text."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}


@functools.lru_cache(maxsize=1)
def _shipped() -> tuple[Policy, ...]:
    found = texts(db.ROOT / "data" / "policies")
    return tuple(parse(text, name=f"{name}.yaml", parents=found) for name, text in found.items())


def policies() -> tuple[Policy, ...]:
    """Every policy of the region on file, by first year."""
    regional = (policy for policy in _shipped() if policy.league is None)
    return tuple(sorted(regional, key=lambda policy: policy.in_force.first))


def in_force(year: int) -> Policy:
    """The policy for a credit year: the year's own notice, else the latest before it where that one says it carries on.

    Refused codes: "policy" (no notice covers the year).
    """
    earlier = [policy for policy in policies() if policy.first_year <= year]
    if earlier:
        latest = earlier[-1]
        if year <= latest.last_year or latest.setting("until_next_notice", False):
            return latest
    raise Refused("policy", f"没有适用于{year}年度的政策文件，请管理员先载入该年度的通知。")
