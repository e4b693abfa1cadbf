"""House rules a build can check: floors of packages, one door each, one place commits, no clocks, thin pages."""

import ast
import functools
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    "ground",
    "tables",
    "law",
    "models",
    "trail",
    "ledger",
    "people",
    "courses",
    "submissions",
    "records",
    "exams",
    "eligibility",
    "quotas",
    "office",
    "cli",
]
"""The packages of `core`, from the ground up: each may ask those before it."""
ROOFS = {"streamlit", "starlette", "web", "routes", "pages", "app", "run"}

CORE = sorted(path for path in (ROOT / "core").rglob("*.py"))
WEB = sorted((ROOT / "web").rglob("*.py"))
ROUTES = sorted((ROOT / "routes").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))


def dotted(path: Path) -> str:
    """A file as the module it is: core/ground/db/__init__.py is core.ground.db."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in (*CORE, *WEB, *ROUTES, *PAGES)}


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """Every module or name a file imports, anywhere in it, as a dotted name; `from core.ground import db` is
    core.ground.db."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(name: str) -> str:
    """The module of ours that a dotted name is, or lies in; "" where it is not of this house."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def shown(package: str) -> list[str]:
    """What a package's `__init__` names in `__all__`: what others may ask it for."""
    for node in tree(MODULES[package]).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            named: list[str] = ast.literal_eval(node.value)
            return named
    return []


