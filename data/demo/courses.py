"""The trainings of a demonstration year, each as it is going to go: what it is, and who does what on which day.

Pure: days from today in, courses out. What lies after today simply has not happened yet, which gives every state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from core.ground.access import Labelled, OrganizationKind
from core.law import notices
from core.law.notices import Subject
from core.models import Mode
from core.submissions.plans import PlanFields
from data.demo.words import EVERYBODY, REGION, scenes, words

FIRST_DAY, LAST_DAY = -350, 88
"""Between which days from today trainings begin."""
LONG_AGO, _FEWER = -600, 3
"""Those of the year before begin between the first of these days, or its January, and `FIRST_DAY`, one for so many of a
year's."""
_FULLER = 3
"""So many times as large are those of the year before: fewer papers, and nearly as many people."""
_SOUGHT = {Subject.PUBLIC: 27, Subject.PROFESSIONAL: 72}
"""Hours that givers reckon with for each person of their authority in a year."""


class Deed(Labelled):
    """What may happen to a plan and then to its report."""

    DRAFT = "draft", "填写"
    EXTEND = "extend", "准予延期"
    REVISE = "revise", "修改"
    SUBMIT = "submit", "提交"
    WITHDRAW = "withdraw", "撤回"
    APPROVE = "approve", "通过"
    RETURN = "return", "退回"
    REJECT = "reject", "不予通过"
    REPORT = "report", "报送"


@dataclass(frozen=True)
class Step:
    """One deed, so many days from today, with its reason where it has one. From REPORT on, steps are the report's."""

    day: int
    deed: Deed
    reason: str = ""


@dataclass(frozen=True)
class Giver:
    """Who trains: an organization, what it is good at, how many people of each sector its authority has."""

    name: str
    kind: OrganizationKind
    authority: str
    sector: str | None
    yearly: int
    people: Mapping[str, int]


@dataclass(frozen=True)
class _Sketch:
    """A training before its seats are reckoned out. `start` is in days from today; None is left to be chosen."""

    giver: Giver
    start: int
    days: int
    hours: int
    steps: tuple[Step, ...]
    sector: str | None = None
    title: str | None = None
    headcount: int | None = None
    flaws: int = 0
    makeup: int = 0
    """How many credit years back it is made up for (补学)."""

    @property
    def public(self) -> bool:
        return self.giver.kind in (OrganizationKind.EXAM_AUTHORITY, OrganizationKind.LEAGUE_HR)


_Wanted = dict[tuple[str, int, Subject], dict[str, float]]
"""Hours still to be given, by authority, year, subject and sector: so that nobody is forgotten."""


@dataclass(frozen=True)
class Course:
    """A training from its plan to its report. `flaws` rows of its first roster are wrong."""

    giver: Giver
    sector: str
    fields: PlanFields
    steps: tuple[Step, ...]
    flaws: int = 0


def year_of_courses(rng: Random, givers: Sequence[Giver], *, today: date) -> list[Course]:
    """A year of trainings before today and three months after it, with the scenes, in the order in which they begin."""
    by_name = {giver.name: giver for giver in givers}
    sketches = [_scene(by_name[scene["by"]], scene) for scene in scenes()]
    for giver in givers:
        span = (LAST_DAY - FIRST_DAY) / max(giver.yearly, 1)
        starts = [FIRST_DAY + int((number + rng.random()) * span) for number in range(giver.yearly)]
        sketches += [_ordinary(rng, giver, start, today) for start in starts]
    return _filled_in(rng, sketches, today)


def year_before(rng: Random, givers: Sequence[Giver], *, today: date) -> list[Course]:
    """Fewer but larger trainings of the year before, to hold this year against (上年同期); all are over and done."""
    first = min(LONG_AGO, (date(today.year - 1, 1, 1) - today).days)
    found = (
        _ordinary(rng, giver, rng.randrange(first, FIRST_DAY), today)
        for giver in givers
        for _ in range(max(round(giver.yearly / _FEWER), min(giver.yearly, 1)))
    )
    done = [sketch for sketch in found if sketch.steps[-1].deed is Deed.APPROVE]
    return _filled_in(rng, done, today, fuller=_FULLER)


