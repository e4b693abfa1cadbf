"""The people and organizations of the tests: a small office with a region, leagues, bases, employers, named staff."""

from __future__ import annotations

import contextvars
import functools
import io
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
import xlsxwriter
from sqlalchemy.orm import Session

from core.courses import courses
from core.courses import study as learning
from core.ground import db, resident_id
from core.ground.access import Actor, OrganizationKind, Refused, Role, league_of
from core.law import notices
from core.ledger import years
from core.models import (
    Base,
    Claim,
    Course,
    CreditTotal,
    LessonKind,
    Mode,
    Nomination,
    Organization,
    Person,
    Plan,
    PlanTable,
    PublicNotice,
    Report,
    Seminar,
    SeminarLevel,
    Submission,
    UncountedTime,
    append_only_tables,
)
from core.people import accounts, organizations, setup
from core.submissions import appeals, claims, disputes, plans, reports, roster, workflow
from core.submissions.kinds import KINDS
from core.submissions.programmes import capability, publicity, seminars, study, summaries
from core.submissions.workflow import Action
from core.trail.files import Upload
from tests import ready, toy

NOW = datetime(2024, 6, 3, 1, 0, tzinfo=UTC)
"""Monday, nine in the morning at the office."""
TODAY = date(2024, 6, 3)
PASSWORD = "Right-horse-24"
ANNOUNCEMENT = Upload("培训通知.pdf", b"%PDF-1.4 synthetic")

PLAN = plans.PlanFields(
    title="知识更新培训班",
    subject="professional",
    start_on=date(2024, 6, 24),
    end_on=date(2024, 6, 26),
    place="呼和浩特市示例宾馆",
    mode=Mode.CLASSROOM,
    content="新一代信息技术",
    teachers="示例大学教授2人",
    audience="工程系列专业技术人员",
    headcount=600,
    hours_each=Decimal(24),
)


@dataclass
class Cast:
    """Everybody by name. `actors` are keyed by user name; `places` are organizations by short name."""

    places: dict[str, Organization] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Actor:
        return self.actors[name]


STAFF = (
    # user name         role                 place
    ("admin", Role.ADMIN, "region"),
    ("reviewer", Role.REVIEWER, "region"),
    ("reviewer2", Role.REVIEWER, "region"),
    ("leader", Role.LEADER, "region"),
    ("title", Role.TITLE_OFFICER, "region"),
    ("base", Role.BASE_CLERK, "base"),
    ("employer", Role.EMPLOYER_CLERK, "hospital"),
    ("hohhot_admin", Role.ADMIN, "hohhot"),
    ("hohhot_reviewer", Role.REVIEWER, "hohhot"),
    ("hohhot_leader", Role.LEADER, "hohhot"),
    ("hohhot_title", Role.TITLE_OFFICER, "hohhot"),
    ("hohhot_base", Role.BASE_CLERK, "hohhot_base"),
    ("hohhot_employer", Role.EMPLOYER_CLERK, "hohhot_school"),
    ("baotou_reviewer", Role.REVIEWER, "baotou"),
    ("exam", Role.BASE_CLERK, "exam"),
    ("department", Role.BASE_CLERK, "department"),
)


def assemble(now: datetime = NOW, *, kind: str = "empty") -> Cast:
    """Open an office in the database in use and give it its people. All sign in with `PASSWORD`."""
    return ready.office(_assembled, now, kind)


