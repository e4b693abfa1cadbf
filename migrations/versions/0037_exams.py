"""exams of public courses: the bank of items with its editions, exams, papers with their questions and answers"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("text_key", sa.String(40), nullable=False),
        sa.Column("name_key", sa.String(110), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bank_item_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["organization.id"], name=op.f("fk_bank_item_authority_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_item")),
        sa.UniqueConstraint("organization_id", "text_key", name=op.f("uq_bank_item_organization_id_text_key")),
    )
    op.create_index(op.f("ix_bank_item_authority_id"), "bank_item", ["authority_id"])
    op.create_table(
        "item_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.String(20), nullable=True),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["bank_item.id"], name=op.f("fk_item_edition_item_id_bank_item")),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"], name=op.f("fk_item_edition_made_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_edition")),
        sa.UniqueConstraint("item_id", "number", name=op.f("uq_item_edition_item_id_number")),
    )
    op.create_table(
        "exam",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("blueprint", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("wait_minutes", sa.Integer(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("half_marks", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_exam_course_id_course")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_exam_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["organization.id"], name=op.f("fk_exam_authority_id_organization")),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"], name=op.f("fk_exam_made_by_id_account")),
        sa.ForeignKeyConstraint(["published_by_id"], ["account.id"], name=op.f("fk_exam_published_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam")),
        sa.UniqueConstraint("course_id", name=op.f("uq_exam_course_id")),
    )
    op.create_index(op.f("ix_exam_authority_id"), "exam", ["authority_id"])
    op.create_table(
        "exam_paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("half_marks", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_time", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("unposted", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_exam_paper_exam_id_exam")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_exam_paper_enrolment_id_enrolment")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_paper_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_paper")),
        sa.UniqueConstraint("enrolment_id", "number", name=op.f("uq_exam_paper_enrolment_id_number")),
    )
    op.create_index(op.f("ix_exam_paper_exam_id"), "exam_paper", ["exam_id"])
    op.create_index("ix_exam_paper_ends", "exam_paper", ["handed_in_at", "ends_at"])
    op.create_index(
        "uq_exam_paper_open",
        "exam_paper",
        ["enrolment_id"],
        unique=True,
        sqlite_where=sa.text("handed_in_at IS NULL"),
        postgresql_where=sa.text("handed_in_at IS NULL"),
    )
    op.create_table(
        "exam_question",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("shuffled", sa.String(10), nullable=False),
        sa.Column("chosen", sa.SmallInteger(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["paper_id"], ["exam_paper.id"], name=op.f("fk_exam_question_paper_id_exam_paper")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["item_edition.id"], name=op.f("fk_exam_question_edition_id_item_edition")
        ),
        sa.PrimaryKeyConstraint("paper_id", "place", name=op.f("pk_exam_question")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_exam_question_edition_id"), "exam_question", ["edition_id"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
