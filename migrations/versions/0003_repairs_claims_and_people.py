"""repairs of rosters, supplements to a report, revoked cards, hashes of entries, changes of persons, disputes

Each part stands in a function of its own. A roster read before keeps its rows; its cells are read from its file again
when it is next saved. What was posted before keeps no hashes of its entries: `check` then names the batch, not the row.
A card of before was issued on the last batch of its moment.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _unguarded(*tables: str) -> None:
    """Take the append-only guards away; the migration's environment sets them again at the end."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in tables:
        for deed in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{deed}" + ("" if sqlite else f" ON {table}"))


def upgrade() -> None:
    _rosters()
    _ledger()
    _people()
    _claims()
    _makeup()


def _rosters() -> None:
    op.add_column("roster_row", sa.Column("cells", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("report") as table:
        table.add_column(sa.Column("part", sa.SmallInteger(), nullable=False, server_default="1"))
        table.add_column(sa.Column("teachers", sa.Text(), nullable=False, server_default=""))
        table.drop_constraint(op.f("uq_report_plan_id"), type_="unique")
        table.create_index(op.f("uq_report_plan_id_part"), ["plan_id", "part"], unique=True)
    with op.batch_alter_table("report") as table:
        table.alter_column("part", existing_type=sa.SmallInteger(), server_default=None)
        table.alter_column("teachers", existing_type=sa.Text(), server_default=None)
    op.create_table(
        "roster_problem",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("offer", sa.Text(), nullable=False),
        sa.Column("mend", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_roster_problem_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_problem")),
    )
    op.create_index(op.f("ix_roster_problem_report_id"), "roster_problem", ["report_id"], unique=False)
    op.create_table(
        "roster_repair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(length=20), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("after", sa.LargeBinary(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_roster_repair_account_id")),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_roster_repair_attachment_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_roster_repair_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_repair")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_roster_repair_report_id"), "roster_repair", ["report_id"], unique=False)


def _ledger() -> None:
    op.add_column("credit_batch", sa.Column("leaves", sa.LargeBinary(), nullable=True))
    _unguarded("card")
    op.add_column("card", sa.Column("batch_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE card SET batch_id = (SELECT MAX(credit_batch.id) FROM credit_batch WHERE posted_at <= card.issued_at)"
    )
    with op.batch_alter_table("card") as table:
        table.alter_column("batch_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(op.f("fk_card_batch_id"), "credit_batch", ["batch_id"], ["id"])


def _people() -> None:
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        table.create_foreign_key(op.f("fk_person_merged_into_id"), "person", ["merged_into_id"], ["id"])
        table.create_index(op.f("ix_person_merged_into_id"), ["merged_into_id"])
    with op.batch_alter_table("person") as table:
        table.alter_column("version", existing_type=sa.Integer(), server_default=None)
    op.create_table(
        "person_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("after", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_name", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_person_change_account_id")),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_person_change_attachment_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_person_change_organization_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_change_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_change")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_person_change_attachment_id"), "person_change", ["attachment_id"], unique=False)
    op.create_index(op.f("ix_person_change_person_id"), "person_change", ["person_id"], unique=False)
    op.create_table(
        "dispute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("filed_by_id", sa.Integer(), nullable=True),
        sa.Column("filed_by", sa.String(length=40), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.String(length=40), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reversal_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["organization.id"], name=op.f("fk_dispute_authority_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["credit_batch.id"], name=op.f("fk_dispute_batch_id")),
        sa.ForeignKeyConstraint(["filed_by_id"], ["account.id"], name=op.f("fk_dispute_filed_by_id")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_dispute_organization_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dispute_person_id")),
        sa.ForeignKeyConstraint(["reversal_id"], ["credit_batch.id"], name=op.f("fk_dispute_reversal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
    )
    for name in ("authority_id", "batch_id", "organization_id", "person_id"):
        op.create_index(op.f(f"ix_dispute_{name}"), "dispute", [name], unique=False)


def _claims() -> None:
    with op.batch_alter_table("submission") as table:
        table.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_submission_person_id"), "person", ["person_id"], ["id"])
        table.create_index(op.f("ix_submission_person_id"), ["person_id"])
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("rank", sa.String(length=40), nullable=False),
        sa.Column("issuer", sa.String(length=100), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["submission.id"], name=op.f("fk_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )


def _makeup() -> None:
    op.add_column("roster_row", sa.Column("credit_year", sa.SmallInteger(), nullable=True))
    with op.batch_alter_table("plan") as table:
        table.add_column(sa.Column("credit_years", sa.String(length=60), nullable=False, server_default=""))
    with op.batch_alter_table("plan") as table:
        table.alter_column("credit_years", existing_type=sa.String(length=60), server_default=None)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
