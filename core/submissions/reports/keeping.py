"""Stored roster (报告的花名册): its cells, rows and problems, checked and written again whenever anything changed."""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id
from core.ground.access import Actor, Refused, Role, not_found, require
from core.ledger import books
from core.ledger.standing import hours_posted
from core.models import Plan, Report, RosterProblem, RosterRepair, RosterRow
from core.submissions import plans, roster
from core.submissions.kinds import EDITABLE
from core.tables.problems import OF_FILE, Problem, in_order
from core.trail import choices, files


def form_of(report: Report) -> roster.Form:
    """Roster form (花名册格式) of a report, under the notice of its plan; where that is faulty, under the region's."""
    return form_of_plan(report.plan)


def form_of_plan(plan: Plan) -> roster.Form:
    try:
        policy = plans.policy_of(plan)
    except Refused:
        policy = None
    return roster.form(policy, plan.subject)


def limits(plan: Plan, start_on: date, end_on: date, today: date) -> roster.Limits:
    """What the plan allows the roster of a training that took place on these days. Refused codes: "policy"."""
    policy = plans.policy_of(plan)
    return roster.Limits(
        subject=policy.subject(plan.subject).code,
        hours_each=plan.hours_each,
        days=plans.days_of(start_on, end_on),
        hours_per_day=policy.hours_per_day,
        today=today,
        credit_years=plans.credit_years(plan),
        usual_year=plans.usual_year(plan),
    )


def chosen(session: Session, report: Report | Plan) -> dict[str, str]:
    """Columns (认列) that the base of a report or plan has chosen, for a file of its that is read now."""
    plan = report if isinstance(report, Plan) else report.plan
    return choices.chosen(session, plan.organization_id, roster.listing(form_of_plan(plan)).code)


def repaired(session: Session, report: Report) -> int:
    """Repairs at stake (已改正处数): how many another file in place of the roster would make void."""
    return len(repairs_of(session, report, RosterRepair.id)) if report.roster_id else 0


def cells_of(session: Session, report: Report, actor: Actor) -> dict[int, roster.Cells]:
    """Current cells (现有各行): the roster's rows by row number, repairs included."""
    query = sa.select(RosterRow.row, RosterRow.cells).where(RosterRow.report_id == report.id).order_by(RosterRow.row)
    kept = {row: json.loads(cells) for row, cells in session.execute(query) if cells}
    if kept:
        return kept
    given = files.opened(session, report.roster_id or 0, actor)
    return dict(roster.rows_in(given.content, given.filename, form_of(report), chosen=chosen(session, report)).rows)


@dataclass(frozen=True)
class Checked:
    """A roster as it was checked (检查过的花名册), its rows and problems ready to be written."""

    preview: roster.Preview
    problems: list[Problem]
    rows: db.Bound
    told: db.Bound
    people: int
    """In its good rows; with the hours they earn, and how many rows are faulty."""
    hours: Decimal
    faults: int


@db.in_bulk()
def checked(
    session: Session,
    plan: Plan,
    report: Report,
    rows: dict[int, roster.Cells],
    today: date,
    *,
    of_file: Sequence[Problem] | None = None,
) -> Checked:
    """Check a roster's rows (检查花名册) with everything that takes long, sealing included; writes nothing.

    `of_file`: what a new file itself gave to say (columns not read, hidden rows); without one, what the last one gave.
    Of a report that is not kept yet, `report` is what it will be.
    """
    noted = _of_file(session, report) if of_file is None else of_file
    bounds = limits(plan, report.start_on, report.end_on, today)
    preview = roster.check(sorted(rows.items()), form=form_of_plan(plan), limits=bounds, known=session, report=report)
    faulty = preview.faulty_rows
    kept, written = preview.rows, json.JSONEncoder(ensure_ascii=False).encode
    plain = "row id_number employer post specialty credit_year phone note".split()
    by_column = zip(*map(operator.attrgetter(*plain), kept), strict=True)
    columns: dict[str, Any] = dict(zip(plain, map(list, by_column), strict=True))
    columns |= {
        "name": [row.name[:100] for row in kept],
        "note": list(map(functools.cache(resident_id.without), columns["note"])),
        "hours": [row.hours[plan.subject] for row in kept],
        "id_index": [None if row.row in faulty else preview.indexes[row.row] for row in kept],
        "assessment": [row.assessment[:40] for row in kept],
        "faulty": [row.row in faulty for row in kept],
        "cells": _as_json([row.cells for row in kept]),
    }
    ready = db.laid(session, db.bound(session, RosterRow, columns))
    plain = "row code value words blocking offer".split()
    found = in_order([*noted, *preview.problems], preview.form.columns)
    columns = {name: [getattr(problem, name) for problem in found] for name in plain}
    columns |= {"column_name": [problem.column for problem in found]}
    columns |= {"mend": [written(dict(problem.mend)) for problem in found]}
    told, good = db.laid(session, db.bound(session, RosterProblem, columns)), preview.good_rows
    people, hours = len({row.id_number for row in good}), sum(map(_earned, good), Decimal())
    return Checked(preview, found, ready, told, people, hours, len(faulty))


