"""Report queries (查看培训情况报告): its rows, problems, repairs, reversals. Logs what it hands out."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import Actor, Refused, not_found, visible
from core.ground.deeds import deed
from core.ledger.standing import OF_SUBMISSION, Standing, of_row
from core.models import (
    CreditBatch,
    CreditEntry,
    Organization,
    Plan,
    Report,
    RosterProblem,
    RosterRepair,
    RosterRow,
    State,
    Submission,
)
from core.submissions import plans, roster
from core.submissions.kinds import EDITABLE
from core.submissions.reports.keeping import cells_of, chosen, filled_in, form_of, limits, repairs_of, struck_rows
from core.tables.problems import Problem
from core.trail import audit, files


def problems(session: Session, report_id: int, actor: Actor, *, now: datetime) -> list[Problem]:
    """Roster problems (花名册问题) as they stand, hints too; only the base that filed it sees full ID numbers, its own.

    Refused codes: "missing", "file", "headings".
    """
    report = one(session, report_id, actor)
    query = sa.select(RosterProblem).where(RosterProblem.report_id == report.id).order_by(RosterProblem.id)
    found = [
        Problem(each.row, each.column, each.code, each.value, each.words, each.blocking, each.offer)
        for each in session.scalars(query)
    ]
    if not found and report.faults and report.roster_id:  # read by the first release, which kept no problems
        given = files.opened(session, report.roster_id, actor)
        bounds = limits(report.plan, report.start_on, report.end_on, db.office_day(now))
        form, known = form_of(report), chosen(session, report)
        checked = roster.read(given.content, given.filename, form=form, limits=bounds, known=session, chosen=known)
        found = checked.problems
    if actor.organization_id != report.organization_id:
        return [masked(each) for each in found]
    filled = filled_in(session, report)
    return [
        replace(each, value=resident_id.mask_of_found(each.value))
        if each.row in filled and each.column == "id_number"
        else each
        for each in found
    ]


def masked(problem: Problem) -> Problem:
    """Masked problem (脱敏): for everybody but the base that filed the roster; nothing tells more than the mask may."""
    words, offer = map(resident_id.masked, (problem.words, problem.offer))
    if problem.code == "id-character" and not resident_id.tells_little(problem.value):
        words, offer = resident_id.PROBLEMS[problem.code], UNTOLD if offer else ""
    return replace(problem, value=resident_id.shown(problem.column, problem.value), words=words, offer=offer)


UNTOLD = "字母改为数字后校验码相符；所改的数字属出生日期，这里不显示"
"""What is said to others of a proposal whose changed digits would tell too much of a day of birth."""


def headcount(session: Session, report: Report) -> tuple[int, int]:
    """Headcount (实际人数): people of this roster, and the others who stand in the reports before it.

    Each counts once, also who stands twice in the roster; a row with faults is somebody.
    """
    kept = sa.select(RosterRow.id_index).where(RosterRow.report_id == report.id)
    indexes = [index and bytes(index) for index in session.scalars(kept)]
    faulty, here = indexes.count(None), set(indexes) - {None}
    rows = sa.select(sa.func.count(RosterProblem.row.distinct())).where(RosterProblem.report_id == report.id)
    faulty -= session.scalars(rows.where(RosterProblem.code == "duplicate")).one()
    if report.part == 1:
        return len(here) + faulty, 0
    earlier = {index for index, _ in roster.registered(session, report.plan_id, None, before=report.part)}
    others = len(earlier - here) - session.scalars(rows.where(RosterProblem.code == "duplicate-plan")).one()
    return len(here) + faulty, others


def one(session: Session, report_id: int, actor: Actor) -> Report:
    """A report of the actor's jurisdiction, read once in a session. Refused codes: "missing"."""
    may = visible(
        actor,
        organization=Submission.organization_id,
        authority=Submission.authority_id,
        filed_at=Submission.submitted_at,
    )
    which = Submission.id == report_id, Submission.kind == Report.__mapper__.polymorphic_identity
    if session.scalar(sa.select(Submission.id).where(*which, may)) is None:
        raise not_found("报告")
    return session.get_one(Report, report_id, options=_WITH)


