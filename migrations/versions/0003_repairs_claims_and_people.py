"""repairs of rosters on the screen, supplements to a report, revoked cards and the hashes of entries

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


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
