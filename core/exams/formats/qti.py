"""QTI 2.1: one `assessmentItem` a file, together in a package (.zip) with an `imsmanifest.xml`."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from urllib.parse import unquote

from core.exams import items
from core.exams.formats import found
from core.exams.formats.found import LONGEST, MOST, Form, Gathering, Part, Unusable, Written
from core.exams.formats.xml import Node, attribute, escaped, parse
from core.exams.items import Item
from core.ground import typed
from core.ground.access import Refused
from core.models import Difficulty, ItemKind
from core.tables import delimited, reader

ROOT = "assessmentItem"
MANIFEST = "imsmanifest.xml"
LARGEST_ITEM, LARGEST_UNPACKED, MOST_FILES = 2**20, 60 * 2**20, 20_000
OTHERS = {
    "questestinterop": "这是 QTI 1.2 的题库，只能读取 QTI 2.1，请在原系统中选择 QTI 2.1 导出。",
    "qti-assessment-item": "这是 QTI 3.0 的试题，只能读取 QTI 2.1，请在原系统中选择 QTI 2.1 导出。",
    "assessmentTest": "这是一份试卷（assessmentTest），不是试题；请把整个题库包（.zip）导入。",
    "manifest": "这只是题库包的清单，请把整个题库包（.zip）导入。",
}
"""What is said of files that are of another kind, by their first element."""

_LEVELS = {Difficulty.EASY: "easy", Difficulty.MIDDLE: "medium", Difficulty.HARD: "difficult"}
_TRUE_OF, _FALSE_OF = "true", "false"


def read_one(text: str) -> Part:
    """Read a single item (读入一题). Refused codes: "file"."""
    gathering = Gathering("题")
    _take(gathering, 1, "", text, "", None)
    return gathering.done()


def read(content: bytes) -> Part:
    """Read a package (读入题库包): the items its manifest names, or where it has none every file that is one.

    Refused codes: "file" (damaged, encrypted, too large unpacked, too many files, no item in it).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return _package(package)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise Refused("file", "题库包损坏或设有密码，无法读取。请在原系统中重新导出。") from error


def _package(package: zipfile.ZipFile) -> Part:
    names = package.namelist()
    if len(names) > MOST_FILES:
        raise Refused("file", "题库包里的文件异常多，已拒绝读取。请分成几个题库包再导入。")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in package.infolist()):
        raise Refused("file", "题库包用了少见的压缩方法，已拒绝读取。请用普通的zip重新打包。")
    unpacked = _Unpacked(package)
    gathering = Gathering("题")
    manifest = next((name for name in names if posixpath.basename(name).lower() == MANIFEST), "")
    named = _named(unpacked, manifest) if manifest else {}
    if not named:
        known = [name for name in names if name.lower().endswith(".xml") and name != manifest]
        named = dict.fromkeys(known, (None, ""))
        gathering.part.account.append("题库包没有清单，或清单没有列出试题，读入了包里的全部试题文件")
    if len(named) > MOST:
        raise Refused("file", f"题库包里的题目超过{MOST}道，请分成几个题库包导入。")
    for place, (name, (level, topic)) in enumerate(named.items(), start=1):
        try:
            text = unpacked.text(name)
        except KeyError:
            gathering.count()
            words = "清单里列了这个文件，题库包里没有，请重新导出"
            gathering.problem(place, items.STEM, "file-missing", name, words)
            continue
        except Unusable as unusable:
            gathering.count()
            gathering.problem(place, unusable.column, unusable.code, name, unusable.words)
            continue
        _take(gathering, place, name, text, topic, level)
    return gathering.done()


