"""The language a policy file (政策文件) is written in: each value beside its clause, each silence an interpretation."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from core.ground import db
from core.ground.access import Labelled, OrganizationKind, Refused


class Subject(Labelled):
    """Subject (科目): the two that every office begins with. A policy names its own, these or others, by code."""

    PUBLIC = "public", "公需科目"
    PROFESSIONAL = "professional", "专业科目"


class Mode(Labelled):
    """How a training is given (方式)."""

    CLASSROOM = "classroom", "线下"
    ONLINE = "online", "线上"
    BLENDED = "blended", "线上+线下"


def short_name(subject: str) -> str:
    """A subject's name as people say it and tables head it: 公需科目 as 公需."""
    return subject.removesuffix("科目")


TOTAL, TOTAL_NAME = "total", "累计"
"""In a requirement: all subjects together."""

ROUTES = ("职称评审", "破格评审", "考核认定")
LEVELS = ("初级", "中级", "高级")
EDUCATIONS = ("中专", "大专", "本科", "硕士", "博士")
YEARS_SINCE = {"years_since_transfer": "transferred_on", "years_in_post": "in_post_since"}
"""Other names of years since a day that every notice may ask for."""

SOURCES = ("培训", "公需考试", "折合", "三科", "技能培训", "职业资格", "补学")
"""Where hours come from, in the words of the ledger."""


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


def _share(text: Any) -> Any:
    if isinstance(text, Decimal) or re.fullmatch(r"0\.\d{1,4}", str(text), re.ASCII):
        return text
    raise _slip("应是0和1之间的小数，最多四位，如三分之一写 0.3333")


def month_day(text: str) -> str:
    """A day of every year (月日) in words: 01-31 as 1月31日, the end of February as 2月底."""
    if text in ("02-28", "02-29"):
        return "2月底"
    month, day = text.split("-")
    return f"{int(month)}月{int(day)}日"


def day_of(text: str, year: int) -> date:
    """A day of every year (月日) in one year; 02-29 stands for the end of February."""
    return date(year, 3, 1) - timedelta(days=1) if text == "02-29" else date.fromisoformat(f"{year}-{text}")


_FLAGS = {"true": True, "false": False}

