"""Training reports (培训情况报告): summary, notice and roster of an approved plan; approval posts the hours."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import audit, db, files, ledger, plans, policy, registry, resident_id, roster, sheets
from core.access import OFFICERS, Actor, Refused, Role, not_found, require, visible
from core.files import Upload
from core.ledger import Standing
from core.models import (
    HOURS_TAKEN_BACK,
    Attachment,
    CreditBatch,
    CreditEntry,
    Mode,
    Movement,
    Organization,
    Plan,
    Report,
    RosterProblem,
    RosterRepair,
    RosterRow,
    Source,
    State,
    Submission,
)
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
    teachers: str = ""
    """Who taught, where it was not whom the plan named."""


def limits(plan: Plan, start_on: date, end_on: date, today: date) -> roster.Limits:
    """What the plan allows the roster of a training that took place on these days."""
    return roster.Limits(
        subject=plan.subject,
        hours_each=plan.hours_each,
        headcount=plan.headcount,
        days=plans.days_of(start_on, end_on),
        hours_per_day=policy.in_force(plan.start_on.year).hours_per_day,
        today=today,
        credit_years=plans.credit_years(plan),
        usual_year=plans.usual_year(plan),
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
        due_on = report.due_on if report else policy.in_force(plan.start_on.year).report_due_on(plan.end_on)
        lines.append(
            {
                "plan_id": plan.id,
                "title": report.title if report else plan.title,
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
    replace: bool = False,
    actor: Actor,
    now: datetime,
) -> tuple[Report, list[roster.Problem]]:
    """Start or change the report of one's own approved plan; answers it with every problem of a roster just given.

    Faulty rows are kept with their faults and post nothing; good rows stand. A file takes the place of a roster that
    was repaired only with `replace`: the repairs are void from then on, and stay on record with the file they mended.
    Refused codes: "role", "missing", "state", "early", "fields", "file", "headings", "rows" (not of this roster),
    "stale" (changed since the file was handed out), "repaired" (it would take the place of repairs).
    """
    plan = plans.own(session, plan_id, actor)
    if plan.state is not State.APPROVED:
        raise Refused("state", "该计划尚未通过，不能报送培训情况报告。")
    today = db.office_day(now)
    if plan.end_on > today and fields.end_on > today:
        raise Refused("early", f"培训{plan.end_on}结束，结束后再报送培训情况报告。")
    _check_fields(plan, fields, today)
    report = session.scalar(
        sa.select(Report).where(Report.plan_id == plan.id).order_by(Report.part.desc()).limit(1).with_for_update()
    )
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
        raise Refused("state", f"该报告的状态是“{report.state.label}”，不能修改；待审的请先撤回。")
    report.start_on, report.end_on = fields.start_on, fields.end_on
    report.summary, report.teachers = fields.summary.strip(), fields.teachers.strip()
    if report.part in (None, 1):  # a supplement's is its own, see `supplement`
        report.due_on = policy.in_force(plan.start_on.year).report_due_on(fields.end_on)
    session.flush()
    if notice:
        if not notice.filename.lower().endswith(files.NOTICE_ENDINGS):
            raise Refused("file", f"培训通知请上传{'、'.join(files.NOTICE_ENDINGS)}文件。")
        report.notice_id = files.attach(session, report, notice, purpose="notice", now=now).id
    problems = _take_roster(session, report, roster_file, replace, actor, now)
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


def _take_roster(
    session: Session, report: Report, given: Upload | None, replace: bool, actor: Actor, now: datetime
) -> list[roster.Problem]:
    """Check the roster anew, since its dates or the people on file may have changed: a file just given, or its rows.

    A file that names the rows it came from (`roster.ORIGIN`) brings those back corrected; the others stand, and so does
    what was repaired since it was handed out.
    """
    if given is None or taken_before(session, report, given):
        return _check(session, report, _cells(session, report, actor), db.office_day(now)) if report.roster_id else []
    read = roster.rows_in(given.content, given.filename)
    origins, codes = ([sheets.text(cells.pop(name, "")) for _, cells in read] for name in ("origin", "code"))
    if not any(origins) or report.roster_id is None:
        made = repaired(session, report)
        if made and not replace:
            raise Refused(
                "repaired",
                f"这是另一份花名册，保存后将整份替换，此前在网上改正的{made}处作废，所以没有保存。确要替换的，请先勾选"
                "“替换原来的”再保存；只想更新几行的，请下载待改正的行，填写后上传。",
            )
        report.roster_id = files.attach(session, report, given, purpose="roster", now=now).id
        return _check(session, report, dict(read), db.office_day(now))
    rows = _cells(session, report, actor)
    repairs = _brought_back(session, report, rows, list(zip(origins, codes, read, strict=True)))
    files.attach(session, report, given, purpose="repair", now=now)
    return _amend(session, report, rows, repairs, how="file", actor=actor, now=now)


def _brought_back(
    session: Session,
    report: Report,
    rows: dict[int, roster.Cells],
    read: list[tuple[str, str, tuple[int, roster.Cells]]],
) -> list[_Repair]:
    """Change the rows by what somebody changed in a file of open rows since it was handed out; answers the repairs.

    What was repaired elsewhere meanwhile stands; where both changed one cell, all of the file waits (code "stale").
    People written below the others, in rows that came from nowhere, are added.
    """
    repairs: list[_Repair] = []
    added: list[roster.Cells] = []
    conflicts = []
    earlier = {code: _as_handed_out(session, report, rows, code) for code in {code for _, code, _ in read}}
    for origin, code, (number, cells) in read:
        if not origin and not any(cells.get(column) for column in roster.REQUIRED):
            continue
        if not origin and not code:
            added += [cells] if roster.names_somebody(cells) else []
            continue
        row = int(origin) if origin.isdigit() else 0
        if row not in earlier[code]:
            where = f"第{number}行的“{roster.ORIGIN}”或“{roster.CODE}”"
            raise Refused("rows", f"{where}不是本花名册的，请重新下载待改正的行，用新文件填写；新增的人这两格留空。")
        then = earlier[code][row]
        for column, cell in cells.items():
            was, wanted = sheets.text(then.get(column)), sheets.text(cell)
            if wanted == was:
                continue
            if row not in rows:
                conflicts.append(f"第{row}行已删去")
            elif sheets.text(rows[row].get(column)) in (was, wanted):
                repairs += _set(rows, row, column, cell)
            else:
                conflicts.append(f"第{row}行的{roster.HEADINGS[column]}已改过")
    if conflicts:
        told = "、".join(list(dict.fromkeys(conflicts))[:5]) + ("等" if len(conflicts) > 5 else "")
        words = f"此文件下载之后，{told}，与文件不同，文件没有保存。请重新下载待改正的行，在新文件里改正。"
        raise Refused("stale", words)
    return repairs + _added(rows, added)


def _as_handed_out(
    session: Session, report: Report, rows: dict[int, roster.Cells], code: str
) -> dict[int, roster.Cells]:
    """The rows as they were when a file with this code was handed out: every later repair undone. None: not ours."""
    *whose, since = code.split("R") if re.fullmatch(r"\d+R\d+R\d+", code) else ("", "0")
    if whose != [str(report.id), str(report.roster_id)]:
        return {}
    then = {row: dict(cells) for row, cells in rows.items()}
    columns = {heading: column for column, heading in roster.HEADINGS.items()}
    found = _repairs(session, report, *(getattr(RosterRepair, name) for name in "id row heading before".split()))
    for repair_id, row, heading, before in reversed(found):
        if repair_id <= int(since):
            break
        if heading:
            then[row][columns[heading]] = before
        elif before:
            then[row] = json.loads(before)
        else:
            del then[row]  # it was added since
    return then


def taken_before(session: Session, report: Report, given: Upload) -> bool:
    """Whether this very file is the roster already: taking it again would undo what was repaired since (`restart`)."""
    query = sa.select(Attachment.id).where(
        Attachment.submission_id == report.id,
        Attachment.sha256 == files.digest_of(given),
        Attachment.id >= (report.roster_id or 0),
        Attachment.purpose.in_(("roster", "repair")),
    )
    return report.roster_id is not None and session.scalar(query.limit(1)) is not None


def repaired(session: Session, report: Report) -> int:
    """How many repairs another file in place of the roster would make void."""
    return len(_repairs(session, report, RosterRepair.id)) if report.roster_id else 0


def _cells(session: Session, report: Report, actor: Actor) -> dict[int, roster.Cells]:
    """The roster's rows as they stand, repairs included."""
    query = sa.select(RosterRow.row, RosterRow.cells).where(RosterRow.report_id == report.id).order_by(RosterRow.row)
    kept = {row: json.loads(cells) for row, cells in session.execute(query) if cells}
    if kept:
        return kept
    given = files.opened(session, report.roster_id or 0, actor)
    return dict(roster.rows_in(given.content, given.filename))


