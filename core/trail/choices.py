"""Columns chosen (认列): what an organization's files call a column, said once and remembered for its next file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import resident_id, typed
from core.ground.access import Actor, Refused, require
from core.ground.deeds import deed
from core.models import ColumnChoice, Organization
from core.tables.reading import Listing
from core.trail import audit

LONGEST_LABEL = 200
"""Characters of a label that is remembered; a longer one has to be made shorter in the file."""
MOST = 300
"""Labels chosen at once: no list has more columns."""
UNUSED = "不用"


def chosen(session: Session, organization_id: int, code: str) -> dict[str, str]:
    """Remembered columns (已认的列) of an organization's files of this kind: label to column key, "" for 不用.

    As reading takes it: `chosen=` of `roster.read`, `imports.read`, `applications.read`. `code`: the `Listing`'s.
    """
    query = sa.select(ColumnChoice.label, ColumnChoice.column_key)
    query = query.where(ColumnChoice.organization_id == organization_id, ColumnChoice.code == code)
    return {each.label: each.column_key for each in session.execute(query)}


@deed
def choose(
    session: Session, listing: Listing, choices: Mapping[str, str], *, actor: Actor, now: datetime
) -> dict[str, str]:
    """Choose columns (认列): say of labels of one's own files which column each is ("": not used); may say otherwise.

    Holds for files read from now on; rows that are kept stay as they were read. Answers all that is remembered.
    Refused codes: "role", "password", "columns" (no such column of this kind of table, a label too long, too many).
    """
    require(actor, *listing.senders)
    if not listing.code:
        raise Refused("columns", f"{listing.name}不能认列，请在文件中把表头改为标准名称。")
    if len(choices) > MOST:
        raise Refused("columns", f"一次最多指定{MOST}列，请删去文件中不用的列后再上传。")
    wanted = {}
    for label, column in choices.items():
        written = typed.text(label)
        if not written or (column and column not in listing.choices):
            raise Refused("columns", f"{listing.name}没有这一列，没有保存。请刷新页面后重新选择。")
        if len(written) > LONGEST_LABEL:
            words = f"表头“{written[:30]}…”超过{LONGEST_LABEL}个字，没有保存。请在文件中把它改短后再上传。"
            raise Refused("columns", words)
        wanted[written] = column
    home = session.get_one(Organization, actor.organization_id, with_for_update=True)  # two of its clerks at once
    query = sa.select(ColumnChoice).where(
        ColumnChoice.organization_id == home.id, ColumnChoice.code == listing.code, ColumnChoice.label.in_(wanted)
    )
    on_file = {each.label: each for each in session.scalars(query)}
    changed = {
        label: column for label, column in wanted.items() if getattr(on_file.get(label), "column_key", None) != column
    }
    was = {label: on_file[label].column_key for label in changed if label in on_file}
    for label, column in changed.items():
        kept = on_file.get(label) or ColumnChoice(organization_id=home.id, code=listing.code, label=label)
        kept.column_key, kept.chosen_by_id, kept.chosen_at = column, actor.account_id, now.replace(microsecond=0)
        session.add(kept)
    if changed:
        before, after = _in_words(listing, was), _in_words(listing, changed)
        audit.record(session, audit.Event.COLUMNS_CHOSEN, home, actor=actor, before=before, after=after, now=now)
    return chosen(session, home.id, listing.code)


def _in_words(listing: Listing, columns: Mapping[str, str]) -> dict[str, Any]:
    """Choices as the trail's reader knows them."""
    said = {resident_id.masked(label): listing.choices.get(key, key) or UNUSED for label, key in columns.items()}
    return {"table": listing.name, "columns": said}
