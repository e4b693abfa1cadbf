"""whom and what a statement of a learning platform is about, and which other one it refers to"""

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


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
