"""Opens the demonstration office: an invented region with a year of work behind it, done by the office's own services.

Every plan, decision, roster and hour here went through the same doors as a real one, in the order of time, so that the
trail, the attachments and the ledger are real. Only the opening of accounts differs: they share passwords' hashes.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import answers, applications, decisions
from core.ground import db, resident_id
from core.ground.access import AUTHORITIES, TRAINERS, Actor, OrganizationKind, Role
from core.law.notices import Subject
from core.ledger import books, statements
from core.ledger.books import Posting
from core.models import Account, Claim, Organization, Person, Plan, Report, Source
from core.office.dashboards import filed
from core.people import acts, organizations, passwords, persons, setup
from core.records import imports
from core.submissions import claims, disputes, plans, reports, workflow
from core.tables import reader, sheets
from core.trail import audit
from core.trail.files import Upload
from data.demo import notices as own_notices
from data.demo import online, papers, people, programmes
from data.demo.accounts import ACCOUNTS, PASSWORD
from data.demo.cast import OPENED_BEFORE, Office
from data.demo.cast import moment as moment_of
from data.demo.courses import Course, Deed, Giver, Step, year_before, year_of_courses
from data.demo.people import Learner
from data.demo.words import EVERYBODY, REGION, short, words

__all__ = ["ACCOUNTS", "PASSWORD", "open_demo"]

PEOPLE = 5000
_SEED = 204


def open_demo(session: Session, *, now: datetime, progress: Callable[[str], None] = lambda words: None) -> None:
    """Fill a migrated, empty database with the demonstration office as it stands at `now`, in the caller's transaction.

    The same moment gives the same office, except for keys and password salts. `progress` is told in Chinese what is
    being done. Refused codes: "open" (somebody opened the office before).
    """
    opened_before = setup.is_open(session)
    try:
        _opened(session, now.replace(microsecond=0), progress)
    except BaseException:
        if not opened_before:
            own_notices.cleared()
        raise


def _opened(session: Session, now: datetime, progress: Callable[[str], None]) -> None:
    """The office, its people, and a year of their work."""
    today = db.office_day(now)
    opened_at = now - OPENED_BEFORE
    progress("正在建立机构和账号……")
    founder = setup.open_office(session, kind="demo", now=opened_at)
    _add_organizations(session, founder, opened_at)
    shown = passwords.hashed(PASSWORD)
    office = Office(session, now, Random(_SEED), shown, founder, founder, {}, {}, {})  # noqa: S311  repeatable on purpose
    _open_accounts(office, opened_at)
    assert office.second, "a notice is published by two"
    own_notices.published(office, office.second, now=opened_at)
    progress(f"正在登记{PEOPLE}名专业技术人员……")
    _add_people(office, today, opened_at)
    givers = _givers(office)
    courses = year_of_courses(Random(_SEED), givers, today=today)  # noqa: S311
    courses += year_before(Random(_SEED), givers, today=today)  # noqa: S311  with dice of their own
    lives = [_life(office, course) for course in courses]
    lives += [_carry_over(office, today.year - 2, opened_at), _carry_over(office, today.year - 1, opened_at)]
    lives += [
        _certificates(office),
        _mistaken_import(office),
        _decisions(office),
        _records(office),
        _figures_filed(office),
        *programmes.lives(office, courses),
    ]
    lives += online.lives(office)
    for training in programmes.trainings(givers, today):
        lives += programmes.around(office, training)
        if training.course.steps:
            dice = Random(training.course.fields.title)  # noqa: S311  their own, so that no other turns out differently
            lives.append(_life(replace(office, rng=dice), training.course))
    month = ""
    with db.nobody_waits(), reader.made_here():
        for moment in _in_order(lives, now):
            if f"{moment:%Y-%m}" != month:
                month = f"{moment:%Y-%m}"
                progress(f"正在办理{moment.year}年{moment.month}月的计划和报告……")
    _open_person_account(office)


# --- who there is ---------------------------------------------------------------------------------------------------


def _add_organizations(session: Session, founder: Actor, now: datetime) -> None:
    """Enter bases, departments, institutes and employers under the authority the word lists put them."""
    offices = {short(name): office_id for office_id, name in organizations.authorities(session).items()}
    lists = words()
    for kind, listed in (*lists["trainers"].items(), ("employer", lists["employers"])):
        for authority, rows in listed.items():
            for row in rows:
                organizations.add(
                    session,
                    name=row["name"],
                    kind=OrganizationKind(kind),
                    authority_id=offices[authority],
                    actor=founder,
                    now=now,
                )


def _open_accounts(office: Office, now: datetime) -> None:
    """Open the accounts to sign in with, and one for each other clerk and reviewer, whose password nobody knows."""
    homes = list(office.session.scalars(sa.select(Organization).order_by(Organization.id)))
    by_name = {home.name: home for home in homes}
    unknown = passwords.of_nobody()
    for demo in ACCOUNTS:
        if demo.role is Role.PERSON:
            continue
        opened = _open(office, by_name[demo.organization], demo.role, demo.username, demo.name, now=now)
        if demo.role is Role.TITLE_OFFICER:
            office.title = opened
        elif demo.role is Role.ADMIN and office.admin is office.founder:
            office.admin = opened
        elif demo.role is Role.ADMIN:
            office.second = opened
    for home in homes:
        if home.kind in AUTHORITIES and short(home.name) not in office.reviewers:
            _open(
                office, home, Role.REVIEWER, f"reviewer{home.id:03}", _someone(office), now=now, password_hash=unknown
            )
        if home.kind in TRAINERS and home.name not in office.clerks:
            _open(office, home, Role.BASE_CLERK, f"clerk{home.id:03}", _someone(office), now=now, password_hash=unknown)
        elif home.kind in (OrganizationKind.LEAGUE_HR, OrganizationKind.DEPARTMENT):
            _someone(office)  # so that nothing else turns out differently
    dice = Random(_SEED)  # noqa: S311  their own, so that nothing else turns out differently
    for name in programmes.employers():
        if name not in office.clerks:
            at, someone = by_name[name], people.name(dice, dice.choice("男女"))
            _open(office, at, Role.EMPLOYER_CLERK, f"clerk{at.id:03}", someone, now=now, password_hash=unknown)


def _open(
    office: Office,
    home: Organization,
    role: Role,
    username: str,
    name: str,
    *,
    now: datetime,
    password_hash: str | None = None,
    person_id: int | None = None,
) -> Actor:
    """Open one account, by default with the password visitors are shown, and let it take part.

    The hash was made before: `accounts.open_account` would take a quarter of a second for each.
    """
    account = Account(
        username=username,
        name=name,
        role=role,
        organization_id=home.id,
        person_id=person_id,
        password_hash=password_hash or office.shown,
        must_change_password=password_hash is not None,
    )
    office.session.add(account)
    after = {"username": username, "role": role.value}
    audit.record(office.session, audit.Event.ACCOUNT_OPENED, account, actor=office.founder, after=after, now=now)
    actor = Actor(account.id, name, role, home.id, home.name, home.kind, person_id, league=home.league)
    if role in (Role.BASE_CLERK, Role.EMPLOYER_CLERK):
        office.clerks[home.name] = actor
    elif role is Role.REVIEWER:
        office.reviewers.setdefault(short(home.name), []).append(actor)
    return actor


def _open_person_account(office: Office) -> None:
    """The last account: its person, the first of the employer, had to study first."""
    demo = next(demo for demo in ACCOUNTS if demo.role is Role.PERSON)
    home = office.session.scalars(sa.select(Organization).where(Organization.name == demo.organization)).one()
    people_there = office.learners[short(home.authority.name)]
    person = next(learner for learner in people_there if learner.facts.employer == home.name)
    actor = _open(office, home, demo.role, demo.username, demo.name, now=office.now, person_id=person.person_id)
    _file_claim(office, words()["certificates"][2], person, actor, now=office.now)
    studied = statements.entries(office.session, person.person_id).dropna(subset="plan_id").iloc[0]
    at = int(studied["batch_id"]), int(studied["line"])
    disputes.file(office.session, person.person_id, *at, words=words()["dispute"], actor=actor, now=office.now)


def _someone(office: Office) -> str:
    return people.name(office.rng, office.rng.choice("男女"))


def _add_people(office: Office, today: date, now: datetime) -> None:
    """Put everybody on file, and into the office's lists by authority."""
    demo = next(demo for demo in ACCOUNTS if demo.role is Role.PERSON)
    placed = [(authority, row) for authority, rows in words()["employers"].items() for row in rows]
    authority_of = {row["name"]: authority for authority, row in placed}
    crowd = people.crowd(
        Random(_SEED),  # noqa: S311  repeatable on purpose
        PEOPLE,
        [row for _, row in placed],
        today=today,
        featured=(demo.name, demo.organization),
    )
    facts = [learner.facts for learner in crowd]
    person_ids = persons.match_or_add(office.session, facts, authority_id=office.founder.organization_id, now=now)
    for learner in crowd:
        learner.person_id = person_ids[db.blind_index(learner.facts.id_number)]
        office.learners.setdefault(authority_of[learner.facts.employer], []).append(learner)


