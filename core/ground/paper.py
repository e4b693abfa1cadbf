"""Printed pages: pages in Chinese with their headings, pairs and tables, or set into boxes. Knows nothing of what is
printed.

Whatever comes to paper goes through `printable` first: a character that none of our fonts has is refused by name, so
that nobody is handed a page with a gap in a name.
"""

from __future__ import annotations

import base64
import copy
import functools
import hashlib
import importlib.resources
import io
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import fpdf.output
import uharfbuzz as hb
from fontTools import subset
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.annotations import PDFAnnotation
from fpdf.enums import AnnotationFlag, DocumentCompliance, XPos, YPos
from fpdf.fonts import FontFace, SubsetMap, TTFFont
from fpdf.output import OutputProducer, PDFFont
from fpdf.prefs import ViewerPreferences
from fpdf.sign import Signature
from fpdf.syntax import Name, PDFContentStream, PDFDate, PDFObject, PDFString
from PIL import Image

from core.ground import db, signing, taken
from core.ground.access import Refused

INK, GREY, RULE, ACCENT = (33, 37, 41), (96, 103, 112), (200, 205, 212), (23, 78, 134)
LINE = (128, 135, 144)
"""Of a form's cells: still there on a printer that is low on toner."""


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


class _Cut:
    """The glyphs that a document has picked (子集), as HarfBuzz cut them: of all that fpdf2 asks a font, the outlines.

    They keep their numbers (CID), so that what is drawn stays right. fpdf2 would cut them once more with fontTools,
    which takes longer than everything else about a page.
    """

    def __init__(self, font: TTFFont) -> None:
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(glyph.glyph_id for glyph, _ in font.subset.items() if glyph)
        wanted.flags = hb.SubsetFlags.NOTDEF_OUTLINE | hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NO_HINTING
        wanted.drop_table_tag_set.update(int.from_bytes(tag) for tag in (b"GSUB", b"GPOS", b"GDEF", b"BASE"))
        self._outlines: bytes = hb.subset(_read()[1], wanted).reference_table("CFF ").data

    def __contains__(self, tag: str) -> bool:
        return tag == "CFF "

    def __getitem__(self, _tag: str) -> _Cut:
        return self

    def compile(self, _font: _Cut) -> bytes:
        return self._outlines

    def getGlyphID(self, _name: str) -> int:  # noqa: N802  as fontTools calls it
        return 0  # fpdf2 goes by the CID

    def save(self, _file: io.BytesIO) -> None:
        """fpdf2 has the whole font saved, and then takes its outlines alone."""

    def close(self) -> None:
        """There is no file."""


class _Subsetter(subset.Subsetter):  # type: ignore[misc]
    """fontTools' own, which leaves alone what is cut already."""

    def subset(self, font: Any) -> None:
        if not isinstance(font, _Cut):
            super().subset(font)


# Of fpdf2 2.8.9, which is pinned.
fpdf.output.ftsubset = SimpleNamespace(Options=subset.Options, Subsetter=_Subsetter)  # type: ignore[attr-defined]


@functools.lru_cache(maxsize=4096)
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


@functools.lru_cache(maxsize=4096)
def _is_plain(text: str) -> bool:
    """Whether the Chinese font alone has all of a printable text, and nothing of it has to be joined."""
    return _CJK.letters.issuperset(map(ord, text))


@functools.cache
def _rgb(colour: tuple[int, int, int]) -> str:
    """A colour as PDF writes it, before `rg` or `RG`."""
    return " ".join(f"{each / 255:.4f}" for each in colour)


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


_WIDTHS = re.compile(r"(?<!\d)\d+ (?:\[[^][]*\]|\d+ (\d+))\s*")
"""How wide glyphs are, as PDF writes it: each its own, or a run of one width."""


def _without_usual(widths: str, usual: float) -> str:
    """The widths of glyphs without those of the usual one, which fpdf2 writes down for every Chinese character."""
    return _WIDTHS.sub(lambda found: "" if found[1] == f"{usual:g}" else found[0], widths)


