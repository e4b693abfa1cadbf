"""Progress of programmes (进度): done against the target, the pace of the calendar, and what the year may come to.

What is done comes from approved papers and completions alone: each module of `core.submissions.programmes` says what
counts for programmes of its way. Reads only, and only what the asker may see.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Actor, OrganizationKind
from core.law import notices
from core.law.notices import Programme, Way
from core.models import Organization, Plan, ProgrammeLine, Report, State, Submission
from core.quotas import targets
from core.quotas.targets import Split, Targets
from core.submissions.programmes import classes, lines, merged, seminars, study

Done = Callable[[Programme, int], sa.Select[*tuple[Any, ...]]]
COUNTED: dict[Way, Done] = {
    Way.SEMINARS: seminars.done,
    Way.CLASSES: classes.done,
    Way.STUDY: study.done,
    Way.LINES: merged.done,
}
"""What counts for programmes of each way, as `core.submissions.programmes` describes it; of a way that is not here
nothing is kept yet, which is not the same as nothing done."""

LEAST_OF_LAST_YEAR, LEAST_MONTHS = 20, 4
"""So much must have been done last year, in so many months, for its course through the year to say anything."""
LEAST_REALISED = 5
"""So many of what was planned must be over for their outcome to say anything about the rest."""
SETTLED_AFTER = 45
"""Days after the last one of a training by which its report is filed and decided, or it did not take place."""
MOST_FORMER = 200
"""So many former lines, the latest, are asked what came of them."""
LUMPS = 12
"""So many lumps a year's work falls in: the fewer, the less its pace by a day says about its end."""
DRAWS, SEED = 2000, 20240101


@dataclass(frozen=True)
class Forecast:
    """What a year may come to (年底预测): of `DRAWS` possible years one in ten is below `least`, one above `most`."""

    least: int
    most: int
    likely: int
    """The middle one."""
    left: int = 0
    """So many approved lines are still to be carried out, or reported."""
    planned: int = 0
    """What these planned."""
    lapsed: int = 0
    """So many more are long overdue, without a report."""


@dataclass(frozen=True)
class Progress:
    """How far a programme has come by a day (进度), of the whole region or of the asker's own organization."""

    programme: Programme
    year: int
    on: date
    target: int | None
    target_at_most: int | None
    number: int
    """The version of the target in force (版次); 0: the notice's own number."""
    done: int | None
    """None: nothing is kept of this programme yet (尚无记录)."""
    visits: int | None
    """人次, where people are counted: one who came three times is one person and three visits."""
    share: float | None
    """Done of the target; of the lower end of a range."""
    expected: float | None
    """What would be done by the day, were it in pace with the calendar; None where there is no pace to go by."""
    expected_by: str
    """What that pace is: last year's, or even through the year."""
    forecast: Forecast | None
    sentence: str
    """All of it in one sentence, for people."""


def of_year(
    session: Session, actor: Actor, year: int, on: date, *, whose: str = "", known: date | None = None
) -> list[Progress]:
    """Progress of each programme of a year's notice by a day (各项目进度), in the notice's order.

    As of a day (截至) is as known at its end: what took place and was approved by then. `known`: what took place by the
    day, as known at the end of this later one, as figures of a period are filed.

    For those who oversee the region its target and all that counts; for others the own organization's share, and what
    was done by it and, of an authority, by those it is in charge of. `whose`: how the sentences call it.
    Refused codes: "role", "policy".
    """
    whose = whose or ("全区" if actor.oversees_region else "本单位")
    return [
        _progress(session, actor, each, year, on, known, whose) for each in targets.in_force_of(session, actor, year)
    ]