@db.in_bulk()
def _check(session: Session, report: Report, rows: dict[int, roster.Cells], today: date) -> list[roster.Problem]:
    """Check these rows and keep them with every problem found."""
    session.flush()
    bounds = limits(report.plan, report.start_on, report.end_on, today)
    preview = roster.check(sorted(rows.items()), limits=bounds, known=session, report=report)
    faulty = preview.faulty_rows
    for table in (RosterRow, RosterProblem):
        session.execute(sa.delete(table).where(table.report_id == report.id))
    kept, written = preview.rows, json.JSONEncoder(ensure_ascii=False).encode
    plain = "row id_number employer title specialty public_hours professional_hours credit_year phone note".split()
    by_column = zip(*map(operator.attrgetter(*plain), kept), strict=True)
    columns: dict[str, Any] = dict(zip(plain, map(list, by_column), strict=True))
    columns |= {
        "report_id": report.id,
        "name": [row.name[:100] for row in kept],
        "id_index": [None if row.row in faulty else preview.indexes[row.row] for row in kept],
        "assessment": [row.assessment[:40] for row in kept],
        "faulty": [row.row in faulty for row in kept],
        "cells": [written(row.cells) for row in kept],
    }
    db.insert(session, RosterRow, columns)
    plain = "row heading code value words blocking offer".split()
    columns = {name: [getattr(problem, name) for problem in preview.problems] for name in plain}
    columns |= {"report_id": report.id, "mend": [written(dict(problem.mend)) for problem in preview.problems]}
    db.insert(session, RosterProblem, columns)
    report.people = len({row.id_number for row in preview.good_rows})
    report.hours = sum((_earned(row) for row in preview.good_rows), Decimal())
    report.faults = len(faulty)
    return preview.problems


# --- repairs on the screen ------------------------------------------------------------------------------------------

_Repair = tuple[int, str, str, str]
"""Row, heading ("" for the whole row), before, after."""


@dataclass(frozen=True)
class Change:
    """A cell as a clerk saw it and as it should be."""

    row: int
    column: str
    before: str
    after: str


