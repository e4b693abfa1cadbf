"""Cards (审验卡) as PDF files, one by one and a thousand in one, beside reportlab and WeasyPrint; and codes guessed.

    python -m benchmarks.cards [--count 1000] [--singly 50] [--rounds 5] [--peer PYTHON] [--libraries NAME…]
    python -m benchmarks.cards --guess [--seconds 30]

`--peer` is a Python with benchmarks/requirements.txt: the peers draw the same card there, of the same words, with the
same QR code, which each makes by segno, and a Chinese font of their own; they sign nothing. Ours is what is handed
out: PDF/A-3, the record for machines inside, the statement in the QR code signed for each card, and the file signed
(PAdES). All take turns, round by round. People are made up.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fontTools.subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

from core.ground import db, paper
from core.models import Card
from core.records import cards, faces, tokens

ADDRESS = "https://hours.example.gov.cn/verify/"
ISSUED = datetime(2024, 7, 1, 2, tzinfo=UTC)
FAMILY, GIVEN = "赵钱孙李周吴郑王冯陈褚卫", "示例丁戊己庚辛壬癸明华强"
BASIS = "依据内人社办发〔2023〕204号 一(一)"
ASKED = {"public": "30", "professional": "60", "total": "90"}


def said(number: int) -> dict[str, Any]:
    """What a made-up card says: three years, five entries."""
    hours = {"public": "30", "professional": "31.5", "total": "61.5"}
    lacks = "专业差28.5、累计差28.5"
    entries = [
        {"year": 2024, "completed_on": f"2024-0{at}-16", "subject": "专业科目", "hours": "6.5", "basis": basis}
        for at, basis in enumerate(["内蒙古示例培训中心　教育教学能力提升培训班", "示例大学　信息技术应用培训"] * 2, 1)
    ]
    return {
        "code": "".join(tokens.ALPHABET[(number * 7919 >> shift) % 32] for shift in range(16)),
        "number": f"1500002024{number:06}1",
        "name": FAMILY[number % 12] + GIVEN[number // 12 % 12] + GIVEN[number // 144 % 12],
        "id_mask": f"150199********{number % 10000:04}",
        "sex": "女",
        "employer": "示例旗第一中学",
        "title": "一级教师",
        "since": 2022,
        "year": 2024,
        "office": "内蒙古自治区人力资源和社会保障厅",
        "basis": BASIS,
        "subjects": [["public", "公需"], ["professional", "专业"], ["total", "累计"]],
        "required": ASKED,
        "years": [
            {"year": year, "hours": hours, "required": ASKED, "lacks": lacks, "basis": BASIS}
            for year in (2022, 2023, 2024)
        ],
        "together": [],
        "entries": entries,
        "issued_on": "2024-07-01",
    }


def ours(told: list[dict[str, Any]]) -> Callable[[list[dict[str, Any]]], bytes]:
    """The program's own: one card as `cards.pdf` makes it, several into one document."""

    def made(some: list[dict[str, Any]]) -> bytes:
        if len(some) == 1:
            text = db.canonical(some[0])
            card = Card(code=some[0]["code"], year=2024, payload=text, issued_at=ISSUED, size=faces.Size.HALF.value)
            return cards.pdf(card, verify_url=ADDRESS + card.code)
        sheet = faces.Sheet(faces.Size.HALF)
        for each in some:
            faces.draw(sheet, each, faces.BUILT_IN, faces.Size.HALF, verify_url=ADDRESS + each["code"])
        sheet.page.set_title("审验卡")
        sheet.page.set_creation_date(ISSUED)
        return sheet.page.signed(ISSUED, "出具审验卡")

    return made


def took(made: Callable[[list[Any]], bytes], some: list[list[Any]]) -> tuple[float, float, int]:
    """Seconds by clock and by processor that these documents take, and the bytes of the last."""
    began, busy = time.perf_counter(), time.process_time()
    for each in some:
        last = made(each)
    return time.perf_counter() - began, time.process_time() - busy, len(last)


Run = Callable[[str], tuple[float, float, int]]
"""Make cards "singly", or all "together": seconds by clock and by processor, and bytes."""


