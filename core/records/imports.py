"""Bulk import (导入学时) of earlier years' hours: every problem at once, the good rows into the ledger as one batch."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, names, resident_id, typed
from core.ground.access import AUTHORITIES, Actor, Refused, Role, require, visible
from core.ground.deeds import deed
from core.law import notices
from core.ledger import books, caps, standing
from core.ledger.books import Posting
from core.models import Attachment, CreditBatch, CreditEntry, CreditRepair, Person, Source, leagues, under
from core.people import acts, persons
from core.tables import reading, sheets, values
from core.tables.mending import Made, Mended
from core.tables.problems import Problem, in_order
from core.tables.reading import NOTHING_MENDED, Listing, Understood
from core.trail import files
from core.trail.files import Upload

COLUMNS = {
    "id_number": resident_id.HEADINGS,
    "name": ("姓名", "学员姓名", "名字", "人员姓名"),
    "year": ("年度", "学时年度", "年份", "所属年度", "学年"),
    "subject": ("科目", "学时科目", "科目类别", "科目类型", "学时类别"),
    "hours": ("学时", "学时数", "学时（小时）", "获得学时", "认定学时"),
    "source": ("来源", "学时来源", "取得方式", "获得方式"),
    "basis": ("依据", "学时依据", "证明材料", "培训名称", "证书名称"),
    "completed_on": ("完成日期", "完成时间", "结业日期", "取得日期", "发证日期"),
    "employer": ("工作单位", "单位", "单位名称", "所在单位"),
}
"""Each column with its heading first and then the synonyms offices write."""

HEADINGS = {name: words[0] for name, words in {**COLUMNS, **resident_id.SAID_AGAIN}.items()}
"""With those of columns that nobody has to send, and that must not contradict the number."""
REQUIRED = ("id_number", "name", "year", "source")
"""职业资格 needs no hours, so a file of nothing else may lack that column."""

LISTING = Listing(
    "学时表",
    {**COLUMNS, **resident_id.SAID_AGAIN},
    REQUIRED,
    several=True,
    sums=("hours",),
    spare=resident_id.SAID_AGAIN,
    says=lambda cells: any(typed.text(cells.get(name)) for name in ("year", "subject", "hours", "source")),
    code="credits",
    senders=(Role.REVIEWER, Role.ADMIN),
)
"""Hours of earlier years as a kind of table (学时表样): a line is a person, a year and a subject."""


def template() -> bytes:
    """Template (空白学时表) as an .xlsx, with lists of sources and subjects."""
    headings = {name: words[0] for name, words in COLUMNS.items()}
    choices = {"source": tuple(SOURCES), "subject": tuple(notices.subject_names().values())}
    return sheets.marked(headings, [], [], title="学时表", choices=choices)


FIRST_YEAR = 2000
MOST_HOURS = 1000
LONGEST_BASIS = 200
LONGEST_EMPLOYER = 80
SOURCES = {source.label: source for source in Source}


RECORDED = "recorded"
"""The code of the problem that hours are in the ledger already."""


class _Report(Protocol):
    """Says of a row: column, code, how to mend it; a hint keeps it out of nothing."""

    def __call__(
        self, column: str, code: str, words: str, *, blocking: bool = True, offer: str = "", mended: str = ""
    ) -> None: ...


@dataclass(frozen=True)
class Row:
    """One line of hours, as read. Year 0, subject "" and source None stand where the cell could not be read."""

    row: int
    id_number: str
    name: str
    year: int
    subject: str
    hours: Decimal
    source: Source | None
    basis: str
    completed_on: date
    dated: bool
    """Whether the file gave the day; otherwise it is the last of the year, or today within the year."""
    employer: str = ""
    """Of whom is new here, or on file without one; of others it changes nothing."""

    @property
    def deemed(self) -> bool:
        """Whether the row makes the year's subject count as done instead of bringing hours."""
        return self.source is Source.QUALIFICATION


