"""What a policy requires of applicants and whether they have it: array operations over columns, one engine for all.

One person is a column of one, and the steps shown are these same columns. Years are counted back from the application
year: year 0 is the application year, year 1 the one before; a set of years is a bit mask in an unsigned integer.
Hours are whole hundredths. No table, no file and no screen is known here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.ground.access import Labelled
from core.law.notices import EDUCATIONS, FACTS, LEVELS, ROUTES, TOTAL, Condition, Policy, Waiver, Window

Mask = NDArray[np.unsignedinteger]
Flags = NDArray[np.bool_]
Hundredths = NDArray[np.int32]

NO, CONFIRMED, ASSERTED = 0, 1, 2
"""What is known of an assertion: not made, evidence confirmed, evidence not confirmed yet."""

ORDINARY = -1
"""The winner where no waiver is better than the ordinary rule."""


class Outcome(Labelled):
    """Outcome of a decision (结论): met, not met, or met if an assertion is confirmed."""

    ELIGIBLE = "eligible", "符合"
    NOT_ELIGIBLE = "not_eligible", "不符合"
    TO_VERIFY = "to_verify", "待核验"


OUTCOMES = tuple(Outcome)


@dataclass(frozen=True)
class Applicant:
    """Applicant (申报人) as facts.

    One person's application, as facts. Dates give years; an assertion is NO, CONFIRMED or ASSERTED.
    """

    sex: str
    born_on: date
    year: int
    route: str
    level: str
    education: str | None = None
    non_public: int = NO
    front_line: int = NO
    postdoc_funded: int = NO
    stays_in_region: int = NO
    transferred_on: date | None = None
    in_post_since: date | None = None
    recognition_years: int | None = None
    epidemic_years: tuple[int, ...] = ()
    epidemic: int = CONFIRMED


@dataclass
class Applicants:
    """Applicants as NumPy columns (struct of arrays).

    N applicants of one application year, as columns. Days are yyyymmdd, 0 where unknown; unknown numbers are -1.
    """

    year: int
    male: Flags
    born: NDArray[np.int32]
    route: NDArray[np.int8]
    level: NDArray[np.int8]
    education: NDArray[np.int8]
    assertions: dict[str, NDArray[np.int8]]
    events: dict[str, NDArray[np.int32]]
    """The days of `EVENTS`."""
    recognition_years: NDArray[np.int16]
    epidemic: Mask
    epidemic_assertion: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.male)

    def number(self, fact: str) -> NDArray[np.int16]:
        """One of `NUMBERS`. Years since an event start with the one after it."""
        if fact == "recognition_years":
            return self.recognition_years
        event = self.events[EVENTS[fact]]
        return np.where(event > 0, self.year - event // 10000, -1).astype(np.int16)

    def one(self, row: int) -> Applicant:
        """One of the applicants as facts: the inverse of `columns`."""
        education, recognised = int(self.education[row]), int(self.recognition_years[row])
        facts: dict[str, Any] = {name: int(column[row]) for name, column in self.assertions.items()}
        facts |= {name: _day(int(column[row])) for name, column in self.events.items()}
        years = int(self.epidemic[row])
        return Applicant(
            "男" if self.male[row] else "女",
            _day(int(self.born[row])) or date.min,
            self.year,
            ROUTES[self.route[row]],
            LEVELS[self.level[row]],
            EDUCATIONS[education] if education >= 0 else None,
            recognition_years=None if recognised < 0 else recognised,
            epidemic_years=tuple(self.year - back for back in range(63, -1, -1) if years >> back & 1),
            epidemic=int(self.epidemic_assertion[row]),
            **facts,
        )

    def take(self, rows: slice | NDArray[np.intp] | Flags) -> Applicants:
        """Some of the applicants."""
        return Applicants(
            self.year,
            self.male[rows],
            self.born[rows],
            self.route[rows],
            self.level[rows],
            self.education[rows],
            {name: column[rows] for name, column in self.assertions.items()},
            {name: column[rows] for name, column in self.events.items()},
            self.recognition_years[rows],
            self.epidemic[rows],
            self.epidemic_assertion[rows],
        )


ASSERTIONS = ("non_public", "front_line", "postdoc_funded", "stays_in_region")
EVENTS = {"years_since_transfer": "transferred_on", "years_in_post": "in_post_since"}
NUMBERS = (*EVENTS, "recognition_years")


def _number(day: date | None) -> int:
    return 0 if day is None else day.year * 10000 + day.month * 100 + day.day


def _day(number: int) -> date | None:
    return date(number // 10000, number // 100 % 100, number % 100) if number else None


def columns(applicants: Sequence[Applicant]) -> Applicants:
    """Convert applicants to columns: applicants of one year as columns. ValueError where the years differ."""
    years = {each.year for each in applicants}
    if len(years) != 1:
        raise ValueError(f"applicants of one year expected, not {sorted(years)}")
    year = years.pop()
    return Applicants(
        year,
        np.array([each.sex == "男" for each in applicants], bool),
        np.array([_number(each.born_on) for each in applicants], np.int32),
        np.array([ROUTES.index(each.route) for each in applicants], np.int8),
        np.array([LEVELS.index(each.level) for each in applicants], np.int8),
        np.array([EDUCATIONS.index(each.education) if each.education else -1 for each in applicants], np.int8),
        {name: np.array([getattr(each, name) for each in applicants], np.int8) for name in ASSERTIONS},
        {name: np.array([_number(getattr(each, name)) for each in applicants], np.int32) for name in EVENTS.values()},
        np.array([-1 if each.recognition_years is None else each.recognition_years for each in applicants], np.int16),
        np.array([mask_of(year - each_year for each_year in each.epidemic_years) for each in applicants], np.uint64),
        np.array([each.epidemic for each in applicants], np.int8),
    )


def mask_of(back: Iterable[int]) -> int:
    """Encode a set of years as a bit mask.

    A set of years, each counted back from the application year, as a bit mask; outside 0 to 63 is dropped.
    """
    return sum(1 << years for years in {*back} if 0 <= years < 64)


def latest(count: NDArray[np.int16] | int) -> Mask:
    """Bit mask of a window: the latest so many years, the application year first."""
    amount = np.clip(np.asarray(count, np.int64), 0, 63).astype(np.uint64)
    made: Mask = (np.uint64(1) << amount) - np.uint64(1)
    return made


# --- hours ----------------------------------------------------------------------------------------------------------


@dataclass
class Balances:
    """Balances (学时) as an array K x S x N.

    Hours by years back (K), subject (S) and applicant (N), and which subjects are deemed done.
    """

    hours: Hundredths
    deemed: Flags

    def take(self, rows: slice | NDArray[np.intp] | Flags) -> Balances:
        return Balances(self.hours[:, :, rows], self.deemed[:, :, rows])


def subject_codes(policy: Policy) -> list[str]:
    """Axis of subjects (科目): the subjects of a policy in the order of the S axis."""
    return [subject.code for subject in policy.subjects]


def counted(policy: Policy, by_source: Mapping[str, Hundredths], deemed: Flags | None = None) -> Balances:
    """Balances after caps and sub-subjects (有效学时).

    Hours as they count: yearly caps by source applied, sub-subjects added to their whole.

    `by_source` gives K x S x N hundredths for each source of hours.
    """
    codes = subject_codes(policy)
    shape = next(iter(by_source.values())).shape
    hours = np.zeros(shape, np.int32)
    for source, given in by_source.items():
        taken = given.copy()
        for cap in policy.caps:
            if cap.per != "year" or (cap.source is not None and cap.source != source):
                continue
            if cap.source is not None:
                places = [codes.index(cap.subject)] if cap.subject else list(range(len(codes)))
                _cap(taken, places, int(cap.hours * 100))
        hours += taken
    for cap in policy.caps:
        if cap.per == "year" and cap.source is None and cap.subject is not None:
            _cap(hours, [codes.index(cap.subject)], int(cap.hours * 100))
    for place, subject in enumerate(policy.subjects):
        if subject.part_of:
            hours[:, codes.index(subject.part_of)] += hours[:, place]
    return Balances(hours, np.zeros(shape, bool) if deemed is None else deemed)


def _cap(hours: Hundredths, places: list[int], most: int) -> None:
    """Let the subjects at these places have at most so much together; what is over is taken from the last first."""
    left = np.full(hours.shape[::2], most, np.int32)
    for place in places:
        np.minimum(hours[:, place], left, out=hours[:, place])
        left -= hours[:, place]


def _amounts(policy: Policy, year: int, depth: int) -> NDArray[np.int32]:
    """What is required in each year back (K) by subject and in total (S + 1), as hundredths."""
    codes = [*subject_codes(policy), TOTAL]
    table = np.zeros((depth, len(codes)), np.int32)
    for back in range(depth):
        for code, amount in policy.requirement.in_year(year - back).items():
            table[back, codes.index(code)] = int(amount * 100)
    return table


# --- a policy made ready ---------------------------------------------------------------------------------------------


class _Same:
    """A policy as a key: this one, not one like it. The key keeps its policy alive, so no other can take its place."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.policy is self.policy

    def __hash__(self) -> int:
        return id(self.policy)


