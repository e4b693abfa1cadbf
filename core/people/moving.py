"""Moving in (批量导入): organizations, accounts and people of an office that begins, by workbook.

Each file is checked and shown before it is brought in, mended where it stands, and brought in as one batch. A row that
is on file already is passed over, so that a corrected file may come again; of people on file only what is blank is
filled. A batch is taken back as far as nothing relies on it yet: what does is named, and why.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import access, db, names, resident_id, typed
from core.ground.access import ROLE_HOMES, Actor, Labelled, OrganizationKind, Refused, Role, not_found, require, visible
from core.ground.deeds import deed
from core.ledger import books
from core.models import (
    Account,
    Attachment,
    AuditEntry,
    Base,
    Change,
    Intake,
    IntakeLine,
    Organization,
    Person,
    PersonChange,
    leagues,
)
from core.people import accounts, passwords, persons
from core.people.slips import Slip
from core.tables import reading, sheets, values
from core.tables.declared import Checked, Declared
from core.tables.mending import Mended
from core.tables.problems import Problem, in_order
from core.tables.reading import NOTHING_MENDED, Listing
from core.tables.values import Unclear
from core.trail import audit, files
from core.trail.files import Upload


class Table(Labelled):
    """What is brought in (导入内容), in the order in which one needs the other."""

    ORGANIZATIONS = "organizations", "机构"
    ACCOUNTS = "accounts", "账号"
    PEOPLE = "people", "人员"


LEVELS = ("正高级", "副高级", "高级", "中级", "初级")
"""Of titles (职称级别)."""
MOST_ACCOUNTS = 500
"""In one file: each first password takes a quarter of a second of a processor to hash."""
KINDS = {kind.label: kind for kind in OrganizationKind if kind not in access.AUTHORITIES}
ROLES = {role.label: role for role in Role if role is not Role.PERSON}
"""A person's own account is claimed by the person, or opened singly."""
_KIND_WORDS = {
    "基地": "继续教育基地",
    "培训基地": "继续教育基地",
    "单位": "用人单位",
    "企业": "用人单位",
    "事业单位": "用人单位",
    "部门": "主管部门",
    "行业主管部门": "主管部门",
    "培训机构": "数字技术工程师培训机构",
}

LISTINGS = {
    Table.ORGANIZATIONS: Listing(
        "机构表",
        {
            "name": ("机构名称", "单位名称", "机构全称", "单位全称", "名称"),
            "kind": ("类别", "机构类别", "单位类别"),
            "authority": ("管理权限", "主管人社部门", "所属盟市", "盟市"),
        },
        ["name", "kind"],
        identity=["name"],
        code="organizations",
        senders=(Role.ADMIN,),
    ),
    Table.ACCOUNTS: Listing(
        "账号表",
        {
            "name": ("姓名", "使用人姓名", "使用人", "经办人"),
            "role": ("角色", "账号角色"),
            "organization": ("所属机构", "机构名称", "单位名称", "工作单位", "单位"),
            "username": ("用户名", "登录名", "账号"),
        },
        ["name", "role", "organization"],
        identity=["name"],
        code="accounts",
        senders=(Role.ADMIN,),
    ),
    Table.PEOPLE: Listing(
        "人员表",
        {
            "name": ("姓名", "人员姓名", "名字"),
            "id_number": resident_id.HEADINGS,
            "employer": ("工作单位", "单位", "单位名称", "所在单位"),
            "post": ("专业技术职务", "职务", "职称", "专业技术资格"),
            "level": ("职称级别", "级别", "职称等级"),
            "specialty": ("从事专业", "专业", "申报专业"),
            **resident_id.SAID_AGAIN,
        },
        ["name", "id_number"],
        code="people",
        senders=(Role.ADMIN,),
    ),
}
"""Each table as it is declared (表样)."""


@dataclass(frozen=True)
class OrganizationLine:
    name: str
    kind: OrganizationKind
    authority_id: int


@dataclass(frozen=True)
class AccountLine:
    name: str
    role: Role
    organization: str
    username: str


@dataclass(frozen=True)
class PersonLine:
    name: str
    id_number: str
    employer: str
    post: str
    level: str
    specialty: str