@dataclass
class Preview:
    """Checked file of hours (检查结果): its rows and everything that is wrong with them."""

    sheet: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    account: list[str] = field(default_factory=list)
    """What of the file was read and what was not (读入说明), in words."""
    understood: Understood | None = None
    """Which of the file's columns is which."""
    cells: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    """The cells of each row by column, as they are now."""
    made: list[Made] = field(default_factory=list)
    """What was changed on the screen since the file came (改正处)."""
    on_file: frozenset[str] = frozenset()
    """Numbers of people on file, where the file was held against them."""

    @property
    def new_people(self) -> dict[str, str]:
        """Who is not on file and would be made (新建人员): names by number."""
        return {row.id_number: row.name for row in self.good_rows if row.id_number not in self.on_file}

    @property
    def faulty_rows(self) -> set[int]:
        return {problem.row for problem in self.problems if problem.blocking}

    @property
    def recorded_rows(self) -> set[int]:
        """Rows whose hours stand in the ledger already (已入账); they are among the faulty ones."""
        return {problem.row for problem in self.problems if problem.code == RECORDED}

    @property
    def good_rows(self) -> list[Row]:
        faulty = self.faulty_rows
        return [row for row in self.rows if row.row not in faulty]


# --- reading --------------------------------------------------------------------------------------------------------


def read(
    content: bytes,
    filename: str,
    *,
    today: date,
    known: Session | None = None,
    authority_id: int | None = None,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
) -> Preview:
    """Import preview (检查学时文件): read and check; with `known` (a session) also against people and hours on file.

    With `authority_id`, people that another authority is in charge of are a problem of their row, clause 一(一). Each
    row is held against the notice of its year in its person's league, of people not on file in that authority's.
    `chosen` says of headings which column each is, `mended` what was changed on the screen. Files as offices have
    them, see `reading.read`.
    Refused codes: "file" (unreadable, empty, too large), "headings".
    """
    preview = _read(content, filename, today, known, authority_id, chosen, mended)
    if known is not None:
        _check_known(preview, known, authority_id)
    _sort(preview)
    return preview


def _read(
    content: bytes,
    filename: str,
    today: date,
    known: Session | None,
    authority_id: int | None,
    chosen: Mapping[str, str] | None,
    mended: Mended,
) -> Preview:
    """The file by itself and by the notices."""
    table = reading.read(content, filename, LISTING, chosen=chosen, mended=mended)
    preview = Preview(table.sheet, [], list(table.problems), reading.account(table), table.understood)
    preview.cells, preview.made = dict(table.rows), mended.made(table.written)
    numbers = [resident_id.normalise(cells.get("id_number")) for _, cells in table.rows]
    league_of = _leagues(known, numbers, authority_id)
    notices_of: dict[str | None, _Notices] = {}
    for (number, cells), id_number in zip(table.rows, numbers, strict=True):
        league = league_of(id_number)
        _read_row(preview, number, cells, notices_of.setdefault(league, _Notices(today, league)))
    if not preview.rows:
        raise Refused("file", "表头下面没有学时，请确认数据在同一张工作表内。")
    _check_repeated(preview)
    return preview


def _leagues(known: Session | None, numbers: Iterable[str], authority_id: int | None) -> Callable[[str], str | None]:
    """The league (盟市) whose notices hold for somebody's number; asked for only where a league has a notice."""
    if known is None or not any(each.league for each in notices.filed()):
        return lambda number: None
    of_authority = leagues(known)
    indexes = {number: db.blind_index(number) for number in set(numbers)}
    people = _on_file(known, list(indexes.values()))
    of_person = {
        number: of_authority[people[index].authority_id] for number, index in indexes.items() if index in people
    }
    usual = _league(known, authority_id)
    return lambda number: of_person.get(number, usual)


def _league(session: Session, authority_id: int | None) -> str | None:
    """The league whose notices hold for people not on file yet: that of the office that would add them."""
    return leagues(session).get(authority_id) if authority_id else None


def _sort(preview: Preview) -> None:
    preview.problems = in_order(preview.problems, HEADINGS)


