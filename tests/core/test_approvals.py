"""The one workflow: every move from every state by every role, and whose eyes may rest on what."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.__main__ import main
from core.ground import db
from core.ground.access import Refused, Role
from core.models import Account, State, Submission
from core.office import search
from core.people import accounts
from core.submissions import claims, plans, queues, reports, workflow
from core.submissions.kinds import KINDS
from core.submissions.workflow import MOVES, Action, Side, moves_for
from core.trail import audit, files
from tests import cast as c
from tests import ready, toy

WHOLE_LIFE = {
    (State.DRAFT, Action.SUBMIT): (State.SUBMITTED, "base"),
    (State.RETURNED, Action.SUBMIT): (State.SUBMITTED, "base"),
    (State.WITHDRAWN, Action.SUBMIT): (State.SUBMITTED, "base"),
    (State.SUBMITTED, Action.WITHDRAW): (State.WITHDRAWN, "base"),
    (State.SUBMITTED, Action.APPROVE): (State.APPROVED, "reviewer"),
    (State.SUBMITTED, Action.RETURN): (State.RETURNED, "reviewer"),
    (State.SUBMITTED, Action.REJECT): (State.REJECTED, "reviewer"),
    (State.APPROVED, Action.UNDO): (State.SUBMITTED, "reviewer"),
    (State.RETURNED, Action.UNDO): (State.SUBMITTED, "reviewer"),
    (State.REJECTED, Action.UNDO): (State.SUBMITTED, "reviewer"),
}
"""Written down a second time on purpose: a change of the table is a decision, not an accident."""

REASON = "请补充师资"
every_kind = pytest.mark.parametrize(
    ("database", "kind"), [*(("sqlite", kind) for kind in KINDS), ("postgresql", "report")], indirect=["database"]
)


def moment(kind: str) -> datetime:
    """A moment at which each move of a kind is in time."""
    return c.NOW if kind in ("plan", "seminar") else c.AFTER


def life(kind: str) -> dict[tuple[State, Action], tuple[State, str]]:
    """The whole life of a kind of submission, with who of the cast makes each move."""
    return {step: (to, c.filer_of(kind) if by == "base" else by) for step, (to, by) in WHOLE_LIFE.items()}


@contextmanager
def tried() -> Iterator[Session]:
    """A transaction that leaves nothing behind."""
    with Session(db.engine(), expire_on_commit=False) as session:
        yield session
        session.rollback()


def put(session: Session, submission_id: int, state: State) -> Submission:
    """The submission as it would be in a state, at the last stage of its kind: before the region, which is its own."""
    kind = session.get_one(Submission, submission_id).kind
    stage = len(KINDS[kind].stages) - 1
    reviewer = sa.select(Account.id).where(Account.username == "reviewer").scalar_subquery()
    set_to = {"state": state, "stage": stage, "decided_by_id": reviewer}
    session.execute(sa.update(Submission).where(Submission.id == submission_id).values(**set_to))
    return session.get_one(Submission, submission_id, populate_existing=True)


@c.elsewhere
def moving(
    cast: c.Cast, submission_id: int, action: Action, by: str, reason: str = "", version: int | None = None
) -> Callable[[Session], Any]:
    with db.reading() as session:
        seen = workflow.one(session, submission_id, cast["admin"]).version
    seen = seen if version is None else version
    return lambda s: workflow.move(s, submission_id, action, version=seen, actor=cast[by], reason=reason, now=c.AFTER)


def test_the_table_of_moves_is_the_life_the_notice_describes() -> None:
    sides = {"base": Side.FILER, "reviewer": Side.AUTHORITY}
    assert {step: (to, sides[by]) for step, (to, by) in WHOLE_LIFE.items()} == MOVES


def test_bases_file_plans_and_reports_and_people_and_their_employers_file_claims() -> None:
    filers = {
        "toy": (Role.EMPLOYER_CLERK,),
        "plan": (Role.BASE_CLERK,),
        "report": (Role.BASE_CLERK,),
        "claim": (Role.PERSON, Role.EMPLOYER_CLERK),
        "dispute": (Role.PERSON, Role.EMPLOYER_CLERK),
        "seminar": (Role.BASE_CLERK,),
        "plan_table": (Role.BASE_CLERK,),
        "year_summary": (Role.BASE_CLERK,),
        "nomination": (Role.EMPLOYER_CLERK,),
        "objection": (Role.PERSON, Role.EMPLOYER_CLERK),
        "study_appeal": (Role.PERSON, Role.EMPLOYER_CLERK),
    }
    assert {name: kind.filers for name, kind in KINDS.items()} == filers


@every_kind
def test_every_move_of_the_table_works_and_leaves_a_step_and_a_line(database: str, kind: str) -> None:
    cast = c.assemble()
    waiting = c.waiting(cast, kind)
    for (state, action), (to, by) in life(kind).items():
        with tried() as session:
            version = put(session, waiting.id, state).version
            moved, told = workflow.move(
                session, waiting.id, action, version=version, actor=cast[by], reason=REASON, now=moment(kind)
            )
            db.finish(session)
            assert (moved.state, moved.version) == (to, version + 1), (state, action)
            assert told.done or action is not Action.APPROVE
            step = workflow.trail(session, waiting.id, cast["admin"]).iloc[-1]
            assert list(step) == [moment(kind), action.value, cast[by].name, to, REASON, "", kind]
            event = KINDS[kind].events.get(action) or audit.Event(f"submission.{action.value}")
            line = audit.history(session, cast["admin"], event=event)[0].iloc[0]
            assert (line["record"], line["record_id"], line["reason"]) == (kind, waiting.id, REASON)
            assert line["before"] == f'{{"state":"{state.value}"}}'
            assert f'"state":"{to.value}"' in line["after"]
            assert (line["account"], line["role"]) == (cast[by].name, cast[by].role.value)


def test_every_decision_is_dated_and_nothing_its_filer_does_is(office: Path) -> None:
    cast = c.assemble()
    report = c.waiting(cast, "report")
    for (state, action), (_, by) in WHOLE_LIFE.items():
        with tried() as session:
            act = {"version": put(session, report.id, state).version, "actor": cast[by], "reason": REASON}
            moved, _ = workflow.move(session, report.id, action, **act, now=c.AFTER)
            session.expire_all()
            wanted = c.AFTER if action in (Action.APPROVE, Action.RETURN, Action.REJECT) else None
            assert moved.decided_at == wanted, action


def test_what_was_filed_stays_among_the_filed_however_it_was_decided(database: str) -> None:
    cast = c.assemble()
    report = c.waiting(cast, "report")
    filed = (State.SUBMITTED, State.APPROVED, State.REJECTED)
    for state in State:
        with tried() as session:
            put(session, report.id, state)
            for by in ("base", "reviewer"):
                frame, count = queues.queue(session, cast[by], kinds=("report",), filed=True)
                assert (list(frame["id"]), count) == (([report.id], 1) if state in filed else ([], 0)), (state, by)
                assert queues.queue(session, cast[by], kinds=("report",))[1] == 1


@every_kind
def test_every_other_move_is_refused_from_every_state(database: str, kind: str) -> None:
    cast = c.assemble()
    waiting = c.waiting(cast, kind)
    who = {action: by for (_, action), (_, by) in life(kind).items()}
    for state, action in itertools.product(State, Action):
        if (state, action) in MOVES:
            continue
        with tried() as session:
            version = put(session, waiting.id, state).version
            before = counts(session)
            with pytest.raises(Refused) as caught:
                workflow.move(
                    session,
                    waiting.id,
                    action,
                    version=version,
                    actor=cast[who[action]],
                    reason=REASON,
                    now=moment(kind),
                )
            assert caught.value.code == "move", (state, action)
            assert KINDS[kind].word_for(state) in caught.value.words
            assert counts(session) == before


def counts(session: Session) -> list[int]:
    names = ("submission", "movement", "audit_entry", "credit_entry", "credit_batch", "person")
    return [session.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in names]


@every_kind
def test_each_move_is_made_by_its_own_role_only(database: str, kind: str) -> None:
    cast = c.assemble()
    waiting = c.waiting(cast, kind)
    own = {action: by for (_, action), (_, by) in life(kind).items()}
    filer = c.filer_of(kind)
    allowed, deciding = {filer: {filer}, "reviewer": set(c.deciders_of(kind))}, KINDS[kind].stages[-1].roles
    at = {Action.SUBMIT: State.DRAFT, Action.UNDO: State.APPROVED}
    elsewhere = dict.fromkeys(deciding, "jurisdiction") | dict.fromkeys(KINDS[kind].filers, "missing")
    roles = {action: KINDS[kind].filers if by == filer else deciding for action, by in own.items()}
    for username, action in itertools.product(cast.actors, Action):
        role, may = cast[username].role, username in allowed[own[action]]
        may = may and not (action is Action.UNDO and username != "reviewer")  # each undoes the own decisions only
        expected = "done" if may else elsewhere[role] if role in roles[action] else "role"
        with tried() as session:
            submission = put(session, waiting.id, at.get(action, State.SUBMITTED))
            act = {"version": submission.version, "actor": cast[username], "reason": REASON, "now": moment(kind)}
            assert (action in moves_for(submission, cast[username])) == may, (username, action)
            try:
                workflow.move(session, waiting.id, action, **act)
                found = "done"
            except Refused as refused:
                found = refused.code
        assert found == expected, (username, action)


@every_kind
def test_the_buttons_are_those_moves_that_would_work(database: str, kind: str) -> None:
    cast = c.assemble()
    waiting = c.waiting(cast, kind)
    for state in State:
        with tried() as session:
            submission = put(session, waiting.id, state)
            for by in (c.filer_of(kind), "reviewer"):
                wanted = [action for (at, action), (_, who) in life(kind).items() if (at, who) == (state, by)]
                assert moves_for(submission, cast[by]) == wanted
            for by in {"leader", "admin", "hohhot_reviewer", "hohhot_base", "exam"} - set(c.deciders_of(kind)):
                assert moves_for(submission, cast[by]) == []


def test_nobody_decides_what_they_submitted_themselves(database: str) -> None:
    cast = c.assemble()
    report = c.waiting(cast, "report")
    cast.actors["turned"] = replace(cast["reviewer"], account_id=cast["base"].account_id)  # a clerk become reviewer
    for action in (Action.APPROVE, Action.RETURN, Action.REJECT):
        assert c.refusal(moving(cast, report.id, action, "turned", REASON)).code == "self"
    with db.transaction() as session:
        account_id = cast["base"].account_id or 0
        accounts.reset_password(session, account_id, "Other-horse-24", actor=cast["admin"], now=c.AFTER)
    cast.actors["turned"] = replace(cast["reviewer"], account_id=cast["admin"].account_id)  # who could be the clerk
    assert "一天以后" in c.refusal(moving(cast, report.id, Action.APPROVE, "turned", REASON)).words
    c.posted(cast, c.sheet([c.row(9)]), title="另一期")
    with db.transaction() as session:  # another one began it; a person with two accounts filed and would decide it
        session.get_one(Submission, report.id).created_by_id = cast["exam"].account_id
        for each in ("base", "reviewer2"):
            session.get_one(Account, cast[each].account_id).person_id = 1
    assert "同一人" in c.refusal(moving(cast, report.id, Action.APPROVE, "reviewer2", REASON)).words


def test_returning_and_rejecting_need_a_reason_the_base_can_read(database: str) -> None:
    cast = c.assemble()
    report = c.waiting(cast, "report")
    for action in (Action.RETURN, Action.REJECT):
        assert c.refusal(moving(cast, report.id, action, "reviewer", " \n")).code == "reason"
    with db.transaction() as session:
        moving(cast, report.id, Action.RETURN, "reviewer", f" {REASON} ")(session)
    with db.reading() as session:
        assert workflow.trail(session, report.id, cast["base"]).iloc[-1]["reason"] == REASON


def test_who_acts_names_the_version_seen(office: Path) -> None:
    cast = c.assemble()
    report = c.waiting(cast, "report")
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
        assert queues.queue(session, cast["reviewer"], kinds=("plan",), state=State.SUBMITTED)[1] == 1
        assert queues.queue(session, cast["reviewer"], kinds=("plan",), state=State.SUBMITTED, own=True)[1] == 0
        assert queues.queue(session, cast["hohhot_reviewer"], kinds=("plan",), state=State.SUBMITTED, own=True)[1] == 1
    c.approve(cast, plan.id, by="hohhot_reviewer")


def test_what_is_not_filed_is_its_writers_and_of_officers_an_administrators_alone(database: str) -> None:
    cast = c.assemble()
    claim = c.waiting(cast, "claim")
    with db.transaction() as session:
        draft = plans.draft(session, replace(c.PLAN, title="还在写的"), actor=cast["base"], now=c.NOW)
        evidence = claims.evidence(session, claim.id, cast["reviewer"])[0].id
        session.execute(sa.update(Submission).where(Submission.id == claim.id).values(submitted_at=None))
    with db.reading() as session:
        for by in ("reviewer", "leader", "title"):
            with pytest.raises(Refused, match="missing"):
                workflow.one(session, draft.id, cast[by])
            with pytest.raises(Refused, match="missing"):
                files.one(session, evidence, cast[by])
            assert draft.id not in queues.queue(session, cast[by], kinds=("plan",))[0]["id"].tolist()
            assert State.DRAFT not in workflow.states_for(cast[by])
        for by in ("admin", "base"):
            assert workflow.one(session, draft.id, cast[by]).title == "还在写的"
            assert State.DRAFT in workflow.states_for(cast[by])
        assert search.search(session, cast["reviewer"], "还在写的") == []
        assert search.search(session, cast["base"], "还在写的")


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
            lambda: workflow.trail(session, report.id, other),
            lambda: reports.one(session, report.id, other),
            lambda: reports.rows(session, report.id, other),
            lambda: reports.problems(session, report.id, other, now=c.AFTER),
            lambda: files.opened(session, report.roster_id, other),
            lambda: files.opened(session, report.announcement_id, other),
        ]
        for question in questions:
            with pytest.raises(Refused, match="missing"):
                question()
        for kind in ("plan", "report"):
            assert queues.queue(session, other, kinds=(kind,))[1] == 0
        assert [audit.history(session, other, record=kind)[1] for kind in ("plan", "report", "credit_batch")] == [0] * 3
        theirs = cast["hohhot_reviewer"]
        assert [queues.queue(session, theirs, kinds=(kind,))[1] for kind in ("plan", "report")] == [1, 1]
        assert len(reports.rows(session, report.id, theirs)) == 1
        assert files.opened(session, report.announcement_id, theirs) == c.ANNOUNCEMENT


def test_the_queue_has_the_longest_waiting_first_and_is_searched_and_paged(database: str) -> None:
    cast = c.assemble()
    later = c.file_plan(cast, title="甲班", now=c.NOW.replace(hour=3))
    first = c.file_plan(cast, title="乙%班", now=c.NOW.replace(hour=2))
    hohhot = c.file_plan(cast, by="hohhot_base", title="丙班")
    c.approve(cast, hohhot.id, by="hohhot_reviewer")
    with db.reading() as session:

        def ids(**filters: Any) -> list[int]:
            frame, count = queues.queue(session, cast["reviewer"], kinds=("plan",), **filters)
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
        line = queues.queue(session, cast["reviewer"], kinds=("plan",), text="丙")[0].iloc[0]
        assert (line["organization"], line["authority"]) == (
            "示例呼和浩特培训基地",
            "呼和浩特市人力资源和社会保障局",
        )
        assert queues.queue(session, cast["reviewer"], kinds=("report",))[1] == 0


def test_a_queue_of_all_kinds_has_them_under_common_columns_and_one_kind_adds_its_own(office: Path) -> None:
    cast = c.assemble()
    waiting = {kind: c.waiting(cast, kind) for kind in KINDS}
    common = "id kind state title organization authority submitted_at decided_at".split()
    with db.reading() as session:
        frame, count = queues.queue(session, cast["reviewer"], state=State.SUBMITTED, own=True)
        assert list(frame.columns) == common
        assert set(zip(frame["kind"], frame["id"], strict=True)) == {(kind, made.id) for kind, made in waiting.items()}
        assert count == len(KINDS)
        assert frame["submitted_at"].is_monotonic_increasing
        for kind, made in waiting.items():
            frame, count = queues.queue(session, cast["reviewer"], kinds=(kind,), state=State.SUBMITTED)
            own = [column.key for column in KINDS[kind].columns]
            assert list(frame.columns) == [*common[:6], *own, *common[6:]]
            assert list(frame["id"]) == [made.id]
        two, _ = queues.queue(session, cast["reviewer"], kinds=("plan", "toy"), state=State.SUBMITTED)
        assert set(two["kind"]) == {"plan", "toy"}
        assert queues.queue(session, cast["baotou_reviewer"])[1] == 0


def test_what_has_two_stages_is_ranked_by_the_league_and_selected_by_the_region(database: str) -> None:
    cast = c.assemble()
    with db.transaction() as session:
        made = toy.draft(session, "推荐名单", actor=cast["hohhot_employer"], now=c.NOW)
    with db.transaction() as session:
        moving(cast, made.id, Action.SUBMIT, "hohhot_employer")(session)

    def own(by: str) -> int:
        with db.reading() as session:
            return queues.queue(session, cast[by], state=State.SUBMITTED, own=True)[1]

    assert [own(by) for by in ("hohhot_reviewer", "reviewer")] == [1, 0]
    assert c.refusal(moving(cast, made.id, Action.APPROVE, "reviewer")).code == "jurisdiction"
    assert c.foreseen(cast, made.id, by="hohhot_reviewer") == "转至“自治区遴选”环节"
    with db.transaction() as session:
        moved, told = moving(cast, made.id, Action.APPROVE, "hohhot_reviewer")(session)
        assert (moved.state, told.words, moved.decided_at) == (State.SUBMITTED, "转至“自治区遴选”环节", None)
    assert [own(by) for by in ("hohhot_reviewer", "reviewer")] == [0, 1]
    for action in (Action.APPROVE, Action.RETURN):
        assert c.refusal(moving(cast, made.id, action, "hohhot_reviewer", REASON)).code == "jurisdiction"
    with db.transaction() as session:
        moving(cast, made.id, Action.RETURN, "reviewer", REASON)(session)
    with db.transaction() as session:
        moving(cast, made.id, Action.SUBMIT, "hohhot_employer")(session)
    assert [own(by) for by in ("hohhot_reviewer", "reviewer")] == [1, 0]  # from the first stage again
    for by in ("hohhot_reviewer", "reviewer"):
        with db.transaction() as session:
            moved, told = moving(cast, made.id, Action.APPROVE, by)(session)
    assert (moved.state, told.words, moved.decided_at) == (State.APPROVED, "“推荐名单”入选", c.AFTER)
    with db.reading() as session:
        steps = workflow.trail(session, made.id, cast["hohhot_employer"])
        assert list(steps["action"]) == ["submit", "approve", "return", "submit", "approve", "approve"]
        lines, _ = audit.history(session, cast["admin"], record="toy", record_id=made.id, limit=None)
        assert [json.loads(after)["stage"] for after in lines["after"]] == [
            "ranking",
            "selection",
            "ranking",
            "ranking",
            "selection",
            "ranking",
        ]


def test_check_names_what_lies_before_an_office_that_does_not_decide_its_stage(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = c.assemble()
    plan, nominated = c.file_plan(cast, by="hohhot_base"), c.waiting(cast, "toy")
    hohhot, region = cast.places["hohhot"].id, cast.places["region"].id
    with db.transaction() as session:
        made = toy.draft(session, "推荐名单", actor=cast["hohhot_employer"], now=c.NOW)
    for by in ("hohhot_employer", "hohhot_reviewer"):
        with db.transaction() as session:
            moving(cast, made.id, Action.SUBMIT if by == "hohhot_employer" else Action.APPROVE, by)(session)
    with db.reading() as session:
        assert [session.get_one(Submission, each).decider_id for each in (plan.id, made.id)] == [hohhot, region]
    assert main(["check"]) == 0
    with db.transaction() as session:
        session.execute(
            sa.update(Submission).where(Submission.id != nominated.id).values(decider_id=plan.organization_id)
        )
    capsys.readouterr()
    assert main(["check"]) == 1
    wrong = f"lies before organization {plan.organization_id}, not before"
    assert capsys.readouterr().out.splitlines() == [
        f"plan {plan.id} {wrong} {hohhot}, which decides it",
        f"toy {made.id} {wrong} {region}, which decides it",
    ]


@ready.sqlite
def test_what_waits_is_found_by_the_office_that_decides_it_in_its_order(office: Path) -> None:
    cast = c.assemble()
    wanted, now = queues.Wanted(kinds=("plan",), state=State.SUBMITTED, own=True), c.NOW
    asked: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, given: Any, *_rest: Any) -> None:
        asked.append((statement, given))

    sa.event.listen(db.engine(), "before_cursor_execute", hear)
    try:
        with db.reading() as session:
            queues.counts(session, wanted, actor=cast["reviewer"], now=now)
            queues.listed(session, wanted, actor=cast["reviewer"], now=now)
    finally:
        sa.event.remove(db.engine(), "before_cursor_execute", hear)
    with db.engine().connect() as connection:
        counting, _, listing = (
            " ".join(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each}", given))
            for each, given in asked
            if each.startswith("SELECT")
        )
    assert "COVERING INDEX ix_submission_desk (decider_id=?" in counting
    assert "COVERING INDEX ix_submission_desk (decider_id=? AND state=?" in listing
    assert "B-TREE" not in listing  # read in its order, not sorted


def test_the_list_of_the_desk_says_at_a_glance_what_decides_and_counts_by_kind_and_state(database: str) -> None:
    cast = c.assemble()
    soon = c.file_plan(cast, title="头一期", start_on=date(2024, 6, 17), end_on=date(2024, 6, 19))
    later = c.file_plan(cast, title="第二期", now=c.NOW + timedelta(days=1), credit_years=(2023,))
    report = c.waiting(cast, "report")
    c.file_plan(cast, title="盟市的", by="hohhot_base")
    reviewer = cast["reviewer"]
    with db.transaction() as session:
        said = {"version": later.version, "actor": reviewer, "reason": "请改期", "now": c.NOW + timedelta(days=2)}
        returned, _ = workflow.move(session, later.id, Action.RETURN, **said)
        again = {"version": returned.version, "actor": cast["base"], "now": c.NOW + timedelta(days=2)}
        workflow.move(session, later.id, Action.SUBMIT, **again)
    now = c.NOW + timedelta(days=10)

    def listed(**wanted: Any) -> list[queues.Row]:
        with db.reading() as session:
            wanted = {"state": State.SUBMITTED, "own": True} | wanted
            return queues.listed(session, queues.Wanted(**wanted), actor=reviewer, now=now)

    def ids(**wanted: Any) -> list[int]:
        return [row.submission.id for row in listed(**wanted)]

    first, second, _ = listed()
    assert [first.submission.id, second.submission.id] == [soon.id, later.id]  # the longest waiting first
    assert (first.waiting, first.left, first.line.when, first.line.size) == (10, 4, "06-17至06-19", "计划600人")
    assert [mark.word for mark in second.line.marks] == ["再次上报", "补学"]
    assert ids(own=False, kinds=("plan",), text="盟市") != []
    assert ids(kinds=("report",)) == ids(text="知识更新", organization="示例继续") == [report.id]
    assert ids(urgency=queues.Urgency.WEEK) == [soon.id]
    assert ids(urgency=queues.Urgency.LONG) == [soon.id, later.id]
    assert ids(urgency=queues.Urgency.OVERDUE) == []
    now = c.NOW + timedelta(days=14)
    assert ids(urgency=queues.Urgency.OVERDUE) == [soon.id]
    with db.reading() as session:
        wanted = queues.Wanted(("plan",), State.SUBMITTED, own=True)
        counted = queues.counts(session, wanted, actor=reviewer, now=now)
    assert counted == {
        ("plan", State.SUBMITTED): 2,
        ("plan", State.APPROVED): 1,
        ("report", State.SUBMITTED): 1,
    }


def test_the_list_of_the_desk_is_asked_in_as_many_statements_however_long_it_is(office: Path) -> None:
    cast = c.assemble()
    asked: list[str] = []

    def statements() -> int:
        asked.clear()
        with db.reading() as session:
            wanted = queues.Wanted(state=State.SUBMITTED, own=True)
            queues.listed(session, wanted, actor=cast["reviewer"], now=c.NOW)
        return len(asked)

    for kind in KINDS:
        c.waiting(cast, kind)
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    few = statements()
    for title in ("第二期", "第三期", "第四期"):
        c.file_plan(cast, title=title)
    assert statements() == few
