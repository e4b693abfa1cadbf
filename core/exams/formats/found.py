"""What a file of items holds (读入结果): items, what is wrong with the others, what a file said that is not kept.

One shape for every format; nothing here knows one of them.
"""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.exams import items
from core.exams.items import Item
from core.ground import typed
from core.ground.access import Labelled, Refused
from core.models import Difficulty
from core.tables.problems import LEAVE_OUT, STRIKE, Problem
from core.tables.reading import Cells, Understood

LARGEST = 10 * 2**20
"""Bytes of a text or package of items; a workbook may be as large as any (`reading.LARGEST`)."""
MOST = 5000
"""Items of one file: more are several banks."""
LONGEST = 20_000
"""Characters of one item as a file writes it, with its markup."""

HEADINGS = {
    items.KIND: "题型",
    items.STEM: "题干",
    items.OPTIONS: "选项",
    items.ANSWER: "答案",
    "explanation": "解析",
    "difficulty": "难度",
    "topic": "知识点",
    "points": "分值",
    "reference": "题目编号",
}
"""The words of what a problem may be about, where a file has no columns of its own."""


class Form(Labelled):
    """The formats (格式) an item bank is read from and written to."""

    WORKBOOK = "xlsx", "Excel 表格"
    GIFT = "gift", "GIFT"
    AIKEN = "aiken", "Aiken"
    MOODLE = "moodle", "Moodle XML"
    QTI = "qti", "QTI 2.1"

    @property
    def ending(self) -> str:
        return {Form.WORKBOOK: ".xlsx", Form.MOODLE: ".xml", Form.QTI: ".zip"}.get(self, ".txt")


@dataclass
class Part:
    """A sheet of a workbook, or all of another file (读入的一部分)."""

    name: str = ""
    """Of the sheet; "" where there is but one part."""
    items: list[tuple[int, Item]] = field(default_factory=list)
    """Each with its row, the line it begins on, or in a package its number."""
    problems: list[Problem] = field(default_factory=list)
    account: list[str] = field(default_factory=list)
    """What was read and what was not kept, in words."""
    cells: Mapping[int, Cells] = field(default_factory=dict)
    """Of a sheet: its rows as they are now, to be mended."""
    understood: Understood | None = None
    """Of a sheet: which of its columns is which."""


@dataclass
class Found:
    """A file of items as it was read (题库文件): what can be taken, and everything that is wrong, at once."""

    form: Form
    parts: list[Part]

    @property
    def items(self) -> list[Item]:
        return [item for part in self.parts for _, item in part.items]

    @property
    def problems(self) -> list[Problem]:
        return [problem for part in self.parts for problem in part.problems]

    @property
    def unit(self) -> str:
        """What the places of its problems count (行 or 题)."""
        return "题" if self.form is Form.QTI else "行"


@dataclass(frozen=True)
class Written:
    """A bank as a file (导出的文件): its bytes, and what the format could not say, in words."""

    content: bytes
    ending: str
    told: tuple[str, ...] = ()


class Gathering:
    """Items of a file as they come (收题): a bad one is named and loses no other."""

    def __init__(self, unit: str = "行") -> None:
        self.part, self._unit = Part(), unit
        self._begun = 0
        self._lost: Counter[str] = Counter()

    def count(self) -> None:
        """Count an item that begins. Refused codes: "file" (too many)."""
        self._begun += 1
        if self._begun > MOST:
            raise Refused("file", f"文件里的题目超过{MOST}道，请分成几个文件导入。")

    def problem(self, place: int, column: str, code: str, value: str, words: str, *, blocking: bool = True) -> None:
        self.part.problems.append(Problem(place, column, code, short(value), words, blocking))

    def lost(self, words: str) -> None:
        """Something that is not kept (没有保留) and matters little: said once, with how often."""
        self._lost[words] += 1

    def add(self, place: int, item: Item) -> None:
        """Take an item, or name everything that is wrong with it."""
        item = items.tidy(item)
        wrong = list(items.faults(item))
        for column, words in wrong:
            self.problem(place, column, f"{column}-item", item.stem, words)
        if not wrong:
            self.part.items.append((place, item))

    def done(self) -> Part:
        """All of it. Refused codes: "file" (there was no item in it)."""
        if not self.part.items and not self.part.problems:
            raise Refused("file", "文件里没有题目，请确认选对了文件。")
        once_each([self.part], self._unit)
        self.part.account.insert(0, f"读入{len(self.part.items)}题")
        self.part.account += [f"{words}（{times}题）" for words, times in self._lost.items()]
        self.part.problems.sort(key=lambda each: each.row)
        return self.part


