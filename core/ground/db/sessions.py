"""Sessions (数据库会话): the engine; `transaction()` to write, `reading()` for a read-only snapshot."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import hashlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground.access import Refused
from core.ground.db import owed, sickness
from core.ground.db.place import as_it_lies, home_path, open_as_it_lies, url
from core.ground.deeds import with_nul


def engine() -> sa.Engine:
    """The engine for the database in use; one for each URL and process."""
    return _engine(url(), os.environ.get("CE_POOL_SIZE", ""))


def close() -> None:
    """Leave every database this process was in; the next question opens it anew."""
    for made in _made:
        made.dispose()


def checkpoint() -> bool:
    """Fold SQLite's write-ahead log into the file (检查点), where nobody is using it just now; whether that was done.

    For quiet moments: it waits for nobody and nobody waits for it. On PostgreSQL the server does so by itself.
    """
    if engine().dialect.name != "sqlite":
        return True
    with contextlib.closing(engine().raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute("PRAGMA busy_timeout=30000")
    return not busy


_made: weakref.WeakSet[sa.Engine] = weakref.WeakSet()


@functools.lru_cache(maxsize=4)
def _engine(address: str, pool_size: str) -> sa.Engine:
    """The engine and its connection pool: 10 connections and 30 more at need, or exactly CE_POOL_SIZE of them.

    With a size given, a question that finds no connection free within ten seconds is an error.
    """
    pool = {"pool_size": 10, "max_overflow": 30}
    if pool_size:
        pool = {"pool_size": int(pool_size), "max_overflow": 0, "pool_timeout": 10}
    return made_for(address, **pool)


def made_for(address: str, **pool: Any) -> sa.Engine:
    """An engine for a database, with all that holds of every one."""
    made = sa.create_engine(
        address,
        pool_pre_ping=not address.startswith("sqlite"),
        hide_parameters=True,  # what was asked for never stands in a log, nor in an error's words
        **pool,
    )
    _made.add(made)
    sa.event.listen(made, "before_cursor_execute", _without_nul, retval=True)
    sa.event.listen(made, "begin", _nothing_done)
    sa.event.listen(made, "handle_error", _without_values)
    if made.dialect.name == "sqlite":
        sa.event.listen(made, "do_connect", open_as_it_lies)
        sa.event.listen(made, "connect", _sqlite_connect)
        sa.event.listen(made, "begin", _sqlite_begin)
        sa.event.listen(made, "checkin", _put_away)
    return made


def _without_values(error: sa.engine.ExceptionContext) -> None:
    told, known = error.original_exception, error.sqlalchemy_exception
    if isinstance(known, sa.exc.DBAPIError):
        kind = type(told)
        known.args = (f"({kind.__module__}.{kind.__name__}) {unquoted(told)}",)


def unquoted(told: BaseException) -> str:
    """Take out of a driver's error whatever it quotes of what was to be kept (不入日志), and answer what is left.

    PostgreSQL quotes the row that it refuses below the first line, and what is no number or no day in that one too.
    """
    state = getattr(told, "sqlstate", None) or ""
    said = f"SQLSTATE {state}" if state.startswith("22") else str(told).partition("\n")[0]
    told.args = (said,)
    return said


_AS_IT_LIES = "opened where it cannot be written"


def _sqlite_connect(connection: Any, record: Any) -> None:
    (_, _, file), *_ = connection.execute("PRAGMA database_list").fetchall()
    record.info[_AS_IT_LIES] = bool(file) and bool(as_it_lies(Path(file)))
    connection.isolation_level = None  # the driver must not begin for us: we say IMMEDIATE or DEFERRED ourselves
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "synchronous=NORMAL",
        "cache_size=-32000",
        "wal_autocheckpoint=250",  # a megabyte: what is not in the file itself yet stays little
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA recursive_triggers=ON")  # or INSERT OR REPLACE would pass the append-only guards


def _sqlite_begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options.get("ce_reads"):  # neither can fail, and each page begins so
        begun: Any = connection.connection.driver_connection
        begun.execute("PRAGMA query_only=ON")
        begun.execute("BEGIN")
        connection.info.pop(owed.OWED, None)
        return
    if options.get("ce_rebuilds"):
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("PRAGMA query_only=OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    connection.info[owed.OWED] = owed.tables(connection.connection.cursor())
    if _door.shut_to_us():  # a restore began meanwhile; it waits for write transactions only
        connection.exec_driver_sql("ROLLBACK")
        raise Refused("sick", sickness.RESTORING)


BESIDE = "tables that this connection alone sees"
"""Where a connection's `info` keeps their names, until it goes back among the others."""


