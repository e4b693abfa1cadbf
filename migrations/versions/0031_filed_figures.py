"""figures that were filed: kept as they were, with what they were counted from"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0029b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "filed_figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_name", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_filed_figures_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_filed_figures_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filed_figures")),
        sa.UniqueConstraint(
            "organization_id", "period", "number", name=op.f("uq_filed_figures_organization_id_period_number")
        ),
    )
    op.create_index(op.f("ix_filed_figures_organization_id"), "filed_figures", ["organization_id"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