_WITH = (
    sa.orm.joinedload(Report.plan).joinedload(Plan.authority).joinedload(Organization.authority),
    sa.orm.joinedload(Report.organization),
)


def latest(session: Session, plan_id: int) -> int | None:
    """The number of the latest report of a plan (最近一份报告), or of its supplement; None where none was begun."""
    query = sa.select(Report.id).where(Report.plan_id == plan_id).order_by(Report.part.desc()).limit(1)
    return session.scalar(query)


def rows(
    session: Session,
    report_id: int,
    actor: Actor,
    *,
    faulty_only: bool = False,
    text: str = "",
    limit: int | None = None,
) -> pd.DataFrame:
    """Roster rows (花名册) of a report, ID numbers masked in every column. Refused codes: "missing".

    Of all its rows or the faulty ones only, those with a part of a name or employer (`text`), the first so many.
    Columns: row, name, id_mask, employer, post, specialty, hours (of the plan's subject), credit_year, assessment,
    faulty, note, repaired (the headings of the cells that were changed on the screen), standing (of the hours posted
    for it, "" where none were).
    """
    report = one(session, report_id, actor)
    repaired: dict[int, list[str]] = {}
    headings = form_of(report).repair_headings
    for row, column in repairs_of(session, report, RosterRepair.row, RosterRepair.column):
        repaired.setdefault(row, []).append(headings.get(column, column))
    usual_year = plans.usual_year(report.plan)
    plain = "row name employer post specialty hours assessment faulty note".split()
    query = sa.select(*(getattr(RosterRow, name) for name in (*plain, "credit_year", "id_number")))
    query = query.where(RosterRow.report_id == report_id).order_by(RosterRow.row)
    query = query.add_columns(of_row([report_id]) if report.state is State.APPROVED else sa.literal("")).limit(limit)
    if faulty_only:
        query = query.where(RosterRow.faulty)
    query = query.where(db.holding(text, RosterRow.name, RosterRow.employer))
    found = session.execute(query).all()
    frame = pd.DataFrame(found, columns=[*plain, "credit_year", "id_mask", "standing"])
    # The year as it will count; none where the plan offers several and the row names none.
    frame["credit_year"] = [row.credit_year or usual_year for row in found]
    frame["repaired"] = ["、".join(dict.fromkeys(repaired.get(row.row, ()))) for row in found]
    filled = filled_in(session, report) if report.organization_id == actor.organization_id else set()
    frame["id_mask"] = [
        resident_id.mask_of_found(row.id_number) if row.row in filled else resident_id.mask(row.id_number)
        for row in found
    ]
    for name in ("name", "employer", "post", "specialty", "assessment", "note"):
        frame[name] = [resident_id.masked(cell) for cell in frame[name]]
    frame.insert(2, "id_mask", frame.pop("id_mask"))
    return frame


def standing(session: Session, report: Report) -> Standing | None:
    """Standing (学时状态): what is left of the hours a report's approval posted; None before it."""
    code = session.scalar(sa.select(OF_SUBMISSION).where(Submission.id == report.id))
    return Standing(code) if code else None