def put(session: Session, report: Report, made: Checked) -> list[Problem]:
    """Store a roster (保存花名册) as it was checked, in place of the one that is kept. Idempotent."""
    session.flush()
    mine = sa.update(RosterRow).where(RosterRow.report_id == report.id, hours_posted([report.id]))
    session.execute(mine.values(report_id=None).execution_options(synchronize_session=False))
    for table in (RosterRow, RosterProblem):
        session.execute(sa.delete(table).where(table.report_id == report.id))
    db.write(session, made.rows, report_id=report.id)
    db.write(session, made.told, report_id=report.id)
    report.people, report.hours, report.faults = made.people, made.hours, made.faults
    return made.problems


def keep(session: Session, report: Report, rows: dict[int, roster.Cells], today: date) -> list[Problem]:
    """Check and store (检查并保存): the two in one, for a roster that is being made out of others."""
    session.flush()
    return put(session, report, checked(session, report.plan, report, rows, today))


def stamp(session: Session, report: Report | None) -> tuple[object, ...]:
    """What a check depends on (检查依据), in a few numbers: the report and its rows, who is on file, what is posted."""
    seen = books.state(session)
    if report is None or report.id is None:
        return seen
    session.refresh(report, ["version"])
    repaired = sa.select(sa.func.max(RosterRepair.id)).where(RosterRepair.report_id == report.id)
    return (*seen, report.version, session.scalar(repaired))


def _as_json(rows: Sequence[roster.Cells]) -> list[str]:
    """The cells of each row as JSON: of rows that all have the same columns at once, which is five times as fast."""
    if len(layouts := set(map(tuple, rows))) == 1 and layouts != {()}:
        return db.json_rows(dict(zip(rows[0], zip(*map(dict.values, rows), strict=True), strict=True)))
    return [json.dumps(cells, ensure_ascii=False) for cells in rows]


def _of_file(session: Session, report: Report) -> list[Problem]:
    """What the file that is the report's roster gave to say; of rows struck since, nothing."""
    query = sa.select(RosterProblem).where(RosterProblem.report_id == report.id, RosterProblem.code.in_(OF_FILE))
    return [
        Problem(each.row, each.column, each.code, each.value, each.words, each.blocking)
        for each in session.scalars(query.order_by(RosterProblem.id))
    ]


def own_open(session: Session, report_id: int, actor: Actor, *, lock: bool = True) -> Report:
    require(actor, Role.BASE_CLERK)
    report = session.get(Report, report_id, with_for_update=lock, populate_existing=True)
    if report is None or report.organization_id != actor.organization_id:
        raise not_found("报告")
    if report.state not in EDITABLE:
        raise Refused("state", f"该报告的状态是“{report.state.label}”，不能修改；待审的请先撤回。")
    return report


def filled_in(session: Session, report: Report) -> set[int]:
    """Rows whose ID number the program filled in (系统代填的号码): their base never sees the last four of it.

    Step 1: the last change of a row's number was an accepted proposal; a row that was struck and put back is as it was.
    Step 2: the number stood in no cell of the row before; a shifted row that was moved back has brought its own.
    Step 3: no cell says it with a letter for a digit.
    """
    columns = (RosterRepair.row, RosterRepair.column, RosterRepair.before, RosterRepair.after, RosterRepair.how)
    stood: dict[int, set[str]] = {}
    filled: dict[int, str] = {}
    struck: dict[int, str | None] = {}
    for row, column, before, after, how in repairs_of(session, report, *columns):
        stood.setdefault(row, set()).add(before)
        was = filled.pop(row, None) if column in ("id_number", "") else None
        if not column and not after:
            struck[row] = was
        if column == "id_number" and how == "proposal":
            filled[row] = after
        elif how == "restored" and (number := struck.get(row)):
            filled[row] = number
    return {
        row
        for row, number in filled.items()
        if number not in stood[row] and not any(resident_id.meant(cell)[0] == number for cell in stood[row])
    }


def struck_rows(session: Session, report: Report) -> dict[int, str]:
    """Rows that were struck (删去的行) and are not there again, each with its cells as JSON, the latest last."""
    gone: dict[int, str] = {}
    columns = (getattr(RosterRepair, name) for name in ("row", "column", "before", "after"))
    for row, column, before, after in repairs_of(session, report, *columns):
        if not column and after:
            gone.pop(row, None)
        elif not column:
            gone[row] = before
    return gone


def taken_up(session: Session, report: Report) -> dict[int, roster.Cells]:
    """Rows that a supplement has still of those it took up (补报的各行), by their number here, as they were then."""
    first: dict[int, roster.Cells] = {}
    added = set()
    columns = (getattr(RosterRepair, name) for name in ("row", "column", "before", "after", "how"))
    for row, column, before, after, how in repairs_of(session, report, *columns):
        if column:
            first.setdefault(row, {}).setdefault(column, before)
        elif after and how != "restored":
            added.add(row)
    query = sa.select(RosterRow.row, RosterRow.cells).where(RosterRow.report_id == report.id).order_by(RosterRow.row)
    kept = {row: json.loads(cells or "{}") for row, cells in session.execute(query) if row not in added}
    return {row: cells | first.get(row, {}) for row, cells in kept.items()}


def _earned(row: roster.Row) -> Decimal:
    if row.assessment not in roster.PASSED:
        return Decimal()
    return row.earned


def repairs_of(session: Session, report: Report, *columns: Any) -> Sequence[Any]:
    """Repairs (改正记录) of the file that is currently the report's roster, oldest first."""
    query = sa.select(*columns).where(
        RosterRepair.report_id == report.id, RosterRepair.attachment_id == (report.roster_id or 0)
    )
    return session.execute(query.order_by(RosterRepair.id)).all()