Day = Annotated[date, BeforeValidator(_day)]
MonthDay = Annotated[str, BeforeValidator(_month_day)]
Amount = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=10_000, multiple_of=Decimal("0.5"))]
Share = Annotated[Decimal, BeforeValidator(_share), Field(gt=0, lt=1)]
Year = Annotated[int, Field(ge=1990, le=2100)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Clause = Annotated[str, Field(min_length=1, max_length=40)]
Source = Literal[SOURCES]  # type: ignore[valid-type]


class Cited(Part):
    """A piece that says where in the notice it comes from."""

    clause: Clause


class Fact(Cited):
    """Fact that an applicant states (申报信息): its heading in the form and in files, and what kind of answer it takes.

    `flag` is 是 or 否, `day` a date, `count` a number of years, `word` one of `choices`, `years` several years. `also`
    are other headings that offices write.
    """

    code: str = Field(pattern=r"^[a-z][a-z_]{1,29}$")
    heading: Text
    type: Literal["flag", "day", "count", "word", "years"]
    choices: tuple[Text, ...] = ()
    also: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _choices_of_words(self) -> Self:
        if (self.type == "word") != bool(self.choices):
            raise _slip("choices 用于且必须用于 type: word")
        return self


EVERY_NOTICE = (
    Fact(code="non_public", heading="单位性质", type="flag", clause="-"),
    Fact(code="front_line", heading="基层一线", type="flag", clause="-"),
    Fact(code="transferred_on", heading="转任日期", type="day", clause="-"),
    Fact(code="in_post_since", heading="任现职日期", type="day", clause="-"),
    Fact(code="recognition_years", heading="认定年限", type="count", clause="-"),
    Fact(code="postdoc_funded", heading="博士后资助或省部级项目", type="flag", clause="-"),
    Fact(code="stays_in_region", heading="出站留区", type="flag", clause="-"),
    Fact(code="epidemic_years", heading="抗疫年度", type="years", clause="-"),
)
"""The facts that the application form has whatever a notice declares; besides, sex and age out of the ID number."""


class Level(Part):
    """Level within a level (级别细分): such as 副高 and 正高 within 高级; what holds for the wider holds for it."""

    name: Text
    within: Literal[LEVELS]  # type: ignore[valid-type]


class SubjectRule(Cited):
    """Subject rule (科目): A subject, or with `part_of` a sub-subject whose hours also count for the whole."""

    code: str = Field(pattern=r"^[a-z_]{2,20}$")
    name: Text
    """As the notice has it: 公需科目; `short_name` is how tables head it."""
    part_of: str | None = None
    providers: tuple[OrganizationKind, ...] = ()
    modes: tuple[Mode, ...] = ()
    """How it may be given (方式); none named: in any way."""
    exam: bool | None = None
    """Whether its hours are those of an exam passed (考试合格)."""


class YearChange(Cited):
    """Exception for single years (个别年度): A year in which a subject was dropped or its amount changed."""

    years: tuple[Year, ...] = Field(min_length=1)
    hours: dict[str, Amount]


class Requirement(Cited):
    """Required hours (学时要求).

    Hours by subject code and `total`, for each year alone, or summed or averaged over the years required. `share`: a
    subject must be at least such a part of all the hours had in a year. `each_year_at_least`: of a sum, what no single
    year may stay below. `counted_from`: only hours completed from then on count, a day or an applicant's own.
    """

    combine: Literal["each_year", "sum", "average"] = "each_year"
    hours: dict[str, Amount] = Field(min_length=1)
    changes: tuple[YearChange, ...] = ()
    share: dict[str, Share] = {}
    each_year_at_least: dict[str, Amount] = {}
    counted_from: str | None = None

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


class Cycle(Part):
    """Cycle of years (周期): rounds of so many years; the application year's round counts from its first year on."""

    first: Year = Field(alias="from")
    years: Annotated[int, Field(ge=1, le=20)]

    def length(self, year: int) -> int:
        """How many years of its round there are up to a year."""
        return (year - self.first) % self.years + 1


class Window(Cited):
    """Look-back window (近几年).

    Which years an application of a route, level, education and title series needs: so many, as many as a fact says, or
    those of the current cycle. A file writes exactly one of `years`, `years_from` and `cycle`.
    """

    route: Text
    level: tuple[Text, ...] = ()
    education: tuple[Text, ...] = ()
    series: tuple[Text, ...] = ()
    years: Annotated[int, Field(ge=0, le=40)] | None = None
    years_from: str | None = None
    """As many years as this fact says: a count, or the years since a day."""
    cycle: Cycle | None = None
    since: str | None = None
    """Never more years than since the day of this fact, where the applicant has it."""
    include_application_year: bool = True
    hours: dict[str, Amount] = {}
    """Where the requirement is a sum: the amounts of this window, in place of the requirement's."""

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if sum(measure is not None for measure in (self.years, self.years_from, self.cycle)) != 1:
            raise _slip("years、years_from、cycle 须写且只写一个")
        return self

    def length(self, year: int) -> int | None:
        """How many years it asks for in an application year; None where a fact of the applicant says so."""
        return self.cycle.length(year) if self.cycle else self.years

    @property
    def specific(self) -> tuple[int, bool]:
        """Of the windows that fit an applicant, the one that says the most applies."""
        told = bool(self.level) + bool(self.education) + bool(self.series)
        return told, not {*self.level} <= {*LEVELS}


class Condition(Part):
    """Condition (条件) on a fact of the applicant: one thing that must hold of the applicant.

    `is` of a flag, of several years (whether there are any), of a word, of the sex; `at_least` and `at_most` of the
    age, of a count, of the years since a day; `from` and `to` of a day; `in_window` of a day: in a year asked for.
    """

    fact: str
    is_: Any = Field(None, alias="is")
    at_least: Annotated[int, Field(ge=0, le=200)] | None = None
    at_most: Annotated[int, Field(ge=0, le=200)] | None = None
    first: Day | None = Field(None, alias="from")
    last: Day | None = Field(None, alias="to")
    in_window: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _flags(cls, raw: Any) -> Any:
        """`true` and `false` are read as such where the fact is a yes or no; 男 and 女 stay words."""
        if isinstance(raw, dict) and raw.get("fact") != "sex" and isinstance(raw.get("is"), str):
            return raw | {"is": _FLAGS.get(raw["is"].lower(), raw["is"])}
        return raw

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        asked = (self.is_, self.at_least, self.at_most, self.first, self.last, self.in_window)
        if sum(each is not None for each in asked) != 1:
            raise _slip("is、at_least、at_most（日期还可用 from、to、in_window）须写且只写一个")
        return self

    def misfit(self, facts: Mapping[str, Fact]) -> str:
        """What is wrong with asking this of its fact, in words; "" where it can be asked."""
        name, is_ = self.fact, self.is_
        if name == "sex":
            return "" if is_ in ("男", "女") else "sex 只能是 男 或 女"
        counted = self.at_least is not None or self.at_most is not None
        fact = facts.get(YEARS_SINCE.get(name, name))
        if name == "age" or name in YEARS_SINCE or (fact and fact.type == "count"):
            return "" if counted else f"{name} 是数字，请写 at_least 或 at_most"
        if fact is None:
            return f"只能是 {'、'.join(('sex', 'age', *YEARS_SINCE, *facts))}"
        if fact.type == "day":
            return f"{name} 是日期，请写 from、to、in_window、at_least 或 at_most" if is_ is not None else ""
        if is_ is None:
            return f"{name} 不是数字，请写 is"
        if fact.type == "word":
            return "" if is_ in fact.choices else f"{name} 只能是 {'、'.join(fact.choices)}"
        return "" if isinstance(is_, bool) else f"{name} 只能是 true 或 false"


class Waiver(Cited):
    """Waiver (减免): what is required of those for whom all conditions hold. The best of all that apply wins.

    Effects: none_required; any_one_year (one complete year of the window); without_years (the years in `fact` are not
    required); last_years (only the latest years, as many as `fact` says, at most `at_most`; where the notice is silent
    that is the interpretation `transfer_limit`).
    """

    name: Text
    routes: tuple[Text, ...] = ()
    """Only these; the word `review_routes` stands for those of that interpretation."""
    levels: tuple[Text, ...] = ()
    series: tuple[Text, ...] = ()
    application_years: tuple[Year, ...] = ()
    when: tuple[Condition, ...] = Field(min_length=1)
    effect: Literal["none_required", "any_one_year", "without_years", "last_years"]
    fact: str | None = None
    at_most: Annotated[int, Field(ge=0, le=40)] | None = None
    note: str = ""

    @model_validator(mode="after")
    def _effect_fits(self) -> Self:
        by_fact = self.effect in ("without_years", "last_years")
        if by_fact and self.fact is None:
            raise _slip("{effect} 须写 fact", effect=self.effect)
        if self.fact is not None and not by_fact:
            raise _slip("fact 只用于 without_years 和 last_years")
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
    """Cap (学时上限): at most so many hours of a source (or a subject) count per day, per item or per year.

    That of a subject is of its sub-subjects as well; `total`, of a year, of all subjects together.
    """

    per: Literal["day", "item", "year"]
    hours: Amount
    source: Source | None = None
    subject: str | None = None

    def holds_for(self, subject: str, whole: str | None) -> bool:
        """Whether it is of hours of a subject, which may be part of another."""
        return self.subject in (None, TOTAL, subject, whole)


class MakeUp(Cited):
    """Make-up study (补学): which subject may be made up, how many years back, and in which part of the year."""

    subject: str
    years_back: Annotated[int, Field(ge=0, le=10)] | None = None
    """Where the notice is silent, the interpretation `makeup_years`; a file writes this or `years`."""
    years: tuple[Year, ...] = ()
    """These years, and no others."""
    first: MonthDay = Field("01-01", alias="from")
    last: MonthDay = Field("12-31", alias="to")

    @property
    def whole_year(self) -> bool:
        return (self.first, self.last) == ("01-01", "12-31")

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.years_back is None) == (not self.years):
            raise _slip("years_back 和 years 须写且只写一个")
        return self

    @property
    def words(self) -> str:
        """Which years may be made up, and when, where that is not all year round: 此前2个年度."""
        which = f"{'、'.join(map(str, sorted(self.years)))}年度" if self.years else f"此前{self.years_back}个年度"
        return which if self.whole_year else f"{which}，每年{month_day(self.first)}至{month_day(self.last)}学习"

    def years_on(self, on: date) -> tuple[int, ...]:
        """The earlier years that study on a day may make up, the latest first."""
        if not self.first <= f"{on:%m-%d}" <= self.last:
            return ()
        if self.years:
            return tuple(sorted((year for year in self.years if year < on.year), reverse=True))
        return tuple(range(on.year - 1, on.year - 1 - (self.years_back or 0), -1))


