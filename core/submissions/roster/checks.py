"""Roster checks (花名册检查): rows against each other, the plan, earlier reports and the people on file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, names, resident_id, typed
from core.ground.access import Refused
from core.ledger.standing import hours_taken_back
from core.models import Person, Report, RosterRow, State
from core.people import acts, persons
from core.submissions.roster.proposals import UNSEEN, find_numbers, shifted
from core.submissions.roster.reading import hours_in, read_rows, rows_in
from core.submissions.roster.shapes import REQUIRED, Cells, Form, Limits, Preview, Row, hours_column
from core.submissions.roster.shapes import form as standard
from core.tables import reading
from core.tables.problems import LEAVE_OUT, STRIKE, Problem, in_order


@db.in_bulk()
def read(
    content: bytes,
    filename: str,
    *,
    form: Form | None = None,
    limits: Limits | None = None,
    known: Session | None = None,
    today: date | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Preview:
    """Roster import (读入花名册): read a file and check it.

    With `form` under its notice, else the region's latest; with `limits` also against its plan, with `known` (a
    session) against the people on file. `chosen` says of headings which column each is.

    Files as offices have them: .xlsx, .xls, .et by content, .csv in UTF-8 or GB 18030; title rows above the headings,
    signatures below, merged cells, empty rows, hidden sheets. Refused codes: "file" (unreadable, empty, too large, a
    decompression bomb), "headings" (no 姓名 and 身份证号 in one row, no hours, no results).
    """
    form = form or standard()
    table = rows_in(content, filename, form, chosen=chosen)
    preview = check(table.rows, form=form, limits=limits, known=known, today=today, sheet=table.sheet)
    merged = {each.row for each in table.problems if each.code == "row-merged"}
    found = [each for each in preview.problems if each.row not in merged or each.column not in REQUIRED]
    preview.problems = in_order([*table.problems, *found], form.columns)
    preview.account, preview.understood = reading.account(table), table.understood
    return preview


@db.in_bulk()
def check(
    rows: Sequence[tuple[int, Cells]],
    *,
    form: Form | None = None,
    limits: Limits | None = None,
    known: Session | None = None,
    report: Report | None = None,
    today: date | None = None,
    sheet: str = "",
) -> Preview:
    """Roster check (检查花名册): every problem of rows as `rows_in` gave them.

    With `report` also against the earlier reports of its plan.

    Hours that do not say of what are those of the plan's subject; without `limits`, of the form's last one.

    Refused codes: "file" (nobody in it).
    """
    form = form or standard()
    form = form.of(limits.subject) if limits else form
    preview = Preview(sheet, form)
    if any("hours" in cells for _, cells in rows):
        of = form.usual
        rows = [(row, {of if name == "hours" else name: cell for name, cell in cells.items()}) for row, cells in rows]
    tries = 500  # rows looked through for a shift: a file of nothing but faults must not take minutes
    for row, problems in read_rows(rows, form):
        if problems and tries and sum(problem.blocking for problem in problems) > 1:
            tries -= 1
            problems = shifted(row, form) or problems
        preview.rows.append(row)
        preview.problems += problems
    if not preview.rows:
        raise Refused("file", "表头下面没有人员，请确认数据在同一张工作表内。")
    _check_ids(preview, limits.today if limits else today, limits)
    _check_twins(preview)
    if limits:
        _check_limits(preview, limits)
    if known is not None:
        _check_known(preview, known, limits)
        _check_former(preview, known)
        if report is not None and limits:
            _check_earlier(preview, known, report, limits)
            find_numbers(preview, known, report)
    moved = {
        problem.row for problem in preview.problems if problem.code == "row-shifted"
    }  # nothing in them is as it is
    preview.problems = [each for each in preview.problems if each.row not in moved or each.code == "row-shifted"]
    preview.problems = in_order(preview.problems, form.columns)
    return preview


# --- checks ---------------------------------------------------------------------------------------------------------


def _same(form: Form) -> list[str]:
    """Columns in which a row must say nothing else than an earlier one of the same person, to be left out unlooked."""
    return ["name", "employer", "post", "specialty", *form.hours, "assessment", "credit_year"]


def _said(row: Row, column: str, form: Form) -> str:
    """What a row says in one of these columns; a cell that cannot be read says what is written in it."""
    written = typed.text(row.cells.get(column))
    if column in form.hours:
        return written if hours_in(written)[1] else f"{row.hours[form.hours[column]].normalize():f}"
    value = getattr(row, column)
    return written if column == "credit_year" and value is None else str(value)


def _credit_year(row: Row, limits: Limits | None) -> int | None:
    """The year a row counts for, in a plan that offers several; nobody stands twice in one of them, clause 七(二)."""
    if limits and len(limits.credit_years) == 1:
        return None
    return row.credit_year or (limits.usual_year if limits else None)


def _twice(row: Row, earlier: Row, whose: str, remedy: str, form: Form) -> Problem:
    """Duplicate row (重复) of somebody who stands above: to be left out, or looked at where it says something else."""
    columns = _same(form) if row.credit_year == earlier.credit_year else _same(form)[:-1]
    both = [(column, _said(earlier, column, form), _said(row, column, form)) for column in columns]
    both = [(column, a, b) for column, a, b in both if b and a != b and not (column == "name" and names.same(a, b))]
    differ = [f"{form.headings[column]}（第{earlier.row}行“{a}”，本行“{b}”）" for column, a, b in both]
    words, offer, mend = f"与第{earlier.row}行{whose}，请删去一行{remedy}", LEAVE_OUT, {STRIKE: ""}
    if differ:
        words = f"与第{earlier.row}行{whose}，两行的{'、'.join(differ)}不同，请核对后删去错的一行{remedy}"
        offer, mend = "", {}
    return Problem(row.row, "id_number", "duplicate", row.id_number, words, True, offer, mend)


def _check_ids(preview: Preview, today: date | None, limits: Limits | None) -> None:
    faulty = {problem.row for problem in preview.problems if problem.column == "id_number"}
    standing: dict[str, list[Row]] = {}

    def problem(row: Row, column: str, code: str, value: str, words: str) -> None:
        preview.problems.append(Problem(row.row, column, code, value, words))

    latest = f"{today:%Y%m%d}" if today else "99991231"
    for row in preview.rows:
        if row.row in faulty or not row.id_number:
            continue
        if row.id_number[6:14] > latest:
            problem(row, "id_number", "id-birth", row.id_number, resident_id.PROBLEMS["id-birth"])
        right = resident_id.sex(row.id_number)
        if row.sex != right and row.sex in ("男", "女"):
            problem(row, "sex", "sex-id", row.sex, f"身份证号第17位表示{right}，请核对性别或号码")
        rows, year = standing.setdefault(row.id_number, []), _credit_year(row, limits)
        for earlier in rows:
            if not names.same(earlier.name, row.name) or _credit_year(earlier, limits) == year:
                once = f"每人{'每个学时年度' if len(rows) > 1 or year else ''}只应出现一次"
                preview.problems.append(_twice(row, earlier, f"身份证号相同，{once}", "或更正号码", preview.form))
                break
        else:
            rows.append(row)
            if limits and len(rows) > 1:
                preview.problems += _sum_beyond(row, rows, limits)


def _check_twins(preview: Preview) -> None:
    """Near-duplicates (疑似同一人): one name and numbers a digit apart, or look-alike names born on one day.

    Step 1: only rows that share a name, or look-alike name and birthday, with another are compared (fast path).
    Step 2: within a name, numbers one digit apart. Step 3: within look and birthday, different names and numbers.
    """
    wrong = {each.row for each in preview.problems if each.column == "id_number" and each.code != "duplicate"}
    rows = [row for row in preview.rows if row.row not in wrong and row.name]
    folded = names.fold("\n".join([row.name for row in rows])).split("\n")  # a name is of one line
    looks = [look + row.id_number[6:14] for look, row in zip(folded, rows, strict=bool(rows))]
    # Fast path: a row that shares neither name nor look and birthday with another has no twin.
    often, alike_often = Counter(row.name for row in rows), Counter(looks)
    named: dict[str, list[Row]] = {}
    born: dict[str, Row] = {}
    for row, look in zip(rows, looks, strict=True):
        if often[row.name] == alike_often[look] == 1:
            continue
        others = named.setdefault(row.name, [])
        for other in others[:50]:
            if _digit_apart(other.id_number[:17], row.id_number[:17]):
                words = f"与第{other.row}行同名，身份证号只差一位，请核对是否同一人"
                twin = Problem(row.row, "id_number", "twin-number", row.id_number, words, False)
                preview.problems.append(twin)
                break
        others.append(row)
        alike = born.setdefault(look, row)
        if not names.same(alike.name, row.name) and alike.id_number != row.id_number:
            words = f"与第{alike.row}行的“{alike.name}”字形或读音相近、生日相同，请核对是否同一人"
            preview.problems.append(Problem(row.row, "name", "twin-name", row.name, words, False))


def _digit_apart(one: str, other: str) -> bool:
    """Whether two texts differ in one place; of most, both halves differ, and they need no closer look."""
    if one[:8] != other[:8] and one[8:] != other[8:]:
        return False
    return sum(map(str.__ne__, one, other)) == 1


def _check_limits(preview: Preview, limits: Limits) -> None:
    most = limits.days * limits.hours_per_day
    within: set[tuple[Any, ...]] = set()  # most rows say the same
    for row in preview.rows:
        said = *row.hours.values(), row.credit_year, bool(row.cells.get("credit_year"))
        if said in within:
            continue
        found = list(_beyond(row, limits, preview.form, most))
        preview.problems += found
        if not found:
            within.add(said)


def _sum_beyond(row: Row, rows: Sequence[Row], limits: Limits, before: Decimal = Decimal()) -> Iterator[Problem]:
    """Sum of several credit years (合计学时): what a person studied in one training is within its plan and its days.

    `rows` are all of the person's rows so far, this one the last; `before`: hours in earlier reports of the plan.
    """
    own = row.hours[limits.subject]
    hours = sum((each.hours[limits.subject] for each in rows), before)
    most = min(limits.hours_each, limits.days * limits.hours_per_day)
    if own <= most < hours:
        others = [f"第{each.row}行" for each in rows[:-1]] + (["先前的报告"] if before else [])
        words = f"此人连同{'、'.join(others)}共{hours.normalize():f}学时，各年度合计每人至多{most:f}学时，请改正"
        yield Problem(row.row, hours_column(limits.subject), "hours-sum", str(own), words)


def _beyond(row: Row, limits: Limits, form: Form, most: Decimal) -> Iterator[Problem]:
    """Limits of the plan (批准的学时): what of a row's hours and credit year is beyond plan and days."""
    own, hours = form.usual, row.hours[limits.subject]
    elsewhere = {column: row.hours[code] for column, code in form.hours.items() if column != own and row.hours[code]}
    for other, given in elsewhere.items():
        words = f"本次培训批准的是{form.subjects[limits.subject]}，{form.headings[other]}应为0"
        mend = {own: f"{given.normalize():f}", other: "0"} if not hours and len(elsewhere) == 1 else {}
        offer = f"移到“{form.headings[own]}”列" if mend else ""
        yield Problem(row.row, other, "hours-subject", str(given), words, True, offer, mend)
    if hours > limits.hours_each:
        words = f"超过计划批准的每人{limits.hours_each.normalize():f}学时，请改正"
        yield Problem(row.row, own, "hours-plan", str(hours), words)
    elif hours > most:
        words = f"{limits.days}天每天至多{limits.hours_per_day:f}学时，最多{most:f}学时，请改正"
        yield Problem(row.row, own, "hours-day", str(hours), words)
    if limits.credit_years:
        yield from _beyond_years(row, limits)


