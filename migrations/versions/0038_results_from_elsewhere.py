"""results from elsewhere with their receipts; learning platforms, their statements, whose accounts are whose"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "statement_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("activity", sa.String(length=500), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["organization.id"], name=op.f("fk_statement_source_authority_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_statement_source_course_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"], name=op.f("fk_statement_source_made_by_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_statement_source_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_source")),
        sa.UniqueConstraint("key", name=op.f("uq_statement_source_key")),
    )
    op.create_index(op.f("ix_statement_source_authority_id"), "statement_source", ["authority_id"])
    op.create_table(
        "agent_binding",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_agent_binding_person_id")),
        sa.ForeignKeyConstraint(["source_id"], ["statement_source.id"], name=op.f("fk_agent_binding_source_id")),
        sa.PrimaryKeyConstraint("source_id", "agent", name=op.f("pk_agent_binding")),
    )
    op.create_index(op.f("ix_agent_binding_person_id"), "agent_binding", ["person_id"])
    op.create_table(
        "statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("verb", sa.String(length=500), nullable=False),
        sa.Column("activity", sa.String(length=500), nullable=False),
        sa.Column("registration", sa.String(length=36), nullable=False),
        sa.Column("voids", sa.String(length=36), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["statement_source.id"], name=op.f("fk_statement_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint("source_id", "statement_id", name=op.f("uq_statement_source_id_statement_id")),
    )
    op.create_index("ix_statement_voids", "statement", ["source_id", "voids"])
    op.create_table(
        "result_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=True),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.Column("pass_mark", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=180), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("credit_batch_id", sa.Integer(), nullable=True),
        sa.Column("brought_by", sa.String(length=40), nullable=False),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_result_batch_attachment_id")),
        sa.ForeignKeyConstraint(["authority_id"], ["organization.id"], name=op.f("fk_result_batch_authority_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_result_batch_course_id")),
        sa.ForeignKeyConstraint(["credit_batch_id"], ["credit_batch.id"], name=op.f("fk_result_batch_credit_batch_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_result_batch_organization_id")),
        sa.ForeignKeyConstraint(["platform_id"], ["statement_source.id"], name=op.f("fk_result_batch_platform_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_batch")),
    )
    op.create_index(op.f("ix_result_batch_authority_id"), "result_batch", ["authority_id"])
    op.create_table(
        "result_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=60), nullable=False),
        sa.Column("passed_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["result_batch.id"], name=op.f("fk_result_row_batch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_result_row_person_id")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_result_row_statement_id")),
        sa.PrimaryKeyConstraint("batch_id", "row", name=op.f("pk_result_row")),
    )
    op.create_index(op.f("ix_result_row_person_id"), "result_row", ["person_id"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