def by_office(session: Session, actor: Actor, found: Programme, year: int, on: date) -> pd.DataFrame:
    """Progress of a programme by a day, for each organization that has a line (各单位进度); see `targets.counts_for`.

    A row for each that was given a share or has done something; to others than the region only their own. Somebody whom
    two of them trained counts for both, and once in the region.
    Columns: office_id, office (name), kind (code of its `OrganizationKind`), target, done, visits (whole numbers or
    missing), share, expected (of the target by the day).
    Refused codes: "role", "policy", "fields".
    """
    standing = targets.in_force(session, actor, found.code, year)
    shares = dict(standing.split.shares)
    amounts = _by_office(session, actor, standing, on)
    pace, _ = _pace(session, found, year, on)
    organizations = sa.select(Organization).where(Organization.id.in_({*shares, *(amounts or {})}))
    rows = []
    for office in sorted(session.scalars(organizations), key=targets.place):
        target = shares.get(office.id)
        done, visits = (None, None) if amounts is None else amounts.get(office.id, (0, 0))
        share = None if done is None or not target else done / target
        expected = None if target is None or pace is None else target * pace
        rows.append((office.id, office.name, office.kind.value, target, done, visits, share, expected))
    frame = pd.DataFrame(rows, columns="office_id office kind target done visits share expected".split())
    whole = dict.fromkeys(("target", "done", "visits"), "Int64")
    return frame.astype(whole | dict.fromkeys(("share", "expected"), "float64"))


# --- what counts ------------------------------------------------------------------------------------------------------


def counted(found: Programme, year: int) -> sa.Subquery | None:
    """All that counts for a programme in a year (计入的记录), a row each; None where nothing is kept of its way.

    Columns: authority_id, organization_id, key (what is counted once), on, known, until, item: as
    `core.submissions.programmes` describes them.
    """
    asked = COUNTED.get(found.way) if found.way else None
    return asked(found, year).subquery() if asked else None


def _as_known(rows: sa.Subquery, on: date, known: date | None = None) -> sa.ColumnElement[bool]:
    """What counts as of a day (截至): it took place by then, and at the end of that day, or of `known`, it stood.

    So a later approval adds nothing to an earlier day, and a later reversal takes nothing from it.
    """
    seen_on = known or on
    stood = sa.or_(rows.c.until.is_(None), rows.c.until > seen_on)
    return sa.and_(rows.c.on <= on, rows.c.known <= seen_on, stood)


def once(found: Programme) -> bool:
    """Whether what is done is counted by its key (按人计), each once; else by its rows (按人次计)."""
    return bool(_setting(found) != "visits")


def _setting(found: Programme) -> Any:
    if found.way is not Way.LINES:
        return "people"
    holding = [each.policy for each in notices.filed() if each.policy and found in each.policy.programmes]
    return holding[0].setting("capability_count", "people") if holding else "people"


def _within(actor: Actor, rows: sa.Subquery) -> sa.ColumnElement[bool]:
    """What counts for the asker: all of the region, or what the own organization did or is in charge of."""
    if actor.oversees_region:
        return sa.true()
    return sa.or_(rows.c.organization_id == actor.organization_id, rows.c.authority_id == actor.organization_id)


def _amount(rows: sa.Subquery, found: Programme) -> sa.ColumnElement[int]:
    return sa.func.count(rows.c.key.distinct()) if once(found) else sa.func.count()


def _done(
    session: Session, actor: Actor, found: Programme, year: int, on: date, known: date | None = None
) -> tuple[int, int] | None:
    """How many are done by a day, and how many visits that were; None where nothing is kept."""
    rows = counted(found, year)
    if rows is None:
        return None
    query = sa.select(_amount(rows, found), sa.func.count()).select_from(rows)
    done, visits = session.execute(query.where(_as_known(rows, on, known), _within(actor, rows))).one()
    return done, visits


def _by_office(session: Session, actor: Actor, standing: Targets, on: date) -> dict[int, tuple[int, int]] | None:
    """The same for each organization with a line; what the others do counts for the authority in charge of them."""
    rows = counted(standing.programme, standing.year)
    if rows is None:
        return None
    if not actor.oversees_region:
        amounts = _done(session, actor, standing.programme, standing.year, on)
        return {actor.organization_id: amounts} if amounts and amounts[1] else {}
    own = targets.counts_for(session, standing.split.shares)
    office = sa.case((rows.c.organization_id.in_(own), rows.c.organization_id), else_=rows.c.authority_id)
    query = sa.select(office.label("office"), _amount(rows, standing.programme), sa.func.count()).select_from(rows)
    found = session.execute(query.where(_as_known(rows, on)).group_by(sa.literal_column("office")))
    return {office_id: (done, visits) for office_id, done, visits in found}


