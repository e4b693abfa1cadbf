"""Reading a table (读入表格): a file, or what was pasted, as rows by column, with an account of all that was not taken.

Every kind of table goes this way: it is declared as a `Listing`, and nothing is read anywhere else. Rows in are rows
taken and rows left out, each with its reason; columns that are not read are named.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from core.ground import db, names, typed
from core.ground.access import Refused, Role
from core.tables import delimited, headings, reader, values
from core.tables.headings import Headings, Question, Vocabulary, letter
from core.tables.mending import LEFT_OUT, Mended
from core.tables.problems import UNKNOWN, Problem
from core.tables.reader import HEAD, LONGEST_CELL, Sheet

LARGEST = 20 * 2**20
NOTHING_MENDED = Mended()

Cells = Mapping[str, Any]
_Lines = list[tuple[int, dict[str, Any]]]
"""Rows by column, each with the number its user sees."""


def _far(_label: str) -> Sequence[str]:
    return ()


def _never(_cells: Cells) -> bool:
    return False


def _anything(cells: Cells) -> bool:
    return any(typed.text(cell) for cell in cells.values())


@dataclass(frozen=True)
class Listing:
    """Kind of table (表样) as it is declared: its columns with their headings, and what a line of it is.

    `columns` gives each column the words it goes by, the standard heading first; `own` are columns that only our files
    have. Headings are found by the `required` ones. `identity` columns say whose line it is; a row without them is a
    line all the same where `says` finds enough in it.
    """

    name: str
    columns: Mapping[str, Sequence[str]]
    required: Sequence[str]
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)
    identity: Sequence[str] = ("name", "id_number")
    several: bool = False
    """Whether somebody may have several lines: what is merged over lines then belongs to each, the name as well."""
    sums: Collection[str] = ()
    """Columns that may be the sum of the lines they are merged over: that is asked about, unless a line is a person."""
    loose: Collection[str] = ("number", "phone", "note")
    """Columns on which nothing hangs: of two that fit the first is taken unasked."""
    says: Callable[[Cells], bool] = _anything
    surely: Callable[[Cells], bool] = _never
    """Whether a row is a line whatever its words look like: a question may begin as a signature does (负责人……)."""
    near: Callable[[str], Sequence[str]] = _far
    """The columns that a heading nobody knows may mean: the first of them that has no place is asked about."""
    near_by_row: bool = False
    """Whether that is asked in each row that says something there, instead of once."""
    code: str = ""
    """Under which an organization's choices of columns are remembered, "" where none are."""
    senders: Collection[Role] = ()
    """Who may send such a table, and say which column is which."""
    spare: Collection[str] = ()
    """Columns that nobody has to send: not named among the standard ones (标准表头)."""
    ours: Collection[str] = ()
    """Those of `own` in which files that the office handed out number their rows: each such row is a line.

    Nobody chooses them."""

    @property
    def headings(self) -> dict[str, str]:
        """The standard heading (标准表头) of each column."""
        return {name: words[0] for name, words in self.columns.items()}

    @property
    def choices(self) -> dict[str, str]:
        """The columns that a clerk may say a label is (认列), each with its heading."""
        own = {name: words[0] for name, words in self.own.items() if name not in self.ours}
        return self.headings | own

    def vocabulary(self, chosen: Mapping[str, str] | None) -> Vocabulary:
        """The words of its columns, and the labels that a clerk has said the column of."""
        return Vocabulary({**self.columns, **self.own}, self.required, loose=self.loose, chosen=chosen)


@dataclass(frozen=True)
class Understood:
    """Columns of a file as they were understood (认列): what a clerk may put right, and the office remembers."""

    labels: tuple[str, ...]
    """All headings as they are written."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Of those that are read: the column each is."""
    doubtful: tuple[str, ...] = ()
    """Those that are asked about, or are not read and have something below them."""
    unused: tuple[str, ...] = ()
    """Those that a clerk has said are not used."""


@dataclass(frozen=True)
class LeftOut:
    """A row that was left out (未读入的行): its number in the spreadsheet, why, and how it begins."""

    row: int
    reason: str
    text: str