_Test = Condition | tuple[str, tuple[int, ...]]
"""What a waiver asks: a condition, or that a column's code is one of some."""


@dataclass(frozen=True)
class _Way:
    """A waiver with its tests as places among the distinct tests of the policy."""

    waiver: Waiver
    any_one: bool
    tests: tuple[int, ...]


@dataclass(frozen=True)
class _Prepared:
    """What a policy says for one application year, in the form the columns need."""

    policy: Policy
    amounts: NDArray[np.int32]
    """What is required in each year back (K) by subject and in total (S + 1), as hundredths."""
    whole: list[int]
    """The subjects that make up the total: not part of another."""
    window_of: NDArray[np.int8]
    """The window by route, level and education (see `_place`); -1 where none fits."""
    years_of: Mask
    """The years that window asks for, where it says so itself."""
    tests: tuple[_Test, ...]
    ways: tuple[tuple[int, _Way], ...]
    """The waivers of this application year, each with its place in the policy."""
    any_one_years: int
    """Of how many latest years one is enough where a waiver asks for any one year."""
    born_by: int
    """The policy's day for ages, as yyyymmdd."""
    first_counts: bool
    """Whether years since an event include the event's own year."""
    sums: NDArray[np.int32]
    """Where the requirement is a sum, its amounts by window (W), subject and in total (S + 1)."""


