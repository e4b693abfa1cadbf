"""What a policy requires of applicants and whether they have it: array operations over columns, one engine for all.

One person is a column of one, and the steps shown are these same columns. Years are counted back from the application
year: year 0 is the application year, year 1 the one before; a set of years is a bit mask in an unsigned integer.
Hours are whole hundredths. No table, no file and no screen is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from core.access import Labelled
from core.policy import EDUCATIONS, FACTS, LEVELS, ROUTES, TOTAL, Condition, Policy, Waiver, Window

Mask = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Hundredths = NDArray[np.int32]

NO, CONFIRMED, CLAIMED = 0, 1, 2
"""What is known of a claim: not made, evidence confirmed, evidence not confirmed yet."""

ORDINARY = -1
"""The winner where no waiver is better than the ordinary rule."""


class Outcome(Labelled):
    """结论."""

    ELIGIBLE = "eligible", "符合"
    NOT_ELIGIBLE = "not_eligible", "不符合"
    TO_VERIFY = "to_verify", "待核验"


OUTCOMES = tuple(Outcome)


@dataclass(frozen=True)
class Applicant:
    """One person's application, as facts. Dates give years; a claim is NO, CONFIRMED or CLAIMED."""

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
    """N applicants of one application year, as columns. Unknown numbers are -1."""

    year: int
    male: Flags
    born: NDArray[np.int32]
    """Date of birth as yyyymmdd."""
    route: NDArray[np.int8]
    level: NDArray[np.int8]
    education: NDArray[np.int8]
    claims: dict[str, NDArray[np.int8]]
    numbers: dict[str, NDArray[np.int16]]
    epidemic: Mask
    epidemic_claim: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.male)

    def take(self, rows: NDArray[np.intp] | Flags) -> Applicants:
        """Some of the applicants."""
        return Applicants(
            self.year,
            self.male[rows],
            self.born[rows],
            self.route[rows],
            self.level[rows],
            self.education[rows],
            {name: column[rows] for name, column in self.claims.items()},
            {name: column[rows] for name, column in self.numbers.items()},
            self.epidemic[rows],
            self.epidemic_claim[rows],
        )


CLAIMS = ("non_public", "front_line", "postdoc_funded", "stays_in_region")
NUMBERS = ("years_since_transfer", "years_in_post", "recognition_years")


def columns(applicants: Sequence[Applicant]) -> Applicants:
    """Applicants of one year as columns. ValueError where the years differ."""
    years = {each.year for each in applicants}
    if len(years) != 1:
        raise ValueError(f"applicants of one year expected, not {sorted(years)}")
    year = years.pop()

    def since(event_on: date | None) -> int:
        return -1 if event_on is None else year - event_on.year  # years start with the one after the event

    return Applicants(
        year,
        np.array([each.sex == "男" for each in applicants], bool),
        np.array(
            [each.born_on.year * 10000 + each.born_on.month * 100 + each.born_on.day for each in applicants], np.int32
        ),
        np.array([ROUTES.index(each.route) for each in applicants], np.int8),
        np.array([LEVELS.index(each.level) for each in applicants], np.int8),
        np.array([EDUCATIONS.index(each.education) if each.education else -1 for each in applicants], np.int8),
        {name: np.array([getattr(each, name) for each in applicants], np.int8) for name in CLAIMS},
        {
            "years_since_transfer": np.array([since(each.transferred_on) for each in applicants], np.int16),
            "years_in_post": np.array([since(each.in_post_since) for each in applicants], np.int16),
            "recognition_years": np.array(
                [-1 if each.recognition_years is None else each.recognition_years for each in applicants], np.int16
            ),
        },
        np.array([mask_of(year - each_year for each_year in each.epidemic_years) for each in applicants], np.uint64),
        np.array([each.epidemic for each in applicants], np.int8),
    )


def mask_of(back: Iterable[int]) -> int:
    """A set of years, each counted back from the application year, as a bit mask; outside 0 to 63 is dropped."""
    return sum(1 << years for years in {*back} if 0 <= years < 64)