def repair(
    session: Session, report_id: int, changes: Sequence[Change], *, actor: Actor, now: datetime
) -> list[roster.Problem]:
    """Change cells of one's own roster before it is submitted and check all of it again; the file stays as it came.

    Refused codes: "role", "missing", "state", "rows" (no such cell), "stale" (somebody changed it meanwhile).
    """
    report = _own_open(session, report_id, actor)
    rows = _cells(session, report, actor)
    repairs = []
    for change in changes:
        if change.row not in rows or change.column not in roster.COLUMNS:
            raise Refused("rows", f"花名册中没有第{change.row}行，可能刚被删去，请查看最新的花名册。")
        if sheets.text(rows[change.row].get(change.column)) != change.before:
            cell = sheets.text(rows[change.row].get(change.column))
            told = f"刚刚被他人改为“{resident_id.masked(cell)}”" if cell else "刚刚被他人清空"
            where = f"第{change.row}行的{roster.HEADINGS[change.column]}"
            raise Refused("stale", f"{where}{told}，您的修改没有保存，请核对最新的内容。")
        repairs += _set(rows, change.row, change.column, sheets.text(change.after))
    return _amend(session, report, rows, repairs, how="typed", actor=actor, now=now)


class Accepted(NamedTuple):
    """How many rows were mended as proposed, and how many were left out."""

    mended: int
    struck: int


def accept(session: Session, report_id: int, row_numbers: Sequence[int], *, actor: Actor, now: datetime) -> Accepted:
    """Let the program mend these rows as it proposed. A number it fills in is a logged disclosure.

    Refused codes: "role", "missing", "state", "rows" (nothing is proposed for them any more).
    """
    report = _own_open(session, report_id, actor)
    query = sa.select(RosterProblem.row, RosterProblem.mend).where(
        RosterProblem.report_id == report.id, RosterProblem.offer != "", RosterProblem.row.in_(row_numbers)
    )
    offers: dict[int, dict[str, str]] = {}
    for row, mend in session.execute(query.order_by(RosterProblem.id)):
        offers[row] = offers.get(row, {}) | json.loads(mend)
    if not offers:
        raise Refused("rows", "这些行已没有可采纳的建议，请查看最新的花名册。")
    rows = _cells(session, report, actor)
    struck = [row for row, mend in offers.items() if roster.STRIKE in mend]
    repairs = [repair for row in struck for repair in _struck(rows, row)]
    for row in offers.keys() - set(struck):
        for column, value in offers[row].items():
            repairs += _set(rows, row, column, value)
    _amend(session, report, rows, sorted(repairs), how="proposal", actor=actor, now=now)
    return Accepted(len(offers) - len(struck), len(struck))


def strike(session: Session, report_id: int, row: int, *, actor: Actor, now: datetime) -> list[roster.Problem]:
    """Leave a row out of one's own roster. Refused codes: "role", "missing", "state", "rows", "file" (the last one)."""
    report = _own_open(session, report_id, actor)
    rows = _cells(session, report, actor)
    repairs = _struck(rows, row)
    if not repairs:
        raise Refused("rows", f"花名册中没有第{row}行，可能刚被删去，请查看最新的花名册。")
    return _amend(session, report, rows, repairs, how="typed", actor=actor, now=now)


def paste(
    session: Session, report_id: int, text: str, *, actor: Actor, now: datetime
) -> tuple[int, list[roster.Problem]]:
    """Add rows copied out of a spreadsheet to one's own roster, below the others; answers how many, and every problem.

    Refused codes: "role", "missing", "state", "file", "headings" (no rows in it), "fields" (no roster yet: `save`).
    """
    report = _own_open(session, report_id, actor)
    if report.roster_id is None:
        raise Refused("fields", "还没有花名册，请在上面的表格中粘贴后保存。")
    rows = _cells(session, report, actor)
    given = roster.pasted(text)
    read = [cells for _, cells in roster.rows_in(given.content, given.filename) if roster.names_somebody(cells)]
    files.attach(session, report, given, purpose="repair", now=now)
    return len(read), _amend(session, report, rows, _added(rows, read), how="pasted", actor=actor, now=now)


def restart(session: Session, report_id: int, *, actor: Actor, now: datetime) -> list[roster.Problem]:
    """Bring one's own roster back to the file it came in; what is undone by that stays in the roster's trail.

    Refused codes: "role", "missing", "state", "rows" (nothing was changed, or it is a supplement, which has no file).
    """
    report = _own_open(session, report_id, actor)
    if report.roster_id is None or report.part > 1:
        raise Refused("rows", "补报没有自己的花名册原件，请逐行改正，或删去不补报的行。")
    rows, given = _cells(session, report, actor), files.opened(session, report.roster_id, actor)
    bounds = limits(report.plan, report.start_on, report.end_on, db.office_day(now))
    read = roster.read(given.content, given.filename, limits=bounds)
    original = {row.row: row.cells for row in read.rows}
    repairs = [repair for row in sorted(rows.keys() - original.keys()) for repair in _struck(rows, row)]
    for row, cells in original.items():
        if row in rows:
            for column in roster.COLUMNS:
                repairs += _set(rows, row, column, cells.get(column, ""))
        else:
            rows[row] = cells
            repairs.append(_whole(row, cells))
    if not repairs:
        raise Refused("rows", "花名册与上传的原件相同，没有需要恢复的。")
    return _amend(session, report, rows, repairs, how="restart", actor=actor, now=now)


