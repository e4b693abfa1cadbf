"""study programmes: nominations, public notices with objections, placements; what only its filer may see"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("confidential", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "public_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(30), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organization.id"], name=op.f("fk_public_notice_authority_id_organization")
        ),
        sa.ForeignKeyConstraint(["opened_by_id"], ["account.id"], name=op.f("fk_public_notice_opened_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notice")),
    )
    op.create_index("ix_public_notice_year", "public_notice", ["programme", "year"])
    texts = {
        "programme": 30,
        "education": 20,
        "degree": 20,
        "duty": 40,
        "post": 40,
        "level": 10,
        "ethnicity": 20,
        "specialty": 60,
        "study_field": 60,
        "host1": 100,
        "host2": 100,
        "host3": 100,
        "supervisor": 40,
        "topic": 200,
    }
    op.create_table(
        "nomination",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in texts.items()),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("titled_on", sa.Date(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("grassroots_years", sa.SmallInteger(), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=True),
        sa.Column("reserve", sa.SmallInteger(), nullable=True),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.Column("moved_up_on", sa.Date(), nullable=True),
        sa.Column("final_on", sa.Date(), nullable=True),
        sa.Column("dropped_on", sa.Date(), nullable=True),
        sa.Column("dropped_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["submission.id"], name=op.f("fk_nomination_id_submission")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notice.id"], name=op.f("fk_nomination_notice_id_public_notice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nomination")),
    )
    op.create_index(op.f("ix_nomination_notice_id"), "nomination", ["notice_id"])
    op.create_index("ix_nomination_year", "nomination", ["programme", "year"])
    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nomination_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["submission.id"], name=op.f("fk_objection_id_submission")),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_objection_nomination_id_nomination")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["public_notice.id"], name=op.f("fk_objection_notice_id_public_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    op.create_index(op.f("ix_objection_nomination_id"), "objection", ["nomination_id"])
    op.create_index(op.f("ix_objection_notice_id"), "objection", ["notice_id"])
    op.create_table(
        "placement",
        sa.Column("nomination_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(100), nullable=False),
        sa.Column("department", sa.String(100), nullable=False),
        sa.Column("supervisor", sa.String(40), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("midterm_on", sa.Date(), nullable=True),
        sa.Column("midterm", sa.String(10), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("completed", sa.String(10), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("service_years", sa.SmallInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_placement_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("nomination_id", name=op.f("pk_placement")),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
