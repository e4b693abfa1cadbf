"""Roster reading (读入花名册): a file or a paste turned into rows, each with what is wrong with it by itself."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.ground import db, names, resident_id, typed
from core.ground.access import Refused, Role
from core.submissions.roster.shapes import (
    CODE,
    FAILED,
    ORIGIN,
    PASSED,
    REQUIRED,
    SURVIVING,
    Cells,
    Form,
    Row,
)
from core.tables import delimited, reading, values
from core.tables.problems import Problem
from core.tables.reading import Asked, LeftOut, Listing, Table
from core.trail.files import Upload


@db.in_bulk()
def rows_in(content: bytes, filename: str, form: Form, *, chosen: Mapping[str, str] | None = None) -> Table:
    """Rows of a roster file, unchecked, with the row numbers their user sees, and the account of the others.

    With `origin` and `code` in a file of open rows. `chosen`: which column is which, see `reading.read`.
    Refused codes: "file", "headings".
    """
    table = reading.read(content, filename, listing(form), chosen=chosen)
    _settle_hours(table, form)
    table.rows = plain_rows(table.rows)
    return table


_NAME = "花名册"
_HOURS_OF_THE_PLAN = {"hours": ("学时", "学时数", "培训学时", "获得学时", "获得学时数", "总学时", "合计学时")}
"""Hours that do not say of what: of the plan's subject, where no subject's column is there."""
_SUBJECT_OF_HOURS = {"subject": ("科目", "学时科目", "科目类别", "科目类型", "学时类别", "课程类别", "类别")}
"""What the hours beside it are of, where every row says it for itself."""


def listing(form: Form) -> Listing:
    """Rosters as a kind of table (花名册表样): a line is a person."""
    own = {"origin": (ORIGIN,), "code": (CODE,)} | _HOURS_OF_THE_PLAN | _SUBJECT_OF_HOURS
    taken = {word for words in form.columns.values() for word in words}
    columns = dict(form.columns)
    for stem, column in form.stems.items():
        said = (f"{stem}课时", f"{stem}课程学时", stem)
        columns[column] = (*columns[column], *(word for word in said if word not in taken))

    def near(label: str) -> Sequence[str]:
        """Hours of a subject in other words (线上专业学时), or of none that is known (公共课学时)."""
        word = typed.plain(label)
        if not re.search("学时|课时|小时|学分", word):
            return ()
        return [column for stem, column in form.stems.items() if stem in word] or list(form.hours)

    return Listing(
        _NAME,
        columns,
        REQUIRED,
        own=own,
        says=lambda cells: _is_somebody(cells, form),
        near=near,
        sums=list(form.hours),
        code="roster",
        senders=(Role.BASE_CLERK,),
        ours=("origin", "code"),
    )


def _settle_hours(table: Table, form: Form) -> None:
    """Settle which subject the hours are of (学时归科目).

    Hours or results that have no column are asked for once, not in each row. Refused codes: "headings".
    """
    _without_courses(table, form)
    subjects = table.columns.keys() & form.hours.keys()
    lacking = [] if subjects or "hours" in table.columns else [f"“{_either(form, '”或“')}”"]
    lacking += [] if "assessment" in table.columns else ["“考核结果”"]
    if lacking and any(cells.get(column) for _, cells in table.rows for column in REQUIRED):
        written = "、".join(f"“{word[:20]}”" for word in table.unread[:5])
        written = f"表头{written}没有识别，如是其中之一，请改成这个名称。" if written else ""
        raise Asked(f"花名册里没有{'和'.join(lacking)}列。{written}请补齐后再上传。", table.understood)
    if subjects and "hours" in table.columns:
        _without_sums(table, form)
    if "subject" in table.columns:
        _part_by_subject(table, form, subjects=bool(subjects))


def _without_sums(table: Table, form: Form) -> None:
    """Hours beside those of the subjects are their sum (合计学时).

    Where they are not, that is a hint; where a subject has no column, whose they are is asked about.
    """
    columns = [column for column in form.hours if column in table.columns]
    wrong = []
    for number, cells in table.rows:
        total, *parts = (hours_in(cells.get(column, "")) for column in ("hours", *columns))
        if total[0] and not any(fault for _, fault, _ in parts) and total[0] != sum(hours for hours, _, _ in parts):
            wrong.append((number, cells))
    label, lacking = table.columns["hours"], [form.headings[each] for each in form.hours if each not in columns]
    for number, cells in wrong:
        words = f"“{label}”与各科目学时之和不同，按各科目登记，请核对"
        if lacking:
            words = f"“{label}”不是各列的合计，可能是“{'、'.join(lacking)}”；是的请改正表头后重新上传，不是的请删去此格"
        said = typed.text(cells.get("hours"))
        table.problems.append(Problem(number, columns[-1], "hours-total", said, words, blocking=bool(lacking)))
    for _, cells in table.rows:
        cells.pop("hours", None)


def _without_courses(table: Table, form: Form) -> None:
    """A column headed by a subject's name (公需科目) that has no number in it holds courses, and no hours."""
    for column in table.columns.keys() & form.hours.keys():
        if "学时" in table.columns[column]:
            continue
        said = {typed.text(cells.get(column)) for _, cells in table.rows} - {""}
        if said and not any(re.search(r"\d", text) for text in said):
            label = table.columns.pop(column)
            table.unread += (label,)
            table.problems.insert(0, reading.unknown(label, _NAME))
            for _, cells in table.rows:
                cells.pop(column, None)