@functools.lru_cache(maxsize=64)
def _prepared(key: _Same, year: int, depth_: int) -> _Prepared:
    policy = key.policy
    tests: dict[_Test, int] = {}
    ways = []
    for place, waiver in enumerate(policy.waivers):
        if waiver.application_years and year not in waiver.application_years:
            continue
        asked: list[_Test] = []
        if waiver.routes:
            asked.append(("route", tuple(ROUTES.index(route) for route in waiver.routes)))
        if waiver.levels:
            asked.append(("level", tuple(LEVELS.index(level) for level in waiver.levels)))
        asked += waiver.when
        places = tuple(tests.setdefault(test, len(tests)) for test in asked)
        ways.append((place, _Way(waiver, waiver.effect == "any_one_year", places)))
    month, day = map(int, str(policy.setting("age_on", "12-31")).split("-"))
    return _Prepared(
        policy,
        _amounts(policy, year, depth_),
        [place for place, subject in enumerate(policy.subjects) if not subject.part_of],
        *_windows(policy),
        tuple(tests),
        tuple(ways),
        int(policy.setting("waiver_window", 3)),
        year * 10000 + month * 100 + day,
        not policy.setting("years_counted_from_next", True),
        np.array([_sum(policy, window) for window in policy.windows], np.int32),
    )


def _sum(policy: Policy, window: Window) -> list[int]:
    """The amounts of a sum by subject and in total, as hundredths: the window's own, else the requirement's."""
    hours = window.hours or policy.requirement.hours
    return [int(hours.get(code, Decimal()) * 100) for code in (*subject_codes(policy), TOTAL)]


_STEPS = (24, 6, 1)
"""How far apart the routes, the levels and the educations lie in a table over all three."""


def _place(applicants: Applicants) -> NDArray[np.int8]:
    """Where each applicant's route, level and education stand in a table over all three."""
    place = applicants.route * np.int8(_STEPS[0])
    place += applicants.level * np.int8(_STEPS[1])
    place += applicants.education
    place += np.int8(sum(_STEPS))  # an unknown code is -1
    return place


def _windows(policy: Policy) -> tuple[NDArray[np.int8], Mask]:
    """The most specific window for each route, level and education, and the years it asks for."""
    chosen = np.full((len(ROUTES) + 1, len(LEVELS) + 1, len(EDUCATIONS) + 1), -1, np.int8)
    years = np.zeros(chosen.shape, np.uint64)
    by_detail = sorted(enumerate(policy.windows), key=lambda pair: bool(pair[1].level) + bool(pair[1].education))
    for place, window in by_detail:
        levels = [LEVELS.index(level) + 1 for level in window.level] or range(len(LEVELS) + 1)
        educations = [EDUCATIONS.index(each) + 1 for each in window.education] or range(len(EDUCATIONS) + 1)
        cells = np.ix_([ROUTES.index(window.route) + 1], levels, educations)
        chosen[cells] = place
        years[cells] = latest(window.years or 0) << _later(policy, window)
    return chosen.ravel(), years.ravel()


