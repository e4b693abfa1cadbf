"""The programmes (专项项目) of the demonstration year: targets, plan tables, seminars, classes, nominations.

Each is a life as of a training: it names a moment, and does its deed when asked for the next one. Whose and when stands
in programmes.yaml; every deed goes through the service function that a person in that office would use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import sqlalchemy as sa

from core.ground import db
from core.ground.access import AUTHORITIES, Actor
from core.models import ClassLevel, Nomination, Organization, Plan, ProgrammeLine, SeminarLevel, Submission
from core.people import titles
from core.quotas import splitting, targets
from core.submissions import workflow
from core.submissions.plans import PlanFields
from core.submissions.programmes import (
    capability,
    classes,
    lines,
    occupations,
    placements,
    publicity,
    selection,
    seminars,
    study,
    summaries,
)
from core.submissions.programmes.occupations import ClassFields
from core.submissions.workflow import Action
from core.tables import sheets
from core.trail.files import Upload
from data.demo.cast import PROGRAMMES_BEFORE, Office, moment
from data.demo.courses import Course, Deed, Giver, arranged, weekday
from data.demo.people import Learner
from data.demo.words import REGION, programmes, short, words

_SETTLED = 6
"""Days after its filing by which a table is decided, so that the trainings drafted from then on may carry it out."""


def employers() -> list[str]:
    """Employers (推荐单位) whose clerks nominate or object in the demonstration."""
    cohorts = [*programmes()["study"], *programmes()["former"]["study"]]
    named = [person["employer"] for each in cohorts for person in each["people"]]
    return list(dict.fromkeys(named))


def lives(office: Office, courses: Sequence[Course]) -> Iterator[Iterator[datetime]]:
    """What happens in the programmes this year and, as far as the office was open then, the last."""
    told, today = programmes(), db.office_day(office.now)
    former = told["former"]
    begun = {(cohort["programme"], _year_of(cohort, today)) for cohort in told["study"]}  # in January also last year's
    for year in (today.year - 1, today.year):
        over = year < today.year
        for target in told["targets"]:
            code = target["programme"]
            differs = former["targets"].get(code, {}) if over and (code, year) not in begun else {}
            if _since_opening(office, _day(target["day"], year)):
                yield _target(office, target | differs, year)
        for table in told["tables"]["filed"]:
            if _since_opening(office, _day(table["day"], year)):
                yield _table(office, table | former["tables"] if over else table, year, courses)
        for each in former["summaries"] if over else told["summaries"]:
            if _since_opening(office, _day(each["day"], year)):
                yield _summary(office, each, year)
    for cohort in told["study"]:  # who is nominated this year is chosen first
        yield _cohort(office, cohort)
    for cohort in (_of_former_year(each, today) for each in former["study"]):
        if (cohort["programme"], _year_of(cohort, today)) not in begun:
            yield _cohort(office, cohort)


def _of_former_year(told: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Convert dates written as `MM-DD` (last year's) or with a year into day offsets from today, nested lists too."""

    def told_in_days(value: Any) -> Any:
        if isinstance(value, list):
            return [told_in_days(each) for each in value]
        if isinstance(value, Mapping):
            return _of_former_year(value, today)
        if isinstance(value, str) and (found := re.fullmatch(r"(\d\d-\d\d)( next)?", value)):
            return (_day(found[1], today.year - 1 + bool(found[2])) - today).days
        return value

    return {name: told_in_days(value) for name, value in told.items()}


def carrying(office: Office, course: Course) -> PlanFields:
    """A training's plan, with the approved line (项目任务) it carries out where its authority's table has it."""
    return replace(course.fields, **office.tasks.get((course.giver.name, course.fields.title), {}))


# --- who, and when ----------------------------------------------------------------------------------------------------


def _day(of_year: str, year: int) -> date:
    return date.fromisoformat(f"{year}-{of_year}")


def _year_of(cohort: Mapping[str, Any], today: date) -> int:
    return (today + timedelta(days=cohort["year_of"])).year


def _since_opening(office: Office, day: date) -> bool:
    return day > db.office_day(office.now - PROGRAMMES_BEFORE) + timedelta(days=1)