@dataclass
class Table:
    """A table as it was read: each row with the number its user sees, and the account of the rest."""

    sheet: str
    rows: _Lines
    columns: dict[str, str] = field(default_factory=dict)
    """Those of which there is a heading, with it as it is written."""
    labels: tuple[str, ...] = ()
    """All headings as they are written, of those not read as well."""
    unread: tuple[str, ...] = ()
    """Headings that are not read (未识别的列), and have something below them."""
    unused: tuple[str, ...] = ()
    """Headings that a clerk has said are not used (不用的列)."""
    left_out: list[LeftOut] = field(default_factory=list)
    aside: str = ""
    """The other visible sheets with something in them, which were not read (没有读入的工作表), in words."""
    same: dict[str, list[int]] = field(default_factory=dict)
    """By column, the rows that said 同上 and were read as the line above them."""
    problems: list[Problem] = field(default_factory=list)
    """What to look at: columns not read, hidden rows, examples, names merged over several rows."""
    written: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The rows as the file has them, by number, with nothing mended."""

    @property
    def understood(self) -> Understood:
        columns = {label: name for name, label in self.columns.items() if label}
        return Understood(self.labels, columns, self.unread, self.unused)


class Asked(Refused):
    """Refused because a column has to be chosen (问表头). Code "headings"; `labels` are the columns as written."""

    def __init__(self, words: str, understood: Understood) -> None:
        super().__init__("headings", words)
        self.understood = understood
        self.labels = understood.labels


def read(
    content: bytes,
    filename: str,
    listing: Listing,
    *,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
    ours: bool = False,
) -> Table:
    """Read a table (读入表格): its headings wherever they stand, its rows below them, and what was left out.

    `chosen` says of labels which column each is ("": none), before any word does; what is no column of this kind (any
    more) says nothing. `mended` is laid over the rows: what it changed or struck is asked about no more.
    Files as offices have them: workbooks by content, .csv; titles above, signatures below, merged cells, empty rows,
    hidden sheets.
    Others go on writing meanwhile (`db.unlocked`): in a deed it stands before anything is written or locked. What a
    deed has read first it finds read when it comes to it. `ours`: of a small file of the office's own, which is read
    wherever it is asked for.
    Refused codes: "file" (unreadable, empty, too large, a decompression bomb, two sheets that fit), "headings" (not
    found; or `Asked`: two columns for one name).
    """
    (table,) = _read(content, filename, listing, chosen, ours, each=False)
    return _laid_over(table, mended, listing)


def read_each(
    content: bytes,
    filename: str,
    listing: Listing,
    *,
    chosen: Mapping[str, str] | None = None,
    mended: Mapping[str, Mended] = MappingProxyType({}),
) -> list[Table]:
    """Read every sheet that is such a table (逐张读入), as `read` reads the only one; `mended` by the sheet's name."""
    tables = _read(content, filename, listing, chosen, False, each=True)
    return [_laid_over(table, mended.get(table.sheet, NOTHING_MENDED), listing) for table in tables]


def _read(
    content: bytes, filename: str, listing: Listing, chosen: Mapping[str, str] | None, ours: bool, *, each: bool
) -> list[Table]:
    """The tables of a file as it has them, one or each that fits; what was read before in a transaction is known."""
    words = listing.vocabulary(chosen)
    known, key = db.remembered(), (hashlib.sha256(content).digest(), filename, each, *_which(listing, chosen))
    if key in known:
        found: list[Table] = known[key]
        return found
    try:
        with contextlib.nullcontext() if ours else db.unlocked():
            sheets = _sheets(content, filename, words)
            fitting, others, aside = _fitting(sheets, words, listing, each=each)
            if not fitting and filename.lower().endswith(_WORKBOOKS) and not reader.is_workbook(content):
                raise reader.Unreadable(_RENAMED.format(filename))
            if not fitting:
                raise Refused("headings", _not_found(listing))
            tables = [_table(sheet, headed, words, listing) for sheet, headed in fitting]
    except reader.Unreadable as error:
        raise Refused("file", str(error)) from error
    tables[0].problems += [Problem(0, name[:20], UNKNOWN, "", said, False) for name, said in others]
    tables[0].aside = aside
    known[key] = tables
    return tables


def _which(listing: Listing, chosen: Mapping[str, str] | None) -> tuple[object, ...]:
    return listing.name, listing.code, tuple(listing.columns), tuple(listing.own), tuple(sorted((chosen or {}).items()))


def _laid_over(read: Table, mended: Mended, listing: Listing) -> Table:
    """A table as it was read, to be changed by who asked for it, with what was mended laid over."""
    rows = [(number, dict(cells)) for number, cells in read.rows]
    table = replace(read, rows=rows, columns=dict(read.columns), left_out=[*read.left_out], problems=[*read.problems])
    table.written = dict(read.rows)
    if mended:
        _mend(table, mended, listing)
    return table


