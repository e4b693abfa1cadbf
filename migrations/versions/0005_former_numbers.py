"""whose a dispute is follows from the entry it is about

A dispute kept whom the entry counted for when it was filed, which a merge or a separation may have changed since.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _disputes()


def _disputes() -> None:
    with op.batch_alter_table("dispute") as table:
        table.drop_index(op.f("ix_dispute_person_id"))
        table.drop_constraint(op.f("fk_dispute_person_id"), type_="foreignkey")
        table.drop_column("person_id")


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
