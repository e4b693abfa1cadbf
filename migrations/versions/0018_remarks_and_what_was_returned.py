"""what goes back bears remarks bound to fields and rows, and is kept as it was, to tell what changed since"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("movement_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        *_of("remark"),
    )
    op.create_table(
        "submission_content",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("movement_id", sa.Integer(), nullable=False),
        sa.Column("fields", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=True),
        *_of("submission_content"),
    )
    for table, column in (
        ("remark", "submission_id"),
        ("remark", "movement_id"),
        ("submission_content", "submission_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _of(table: str) -> list[sa.Constraint]:
    """A move of a submission, which what stands in a table belongs to."""
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([f"{to}_id"], [f"{to}.id"], name=op.f(f"fk_{table}_{to}_id_{to}"))
            for to in ("submission", "movement")
        ),
    ]


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
