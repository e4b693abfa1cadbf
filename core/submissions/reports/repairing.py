"""Roster repair (更正花名册): cells, rows, pastes and corrected files; the file itself stays as it came."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, resident_id, typed
from core.ground.access import Actor, Refused
from core.ground.deeds import deed
from core.models import Attachment, Plan, Report, RosterProblem, RosterRepair
from core.submissions import roster
from core.submissions.reports.events import Event
from core.submissions.reports.keeping import (
    Checked,
    cells_of,
    checked,
    chosen,
    form_of,
    form_of_plan,
    limits,
    own_open,
    put,
    repaired,
    repairs_of,
    stamp,
    struck_rows,
)
from core.tables import reading
from core.tables.mending import Change
from core.tables.problems import STRIKE, Problem
from core.tables.reading import Asked, Table, Understood
from core.trail import audit, files
from core.trail.files import Upload

_Repair = tuple[int, str, str, str]
"""Row, column ("" for the whole row), before, after."""


@dataclass(frozen=True)
class Considered:
    """What an upload, or a form without one, makes of a roster (上传的结果), with the check that took long."""

    stamp: tuple[object, ...]
    """What it was made from; see `keeping.stamp`."""
    table: Table | None = None
    """The file, where it was read."""
    repairs: list[_Repair] | None = None
    """What a file of open rows brings back; None where it is another roster, or none was given."""
    checked: Checked | None = None


def consider(
    session: Session,
    plan: Plan,
    report: Report | None,
    days: tuple[date, date],
    given: Upload | None,
    replace: bool,
    actor: Actor,
    now: datetime,
    *,
    read: Table | None = None,
) -> Considered:
    """Roster upload (上传花名册): what a new file, a corrected one or none comes to on these days; writes nothing.

    Step 1: no file, or one taken before (idempotent): the rows as they are, since dates or people may have changed.
    Step 2: a file that names no rows of this roster takes its place, read by the columns its base has chosen; over
    repairs only with `replace` ("repaired").
    Step 3: a file of open rows (`roster.ORIGIN`) brings those back corrected; the others stand, and so does what was
    repaired since it was handed out.
    `read`: the file, where it was read before.
    """
    was, today = stamp(session, report), db.office_day(now)
    will = Report(id=report.id if report else None, part=report.part if report else 1, plan_id=plan.id)
    will.organization_id, will.roster_id = plan.organization_id, report.roster_id if report else None
    will.start_on, will.end_on = days
    if given is None or (report and taken_before(session, report, given.digest)):
        if report is None or not report.roster_id:
            return Considered(was)
        rows = cells_of(session, report, actor)
        return Considered(was, checked=checked(session, plan, will, rows, today))
    table = read or roster.rows_in(given.content, given.filename, form_of_plan(plan), chosen=chosen(session, plan))
    lines = [(number, dict(cells)) for number, cells in table.rows]
    origins, codes = ([typed.text(cells.pop(name, "")) for _, cells in lines] for name in ("origin", "code"))
    if not any(origins) or report is None or report.roster_id is None:
        if report and (made := repaired(session, report)) and not replace:
            raise Refused(
                "repaired",
                f"这是另一份花名册，保存后将整份替换，此前在网上改正的{made}处作废，所以没有保存。确要替换的，请先勾选"
                "“替换原来的”再保存；只想更新几行的，请下载待改正的行，填写后上传。",
            )
        return Considered(was, table, None, checked(session, plan, will, dict(lines), today, of_file=table.problems))
    rows = cells_of(session, report, actor)
    repairs = _brought_back(session, report, rows, list(zip(origins, codes, lines, strict=True)))
    return Considered(was, table, repairs, checked(session, plan, will, rows, today))


def take_roster(
    session: Session, report: Report, given: Upload | None, made: Considered, actor: Actor, now: datetime
) -> list[Problem]:
    """Take a roster (收下花名册) as it was considered."""
    if made.checked is None:
        return []
    if given is None or made.table is None:
        return put(session, report, made.checked)
    if made.repairs is None:
        return _put(session, report, given, made.table, made.checked, now)
    files.attach(session, report, given, purpose="repair", now=now)
    return _amend(session, report, made.checked, made.repairs, how="file", actor=actor, now=now)


def _put(session: Session, report: Report, given: Upload, table: Table, made: Checked, now: datetime) -> list[Problem]:
    """Put a file as it was read in the roster's place; repairs of what was there are void from now on."""
    report.roster_id = files.attach(session, report, given, purpose="roster", now=now).id
    report.read_account = "\n".join(map(resident_id.masked, reading.account(table)))
    return put(session, report, made)


