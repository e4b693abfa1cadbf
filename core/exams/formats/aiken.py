"""Aiken: a question on one line, options by letter below it, the answer's letter; single choice and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.exams import items
from core.exams.formats.found import LONGEST, Form, Gathering, Part, Written, short
from core.exams.items import Item
from core.ground import typed
from core.models import ItemKind

_OPTION = re.compile(r"\s*([A-Za-zＡ-Ｚ])\s*[.)．）、]\s*(.*)")
_ANSWER = re.compile(r"\s*(?:ANSWER|答案)\s*[:：]\s*(.*)", re.IGNORECASE)


def is_aiken(text: str) -> bool:
    """Whether a text is of this format: a line with an answer, or lines with options by letter."""
    found = re.search(r"^[ \t]*(?:ANSWER|答案)[ \t]*[:：]", text, re.MULTILINE | re.IGNORECASE)
    return bool(found) or bool(re.search(r"^[ \t]*A[.)．）、][ \t]*\S.*\n[ \t]*B[.)．）、]", text, re.MULTILINE))


def read(text: str) -> Part:
    """Read items (读入 Aiken); each is one the moment its answer is read, so that a bad one ends there."""
    gathering = Gathering()
    stems: list[tuple[int, str]] = []
    options: list[tuple[str, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LONGEST:
            gathering.count()
            words = f"这一行有{len(line)}个字，太长，没有读入，请核对是否缺少换行"
            gathering.problem(number, items.STEM, "long", line, words)
            stems, options = [], []
        elif answer := _ANSWER.fullmatch(line):
            _take(gathering, number, stems, options, answer[1])
            stems, options = [], []
        elif (option := _OPTION.fullmatch(line)) and stems:
            options.append((typed.plain(option[1]).upper(), option[2]))
        elif typed.text(line):
            if options:
                _unanswered(gathering, stems, options)
                stems, options = [], []
            stems.append((number, line))
    if stems or options:
        _unanswered(gathering, stems, options)
    return gathering.done()


def _unanswered(gathering: Gathering, stems: list[tuple[int, str]], options: list[tuple[str, str]]) -> None:
    """Name a question without an answer."""
    gathering.count()
    number, stem = stems[0]
    words = (
        "选项后面没有“ANSWER: ”一行，请补上答案" if options else "下面没有选项和“ANSWER: ”一行，请补全，或删去这一行"
    )
    gathering.problem(number, items.ANSWER, "answer-missing", stem, words)


def _take(
    gathering: Gathering, number: int, stems: list[tuple[int, str]], options: list[tuple[str, str]], answer: str
) -> None:
    """One question with its answer."""
    gathering.count()
    if not stems:
        gathering.problem(number, items.STEM, "stem-missing", answer, "答案上面没有题干，请补填题干和选项")
        return
    at, stem = stems[-1]
    if len(stems) > 1:
        words = f"题干写了{len(stems)}行（第{stems[0][0]}至{at}行），Aiken 的题干只能写一行，请合成一行"
        gathering.problem(stems[0][0], items.STEM, "stem-lines", stems[0][1], words)
        return
    letters = [letter for letter, _ in options]
    if letters != [chr(ord("A") + place) for place in range(len(letters))]:
        words = f"选项的字母是{'、'.join(letters)}，应从A起依次排列，不缺不重"
        gathering.problem(at, items.OPTIONS, "letters", stem, words)
        return
    said = typed.narrow(answer).upper()
    if re.fullmatch(r"[A-Z](?:[\s,，、;；]*[A-Z])+", said):
        words = f"答案写了几个字母（{short(answer)}），Aiken 只能写单选题；多选题请用 Excel 或 GIFT"
        gathering.problem(at, items.ANSWER, "answer-several", stem, words)
    elif said not in letters:
        words = f"答案“{short(answer)}”不是选项的字母{letters[0]}至{letters[-1]}" if letters else "没有选项，请补填"
        gathering.problem(at, items.ANSWER, "answer-form", stem, words)
    else:
        gathering.add(at, Item(ItemKind.SINGLE, stem, tuple((text, letter == said) for letter, text in options)))


def write(bank: Iterable[Item]) -> Written:
    """Write items (导出 Aiken): single choice only; items and fields that Aiken cannot hold are reported."""
    lines, left_out, bare = [], 0, 0
    for item in bank:
        texts = [item.stem, *(text for text, _ in item.options)]
        # What would be read as an option or an answer is no question that this format can say.
        if item.kind is not ItemKind.SINGLE or any(_ANSWER.match(text) for text in texts) or _OPTION.match(item.stem):
            left_out += 1
            continue
        bare += bool(item.explanation or item.difficulty or item.topic or item.points or item.reference)
        lines.append(_line(item.stem))
        lines += [f"{chr(ord('A') + at)}. {_line(text)}" for at, (text, _) in enumerate(item.options)]
        lines += [f"ANSWER: {chr(ord('A') + item.right[0])}", ""]
    told = []
    if left_out:
        told.append(f"{left_out}道题没有写出：Aiken 只能写单选题")
    if bare:
        told.append(f"{bare}道题的解析、难度、知识点、分值或编号没有写出：Aiken 写不下")
    return Written("\n".join(lines).encode(), Form.AIKEN.ending, tuple(told))


def _line(text: str) -> str:
    return text.replace("\n", " ")