def reversals(session: Session, report_id: int, actor: Actor) -> pd.DataFrame:
    """Reversals (冲销) of a report's hours, oldest first. Refused codes: "missing".

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


STRUCK = "删去"
"""What stands for a row after it was struck."""
HOW = {
    "typed": "网上改正",
    "proposal": "采纳建议",
    "file": "上传改正",
    "pasted": "粘贴添加",
    "restart": "恢复原件",
    "restored": "恢复删去",
}


def repairs(session: Session, report_id: int, actor: Actor) -> pd.DataFrame:
    """Repair log (改正记录): what was changed in the roster since its file came, oldest first, ID numbers masked.

    Columns: row, column (its key, "" for a whole row), before, after, how, account_name, at. Refused codes: "missing".
    """
    report = one(session, report_id, actor)
    names = "row column before after how account_name at".split()
    lines = []
    for found in repairs_of(session, report, *(getattr(RosterRepair, name) for name in names)):
        line = dict(zip(names, found, strict=True))
        for name, nothing in (("before", ""), ("after", STRUCK)):
            if not line["column"]:
                line[name] = str(json.loads(line[name]).get("name", "")) if line[name] else nothing
        before, after = line["before"], line["after"]
        if line["column"] == "id_number":
            found_out = line["how"] == "proposal" and len(after) == 18
            line["before"], line["after"] = resident_id.changed(before, after, found=found_out)
        else:
            line |= {name: resident_id.shown(line["column"], line[name]) for name in ("before", "after")}
        lines.append(line | {"how": HOW[line["how"]]})
    return pd.DataFrame(lines, columns=names)


def struck(session: Session, report_id: int, actor: Actor) -> dict[int, str]:
    """Struck rows that may be put back (可恢复的行) by who mends the roster: the name in each, masked, latest first.

    Refused codes: "missing".
    """
    report = one(session, report_id, actor)
    if report.state not in EDITABLE or actor.organization_id != report.organization_id:
        return {}
    gone = reversed(struck_rows(session, report).items())
    return {row: resident_id.masked(str(json.loads(cells).get("name", ""))) for row, cells in gone}


@deed
def open_rows(session: Session, report_id: int, *, actor: Actor, now: datetime) -> bytes:
    """Rows to correct (待改正的行) of one's own roster as an .xlsx with faulty cells marked. A logged act.

    Refused codes: "missing", "empty" (no such row).
    """
    report = one(session, report_id, actor)
    if report.organization_id != actor.organization_id:
        raise not_found("花名册")
    filled = filled_in(session, report)
    last = max((repair_id for (repair_id,) in repairs_of(session, report, RosterRepair.id)), default=0)
    query = sa.select(RosterRow.row, RosterRow.cells).where(RosterRow.report_id == report.id, RosterRow.faulty)
    rows = [(row, json.loads(kept)) for row, kept in session.execute(query.order_by(RosterRow.row)) if kept]
    for row, cells in rows:
        if row in filled:
            cells["id_number"] = resident_id.mask_of_found(cells["id_number"])
    if not rows:
        raise Refused("empty", "没有待改正的行。")
    code = f"{report.id}R{report.roster_id}R{last}"
    content = roster.marked(form_of(report), rows, problems(session, report_id, actor, now=now), code=code)
    after = {"filename": "待改正花名册"}
    audit.record(session, audit.Event.FILE_HANDED_OUT, report, actor=actor, after=after, now=now)
    return content


def cells(session: Session, report_id: int, row: int, actor: Actor) -> dict[str, str]:
    """Cells of a row (改正整行): one row of one's own roster as text by column; a number filled in is masked.

    Refused codes: "missing".
    """
    found = cells_of_rows(session, report_id, [row], actor)
    if row not in found:
        raise not_found("花名册行")
    return found[row]


def cells_of_rows(
    session: Session, report_id: int, numbers: Collection[int], actor: Actor
) -> dict[int, dict[str, str]]:
    """Cells of some rows (各行单元格) of one's own roster, each as `cells`; of those that are gone, nothing.

    Refused codes: "missing".
    """
    report = one(session, report_id, actor)
    if report.organization_id != actor.organization_id:
        raise not_found("花名册行")
    found: dict[int, roster.Cells] = {}
    asked = sorted(numbers)
    for start in range(0, len(asked), 5000):
        query = sa.select(RosterRow.row, RosterRow.cells).where(RosterRow.report_id == report.id)
        for row, kept in session.execute(query.where(RosterRow.row.in_(asked[start : start + 5000]))):
            found[row] = json.loads(kept) if kept else cells_of(session, report, actor)[row]
    columns, filled = form_of(report).columns, filled_in(session, report)
    told = {row: {column: typed.text(read.get(column)) for column in columns} for row, read in found.items()}
    for row in filled & told.keys():
        told[row]["id_number"] = resident_id.mask_of_found(told[row]["id_number"])
    return told


def credit_years(session: Session, report: Report) -> list[int]:
    """Credit years (学时年度) for which the faultless rows of a roster count, clause 七(二)."""
    query = sa.select(RosterRow.credit_year).where(RosterRow.report_id == report.id, ~RosterRow.faulty).distinct()
    years = {year or plans.usual_year(report.plan) for year in session.scalars(query)}
    return sorted(year for year in years if year)