def items(
    session: Session, actor: Actor, found: Programme, year: int, on: date, known: date | None = None
) -> dict[int, int]:
    """What was counted for a programme by a day (计入的申报): by submission how many rows, of what the asker counts."""
    rows = counted(found, year)
    if rows is None:
        return {}
    query = sa.select(rows.c.item, sa.func.count()).where(_as_known(rows, on, known), _within(actor, rows))
    return dict(session.execute(query.group_by(rows.c.item)).all())


# --- the pace of the calendar -----------------------------------------------------------------------------------------


def _pace(session: Session, found: Programme, year: int, on: date) -> tuple[float | None, str]:
    """Which part of the year's target would be done by a day (序时进度), and by what that is measured.

    As much of it as was known by the same day of last year of all that was done then, in the whole region; where that
    was too little or all at once, evenly through the calendar. For a year of study people are selected all at once: for
    them last year's day is the pace, and None where there is no such year.
    """
    if on < date(year, 1, 1):
        return 0.0, "按全年日数平均"
    if on >= date(year, 12, 31):
        return 1.0, "到年底"
    at_once = found.way is Way.STUDY
    rows = counted(found, year - 1)
    if rows is not None:
        last = date(year - 1, on.month, min(on.day, calendar.monthrange(year - 1, on.month)[1]))
        known = sa.select(sa.func.min(rows.c.known).label("on")).where(_as_known(rows, on))
        first = known.group_by(rows.c.key).subquery()
        by_then = sa.func.coalesce(sa.func.sum(sa.case((first.c.on <= last, 1), else_=0)), 0)
        months = sa.func.count(sa.extract("month", first.c.on).distinct())
        then, whole, spread = session.execute(sa.select(by_then, sa.func.count(), months).select_from(first)).one()
        if whole >= LEAST_OF_LAST_YEAR and (at_once or spread >= LEAST_MONTHS):
            return then / whole, "按上年同期进度"
    if at_once:
        return None, "上年没有可比的入选"
    days = 366 if calendar.isleap(year) else 365
    return on.timetuple().tm_yday / days, "按全年日数平均"


# --- what the year may come to ----------------------------------------------------------------------------------------


def _forecast(
    session: Session, actor: Actor, found: Programme, year: int, on: date, amounts: tuple[int, int]
) -> Forecast | str:
    """What a year may come to by its last day (年底预测), by what is approved and not reported yet; or why none is.

    Method: the bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 13, percentile
    interval). Step 1: each approved line (项目任务) that is not carried out yet is held beside former lines that stood
    alike at the same distance from their day: with or without an approved plan, so many weeks before or after it. What
    these came to later, and how long after their day, is what this one may come to; what would be approved after the
    year's last day does not count. So a line that is long overdue counts at the rate at which overdue ones were carried
    out after all, which is often nought. Step 2: the former ones are drawn anew with replacement, since they are a few
    of many, and one of those drawn for each line, `DRAWS` times; what each draw adds to what is done is one possible
    year. Step 3: where people count once, what is added is taken down by the part of visits that brought somebody new
    so far. Step 4: the tenth, the middle and the ninetieth of a hundred. Step 5: early in a year that says little,
    since those over first were the surest; so the same is asked of the pace (`_by_pace`). The band spans both, the
    likely one is the mean of their middles (Bates and Granger, The Combination of Forecasts, 1969). The same draws
    whenever it is asked (`SEED`).

    "" for a year of study, whose places are given by quota in one selection, and after the year.
    """
    if found.way is Way.STUDY or on >= date(year, 12, 31):
        return ""
    tasks = _tasks(session, actor, found, year, on)
    done, visits = amounts
    fresh = done / visits if visits else 1.0
    today, day = on.toordinal(), np.where(np.isfinite(tasks.held), tasks.held, tasks.said)
    over = day + SETTLED_AFTER <= today
    rest = np.maximum(tasks.planned - tasks.realised, 0)
    still = (tasks.year == year) & (rest > 0) & ((tasks.realised == 0) | (tasks.held > today))
    left, lapsed = still & ~over, still & over
    if not left.any():
        return Forecast(done, done, done, lapsed=int(lapsed.sum()))
    former = np.flatnonzero(over & (tasks.planned > 0))
    if len(former) < LEAST_REALISED:
        return f"到期的任务不足{LEAST_REALISED}项，暂不预测年底"
    former = former[np.argsort(day[former], kind="stable")][-MOST_FORMER:]
    chance = np.random.default_rng(SEED)
    gains = [_by_tasks(chance, tasks, rest, still, former, today, date(year, 12, 31).toordinal()) * fresh]
    sizes = _sizes(session, actor, found, year, on)
    if len(sizes) >= LEAST_REALISED:
        gains.append(_by_pace(chance, sizes, _pace(session, found, year, on)[0] or 0.0) * fresh)
    bands = np.array([np.quantile(done + each, (0.1, 0.5, 0.9)) for each in gains])
    least, likely, most = (round(float(each)) for each in (bands[:, 0].min(), bands[:, 1].mean(), bands[:, 2].max()))
    return Forecast(least, most, likely, int(left.sum()), round(float(rest[left].sum())), int(lapsed.sum()))


