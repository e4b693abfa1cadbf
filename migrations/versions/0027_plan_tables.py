"""programmes: the yearly plan table and the summary of what became of it"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_table",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(30), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("read_account", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["submission.id"], name=op.f("fk_plan_table_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_table")),
    )
    op.create_index("ix_plan_table_year", "plan_table", ["programme", "year"])
    op.create_table(
        "year_summary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(30), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("practice", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("outlook", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["submission.id"], name=op.f("fk_year_summary_id_submission")),
        sa.ForeignKeyConstraint(["file_id"], ["attachment.id"], name=op.f("fk_year_summary_file_id_attachment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_summary")),
    )
    op.create_index("ix_year_summary_year", "year_summary", ["programme", "year"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