@dataclass
class _Clock:
    """The moments of one life, each later than the one before, with dice of its own."""

    office: Office
    rng: Random
    at: datetime

    def on(self, day: date | int) -> datetime:
        """A moment in working hours of a day, or so many days from today; on a weekend the Monday after."""
        today = db.office_day(self.office.now)
        ahead = (day - today).days if isinstance(day, date) else day
        if ahead < 0:
            ahead = min(weekday(ahead, today, forward=True), -1)
        self.at = moment(self.office, ahead, after=self.at, rng=self.rng)
        return self.at


def _clock(office: Office, seed: object) -> _Clock:
    return _Clock(office, Random(str(seed)), office.opened_at)  # noqa: S311  repeatable on purpose


def _home(office: Office, name: str) -> Organization:
    """An organization by its name; an authority also as the word lists call it."""
    full = (name, f"{name}人力资源和社会保障局", f"内蒙古{name}人力资源和社会保障厅")
    return office.session.scalars(sa.select(Organization).where(Organization.name.in_(full))).one()


def _region(office: Office) -> Actor:
    return office.reviewers[REGION][0]


def _moved(
    office: Office, submission: Submission, action: Action, actor: Actor, now: datetime, reason: str = ""
) -> None:
    office.session.flush()
    act: dict[str, Any] = {"version": submission.version, "actor": actor, "reason": reason, "now": now}
    workflow.move(office.session, submission.id, action, **act)


# --- targets ----------------------------------------------------------------------------------------------------------


def _target(office: Office, told: Mapping[str, Any], year: int) -> Iterator[datetime]:
    """The region publishes a programme's target with its split, and adjusts it later in the year."""
    clock, code, session = _clock(office, (told["programme"], year)), told["programme"], office.session
    now = clock.on(_day(told["day"], year))
    yield now
    by_people = sum(map(len, office.learners.values()))
    whole = targets.of_notice(targets.programme(code, year))
    if "target" in told:
        whole = targets.Split(told["target"])
    if part := told.get("of_people"):
        whole = targets.Split(round(by_people * part / 10) * 10)
    shares = {_home(office, name).id: share for name, share in told.get("besides", {}).items()}
    if told["split"] == "people":
        weights = {
            home.id: len(office.learners.get(short(home.name), ()))
            for home in targets.offices(session, targets.programme(code, year)).values()
            if home.kind in AUTHORITIES and (not shares or short(home.name) != REGION)
        }
        shares |= splitting.apportioned((whole.target or 0) - sum(shares.values()), weights)
    else:
        shares = {_home(office, name).id: share for name, share in told["split"].items()}
    act: dict[str, Any] = {"actor": _region(office)}
    split = replace(whole, shares={each: share for each, share in shares.items() if share})
    targets.publish(session, code, year, split, version=0, reason=told["reason"], now=now, **act)
    if then := told.get("then"):
        now = clock.on(_day(then["day"], year))
        yield now
        more = Counter({_home(office, name).id: amount for name, amount in then["more"].items()})
        split = replace(
            split,
            target=(split.target or 0) + more.total(),
            shares={each: share + more[each] for each, share in split.shares.items()},
        )
        version = targets.draft(session, _region(office), code, year).version
        targets.publish(session, code, year, split, version=version, reason=then["reason"], now=now, **act)


# --- plan tables and their summaries ----------------------------------------------------------------------------------