def _put_away(connection: Any, record: Any) -> None:
    """What a transaction laid down beside the database ends with it, whichever way: another place for all of it."""
    if record.info.pop(BESIDE, None) and connection is not None:
        connection.execute("PRAGMA temp_store=DEFAULT")
    if record.info.get(_AS_IT_LIES):  # the next one may find that it can be written again
        record.invalidate()


_UNLOCKED = "others may write"


def others_may_write(connection: sa.Connection) -> bool:
    """Whether this connection is in an `unlocked` block."""
    return bool(connection.info.get(_UNLOCKED))


_DONE = "something was written or locked in this transaction"


def _nothing_done(connection: sa.Connection) -> None:
    connection.info[_DONE] = False


def done_something(connection: sa.Connection) -> None:
    """Note that a transaction has written or locked something: `unlocked` is for before that."""
    connection.info[_DONE] = True


def have_whole(connection: sa.Connection, statement: str) -> None:
    """Have what is owed written first (先补齐), where a statement of a transaction that may write asks for it.

    While it is `unlocked` that is done part by part, else at once. It is none of the transaction's own doing:
    `unlocked` may still follow, and commits it.
    """
    if not (names := owed.asked_for(connection, statement)):
        return
    cursor = connection.connection.cursor()
    with _driver_told():
        if not connection.info.get(_UNLOCKED):
            owed.write_all(cursor, names)
            return
        cursor.execute("PRAGMA query_only=OFF")
        _settle(cursor, names)
        cursor.execute("PRAGMA query_only=ON")


@contextlib.contextmanager
def _driver_told() -> Iterator[None]:
    """`sickness.told` of a raw connection of SQLite. Refused codes: "sick"."""
    try:
        yield
    except sqlite3.Error as error:
        if words := sickness.sickness(error):
            raise Refused("sick", words) from error
        raise


def _holds(statement: str, context: Any) -> bool:
    """Whether a statement writes, or locks a row for what is to be written (SQLite has no words for that)."""
    if context.isinsert or context.isupdate or context.isdelete:
        return True
    asked = getattr(context.compiled, "statement", None)
    return getattr(asked, "_for_update_arg", None) is not None or statement[:6].upper() in _WRITES


_WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE", "DROP T", "ALTER ")


def _without_nul(
    connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool
) -> tuple[str, Any]:
    """No text holds a NUL, which PostgreSQL cannot keep: a question is asked without it, a change is refused.

    Nobody types one; it comes with a made-up address or a damaged paste. It is not dropped from what is kept, since
    a digest may have been taken over it already. Refused codes: "characters".
    """
    if _holds(statement, context):
        done_something(connection)
    have_whole(connection, statement)
    if not _holds_nul(parameters):
        return statement, parameters
    if context.isinsert or context.isupdate:
        raise with_nul()
    return statement, _stripped(parameters)


def _holds_nul(given: Any) -> bool:
    match given:
        case str():
            return "\x00" in given
        case dict():
            return any(map(_holds_nul, given.values()))
        case list() | tuple():
            return any(map(_holds_nul, given))
    return False


def _stripped(given: Any) -> Any:
    match given:
        case str():
            return given.replace("\x00", "")
        case dict():
            return {name: _stripped(value) for name, value in given.items()}
        case list() | tuple():
            return type(given)(map(_stripped, given))
    return given


@sa.event.listens_for(Session, "before_flush")
def _as_declared(session: Session, _context: Any, _instances: Any) -> None:
    """What is kept is what its column says, in type and length (种类和长度), so that it comes back as it was trailed.

    SQLite would keep anything, or make something else of it; PostgreSQL would end the deed without words. Refused
    codes: "type", "length", with the column's name as the field.
    """
    for each in (*session.new, *session.dirty):
        model: Any = type(each)
        for name, kind, longest in _declared(model):
            value = each.__dict__.get(name)
            if value is None or hasattr(value, "__clause_element__") or isinstance(value, sa.ClauseElement):
                continue
            if not isinstance(value, kind) or (type(value) is not kind and kind in (int, date)):
                raise Refused("type", f"填写的内容种类不对（{name}），没有保存。请重新填写。", {name: "请重新填写"})
            if isinstance(value, str) and 0 < longest < len(value):
                words = f"填写了{len(value)}个字，最多{longest}个字，请缩短"
                raise Refused("length", f"{words}：{value[:20]}……", {name: words})


