"""The peers of `benchmarks.cards`: the same card by reportlab and by WeasyPrint, in an environment of their own.

python cards_peers.py LIBRARY CARDS.json FONT.ttf SINGLY
"""

from __future__ import annotations

import html
import io
import itertools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import segno

MM = 72 / 25.4
WIDE, HIGH = 210.0, 148.5


def pairs(card: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("姓名", card["name"]),
        ("性别", card["sex"]),
        ("身份证号", card["id_mask"]),
        ("专业技术职务", card["title"]),
        ("工作单位", card["employer"]),
        ("核定机关", card["office"]),
    ]


def years(card: dict[str, Any]) -> list[list[str]]:
    names = dict(card["subjects"])
    heads = ["年度", *(f"{name}（≥{card['required'][code]}）" for code, name in names.items()), "结果"]
    return [
        heads,
        *([str(line["year"]), *(line["hours"][code] for code in names), line["lacks"]] for line in card["years"]),
    ]


def entries(card: dict[str, Any]) -> list[list[str]]:
    lines = [[each["completed_on"], each["subject"], each["hours"], each["basis"]] for each in card["entries"]]
    return [["完成日期", "科目", "学时", "培训机构与培训名称"], *lines]


def code(card: dict[str, Any]) -> list[str]:
    """The QR code as rows of 0 and 1."""
    place, mark, statement = card["text"].partition("#")
    made = segno.make([place + mark, statement], error="l", boost_error=False, mask=4)
    return ["".join("1" if bit else "0" for bit in row) for row in made.matrix]


def reportlab(face: str) -> Callable[[list[dict[str, Any]]], bytes]:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("cjk", face))

    def text(page: Canvas, x: float, y: float, size: float, words: str) -> None:
        page.setFont("cjk", size)
        page.drawString(x * MM, (HIGH - y) * MM, words)

    def table(page: Canvas, y: float, widths: list[float], lines: list[list[str]]) -> float:
        for line in lines:
            x = 12.0
            for wide, cell in zip(widths, line, strict=True):
                page.rect(x * MM, (HIGH - y - 5.5) * MM, wide * MM, 5.5 * MM)
                text(page, x + 1, y + 4, 8.5, cell)
                x += wide
            y += 5.5
        return y

    def draw(page: Canvas, card: dict[str, Any]) -> None:
        text(page, 12, 16, 17, "专业技术人员继续教育审验卡")
        text(page, 12, 24, 9, f"2022—2024年度　编号 {card['number']}　验证码 {card['code']}")
        for at, (label, value) in enumerate(pairs(card)):
            x, y = 12 + at % 2 * 72, 34 + at // 2 * 8
            text(page, x, y, 8, label)
            text(page, x + 22, y, 10, value)
        y = table(page, 62, [26, 30, 30, 30, 70], years(card))
        y = table(page, y + 4, [28, 24, 18, 116], entries(card))
        text(page, 12, y + 6, 7.5, card["rows"][:60])
        text(page, 12, y + 11, 7.5, "本卡依据已审核的学时记录出具并签名，扫码或在核验页输入验证码可核对真伪。")
        text(page, 12, 140, 7.5, card["url"])
        rows = code(card)
        module = 38.0 / len(rows)
        path = page.beginPath()
        for row, bits in enumerate(rows):
            at = 0
            for dark, run in itertools.groupby(bits):
                long = len(list(run))
                if dark == "1":
                    path.rect(
                        (160 + at * module) * MM, (HIGH - 12 - (row + 1) * module) * MM, long * module * MM, module * MM
                    )
                at += long
        page.drawPath(path, stroke=0, fill=1)

    def made(some: list[dict[str, Any]]) -> bytes:
        target = io.BytesIO()
        page = Canvas(target, pagesize=(WIDE * MM, HIGH * MM), pageCompression=1)
        for card in some:
            draw(page, card)
            page.showPage()
        page.save()
        return target.getvalue()

    return made


def weasyprint(face: str) -> Callable[[list[dict[str, Any]]], bytes]:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    style = CSS(
        string=f"""@font-face{{font-family:cjk;src:url("{Path(face).as_uri()}")}}
@page{{size:{WIDE}mm {HIGH}mm;margin:10mm 12mm}} body{{font:9pt cjk}} h1{{font-size:17pt;font-weight:400;margin:0}}
table{{border-collapse:collapse;width:100%;margin-top:3mm}} td{{border:.2mm solid #ccc;padding:.6mm 1mm}}
section{{break-after:page}} svg{{float:right;width:38mm;height:38mm}} p{{font-size:7.5pt;margin:1mm 0}}""",
        font_config=fonts,
    )

    def table(lines: list[list[str]]) -> str:
        rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}' for cell in line)}" for line in lines)
        return f"<table>{rows}</table>"

    def drawing(card: dict[str, Any]) -> str:
        drawn, rows = [], code(card)
        for row, bits in enumerate(rows):
            at = 0
            for dark, run in itertools.groupby(bits):
                long = len(list(run))
                if dark == "1":
                    drawn.append(f"M{at} {row}h{long}v1h-{long}z")
                at += long
        side = len(rows)
        return f'<svg viewBox="0 0 {side} {side}"><path d="{"".join(drawn)}"/></svg>'

    def face_of(card: dict[str, Any]) -> str:
        facts = [[*one, *two] for one, two in itertools.batched(pairs(card), 2)] if sys.version_info >= (3, 12) else []
        if not facts:
            told = pairs(card)
            facts = [[*told[at], *told[at + 1]] for at in range(0, len(told), 2)]
        return (
            f"<section>{drawing(card)}<h1>专业技术人员继续教育审验卡</h1>"
            f"<p>2022—2024年度　编号 {card['number']}　验证码 {card['code']}</p>{table(facts)}{table(years(card))}"
            f"{table(entries(card))}<p>{html.escape(card['rows'])}</p>"
            f"<p>本卡依据已审核的学时记录出具并签名，扫码或在核验页输入验证码可核对真伪。</p><p>{card['url']}</p></section>"
        )

    def made(some: list[dict[str, Any]]) -> bytes:
        whole = "".join(map(face_of, some))
        return HTML(string=f"<html lang=zh>{whole}").write_pdf(stylesheets=[style], font_config=fonts)

    return made


def main() -> None:
    """Make the cards each time a line asks for it, "singly" or "together"; answer seconds, of the processor, bytes."""
    library, path, face, singly = sys.argv[1:]
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    made = {"reportlab": reportlab, "weasyprint": weasyprint}[library](face)
    ways = {"singly": [[each] for each in told[: int(singly)]], "together": [told]}
    for line in sys.stdin:
        began, busy = time.perf_counter(), time.process_time()
        for each in ways[line.strip()]:
            last = made(each)
        print(json.dumps([time.perf_counter() - began, time.process_time() - busy, len(last)]), flush=True)


if __name__ == "__main__":
    main()