def _table(office: Office, told: Mapping[str, Any], year: int, courses: Sequence[Course]) -> Iterator[datetime]:
    """An office files its 附件2 from a file, the region approves it, and the trainings in it may carry it out."""
    clock, session, of = _clock(office, (told["by"], year)), office.session, programmes()["tables"]
    filed_on = _day(told["day"], year)
    now = clock.on(filed_on)
    yield now
    home = _home(office, told["by"])
    clerk = office.clerks[home.name]
    planned = _planned(office, home, told, filed_on, courses)
    further = told["further"] or int(not planned)
    rows = [_line(course) for course in planned] + [*_further(clock.rng, further, year)]
    headings = [lines.HEADINGS[name] for name in ("name", "area", "target", "content", "mode", "people")]
    headings += [lines.HEADINGS[name] for name in ("start", "end", "hours", "organizer")]
    given = Upload(f"{told['by']}{year}年度计划表.xlsx", sheets.workbook(headings, rows))
    fields = capability.TableFields(of["programme"], year, of["note"])
    table = capability.draft(session, fields, actor=clerk, now=now)
    capability.revise(session, table.id, note=of["note"], given=given, version=table.version, actor=clerk, now=now)
    _moved(office, table, Action.SUBMIT, clerk, now)
    now = clock.on(filed_on + timedelta(days=3))
    yield now
    _moved(office, table, Action.APPROVE, _region(office), now)
    for course, line in zip(planned, table.lines, strict=False):
        office.tasks[course.giver.name, course.fields.title] = {"programme": of["programme"], "line_id": line.id}


def _planned(
    office: Office, home: Organization, told: Mapping[str, Any], filed_on: date, courses: Sequence[Course]
) -> list[Course]:
    """The trainings of an office's bases, or its own, that are drafted once its table is decided; a part of them."""
    today = db.office_day(office.now)
    settled, part = (filed_on - today).days + _SETTLED, told["part"]
    until = _day(told.get("until", "12-31"), filed_on.year)
    theirs = [
        course
        for course in courses
        if course.fields.start_on.year == filed_on.year
        and course.fields.start_on <= until
        and course.fields.subject == "professional"
        and (course.giver.authority == short(home.name) if home.kind in AUTHORITIES else course.giver.name == home.name)
        and not course.fields.credit_years
        and course.steps[0].day > settled
        and any(step.deed is Deed.SUBMIT for step in course.steps)
    ]
    return [course for number, course in enumerate(theirs) if int((number + 1) * part) > int(number * part)]


def _line(course: Course) -> list[object]:
    fields, area = course.fields, programmes()["tables"]["areas"]
    named = area.get(course.sector, "其他")
    what = (fields.title, named, fields.audience, fields.content, fields.mode.label, fields.headcount)
    return [*what, fields.start_on, fields.end_on, fields.hours_each, course.giver.name]


def _further(rng: Random, count: int, year: int) -> Iterator[list[object]]:
    """Lines of trainings that nobody has begun."""
    lists, of = words(), programmes()["tables"]
    for number in range(count):
        sector = rng.choice([*of["areas"]])
        topic = lists["topics"][sector][number % len(lists["topics"][sector])]
        start_on = date(year, of["months"][number % len(of["months"])], rng.randint(3, 20))
        what = (topic["title"], of["areas"][sector], lists["audiences"][sector], topic["content"], "线下")
        yield [*what, rng.randrange(60, 121, 10), start_on, start_on + timedelta(days=4), 40, "待定"]


def _summary(office: Office, told: Mapping[str, Any], year: int) -> Iterator[datetime]:
    """An office files the summary of its year; some are decided."""
    clock, session = _clock(office, (told["by"], year, "summary")), office.session
    now = clock.on(_day(told["day"], year))
    yield now
    clerk = office.clerks[_home(office, told["by"]).name]
    fields = summaries.SummaryFields(**programmes()["summary"])
    found = summaries.draft(session, programmes()["tables"]["programme"], year, fields, actor=clerk, now=now)
    _moved(office, found, Action.SUBMIT, clerk, now)
    if "decided" in told:
        now = clock.on(_day(told["decided"], year))
        yield now
        _moved(office, found, Action.APPROVE, _region(office), now)


# --- seminars and classes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Training:
    """A training of a programme (高研班、数字技术工程师办班): its plan and, of a class, the occupation."""

    told: Mapping[str, Any]
    course: Course


def trainings(givers: Sequence[Giver], today: date) -> list[Training]:
    """Trainings of seminars and classes, each as it is going to go."""
    by_name = {giver.name: giver for giver in givers}
    told = [*programmes()["trainings"], *(_gone_well(each, today) for each in programmes()["former"]["trainings"])]
    return [Training(each, arranged(by_name[each["by"]], each, today=today)) for each in told]


