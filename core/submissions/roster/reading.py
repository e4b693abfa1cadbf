"""Roster reading (读入花名册): a file or a paste turned into rows, each with what is wrong with it by itself."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.ground import db, names, resident_id, typed
from core.ground.access import Refused
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
from core.tables import reader, sheets
from core.tables.problems import Problem
from core.trail.files import Upload


@db.in_bulk()
def rows_in(content: bytes, filename: str, form: Form) -> list[tuple[int, Cells]]:
    """Rows of a roster file, unchecked, with the row numbers their user sees.

    With `origin` and `code` in a file of open rows.
    Refused codes: "file", "headings".
    """
    return plain_rows(table_of(content, filename, form).rows)


_HOURS_OF_THE_PLAN = {"hours": ("学时", "学时数", "培训学时", "获得学时", "获得学时数", "总学时", "合计学时")}
"""Hours that do not say of what: of the plan's subject, where no subject's column is there."""


def table_of(content: bytes, filename: str, form: Form) -> sheets.Table:
    """The table of a roster (表头识别); hours or results that have no column are asked for once, not in each row."""
    own = {"origin": (ORIGIN,), "code": (CODE,)} | _HOURS_OF_THE_PLAN
    table = sheets.read(content, filename, form.columns, REQUIRED, own=own)
    subjects = table.columns & form.hours.keys()
    lacking = [] if subjects or "hours" in table.columns else [f"“{_either(form, '”或“')}”"]
    lacking += [] if "assessment" in table.columns else ["“考核结果”"]
    if lacking and any(cells.get(column) for _, cells in table.rows for column in REQUIRED):
        written = "、".join(f"“{word[:20]}”" for word in table.unread[:5])
        written = f"表头{written}没有识别，如是其中之一，请改成这个名称。" if written else ""
        raise Refused("headings", f"花名册里没有{'和'.join(lacking)}列。{written}请补齐后再上传。")
    if subjects and "hours" in table.columns:  # the sum of the others
        for _, cells in table.rows:
            cells.pop("hours", None)
    return table


def _either(form: Form, or_: str = "或") -> str:
    """The headings of the hours of all subjects."""
    return or_.join(form.headings[column] for column in form.hours)


def pasted(text: str, form: Form) -> Upload:
    """Paste (粘贴): rows copied out of a spreadsheet as a file; without headings they have 附件1's own.

    Refused codes: "file" (nothing in it, or no row names anybody).
    """
    if not text.strip():
        raise Refused("file", "没有粘贴内容。请在WPS或Excel中选中各行，复制后粘贴到这里。")
    rows = _pasted_cells(text.strip("\r\n").replace("\r\n", "\n"))
    columns = form.columns | _HOURS_OF_THE_PLAN
    by_word = {reader.heading(word): name for name, words in columns.items() for word in words}
    if reader.find_headings([list(cells) for cells in rows], by_word, REQUIRED) is None:
        rows.insert(0, list(form.headings.values()))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter="\t", lineterminator="\n").writerows(rows)
    given = Upload("粘贴的花名册.csv", written.getvalue().encode("utf-8-sig"))
    if not any(names_somebody(cells, form) for _, cells in rows_in(given.content, given.filename, form)):
        fault = "不像花名册，没有姓名或身份证号"
        if all(len(cells) == 1 for cells in rows[1:]) and resident_id.masked(text) != text:
            fault = "没有分成列，认不出姓名和身份证号"
        words = f"粘贴的内容{fault}，没有添加。请在WPS或Excel中选中各行，整行复制后粘贴。"
        raise Refused("file", words)
    return given


def _pasted_cells(text: str) -> list[list[str]]:
    """The cells of rows copied out of a spreadsheet, which quotes those with a line break in them.

    Where quotation marks do not fit together, or would make one cell of several, they are a clerk's own.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True))
    except csv.Error:
        rows = []
    if rows and not any("\t" in cell for cells in rows for cell in cells):
        return rows
    return [line.split("\t") for line in text.split("\n")]


def is_footing(cells: Mapping[str, object]) -> bool:
    """Footer row (合计、签字、备注): whether a row stands below the list; it has no ID number, however spoilt."""
    written, name = typed.text(cells.get("id_number")), cells.get("name")
    if re.search(r"\d{14}|\d[Ee]\+?\d", written):
        return False
    if sheets.is_footing(cells.get("number")) or sheets.is_footing(name):
        return True
    return sheets.is_footing(written) and not names.is_name(names.normalise(name))


def names_somebody(cells: Cells, form: Form) -> bool:
    """Whether a row that is one has a name in its place, or what could be an ID number in any, as a shifted row has."""
    if read_row(0, cells, form)[0] is None:
        return False
    texts = {column: typed.text(cell) for column, cell in cells.items()}
    if names.is_name(names.normalise(texts.get("name", ""))) or re.search(r"\d", texts.get("id_number", "")):
        return True
    return any(resident_id.masked(text) != text for text in texts.values())


