"""A roster of 500 people with sixty faults of twenty-one kinds, each in a row of its own. No test lives here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tests import cast as c

PEOPLE = 500
Change = Callable[[int], dict[str, Any]]


def _ruined(serial: int) -> str:
    return c.id_number(serial)[:15] + "000"


def _wrong_digit(serial: int) -> str:
    number = c.id_number(serial)
    return f"{number[:15]}{(int(number[15]) + 3) % 10}{number[16:]}"


SEEDED: list[tuple[str, Change]] = [
    # code              what the office wrote, for the person with this serial
    *[("name-missing", lambda serial: {"name": ""})] * 3,
    *[("name-form", lambda serial: {"name": "赵"}), ("name-form", lambda serial: {"name": "钱示1"})],
    ("name-form", lambda serial: {"name": "=1+1"}),
    *[("name-known", lambda serial: {"name": c.row(serial)[1][:2] + "错"})] * 2,
    *[("id-missing", lambda serial: {"id_number": ""})] * 3,
    *[("id-ruined", lambda serial: {"id_number": int(_ruined(serial))})] * 2,
    *[("id-ruined", lambda serial: {"id_number": _ruined(serial)})] * 2,
    *[("id-ruined", lambda serial: {"id_number": "1.50199E+17"})] * 2,
    *[("id-length", lambda serial: {"id_number": c.id_number(serial)[:17]})] * 2,
    ("id-length", lambda serial: {"id_number": c.id_number(serial) + "0"}),
    *[("id-character", lambda serial: {"id_number": c.id_number(serial)[:10] + "O" + c.id_number(serial)[11:]})] * 3,
    *[("id-birth", lambda serial: {"id_number": f"1501991985023{serial:03d}01"})] * 2,
    ("id-birth", lambda serial: {"id_number": c.id_number(serial, date(2031, 3, 4))}),
    *[("id-checksum", lambda serial: {"id_number": _wrong_digit(serial)})] * 4,
    *[("sex-form", lambda serial: {"sex": "男性"})] * 3,
    *[("sex-id", lambda serial: {"sex": "女" if serial % 2 else "男"})] * 3,
    *[("sex-date", lambda serial: {"sex": "1985-03-04"}), ("sex-date", lambda serial: {"sex": "19850304"})],
    ("sex-date", lambda serial: {"sex": "1985年3月4日"}),
    *[("hours-form", lambda serial: {"professional_hours": "二十四"})] * 2,
    ("hours-form", lambda serial: {"professional_hours": -24}),
    *[("hours-half", lambda serial: {"professional_hours": 23.3})] * 3,
    *[("hours-plan", lambda serial: {"professional_hours": 26})] * 3,
    *[("hours-subject", lambda serial: {"public_hours": 24, "professional_hours": 0})] * 2,
    *[("hours-none", lambda serial: {"professional_hours": 0})] * 2,
    *[("assessment-failed", lambda serial: {"assessment": "不合格"})] * 2,
    *[("assessment-form", lambda serial: {"assessment": "92"})] * 2,
    *[("duplicate", lambda serial: {"name": c.row(serial - 1)[1], "id_number": c.id_number(serial - 1), "sex": ""})]
    * 2,
    *[("row-shifted", lambda serial: {})] * 2,
]

FAULTS = {5 + 8 * at: code for at, (code, _) in enumerate(SEEDED)}
"""The serials of the people whose rows are wrong, with the code that names it; their spreadsheet row is two more."""

ON_FILE = [serial for serial, code in FAULTS.items() if code == "name-known"] + [
    serial for serial, code in FAULTS.items() if code == "id-ruined"
][:5]
"""Who must have been trained before, so that the program can know better: the last ruined number nobody knows."""


def rows() -> list[list[Any]]:
    """Everybody's row, right or wrong; serial 1 stands in row 3."""
    changes = dict(zip(FAULTS, (change for _, change in SEEDED), strict=True))
    found = []
    for serial in range(1, PEOPLE + 1):
        cells = c.row(serial, **(changes[serial](serial) if serial in changes else {}))
        if FAULTS.get(serial) == "row-shifted":  # a cell too many before the name, or one too few
            cells = [cells[0], "", *cells[1:-1]] if serial % 16 == 5 else [*cells[:2], *cells[3:], ""]
        found.append(cells)
    return found


def earlier(cast: c.Cast, **changes: Any) -> None:
    """The training from which some of them are known already, on other days."""
    days = {"start_on": date(2024, 6, 17), "end_on": date(2024, 6, 19)} | changes
    c.posted(cast, c.sheet([c.row(serial) for serial in ON_FILE]), title="上一期", **days)
