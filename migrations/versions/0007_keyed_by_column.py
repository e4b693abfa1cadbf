"""problems and repairs of rosters by the column's key; a person's post, a report's announcement by names of their own

What is kept by column says the column's key, no longer the heading it is shown under. `title` is now the name of a
submission alone: a person's 专业技术职务 is `post`, in the sealed cells of rosters as well, which are opened and sealed
again with the office's key. `notice` is a notice as law alone: a report's 培训通知 is its announcement. Rows of
`attachment` with the purpose "notice", cards and the trail's lines stay as they are.

In an office with a million rows of rosters this takes a minute or two.
"""

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from core.ground import db

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
    "专业技术职务": "post",
    "从事专业": "specialty",
    "公需学时": "public_hours",
    "专业学时": "professional_hours",
    "考核结果": "assessment",
    "联系电话": "phone",
    "备注": "note",
    "学时年度": "credit_year",
}
"""The headings of a roster as they were kept, each with its column's key."""
CHUNK = 5000
"""Rows that are opened and sealed again at a time."""


def _unguarded(*tables: str) -> None:
    """Take the append-only guards away; the migration's environment sets them again at the end."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in tables:
        for deed in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{deed}" + ("" if sqlite else f" ON {table}"))


def upgrade() -> None:
    _unguarded("roster_repair")
    _headings()
    _posts()
    _announcements()


def _headings() -> None:
    """A whole row's repair names no column; a heading that was not recognised is kept as it was written."""
    for name in ("roster_problem", "roster_repair"):
        op.execute(f"ALTER TABLE {name} RENAME COLUMN heading TO column_name")
        kept = sa.table(name, sa.column("column_name"))
        keys = sa.case(COLUMNS, value=kept.c.column_name)
        op.execute(kept.update().where(kept.c.column_name.in_(COLUMNS)).values(column_name=keys))


def _posts() -> None:
    for name in ("person", "roster_row"):
        op.execute(f"ALTER TABLE {name} RENAME COLUMN title TO post")
    _resealed("roster_row", "cells")
    _resealed("roster_problem", "mend")
    for side in ("before", "after"):  # of a whole row; a single cell's are what stood in it, whatever that was
        _resealed("roster_repair", side, lambda kept: kept.c.column_name == "")


def _resealed(name: str, column: str, which: Callable[[sa.TableClause], sa.ColumnElement[bool]] | None = None) -> None:
    """Cells of rosters by column, sealed as JSON: "title" becomes "post" where it stands, in the same order."""
    kept = sa.table(name, sa.column("id"), sa.column("column_name"), sa.column(column))
    sealed, bind, last = db.EncryptedText(f"{name}.{column}"), op.get_bind(), 0
    asked = sa.select(kept.c.id, kept.c[column]).where(kept.c[column].is_not(None)).order_by(kept.c.id).limit(CHUNK)
    asked = asked.where(which(kept)) if which else asked
    change = kept.update().where(kept.c.id == sa.bindparam("row_id")).values({column: sa.bindparam("made")})
    while rows := bind.execute(asked.where(kept.c.id > last)).all():
        last = rows[-1].id
        opened = zip([row.id for row in rows], sealed.opened(row[1] for row in rows), strict=True)
        renamed = {row_id: _renamed(json.loads(text)) for row_id, text in opened if '"title"' in text}
        made = zip(renamed, sealed.sealed(renamed.values()), strict=True)
        if changes := [{"row_id": row_id, "made": each} for row_id, each in made]:
            bind.execute(change, changes)


def _renamed(cells: dict[str, object]) -> str:
    return json.dumps({"post" if key == "title" else key: cell for key, cell in cells.items()}, ensure_ascii=False)


def _announcements() -> None:
    op.execute("ALTER TABLE report RENAME COLUMN notice_id TO announcement_id")
    with op.batch_alter_table("report") as table:
        table.drop_constraint(op.f("fk_report_notice_id"), type_="foreignkey")
        table.create_foreign_key(op.f("fk_report_announcement_id"), "attachment", ["announcement_id"], ["id"])


def downgrade() -> None:
    raise NotImplementedError("the ledger does not go back: restore the backup made before the upgrade")
