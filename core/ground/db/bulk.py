"""Many rows at once: bulk insert, whole-number columns as arrays."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session

from core.ground.db.columns import EncryptedText, one_throughout
from core.ground.db.sessions import done_something, unquoted
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


TAPE = "bulk rows that this session wrote"
"""Where a session's `info` has a list under this name, every `Bound` that is written is put there."""


def write(session: Session, prepared: Bound, **same: int) -> None:
    """Write rows that are ready (写入备好的行); `same` are whole numbers that stand in every row, such as an id."""
    session.flush()
    if not prepared.count:
        return
    session.info.get(TAPE, []).append(prepared)
    connection = session.connection()
    dialect, columns = (
        connection.dialect,
        dict(prepared.columns) | {name: itertools.repeat(each) for name, each in same.items()},
    )
    rows = zip(*columns.values(), strict=False)
    quote = dialect.identifier_preparer.quote
    into = f"{quote(prepared.table.name)} ({', '.join(map(quote, columns))})"
    done_something(connection)
    try:
        with contextlib.closing(connection.connection.cursor()) as cursor:
            if dialect.name == "postgresql":
                with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                values = ", ".join("?" * len(columns))
                cursor.executemany(f"INSERT INTO {into} VALUES ({values})", rows)  # type: ignore[arg-type]  # noqa: S608
    except dialect.loaded_dbapi.Error as told:  # as any other statement's is told
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
