"""What a policy requires of applicants and whether they have it: array operations over columns, one engine for all.

One person is a column of one, and the steps shown are these same columns. Years are counted back from the application
year: year 0 is the application year, year 1 the one before; a set of years is a bit mask in an unsigned integer.
Hours are whole hundredths. No table, no file and no screen is known here.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.ground.access import Labelled
from core.law.applicants import ASSERTED as ASSERTED
from core.law.applicants import CONFIRMED as CONFIRMED
from core.law.applicants import NO as NO
from core.law.applicants import Applicant as Applicant
from core.law.applicants import Applicants as Applicants
from core.law.applicants import Flags, Mask, Rows, number_of
from core.law.applicants import columns as columns
from core.law.applicants import mask_of as mask_of
from core.law.notices import TOTAL, TOTAL_NAME, Cap, Condition, Policy, Waiver, Window, short_name

Hundredths = NDArray[np.int32]

ORDINARY, TOGETHER = -1, -2
"""The winner where no waiver is better than the ordinary rule; where all that remove years hold together."""


class Outcome(Labelled):
    """Outcome of a decision (结论): met, not met, or met if an assertion is confirmed."""

    ELIGIBLE = "eligible", "符合"
    NOT_ELIGIBLE = "not_eligible", "不符合"
    TO_VERIFY = "to_verify", "待核验"


OUTCOMES = tuple(Outcome)
UNDECIDED = -1
"""Instead of an outcome's place: no window fits the applicant, or a fact is unknown on which the answer hangs."""


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

    def take(self, rows: Rows) -> Balances:
        if isinstance(rows, slice):
            return Balances(self.hours[:, :, rows], self.deemed[:, :, rows])
        places = np.flatnonzero(rows) if rows.dtype == bool else rows  # taking places is far quicker than indexing
        return Balances(self.hours.take(places, axis=2), self.deemed.take(places, axis=2))


def subject_codes(policy: Policy) -> list[str]:
    """Axis of subjects (科目): the subjects of a policy in the order of the S axis."""
    return [subject.code for subject in policy.subjects]


def counted_from(policy: Policy, applicants: Applicants) -> NDArray[np.int32] | None:
    """Day from which each applicant's hours count (学时起算日), yyyymmdd; None where all do, 0 where it is unknown."""
    said = policy.requirement.counted_from
    if said is None:
        return None
    if said in policy.asked:
        return applicants.day(said, ASSERTED)
    return np.full(len(applicants), int(said.replace("-", "")), np.int32)


def counted(policy: Policy, by_source: Mapping[str, Hundredths], deemed: Flags | None = None) -> Balances:
    """Balances after caps and sub-subjects (有效学时).

    Hours as they count: yearly caps applied, sub-subjects added to their whole. A cap on all hours of a year cuts no
    subject, only the total, see `_yearly`.

    `by_source` gives K x S x N hundredths for each source of hours.
    """
    codes = subject_codes(policy)
    shape = next(iter(by_source.values())).shape
    hours = np.zeros(shape, np.int32)
    for source, given in by_source.items():
        taken = given.copy()
        for cap in policy.caps:
            if cap.per == "year" and cap.source == source:
                _cap(taken, _places(policy, cap), int(cap.hours * 100))
        hours += taken
    for cap in policy.caps:
        if cap.per == "year" and cap.source is None and cap.subject != TOTAL:
            _cap(hours, _places(policy, cap), int(cap.hours * 100))
    for place, subject in enumerate(policy.subjects):
        if subject.part_of:
            hours[:, codes.index(subject.part_of)] += hours[:, place]
    return Balances(hours, np.zeros(shape, bool) if deemed is None else deemed)


def _places(policy: Policy, cap: Cap) -> list[int]:
    """The places of the subjects that a cap is of: one with its sub-subjects, or all; sub-subjects come first."""
    held = [place for place, subject in enumerate(policy.subjects) if cap.holds_for(subject.code, subject.part_of)]
    return sorted(held, key=lambda place: policy.subjects[place].part_of is None)


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


