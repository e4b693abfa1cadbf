"""programmes: applications to hold a seminar, what reviewers think of them, what learners said"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, number, day = sa.Text(), sa.Integer(), sa.Date()
    op.create_table(
        "seminar",
        sa.Column("id", number, nullable=False),
        sa.Column("programme", sa.String(30), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("area", sa.String(60), nullable=False),
        sa.Column("host", sa.String(100), nullable=False),
        sa.Column("organiser", sa.String(100), nullable=False),
        sa.Column("contact", sa.String(40), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("session_number", number, nullable=False),
        sa.Column("start_on", day, nullable=False),
        sa.Column("end_on", day, nullable=False),
        sa.Column("hours", number, nullable=False),
        sa.Column("place", sa.String(100), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("people", number, nullable=False),
        sa.Column("audience", text, nullable=False),
        sa.Column("lessons", text, nullable=False),
        sa.Column("public_money", number, nullable=False),
        sa.Column("own_money", number, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("answered_on", day, nullable=True),
        sa.Column("answer", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["submission.id"], name=op.f("fk_seminar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar")),
    )
    op.create_table(
        "seminar_score",
        sa.Column("id", number, nullable=False),
        sa.Column("seminar_id", number, nullable=False),
        sa.Column("account_id", number, nullable=True),
        sa.Column("account_name", sa.String(40), nullable=False),
        sa.Column("points", sa.SmallInteger(), nullable=False),
        sa.Column("words", text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seminar_id"], ["seminar.id"], name=op.f("fk_seminar_score_seminar_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_seminar_score_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seminar_score")),
        sa.UniqueConstraint("seminar_id", "account_id", name=op.f("uq_seminar_score_seminar_id_account_id")),
    )
    op.create_table(
        "seminar_feedback",
        sa.Column("report_id", number, nullable=False),
        sa.Column("answers", number, nullable=False),
        sa.Column("satisfied", number, nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_seminar_feedback_report_id")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_seminar_feedback")),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
