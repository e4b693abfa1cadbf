"""A notice's worked cases: sentences a lawyer can correct, each with the decision the notice gives, and what we answer.

The policy page prints some of them; the tests hold the rules to all. No table is known here.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.ground.access import Refused
from core.law import notices, rules
from core.law.applicants import Applicant, columns
from core.law.notices import Policy
from core.law.rules import OUTCOMES

FULL, DEEMED = "足", "视同"
"""Instead of hours: as many as the notice asks for; the subject is deemed done."""
_TO_VERIFY = re.compile(r"[（(]?待核[实验][）)]?$")
Day = Annotated[date, BeforeValidator(str)]
Hours = Annotated[str, Field(pattern=r"^(足|视同|\d+(\.5)?)$")]
When = Annotated[str, Field(pattern=r"^\d{4}(-\d\d-\d\d)?$")]


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Facts(_Words):
    """Worked case, the applicant (申报人): under the headings of the application form, with those of the notice's own.

    A flag is 是, 否 or 待核实; anything else still to be verified ends with （待核实）. Several years are a list.
    """

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)
    sex: Literal["男", "女"] = Field(alias="性别")
    born_on: Day = Field(alias="出生日期")
    year: int = Field(alias="申报年度")
    route: str = Field(alias="申报方式")
    level: str = Field(alias="申报级别")

    def applicant(self, policy: Policy) -> Applicant:
        """The applicant as the policy asks. ValueError where it knows no such heading."""
        told: dict[str, Any] = {}
        open_ = set()
        for heading, written in (self.model_extra or {}).items():
            code, kind = _asked(policy, heading)
            if code == "epidemic" and str(written).startswith("待核"):  # 抗疫核实: of the years beside it
                open_.add("epidemic_years")
                continue
            said = written if isinstance(written, list) else _TO_VERIFY.sub("", str(written))
            if said != written:
                open_.add(code)
            try:
                value = _value(kind, said, asserted=said != written)
            except ValueError:
                raise ValueError(f"“{heading}”不能写成“{said}”") from None
            if value:
                told[code] = value
        for name, words in policy.vocabulary.items():
            word = {"route": self.route, "level": self.level}.get(name, told.get(name))
            if word and word not in words:
                raise ValueError(f"通知里没有“{word}”，只能是 {'、'.join(words) or '（没有声明）'}")
        said_of = (self.sex, self.born_on, self.year, self.route, self.level)
        return Applicant(*said_of, told, frozenset(open_ & told.keys()))


def _asked(policy: Policy, heading: str) -> tuple[str, str]:
    """The code and kind of the fact under a heading."""
    usual = {"学历": ("education", "word"), "职称系列": ("series", "word"), "抗疫核实": ("epidemic", "flag")}
    usual["非公有制"] = ("non_public", "flag")
    usual |= {fact.heading: (fact.code, fact.type) for fact in policy.asked.values()}
    if heading not in usual:
        raise ValueError(f"没有申报信息“{heading}”，这里只能写 {'、'.join(usual)}")
    return usual[heading]


def _value(kind: str, said: Any, *, asserted: bool) -> Any:
    match kind:
        case "flag":
            return said == "是" or asserted
        case "day":
            return date.fromisoformat(said)
        case "count":
            return int(said)
        case "years":
            return tuple(int(year) for year in said)
    return said


class Expected(_Words):
    """Worked case, the expected decision (结论).

    What the notice decides: 依据 names clauses that must be among those cited, 减免 is 无 for the ordinary rule.
    """

    outcome: Literal["符合", "不符合", "待核验"] = Field(alias="结论")
    years: str | None = Field(None, alias="需完成年度")
    gap: str | None = Field(None, alias="缺口")
    clauses: tuple[str, ...] = Field((), alias="依据")
    waiver: str | None = Field(None, alias="减免")


class Case(_Words):
    """Worked case (政策举例).

    One case in a sentence. Hours by year and subject name, or by source of hours where a cap asks for it; by the day
    of study instead of the year where the notice counts hours only from a day on.
    """

    sentence: str = Field(alias="案例", min_length=8)
    facts: Facts = Field(alias="申报人")
    hours: dict[When, Hours | dict[str, Hours | dict[str, Hours]]] = Field({}, alias="学时")
    expected: Expected = Field(alias="应为")
    show: bool = False


def cases(path: Path) -> list[Case]:
    """Load worked cases (政策举例) from YAML.

    The cases of a file. Refused codes: "cases" (not well written: which one, and where in it).
    """
    try:
        written = list(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) or ())  # noqa: S506 - words only
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        said = " ".join(str(error).split())
        raise Refused("cases", f"案例文件{path.name}不是有效的YAML列表：{said}") from error
    return [_case(path, number, each) for number, each in enumerate(written, start=1)]


def _case(path: Path, number: int, written: object) -> Case:
    try:
        return Case.model_validate(written)
    except ValidationError as error:
        short = {"string_too_short": "（至少8个字）"}
        told = (".".join(map(str, each["loc"])) + short.get(each["type"], "") or "整条" for each in error.errors())
        where = "、".join(told)
        raise Refused("cases", f"案例文件{path.name}的第{number}个案例写法不对：{where}") from error


def file_of(policy: Policy, folder: Path) -> Path | None:
    """The file of a policy's worked cases: beside its own file in `folder`, else among the shipped ones."""
    for each in (folder, notices.FOLDER):
        if (path := each / "cases" / f"{policy.id}.yaml").is_file():
            return path
    return None