_Test = Condition | tuple[str, tuple[str, ...]]
"""What a waiver asks: a condition, or that a column's word is one of some."""


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
    """The window by route, level, education and series (see `_place`); -1 where none fits."""
    years_of: Mask
    """The years that window asks for, where no fact of the applicant bears on them."""
    later: NDArray[np.int64]
    """By window: by how many years it begins before the application year."""
    tests: tuple[_Test, ...]
    ways: tuple[tuple[int, _Way], ...]
    """The waivers of this application year, each with its place in the policy."""
    any_one_years: int
    """Of how many latest years one is enough where a waiver asks for any one year."""
    born_by: int
    """The policy's day for ages, as yyyymmdd."""
    first_counts: int
    """1 where years since an event include the event's own year, else 0."""
    sums: NDArray[np.int32]
    """Where the requirement is a sum, its amounts by window (W), subject and in total (S + 1)."""
    least: NDArray[np.int32] | None
    """Where no year of a sum may stay below an amount: by subject and in total (S + 1)."""
    most: int | None
    """Hundredths that all subjects of a year count for together at most."""
    shares: tuple[tuple[int, Fraction], ...]
    """Subjects that must be such a part of all the hours of a year."""
    best_wins: bool
    """Whether the best waiver wins; else those that remove years hold together."""


@functools.lru_cache(maxsize=256)
def _prepared(key: _Same, year: int, depth_: int) -> _Prepared:
    policy = key.policy
    tests: dict[_Test, int] = {}
    ways = []
    for place, waiver in enumerate(policy.waivers):
        if waiver.application_years and year not in waiver.application_years:
            continue
        asked: list[_Test] = []
        if waiver.routes:
            asked.append(("route", waiver.routes))
        if waiver.levels:
            asked.append(("level", tuple(each for level in waiver.levels for each in policy.within(level))))
        if waiver.series:
            asked.append(("series", waiver.series))
        asked += waiver.when
        places = tuple(tests.setdefault(test, len(tests)) for test in asked)
        ways.append((place, _Way(waiver, waiver.effect == "any_one_year", places)))
    month, day = map(int, str(policy.setting("age_on", "12-31")).split("-"))
    codes = subject_codes(policy)
    least = policy.requirement.each_year_at_least
    most = [int(cap.hours * 100) for cap in policy.caps if (cap.per, cap.source, cap.subject) == ("year", None, TOTAL)]
    return _Prepared(
        policy,
        _amounts(policy, year, depth_),
        [place for place, subject in enumerate(policy.subjects) if not subject.part_of],
        *_windows(policy, year),
        np.array([_later(policy, window) for window in policy.windows], np.int64),
        tuple(tests),
        tuple(ways),
        int(policy.setting("waiver_window", 3)),
        year * 10000 + month * 100 + day,
        int(not policy.setting("years_counted_from_next", True)),
        np.array([_sum(policy, window) for window in policy.windows], np.int32),
        np.array([int(least.get(code, 0) * 100) for code in (*codes, TOTAL)], np.int32) if least else None,
        min(most, default=None),
        tuple((codes.index(code), _share(share)) for code, share in policy.requirement.share.items()),
        bool(policy.setting("best_waiver_wins", True)),
    )


def _share(written: Decimal) -> Fraction:
    """A share as it was meant: 0.3333 and 0.6667 are thirds."""
    return Fraction(written).limit_denominator(100)


def _sum(policy: Policy, window: Window) -> list[int]:
    """The amounts of a sum by subject and in total, as hundredths: the window's own, else the requirement's."""
    hours = window.hours or policy.requirement.hours
    return [int(hours.get(code, Decimal()) * 100) for code in (*subject_codes(policy), TOTAL)]


_DIMENSIONS = ("route", "level", "education", "series")
"""What windows tell applicants apart by."""


def _place(policy: Policy, applicants: Applicants, trust: int) -> NDArray[np.intp]:
    """Where each applicant's words stand in a table over all `_DIMENSIONS`, a blank first in each."""
    place = np.zeros(len(applicants), np.int16)
    for name, vocabulary in policy.vocabulary.items():
        place *= np.int16(len(vocabulary) + 1)
        if name in applicants.words:
            place += applicants.word(name, vocabulary, trust) + np.int16(1)
    return place.astype(np.intp)