def _beyond_years(row: Row, limits: Limits) -> Iterator[Problem]:
    """The credit year is one that the plan offers (补学, clause 七(二))."""
    offered = "、".join(map(str, limits.credit_years))
    mend = {"credit_year": offered} if len(limits.credit_years) == 1 else {}
    words = code = ""
    if row.credit_year and row.credit_year not in limits.credit_years:
        code, words = "year-plan", f"计划批准的学时年度是{offered}，请改正"
    elif limits.usual_year is None and not row.credit_year and not typed.text(row.cells.get("credit_year")):
        code, words = "year-missing", f"本计划补学{offered}年度，请填写此人补学的年度"
    if code:
        value, offer = str(row.credit_year or ""), f"改为{offered}" if mend else ""
        yield Problem(row.row, "credit_year", code, value, words, True, offer, mend)


def _check_known(preview: Preview, session: Session, limits: Limits | None) -> None:
    rows = preview.good_rows
    preview.indexes = dict(zip((row.row for row in rows), db.blind_indexes(row.id_number for row in rows), strict=True))
    people = persons.on_file(session, list(set(preview.indexes.values())))
    right, wrong = [], []
    for row in rows:
        if person := people.get(preview.indexes[row.row]):
            if row.name == person.known_as or names.same(row.name, *person.names):
                right.append((row, person.human_id))
            else:
                wrong.append((row, person))
    _check_merged(preview, right, limits)
    ids = sorted({person.human_id for _, person in wrong})
    homes: dict[int, str] = {}
    for start in range(0, len(ids), 5000):
        query = sa.select(Person.id, Person.employer_name).where(Person.id.in_(ids[start : start + 5000]))
        homes.update((each.id, each.employer_name) for each in session.execute(query))
    for row, person in wrong:
        name, colleague = person.known_as, homes[person.human_id] == row.employer
        # A number alone must not disclose its owner: the name is shown only where the one written nearly was it.
        if names.one_slip_apart(name, row.name) and (
            len(name) > 2 or colleague or names.fold(name) == names.fold(row.name)
        ):
            words, offer, mend = f"库中此身份证号的姓名为“{name}”，请核对姓名或号码", f"改为“{name}”", {"name": name}
        else:
            words, offer, mend = "库中此身份证号登记的不是这个姓名，请对照证件核对姓名和号码", "", {}
        preview.problems.append(Problem(row.row, "name", "name-known", row.name, words, True, offer, mend))


