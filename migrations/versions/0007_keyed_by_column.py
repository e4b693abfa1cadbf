"""problems and repairs of rosters are kept by the column's key, not by the heading it is shown under

`roster_repair` is append-only: its guard is lifted for this and stands again afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = {
    "序号": "number",
    "姓名": "name",
    "性别": "sex",
    "身份证号": "id_number",
    "工作单位": "employer",
    "专业技术职务": "title",
    "从事专业": "specialty",
    "公需学时": "public_hours",
    "专业学时": "professional_hours",
    "考核结果": "assessment",
    "联系电话": "phone",
    "备注": "note",
    "学时年度": "credit_year",
}
"""The headings of a roster as they were kept, each with its column's key."""


def _unguarded(*tables: str) -> None:
    """Take the append-only guards away; the migration's environment sets them again at the end."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in tables:
        for deed in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{deed}" + ("" if sqlite else f" ON {table}"))


def upgrade() -> None:
    _unguarded("roster_repair")
    _headings()


def _headings() -> None:
    """A whole row's repair names no column; a heading that was not recognised is kept as it was written."""
    for name in ("roster_problem", "roster_repair"):
        op.execute(f"ALTER TABLE {name} RENAME COLUMN heading TO column_name")
        kept = sa.table(name, sa.column("column_name"))
        keys = sa.case(COLUMNS, value=kept.c.column_name)
        op.execute(kept.update().where(kept.c.column_name.in_(COLUMNS)).values(column_name=keys))


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
