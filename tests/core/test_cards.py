"""Cards (审验卡): what they say, who can trust them, and that the printed page shows every name."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db, paper, signing
from core.ground.access import Refused
from core.ledger import books, reliance
from core.models import Card, CardPerson, Person, Source
from core.office import home, messages
from core.records import cards, faces, tokens
from core.records.faces import Look, Size
from core.trail import audit
from core.trail.messages import Topic
from tests import cast as c

URL = "http://127.0.0.1:8501/verify/"


def issued(cast: c.Cast, serial: int = 1, by: str = "reviewer", year: int = 2024) -> Card:
    with db.transaction() as session:
        return cards.issue(session, c.person_id(serial), year, actor=cast[by], now=c.AFTER)


def asked(code: str) -> cards.Verification | None:
    with db.reading() as session:
        return cards.verification(session, code)


def test_a_code_is_known_however_it_was_typed(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    code = issued(cast).code
    full_width = code.translate({sign: sign + 0xFEE0 for sign in range(0x21, 0x7F)})
    dashed = "—".join(code[at : at + 4] for at in range(0, 16, 4))
    scanned = f"https://hours.example.cn/verify/{code}#6BF-*X"
    spoilt = scanned.replace("/", "、").replace("#", "＃").upper()  # by a scanner that types through an input method
    written = (code.lower(), f" {dashed}\u200b", full_width, " ".join(code), dashed.replace("—", " - "))
    printed = tokens.written(code)
    copied = (  # from the card, from the program's message, read out by somebody
        f"2024年度　编号 150000-2024-0000013　验证码 {printed}",
        f"内容与2024-07-01出具的那张相同，没有另出新卡，验证码{printed}，请下载打印。",
        f"code: {printed}",
        f"Code {' '.join(printed.split('-'))}.",
        printed.replace("L", "1"),
    )
    for typed in (*written, scanned, spoilt, *copied):
        assert asked(typed), typed
    assert asked(code[:15]) is None
    assert [tokens.found(each) for each in ("2l34-I678-9ABC-1DEF", "2034-5678-9ABC-DEFG")] == ["2L34L6789ABCLDEF", None]
    assert [tokens.is_number(each) for each in ("150000-2024-0000013", "编号150000 2024 0000013", code)] == [
        True,
        True,
        False,
    ]


def test_a_card_says_what_the_ledger_says_and_is_trailed(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图")]))
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图", professional_hours=7.5)]), title="第二期")
    card = issued(cast)
    said = json.loads(card.payload)
    assert (said["name"], said["id_mask"]) == ("额尔敦·巴图", f"150199********{c.id_number(1)[-4:]}")
    assert [year["year"] for year in said["years"]] == [2022, 2023, 2024]
    required = {"public": "30", "professional": "60", "total": "90"}
    assert said["years"][2] == {
        "year": 2024,
        "hours": {"public": "0", "professional": "31.5", "total": "31.5"},
        "required": required,
        "lacks": "公需差30、专业差28.5、累计差58.5",
        "basis": "依据内人社办发〔2023〕204号 一(一)",
    }
    assert sorted((entry["year"], entry["hours"]) for entry in said["entries"]) == [(2024, "24"), (2024, "7.5")]
    assert said["required"] == required
    assert said["subjects"] == [["public", "公需"], ["professional", "专业"], ["total", "累计"]]
    assert said["issued_on"] == "2024-07-01"
    assert said["title"] == "主治医师"  # the key of every card there is, whatever the field is called in the house
    keys = "code number name id_mask sex employer title since year office basis subjects required years together"
    assert said.keys() == {*keys.split(), "entries", "issued_on"}
    assert c.id_number(1) not in card.payload
    with db.reading() as session:
        line = audit.history(session, cast["admin"], limit=1)[0].iloc[0]
    assert (line["event"], line["record"], line["record_id"]) == ("card.issued", "card", card.id)
    assert line["account"] == cast["reviewer"].name


def test_a_card_is_known_by_its_code_however_it_is_typed(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图")]))
    card = issued(cast, by="employer")
    assert tokens.written(card.code).count("-") == 3
    printed = tokens.written(card.code)
    apart = (f"验证码 {printed}", f"{printed}。", printed.replace("-", "·"), printed.replace("-", "_"))
    for code in (card.code, printed, card.code.lower(), f" {printed.lower()} ", *apart):
        found = asked(code)
        assert found is not None
        assert (found.name, found.year, found.hours[1], found.holds) == ("额*****", 2024, ("专业", 24), True)
        assert c.id_number(1)[-4:] not in str(found)
        assert found.code == tokens.written(card.code)
    other = "2" if card.code[0] != "2" else "3"
    for code in (other + card.code[1:], card.code[:-1], card.code + "2", "", "%" * 16, "赵" * 16, "\x00" * 16):
        assert asked(code) is None


def test_codes_are_sixteen_letters_nobody_mishears(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(at) for at in range(1, 6)]))
    codes = {issued(cast, at).code for at in range(1, 6)}
    assert len(codes) == 5
    assert all(len(code) == 16 and not set(code) & set("01OI") for code in codes)


def altered(card: Card, **values: Any) -> None:
    """Change a card with all the means the program has, guard aside."""
    kind = db.engine().dialect.name
    with db.engine().begin() as connection:
        on = " ON card" if kind == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS card_no_update{on}")
        connection.execute(sa.update(Card).where(Card.id == card.id).values(**values))


def test_a_card_that_was_altered_is_no_card(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(at) for at in range(1, 5)]))
    said, signed, moved, broken = (issued(cast, at) for at in range(1, 5))
    more = said.payload.replace('"professional":"24"', '"professional":"90"')
    assert more != said.payload
    altered(said, payload=more)
    altered(signed, signature=moved.signature)
    altered(moved, signature="no signature")
    assert asked(said.code) is None
    assert asked(signed.code) is None
    assert asked(moved.code) is None
    kind = db.engine().dialect.name
    with db.engine().begin() as connection:
        junk = "x'0011223344'" if kind == "sqlite" else "decode('0011223344', 'hex')"
        connection.exec_driver_sql(f"UPDATE card SET payload = {junk} WHERE id = {broken.id}")
    assert asked(broken.code) is None  # bytes that are not even ours


def test_a_card_whose_hours_are_no_longer_in_the_ledger_says_so(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    card = issued(cast)
    c.posted(cast, c.sheet([c.row(1)]), title="第二期")
    assert asked(card.code).holds  # more hours since then do no harm
    with db.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE credit_total SET hours = 2350")
    found = asked(card.code)
    assert (found.holds, found.hours[1]) == (False, ("专业", 24))
    with db.engine().begin() as connection:
        connection.exec_driver_sql("DELETE FROM credit_total")
    assert asked(card.code).holds is False


def test_a_card_is_refused_without_hours_or_without_the_right_to_it(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    c.give_account(cast, 1, "person")
    who = c.person_id(1)

    def issue(session: Session, by: str, person_id: int = who, year: int = 2024) -> Card:
        return cards.issue(session, person_id, year, actor=cast[by], now=c.AFTER)

    for by, changes, expected in (
        ("reviewer", {"year": 2025}, "empty"),
        ("reviewer", {"year": 2023}, "empty"),
        ("reviewer", {"person_id": 9999}, "missing"),
        ("person", {"person_id": c.person_id(2)}, "missing"),
        ("hohhot_reviewer", {}, "missing"),
        ("hohhot_employer", {}, "missing"),
        ("base", {}, "role"),
        ("leader", {}, "role"),
        ("admin", {}, "role"),
    ):
        assert c.refusal(lambda s, by=by, changes=changes: issue(s, by, **changes)).code == expected
    with db.transaction() as session:
        assert issue(session, "person").person_id == who


def named(cast: c.Cast, name: str) -> None:
    """Somebody with hours who goes by a name, however rosters would have read it."""
    c.posted(cast, c.sheet([c.row(1, employer="示例旗蒙古族中学")]))
    with db.transaction() as session:
        session.get_one(Person, c.person_id(1)).name = name


@pytest.mark.parametrize(
    "name",
    ["额尔敦·巴图", "𠮷示", "𬭎㛃䶮鿍", "杨千𫰡", "ᠪᠠᠲᠤ ᠮᠥᠩᠬᠡ", "Бат Эрдэнэ", "José García"],
)
def test_the_printed_card_shows_every_character(office: Any, name: str) -> None:
    cast = c.assemble()
    named(cast, name)
    card = issued(cast)
    with pypdfium2.PdfDocument(cards.pdf(card, verify_url=URL + card.code)) as document:
        (page,) = document
        text = page.get_textpage().get_text_bounded()
    assert f"姓名 {name} 性别" in text.replace("\r\n", " ")
    assert "示例旗蒙古族中学" in text
    assert asked(card.code).name == name[0] + "*" * (len(name) - 1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("杨千\U00030001", "“杨千\U00030001”中的“\U00030001”（U+30001）无法打印"),
        ("赵\U000f0fff示", "“赵〔U+F0FFF〕示”中的U+F0FFF无法打印"),
        ("赵\ue863", "“赵〔U+E863〕”中的U+E863无法打印"),
    ],
)
def test_a_card_that_could_not_be_printed_whole_is_not_issued(database: str, name: str, words: str) -> None:
    cast = c.assemble()
    named(cast, name)
    refused = c.refusal(lambda session: cards.issue(session, c.person_id(1), 2024, actor=cast["reviewer"], now=c.AFTER))
    assert refused.code == "glyph"
    assert refused.words.startswith(words)
    with db.reading() as session:
        assert session.scalars(sa.select(Card.id)).all() == []
        trail = audit.history(session, cast["admin"], limit=50)[0]
    assert "card.issued" not in set(trail["event"])


def test_a_training_that_no_font_can_name_is_refused_too(office: Any) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]), title="第一期\U00030001班")
    refused = c.refusal(lambda session: cards.issue(session, c.person_id(1), 2024, actor=cast["reviewer"], now=c.AFTER))
    assert "第一期\U00030001班”中的“\U00030001”（U+30001）无法打印" in refused.words


def test_a_card_of_several_years_lists_the_entries_of_all_of_them_and_its_holder_may_have_the_whole_number(
    office: Path,
) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    earlier = [books.Posting(c.person_id(1), 2023, "professional", Decimal(60), c.date(2023, 5, 6))]
    with db.transaction() as session:
        books.post(session, earlier, basis="往年学时", actor=cast["reviewer"], now=c.AFTER)
    c.give_account(cast, 1, "person")

    def made(by: str, **how: Any) -> Card:
        with db.transaction() as session:
            return cards.issue(session, c.person_id(1), 2024, actor=cast[by], now=c.AFTER, **how)

    both = made("person", since=2023, full_id=True, size=Size.CARD)
    said = json.loads(both.payload)
    assert (both.first_year, said["since"], [line["year"] for line in said["years"]]) == (2023, 2023, [2023, 2024])
    assert next((entry["year"], entry["basis"]) for entry in said["entries"]) == (2023, "往年学时")
    assert said["id_number"] == c.id_number(1)
    with pypdfium2.PdfDocument(cards.pdf(both, verify_url=URL)) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert c.id_number(1) in text
    assert "2023—2024年度学时" in text
    alone = made("employer", since=2024)
    assert [line["year"] for line in json.loads(alone.payload)["years"]] == [2024]
    for by, how, code in (
        ("employer", {"full_id": True}, "id"),
        ("person", {"since": 2025}, "years"),
        ("person", {"since": 2012}, "years"),
    ):
        with pytest.raises(Refused) as refused:
            made(by, **how)
        assert refused.value.code == code
    with pytest.raises(Refused, match="id"), db.transaction() as session:
        cards.printed_again(session, both.id, actor=cast["reviewer"], now=c.AFTER)
    with db.transaction() as session:
        assert cards.printed_again(session, both.id, actor=cast["person"], now=c.AFTER).id == both.id


def test_cards_are_numbered_by_office_and_year_with_a_digit_that_notices_a_slip(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    hohhot = c.sheet([c.row(3, employer="示例旗蒙古族中学")])
    c.posted(cast, hohhot, by="hohhot_base", reviewer="hohhot_reviewer")
    numbers = [issued(cast, 1).number, issued(cast, 2).number, issued(cast, 3, by="hohhot_reviewer").number]
    assert [number[:-1] for number in numbers] == ["150000-2024-000001", "150000-2024-000002", "150100-2024-000001"]
    digits = numbers[0].replace("-", "")
    right = [cards._check_digit(digits[:-1])]
    assert right == [int(digits[-1])]
    slips = [digits[:at] + str((int(digits[at]) + 1) % 10) + digits[at + 1 : -1] for at in range(16)]
    assert not [slip for slip in slips if cards._check_digit(slip) == right[0]]


def test_a_card_is_issued_anew_outdated_and_revoked_and_its_history_says_so(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    own = c.give_account(cast, 1, "person")
    first = issued(cast)
    assert issued(cast, by="person").id == first.id  # as long as nothing has changed
    with db.transaction() as session:
        second = cards.issue(session, c.person_id(1), 2024, size=Size.A4, actor=cast["reviewer"], now=c.AFTER)

    def told() -> list[tuple[str, str, str]]:
        with db.reading() as session:
            frame = cards.issued(session, c.person_id(1), cast["reviewer"])
        return list(frame[["state", "follows", "reason"]].itertuples(index=False, name=None))

    assert told() == [("有效", first.number, ""), ("已有新卡", "", "")]
    c.posted(cast, c.sheet([c.row(1)]), title="第二期")
    assert told()[0] == ("学时已增加", first.number, "")

    def revoke(by: str = "reviewer", why: cards.Why = cards.Why.LOST, reason: str = "") -> None:
        with db.transaction() as session:
            cards.revoke(session, second.id, why=why, reason=reason, actor=cast[by], now=c.AFTER)

    for by, why, code in (
        ("employer", cards.Why.LOST, "role"),
        ("hohhot_reviewer", cards.Why.LOST, "missing"),
        ("reviewer", cards.Why.OTHER, "reason"),
    ):
        with pytest.raises(Refused, match=code):
            revoke(by, why)
    revoke()
    with pytest.raises(Refused, match="revoked"):
        revoke()
    assert told() == [("已失效", first.number, "因遗失注销"), ("学时已增加", "", "")]  # the one that still holds
    with db.reading() as session:
        (heard, *_), _ = messages.listing(session, own, now=c.AFTER, topic=Topic.CARD)
        assert (heard.title, heard.words.partition("。")[0]) == ("您的2024年度审验卡已失效", "因遗失注销")
        assert home.home(session, own, now=c.AFTER).void == (("2024年度", "2024-07-01失效：因遗失注销"),)
    found = asked(second.code)
    assert (found.holds, found.revoked.words) == (False, "因遗失注销")
    with pytest.raises(Refused, match="revoked"), db.transaction() as session:
        cards.printed_again(session, second.id, actor=cast["reviewer"], now=c.AFTER)
    with db.reading() as session:
        events = list(audit.history(session, cast["admin"], record="card")[0]["event"])
    assert events == ["card.revoked", "card.issued", "card.printed", "card.issued"]


LONG = "阿拉坦其其格·额尔敦巴特尔·乌云塔娜敖登"
PLACES = "内蒙古自治区示例盟示例旗第一人民医院（示例旗红十字会医院、示例旗急救中心）" * 2


@pytest.mark.parametrize("size", list(Size))
@pytest.mark.parametrize("mongolian", ["", "ᠮᠡᠷᠭᠡᠵᠢᠯ ᠦᠨ ᠲᠧᠬᠨᠢᠭ ᠦᠨ ᠠᠵᠢᠯᠲᠠᠨ ᠤ ᠦᠷᠭᠦᠯᠵᠢᠯᠡᠭᠰᠡᠨ ᠰᠤᠷᠭᠠᠨ"])
def test_nothing_on_a_card_leaves_its_box_or_meets_another(office: Path, size: Size, mongolian: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    with db.transaction() as session:
        person = session.get_one(Person, c.person_id(1))
        person.name, person.employer_name, person.post = LONG, PLACES[:80], "高级工程师（正高级）兼教学研究室主任"
    card = issued(cast)
    look = Look(title="内蒙古自治区专业技术人员继续教育学时审验合格证明卡", mongolian=mongolian)
    sheet = faces.Sheet(size)
    boxes: dict[int, list[tuple[float, float, float, float]]] = {}
    sizes: dict[str, float] = {}
    line, set_upright, turned = paper.Page._line, paper.Page.set_upright, []

    def seen(page: Any, text: str, place: tuple[float, ...], points: float, align: str, colour: Any) -> None:
        x, y, width, height = place
        wide = page.width_of(text, points)
        assert wide <= width + 0.01, text
        left = x + {"L": 0, "C": (width - wide) / 2, "R": width - wide}[align]
        box = (left, y, left + wide, y + height)
        for corner, upper in turned:  # by a quarter, about that corner
            box = (corner - (box[3] - upper), upper + box[0] - corner, corner - (y - upper), upper + box[2] - corner)
        boxes.setdefault(page.page, []).append(box)
        sizes[text.removeprefix("http://")] = points
        line(page, text, place, points, align, colour)

    def upright(page: Any, text: str, box: tuple[float, ...], points: float) -> float:
        turned.append((box[0] + box[2], box[1]))
        try:
            return set_upright(page, text, box, points)
        finally:
            turned.pop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper.Page, "_line", seen)
        patch.setattr(paper.Page, "set_upright", upright)
        faces.draw(sheet, cards.said_by(card), look, size, verify_url=URL + card.code)
        made = bytes(sheet.page.output())
    for found in boxes.values():
        for at, (left, upper, right, lower) in enumerate(found):
            assert 0 <= left <= right <= faces.PAPER[size][0]
            assert 0 <= upper <= lower <= faces.PAPER[size][1]
            for other in found[:at]:
                beside = other[2] <= left + 0.01 or right <= other[0] + 0.01
                assert beside or other[3] <= upper + 0.01 or lower <= other[1] + 0.01, (other, found[at])
    with pypdfium2.PdfDocument(made) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert LONG in text  # whole, although it is set in lines
    assert "150199********" + c.id_number(1)[-4:] in text  # in one line
    assert "127.0.0.1:8501/verify" in text
    assert min(sizes["127.0.0.1:8501/verify"], sizes[cards.said_by(card)["id_mask"]]) >= 6


@pytest.mark.parametrize(("size", "right"), [(Size.HALF, 201.0), (Size.A4, 193.0)])
def test_a_card_of_many_years_has_its_foot_on_its_first_page_tables_as_wide_as_the_paper_and_a_small_file(
    office: Path, monkeypatch: pytest.MonkeyPatch, size: Size, right: float
) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    said = dict(cards.said_by(issued(cast)))
    said["years"] = [said["years"][-1] | {"year": year} for year in range(2013, 2025)]
    said["entries"] = [
        said["entries"][-1] | {"year": 2013 + at % 12, "basis": f"{PLACES[at % 9 :][:60]}第{at}期"} for at in range(45)
    ]
    ends, row = set(), faces._Large._row
    monkeypatch.setattr(
        faces._Large,
        "_row",
        lambda face, cells, widths, *how: ends.add(round(face.left + sum(widths), 2)) or row(face, cells, widths, *how),
    )
    sheet = faces.Sheet(size)
    look = Look(mongolian="ᠮᠡᠷᠭᠡᠵᠢᠯ ᠦᠨ ᠲᠧᠬᠨᠢᠭ")
    faces.draw(sheet, said, look, size, verify_url=URL)
    made = sheet.page.signed(c.AFTER, "出具审验卡")
    assert len(made) < 60_000
    assert ends == {right}  # beside the Mongolian line and on the pages that have none
    with pypdfium2.PdfDocument(made) as document:
        first, *further = (page.get_textpage().get_text_bounded() for page in document)
    assert "（盖章处）" in first
    assert not any("（盖章处）" in each for each in further)


def test_a_year_of_many_trainings_prints_on_several_pages(office: Any) -> None:
    cast = c.assemble()
    for number in range(12):
        c.posted(cast, c.sheet([c.row(1, professional_hours=2)]), title=f"第{number}期" + "很长的培训名称" * 12)
    made = cards.pdf(issued(cast), verify_url=URL)
    assert made.count(b"/Type /Page\n") > 1


def test_a_card_holds_no_longer_once_its_hours_are_undone(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图")]))
    card = issued(cast)
    before = asked(card.code)
    assert before is not None
    assert before.holds
    with db.transaction() as session:
        books.reverse(session, 1, actor=cast["reviewer"], reason="重复登记", now=c.AFTER)
    after = asked(card.code)
    assert after is not None
    assert not after.holds


def test_a_card_that_shows_a_subject_deemed_done_says_so_and_holds_no_longer_once_that_is_undone(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图", professional_hours=8)]))
    who, day = c.person_id(1), c.date(2024, 5, 6)
    exam = books.Posting(who, 2024, "professional", Decimal(), day, source=Source.QUALIFICATION, deemed=True)
    with db.transaction() as session:
        books.post(session, [exam], basis="一级建造师", actor=cast["reviewer"], now=c.AFTER)
    card = issued(cast)
    said = json.loads(card.payload)
    assert said["years"][2]["deemed"] == ["professional"]
    assert said["years"][2]["lacks"] == "公需差30、累计差30"
    assert sorted(entry["hours"] for entry in said["entries"]) == ["8", "视同完成"]
    assert cards.pdf(card, verify_url=URL + card.code).startswith(b"%PDF")
    found = asked(card.code)
    assert found is not None
    assert found.holds
    with db.transaction() as session:
        books.reverse(session, 2, actor=cast["reviewer"], reason="证书有误", now=c.AFTER)
    found = asked(card.code)
    assert found is not None
    assert not found.holds
    assert [entry["hours"] for entry in json.loads(issued(cast).payload)["entries"]] == ["8"]


def reverse(cast: c.Cast, batch_id: int, **more: Any) -> int:
    with db.transaction() as session:
        now = c.AFTER + timedelta(days=2)
        return books.reverse(session, batch_id, actor=cast["reviewer"], reason="重复登记", now=now, **more)[0].id


def listed(cast: c.Cast, serial: int, by: str = "reviewer") -> list[tuple[str, str]]:
    with db.reading() as session:
        frame = cards.issued(session, c.person_id(serial), cast[by])
    return [
        (code, reason if on is None else f"{on} {reason}")
        for code, on, reason in frame[["code", "revoked_on", "reason"]].itertuples(index=False, name=None)
    ]


def at_stake(cast: c.Cast, batch_id: int, lines: list[int]) -> int:
    with db.rehearsal() as session:
        return books.foreseen(session, batch_id, lines=lines, actor=cast["reviewer"], now=c.AFTER).cards_revoked


def test_a_reversal_revokes_the_cards_of_those_people_and_years_and_says_why_and_when(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2), c.row(3)]))
    earlier = [
        books.Posting(c.person_id(1), year, "professional", Decimal(60), c.date(year, 5, 6)) for year in (2021, 2023)
    ]
    with db.transaction() as session:
        books.post(session, earlier, basis="往年学时", actor=cast["reviewer"], now=c.AFTER)
    first, second, third = (issued(cast, serial) for serial in (1, 2, 3))
    before = issued(cast, 1, year=2023)
    assert at_stake(cast, 1, [1, 2]) == 2
    back = reverse(cast, 1, lines=[1, 2])
    assert [asked(card.code).holds for card in (first, second, third, before)] == [False, False, True, True]
    for card in (first, second):
        found = asked(card.code)
        assert found is not None
        assert found.revoked == reliance.Revocation(c.date(2024, 7, 3), "冲销第1批：重复登记")
    assert asked(third.code).revoked is None
    with db.reading() as session:
        assert reliance.revoked(session, back) == 2
    # More hours do not bring a revoked card back; a new one holds.
    c.posted(cast, c.sheet([c.row(1), c.row(2)]), title="重新登记")
    assert asked(first.code).revoked is not None
    again = issued(cast, 1)
    assert asked(again.code).holds
    words = "2024-07-03 冲销第1批：重复登记"
    assert listed(cast, 1) == [
        (tokens.written(card.code), said) for card, said in ((again, ""), (before, ""), (first, words))
    ]
    # A card shows the two years before its own as well: what is taken back there revokes it too, and no other.
    assert (at_stake(cast, 2, [1]), at_stake(cast, 2, [2])) == (1, 2)  # what is revoked already is at stake no more
    back = reverse(cast, 2, lines=[2])
    assert [asked(card.code).holds for card in (again, before)] == [False, False]
    with db.reading() as session:
        assert reliance.revoked(session, back) == 2  # the first was revoked before
    # What was posted after a card and taken back again never concerned it.
    c.posted(cast, c.sheet([c.row(3)]), title="登记后又冲销")
    assert at_stake(cast, 6, [1]) == 0
    reverse(cast, 6)
    assert asked(third.code).holds


def test_a_persons_cards_are_listed_for_whoever_may_look_the_person_up(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    card = issued(cast)
    c.give_account(cast, 1, "person")
    for by in ("reviewer", "leader", "employer", "person"):
        assert listed(cast, 1, by) == [(tokens.written(card.code), "")]
    for by, code in (("hohhot_reviewer", "missing"), ("hohhot_employer", "missing"), ("base", "role")):
        with pytest.raises(Refused, match=code):
            listed(cast, 1, by)


def test_no_card_is_issued_for_a_year_with_nothing_left_standing(office: Path) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    reverse(cast, 1, lines=[1])
    who = c.person_id(1)
    refused = c.refusal(lambda s: cards.issue(s, who, 2024, actor=cast["reviewer"], now=c.AFTER))
    assert refused.code == "empty"
    assert json.loads(issued(cast, 2).payload)["entries"][0]["hours"] == "24"
    c.posted(cast, c.sheet([c.row(1, professional_hours=8)]), title="第二期")
    assert [entry["hours"] for entry in json.loads(issued(cast, 1).payload)["entries"]] == ["8"]


def test_a_card_issued_when_there_were_two_subjects_is_read_verified_and_printed_as_before(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1, "额尔敦·巴图")]))
    years = [{"year": year, "public": "0", "professional": "0", "total": "0", "lacks": ""} for year in (2022, 2023)]
    lacks = "公需差30、专业差36、累计差66"
    years.append({"year": 2024, "public": "0", "professional": "24", "total": "24", "lacks": lacks})
    said = json.loads(issued(cast).payload)
    said |= {"code": "2" * 16, "years": years, "required": {"public": "30", "professional": "60", "total": "90"}}
    text = db.canonical({key: value for key, value in said.items() if key not in ("subjects", "together")})
    old = Card(
        code="2" * 16,
        person_id=c.person_id(1),
        year=2024,
        first_year=2022,
        payload=text,
        signature=signing.signer().sign(text.encode()).hex(),
        issued_at=c.AFTER,
        batch_id=1,
    )
    with db.transaction() as session:
        session.add(old)
        session.flush()
        session.add(CardPerson(card_id=old.id, person_id=old.person_id))
    found = asked(old.code)
    assert found is not None
    assert (found.holds, found.hours) == (True, (("公需", 0), ("专业", 24), ("累计", 24)))
    assert cards.pdf(old, verify_url=URL + old.code).startswith(b"%PDF")
    reverse(cast, 1)
    found = asked(old.code)
    assert found is not None
    assert not found.holds
    assert found.revoked is not None