def _assembled(now: datetime, kind: str) -> Cast:
    cast = Cast()
    with db.transaction() as session:
        founder = setup.open_office(session, kind=kind, now=now)
        by_name = {place.name: place for place in session.query(Organization)}
        for short, name in (
            ("region", "内蒙古自治区人力资源和社会保障厅"),
            ("hohhot", "呼和浩特市人力资源和社会保障局"),
            ("baotou", "包头市人力资源和社会保障局"),
            ("exam", "内蒙古自治区人事考试院"),
        ):
            cast.places[short] = by_name[name]
        for short, name, kind, over in (
            ("base", "示例继续教育基地", OrganizationKind.BASE, "region"),
            ("hohhot_base", "示例呼和浩特培训基地", OrganizationKind.BASE, "hohhot"),
            ("hospital", "示例市第一医院", OrganizationKind.EMPLOYER, "region"),
            ("hohhot_school", "示例旗蒙古族中学", OrganizationKind.EMPLOYER, "hohhot"),
            ("department", "内蒙古自治区农牧厅（示例）", OrganizationKind.DEPARTMENT, "region"),
        ):
            authority_id = cast.places[over].id
            cast.places[short] = organizations.add(
                session, name=name, kind=kind, authority_id=authority_id, actor=founder, now=now
            )
        session.flush()
        for username, role, place in STAFF:
            account = accounts.open_account(
                session,
                username=username,
                name=f"{role.label}{username}",
                role=role,
                organization_id=cast.places[place].id,
                password=PASSWORD,
                must_change_password=False,
                actor=founder,
                now=now,
            )
            session.flush()
            home = cast.places[place]
            office = session.get_one(Organization, home.authority_id)
            cast.actors[username] = Actor(
                account.id,
                account.name,
                role,
                home.id,
                home.name,
                home.kind,
                league=league_of(office.kind, office.name),
            )
    return cast


FORM = roster.form()
"""The roster's form under the shipped notice."""
HEADINGS = tuple(FORM.headings.values())


def sheet(rows: list[list[Any]], headings: tuple[str, ...] = HEADINGS) -> bytes:
    """A roster as an .xlsx: a title row, the headings in row 2, the rows from row 3."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": NOW})  # the same rows are the same file
        page = book.add_worksheet("花名册")
        page.write(0, 0, "专业技术人员继续教育培训花名册")
        for at, row in enumerate([list(headings), *rows], start=1):
            page.write_row(at, 0, row)
    return buffer.getvalue()


def id_number(serial: int, born: date = date(1985, 3, 4)) -> str:
    """A valid synthetic number: the unassigned county 150199; an odd serial is a man."""
    first = f"150199{born:%Y%m%d}{serial:03d}"
    return first + resident_id.check_digit(first)


def row(serial: int, name: str | None = None, **cells: Any) -> list[Any]:
    """One faultless row of a roster; name the columns to change."""
    number = id_number(serial)
    surname = "赵钱孙李周吴郑王冯陈"[serial % 10]
    usual = {
        "number": serial,
        "name": f"{surname}示{chr(0x4E00 + serial)}" if name is None else name,
        "sex": resident_id.sex(number),
        "id_number": number,
        "employer": "示例市第一医院",
        "post": "主治医师",
        "specialty": "临床医学",
        "public_hours": 0,
        "professional_hours": 24,
        "assessment": "合格",
        "phone": "0471-1000000",
        "note": "",
        "credit_year": "",
    }
    assert cells.keys() <= usual.keys(), "no such column"
    return list((usual | cells).values())


def file_plan(cast: Cast, *, by: str = "base", now: datetime = NOW, **changes: Any) -> Plan:
    """A plan filed by a base and waiting for its authority."""
    with db.transaction() as session:
        plan = plans.draft(session, replace(PLAN, **changes), actor=cast[by], now=now)
        session.flush()
        workflow.move(session, plan.id, Action.SUBMIT, version=plan.version, actor=cast[by], now=now)
    return plan


def approve(cast: Cast, submission_id: int, *, by: str = "reviewer", now: datetime = NOW) -> str:
    """Approve what is waiting, a seminar once it was scored; answers what it led to, in words."""
    with db.transaction() as session:
        found = workflow.one(session, submission_id, cast[by])
        version = found.version
        scored = not isinstance(found, Seminar) or found.level is SeminarLevel.NATIONAL
        if not scored and not seminars.scores(session, submission_id, cast[by]):
            seminars.score(session, submission_id, 90, "选题好", actor=cast[by], now=now)
        _, told = workflow.move(session, submission_id, Action.APPROVE, version=version, actor=cast[by], now=now)
    return told.words


AFTER = NOW + timedelta(days=28)
"""Monday after the usual plan's training, well before its report is due."""
AFTER_PLAN = NOW + timedelta(days=10)
"""A day on which the usual plan, filed in time, can still be approved, and can no longer be filed."""


