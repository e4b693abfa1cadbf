"""The benchmarks run and their answers are right; how fast is never tested."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks import cards, dashboard, eligibility, exam, lookup, pages, province, roster
from core import models
from core.exams import answers
from core.ground import db
from core.ledger import checks
from core.models import State
from core.submissions import queues
from core.trail import audit
from tests import cast as c


def test_the_benchmark_runs_without_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    eligibility.main(["--count", "300", "--no-openfisca"])
    printed = capsys.readouterr().out
    for line in ("decisions/s, answers only", "decisions/s, steps kept", "one applicant with steps", "store"):
        assert line in printed


def test_the_roster_benchmark_runs_without_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    roster.main(["--count", "300", "--rounds", "1", "--no-peer"])
    printed = capsys.readouterr().out
    assert "9 faulty" in printed
    assert "291 entries" in printed
    for line in ("checked preview", "report saved", "whole, to posted entries", "peak memory"):
        assert line in printed


def test_a_person_is_looked_up_in_a_small_province_and_its_books_stay_true(database: str) -> None:
    size = province.Size(people=300, entries=4_000)
    province.fill(size)
    found = lookup.measured(size, rounds=3)
    questions = ["read", "totals", "entries", "totals and entries"]
    assert (list(found["driver"]), list(found["program"])) == (questions, [*questions, "page"])
    with db.reading() as session:
        assert db.faults(session, models.append_only_tables()) == []
        assert checks.faults(session) == []
        assert audit.faults(session) == []


def test_looking_up_prints_one_table(capsys: pytest.CaptureFixture[str], tmp_path: Path, sqlite_template: Path) -> None:
    (tmp_path / "sqlite").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "sqlite" / "office.db")  # so that nothing is migrated once more
    size = ["--people", "300", "--entries", "2000", "--keep", str(tmp_path)]
    lookup.main([*size, "--database", "sqlite", "--rounds", "2"])
    printed = capsys.readouterr().out
    for line in ("driver: entries", "program: page", "posting 10,000 entries"):
        assert line in printed
    assert {path.name for path in (tmp_path / "sqlite").iterdir()} >= {"office.db", "filled.json"}


def test_the_plans_that_pages_are_measured_over_wait_before_their_office(office: Path) -> None:
    cast = c.assemble()
    c.file_plan(cast)
    pages.fill(40)
    with db.reading() as session:
        waiting, count = queues.queue(session, cast["reviewer"], kinds=("plan",), state=State.SUBMITTED)
        assert (len(waiting), count) == (3, 3)
        assert queues.queue(session, cast["reviewer"])[1] == 41


def test_the_dashboard_is_asked_over_a_small_province(office: Path) -> None:
    dashboard.fill(province.Size(people=300, entries=4_000), papers=60)
    told = dashboard.answers()["all"]
    people, done = told["people"], told["done"]
    with db.reading() as session:
        papers = "SELECT COUNT(*) FROM plan WHERE start_on BETWEEN '2024-01-01' AND '2024-12-31'"
        entries = "SELECT COUNT(*) FROM credit_entry WHERE year = 2024 AND reverses_line IS NULL"
        assert session.scalar(sa.text(papers)) > 60
        assert people <= session.scalar(sa.text(entries))
    assert people > 0
    assert sum(count for count, _ in done.values()) == 299
    assert len(dashboard.timed(2, 1)["ms"]) == 5


def test_cards_are_measured_without_peers(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cards.main(["--count", "3", "--singly", "1", "--rounds", "1"])
    assert "this program" in capsys.readouterr().out


def test_every_learner_of_the_exam_benchmark_has_a_paper_open_of_their_own(home: Path) -> None:
    assert home
    learners = exam.fill(3)
    given = [answers.Given(token, paper, 60, 1, 1, datetime.now(UTC)) for token, paper in learners]
    with db.transaction() as session:
        assert answers.save(session, given) == [answers.Outcome.SAVED] * 3
    assert len({paper for _, paper in learners}) == 3
