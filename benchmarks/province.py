"""An office of a province's size, made up: what `benchmarks.lookup` asks its questions of.

The tables are those `db.upgrade` makes, with every guard, key and index; rows go in batch by batch, as an office fills
them, so that a person's entries lie as far apart as they do in life. What the books hold against each other is true:
`python -m core check` finds no fault. People are made up, and their ID numbers are of a county that does not exist.
"""

from __future__ import annotations

import itertools
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.ground import db, merkle, resident_id
from core.ground.access import OrganizationKind
from core.law.notices import Subject
from core.ledger import chain, totals
from core.models import (
    Attachment,
    Base,
    CreditBatch,
    CreditEntry,
    CreditTotal,
    Mode,
    Organization,
    Person,
    Plan,
    Report,
    Source,
    State,
    under,
)
from core.people import setup
from core.trail import audit

FIRST, LAST = 2015, 2024
"""The credit years. Those before `ROSTERS_SINCE` came as imported files, later ones as reports with their rosters."""
ROSTERS_SINCE = 2022
EACH = 7500
"""Entries of a batch, on average."""
TAKEN_BACK = 20
"""Lines that a reversal takes back; every fiftieth batch has one."""
NOW = datetime(2015, 3, 1, 9, tzinfo=UTC)

Columns = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How much there is of what."""

    people: int = 1_000_000
    entries: int = 30_000_000

    @property
    def duplicates(self) -> int:
        """The last of the people: records that were merged into another's."""
        return self.people // 300

    @property
    def humans(self) -> int:
        return self.people - self.duplicates

    @property
    def employers(self) -> int:
        return max(self.people // 200, 2)


# --- rows in bulk ---------------------------------------------------------------------------------------------------


def put(session: Session, table: str, columns: Columns) -> None:
    """Add rows to a table: each column an array, or one value for all rows (None: NULL)."""
    types = Base.metadata.tables[table].c
    size = max(len(values) for values in columns.values() if isinstance(values, np.ndarray))
    connection = session.connection().connection.driver_connection
    assert connection is not None
    names = ", ".join(f'"{name}"' for name in columns)
    if session.get_bind().dialect.name == "sqlite":
        lists = (_told(types[name], values, size) for name, values in columns.items())
        places = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", zip(*lists, strict=False))
        return
    fields = {name: _binary(types[name], values) for name, values in columns.items()}
    layout: list[Any] = [("fields", ">i2")]
    for name, values in fields.items():
        layout.append((f"{name} length", ">i4"))
        layout += [(name, values.dtype)] if values is not None else []
    rows = np.zeros(size, np.dtype(layout))
    rows["fields"] = len(columns)
    for name, values in fields.items():
        rows[f"{name} length"] = -1 if values is None else values.dtype.itemsize
        if values is not None:
            rows[name] = values
    with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0))
        copy.write(rows.tobytes())
        copy.write(struct.pack(">h", -1))