def supplement(session: Session, report_id: int, *, actor: Actor, now: datetime) -> Report:
    """Begin a supplement to one's own approved report: the rows of its plan without hours, to be repaired and filed.

    Due as long after the approval, or after the last reversal of what it holds, as a report after its training. The
    notice sets no deadline for it: this is clause 一(五)2 by analogy, and our reading.
    Refused codes: "role", "missing", "state" (not approved, one is under way, or every row has its hours).
    """
    require(actor, Role.BASE_CLERK)
    report = session.get(Report, report_id)
    if report is None or report.organization_id != actor.organization_id:
        raise not_found("报告")
    session.get(Plan, report.plan_id, with_for_update=True)  # nobody begins two at once
    left = unregistered(session, report)
    if not left:
        raise Refused("state", "报告通过后，仍有没有登记或已冲销的行，且没有补报正在办理时，才能补报。")
    rows: dict[int, roster.Cells] = {}
    kept = {part.id: _cells(session, part, actor) for part in {row.report for row in left}}
    for each in left:
        row = each.row if each.row not in rows else max(*rows, *(one.row for one in left)) + 1
        rows[row] = kept[each.report.id][each.row]
    newest = max((row.report for row in left), key=lambda part: part.part)
    since = max((moment for row in left for moment in (row.undone_at, newest.decided_at) if moment), default=now)
    names = "organization_id authority_id plan_id start_on end_on summary teachers notice_id roster_id".split()
    part = 1 + (session.scalar(sa.select(sa.func.max(Report.part)).where(Report.plan_id == report.plan_id)) or 1)
    added = Report(
        **{name: getattr(newest, name) for name in names},
        title=f"{report.plan.title[:90]}（补报{part - 1 if part > 2 else ''}）",
        part=part,
        due_on=policy.in_force(report.plan.start_on.year).report_due_on(db.office_day(since)),
        created_by_id=actor.account_id,
        created_at=now,
        plan=report.plan,
    )
    session.add(added)
    _check(session, added, rows, db.office_day(now))
    after = {"report": report.id, "rows": len(rows)}
    audit.record(session, audit.Event.REPORT_SUPPLEMENTED, added, actor=actor, after=after, now=now)
    return added


@dataclass(frozen=True)
class Unregistered:
    """A row of an approved report without hours, and when they were undone; None: they were never posted."""

    report: Report
    row: int
    undone_at: datetime | None


def unregistered(session: Session, report: Report) -> list[Unregistered]:
    """The rows of a report's plan that a supplement would take up; none while one is under way.

    A supplement takes up every row there is when it is begun. So what is left are the rows that stayed faulty in the
    last report of the plan, and those of any whose hours were undone after it was begun.
    """
    query = sa.select(Report).where(Report.plan_id == report.plan_id).order_by(Report.part)
    parts = {part.id: part for part in session.scalars(query)}
    *_, last = parts.values()
    if report.state is not State.APPROVED or last.state not in (State.APPROVED, State.REJECTED):
        return []
    posted, which = (
        sa.orm.aliased(CreditBatch),
        (RosterRow.report_id, RosterRow.row, RosterRow.id_index, RosterRow.credit_year),
    )
    undone = (
        sa.select(*which, sa.func.max(CreditBatch.posted_at))
        .join(CreditEntry, CreditEntry.roster_row_id == RosterRow.id)
        .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
        .join(posted, posted.id == CreditBatch.reverses_id)
        .where(posted.submission_id.in_(parts), HOURS_TAKEN_BACK)
        .group_by(RosterRow.id, *which)
    )
    faulty = sa.select(*which, sa.null()).where(RosterRow.report_id == last.id, RosterRow.faulty)
    found: list[Any] = [row for row in session.execute(undone) if row[0] == last.id or row[4] > last.created_at]
    if last.state is State.APPROVED:
        found += session.execute(faulty)
    usual_year = plans.usual_year(report.plan)
    standing = roster.registered(session, report.plan_id, usual_year) if len(parts) > 1 else {}
    rows = [
        Unregistered(parts[part], row, at)
        for part, row, index, year, at in found
        if (index, year or usual_year) not in standing
    ]
    return sorted(rows, key=lambda each: (each.row, each.report.part))


@dataclass(frozen=True)
class TurnedDown:
    """A supplement that was 不予通过, with why; `people` of it have no hours."""

    title: str
    people: int
    reason: str


def turned_down(session: Session, report: Report) -> list[TurnedDown]:
    """The supplements of a report's plan that were not let pass, as long as somebody in them is without hours."""
    query = (
        sa.select(Report, Movement.reason)
        .join(Movement, sa.and_(Movement.submission_id == Report.id, Movement.to_state == State.REJECTED))
        .where(Report.plan_id == report.plan_id, Report.part > 1)
        .order_by(Report.part)
    )
    usual_year = plans.usual_year(report.plan)
    standing = roster.registered(session, report.plan_id, usual_year)
    found = []
    for part, reason in session.execute(query):
        rows = session.execute(
            sa.select(RosterRow.id_index, RosterRow.credit_year).where(RosterRow.report_id == part.id)
        )
        if people := sum((index, year or usual_year) not in standing for index, year in rows):
            found.append(TurnedDown(part.title, people, reason))
    return found


def undone_people(session: Session, actor: Actor) -> pd.DataFrame:
    """One's own reports of which hours were undone, and no supplement takes them up yet. Refused codes: "role".

    Columns: report_id, title, people.
    """
    require(actor, Role.BASE_CLERK)
    back = sa.orm.aliased(CreditBatch)
    query = (
        sa.select(Report)
        .join(CreditBatch, CreditBatch.submission_id == Report.id)
        .where(
            Report.organization_id == actor.organization_id,
            sa.exists().where(back.reverses_id == CreditBatch.id),
        )
        .order_by(Report.id)
    )
    lines: dict[int, dict[str, Any]] = {}
    for report in session.scalars(query):
        people = sum(each.undone_at is not None for each in unregistered(session, report))
        if people:
            lines.setdefault(report.plan_id, {"report_id": report.id, "title": report.plan.title, "people": people})
    return pd.DataFrame(list(lines.values()), columns=["report_id", "title", "people"])


