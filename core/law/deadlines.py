"""Deadlines (期限) of a notice, each with its working: from which day, how many days, which holidays, rolled or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.ground.access import OrganizationKind
from core.law.notices import Policy, day_of
from core.law.workdays import WorkDays


@dataclass(frozen=True)
class Deadline:
    """A deadline (期限): the last day, until midnight at the office, and how it was found."""

    code: str
    """The same for the same thing of every year: "plan", "report", "capability.plan_due"."""
    matter: str
    """What is to be done by then, in words."""
    clause: str
    due_on: date
    safe_on: date
    """The last working day up to it."""
    since: str = ""
    """The event it is counted from, in words; "" for a fixed day."""
    since_on: date | None = None
    days: int = 0
    """How many days after the event; before it where negative."""
    working: bool = False
    """Whether working days are counted."""
    counted_on: date | None = None
    """What counting alone answers; `due_on` is another day where it rolled over days of rest."""
    holidays: tuple[str, ...] = ()
    """Holidays (节日) between the event and the last day."""
    guessed: tuple[int, ...] = ()
    """Years of which no holidays are known, so that only weekends counted."""
    offices: tuple[OrganizationKind, ...] = ()
    """Whom a day of the year binds; none: everybody."""
    granted: str = ""
    """Why it is another day than the notice says: an extension, in words."""

    @property
    def rolled(self) -> bool:
        """Whether it moved to the next working day (顺延)."""
        return self.counted_on not in (None, self.due_on)

    @property
    def words(self) -> str:
        """Its working (计算过程) in a sentence or two, the clause apart."""
        told = [self._counting()]
        if self.rolled:
            told.append(f"{self.counted_on}是休息日，顺延到下一个工作日{self.due_on}")
        elif self.safe_on != self.due_on:
            told.append(f"当天是休息日，期限不顺延，此前最后一个工作日是{self.safe_on}")
        if self.holidays:
            told.append(f"期间有{'、'.join(self.holidays)}")
        if self.guessed:
            years = "、".join(map(str, self.guessed))
            told.append(f"{years}年的放假安排没有录入，只按周六、周日休息计算")
        return "；".join(told) + "。"

    def _counting(self) -> str:
        if self.granted:
            return f"{self.granted}，至{self.due_on}"
        if self.since_on is None:
            return f"期限为{self.due_on}当天24时"
        unit = "个工作日" if self.working else "天"
        where = "前" if self.days < 0 else "后"
        if not self.days:
            return f"{self.since}{self.since_on}，期限为当天"
        return f"{self.since}{self.since_on}，当天不算，{where}数{abs(self.days)}{unit}，为{self.counted_on}"


def by(last: date | None) -> str:
    """A last day in words (期限的说法), itself counted: the one wording for all of them."""
    return f"{last}（含）前"


def of_plan(policy: Policy, start_on: date, days: WorkDays) -> Deadline:
    """The last day to file a plan (上报计划) in time for a training that starts on a day; it never rolls forward."""
    rule = policy.plan_days_before_start
    counted = _counted(policy, start_on, -rule, days)
    said = ("培训开始", start_on, -rule)
    return _deadline(policy, ("plan", "上报培训计划", policy.plan_clause), said, counted, counted, days)


def of_report(policy: Policy, end_on: date, days: WorkDays, *, since: str = "培训结束") -> Deadline:
    """The last day to file a report (报送报告) on a training that ended on a day, or on what `since` says happened.

    Where the notice lets it roll (`roll_forward`), a day of rest gives way to the next working day.
    """
    rule = policy.report_days_after_end
    counted = _counted(policy, end_on, rule, days)
    due_on = days.on_or_after(counted) if policy.setting("roll_forward", False) else counted
    what = ("report", "报送培训情况报告", policy.report_clause)
    return _deadline(policy, what, (since, end_on, rule), counted, due_on, days)


def earliest_start_on(policy: Policy, filed_on: date, days: WorkDays) -> date:
    """The first day a training may begin when its plan is filed on a day."""
    start_on = filed_on + timedelta(days=policy.plan_days_before_start)
    while of_plan(policy, start_on, days).due_on < filed_on:
        start_on += timedelta(days=1)
    return start_on


def granted(code: str, matter: str, clause: str, due_on: date, why: str, days: WorkDays) -> Deadline:
    """A deadline that was set for one case (准予延期) instead of counted; `why` says by what, in words."""
    return Deadline(code, matter, clause, due_on, days.on_or_before(due_on), granted=why)


def fixed(
    code: str, matter: str, clause: str, due_on: date, days: WorkDays, *, offices: tuple[OrganizationKind, ...] = ()
) -> Deadline:
    """A day that a notice names itself (固定日期); it does not roll."""
    safe_on = days.on_or_before(due_on)
    return Deadline(code, matter, clause, due_on, safe_on, guessed=_guessed(days, due_on, safe_on), offices=offices)


def of_year(policy: Policy, year: int, league: str | None, days: WorkDays) -> Iterator[Deadline]:
    """The days that a notice names of a year: of its programmes and duties, and the end of study (学习截止)."""
    for programme in policy.programmes:
        for name, what in (("plan_due", "报送计划"), ("summary_due", "报送总结")):
            if day := getattr(programme, name):
                code, matter = f"{programme.code}.{name}", f"{programme.name}：{what}"
                due_on = day_of(day, year)
                yield fixed(code, matter, programme.clause, due_on, days, offices=programme.offices)
    for number, duty in enumerate(policy.duties):
        if duty.due:
            due_on = day_of(duty.due, year)
            yield fixed(f"duty.{number}", duty.name, duty.clause, due_on, days, offices=duty.offices)
    for number, window in enumerate(policy.study_windows):
        if window.league in (None, league):
            subject = policy.subject(window.subject).name if window.subject else ""
            matter = f"{year}年度{subject}学习截止"
            yield fixed(f"study.{number}", matter, window.clause, day_of(window.last, year), days)


def _in_working_days(policy: Policy) -> bool:
    return bool(policy.setting("deadline_days") == "working")


def _counted(policy: Policy, day: date, number: int, days: WorkDays) -> date:
    """So many days from a day, the day itself not counted; working days where the notice counts those."""
    return days.counted(day, number) if _in_working_days(policy) else day + timedelta(days=number)


def _deadline(
    policy: Policy,
    what: tuple[str, str, str],
    said: tuple[str, date, int],
    counted_on: date,
    due_on: date,
    days: WorkDays,
) -> Deadline:
    """A counted deadline: what it is, what it is counted from, what came out."""
    since, since_on, number = said
    span = (since_on, due_on) if number >= 0 else (due_on, since_on)
    safe_on = days.on_or_before(due_on)
    return Deadline(
        *what,
        due_on,
        safe_on,
        since=since,
        since_on=since_on,
        days=number,
        working=_in_working_days(policy),
        counted_on=counted_on,
        holidays=days.holidays(*span),
        guessed=_guessed(days, counted_on, due_on, safe_on),
    )


def _guessed(days: WorkDays, *asked: date) -> tuple[int, ...]:
    return tuple(sorted({day.year for day in asked if not days.known(day.year)}))
