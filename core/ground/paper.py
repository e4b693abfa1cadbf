"""Printed pages: an A4 page in Chinese with its headings, pairs and tables. Knows nothing of what is printed.

Whatever comes to paper goes through `printable` first: a character that none of our fonts has is refused by name, so
that nobody is handed a page with a gap in a name.
"""

from __future__ import annotations

import copy
import functools
import importlib.resources
import io
import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uharfbuzz as hb
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace, SubsetMap, TTFFont
from fpdf.output import OutputProducer

from core.ground import db
from core.ground.access import Refused

INK, GREY, RULE, ACCENT = (33, 37, 41), (96, 103, 112), (200, 205, 212), (23, 78, 134)


@dataclass(frozen=True)
class _Font:
    """A font file by the family that fpdf2 knows it by."""

    family: str
    file: Path
    number: int = 0
    """Of the font within its file."""

    @functools.cached_property
    def letters(self) -> frozenset[int]:
        """The code points it has a glyph for."""
        with TTFont(self.file, fontNumber=self.number, lazy=True) as font:
            return frozenset(font.getBestCmap())


_CJK = _Font(
    "cjk",
    Path(str(importlib.resources.files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc")),
    2,  # Simplified Chinese forms
)
_HAN = _Font("rare", db.ROOT / "data" / "fonts" / "RareHan-Regular.woff")
_MONGOLIAN = _Font("mongolian", db.ROOT / "data" / "fonts" / "NotoSansMongolian-Regular.ttf")


@functools.cache
def _read() -> tuple[TTFFont, hb.Face]:
    """The Chinese font as fpdf2 has it and as HarfBuzz cuts it: read once, for reading 16 MB takes half a second."""
    page = FPDF()
    page.add_font(_CJK.family, fname=str(_CJK.file), collection_font_number=_CJK.number)
    (font,) = page.fonts.values()
    assert isinstance(font, TTFFont)
    face = hb.Face(hb.Blob.from_file_path(str(_CJK.file)), _CJK.number)
    return font, hb.subset_preprocess(face)


def _chinese(number: int) -> TTFFont:
    """The Chinese font for one document, its `number`th: what is read is shared, what is picked is its own."""
    font = copy.copy(_read()[0])
    font.i = number
    font.desc = copy.deepcopy(font.desc)
    font.missing_glyphs, font.biggest_size_pt = [], 0
    font.subset = SubsetMap(font)
    return font


def _cut(font: TTFFont) -> TTFont:
    """The glyphs that a document has picked, as a font of their own (子集), with the names and numbers they had.

    fpdf2 cuts with fontTools, which takes half a second for this font; what it finds here is small, and quickly cut.
    """
    wanted = hb.SubsetInput()
    wanted.glyph_set.update(glyph.glyph_id for glyph, _ in font.subset.items() if glyph)
    wanted.flags = hb.SubsetFlags.NOTDEF_OUTLINE | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    wanted.drop_table_tag_set.update(int.from_bytes(tag) for tag in (b"GSUB", b"GPOS", b"GDEF", b"BASE"))
    return TTFont(io.BytesIO(hb.subset(_read()[1], wanted).blob.data), recalcTimestamp=False)


def printable(text: str) -> str:
    """Text as it is printed (可打印的文字), a character of it refused by name where no font has it.

    Signs that only choose a variant or a joining, and that our fonts do not know, are left out: the letter is there.
    Blanks no font has become plain ones; a letter and its accent written apart become the one letter.

    Refused codes: "glyph".
    """
    strange = set(map(ord, text)) - _CJK.letters
    if strange <= {ord("\n")} and not _ACCENTED.search(text):
        return text  # as nearly all are
    text = _ACCENTED.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)
    known = _CJK.letters | _HAN.letters
    if _IN_MONGOLIAN.search(text):  # its joiners and selectors mean nothing elsewhere
        known |= _MONGOLIAN.letters
    lacking = {char for char in text if char != "\n" and ord(char) not in known}
    text = "".join(_plainer(char) if char in lacking else char for char in text)
    if gone := [char for char in dict.fromkeys(text) if char in lacking]:
        raise Refused("glyph", _refusal(text, gone))
    return text


_ACCENTED = re.compile("[^\\W\\d_][\u0300-\u036f]+")
_IN_MONGOLIAN = re.compile("[\u1800-\u180a\u1810-\u18aa]")
_SELECTORS = re.compile("[\u034f\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Which variant of the letter before them is meant; they stand for nothing by themselves."""


def _plainer(char: str) -> str:
    """What is printed for a character that no font has: nothing, a blank, or the character, where it is a letter."""
    if char == "\r" or _SELECTORS.match(char):
        return ""
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in ("Cf", "Cc") else char


def _refusal(text: str, gone: Sequence[str]) -> str:
    """Which characters no font has, in which word the first stands, and what to do."""
    named = [f"U+{ord(each):04X}" if _is_private(each) else f"“{each}”（U+{ord(each):04X}）" for each in gone]
    around = r"[^\s，。、；：！？（）()“”\"\[\]{},:;]{0,20}"
    word = re.search(around + re.escape(gone[0]) + around, text)
    shown = "".join(f"〔U+{ord(each):04X}〕" if _is_private(each) else each for each in word[0]) if word else ""
    where = f"“{shown}”中的" if shown and shown != gone[0] else ""
    what = f"{where}{'、'.join(named)}无法打印，本件没有生成，也没有登记。"
    if any(map(_is_private, gone)):
        return what + "这是自造字的编码，换一台电脑就成了别的字或空白：请先更正为国家标准编码的同一个字，再打印。"
    return (
        what + "打印字库里没有这个字：请先核对是否录入有误；确为此字的，请把字和编码告知系统管理员，补充字库后再打印。"
    )


def _is_private(char: str) -> bool:
    """Whether a code point is for private use (自造字): what it looks like, each machine decides for itself."""
    return unicodedata.category(char) == "Co"


class _Producer(OutputProducer):
    """fpdf2's own, which is given the Chinese font already cut; only then is known which glyphs there are."""

    def _add_fonts(self, *args: Any, **kwargs: Any) -> Any:
        for font in self.fpdf.fonts.values():
            if isinstance(font, TTFFont) and font.fontkey == _CJK.family:
                font.ttfont = _cut(font)
        return super()._add_fonts(*args, **kwargs)


class Page(FPDF):
    """An A4 document; `foot` stands at the foot of every page, before the page number."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        self.fonts[_CJK.family] = _chinese(len(self.fonts) + 1)
        self.set_auto_page_break(True, margin=22)
        self.set_margins(18, 16)
        self.set_lang("zh-CN")

    def _add(self, font: _Font) -> None:
        self.add_font(font.family, fname=str(font.file), collection_font_number=font.number)

    def _files(self) -> list[TTFFont]:
        return [font for font in self.fonts.values() if isinstance(font, TTFFont)]

    def normalize_text(self, text: str) -> str:
        """Every text on its way to paper: fpdf2 asks this of each, cell, paragraph or foot. Refused codes: "glyph".

        A further font is opened only for a document that needs it: opening one takes longer than drawing a page.
        """
        try:
            text = printable(super().normalize_text(text))
        except Refused:
            for font in self._files():
                if font.fontkey != _CJK.family:  # which all documents share
                    font.close()  # as output would
            raise
        rare = set(map(ord, text)) - _CJK.letters - {ord("\n")}
        for more in (_HAN, _MONGOLIAN):
            if rare and more.family not in self.fonts and not rare.isdisjoint(more.letters):
                self._add(more)
                self.set_fallback_fonts([each for each in self.fonts if each != _CJK.family])
        if _MONGOLIAN.family in self.fonts and not self.text_shaping:
            # Its letters join, and look otherwise in each place of a word. Asked anew for each text: shaping is part
            # of the graphics state, which a table puts back after each cell.
            self.set_text_shaping(True)
        return text

    def output(self, *args: Any, **kwargs: Any) -> Any:
        """The finished document. Refused codes: "glyph": nothing leaves here that lacks a letter, whatever drew it."""
        made = super().output(*args, output_producer_class=_Producer, **kwargs)
        drawn = {chr(code) for font in self._files() for code in font.missing_glyphs} - {"\n"}
        if drawn:
            raise Refused("glyph", _refusal("", sorted(drawn)))
        return made

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


def modules(page: Page, rows: Sequence[Sequence[int]], x: float, y: float, side: float) -> None:
    """A QR code (二维码) by its modules, a true value a dark one: `side` millimetres wide, without the quiet zone.

    All of it is one path, each run of dark modules a rectangle of it: a thousand separate ones take longer than a page.
    """
    size = side * page.k / len(rows)
    left, top = x * page.k, (page.h - y) * page.k
    drawn = []
    for line, row in enumerate(rows, start=1):
        at = 0
        for dark, run in itertools.groupby(row, bool):
            wide = len(list(run))
            if dark:
                drawn.append(f"{left + at * size:.3f} {top - line * size:.3f} {wide * size:.3f} {size:.3f} re")
            at += wide
    page.set_fill_color(*INK)
    page._out("\n".join([*drawn, "f"]))
    page.set_fill_color(255)


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
