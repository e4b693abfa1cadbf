"""programmes: what was filed for one, line by line, and which line a plan carries out"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "programme_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(30), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("area", sa.String(60), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_programme_line_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_line")),
        sa.UniqueConstraint("submission_id", "number", name=op.f("uq_programme_line_submission_id_number")),
    )
    op.create_index(op.f("ix_programme_line_submission_id"), "programme_line", ["submission_id"])
    op.create_index("ix_programme_line_year", "programme_line", ["programme", "year"])
    with op.batch_alter_table("plan") as batch:
        batch.add_column(sa.Column("programme", sa.String(30), nullable=False, server_default=""))
        batch.add_column(sa.Column("line_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_plan_line_id_programme_line"), "programme_line", ["line_id"], ["id"])
        batch.create_index(op.f("ix_plan_line_id"), ["line_id"])
    with op.batch_alter_table("plan") as batch:
        batch.alter_column("programme", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