def foreseen(cast: Cast, submission_id: int, *, by: str = "reviewer", now: datetime = AFTER) -> str:
    """What approval would lead to, in words."""
    with db.rehearsal() as session:
        version = workflow.one(session, submission_id, cast[by]).version
        return workflow.foreseen(session, submission_id, Action.APPROVE, version=version, actor=cast[by], now=now).words


def draft_report(
    cast: Cast, content: bytes, *, by: str = "base", reviewer: str = "reviewer", now: datetime = AFTER, **changes: Any
) -> Report:
    """A report of a plan approved for it, with this roster, still in the hands of its base."""
    plan = file_plan(cast, by=by, **changes)
    approve(cast, plan.id, by=reviewer)
    with db.transaction() as session:
        fields = reports.ReportFields(plan.start_on, plan.end_on, "培训按计划完成。")
        given = Upload("花名册.xlsx", content)
        report, _ = reports.save(
            session, plan.id, fields, announcement=ANNOUNCEMENT, roster_file=given, actor=cast[by], now=now
        )
    return report


def file_report(
    cast: Cast, plan: Plan, content: bytes, *, by: str = "base", now: datetime = AFTER, filename: str = "花名册.xlsx"
) -> Report:
    """A report of an approved plan, filed with this roster and waiting for the authority."""
    with db.transaction() as session:
        fields = reports.ReportFields(plan.start_on, plan.end_on, "培训按计划完成。")
        report, _ = reports.save(
            session,
            plan.id,
            fields,
            announcement=ANNOUNCEMENT,
            roster_file=Upload(filename, content),
            actor=cast[by],
            now=now,
        )
        workflow.move(session, report.id, Action.SUBMIT, version=report.version, actor=cast[by], now=now)
    return report


def posted(
    cast: Cast,
    content: bytes,
    *,
    by: str = "base",
    reviewer: str = "reviewer",
    filename: str = "花名册.xlsx",
    **changes: Any,
) -> Report:
    """The whole way: plan filed and approved, report filed and approved, hours posted."""
    plan = file_plan(cast, by=by, **changes)
    approve(cast, plan.id, by=reviewer)
    report = file_report(cast, plan, content, by=by, filename=filename)
    approve(cast, report.id, by=reviewer, now=AFTER)
    return report


CLAIM = claims.ClaimFields(
    activity="高研班",
    title="新一代信息技术高级研修班结业证书",
    issuer="示例大学",
    start_on=date(2024, 5, 6),
    completed_on=date(2024, 5, 10),
    amount=Decimal(40),
)
CERTIFICATE = Upload("证书.pdf", b"%PDF-1.4 synthetic certificate")


def file_claim(cast: Cast, serial: int, *, by: str = "employer", now: datetime = AFTER, **changes: Any) -> Claim:
    """A claim on a certificate of the person with this serial, filed with its evidence and waiting."""
    with db.transaction() as session:
        fields = replace(CLAIM, **changes)
        claim = claims.draft(session, person_id(serial), fields, evidence=[CERTIFICATE], actor=cast[by], now=now)
        session.flush()
        workflow.move(session, claim.id, Action.SUBMIT, version=claim.version, actor=cast[by], now=now)
    return claim


