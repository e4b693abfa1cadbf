"""Items in a table (Excel、CSV): the office's own template, and the shapes other platforms hand out; a row an item.

Columns go by many words, the type stands in a column or is the sheet's name, the answer is letters, words or a mark
beside each option. Read by the one reader of tables, so that what is wrong is mended on the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from core.exams import items
from core.exams.formats import found
from core.exams.formats.found import Form, Found, Part, Written, short
from core.exams.items import Item
from core.ground import typed
from core.ground.access import Refused, Role
from core.models import Difficulty, ItemKind
from core.tables import mending, reading, sheets, values
from core.tables.declared import Declared
from core.tables.mending import Mended
from core.tables.problems import Problem
from core.tables.reader import LONGEST_CELL
from core.tables.reading import Cells, Listing
from core.tables.values import Unclear

_LETTERS = "ABCDEFGHIJ"[: items.MOST_OPTIONS]
OPTIONS = [f"option_{letter.lower()}" for letter in _LETTERS]
RIGHTS = [f"right_{at}" for at in range(1, len(_LETTERS) + 1)]
"""Marks beside the options (isCorrect1), where a table has these instead of an answer."""


def _option_words(at: int, letter: str) -> tuple[str, ...]:
    low = letter.lower()
    return (
        f"选项{letter}",
        f"选项{low}",
        letter,
        f"{letter}选项",
        f"备选项{letter}",
        f"备选答案{letter}",
        f"答案{letter}",
        f"选项{at}",
        f"选项{'一二三四五六七八九十'[at - 1]}",
        f"option{at}",
        f"option{letter}",
        f"option_{low}",
        f"Option{letter}",
        f"Option{at}",
    )


_WORDS: dict[str, Sequence[str]] = {
    "number": ("序号", "题号", "编号", "No", "NO", "id", "ID"),
    items.KIND: ("题型", "题目类型", "试题类型", "题目题型", "试题题型", "类型", "type", "Type"),
    items.STEM: ("题干", "试题", "题目", "问题", "题目内容", "试题内容", "题目名称", "试题题干", "content", "question"),
    **{name: _option_words(at, letter) for at, (name, letter) in enumerate(zip(OPTIONS, _LETTERS, strict=True), 1)},
    items.ANSWER: (
        "答案",
        "正确答案",
        "正确选项",
        "标准答案",
        "参考答案",
        "试题答案",
        "题目答案",
        "correctAnswer",
        "answer",
        "Answer",
    ),
    **{name: (f"isCorrect{at}", f"选项{at}是否正确", f"正确{at}") for at, name in enumerate(RIGHTS, 1)},
    "explanation": (
        "解析",
        "试题解析",
        "题目解析",
        "答案解析",
        "解答",
        "答案说明",
        "explanation",
        "analysis",
        "feedback",
    ),
    "difficulty": ("难度", "题目难度", "试题难度", "难易程度", "难易度", "难度等级", "difficulty", "level"),
    "topic": ("知识点", "知识点名称", "考点", "章节", "所属章节", "主题", "topic"),
    "category": ("分类", "题目分类", "试题分类", "类别", "所属分类", "标签", "所属范围", "范围", "category", "tags"),
    "points": ("分值", "分数", "题目分值", "试题分值", "score", "points"),
    "reference": ("题目编号", "试题编号", "题目ID", "试题ID", "reference"),
}
HEADINGS = {name: words[0] for name, words in _WORDS.items()}
OURS = [items.KIND, items.STEM, *OPTIONS, items.ANSWER, "explanation", "difficulty", "topic", "points", "reference"]
"""Columns of the office's own template, in its order."""


def _surely(cells: Cells) -> bool:
    """Whether a row is an item whatever its stem begins with: it says a stem, and what is right."""
    said = {name for name, cell in cells.items() if typed.text(cell)}
    return items.STEM in said and not said.isdisjoint({items.ANSWER, *RIGHTS, OPTIONS[1]})


LISTING = Listing(
    "题库表",
    _WORDS,
    (items.STEM, items.ANSWER),
    identity=("reference",),
    several=True,
    loose=("number", "topic", "category", "points"),
    says=lambda cells: bool(typed.text(cells.get(items.STEM)) or typed.text(cells.get(OPTIONS[1]))),
    surely=_surely,
    code="items",
    senders=(Role.BASE_CLERK,),
)
_MARKED = replace(LISTING, required=(items.STEM, RIGHTS[0]))
"""The same without a column for the answer."""

CHOICES = {
    items.KIND: tuple(each.label for each in ItemKind),
    "difficulty": tuple(each.label for each in Difficulty),
}
"""Columns in which one of a few words is chosen, on the sheet and in the template."""

