"""answers that came too late, and appeals about an attempt at an exam"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "late_answer",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("chosen", sa.SmallInteger(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["exam_paper.id"], name=op.f("fk_late_answer_paper_id")),
        sa.PrimaryKeyConstraint("paper_id", "place", name=op.f("pk_late_answer")),
        info={"append_only": True},
    )
    op.add_column("exam_paper", sa.Column("spared_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("study_appeal") as table:
        table.alter_column("uncounted_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("paper_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_study_appeal_paper_id"), "exam_paper", ["paper_id"], ["id"])
        table.create_index(op.f("ix_study_appeal_paper_id"), ["paper_id"])
    op.execute(  # passed they are, although the ledger took no hours
        "UPDATE enrolment SET passed_at = (SELECT MIN(handed_in_at) FROM exam_paper WHERE passed "
        "AND unposted <> '' AND enrolment_id = enrolment.id) WHERE passed_at IS NULL "
        "AND id IN (SELECT enrolment_id FROM exam_paper WHERE passed AND unposted <> '')"
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
