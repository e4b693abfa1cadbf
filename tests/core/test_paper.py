"""Paper: every letter that comes to it is on it, or is refused by name."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF

from core.ground import db, drawing, paper
from core.ground.access import Refused

LACKED = "\U00030001"
"""Of Extension G: a character that none of our fonts has."""


def pages(content: bytes) -> list[str]:
    """The text of each page of a PDF, as a reader takes it out."""
    with pypdfium2.PdfDocument(content) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def everywhere(text: str, foot: str = "") -> paper.Page:
    """A page with a text in each place there is."""
    page = paper.Page(foot or text)
    page.add_page()
    paper.heading(page, text, [text])
    paper.section(page, text)
    paper.words(page, text)
    paper.small(page, text)
    page.ln(6)
    paper.pairs(page, [("姓名", text), ("工作单位", "示例旗蒙古族中学")])
    paper.table(page, ("姓名", text), [(text, "很长的培训名称" * 8)], (60, 100), "LL")
    return page


WHOLE = {
    "a character of Extension E": "杨千𫰡",
    "of A, B and E, that Noto has": "𬭎㛃䶮𠮷鿍",
    "Mongolian": "ᠪᠠᠲᠤ ᠮᠥᠩᠬᠡ",
    "Mongolian with a separated vowel": "ᠨᠠᠷ\u180eᠠ ᠪᠠᠲᠤ",
    "Cyrillic": "Бат Эрдэнэ",
    "Spanish": "José García",
    "all at once": "杨千𫰡·ᠪᠠᠲᠤ·Бат",
}


@pytest.mark.parametrize("name", WHOLE.values(), ids=WHOLE.keys())
def test_a_name_is_whole_in_every_place_of_a_page(name: str) -> None:
    (text,) = pages(bytes(everywhere(name).output()))
    assert text.count(name) == 9
    assert "第 1 页 / 共 1 页" in re.sub(r"\s+", " ", text)


PLACES: dict[str, Callable[[paper.Page, str], None]] = {
    "title": lambda page, text: paper.heading(page, text, []),
    "below the title": lambda page, text: paper.heading(page, "", [text]),
    "section": paper.section,
    "paragraph": paper.words,
    "small print": paper.small,
    "pairs": lambda page, text: paper.pairs(page, [("", text)]),
    "head of a table": lambda page, text: paper.table(page, ("", text), [("", "")], (20, 60), "LL"),
    "table": lambda page, text: paper.table(page, ("", ""), [("", text)], (20, 60), "LL"),
}


@pytest.mark.parametrize("draw", PLACES.values(), ids=PLACES.keys())
def test_mongolian_letters_join(draw: Callable[[paper.Page, str], None]) -> None:
    page = paper.Page("")
    page.add_page()
    draw(page, "ᠪᠠᠲᠤ")
    page.output()
    font = page.fonts["mongolian"]
    drawn = {glyph.glyph_id: glyph.unicode for glyph, _ in font.subset.items() if glyph and max(glyph.unicode) > 0x1800}
    assert sorted(drawn.values()) == [(0x1824,), (0x182A, 0x1820), (0x1832,)]  # ba is one sign
    assert not drawn.keys() & {font.glyph_ids[ord(letter)] for letter in "ᠪᠠᠲᠤ"}, "letters as they stand alone"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("葛\U000e0100城", "葛城"),
        ("李\ufe00白\u200d", "李白"),
        ("杨\u180b千", "杨千"),
        ("Jose\u0301 Garci\u0301a", "José García"),
        ("一\t二\u2028三\u205f四\r\n五", "一 二 三 四\n五"),
        ("赵\x07示", "赵示"),
        ("金\uf90a", "金\uf90a"),  # a compatibility character stays the one that was written
        ("", ""),
    ],
)
def test_what_stands_for_no_letter_is_no_missing_letter(written: str, printed: str) -> None:
    assert paper.printable(written) == printed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"工作单位，杨千{LACKED}（女）", f"“杨千{LACKED}”中的“{LACKED}”（U+30001）无法打印"),
        (f'{{"name":"杨千{LACKED}"}}', f"“杨千{LACKED}”中的“{LACKED}”（U+30001）无法打印"),
        (f"{LACKED}、\u0378", f"“{LACKED}”（U+30001）、“\u0378”（U+0378）无法打印"),
        ("杨\ue863", "“杨〔U+E863〕”中的U+E863无法打印"),
        ("赵\U000f0fff示", "“赵〔U+F0FFF〕示”中的U+F0FFF无法打印"),
        ("سم", "“سم”中的“س”（U+0633）、“م”（U+0645）无法打印"),
    ],
)
def test_a_character_that_no_font_has_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        paper.printable(text)
    assert refused.value.code == "glyph"
    assert refused.value.words.startswith(words)
    private = "\ue000" <= max(text) <= "\uf8ff" or max(text) >= "\U000f0000"
    assert ("自造字" in refused.value.words) is private
    assert not re.search("[\ue000-\uf8ff]", refused.value.words)


def test_no_way_to_paper_goes_past_the_question() -> None:
    ways = [
        *PLACES.values(),
        lambda page, text: page.cell(20, 5, text),
        lambda page, text: page.multi_cell(60, 5, text),
        lambda page, text: page.write(5, text),
        lambda page, text: page.text(10, 10, text),
    ]
    for draw in ways:
        page = paper.Page("")
        page.add_page()
        page.set_font("cjk", size=10)
        with pytest.raises(Refused, match="glyph"):
            draw(page, LACKED)
    with pytest.raises(Refused, match="glyph"):
        everywhere("赵", foot=LACKED).output()


def test_a_page_that_was_drawn_past_the_question_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper.Page, "normalize_text", FPDF.normalize_text)
    page = everywhere(f"杨千{LACKED}")
    with pytest.raises(Refused, match=re.escape("（U+30001）无法打印")):
        page.output()


def test_a_document_without_rare_letters_opens_no_further_font() -> None:
    page = everywhere("额尔敦·巴图")
    page.output()
    assert page.fonts.keys() == {"cjk"}
    assert not page.text_shaping


def test_nobody_else_makes_a_page() -> None:
    others = ("tests", "benchmarks", ".")  # no program lies in a folder of git's or of a tool's
    folders = [each for each in db.ROOT.iterdir() if each.is_dir() and not each.name.startswith(others)]
    ours = [*db.ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]
    assert len(ours) > 300
    every = {"fpdf", "reportlab", "weasyprint", "pypdf", "pypdfium2", "fitz"}
    for path in ours:
        text = path.read_text(encoding="utf-8")
        if path == Path(paper.__file__) or not any(each in text for each in every):
            continue
        for node in ast.walk(ast.parse(text)):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            printers = set(every)
            if path == Path(drawing.__file__):  # which only looks at pages
                printers.discard("pypdfium2")
            assert not printers & {name.partition(".")[0] for name in (*named, module)}, path


def test_the_first_font_has_the_standard_characters_and_the_second_the_rarer_ones() -> None:
    for text in ("〇㑇㛃䶮𠅤𬭎鿍", "𫰡𫰛𬀩"):
        assert paper.printable(text) == text
    fonts = sorted((db.ROOT / "data" / "fonts").glob("*.[tw][to][ff]*"))
    assert [font.name for font in fonts] == ["NotoSansMongolian-Regular.ttf", "RareHan-Regular.woff"]
    for font in fonts:
        licence = font.with_name(font.stem.removesuffix("-Regular") + "-LICENSE.txt")
        assert "SIL OPEN FONT LICENSE" in licence.read_text(encoding="utf-8")


def test_no_line_begins_with_a_mark_that_closes_and_no_number_is_broken() -> None:
    page = paper.Page("")
    page.add_page()
    for length in range(44, 54):
        paper.words(page, f"{'示' * length}12,345人，例。")
    with pypdfium2.PdfDocument(bytes(page.output())) as document:
        lines = document[0].get_textpage().get_text_bounded().splitlines()
    assert sum("12,345人" in line for line in lines) == 10
    assert not [line for line in lines if line[:1] in ("，", "。")]
