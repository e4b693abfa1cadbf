"""Typed text (文字): the one normalisation of what people type, paste or have in a cell. Knows no column's meaning.

Nothing else cleans text: `text` for what is kept and shown, `prose` where lines matter, `narrow` and `plain` for short
words and numbers that are compared. Passwords are never touched.
"""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from decimal import Decimal
from typing import Any, TypeVar

Form = TypeVar("Form", bound=Any)
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_JOINED = "\u0600-\u06ff\u1800-\u18af\U00011660-\U0001166c"
"""Letters that change their form beside a joiner: Arabic (Uyghur, Kazakh) and Mongolian."""
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]+"
    f"|(?<![{_JOINED}])[\u180b-\u180f]"  # variation selectors and vowel separator of Mongolian words
    f"|(?<![{_JOINED}\u180b-\u180f])[\u200c\u200d](?![{_JOINED}])"
)
"""What nobody sees: marks of direction and of line breaks, joiners where they join nothing, tags."""
_BLANK = "[^\\S\u202f]|[\x00-\x1f\x7f-\x9f\u115f\u1160\u2800\u3164\uffa0]"
"""White space; controls, and letters that are blanks by their look. PostgreSQL keeps no NUL, which a cell may hold."""
_SPACE = re.compile(f"(?:{_BLANK}|(?<![{_JOINED}])\u202f|\u202f(?![{_JOINED}]))+")
"""A narrow space inside a Mongolian word is part of it: it parts the stem from its ending."""

_RADICALS = (
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵 旡日月歺母民氵氺灬爫爫丬牛犭"
    "王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅"
    "長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)
"""The ideographs of U+2E81 to U+2EF3, by Unicode's EquivalentUnifiedIdeograph; U+2E9A is no character."""


def _meant() -> dict[int, str]:
    """What characters that only stand for others stand for.

    Radicals (部首): U+2E81 to U+2EF3 and U+2F00 to U+2FD5, which fonts and scanned text put in an ideograph's place.
    Private use: where GBK and GB 18030-2000 kept characters that Unicode had not yet, as GB 18030-2005 and GB
    18030-2022 map the same two bytes; those that Python's codec, which is of 2000, knows not stand here by themselves.
    """
    found = {0x2E81 + place: ideograph for place, ideograph in enumerate(_RADICALS) if ideograph != " "}
    found |= {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
    trails = [trail for trail in range(0x50, 0xA1) if trail != 0x7F]
    rows = [(0xE7E7, 0xA9, range(0x89, 0x96)), (0xE815, 0xFE, trails)]
    for first, lead, row in rows:
        for code, trail in enumerate(row, first):
            found[code] = bytes((lead, trail)).decode("gb18030")
    by_themselves = (
        "E5E5 3000 E76C 20AC E78D FE10 E78E FE12 E78F FE11 E790 FE13 E791 FE14 E792 FE15 E793 FE16 E794 FE17 E795 FE18 "
        "E796 FE19 E7C7 1E3F E7C8 01F9 E816 20087 E817 20089 E818 200CC E81E 9FB4 E826 9FB5 E82B 9FB6 E82C 9FB7 "
        "E831 215D7 E832 9FB8 E83B 2298F E843 9FB9 E854 9FBA E855 241FE E864 9FBB"
    ).split()
    codes = [int(code, 16) for code in by_themselves]
    found |= dict(zip(codes[::2], map(chr, codes[1::2]), strict=True))
    return {code: found.get(ord(meant), meant) for code, meant in found.items()}  # GBK had radicals of private use, too


_MEANT = _meant()
_ODD = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u2e80-\u2fd5\u3164\uffa0]")
"""What `str.isprintable` and NFC let pass, and `text` does not."""


def is_tidy(text: str) -> bool:
    """Whether `text` would leave a text as it is, and there is no white space in it at all; many joined may be asked.

    Most texts are: this is a few passes at the speed of C.
    """
    if text.isascii():
        return text.isprintable() and " " not in text
    return (
        text.isprintable()  # no private use, no controls, no white space but the usual one
        and " " not in text
        and unicodedata.is_normalized("NFC", text)
        and not _ODD.search(text)
    )


def text(cell: object) -> str:
    """Cell text (文字): as it is kept and shown.

    Whole numbers without a decimal point; runs of white space as one space; nothing invisible; letters with their
    accents as one (NFC); radicals, compatibility ideographs and private-use characters of GBK as the characters they
    stand for. Full-width signs stay as they were written.
    """
    if isinstance(cell, str):
        if is_tidy(cell):
            return cell  # as most are
    elif isinstance(cell, float | Decimal) and math.isfinite(cell) and cell == int(cell):
        return str(int(cell))
    elif cell is None:
        return ""
    said, before = str(cell), ""
    while said != before:  # a joiner may have stood beside nothing but another
        said, before = _UNSEEN.sub("", said), said
    return unicodedata.normalize("NFC", _SPACE.sub(" ", said.translate(_MEANT)).strip(" "))


_LIKE_DIGITS = str.maketrans(dict.fromkeys("OoОоΟο〇○", "0") | dict.fromkeys("lIiІіΙι|Ⅰⅰⅼ∣", "1"))
"""Letters that are typed, or read off a scan, for a digit."""


def as_digits(said: str) -> tuple[str, str]:
    """Letters read as digits (字母误作数字): a text with O for 0 and l or I for 1 put right, and which, in words.

    Never taken silently, only proposed.
    """
    right = said.translate(_LIKE_DIGITS)
    both = enumerate(zip(said, right, strict=True), start=1)
    return right, "、".join(f"第{at}位的“{a}”应为{b}" for at, (a, b) in both if a != b)


_BREAKS = re.compile("[\x01-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(said: str) -> str:
    """Text of one line (单行文字): line breaks and other controls as a blank; a NUL is left, as in `prose`."""
    return said if said.isprintable() else _BREAKS.sub(" ", said)


def prose(given: str) -> str:
    """Text of several lines (多行文字), each as `text` has it, without empty ones around.

    A NUL, which nobody types, is left in it: the database refuses what a forged form would have it keep.
    """
    if "\x00" in given:
        return given
    return "\n".join(map(text, given.splitlines())).strip("\n")


def filled(form: Form) -> Form:
    """Fields of a form (表单), a dataclass: every text in it as `prose` has it."""
    given = {each.name: getattr(form, each.name) for each in dataclasses.fields(form)}
    texts = {name: prose(value) for name, value in given.items() if isinstance(value, str)}
    found: Form = dataclasses.replace(form, **texts)
    return found


def narrow(cell: object) -> str:
    """Half-width text (半角): `text` with full-width letters, digits and signs as half-width ones."""
    return unicodedata.normalize("NFC", text(cell).translate(_HALF_WIDTH))


def plain(cell: object) -> str:
    """Short word or number as it is compared (比对用文字): half-width and without white space."""
    return spaceless(narrow(cell))


def spaceless(text: str) -> str:
    """A text without its white space (去空格)."""
    return unicodedata.normalize("NFC", re.sub(r"\s", "", text))