def once_each(parts: Sequence[Part], unit: str = "行") -> None:
    """Let every item of a file stand once, and be called by a name that is its own (文件内判重).

    An item that stands twice is left out the second time. A name that several different items have, as exports of
    learning platforms do, tells none of them apart: they go by what they say.
    """
    named: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        for _, item in part.items:
            if item.reference:
                named[item.key].add(replace(item, reference="").key)
    shared = {key for key, texts in named.items() if len(texts) > 1}
    first: dict[str, str] = {}
    for part in parts:
        kept = []
        for place, item in part.items:
            if item.key in shared:
                words = f"题目编号“{short(item.reference)}”有几道不同的题在用，这些题不按编号，按题干和选项区分"
                part.problems.append(Problem(place, "reference", "reference-shared", item.reference, words, False))
                item = replace(item, reference="")
            where = f"工作表“{part.name}”第{place}行" if part.name else f"第{place}{unit}"
            if item.key in first:
                words = f"与{first[item.key]}的题重复，不再读入；不是同一题的，请改题干或选项"
                said, mend = short(item.stem), {STRIKE: ""}
                part.problems.append(Problem(place, items.STEM, "item-twice", said, words, True, LEAVE_OUT, mend))
            else:
                first[item.key] = where
                kept.append((place, item))
        part.items[:] = kept


def short(said: str, most: int = 40) -> str:
    """The beginning of a text (摘要), as a list shows it."""
    said = typed.text(said[: 4 * most])
    return said if len(said) <= most else f"{said[:most]}…"


# --- what several formats say alike ---------------------------------------------------------------------------------

_DIFFICULTIES = {
    Difficulty.EASY: ("易", "简单", "容易", "较易", "低", "easy", "very easy", "简单题", "容易题"),
    Difficulty.MIDDLE: ("中", "中等", "一般", "适中", "普通", "medium", "middle", "normal", "中等题"),
    Difficulty.HARD: ("难", "困难", "较难", "高", "hard", "difficult", "very difficult", "难题"),
}
DIFFICULTIES = {word: each for each, words in _DIFFICULTIES.items() for word in words}
"""难度 as files say it."""


