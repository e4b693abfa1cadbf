"""Cards in bulk and the templates they are printed with: one document, resumed after a kill, its maker's alone."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import sqlalchemy as sa
from PIL import Image

from core.ground import db, drawing, signing
from core.ground.access import Refused
from core.models import AuditEntry, Card, CardTemplate, Person, PrintRun
from core.people import keys, setup
from core.records import cards, faces, printing, templates
from core.records.faces import Size
from core.records.printing import Form, Scope
from core.trail.files import Upload
from tests import cast as c

URL = "http://127.0.0.1:8501"
REAL = datetime(2024, 7, 1, 2, 0, tzinfo=UTC)
NAMES = ["额尔敦·巴图", "𠮷示", "阿拉坦其其格·额尔敦巴特尔·乌云塔娜敖登"]


def taught(cast: c.Cast, count: int = 3) -> int:
    """A training of so many people, with hours."""
    rows = [c.row(at, NAMES[at - 1] if at <= len(NAMES) else None) for at in range(1, count + 1)]
    return c.posted(cast, c.sheet(rows)).id


def started(cast: c.Cast, by: str = "employer", form: Form = Form.PDF, **scope: Any) -> PrintRun:
    with db.transaction() as session:
        how: dict[str, Any] = {"size": Size.HALF, "form": form, "words": "示例"}
        return printing.start(session, Scope(2024, **scope), **how, actor=cast[by], now=c.AFTER)


def clock() -> datetime:
    return REAL


def file_of(cast: c.Cast, run: PrintRun, by: str = "employer") -> bytes:
    with db.transaction() as session:
        return printing.taken(session, run.id, actor=cast[by], now=c.AFTER)


def states(cast: c.Cast, by: str = "employer") -> list[tuple[str, int, int]]:
    with db.reading() as session:
        found = printing.runs(session, cast[by], now=c.AFTER)
    return list(found[["state", "done", "left_out"]].itertuples(index=False, name=None))


def text_of(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def test_all_cards_of_a_training_come_as_one_document_or_a_file_each_and_every_one_is_audited(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    report = taught(cast)
    run = started(cast, "base", report_id=report)
    assert states(cast, "base") == [("waiting", 0, 0)]
    assert printing.work(clock) == 1
    assert states(cast, "base") == [("done", 3, 0)]
    pages = text_of(file_of(cast, run, "base"))
    assert len(pages) == 3
    assert not any("/verify" in page for page in pages)  # the office has not said where its codes are answered
    assert all("向核定机关查询" in "".join(page.split()) and "核验页" not in page for page in pages)
    assert all(name in "".join(page.split()) for name, page in zip(NAMES, pages, strict=True))
    monkeypatch.setenv("CE_ADDRESS", "https://hours.example.cn/")
    packed = started(cast, "reviewer", Form.ZIP, text="额尔敦")
    sheets = started(cast, "title", Form.SHEETS, employer="示例市第一医院")
    assert printing.work(clock) == 2
    with zipfile.ZipFile(io.BytesIO(file_of(cast, packed, "reviewer"))) as folder:
        *files, note = folder.namelist()
        assert [name.partition("-")[0] for name in files] == NAMES[::2]
        assert f"导出人：{cast['reviewer'].name}（" in folder.read(note).decode("utf-8-sig")
    pages = text_of(file_of(cast, sheets, "title"))
    assert [page.count("hours.example.cn/verify") for page in pages] == [2, 1]  # two cards on a sheet
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Card.id))) == 3  # those that hold are printed again
        events = session.scalars(sa.select(AuditEntry.event).where(AuditEntry.record == "card")).all()
    assert sorted(events) == ["card.issued"] * 3 + ["card.printed"] * 5


def test_a_run_that_was_killed_goes_on_where_it_was_and_issues_no_card_twice(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = c.assemble()
    monkeypatch.setattr(printing, "AT_ONCE", 2)
    taught(cast, 5)
    run = started(cast)
    with monkeypatch.context() as patch:
        patch.setattr(cards, "keep", killed_at(4, cards.keep))
        with pytest.raises(KeyboardInterrupt):
            printing.work(clock)
    assert states(cast) == [("issuing", 2, 0)]  # what was not committed is not there
    assert printing._claimed(REAL + timedelta(seconds=30)) is None  # it may be at work still
    assert printing.work(lambda: REAL + 2 * printing.SILENT) == 1
    assert states(cast) == [("done", 5, 0)]
    assert len(text_of(file_of(cast, run))) == 5
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Card.id))) == 5
        numbers = session.scalars(sa.select(Card.number)).all()
    assert len(set(numbers)) == 5


def killed_at(number: int, keep: Any) -> Any:
    """A process that ends with its so-manieth card."""
    left = [number]

    def kept(*given: Any) -> Card:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return keep(*given)

    return kept


def test_a_run_is_its_makers_alone_and_reaches_no_further_than_its_maker(office: Path) -> None:
    cast = c.assemble()
    report = taught(cast)
    other = c.posted(
        cast, c.sheet([c.row(9, employer="示例旗蒙古族中学")]), by="hohhot_base", reviewer="hohhot_reviewer"
    )
    run = started(cast)
    printing.work(clock)
    for by in ("reviewer", "hohhot_employer", "base"):
        for act in (printing.taken, printing.stop, printing.once_more):
            refused = c.refusal(lambda session, by=by, act=act: act(session, run.id, actor=cast[by], now=c.AFTER))
            assert refused.code == "missing"
        assert states(cast, by) == []
    for by, scope, code in (
        ("base", {"report_id": other.id}, "empty"),
        ("hohhot_employer", {"report_id": report}, "empty"),
        ("hohhot_base", {}, None),
        ("leader", {}, "role"),
        ("admin", {}, "role"),
    ):
        if code:
            with pytest.raises(Refused, match=code):
                started(cast, by, **scope)
        else:
            assert started(cast, by, **scope).people == 1
    with db.reading() as session:
        assert list(printing.trainings(session, cast["employer"], 2024)["id"]) == [report]
        assert list(printing.trainings(session, cast["base"], 2024)["id"]) == [report]
        assert printing.whose(session, cast["reviewer"], Scope(2024, complete=True)) == []
        everybody = [len(printing.whose(session, cast["employer"], Scope(2023, hours=each))) for each in (True, False)]
        assert everybody == [0, 3]  # who has no hours has no card, and may want an account


def test_whose_card_cannot_be_printed_is_named_with_the_reason_and_the_others_are(office: Path) -> None:
    cast = c.assemble()
    taught(cast)
    run = started(cast)
    with db.transaction() as session:
        session.get_one(Person, c.person_id(2)).name = "杨千\U00030001"
    printing.work(clock)
    assert states(cast) == [("done", 2, 1)]
    with db.reading() as session:
        ((name, reason),) = printing.left_out(session, run.id, cast["employer"]).itertuples(index=False, name=None)
    assert name == "杨千\U00030001"
    assert "（U+30001）无法打印" in reason
    assert len(text_of(file_of(cast, run))) == 2


def test_a_run_prints_no_card_that_was_revoked_and_nobody_who_left_before_it_was_their_turn(office: Path) -> None:
    cast = c.assemble()
    taught(cast, 2)
    started(cast)
    printing.work(clock)
    started(cast)
    with db.transaction() as session:
        (lost,) = session.scalars(sa.select(Card).where(Card.person_id == c.person_id(1)))
        cards.revoke(session, lost.id, why=cards.Why.LOST, actor=cast["reviewer"], now=c.AFTER)
        session.get_one(Person, c.person_id(2)).employer_id = cast["hohhot_employer"].organization_id
    printing.work(clock)
    assert states(cast)[0] == ("done", 1, 1)
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Card.id)).where(Card.person_id == c.person_id(1))) == 2


def test_a_run_is_stopped_and_goes_on_and_its_file_is_made_again_after_a_week(office: Path) -> None:
    cast = c.assemble()
    taught(cast)
    run = started(cast)

    def do(act: Any) -> None:
        with db.transaction() as session:
            act(session, run.id, actor=cast["employer"], now=c.AFTER)

    do(printing.stop)
    assert printing.work(clock) == 0
    assert states(cast) == [("stopped", 0, 0)]
    do(printing.once_more)
    assert printing.work(clock) == 1
    assert printing.sweep(datetime.now(UTC) - printing.KEPT) == 0
    assert printing.sweep(datetime.now(UTC) + timedelta(seconds=1)) == 1
    assert states(cast) == [("expired", 3, 0)]
    with pytest.raises(Refused, match="file"):
        file_of(cast, run)
    do(printing.once_more)
    assert printing.work(clock) == 1
    assert len(text_of(file_of(cast, run))) == 3
    sealed = (db.home() / "printed" / f"{run.id}.sealed").read_bytes()
    assert b"%PDF" not in sealed


def test_a_file_with_a_card_that_holds_no_more_is_refused_and_made_anew_with_another(office: Path) -> None:
    cast = c.assemble()
    taught(cast, 2)
    run = started(cast)
    printing.work(clock)
    with db.transaction() as session:
        system = setup.system_actor(session)
        former = signing.public_keys()[0].fingerprint
        keys.rotate(session, reason="例行更换", actor=cast["admin"], now=c.AFTER)
    assert len(text_of(file_of(cast, run))) == 2
    with db.transaction() as session:
        keys.ask_to_void(session, former, reason="U盘遗失", actor=cast["admin"], now=c.AFTER)
        keys.agree_to_void(session, former, actor=system, now=c.AFTER)
    assert states(cast) == [("stale", 2, 0)]
    with pytest.raises(Refused, match="void"):
        file_of(cast, run)
    with db.transaction() as session:
        printing.once_more(session, run.id, actor=cast["employer"], now=c.AFTER)
    assert printing.work(clock) == 1
    assert states(cast) == [("done", 2, 0)]
    assert len(text_of(file_of(cast, run))) == 2
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Card.id))) == 4


# --- templates ------------------------------------------------------------------------------------------------------


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20)) -> Upload:
    made = io.BytesIO()
    Image.new("RGB", size, (180, 30, 30)).save(made, kind)
    return Upload(f"标志.{kind.lower()}", made.getvalue())


def published(cast: c.Cast, by: str = "admin", version: int = 0, **changes: Any) -> CardTemplate:
    fields = templates.fields_of(faces.BUILT_IN)
    images = {name: changes.pop(name, None) for name in ("logo", "seal")}
    with db.transaction() as session:
        given = templates.TemplateFields(**vars(fields) | changes)
        return templates.publish(session, given, **images, version=version, actor=cast[by], now=c.AFTER)


def printed(card_id: int) -> bytes:
    with db.reading() as session:
        card = session.get_one(Card, card_id)
        return cards.pdf(card, templates.of_card(session, card), verify_url=f"{URL}/verify/{card.code}")


def test_a_template_never_changes_a_card_that_was_issued(database: str) -> None:
    cast = c.assemble()
    taught(cast, 1)

    def issued() -> int:
        with db.transaction() as session:
            return cards.issue(session, c.person_id(1), 2024, actor=cast["reviewer"], now=c.AFTER).id

    plain = issued()
    before = drawing.of_ours(printed(plain), dots=72)
    published(cast, title="继续教育验证卡", sizes=[Size.CARD, Size.A4], logo=templates.picture(picture()))
    second = issued()
    seen = printed(second)
    with db.reading() as session:  # another authority prints the region's words, never its mark
        card, league = session.get_one(Card, second), templates.current(session, cast.places["hohhot"].id)
        assert (league.look.title, league.look.logo) == ("继续教育验证卡", None)
        said = cards.said_by(card)
        theirs = Card(template_id=card.template_id, payload=json.dumps(said | {"office": "某市人力资源和社会保障局"}))
        assert [templates.of_card(session, each).logo is None for each in (card, theirs)] == [False, True]
    published(cast, version=1, title="第二版标题")
    assert drawing.of_ours(printed(plain), dots=72) == before
    assert drawing.of_ours(printed(second), dots=72) == drawing.of_ours(seen, dots=72)
    assert "继续教育验证卡" in text_of(seen)[0]
    assert "第二版标题" in text_of(printed(issued()))[0]
    with db.reading() as session:
        assert session.get_one(Card, second).size == "card"  # the template's usual one
        history = templates.versions(session, cast["admin"])
        assert list(zip(history["version"], history["cards"], strict=True)) == [(2, 1), (1, 1)]
        league = templates.current(session, cast.places["hohhot"].id)
    assert (league.version, league.look.title) == (0, "第二版标题")  # the region's, until it has its own
    published(cast, "hohhot_admin", title="呼和浩特市的卡")
    with db.reading() as session:
        assert templates.current(session, cast.places["hohhot"].id).look.title == "呼和浩特市的卡"
        assert templates.current(session, cast.places["region"].id).look.title == "第二版标题"


def test_a_template_is_refused_with_what_is_wrong_by_field_and_by_whom_it_is_not_for(office: Path) -> None:
    cast = c.assemble()
    for by, changes, code in (
        ("reviewer", {}, "role"),
        ("admin", {"version": 3}, "stale"),
        ("admin", {"title": " "}, "title"),
        ("admin", {"title": "卡" * 31}, "title"),
        ("admin", {"sizes": []}, "sizes"),
        ("admin", {"mongolian": "Монгол бичиг"}, "mongolian"),  # which would lie on its side
        ("admin", {"mongolian": "ᠪᠠᠲᠤ<b>"}, "mongolian"),
        ("admin", {"mongolian": "ᠪᠠᠲᠤ \U00030001"}, "mongolian"),
    ):
        with pytest.raises(Refused) as refused:
            published(cast, by, **changes)
        assert code in (refused.value.code, *refused.value.fields), changes
    assert "U+30001" in refused.value.words  # told before anything is printed, by its code


@pytest.mark.parametrize(
    "upload",
    [
        Upload("标志.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        Upload("标志.png", b'<svg onload="alert(1)"/>'),
        Upload("标志.png", b"\x89PNG\r\n\x1a\n" + b"x" * 60),
        Upload("标志.gif", picture("GIF").content),
        Upload("标志.png", b"x" * (templates.LARGEST + 1)),
        picture(size=(templates.PIXELS + 1, 8)),
    ],
)
def test_only_images_of_pixels_are_taken_as_logo_or_seal(upload: Upload) -> None:
    with pytest.raises(Refused, match="image"):
        templates.picture(upload)


def test_what_is_kept_of_an_image_is_its_pixels_alone() -> None:
    hidden = picture("JPEG", (1800, 900))
    kept = templates.picture(Upload("a.jpg", hidden.content + b"<script>alert(1)</script>"))
    assert b"script" not in kept
    with Image.open(io.BytesIO(kept)) as made:
        assert (made.format, max(made.size)) == ("PNG", templates.KEPT)


def test_the_sample_shows_the_words_of_the_template_and_nobodys_data(office: Path) -> None:
    c.assemble()
    look = templates.look(templates.TemplateFields("示例卡", "说明一", "ᠪᠠᠲᠤ", [Size.A4], True, True))
    made = templates.sample(look, Size.A4, office="示例机关", league=None, year=2024, verify_url=URL)
    (text,) = text_of(made)
    assert "示例卡" in text
    assert "说明一" in text
    assert "公需" in text
    assert json.dumps(text).count("150199********0000") == 1