class StudyWindow(Cited):
    """Study window (学习时间): from when to when a year's study is open, for everybody, a league or a subject."""

    league: Text | None = None
    subject: str | None = None
    first: MonthDay = Field(alias="from")
    last: MonthDay = Field(alias="to")

    @property
    def whole_year(self) -> bool:
        return (self.first, self.last) == ("01-01", "12-31")

    @property
    def words(self) -> str:
        """When it is open: 每年2月1日至11月30日."""
        return f"每年{month_day(self.first)}至{month_day(self.last)}"

    def holds(self, first_on: date, last_on: date) -> bool:
        """Whether a stretch of days lies in the window, each of its days in that of its own year."""
        if first_on.year < last_on.year and not self.whole_year:
            return False  # between two years lies a stretch that is closed
        return self.first <= f"{first_on:%m-%d}" and f"{last_on:%m-%d}" <= self.last


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
    offices: tuple[OrganizationKind, ...] = ()
    """Whom its day binds (机构类别), so that it stands in their calendar; none: everybody."""
    recognises: tuple[OrganizationKind, ...] = ()
    """Whose trainings every league recognises by it (认可), without deciding them again."""


class Reading(Cited):
    """Reading (理解): how words of a notice are understood that no setting decides: they bind people, not the program.

    What the program itself does where the notice is silent is an `Interpretation`.
    """

    question: Text
    answer: Text
    reason: str = Field(min_length=4, max_length=500)


