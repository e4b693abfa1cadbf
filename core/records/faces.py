"""Faces of cards (卡面): how what a card says is set on paper, in three sizes; everything stays in its box.

Knows no database: it is given what was signed, the look of its template and the address its code is answered at.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from core.ground import paper, signing
from core.ground.access import Labelled
from core.records import tokens

DEEMED = "视同完成"
"""What stands for hours where an entry makes the subject count as done."""


class Size(Labelled):
    """Size of a card's paper (纸张)."""

    HALF = "a5", "半张A4（A5横向）"
    A4 = "a4", "A4"
    CARD = "card", "卡片（85.6×54毫米，正反两面）"


PAPER = {Size.HALF: (210.0, 148.5), Size.A4: paper.A4, Size.CARD: (85.6, 54.0)}
"""Width and height in millimetres; half of A4 is exactly that, so that two stand on a sheet."""


ONLINE, OFFLINE = "扫码或在核验页输入验证码可核对真伪", "核对真伪可向核定机关查询，或用离线核验工具读二维码"
"""How a card is checked, in the wording; the second stands for the first where the office has no public address."""


@dataclass(frozen=True)
class Look:
    """What an authority prints on its cards beside what they say (样式): title, wording, images."""

    title: str = "专业技术人员继续教育审验卡"
    wording: str = f"本卡依据已审核的学时记录出具并签名，{ONLINE}，以系统查询结果为准。"
    mongolian: str = ""
    """One line in traditional Mongolian, set upright; "" for none."""
    sizes: tuple[Size, ...] = (Size.HALF, Size.A4, Size.CARD)
    """Those offered, the usual one first."""
    seal_area: bool = True
    entries: bool = True
    """Whether each entry is listed, where the size has room for them."""
    logo: bytes | None = None
    seal: bytes | None = None
    """PNG."""


BUILT_IN = Look()
"""What is printed where no authority has made a template of its own."""


