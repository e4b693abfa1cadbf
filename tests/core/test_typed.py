"""Typed text: the one normalisation, and that there is no second one."""

import ast
import re
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ground import names, typed

ROOT = Path(__file__).resolve().parents[2]
quiet = settings(database=None, derandomize=True, deadline=None, max_examples=300)
ODD = " .。．·\u200b\u200d\u202f\u180e\u0301\u2028\ue863⾦李e王示ᠠᠨ１Ａ\x00\u3164\ufe0f"
texts = st.one_of(st.text(), st.text(ODD, max_size=12))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, ""),
        (24.0, "24"),
        (Decimal("24.00"), "24"),
        (7.5, "7.5"),
        (" 甲\u3000医院\xa0\n一科 ", "甲 医院 一科"),
        *((f"姓{mark}名{mark}", "姓名") for mark in "\u200b\u200c\u200d\u200e\u2060\u2066\u00ad\ufeff\u034f\u061c"),
        ("\ufeff\ufeff姓名\U000e0041", "姓名"),
        ("甲\u3164乙\u2800", "甲 乙"),
        ("甲\x00乙\x85", "甲 乙"),
        ("Jose\u0301", "José"),
        ("\uf9e1明", "李明"),
        ("\U0002f800", "丽"),
        ("⾦海", "金海"),
        ("⻢⻓⻰⺠", "马长龙民"),
        ("\ue863云", "䶮云"),
        ("\ue815\ue816\ue864\ue7c7\ue5e5", "厂𠂇龻ḿ"),
        ("中国（集团）１２Ａ", "中国（集团）１２Ａ"),  # signs of a name stay as they were written
        ("葛\U000e0100示", "葛\U000e0100示"),
        ("ᠮᠣᠩᠭᠣᠯ\u202fᠤᠨ ᠨᠢᠭᠡ\u180eᠠ", "ᠮᠣᠩᠭᠣᠯ\u202fᠤᠨ ᠨᠢᠭᠡ\u180eᠠ"),
        ("甲\u202f乙\u180e", "甲 乙"),
    ],
)
def test_a_cell_is_shown_as_it_was_meant(cell: object, shown: str) -> None:
    assert typed.text(cell) == shown


def test_gbk_and_gb_18030_keep_no_character_of_private_use() -> None:
    kept = [code for code in range(0xE7E7, 0xE865) if not 0xE7F4 <= code <= 0xE814]
    meant = [typed.text(chr(code)) for code in kept]
    assert len(set(meant) - {""}) == len(kept)
    assert not [one for one in meant if "\ue000" <= one <= "\uf8ff"]
    for lead, trail in ((0xFE, 0x9F), (0xA9, 0x90)):  # what the bytes are today, Python's codec or another
        there = bytes((lead, trail)).decode("gb18030")
        assert typed.text(there) == there


@pytest.mark.parametrize(
    ("cell", "meant"),
    [("中　级", "中级"), ("２０２４ 年", "2024年"), ("Ａｂ－１", "Ab-1"), (2024.0, "2024"), ("。，", "。,")],
)
def test_short_words_are_compared_half_width_and_without_white_space(cell: object, meant: str) -> None:
    assert typed.plain(cell) == meant


def test_text_of_several_lines_keeps_them() -> None:
    assert typed.prose("\n 一\u200b \r\n\r\n二\u3000三\n\n") == "一\n\n二 三"
    assert typed.prose("\u200b\n \ufeff") == ""


@quiet
@given(texts)
def test_to_normalise_twice_is_to_normalise_once(said: str) -> None:
    for form in (typed.text, typed.narrow, typed.plain, typed.prose, names.normalise, names.key):
        once = form(said)
        assert form(once) == once, form
    assert unicodedata.is_normalized("NFC", typed.text(said))


@quiet
@given(st.lists(texts, max_size=5))
def test_tidy_texts_are_left_as_they_are_alone_and_joined(some: list[str]) -> None:
    for said in some:
        if typed.is_tidy(said):
            assert typed.text(said) == said
        if names.are_normal([said]):
            assert names.normalise(said) == said
    if typed.is_tidy("".join(some)):
        assert [typed.text(each) for each in some] == some


# --- no second strength of cleaning ---------------------------------------------------------------------------------

ELSEWHERE = {
    "core/ground/typed.py": "the one normalisation",
    "core/ground/names.py": "names, on top of it",
    "core/ground/paper.py": "which letters fonts have",
    "core/ground/resident_id.py": "look-alikes of digits, on top of it",
    "core/tables/values.py": "the signs around a number, on top of it",
    "core/tables/reader.py": "runs in a process of its own",
    "core/submissions/roster/reading.py": "which row is somebody's",
    "core/ground/db/sealing.py": "the office's key file",
    "core/exams/formats/found.py": "what markup means as text",
    "core/exams/formats/gift.py": "the signs of a format",
    "web/tables/drawing.py": "how wide a letter is drawn",
}


def cleaning(path: Path) -> list[str]:
    """Where a file cleans text by itself: translate, unicodedata, strip, white space taken out or collapsed."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        said = ast.unparse(node) if isinstance(node, ast.Call | ast.Import) else ""
        match node:
            case ast.Import(names=[ast.alias(name="unicodedata")]):
                found.append(said)
            case ast.Call(func=ast.Attribute(attr="translate")):
                found.append(said)
            case ast.Call(func=ast.Attribute(attr="strip" | "lstrip" | "rstrip"), args=[]):
                found.append(said)
            case ast.Call(func=ast.Attribute(attr="replace"), args=[ast.Constant(value=" "), *_]):
                found.append(said)
            case ast.Call(func=ast.Attribute(attr="sub"), args=[ast.Constant(value=str(form)), *_]) if re.fullmatch(
                r"[\[(]?(\\s|\\xa0|\\u3000| )+[\])]?[+*]?", form
            ):
                found.append(said)
    return found


@pytest.mark.parametrize("folder", ["core", "web", "routes", "pages"])
def test_nothing_else_cleans_text(folder: str) -> None:
    found: dict[str, Any] = {
        str(path.relative_to(ROOT)).replace("\\", "/"): calls
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (calls := cleaning(path))
    }
    assert {name: calls for name, calls in found.items() if name not in ELSEWHERE} == {}
