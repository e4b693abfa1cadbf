"""targets of programmes: as the region drafts them, and every version that was published"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(30), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("target_at_most", sa.Integer(), nullable=True),
        sa.Column("shares", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(40), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_quota_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota")),
        sa.UniqueConstraint("programme", "year", name=op.f("uq_quota_programme_year")),
    )
    op.create_table(
        "quota_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quota_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("target_at_most", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_name", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["quota_id"], ["quota.id"], name=op.f("fk_quota_version_quota_id_quota")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_quota_version_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_version")),
        sa.UniqueConstraint("quota_id", "number", name=op.f("uq_quota_version_quota_id_number")),
    )
    op.create_table(
        "quota_share",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["quota_version.id"], name=op.f("fk_quota_share_version_id_quota_version")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_quota_share_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("version_id", "organization_id", name=op.f("pk_quota_share")),
    )
    op.create_index(op.f("ix_quota_share_organization_id"), "quota_share", ["organization_id"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
