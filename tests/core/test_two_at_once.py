"""Two people at the same moment: one is done, the other is told, nothing happens twice and nobody waits for ever."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused, Role
from core.law.notices import Subject
from core.ledger import books, checks
from core.ledger.books import Posting
from core.models import Account, CreditBatch, CreditEntry, Movement, Person, Report, State
from core.people import accounts, persons
from core.records import cards
from core.submissions import plans, reports, workflow
from core.submissions.workflow import Action
from core.trail import audit, files
from core.trail.files import Upload
from tests import cast as c


def stands() -> None:
    with db.reading() as session:
        assert [*checks.faults(session), *audit.faults(session)] == []


def kinds(found: list[object]) -> list[str]:
    """How each of several deeds ended: "done", a refusal's code, or what went wrong."""
    for one in found:
        if isinstance(one, Exception) and not isinstance(one, Refused):
            raise one
    return sorted(one.code if isinstance(one, Refused) else "done" for one in found)


def moving(cast: c.Cast, submission_id: int, action: Action, by: str, reason: str = "") -> Callable[[Session], object]:
    """A move by somebody who looked at the submission as it is now."""
    with db.reading() as session:
        version = workflow.one(session, submission_id, cast[by]).version
    return lambda session: workflow.move(
        session, submission_id, action, version=version, actor=cast[by], reason=reason, now=c.AFTER
    )


def test_two_reviewers_approve_one_report_and_its_hours_are_posted_once(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, c.sheet([c.row(serial) for serial in range(1, 21)]))
    found = c.at_once(*[moving(cast, report.id, Action.APPROVE, by) for by in ("reviewer", "reviewer2")])
    assert kinds(found) == ["done", "stale"]
    told = next(one.words for one in found if isinstance(one, Refused))
    assert "：通过）" in told
    assert "没有执行" in told
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditBatch)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditEntry)) == 20
        assert session.scalar(sa.select(sa.func.count()).where(Movement.action == "approve")) == 2  # plan, report
        assert c.totals(session, c.person_id(1)).loc[0, "professional"] == 24
    stands()


def test_one_approves_and_the_other_rejects_a_plan_and_only_one_of_both_holds(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, start_on=c.TODAY + timedelta(60), end_on=c.TODAY + timedelta(62))
    found = c.at_once(
        moving(cast, plan.id, Action.APPROVE, "reviewer"),
        moving(cast, plan.id, Action.REJECT, "reviewer2", "超出范围"),
        moving(cast, plan.id, Action.WITHDRAW, "base"),
    )
    assert kinds(found) == ["done", "stale", "stale"]
    with db.reading() as session:
        assert len(workflow.trail(session, plan.id, cast["reviewer"])) == 2
        assert workflow.one(session, plan.id, cast["reviewer"]).state in (
            State.APPROVED,
            State.REJECTED,
            State.WITHDRAWN,
        )
    stands()


def test_a_plan_is_not_approved_as_something_else_than_the_reviewer_saw(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, start_on=c.TODAY + timedelta(60), end_on=c.TODAY + timedelta(62))
    approve = moving(cast, plan.id, Action.APPROVE, "reviewer")
    fields = plans.fields_of(plan)
    with db.transaction() as session:  # meanwhile the base takes it back, makes it larger and files it again
        workflow.move(session, plan.id, Action.WITHDRAW, version=plan.version, actor=cast["base"], now=c.NOW)
        seen = workflow.one(session, plan.id, cast["base"]).version
        fields = c.replace(fields, headcount=6000)
        revised = plans.revise(session, plan.id, fields, version=seen, actor=cast["base"], now=c.NOW)
        workflow.move(session, plan.id, Action.SUBMIT, version=revised.version, actor=cast["base"], now=c.NOW)
    assert c.refusal(approve).code == "stale"
    assert c.refusal(lambda s: plans.revise(s, plan.id, fields, version=1, actor=cast["base"], now=c.NOW)).code in (
        "state",
        "stale",
    )


def test_two_clerks_change_one_draft_and_the_slower_is_told(database: str) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        plan = plans.draft(session, c.PLAN, actor=cast["base"], now=c.NOW)

    def revise(title: str) -> Callable[[Session], object]:
        fields = c.replace(c.PLAN, title=title)
        return lambda s: plans.revise(s, plan.id, fields, version=plan.version, actor=cast["base"], now=c.NOW)

    assert kinds(c.at_once(revise("甲班"), revise("乙班"))) == ["done", "stale"]


