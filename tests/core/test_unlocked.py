"""Nobody waits for a large or a hostile file (不占写锁): what takes long is done while others write."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Refused
from core.ground.db import bulk
from core.ledger import books, checks
from core.models import CreditBatch, Person, Report, RosterRow
from core.submissions import reports, workflow
from core.submissions.reports import keeping, kind
from core.submissions.workflow import Action
from core.tables import reading
from core.trail import audit
from tests import cast as c
from tests import ready


def others_write() -> bool:
    """Whether somebody else may write at this very moment."""
    place = str(sa.make_url(db.url()).database)
    with contextlib.closing(sqlite3.connect(place, timeout=0)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        other.rollback()
        return True


@pytest.fixture
def asked(office: None, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each file that is read, whether others could write meanwhile."""
    found: list[bool] = []
    read = reading._sheets

    def watched(*given: Any) -> Any:
        found.append(others_write())
        return read(*given)

    monkeypatch.setattr(reading, "_sheets", watched)
    return found


@ready.sqlite
def test_others_write_while_a_roster_is_read_taken_pasted_and_restored(asked: list[bool]) -> None:
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2, sex="m")]))
    line = "\t".join(map(str, c.row(3)))
    for deed in (
        lambda s: reports.paste(s, report.id, line, actor=cast["base"], now=c.AFTER),
        lambda s: reports.restart(s, report.id, actor=cast["base"], now=c.AFTER),
        lambda s: reports.read_again(s, report.id, replace=True, actor=cast["base"], now=c.AFTER),
    ):
        with db.transaction() as session:
            deed(session)
            assert not others_write()
    assert len(asked) >= 4
    assert all(asked)


@ready.sqlite
def test_others_write_while_a_report_s_files_are_sealed_and_stored(
    office: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    stored: list[bool] = []
    write = Path.write_bytes

    def watched(path: Path, content: bytes) -> int:
        stored.append(others_write())
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", watched)
    c.draft_report(cast, c.sheet([c.row(1)]))
    assert stored == [True, True]


@ready.sqlite
def test_what_somebody_else_did_while_a_roster_was_checked_is_not_overlooked(
    office: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]), title="上一期")
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2)]))
    release = db.unlocked
    corrected: list[int] = []

    @contextlib.contextmanager
    def meanwhile(**given: bool) -> Iterator[None]:
        with release(**given):
            yield
            if not corrected:  # the name of somebody in it is corrected, and committed, before the lock comes back
                place = str(sa.make_url(db.url()).database)
                with contextlib.closing(sqlite3.connect(place)) as other:
                    other.execute("UPDATE person SET name = '另示名' WHERE id = 1")
                    other.execute("UPDATE submission SET version = version + 1 WHERE id = ?", (report.id,))
                    other.commit()
                corrected.append(1)

    monkeypatch.setattr(db, "unlocked", meanwhile)
    with db.transaction() as session:
        problems = reports.strike(session, report.id, 4, actor=cast["base"], now=c.AFTER)
    assert [problem.code for problem in problems] == ["name-known"]


@pytest.fixture
def filed(office: None, monkeypatch: pytest.MonkeyPatch) -> tuple[c.Cast, Report]:
    """A report that counts as large, waiting."""
    monkeypatch.setattr(books, "LARGE", 2)
    monkeypatch.setattr("core.ground.db.bulk.FEW", 1)
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]), title="上一期")
    return cast, c.file_report(cast, approved(cast), c.sheet([c.row(1), c.row(2), c.row(3)]))


def approved(cast: c.Cast) -> Any:
    plan = c.file_plan(cast, title="第二期")
    c.approve(cast, plan.id)
    return plan