def _part_by_subject(table: Table, form: Form, *, subjects: bool) -> None:
    """Hours beside the name of their subject (科目、学时) are that subject's; many other names are those of courses.

    A row below somebody's that says the hours of another subject, and names the same person or nobody, is that person's
    too: both become one row.
    """
    placed = [column for column in form.hours if column in table.columns]
    rows: list[tuple[int, Any]] = []
    joined: set[int] = set()
    unknown = []
    for number, cells in table.rows:
        said = typed.text(cells.pop("subject", ""))
        named = [column for stem, column in form.stems.items() if stem in typed.plain(said)]
        column = named[0] if len(named) == 1 else ""
        if said and not column:
            unknown.append((number, said))
        if column and len(placed) == 1 and placed[0] != column:
            words = f"此行科目是“{said[:20]}”，学时却在“{form.headings[placed[0]]}”列，请核对"
            table.problems.append(Problem(number, placed[0], "subject-contradicted", said, words))
        if column and not subjects and "hours" in cells:
            cells[column] = cells.pop("hours")
            if rows and number - 1 in (rows[-1][0], *joined) and _goes_on(rows[-1][1], cells, form):
                rows[-1][1][column] = cells[column]
                joined.add(number)
                table.left_out.append(LeftOut(number, "并入上一行", typed.text(rows[-1][1].get("name"))))
                continue
        rows.append((number, cells))
    table.rows = rows
    table.problems = [each for each in table.problems if each.row not in joined]
    if unknown and len(unknown) == len(table.rows) and len({said for _, said in unknown}) > 3:  # courses by name
        table.unread += (table.columns.pop("subject"),)
        table.problems.insert(0, reading.unknown(table.unread[-1], _NAME))
    elif not subjects:
        known = "、".join(form.stems)
        for number, said in unknown:
            words = f"科目“{said[:20]}”分不清是{known}中的哪一个，请写明"
            table.problems.append(Problem(number, form.usual, "subject-unknown", said, words))


def _goes_on(above: Mapping[str, Any], cells: Mapping[str, Any], form: Form) -> bool:
    """Whether a row says nothing of its own but the hours of a subject that the row above has none of."""
    said = {column: text for column, cell in cells.items() if column != "number" and (text := typed.text(cell))}
    hours = said.keys() & form.hours.keys()
    same = all(typed.text(above.get(column)) in ("", text) for column, text in said.items() if column not in hours)
    return same and hours.isdisjoint(above)


def _either(form: Form, or_: str = "或") -> str:
    """The headings of the hours of all subjects."""
    return or_.join(form.headings[column] for column in form.hours)


def pasted(text: str, form: Form, *, chosen: Mapping[str, str] | None = None) -> Upload:
    """Paste (粘贴): rows copied out of a spreadsheet as a file; without headings they have 附件1's own.

    `chosen`: which column is which, see `reading.read`. Refused codes: "file" (nothing in it, or no row names anybody).
    """
    if not typed.text(text):
        raise Refused("file", "没有粘贴内容。请在WPS或Excel中选中各行，复制后粘贴到这里。")
    words = listing(form).vocabulary(chosen)
    rows = delimited.rows_of(text.strip("\r\n"), lambda rows: reading.has_headings(rows, words), "\t")
    if not reading.has_headings(rows, words):
        rows.insert(0, list(form.headings.values()))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter="\t", lineterminator="\n").writerows(rows)
    given = Upload("粘贴的花名册.csv", written.getvalue().encode("utf-8-sig"))
    read = rows_in(given.content, given.filename, form, chosen=chosen).rows
    if not any(names_somebody(cells, form) for _, cells in read):
        fault = "不像花名册，没有姓名或身份证号"
        if all(len(cells) == 1 for cells in rows[1:]) and resident_id.masked(text) != text:
            fault = "没有分成列，认不出姓名和身份证号"
        words_ = f"粘贴的内容{fault}，没有添加。请在WPS或Excel中选中各行，整行复制后粘贴。"
        raise Refused("file", words_)
    return given


