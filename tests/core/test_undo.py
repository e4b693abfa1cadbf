"""Undoing one's own decision: while nothing has relied on it, and so that everything can be done again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.eligibility import answers, decisions
from core.ground import db
from core.ledger import books, checks, statements
from core.ledger.consequences import Consequence
from core.models import CreditBatch, Report, State, Submission
from core.records import cards, proofs
from core.submissions import disputes, plans, queues, reports, workflow
from core.submissions.workflow import Action, Remark
from core.tables import mending
from tests import cast as c

LATER = c.AFTER + timedelta(days=1)


def moving(
    cast: c.Cast, submission_id: int, action: Action, by: str, now: Any, **said: Any
) -> Callable[[Session], Any]:
    def deed(session: Session) -> Consequence:
        version = session.scalar(sa.select(Submission.version).where(Submission.id == submission_id))
        act: Any = {"version": version, "actor": cast[by], "now": now} | said
        told = workflow.foreseen(session, submission_id, action, **act)
        assert workflow.move(session, submission_id, action, **act)[1] == told
        return told

    return deed


def move(cast: c.Cast, submission_id: int, action: Action, by: str = "reviewer", now: Any = LATER, **said: Any) -> Any:
    with db.transaction() as session:
        return moving(cast, submission_id, action, by, now, **said)(session)


def undoing(cast: c.Cast, submission_id: int, by: str = "reviewer", now: Any = LATER) -> Callable[[Session], Any]:
    return moving(cast, submission_id, Action.UNDO, by, now)


def state(submission_id: int) -> tuple[State, int, bool]:
    with db.reading() as session:
        found = session.get_one(Submission, submission_id)
        return found.state, found.stage, found.decided_at is not None


def sums(cast: c.Cast, serial: int) -> Any:
    with db.reading() as session:
        assert checks.faults(session) == []
        return c.totals(session, c.person_id(serial), [2024]).loc[0, "professional"]


def test_a_plan_waits_again_until_its_report_is_begun_or_it_has_started(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    for action in (Action.APPROVE, Action.REJECT, Action.RETURN):
        move(cast, plan.id, action, now=c.NOW, reason="核对")
        assert c.refusal(undoing(cast, plan.id, "reviewer2", c.NOW)).code == "jurisdiction"
        told = move(cast, plan.id, Action.UNDO, now=c.NOW)
        assert told.words == f"撤销“{state_before(action).label}”，回到待审"
        assert state(plan.id) == (State.SUBMITTED, 0, False)
        with db.reading() as session:
            assert queues.queue(session, cast["reviewer"], state=State.SUBMITTED, own=True)[1] == 1
    move(cast, plan.id, Action.APPROVE, now=c.NOW)
    assert "已于2024-06-24开始" in c.refusal(undoing(cast, plan.id, now=c.AFTER - timedelta(days=7))).words
    with db.transaction() as session:
        fields = reports.ReportFields(plan.start_on, plan.end_on, "完成")
        reports.save(session, plan.id, fields, actor=cast["base"], now=c.AFTER)
    assert "已经填写这期培训的报告" in c.refusal(undoing(cast, plan.id, now=c.NOW)).words


def state_before(action: Action) -> State:
    return {Action.APPROVE: State.APPROVED, Action.REJECT: State.REJECTED, Action.RETURN: State.RETURNED}[action]


def returned_and_changed(cast: c.Cast, plan_id: int) -> None:
    """A plan that came back for its headcount, which its base has changed since."""
    move(cast, plan_id, Action.RETURN, now=c.NOW, remarks=[Remark("people", "headcount")])
    with db.transaction() as session:
        fields: Any = {**vars(plans.fields_of(session.get_one(plans.Plan, plan_id))), "headcount": 30}
        version = session.scalar(sa.select(Submission.version).where(Submission.id == plan_id))
        plans.revise(session, plan_id, plans.PlanFields(**fields), version=version, actor=cast["base"], now=c.NOW)


def test_a_return_stands_once_the_base_has_changed_anything_or_filed_again(office: Path) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    returned_and_changed(cast, plan.id)
    assert c.refusal(undoing(cast, plan.id, now=c.NOW)).code == "relied"
    move(cast, plan.id, Action.SUBMIT, "base", c.NOW)
    assert c.refusal(undoing(cast, plan.id, now=c.NOW)).code == "move"


def test_a_return_that_was_undone_is_no_return(office: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    returned_and_changed(cast, plan.id)
    move(cast, plan.id, Action.SUBMIT, "base", c.NOW)

    def listed() -> tuple[list[str | int], list[str]]:
        with db.reading() as session:
            asked, changed = (ask(session, plan.id, cast["base"]) for ask in (workflow.remarks, workflow.changes))
        return [each.place for each in asked], [each.place for each in changed]

    before = listed()
    assert before == (["headcount"], ["headcount"])
    for action in (Action.RETURN, Action.APPROVE):
        move(cast, plan.id, action, now=c.NOW, reason="点错了")
        move(cast, plan.id, Action.UNDO, now=c.NOW)
        assert listed() == before


def test_what_was_posted_is_taken_back_and_posted_again(database: str) -> None:
    cast = c.assemble()
    report = c.posted(cast, c.sheet([c.row(1), c.row(2), c.row(3)]))
    told = move(cast, report.id, Action.UNDO, reason="看错了名单")
    assert (told.people, told.hours, told.cards_revoked) == (3, -72, 0)
    assert told.words.startswith("撤销“通过”，回到待审，收回3人的72学时")
    assert sums(cast, 1) == 0
    with db.reading() as session:
        assert reports.standing(session, session.get_one(Report, report.id)) is None
        assert session.scalars(sa.select(CreditBatch.basis)).all()[-1] == "冲销第1批：撤销通过：看错了名单"
    told = move(cast, report.id, Action.APPROVE, remarks=[Remark("attendance", 4)])  # the second person's row
    assert (told.people, told.sent_back) == (2, 1)
    assert (sums(cast, 1), sums(cast, 2)) == (24, 0)
    with db.reading() as session:
        assert reports.standing(session, session.get_one(Report, report.id)) == "stands"
        frame, _ = queues.queue(session, cast["reviewer"], kinds=("report",))
        assert list(frame["standing"]) == ["stands"]
    move(cast, report.id, Action.UNDO)
    with db.reading() as session:
        kept = session.get_one(Report, report.id)
        assert (kept.people, kept.hours, kept.faults) == (3, 72, 0)
    # Returned after all, the roster is another one; what was posted of it and taken back stays told.
    move(cast, report.id, Action.RETURN, reason="名单有误")
    with db.transaction() as session:
        change = mending.Change(4, "professional_hours", "24", "16")
        reports.repair(session, report.id, [change], actor=cast["base"], now=LATER)
        reports.strike(session, report.id, 5, actor=cast["base"], now=LATER)
    move(cast, report.id, Action.SUBMIT, "base")
    told = move(cast, report.id, Action.APPROVE)
    assert (told.people, told.hours) == (2, 40)
    assert [sums(cast, serial) for serial in (1, 2, 3)] == [24, 16, 0]
    with db.reading() as session:
        entries = statements.entries(session, c.person_id(1))
        assert sorted(entries["hours"]) == [-24, -24, 24, 24, 24]
        assert len(reports.rows(session, report.id, cast["base"])) == 2
        assert reports.unregistered(session, session.get_one(Report, report.id)) == []


def test_a_claim_is_granted_again(office: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    claim = c.file_claim(cast, 1, activity="技能培训")
    c.grant(cast, claim.id, now=LATER)
    assert sums(cast, 1) == 64
    move(cast, claim.id, Action.UNDO)
    assert sums(cast, 1) == 24
    c.grant(cast, claim.id, 8, now=LATER)
    assert sums(cast, 1) == 32
    with db.reading() as session:
        frame, _ = queues.queue(session, cast["reviewer"], kinds=("claim",))
        assert list(frame["standing"]) == ["stands"]


def card(session: Session, cast: c.Cast) -> None:
    cards.issue(session, c.person_id(1), 2024, actor=cast["reviewer"], now=LATER)


def decision(session: Session, cast: c.Cast) -> None:
    form = {"year": 2024, "route": "职称评审", "level": "高级"}
    batch = answers.applications_of(session, cast["title"], form)
    decisions.decide(session, batch, actor=cast["title"], now=LATER)


def dispute(session: Session, cast: c.Cast) -> None:
    disputes.file(session, c.person_id(1), 1, 1, words="没有参加", actor=cast["employer"], now=LATER)


def proof(session: Session, cast: c.Cast) -> None:
    proofs.issue(session, 1, 2, actor=cast["reviewer"], now=LATER)


def reversal(session: Session, cast: c.Cast) -> None:
    books.reverse(session, 1, lines=[1], actor=cast["reviewer"], reason="有误", now=LATER)


RELYING: dict[str, tuple[Callable[[Session, c.Cast], None], str]] = {
    "a card": (card, "已有人凭这些学时打印审验卡，不能再撤销。学时有误的，请在“入账批次与冲销”中冲销第1批。"),
    "a decision": (decision, "已有资格核验结论可能用到这些学时"),
    "a dispute": (dispute, "已有人对其中的学时提出异议"),
    "a proof": (proof, "已有人就其中的学时打印入账证明"),
    "a reversal": (reversal, "已有学时冲销"),
}


@pytest.mark.parametrize("what", RELYING)
def test_what_somebody_relied_on_is_only_reversed(office: Path, what: str) -> None:
    cast = c.assemble()
    report = c.posted(cast, c.sheet([c.row(1), c.row(2)]))
    relying, words = RELYING[what]
    with db.transaction() as session:
        relying(session, cast)
    refused = c.refusal(undoing(cast, report.id))
    assert refused.code == "relied"
    assert refused.words.startswith(words)


def test_an_answer_that_took_hours_back_stands_and_another_one_is_undone(office: str) -> None:
    cast = c.assemble()
    for action, code in ((Action.REJECT, "done"), (Action.APPROVE, "relied")):
        made = c.waiting(cast, "dispute")
        move(cast, made.id, action, reason="核对签到表")
        if code == "done":
            move(cast, made.id, Action.UNDO)
            assert state(made.id)[0] is State.SUBMITTED
            move(cast, made.id, Action.REJECT, reason="仍不成立")
        else:
            assert c.refusal(undoing(cast, made.id)).code == code


def test_a_report_stands_once_it_is_supplemented(office: str) -> None:
    cast = c.assemble()
    report = c.posted(cast, c.sheet([c.row(1), c.row(2, id_number="1501")]))
    with db.transaction() as session:
        reports.supplement(session, report.id, actor=cast["base"], now=LATER)
    assert "开始补报" in c.refusal(undoing(cast, report.id)).words


@pytest.mark.parametrize("action", [Action.APPROVE, Action.RETURN])
def test_a_decision_of_the_last_stage_waits_there_again(office: str, action: Action) -> None:
    cast = c.assemble()
    made = c.waiting(cast, "toy")
    move(cast, made.id, Action.APPROVE, now=c.NOW)
    move(cast, made.id, action, "reviewer2", c.NOW, reason="核对")
    move(cast, made.id, Action.UNDO, "reviewer2", c.NOW)
    assert state(made.id) == (State.SUBMITTED, 1, False)
    assert "入选" in move(cast, made.id, Action.APPROVE, now=c.NOW).words
