"""Sick places: a full or read-only disk, a damaged database, one that is away. Said in words, and nothing half done."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from core.__main__ import main
from core.ground import db
from core.ground.access import Refused
from core.ground.db import place, sessions
from core.office import backups
from core.submissions import plans
from core.trail import files
from routes import health
from tests import cast as c
from tests import ready

AWAY = "postgresql://nobody@127.0.0.1:9/none?connect_timeout=2"


def spoil(path: Path, how: str) -> None:
    """What a power cut, a bad stick or a wrong copy makes of a file."""
    content = path.read_bytes()
    match how:
        case "header":
            path.write_bytes(b"\x00garbage" * 64 + content[512:])
        case "truncated":
            path.write_bytes(content[: len(content) // 3])
        case "pages":
            path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))


def test_a_key_that_is_gone_is_said_before_anybody_signs_in_and_to_who_watches_the_server(office: Path) -> None:
    c.assemble()
    assert health.health(Request({"type": "http"})).status_code == 200
    (office / "secret.key").rename(office / "elsewhere")
    answer = health.health(Request({"type": "http"}))
    assert (answer.status_code, answer.body) == (503, b'{"status":"key unavailable"}')
    app = AppTest.from_file(str(db.ROOT / "web" / "__main__.py"), default_timeout=30).run()
    assert not app.exception
    assert "找不到密钥文件" in app.error[0].value
    assert not app.text_input  # nobody signs in to what cannot be opened


@ready.sqlite
@pytest.mark.parametrize("how", ["header", "truncated", "pages"])
def test_a_damaged_database_is_said_everywhere_and_restored_from_a_backup(
    office: Path, tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    c.assemble()
    made = tmp_path / "good.cebak"
    backups.make(made, now=c.NOW)
    lines = _lines()
    db.checkpoint()
    db.close()
    spoil(office / "office.db", how)
    assert main(["check"]) == 1
    told = capsys.readouterr()
    assert "cannot be read" in told.out
    assert "Traceback" not in told.out + told.err
    if how == "header":
        for command in (["totals"], ["backup", str(tmp_path / "x.cebak")], ["init", "--schema"]):
            assert main(command) == 2, command
            assert "已损坏" in capsys.readouterr().err
        assert not (tmp_path / "x.cebak").exists()
    spoiled = (office / "office.db").read_bytes()
    aside = backups.restore(made, over=True, now=c.AFTER)
    assert _lines() == lines
    assert main(["check"]) == 0
    assert aside is not None
    if aside.is_dir():  # it could not be read at all: its files stay as they are
        assert (aside / "office.db").read_bytes() == spoiled


def _lines() -> int:
    with db.reading() as session:
        return session.scalar(sa.text("SELECT count(*) FROM audit_entry")) or 0


@ready.sqlite
def test_a_restore_that_fails_leaves_a_damaged_database_where_it_was(office: Path, tmp_path: Path) -> None:
    c.assemble()
    made = tmp_path / "good.cebak"
    backups.make(made, now=c.NOW)
    db.close()
    spoil(office / "office.db", "header")
    spoil(made, "truncated")
    before = sorted(path.name for path in office.iterdir())
    spoiled = (office / "office.db").read_bytes()
    with pytest.raises(Refused):
        backups.restore(made, over=True, now=c.AFTER)
    assert (office / "office.db").read_bytes() == spoiled
    assert sorted(path.name for path in office.iterdir() if path.name != "aside") == before


@ready.sqlite
def test_attachments_without_their_database_are_never_given_a_new_one(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    c.file_report(cast, _approved(cast), c.sheet([c.row(1)]))
    db.close()
    for path in office.glob("office.db*"):
        path.unlink()
    for empty in (False, True):
        if empty:
            (office / "office.db").touch()
        for command, code in (["init", "--schema"], 2), (["check"], 1), (["totals"], 2):
            assert main(command) == code
            told = capsys.readouterr()
            assert ("数据库却不见了" if command != ["totals"] else "系统还没有建立") in told.out + told.err
            assert "schema is at" not in told.out
        assert [path.stat().st_size for path in office.glob("office.db*")] == [0] * empty, "none is made by asking"


def _approved(cast: c.Cast) -> Any:
    plan = c.file_plan(cast, headcount=1)
    c.approve(cast, plan.id)
    return plan


@ready.sqlite
@pytest.mark.parametrize(
    ("ill", "words"), [("PRAGMA max_page_count=1", "磁盘已满"), ("PRAGMA query_only=1", "不能写入")]
)
def test_a_deed_on_a_full_or_read_only_disk_is_refused_whole(office: Path, ill: str, words: str) -> None:
    cast = c.assemble()
    lines = _lines()

    def many() -> None:
        with db.transaction() as session:
            session.connection().exec_driver_sql(ill)
            for number in range(40):
                fields = replace(c.PLAN, title=f"第{number}期", content="内容" * 900)
                plans.draft(session, fields, actor=cast["base"], now=c.NOW)

    with pytest.raises(Refused) as refused:
        many()
    assert (refused.value.code, words in refused.value.words) == ("sick", True)
    db.close()
    assert _lines() == lines
    c.file_plan(cast)  # once there is room again, it goes on
    assert main(["check"]) == 0


@ready.sqlite
def test_a_restore_that_cannot_lock_its_office_says_why(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(place: Path) -> str:
        with pytest.raises(Refused) as refused:
            sessions._locked(place)
        return refused.value.words

    with contextlib.closing(sessions._locked(office / ".restoring")):
        assert "正在从备份恢复" in said(office / ".restoring")
    gone = office / "gone" / ".restoring"
    assert "不能写入" in said(gone)
    left = shutil.disk_usage(office)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", {office: left}.__getitem__)
    assert "磁盘已满" in said(gone)


@ready.sqlite
def test_a_disk_without_room_is_never_called_a_failing_one(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = sa.exc.OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))
    assert db.sickness(failed).startswith("磁盘读写出错")
    left = shutil.disk_usage(office)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", {office: left}.__getitem__)
    for said in (failed, sqlite3.OperationalError("unable to open database file")):
        assert db.sickness(said).startswith("磁盘已满")


def test_a_file_that_found_no_room_leaves_nothing_and_one_without_an_owner_is_swept(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    plan = _approved(cast)
    write = Path.write_bytes

    def half(path: Path, content: bytes) -> int:
        write(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", half)
        with pytest.raises(Refused) as refused:
            c.file_report(cast, plan, c.sheet([c.row(1)]))
    assert "磁盘已满" in refused.value.words
    assert [path for path in (office / "files").rglob("*") if path.is_file()] == []
    c.file_report(cast, plan, c.sheet([c.row(1)]))
    lost, fresh = office / "files" / "ab" / ("ab" * 32), office / "files" / "ab" / "partial.1.ff"
    lost.parent.mkdir(exist_ok=True)
    for path in (lost, fresh):
        path.write_bytes(b"sealed")
    now = datetime.now(UTC)
    old = (now - timedelta(days=2)).timestamp()
    for path in (office / "files").rglob("*"):
        if path.is_file() and path != fresh:
            os.utime(path, (old, old))
    with db.reading() as session:
        assert files.sweep(session, before=now - files.ORPHANED) == 1
        assert files.faults(session) == []
    assert fresh.exists()
    assert not lost.exists()


def test_a_place_that_cannot_be_written_is_said_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path / "nowhere"))

    monkeypatch.setenv("CE_HOME", str(tmp_path / "nowhere"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(Path, "mkdir", refused)
    for command in (["check"], ["totals"], ["init", "--schema"], ["backup", str(tmp_path / "x.cebak")], ["daily"]):
        assert main(command) == (1 if command == ["check"] else 2), command
        told = capsys.readouterr()
        assert (
            f"{tmp_path / 'nowhere'} 不存在，也建不了（Read-only file system）。请把环境变量 CE_HOME"
            in told.out + told.err
        )
    db.close()


@ready.sqlite
def test_a_last_backup_is_made_of_an_office_whose_folder_cannot_be_written(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    db.checkpoint()
    db.close()
    log, asked = office / "office.db-wal", os.access
    log.unlink(missing_ok=True)
    (office / "office.db-shm").unlink(missing_ok=True)
    held = sorted(path.name for path in office.iterdir())
    with monkeypatch.context() as shut:
        shut.setattr(os, "access", lambda place, how: place != office and asked(place, how))
        assert main(["check"]) == 0
        assert main(["backup", str(tmp_path / "last.cebak")]) == 0
        assert "没有记入审计日志" in capsys.readouterr().err
        assert sorted(path.name for path in office.iterdir()) == held, "nothing is made there"
        log.write_bytes(b"what was written last")
        assert main(["backup", str(tmp_path / "half.cebak")]) == 2
        assert "最近的改动还在 office.db-wal 里" in capsys.readouterr().err
        log.unlink()
        with db.reading() as session:
            session.execute(sa.text("SELECT 1"))
    c.file_plan(cast)  # once it can be written again, it goes on


@ready.sqlite
def test_an_office_on_a_full_disk_is_checked_and_backed_up_to_a_stick(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    db.checkpoint()
    db.close()
    log, shared = office / "office.db-wal", office / "office.db-shm"
    log.unlink(missing_ok=True)
    shared.write_bytes(b"cut")  # what one found room for that tried
    held = sorted(path.name for path in office.iterdir())
    with monkeypatch.context() as full:
        nothing = shutil.disk_usage(office)._replace(free=0)
        full.setattr(shutil, "disk_usage", lambda _place: nothing)
        full.setattr(place, "full", lambda _folder: True)
        assert main(["check"]) == 0
        assert main(["backup", str(tmp_path / "last.cebak")]) == 0
        said = capsys.readouterr().err
        assert "没有记入审计日志" in said
        assert "磁盘已满" in said
        with pytest.raises(Refused, match="sick") as refused:
            c.file_plan(cast)
        assert "磁盘已满" in refused.value.words
        assert sorted(path.name for path in office.iterdir()) == held, "nothing is made there"
        log.write_bytes(b"what was written last")
        assert main(["backup", str(tmp_path / "half.cebak")]) == 2
        assert "所在的磁盘已满，最近的改动还在 office.db-wal 里" in capsys.readouterr().err
        log.unlink()
    backups.verify(tmp_path / "last.cebak")
    c.file_plan(cast)  # once there is room again, it goes on


def test_only_a_disk_that_takes_nothing_more_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: nothing)
    assert not place.full(tmp_path)  # what it keeps back is given to us

    def no_room(**_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", no_room)
    assert place.full(tmp_path)


def test_a_database_that_is_away_is_said_on_the_command_line_and_on_the_screen(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", AWAY)
    shutil.rmtree(home / "files", ignore_errors=True)
    assert main(["check"]) == 1
    assert "连接不上数据库" in capsys.readouterr().out
    for command in (["totals"], ["init", "--schema"], ["daily"], ["key", "show"]):
        assert main(command) == 2, command
        told = capsys.readouterr().err
        assert "连接不上数据库" in told
        assert "Traceback" not in told
    app = AppTest.from_file(str(db.ROOT / "web" / "__main__.py"), default_timeout=60).run()
    assert not app.exception
    assert ["连接不上数据库" in each.value for each in app.error] == [True]