class _Unpacked:
    """The files of a package, unpacked one by one within a limit; what they say of their size is not believed."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package, self._left = package, LARGEST_UNPACKED

    def text(self, name: str) -> str:
        """Raises KeyError for a file that is not there, Unusable for one too large for an item or no text."""
        with self._package.open(name) as file:
            content = file.read(LARGEST_ITEM + 1)
        self._left -= len(content)
        if self._left < 0:
            raise Refused("file", "题库包解压后异常大，已拒绝读取。请分成几个题库包再导入。")
        if len(content) > LARGEST_ITEM:
            raise Unusable(items.STEM, "long", "这个文件超过1MB，不像一道题，没有读入")
        try:
            return delimited.decoded(content)
        except reader.Unreadable as error:
            raise Unusable(items.STEM, "encoding", "这个文件不是文字，没有读入；请用UTF-8编码重新导出") from error


def _named(unpacked: _Unpacked, manifest: str) -> dict[str, tuple[Difficulty | None, str]]:
    """The items a manifest names (清单), each with the difficulty and topic it says."""
    try:
        root, _ = parse(unpacked.text(manifest))
    except Unusable:
        return {}
    named = {}
    for resource in root.below("resource"):
        if not resource.attributes.get("type", "").lower().startswith("imsqti_item"):
            continue
        href = resource.attributes.get("href") or next(
            (file.attributes.get("href", "") for file in resource.all("file")), ""
        )
        name = posixpath.normpath(posixpath.join(posixpath.dirname(manifest), unquote(href)))
        said = [typed.text(node.says("value")) for node in resource.below("difficulty")]
        level = found.DIFFICULTIES.get(said[0].casefold()) if said else None
        words = [typed.text(node.text) for node in resource.below("keyword")]
        named[name] = (level, found.shortened_topic(words[0])[0] if words else "")
    return named


def _take(gathering: Gathering, place: int, name: str, text: str, topic: str, level: Difficulty | None) -> None:
    """One file as an item."""
    gathering.count()
    try:
        item = _item(gathering, place, text)
    except Unusable as unusable:
        gathering.problem(place, unusable.column, unusable.code, name, unusable.words)
    except Refused as refused:
        gathering.problem(place, items.STEM, "xml", name, refused.words)
    else:
        gathering.add(place, replace(item, topic=topic, difficulty=level))


def _item(gathering: Gathering, place: int, text: str) -> Item:
    """The item of a file. Raises Unusable."""
    if len(text) > 5 * LONGEST:
        raise Unusable(items.STEM, "long", f"这一题有{len(text)}个字（含格式标记），太长，没有读入")
    root, broken = parse(text)
    if broken:
        raise Unusable(items.STEM, "xml", broken.words.replace("以下没有读入", "这一题没有读入"))
    if root.name != ROOT:
        words = OTHERS.get(root.name, f"根元素是“{root.name[:30]}”，不是 QTI 2.1 的试题")
        raise Unusable(items.KIND, "root", words)
    body = root.first("itemBody")
    asked = [node for node in (body.below_all() if body else ()) if node.name.endswith("Interaction")]
    if body is None or [node.name for node in asked] != ["choiceInteraction"]:
        said = "没有作答的部分" if not asked else "有几个作答的部分" if len(asked) > 1 else "不是选择题"
        words = f"{said}，本系统的考试只有单选、多选、判断，没有读入"
        raise Unusable(items.KIND, "kind-other", words)
    interaction = asked[0]
    declared = _declared(root, interaction.attributes.get("responseIdentifier", ""))
    choices = interaction.all("simpleChoice")
    names = [choice.attributes.get("identifier", "") for choice in choices]
    prompt = interaction.first("prompt")
    comments = "".join(node.markup() for node in root.all("modalFeedback"))
    stem = body.markup(without=interaction) + "<p>" + (prompt.markup() if prompt else "") + "</p>"
    texts = [stem, comments, *(choice.markup() for choice in choices)]
    stem, explanation, *options = found.spoken_parts(gathering, place, texts, [True] * len(texts))
    right = {typed.text(value.text) for correct in declared.all("correctResponse") for value in correct.all("value")}
    if not right:
        raise Unusable(items.ANSWER, "answer-missing", "没有写明正确答案（correctResponse），请补上")
    if unknown := right - set(names):
        words = f"正确答案“{min(unknown)[:30]}”不是选项的标识（{'、'.join(names)[:60]}）"
        raise Unusable(items.ANSWER, "answer-form", words)
    if declared.first("mapping"):
        words = "各选项的得分（mapping）没有保留：本系统只认选对与否，请核对正确答案"
        gathering.problem(place, items.ANSWER, "shares", stem, words, blocking=False)
    marks = [name in right for name in names]
    item = _of_kind(declared, stem, options, names, marks)
    reference = found.named(root.attributes.get("title", ""), stem)
    return replace(item, explanation=explanation, reference=reference, points=_points(gathering, place, root))


def _declared(root: Node, name: str) -> Node:
    for node in root.all("responseDeclaration"):
        if node.attributes.get("identifier") == name:
            return node
    raise Unusable(items.ANSWER, "answer-missing", "没有写明这道题的答案（responseDeclaration），请补上")


def _of_kind(declared: Node, stem: str, options: list[str], names: list[str], marks: list[bool]) -> Item:
    if declared.attributes.get("cardinality") == "multiple":
        return Item(ItemKind.MULTIPLE, stem, tuple(zip(options, marks, strict=True)))
    said = [found.judgement(text) for text in options]
    whole = sorted(name.casefold() for name in names) == [_FALSE_OF, _TRUE_OF]
    if whole and set(said) == {True, False}:
        return items.judged(stem, marks[said.index(True)])
    return Item(ItemKind.SINGLE, stem, tuple(zip(options, marks, strict=True)))


def _points(gathering: Gathering, place: int, root: Node) -> Decimal | None:
    for outcome in root.all("outcomeDeclaration"):
        said = typed.text(outcome.attributes.get("normalMaximum", ""))
        if outcome.attributes.get("identifier") == "SCORE" and said:
            worth = found.points(said)
            if worth is None:
                words = f"分值“{said[:20]}”不是0.5的倍数，没有读入分值；试卷的分值由组卷的设置决定"
                gathering.problem(place, "points", "points-form", said, words, blocking=False)
            return worth
    return None


# --- written --------------------------------------------------------------------------------------------------------


def write(bank: Iterable[Item]) -> Written:
    """Write items (导出 QTI 2.1) as a package; nothing of an item is left out. The same bank is the same bytes."""
    buffer = io.BytesIO()
    resources = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for place, item in enumerate(bank, start=1):
            name = f"items/{place:04}.xml"
            package.writestr(_entry(name), "\n".join(_assessment_item(place, item)))
            resources.append(_resource(place, name, item))
        package.writestr(_entry(MANIFEST), _MANIFEST.format("\n".join(resources)))
    return Written(buffer.getvalue(), Form.QTI.ending)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _resource(place: int, name: str, item: Item) -> str:
    said = ""
    if item.topic:
        said += f"<imsmd:general><imsmd:keyword>{_string(found.path_of(item.topic))}</imsmd:keyword></imsmd:general>"
    if item.difficulty is not None:
        level = _LEVELS[item.difficulty]
        said += (
            "<imsmd:educational><imsmd:difficulty><imsmd:source>LOMv1.0</imsmd:source>"
            f"<imsmd:value>{level}</imsmd:value></imsmd:difficulty></imsmd:educational>"
        )
    about = f"<metadata><imsmd:lom>{said}</imsmd:lom></metadata>" if said else ""
    return (
        f'<resource identifier="resource-{place:04}" type="imsqti_item_xmlv2p1" href="{name}">{about}'
        f'<file href="{name}"/></resource>'
    )


def _string(text: str) -> str:
    return f'<imsmd:string language="zh-CN">{escaped(text)}</imsmd:string>'


_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:imsmd="http://ltsc.ieee.org/xsd/LOM"
  identifier="manifest-items">
<metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion></metadata>
<organizations/>
<resources>
{}
</resources>
</manifest>
"""


