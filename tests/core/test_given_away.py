"""Nothing given away (不泄露): all that a role is shown of somebody, taken together, completes no masked number."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import openpyxl
import pandas as pd
import pypdfium2
import pytest
import sqlalchemy as sa

from core.ground import db, paper, resident_id, taken
from core.ground.access import Actor, OrganizationKind, Refused, Role
from core.ledger import statements
from core.models import Base, Organization, Person, Plan, Submission
from core.office import calendar, chronicle, home, messages, search
from core.people import acts, persons
from core.records import cards, privacy, shortfalls
from core.submissions import queues, reports
from core.tables import sheets
from core.trail import audit
from tests import cast as c
from tests.core.test_checking import asked


def deed(act: Callable[[Any], Any]) -> Any:
    with db.transaction() as session:
        return act(session)


def fitting(text: str, sex: str = "") -> int:
    """How many ID numbers fit all that a text says of one person: its masks, days, years and decades of birth, sex.

    A day stands for a birth wherever it is said to be one; the numbers are tried, not computed.
    """
    mask = re.search(r"(\d{6})\*{8}(\d{3}[\dX])", text)
    if mask is None:
        return 500  # no last four: a day of birth and the sex leave five hundred
    first, last = date(1925, 1, 1), date(2024, 12, 31)
    if said := re.search(r"(\d{4})年代生", text):
        first, last = date(int(said[1]), 1, 1), date(int(said[1]) + 9, 12, 31)
    if said := re.search(r"(?<!\d)(19\d\d)-?(\d\d)-?(\d\d)(?!\d)", text):
        first = last = date(*map(int, said.groups()))
    days = (first + timedelta(days=at) for at in range((last - first).days + 1))
    numbers = (f"{mask[1]}{day:%Y%m%d}{mask[2]}" for day in days)
    return sum(
        resident_id.check_digit(each[:17]) == each[17] for each in numbers if not sex or resident_id.sex(each) == sex
    )


@pytest.mark.parametrize("tail", ["0012", "8820", "123X", "9991"])
def test_a_decade_leaves_some_hundreds_of_numbers_to_a_mask_and_a_day_leaves_one(tail: str) -> None:
    for decade in range(1930, 2010, 10):
        assert fitting(f"150199********{tail} {decade}年代生") >= resident_id.LEAST
    right = next(
        day
        for day in (date(1985, 3, 1) + timedelta(days=at) for at in range(60))
        if resident_id.check_digit(f"150199{day:%Y%m%d}{tail[:3]}") == tail[3]
    )
    assert fitting(f"150199********{tail} {right}") == 1


def everything(cast: c.Cast, by: str, person_id: int) -> Iterator[tuple[str, str]]:
    """All that a role is shown of somebody, by where it stands; what it may not see is refused and no part of it."""
    actor = cast[by]
    with db.reading() as s:
        name = s.get_one(Person, person_id).name
    asked: dict[str, Callable[[Any], Any]] = {
        "lookup": lambda s: persons.find(s, actor, text=name)[0],
        "people": lambda s: shortfalls.shortfalls(s, actor, 2024)[0],
        "history": lambda s: acts.history(s, person_id, actor),
        "record": lambda s: resident_id.about(persons.one(s, person_id, actor).birth_on),
        "duplicates": lambda s: acts.duplicates(s, person_id, actor),
        "seen": lambda s: privacy.seen_by(s, person_id, actor),
        "search": lambda s: str(search.search(s, actor, name)),
        "trail": lambda s: audit.history(s, actor, limit=None)[0],
        "roster": lambda s: reports.rows(s, 2, actor),
        "card": lambda s: cards.issued(s, person_id, actor),
        "sentences": lambda s: chronicle.history(s, actor, limit=None)[0],
        "messages": lambda s: str(messages.listing(s, actor, now=c.AFTER, limit=None)),
        "home": lambda s: str(home.home(s, actor, now=c.AFTER)),
        "desk": lambda s: str(queues.queue(s, actor, limit=None)[0].to_dict("records")),
        "batch": lambda s: statements.lines(s, 1, actor)[0],
        "calendar": lambda s: calendar.ics(
            s.get_one(Organization, actor.organization_id), calendar.events(s, actor, now=c.AFTER), now=c.AFTER
        ).decode(),
    }
    for place, question in asked.items():
        try:
            with db.reading() as s:
                found = question(s)
        except Refused:
            continue
        if isinstance(found, pd.DataFrame):
            lines = [" ".join(map(str, line)) for line in found.itertuples(index=False)]
            yield place, " ".join(line for line in lines if name in line or "name" not in found.columns)
        else:
            yield place, str(found)


BORN = date(1985, 8, 30)


@pytest.fixture
def known(office: None) -> tuple[c.Cast, int]:
    """Somebody posted, corrected, merged, with a card; the number's birth date is no day of anything else."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    who = c.person_id(1)
    with db.reading() as s:
        version = s.get_one(Person, who).version
    number = c.id_number(31, BORN)
    proof = c.Upload("证明150199198508308820.pdf", b"%PDF-1.4 synthetic")
    deed(
        lambda s: acts.correct(
            s,
            who,
            name=c.row(1)[1],
            id_number=number,
            evidence=proof,
            version=version,
            actor=cast["reviewer"],
            reason=f"原号码错，应为{number}",
            now=c.AFTER,
        )
    )
    deed(lambda s: cards.issue(s, who, 2024, actor=cast["reviewer"], now=c.AFTER))
    return cast, who