Line = OrganizationLine | AccountLine | PersonLine
_Filled = dict[str, tuple[Any, Any]]
"""Fields of a record with what stood there and what stands there now."""


@dataclass
class Preview:
    """A checked workbook (检查结果): what bringing it in would do, and everything that is wrong with it."""

    checked: Checked[Line]
    new: list[tuple[int, Line]] = field(default_factory=list)
    """Rows that would make a record."""
    filled: dict[int, _Filled] = field(default_factory=dict)
    """Rows of people on file with the blanks they would fill."""
    whose: dict[int, int] = field(default_factory=dict)
    """Of those, whose record it is."""
    same: int = 0
    """Rows that are on file already, as they stand (已在册)."""

    @property
    def problems(self) -> list[Problem]:
        return self.checked.problems

    @property
    def faulty(self) -> int:
        """Rows that would be left out."""
        return len({each.row for each in self.problems if each.blocking and each.row})

    @property
    def does_anything(self) -> bool:
        return bool(self.new or self.filled)


# --- reading --------------------------------------------------------------------------------------------------------


def read(
    session: Session,
    table: Table,
    upload: Upload,
    actor: Actor,
    *,
    today: date,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
) -> Preview:
    """Preview of a workbook (检查导入文件): read, and held against what is on file and against jurisdiction.

    `chosen` says of headings which column each is, `mended` what was changed on the screen.
    Refused codes: "role", "file", "headings".
    """
    require(actor, Role.ADMIN)
    listing = LISTINGS[table]
    # Before the first question to the database: no file is read while its lock is held.
    given = reading.read(upload.content, upload.filename, listing, chosen=chosen, mended=mended)
    checked = _DECLARED[table](session, actor, today).filled(given)
    preview = Preview(checked)
    found = list(_HELD[table](session, preview, actor))
    checked.problems = in_order([*checked.problems, *found], listing.columns)
    wrong = {each.row for each in found if each.blocking}
    checked.lines = [(row, line) for row, line in checked.lines if row not in wrong]
    return preview


def understood(table: Table, upload: Upload, chosen: Mapping[str, str] | None = None) -> reading.Understood:
    """Columns of a workbook as they were understood (认列). Refused codes: "file", "headings"."""
    return reading.read(upload.content, upload.filename, LISTINGS[table], chosen=chosen).understood


def template(session: Session, table: Table, actor: Actor) -> bytes:
    """An empty workbook (模板) of a table, with drop-downs of what may stand in a column. Refused codes: "role"."""
    require(actor, Role.ADMIN)
    return sheets.marked(
        LISTINGS[table].headings, [], [], title=LISTINGS[table].name, choices=choices(session, table, actor),
        notes=_NOTES[table],
    )  # fmt: skip


def choices(session: Session, table: Table, actor: Actor) -> dict[str, tuple[str, ...]]:
    """The words a column may hold (下拉选项), by column."""
    match table:
        case Table.ORGANIZATIONS:
            return {"kind": tuple(KINDS), "authority": tuple(_offices(session, actor))}
        case Table.ACCOUNTS:
            seen = sa.select(Organization.name).where(_administered(actor), Organization.active)
            return {"role": tuple(ROLES), "organization": tuple(session.scalars(seen.order_by(Organization.id)))}
        case Table.PEOPLE:
            kinds = (OrganizationKind.EMPLOYER, OrganizationKind.DEPARTMENT, OrganizationKind.BASE)
            seen = sa.select(Organization.name).where(_administered(actor), Organization.kind.in_(kinds))
            employers = tuple(session.scalars(seen.where(Organization.active).order_by(Organization.id)))
            return {"level": LEVELS, "employer": employers, "sex": ("男", "女")}


_NOTES: dict[Table, dict[str, str]] = {
    Table.ORGANIZATIONS: {
        "name": "营业执照或法人证书上的全称",
        "authority": "审核其计划和报告的人社部门；空白为本机关",
    },
    Table.ACCOUNTS: {"username": "小写字母、数字、点、横线、下划线；空白由系统编"},
    Table.PEOPLE: {"employer": "机构表中的全称；不在机构表中的照写，由本机关管理"},
}