def _own_open(session: Session, report_id: int, actor: Actor) -> Report:
    require(actor, Role.BASE_CLERK)
    report = session.get(Report, report_id, with_for_update=True)
    if report is None or report.organization_id != actor.organization_id:
        raise not_found("报告")
    if report.state not in EDITABLE:
        raise Refused("state", f"该报告的状态是“{report.state.label}”，不能修改；待审的请先撤回。")
    return report


def _set(rows: dict[int, roster.Cells], row: int, column: str, value: str | int | float) -> list[_Repair]:
    before = rows[row].get(column, "")
    rewritten = column == "id_number" and type(before) is not type(value)  # a number cell is ruined, its text is not
    if sheets.text(before) == sheets.text(value) and not rewritten:
        return []
    rows[row][column] = value
    return [(row, roster.HEADINGS[column], sheets.text(before), sheets.text(value))]


def _added(rows: dict[int, roster.Cells], people: Iterable[roster.Cells]) -> list[_Repair]:
    """Put people below the others."""
    added = dict(enumerate(people, start=max(rows, default=1) + 1))
    rows |= added
    return [_whole(row, cells) for row, cells in added.items()]


def _whole(row: int, cells: roster.Cells) -> _Repair:
    return row, "", "", json.dumps(cells, ensure_ascii=False)


def _struck(rows: dict[int, roster.Cells], row: int) -> list[_Repair]:
    cells = rows.pop(row, None)
    return [(row, "", json.dumps(cells, ensure_ascii=False), "")] if cells else []


def _amend(
    session: Session,
    report: Report,
    rows: dict[int, roster.Cells],
    repairs: list[_Repair],
    *,
    how: str,
    actor: Actor,
    now: datetime,
) -> list[roster.Problem]:
    """Check the roster with its repairs, keep who made them, and leave one line in the trail."""
    faults = report.faults
    problems = _check(session, report, rows, db.office_day(now))
    session.add_all(
        RosterRepair(
            report_id=report.id,
            attachment_id=report.roster_id or 0,
            row=row,
            heading=heading,
            before=before,
            after=after,
            how=how,
            account_id=actor.account_id,
            account_name=actor.name,
            at=now,
        )
        for row, heading, before, after in repairs
    )
    touched = {str(row): "" for row, *_ in repairs}
    for row, heading, *_ in repairs:
        touched[str(row)] += heading or "整行"
    audit.record(
        session,
        audit.Event.ROSTER_REPAIRED,
        report,
        actor=actor,
        before={"faults": faults},
        after={"faults": report.faults, "rows": touched, "how": how},
        now=now,
    )
    return problems


def _earned(row: roster.Row) -> Decimal:
    if row.assessment not in roster.PASSED:
        return Decimal()
    return row.public_hours + row.professional_hours


def problems(session: Session, report_id: int, actor: Actor, *, now: datetime) -> list[roster.Problem]:
    """Every problem of a report's roster as it stands, warnings too; only the base that filed it sees full ID numbers.

    Refused codes: "missing", "file", "headings".
    """
    report = one(session, report_id, actor)
    query = sa.select(RosterProblem).where(RosterProblem.report_id == report.id).order_by(RosterProblem.id)
    found = [
        roster.Problem(each.row, each.heading, each.code, each.value, each.words, each.blocking, each.offer)
        for each in session.scalars(query)
    ]
    if not found and report.faults and report.roster_id:  # read by the first release, which kept no problems
        given = files.opened(session, report.roster_id, actor)
        bounds = limits(report.plan, report.start_on, report.end_on, db.office_day(now))
        found = roster.read(given.content, given.filename, limits=bounds, known=session).problems
    if actor.organization_id == report.organization_id:
        return found
    return [_masked(each) for each in found]


def _masked(problem: roster.Problem) -> roster.Problem:
    """A problem for those who have not filed the roster."""
    mask = resident_id.mask if problem.heading == roster.HEADINGS["id_number"] else resident_id.masked
    words, offer = map(resident_id.masked, (problem.words, problem.offer))
    return replace(problem, value=mask(problem.value), words=words, offer=offer)


def warnings(session: Session, report_id: int, actor: Actor) -> list[roster.Problem]:
    """What a reviewer should look at although it blocks nothing, asked anew each time: what differs from the plan, who
    stands in another roster of the same days. Whose roster that is, is told to the officers in charge alone.

    Refused codes: "missing".
    """
    report = one(session, report_id, actor)
    found = [*_drift(session, report), *_elsewhere(session, report, named=actor.role in OFFICERS)]
    return [_masked(each) for each in found]


FEWER = Decimal("0.8")
"""Fewer people than this part of the plan's headcount are worth a look."""
SAME = Decimal("0.8")
"""From this part of its people on, a roster is another one's copy."""
SAME_ON_OTHER_DAYS = Decimal("0.9")
"""The same on other days of the year, with the same hours: one unit's staff may well attend several trainings."""
FEW = 3
"""Up to so many people two rosters may share by chance; on other days one more."""


def _drift(session: Session, report: Report) -> Iterator[roster.Problem]:
    plan = report.plan

    def warning(code: str, column: str, value: str, words: str) -> roster.Problem:
        return roster.Problem(0, roster.HEADINGS[column], code, value, words, blocking=False)

    planned, took = f"{plan.start_on}至{plan.end_on}", f"{report.start_on}至{report.end_on}"
    if planned != took:
        yield warning("drift-dates", "number", took, f"实际培训{took}，批准的是{planned}")
    if report.teachers and report.teachers != plan.teachers:
        yield warning(
            "drift-teachers", "number", report.teachers, f"实际授课教师“{report.teachers}”，批准的是“{plan.teachers}”"
        )
    here, others = headcount(session, report)
    people = here + others
    if people and people < FEWER * plan.headcount:
        whose = "连同先前的报告共" if others else "花名册"
        yield warning("drift-headcount", "number", str(people), f"{whose}{people}人，批准{plan.headcount}人")
    own = RosterRow.public_hours if plan.subject is Subject.PUBLIC else RosterRow.professional_hours
    fewer = session.scalar(
        sa.select(sa.func.count(RosterRow.id)).where(
            RosterRow.report_id == report.id, ~RosterRow.faulty, own > 0, own < plan.hours_each
        )
    )
    if fewer:
        each = ledger.hours_text(plan.hours_each)
        column = "public_hours" if plan.subject is Subject.PUBLIC else "professional_hours"
        yield warning("drift-hours", column, str(fewer), f"{fewer}人的学时少于批准的每人{each}学时")


