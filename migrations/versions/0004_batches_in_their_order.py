"""entries of a batch are found in their order, and summed, by an index alone

In a ledger of 30 million entries this takes some minutes, and some hundred megabytes.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_credit_entry_batch", table_name="credit_entry")
    op.create_index("ix_credit_entry_batch", "credit_entry", ["batch_id", "line", "hours"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
