"""Blueprints (组卷方案): what a paper is made of, drawn at random, and what an answer earns. No database."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.ground.access import refuse_faults
from core.ground.hours import hours_text
from core.models import Difficulty, ItemKind

MOST_ITEMS = 200
"""Of one paper."""


@dataclass(frozen=True)
class Part:
    """A row of a blueprint (组卷方案的一行): so many items of a kind, each worth so many points."""

    kind: ItemKind
    count: int
    points: Decimal
    topic: str = ""
    """知识点; "": any."""
    difficulty: Difficulty | None = None
    """None: any."""

    @property
    def words(self) -> str:
        """As it is read: 多选题10道，每道2分（法规，难）."""
        which = "，".join(filter(None, (self.topic, self.difficulty and self.difficulty.label)))
        return f"{self.kind.label}{self.count}道，每道{hours_text(self.points)}分{f'（{which}）' if which else ''}"


@dataclass(frozen=True)
class Blueprint:
    """组卷方案: its rows in the order of the paper."""

    parts: tuple[Part, ...]

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def points(self) -> Decimal:
        """满分."""
        return sum((part.count * part.points for part in self.parts), Decimal())


@dataclass(frozen=True)
class Candidate:
    """An item that may be drawn (可抽试题)."""

    edition_id: int
    kind: ItemKind
    topic: str
    difficulty: Difficulty | None
    texts: tuple[str, ...]
    """Its options."""


@dataclass(frozen=True)
class Drawn:
    """A question of a paper (抽出的题): which edition, its points, its options in the order shown."""

    edition_id: int
    points: Decimal
    shuffled: str


_SAID = re.compile(r"(单选题?|多选题?|判断题?)(\d{1,3})[×xX*](\d{1,3}(?:\.5)?)")
_KINDS = {"单选": ItemKind.SINGLE, "多选": ItemKind.MULTIPLE, "判断": ItemKind.TRUE_FALSE}


def said(text: str) -> Blueprint:
    """A blueprint as a notice writes it, 单选40×1.5、多选10×2、判断10×2. ValueError for other words."""
    parts = []
    for each in filter(None, re.split(r"[、，,;；\s]+", text)):
        found = _SAID.fullmatch(each)
        if not found:
            raise ValueError(f"not a part of a paper: {each}")
        parts.append(Part(_KINDS[found[1][:2]], int(found[2]), Decimal(found[3])))
    return Blueprint(tuple(parts))


def kept(blueprint: Blueprint) -> str:
    """As it is kept (JSON)."""
    rows = [
        [part.kind.value, part.count, str(part.points), part.topic, part.difficulty.value if part.difficulty else ""]
        for part in blueprint.parts
    ]
    return json.dumps(rows, ensure_ascii=False)


def read(text: str) -> Blueprint:
    """What `kept` wrote."""
    return Blueprint(
        tuple(
            Part(ItemKind(kind), count, Decimal(points), topic, Difficulty(hard) if hard else None)
            for kind, count, points, topic, hard in json.loads(text)
        )
    )


def check(blueprint: Blueprint) -> None:
    """Refuse a blueprint (组卷方案有误) no paper can be made by. Refused codes: "fields" (field `blueprint`)."""
    faults = []
    if not blueprint.parts:
        faults.append("至少要有一行")
    for at, part in enumerate(blueprint.parts, start=1):
        if not 1 <= part.count <= MOST_ITEMS:
            faults.append(f"第{at}行的题数应为1至{MOST_ITEMS}")
        if not (0 < part.points <= 100 and part.points * 2 % 1 == 0):
            faults.append(f"第{at}行的每题分值应为0.5的倍数，大于0，不超过100")
    if blueprint.count > MOST_ITEMS:
        faults.append(f"一份试卷最多{MOST_ITEMS}题，现在是{blueprint.count}题")
    refuse_faults([("blueprint", f"组卷方案{words}") for words in faults], "请改正后再保存。")


def _fits(part: Part, item: Candidate) -> bool:
    return (
        item.kind is part.kind
        and part.topic in ("", item.topic)
        and (part.difficulty is None or part.difficulty is item.difficulty)
    )


def _matched(blueprint: Blueprint, pool: Sequence[Candidate]) -> tuple[dict[int, int], list[int]]:
    """Which row each item taken is for, by its place in the pool, and how many each row lacks.

    Rows may want the same items (any topic; only one). So an item taken is handed on to the row that lacks one where
    its own row finds another: Kuhn's way of matching (augmenting paths), which fills every row that can be filled.
    """
    fits = [[at for at, item in enumerate(pool) if _fits(part, item)] for part in blueprint.parts]
    taken: dict[int, int] = {}

    def find(row: int, tried: set[int]) -> bool:
        for at in fits[row]:
            if at not in taken and at not in tried:
                taken[at] = row
                return True
        for at in fits[row]:
            if taken.get(at) == row or at in tried:
                continue
            tried.add(at)
            if find(taken[at], tried):
                taken[at] = row
                return True
        return False

    lacking = [sum(not find(row, set()) for _ in range(part.count)) for row, part in enumerate(blueprint.parts)]
    return taken, lacking


def shortage(blueprint: Blueprint, pool: Sequence[Candidate]) -> list[str]:
    """What a bank lacks for a blueprint (题库不足), in words, a row each; nothing where every paper can be drawn."""
    _, lacking = _matched(blueprint, pool)
    return [f"{part.words}：还缺{missing}道" for part, missing in zip(blueprint.parts, lacking, strict=True) if missing]


def draw(blueprint: Blueprint, pool: Iterable[Candidate], seed: int) -> list[Drawn]:
    """Draw a paper (随机抽题): rows in their order, items and options shuffled; the same again from the same seed.

    `shortage` is asked before. An option such as 以上都对 stays the last; those of a true/false item stay as they are.
    """
    chance = random.Random(seed)  # noqa: S311  fairness, not secrecy: nobody knows the seed
    shuffled = sorted(pool, key=lambda item: item.edition_id)
    chance.shuffle(shuffled)
    taken, _ = _matched(blueprint, shuffled)
    drawn = []
    for row, part in enumerate(blueprint.parts):
        mine = [shuffled[at] for at in sorted(taken) if taken[at] == row]
        chance.shuffle(mine)
        drawn += [Drawn(item.edition_id, part.points, _order(item, chance)) for item in mine]
    return drawn


def _order(item: Candidate, chance: random.Random) -> str:
    places = list(range(len(item.texts)))
    if item.kind is ItemKind.TRUE_FALSE:
        return "".join(map(str, places))
    last = [at for at in places if item.texts[at].startswith("以上")]
    first = [at for at in places if at not in last]
    chance.shuffle(first)
    return "".join(map(str, first + last))


def bits(places: Iterable[int]) -> int:
    """Options as the bits of a number (所选项), by their places in the item."""
    return sum(1 << at for at in set(places))


def places(chosen: int, options: int) -> frozenset[int]:
    """The places that such a number means, of so many options: what `bits` made it of."""
    return frozenset(at for at in range(options) if chosen >> at & 1)


def marks(kind: ItemKind, right: int, chosen: int | None, points: Decimal, *, half_marks: bool) -> Decimal:
    """What an answer earns (得分): all for exactly the right options.

    `half_marks`: half for some of them and none that is wrong, of a multiple-choice item; to the hundredth.
    """
    if chosen and chosen == right:
        return points
    some_of_them = kind is ItemKind.MULTIPLE and chosen and not chosen & ~right
    return points / 2 if half_marks and some_of_them else Decimal()