def _windows(policy: Policy, year: int) -> tuple[NDArray[np.int8], Mask]:
    """The most specific window for each route, level, education and series, and the years it asks for."""
    vocabulary = policy.vocabulary
    chosen = np.full([len(words) + 1 for words in vocabulary.values()], -1, np.int8)
    years = np.zeros(chosen.shape, np.uint64)
    for place, window in sorted(enumerate(policy.windows), key=lambda pair: pair[1].specific):
        named = {"route": (window.route,), "education": window.education, "series": window.series}
        named["level"] = tuple(each for level in window.level for each in policy.within(level))
        cells = np.ix_(
            *(
                [vocabulary[name].index(word) + 1 for word in named[name]] or range(len(vocabulary[name]) + 1)
                for name in _DIMENSIONS
            )
        )
        chosen[cells] = place
        years[cells] = latest(0 if window.since else _length(policy, window, year) or 0) << np.uint64(
            _later(policy, window)
        )
    return chosen.ravel(), years.ravel()


def _length(policy: Policy, window: Window, year: int) -> int | None:
    """How many years a window asks for; a cycle's as many as lie in it up to the last year that counts."""
    return window.length(year - _later(policy, window))


def _later(policy: Policy, window: Window) -> int:
    """By how many years a window begins before the application year."""
    counted_in = window.include_application_year and policy.setting("include_application_year", True)
    return 0 if counted_in else 1


def _mask_type(depth_: int) -> type[np.unsignedinteger]:
    """The smallest number that holds a set of so many years."""
    fitting = (kind for kind in (np.uint8, np.uint16, np.uint32) if depth_ <= np.iinfo(kind).bits)
    return next(fitting, np.uint64)


# --- the decision ---------------------------------------------------------------------------------------------------


@dataclass
class Options:
    """Every way to meet the requirement, as columns.

    Each way to meet the requirement (the ordinary rule, each waiver, then all waivers that remove years together), for
    each applicant: O x N.

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
    """Index into OUTCOMES, or UNDECIDED."""
    winner: NDArray[np.int8]
    """Index into the policy's waivers, ORDINARY or TOGETHER."""
    window: NDArray[np.int8]
    """Index into the policy's windows: the ordinary rule of each applicant; -1 where none fits."""
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
    together: Mask
    """Where TOGETHER won: which waivers hold together, as bits."""
    options: Options | None = field(default=None)

    def part(self, rows: Rows) -> Decisions:
        """Some of the decisions; of a slice the same columns, not a copy."""
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
            self.together[rows],
            options,
        )


_ELIGIBLE, _NOT_ELIGIBLE, _TO_VERIFY = (np.int8(OUTCOMES.index(outcome)) for outcome in Outcome)
_CELLS = 1 << 20
"""How many numbers of hours a block of applicants has about: few blocks, each still near the processor's cache."""


def depth(policy: Policy, applicants: Applicants) -> int:
    """Depth of the balances: how many years back the balances must reach for these applicants (K)."""
    prepared = _prepared(_Same(policy), applicants.year, 1)
    _, base, _ = _base(prepared, applicants, 64, ASSERTED)
    any_one = any(waiver.effect == "any_one_year" for waiver in policy.waivers)
    reach = prepared.any_one_years + int(prepared.later.max(initial=0)) if any_one else 1
    return max(int(base.max(initial=0)).bit_length(), reach, 1)


def decide(policy: Policy, applicants: Applicants, balances: Balances, *, steps: bool = False) -> Decisions:
    """Decide eligibility (资格核验) in bulk: decide N applications of one year by one policy.

    `balances` reaches as far back as `depth` says. An unconfirmed assertion counts only for 待核验: met with it, not
    met without it. Who fits no window, or lacks a fact that the ordinary rule asks for and no waiver makes up for, is
    UNDECIDED. ValueError where the balances do not reach far enough.

    Step 1: everybody is decided with confirmed assertions only.
    Step 2: those who are not eligible and asserted something unconfirmed are decided again, all assertions counted.
    Step 3: where that turns the answer, it becomes 待核验, with the way by which it would be met; who was undecided
    before is answered by it.
    """
    prepared = _prepared(_Same(policy), applicants.year, balances.hours.shape[0])
    decisions = _decide(prepared, applicants, balances, CONFIRMED, steps)
    rows = np.flatnonzero(applicants.asserted & (decisions.outcome != _ELIGIBLE))
    if len(rows):
        hopeful = _decide(prepared, applicants.take(rows), balances.take(rows), ASSERTED, steps)
        _adopt(decisions, hopeful, rows)
    return decisions