class Way(Labelled):
    """How a programme (专项项目) is carried out (办理方式): what is filed for it, what counts towards its target."""

    SEMINARS = "seminars", "逐期申请、遴选和举办，按期计"
    LINES = "lines", "按年度报计划表和总结，按培训人数计"
    STUDY = "study", "推荐、遴选后脱产研修，按入选人数计"
    CLASSES = "classes", "由培训机构按职业办班、考核发证"


class Programme(Cited):
    """Programme (专项项目): its target of the year, how it is carried out, and the dates it must meet."""

    code: str = Field(pattern=r"^[a-z_]{2,30}$")
    name: Text
    way: Way | None = None
    """None: the notice only names it; nothing is filed for it here."""
    target: Annotated[int, Field(ge=0)] | None = None
    target_at_most: Annotated[int, Field(ge=0)] | None = None
    unit: str = "人"
    plan_due: MonthDay | None = None
    summary_due: MonthDay | None = None
    offices: tuple[OrganizationKind, ...] = ()
    """Who files plan and summary (机构类别); none: everybody."""
    note: str = ""


@dataclass(frozen=True)
class Setting:
    """Setting (未写明之处): a silence that a file can settle, what values it takes and how these read."""

    type: type
    question: str
    words: str = "{}"
    """What is done, with the value in it; of a yes or no, what yes means."""
    no: str = ""
    """What no means, or nought."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Of a setting in words: which there are, and how they read; none: any."""

    def says(self, value: Any) -> str:
        """What a value of it says (系统的处理)."""
        if self.no and not value:
            return self.no
        text = str(value)
        text = month_day(text) if re.fullmatch(r"\d\d-\d\d", text) else self.choices.get(text, text)
        return self.words.format(text)