def understood(session: Session, report_id: int, actor: Actor) -> Understood:
    """Columns (认列) of the file that is one's own open report's roster, by what its base has chosen so far.

    Refused codes: "role", "missing", "state", "rows" (it has no file), "file", "headings".
    """
    report = own_open(session, report_id, actor, lock=False)
    try:
        return _again(session, report, actor)[1].understood
    except Asked as asked:
        return asked.understood


@deed
def read_again(
    session: Session, report_id: int, *, replace: bool = False, actor: Actor, now: datetime
) -> tuple[Report, list[Problem]]:
    """Read the roster's file again (重新读入), by the columns that the base has chosen since.

    Over repairs only with `replace`. Refused codes: "role", "missing", "state", "rows" (it has no file), "repaired",
    "file", "headings".
    """

    def reckoned(report: Report) -> tuple[Upload, Table, Checked]:
        given, table = _again(session, report, actor)
        if (made := repaired(session, report)) and not replace:
            words = f"重新读入后，此前在网上改正的{made}处作废，所以没有读入。确要重新读入的，请先勾选。"
            raise Refused("repaired", words)
        return given, table, checked(session, report.plan, report, dict(table.rows), day, of_file=table.problems)

    day = db.office_day(now)
    report, (given, table, made) = _reckon(session, report_id, actor, reckoned)
    before = {"faults": report.faults, "people": report.people}
    problems = _put(session, report, given, table, made, now)
    after = {"faults": report.faults, "people": report.people}
    audit.record(session, Event.REVISED, report, actor=actor, before=before, after=after, now=now)
    return report, problems


_Made = TypeVar("_Made")


def _reckon(session: Session, report_id: int, actor: Actor, work: Callable[[Report], _Made]) -> tuple[Report, _Made]:
    """Reckon before the lock (先算后锁): what takes long is worked out while others write.

    Where anything it stands on changed meanwhile (`stamp`), it is worked out once more under the lock. Refused as
    `own_open` refuses.
    """
    with db.unlocked(if_possible=True):
        report = own_open(session, report_id, actor, lock=False)
        was = stamp(session, report)
        made = work(report)
    report = own_open(session, report_id, actor)
    return report, made if stamp(session, report) == was else work(report)


def _again(session: Session, report: Report, actor: Actor) -> tuple[Upload, Table]:
    if report.roster_id is None or report.part > 1:
        raise Refused("rows", "补报没有自己的花名册原件，不能重新读入。")
    given = files.opened(session, report.roster_id, actor)
    table = roster.rows_in(given.content, given.filename, form_of(report), chosen=chosen(session, report))
    for _, cells in table.rows:
        cells.pop("origin", None), cells.pop("code", None)
    return given, table