def _adopt(decisions: Decisions, hopeful: Decisions, rows: NDArray[np.intp]) -> None:
    """Where an unconfirmed assertion would turn the decision, say 待核验 and show the way it would be met."""
    met = hopeful.outcome == _ELIGIBLE
    turned = met | (decisions.outcome[rows] == UNDECIDED)
    places = rows[turned]
    decisions.outcome[places] = np.where(met, _TO_VERIFY, hopeful.outcome)[turned]
    for name in ("winner", "window", "required", "any_one", "together"):
        getattr(decisions, name)[places] = getattr(hopeful, name)[turned]
    decisions.missing[:, :, places] = hopeful.missing[:, :, turned]
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
    ways = len(policy.waivers) + 2
    options = Options(
        np.zeros((ways, count), bool),
        np.zeros((ways, count), mask),
        np.array([False, *(waiver.effect == "any_one_year" for waiver in policy.waivers), False]),
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
        np.zeros(count, np.uint64),
        options if steps else None,
    )


_EVERYONE = slice(None)
_UNKNOWN = np.iinfo(np.int32).max
"""The gap of a way of which nobody knows the years."""


def _decide_block(
    prepared: _Prepared, applicants: Applicants, balances: Balances, trust: int, decisions: Decisions
) -> None:
    """Fill the columns of `decisions`: the ordinary rule for everyone, then each waiver for those it applies to.

    Step 1: what each year lacks, and how much study would close it; waivers change which years count, never this.
    Step 2: the ordinary rule: each applicant's window, its gap, and with both the rank to beat (`_rank`); where a fact
    it asks for is unknown, so is its gap, and any waiver that is met beats it.
    Step 3: each waiver, for those to whom it applies: the years it leaves, their gap, its rank.
    Step 4: where a waiver ranks better, it wins; ties stay with the earlier way, so the order of the file decides.
    Step 5: what the waivers that remove years leave together; it wins only where the policy does not take the best one.
    Step 6: an applicant who still has a gap is 不符合, and what is missing is filled in for the way that won; who has
    one while the ordinary rule's years are unknown, or fits no window, is undecided.
    """
    lacking, short = _yearly(prepared, balances, decisions)
    decisions.window[:], base, known = _base(prepared, applicants, balances.hours.shape[0], trust)
    gap = _gap(prepared, lacking, short, base, decisions.window, _EVERYONE)
    if known is not None:
        gap[~known] = _UNKNOWN
    decisions.required[:] = base
    rank = _rank(gap, np.bitwise_count(base))
    if decisions.options:
        decisions.options.applies[0] = True
        decisions.options.required[0], decisions.options.gap[0] = base, gap
    tests: dict[int, Flags] = {}
    removing: list[tuple[int, NDArray[np.intp], Mask]] = []
    for place, way in prepared.ways:
        applies = _applies(prepared, way, applicants, base, trust, tests)
        if known is not None and way.waiver.effect in REMOVING:
            applies = applies & known  # of unknown years none can be removed
        rows = np.flatnonzero(applies)
        if not len(rows):
            continue
        years = _required(prepared, way.waiver, base, applicants, rows, decisions.window, trust)
        if way.waiver.effect in REMOVING:
            removing.append((place, rows, years))
        if way.waiver.effect == "none_required":
            gap = np.zeros(len(rows), np.int32)
        else:
            gap = _gap(prepared, lacking, short, years, decisions.window, rows, any_one=way.any_one)
        if decisions.options:
            decisions.options.applies[place + 1] = applies
            if way.waiver.effect != "none_required":
                decisions.options.required[place + 1, rows], decisions.options.gap[place + 1, rows] = years, gap
        _contend(decisions, rank, rows, years, gap, place, any_one=way.any_one)
    if removing and (decisions.options or not prepared.best_wins):
        _together(prepared, lacking, short, base, removing, rank, decisions)
    unmet = rank >= _rank(1, 0)
    np.multiply(unmet, _NOT_ELIGIBLE, out=decisions.outcome)
    if known is not None:
        decisions.outcome[unmet & ~known] = UNDECIDED
        decisions.outcome[decisions.window < 0] = UNDECIDED
        unmet = unmet & (decisions.outcome != UNDECIDED)
    _missing(prepared, lacking, short, unmet, decisions)


REMOVING = ("without_years", "last_years")
"""Effects that take years out of what the ordinary rule asks for."""


