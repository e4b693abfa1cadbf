"""The ground: one engine, one way to commit, column types, append-only guards. No table and no rule lives here."""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import hmac
import itertools
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session

from core.access import Refused

ROOT = Path(__file__).resolve().parent.parent
OFFICE_ZONE = timezone(timedelta(hours=8), "UTC+8")
"""Days are counted in China Standard Time, which has had no summer time since 1991."""


def office_day(moment: datetime) -> date:
    """The calendar day at the office for an aware moment."""
    return moment.astimezone(OFFICE_ZONE).date()


def home() -> Path:
    """Where everything lives that is not code: database, keys, attachments (`CE_HOME`)."""
    path = _home()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _home() -> Path:
    return Path(os.environ.get("CE_HOME") or ROOT / "data" / "local")


def url() -> str:
    """The database in use: `DATABASE_URL`, or SQLite in `CE_HOME`."""
    given = os.environ.get("DATABASE_URL")
    if not given:
        return f"sqlite:///{home() / 'office.db'}"
    for scheme in ("postgres://", "postgresql://"):
        if given.startswith(scheme):
            return "postgresql+psycopg://" + given.removeprefix(scheme)
    return given


# --- keys -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    """What is derived from the office's one secret (HKDF, RFC 5869): a key for each purpose."""

    text: bytes
    index: bytes
    files: bytes
    signature: bytes


def keys() -> Keys:
    """The office's keys, from `CE_HOME/secret.key`; made on first use, readable by the owner only.

    Whoever loses this file loses every ID number and attachment: it belongs in the backup, apart from the database.
    """
    path = _secret_path(os.environ.get("CE_HOME"))
    try:
        changed = path.stat().st_mtime_ns  # asked for each encrypted value: no more than this one call to the disk
    except FileNotFoundError:
        _make_secret(home() / path.name)
        changed = path.stat().st_mtime_ns
    return _derive(_read_secret(path, changed))


@functools.lru_cache(maxsize=8)
def _secret_path(_home_given: str | None) -> Path:
    return _home() / "secret.key"


def has_keys() -> bool:
    """Whether there is an office's secret here; asking makes none."""
    return _secret_path(os.environ.get("CE_HOME")).exists()


def _make_secret(path: Path) -> None:
    """Put a new secret in place whole, or leave the one that another process was faster to put there."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    with contextlib.suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()


@functools.lru_cache(maxsize=8)
def _read_secret(path: Path, _changed: int) -> bytes:
    text = path.read_text(encoding="ascii").strip()
    if len(text) != 64:
        raise RuntimeError(f"{path} is not an office key: 64 hexadecimal digits expected")
    return bytes.fromhex(text)


@functools.lru_cache(maxsize=8)
def _derive(secret: bytes) -> Keys:
    def key(purpose: str) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"ce/{purpose}".encode()).derive(secret)

    return Keys(text=key("text"), index=key("index"), files=key("files"), signature=key("signature"))


def seal(plain: bytes, *, key: bytes, purpose: str) -> bytes:
    """AES-256-GCM: a random 12-byte nonce, then the ciphertext bound to its purpose."""
    return next(seal_each([plain], key=key, purpose=purpose))


def seal_each(plains: Sequence[bytes], *, key: bytes, purpose: str) -> Iterator[bytes]:
    """`seal` of each of many, their nonces drawn in one go."""
    cipher, bound_to = _cipher(key), purpose.encode()
    nonces = secrets.token_bytes(12 * len(plains))
    for at, plain in enumerate(plains):
        nonce = nonces[12 * at : 12 * at + 12]
        yield nonce + cipher.encrypt(nonce, plain, bound_to)


def unseal(sealed: bytes, *, key: bytes, purpose: str) -> bytes:
    """The inverse of `seal`; raises InvalidTag where the bytes or the purpose were changed."""
    return _cipher(key).decrypt(sealed[:12], sealed[12:], purpose.encode())


_cipher = functools.lru_cache(maxsize=8)(AESGCM)


def blind_index(text: str) -> bytes:
    """A keyed digest (HMAC-SHA256) by which an encrypted value is found without being readable."""
    return next(blind_indexes([text]))


def blind_indexes(texts: Iterable[str]) -> Iterator[bytes]:
    """`blind_index` of each of many texts, with one look at the key."""
    keyed = hmac.new(keys().index, digestmod=hashlib.sha256)
    for text in texts:
        one = keyed.copy()
        one.update(text.encode())
        yield one.digest()


# --- column types ---------------------------------------------------------------------------------------------------


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware moment, kept in UTC. A naive one is a bug and raises ValueError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs its time zone: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Hours(sa.types.TypeDecorator[Decimal]):
    """Credit hours, exact to a hundredth; kept as whole hundredths, since SQLite has no decimal type."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else hundredths(Decimal(value))

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