class _Notices:
    """Cache of notices (政策) by credit year, for one league; where a year's own is silent, today's is asked.

    Refused codes of every question: "policy" (the file that would answer is faulty).
    """

    def __init__(self, today: date, league: str | None) -> None:
        self.today, self.league = today, league
        self.told: set[int] = set()
        """Years without a notice, of which that was said."""
        self._known = notices.NoticesOfYears()

    def of(self, year: int) -> notices.Policy | None:
        """The notice of a year; None where none was loaded."""
        try:
            return self._known.of(year, self.league)
        except notices.NoNotice:
            return None

    def _asked(self, year: int) -> Iterator[notices.Policy]:
        for each in (year, self.today.year):
            if rule := self.of(each):
                yield rule

    def amounts(self, year: int) -> tuple[Decimal, Decimal]:
        """The hours that a year asks for in all, and the most that a day holds."""
        total = next((rule.total_in(year) for rule in self._asked(year)), Decimal("Infinity"))
        a_day = next((rule.setting("hours_per_day") for rule in self._asked(year) if rule.cites("hours_per_day")), 24)
        return total, Decimal(a_day)

    def subject(self, text: str, year: int) -> str | None:
        """The code of a subject of the year, else of today, by its code, its name or its short name (公需, 公需课)."""
        for rule in self._asked(year):
            for subject in rule.subjects:
                if text == subject.code or _said(text) == _said(subject.name):
                    return subject.code
        return None

    def subjects(self, year: int) -> str:
        """The subjects of a year, in words."""
        return self.names((subject.code for rule in self._asked(year) for subject in rule.subjects), year)

    def deemed(self, source: Source, year: int) -> list[str]:
        """The subjects that a source makes count as done (视同完成)."""
        given = ([each.subject for each in rule.deemed if each.source == source.label] for rule in self._asked(year))
        return next(filter(None, given), [])

    def makeup(self, year: int) -> notices.Policy | None:
        """The notice by which hours are made up (补学) in a year."""
        return next((rule for rule in self._asked(year) if rule.makeup), None)

    def subjects_of(self, source: Source, year: int) -> dict[str, str]:
        """The subjects for which hours of a source (来源) count, each with its clause; none where nothing is said."""
        for rule in self._asked(year):
            if source is Source.PUBLIC_EXAM:
                named = {each.code: each.clause for each in rule.subjects if each.exam}
                named = named or {
                    each.code: each.clause for each in rule.subjects if source.label.startswith(_said(each.name))
                }
            else:
                named = {each.subject: each.clause for each in rule.conversions if each.source == source.label}
            if named:  # the hours of a sub-subject also count for the whole
                return named | {each.code: each.clause for each in rule.subjects if each.part_of in named}
        return {}

    def names(self, codes: Iterable[str], year: int) -> str:
        """Subjects by their names."""
        known = {subject.code: subject.name for rule in self._asked(year) for subject in rule.subjects}
        return "、".join(dict.fromkeys(known.get(code, code) for code in codes))


def _said(name: str) -> str:
    """A subject's short name out of what people write for it: 公需科目 and 公需课 as 公需."""
    return re.sub("课程?$", "", notices.short_name(name))


