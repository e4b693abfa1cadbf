"""What is worth a look before a decision, for every kind; what may be approved among many; a base's record."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.ground import db
from core.ground.access import Refused
from core.ledger import books
from core.models import State, Submission
from core.submissions import queues, reports, workflow
from core.submissions.kinds import KINDS
from core.submissions.workflow import Action
from tests import cast as c


def warned(cast: c.Cast, submission_id: int, by: str = "reviewer") -> list[str]:
    with db.reading() as session:
        found = workflow.warnings(session, submission_id, cast[by])
        assert not any(each.blocking for each in found)
        aside = workflow.aside(session, submission_id, cast[by])
        assert [each.words for each in found] == [each for each in aside if not each.startswith(("“通过”须", "须确认"))]
    return [each.code for each in found]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_is_worth_a_look(office: str, kind: str) -> None:
    cast = c.assemble()
    waiting = c.waiting(cast, kind)
    with db.reading() as session:
        workflow.warnings(session, waiting.id, cast["reviewer"])
        with pytest.raises(Refused, match="missing"):
            workflow.warnings(session, waiting.id, cast["hohhot_reviewer"])


def test_a_plan_is_held_against_the_other_plans_of_its_base(office: Path) -> None:
    cast = c.assemble()
    first = c.file_plan(cast, headcount=20)
    assert warned(cast, first.id) == []
    for month in (7, 8, 9):
        days: Any = {"start_on": date(2024, month, 1), "end_on": date(2024, month, 2), "hours_each": Decimal(16)}
        c.approve(cast, c.file_plan(cast, headcount=10 * month, **days).id)
    again = c.file_plan(cast, title="同期班", headcount=181, start_on=date(2024, 6, 26), end_on=date(2024, 6, 28))
    assert warned(cast, again.id) == ["same-days"]
    days = {"start_on": date(2024, 10, 9), "end_on": date(2024, 10, 10), "hours_each": Decimal(16)}
    assert warned(cast, c.file_plan(cast, headcount=181, **days).id) == ["unusual-headcount"]
    assert warned(cast, c.file_plan(cast, by="hohhot_base", headcount=999).id, "hohhot_reviewer") == []


def test_a_report_without_a_warning_may_be_approved_among_many_and_one_with_one_may_not(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, headcount=2)
    c.approve(cast, plan.id)
    plain = c.file_report(cast, plan, c.sheet([c.row(1), c.row(2)]))
    assert warned(cast, plain.id) == []
    second = c.file_plan(cast, title="第二期", headcount=4)
    c.approve(cast, second.id)
    rows = [c.row(1), c.row(3), c.row(4, id_number="1501"), c.row(5, professional_hours=0, assessment="不合格")]
    faulty = c.file_report(cast, second, c.sheet(rows))
    assert warned(cast, faulty.id) == ["faults", "idle", "two-places"]
    with db.reading() as session:
        wanted = queues.Wanted(("report",), State.SUBMITTED, own=True)
        rows_ = queues.listed(session, wanted, actor=cast["reviewer"], now=c.NOW)
        lines = [row.line for row in queues.hinted(session, rows_, cast["reviewer"], c.NOW)]
    assert [line.size for line in lines] == ["名单2人", "名单4人"]
    assert [[mark.word for mark in line.marks] for line in lines] == [["提示1"], ["错误1", "提示2"]]
    c.approve(cast, plain.id, now=c.AFTER)
    with db.reading() as session:
        assert workflow.aside(session, plain.id, cast["reviewer"]) == ["现在的状态是“通过”"]  # it waits no more


def test_one_whose_notice_is_gone_is_marked_and_breaks_no_list(office: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = c.assemble()
    c.file_plan(cast)

    def gone(*_given: object) -> None:
        raise Refused("policy", "没有适用的通知。")

    monkeypatch.setattr(type(KINDS["plan"]), "warnings", gone)
    with db.reading() as session:
        rows = queues.listed(session, queues.Wanted(state=State.SUBMITTED), actor=cast["reviewer"], now=c.NOW)
        (row,) = queues.hinted(session, rows, cast["reviewer"], c.NOW)
    assert [mark.word for mark in row.line.marks] == ["提示1"]


def test_a_claim_is_held_against_the_persons_other_studies(office: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    training = {"start_on": date(2024, 6, 24), "completed_on": date(2024, 6, 28), "activity": "技能培训"}
    claim = c.file_claim(cast, 1, title="同期证书", **training)
    assert warned(cast, claim.id) == ["beside"]
    granted = c.file_claim(cast, 1, start_on=date(2024, 3, 4), completed_on=date(2024, 3, 8), title="春季研修班")
    assert warned(cast, granted.id) == ["grant"]
    assert warned(cast, granted.id, "employer") == []  # what else there is, is the reviewer's to know


def test_a_bases_record_is_told_to_those_who_may_see_it(database: str) -> None:
    cast = c.assemble()
    report = c.posted(cast, c.sheet([c.row(1)]))
    late = c.draft_report(cast, c.sheet([c.row(2)]), title="逾期班")
    with db.transaction() as session:
        act: Any = {"actor": cast["base"], "now": c.AFTER + timedelta(days=30), "reason": "讲师生病"}
        version = session.get_one(Submission, late.id).version
        workflow.move(session, late.id, Action.SUBMIT, version=version, **act)
    with db.transaction() as session:
        act = {"actor": cast["reviewer"], "now": c.AFTER, "reason": "有误"}
        version = session.get_one(Submission, late.id).version
        workflow.move(session, late.id, Action.RETURN, version=version, **act)
        books.reverse(session, 1, **act)
    assert report.id
    c.file_plan(cast, title="未审")

    def record(by: str) -> tuple[int, ...]:
        with db.reading() as session:
            return astuple(reports.record_of(session, cast["base"].organization_id, cast[by]))

    assert record("reviewer") == (3, 2, 2, 1, 1, 1, 0, 1)
    assert record("base") == record("leader") == record("reviewer")
    for by in ("hohhot_reviewer", "hohhot_base", "employer"):
        with pytest.raises(Refused, match="missing"):
            record(by)