def hundredths(hours: Decimal) -> int:
    """Hours as whole hundredths; ValueError where that would lose something."""
    scaled = hours * 100
    if scaled != int(scaled):
        raise ValueError(f"hours finer than a hundredth: {hours}")
    return int(scaled)


class Years(sa.types.TypeDecorator[tuple[int, ...]]):
    """Calendar years in order, kept as 2022;2023."""

    impl = sa.String(60)
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else ";".join(str(year) for year in sorted(set(value)))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> tuple[int, ...] | None:
        return None if value is None else tuple(int(year) for year in value.split(";") if year)


class EncryptedText(sa.types.TypeDecorator[str]):
    """Text that a stolen database does not show: AES-GCM under the office's key, bound to its column's purpose."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else seal(value.encode(), key=keys().text, purpose=self.purpose)

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else unseal(bytes(value), key=keys().text, purpose=self.purpose).decode()

    def opened(self, values: Iterable[bytes]) -> Iterator[str]:
        """The inverse of `sealed`."""
        key = keys().text
        return (unseal(bytes(value), key=key, purpose=self.purpose).decode() for value in values)

    def sealed(self, values: Iterable[str]) -> Iterator[bytes]:
        """Many values as they are kept, with one look at the key."""
        return seal_each([value.encode() for value in values], key=keys().text, purpose=self.purpose)


def as_kept(column: Any) -> sa.ColumnElement[Any]:
    """A column as the database has it, whatever somebody put there that its type would refuse to read."""
    return sa.type_coerce(column, sa.types.NULLTYPE)


def moment_text(kept: Any) -> Any:
    """A moment in its one spelling, from a moment or from what SQLite keeps; what is none stays what it is."""
    with contextlib.suppress(ValueError):
        kept = datetime.fromisoformat(kept).replace(tzinfo=UTC) if isinstance(kept, str) else kept
    return kept.astimezone(UTC).isoformat() if isinstance(kept, datetime) else kept


def canonical(value: Any) -> str:
    """JSON with one spelling for each value, so that equal contents have equal digests."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def canonical_rows(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """`canonical` of each row of some columns of plain values.

    A column is encoded in one go and taken apart at the line breaks, which JSON never has inside a value.
    """
    encoder = json.JSONEncoder(ensure_ascii=False, separators=("\n", ":"), default=str)
    row, encoded = [], []
    for name in sorted(columns):
        row.append(canonical(name).replace("%", "%%") + ":%s")
        encoded.append(encoder.encode(columns[name])[1:-1].split("\n") if columns[name] else [])
    whole = "{" + ",".join(row) + "}"
    return [whole % cells for cells in zip(*encoded, strict=True)]


# --- many rows at once ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def in_bulk() -> Iterator[None]:
    """Make some hundred thousand small things without Python looking for cycles among them again and again.

    That search takes a third of the time and finds nothing. It is one for the whole process: whoever else works
    meanwhile does without it as well, and nobody is the worse for a second of that.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def integers(session: Session, query: sa.Select[Any]) -> NDArray[np.int64]:
    """The rows of a query of whole numbers (no NULLs) as an array of its columns (K x N), in no particular order.

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


def insert(session: Session, model: type[DeclarativeBase], columns: Mapping[str, Any]) -> None:
    """Add many rows to a table, given by column: a list has a value for each row, anything else stands in every row.

    What binds a value is looked up once for a column, and no row is made an object: many times as fast as row by row.
    Refused codes: "characters".
    """
    session.flush()
    connection = session.connection()
    table, dialect = model.__table__, connection.dialect
    assert isinstance(table, sa.Table)
    (count,) = {len(given) for given in columns.values() if isinstance(given, list)}
    if not count:
        return
    defaults = {each.name: each.default.arg for each in table.columns if each.default and each.default.is_scalar}
    columns = defaults | dict(columns)
    rows = zip(*(_bound(table.c[name].type, given, dialect) for name, given in columns.items()), strict=False)
    quote = dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(map(quote, columns))})"
    with contextlib.closing(connection.connection.cursor()) as cursor:
        if dialect.name == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            values = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {into} VALUES ({values})", rows)  # type: ignore[arg-type]  # noqa: S608


def _bound(kind: sa.types.TypeEngine[Any], given: Any, dialect: sa.Dialect) -> Iterable[Any]:
    """A column's values as the driver takes them; each different one is bound once, but no two are sealed alike."""
    bound = given if isinstance(given, list) else [given]
    if isinstance(kind, EncryptedText):
        bound = list(kind.sealed(bound))
    elif bind := kind.dialect_impl(dialect).bind_processor(dialect):
        bound = list(map(functools.cache(bind), bound))
    elif isinstance(kind, sa.String) and "\x00" in "".join(filter(None, bound)):
        raise _with_nul()
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