def _read_row(preview: Preview, number: int, cells: Mapping[str, object], notices: _Notices) -> None:
    """One row, with everything that is wrong with it by itself and by the notice of its year."""

    def problem(
        column: str, code: str, words: str, *, blocking: bool = True, offer: str = "", mended: str = ""
    ) -> None:
        value = typed.text(cells.get(column))[:LONGEST_BASIS]
        mend = {column: mended} if offer else {}
        preview.problems.append(Problem(number, column, code, value, words, blocking, offer, mend))

    name = names.normalise(cells.get("name"))
    if fault := names.fault(name):
        problem("name", *fault)
    code = resident_id.problem(cells.get("id_number"), today=notices.today)
    id_number = resident_id.normalise(cells.get("id_number"))
    if code:
        offer, meant = resident_id.proposed(cells.get("id_number"))
        problem("id_number", code, resident_id.words(code, cells.get("id_number")), offer=offer, mended=meant)
    else:
        for column, words in values.contradictions(id_number, cells).items():
            problem(column, "id-contradicted", words)
    year, words = _year(cells.get("year"), notices.today)
    if words:
        right, offered = values.meant(cells.get("year"), values.year) if year is None else ("", "")
        problem("year", "year-form" if year is None else "year-range", words, offer=offered, mended=right)
        year = None
    source = SOURCES.get(typed.plain(cells.get("source")))
    if source is None:
        problem("source", "source-form", f"来源请填{'、'.join(SOURCES)}之一")
    hours = _hours(cells, source, problem)
    basis = typed.text(cells.get("basis"))
    if len(basis) > LONGEST_BASIS:
        problem("basis", "basis-long", f"依据超过{LONGEST_BASIS}字，请缩短")
    if resident_id.stands_in(basis):
        words = "依据里写着身份证号，会显示给查看的人，请改正；号码只填在“身份证号”列"
        problem("basis", "number-elsewhere", words)
    subject, completed_on, dated = "", _usual_day(year, notices.today), False
    try:
        subject = _subject(cells, year, source, notices, problem)
        completed_on, dated = _completed_on(cells, year, source, notices, problem)
        if year and source:
            _held_against_notice(subject, source, year, hours, completed_on, notices, problem)
    except Refused as refused:
        problem("year", "policy", refused.words)
    employer = "" if values.is_nothing(cells.get("employer")) else typed.text(cells.get("employer"))
    if len(employer) > LONGEST_EMPLOYER:
        problem("employer", "employer-long", f"工作单位超过{LONGEST_EMPLOYER}字，请缩短")
    row = (id_number, name, year or 0, subject, hours, source, basis[:LONGEST_BASIS], completed_on, dated, employer)
    preview.rows.append(Row(number, *row))


def _held_against_notice(
    subject: str, source: Source, year: int, hours: Decimal, completed_on: date, notices: _Notices, problem: _Report
) -> None:
    """What the notices of its year and of today say against a row: its hours, its source for its subject."""
    if notices.of(year) is None and year not in notices.told:
        notices.told.add(year)
        words = f"没有载入{year}年度的政策，本文件{year}年度的学时未按该年度的规定核对"
        problem("year", "policy-none", words, blocking=False)
    if words := _beyond(hours, year, completed_on, notices):
        problem("hours", "hours-many", words, blocking=False)
    if not subject or source in (Source.TRAINING, Source.QUALIFICATION):
        return
    if source is Source.MAKE_UP:
        rule = notices.makeup(completed_on.year)
        if rule and rule.makeup and subject != rule.makeup.subject:
            words = f"补学只限{notices.names([rule.makeup.subject], year)}（{rule.makeup.clause}），请核对科目或来源"
            problem("subject", "subject-makeup", words)
        return
    counts = notices.subjects_of(source, year)
    if not counts:
        words = f"{year}年度的政策没有写明{source.label}计入哪个科目，请核对"
        problem("subject", "subject-open", words, blocking=False)
    elif subject not in counts:
        clauses = "、".join(dict.fromkeys(counts.values()))
        words = f"{source.label}只计入{notices.names(counts, year)}（{clauses}），请核对科目或来源"
        problem("subject", "subject-source", words)


def _year(cell: object, today: date) -> tuple[int | None, str]:
    """The credit year of a cell, and what is wrong with it."""
    try:
        year = values.year(cell)
    except values.Unclear:
        year = None
    if year is None:
        return None, "年度请填四位数字，如2023"
    if not FIRST_YEAR <= year <= today.year:
        return year, f"年度应在{FIRST_YEAR}至{today.year}之间，请核对"
    return year, ""