def _told(column: sa.Column[Any], values: Any, size: int) -> Any:
    """A column as SQLite keeps it."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "M":
            return values.astype(str).tolist()
        return np.char.decode(values, "utf-8").tolist() if values.dtype.kind == "S" else values.tolist()
    match values:
        case datetime():
            values = f"{values:%Y-%m-%d %H:%M:%S.%f}"
        case date():
            values = values.isoformat()
    return itertools.repeat(values, size)


def _binary(column: sa.Column[Any], values: Any) -> Any:
    """A column as PostgreSQL's binary COPY takes it: an array of fields of one length, in network order."""
    if values is None:
        return None
    kind = column.type.impl if isinstance(column.type, sa.types.TypeDecorator) else column.type
    match values:
        case datetime():
            values = (values - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        case date():
            values = (values - date(2000, 1, 1)).days
        case str():
            values = values.encode()
        case np.ndarray() if values.dtype.kind == "M":
            values = (values - np.datetime64("2000-01-01")).astype(int)
    if isinstance(values, bytes):
        return np.array(values, f"V{len(values)}")
    match kind:
        case sa.DateTime():
            return np.asarray(values, ">i8")
        case sa.SmallInteger():
            return np.asarray(values, ">i2")
        case sa.Boolean():
            return np.asarray(values, ">i1")
        case sa.Integer() | sa.Date():
            return np.asarray(values, ">i4")
    return values.view(f"V{values.dtype.itemsize}")


# --- the office -----------------------------------------------------------------------------------------------------


def fill(size: Size, seed: int = 1) -> None:
    """Make the office of `CE_HOME` and `DATABASE_URL`, and fill it."""
    db.upgrade()
    draw = np.random.default_rng(seed)
    with db.engine().connect() as connection, Session(connection) as session:
        if connection.dialect.name == "sqlite":
            # Nobody else is here: no journal, and references that hold by construction are asked once, at the end.
            driver: Any = connection.connection.driver_connection
            for pragma in ("foreign_keys=OFF", "journal_mode=OFF", "synchronous=OFF", "cache_size=-4000000"):
                driver.execute(f"PRAGMA {pragma}")
            session.connection()
        else:
            session.execute(sa.text("SET session_replication_role = replica"))  # so are they here
            session.execute(sa.text("SET maintenance_work_mem = '1GB'"))
            session.execute(sa.text("SET work_mem = '1GB'"))
        setup.open_office(session, kind="empty", now=NOW)
        employers = _organizations(session, size)
        whose = _people(session, size, employers, draw)
        _batches(session, size, whose, draw)
        summed, into = totals.sums_of_entries(), [*totals.KEYS, "hours", "deemed"]
        if connection.dialect.name == "postgresql":  # where rows stay in the order in which they came: the years'
            summed = summed.order_by(summed.selected_columns["year"], sa.func.random())
        session.execute(sa.insert(CreditTotal).from_select(into, summed))
        db.finish(session)
        session.commit()
        if connection.dialect.name == "postgresql":  # as its own daemon does by and by
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
    db.engine().dispose()


def _organizations(session: Session, size: Size) -> NDArray[np.void]:
    """The employers: id and authority of each."""
    leagues = session.scalars(sa.select(Organization.id).where(Organization.kind == OrganizationKind.LEAGUE_HR)).all()
    ids = 100 + np.arange(size.employers)
    authorities = np.resize(np.array(leagues), size.employers)
    columns = {"id": ids, "authority_id": authorities, "name": _texts("示例单位%06d", ids)}
    put(session, "organization", columns | {"kind": OrganizationKind.EMPLOYER.value, "active": True})
    base = Organization(id=99, name="示例继续教育基地", kind=OrganizationKind.BASE, authority_id=1)
    session.add(base)
    session.flush()
    return np.rec.fromarrays([ids, authorities], names="id,authority")


def _texts(form: str, numbers: NDArray[Any]) -> NDArray[np.bytes_]:
    """Texts of one length that differ in a number."""
    return np.array([(form % number).encode() for number in numbers.tolist()])


def id_number(serial: int) -> str:
    """The number of a made-up person, a different one for each serial up to some ten millions."""
    born = date(1962, 1, 1) + timedelta(days=serial % 14_000)
    first = f"150199{born:%Y%m%d}{serial // 14_000 % 999 + 1:03}"
    return first + resident_id.check_digit(first)


def _people(session: Session, size: Size, employers: NDArray[np.void], draw: np.random.Generator) -> NDArray[np.bytes_]:
    """Everybody, each with a number that is sealed and found as the program does; answers their blind indexes."""
    surnames = np.array([each.encode() for each in "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"])
    given = np.array([each.encode() for each in "娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英巴特尔其木格日乌云苏和"])
    indexes = np.empty(size.people, "V32")
    key = db.keys().text
    for start in range(0, size.people, 100_000):
        ids = np.arange(start, min(start + 100_000, size.people)) + 1
        numbers = [id_number(serial) for serial in ids.tolist()]
        indexes[ids - 1] = np.frombuffer(b"".join(db.blind_index(number) for number in numbers), "V32")
        sealed = [db.seal(number.encode(), key=key, purpose="person.id_number") for number in numbers]
        works = employers[draw.integers(0, len(employers), len(ids))]
        names = np.char.add(draw.choice(surnames, len(ids)), draw.choice(given, len(ids)))
        merged = np.where(ids > size.humans, draw.integers(1, size.humans + 1, len(ids)), 0)
        columns = {
            "id": ids,
            "name": np.char.add(names, draw.choice(given, len(ids))),
            "id_number": np.frombuffer(b"".join(sealed), f"V{len(sealed[0])}"),
            "id_index": indexes[ids - 1],
            "sex": np.array([resident_id.sex(number).encode() for number in numbers]),
            "birth_on": np.array([resident_id.birth_on(number) for number in numbers], "datetime64[D]"),
            "employer_id": works.id,
            "employer_name": _texts("示例单位%06d", works.id),
            "authority_id": works.authority,
            "merged_into_id": merged,
        }
        same = {"post": "工程师", "specialty": "水利水电", "added_at": NOW, "version": 1}
        for kept in (ids <= size.humans, ids > size.humans):
            if kept.any():
                some = {name: values[kept] for name, values in columns.items()}
                put(session, "person", some | same | ({"merged_into_id": None} if kept[0] else {}))
    return indexes


@dataclass(frozen=True)
class _Batch:
    """One batch about to be written; its lines are in the order of their people."""

    year: int
    subject: Subject
    source: Source
    hours: int
    people: NDArray[np.int32]


def _drawn(size: Size, draw: np.random.Generator) -> Iterator[_Batch]:
    """Batches of two subjects, year after year; some people study several times as much as others."""
    eager = draw.gamma(4, 1, size.people)
    left, years = size.entries, range(FIRST, LAST + 1)
    for year in years:
        many = left // (LAST + 1 - year)
        left -= many
        times = draw.poisson(eager * (many / eager.sum()))
        pool = np.repeat(np.arange(1, size.people + 1, dtype=np.int32), times)
        pool = draw.permutation(np.resize(pool, many))
        count = max(many // EACH, 2)
        cuts = np.cumsum(draw.lognormal(0, 0.8, count))
        for at, people in enumerate(np.split(pool, (cuts[:-1] / cuts[-1] * many).astype(int))):
            if len(people):
                public = at % 2 == 0
                subject, source = (
                    (Subject.PUBLIC, Source.PUBLIC_EXAM) if public else (Subject.PROFESSIONAL, Source.TRAINING)
                )
                yield _Batch(year, subject, source, int(draw.integers(8, 33)) * 100, np.sort(people))


def _batches(session: Session, size: Size, indexes: NDArray[Any], draw: np.random.Generator) -> None:
    """Batch after batch with its file or its report, its entries, and its line in the trail."""
    books = _Books(session, setup.system_actor(session))
    for each in _drawn(size, draw):
        batch_id = books.imported(each) if each.year < ROSTERS_SINCE else books.reported(each, indexes)
        if batch_id % 50 == 0:
            books.taken_back(each, batch_id)


class _Books:
    """What was written last, so that the next fits on to it."""

    def __init__(self, session: Session, actor: Any) -> None:
        self.session, self.actor = session, actor
        self.batch_id = self.file_id = self.submission_id = self.row_id = 0
        self.chain = ""

    def imported(self, each: _Batch) -> int:
        self.file_id += 1
        file = Attachment(
            id=self.file_id, purpose="import", filename="历年学时.xlsx", sha256="0" * 64, size=1, added_at=NOW
        )
        self.session.add(file)
        return self._posted(
            each, audit.Event.CREDITS_IMPORTED, attachment_id=self.file_id, basis=f"{each.year}年度历年学时导入"
        )

    def reported(self, each: _Batch, indexes: NDArray[Any]) -> int:
        plan_id, self.submission_id = self.submission_id + 1, self.submission_id + 2
        report_id, day, hours = self.submission_id, date(each.year, 6, 1), Decimal(each.hours) / 100
        title = f"{each.year}年第{report_id}期培训班"
        common: Columns = {"state": State.APPROVED, "title": title, "organization_id": 99, "authority_id": 1}
        common |= {"created_at": NOW, "start_on": day, "end_on": day}
        about: Columns = {"place": "呼和浩特市", "content": "知识更新", "teachers": "张三", "audience": "专业技术人员"}
        about |= {"headcount": len(each.people), "hours_each": hours, "mode": Mode.CLASSROOM, "subject": each.subject}
        self.session.add(Plan(id=plan_id, **common, **about))
        self.session.flush()
        people = {"people": len(each.people), "hours": hours * len(each.people)}
        self.session.add(Report(id=report_id, plan_id=plan_id, due_on=day, **common, **people))
        self.session.flush()
        rows = self.row_id + 1 + np.arange(len(each.people))
        self.row_id = int(rows[-1])
        put(
            self.session,
            "roster_row",
            {
                "id": rows,
                "report_id": report_id,
                "row": np.arange(len(rows)) + 4,
                "name": "某某某",
                "id_number": bytes(46),
                "id_index": indexes[each.people - 1],
                "employer": "示例单位000001",
                "post": "工程师",
                "specialty": "水利水电",
                "hours": each.hours,
                "credit_year": None,
                "assessment": "合格",
                "phone": bytes(39),
                "note": "",
                "faulty": False,
                "cells": None,
            },
        )
        return self._posted(
            each, audit.Event.CREDIT_POSTED, rows, submission_id=report_id, basis=f"培训情况报告：{title}"
        )

    def taken_back(self, each: _Batch, batch_id: int) -> int:
        some = _Batch(each.year, each.subject, each.source, -each.hours, each.people[:TAKEN_BACK])
        lines = np.arange(len(some.people)) + 1
        rows = self.row_id - len(each.people) + lines if each.year >= ROSTERS_SINCE else None
        basis = f"冲销第{batch_id}批：登记有误"
        return self._posted(some, audit.Event.CREDIT_REVERSED, rows, lines, reverses_id=batch_id, basis=basis)

    def _posted(
        self,
        each: _Batch,
        event: audit.Event,
        rows: NDArray[Any] | None = None,
        undone: NDArray[Any] | None = None,
        **about: Any,
    ) -> int:
        self.batch_id += 1
        lines = np.arange(len(each.people)) + 1
        entry: Columns = {"person_id": each.people, "year": each.year, "batch_id": self.batch_id, "line": lines}
        entry |= {"subject": each.subject.value, "source": each.source.value, "hours": each.hours, "deemed": 0}
        entry |= {"reverses_line": undone, "completed_on": date(each.year, 6, 1), "note": "", "roster_row_id": rows}
        leaves = _leaves(entry)
        posted = datetime(each.year, 6, 10, 9, tzinfo=UTC)
        batch = CreditBatch(
            id=self.batch_id, authority_id=1, form=chain.FORM, posted_by="系统", posted_at=posted, **about
        )
        batch.entries, batch.leaves, batch.root = len(lines), b"".join(leaves), merkle.root(leaves).hex()
        self.chain = batch.chain = chain.chain_value(batch, self.chain)
        self.session.add(batch)
        self.session.flush()
        put(self.session, "credit_entry", entry)
        audit.record(self.session, event, batch, actor=self.actor, after={"root": batch.root}, now=posted)
        self.session.expunge_all()
        return self.batch_id


def _leaves(entry: Columns) -> list[bytes]:
    """The hashes of a batch's entries as the ledger takes them: its own text of the first, with the others' numbers."""
    vary = {name: values for name, values in entry.items() if isinstance(values, np.ndarray)}
    first = entry | {name: int(values[0]) for name, values in vary.items()}
    text = db.canonical(chain.leaf_fields(first, chain.FORM)).replace("%", "%%")
    names = sorted(vary)
    for name in names:
        text = text.replace(f'"{name}":{first[name]}', f'"{name}":%d')
    leaves = [merkle.leaf((text % row).encode()) for row in zip(*(vary[name].tolist() for name in names), strict=True)]
    assert leaves[0] == chain.leaf(first), "the ledger hashes its entries in another way"
    return leaves


def hold_against(session: Session, size: Size, people: int = 1000) -> None:
    """Assert that the office is of its size, and that the totals of some people are the sums of their entries."""
    for table, least in ((Person, size.people), (CreditEntry, size.entries)):
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) >= least
    step = max(size.humans // people, 1)
    whose = list(range(1, size.humans, step)) + list(range(size.humans + 1, size.people + 1, step))
    entries = sa.select(Person.human_id, CreditEntry.year, CreditEntry.subject, CreditEntry.source, CreditEntry.hours)
    entries = entries.join_from(CreditEntry, Person, Person.id == CreditEntry.person_id)
    sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    humans = session.scalars(sa.select(Person.human_id).where(Person.id.in_(whose))).all()
    for *key, hours in session.execute(entries.where(under(Person, list(humans)))):
        sums[tuple(key)] += hours
    keys = [getattr(CreditTotal, key) for key in totals.KEYS]
    kept = session.execute(sa.select(*keys, CreditTotal.hours).where(CreditTotal.person_id.in_(humans)))
    assert {tuple(row[:4]): row[4] for row in kept} == dict(sums)