def _administered(actor: Actor) -> sa.ColumnElement[bool]:
    return visible(actor, organization=Organization.id, authority=Organization.authority_id)


def _offices(session: Session, actor: Actor) -> dict[str, int]:
    """The authorities that an administrator may put something under, by what tables call them."""
    query = sa.select(Organization).where(Organization.kind.in_(access.AUTHORITIES)).order_by(Organization.id)
    offices = list(session.scalars(query))
    return {each.name: each.id for each in offices if actor.oversees_region or each.id == actor.organization_id}


def _office(cell: object, *, offices: Mapping[str, int], also: Mapping[str, int], own: int) -> int:
    """The authority a cell names (管理权限): by its office's name or its league; blank: the own office."""
    if values.is_nothing(cell):
        return own
    found = {**also, **offices}.get(typed.text(cell))
    if found is None:
        near = difflib.get_close_matches(typed.text(cell), [*offices, *also], 1, 0.5)
        raise Unclear(f"没有这个人社部门{f'，是不是“{near[0]}”' if near else ''}；空白为本机关", "unknown")
    return found


def _organizations(session: Session, actor: Actor, today: date) -> Declared[Line]:
    offices = _offices(session, actor)
    also = {league or "自治区": number for number, league in leagues(session).items() if number in offices.values()}
    office = partial(_office, offices=offices, also=also, own=actor.organization_id)
    kind = partial(values.word, words=tuple(KINDS), synonyms=_KIND_WORDS)
    return Declared(
        LISTINGS[Table.ORGANIZATIONS],
        becomes=lambda name, kind, authority: OrganizationLine(name, kind, authority),
        values={"name": partial(_long, least=2, most=80), "kind": lambda cell: KINDS[kind(cell)], "authority": office},
        needed=["name", "kind"],
        checks=[partial(_twice, column="name", said=lambda line: line.name)],
    )


def _accounts(session: Session, actor: Actor, today: date) -> Declared[Line]:
    role = partial(values.word, words=tuple(ROLES))
    return Declared(
        LISTINGS[Table.ACCOUNTS],
        becomes=lambda name, role, organization, username: AccountLine(name, role, organization, username),
        values={
            "name": partial(_long, least=2, most=40),
            "role": lambda cell: ROLES[role(cell)],
            "username": _username,
        },
        needed=["name", "role", "organization"],
        checks=[partial(_twice, column="username", said=lambda line: line.username)],
    )


def _people(session: Session, actor: Actor, today: date) -> Declared[Line]:
    level = partial(values.word, words=LEVELS)
    return Declared(
        LISTINGS[Table.PEOPLE],
        becomes=lambda sex, birth_on, **said: PersonLine(**said),
        values={
            "name": _person_name,
            "id_number": partial(_number, today=today),
            "employer": partial(_long, least=0, most=80),
            "post": partial(_long, least=0, most=40),
            "level": lambda cell: "" if values.is_nothing(cell) else level(cell),
            "specialty": partial(_long, least=0, most=40),
            "sex": values.sex,
        },
        needed=["name", "id_number"],
        checks=[partial(_twice, column="id_number", said=lambda line: line.id_number)],
    )


def _long(cell: object, *, least: int, most: int) -> str:
    said = "" if values.is_nothing(cell) else typed.text(cell)
    if len(said) > most or 0 < len(said) < least:
        raise Unclear(f"应为{least}至{most}个字" if least else f"不能超过{most}个字", "length")
    return said


def _person_name(cell: object) -> str:
    said = names.normalise(cell)
    if fault := names.fault(said):
        raise Unclear(fault[1], fault[0])
    return said


def _number(cell: object, *, today: date) -> str:
    if code := resident_id.problem(cell, today=today):
        raise Unclear(resident_id.words(code, cell), code)
    return resident_id.normalise(cell)


def _username(cell: object) -> str:
    said = "" if values.is_nothing(cell) else accounts.username(typed.text(cell))
    if said and (words := accounts.username_fault(said)):
        raise Unclear(words)
    return said