# --- transactions ---------------------------------------------------------------------------------------------------


def engine() -> sa.Engine:
    """The engine for the database in use; one for each URL and process."""
    return _engine(url())


def close() -> None:
    """Leave the database, where this process was in one at all."""
    if _engine.cache_info().currsize:
        engine().dispose()


@functools.lru_cache(maxsize=4)
def _engine(address: str) -> sa.Engine:
    made = sa.create_engine(address, pool_size=10, max_overflow=30, pool_pre_ping=not address.startswith("sqlite"))
    sa.event.listen(made, "before_cursor_execute", _without_nul, retval=True)
    if made.dialect.name == "sqlite":
        sa.event.listen(made, "connect", _sqlite_connect)
        sa.event.listen(made, "begin", _sqlite_begin)
    return made


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin for us: we say IMMEDIATE or DEFERRED ourselves
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "synchronous=NORMAL",
        "cache_size=-32000",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA recursive_triggers=ON")  # or INSERT OR REPLACE would pass the append-only guards


def _sqlite_begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    reads = options.get("ce_reads", False)
    if options.get("ce_rebuilds"):
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _without_nul(
    _connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool
) -> tuple[str, Any]:
    """No text holds a NUL, which PostgreSQL cannot keep: a question is asked without it, a change is refused.

    Nobody types one; it comes with a made-up address or a damaged paste. It is not dropped from what is kept, since
    a digest may have been taken over it already. Refused codes: "characters".
    """
    if not _holds_nul(parameters):
        return statement, parameters
    if context.isinsert or context.isupdate:
        raise _with_nul()
    return statement, _stripped(parameters)


def _with_nul() -> Refused:
    return Refused("characters", "填写的内容中有看不见的控制字符，无法保存。请重新输入这些内容，不要粘贴。")


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


@contextlib.contextmanager
def transaction() -> Iterator[Session]:
    """One deed: everything in the block is committed together, or nothing is. The only place that commits."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


@contextlib.contextmanager
def reading() -> Iterator[Session]:
    """Questions only, over one consistent snapshot; the database itself refuses a write. Blocks nobody."""
    source = engine()
    if source.dialect.name == "sqlite":
        source = source.execution_options(ce_reads=True)
    else:
        source = source.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(source, autoflush=False) as session:
        yield session


def lock(session: Session, name: str) -> None:
    """Make other transactions that ask for the same name wait for this one to end.

    SQLite has one writer at a time already; PostgreSQL takes an advisory lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