def _check_merged(preview: Preview, humans: Sequence[tuple[Row, int]], limits: Limits | None) -> None:
    """Merged records (合并的重复记录): one human may stand in a roster under the numbers of two records."""
    if len(humans) == len({human_id for _, human_id in humans}):
        return
    standing: dict[int, list[Row]] = {}
    for row, human_id in humans:
        rows, year = standing.setdefault(human_id, []), _credit_year(row, limits)
        for earlier in rows:
            if _credit_year(earlier, limits) == year:
                whose = "是同一人的两个号码（库中已合并），每人只应出现一次"
                preview.problems.append(_twice(row, earlier, whose, "", preview.form))
                break
        else:
            rows.append(row)
            if limits and len({each.id_number for each in rows}) > 1:
                preview.problems += _sum_beyond(row, rows, limits)


def _check_former(preview: Preview, session: Session) -> None:
    """Former ID number (更正前的号码): posted under it, a second record would be made.

    It may currently be another person's own number, so this is a hint; where the name fits, the true one is proposed.
    """
    rows = preview.good_rows
    people = acts.formerly(session, list({preview.indexes[row.row] for row in rows}))
    for row in rows:
        if (person := people.get(preview.indexes[row.row])) is None:
            continue
        offer, mend = "", {}
        words = "库中有一人曾用此号码，后经更正；请对照证件核对号码"
        if names.fold(row.name) == names.fold(person.name):
            words = "这是库中此人更正前的号码，照此登记会另立一人，请改为更正后的号码"
            offer, mend = f"由系统填入更正后的号码，{UNSEEN}", {"id_number": person.id_number}
        value = row.id_number
        preview.problems.append(Problem(row.row, "id_number", "id-former", value, words, False, offer, mend))