def _brought_back(
    session: Session,
    report: Report,
    rows: dict[int, roster.Cells],
    read: list[tuple[str, str, tuple[int, roster.Cells]]],
) -> list[_Repair]:
    """Three-way merge (合并改正): change the rows by what was edited in a file of open rows since it was handed out.

    Step 1: the rows as they were handed out are the common base (`_as_handed_out`). Step 2: a cell edited in the file
    only is taken; one repaired on the screen only stands. Step 3: a cell edited in both is a conflict, and nothing of
    the file is taken (code "stale"). Step 4: people written below the others are added. Answers the repairs.
    """
    repairs: list[_Repair] = []
    added: list[roster.Cells] = []
    form = form_of(report)
    conflicts = []
    earlier = {code: _as_handed_out(session, report, rows, code) for code in {code for _, code, _ in read}}
    for origin, code, (number, cells) in read:
        if not origin and not any(cells.get(column) for column in roster.REQUIRED):
            continue
        if not origin and not code:
            added += [cells] if roster.names_somebody(cells, form) else []
            continue
        row = int(origin) if origin.isdecimal() and len(origin) < 10 else 0
        if row not in earlier[code]:
            where = f"第{number}行的“{roster.ORIGIN}”或“{roster.CODE}”"
            raise Refused("rows", f"{where}不是本花名册的，请重新下载待改正的行，用新文件填写；新增的人这两格留空。")
        then = earlier[code][row]
        for column, cell in cells.items():
            was, wanted = typed.text(then.get(column)), typed.text(cell)
            if wanted == was or _is_mask(column, wanted, was):
                continue
            if row not in rows:
                conflicts.append(f"第{row}行已删去")
            elif typed.text(rows[row].get(column)) in (was, wanted):
                repairs += _set(rows, row, column, cell)
            else:
                conflicts.append(f"第{row}行的{form.headings[column]}已改过")
    if conflicts:
        which = "、".join(list(dict.fromkeys(conflicts))[:5]) + ("等" if len(conflicts) > 5 else "")
        words = f"此文件下载之后，{which}，与文件不同，文件没有保存。请重新下载待改正的行，在新文件里改正。"
        raise Refused("stale", words)
    return repairs + _added(rows, added)


def _as_handed_out(
    session: Session, report: Report, rows: dict[int, roster.Cells], code: str
) -> dict[int, roster.Cells]:
    """Common base (交出时的各行): the rows when a file with this code was handed out; empty if it is not ours."""
    *whose, since = code.split("R") if re.fullmatch(r"\d+R\d+R\d+", code) else ("", "0")
    if whose != [str(report.id), str(report.roster_id)]:
        return {}
    then = {row: dict(cells) for row, cells in rows.items()}
    found = repairs_of(session, report, *(getattr(RosterRepair, name) for name in "id row column before".split()))
    for repair_id, row, column, before in reversed(found):
        if repair_id <= int(since):
            break
        if column:
            then[row][column] = before
        elif before:
            then[row] = json.loads(before)
        else:
            del then[row]  # it was added since
    return then


def taken_before(session: Session, report: Report, digest: str) -> bool:
    """Repeated upload (重复上传): whether a file, by its digest, is the roster already: it would undo the repairs."""
    query = sa.select(Attachment.id).where(
        Attachment.submission_id == report.id,
        Attachment.sha256 == digest,
        Attachment.id >= (report.roster_id or 0),
        Attachment.purpose.in_(("roster", "repair")),
    )
    return report.roster_id is not None and session.scalar(query.limit(1)) is not None


@deed
def repair(
    session: Session, report_id: int, changes: Sequence[Change], *, actor: Actor, now: datetime
) -> list[Problem]:
    """Roster repair (更正花名册): change cells before submission and check everything again; the file stays as it came.

    Optimistic lock: each change names what the clerk saw in its cell.
    Refused codes: "role", "missing", "state", "rows" (no such cell), "stale" (somebody changed it meanwhile).
    """

    def reckoned(report: Report) -> tuple[list[_Repair], Checked]:
        rows, headings = cells_of(session, report, actor), form_of(report).headings
        repairs = []
        for change in changes:
            if change.row not in rows or change.column not in headings:
                raise Refused("rows", f"花名册中没有第{change.row}行，可能刚被删去，请查看最新的花名册。")
            cell = typed.text(rows[change.row].get(change.column))
            if cell != change.before and not _is_mask(change.column, change.before, cell):
                done = f"刚刚被他人改为“{resident_id.masked(cell)}”" if cell else "刚刚被他人清空"
                where = f"第{change.row}行的{headings[change.column]}"
                raise Refused("stale", f"{where}{done}，您的修改没有保存，请核对最新的内容。")
            repairs += _set(rows, change.row, change.column, typed.text(change.after))
        return repairs, checked(session, report.plan, report, rows, db.office_day(now))

    report, (repairs, made) = _reckon(session, report_id, actor, reckoned)
    return _amend(session, report, made, repairs, how="typed", actor=actor, now=now)


