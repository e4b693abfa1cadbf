"""Training reports (培训情况报告): summary, notice and roster of an approved plan; approval posts the hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import audit, db, files, ledger, plans, policy, registry, resident_id, roster
from core.access import Actor, Refused, Role, not_found, require, visible
from core.files import Upload
from core.models import Organization, Plan, Report, RosterRow, Source, State, Submission
from core.policy import Subject

FILERS = (Role.BASE_CLERK,)
APPROVAL_NEEDS_REASON = False
EDITABLE = (State.DRAFT, State.RETURNED, State.WITHDRAWN)


@dataclass(frozen=True)
class ReportFields:
    """What a base fills in beside the two files, clause 一(五)2."""

    start_on: date
    end_on: date
    summary: str


def limits(plan: Plan, start_on: date, end_on: date, today: date) -> roster.Limits:
    """What the plan allows the roster of a training that took place on these days."""
    return roster.Limits(
        subject=plan.subject,
        hours_each=plan.hours_each,
        headcount=plan.headcount,
        days=plans.days_of(start_on, end_on),
        hours_per_day=policy.in_force(plan.start_on.year).hours_per_day,
        today=today,
    )


def open_plans(session: Session, actor: Actor, *, now: datetime) -> pd.DataFrame:
    """Approved plans of the clerk's organization that have ended and are not reported yet, the most urgent first.

    Columns: plan_id, title, start_on, end_on, due_on, days_left, report_id (0: none yet), state, hours_each, headcount.
    """
    require(actor, Role.BASE_CLERK)
    today = db.office_day(now)
    filed = sa.orm.aliased(Report, flat=True)
    query = (
        sa.select(Plan, filed)
        .outerjoin(filed, filed.plan_id == Plan.id)
        .where(Plan.organization_id == actor.organization_id, Plan.state == State.APPROVED, Plan.end_on <= today)
        .order_by(Plan.end_on)
    )
    lines = []
    found: Iterable[tuple[Plan, Report | None]] = session.execute(query)
    for plan, report in found:
        if report is not None and report.state not in EDITABLE:
            continue
        due_on = policy.in_force(plan.start_on.year).report_due_on(plan.end_on)
        lines.append(
            {
                "plan_id": plan.id,
                "title": plan.title,
                "start_on": plan.start_on,
                "end_on": plan.end_on,
                "due_on": due_on,
                "days_left": (due_on - today).days,
                "report_id": report.id if report else 0,
                "state": report.state if report else "",
                "hours_each": plan.hours_each,
                "headcount": plan.headcount,
            }
        )
    columns = "plan_id title start_on end_on due_on days_left report_id state hours_each headcount".split()
    return pd.DataFrame(lines, columns=columns)


def save(
    session: Session,
    plan_id: int,
    fields: ReportFields,
    *,
    notice: Upload | None = None,
    roster_file: Upload | None = None,
    actor: Actor,
    now: datetime,
) -> tuple[Report, list[roster.Problem]]:
    """Start or change the report of one's own approved plan; answers it with every problem of a roster just given.

    Faulty rows are kept with their faults and post nothing; good rows stand.
    Refused codes: "role", "missing", "state", "early", "fields", "file", "headings".
    """
    plan = plans.own(session, plan_id, actor)
    if plan.state is not State.APPROVED:
        raise Refused("state", "该计划尚未通过，不能报送培训情况报告。")
    today = db.office_day(now)
    if plan.end_on > today and fields.end_on > today:
        raise Refused("early", f"培训{plan.end_on}结束，结束后再报送培训情况报告。")
    _check_fields(plan, fields, today)
    report = session.scalar(sa.select(Report).where(Report.plan_id == plan.id).with_for_update())
    before = summary(report) if report else {}
    event = audit.Event.REPORT_REVISED if report else audit.Event.REPORT_DRAFTED
    if report is None:
        report = Report(
            title=plan.title,
            organization_id=plan.organization_id,
            authority_id=plan.authority_id,
            created_by_id=actor.account_id,
            created_at=now,
            plan_id=plan.id,
            plan=plan,
        )
        session.add(report)
    elif report.state not in EDITABLE:
        raise Refused("state", f"该报告{report.state.label}，不能修改；待审的请先撤回。")
    report.start_on, report.end_on, report.summary = fields.start_on, fields.end_on, fields.summary.strip()
    report.due_on = policy.in_force(plan.start_on.year).report_due_on(fields.end_on)
    session.flush()
    if notice:
        if not notice.filename.lower().endswith(files.NOTICE_ENDINGS):
            raise Refused("file", f"培训通知请上传{'、'.join(files.NOTICE_ENDINGS)}文件。")
        report.notice_id = files.attach(session, report, notice, purpose="notice", now=now).id
    if roster_file:
        report.roster_id = files.attach(session, report, roster_file, purpose="roster", now=now).id
    problems = _load_roster(session, report, actor, today)
    audit.record(session, event, report, actor=actor, before=before, after=summary(report), now=now)
    return report, problems


def _check_fields(plan: Plan, fields: ReportFields, today: date) -> None:
    faults = []
    if fields.end_on < fields.start_on:
        faults.append("结束日期早于开始日期")
    if fields.start_on < plan.start_on:
        faults.append(f"实际开始日期早于计划的{plan.start_on}")
    if fields.end_on > today:
        faults.append(f"实际结束日期{fields.end_on}还没有到")
    if fields.end_on.year != plan.start_on.year:
        faults.append("实际结束日期与计划不在同一年度")
    if faults:
        raise Refused("fields", "；".join(faults) + "。请改正后再保存。")


def _load_roster(session: Session, report: Report, actor: Actor, today: date) -> list[roster.Problem]:
    """Read the report's roster again, since its dates or the people on file may have changed, and keep its rows."""
    if report.roster_id is None:
        return []
    given = files.opened(session, report.roster_id, actor)
    preview = roster.read(
        given.content,
        given.filename,
        limits=limits(report.plan, report.start_on, report.end_on, today),
        known=session,
    )
    faulty = preview.faulty_rows
    session.execute(sa.delete(RosterRow).where(RosterRow.report_id == report.id))
    session.execute(
        sa.insert(RosterRow),
        [
            {
                "report_id": report.id,
                "row": row.row,
                "name": row.name[:100],
                "id_number": row.id_number,
                "id_index": None if row.row in faulty else db.blind_index(row.id_number),
                "employer": row.employer,
                "title": row.title,
                "specialty": row.specialty,
                "public_hours": row.public_hours,
                "professional_hours": row.professional_hours,
                "assessment": row.assessment[:40],
                "phone": row.phone,
                "note": row.note,
                "faulty": row.row in faulty,
            }
            for row in preview.rows
        ],
    )
    report.people = len(preview.good_rows)
    report.hours = sum((_earned(row) for row in preview.good_rows), Decimal())
    report.faults = len(faulty)
    return preview.problems


