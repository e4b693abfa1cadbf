"""what a report has beyond its plan is kept with its reason, and a step with what was confirmed

Whether a roster has more people than its plan is asked anew each time, with days and hours: the hints kept of it go.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, columns in (("report", ("over_plan", "over_plan_reason")), ("movement", ("confirmed",))):
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.add_column(sa.Column(column, sa.Text(), nullable=False, server_default=""))
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.alter_column(column, server_default=None)
    op.execute("DELETE FROM roster_problem WHERE code = 'headcount'")


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