def registered(
    session: Session, plan_id: int, usual_year: int | None, *, before: int | None = None
) -> dict[tuple[bytes, int | None], tuple[int, Decimal]]:
    """People registered (已报送人员) in the filed or approved reports of a plan (those `before` a part).

    By blind index and credit year, each with row and hours.

    Rows that name no year stand for the plan's usual one; rows whose hours were undone do not count.
    """
    query = _filed(plan_id, before, RosterRow.id_index, RosterRow.credit_year, RosterRow.row, RosterRow.hours)
    query = query.where(~RosterRow.faulty, ~hours_taken_back(_parts(plan_id)))
    found = session.execute(query)
    return {(bytes(index), year or usual_year): (row, hours) for index, year, row, hours in found if index}


def _parts(plan_id: int) -> sa.Select[Any]:
    """The reports of a plan."""
    return sa.select(Report.id).where(Report.plan_id == plan_id)


def _filed(plan_id: int, before: int | None, *columns: Any) -> sa.Select[Any]:
    """Rows in the reports of a plan, filed or approved."""
    query = sa.select(*columns).join(Report, Report.id == RosterRow.report_id)
    query = query.where(Report.plan_id == plan_id, Report.state.in_((State.SUBMITTED, State.APPROVED)))
    return query if before is None else query.where(Report.part < before)


