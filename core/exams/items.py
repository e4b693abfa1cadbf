"""Items (试题) as they are written, read from a file or written to one: plain values, no database.

What makes an item one that can be asked is said here once (`faults`), for the form, for every format and for the bank.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from core.ground import typed
from core.models import Difficulty, ItemKind

TRUE, FALSE = "正确", "错误"
"""The two options of a true/false item (判断题), in their order; nothing else stands in its place."""
MOST_OPTIONS = 10
LONGEST_STEM, LONGEST_OPTION, LONGEST_EXPLANATION, LONGEST_TOPIC, LONGEST_REFERENCE = 2000, 500, 2000, 60, 100
MOST_POINTS = Decimal(100)
KIND, STEM, OPTIONS, ANSWER = "kind", "stem", "options", "answer"
"""What a fault is about, beside the other fields of `Item` by their names; `answer` is which options are right."""


@dataclass(frozen=True)
class Item:
    """One item (试题): its options in the order they were written, each with whether it is right.

    Texts are plain, without markup, as `typed.prose` has them (`tidy`). A true/false item has exactly two options, 正确
    and 错误 (`judged`).
    """

    kind: ItemKind
    stem: str
    """题干."""
    options: tuple[tuple[str, bool], ...]
    explanation: str = ""
    """解析, shown with the result."""
    difficulty: Difficulty | None = None
    """难度; None: not said."""
    topic: str = ""
    """知识点; "": none."""
    points: Decimal | None = None
    """分值 as the file has it; a paper's points are its blueprint's. None: not said."""
    reference: str = ""
    """Name or number by which a file calls it: the same one imported again is the same item. "": it goes by `key`."""

    @property
    def right(self) -> tuple[int, ...]:
        """The places of the right options, counted from 0."""
        return tuple(at for at, (_, is_right) in enumerate(self.options) if is_right)

    @property
    def text_key(self) -> str:
        """What an item says, digested (判重): kind, stem and options in any order, whatever their width and spaces."""
        texts = sorted(typed.plain(text).casefold() for text, _ in self.options)
        said = "\n".join((self.kind.value, typed.plain(self.stem).casefold(), *texts))
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def name_key(self) -> str:
        """What files call it (题目编号), as it is compared; "" for no name."""
        return typed.plain(self.reference).casefold()

    @property
    def key(self) -> str:
        """What tells items of one file apart: the name, else what it says."""
        return f"name:{self.name_key}" if self.name_key else f"text:{self.text_key}"


def judged(stem: str, is_true: bool, **rest: object) -> Item:
    """A true/false item (判断题)."""
    options = ((TRUE, is_true), (FALSE, not is_true))
    return dataclasses.replace(Item(ItemKind.TRUE_FALSE, stem, options), **rest)  # type: ignore[arg-type]


def tidy(item: Item) -> Item:
    """An item with its texts cleaned as everything that is typed (文字整理)."""
    return dataclasses.replace(
        item,
        stem=typed.prose(item.stem),
        options=tuple((typed.prose(text), is_right) for text, is_right in item.options),
        explanation=typed.prose(item.explanation),
        topic=typed.text(item.topic),
        reference=typed.text(item.reference),
    )


LABELS = {
    KIND: "题型",
    STEM: "题干",
    OPTIONS: "选项或答案",
    "explanation": "解析",
    "difficulty": "难度",
    "topic": "知识点",
    "points": "分值",
    "reference": "题目编号",
}
"""What the fields of an item are called."""


def completed(item: Item, kept: Item) -> Item:
    """An item as a file has it, what the file leaves blank as it was kept (未写的不变): no format says everything.

    Aiken has no topic, GIFT no number where there is no name, a table no column; none of that is meant as nothing.
    """
    blank = [name for name in ("explanation", "difficulty", "topic", "points", "reference") if not getattr(item, name)]
    return dataclasses.replace(item, **{name: getattr(kept, name) for name in blank})


def changes(before: Item, after: Item) -> list[str]:
    """What differs between two editions of an item (改了什么), in words."""
    return [word for name, word in LABELS.items() if getattr(before, name) != getattr(after, name)]


def faults(item: Item) -> Iterator[tuple[str, str]]:
    """What keeps an item from being asked (试题检查): each by its field (or `answer`), in words that say what to do.

    All of them at once; nothing where it is in order. The item is `tidy`.
    """
    if not item.stem:
        yield STEM, "题干是空的，请填写"
    if len(item.stem) > LONGEST_STEM:
        yield STEM, f"题干有{len(item.stem)}个字，最多{LONGEST_STEM}个"
    yield from _options(item)
    longest = {"explanation": ("解析", LONGEST_EXPLANATION), "topic": ("知识点", LONGEST_TOPIC)}
    for name, (label, most) in (longest | {"reference": ("题目编号", LONGEST_REFERENCE)}).items():
        if len(getattr(item, name)) > most:
            yield name, f"{label}有{len(getattr(item, name))}个字，最多{most}个"
    if item.points is not None and not (0 < item.points <= MOST_POINTS and item.points * 2 % 1 == 0):
        yield "points", f"分值“{item.points}”应为0.5的倍数，大于0，不超过{MOST_POINTS}"


def _options(item: Item) -> Iterator[tuple[str, str]]:
    texts = [text for text, _ in item.options]
    if item.kind is ItemKind.TRUE_FALSE:
        if texts != [TRUE, FALSE]:
            yield OPTIONS, f"判断题只有“{TRUE}”“{FALSE}”两个选项"
    elif not 2 <= len(texts) <= MOST_OPTIONS:
        yield OPTIONS, f"有{len(texts)}个选项，应有2至{MOST_OPTIONS}个"
    if any(not text for text in texts):
        yield OPTIONS, "有选项是空的，请填写，或删去这个选项"
    if any(len(text) > LONGEST_OPTION for text in texts):
        yield OPTIONS, f"有选项超过{LONGEST_OPTION}个字"
    said = [typed.plain(text) for text in texts if text]
    if twice := sorted({text for text in said if said.count(text) > 1}):
        yield OPTIONS, f"选项“{twice[0][:20]}”写了两遍"
    if not item.right:
        yield ANSWER, "没有写明哪个选项是正确答案"
    elif len(item.right) > 1 and item.kind is not ItemKind.MULTIPLE:
        yield ANSWER, f"{item.kind.label}只能有一个正确答案，这里有{len(item.right)}个；有几个的请改为多选题"


def as_typed(options: Iterable[tuple[str, bool]]) -> str:
    """Options as a clerk writes them (选项): one a line, the right ones after a star (*)."""
    return "\n".join(f"{'*' if is_right else ''}{text}" for text, is_right in options)


def options_typed(text: str) -> tuple[tuple[str, bool], ...]:
    """What a clerk wrote as options (选项): the inverse of `as_typed`; a full-width star is one, too."""
    lines = [line for line in typed.prose(text).split("\n") if line]
    return tuple((typed.text(line[1:]) if line[0] in "*＊" else line, line[0] in "*＊") for line in lines)