_NO_LETTER = re.compile(rb"(?<!\d)(\d{1,3}) beginbfchar\n<0000> <0000>\n")
"""What fpdf2 says of the glyph that is none: that it is U+0000, which PDF/A forbids (ISO 19005-3, 6.2.11.7.2)."""


def _one_less(found: re.Match[bytes]) -> bytes:
    return b"%d beginbfchar\n" % (int(found[1]) - 1)


class _Producer(OutputProducer):
    """fpdf2's own, which is given the Chinese font already cut; only then is known which glyphs there are."""

    def _add_fonts(self, *args: Any, **kwargs: Any) -> Any:
        for font in self.fpdf.fonts.values():
            if isinstance(font, TTFFont) and font.fontkey == _CJK.family:
                font.ttfont = _Cut(font)
        made = super()._add_fonts(*args, **kwargs)
        for each in self.pdf_objs:
            if isinstance(each, PDFFont) and each.w and each.d_w:
                each.w = _without_usual(each.w, each.d_w)
        for each in self.pdf_objs:  # which character is which, as plain text that is longer than a page
            if type(each) is PDFContentStream and each.filter is None:
                content = _NO_LETTER.sub(_one_less, each.content_stream())
                each._contents, each.filter = zlib.compress(content), Name("FlateDecode")
                each.length = len(each._contents)
        return made

    def _add_annotations_as_objects(self) -> Any:
        field = super()._add_annotations_as_objects()
        if field is not None:
            apart = _Apart(field.v)  # type: ignore[arg-type]
            self._add_pdf_obj(apart)
            field.v = apart  # type: ignore[assignment]
        return field


LEADING = 0.3528 * 1.28
"""Millimetres from line to line for each point of size."""
MIDDLE = 0.3528 * 0.36
"""Of a line's height, by how much the base line lies below its middle, for each point of size."""
SMALLEST = 1.0
"""Points below which nothing is set any smaller."""
_WORDS = re.compile(r"[A-Za-zÀ-ɏЀ-ӿ0-9.,:/_%@#&+'’\u1800-\u18af\u202f\u200c\u200d-]+|.", re.DOTALL)
_NEVER_FIRST = frozenset("，。、；：！？）》”’】〕")
"""What stands at the end of a line rather than at the beginning of the next."""
_ADVANCES: dict[str, float] = {}
"""How far each character carries the line on (mm at one point), the same in every document."""
_NEVER_LAST = "（《“‘【〔("

A4 = (210.0, 297.0)
"""Millimetres."""
_REACH = b"[0000000000 0000000000 0000000000 0000000000]"
"""What a signature reaches over, until that is known."""


class _Signature(Signature):
    """fpdf2's own, with room for a signature of PAdES."""

    def __init__(self, at: datetime, reason: str, room: bytes) -> None:
        super().__init__(m=PDFDate(at.astimezone(db.OFFICE_ZONE), with_tz=True), reason=PDFString(reason))
        self.sub_filter = Name("ETSI.CAdES.detached")
        self.byte_range = _REACH.decode()
        self.contents = room.decode()


class _Apart(PDFObject):
    """A signature as an object of its own, as those who verify it want it; fpdf2 writes it into its field."""

    def __init__(self, signature: _Signature) -> None:
        super().__init__()
        self.signature = signature

    def serialize(self, *_: Any, **__: Any) -> str:
        return f"{self.id} 0 obj\n{self.signature.serialize()}\nendobj"


@dataclass(frozen=True)
class Letterhead:
    """Whose paper it is (抬头), small at the head of every page: a name, and a mark as a PNG, else the system's own."""

    name: str
    mark: bytes | None = None