def _check_earlier(preview: Preview, session: Session, report: Report, limits: Limits) -> None:
    """Double filing (重复报送): nobody's hours are filed twice; a supplement (补报) is for those without.

    For each good row of a supplement:
    Step 1: registered earlier for the same year: a fault, the row is to be left out.
    Step 2: registered for another year: both together stay within the plan (`_sum_beyond`).
    Step 3: its hours were undone: a hint that it is filed again. Step 4: unknown to the earlier rosters: a hint.
    """
    if report.part == 1:
        return
    earlier = registered(session, report.plan_id, limits.usual_year, before=report.part)
    hours: dict[bytes, Decimal] = {}
    for (index, _), (_, earned) in earlier.items():
        hours[index] = hours.get(index, Decimal()) + earned
    gone = hours_taken_back(_parts(report.plan_id))
    plain = (RosterRow.row, RosterRow.name, RosterRow.id_number, RosterRow.credit_year, gone)
    query = _filed(report.plan_id, report.part, *plain).where(sa.or_(RosterRow.faulty, gone))
    unregistered = session.execute(query).all()
    indexes = list(db.blind_indexes(number for _, _, number, _, _ in unregistered))
    undone = {
        (index, year or limits.usual_year): row
        for index, (row, _, _, year, back) in zip(indexes, unregistered, strict=True)
        if back
    }
    known = set(indexes)
    unregistered_names = {names.key(name) for _, name, *_ in unregistered}
    mine: dict[bytes, list[Row]] = {}
    for row in preview.good_rows:
        index = preview.indexes[row.row]
        which = index, row.credit_year or limits.usual_year
        if which in earlier:
            words = f"此人已在本计划先前的报告中（第{earlier[which][0]}行），同一培训不能重复登记，请删去此行"
            value, mend = row.id_number, {STRIKE: ""}
            problem = Problem(row.row, "id_number", "duplicate-plan", value, words, True, LEAVE_OUT, mend)
            preview.problems.append(problem)
            continue
        mine.setdefault(index, []).append(row)
        if index in hours:
            preview.problems += _sum_beyond(row, mine[index], limits, hours[index])
        elif which in undone:
            words = f"先前报告（第{undone[which]}行）登记的学时已冲销，本行是更正后重新报送"
            preview.problems.append(Problem(row.row, "name", "hours-again", row.name, words, False))
        elif index not in known and names.key(row.name) not in unregistered_names:
            words = "先前的花名册中没有此人；补报只限其中没有登记学时的人员，请核实"
            preview.problems.append(Problem(row.row, "name", "supplement-new", row.name, words, False))
