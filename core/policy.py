"""A notice as data: what a year requires, who gives which subject, which deadlines hold, each with its clause."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from core import db
from core.access import Labelled, OrganizationKind, Refused


class Subject(Labelled):
    PUBLIC = "public", "公需科目"
    PROFESSIONAL = "professional", "专业科目"


@dataclass(frozen=True)
class Interpretation:
    """What the program does where the notice is silent."""

    setting: str
    value: Any
    clause: str
    reason: str


@dataclass(frozen=True)
class Requirement:
    """The hours of one credit year (学时年度): three tests, clause 一(一)."""

    clause: str
    public: Decimal
    professional: Decimal
    total: Decimal

    def of(self, subject: Subject) -> Decimal:
        return self.public if subject is Subject.PUBLIC else self.professional


@dataclass(frozen=True)
class Provider:
    """Which kinds of organization give a subject."""

    clause: str
    kinds: tuple[OrganizationKind, ...]


@dataclass(frozen=True)
class Policy:
    """One notice (政策). Days are office days, hours are credit hours."""

    id: str
    title: str
    document: str
    issuer: str
    issued_on: date
    first_year: int
    last_year: int
    requirement: Requirement
    plan_days_before_start: int
    plan_clause: str
    report_days_after_end: int
    report_clause: str
    providers: dict[Subject, Provider]
    interpretations: dict[str, Interpretation]

    @property
    def hours_per_day(self) -> Decimal:
        return Decimal(self.interpretations["hours_per_day"].value)

    def earliest_start_on(self, filed_on: date) -> date:
        """The first day a training may begin when its plan is filed on a day, clause 一(五)1."""
        return filed_on + timedelta(days=self.plan_days_before_start)

    def report_due_on(self, end_on: date) -> date:
        """The last day to file the report in time, clause 一(五)2."""
        return end_on + timedelta(days=self.report_days_after_end)

    def carried(self, year: int) -> bool:
        """Whether the year is after the notice's own, so that it holds only until the next notice."""
        return year > self.last_year

    def note(self, year: int) -> str:
        """How to name the basis of a year's figures on a screen."""
        basis = f"依据{self.document}"
        return f"{year}年度通知尚未载入，暂按{self.document}执行" if self.carried(year) else basis


def load(path: Path) -> Policy:
    """Read one policy file; KeyError, ValueError or yaml.YAMLError where it is malformed."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    per_year = raw["requirement"]["per_year"]
    return Policy(
        id=raw["id"],
        title=raw["title"],
        document=raw["document"],
        issuer=raw["issuer"],
        issued_on=raw["issued_on"],
        first_year=raw["first_year"],
        last_year=raw["last_year"],
        requirement=Requirement(raw["requirement"]["clause"], **{key: Decimal(per_year[key]) for key in per_year}),
        plan_days_before_start=raw["deadlines"]["plan"]["days_before_start"],
        plan_clause=raw["deadlines"]["plan"]["clause"],
        report_days_after_end=raw["deadlines"]["report"]["days_after_end"],
        report_clause=raw["deadlines"]["report"]["clause"],
        providers={
            Subject(name): Provider(given["clause"], tuple(OrganizationKind(kind) for kind in given["kinds"]))
            for name, given in raw["providers"].items()
        },
        interpretations={given["setting"]: Interpretation(**given) for given in raw["interpretations"]},
    )


@functools.lru_cache(maxsize=1)
def policies() -> tuple[Policy, ...]:
    """Every policy on file, by first year."""
    loaded = (load(path) for path in sorted((db.ROOT / "data" / "policies").glob("*.yaml")))
    return tuple(sorted(loaded, key=lambda policy: policy.first_year))


def in_force(year: int) -> Policy:
    """The policy for a credit year: the year's own notice, else the latest before it where that one says it carries on.

    Refused codes: "policy" (no notice covers the year).
    """
    earlier = [policy for policy in policies() if policy.first_year <= year]
    if earlier:
        latest = earlier[-1]
        if year <= latest.last_year or latest.interpretations["until_next_notice"].value:
            return latest
    raise Refused("policy", f"没有适用于{year}年度的政策文件，请管理员先载入该年度的通知。")
