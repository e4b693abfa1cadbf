"""Names of people (姓名) and titles as they are compared: one middle dot, no stray spaces, look-alike characters."""

from __future__ import annotations

import re
import unicodedata

from core.ground import typed


def comparable(title: str) -> str:
    """Comparable title (名称比对): no matter its spaces, its punctuation, and whether its characters are full-width."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", title))).casefold()


_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･．●▪﹒᛫ꞏ", "·"))
_UNTIDY = re.compile(rf"[\s\x00-\x1f\x7f{typed.INVISIBLE}{''.join(map(chr, _DOTS))}]")
_RARE = "\ue000-\uf8ff\U000f0000-\U0010ffff\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""What rare characters (生僻字) are written with: private use, and variation selectors."""
_NO_LETTERS = re.compile(rf"\d|_|[^\w·. \-’{_RARE}]")
FORM = "姓名应为2至20个字，不含数字和符号，请核对"


def normalise(raw: object) -> str:
    """Normalise a name (姓名规范化): no spaces around Chinese characters, one kind of middle dot."""
    if isinstance(raw, str) and not _UNTIDY.search(raw):
        return raw  # as most are
    text = re.sub(f"[{typed.INVISIBLE}]+", "", str(raw if raw is not None else "")).translate(_DOTS)
    text = re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()  # PostgreSQL keeps no NUL, which a cell may hold
    text = re.sub(r"\s*·\s*", "·", text)
    return re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", text)


def is_name(name: str) -> bool:
    """Whether a normalised name can be a person's: 2 to 20 characters, no digits, no signs (`FORM` says so)."""
    return 2 <= len(name) <= 20 and not _NO_LETTERS.search(name) and all(name.split("·"))


LOOK_ALIKES = (
    "己已巳 末未 士土 日曰 晴睛 戊戌戍 毫亳 洲州 茶荼 候侯 祟崇 天夭 千干于 王玉 今令 免兔 冶治 嬴羸赢 徒徙 "
    "钧钓 晓哓 祎袆 祺褀 玟玫 伟玮炜纬 俊峻骏竣 杰洁 静靖 琳林 婷亭 海诲 敏闽 悦阅 莉利丽俪 峰锋烽 辉晖 杨扬 "
    "陈阵 莹萤 奕弈 薇微 肖萧 付傅 阎闫 戴代 邱丘 娜哪 萨薩 图囹 乌鸟 布希 其具 木本 那邦"
).split()
"""Characters that are mistaken for one another in names, by their look or their sound, group by group."""
_FOLDED = str.maketrans({letter: group[0] for group in reversed(LOOK_ALIKES) for letter in group} | {"·": ""})


def fold(name: str) -> str:
    """Fold look-alikes (形近字): each is replaced by the first of its group; equal for names easily confused."""
    return name.translate(_FOLDED)


def one_slip_apart(one: str, other: str) -> bool:
    """Edit distance one (一处笔误): a character wrong, missing or too many, or two neighbours swapped."""
    if len(one) == len(other):
        wrong = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            return one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
        return len(wrong) == 1
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
