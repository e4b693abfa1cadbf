"""what an organization says its files' columns are is remembered, and what was read of a report's file is kept"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "column_choice",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("column_key", sa.String(60), nullable=False),
        sa.Column("chosen_by_id", sa.Integer(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_column_choice_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["chosen_by_id"], ["account.id"], name=op.f("fk_column_choice_chosen_by_id_account")),
        sa.PrimaryKeyConstraint("organization_id", "code", "label", name=op.f("pk_column_choice")),
    )
    with op.batch_alter_table("report") as table:
        table.add_column(sa.Column("read_account", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("report") as table:
        table.alter_column("read_account", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
