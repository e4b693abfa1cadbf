"""XML of strangers (读入 XML): a tree with its lines, without entities or anything from outside, within limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax import saxutils

from core.ground.access import Refused

DEEPEST, MOST_NODES = 60, 400_000


@dataclass
class Node:
    """An element (元素): its name without a prefix, what it says of itself, what is in it, its line."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list[Node | str] = field(default_factory=list)
    line: int = 0

    @property
    def children(self) -> Iterator[Node]:
        return (each for each in self.inside if isinstance(each, Node))

    def all(self, name: str) -> list[Node]:
        """Its own children of a name."""
        return [child for child in self.children if child.name == name]

    def first(self, *names: str) -> Node | None:
        """The first child of the first child … of these names; None where there is none."""
        node: Node | None = self
        for name in names:
            node = next(iter(node.all(name)), None) if node else None
        return node

    def below(self, name: str) -> Iterator[Node]:
        """All elements of a name anywhere in it."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.below(name)

    def below_all(self) -> Iterator[Node]:
        """All elements in it."""
        for child in self.children:
            yield child
            yield from child.below_all()

    def says(self, *names: str) -> str:
        """The text of such a child, "" without one."""
        node = self.first(*names)
        return node.text if node else ""

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(each if isinstance(each, str) else each.text for each in self.inside)

    def markup(self, without: Node | None = None) -> str:
        """What is in it as markup, without one of its elements."""
        return "".join(
            saxutils.escape(each) if isinstance(each, str) else f"<{each.name}>{each.markup(without)}</{each.name}>"
            for each in self.inside
            if each is not without
        )


@dataclass(frozen=True)
class Broken:
    """Where an XML file cannot be read on (写法有误)."""

    line: int
    words: str


def parse(text: str) -> tuple[Node, Broken | None]:
    """Parse XML (解析): its root with everything that was closed before a fault, and that fault.

    Refused codes: "file" (a document type or an entity declared, too deep, too many elements, no element at all).
    """
    root = Node("")
    open_ones, count = [root], 0
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_NODES or len(open_ones) > DEEPEST:
            raise Refused("file", "文件的内容异常多或嵌套异常深，已拒绝读取。请分成几个文件再导入。")
        own = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        open_ones.append(Node(name.rpartition(":")[2], own, [], parser.CurrentLineNumber))

    def end(_name: str) -> None:
        done = open_ones.pop()
        open_ones[-1].inside.append(done)

    def refuse(*_given: object) -> int:
        raise Refused("file", "文件里有文档类型声明（DOCTYPE、ENTITY），为安全起见已拒绝读取。请重新导出，不带这一段。")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = lambda said: open_ones[-1].inside.append(said)
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    broken = None
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        why = _WHY.get(error.code, "")
        broken = Broken(error.lineno, f"从第{error.lineno}行起不合 XML 的写法{why}，以下没有读入，请改正或重新导出")
        if len(open_ones) > 1:  # what was closed inside the root stands
            root.inside.append(open_ones[1])
    found = next(root.children, None)
    if found is None:
        raise Refused("file", f"文件不是完整的 XML：{broken.words if broken else '里面没有内容'}。")
    return found, broken


_WHY = {
    expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]: "（标签没有成对）",
    expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]: "（文件不完整）",
    expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]: "（有不认识的&符号，请写成&amp;）",
    expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]: "（有不能用的字符）",
    expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN]: "（文件不完整）",
    expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]: "（末尾有多余的内容）",
}


def root_name(text: str) -> str:
    """The name of the first element (根元素), without parsing the rest."""
    head = re.sub(r"<[?!][^>]{0,2000}>", "", text[:5000])
    found = re.search(r"<(?:[\w.-]+:)?([\w.-]+)", head)
    return found[1] if found else ""


def escaped(text: str) -> str:
    """Text as it stands between two tags."""
    return saxutils.escape(text)


def attribute(text: str) -> str:
    """Text as the value of an attribute, quoted."""
    return saxutils.quoteattr(text)