@dataclass(frozen=True)
class _Tasks:
    """Approved lines as known on a day, a place of each array for a line; days by their number, inf for none."""

    year: NDArray[np.float64]
    planned: NDArray[np.float64]
    said: NDArray[np.float64]
    """The day by which it was to be over, as it was filed."""
    held: NDArray[np.float64]
    """The last day of its approved plans."""
    approved: NDArray[np.float64]
    """When the first of these was approved."""
    realised: NDArray[np.float64]
    came: NDArray[np.float64]
    """When the last of its reports was approved."""


def _by_tasks(
    chance: np.random.Generator,
    tasks: _Tasks,
    rest: NDArray[np.float64],
    still: NDArray[np.bool_],
    former: NDArray[np.intp],
    today: int,
    last: int,
) -> NDArray[np.float64]:
    """What lines that are `still` open may add by the `last` day of the year, `DRAWS` times (按任务推算)."""
    gain = np.zeros(DRAWS)
    outcome = tasks.realised[former] / tasks.planned[former]
    planned = np.isfinite(tasks.approved)
    for with_plan, of_line in ((True, tasks.held), (False, tasks.said)):
        weeks = np.floor((today - of_line) / 7) * 7
        dated = np.isfinite(of_line[former])
        own = np.where(dated, of_line[former], 0)
        lag = np.where(dated, tasks.came[former] - own, np.inf)
        for ahead in np.unique(weeks[still & (planned == with_plan)]):
            these = np.flatnonzero(still & (planned == with_plan) & (weeks == ahead))
            open_then = dated & (lag > ahead)
            has_plan = tasks.approved[former] <= own + ahead
            alike = np.flatnonzero(open_then & (has_plan == with_plan))
            if len(alike) < LEAST_REALISED and ahead < (SETTLED_AFTER if with_plan else 0):  # too few: all of them
                alike = np.flatnonzero(dated)
                alike = alike if len(alike) >= LEAST_REALISED else np.arange(len(former))
            if not len(alike):
                continue
            known = alike[chance.integers(len(alike), size=(DRAWS, len(alike)))]
            drawn = np.take_along_axis(known, chance.integers(len(alike), size=(DRAWS, len(these))), axis=1)
            # Known before the year is over, and not before today, whatever the one drawn was earlier with.
            in_time = np.maximum(of_line[these] + lag[drawn], today) <= last
            gain += np.where(in_time, rest[these] * outcome[drawn], 0).sum(axis=1)
    return gain