class Accepted(NamedTuple):
    """How many rows were mended as proposed, and how many were left out."""

    mended: int
    struck: int


@deed
def accept(session: Session, report_id: int, row_numbers: Sequence[int], *, actor: Actor, now: datetime) -> Accepted:
    """Accept proposals (采纳建议): mend or leave out these rows as proposed. A number filled in is a logged disclosure.

    Refused codes: "role", "missing", "state", "rows" (nothing is proposed for them any more).
    """

    def reckoned(report: Report) -> tuple[Accepted, list[_Repair], Checked]:
        query = sa.select(RosterProblem.row, RosterProblem.mend).where(
            RosterProblem.report_id == report.id, RosterProblem.offer != "", RosterProblem.row.in_(row_numbers)
        )
        offers: dict[int, dict[str, str]] = {}
        for row, mend in session.execute(query.order_by(RosterProblem.id)):
            offers[row] = offers.get(row, {}) | json.loads(mend)
        if not offers:
            raise Refused("rows", "这些行已没有可采纳的建议，请查看最新的花名册。")
        rows = cells_of(session, report, actor)
        struck = [row for row, mend in offers.items() if STRIKE in mend]
        repairs: list[_Repair] = []
        for row in sorted(offers):
            if row in struck:
                repairs += _struck(rows, row)
                continue
            for column, value in offers[row].items():
                repairs += _set(rows, row, column, value)
        made = checked(session, report.plan, report, rows, db.office_day(now))
        return Accepted(len(offers) - len(struck), len(struck)), repairs, made

    report, (done, repairs, made) = _reckon(session, report_id, actor, reckoned)
    _amend(session, report, made, repairs, how="proposal", actor=actor, now=now)
    return done


@deed
def strike(session: Session, report_id: int, row: int, *, actor: Actor, now: datetime) -> list[Problem]:
    """Strike a row (删去此行). Refused codes: "role", "missing", "state", "rows", "file" (it is the last one)."""

    def reckoned(report: Report) -> tuple[list[_Repair], Checked]:
        rows = cells_of(session, report, actor)
        repairs = _struck(rows, row)
        if not repairs:
            raise Refused("rows", f"花名册中没有第{row}行，可能刚被删去，请查看最新的花名册。")
        return repairs, checked(session, report.plan, report, rows, db.office_day(now))

    report, (repairs, made) = _reckon(session, report_id, actor, reckoned)
    return _amend(session, report, made, repairs, how="typed", actor=actor, now=now)


@deed
def put_back(session: Session, report_id: int, row: int, *, actor: Actor, now: datetime) -> list[Problem]:
    """Put a struck row back (恢复此行), as it stood when it was struck, and check everything again.

    Refused codes: "role", "missing", "state", "rows" (it is there, or was not struck).
    """

    def reckoned(report: Report) -> tuple[list[_Repair], Checked]:
        rows = cells_of(session, report, actor)
        if row in rows:
            raise Refused("rows", f"花名册中已有第{row}行，不必恢复，请查看最新的花名册。")
        if row not in (gone := struck_rows(session, report)):
            raise Refused("rows", f"没有删去过第{row}行，不能恢复，请查看最新的花名册。")
        rows = dict(sorted((rows | {row: json.loads(gone[row])}).items()))
        return [_whole(row, rows[row])], checked(session, report.plan, report, rows, db.office_day(now))

    report, (repairs, made) = _reckon(session, report_id, actor, reckoned)
    return _amend(session, report, made, repairs, how="restored", actor=actor, now=now)