def _twice(lines: Sequence[tuple[int, Line]], *, column: str, said: Callable[[Any], str]) -> Iterator[Problem]:
    """Rows that say the same of one who may stand there once."""
    first: dict[str, int] = {}
    for row, line in lines:
        what = said(line)
        if what and first.setdefault(what, row) != row:
            shown = resident_id.mask(what) if column == "id_number" else what
            yield Problem(row, column, f"{column}-twice", shown, f"与第{first[what]}行重复，请删去一行")


_DECLARED: dict[Table, Callable[[Session, Actor, date], Declared[Line]]] = {
    Table.ORGANIZATIONS: _organizations,
    Table.ACCOUNTS: _accounts,
    Table.PEOPLE: _people,
}


# --- held against what is on file -----------------------------------------------------------------------------------


def _on_file(session: Session) -> dict[str, Organization]:
    return {each.name: each for each in session.scalars(sa.select(Organization))}


def _held_organizations(session: Session, preview: Preview, actor: Actor) -> Iterator[Problem]:
    known = _on_file(session)
    for row, line in preview.checked.lines:
        assert isinstance(line, OrganizationLine)
        there = known.get(line.name)
        if there is None:
            preview.new.append((row, line))
        elif (there.kind, there.authority_id) == (line.kind, line.authority_id):
            preview.same += 1
        else:
            words = f"已有此名的机构，是{there.kind.label}，类别或管理权限与此不同；要改正的请在“机构与账号”中办理"
            yield Problem(row, "name", "name-known", line.name, words)


def _held_accounts(session: Session, preview: Preview, actor: Actor) -> Iterator[Problem]:
    known = _on_file(session)
    seen = {each.id for each in session.scalars(sa.select(Organization).where(_administered(actor)))}
    own = {each.name for each in known.values() if each.id in seen}
    on_file = {each.username: each for each in session.scalars(sa.select(Account))}
    held = {(each.name, each.role, each.organization_id) for each in on_file.values() if each.active}
    for row, line in preview.checked.lines:
        assert isinstance(line, AccountLine)
        home = known.get(line.organization)
        if home is None or home.id not in seen:
            near = difflib.get_close_matches(line.organization, own, 1, 0.6)
            offer, mend = (f"是“{near[0]}”", {"organization": near[0]}) if near else ("", {})
            words = "管理权限内没有此名的机构，请先导入机构，或核对全称"
            yield Problem(row, "organization", "organization-unknown", line.organization, words, True, offer, mend)
        elif not home.active:
            yield Problem(row, "organization", "organization-closed", home.name, "该机构已停用，请先启用")
        elif home.kind not in ROLE_HOMES[line.role]:
            homes = "、".join(kind.label for kind in ROLE_HOMES[line.role])
            words = f"{line.role.label}账号只能开在{homes}，该机构是{home.kind.label}"
            yield Problem(row, "role", "role-home", line.role.label, words)
        elif (line.name, line.role, home.id) in held and line.username in ("", *on_file):
            preview.same += 1
        elif line.username in on_file:
            yield Problem(
                row, "username", "username-known", line.username, "此用户名已被使用，请换一个，或留空由系统编"
            )
        else:
            preview.new.append((row, line))
    for row, _ in preview.new[MOST_ACCOUNTS:]:
        yield Problem(row, "name", "accounts-many", "", f"一次最多开通{MOST_ACCOUNTS}个账号，请分开导入")
    del preview.new[MOST_ACCOUNTS:]