SETTINGS = {
    # the rules read these
    "include_application_year": Setting(bool, "近几年是否含申报当年", "含申报当年", "不含申报当年"),
    "age_on": Setting(str, "年龄计算到哪一天", "申报年度{}"),
    "years_counted_from_next": Setting(bool, "转任、任现职年数从何时起算", "次年起算", "当年起算"),
    "transfer_limit": Setting(int, "转任后最多核验几个年度", "{}个年度", "不要求学时"),
    "waiver_window": Setting(int, "完成一个年度即可的，在几年之内", "近{}年", "不适用"),
    "best_waiver_wins": Setting(bool, "几项减免同时符合", "取最有利的一项", "减去年度的几项合并计算"),
    "review_routes": Setting(str, "减免适用于哪些申报方式"),
    # which notice: `notices.in_force`, `notices.of_year`
    "until_next_notice": Setting(bool, "新通知载入之前怎样执行", "沿用本通知", "不沿用"),
    "amounts_of_earlier_years": Setting(
        str,
        "以前年度按哪份通知的学时",
        choices={"own_year": "按各年度自己的通知", "application_year": "按申报年度的通知"},
    ),
    # plans, reports and claims read these
    "hours_per_day": Setting(Decimal, "每天最多计多少学时", "{}学时"),
    "makeup_years": Setting(int, "可补学此前几个年度", "{}个年度", "不能补学"),
    "certificate_rate": Setting(str, "证书折合的比例", choices={"granted": "由审核部门核定"}),  # or a number
    "within_one_year": Setting(bool, "跨年度的培训", "分开上报、各计各年", "可合并上报"),
    # how `deadlines` counts
    "deadline_days": Setting(
        str,
        "计划和报告的期限怎样数日子",
        "{}，起算的当天不算在内",
        choices={"calendar": "按自然日", "working": "按工作日"},
    ),
    "roll_forward": Setting(
        bool,
        "期限最后一天是休息日",
        "结束之后多少天内的，顺延到下一个工作日；开始之前的和写明月日的不顺延",
        "一律不顺延",
    ),
    # what a report has beyond its plan: `reports.beyond_plan`
    "headcount_over_plan": Setting(
        int, "报送人数多于计划的", "超过计划{}%的，须说明原因并经审核确认", "一律须说明原因并经审核确认"
    ),
    "hours_over_plan": Setting(
        int, "报送总学时多于计划的", "超过计划{}%的，须说明原因并经审核确认", "一律须说明原因并经审核确认"
    ),
    "days_off_plan": Setting(
        int, "实际日期与计划不同的", "相差超过{}天的，须说明原因并经审核确认", "一律须说明原因并经审核确认"
    ),
    # what the programmes read: `core.submissions.programmes`
    "seminar_people_least": Setting(int, "每期高研班至少多少人", "少于{}人的提示核对", "不提示"),
    "seminar_people_most": Setting(int, "每期高研班至多多少人", "多于{}人的提示核对", "不提示"),
    "seminar_titles": Setting(int, "高研班学员中级以上职称的比例", "低于{}%的提示核对", "不提示"),
    "seminar_papers": Setting(str, "高研班报告还可附哪些材料"),
    "capability_count": Setting(
        str, "能力提升项目的人数怎样计", choices={"people": "按人计，同一人只计一次，另列人次", "visits": "按人次计"}
    ),
    "capability_fields": Setting(str, "能力提升项目有哪些重点领域"),
    "capability_late": Setting(bool, "逾期报送的计划表和总结", "照常受理，注明逾期", "不再受理"),
    "study_age": Setting(int, "推荐研修人员的年龄", "超过{}周岁的提示核对", "不提示"),
    "study_age_on": Setting(str, "推荐研修人员的年龄计算到哪一天", "推荐年度{}"),
    "study_level": Setting(str, "推荐研修人员的职称", "低于{}的提示核对"),
    "study_hours": Setting(str, "脱产研修的学时", choices={"granted": "凭结业证书申报折合，由审核部门核定"}),
    "class_pass": Setting(int, "考核合格的分数", "理论知识和专业能力均不低于{}分"),
    "class_hours": Setting(
        str,
        "办班的学时记入哪一年",
        choices={"year_of_end": "记入结束当年专业科目，按实际完成的学时，只记一次"},
    ),
    # what an exam begins with: `core.exams`
    "exam_pass_mark": Setting(int, "考试的及格线", "{}分"),
    "exam_attempts": Setting(int, "考试可考几次", "{}次", "学习期间不限次数"),
    "exam_wait_minutes": Setting(int, "两次考试之间至少隔多久", "{}分钟", "不间隔"),
    "exam_minutes": Setting(int, "考试限时", "{}分钟"),
    "exam_paper": Setting(str, "考试的题型、题数和每题分值"),
    "exam_half_marks": Setting(bool, "多选题少选的怎样计分", "没有选错的得一半分", "全部选对才得分"),
    "exam_void": Setting(
        str,
        "考后发现试题有误的怎样计分",
        choices={"full": "抽到这道题的一律得这道题的满分", "left_out": "这道题不计入，其余各题折算为满分"},
    ),
    # how study online is timed: `core.courses.study`
    "course_heartbeat": Setting(int, "网络学习多久记一次时", "学习页面每{}秒记一次，以系统的时钟为准"),
    "course_missed": Setting(
        int, "网络中断时的学习时间", "漏记不超过{}次的照常计入，更久的不计入，列明时间和原因", "漏记的不计入"
    ),
    "course_check_least": Setting(int, "网络学习中至少隔多久提问", "学习满{}分钟以后才提问"),
    "course_check_most": Setting(int, "网络学习中至多隔多久提问", "至多{}分钟提问一次，答错可以再答，不作处罚"),
    "course_seek": Setting(bool, "视频能否快进", "第一次学习不能快进，学过的部分可以拖动", "可以快进"),
    "course_devices": Setting(
        str, "能否在几处同时学习", choices={"one": "同时只在一处计时，以最后打开的为准，另一处会得到提示"}
    ),
    "course_certificate": Setting(
        bool, "网络课程是否发结业证书", "考试合格、学时入账后学员可以下载", "不发，以审验卡为凭"
    ),
    # what is sent on: `core.records.exchange`
    "exchange_lag": Setting(int, "学时多久没有报送人才信息库的提醒", "入账满{}小时没有报送的提醒"),
}
"""The silences a file can name, each read by what it settles; any other name is a slip."""


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
        kind, text = SETTINGS[setting].type, str(value)
        whole = re.fullmatch(r"\d{1,2}", text, re.ASCII)
        if kind is bool and text.lower() in _FLAGS:
            return raw | {"value": _FLAGS[text.lower()]}
        if kind is int and whole:
            return raw | {"value": int(text)}
        if kind is Decimal and re.fullmatch(r"\d{1,2}(\.[05])?", text, re.ASCII) and 0 < Decimal(text) <= 24:
            return raw | {"value": Decimal(text)}
        if kind is str and isinstance(value, str) and value:
            choices = SETTINGS[setting].choices
            rate = setting == "certificate_rate" and re.fullmatch(r"\d{1,2}(\.\d)?", value, re.ASCII)
            if not choices or value in choices or rate:
                return raw | {"value": _month_day(value) if setting in ("age_on", "study_age_on") else value}
        if "value" not in raw:
            return raw
        raise _slip("{text} 不是 {setting} 的取值", text="空" if value is None else text[:40], setting=setting)

    @property
    def question(self) -> str:
        """What the notice leaves open."""
        return SETTINGS[self.setting].question

    @property
    def answer(self) -> str:
        """How it is settled, in words."""
        return SETTINGS[self.setting].says(self.value)


