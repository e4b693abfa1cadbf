"""sources and reversals in the ledger, decisions, drafts of a policy

The totals are taken anew from the entries. What was posted before keeps the digests it was posted with: its batches are
of form 1, whose entries had neither a source of their own nor anything that came with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _unguarded(*tables: str) -> None:
    """Take the append-only guards away; the migration's environment sets them again at the end."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in tables:
        for deed in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{deed}" + ("" if sqlite else f" ON {table}"))


def upgrade() -> None:
    _unguarded("attachment", "credit_batch", "credit_entry")

    with op.batch_alter_table("attachment") as table:
        table.alter_column("submission_id", existing_type=sa.Integer(), nullable=True)

    op.add_column("credit_entry", sa.Column("source", sa.String(length=20), nullable=False, server_default="training"))
    op.add_column("credit_entry", sa.Column("deemed", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("credit_entry", sa.Column("reverses_line", sa.Integer(), nullable=True))
    op.add_column("credit_entry", sa.Column("note", sa.String(length=200), nullable=False, server_default=""))
    op.execute(
        "UPDATE credit_entry SET source = (SELECT source FROM credit_batch WHERE id = batch_id) "
        "WHERE batch_id IN (SELECT id FROM credit_batch WHERE source <> 'training')"
    )
    with op.batch_alter_table("credit_entry", table_kwargs={"sqlite_with_rowid": False}) as table:
        for name, kind in (("source", sa.String(20)), ("deemed", sa.SmallInteger()), ("note", sa.String(200))):
            table.alter_column(name, existing_type=kind, server_default=None)

    op.add_column("credit_batch", sa.Column("form", sa.SmallInteger(), nullable=False, server_default="1"))
    op.add_column("credit_batch", sa.Column("attachment_id", sa.Integer(), nullable=True))
    op.add_column("credit_batch", sa.Column("reverses_id", sa.Integer(), nullable=True))
    op.add_column("credit_batch", sa.Column("authority_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE credit_batch SET authority_id = COALESCE("
        "(SELECT authority_id FROM submission WHERE submission.id = submission_id), "
        "(SELECT organization_id FROM audit_entry WHERE record = 'credit_batch' AND record_id = credit_batch.id))"
    )
    with op.batch_alter_table("credit_batch") as table:
        table.drop_column("source")
        table.alter_column("form", existing_type=sa.SmallInteger(), server_default=None)
        table.alter_column("authority_id", existing_type=sa.Integer(), nullable=False)
        for name, referred in (
            ("attachment", "attachment"),
            ("reverses", "credit_batch"),
            ("authority", "organization"),
        ):
            table.create_foreign_key(op.f(f"fk_credit_batch_{name}_id"), referred, [f"{name}_id"], ["id"])
        table.create_index(op.f("ix_credit_batch_authority_id"), ["authority_id"])
        table.create_index(op.f("ix_credit_batch_reverses_id"), ["reverses_id"])

    op.drop_table("credit_total")
    op.create_table(
        "credit_total",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("deemed", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_credit_total_person_id")),
        sa.PrimaryKeyConstraint("person_id", "year", "subject", "source", name=op.f("pk_credit_total")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO credit_total (person_id, year, subject, source, hours, deemed) "
        "SELECT person_id, year, subject, source, SUM(hours), 0 FROM credit_entry "
        "GROUP BY person_id, year, subject, source"
    )

    op.create_table(
        "decision_policy",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("policy_id", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_decision_policy")),
    )
    op.create_table(
        "decision_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("applications", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_decision_run_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_run")),
    )
    op.create_index(op.f("ix_decision_run_organization_id"), "decision_run", ["organization_id"])
    op.create_table(
        "decision_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("policy_id", sa.String(length=40), nullable=False),
        sa.Column("policy_digest", sa.String(length=64), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("not_eligible", sa.Integer(), nullable=False),
        sa.Column("to_verify", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("balances", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["organization.id"], name=op.f("fk_decision_part_authority_id")),
        sa.ForeignKeyConstraint(
            ["policy_digest"], ["decision_policy.digest"], name=op.f("fk_decision_part_policy_digest")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["decision_run.id"], name=op.f("fk_decision_part_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_part")),
    )
    for name in ("authority_id", "run_id", "year"):
        op.create_index(op.f(f"ix_decision_part_{name}"), "decision_part", [name])
    op.create_table(
        "decision_person",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["part_id"], ["decision_part.id"], name=op.f("fk_decision_person_part_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_decision_person_person_id")),
        sa.PrimaryKeyConstraint("person_id", "part_id", "place", name=op.f("pk_decision_person")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "policy_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("drafted_by_id", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["drafted_by_id"], ["account.id"], name=op.f("fk_policy_draft_drafted_by_id")),
        sa.ForeignKeyConstraint(["published_by_id"], ["account.id"], name=op.f("fk_policy_draft_published_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_draft")),
    )
    op.create_index(op.f("ix_policy_draft_policy_id"), "policy_draft", ["policy_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
