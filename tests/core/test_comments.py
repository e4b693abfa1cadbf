"""Comments: who writes, who reads, what is internal, what is unread, and what the trail has of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.ground import db, resident_id
from core.ground.access import Refused
from core.submissions import comments
from core.trail import audit
from tests import cast as c


def write(cast: c.Cast, submission_id: int, by: str, words: str = "请补充签到表", **more: Any) -> None:
    with db.transaction() as session:
        comments.write(session, submission_id, words, actor=cast[by], now=c.NOW, **more)


def read(cast: c.Cast, submission_id: int, by: str) -> list[tuple[str, bool, bool]]:
    with db.reading() as session:
        return [(each.words, each.internal, each.unread) for each in comments.of(session, submission_id, cast[by])]


def unread(cast: c.Cast, by: str) -> dict[int, int]:
    with db.reading() as session:
        return comments.unread(session, cast[by])


def test_both_sides_talk_and_the_office_talks_to_itself(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, by="hohhot_base")
    write(cast, plan.id, "hohhot_reviewer", "请补充师资的职称，如" + c.id_number(1))
    write(cast, plan.id, "hohhot_reviewer", "上次也没有写", internal=True)
    write(cast, plan.id, "hohhot_base", "已补充")
    said = f"请补充师资的职称，如{resident_id.mask(c.id_number(1))}"
    assert read(cast, plan.id, "hohhot_base") == [(said, False, True), ("已补充", False, False)]
    assert read(cast, plan.id, "hohhot_reviewer") == [
        (said, False, False),
        ("上次也没有写", True, False),
        ("已补充", False, True),
    ]
    assert [words for words, *_ in read(cast, plan.id, "hohhot_admin")] == [said, "上次也没有写", "已补充"]
    assert [words for words, *_ in read(cast, plan.id, "reviewer")] == [said, "已补充"]  # another office oversees
    assert [unread(cast, by) for by in ("hohhot_base", "hohhot_reviewer", "hohhot_admin", "reviewer", "base")] == [
        {plan.id: 1},
        {plan.id: 1},
        {plan.id: 3},
        {},
        {},
    ]
    with db.transaction() as session:
        for _ in range(2):
            comments.mark_read(session, plan.id, actor=cast["hohhot_admin"], now=c.NOW)
    assert unread(cast, "hohhot_admin") == {}
    write(cast, plan.id, "hohhot_reviewer", "可以了")
    assert unread(cast, "hohhot_admin") == {plan.id: 1}
    assert [each for *_, each in read(cast, plan.id, "hohhot_admin")] == [False, False, False, True]


def test_the_trail_has_a_line_for_each_without_its_words_and_the_base_none_of_the_internal_ones(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    write(cast, plan.id, "base", "何时能审？")
    write(cast, plan.id, "reviewer", "材料可疑", internal=True)

    def lines(by: str) -> list[dict[str, Any]]:
        with db.reading() as session:
            found, _ = audit.history(session, cast[by], record="comment")
        assert "可疑" not in found.to_csv()
        return [json.loads(after) for after in found["after"]]

    assert [line["internal"] for line in lines("admin")] == [True, False]
    assert [line["internal"] for line in lines("base")] == [False]
    assert lines("base")[0] == {"submission": plan.id, "kind": "plan", "internal": False, "length": 5}


def test_a_person_and_the_employers_clerk_talk_about_a_claim(office: str) -> None:
    cast = c.assemble()
    claim = c.waiting(cast, "claim")
    c.give_account(cast, 1, "person")
    write(cast, claim.id, "person", "证书原件可以邮寄")
    write(cast, claim.id, "employer", "单位已核对")
    assert unread(cast, "reviewer") == {claim.id: 2}
    assert [words for words, *_ in read(cast, claim.id, "person")] == ["证书原件可以邮寄", "单位已核对"]
    for by in ("person", "employer"):
        with pytest.raises(Refused, match="role"):
            write(cast, claim.id, by, internal=True)


@pytest.mark.parametrize("words", ["", " \n ", "长" * (comments.LONGEST + 1)])
def test_a_comment_has_words_and_not_too_many(office: str, words: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    now = c.NOW
    assert c.refusal(lambda s: comments.write(s, plan.id, words, actor=cast["base"], now=now)).code == "words"
