"""The schema's version (Alembic) and the triggers that keep append-only tables append-only."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from core.ground.db import place
from core.ground.db.place import ROOT
from core.ground.db.sessions import engine, settle
from core.ground.db.sickness import told


def upgrade() -> None:
    """Upgrade (升级数据库): bring the schema to this version; the migrations renew the guards. Idempotent.

    SQLite alters a table by making it anew under the old name, which no foreign key may watch; they are all asked
    after a change. The connection without them does not go back among the others. What a killed process still owed is
    written. Refused codes: "sick".
    """
    try:
        with told(), engine().execution_options(ce_rebuilds=True).begin() as connection:
            config, before = alembic_config(), _revision(connection)
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
    settle()


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


_GUARD = " BEGIN RAISE EXCEPTION USING MESSAGE = 'append only: ' || TG_TABLE_NAME; END "
"""PostgreSQL: what the function behind every guard does."""


def append_only(connection: sa.Connection, tables: Iterable[str]) -> None:
    """Append-only guards (只增不改): triggers that refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE.

    Idempotent: a guard that stands is left alone, one that is missing or was altered is made anew.
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


def installed(session: Session) -> bool:
    """Whether there is a schema of ours at all, of whatever version."""
    return _revision(session.connection()) is not None


def outdated(session: Session) -> str:
    """What the schema needs before this program can read it; nothing where it is of this version."""
    here = _revision(session.connection())
    wanted = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if here == wanted:
        return ""
    return f"schema is at {here or 'nothing'}, this program needs {wanted}: run {place.command('init')}"


def faults(session: Session, tables: Iterable[str]) -> list[str]:
    """What is wrong with the schema or the guards of these append-only tables; empty when all stand.

    A guard stands when it is switched on and does, word for word, what `append_only` has it do.
    """
    connection = session.connection()
    standing = _standing(connection)
    return list(filter(None, [outdated(session)])) + [
        f"guard {name} is missing or altered: rows of {table} could be changed; {place.command('init')} puts it back"
        for (table, name), made in _guards(connection.dialect.name, tables).items()
        if standing.get((table, name)) != made
    ]