def _gone_well(told: Mapping[str, Any], today: date) -> dict[str, Any]:
    """A training of last year with all that its kind has in common, every deed in time and on a working day."""
    found = _of_former_year(programmes()["former"][told["programme"]] | told, today)
    start = weekday(found["start"], today, forward=True)
    end = start + found["days"] - 1
    before = ((-38, Deed.DRAFT), (-37, Deed.SUBMIT), (-32, Deed.APPROVE))
    after = ((5, Deed.REPORT), (6, Deed.SUBMIT), (10, Deed.APPROVE))
    steps = [[weekday(start + days, today), deed.value] for days, deed in before]
    steps += [[weekday(end + days, today, forward=True), deed.value] for days, deed in after]
    return found | {"start": start, "steps": steps}


def around(office: Office, training: Training) -> list[Iterator[datetime]]:
    """What happens around a training's plan and report: a seminar's application; an institute's approval, its tests."""
    told, course = training.told, training.course
    if "occupation" not in told:
        return [_application(office, training)]
    hours = Decimal(told["hours"])
    online = Decimal(told["online"])
    fields = ClassFields(told["occupation"], told["direction"], ClassLevel(told["level"]), online, hours - online)
    office.tasks[course.giver.name, course.fields.title] = {"programme": told["programme"], "course": fields}
    return [_approval(office, training)] + [_finish(office, training)] * ("finished" in told)


def _application(office: Office, training: Training) -> Iterator[datetime]:
    """A base applies to hold a seminar, the region's reviewers score it, and it is selected."""
    told, course, session = training.told, training.course, office.session
    clock, clerk, plan = _clock(office, told["title"]), office.clerks[course.giver.name], course.fields
    first = course.steps[0].day if course.steps else 0
    now = clock.on(first + told["applied"])
    yield now
    fields = seminars.SeminarFields(
        programme=told["programme"],
        title=plan.title,
        level=SeminarLevel.REGIONAL,
        area=told["area"],
        host=course.giver.name,
        organiser=course.giver.name,
        contact=clerk.name,
        phone="0471-1000000",
        session_number=1,
        start_on=plan.start_on,
        end_on=plan.end_on,
        hours=plan.hours_each,
        place=plan.place,
        mode=plan.mode,
        people=plan.headcount,
        audience=plan.audience,
        lessons="\n".join("\t".join(map(str, lesson)) for lesson in told["lessons"]),
        public_money=told["money"],
        own_money=0,
        reason=told["reason"],
    )
    found = seminars.draft(session, fields, actor=clerk, now=now)
    _moved(office, found, Action.SUBMIT, clerk, now)
    if "scores" not in told:
        return
    for reviewer, (points, said) in zip(office.reviewers[REGION], told["scores"], strict=False):
        now = clock.on(first + told["scored"])
        yield now
        seminars.score(session, found.id, points, said, actor=reviewer, now=now)
    now = clock.on(first + told["selected"])
    yield now
    _moved(office, found, Action.APPROVE, _region(office), now)
    session.flush()
    line = session.scalars(sa.select(ProgrammeLine).where(ProgrammeLine.submission_id == found.id)).one()
    marked = {"programme": told["programme"], "line_id": line.id}
    office.tasks[course.giver.name, plan.title] = marked


def _approval(office: Office, training: Training) -> Iterator[datetime]:
    """The region puts on record that an institute may train an occupation."""
    told, clock = training.told, _clock(office, (training.told["title"], "approval"))
    now = clock.on(told["approved"])
    yield now
    from_on = db.office_day(now).replace(month=1, day=1)
    home = _home(office, told["by"])
    given = told["occupation"], told["batch"], from_on, from_on.replace(year=from_on.year + 3) - timedelta(days=1)
    occupations.approve(office.session, home.id, *given, actor=_region(office), now=now)


