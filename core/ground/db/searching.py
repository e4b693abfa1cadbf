"""Search boxes (查找): what somebody types, held against columns of the database."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from core.ground import names, typed

LONGEST = 200
"""Characters of the longest text that is looked for: no name, title or unit on file is longer.

SQLite takes no pattern of more than 50,000 bytes, and an address with one comes back to no server.
"""
_NUMBERED = re.compile("第?([0-9]{1,9})(号|批|件)?")


def numbered(text: str) -> int | None:
    """Record number (编号) in a search box: 12, 第12号 or 第12批; None where something else was typed."""
    found = _NUMBERED.fullmatch(typed.spaceless(typed.narrow(text)))
    return int(found[1]) if found else None


def holding(text: str, *columns: Any) -> sa.ColumnElement[bool]:
    """Search condition (查找条件): one of the columns has the text in it; every row where nothing was typed.

    No matter its spaces and width, nor in which of its forms a name is on file. Nothing has a text longer than
    `LONGEST` in it.
    """
    if len(text) > LONGEST:
        return sa.false()
    forms = {typed.text(text), typed.narrow(text), *names.forms(names.normalise(text))}
    needles = set(map(typed.spaceless, forms))
    if needles == {""}:
        return sa.true()
    bare = [sa.func.replace(column, " ", "") for column in columns]
    return sa.or_(*(column.contains(needle, autoescape=True) for column in bare for needle in sorted(needles)))
