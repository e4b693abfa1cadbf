"""Offices that stand ready: built once and copied, so that a test pays for its own deeds and for nothing before them.

A worker keeps each in memory, once for each kind of database: the SQLite file whole, PostgreSQL's rows as COPY writes
them, and what lies in CE_HOME, above all the key that the rows are sealed with. What took long to build is left in a
folder for the other workers.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
import sqlalchemy as sa

from core.ground import db
from core.models import Base

both = pytest.mark.parametrize("office", ["sqlite", "postgresql"], indirect=True)
"""A mark: the test's office, which its `cast` is built in, is on SQLite and then on PostgreSQL. It is for a test that
sends PostgreSQL a statement which no other test sends it, and for what two do at once."""
sqlite = pytest.mark.parametrize("office", ["sqlite"], indirect=True)
"""A mark: the test speaks SQLite itself, such as of its file, and stays there with `TEST_OFFICE=postgresql` as well."""

Answer = TypeVar("Answer")


@dataclass
class _Kept:
    answer: bytes
    """Pickled, so that no test sees what another did to it."""
    file: bytes
    """SQLite's database; on PostgreSQL nothing."""
    rows: dict[str, bytes]
    """Of each table that has any, on PostgreSQL."""
    sequences: dict[str, int]
    papers: list[tuple[Path, os.stat_result, bytes]]
    """The files in CE_HOME but for the database, by their place in it."""


_kept: dict[tuple[object, ...], _Kept] = {}
LONG = 0.3
"""Seconds of building from which an office is left for the other workers."""
folder: Path | None = None
"""Where the workers of this run leave offices for one another; set by `conftest`."""


def office(build: Callable[..., Answer], *arguments: Any) -> Answer:
    """Have `build` fill the empty database in use, or copy into it what the same call has filled before.

    `build` is a function of a module and depends on nothing but its arguments; what it answers can be pickled.
    """
    key = (db.engine().dialect.name, build, *arguments)
    if key not in _kept and (found_there := _shared(key)):
        _kept[key] = found_there
    if key not in _kept:
        began = time.monotonic()
        assert not _papers(), "what lies in CE_HOME already would be taken for part of the office"
        answer = pickle.dumps(build(*arguments))
        db.close()  # SQLite folds the write-ahead log into the file when its last connection goes
        _kept[key] = _taken(answer)
        if folder and time.monotonic() - began > LONG:
            _share(key, _kept[key])
    else:
        _put(_kept[key])
    found: Answer = pickle.loads(_kept[key].answer)
    return found


def _place(key: tuple[object, ...]) -> Path:
    dialect, build, *arguments = key
    said = f"{dialect} {build.__module__}.{build.__qualname__} {arguments!r}"  # type: ignore[attr-defined]
    assert folder
    return folder / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.office"


def _share(key: tuple[object, ...], kept: _Kept) -> None:
    """Leave an office for the other workers, whole or not at all."""
    place = _place(key)
    unfinished = place.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(pickle.dumps(kept))
    unfinished.rename(place)


def _shared(key: tuple[object, ...]) -> _Kept | None:
    """The same office as another worker has left it."""
    if folder is None or not (place := _place(key)).exists():
        return None
    found: _Kept = pickle.loads(place.read_bytes())
    return found


def _taken(answer: bytes) -> _Kept:
    papers = [(path.relative_to(db.home()), path.stat(), path.read_bytes()) for path in _papers()]
    if db.engine().dialect.name == "sqlite":
        return _Kept(answer, _file().read_bytes(), {}, {}, papers)
    rows = {}
    with db.engine().connect() as connection:
        sequences = dict(
            connection.execute(
                sa.text("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
            ).all()
        )
        for table in Base.metadata.sorted_tables:
            with _cursor(connection).copy(f'COPY "{table.name}" TO STDOUT') as copy:
                if found := b"".join(map(bytes, copy)):
                    rows[table.name] = found
    return _Kept(answer, b"", rows, sequences, papers)


def _papers() -> list[Path]:
    """The files in CE_HOME but for the database."""
    return [path for path in sorted(db.home().rglob("*")) if path.is_file() and not path.name.startswith("office.db")]


def _put(kept: _Kept) -> None:
    for place, was, content in kept.papers:
        path = db.home() / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(was.st_mode)
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))  # what is read once for each state of a file is read once
    if kept.file:
        db.close()
        _file().write_bytes(kept.file)
        return
    with db.engine().begin() as connection:
        # No trigger looks at rows that it has looked at when they were first written.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for name, rows in kept.rows.items():
            with _cursor(connection).copy(f'COPY "{name}" FROM STDIN') as copy:
                copy.write(rows)
        for name, last in kept.sequences.items():
            connection.execute(sa.select(sa.func.setval(name, last)))


def _file() -> Path:
    return Path(db.engine().url.database or "")


def _cursor(connection: sa.Connection) -> psycopg.Cursor[Any]:
    cursor: psycopg.Cursor[Any] = connection.connection.cursor()
    return cursor
