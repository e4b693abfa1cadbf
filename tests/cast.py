"""The people and organizations of the tests: a small office with a region, a league, bases, employers and named staff."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import xlsxwriter

from core import approvals, db, plans, registry, reports, resident_id, roster
from core.access import Actor, OrganizationKind, Role
from core.approvals import Action
from core.files import Upload
from core.models import Mode, Organization, Plan, Report
from core.policy import Subject

NOW = datetime(2024, 6, 3, 1, 0, tzinfo=UTC)
"""Monday, nine in the morning at the office."""
TODAY = date(2024, 6, 3)
PASSWORD = "Right-horse-24"
NOTICE = Upload("培训通知.pdf", b"%PDF-1.4 synthetic")

PLAN = plans.PlanFields(
    title="知识更新培训班",
    subject=Subject.PROFESSIONAL,
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
)


def assemble(now: datetime = NOW) -> Cast:
    """Open an empty office in the database in use and give it its people. All sign in with `PASSWORD`."""
    cast = Cast()
    with db.transaction() as session:
        founder = registry.open_office(session, kind="empty", now=now)
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
        ):
            authority_id = cast.places[over].id
            cast.places[short] = registry.add_organization(
                session, name=name, kind=kind, authority_id=authority_id, actor=founder, now=now
            )
        session.flush()
        for username, role, place in STAFF:
            account = registry.open_account(
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
            cast.actors[username] = Actor(account.id, account.name, role, home.id, home.name, home.kind)
    return cast


def sheet(rows: list[list[Any]], headings: tuple[str, ...] = tuple(roster.HEADINGS.values())) -> bytes:
    """A roster as an .xlsx: a title row, the headings in row 2, the rows from row 3."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
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
        "name": name or f"{surname}示{chr(0x4E00 + serial)}",
        "sex": resident_id.sex(number),
        "id_number": number,
        "employer": "示例市第一医院",
        "title": "主治医师",
        "specialty": "临床医学",
        "public_hours": 0,
        "professional_hours": 24,
        "assessment": "合格",
        "phone": "0471-1000000",
        "note": "",
    }
    return list((usual | cells).values())


def file_plan(cast: Cast, *, by: str = "base", now: datetime = NOW, **changes: Any) -> Plan:
    """A plan filed by a base and waiting for its authority."""
    with db.transaction() as session:
        plan = plans.draft(session, replace(PLAN, **changes), actor=cast[by], now=now)
        session.flush()
        approvals.move(session, plan.id, Action.SUBMIT, version=plan.version, actor=cast[by], now=now)
    return plan


def approve(cast: Cast, submission_id: int, *, by: str = "reviewer", now: datetime = NOW) -> str:
    """Approve what is waiting; answers what happened, in words."""
    with db.transaction() as session:
        version = approvals.one(session, submission_id, cast[by]).version
        _, words = approvals.move(session, submission_id, Action.APPROVE, version=version, actor=cast[by], now=now)
    return words


AFTER = NOW + timedelta(days=28)
"""Monday after the usual plan's training, well before its report is due."""


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
            notice=NOTICE,
            roster_file=Upload(filename, content),
            actor=cast[by],
            now=now,
        )
        approvals.move(session, report.id, Action.SUBMIT, version=report.version, actor=cast[by], now=now)
    return report


def posted(cast: Cast, content: bytes, *, by: str = "base", reviewer: str = "reviewer", **changes: Any) -> Report:
    """The whole way: plan filed and approved, report filed and approved, hours posted."""
    plan = file_plan(cast, by=by, **changes)
    approve(cast, plan.id, by=reviewer)
    report = file_report(cast, plan, content, by=by)
    approve(cast, report.id, by=reviewer, now=AFTER)
    return report