def _held_people(session: Session, preview: Preview, actor: Actor) -> Iterator[Problem]:
    """Step 1: the employer's office is the administrator's. Step 2: nobody on file: new. Step 3: on file in another
    office: not to be changed here, and its name is not told. Step 4: another name: one of the two is wrong. Step 5:
    what is blank on file is filled; what differs stays, and is said."""
    homes = _on_file(session)
    offices = set(_offices(session, actor).values())
    lines = preview.checked.lines
    indexes = dict(zip([row for row, _ in lines], db.blind_indexes(line.id_number for _, line in lines), strict=True))  # type: ignore[union-attr]
    known = persons.on_file(session, list(indexes.values()))
    records = _records(session, [each.human_id for each in known.values()])
    for row, line in lines:
        assert isinstance(line, PersonLine)
        cells = preview.checked.rows.get(row, {})
        for column, words in values.contradictions(line.id_number, cells).items():
            yield Problem(row, column, "id-contradicted", typed.text(cells.get(column)), words)
        wrong = bool(values.contradictions(line.id_number, cells))
        home, there = homes.get(line.employer), known.get(indexes[row])
        if home and home.authority_id not in offices:
            words = "该单位由其他人社部门主管，其人员请由主管部门导入"
            yield Problem(row, "employer", "jurisdiction", line.employer, words)
        elif wrong:
            pass
        elif there is None:
            preview.new.append((row, line))
            if line.employer and home is None:
                words = "此单位不在机构表中，其经办人看不到此人；请先导入机构，或核对全称"
                yield Problem(row, "employer", "employer-unknown", line.employer, words, blocking=False)
        elif (person := records[there.human_id]).authority_id not in offices:
            words = "此人由其他人社部门主管，请由其主管部门办理"
            yield Problem(row, "id_number", "jurisdiction", resident_id.mask(line.id_number), words)
        elif not names.same(line.name, *there.names):
            words = f"库中此身份证号的姓名为“{there.known_as}”，请核对姓名或号码"
            yield Problem(row, "name", "name-known", line.name, words)
        else:
            filled, differs = _filled(person, line, home)
            for column, stands in differs.items():
                said = getattr(line, column)
                how = "调动请在“人员”中办理" if column == "employer" else "没有改动"
                words = f"库中为“{stands}”，{how}"
                yield Problem(row, column, "stands", said, words, blocking=False)
            if filled:
                preview.filled[row], preview.whose[row] = filled, person.id
            else:
                preview.same += 1


def _records(session: Session, ids: Sequence[int]) -> dict[int, Person]:
    found: dict[int, Person] = {}
    for start in range(0, len(ids), 5000):
        query = sa.select(Person).where(Person.id.in_(ids[start : start + 5000]))
        found |= {each.id: each for each in session.scalars(query)}
    return found


def _filled(person: Person, line: PersonLine, home: Organization | None) -> tuple[_Filled, dict[str, str]]:
    """The blanks of a record that a row fills, and what stands there otherwise than it says."""
    filled: _Filled = {}
    differs: dict[str, str] = {}
    for column in ("post", "level", "specialty"):
        said, stands = getattr(line, column), getattr(person, column)
        if said and not stands:
            filled[column] = stands, said
        elif said and said != stands:
            differs[column] = stands
    if line.employer and not person.employer_name:
        filled["employer_name"] = person.employer_name, line.employer
    elif line.employer and line.employer != person.employer_name:
        differs["employer"] = person.employer_name
    if home and person.employer_id is None and line.employer and "employer" not in differs:
        filled["employer_id"] = None, home.id
        if home.authority_id != person.authority_id:
            filled["authority_id"] = person.authority_id, home.authority_id
    return filled, differs


_HELD: dict[Table, Callable[[Session, Preview, Actor], Iterable[Problem]]] = {
    Table.ORGANIZATIONS: _held_organizations,
    Table.ACCOUNTS: _held_accounts,
    Table.PEOPLE: _held_people,
}


# --- in and out -----------------------------------------------------------------------------------------------------