def test_two_bases_file_their_plans_at_once(database: str) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        drafts = {by: plans.draft(session, c.PLAN, actor=cast[by], now=c.NOW) for by in ("base", "hohhot_base")}

    def submit(by: str) -> Callable[[Session], object]:
        plan = drafts[by]
        return lambda s: workflow.move(s, plan.id, Action.SUBMIT, version=plan.version, actor=cast[by], now=c.NOW)

    assert kinds(c.at_once(*map(submit, drafts))) == ["done", "done"]
    stands()


def test_two_clerks_start_the_report_of_one_plan_and_there_is_one_report(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    fields = reports.ReportFields(plan.start_on, plan.end_on, "按计划完成")
    content = Upload("a.xlsx", c.sheet([c.row(1), c.row(2)]))

    def save(session: Session) -> object:
        return reports.save(session, plan.id, fields, roster_file=content, actor=cast["base"], now=c.AFTER)

    assert kinds(c.at_once(save, save)) == ["done", "done"]
    with db.reading() as session:
        assert [report.people for report in session.scalars(sa.select(Report))] == [2]
    stands()


def test_eight_reports_are_approved_at_once_and_books_and_chain_stand(database: str) -> None:
    cast = c.assemble()
    waiting = []
    for number in range(8):
        by, reviewer = ("base", "reviewer") if number % 2 else ("hohhot_base", "hohhot_reviewer")
        plan = c.file_plan(cast, by=by, title=f"第{number}期")
        c.approve(cast, plan.id, by=reviewer)
        people = [c.row(1), *[c.row(10 * number + serial) for serial in range(2, 7)]]  # all share one person
        waiting.append((c.file_report(cast, plan, c.sheet(people), by=by).id, reviewer))
    found = c.at_once(*[moving(cast, report_id, Action.APPROVE, by) for report_id, by in waiting])
    assert kinds(found) == ["done"] * 8
    with db.reading() as session:
        assert session.scalars(sa.select(CreditBatch.id).order_by(CreditBatch.id)).all() == list(range(1, 9))
        assert c.totals(session, c.person_id(1)).loc[0, "professional"] == 8 * 24
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 1 + 8 * 5
    stands()


def test_hours_posted_from_eight_sides_add_up(database: str) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        facts = [persons.PersonFacts(f"赵示{serial}", c.id_number(serial)) for serial in range(1, 6)]
        people = list(persons.match_or_add(session, facts, authority_id=1, now=c.NOW).values())

    def post(number: int) -> Callable[[Session], object]:
        lines = [
            Posting(who, 2024, Subject.PROFESSIONAL, Decimal("0.5") * number, c.TODAY)
            for who in (people if number % 2 else people[::-1])
        ]
        return lambda s: books.post(s, lines, basis=f"第{number}批", actor=cast["reviewer"], now=c.NOW)

    assert kinds(c.at_once(*[post(number) for number in range(1, 9)])) == ["done"] * 8
    with db.reading() as session:
        assert {c.totals(session, who).loc[0, "total"] for who in people} == {Decimal(18)}
    stands()


def test_a_batch_is_undone_from_eight_sides_and_taken_back_once(database: str) -> None:
    cast = c.assemble()
    report = c.posted(cast, c.sheet([c.row(serial) for serial in range(1, 21)]))
    assert report.people == 20

    def reverse(by: str, lines: list[int] | None) -> Callable[[Session], object]:
        return lambda s: books.reverse(s, 1, actor=cast[by], reason="重复登记", now=c.AFTER, lines=lines)

    found = c.at_once(*[reverse(by, [7]) for by in ("reviewer", "reviewer2", "admin", "reviewer")])
    assert kinds(found) == ["done", "reversed", "reversed", "reversed"]
    found = c.at_once(*[reverse(by, None) for by in ("reviewer", "reviewer2", "admin", "reviewer")])
    assert kinds(found) == ["done", "reversed", "reversed", "reversed"]
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditEntry)) == 40
        assert {c.totals(session, c.person_id(serial)).loc[0, "total"] for serial in range(1, 21)} == {0}
    stands()


