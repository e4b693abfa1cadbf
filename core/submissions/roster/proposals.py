"""Proposed mends (改正建议): shifted rows moved back, the true number of a ruined one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import names, resident_id, typed
from core.models import Person, Report, RosterRow, State
from core.submissions.roster.reading import read_row
from core.submissions.roster.shapes import SURVIVING, Cells, Form, Preview, Row
from core.tables.problems import Problem


def shifted(row: Row, form: Form) -> list[Problem]:
    """Shifted row (错列): the one problem of a row that is faultless once a blank is taken out, or put in.

    Step 1: try every place for the blank. Step 2: keep what then has no fault and names an employer. Step 3: propose it
    only where it is the only one that fits.
    """
    columns, values = list(row.cells), list(row.cells.values())
    tried = [(at, [*values[:at], *values[at + 1 :], ""], "右") for at, value in enumerate(values) if value == ""]
    if values[-1] == "":
        tried += [(at, [*values[:at], "", *values[at:-1]], "左") for at in range(len(values))]
    fitting: dict[tuple[str, ...], tuple[int, Cells, str]] = {}
    for at, cells, way in tried:
        moved, problems = read_row(row.row, dict(zip(columns, cells, strict=True)), form)
        if moved and not any(problem.blocking for problem in problems) and moved.employer:
            fitting.setdefault(tuple(map(str, cells)), (at, moved.cells, way))
    if len(fitting) != 1:
        return []
    ((at, right, way),) = fitting.values()
    start = form.headings.get(columns[at], "")
    mend = {column: typed.text(cell) for column, cell in right.items() if cell != row.cells[column]}
    words = f"此行从“{start}”起各格{way}移了一列，内容与表头对不上"
    told = [typed.text(right["name"]), typed.text(right.get("employer"))]
    if "id_number" in mend:  # it stood in another cell: its own may have been filled in unseen
        told.insert(1, resident_id.mask(resident_id.normalise(right["id_number"])))
    offer = f"整行移回：{'，'.join(told)}"
    value = typed.text(row.cells["id_number"])
    return [Problem(row.row, "id_number", "row-shifted", value, words, True, offer, mend)]


UNSEEN = "号码属个人信息，这里不显示"
"""Why a proposal does not say which number is filled in: the file did not hold it."""
_MENDABLE = ("id-ruined", "id-checksum", "id-length", "id-birth")


def find_numbers(preview: Preview, session: Session, report: Report) -> None:
    """Recover ID numbers (补全身份证号) where name, employer and the digits left point to one person on file.

    A proposal must not disclose a stranger's number to a clerk who merely knows name and employer:
    Step 1: one file tries each name and employer once only. Step 2: exactly one person on file has both.
    Step 3: the digits written agree with the number and are nearly all of it, or the person was on an approved roster
    of this very organization, which has had the number.
    """
    spoilt = {each.row: each for each in preview.problems if each.code in _MENDABLE and not each.mend}
    asked = {row.row: row for row in preview.rows if row.row in spoilt and row.employer}
    tries = Counter((names.key(row.name), row.employer) for row in asked.values())
    people: dict[tuple[str, str], list[Person]] = {}
    written = sorted({form for row in asked.values() for form in names.forms(row.name)})
    for start in range(0, len(written), 5000):
        query = sa.select(Person).where(Person.name.in_(written[start : start + 5000]), Person.merged_into_id.is_(None))
        for person in session.scalars(query):
            if tries[whose := (names.key(person.name), person.employer_name)] == 1:
                people.setdefault(whose, []).append(person)
    for at, row in asked.items():
        found = people.get((names.key(row.name), row.employer), [])
        if len(found) != 1:
            continue
        person, number = found[0], found[0].id_number
        left = _left_of(row.cells.get("id_number"), spoilt[at].code, number)
        if left >= SURVIVING:
            offer = f"姓名、单位和{left}位号码都与库中一人相符，采纳后由系统填入其完整号码，{UNSEEN}"
        elif left and _had_before(session, person, report):
            offer = f"本机构报送过同名同单位的一人，采纳后由系统填入其完整号码，{UNSEEN}"
        else:
            continue
        place = preview.problems.index(spoilt[at])
        preview.problems[place] = replace(spoilt[at], offer=offer, mend={"id_number": number})


def _left_of(cell: object, code: str, number: str) -> int:
    """How many digits of a spoilt number agree with the true one: 0 where they contradict it."""
    written = resident_id.normalise(cell)
    if code != "id-ruined":
        return 17 if names.one_slip_apart(written, number) else 0
    try:
        value = Decimal(written)
    except InvalidOperation:
        return 0
    digits = len(re.sub(r"[Ee].*|\D", "", written)) if "E" in written else SURVIVING
    true = Decimal(number.replace("X", "0"))
    unit = Decimal(10) ** (18 - digits)
    agrees = value in (true // unit * unit, (true / unit).to_integral_value() * unit)
    return digits if agrees else 0


def _had_before(session: Session, person: Person, report: Report) -> bool:
    query = sa.select(RosterRow.id).join(Report, Report.id == RosterRow.report_id)
    query = query.where(
        RosterRow.id_index == person.id_index,
        Report.organization_id == report.organization_id,
        Report.state == State.APPROVED,
    )
    return session.scalar(query.limit(1)) is not None