def test_all_that_a_role_sees_of_somebody_leaves_some_hundreds_of_numbers(known: tuple[c.Cast, int]) -> None:
    cast, who = known
    number = c.id_number(31, BORN)
    for by in cast.actors:
        told = dict(everything(cast, by, who))
        assert not [place for place, text in told.items() if number in text]
        whole = " ".join(told.values())
        assert not re.search(r"1985-?(08|8)-?30|1985年", whole), by
        if number[-4:] in whole:
            assert (
                fitting(f"{resident_id.mask(number)} {' '.join(re.findall('....年代生', whole)[:1])}")
                >= resident_id.LEAST
            )


def test_a_whole_number_leaves_on_its_holders_own_card_alone(known: tuple[c.Cast, int]) -> None:
    cast, who = known
    number = c.id_number(31, BORN)
    own = replace(cast["employer"], role=Role.PERSON, person_id=who)
    whole = deed(lambda s: cards.issue(s, who, 2024, full_id=True, actor=own, now=c.AFTER))
    masked = deed(lambda s: cards.issue(s, who, 2024, actor=cast["employer"], now=c.AFTER))
    printed = {}
    for card in (whole, masked):
        with pypdfium2.PdfDocument(cards.pdf(card, verify_url=f"http://office/verify/{card.code}")) as document:
            printed[card.code] = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert [number in printed[card.code] for card in (whole, masked)] == [True, False]
    for by in cast.actors:
        assert not [place for place, text in everything(cast, by, who) if number in text], by
    with pytest.raises(Refused, match="id"):
        deed(lambda s: cards.printed_again(s, whole.id, actor=cast["reviewer"], now=c.AFTER))
    token = deed(lambda s: calendar.subscribe(s, actor=cast["reviewer"], now=c.AFTER))
    paths = [f"verify/{whole.code}", f"verify/{masked.code}", ".well-known/card-status", f"calendar/{token}.ics"]
    for path in paths:
        answer = asked(f"/{path}")
        assert answer.status_code == 200, path
        assert number not in answer.text, path