def settled(raw: Any) -> Any:
    """Fill in interpretations: rules of a raw policy that leave something open take it from that silence's setting."""
    if not isinstance(raw, dict) or not isinstance(raw.get("interpretations"), list):
        return raw
    silences = [each for each in raw["interpretations"] if isinstance(each, dict)]
    said = {str(each.get("setting")): str(each.get("value")) for each in reversed(silences)}

    def number(rule: Any, field: str, setting: str, form: str = r"\d{1,2}") -> Any:
        open_ = (
            isinstance(rule, dict) and rule.get(field) is None and re.fullmatch(form, said.get(setting, ""), re.ASCII)
        )
        return rule | {field: said[setting]} if open_ else rule

    def waiver(rule: Any) -> Any:
        if not isinstance(rule, dict):
            return rule
        if rule.get("routes") == "review_routes" and said.get("review_routes"):
            rule = rule | {"routes": re.split("[、，,;； ]+", said["review_routes"])}
        return number(rule, "at_most", "transfer_limit") if rule.get("effect") == "last_years" else rule

    more: dict[str, Any] = {}
    if isinstance(makeup := raw.get("makeup"), dict):
        more["makeup"] = makeup if makeup.get("years") else number(makeup, "years_back", "makeup_years")
    if isinstance(raw.get("waivers"), list):
        more["waivers"] = [waiver(rule) for rule in raw["waivers"]]
    if isinstance(raw.get("conversions"), list):
        form = r"\d{1,2}(\.\d)?"
        more["conversions"] = [number(rule, "rate", "certificate_rate", form) for rule in raw["conversions"]]
    return raw | more