def _earned(row: roster.Row | RosterRow) -> Decimal:
    if row.assessment not in roster.PASSED:
        return Decimal()
    return row.public_hours + row.professional_hours


def problems(session: Session, report_id: int, actor: Actor, *, now: datetime) -> list[roster.Problem]:
    """Every problem of a report's roster as it stands, warnings too; only the base that filed it sees full ID numbers.

    Refused codes: "missing", "file", "headings".
    """
    report = one(session, report_id, actor)
    if report.roster_id is None:
        return []
    given = files.opened(session, report.roster_id, actor)
    bounds = limits(report.plan, report.start_on, report.end_on, db.office_day(now))
    found = roster.read(given.content, given.filename, limits=bounds, known=session).problems
    if actor.organization_id == report.organization_id:
        return found
    masked = roster.HEADINGS["id_number"]
    return [replace(each, value=resident_id.mask(each.value)) if each.heading == masked else each for each in found]


def one(session: Session, report_id: int, actor: Actor) -> Report:
    """A report of the actor's jurisdiction. Refused codes: "missing"."""
    report = session.scalar(
        sa.select(Report)
        .options(sa.orm.joinedload(Report.plan), sa.orm.joinedload(Report.organization))
        .where(
            Report.id == report_id,
            visible(actor, organization=Submission.organization_id, authority=Submission.authority_id),
        )
    )
    if report is None:
        raise not_found("报告")
    return report


