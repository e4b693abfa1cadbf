"""The language a policy file (政策文件) is written in: each value beside its clause, each silence an interpretation."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from core.ground import db
from core.ground.access import Labelled, OrganizationKind, Refused


class Subject(Labelled):
    """Subject (科目) of rosters: the two subjects that rosters carry. A policy may name further ones by code."""

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


class Part(BaseModel):
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


class Cited(Part):
    """A piece that says where in the notice it comes from."""

    clause: Clause


class SubjectRule(Cited):
    """Subject rule (科目): A subject, or with `part_of` a sub-subject whose hours also count for the whole."""

    code: str = Field(pattern=r"^[a-z_]{2,20}$")
    name: Text
    part_of: str | None = None
    providers: tuple[OrganizationKind, ...] = ()


class YearChange(Cited):
    """Exception for single years (个别年度): A year in which a subject was dropped or its amount changed."""

    years: tuple[Year, ...] = Field(min_length=1)
    hours: dict[str, Amount]


class Requirement(Cited):
    """Required hours (学时要求).

    Hours by subject code and `total`, for each year alone, or summed or averaged over the years required.
    """

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

    def clause_in(self, year: int) -> str:
        """The clause that says what a year asks for: its change's, else the requirement's."""
        return next((change.clause for change in self.changes if year in change.years), self.clause)

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
    """Look-back window (近几年).

    Which years an application of a route, level and education needs: so many, or as many as a fact says.
    """

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


class Condition(Part):
    """Condition (条件) on a fact of the applicant: one thing that must hold of the applicant."""

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
    """Waiver (减免): what is required of those for whom all conditions hold. The best of all that apply wins.

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
    """Conversion (学时折合): `rate` credit hours for each hour, day or item (`unit`) of an activity and level.

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
    """Deemed done (视同完成): a source whose entry makes a year's subject count as done."""

    source: Source
    subject: str


class Cap(Cited):
    """Cap (学时上限): at most so many hours of a source (or a subject) count per day, per item or per year."""

    per: Literal["day", "item", "year"]
    hours: Amount
    source: Source | None = None
    subject: str | None = None


class MakeUp(Cited):
    """Make-up study (补学): which subject may be made up, how many years back, and in which part of the year."""

    subject: str
    years_back: Annotated[int, Field(ge=0, le=10)]
    """Where the notice is silent, the interpretation `makeup_years`."""
    first: MonthDay = Field("01-01", alias="from")
    last: MonthDay = Field("12-31", alias="to")


class StudyWindow(Cited):
    """Study window (学习时间): from when to when a year's study is open, for everybody or for one league."""

    league: Text | None = None
    first: MonthDay = Field(alias="from")
    last: MonthDay = Field(alias="to")


class PlanDeadline(Cited):
    days_before_start: Annotated[int, Field(ge=0, le=365)]


class ReportDeadline(Cited):
    days_after_end: Annotated[int, Field(ge=0, le=365)]


class Deadlines(Part):
    plan: PlanDeadline
    report: ReportDeadline


class Duty(Cited):
    """Duty (工作要求): what a notice asks of an office beside hours, plans and reports, and by when."""

    name: Text
    words: Text
    who: Text
    due: MonthDay | None = None
    """02-29 stands for the end of February."""

    def due_on(self, year: int) -> date | None:
        """Its last day in a year."""
        if self.due == "02-29":
            return date(year, 3, 1) - timedelta(days=1)
        return date.fromisoformat(f"{year}-{self.due}") if self.due else None


class Reading(Cited):
    """Reading (理解): how words of a notice are understood that no setting decides: they bind people, not the program.

    What the program itself does where the notice is silent is an `Interpretation`.
    """

    question: Text
    answer: Text
    reason: str = Field(min_length=4, max_length=500)


class Programme(Cited):
    """Programme (专项项目): its target of the year and the dates it must meet."""

    code: str = Field(pattern=r"^[a-z_]{2,30}$")
    name: Text
    target: Annotated[int, Field(ge=0)] | None = None
    target_at_most: Annotated[int, Field(ge=0)] | None = None
    unit: str = "人"
    plan_due: MonthDay | None = None
    summary_due: MonthDay | None = None
    note: str = ""


class Interpretation(Cited):
    """Interpretation (未写明之处) as a named setting: what the program does where the notice is silent, and why."""

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


class InForce(Part):
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise _slip("截止日期早于起始日期")
        return self


class Policy(Part):
    """Policy (政策): one notice (政策). Hours are credit hours, days are office days."""

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
    duties: tuple[Duty, ...] = ()
    interpretations: tuple[Interpretation, ...] = ()
    readings: tuple[Reading, ...] = ()
    silent_on: tuple[Literal["deadlines", "providers"], ...] = ()
    """What the notice, or what is known of it, does not say, so that nobody takes it for forgotten."""

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