def _subject(
    cells: Mapping[str, object], year: int | None, source: Source | None, notices: _Notices, problem: _Report
) -> str:
    """The subject's code; 职业资格 may leave it out, since the notice says which one it makes count as done."""
    written = typed.plain(cells.get("subject"))
    asked = year or notices.today.year
    subject = notices.subject(written, asked)
    if source is Source.QUALIFICATION:
        deemed = notices.deemed(source, asked)
        if not deemed:
            problem("source", "source-deemed", f"{asked}年度的政策没有规定职业资格视同完成，请按折合学时填写")
        elif subject in deemed:
            return str(subject)
        elif not written and len(deemed) == 1:
            return deemed[0]
        else:
            words = f"职业资格视同完成的是{notices.names(deemed, asked)}，请{'改正' if written else '写明'}科目"
            problem("subject", "subject-deemed", words)
        return ""
    if subject is None:
        problem("subject", "subject-form", f"科目请填{notices.subjects(asked)}之一")
        return ""
    return str(subject)


def _hours(cells: Mapping[str, object], source: Source | None, problem: _Report) -> Decimal:
    code, words = "", ""
    value: Decimal | None = None
    try:
        value = values.hours(cells.get("hours"))
    except values.Unclear as unclear:
        code, words = f"hours-{unclear.code}", str(unclear)
    if source is Source.QUALIFICATION:
        if value or code:
            problem("hours", "hours-deemed", f"{source.label}使当年的科目视同完成，不另计学时，请留空")
        return Decimal()
    if value is not None and (value < 0 or value > MOST_HOURS):
        code, words = "hours-range", f"学时应大于0且不超过{MOST_HOURS}，请核对"
    elif not value and not code:
        code, words = "hours-none", "学时为空或为0，请补填；没有学时的请删去此行"
    if code:
        right, offered = values.meant(cells.get("hours"), values.hours)
        problem("hours", code, words, offer=offered, mended=right)
    return Decimal() if code or value is None else value


def _beyond(hours: Decimal, year: int, completed_on: date, notices: _Notices) -> str:
    """What speaks against the hours of one line, in words: more than its year asks for, or than its days can hold.

    A hint only: on paper several studies may share a line, and one may have begun the year before.
    """
    total, a_day = notices.amounts(year)
    if hours > total > 0:
        return f"一行的学时多于{year}年度全年要求的{total:f}学时，请核对是否多写，或几次学习合在了一行"
    days = (completed_on - date(year, 1, 1)).days + 1
    if completed_on.year == year and hours > days * a_day:
        return f"{year}年1月1日至{completed_on}每天至多{a_day:f}学时，最多{days * a_day:f}学时，请核对学时或完成日期"
    return ""


def _completed_on(
    cells: Mapping[str, object], year: int | None, source: Source | None, notices: _Notices, problem: _Report
) -> tuple[date, bool]:
    """The day of completion, and whether it was given. Make-up (补学) may be later than its year, clause 七(二)."""
    today = notices.today
    usual = _usual_day(year, today)
    try:
        day = values.day(cells.get("completed_on"))
    except values.Unclear as unclear:
        problem("completed_on", "date-form", f"完成日期{unclear}，或留空")
        return usual, False
    if day is None:
        return usual, False
    if day > today:
        problem("completed_on", "date-future", f"完成日期晚于今天{today}，请核对")
    elif year and day.year != year and source is not Source.MAKE_UP:
        problem("completed_on", "date-year", f"完成日期不在{year}年度内；以后补学的，来源请填补学")
    elif year and day.year < year:
        problem("completed_on", "date-makeup", f"完成日期早于{year}年度，补学的是以前年度，请核对年度或完成日期")
    elif year and day.year != year:
        rule = notices.makeup(day.year)
        if rule is None or rule.makeup is None:
            problem("completed_on", "date-makeup", f"{day.year}年度的政策没有规定补学，请核对完成日期和来源")
        elif not rule.may_make_up(rule.makeup.subject, year, day):
            words = f"{year}年度的学时最迟补到{year + rule.makeup_years}年（{rule.makeup.clause}），请核对完成日期"
            problem("completed_on", "date-makeup", words)
    return day, True


def _usual_day(year: int | None, today: date) -> date:
    """The day of a row that gives none: the last of its year, never one that has not come."""
    return min(date(year, 12, 31), today) if year else today


# --- checks ---------------------------------------------------------------------------------------------------------