def grant(
    cast: Cast,
    claim_id: int,
    hours: Any = None,
    *,
    by: str = "reviewer",
    reason: str = "证书属实",
    now: datetime = AFTER,
) -> str:
    """Approve a claim, with these hours where they are given; answers what happened, in words."""
    with db.transaction() as session:
        claim = workflow.one(session, claim_id, cast[by])
        if hours is not None:
            claim = claims.grant(session, claim_id, Decimal(hours), version=claim.version, actor=cast[by], now=now)
            session.flush()
        act = {"version": claim.version, "actor": cast[by], "reason": reason, "now": now}
        return workflow.move(session, claim_id, Action.APPROVE, **act)[1].words


SEMINAR = seminars.SeminarFields(
    programme="advanced_seminars",
    title="草原碳汇计量高级研修班",
    level=SeminarLevel.REGIONAL,
    area="绿色低碳",
    host="示例继续教育基地",
    organiser="示例大学",
    contact="示例联系人",
    phone="0471-0000000",
    session_number=1,
    start_on=date(2024, 6, 24),
    end_on=date(2024, 6, 26),
    hours=Decimal(24),
    place="呼和浩特市示例宾馆",
    mode=Mode.CLASSROOM,
    people=50,
    audience="副高级以上专业技术人员",
    lessons="碳汇计量\t示例甲\t示例大学\t教授\t16\n案例研讨\t示例乙\t示例研究院\t研究员\t8",
    public_money=120_000,
    own_money=0,
    reason="服务碳达峰碳中和。",
)


def file_seminar(cast: Cast, *, by: str = "base", now: datetime = NOW, **changes: Any) -> Seminar:
    """An application to hold a seminar, filed and waiting for the region."""
    with db.transaction() as session:
        seminar = seminars.draft(session, replace(SEMINAR, **changes), actor=cast[by], now=now)
        workflow.move(session, seminar.id, Action.SUBMIT, version=seminar.version, actor=cast[by], now=now)
    return seminar


def open_institutes(cast: Cast, now: datetime = NOW) -> None:
    """Two institutes that train digital-technology engineers, each with its clerk: institute and other."""
    with db.transaction() as session:
        for username, name in (("institute", "示例大学培训机构"), ("other", "示例学院培训机构")):
            given = {"name": name, "kind": OrganizationKind.INSTITUTE, "authority_id": cast.places["region"].id}
            place = organizations.add(session, **given, actor=cast["admin"], now=now)
            session.flush()
            account = accounts.open_account(
                session,
                username=username,
                name=f"经办人{username}",
                role=Role.BASE_CLERK,
                organization_id=place.id,
                password=PASSWORD,
                must_change_password=False,
                actor=cast["admin"],
                now=now,
            )
            session.flush()
            cast.places[username] = place
            home = (place.id, place.name, place.kind)
            cast.actors[username] = Actor(account.id, account.name, Role.BASE_CLERK, *home)


LINES = (
    {
        "name": "新能源技术骨干培训班",
        "area": "新能源",
        "people": "约100人",
        "start": "5月中旬",
        "organizer": "示例继续教育基地",
    },
    {"name": "乡村振兴农技人员培训班", "area": "乡村振兴", "people": "60", "start": "2024年6月24日", "end": "6月26日"},
)
"""Two lines of 附件2, as an office writes them."""


def file_table(
    cast: Cast,
    *,
    by: str = "department",
    rows: Iterable[dict[str, str]] = LINES,
    now: datetime = NOW,
    programme: str = "capability",
    year: int = 2024,
) -> PlanTable:
    """A yearly plan table with these lines, filed by a department or a league's clerk and waiting for the region."""
    with db.transaction() as session:
        fields = capability.TableFields(programme, year)
        found = capability.draft(session, fields, actor=cast[by], now=now)
        for cells in rows:
            capability.add(session, found.id, cells, actor=cast[by], now=now)
        workflow.move(session, found.id, Action.SUBMIT, version=found.version, actor=cast[by], now=now)
    return found