def _by_pace(chance: np.random.Generator, sizes: NDArray[np.float64], pace: float) -> NDArray[np.float64]:
    """What the rest of the year may add if it goes on as so far, `DRAWS` times (按进度推算).

    `sizes`: of each paper that was counted how many. Which part of the year's work a day is past (`pace`) is itself
    uncertain, as if that work were `LUMPS` lumps that each lie before or after it; so is how many papers come, and how
    large each is. Half a lump may always lie on either side: that last year's work was all done by this day, or none
    of it, makes nothing certain of this year's.
    """
    before = min(max(pace * LUMPS, 0.5), LUMPS - 0.5)
    past = chance.beta(before, LUMPS - before, DRAWS).clip(0.01, 1)
    papers = chance.poisson(chance.gamma(len(sizes), 1, DRAWS) * (1 - past) / past)
    amounts = papers * sizes.mean() + np.sqrt(papers) * sizes.std() * chance.standard_normal(DRAWS)
    return np.array(np.maximum(amounts, 0.0), np.float64)


def _sizes(session: Session, actor: Actor, found: Programme, year: int, on: date) -> NDArray[np.float64]:
    """Of each paper that was counted by a day how many it brought (计入的数), visits or wholes."""
    return np.array([*items(session, actor, found, year, on).values()], np.float64)


def _tasks(session: Session, actor: Actor, found: Programme, year: int, on: date) -> _Tasks:
    """Approved lines of a programme, this year's and last year's, with what came of each, as known on a day.

    A seminar is one whole; of classes each institute with an approved one; of other lines people count. A line whose
    days are words only (12月底前) is to be over by the last day they name; one that says none, halfway through what is
    left of its year.
    """
    until = db.day_begins(on + timedelta(days=1))
    rows = (_institutes if found.way is Way.CLASSES else _lines)(session, actor, found, year, until)
    columns = list(zip(*(_numbered(row, on) for row in rows), strict=True)) or [()] * 7
    return _Tasks(*(np.array(column, np.float64) for column in columns))


def _numbered(row: Any, on: date) -> tuple[float, ...]:
    """A line with its days as numbers."""
    of, planned, said, held, approved, realised, came = row
    if said is None:
        last = date(of, 12, 31)
        said = last if last <= on else on + (last - on) // 2
    moments = [np.inf if each is None else float(db.office_day(each).toordinal()) for each in (approved, came)]
    return of, planned, said.toordinal(), np.inf if held is None else held.toordinal(), moments[0], realised, moments[1]


def _lines(session: Session, actor: Actor, found: Programme, year: int, until: datetime) -> Iterator[tuple[Any, ...]]:
    filed = sa.orm.aliased(Submission, flat=True)
    plan, reported = sa.orm.aliased(Plan, flat=True), sa.orm.aliased(Report, flat=True)
    decided = sa.and_(reported.state == State.APPROVED, reported.decided_at < until)
    seminars = found.way is Way.SEMINARS
    people = (
        sa.func.max(sa.case((decided, 1), else_=0))
        if seminars
        else sa.func.sum(sa.case((decided, reported.people), else_=0))
    )
    query = (
        sa.select(
            ProgrammeLine.year,
            sa.literal(1) if seminars else sa.func.coalesce(ProgrammeLine.people, 0),
            ProgrammeLine.start_on,
            ProgrammeLine.end_on,
            ProgrammeLine.said,
            sa.func.max(plan.end_on),
            sa.type_coerce(sa.func.min(plan.decided_at), db.Moment),
            sa.func.coalesce(people, 0),
            sa.type_coerce(sa.func.max(sa.case((decided, reported.decided_at))), db.Moment),
        )
        .join(filed, filed.id == ProgrammeLine.submission_id)
        .outerjoin(
            plan,
            sa.and_(plan.line_id == ProgrammeLine.id, plan.state == State.APPROVED, plan.decided_at < until),
        )
        .outerjoin(reported, reported.plan_id == plan.id)
        .where(ProgrammeLine.programme == found.code, ProgrammeLine.year.in_((year, year - 1)))
        .where(filed.state == State.APPROVED, filed.decided_at < until)
        .group_by(ProgrammeLine.id)
        .order_by(ProgrammeLine.id)
    )
    if not actor.oversees_region:
        mine = actor.organization_id
        query = query.where(sa.or_(filed.organization_id == mine, filed.authority_id == mine))
    for of, planned, start_on, end_on, words, held, approved, realised, came in session.execute(query):
        yield of, planned, end_on or start_on or lines.named_by(words, of), held, approved, realised, came