@functools.cache
def _declared(model: Any) -> list[tuple[str, type, int]]:
    """The plain attributes of a record: the type each is of, and how long a text may be (0: it has no such limit)."""
    mapper: sa.orm.Mapper[Any] = sa.inspect(model)
    found: list[tuple[str, type, int]] = []
    for attribute in mapper.column_attrs:
        match kind := attribute.columns[0].type:
            case sa.Enum():
                found.append((attribute.key, kind.enum_class or str, 0))
            case sa.String():
                found.append((attribute.key, str, kind.length or 0))
            case sa.Boolean() | sa.Integer() | sa.Date():
                found.append((attribute.key, kind.python_type, 0))
    return found


_open: contextvars.ContextVar[str] = contextvars.ContextVar("ce_open_session", default="")
"""What is open in this thread: "transaction()", "reading()" or nothing."""
_at_hand: contextvars.ContextVar[Session | None] = contextvars.ContextVar("ce_session_at_hand", default=None)
"""The session that may write, in this thread."""


@contextlib.contextmanager
def _one_at_a_time(kind: str) -> Iterator[None]:
    """Refuse a session inside a session (nested connections): RuntimeError, a bug.

    Two connections held by one thread are a deadlock: of a full pool all wait for the second one, and a transaction
    waits for the lock of the one it stands in. What is needed inside a block is asked of the session
    at hand.
    """
    if held := _open.get():
        raise RuntimeError(f"{kind} inside {held}: ask the session at hand, or close it first")
    _door.enter()
    _open.set(kind)
    try:
        with sickness.told():
            yield
    finally:
        _open.set("")
        _door.leave()


@contextlib.contextmanager
def _in_hand(session: Session) -> Iterator[None]:
    """Know a session that may write as the one at hand."""
    before = _at_hand.set(session)
    try:
        yield
    finally:
        _at_hand.reset(before)


class _Door:
    """How many threads of this process are in the database, and whether one has it to itself, here or elsewhere.

    For other processes a file is locked, as SQLite locks one: a kill frees it.
    """

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._inside = 0
        self._alone: threading.Thread | None = None

    def enter(self) -> None:
        with self._moved:
            if self.shut_to_us():
                raise Refused("sick", sickness.RESTORING)
            self._inside += 1

    def leave(self) -> None:
        with self._moved:
            self._inside -= 1
            self._moved.notify_all()

    def shut_to_us(self) -> bool:
        """Whether somebody else has the database to himself: another thread, another process."""
        if self._alone is not None:
            return self._alone is not threading.current_thread()
        if not os.path.exists(told := _shut_file()):  # noqa: PTH110  asked at each question
            return False
        try:
            with contextlib.closing(sqlite3.connect(f"file:{told}?mode=ro", uri=True, timeout=0)) as asked:
                asked.execute("SELECT 1 FROM sqlite_master").fetchall()
        except sqlite3.OperationalError:
            return os.path.exists(told)  # noqa: PTH110
        return False

    @contextlib.contextmanager
    def shut(self, wait: float) -> Iterator[None]:
        with self._moved:
            if self._alone or self.shut_to_us():
                raise Refused("sick", sickness.RESTORING)
            self._alone = threading.current_thread()
        told = Path(_shut_file())
        try:
            with contextlib.closing(_locked(told)):
                with self._moved:
                    if not self._moved.wait_for(lambda: not self._inside, wait):
                        raise Refused("sick", sickness.BUSY)
                yield
        finally:
            with contextlib.suppress(OSError):  # another is just looking
                told.unlink()
            with self._moved:
                self._alone = None


def _locked(place: Path) -> sqlite3.Connection:
    """A file that is locked until this is closed, or its process killed. Refused codes: "sick"."""
    held: sqlite3.Connection | None = None
    try:
        held = sqlite3.connect(place, isolation_level=None, timeout=0)
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if held:
            held.close()
        words = sickness.sickness(error) or sickness.READ_ONLY
        raise Refused("sick", sickness.RESTORING if words == sickness.BUSY else words) from error
    return held


def _shut_file() -> str:
    """What is locked while one process has the database to itself."""
    return f"{home_path()}/.restoring"


_door = _Door()


