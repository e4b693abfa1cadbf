"""The rows of a large deed on SQLite follow it in parts (后续写入), and nobody who writes ever finds half of them."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.__main__ import main
from core.ground import db
from core.ground.access import Refused
from core.ground.db import bulk, owed, sessions
from core.ledger import books, checks
from core.models import CreditBatch, CreditEntry, CreditTotal, OwedPart, Person, Report, RosterRow, State
from core.office import backups, dashboards
from core.people import accounts
from core.records import imports, proofs
from core.submissions import reports, workflow
from core.submissions.workflow import Action
from core.trail import audit, kept
from core.trail.files import Upload
from tests import cast as c
from tests import ready
from tests.core.test_unlocked import another_program, approved

PEOPLE = 12


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """What is large here: everything from two rows on, in parts of five."""
    for module, name, value in ((books, "LARGE", 2), (bulk, "FEW", 1), (bulk, "MANY", 2), (bulk, "_PART", 5)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(sessions, "_PAUSE", 0)
    return monkeypatch


@pytest.fixture
def filed(office: None, in_parts: pytest.MonkeyPatch) -> tuple[c.Cast, Report]:
    """A large report that waits; three of its people are on file already, one of them under two records."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2), c.row(3)]), title="上一期")
    return cast, c.file_report(cast, approved(cast), c.sheet([c.row(n) for n in range(1, PEOPLE + 1)]))


@contextlib.contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, after: int = 0) -> Iterator[None]:
    """A process that ends when so many parts of its deed are written."""
    write, done = owed.write_one, 0

    def ends(*given: Any) -> None:
        nonlocal done
        if done == after:
            raise OSError("killed")
        done += 1
        write(*given)

    with monkeypatch.context() as patch:
        patch.setattr(owed, "write_one", ends)
        yield


def owing() -> int:
    with db.reading() as session:
        return db.owing(session)


def stands() -> dict[str, Any]:
    """Every row of the ledger and its people, but for what is sealed and drawn at random."""
    found: dict[str, Any] = {}
    with db.reading() as session:
        for model in (Person, CreditBatch, CreditEntry, CreditTotal, RosterRow):
            columns = [each for each in model.__table__.columns if not isinstance(each.type, db.EncryptedText)]
            found[model.__tablename__] = Counter(map(tuple, session.execute(sa.select(*columns))))
        found["messages"] = Counter(map(tuple, session.execute(sa.text("SELECT topic, title, person_id FROM message"))))
        assert session.scalar(sa.select(sa.func.count(OwedPart.id))) == 0
    return found


def sound() -> None:
    with db.reading() as session:
        assert [*checks.faults(session), *audit.faults(session)] == []


def approve(cast: c.Cast, report: Report) -> None:
    with db.transaction() as session:
        version = session.get_one(Report, report.id).version
        workflow.move(session, report.id, Action.APPROVE, version=version, actor=cast["reviewer"], now=c.AFTER)


def half_approve(filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch, after: int = 1) -> None:
    """Approve a large report by a process that is killed when so many parts are written."""
    with killed(monkeypatch, after):
        approve(*filed)


def sign_in() -> None:
    with db.transaction() as session:
        assert isinstance(accounts.sign_in(session, "base", fits=True, now=c.AFTER), str)


@ready.sqlite
def test_in_parts_or_at_once_it_comes_to_the_same(
    office: Path, home: Path, in_parts: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2), c.row(3)]), title="上一期")
    plan, found = approved(cast), []
    c.give_account(cast, 2, "second")  # who hears of it
    before = tmp_path / "before.db"
    db.dump(before)
    for many in (10**6, 2):
        db.put_back(before)
        in_parts.setattr(bulk, "MANY", many)
        parts: list[int] = []
        owe = owed.owe
        in_parts.setattr(owed, "owe", lambda *given, told=parts, owe=owe: owe(*given) or told.append(given[2]))
        report = c.file_report(cast, plan, c.sheet([c.row(n) for n in range(1, PEOPLE + 1)]))
        approve(cast, report)
        with db.transaction() as session:
            books.reverse(session, 2, actor=cast["reviewer"], reason="登记有误", now=c.AFTER, lines=range(2, 9))
        in_parts.setattr(owed, "owe", owe)
        assert bool(parts) is (many == 2)
        sound()
        found.append(stands())
    assert found[0] == found[1]