def headcount(session: Session, report: Report) -> tuple[int, int]:
    """How many people the training had: those of this roster, and the others who stand in the reports before it."""
    kept = sa.select(RosterRow.id_index).where(RosterRow.report_id == report.id)
    indexes = [index and bytes(index) for index in session.scalars(kept)]
    faulty, here = indexes.count(None), set(indexes) - {None}
    if report.part == 1:
        return len(here) + faulty, 0
    earlier = {index for index, _ in roster.registered(session, report.plan_id, None, before=report.part)}
    twice = sa.select(sa.func.count(RosterProblem.id))
    twice = twice.where(RosterProblem.report_id == report.id, RosterProblem.code == "duplicate-plan")
    others = len(earlier - here) - session.scalars(twice).one()
    return len(here) + faulty, others


def _elsewhere(session: Session, report: Report, *, named: bool) -> Iterator[roster.Problem]:
    """People of this roster in others, filed or approved: whole rosters first, then one by one on overlapping days."""
    mine, theirs = sa.orm.aliased(RosterRow), sa.orm.aliased(RosterRow)
    other, submission, plan = (sa.inspect(kind).local_table for kind in (Report, Submission, Plan))
    earns = [row.public_hours + row.professional_hours > 0 for row in (mine, theirs)]
    same_days = sa.and_(other.c.start_on <= report.end_on, other.c.end_on >= report.start_on)
    year = date(report.end_on.year, 1, 1), date(report.end_on.year, 12, 31)
    as_large = other.c.people.between(report.people * SAME_ON_OTHER_DAYS, report.people / SAME_ON_OTHER_DAYS)
    near = [
        other.c.plan_id != report.plan_id,
        submission.c.state.in_((State.SUBMITTED, State.APPROVED)),
        other.c.end_on.between(*year),
        sa.or_(same_days, as_large),
    ]
    if (
        session.scalar(sa.select(other.c.id).join(submission, submission.c.id == other.c.id).where(*near).limit(1))
        is None
    ):
        return  # nobody's row need be looked for

    def shared(*columns: Any) -> sa.Select[Any]:
        query = sa.select(*columns).select_from(mine)
        return (
            query.join(theirs, sa.and_(theirs.id_index == mine.id_index, theirs.report_id != mine.report_id))
            .join(other, other.c.id == theirs.report_id)
            .join(submission, submission.c.id == other.c.id)
            .join(plan, plan.c.id == other.c.plan_id)
            .join(Organization, Organization.id == submission.c.organization_id)
            .where(mine.report_id == report.id, *near, *earns)
        )

    which = [
        other.c.id.label("other_id"),
        other.c.start_on,
        other.c.end_on,
        submission.c.title,
        submission.c.organization_id,
        Organization.name.label("organization"),
    ]
    alike = sa.and_(
        theirs.public_hours == mine.public_hours,
        theirs.professional_hours == mine.professional_hours,
        sa.func.coalesce(theirs.credit_year, 0) == sa.func.coalesce(mine.credit_year, 0),
        plan.c.credit_years == report.plan.credit_years,
    )
    counts = [
        sa.func.count(mine.id_index.distinct()).label("people"),
        sa.func.count(sa.case((alike, mine.id_index)).distinct()).label("alike"),
        other.c.people.label("their_people"),
    ]
    rosters = shared(*which, *counts).group_by(*which, other.c.people)
    copies = set()
    for each in session.execute(rosters.order_by(other.c.id)):
        at_once = each.start_on <= report.end_on and each.end_on >= report.start_on
        elsewhere = each.organization_id != report.organization_id
        largest = max(report.people, each.their_people)
        count = each.people if at_once and elsewhere else each.alike
        if at_once and not ((count > FEW and count >= SAME * report.people) or 1 < count == largest):
            continue
        if not at_once and not (count > FEW + 1 and count >= SAME_ON_OTHER_DAYS * largest):
            continue
        copies.add(each.other_id)
        whose = f"{each.organization}“{each.title}”（{each.start_on}至{each.end_on}）"
        if not named:
            whose = "另一家机构" if elsewhere else f"本机构“{each.title}”（{each.start_on}至{each.end_on}）"
        when = "同一期间" if at_once else "同一年度以相同学时"
        words = f"{count}人（{count * 100 // report.people}%）{when}还在{whose}的花名册中，请核对是否重复报送"
        yield roster.Problem(0, roster.HEADINGS["name"], "same-roster", str(count), words, blocking=False)
    if report.plan.mode is Mode.ONLINE:
        return
    people = shared(mine.row, mine.name, theirs.row.label("other_row"), *which)
    people = people.where(same_days, plan.c.mode != Mode.ONLINE, other.c.id.not_in(copies))
    for each in session.execute(people.order_by(mine.row, other.c.id)):
        words = "此人同日还在另一期培训的花名册中，请核实是否到场"
        if named:
            words += f"：{each.organization}“{each.title}”（{each.start_on}至{each.end_on}）第{each.other_row}行"
        yield roster.Problem(each.row, roster.HEADINGS["name"], "two-places", each.name, words, blocking=False)


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


