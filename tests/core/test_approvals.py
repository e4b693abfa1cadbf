"""The one workflow: every move from every state by every role, and whose eyes may rest on what."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.ground import db
from core.ground.access import Refused, Role
from core.models import State, Submission
from core.submissions import queues, reports, workflow
from core.submissions.workflow import KINDS, MOVES, Action, Side, moves_for
from core.trail import audit, files
from tests import cast as c

WHOLE_LIFE = {
    (State.DRAFT, Action.SUBMIT): (State.SUBMITTED, "base"),
    (State.RETURNED, Action.SUBMIT): (State.SUBMITTED, "base"),
    (State.WITHDRAWN, Action.SUBMIT): (State.SUBMITTED, "base"),
    (State.SUBMITTED, Action.WITHDRAW): (State.WITHDRAWN, "base"),
    (State.SUBMITTED, Action.APPROVE): (State.APPROVED, "reviewer"),
    (State.SUBMITTED, Action.RETURN): (State.RETURNED, "reviewer"),
    (State.SUBMITTED, Action.REJECT): (State.REJECTED, "reviewer"),
}
"""Written down a second time on purpose: a change of the table is a decision, not an accident."""

REASON = "请补充师资"


@contextmanager
def tried() -> Iterator[Session]:
    """A transaction that leaves nothing behind."""
    with Session(db.engine(), expire_on_commit=False) as session:
        yield session
        session.rollback()


def put(session: Session, submission_id: int, state: State) -> Submission:
    """The submission as it would be in a state."""
    session.execute(sa.update(Submission).where(Submission.id == submission_id).values(state=state))
    return session.get_one(Submission, submission_id, populate_existing=True)


@c.elsewhere
def moving(
    cast: c.Cast, submission_id: int, action: Action, by: str, reason: str = "", version: int | None = None
) -> Callable[[Session], Any]:
    with db.reading() as session:
        seen = workflow.one(session, submission_id, cast["admin"]).version
    seen = seen if version is None else version
    return lambda s: workflow.move(s, submission_id, action, version=seen, actor=cast[by], reason=reason, now=c.AFTER)


def waiting_report(cast: c.Cast) -> Any:
    plan = c.file_plan(cast)
    c.approve(cast, plan.id)
    return c.file_report(cast, plan, c.sheet([c.row(1), c.row(2)]))


def test_the_table_of_moves_is_the_life_the_notice_describes() -> None:
    sides = {"base": Side.FILER, "reviewer": Side.AUTHORITY}
    assert {step: (to, sides[by]) for step, (to, by) in WHOLE_LIFE.items()} == MOVES


def test_bases_file_plans_and_reports_and_people_and_their_employers_file_claims() -> None:
    filers = {"plan": (Role.BASE_CLERK,), "report": (Role.BASE_CLERK,), "claim": (Role.PERSON, Role.EMPLOYER_CLERK)}
    assert {name: kind.FILERS for name, kind in KINDS.items()} == filers


def test_every_move_of_the_table_works_and_leaves_a_step_and_a_line(database: str) -> None:
    cast = c.assemble()
    report = waiting_report(cast)
    for (state, action), (to, by) in WHOLE_LIFE.items():
        with tried() as session:
            version = put(session, report.id, state).version
            moved, words = workflow.move(
                session, report.id, action, version=version, actor=cast[by], reason=REASON, now=c.AFTER
            )
            assert (moved.state, moved.version) == (to, version + 1), (state, action)
            assert bool(words) == (action is Action.APPROVE)
            step = queues.trail(session, report.id, cast["admin"]).iloc[-1]
            assert list(step) == [c.AFTER, action.value, cast[by].name, to, REASON]
            line = audit.history(session, cast["admin"], event=audit.Event(f"submission.{action.value}"))[0].iloc[0]
            assert (line["record"], line["record_id"], line["reason"]) == ("report", report.id, REASON)
            assert line["before"] == f'{{"state":"{state.value}"}}'
            assert f'"state":"{to.value}"' in line["after"]
            assert (line["account"], line["role"]) == (cast[by].name, cast[by].role.value)


def test_every_other_move_is_refused_from_every_state(database: str) -> None:
    cast = c.assemble()
    report = waiting_report(cast)
    who = {action: by for (_, action), (_, by) in WHOLE_LIFE.items()}
    for state, action in itertools.product(State, Action):
        if (state, action) in MOVES:
            continue
        with tried() as session:
            version = put(session, report.id, state).version
            before = counts(session)
            with pytest.raises(Refused) as caught:
                workflow.move(
                    session, report.id, action, version=version, actor=cast[who[action]], reason=REASON, now=c.AFTER
                )
            assert caught.value.code == "move", (state, action)
            assert state.label in caught.value.words
            assert counts(session) == before


def counts(session: Session) -> list[int]:
    names = ("submission", "movement", "audit_entry", "credit_entry", "credit_batch", "person")
    return [session.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in names]


def test_each_move_is_made_by_its_own_role_only(database: str) -> None:
    cast = c.assemble()
    report = waiting_report(cast)
    own = {action: by for (_, action), (_, by) in WHOLE_LIFE.items()}
    allowed = {"base": {"base"}, "reviewer": {"reviewer", "reviewer2"}}
    elsewhere = {Role.REVIEWER: "jurisdiction", Role.BASE_CLERK: "missing"}
    for username, action in itertools.product(cast.actors, Action):
        role, may = cast[username].role, username in allowed[own[action]]
        expected = "done" if may else elsewhere[role] if role is cast[own[action]].role else "role"
        with tried() as session:
            state = State.DRAFT if action is Action.SUBMIT else State.SUBMITTED
            submission = put(session, report.id, state)
            act = {"version": submission.version, "actor": cast[username], "reason": REASON, "now": c.AFTER}
            assert (action in moves_for(submission, cast[username])) == may, (username, action)
            try:
                workflow.move(session, report.id, action, **act)
                found = "done"
            except Refused as refused:
                found = refused.code
        assert found == expected, (username, action)


def test_the_buttons_are_those_moves_that_would_work(database: str) -> None:
    cast = c.assemble()
    report = waiting_report(cast)
    for state in State:
        with tried() as session:
            submission = put(session, report.id, state)
            for by in ("base", "reviewer"):
                wanted = [action for (at, action), (_, who) in WHOLE_LIFE.items() if (at, who) == (state, by)]
                assert moves_for(submission, cast[by]) == wanted
            for by in ("leader", "admin", "hohhot_reviewer", "hohhot_base", "employer"):
                assert moves_for(submission, cast[by]) == []


def test_nobody_decides_what_they_submitted_themselves(database: str) -> None:
    cast = c.assemble()
    report = waiting_report(cast)
    cast.actors["turned"] = replace(cast["reviewer"], account_id=cast["base"].account_id)  # a clerk become reviewer
    for action in (Action.APPROVE, Action.RETURN, Action.REJECT):
        assert c.refusal(moving(cast, report.id, action, "turned", REASON)).code == "self"


def test_returning_and_rejecting_need_a_reason_the_base_can_read(database: str) -> None:
    cast = c.assemble()
    report = waiting_report(cast)
    for action in (Action.RETURN, Action.REJECT):
        assert c.refusal(moving(cast, report.id, action, "reviewer", " \n")).code == "reason"
    with db.transaction() as session:
        moving(cast, report.id, Action.RETURN, "reviewer", f" {REASON} ")(session)
    with db.reading() as session:
        assert queues.trail(session, report.id, cast["base"]).iloc[-1]["reason"] == REASON


def test_who_acts_names_the_version_seen(database: str) -> None:
    cast = c.assemble()
    report = waiting_report(cast)
    for version in (0, 1, 99):
        found = c.refusal(moving(cast, report.id, Action.APPROVE, "reviewer", version=version))
        assert found.code == "stale"
    assert (
        c.refusal(lambda s: workflow.move(s, 9999, Action.APPROVE, version=1, actor=cast["reviewer"], now=c.AFTER)).code
        == "missing"
    )
    with db.transaction() as session:
        moving(cast, report.id, Action.APPROVE, "reviewer")(session)
    found = c.refusal(moving(cast, report.id, Action.APPROVE, "reviewer2"))
    assert found.code == "move"
    assert cast["reviewer"].name in found.words  # who was faster, and with what
    assert "通过" in found.words


def test_the_region_sees_a_leagues_plans_but_does_not_decide_them(database: str) -> None:
    cast = c.assemble()
    plan = c.file_plan(cast, by="hohhot_base")
    for by in ("reviewer", "reviewer2", "baotou_reviewer"):
        for action in (Action.APPROVE, Action.RETURN, Action.REJECT):
            assert c.refusal(moving(cast, plan.id, action, by, REASON)).code == "jurisdiction"
    with db.reading() as session:
        for by in ("reviewer", "admin", "leader", "title", "hohhot_reviewer", "hohhot_leader"):
            assert workflow.one(session, plan.id, cast[by]).id == plan.id
        assert queues.queue(session, cast["reviewer"], kind="plan", state=State.SUBMITTED)[1] == 1
        assert queues.queue(session, cast["reviewer"], kind="plan", state=State.SUBMITTED, own=True)[1] == 0
        assert queues.queue(session, cast["hohhot_reviewer"], kind="plan", state=State.SUBMITTED, own=True)[1] == 1
    c.approve(cast, plan.id, by="hohhot_reviewer")


def test_a_league_sees_nothing_of_another_leagues_affairs(database: str) -> None:
    cast = c.assemble()
    report = c.posted(
        cast,
        c.sheet([c.row(1, employer="示例旗蒙古族中学")]),
        by="hohhot_base",
        reviewer="hohhot_reviewer",
    )
    other = cast["baotou_reviewer"]
    with db.reading() as session:
        questions: list[Callable[[], Any]] = [
            lambda: workflow.one(session, report.id, other),
            lambda: workflow.one(session, report.plan_id, other),
            lambda: queues.trail(session, report.id, other),
            lambda: reports.one(session, report.id, other),
            lambda: reports.rows(session, report.id, other),
            lambda: reports.problems(session, report.id, other, now=c.AFTER),
            lambda: files.opened(session, report.roster_id, other),
            lambda: files.opened(session, report.notice_id, other),
        ]
        for question in questions:
            with pytest.raises(Refused, match="missing"):
                question()
        for kind in ("plan", "report"):
            assert queues.queue(session, other, kind=kind)[1] == 0
        assert [audit.history(session, other, record=kind)[1] for kind in ("plan", "report", "credit_batch")] == [0] * 3
        theirs = cast["hohhot_reviewer"]
        assert [queues.queue(session, theirs, kind=kind)[1] for kind in ("plan", "report")] == [1, 1]
        assert len(reports.rows(session, report.id, theirs)) == 1
        assert files.opened(session, report.notice_id, theirs) == c.NOTICE


def test_the_queue_has_the_longest_waiting_first_and_is_searched_and_paged(database: str) -> None:
    cast = c.assemble()
    later = c.file_plan(cast, title="甲班", now=c.NOW.replace(hour=3))
    first = c.file_plan(cast, title="乙%班", now=c.NOW.replace(hour=2))
    hohhot = c.file_plan(cast, by="hohhot_base", title="丙班")
    c.approve(cast, hohhot.id, by="hohhot_reviewer")
    with db.reading() as session:

        def ids(**filters: Any) -> list[int]:
            frame, count = queues.queue(session, cast["reviewer"], kind="plan", **filters)
            assert "limit" in filters or count == len(frame)
            return list(frame["id"])

        assert ids(state=State.SUBMITTED) == [first.id, later.id]
        assert ids() == sorted((later.id, first.id, hohhot.id), reverse=True)
        assert ids(state=State.APPROVED) == [hohhot.id]
        assert ids(text="甲") == [later.id]
        assert ids(text="呼和浩特") == [hohhot.id]
        assert ids(text="%") == [first.id]
        assert ids(limit=1, offset=1) == [first.id]
        assert ids(limit=0) == []
        line = queues.queue(session, cast["reviewer"], kind="plan", text="丙")[0].iloc[0]
        assert (line["organization"], line["authority"]) == (
            "示例呼和浩特培训基地",
            "呼和浩特市人力资源和社会保障局",
        )
        assert queues.queue(session, cast["reviewer"], kind="report")[1] == 0
