"""what was chosen in a form and not saved yet survives a reload, another record and a new browser, as typing does"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unsaved_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(60), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("filename", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_unsaved_file_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsaved_file")),
        sa.UniqueConstraint(
            "account_id", "place", "field", "sha256", name=op.f("uq_unsaved_file_account_id_place_field_sha256")
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