def is_package(name: str) -> bool:
    return name in MODULES and MODULES[name].name == "__init__.py"


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def calls(path: Path) -> list[str]:
    return [called(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]


def past_a_door(name: str, asker: str) -> str:
    """The package whose door an import goes past, "" where it goes past none.

    Step by step along the dotted name: whoever stands outside a package may take from it what it shows, and nothing
    else. A package that shows its modules is entered through them; one that shows names is one room in several files.
    """
    steps = name.split(".")
    for at in range(2 if steps[0] == "core" else 1, len(steps)):  # what core shows, FLOORS says
        package = ".".join(steps[:at])
        inside = asker == package or asker.startswith(f"{package}.")
        if is_package(package) and not inside and steps[at] not in shown(package):
            return package
    return ""


def for_each(*paths: Path) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """A rule over many files as one test that names every file which breaks it."""

    def of(rule: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            broken = []
            for path in paths:
                try:
                    rule(path)
                except AssertionError as error:
                    broken.append(f"{path.relative_to(ROOT)}: {error}")
            assert not broken, "\n".join(broken)

        test.__doc__ = rule.__doc__
        return test

    return of


def test_every_package_of_core_has_its_floor() -> None:
    packages = {path.parent.name for path in (ROOT / "core").glob("*/__init__.py")}
    assert packages == set(FLOORS)
    assert {path.stem for path in (ROOT / "core").glob("*.py")} == {"__init__", "__main__"}


@for_each(*CORE)
def test_imports_go_down_only(path: Path) -> None:
    here = dotted(path)
    for name in imports(path):
        if name.startswith("core.") and here.count(".") >= 1:
            asked, mine = name.split(".")[1], here.split(".")[1]
            if mine != "__main__":
                assert FLOORS.index(asked) <= FLOORS.index(mine), f"{here} imports {name}"


@for_each(*MODULES.values())
def test_nobody_goes_past_a_door(path: Path) -> None:
    here = dotted(path)
    for name in imports(path):
        if name.startswith(("core.", "web.", "routes.")):
            assert not past_a_door(name, here), f"{here} goes past the door of {past_a_door(name, here)} for {name}"


@for_each(*(path for name, path in MODULES.items() if name != "core" and is_package(name)))
def test_a_door_shows_what_is_there(path: Path) -> None:
    package = dotted(path)
    named = shown(package)
    assert named, f"{package} shows nothing"
    assert named == sorted(set(named), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    body = tree(MODULES[package]).body
    own = {alias.asname or alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names}
    for name in named:
        assert name in own or f"{package}.{name}" in MODULES, f"{package} shows {name}, which is not there"
        assert not name.startswith("_")


def test_no_file_asks_in_a_circle() -> None:
    wanted = {}
    for name, path in MODULES.items():
        asked = {module_of(each) for each in imports(path)} - {"", name}
        # A package is asked for its files in turn; what those ask, they ask for themselves.
        wanted[name] = {each for each in asked if not name.startswith(f"{each}.")}
    while free := {name for name, needs in wanted.items() if not needs & wanted.keys()}:
        wanted = {name: needs for name, needs in wanted.items() if name not in free}
    assert wanted == {}


@for_each(*CORE)
def test_core_knows_no_screen(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & ROOFS


@for_each(*ROUTES)
def test_routes_know_no_streamlit_and_ask_core_alone(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    assert "streamlit" not in roots
    assert roots & {"core", "routes", "web", "pages", "app", "run", "data", "migrations"} <= {"core", "routes"}


def test_no_folder_is_named_like_a_module_of_the_standard_library() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    assert not folders & sys.stdlib_module_names


@for_each(*CORE)
def test_only_the_ground_commits(path: Path) -> None:
    commits = [name for name in calls(path) if re.search(r"\.(commit|begin)$", name)]
    assert commits == [] or dotted(path).startswith("core.ground.db.")


def test_files_leave_the_screens_by_one_door_that_says_who_took_them() -> None:
    doors = {path for path in (*PAGES, *WEB) if any(name.endswith("download_button") for name in calls(path))}
    assert doors == {ROOT / "web" / "tables" / "downloads.py"}
    writers = {dotted(path) for path in CORE for name in imports(path) if name.split(".")[0] in ("xlsxwriter", "pptx")}
    assert writers == {"core.tables.sheets", "core.office.dashboards.brief"}, "a further one has to ask taken.of()"


def test_passwords_are_hashed_in_one_place_so_that_no_name_answers_sooner_than_another() -> None:
    hashing = {path for path in (*MODULES.values(), *(ROOT / "data").rglob("*.py")) if "bcrypt" in set(imports(path))}
    assert hashing == {ROOT / "core" / "people" / "passwords.py"}, "a hash of another cost is a timing side channel"


def test_neither_pages_nor_web_nor_routes_commit() -> None:
    for path in (*PAGES, *WEB, *ROUTES):
        assert not [name for name in calls(path) if re.search(r"\.(commit|begin|begin_nested)$", name)], path.name


SENT_OUT = ("requests.", "httpx.", "urllib3.", "urllib.request.", "http.client.", "aiohttp.", "ftplib.")
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
UNPACKS_ANYTHING = {"pickle", "marshal", "shelve", "dill"}


@for_each(*MODULES.values(), ROOT / "app.py")
def test_what_somebody_typed_is_run_by_no_language_no_shell_and_no_database_and_names_no_address(path: Path) -> None:
    names = set(imports(path))
    assert not {name.split(".")[0] for name in names} & UNPACKS_ANYTHING
    assert not [name for name in names if f"{name}.".startswith(SENT_OUT)], "the server fetches nothing"
    for node in (each for each in ast.walk(tree(path)) if isinstance(each, ast.Call)):
        name = called(node)
        assert name not in RUNS_TEXT, f"{node.lineno} {name}"
        assert "shell" not in [given.arg for given in node.keywords], f"{node.lineno} through a shell"
        if name == "sa.text" or (name.endswith(".exec_driver_sql") and not dotted(path).startswith("core.ground.db.")):
            assert isinstance(node.args[0], ast.Constant), f"{node.lineno} SQL put together out of pieces"


def test_no_script_of_ours_makes_code_or_markup_of_text() -> None:
    made = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:")
    scripts = [path for folder in ("web", "routes") for path in (ROOT / folder).rglob("*.[jh][st]*")]
    assert len(scripts) > 10
    for path in (*scripts, ROOT / "data" / "offline" / "offline.html"):
        assert not made.search(path.read_text(encoding="utf-8")), path.name


@for_each(*CORE)
def test_only_the_command_line_reads_a_clock(path: Path) -> None:
    if dotted(path).startswith("core.cli"):
        return
    clocks = (
        r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.time(_ns)?|time\.localtime|func\.(now|current_\w+))$"
    )
    assert not [name for name in calls(path) if re.search(clocks, name)]


STATE = re.compile(r"st\.(session_state|query_params|context|column_config)\b")
"""What Streamlit keeps for a page, beside what it draws."""


@functools.cache
def known_as(path: Path) -> dict[str, str]:
    """The dotted name of each name a file imports; what a package shows, by the file it stands in."""
    found = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def in_full(name: str, path: Path) -> str:
    """A called name as the function it is: tables.pick is web.tables.drawing.pick."""
    first, _, rest = name.partition(".")
    full = f"{known_as(path)[first]}.{rest}".rstrip(".") if first in known_as(path) else f"{dotted(path)}.{name}"
    package, _, last = full.rpartition(".")
    if is_package(package):
        return known_as(MODULES[package]).get(last, full)
    return full


@functools.cache
def drawing() -> set[str]:
    """The functions of web and pages that draw, by themselves or by another one."""
    called_by = {}
    for path in (*WEB, *PAGES):
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef):
                names = [called(each) for each in ast.walk(node) if isinstance(each, ast.Call)]
                draws = any(name.startswith("st.") and not STATE.match(name) for name in names)
                called_by[f"{dotted(path)}.{node.name}"] = {"st"} if draws else {in_full(name, path) for name in names}
    found = {"st"}
    while more := {name for name, names in called_by.items() if names & found} - found:
        found |= more
    return found


@for_each(*PAGES, *WEB)
def test_nothing_is_drawn_while_a_session_is_open(path: Path) -> None:
    assert {"web.tables.drawing.pick", "web.facts.facts", "web.claims.reading.show"} <= drawing()
    for block in (node for node in ast.walk(tree(path)) if isinstance(node, ast.With)):
        opened = [bool(re.search(r"\bdb\.(reading|transaction)\b", ast.unparse(item))) for item in block.items]
        if any(opened):
            inside = [*block.items[opened.index(True) + 1 :], *block.body]
            for node in (each for part in inside for each in ast.walk(part) if isinstance(each, ast.Call)):
                name = called(node)
                assert not name.startswith("st."), f"{path.name}:{node.lineno} {name} inside a session"
                assert in_full(name, path) not in drawing(), f"{path.name}:{node.lineno} {name} inside a session"
                assert name not in ("db.reading", "db.transaction"), f"{path.name}:{node.lineno} a second session"


@for_each(*PAGES, *WEB)
def test_no_function_of_a_screen_is_longer_than_sixty_lines(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{path.name}: {node.name}"


@for_each(*PAGES)
def test_a_page_is_thin_and_asks_core(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 200
    names = set(imports(path))
    assert not [name for name in names if name.split(".")[0] == "pages"]
    assert {name for name in names if name.startswith("sqlalchemy")} <= {"sqlalchemy.orm.Session"}
    assert not [name for name in calls(path) if re.search(r"\.(execute|scalars?|query)$|^(sa\.)?(text|select)$", name)]
    assert not [name for name in calls(path) if name == "Session"]


def test_every_message_of_a_deed_is_shown_by_the_one_region_or_a_bar() -> None:
    run = [block for block in ast.walk(tree(ROOT / "web" / "screens.py")) if isinstance(block, ast.With)]
    shown = [block for block in run if "bar.messages()" in map(ast.unparse, block.items)]
    assert [ast.unparse(block).count("page.run()") for block in shown] == [1], "pages are drawn inside the region"
    for path in (*PAGES, *WEB):
        words = path.read_text(encoding="utf-8")
        assert not re.search(r"\.toast\(", words), f"{path.name}: a toast goes away and covers what is below it"
        if path.name not in ("bar.py", "deeds.py"):
            assert not re.search(r"hand\(\)|\.messages\.|Hand\(", words), f"{path.name}: messages go through deeds.say"
        if path in PAGES:
            assert "st.stop()" not in words, f"{path.name}: bar.end() shows the messages"
        for node in (each for each in ast.walk(tree(path)) if isinstance(each, ast.Call)):
            box = re.search(r"\.(error|warning|success|info)$", called(node))
            raw = box and any(re.search(r"\b(refused|asked\w*|why)\.words$", ast.unparse(arg)) for arg in node.args)
            assert not raw, f"{path.name}:{node.lineno} words of a refusal not escaped"


NO_DEED = {
    "web.deeds": "the deed itself",
    "web.claiming": "nobody is signed in; told below the form, on a page without anything else",
    "web.sign_in": "the same",
    "web.first_visit": "there is no office yet; told by deeds.say",
    "web.passwords": "a wrong try is counted, whatever comes of it; told by deeds.say",
    "web.context": "keeps sign-ins going; nobody waits for it",
    "web.drafts": "keeps what is typed; told in the bar, beside the buttons",
    "web.autosave": "the same; told beside the field",
    "web.comments": "what was shown counts as read",
    "web.submissions": "the same",
    "web.screens": "the same",
    "web.programmes.table": "a cell mended in the sheet is told in the sheet's own head, which stays in view",
    "web.reports.repairing": "the same",
    "pages.eligibility": "long work beside its bar of progress; told by deeds.say",
}
"""Who writes otherwise than by `deeds.deed`, whose message `web.bar` shows, and where its own stands."""
STATES = {
    ("web.sign_in", "sign_in"): "the account that was just opened, on the way in",
    ("web.programmes.institutes", "_check"): "a file that was looked at, and kept nowhere",
    ("web.programmes.merging", "_missing"): "nobody has still to file",
    ("web.reports.repairing", "room"): "a roster without a fault, as long as it has none",
    ("pages.backups", "draw"): "the last backup, as long as it is a good one",
}
"""Green boxes that are no deed's message but say how things stand."""


def callbacks(path: Path) -> Iterator[ast.FunctionDef | ast.Lambda]:
    """The functions that a widget calls: what they draw is above the page, or nowhere."""
    named = set()
    for node in ast.walk(tree(path)):
        for given in node.keywords if isinstance(node, ast.Call) else ():
            if re.fullmatch(r"on_(\w+_)?(click|change|submit|select)", given.arg or ""):
                if isinstance(given.value, ast.Lambda):
                    yield given.value
                named.add(ast.unparse(given.value))
    yield from (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef) and node.name in named)


def boxes(node: ast.AST) -> list[ast.Call]:
    """The boxes that something draws: error, warning, success, info."""
    found = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return [each for each in found if re.search(r"\.(error|warning|success|info)$", called(each))]


def test_no_deeds_message_is_drawn_where_it_may_be_out_of_sight() -> None:
    writers, states = set(), set()
    for path in (*PAGES, *WEB):
        if any(name in ("db.transaction", "deeds.attempt", "attempt") for name in calls(path)):
            writers.add(dotted(path))
        for act in callbacks(path):
            assert not boxes(act), f"{path.name}:{act.lineno} a callback draws: it says it by deeds.say"
        inside = {}
        for node in (each for each in ast.walk(tree(path)) if isinstance(each, ast.FunctionDef)):
            inside |= {box.lineno: node.name for box in boxes(node)}
        good = [box for box in boxes(tree(path)) if called(box).endswith(".success")]
        states |= {(dotted(path), inside.get(box.lineno, "")) for box in good}
    assert writers == set(NO_DEED)
    assert states == set(STATES), "words of success are a deed's, and said by deeds.say"


@for_each(*PAGES, *WEB)
def test_what_is_drawn_alone_has_the_page_say_what_came_of_its_deeds(path: Path) -> None:
    """A dialog, a fragment: its click draws it alone, and the region of messages is the page's."""
    own = {node.name: node for node in tree(path).body if isinstance(node, ast.FunctionDef)}
    alone = {name for name, node in own.items() if "st.dialog(" in " ".join(map(ast.unparse, node.decorator_list))}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and called(node) == "st.fragment":
            alone |= {ast.unparse(each) for each in node.args}
    while more := {ast.unparse(each) for name in alone for each in ast.walk(own[name])} & own.keys() - alone:
        alone |= more
    for name in alone:
        words = ast.unparse(own[name])
        assert "on_click" not in words or "st.rerun()" in words, f"{name} does a deed and draws no page"


@for_each(*PAGES)
def test_the_first_thing_a_page_does_is_to_ask_who_is_there(path: Path) -> None:
    body = tree(path).body
    assert isinstance(body[0], ast.Expr), "a page says in one line what it is for"
    first = next(node for node in body[1:] if not isinstance(node, ast.Import | ast.ImportFrom))
    assert re.match(r"actor = \w+\.require\(", ast.unparse(first))
