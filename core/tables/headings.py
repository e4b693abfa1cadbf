"""Headings (表头): which column of a sheet is which of a table's. The one choice of columns; knows no value below."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.ground import typed

Rows = Sequence[Sequence[Any]]
Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]

DEEPEST = 3
"""Rows that headings may take."""
_ABOVE = 2
"""Rows above the lowest with all required headings in which groups are looked for."""
_LONGEST = 200
"""Characters of a cell that are looked at: no heading is longer."""
_MUST = "必填项|选填项|必填|选填|必须|可选|非必填"
_BRACKETS = re.compile(r"[(\[{【〔《「『<]([^)\]}】〕》」』>]*)(?:[)\]}】〕》」』>]|$)")
_MARKS = re.compile(r"[*★☆※▲△●◆◇✱✳＊•#]+")
PLANNED = ("计划", "拟", "预计", "应", "应修", "应学", "要求", "申报", "申请", "自报", "填报")
COUNTED = "实际 实 完成 已完成 已修 实修 实学 认定 核定 审核 审定 确认 批准 授予 获得 实得".split()
"""Which of two columns counts: what took place and was granted, before what was planned or asked for."""
_EDGES = sorted((*PLANNED, *COUNTED), key=len, reverse=True)
_KINDS = {
    kind: re.compile(rf"(?:{'|'.join(edges)}){{1,2}}的?(?:学时数?|课时|小时|数|值|情况|培训)?")
    for kind, edges in (("counted", COUNTED), ("planned", PLANNED))
}
_DATED = re.compile(r"(?:19|20)\d\d年度?")
_YEAR = re.compile(r"((?:19|20)\d\d)(?:年度?|学年)?")
_FIGURE = re.compile(r"\d[\d,.]*(?:人次|人|名|个|项|期|班|学时|课时|元|万元)?")


class Words(NamedTuple):
    """What a heading cell says: itself, and what stands in its brackets."""

    base: str
    brackets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A column of the sheet that may be one of the table's: its place, what is written above it, how well it fits."""

    place: int
    label: str
    standard: bool
    """Whether it is the standard heading and no synonym."""
    qualifiers: frozenset[str]
    """Of what its words and the groups over it say: "planned", "counted", a year, or "said" by a clerk."""
    planned: bool = False
    """Whether its own words say that it was only planned."""


@dataclass(frozen=True)
class Question:
    """A question about columns (问表头): which of several is meant; a guess might take the wrong hours."""

    column: str
    labels: tuple[str, ...]
    words: str


@dataclass
class Headings:
    """Headings found (识别的表头): the row below them, and the place of each column."""

    top: int
    """The row (from 0) of its first heading."""
    first: int
    """The row in which the list begins."""
    places: dict[str, int]
    labels: dict[int, str]
    """What stands above each column of the sheet, as its user reads it; unique."""
    questions: list[Question] = field(default_factory=list)
    instead: dict[int, str] = field(default_factory=dict)
    """Of places that lost against another: its label."""


