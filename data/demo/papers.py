"""The two files a base hands in with a report, made in memory: the roster (附件1) and the announcement as a PDF."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import xlsxwriter

from core.ground import resident_id
from core.law.notices import Subject
from core.people.persons import PersonFacts
from core.submissions import roster

FIRST_ROW = 4
"""The spreadsheet row of a roster's first person: below a title, a line about the training and the headings."""

_WIDTHS = (6, 16, 6, 22, 30, 16, 16, 10, 10, 10, 16, 12)


class Line(NamedTuple):
    """One person of a roster, in the order of 附件1; 序号 is added."""

    name: str
    sex: str
    id_number: str
    employer: str
    post: str
    specialty: str
    public_hours: float
    professional_hours: float
    assessment: str
    phone: str
    note: str = ""


def line(facts: PersonFacts, subject: str, hours: Decimal, *, passed: bool, phone: str) -> Line:
    """A person's line; who has not passed earns nothing."""
    earned = float(hours) if passed else 0.0
    return Line(
        name=facts.name,
        sex=resident_id.sex(facts.id_number),
        id_number=facts.id_number,
        employer=facts.employer,
        post=facts.post,
        specialty=facts.specialty,
        public_hours=earned if subject == Subject.PUBLIC else 0.0,
        professional_hours=earned if subject == Subject.PROFESSIONAL else 0.0,
        assessment="合格" if passed else "不合格",
        phone=phone,
        note="" if passed else "缺勤超过规定课时",
    )


def spoil(lines: Sequence[Line], count: int) -> list[Line]:
    """The lines with mistakes clerks make in `count` of them: a digit mistyped, a number ruined, hours too many."""
    spoilt = list(lines)
    for at, each in enumerate(lines[1 : count + 1], start=1):
        mistyped = f"{each.id_number[:9]}{(int(each.id_number[9]) + 1) % 10}{each.id_number[10:]}"
        ruined = each.id_number[:15] + "000"
        if at % 3 == 1:
            spoilt[at] = each._replace(id_number=mistyped)
        elif at % 3 == 2 and resident_id.problem(ruined):  # one in eleven would be somebody's valid number
            spoilt[at] = each._replace(id_number=ruined)
        else:
            spoilt[at] = each._replace(professional_hours=each.professional_hours * 2 + 1, assessment="合格")
    return spoilt


def roster_file(lines: Sequence[Line], *, title: str, organization: str, clerk: str, made_at: datetime) -> bytes:
    """A roster in the layout of 附件1, as .xlsx: title and training above the headings, signatures below."""
    buffer = io.BytesIO()
    last = len(_WIDTHS) - 1
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": title, "author": clerk, "created": made_at.replace(tzinfo=None)})
        sheet = book.add_worksheet("花名册")
        heading = book.add_format({"bold": True, "font_size": 16, "align": "center"})
        boxed = book.add_format({"border": 1})
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.merge_range(0, 0, 0, last, "专业技术人员继续教育培训花名册", heading)
        sheet.write_string(1, 0, f"培训班名称：{title}")
        sheet.write_string(1, 7, f"填报单位（盖章）：{organization}")
        sheet.write_row(FIRST_ROW - 2, 0, list(roster.form().headings.values())[: last + 1], boxed)
        for number, each in enumerate(lines, start=1):
            sheet.write_row(FIRST_ROW - 2 + number, 0, (number, *each), boxed)
        foot = FIRST_ROW + len(lines)
        sheet.write_string(foot, 0, f"填表人：{clerk}")
        sheet.write_string(foot, 4, "审核人：")
        sheet.write_string(foot, 8, f"填表日期：{made_at.year}年{made_at.month}月{made_at.day}日")
    return buffer.getvalue()


def document(paragraphs: Sequence[str], *, title: str, issuer: str, issued_on: date) -> bytes:
    """A document of one A4 page (通知、证书), as a small PDF (ISO 32000-1) that uses the reader's own Song typeface."""
    texts = [("", 20.0)]
    texts += [(each, 16.0) for each in textwrap.wrap(title, 26)] + [("", 12.0), ("各有关单位：", 12.0)]
    texts += [
        (each, 12.0)
        for paragraph in paragraphs
        for each in textwrap.wrap("　　" + paragraph, 36, break_on_hyphens=False)
    ]
    texts += [("", 12.0), ("　" * 18 + issuer, 12.0)]
    texts += [("　" * 18 + f"{issued_on.year}年{issued_on.month}月{issued_on.day}日", 12.0)]
    texts += [("", 12.0), ("（演示文件，内容均为虚构）", 10.0)]
    page, height = [], 790.0
    for text, size in texts:
        height -= size * 1.9
        page.append(f"BT /F1 {size} Tf 70 {height:.1f} Td <{text.encode('utf-16-be').hex()}> Tj ET")
    stream = "\n".join(page).encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000 /W [1 95 500] >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 "
        b"/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]
    out = bytearray(b"%PDF-1.5\n%\xe4\xb8\xad\xe6\x96\x87\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)
