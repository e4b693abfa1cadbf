"""A PostgreSQL database emptied after a test rather than made anew: to copy 88 tables takes longer than most tests."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import sqlalchemy as sa

ENOUGH = 20_000
"""Rows deleted after which a new copy is made: what is deleted stays in the files until somebody vacuums them."""

_SCHEMA = """
SELECT string_agg(catalogue, ' ') FROM (
    SELECT format('%s/%s', count(*), max(xmin::text::bigint)) catalogue FROM pg_class
    UNION ALL SELECT format('%s/%s', count(*), max(xmin::text::bigint)) FROM pg_attribute
    UNION ALL SELECT format('%s/%s', count(*), max(xmin::text::bigint)) FROM pg_constraint
    UNION ALL SELECT format('%s/%s', count(*), max(xmin::text::bigint)) FROM pg_trigger
    UNION ALL SELECT format('%s/%s', count(*), max(xmin::text::bigint)) FROM pg_proc
) AS catalogues
"""
"""Rows and last writer of each catalogue: a test that changes a table, a guard or a function changes these."""

_ROWS = """
DO $$
DECLARE
    name text;
    filled bool;
    hit bigint;
    gone bigint := 0;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no guard of an append-only table, no foreign key
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %I', name);
            GET DIAGNOSTICS hit = ROW_COUNT;
            gone := gone + hit;
        END IF;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
    PERFORM set_config('ce.gone', gone::text, false);
END $$
"""

_schemas: dict[str, str] = {}
_deleted: dict[str, int] = {}


def remember(url: sa.URL) -> None:
    """Take the database as it stands now for what an empty one looks like."""
    with _alone(url) as connection:
        _schemas[str(url)] = _said(connection, _SCHEMA)
        _deleted[str(url)] = 0


def emptied(url: sa.URL) -> bool:
    """Empty a database that was remembered; false where a new one has to be made, as a test has changed its tables."""
    if str(url) not in _schemas:
        return False
    with _alone(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        if _said(connection, _SCHEMA) != _schemas[str(url)]:
            return False
        connection.execute(_ROWS)
        _deleted[str(url)] += int(_said(connection, "SELECT current_setting('ce.gone')"))
    return _deleted[str(url)] < ENOUGH


def _alone(url: sa.URL) -> psycopg.Connection[tuple[str]]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def _said(connection: psycopg.Connection[tuple[str]], question: LiteralString) -> str:
    answer = connection.execute(question).fetchone()
    assert answer
    return answer[0]
