"""the day on which it was entered that somebody left a programme, so that earlier days know nothing of it"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("nomination", sa.Column("drop_known_on", sa.Date(), nullable=True))
    op.execute("UPDATE nomination SET drop_known_on = dropped_on WHERE dropped_on IS NOT NULL")


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
