"""Messages inside: every deed is told to those it concerns and to nobody else, once, in its own transaction."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.ground import db
from core.ground.access import Refused
from core.ledger import books
from core.models import Message, State
from core.office import home, messages
from core.submissions import comments, plans
from core.submissions.kinds import KINDS
from core.submissions.workflow import Action
from core.trail.messages import Topic
from tests import cast as c
from tests import ready
from tests.cast import Cast


def told(cast: Cast, by: str, **asked: Any) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(line.topic.value, line.title) for line in messages.listing(session, cast[by], now=c.AFTER, **asked)[0]]


def unread(cast: Cast, by: str) -> int:
    with db.reading() as session:
        return messages.unread(session, cast[by], now=c.AFTER)


def decide(cast: Cast, submission_id: int, action: Action, reason: str = "", by: str = "reviewer") -> None:
    with db.transaction() as session:
        version = c.workflow.one(session, submission_id, cast[by]).version
        step = {"version": version, "actor": cast[by], "reason": reason, "now": c.AFTER}
        c.workflow.move(session, submission_id, action, **step)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_filed_is_told_to_who_decides_it_and_what_came_of_it_to_who_filed_it(office: object, kind: str) -> None:
    cast = ready.office(c.assemble)
    filed = c.waiting(cast, kind)
    topic, title = told(cast, "reviewer")[0]
    assert (topic, title.endswith(f"：{filed.title}")) == ("filed", True)
    assert told(cast, "hohhot_reviewer") == []
    filer = c.filer_of(kind)
    before = len(told(cast, filer))
    decide(cast, filed.id, Action.RETURN, "请补充")
    (topic, title), *_ = told(cast, filer)
    assert (topic, filed.title in title, len(told(cast, filer))) == ("returned", True, before + 1)
    with db.reading() as session:
        newest = messages.listing(session, cast[filer], now=c.AFTER)[0][0]
    assert (newest.words, newest.record, newest.record_id, newest.unread) == ("请补充", kind, filed.id, True)
    with db.transaction() as session:  # opening it is reading what was told of it
        found = messages.unread_of(session, [filed.id], cast[filer])
        assert newest.id in found
        assert messages.unread_of(session, [filed.id + 1], cast[filer]) == []
        messages.read(session, found, actor=cast[filer])
        assert messages.unread_of(session, [filed.id], cast[filer]) == []
    decide(cast, filed.id, Action.UNDO)
    back, to = KINDS[kind].word_for(State.RETURNED), KINDS[kind].word_for(State.SUBMITTED)
    assert f"{back}已撤销，回到{to}：" in told(cast, filer)[0][1]


def test_hours_are_told_to_the_person_alone_and_a_reversal_to_the_base_as_well(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    c.give_account(cast, 1, "person")
    week = {"start_on": c.PLAN.start_on - timedelta(days=5), "end_on": c.PLAN.end_on - timedelta(days=5)}
    report = c.posted(cast, c.sheet([c.row(1)]), title="第二期培训", **week)
    assert told(cast, "person") == [("hours", "有学时登记到您名下")]
    with db.reading() as session:
        batch = session.scalar(sa.text("SELECT id FROM credit_batch WHERE submission_id = :id"), {"id": report.id})
    with db.transaction() as session:
        books.reverse(session, batch, actor=cast["reviewer"], reason="登记有误", now=c.AFTER)
    assert told(cast, "person")[0] == ("hours", "您的学时有冲销")
    assert told(cast, "base")[0] == ("hours", "1笔学时已冲销：第二期培训")
    with db.reading() as session:
        assert not [title for title in session.scalars(sa.select(Message.title)) if c.id_number(1) in title]


def test_read_marks_are_each_accounts_own_and_quiet_topics_are_not_counted(database: str) -> None:
    cast = c.assemble()
    for title in ("甲班", "乙班", "丙班"):
        c.file_plan(cast, title=title)
    assert (unread(cast, "reviewer"), unread(cast, "reviewer2"), unread(cast, "base")) == (3, 3, 0)
    with db.reading() as session:
        assert home.counts(session, cast["reviewer"], now=c.AFTER) == {"plan": 3, "message": 3}
        newest = messages.listing(session, cast["reviewer"], now=c.AFTER, limit=1)[0][0].id
    with db.transaction() as session:
        messages.read(session, [newest, 10**6], actor=cast["reviewer"])
        messages.read(session, [newest], actor=cast["reviewer"])  # twice is once
        messages.read(session, [newest], actor=cast["base"])  # not its own: nothing
    assert (unread(cast, "reviewer"), unread(cast, "reviewer2")) == (2, 3)
    assert len(told(cast, "reviewer", only_unread=True)) == 2
    with db.transaction() as session:
        messages.read_all(session, actor=cast["reviewer"])
        messages.choose(session, quiet=[Topic.FILED], mail="", actor=cast["reviewer2"])
    assert (unread(cast, "reviewer"), unread(cast, "reviewer2")) == (0, 0)
    assert len(told(cast, "reviewer2", topic=Topic.FILED)) == 3
    with db.transaction() as session, pytest.raises(Refused) as refused:
        messages.choose(session, quiet=[], mail="no address", actor=cast["reviewer"])
    assert refused.value.code == "mail"


def test_a_comment_is_told_to_the_other_side_and_an_internal_one_to_the_own_office(office: object) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    for words, internal, by in (("请补充师资", False, "reviewer"), ("已补", False, "base"), ("内部", True, "reviewer")):
        with db.transaction() as session:
            comments.write(session, plan.id, words, internal=internal, actor=cast[by], now=c.NOW)
    with db.reading() as session:
        seen = {
            by: [
                (line.words, line.record, line.record_id)
                for line in messages.listing(session, cast[by], now=c.AFTER, topic=Topic.COMMENTED)[0]
            ]
            for by in ("base", "reviewer", "reviewer2", "hohhot_reviewer")
        }
    at = ("plan", plan.id)
    assert seen == {
        "base": [("请补充师资", *at)],
        "reviewer": [("已补", *at)],
        "reviewer2": [("内部", *at), ("已补", *at)],
        "hohhot_reviewer": [],
    }


def test_an_extension_is_told_to_its_base_and_a_refused_deed_to_nobody(office: object) -> None:
    cast = c.assemble()
    late = c.NOW + timedelta(days=(c.PLAN.start_on - c.TODAY).days - 3)
    with db.transaction() as session:
        plan = plans.draft(session, c.PLAN, actor=cast["base"], now=c.NOW)
    with pytest.raises(Refused), db.transaction() as session:
        plans.grant_extension(session, plan.id, actor=cast["admin"], reason="", now=late)
    assert told(cast, "base") == []
    with db.transaction() as session:
        plans.grant_extension(session, plan.id, actor=cast["admin"], reason="急需", now=late)
    assert told(cast, "base") == [("extended", f"已准予延期上报：{plan.title}")]