@deed
def bring_in(
    session: Session,
    table: Table,
    upload: Upload,
    *,
    actor: Actor,
    now: datetime,
    chosen: Mapping[str, str] | None = None,
    mended: Mended = NOTHING_MENDED,
) -> tuple[Intake, Preview, list[Slip]]:
    """Bring a workbook in (批量导入): every good row as one batch, with its file kept; of accounts the first passwords.

    Idempotent: a row that is on file already makes nothing. The passwords are made here and answered once; the file
    never holds any. Refused codes: "role", "file", "headings", "rows" (no row would do anything).
    """
    preview = read(session, table, upload, actor, today=db.office_day(now), chosen=chosen, mended=mended)
    made: list[tuple[str, str]] = []
    if table is Table.ACCOUNTS:
        with db.unlocked(if_possible=True), ThreadPoolExecutor(2) as hands:
            drawn = [passwords.drawn() for _ in preview.new]
            made = list(zip(drawn, hands.map(passwords.hashed, drawn), strict=True))
    db.lock(session, "intake")
    books.hold(session)
    preview = read(session, table, upload, actor, today=db.office_day(now), chosen=chosen, mended=mended)
    if not preview.does_anything:
        raise Refused("rows", "没有一行可以导入：都已在册，或有问题。请在表中改正后再导入。")
    kept = files.attach(session, None, upload, purpose="intake", now=now)
    intake = Intake(
        code=table.value,
        organization_id=actor.organization_id,
        attachment_id=kept.id,
        account_id=actor.account_id,
        account_name=actor.name,
        at=now.replace(microsecond=0),
    )
    session.add(intake)
    session.flush()
    handed: list[Slip] = []
    match table:
        case Table.ORGANIZATIONS:
            records = _make_organizations(session, preview)
        case Table.ACCOUNTS:
            records, handed = _make_accounts(session, preview, made, now)
        case Table.PEOPLE:
            records = _make_people(session, preview, actor, now)
    session.add_all(
        IntakeLine(intake_id=intake.id, row=row, record_id=record, made=True, filled="{}")
        for row, record in records.items()
    )
    _fill(session, intake, preview, upload, actor, now)
    told = {"table": table.label, "file": upload.filename, "made": len(records), "filled": len(preview.filled)}
    audit.record(session, audit.Event.MOVED_IN, intake, actor=actor, after=told, now=now)
    return intake, preview, handed


def _make_organizations(session: Session, preview: Preview) -> dict[int, int]:
    made = {}
    for row, line in preview.new:
        assert isinstance(line, OrganizationLine)
        made[row] = Organization(name=line.name, kind=line.kind, authority_id=line.authority_id)
    session.add_all(made.values())
    session.flush()
    return {row: each.id for row, each in made.items()}


def _make_accounts(
    session: Session, preview: Preview, made: Sequence[tuple[str, str]], now: datetime
) -> tuple[dict[int, int], list[Slip]]:
    known, taken = _on_file(session), set(session.scalars(sa.select(Account.username)))
    taken |= {line.username for _, line in preview.new if isinstance(line, AccountLine)}
    until, found, handed = now + accounts.FIRST_PASSWORD_LASTS, {}, []
    for (row, line), (password, hashed) in zip(preview.new, made, strict=False):
        assert isinstance(line, AccountLine)
        home = known[line.organization]
        username = line.username or _drawn_name(line.role, home.id, taken)
        found[row] = Account(
            username=username,
            name=line.name,
            role=line.role,
            organization_id=home.id,
            password_hash=hashed,
            first_until=until,
        )
        handed.append(Slip(home.name, line.name, line.role.label, username, password, until))
    if len(found) < len(preview.new):
        raise Refused("stale", "机构或账号刚刚被他人改动，没有导入。请再导入一次。")
    session.add_all(found.values())
    session.flush()
    return {row: each.id for row, each in found.items()}, handed


_PREFIXES = {Role.BASE_CLERK: "base", Role.EMPLOYER_CLERK: "unit", Role.TITLE_OFFICER: "title"}


def _drawn_name(role: Role, organization_id: int, taken: set[str]) -> str:
    """A user name that nobody has: the role and the organization's number, and a number where there are several."""
    stem = f"{_PREFIXES.get(role, role.value)}{organization_id:03}"
    name, at = stem, 1
    while name in taken:
        at += 1
        name = f"{stem}-{at}"
    taken.add(name)
    return name


def _make_people(session: Session, preview: Preview, actor: Actor, now: datetime) -> dict[int, int]:
    facts = {}
    for row, line in preview.new:
        assert isinstance(line, PersonLine)
        facts[row] = persons.PersonFacts(
            line.name, line.id_number, line.employer, line.post, line.specialty, level=line.level
        )
    ids = persons.match_or_add(session, list(facts.values()), authority_id=actor.organization_id, now=now)
    return {row: ids[db.blind_index(each.id_number)] for row, each in facts.items()}