def _later(policy: Policy, window: Window) -> np.uint64:
    """By how many years a window begins before the application year."""
    counted_in = window.include_application_year and policy.setting("include_application_year", True)
    return np.uint64(0 if counted_in else 1)


def _mask_type(depth_: int) -> type[np.unsignedinteger]:
    """The smallest number that holds a set of so many years."""
    fitting = (kind for kind in (np.uint8, np.uint16, np.uint32) if depth_ <= np.iinfo(kind).bits)
    return next(fitting, np.uint64)


# --- the decision ---------------------------------------------------------------------------------------------------


@dataclass
class Options:
    """Every way to meet the requirement, as columns.

    Each way to meet the requirement (the ordinary rule, then each waiver), for each applicant: O x N.

    Where a way does not apply there is nothing else to say of it: nothing required, not met, no gap.
    """

    applies: Flags
    required: Mask
    any_one: Flags
    """By option: whether one of the required years is enough."""
    gap: Hundredths
    """Hundredths missing in all."""

    @functools.cached_property
    def met(self) -> Flags:
        """What applies and lacks nothing."""
        met: Flags = self.applies & (self.gap == 0)
        return met


@dataclass
class Decisions:
    """Decisions (结论) as columns: what was decided, N entries a column; `options` are the steps that led there.

    Sets of years are in the smallest unsigned integers that hold them.
    """

    policy: Policy
    year: int
    outcome: NDArray[np.int8]
    """Index into OUTCOMES."""
    winner: NDArray[np.int8]
    """Index into the policy's waivers, or ORDINARY."""
    window: NDArray[np.int8]
    """Index into the policy's windows: the ordinary rule of each applicant."""
    required: Mask
    any_one: Flags
    complete: Mask
    """Years whose requirement is met."""
    deemed: Mask
    """S x N: years that count only because this subject is deemed done (视同完成)."""
    missing: Hundredths
    """K x (S + 1) x N hundredths: what the required years lack by subject and in total; nothing where 符合.

    A sum or an average is of all required years together, so what it lacks stands with the latest of them.
    """
    options: Options | None = field(default=None)

    def part(self, rows: slice) -> Decisions:
        """Some of the decisions: the same columns, not a copy."""
        options = self.options and Options(
            self.options.applies[:, rows],
            self.options.required[:, rows],
            self.options.any_one,
            self.options.gap[:, rows],
        )
        return Decisions(
            self.policy,
            self.year,
            self.outcome[rows],
            self.winner[rows],
            self.window[rows],
            self.required[rows],
            self.any_one[rows],
            self.complete[rows],
            self.deemed[:, rows],
            self.missing[:, :, rows],
            options,
        )


_ELIGIBLE, _NOT_ELIGIBLE, _TO_VERIFY = (np.int8(OUTCOMES.index(outcome)) for outcome in Outcome)
_CELLS = 1 << 20
"""How many numbers of hours a block of applicants has about: few blocks, each still near the processor's cache."""


def depth(policy: Policy, applicants: Applicants) -> int:
    """Depth of the balances: how many years back the balances must reach for these applicants (K)."""
    prepared = _prepared(_Same(policy), applicants.year, 1)
    window, base = _base(prepared, applicants, 64)
    del window
    any_one = any(waiver.effect == "any_one_year" for waiver in policy.waivers)
    return max(int(base.max(initial=0)).bit_length(), prepared.any_one_years if any_one else 1, 1)


