"""The office's key (密钥): never replaced in silence, proven against the database, rotated, found again from paper."""

from __future__ import annotations

import argparse
import errno
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
import sqlalchemy as sa

from core.__main__ import main, parser
from core.ground import certificates, db
from core.ground.access import Refused
from core.models import AuditEntry, Person, Setting
from core.office import backups
from core.people import identity, keys
from core.trail import audit, files
from tests import cast as c
from tests import ready


def somebody(cast: c.Cast) -> int:
    """A person on file, whose number is sealed."""
    c.posted(cast, c.sheet([c.row(1)]), headcount=1)
    return c.person_id(1)


def check(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["check"])
    return code, capsys.readouterr().out


def test_a_missing_key_is_never_replaced_once_the_office_is_open(
    office: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    somebody(cast)
    (home / "secret.key").rename(home / "elsewhere")
    with pytest.raises(Refused) as refused:
        db.keys()
    assert refused.value.code == "key"
    assert "找不到密钥文件" in refused.value.words
    assert not (home / "secret.key").exists()
    for command in (["init"], ["init", "--schema"]):
        assert main(command) == 2
    assert "找不到密钥文件" in capsys.readouterr().err
    code, said = check(capsys)
    assert (code, "sealed values cannot be read" in said) == (1, True)
    assert not (home / "secret.key").exists()


def test_a_foreign_key_opens_nothing_and_seals_nothing(
    office: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    somebody(cast)
    (home / "secret.key").write_text("ab" * 32, encoding="ascii")
    with pytest.raises(Refused, match="不是建立本系统时的密钥"):
        db.keys()
    assert main(["init"]) == 2
    assert check(capsys)[0] == 1


def test_an_office_of_an_earlier_release_adopts_its_key_after_proof(database: str, home: Path) -> None:
    cast = c.assemble()
    somebody(cast)
    with db.transaction() as session:
        keys.rotate(session, actor=cast["admin"], reason="例行更换", now=c.NOW)
    right, ours = (home / "secret.key").read_text("ascii"), db.keys().fingerprints
    for kept in (None, ours[0]):  # earlier releases kept none, or the newest alone
        with db.transaction() as session:
            session.delete(session.get_one(Setting, "keys"))
            if kept:
                session.add(Setting(name="key", value=kept))
        for wrong in ("cd" * 32, "\n".join(reversed(right.split()))):
            (home / "secret.key").write_text(wrong, encoding="ascii")
            with pytest.raises(Refused) as refused, db.transaction() as session:
                keys.adopt(session)
            assert refused.value.code == "key"
        (home / "secret.key").write_text(right, encoding="ascii")
        with db.transaction() as session:
            keys.adopt(session)
        with db.reading() as session:
            assert session.get_one(Setting, "keys").value.split() == [*ours]
            assert session.get(Setting, "key") is None


@ready.sqlite
def test_check_opens_every_sealed_value_and_every_attachment(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cast = c.assemble()
    person_id = somebody(cast)
    with db.transaction() as session:
        kept = [
            files.attach(session, None, files.Upload(f"{n}.pdf", b"%PDF" + bytes([n])), purpose="evidence", now=c.NOW)
            for n in range(3)
        ]
        digests = [each.sha256 for each in kept]
    assert check(capsys)[0] == 0
    gone, changed, _sound = (home_file(office, each) for each in digests)
    gone.unlink()
    content = changed.read_bytes()
    changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE person SET id_number = x'00112233' WHERE id = ?", (person_id,))
        connection.exec_driver_sql("UPDATE roster_row SET id_index = zeroblob(32)")
    code, said = check(capsys)
    assert code == 1
    assert f"attachment {kept[0].id} of a batch: its file {gone} is missing" in said
    assert f"attachment {kept[1].id} of a batch" in said
    assert f"attachment {kept[2].id} " not in said
    assert f"person.id_number of row {person_id} cannot be opened" in said
    assert "roster_row.id_number of row 1 is not the number that the row is found by" in said


def home_file(office: Path, digest: str) -> Path:
    return office / "files" / digest[:2] / digest


def test_a_rotated_key_seals_anew_and_the_former_still_opens(office: Path, home: Path) -> None:
    cast = c.assemble()
    first = somebody(cast)
    former = (home / "secret.key").read_text("ascii")
    index, signs = db.keys().index, certificates.signatory().certificate
    killed, own = home / "secret.key.0123456789abcdef", home / "secret.key.backup"
    for each in (killed, own):  # what a killed rotation left behind, and the administrator's own copy
        each.write_text(former, encoding="ascii")
        os.utime(each, (0, 0))
    with pytest.raises(Refused) as refused, db.transaction() as session:
        keys.rotate(session, actor=cast["hohhot_admin"], reason="例行更换", now=c.NOW)
    assert refused.value.code == "role"
    with db.transaction() as session:
        fingerprint = keys.rotate(session, actor=cast["admin"], reason="例行更换", now=c.NOW)
    assert db.keys().fingerprints[0] == fingerprint
    assert (killed.exists(), own.exists()) == (False, True)
    assert db.keys().index == index  # whom a number belongs to is found as before
    assert certificates.signatory().certificate != signs  # a leaked former key cannot sign PDF files
    assert signs in certificates.signatories()
    with db.reading() as session:
        assert keys.faults(session) == []
        assert audit.history(session, cast["admin"], event=audit.Event.KEY_ROTATED)[1] == 1
        assert session.get_one(Person, first).id_number == c.id_number(1)
    (home / "secret.key").write_text(former, encoding="ascii")  # the key file of before, from an old copy
    with pytest.raises(Refused, match="里缺1组密钥"):
        db.keys()


def test_the_secrets_are_all_there_and_in_their_order_and_newer_ones_may_stand_before_them(
    office: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rotation puts its secret into the file before it commits: a crash between them leaves one that seals."""
    cast = c.assemble()
    somebody(cast)
    place = home / "secret.key"
    with db.rehearsal() as session:  # undone at its end
        keys.rotate(session, actor=cast["admin"], reason="断电", now=c.NOW)
    cut_off, first = place.read_text("ascii").split()
    assert check(capsys)[0] == 0
    with db.transaction() as session:
        keys.rotate(session, actor=cast["admin"], reason="例行更换", now=c.NOW)
    newest = place.read_text("ascii").split()[0]
    right = [newest, cut_off, first]
    assert place.read_text("ascii").split() == right
    later = "ef" * 32
    for held, words in (
        (right, ""),
        ([later, *right], ""),
        ([first, cut_off, newest], "次序不对，应为（最新的在前）"),
        ([cut_off, newest, first], "次序不对"),
        ([*right, later], "次序不对"),
        ([newest, first], "里缺1组密钥"),
        ([later, first], "里缺2组密钥"),
        ([later], "不是建立本系统时的密钥"),
    ):
        place.write_text("\n".join(held), encoding="ascii")
        code, said = check(capsys)
        assert (code, words in said) == (1 if words else 0, True), (held, said)
        assert len(said.splitlines()) == code, f"one fault is said once, and nothing else is blamed: {said}"
        assert main(["key", "show"]) == (2 if words else 0)


def test_a_rotation_on_a_full_disk_leaves_the_key_as_it_was_and_nothing_beside_it(
    office: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    before = (home / "secret.key").read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        keys.rotate(session, actor=cast["admin"], reason="例行更换", now=c.NOW)
    assert refused.value.code == "sick"
    assert [path.read_bytes() for path in home.glob("secret.key*")] == [before]


def test_no_command_goes_on_with_a_foreign_or_a_missing_key(
    office: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    c.assemble()
    made, given = tmp_path / "made.cebak", tmp_path / "given.csv"
    assert main(["backup", str(made)]) == 0
    given.write_text("姓名\n", encoding="utf-8")
    refused = {
        "init": [],
        "account reset": ["admin"],
        "certificate": ["localhost"],
        "daily": [],
        "totals": [],
        "cards": [],
        "backup": [str(tmp_path / "new.cebak")],
        "restore": [str(made), "--over"],
        "drill": [str(made)],
        "key show": [],
        "key rotate": [],
        "key sheet": [str(tmp_path / "sheet.pdf")],
        "policy publish": [str(given), "--by", "admin", "--and", "admin2"],
        "credits import": [str(given)],
        "eligibility": [str(given), "--out", str(tmp_path / "out.csv")],
    }
    apart = {"check", "key restore"}  # one names it, the other mends it
    of_a_file_alone = {"roster check", "policy check", "policy cases", "proof"}
    assert set(commands(parser())) == refused.keys() | apart | of_a_file_alone
    right, before = (home / "secret.key").read_bytes(), trail()
    for key, words in ((b"ab" * 32, "不是建立本系统时的密钥"), (b"", "找不到密钥文件")):
        (home / "secret.key").unlink()
        if key:
            (home / "secret.key").write_bytes(key)
        for command, rest in refused.items():
            capsys.readouterr()
            monkeypatch.setattr("sys.stdin", io.StringIO(f"恢复\n{backups.describe(made).day}\n"))
            code, said = main([*command.split(), *rest]), capsys.readouterr()
            assert (code, said.out, words in said.err) == (2, "", True), (command, said)
            assert (home / "secret.key").exists() == bool(key), command
        (home / "secret.key").write_bytes(right)
        assert trail() == before


def trail() -> int | None:
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.max(AuditEntry.id)))


def commands(above: argparse.ArgumentParser, words: str = "") -> Iterator[str]:
    """Every command, by the words it is called with."""
    inner = [each for each in above._actions if isinstance(each, argparse._SubParsersAction)]
    for name, below in inner[0].choices.items() if inner else ():
        yield from commands(below, f"{words} {name}".strip())
    if not inner:
        yield words


def test_the_key_comes_back_from_its_words_and_no_others_do(
    database: str, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    somebody(cast)
    with db.transaction() as session:
        keys.rotate(session, actor=cast["admin"], reason="例行更换", now=c.NOW)
    text = "\n".join(keys.phrases())
    kept = (home / "secret.key").read_bytes()
    shutil.move(home / "secret.key", home / "elsewhere")
    swapped = text.split()
    swapped[0], swapped[1] = swapped[1], swapped[0]
    foreign = keys._words().to_mnemonic(b"\x07" * 32)
    for wrong in ("", "的", text[:-2], " ".join(["囧", *text.split()[1:]]), " ".join(swapped), foreign):
        monkeypatch.setattr("sys.stdin", io.StringIO(wrong))
        assert main(["key", "restore"]) == 2
        assert not (home / "secret.key").exists()
    monkeypatch.setattr("sys.stdin", io.StringIO(text.replace(" ", "")))
    assert main(["key", "restore"]) == 0
    assert (home / "secret.key").read_bytes() == kept
    numbered = " ".join(f"{at % 24 + 1}{letter}" for at, letter in enumerate(text.split()))
    scanned = "\n".join(secret.hex() for secret in db.held_secrets())
    upside_down = "\n".join(reversed(scanned.split()))
    for typed, code in ((numbered, 0), (scanned, 0), (scanned[:64], 2), (upside_down, 2), ("ab" * 32, 2)):
        (home / "secret.key").unlink(missing_ok=True)
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert main(["key", "restore"]) == code
        assert (home / "secret.key").exists() == (code == 0)


def test_a_command_is_said_as_it_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    own = db.ROOT / ".venv" / "bin" / "python"
    for python, said in ((own, ".venv/bin/python"), ("/usr/bin/python3", "/usr/bin/python3"), ("/a b/p", '"/a b/p"')):
        monkeypatch.setattr("sys.executable", str(python))
        assert db.command("key restore") == f"{said} -m core key restore"


def test_the_recovery_sheet_has_the_words_and_is_the_regions_administrators_alone(office: Path, tmp_path: Path) -> None:
    cast = c.assemble()
    for other in ("hohhot_admin", "reviewer", "leader"):
        with pytest.raises(Refused), db.transaction() as session:
            keys.recovery_sheet(session, c.PASSWORD, actor=cast[other], now=c.NOW)
    with pytest.raises(Refused, match="密码不正确"), db.transaction() as session:
        keys.recovery_sheet(session, "wrong", actor=cast["admin"], now=c.NOW)
    with db.transaction() as session:
        made = keys.recovery_sheet(session, c.PASSWORD, actor=cast["admin"], now=c.NOW)
    page = pypdfium2.PdfDocument(made)[0]
    text = page.get_textpage().get_text_bounded()
    (phrase,) = keys.phrases()
    numbered = "".join(f"{at}{letter}" for at, letter in enumerate(phrase.split(), start=1))
    assert numbered in "".join(text.split())
    assert db.keys().fingerprints[0] in text
    assert "内蒙古自治区人力资源和社会保障厅　打印日期 2024-06-03" in text
    assert ".venv\\Scripts\\python -m core key restore" in text
    assert identity.SYSTEM in text


def test_the_key_may_lie_elsewhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CE_KEY_FILE", str(tmp_path / "usb" / "office.key"))
    (tmp_path / "usb").mkdir()
    db.make_key()
    assert (tmp_path / "usb" / "office.key").exists()
    assert not (home / "secret.key").exists()
    for wrong, words in (("usb", "是一个文件夹，应是密钥文件本身"), ("away/office.key", "away 不存在")):
        monkeypatch.setenv("CE_KEY_FILE", str(tmp_path / wrong))
        assert main(["init", "--schema"]) == 2
        assert words in capsys.readouterr().err
    monkeypatch.setenv("CE_HOME", str(tmp_path / "usb" / "office.key"))
    assert main(["check"]) == 1
    assert "是一个文件，应是数据文件夹" in capsys.readouterr().out


def test_check_names_a_key_that_is_a_folder_once(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    c.assemble()
    monkeypatch.setenv("CE_KEY_FILE", str(office))
    assert main(["check"]) == 1
    assert capsys.readouterr().out.count("是一个文件夹，应是密钥文件本身") == 1