def _mend(table: Table, mended: Mended, listing: Listing) -> None:
    """Lay what was changed on the screen over the rows of a file (改正); rows in stay rows taken and rows named."""
    table.rows = list(mended.over(table.rows))
    name = listing.identity[0]
    for row in sorted(mended.struck & table.written.keys()):
        table.left_out.append(LeftOut(row, LEFT_OUT, typed.text(table.written[row].get(name))[:30]))
    table.left_out.sort(key=lambda each: each.row)
    table.problems = [
        each
        for each in table.problems
        if each.row not in mended.struck and not (each.blocking and each.column in mended.cells.get(each.row, ()))
    ]


_WORKBOOKS = (".xlsx", ".xls", ".et")
_RENAMED = "“{}”的内容是文字，不是工作簿，其中也没有表头。请在WPS或Excel中打开原来的表格，另存为.xlsx后再上传。"


def _not_found(listing: Listing) -> str:
    needed = "、".join(f"“{listing.columns[name][0]}”" for name in listing.required)
    standard = "、".join(word for name, word in listing.headings.items() if name not in listing.spare)
    return f"没有找到表头：同一行内须有{needed}。标准表头为：{standard}。"


def look_at(content: bytes, filename: str) -> None:
    """Whether a file may be a table at all (初看文件), when it is chosen: refused as reading it would be, unread.

    Refused codes: "file" (empty, too large, of another kind, a workbook that is not opened).
    """
    try:
        _glanced(content, filename)
        if reader.is_workbook(content):
            reader.look_at(content)
    except reader.Unreadable as error:
        raise Refused("file", str(error)) from error


def _sheets(content: bytes, filename: str, words: Vocabulary) -> list[Sheet]:
    _glanced(content, filename)
    if reader.is_workbook(content):
        return reader.read(content)
    return [delimited.sheet(content, lambda rows: has_headings(rows, words))]


def _glanced(content: bytes, filename: str) -> None:
    if not content:
        raise reader.Unreadable(f"文件“{filename}”是空的，请重新选择。")
    if len(content) > LARGEST:
        raise reader.Unreadable(f"文件超过{LARGEST // 2**20}MB，请删去图片和多余的工作表后另存再上传。")
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    for sign, what in _OTHER_KINDS.items():
        if start.startswith(sign):
            raise reader.Unreadable(f"此文件其实是{what}，不是表格。请用WPS或Excel打开，另存为.xlsx后再上传。")


_OTHER_KINDS = {b"<": "网页或XML文本", b"%PDF": "PDF文件", b"{\\rtf": "文字文档"}
"""How files begin that systems export, or people rename, as tables."""


def has_headings(rows: Sequence[Sequence[str]], words: Vocabulary) -> bool:
    """Whether the first of these rows, parted in one way, hold the required headings."""
    columns = delimited.columns_of(rows[:HEAD])
    return headings.find(list(zip(*columns, strict=True)), (), words) is not None


def _fitting(
    sheets: Sequence[Sheet], words: Vocabulary, listing: Listing, *, each: bool
) -> tuple[list[tuple[Sheet, Headings]], list[tuple[str, str]], str]:
    """The visible sheets with the headings and rows below them, what to say of hidden ones, and of the others.

    Unless `each` is wanted, two are refused, and so is another that lacks a heading but has most of the same columns:
    nobody is to be left out unseen. A cover or a page of instructions is only named.
    """
    fitting, empty, hidden, others = [], [], [], []
    for sheet in sheets:
        found = headings.find(sheet.rows(0, HEAD), sheet.merged, words)
        if found is None:
            others += [] if sheet.hidden else [sheet]
        elif sheet.hidden:
            hidden.append(sheet.name)
        elif _has_rows(sheet, found, listing):
            fitting.append((sheet, found))
        else:
            empty.append((sheet, found))
    if len(fitting) > 1 and not each:
        named = "和".join(f"“{sheet.name}”" for sheet, _ in fitting[:2])
        raise reader.Unreadable(
            f"{named}两张工作表都有表头和内容，只能读取一张。请合并到一张工作表，或删去、隐藏不用的工作表后再上传。"
        )
    if not fitting and not empty and hidden:
        raise reader.Unreadable(f"表头和人员在隐藏的工作表“{hidden[0]}”中，请取消隐藏后再上传。")
    visible = [sheet for sheet in sheets if not sheet.hidden]
    if not visible:
        raise reader.Unreadable("此工作簿没有可见的工作表，请取消隐藏后再上传。")
    told = [
        (name, f"隐藏的工作表“{name}”也有这些表头，没有读入；如要报送，请取消隐藏并合并后再上传") for name in hidden
    ]
    if fitting and not each:
        _refuse_alike(others, fitting[0], words, listing)
    return fitting or empty[:1], told, _aside(others, (fitting or empty)[:1], listing)


