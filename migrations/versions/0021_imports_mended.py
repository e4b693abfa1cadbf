"""what was changed on the screen in an imported file before its hours were posted"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credit_repair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.String(40), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("after", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["credit_batch.id"], name=op.f("fk_credit_repair_batch_id_credit_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_repair")),
    )
    op.create_index(op.f("ix_credit_repair_batch_id"), "credit_repair", ["batch_id"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
