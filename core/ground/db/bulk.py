"""Many rows at once: bulk insert, whole-number columns as arrays."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session

from core.ground.db import owed
from core.ground.db.columns import EncryptedText, one_throughout
from core.ground.db.sessions import (
    BESIDE,
    STAGED,
    done_something,
    for_a_moment,
    have_whole,
    others_may_write,
    unquoted,
)
from core.ground.deeds import with_nul


@contextlib.contextmanager
def in_bulk() -> Iterator[None]:
    """Pause the garbage collector (垃圾回收) while some hundred thousand small objects are made.

    Looking for cycles among them takes a third of the time and finds nothing. The collector is one for the whole
    process: other threads do without it as well meanwhile, and are none the worse for a second of that.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def integers(session: Session, query: sa.Select[*tuple[Any, ...]]) -> NDArray[np.int64]:
    """Bulk read (批量读取): a query of whole numbers (no NULLs) as an array of its columns (K x N), in no order.

    The database writes all of them into one text, which is read in one go: many times as fast as row by row. Ask for
    some hundred thousand rows at a time, since a text is held whole.
    """
    texts: list[sa.ColumnElement[str]] = [sa.cast(column, sa.String) for column in query.selected_columns]
    columns, written = len(texts), texts[0]
    for text in texts[1:]:
        written = written + sa.literal_column("','", sa.String) + text
    whole: sa.ColumnElement[str] = sa.func.aggregate_strings(written, ",")
    found = session.scalar(query.with_only_columns(whole))
    if not found:
        return np.zeros((columns, 0), np.int64)
    return np.fromstring(found, np.int64, sep=",").reshape(-1, columns).T


@dataclass(frozen=True)
class Bound:
    """Rows as the driver takes them (待写的行), sealed and ready: to write them takes no more than the database."""

    table: sa.Table
    count: int
    columns: Mapping[str, Iterable[Any]]
    laid: str = ""
    """Where they were laid down already (`laid`): a table that this connection alone sees."""
    adds: tuple[Sequence[str], ...] = ()
    """Which columns are the key, which amounts are added where a row of that key is there (累加). SQLite's."""
    staged: Staged | None = None
    """Under which number they were laid down in the database, to be owed (`laid_in_parts`)."""


@dataclass(frozen=True)
class Staged:
    """What was laid down in the database (已暂存), of several tables perhaps: its number, its parts, its tables."""

    number: int
    parts: int
    tables: tuple[str, ...]


def bound(session: Session, model: type[DeclarativeBase], columns: Mapping[str, Any]) -> Bound:
    """Prepare a bulk insert (备好待写的行), before anything is locked; given as to `insert`. Refused: "characters"."""
    table, dialect = model.__table__, session.get_bind().dialect
    assert isinstance(table, sa.Table)
    (count,) = {len(given) for given in columns.values() if isinstance(given, list)}
    defaults = {each.name: each.default.arg for each in table.columns if each.default and each.default.is_scalar}
    columns = defaults | dict(columns)
    return Bound(
        table, count, {name: _bound(table.c[name].type, given, dialect) for name, given in columns.items() if count}
    )


def insert(session: Session, model: type[DeclarativeBase], columns: Mapping[str, Any]) -> None:
    """Bulk insert (批量写入): rows given by column; a list has a value for each row, anything else stands in every row.

    What binds a value is looked up once for a column, and no row is made an object: many times as fast as row by row.
    Refused codes: "characters".
    """
    write(session, bound(session, model, columns))


def or_there(session: Session, model: type[DeclarativeBase]) -> Any:
    """An INSERT that can say what is done where a row is there already (ON CONFLICT), in the words of the database."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(model)


TAPE = "bulk rows that this session wrote"
"""Where a session's `info` has a list under this name, every `Bound` that is written is put there."""


def write(session: Session, prepared: Bound, **same: int) -> None:
    """Write rows that are ready (写入备好的行); `same` are whole numbers that stand in every row, such as an id."""
    _put(session, prepared, same)


MANY = 5000
"""From so many rows on others would wait too long: they are owed, and written in parts after the deed."""
_PART = 500
"""Rows of a part: three milliseconds for entries, ten for people and rows of rosters."""


def laid_in_parts(session: Session, *together: tuple[Bound, Sequence[int]]) -> tuple[Bound, ...] | None:
    """Lay many rows down in the database (分份暂存): to write them is to say that they are due, see `owed`.

    Each with its keys: rows of one key are written together. All are written with the same `same`, or none is. For
    SQLite, in an `unlocked` block; None elsewhere, and where they are not `MANY`.
    """
    connection = session.connection()
    many = max((each.count for each, _ in together), default=0) >= MANY
    if not many or STAGED not in session.info or not others_may_write(connection):
        return None
    number, parts = secrets.randbits(62), 0
    session.info[STAGED].append(number)
    with _told(connection.dialect, "owed_part"), contextlib.closing(connection.connection.cursor()) as cursor:
        cursor.execute("PRAGMA query_only=OFF")
        for part in owed.cut([(_piece(each), keys) for each, keys in together], _PART):
            rows = owed.packed(part)
            with for_a_moment(cursor):
                owed.stage(cursor, number, rows)
            parts += 1
        cursor.execute("PRAGMA query_only=ON")
    staged = Staged(number, parts, tuple(each.table.name for each, _ in together))
    return tuple(replace(each, columns={}, staged=staged) for each, _ in together)