NOMINATION = study.NominationFields(
    programme="special_training",
    year=2024,
    education="研究生",
    degree="硕士",
    duty="科室副主任",
    post="主治医师",
    level="中级",
    titled_on=date(2016, 9, 1),
    ethnicity="蒙古族",
    phone="0471-1000000",
    specialty="临床医学",
    grassroots_years=6,
    study_field="人工智能辅助诊断",
    host1="示例大学附属医院",
    host2="示例医科大学",
    host3="",
    supervisor="示例教授",
    topic="影像辅助诊断在旗县的应用",
    opinion="同意推荐，研修期间保留岗位。",
)


def nominate(cast: Cast, serial: int, *, by: str = "employer", now: datetime = AFTER, **changes: Any) -> Nomination:
    """A nomination of the person with this serial, on file with the filer's employer, filed and waiting."""
    with db.transaction() as session:
        made = study.draft(session, person_id(serial), replace(NOMINATION, **changes), actor=cast[by], now=now)
        workflow.move(session, made.id, Action.SUBMIT, version=made.version, actor=cast[by], now=now)
    return made


def publish(cast: Cast, programme: str = NOMINATION.programme, *, days: int = 7, now: datetime = AFTER) -> PublicNotice:
    """A public notice of all who were selected, from that day on for so many days."""
    with db.transaction() as session:
        first = db.office_day(now)
        act: Any = {"first_on": first, "last_on": first + timedelta(days=days - 1), "actor": cast["reviewer"]}
        return publicity.publish(session, programme, NOMINATION.year, **act, now=now)


FILER = {Role.BASE_CLERK: "base", Role.EMPLOYER_CLERK: "employer"}
"""Who, of the cast, files what clerks of a role file."""


def filer_of(kind: str) -> str:
    """Who of the cast files a kind of submission."""
    if kind in ("plan_table", "year_summary"):  # those whom the notice names
        return "department"
    return next(FILER[role] for role in KINDS[kind].filers if role in FILER)


def deciders_of(kind: str) -> list[str]:
    """Who of the cast decides a kind of submission that lies before the region, at its last stage."""
    roles = KINDS[kind].stages[-1].roles
    return [username for username in ("reviewer", "reviewer2", "admin") if _role_of(username) in roles]


def _role_of(username: str) -> Role:
    return next(role for name, role, _ in STAFF if name == username)


def waiting(cast: Cast, kind: str) -> Submission:
    """A submission of a kind before the region, filed by `filer_of` the kind."""
    match kind:
        case "plan":
            return file_plan(cast)
        case "report":
            plan = file_plan(cast)
            approve(cast, plan.id)
            return file_report(cast, plan, sheet([row(1), row(2)]))
        case "claim":
            posted(cast, sheet([row(1)]))
            return file_claim(cast, 1, activity="技能培训")
        case "dispute":
            posted(cast, sheet([row(1)]))
            with db.transaction() as session:
                return disputes.file(session, person_id(1), 1, 1, words="学时有误", actor=cast["employer"], now=AFTER)
        case "seminar":
            seminar = file_seminar(cast)
            with db.transaction() as session:
                seminars.score(session, seminar.id, 90, "选题好", actor=cast["reviewer"], now=NOW)
            return seminar
        case "plan_table":
            return file_table(cast)
        case "year_summary":
            with db.transaction() as session:
                written = summaries.SummaryFields("按计划表举办", "学员满意")
                made = summaries.draft(session, "capability", 2024, written, actor=cast["department"], now=NOW)
                workflow.move(session, made.id, Action.SUBMIT, version=made.version, actor=cast["department"], now=NOW)
            return made
        case "nomination":
            posted(cast, sheet([row(1)]))
            return nominate(cast, 1)
        case "objection":
            posted(cast, sheet([row(2)]))
            nomination = nominate(cast, 2)
            grant(cast, nomination.id, reason="综合条件靠前")
            publish(cast)
            with db.transaction() as session:
                act: Any = {"words": "基层年限与实际不符", "actor": cast["employer"], "now": AFTER}
                return publicity.object_to(session, nomination.id, **act)
        case "study_appeal":
            posted(cast, sheet([row(1)]))
            learner = give_account(cast, 1, "learner")
            course = publish_course(cast)
            study_for(learner, course, 20, hidden=True)
            del cast.actors["learner"]
            with db.transaction() as session:
                (lost,) = session.query(UncountedTime).all()
                return appeals.file(session, lost.id, words="在看打印的讲义", actor=cast["employer"], now=AFTER)
        case "toy":
            with db.transaction() as session:
                made = toy.draft(session, "推荐名单", actor=cast["employer"], now=NOW)
                workflow.move(session, made.id, Action.SUBMIT, version=made.version, actor=cast["employer"], now=NOW)
            return made
    raise LookupError(f"nobody has said how a {kind} is filed")


