"""a dispute is a submission: filed, withdrawn, sent back and answered like everything else

Each gets a number of its own among the submissions, above every number used so far, so that none is another one's old
number; the old one stays beside it, for links and for lines of the trail. Its filing and its answer become steps.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

GONE = "authority_id organization_id filed_by_id filed_by filed_at state reason answered_by answered_at version".split()


def upgrade() -> None:
    connection = op.get_bind()
    greatest = "SELECT coalesce(max(id), 0) FROM "
    above = max(connection.scalar(sa.text(greatest + table)) for table in ("submission", "dispute"))
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:  # an office that was carried over from another database may not have counted on
        op.execute("SELECT setval('movement_id_seq', greatest(1, (SELECT max(id) FROM movement)))")
    _as_submissions(above)
    for name in ("authority_id", "organization_id"):
        op.drop_index(op.f(f"ix_dispute_{name}"), "dispute")
    with op.batch_alter_table("dispute") as table:
        for name in ("authority_id", "organization_id", "filed_by_id"):
            table.drop_constraint(op.f(f"fk_dispute_{name}"), type_="foreignkey")
        for name in GONE:
            table.drop_column(name)
        table.add_column(sa.Column("former_id", sa.Integer(), nullable=True))
    op.execute(sa.text("UPDATE dispute SET former_id = id, id = id + :above").bindparams(above=above))
    with op.batch_alter_table("dispute") as table:
        table.create_unique_constraint(op.f("uq_dispute_former_id"), ["former_id"])
        table.create_foreign_key(op.f("fk_dispute_id"), "submission", ["id"], ["id"])
    if postgresql:
        op.alter_column("dispute", "id", server_default=None)
        op.execute("DROP SEQUENCE IF EXISTS dispute_id_seq")
        op.execute("SELECT setval('submission_id_seq', greatest(1, (SELECT max(id) FROM submission)))")


def _as_submissions(above: int) -> None:
    """The submission and the steps of each dispute."""
    op.execute(
        sa.text(
            "INSERT INTO submission (id, kind, state, version, title, organization_id, authority_id, person_id,"
            " created_by_id, created_at, submitted_at, decided_at, stage)"
            " SELECT d.id + :above, 'dispute',"
            " CASE d.state WHEN 'open' THEN 'submitted' WHEN 'upheld' THEN 'approved' ELSE 'rejected' END, d.version,"
            " e.year || '年度学时（第' || d.batch_id || '批第' || d.line || '笔）',"
            " d.organization_id, d.authority_id, e.person_id, d.filed_by_id, d.filed_at, d.filed_at, d.answered_at, 0"
            " FROM dispute d JOIN credit_entry e ON e.batch_id = d.batch_id AND e.line = d.line ORDER BY d.id"
        ).bindparams(above=above)
    )
    op.execute(
        sa.text(
            "INSERT INTO movement (submission_id, action, from_state, to_state, account_id, account_name, reason,"
            " confirmed, at)"
            " SELECT id + :above, 'submit', 'draft', 'submitted', filed_by_id, filed_by, words, '', filed_at"
            " FROM dispute ORDER BY id"
        ).bindparams(above=above)
    )
    op.execute(
        sa.text(
            "INSERT INTO movement (submission_id, action, from_state, to_state, account_id, account_name, reason,"
            " confirmed, at)"
            " SELECT id + :above, CASE state WHEN 'upheld' THEN 'approve' ELSE 'reject' END, 'submitted',"
            " CASE state WHEN 'upheld' THEN 'approved' ELSE 'rejected' END, NULL, answered_by, reason, '', answered_at"
            " FROM dispute WHERE state <> 'open' ORDER BY answered_at, id"
        ).bindparams(above=above)
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