_HOURS_OF_ROW = sa.case(
    (HOURS_TAKEN_BACK, Standing.REVERSED.value),
    (sa.exists().where(CreditEntry.roster_row_id == RosterRow.id), Standing.STANDS.value),
    else_="",
)


def rows(
    session: Session,
    report_id: int,
    actor: Actor,
    *,
    faulty_only: bool = False,
    text: str = "",
    limit: int | None = None,
) -> pd.DataFrame:
    """The roster of a report, ID numbers masked in whatever column. Refused codes: "missing".

    Of all its rows or the faulty ones only, those with a part of a name or employer (`text`), the first so many.
    Columns: row, name, id_mask, employer, title, specialty, public_hours, professional_hours, credit_year, assessment,
    faulty, note, repaired (the headings of the cells that were changed on the screen), standing (of the hours posted
    for it, "" where none were).
    """
    report = one(session, report_id, actor)
    repaired: dict[int, list[str]] = {}
    for row, heading in _repairs(session, report, RosterRepair.row, RosterRepair.heading):
        repaired.setdefault(row, []).append(heading or "整行")
    usual_year = plans.usual_year(report.plan)
    plain = "row name employer title specialty public_hours professional_hours assessment faulty note".split()
    query = sa.select(*(getattr(RosterRow, name) for name in (*plain, "credit_year", "id_number")))
    query = query.where(RosterRow.report_id == report_id).order_by(RosterRow.row)
    query = query.add_columns(_HOURS_OF_ROW if report.state is State.APPROVED else sa.literal("")).limit(limit)
    if faulty_only:
        query = query.where(RosterRow.faulty)
    if needle := text.strip():
        words = (column.contains(needle, autoescape=True) for column in (RosterRow.name, RosterRow.employer))
        query = query.where(sa.or_(*words))
    found = session.execute(query).all()
    frame = pd.DataFrame(found, columns=[*plain, "credit_year", "id_mask", "standing"])
    # The year as it will count; none where the plan offers several and the row names none.
    frame["credit_year"] = [row.credit_year or usual_year for row in found]
    frame["repaired"] = ["、".join(dict.fromkeys(repaired.get(row.row, ()))) for row in found]
    frame["id_mask"] = [resident_id.mask(row.id_number) for row in found]
    for name in ("name", "employer", "title", "specialty", "assessment", "note"):
        frame[name] = [resident_id.masked(cell) for cell in frame[name]]
    frame.insert(2, "id_mask", frame.pop("id_mask"))
    return frame


_posted, _back = sa.orm.aliased(CreditBatch), sa.orm.aliased(CreditBatch)
STANDING = sa.func.coalesce(
    sa.select(
        sa.case(
            (sa.func.count(_back.id) == 0, Standing.STANDS.value),
            (sa.func.sum(_back.entries) >= _posted.entries, Standing.REVERSED.value),
            else_=Standing.PARTLY.value,
        )
    )
    .outerjoin_from(_posted, _back, _back.reverses_id == _posted.id)
    .where(_posted.submission_id == Submission.id)
    .group_by(_posted.id, _posted.entries)
    .correlate(Submission)
    .scalar_subquery(),
    "",
)
"""What is left of the hours that a submission's approval posted, as an SQL expression over Submission; "" of none."""


def standing(session: Session, report: Report) -> Standing | None:
    """What is left of the hours a report's approval posted; None before it."""
    code = session.scalar(sa.select(STANDING).where(Submission.id == report.id))
    return Standing(code) if code else None


def reversals(session: Session, report_id: int, actor: Actor) -> pd.DataFrame:
    """What was taken back of a report's hours, oldest first. Refused codes: "missing".

    Columns: at, entries, hours, reason.
    """
    report = one(session, report_id, actor)
    posted = sa.orm.aliased(CreditBatch)
    query = (
        sa.select(
            CreditBatch.posted_at.label("at"),
            CreditBatch.entries,
            sa.func.sum(-CreditEntry.hours).label("hours"),
            CreditBatch.basis.label("reason"),
        )
        .join(posted, posted.id == CreditBatch.reverses_id)
        .join(CreditEntry, CreditEntry.batch_id == CreditBatch.id)
        .where(posted.submission_id == report.id)
        .group_by(CreditBatch.id)
        .order_by(CreditBatch.id)
    )
    return pd.DataFrame(session.execute(query).mappings().all(), columns=query.selected_columns.keys())


HOW = {"typed": "网上改正", "proposal": "采纳建议", "file": "上传改正", "pasted": "粘贴添加", "restart": "恢复原件"}


def repairs(session: Session, report_id: int, actor: Actor) -> pd.DataFrame:
    """What was changed in a report's roster since its file came, oldest first, ID numbers masked in whatever column.

    Columns: row, heading, before, after, how, account_name, at. Refused codes: "missing".
    """
    report = one(session, report_id, actor)
    names = "row heading before after how account_name at".split()
    lines = []
    for found in _repairs(session, report, *(getattr(RosterRepair, name) for name in names)):
        line = dict(zip(names, found, strict=True))
        for name, nothing in (("before", ""), ("after", "删去")):
            if not line["heading"]:
                line[name] = str(json.loads(line[name]).get("name", "")) if line[name] else nothing
            elif line["heading"] == roster.HEADINGS["id_number"]:
                line[name] = resident_id.mask(line[name])
            line[name] = resident_id.masked(line[name])
        lines.append(line | {"heading": line["heading"] or "整行", "how": HOW[line["how"]]})
    return pd.DataFrame(lines, columns=names)