class Page(FPDF):
    """A document, A4 unless its pages have another size (mm, width and height).

    `foot` stands at the foot of every page, before the page number, and above it who takes the document away (`taken`);
    with None there is no foot, no margin and no page break: everything is `Set` into boxes. `by`: whose paper it is.
    """

    def __init__(self, foot: str | None, *, by: Letterhead | None = None, size: tuple[float, float] = A4) -> None:
        super().__init__(format=size, enforce_compliance=DocumentCompliance.PDFA_3U)
        self.viewer_preferences = ViewerPreferences(print_scaling="None")  # 实际大小: a card of half a page stays one
        self.foot, self.by = foot, by
        self.mark = ""
        self._codes: dict[str, str] = {}
        """What each character of the Chinese font is called in this document."""
        self.fonts[_CJK.family] = _chinese(len(self.fonts) + 1)
        if foot is None:
            self.set_auto_page_break(False)
            self.set_margin(0)
            self.c_margin = 0
        else:
            self.set_auto_page_break(True, margin=22)
            self.set_margins(18, 16)
            if mark := taken.of():
                self.whose(mark)
        self.set_lang("zh-CN")

    def whose(self, mark: taken.Taken) -> None:
        """Say in the document's properties who takes it away, and when."""
        try:
            self.mark = printable(mark.line)
        except Refused:  # a name that no font has: nobody is kept from paper by it
            self.mark = f"导出时间：{mark.minute}"
        self.set_author(mark.who)
        self.set_subject(mark.line)

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
        # Mongolian letters join, and look otherwise in each place of a word. Asked anew for each text: shaping is part
        # of the graphics state, which a table puts back after each cell; other texts are not slowed down by it.
        if bool(self.text_shaping) != (joins := bool(_IN_MONGOLIAN.search(text))):
            self.set_text_shaping(joins)
        return text

    def width_of(self, text: str, size: float) -> float:
        """How wide a text is in one line (mm) at a size in points."""
        try:
            return sum(map(_ADVANCES.__getitem__, text)) * size
        except KeyError:  # one that was never set yet, or never alone
            pass
        if _IN_MONGOLIAN.search(text):
            self.set_font(_CJK.family, size=size)
            return float(self.get_string_width(text))
        for char in text:
            if char not in _ADVANCES:
                self.set_font(_CJK.family, size=100)
                _ADVANCES[char] = float(self.get_string_width(char)) / 100
        return sum(map(_ADVANCES.__getitem__, text)) * size

    def wrapped(self, text: str, width: float, size: float) -> list[str]:
        """A text as lines no wider than `width` (mm); words of letters and figures stay whole where they fit."""
        lines = []
        for paragraph in text.split("\n"):
            if self.width_of(paragraph, size) <= width:  # as nearly all are
                lines.append(paragraph.strip(" "))
                continue
            line, room = "", width
            for word in _WORDS.findall(paragraph):
                wide = self.width_of(word, size)
                if wide > room and line and word not in _NEVER_FIRST:
                    kept = line.rstrip(_NEVER_LAST)
                    lines.append((kept or line).rstrip(" "))
                    line = line[len(kept) :] if kept else ""
                    room = width - self.width_of(line, size)
                if wide > width:  # cut where it has to be
                    for char in word:
                        if (wide := self.width_of(char, size)) > room and line:
                            lines.append(line)
                            line, room = "", width
                        line, room = line + char, room - wide
                elif line or word != " ":
                    line, room = line + word, room - wide
            lines.append(line.rstrip(" "))
        return lines

    def set_in(
        self,
        text: str,
        box: tuple[float, float, float, float],
        size: float,
        *,
        align: Literal["L", "C", "R"] = "L",
        colour: tuple[int, int, int] = INK,
        top: bool = False,
        whole: bool = False,
    ) -> float:
        """Set a text into a box (排进方框): left, upper edge, width and height in mm; it never leaves it.

        At this size in points where it fits, in as many lines as there is room for; smaller where it does not. In the
        middle of the height, or at its `top`. `whole`: no line is broken, as a number's, which is rather set smaller.
        Answers the size it was set in.
        """
        x, y, width, height = box
        text = printable(text)
        while True:
            lines = self.wrapped(text, width, size)
            step = size * LEADING
            fits = len(lines) * step <= height + 0.01 and all(self.width_of(line, size) <= width for line in lines)
            fits &= not whole or len(lines) == text.count("\n") + 1
            if fits or size <= SMALLEST:
                break
            size -= 0.5 if size > 4 else 0.1
        y += 0 if top else max(0.0, (height - len(lines) * step) / 2)
        broken = len(lines) > 1 and "\n" not in text
        if broken:  # what is searched for or copied is the name itself, not its lines (ISO 32000-1, 14.9.4)
            self._out(f"/Span <</ActualText <FEFF{text.encode('utf-16-be').hex()}>>> BDC")
        for line in lines:
            if line:
                self._line(line, (x, y, width, step), size, align, colour)
            y += step
        if broken:
            self._out("EMC")
        return size

    def _line(
        self,
        line: str,
        box: tuple[float, float, float, float],
        size: float,
        align: str,
        colour: tuple[int, int, int],
    ) -> None:
        x, y, width, height = box
        self.set_font(_CJK.family, size=size)
        if _is_plain(line):  # written here: fpdf2 asks a dozen questions of every line
            if not self.current_font_is_set_on_page:
                assert self.current_font is not None
                self._out(self._set_font_for_page(self.current_font, self.font_size_pt))
            left = x if align == "L" else x + (width - self.width_of(line, size)) / (2 if align == "C" else 1)
            base = self.h - (y + height / 2 + size * MIDDLE)
            place = f"{left * self.k:.2f} {base * self.k:.2f} Td"
            self._out(f"q {_rgb(colour)} rg BT {place} ({self._coded(line)}) Tj ET Q")
        else:  # which chooses fonts and shapes
            self.set_text_color(*colour)
            self.set_xy(x, y)
            self.cell(width, height, line, align=align)

    def _coded(self, line: str) -> str:
        """A line as a string of PDF, in the characters of this document's Chinese font."""
        codes = self._codes
        try:
            return "".join(map(codes.__getitem__, line))
        except KeyError:
            font = self.fonts[_CJK.family]
            for char in line:
                if char not in codes:
                    codes[char] = font.encode_text(char)[1:-4]  # of "(…) Tj"
            return "".join(map(codes.__getitem__, line))

    def frame(
        self, box: tuple[float, float, float, float], *, colour: tuple[int, int, int] = RULE, thick: float = 0.2
    ) -> None:
        """The edge of a box (方框): left, upper edge, width and height in mm."""
        x, y, width, height = (each * self.k for each in box)
        place = f"{x:.2f} {self.h * self.k - y:.2f} {width:.2f} {-height:.2f} re S"
        self._out(f"q {_rgb(colour)} RG {thick * self.k:.2f} w {place} Q")

    def set_upright(self, text: str, box: tuple[float, float, float, float], size: float) -> float:
        """Set Mongolian upright (竖排蒙文) into a tall box: from the top down, lines to the right, its letters joined.

        The font lies its letters on their side, as they stand in a line of Latin; turned by a quarter they stand.
        """
        x, y, width, height = box
        with self.rotation(-90, x + width, y):
            return self.set_in(text, (x + width, y, height, width), size)

    def output(self, *args: Any, **kwargs: Any) -> Any:
        """The finished document. Refused codes: "glyph": nothing leaves here that lacks a letter, whatever drew it."""
        made = super().output(*args, output_producer_class=_Producer, **kwargs)
        drawn = {chr(code) for font in self._files() for code in font.missing_glyphs} - {"\n"}
        if drawn:
            raise Refused("glyph", _refusal("", sorted(drawn)))
        return made

    def signed(self, at: datetime, reason: str) -> bytes:
        """The finished document with the office's signature (PAdES), as of a moment. Refused codes: as `output`.

        Its place is kept free while the document is written: the signature is over all bytes around it.
        """
        room = b"<" + b"0" * 2 * signing.cms_size() + b">"
        widget = PDFAnnotation(
            "Widget",
            field_type="Sig",
            x=0,
            y=0,
            width=0,
            height=0,
            flags=(AnnotationFlag.PRINT, AnnotationFlag.LOCKED),
            title="Signature1",
            value=_Signature(at, reason, room),
        )
        self.pages[self.page].add_annotation(widget)
        made: bytearray = self.output()
        begin = made.index(room)
        end = begin + len(room)
        place = made.index(_REACH)
        made[place : place + len(_REACH)] = f"[0 {begin} {end} {len(made) - end}]".ljust(len(_REACH)).encode()
        digest = hashlib.sha256(memoryview(made)[:begin])
        digest.update(memoryview(made)[end:])
        made[begin + 1 : end - 1] = signing.cms(digest.digest()).hex().encode()
        return bytes(made)

    def header(self) -> None:
        if self.by is None:
            return
        x, y, side = self.l_margin, 6.5, 6.0
        if self.by.mark:
            with Image.open(io.BytesIO(self.by.mark)) as mark:
                flat = Image.new("RGB", mark.size, "white")
                flat.paste(mark, mask=mark.getchannel("A") if mark.mode == "RGBA" else None)
            self.image(flat, x, y, side, side, keep_aspect_ratio=True)
        else:
            _mark(self, x, y, side)
        self.set_in(self.by.name, (x + side + 2, y, self.epw - side - 2, side), 8.5, colour=GREY)
        self.set_draw_color(*RULE)
        self.line(x, y + side + 1.5, x + self.epw, y + side + 1.5)
        self.set_y(self.t_margin)

    def footer(self) -> None:
        if self.foot is None:
            return
        if self.mark:
            self.set_in(self.mark, (self.l_margin, self.h - 20, self.epw, 4), 8, align="C", colour=GREY)
        self.set_y(-16)
        self.set_font("cjk", size=8)
        self.set_text_color(*GREY)
        self.cell(0, 5, f"{self.foot}　　第 {self.page_no()} 页 / 共 {{nb}} 页", align="C")