def _check_repeated(preview: Preview) -> None:
    """Rows written twice. Alike but for hours or days they are two parts of one study, or two studies: a hint."""
    first_row: dict[tuple[object, ...], int] = {}
    by_day: dict[tuple[object, ...], dict[date | None, int]] = defaultdict(dict)
    for row in preview.good_rows:
        key = (row.id_number, row.year, row.subject, row.source, row.basis)
        first = first_row.setdefault(key, row.row)
        days, day = by_day[*key, row.hours], row.completed_on if row.dated else None
        same = days.get(day) or days.get(None) or (None if day else next(iter(days.values()), None))
        days.setdefault(day, row.row)
        if same:
            words = f"与第{same}行的人员、年度、科目、学时、来源和依据相同，请删去一行；确为两次学习的，请在依据中写明"
            preview.problems.append(Problem(row.row, "basis", "duplicate", row.basis, words))
        elif first != row.row:
            words = f"与第{first}行的人员、年度、科目、来源和依据相同，学时或完成日期不同；重复填写的请删去一行"
            preview.problems.append(Problem(row.row, "basis", "alike", row.basis, words, blocking=False))


class _Known(NamedTuple):
    """A person on file."""

    id: int
    name: str
    authority_id: int
    own_name: str
    """That of the record which has the number: a duplicate's may be another."""
    employer: str


def _check_known(preview: Preview, session: Session, authority_id: int | None) -> None:
    """Check against the database (与库核对): jurisdiction, names, former numbers, hours recorded already, caps.

    Step 1: a number not on file: one name for it in the file; a hint where it is somebody's former number.
    Step 2: a person on file: of this office (clause 一(一)), of this name. Step 3: hours that stand in the ledger
    already are left out, so that a corrected file can be imported again. Step 4: what is beyond a cap.
    """
    good = preview.good_rows
    indexes = {number: db.blind_index(number) for number in {row.id_number for row in good}}
    known = _on_file(session, list(indexes.values()))
    preview.on_file = frozenset(number for number, index in indexes.items() if index in known)
    recorded = _recorded(session, [person.id for person in known.values()])
    formerly = acts.formerly(session, [index for index in indexes.values() if index not in known])

    def problem(row: Row, column: str, code: str, value: str, words: str, *, blocking: bool = True) -> None:
        preview.problems.append(Problem(row.row, column, code, value, words, blocking))

    homes = persons.homes(session, {row.employer for row in good if row.employer})
    told: set[str] = set()
    first_named = {row.id_number: (row.name, row.row) for row in reversed(preview.rows) if row.name}
    for row in good:
        person = known.get(indexes[row.id_number])
        home = homes.get(row.employer)
        if home and authority_id is not None and home.authority_id != authority_id and not (person and person.employer):
            words = "此单位由其他人社部门主管，请由其主管部门导入，或核对工作单位"
            problem(row, "employer", "jurisdiction", row.employer, words)
            continue
        if person and person.employer not in ("", row.employer) and row.employer and row.id_number not in told:
            told.add(row.id_number)
            words = f"库中此人的工作单位为“{person.employer}”，没有改动；调动请在“人员”中办理"
            if authority_id is None or person.authority_id == authority_id:
                problem(row, "employer", "employer-known", row.employer, words, blocking=False)
        if person is None:
            name, first = first_named[row.id_number]
            if not names.same(name, row.name):
                words = f"与第{first}行身份证号相同而姓名不同，请核对姓名或号码"
                problem(row, "name", "name-differs", row.name, words)
            if former := formerly.get(indexes[row.id_number]):
                own = authority_id is None or former.authority_id == authority_id
                words = _former(former) if own else "库中有一人曾用此号码，后经更正；此人由其他人社部门主管，请核对号码"
                problem(row, "id_number", "id-former", row.id_number, words, blocking=False)
        elif authority_id is not None and person.authority_id != authority_id:
            words = "此人由其他人社部门主管，请由其主管部门导入"
            problem(row, "id_number", "jurisdiction", row.id_number, words)
        elif not names.same(row.name, person.name, person.own_name):
            words = f"库中此身份证号的姓名为“{person.name}”，请核对姓名或号码"
            problem(row, "name", "name-known", row.name, words)
        else:
            days = recorded[person.id].get((row.year, row.subject, row.source, row.hours, row.basis), set())
            if row.completed_on in days or (days and not row.dated):
                words = "这笔学时已经入账，不再重复登记，可删去此行"
                problem(row, "hours", RECORDED, f"{row.hours.normalize():f}", words)
    new = {number: -place for place, number in enumerate(indexes, start=1)}
    ids = {number: known[index].id if index in known else new[number] for number, index in indexes.items()}
    good = preview.good_rows
    postings = [_posting(row, ids[row.id_number]) for row in good]
    for at, words in caps.exceeded(session, postings, league=_league(session, authority_id)).items():
        words = f"超过政策规定的上限：{words}，请核减或删去此行"
        problem(good[at], "hours", "hours-cap", f"{good[at].hours.normalize():f}", words)