def test_a_report_is_approved_while_another_batch_is_undone_and_neither_waits_for_ever(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    plan = c.file_plan(cast, title="第二期")
    c.approve(cast, plan.id)
    waiting = c.file_report(cast, plan, c.sheet([c.row(1), c.row(2)]))
    found = c.at_once(
        moving(cast, waiting.id, Action.APPROVE, "reviewer"),
        lambda s: books.reverse(s, 1, actor=cast["reviewer2"], reason="重复登记", now=c.AFTER),
    )
    assert kinds(found) == ["done", "done"]
    with db.reading() as session:
        assert c.totals(session, c.person_id(1)).loc[0, "total"] == 24
    stands()


def test_wrong_tries_from_several_sides_are_all_counted(database: str) -> None:
    c.assemble()
    found = c.at_once(*[lambda s: accounts.may_try(s, "base", address=None, now=c.NOW) for _ in range(6)])
    assert sorted(one.code if isinstance(one, Refused) else "tried" for one in found) == ["tried"] * 4 + ["wait"] * 2


def test_a_user_name_goes_to_one_of_two(database: str) -> None:
    cast = c.assemble()

    def open_account(session: Session) -> object:
        return accounts.open_account(
            session,
            username="wanted",
            name="赵示一",
            role=Role.REVIEWER,
            organization_id=1,
            password=c.PASSWORD,
            actor=cast["admin"],
            now=c.NOW,
        )

    found = c.at_once(open_account, open_account)
    assert sum(isinstance(one, Account) for one in found) == 1
    assert all(isinstance(one, Account | Refused | sa.exc.IntegrityError) for one in found)
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Account.username == "wanted")) == 1
    stands()


def test_somebody_signs_in_to_an_account_that_is_just_deciding(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast)
    holding, found = threading.Event(), []

    def sign_in() -> None:
        holding.wait(30)
        with db.transaction() as session:
            found.append(accounts.sign_in(session, "reviewer", fits=True, now=c.NOW))

    thread = threading.Thread(target=sign_in)
    thread.start()
    with db.transaction() as session:
        version = workflow.one(session, plan.id, cast["reviewer"]).version
        db.lock(session, "audit")
        holding.set()
        if database == "postgresql":  # until the other has its account and waits for us
            with db.engine().connect() as watch:
                waits = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                while not watch.scalar(waits):
                    watch.rollback()
        workflow.move(session, plan.id, Action.APPROVE, version=version, actor=cast["reviewer"], now=c.NOW)
    thread.join(60)
    assert isinstance(found[0], str)
    stands()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_nobody_waits_for_the_trail_while_a_roster_is_posted(database: str) -> None:
    """Only PostgreSQL has more than one writer; there the chain's lock is taken as the last thing before the commit."""
    cast = c.assemble()
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    report = c.file_report(cast, plan, c.sheet([c.row(serial) for serial in range(1, 21)]))

    def sign_in(session: Session) -> object:
        return accounts.sign_in(session, "leader", fits=True, now=c.AFTER)

    def take_away(session: Session) -> object:
        return files.handed_out(session, report.roster_id or 0, actor=cast["reviewer2"], now=c.AFTER)

    approval = moving(cast, report.id, Action.APPROVE, "reviewer")
    with db.transaction() as session:
        approval(session)  # moved, trailed and posted, and not committed yet
        found = c.at_once(sign_in, take_away)  # its threads are given a minute each
    assert isinstance(found[0], str), found
    assert found[1] == Upload("花名册.xlsx", c.sheet([c.row(serial) for serial in range(1, 21)]))
    with db.reading() as session:
        events = list(audit.history(session, cast["admin"], limit=5)[0]["event"])
    assert events[:2] == ["credit.posted", "submission.approve"]
    assert set(events[2:4]) == {"account.signed_in", "file.handed_out"}
    stands()


def test_two_print_a_card_of_one_person(database: str) -> None:
    cast = c.assemble()
    c.posted(cast, c.sheet([c.row(1)]))
    who = c.person_id(1)
    issue = [lambda s, by=by: cards.issue(s, who, 2024, actor=cast[by], now=c.AFTER) for by in ("reviewer", "employer")]
    found = c.at_once(*issue)
    assert kinds(found) == ["done", "done"]
    assert len(Counter(card.code for card in found)) == 1  # the second is given the first one's
    stands()