# --- schema and guards ----------------------------------------------------------------------------------------------


def upgrade() -> None:
    """Bring the schema to this version of the program; the migrations renew the guards. Safe to call at every start.

    SQLite alters a table by making it anew under the old name, which no foreign key may watch; they are all asked
    after a change. The connection without them does not go back among the others.
    """
    try:
        with engine().execution_options(ce_rebuilds=True).begin() as connection:
            config, before = _alembic(), _revision(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if connection.dialect.name == "sqlite" and _revision(connection) != before:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise RuntimeError(
                        f"the upgrade would leave rows that refer to nothing: {broken[:5]}; nothing changed"
                    )
    finally:
        engine().dispose()


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


_GUARD = " BEGIN RAISE EXCEPTION USING MESSAGE = 'append only: ' || TG_TABLE_NAME; END "
"""PostgreSQL: what the function behind every guard does."""


def append_only(connection: sa.Connection, tables: Iterable[str]) -> None:
    """Guard tables with triggers that refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE.

    May be called repeatedly: a guard that stands is left alone, one that is missing or was altered is made anew.
    """
    dialect = connection.dialect.name
    standing = _standing(connection)
    fallen = {guard: made for guard, made in _guards(dialect, tables).items() if standing.get(guard) != made}
    if fallen and dialect == "postgresql":
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION ce_append_only() RETURNS trigger LANGUAGE plpgsql AS $${_GUARD}$$"
        )
    for (table, name), made in fallen.items():
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if dialect != "sqlite" else ""))
        connection.exec_driver_sql(made)


def _guards(dialect: str, tables: Iterable[str]) -> dict[tuple[str, str], str]:
    """The table and the name of each guard, with the statement that makes it as the database itself repeats it."""
    made = {}
    for table in tables:
        for deed in ("UPDATE", "DELETE") if dialect == "sqlite" else ("UPDATE", "DELETE", "TRUNCATE"):
            name = f"{table}_no_{deed.lower()}"
            statement = f"CREATE TRIGGER {name} BEFORE {deed} ON {table} "
            if dialect == "sqlite":
                statement += f"BEGIN SELECT RAISE(ABORT, 'append only: {table}'); END"
            else:
                statement += "FOR EACH STATEMENT EXECUTE FUNCTION ce_append_only()"
            made[table, name] = statement
    return made


def _standing(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """The triggers that are switched on (PostgreSQL: and call our function, unaltered), in the shape of `_guards`."""
    if connection.dialect.name == "sqlite":
        query = sa.text("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
    else:
        query = sa.text(
            "SELECT relname, tgname, pg_get_triggerdef(pg_trigger.oid, true) FROM pg_trigger "
            "JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid "
            "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND prosrc = :guard "
            "AND relnamespace = current_schema()::regnamespace"
        ).bindparams(guard=_GUARD)
    return {(table, name): made for table, name, made in connection.execute(query)}


def outdated(session: Session) -> str:
    """What the schema needs before this program can read it; nothing where it is of this version."""
    here = _revision(session.connection())
    wanted = ScriptDirectory.from_config(_alembic()).get_current_head()
    if here == wanted:
        return ""
    return f"schema is at {here or 'nothing'}, this program needs {wanted}: run python -m core init"


def faults(session: Session, tables: Iterable[str]) -> list[str]:
    """What is wrong with the schema or the guards of these append-only tables; empty when all stand.

    A guard stands when it is switched on and does, word for word, what `append_only` has it do.
    """
    connection = session.connection()
    standing = _standing(connection)
    return list(filter(None, [outdated(session)])) + [
        f"guard {name} is missing or altered: rows of {table} could be changed; python -m core init puts it back"
        for (table, name), made in _guards(connection.dialect.name, tables).items()
        if standing.get((table, name)) != made
    ]