def _givers(office: Office) -> list[Giver]:
    """Everybody who trains, with the people there are to train."""
    lists = words()
    sectors = {name: Counter(learner.sector for learner in there) for name, there in office.learners.items()}
    rows = {row["name"]: row for listed in lists["trainers"].values() for some in listed.values() for row in some}
    query = sa.select(Organization).where(Organization.kind.in_(TRAINERS)).order_by(Organization.id)
    found = []
    for home in office.session.scalars(query):
        authority = short(home.authority.name)
        row = rows.get(home.name, {})
        yearly = row["yearly"] if row else lists["public_yearly"][home.kind.value]
        found.append(Giver(home.name, home.kind, authority, row.get("sector"), yearly, sectors[authority]))
    return found


# --- what they did --------------------------------------------------------------------------------------------------


def _in_order(lives: Iterable[Iterator[datetime]], now: datetime) -> Iterator[datetime]:
    """Let each life do its next deed at the moment it names, all in the order of time, until now.

    A life names a moment and does its deed when asked for the next one; what it would do after now stays undone.
    """
    coming = [(next(life), number, life) for number, life in enumerate(lives)]
    heapq.heapify(coming)
    while coming and coming[0][0] <= now:
        moment, number, life = heapq.heappop(coming)
        yield moment
        following = next(life, None)
        if following:
            heapq.heappush(coming, (following, number, life))