def points(said: str) -> Decimal | None:
    """分值 as a number, where it is one that an item may have; None where not."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,9})?", said):
        return None
    value = Decimal(said)
    return value.normalize() + 0 if 0 < value <= items.MOST_POINTS and value * 2 % 1 == 0 else None


def named(name: str, stem: str) -> str:
    """The reference in a name (题目编号): "" where the name is only how the stem begins, as exports fill it in."""
    said = typed.plain(name).rstrip(".…")
    return "" if not said or typed.plain(stem).startswith(said) else typed.text(name)


def usual_share(right: int) -> str:
    """The share of each right option of several (各占百分比), as learning platforms accept it: 50, 33.33333."""
    return f"{100 / right:.5f}".rstrip("0").rstrip(".")


def topic_of(path: str) -> str:
    """The topic in a category's path (分类路径): without the course and the platform's own roots."""
    parts = [typed.text(part.replace("\x00", "/")) for part in path.replace("//", "\x00").split("/")]
    while parts and (not parts[0] or re.fullmatch(r"\$\w+\$?|top", parts[0])):
        parts.pop(0)
    return "/".join(filter(None, parts))


def path_of(topic: str) -> str:
    """The inverse of `topic_of`."""
    return "/".join(["$course$", "top", *([topic.replace("/", "//")] if topic else [])])


def shortened_topic(path: str) -> tuple[str, bool]:
    """A topic as an item may have it, and whether some of it was left out."""
    topic = topic_of(path)
    if len(topic) <= items.LONGEST_TOPIC:
        return topic, False
    return topic.rpartition("/")[2][: items.LONGEST_TOPIC], True


# --- markup -----------------------------------------------------------------------------------------------------------

_BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote"}
_NEEDED = {
    "img": "图片",
    "audio": "音频",
    "video": "视频",
    "object": "嵌入的内容",
    "embed": "嵌入的内容",
    "iframe": "嵌入的网页",
    "svg": "图形",
    "canvas": "图形",
    "math": "公式",
}
_FLATTENED = dict.fromkeys(("b", "strong", "i", "em", "u", "s", "del", "ins", "mark"), "强调（加粗、下划线等）")
_FLATTENED |= {"table": "表格", "a": "链接地址"}
_INLINE = {"span", "font", "small", "big", "code", "label", "td", "th", "tbody", "thead", "sub", "sup", "tt", "center"}
KNOWN = {*_BREAKS, *_NEEDED, *_FLATTENED, *_INLINE}
_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]*)(?:[\s/:][^<]*)?")
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


@dataclass(frozen=True)
class Plain:
    """Text without its markup (纯文字)."""

    text: str
    needed: tuple[str, ...] = ()
    """What was in it that a text cannot stand for: an item with it cannot be asked."""
    flattened: tuple[str, ...] = ()
    """What was in it that is gone."""


def plain(markup: str) -> Plain:
    """HTML as text (去除标记): breaks as lines, raised and lowered digits as such; in time linear in its length."""
    head, *rest = markup.split("<")
    said, needed, flattened = [_spoken(head)], dict[str, None](), dict[str, None]()
    level, comment = "", False
    for part in rest:
        if comment or part.startswith("!--"):
            _, ended, text = part.partition("-->")
            comment = not ended
            said.append(_spoken(text) if ended else "")
            continue
        inside, ended, text = part.partition(">")
        tag = _TAG.fullmatch(inside.rstrip())
        if not ended or (tag is None and not inside.startswith(("!", "?"))):
            said.append(_spoken(f"<{part}"))
            continue
        name = tag[2].lower() if tag else ""
        if name in _NEEDED:
            needed[_NEEDED[name]] = None
        if name in _FLATTENED:
            flattened[_FLATTENED[name]] = None
        if name in _BREAKS:
            said.append("\n")
        elif name in ("td", "th"):
            said.append(" ")
        if name in ("sub", "sup") and tag:
            level = "" if tag[1] else name
        spoken = _spoken(text)
        if level and spoken.strip():
            moved = spoken.strip().translate(_RAISED if level == "sup" else _LOWERED)
            if not set(spoken.strip()) <= set("0123456789+-=()" + ("n" if level == "sup" else "")):
                flattened["上标、下标"] = None
            spoken = moved
        said.append(spoken)
    if "@@PLUGINFILE@@" in markup:
        needed.setdefault("附件", None)
    return Plain(re.sub("\n{2,}", "\n", typed.prose("".join(said))), tuple(needed), tuple(flattened))


def _spoken(text: str) -> str:
    """Text between two tags as it is seen: a line break in it is a space."""
    return re.sub(r"\s+", " ", html.unescape(text))


def looks_marked(text: str) -> bool:
    """Whether a text that may be either is HTML (是否带标记): it has a tag that texts are marked with."""
    tags = re.finditer(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,10})(?:\s[^<>]{0,500})?/?>", text)
    return any(tag[2].lower() in KNOWN for tag in tags)


def spoken_parts(gathering: Gathering, place: int, texts: Sequence[str], marked: Sequence[bool]) -> Iterator[str]:
    """Texts of an item without their markup, with what that cost it named once. Raises `Unusable`."""
    needed, flattened = dict[str, None](), dict[str, None]()
    for text, is_marked in zip(texts, marked, strict=True):
        found = plain(text) if is_marked else Plain(text)
        needed |= dict.fromkeys(found.needed)
        flattened |= dict.fromkeys(found.flattened)
        yield found.text
    if needed:
        words = f"题中有{'、'.join(needed)}，本系统的题目只有文字，没有读入；能用文字说清的，请改写后再导入"
        raise Unusable(items.STEM, "media", words)
    if flattened:
        words = f"题中的{'、'.join(flattened)}没有保留，只读入了文字，请核对"
        gathering.problem(place, items.STEM, "flattened", texts[0], words, blocking=False)


class Unusable(Exception):
    """An item that cannot be taken: what of it is at fault, a code, and words that say what to do."""

    def __init__(self, column: str, code: str, words: str) -> None:
        super().__init__(words)
        self.column, self.code, self.words = column, code, words


def judgement(said: str) -> bool | None:
    """Right or wrong (对错) as files say it: 对, 正确, √, T, true, 是, 1; None where it says neither."""
    word = typed.plain(said).casefold().strip("。.")
    return True if word in _TRUE else False if word in _FALSE else None


_TRUE = {"对", "正确", "√", "✓", "✔", "t", "true", "是", "1", "yes", "y", "right"}
_FALSE = {"错", "错误", "×", "✕", "✗", "✘", "x", "f", "false", "否", "0", "no", "n", "wrong", "不对", "不正确"}
