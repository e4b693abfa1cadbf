"""House rules a build can check: imports go down only, one place commits, nobody reads a clock, pages are thin."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = sorted((ROOT / "core").glob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))

FLOORS = (
    "db access resident_id policy policy_cases rules sheets workbooks paper merkle",
    "models",
    "audit caps",
    "registry ledger files balances",
    "plans reports claims roster cards dashboards approvals applications eligibility decision_sheet decisions credits "
    "notices shortfalls persons proofs disputes",
    "__main__",
)
FLOOR = {module: floor for floor, modules in enumerate(FLOORS) for module in modules.split()}
NEIGHBOURS = (0, 4)
"""Floors whose rooms may ask each other, as long as nobody asks in a circle."""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, anywhere in it, as a dotted name; `from core import db` is core.db."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module in ("core", "web", "pages", "sqlalchemy"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


def within_core(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("core.")}


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def calls(path: Path) -> list[str]:
    return [called(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]


def test_every_room_of_core_has_its_floor() -> None:
    assert {path.stem for path in CORE} - {"__init__"} == set(FLOOR)


@pytest.mark.parametrize("path", [path for path in CORE if path.stem != "__init__"], ids=lambda path: path.stem)
def test_imports_go_down_only(path: Path) -> None:
    here = FLOOR[path.stem]
    for name in within_core(path):
        beside = FLOOR[name] == here and here in NEIGHBOURS
        assert FLOOR[name] < here or beside, f"{path.stem} imports {name}"


def test_no_room_asks_in_a_circle() -> None:
    wanted = {path.stem: within_core(path) for path in CORE if path.stem != "__init__"}
    while free := {name for name, needs in wanted.items() if not needs & wanted.keys()}:
        wanted = {name: needs for name, needs in wanted.items() if name not in free}
    assert wanted == {}


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_core_knows_no_screen(path: Path) -> None:
    roofs = {"streamlit", "streamlit_authenticator", "web", "pages", "app", "run"}
    assert not {name.split(".")[0] for name in imports(path)} & roofs


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_only_the_ground_commits(path: Path) -> None:
    commits = [name for name in calls(path) if re.search(r"\.(commit|begin)$", name)]
    assert commits == [] if path.stem != "db" else commits


def test_neither_pages_nor_web_commit() -> None:
    for path in (*PAGES, *sorted((ROOT / "web").glob("*.py"))):
        assert not [name for name in calls(path) if re.search(r"\.(commit|begin|begin_nested)$", name)], path.name


@pytest.mark.parametrize("path", [path for path in CORE if path.stem != "__main__"], ids=lambda path: path.stem)
def test_only_the_command_line_reads_a_clock(path: Path) -> None:
    clocks = (
        r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.time(_ns)?|time\.localtime|func\.(now|current_\w+))$"
    )
    assert not [name for name in calls(path) if re.search(clocks, name)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_thin_and_asks_core(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 200
    names = set(imports(path))
    assert not [name for name in names if name.split(".")[0] == "pages"]
    assert {name for name in names if name.startswith("sqlalchemy")} <= {"sqlalchemy.orm"}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy.orm":
            assert [alias.name for alias in node.names] == ["Session"]
    assert not [name for name in calls(path) if re.search(r"\.(execute|scalars?|query)$|^(sa\.)?(text|select)$", name)]
    assert not [name for name in calls(path) if name == "Session"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_first_thing_a_page_does_is_to_ask_who_is_there(path: Path) -> None:
    body = tree(path).body
    assert isinstance(body[0], ast.Expr), "a page says in one line what it is for"
    first = next(node for node in body[1:] if not isinstance(node, ast.Import | ast.ImportFrom))
    assert ast.unparse(first).startswith("actor = ui.require(")