def open_rows(session: Session, report_id: int, *, actor: Actor, now: datetime) -> bytes:
    """One's own rows with faults as an .xlsx, each faulty cell marked: corrected, it is given in again. A logged act.

    Refused codes: "missing", "empty" (no such row).
    """
    report = one(session, report_id, actor)
    if report.organization_id != actor.organization_id:
        raise not_found("花名册")
    last = max((repair_id for (repair_id,) in _repairs(session, report, RosterRepair.id)), default=0)
    query = sa.select(RosterRow.row, RosterRow.cells).where(RosterRow.report_id == report.id, RosterRow.faulty)
    rows = [(row, json.loads(kept)) for row, kept in session.execute(query.order_by(RosterRow.row)) if kept]
    if not rows:
        raise Refused("empty", "没有待改正的行。")
    code = f"{report.id}R{report.roster_id}R{last}"
    content = roster.marked(rows, problems(session, report_id, actor, now=now), code=code)
    after = {"filename": "待改正花名册"}
    audit.record(session, audit.Event.FILE_HANDED_OUT, report, actor=actor, after=after, now=now)
    return content


def _repairs(session: Session, report: Report, *columns: Any) -> Sequence[Any]:
    """What was changed of the file that is the report's roster now."""
    query = sa.select(*columns).where(
        RosterRepair.report_id == report.id, RosterRepair.attachment_id == (report.roster_id or 0)
    )
    return session.execute(query.order_by(RosterRepair.id)).all()


def cells(session: Session, report_id: int, row: int, actor: Actor) -> dict[str, str]:
    """One row of one's own roster, every cell as text by column, to be repaired. Refused codes: "missing"."""
    report = one(session, report_id, actor)
    query = sa.select(RosterRow.cells).where(RosterRow.report_id == report.id, RosterRow.row == row)
    found = session.execute(query).one_or_none()
    if report.organization_id != actor.organization_id or found is None:
        raise not_found("花名册行")
    read: roster.Cells = json.loads(found[0]) if found[0] else _cells(session, report, actor)[row]
    return {column: sheets.text(read.get(column)) for column in roster.COLUMNS}


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


@db.in_bulk()
def on_approve(session: Session, report: Report, *, actor: Actor, now: datetime) -> str:
    """Post the hours of every good row, all or none. Answers what happened, in words.

    Refused codes: "name" (somebody on file has this number under another name), "empty", "posted".
    """
    sealed = sa.inspect(RosterRow).columns.id_number.type
    assert isinstance(sealed, db.EncryptedText)
    good = [RosterRow.report_id == report.id, ~RosterRow.faulty, RosterRow.assessment.in_(roster.PASSED)]
    good.append(RosterRow.public_hours + RosterRow.professional_hours > 0)
    written = sa.type_coerce(RosterRow.id_number, sa.LargeBinary)
    whose = sa.select(RosterRow.name, RosterRow.employer, RosterRow.title, RosterRow.specialty, RosterRow.id_index)
    rows = session.execute(whose.add_columns(written).where(*good).order_by(RosterRow.row)).all()
    facts = [
        registry.PersonFacts(name, number, employer, title, specialty, index)
        for number, (name, employer, title, specialty, index, _) in zip(
            sealed.opened(number for *_, number in rows), rows, strict=True
        )
    ]
    person_ids = registry.match_or_add(session, facts, authority_id=report.authority_id, now=now)
    earned = sa.select(RosterRow.id, RosterRow.id_index, RosterRow.credit_year)
    earned = earned.add_columns(RosterRow.public_hours, RosterRow.professional_hours)
    postings = list(_postings(report, session.execute(earned.where(*good)), person_ids))
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
    return f"已为{len(set(person_ids.values()))}人登记{ledger.hours_text(hours)}学时，学员可打印审验卡"


def _postings(report: Report, rows: Iterable[Any], person_ids: dict[bytes, int]) -> Iterator[ledger.Posting]:
    """What these rows earned: id, blind index, credit year, public and professional hours of each."""
    usual_year, end_on = plans.usual_year(report.plan), report.end_on
    days = plans.days_of(report.start_on, end_on)
    for row_id, index, credit_year, public, professional in rows:
        year = credit_year or usual_year
        if year is None:
            continue
        made_up = year != end_on.year
        if public:
            source = Source.MAKE_UP if made_up else Source.PUBLIC_EXAM
            yield ledger.Posting(person_ids[index], year, Subject.PUBLIC, public, end_on, row_id, source, days=days)
        if professional:
            source = Source.MAKE_UP if made_up else Source.TRAINING
            whose = person_ids[index]
            yield ledger.Posting(whose, year, Subject.PROFESSIONAL, professional, end_on, row_id, source, days=days)


def credit_years(session: Session, report: Report) -> list[int]:
    """For which years the faultless rows of a roster count, clause 七(二)."""
    query = sa.select(RosterRow.credit_year).where(RosterRow.report_id == report.id, ~RosterRow.faulty).distinct()
    years = {year or plans.usual_year(report.plan) for year in session.scalars(query)}
    return sorted(year for year in years if year)


def preview(session: Session, report: Report) -> str:
    """What approval would do, in words."""
    found = credit_years(session, report)
    years = "、".join(map(str, found))
    made_up = "（含补学）" if any(year < report.end_on.year for year in found) else ""
    hours = ledger.hours_text(report.hours)
    return f"通过后，将为{report.people}人登记共{hours}学时，计入{years or report.end_on.year}年度{made_up}。"


def summary(report: Report) -> dict[str, Any]:
    """A report's fields for the trail."""
    return {
        "start_on": report.start_on.isoformat(),
        "end_on": report.end_on.isoformat(),
        "summary": report.summary,
        "teachers": report.teachers,
        "people": report.people,
        "hours": str(report.hours),
        "faults": report.faults,
    }