def _institutes(
    session: Session, actor: Actor, found: Programme, year: int, until: datetime
) -> Iterator[tuple[Any, ...]]:
    """Institutes with an approved class: each is one, realised by its first approved report."""
    plan, report = sa.orm.aliased(Plan, flat=True), sa.orm.aliased(Report, flat=True)
    decided = sa.and_(report.state == State.APPROVED, report.decided_at < until)
    query = (
        sa.select(
            sa.extract("year", plan.end_on),
            sa.func.max(plan.end_on),
            sa.type_coerce(sa.func.min(plan.decided_at), db.Moment),
            sa.func.max(sa.case((decided, 1), else_=0)),
            sa.type_coerce(sa.func.min(sa.case((decided, report.decided_at))), db.Moment),
        )
        .join(Organization, Organization.id == plan.organization_id)
        .outerjoin(report, sa.and_(report.plan_id == plan.id, report.part == 1))
        .where(plan.programme == found.code, Organization.kind == OrganizationKind.INSTITUTE)
        .where(plan.state == State.APPROVED, plan.decided_at < until)
        .where(plan.end_on.between(date(year - 1, 1, 1), date(year, 12, 31)))
        .group_by(plan.organization_id, sa.extract("year", plan.end_on))
        .order_by(plan.organization_id, sa.extract("year", plan.end_on))
    )
    if not actor.oversees_region:
        mine = actor.organization_id
        query = query.where(sa.or_(plan.organization_id == mine, plan.authority_id == mine))
    for of, held, approved, realised, came in session.execute(query):
        yield int(of), 1, held, held, approved, realised, came


# --- in words ---------------------------------------------------------------------------------------------------------


def _progress(
    session: Session, actor: Actor, standing: Targets, year: int, on: date, known: date | None, whose: str
) -> Progress:
    found, split = standing.programme, standing.split
    amounts = _done(session, actor, found, year, on, known)
    pace, by = _pace(session, found, year, on)
    expected = None if split.target is None or pace is None else split.target * pace
    foretold = _forecast(session, actor, found, year, on, amounts) if amounts else ""
    done, visits = amounts or (None, None)
    people = found.way in (Way.LINES, Way.STUDY)
    said = sentence(found, split, amounts, expected, by, foretold, whose=whose)
    if found.way is Way.STUDY:
        said = said.removesuffix("。") + _studying(session, actor, found, year, on, done or 0) + "。"
    return Progress(
        found,
        year,
        on,
        split.target,
        split.most,
        standing.number,
        done,
        visits if people else None,
        done / split.target if done is not None and split.target else None,
        expected,
        by,
        foretold if isinstance(foretold, Forecast) else None,
        said,
    )


_DEEDS = {Way.CLASSES: "办班", Way.STUDY: "入选"}
"""What is counted of a programme by its way, where that is not what was completed."""


