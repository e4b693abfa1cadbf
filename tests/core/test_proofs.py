"""Proofs of an entry: they hold without the database, and nothing in them can be changed unseen."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.ground import db, signing
from core.ground.access import Refused
from core.ground.db import canonical
from core.ledger import books
from core.ledger.standing import Standing
from core.models import Person
from core.records import proofs
from core.trail import audit
from tests import cast as c
from tests import ready


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(two_batches)


def two_batches() -> c.Cast:
    """Five people with the hours of one training, the first of them with an account and those of a second one."""
    made = c.assemble()
    c.posted(made, c.sheet([c.row(serial) for serial in range(1, 6)]))
    c.posted(made, c.sheet([c.row(1, professional_hours=7.5)]), title="第二期")
    c.give_account(made, 1, "person")
    return made


def issued(cast: c.Cast, batch: int = 1, line: int = 1, by: str = "reviewer") -> bytes:
    with db.transaction() as session:
        return proofs.issue(session, batch, line, actor=cast[by], now=c.AFTER)


def altered(content: bytes, change: Callable[[dict[str, Any]], None], *, sign: bool = False) -> bytes:
    """A proof with its statement changed; signed anew by the office itself where that is asked for."""
    given = copy.deepcopy(json.loads(content))
    change(given["statement"])
    if sign:
        given["signature"] = signing.signer().sign(canonical(given["statement"]).encode()).hex()
    return json.dumps(given, ensure_ascii=False).encode()


def test_every_entry_has_a_proof_that_holds_without_the_database(
    cast: c.Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = [issued(cast, 1, line) for line in range(1, 6)] + [issued(cast, 2, 1)]
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/nothing/here.db")
        for content in files:
            assert proofs.faults(content) == []
    assert [len(json.loads(content)["statement"]["path"]) for content in files] == [3, 3, 3, 3, 1, 0]
    said = proofs.read(files[5])
    assert (said.year, said.subject, said.hours, said.batch, said.line) == (2024, "专业科目", "7.5", 2, 1)
    assert (said.id_mask, said.standing) == (f"150199********{c.id_number(1)[-4:]}", "stands")
    assert c.id_number(1) not in files[5].decode()


def entry(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda statement: statement["entry"].update(changes)


def batch(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda statement: statement["batch"].update(changes)


def own(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda statement: statement.update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (entry(hours=9000), "校验树"),
        (entry(person_id=2), "校验树"),
        (entry(line=2), "校验树"),
        (entry(batch_id=2), "校验树"),
        (batch(entries=6), "链值"),
        (batch(root="00" * 32), "校验树"),
        (batch(posted_at="2023-06-03T01:00:00+00:00"), "链值"),
        (batch(posted_at="2034-06-03T01:00:00+00:00"), "晚于"),
        (own(previous="00" * 32), "链值"),
        (own(chain="00" * 32), "链值"),
        (own(path=[]), "校验树"),
        (own(path=["zz"]), "校验树"),
        (own(name="他人"), None),
        (own(standing="reversed"), None),
    ],
)
def test_whatever_is_changed_breaks_the_signature_and_the_ledgers_figures_also_the_tree(
    cast: c.Cast, change: Callable[[dict[str, Any]], None], words: str | None
) -> None:
    content = issued(cast)
    assert any("签名不符" in each for each in proofs.faults(altered(content, change)))
    found = proofs.faults(altered(content, change, sign=True))
    assert any(words in each for each in found) if words else found == []  # the rest is the office's own word


def test_only_the_offices_key_opens_it(cast: c.Cast) -> None:
    content = issued(cast)
    assert proofs.faults(content, key=proofs.public_key()) == []
    assert proofs.faults(content, key="d7" * 32) != []
    for key in ("", "zz", "00"):
        if key:
            with pytest.raises(Refused, match="key"):
                proofs.faults(content, key=key)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"%PDF-1.4",
        b'{"statement":{"form":"x"},"signature":""}',
        b"[" * 100_000,
        b" " * 2_000_000,
    ],
)
def test_what_is_no_proof_is_called_so(content: bytes) -> None:
    with pytest.raises(Refused, match="file"):
        proofs.read(content)


def test_a_proof_says_that_the_hours_were_taken_back(cast: c.Cast) -> None:
    with db.transaction() as session:
        books.reverse(session, 2, actor=cast["reviewer"], reason="重复", now=c.AFTER)
    assert proofs.read(issued(cast, 2, 1)).standing == "reversed"
    assert proofs.read(issued(cast, 3, 1)).standing == "takes_back"


@ready.both
def test_how_a_proven_entry_stands_by_now_is_known_by_its_batch_line_and_chain_alone(cast: c.Cast) -> None:
    first, second = issued(cast, 1, 1), issued(cast, 1, 2)

    def now(content: bytes) -> proofs.Today | None:
        with db.reading() as session:
            return proofs.today(session, content)

    assert now(first) == proofs.Today(Standing.STANDS)
    with db.transaction() as session:
        books.reverse(session, 1, lines=[1], actor=cast["reviewer"], reason="重复", now=c.AFTER)
    assert now(first) == proofs.Today(Standing.REVERSED, 3, db.office_day(c.AFTER))
    assert now(second) == proofs.Today(Standing.STANDS)
    assert now(issued(cast, 3, 1)) == proofs.Today(Standing.TAKES_BACK)
    assert now(altered(first, own(chain="00" * 32), sign=True)) is None
    assert now(altered(first, entry(line=2))) is None
    assert now(altered(first, entry(batch_id=99), sign=True)) is None


@ready.both
def test_no_proof_is_given_of_what_was_altered(cast: c.Cast) -> None:
    c.behind_our_back("credit_entry", "UPDATE credit_entry SET hours = 900 WHERE batch_id = 1 AND line = 5")
    refused = c.refusal(lambda s: proofs.issue(s, 1, 1, actor=cast["reviewer"], now=c.AFTER))
    assert refused.code == "altered"
    assert proofs.faults(issued(cast, 2, 1)) == []


def test_a_proof_is_for_whoever_may_have_the_card_and_is_trailed(cast: c.Cast) -> None:
    for by in ("reviewer", "title", "employer", "person"):
        assert proofs.faults(issued(cast, by=by)) == []
    for by, line, code in (
        ("leader", 1, "role"),
        ("base", 1, "role"),
        ("hohhot_reviewer", 1, "missing"),
        ("person", 2, "missing"),
        ("reviewer", 6, "missing"),
    ):
        refused = c.refusal(lambda s, by=by, line=line: proofs.issue(s, 1, line, actor=cast[by], now=c.AFTER))
        assert refused.code == code, by
    with db.reading() as session:
        trail, count = audit.history(session, cast["admin"], event=audit.Event.PROOF_ISSUED)
    assert count == 4
    assert json.loads(trail["after"][0])["line"] == 1


def test_the_command_checks_a_proof(cast: c.Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "入账证明.json"
    path.write_bytes(issued(cast))
    assert main(["proof", str(path)]) == 0
    said = capsys.readouterr()
    assert "学时\t24\n" in said.out
    assert proofs.public_key() in said.err
    assert main(["proof", str(path), "--key", "d7" * 32]) == 1
    path.write_bytes(altered(path.read_bytes(), entry(hours=9000)))
    assert main(["proof", str(path)]) == 1
    assert "签名不符" in capsys.readouterr().err
    path.write_bytes(b"x")
    assert main(["proof", str(path)]) == 2
    assert main(["proof", str(tmp_path / "none.json")]) == 2


def test_an_elsewhere_without_a_key_asks_for_one_and_leaves_nothing_behind(
    cast: c.Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key, path = proofs.public_key(), tmp_path / "入账证明-1-1.json"
    path.write_bytes(issued(cast))
    elsewhere = tmp_path / "elsewhere"
    db.close()
    monkeypatch.setenv("CE_HOME", str(elsewhere))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["proof", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "--key" in said.err
    assert "签名不符" not in said.err
    assert main(["proof", str(path), "--key", key]) == 0
    said = capsys.readouterr()
    assert "出具时间\t2024-07-01 09:00\n" in said.out
    assert not elsewhere.exists()


def test_the_printed_page_is_told_to_be_the_wrong_file_and_names_the_right_one(
    office: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    path = tmp_path / "入账证明-1-1.pdf"
    path.write_bytes(proofs.pdf(issued(cast)))
    assert main(["proof", str(path)]) == 2
    assert "附件栏" in capsys.readouterr().err
    assert proofs.filename(1, 1).encode("utf-16-be").hex().encode() in path.read_bytes()


def test_a_proof_whose_page_could_not_be_printed_whole_is_not_issued(cast: c.Cast) -> None:
    with db.transaction() as session:
        session.get_one(Person, c.person_id(1)).name = "杨千\U00030001"
    refused = c.refusal(lambda session: proofs.issue(session, 1, 1, actor=cast["reviewer"], now=c.AFTER))
    assert refused.code == "glyph"
    assert refused.words.startswith("“杨千\U00030001”中的“\U00030001”（U+30001）无法打印")
    assert proofs.pdf(issued(cast, 1, 2)).startswith(b"%PDF")


def test_the_printed_proof_carries_its_file(office: Any) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图")]))
    content = issued(cast)
    made = proofs.pdf(content)
    assert made.startswith(b"%PDF")
    assert b"EmbeddedFile" in made