def worked_cases(policy: Policy) -> list[Case]:
    """Worked cases (政策举例) on file for a policy.

    The cases on file for a policy; none where nobody has written any.
    """
    path = file_of(policy, notices.published())
    return cases(path) if path else []


def answer(policy: Policy, case: Case) -> dict[str, str]:
    """Decide a worked case.

    What the rules decide: 结论, 需完成年度, 缺口, 依据, 减免. ValueError where they cannot, since a fact is left open.
    """
    facts = case.facts
    applicants = columns([facts.applicant(policy)])
    since = rules.counted_from(policy, applicants)
    had = _balances(policy, case, rules.depth(policy, applicants), 0 if since is None else int(since[0]))
    decided = rules.decide(policy, applicants, had)
    if decided.outcome[0] == rules.UNDECIDED:
        raise ValueError("没有适用于此人的申报要求（windows），或者缺少它要看的信息")
    winner = int(decided.winner[0])
    return {
        "结论": OUTCOMES[int(decided.outcome[0])].label,
        "需完成年度": rules.years_text(decided, 0),
        "缺口": rules.gap_text(decided, 0),
        "依据": rules.clauses_text(decided, 0),
        "减免": rules.waiver_name(policy, winner) or "无",
    }


def differences(policy: Policy, case: Case) -> list[str]:
    """Check a worked case: where the answer is not the expected one, in words; none where it is."""
    wanted = case.expected
    try:
        given = answer(policy, case)
    except KeyError as error:
        return [f"不能核验：没有科目“{error.args[0]}”，请写通知的科目名称，不带“科目”二字"]
    except ValueError as error:
        return [f"不能核验：{error}"]
    found = [
        f"{name}应为{expected}，得到{given[name]}"
        for name, expected in (
            ("结论", wanted.outcome),
            ("需完成年度", wanted.years),
            ("缺口", wanted.gap),
            ("减免", wanted.waiver),
        )
        if expected is not None and given[name] != expected
    ]
    missing = [clause for clause in wanted.clauses if clause not in given["依据"].split(";")]
    return found + [f"依据应有{clause}，得到{given['依据']}" for clause in missing]


def _balances(policy: Policy, case: Case, depth: int, since: int) -> rules.Balances:
    names = {notices.short_name(subject.name): place for place, subject in enumerate(policy.subjects)}
    shape = (depth, len(names), 1)
    by_source = {"": np.zeros(shape, np.int32)}
    deemed = np.zeros(shape, bool)
    for when, given in case.hours.items():
        year, day = int(when[:4]), int(when.replace("-", ""))
        back = case.facts.year - year
        if not 0 <= back < depth or (day > 9999 and day < since):
            continue
        whole = policy.requirement.in_year(year)
        for name, amount in (given if isinstance(given, dict) else dict.fromkeys(names, given)).items():
            place = names[name]
            for source, hours in (amount if isinstance(amount, dict) else {"": amount}).items():
                if hours == DEEMED:
                    deemed[back, place] = True
                    continue
                due = whole.get(policy.subjects[place].code, Decimal()) if hours == FULL else Decimal(hours)
                by_source.setdefault(source, np.zeros(shape, np.int32))[back, place] += int(due * 100)
    return rules.counted(policy, by_source, deemed)
