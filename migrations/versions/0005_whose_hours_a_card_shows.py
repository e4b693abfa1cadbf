"""a card keeps whose hours it shows, so that it stays revoked when merged records are separated

A card of before gets its person's record and those that were merged into it before it was issued and still are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_person",
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_card_person_card_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_card_person_person_id")),
        sa.PrimaryKeyConstraint("card_id", "person_id", name=op.f("pk_card_person")),
        sqlite_with_rowid=False,
        info={"append_only": True},
    )
    op.create_index(op.f("ix_card_person_person_id"), "card_person", ["person_id"], unique=False)
    op.execute("INSERT INTO card_person (card_id, person_id) SELECT id, person_id FROM card")
    op.execute(
        "INSERT INTO card_person (card_id, person_id) SELECT card.id, person.id FROM card"
        " JOIN person ON person.merged_into_id = card.person_id"
        " WHERE EXISTS (SELECT 1 FROM person_change WHERE person_change.person_id = person.id"
        " AND person_change.kind = 'merged' AND person_change.at <= card.issued_at)"
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