def _finish(office: Office, training: Training) -> Iterator[datetime]:
    """The institute puts the finish test with its certificates on record, the region the assessment."""
    told, course, session = training.told, training.course, office.session
    clock, last, clerk = _clock(office, told["title"]), course.steps[-1].day, office.clerks[course.giver.name]
    now = clock.on(last + told["finished"])
    yield now
    day = db.office_day(now)
    of_title = sa.select(Plan).where(Plan.title == course.fields.title, Plan.organization_id == clerk.organization_id)
    plan = session.scalars(of_title).one()
    passed = []
    rows: list[list[object]] = []
    for number, (name, id_number, *_) in enumerate(classes.finish_form(session, plan.id, clerk), start=1):
        if number % 12 == 0:
            rows.append([name, id_number, classes.FAILED, "", ""])
            continue
        passed.append((name, id_number))
        rows.append([name, id_number, classes.PASSED, f"示培{day.year}{plan.id % 1000:03}{number:03}", day])
    headings = [named[0] for named in classes.FINISH_COLUMNS.values()]
    given = Upload("结业考核表.xlsx", sheets.workbook(headings, rows))
    classes.record_finish(session, plan.id, given, actor=clerk, now=now)
    now = clock.on(last + told["assessed"])
    yield now
    held_on = db.office_day(now) - timedelta(days=3)
    of = told["occupation"], told["direction"], ClassLevel(told["level"]).label, told["site"]
    results = [
        [*who, *of, 55 if number % 6 == 0 else 70 + number % 20, 68 + number % 25, held_on]
        + (["", ""] if number % 6 == 0 else [f"示等{day.year}{plan.id % 1000:03}{number:03}", db.office_day(now)])
        for number, who in enumerate(passed, start=1)
    ]
    headings = [named[0] for named in classes.ASSESS_COLUMNS.values()]
    given = Upload("考核结果表.xlsx", sheets.workbook(headings, results))
    classes.record_assessments(session, given, actor=_region(office), now=now)


# --- a year of study --------------------------------------------------------------------------------------------------


def _cohort(office: Office, told: Mapping[str, Any]) -> Iterator[datetime]:
    """Nominations of a year of study from their filing to where the cohort stands today."""
    clock, session, region = _clock(office, told["programme"]), office.session, _region(office)
    today = db.office_day(office.now)
    year = _year_of(told, today)
    people = [one for one in told["people"] for _ in range(one.get("count", 1))]
    nominees = [*zip(people, _nominees(office, people), strict=True)]
    filed: list[tuple[Mapping[str, Any], Nomination]] = []
    for number, (one, learner) in enumerate(nominees):
        if "filed" not in one:
            now = clock.on(told["filed"])
            yield now
            filed.append((one, _nominated(office, told, learner, number, year, now)))
    for _, found in filed:
        if found.stage == 0:
            now = clock.on(told["ranked"])
            yield now
            league = office.reviewers[short(found.authority.name)][0]
            number = selection.next_rank(session, found)
            selection.rank(session, found.id, number, version=found.version, actor=league, now=now)
            _moved(office, found, Action.APPROVE, league, now, programmes()["ranked"])
    for one, found in filed:
        if "stops" in one:
            continue
        now = clock.on(told["selected"])
        yield now
        if "rejected" in one:
            _moved(office, found, Action.REJECT, region, now, one["rejected"])
            continue
        selection.reserve(session, found.id, one.get("reserve"), version=found.version, actor=region, now=now)
        _moved(office, found, Action.APPROVE, region, now, programmes()["selected"])
    late = [(one, learner, number) for number, (one, learner) in enumerate(nominees) if "filed" in one]
    yield from _published(
        office, told, clock, year, [found for one, found in filed if not {"stops", "rejected"} & {*one}]
    )
    for one, learner, number in late:
        now = clock.on(one["filed"])
        yield now
        _nominated(office, told, learner, number, year, now)