def sentence(
    found: Programme,
    split: Split,
    amounts: tuple[int, int] | None,
    expected: float | None,
    by: str,
    foretold: Forecast | str,
    *,
    whose: str,
) -> str:
    """How far a programme has come (进展), against its target, its pace and what the year may come to.

    `amounts`: done and visits; `by`: what the pace is measured by; `foretold`: what the year may come to, or why that
    is not said; `whose`: the region or office that it is of.
    """
    unit, deed = found.unit, _DEEDS.get(found.way, "完成") if found.way else "完成"
    target = "没有下达指标" if split.target is None else f"指标{targets.written(split, unit)}"
    if amounts is None:
        return f"{found.name}：{whose}尚无完成情况的记录，{target}。"
    done, visits = amounts
    said = f"{found.name}：{whose}已{deed}{done:,}{unit}"
    said += f"（{visits:,}人次）" if found.way is Way.LINES and visits != done else ""
    if split.target is None:
        parts = [f"{said}，{target}"]
    else:
        parts = [f"{said}，{_against(split, done, unit)}"]
        if done < split.target and expected and round(expected) and by != "到年底":
            parts.append(_paced(split, done, round(expected), f"{by}应已{deed}", unit))
    if isinstance(foretold, str):
        parts += [foretold] if foretold else []
    elif split.target is not None or foretold.most:
        parts.append(_foretold(foretold, done, unit))
    return "；".join(parts) + "。"


def _against(split: Split, done: int, unit: str) -> str:
    """Done against the target: a part of it, met, beyond it; of a range which end."""
    assert split.target is not None
    target = f"指标{targets.written(split, unit)}"
    most = split.target if split.most is None else split.most
    if done == 0:
        return target
    if done < split.target:
        if split.most is None:
            part = done / split.target
            return f"占{target}的{part:.1%}" if part >= 0.0005 else f"占{target}的不到0.1%"
        return f"{target}，还差{split.target - done:,}{unit}"
    if done > most:
        return f"比{target}多{done - most:,}{unit}"
    return f"已达到{target}" if most == split.target else f"在{target}之内"


def _paced(split: Split, done: int, expected: int, should: str, unit: str) -> str:
    """Done against the pace of the calendar; how far behind is not said again where it is what the target lacks."""
    behind = expected - done
    if not behind:
        return f"{should}{expected:,}{unit}，与之一致"
    if done and split.most is not None and expected == split.target:
        return f"{should}{expected:,}{unit}"
    return f"{should}{expected:,}{unit}，{'落后' if behind > 0 else '超前'}{abs(behind):,}{unit}"


def _studying(session: Session, actor: Actor, found: Programme, year: int, on: date, done: int) -> str:
    """Of a year of study who stands in the public notice; of the selected who is there, and who has completed it.

    And that nothing is foretold of it: places are given by quota, in one selection.
    """
    notice = study.announced(found, year, on).subquery()
    own = sa.true() if actor.oversees_region else notice.c.authority_id == actor.organization_id
    waiting = session.scalar(sa.select(sa.func.count()).select_from(notice).where(own))
    said = f"；公示中{waiting}{found.unit}" if waiting else ""
    said += _there(session, actor, found, year, on) if done else ""
    return said + ("" if on >= date(year, 12, 31) else "；按名额遴选，不预测")


def _there(session: Session, actor: Actor, found: Programme, year: int, on: date) -> str:
    rows = study.standing(found, year, on).subquery()
    mine = sa.true() if actor.oversees_region else rows.c.authority_id == actor.organization_id
    sums = sa.select(*(sa.func.coalesce(sa.func.sum(rows.c[name]), 0) for name in ("in_study", "completed")))
    there, completed = session.execute(sums.where(mine)).one()
    return f"；在培{there}人，结业{completed}人"


def _foretold(forecast: Forecast, done: int, unit: str) -> str:
    """What the year may come to, and why: what is approved and still to come."""
    lapsed = f"{forecast.lapsed}项任务逾期未办" if forecast.lapsed else ""
    if not forecast.left:
        return "，".join(filter(None, ("没有待实施的已批准任务", lapsed and f"另有{lapsed}")))
    planned = f"（计划{forecast.planned:,}{unit}）" if forecast.planned != forecast.left else ""
    left = f"还有{forecast.left}项任务待办{planned}" + (f"，另有{lapsed}" if lapsed else "")
    if forecast.least == forecast.most == done:
        return f"{left}，按到期任务的办成情况，年底前预计不再增加"
    band = f"（{forecast.least:,}至{forecast.most:,}{unit}）" if forecast.least != forecast.most else ""
    return f"{left}，按到期任务的办成情况和进度预计到年底{forecast.likely:,}{unit}{band}"