def _refuse_alike(others: Sequence[Sheet], read: tuple[Sheet, Headings], words: Vocabulary, listing: Listing) -> None:
    """Refuse another sheet that looks like the same table (相像的工作表): most of what is read stands there as well."""
    columns = read[1].places.keys() - words.loose
    for sheet in others:
        for at, cells in enumerate(sheet.rows(0, HEAD)):
            known = {words.alone(cell) for cell in cells if isinstance(cell, str)}
            alike = columns & known
            if len(alike) < 3 or 2 * len(alike) <= len(columns) or not _filled_rows(sheet, at + 1):
                continue
            lacks = "、".join(f"“{listing.columns[name][0]}”" for name in words.required if name not in known)
            raise reader.Unreadable(
                f"工作表“{sheet.name}”有{_filled_rows(sheet, at + 1)}行，看上去也是{listing.name}，"
                f"但第{at + 1}行的表头中没有认出{lacks}，只读“{read[0].name}”会漏掉它。"
                "请合并到一张工作表，或删去、隐藏不用的工作表后再上传。"
            )


def _filled_rows(sheet: Sheet, start: int = 0) -> int:
    """How many rows of a sheet, from one on, have something in them."""
    columns = [column[start:] for column in sheet.columns]
    return sum(any(cell != "" for cell in cells) for cells in zip(*columns, strict=True))


def _aside(others: Sequence[Sheet], read: Sequence[tuple[Sheet, Headings]], listing: Listing) -> str:
    """What to say of the other sheets, with the rows of each."""
    rows = {sheet.name: count for sheet in others if (count := _filled_rows(sheet))}
    if not rows or not read:
        return ""
    named = "、".join(f"“{name}”（{count}行）" for name, count in [*rows.items()][:_NAMED])
    named += f"等{len(rows)}张" if len(rows) > _NAMED else ""
    return f"没有读入的工作表：{named}，没有{listing.name}的表头；其中有要报送的，请并入“{read[0][0].name}”后再上传"


def _has_rows(sheet: Sheet, found: Headings, listing: Listing) -> bool:
    """Whether anything stands below the headings that say whose line it is."""
    if found.questions:
        return True
    below = (sheet.columns[found.places[name]][found.first :] for name in listing.required)
    return any(typed.text(cell) for column in below for cell in column)


# --- below the headings ---------------------------------------------------------------------------------------------


def _table(sheet: Sheet, found: Headings, words: Vocabulary, listing: Listing) -> Table:
    """The rows below the headings; where headings stand again further down, those below them by these."""
    parts = [found, *_further(sheet, found, words)]
    questions = [each for part in parts for each in (*part.questions, *_near(sheet, part, words, listing))]
    labels = tuple(dict.fromkeys(label for part in parts for label in part.labels.values()))
    columns = {name: part.labels.get(place, "") for part in parts for name, place in part.places.items()}
    unused = tuple(label for label in labels if words.chosen.get(label) == "")
    table = Table(sheet.name, [], columns, labels, unused=unused)
    if questions:
        asked = tuple(dict.fromkeys(label for each in questions for label in each.labels))
        said = "；".join(dict.fromkeys(each.words for each in questions))
        raise Asked(f"{said}。", replace(table.understood, doubtful=asked))
    unread: dict[str, str] = {}
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        stop = sheet.height if following is None else following.top
        _check_lengths(sheet, part, stop)
        lines = _take(sheet, part, stop, words, listing, table)
        for place in sorted(part.labels.keys() - part.places.values()):
            label, below = part.labels[place], sheet.columns[place][part.first : stop]
            if label not in unused and any(typed.text(cell) for cell in below):
                unread[label] = part.instead.get(place, "")
        for place in range(len(sheet.columns)):
            if place not in part.labels and any(typed.text(sheet.columns[place][row - 1]) for row, _ in lines):
                unread[f"{letter(place)}列（没有表头）"] = ""
    table.unread = tuple(unread)
    for label, instead in unread.items():
        table.problems.append(unknown(label, listing.name, instead=instead))
    _tell_hidden(sheet, table)
    return table


def _near(sheet: Sheet, found: Headings, words: Vocabulary, listing: Listing) -> Iterator[Question]:
    """Unknown headings that may mean a column that has no place (疑似的列): hours or a claim would be lost."""
    for place, name in _nearest(found, words, listing).items():
        if not listing.near_by_row and any(map(typed.text, sheet.columns[place][found.first :])):
            label = found.labels[place]
            said = f"{letter(place)}列“{label[:30]}”{_may_be(listing.columns[name][0])}"
            yield Question(name, (label,), said)