def _piece(given: Bound) -> owed.Piece:
    columns: dict[str, Any] = {}
    for name, values in given.columns.items():
        columns[name] = next(values) if isinstance(values, itertools.repeat) else list(values)
        if isinstance(columns[name], bytes | memoryview):
            columns[name] = [columns[name]] * given.count
    return owed.Piece(given.table.name, columns, given.adds)


FEW = 1000
"""Fewer rows than this are written from where they are."""


def laid(session: Session, prepared: Bound) -> Bound:
    """Lay rows down beside the database (暂存待写的行), so that writing them is one statement that asks no Python.

    Row by row it would take longer, and each row would give other threads of this process the turn, while all others
    wait for the lock. For SQLite, in an `unlocked` block: a table in this connection's memory, gone with the
    transaction. Elsewhere, and where they are few, they stay as they are.
    """
    if in_parts := laid_in_parts(session, (prepared, range(prepared.count))):
        return in_parts[0]
    connection = session.connection()
    if connection.dialect.name != "sqlite" or prepared.count < FEW or not others_may_write(connection):
        return prepared
    names = connection.info.setdefault(BESIDE, [])
    name, columns = f"laid_{len(names)}", list(map(connection.dialect.identifier_preparer.quote, prepared.columns))
    into = f"INSERT INTO temp.{name} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    with _told(connection.dialect, into), contextlib.closing(connection.connection.cursor()) as cursor:
        cursor.execute("PRAGMA query_only=OFF")
        if not names:
            cursor.execute("PRAGMA temp_store=MEMORY")
        names.append(name)
        cursor.execute("BEGIN")  # takes no lock: nothing of the office's is touched
        try:
            cursor.execute(f"CREATE TEMP TABLE {name} ({', '.join(columns)})")
            cursor.executemany(into, zip(*prepared.columns.values(), strict=False))  # type: ignore[arg-type]
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")
        cursor.execute("PRAGMA query_only=ON")
    return replace(prepared, columns=dict.fromkeys(prepared.columns, ()), laid=name)


def _put(session: Session, prepared: Bound, same: Mapping[str, int]) -> None:
    """The one way rows are written in bulk."""
    session.flush()
    if not prepared.count:
        return
    session.info.get(TAPE, []).append(prepared)
    connection = session.connection()
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    own, table = list(map(quote, prepared.columns)), quote(prepared.table.name)
    into = f"{table} ({', '.join([*own, *map(quote, same)])})"
    done_something(connection)
    if staged := prepared.staged:
        owed.owe(connection, staged.number, staged.parts, staged.tables, same)
        return
    have_whole(connection, into)
    otherwise = owed.otherwise(prepared.table.name, prepared.adds)
    with _told(dialect, into), contextlib.closing(connection.connection.cursor()) as cursor:
        if prepared.laid:
            given = ", ".join([*own, *("?" * len(same))])
            rows = f"SELECT {given} FROM temp.{prepared.laid} WHERE true"  # noqa: S608
            cursor.execute(f"INSERT INTO {into} {rows}{otherwise}", tuple(same.values()))
            return
        columns = [*prepared.columns.values(), *map(itertools.repeat, same.values())]
        lines = zip(*columns, strict=False)
        if dialect.name == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            values = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {into} VALUES ({values}){otherwise}", lines)  # type: ignore[arg-type]  # noqa: S608


@contextlib.contextmanager
def _told(dialect: sa.Dialect, into: str) -> Iterator[None]:
    """Wrap errors of the raw driver cursor in `sa.exc.DBAPIError` (数据库报错), without the values written."""
    try:
        yield
    except dialect.loaded_dbapi.Error as told:
        unquoted(told)
        raise sa.exc.DBAPIError.instance(into, None, told, dialect.loaded_dbapi.Error, dialect=dialect) from told


def _bound(kind: sa.types.TypeEngine[Any], given: Any, dialect: sa.Dialect) -> Iterable[Any]:
    """A column's values as the driver takes them; each different one is bound once, but no two are sealed alike."""
    bound = given if isinstance(given, list) else [given]
    if isinstance(kind, EncryptedText):
        bound = kind.sealed(bound)
    elif bind := kind.dialect_impl(dialect).bind_processor(dialect):
        bound = [bind(bound[0])] * len(bound) if one_throughout(bound) else list(map(functools.cache(bind), bound))
    elif isinstance(kind, sa.String) and "\x00" in "".join(filter(None, bound)):
        raise with_nul()
    return bound if isinstance(given, list) else itertools.repeat(bound[0])


class day_number(sa.sql.functions.FunctionElement[int]):  # noqa: N801  reads as the SQL function it is
    """A date column as the whole number yyyymmdd."""

    type = sa.Integer()
    inherit_cache = True


@compiles(day_number)
def _day_number(element: Any, compiler: Any, **options: Any) -> str:
    return f"CAST(to_char({compiler.process(element.clauses, **options)}, 'YYYYMMDD') AS INTEGER)"


@compiles(day_number, "sqlite")
def _day_number_of_text(element: Any, compiler: Any, **options: Any) -> str:
    return f"CAST(replace({compiler.process(element.clauses, **options)}, '-', '') AS INTEGER)"
