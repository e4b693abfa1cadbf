"""The ledger: sums that are sums, the three tests of a year, and everything altered behind our back called by name."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, merkle
from core.ground.access import Refused
from core.law.notices import Subject
from core.ledger import books, chain, checks, statements, totals, years
from core.ledger.books import Posting
from core.ledger.standing import of_row
from core.models import CreditBatch, CreditEntry, RosterRow, Source, Submission
from core.people import persons
from core.trail import audit
from tests import cast as c

P, Q = Subject.PUBLIC, Subject.PROFESSIONAL


def people(number: int = 3) -> list[int]:
    with db.transaction() as session:
        facts = [
            persons.PersonFacts(f"赵示{'一二三'[serial - 1]}", c.id_number(serial)) for serial in range(1, number + 1)
        ]
        found = persons.match_or_add(session, facts, authority_id=1, now=c.NOW)
        return [found[db.blind_index(fact.id_number)] for fact in facts]


def line(person_id: int, hours: Any, subject: Subject = Q, year: int = 2024) -> Posting:
    return Posting(person_id, year, subject, Decimal(hours), date(year, 6, 3))


def posting(cast: c.Cast, *lines: Posting, basis: str = "示例培训", **more: Any) -> Callable[[Session], CreditBatch]:
    return lambda s: books.post(s, lines, basis=basis, actor=cast["reviewer"], now=c.NOW, **more)


def done(deed: Callable[[Session], Any]) -> Any:
    with db.transaction() as session:
        return deed(session)


def faults() -> list[str]:
    with db.reading() as session:
        return [*checks.faults(session), *audit.faults(session)]


# --- posting --------------------------------------------------------------------------------------------------------


def test_totals_are_the_sums_of_the_entries_to_the_half_hour(office: Path) -> None:
    cast = c.assemble()
    first, second, _ = people()
    done(posting(cast, line(first, "7.5"), line(second, 24), line(first, "0.5", P)))
    done(posting(cast, line(first, "16"), line(first, "8"), line(first, 40, year=2025)))
    with db.reading() as session:
        table = c.totals(session, first)
        assert list(table["year"]) == [2025, 2024]
        assert list(table.loc[1, ["public", "professional", "total"]]) == [Decimal("0.5"), Decimal("31.5"), 32]
        assert list(c.totals(session, second)["total"]) == [24]
        assert c.totals(session, 9999).empty
        assert list(c.totals(session, first, [2023, 2024])["total"]) == [32, 0]
        entries = statements.entries(session, first)
        assert sorted(entries["hours"]) == [Decimal("0.5"), Decimal("7.5"), 8, 16, 40]
        assert len(statements.entries(session, first, year=2025)) == 1
        assert list(entries["batch_id"].unique()) == [2, 1]
    assert faults() == []


def test_what_cannot_be_posted_is_refused_whole(office: Path) -> None:
    cast = c.assemble()
    first, second, _ = people()
    assert c.refusal(posting(cast)).code == "empty"
    for hours in ("0", "-1", "7.25", "0.1"):
        assert c.refusal(posting(cast, line(second, 24), line(first, hours))).code == "hours"
    done(posting(cast, line(first, "0.5")))


def test_a_submissions_hours_are_posted_once_and_for_all(database: str) -> None:
    cast = c.assemble()
    report = c.posted(cast, c.sheet([c.row(1)]))
    who = c.person_id(1)
    again = lambda s: posting(cast, line(who, 8), submission=s.get_one(Submission, report.id))(s)  # noqa: E731
    assert c.refusal(again).code == "posted"
    done(posting(cast, line(who, 8)))  # hours without a submission are another matter
    with db.engine().begin() as connection, pytest.raises(sa.exc.IntegrityError):  # the database says so as well
        connection.exec_driver_sql(
            "INSERT INTO credit_batch (id, submission_id, authority_id, basis, posted_by, posted_at, entries, root, "
            "chain) SELECT 9, submission_id, authority_id, basis, posted_by, posted_at, entries, root, chain "
            "FROM credit_batch WHERE id = 1"
        )


def test_every_hour_leads_down_to_its_plan_report_and_roster_row(database: str) -> None:
    cast = c.assemble()
    report = c.posted(cast, c.sheet([c.row(2), c.row(1, professional_hours=7.5)]))
    with db.reading() as session:
        (found,) = statements.entries(session, c.person_id(1)).to_dict("records")
    assert (found["roster_row"], found["report_id"], found["plan_id"]) == (4, report.id, report.plan_id)
    assert (found["plan"], found["base"]) == ("知识更新培训班", "示例继续教育基地")
    assert found["basis"] == "示例继续教育基地：知识更新培训班"
    assert (found["hours"], found["posted_at"], found["line"]) == (Decimal("7.5"), c.AFTER, 2)
    assert faults() == []
    with db.transaction() as session:  # no key watches the way down, so that the books are asked
        session.execute(sa.delete(RosterRow).where(RosterRow.row == 4))
    assert faults() == ["credit batch 1 line 2 has lost its row of the roster"]


# --- the requirement ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("public", "professional", "lacks"),
    [
        ("30", "60", "已完成"),
        ("29.5", "60", "公需差0.5、累计差0.5"),
        ("30", "59.5", "专业差0.5、累计差0.5"),
        ("29.5", "60.5", "公需差0.5"),
        ("30.5", "59.5", "专业差0.5"),
        ("0", "90", "公需差30"),
        ("90", "0", "专业差60"),
        ("29.5", "59.5", "公需差0.5、专业差0.5、累计差1"),
        ("0", "0.5", "公需差30、专业差59.5、累计差89.5"),
    ],
)
def test_a_year_must_pass_three_tests(office: Any, public: str, professional: str, lacks: str) -> None:
    cast = c.assemble()
    who = people(1)[0]
    lines = [line(who, hours, subject) for subject, hours in ((P, public), (Q, professional)) if Decimal(hours)]
    done(posting(cast, *lines))
    with db.reading() as session:
        (found,) = years.of(session, who, 2024, [2024]).years
    assert (found.words, found.complete) == (lacks, lacks == "已完成")
    assert [line.required for line in found.subjects] == [30, 60, 90]
    assert "一(一)" in found.basis


def test_a_year_no_notice_covers_has_hours_but_no_verdict_of_its_own(office: Path) -> None:
    cast = c.assemble()
    who = people(1)[0]
    done(posting(cast, line(who, 90, year=2021), line(who, 90, year=2023), line(who, 90, year=2025)))
    with db.reading() as session:
        found = c.totals(session, who).set_index("year")
        alone = c.totals(session, who, [2021]).loc[0]
    assert (alone["total"], alone["lacks"]) == (90, "")
    assert "2021" in alone["basis"]
    # seen from a later year, that one's notice is all there is to go by, and it is said to be
    assert set(found["lacks"]) == {"公需差30"}
    assert found.loc[2021, "basis"].startswith("2021年度没有载入可用的政策，按内人社办发〔2023〕204号")
    for year in (2023, 2025):
        assert "暂按" in found.loc[year, "basis"]


# --- reversal -------------------------------------------------------------------------------------------------------


def reversing(
    cast: c.Cast, batch_id: int, *, by: str = "reviewer", reason: str = "重复登记", **more: Any
) -> Callable[[Session], CreditBatch]:
    return lambda s: books.reverse(s, batch_id, actor=cast[by], reason=reason, now=c.AFTER, **more)[0]


def standing(cast: c.Cast) -> list[tuple[int, str, str]]:
    with db.reading() as session:
        frame, count = statements.batches(session, cast["reviewer"], limit=None)
    assert count == len(frame)
    return list(frame[["id", "origin", "standing"]].itertuples(index=False, name=None))


def test_a_batch_is_undone_as_one_act_and_its_hours_are_taken_back(database: str) -> None:
    cast = c.assemble()
    first, second, _ = people()
    exam = replace(line(second, 0), deemed=True, source=Source.QUALIFICATION)
    done(posting(cast, line(first, "7.5"), line(first, 30, P), exam))
    done(posting(cast, line(first, 8)))
    with db.reading() as session:
        assert c.totals(session, second).loc[0, "lacks"] == "公需差30、累计差30"
    back = done(reversing(cast, 1))
    assert (back.id, back.reverses_id, back.entries) == (3, 1, 3)
    with db.reading() as session:
        assert list(c.totals(session, first).loc[0, ["public", "professional"]]) == [0, 8]
        assert c.totals(session, second).loc[0, "lacks"] == "公需差30、专业差60、累计差90"
        entries = statements.entries(session, first)
        assert sorted(entries["hours"]) == [-30, Decimal("-7.5"), Decimal("7.5"), 8, 30]
        assert set(entries[entries["hours"] < 0]["basis"]) == {"冲销第1批：重复登记"}
        assert list(statements.entries(session, second)["deemed"]) == [1, -1]
        trail, _ = audit.history(session, cast["admin"], limit=1)
    (told,) = trail.to_dict("records")
    assert (told["event"], told["record_id"], told["reason"]) == ("credit.reversed", 3, "重复登记")
    assert '"hours":"-37.5"' in told["after"]
    assert standing(cast) == [(3, "reversal", "stands"), (2, "other", "stands"), (1, "other", "reversed")]
    assert faults() == []


def test_some_lines_are_undone_and_no_line_twice(office: Path) -> None:
    cast = c.assemble()
    first, second, third = people()
    done(posting(cast, line(first, 8), line(second, 16), line(third, 24)))
    done(reversing(cast, 1, lines=[2]))
    assert standing(cast)[-1] == (1, "other", "partly")
    with db.reading() as session:
        shown, count = statements.lines(session, 1, cast["reviewer"])
        assert (count, list(shown["standing"])) == (3, ["stands", "reversed", "stands"])
        assert [c.totals(session, who).loc[0, "total"] for who in (first, second, third)] == [8, 0, 24]
    for lines in ([2], [1, 2]):
        assert c.refusal(reversing(cast, 1, lines=lines)).code == "reversed"
    for lines in ([], [0], [4], [1, 4]):
        assert c.refusal(reversing(cast, 1, lines=lines)).code == "lines"
    done(reversing(cast, 1))  # what still stands
    with db.reading() as session:
        assert [c.totals(session, who).loc[0, "total"] for who in (first, second, third)] == [0, 0, 0]
    assert c.refusal(reversing(cast, 1)).code == "reversed"
    assert c.refusal(reversing(cast, 2)).code == "reversal"
    assert standing(cast)[-1] == (1, "other", "reversed")
    assert faults() == []


def test_what_a_reversal_would_take_back_is_told_before(office: Path) -> None:
    cast = c.assemble()
    first, second, third = people()
    done(posting(cast, line(first, 8), line(first, "7.5"), line(second, 16), line(third, 24)))

    def told(**more: Any) -> tuple[int, Decimal, int]:
        with db.rehearsal() as session:
            found = books.foreseen(session, 1, actor=cast["reviewer"], now=c.AFTER, **more)
        return found.people, found.hours, found.left

    assert told() == (3, Decimal("-55.5"), 0)
    assert told(lines=[1, 2]) == (1, Decimal("-15.5"), 2)
    done(reversing(cast, 1, lines=[4]))
    assert told() == (2, Decimal("-31.5"), 0)
    for by, lines, code in (
        ("leader", None, "role"),
        ("hohhot_reviewer", None, "jurisdiction"),
        ("admin", [4], "reversed"),
    ):
        with db.rehearsal() as session, pytest.raises(Refused, match=code):
            books.foreseen(session, 1, actor=cast[by], now=c.AFTER, lines=lines)


def test_who_may_not_undo_changes_nothing(office: Path) -> None:
    cast = c.assemble()
    done(posting(cast, line(people(1)[0], 8)))
    for by in ("leader", "title", "base", "employer"):
        assert c.refusal(reversing(cast, 1, by=by)).code == "role"
    assert c.refusal(reversing(cast, 1, by="hohhot_reviewer")).code == "jurisdiction"
    assert c.refusal(reversing(cast, 9)).code == "missing"
    assert c.refusal(reversing(cast, 1, reason="  ")).code == "reason"
    assert c.refusal(reversing(cast, 1, reason="重" * (books.LONGEST_REASON + 1))).code == "reason"
    assert done(reversing(cast, 1, reason=(whole := "重" * books.LONGEST_REASON))).basis == f"冲销第1批：{whole}"


def test_each_sees_the_batches_of_the_own_jurisdiction(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    c.posted(cast, c.sheet([c.row(2)]), by="hohhot_base", reviewer="hohhot_reviewer")
    done(reversing(cast, 2, by="hohhot_reviewer"))
    with db.reading() as session:
        seen = {by: list(statements.batches(session, cast[by])[0]["id"]) for by in ("admin", "hohhot_admin")}
        assert seen == {"admin": [3, 2, 1], "hohhot_admin": [3, 2]}
        assert statements.batches(session, cast["baotou_reviewer"])[1] == 0
        frame, count = statements.batches(session, cast["admin"], origin="report", limit=1)
        assert (count, list(frame["id"]), list(frame["hours"])) == (2, [2], [24])
        (shown,) = statements.lines(session, 2, cast["hohhot_admin"])[0].to_dict("records")
        assert shown["id_mask"] == f"150199********{c.id_number(2)[-4:]}"
        assert (shown["hours"], shown["standing"]) == (24, "reversed")
        for by, code in (("baotou_reviewer", "missing"), ("leader", "role"), ("hohhot_base", "role")):
            with pytest.raises(Refused) as caught:
                statements.lines(session, 2, cast[by])
            assert caught.value.code == code
        trail, _ = audit.history(session, cast["hohhot_admin"], event=audit.Event.CREDIT_REVERSED)
        assert list(trail["organization"]) == ["呼和浩特市人力资源和社会保障局"]


def test_a_reversal_that_takes_back_something_else_is_named(database: str) -> None:
    cast = c.assemble()
    first, second, _ = people()
    done(posting(cast, line(first, 8), line(second, 8)))
    done(reversing(cast, 1, lines=[1]))
    for change in ("reverses_line = 2", "reverses_line = NULL", "hours = -900", "year = 2023"):
        with Session(db.engine()) as session:
            session.execute(sa.text(f"{GUARD_OFF[database]}"))
            session.execute(sa.text(f"UPDATE credit_entry SET {change} WHERE batch_id = 2"))
            assert "what was reversed of credit batch 1 is not what it posted" in checks.faults(session), change
            session.rollback()
    assert faults() == []


GUARD_OFF = {
    "sqlite": "DROP TRIGGER credit_entry_no_update",
    "postgresql": "ALTER TABLE credit_entry DISABLE TRIGGER USER",
}


@pytest.mark.parametrize(
    ("written", "meant"),
    [("2", {2}), (" 2、5-9 ", {2, 5, 6, 7, 8, 9}), ("1,3；4 7至8", {1, 3, 4, 7, 8}), ("3—3", {3})],
)
def test_lines_are_written_down_as_people_write_them(written: str, meant: set[int]) -> None:
    assert books.line_numbers(written) == meant


@pytest.mark.parametrize("written", ["", "、", "二", "2-", "-2", "9-5", "1.5", "99999999"])
def test_what_are_no_lines_is_refused(written: str) -> None:
    with pytest.raises(Refused, match="lines"):
        books.line_numbers(written)


def test_a_persons_lines_are_found_in_a_batch(database: str) -> None:
    cast = c.assemble()
    first, second, third = people()
    done(posting(cast, line(first, 8), line(second, 16), line(third, 24)))
    with db.reading() as session:
        for text, found in (("示二", [2]), (c.id_number(3), [3]), ("", [1, 2, 3]), ("%", []), (c.id_number(4), [])):
            shown, count = statements.lines(session, 1, cast["reviewer"], text=text)
            assert (list(shown["line"]), count) == (found, len(found)), text


def test_a_persons_hours_are_found_by_keys_however_large_the_ledger(database: str) -> None:
    three_batches()
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        sent.append((statement, given))

    with db.reading() as session:
        connection = session.connection()
        sa.event.listen(db.engine(), "before_cursor_execute", note)
        years.of(session, 1, 2024)
        statements.entries(session, 1)
        session.execute(sa.select(of_row([1])).where(RosterRow.report_id == 1))
        sa.event.remove(db.engine(), "before_cursor_execute", note)
        assert len(sent) == 3
        if database == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # as if the tables were not as small as these
        for statement, given in sent:
            explain = "EXPLAIN (FORMAT JSON) " if database == "postgresql" else "EXPLAIN QUERY PLAN "
            steps = [row[-1] for row in connection.exec_driver_sql(explain + statement, given)]
            assert steps
            if database == "sqlite":
                assert not [step for step in steps if step.startswith("SCAN ")]
            else:
                assert not [step for step in nodes(steps[0][0]["Plan"]) if reads_whole(step)]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of one of PostgreSQL's plans."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def reads_whole(step: dict[str, Any]) -> bool:
    return "Relation Name" in step and not {"Index Cond", "Recheck Cond"} & step.keys()


# --- behind our back ------------------------------------------------------------------------------------------------

TAMPERING = [
    # what somebody did                                                              what we say
    (
        "credit_entry",
        "UPDATE credit_entry SET hours = hours + 50 WHERE batch_id = 2 AND line = 1",
        "credit batch 2 line 1 (person 1, 2024) was altered",
    ),
    (
        "credit_entry",
        "UPDATE credit_entry SET year = 2023 WHERE batch_id = 1 AND line = 2",
        "credit batch 1 line 2 (person 2, 2023) was altered",
    ),
    (
        "credit_entry",
        "UPDATE credit_entry SET completed_on = '2024-01-01' WHERE batch_id = 1",
        "credit batch 1 line 1 (person 1, 2024)",
    ),
    (
        "credit_entry",
        "UPDATE credit_entry SET person_id = 3 WHERE batch_id = 3 AND line = 1",
        "credit batch 3 line 1 (person 3, 2024) was altered",
    ),
    ("credit_entry", "DELETE FROM credit_entry WHERE batch_id = 2 AND line = 2", "credit batch 2 line 2 was removed"),
    ("credit_entry", "DELETE FROM credit_entry WHERE batch_id = 1", "credit batch 1 line 1 was removed"),
    ("credit_batch", "UPDATE credit_batch SET basis = 'x' WHERE id = 2", "credit batch 2 (x) was altered"),
    ("credit_batch", "UPDATE credit_batch SET posted_by = 'x' WHERE id = 1", "credit batch 1"),
    ("credit_batch", "UPDATE credit_batch SET posted_at = '2024-01-01 00:00:00' WHERE id = 3", "credit batch 3"),
    (
        "credit_entry",
        "UPDATE credit_entry SET line = 7 WHERE batch_id = 2 AND line = 1",
        "credit batch 2 line 1 was removed",
    ),
    (
        "credit_batch",
        "UPDATE credit_batch SET leaves = NULL, root = chain WHERE id = 1",
        "credit batch 1 (甲) was altered",
    ),
    ("credit_batch", "UPDATE credit_batch SET leaves = {junk} WHERE id = 1", "credit batch 1 (甲): its kept hashes"),
    ("credit_batch", "UPDATE credit_batch SET root = chain WHERE id = 2", "credit batch 2"),
    ("audit_entry", "UPDATE audit_entry SET account_name = 'x' WHERE id = 5", "audit line 5 was altered"),
    ("audit_entry", "UPDATE audit_entry SET reason = 'x' WHERE id = 1", "audit line 1 was altered"),
    ("audit_entry", "UPDATE audit_entry SET at = '2024-01-01 00:00:00' WHERE id = 9", "audit line 9 was altered"),
    ("audit_entry", "DELETE FROM audit_entry WHERE id = 4", "audit line 4 is missing"),
    ("audit_entry", "DELETE FROM audit_entry WHERE id = 1", "audit line 1 is missing"),
]


def three_batches() -> c.Cast:
    cast = c.assemble()
    first, second, third = people()
    done(posting(cast, line(first, 8), line(second, 8), basis="甲"))
    done(posting(cast, line(first, 8), line(third, 8, P), basis="乙"))
    done(posting(cast, line(second, "0.5"), basis="丙"))
    assert faults() == []
    return cast


def test_whatever_is_altered_or_removed_behind_our_back_is_named(database: str) -> None:
    three_batches()
    with db.engine().begin() as connection:
        for table in ("credit_entry", "credit_batch", "audit_entry"):
            for deed in ("update", "delete"):
                on = f" ON {table}" if database == "postgresql" else ""
                connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{deed}{on}")
    junk = "x'0011'" if database == "sqlite" else "decode('0011', 'hex')"
    for _, given, named in TAMPERING:
        statement = given.replace("{junk}", junk)
        with Session(db.engine()) as session:
            assert session.execute(sa.text(statement)).rowcount > 0, statement
            found = [*checks.faults(session), *audit.faults(session)]
            assert any(fault.startswith(named) for fault in found), (statement, found)
            session.rollback()
    assert faults() == []


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("credit_batch", "root = '00' WHERE id = 2", "credit batch 2 (乙) was altered"),
        ("credit_batch", "entries = 7 WHERE id = 2", "credit batch 2 (乙) was altered"),
        ("credit_batch", "chain = '00' WHERE id = 2", "credit batch 2 (乙) was altered"),
        ("credit_batch", "form = 1 WHERE id = 2", "credit batch 2 (乙) was altered"),
        ("credit_batch", "leaves = NULL WHERE id = 2", "credit batch 2 (乙): its kept hashes were altered"),
        ("credit_entry", "hours = 850 WHERE batch_id = 3", "credit batch 3 line 1 (person 2, 2024) was altered"),
    ],
)
def test_what_was_altered_is_named_and_nothing_besides(database: str, table: str, change: str, named: str) -> None:
    three_batches()
    c.behind_our_back(table, f"UPDATE {table} SET {change}")
    with db.reading() as session:
        assert checks.altered(session) == [named]


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("credit_entry", "source = 'zzz' WHERE batch_id = 2 AND line = 1", ["line 1 (person 1, 2024) was altered"]),
        ("credit_entry", "hours = 'abc' WHERE batch_id = 2 AND line = 1", ["line 1 (person 1, 2024) was altered"]),
        ("credit_entry", "completed_on = 'x' WHERE batch_id = 2 AND line = 1", ["line 1 (person 1, 2024) was altered"]),
        ("credit_entry", "year = 'x' WHERE batch_id = 2 AND line = 1", ["line 1 (person 1, x) was altered"]),
        (
            "credit_entry",
            "line = 'x' WHERE batch_id = 2 AND line = 1",
            ["line 1 was removed", "line x (person 1, 2024) was added"],
        ),
        ("credit_batch", "posted_at = 'garbage' WHERE id = 2", ["(乙) was altered"]),
        ("credit_batch", "entries = 'garbage' WHERE id = 2", ["(乙) was altered"]),
        ("credit_batch", "leaves = 'garbage' WHERE id = 2", ["(乙): its kept hashes were altered"]),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_was_altered_into_no_value_at_all_is_named(
    database: str, table: str, change: str, named: list[str]
) -> None:
    three_batches()
    c.behind_our_back(table, f"UPDATE {table} SET {change}")
    with db.reading() as session:
        assert checks.altered(session) == [f"credit batch 2 {each}" for each in named]
        assert checks.faults(session)


def test_entries_without_a_batch_are_named_each(database: str) -> None:
    three_batches()
    with db.engine().execution_options(ce_rebuilds=True).begin() as connection:
        if database == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(
            "INSERT INTO credit_entry (person_id, year, batch_id, line, subject, source, hours, deemed, completed_on, "
            "note) VALUES (1, 2024, 99, 4, 'public', 'training', 3000, 0, '2024-06-03', '')"
        )
    db.engine().dispose()
    assert "credit batch 99 line 4 (person 1, 2024) belongs to no batch" in faults()


def test_a_batch_taken_out_whole_is_missed(database: str) -> None:
    three_batches()
    c.behind_our_back("credit_entry", "DELETE FROM credit_entry WHERE batch_id = 2")
    c.behind_our_back("credit_batch", "DELETE FROM credit_batch WHERE id = 2")
    c.behind_our_back("credit_entry", "UPDATE credit_entry SET hours = 900 WHERE batch_id = 3")
    found = faults()
    assert found[0] == "credit batch 2 is missing"
    assert found[1].startswith("credit batch 3 line 1")  # what was taken out hides nothing that comes after


def test_the_last_batch_taken_out_with_its_totals_is_missed_by_the_trail(database: str) -> None:
    three_batches()
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_total SET hours = hours - 50 WHERE person_id = 2")
    c.behind_our_back("credit_entry", "DELETE FROM credit_entry WHERE batch_id = 3")
    c.behind_our_back("credit_batch", "DELETE FROM credit_batch WHERE id = 3")
    assert faults() == ["credit batch 3 is in the audit trail but not in the ledger"]


def test_the_last_lines_taken_out_of_the_trail_are_missed_by_the_ledger(database: str) -> None:
    three_batches()
    last = "SELECT max(id) FROM audit_entry"
    c.behind_our_back("audit_entry", f"DELETE FROM audit_entry WHERE id = ({last})")
    assert faults() == ["credit batch 3 is in the ledger but not in the audit trail"]


def test_a_last_batch_that_was_swapped_with_a_chain_that_fits_is_missed_by_the_trail(database: str) -> None:
    three_batches()
    with db.reading() as session:
        batch, previous = session.get_one(CreditBatch, 3), session.get_one(CreditBatch, 2).chain
    batch.leaves, batch.entries, batch.root = b"", 0, merkle.root([]).hex()
    batch.chain = chain.chain_value(batch, previous, [])
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_total SET hours = hours - 50 WHERE person_id = 2")
    c.behind_our_back("credit_entry", "DELETE FROM credit_entry WHERE batch_id = 3")
    nothing = "x''" if database == "sqlite" else "''"
    swapped = f"entries = 0, leaves = {nothing}, root = '{batch.root}', chain = '{batch.chain}'"
    c.behind_our_back("credit_batch", f"UPDATE credit_batch SET {swapped} WHERE id = 3")
    assert faults() == ["credit batch 3 is not what the audit trail says was posted"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credit_total SET hours = hours + 50 WHERE person_id = 1",
        "UPDATE credit_total SET year = 2020 WHERE person_id = 1",
        "DELETE FROM credit_total WHERE person_id = 1",
        "INSERT INTO credit_total (person_id, year, subject, source, hours, deemed)"
        " VALUES (1, 2019, 'public', 'training', 100, 0)",
    ],
)
def test_a_total_that_is_no_sum_is_named(database: str, statement: str) -> None:
    three_batches()
    with db.engine().begin() as connection:
        connection.exec_driver_sql(statement)
    found = faults()
    assert found
    assert all(fault.startswith("total of person 1, ") for fault in found)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_total_of_nobody_or_of_no_value_at_all_is_named_and_put_right(database: str) -> None:
    cast = three_batches()
    with db.engine().execution_options(ce_rebuilds=True).begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO credit_total SELECT 999999, year, subject, source, hours, deemed FROM credit_total "
            "WHERE person_id = 2"
        )
        connection.exec_driver_sql("UPDATE credit_total SET source = 'zzz' WHERE person_id = 2")
        connection.exec_driver_sql("UPDATE credit_total SET hours = 'abc' WHERE person_id = 1")
    db.engine().dispose()
    assert faults() == [f"total of person {who}, 2024 is not the sum of its entries" for who in (1, 2, 999999)]
    assert differing()[0][2:] == (("abc", 0), (Decimal(16), 0))
    assert len(done(lambda s: checks.rebuild(s, actor=cast["admin"], reason="核对", now=c.AFTER))) == 4
    assert faults() == []


def differing() -> list[tuple[int, int, Any, Any]]:
    with db.reading() as session:
        return [(each.person_id, each.year, each.kept, each.summed) for each in totals.differences(session)]


def test_totals_that_differ_are_listed_and_put_right_in_one_trailed_act(database: str) -> None:
    cast = three_batches()
    assert differing() == []
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_total SET hours = 1650, deemed = 1 WHERE person_id = 1")
        connection.exec_driver_sql("DELETE FROM credit_total WHERE person_id = 2")
        connection.exec_driver_sql(
            "INSERT INTO credit_total (person_id, year, subject, source, hours, deemed)"
            " VALUES (3, 2019, 'public', 'training', 100, 0)"
        )
    wrong = [
        (1, 2024, (Decimal("16.5"), 1), (Decimal(16), 0)),
        (2, 2024, None, (Decimal("8.5"), 0)),
        (3, 2019, (Decimal(1), 0), None),
    ]
    assert differing() == wrong
    rebuilding = lambda by, reason="核对": lambda s: checks.rebuild(s, actor=cast[by], reason=reason, now=c.AFTER)  # noqa: E731
    for by in ("reviewer", "leader", "hohhot_admin", "base"):
        assert c.refusal(rebuilding(by)).code == "role"
    assert c.refusal(rebuilding("admin", " ")).code == "reason"
    assert len(done(rebuilding("admin"))) == 3
    assert (differing(), faults()) == ([], [])
    with db.reading() as session:
        (told,) = audit.history(session, cast["admin"], event=audit.Event.TOTALS_REBUILT)[0].to_dict("records")
    assert told["reason"] == "核对"
    assert "1/2024/professional/training: 16.5+deemed" in told["before"]
    assert '"differences":3' in told["after"]
    assert done(rebuilding("admin")) == []  # nothing to do leaves no line
    with db.reading() as session:
        assert audit.history(session, cast["admin"], event=audit.Event.TOTALS_REBUILT)[1] == 1


def test_totals_are_not_made_of_entries_that_were_altered(database: str) -> None:
    cast = three_batches()
    c.behind_our_back("credit_entry", "UPDATE credit_entry SET hours = 900 WHERE batch_id = 2 AND line = 1")
    refused = c.refusal(lambda s: checks.rebuild(s, actor=cast["admin"], reason="核对", now=c.AFTER))
    assert refused.code == "altered"
    assert "credit batch 2 line 1" in refused.words


def test_hours_slipped_into_a_batch_are_named(database: str) -> None:
    three_batches()
    with db.engine().begin() as connection:  # an added entry of a known batch changes its root
        connection.exec_driver_sql(
            "INSERT INTO credit_entry (person_id, year, batch_id, line, subject, source, hours, deemed, completed_on, "
            "note) VALUES (1, 2024, 3, 2, 'public', 'public_exam', 3000, 0, '2024-06-03', '')"
        )
    assert "credit batch 3 line 2 (person 1, 2024) was added" in faults()
    c.behind_our_back("credit_entry", "UPDATE credit_entry SET line = 1 WHERE batch_id = 3 AND line = 2")
    assert "credit batch 3 line 1 (person 1, 2024) was added" in faults()


def test_of_a_batch_that_kept_no_hashes_check_names_the_batch_only(database: str) -> None:
    three_batches()
    c.behind_our_back("credit_batch", "UPDATE credit_batch SET leaves = NULL")
    assert faults() == []
    c.behind_our_back("credit_entry", "UPDATE credit_entry SET hours = 900 WHERE batch_id = 2 AND line = 2")
    assert "credit batch 2 (乙): its entries were altered" in faults()


def test_the_root_of_a_batch_covers_every_field() -> None:
    row = {
        "person_id": 1,
        "year": 2024,
        "batch_id": 1,
        "line": 1,
        "subject": Q,
        "source": Source.TRAINING,
        "hours": 800,
        "deemed": 0,
        "completed_on": date(2024, 6, 3),
        "note": "",
        "roster_row_id": None,
        "reverses_line": None,
    }
    assert set(row) == {column.key for column in sa.inspect(CreditEntry).columns}
    changes = {
        "person_id": 2,
        "year": 2025,
        "batch_id": 2,
        "line": 2,
        "subject": P,
        "source": Source.PUBLIC_EXAM,
        "hours": 850,
        "deemed": 1,
        "completed_on": date(2024, 6, 4),
        "note": "x",
        "roster_row_id": 1,
        "reverses_line": 1,
    }
    leaves = {chain.leaf(row, 2), *(chain.leaf(row | {name: value}, 2) for name, value in changes.items())}
    assert len(leaves) == 1 + len(changes)
