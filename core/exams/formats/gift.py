r"""GIFT, the text format of Moodle: `::name:: stem { =right ~wrong #feedback ####explanation }`.

Blank lines part the questions, `//` begins a comment, `$CATEGORY:` says the topic of what follows, `\` stands before a
sign that is only meant as such. Difficulty and points stand in comments, as `[tag:…]`, where Moodle has its tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from core.exams import items
from core.exams.formats import found
from core.exams.formats.found import LONGEST, Form, Gathering, Part, Unusable, Written
from core.exams.items import Item
from core.ground import typed
from core.models import Difficulty, ItemKind

_SIGNS = "~=#{}:\\"
_HIDE = 0xF0000
"""Where escaped signs are kept while the others are looked for: a plane of private use."""
_SHOWN = {_HIDE + ord(sign): sign for sign in _SIGNS} | {_HIDE + ord("n"): "\n"}
_ESCAPED = re.compile(rf"\\([{re.escape(_SIGNS)}n])")
_TAGGED = re.compile(r"\[(id|tag):([^\]]{1,200})\]")
_NAME = re.compile(r"\s*::(.*?)::", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_JUDGED = re.compile(r"(T|TRUE|F|FALSE)\s*(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_WEIGHT = re.compile(r"\s*%(-?\d{1,3}(?:\.\d{1,9})?)%")


class _Block:
    """Lines between two blank ones: where they begin, what they say, the tags of their comments."""

    def __init__(self) -> None:
        self.line, self.lines, self.tags = 0, list[str](), list[tuple[str, str]]()

    def add(self, number: int, line: str) -> None:
        self.line = self.line or number
        self.lines.append(line)


def read(text: str) -> Part:
    """Read items (读入 GIFT)."""
    gathering = Gathering()
    topic, rest = "", False
    for block in _blocks(text):
        said = "\n".join(block.lines)
        if said.lstrip().startswith("$CATEGORY:"):
            topic, cut = found.shortened_topic(_shown(_hidden(said.partition(":")[2].strip()[:1000])))
            if cut:
                words = f"分类的名称太长，知识点只记作“{topic}”"
                gathering.problem(block.line, "topic", "topic-long", said, words, blocking=False)
            continue
        if rest and "{" not in said and "}" in said:  # of the one above: it is named already
            rest = False
            continue
        gathering.count()
        rest = said.count("{") > said.count("}")
        try:
            if len(said) > LONGEST:
                raise Unusable(items.STEM, "long", f"这一题有{len(said)}个字，太长，没有读入，请核对是否缺少空行")
            item = _item(gathering, block.line, said)
        except Unusable as unusable:
            gathering.problem(block.line, unusable.column, unusable.code, said, unusable.words)
            continue
        gathering.add(block.line, replace(_tagged(gathering, item, block.tags), topic=topic))
    return gathering.done()


def _blocks(text: str) -> Iterator[_Block]:
    block = _Block()
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("//"):
            block.tags += _TAGGED.findall(bare[:LONGEST])
        elif bare.startswith("$CATEGORY:"):
            if block.lines:
                yield block
            block = _Block()
            block.add(number, line)
            yield block
            block = _Block()
        elif bare:
            block.add(number, line)
        elif block.lines:
            yield block
            block = _Block()
    if block.lines:
        yield block


def _tagged(gathering: Gathering, item: Item, tags: list[tuple[str, str]]) -> Item:
    """An item with what the tags of its comments say (标签)."""
    for kind, said in tags:
        item = replace(item, reference=typed.text(said)) if kind == "id" else tagged(gathering, item, said)
    return item


def tagged(gathering: Gathering, item: Item, tag: str) -> Item:
    """An item with what a tag says: its difficulty, its points; any other tag is not kept, and that is said."""
    said = typed.text(tag)
    level = found.DIFFICULTIES.get(said.removeprefix("难度-").casefold())
    if level:
        return replace(item, difficulty=level)
    if said.startswith("分值-") and (worth := found.points(said.removeprefix("分值-"))):
        return replace(item, points=worth)
    gathering.lost(f"标签“{found.short(said, 20)}”没有读入")
    return item


def _item(gathering: Gathering, line: int, said: str) -> Item:
    """One question. Raises Unusable."""
    text = _hidden(said)
    name = ""
    if given := _NAME.match(text):
        name, text = given[1], text[given.end() :]
    elif text.lstrip().startswith("::"):
        raise Unusable("reference", "name-open", "题目名称后面缺少“::”，请写成“::名称::题干”")
    form = _FORMAT.match(text)
    how, text = (form[1].lower(), text[form.end() :]) if form else ("moodle", text)
    start, end = text.find("{"), text.rfind("}")
    if start < 0 and end < 0:
        raise Unusable(items.ANSWER, "braces-none", "没有写答案的花括号{ }，不是一道题；只是说明的，请在行首加“//”")
    if start < 0 or end < start:
        words = "花括号不成对，请补上；选项之间不能有空行，正文里的花括号前加“\\”"
        raise Unusable(items.ANSWER, "braces", words)
    inside = text[start + 1 : end]
    if "{" in inside or "}" in inside:
        raise Unusable(items.ANSWER, "braces-many", "一题里有几对花括号，只能有一对；正文里的花括号前加“\\”")
    before, after = text[:start].strip(), text[end + 1 :].strip()
    stem = f"{before} _____ {after}" if after else before
    answers, _, explanation = inside.partition("####")
    if judged := _JUDGED.fullmatch(answers.strip()):
        comments = [each.strip() for each in (judged[2] or "").split("#")]
        stem, *rest = _spoken(gathering, line, how, [stem, explanation, *comments])
        item = items.judged(stem, judged[1].upper().startswith("T"), explanation="\n".join(filter(None, rest)))
    else:
        item = _choice(gathering, line, how, stem, answers, explanation)
    shown = _shown(name)
    return replace(item, reference=found.named(shown, item.stem))


def _choice(gathering: Gathering, line: int, how: str, stem: str, answers: str, explanation: str) -> Item:
    """A question with options. Raises Unusable where it is of another kind."""
    said = answers.strip()
    for is_it, words in (
        (not said, "花括号里是空的，是问答题"),
        (said.startswith("#"), "是数值题"),
        ("->" in said and "~" not in said, "是配对题"),
        ("~" not in said, "只写了正确答案，是填空题"),
    ):
        if is_it:
            raise Unusable(items.KIND, "kind-other", f"{words}，本系统的考试只有单选、多选、判断，没有读入")
    if said[0] not in "=~":
        raise Unusable(items.OPTIONS, "option-sign", "花括号里应以“=”或“~”开头，正文里的这两个符号前加“\\”")
    signs = [sign for sign in said if sign in "=~"]
    texts, comments, shares = [], [], list[Decimal | None]()
    for option in re.split("[=~]", said)[1:]:
        weight = _WEIGHT.match(option)
        shares.append(Decimal(weight[1]) if weight else None)
        text, _, comment = (option[weight.end() :] if weight else option).partition("#")
        texts.append(text.strip())
        comments.append(comment.strip())
    several = "=" not in signs
    right = [
        sign == "=" or (several and share is not None and share > 0) for sign, share in zip(signs, shares, strict=True)
    ]
    told = [Decimal(100) if share is None and sign == "=" else share for share, sign in zip(shares, signs, strict=True)]
    partial(gathering, line, stem, told, right)
    stem, explanation, *rest = _spoken(gathering, line, how, [stem, explanation, *texts, *comments])
    texts, comments = rest[: len(texts)], rest[len(texts) :]
    kind = ItemKind.MULTIPLE if several else ItemKind.SINGLE
    return Item(kind, stem, tuple(zip(texts, right, strict=True)), explained(explanation, texts, comments))


def partial(gathering: Gathering, place: int, stem: str, shares: list[Decimal | None], right: list[bool]) -> None:
    """Say of shares that the exam here does not have (分项比例): all right options chosen, and no other, earn all."""
    earns = {share for share, is_right in zip(shares, right, strict=True) if is_right}
    wrong = {share or Decimal() for share, is_right in zip(shares, right, strict=True) if not is_right}
    if any(share > 0 for share in wrong) or len(earns) > 1 or any(share != 0 and share != -100 for share in wrong):
        each = "、".join(f"{share or Decimal():f}%" for share in shares)
        words = f"各选项的得分比例（{each}）没有保留：本系统只认选对与否，请核对正确答案"
        gathering.problem(place, items.ANSWER, "shares", _shown(stem), words, blocking=False)
    elif sum(right) > 1:
        gathering.lost("多选题选对一部分得一部分分的写法没有保留：少选怎样计分由考试的设置决定")


def explained(explanation: str, texts: list[str], comments: list[str]) -> str:
    """The explanation with what was said of single options (选项的反馈)."""
    said = [f"“{text}”：{comment}" for text, comment in zip(texts, comments, strict=True) if comment]
    return "\n".join(filter(None, [explanation, *said]))


def _spoken(gathering: Gathering, line: int, how: str, texts: list[str]) -> list[str]:
    shown = [_shown(text.strip()) for text in texts]
    marked = [how == "html" or (how == "moodle" and found.looks_marked(text)) for text in shown]
    return list(found.spoken_parts(gathering, line, shown, marked))


def _hidden(text: str) -> str:
    """A text whose escaped signs are hidden."""
    return _ESCAPED.sub(lambda escaped: chr(_HIDE + ord(escaped[1])), text)


def _shown(text: str) -> str:
    return text.translate(_SHOWN)


# --- written --------------------------------------------------------------------------------------------------------


def write(bank: Iterable[Item]) -> Written:
    """Write items (导出 GIFT); nothing of an item is left out."""
    lines, topic = [], ""
    for item in bank:
        if item.topic != topic:
            topic = item.topic
            lines += [f"$CATEGORY: {_escaped(found.path_of(topic))}", ""]
        if tags := tags_of(item):
            lines.append("// " + " ".join(f"[tag:{tag}]" for tag in tags))
        name = f"::{_escaped(item.reference)}::" if item.reference else ""
        bare = not item.stem.startswith(("//", "[")) and "<" not in item.stem + "".join(
            text for text, _ in item.options
        )
        stem = f"{name}{'' if bare and '<' not in item.explanation else '[plain]'}{_escaped(item.stem)}"
        explanation = f"\t####{_escaped(item.explanation)}" if item.explanation else ""
        if item.kind is ItemKind.TRUE_FALSE:
            answer = "TRUE" if item.right == (0,) else "FALSE"
            lines += [stem + " {" + answer + explanation.strip() + "}", ""]
            continue
        lines += [stem + " {", *_options(item), *filter(None, [explanation]), "}", ""]
    return Written("\n".join(lines).encode(), Form.GIFT.ending)


def tags_of(item: Item) -> list[str]:
    """What stands in tags (标签) where a format has no better place."""
    said = [f"难度-{item.difficulty.label}"] if isinstance(item.difficulty, Difficulty) else []
    return said + ([f"分值-{item.points:f}"] if item.points is not None else [])


def _options(item: Item) -> Iterator[str]:
    share = found.usual_share(len(item.right))
    for text, is_right in item.options:
        sign, weight = ("=", "") if is_right else ("~", "")
        if item.kind is ItemKind.MULTIPLE:
            sign, weight = "~", f"%{share}%" if is_right else "%-100%"
        elif text.startswith("%"):  # what would be read as a weight
            weight = "%100%" if is_right else "%0%"
        yield f"\t{sign}{weight}{_escaped(text)}"


def _escaped(text: str) -> str:
    return re.sub(f"[{re.escape(_SIGNS)}]", lambda sign: f"\\{sign[0]}", text).replace("\n", "\\n")