def in_turn(runs: dict[str, Run], singly: int, rounds: int) -> dict[str, list[float]]:
    """Everybody's figures, measured in turn so that a machine that others use is as busy for one as for the other.

    Milliseconds a card singly by clock and processor, its bytes; seconds of all in one likewise, its bytes: medians.
    """
    for run in runs.values():
        run("singly")  # fonts read, keys made
    found: dict[str, dict[str, list[tuple[float, float, int]]]] = {name: {} for name in runs}
    for at in range(rounds):
        for way in ("singly", "together") if at < max(1, rounds // 3) else ("singly",):
            for name, run in runs.items():
                found[name].setdefault(way, []).append(run(way))

    def median(some: list[tuple[float, float, int]], each: float) -> list[float]:
        clock, busy, size = (statistics.median(column) for column in zip(*some, strict=True))
        return [clock * each, busy * each, size]

    return {name: median(ways["singly"], 1000 / singly) + median(ways["together"], 1) for name, ways in found.items()}


def font(target: Path) -> None:
    """The Chinese font with TrueType outlines, which reportlab wants: all characters of GB 2312."""
    options = fontTools.subset.Options(
        layout_features=[], glyph_names=True, notdef_outline=True, recalc_bounds=True, font_number=2
    )
    with fontTools.subset.load_font(str(paper._CJK.file), options) as found:
        letters = [chr(code) for code in range(0x20, 0x10000) if not 0xD800 <= code < 0xE000]
        wanted = "".join(each for each in letters if each.encode("gb2312", "ignore")) + "—〔〕·"
        cutter = fontTools.subset.Subsetter(options)
        cutter.populate(text=wanted)
        cutter.subset(found)
        order, glyphs, drawn = found.getGlyphOrder(), found.getGlyphSet(), {}
        for name in order:
            pen = TTGlyphPen(None)
            glyphs[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
            drawn[name] = pen.glyph()
        found["loca"], found["glyf"] = newTable("loca"), newTable("glyf")
        found["glyf"].glyphOrder, found["glyf"].glyphs = order, drawn
        for tag in ("CFF ", "VORG", "vhea", "vmtx"):
            if tag in found:
                del found[tag]
        top = found["maxp"]
        top.tableVersion = 0x00010000
        for name in (
            "maxZones maxTwilightPoints maxStorage maxFunctionDefs maxInstructionDefs maxStackElements "
            "maxSizeOfInstructions maxComponentElements maxPoints maxContours maxCompositePoints maxCompositeContours "
            "maxComponentDepth"
        ).split():
            setattr(top, name, 1 if name == "maxZones" else 0)
        found["post"].formatType = 3.0
        found.sfntVersion = "\000\001\000\000"
        found.save(target)
        TTFont(target).close()


@contextlib.contextmanager
def peer(python: str, library: str, told: list[dict[str, Any]], singly: int) -> Iterator[Run]:
    """A peer with the same cards in its own Python, which makes them when it is asked to."""
    with tempfile.TemporaryDirectory() as folder:
        path, face = Path(folder) / "cards.json", Path(folder) / "cjk.ttf"
        font(face)
        given = [
            each | {"url": ADDRESS + each["code"], "rows": faces.rule_words(each), "text": _text(each)} for each in told
        ]
        path.write_text(json.dumps(given), encoding="utf-8")
        command = [python, str(Path(__file__).with_name("cards_peers.py")), library, str(path), str(face), str(singly)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin
            assert process.stdout

            def run(way: str) -> tuple[float, float, int]:
                print(way, file=process.stdin, flush=True)
                clock, busy, size = json.loads(process.stdout.readline())
                return clock, busy, size

            yield run
            process.stdin.close()


def _text(each: dict[str, Any]) -> str:
    """What a card's QR code holds, which the peers make with segno as we do."""
    return tokens.address(each, ADDRESS + each["code"])


def guesses(seconds: float) -> None:
    """10,000 rightful checks from one address, and as many random codes as another gets answered meanwhile."""
    import httpx
    from starlette.applications import Starlette

    from routes import addresses, pace
    from tests import cast as c

    db.upgrade()
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    with db.transaction() as session:
        code = cards.issue(session, c.person_id(1), 2024, actor=cast["reviewer"], now=c.AFTER).code

    async def asked(codes: list[str], address: str, until: float) -> list[int]:
        office = httpx.ASGITransport(Starlette(routes=addresses.ROUTES), client=(address, 1))
        answers, left = [], iter(codes)

        async def one() -> None:
            async with httpx.AsyncClient(transport=office, base_url="http://office") as client:
                for each in left:
                    answers.append((await client.get(f"/verify/{each}")).status_code)
                    if time.monotonic() > until:
                        return

        await asyncio.gather(*(one() for _ in range(8)))
        return answers

    began = time.monotonic()
    right = asyncio.run(asked([code] * 10_000, "10.0.0.1", began + 3600))
    took = time.monotonic() - began
    assert right == [200] * 10_000
    print(
        f"10,000 rightful checks from one address: {took:.0f} s, {10_000 / took:.0f} a second, none refused or slowed"
    )
    random = ["".join(secrets.choice(tokens.ALPHABET) for _ in range(16)) for _ in range(100_000)]
    began = time.monotonic()
    wrong = asyncio.run(asked(random, "10.0.0.2", began + seconds))
    took = time.monotonic() - began
    rate = (len(wrong) - pace.FREE) / took
    print(
        f"random codes from one address: {len(wrong)} answered in {took:.0f} s, {wrong.count(200)} found; after the "
        f"first {pace.FREE} {rate:.1f} a second: 100,000 take {100_000 / rate / 3600:.0f} hours"
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cards", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--singly", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer")
    parser.add_argument("--libraries", nargs="+", default=["reportlab", "weasyprint"])
    parser.add_argument("--guess", action="store_true")
    parser.add_argument("--seconds", type=float, default=30)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if not arguments:
            os.environ["CE_HOME"] = folder
            os.environ.pop("DATABASE_URL", None)
        db.make_key()
        if given.guess:
            guesses(given.seconds)
            db.close()
            return
        told = [said(number) for number in range(1, given.count + 1)]
        made, ways = ours(told), {"singly": [[each] for each in told[: given.singly]], "together": [told]}
        with contextlib.ExitStack() as open_peers:
            runs: dict[str, Run] = {"this program": lambda way: took(made, ways[way])}
            for library in given.libraries if given.peer else []:
                runs[library] = open_peers.enter_context(peer(given.peer, library, told, given.singly))
            found = in_turn(runs, given.singly, given.rounds)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    print(
        f"\n{'':14}{'ms a card':>10}{'of the cpu':>12}{'KB':>6}"
        f"{f'{given.count:,} in one, s':>18}{'of the cpu':>12}{'MB':>7}"
    )
    for name, (clock, busy, small, whole, all_busy, large) in found.items():
        print(f"{name:14}{clock:10.1f}{busy:12.1f}{small / 1000:6.0f}{whole:18.2f}{all_busy:12.2f}{large / 1e6:7.2f}")


if __name__ == "__main__":
    main()