@ready.sqlite
def test_a_large_approval_is_reckoned_while_others_write_and_then_only_written(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, report = filed
    told = c.foreseen(cast, report.id)
    ready: list[bool] = []
    post, put = books.post_ready, bulk._put
    beside: list[tuple[str, str]] = []

    def watched(*given: Any, **who: Any) -> bool:
        ready.append(post(*given, **who))
        return ready[-1]

    def written(session: Any, prepared: db.Bound, *given: Any) -> None:
        if ".rehearsal-" not in str(session.get_bind().url):
            beside.append((prepared.table.name, prepared.laid))
        put(session, prepared, *given)

    monkeypatch.setattr(books, "post_ready", watched)
    monkeypatch.setattr(bulk, "_put", written)
    with db.transaction() as session:
        version = session.get_one(Report, report.id).version
        move: dict[str, Any] = {"version": version, "actor": cast["reviewer"], "now": c.AFTER}
        _, done = workflow.move(session, report.id, Action.APPROVE, **move)
    assert ready == [False, True]  # worked out in the copy, written as it was
    assert beside == [("person", "laid_0"), ("credit_entry", "laid_1"), ("credit_total", "laid_2")]
    assert done.words == told
    with db.reading() as session:
        assert checks.faults(session) == audit.faults(session) == []
        assert session.scalar(sa.select(sa.func.count(Person.id))) == 3
        batch = session.scalars(sa.select(CreditBatch).order_by(CreditBatch.id.desc())).first()
        assert batch is not None
        assert (batch.submission_id, batch.entries) == (report.id, 3)
        assert c.totals(session, c.person_id(3)).loc[0, "professional"] == 24
    assert not list(db.home().glob(".rehearsal-*"))
    assert nothing_beside()


@contextlib.contextmanager
def another_program() -> Iterator[sqlite3.Connection]:
    """A connection that knows nothing of this program; what it did is there when the block ends."""
    with contextlib.closing(sqlite3.connect(str(sa.make_url(db.url()).database))) as other, other:
        yield other


def nothing_beside() -> bool:
    """Whether no connection keeps anything that was laid down beside the database."""
    pool: Any = db.engine().pool
    with contextlib.ExitStack() as held:
        there = [held.enter_context(contextlib.closing(db.engine().raw_connection())) for _ in range(pool.checkedin())]
        asked = [each.cursor().execute("SELECT name FROM temp.sqlite_master").fetchall() for each in there]
    return bool(asked) and not any(asked)


@ready.sqlite
def test_what_was_laid_down_for_a_deed_that_is_refused_is_gone(office: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.ground.db.bulk.FEW", 1)
    cast = c.assemble()
    report = c.draft_report(cast, c.sheet([c.row(1), c.row(2)]))
    laid: list[db.Bound] = []

    def refused(session: Any, report: Report, made: keeping.Checked) -> None:
        laid.append(made.rows)
        keeping.put(session, report, made)
        raise Refused("toy", "不行")

    monkeypatch.setattr("core.submissions.reports.repairing.put", refused)
    strike: Callable[[Any], Any] = lambda s: reports.strike(s, report.id, 4, actor=cast["base"], now=c.AFTER)  # noqa: E731
    assert c.refusal(strike).code == "toy"
    assert laid[0].laid == "laid_0"
    assert nothing_beside()
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(RosterRow.id))) == 2


def test_a_large_approval_is_reckoned_anew_where_somebody_was_faster(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, report = filed
    keep = books.have_ready

    def meanwhile(session: Any, ready: Any) -> None:
        keep(session, ready)
        with another_program() as other:  # somebody is added to the people on file
            names = [name for _, name, *_ in other.execute("PRAGMA table_info(person)") if name != "id"]
            said = ["x'00'" if name == "id_index" else name for name in names]
            other.execute(f"INSERT INTO person ({', '.join(names)}) SELECT {', '.join(said)} FROM person LIMIT 1")

    monkeypatch.setattr(books, "have_ready", meanwhile)
    c.approve(cast, report.id, now=c.AFTER)
    with db.reading() as session:
        assert checks.faults(session) == []
        assert c.totals(session, c.person_id(3)).loc[0, "professional"] == 24


def test_what_may_not_be_approved_is_refused_by_the_deed_itself(filed: tuple[c.Cast, Report]) -> None:
    cast, report = filed
    with db.reading() as session:
        version = session.get_one(Report, report.id).version
        assert session.scalar(sa.select(sa.func.count(RosterRow.id)).where(RosterRow.report_id == report.id)) == 3
    say: Callable[[Any], Any] = lambda s: workflow.move(  # noqa: E731
        s, report.id, Action.APPROVE, version=version - 1, actor=cast["reviewer"], now=c.AFTER
    )
    assert c.refusal(say).code == "stale"


@ready.sqlite
def test_what_a_large_deed_comes_to_is_reckoned_while_others_write(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filing, approving, undoing and reversing: each is worked out once, and never under the lock; its words are so."""
    cast, report = filed
    under_lock: list[str] = []

    def watched(module: Any, name: str) -> None:
        does = getattr(module, name)

        def asked(session: Any, *given: Any, **named: Any) -> Any:
            if ".rehearsal-" not in str(session.get_bind().url):
                under_lock.append(name)
            return does(session, *given, **named)

        monkeypatch.setattr(module, name, asked)

    def move(action: Action, by: str, **said: Any) -> Any:
        with db.rehearsal() as session:
            version = session.get_one(Report, report.id).version
            act: dict[str, Any] = {"version": version, "actor": cast[by], "now": c.AFTER, **said}
            foretold = workflow.foreseen(session, report.id, action, **act)
        under_lock.clear()
        with db.transaction() as session:
            assert workflow.move(session, report.id, action, **act)[1] == foretold
        return foretold

    watched(kind, "expected")
    watched(books, "_written")
    move(Action.WITHDRAW, "base")
    assert move(Action.SUBMIT, "base").people == 3
    assert under_lock == []
    move(Action.APPROVE, "reviewer")
    assert under_lock == []
    assert move(Action.UNDO, "reviewer", reason="看错了").hours == -72
    assert under_lock == []
    move(Action.APPROVE, "reviewer")
    with db.rehearsal() as session:
        foretold = books.foreseen(session, 4, actor=cast["reviewer"], now=c.AFTER)
    under_lock.clear()
    with db.transaction() as session:
        act: dict[str, Any] = {"actor": cast["reviewer"], "reason": "登记有误", "now": c.AFTER}
        assert books.reverse(session, 4, **act)[1] == foretold
    assert under_lock == []
    with db.reading() as session:
        assert checks.faults(session) == audit.faults(session) == []
        assert session.get_one(CreditBatch, 5).basis == "冲销第4批：登记有误"
        assert c.totals(session, c.person_id(1)).loc[0, "professional"] == 24
