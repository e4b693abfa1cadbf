"""Moodle XML: `<quiz>` with a `<question>` each, categories among them as topics of what follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from core.exams import items
from core.exams.formats import found, gift
from core.exams.formats.found import LONGEST, Form, Gathering, Part, Unusable, Written
from core.exams.formats.xml import Broken, Node, attribute, escaped, parse
from core.exams.items import Item
from core.ground import typed
from core.ground.access import Refused
from core.models import ItemKind
from core.tables.problems import Problem

ROOT = "quiz"
_KINDS = {
    "shortanswer": "填空题",
    "essay": "问答题",
    "matching": "配对题",
    "numerical": "数值题",
    "cloze": "完形填空题",
    "multianswer": "完形填空题",
    "description": "说明",
    "calculated": "计算题",
    "calculatedsimple": "计算题",
    "calculatedmulti": "计算题",
    "ddwtos": "拖放题",
    "ddimageortext": "拖放题",
    "ddmarker": "拖放题",
    "gapselect": "选词题",
    "ordering": "排序题",
    "randomsamatch": "配对题",
}


def read(text: str) -> Part:
    """Read items (读入 Moodle XML). Refused codes: "file" (another file, nothing in it)."""
    root, broken = parse(text)
    if root.name != ROOT:
        raise Refused("file", f"这份 XML 的根元素是“{root.name[:30]}”，不是 Moodle 题库（quiz）。")
    gathering = Gathering()
    topic, last = "", root.line
    for question in root.all("question"):
        last = question.line
        kind = typed.text(question.attributes.get("type", "")).lower()
        if kind == "category":
            topic, cut = found.shortened_topic(question.says("category", "text")[:1000])
            if cut:
                words = f"分类的名称太长，知识点只记作“{topic}”"
                gathering.problem(last, "topic", "topic-long", question.text, words, blocking=False)
            continue
        gathering.count()
        try:
            item = _item(gathering, question, kind)
        except Unusable as unusable:
            said = question.says("name", "text") or question.says("questiontext", "text")
            gathering.problem(last, unusable.column, unusable.code, said, unusable.words)
            continue
        gathering.add(last, replace(item, topic=topic))
    if broken:
        gathering.part.problems.append(told(broken, last))
    return gathering.done()


def told(broken: Broken, last: int) -> Problem:
    """What is said of a file that ends in a fault: also of the question in which it does."""
    return Problem(max(broken.line, last), items.STEM, "xml", "", broken.words)


def _item(gathering: Gathering, question: Node, kind: str) -> Item:
    """One question. Raises Unusable."""
    if kind not in ("multichoice", "truefalse"):
        named = _KINDS.get(kind, f"“{kind[:20]}”类型的题")
        words = f"是{named}，本系统的考试只有单选、多选、判断，没有读入"
        raise Unusable(items.KIND, "kind-other", words)
    answers = question.all("answer")
    nodes = [question.first("questiontext"), question.first("generalfeedback"), *answers]
    nodes += [answer.first("feedback") for answer in answers]
    said = [node.says("text") if node else "" for node in nodes]
    if sum(map(len, said)) > LONGEST:
        raise Unusable(items.STEM, "long", f"这一题有{sum(map(len, said))}个字（含格式标记），太长，没有读入")
    usual = question.attributes.get("format") or (nodes[0].attributes.get("format", "html") if nodes[0] else "html")
    marked = [_is_marked(node, text, usual) for node, text in zip(nodes, said, strict=True)]
    stem, explanation, *rest = found.spoken_parts(gathering, question.line, said, marked)
    texts, comments = rest[: len(answers)], rest[len(answers) :]
    shares = [_share(answer) for answer in answers]
    if kind == "truefalse":
        item = _judged(stem, texts, shares)
        explanation = "\n".join(filter(None, [explanation, *comments]))
    else:
        is_single = typed.text(question.says("single")).lower() not in ("false", "0")
        right = [share == 100 if is_single else bool(share and share > 0) for share in shares]
        if is_single and not any(right) and any(share and share > 0 for share in shares):
            raise Unusable(items.ANSWER, "answer-partial", "单选题没有一个选项是100分，请把正确选项的fraction改为100")
        gift.partial(gathering, question.line, stem, list(shares), right)
        item_kind = ItemKind.SINGLE if is_single else ItemKind.MULTIPLE
        item = Item(item_kind, stem, tuple(zip(texts, right, strict=True)))
        explanation = gift.explained(explanation, texts, comments)
    name = typed.text(question.says("idnumber")) or found.named(question.says("name", "text"), stem)
    item = replace(item, explanation=explanation, reference=name, points=_points(gathering, question))
    for tag in (node for tags in question.all("tags") for node in tags.all("tag")):
        item = gift.tagged(gathering, item, tag.says("text"))
    return item


def _is_marked(node: Node | None, text: str, usual: str) -> bool:
    """Whether a text of a question is HTML: as it says itself; of the automatic format where it looks so."""
    how = node.attributes.get("format", usual) if node else usual
    return how == "html" or (how == "moodle_auto_format" and found.looks_marked(text))


def _share(answer: Node) -> Decimal:
    """What an option earns, in per cent. Raises Unusable."""
    said = typed.text(answer.attributes.get("fraction", "0"))
    if not re.fullmatch(r"-?\d{1,3}(\.\d{1,9})?", said):
        raise Unusable(items.ANSWER, "fraction", f"选项的fraction“{said[:20]}”不是百分数，请改为100或0")
    return Decimal(said)


def _judged(stem: str, texts: list[str], shares: list[Decimal]) -> Item:
    said = {found.judgement(text): share for text, share in zip(texts, shares, strict=True)}
    if said.keys() != {True, False} or sorted(share > 0 for share in said.values()) != [False, True]:
        words = "判断题应有true和false两个答案，其中一个的fraction为100，另一个为0"
        raise Unusable(items.ANSWER, "judged", words)
    return items.judged(stem, said[True] > 0)


def _points(gathering: Gathering, question: Node) -> Decimal | None:
    said = typed.text(question.says("defaultgrade"))
    worth = found.points(said)
    if said and worth is None:
        words = f"分值“{said[:20]}”不是0.5的倍数，没有读入分值；试卷的分值由组卷的设置决定"
        gathering.problem(question.line, "points", "points-form", said, words, blocking=False)
    return worth


# --- written --------------------------------------------------------------------------------------------------------


def write(bank: Iterable[Item]) -> Written:
    """Write items (导出 Moodle XML); nothing of an item is left out."""
    lines, topic = ['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>"], ""
    for item in bank:
        if item.topic != topic:
            topic = item.topic
            path = escaped(found.path_of(topic))
            lines.append(f'<question type="category"><category><text>{path}</text></category></question>')
        lines += _question(item)
    return Written("\n".join([*lines, "</quiz>", ""]).encode(), Form.MOODLE.ending)


def _question(item: Item) -> Iterator[str]:
    judged = item.kind is ItemKind.TRUE_FALSE
    yield f"<question type={attribute('truefalse' if judged else 'multichoice')}>"
    yield f"  <name>{_text(item.reference or found.short(item.stem, 60))}</name>"
    yield f'  <questiontext format="plain_text">{_text(item.stem)}</questiontext>'
    yield f'  <generalfeedback format="plain_text">{_text(item.explanation)}</generalfeedback>'
    if item.points is not None:
        yield f"  <defaultgrade>{item.points:f}</defaultgrade>"
    yield f"  <idnumber>{escaped(item.reference)}</idnumber>"
    if not judged:
        yield f"  <single>{str(item.kind is ItemKind.SINGLE).lower()}</single>"
        yield "  <shuffleanswers>true</shuffleanswers>"
        yield "  <answernumbering>ABCD</answernumbering>"
    share = found.usual_share(len(item.right)) if item.kind is ItemKind.MULTIPLE else "100"
    wrong = "-100" if item.kind is ItemKind.MULTIPLE else "0"
    for text, is_right in item.options:
        said = ("true" if text == items.TRUE else "false") if judged else text
        how = "moodle_auto_format" if judged else "plain_text"
        yield f'  <answer fraction="{share if is_right else wrong}" format="{how}">{_text(said)}</answer>'
    if tags := gift.tags_of(item):
        yield f"  <tags>{''.join(f'<tag>{_text(tag)}</tag>' for tag in tags)}</tags>"
    yield "</question>"


def _text(said: str) -> str:
    return f"<text>{escaped(said)}</text>"