def _life(office: Office, course: Course) -> Iterator[datetime]:
    """A training from its plan to the hours posted, step by step."""
    session, clerk = office.session, office.clerks[course.giver.name]
    paper: Plan | Report | None = None
    fields = course.fields
    lines: list[papers.Line] = []
    moment = office.opened_at
    for step in course.steps:
        moment = moment_of(office, step.day, after=moment)
        yield moment
        if step.deed is Deed.DRAFT:
            fields = programmes.carrying(office, course)
            paper = plans.draft(session, fields, actor=clerk, now=moment)
            continue
        assert paper is not None, "a training begins with its draft"
        match step.deed:
            case Deed.EXTEND:
                plans.grant_extension(session, paper.id, actor=office.admin, reason=step.reason, now=moment)
            case Deed.REPORT:
                lines = _attendance(office, course)
                paper = _save_report(office, course, paper.id, papers.spoil(lines, course.flaws), clerk, moment)
            case Deed.REVISE if isinstance(paper, Report):
                paper = _save_report(office, course, paper.plan_id, lines, clerk, moment)
            case Deed.REVISE:
                fuller = replace(fields, teachers=f"{fields.teachers}；{words()['teachers_added']}")
                paper = plans.revise(session, paper.id, fuller, version=paper.version, actor=clerk, now=moment)
            case _:
                _move(office, course, paper, step, moment)