def _mark(page: Page, x: float, y: float, side: float) -> None:
    """The system's mark (标志), as `web/drawings/mark.svg` has it in a square of 64: an open book, the sun above it."""
    at = side / 64

    def line(*points: tuple[float, float]) -> None:
        page.polyline([(x + across * at, y + down * at) for across, down in points])

    page.set_fill_color(*ACCENT)
    page.rect(x, y, side, side, style="F", round_corners=True, corner_radius=12 * at)
    page.set_draw_color(255)
    page.set_line_width(3.5 * at)
    line(
        (32, 50), (22, 45), (10, 43), (10, 29), (22, 30.5), (32, 36), (42, 30.5), (54, 29), (54, 43), (42, 45), (32, 50)
    )
    line((32, 36), (32, 50))
    page.arc(x + 22 * at, y + 15.5 * at, 20 * at, 180, 360)
    for ray in (((32, 9), (32, 8)), ((17.5, 15), (16.5, 14)), ((46.5, 15), (47.5, 14))):
        line(*ray)
    page.set_line_width(0.2)
    page.set_fill_color(255)


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
    page.multi_cell(0, 6, _lines(page, text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


_WHOLE = re.compile(
    r"[（“‘《〈「『]*(?:[0-9A-Za-z.,:·%+/-]+[人期家份天年月日个]?|[\u1800-\u18af\u200d\u202f]+|.)[，。、；：！？）”’》〉」』％]*",
    re.DOTALL,
)
"""What stays on one line: a number with its unit, a word, a character, and the marks that open and close it."""


def _lines(page: Page, text: str) -> str:
    """A paragraph with its lines parted (避头尾): none begins with a mark that closes, and no number is broken."""
    room, line, lines = page.epw - 2 * page.c_margin, "", []
    for whole in _WHOLE.findall(text):
        if line and page.get_string_width(line + whole) > room:
            lines.append(line)
            line = ""
        line += whole
        if "\n" in whole:
            lines.append(line.rstrip("\n"))
            line = ""
    return "\n".join([*lines, line])


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

    A stencil of eight dots a module, some 340 an inch: a quarter of what its rectangles take, and drawn at once; a
    reader that smooths it does so by a sixteenth of a module. Packed at level 4: the higher ones take up to twenty
    times as long over rows this much alike, and make them no smaller.
    """
    lines = (bytes(0 if dark else 255 for dark in row) * 8 for row in rows)
    dots = base64.a85encode(zlib.compress(b"".join(lines), 4)).decode()
    size, left, below = side * page.k, x * page.k, (page.h - y - side) * page.k
    place = f"q {_rgb(INK)} rg {size:.3f} 0 0 {size:.3f} {left:.3f} {below:.3f} cm"
    many = 8 * len(rows)
    page._out(f"{place} BI /W {many} /H {many} /IM true /F [/A85 /Fl] ID {dots}~>\nEI Q")


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