def _may_be(word: str) -> str:
    return f"可能是“{word}”，请把表头改为“{word}”，不是的请改名或删去，再上传"


def unknown(label: str, table: str, *, instead: str = "") -> Problem:
    """Hint about a column of a table that is not read (未识别的列); `instead`: the one that is read in its place."""
    said = f"“{label[:20]}”列没有识别，没有读入；如是{table}的一列，请把表头改为标准名称后再上传"
    if instead:
        said = f"“{label[:20]}”列没有读入，读的是“{instead[:20]}”列；如应读这一列，请把另一列删去或改名后再上传"
    return Problem(0, label[:20], UNKNOWN, "", said, blocking=False)


def _nearest(found: Headings, words: Vocabulary, listing: Listing) -> dict[int, str]:
    """The places of such headings, and the column that each may mean; of what a clerk has said, nothing is asked."""
    nearest: dict[int, str] = {}
    taken = {*found.places, *(each.column for each in found.questions)}
    for place, label in found.labels.items():
        if label in words.chosen or place in found.instead or place in found.places.values() or not found.places:
            continue
        near = listing.near(label)
        free = [name for name in near if name not in taken]
        if free and (len(near) == 1 or len(free) < len(near)):
            nearest[place] = free[0]
    return nearest


def _further(sheet: Sheet, found: Headings, words: Vocabulary) -> Iterator[Headings]:
    """Headings that stand again further down and say another order of columns (下方另一份名单)."""
    if found.questions:
        return
    marks = {word for row in sheet.rows(max(0, found.first - headings.DEEPEST), found.first) for word in row}
    marks = {mark for mark in marks if isinstance(mark, str) and words.alone(mark) in words.required}
    marks |= {word for name in words.required for word in words.columns[name]}
    rows = {
        row
        for column in sheet.columns
        if not marks.isdisjoint(column[found.first :])
        for row, cell in enumerate(column[found.first :], found.first)
        if cell in marks
    }
    last = found
    for row in sorted(rows):
        if row < last.first or _said(sheet, row) in {_said(sheet, at) for at in range(last.top, last.first)}:
            continue
        merged = [
            ((top - row, left), (bottom - row, right)) for (top, left), (bottom, right) in sheet.merged if top >= row
        ]
        again = headings.find(sheet.rows(row, row + headings.DEEPEST + 1), merged, words)
        if again is None or again.top > 0:
            continue
        again.top, again.first = row, again.first + row
        if again.places != last.places or again.questions:
            yield again
            last = again


def _check_lengths(sheet: Sheet, found: Headings, stop: int) -> None:
    for name, place in found.places.items():
        column = sheet.columns[place][found.first : stop]
        texts = column if set(map(type, column)) <= {str} else [cell for cell in column if type(cell) is str]
        if max(map(len, texts), default=0) > LONGEST_CELL:
            row = next(row for row, cell in enumerate(column, found.first + 1) if len(str(cell)) > LONGEST_CELL)
            word = found.labels.get(place, name)
            raise reader.Unreadable(f"第{row}行的“{word}”超过{LONGEST_CELL}个字，请改短后再上传。")


def _take(sheet: Sheet, found: Headings, stop: int, words: Vocabulary, listing: Listing, table: Table) -> _Lines:
    """Take the rows of a part of the sheet: those that are lines, which it answers, and the account of the others."""
    columns = {name: sheet.columns[place][found.first : stop] for name, place in found.places.items()}
    merged = _spread(sheet, found, stop, columns, listing)
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    plain = _plainly_lines(columns, listing)
    again = {_said(sheet, row) for row in range(max(0, found.top - 2), found.first)}
    lines: _Lines = []
    for at, cells in enumerate(rows):
        number = found.first + at + 1
        if plain[at]:
            lines.append((number, cells))
            continue
        texts = _said(sheet, found.first + at)
        repeated = bool(texts) and texts in again
        reason = "重复的表头" if repeated else _no_line(sheet, found.first + at, cells, words, listing)
        if reason == "" or at in merged:
            lines.append((number, cells))
            for name in (listing.identity[0], *listing.loose):
                if _EXAMPLE.match(typed.text(cells.get(name))):
                    said = "像是示例行；是人员的请改正此格，不是的请删去此行"
                    table.problems.append(Problem(number, name, "row-example", typed.text(cells.get(name)), said))
        elif reason is not None:
            begins = texts[0][:30]
            table.left_out.append(LeftOut(number, reason, begins))
            if reason in _TELL:
                column = listing.identity[0]
                said = f"此行是{reason}（“{begins[:20]}”），没有读入；如是人员，请改正后再上传"
                table.problems.append(Problem(number, column, "row-left", begins, said, blocking=False))
    table.rows += lines
    _take_as_above(columns, listing, lines, table)
    if listing.near_by_row:
        table.problems += _near_in_rows(sheet, found, words, listing, lines)
    table.problems += _sums(sheet, found, stop, listing, lines)
    table.problems += _two_names(listing, lines)
    for at in merged:
        said = "姓名、身份证号与上一行是合并的单元格；每人一行，请取消合并，把此行并入上一行或补填姓名和号码"
        table.problems.append(Problem(found.first + at + 1, listing.identity[0], "row-merged", "", said))
    return lines