def _fill(session: Session, intake: Intake, preview: Preview, upload: Upload, actor: Actor, now: datetime) -> None:
    """Fill the blanks of people on file; where one's employer was blank, that is in the record's history."""
    records = _records(session, list(preview.whose.values()))
    for row, filled in preview.filled.items():
        person = records[preview.whose[row]]
        _set(session, person, {name: after for name, (_, after) in filled.items()})
        session.add(
            IntakeLine(intake_id=intake.id, row=row, record_id=person.id, made=False, filled=db.canonical(filled))
        )
        if "employer_name" in filled:
            session.add(_change(person, filled["employer_name"], f"导入：{upload.filename}", actor, now))


def _change(person: Person, employer: tuple[Any, Any], reason: str, actor: Actor, now: datetime) -> PersonChange:
    before, after = ({"employer": each} for each in employer)
    return PersonChange(
        person_id=person.id,
        kind=Change.MOVED,
        before=db.canonical(before),
        after=db.canonical(after),
        reason=reason[:200],
        account_id=actor.account_id,
        account_name=actor.name,
        organization_id=actor.organization_id,
        at=now,
    )


def _set(session: Session, person: Person, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(person, name, value)
    if {"employer_id", "authority_id"} & fields.keys():
        session.flush()
        home = person.employer_id or person.authority_id
        session.execute(sa.update(Account).where(Account.person_id == person.id).values(organization_id=home))


@dataclass(frozen=True)
class TakenBack:
    """What became of a batch that was taken back (撤销导入)."""

    gone: int
    """Rows taken back."""
    stays: tuple[tuple[str, str], ...]
    """What stays, by name, and why."""


@deed
def take_back(session: Session, intake_id: int, *, actor: Actor, reason: str, now: datetime) -> TakenBack:
    """Take a batch back (撤销导入) as far as nothing relies on it; what stays is named, and may be taken back later.

    Refused codes: "role", "missing", "reason", "undone" (nothing is left to take back).
    """
    intake = _one(session, intake_id, actor)
    if not (reason := typed.prose(reason)):
        raise Refused("reason", "请填写撤销导入的原因。")
    books.hold(session)
    standing = sa.select(IntakeLine).where(IntakeLine.intake_id == intake.id, IntakeLine.undone_at.is_(None))
    lines = list(session.scalars(standing))
    if not lines:
        raise Refused("undone", f"第{intake.id}批导入已全部撤销。")
    model: Any = _MODELS[Table(intake.code)]
    why = _kept(session, model, lines)
    gone = [line for line in lines if line.record_id not in why]
    query = sa.select(model.id, model.name).where(model.id.in_([*why]))
    called = {number: str(name) for number, name in session.execute(query)} if why else {}
    stays = [(called[number], words) for number, words in why.items()]
    for line in gone:
        if not line.made:
            _blank_again(session, line, f"撤销导入：{reason}", actor, now)
    ids = [line.record_id for line in gone if line.made]
    session.flush()
    for start in range(0, len(ids), 5000):
        session.execute(sa.delete(model).where(model.id.in_(ids[start : start + 5000])))
    for line in gone:
        line.undone_at = now.replace(microsecond=0)
    told = {"table": Table(intake.code).label, "taken_back": len(gone), "stay": len(stays)}
    audit.record(session, audit.Event.MOVED_OUT, intake, actor=actor, after=told, reason=reason, now=now)
    return TakenBack(len(gone), tuple(stays))


def rows(session: Session, intake_id: int, actor: Actor) -> pd.DataFrame:
    """Rows of a batch (批次各行) with what taking it back would do to each, as it stands now.

    Columns: row, name ("" of what is gone), made, undone, stays (why it would stay, "" where it would go).
    Refused codes: "role", "missing".
    """
    intake = _one(session, intake_id, actor, lock=False)
    model: Any = _MODELS[Table(intake.code)]
    lines = list(
        session.scalars(sa.select(IntakeLine).where(IntakeLine.intake_id == intake.id).order_by(IntakeLine.row))
    )
    why = _kept(session, model, [line for line in lines if not line.undone_at])
    ids = [line.record_id for line in lines]
    called: dict[int, str] = {}
    for start in range(0, len(ids), 5000):
        query = sa.select(model.id, model.name).where(model.id.in_(ids[start : start + 5000]))
        called |= {number: str(name) for number, name in session.execute(query)}
    told = [
        (each.row, called.get(each.record_id, ""), each.made, bool(each.undone_at), why.get(each.record_id, ""))
        for each in lines
    ]
    return pd.DataFrame(told, columns=["row", "name", "made", "undone", "stays"])


def _kept(session: Session, model: Any, lines: Sequence[IntakeLine]) -> dict[int, str]:
    """Rows of an import batch that cannot be rolled back (不能撤销的行), and why: referenced, or changed since."""
    found = _relied(session, model, [line.record_id for line in lines if line.made])
    filled = [line for line in lines if not line.made]
    records = _records(session, [line.record_id for line in filled])
    for line in filled:
        person = records[line.record_id]
        if any(getattr(person, name) != after for name, (_, after) in json.loads(line.filled).items()):
            found[line.record_id] = "导入以后又改过"
    return found


def _blank_again(session: Session, line: IntakeLine, reason: str, actor: Actor, now: datetime) -> None:
    """Put back what a row filled."""
    person, filled = session.get_one(Person, line.record_id), json.loads(line.filled)
    _set(session, person, {name: before for name, (before, _) in filled.items()})
    if "employer_name" in filled:
        before, after = filled["employer_name"]
        session.add(_change(person, (after, before), reason, actor, now))


_MODELS: dict[Table, type[Base]] = {
    Table.ORGANIZATIONS: Organization,
    Table.ACCOUNTS: Account,
    Table.PEOPLE: Person,
}
_RELYING = {
    "account": "已有账号",
    "person": "已有人员",
    "credit_entry": "已有学时",
    "credit_total": "已有学时",
    "card": "已出具审验卡",
    "person_change": "已有变更记录",
    "sign_in": "已登录过",
    "submission": "已有申报",
}


def _relied(session: Session, model: Any, ids: Sequence[int]) -> dict[int, str]:
    """What relies on some records (已被使用), in words, by record: whatever in the database points at one."""
    found: dict[int, set[str]] = {}
    own = model.__table__
    for start in range(0, len(ids), 5000):
        some = ids[start : start + 5000]
        pointing = [
            (table.name, column)
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if table is not own and any(key.column is own.c.id for key in column.foreign_keys)
        ]
        for table, column in pointing:
            for number in session.scalars(sa.select(column).where(column.in_(some)).distinct()):
                found.setdefault(number, set()).add(_RELYING.get(table, "已有办理记录"))
        trailed = sa.select(AuditEntry.record_id).where(AuditEntry.record == own.name, AuditEntry.record_id.in_(some))
        for number in session.scalars(trailed.distinct()):
            found.setdefault(number, {"已有办理记录"})
    return {number: "、".join(sorted(words)) for number, words in found.items()}


def _one(session: Session, intake_id: int, actor: Actor, *, lock: bool = True) -> Intake:
    require(actor, Role.ADMIN)
    found = session.get(Intake, intake_id, with_for_update=lock)
    if found is None or (found.organization_id != actor.organization_id and not actor.oversees_region):
        raise not_found("导入批次")
    return found


def listing(session: Session, actor: Actor) -> pd.DataFrame:
    """List batches (导入批次), newest first: id, at, code, filename, account_name, rows_in, rows_left.

    Refused codes: "role".
    """
    require(actor, Role.ADMIN)
    left = sa.func.sum(sa.case((IntakeLine.undone_at.is_(None), 1), else_=0))
    columns = ["id", "at", "code", "filename", "account_name", "rows_in", "rows_left"]
    query = (
        sa.select(Intake.id, Intake.at, Intake.code, Attachment.filename, Intake.account_name)
        .add_columns(sa.func.count(IntakeLine.row), sa.func.coalesce(left, 0))
        .join(Attachment, Attachment.id == Intake.attachment_id)
        .join(IntakeLine, IntakeLine.intake_id == Intake.id)
        .where(visible(actor, organization=Intake.organization_id, authority=Intake.organization_id))
        .group_by(Intake.id, Intake.at, Intake.code, Attachment.filename, Intake.account_name)
        .order_by(Intake.id.desc())
    )
    return pd.DataFrame(session.execute(query).all(), columns=columns)