def decide(policy: Policy, applicants: Applicants, balances: Balances, *, steps: bool = False) -> Decisions:
    """Decide eligibility (资格核验) in bulk: decide N applications of one year by one policy.

    `balances` reaches as far back as `depth` says. An unconfirmed assertion counts only for 待核验: met with it, not
    met without it. ValueError where a fact that the ordinary rule asks for is unknown, no window fits, or the balances
    do not reach far enough.

    Step 1: everybody is decided with confirmed assertions only.
    Step 2: those who are not eligible and asserted something unconfirmed are decided again, all assertions counted.
    Step 3: where that turns the answer, it becomes 待核验, with the way by which it would be met.
    """
    prepared = _prepared(_Same(policy), applicants.year, balances.hours.shape[0])
    decisions = _decide(prepared, applicants, balances, CONFIRMED, steps)
    asserted = (applicants.epidemic_assertion == ASSERTED) & (applicants.epidemic > 0)
    for column in applicants.assertions.values():
        asserted |= column == ASSERTED
    asserted &= decisions.outcome != _ELIGIBLE
    rows = np.flatnonzero(asserted)
    if len(rows):
        hopeful = _decide(prepared, applicants.take(rows), balances.take(rows), ASSERTED, steps)
        _adopt(decisions, hopeful, rows)
    return decisions


def _adopt(decisions: Decisions, hopeful: Decisions, rows: NDArray[np.intp]) -> None:
    """Where an unconfirmed assertion would turn the decision, say 待核验 and show the way it would be met."""
    turned = hopeful.outcome == _ELIGIBLE
    places = rows[turned]
    decisions.outcome[places] = _TO_VERIFY
    for name in ("winner", "required", "any_one"):
        getattr(decisions, name)[places] = getattr(hopeful, name)[turned]
    decisions.missing[:, :, places] = 0
    if decisions.options and hopeful.options:
        for name in ("applies", "required", "gap"):
            getattr(decisions.options, name)[:, places] = getattr(hopeful.options, name)[:, turned]