def _contend(
    decisions: Decisions,
    rank: NDArray[np.int64],
    rows: NDArray[np.intp],
    years: Mask,
    gap: Hundredths,
    winner: int,
    *,
    any_one: bool = False,
) -> None:
    """Let a way win where it ranks better than what won so far."""
    asked = np.bitwise_count(years)
    order = _rank(gap, np.minimum(asked, 1) if any_one else asked)
    better = order < rank[rows]
    won = rows[better]
    rank[won] = order[better]
    decisions.winner[won] = winner
    decisions.required[won] = years[better]
    decisions.any_one[won] = any_one


def _together(
    prepared: _Prepared,
    lacking: Hundredths,
    short: Hundredths,
    base: Mask,
    removing: list[tuple[int, NDArray[np.intp], Mask]],
    rank: NDArray[np.int64],
    decisions: Decisions,
) -> None:
    """What all waivers that remove years leave together, for those to whom two or more apply."""
    left, count, which = base.copy(), np.zeros(len(base), np.int8), np.zeros(len(base), np.uint64)
    for place, rows, years in removing:
        left[rows] &= years
        count[rows] += 1
        which[rows] |= np.uint64(1 << place)
    rows = np.flatnonzero(count >= 2)
    gap = _gap(prepared, lacking, short, left[rows], decisions.window, rows)
    if decisions.options:
        decisions.options.applies[-1, rows] = True
        decisions.options.required[-1, rows], decisions.options.gap[-1, rows] = left[rows], gap
    if not prepared.best_wins:
        decisions.together[rows] = which[rows]
        _contend(decisions, rank, rows, left[rows], gap, TOGETHER)


def _rank(gap: Any, asked: Any) -> Any:
    """What decides between ways, the least first: hours missing, then years asked for."""
    return np.left_shift(gap, 6, dtype=np.int64) + asked


def _base(
    prepared: _Prepared, applicants: Applicants, depth_: int, trust: int
) -> tuple[NDArray[np.int8], Mask, Flags | None]:
    """The window of each applicant, the most specific that fits, the years it asks for, and whose years are known.

    None instead of the last where everybody's are.
    """
    policy = prepared.policy
    place = _place(policy, applicants, trust)
    chosen = prepared.window_of[place]
    kind = _mask_type(depth_)
    years: Mask = prepared.years_of.astype(kind)[place]
    beyond = prepared.years_of >= np.uint64(1 << depth_) if depth_ < 64 else np.zeros(1, bool)
    if beyond.any() and beyond[place].any():
        raise ValueError(f"a window asks for more than the {depth_} years there are balances of")
    known = None
    if chosen.min(initial=0) < 0:
        known = chosen >= 0
    for at, window in enumerate(policy.windows):
        if not (window.years_from or window.since):
            continue
        rows = np.flatnonzero(chosen == at)
        amount, later = _amount(prepared, window, applicants.take(rows), trust), int(prepared.later[at])
        if amount.min(initial=0) < 0:
            known = np.ones(len(chosen), bool) if known is None else known
            known[rows[amount < 0]] = False
        if len(rows) and min(int(amount.max()), 63) + later > depth_ and amount.max() > 0:
            raise ValueError(f"a window asks for more than the {depth_} years there are balances of")
        years[rows] = latest(amount).astype(kind) << kind(later)
    return chosen, years, known


def _amount(prepared: _Prepared, window: Window, applicants: Applicants, trust: int) -> NDArray[np.int16]:
    """How many years a window asks of its applicants; -1 where the fact that says so is unknown.

    Years since a day begin with the one after it (or its own) and end with the window, so that they are one fewer where
    the application year is left out.
    """
    later = _later(prepared.policy, window)

    def since(fact: str) -> NDArray[np.int16]:
        number = applicants.number(fact, trust)
        return np.where(number < 0, -1, np.maximum(number + prepared.first_counts - later, 0)).astype(np.int16)

    length = _length(prepared.policy, window, applicants.year)
    if window.years_from in applicants.counts:
        amount = applicants.number(window.years_from or "", trust)
    elif window.years_from:
        amount = since(window.years_from)
    else:
        amount = np.full(len(applicants), length, np.int16)
    if window.since:
        most = since(window.since)
        amount = np.where((most >= 0) & (amount > most), most, amount).astype(np.int16)
    return amount


def _applies(
    prepared: _Prepared, way: _Way, applicants: Applicants, base: Mask, trust: int, known: dict[int, Flags]
) -> Flags:
    """To whom a waiver applies. `known` keeps the answer to each test, since waivers share them."""
    for test in way.tests:
        if test not in known:
            known[test] = _holds(prepared, prepared.tests[test], applicants, base, trust)
    found = known[way.tests[0]]
    for test in way.tests[1:]:
        found = found & known[test]
    return found


