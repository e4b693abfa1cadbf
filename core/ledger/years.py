"""What a credit year requires and has (学时年度): the one answer of sheet, card, look-up, people list and shortfalls.

Years are seen from one of them, the application year, a card's or this year: the notice of that year says what each
earlier one asks for (`notices.of_year`), the person's authority whose notice it is. Nothing is judged here: what a year
lacks, the rules say (`rules.lacking`), and of several years together `rules.decide` without waivers.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.ground.access import Refused
from core.ground.hours import hours_text
from core.law import notices, rules
from core.law.notices import TOTAL, TOTAL_NAME, Policy, Window, short_name
from core.ledger import balances
from core.ledger.balances import Lines

DONE = "已完成"
NOT_ALONE = {"sum": "按多年合计核算", "average": "按多年平均核算"}
"""What is said of a year that its notice does not judge alone."""
_REACH = 60
"""Years before and after the one from which the others are seen; the rules know 64."""


@dataclass(frozen=True)
class SubjectLine:
    """Subject line (科目学时): what a year, or several together, has of one; `name` is 公需, 专业, …, or 累计."""

    code: str
    name: str
    required: Decimal | None
    """0 where the notice does not ask for it that year; None where the year is not judged alone, or by no notice."""
    has: Decimal
    lacks: Decimal
    deemed: bool

    @property
    def words(self) -> str:
        """What there is of what is required, e.g. 24 / 60."""
        has = hours_text(self.has) + ("（视同完成）" if self.deemed else "")
        if self.required is None:
            return has
        return f"{has} / {hours_text(self.required) if self.required else '不要求'}"


@dataclass(frozen=True)
class Year:
    """Credit year (学时年度): what it requires and has by subject and in total."""

    year: int
    subjects: tuple[SubjectLine, ...]
    complete: bool | None
    """None where it is not judged alone, or by no notice."""
    words: str
    """What it lacks, or that it is complete; "" where no notice judges it."""
    basis: str
    """The notice and clause it goes by, or why there is none."""

    def of(self, code: str) -> SubjectLine | None:
        return next((each for each in self.subjects if each.code == code), None)


@dataclass(frozen=True)
class Together:
    """Years together (合计核算): what an ordinary window requires and has, where a notice sums or averages."""

    label: str
    """Which years, of whom, e.g. 2021—2023合计（中级）."""
    years: tuple[int, ...]
    subjects: tuple[SubjectLine, ...]
    complete: bool
    words: str
    clause: str


@dataclass(frozen=True)
class Held:
    """A person's years (个人各年度学时), the newest first, and those judged together; `names` head the columns."""

    years: tuple[Year, ...] = ()
    together: tuple[Together, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """The subjects by code in the notice's order, and in total last."""
        found = {line.code: line.name for year in self.years for line in year.subjects}
        return {code: name for code, name in found.items() if code != TOTAL} | {TOTAL: TOTAL_NAME}


def subject_names(policy: Policy) -> dict[str, str]:
    """Short names of a notice's subjects (科目) by code, and in total (累计), as tables are headed."""
    return {each.code: short_name(each.name) for each in policy.subjects} | {TOTAL: TOTAL_NAME}


# --- seen from a year -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ordinary:
    """Ordinary window (近几年) of 职称评审 for those it is written for, seen from an application year."""

    window: Window
    years: tuple[int, ...]
    """Which years it asks for, the oldest first."""
    applicant: rules.Applicants
    """One of those it is written for, with nothing that would waive anything."""
    required: NDArray[np.int32]
    """What a sum or an average asks for over these years, hundredths by subject and in total."""

    @property
    def whom(self) -> str:
        """For whom it is written; "" for everybody else."""
        return "、".join((*self.window.level, *self.window.education, *self.window.series))

    @property
    def span(self) -> str:
        """Its years in words, e.g. 2022—2024."""
        return "—".join(dict.fromkeys((str(self.years[0]), str(self.years[-1]))))


@dataclass(frozen=True, eq=False)
class View:
    """View (核对口径): the years up to one, as the notice of that one asks for them."""

    year: int
    league: str | None
    policy: Policy
    windows: tuple[Ordinary, ...]
    """The windows of 职称评审 of so many years, as the notice has them."""
    plain: Policy
    """The notice without its waivers: what the ordinary rule alone decides."""

    @property
    def alone(self) -> bool:
        """Whether each year is judged alone, not several together."""
        return self.policy.requirement.combine == "each_year"

    @property
    def usual(self) -> Ordinary | None:
        """The window that lists go by: the most general, with the notice's own amounts, of these the longest."""
        return min(
            self.windows,
            key=lambda each: (each.window.specific, bool(each.window.hours), each.years[0]),
            default=None,
        )

    @property
    def depth(self) -> int:
        """How many years back the windows look; 1 where there are none."""
        return self.year + 1 - min((each.years[0] for each in self.windows), default=self.year)

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - views are few, and kept anyway
    def basis(self, year: int) -> str:
        """By which notice and clause a year is judged, in words."""
        requirement = self.policy.requirement
        cited = requirement.clause_in(year)
        if year == self.year:
            return f"{self.policy.note(year)} {cited}"
        try:
            own = notices.of_year(year, self.league)
        except Refused:
            return f"{year}年度没有载入可用的政策，按{self.policy.document}的标准核对 {cited}"
        theirs = own.requirement
        if theirs.combine == requirement.combine and _alike(theirs.in_year(year), requirement.in_year(year)):
            return f"{own.note(year)} {theirs.clause_in(year)}"
        return f"依据{self.policy.document} {cited}"


def _alike(one: dict[str, Decimal], other: dict[str, Decimal]) -> bool:
    return {code: hours for code, hours in one.items() if hours} == {code: h for code, h in other.items() if h}


def view(year: int, league: str | None = None) -> View:
    """View of a year (核对口径) for those of a league (盟市; None: the region's). Refused codes: "policy".

    Leagues without a notice of their own have one and the same, the region's, so that their people are asked together.
    """
    files = notices.filed()
    return _view(files, year, league if any(each.league == league for each in files) else None)


@functools.lru_cache(maxsize=256)
def _view(files: tuple[notices.Filed, ...], year: int, league: str | None) -> View:
    policy = notices.of_year(year, league)
    plain = policy.model_copy(update={"waivers": ()})
    return View(year, league, policy, tuple(_ordinary(plain, year)), plain)


def _ordinary(plain: Policy, year: int) -> Iterator[Ordinary]:
    """The windows that apply to somebody: which years they ask for, the rules say of one of those."""
    subjects, words = len(rules.subject_codes(plain)), plain.vocabulary
    for place, window in enumerate(plain.windows):
        if window.route != words["route"][0] or window.length(year) is None:
            continue
        for level, education, series in itertools.product(
            window.level or words["level"],
            window.education or ("", *words["education"]),
            window.series or ("", *words["series"]),
        ):
            told = {"education": education, "series": series}
            facts = {name: word for name, word in told.items() if word}
            someone = rules.Applicant("男", date(year - 30, 1, 1), year, window.route, level, facts)
            one = rules.columns([someone])
            nothing = np.zeros((rules.depth(plain, one), subjects, 1), np.int32)
            decided = rules.decide(plain, one, rules.Balances(nothing, nothing > 0))
            if int(decided.window[0]) != place:
                continue
            back = [at for at in range(len(nothing)) if int(decided.required[0]) >> at & 1]
            if back:
                asked = tuple(year - at for at in reversed(back))
                yield Ordinary(window, asked, one, decided.missing.sum(axis=0)[:, 0])
            break


# --- many people ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """Many people's years held against one policy (学时核对), as arrays; see `counted`."""

    policy: Policy
    year: int
    had: rules.Balances
    lacking: rules.Hundredths
    """K x (S + 1) x N by years back, subject and in total; nothing where no year is judged alone."""

    @property
    def alone(self) -> bool:
        """Whether each year is judged alone."""
        return self.policy.requirement.combine == "each_year"

    def subjects(self, place: int, year: int) -> tuple[SubjectLine, ...]:
        """What one of the people has and lacks in a year."""
        back = self.year - year
        amounts = self.policy.requirement.in_year(year)
        required = [amounts.get(code, Decimal()) if self.alone else None for code in self._codes]
        had = self.had
        return self._lines(
            required, had.hours[back, :, place], had.deemed[back, :, place], self.lacking[back, :, place]
        )

    def short(self, years: Iterable[int]) -> NDArray[np.bool_]:
        """Who lacks anything in one of some years (N)."""
        return np.asarray(self.lacking[[self.year - year for year in years]].any(axis=(0, 1)))

    def words(self, year: int) -> list[str]:
        """What each of the people lacks in a year, in words."""
        if not self.alone:
            return [NOT_ALONE[self.policy.requirement.combine]] * self.lacking.shape[2]
        return _lack_words(self.policy, self.lacking[self.year - year])

    def missing(self, seen: View, ordinary: Ordinary) -> rules.Hundredths:
        """What each of the people lacks of a window's years together ((S + 1) x N)."""
        everybody = ordinary.applicant.take(np.zeros(self.lacking.shape[2], np.intp))
        missing: rules.Hundredths = rules.decide(seen.plain, everybody, self.had).missing.sum(axis=0)
        return missing

    def missing_words(self, missing: rules.Hundredths, ordinary: Ordinary) -> list[str]:
        """What each lacks of a window's years together, in words, the window first."""
        label = _label(ordinary)
        return [f"{label}：{words}" for words in _lack_words(self.policy, missing)]

    def together(self, seen: View, place: int) -> Iterator[Together]:
        """The windows of one of the people, where years are judged together."""
        if self.alone:
            return
        one = Counted(self.policy, self.year, self.had.take(np.array([place])), self.lacking[:, :, [place]])
        for ordinary in seen.windows:
            missing = one.missing(seen, ordinary)
            back = [self.year - year for year in ordinary.years]
            lines = self._lines(
                [Decimal(int(amount)) / 100 for amount in ordinary.required],
                one.had.hours[back, :, 0].sum(axis=0),
                np.asarray(one.had.deemed[back, :, 0].any(axis=0)),
                missing[:, 0],
            )
            (words,) = _lack_words(self.policy, missing)
            yield Together(_label(ordinary), ordinary.years, lines, not missing.any(), words, ordinary.window.clause)

    @property
    def _codes(self) -> list[str]:
        return [*rules.subject_codes(self.policy), TOTAL]

    def _lines(
        self,
        required: list[Decimal | None] | list[Decimal],
        hours: NDArray[np.int32],
        deemed: NDArray[np.bool_],
        lacking: NDArray[np.int32],
    ) -> tuple[SubjectLine, ...]:
        """By subject; the total is of the subjects that are no part of another."""
        whole = [place for place, subject in enumerate(self.policy.subjects) if not subject.part_of]
        has = [*hours.tolist(), int(hours[whole].sum())]
        names = subject_names(self.policy).items()
        return tuple(
            SubjectLine(code, name, amount, Decimal(int(had)) / 100, Decimal(int(gap)) / 100, bool(done))
            for (code, name), amount, had, gap, done in zip(
                names, required, has, lacking.tolist(), [*deemed.tolist(), False], strict=True
            )
        )


def counted(policy: Policy, year: int, had: rules.Balances) -> Counted:
    """Hold people's balances against a policy (学时核对), each year as the policy asks for it; year 0 is `year`."""
    if policy.requirement.combine == "each_year":
        return Counted(policy, year, had, rules.lacking(policy, year, had))
    years, subjects, people = had.hours.shape
    return Counted(policy, year, had, np.zeros((years, subjects + 1, people), np.int32))


def of_many(
    session: Session, person_ids: NDArray[np.int64], seen: View, first: int, *, until: int | None = None
) -> Counted:
    """Years of many people (多人学时核对) from `first` on, as a view has them; they stand in their order.

    `until`: as the ledger stood after this batch (截至).
    """
    depth = seen.year + 1 - first if seen.alone else max(seen.depth, seen.year + 1 - first)
    said = seen.policy.requirement.counted_from or ""
    since = np.full(len(person_ids), int(said.replace("-", "")), np.int32) if said[:1].isdigit() else None
    lines = balances.of(session, person_ids, seen.year - depth + 1, seen.year, since, until)
    return counted(seen.policy, seen.year, lines.counted(seen.policy, seen.year, depth, len(person_ids)))


def _label(ordinary: Ordinary) -> str:
    return f"{ordinary.span}合计" + (f"（{ordinary.whom}）" if ordinary.whom else "")


def _lack_words(policy: Policy, lacking: rules.Hundredths) -> list[str]:
    """What each of the people lacks ((S + 1) x N), in words. Most lack the same: each amount is written once."""
    names = list(subject_names(policy).values())
    kinds, which = np.unique(lacking, axis=1, return_inverse=True)
    amounts = [[Decimal(gap) / 100 for gap in gaps] for gaps in kinds.T.tolist()]
    words = [_words(zip(names, gaps, strict=True)) for gaps in amounts]
    return [words[at] for at in which.ravel().tolist()]


def _words(gaps: Iterable[tuple[str, Decimal]]) -> str:
    return "、".join(f"{name}差{hours_text(gap)}" for name, gap in gaps if gap) or DONE


# --- one person -----------------------------------------------------------------------------------------------------


def of(
    session: Session, person_id: int, seen_from: int, years: Iterable[int] | None = None, *, capped: bool = True
) -> Held:
    """Years of a person (个人各年度学时): what each requires and has, clause 一(一).

    By default every year with hours and those that the windows of 职称评审 look back to.

    A year is judged by the notice of `seen_from`, a later one by its own; by the person's authority. Where no notice
    judges a year, it has hours and no verdict, and `basis` says why. Not `capped`: all that was posted, whatever the
    notice lets count of it.
    """
    found = balances.of_person(session, person_id, seen_from, _REACH)
    if found is None:
        return Held()
    league, lines = found
    if years is None:
        years = {*lines.year.tolist(), *_looked_at(seen_from, league)}
    wanted = sorted(set(years), reverse=True)
    told: list[Year] = []
    together: tuple[Together, ...] = ()
    for by, some in itertools.groupby(wanted, lambda year: max(year, seen_from)):
        those = list(some)
        try:
            seen = view(by, league)
        except Refused as refused:
            told += [_unjudged(lines, year, refused.words) for year in those]
            continue
        depth = max(seen.depth, by + 1 - those[-1])
        policy = seen.policy if capped else seen.policy.model_copy(update={"caps": ()})
        held = counted(policy, by, lines.counted(policy, by, depth, 1))
        told += [_year(seen, held, year) for year in those]
        if by == seen_from:
            together = tuple(held.together(seen, 0))
    return Held(tuple(told), together)


def _looked_at(year: int, league: str | None) -> range:
    try:
        return range(year, year - view(year, league).depth, -1)
    except Refused:
        return range(0)


def _year(seen: View, held: Counted, year: int) -> Year:
    lines = held.subjects(0, year)
    complete = not any(each.lacks for each in lines) if held.alone else None
    words = _words((each.name, each.lacks) for each in lines) if held.alone else held.words(year)[0]
    return Year(year, lines, complete, words, seen.basis(year))


def _unjudged(lines: Lines, year: int, why: str) -> Year:
    """A year that no notice judges: what was posted, subject by subject."""
    names = notices.subject_names()
    of_year = lines.year == year
    codes = dict.fromkeys([*notices.Subject, *(lines.subjects[at] for at in lines.subject[of_year])])
    told, total = [], Decimal()
    for code in codes:
        rows = of_year & (lines.subject == (lines.subjects.index(code) if code in lines.subjects else -1))
        has = Decimal(int(lines.hundredths[rows].sum())) / 100
        name = short_name(names.get(code, code))
        told.append(SubjectLine(str(code), name, None, has, Decimal(), bool((lines.deemed[rows] > 0).any())))
        total += has
    return Year(year, (*told, SubjectLine(TOTAL, TOTAL_NAME, None, total, Decimal(), False)), None, "", why)