def letter(place: int) -> str:
    """A column as a spreadsheet calls it: 0 is A, 26 is AA."""
    return (letter(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def words_of(cell: object) -> Words:
    """Heading words (表头文字): without marks, must-words and spaces; what stands in brackets apart."""
    text = _MARKS.sub("", typed.plain(str(cell)[:_LONGEST]))
    brackets = [re.sub(f"^(?:{_MUST})[,，、:：;；]?|(?:{_MUST})$", "", inner) for inner in _BRACKETS.findall(text)]
    base = _BRACKETS.sub("", text)
    if (dated := _DATED.match(base)) and dated.end() < len(base):  # 2024年公需学时
        brackets, base = [*brackets, dated[0]], base[dated.end() :]
    base = re.sub(rf"^(?:\d+[.、])?(?:{_MUST})?[:：]?|[:：].*$|(?:{_MUST})$", "", base) or base
    return Words(base, tuple(filter(None, brackets)))


def heading(cell: object) -> str:
    """A heading as it is compared: its words without brackets."""
    return words_of(cell).base


def vocabulary(columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The column that each heading and synonym stands for, as headings are compared."""
    by_word: dict[str, str] = {}
    for name, words in columns.items():
        for word in words:
            by_word.setdefault(heading(word), name)
    return by_word


class Vocabulary:
    """Words of a table's columns (表头词汇), and the labels that a clerk has said the column of."""

    def __init__(
        self,
        columns: Mapping[str, Sequence[str]],
        required: Sequence[str],
        *,
        loose: Collection[str] = (),
        chosen: Mapping[str, str] | None = None,
    ) -> None:
        self.columns, self.required, self.loose = columns, tuple(required), frozenset(loose)
        self.chosen = {label: name for label, name in (chosen or {}).items() if not name or name in columns}
        self.by_word = vocabulary(columns)
        self.standard = {name: heading(words[0]) for name, words in columns.items()}

    def alone(self, cell: object) -> str | None:
        """The column that a cell by itself is the heading of."""
        return self.chosen.get(_label([cell])) or self.by_word.get(heading(cell))

    def named(self, place: int, label: str, parts: Sequence[Words]) -> tuple[str, Candidate] | None:
        """The column that headings above one another, the lowest last, stand for.

        Step 1: two of the words joined, since 公需 above or in the brackets of 学时 says more than 学时. Step 2: the
        lowest by itself. Step 3: without a word at its edge that says whether it was planned or took place.
        """
        own, over = parts[-1], [word for part in reversed(parts[:-1]) for word in (part.base, *part.brackets)]
        if own.base not in self.by_word and len(pieces := re.split("[-–—_/|｜·]", own.base)) == 2:  # 学时-公需
            own = Words(pieces[0], (*own.brackets, pieces[1]))
        aside = [*own.brackets, *over]
        latin = re.sub(r"^[A-Za-z/._-]+|(?<![A-Za-z/._-])[A-Za-z/._-]+$", "", own.base)  # 姓名 Name
        middle, edge = _parted(own.base) if own.base not in self.by_word else (own.base, "")
        for word in dict.fromkeys((own.base, own.base.removesuffix("数"), middle, latin)):
            others = [other for other in aside if not _DATED.match(other)]
            # Of a word nobody knows, or beside its own brackets, its end may be what is meant: 培训学时（公需）.
            ends = {other for other in others if word not in self.by_word or other in own.brackets}
            for said in (*(joined for other in others for joined in _joined(word, other, ends=other in ends)), word):
                if name := self.by_word.get(said):
                    of_itself = _qualifier(edge) if edge and word == middle else _counted(own.base)
                    qualifiers = frozenset(filter(None, [of_itself, *map(_qualifier, aside)]))
                    planned = "planned" in [of_itself, *map(_qualifier, own.brackets)]
                    return name, Candidate(place, label, said == self.standard[name], qualifiers, planned)
        if kind := _qualifier(own.base):  # 计划, 实际 below 公需学时
            name = next((self.by_word[word] for word in over if word in self.by_word), "")
            return (name, Candidate(place, label, False, frozenset({kind}), kind == "planned")) if name else None
        return None


def _joined(word: str, other: str, *, ends: bool) -> Iterator[str]:
    """Two words as one, what both have in the middle once: 学时 and 公需学时, 公需 and 学时."""
    other = re.sub("(?:数|情况|统计|明细|合计|安排)$", "", other)
    if other and other != word:
        for first, second in ((other, word), (word, other)):
            for common in range(min(len(first), len(second)), -1, -1):
                if first.endswith(second[:common]):
                    yield first + second[common:]
                    break
        yield from (word + other[start:] for start in range(1, len(other) - 1))  # 公需 below 培训学时
        yield from (other + word[start:] for start in range(1, len(word) - 1) if ends)


def _parted(base: str) -> tuple[str, str]:
    """A heading without the word at its edge that says whether it was planned or took place, and that word."""
    for edge in _EDGES:
        if base != edge and base.startswith(edge):
            return base.removeprefix(edge), edge
        if base != edge and base.endswith(edge):
            return base.removesuffix(edge), edge
    return base, ""


def _qualifier(word: str) -> str:
    """What a word says of a column beside its name: planned, counted, or of a year."""
    if year := _YEAR.fullmatch(word):
        return year[1]
    return next((kind for kind, form in _KINDS.items() if form.fullmatch(word)), "")


def _counted(word: str) -> str:
    return "counted" if _qualifier(word) == "counted" else ""


def find(rows: Rows, merged: Merged, words: Vocabulary) -> Headings | None:
    """Find headings (识别表头): in any order, in one to three rows, groups above or below, marks and brackets aside.

    Step 1: the first row with all required headings, a merged cell standing in each of its rows. Step 2: rows below it
    that part its headings, and rows above it that group them. Step 3: the column that each place stands for. Step 4:
    of several for one column the one that counts; where nothing says which, a question.
    """
    filled = _filled(rows, merged)
    for at in range(len(rows)):
        there = [next((cell for cell in reversed(cells) if cell != ""), "") for cells in _above(filled, at)]
        if set(words.required).issubset(map(words.alone, there)):
            last = at
            while (
                last - at + 1 < DEEPEST and last + 1 < len(rows) and _goes_on(rows, filled, merged, at, last + 1, words)
            ):
                last += 1
            return _chosen(filled, at, last, words)
    return None


def _above(filled: Rows, at: int) -> Iterator[tuple[Any, ...]]:
    """What stands in each place of a row and above it, as far as groups may; only words."""
    lines = [
        [cell if isinstance(cell, str) else "" for cell in cells] for cells in filled[max(0, at - _ABOVE) : at + 1]
    ]
    return zip(*lines, strict=True)


def _filled(rows: Rows, merged: Merged) -> list[list[Any]]:
    """Rows in which a merged cell's value stands in all its places."""
    filled = [list(cells) for cells in rows]
    for (top, left), (bottom, right) in merged:
        if top >= len(filled) or left >= len(filled[top]):
            continue
        value = filled[top][left]
        for row in range(top, min(bottom + 1, len(filled))):
            for place in range(left, min(right + 1, len(filled[row]))):
                filled[row][place] = value if filled[row][place] == "" else filled[row][place]
    return filled


def _goes_on(rows: Rows, filled: Rows, merged: Merged, at: int, row: int, words: Vocabulary) -> bool:
    """Whether headings go on in a row: it has words only, none of its own where the required ones stand, and what it
    says are headings of columns, or it lies within the headings' merged cells."""
    cells = [cell for cell in rows[row] if cell != ""]
    if any(list(rows[row]) == list(rows[line]) for line in range(at, row)):  # on the next page of a printed list
        return False
    if not cells or not all(isinstance(cell, str) and re.search(r"[^\W\d]", cell) for cell in cells):
        return False
    for place, cell in enumerate(filled[at]):
        if words.alone(cell) in words.required and rows[row][place] not in ("", cell):
            return False
    if any(top <= at and bottom >= row and top < bottom for (top, _), (bottom, _) in merged):
        return True
    if len({words.by_word.get(heading(cell)) for cell in cells} - {None}) > 1:
        return True
    above = [_to_the_right(filled[line]) for line in range(at, row)]
    if any(cell != "" and filled[row - 1][place] == "" and above[-1][place] for place, cell in enumerate(rows[row])):
        return True  # 计划 and 实际 below 公需学时, which is not merged over both
    for place, cell in enumerate(rows[row]):
        if cell == "" or not any(line[place] for line in above):
            continue
        own, over = words_of(cell), [words_of(line[place]) for line in above]
        found, alone = words.named(place, "", [*over, own]), words.by_word.get(own.base)
        # Below a column's own heading a word alone says nothing, unless it is the longer one: 公需学时 below 学时.
        if found and (found[0] != alone or over[-1].base not in words.by_word or own.base.endswith(over[-1].base[-2:])):
            return True
    return False


def _to_the_right(cells: Sequence[Any]) -> list[str]:
    """A row of groups: each stands above all places up to the next one. A line of a form is no group."""
    over, line = "", []
    for cell in cells:
        text = typed.text(cell)
        if text:
            over = "" if _fills_in(text) or len(text) > 40 else text
        line.append(over)
    return line


def _chosen(filled: Rows, at: int, last: int, words: Vocabulary) -> Headings:
    """The place of each column below headings that take the rows `at` to `last`."""
    start = max(0, at - _ABOVE)
    spread = [_to_the_right(filled[row]) for row in range(start, last + 1)]
    groups = [
        line if len({*line}) > 1 and not _has_figures(filled[row]) else [""] * len(line)  # no title over all, no sum
        for row, line in enumerate(spread[: at - start], start)
    ]
    labels: dict[int, str] = {}
    candidates: dict[str, list[Candidate]] = {}
    for place in range(max(len(filled[row]) for row in range(start, last + 1))):
        parts = _parts(filled, groups, spread, (start, at, last), place)
        if not parts:
            continue
        label = _label(parts)
        if label in labels.values():
            label = f"{label}（{letter(place)}列）"
        labels[place] = label
        if label in words.chosen:
            if words.chosen[label]:
                said = Candidate(place, label, True, frozenset({"said"}))
                candidates.setdefault(words.chosen[label], []).append(said)
        elif found := words.named(place, label, [words_of(part) for part in parts]):
            name, candidate = found
            candidates.setdefault(name, []).append(candidate)
    if abreast := _abreast(candidates, words):
        return Headings(at, last + 1, {}, labels, [abreast])
    places: dict[str, int] = {}
    questions: list[Question] = []
    instead: dict[int, str] = {}
    for name, several in candidates.items():
        which = _one_of(name, several, words)
        if isinstance(which, Question):
            questions.append(which)
        else:
            places[name] = which.place
            instead |= {each.place: which.label for each in several if each is not which}
    return Headings(at, last + 1, places, labels, questions, instead)


def _parts(
    filled: Rows, groups: list[list[str]], spread: list[list[str]], lines: tuple[int, int, int], place: int
) -> list[str]:
    """What stands above a place, the lowest last: its own heading and the groups over it.

    Its own is the lowest cell that is not empty; a place with nothing but a group's word carried over to it has none.
    """
    start, at, last = lines
    own = None
    for row in range(last, start - 1, -1):
        if place < len(filled[row]) and typed.text(filled[row][place]) and not (row < at and _is_title(filled[row])):
            own = row
            break
    if own is None:
        return []
    over = [groups[row - start][place] if row < at else spread[row - start][place] for row in range(start, own)]
    parts = [*over, typed.text(filled[own][place])]
    return [part for number, part in enumerate(parts) if part and part not in parts[number + 1 :]]


def _is_title(cells: Sequence[Any]) -> bool:
    """Whether a row above the headings is a title, not groups: it says one thing, fills in a form, or is a sum."""
    said = {typed.text(cell) for cell in cells} - {""}
    return len(said) < 2 or any(map(_fills_in, said)) or _has_figures(cells)


def _has_figures(cells: Sequence[Any]) -> bool:
    """Whether a row above the headings has figures in it (上方的合计): 合计 250 groups nothing; a year does."""
    said = {typed.text(cell) for cell in cells}
    return any(_FIGURE.fullmatch(text) and not _YEAR.fullmatch(text) for text in said)


def _fills_in(text: str) -> bool:
    """Whether a cell is a line of a form (填报单位：…): a colon stands in it, outside of brackets."""
    return ":" in _BRACKETS.sub("", typed.plain(text))


def _label(parts: Sequence[object]) -> str:
    """What stands above a column as its user reads it."""
    return " ".join(filter(None, map(typed.text, parts)))


def _abreast(candidates: Mapping[str, list[Candidate]], words: Vocabulary) -> Question | None:
    """Two lists side by side (并排的名单): all required headings stand more than once."""
    if any(len(candidates.get(name, ())) < 2 for name in words.required):
        return None
    first = candidates[words.required[0]]
    if any("said" in each.qualifiers for each in first):
        return None
    named = "、".join(f"{letter(each.place)}列" for each in first)
    text = f"{named}都是“{first[0].label[:30]}”，是并排的几份名单，请上下接成一份，每人一行，再上传"
    return Question(words.required[0], tuple(each.label for each in first), text)


def _one_of(name: str, several: list[Candidate], words: Vocabulary) -> Candidate | Question:
    """The one of several columns that counts, or a question that names them.

    Step 1: what a clerk has said. Step 2: what took place or was granted before what was planned or asked for. Step 3:
    the standard heading before a synonym. Nothing else is guessed but where little hangs on it (`loose`); hours that
    were only planned are asked about.
    """
    said = [each for each in several if "said" in each.qualifiers]
    counted = [each for each in several if "counted" in each.qualifiers]
    unplanned = [each for each in several if "planned" not in each.qualifiers]
    standard = [each for each in unplanned if each.standard]
    years = {year for each in several for year in each.qualifiers if year.isdigit()}
    if len(said) == 1 or (len(several) == 1 and not several[0].planned):
        return (said or several)[0]
    if len(several) > 1 and len(years) < 2:
        for some in (counted, unplanned, standard):
            if len(some) == 1:
                return some[0]
    if name in words.loose:
        return several[0]
    word, labels = words.columns[name][0], tuple(each.label for each in several)
    named = "、".join(f"{letter(each.place)}列“{each.label[:30]}”" for each in several)
    if len(several) == 1:
        text = f"{named}是计划或申报的，不能当作“{word}”；请补上实际的一列，或把表头改为“{word}”后再上传"
    else:
        text = f"{named}都可能是“{word}”；请删去不用的，或只让要用的一列叫“{word}”，再上传"
    return Question(name, labels, text)
