"""a submission may be decided at several stages, each by its own office

All kinds there were are decided once, by the authority in charge: they wait at the first stage, before that authority.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("submission") as table:
        table.add_column(sa.Column("stage", sa.SmallInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("stage_office_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_submission_stage_office_id"), "organization", ["stage_office_id"], ["id"])
    with op.batch_alter_table("submission") as table:
        table.alter_column("stage", server_default=None)
