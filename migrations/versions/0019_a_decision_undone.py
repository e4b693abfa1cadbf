"""a decision can be undone by who made it, and hours that were taken back with it are posted again on a second one

A row of a roster that hours were posted for stays where it is, though its roster has another in its place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("submission") as table:
        table.add_column(sa.Column("decided_by_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_submission_decided_by_id_account"), "account", ["decided_by_id"], ["id"])
    with op.batch_alter_table("credit_batch") as table:
        table.drop_constraint(op.f("uq_credit_batch_submission_id"), type_="unique")
        table.create_index(op.f("ix_credit_batch_submission_id"), ["submission_id"])
    with op.batch_alter_table("roster_row") as table:
        table.alter_column("report_id", existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