class Sheet:
    """The document that faces are drawn into, one after the other (拼版): a page each, or several on sheets of A4.

    A card's two sides stand side by side on A4, to be cut out in one and folded.
    """

    def __init__(self, size: Size, *, together: bool = False) -> None:
        width, height = PAPER[size]
        across, down = (int(paper.A4[0] // width), int(paper.A4[1] // height)) if together else (1, 1)
        self.page = paper.Page(None, size=paper.A4 if together else (width, height))
        whole = paper.A4 if together else (width, height)
        left, upper = (whole[0] - across * width) / 2, (whole[1] - down * height) / 2
        self._places = [(left + x * width, upper + y * height) for y in range(down) for x in range(across)]
        self._used = len(self._places)
        self._size = width, height

    def next(self) -> tuple[float, float]:
        """The left upper corner of the next place, on a new page where this one is full."""
        if self._used == len(self._places):
            self.page.add_page()
            self._used = 0
        x, y = self._places[self._used]
        self._used += 1
        if len(self._places) > 1:  # where to cut
            self.page.frame((x, y, *self._size), thick=0.1)
        return x, y


def draw(
    sheet: Sheet,
    said: Mapping[str, Any],
    look: Look,
    size: Size,
    *,
    verify_url: str,
    by: signing.PublicKey | None = None,
) -> None:
    """Draw a card (排印审验卡): `said` as `cards` has it; its record for machines goes into the file.

    `verify_url`: "" where the office has no public address: then none is printed (`tokens.place`). `by`: the key it was
    issued under, None for the newest. Refused codes: "glyph".
    """
    text = tokens.address(said, verify_url, by)
    sheet.page.embed_file(
        bytes=tokens.record(said, text),
        basename=f"card-{said['code']}.json",
        mime_type="application/json",
        associated_file_relationship="Source",
        modification_date=sheet.page.creation_date,
        desc=text,  # as it is: readers without a decompressor find it in the file
        compress=True,
    )
    if size is Size.CARD:
        _Small(sheet, said, look, text).draw()
    else:
        _Large(sheet, said, look, size, text).draw()


def span(said: Mapping[str, Any]) -> str:
    """The years a card is about, in words: 2024年度, 2022—2024年度."""
    return years_words(said.get("since", said["year"]), said["year"])


def years_words(since: int, year: int) -> str:
    """The same of the first and the last year."""
    return f"{year}年度" if since == year else f"{since}—{year}年度"


Align = Literal["L", "C", "R"]
_RIGHT: tuple[Align, ...] = ("R",)


class _Face:
    """What the faces of all sizes have."""

    def __init__(self, sheet: Sheet, said: Mapping[str, Any], look: Look, text: str) -> None:
        self.sheet, self.page, self.said, self.look = sheet, sheet.page, said, look
        self.text, self.url = text, text.rpartition("#")[0]
        self.x, self.y = sheet.next()

    @property
    def wording(self) -> str:
        """The wording of the template; without a public address it sends nobody to a page that has none."""
        return self.look.wording if self.url else self.look.wording.replace(ONLINE, OFFLINE)

    def answered(self, width: float, size: float) -> tuple[str, float]:
        """Where a code is typed in (核验页), in lines of a width, and how high they are; of offices without a public
        address what else reads the code."""
        lines = [""]
        place = self.url.rpartition("/")[0].removeprefix("https://")
        for part in re.findall(r"http://[^./:]*|[./:]?[^./:]+", place):  # broken before a dot or a stroke
            if lines[-1] and self.page.width_of(lines[-1] + part, size) > width:
                lines.append("")
            lines[-1] += part
        return "\n".join(lines) or "离线核验码，用离线核验工具读", len(lines) * size * paper.LEADING + 0.2

    def put(self, text: str, x: float, y: float, width: float, height: float, size: float, **how: Any) -> None:
        """A text in a box of this face."""
        self.page.set_in(text, (self.x + x, self.y + y, width, height), size, **how)

    def image(self, content: bytes | None, x: float, y: float, width: float, height: float) -> None:
        """An image as large as the box lets it be, its proportions kept."""
        if content:
            self.page.image(io.BytesIO(content), self.x + x, self.y + y, width, height, keep_aspect_ratio=True)

    def rule(
        self, x: float, y: float, width: float, colour: tuple[int, int, int] = paper.RULE, thick: float = 0.2
    ) -> None:
        self.page.set_draw_color(*colour)
        self.page.set_line_width(thick)
        self.page.line(self.x + x, self.y + y, self.x + x + width, self.y + y)

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        self.page.frame((self.x + x, self.y + y, width, height), colour=paper.LINE)

    def code(self, x: float, y: float, side: float) -> None:
        """The QR code: the address its code is answered at, with the signed statement behind it."""
        paper.modules(self.page, tokens.qr(self.text).matrix, self.x + x, self.y + y, side)


def year_table(said: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The years of a card (各年度学时): the heads, each year with its hours by subject and its result, then the years
    that are judged together. Heads and cells may break their line."""
    head, names = said["required"], dict(said["subjects"])
    heads = [f"{name}\n（≥{head[code]}）" if Decimal(head.get(code, 0)) else name for code, name in names.items()]
    lines = [
        (line.get("label") or str(line["year"]), *(_cell(line, code, head) for code in names), line["lacks"] or "—")
        for line in (*said["years"], *said["together"])
    ]
    return [("年度", *heads, "结果"), *lines]


def _subject(entry: Mapping[str, Any]) -> str:
    """The subject of an entry, with its credit year where that is not the one it was completed in."""
    year = str(entry.get("year", ""))
    return str(entry["subject"]) + (f"\n（{year}年度）" if year and not entry["completed_on"].startswith(year) else "")


def _cell(line: Mapping[str, Any], code: str, head: Mapping[str, str]) -> str:
    """Hours of a subject, with what is required where that is not what the column's head says."""
    if code not in line["hours"]:  # a subject of another year's notice
        return "—"
    asked = line["required"].get(code)
    more = "" if asked is None or asked == head.get(code) else f"（≥{asked}）" if Decimal(asked) else "（不要求）"
    return f"{line['hours'][code]}{more}" + (f"（{DEEMED}）" if code in line.get("deemed", ()) else "")


def rule_words(said: Mapping[str, Any]) -> str:
    """By what the years are judged, in words; where a year goes by another notice than the card's, by which."""
    asked = [name for code, name in said["subjects"] if Decimal(said["required"].get(code, 0))]
    rule = f"年度学时须同时达到{'、'.join(asked)}的要求。" if asked else "各年度学时合并核算，以合计为准。"
    others = []
    for line in said["years"]:
        if (basis := line.get("basis", said["basis"])) != said["basis"]:
            year = f"{line['year']}年度"
            others.append(f"{basis if basis.startswith(year) else year + basis}。")
    return f"{said['basis']}。{''.join(others)}{rule}"


class _Large(_Face):
    """A card on A4 or half of it: everything it says, on further pages where there is much of it."""

    def __init__(self, sheet: Sheet, said: Mapping[str, Any], look: Look, size: Size, text: str) -> None:
        super().__init__(sheet, said, look, text)
        self.width, self.height = PAPER[size]
        self.unit = 1.0 if size is Size.HALF else 1.18
        self.margin = 9.0 if size is Size.HALF else 17.0
        self.foot = self.height - max(self.margin + 23 * self.unit, 37)
        """Where what stands at the foot of the first page begins: a seal of 42 mm over it stays on the paper."""
        self.left = self.margin + (11 * self.unit if look.mongolian else 0)
        self.inner = self.width - self.margin - self.left
        self.at = self.margin
        self.limit = self.foot - 1
        self.pages = 1

    def draw(self) -> None:
        self._head()
        self._foot()  # on the first page, however many years there are
        self._years()
        if self.look.entries:
            self._entries()

    def _head(self) -> None:
        """Logo and title, what the card is known by, whose it is; the code at the right, large enough for a scanner."""
        unit, said, margin = self.unit, self.said, self.margin
        side = 36 * unit**0.3
        right = self.width - margin - side
        self.code(right, margin, side)
        below, high = self.answered(side + 2, 6.5)
        self.put(below, right - 2, margin + side + 0.8, side + 2, high, 6.5, align="R", colour=paper.GREY)
        x = self.left
        if self.look.logo:
            self.image(self.look.logo, x, margin, 13 * unit, 13 * unit)
            x += 15.5 * unit
        self.put(self.look.title, x, margin, right - x - 4, 9 * unit, 17 * unit, colour=paper.ACCENT)
        code = f"验证码 {tokens.written(said['code'])}"
        words = "　".join([span(said), *([f"编号 {said['number']}"] if said.get("number") else []), code])
        self.put(words, x, margin + 9 * unit, right - x - 4, 5 * unit, 9 * unit)
        if self.look.mongolian:
            box = (self.x + margin, self.y + margin, 8 * unit, self.height - 2 * margin)
            self.page.set_upright(self.look.mongolian, box, 13 * unit)
        self.at = margin + 15 * unit
        self._person(right - 4 - self.left)
        self.at = max(self.at + 1.5 * unit, margin + side + high + 1.4)

    def _person(self, width: float) -> None:
        said, high, label = self.said, 6.2 * self.unit, 18 * self.unit
        first = width * 0.53
        one, two, rest = self.left, self.left + first, width - first
        employer, small = said["employer"] or "—", 9 * self.unit

        def tall(text: str, room: float) -> float:
            """How high a row is: a long name has two lines rather than one that nobody can read."""
            lines = 1 if self.page.width_of(paper.printable(text), small) <= room - label - 1.5 else 2
            return max(high, lines * small * paper.LEADING + 0.8)

        rows = (tall(said["name"], first), high, tall(employer, width), high)
        boxes = (  # what, its value, left edge, row, width, width of its name; names of offices are long
            ("姓名", said["name"], one, 0, first, 18),
            ("性别", said["sex"], two, 0, rest, 23),
            ("身份证号", said.get("id_number") or said["id_mask"], one, 1, first, 18),
            ("专业技术职务", said["title"] or "—", two, 1, rest, 23),
            ("工作单位", employer, one, 2, width, 18),
            ("核定机关", said["office"], one, 3, width, 18),
        )
        for name, value, x, row, wide, broad in boxes:
            y, begins = self.at + sum(rows[:row]), broad * self.unit
            self.frame(x, y, wide, rows[row])
            self.put(name, x + 1.5, y, begins - 1.5, rows[row], 9 * self.unit, colour=paper.GREY)
            whole = name == "身份证号"
            self.put(value, x + begins, y, wide - begins - 1.5, rows[row], 10 * self.unit, whole=whole)
        self.at += sum(rows)

    def _years(self) -> None:
        head, *lines = year_table(self.said)
        count = len(head) - 2
        wide = min(27.0, 95 / count) * self.inner / 188
        first = 20 * self.inner / 188 if not self.said["together"] else 34 * self.inner / 188
        widths = [first, *(wide for _ in range(count)), self.inner - first - wide * count]
        aligns: list[Align] = ["C", *_RIGHT * count, "L"]
        self._table(head, lines, widths, aligns, head=9)

    def _entries(self) -> None:
        inner = self.inner
        widths = [22 * self.unit, 26 * self.unit, 17 * self.unit]
        widths.append(inner - sum(widths))
        lines = [
            (entry["completed_on"], _subject(entry), entry["hours"], entry["basis"]) for entry in self.said["entries"]
        ]
        heads = ("完成日期", "科目", "学时", f"{span(self.said)}学时明细：培训机构与培训名称")
        self.at += 2 * self.unit
        sizes = (9.5, 8.5, 7.5, 6.5)  # the room of the first page before a second one
        room = self.limit - self.at - 6 * self.unit
        fitting = (size for size in sizes if sum(self._high(line, widths, size * self.unit) for line in lines) <= room)
        self._table(heads, lines, widths, ["C", "L", "R", "L"], head=6, size=next(fitting, sizes[0]))

    def _table(
        self,
        heads: Sequence[str],
        lines: Sequence[Sequence[str]],
        widths: Sequence[float],
        aligns: Sequence[Align],
        *,
        head: float,
        size: float = 9.5,
    ) -> None:
        """A table that goes on on the next page, its head repeated; a row is as high as its longest cell."""
        size, begun = size * self.unit, False
        for line in lines:
            high = self._high(line, widths, size)
            if self.at + high + (0 if begun else head * self.unit) > self.limit:
                self._further()
                widths = [each * self.inner / sum(widths) for each in widths]  # beside no Mongolian any more
                begun = False
            if not begun:
                self._row(heads, widths, ["C"] * len(heads), head * self.unit, 9 * self.unit, paper.GREY)
                begun = True
            self._row(line, widths, aligns, high, size, paper.INK)

    def _high(self, line: Sequence[str], widths: Sequence[float], size: float) -> float:
        """How high a row is: as its longest cell needs it, and no higher than a page."""
        lines = max(
            len(self.page.wrapped(paper.printable(cell), width - 3, size))
            for cell, width in zip(line, widths, strict=True)
        )
        high = max(6 * self.unit * min(1.0, size / (9.5 * self.unit)), lines * size * paper.LEADING + 1.2)
        return min(high, self.height - 2 * self.margin - 20 * self.unit)

    def _row(
        self,
        cells: Sequence[str],
        widths: Sequence[float],
        aligns: Sequence[Align],
        high: float,
        size: float,
        colour: tuple[int, int, int],
    ) -> None:
        x = self.left
        for cell, width, align in zip(cells, widths, aligns, strict=True):
            self.frame(x, self.at, width, high)
            self.put(cell, x + 1.5, self.at, width - 3, high, size, align=align, colour=colour)
            x += width
        self.at += high

    def _further(self) -> None:
        """On to the next page, which says whose it is."""
        self.pages += 1
        self.x, self.y = self.sheet.next()
        self.limit = self.height - self.margin
        self.left, self.inner = self.margin, self.width - 2 * self.margin
        said = self.said
        number = said.get("number") or said["code"]
        words = f"{self.look.title}　编号 {number}　{said['name']}　第{self.pages}页"
        self.put(words, self.left, self.margin, self.inner, 6 * self.unit, 9 * self.unit, colour=paper.GREY)
        self.at = self.margin + 8 * self.unit

    def _foot(self) -> None:
        """What the years are judged by, the wording, and where the seal goes."""
        unit, said, y = self.unit, self.said, self.foot
        seal = 58 * unit
        room = self.inner - seal - 4
        text = f"{rule_words(said)}\n{self.wording}"
        self.put(text, self.left, y, room, 23 * unit, 8.5 * unit, colour=paper.GREY, top=True)
        x = self.width - self.margin - seal
        self.image(self.look.seal, x + seal - 23 * unit, y, 23 * unit, 23 * unit)
        self.put(said["office"], x, y + 1 * unit, seal, 9 * unit, 10.5 * unit, align="R")
        if self.look.seal_area and not self.look.seal:
            self.put("（盖章处）", x, y + 10 * unit, seal, 5 * unit, 9 * unit, align="R", colour=paper.GREY)
        self.put(said["issued_on"], x, y + 16 * unit, seal, 6 * unit, 10.5 * unit, align="R")


_POST = "专业技术\n职务"


class _Small(_Face):
    """A card of the size of a bank card: who and where it is answered on the front, hours and results on the back."""

    def draw(self) -> None:
        self._front()
        self.x, self.y = self.sheet.next()
        self._back()

    def _front(self) -> None:
        said, (width, _) = self.said, PAPER[Size.CARD]
        x = 4.0
        if self.look.mongolian:
            box = (self.x + 3, self.y + 3, 4.5, 48)
            self.page.set_upright(self.look.mongolian, box, 7.5)
            x = 9.0
        title = x
        if self.look.logo:
            self.image(self.look.logo, x, 2.2, 7, 7)
            title = x + 8.5
        self.put(self.look.title, title, 2.5, width - title - 4, 6.5, 9.5, colour=paper.ACCENT)
        self.rule(x, 9.8, width - x - 3.5)
        side = 36.0
        self.code(width - 3.5 - side, 11.5, side)
        room = width - 3.5 - side - 1.5 - x
        lines = [
            ("姓名", said["name"], 8.5, 9.5),
            ("身份证号", said.get("id_number") or said["id_mask"], 5.5, 7.0),
            ("工作单位", said["employer"] or "—", 7.5, 7.0),
            (_POST, said["title"] or "—", 6.0, 7.0),
            ("核定机关", said["office"], 7.5, 6.5),
        ]
        y = 11.0
        for label, value, high, size in lines:
            self.put(label, x, y, 9.5, high, 5, colour=paper.GREY)
            beside = 8.5 if label == _POST else 0  # the sex at the end of its line: the number needs all of its own
            self.put(value, x + 10, y, room - 10 - beside, high, size, whole=label == "身份证号")
            if beside:
                self.put("性别", x + room - 8, y, 4.2, high, 5, colour=paper.GREY)
                self.put(said["sex"], x + room - 3.8, y, 3.8, high, 7, align="R")
            y += high
        number = said.get("number")
        self.put(f"编号 {number}" if number else span(said), x, 46.2, room, 3.2, 6)
        self.put(f"{said['issued_on']}出具", x, 49.2, room, 3.2, 6, colour=paper.GREY)
        words = tokens.written(said["code"])
        self.put(words, width - 3.5 - side, 48.5, side, 3.6, 7, align="C")

    def _back(self) -> None:
        said, (width, high) = self.said, PAPER[Size.CARD]
        x, inner = 4.0, width - 8
        self.put(f"{span(said)}学时", x, 2.5, inner, 4, 7.5, colour=paper.ACCENT)
        lines = year_table(said)
        count = len(lines[0]) - 2
        first = 9.0 if not said["together"] else 17.0
        wide = min(11.0, 44 / count)
        widths = [first, *(wide for _ in range(count)), inner - first - wide * count]
        head, row = 5.5, min(5.0, 22 / (len(lines) - 1))
        y = 7.0
        aligns: list[Align] = ["C", *_RIGHT * count, "L"]
        for at, line in enumerate(lines):
            left, tall = x, head if at == 0 else row
            for cell, broad, align in zip(line, widths, aligns, strict=True):
                self.frame(left, y, broad, tall)
                how: dict[str, Any] = {"align": "C", "colour": paper.GREY} if at == 0 else {"align": align}
                self.put(cell, left + 0.6, y, broad - 1.2, tall, 5.5 if at == 0 else 6.5, **how)
                left += broad
            y += tall
        foot = max(y + 1, 35.0)
        label = 9 if self.url else 0
        below, tall = self.answered(inner - 26 - label, 6.5)
        if label:
            self.put("核验页", x, high - 3 - tall, label, tall, 6.5, colour=paper.GREY)
        self.put(below, x + label, high - 3 - tall, inner - 26 - label, tall, 6.5)
        text, room = f"{rule_words(said)}{self.wording}", high - foot - 3 - tall
        self.put(text, x, foot, inner - 26, room, 5.5, colour=paper.GREY, top=True)
        self.image(self.look.seal, width - 4 - 16, foot, 16, high - foot - 3)
        if self.look.seal_area and not self.look.seal:
            self.put("（盖章处）", width - 4 - 24, foot, 24, high - foot - 3, 6, align="C", colour=paper.GREY)
