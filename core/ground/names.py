"""Names of people (姓名) and titles: one form that is kept and shown, and how they are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from core.ground import typed


def shortened(name: str) -> str:
    """A name for those who need not know it whole (姓名脱敏): the first character, then a star for each other."""
    return name[0] + "*" * (len(name) - 1)


def comparable(title: str) -> str:
    """Comparable title (名称比对): no matter its spaces, its punctuation, and whether its characters are full-width."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", typed.text(title)))).casefold()


_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･●▪﹒᛫ꞏ․⸱⸳⸰⦁˙ᐧㆍᆞ𐄁", "·"))
_CHINESE = "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u31c0-\u31ef\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RARE = "\ue000-\uf8ff\U000f0000-\U0010ffff\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""What rare characters (生僻字) are written with: private use, and variation selectors."""
_DOTTED = f"{_CHINESE}{_RARE}\u1820-\u18af"
"""Before and after which a full stop is meant for the middle dot: Chinese and Mongolian characters."""
_UNTIDY = re.compile(f"[.．。｡{''.join(map(chr, _DOTS))}]")
_STOP = re.compile(rf"(?<=[{_DOTTED}])\s?[.。｡]\s?(?=[{_DOTTED}])")
_NEEDLESS = re.compile(rf"(?<=[{_CHINESE}{_RARE}])\s|\s(?=[{_CHINESE}])")
_JOINERS = re.compile("[\\s\u200c\u200d\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
_NO_LETTERS = re.compile(rf"\d|_|[^\w·. \-’\u0300-\u036f\u200c\u200d\u202f{_RARE}]")
_USUAL = re.compile("[\u4e00-\u9fff]{2,4}")
_NOBODY = frozenset(
    (
        "null (null) <null> #null! none nil nan nat na n/a #n/a #n/a! <na> undefined #ref! #value! #name? "
        "无 空 空白 暂无 不详 未知"
    ).split()
)
"""What systems and clerks write where there is no name."""
FORM = "姓名应为2至20个字，不含数字和符号，请核对"


def normalise(raw: object) -> str:
    """Normalise a name (姓名规范化): the form that is kept and shown.

    As `typed.text` has it, with one kind of middle dot, which a full stop between Chinese or Mongolian characters is
    as well (initials keep theirs), and with spaces between words of other scripts only.
    """
    if isinstance(raw, str) and typed.is_tidy(raw) and not _UNTIDY.search(raw):
        return raw  # as most are
    name = re.sub(r"\s?·\s?", "·", typed.text(raw).translate(_DOTS).replace("．", "."))
    return _NEEDLESS.sub("", _STOP.sub("·", name))


def are_normal(written: Sequence[str]) -> bool:
    """Batch fast path of `normalise`: whether it leaves all of these names as they are; False where only some."""
    joined = "".join(written)
    return typed.is_tidy(joined) and not _UNTIDY.search(joined)


def key(name: str) -> str:
    """Key of a name (姓名比对): equal for two ways to write one name, which may be on file in an older form.

    No matter spaces and joiners, capitals, full width, and which variant of a character was selected.
    """
    folded = _JOINERS.sub("", unicodedata.normalize("NFKC", normalise(name))).casefold()
    return unicodedata.normalize("NFC", folded)


def same(one: str, *others: str) -> bool:
    """Whether a name is one of others (同名), however each is written."""
    return one in others or key(one) in map(key, others)


def borne(one: str, other: str) -> bool:
    """Whether a name that somebody typed from a document is one on file (核对姓名), no matter its dots and other signs.

    For a yes or no beside a second mark alone: `same` tells people of a roster apart.
    """
    return same(one, other) or comparable(key(one)) == comparable(key(other))


def forms(name: str) -> set[str]:
    """The forms in which a normalised name may be on file: earlier ones had no spaces, or kept the full stop."""
    return {form for dotted in (name, name.replace("·", ".")) for form in (dotted, typed.spaceless(dotted))}


def is_name(name: str) -> bool:
    """Whether a normalised name can be a person's: 2 to 20 characters, no digits, no signs (`FORM` says so)."""
    if _USUAL.fullmatch(name):
        return name not in _NOBODY  # as most are
    if not 2 <= len(name) <= 20 or _NO_LETTERS.search(name):
        return False
    return all(name.split("·")) and name.casefold() not in _NOBODY


def fault(name: str) -> tuple[str, str] | None:
    """What is wrong with a normalised name: code and words; None where nothing is."""
    if not name:
        return "name-missing", "姓名为空，请补填"
    if name.casefold() in _NOBODY:
        return "name-missing", f"“{name}”不是姓名，请补填"
    if is_name(name):
        return None
    wrong = dict.fromkeys(_NO_LETTERS.findall(name))
    return "name-form", f"姓名里有“{'”“'.join(list(wrong)[:3])}”。{FORM}" if wrong else FORM


LOOK_ALIKES = (
    "己已巳 末未 士土 日曰 晴睛 戊戌戍 毫亳 洲州 茶荼 候侯 祟崇 天夭 千干于 王玉 今令 免兔 冶治 嬴羸赢 徒徙 "
    "钧钓 晓哓 祎袆 祺褀 玟玫 伟玮炜纬 俊峻骏竣 杰洁 静靖 琳林 婷亭 海诲 敏闽 悦阅 莉利丽俪 峰锋烽 辉晖 杨扬 "
    "陈阵 莹萤 奕弈 薇微 肖萧 付傅 阎闫 戴代 邱丘 娜哪 萨薩 图囹 乌鸟 布希 其具 木本 那邦"
).split()
"""Characters that are mistaken for one another in names, by their look or their sound, group by group."""
_FOLDED = str.maketrans(
    {letter: group[0] for group in reversed(LOOK_ALIKES) for letter in group} | dict.fromkeys("·. ", "")
)


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