SAME = frozenset(("〃", "″", "〞", "”", "''", "同上", "同 上", "同前"))
"""What people write for the cell above (同上)."""


def _take_as_above(columns: Mapping[str, list[Any]], listing: Listing, lines: _Lines, table: Table) -> None:
    """Read 同上 as what the line above says, and name the rows; whose line it is, each has to say by itself."""
    each_own = () if listing.several else (*listing.identity, *listing.required)
    for name, column in columns.items():
        if SAME.isdisjoint(column):
            continue
        above: Any = ""
        for number, cells in lines:
            if cells[name] not in SAME:
                above = cells[name]
            elif above == "" or name in each_own:
                said = "不能写“同上”，请逐行填写" if name in each_own else "写的是“同上”，上一行没有内容，请补填"
                table.problems.append(Problem(number, name, "cell-same", typed.text(cells[name]), said))
            else:
                cells[name] = above
                table.same.setdefault(name, []).append(number)


def _sums(sheet: Sheet, found: Headings, stop: int, listing: Listing, lines: _Lines) -> Iterator[Problem]:
    """Hours merged over several lines: each line's, or their sum."""
    numbers = {number for number, _ in lines}
    columns = {found.places[name]: name for name in listing.sums if name in found.places}
    for (top, place), (bottom, _) in sheet.merged:
        if place not in columns:
            continue
        rows = [row + 1 for row in range(max(top, found.first), min(bottom + 1, stop)) if row + 1 in numbers]
        if len(rows) > 1:
            value, which = typed.text(sheet.columns[place][top]), f"第{rows[0]}至{rows[-1]}行"
            said = f"{which}的“{found.labels[place][:20]}”是合并的单元格，分不清{value}是每行的还是合计"
            said += "，请逐行填写" if listing.several else f"，已按每人{value}读入，请核对"
            offer, mend = (f"每行都是{value}", {columns[place]: value}) if listing.several and value else ("", {})
            for row in rows if listing.several else rows[:1]:
                yield Problem(row, columns[place], "sum-merged", value, said, listing.several, offer, mend)


def _two_names(listing: Listing, lines: _Lines) -> Iterator[Problem]:
    """Two names in two lines of one cell are two people."""
    name = listing.identity[0]
    for number, cells in lines:
        cell = cells.get(name)
        if type(cell) is not str or "\n" not in cell:
            continue
        chinese = all("\u4e00" <= char <= "\u9fff" for char in typed.plain(cell))
        if chinese and all(len(typed.spaceless(part)) > 1 for part in cell.split("\n")):
            said = "一格里写着几行，像是几个人，请每人一行"
            yield Problem(number, name, "name-two", typed.text(cell), said)


def _near_in_rows(
    sheet: Sheet, found: Headings, words: Vocabulary, listing: Listing, lines: _Lines
) -> Iterator[Problem]:
    """Rows that say something under such a heading: their answer would be without it."""
    for place, name in _nearest(found, words, listing).items():
        said = f"“{found.labels[place][:30]}”列没有识别，{_may_be(listing.columns[name][0])}"
        for number, _ in lines:
            value = typed.text(sheet.columns[place][number - 1])
            if typed.plain(value).lower() not in values.NO:
                yield Problem(number, name, "column-unread", value, said)


_TELL = ("示例行", "填写说明")


def _row(sheet: Sheet, at: int) -> Iterator[Any]:
    return (column[at] for column in sheet.columns)


def _said(sheet: Sheet, at: int) -> tuple[str, ...]:
    """The texts of a row of the sheet, from left to right."""
    return tuple(text for cell in _row(sheet, at) if (text := typed.text(cell)))


def _plainly_lines(columns: Mapping[str, list[Any]], listing: Listing) -> list[bool]:
    """Fast path: rows that are lines at first sight, since a number of many digits stands where one is to be."""
    height = len(next(iter(columns.values()), []))
    if "id_number" not in columns:
        return [False] * height
    numbered = [
        (type(cell) is str and len(cell) > 14 and cell[:14].isdigit()) or (type(cell) is float and cell > 1e14)
        for cell in columns["id_number"]
    ]
    for name in (*listing.identity, *listing.loose):
        column = columns.get(name, ())
        for at, cell in enumerate(column):
            if type(cell) is str and "例" in cell:
                numbered[at] = False
    return numbered