def _former(person: Person) -> str:
    """What to say of a number that a person had before a correction: under it a second record would be made."""
    return f"库中“{person.name}”更正前的号码；同一人的请改用现在的号码（见“人员”），否则会另立一人"


def _posting(row: Row, person_id: int) -> Posting:
    """A row without a fault as hours of a person."""
    assert row.source is not None, "a row without a source has a fault"
    return Posting(
        person_id,
        row.year,
        row.subject,
        row.hours,
        row.completed_on,
        source=row.source,
        deemed=row.deemed,
        note=row.basis,
    )


def _on_file(session: Session, indexes: list[bytes]) -> dict[bytes, _Known]:
    owner = sa.orm.aliased(Person)  # of the number; a duplicate's finds whom it was merged into
    found: dict[bytes, _Known] = {}
    for start in range(0, len(indexes), 5000):
        query = sa.select(
            owner.id_index, Person.id, Person.name, Person.authority_id, owner.name, Person.employer_name
        ).select_from(owner)
        query = query.join(Person, Person.id == owner.human_id)
        query = query.where(owner.id_index.in_(indexes[start : start + 5000]))
        for index, person_id, name, authority_id, own_name, employer in session.execute(query):
            found[bytes(index)] = _Known(person_id, name, authority_id, own_name, employer)
    return found


_Hours = tuple[int, str, Source | None, Decimal, str]
"""Year, subject, source, hours and basis of an entry."""


def _recorded(session: Session, person_ids: list[int]) -> dict[int, dict[_Hours, set[date]]]:
    """Hours recorded (已入账): for each person what stands in the ledger, with days of completion; nothing reversed."""
    found: dict[int, dict[_Hours, set[date]]] = defaultdict(lambda: defaultdict(set))
    for start in range(0, len(person_ids), 5000):
        query = (
            sa.select(CreditEntry, CreditBatch.basis, CreditBatch.reverses_id, Person.human_id)
            .join(CreditBatch, CreditBatch.id == CreditEntry.batch_id)
            .join(Person, Person.id == CreditEntry.person_id)
            .where(under(Person, person_ids[start : start + 5000]))
        )
        rows = session.execute(query).all()
        gone = {(undone, entry.reverses_line) for entry, _, undone, _ in rows if undone is not None}
        for entry, basis, undone, person_id in rows:
            if undone is None and (entry.batch_id, entry.line) not in gone:
                for words in {entry.note, entry.note or basis}:
                    key = (entry.year, entry.subject, entry.source, entry.hours, words)
                    found[person_id][key].add(entry.completed_on)
    return found


# --- into the ledger ------------------------------------------------------------------------------------------------


