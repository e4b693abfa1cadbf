"""First passwords on paper (初始密码条): one slip for each account, to be cut out and handed over. Nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.ground import db, paper

_HIGH, _EACH_PAGE = 48.0, 5
"""Millimetres of a slip, and how many stand on a sheet."""


@dataclass(frozen=True)
class Slip:
    """A first password for whom it is for (初始密码条)."""

    organization: str
    name: str
    role: str
    """As its label."""
    username: str
    password: str
    until: datetime


def printed(slips: Sequence[Slip], *, address: str, now: datetime, by: paper.Letterhead | None = None) -> bytes:
    """The slips (初始密码条) as an A4 PDF, five to a sheet. `address`: where to sign in, "" where it is not said.

    Refused codes: "glyph".
    """
    page = paper.Page("初始密码条　沿线剪开，当面交给本人", by=by)
    page.set_title("初始密码条")
    page.set_creation_date(now)
    page.set_auto_page_break(False)
    for at, slip in enumerate(slips):
        if at % _EACH_PAGE == 0:
            page.add_page()
        top = 16 + at % _EACH_PAGE * (_HIGH + 4)
        page.set_draw_color(*paper.RULE)
        page.set_dash_pattern(dash=2, gap=2)
        page.rect(18, top, 174, _HIGH)
        page.set_dash_pattern()
        lines = [
            (10.0, paper.GREY, f"{slip.organization}　{slip.role}"),
            (12.0, paper.INK, slip.name),
            (10.0, paper.INK, f"用户名　{slip.username}"),
            (13.0, paper.ACCENT, f"初始密码　{slip.password}"),
            (9.0, paper.GREY, f"{address}　" if address else ""),
        ]
        last = f"首次登录须改成自己的密码；{db.office_day(slip.until)}前没有登录的，请管理员重置。"
        lines[-1] = (9.0, paper.GREY, lines[-1][2] + last)
        for line, (size, colour, text) in enumerate(lines):
            page.set_xy(23, top + 3 + line * 8.6)
            page.set_font("cjk", size=size)
            page.set_text_color(*colour)
            page.cell(164, 8, text)
    return bytes(page.output())