def plain_rows(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> list[tuple[int, Cells]]:
    """Rows with every cell as `_plain` gives it. They are looked through by column, since most hold nothing else."""
    plain_rows: list[tuple[int, Any]] = list(rows)
    for column, cells in _columns(rows).items():
        if not _are_plain(cells):
            for at, cell in enumerate(cells):
                if (plain := _plain(cell)) is not cell:
                    number, before = plain_rows[at]
                    plain_rows[at] = number, {**before, column: plain}
    return plain_rows


def _columns(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[str, Sequence[Any]]:
    """The cells of rows by column, "" where a row has no such cell."""
    layouts = {tuple(cells) for _, cells in rows}
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
    """Batch row check (整批检查): every row with what is wrong with it by itself, without those that are none.

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
    compared = map(names.normalise, said["name"])
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
    """Roster row check (逐行检查): one row as read, and what is wrong with it by itself.

    No row where it is empty, the headings again, or the signatures below the list.
    """
    written = _Written(number, cells, form)
    name, id_number = names.normalise(written.said("name")), resident_id.normalise(cells.get("id_number"))
    if is_footing(cells) or _is_heading(cells, form) or not (name or id_number or _is_somebody(cells, form)):
        return None, []
    _check_name(written, name, id_number)
    id_code = _check_number(written) if name or id_number else "id-missing"
    hours, readable = _read_hours(written)
    credit_year = _read_credit_year(written)
    assessment = written.said("assessment").replace(" ", "")
    _check_assessment(written, assessment, sum(hours.values()), readable)
    _check_texts(written, id_code)
    _check_sex(written, "" if id_code else id_number)
    employer, post, specialty, phone, note = (written.said(column)[:200] for column in _TEXTS)
    sex = written.said("sex")
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
    elif not name:
        row.problem("name", "name-missing", "姓名为空，请补填")
    elif not names.is_name(name):
        row.problem("name", "name-form", names.FORM)


def _check_number(row: _Written) -> str | None:
    """The code of what is wrong with the ID number, None where nothing is."""
    code = resident_id.problem(row.cells.get("id_number"))
    if code:
        offer, mend = _number_elsewhere(row.cells, row.form)
        row.problem("id_number", code, resident_id.PROBLEMS[code], offer=offer, mend=mend)
    return code


def _read_hours(row: _Written) -> tuple[dict[str, Decimal], bool]:
    """Hours by subject, and whether all could be read."""
    readable = True
    hours = {}
    for column, subject in row.form.hours.items():
        hours[subject], fault, words = hours_in(row.said(column))
        if fault:
            readable = False
            row.problem(column, fault, words)
    return hours, readable


def _read_credit_year(row: _Written) -> int | None:
    """The credit year (学时年度) of make-up study; None where the cell is empty or cannot be read."""
    written = row.said("credit_year").translate(typed.HALF_WIDTH).replace(" ", "")
    if written and (found := re.fullmatch(r"(20\d\d)(?:\.0)?(?:年度?)?", written)):
        return int(found[1])
    if written:
        row.problem("credit_year", "year-form", "学时年度请填四位数字，如2023；不是补学的可留空")
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


def _check_sex(row: _Written, id_number: str) -> None:
    """男, 女 or nothing; a birthday in its place is mended by the ID number (a valid one, else "") that agrees."""
    sex = row.said("sex")
    if sex in ("男", "女", ""):
        return
    born = _day_in(sex)
    if not born:
        row.problem("sex", "sex-form", "性别请填“男”或“女”")
        return
    right = resident_id.sex(id_number) if born == id_number[6:14] else ""
    offer, mend = (f"按身份证号填“{right}”", {"sex": right}) if right else ("", {})
    row.problem("sex", "sex-date", "性别列里填的是出生日期，请填“男”或“女”", offer=offer, mend=mend)


def _is_heading(cells: Cells, form: Form) -> bool:
    """Whether a row is the headings again, as they stand on every page of a printed list."""
    return all(reader.heading(cells.get(column, "")) in form.columns[column] for column in REQUIRED)


def _is_somebody(cells: Cells, form: Form) -> bool:
    """Whether a row without name and number is a person's: it is numbered and says where they work, or says three
    things of them, or their sex and telephone. What is filled down an empty list beforehand, hours and 合格, is less.
    """
    said = {column: typed.text(cells.get(column)) for column in form.columns}
    if said["number"].isdigit() and (said["employer"] or said["post"]):
        return True
    sex, phone = said["sex"] in ("男", "女"), re.search(r"\d{7}", said["phone"])
    earned = any(hours_in(said[column])[0] for column in form.hours)
    result = said["assessment"].replace(" ", "") in (*PASSED, *FAILED)
    return bool(sex and phone) or sum(map(bool, (sex, phone, said["employer"], said["post"], result, earned))) >= 3


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
    offer = f"身份证号在“{form.headings[column]}”列，" + ("两格对调" if fits else "移到“身份证号”列")
    return offer, {"id_number": texts[column], column: back if fits else ""}


_DAY = re.compile(r"((?:19|20)\d\d)[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?: 0?0:00(?::00)?)?")
_SERIAL = re.compile(r"[1-4]\d{4}")
"""A day as a spreadsheet counts it, from 1927 to 2036."""


def _day_in(text: str) -> str:
    """The eight digits of a day, "" where a text is none."""
    if _SERIAL.fullmatch(text):
        return f"{sheets.DAY_ZERO + timedelta(int(text)):%Y%m%d}"
    found = _DAY.fullmatch(text)
    return "".join(part.zfill(2) for part in found.groups()) if found else ""


_HOURS = re.compile(r"-?(\d+\.?\d*|\.\d+)")


def hours_in(text: str) -> tuple[Decimal, str, str]:
    """Hours of a cell (学时): the value, the code of what is wrong with it, and the words."""
    text = text.translate(typed.HALF_WIDTH)
    text = text.removesuffix("学时").removesuffix("小时").strip()
    if text in ("", "-", "—", "/", "无"):
        return Decimal(), "", ""
    if not _HOURS.fullmatch(text):
        return Decimal(), "hours-form", "学时请填数字，如24或7.5"
    value = Decimal(text)
    if len(text) > SURVIVING:
        value = Decimal(f"{value:.{SURVIVING}g}").normalize()  # as a spreadsheet shows it, not as it keeps it
    if value < 0 or value > 1000:
        return Decimal(), "hours-form", "学时应在0至1000之间，请核对"
    if value * 2 % 1:
        return Decimal(), "hours-half", "学时以0.5为最小单位，请改为整数或.5"
    return value, "", ""
