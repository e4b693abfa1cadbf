"""entries name their row of a roster without a key and an index: to keep both was most of what posting a roster took

The questions that went from a row to its entries go by the report's batches; `check` proves that each row is there.
"""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_credit_entry_roster_row_id"), table_name="credit_entry")
    with op.batch_alter_table("credit_entry", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.drop_constraint(op.f("fk_credit_entry_roster_row_id"), type_="foreignkey")


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
