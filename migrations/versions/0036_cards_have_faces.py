"""cards have a number, a template and a size; are revoked by hand, and printed in bulk"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        "card_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("mongolian", sa.String(120), nullable=False),
        sa.Column("sizes", sa.String(20), nullable=False),
        sa.Column("seal_area", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Boolean(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_name", sa.String(40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _key("card_template", "authority_id", "organization"),
        _key("card_template", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_template")),
        sa.UniqueConstraint("authority_id", "version", name=op.f("uq_card_template_authority_id_version")),
    )
    op.create_table(
        "card_revocation",
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _key("card_revocation", "card_id", "card"),
        _key("card_revocation", "account_id", "account"),
        sa.PrimaryKeyConstraint("card_id", name=op.f("pk_card_revocation")),
    )
    op.create_table(
        "print_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.SmallInteger(), nullable=True),
        sa.Column("size", sa.String(4), nullable=False),
        sa.Column("form", sa.String(6), nullable=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed", sa.String(200), nullable=False),
        _key("print_run", "account_id", "account"),
        _key("print_run", "organization_id", "organization"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_run")),
    )
    op.create_index(op.f("ix_print_run_account_id"), "print_run", ["account_id"])
    op.create_table(
        "print_run_person",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("problem", sa.LargeBinary(), nullable=True),
        _key("print_run_person", "run_id", "print_run"),
        _key("print_run_person", "person_id", "person"),
        _key("print_run_person", "card_id", "card"),
        sa.PrimaryKeyConstraint("run_id", "place", name=op.f("pk_print_run_person")),
    )
    op.create_index(op.f("ix_print_run_person_person_id"), "print_run_person", ["person_id"])
    with op.batch_alter_table("card") as card:
        card.add_column(sa.Column("number", sa.String(20), nullable=True))
        card.add_column(sa.Column("template_id", sa.Integer(), nullable=True))
        card.add_column(sa.Column("size", sa.String(4), nullable=True))
        card.create_foreign_key(op.f("fk_card_template_id_card_template"), "card_template", ["template_id"], ["id"])
        card.create_index("uq_card_number", ["number"], unique=True)


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
