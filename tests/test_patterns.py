"""Every regular expression of the product takes time in proportion to what it reads, however hostile that is."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.ground import db

WAYS = ("match", "fullmatch", "search", "split", "findall", "finditer", "sub", "subn")
FILES = sorted(
    path
    for folder in ("core", "web", "routes")
    for path in (db.ROOT / folder).rglob("*.py")
    if path.name != "__main__.py"
)
SOURCES = {path: path.read_text(encoding="utf-8") for path in FILES}
LONGEST = 2**13
"""Characters of the longest input that is tried."""
SLOW = 0.01
"""Seconds from which an input is looked at more closely, whatever the machine has to do besides."""
TRIES = 3


def _module(path: Path) -> Any:
    parts = path.relative_to(db.ROOT).with_suffix("").parts
    return importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


USE = re.compile(rf"\b(\w+)\.({'|'.join(WAYS)})\b")
USES = {found for text in SOURCES.values() for found in USE.findall(text)}
"""Names, and in which ways what is called so is used as a pattern."""
HANDED_ON = re.compile(rf"\b(?!re\b)[a-z]\w*\.({'|'.join(WAYS)})\(")


def _used(name: str, beside: str) -> set[str]:
    """In which ways a compiled pattern of this name is used, anywhere; one handed on, as any is in the text beside."""
    return {way for called, way in USES if called == name} or set(HANDED_ON.findall(beside))


def patterns() -> Iterator[tuple[str, str, int, str]]:
    """Where each stands, the expression, its flags, how it is used; one made of what only a call knows is left out."""
    for path, text in SOURCES.items():
        if "re." not in text:
            continue
        tree, inside = ast.parse(text), None
        names = {
            id(node.value): target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
                continue
            way = node.func.attr
            if way not in (*WAYS, "compile"):
                continue
            inside = inside or vars(_module(path))
            flags = [each.value for each in node.keywords if each.arg == "flags"] or node.args[1:] * (way == "compile")
            try:
                said, *more = (eval(ast.unparse(each), dict(inside)) for each in (node.args[0], *flags))
            except NameError:
                continue
            flag = int(more[0]) if more else 0
            if isinstance(said, re.Pattern):
                said, flag = said.pattern, said.flags
            if isinstance(said, bytes):
                said = said.decode("latin-1")
            where = f"{path.relative_to(db.ROOT)}:{node.lineno}"
            for each in _used(names.get(id(node), ""), text) or {"search"} if way == "compile" else {way}:
                yield where, said, flag, each


def hostile(expression: str) -> Iterator[Callable[[int], str]]:
    """Inputs of a length that make an expression try again and again: what it looks for, repeated, and then an end."""
    own = [each for each in dict.fromkeys(re.sub(r"\\[a-zA-Z]", "", expression)) if each not in "\\()[]{}?*+|^$"]
    any_of = ["0", "a", " ", "一"]
    for each in dict.fromkeys((*own[:6], *any_of)):
        yield lambda length, each=each: each * length + "\x01"
    for each in re.findall(r"[^\\()\[\]{}?*+|^$.]{2,}", expression)[:6]:
        yield lambda length, each=each: each * (length // len(each)) + "\x01"
    for one, other in (*itertools.permutations(own[:5], 2), *itertools.product(own[:5], any_of)):
        yield lambda length, one=one, other=other: one + other * length + "\x01"
        yield lambda length, one=one, other=other: (one + other) * (length // 2) + "\x01"


def seconds(act: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    act(text)
    return time.process_time() - began


def grows(expression: str, flags: int, way: str) -> str:
    """An input for which an expression takes more than in proportion; "" where none was found."""
    found = re.compile(expression, flags)
    act = {
        "sub": lambda text: found.sub("", text),
        "subn": lambda text: found.sub("", text),
        "finditer": found.findall,
    }.get(way) or getattr(found, way)

    def takes(made: Callable[[int], str], length: int) -> float:
        return min(seconds(act, made(length)) for _ in range(TRIES))

    for made in hostile(expression):
        for length in (20, 512, LONGEST):  # what doubles with each character shows at once, what is squared at last
            if seconds(act, made(length)) <= SLOW or (took := takes(made, length)) <= SLOW:
                continue
            if length < LONGEST or took > 8 * takes(made, length // 4):  # in proportion it is four times as much
                return f"{made(12)!r} x {length}"
    return ""


def test_every_expression_takes_time_in_proportion_to_what_it_reads() -> None:
    known = {(said, flags, way): where for where, said, flags, way in patterns()}
    assert len(known) > 60
    assert {
        where: f"{said} {way}: {bad}" for (said, flags, way), where in known.items() if (bad := grows(said, flags, way))
    } == {}


@pytest.mark.parametrize("expression", [r"\s+$", r"(a|a)*b", r"<row\b([^>]*)>"])
def test_an_expression_that_goes_back_and_forth_is_found(expression: str) -> None:
    assert grows(expression, 0, "search")