def _decide(prepared: _Prepared, applicants: Applicants, balances: Balances, trust: int, steps: bool) -> Decisions:
    """Decide block by block, counting confirmed assertions only (`trust` CONFIRMED), or all of them (ASSERTED)."""
    decisions = _undecided(prepared, applicants.year, balances.hours.shape, steps)
    depth_, subjects, count = balances.hours.shape
    size = max(_CELLS // (depth_ * (subjects + 1)), 1024)
    for start in range(0, count, size):
        rows = slice(start, start + size)
        _decide_block(prepared, applicants.take(rows), balances.take(rows), trust, decisions.part(rows))
    return decisions


def _undecided(prepared: _Prepared, year: int, shape: tuple[int, ...], steps: bool) -> Decisions:
    depth_, subjects, count = shape
    mask, policy = _mask_type(depth_), prepared.policy
    ways = len(policy.waivers) + 1
    options = Options(
        np.zeros((ways, count), bool),
        np.zeros((ways, count), mask),
        np.array([False, *(waiver.effect == "any_one_year" for waiver in policy.waivers)]),
        np.zeros((ways, count), np.int32),
    )
    return Decisions(
        policy,
        year,
        np.empty(count, np.int8),
        np.full(count, ORDINARY, np.int8),
        np.empty(count, np.int8),
        np.empty(count, mask),
        np.zeros(count, bool),
        np.zeros(count, mask),
        np.zeros((subjects, count), mask),
        np.empty((depth_, subjects + 1, count), np.int32),
        options if steps else None,
    )


_EVERYONE = slice(None)


def _decide_block(
    prepared: _Prepared, applicants: Applicants, balances: Balances, trust: int, decisions: Decisions
) -> None:
    """Fill the columns of `decisions`: the ordinary rule for everyone, then each waiver for those it applies to.

    Step 1: what each year lacks, and how much study would close it; waivers change which years count, never this.
    Step 2: the ordinary rule: each applicant's window, its gap, and with both the rank to beat (`_rank`).
    Step 3: each waiver, for those to whom it applies: the years it leaves, their gap, its rank.
    Step 4: where a waiver ranks better, it wins; ties stay with the earlier way, so the order of the file decides.
    Step 5: an applicant who still has a gap is 不符合, and what is missing is filled in for the way that won.
    """
    lacking, short = _yearly(prepared, balances, decisions)
    decisions.window[:], base = _base(prepared, applicants, balances.hours.shape[0])
    gap = _gap(prepared, lacking, short, base, decisions.window, _EVERYONE)
    decisions.required[:] = base
    rank = _rank(gap, np.bitwise_count(base))
    if decisions.options:
        decisions.options.applies[0] = True
        decisions.options.required[0], decisions.options.gap[0] = base, gap
    known: dict[int, Flags] = {}
    for place, way in prepared.ways:
        applies = _applies(prepared, way, applicants, trust, known)
        rows = np.flatnonzero(applies)
        if not len(rows):
            continue
        years = _required(prepared, way.waiver, base, applicants, rows)
        if way.waiver.effect == "none_required":
            gap = np.zeros(len(rows), np.int32)
        else:
            gap = _gap(prepared, lacking, short, years, decisions.window, rows, any_one=way.any_one)
        if decisions.options:
            decisions.options.applies[place + 1] = applies
            if way.waiver.effect != "none_required":
                decisions.options.required[place + 1, rows], decisions.options.gap[place + 1, rows] = years, gap
        asked = np.bitwise_count(years)
        order = _rank(gap, np.minimum(asked, 1) if way.any_one else asked)
        better = order < rank[rows]
        won = rows[better]
        rank[won] = order[better]
        decisions.winner[won] = place
        decisions.required[won] = years[better]
        decisions.any_one[won] = way.any_one
    unmet = rank >= _rank(1, 0)
    np.multiply(unmet, _NOT_ELIGIBLE, out=decisions.outcome)
    _missing(prepared, lacking, short, unmet, decisions)


def _rank(gap: Any, asked: Any) -> Any:
    """What decides between ways, the least first: hours missing, then years asked for."""
    return np.left_shift(gap, 6, dtype=np.int64) + asked


def _base(prepared: _Prepared, applicants: Applicants, depth_: int) -> tuple[NDArray[np.int8], Mask]:
    """The window of each applicant, the most specific that fits, and the years it asks for."""
    place = _place(applicants).astype(np.intp)
    chosen = prepared.window_of[place]
    if chosen.min(initial=0) < 0:
        raise ValueError("no window fits an applicant's route, level and education")
    kind = _mask_type(depth_)
    years: Mask = prepared.years_of.astype(kind)[place]
    beyond = prepared.years_of >= np.uint64(1 << depth_) if depth_ < 64 else np.zeros(1, bool)
    if beyond.any() and beyond[place].any():
        raise ValueError(f"a window asks for more than the {depth_} years there are balances of")
    for at, window in enumerate(prepared.policy.windows):
        if not window.years_from:
            continue
        rows = np.flatnonzero(chosen == at)
        amount = applicants.number(window.years_from)[rows]
        if amount.min(initial=0) < 0:
            raise ValueError(f"{window.years_from} is unknown where window {at} asks for it")
        if window.years_from == "years_in_post" and prepared.first_counts:
            amount = amount + 1
        later = _later(prepared.policy, window)
        if min(amount.max(initial=0), 63) + int(later) > depth_:
            raise ValueError(f"a window asks for more than the {depth_} years there are balances of")
        years[rows] = latest(amount) << later
    return chosen, years


def _applies(prepared: _Prepared, way: _Way, applicants: Applicants, trust: int, known: dict[int, Flags]) -> Flags:
    """To whom a waiver applies. `known` keeps the answer to each test, since waivers share them."""
    for test in way.tests:
        if test not in known:
            known[test] = _holds(prepared, prepared.tests[test], applicants, trust)
    found = known[way.tests[0]]
    for test in way.tests[1:]:
        found = found & known[test]
    return found


def _holds(prepared: _Prepared, test: _Test, applicants: Applicants, trust: int) -> Flags:
    if isinstance(test, tuple):
        name, members = test
        column = getattr(applicants, name)
        found: Flags = column == members[0]
        for member in members[1:]:
            found |= column == member
        return found
    fact, wanted = test.fact, test.is_ in (True, "true")
    if fact == "sex":
        return applicants.male if test.is_ == "男" else ~applicants.male
    if fact in applicants.assertions or fact == "epidemic_years":
        column = applicants.epidemic_assertion if fact == "epidemic_years" else applicants.assertions[fact]
        held: Flags = column == CONFIRMED if trust == CONFIRMED else column != NO
        if fact == "epidemic_years":
            held &= applicants.epidemic != 0
        return held if wanted else ~held
    least, most = max(test.at_least or 0, 0), test.at_most
    if fact == "age":  # full years on the day: born on or before the same day that many years earlier
        held = applicants.born <= prepared.born_by - least * 10000
        if most is not None:
            held &= applicants.born > prepared.born_by - (most + 1) * 10000
        return held
    number = applicants.number(fact)
    held = number >= least
    if most is not None:
        held &= number <= most
    return held


def _required(prepared: _Prepared, waiver: Waiver, base: Mask, applicants: Applicants, rows: NDArray[np.intp]) -> Mask:
    """The years that remain for those to whom a waiver applies."""
    if waiver.effect == "none_required":
        return np.zeros(len(rows), base.dtype)
    if waiver.effect == "any_one_year":
        return np.full(len(rows), latest(prepared.any_one_years).astype(base.dtype))
    left: Mask = base[rows]
    if waiver.effect == "without_years":
        left &= ~applicants.epidemic[rows].astype(base.dtype)
    else:
        most = waiver.at_most if waiver.at_most is not None else 63
        years = applicants.number(waiver.fact or "")[rows] + prepared.first_counts
        left &= latest(np.minimum(years, most)).astype(base.dtype)
    return left


def _yearly(prepared: _Prepared, balances: Balances, decisions: Decisions) -> tuple[Hundredths, Hundredths]:
    """What each year lacks by subject and in total (K x (S + 1) x N), and how much there is to study in it (K x N).

    A deemed subject counts as done, also for the total. Notes which years are complete, and which by being deemed so.
    """
    depth_, subjects, count = balances.hours.shape
    amounts, whole = prepared.amounts, prepared.whole
    lacking = np.empty((depth_, subjects + 1, count), np.int32)
    short = np.empty((depth_, count), np.int32)
    for back in range(depth_):
        year, total = lacking[back], lacking[back, subjects]
        np.subtract(amounts[back, :subjects, None], balances.hours[back], out=year[:subjects])
        # the total lacks what its subjects lack, and what it asks for beyond their amounts
        np.add(year[whole[0]], amounts[back, subjects] - amounts[back, whole].sum(dtype=np.int32), out=total)
        for place in whole[1:]:
            total += year[place]
        rows = np.flatnonzero(balances.deemed[back].any(axis=0))
        if len(rows):
            spared = np.maximum(year[:subjects, rows], 0) * balances.deemed[back][:, rows]
            year[:subjects, rows] -= spared
            total[rows] -= spared[whole].sum(axis=0, dtype=np.int32)
        _short(year, out=short[back])
        bit = np.array(1 << back, decisions.complete.dtype)
        done = short[back] == 0
        decisions.complete |= done * bit
        if len(rows):
            relied = (spared > 0) & done[rows] if prepared.policy.requirement.combine == "each_year" else spared > 0
            decisions.deemed[:, rows] |= relied * bit
    return lacking, short


def lacking(policy: Policy, year: int, balances: Balances) -> Hundredths:
    """Gap of each year alone (各年度缺口): K x (S + 1) x N hundredths by subject and in total, never below nothing.

    Year 0 is `year`, each of the K years by what the policy says of it (see `notices.of_year`). A subject that is
    deemed done lacks nothing.
    """
    shape = balances.hours.shape
    prepared = _prepared(_Same(policy), year, shape[0])
    found, _ = _yearly(prepared, balances, _undecided(prepared, year, shape, steps=False))
    return np.maximum(found, 0)


def _short(lacking: Hundredths, out: Hundredths | None = None) -> Hundredths:
    """Hundredths to study: what the subjects lack, or the total where it lacks more."""
    subjects = np.maximum(lacking[0], 0)
    for place in range(1, len(lacking) - 1):
        subjects += np.maximum(lacking[place], 0)
    short: Hundredths = np.maximum(subjects, lacking[-1], out=out)
    return short


def _asked(years: Mask, back: int) -> Flags:
    """Whose years hold the year so many back."""
    held: Flags = (years & np.array(1 << back, years.dtype)) != 0
    return held


def _gap(
    prepared: _Prepared,
    lacking: Hundredths,
    short: Hundredths,
    years: Mask,
    window: NDArray[np.int8],
    rows: slice | NDArray[np.intp],
    *,
    any_one: bool = False,
) -> Hundredths:
    """Hundredths missing when these years are required of these rows; none exactly where the requirement is met."""
    if prepared.policy.requirement.combine != "each_year":
        return _short(_combined(prepared, lacking, years, window, rows))
    gap = np.full(len(years), np.iinfo(np.int32).max if any_one else 0, np.int32)
    for back in range(len(short)):
        asked, here = _asked(years, back), short[back][rows]
        if any_one:
            np.minimum(gap, here, out=gap, where=asked)
        else:
            gap += here * asked
    return gap


def _combined(
    prepared: _Prepared, lacking: Hundredths, years: Mask, window: NDArray[np.int8], rows: slice | NDArray[np.intp]
) -> Hundredths:
    """What a sum or an average over the required years lacks, by subject and in total ((S + 1) x N)."""
    amounts, average = prepared.amounts, prepared.policy.requirement.combine == "average"
    together = np.zeros((lacking.shape[1], len(years)), np.int32)
    for back in range(len(lacking)):
        here = lacking[back][:, rows]
        # what a year lacks is its amount less its hours; a sum has one amount for all years
        together += (here if average else here - amounts[back][:, None]) * _asked(years, back)
    if not average:
        together += prepared.sums[window[rows]].T * (years != 0)
    return together


def _missing(prepared: _Prepared, lacking: Hundredths, short: Hundredths, unmet: Flags, decisions: Decisions) -> None:
    """What the required years lack; of any one year, the year that lacks least, the later one first."""
    missing, required = decisions.missing, decisions.required
    if prepared.policy.requirement.combine != "each_year":
        missing[:] = 0
        rows = np.flatnonzero(unmet)
        together = np.maximum(_combined(prepared, lacking, required[rows], decisions.window, rows), 0)
        for back in reversed(range(len(lacking))):
            newest = _asked(required[rows], back) & ((required[rows] & np.array((1 << back) - 1, required.dtype)) == 0)
            missing[back][:, rows[newest]] = together[:, newest]
        return
    for back in range(len(lacking)):
        asked = _asked(required, back) & unmet
        np.maximum(lacking[back], 0, out=missing[back])
        missing[back] *= asked
    some = np.flatnonzero(decisions.any_one & unmet)
    if len(some):
        asked = np.stack([_asked(required[some], back) for back in range(len(lacking))])
        nearest = np.where(asked, short[:, some], np.iinfo(np.int32).max).argmin(axis=0)
        for back in range(len(lacking)):
            missing[back][:, some[nearest != back]] = 0


# --- in words -------------------------------------------------------------------------------------------------------


def years_text(decisions: Decisions, row: int) -> str:
    """Required years (需完成年度) as text: `2022;2023;2024`, `2022|2023|2024任一` or `无`."""
    years = [decisions.year - back for back in range(63, -1, -1) if int(decisions.required[row]) >> back & 1]
    if not years:
        return "无"
    return "|".join(map(str, years)) + "任一" if decisions.any_one[row] else ";".join(map(str, years))


def gap_text(decisions: Decisions, row: int) -> str:
    """Gap (缺口) as text: `2023公需10;2024专业5` or `无`; 累计 only where the subjects do not explain it."""
    policy = decisions.policy
    names = [subject.name.removesuffix("科目") for subject in policy.subjects]
    whole = [place for place, subject in enumerate(policy.subjects) if not subject.part_of]
    parts = []
    for back in range(decisions.missing.shape[0] - 1, -1, -1):
        lack = decisions.missing[back, :, row]
        year = decisions.year - back
        parts += [f"{year}{names[place]}{_hours(int(lack[place]))}" for place in range(len(names)) if lack[place] > 0]
        rest = int(lack[-1]) - sum(int(lack[place]) for place in whole)
        if rest > 0:
            parts.append(f"{year}累计{_hours(rest)}")
    return ";".join(parts) or "无"


def clauses_text(decisions: Decisions, row: int) -> str:
    """Clauses (依据) as text.

    依据: the clauses of the window, the winning waiver, the amounts and the deemed subjects, joined by `;`.
    """
    policy, winner, required = decisions.policy, int(decisions.winner[row]), int(decisions.required[row])
    cited = [policy.windows[int(decisions.window[row])].clause]
    if winner != ORDINARY:
        cited.append(policy.waivers[winner].clause)
    if required:
        cited.append(policy.requirement.clause)
    for subject, relied in zip(policy.subjects, decisions.deemed[:, row].tolist(), strict=True):
        own = int(decisions.complete[row]) & required & ~relied  # of any one year, one without the rule is enough
        if relied & required and not (decisions.any_one[row] and own):
            cited += [rule.clause for rule in policy.deemed if rule.subject == subject.code]
    return ";".join(dict.fromkeys(cited))


def _hours(amount: int) -> str:
    return f"{Decimal(amount) / 100:f}".rstrip("0").rstrip(".") if amount % 100 else str(amount // 100)


assert set(FACTS) == {"sex", "age", "epidemic_years", *ASSERTIONS, *NUMBERS}
