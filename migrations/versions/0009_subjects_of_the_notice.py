"""a plan's subject is one of its notice, and a row of a roster has hours of that subject alone

Hours of another subject than the plan's are a fault, so that a row that was posted has hours in one column only.
A column of a roster may be named by any subject of a notice, and takes more room than the two there were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE roster_row RENAME COLUMN professional_hours TO hours")
    op.execute("UPDATE roster_row SET hours = hours + public_hours WHERE public_hours <> 0")
    op.execute("ALTER TABLE roster_row DROP COLUMN public_hours")
    for name in ("roster_problem", "roster_repair"):
        with op.batch_alter_table(name) as table:
            table.alter_column("column_name", type_=sa.String(40), existing_type=sa.String(20), existing_nullable=False)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
