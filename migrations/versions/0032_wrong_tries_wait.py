"""wrong tries to sign in make the next one wait, instead of locking an account; a sign-in ends when nobody uses it"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_try",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_try")),
    )
    op.create_index(op.f("ix_sign_in_try_at"), "sign_in_try", ["at"])
    op.add_column("sign_in", sa.Column("idles_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE sign_in SET idles_at = expires_at")
    op.drop_column("account", "wrong_tries")
    op.drop_column("account", "locked_until")


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