def rows(session: Session, report_id: int, actor: Actor) -> pd.DataFrame:
    """The roster of a report. Refused codes: "missing".

    Columns: row, name, id_mask, employer, title, specialty, public_hours, professional_hours, assessment, faulty, note.
    """
    one(session, report_id, actor)
    query = sa.select(RosterRow).where(RosterRow.report_id == report_id).order_by(RosterRow.row)
    plain = "row name employer title specialty public_hours professional_hours assessment faulty note".split()
    frame = pd.DataFrame(
        [
            {name: getattr(row, name) for name in plain} | {"id_mask": resident_id.mask(row.id_number)}
            for row in session.scalars(query)
        ],
        columns=[*plain, "id_mask"],
    )
    frame.insert(2, "id_mask", frame.pop("id_mask"))
    return frame


# --- what `approvals` asks of every kind ----------------------------------------------------------------------------


def check_submit(session: Session, report: Report, *, actor: Actor, reason: str, now: datetime) -> None:
    """A report has its summary, notice and roster; after two weeks it is late and says why, clause 一(五)2.

    Refused codes: "fields", "late".
    """
    faults = []
    if not report.summary:
        faults.append("培训总结未填")
    if report.notice_id is None:
        faults.append("培训通知未上传")
    if report.roster_id is None:
        faults.append("培训花名册未上传")
    elif not report.people:
        faults.append("花名册没有一行无误，请改正后重新上传")
    if faults:
        raise Refused("fields", "；".join(faults) + "。请补齐后再提交。")
    report.late = db.office_day(now) > report.due_on
    if report.late and not reason.strip():
        raise Refused("late", f"应于{report.due_on}（含）前提交（一(五)2），现已逾期，请填写逾期原因后提交。")
    report.late_reason = reason.strip() if report.late else ""


def check_approve(session: Session, report: Report, *, now: datetime) -> None:
    """Nothing beyond what posting itself checks."""


def on_approve(session: Session, report: Report, *, actor: Actor, now: datetime) -> str:
    """Post the hours of every good row, all or none. Answers what happened, in words.

    Refused codes: "name" (somebody on file has this number under another name), "empty", "posted".
    """
    good = list(
        session.scalars(
            sa.select(RosterRow).where(RosterRow.report_id == report.id, ~RosterRow.faulty).order_by(RosterRow.row)
        )
    )
    facts = [
        registry.PersonFacts(row.name, row.id_number, row.employer, row.title, row.specialty)
        for row in good
        if _earned(row)
    ]
    person_ids = registry.match_or_add(session, facts, authority_id=report.authority_id, now=now)
    postings = list(_postings(report, good, person_ids))
    home = session.get_one(Organization, report.organization_id)
    ledger.post(
        session,
        postings,
        submission=report,
        basis=f"{home.name}：{report.title}"[:200],
        actor=actor,
        now=now,
    )
    hours = sum((posting.hours for posting in postings), Decimal())
    return f"已为{len(facts)}人登记{ledger.hours_text(hours)}学时，学员可打印审验卡"


def _postings(report: Report, good: list[RosterRow], person_ids: dict[bytes, int]) -> Iterator[ledger.Posting]:
    for row in good:
        if not _earned(row) or row.id_index is None:
            continue
        for subject, hours in (
            (Subject.PUBLIC, row.public_hours),
            (Subject.PROFESSIONAL, row.professional_hours),
        ):
            if hours:
                yield ledger.Posting(
                    person_ids[bytes(row.id_index)],
                    report.end_on.year,
                    subject,
                    hours,
                    report.end_on,
                    row.id,
                    Source.PUBLIC_EXAM if subject is Subject.PUBLIC else Source.TRAINING,
                    days=plans.days_of(report.start_on, report.end_on),
                )


def preview(session: Session, report: Report) -> str:
    """What approval would do, in words."""
    return f"通过后，将为{report.people}人登记共{ledger.hours_text(report.hours)}学时，计入{report.end_on.year}年度。"


def summary(report: Report) -> dict[str, Any]:
    """A report's fields for the trail."""
    return {
        "start_on": report.start_on.isoformat(),
        "end_on": report.end_on.isoformat(),
        "summary": report.summary,
        "people": report.people,
        "hours": str(report.hours),
        "faults": report.faults,
    }
