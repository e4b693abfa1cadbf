"""A whole copy of the database while it is in use (联机备份), and putting one in its place.

SQLite copies itself page by page (its online backup), PostgreSQL by its own `pg_dump`, `pg_restore` and `psql`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Refused
from core.ground.db import sickness
from core.ground.db.place import as_it_lies, home, url, writable
from core.ground.db.sessions import close, owing, reading, rehearsal, rehearsal_elsewhere, settle


def dialect() -> str:
    """Which database is in use: "sqlite" or "postgresql"."""
    return sa.make_url(url()).get_backend_name()


def is_there() -> bool:
    """Whether there is a database to be asked (数据库文件); a question to SQLite would make an empty file."""
    if dialect() != "sqlite":
        return True
    place = _sqlite_file()
    return place.exists() and place.stat().st_size > 0


def dump(target: Path) -> None:
    """Copy the database in use, of one moment, into a new file; nobody waits. Refused codes: "tools", "backup"."""
    if dialect() == "sqlite":
        _copied(_sqlite_file(), target)
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def size() -> int:
    """How many bytes a copy of the database has at the most (数据库大小)."""
    if dialect() == "sqlite":
        place = _sqlite_file()
        return sum(each.stat().st_size for each in (place, place.with_name(f"{place.name}-wal")) if each.exists())
    with reading() as session:
        return int(session.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)


def dumped() -> bytes:
    """As `dump`, in memory: for where no disk has room. Refused codes: "tools", "backup", "sick"."""
    if dialect() != "sqlite":
        return _run("pg_dump", *"--format=custom --no-owner --no-privileges".split())
    try:
        with _sqlite(_sqlite_file()) as here:
            here.execute("BEGIN")
            (said,) = here.execute("PRAGMA quick_check").fetchone()
            content = bytearray(here.serialize())
    except sqlite3.Error as error:
        raise _unread(_sqlite_file(), error) from error
    if said != "ok":
        raise Refused("backup", f"数据库文件 {_sqlite_file()} 已损坏：{said} (the database is damaged)")
    content[18:20] = b"\x01\x01"  # a file by itself: what is in its log is in it
    return bytes(content)


def put_back(source: Path) -> None:
    """Put a copy in the place of the database in use (还原数据库) in one transaction: all or nothing, kills included.

    Whoever has it open sees the copy from the next question on, other processes too. On PostgreSQL the former schema
    makes way as a whole, since a newer one has tables that an older copy knows nothing of. Refused codes: "tools",
    "backup", "sick" (somebody writes for longer than a minute).
    """
    close()
    if dialect() == "sqlite":
        _sound(source)
        with _sqlite(source) as here, contextlib.closing(sqlite3.connect(_sqlite_file(), timeout=30)) as there:
            here.backup(there, progress=_patient(60), sleep=0.05)
        return
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=home()) as folder:
        script = Path(folder) / "script.sql"
        _run(
            "pg_restore",
            *"--schema=public --no-owner --no-privileges".split(),
            f"--file={script}",
            str(source),
            connected=False,
        )
        ask = "--no-psqlrc --quiet --single-transaction --set=ON_ERROR_STOP=1 --set=VERBOSITY=verbose".split()
        former = [f"--command={each}" for each in ("ALTER SCHEMA public RENAME TO ce_former", "CREATE SCHEMA public")]
        _run("psql", *ask, *former, f"--file={script}", "--command=DROP SCHEMA ce_former CASCADE")


def _patient(seconds: float) -> Callable[[int, int, int], None]:
    """How long a copy waits for others to have written: SQLite's own would wait for ever."""
    until = time.monotonic() + seconds

    def waiting(_status: int, _left: int, _of: int) -> None:
        if time.monotonic() > until:
            raise Refused("sick", sickness.BUSY)

    return waiting


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[str]:
    """An empty database beside the one in use (演练用的空库), as its `DATABASE_URL`; gone afterwards.

    Refused codes: "scratch" (PostgreSQL: the user may not create databases).
    """
    if dialect() == "sqlite":
        yield f"sqlite:///{folder / 'office.db'}"
        return
    here = sa.make_url(url())
    name = f"ce_drill_{os.getpid()}"
    server = sa.create_engine(here, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
    except sa.exc.DBAPIError as error:
        raise Refused(
            "scratch",
            "数据库用户没有建库的权限，不能演练恢复：请数据库管理员授予 CREATEDB。(no right to create a database)",
        ) from error
    try:
        yield here.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def rehearsal_on_a_copy() -> Iterator[Session]:
    """Rehearsal of a large deed (大件预演): on SQLite in a copy of this moment, so that nobody waits for its one lock.

    Of a database of 100 MB the copy takes a third of a second. PostgreSQL needs none, it lets others write meanwhile.
    May stand inside a transaction that is `unlocked`.
    """
    if dialect() != "sqlite":
        with rehearsal() as session:
            yield session
        return
    with tempfile.TemporaryDirectory(prefix=_REHEARSING, dir=home() if writable() else None) as folder:
        for left in home().glob(f"{_REHEARSING}*"):  # by a process that was killed an hour ago
            if Path(folder).stat().st_mtime - left.stat().st_mtime > 3600:
                shutil.rmtree(left, ignore_errors=True)
        place = Path(folder) / "office.db"
        with (
            _sqlite(_sqlite_file()) as here,
            contextlib.closing(sqlite3.connect(place)) as there,
        ):
            here.backup(there)
        with rehearsal_elsewhere(f"sqlite:///{place}") as session:
            yield session


_REHEARSING = ".rehearsal-"


@contextlib.contextmanager
def reading_whole() -> Iterator[Session]:
    """`reading` of an office in which nothing is half there (完整快照): what deeds still owe is written first.

    Where it cannot be written, as in a folder that can only be read, in a copy. For what is held against one another
    row by row, and for files that leave; a page may be a second behind. Refused codes: "sick".
    """
    with reading() as session:
        if not owing(session):
            yield session
            return
    with contextlib.suppress(Refused):
        settle()
    with reading() as session:
        left = owing(session)
    with rehearsal_on_a_copy() if left else reading() as session:
        yield session


def _sqlite_file() -> Path:
    place = sa.make_url(url()).database
    if not place:
        raise Refused("backup", "内存中的数据库不能备份。")
    return Path(place)


def _sqlite(place: Path) -> contextlib.closing[sqlite3.Connection]:
    """A connection that only reads, to a file that is there."""
    return contextlib.closing(sqlite3.connect(f"file:{place}?{as_it_lies(place) or 'mode=ro'}", uri=True))


def _copied(source: Path, target: Path) -> None:
    """SQLite's online backup: in one step, so that it is of one moment even while others write (WAL)."""
    try:
        with _sqlite(source) as here, contextlib.closing(sqlite3.connect(target)) as there:
            here.backup(there)
    except sqlite3.Error as error:
        raise _unread(source, error) from error
    _sound(target, source)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _unread(source: Path, error: sqlite3.Error) -> Refused:
    if (words := sickness.sickness(error)) and words != sickness.DAMAGED:
        return Refused("sick", words)
    return Refused("backup", f"数据库文件 {source} 读不出来：{error} (the database cannot be copied)")


def _sound(place: Path, of: Path | None = None) -> None:
    """Refuse a copy that is damaged. Refused codes: "backup"."""
    try:
        with contextlib.closing(sqlite3.connect(place)) as copy:
            (said,) = copy.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise Refused("backup", f"数据库文件 {of or place} 已损坏：{said} (the database is damaged)")


def _run(program: str, *arguments: str, connected: bool = True) -> bytes:
    """What one of PostgreSQL's own programs says, on the database in use; the password goes by the environment."""
    found = shutil.which(program, path=os.environ.get("CE_PG_BIN") or os.environ.get("PATH"))
    if not found:
        raise Refused(
            "tools",
            f"找不到 {program}：请安装与数据库同版本的 postgresql-client，或用 CE_PG_BIN 指明所在的文件夹。"
            f"({program} is needed)",
        )
    here = sa.make_url(url())
    place = here.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, **({"PGPASSWORD": here.password} if here.password else {})}
    to = [f"--dbname={place}"] if connected else []
    done = subprocess.run([found, *to, *arguments], env=environment, capture_output=True)
    told = done.stderr.decode(errors="replace")
    if " 42501:" in told:  # insufficient privilege
        raise Refused(
            "backup", "数据库用户须是这个数据库的所有者，才能恢复：请数据库管理员办理。(only the database's owner can)"
        )
    if done.returncode:
        last = " ".join(told.splitlines()[-1:])
        raise Refused("backup", f"{program} 没有完成：{last}")
    return done.stdout
