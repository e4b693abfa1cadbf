"""the office before which a submission lies, kept, so that an index finds what waits there

It was computed from the office of the stage, where that was another one, and the authority in charge.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("decider_id", sa.Integer(), nullable=True))
    op.execute("UPDATE submission SET decider_id = coalesce(stage_office_id, authority_id)")
    with op.batch_alter_table("submission") as table:
        table.alter_column("decider_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(op.f("fk_submission_decider_id"), "organization", ["decider_id"], ["id"])
        table.drop_constraint(op.f("fk_submission_stage_office_id"), type_="foreignkey")
        table.drop_column("stage_office_id")
    op.create_index("ix_submission_desk", "submission", ["decider_id", "state", "submitted_at", "id", "kind"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