@deed
def paste(session: Session, report_id: int, text: str, *, actor: Actor, now: datetime) -> tuple[int, list[Problem]]:
    """Paste rows (粘贴添加) from a spreadsheet below those of one's own roster; answers how many, and every problem.

    Refused codes: "role", "missing", "state", "file", "headings" (no rows in it), "fields" (no roster yet: `save`).
    """

    def reckoned(report: Report) -> tuple[Upload, int, list[_Repair], Checked]:
        if report.roster_id is None:
            raise Refused("fields", "还没有花名册，请在上面的表格中粘贴后保存。")
        rows, form = cells_of(session, report, actor), form_of(report)
        known = chosen(session, report)
        given = roster.pasted(text, form, chosen=known)
        pasted = roster.rows_in(given.content, given.filename, form, chosen=known)
        read = [cells for _, cells in pasted.rows if roster.names_somebody(cells, form)]
        repairs = _added(rows, read)
        return given, len(read), repairs, checked(session, report.plan, report, rows, db.office_day(now))

    report, (given, count, repairs, made) = _reckon(session, report_id, actor, reckoned)
    files.attach(session, report, given, purpose="repair", now=now)
    return count, _amend(session, report, made, repairs, how="pasted", actor=actor, now=now)


@deed
def restart(session: Session, report_id: int, *, actor: Actor, now: datetime) -> list[Problem]:
    """Restart (恢复原件): bring one's own roster back to the file it came in; the repairs undone stay on record.

    Refused codes: "role", "missing", "state", "rows" (nothing was changed, or it is a supplement, which has no file).
    """

    def reckoned(report: Report) -> tuple[list[_Repair], Checked]:
        if report.roster_id is None or report.part > 1:
            raise Refused("rows", "补报没有自己的花名册原件，请逐行改正，或删去不补报的行。")
        rows, given = cells_of(session, report, actor), files.opened(session, report.roster_id, actor)
        today, form = db.office_day(now), form_of(report)
        bounds = limits(report.plan, report.start_on, report.end_on, today)
        read = roster.read(given.content, given.filename, form=form, limits=bounds, chosen=chosen(session, report))
        original = {row.row: row.cells for row in read.rows}
        repairs = [repair for row in sorted(rows.keys() - original.keys()) for repair in _struck(rows, row)]
        for row, cells in original.items():
            if row in rows:
                for column in form.columns:
                    repairs += _set(rows, row, column, cells.get(column, ""))
            else:
                rows[row] = cells
                repairs.append(_whole(row, cells))
        if not repairs:
            raise Refused("rows", "花名册与上传的原件相同，没有需要恢复的。")
        return repairs, checked(session, report.plan, report, rows, today)

    report, (repairs, made) = _reckon(session, report_id, actor, reckoned)
    return _amend(session, report, made, repairs, how="restart", actor=actor, now=now)


def _is_mask(column: str, shown: str, cell: str) -> bool:
    """Whether what a clerk was shown is the mask of the number that stands in a cell; see `filled_in`."""
    return column == "id_number" and len(cell) == 18 and shown == resident_id.mask_of_found(cell)


def _set(rows: dict[int, roster.Cells], row: int, column: str, value: str | int | float) -> list[_Repair]:
    before = rows[row].get(column, "")
    rewritten = column == "id_number" and type(before) is not type(value)  # a number cell is ruined, its text is not
    if typed.text(before) == typed.text(value) and not rewritten:
        return []
    rows[row][column] = value
    return [(row, column, typed.text(before), typed.text(value))]


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
    made: Checked,
    repairs: list[_Repair],
    *,
    how: str,
    actor: Actor,
    now: datetime,
) -> list[Problem]:
    """Commit repairs (保存改正): the roster as it was checked, who changed what, and one line in the trail."""
    faults = report.faults
    problems = put(session, report, made)
    session.add_all(
        RosterRepair(
            report_id=report.id,
            attachment_id=report.roster_id or 0,
            row=row,
            column=column,
            before=before,
            after=after,
            how=how,
            account_id=actor.account_id,
            account_name=actor.name,
            at=now,
        )
        for row, column, before, after in repairs
    )
    touched, headings = {str(row): "" for row, *_ in repairs}, form_of(report).repair_headings
    for row, column, *_ in repairs:
        touched[str(row)] += headings.get(column, column)
    audit.record(
        session,
        Event.REPAIRED,
        report,
        actor=actor,
        before={"faults": faults},
        after={"faults": report.faults, "rows": touched, "how": how},
        now=now,
    )
    return problems
