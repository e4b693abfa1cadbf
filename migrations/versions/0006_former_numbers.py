"""former ID numbers are found; whose a dispute is follows from the entry it is about

A correction keeps the number that was, sealed; from now on with its blind index, and those made before get theirs.
A dispute kept whom the entry counted for when it was filed, which a merge or a separation may have changed since.
"""

import json

import sqlalchemy as sa
from alembic import op

from core.ground import db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _unguarded(*tables: str) -> None:
    """Take the append-only guards away; the migration's environment sets them again at the end."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in tables:
        for deed in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{deed}" + ("" if sqlite else f" ON {table}"))


def upgrade() -> None:
    _former_numbers()
    _disputes()


def _former_numbers() -> None:
    _unguarded("person_change")
    op.add_column("person_change", sa.Column("former_index", sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f("ix_person_change_former_index"), "person_change", ["former_index"], unique=False)
    names = ("id", "kind", "before", "after", "former_index")
    change = sa.table("person_change", *map(sa.column, names))
    for number, *sides in (
        op.get_bind()
        .execute(sa.select(change.c.id, change.c.before, change.c.after).where(change.c.kind == "corrected"))
        .all()
    ):
        opened = (
            next(db.EncryptedText(f"person_change.{name}").opened([side]))
            for name, side in zip(("before", "after"), sides, strict=True)
        )
        before, after = (json.loads(side)["id_number"] for side in opened)
        if before != after:
            index = db.blind_index(before)
            op.execute(change.update().where(change.c.id == number).values(former_index=index))


def _disputes() -> None:
    with op.batch_alter_table("dispute") as table:
        table.drop_index(op.f("ix_dispute_person_id"))
        table.drop_constraint(op.f("fk_dispute_person_id"), type_="foreignkey")
        table.drop_column("person_id")


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