@deed
def bring_in(
    session: Session,
    upload: Upload,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
) -> tuple[CreditBatch | None, Preview]:
    """Import hours (导入学时): post every good row as one batch, with its file kept; answers it and all problems.

    The file is kept as it came, and beside it all that was `mended` in it on the screen.
    Idempotent for one office: its own file that still stands is refused ("posted") unless something was mended in it,
    and a row that is in the ledger is left out. Another office may import the same file: it posts its own people's
    rows, the others are faults.

    None where no row is without a fault: then nothing is kept. People not on file are added under the actor's office,
    with the employer (工作单位) the file gives; of people on file one that is blank is filled.
    The system itself (the command line) is in charge of everybody. Refused codes: "role", "reason", "file", "headings",
    "posted" (this very file was imported by this office, and still stands).
    """
    require(actor, Role.REVIEWER, Role.ADMIN)
    if actor.organization_kind not in AUTHORITIES:
        raise Refused("role", "导入学时由人社部门办理。")
    reason = typed.prose(reason)
    if not reason:
        raise Refused("reason", "请填写导入的原因，如“补登2021至2023年度纸质台账”。")
    own = actor.organization_id if actor.account_id is not None else None
    preview = _read(upload.content, upload.filename, db.office_day(now), session, own, chosen, mended)
    books.hold(session)
    if not preview.made:
        _check_posted(session, upload, actor)
    _check_known(preview, session, own)
    _sort(preview)
    good = preview.good_rows
    if not good:
        return None, preview
    employers = {row.id_number: row.employer for row in reversed(good) if row.employer}
    facts = {
        row.id_number: persons.PersonFacts(row.name, row.id_number, employers.get(row.id_number, "")) for row in good
    }
    person_ids = persons.match_or_add(session, list(facts.values()), authority_id=actor.organization_id, now=now)
    persons.fill_employers(session, {person_ids[db.blind_index(number)]: name for number, name in employers.items()})
    people = {number: person_ids[db.blind_index(number)] for number in facts}
    kept = files.attach(session, None, upload, purpose="credits", now=now)
    batch = books.post(
        session,
        [_posting(row, people[row.id_number]) for row in good],
        basis=f"导入：{upload.filename}"[:180] + (f"，网上改正{len(preview.made)}处" if preview.made else ""),
        attachment_id=kept.id,
        actor=actor,
        reason=reason,
        now=now,
    )
    session.add_all(CreditRepair(batch_id=batch.id, **made._asdict()) for made in preview.made)
    return batch, preview


def repairs(session: Session, batch_id: int, actor: Actor) -> pd.DataFrame:
    """Repair log of an import (改正记录): what was changed in its file before it was posted, ID numbers masked.

    Columns: row, column (its key, "" for a row that was struck), before, after. Refused codes: "role".
    """
    require(actor, Role.REVIEWER, Role.ADMIN)
    columns = "row column before after".split()
    query = sa.select(*(getattr(CreditRepair, name) for name in columns)).where(CreditRepair.batch_id == batch_id)
    query = query.join(CreditBatch, CreditBatch.id == CreditRepair.batch_id)
    seen = visible(actor, organization=CreditBatch.authority_id, authority=CreditBatch.authority_id)
    found = pd.DataFrame(session.execute(query.where(seen).order_by(CreditRepair.id)).all(), columns=columns)
    told = [_told(*change) for change in zip(*(found[name] for name in columns[1:]), strict=True)]
    return found.assign(before=[before for before, _ in told], after=[after for _, after in told])


def _told(column: str, before: str, after: str) -> tuple[str, str]:
    """What was changed, as anybody may see it who may see the import."""
    if column == "id_number":
        return resident_id.changed(before, after)
    return resident_id.shown(column, before), resident_id.shown(column, after) if column or after else "删去"


def _check_posted(session: Session, upload: Upload, actor: Actor) -> None:
    query = (
        sa.select(CreditBatch)
        .join(Attachment, Attachment.id == CreditBatch.attachment_id)
        .where(Attachment.sha256 == upload.digest, CreditBatch.authority_id == actor.organization_id)
    )
    for batch in session.scalars(query):
        if not standing.undone(session, batch):
            day = db.office_day(batch.posted_at)
            raise Refused(
                "posted",
                f"此文件已于{day}由{batch.posted_by}导入（第{batch.id}批），不会重复入账。"
                "改正了的行请在改正表中改好，或另存为新文件再导入，已入账的行会自动跳过。",
            )