def _move(office: Office, course: Course, paper: Plan | Report, step: Step, moment: datetime) -> None:
    """Let whoever makes this move make it; a report that turns out late says why."""
    reason, by_clerk = step.reason, step.deed in (Deed.SUBMIT, Deed.WITHDRAW)
    giver = course.giver
    actor = office.clerks[giver.name] if by_clerk else office.rng.choice(office.reviewers[giver.authority])
    if step.deed is Deed.SUBMIT and isinstance(paper, Report) and db.office_day(moment) > paper.due_on and not reason:
        reason = office.rng.choice(words()["reasons"]["late"])
    action = workflow.Action(step.deed.value)
    workflow.move(office.session, paper.id, action, version=paper.version, actor=actor, reason=reason, now=moment)


def _attendance(office: Office, course: Course) -> list[papers.Line]:
    """Who came to a training and what each one earned: nearly all of them the whole."""
    rng, fields = office.rng, course.fields
    year, subject, hours = fields.start_on.year, Subject(fields.subject), Decimal(fields.hours_each)
    there = office.learners[course.giver.authority]
    if course.giver.kind is OrganizationKind.DEPARTMENT:  # leagues send people too, and recognise what these earn
        there = there + [one for place in office.learners if place != REGION for one in office.learners[place][::9]]
    if course.sector != EVERYBODY:
        there = [learner for learner in there if learner.sector == course.sector]
    count = round(int(fields.headcount) * rng.uniform(0.82, 1.0))
    lines = []
    for learner in people.takers(rng, there, count, year=year, subject=subject, hours=hours):
        luck = 1.0 if learner is there[0] else rng.random()
        earned = hours - 8 if luck < 0.04 and subject is Subject.PROFESSIONAL else hours
        passed = luck >= 0.02
        learner.take(year, subject, earned if passed else Decimal())
        phone = f"0471-1{rng.randrange(10**6):06}"
        lines.append(papers.line(learner.facts, subject, earned, passed=passed, phone=phone))
    return lines


def _save_report(
    office: Office, course: Course, plan_id: int, lines: list[papers.Line], clerk: Actor, moment: datetime
) -> Report:
    """Fill in a training's report with both of its files."""
    fields, giver, lists = course.fields, course.giver, words()
    title = f"关于举办{fields.title}的通知"
    paragraphs = [each.format(fields=fields) for each in lists["announcement"]]
    issued_on = fields.start_on - timedelta(days=10)
    announcement = papers.document(paragraphs, title=title, issuer=giver.name, issued_on=issued_on)
    book = papers.roster_file(
        lines, title=fields.title, organization=giver.name, clerk=clerk.name, made_at=moment.astimezone(db.OFFICE_ZONE)
    )
    report, _ = reports.save(
        office.session,
        plan_id,
        reports.ReportFields(fields.start_on, fields.end_on, office.rng.choice(lists["summaries"])),
        announcement=Upload(f"{title}.pdf", announcement),
        roster_file=Upload(f"{fields.title}花名册.xlsx", book),
        actor=clerk,
        now=moment,
    )
    return report


def _employer(office: Office) -> tuple[Actor, list[Learner], str]:
    """The employer whose clerk visitors sign in as: the clerk, its people, its authority."""
    demo = next(demo for demo in ACCOUNTS if demo.role is Role.EMPLOYER_CLERK)
    home = office.session.scalars(sa.select(Organization).where(Organization.name == demo.organization)).one()
    authority = short(home.authority.name)
    there = [learner for learner in office.learners[authority] if learner.facts.employer == home.name]
    return office.clerks[home.name], there, authority


def _certificates(office: Office) -> Iterator[datetime]:
    """An employer files the certificates of two of its people: one was granted, the other is waiting."""
    clerk, there, authority = _employer(office)
    granted, waiting = words()["certificates"][:2]
    moment = moment_of(office, -9, after=office.opened_at)
    yield moment
    claim = _file_claim(office, granted, there[0], clerk, now=moment)
    moment = moment_of(office, -6, after=moment)
    yield moment
    reviewer = office.reviewers[authority][0]
    hours = Decimal(granted["granted"])
    claims.grant(office.session, claim.id, hours, version=claim.version, actor=reviewer, now=moment)
    office.session.flush()
    act = {"version": claim.version, "actor": reviewer, "reason": granted["reason"], "now": moment}
    workflow.move(office.session, claim.id, workflow.Action.APPROVE, **act)
    moment = moment_of(office, -2, after=moment)
    yield moment
    _file_claim(office, waiting, there[1], clerk, now=moment)