def _assessment_item(place: int, item: Item) -> Iterator[str]:
    several, judged = item.kind is ItemKind.MULTIPLE, item.kind is ItemKind.TRUE_FALSE
    names = [_TRUE_OF, _FALSE_OF] if judged else [chr(ord("A") + at) for at in range(len(item.options))]
    title = attribute(item.reference or found.short(item.stem, 60))
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="item-{place:04}" '
        f'title={title} adaptive="false" timeDependent="false" xml:lang="zh-CN">'
    )
    cardinality = "multiple" if several else "single"
    right = "".join(f"<value>{names[at]}</value>" for at in item.right)
    yield (
        f'<responseDeclaration identifier="RESPONSE" cardinality="{cardinality}" baseType="identifier">'
        f"<correctResponse>{right}</correctResponse></responseDeclaration>"
    )
    worth = f' normalMaximum="{item.points:f}"' if item.points is not None else ""
    yield f'<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"{worth}/>'
    if item.explanation:
        yield '<outcomeDeclaration identifier="FEEDBACK" cardinality="single" baseType="identifier"/>'
    yield (
        f'<itemBody><choiceInteraction responseIdentifier="RESPONSE" shuffle="{str(not judged).lower()}" '
        f'maxChoices="{0 if several else 1}">'
    )
    yield f"<prompt>{_lines(item.stem)}</prompt>"
    for name, (text, _) in zip(names, item.options, strict=True):
        yield f'<simpleChoice identifier="{name}">{_lines(text)}</simpleChoice>'
    yield "</choiceInteraction></itemBody>"
    yield '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>'
    if item.explanation:
        yield (
            '<modalFeedback outcomeIdentifier="FEEDBACK" identifier="EXPLANATION" showHide="show">'
            f"{_lines(item.explanation)}</modalFeedback>"
        )
    yield "</assessmentItem>"


def _lines(text: str) -> str:
    return escaped(text).replace("\n", "<br/>")