def _holds(prepared: _Prepared, test: _Test, applicants: Applicants, base: Mask, trust: int) -> Flags:
    if isinstance(test, tuple):
        name, members = test
        place = applicants.word(name, prepared.policy.vocabulary[name], trust)
        codes = [prepared.policy.vocabulary[name].index(member) for member in members]
        found: Flags = place == codes[0]
        for code in codes[1:]:
            found |= place == code
        return found
    if test.fact == "sex":
        return applicants.male if test.is_ == "男" else ~applicants.male
    if test.fact == "age":  # full years on the day: born on or before the same day that many years earlier
        held: Flags = applicants.born <= prepared.born_by - (test.at_least or 0) * 10000
        if test.at_most is not None:
            held &= applicants.born > prepared.born_by - (test.at_most + 1) * 10000
        return held
    if test.at_least is not None or test.at_most is not None:
        number = applicants.number(test.fact, trust)
        held = number >= (test.at_least or 0)
        return held if test.at_most is None else held & (number <= test.at_most)
    kind = prepared.policy.asked[test.fact].type
    if kind == "day":
        return _on_day(test, applicants.day(test.fact, trust), applicants.year, base)
    if kind == "word":
        return np.equal(applicants.word(test.fact, (str(test.is_),), trust), 0)
    denied = test.is_ is False
    if denied:  # what is still to be verified is denied no sooner than it is confirmed
        trust = ASSERTED if trust == CONFIRMED else CONFIRMED
    held = applicants.several(test.fact, trust) != 0 if kind == "years" else applicants.flag(test.fact, trust)
    return ~held if denied else held