def _no_line(sheet: Sheet, at: int, cells: Cells, words: Vocabulary, listing: Listing) -> str | None:
    """Why a row is no line of the table: "" where it is one, None where there is nothing in it.

    Step 1: blank, or only strokes. Step 2: repeated headings. Step 3: an example row, a row of instructions. Step 4: a
    row with 14 digits or a ruined number in an identity column is a line. Step 5: footers: sums, signatures, dates,
    remarks, group titles. Step 6: a line, if it has a name or enough other cells.
    """
    said = {name: text for name, cell in cells.items() if (text := typed.text(cell))}
    if any(name in said for name in listing.ours):
        return ""
    if not said:
        return "表外文字" if _said(sheet, at) else None
    if all(_STROKES.fullmatch(text) for text in said.values()):
        return "空行"
    if all(words.alone(cells.get(name, "")) == name for name in listing.required):
        return "重复的表头"
    numbers = [text.strip("()（）") for text in said.values()]
    if len(numbers) > 3 and numbers == [str(at) for at in range(1, len(numbers) + 1)]:
        return "列号"
    if listing.surely(cells) and not _EXAMPLE.match(said.get("number", "")):
        return ""
    identity = [said.get(name, "") for name in listing.identity]
    numbered = re.search(r"\d{14}", "".join(identity))
    first = next(iter(said.values()))
    if any(_EXAMPLE.match(said.get(name, "")) for name in (*listing.identity, *listing.loose)):
        if _EXAMPLE.match(said.get("number", "")) or not numbered:
            return "示例行"
        return ""  # whose number is given is somebody: `_take` asks
    if not numbered and (_INSTRUCTION.match(first) or sum(bool(_MUST.match(text)) for text in said.values()) > 1):
        return "填写说明"
    if any(re.search(r"\d{14}|\d[Ee]\+?\d", text) for text in identity):
        return ""
    persons = [said.get(name, "") for name in listing.identity if name != "id_number"]
    named = any(names.is_name(names.normalise(text)) for text in persons)
    alone = not said.keys() - {*listing.identity}
    if any(is_footing(text) for text in (said.get("number", ""), *(identity if alone else identity[:1]))):
        return "表尾"
    texts = _said(sheet, at)
    signed = [text for text in texts if re.search("[:：]", text) and is_footing(text)]
    others = len(texts) - len(signed)
    few = others <= len(signed) or (others < 4 and not named)
    if signed and few and not said.get("number", "").isdigit():
        return "表尾"
    heads = len(said) == 1 or "id_number" in listing.columns  # a project may be called 新能源：风电, or 1.储能
    if (not named or len(said) == 1) and any(
        is_footing(text) or (heads and _GROUP.fullmatch(text)) for text in (*identity, first)
    ):
        return "表尾"
    if len(said) == 1 and (not named or _BODY.search(first)):
        return "表外文字"
    return "" if named or listing.says(cells) else "没有姓名和号码" if "id_number" in listing.columns else "不完整的行"


_STROKES = re.compile(r"[-—–_/／\\.。…\s]+")
_BODY = re.compile(r"..(医院|学校|中学|小学|学院|大学|中心|公司|集团|协会|学会|[部科室组班队局处厅站所院])$")
"""How lines over groups of people end (市第一医院、护理部): alone in its row, such a word is no name."""
_EXAMPLE = re.compile(
    r"[(（【\[]?((填写|填报)?(示例|范例|样例)[)）】\]]?($|[:：,，、。(（\s]|行|\d|请)|例[)）】\]]?(\d*$|[:：]))"
)
_INSTRUCTION = re.compile(r"填写?(说明|要求|须知)|填报(说明|要求)|必填|选填")
_MUST = re.compile(r"[(（【\[]?(必填|选填|可选|不填|可不填|自动|请填|须填|格式|如[:：]|例如)")
_FOOTING = re.compile(
    r"((本|此|每|全)?页?(合|总|小|共|累|总合)计(人数)?|(本|此|每)页.*|以下(空白|为空|无.{0,3})|总人数|共\d+[人名]|共.{0,3}页"
    r"|(填表|制表|填报|经办|审核|审批|复核|负责|联系|单位负责|(主管|分管|单位)?领导|校长|院长|班主任|主任|局长|主管|经手|校对)人?"
    r"|(联系)?电话|(填表|制表|填报|报送|审核|单位)?(日期|时间|单位|部门|意见)|公章|盖章|签字|签名|签章|说明|注明?|备?注)"
    r"(签字|签名|签章|盖章|公章|意见|\(.*\))*(?=[:：(（\d]|$)"
)
_DATE = re.compile(r"(\d{4}|[\s_]*)[年./-][\d\s_]{0,4}([月./-][\d\s_]{0,4}[日号]?)?")
_GROUP = re.compile(r"[(（]?[一二三四五六七八九十百\d]+[)）、.．].*|.*[:：].*|第[一二三四五六七八九十\d]+[组班队部].*")
"""A line over or between groups of people; said of a cell that is no name."""