class InForce(Part):
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise _slip("截止日期早于起始日期")
        return self


class Policy(Part):
    """Policy (政策): one notice (通知) as data. Hours are credit hours, days are office days."""

    id: str = Field(pattern=r"^[a-z0-9-]{2,40}$")
    title: str = Field(min_length=2, max_length=200)
    document: str = Field(min_length=2, max_length=80)
    issuer: str = Field(min_length=2, max_length=80)
    issued_on: Day | None = None
    extends: str | None = None
    league: Text | None = None
    in_force: InForce
    clauses: tuple[Clause, ...] = Field(min_length=1)
    routes: tuple[Text, ...] = ()
    """Routes (申报方式) beside `ROUTES`, such as 聘任."""
    levels: tuple[Level, ...] = ()
    series: tuple[Text, ...] = ()
    """Title series (职称系列) that windows or waivers distinguish."""
    facts: tuple[Fact, ...] = ()
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
        return settled(raw)

    @property
    def asked(self) -> dict[str, Fact]:
        """The facts (申报信息) that may be asked about by code: every notice's, then its own."""
        return {fact.code: fact for fact in (*EVERY_NOTICE, *self.facts)}

    @property
    def vocabulary(self) -> dict[str, tuple[str, ...]]:
        """The words (取值) that an application may use, by what they tell: route, level, education, series."""
        return {
            "route": (*ROUTES, *self.routes),
            "level": (*LEVELS, *(level.name for level in self.levels)),
            "education": EDUCATIONS,
            "series": self.series,
        }

    def within(self, level: str) -> tuple[str, ...]:
        """A level with those within it."""
        return (level, *(each.name for each in self.levels if each.within == level))

    @property
    def first_year(self) -> int:
        return self.in_force.first.year

    @property
    def last_year(self) -> int:
        return self.in_force.last.year

    def whole_of(self, subject: str | None) -> str | None:
        """The subject that a sub-subject (分科目) is part of; None of one that stands alone."""
        return next((each.part_of for each in self.subjects if each.code == subject), None)

    def of_subjects(self, hours: Mapping[str, Decimal]) -> Decimal:
        """Amounts of all subjects together; a sub-subject's is in its whole's."""
        return sum((hours.get(each.code, Decimal()) for each in self.subjects if not each.part_of), Decimal())

    def total_in(self, year: int) -> Decimal:
        """What a year asks for in all (累计)."""
        hours = self.requirement.in_year(year)
        return max(hours.get(TOTAL, Decimal()), self.of_subjects(hours))

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
        """Everything the policy says, as canonical JSON; `restored` is the inverse.

        What it leaves open stays out: a text and its digest are the same when the language has learnt more.
        """
        return db.canonical(self.model_dump(mode="json", by_alias=True, exclude_defaults=True))

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
        """How many years back hours may be made up; 0 where the notice has no make-up study, or lists the years."""
        return self.makeup.years_back or 0 if self.makeup else 0

    def may_make_up(self, subject: str, year: int, on: date) -> bool:
        """Whether study on a day can make up a subject of an earlier year (补学)."""
        whole = next((each.part_of for each in self.subjects if each.code == subject), None)
        rule = self.makeup
        return rule is not None and rule.subject in (subject, whole) and year in rule.years_on(on)

    def study_window(self, league: str | None = None, subject: str | None = None) -> StudyWindow | None:
        """When a year's study of a subject is open: the window that says the most of league and subject, that first."""
        told = {None: 0, self.whole_of(subject) or subject: 1, subject: 2}
        fits = [rule for rule in self.study_windows if rule.league in (None, league) and rule.subject in told]
        return max(fits, key=lambda rule: (told[rule.subject], rule.league is not None), default=None)

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
    def within_one_year(self) -> bool:
        """Whether study across a year's end is filed apart for each year; else it counts in the year it ends."""
        return bool(self.setting("within_one_year", True))

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

    def programme(self, code: str) -> Programme:
        """A programme (专项项目) by its code. Refused codes: "policy" (the notice has none of that code)."""
        for programme in self.programmes:
            if programme.code == code:
                return programme
        raise Refused("policy", f"{self.document}没有编号为“{code}”的专项项目，不能按它办理。")

    def subject(self, code: str) -> SubjectRule:
        """Rule of a subject (科目): who gives it and how; what a sub-subject leaves open is that of its whole.

        Refused codes: "policy" (the notice has no such subject).
        """
        rules = {rule.code: rule for rule in self.subjects}
        if code not in rules:
            raise Refused("policy", f"{self.document}没有科目“{code}”，不能按它办理。")
        rule, whole = rules[code], rules.get(rules[code].part_of or "")
        if whole is None:
            return rule
        exam = whole.exam if rule.exam is None else rule.exam
        given = {"providers": rule.providers or whole.providers, "modes": rule.modes or whole.modes, "exam": exam}
        return rule.model_copy(update=given)

    def carried(self, year: int) -> bool:
        """Whether the year is after the notice's own, so that it holds only until the next notice."""
        return year > self.last_year

    def note(self, year: int) -> str:
        """How to name the basis of a year's figures on a screen."""
        if self.carried(year):
            return f"{year}年度通知尚未载入，暂按{self.document}执行"
        return f"依据{self.document}"