@ready.sqlite
@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_a_kill_between_two_parts_leaves_the_rest_to_the_next_start(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    cast, report = filed
    half_approve(filed, monkeypatch, after)
    left = owing()
    assert left >= 1
    with db.reading() as session:  # each person is seen wholly without or wholly with it
        assert session.get_one(Report, report.id).state is State.APPROVED
        entries = session.execute(sa.select(CreditEntry.person_id, CreditEntry.batch_id)).all()
        for person_id in session.scalars(sa.select(Person.id)):
            batches = [batch for person, batch in entries if person == person_id]
            total = session.scalar(sa.select(sa.func.sum(CreditTotal.hours)).where(CreditTotal.person_id == person_id))
            assert (total or 0) == 24 * len(batches)
        with_it = [batch for _, batch in entries].count(2)
        assert (with_it > 0) is (after > 2)  # its new people come first, in two parts
        assert with_it < PEOPLE
    sign_in()  # small deeds leave it alone
    c.file_plan(cast, title="别的培训班")
    assert owing() == left
    db.upgrade()  # as every start does
    assert owing() == 0
    sound()
    assert len(stands()["person"]) == PEOPLE


@ready.sqlite
def test_who_writes_and_asks_for_it_finds_all_of_it(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, _ = filed
    half_approve(filed, monkeypatch)
    paper = [[c.id_number(n), c.row(n)[1], 2023, "专业科目", 60, "培训", "台账", "2023-06-28"] for n in (5, 90, 91)]
    upload = Upload("学时.xlsx", c.sheet(paper, tuple(imports.HEADINGS.values())))
    with db.transaction() as session:
        imports.bring_in(session, upload, actor=cast["reviewer"], reason="补登", now=c.AFTER)
    assert owing() == 0
    sound()
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Person.id))) == PEOPLE + 2
        assert c.totals(session, c.person_id(5))["professional"].sum() == 84