def names_somebody(cells: Cells, form: Form) -> bool:
    """Whether a row that is one has a name in its place, or what could be an ID number in any, as a shifted row has."""
    texts = {column: typed.text(cell) for column, cell in cells.items()}
    name, number = texts.get("name", ""), texts.get("id_number", "")
    if not (name or number or _is_somebody(cells, form)):
        return False
    if not reading.is_footing(name) and (names.is_name(names.normalise(name)) or re.search(r"\d", number)):
        return True
    return any(resident_id.masked(text) != text for text in texts.values())


def plain_rows(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> list[tuple[int, Cells]]:
    """Rows with every cell as `_plain` gives it. They are looked through by column, since most hold nothing else."""
    plain_rows: list[tuple[int, Any]] = list(rows)
    for column, cells in _columns(rows).items():
        if not _are_plain(cells):
            tidy = typed.is_tidy("".join([cell for cell in cells if type(cell) is str]))
            for at, cell in enumerate(cells):
                if not (tidy and type(cell) is str) and (plain := _plain(cell)) is not cell:
                    number, before = plain_rows[at]
                    plain_rows[at] = number, {**before, column: plain}
    return plain_rows


def _columns(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[str, Sequence[Any]]:
    """The cells of rows by column, "" where a row has no such cell."""
    layouts = set(map(tuple, (cells for _, cells in rows)))
    names = list(dict.fromkeys(itertools.chain.from_iterable(layouts)))
    if len(layouts) == 1:
        by_row: Iterable[Iterable[Any]] = (cells.values() for _, cells in rows)
    else:
        by_row = ([cells.get(name, "") for name in names] for _, cells in rows)
    return dict(zip(names, zip(*by_row, strict=True), strict=False))


def _are_plain(cells: Sequence[Any]) -> bool:
    """Whether `_plain` would leave all of these cells as they are: tidy texts and numbers of few digits."""
    kinds = set(map(type, cells))
    if not kinds <= {str, float}:
        return False
    numbers = [cell for cell in cells if type(cell) is float] if float in kinds else []
    texts = [cell for cell in cells if type(cell) is str] if numbers else cells
    few_digits = all(map((10.0**SURVIVING).__gt__, map(abs, numbers)))
    return few_digits and typed.is_tidy("".join(texts))


def _plain(cell: object) -> str | int | float:
    if isinstance(cell, str):
        return typed.text(cell)
    if isinstance(cell, float) and abs(cell) < 10**SURVIVING:
        return cell
    match cell:
        case bool():
            return str(cell)
        case int() | float() if not abs(cell) < 10**21:  # nor where it is no number at all
            return str(cell)
        case int() | float() if abs(cell) >= 10**SURVIVING:
            return int(Decimal(f"{cell:.{SURVIVING}g}"))  # as its user sees it, not the nearest double
        case int() | float():
            return cell
        case datetime() | date():
            return f"{cell:%Y-%m-%d}"
    return typed.text(cell)


_FEW_WORDS = ("sex", "assessment", "credit_year")
"""Columns in which the rows of a roster say one of a few things, as they do of the hours."""
_TEXTS = ("employer", "post", "specialty", "phone", "note")
"""Columns that are kept as they are, as far as there is room."""
_SHOWN = _TEXTS[:3]
"""Those of them that become part of a person's record."""


def read_rows(rows: Sequence[tuple[int, Cells]], form: Form) -> Iterator[tuple[Row, list[Problem]]]:
    """Batch row check (整批检查): every row with what is wrong with it by itself, without empty ones.

    Fast path, since most rows of a roster are alike:
    Step 1: normalise columns, not cells. Step 2: a row whose name and number are in order, whose employer is given and
    whose texts hold no ID number is as faultless as an earlier one with the same sex, hours, result and year: it takes
    these over. Step 3: any other row is read from the beginning (`read_row`).
    """
    columns = dict.fromkeys(form.columns, [""] * len(rows)) | _columns(rows)
    few_said = (*_FEW_WORDS, *form.hours)
    number_text = functools.cache(typed.text)
    said = {
        name: [cell if type(cell) is str else number_text(cell) for cell in columns[name]]
        for name in ("name", *few_said, *_TEXTS)
    }
    texts = zip(*(said[column] for column in _TEXTS), strict=True)
    faultless: dict[tuple[str, ...], Row] = {}
    few_words = zip(*(said[column] for column in few_said), strict=True)
    compared = said["name"] if names.are_normal(said["name"]) else map(names.normalise, said["name"])
    numbers = columns["id_number"]
    numbered = {text for column in _SHOWN for text in set(said[column]) if resident_id.stands_in(text)}
    for (number, cells), name, id_number, in_order, few, (employer, post, specialty, phone, note) in zip(
        rows, compared, numbers, resident_id.in_order(numbers).tolist(), few_words, texts, strict=True
    ):
        alike = faultless.get(few)
        plain = in_order and employer and names.is_name(name) and numbered.isdisjoint((employer, post, specialty))
        if alike is None or not plain:
            row, problems = read_row(number, cells, form)
            if row is not None:
                yield row, problems
                if not problems:
                    faultless[few] = row
            continue
        row = Row(
            number,
            name,
            alike.sex,
            id_number,
            employer[:200],
            post[:200],
            specialty[:200],
            alike.hours,
            alike.assessment,
            phone[:200],
            note[:200],
            alike.credit_year,
            cells,
        )
        yield row, []


def read_row(number: int, cells: Cells, form: Form) -> tuple[Row | None, list[Problem]]:
    """Roster row check (逐行检查): one row as read, and what is wrong with it by itself. None of an empty row."""
    written = _Written(number, cells, form)
    name, id_number = names.normalise(written.said("name")), resident_id.normalise(cells.get("id_number"))
    if not (name or id_number or any(map(typed.text, cells.values()))):
        return None, []
    _check_name(written, name, id_number)
    id_code = _check_number(written) if name or id_number else "id-missing"
    hours, readable = _read_hours(written)
    credit_year = _read_credit_year(written)
    assessment = typed.plain(written.said("assessment"))
    _check_assessment(written, assessment, sum(hours.values()), readable)
    _check_texts(written, id_code)
    sex = _check_sex(written, "" if id_code else id_number)
    employer, post, specialty, phone, note = (written.said(column)[:200] for column in _TEXTS)
    work = (employer, post, specialty)
    return Row(number, name, sex, id_number, *work, hours, assessment, phone, note, credit_year, cells), written.found


class _Written:
    """A row while it is read: its cells as text, and every problem found so far."""

    def __init__(self, number: int, cells: Cells, form: Form) -> None:
        self.number, self.cells, self.form = number, cells, form
        self.found: list[Problem] = []

    def said(self, column: str) -> str:
        return typed.text(self.cells.get(column))

    def problem(
        self,
        column: str,
        code: str,
        words: str,
        *,
        blocking: bool = True,
        offer: str = "",
        mend: Mapping[str, str] | None = None,
    ) -> None:
        value = self.said(column)
        self.found.append(Problem(self.number, column, code, value, words, blocking, offer, mend or {}))


def _check_name(row: _Written, name: str, id_number: str) -> None:
    if not name and not id_number:
        row.problem("name", "name-missing", "此行没有姓名和身份证号，请补填或删去此行")
    elif fault := names.fault(name):
        row.problem("name", *fault)


def _check_number(row: _Written) -> str | None:
    """The code of what is wrong with the ID number, None where nothing is."""
    cell = row.cells.get("id_number")
    code = resident_id.problem(cell)
    if code:
        offer, mend = _number_elsewhere(row.cells, row.form)
        told, number = resident_id.proposed(cell)
        if number:
            offer, mend = told, {"id_number": number}
        row.problem("id_number", code, resident_id.words(code, cell), offer=offer, mend=mend)
    return code


def _read_hours(row: _Written) -> tuple[dict[str, Decimal], bool]:
    """Hours by subject, and whether all could be read."""
    readable = True
    hours = {}
    for column, subject in row.form.hours.items():
        hours[subject], fault, words = hours_in(row.said(column))
        if fault:
            readable = False
            right, offer = values.meant(row.said(column), values.hours)
            row.problem(column, fault, words, offer=offer, mend={column: right} if offer else {})
    return hours, readable


def _read_credit_year(row: _Written) -> int | None:
    """The credit year (学时年度) of make-up study; None where the cell is empty or cannot be read."""
    try:
        return values.year(row.cells.get("credit_year"))
    except values.Unclear:
        right, offer = values.meant(row.cells.get("credit_year"), values.year)
        words = "学时年度请填四位数字，如2023；不是补学的可留空"
        row.problem("credit_year", "year-form", words, offer=offer, mend={"credit_year": right} if offer else {})
        return None


def _check_assessment(row: _Written, assessment: str, earned: Decimal | int, readable: bool) -> None:
    """Result (考核结果) and hours go together: who failed earns none, who passed earns some."""
    if assessment in FAILED and earned:
        row.problem("assessment", "assessment-failed", "考核不合格不计学时，请把学时改为0，或更正考核结果")
    elif assessment not in PASSED and assessment not in FAILED:
        row.problem("assessment", "assessment-form", "考核结果请填“合格”或“不合格”")
    elif assessment in PASSED and not earned and readable:
        row.problem(row.form.usual, "hours-none", f"考核合格但没有学时，请补填{_either(row.form)}")


def _check_texts(row: _Written, id_code: str | None) -> None:
    """What becomes part of a person's record: it names the employer, and has no ID number in it."""
    if not row.said("employer"):
        row.problem("employer", "employer-missing", "工作单位为空，补填后才能按单位查到此人", blocking=False)
    for column in _SHOWN:
        if resident_id.stands_in(row.said(column)):
            words = f"{row.form.headings[column]}里写着身份证号，会显示给查看的人，请改正；号码只填在“身份证号”列"
            offer, mend = _number_elsewhere(row.cells, row.form) if id_code else ("", {})
            row.problem(column, "number-elsewhere", words, offer=offer, mend=mend)


def _check_sex(row: _Written, id_number: str) -> str:
    """男, 女 or nothing; a birthday in its place is mended by the ID number (a valid one, else "") that agrees."""
    try:
        return values.sex(row.said("sex"))
    except values.Unclear as unclear:
        born = values.written_day(row.cells.get("sex"))
        if len(born) < 3:
            row.problem("sex", "sex-form", str(unclear))
            return row.said("sex")
    own = values.written_day(resident_id.birth_on(id_number)) if id_number else ()
    right = resident_id.sex(id_number) if born == own else ""
    offer, mend = (f"按身份证号填“{right}”", {"sex": right}) if right else ("", {})
    row.problem("sex", "sex-date", "性别列里填的是出生日期，请填“男”或“女”", offer=offer, mend=mend)
    return row.said("sex")


def _is_somebody(cells: Mapping[str, Any], form: Form) -> bool:
    """Whether a row without name and number is a person's: it is numbered and says where they work, or says three
    things of them, or their sex and telephone. What is filled down an empty list beforehand, hours and 合格, is less.
    """
    said = {column: typed.text(cells.get(column)) for column in form.columns}
    if said["number"].isdigit() and (said["employer"] or said["post"]):
        return True
    sex, phone = said["sex"] in ("男", "女"), re.search(r"\d{7}", said["phone"])
    earned = any(hours_in(typed.text(cells.get(column)))[0] for column in (*form.hours, "hours"))
    result = typed.plain(said["assessment"]) in (*PASSED, *FAILED)
    things = (sex, phone, said["employer"], said["post"], result, earned, cells.get("subject"))
    return bool(sex and phone) or sum(map(bool, things)) >= 3


def _number_elsewhere(cells: Cells, form: Form) -> tuple[str, dict[str, str]]:
    """Swapped cells (号码填错列): what to offer where a row's only ID number is in the wrong cell, and the mend.

    What stands in its place goes into that cell in turn, unless it is a spoilt number or nothing at all.
    """
    texts = {column: typed.text(cell) for column, cell in cells.items() if column != "id_number"}
    found = [column for column, text in texts.items() if resident_id.stands_in(text)]
    if len(found) != 1 or found[0] not in form.columns or resident_id.problem(texts[found[0]]):
        return "", {}
    column, back = found[0], typed.text(cells.get("id_number"))
    words = not re.search(r"\d", back) and re.search(r"[^\W\d_]{2}", back)
    fits = re.fullmatch(r"[\d-]{7,13}", back) if column == "phone" else words
    number = resident_id.mask(resident_id.normalise(texts[column]))
    offer = f"身份证号{number}在“{form.headings[column]}”列，" + ("两格对调" if fits else "移到“身份证号”列")
    return offer, {"id_number": texts[column], column: back if fits else ""}


MOST_HOURS = 1000
"""Of one person in one training: more is a slip of the pen."""


def hours_in(cell: object) -> tuple[Decimal, str, str]:
    """Hours of a cell (学时): the value, the code of what is wrong with it, and the words."""
    try:
        value = values.hours(cell) or Decimal()
    except values.Unclear as unclear:
        return Decimal(), f"hours-{unclear.code}", str(unclear)
    if value < 0 or value > MOST_HOURS:
        return Decimal(), "hours-form", f"学时应在0至{MOST_HOURS}之间，请核对"
    return value, "", ""