COURSE = courses.CourseFields(2024, "铸牢中华民族共同体意识", "年度公需科目", "public", Decimal(30), (2024,))
LESSON = courses.LessonFields("第一讲", LessonKind.TEXT, 20, Decimal(30), body="正文")


def offer_course(cast: Cast, *lessons: courses.LessonFields, by: str = "exam", **changes: Any) -> Course:
    """A course handed in, waiting to be published."""
    with db.transaction() as session:
        who: Any = {"actor": cast[by], "now": NOW}
        course = courses.draft(session, replace(COURSE, **changes), **who)
        for each in lessons or (LESSON,):
            courses.put_lesson(session, course.id, None, each, version=course.version, **who)
        return courses.offer(session, course.id, version=course.version, **who)


def publish_course(
    cast: Cast, *lessons: courses.LessonFields, by: str = "exam", reviewer: str = "reviewer", **changes: Any
) -> Course:
    """A course that its people can study."""
    course = offer_course(cast, *lessons, by=by, **changes)
    with db.transaction() as session:
        return courses.publish(session, course.id, version=course.version, actor=cast[reviewer], now=NOW)


def study_for(
    learner: Actor, course: Course, minutes: int, *, lesson: int = 1, hidden: bool = False, now: datetime = AFTER
) -> learning.Beat:
    """Somebody studies a lesson for so many minutes, beat after beat, in one sitting; questions are answered."""
    with db.transaction() as session:
        learning.enrol(session, course.id, course.year, actor=learner, now=now)
        opened = learning.open_lesson(session, course.lessons[lesson - 1].id, actor=learner, now=now)
        act: Any = {"place": 0, "hidden": hidden, "actor": learner}
        for beats in range(minutes * 2 + 1):
            at = now + timedelta(seconds=30 * beats)
            told = learning.beat(session, opened.token, **act, now=at)
            while told.question:
                options = told.question["options"]
                chosen = options.index(opened.lesson.title) if opened.lesson.title in options else 0
                told = learning.answer(session, opened.token, chosen, actor=learner, now=at)[1]
        return told


def elsewhere(ask: Callable[..., Any]) -> Callable[..., Any]:
    """A question that another process might ask meanwhile: it may be put while a session is open here."""
    return functools.wraps(ask)(lambda *args, **named: contextvars.Context().run(ask, *args, **named))


@elsewhere
def person_id(serial: int) -> int:
    """The id of the person on file with this serial."""
    with db.reading() as session:
        index = db.blind_index(id_number(serial))
        return session.scalars(sa.select(Person.id).where(Person.id_index == index)).one()