def alone(*, wait: float = 30.0) -> contextlib.AbstractContextManager[None]:
    """Have the database to oneself (独占): others, of any process, are refused until this ends.

    Those of this process who are inside are waited for; for writers of others `put_back` waits. For putting another
    database in its place. Refused codes: "sick" (somebody stays longer than `wait` seconds).
    """
    return _door.shut(wait)


@contextlib.contextmanager
def transaction() -> Iterator[Session]:
    """Transaction (事务): everything in the block is committed together, or nothing is. The only place that commits.

    Refused codes: "sick" (of this and of `reading` and `rehearsal`: a full disk, a damaged database, one that is away).

    RuntimeError inside another `transaction()` or `reading()` of the same thread.
    """
    staged: list[int] = []
    info = {STAGED: staged} if engine().dialect.name == "sqlite" else {}
    try:
        with (
            _one_at_a_time("transaction()"),
            Session(engine(), expire_on_commit=False, info=info) as session,
            _in_hand(session),
            session.begin(),
        ):
            yield session
            finish(session)
    finally:
        if staged:
            time.sleep(_LET_IN)
            with contextlib.suppress(Exception):  # what is done is done; the next round tries it, and says why not
                settle(staged)


STAGED = "what this session laid down, to be owed"
"""Where a session's `info` keeps the numbers."""
_LET_IN = 0.05
"""Seconds between a deed and its first part: who waited for the deed looks again after as long, as SQLite has it."""
_PAUSE = 0.005
"""Minimum seconds for which the write lock is free between two parts; after a longer part it is free for as long."""


def settle(staged: Sequence[int] = ()) -> None:
    """Write what deeds owe (补写), a part at a time, each a short transaction; others come between. Idempotent.

    After the deed itself, and wherever a process begins or makes its rounds: a kill leaves some to the next. What was
    laid down for a deed that was never done is struck out: of these numbers, or of a process that is gone for an hour.
    Refused codes: "sick".
    """
    if engine().dialect.name != "sqlite":
        return
    with (
        _one_at_a_time("settle()"),
        contextlib.closing(engine().raw_connection()) as connection,
        _driver_told(),
    ):
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only=OFF")
        _settle(cursor)
        while lost := owed.lost(cursor, staged):
            with for_a_moment(cursor):
                owed.forget(cursor, lost)


def _settle(cursor: Any, names: frozenset[str] | None = None) -> None:
    """`settle` of these tables, or of all, on a connection that is in no transaction."""
    while found := owed.first(cursor, names):  # its pieces are opened before the lock
        with for_a_moment(cursor):
            owed.write_one(cursor, *found)


@contextlib.contextmanager
def for_a_moment(cursor: Any) -> Iterator[None]:
    """A short transaction among several (短事务) on a raw connection of SQLite; others come between."""
    cursor.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    try:
        if _door.shut_to_us():
            raise Refused("sick", sickness.RESTORING)
        yield
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")
    time.sleep(max(_PAUSE, time.monotonic() - began))


