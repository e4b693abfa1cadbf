"""Pages as a signed-in person meets them, drawn by the main script without a browser.

`TEST_PAGES_ON=postgresql python -m pytest tests/pages` draws all of them on PostgreSQL through a pool of one connection
(CE_POOL_SIZE=1): a page that asks for a second one while it holds one waits in vain, and fails.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from core.ground import db
from core.ground.db import sessions
from core.people import accounts, setup
from tests import cast as people
from tests import ready
from tests.cast import Cast
from web import context

NOW = datetime.now(UTC)

MAIN = str(db.ROOT / "web" / "__main__.py")


@pytest.fixture(autouse=True, scope="package")
def components_found_once() -> Iterator[None]:
    """Every `AppTest` reads the papers of all installed packages for components of theirs; they stay what they are."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda *_: found)
        yield


def sign_in(username: str) -> str:
    """A token for one of the cast, as the sign-in page would get it."""
    with db.transaction() as session:
        token = accounts.sign_in(session, username, fits=True, now=datetime.now(UTC))
    assert isinstance(token, str)
    return token


def open_page(name: str, token: str | None, *, unfolded: Iterable[str] = (), **query: str) -> AppTest:
    """Render a page through the main script, signed in by the token, with these query parameters.

    `unfolded`: by their keys what a hand has opened there, such as the views of the desk.
    """
    app = AppTest.from_file(MAIN, default_timeout=60)
    if token:
        app.session_state["token"] = token
    for key in unfolded:
        app.session_state[key] = True
    for key, value in query.items():
        app.query_params[key] = value
    if name != "home":  # which has no name in its address
        app.switch_page(f"../pages/{name}.py")
    return app.run()


def tiles(app: AppTest) -> dict[str, str]:
    """The headline figures of the dashboard by their names, as its tiles say them."""
    drawn = [each for each in app.get("button_group") if each.proto.id.endswith("-board-tiles")]
    options = [option.content for each in drawn for option in each.proto.options]
    return dict(re.findall(r"^(\S+) \*\*(\S+)\*\*", "\n".join(options), re.MULTILINE))


def components(app: AppTest) -> list[dict[str, Any]]:
    """What each component of a page was sent; many are on every page and show nothing, so none is counted."""
    return [json.loads(each.proto.json or each.proto.mixed.json) for each in app.get("bidi_component")]


def listed(app: AppTest) -> list[dict[str, Any]]:
    """The rows of the desk's list, as the component draws them."""
    (drawn,) = [each for each in components(app) if "deeds" in each]
    rows: list[dict[str, Any]] = drawn["rows"]
    return rows


def sent(app: AppTest) -> list[dict[str, Any]]:
    """What the lists of a page are drawn from, in their order."""
    return [each for each in components(app) if "columns" in each]


def frames(app: AppTest) -> list[pd.DataFrame]:
    """The lists of a page in their order, as they are read: texts by column."""
    return [
        pd.DataFrame([row["cells"] for row in each["rows"]], columns=[column["name"] for column in each["columns"]])
        for each in sent(app)
    ]


def uploader(app: AppTest, key: str) -> Any:
    """A field that takes files, by its key: it has another number behind it each time something was chosen there."""
    return next(each for each in app.get("file_uploader") if re.fullmatch(rf"{re.escape(key)}-files-\d+", each.key))


def boxes(app: AppTest, kind: str) -> list[str]:
    """What the boxes of a kind (success, error, warning, info) say, as it is read: without Markdown's escapes."""
    return [read(each.value) for each in getattr(app, kind)]


def read(markdown: str) -> str:
    """Markdown as it is read: without escapes, and without what keeps a day whole."""
    return re.sub(r"\*(?=\d{4}\\-)|(?<=\\-\d\d)\*|\\(.)|\u2060", r"\1", markdown)


@dataclass
class SheetOf:
    """The repair sheet of a page as a browser has it: what it was sent, and acts sent back."""

    app: AppTest
    at: int = 0

    @property
    def drawn(self) -> list[dict[str, Any]]:
        """What each sheet on the page was sent."""
        return [each for each in components(self.app) if "lines" in each]

    @property
    def data(self) -> dict[str, Any]:
        return self.drawn[self.at]

    @property
    def states(self) -> dict[str, str]:
        """The state of each line (open, mended, struck), by row and column, in their order."""
        return {line["id"]: line["state"] for line in self.data["lines"]}

    def line(self, name: str) -> dict[str, Any]:
        return next(line for line in self.data["lines"] if line["id"] == name)

    def value(self, row: int, column: str) -> str:
        """What stands in a cell."""
        cells = [cell for line in self.data["lines"] if line["row"] == row for cell in line["cells"]]
        return next(str(cell["value"]) for cell in cells if cell["column"] == column)

    def mend(self, row: int, column: str, after: str, *, before: str | None = None) -> None:
        """Type into a cell, which had shown this (else what it shows)."""
        before = self.value(row, column) if before is None else before
        self.send({"act": "edit", "row": row, "column": column, "before": before, "after": after})

    def act(self, act: str, row: int = 0) -> None:
        self.send({"act": act, "row": row})

    def send(self, *acts: dict[str, Any]) -> None:
        """Acts as they come from a browser: numbered, one after another."""
        data = self.data
        numbered = [{"n": data["answered"] + at, **act} for at, act in enumerate(acts, start=1)]
        self.app.session_state[data["key"]] = {"acts": numbered}
        self.app.run()
        assert not self.app.exception, self.app.exception[0].stack_trace


@pytest.fixture
def office(office: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The office on SQLite, or on PostgreSQL through a pool of one connection: asked for by parameter, or for all."""
    if getattr(request, "param", os.environ.get("TEST_PAGES_ON")) == "postgresql":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_url"))
        monkeypatch.setenv("CE_POOL_SIZE", "1")
    yield office
    db.close()


@pytest.fixture(autouse=True)
def drawn_in_a_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Nothing is drawn while the thread that draws holds a session: whatever is, is named here and fails the test."""
    found: list[str] = []
    draw = DeltaGenerator._enqueue

    def watched(self: DeltaGenerator, kind: str, *given: Any, **named: Any) -> Any:
        if held := sessions._open.get():
            found.append(f"{kind} inside {held}")
        return draw(self, kind, *given, **named)

    monkeypatch.setattr(DeltaGenerator, "_enqueue", watched)
    yield found
    assert found == []


@pytest.fixture
def busy(office: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """An office in which there is something on every page."""
    from tests.pages.test_hostile_words import furnished

    context.renew()
    monkeypatch.setattr(setup, "moment", lambda *_: people.AFTER)
    return ready.office(furnished)


@pytest.fixture
def cast(office: Path) -> Cast:
    """The small office, opened today, so that pages and tests share the clock."""
    context.renew()  # nothing is known of the office before
    return people.assemble(NOW)