def _file_claim(office: Office, certificate: dict[str, Any], learner: Learner, clerk: Actor, *, now: datetime) -> Claim:
    """File a certificate of five days ago, or of the year before where it would begin there, with its scan."""
    ended_on, before = db.office_day(now) - timedelta(days=5), timedelta(days=certificate["days"] - 1)
    if (ended_on - before).year < ended_on.year:
        ended_on = date(ended_on.year - 1, 12, 31)
    fields = claims.ClaimFields(
        activity=certificate["activity"],
        title=certificate["title"],
        issuer=certificate["issuer"],
        start_on=ended_on - before,
        completed_on=ended_on,
        amount=Decimal(certificate["hours"]),
    )
    paragraphs = [f"{learner.facts.name}同志参加学习，共{certificate['hours']}学时，考核合格，特发此证。"]
    scan = papers.document(paragraphs, title=fields.title, issuer=fields.issuer, issued_on=ended_on)
    evidence = [Upload(f"{fields.title}.pdf", scan)]
    claim = claims.draft(office.session, learner.person_id, fields, evidence=evidence, actor=clerk, now=now)
    office.session.flush()
    submit = workflow.Action.SUBMIT
    workflow.move(office.session, claim.id, submit, version=claim.version, actor=clerk, now=now)
    return claim


def _mistaken_import(office: Office) -> Iterator[datetime]:
    """Hours of an earlier year were imported that were there already: the batch was reversed the next day."""
    _, there, authority = _employer(office)
    year = db.office_day(office.now).year - 1
    moment = moment_of(office, -20, after=office.opened_at)
    yield moment
    reviewer = office.reviewers[authority][-1]
    rows = [
        [each.facts.id_number, each.facts.name, year, "专业科目", 24, "培训", f"{year}年院内集中培训"]
        for each in there[:12]
    ]
    content = sheets.csv_file(["身份证号", "姓名", "年度", "科目", "学时", "来源", "依据"], rows)
    given = Upload(f"{there[0].facts.employer}{year}年度学时.csv", content)
    batch, _ = imports.bring_in(office.session, given, actor=reviewer, reason=f"补登{year}年度台账", now=moment)
    moment = moment_of(office, -19, after=moment)
    yield moment
    if batch is not None:
        reason = f"与{year}年度学时结转重复"
        books.reverse(office.session, batch.id, actor=reviewer, reason=reason, now=moment)


def _decisions(office: Office) -> Iterator[datetime]:
    """The title officer checked two lists of applicants and put the answers on record, of last year and this one."""
    assert office.title, "the title officer has an account"
    _, there, _ = _employer(office)
    year = db.office_day(office.now).year
    for day, applied, level in ((-26, year - 1, "中级"), (-12, year, "初级")):
        moment = moment_of(office, day, after=office.opened_at)
        yield moment
        facts = {"year": applied, "route": "职称评审", "level": level}
        people_there = [each.person_id for each in there[:24]]
        found = [answers.application(office.session, each, facts, actor=office.title) for each in people_there]
        listed = [replace(each, row=row) for row, each in enumerate(found, start=2)]
        decisions.decide(office.session, applications.Batch(listed), actor=office.title, now=moment)


def _figures_filed(office: Office) -> Iterator[datetime]:
    """The region and a league filed their figures, and went on working: what was filed is no longer what stands."""
    for day, by in ((-24, REGION), (-23, "呼和浩特市")):
        moment = moment_of(office, day, after=office.opened_at)
        yield moment
        on = db.office_day(moment)
        year, month = (on.year, on.month - 1) if on.month > 1 else (on.year - 1, 12)
        filed.freeze(office.session, f"{year}-{month:02}", actor=office.reviewers[by][0], reason="月报", now=moment)
        office.session.flush()


