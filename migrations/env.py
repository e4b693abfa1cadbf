"""Alembic's door: runs over the connection `db.upgrade` gives it, and renews the append-only guards afterwards."""

import sqlalchemy as sa
from alembic import context

from core.ground import db
from core.models import Base, append_only_tables

given = context.config.attributes.get("connection")


def render_item(type_, item, _context):  # type: ignore[no-untyped-def]
    """Write our column types into a migration as what they are in the database, so that it stands without `core`."""
    if type_ == "type" and isinstance(item, sa.types.TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def run(connection) -> None:  # type: ignore[no-untyped-def]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
    standing = set(connection.dialect.get_table_names(connection))
    # Batch mode rebuilds a SQLite table without its triggers, so they are set again after every upgrade.
    db.append_only(connection, [name for name in append_only_tables() if name in standing])


if given is not None:
    run(given)
else:
    with db.engine().begin() as opened:
        run(opened)