def latest(count: NDArray[np.int16] | int) -> Mask:
    """The latest so many years, the application year first."""
    amount = np.clip(np.asarray(count, np.int64), 0, 63).astype(np.uint64)
    made: Mask = (np.uint64(1) << amount) - np.uint64(1)
    return made


# --- hours ----------------------------------------------------------------------------------------------------------


@dataclass
class Balances:
    """Hours by years back (K), subject (S) and applicant (N), and which subjects are deemed done."""

    hours: Hundredths
    deemed: Flags

    def take(self, rows: NDArray[np.intp] | Flags) -> Balances:
        return Balances(self.hours[:, :, rows], self.deemed[:, :, rows])


def subject_codes(policy: Policy) -> list[str]:
    """The subjects of a policy in the order of the S axis."""
    return [subject.code for subject in policy.subjects]


def counted(policy: Policy, by_source: Mapping[str, Hundredths], deemed: Flags | None = None) -> Balances:
    """Hours as they count: yearly caps by source applied, sub-subjects added to their whole.

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
        hours: dict[str, Decimal] = dict(policy.requirement.hours)
        for change in policy.requirement.changes:
            if year - back in change.years:
                hours |= change.hours
        for code, amount in hours.items():
            table[back, codes.index(code)] = int(amount * 100)
    return table


# --- the decision ---------------------------------------------------------------------------------------------------


@dataclass
class Options:
    """Each way to meet the requirement (the ordinary rule, then each waiver), for each applicant: O x N."""

    applies: Flags
    required: Mask
    any_one: NDArray[np.bool_]
    """By option: whether one of the required years is enough."""
    met: Flags
    gap: Hundredths
    """Hundredths missing in all."""


@dataclass
class Decisions:
    """What was decided, N entries a column; `options` are the steps that led there."""

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
    missing: Hundredths
    """K x (S + 1) x N hundredths: what the required years lack by subject and in total; nothing where 符合."""
    options: Options | None = field(default=None)


def decide(policy: Policy, applicants: Applicants, balances: Balances, *, steps: bool = False) -> Decisions:
    """Decide N applications of one year by one policy.

    `balances` reaches as far back as `depth` says. A claim not confirmed yet counts only for 待核验: met with it, not
    met without it. ValueError where a fact that the ordinary rule asks for is unknown, or no window fits.
    """
    confirmed = _decide(policy, applicants, balances, {CONFIRMED}, steps)
    claimed = np.zeros(len(applicants), bool)
    for column in (*applicants.claims.values(), np.where(applicants.epidemic > 0, applicants.epidemic_claim, 0)):
        claimed |= column == CLAIMED
    open_rows = np.flatnonzero(claimed & (confirmed.outcome != OUTCOMES.index(Outcome.ELIGIBLE)))
    if len(open_rows):
        hopeful = _decide(policy, applicants.take(open_rows), balances.take(open_rows), {CONFIRMED, CLAIMED}, steps)
        _adopt(confirmed, hopeful, open_rows)
    return confirmed


def _adopt(decisions: Decisions, hopeful: Decisions, rows: NDArray[np.intp]) -> None:
    """Where an unconfirmed claim would turn the decision, say 待核验 and show the way it would be met."""
    turned = hopeful.outcome == OUTCOMES.index(Outcome.ELIGIBLE)
    places = rows[turned]
    decisions.outcome[places] = OUTCOMES.index(Outcome.TO_VERIFY)
    for name in ("winner", "required", "any_one"):
        getattr(decisions, name)[places] = getattr(hopeful, name)[turned]
    decisions.missing[:, :, places] = 0
    if decisions.options and hopeful.options:
        for name in ("applies", "required", "met", "gap"):
            getattr(decisions.options, name)[:, places] = getattr(hopeful.options, name)[:, turned]


def depth(policy: Policy, applicants: Applicants) -> int:
    """How many years back the balances must reach for these applicants (K)."""
    window, base = _base(policy, applicants)
    del window
    most = int(base.max(initial=0))
    return max(most.bit_length(), int(policy.setting("waiver_window", 1)), 1)


def _decide(policy: Policy, applicants: Applicants, balances: Balances, counts: set[int], steps: bool) -> Decisions:
    window, base = _base(policy, applicants)
    lacking, complete = _yearly(policy, applicants.year, balances)
    count = len(applicants)
    ways = len(policy.waivers) + 1
    options = Options(
        np.zeros((ways, count), bool),
        np.zeros((ways, count), np.uint64),
        np.array([False, *(waiver.effect == "any_one_year" for waiver in policy.waivers)]),
        np.zeros((ways, count), bool),
        np.zeros((ways, count), np.int32),
    )
    best = np.zeros(count, np.int64)
    rank = np.full(count, np.iinfo(np.int64).max, np.int64)
    for way in range(ways):
        if way == 0:
            options.applies[0], options.required[0] = True, base
        else:
            waiver = policy.waivers[way - 1]
            options.applies[way] = _applies(policy, waiver, applicants, counts)
            if not options.applies[way].any():
                continue
            options.required[way] = _required(policy, waiver, base, applicants)
        years = options.required[way]
        gap, met = _gap(policy, lacking, complete, years, balances, applicants.year, bool(options.any_one[way]))
        options.gap[way], options.met[way] = gap, met
        asked = np.where(options.any_one[way], np.minimum(_bits(years), 1), _bits(years))
        order = np.where(met, 0, gap.astype(np.int64) + 1) * 64 + asked
        better = options.applies[way] & (order < rank)
        best[better] = way
        rank[better] = order[better]
    rows = np.arange(count)
    met = options.met[best, rows]
    required, any_one = options.required[best, rows], options.any_one[best]
    missing = _missing(lacking, required, any_one, met)
    return Decisions(
        policy,
        applicants.year,
        np.where(met, OUTCOMES.index(Outcome.ELIGIBLE), OUTCOMES.index(Outcome.NOT_ELIGIBLE)).astype(np.int8),
        (best - 1).astype(np.int8),
        window,
        required,
        any_one,
        complete,
        missing,
        options if steps else None,
    )


def _base(policy: Policy, applicants: Applicants) -> tuple[NDArray[np.int8], Mask]:
    """The window of each applicant, the most specific that fits, and the years it asks for."""
    count = len(applicants)
    chosen = np.full(count, -1, np.int8)
    specific = np.full(count, -1, np.int8)
    years = np.zeros(count, np.uint64)
    for place, window in enumerate(policy.windows):
        fits = _fits(window, applicants) & (specific < bool(window.level) + bool(window.education))
        if not fits.any():
            continue
        if window.years_from:
            amount = applicants.numbers[window.years_from]
            if (amount[fits] < 0).any():
                raise ValueError(f"{window.years_from} is unknown where window {place} asks for it")
            asked = latest(amount)
        else:
            asked = np.broadcast_to(latest(window.years or 0), (count,))
        if not (window.include_application_year and policy.setting("include_application_year", True)):
            asked = asked << np.uint64(1)
        chosen[fits], years[fits] = place, asked[fits]
        specific[fits] = bool(window.level) + bool(window.education)
    if (chosen < 0).any():
        raise ValueError("no window fits an applicant's route, level and education")
    return chosen, years


def _fits(window: Window, applicants: Applicants) -> Flags:
    fits: Flags = applicants.route == ROUTES.index(window.route)
    if window.level:
        fits = fits & _among(applicants.level, [LEVELS.index(level) for level in window.level])
    if window.education:
        fits = fits & _among(applicants.education, [EDUCATIONS.index(each) for each in window.education])
    return fits


def _applies(policy: Policy, waiver: Waiver, applicants: Applicants, counts: set[int]) -> Flags:
    holds: Flags = np.ones(len(applicants), bool)
    if waiver.application_years and applicants.year not in waiver.application_years:
        return ~holds
    if waiver.routes:
        holds &= _among(applicants.route, [ROUTES.index(route) for route in waiver.routes])
    if waiver.levels:
        holds &= _among(applicants.level, [LEVELS.index(level) for level in waiver.levels])
    for condition in waiver.when:
        holds &= _holds(policy, condition, applicants, counts)
    return holds


def _among(column: NDArray[np.int8], members: Iterable[int]) -> Flags:
    """Which entries of a column of small codes are among these; -1 is in nothing."""
    table = np.zeros(16, bool)
    table[list(members)] = True
    found: Flags = table[column]
    return found


def _holds(policy: Policy, condition: Condition, applicants: Applicants, counts: set[int]) -> Flags:
    fact, wanted = condition.fact, condition.is_ in (True, "true")
    held: Flags
    if fact == "sex":
        held = applicants.male == (condition.is_ == "男")
    elif fact == "epidemic_years":
        held = ((applicants.epidemic > 0) & _among(applicants.epidemic_claim, counts)) == wanted
    elif fact in applicants.claims:
        held = _among(applicants.claims[fact], counts) == wanted
    else:
        number = _age(policy, applicants) if fact == "age" else applicants.numbers[fact]
        most = condition.at_most if condition.at_most is not None else np.iinfo(np.int16).max
        held = (number >= max(condition.at_least or 0, 0)) & (number <= most)
    return held


def _age(policy: Policy, applicants: Applicants) -> NDArray[np.int16]:
    """Full years on the policy's day of the application year."""
    month, day = map(int, str(policy.setting("age_on", "12-31")).split("-"))
    today = applicants.year * 10000 + month * 100 + day
    return ((today - applicants.born) // 10000).astype(np.int16)


def _required(policy: Policy, waiver: Waiver, base: Mask, applicants: Applicants) -> Mask:
    """The years that remain when a waiver applies."""
    if waiver.effect == "none_required":
        return np.zeros(len(applicants), np.uint64)
    if waiver.effect == "any_one_year":
        return np.full(len(applicants), latest(int(policy.setting("waiver_window", 3))), np.uint64)
    if waiver.effect == "without_years":
        return base & ~applicants.epidemic
    most = waiver.at_most if waiver.at_most is not None else 63
    return base & latest(np.minimum(applicants.numbers[waiver.fact or ""], most))


def _yearly(policy: Policy, year: int, balances: Balances) -> tuple[Hundredths, Mask]:
    """What each year lacks by subject and in total (K x (S + 1) x N), and which years lack nothing.

    A deemed subject counts as done, also for the total.
    """
    depth_, subjects, count = balances.hours.shape
    amounts = _amounts(policy, year, depth_)
    whole = [place for place, subject in enumerate(policy.subjects) if not subject.part_of]
    lacking = np.empty((depth_, subjects + 1, count), np.int32)
    complete = np.zeros(count, np.uint64)
    for back in range(depth_):
        total = np.zeros(count, np.int32)
        for place in range(subjects):
            hours = balances.hours[back, place]
            if balances.deemed[back, place].any():
                hours = np.where(balances.deemed[back, place], np.maximum(hours, amounts[back, place]), hours)
            np.subtract(amounts[back, place], hours, out=lacking[back, place])
            if place in whole:
                total += hours
        np.subtract(amounts[back, subjects], total, out=lacking[back, subjects])
        complete |= np.where((lacking[back] <= 0).all(axis=0), np.uint64(1 << back), np.uint64(0))
    return lacking, complete


def _gap(
    policy: Policy,
    lacking: Hundredths,
    complete: Mask,
    years: Mask,
    balances: Balances,
    year: int,
    any_one: bool,
) -> tuple[Hundredths, Flags]:
    """Hundredths missing under an option, and whether it is met."""
    depth_ = lacking.shape[0]
    if policy.requirement.combine == "each_year":
        if any_one:
            met = (years & complete) != 0
            gap = np.full(len(years), np.iinfo(np.int32).max, np.int32)
            for back in range(depth_):
                here = _short(lacking[back])
                asked = (years >> np.uint64(back)) & np.uint64(1) == 1
                gap = np.where(asked, np.minimum(gap, here), gap)
            return np.where(met, 0, gap), met
        met = (years & ~complete) == 0
        gap = np.zeros(len(years), np.int32)
        if not met.all():
            for back in range(depth_):
                asked = (years >> np.uint64(back)) & np.uint64(1) == 1
                gap += np.where(asked, _short(lacking[back]), 0)
        return gap, met
    short = np.maximum(_combined(policy, lacking, years, year), 0)
    gap = _short(short)
    return gap, (short <= 0).all(axis=0) | (years == 0)


def _combined(policy: Policy, lacking: Hundredths, years: Mask, year: int) -> Hundredths:
    """What a sum or an average over the required years lacks, by subject and in total ((S + 1) x N)."""
    depth_, width, count = lacking.shape
    amounts = _amounts(policy, year, depth_)
    together = np.zeros((width, count), np.int32)
    for back in range(depth_):
        asked = (years >> np.uint64(back)) & np.uint64(1) == 1
        # what is lacking of a year is its amount less its hours: sums of both are sums of this
        here = lacking[back] if policy.requirement.combine == "average" else lacking[back] - amounts[back][:, None]
        together += np.where(asked, here, 0)
    if policy.requirement.combine == "sum":
        together += np.where(years != 0, amounts[0][:, None], 0)
    return together


def _short(lacking: Hundredths) -> Hundredths:
    """Hundredths to study in one year: what the subjects lack, or the total where it lacks more."""
    subjects = np.maximum(lacking[:-1], 0).sum(axis=0, dtype=np.int32)
    short: Hundredths = np.maximum(subjects, lacking[-1])
    return np.maximum(short, 0)


def _missing(lacking: Hundredths, required: Mask, any_one: Flags, met: Flags) -> Hundredths:
    """What the required years lack; of any one year, the year that lacks least, the later one first."""
    depth_ = lacking.shape[0]
    missing = np.maximum(lacking, 0)
    for back in range(depth_):
        missing[back] *= ((required >> np.uint64(back)) & np.uint64(1) == 1) & ~met
    some = np.flatnonzero(any_one & ~met)
    if len(some):
        short = np.stack([_short(lacking[back][:, some]) for back in range(depth_)])
        asked = np.stack([(required[some] >> np.uint64(back)) & np.uint64(1) == 1 for back in range(depth_)])
        nearest = np.where(asked, short, np.iinfo(np.int32).max).argmin(axis=0)
        for back in range(depth_):
            missing[back][:, some] *= nearest == back
    return missing


def _bits(years: Mask) -> NDArray[np.int64]:
    return np.bitwise_count(years).astype(np.int64)


# --- in words -------------------------------------------------------------------------------------------------------


def years_text(decisions: Decisions, row: int) -> str:
    """需完成年度: `2022;2023;2024`, `2022|2023|2024任一` or `无`."""
    years = [decisions.year - back for back in range(63, -1, -1) if int(decisions.required[row]) >> back & 1]
    if not years:
        return "无"
    return "|".join(map(str, years)) + "任一" if decisions.any_one[row] else ";".join(map(str, years))


def gap_text(decisions: Decisions, row: int) -> str:
    """缺口: `2023公需10;2024专业5` or `无`; 累计 only where the subjects do not explain it."""
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
    """依据: the clauses of the window, of the winning waiver and of the amounts, joined by `;`."""
    policy, winner = decisions.policy, int(decisions.winner[row])
    cited = [policy.windows[int(decisions.window[row])].clause]
    if winner != ORDINARY:
        cited.append(policy.waivers[winner].clause)
    if decisions.required[row]:
        cited.append(policy.requirement.clause)
    return ";".join(dict.fromkeys(cited))


def _hours(amount: int) -> str:
    return f"{Decimal(amount) / 100:f}".rstrip("0").rstrip(".") if amount % 100 else str(amount // 100)


assert set(FACTS) == {"sex", "age", "epidemic_years", *CLAIMS, *NUMBERS}
