"""What somebody typed and did not save is kept for that account alone, and gone once it was saved or thrown away."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Actor, Refused
from core.models import AuditEntry, Unsaved, UnsavedFile
from core.office import retention, unsaved
from core.submissions import forms, reports
from core.tables import reader
from core.trail import files
from core.trail.files import Upload
from tests import cast as c
from tests import ready

TYPED = {"title": "未写完的培训班", "start_on": "2027-03-01", "credit_years": [2026], "note": None}


@pytest.fixture
def cast(office: Path) -> c.Cast:
    return ready.office(c.assemble)


def keep(actor: Actor, values: dict[str, Any], place: str = "plan:new", version: int = 0) -> None:
    with db.transaction() as session:
        unsaved.keep(session, place, values, version=version, actor=actor, now=c.AFTER)


def refused(actor: Actor, values: dict[str, Any], place: str) -> str:
    return c.refusal(lambda s: unsaved.keep(s, place, values, version=0, actor=actor, now=c.AFTER)).code


def kept(actor: Actor, place: str = "plan:new") -> unsaved.Kept | None:
    with db.reading() as session:
        return unsaved.kept(session, place, actor=actor)


@ready.both
def test_typing_comes_back_to_its_account_and_to_no_other(cast: c.Cast) -> None:
    with db.reading() as session:
        lines = session.scalar(sa.select(sa.func.count(AuditEntry.id)))
    keep(cast["base"], {"title": "先写的"})
    keep(cast["base"], TYPED, version=3)
    assert kept(cast["base"]) == unsaved.Kept(TYPED, 3, c.AFTER)
    for name in ("hohhot_base", "admin", "reviewer"):
        assert kept(cast[name]) is None
    with db.transaction() as session:  # nobody throws another's typing away
        unsaved.drop(session, "plan:new", actor=cast["admin"])
        assert unsaved.places(session, cast["base"]) == ["plan:new"]
        assert unsaved.places(session, cast["admin"]) == []
        sealed = session.scalars(sa.select(db.as_kept(Unsaved.typed))).one()
        assert "未写完".encode() not in bytes(sealed)
        assert session.scalar(sa.select(sa.func.count(AuditEntry.id))) == lines  # typing is no deed
        unsaved.drop(session, "plan:new", actor=cast["base"])
    assert kept(cast["base"]) is None


def test_nothing_left_to_keep_forgets_what_was_kept(cast: c.Cast) -> None:
    for place in ("plan:12", "year_summary:new"):
        keep(cast["base"], TYPED, place)
        assert kept(cast["base"], place) == unsaved.Kept(TYPED, 0, c.AFTER)
        keep(cast["base"], {}, place)
        assert kept(cast["base"], place) is None


@pytest.mark.parametrize(
    ("place", "values", "code"),
    [
        ("plan", {"title": ""}, "form"),
        ("Plan:1", {"title": ""}, "form"),
        ("plan:" + "1" * 60, {"title": ""}, "form"),
        ("plan:1", {"__class__; drop": ""}, "form"),
        ("plan:1", {"title": {"nested": 1}}, "form"),
        ("plan:1", {"title": [["nested"]]}, "form"),
        ("plan:1", {"title": b"bytes"}, "form"),
        ("plan:1", {"title": "字" * unsaved.LONGEST}, "long"),
    ],
)
def test_what_no_form_sends_is_refused_and_what_was_kept_stays(
    cast: c.Cast, place: str, values: dict[str, Any], code: str
) -> None:
    keep(cast["base"], TYPED, "plan:1")
    assert refused(cast["base"], values, place) == code
    assert kept(cast["base"], "plan:1") == unsaved.Kept(TYPED, 0, c.AFTER)


@ready.both
def test_two_windows_keep_what_each_changed_and_none_writes_over_what_it_has_not_seen(cast: c.Cast) -> None:
    base = cast["base"]

    def window(values: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
        with db.transaction() as session:
            sent: dict[str, Any] = {"version": 0, "actor": base, "now": c.AFTER}
            return unsaved.keep(session, "plan:new", values, seen=seen, **sent)

    first = window({"title": "甲"}, {})
    assert window({"place": "赤峰"}, {}) == {"title": "甲", "place": "赤峰"}  # the other one saw nothing yet
    assert window({"title": "甲班"}, first) == {"title": "甲班", "place": "赤峰"}
    both = {"title": "甲班", "place": "赤峰"}
    assert window({"title": "乙班", "place": "赤峰", "note": "新"}, {**both, "title": "甲"}) == {**both, "note": "新"}
    assert window({"title": "甲班"}, both) == {"title": "甲班", "note": "新"}  # what one takes back is taken back
    with db.transaction() as session:
        unsaved.move(session, "plan:new", "plan:new-d1", actor=base)
    for again in (
        lambda s: unsaved.keep(s, "plan:new", both, seen=both, version=0, actor=base, now=c.AFTER),
        lambda s: unsaved.move(s, "plan:new", "plan:new-d2", actor=base),
    ):
        assert c.refusal(again).code == "gone"
    assert window({"title": "丙"}, {}) == {"title": "丙"}  # something new


@ready.both
def test_an_account_keeps_so_many_forms_and_is_told(cast: c.Cast) -> None:
    for at in range(unsaved.MOST):
        keep(cast["base"], TYPED, f"plan:{at}")
    assert refused(cast["base"], TYPED, "plan:new") == "many"
    keep(cast["base"], {"title": "再写"}, "plan:0")  # one that is there already may go on
    keep(cast["hohhot_base"], TYPED)


# --- files ------------------------------------------------------------------------------------------------------------

PDF = Upload("培训通知.pdf", b"%PDF-1.4 synthetic")


def choose(actor: Actor, place: str, field: str, upload: Upload = PDF) -> unsaved.Chosen:
    with db.transaction() as session:
        return unsaved.choose(session, place, field, upload, actor=actor, now=c.AFTER)


def not_chosen(actor: Actor, place: str, field: str, upload: Upload = PDF) -> Refused:
    return c.refusal(lambda s: unsaved.choose(s, place, field, upload, actor=actor, now=c.AFTER))


def named(actor: Actor, place: str) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(each.field, each.filename) for each in unsaved.chosen(session, place, actor=actor)]


@ready.both
def test_a_chosen_file_lies_sealed_for_its_account_alone_until_it_is_saved_removed_or_past_its_time(
    cast: c.Cast,
) -> None:
    plan, roster = c.file_plan(cast), Upload(f"{c.id_number(1)}.xlsx", c.sheet([c.row(1)]))
    c.approve(cast, plan.id)
    place, base = f"report:{plan.id}", cast["base"]
    with db.reading() as session:
        lines = session.scalar(sa.select(sa.func.count(AuditEntry.id)))
    choose(base, place, "announcement")
    first = choose(base, place, "roster", roster)
    assert choose(base, place, "roster", roster).id == first.id  # the same once more
    keep(base, {"summary": "写了又删"}, place)
    keep(base, {}, place)  # words that are taken back leave the files
    assert named(base, place) == [("announcement", PDF.filename), ("roster", roster.filename)]
    for name in ("hohhot_base", "admin", "reviewer"):  # nobody else's, by whatever number
        assert named(cast[name], place) == []
        assert c.refusal(lambda s, who=cast[name]: unsaved.upload(s, first.id, actor=who)).code == "missing"
        with db.transaction() as session:
            unsaved.remove(session, first.id, actor=cast[name])
            unsaved.drop(session, place, actor=cast[name])
    with db.transaction() as session:
        assert unsaved.upload(session, first.id, actor=base) == roster
        assert unsaved.places(session, base) == [place]
        sealed = session.scalars(sa.select(db.as_kept(UnsavedFile.filename))).all()
        assert not any(c.id_number(1).encode() in bytes(each) for each in sealed)
        assert session.scalar(sa.select(sa.func.count(AuditEntry.id))) == lines  # choosing is no deed
        lost, later = files.stored, c.AFTER + timedelta(days=3)
        assert (files.faults(session), files.sweep(session, before=datetime.now(UTC) + timedelta(days=1))) == ([], 0)
        assert lost(session.get_one(UnsavedFile, first.id)).content == roster.content
        unsaved.move(session, place, f"{place}-d1", actor=base)
    assert c.refusal(lambda s: unsaved.move(s, f"{place}-d1", "plan:new", actor=base)).code == "form"
    assert choose(base, f"{place}-d1", "roster", Upload("另一份.csv", b"a,b")).id != first.id  # in place of the former
    assert named(base, f"{place}-d1") == [("announcement", PDF.filename), ("roster", "另一份.csv")]
    with db.transaction() as session:
        retention.decide(session, {"unsaved": 30}, actor=cast["admin"], now=c.NOW)
        retention.carry_out(session, now=later)
        assert len(unsaved.chosen(session, f"{place}-d1", actor=base)) == 2
        path = next((db.home() / "files").glob(f"??/{first.sha256}"))
        path.rename(path.with_suffix(".gone"))
        assert files.faults(session) == []  # nobody's any more
        retention.carry_out(session, now=later + timedelta(days=30))
    assert named(base, f"{place}-d1") == []


def test_a_chosen_file_is_missed_where_its_bytes_are_gone(cast: c.Cast) -> None:
    kept_file = choose(cast["employer"], "claim:new-1", "files")
    next((db.home() / "files").glob(f"??/{kept_file.sha256}")).unlink()
    with db.reading() as session:
        (fault,) = files.faults(session)
    assert f"unsaved file {kept_file.id} of account {cast['employer'].account_id}: its file" in fault


def test_no_file_is_taken_by_a_form_that_is_not_ones_own(office: Path) -> None:
    cast = ready.office(c.assemble)
    plan = c.file_plan(cast)
    own = f"report:{plan.id}"
    for by, place, field, code in (
        ("base", own, "summary", "form"),
        ("base", own, "files", "form"),
        ("base", "dispute:new", "files", "form"),
        ("base", "report:new/../../x", "roster", "form"),
        ("base", "report:99999999999", "roster", "form"),
        ("base", "report:x", "roster", "form"),
        ("base", "report:999", "roster", "missing"),
        ("hohhot_base", own, "roster", "missing"),
        ("reviewer", own, "roster", "role"),
        ("base", "claim:new-1", "files", "role"),
        ("base", "plan_table:new", "file", "role"),
    ):
        assert (by, place, field, not_chosen(cast[by], place, field).code) == (by, place, field, code)
    assert not list((office / "files").glob("??/*"))


def test_the_file_of_a_table_to_bring_in_is_kept_for_whoever_has_such_a_page_and_counts_with_the_others(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = ready.office(c.assemble)

    def choosing(by: str, name: str, place: str = "sheet:credits", field: str = "file") -> Any:
        upload = Upload(name, name.encode())
        return lambda s: unsaved.choose(s, place, field, upload, actor=cast[by], now=c.AFTER)

    for name in ("旧.xlsx", "往年学时.xlsx"):  # the later one takes its place
        with db.transaction() as session:
            choosing("reviewer", name)(session)
    with db.transaction() as session:
        choosing("base", "考核.xlsx", "sheet:finish-12")(session)
    with db.reading() as session:
        (found,) = unsaved.chosen(session, "sheet:credits", actor=cast["reviewer"])
        assert unsaved.upload(session, found.id, actor=cast["reviewer"]).content == "往年学时.xlsx".encode()
        assert unsaved.chosen(session, "sheet:credits", actor=cast["admin"]) == []
    for by, place, field, code in (
        ("reviewer", "sheet:credits", "files", "form"),
        ("reviewer", "sheet:../x", "file", "form"),
        ("reviewer", "sheet", "file", "form"),
    ):
        assert c.refusal(choosing(by, "x.xlsx", place, field)).code == code
    assert (
        c.refusal(
            lambda s: unsaved.choose(
                s, "sheet:credits", "file", Upload("空.xlsx", b""), actor=cast["reviewer"], now=c.AFTER
            )
        ).code
        == "file"
    )
    monkeypatch.setattr(unsaved, "MOST_FILES", 1)
    assert "请先保存、导入或移除其中一些" in c.refusal(choosing("reviewer", "又.xlsx", "sheet:results")).words


def packed(name: str, size: int = 1) -> bytes:
    """A workbook with a part of this name, of so many bytes once it is unpacked."""
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(name, bytes(size))
    return book.getvalue()


def test_what_saving_refuses_is_refused_when_it_is_chosen_in_the_same_words(office: Path) -> None:
    cast = ready.office(c.assemble)
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    fields = reports.ReportFields(plan.start_on, plan.end_on, "培训按计划完成。")
    large = bytes(files.LARGEST + 1)
    bomb = packed("xl/a.xml", reader.LARGEST_UNPACKED + 1)
    books = bomb, packed("xl/vbaProject.bin"), b"PK\x03\x04 broken", b"%PDF-1.4", b"<html>", b"", large
    wrong = [("roster", "roster_file", "a.xlsx", content) for content in books]
    wrong += [("announcement", "announcement", name, b"") for name in ("a.exe", "a.pdf")]
    wrong += [("announcement", "announcement", "a.doc", large)]
    for field, name, filename, content in wrong:
        sent: dict[str, Any] = {name: Upload(filename, content), "actor": cast["base"], "now": c.AFTER}
        saved = c.refusal(lambda s, sent=sent: reports.save(s, plan.id, fields, **sent))  # type: ignore[misc]
        refused = not_chosen(cast["base"], f"report:{plan.id}", field, Upload(filename, content))
        assert (refused.code, refused.words) == (saved.code, saved.words)
    picture = Upload("证书.png", b"%PDF-1.4")
    assert "不是PDF、JPG或PNG文件" in not_chosen(cast["employer"], "claim:new-1", "files", picture).words


def test_an_account_keeps_so_many_chosen_files_and_is_told(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = ready.office(c.assemble)

    def given(at: int) -> Upload:
        return Upload(f"{at}.pdf", b"%PDF" + bytes([at]))

    def many(place: str) -> bool:
        return not_chosen(cast["employer"], place, "files", given(99)).code == "many"

    for at in range(forms.MOST_FILES):
        choose(cast["employer"], "claim:new-1", "files", given(at))
    assert many("claim:new-1")
    for name, most in (("MOST_FILES", forms.MOST_FILES), ("MOST_BYTES", 5 * forms.MOST_FILES)):
        with monkeypatch.context() as less:
            less.setattr(unsaved, name, most)
            assert many("claim:new-2")
            choose(cast["employer"], "claim:new-1", "files", given(0))  # one that is there already
            choose(cast["hohhot_employer"], "claim:new-2", "files", given(0))  # nobody else is held up
    choose(cast["employer"], "claim:new-2", "files", given(99))