@ready.sqlite
def test_an_approval_is_undone_reversed_and_proved_right_after_it(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, report = filed
    half_approve(filed, monkeypatch)
    with db.rehearsal() as session:  # foreseen twice, each time in a savepoint that is taken back
        told = [books.foreseen(session, 2, actor=cast["reviewer"], now=c.AFTER) for _ in range(2)]
    assert told[0] == told[1]
    assert told[0].hours == -24 * PEOPLE
    assert owing() > 0
    with db.transaction() as session:
        act: dict[str, Any] = {"actor": cast["reviewer"], "reason": "看错了", "now": c.AFTER}
        version = session.get_one(Report, report.id).version
        _, done = workflow.move(session, report.id, Action.UNDO, version=version, **act)
        assert done.hours == -24 * PEOPLE
    sound()
    with killed(monkeypatch, 2):
        approve(cast, report)
    with db.transaction() as session:
        assert b"statement" in proofs.issue(session, 4, PEOPLE, actor=cast["reviewer"], now=c.AFTER)
    with killed(monkeypatch), db.transaction() as session:
        books.reverse(session, 4, actor=cast["reviewer"], reason="登记有误", now=c.AFTER)
    with db.transaction() as session:
        with pytest.raises(Refused) as refused:
            books.reverse(session, 4, actor=cast["reviewer"], reason="再", now=c.AFTER)
        assert refused.value.code == "reversed"
    db.settle()
    sound()


@ready.sqlite
def test_a_saved_roster_is_whole_for_whoever_files_it_right_after_a_kill(
    office: None, in_parts: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    with killed(in_parts, 1):
        report = c.draft_report(cast, c.sheet([c.row(n) for n in range(1, PEOPLE + 1)]))
    assert owing() > 0
    with db.transaction() as session:
        assert reports.strike(session, report.id, PEOPLE + 2, actor=cast["base"], now=c.AFTER) == []
    with db.reading() as session:
        rows = session.scalars(sa.select(RosterRow.row).where(RosterRow.report_id == report.id)).all()
    assert len(rows) == PEOPLE - 1


@ready.sqlite
def test_what_was_laid_down_for_a_deed_that_is_not_done_is_struck_out(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, report = filed

    def refused(*_: Any, **__: Any) -> None:
        raise Refused("toy", "不行")

    with monkeypatch.context() as patch:
        patch.setattr(books, "_write_ready", refused)
        everything = c.everything()
        assert _refused(cast, report) == "toy"
        assert c.everything() == everything
    before = stands()  # nothing is left
    with monkeypatch.context() as patch:  # a process that is killed before its deed
        patch.setattr(books, "_write_ready", refused)
        patch.setattr(sessions, "settle", lambda *_: None)
        assert _refused(cast, report) == "toy"
    lain: Callable[[], int] = lambda: _scalar("SELECT count(*) FROM owed_part")  # noqa: E731
    assert lain() > 0
    assert owing() == 0
    db.settle()
    assert lain() > 0  # it may still be at work
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE owed_part SET staged_at = staged_at - 3700")
    db.settle()
    assert stands() == before
    approve(cast, report)
    sound()


def _refused(cast: c.Cast, report: Report) -> str:
    """The code of an approval's refusal. `c.refusal` would hold the file against itself: its free pages are others."""
    with pytest.raises(Refused) as refused:
        approve(cast, report)
    return refused.value.code


def _scalar(query: str) -> int:
    with db.reading() as session:
        return int(session.execute(sa.text(query)).scalar_one())


@ready.sqlite
def test_a_deed_whose_parts_were_taken_for_lost_ones_is_refused_and_may_be_done_again(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, report = filed
    keep = books.have_ready

    def swept(session: Any, ready: Any) -> None:
        keep(session, ready)
        with another_program() as other:
            other.execute("DELETE FROM owed_part WHERE id = (SELECT max(id) FROM owed_part)")

    with monkeypatch.context() as patch:
        patch.setattr(books, "have_ready", swept)
        assert _refused(cast, report) == "sick"
    approve(cast, report)
    sound()
    assert len(stands()["person"]) == PEOPLE


@ready.sqlite
def test_two_who_settle_at_once_write_each_part_once(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    half_approve(filed, monkeypatch, 0)
    both = threading.Barrier(2)

    def settled() -> None:
        both.wait()
        db.settle()

    hands = [threading.Thread(target=settled) for _ in range(2)]
    for each in hands:
        each.start()
    for each in hands:
        each.join()
    assert owing() == 0
    sound()
    assert sum(stands()["credit_entry"].values()) == 3 + PEOPLE


@ready.sqlite
def test_what_is_kept_of_a_moment_between_two_parts_does_not_last(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    half_approve(filed, monkeypatch)
    ask: Callable[[Any], Any] = lambda s: kept.once(  # noqa: E731
        s, "test", lambda: s.scalar(sa.select(sa.func.count()).select_from(CreditEntry))
    )
    with db.reading() as session:
        assert ask(session) < 3 + PEOPLE
    db.settle()
    with db.reading() as session:
        assert ask(session) == 3 + PEOPLE


@ready.sqlite
def test_what_is_reckoned_beside_the_lock_is_reckoned_from_the_whole(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    half_approve(filed, monkeypatch)
    with db.transaction() as session, db.unlocked():
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditEntry)) == 3 + PEOPLE


@ready.sqlite
def test_check_backup_and_drill_of_an_office_that_owes_are_true(
    filed: tuple[c.Cast, Report], home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    half_approve(filed, monkeypatch)
    backup = backups.routine(now=c.AFTER)
    assert backups.drill(backup) == []
    assert owing() > 0
    with monkeypatch.context() as patch:  # a folder that can only be read
        patch.setattr(sessions, "settle", _read_only)
        patch.setattr("core.ground.db.copies.settle", _read_only)
        assert main(["check"]) == 0, capsys.readouterr().out
        assert main(["totals"]) == 0
    assert owing() > 0
    assert main(["check"]) == 0
    assert owing() == 0


def _read_only() -> None:
    raise Refused("sick", "只读")


@ready.sqlite
def test_the_dashboard_does_not_go_on_from_what_it_read_between_two_parts(
    filed: tuple[c.Cast, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, report = filed

    def shown() -> tuple[list[int], list[bool]]:
        with db.reading() as session:
            whole = dashboards.kept.everybody(session, cast["reviewer"], 2024, None, None)
            return whole.ids.tolist(), whole.met["professional"].tolist()

    for title in ("第三期", "第四期"):
        c.posted(cast, c.sheet([c.row(n) for n in range(1, PEOPLE + 1)]), title=title)
    assert shown()[1].count(True) == 3
    with killed(monkeypatch, 2):
        approve(cast, report)
    assert 3 < shown()[1].count(True) < PEOPLE
    db.settle()
    after = shown()
    assert after[1].count(True) == PEOPLE
    dashboards.kept.forget()
    assert shown() == after