_KINDS = {
    ItemKind.SINGLE: "单选题 单选 单项选择题 单项选择 单选选择题 single singlechoice single_choice radio 0",
    ItemKind.MULTIPLE: "多选题 多选 多项选择题 多项选择 不定项选择题 不定项 multiple multiplechoice multi "
    "multiple_choice checkbox 2",
    ItemKind.TRUE_FALSE: "判断题 判断 是非题 对错题 正误题 tf true_false truefalse true/false judge boolean 1",
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_EITHER = ("选择题", "选择", "choice", "")
"""What leaves open which of single and multiple it is: the answer says."""
_OTHER = re.compile("问答|简答|填空|论述|名词解释|计算|材料|案例|配对|连线|排序|作文|阅读|操作")


@dataclass(frozen=True)
class _Kind:
    kind: ItemKind | None
    coded: bool = False
    """Whether it was written as a number."""


def _kind(cell: object) -> _Kind:
    said = typed.plain(cell).casefold()
    if said in _EITHER:
        return _Kind(None)
    if kind := _BY_WORD.get(said):
        return _Kind(kind, said.isdigit())
    if _OTHER.search(said):
        raise Unclear("本系统的考试只有单选、多选、判断，这一题没有读入；不需要的请删去此行", "other")
    raise Unclear("题型请填“单选题”“多选题”“判断题”之一")


def _difficulty(cell: object) -> Difficulty | None:
    said = typed.text(cell).casefold()
    if values.is_nothing(said):
        return None
    if level := found.DIFFICULTIES.get(said):
        return level
    raise Unclear("难度请填“易”“中”“难”之一，或留空")


def _points(cell: object) -> Decimal | None:
    said = typed.plain(cell).removesuffix("分")
    if values.is_nothing(said):
        return None
    if worth := found.points(said):
        return worth
    raise Unclear(f"分值应为0.5的倍数，大于0，不超过{items.MOST_POINTS}，或留空")


def _words(cell: object) -> str:
    return typed.prose(cell) if isinstance(cell, str) else mending.said(cell)


def _mark(cell: object) -> bool | None:
    return None if typed.text(cell) == "" else values.yes_no(cell)


_VALUES: Mapping[str, Any] = {
    items.KIND: _kind,
    items.STEM: _words,
    **dict.fromkeys(OPTIONS, _words),
    **dict.fromkeys(RIGHTS, _mark),
    "explanation": _words,
    "difficulty": _difficulty,
    "points": _points,
}


@dataclass
class _Draft:
    """A row as an item, and what is wrong with it: column, code, value, words; what is offered."""

    item: Item | None = None
    faults: list[Problem] = field(default_factory=list)
    coded: bool = False
    deduced: bool = False
    """Whether its type follows from its answer alone."""

    def fault(self, column: str, code: str, value: str, words: str, *, offer: str = "", mended: str = "") -> None:
        mend = {column: mended} if offer else {}
        self.faults.append(Problem(0, column, code, short(value), words, True, offer, mend))

    def hint(self, column: str, code: str, value: str, words: str) -> None:
        self.faults.append(Problem(0, column, code, short(value), words, blocking=False))


def _draft(usual: ItemKind | None, **said: Any) -> _Draft:
    """What a row becomes; `usual`: the type the sheet is of."""
    draft = _Draft(coded=said[items.KIND].coded)
    kind = said[items.KIND].kind or usual
    texts = [said[name] for name in OPTIONS]
    while texts and not texts[-1]:
        texts.pop()
    if "" in texts:
        at = texts.index("")
        words = f"选项{_LETTERS[at]}是空的，后面还有选项，请补填，或把后面的选项移到前面"
        draft.fault(OPTIONS[at], "option-gap", "", words)
        return draft
    marks = [said[name] for name in RIGHTS[: len(texts)]]
    answer = typed.text(said[items.ANSWER])
    judged = [found.judgement(text) for text in texts]
    is_judged = kind is ItemKind.TRUE_FALSE or (kind is None and (not texts or sorted(map(str, judged)) == _BOTH))
    draft.deduced = kind is None
    if is_judged:
        options = _judged(draft, answer, texts, judged, marks)
        kind = ItemKind.TRUE_FALSE
    else:
        options = _chosen(draft, answer, texts, marks)
        kind = kind or (ItemKind.SINGLE if sum(right for _, right in options) == 1 else ItemKind.MULTIPLE)
    if draft.faults:
        return draft
    item = items.tidy(
        Item(
            kind,
            said[items.STEM],
            options,
            said["explanation"],
            said["difficulty"],
            typed.text(said["topic"]) or typed.text(said["category"]),
            said["points"],
            typed.text(said["reference"]),
        )
    )
    for column, words in items.faults(item):
        draft.fault(_column(column, item), f"{column}-item", item.stem if column == items.STEM else answer, words)
    if kind is ItemKind.MULTIPLE and len(item.right) == 1:
        draft.hint(items.ANSWER, "answer-one", answer, "多选题只有一个正确答案，请核对题型和答案")
    draft.item = item
    return draft


_BOTH = ["False", "True"]


def _judged(
    draft: _Draft, answer: str, texts: list[str], judged: list[bool | None], marks: list[bool | None]
) -> tuple[tuple[str, bool], ...]:
    """The options of a true/false item: its answer is a word, a letter (A = 对 where no options stand), or a mark."""
    if texts and sorted(map(str, judged)) != _BOTH:
        draft.fault(OPTIONS[0], "option-judged", texts[0], "判断题的选项只能是“对”“错”，或留空；有别的选项的请改题型")
        return ()
    order = [bool(each) for each in judged] if texts else [True, False]
    letter = typed.plain(answer).upper().rstrip(".。、")
    if letter in ("A", "B"):
        is_true = order["AB".index(letter)]
    elif (said := found.judgement(answer)) is not None:
        is_true = said
    elif not answer and [bool(mark) for mark in marks].count(True) == 1:
        is_true = order[[bool(mark) for mark in marks].index(True)]
    else:
        draft.fault(items.ANSWER, "answer-form", answer, "判断题的答案请填“对”或“错”")
        return ()
    return (items.TRUE, is_true), (items.FALSE, not is_true)


def _chosen(draft: _Draft, answer: str, texts: list[str], marks: list[bool | None]) -> tuple[tuple[str, bool], ...]:
    """The options of a choice, with what its answer or its marks say is right."""
    marked = {at for at, mark in enumerate(marks) if mark}
    if not answer and marked:
        return tuple((text, at in marked) for at, text in enumerate(texts))
    said = re.sub(r"[\s,，、;；/|.。和及]", "", typed.narrow(answer)).upper()
    if not re.fullmatch(f"[{_LETTERS}]+", said):
        same = [_LETTERS[at] for at, text in enumerate(texts) if answer and typed.plain(text) == typed.plain(answer)]
        offer = f"与选项{same[0]}的文字相同，改为{same[0]}" if len(same) == 1 else ""
        words = "答案请填选项的字母，如A或ABD" if answer else "没有写明哪个选项是正确答案，请填选项的字母"
        draft.fault(items.ANSWER, "answer-form", answer, words, offer=offer, mended=same[0] if offer else "")
        return ()
    if beyond := sorted({letter for letter in said if _LETTERS.index(letter) >= len(texts)}):
        words = f"答案里的{'、'.join(beyond)}没有对应的选项，这一题有{len(texts)}个选项，请核对答案或补填选项"
        draft.fault(items.ANSWER, "answer-beyond", answer, words)
        return ()
    right = {_LETTERS.index(letter) for letter in said}
    if marked and marked != right:
        draft.fault(items.ANSWER, "answer-marks", answer, "答案与各选项的“是否正确”不一致，请核对")
        return ()
    return tuple((text, at in right) for at, text in enumerate(texts))


def _column(name: str, item: Item) -> str:
    """The column in which a fault of an item is mended."""
    if name != items.OPTIONS:
        return name
    texts = [typed.plain(text) for text, _ in item.options]
    for at, text in enumerate(texts):
        if text in texts[:at] or len(item.options[at][0]) > items.LONGEST_OPTION:
            return OPTIONS[at]
    return OPTIONS[min(len(texts), len(OPTIONS) - 1)]


def _faults(lines: Sequence[tuple[int, _Draft]]) -> Iterator[Problem]:
    for row, draft in lines:
        for fault in draft.faults:
            yield replace(fault, row=row, mend=fault.mend)


def _declared(listing: Listing, usual: ItemKind | None) -> Declared[_Draft]:
    return Declared(listing, partial(_draft, usual), _VALUES, (items.STEM,), (_faults,))


def read(
    content: bytes,
    filename: str,
    *,
    chosen: Mapping[str, str] | None = None,
    mended: Mapping[str, Mended] = MappingProxyType({}),
) -> Found:
    """Read items (读入题库表), of every sheet that has them; `mended` by sheet.

    Refused codes: "file", "headings" (or `reading.Asked`).
    """
    listing = LISTING
    try:
        tables = reading.read_each(content, filename, listing, chosen=chosen, mended=mended)
    except reading.Asked:
        raise
    except Refused as refused:
        if refused.code != "headings":
            raise
        listing, missing = _MARKED, refused
        try:
            tables = reading.read_each(content, filename, listing, chosen=chosen, mended=mended)
        except reading.Asked:
            raise
        except Refused:
            raise missing from None
    parts = [_part(table, listing, several=len(tables) > 1) for table in tables]
    if not any(part.items or part.problems for part in parts):
        raise Refused("file", "表头下面没有题目，请确认选对了文件。")
    if sum(len(part.cells) for part in parts) > found.MOST:
        raise Refused("file", f"文件里的题目超过{found.MOST}道，请分成几个文件导入。")
    found.once_each(parts)
    return Found(Form.WORKBOOK, parts)


def _part(table: reading.Table, listing: Listing, *, several: bool) -> Part:
    """One sheet; its name may say the type of all its items."""
    name = table.sheet if several else ""
    word = typed.plain(table.sheet)
    usual = next((kind for kind in ItemKind if kind.label[:2] in word), None)
    if usual is None and _OTHER.search(word) and not any(typed.text(cells.get(items.KIND)) for _, cells in table.rows):
        words = f"工作表“{table.sheet[:20]}”的题不是单选、多选、判断，{len(table.rows)}行没有读入"
        return Part(name, problems=[Problem(0, items.KIND, "sheet-kind", table.sheet, words, blocking=False)])
    checked = _declared(listing, usual).checked(table)
    part = Part(name, problems=checked.problems, account=checked.account, cells=checked.rows)
    part.understood = table.understood
    drafts = [(row, draft) for row, draft in checked.lines if draft.item is not None]
    part.items = [(row, draft.item) for row, draft in drafts if draft.item is not None]
    if sum(draft.deduced for _, draft in drafts):
        part.account.append(f"{sum(draft.deduced for _, draft in drafts)}题没有写题型，按选项和答案认定，请核对")
    if any(draft.coded for _, draft in drafts):
        part.account.append("题型写的是数字，按0单选、1判断、2多选读入，请核对")
    return part


# --- written --------------------------------------------------------------------------------------------------------


def write(bank: Iterable[Item]) -> Written:
    """Write items (导出题库表) under the template's headings, as many options as the longest has."""
    bank = list(bank)
    short_ones = [item for item in bank if max(len(item.stem), len(item.explanation)) <= LONGEST_CELL]
    most = max([_TEMPLATE_OPTIONS, *(len(item.options) for item in short_ones)])
    columns = [name for name in OURS if name not in OPTIONS[most:]]
    rows = []
    for item in short_ones:
        cells = _cells(item)
        rows.append([cells.get(name, "") for name in columns])
    told = []
    if left_out := len(bank) - len(short_ones):
        told.append(
            f"{left_out}道题没有写出：题干或解析超过{LONGEST_CELL}字，导入时读不回来，请改用 GIFT 或 Moodle XML"
        )
    content = sheets.workbook([HEADINGS[name] for name in columns], rows, sheet="题库")
    return Written(content, Form.WORKBOOK.ending, tuple(told))


def _cells(item: Item) -> dict[str, object]:
    judged = item.kind is ItemKind.TRUE_FALSE
    answer = ("对" if item.right == (0,) else "错") if judged else "".join(_LETTERS[at] for at in item.right)
    options = {} if judged else {name: text for name, (text, _) in zip(OPTIONS, item.options, strict=False)}
    return {
        items.KIND: item.kind.label,
        items.STEM: item.stem,
        **options,
        items.ANSWER: answer,
        "explanation": item.explanation,
        "difficulty": item.difficulty.label if item.difficulty else "",
        "topic": item.topic,
        "points": item.points,
        "reference": item.reference,
    }


_TEMPLATE_OPTIONS = 6


def template() -> bytes:
    """The blank template (题库导入模板), with what goes into each column said at its heading."""
    columns = [name for name in OURS if name not in OPTIONS[_TEMPLATE_OPTIONS:]]
    notes = {
        items.KIND: "单选题、多选题、判断题",
        OPTIONS[0]: "从A起依次填写，没有的留空；判断题的选项留空",
        items.ANSWER: "单选填一个字母，多选填几个字母，如ABD；判断题填对或错",
        "difficulty": "易、中、难，可不填",
        "topic": "组卷时按知识点抽题",
        "points": "可不填；试卷的分值由组卷的设置决定",
        "reference": "可不填；填了的，再次导入时按编号认作同一题",
    }
    headings = {name: HEADINGS[name] for name in columns}
    return sheets.marked(headings, [], [], title="题库", caption="题库导入模板", choices=CHOICES, notes=notes)