def _records(office: Office) -> Iterator[datetime]:
    """One person's name was put right on evidence, another moved; a third's number was mistyped once, and merged."""
    _, there, authority = _employer(office)
    reviewer = office.reviewers[authority][0]
    moment = moment_of(office, -31, after=office.opened_at)
    yield moment
    doubled, misspelt, moving = [each for each in there if each.person_id not in office.nominated][-3:]
    renamed = persons.one(office.session, misspelt.person_id, reviewer)
    said: Any = {"version": renamed.version, "actor": reviewer, "now": moment}
    words = [f"{renamed.name}的居民身份证复印件（演示）。"]
    day = db.office_day(moment)
    scan = papers.document(words, title="身份证复印件", issuer=renamed.employer_name, issued_on=day)
    given = f"{renamed.name[0]}示{renamed.name[1:]}" if len(renamed.name) < 4 else renamed.name[:-1]
    evidence = Upload("身份证.pdf", scan)
    acts.correct(office.session, renamed.id, name=given, id_number="", evidence=evidence, reason="录入时漏字", **said)
    misspelt.facts.name = given
    office.session.flush()
    moment = moment_of(office, -30, after=moment)
    yield moment
    moved = persons.one(office.session, moving.person_id, reviewer)
    others = {each.facts.employer for each in office.learners[authority]} - {moved.employer_name}
    said = {"version": moved.version, "actor": reviewer, "now": moment}
    goes_to = min(others)
    acts.move(office.session, moved.id, employer=goes_to, authority_id=moved.authority_id, reason="工作调动", **said)
    moving.facts.employer = goes_to
    office.session.flush()
    moment = moment_of(office, -29, after=moment)
    yield moment
    first17 = doubled.facts.id_number[:14] + f"{(int(doubled.facts.id_number[14:17]) + 500) % 1000:03}"
    twice = replace(doubled.facts, id_number=first17 + resident_id.check_digit(first17))
    rows = [
        [twice.id_number, twice.name, db.office_day(moment).year, "专业科目", 8, "培训", "院内讲座", twice.employer]
    ]
    heads = ["身份证号", "姓名", "年度", "科目", "学时", "来源", "依据", "工作单位"]
    table = Upload("院内讲座学时.csv", sheets.csv_file(heads, rows))
    imports.bring_in(office.session, table, actor=reviewer, reason="补登院内讲座", now=moment)
    moment = moment_of(office, -28, after=moment)
    yield moment
    stays = persons.one(office.session, doubled.person_id, reviewer)
    found = persons.matching(reviewer, text=twice.id_number)
    duplicate = office.session.scalars(sa.select(Person).where(*found)).one()
    versions = {"version": stays.version, "duplicate_version": duplicate.version}
    said = {**versions, "actor": reviewer, "reason": "导入时身份证号录错，与本人为同一人", "now": moment}
    acts.merge(office.session, stays.id, duplicate.id, **said)


def _carry_over(office: Office, year: int, opened_at: datetime) -> Iterator[datetime]:
    """Early in the next year (or when the office opened), post what else everybody studied in a year, by authority."""
    booked_at = datetime.combine(date(year + 1, 1, 12), time(10), db.OFFICE_ZONE)
    moment = min(max(booked_at, opened_at + timedelta(hours=2)), office.now - timedelta(hours=1))
    yield moment
    for authority, learners in office.learners.items():
        for subject, source in ((Subject.PUBLIC, Source.PUBLIC_EXAM), (Subject.PROFESSIONAL, Source.TRAINING)):
            postings = [
                Posting(learner.person_id, year, subject, hours, date(year, 12, 31), source=source)
                for learner, hours in people.unstudied(learners, year, subject)
            ]
            if postings:
                books.post(
                    office.session,
                    postings,
                    basis=f"{year}年度学时结转（演示）",
                    actor=office.reviewers[authority][0],
                    now=moment,
                )