def _filled_in(rng: Random, sketches: Iterable[_Sketch], today: date, *, fuller: int = 1) -> list[Course]:
    """Trainings of sketches, in the order in which they begin, from the first year that a notice covers."""
    in_order = sorted((_off_new_year(sketch, today) for sketch in sketches), key=lambda sketch: sketch.start)
    first_year = notices.policies()[0].first_year
    wanted: _Wanted = {}
    courses = [_course(rng, sketch, wanted, today, fuller=fuller) for sketch in in_order]
    return _numbered([course for course in courses if course.fields.start_on.year >= first_year])


def arranged(giver: Giver, scene: Mapping[str, Any], *, today: date) -> Course:
    """A training of a scene by itself, with dice of its own, so that no other turns out differently."""
    sketch = _off_new_year(_scene(giver, scene), today)
    course = _course(Random(str(scene)), sketch, {}, today)  # noqa: S311  repeatable on purpose
    title = f"{course.fields.start_on.year}年{course.fields.title}"
    return replace(course, fields=replace(course.fields, title=title))


def _numbered(courses: Sequence[Course]) -> list[Course]:
    """With the year and the number of the issue (第几期) in the title."""
    seen: Counter[tuple[str, str, int]] = Counter()
    numbered = []
    for course in courses:
        fields = course.fields
        issue = (course.giver.name, fields.title, fields.start_on.year)
        seen[issue] += 1
        title = f"{fields.start_on.year}年{fields.title}（第{seen[issue]}期）"
        numbered.append(replace(course, fields=replace(fields, title=title)))
    return numbered


def _scene(giver: Giver, scene: Mapping[str, Any]) -> _Sketch:
    left_out = {name: scene[name] for name in ("sector", "title", "headcount", "flaws", "makeup") if name in scene}
    steps = tuple(Step(day, Deed(deed), *reason) for day, deed, *reason in scene["steps"])
    return _Sketch(giver, scene["start"], scene["days"], scene["hours"], steps, **left_out)


def _ordinary(rng: Random, giver: Giver, start: int, today: date) -> _Sketch:
    """A training nobody arranged: most go well, some do not."""
    start = weekday(start, today, forward=True)
    days, hours = rng.choices(((3, 24), (4, 32), (5, 40), (8, 60), (10, 60)), (3, 3, 4, 5, 3))[0]
    sketch = _Sketch(giver, start, days, hours, (), flaws=rng.choice((1, 2)) if rng.random() < 0.1 else 0)
    if sketch.public:
        sketch = replace(sketch, days=30, hours=30)
    steps = [*_plan_steps(rng, start, today)]
    if steps[-1].deed is Deed.APPROVE:
        steps += _report_steps(rng, start + sketch.days - 1, today)
    return replace(sketch, steps=tuple(steps))


def _off_new_year(sketch: _Sketch, today: date) -> _Sketch:
    """Moved so that it lies in one year: what is to come later, what has begun earlier, and its steps with it."""
    start_on = today + timedelta(days=sketch.start)
    end_on = start_on + timedelta(days=sketch.days - 1)
    if start_on.year == end_on.year:
        return sketch
    new_year = date(end_on.year, 1, 1)
    if sketch.start > 0:
        return replace(sketch, start=sketch.start + (new_year - start_on).days)
    earlier = (end_on - new_year).days + 1
    steps = tuple(replace(step, day=step.day - earlier) for step in sketch.steps)
    return replace(sketch, start=sketch.start - earlier, steps=steps)


def _plan_steps(rng: Random, start: int, today: date) -> Iterator[Step]:
    reasons = words()["reasons"]
    luck = rng.random()
    filed = weekday(start - rng.choice((25, 28, 30, 33, 36, 40, 45, 60, 85)), today)
    decided = weekday(filed + rng.randint(1, 6), today, forward=True)
    yield Step(weekday(filed - rng.randint(0, 3), today), Deed.DRAFT)
    yield Step(filed, Deed.SUBMIT)
    if luck < 0.03:
        yield Step(decided, Deed.WITHDRAW, rng.choice(reasons["plan_withdrawn"]))
    elif luck < 0.07:
        yield Step(decided, Deed.REJECT, rng.choice(reasons["plan_rejected"]))
    elif luck < 0.17:
        yield Step(decided, Deed.RETURN, rng.choice(reasons["plan_returned"]))
        if luck > 0.09:
            yield Step(decided + 1, Deed.REVISE)
            yield Step(decided + 1, Deed.SUBMIT)
            yield Step(weekday(decided + 3, today, forward=True), Deed.APPROVE)
    else:
        yield Step(decided, Deed.APPROVE)


