"""A problem (问题) of a table that somebody sent in: where, what stands there, how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One thing wrong: the spreadsheet row (0: all of it), heading, code, value as written, how to mend it."""

    row: int
    heading: str
    code: str
    value: str
    words: str
    blocking: bool = True
    offer: str = ""
    """What the program proposes, in words that give nothing away."""
    mend: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The cells that accepting the offer sets, by column; `STRIKE` leaves the row out. May hold an ID number."""