def is_footing(cell: object) -> bool:
    """Footer cell (表尾): whether a cell is what stands below a list: a sum, a signature, a date, a remark."""
    said = typed.text(cell)
    if not said:
        return False
    short = typed.spaceless(said).strip("—-–=·.…*")
    return any(_FOOTING.match(word) for word in (short, said.split(" ")[0])) or bool(_DATE.fullmatch(said))


def _spread(sheet: Sheet, found: Headings, stop: int, columns: Mapping[str, list[Any]], listing: Listing) -> list[int]:
    """Give what stands in a cell merged downwards to each of its rows, as its reader sees it.

    Answers the rows (counted from the list's first) to which a name or number is merged down where a line is a person:
    nobody knows whether they are of the person above. Merged cells that are more than the sheet's, as they are where
    they overlap, are those of a damaged file.
    """
    by_place = {place: name for name, place in found.places.items()}
    left = (stop - found.first) * len(columns)
    asked: set[int] = set()
    for (top, place), (bottom, _) in sheet.merged:
        name = by_place.get(place)
        if name is None or bottom == top or not found.first <= top < stop:
            continue
        rows = range(top + 1, min(bottom + 1, stop))
        left -= len(rows)
        if left < 0:
            raise reader.Unreadable(reader.UNREADABLE)
        value = sheet.columns[place][top]
        whose = not listing.several and name in (*listing.identity, *listing.required)
        for row in rows:
            others = any(typed.text(columns[other][row - found.first]) for other in columns if other != name)
            if not others or columns[name][row - found.first] != "":
                continue
            if whose:
                asked.add(row - found.first)
            elif value != "":
                columns[name][row - found.first] = value
    return sorted(asked)


def _tell_hidden(sheet: Sheet, table: Table) -> None:
    """Hidden rows (隐藏的行) are read as the others; that they are hidden is said once for rows that follow."""
    hidden = [number for number, _ in table.rows if number - 1 in sheet.hidden_rows]
    for first, last in _runs(hidden):
        which = f"第{first}行" if first == last else f"第{first}至{last}行"
        said = f"{which}在文件中是隐藏的（筛选或手工隐藏），已照样读入；如不报送，请删去后再上传"
        table.problems.append(Problem(first, "number", "row-hidden", "", said, blocking=False))


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def account(table: Table) -> list[str]:
    """Account of a table (读入说明): how many rows were taken, and which were not, by reason, in words."""
    reasons: dict[str, list[LeftOut]] = {}
    for each in table.left_out:
        reasons.setdefault(each.reason, []).append(each)
    lines = [f"读入{len(table.rows)}行" + (f"，未读入{len(table.left_out)}行" if table.left_out else "")]
    for reason, rows in reasons.items():
        which = _which_rows([each.row for each in rows])
        lines.append(f"{which}：{reason}（{'；'.join(dict.fromkeys(each.text for each in rows[:3] if each.text))}）")
    for name, numbers in table.same.items():
        lines.append(f"{_which_rows(numbers)}：“{_short(table.columns[name])}”写的是同上，按上一行读入")
    for said, labels in (("未识别的列", table.unread), ("按本单位的选择不用的列", table.unused)):
        if labels:
            more = f"等{len(labels)}列" if len(labels) > _NAMED else ""
            lines.append(f"{said}：{'、'.join(map(_short, labels[:_NAMED]))}{more}")
    return [*lines, table.aside] if table.aside else lines


def _which_rows(numbers: Sequence[int]) -> str:
    runs = _runs(numbers)
    which = "、".join(f"{a}" if a == b else f"{a}至{b}" for a, b in runs[:_NAMED])
    return f"第{which}{f'等{len(numbers)}' if len(runs) > _NAMED else ''}行"


def _short(label: str) -> str:
    return label if len(label) <= 30 else f"{label[:30]}…"


_NAMED = 20
"""Runs of rows, and columns, that an account names; of more it says how many there are."""
