"""A notice's words, days and clauses stand in policy files: none is written into the program's own texts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = ROOT / "core" / "law" / "notices" / "language.py"
"""The neutral vocabulary a policy file is written in: its subjects of old, its routes, its sources."""

OF_A_NOTICE = {
    "a clause's address": re.compile(r"[一二三四五六七]\([一二三四五六七八九十]\)\d*"),
    "days of a deadline": re.compile(r"\d+天"),
    "an amount of hours": re.compile(r"\d+(?:\.5)?学时"),
    "a deadline in words": re.compile(r"两周|二周|一个月内"),
    "a window of years": re.compile(r"近三年"),
    "a subject": re.compile(r"公需|专业(?:科目|学时|课)|专业差"),
}
"""What only a notice can say. 专业 alone is no subject: 专业技术人员 and 从事专业 are nobody's."""

ALLOWED = {
    ("core/models/base.py", "公需考试"): "a source of hours in the ledger's own vocabulary, which files are written in",
    ("core/people/setup.py", "1至366天"): "how far the demonstration's clock may be moved at once",
    ("web/claims/reading.py", "（1天）"): "how long a stretch of one day is",
}
"""What may stand in a text all the same, with the reason."""

FILES = sorted(
    path for folder in ("core", "web", "pages", "routes") for path in (ROOT / folder).rglob("*.py") if path != LANGUAGE
)


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every text of a program with its line: what is in its literals, docstrings apart (a text that nothing uses)."""
    tree = ast.parse(source)
    unused = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unused:
            yield node.lineno, node.value


def found(source: str) -> list[tuple[int, str, str]]:
    """What stands in the texts of a program that only a notice can say: line, what, and its kind."""
    return [
        (line, what, kind)
        for line, text in texts(source)
        for kind, pattern in OF_A_NOTICE.items()
        for what in pattern.findall(text)
    ]


def of(path: Path) -> list[str]:
    name = path.relative_to(ROOT).as_posix()
    source = path.read_text(encoding="utf-8")
    for file, words in ALLOWED:
        source = source.replace(words, "") if file == name else source
    return [f"{name}:{line}: {kind}: {what}" for line, what, kind in found(source)]


def test_no_text_of_the_program_says_what_only_a_notice_can() -> None:
    assert [each for path in [*FILES, ROOT / "app.py"] for each in of(path)] == []


@pytest.mark.parametrize("allowed", sorted(ALLOWED))
def test_what_is_allowed_is_still_there(allowed: tuple[str, str]) -> None:
    name, words = allowed
    assert words in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ('x = "报送期限（一(五)2）"', ["a clause's address"]),
        ("x = f'培训结束后14天内{day}'", ["days of a deadline"]),
        ('x = f"距开始不少于两周"', ["a deadline in words"]),
        ('x = {"a": "近三年有短缺", "b": "公需差"}', ["a window of years", "a subject"]),
        ('x = "专业学时"', ["a subject"]),
        ('"""Clause 一(五)1, 14天."""\ndef f():\n    "一(一)"\nx = 1\n"""公需 in an attribute\'s docstring."""', []),
        ("x = 1  # 一(一)", []),
        ('x = f"{days}天内，专业技术人员，从事专业"', []),
    ],
)
def test_the_search_finds_what_it_is_for_and_nothing_else(source: str, kinds: list[str]) -> None:
    assert [kind for _, _, kind in found(source)] == kinds