def test_a_number_typed_anywhere_is_masked_before_it_is_kept_in_clear(known: tuple[c.Cast, int]) -> None:
    number = c.id_number(31, BORN)
    written = [
        number,
        f"{number[:6]} {number[6:14]} {number[14:]}",
        f"{number[:4]}-{number[4:8]}-{number[8:12]}-{number[12:16]}-{number[16:]}",
    ]
    for each in written:
        assert resident_id.without(f"原号码{each}有误") == f"原号码{resident_id.mask(number)}有误"
    digest = f"{'ab' * 8}{number[:6]}{number[8:14]}{number[14:17]}c{number}f{'0a' * 6}"
    assert resident_id.without(digest) == digest
    kept = "证书 1501991985083099 号，20240101 20240102，账号 6222020200112233445"
    assert resident_id.without(kept) == kept
    assert Submission(title="一\n二\x07\x1b[31m").title == "一 二 [31m", "a title is one line"
    assert Plan(content="一\n二").content == "一\n二"
    with db.reading() as s:
        for table in Base.metadata.sorted_tables:
            for line in s.execute(sa.select(*map(db.as_kept, table.c))):
                assert number not in str(tuple(line)), table.name


def test_what_is_taken_away_says_who_took_it_and_when_and_a_blank_page_of_a_card_does_not() -> None:
    actor = Actor(1, "赵示&一", Role.REVIEWER, 1, "示例市人社局", OrganizationKind.LEAGUE_HR)
    with taken.by(actor, c.AFTER):
        books = sheets.workbook(["姓名"], [["钱示二"]]), sheets.marked({"name": "姓名"}, [], [], title="名单")
        footed, card = paper.Page("摘要"), paper.Page(None)
    whose, when = "赵示&一（示例市人社局，审核员）", f"{c.AFTER.astimezone(db.OFFICE_ZONE):%Y-%m-%d %H:%M}"
    for content, notes in zip(books, (["导出说明"], []), strict=True):  # what comes back holds no further sheet
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert book.properties.creator == whose
        assert when in book.properties.description
        assert whose.replace("&", "&&") in str(book.worksheets[0].oddFooter.left.text)
        assert book.sheetnames[1:] == notes
    assert [line[0] for line in openpyxl.load_workbook(io.BytesIO(books[0]))["导出说明"].values][:2] == [
        f"导出人：{whose}",
        f"导出时间：{when}",
    ]
    for page in (footed, card):
        page.add_page()
    footed.add_page()
    out, clean = bytes(footed.output()), bytes(card.output())
    with pypdfium2.PdfDocument(out) as document:
        told = [page.get_textpage().get_text_bounded() for page in document]
    assert all(f"{whose}　导出时间：{when}" in text for text in told)
    assert ("赵示&amp;一".encode() in out, "赵示".encode() in clean) == (True, False), "in the properties (XMP)"
    assert openpyxl.load_workbook(io.BytesIO(sheets.workbook(["姓名"], []))).sheetnames == ["数据"], "of the console"


def test_who_saw_a_number_and_why_is_shown_to_the_person(known: tuple[c.Cast, int]) -> None:
    cast, who = known
    deed(lambda s: persons.reveal_id(s, who, actor=cast["title"], reason="核对纸质证书", now=c.AFTER))
    with db.reading() as s:
        (line,) = privacy.seen_by(s, who, cast["reviewer"]).to_dict("records")
        assert (line["account_name"], line["organization"], line["reason"]) == (
            cast["title"].name,
            cast["title"].organization_name,
            "核对纸质证书",
        )
        own = replace(cast["employer"], role=Role.PERSON, person_id=who)
        told = json.loads(privacy.own_data(s, actor=own, now=c.AFTER))
        assert told["基本信息"]["身份证号"] == c.id_number(31, BORN)
        assert [each["学时"] for each in told["学时记录"]] == ["24"]
        assert told["谁看过我的完整身份证号"][0]["事由"] == "核对纸质证书"
        assert (len(told["审验卡"]), len(told["信息变更"])) == (1, 1)
        with pytest.raises(Refused, match="role"):
            privacy.own_data(s, actor=cast["reviewer"], now=c.AFTER)
        with pytest.raises(Refused, match="missing"):
            privacy.seen_by(s, who, cast["hohhot_reviewer"])
