"""programmes: what institutes may train, classes beside their plans, finish tests, assessments, certificates"""

import sqlalchemy as sa
from alembic import op

revision = "0029b"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number, day = sa.Integer(), sa.Date()
    op.create_table(
        "occupation_approval",
        sa.Column("id", number, nullable=False),
        sa.Column("organization_id", number, nullable=False),
        sa.Column("occupation", sa.String(60), nullable=False),
        sa.Column("batch", sa.String(40), nullable=False),
        sa.Column("from_on", day, nullable=False),
        sa.Column("to_on", day, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_occupation_approval_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupation_approval")),
    )
    op.create_index(op.f("ix_occupation_approval_organization_id"), "occupation_approval", ["organization_id"])
    op.create_table(
        "training_class",
        sa.Column("plan_id", number, nullable=False),
        sa.Column("occupation", sa.String(60), nullable=False),
        sa.Column("direction", sa.String(60), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("online_hours", number, nullable=False),
        sa.Column("offline_hours", number, nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_training_class_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_training_class")),
    )
    op.create_table(
        "finish_test",
        sa.Column("id", number, nullable=False),
        sa.Column("plan_id", number, nullable=False),
        sa.Column("person_id", number, nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(60), nullable=True),
        sa.Column("issued_on", day, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_finish_test_plan_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_finish_test_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finish_test")),
        sa.UniqueConstraint("plan_id", "person_id", name=op.f("uq_finish_test_plan_id_person_id")),
        sa.UniqueConstraint("number", name=op.f("uq_finish_test_number")),
    )
    op.create_table(
        "assessment",
        sa.Column("id", number, nullable=False),
        sa.Column("person_id", number, nullable=False),
        sa.Column("occupation", sa.String(60), nullable=False),
        sa.Column("direction", sa.String(60), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("theory", number, nullable=False),
        sa.Column("practice", number, nullable=False),
        sa.Column("held_on", day, nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(60), nullable=True),
        sa.Column("issued_on", day, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assessment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint(
            "person_id", "occupation", "level", "held_on", name=op.f("uq_assessment_person_id_occupation_level_held_on")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_assessment_number")),
    )
    for table, column in (("finish_test", "plan_id"), ("finish_test", "person_id"), ("assessment", "person_id")):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