def give_account(cast: Cast, serial: int, username: str, *, by: str = "admin", now: datetime = AFTER) -> Actor:
    """A person on file gets an account, signs in as `username` from now on, and has changed the first password."""
    with db.transaction() as session:
        number = id_number(serial)
        account = accounts.open_person_account(
            session, username=username, id_number=number, password=PASSWORD, actor=cast[by], now=now
        )
        account.must_change_password = False
        session.flush()
        home = account.organization
        mine = Actor(
            account.id, account.name, account.role, home.id, home.name, home.kind, account.person_id, league=home.league
        )
    cast.actors[username] = mine
    return mine


# --- looking on -----------------------------------------------------------------------------------------------------


def totals(session: Session, person_id: int, shown: Iterable[int] | None = None) -> pd.DataFrame:
    """What `years.of` answers of a person as a table, the newest year first: those with hours, else these.

    Columns: year, hours by subject and in total, deemed (codes), lacks (words), basis. Seen from the latest of them.
    """
    if shown is None:
        posted = sa.select(CreditTotal.year).join(Person, Person.human_id == CreditTotal.person_id)
        shown = set(session.scalars(posted.where(Person.id == person_id)))
    shown = set(shown)
    held = years.of(session, person_id, max(shown, default=TODAY.year), shown)
    lines = [
        {"year": each.year, "deemed": [line.code for line in each.subjects if line.deemed]}
        | {"lacks": each.words, "basis": each.basis}
        | {line.code: line.has for line in each.subjects}
        for each in held.years
    ]
    return pd.DataFrame(lines, columns=["year", *held.names, "deemed", "lacks", "basis"])


@elsewhere
def everything() -> dict[str, list[str]]:
    """All rows of all tables as the database has them, to see that nothing changed."""
    with db.reading() as session:
        return {
            name: sorted(map(repr, session.execute(sa.text(f'SELECT * FROM "{name}"'))))
            for name in sorted(Base.metadata.tables)
        }


@elsewhere
def refusal(deed: Callable[[Session], object]) -> Refused:
    """Why a deed is refused, in a transaction of its own; nothing whatever has changed."""
    before = _whole()
    with pytest.raises(Refused) as caught, db.transaction() as session:
        deed(session)
    unchanged = _whole() == before
    assert unchanged, "what was refused has changed the database"
    return caught.value


def _whole() -> object:
    """`everything` in one go, to be compared only: SQLite's file as it would be saved, PostgreSQL's rows as text."""
    with db.engine().connect() as connection:
        if connection.dialect.name == "sqlite":
            return connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
        tables = [f"SELECT '{name}', kept::text FROM \"{name}\" kept" for name in sorted(Base.metadata.tables)]
        return sorted(map(tuple, connection.exec_driver_sql(" UNION ALL ".join(tables))))


def behind_our_back(table: str, *statements: str) -> None:
    """Change a guarded table as somebody with the database password would: guard off, change, guard on again."""
    with db.engine().begin() as connection:
        if connection.dialect.name == "sqlite":
            for deed in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{deed}")
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount > 0
        if connection.dialect.name == "sqlite":
            db.append_only(connection, append_only_tables())
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def at_once(*deeds: Callable[[Session], object]) -> list[object]:
    """Every deed in a thread and a transaction of its own, all let go together; answers or exceptions, in order."""
    start = threading.Barrier(len(deeds))
    found: list[object] = [None] * len(deeds)

    def run(at: int, deed: Callable[[Session], object]) -> None:
        start.wait(30)
        try:
            with db.transaction() as session:
                found[at] = deed(session)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            found[at] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return found


# --- notices of the office's own


HOHHOT_NOTICE = """
id: hohhot-2024
extends: nmg-2024
league: 呼和浩特市
title: 呼和浩特市2024年通知
document: 呼人社发〔2024〕1号
clauses: [补一]
"""
"""The head of a league's notice, for what it says to follow."""


def lay_notice(policy_id: str, text: str) -> None:
    """Lay a notice on file as the office's own."""
    notices.published().mkdir(parents=True, exist_ok=True)
    (notices.published() / f"{policy_id}.yaml").write_text(text, encoding="utf-8")