def _on_day(test: Condition, day: NDArray[np.int32], year: int, base: Mask) -> Flags:
    """Whether a day is known and where the condition wants it; `in_window`: in a year the ordinary rule asks for."""
    known: Flags = day > 0
    if test.in_window is not None:
        back = np.clip(year - day // 10000, 0, 63).astype(np.uint64)
        inside = (base.astype(np.uint64) >> back & np.uint64(1) != 0) & (day // 10000 <= year)
        known &= inside if test.in_window else ~inside
        return known
    known &= (day >= number_of(test.first)) & (day <= (number_of(test.last) or 99991231))
    return known


def _required(
    prepared: _Prepared,
    waiver: Waiver,
    base: Mask,
    applicants: Applicants,
    rows: NDArray[np.intp],
    window: NDArray[np.int8],
    trust: int,
) -> Mask:
    """The years that remain for those to whom a waiver applies.

    Where the application year is left out, so it is of any one year, and of the years since an event.
    """
    if waiver.effect == "none_required":
        return np.zeros(len(rows), base.dtype)
    later = prepared.later[window[rows]]
    shift = later.astype(base.dtype)
    if waiver.effect == "any_one_year":
        return latest(prepared.any_one_years).astype(base.dtype) << shift
    left: Mask = base[rows]
    if waiver.effect == "without_years":
        left &= ~applicants.several(waiver.fact or "", trust)[rows].astype(base.dtype)
        return left
    most = waiver.at_most if waiver.at_most is not None else 63
    years = applicants.number(waiver.fact or "", trust)[rows] + prepared.first_counts - later
    left &= latest(np.clip(years, 0, most)).astype(base.dtype) << shift
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
        if prepared.most is not None:
            np.maximum(total, amounts[back, subjects] - prepared.most, out=total)
        rows = np.flatnonzero(balances.deemed[back].any(axis=0))
        if len(rows):
            spared = np.maximum(year[:subjects, rows], 0) * balances.deemed[back][:, rows]
            year[:subjects, rows] -= spared
            total[rows] -= spared[whole].sum(axis=0, dtype=np.int32)
        for place, share in prepared.shares:
            _take_share(year, balances, back, place, share, whole)
        _short(year, out=short[back])
        bit = np.array(1 << back, decisions.complete.dtype)
        done = short[back] == 0
        decisions.complete |= done * bit
        if len(rows):
            relied = (spared > 0) & done[rows] if prepared.policy.requirement.combine == "each_year" else spared > 0
            decisions.deemed[:, rows] |= relied * bit
    return lacking, short


def _take_share(
    lacking: Hundredths, balances: Balances, back: int, place: int, share: Fraction, whole: list[int]
) -> None:
    """Let a subject lack what it needs to be such a part of all the year's hours, in half hours.

    What is studied for it adds to the whole as well: has + x = share * (all + x).
    """
    here = balances.hours[back]
    together, has = here[whole].sum(axis=0, dtype=np.int64), here[place].astype(np.int64)
    part, rest = share.denominator - share.numerator, share.numerator * together - share.denominator * has
    needed = np.where(balances.deemed[back, place], 0, -(-rest // (part * 50)) * 50)
    np.maximum(lacking[place], needed, out=lacking[place], casting="unsafe")


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
    if prepared.least is not None:
        below = [_below(prepared, lacking, years, back, rows) for back in range(len(lacking))]
        np.maximum(together, np.sum(below, axis=0), out=together)
    return together


def _below(
    prepared: _Prepared, lacking: Hundredths, years: Mask, back: int, rows: slice | NDArray[np.intp]
) -> Hundredths:
    """What a required year stays below the least that no year of a sum may, by subject and in total ((S + 1) x N)."""
    assert prepared.least is not None
    below = prepared.least[:, None] + lacking[back][:, rows] - prepared.amounts[back][:, None]
    found: Hundredths = np.maximum(below, 0) * _asked(years, back)
    return found


def _missing(prepared: _Prepared, lacking: Hundredths, short: Hundredths, unmet: Flags, decisions: Decisions) -> None:
    """What the required years lack; of any one year, the year that lacks least, the later one first."""
    missing, required = decisions.missing, decisions.required
    if prepared.policy.requirement.combine != "each_year":
        missing[:] = 0
        rows = np.flatnonzero(unmet)
        together = np.maximum(_combined(prepared, lacking, required[rows], decisions.window, rows), 0)
        if prepared.least is not None:
            for back in range(len(lacking)):
                missing[back][:, rows] = _below(prepared, lacking, required[rows], back, rows)
            together -= missing[:, :, rows].sum(axis=0, dtype=np.int32)
        for back in reversed(range(len(lacking))):
            newest = _asked(required[rows], back) & ((required[rows] & np.array((1 << back) - 1, required.dtype)) == 0)
            missing[back][:, rows[newest]] += together[:, newest]
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


def waiver_name(policy: Policy, winner: int) -> str:
    """Name of what won (减免): a waiver's, 几项减免合并 where several hold together, "" of the ordinary rule."""
    return {ORDINARY: "", TOGETHER: "几项减免合并"}[winner] if winner < 0 else policy.waivers[winner].name


def years_text(decisions: Decisions, row: int) -> str:
    """Required years (需完成年度) as text: `2022;2023;2024`, `2022|2023|2024任一` or `无`."""
    years = [decisions.year - back for back in range(63, -1, -1) if int(decisions.required[row]) >> back & 1]
    if not years:
        return "无"
    return "|".join(map(str, years)) + "任一" if decisions.any_one[row] else ";".join(map(str, years))


def gap_text(decisions: Decisions, row: int) -> str:
    """Gap (缺口) as text: `2023公需10;2024专业5` or `无`; 累计 only where the subjects do not explain it."""
    policy = decisions.policy
    names = [short_name(subject.name) for subject in policy.subjects]
    whole = [place for place, subject in enumerate(policy.subjects) if not subject.part_of]
    parts = []
    for back in range(decisions.missing.shape[0] - 1, -1, -1):
        lack = decisions.missing[back, :, row]
        year = decisions.year - back
        parts += [f"{year}{names[place]}{_hours(int(lack[place]))}" for place in range(len(names)) if lack[place] > 0]
        rest = int(lack[-1]) - sum(int(lack[place]) for place in whole)
        if rest > 0:
            parts.append(f"{year}{TOTAL_NAME}{_hours(rest)}")
    return ";".join(parts) or "无"


def clauses_text(decisions: Decisions, row: int) -> str:
    """Clauses (依据) as text.

    依据: the clauses of the window, the winning waiver, the amounts and the deemed subjects, joined by `;`.
    """
    policy, winner, required = decisions.policy, int(decisions.winner[row]), int(decisions.required[row])
    cited = [policy.windows[int(decisions.window[row])].clause]
    if winner == TOGETHER:
        held = int(decisions.together[row])
        cited += [waiver.clause for place, waiver in enumerate(policy.waivers) if held >> place & 1]
    elif winner != ORDINARY:
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
