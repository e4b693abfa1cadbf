"""Printed pages: an A4 page in Chinese with its headings, pairs and tables. Knows nothing of what is printed."""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

INK, GREY, RULE, ACCENT = (33, 37, 41), (96, 103, 112), (200, 205, 212), (23, 78, 134)


class Page(FPDF):
    """An A4 document; `foot` stands at the foot of every page, before the page number."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        font = importlib.resources.files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc"
        self.add_font("cjk", fname=str(font), collection_font_number=2)  # 2: Simplified Chinese forms
        self.set_auto_page_break(True, margin=22)
        self.set_margins(18, 16)
        self.set_lang("zh-CN")

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("cjk", size=8)
        self.set_text_color(*GREY)
        self.cell(0, 5, f"{self.foot}　　第 {self.page_no()} 页 / 共 {{nb}} 页", align="C")


def heading(page: Page, title: str, below: Sequence[str]) -> None:
    """The title of a document with small lines below it."""
    page.set_text_color(*ACCENT)
    page.set_font("cjk", size=17)
    page.cell(0, 10, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.set_font("cjk", size=10)
    page.set_text_color(*GREY)
    for line in below:
        page.cell(0, 6, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def words(page: Page, text: str) -> None:
    """A paragraph."""
    page.set_font("cjk", size=10)
    page.set_text_color(*INK)
    page.multi_cell(0, 6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def small(page: Page, text: str) -> None:
    """A paragraph of small print."""
    page.set_font("cjk", size=8.5)
    page.set_text_color(*GREY)
    page.multi_cell(0, 5, text, new_x=XPos.LMARGIN)


def section(page: Page, title: str) -> None:
    """The heading of a part."""
    page.ln(4)
    page.set_font("cjk", size=11.5)
    page.set_text_color(*ACCENT)
    page.cell(0, 8, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def pairs(page: Page, pairs: Sequence[tuple[str, str]]) -> None:
    """Labels and values, two pairs a line."""
    page.set_font("cjk", size=10)
    page.set_draw_color(*RULE)
    page.set_text_color(*INK)
    with page.table(
        col_widths=(26, 61, 26, 61), first_row_as_headings=False, line_height=7, text_align="LEFT"
    ) as table:
        for at in range(0, len(pairs), 2):
            row = table.row()
            for label, value in pairs[at : at + 2]:
                row.cell(label)
                row.cell(value)


def table(
    page: Page, heads: tuple[str, ...], lines: Sequence[tuple[str, ...]], widths: tuple[int, ...], align: str
) -> None:
    """A table; `widths` in millimetres, `align` a letter (L, R, C) a column. Its head is repeated on every page."""
    page.set_font("cjk", size=10)
    page.set_draw_color(*RULE)
    page.set_text_color(*INK)
    places = {"L": "LEFT", "R": "RIGHT", "C": "CENTER"}
    with page.table(
        col_widths=widths,
        line_height=7,
        text_align=tuple(places[letter] for letter in align),
        headings_style=FontFace(fill_color=(238, 242, 247), color=INK),
        repeat_headings=1,
    ) as table:
        table.row(heads)
        for line in lines:
            table.row(line)
