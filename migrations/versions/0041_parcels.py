"""parcels for the talent database; which player a stretch that was not counted is of"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parcel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("after_batch", sa.Integer(), nullable=False),
        sa.Column("upto_batch", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.String(40), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organization.id"], name=op.f("fk_parcel_authority_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel")),
        sa.UniqueConstraint("authority_id", "year", "number", name=op.f("uq_parcel_authority_id_year_number")),
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_index(
        "uq_parcel_open", "parcel", ["authority_id", "year"], unique=True, sqlite_where=unsent, postgresql_where=unsent
    )
    with op.batch_alter_table("uncounted_time") as table:
        table.add_column(sa.Column("sitting_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_uncounted_time_sitting_id_sitting"), "sitting", ["sitting_id"], ["id"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