def _nominees(office: Office, people: Sequence[Mapping[str, Any]]) -> list[Learner]:
    """Somebody else for each, of the employer, of an age for a year away, and nominated for one programme only.

    But for who is marked `again`: the one of that employer who is nominated anew this year and waits.
    """
    this_year, found = db.office_day(office.now).year, []
    everybody = [each for there in office.learners.values() for each in there]
    for one in people:
        there = [
            each
            for each in everybody
            if each.facts.employer == one["employer"] and each.person_id not in office.nominated
        ]
        of_age = [each for each in there if 28 <= this_year - int(each.facts.id_number[6:10]) <= 44]
        chosen = (of_age or there)[-1]
        if "again" in one:
            chosen = office.waits.get(one["employer"], chosen)
        if "filed" in one:
            office.waits[one["employer"]] = chosen
        office.nominated.add(chosen.person_id)
        found.append(chosen)
    return found


def _nominated(
    office: Office, told: Mapping[str, Any], learner: Learner, number: int, year: int, now: datetime
) -> Nomination:
    """The employer's clerk files a nomination."""
    facts, clerk = learner.facts, office.clerks[learner.facts.employer]
    level = titles.level_of(facts.post) if facts.post else ""
    fields = study.NominationFields(
        programme=told["programme"],
        year=year,
        education="研究生" if number % 3 == 0 else "本科",
        degree="硕士" if number % 3 == 0 else "学士",
        duty="",
        post=facts.post,
        level=level or study.NONE,
        titled_on=None,
        ethnicity="蒙古族" if "·" in facts.name or number % 3 == 1 else "汉族",
        phone=f"0471-1{number:06}",
        specialty=facts.specialty,
        grassroots_years=5 + number,
        study_field=told["fields"][number % len(told["fields"])],
        host1=told["host"],
        host2="",
        host3="",
        supervisor="",
        topic="",
        opinion=programmes()["opinion"],
    )
    found = study.draft(office.session, learner.person_id, fields, actor=clerk, now=now)
    _moved(office, found, Action.SUBMIT, clerk, now)
    return found


def _published(
    office: Office, told: Mapping[str, Any], clock: _Clock, year: int, chosen: Sequence[Nomination]
) -> Iterator[datetime]:
    """The public notice (公示); once it is final the placements (培养) with the milestones that lie before today."""
    session, region = office.session, _region(office)
    now = clock.on(told["published"])
    yield now
    first_on = db.office_day(now)
    last_on = first_on + timedelta(days=7)
    days: dict[str, Any] = {"first_on": first_on, "last_on": last_on}
    notice = publicity.publish(session, told["programme"], year, **days, actor=region, now=now)
    if said := told.get("objection"):
        now = clock.on(said["day"])
        yield now
        clerk = office.clerks[said["employer"]]
        publicity.object_to(session, chosen[0].id, words=said["words"], actor=clerk, now=now)
    if "final" not in told:
        return
    now = clock.on(max(last_on + timedelta(days=1), db.office_day(office.now) + timedelta(days=told["final"])))
    yield now
    session.flush()
    publicity.conclude(session, notice.id, version=notice.version, actor=region, now=now)
    starts = db.office_day(office.now) + timedelta(days=told["starts"])
    for number, found in enumerate(each for each in chosen if each.reserve is None):
        now = clock.on(told["placed"])
        yield now
        where = (told["host"], told["departments"][number % 4], told["supervisors"][number % 3])
        fields = placements.PlacementFields(*where, starts, starts + timedelta(days=364))
        placements.place(session, found.id, fields, version=0, actor=region, now=now)
    for step in placements.Step:
        for number, found in enumerate(each for each in chosen if each.reserve is None):
            if (day := told.get(step.value)) is None:
                continue
            now = clock.on(day)
            yield now
            session.flush()
            placed = placements.placed(session, found.id)
            assert placed is not None, "placed above"
            on, act = db.office_day(now), {"actor": region, "now": now}
            result = placements.RESULTS.get(step, ("",))[number % 4 == 3 and step is placements.Step.COMPLETED]
            given = {"on": on, "result": result, "version": placed.version, **act}
            placements.reach(session, found.id, step, **given)  # type: ignore[arg-type]
            if step is placements.Step.REPORTED and number == 0:
                session.flush()
                years: int = programmes()["agreement_years"]
                placements.agree(
                    session, found.id, signed_on=on, service_years=years, version=placed.version, actor=region, now=now
                )
