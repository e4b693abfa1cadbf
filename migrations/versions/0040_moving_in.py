"""batches of organizations, accounts and people brought in; until when a first password holds; the level of a title;
drafts of policies with a name, put away"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_name", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_intake_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_intake_attachment_id_attachment")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_intake_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
    )
    op.create_index(op.f("ix_intake_organization_id"), "intake", ["organization_id"])
    op.create_table(
        "intake_line",
        sa.Column("intake_id", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.Column("filled", sa.LargeBinary(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["intake_id"], ["intake.id"], name=op.f("fk_intake_line_intake_id_intake")),
        sa.PrimaryKeyConstraint("intake_id", "row_number", name=op.f("pk_intake_line")),
    )
    op.add_column("account", sa.Column("first_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("policy_draft", sa.Column("name", sa.String(40), nullable=False, server_default=""))
    op.add_column("policy_draft", sa.Column("put_away_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("level", sa.String(10), nullable=False, server_default=""))


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
