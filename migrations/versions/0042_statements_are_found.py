"""whom and what a statement of a learning platform is about, which other it refers to; certificates of completion"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("statement", sa.Column("target", sa.String(36), nullable=False, server_default=""))
    op.create_index("ix_statement_target", "statement", ["source_id", "target"])
    op.create_table(
        "statement_mention",
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("mention", sa.String(64), nullable=False),
        sa.Column("broad", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_statement_mention_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("statement_id", "mention", name=op.f("pk_statement_mention")),
    )
    op.create_index("ix_statement_mention_key", "statement_mention", ["mention"])
    op.create_table(
        "completion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_completion_course_id_course")),
        sa.ForeignKeyConstraint(["batch_id"], ["credit_batch.id"], name=op.f("fk_completion_batch_id_credit_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion")),
        sa.UniqueConstraint("code", name=op.f("uq_completion_code")),
    )
    op.create_index("ix_completion_entry", "completion", ["batch_id", "line"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