def owing(session: Session) -> int:
    """How many parts are still owed (尚欠几份), by which what is read meanwhile is known not to be the last word.

    None in a transaction that may write: they are written first.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return 0
    have_whole(connection, " ".join(connection.info.get(owed.OWED, ())))
    return owed.left(connection.connection.cursor())


def remembered() -> dict[Any, Any]:
    """What the deed at hand knows and may need again (本次办理已知的); empty, and forgotten, outside of one."""
    session = _at_hand.get()
    return {} if session is None else session.info


_alone: contextvars.ContextVar[bool] = contextvars.ContextVar("ce_alone", default=False)


@contextlib.contextmanager
def nobody_waits() -> Iterator[None]:
    """An office that is only being made (建立演示): nobody else is in it, so files are read under its one lock."""
    before = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(before)


@contextlib.contextmanager
def unlocked(*, if_possible: bool = False) -> Iterator[bool]:
    """Let others write meanwhile (不占写锁): what takes long, a file to be read above all, is done in such a block.

    It stands at the beginning of a deed, before anything is written or locked: others may have changed anything when it
    is over, so what is to hold is asked again afterwards, under the lock. Outside a transaction it does nothing.
    RuntimeError, a bug, where something was written or locked already: nobody reads a file while others wait for that.
    `if_possible`: then it is done under the lock instead; what only reckons may stand in a deed of many. Answers
    whether others may write, so that what is only to spare them may be left out.
    """
    session = _at_hand.get()
    if session is None:
        yield True
        return
    connection = session.connection()
    if connection.info.get(_UNLOCKED):
        yield True
        return
    if connection.info.get(_DONE) or session.new or session.dirty or session.deleted or session.in_nested_transaction():
        if if_possible or _alone.get():
            yield False
            return
        raise RuntimeError("something is written or locked already: read the file, or reckon, before that")
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("COMMIT")  # of nothing: only the lock goes, and the snapshot
    if sqlite:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    connection.info[_UNLOCKED] = True
    try:
        yield True
    finally:
        connection.info[_UNLOCKED] = False
        if sqlite:
            _sqlite_begin(connection)
        else:
            connection.exec_driver_sql("COMMIT")  # the driver begins anew with the next statement
        session.expire_all()


@contextlib.contextmanager
def rehearsal() -> Iterator[Session]:
    """Rehearsal (预演): a transaction in which a deed is done to see what it leads to; nothing of it is ever kept.

    No line of the trail is written. SQLite's one write lock, or a lock the deed takes, is held until the block ends, so
    ask nothing else in it. RuntimeError inside another block of the same thread.
    """
    with _one_at_a_time("rehearsal()"), Session(engine(), expire_on_commit=False) as session, _in_hand(session):
        yield session  # closed without a commit


@contextlib.contextmanager
def rehearsal_elsewhere(address: str) -> Iterator[Session]:
    """A rehearsal in another database (另处预演), which may stand inside a transaction that is `unlocked`."""
    source = made_for(address, poolclass=sa.NullPool)
    kind, hand = _open.set("rehearsal()"), _at_hand.set(None)
    try:
        with Session(source, expire_on_commit=False) as session:
            yield session
    finally:
        _at_hand.reset(hand)
        _open.reset(kind)
        source.dispose()


@contextlib.contextmanager
def rehearsed(session: Session) -> Iterator[None]:
    """Undo whatever is done in the block, in a transaction that goes on: a savepoint that is always rolled back."""
    kept = list(session.info.get(_LAST, ()))
    savepoint = session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        session.info[_LAST] = kept


_LAST = "the last things of a transaction"


def at_the_end(session: Session, deed: Callable[[Session], None]) -> None:
    """Have something done as the last thing of a transaction, before it commits: what takes a lock that all share."""
    session.info.setdefault(_LAST, []).append(deed)


def finish(session: Session) -> None:
    """Do what was left for the end of the transaction, in its order; `transaction()` does."""
    for deed in session.info.pop(_LAST, ()):
        deed(session)


@contextlib.contextmanager
def reading() -> Iterator[Session]:
    """Read-only snapshot (只读快照): one consistent moment; the database itself refuses a write. Blocks nobody.

    RuntimeError inside another `transaction()` or `reading()` of the same thread.
    """
    with sickness.told():
        source = engine()
    with _one_at_a_time("reading()"), Session(_only_read(source), autoflush=False, info={_ASKED: {}}) as session:
        yield session


@functools.lru_cache(maxsize=4)
def _only_read(source: sa.Engine) -> sa.Engine:
    """The engine as snapshots are read through it; putting it together anew takes as long as a question."""
    if source.dialect.name == "sqlite":
        return source.execution_options(ce_reads=True)
    return source.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def plain(session: Session, question: sa.Select[*Columns], **given: Any) -> sa.Result[*Columns]:
    """Ask a question of tables and columns (纯表查询), not of models, put together once with `sa.bindparam`.

    For what every page asks: SQLAlchemy's part of a question of models takes five times as long as its answer.
    """
    if session.autoflush:
        session.flush()
    return session.connection().execute(question, given)


Answer = TypeVar("Answer")
Columns = TypeVarTuple("Columns")
_ASKED = "asked of this snapshot"


def asked_once(session: Session, what: Hashable, ask: Callable[[], Answer]) -> Answer:
    """An answer of a read-only snapshot (快照), which does not change: asked once for all of it.

    In a transaction, where anything may have changed since, it is asked each time.
    """
    answers: dict[Hashable, Any] | None = session.info.get(_ASKED)
    if answers is None:
        return ask()
    if what not in answers:
        answers[what] = ask()
    answer: Answer = answers[what]
    return answer


def lock(session: Session, name: str) -> None:
    """Advisory lock (互斥锁): other transactions that ask for the same name wait for this one to end.

    SQLite has one writer at a time already; PostgreSQL takes an advisory lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
    done_something(session.connection())
