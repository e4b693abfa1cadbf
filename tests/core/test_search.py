"""The search box: of everything one may see, by part of a name, by number, by a card's code or a whole ID number."""

from pathlib import Path

import pytest

from core.ground import db
from core.ledger import books
from core.office import search
from core.office.search import Hit
from core.people import accounts
from core.records import cards
from core.submissions import disputes
from tests import cast as c
from tests import ready


def busy() -> c.Cast:
    """One person's hours, a claim and a dispute of the hospital, and a card; Hohhot has another's."""
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]), title="知识更新培训班")
    there = {"by": "hohhot_base", "reviewer": "hohhot_reviewer", "title": "民族医药培训班"}
    c.posted(cast, c.sheet([c.row(5, employer="示例旗蒙古族中学")]), **there)
    c.give_account(cast, 1, "person")
    c.file_claim(cast, 1)
    with db.transaction() as session:
        disputes.file(session, c.person_id(1), 1, 1, words="应为16学时", actor=cast["employer"], now=c.AFTER)
        cards.issue(session, c.person_id(1), 2024, actor=cast["employer"], now=c.AFTER)
    return cast


@pytest.fixture
def cast(database: str) -> c.Cast:
    return ready.office(busy)


def found(cast: c.Cast, by: str, text: str) -> dict[str, list[Hit]]:
    with db.reading() as session:
        return {hits.word: list(hits.hits) for hits in search.search(session, cast[by], text)}


def test_a_name_finds_whatever_is_of_that_person_for_those_who_may_see_it(cast: c.Cast) -> None:
    name = str(c.row(1)[1])
    here = found(cast, "reviewer", name[1:])
    assert list(here) == ["学时折合申报", "学时异议", "人员"]
    assert [(hit.words, hit.state) for hit in here["学时异议"]] == [(name, "待答复")]
    (person,) = here["人员"]
    assert (person.id, person.title) == (c.person_id(1), name)
    assert c.id_number(1) not in str(here)
    assert list(found(cast, "person", name)) == ["学时折合申报", "学时异议", "人员"]
    for other in ("base", "hohhot_reviewer", "hohhot_employer"):
        assert found(cast, other, name) == {}, other


def test_a_training_is_found_with_its_batch_however_it_is_typed(cast: c.Cast) -> None:
    here = found(cast, "reviewer", " 知识 更新")
    assert list(here) == ["培训计划", "培训情况报告", "入账批次"]
    (batch,) = here["入账批次"]
    assert (batch.kind, batch.id, batch.state) == ("batch", 1, "有效")
    assert list(found(cast, "base", "知识更新")) == ["培训计划", "培训情况报告"]
    assert found(cast, "employer", "知识更新") == {}
    long = "知识" * 10_000  # SQLite takes no such pattern
    assert found(cast, "reviewer", long) == {}
    with db.reading() as session:
        assert accounts.listing(session, cast["admin"], text=long).empty
    for nothing in ("", "  ", "%", "没有这样的培训"):
        assert found(cast, "reviewer", nothing) == {}


def test_numbers_find_the_batch_with_what_was_taken_back_the_submission_the_card_and_the_person(cast: c.Cast) -> None:
    with db.transaction() as session:
        books.reverse(session, 1, lines=[2], actor=cast["reviewer"], reason="有误", now=c.AFTER)
        code = cards.issued(session, c.person_id(1), cast["reviewer"])["code"][0]
    for text in ("1", "第１批", "第1号"):
        here = found(cast, "reviewer", text)
        assert [hit.id for hit in here["入账批次"]][-1] == 1
        assert here["入账批次"][0].title.startswith("第3批　冲销第1批")
    (dispute,) = found(cast, "employer", str(c.row(1)[1]))["学时异议"]
    assert [hit.id for hit in found(cast, "employer", f"第{dispute.id}号")["学时异议"]] == [dispute.id]
    (card,) = found(cast, "employer", code.lower())["审验卡"]
    assert (card.id, card.state) == (c.person_id(1), "有效")
    assert found(cast, "hohhot_employer", code) == found(cast, "base", code) == {}
    number = c.id_number(1)
    assert [hit.id for hit in found(cast, "employer", number)["人员"]] == [c.person_id(1)]
    assert list(found(cast, "reviewer", number)) == ["人员"]
    assert found(cast, "base", number) == found(cast, "hohhot_employer", number) == {}
    with db.transaction() as session:
        books.reverse(session, 1, actor=cast["reviewer"], reason="有误", now=c.AFTER)
    assert [hit.state for hit in found(cast, "employer", code)["审验卡"]] == ["已失效"]


def test_of_each_kind_the_newest_few_are_shown_and_more_is_said(office: Path) -> None:
    cast = c.assemble()
    made = [c.file_plan(cast, title=f"第{at}期培训班").id for at in range(7)]
    with db.reading() as session:
        (plans,) = search.search(session, cast["reviewer"], "培训班")
        assert [hit.id for hit in plans.hits] == made[:1:-1]
        assert plans.more
        (plans,) = search.search(session, cast["reviewer"], "第3期")
        assert ([hit.id for hit in plans.hits], plans.more) == ([made[3]], False)
        (places,) = search.search(session, cast["leader"], cast.places["hospital"].name)
    assert [(hit.kind, hit.id) for hit in places.hits] == [("organization", cast.places["hospital"].id)]