def _report_steps(rng: Random, end: int, today: date) -> Iterator[Step]:
    reasons = words()["reasons"]
    luck = rng.random()
    late = rng.random() < 0.07
    filed = weekday(end + (rng.randint(17, 28) if late else rng.randint(2, 11)), today, forward=True)
    decided = weekday(filed + rng.randint(1, 6), today, forward=True)
    yield Step(filed, Deed.REPORT)
    yield Step(filed, Deed.SUBMIT, rng.choice(reasons["late"]) if late else "")
    if luck < 0.02:
        yield Step(decided, Deed.REJECT, rng.choice(reasons["report_rejected"]))
    elif luck < 0.14:
        returned = luck > 0.05
        reason = rng.choice(reasons["report_returned" if returned else "report_withdrawn"])
        yield Step(decided, Deed.RETURN if returned else Deed.WITHDRAW, reason)
        yield Step(decided + 1, Deed.REVISE)
        yield Step(decided + 1, Deed.SUBMIT)
        yield Step(weekday(decided + 3, today, forward=True), Deed.APPROVE)
    else:
        yield Step(decided, Deed.APPROVE)


def weekday(day: int, today: date, *, forward: bool = False) -> int:
    """The day itself, or on a weekend the Friday before, or the Monday after."""
    at = (today + timedelta(days=day)).weekday()
    if at < 5:
        return day
    return day + 7 - at if forward else day + 4 - at


def _course(rng: Random, sketch: _Sketch, wanted: _Wanted, today: date, *, fuller: int = 1) -> Course:
    """Fill in what was left open: for whom, about what, where, for how many."""
    giver, lists = sketch.giver, words()
    start_on = today + timedelta(days=sketch.start)
    subject = Subject.PUBLIC if sketch.public else Subject.PROFESSIONAL
    lacking = wanted.setdefault(
        (giver.authority, start_on.year, subject),
        {sector: people * _SOUGHT[subject] for sector, people in giver.people.items()},
    )
    sector = EVERYBODY if sketch.public else sketch.sector or giver.sector
    if sector is None or (sector != EVERYBODY and sector not in lacking):
        sector = EVERYBODY if rng.random() < 0.4 else max(lacking, key=lambda sector: lacking[sector])
    meant = list(lacking) if sector == EVERYBODY else [sector]
    there = sum(giver.people[each] for each in meant)
    useful = sum(max(lacking[each], 0) for each in meant) / sketch.hours
    seats = (
        rng.uniform(0.65, 0.85) * there
        if sketch.public
        else min(rng.uniform(0.5, 0.8) * there, fuller * rng.uniform(60, 150))
    )
    headcount = sketch.headcount or -int(-max(min(seats, useful), 15) // 5) * 5
    if any(step.deed is Deed.REPORT for step in sketch.steps):
        for each in meant:
            lacking[each] -= headcount * sketch.hours * giver.people[each] / there
    topic = rng.choice(lists["topics"]["public" if sketch.public else sector])
    city = "呼和浩特市" if giver.authority == REGION else giver.authority
    fields = PlanFields(
        title=sketch.title or topic["title"],
        subject=subject,
        start_on=start_on,
        end_on=start_on + timedelta(days=sketch.days - 1),
        place=lists["online_venue"] if sketch.public else f"{city}{rng.choice(lists['venues'])}",
        mode=Mode.ONLINE if sketch.public else Mode.BLENDED if sketch.days >= 10 else Mode.CLASSROOM,
        content=topic["content"],
        teachers=rng.choice(lists["teachers"]),
        audience=lists["audiences"][sector],
        headcount=headcount,
        hours_each=Decimal(sketch.hours),
        credit_years=tuple(start_on.year - back for back in range(sketch.makeup, 0, -1)),
    )
    return Course(giver, sector, fields, sketch.steps, sketch.flaws)
